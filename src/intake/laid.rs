//! The rows of a checked file as they would lie in the ledger: the ids that they would get, what they would change.

use std::collections::BTreeMap;

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
    verdict::{
        overlay::{Laid, Overlay},
        touch::Changed,
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
    let on_its_way = |row: &crate::sheet::CheckedRow| OnItsWay {
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
