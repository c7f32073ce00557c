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
    let sql = "insert into audit_concern (entry_id, first, last, size) values ($1, $2, $3, $4)";
    for (first, last) in spans(persons) {
        tx.execute(sql, &[entry.into(), first.into(), last.into(), size(last - first).into()])?;
    }
    Ok(())
}

/// Sizes of spans that are told apart; larger ones are one more.
const SIZES: i64 = 20;
/// The size of those.
const LARGE: i64 = 62;

/// The size of a span whose ends lie so far apart: the least `n` for which that is less than 2^n.
fn size(apart: i64) -> i64 {
    (0..=SIZES).find(|n| apart < 1 << n).unwrap_or(LARGE)
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
    // A span of a size that holds the person begins no further before than it can be long.
    let begins = (0..=SIZES).chain([LARGE]).map(|size| format!("({size}, {})", person - (1_i64 << size) + 1));
    let begins = begins.collect::<Vec<_>>().join(", ");
    let sql = format!(
        "with s(size, begins) as (values {begins}) \
         select e.at, e.actor, e.kind, e.ledger, e.payload from audit_entry e where e.row_id in (\
         select c.entry_id from s cross join audit_concern c \
         where c.size = s.size and c.first >= s.begins and c.first <= $1 and c.last >= $1 \
         order by c.entry_id desc limit $2) order by e.row_id desc"
    );
    tx.rows(&sql, &[person.into(), limit.into()], |r| {
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
    use crate::{db::Db, db_test};

    db_test!(every_span_that_holds_a_person_is_found, |db: &Db| {
        // Of every length around the bounds of the sizes, beginning everywhere near.
        let lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 1023, 1024, 1 << 20, (1 << 20) + 1, 1 << 40];
        let held = move |person: i64| {
            let mut n = 0;
            for length in lengths {
                n += (1..40).filter(|first| (*first..=first + length).contains(&person)).count();
            }
            n
        };
        db.write(move |tx| {
            for length in lengths {
                for first in 1..40_i64 {
                    let sql = "insert into audit_entry (at, actor, kind, written, payload_hash, root) \
                               values (1, '周敏', 'export', '', '', '') returning row_id";
                    let entry = tx.one(sql, &[], |r| r.i64(0))?.unwrap();
                    let sql = "insert into audit_concern (entry_id, first, last, size) values ($1, $2, $3, $4)";
                    let (last, size) = (first + length, size(length));
                    tx.execute(sql, &[entry.into(), first.into(), last.into(), size.into()])?;
                }
            }
            for person in [1, 2, 20, 39, 40, 41, 48, 72, 1050, 2000, 1 << 20, (1 << 20) + 41, 1 << 41] {
                assert_eq!(seen(tx, person, 1000)?.len(), held(person), "{person}");
            }
            assert_eq!(seen(tx, 20, 3)?.len(), 3);
            Ok(())
        })
        .unwrap();
    });

    #[test]
    fn ids_that_follow_each_other_are_one_span() {
        assert_eq!(text(&[1, 2, 3, 5, 8, 9].into()), "1-3 5 8-9");
        assert_eq!(text(&[7].into()), "7");
        assert_eq!(text(&BTreeSet::new()), "");
    }
}
