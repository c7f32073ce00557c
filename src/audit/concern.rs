//! Which persons an entry is about, so that each can see who looked at what is recorded of them.
//!
//! Record ids follow each other, so they are kept as spans: an export of a whole roster is one row. The payload has them
//! too, under its hash; the table is only how they are found.

use std::collections::BTreeSet;

use crate::db::Tx;

/// Spans of ids that follow each other: first and last.
fn spans(persons: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for person in persons {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *person => *last = *person,
            _ => spans.push((*person, *person)),
        }
    }
    spans
}

/// `1-500 503`.
pub(super) fn text(persons: &BTreeSet<i64>) -> String {
    let word = |(from, to): (i64, i64)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    spans(persons).into_iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Keeps them beside their entry.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn keep(tx: &mut Tx<'_>, entry: i64, persons: &BTreeSet<i64>) -> anyhow::Result<()> {
    let sql = "insert into audit_concern (entry_id, first, last) values ($1, $2, $3)";
    for (first, last) in spans(persons) {
        tx.execute(sql, &[entry.into(), first.into(), last.into()])?;
    }
    Ok(())
}

/// Who saw what is recorded of a person, or took it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, µs.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The word of its kind.
    pub kind: String,
    /// The ledger, where it is one.
    pub ledger: Option<String>,
    /// JSON; `None` when erased.
    pub payload: Option<String>,
}

/// The newest entries about a person.
///
/// # Errors
/// When the store cannot be read.
pub fn seen(tx: &mut Tx<'_>, person: i64, limit: i64) -> anyhow::Result<Vec<Seen>> {
    let sql = "select e.at, e.actor, e.kind, e.ledger, e.payload from audit_concern c \
               join audit_entry e on e.row_id = c.entry_id where c.last >= $1 and c.first <= $1 \
               order by e.row_id desc limit $2";
    tx.rows(sql, &[person.into(), limit.into()], |r| {
        let text = |i: usize| r.opt_text(i).map(|t| t.map(str::to_owned));
        Ok(Seen {
            at: r.i64(0)?,
            actor: r.text(1)?.to_owned(),
            kind: r.text(2)?.to_owned(),
            ledger: text(3)?,
            payload: text(4)?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_follow_each_other_are_one_span() {
        assert_eq!(text(&[1, 2, 3, 5, 8, 9].into()), "1-3 5 8-9");
        assert_eq!(text(&[7].into()), "7");
        assert_eq!(text(&BTreeSet::new()), "");
    }
}
