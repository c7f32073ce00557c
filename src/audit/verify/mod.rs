//! Proves the log and the ledgers from the database alone, and says where they were changed.
//!
//! First all entries in the order of their rows (`log`): seal, leaf, payload, tree, checkpoints. Then every ledger in the
//! order of its rows (`rows`): each row and each void must belong to one entry and have the hash under its root; and every
//! other row that the log states (`guarded`): it must be as it was stated last. What is
//! kept in memory meanwhile is about 100 bytes an entry, not the rows.

mod finding;
mod guarded;
mod log;
mod rows;
mod stream;

use std::collections::BTreeMap;

use super::{
    checkpoint::KEY,
    entry::Seal,
    note::{self, Verifier},
    tree::Hash,
};
use crate::{
    db::{Db, Tx},
    directive, installation,
};

pub use finding::{Finding, What};

/// What the log is held against.
#[derive(Clone, Debug, Default)]
pub struct Against {
    /// The key that signs checkpoints; without it the one that the database names.
    pub verifier: Option<Verifier>,
    /// Checkpoints that were kept elsewhere.
    pub published: Vec<String>,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Entries, those without a number included.
    pub entries: u64,
    /// Entries that wait for a number: the tree does not cover them yet.
    pub waiting: u64,
    /// Entries whose payload was erased by law.
    pub erased: u64,
    /// Rows of ledgers.
    pub rows: u64,
    /// Rows that were deleted by rule, of which the hashes are there.
    pub deleted: u64,
    /// Voids of rows.
    pub voids: u64,
    /// Items of other tables that the log states.
    pub guarded: u64,
    /// Tables of which the log does not state the rows yet: the program has not been opened on them.
    pub unguarded: u64,
    /// Checkpoints, published ones included.
    pub checkpoints: u64,
    /// Whether the signatures could be checked.
    pub signed: bool,
    /// Numbered entries.
    pub size: u64,
    /// Root of the tree as calculated.
    pub root: Hash,
    /// What does not hold, at most [`Report::KEPT`].
    pub findings: Vec<Finding>,
    /// How many that were.
    pub found: u64,
}

impl Report {
    /// Findings that are kept.
    pub const KEPT: usize = 1_000;

    /// True if everything holds.
    pub fn is_clean(&self) -> bool {
        self.found == 0
    }

    fn find(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < Report::KEPT {
            self.findings.push(finding);
        }
    }
}

/// Verifies everything on one snapshot.
///
/// # Errors
/// When the store cannot be read.
pub fn verify(db: &Db, against: &Against) -> anyhow::Result<Report> {
    db.read(|tx| verify_in(tx, db.seal(), against))
}

/// The same inside a transaction.
///
/// # Errors
/// As [`verify`].
pub fn verify_in(tx: &mut Tx<'_>, seal: Option<&Seal>, against: &Against) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let checkpoints = checkpoints(tx, against, &mut report)?;
    let mut log = log::read(tx, seal, checkpoints, &mut report)?;
    packages(tx, &log.packages, &mut report)?;
    guarded::check(tx, &mut log, &mut report)?;
    rows::check(tx, log, &mut report)?;
    Ok(report)
}

/// Roots that were signed, by size.
type Checkpoints = BTreeMap<u64, Hash>;

/// Reads all checkpoints and checks their signatures; those that are good bind the tree.
fn checkpoints(tx: &mut Tx<'_>, against: &Against, report: &mut Report) -> anyhow::Result<Checkpoints> {
    let named = installation::meta(tx, KEY)?;
    if let (Some(own), Some(named)) = (&against.verifier, &named)
        && own.to_string() != *named
    {
        report.find(What::Key.into());
    }
    let key = against.verifier.clone().or_else(|| Verifier::parse(&named?));
    report.signed = key.is_some();
    let mut good = Checkpoints::new();
    let mut take = |size: Option<u64>, note: &str, report: &mut Report| {
        report.checkpoints += 1;
        let read = note::read(note).filter(|(_, n, _)| size.is_none_or(|size| size == *n));
        let signed = key.as_ref().is_none_or(|key| key.signed(note));
        let Some((_, n, root)) = read.filter(|_| signed) else {
            report.find(What::Checkpoint { size }.into());
            return;
        };
        if *good.entry(n).or_insert(root) != root {
            report.find(What::Fork { size: n }.into());
        }
    };
    for note in &against.published {
        take(None, note, report);
    }
    tx.each("select size, note from audit_checkpoint order by size", &[], |r| {
        take(Some(r.i64(0)? as u64), r.opt_text(1)?.unwrap_or_default(), report);
        Ok(())
    })?;
    Ok(good)
}

/// Every package in the database is one that an entry names, with the files of its hash; the last is in force.
fn packages(tx: &mut Tx<'_>, told: &[String], report: &mut Report) -> anyhow::Result<()> {
    let mut stored = Vec::new();
    tx.each("select hash, files from package order by row_id", &[], |r| {
        let hash = r.text(0)?.to_owned();
        let files: BTreeMap<String, String> = serde_json::from_str(r.text(1)?).unwrap_or_default();
        if directive::package_hash(&files) != hash || !told.contains(&hash) {
            report.find(What::Package(hash.clone()).into());
        }
        stored.push(hash);
        Ok(())
    })?;
    for hash in told.iter().filter(|hash| !stored.contains(hash)) {
        report.find(What::Package(hash.clone()).into());
    }
    let in_force = installation::meta(tx, "package")?;
    if in_force.as_ref() != told.last() {
        report.find(What::Package(in_force.unwrap_or_default()).into());
    }
    Ok(())
}
