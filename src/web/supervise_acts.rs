//! What is said in a 督办: the unit's reply, the office's return or closing.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    app::App,
    due_day,
    error::PageError,
    frame::Ask,
    post::{Posted, Seat, act},
    requests::long_text,
    supervise::{render, replies},
    wrongs::Wrongs,
};
use crate::{
    auth::{Permission, account::Refused},
    installation::Current,
    once::Used,
    supervise::{self, LONGEST, Word},
};

/// `POST /supervise/{id}/reply`.
pub(super) async fn reply(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        if !seat.reader.may(Permission::Remedies) {
            return Err(PageError::Forbidden(Permission::Remedies).into());
        }
        said(seat, &id, "re", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true)
                .map(Word::Reply)
                .map_err(|why| ("text", format!("回复：{why}")).into())
        })
    })
    .await
}

/// `POST /supervise/{id}/close`.
pub(super) async fn close(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "cl", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true)
                .map(Word::Close)
                .map_err(|why| ("text", format!("销号意见：{why}")).into())
        })
    })
    .await
}

/// `POST /supervise/{id}/return`.
pub(super) async fn back(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "ba", &["text", "due"], &|seat, current| {
            let text = long_text(seat, "text", LONGEST, true).map_err(|why| ("text", format!("退回的理由：{why}")));
            let due = due_day::read(current, seat.now.day, seat.fields.get("due"), "回复期限", "单位");
            let mut wrongs = Wrongs::default();
            match (wrongs.take(text), wrongs.take(due.map_err(|why| ("due", why)))) {
                (Some(text), Some(due)) => Ok(Word::Return(text, due)),
                _ => Err(wrongs),
            }
        })
    })
    .await
}

/// A word, or what is wrong.
type Read = Result<Word, Wrongs>;

/// Reads a form and does what it says; or shows the page again with what is wrong.
fn said(
    seat: &Seat,
    id: &str,
    form: &str,
    fields: &[&str],
    read: &dyn Fn(&Seat, &Current) -> Read,
) -> anyhow::Result<Response> {
    let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let (current, matter) =
        seat.db().read(|tx| Ok((seat.app.installation.current(tx)?, supervise::get(tx, number)?)))?;
    let matter = matter.filter(|s| seat.scope.has_unit(s.unit)).ok_or(PageError::NotFound)?;
    if form == "re" {
        let [record, press] = [Permission::Record, Permission::Supervise].map(|p| seat.opens(&current, p));
        if !replies(record.as_ref(), press.as_ref(), matter.unit) {
            return Err(PageError::Refused("督办由对象单位回复，其他人不能代为回复。".into()).into());
        }
    }
    let wrong = |wrongs: Wrongs| {
        let left = wrongs.left(form, seat.typed(form, fields));
        seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, id, &left))
    };
    let word = match read(seat, &current) {
        Ok(word) => word,
        Err(wrongs) => return Ok(wrong(wrongs)),
    };
    let done = match word {
        Word::Reply(_) => "reply",
        Word::Return(..) => "return",
        Word::Close(_) => "close",
    };
    let actor = seat.by().at(seat.now.instant);
    let said = seat.write_once("supervision", move |tx| supervise::say(tx, &actor, number, &word).map(|()| number));
    match said {
        Ok(_) => Ok(seat.to(&format!("/supervise/{number}?done={done}"))),
        Err(e) if e.is::<Used>() => Ok(wrong(("text", format!("{e}。")).into())),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => {
                let typed = seat.typed(form, fields).into_iter().filter(|(_, text)| !text.is_empty());
                let typed = typed.map(|(_, text)| format!("您填写的：{text}")).collect();
                Err(PageError::RefusedTyped(text, typed).into())
            }
            Err(e) => Err(e),
        },
    }
}
