//! Names that ledgers and columns had: a row was hashed under those of its day.

use std::collections::BTreeSet;

use super::{
    canon::Form,
    written::{Mark, Part, parts},
};
use crate::db::Tx;

/// When an entry came: by its number, after all of these by its row where it has none yet.
pub(super) type When = (i64, i64);

/// The [`When`] of an entry by its number, or else its row.
pub(super) fn when(seq: Result<i64, i64>) -> When {
    match seq {
        Ok(seq) => (seq, 0),
        Err(row_id) => (i64::MAX, row_id),
    }
}

/// Everything that got another name, in the order in which it did.
pub(super) struct Names {
    renamed: Vec<(When, Mark)>,
}

/// The forms of a ledger's rows and voids: one for each time between two changes of its names, the oldest first.
pub(crate) struct Forms {
    /// By time.
    pub(super) of: Vec<(Form, Form)>,
    /// By epoch, which of them.
    times: Vec<usize>,
}

impl Forms {
    /// As of now, from what the log tells; ledger and columns as they are called now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn read(tx: &mut Tx<'_>, ledger: &str, columns: &[String]) -> anyhow::Result<Forms> {
        Ok(Names::read(tx)?.forms(ledger, columns))
    }

    /// Which of them was in use in an epoch.
    pub(super) fn time(&self, epoch: usize) -> usize {
        self.times[epoch]
    }

    /// The one that was in use in an epoch.
    pub(super) fn at(&self, epoch: usize) -> &(Form, Form) {
        &self.of[self.times[epoch]]
    }
}

impl Names {
    pub(super) fn new(mut renamed: Vec<(When, Mark)>) -> Names {
        // Those of one entry stay in its order.
        renamed.sort_by_key(|(when, _)| *when);
        Names { renamed }
    }

    /// From the entries of packages, which alone change names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn read(tx: &mut Tx<'_>) -> anyhow::Result<Names> {
        let mut renamed = Vec::new();
        tx.each("select row_id, seq, written from audit_entry where kind = 'package' order by row_id", &[], |r| {
            let when = when(r.opt_i64(1)?.ok_or(r.i64(0)?));
            for part in parts(r.text(2)?).flatten() {
                if let Part::Mark(mark @ (Mark::Ledger { .. } | Mark::Column { .. })) = part {
                    renamed.push((when, mark));
                }
            }
            Ok(())
        })?;
        Ok(Names::new(renamed))
    }

    /// The names that a ledger may have had, its present one among them.
    pub(super) fn had(&self, ledger: &str) -> BTreeSet<String> {
        let mut names = BTreeSet::from([ledger.to_owned()]);
        for (_, mark) in self.renamed.iter().rev() {
            if let Mark::Ledger { from, to } = mark
                && names.contains(to)
            {
                names.insert(from.clone());
            }
        }
        names
    }

    /// True if nothing ever got another name.
    pub(super) fn is_steady(&self) -> bool {
        self.renamed.is_empty()
    }

    /// How many names had changed when an entry was written.
    pub(super) fn epoch(&self, entry: When) -> usize {
        self.renamed.partition_point(|(when, _)| *when < entry)
    }

    /// What a ledger that had a name in an epoch is called now.
    pub(super) fn now(&self, ledger: &str, epoch: usize) -> String {
        self.renamed[epoch..].iter().fold(ledger.to_owned(), |name, (_, mark)| match mark {
            Mark::Ledger { from, to } if *from == name => to.clone(),
            _ => name,
        })
    }

    /// The forms of a ledger; it and its columns as they are called now.
    pub(super) fn forms(&self, ledger: &str, columns: &[String]) -> Forms {
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
        let (mut of, mut times): (Vec<(Form, Form)>, _) = (Vec::new(), Vec::new());
        for form in forms.into_iter().rev() {
            if of.last() != Some(&form) {
                of.push(form);
            }
            times.push(of.len() - 1);
        }
        Forms { of, times }
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
    use crate::db::Peek;

    #[test]
    fn a_row_is_hashed_under_the_names_of_its_day() {
        let column = |ledger: &str, from: &str, to: &str| Mark::Column {
            ledger: ledger.into(),
            from: from.into(),
            to: to.into(),
        };
        let names = Names::new(vec![
            (when(Err(7)), Mark::Ledger { from: "unit".into(), to: "office".into() }),
            (when(Ok(5)), Mark::Ledger { from: "talk".into(), to: "chat".into() }),
            (when(Ok(5)), column("chat", "a", "b")),
            (when(Ok(9)), column("chat", "b", "c")),
        ]);
        assert_eq!([3, 5, 6, 9, 10].map(|seq| names.epoch(when(Ok(seq)))), [0, 0, 2, 2, 3]);
        assert_eq!([6, 7, 8].map(|row_id| names.epoch(when(Err(row_id)))), [3, 3, 4]);
        assert_eq!(names.had("chat"), BTreeSet::from(["chat".to_owned(), "talk".to_owned()]));
        assert_eq!(names.now("talk", 0), "chat");
        assert_eq!(names.now("talk", 2), "talk");
        let forms = names.forms("chat", &["c".to_owned(), "a".to_owned()]);
        let hash = |form: &Form, cells: [Peek<'static>; 2]| form.hash(&mut Vec::new(), |i| cells[i]);
        let plain = |ledger: &str, column: &str| Form::row(ledger, [column]).hash(&mut Vec::new(), |_| Peek::I64(1));
        let old = [Peek::I64(1), Peek::Null];
        let had = [("talk", "a"), ("chat", "a"), ("chat", "b"), ("chat", "c")];
        assert_eq!(forms.times, [0, 1, 2, 3, 3], "another ledger's names do not matter");
        for (form, (ledger, column)) in forms.of.iter().zip(had) {
            assert_eq!(hash(&form.0, old), plain(ledger, column), "{ledger}.{column}");
        }
        // What stands in a column that came later is not taken for what stood in the older one of that name.
        assert_ne!(hash(&forms.of[0].0, [Peek::Null, Peek::I64(1)]), plain("talk", "a"));
    }
}
