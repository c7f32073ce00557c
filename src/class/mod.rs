//! Classes (班次): what is done with them beyond a record in the ledger 班次与活动. Every figure comes from ledgers that are
//! there anyway; nothing of a class is kept twice.

pub mod again;
pub mod missing;
pub mod people;
pub mod read;
pub mod standard;
