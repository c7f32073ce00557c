//! 存疑 on a record's page: marked with a reason, answered by the recording unit.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    columns_value::code,
    error::PageError,
    frame::{Ask, Desk},
    post::{Posted, Seat, act},
    record,
    record_open::Open,
    requests::long_text,
    view::{
        form::{Errors, Field, Form},
        record::{Doubt as View, Saved},
        url::{Query, segment},
    },
};
use crate::{
    auth::{Permission, account::Refused},
    clock::chinese,
    db::{Row, Tx},
    directive::model::Ledger,
    doubt::{self, Doubt, LONGEST},
    ledger::{Stored, query, store},
    once::Used,
    scope::Scope,
};

/// The doubts on a record, each with the form to answer it for who may; and the form to doubt it.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    ledger: &Ledger,
    row: &Stored,
    left: &Left,
) -> anyhow::Result<(Vec<View>, Option<Form>)> {
    let may = desk.opens(Permission::Record).filter(|scope| answers(scope, row.unit)).is_some();
    let account = desk.reader()?.account;
    let mut lines = Vec::new();
    for d in doubt::of_record(desk.tx, &ledger.name, row.record_id)? {
        let mut form = (d.answer.is_none() && may && d.account != Some(account)).then(|| answer_form(&d));
        if let Some(form) = &mut form {
            form.token = desk.form_token()?;
            left.fill(form);
        }
        lines.push(View {
            reason: d.reason,
            asked: format!("{}　{}", chinese(d.asked.0), d.asked.1),
            answer: d.answer.map_or_else(String::new, |(at, by, words)| format!("{}　{by}：{words}", chinese(at))),
            form,
        });
    }
    let mut form = (row.voided_at.is_none() && desk.may(Permission::Doubt)).then(|| Form {
        id: "db".into(),
        action: format!("/ledgers/{}/{}/doubt", ledger.name, segment(&code(row))),
        fields: vec![Field::long("reason", "哪里存疑").hint("最多500字，由登记单位答复；不影响判定。").required()],
        button: "标记存疑".into(),
        ..Form::default()
    });
    if let Some(form) = &mut form {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    Ok((lines, form))
}

/// Whether who records within a scope answers for a record of the unit.
fn answers(scope: &Scope, unit: Option<i64>) -> bool {
    match (scope, unit) {
        (Scope::All, _) => true,
        (Scope::Within(_), Some(unit)) => scope.has_unit(unit),
        (Scope::Within(_), None) => false,
    }
}

fn answer_form(d: &Doubt) -> Form {
    Form {
        id: format!("da{}", d.id),
        action: format!("/doubts/{}", d.id),
        fields: vec![
            Field::long("words", "答复").hint("说明情况；确有错误的，先更正记录再答复。最多500字。").required(),
        ],
        button: "答复".into(),
        primary: true,
        ..Form::default()
    }
}

/// What is said of a doubt that was just marked or answered.
pub(super) fn done(what: &str) -> Option<Saved> {
    let words = match what {
        "doubt" => "已标记存疑。",
        "answer" => "已答复存疑。",
        _ => return None,
    };
    Some(Saved { words: words.into(), lines: Vec::new(), more: 0 })
}

/// What is wrong in the forms about doubts on the page.
pub(super) fn errors(lines: &[View], form: Option<&Form>) -> Errors {
    let forms = lines.iter().filter_map(|l| l.form.as_ref()).chain(form);
    Errors(forms.flat_map(|form| Errors::of(form).0).collect())
}

/// The record's page again, with what is wrong.
fn again(seat: &Seat, name: &str, code: &str, form: &str, field: &str, why: String) -> Response {
    let left = Left { typed: seat.typed(form, &[field]), ..Left::wrong(&format!("{form}-{field}"), why) };
    // The page's own address is the record's.
    let url = Query::new(format!("/ledgers/{name}/{}", segment(code)));
    let seat = Seat { ask: Ask { page: url.clone(), url, ..seat.ask.clone() }, ..seat.clone() };
    seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| {
        let page = record::page_with(desk, &seat.app, name, code, &Open::No, &left)?;
        Ok(Html(askama::Template::render(&page)?).into_response())
    })
}

/// `POST /ledgers/{name}/{id}/doubt`.
pub(super) async fn mark(
    State(app): State<App>,
    Path((name, typed)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let found = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let scope = super::frame::scope(Some(&seat.reader), &current, seat.now.day);
            let layout = &current.engine.layout;
            let Some(table) = layout.index(&name).filter(|t| !layout.ledgers[*t].derived) else { return Ok(None) };
            let ledger = &layout.ledgers[table];
            let Some(id) = query::coded(tx, ledger, &scope, &typed)?.or(typed.parse().ok()) else { return Ok(None) };
            store::get(tx, ledger, &scope, id, None)
        })?;
        let Some(row) = found else { return Err(PageError::NotFound.into()) };
        let reason = match long_text(seat, "reason", LONGEST, true) {
            Ok(reason) => reason,
            Err(why) => return Ok(again(seat, &name, &typed, "db", "reason", format!("哪里存疑：{why}"))),
        };
        let (actor, ledger) = (seat.by().at(seat.now.instant), name.clone());
        let of = (row.record_id, row.revision, row.unit);
        let mark = move |tx: &mut Tx<'_>| doubt::mark(tx, &actor, (&ledger, of.0, of.1), of.2, &reason);
        match seat.write_once("doubt", mark) {
            Ok(_) => Ok(seat.to(&format!("/ledgers/{name}/{}?done=doubt", segment(&typed)))),
            Err(e) if e.is::<Used>() => Ok(again(seat, &name, &typed, "db", "reason", format!("{e}。"))),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => Ok(again(seat, &name, &typed, "db", "reason", text)),
                Err(e) => Err(e),
            },
        }
    })
    .await
}

/// `POST /doubts/{id}`.
pub(super) async fn answer(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        let found = seat.db().read(|tx| {
            let Some(d) = doubt::get(tx, id)? else { return Ok(None) };
            // The unit that the record belongs to now answers, as the page offers it.
            let sql = format!(
                "select record_code, unit_id from \"l_{}\" where record_id = $1 order by revision desc limit 1",
                d.ledger
            );
            let row = |r: &Row<'_>| Ok((r.opt_text(0)?.map(str::to_owned), r.opt_i64(1)?));
            let row = tx.one(&sql, &[d.record.0.into()], row)?.filter(|(_, unit)| answers(&seat.scope, *unit));
            Ok(row.map(|(code, _)| (code.unwrap_or_else(|| d.record.0.to_string()), d)))
        })?;
        let Some((code, d)) = found else { return Err(PageError::NotFound.into()) };
        if d.account == Some(seat.reader.account) {
            return Err(PageError::Refused("这是您自己提出的存疑，请由登记单位的其他人答复。".into()).into());
        }
        let form = format!("da{id}");
        let words = match long_text(seat, "words", LONGEST, true) {
            Ok(words) => words,
            Err(why) => return Ok(again(seat, &d.ledger, &code, &form, "words", format!("答复：{why}"))),
        };
        let actor = seat.by().at(seat.now.instant);
        match seat.write_once("doubt", move |tx| doubt::answer(tx, &actor, id, &words).map(|()| id)) {
            Ok(_) => Ok(seat.to(&format!("/ledgers/{}/{}?done=answer", d.ledger, segment(&code)))),
            Err(e) if e.is::<Used>() => Err(PageError::Refused(format!("没有记录：{e}。")).into()),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => Err(PageError::Refused(text).into()),
                Err(e) => Err(e),
            },
        }
    })
    .await
}
