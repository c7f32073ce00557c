//! Numbers entries after their commit and grows the tree by them.
//!
//! One process at a time, by a lock that ends with its transaction. What a transaction that is still open will bring is
//! numbered the next time; an entry without the seal is never numbered, and `verify` names it.

use anyhow::Context as _;

use super::{
    entry::{self, Facts, Seal},
    tree::{Frontier, Hash},
};
use crate::{
    db::{Db, Peek, Row, Tx},
    installation::{meta, set_meta},
};

/// Held by who numbers (PostgreSQL).
const LOCK: i64 = 0x61_7564_6974;
/// Entries numbered in one transaction.
const CHUNK: i64 = 2_000;
/// Where the tree's frontier is kept.
const TREE: &str = "audit_tree";

/// Columns of an entry that [`Read`] expects.
pub(super) const COLUMNS: &str = "row_id, seq, at, actor, account, kind, ledger, unit_id, written, payload_hash, root, \
                                  prints, payload, salt, mac, leaf";

/// How many those are.
pub(super) const WIDTH: usize = 16;

/// An entry as it passes by: its cells in the order of [`COLUMNS`].
pub(super) struct Read<'r>(pub(super) [Peek<'r>; WIDTH]);

impl<'r> Read<'r> {
    pub(super) fn of(row: &'r Row<'r>) -> Read<'r> {
        Read(std::array::from_fn(|i| row.peek(i)))
    }

    pub(super) fn number(&self, i: usize) -> Option<i64> {
        match self.0[i] {
            Peek::I64(n) => Some(n),
            _ => None,
        }
    }

    pub(super) fn text(&self, i: usize) -> Option<&'r str> {
        match self.0[i] {
            Peek::Text(t) => Some(t),
            _ => None,
        }
    }

    pub(super) fn row_id(&self) -> i64 {
        self.number(0).unwrap_or_default()
    }

    /// Hash of its facts.
    pub(super) fn facts(&self, bytes: &mut Vec<u8>) -> Hash {
        let facts: Facts<'_> = std::array::from_fn(|i| self.0[i + 2]);
        entry::facts_hash(bytes, &facts)
    }

    /// Whether the seal fits; true where there is none to compare.
    pub(super) fn is_sealed(&self, facts: &Hash, seal: Option<&Seal>) -> bool {
        seal.is_none_or(|seal| self.text(14).and_then(Hash::parse) == Some(seal.of(facts)))
    }

    /// Hash of the leaf under a number.
    pub(super) fn leaf(&self, bytes: &mut Vec<u8>, facts: &Hash, seq: i64) -> Hash {
        entry::leaf(bytes, facts, self.0[11], self.row_id(), seq)
    }
}

/// Numbers everything that waits and gives how many entries that were.
///
/// # Errors
/// When the store cannot be written, or the tree in it is not what was left there.
pub fn sequence(db: &Db) -> anyhow::Result<u64> {
    let waits = "select 1 from audit_entry where seq is null limit 1";
    let mut numbered = 0;
    while db.read(|tx| Ok(tx.one(waits, &[], |r| r.i64(0))?.is_some()))? {
        let seal = db.seal().cloned();
        let n = db.write(move |tx| chunk(tx, seal.as_ref()))?;
        if n == 0 {
            break;
        }
        numbered += n;
    }
    Ok(numbered)
}

fn chunk(tx: &mut Tx<'_>, seal: Option<&Seal>) -> anyhow::Result<u64> {
    tx.lock(&[LOCK])?;
    let mut tree = frontier(tx)?;
    let before = tree.size();
    let mut bytes = Vec::new();
    let mut leaves = Vec::new();
    let sql = format!("select {COLUMNS} from audit_entry where seq is null order by row_id limit $1");
    tx.each(&sql, &[CHUNK.into()], |row| {
        let entry = Read::of(row);
        let facts = entry.facts(&mut bytes);
        if entry.is_sealed(&facts, seal) {
            let seq = tree.size() as i64 + 1;
            let leaf = entry.leaf(&mut bytes, &facts, seq);
            tree.push(leaf);
            leaves.push((entry.row_id(), seq, leaf.to_string()));
        }
        Ok(())
    })?;
    for (row_id, seq, leaf) in leaves {
        let sql = "update audit_entry set seq = $2, leaf = $3 where row_id = $1";
        tx.execute(sql, &[row_id.into(), seq.into(), leaf.into()])?;
    }
    if tree.size() > before {
        set_meta(tx, TREE, &tree.to_string())?;
    }
    Ok(tree.size() - before)
}

/// The tree of all numbered entries.
pub(super) fn frontier(tx: &mut Tx<'_>) -> anyhow::Result<Frontier> {
    let Some(text) = meta(tx, TREE)? else { return Ok(Frontier::default()) };
    Frontier::parse(&text).context("操作日志的树读不出来：请运行 dongliang audit verify")
}
