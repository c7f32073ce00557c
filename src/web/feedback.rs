//! 意见建议: from the foot of every page, answered by the office.

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
    frame::{Ask, Desk, answer, instant, show},
    post::{Posted, TOKEN, act, local_path},
    requests::long_text,
    view::{
        feedback::{Give, Line, List},
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        requests::OneRequest,
        table::Pager,
        words::{Link, Words},
    },
};
use crate::{
    auth::account::Refused,
    clock::chinese,
    day::Day,
    feedback::{self, Feedback, HOURLY, LONGEST},
    once::Used,
};

/// Longest address of a page that is kept.
const ADDRESS: usize = 300;

/// `GET /feedback/new?from=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        let from = desk.ask.get("from").and_then(local_path).filter(|p| p.len() <= ADDRESS).unwrap_or("/").to_owned();
        let typed = vec![("fb-page".to_owned(), from)];
        render(desk, &Left { typed, ..Left::default() }, "", None)
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, left: &Left, code: &str, found: Option<&Feedback>) -> anyhow::Result<Response> {
    let named = [("yes", "署名"), ("no", "匿名")].map(|(v, t)| (v.to_owned(), t.to_owned())).into();
    let mut form = Form {
        id: "fb".into(),
        action: "/feedback/new".into(),
        token: desk.form_token()?,
        fields: vec![
            Field::text("page", "哪个页面", "/").hint("页面的地址，已自动填好。"),
            Field::long("text", "意见或建议").hint("最多2000字。").required(),
            Field::choice("named", "署名", "yes", named),
        ],
        button: "提交".into(),
        primary: true,
        ..Form::default()
    };
    let mut search = Form {
        id: "fc".into(),
        action: "/feedback/answer".into(),
        token: desk.form_token()?,
        fields: vec![Field::text("code", "查询码", "").required()],
        button: "查看".into(),
        ..Form::default()
    };
    left.fill(&mut form);
    left.fill(&mut search);
    let wrong = Errors::of(&form).0.into_iter().chain(Errors::of(&search).0).collect();
    let view = Give {
        errors: Errors(wrong),
        code: code.into(),
        form,
        search,
        found: found.map_or_else(Facts::default, facts),
        page: desk.page("/feedback/new")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn facts(f: &Feedback) -> Facts {
    let about = match local_path(&f.page) {
        Some(path) => Words::new().link(path, path),
        None => Words::from(f.page.clone()),
    };
    let mut facts = vec![
        Fact::new("意见", format!("第{}号", f.id)),
        Fact::new("提出人", by(f)),
        Fact::new("日期", day(f)),
        Fact::new("页面", about),
        Fact::new("内容", f.text.clone()),
    ];
    facts.push(Fact::new("答复", answered(f).unwrap_or_else(|| "还没有答复。".into())));
    Facts(facts)
}

fn by(f: &Feedback) -> String {
    f.by.clone().unwrap_or_else(|| "匿名".into())
}

fn day(f: &Feedback) -> String {
    Day::parse(&f.given).map_or_else(|| f.given.clone(), Day::chinese)
}

fn answered(f: &Feedback) -> Option<String> {
    f.answer.as_ref().map(|(at, by, words)| format!("{}　{by}：{words}", chinese(*at)))
}

/// In a list.
pub(super) fn line(f: &Feedback) -> Line {
    Line {
        number: Link::new(format!("第{}号", f.id), format!("/feedback/{}", f.id)),
        by: by(f),
        about: f.page.clone(),
        text: f.text.clone(),
        given: day(f),
        answer: answered(f).unwrap_or_default(),
    }
}

/// `POST /feedback/new`.
pub(super) async fn give(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let typed: Vec<(String, String)> = [("page", ADDRESS), ("text", 2 * LONGEST), ("named", 3)]
            .map(|(f, most)| (format!("fb-{f}"), seat.fields.get(f).chars().take(most).collect()))
            .into();
        let wrong = |field: &str, status: StatusCode, text: String| {
            let left = Left { typed: typed.clone(), ..Left::wrong(&format!("fb-{field}"), text) };
            Ok(seat.show(status, |desk| render(desk, &left, "", None)))
        };
        let unfit = StatusCode::UNPROCESSABLE_ENTITY;
        let page = match seat.fields.get("page") {
            "" => "/",
            typed => match local_path(typed).filter(|p| p.len() <= ADDRESS) {
                Some(page) => page,
                None => return wrong("page", unfit, "哪个页面：应为本系统的地址，以“/”开头。".into()),
            },
        };
        let text = match long_text(seat, "text", LONGEST, true) {
            Ok(text) => text,
            Err(why) => return wrong("text", unfit, format!("意见或建议：{why}")),
        };
        let named = match seat.fields.get("named") {
            "yes" => true,
            "no" => false,
            _ => return wrong("named", unfit, "署名：请选择署名或匿名。".into()),
        };
        if !seat.app.feedback.allows(seat.reader.session.id, instant()) {
            let text = format!("一小时内最多提{HOURLY}条，请过一会儿再提交，已填的内容没有丢失。");
            return wrong("text", StatusCode::TOO_MANY_REQUESTS, text);
        }
        let (page, actor, account, day) = (page.to_owned(), seat.actor(), seat.reader.account, seat.now.day);
        if named {
            seat.db().write(move |tx| feedback::give(tx, &actor, account, (&page, &text), day))?;
            return Ok(seat.to("/me?done=feedback"));
        }
        let code = feedback::code(&seat.app.installation.keys, seat.fields.raw(TOKEN), (&page, &text));
        let under = code.clone();
        seat.db().write(move |tx| feedback::give_unnamed(tx, actor.at, &under, (&page, &text), day))?;
        Ok(seat.show(StatusCode::OK, |desk| render(desk, &Left::default(), &code, None)))
    })
    .await
}

/// `POST /feedback/answer`: what was answered, by the code of who gave it without a name.
pub(super) async fn look(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let code = seat.fields.get("code").chars().take(40).collect::<String>();
        match seat.db().read(|tx| feedback::of_code(tx, &code))? {
            Some(found) => Ok(seat.show(StatusCode::OK, |desk| render(desk, &Left::default(), "", Some(&found)))),
            None => {
                let left = Left::wrong("fc-code", "没有这个查询码，请核对后重新填写。");
                Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &left, "", None)))
            }
        }
    })
    .await
}

/// `GET /feedback`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &["page", "size", "done"]);
        let size = asked::size(desk);
        let list = |desk: &mut Desk<'_, '_>, skip, limit| feedback::list(desk.tx, skip, limit);
        let (found, page, total) = asked::rows(desk, size, list)?;
        Ok(List {
            notice: if desk.ask.get("done") == Some("answered") { "已答复。".into() } else { String::new() },
            rows: found.iter().map(line).collect(),
            pager: Pager {
                query: desk.ask.url.without("page").without("done"),
                title: "意见建议".into(),
                total,
                size,
                page,
            },
            page: desk.page("/feedback")?,
        })
    })
    .await
}

/// `GET /feedback/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| render_one(desk, &id, &Left::default())).await
}

fn render_one(desk: &mut Desk<'_, '_>, id: &str, left: &Left) -> anyhow::Result<Response> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let found = feedback::get(desk.tx, id)?.ok_or(PageError::NotFound)?;
    let mut form = None;
    if found.answer.is_none() {
        let mut blank = Form {
            id: "an".into(),
            action: format!("/feedback/{id}"),
            token: desk.form_token()?,
            fields: vec![Field::long("words", "答复").hint("最多2000字。").required()],
            button: "答复".into(),
            primary: true,
            ..Form::default()
        };
        left.fill(&mut blank);
        form = Some(blank);
    }
    let view = OneRequest {
        errors: form.as_ref().map(Errors::of).unwrap_or_default(),
        list: Link::new("意见建议", "/feedback"),
        title: format!("第{id}号意见建议"),
        facts: facts(&found),
        form,
        why: String::new(),
        page: desk.page("/feedback")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// `POST /feedback/{id}`: the answer.
pub(super) async fn reply(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        seat.db().read(|tx| feedback::get(tx, number))?.ok_or(PageError::NotFound)?;
        let typed = seat.typed("an", &["words"]);
        let wrong = |text: String| {
            let left = Left { typed: typed.clone(), ..Left::wrong("an-words", text) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_one(desk, &id, &left)))
        };
        let words = match long_text(seat, "words", LONGEST, true) {
            Ok(words) => words,
            Err(why) => return wrong(format!("答复：{why}")),
        };
        let actor = seat.actor();
        match seat.write_once("feedback", move |tx| feedback::answer(tx, &actor, number, &words).map(|()| number)) {
            Ok(_) => Ok(seat.to("/feedback?done=answered")),
            Err(e) if e.is::<Used>() => wrong(format!("{e}。")),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => wrong(text),
                Err(e) => Err(e),
            },
        }
    })
    .await
}
