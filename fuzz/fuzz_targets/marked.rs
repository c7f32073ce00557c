//! The copy of a sheet with its faults marked, of any sheet that is read: it must read as the sheet did.
#![no_main]

use std::io::Cursor;

use dongliang::{
    day::Day,
    sheet::{
        Limits,
        marked::{Mark, marked},
        read,
    },
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits { file: 1 << 20, rows: 200, columns: 64, cells: 5_000 };
    let Ok(table) = read(Cursor::new(data), &limits) else { return };
    let Some(header) = table.rows.first().map(|r| r.number) else { return };
    let column = data.first().map(|b| usize::from(*b));
    let marks = [Mark { row: header + 1, column, words: String::from_utf8_lossy(data).into_owned() }];
    let Ok(bytes) = marked(&table, header, &marks, Day(20_000)) else { return };
    let copy = read(Cursor::new(bytes), &Limits::default()).expect("our own copy is read");
    assert!(copy.rows.len() >= table.rows.len());
});
