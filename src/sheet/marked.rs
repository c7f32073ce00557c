//! A copy of a sheet in which the cells that are wrong are marked and explained, to be mended and sent again.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Color, Format, Note, Workbook, Worksheet};

use crate::day::Day;

use super::{
    RawCell, SheetError, Table,
    date::serial,
    words::FINDINGS,
    xlsx_out::{Formats, properties, sheet_name, written},
};

/// What is wrong with a row: the column where it is one cell that is wrong, and words.
#[derive(Clone, Debug)]
pub struct Mark {
    /// As Excel counts.
    pub row: u32,
    /// From 0; `None` when it concerns the row.
    pub column: Option<usize>,
    /// What is wrong, and how to mend it.
    pub words: String,
}

/// The last column that Excel has.
const LAST: usize = 16_383;

/// The copy as bytes of an .xlsx: all rows that were read, values without looks. Behind the last column a further one says
/// what is wrong with each row; an import leaves it out. Sheets that were not read are not in it, which a second sheet says.
///
/// # Errors
/// When the workbook cannot be written.
pub fn marked(table: &Table, header: u32, marks: &[Mark], day: Day) -> Result<Vec<u8>, SheetError> {
    let mut by_row: BTreeMap<u32, Vec<&Mark>> = BTreeMap::new();
    marks.iter().for_each(|m| by_row.entry(m.row).or_default().push(m));
    let head = table.rows.iter().find(|r| r.number == header);
    // A copy of a copy has the column already.
    let said = head.and_then(|r| r.cells.iter().position(|c| matches!(c, RawCell::Text(t) if t == FINDINGS)));
    let width = table.rows.iter().map(|r| r.cells.len()).max().unwrap_or_default();
    let findings = said.unwrap_or(width).min(LAST);
    let formats = Formats::new();
    let bad =
        |of: &Format| of.clone().set_background_color(Color::RGB(0xFC_E4_E2)).set_font_color(Color::RGB(0x9D_1C_14));
    let (bad_text, bad_date, bad_plain) = (bad(&formats.text), bad(&formats.date), bad(&formats.plain));
    let mut book = Workbook::new();
    book.set_properties(&properties("标出错误的文件", day));
    let sheet = book.add_worksheet_with_constant_memory().map_err(written)?;
    sheet.set_name(sheet_name(&table.sheet)).map_err(written)?;
    for column in 0..findings.min(LAST) {
        sheet.set_column_width(column as u16, 16).map_err(written)?;
    }
    sheet.set_column_width(findings as u16, 60).map_err(written)?;
    for row in &table.rows {
        let wrong = by_row.get(&row.number).map_or(&[][..], Vec::as_slice);
        let at = row.number.saturating_sub(1);
        let columns = row.cells.len().max(wrong.iter().filter_map(|m| m.column).max().map_or(0, |c| c + 1));
        for column in (0..columns.min(LAST)).filter(|c| *c != findings) {
            let here: Vec<&&Mark> = wrong.iter().filter(|m| m.column == Some(column)).collect();
            let cell = row.cells.get(column).unwrap_or(&RawCell::Empty);
            let looks = match (here.is_empty(), row.number == header) {
                (true, true) => [&formats.head, &formats.head, &formats.head],
                (true, false) => [&formats.text, &formats.date, &formats.plain],
                (false, _) => [&bad_text, &bad_date, &bad_plain],
            };
            put(sheet, (at, column as u16), cell, looks, !here.is_empty())?;
            if !here.is_empty() {
                let words: Vec<&str> = here.iter().map(|m| m.words.as_str()).collect();
                let note = Note::new(short(&words.join("\n"))).add_author_prefix(false);
                sheet.insert_note(at, column as u16, &note).map_err(written)?;
            }
        }
        if row.number == header {
            sheet.write_string_with_format(at, findings as u16, FINDINGS, &formats.head).map_err(written)?;
            sheet.set_freeze_panes(at + 1, 0).map_err(written)?;
        } else if !wrong.is_empty() {
            let words: Vec<&str> = wrong.iter().map(|m| m.words.as_str()).collect();
            let words = short(&words.join("；"));
            sheet.write_string_with_format(at, findings as u16, words, &bad_text).map_err(written)?;
        }
    }
    if !table.others.is_empty() {
        let note = book.add_worksheet_with_constant_memory().map_err(written)?;
        note.set_name("说明").map_err(written)?;
        note.set_column_width(0, 100).map_err(written)?;
        let others = table.others.join("、");
        let told = format!("这份副本只有导入时读的那一张工作表。原文件中的其他工作表没有读，也不在这里：{others}。");
        note.write_string_with_format(0, 0, short(&told), &formats.text).map_err(written)?;
    }
    book.save_to_buffer().map_err(written)
}

/// A note or a cell holds some thousand characters at most.
fn short(words: &str) -> String {
    words.chars().take(2_000).collect()
}

/// Writes a cell as it was read: text stays text, so that numbers of persons keep all their digits.
fn put(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &RawCell,
    [text, date, plain]: [&Format; 3],
    even_empty: bool,
) -> Result<(), SheetError> {
    match cell {
        RawCell::Empty if even_empty => sheet.write_blank(row, column, plain),
        RawCell::Empty => return Ok(()),
        RawCell::Text(t) | RawCell::Error(t) => {
            let t: String = t.chars().take(32_767).collect();
            sheet.write_string_with_format(row, column, t, text)
        }
        RawCell::Number(n) => sheet.write_number_with_format(row, column, *n, plain),
        RawCell::Bool(b) => sheet.write_boolean_with_format(row, column, *b, plain),
        RawCell::Date(d) => match serial(*d) {
            Some(n) => sheet.write_number_with_format(row, column, f64::from(n), date),
            None => sheet.write_string_with_format(row, column, d.to_string(), text),
        },
    }
    .map(|_| ())
    .map_err(written)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::sheet::{Limits, Row, read};

    #[test]
    fn a_copy_reads_as_the_sheet_and_names_each_fault_once() {
        let text = |t: &str| RawCell::Text(t.into());
        let day = Day::parse("2025-07-01").unwrap();
        let cells = [
            vec![text("标题")],
            vec![text("姓名"), text("日期"), text("身份证号")],
            vec![text("=1+1"), RawCell::Date(day), text("11010519491231002X")],
            vec![RawCell::Empty, RawCell::Number(1.5), RawCell::Bool(true)],
        ];
        let rows = cells.into_iter().enumerate().map(|(i, cells)| Row { number: i as u32 + 1, cells }).collect();
        let table = Table { sheet: "花名册".into(), rows, ..Table::default() };
        let mark = |column, words: &str| Mark { row: 4, column, words: words.into() };
        let marks = [mark(Some(0), "没有填写"), mark(None, "重复")];
        let bytes = marked(&table, 2, &marks, day).unwrap();
        let copy = read(Cursor::new(bytes), &Limits::default()).unwrap();
        assert_eq!(copy.rows[2], table.rows[2]);
        assert_eq!(copy.rows[1].cells[3], text(FINDINGS));
        assert_eq!(copy.rows[3].cells[1..], [RawCell::Number(1.5), RawCell::Bool(true), text("没有填写；重复")]);
        // A copy of the copy has the column once.
        let again = read(Cursor::new(marked(&copy, 2, &marks, day).unwrap()), &Limits::default()).unwrap();
        assert_eq!(again, copy);
        // What is left out is said, behind the sheet that is read.
        let table = Table { others: vec!["汇总".into()], ..table };
        let short = read(Cursor::new(marked(&table, 2, &marks, day).unwrap()), &Limits::default()).unwrap();
        assert_eq!((short.sheet.as_str(), short.others), ("花名册", vec!["说明".to_owned()]));
    }
}
