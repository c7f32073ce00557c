//! Tables as a workbook: A4, with heads that repeat, fit to the width of a page.

use anyhow::Context as _;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use super::{Cell, Table};

/// A sheet of a workbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// On its tab, at most 31 characters.
    pub name: String,
    /// Above the table.
    pub title: String,
    /// A line under the title.
    pub subtitle: String,
    /// The table.
    pub table: Table,
    /// Lines below it.
    pub notes: Vec<String>,
    /// On a page that lies on its side.
    pub landscape: bool,
}

/// Characters that a column's share of 1 stands for.
const SHARE: f64 = 1.2;

/// The workbook as a file.
///
/// # Errors
/// When the file cannot be put together.
pub fn xlsx(sheets: &[Sheet]) -> anyhow::Result<Vec<u8>> {
    let mut book = Workbook::new();
    // A day that stands, so that the same tables give the same bytes.
    let made = ExcelDateTime::from_ymd(2000, 1, 1).context("表格写不出来")?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for sheet in sheets {
        write(book.add_worksheet(), sheet).context("表格写不出来")?;
    }
    book.save_to_buffer().context("表格写不出来")
}

fn write(page: &mut Worksheet, sheet: &Sheet) -> Result<(), rust_xlsxwriter::XlsxError> {
    let plain = || Format::new().set_font_name("宋体").set_font_size(11);
    let boxed = || plain().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::VerticalCenter);
    let middle = boxed().set_align(FormatAlign::Center);
    let strong = boxed().set_bold();
    let head = middle.clone().set_bold();
    let title = plain().set_bold().set_font_size(16).set_align(FormatAlign::Center);
    let columns = &sheet.table.columns;
    let last = u16::try_from(columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
    page.set_name(&sheet.name)?
        .set_paper_size(9)
        .set_print_fit_to_pages(1, 0)
        .set_margins(0.6, 0.6, 0.7, 0.7, 0.3, 0.3);
    page.set_footer("&C— &P —");
    if sheet.landscape {
        page.set_landscape();
    }
    for (n, column) in columns.iter().enumerate() {
        page.set_column_width(n as u16, f64::from(column.share.max(1)) * SHARE)?;
    }
    across(page, 0, last, &sheet.title, &title)?;
    page.set_row_height(0, 28)?;
    let mut row = 1;
    if !sheet.subtitle.is_empty() {
        across(page, row, last, &sheet.subtitle, &plain().set_align(FormatAlign::Center))?;
        row += 1;
    }
    if columns.iter().any(|c| !c.head.is_empty()) {
        for (n, column) in columns.iter().enumerate() {
            page.write_string_with_format(row, n as u16, &column.head, &head)?;
        }
        row += 1;
        page.set_freeze_panes(row, 0)?.set_repeat_rows(0, row - 1)?;
    }
    for cells in &sheet.table.rows {
        let mut at = 0;
        for cell in cells {
            let span = cell.span.max(1).min(columns.len().saturating_sub(at).max(1));
            let left = columns.get(at).is_some_and(|c| c.left) || span > 1;
            let look = if cell.strong {
                &strong
            } else if left {
                &boxed()
            } else {
                &middle
            };
            put(page, row, at as u16, span as u16, cell, look)?;
            at += span;
        }
        row += 1;
    }
    for note in &sheet.notes {
        across(page, row, last, note, &plain().set_text_wrap().set_align(FormatAlign::Top))?;
        let lines = note.chars().count() as u32 * 2 / columns.iter().map(|c| c.share.max(1)).sum::<u32>().max(1) + 1;
        page.set_row_height(row, lines * 16)?;
        row += 1;
    }
    Ok(())
}

/// A text across all columns.
fn across(
    page: &mut Worksheet,
    row: u32,
    last: u16,
    text: &str,
    look: &Format,
) -> Result<(), rust_xlsxwriter::XlsxError> {
    match last {
        0 => page.write_string_with_format(row, 0, text, look)?,
        last => page.merge_range(row, 0, row, last, text, look)?,
    };
    Ok(())
}

/// A cell: a number where the text is one, so that it can be added up.
fn put(
    page: &mut Worksheet,
    row: u32,
    at: u16,
    span: u16,
    cell: &Cell,
    look: &Format,
) -> Result<(), rust_xlsxwriter::XlsxError> {
    let whole = cell.text.parse::<u32>().ok().filter(|n| n.to_string() == cell.text);
    match (span, whole) {
        (1, Some(n)) => page.write_number_with_format(row, at, n, look)?,
        (1, None) => page.write_string_with_format(row, at, &cell.text, look)?,
        _ => page.merge_range(row, at, row, at + span - 1, &cell.text, look)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader as _, Xlsx};

    use super::*;
    use crate::document::Column;

    #[test]
    fn numbers_are_numbers_and_nothing_is_a_formula() {
        let table = Table {
            caption: String::new(),
            columns: vec![Column::words("单位", 20), Column::marks("项", 6)],
            rows: vec![vec!["=1+1".into(), "12".into()], vec!["007".into(), "".into()], vec![Cell::across("合计", 2)]],
        };
        let sheet =
            Sheet { name: "表".into(), title: "题".into(), table, notes: vec!["注".into()], ..Sheet::default() };
        let bytes = xlsx(std::slice::from_ref(&sheet)).unwrap();
        assert!(bytes == xlsx(&[sheet]).unwrap(), "the same bytes");
        let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
        let range = book.worksheet_range("表").unwrap();
        let at = |row, column| range.get_value((row, column)).cloned();
        assert_eq!(at(2, 0), Some(Data::String("=1+1".into())));
        assert_eq!(at(2, 1), Some(Data::Float(12.0)));
        assert_eq!(at(3, 0), Some(Data::String("007".into())));
        assert_eq!(at(5, 0), Some(Data::String("注".into())));
    }
}
