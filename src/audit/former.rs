//! The hashes that rows had before an entry stated them anew or deleted them: one text an entry, in the order of its rows.
//! Where the ledger or its columns had other names before, each row has one for each time, the oldest first: an entry is
//! proved under the names of its day. They are not hashed themselves: each must fit the entry that told of the row before,
//! whose root is.

use std::fmt::Write as _;

use super::tree::Hash;
use crate::db::Tx;

/// Digits of a hash.
const DIGITS: usize = 64;

/// Keeps them beside their entry.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn keep(tx: &mut Tx<'_>, entry: i64, hashes: &[Hash]) -> anyhow::Result<()> {
    if hashes.is_empty() {
        return Ok(());
    }
    let text = hashes.iter().fold(String::with_capacity(hashes.len() * DIGITS), |mut text, hash| {
        let _ = write!(text, "{hash}");
        text
    });
    let sql = "insert into audit_former (entry_id, hashes) values ($1, $2)";
    tx.execute(sql, &[entry.into(), text.into()]).map(|_| ())
}

/// All of them, by the row of their entry; what cannot be read is empty.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn read(tx: &mut Tx<'_>) -> anyhow::Result<Vec<(i64, Vec<Hash>)>> {
    tx.rows("select entry_id, hashes from audit_former order by entry_id", &[], |r| {
        let digits = |chunk: &[u8]| std::str::from_utf8(chunk).ok().and_then(Hash::parse);
        let text = r.opt_text(1)?.unwrap_or_default();
        Ok((r.i64(0)?, text.as_bytes().chunks(DIGITS).map(digits).collect::<Option<Vec<Hash>>>().unwrap_or_default()))
    })
}
