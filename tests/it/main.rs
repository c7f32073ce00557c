//! Integration tests, one binary; the modules mirror those of the library.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod directive;
mod sheet_check;
mod sheet_files;
mod sheet_roundtrip;
