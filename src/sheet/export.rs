//! Rows of a ledger into .xlsx, .csv and .jsonl, one at a time: the caller streams, nothing is held but the line.

use std::io::Write;

use serde_json::Value as Json;

use crate::{
    day::Day,
    directive::model::{FieldType, Ledger, LedgerKind},
};

use super::{
    Names, SheetError, Stored, csv_text, display,
    header::{code_head, unit_head},
    number,
    xlsx_out::XlsxOut,
};

/// Forms of a file to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Workbook: real dates and numbers, the header frozen. At most 1,048,575 rows.
    Xlsx,
    /// UTF-8 with mark, RFC 4180; text that could be a formula begins with `'`, which the import takes away.
    Csv,
    /// One JSON object a line, keyed by field names; decimals and money as exact text.
    Jsonl,
}

/// A column of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The record's code: 编号, `record_code`.
    Code,
    /// The record's unit: 单位, `unit`.
    Unit,
    /// A field by position.
    Field(usize),
    /// Anything else, by its head; the text comes from [`OutRow::extra`], in the order of these columns.
    Extra(String),
}

/// What is written and how it is named.
pub struct Spec<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// Names of persons, units and records.
    pub names: &'a dyn Names,
    /// Day of the export, kept in the workbook's properties.
    pub day: Day,
}

/// One record.
#[derive(Clone, Debug, Default)]
pub struct OutRow {
    /// `record_code`.
    pub code: Option<String>,
    /// `unit_id`.
    pub unit: Option<i64>,
    /// By position of the ledger's fields.
    pub values: Vec<Stored>,
    /// Texts of the [`Column::Extra`]s.
    pub extra: Vec<String>,
}

/// Code, unit and every stored field: what an import of the same ledger reads back.
pub fn all_columns(ledger: &Ledger) -> Vec<Column> {
    let unit = ledger.name != "unit" && ledger.kind != LedgerKind::Register;
    let stored = |i: &usize| ledger.fields[*i].ty != FieldType::Derived;
    let fields = (0..ledger.fields.len()).filter(stored).map(Column::Field);
    [Column::Code].into_iter().chain(unit.then_some(Column::Unit)).chain(fields).collect()
}

/// A file that is being written.
pub struct Export<'a, W: Write + Send> {
    spec: Spec<'a>,
    out: Out<W>,
}

enum Out<W: Write + Send> {
    Xlsx(Box<XlsxOut>, W),
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
}

impl<'a, W: Write + Send> Export<'a, W> {
    /// Begins the file: mark and header.
    pub fn new(format: Format, mut writer: W, spec: Spec<'a>) -> Result<Export<'a, W>, SheetError> {
        let out = match format {
            Format::Xlsx => Out::Xlsx(Box::new(XlsxOut::new(&spec)?), writer),
            Format::Jsonl => Out::Jsonl(writer),
            Format::Csv => {
                writer.write_all("\u{feff}".as_bytes())?;
                let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(writer);
                let heads = spec.columns.iter().map(|c| csv_text::neutral(&head(c, spec.ledger)).into_owned());
                csv.write_record(heads).map_err(output)?;
                Out::Csv(Box::new(csv))
            }
        };
        Ok(Export { spec, out })
    }

    /// Writes one record.
    pub fn row(&mut self, row: &OutRow) -> Result<(), SheetError> {
        match &mut self.out {
            Out::Xlsx(book, _) => book.row(&self.spec, row),
            Out::Csv(csv) => {
                for (column, extra) in with_extra(&self.spec.columns) {
                    let text = text_of(column, extra, row, &self.spec);
                    let safe =
                        if is_numeric(column, self.spec.ledger) { text.into() } else { csv_text::neutral(&text) };
                    csv.write_field(safe.as_bytes()).map_err(output)?;
                }
                csv.write_record(None::<&[u8]>).map_err(output)
            }
            Out::Jsonl(writer) => Ok(writeln!(writer, "{}", json_line(row, &self.spec)?)?),
        }
    }

    /// Ends the file and gives the writer back.
    pub fn finish(self) -> Result<W, SheetError> {
        match self.out {
            Out::Xlsx(book, writer) => book.finish(writer),
            Out::Csv(csv) => csv.into_inner().map_err(|e| SheetError::Io(e.into_error())),
            Out::Jsonl(mut writer) => {
                writer.flush()?;
                Ok(writer)
            }
        }
    }
}

/// The head of a column, as an import recognises it.
pub(super) fn head(column: &Column, ledger: &Ledger) -> String {
    match column {
        Column::Code => code_head(ledger).into(),
        Column::Unit => unit_head(ledger).into(),
        Column::Field(i) => ledger.fields[*i].title.clone(),
        Column::Extra(head) => head.clone(),
    }
}

/// Each column with its place among the extra ones.
pub(super) fn with_extra(columns: &[Column]) -> impl Iterator<Item = (&Column, usize)> {
    columns.iter().scan(0, |extra, column| {
        let place = *extra;
        *extra += usize::from(matches!(column, Column::Extra(_)));
        Some((column, place))
    })
}

/// The text of one cell.
pub(super) fn text_of(column: &Column, extra: usize, row: &OutRow, spec: &Spec<'_>) -> String {
    match column {
        Column::Code => row.code.clone().unwrap_or_default(),
        Column::Unit => row.unit.map_or(String::new(), |id| spec.names.unit(id)),
        Column::Field(i) => {
            row.values.get(*i).map_or(String::new(), |v| display(&spec.ledger.fields[*i], v, spec.names))
        }
        Column::Extra(_) => row.extra.get(extra).cloned().unwrap_or_default(),
    }
}

fn is_numeric(column: &Column, ledger: &Ledger) -> bool {
    let Column::Field(i) = column else { return false };
    matches!(ledger.fields[*i].ty, FieldType::Integer | FieldType::Decimal | FieldType::Money)
}

fn json_line(row: &OutRow, spec: &Spec<'_>) -> Result<String, SheetError> {
    let mut pairs = Vec::with_capacity(spec.columns.len());
    for (column, extra) in with_extra(&spec.columns) {
        let text = || text_of(column, extra, row, spec);
        let filled = |text: String| if text.is_empty() { Json::Null } else { Json::String(text) };
        let (key, value) = match column {
            Column::Code => ("record_code", filled(text())),
            Column::Unit => ("unit", filled(text())),
            Column::Extra(head) => (head.as_str(), filled(text())),
            Column::Field(i) => {
                let field = &spec.ledger.fields[*i];
                let value = match (row.values.get(*i), &field.ty) {
                    (None | Some(Stored::Null), _) => Json::Null,
                    (Some(Stored::I64(n)), FieldType::Integer) => Json::from(*n),
                    (Some(Stored::I64(n)), FieldType::Flag) => Json::Bool(*n != 0),
                    (Some(Stored::I64(n)), FieldType::Money) => Json::String(number::scaled_text(*n, 2)),
                    (Some(Stored::Text(t)), FieldType::Choices(_)) => t.split('|').map(Json::from).collect(),
                    _ => Json::String(text()),
                };
                (field.name.as_str(), value)
            }
        };
        pairs.push(format!("{}:{value}", Json::from(key)));
    }
    Ok(format!("{{{}}}", pairs.join(",")))
}

fn output(e: csv::Error) -> SheetError {
    match e.into_kind() {
        csv::ErrorKind::Io(e) => SheetError::Io(e),
        other => SheetError::Output(format!("写 .csv 时出错：{other:?}")),
    }
}
