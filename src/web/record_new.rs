//! New records and corrections: `/ledgers/{name}/new`, `/ledgers/{name}/{id}/correct`.

use askama::Template as _;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{self, Ask, Desk, show},
    ledger_typed::record_of,
    post::{Posted, Seat, act},
    record_begin, record_conflict,
    record_form::{self, Filled, For, REASON},
    record_pick,
    route::Needs,
    view::{record_form::Conflict, words::Words},
};
use crate::{
    auth::{Permission, Reader, account::plain_text},
    clock,
    day::Day,
    db::{Tx, Value},
    directive::model::{Field, FieldType, Ledger},
    facts::{NumberTaken, OutOfScope},
    form::{self, Around, CodeIsNumber, CodeTaken, Deed, Fault, Saved, Typed},
    hex::unhex,
    installation::Current,
    ledger::{
        self, Keys, NewRow,
        query::{self, Filter, Query},
        row::Stored,
        store::{self, StoreError},
    },
    once::{self, Used},
    org::builtin,
    refusals::{Refused, Why},
};

/// The longest reason, in characters.
pub(super) const LONGEST: usize = 200;

/// The position of a ledger whose records may be written by somebody with these permissions.
///
/// # Errors
/// [`PageError::NotFound`] without such a ledger; [`PageError::Forbidden`] for settings without that permission.
pub(super) fn ledger_of(current: &Current, name: &str, may: impl Fn(Permission) -> bool) -> Result<usize, PageError> {
    let layout = &current.engine.layout;
    let table = layout.index(name).filter(|t| !layout.ledgers[*t].derived).ok_or(PageError::NotFound)?;
    if builtin::is_setting(name) && !may(Permission::Settings) {
        return Err(PageError::Forbidden(Permission::Settings));
    }
    Ok(table)
}

/// Whether the reader may record something in a ledger.
pub(super) fn may_add(desk: &Desk<'_, '_>, ledger: &Ledger) -> bool {
    let reader = desk.reader().ok().filter(|_| desk.may(Permission::Record));
    reader.is_some_and(|reader| may_write(reader, &desk.current, desk.now.day, ledger))
        && (!builtin::is_setting(&ledger.name) || desk.may(Permission::Settings))
}

/// Whether there is any row of a ledger that the reader may write.
fn may_write(reader: &Reader, current: &Current, day: Day, ledger: &Ledger) -> bool {
    ledger::ever_writable(ledger, &frame::writing(reader, Needs::May(Permission::Record), current, day))
}

/// Whether the reader may correct and void a row.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn may_change(desk: &mut Desk<'_, '_>, ledger: &Ledger, row: &Stored) -> anyhow::Result<bool> {
    if !may_add(desk, ledger) || row.voided_at.is_some() {
        return Ok(false);
    }
    let scope = frame::writing(desk.reader()?, Needs::May(Permission::Record), &desk.current, desk.now.day);
    ledger::writable(desk.tx, ledger, &scope, row.unit, &row.values)
}

/// `GET /ledgers/{name}/new`. The address may fill the form: `?pair=J1&day=2025-10-08`.
pub(super) async fn blank(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        let current = desk.current.clone();
        let table = ledger_of(&current, &name, |p| desk.may(p))?;
        let ledger = &current.engine.layout.ledgers[table];
        if !may_add(desk, ledger) {
            return Err(PageError::Forbidden(Permission::Record).into());
        }
        let plan = form::plan(&current.engine, ledger);
        let filled = record_begin::filled(desk, table, &plan)?;
        record_form::page(desk, &own, table, &For::New, &filled)
    })
    .await
}

/// `POST /ledgers/{name}/new`.
pub(super) async fn make(State(app): State<App>, Path(name): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let read = seat.db().read(|tx| read(seat, tx, &name, None))?;
        let Read { table, filled, row, .. } = match read {
            Ok(read) => read,
            Err(NotYet::Shown(status, table, filled)) => return Ok(answer(seat, status, table, None, &filled)),
            Err(NotYet::Sent(id, once)) => return Ok(seat.to(&saved_at(&name, id, &once))),
        };
        match form::save(&seat.app.installation, seat.by(), &name, &seat.once(Some(&filled.once)), Deed::New(row)) {
            Ok(Saved::Now(_)) if !seat.fields.get("again").is_empty() => {
                Ok(seat.to(&record_begin::again(&seat.ask, &name, &filled.once)))
            }
            Ok(Saved::Now(id) | Saved::Before(id)) => Ok(seat.to(&saved_at(&name, id, &filled.once))),
            Err(e) => refused(seat, table, None, filled, e),
        }
    })
    .await
}

fn saved_at(name: &str, id: i64, once: &str) -> String {
    format!("/ledgers/{name}/{id}?saved={once}")
}

/// `GET /ledgers/{name}/{id}/correct`.
pub(super) async fn open(State(app): State<App>, Path((name, id)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        asked::keys(desk, &[]);
        let current = desk.current.clone();
        let table = ledger_of(&current, &name, |p| desk.may(p))?;
        let ledger = &current.engine.layout.ledgers[table];
        let row = standing(desk, ledger, &id)?;
        let plan = form::plan(&current.engine, ledger);
        let typed = Typed::of_row(&plan, ledger, &own.installation.keys, &row)?;
        record_form::page(desk, &own, table, &For::Correct(&row), &Filled { typed, ..Filled::default() })
    })
    .await
}

/// The row of a record that may be changed.
///
/// # Errors
/// That it is not there, was voided, or is another unit's.
pub(super) fn standing(desk: &mut Desk<'_, '_>, ledger: &Ledger, id: &str) -> anyhow::Result<Stored> {
    let id = record_of(desk, ledger, id)?.ok_or(PageError::NotFound)?;
    let rows = store::history(desk.tx, ledger, &desk.scope, id)?;
    let Some(row) = rows.iter().find(|r| r.voided_at.is_none()) else {
        let by = rows.last().and_then(|r| r.voided_by.clone()).ok_or(PageError::NotFound)?;
        return Err(PageError::Refused(format!("这条记录已由{by}作废，不能再更正或作废。")).into());
    };
    if !may_change(desk, ledger, row)? {
        return Err(OutOfScope.into());
    }
    Ok(row.clone())
}

/// `POST /ledgers/{name}/{id}/correct`.
pub(super) async fn correct(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let Ok(revision) = seat.fields.get("revision").parse::<i64>() else {
            return Err(PageError::Invalid(vec!["表单不完整，请从记录页重新打开“更正”。".into()]).into());
        };
        let read = seat.db().read(|tx| read(seat, tx, &name, Some((&id, revision))))?;
        let Read { table, mut filled, row, before } = match read {
            Ok(read) => read,
            Err(NotYet::Shown(status, table, filled)) => {
                return Ok(answer(seat, status, table, Some((&id, revision)), &filled));
            }
            Err(NotYet::Sent(record, once)) => return Ok(seat.to(&saved_at(&name, record, &once))),
        };
        let Some(before) = before else { return Err(PageError::NotFound.into()) };
        let record = before.record_id;
        let reason = filled.reason.clone();
        let deed = Deed::Correct((record, revision), row.clone(), reason);
        match form::save(&seat.app.installation, seat.by(), &name, &seat.once(Some(&filled.once)), deed) {
            Ok(Saved::Now(_) | Saved::Before(_)) => Ok(seat.to(&saved_at(&name, record, &filled.once))),
            Err(e) => match e.downcast::<StoreError>() {
                Ok(StoreError::Conflict(conflict)) => {
                    let Some(now) = conflict.current else {
                        return Err(PageError::Refused(StoreError::Conflict(conflict).to_string()).into());
                    };
                    let own = Stored { code: row.code, unit: row.unit, values: row.values, ..before };
                    Ok(seat.show(StatusCode::CONFLICT, |desk| {
                        let rows =
                            record_conflict::differing(desk, &seat.app, table, [&conflict.expected, &now, &own])?;
                        filled.conflict = Some(Conflict {
                            words: format!(
                                "没有保存：这条记录已由{}于{}更正",
                                now.recorded_by,
                                clock::chinese(now.recorded_at)
                            ),
                            now: format!("现在（第{}版）", now.revision),
                            rows,
                        });
                        let page = record_form::page(desk, &seat.app, table, &For::Correct(&now), &filled)?;
                        Ok(Html(page.render()?).into_response())
                    }))
                }
                Ok(other) => refused(seat, table, Some((&id, revision)), filled, other.into()),
                Err(e) => refused(seat, table, Some((&id, revision)), filled, e),
            },
        }
    })
    .await
}

/// A form that can be recorded.
struct Read {
    table: usize,
    filled: Filled,
    row: NewRow,
    before: Option<Stored>,
}

/// A form that cannot.
enum NotYet {
    /// Shown again: the status of the answer, the ledger, and what it shows.
    Shown(StatusCode, usize, Box<Filled>),
    /// It was before, as this record, under this key.
    Sent(i64, String),
}

/// The form again, as a fresh one, where its key stands for something else that was saved.
fn used(filled: Filled) -> Filled {
    let told = "没有保存：这张表单已用过，请重新打开。您这次填写的内容仍在下面：要更正先前保存的记录，请打开那条记录；\
                确是另外一次的，核对后再按“保存”。";
    Filled { once: String::new(), said: vec![Words::from(told)], ..filled }
}

/// Reads a posted form: what was typed, picked and is wrong. `of` is the record with the revision that was seen.
fn read(seat: &Seat, tx: &mut Tx<'_>, name: &str, of: Option<(&str, i64)>) -> anyhow::Result<Result<Read, NotYet>> {
    let current = seat.app.installation.current(tx)?;
    let table = ledger_of(&current, name, |p| seat.reader.may(p))?;
    let ledger = &current.engine.layout.ledgers[table];
    if of.is_none() && !may_write(&seat.reader, &current, seat.now.day, ledger) {
        return Err(PageError::Forbidden(Permission::Record).into());
    }
    let once = seat.fields.get("once").to_owned();
    if once.len() != 64 || unhex(&once).is_none() {
        return Err(PageError::Invalid(vec!["表单不完整，请重新打开页面填写。".into()]).into());
    }
    let plan = form::plan(&current.engine, ledger);
    let scope = frame::scope(Some(&seat.reader), &current, seat.now.day);
    let directory = seat.app.directory.of(tx)?;
    let around = Around { current: &current, directory: &directory, scope: &scope, today: seat.now.day };
    let mut filled = Filled { typed: Typed::of(&plan, seat.fields.pairs()), once, ..Filled::default() };
    let find = seat.fields.get("find").to_owned();
    let (hits, mut faults) = record_pick::pick(tx, &around, &plan, &mut filled.typed)?;
    filled.hits = hits;
    let mut before = None;
    if let Some((id, revision)) = of {
        filled.reason = seat.fields.get(REASON).to_owned();
        let row = seen(tx, ledger, &scope, id, revision)?;
        before = Some(row.ok_or(PageError::NotFound)?);
    }
    if !find.is_empty() {
        filled.here = find;
        return Ok(Err(NotYet::Shown(StatusCode::OK, table, Box::new(filled))));
    }
    match once::sent(tx, &seat.once(Some(&filled.once)), seat.reader.account) {
        Ok(None) => {}
        Ok(Some(record)) => return Ok(Err(NotYet::Sent(record, filled.once))),
        Err(e) if e.is::<Used>() => {
            return Ok(Err(NotYet::Shown(StatusCode::CONFLICT, table, Box::new(used(filled)))));
        }
        Err(e) => return Err(e),
    }
    let keys = &seat.app.installation.keys;
    let checked = form::check(tx, (ledger, &plan), &filled.typed, before.as_ref(), keys, seat.now.day)?;
    filled.taken = checked.taken;
    let more = checked.faults.into_iter().filter(|f| !faults.iter().any(|own| own.key == f.key)).collect::<Vec<_>>();
    faults.extend(more);
    faults.sort_by_key(|f| plan.inputs().position(|i| i.key == f.key));
    if let Some(before) = &before {
        faults.extend(reason_fault(&filled.reason));
        let same = match checked.row.as_ref().filter(|_| faults.is_empty()) {
            Some(row) => is_same(ledger, keys, before, row)?,
            None => false,
        };
        if same {
            let text = "没有保存：内容与原来的完全一样，不必更正。要改的请改好再保存。".into();
            faults.push(Fault { key: REASON.into(), text });
        }
    }
    let Some(row) = checked.row.filter(|_| faults.is_empty()) else {
        return Ok(Err(NotYet::Shown(StatusCode::UNPROCESSABLE_ENTITY, table, Box::new(Filled { faults, ..filled }))));
    };
    let mut doubts = checked.doubts;
    if before.is_none() && is_known(tx, ledger, &scope, &row)? {
        let but = if ledger.fields.iter().any(|f| f.sensitive) { "除加密栏目外" } else { "" };
        doubts.push(format!("台账里已有一条{but}内容完全相同的记录"));
    }
    let sure = doubts.join("；");
    if !doubts.is_empty() && seat.fields.get("sure") != sure {
        let words = Words::from(format!("尚未保存，请先核对：{sure}。无误的，再按一次“保存”。"));
        filled.said.push(words);
        filled.sure = sure;
        return Ok(Err(NotYet::Shown(StatusCode::OK, table, Box::new(filled))));
    }
    Ok(Ok(Read { table, filled, row, before }))
}

/// What is wrong with a reason.
pub(super) fn reason_fault(reason: &str) -> Option<Fault> {
    let fault = |text: String| Some(Fault { key: REASON.into(), text });
    match reason.chars().count() {
        0 => fault("请填写原因。".into()),
        n if n > LONGEST => fault(format!("原因：最多{LONGEST}字，现在有{n}字。")),
        _ => plain_text(reason).err().and_then(|refused| fault(format!("原因：{}", refused.0))),
    }
}

/// The row of a record in the revision that was seen.
fn seen(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &crate::scope::Scope,
    id: &str,
    revision: i64,
) -> anyhow::Result<Option<Stored>> {
    let coded = if id.contains('\0') { None } else { query::coded(tx, ledger, scope, id)? };
    let Some(record) = coded.or_else(|| id.parse().ok()) else { return Ok(None) };
    Ok(store::history(tx, ledger, scope, record)?.into_iter().find(|row| row.revision == revision))
}

fn compared(field: &Field) -> bool {
    !field.sensitive && field.ty != FieldType::Derived
}

/// Whether a record with this very content stands already, as far as the writer may see it.
fn is_known(tx: &mut Tx<'_>, ledger: &Ledger, scope: &crate::scope::Scope, row: &NewRow) -> anyhow::Result<bool> {
    let fields = ledger.fields.iter().zip(&row.values).filter(|(f, _)| compared(f));
    let filters = fields.map(|(f, value)| Filter::Is { field: f.name.clone(), any_of: vec![value.clone()] });
    let query = Query { filters: filters.collect(), ..Query::default() };
    Ok(query::count(tx, ledger, scope, &query, Some(1))? > 0)
}

/// Whether a correction leaves everything as it was. Sealed values differ each time they are sealed, so they are opened.
fn is_same(ledger: &Ledger, keys: &Keys, before: &Stored, row: &NewRow) -> anyhow::Result<bool> {
    if (ledger.unit_from.is_none() && before.unit != row.unit) || before.code != row.code {
        return Ok(false);
    }
    for (field, (was, is)) in ledger.fields.iter().zip(before.values.iter().zip(&row.values)) {
        let same = match was {
            Value::Text(sealed) if field.sensitive => is.as_text() == Some(keys.open(sealed)?.as_str()),
            _ => was == is,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The form again, with a status.
fn answer(seat: &Seat, status: StatusCode, table: usize, of: Option<(&str, i64)>, filled: &Filled) -> Response {
    let mut response = seat.show(status, |desk| {
        let current = desk.current.clone();
        let ledger = &current.engine.layout.ledgers[table];
        let scope = desk.scope.clone();
        let row = match of {
            Some((id, revision)) => Some(seen(desk.tx, ledger, &scope, id, revision)?.ok_or(PageError::NotFound)?),
            None => None,
        };
        let what = row.as_ref().map_or(For::New, For::Correct);
        Ok(Html(record_form::page(desk, &seat.app, table, &what, filled)?.render()?).into_response())
    });
    if filled.taken {
        let who = Some((seat.reader.account, seat.reader.name.clone()));
        response.extensions_mut().insert(Refused { why: Why::Number, who });
    }
    response
}

/// What the store refused, as a fault of the form; anything else stays an error.
fn refused(
    seat: &Seat,
    table: usize,
    of: Option<(&str, i64)>,
    mut filled: Filled,
    error: anyhow::Error,
) -> anyhow::Result<Response> {
    if error.is::<Used>() {
        return Ok(answer(seat, StatusCode::CONFLICT, table, of, &used(filled)));
    }
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let fault = if let Some(taken) = error.downcast_ref::<CodeTaken>() {
        Fault { key: "record_code".into(), text: format!("{taken}。") }
    } else if let Some(number) = error.downcast_ref::<CodeIsNumber>() {
        Fault { key: "record_code".into(), text: format!("{number}。") }
    } else if let Some(taken) = error.downcast_ref::<NumberTaken>() {
        filled.taken = true;
        Fault { key: format!("f.{}", taken.field), text: format!("{taken}。") }
    } else if let Some(out) = error.downcast_ref::<OutOfScope>() {
        Fault { key: String::new(), text: format!("{out}。") }
    } else if let Some(clock @ StoreError::Clock) = error.downcast_ref() {
        status = StatusCode::CONFLICT;
        Fault { key: String::new(), text: format!("没有保存：{clock}。") }
    } else {
        return Err(error);
    };
    filled.faults.push(fault);
    Ok(answer(seat, status, table, of, &filled))
}
