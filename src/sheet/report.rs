//! What a check of a table says: rows ready to be stored, and findings that a clerk can act on.

use std::{collections::HashSet, fmt};

use serde::{Deserialize, Serialize};

use super::{Stored, header::HeaderMatch};

/// What came of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// How the header was understood.
    pub header: HeaderMatch,
    /// The rows without an error, in order; none while a required column is missing.
    pub rows: Vec<CheckedRow>,
    /// Of the rows with an error those that were read first, without what is wrong, so that what else is wrong is told with it.
    pub broken: Vec<CheckedRow>,
    /// Rows with at least one error; all of them while a required column is missing.
    pub bad_rows: usize,
    /// Titles of the required columns that are missing, and 单位 where a row must name its unit.
    pub missing: Vec<String>,
    /// The first [`KEPT`] errors.
    pub errors: Vec<CellError>,
    /// All errors counted.
    pub error_count: usize,
    /// The first [`KEPT`] notes on values that were read with an assumption, and on columns that are ignored.
    pub warnings: Vec<CellError>,
    /// All notes counted.
    pub warning_count: usize,
    /// Rows passed over that held something: totals, footers, repeated headers.
    pub skipped: Vec<Skipped>,
}

impl Checked {
    /// Takes rows out again, for reasons that only show beside other rows or in the ledger.
    pub fn refuse(&mut self, errors: Vec<CellError>) {
        let rows: HashSet<u32> = errors.iter().map(|e| e.row).collect();
        let (out, kept): (Vec<CheckedRow>, _) =
            std::mem::take(&mut self.rows).into_iter().partition(|r| rows.contains(&r.number));
        self.rows = kept;
        self.bad_rows += out.len();
        out.into_iter().for_each(|row| self.set_aside(row));
        self.error_count += errors.len();
        self.errors.extend(errors);
        self.errors.sort_by_key(|e| e.row);
        self.errors.truncate(KEPT);
    }
}

impl Checked {
    /// Keeps a row with an error.
    pub(super) fn set_aside(&mut self, row: CheckedRow) {
        if self.broken.len() < KEPT {
            self.broken.push(row);
        }
    }

    /// All rows of which something can still be told: what is wrong with those that are refused already is not stored in them.
    pub(crate) fn told(&self) -> impl Iterator<Item = &CheckedRow> {
        self.rows.iter().chain(&self.broken)
    }
}

/// A row ready to be stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckedRow {
    /// As Excel counts.
    pub number: u32,
    /// `record_code`.
    pub code: Option<String>,
    /// The unit that the row names. Where the ledger derives its unit from a field this is only what the file says.
    pub unit: Option<i64>,
    /// By position of the ledger's fields; derived ones and missing columns are [`Stored::Null`].
    pub values: Vec<Stored>,
}

/// An error or a note with its place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellError {
    /// As Excel counts.
    pub row: u32,
    /// Letters of the column; empty when it concerns the row.
    pub column: String,
    /// Head of the column, or the title of the field that has none.
    pub head: String,
    /// What the cell shows.
    pub shown: String,
    /// What is wrong, or what was assumed.
    pub reason: String,
    /// How to mend it; may be empty in a note.
    pub mend: String,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第 {} 行", self.row)?;
        if !self.column.is_empty() {
            write!(f, " {} 列", self.column)?;
        }
        if !self.head.is_empty() {
            write!(f, "“{}”", self.head)?;
        }
        f.write_str("：")?;
        if !self.shown.is_empty() {
            write!(f, "“{}”", self.shown)?;
        }
        f.write_str(&self.reason)?;
        if self.mend.is_empty() { f.write_str("。") } else { write!(f, "。{}。", self.mend) }
    }
}

/// A row that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// As Excel counts.
    pub row: u32,
    /// Why it was passed over.
    pub reason: String,
}

/// Errors and notes kept in full; beyond, they are counted.
pub const KEPT: usize = 1000;
