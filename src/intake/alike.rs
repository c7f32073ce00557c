//! Rows without a code that say what a record says that stands, perhaps with a code, with more than the file has columns for,
//! or with a column more or less filled: a list that was exported and comes back. They are told before anything is confirmed,
//! and nothing is refused.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    Prepared, UNITS,
    compare::{has_column, names_units},
    value,
};
use crate::{
    db::{Tx, Value},
    directive::model::{Field, FieldType, Ledger},
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
    /// Titles of the columns that only one of the two has filled.
    #[serde(default)]
    pub once: Vec<String>,
}

/// Of the rows that bring a new record and have no code, those that equal a standing record in the required columns and in every
/// column of the file that both have filled, the oldest of several; those that have no required column in every column of the
/// file. Records that the scope does not reach are not told, nor rows to which others of the file refer: they
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
    // What identifies a record, by position among the columns.
    let dates = ledger.opening();
    let identifies = |f: &Field| f.required || dates == Some(&*f.name);
    let keys_at: Vec<usize> = (0..given.len()).filter(|n| identifies(&ledger.fields[given[*n]])).collect();
    let keys_at = if keys_at.is_empty() { (0..given.len()).collect() } else { keys_at };
    let said = |unit: Option<i64>, values: &[Value]| {
        let key: Vec<&Value> = keys_at.iter().map(|n| &values[*n]).collect();
        format!("{:?} {key:?}", unit.filter(|_| units))
    };
    let compared = |row: &CheckedRow, i: usize| match &row.values[i] {
        Stored::Text(plain) if ledger.fields[i].sensitive => keys.blind_index(plain).into(),
        other => value(other),
    };
    // The ledger may be far larger than the file: of its records only those that a row equals are held.
    let mut by_key: HashMap<String, Vec<usize>> = HashMap::new();
    let mut asked: Vec<(&CheckedRow, Vec<Value>, Option<Equal>)> = Vec::new();
    for row in rows {
        let values: Vec<Value> = given.iter().map(|i| compared(row, *i)).collect();
        by_key.entry(said(row.unit, &values)).or_default().push(asked.len());
        asked.push((row, values, None));
    }
    tx.each(&sql, &[], |r| {
        let values = (0..given.len()).map(|i| r.value(i + 3)).collect::<anyhow::Result<Vec<_>>>()?;
        let unit = r.opt_i64(2)?;
        for n in by_key.get(&said(unit, &values)).into_iter().flatten() {
            let (_, own, slot) = &mut asked[*n];
            if let Some(once) = filled_once(own, &values)
                && slot.as_ref().is_none_or(|known| once.len() < known.once.len())
            {
                let code = r.opt_text(1)?.map(str::to_owned);
                *slot = Some(Equal { record: code.unwrap_or(r.i64(0)?.to_string()), unit, once });
            }
        }
        Ok(())
    })?;
    let mut found = Vec::new();
    for (row, _, equal) in asked {
        let Some(Equal { record, unit, once }) = equal else { continue };
        let values: Vec<Value> = row.values.iter().map(value).collect();
        if *scope == Scope::All || ledger::writable(tx, ledger, scope, unit, &values)? {
            let once = once.into_iter().map(|n| ledger.fields[given[n]].title.clone()).collect();
            found.push(Alike { row: row.number, record, once });
        }
    }
    Ok(found)
}

/// A record that a row equals.
struct Equal {
    record: String,
    unit: Option<i64>,
    /// Columns that only one of the two has filled, by position.
    once: Vec<usize>,
}

/// The columns that only one of two has filled; `None` where one differs that both have filled.
fn filled_once(one: &[Value], other: &[Value]) -> Option<Vec<usize>> {
    let mut once = Vec::new();
    for (n, (a, b)) in one.iter().zip(other).enumerate() {
        match (a.is_null(), b.is_null()) {
            _ if a == b => {}
            (false, false) => return None,
            _ => once.push(n),
        }
    }
    Some(once)
}
