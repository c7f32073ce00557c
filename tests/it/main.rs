//! Integration tests, one binary; the files mirror the modules.

mod sheet_check;
mod sheet_roundtrip;
