//! 全部台账 `/ledgers`: what is recorded, and what is it good for?

use askama::Template;

use super::page::Page;
use super::words::Link;

/// The index of ledgers. From the definitions in force, with the number of current rows of each.
#[derive(Clone, Debug, Template)]
#[template(path = "ledgers.html")]
pub struct Ledgers {
    /// Frame.
    pub page: Page,
    /// Where to begin while nothing is recorded, each with a line about it.
    pub start: Vec<(Link, &'static str)>,
    /// Menu groups in order.
    pub groups: Vec<LedgerGroup>,
}

/// A group.
#[derive(Clone, Debug)]
pub struct LedgerGroup {
    /// Title of the group.
    pub title: String,
    /// Its ledgers.
    pub rows: Vec<LedgerLine>,
}

/// A ledger.
#[derive(Clone, Debug, Default)]
pub struct LedgerLine {
    /// Title, leading to the list.
    pub ledger: Link,
    /// `发生一次记一条`, `有起止`, `系统推出，不用填`, from the kind.
    pub kind: String,
    /// Current rows.
    pub rows: u64,
    /// Latest day of recording: `2025年10月17日`; empty without rows.
    pub latest: String,
    /// Requirements that count its rows: code and page.
    pub serves: Vec<Link>,
}

impl Ledgers {
    fn total(&self) -> usize {
        self.groups.iter().map(|g| g.rows.len()).sum()
    }
}
