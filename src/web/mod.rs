//! The pages: server-rendered, complete without scripts, all state in the address.
//!
//! `view` holds what each page shows as plain structs; the other modules fill them from the store and the engine. A
//! handler's work runs on a blocking thread over `&mut Tx`.

mod absent;
mod account;
mod account_factor;
mod account_sso;
mod account_stand_in;
mod account_trace;
mod accounts;
mod accounts_change;
mod app;
mod ask;
mod asked;
mod audit;
mod audit_entry;
mod awaited;
mod body;
mod calendar;
mod class_people;
mod class_roster;
mod columns;
mod columns_value;
mod cookie;
mod daily;
mod dashboard;
mod doubt;
mod due_day;
mod error;
mod exam_result;
mod exam_sit;
mod exams;
mod feed;
mod feedback;
mod frame;
mod gate;
mod headers;
mod help;
mod hidden;
mod import_act;
mod import_effects;
mod import_findings;
mod import_marked;
mod import_one;
mod import_told;
mod imports;
mod learning;
mod ledger;
mod ledger_columns;
mod ledger_conditions;
mod ledger_derived;
mod ledger_export;
mod ledger_facets;
mod ledger_order;
mod ledger_typed;
mod ledgers;
mod limits;
mod listen;
mod live;
mod login;
mod looking_back;
mod me;
mod org;
mod org_changes;
mod org_units;
mod paper;
mod paper_acts;
mod papers;
mod parameters;
mod people;
mod permissions;
mod picked;
mod places;
mod post;
mod question_file;
mod question_one;
mod questions;
mod readiness;
mod record;
mod record_begin;
mod record_conflict;
mod record_derived;
mod record_files;
mod record_form;
mod record_history;
mod record_links;
mod record_new;
mod record_open;
mod record_pick;
mod record_recent;
mod record_saved;
mod record_uses;
mod record_void;
mod releases;
mod remedies;
mod remedy;
mod remedy_class;
mod remedy_forms;
mod remedy_lines;
mod remedy_person;
mod requests;
mod requirement;
mod requirement_subjects;
mod requirements;
mod retention;
mod route;
mod router;
mod search;
mod settings;
mod settings_change;
mod settings_matter;
mod sso;
mod stall;
mod start;
mod subject;
mod summary;
mod supervise;
mod supervise_acts;
mod supervise_new;
mod taken;
mod test_acts;
mod test_key;
mod test_list;
mod test_marking;
mod test_near;
mod test_new;
mod test_one;
mod test_paper;
mod test_print;
mod test_rules;
mod test_sheets;
mod test_sheets_acts;
mod test_withdraw;
mod tls;
mod todo;
mod todo_drafts;
mod todo_files;
mod todo_past;
mod training;
mod training_one;
mod unit;
mod unit_demands;
mod unit_names;
mod units;
mod upload;
mod verdict;
mod verdict_needs;
pub mod view;
mod weekly;
mod wrongs;

pub use app::{Transport, serve};
pub use listen::Listen;
pub use route::Needs;
pub use tls::TlsFiles;

/// The pages as a service; [`serve`] puts it on an address.
pub fn pages(installation: crate::installation::Installation, transport: Transport) -> axum::Router {
    router::router(app::App::new(installation, transport))
}

/// Every route: method, path, and what it asks of who comes.
pub fn routes() -> Vec<(&'static str, &'static str, Needs)> {
    router::routes().into_iter().map(|r| (r.method, r.path, r.needs)).collect()
}
