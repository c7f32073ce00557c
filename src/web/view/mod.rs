//! What each page shows: plain structs that derive [`askama::Template`]. No database, no engine, no clock.
//!
//! A handler fills the struct and renders it. Everything in it is ready for the eye: numbers with their unit,
//! days as `2025年3月1日`, links as finished addresses, lists in the order in which they are shown. Nothing here
//! computes a verdict; a light is drawn from the [`tag::Tag`] that the engine gave.

pub mod assets;
pub mod chart;
pub mod dashboard;
pub mod ledger;
pub mod ledgers;
pub mod lights;
pub mod menu;
pub mod org;
pub mod page;
pub mod parts;
pub mod problem;
pub mod record;
pub mod requirement;
pub mod requirements;
pub mod spelling;
pub mod table;
pub mod tag;
pub mod unit;
pub mod url;
pub mod verdict;
pub mod words;

pub use page::{Page, Prefs, Size};
pub use tag::{Light, State, Tag};
pub use words::Words;
