//! Ledgers: a definition is a table. From [`crate::directive::model::Ledger`] come the table (`schema`), its rows
//! (`store`), and its lists, facets and exports (`query`).
//!
//! Invariants:
//! - Nothing is overwritten. A correction voids the current row and adds the next revision under the same record id;
//!   a row is never changed otherwise than by being voided, once.
//! - A row is current if it is not voided; it was known at an instant K if it was recorded by K and not voided by K.
//! - Every read goes through one function that applies the [`crate::scope::Scope`] (`select::visible`).
//! - A sensitive field is stored encrypted from the first row (`secret`); reading gives the cipher text, and only who
//!   needs it opens it.

pub mod key_file;
pub mod mask;
pub mod memo;
pub mod query;
pub mod row;
pub mod schema;
pub mod secret;
mod select;
pub mod store;
mod tally;
mod writable;

pub use memo::Memo;
pub use row::{NewRow, Stored};
pub use secret::{Cipher, Keys};
pub(crate) use select::own;
pub(crate) use select::{like, pattern};
pub(crate) use writable::{ever_writable, writable};
