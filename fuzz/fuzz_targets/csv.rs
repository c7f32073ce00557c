//! Text of any encoding as a table, then its header and rows against the roster.
#![no_main]

use std::io::Cursor;

use dongliang::{
    day::Day,
    org::builtin,
    sheet::{self, Limits, Lookup, Resolve},
};
use libfuzzer_sys::fuzz_target;

struct One;

impl Resolve for One {
    fn unit(&self, _: &str, _: Option<i64>) -> Lookup {
        Lookup::One(1)
    }
    fn person(&self, _: &str, _: Option<i64>) -> Lookup {
        Lookup::One(1)
    }
    fn record(&self, _: &str, _: &str) -> Lookup {
        Lookup::One(1)
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(table) = sheet::read(Cursor::new(data), &Limits::default()) else { return };
    for ledger in builtin::ledgers() {
        if let Ok(checked) = sheet::check(&table, &ledger, &One, Day(20_000)) {
            assert!(checked.rows.iter().all(|r| r.values.len() == ledger.fields.len()));
            assert!(checked.error_count >= checked.bad_rows);
        }
    }
});
