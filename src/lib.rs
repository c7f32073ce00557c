//! 栋梁 Dongliang: a directive as data, facts recorded once, every demand judged, every verdict explained.
//!
//! The way of the data is one direction: `directive` and `org` → `ledger` → `verdict` → `web`.

pub mod calendar;
pub mod check;
pub mod clock;
pub mod day;
pub mod db;
pub mod directive;
pub mod installation;
pub mod ledger;
pub mod org;
pub mod ratio;
pub mod scope;
pub mod verdict;
