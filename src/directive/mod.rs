//! The directive as data: loads a package directory, refuses it with all errors at once, and holds what it says.

pub mod diagnostic;
pub mod example;
pub mod load;
pub mod model;
pub mod uses;

mod condition;
mod demand;
mod head;
mod ledgers;
mod literal;
mod measure;
mod names;
mod part;
mod read;
mod requirement;
mod setting_uses;
mod settings;
mod suggest;
mod syntax;
mod target;
mod titles;
mod when;
mod worked;

pub use diagnostic::{Diagnostic, Severity, render};
pub(crate) use load::package_hash;
pub use load::{Loaded, load, load_files, own};
pub(crate) use measure::ledger_of;
pub use setting_uses::{Holds, SettingUse, most as setting_most, setting_uses};
pub(crate) use suggest::nearest;
pub use titles::setting as setting_title;
pub use uses::ledger_uses;
