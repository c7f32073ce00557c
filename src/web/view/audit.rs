//! 操作日志 `/audit`: who did what to which record, when, and is the log whole?

use askama::Template;

use super::page::Page;
use super::parts::Timeline;
use super::table::{Chip, Facets, FilterForm};
use super::words::Words;

/// The audit log. From the entries that the reader may see, and the tree over all of them.
#[derive(Clone, Debug, Template)]
#[template(path = "audit.html")]
pub struct Audit {
    /// Frame.
    pub page: Page,
    /// State of the tree.
    pub state: State,
    /// Kind, who, ledger.
    pub facets: Facets,
    /// Days.
    pub filter: FilterForm,
    /// Conditions in force.
    pub chips: Vec<Chip>,
    /// The entries of this page, the newest first.
    pub entries: Timeline,
    /// Address of the newest entries, when this page is not of them.
    pub newest: Option<String>,
    /// Address of the older entries.
    pub older: Option<String>,
}

/// Whether the log is whole.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// `校验通过` or `断点`, and when; what was looked at.
    pub verdict: Words,
    /// True if something was found.
    pub broken: bool,
    /// Numbered entries: `1,204条，另有2条尚未编号`.
    pub size: String,
    /// First digits of the root.
    pub root: String,
    /// The latest checkpoint: `2025年10月20日 18:05，第1200条`; empty without one.
    pub checkpoint: String,
}
