//! The pages: server-rendered, complete without scripts, all state in the address.
//!
//! `view` holds what each page shows as plain structs; the other modules fill them from the store and the engine. A
//! handler's work runs on a blocking thread over `&mut Tx`.

mod absent;
mod app;
mod asked;
mod columns;
mod columns_value;
mod dashboard;
mod error;
mod frame;
mod gate;
mod hidden;
mod ledger;
mod ledger_conditions;
mod ledger_derived;
mod ledger_export;
mod ledger_facets;
mod ledger_order;
mod ledger_typed;
mod ledgers;
mod limits;
mod listen;
mod org;
mod org_changes;
mod org_units;
mod parameters;
mod people;
mod record;
mod record_derived;
mod record_history;
mod record_links;
mod record_uses;
mod requirement;
mod requirement_subjects;
mod requirements;
mod router;
mod stall;
mod subject;
mod summary;
mod tls;
mod unit;
mod verdict;
pub mod view;

pub use app::serve;
pub use listen::Listen;
pub use tls::TlsFiles;

/// The pages as a service; [`serve`] puts it on an address.
pub fn pages(installation: crate::installation::Installation) -> axum::Router {
    router::router(app::App::new(installation))
}
