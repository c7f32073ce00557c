//! The rows of a checked file as they would lie in the ledger: the ids that they would get, what they would be called, what
//! they would change.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Prepared, UNITS,
    staged::{CHUNK, OnItsWay, settle},
    value,
};
use crate::{
    clock::Moment,
    db::Tx,
    facts,
    installation::Current,
    ledger::NewRow,
    names::{self, Names},
    sheet::{CheckedRow, Stored},
    verdict::{
        kind::Kind,
        overlay::{Laid, Overlay},
        touch::Changed,
        world::Layout,
    },
};

/// Changes and rows of a file for a ledger (by position in the layout), in the order of the file.
///
/// # Errors
/// When the store cannot be read.
pub fn laid(
    tx: &mut Tx<'_>,
    current: &Current,
    table: usize,
    prepared: &Prepared,
    now: Moment,
) -> anyhow::Result<(Vec<Changed>, Overlay)> {
    let ledger = &current.engine.layout.ledgers[table];
    let next = tx.one("select next from counter where name = $1", &[(&ledger.name).into()], |r| r.i64(0))?;
    let mut next = next.unwrap_or(1);
    let on_its_way = |row: &CheckedRow| OnItsWay {
        row: NewRow { code: row.code.clone(), unit: row.unit, values: row.values.iter().map(value).collect() },
        number: i64::from(row.number),
        corrects: prepared.corrections.get(&row.number).map(super::Standing::at),
    };
    let mut rows: Vec<OnItsWay> = prepared.checked.rows.iter().map(on_its_way).collect();
    if ledger.name == UNITS {
        settle(next, &mut rows)?;
    }
    let (mut changes, mut laid) = (Vec::with_capacity(rows.len()), Laid::default());
    for (n, (mut on, row)) in rows.into_iter().zip(&prepared.checked.rows).enumerate() {
        on.row.unit = facts::unit_of_row(tx, current, table, now.day, on.row.unit, &on.row.values)?;
        let (record, before) = match prepared.corrections.get(&row.number) {
            Some(standing) => {
                laid.gone.insert(standing.record);
                (standing.record, Some(standing.values.clone()))
            }
            None => {
                next += 1;
                (next - 1, None)
            }
        };
        changes.push(Changed { table, record, before, after: Some(on.row.values.clone()) });
        // Each chunk is recorded at an instant of its own.
        laid.rows.push((record, now.instant + n as i64 / CHUNK, on.row));
    }
    Ok((changes, Overlay { tables: BTreeMap::from([(table, laid)]) }))
}

/// What the records are called that rows of a file would bring, as pages would call them, by row; those without a name by
/// their codes.
pub(super) fn called(
    tx: &mut Tx<'_>,
    (layout, table): (&Layout, usize),
    prepared: &Prepared,
    wanted: &BTreeSet<u32>,
) -> anyhow::Result<BTreeMap<u32, String>> {
    let ledger = &layout.ledgers[table];
    let (title, parts) = names::title_fields(ledger);
    let title = title.and_then(|name| ledger.field_index(&name));
    let parts: Vec<(usize, usize)> = parts
        .iter()
        .filter_map(|name| ledger.field_index(name))
        .filter_map(|i| if let Kind::Ref(to) = layout.kinds[table][i] { Some((i, to)) } else { None })
        .collect();
    let id = |row: &CheckedRow, i: usize| value(&row.values[i]).as_i64().filter(|id| *id > 0);
    let rows: Vec<&CheckedRow> = prepared.checked.rows.iter().filter(|row| wanted.contains(&row.number)).collect();
    let mut related: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (row, (i, to)) in rows.iter().flat_map(|row| parts.iter().map(move |part| (row, part))) {
        related.entry(*to).or_default().extend(id(row, *i));
    }
    let names = Names::load(tx, layout, &related)?;
    let name = |row: &CheckedRow| match title.map(|i| &row.values[i]) {
        Some(Stored::Text(text)) => text.clone(),
        _ => {
            let of = |(i, to): &(usize, usize)| id(row, *i).map(|id| names.title(*to, id));
            let said = names::composed(parts.iter().filter_map(of));
            if said.is_empty() { row.code.clone().unwrap_or_default() } else { said }
        }
    };
    Ok(rows.into_iter().map(|row| (row.number, name(row))).collect())
}
