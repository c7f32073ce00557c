//! A workbook: neither the scan nor the reader behind it may abort, panic or take long.
//!
//! An input that begins with `PK` is a whole file. Any other is cut at every byte 0xFF into the worksheet, the shared
//! strings, the workbook and the styles, and zipped here, so that the fuzzer works on their XML and not on the zip.
#![no_main]

use std::io::{Cursor, Write};

use dongliang::sheet::{self, Limits};
use libfuzzer_sys::fuzz_target;
use zip::{ZipWriter, write::SimpleFileOptions};

const PARTS: [&str; 4] = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/styles.xml"];
const RELS: &[u8] = br#"<Relationships><Relationship Id="r1" Type="x/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const SHEETS: &[u8] = br#"<Relationships><Relationship Id="r1" Type="x/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &[u8] =
    br#"<workbook xmlns:r="x/relationships"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>"#;

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"PK") {
        let _ = sheet::read(Cursor::new(data), &Limits::default());
    } else if let Ok(bytes) = workbook(data) {
        let _ = sheet::read(Cursor::new(bytes), &Limits::default());
    }
});

fn workbook(data: &[u8]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| -> zip::result::ZipResult<()> {
        zip.start_file(name, SimpleFileOptions::default())?;
        Ok(zip.write_all(bytes)?)
    };
    put("_rels/.rels", RELS)?;
    put("xl/_rels/workbook.xml.rels", SHEETS)?;
    let mut pieces = data.split(|b| *b == 0xFF);
    for name in PARTS {
        let piece = pieces.next().unwrap_or_default();
        // A workbook part of its own is only taken where the input has one.
        put(name, if name == "xl/workbook.xml" && piece.is_empty() { BOOK } else { piece })?;
    }
    Ok(zip.finish()?.into_inner())
}
