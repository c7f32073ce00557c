//! The integration tests: one binary, its modules named after those of the crate.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod db;
mod demo;
mod demo_picture;
mod directive;
mod sheet_check;
mod sheet_files;
mod sheet_roundtrip;
mod store;
mod web_lists;
