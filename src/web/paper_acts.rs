//! What is done with a paper: its words written, its figures taken anew, dropped, issued, handed out.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::{self, Ask, Desk, answer},
    paper::{reached, render},
    post::{Posted, Seat, act},
    requests::long_text,
    view::url::segment,
    wrongs::Wrongs,
};
use crate::{
    audit::{About, Kind},
    auth::account::{Refused, plain_text},
    day::Day,
    document::{docx, xlsx::xlsx},
    paper::{
        self, file, issue,
        store::{self, Saved, Saving},
    },
};

/// Most characters of a passage.
const LONGEST: usize = 4_000;
/// Most characters of 发文机关代字.
const PREFIX: usize = 20;
/// Days from today that 成文日期 may be.
const NEAR: i32 = 366;

/// The draft under that number, if the scope of who posts reaches it, and the version that the form was made of.
fn draft(seat: &Seat, id: &str) -> anyhow::Result<(Saved, i64)> {
    let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let found = seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let scope = frame::scope(Some(&seat.reader), &current, seat.now.day);
        Ok(store::get(tx, id)?.filter(|s| store::reaches(&scope, s.wanted.unit)))
    })?;
    let saved = found.ok_or(PageError::NotFound)?;
    Ok((saved, seat.fields.get("version").parse().unwrap_or(0)))
}

/// Shows the paper again with what is wrong and what was typed.
fn again(seat: &Seat, id: &str, left: &Left) -> anyhow::Result<Response> {
    let app = seat.app.clone();
    Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &app.installation, id, left)))
}

/// Goes on, or says why not beside a field.
fn done(
    seat: &Seat,
    id: &str,
    result: anyhow::Result<()>,
    to: &str,
    left: impl FnOnce(String) -> Left,
) -> anyhow::Result<Response> {
    match result {
        Ok(()) => Ok(seat.to(to)),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => {
                // Of one that is dropped there is no page any more.
                let gone =
                    seat.db().read(|tx| Ok(store::get(tx, id.parse().unwrap_or(0))?.is_none_or(|s| s.dropped)))?;
                if gone { Err(PageError::Refused(text).into()) } else { again(seat, id, &left(text)) }
            }
            Err(e) => Err(e),
        },
    }
}

/// `POST /papers/{id}`: the words.
pub(super) async fn write(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (mut saved, version) = draft(seat, &id)?;
        let keys: Vec<(String, String)> = saved.content.passages().map(|p| (p.key.clone(), p.label.clone())).collect();
        let typed = seat.typed("pw", &keys.iter().map(|(k, _)| k.as_str()).collect::<Vec<_>>());
        let mut wrong = Vec::new();
        for (key, label) in &keys {
            match long_text(seat, key, LONGEST, matches!(key.as_str(), "title" | "to")) {
                Ok(text) => saved.content.write(key, &text),
                Err(why) => wrong.push((format!("pw-{key}"), format!("{label}：{why}"))),
            }
        }
        if !wrong.is_empty() {
            return again(seat, &id, &Left { wrong, typed, ..Left::default() });
        }
        let (actor, content) = (seat.by().at(seat.now.instant), saved.content);
        let result = seat.db().write(move |tx| store::save(tx, &actor, (saved.id, version), &content, Saving::Words));
        let left = |text| Left { typed, ..Left::wrong("pw-title", text) };
        done(seat, &id, result, &format!("/papers/{id}?done=saved"), left)
    })
    .await
}

/// `POST /papers/{id}/redraw`: the figures anew, the words as they are.
pub(super) async fn redraw(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (saved, version) = draft(seat, &id)?;
        let installation = &seat.app.installation;
        let notice = |notice: String| Left { notice, ..Left::default() };
        let content = match seat.db().read(|tx| issue::redrawn(tx, installation, &saved))? {
            Ok(content) => content,
            Err(text) => return again(seat, &id, &notice(text)),
        };
        let actor = seat.by().at(seat.now.instant);
        let result = seat.db().write(move |tx| store::save(tx, &actor, (saved.id, version), &content, Saving::Figures));
        done(seat, &id, result, &format!("/papers/{id}?done=redrawn"), notice)
    })
    .await
}

/// `POST /papers/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (saved, version) = draft(seat, &id)?;
        let actor = seat.by().at(seat.now.instant);
        let result = seat.db().write(move |tx| store::drop(tx, &actor, (saved.id, version)));
        done(seat, &id, result, "/papers?done=dropped", |notice| Left { notice, ..Left::default() })
    })
    .await
}

/// `POST /papers/{id}/issue`.
pub(super) async fn publish(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (saved, version) = draft(seat, &id)?;
        let typed: Vec<(String, String)> =
            ["prefix", "on"].map(|f| (format!("is-{f}"), seat.fields.get(f).chars().take(60).collect())).into();
        let prefix = seat.fields.get("prefix");
        let fits = !prefix.is_empty() && prefix.chars().count() <= PREFIX && plain_text(prefix).is_ok();
        let fits = fits && !prefix.contains(['〔', '〕', '[', ']', '<', '>', ' ']);
        let mut wrongs = Wrongs::default();
        let prefix =
            wrongs.take(fits.then_some(prefix).ok_or_else(|| {
                ("prefix", format!("发文机关代字：应为1至{PREFIX}个字，不带括号和空格，如“云发改干建”。"))
            }));
        let near = |d: &Day| (d.0 - seat.now.day.0).abs() <= NEAR;
        let on = Day::parse(seat.fields.get("on")).filter(near);
        let why = || ("on", format!("成文日期：应写作{}，与今日相差不超过一年。", seat.now.day));
        let on = on.ok_or_else(why).and_then(|on| match on > seat.now.day {
            true => Err(("on", issue::AHEAD.to_owned())),
            false => Ok(on),
        });
        let on = wrongs.take(on);
        let (Some(prefix), Some(on)) = (prefix, on) else { return again(seat, &id, &wrongs.left("is", typed)) };
        let wrong = |field: &'static str, text: String| Wrongs::from((field, text)).left("is", typed.clone());
        let result =
            issue::issue(&seat.app.installation, &seat.by().at(seat.now.instant), (saved.id, version), (prefix, on));
        done(seat, &id, result.map(|_| ()), &format!("/papers/{id}?done=issued"), |text| wrong("prefix", text))
    })
    .await
}

/// `GET /papers/{id}/file?format=docx|xlsx`: an issued one as it was frozen, a draft as it would be; an entry of the log.
pub(super) async fn hand_out(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        let saved = reached(desk, &id)?;
        let (bytes, kind, extension) = match desk.ask.get("format").unwrap_or("docx") {
            "docx" => {
                (word(&own, &saved)?, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
            }
            "xlsx" => {
                let bytes = xlsx(&paper::sheets(&saved.content, &issue::stamp(&saved)))?;
                (bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
            }
            other => {
                let text = format!("文件的格式应为docx或xlsx，不是“{}”。", asked::echo(other));
                return Err(PageError::Invalid(vec![text]).into());
            }
        };
        tell(desk, &saved, extension);
        let number = saved.issued.as_ref().map_or_else(|| "草稿".to_owned(), |i| i.number.to_string());
        let title = segment(&format!("{}（{number}）.{extension}", saved.content.title()));
        let name = format!("attachment; filename=\"paper-{}.{extension}\"; filename*=UTF-8''{title}", saved.id);
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes)
            .into_response())
    })
    .await
}

fn word(app: &App, saved: &Saved) -> anyhow::Result<Vec<u8>> {
    match &saved.issued {
        Some(i) => file::read(app.installation.data()?, &i.file),
        None => docx(&paper::document(&saved.content, &issue::stamp(saved))),
    }
}

fn tell(desk: &mut Desk<'_, '_>, saved: &Saved, extension: &str) {
    let title = format!("第{}号公文：{}，.{extension}", saved.id, saved.content.title());
    desk.tell(Kind::Export, json!({ "title": title, "paper": saved.id }), About::default());
}
