//! Integration tests, one binary; the files mirror the modules.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod sheet_check;
mod sheet_roundtrip;
