//! Consequences: what follows from a missed verdict, and how it ends.
//!
//! ```text
//!            verdict turns                     verdict turns bad again
//!           ┌────────────► withdrawn ◄──┐    ┌──────────────────────────┐
//! missed ► draft ──────────────────────┘     ▼                          │
//!           │ └── confirmed by a person ► active ── verdict is good ► closed
//!           └──── dropped by a person ► dropped     │
//!                                                   └── overdue: told to 领导小组办公室, once
//! ```
//!
//! - What is drafted stands in the package (`on_fail`); nothing is made up here.
//! - One for each requirement × subject × window × consequence, some workdays (`draft_days`) after the window shut. Of
//!   periods the latest that has shut is looked at, as it is for the requirement as a whole.
//! - A draft does nothing. A person confirms it with a due day and a responsible person, or drops it; both with a reason.
//! - Nobody closes one: the verdict does (met, made good, not applicable, gone). A missed period cannot be made good; it
//!   is closed by a later period that is met, once something was done. What is held again and missed again is closed by
//!   the repeat of the repeat that is met (`again`).
//! - Behind every judgement `patrol` looks at what was judged (`verdict_news`) and takes the steps of [`model::step`].

mod again;
pub mod decide;
pub mod model;
pub mod patrol;
pub mod store;

pub use model::{Event, Good, Seen, State, Step};
pub use store::{Remedy, Told};

/// The events by which a person deals with a remedy: what decides on it, or is done for it.
pub const DEEDS: &[&str] = &["confirm", "drop", "act"];
