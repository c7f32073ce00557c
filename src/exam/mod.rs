//! Tests: papers from the bank, and the statistics of their answers. Pure: no database, no clock. Formulas and what they
//! are checked against stand in `docs/EXAM.md`.
//!
//! [`paper`] chooses questions by a blueprint, [`print`](mod@print) puts a form on paper, [`recall`] knows what is about
//! to be forgotten.
//! [`answers`] reads a table of answers, [`items`] is the classical item analysis, [`irt`] the calibration that makes
//! the pass line of two forms mean the same.

pub mod answers;
pub mod irt;
pub mod items;
pub mod paper;
pub mod print;
pub mod recall;

/// Answers that a question needs before its figures are more than a trial (试行); the figure.
pub const SETTLED: u64 = 200;
