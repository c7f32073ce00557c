//! 保存期限 `/retention`: what is past its time?

use askama::Template;

use super::page::Page;

/// The report.
#[derive(Clone, Debug, Template)]
#[template(path = "retention.html")]
pub struct Retention {
    /// Frame.
    pub page: Page,
    /// How many are due, and for how many ledgers nothing was laid down.
    pub summary: String,
    /// One a ledger.
    pub rows: Vec<Line>,
    /// What was deleted, the newest first.
    pub gone: Vec<Gone>,
}

/// A deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// When.
    pub at: String,
    /// By whom.
    pub actor: String,
    /// Title of the ledger.
    pub ledger: String,
    /// How many records and rows.
    pub rows: String,
    /// The rule.
    pub basis: String,
}

/// A ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its title.
    pub ledger: String,
    /// `10年`, 未规定.
    pub keep: String,
    /// From which day the years count; empty for none.
    pub from: String,
    /// All its rows.
    pub rows: String,
    /// Rows that are due; empty where that cannot be said.
    pub due: String,
    /// There are some.
    pub late: bool,
}
