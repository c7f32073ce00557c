//! A scanned file into a [`Table`].

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read, Seek},
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx, XlsxError};

use crate::day::Day;

use super::{Kind, Limits, RawCell, Row, SheetError, Table, csv_text, prescan, template::VERSION};

/// Reads the first visible sheet that holds anything, of a file on the disk.
pub fn read_path(path: &Path, limits: &Limits) -> Result<Table, SheetError> {
    read(BufReader::new(File::open(path)?), limits)
}

/// The same of any source, such as uploaded bytes in a cursor. The source is always scanned first.
///
/// A value that is merged downwards stands in each of the rows that it covers, as a reader of the sheet sees it.
pub fn read<R: Read + Seek>(source: R, limits: &Limits) -> Result<Table, SheetError> {
    read_fitting(source, limits, &|_| true)
}

/// The same, of a workbook the first sheet that fits; where none does, the first that holds anything.
pub fn read_fitting<R: Read + Seek>(
    mut source: R,
    limits: &Limits,
    fits: &dyn Fn(&Table) -> bool,
) -> Result<Table, SheetError> {
    match prescan(&mut source, limits)? {
        Kind::Csv => {
            let mut bytes = Vec::new();
            source.read_to_end(&mut bytes)?;
            csv_text::table(&bytes, limits)
        }
        // What the scan lets pass may still be malformed enough to trip an assertion of the library.
        Kind::Xlsx => catch_unwind(AssertUnwindSafe(|| workbook(source, limits, fits)))
            .unwrap_or_else(|_| Err(SheetError::Crafted("工作表数据格式不合规范".into()))),
    }
}

fn workbook<R: Read + Seek>(source: R, limits: &Limits, fits: &dyn Fn(&Table) -> bool) -> Result<Table, SheetError> {
    let mut book = Xlsx::new(source).map_err(|e| library_error(e, 0))?;
    let visible = |s: &&calamine::Sheet| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible;
    let names: Vec<String> = book.sheets_metadata().iter().filter(visible).map(|s| s.name.clone()).collect();
    let version = book.sheets_metadata().iter().find_map(|s| s.name.strip_prefix(VERSION)).map(str::to_owned);
    let (mut first, mut passed): (Option<Table>, Vec<String>) = (None, Vec::new());
    for (i, name) in names.iter().enumerate() {
        let rows = match sheet(&mut book, name, limits) {
            Ok(rows) if rows.is_empty() => continue,
            Ok(rows) => rows,
            Err(e) if first.is_none() || e.is_too_much() => return Err(e),
            Err(_) => break,
        };
        let others = names[i + 1..].to_vec();
        let table = Table { sheet: name.clone(), passed: passed.clone(), others, rows, version: version.clone() };
        if fits(&table) {
            return Ok(table);
        }
        passed.push(name.clone());
        first.get_or_insert(table);
    }
    first.ok_or(SheetError::Empty)
}

/// The rows of a sheet that hold anything, what is merged downwards spread.
fn sheet<R: Read + Seek>(book: &mut Xlsx<R>, name: &str, limits: &Limits) -> Result<Vec<Row>, SheetError> {
    let mut rows = cells(book, name, limits)?;
    if !rows.is_empty() {
        spread_merged(book, name, &mut rows, limits)?;
    }
    Ok(rows.into_iter().map(|(number, cells)| Row { number, cells }).collect())
}

/// Filled cells by row, streamed: asking the library for the whole range would reserve what the far corner implies.
fn cells<R: Read + Seek>(
    book: &mut Xlsx<R>,
    sheet: &str,
    limits: &Limits,
) -> Result<BTreeMap<u32, Vec<RawCell>>, SheetError> {
    let mut reader = book.worksheet_cells_reader(sheet).map_err(|e| library_error(e, 0))?;
    let mut rows = BTreeMap::new();
    let (mut row, mut current, mut slots) = (0, Vec::new(), 0);
    while let Some(cell) = reader.next_cell().map_err(|e| library_error(e, row))? {
        let (number, column) = (cell.get_position().0.saturating_add(1), cell.get_position().1 as usize);
        let value = raw(cell.get_value());
        if value == RawCell::Empty {
            continue;
        }
        if number > limits.rows {
            return Err(SheetError::TooManyRows { row: number, limit: limits.rows });
        }
        if column >= limits.columns as usize {
            return Err(SheetError::TooManyColumns { row: number, column: column as u32 + 1, limit: limits.columns });
        }
        if number != row {
            keep(&mut rows, row, std::mem::take(&mut current));
            // Rows out of order do not occur in practice; if they do, what was read of the row goes on.
            current = rows.remove(&number).unwrap_or_default();
            row = number;
        }
        if column >= current.len() {
            slots += column + 1 - current.len();
            current.resize(column + 1, RawCell::Empty);
        }
        current[column] = value;
        if slots > limits.cells {
            return Err(SheetError::TooManyCells(limits.cells));
        }
    }
    keep(&mut rows, row, current);
    Ok(rows)
}

fn keep(rows: &mut BTreeMap<u32, Vec<RawCell>>, row: u32, cells: Vec<RawCell>) {
    if !cells.is_empty() {
        rows.insert(row, cells);
    }
}

fn raw(value: &DataRef<'_>) -> RawCell {
    match value {
        DataRef::Empty => RawCell::Empty,
        DataRef::SharedString(t) => text(t),
        DataRef::String(t) | DataRef::DurationIso(t) => text(t),
        DataRef::DateTimeIso(t) => t.get(..10).and_then(Day::parse).map_or_else(|| text(t), RawCell::Date),
        DataRef::Int(n) => RawCell::Number(*n as f64),
        DataRef::Float(n) if n.is_finite() => RawCell::Number(*n),
        DataRef::Float(n) => RawCell::Error(n.to_string()),
        DataRef::Bool(b) => RawCell::Bool(*b),
        DataRef::Error(e) => RawCell::Error(e.to_string()),
        DataRef::DateTime(t) => {
            let (y, m, d, ..) = t.to_ymd_hms_milli();
            let day = Day::from_ymd(i32::from(y), u32::from(m), u32::from(d));
            let dated = t.is_datetime() && (1.0..2_958_466.0).contains(&t.as_f64());
            day.filter(|_| dated).map_or(RawCell::Number(t.as_f64()), RawCell::Date)
        }
    }
}

fn text(text: &str) -> RawCell {
    if text.trim().is_empty() { RawCell::Empty } else { RawCell::Text(text.to_owned()) }
}

/// A cell merged over several rows is stored in its first row only; the rows below get it where they hold anything.
fn spread_merged<R: Read + Seek>(
    book: &mut Xlsx<R>,
    sheet: &str,
    rows: &mut BTreeMap<u32, Vec<RawCell>>,
    limits: &Limits,
) -> Result<(), SheetError> {
    let merged = book.merge_cells_by_sheet_name(sheet).map_err(|e| library_error(e, 0))?;
    // Merged regions never overlap, so there are no more of their cells than cells.
    let mut left = limits.cells;
    for region in merged.iter().filter(|r| r.end.0 > r.start.0) {
        let (first, last, column) =
            (region.start.0.saturating_add(1), region.end.0.saturating_add(1), region.start.1 as usize);
        let Some(value) = rows.get(&first).and_then(|r| r.get(column)).cloned() else { continue };
        for (_, cells) in rows.range_mut((Bound::Excluded(first), Bound::Included(last))) {
            left = left.checked_sub(1).ok_or(SheetError::TooManyCells(limits.cells))?;
            if column >= cells.len() {
                cells.resize(column + 1, RawCell::Empty);
            }
            if cells[column] == RawCell::Empty {
                cells[column] = value.clone();
            }
        }
    }
    Ok(())
}

fn library_error(e: XlsxError, row: u32) -> SheetError {
    let place = if row == 0 { String::new() } else { format!("第 {row} 行之后，") };
    match e {
        XlsxError::Password => SheetError::Password,
        XlsxError::Io(e) => SheetError::Cut(e.to_string()),
        XlsxError::Zip(e) => SheetError::Cut(e.to_string()),
        XlsxError::XmlEof(tag) => SheetError::Cut(format!("{place}缺少 {tag} 的结尾")),
        XlsxError::CellError(code) => SheetError::Crafted(format!("{place}有不能识别的公式错误值 {code}")),
        other => SheetError::Crafted(format!("{place}{other}")),
    }
}
