//! The workbook side of [`super::export`]: written row by row into a temporary file, in a few megabytes of memory.

use std::io::Write;

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::{
    day::Day,
    directive::model::{FieldType, Ledger},
};

use super::{
    Column, OutRow, SheetError, Spec, Stored,
    date::serial,
    display::numeral,
    export::{head, text_of, with_extra},
    number,
};

/// Rows below the header that a worksheet can hold.
const MAX_ROWS: u32 = 1_048_575;

/// A workbook of one sheet that is being written.
pub(super) struct XlsxOut {
    book: Workbook,
    formats: Formats,
    next: u32,
}

/// Formats of cells, shared with the template.
pub(super) struct Formats {
    pub(super) head: Format,
    pub(super) text: Format,
    pub(super) date: Format,
    pub(super) money: Format,
    pub(super) plain: Format,
}

impl Formats {
    pub(super) fn new() -> Formats {
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Center)
            .set_align(FormatAlign::VerticalCenter)
            .set_background_color(Color::RGB(0xEE_EE_EE))
            .set_border_bottom(FormatBorder::Thin);
        Formats {
            head,
            text: Format::new().set_num_format("@"),
            date: Format::new().set_num_format("yyyy-mm-dd"),
            money: Format::new().set_num_format("#,##0.00"),
            plain: Format::new(),
        }
    }

    /// The format of a field's cells.
    pub(super) fn of(&self, ty: &FieldType, title: &str) -> &Format {
        match ty {
            FieldType::Date => &self.date,
            FieldType::Money if number::money_unit(title) == 100 => &self.money,
            FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Flag => &self.plain,
            _ => &self.text,
        }
    }
}

impl XlsxOut {
    pub(super) fn new(spec: &Spec<'_>) -> Result<XlsxOut, SheetError> {
        let mut book = Workbook::new();
        book.set_properties(&properties(&spec.ledger.title, spec.day));
        let formats = Formats::new();
        let sheet = book.add_worksheet_with_constant_memory().map_err(written)?;
        sheet.set_name(sheet_name(&spec.ledger.title)).map_err(written)?;
        for (i, column) in spec.columns.iter().enumerate() {
            sheet.set_column_width(i as u16, width(column, spec.ledger)).map_err(written)?;
            sheet.write_string_with_format(0, i as u16, head(column, spec.ledger), &formats.head).map_err(written)?;
        }
        sheet.set_freeze_panes(1, 0).map_err(written)?;
        Ok(XlsxOut { book, formats, next: 1 })
    }

    pub(super) fn row(&mut self, spec: &Spec<'_>, row: &OutRow) -> Result<(), SheetError> {
        if self.next > MAX_ROWS {
            return Err(SheetError::Output(format!("超过 .xlsx 的上限 {MAX_ROWS} 行。请缩小筛选范围，或导出 .csv。")));
        }
        let sheet = self.book.worksheet_from_index(0).map_err(written)?;
        for (i, (column, extra)) in with_extra(&spec.columns).enumerate() {
            let at = (self.next, i as u16);
            match (column, row_value(column, row)) {
                (Column::Field(f), Some(value)) => {
                    let field = &spec.ledger.fields[*f];
                    let format = self.formats.of(&field.ty, &field.title);
                    match number_of(value, &field.ty, &field.title) {
                        Some(n) => sheet.write_number_with_format(at.0, at.1, n, format),
                        None => text(sheet, at, text_of(column, extra, row, spec), &self.formats),
                    }
                }
                _ => text(sheet, at, text_of(column, extra, row, spec), &self.formats),
            }
            .map_err(written)?;
        }
        self.next += 1;
        Ok(())
    }

    pub(super) fn finish<W: Write + Send>(mut self, mut writer: W) -> Result<W, SheetError> {
        self.book.save_to_writer(&mut writer).map_err(written)?;
        writer.flush()?;
        Ok(writer)
    }
}

fn row_value<'r>(column: &Column, row: &'r OutRow) -> Option<&'r Stored> {
    let Column::Field(i) = column else { return None };
    row.values.get(*i)
}

fn text<'s>(
    sheet: &'s mut Worksheet,
    (row, column): (u32, u16),
    text: String,
    formats: &Formats,
) -> Result<&'s mut Worksheet, rust_xlsxwriter::XlsxError> {
    if text.is_empty() { Ok(sheet) } else { sheet.write_string_with_format(row, column, text, &formats.text) }
}

/// The number to be stored in the cell, or `None` where text is exact and a number would not be.
pub(super) fn number_of(value: &Stored, ty: &FieldType, title: &str) -> Option<f64> {
    match (value, ty) {
        (Stored::Text(text), FieldType::Date) => Day::parse(text).and_then(serial).map(f64::from),
        (Stored::I64(n), FieldType::Integer | FieldType::Decimal | FieldType::Money)
            if n.unsigned_abs() < 1_000_000_000_000_000 =>
        {
            numeral(*n, ty, title).parse().ok()
        }
        _ => None,
    }
}

/// Width by what a column usually holds, in characters.
pub(super) fn width(column: &Column, ledger: &Ledger) -> f64 {
    let Column::Field(i) = column else { return 16.0 };
    let field = &ledger.fields[*i];
    let body: f64 = match field.ty {
        FieldType::Date | FieldType::Person | FieldType::Money | FieldType::Period => 13.0,
        FieldType::Integer | FieldType::Decimal | FieldType::Flag => 9.0,
        FieldType::Text if field.sensitive => 21.0,
        _ => 18.0,
    };
    body.max(field.title.chars().count() as f64 * 2.2 + 2.0).min(40.0)
}

/// A title as the name of a sheet: at most 31 characters, none of those that Excel forbids.
pub(super) fn sheet_name(title: &str) -> String {
    let name: String = title.chars().filter(|c| !"[]:*?/\\'".contains(*c) && !c.is_control()).take(31).collect();
    if name.trim().is_empty() { "数据".into() } else { name }
}

/// Properties with the given day, so that the same content gives the same file.
pub(super) fn properties(title: &str, day: Day) -> DocProperties {
    let properties = DocProperties::new().set_title(title);
    let (y, m, d) = day.ymd();
    match ExcelDateTime::from_ymd(y as u16, m as u8, d as u8) {
        Ok(created) => properties.set_creation_datetime(&created),
        Err(_) => properties,
    }
}

pub(super) fn written(e: rust_xlsxwriter::XlsxError) -> SheetError {
    SheetError::Output(format!("写 .xlsx 时出错：{e}"))
}
