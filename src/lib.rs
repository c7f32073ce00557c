//! 栋梁 Dongliang: a directive as data, facts recorded once, every demand judged, every verdict explained.
//!
//! The way of the data is one direction: `directive` and `org` → `ledger` → `verdict` → `figures` → `web`, papers.

pub mod apply;
pub mod audit;
pub mod auth;
pub mod backup;
pub mod calendar;
pub mod check;
pub mod cli;
pub mod clock;
pub mod day;
pub mod db;
pub mod demo;
pub mod directive;
pub mod document;
pub mod exam;
pub mod export;
pub mod facts;
pub mod feedback;
pub mod figures;
pub mod form;
pub mod harmless;
pub mod installation;
pub mod intake;
pub mod jobs;
pub mod ledger;
pub mod names;
pub mod org;
pub mod paper;
pub mod personal;
pub mod preview;
pub mod private;
pub mod ratio;
pub mod refusals;
pub mod rekey;
pub mod remedy;
pub mod retention;
pub mod scope;
pub mod sheet;
pub mod spelling;
pub mod sso;
pub mod subjects;
pub mod verdict;
pub mod web;
