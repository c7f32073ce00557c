//! What a check has found, as it is kept and shown.

use serde::{Deserialize, Serialize};

use super::Prepared;
use crate::{
    directive::model::Ledger,
    sheet::{
        CellError, Table,
        header::{Target, target_title},
        letters,
    },
};

/// Findings of one kind that are kept.
const KEPT: usize = 1_000;

/// What a check has found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Name of the sheet that was read; empty for a .csv.
    pub sheet: String,
    /// Further sheets, which were not read.
    pub others: Vec<String>,
    /// Row of the heads.
    pub header: u32,
    /// Rows that hold a record.
    pub total: usize,
    /// Rows that bring a new record.
    pub new: usize,
    /// Rows that correct a record.
    pub corrections: usize,
    /// Rows that stand in the ledger as they are.
    pub known: usize,
    /// Rows with an error.
    pub bad: usize,
    /// Errors, the first thousand.
    pub errors: Vec<CellError>,
    /// All errors counted.
    pub error_count: usize,
    /// Remarks, the first thousand.
    pub remarks: Vec<CellError>,
    /// All remarks counted.
    pub remark_count: usize,
    /// Rows that are no record, each with what it is.
    pub skipped: Vec<(u32, String)>,
    /// What each column was taken for.
    pub columns: Vec<Matched>,
    /// Imports of the very same file that stand: number, when, by whom.
    pub before: Vec<(i64, String, String)>,
}

/// A column of the file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matched {
    /// Its letters.
    pub column: String,
    /// Its head.
    pub head: String,
    /// The column of the ledger that it is taken for; empty if it is left out.
    pub target: String,
}

impl Report {
    /// Of a file that was checked.
    pub(super) fn of(table: &Table, ledger: &Ledger, prepared: &Prepared) -> Report {
        let checked = &prepared.checked;
        let kept = |found: &[CellError]| found.iter().take(KEPT).cloned().collect();
        let column = |c: &crate::sheet::header::HeadColumn| Matched {
            column: letters(c.index),
            head: c.head.clone(),
            target: match c.target {
                Target::Ignored | Target::Unknown => String::new(),
                target => target_title(target, ledger).trim_matches(['“', '”']).to_owned(),
            },
        };
        let corrections = checked.rows.iter().filter(|r| prepared.corrections.contains_key(&r.number)).count();
        Report {
            sheet: table.sheet.clone(),
            others: table.others.clone(),
            header: checked.header.row,
            total: checked.rows.len() + checked.bad_rows + prepared.known,
            new: checked.rows.len() - corrections,
            corrections,
            known: prepared.known,
            bad: checked.bad_rows,
            errors: kept(&checked.errors),
            error_count: checked.error_count,
            remarks: kept(&checked.warnings),
            remark_count: checked.warning_count,
            skipped: checked.skipped.iter().take(KEPT).map(|s| (s.row, s.reason.clone())).collect(),
            columns: checked.header.columns.iter().map(column).collect(),
            before: prepared.before.clone(),
        }
    }

    /// Rows that would be written.
    pub fn written(&self) -> usize {
        self.new + self.corrections
    }
}
