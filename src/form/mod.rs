//! The form of a record, from the ledger's definition: which inputs it has and why (`fields`), which of them the judgement
//! looks at (`judged`), what was typed into them
//! (`typed`), whether it can be recorded (`check`, by the rules for a row of a file), whom and what a picker offers
//! (`find`, over the persons and units in `directory`, whose surnames `surname` reads), and the write itself, once a form (`save`).
//!
//! Nothing here knows of pages.

mod check;
pub mod directory;
mod fields;
mod find;
mod judged;
mod save;
pub mod surname;
mod typed;

pub use check::{Checked, Fault, check};
pub use directory::Directory;
pub use fields::{At, Control, Group, Input, Plan, plan};
pub use find::{Around, Hit, Hits};
pub(crate) use judged::judged;
pub use save::{CodeIsNumber, CodeTaken, Deed, Face, Saved, Told, Turn, save, told, void_all};
pub(crate) use save::{IS_NUMBER, NUMBER_MEND, tell};
pub use typed::Typed;
