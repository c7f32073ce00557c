//! What a unit or a person is called in full, and which one is meant by what was typed.

use std::collections::{BTreeMap, BTreeSet};

use super::frame::Desk;
use crate::{
    day::Day,
    db::{Row, Tx},
    form::directory::initials,
    installation::Current,
    ledger::{like, pattern},
    names::Names,
    scope::Scope,
    sheet::norm,
    verdict::world::{PERSON, UNIT},
};

/// The unit's name after that of its organ: `柳溪县发改局 办公室`.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn full(desk: &mut Desk<'_, '_>, unit: i64) -> anyhow::Result<String> {
    Ok(all(desk, [unit].into())?.remove(&unit).unwrap_or_default())
}

/// The same of several, by record id.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn all(desk: &mut Desk<'_, '_>, units: BTreeSet<i64>) -> anyhow::Result<BTreeMap<i64, String>> {
    let current = desk.current.clone();
    let organ = |unit: i64| {
        let (table, chart) = current.organisation.table(UNIT).zip(current.organisation.chart())?;
        let organ = table.ids.get(*chart.organ.get(table.row_of(unit)?)?).copied()?;
        (organ != unit).then_some(organ)
    };
    let ids: BTreeSet<i64> = units.iter().filter_map(|u| organ(*u)).chain(units.iter().copied()).collect();
    let names = Names::load(desk.tx, &current.engine.layout, &[(UNIT, ids)].into())?;
    let full = |unit: i64| match organ(unit) {
        Some(organ) => format!("{} {}", names.title(UNIT, organ), names.title(UNIT, unit)),
        None => names.title(UNIT, unit).to_owned(),
    };
    Ok(units.into_iter().map(|unit| (unit, full(unit))).collect())
}

/// The unit of a person today.
pub(super) fn of_person(desk: &Desk<'_, '_>, person: i64) -> Option<i64> {
    place(&desk.current, desk.now.day, person)
}

/// The unit of a person on a day.
pub(super) fn place(current: &Current, day: Day, person: i64) -> Option<i64> {
    let organisation = &current.organisation;
    let row = organisation.table(PERSON)?.row_of(person)?;
    let post = organisation.chart()?.post_on(row, day)?;
    organisation.table(UNIT)?.ids.get(post.unit).copied()
}

/// A person's name.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn person(desk: &mut Desk<'_, '_>, person: i64) -> anyhow::Result<String> {
    let layout = desk.current.clone();
    let names = Names::load(desk.tx, &layout.engine.layout, &[(PERSON, [person].into())].into())?;
    Ok(names.title(PERSON, person).to_owned())
}

/// The unit that was typed, among those in scope: by its code or full name; else the only one of whose name it is a part or
/// the first initials. `None` for nothing typed.
///
/// # Errors
/// In the inner result, what is wrong with what was typed; in the outer, when the store cannot be read.
pub(super) fn unit_in(tx: &mut Tx<'_>, scope: &Scope, typed: &str) -> anyhow::Result<Result<Option<i64>, String>> {
    let seen = |unit: i64| scope.has_unit(unit);
    let meant = meant(tx, "unit", typed, &seen)?;
    if meant.is_ok() || !readable(typed) {
        return Ok(meant);
    }
    Ok(match near(tx, "unit", typed, &seen)?[..] {
        [(one, ..)] => Ok(Some(one)),
        _ => meant,
    })
}

/// The record of a ledger that a typed code or name means, among those that are `seen`: what is not is not told from what is
/// not there, nor counted. `None` for nothing typed.
///
/// # Errors
/// In the inner result, what is wrong with what was typed; in the outer, when the store cannot be read.
pub(super) fn meant(
    tx: &mut Tx<'_>,
    ledger: &str,
    typed: &str,
    seen: &dyn Fn(i64) -> bool,
) -> anyhow::Result<Result<Option<i64>, String>> {
    if typed.is_empty() {
        return Ok(Ok(None));
    }
    let title = if ledger == "unit" { "单位" } else { "人员" };
    if !readable(typed) {
        return Ok(Err(format!("没有这个{title}，请填写编号或全名。")));
    }
    let sql = format!(
        "select record_id, record_code from l_{ledger} where voided_at is null and (record_code = $1 or \"name\" = $1) \
         order by record_id"
    );
    let mut found = tx.rows(&sql, &[typed.into()], |r| Ok((r.i64(0)?, r.opt_text(1)? == Some(typed))))?;
    found.retain(|(id, _)| seen(*id));
    if found.is_empty() {
        // A code in another width or case.
        let sql = format!(
            "select record_id from l_{ledger} where voided_at is null and lower(record_code) = $1 order by record_id"
        );
        found = tx.rows(&sql, &[norm::code_key(typed).into()], |r| Ok((r.i64(0)?, true)))?;
        found.retain(|(id, _)| seen(*id));
    }
    let by_code: Vec<i64> = found.iter().filter(|f| f.1).map(|f| f.0).collect();
    let ids: Vec<i64> = if by_code.is_empty() { found.iter().map(|f| f.0).collect() } else { by_code };
    Ok(match ids[..] {
        [one] => Ok(Some(one)),
        [] => Err(format!("没有编号或全名为“{typed}”的{title}，{}。", told(&near(tx, ledger, typed, seen)?))),
        _ => Err(format!("叫“{typed}”的{title}有{}个，请填写编号。", ids.len())),
    })
}

/// Whether it can be the name of anything.
fn readable(typed: &str) -> bool {
    typed.chars().count() <= 60 && !typed.contains(char::is_control)
}

/// Names that are told where none is called so.
const TOLD: usize = 5;

/// Record id, code and name.
type Near = (i64, Option<String>, String);

/// What could have been meant, for who knows a part of the name, or of a unit the first initials.
fn near(tx: &mut Tx<'_>, ledger: &str, typed: &str, seen: &dyn Fn(i64) -> bool) -> anyhow::Result<Vec<Near>> {
    let sql = format!(
        "select record_id, record_code, \"name\" from l_{ledger} where voided_at is null and {} order by \"name\", record_id",
        like("\"name\"", "$1")
    );
    let read = |r: &Row<'_>| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned), r.text(2)?.to_owned()));
    let mut found = tx.rows(&sql, &[pattern(typed).into()], read)?;
    if found.is_empty() && ledger == "unit" && typed.len() > 1 && typed.bytes().all(|b| b.is_ascii_alphabetic()) {
        let sql =
            "select record_id, record_code, \"name\" from l_unit where voided_at is null order by \"name\", record_id";
        let letters = typed.to_ascii_lowercase();
        found = tx.rows(sql, &[], read)?;
        found.retain(|(.., name)| initials(name).starts_with(&letters));
    }
    found.retain(|(id, ..)| seen(*id));
    Ok(found)
}

fn told(found: &[Near]) -> String {
    let told = found.iter().take(TOLD).map(|(_, code, name)| match code {
        Some(code) => format!("{name}（编号{code}）"),
        None => name.clone(),
    });
    let told = told.collect::<Vec<_>>().join("、");
    match found.len() {
        0 => "请核对".into(),
        n if n > TOLD => format!("名称里有这几个字的有{n}个，如{told}，请填写其中一个的编号或全名"),
        _ => format!("名称里有这几个字的有{told}，请填写编号或全名"),
    }
}
