//! Names that ledgers and columns had: a row was hashed under those of its day.

use super::log::Known;
use crate::audit::{canon::Form, written::Mark};

/// Everything that got another name, in the order in which it did.
pub(super) struct Names {
    renamed: Vec<(i64, Mark)>,
}

impl Names {
    pub(super) fn new(renamed: Vec<(i64, Mark)>) -> Names {
        Names { renamed }
    }

    /// True if nothing ever got another name.
    pub(super) fn is_steady(&self) -> bool {
        self.renamed.is_empty()
    }

    /// How many names had changed when an entry was written.
    pub(super) fn epoch(&self, entry: &Known) -> usize {
        if self.renamed.is_empty() {
            return 0;
        }
        let when = entry.when();
        self.renamed.partition_point(|(seq, _)| *seq < when)
    }

    /// What a ledger that had a name in an epoch is called now.
    pub(super) fn now(&self, ledger: &str, epoch: usize) -> String {
        self.renamed[epoch..].iter().fold(ledger.to_owned(), |name, (_, mark)| match mark {
            Mark::Ledger { from, to } if *from == name => to.clone(),
            _ => name,
        })
    }

    /// The forms of a ledger's rows and voids, by epoch; ledger and columns as they are called now.
    pub(super) fn forms(&self, ledger: &str, columns: &[String]) -> Vec<(Form, Form)> {
        let mut name = ledger.to_owned();
        let mut had: Vec<String> = columns.to_vec();
        let mut forms = vec![form(&name, &had, columns)];
        for (_, mark) in self.renamed.iter().rev() {
            match mark {
                Mark::Ledger { from, to } if *to == name => name.clone_from(from),
                Mark::Column { ledger, from, to } if *ledger == name => {
                    if let Some(column) = had.iter_mut().find(|c| *c == to) {
                        column.clone_from(from);
                    }
                }
                _ => {}
            }
            forms.push(form(&name, &had, columns));
        }
        forms.reverse();
        forms
    }
}

/// A column that was added under a name that another one had before must have been empty then: whatever stands there
/// goes into the hash under a name that no column has.
fn form(ledger: &str, had: &[String], now: &[String]) -> (Form, Form) {
    let twice = |i: usize| had[i] == now[i] && had.iter().enumerate().any(|(j, c)| j != i && *c == had[i]);
    let names: Vec<String> =
        had.iter().enumerate().map(|(i, c)| if twice(i) { format!("{c}\0") } else { c.clone() }).collect();
    (Form::row(ledger, names.iter().map(String::as_str)), Form::void(ledger))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::tree::Hash, db::Peek};

    fn entry(seq: i64) -> Known {
        Known { seq: Ok(seq), root: Hash::default(), items: 1, prints: None }
    }

    #[test]
    fn a_row_is_hashed_under_the_names_of_its_day() {
        let column = |ledger: &str, from: &str, to: &str| Mark::Column {
            ledger: ledger.into(),
            from: from.into(),
            to: to.into(),
        };
        let names = Names::new(vec![
            (5, Mark::Ledger { from: "talk".into(), to: "chat".into() }),
            (5, column("chat", "a", "b")),
            (9, column("chat", "b", "c")),
        ]);
        assert_eq!([3, 5, 6, 9, 10].map(|seq| names.epoch(&entry(seq))), [0, 0, 2, 2, 3]);
        assert_eq!(names.now("talk", 0), "chat");
        assert_eq!(names.now("talk", 2), "talk");
        let forms = names.forms("chat", &["c".to_owned(), "a".to_owned()]);
        let hash = |form: &Form, cells: [Peek<'static>; 2]| form.hash(&mut Vec::new(), |i| cells[i]);
        let plain = |ledger: &str, column: &str| Form::row(ledger, [column]).hash(&mut Vec::new(), |_| Peek::I64(1));
        let old = [Peek::I64(1), Peek::Null];
        let had = [("talk", "a"), ("chat", "a"), ("chat", "b"), ("chat", "c")];
        for (form, (ledger, column)) in forms.iter().zip(had) {
            assert_eq!(hash(&form.0, old), plain(ledger, column), "{ledger}.{column}");
        }
        // What stands in a column that came later is not taken for what stood in the older one of that name.
        assert_ne!(hash(&forms[0].0, [Peek::Null, Peek::I64(1)]), plain("talk", "a"));
    }
}
