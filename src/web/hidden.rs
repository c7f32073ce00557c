//! What a verdict was judged from and the reader may not see.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::Desk;
use crate::{
    ledger::query::{self, Filter, Query, Voided},
    scope::Scope,
    subjects,
    verdict::{engine::Engine, explain::Explanation, store},
};

/// The subject's unit by the latest of its verdicts that stand.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn unit_now(desk: &mut Desk<'_, '_>, engine: &Engine, i: usize, key: &[i64]) -> anyhow::Result<Option<i64>> {
    let id = &engine.compiled[i].requirement.id;
    let all = store::of_requirement(desk.tx, id, key.first().copied())?;
    Ok(all.iter().filter(|v| subjects::key(v) == key).max_by_key(|v| v.to).and_then(|v| v.unit))
}

/// Takes the rows out that the reader may not see, and says how many they are.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn hide(desk: &mut Desk<'_, '_>, engine: &Engine, e: &mut Explanation) -> anyhow::Result<usize> {
    if desk.scope == Scope::All {
        return Ok(0);
    }
    let mut looked: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for row in e.parts.iter().flat_map(|p| &p.rows) {
        looked.entry(row.table).or_default().insert(row.record);
    }
    for (table, records) in &mut looked {
        let ledger = &engine.layout.ledgers[*table];
        if !ledger.derived {
            let filters = vec![Filter::Records(records.clone())];
            let query = Query { filters, voided: Voided::Shown, ..Query::default() };
            *records = query::records(desk.tx, ledger, &desk.scope, &query)?.into_iter().collect();
        }
    }
    let mut hidden = 0;
    for part in &mut e.parts {
        let all = part.rows.len();
        part.rows.retain(|row| looked.get(&row.table).is_some_and(|seen| seen.contains(&row.record)));
        hidden += all - part.rows.len();
    }
    Ok(hidden)
}
