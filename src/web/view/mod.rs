//! What each page shows: plain structs that derive [`askama::Template`]. No database, no engine, no clock.
//!
//! A handler fills the struct and renders it. Everything in it is ready for the eye: numbers with their unit,
//! days as `2025年3月1日`, links as finished addresses, lists in the order in which they are shown. Nothing here
//! computes a verdict; a light is drawn from the [`tag::Tag`] that the engine gave.

pub mod a11y;
pub mod account;
pub mod accounts;
pub mod assets;
pub mod audit;
pub mod calendar;
pub mod chart;
pub mod class;
pub mod daily;
pub mod dashboard;
pub mod exam;
pub mod feedback;
pub mod files;
pub mod form;
pub mod imports;
pub mod learning;
pub mod ledger;
pub mod ledgers;
pub mod lights;
pub mod login;
pub mod me;
pub mod menu;
pub mod org;
pub mod page;
pub mod papers;
pub mod parts;
pub mod permissions;
pub mod problem;
pub mod questions;
pub mod record;
pub mod record_form;
pub mod remedy;
pub mod requests;
pub mod requirement;
pub mod requirements;
pub mod retention;
pub mod search;
pub mod settings;
pub use crate::spelling;
pub mod sheets;
pub mod supervise;
pub mod table;
pub mod tag;
pub mod test;
pub mod todo;
pub mod trace;
pub mod training;
pub mod unit;
pub mod units;
pub mod url;
pub mod verdict;
pub mod words;

pub use page::{Page, Prefs, Size};
pub use tag::{Light, State, Tag};
pub use words::Words;

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    fn files(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }

    /// The Content-Security-Policy forbids them, and a browser would only drop them silently.
    #[test]
    fn templates_hold_no_inline_style_script_or_unescaped_value() {
        let mut found = Vec::new();
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
        assert!(found.len() > 10);
        for path in found {
            let text = std::fs::read_to_string(&path).unwrap();
            for forbidden in
                [" style=", "<style", "<script>", " onclick=", " onchange=", "javascript:", "|safe", "|escape"]
            {
                assert!(!text.contains(forbidden), "{}: {forbidden}", path.display());
            }
        }
    }
}
