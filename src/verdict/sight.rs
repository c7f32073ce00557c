//! Which verdicts a reader may see: those of the units in scope, and those on the reader and on records in which the
//! reader has a part. The one place where a scope becomes a condition over verdicts.

use std::collections::BTreeMap;

use super::{
    compile::Compiled,
    engine::Engine,
    kind::Kind,
    store::{self, Counted, Stored},
    world::{PERSON, UNIT},
};
use crate::{
    db::{Tx, Value},
    ledger,
    scope::{Reach, Scope},
    subjects,
};

/// The condition that the scope puts on rows of the table `verdict`; `None` if all may be seen. Adds to `params`, whose
/// length gives the numbers of the placeholders.
pub fn condition(tx: &Tx<'_>, engine: &Engine, scope: &Scope, params: &mut Vec<Value>) -> Option<String> {
    let Scope::Within(reach) = scope else { return None };
    let mut bind = |value: Value| {
        params.push(value);
        format!("${}", params.len())
    };
    let units: Vec<String> = reach.units.iter().map(i64::to_string).collect();
    let mut any = vec![format!("unit_id {}", tx.among(&bind(units.join(",").into())))];
    let owned = owned(engine, reach);
    if let Some(person) = reach.person.filter(|_| !owned.is_empty()) {
        let place = bind(person.into());
        for (table, ids) in owned {
            let listed: Vec<String> = ids.iter().map(|id| bind((*id).into())).collect();
            let own = own(engine, table, reach, &place);
            any.push(format!("(requirement in ({}) and {own})", listed.join(", ")));
        }
    }
    Some(format!("({})", any.join(" or ")))
}

/// Requirements by the ledger of the record on which they judge, where that record can be somebody's own.
fn owned<'e>(engine: &'e Engine, reach: &Reach) -> BTreeMap<usize, Vec<&'e str>> {
    let mut by: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for c in &engine.compiled {
        let table = first_table(c);
        if is_owned(engine, table, reach) {
            by.entry(table).or_default().push(&c.requirement.id);
        }
    }
    by
}

/// Whether records of a ledger are persons, or name them; units are nobody's own.
fn is_owned(engine: &Engine, table: usize, reach: &Reach) -> bool {
    let ledger = engine.layout.ledgers.get(table).filter(|l| !l.derived && table != UNIT);
    table == PERSON || ledger.is_some_and(|l| reach.parts.names(&l.name))
}

/// The ledger of the first cell of a subject; none where a cell is a unit: how the units of a class stand is not the
/// matter of who was in it.
fn first_table(c: &Compiled) -> usize {
    if c.per.iter().any(|p| p.kind == Kind::Ref(UNIT)) {
        return usize::MAX;
    }
    match c.per.first().map(|p| &p.kind) {
        Some(Kind::Ref(table)) => *table,
        Some(_) => usize::MAX,
        None => c.table,
    }
}

/// The condition under which the subject of a verdict is the person bound under `place`, or a record with a part of
/// theirs.
fn own(engine: &Engine, table: usize, reach: &Reach, place: &str) -> String {
    if table == PERSON {
        return format!("subject = {place}");
    }
    let ledger = &engine.layout.ledgers[table];
    let parts = ledger::own(ledger, reach, place);
    format!(
        "subject in (select r.record_id from \"l_{}\" r where r.voided_at is null and ({}))",
        ledger.name,
        parts.join(" or ")
    )
}

/// Whether the verdict on a subject may be seen; `unit`: the subject's unit, if it has one.
///
/// # Errors
/// When the store cannot be read.
pub fn sees(
    tx: &mut Tx<'_>,
    engine: &Engine,
    scope: &Scope,
    i: usize,
    key: &[i64],
    unit: Option<i64>,
) -> anyhow::Result<bool> {
    let Scope::Within(reach) = scope else { return Ok(true) };
    if unit.is_some_and(|u| reach.units.contains(&u)) {
        return Ok(true);
    }
    let (Some(person), Some((table, id))) = (reach.person, subjects::records(engine, i, key).first().copied()) else {
        return Ok(false);
    };
    if table != first_table(&engine.compiled[i]) {
        return Ok(false);
    }
    if table == PERSON {
        return Ok(id == person);
    }
    if !is_owned(engine, table, reach) {
        return Ok(false);
    }
    let ledger = &engine.layout.ledgers[table];
    let sql = format!(
        "select 1 from \"l_{}\" r where r.record_id = $2 and r.voided_at is null and ({})",
        ledger.name,
        ledger::own(ledger, reach, "$1").join(" or ")
    );
    Ok(tx.one(&sql, &[person.into(), id.into()], |r| r.i64(0))?.is_some())
}

/// The verdicts of a requirement that may be seen, of one subject or of all.
///
/// # Errors
/// When the store cannot be read.
pub fn of_requirement(
    tx: &mut Tx<'_>,
    engine: &Engine,
    scope: &Scope,
    requirement: &str,
    subject: Option<i64>,
) -> anyhow::Result<Vec<Stored>> {
    let mut params: Vec<Value> = vec![requirement.into(), subject.into()];
    let seen = condition(tx, engine, scope, &mut params);
    let seen = seen.map_or_else(String::new, |c| format!(" and {c}"));
    let one = if subject.is_some() { "subject = $2" } else { "cast($2 as bigint) is null" };
    let sql = format!("select {} from verdict where requirement = $1 and {one}{seen}", Stored::COLUMNS);
    tx.rows(&sql, &params, Stored::read)
}

/// The counts of what may be seen, by requirement, window and organ. Of organs that are whole in the scope as kept; of
/// single 科室 counted from their verdicts.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(
    tx: &mut Tx<'_>,
    scope: &Scope,
    requirement: Option<&str>,
    organ: Option<i64>,
) -> anyhow::Result<Vec<Counted>> {
    let mut all = Vec::new();
    let Scope::Within(reach) = scope else { return store::counts(tx, requirement, organ) };
    for whole in reach.organs.iter().filter(|o| organ.is_none_or(|wanted| wanted == **o)) {
        all.extend(store::counts(tx, requirement, Some(*whole))?);
    }
    let list = |ids: &mut dyn Iterator<Item = &i64>| ids.map(i64::to_string).collect::<Vec<_>>().join(",");
    let units = list(&mut reach.units.iter());
    let organs = list(&mut reach.organs.iter());
    let sql = format!(
        "select {} from verdict where unit_id {} and not organ_id {} \
         and (cast($3 as text) is null or requirement = $3) and (cast($4 as bigint) is null or organ_id = $4)",
        Stored::COLUMNS,
        tx.among("$1"),
        tx.among("$2")
    );
    let params = [units.into(), organs.into(), requirement.into(), organ.into()];
    let mut by: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
    for v in tx.rows(&sql, &params, Stored::read)? {
        by.entry(v.organ.unwrap_or(0)).or_default().push(v);
    }
    for (organ, verdicts) in by {
        all.extend(store::count_again(verdicts.iter()).into_iter().map(|c| Counted { organ, ..c }));
    }
    all.sort_by(|a, b| (&a.requirement, &a.window, a.organ).cmp(&(&b.requirement, &b.window, b.organ)));
    Ok(all)
}
