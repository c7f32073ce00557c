//! The pages: server-rendered, complete without scripts, all state in the address.
//!
//! `view` holds what each page shows as plain structs; the other modules fill them from the store and the engine. A
//! handler's work runs on a blocking thread over `&mut Tx`.

mod app;
mod dashboard;
mod error;
mod frame;
mod parameters;
mod requirement;
mod requirements;
mod router;
mod subject;
mod summary;
mod unit;
mod verdict;
pub mod view;

pub use app::serve;
