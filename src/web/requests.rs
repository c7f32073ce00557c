//! 更正申请: a person says what is wrong with an own record, those in charge of the unit answer.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer, show},
    ledger_typed::record_of,
    post::{Posted, Seat, act},
    record_links, unit_names,
    view::{
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        requests::{Line, NewRequest, OneRequest, Requests},
        table::Pager,
        words::{Link, Words},
    },
    wrongs::Wrongs,
};
use crate::{
    auth::account::{Refused, plain_text},
    clock::chinese,
    directive::model::Ledger,
    ledger::Stored,
    names::Names,
    personal::{
        own,
        request::{self, LONGEST, New, Request, State as Stands, WORKDAYS},
    },
    scope::Actor,
};

/// The form by which the reader asks to have a record corrected.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn form(desk: &Desk<'_, '_>, ledger: &str, row: &Stored) -> anyhow::Result<Form> {
    let hidden = [("ledger", ledger.to_owned()), ("record", row.record_id.to_string())];
    Ok(Form {
        id: "rq".into(),
        action: "/requests/new".into(),
        token: desk.form_token()?,
        hidden: hidden.map(|(k, v)| (k.to_owned(), v)).into(),
        fields: vec![
            Field::long("wrong", "哪里有误").hint("写明栏目和现在的内容，最多500字。").required(),
            Field::long("proposed", "应当是什么").hint("可以不填，最多500字。"),
        ],
        button: "提出申请".into(),
        ..Form::default()
    })
}

/// A record of a ledger that concerns the reader.
fn mine(desk: &mut Desk<'_, '_>, name: &str, text: &str) -> anyhow::Result<(usize, Stored)> {
    let person = desk.reader()?.person.ok_or(PageError::NotFound)?;
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let table = layout.index(name).filter(|t| !layout.ledgers[*t].derived).ok_or(PageError::NotFound)?;
    let ledger = &layout.ledgers[table];
    let id = match text.parse() {
        Ok(id) => id,
        Err(_) => record_of(desk, ledger, text)?.ok_or(PageError::NotFound)?,
    };
    let row = own::record(desk.tx, &current, person, ledger, id)?.ok_or(PageError::NotFound)?;
    Ok((table, row))
}

/// `GET /requests/new?ledger=…&record=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        let key = |k: &str| desk.ask.get(k).unwrap_or_default().to_owned();
        let (ledger, record) = (key("ledger"), key("record"));
        render_new(desk, &ledger, &record, &Left::default())
    })
    .await
}

fn render_new(desk: &mut Desk<'_, '_>, ledger: &str, record: &str, left: &Left) -> anyhow::Result<Response> {
    let (table, row) = mine(desk, ledger, record)?;
    let mut form = form(desk, ledger, &row)?;
    form.primary = true;
    form.cancel = Some(Link::new("取消", "/me"));
    left.fill(&mut form);
    let record = linked(desk, [(table, row.record_id)].into())?.remove(0);
    let view = NewRequest { errors: Errors::of(&form), record, form, page: desk.page("/me")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Links to records, each with its ledger's title.
fn linked(desk: &mut Desk<'_, '_>, of: Vec<(usize, i64)>) -> anyhow::Result<Vec<Link>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    of.iter().for_each(|(table, id)| {
        wanted.entry(*table).or_default().insert(*id);
    });
    let names = Names::load(desk.tx, layout, &wanted)?;
    let link = |(table, id): (usize, i64)| {
        let link = record_links::to(layout, &names, table, id);
        Link::new(format!("{}：{}", layout.ledgers[table].title, link.text), link.href)
    };
    Ok(of.into_iter().map(link).collect())
}

/// A text of some lines: filled, not too long, nothing unseen in it.
pub(super) fn long_text(seat: &Seat, field: &str, longest: usize, required: bool) -> Result<String, String> {
    let text = seat.fields.get(field).replace("\r\n", "\n");
    match text.chars().count() {
        0 if required => return Err("请填写。".into()),
        n if n > longest => return Err(format!("最多{longest}字，现在有{n}字。")),
        _ => {}
    }
    // Lines may be broken, nothing else that is unseen.
    plain_text(&text.replace(['\n', '\t'], " ")).map_err(|Refused(why)| why)?;
    Ok(text)
}

/// `POST /requests/new`.
pub(super) async fn make(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (ledger, record) = (seat.fields.get("ledger").to_owned(), seat.fields.get("record").to_owned());
        let typed = seat.typed("rq", &["wrong", "proposed"]);
        let again = |wrongs: Wrongs| {
            let left = wrongs.left("rq", typed.clone());
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_new(desk, &ledger, &record, &left)))
        };
        let mut wrongs = Wrongs::default();
        let what = long_text(seat, "wrong", LONGEST, true);
        let what = wrongs.take(what.map_err(|why| ("wrong", format!("哪里有误：{why}"))));
        let proposed = long_text(seat, "proposed", LONGEST, false);
        let proposed = wrongs.take(proposed.map_err(|why| ("proposed", format!("应当是什么：{why}"))));
        let (Some(what), Some(proposed)) = (what, proposed) else { return again(wrongs) };
        let Some(person) = seat.reader.person else { return Err(PageError::NotFound.into()) };
        let new = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let layout = &current.engine.layout;
            let id: i64 = record.parse().map_err(|_| PageError::NotFound)?;
            let table = layout.index(&ledger).filter(|t| !layout.ledgers[*t].derived).ok_or(PageError::NotFound)?;
            let row = own::record(tx, &current, person, &layout.ledgers[table], id)?.ok_or(PageError::NotFound)?;
            Ok(New {
                account: seat.reader.account,
                person,
                ledger: ledger.clone(),
                record: (row.record_id, row.revision),
                unit: row.unit.or_else(|| unit_names::place(&current, seat.now.day, person)),
                wrong: what,
                proposed,
                due: current.engine.workdays.after(seat.now.day, WORKDAYS),
            })
        })?;
        // By the clock of the records, so that it is known what was corrected after it.
        let actor = Actor { name: seat.reader.name.clone(), at: seat.now.instant, account: Some(seat.reader.account) };
        match seat.db().write(move |tx| request::ask(tx, &actor, &new)) {
            Ok(_) => Ok(seat.to("/me?done=request")),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => again(("wrong", text).into()),
                Err(e) => Err(e),
            },
        }
    })
    .await
}

/// Requests as lines of a list.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn lines(desk: &mut Desk<'_, '_>, requests: &[Request]) -> anyhow::Result<Vec<Line>> {
    let current = desk.current.clone();
    let tables: Vec<(usize, i64)> =
        requests.iter().map(|r| (current.engine.layout.index(&r.ledger).unwrap_or_default(), r.record.0)).collect();
    let records = linked(desk, tables)?;
    let today = desk.now.day;
    Ok(requests
        .iter()
        .zip(records)
        .map(|(r, record)| Line {
            number: Link::new(format!("第{}号", r.id), format!("/requests/{}", r.id)),
            by: r.by.1.clone(),
            record,
            wrong: r.wrong.clone(),
            asked: chinese(r.asked),
            due: r.due.chinese(),
            state: r.state(today).title(),
            late: r.state(today) == Stands::Overdue,
            answer: r.answer.as_ref().map_or_else(String::new, |a| format!("{}　{}：{}", chinese(a.at), a.by, a.words)),
        })
        .collect())
}

/// `GET /requests`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &["page", "size", "done"]);
        let size = asked::size(desk);
        let list = |desk: &mut Desk<'_, '_>, skip, limit| request::list(desk.tx, &desk.scope, skip, limit);
        let (found, page, total) = asked::rows(desk, size, list)?;
        Ok(Requests {
            notice: if desk.ask.get("done") == Some("answered") { "已答复。".into() } else { String::new() },
            rows: lines(desk, &found)?,
            pager: Pager {
                query: desk.ask.url.without("page").without("done"),
                title: "更正申请".into(),
                total,
                size,
                page,
            },
            page: desk.page("/requests")?,
        })
    })
    .await
}

/// `GET /requests/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| render_one(desk, &id, &Left::default())).await
}

/// A request that the reader's scope reaches.
fn reached(desk: &mut Desk<'_, '_>, id: &str) -> anyhow::Result<Request> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let found = request::get(desk.tx, id)?.filter(|r| request::reaches(&desk.scope, r));
    Ok(found.ok_or(PageError::NotFound)?)
}

fn render_one(desk: &mut Desk<'_, '_>, id: &str, left: &Left) -> anyhow::Result<Response> {
    let request = reached(desk, id)?;
    let own = desk.reader()?.account == request.by.0;
    let mut form = (request.answer.is_none() && !own).then(|| answer_form(request.id));
    if let Some(form) = &mut form {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let errors = form.as_ref().map(Errors::of).unwrap_or_default();
    left.shown(&errors)?;
    let view = OneRequest {
        errors,
        list: Link::new("更正申请", "/requests"),
        title: format!("第{}号更正申请", request.id),
        facts: facts(desk, &request)?,
        why: if own && request.answer.is_none() {
            "这是您自己的申请，由他人答复。".into()
        } else {
            String::new()
        },
        form,
        page: desk.page("/requests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn answer_form(id: i64) -> Form {
    let outcomes = [("", "请选择"), ("accepted", "已更正"), ("refused", "不予更正")];
    let outcomes = outcomes.map(|(v, t)| (v.to_owned(), t.to_owned())).into();
    Form {
        id: "an".into(),
        action: format!("/requests/{id}"),
        fields: vec![
            Field::choice("outcome", "结果", "", outcomes).required(),
            Field::long("words", "答复").hint("先更正记录，再答复“已更正”；不予更正的须说明理由，最多500字。"),
        ],
        button: "答复".into(),
        primary: true,
        ..Form::default()
    }
}

fn facts(desk: &mut Desk<'_, '_>, request: &Request) -> anyhow::Result<Facts> {
    let current = desk.current.clone();
    let table = current.engine.layout.index(&request.ledger).ok_or(PageError::NotFound)?;
    let ledger: &Ledger = &current.engine.layout.ledgers[table];
    let record = linked(desk, vec![(table, request.record.0)])?.remove(0);
    let mut facts = vec![
        Fact::new("申请人", unit_names::person(desk, request.person)?),
        Fact::new("申请时间", chinese(request.asked)),
        Fact::new("记录", Words::new().link(record.text, record.href)),
        Fact::new("有误之处", request.wrong.clone()),
        Fact::new("应当是", if request.proposed.is_empty() { "--".into() } else { request.proposed.clone() }),
        Fact::new("答复期限", format!("{}（{WORKDAYS}个工作日）", request.due.chinese())),
        Fact::new("状态", request.state(desk.now.day).title()),
    ];
    if let Some(unit) = request.unit {
        facts.insert(1, Fact::new("单位", unit_names::full(desk, unit)?));
    }
    let corrected = request::corrected(desk.tx, ledger, request)?;
    facts.push(Fact::new(
        "记录现状",
        match corrected {
            None => "申请之后没有更正".to_owned(),
            Some(row) if row.voided_at.is_some() => "申请之后已作废".to_owned(),
            Some(row) => format!("{}由{}更正为第{}版", chinese(row.recorded_at), row.recorded_by, row.revision),
        },
    ));
    if let Some(a) = &request.answer {
        facts.push(Fact::new("答复", format!("{}　{}：{}", chinese(a.at), a.by, a.words)));
    }
    Ok(Facts(facts))
}

/// `POST /requests/{id}`: the answer.
pub(super) async fn reply(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let typed = seat.typed("an", &["outcome", "words"]);
        let wrong = |field: &str, text: String| {
            let left = Left { typed: typed.clone(), ..Left::wrong(&format!("an-{field}"), text) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_one(desk, &id, &left)))
        };
        let Some((request, ledger)) = within_reach(seat, &id)? else { return Err(PageError::NotFound.into()) };
        if request.by.0 == seat.reader.account {
            return Err(PageError::Refused("不能答复自己的申请，请由他人办理。".into()).into());
        }
        let accepted = match seat.fields.get("outcome") {
            "accepted" => true,
            "refused" => false,
            _ => return wrong("outcome", "请选择结果。".into()),
        };
        let words = match long_text(seat, "words", LONGEST, !accepted) {
            Ok(words) => words,
            Err(why) => return wrong("words", format!("答复：{why}")),
        };
        let (actor, request) = (
            Actor { name: seat.reader.name.clone(), at: seat.now.instant, account: Some(seat.reader.account) },
            request.id,
        );
        match seat.db().write(move |tx| request::answer(tx, &actor, &ledger, request, (accepted, &words))) {
            Ok(()) => Ok(seat.to("/requests?done=answered")),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => wrong("outcome", text),
                Err(e) => Err(e),
            },
        }
    })
    .await
}

/// The request under that number, if the scope of who posts reaches it.
fn within_reach(seat: &Seat, id: &str) -> anyhow::Result<Option<(Request, Ledger)>> {
    let Ok(id) = id.parse() else { return Ok(None) };
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let scope = super::frame::scope(Some(&seat.reader), &current, seat.now.day);
        let Some(found) = request::get(tx, id)?.filter(|r| request::reaches(&scope, r)) else { return Ok(None) };
        let ledger = current.engine.layout.index(&found.ledger).map(|t| current.engine.layout.ledgers[t].clone());
        Ok(ledger.map(|ledger| (found, ledger)))
    })
}
