//! Subjects of verdicts by name: the records they consist of, their codes and titles, and the way back from a text.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    db::Tx,
    names::Names,
    verdict::{compile::Access, engine::Engine, kind::Kind, low_rank, store::Stored, world::UNIT},
};

/// The cells of a stored verdict's subject.
pub fn key(v: &Stored) -> Vec<i64> {
    key_of(v.subject, &v.rest)
}

/// The cells of a subject from the first and the others, as verdicts are stored.
pub fn key_of(first: i64, rest: &str) -> Vec<i64> {
    std::iter::once(first).chain(rest.split('|').filter_map(|t| t.parse().ok())).collect()
}

/// The cells of a subject that are records: ledger position and record id.
pub fn records(engine: &Engine, i: usize, key: &[i64]) -> Vec<(usize, i64)> {
    let c = &engine.compiled[i];
    if c.per.is_empty() {
        return key.first().map(|id| (c.table, *id)).into_iter().collect();
    }
    let record = |(access, cell): (&Access, &i64)| match access.kind {
        Kind::Ref(table) => Some((table, *cell)),
        _ => None,
    };
    c.per.iter().zip(key).filter_map(record).collect()
}

/// Names of the subjects of verdicts and of their units.
///
/// # Errors
/// When the store cannot be read.
pub fn names<'v>(
    tx: &mut Tx<'_>,
    engine: &Engine,
    verdicts: impl Iterator<Item = (usize, &'v Stored)>,
) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (i, v) in verdicts {
        for (table, id) in records(engine, i, &key(v)) {
            wanted.entry(table).or_default().insert(id);
        }
        wanted.entry(UNIT).or_default().extend(v.unit.into_iter().chain(v.organ));
    }
    Names::load(tx, &engine.layout, &wanted)
}

/// Names of one subject.
///
/// # Errors
/// When the store cannot be read.
pub fn names_of(tx: &mut Tx<'_>, engine: &Engine, i: usize, key: &[i64]) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (table, id) in records(engine, i, key) {
        wanted.entry(table).or_default().insert(id);
    }
    Names::load(tx, &engine.layout, &wanted)
}

/// Title of a subject; of a combination its parts.
pub fn title(engine: &Engine, i: usize, key: &[i64], names: &Names) -> String {
    records(engine, i, key).iter().map(|(t, id)| names.title(*t, *id)).collect::<Vec<_>>().join("·")
}

/// Code of a subject; of a combination its parts joined by `|`.
pub fn code(engine: &Engine, i: usize, key: &[i64], names: &Names) -> String {
    records(engine, i, key).iter().map(|(t, id)| names.code(*t, *id)).collect::<Vec<_>>().join("|")
}

/// The cells of the subject that a text names by codes, else by record ids; the inverse of [`code`].
///
/// # Errors
/// When the store cannot be read.
pub fn find(tx: &mut Tx<'_>, engine: &Engine, i: usize, text: &str) -> anyhow::Result<Option<Vec<i64>>> {
    let c = &engine.compiled[i];
    if engine.layout.ledgers[c.table].derived {
        let Some((unit, year)) = text.rsplit_once('|') else { return Ok(None) };
        let unit = record(tx, engine, UNIT, unit)?;
        return Ok(unit.zip(year.parse().ok()).map(|(unit, year)| vec![low_rank::id(unit, year)]));
    }
    let of_key = |p: &Access| if let Kind::Ref(table) = p.kind { Some(table) } else { None };
    let tables: Vec<usize> = if c.per.is_empty() { vec![c.table] } else { c.per.iter().filter_map(of_key).collect() };
    let texts: Vec<&str> = if tables.len() > 1 { text.split('|').collect() } else { vec![text] };
    let mut key = Vec::new();
    for (table, text) in tables.iter().zip(&texts) {
        key.extend(record(tx, engine, *table, text)?);
    }
    Ok((key.len() == tables.len() && texts.len() == tables.len()).then_some(key))
}

fn record(tx: &mut Tx<'_>, engine: &Engine, table: usize, text: &str) -> anyhow::Result<Option<i64>> {
    let ledger = &engine.layout.ledgers[table].name;
    let by_code =
        format!("select record_id from l_{ledger} where record_code = $1 order by voided_at nulls first limit 1");
    if let Some(id) = tx.one(&by_code, &[text.into()], |r| r.i64(0))? {
        return Ok(Some(id));
    }
    let Ok(id) = text.parse::<i64>() else { return Ok(None) };
    tx.one(&format!("select record_id from l_{ledger} where record_id = $1 limit 1"), &[id.into()], |r| r.i64(0))
}
