//! Backup and restore: everything that an installation holds in one file, in one form for both databases.
//!
//! The file is a zip: `manifest.json` names every other member with its length and SHA-256; `manifest.seal` is a keyed
//! hash of the manifest, so that who has the keys sees any change; `tables/NAME.jsonl` has one row a line, a JSON array
//! in the order of the manifest's columns; `files/…` are the files of the data directory. Keys are never in it: they go
//! to a second file, or stay where they are.
//!
//! [`write()`] reads one snapshot, beside everybody who writes. [`Archive::open`] checks all of a file before anything is
//! written, and [`Archive::restore`] writes all of it or nothing.

mod files;
mod keys;
mod read;
mod restore;
mod rows;
mod write;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{db::Column, hex::hex, ledger::secret::Keys};

pub use keys::{read_keys, write_keys};
pub use read::Archive;
pub use restore::Target;
pub use write::write;

/// The form of the file that this program writes and reads.
pub const FORMAT: u32 = 1;

/// Directories of the data directory that go into the file: their files are written once and never changed.
const DIRECTORIES: [&str; 3] = ["attachments", "checkpoints", "papers"];

/// Files of the data directory that are keys: those of the sensitive fields, and the one that signs the audit log.
const KEYS: [&str; 2] = ["keys", "audit-key"];

/// Tables of which only the form goes into the file. Nobody stays logged in by a restore: a session that was ended since
/// must not come to life again.
const EMPTIED: [&str; 1] = ["session"];

const MANIFEST: &str = "manifest.json";
const SEAL: &str = "manifest.seal";

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Form of the file.
    pub format: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// Version of the fixed tables.
    pub schema: i64,
    /// When, as ISO text with its offset.
    pub made_at: String,
    /// The tables, sorted by name.
    pub tables: Vec<Table>,
    /// The files of the data directory, sorted by path.
    pub files: Vec<Kept>,
}

/// One table in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns, in the order of each line.
    pub columns: Vec<Column>,
    /// How many lines there are.
    pub rows: u64,
    /// The lines.
    #[serde(flatten)]
    pub content: Content,
}

/// One file in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its path in the data directory.
    pub path: String,
    /// What it holds.
    #[serde(flatten)]
    pub content: Content,
}

/// Length and hash of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

impl Manifest {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|t| t.rows).sum()
    }
}

impl Table {
    fn member(&self) -> String {
        format!("tables/{}.jsonl", self.name)
    }
}

impl Kept {
    fn member(&self) -> String {
        format!("files/{}", self.path)
    }
}

/// What proves to who has the keys that a manifest is as it was written.
fn seal(keys: &Keys, manifest: &[u8]) -> String {
    keys.digest("dongliang backup manifest", &hex(&Sha256::digest(manifest)))
}

/// Passes bytes on and takes their hash and number.
struct Hashed<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashed<T> {
    fn new(inner: T) -> Hashed<T> {
        Hashed { inner, hash: Sha256::new(), bytes: 0 }
    }

    fn content(self) -> Content {
        Content { bytes: self.bytes, sha256: hex(&self.hash.finalize()) }
    }
}

impl<W: std::io::Write> std::io::Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<R: std::io::Read> std::io::Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(bytes)?;
        self.hash.update(&bytes[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
}
