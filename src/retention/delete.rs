//! Deletes what is past its time, and leaves its hashes in the log.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;

use super::{
    attempts, due_among,
    plan::{Plan, Record, held, plan},
};
use crate::{
    attach,
    audit::{self, Kind},
    day::Day,
    db::Tx,
    doubt,
    facts::Write,
    installation::Installation,
    personal::request,
    scope::By,
    verdict::touch,
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
    /// One ledger (its name), or 答卷 ([`attempts::NAME`]); `None` for all.
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

/// Deletes what [`plan`] says, in transactions of some records of one ledger. In each of them it is looked at once more
/// whether they are past their time and nothing rests on them, so that what was recorded meanwhile counts, and a second
/// command at once finds nothing. If it is cut short, what is gone is gone whole, and the next run does the rest.
///
/// # Errors
/// When there is no such ledger, a package comes into force meanwhile, or the store fails.
pub fn delete(installation: &Installation, order: &Order) -> anyhow::Result<Deleted> {
    let today = installation.clock.now().day;
    let (planned, package) = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        Ok((plan(tx, &current, today, order.ledger.as_deref())?, current.engine.package.hash.clone()))
    })?;
    let attempts = attempts::delete(installation, order, &planned.attempts)?;
    let mut deleted = Deleted { plan: Plan { go: Vec::new(), attempts, ..planned.clone() }, rows: 0 };
    let mut waiting = &planned.go[..];
    while let Some((table, _)) = waiting.first() {
        let same = waiting.iter().take(CHUNK).take_while(|(t, _)| t == table).count();
        let (records, rest) = waiting.split_at(same);
        waiting = rest;
        // What tells of these records must have its number, so that it can be erased with them.
        audit::sequence(&installation.db)?;
        let (inst, own, package, records) = (installation.clone(), order.clone(), package.clone(), records.to_vec());
        let done = installation.db.write(move |tx| chunk(tx, &inst, &own, (&package, today), &records))?;
        deleted.rows += done.rows;
        deleted.plan.go.extend(done.plan.go);
        deleted.plan.held.extend(done.plan.held);
    }
    audit::tend(installation)?;
    // Where somebody is bringing files at this moment, the server takes away later what no record has any more.
    attach::sweep(installation)?;
    Ok(deleted)
}

/// Deletes records of one ledger in one transaction, beside which nobody records anything.
fn chunk(
    tx: &mut Tx<'_>,
    installation: &Installation,
    order: &Order,
    (package, today): (&str, Day),
    records: &[Record],
) -> anyhow::Result<Deleted> {
    touch::keep_facts_out(tx)?;
    let current = installation.current_in_write(tx)?;
    ensure!(current.engine.package.hash == package, "文件要求刚换了版本，其余的没有删去：请重新运行");
    let mut deleted = Deleted::default();
    let Some((table, _)) = records.first() else { return Ok(deleted) };
    let ledger = &current.engine.layout.ledgers[*table];
    let ids = records.iter().map(|(_, id)| *id).collect();
    let due = due_among(tx, ledger, today, &ids)?;
    let told_of = audit::waiting_on(tx, &ledger.name, &ids)?;
    let mut gone = BTreeSet::new();
    for record in records.iter().filter(|(_, id)| due.contains(id)) {
        let why = match told_of.contains(&record.1) {
            true => Some("刚有改动，留到下一次".to_owned()),
            false => held(tx, &current, *record, &gone)?,
        };
        match why {
            None => drop(gone.insert(*record)),
            Some(why) => drop(deleted.plan.held.insert(*record, why)),
        }
    }
    if gone.is_empty() {
        return Ok(deleted);
    }
    let ids = gone.iter().map(|(_, id)| *id).collect();
    let rows = Write::begin(tx, installation, &order.by, &ledger.name)?.erase(tx, &ids)?;
    doubt::forget(tx, &ledger.name, &ids)?;
    attach::forget(tx, &ledger.name, &ids)?;
    request::forget(tx, &ledger.name, &ids)?;
    let title = format!("{}条（连同各版本{rows}行）", gone.len());
    tx.trail().tell(Kind::Delete, json!({ "title": title, "basis": order.basis, "records": gone.len() }));
    deleted.plan.go.extend(gone);
    deleted.rows = rows;
    Ok(deleted)
}
