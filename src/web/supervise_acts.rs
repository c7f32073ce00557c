//! What is said in a 督办: the unit's reply, the office's return or closing.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    account::Left,
    app::App,
    error::PageError,
    frame::Ask,
    post::{Posted, Seat, act},
    requests::long_text,
    supervise::{LATEST, SOONEST, render},
};
use crate::{
    auth::{Permission, account::Refused},
    day::Day,
    installation::Current,
    scope::Actor,
    supervise::{self, LONGEST, Word},
};

/// A last day as typed, or what is wrong with it.
pub(super) fn last_day(current: &Current, today: Day, typed: &str) -> Result<Day, String> {
    let soonest = current.engine.workdays.after(today, SOONEST);
    match Day::parse(typed) {
        None if typed.is_empty() => Err("回复期限：请填写。".into()),
        None => Err("回复期限不是有效日期，请写成 2025-11-30。".into()),
        Some(day) if day < soonest => {
            Err(format!("回复期限应不早于{}，给单位留出至少{SOONEST}个工作日。", soonest.chinese()))
        }
        Some(day) if day > today.plus(LATEST) => Err(format!("回复期限应不晚于{}。", today.plus(LATEST).chinese())),
        Some(day) => Ok(day),
    }
}

pub(super) fn actor(seat: &Seat) -> Actor {
    Actor { name: seat.reader.name.clone(), at: seat.now.instant, account: Some(seat.reader.account) }
}

/// What was typed into fields of a form, to be shown again.
pub(super) fn typed(seat: &Seat, form: &str, fields: &[&str]) -> Vec<(String, String)> {
    let text = |f: &&str| (format!("{form}-{f}"), seat.fields.get(f).chars().take(2 * LONGEST).collect());
    fields.iter().map(text).collect()
}

/// `POST /supervise/{id}/reply`.
pub(super) async fn reply(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        if !seat.reader.may(Permission::Remedies) {
            return Err(PageError::Forbidden(Permission::Remedies).into());
        }
        if seat.reader.may(Permission::Supervise) {
            return Err(PageError::Refused("督办由对象单位回复，签发督办的不能代为回复。".into()).into());
        }
        said(seat, &id, "re", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true).map(Word::Reply).map_err(|why| ("text", format!("回复：{why}")))
        })
    })
    .await
}

/// `POST /supervise/{id}/close`.
pub(super) async fn close(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "cl", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true).map(Word::Close).map_err(|why| ("text", format!("销号意见：{why}")))
        })
    })
    .await
}

/// `POST /supervise/{id}/return`.
pub(super) async fn back(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "ba", &["text", "due"], &|seat, current| {
            let text = long_text(seat, "text", LONGEST, true).map_err(|why| ("text", format!("退回的理由：{why}")))?;
            let due = last_day(current, seat.now.day, seat.fields.get("due")).map_err(|why| ("due", why))?;
            Ok(Word::Return(text, due))
        })
    })
    .await
}

/// A word, or the field that is wrong and why.
type Read = Result<Word, (&'static str, String)>;

/// Reads a form and does what it says; or shows the page again with what is wrong.
fn said(
    seat: &Seat,
    id: &str,
    form: &str,
    fields: &[&str],
    read: &dyn Fn(&Seat, &Current) -> Read,
) -> anyhow::Result<Response> {
    let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let (current, there) = seat.db().read(|tx| {
        let there = supervise::get(tx, number)?.is_some_and(|s| seat.scope.has_unit(s.unit));
        Ok((seat.app.installation.current(tx)?, there))
    })?;
    if !there {
        return Err(PageError::NotFound.into());
    }
    let word = match read(seat, &current) {
        Ok(word) => word,
        Err((field, why)) => {
            let left = Left { typed: typed(seat, form, fields), ..Left::wrong(&format!("{form}-{field}"), why) };
            return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, id, &left)));
        }
    };
    let done = match word {
        Word::Reply(_) => "reply",
        Word::Return(..) => "return",
        Word::Close(_) => "close",
    };
    let actor = actor(seat);
    match seat.db().write(move |tx| supervise::say(tx, &actor, number, &word)) {
        Ok(()) => Ok(seat.to(&format!("/supervise/{number}?done={done}"))),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => Err(PageError::Refused(text).into()),
            Err(e) => Err(e),
        },
    }
}
