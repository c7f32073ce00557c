//! The organs that stand on a day.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    day::Day, db::Tx, installation::Current, names::Names, scope::Scope, spelling::sound_key, verdict::world::UNIT,
};

/// An organ: record id, code, name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organ {
    /// Record id.
    pub id: i64,
    /// Code.
    pub code: String,
    /// Full name.
    pub name: String,
}

/// The organs that stand on a day and are in scope, wholly or in part, by name.
///
/// # Errors
/// When the store cannot be read.
pub fn organs(tx: &mut Tx<'_>, current: &Current, scope: &Scope, day: Day) -> anyhow::Result<Vec<Organ>> {
    let (Some(chart), Some(units)) = (current.organisation.chart(), current.organisation.table(UNIT)) else {
        return Ok(Vec::new());
    };
    let ids: BTreeSet<i64> = (0..units.len())
        .filter(|u| chart.organ[*u] == *u && units.opens[*u] <= day && day <= units.closing(*u))
        .filter(|u| chart.owned[*u].iter().any(|own| scope.has_unit(units.ids[*own])))
        .map(|u| units.ids[u])
        .collect();
    let names = Names::load(tx, &current.engine.layout, &BTreeMap::from([(UNIT, ids.clone())]))?;
    let organ = |id: i64| Organ { id, code: names.code(UNIT, id), name: names.title(UNIT, id).to_owned() };
    let mut organs: Vec<Organ> = ids.into_iter().map(organ).collect();
    organs.sort_by_key(|o| sound_key(&o.name));
    Ok(organs)
}

/// A district's name without what all of them end with: `柳溪县`.
pub fn short(name: &str) -> &str {
    ["发展和改革委员会", "发展改革委", "发展和改革局", "发展改革局", "发改委", "发改局"]
        .iter()
        .find_map(|end| name.strip_suffix(end).filter(|n| !n.is_empty()))
        .unwrap_or(name)
}
