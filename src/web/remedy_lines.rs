//! Remedies as lines of a list: names, figures and addresses around what is stored.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    frame::Desk,
    requirement::{target_text, value_text},
    view::{remedy::Line, spelling::requirement_code, verdict as verdict_view, words::Link},
};
use crate::{
    day::Day,
    db::{Tx, Value},
    names::Names,
    remedy::Remedy,
    subjects,
    verdict::{
        engine::Engine,
        store::Stored,
        words::{Context, act_words, window_name},
        world::{PERSON, UNIT},
    },
};

/// Names of all that remedies mention, and of some persons more.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn names(
    tx: &mut Tx<'_>,
    engine: &Engine,
    remedies: &[Remedy],
    persons: BTreeSet<i64>,
) -> anyhow::Result<Names> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::from([(PERSON, persons)]);
    for m in remedies {
        let records = engine.position(&m.requirement).map(|i| subjects::records(engine, i, &m.subject));
        for (table, id) in records.unwrap_or_default() {
            wanted.entry(table).or_default().insert(id);
        }
        wanted.entry(UNIT).or_default().extend(m.unit.into_iter().chain(m.organ));
        wanted.entry(PERSON).or_default().extend(m.person);
    }
    Names::load(tx, &engine.layout, &wanted)
}

/// The lines of remedies, in their order.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn lines(desk: &mut Desk<'_, '_>, remedies: &[Remedy]) -> anyhow::Result<Vec<Line>> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let names = names(desk.tx, engine, remedies, BTreeSet::new())?;
    let today = desk.now.day;
    let verdicts = verdicts(desk.tx, remedies)?;
    let of = |m: &Remedy| verdicts.iter().find(|v| is_on(v, m));
    Ok(remedies.iter().map(|m| line(engine, &names, m, of(m), today)).collect())
}

/// Whether a verdict is the one that a remedy follows from.
fn is_on(v: &Stored, m: &Remedy) -> bool {
    v.requirement == m.requirement
        && v.window == m.window
        && Some(v.subject) == m.subject.first().copied()
        && v.rest == m.rest()
}

/// The verdicts of some remedies as they stand now, in one query.
fn verdicts(tx: &mut Tx<'_>, remedies: &[Remedy]) -> anyhow::Result<Vec<Stored>> {
    if remedies.is_empty() {
        return Ok(Vec::new());
    }
    let mut params: Vec<Value> = Vec::new();
    let mut any = |texts: BTreeSet<&str>| {
        let places = texts.into_iter().map(|text| {
            params.push(text.into());
            format!("${}", params.len())
        });
        places.collect::<Vec<_>>().join(", ")
    };
    let requirements = any(remedies.iter().map(|m| m.requirement.as_str()).collect());
    let windows = any(remedies.iter().map(|m| m.window.as_str()).collect());
    let subjects: BTreeSet<i64> = remedies.iter().filter_map(|m| m.subject.first().copied()).collect();
    params.push(subjects.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
    let among = tx.among(&format!("${}", params.len()));
    let sql = format!(
        "select {} from verdict where requirement in ({requirements}) and window_label in ({windows}) and subject {among}",
        Stored::COLUMNS
    );
    let mut found = tx.rows(&sql, &params, Stored::read)?;
    found.retain(|v| remedies.iter().any(|m| is_on(v, m)));
    Ok(found)
}

fn line(engine: &Engine, names: &Names, m: &Remedy, verdict: Option<&Stored>, today: Day) -> Line {
    let figures = engine.position(&m.requirement).zip(verdict).map(|(i, v)| {
        let ctx = Context::of(engine, i);
        match target_text(ctx, v).as_str() {
            "--" => value_text(ctx, v),
            target => format!("{}，应{target}", value_text(ctx, v)),
        }
    });
    let subject = subject(engine, names, m);
    let unit = unit(names, m);
    Line {
        act: act_words(&m.act).to_owned(),
        unit: if unit == subject { String::new() } else { unit },
        subject: Link::new(subject, format!("/remedies/{}", m.id)),
        basis: format!("{}　{}", code(engine, m), window_name(&m.window)),
        figures: figures.unwrap_or_default(),
        state: m.state.title(),
        due: m.due.map_or_else(String::new, Day::chinese),
        late: m.overdue(today),
        person: m.person.map_or_else(String::new, |p| names.title(PERSON, p).to_owned()),
        escalated: m.escalated.is_some() && m.overdue(today),
    }
}

/// The unit after its organ: `柳溪县发改局 办公室`; empty for the system.
pub(super) fn unit(names: &Names, m: &Remedy) -> String {
    let own = m.unit.map_or("", |u| names.title(UNIT, u));
    match m.organ.filter(|o| Some(*o) != m.unit) {
        Some(organ) => format!("{} {own}", names.title(UNIT, organ)),
        None => own.to_owned(),
    }
}

/// The verdict as it stands now.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn verdict(tx: &mut Tx<'_>, m: &Remedy) -> anyhow::Result<Option<Stored>> {
    let sql = format!(
        "select {} from verdict where requirement = $1 and subject = $2 and rest = $3 and window_label = $4",
        Stored::COLUMNS
    );
    let first = m.subject.first().copied().unwrap_or_default();
    let key: [Value; 4] = [m.requirement.as_str().into(), first.into(), m.rest().into(), m.window.as_str().into()];
    tx.one(&sql, &key, Stored::read)
}

/// Name of the subject; a remedy on what is not demanded any more keeps its number.
pub(super) fn subject(engine: &Engine, names: &Names, m: &Remedy) -> String {
    let title = engine.position(&m.requirement).map(|i| subjects::title(engine, i, &m.subject, names));
    title.filter(|t| !t.is_empty()).unwrap_or_else(|| format!("第{}号", m.id))
}

/// `学-02`; the table's id for what is not demanded any more.
pub(super) fn code(engine: &Engine, m: &Remedy) -> String {
    engine.position(&m.requirement).map_or_else(
        || m.requirement.clone(),
        |i| {
            let r = &engine.compiled[i].requirement;
            requirement_code(&r.pillar, &r.id)
        },
    )
}

/// The verdict's page.
pub(super) fn verdict_href(engine: &Engine, names: &Names, m: &Remedy) -> Option<String> {
    let i = engine.position(&m.requirement)?;
    Some(verdict_view::href(&m.requirement, &subjects::code(engine, i, &m.subject, names), &m.window))
}
