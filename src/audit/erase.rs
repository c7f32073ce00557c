//! What an entry tells, erased as the law demands; that it was there, when and by whom stays.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;

use super::{
    entry::note,
    kind::Kind,
    names::{Names, When, when},
    written::{Mark, Part, parts},
};
use crate::{
    db::{Db, Tx, Value},
    scope::Actor,
};

/// Erases the payload of a numbered entry and logs that.
///
/// # Errors
/// When there is no such entry or it is erased already, or the store cannot be written.
pub fn erase(db: &Db, actor: Actor, seq: i64, reason: &str) -> anyhow::Result<()> {
    let reason = reason.to_owned();
    db.write(move |tx| {
        let sql = "update audit_entry set payload = null, salt = null where seq = $1 and payload is not null";
        ensure!(tx.execute(sql, &[seq.into()])? == 1, "没有第 {seq} 条日志，或者它的内容已经删除");
        note(tx, &actor, Kind::Erase, json!({ "entry": seq, "reason": reason }));
        tx.trail().mark(&Mark::Erased(seq));
        Ok(())
    })
}

/// Erases what numbered entries tell of single records that are being deleted, their fields before and after; the entry
/// of this transaction says so.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn forget(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<()> {
    let names = Names::read(tx)?;
    let had: Vec<Value> = names.had(ledger).into_iter().map(Value::from).collect();
    let list: Vec<String> = (1..=had.len()).map(|n| format!("${n}")).collect();
    // Each by an index of its own: entries of this ledger alone, and those of several.
    let own = format!("ledger in ({})", list.join(", "));
    let mut found = Vec::new();
    for (which, params) in
        [(own.as_str(), &had[..]), ("ledger is null and kind in ('add', 'correct', 'void', 'setting')", &[])]
    {
        let sql = format!(
            "select seq, kind, written from audit_entry where {which} and seq is not null and payload is not null"
        );
        tx.each(&sql, params, |r| {
            let (seq, kind) = (r.i64(0)?, r.text(1)?);
            if TELLING.iter().any(|k| k.as_str() == kind)
                && !about(&names, when(Ok(seq)), r.text(2)?, ledger, records).is_empty()
            {
                found.push(seq);
            }
            Ok(())
        })?;
    }
    // What tells of files has no rows, unless a field holds one.
    let sql = format!(
        "select seq, payload from audit_entry where {own} and kind = 'attach' and seq is not null and payload is not null"
    );
    tx.each(&sql, &had, |r| {
        if record_of(r.text(1)?).is_some_and(|record| records.contains(&record)) {
            found.push(r.i64(0)?);
        }
        Ok(())
    })?;
    found.sort_unstable();
    for seq in found {
        let sql = "update audit_entry set payload = null, salt = null where seq = $1";
        tx.execute(sql, &[seq.into()])?;
        tx.trail().mark(&Mark::Erased(seq));
    }
    Ok(())
}

/// Kinds of entries that tell the fields of a record before and after.
const TELLING: [Kind; 4] = [Kind::Add, Kind::Correct, Kind::Void, Kind::Setting];

/// Which of these records are told of by entries that wait for their number: these cannot be erased with them yet.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn waiting_on(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<BTreeSet<i64>> {
    let names = Names::read(tx)?;
    let mut found = BTreeSet::new();
    tx.each("select row_id, written, kind, ledger, payload from audit_entry where seq is null", &[], |r| {
        let at = when(Err(r.i64(0)?));
        found.extend(about(&names, at, r.text(1)?, ledger, records));
        if r.text(2)? == Kind::Attach.as_str()
            && names.now(r.opt_text(3)?.unwrap_or_default(), names.epoch(at)) == ledger
        {
            found.extend(record_of(r.opt_text(4)?.unwrap_or_default()).filter(|record| records.contains(record)));
        }
        Ok(())
    })?;
    Ok(found)
}

/// The record that a payload names.
fn record_of(payload: &str) -> Option<i64> {
    serde_json::from_str::<serde_json::Value>(payload).ok()?["record"].as_i64()
}

/// Which of a ledger's records (as it is called now) an entry has rows of.
fn about(names: &Names, at: When, written: &str, ledger: &str, records: &BTreeSet<i64>) -> BTreeSet<i64> {
    let epoch = names.epoch(at);
    let mut found = BTreeSet::new();
    for part in parts(written).flatten() {
        if let Part::Rows(name, run) = part
            && names.now(name, epoch) == ledger
        {
            found.extend(records.range(run.record..run.record.saturating_add(i64::from(run.n))));
        }
    }
    found
}
