//! Rows as they go in and come out, and the columns behind them.

use crate::{
    day::Day,
    db::{self, Row, Value},
    directive::model::{Field, FieldType, Ledger},
};

/// A row to be recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewRow {
    /// The code by which people and exports name the record.
    pub code: Option<String>,
    /// Record id of the unit, typed or derived at the row's day.
    pub unit: Option<i64>,
    /// One value per field of the ledger, in its order and as stored (`docs/SQL.md`); derived fields are null,
    /// sensitive ones plain text.
    pub values: Vec<Value>,
}

/// A row as the table has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The row.
    pub row_id: i64,
    /// The record, the same through all corrections.
    pub record_id: i64,
    /// 1 for the first row of a record.
    pub revision: i64,
    /// The record's code.
    pub code: Option<String>,
    /// Record id of the unit.
    pub unit: Option<i64>,
    /// Instant of recording, µs.
    pub recorded_at: i64,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was voided, µs; `None` for a current row.
    pub voided_at: Option<i64>,
    /// Who voided it.
    pub voided_by: Option<String>,
    /// Why.
    pub void_reason: Option<String>,
    /// The import that brought it.
    pub import: Option<i64>,
    /// One value per field, in the order of the ledger; derived fields are null, sensitive ones cipher text.
    pub values: Vec<Value>,
}

impl Stored {
    /// Value of a field by name; null if there is none.
    pub fn value(&self, ledger: &Ledger, field: &str) -> &Value {
        ledger.field_index(field).and_then(|i| self.values.get(i)).unwrap_or(&Value::Null)
    }
}

/// The columns that every ledger has, `row_id` included. No field may have one of these names.
pub const COMMON: [&str; 11] = [
    "row_id",
    "record_id",
    "revision",
    "record_code",
    "unit_id",
    "recorded_at",
    "recorded_by",
    "voided_at",
    "voided_by",
    "void_reason",
    "import_id",
];

/// The ledger's table, quoted.
pub fn table(ledger: &Ledger) -> String {
    quoted(&table_name(ledger))
}

/// The ledger's table, as it is.
pub(super) fn table_name(ledger: &Ledger) -> String {
    format!("l_{}", ledger.name)
}

/// A name as SQL has it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Column of the blind index of a sensitive field.
pub(super) fn index_column(field: &Field) -> String {
    format!("{}_index", field.name)
}

/// The fields that have a column.
pub(super) fn stored_fields(ledger: &Ledger) -> impl Iterator<Item = (usize, &Field)> {
    ledger.fields.iter().enumerate().filter(|(_, f)| f.ty != FieldType::Derived)
}

/// True if the field's column is a number; else it is text.
pub(super) fn is_number(field: &Field) -> bool {
    !field.sensitive
        && matches!(
            field.ty,
            FieldType::Integer
                | FieldType::Decimal
                | FieldType::Money
                | FieldType::Flag
                | FieldType::Person
                | FieldType::Unit
                | FieldType::Ref(_)
        )
}

/// Why a value cannot be stored in a field, if it cannot. SQLite would take anything.
pub(super) fn unfit(field: &Field, value: &Value) -> Option<&'static str> {
    match (value, &field.ty) {
        (Value::Null, _) => None,
        (_, FieldType::Derived) => Some("由程序推算，不能填写"),
        (Value::I64(n), FieldType::Flag) if !matches!(n, 0 | 1) => Some("应为是或否"),
        (Value::I64(_), _) => (!is_number(field)).then_some("应为文字"),
        (Value::Text(_), _) if is_number(field) => Some("应为数字"),
        (Value::Text(t), FieldType::Date) if !field.sensitive && Day::parse(t).is_none() => {
            Some("应为日期，如 2025-03-01")
        }
        (Value::Text(_), _) => None,
        (Value::F64(_), _) => Some("不收浮点数"),
    }
}

/// The columns that [`read`] expects, as a select list over the alias `r`.
pub(super) fn select_list(ledger: &Ledger) -> String {
    let common = COMMON.iter().map(|c| format!("r.{c}"));
    common.chain(stored_fields(ledger).map(|(_, f)| format!("r.{}", quoted(&f.name)))).collect::<Vec<_>>().join(", ")
}

/// Reads a row selected by [`select_list`].
pub(super) fn read(ledger: &Ledger, row: &Row<'_>) -> anyhow::Result<Stored> {
    let text = |i| row.opt_text(i).map(|t| t.map(str::to_owned));
    let mut values = vec![Value::Null; ledger.fields.len()];
    for (column, (i, _)) in stored_fields(ledger).enumerate() {
        values[i] = row.value(COMMON.len() + column)?;
    }
    Ok(Stored {
        row_id: row.i64(0)?,
        record_id: row.i64(1)?,
        revision: row.i64(2)?,
        code: text(3)?,
        unit: row.opt_i64(4)?,
        recorded_at: row.i64(5)?,
        recorded_by: row.text(6)?.to_owned(),
        voided_at: row.opt_i64(7)?,
        voided_by: text(8)?,
        void_reason: text(9)?,
        import: row.opt_i64(10)?,
        values,
    })
}

/// Bound values of a statement while its text is being written.
#[derive(Debug, Default)]
pub(super) struct Params(pub(super) Vec<db::Value>);

impl Params {
    /// Binds a value and gives its placeholder.
    pub(super) fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}
