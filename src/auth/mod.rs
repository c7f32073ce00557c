//! Accounts, sessions, roles: who asks, and which rights hold. What the rights reach in the data is the scope's matter.
//!
//! - `permission` is the one table of who may do what; `policy` holds every figure.
//! - `login` lets in, `session` keeps the hash of a token, `reader` finds who asks once a request.
//! - `grant` gives roles for a unit and a time; `scope_of` says which units they reach on a day.
//! - `factor` says which roles need the second factor.
//! - `lockout` slows guessing down; `password` and `totp` are the two factors; `sweep` takes away what is over.
//! - `mark` tells a demo's database from a real one.

pub mod account;
pub mod factor;
pub mod grant;
pub mod lockout;
pub mod login;
pub mod mark;
pub mod opening;
pub mod password;
pub mod permission;
pub mod policy;
pub mod reader;
pub mod scope;
pub mod session;
pub mod sweep;
pub mod token;
pub mod totp;

pub use permission::{Permission, Role};
pub use reader::{Held, Pending, Reader};
pub use scope::{Organisation, Reaches, scope_of, scope_with};
