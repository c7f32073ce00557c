//! The statistics of tests: answers in, figures out. Pure: no database, no clock. Formulas and what they are checked
//! against stand in `docs/EXAM.md`.
//!
//! [`answers`] reads a table of answers, [`items`] is the classical item analysis, [`irt`] the calibration that makes
//! the pass line of two forms mean the same.

pub mod answers;
pub mod irt;
pub mod items;

/// Answers that a question needs before its figures are more than a trial (试行); the figure.
pub const SETTLED: u64 = 200;
