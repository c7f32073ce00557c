//! Who is responsible: proposed from what is recorded, or picked.

use super::{frame::Desk, picked::Asked, unit_names, view::record_form::Opt};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::FieldType,
    installation::Current,
    ledger::store,
    names::Names,
    org::chart::CHIEF,
    remedy::Remedy,
    scope::Scope,
    subjects,
    verdict::world::{PERSON, UNIT},
};

/// Who is asked for.
pub(super) const ASKED: Asked = Asked { key: "person", title: "责任人", ledger: "person", required: true };

/// Who is responsible by what is recorded: the person that the judged record names first, else the
/// chief of the organ. Only somebody of the organ whom the reader may see.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn proposed(desk: &mut Desk<'_, '_>, current: &Current, m: &Remedy) -> anyhow::Result<Option<Opt>> {
    let day = desk.now.day;
    let fits = |p: &i64| in_scope(current, day, &desk.scope, *p) && of_organ(current, day, m, *p);
    let person = match named(desk.tx, current, m)?.filter(|p| of_organ(current, day, m, *p)) {
        Some(person) => Some(person),
        None => chief(current, m.organ.or(m.unit), day),
    };
    let Some(person) = person.filter(fits) else { return Ok(None) };
    let names = Names::load(desk.tx, &current.engine.layout, &[(PERSON, [person].into())].into())?;
    let (label, note) = (names.title(PERSON, person).to_owned(), names.code(PERSON, person));
    Ok(Some(Opt { value: person.to_string(), label, note, checked: true }))
}

fn named(tx: &mut Tx<'_>, current: &Current, m: &Remedy) -> anyhow::Result<Option<i64>> {
    let Some(i) = current.engine.position(&m.requirement) else { return Ok(None) };
    let [(table, id)] = subjects::records(&current.engine, i, &m.subject)[..] else { return Ok(None) };
    let ledger = &current.engine.layout.ledgers[table];
    if table == PERSON {
        return Ok(Some(id));
    }
    let Some(column) = ledger.fields.iter().position(|f| f.ty == FieldType::Person).filter(|_| !ledger.derived) else {
        return Ok(None);
    };
    let row = store::get(tx, ledger, &Scope::All, id, None)?;
    Ok(row.and_then(|row| row.values.get(column).and_then(Value::as_i64)))
}

/// The 主要负责同志 of an organ on a day.
pub(super) fn chief(current: &Current, organ: Option<i64>, day: Day) -> Option<i64> {
    let (chart, units, persons) =
        (current.organisation.chart()?, current.organisation.table(UNIT)?, current.organisation.table(PERSON)?);
    let row = units.row_of(organ?)?;
    let heads = |p: &usize| chart.post_on(*p, day).is_some_and(|post| post.duty == CHIEF && post.unit == row);
    (0..persons.ids.len()).find(heads).map(|p| persons.ids[p])
}

/// Whether a person holds a post on a day in the organ that a remedy is about: in it or in one of its 科室. For a remedy of
/// no organ anybody does.
pub(super) fn of_organ(current: &Current, day: Day, m: &Remedy, person: i64) -> bool {
    let Some(asked) = m.organ.or(m.unit) else { return true };
    let organ = |unit: i64| {
        let (units, chart) = current.organisation.table(UNIT).zip(current.organisation.chart())?;
        chart.organ.get(units.row_of(unit)?).copied()
    };
    let held = unit_names::place(current, day, person).and_then(organ);
    organ(asked).is_none_or(|asked| held == Some(asked))
}

/// Whether a person's unit is within a scope.
pub(super) fn in_scope(current: &Current, day: Day, scope: &Scope, person: i64) -> bool {
    match unit_names::place(current, day, person) {
        Some(unit) => scope.has_unit(unit),
        None => *scope == Scope::All,
    }
}
