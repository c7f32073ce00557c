//! The marking desk `/tests/{id}/marking`: one question at a time, without names.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    exams,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    test_one::found,
    view::{form::Errors, test::Marking, words::Link},
};
use crate::{
    exam::{attempt::NotTaken, marking, paper},
    questions::{Kind, plain},
    ratio::Ratio,
    sheet::norm,
};

/// Answers on a page.
const SHOWN: i64 = 10;

/// `GET /tests/{id}/marking?question=…`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["question", "done"]);
        let question = desk.ask.get("question").and_then(|q| q.parse().ok());
        render(desk, &own, &id, question, &[], Vec::new())
    })
    .await
}

fn render(
    desk: &mut Desk<'_, '_>,
    app: &App,
    id: &str,
    question: Option<usize>,
    typed: &[(i64, String)],
    wrong: Vec<Link>,
) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let test = found(desk.tx, &scope, id)?;
    let sat = exams::sat(desk.tx, app, test.id)?.ok_or(PageError::NotFound)?;
    let short = sat.paper.iter().enumerate().filter(|(_, c)| c.question.kind == Kind::Short);
    let (mut questions, mut first) = (Vec::new(), None);
    for (place, _) in short {
        let waits = marking::to_mark(desk.tx, test.id, place, 0)?.1;
        first = first.or((waits > 0).then_some(place + 1));
        let link =
            Link::new(format!("第{}题", place + 1), format!("/tests/{}/marking?question={}", test.id, place + 1));
        questions.push((link, waits, place + 1));
    }
    let place = question.filter(|q| questions.iter().any(|(.., p)| p == q)).or(first).unwrap_or(0);
    let chosen = place.checked_sub(1).and_then(|p| sat.paper.get(p));
    let answers = match place.checked_sub(1) {
        Some(p) => marking::to_mark(desk.tx, test.id, p, SHOWN)?.0,
        None => Vec::new(),
    };
    let of = |attempt: i64| typed.iter().find(|(a, _)| *a == attempt).map_or_else(String::new, |(_, t)| t.clone());
    let view = Marking {
        id: test.id,
        title: test.rules.title.clone(),
        notice: if desk.ask.get("done") == Some("1") { "已保存评分。".into() } else { String::new() },
        errors: Errors(wrong),
        form: desk.form_token()?,
        questions: questions.into_iter().map(|(link, n, p)| (link, n, p == place)).collect(),
        place,
        stem: chosen.map_or_else(String::new, |c| plain(c.question.markup, &c.question.stem)),
        reference: chosen.map_or_else(String::new, |c| plain(c.question.markup, &c.question.feedback)),
        full: chosen.map_or_else(String::new, |c| paper::marks(c.marks)),
        answers: answers.into_iter().map(|a| (a.attempt, a.answer, of(a.attempt))).collect(),
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// `POST /tests/{id}/marking`: the marks that were typed; what is left empty waits.
pub(super) async fn mark(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = seat.db().read(|tx| found(tx, &seat.scope, &id))?;
        let sat = seat.db().read(|tx| exams::sat(tx, &seat.app, test.id))?.ok_or(PageError::NotFound)?;
        let question: usize = seat.fields.get("question").parse().map_err(|_| PageError::NotFound)?;
        let place = question.checked_sub(1).filter(|p| *p < sat.paper.len()).ok_or(PageError::NotFound)?;
        let typed: Vec<(i64, String)> = seat
            .fields
            .pairs()
            .iter()
            .filter_map(|(k, v)| Some((k.strip_prefix('m')?.parse().ok()?, norm::plain(v.trim()).into_owned())))
            .filter(|(_, v): &(i64, String)| !v.is_empty())
            .take(SHOWN as usize)
            .collect();
        let full = sat.paper[place].marks;
        let (mut given, mut wrong) = (Vec::new(), Vec::new());
        for (attempt, text) in &typed {
            let marks = Ratio::parse_decimal(text).filter(|m| (m.num() * 10) % m.den() == 0);
            let marks = marks.map(|m| m.num() * 10_000 / m.den());
            match marks.filter(|m| (0..=i64::from(full) * 1_000).contains(m)) {
                Some(marks) => given.push((*attempt, marks)),
                None => wrong.push(Link::new(
                    format!("得分“{}”应在0至{}之间，至多一位小数。", asked::echo(text), paper::marks(full)),
                    format!("#mk-m{attempt}"),
                )),
            }
        }
        if !wrong.is_empty() {
            let own = seat.app.clone();
            return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| {
                render(desk, &own, &id, Some(question), &typed, wrong)
            }));
        }
        let actor = seat.actor();
        let done = seat.db().write(move |tx| {
            for (attempt, marks) in given {
                marking::mark(tx, &actor, &sat, (attempt, place), marks)?;
            }
            Ok(())
        });
        match done.map_err(|e| e.downcast::<NotTaken>()) {
            Ok(()) => Ok(seat.to(&format!("/tests/{id}/marking?question={question}&done=1"))),
            Err(Ok(why)) => Err(PageError::Refused(why.to_string()).into()),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
