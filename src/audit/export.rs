//! The log for others: one line of JSON an entry, with all that is hashed, under a signed checkpoint.

use std::io::Write;

use anyhow::Context as _;
use serde_json::{Map, Value as Json, json};

use super::{
    checkpoint::verifier,
    sequence::COLUMNS,
    tree::{self, Hash},
};
use crate::db::{Peek, Row, Tx};

/// Names of [`COLUMNS`]; the seal is of no use to others.
const NAMES: [&str; 14] = [
    "row_id",
    "seq",
    "at",
    "actor",
    "account",
    "kind",
    "ledger",
    "unit_id",
    "written",
    "payload_hash",
    "root",
    "prints",
    "payload",
    "salt",
];

/// Writes the checkpoint and then every entry that it covers; gives their number.
///
/// # Errors
/// When there is no checkpoint, or the store or the output fails.
pub fn export(tx: &mut Tx<'_>, out: &mut dyn Write) -> anyhow::Result<u64> {
    let (head, size) = head(tx)?;
    writeln!(out, "{head}")?;
    let sql = format!("select {COLUMNS} from audit_entry where seq <= $1 order by seq");
    let mut n = 0;
    tx.each(&sql, &[size.into()], |row| {
        n += 1;
        Ok(writeln!(out, "{}", Json::Object(entry(row)))?)
    })?;
    Ok(n)
}

/// Writes one entry with the path from its leaf to the root of the latest checkpoint.
///
/// # Errors
/// As [`export`], or when the checkpoint does not cover such an entry.
pub fn export_one(tx: &mut Tx<'_>, seq: i64, out: &mut dyn Write) -> anyhow::Result<()> {
    let (mut head, size) = head(tx)?;
    let sql = "select leaf from audit_entry where seq <= $1 order by seq";
    let leaves =
        tx.rows(sql, &[size.into()], |r| r.opt_text(0).map(|t| t.and_then(Hash::parse).unwrap_or_default()))?;
    let sql = format!("select {COLUMNS} from audit_entry where seq = $1 and seq <= $2");
    let entry = tx.one(&sql, &[seq.into(), size.into()], |row| Ok(entry(row)))?;
    let entry = entry.with_context(|| format!("检查点只到第 {size} 条，没有第 {seq} 条日志"))?;
    let path: Vec<String> = tree::inclusion(&leaves, seq as usize - 1).iter().map(Hash::to_string).collect();
    head["entry"] = Json::Object(entry);
    head["path"] = json!(path);
    Ok(writeln!(out, "{head}")?)
}

/// The latest checkpoint with its key, and its size.
fn head(tx: &mut Tx<'_>) -> anyhow::Result<(Json, i64)> {
    let key = verifier(tx)?.map(|v| v.to_string());
    let sql = "select size, note from audit_checkpoint order by size desc limit 1";
    let latest = tx.one(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))?;
    let (size, note) = latest.context("还没有检查点。请先运行 dongliang audit checkpoint")?;
    Ok((json!({ "key": key, "checkpoint": note }), size))
}

fn entry(row: &Row<'_>) -> Map<String, Json> {
    let cell = |i: usize| match row.peek(i) {
        Peek::I64(n) => json!(n),
        Peek::Text(t) => json!(t),
        Peek::Null | Peek::Other => Json::Null,
    };
    NAMES.iter().enumerate().map(|(i, name)| ((*name).to_owned(), cell(i))).collect()
}
