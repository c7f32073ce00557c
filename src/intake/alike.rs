//! Rows without a code that say what a record says that stands, perhaps with a code or with more than the file has columns for:
//! a list that was exported and comes back. They are told before anything is confirmed, and nothing is refused.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Prepared, UNITS,
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
/// oldest of several. Records that the scope does not reach are not told, nor rows to which others of the file refer: they
/// cannot be left out.
pub(super) fn found(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    (keys, scope): (&Keys, &Scope),
    prepared: &Prepared,
) -> anyhow::Result<Vec<Alike>> {
    let checked = &prepared.checked;
    // A row on its way stands under minus its number.
    let cells = checked.rows.iter().filter(|_| ledger.name == UNITS).flat_map(|row| &row.values);
    let needed: HashSet<i64> = cells.filter_map(|v| if let Stored::I64(id) = v { Some(*id) } else { None }).collect();
    let free = |row: &&CheckedRow| row.code.is_none() && !needed.contains(&-i64::from(row.number));
    let rows: Vec<&CheckedRow> = checked.rows.iter().filter(free).collect();
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
    let compared = |row: &CheckedRow, i: usize| match &row.values[i] {
        Stored::Text(plain) if ledger.fields[i].sensitive => keys.blind_index(plain).into(),
        other => value(other),
    };
    let of_row = |row: &CheckedRow| {
        let values: Vec<Value> = given.iter().map(|i| compared(row, *i)).collect();
        said(row.unit, &values)
    };
    // The ledger may be far larger than the file: of its records only those that a row equals are held.
    let mut standing: HashMap<String, Option<(String, Option<i64>)>> =
        rows.iter().map(|row| (of_row(row), None)).collect();
    tx.each(&sql, &[], |r| {
        let values = (0..given.len()).map(|i| r.value(i + 3)).collect::<anyhow::Result<Vec<_>>>()?;
        let unit = r.opt_i64(2)?;
        if let Some(slot @ None) = standing.get_mut(&said(unit, &values)) {
            let code = r.opt_text(1)?.map(str::to_owned);
            *slot = Some((code.unwrap_or(r.i64(0)?.to_string()), unit));
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for row in rows {
        let Some(Some((record, unit))) = standing.get(&of_row(row)) else { continue };
        let values: Vec<Value> = row.values.iter().map(value).collect();
        if *scope == Scope::All || ledger::writable(tx, ledger, scope, *unit, &values)? {
            found.push(Alike { row: row.number, record: record.clone() });
        }
    }
    Ok(found)
}
