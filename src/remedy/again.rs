//! What was missed, held again and missed again (`again` of a requirement; `makes_up` of R-02). A repeat that is met marks what
//! it repeats as 已补; through a repeat that was missed in its turn the mark does not reach (language, 4.8). What follows from
//! the first ends all the same once the last of the chain is met.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    db::{Tx, Value},
    installation::Current,
    ledger::row::table,
    subjects,
};

/// Where a requirement's repeats point back.
pub(super) struct Repeats<'a> {
    requirement: &'a str,
    table: String,
    field: &'a str,
}

impl<'a> Repeats<'a> {
    /// Of the requirement at that position, whose verdicts have this subject; `None` where nothing points back, or not from
    /// what comes first in the subject.
    pub(super) fn of(current: &'a Current, i: usize, subject: &[i64]) -> Option<Repeats<'a>> {
        let engine = &current.engine;
        let r = &engine.compiled.get(i)?.requirement;
        let field = r.again.as_ref()?.last()?;
        let (at, record) = subjects::records(engine, i, subject).into_iter().next()?;
        let ledger = &engine.layout.ledgers[at];
        let own = subject.first() == Some(&record) && ledger.field_index(field).is_some();
        own.then(|| Repeats { requirement: &r.id, table: table(ledger), field })
    }

    /// What a subject repeats, and what that repeats, and so on; without itself.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn earlier(&self, tx: &mut Tx<'_>, subject: i64) -> anyhow::Result<BTreeSet<i64>> {
        let sql = format!("select \"{}\" from {} where voided_at is null and record_id = $1", self.field, self.table);
        let (mut found, mut at) = (BTreeSet::new(), subject);
        while let Some(back) = tx.one(&sql, &[at.into()], |r| r.opt_i64(0))?.flatten() {
            if back == subject || !found.insert(back) {
                break;
            }
            at = back;
        }
        Ok(found)
    }

    /// Whether a repeat of the subject, or a repeat of one, is met or was made good.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn met(&self, tx: &mut Tx<'_>, subject: i64, rest: &str) -> anyhow::Result<bool> {
        let repeats = format!(
            "select r.record_id, case when exists (select 1 from verdict v where v.requirement = $2 and v.subject = r.record_id \
             and v.rest = $3 and v.closed = 0 and (v.state = 'pass' or v.state = 'fail' and v.late = 1)) then 1 else 0 end from {} r \
             where r.voided_at is null and r.\"{}\" = $1",
            self.table, self.field
        );
        let (mut seen, mut open): (BTreeSet<i64>, VecDeque<i64>) = ([subject].into(), [subject].into());
        while let Some(at) = open.pop_front() {
            let key: [Value; 3] = [at.into(), self.requirement.into(), rest.into()];
            for (repeat, good) in tx.rows(&repeats, &key, |r| Ok((r.i64(0)?, r.i64(1)? == 1)))? {
                if good {
                    return Ok(true);
                }
                if seen.insert(repeat) {
                    open.push_back(repeat);
                }
            }
        }
        Ok(false)
    }
}
