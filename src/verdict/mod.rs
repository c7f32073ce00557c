//! Judges: population × calendar, one fold over the facts, five states by one interval rule, a light, an explanation.
//!
//! [`world`] holds what is known, [`compile`] resolves a requirement's names, [`judge`] gives the verdicts.
//! Sections and rules cited as "3.5" are those of `docs/REQUIREMENT-LANGUAGE.md`.

pub mod compile;
mod compiled;
mod condition;
pub mod engine;
pub mod eval;
pub mod explain;
mod index;
pub mod item;
pub mod judge;
pub mod kind;
pub mod light;
pub mod load;
pub mod low_rank;
pub mod measure;
pub mod needs;
pub mod overlay;
mod part;
pub mod recount;
pub mod rejudge;
mod repeat;
pub mod rollup;
mod scan;
pub mod sight;
pub mod state;
pub mod store;
pub mod subject;
pub mod touch;
pub mod window;
pub mod words;
pub mod world;
