//! A record `/ledgers/{name}/{id}`: its fields, its history, what counts it and what refers to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    account::Left,
    app::App,
    asked,
    columns_value::{self, Shown},
    doubt,
    error::PageError,
    frame::{Ask, Desk, show},
    ledger::void_words,
    ledger_conditions::key,
    ledger_typed::record_of,
    org_units::Units,
    people::People,
    record_derived, record_files, record_history, record_links,
    record_new::{may_add, may_change},
    record_open::{self, Open},
    record_saved, record_uses, requests,
    view::{
        form::Form,
        record::{Field, Record},
        url::{Query as Url, segment},
        words::{Link, Words},
    },
};
use crate::{
    attach,
    day::Day,
    db::Value,
    directive::model::{FieldType, Ledger},
    installation::Current,
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
        store,
    },
    names::Names,
    personal::own,
    verdict::{
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// Texts longer than this go over both columns.
const LONG: usize = 24;
/// A ledger of up to so many rows is gone through.
const SHORT: i64 = 5_000;

/// `GET /ledgers/{name}/{id}`.
pub(super) async fn page(State(app): State<App>, Path((name, id)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own, &name, &id, &Open::No)).await
}

/// Fills the page. `text` is the record's code or its id.
///
/// # Errors
/// [`PageError::NotFound`] without such a ledger or record; else when the store cannot be read.
pub(super) fn render(
    desk: &mut Desk<'_, '_>,
    app: &App,
    name: &str,
    text: &str,
    open: &Open<'_>,
) -> anyhow::Result<Record> {
    page_with(desk, app, name, text, open, &Left::default())
}

/// The same with what a form about doubts has left.
///
/// # Errors
/// As [`page`].
pub(super) fn page_with(
    desk: &mut Desk<'_, '_>,
    app: &App,
    name: &str,
    text: &str,
    open: &Open<'_>,
    left: &Left,
) -> anyhow::Result<Record> {
    asked::keys(desk, &["saved", "done"]);
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let table = layout.index(name).filter(|t| !layout.ledgers[*t].derived).ok_or(PageError::NotFound)?;
    let ledger = &layout.ledgers[table];
    let id = record_of(desk, ledger, text)?.ok_or(PageError::NotFound)?;
    let revisions = store::history(desk.tx, ledger, &desk.scope, id)?;
    let row = revisions.iter().rfind(|r| r.voided_at.is_none()).or(revisions.last()).ok_or(PageError::NotFound)?;
    let units = Units::of(&current);
    let people = (table == PERSON).then(|| app.people.on(&current, desk.now.day));
    let mut wanted = columns_value::wanted(layout, table, &revisions, units.as_ref());
    if let (Some(unit), Some(units)) = (people.as_ref().and_then(|p| p.seen_unit(&desk.scope, id)), &units) {
        wanted.entry(UNIT).or_default().extend(units.with_organ(units.id(unit)));
    }
    let names = Names::load(desk.tx, layout, &wanted)?;
    let derived = match row.voided_at {
        None => record_derived::of(desk, table, &[id].into())?,
        Some(_) => HashMap::new(),
    };
    let shown =
        Shown { layout, table, names: &names, units: units.as_ref(), keys: &app.installation.keys, derived: &derived };
    let opening = record_open::of(desk, ledger, row, open)?;
    let mut fields = fields(&shown, row, &opening.opened)?;
    match (&people, &units) {
        (Some(people), Some(units)) => fields.extend(places(desk, &shown, people, units, id)?),
        _ => fields.extend(own_unit(&shown, row)),
    }
    let (uses, uses_none) = record_uses::of(desk, table, row)?;
    let (doubts, doubt) = doubt::of(desk, ledger, row, left)?;
    let mut errors = opening.errors;
    errors.0.extend(doubt::errors(&doubts, doubt.as_ref()).0);
    let (previous, next) = match row.voided_at {
        None => (beside(desk, &current, table, row, false)?, beside(desk, &current, table, row, true)?),
        Some(_) => (None, None),
    };
    let saved = match desk.ask.get("saved").map(str::to_owned) {
        Some(once) => record_saved::of(desk, id, &once)?,
        None => desk.ask.get("done").and_then(doubt::done),
    };
    let href = record_links::record_href(ledger, &address(desk, ledger, row)?);
    let namesake = namesake(desk, ledger, row)?;
    let attached = attach::of_record(desk.tx, &ledger.name, id)?;
    let may = may_change(desk, ledger, row)?;
    let files = record_files::of(desk, ledger, row, &attached, may, left)?;
    errors.0.extend(files.iter().flat_map(|f| f.errors().0));
    left.shown(&errors)?;
    let change = may.then(|| (format!("{href}/correct"), format!("{href}/void")));
    let learning = (table == PERSON && row.voided_at.is_none())
        .then(|| format!("/people/{}/learning", segment(&columns_value::code(row))));
    Ok(Record {
        learning,
        namesake,
        saved,
        change,
        page: desk.page(&record_links::list_path(ledger))?,
        ledger: Link::new(ledger.title.clone(), record_links::list_path(ledger)),
        title: shown.title(row),
        meta: meta(&shown, row),
        voided: row.voided_at.map(|at| Words::from(format!("已作废：{}。", void_words(row, at)))),
        history: record_history::of(&shown, &revisions, &attached),
        referring: referring(desk, app, table, row)?,
        correction: correction(desk, table, id)?,
        open: opening.form,
        files,
        errors,
        doubts,
        doubt,
        fields,
        uses,
        uses_none,
        previous,
        next,
    })
}

/// By what the forms of a record name it: its number, unless that is another's code.
fn address(desk: &mut Desk<'_, '_>, ledger: &Ledger, row: &Stored) -> anyhow::Result<String> {
    let number = row.record_id.to_string();
    let found = record_of(desk, ledger, &number)?;
    Ok(if found == Some(row.record_id) { number } else { columns_value::code(row) })
}

/// The record whose code is the number of this one, which has none: its code leads here, so that it is named.
fn namesake(desk: &mut Desk<'_, '_>, ledger: &Ledger, row: &Stored) -> anyhow::Result<Option<Link>> {
    if row.code.is_some() {
        return Ok(None);
    }
    let number = row.record_id.to_string();
    let other = query::with_code(desk.tx, ledger, &desk.scope, &number)?;
    Ok(other.map(|id| Link::new(format!("编号为{number}的那一条"), record_links::record_href(ledger, &id.to_string()))))
}

/// The form to ask for a correction, where the record concerns the reader.
fn correction(desk: &mut Desk<'_, '_>, table: usize, id: i64) -> anyhow::Result<Option<Form>> {
    let current = desk.current.clone();
    let ledger = &current.engine.layout.ledgers[table];
    let Some(person) = desk.reader()?.person else { return Ok(None) };
    let row = own::record(desk.tx, &current, person, ledger, id)?;
    row.map(|row| requests::form(desk, &ledger.name, &row)).transpose()
}

/// `2025年5月28日　编号2025-0058`
fn meta(shown: &Shown<'_>, row: &Stored) -> String {
    let ledger = &shown.layout.ledgers[shown.table];
    let day = ledger.opening().and_then(|name| row.value(ledger, name).as_text()).and_then(Day::parse);
    let parts = [day.map_or_else(String::new, Day::chinese), format!("编号{}", columns_value::code(row))];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("　")
}

fn fields(shown: &Shown<'_>, row: &Stored, opened: &[usize]) -> anyhow::Result<Vec<Field>> {
    let field = |(i, f): (usize, &crate::directive::model::Field)| {
        let text = if opened.contains(&i) { shown.whole(row, i)? } else { shown.text(row, i) };
        let words = match shown.link(row, i) {
            Some(link) => Words::new().link(link.text, link.href),
            None => Words::from(text.clone()),
        };
        Ok(Field {
            title: f.title.clone(),
            words,
            derived: f.ty == FieldType::Derived,
            long: f.ty == FieldType::Text && text.chars().count() > LONG,
        })
    };
    let fields = shown.layout.ledgers[shown.table].fields.iter().enumerate();
    fields.filter(|(_, f)| f.ty != FieldType::File).map(field).collect()
}

/// The unit of the row; in grey where it follows from another field.
fn own_unit(shown: &Shown<'_>, row: &Stored) -> Option<Field> {
    let unit = shown.unit(row.unit?);
    let derived = shown.layout.ledgers[shown.table].unit_from.is_some();
    Some(Field { title: "单位".into(), words: Words::new().link(unit.text, unit.href), derived, ..Field::default() })
}

/// Where a person is today.
fn places(
    desk: &mut Desk<'_, '_>,
    shown: &Shown<'_>,
    people: &People,
    units: &Units<'_>,
    id: i64,
) -> anyhow::Result<Vec<Field>> {
    let titles = people.titles(desk, Some(&[id]), units)?;
    let grey = |title: &str, words: Words| Field { title: title.into(), words, derived: true, ..Field::default() };
    let unit = people.seen_unit(&desk.scope, id).map_or_else(Words::new, |u| {
        let unit = shown.unit(units.id(u));
        Words::new().link(unit.text, unit.href)
    });
    let post = titles.get(&id).cloned().unwrap_or_default();
    Ok(vec![grey("现在单位", unit), grey("现任职务", Words::from(post))])
}

/// The records that refer to this one, by ledger and field, as lists. They are counted where that is quick: by an
/// index, or in a short ledger.
fn referring(desk: &mut Desk<'_, '_>, app: &App, table: usize, row: &Stored) -> anyhow::Result<Vec<Link>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let indexes = current.engine.indexes();
    let mut found = Vec::new();
    for (other, ledger) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
        let pointing: Vec<usize> =
            (0..ledger.fields.len()).filter(|i| layout.kinds[other][*i] == Kind::Ref(table)).collect();
        for i in &pointing {
            let field = &ledger.fields[*i];
            let url = Url::new(record_links::list_path(ledger)).with(&key(field), columns_value::code(row));
            let by = if pointing.len() > 1 { format!("（{}）", field.title) } else { String::new() };
            let indexed = indexes.get(&ledger.name).into_iter().flatten().any(|i| i.first() == Some(&field.name));
            if !indexed && app.memo.count(desk.tx, ledger, &desk.scope, &Query::default())? > SHORT {
                found.push(Link::new(format!("查找{}{by}", ledger.title), url.href()));
                continue;
            }
            let filter = Filter::Is { field: field.name.clone(), any_of: vec![Value::I64(row.record_id)] };
            let query = Query { filters: vec![filter], ..Query::default() };
            let n = query::count(desk.tx, ledger, &desk.scope, &query, None)?;
            if n > 0 {
                found.push(Link::new(format!("{}{by}{n}条", ledger.title), url.href()));
            }
            if ledger.unit_from.as_ref() == Some(&field.name) && row.voided_at.is_none() && may_add(desk, ledger) {
                let new =
                    Url::new(format!("/ledgers/{}/new", ledger.name)).with(&field.name, row.record_id.to_string());
                found.push(Link::new(format!("新增{}", ledger.title), new.href()));
            }
        }
    }
    Ok(found)
}

/// The record before or behind this one in the list.
fn beside(
    desk: &mut Desk<'_, '_>,
    current: &Current,
    table: usize,
    row: &Stored,
    after: bool,
) -> anyhow::Result<Option<Link>> {
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[table];
    let Some(other) = query::beside(desk.tx, ledger, &desk.scope, row, after)? else { return Ok(None) };
    let wanted: BTreeMap<usize, BTreeSet<i64>> = [(table, [other.record_id].into())].into();
    let names = Names::load(desk.tx, layout, &wanted)?;
    let code = columns_value::code(&other);
    let title = match names.title(table, other.record_id) {
        "" => code.clone(),
        title => title.to_owned(),
    };
    Ok(Some(Link::new(title, record_links::record_href(ledger, &code))))
}
