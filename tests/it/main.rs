//! The integration tests: one binary, its modules named after those of the crate.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod audit;
mod audit_deeds;
mod audit_doors;
mod audit_random;
mod auth_demo;
mod auth_forms;
mod auth_login;
mod auth_rights;
mod brute;
mod cli;
mod db;
mod db_hard;
mod demo;
mod demo_picture;
mod directive;
mod import;
mod incremental;
mod judging;
mod kill;
mod namesakes;
mod scope;
mod sealed;
mod sheet_check;
mod sheet_files;
mod sheet_roundtrip;
mod store;
mod store_crash;
mod store_model;
mod store_schema;
mod together;
mod visit;
mod web_audit;
mod web_lists;
mod words;
mod worlds;
