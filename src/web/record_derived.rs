//! Derived fields of records, found by the evaluator that judges by them: 谈话层级, 实际工作日.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{columns::Column, frame::Desk};
use crate::{
    directive::model::FieldType,
    verdict::{
        compile::{Access, Step},
        eval::Eval,
        kind::Kind,
        load::{self, Ask, Cut},
        needs::{Need, Needs},
        world::{EMPTY, Layout, Node},
    },
};

/// Whether a column shows a derived field.
pub(super) fn is_derived(layout: &Layout, table: usize, column: Column) -> bool {
    matches!(column, Column::Field(i) if layout.ledgers[table].fields[i].ty == FieldType::Derived)
}

/// The derived fields of current records as texts, by record and field.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    table: usize,
    records: &BTreeSet<i64>,
) -> anyhow::Result<HashMap<(i64, usize), String>> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let kinds = &engine.layout.kinds[table];
    let fields: Vec<(usize, Access)> = kinds.iter().enumerate().filter_map(access).collect();
    if fields.is_empty() || records.is_empty() {
        return Ok(HashMap::new());
    }
    let mut needs = Needs::organisation(&engine.layout);
    let columns = (0..kinds.len()).filter(|i| matches!(kinds[*i], Kind::Ref(_) | Kind::Date)).collect();
    needs.tables.insert(table, Need { columns, lookup: true, unit: true, ..Need::default() });
    let ranges = records.iter().map(|id| (*id, *id)).collect();
    let ask = Ask {
        needs: &needs,
        union: &engine.union,
        known_at: None,
        as_of: desk.now.day,
        given: &engine.given,
        slice: BTreeMap::from([(table, Cut { column: None, ranges })]),
    };
    let mut shared = current.organisation.clone();
    let world = load::world(desk.tx, &engine.layout, &engine.workdays, &ask, &mut shared)?;
    let eval = Eval::new(&world, &engine.given, desk.now.day);
    let mut found = HashMap::new();
    for (row, id) in world.tables[table].ids.iter().enumerate() {
        for (field, access) in &fields {
            let cell = eval.value(Node { table, row }, access, world.tables[table].opens[row], desk.now.day);
            if cell != EMPTY {
                found.insert((*id, *field), access.kind.show(cell, &world.texts));
            }
        }
    }
    Ok(found)
}

fn access((field, kind): (usize, &Kind)) -> Option<(usize, Access)> {
    let (step, kind) = match kind {
        Kind::TalkLevel => (Step::TalkLevel, Kind::talk_level()),
        Kind::ActualDays => (Step::ActualDays, Kind::ActualDays),
        _ => return None,
    };
    Some((field, Access { steps: vec![step], kind, text: String::new() }))
}
