//! Rows of units that are not the writer's: each is refused, and said with its row.

use std::collections::HashMap;

use super::{Prepared, UNITS, value};
use crate::{
    db::{Tx, Value},
    directive::model::Ledger,
    facts,
    installation::Current,
    ledger,
    scope::Scope,
    sheet::{
        CellError, CheckedRow, RawCell, Stored, Table,
        header::{HeadColumn, Target},
        letters,
    },
};

/// Takes out the rows that a scope does not reach, and reports them with what stands in the file.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn keep_to(
    tx: &mut Tx<'_>,
    current: &Current,
    (table, scope): (usize, &Scope),
    today: crate::day::Day,
    file: &Table,
    prepared: &mut Prepared,
) -> anyhow::Result<()> {
    if *scope == Scope::All {
        return Ok(());
    }
    let ledger = &current.engine.layout.ledgers[table];
    let parents = parents(ledger, &prepared.checked.rows);
    let (mut foreign, mut coded): (Vec<u32>, Vec<(u32, String)>) = (Vec::new(), Vec::new());
    for row in &prepared.checked.rows {
        let mut values: Vec<Value> = row.values.iter().map(value).collect();
        if let Some(column) = ledger.field_index("parent").filter(|_| ledger.name == UNITS) {
            values[column] = standing(&parents, values[column].as_i64()).into();
        }
        let unit = facts::unit_of_row(tx, current, table, today, row.unit, &values)?;
        if !ledger::writable(tx, ledger, scope, unit, &values)? {
            foreign.push(row.number);
            continue;
        }
        let Some(now) = prepared.corrections.get(&row.number) else { continue };
        if !ledger::writable(tx, ledger, scope, now.unit, &now.values)? {
            coded.push((row.number, row.code.clone().unwrap_or_default()));
        }
    }
    let place = place(ledger, prepared);
    let written = |row: u32| {
        let index = place.as_ref()?.index;
        let cells = &file.rows.iter().find(|r| r.number == row)?.cells;
        cells.get(index).map(RawCell::text)
    };
    let error = |row: u32| CellError {
        row,
        column: place.as_ref().map_or_else(String::new, |c| letters(c.index)),
        head: place.as_ref().map_or_else(|| "单位".into(), |c| c.head.clone()),
        shown: written(row).unwrap_or_default(),
        reason: "所属的单位不在您的范围内".into(),
        mend: "填错单位的请改正；确属别的单位的，请由该单位或人事部门导入".into(),
    };
    let header = prepared.checked.header.columns.iter().find(|c| c.target == Target::Code);
    let (at, code_head) = header.map_or_else(Default::default, |c| (letters(c.index), c.head.clone()));
    // The same words as in a form: whose the code is, is not told.
    let used = |(row, code): (u32, String)| CellError {
        row,
        column: at.clone(),
        head: code_head.clone(),
        shown: code,
        reason: "这个编号不能使用".into(),
        mend: "请核对或换一个编号；没有编号的可以不填".into(),
    };
    let errors = foreign.into_iter().map(error).chain(coded.into_iter().map(used)).collect();
    prepared.checked.refuse(errors);
    Ok(())
}

/// Superiors of the units that the file brings, by their provisional ids.
fn parents(ledger: &Ledger, rows: &[CheckedRow]) -> HashMap<i64, i64> {
    let Some(column) = ledger.field_index("parent").filter(|_| ledger.name == UNITS) else { return HashMap::new() };
    let parent = |row: &CheckedRow| match row.values[column] {
        Stored::I64(id) => Some((-i64::from(row.number), id)),
        _ => None,
    };
    rows.iter().filter_map(parent).collect()
}

/// The first superior that stands already.
fn standing(parents: &HashMap<i64, i64>, mut at: Option<i64>) -> Option<i64> {
    for _ in 0..=parents.len() {
        match at {
            Some(id) if id < 0 => at = parents.get(&id).copied(),
            _ => return at,
        }
    }
    None
}

/// The column by which a row belongs to a unit.
fn place(ledger: &Ledger, prepared: &Prepared) -> Option<HeadColumn> {
    let header = &prepared.checked.header;
    let from = ledger.unit_from.as_deref().and_then(|f| ledger.field_index(f)).map(Target::Field);
    let parent = ledger.field_index("parent").filter(|_| ledger.name == UNITS).map(Target::Field);
    let wanted = [from, parent, Some(Target::Section), Some(Target::Unit)];
    wanted.into_iter().flatten().find_map(|t| header.columns.iter().find(|c| c.target == t)).cloned()
}
