//! Files of records. What lies on the disk (`place`) is kept once by its content and never overwritten; what a record has
//! of it, under which name and from whom, are rows of the store that come after the bytes (`deed`). A file is what its
//! content says (`kind`). Files of a ledger with sensitive values are sealed, each with a key of its own that the ring
//! seals in its row (`seal`), so that another ring key changes rows alone. `proof` holds the rows against the disk and the
//! log.

mod deed;
mod kind;
mod place;
mod proof;
mod seal;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    audit::{self, Guarded},
    auth::opening,
    db::{Row, Tx, Value},
    directive::model::Ledger,
    ledger::Keys,
};

pub use deed::{Refused, add, remove, title};
pub use kind::{Kind, TAKEN, accepted, told};
pub use place::{Hold, Kept, Spoilt, keep, read, sweep};
pub use proof::{Proof, prove};
pub(crate) use seal::reseal;

/// The largest file, in bytes: scans of some tens of pages.
pub const EACH: u64 = 20 << 20;
/// Files that are sent at once.
pub const AT_ONCE: usize = 5;
/// Files that one record has.
pub const OF_RECORD: usize = 30;
/// Bytes that one account brings in 24 hours, so that none fills the disk.
pub const OF_DAY: u64 = 2 << 30;
/// Bytes of all files together: a tenth of the smallest disk that README asks for would hold 20,000 scans.
pub const OF_ALL: u64 = 200 << 30;

/// A file of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its number.
    pub id: i64,
    /// Name of the ledger.
    pub ledger: String,
    /// The record.
    pub record: i64,
    /// SHA-256 of what lies on the disk, in hex.
    pub sha256: String,
    /// What it was called; empty where it is sealed.
    pub name: String,
    /// Bytes of what was sent.
    pub size: i64,
    /// What it is.
    pub kind: Kind,
    /// Name, hash and key, sealed by the ring; `None`: it lies there as it was sent.
    pub secret: Option<String>,
    /// When (µs) and by whom it was brought.
    pub added: (i64, String),
    /// When (µs), by whom and why it was removed; `None`: it stands.
    pub removed: Option<(i64, String, String)>,
}

impl Attachment {
    /// What it may be called before everybody who sees the record: of a sensitive ledger no more than its number and kind.
    pub fn label(&self, ledger: &Ledger) -> String {
        if self.secret.is_some() || is_sensitive(ledger) {
            format!("第{}号附件（{}）", self.id, self.kind.title())
        } else {
            self.name.clone()
        }
    }

    /// Its own name, opened where it is sealed.
    ///
    /// # Errors
    /// When the keys are not those.
    pub fn own_name(&self, keys: &Keys) -> anyhow::Result<String> {
        match &self.secret {
            None => Ok(self.name.clone()),
            Some(sealed) => Ok(seal::Secret::open(keys, sealed)?.name),
        }
    }
}

/// Whether the files of a ledger's records are sealed, and opened with a reason alone.
pub fn is_sensitive(ledger: &Ledger) -> bool {
    opening::needed(ledger).is_some()
}

const COLUMNS: &str = "row_id, ledger, record_id, sha256, name, size, kind, secret, recorded_at, recorded_by, removed_at, \
                       removed_by, reason";

fn row(r: &Row<'_>) -> anyhow::Result<Attachment> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let removed = match r.opt_i64(10)? {
        Some(at) => Some((at, text(11)?, text(12)?)),
        None => None,
    };
    Ok(Attachment {
        id: r.i64(0)?,
        ledger: text(1)?,
        record: r.i64(2)?,
        sha256: text(3)?,
        name: text(4)?,
        size: r.i64(5)?,
        kind: Kind::parse(r.text(6)?),
        secret: r.opt_text(7)?.map(str::to_owned),
        added: (r.i64(8)?, text(9)?),
        removed,
    })
}

/// The files of a record, removed ones too, the oldest first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_record(tx: &mut Tx<'_>, ledger: &str, record: i64) -> anyhow::Result<Vec<Attachment>> {
    let sql = format!("select {COLUMNS} from attachment where ledger = $1 and record_id = $2 order by row_id");
    tx.rows(&sql, &[ledger.into(), record.into()], row)
}

/// The files of some records of a ledger, by record.
///
/// # Errors
/// When the store cannot be read.
pub fn of_records(
    tx: &mut Tx<'_>,
    ledger: &str,
    records: &BTreeSet<i64>,
) -> anyhow::Result<BTreeMap<i64, Vec<Attachment>>> {
    let mut found: BTreeMap<i64, Vec<Attachment>> = BTreeMap::new();
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let among = tx.among("$2");
    let sql = format!("select {COLUMNS} from attachment where ledger = $1 and record_id {among} order by row_id");
    for file in tx.rows(&sql, &[ledger.into(), list.into()], row)? {
        found.entry(file.record).or_default().push(file);
    }
    Ok(found)
}

/// Takes away what is known of the files of records that are deleted by rule; their bytes go with the next [`sweep`].
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn forget(tx: &mut Tx<'_>, ledger: &str, records: &BTreeSet<i64>) -> anyhow::Result<()> {
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let among = tx.among("$2");
    let params: [Value; 2] = [ledger.into(), list.into()];
    let sql = format!("delete from attachment where ledger = $1 and record_id {among} returning row_id");
    let gone = tx.rows(&sql, &params, |r| r.i64(0))?;
    gone.into_iter().for_each(|id| audit::guard(tx, Guarded::File, id));
    Ok(())
}
