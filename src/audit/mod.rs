//! The audit log: who did what, when, and proof that neither the log nor the rows were changed behind its back.
//!
//! - **An entry a transaction**, written in it. The ledger's store leaves a trail in the transaction (`trail`), and
//!   `Db::write` makes an entry of it before the commit (`entry`); whoever writes to a ledger leaves one.
//! - An entry holds the root of the hashes of its rows (`canon`, `tree`), and a payload under a salted hash, which can be
//!   erased by law without a gap in the proof (`erase`).
//! - **Numbered after the commit** by one process at a time (`sequence`), entries are leaves of a Merkle tree.
//! - **Checkpoints** are signed roots of that tree (`note`, `checkpoint`): who keeps one elsewhere will see that
//!   nothing before it was changed or cut off.
//! - **Rows that are encrypted anew** are stated again by an entry of their own, and what they hashed to before is kept
//!   beside it (`former`), so that the earlier entries are still proved.
//! - **Rows that are no ledger's** (accounts, roles, remedies …) are stated by the entry of whoever changes them, each by
//!   its hash as it stands afterwards (`guard`).
//! - `verify` proves all of it from the database alone and says where it does not hold; `export` hands it to others.

mod adopt;
mod canon;
mod checkpoint;
mod concern;
mod entry;
mod erase;
mod export;
mod former;
mod guard;
mod guard_tables;
mod kind;
mod names;
mod note;
mod patrol;
pub(crate) mod payload;
mod query;
mod sequence;
mod trail;
pub mod tree;
mod verify;
mod written;

pub use adopt::adopt;
pub use checkpoint::{State, checkpoint, state, tend, verifier};
pub use concern::{Seen, seen};
pub use entry::{About, Seal, note, note_of};
pub use erase::erase;
pub use export::{export, export_one};
pub use guard::Guarded;
pub use kind::Kind;
pub use note::{Signer, Verifier};
pub use patrol::{Outcome, look, outcome};
pub use query::{By, COUNTED, Filter, Line, counts, list};
pub use sequence::sequence;
pub use trail::Trail;
pub use verify::{Against, Finding, Report, What, verify, verify_in};
pub use written::{Act, Mark, Part, Run, parts};

pub(crate) use canon::{Form, VOIDED};
pub(crate) use entry::finish;
pub(crate) use erase::{forget, waiting_on};
pub(crate) use guard::{begin as guard_all, guard};
pub(crate) use names::Forms;
pub(crate) use patrol::patrol;
pub(crate) use payload::HIDDEN;
pub(crate) use trail::Touched;
