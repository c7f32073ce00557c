//! Checkpoints: made while there is new work, kept in the database, and handed out to be kept elsewhere.

use super::{
    note::{Signer, Verifier},
    sequence::{frontier, sequence},
    tree::Hash,
};
use crate::{
    clock::Clock,
    db::{Db, Tx},
    installation::{Installation, meta, set_meta},
};

/// A checkpoint at least so often while there is new work, µs.
const EVERY: i64 = 60_000_000;
/// The public key, for who has the database alone.
pub(super) const KEY: &str = "audit_key";

/// State of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Numbered entries.
    pub size: u64,
    /// Entries that wait for a number.
    pub waiting: u64,
    /// Root of the tree.
    pub root: Hash,
    /// The latest checkpoint: its size, when it was made (µs), its text.
    pub checkpoint: Option<(u64, i64, String)>,
}

/// Reads the state of the log.
///
/// # Errors
/// When the store cannot be read.
pub fn state(tx: &mut Tx<'_>) -> anyhow::Result<State> {
    let tree = frontier(tx)?;
    let waiting = tx.one("select count(*) from audit_entry where seq is null", &[], |r| r.i64(0))?.unwrap_or(0);
    let latest = "select size, made_at, note from audit_checkpoint order by size desc limit 1";
    let checkpoint = tx.one(latest, &[], |r| Ok((r.i64(0)? as u64, r.i64(1)?, r.text(2)?.to_owned())))?;
    Ok(State { size: tree.size(), waiting: waiting as u64, root: tree.root(), checkpoint })
}

/// Numbers what waits, and makes a checkpoint if there is something new and the last one is a minute old.
///
/// # Errors
/// When the store fails.
pub fn tend(installation: &Installation) -> anyhow::Result<()> {
    sequence(&installation.db)?;
    let Some(signer) = &installation.signer else { return Ok(()) };
    let state = installation.db.read(state)?;
    let due = match &state.checkpoint {
        None => state.size > 0,
        Some((size, at, _)) => state.size > *size && (Clock::Machine.now().instant - at).abs() >= EVERY,
    };
    if due { checkpoint(&installation.db, signer).map(|_| ()) } else { Ok(()) }
}

/// Numbers what waits and gives the signed checkpoint of everything.
///
/// # Errors
/// When the store fails.
pub fn checkpoint(db: &Db, signer: &Signer) -> anyhow::Result<String> {
    sequence(db)?;
    let tree = db.read(frontier)?;
    let (size, now) = (tree.size() as i64, Clock::Machine.now().instant);
    let note = signer.sign(tree.size(), &tree.root());
    let (kept, key) = (note.clone(), signer.verifier().to_string());
    db.write(move |tx| {
        if meta(tx, KEY)?.is_none() {
            set_meta(tx, KEY, &key)?;
        }
        let sql = "insert into audit_checkpoint (size, made_at, note) values ($1, $2, $3) on conflict do nothing";
        tx.execute(sql, &[size.into(), now.into(), kept.into()])
    })?;
    Ok(note)
}

/// The public key that the database names, if it has one.
///
/// # Errors
/// When the store cannot be read.
pub fn verifier(tx: &mut Tx<'_>) -> anyhow::Result<Option<Verifier>> {
    Ok(meta(tx, KEY)?.and_then(|text| Verifier::parse(&text)))
}
