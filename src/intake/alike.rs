//! Rows without a code that say what a record says that stands, perhaps with a code or with more than the file has columns for:
//! a list that was exported and comes back. They are told before anything is confirmed, and nothing is refused.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    Prepared,
    compare::{has_column, names_units},
    value,
};
use crate::{
    db::{Tx, Value},
    directive::model::{FieldType, Ledger},
    ledger::{self, Keys},
    scope::Scope,
    sheet::{CheckedRow, Stored},
};

/// A row that may be there already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// As Excel counts.
    pub row: u32,
    /// Code of the record that it equals, or its number.
    pub record: String,
}

/// Of the rows that bring a new record and have no code, those that equal a standing record in every column of the file, the
/// oldest of several. Records that the scope does not reach are not told.
pub(super) fn found(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    (keys, scope): (&Keys, &Scope),
    prepared: &Prepared,
) -> anyhow::Result<Vec<Alike>> {
    let checked = &prepared.checked;
    let rows: Vec<&CheckedRow> = checked.rows.iter().filter(|row| row.code.is_none()).collect();
    let fields = || (0..ledger.fields.len()).filter(|i| ledger.fields[*i].ty != FieldType::Derived);
    let given: Vec<usize> = fields().filter(|i| has_column(checked, *i)).collect();
    if rows.is_empty() || given.is_empty() {
        return Ok(Vec::new());
    }
    let column = |i: &usize| {
        let field = &ledger.fields[*i];
        format!(", \"{}{}\"", field.name, if field.sensitive { "_index" } else { "" })
    };
    let columns: String = given.iter().map(column).collect();
    let sql = format!(
        "select record_id, record_code, unit_id{columns} from l_{} where voided_at is null order by record_id",
        ledger.name
    );
    let units = ledger.unit_from.is_none() && names_units(checked);
    let said = |unit: Option<i64>, values: &[Value]| format!("{:?} {values:?}", unit.filter(|_| units));
    let mut standing: HashMap<String, (String, Option<i64>)> = HashMap::new();
    tx.each(&sql, &[], |r| {
        let values = (0..given.len()).map(|i| r.value(i + 3)).collect::<anyhow::Result<Vec<_>>>()?;
        let (id, code, unit) = (r.i64(0)?, r.opt_text(1)?.map(str::to_owned), r.opt_i64(2)?);
        standing.entry(said(unit, &values)).or_insert_with(|| (code.unwrap_or_else(|| id.to_string()), unit));
        Ok(())
    })?;
    let compared = |row: &CheckedRow, i: usize| match &row.values[i] {
        Stored::Text(plain) if ledger.fields[i].sensitive => keys.blind_index(plain).into(),
        other => value(other),
    };
    let mut found = Vec::new();
    for row in rows {
        let values: Vec<Value> = given.iter().map(|i| compared(row, *i)).collect();
        let Some((record, unit)) = standing.get(&said(row.unit, &values)) else { continue };
        let values: Vec<Value> = row.values.iter().map(value).collect();
        if *scope == Scope::All || ledger::writable(tx, ledger, scope, *unit, &values)? {
            found.push(Alike { row: row.number, record: record.clone() });
        }
    }
    Ok(found)
}
