//! What an entry tells, erased as the law demands; that it was there, when and by whom stays.

use std::collections::BTreeSet;

use anyhow::ensure;
use serde_json::json;

use super::{
    entry::note,
    kind::Kind,
    written::{Mark, Part, parts},
};
use crate::{
    db::{Db, Tx},
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
    let names = former_names(tx, ledger)?;
    let told = "select seq, written from audit_entry where seq is not null and payload is not null \
                and kind in ('add', 'correct', 'void', 'setting') order by seq";
    let mut found = Vec::new();
    tx.each(told, &[], |r| {
        let of = |part: Part<'_>| match part {
            Part::Rows(name, run) if names.contains(name) => {
                records.range(run.record..run.record.saturating_add(i64::from(run.n))).next().is_some()
            }
            _ => false,
        };
        if parts(r.text(1)?).flatten().any(of) {
            found.push(r.i64(0)?);
        }
        Ok(())
    })?;
    for seq in found {
        let sql = "update audit_entry set payload = null, salt = null where seq = $1";
        tx.execute(sql, &[seq.into()])?;
        tx.trail().mark(&Mark::Erased(seq));
    }
    Ok(())
}

/// The names that a ledger had, its present one among them.
fn former_names(tx: &mut Tx<'_>, ledger: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut names = BTreeSet::from([ledger.to_owned()]);
    let renamed = "select written from audit_entry where kind = 'package' order by row_id desc";
    tx.each(renamed, &[], |r| {
        for part in parts(r.text(0)?).flatten() {
            if let Part::Mark(Mark::Ledger { from, to }) = part
                && names.contains(&to)
            {
                names.insert(from);
            }
        }
        Ok(())
    })?;
    Ok(names)
}
