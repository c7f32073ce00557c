//! Subjects of verdicts as pages name them, and their addresses.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{url::segment, words::Link};
use crate::{
    db::Tx,
    names::Names,
    verdict::{engine::Engine, kind::Kind, store::Stored, world::UNIT},
};

/// The cells of a subject that are records: ledger position and id.
pub(super) fn keys(engine: &Engine, i: usize, v: &Stored) -> Vec<(usize, i64)> {
    let c = &engine.compiled[i];
    if c.per.is_empty() {
        return vec![(c.table, v.subject)];
    }
    let cells = std::iter::once(v.subject).chain(v.rest.split('|').filter_map(|t| t.parse().ok()));
    let record = |(access, cell): (&crate::verdict::compile::Access, i64)| match access.kind {
        Kind::Ref(table) => Some((table, cell)),
        _ => None,
    };
    c.per.iter().zip(cells).filter_map(record).collect()
}

/// Names of the subjects of verdicts and of their units.
pub(super) fn names(tx: &mut Tx<'_>, engine: &Engine, verdicts: &[(usize, &Stored)]) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (i, v) in verdicts {
        for (table, id) in keys(engine, *i, v) {
            wanted.entry(table).or_default().insert(id);
        }
        wanted.entry(UNIT).or_default().extend(v.unit.into_iter().chain(v.organ));
    }
    Names::load(tx, &engine.layout, &wanted)
}

/// Title of a subject; of a combination its parts.
pub(super) fn title(engine: &Engine, i: usize, v: &Stored, names: &Names) -> String {
    let titles: Vec<&str> = keys(engine, i, v).iter().map(|(t, id)| names.title(*t, *id)).collect();
    titles.join("·")
}

/// Code of a subject; of a combination its parts joined by `|`.
pub(super) fn code(engine: &Engine, i: usize, v: &Stored, names: &Names) -> String {
    let codes: Vec<String> = keys(engine, i, v).iter().map(|(t, id)| names.code(*t, *id)).collect();
    codes.join("|")
}

/// The verdict's page under the subject's title.
pub(super) fn link(engine: &Engine, i: usize, v: &Stored, names: &Names) -> Link {
    Link::new(title(engine, i, v, names), href(engine, i, v, names))
}

/// The verdict's page.
pub(super) fn href(engine: &Engine, i: usize, v: &Stored, names: &Names) -> String {
    let id = &engine.compiled[i].requirement.id;
    format!("/verdicts/{}/{}/{}", segment(id), segment(&code(engine, i, v, names)), segment(&v.window))
}
