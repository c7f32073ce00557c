//! A .csv as Excel, WPS and other systems save it: UTF-8 with or without mark, GB18030, UTF-16; comma, semicolon, tab.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030};

use super::{Limits, RawCell, Row, SheetError, Table};

/// The table of the text; every cell is text. Row numbers are those that Excel would show.
pub fn table(bytes: &[u8], limits: &Limits) -> Result<Table, SheetError> {
    let text = decode(bytes)?;
    let text = if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { text };
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    let mut table = Table::default();
    let (mut number, mut slots) = (0, 0);
    let mut record = csv::StringRecord::new();
    loop {
        let begin = reader.position().byte() as usize;
        if !reader.read_record(&mut record).map_err(|e| SheetError::Crafted(e.to_string()))? {
            break;
        }
        let end = reader.position().byte() as usize;
        let raw = &text[begin..end];
        // The reader passes over blank lines; Excel counts them.
        number += 1 + raw.bytes().take_while(|b| *b == b'\n').count() as u32;
        if end == text.len()
            && raw.trim_matches('\n').contains('\n')
            && raw.bytes().filter(|b| *b == b'"').count() % 2 == 1
        {
            return Err(SheetError::Cut(format!("第 {number} 行的引号没有闭合")));
        }
        if number > limits.rows {
            return Err(SheetError::TooManyRows { row: number, limit: limits.rows });
        }
        if record.len() > limits.columns as usize {
            let column = record.len() as u32;
            return Err(SheetError::TooManyColumns { row: number, column, limit: limits.columns });
        }
        let mut cells: Vec<RawCell> = record.iter().map(cell).collect();
        cells.truncate(cells.iter().rposition(|c| *c != RawCell::Empty).map_or(0, |i| i + 1));
        slots += cells.len();
        if slots > limits.cells {
            return Err(SheetError::TooManyCells(limits.cells));
        }
        if !cells.is_empty() {
            table.rows.push(Row { number, cells });
        }
    }
    if table.rows.is_empty() { Err(SheetError::Empty) } else { Ok(table) }
}

fn cell(text: &str) -> RawCell {
    let text = undo_neutral(text);
    if text.trim().is_empty() { RawCell::Empty } else { RawCell::Text(text.to_owned()) }
}

/// True where a spreadsheet program would take the text for a formula, or where [`neutral`] could be misread.
fn is_risky(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'])
}

/// Text that no spreadsheet program takes for a formula: a `'` before the signs that begin one.
pub fn neutral(text: &str) -> Cow<'_, str> {
    if is_risky(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// What [`neutral`] was given.
pub fn undo_neutral(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(text)
}

/// UTF-8, UTF-16 with a mark, or what Chinese programs wrote before it.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
            .ok_or(SheetError::Encoding);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&bytes[..bytes.len().min(1 << 20)], bytes.len() <= 1 << 20);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    let tried = if guess == BIG5 { [BIG5, GB18030] } else { [GB18030, GB18030] };
    let decoded = tried.into_iter().find_map(|e| e.decode_without_bom_handling_and_without_replacement(bytes));
    decoded.ok_or(SheetError::Encoding)
}

/// The sign that parts most of the first records into the same number of cells.
fn separator(text: &str) -> u8 {
    let score = |separator: u8| {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(text.as_bytes());
        let mut widths = [0_usize; 257];
        for record in reader.into_records().take(40).flatten() {
            widths[record.len().min(256)] += record.len() - 1;
        }
        widths.into_iter().max().unwrap_or_default()
    };
    // The last of equals wins, so the comma stands last.
    [b'\t', b';', b','].into_iter().max_by_key(|s| score(*s)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
        let rows = table(bytes, &Limits::default()).unwrap().rows;
        rows.into_iter().map(|r| (r.number, r.cells.iter().map(RawCell::text).collect())).collect()
    }

    #[test]
    fn encodings_and_separators() {
        let wanted = vec![(1, vec!["姓名".to_owned(), "单位".into()]), (2, vec!["张三".into(), "云溪区".into()])];
        for separator in [",", ";", "\t"] {
            let text = format!("姓名{separator}单位\r\n张三{separator}云溪区\r\n");
            assert_eq!(read(text.as_bytes()), wanted);
            assert_eq!(read(format!("\u{feff}{text}").as_bytes()), wanted);
            assert_eq!(read(&GB18030.encode(&text).0), wanted);
            let wide: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
            assert_eq!(read(&wide), wanted);
        }
        assert!(matches!(table(b"a,\xff\xff\xff", &Limits::default()), Err(SheetError::Encoding)));
    }

    #[test]
    fn row_numbers_are_those_of_excel() {
        let rows = read("标题\n\n姓名,事由\n甲,\"一\n二\"\n\n,\n乙,三\n".as_bytes());
        assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [1, 3, 4, 7]);
        assert_eq!(rows[2].1[1], "一\n二");
    }

    #[test]
    fn an_unclosed_quote_is_a_cut_file() {
        let cut = table("姓名,事由\n甲,\"一\n二".as_bytes(), &Limits::default());
        assert!(matches!(cut, Err(SheetError::Cut(_))));
        assert_eq!(read("a,5\" 管\nb,c\n".as_bytes())[0].1[1], "5\" 管");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_is_a_formula(begin in "[-=+@\t\r\n'＝＋－＠]{0,3}", rest in any::<String>()) {
            let text = format!("{begin}{rest}");
            let out = neutral(&text);
            prop_assert!(!out.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']));
            prop_assert_eq!(undo_neutral(&out), &text);
        }
    }

    #[test]
    fn formulas_are_neutral_and_read_back() {
        for text in ["=1+1", "+86", "-5", "@x", "'=1", "''", "普通", "'普通", "\t=1"] {
            let out = neutral(text);
            assert!(!out.starts_with(['=', '+', '-', '@', '\t']), "{out}");
            assert_eq!(undo_neutral(&out), text);
        }
        assert_eq!(undo_neutral("'90后"), "'90后");
    }
}
