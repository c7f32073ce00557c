//! What an entry tells, erased as the law demands; that it was there, when and by whom stays.

use anyhow::ensure;
use serde_json::json;

use super::{entry::note, kind::Kind, written::Mark};
use crate::{db::Db, scope::Actor};

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
