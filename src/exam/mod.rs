//! Tests: papers from the bank, sittings, and the statistics of their answers. Formulas and what they are checked against
//! stand in `docs/EXAM.md`.
//!
//! [`test`](mod@test) is what is asked, when and of whom ([`roll`]); [`attempt`] is how a person answers, by the clock of
//! [`watch`]; [`score`] is what that earns, [`marking`] makes a score of an attempt (`anew` of all of a test), [`key`] corrects what it was scored by ([`key_typed`] as it is typed), [`withdrawn`] takes a question out, and [`close`] makes it the results of the class. These keep to the store;
//! the rest is pure: no database, no clock.
//!
//! [`paper`] chooses questions by a blueprint, [`by_hand`] as they are named, [`second`] what a second form shares with the first, [`line`](mod@line) brings
//! the pass line of the one onto the other, [`print`](mod@print) puts a form on paper, [`printed`] keeps which forms of a test were, [`sheets`] reads what was written on it,
//! [`entered`] makes attempts of that, [`recall`] knows what is about
//! to be forgotten.
//! [`answers`] reads a table of answers, [`items`] is the classical item analysis, [`irt`] the calibration that makes
//! the pass line of two forms mean the same, and [`caution`] says where their figures mean little.

pub mod analysis;
mod anew;
pub mod answers;
pub mod attempt;
pub mod by_hand;
pub mod caution;
pub mod close;
pub mod entered;
pub mod irt;
pub mod items;
pub mod key;
pub mod key_typed;
pub mod line;
pub mod marking;
pub mod paper;
pub mod print;
pub mod printed;
pub mod recall;
pub mod resit;
pub mod roll;
pub mod score;
pub mod second;
pub mod sheets;
pub mod sheets_table;
pub mod test;
pub mod usage;
pub mod watch;
pub mod withdrawn;

/// Answers that a question needs before its figures are more than a trial (试行); the figure.
pub const SETTLED: u64 = 200;
