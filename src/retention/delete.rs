//! Deletes what is past its time, and leaves its hashes in the log.

use std::collections::BTreeSet;

use serde_json::json;

use super::plan::{Plan, Record, held, plan};
use crate::{
    audit::{self, Kind},
    facts::Write,
    installation::Installation,
    scope::By,
};

/// Records of one transaction.
const CHUNK: usize = 100;

/// Who deletes, and on which basis.
#[derive(Clone, Debug)]
pub struct Order {
    /// Who.
    pub by: By,
    /// The rule, as the log will say it.
    pub basis: String,
    /// One ledger (its name); `None` for all.
    pub ledger: Option<String>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Records that are gone, and those past their time that stayed.
    pub plan: Plan,
    /// Rows that are gone, earlier and voided ones included.
    pub rows: u64,
}

/// Deletes what [`plan`] says, in transactions of some records of one ledger, each looked at once more in it. If it is
/// cut short, what is gone is gone whole, and the next run does the rest.
///
/// # Errors
/// When there is no such ledger, or the store fails.
pub fn delete(installation: &Installation, order: &Order) -> anyhow::Result<Deleted> {
    // What tells of these records must have its number, so that it can be erased with them.
    audit::sequence(&installation.db)?;
    let today = installation.clock.now().day;
    let planned = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        plan(tx, &current, today, order.ledger.as_deref())
    })?;
    let mut deleted = Deleted { plan: Plan { go: Vec::new(), ..planned.clone() }, rows: 0 };
    let mut waiting = &planned.go[..];
    while let Some((table, _)) = waiting.first() {
        let same = waiting.iter().take(CHUNK).take_while(|(t, _)| t == table).count();
        let (chunk, rest) = waiting.split_at(same);
        waiting = rest;
        let (inst, own, records) = (installation.clone(), order.clone(), chunk.to_vec());
        let (gone, stayed, rows) = installation.db.write(move |tx| {
            let (mut gone, mut stayed) = (BTreeSet::new(), Vec::new());
            let current = inst.current_in_write(tx)?;
            let table = records[0].0;
            let ledger = &current.engine.layout.ledgers[table];
            let write = Write::begin(tx, &inst, &own.by, &ledger.name)?;
            for record in &records {
                match held(tx, &current, *record)? {
                    None => drop(gone.insert(record.1)),
                    Some(why) => stayed.push((*record, why)),
                }
            }
            if gone.is_empty() {
                return Ok((gone, stayed, 0));
            }
            let rows = write.erase(tx, &gone)?;
            let title = format!("{}条（连同各版本{rows}行）", gone.len());
            tx.trail().tell(Kind::Delete, json!({ "title": title, "basis": own.basis, "records": gone.len() }));
            Ok((gone, stayed, rows))
        })?;
        deleted.rows += rows;
        deleted.plan.go.extend(gone.into_iter().map(|id| (chunk[0].0, id)).collect::<Vec<Record>>());
        deleted.plan.held.extend(stayed);
    }
    audit::tend(installation)?;
    Ok(deleted)
}
