//! The marking desk `/tests/{id}/marking`: one question at a time, without names.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    awaited::may_see_paper,
    error::PageError,
    exams,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    requests::long_text,
    test_one::{REASON, found},
    view::{
        form::Errors,
        table::Pager,
        test::{Marking, ToMark},
        url::Query,
        words::Link,
    },
};
use crate::{
    clock::chinese,
    db::Tx,
    exam::{
        attempt::NotTaken,
        marking::{self, Marks},
        paper,
        score::written,
        test::State as Stands,
    },
    questions::{Kind, plain},
    ratio::Ratio,
    sheet::norm,
};

/// Answers that wait, on a page.
const SHOWN: i64 = 10;
/// Marks that are taken from a form, at most.
const MOST: usize = 500;

/// `GET /tests/{id}/marking?question=…`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["question", "done", "page", "size"]);
        let question = desk.ask.get("question").and_then(|q| q.parse().ok());
        render(desk, &own, &id, question, Left::default())
    })
    .await
}

/// What is left of a form that was not taken as a whole.
#[derive(Default)]
struct Left {
    /// Marks as typed, by attempt.
    typed: Vec<(i64, String)>,
    /// What is wrong with them.
    wrong: Vec<Link>,
    /// Answers that somebody else has marked meanwhile, or whose marks were to be changed.
    stands: Vec<marking::Stands>,
    /// Somebody else was faster: both marks are shown, to be decided on.
    faster: bool,
    /// The reason as typed.
    reason: String,
}

fn render(
    desk: &mut Desk<'_, '_>,
    app: &App,
    id: &str,
    question: Option<usize>,
    left: Left,
) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let test = found(desk.tx, &scope, id)?;
    let sat = exams::sat(desk.tx, app, test.id)?.ok_or(PageError::NotFound)?;
    let marker = desk.reader()?.person;
    may_see_paper(desk.tx, app, marker, &test)?;
    let short = sat.paper.iter().enumerate().filter(|(_, c)| c.question.kind == Kind::Short);
    let (mut questions, mut first) = (Vec::new(), None);
    for (place, _) in short {
        let waits = marking::to_mark(desk.tx, marker, (test.id, place), 0)?.1;
        first = first.or((waits > 0).then_some(place + 1));
        let link =
            Link::new(format!("第{}题", place + 1), format!("/tests/{}/marking?question={}", test.id, place + 1));
        questions.push((link, waits, place + 1));
    }
    let place = question.filter(|q| questions.iter().any(|(.., p)| p == q)).or(first).unwrap_or(0);
    let chosen = place.checked_sub(1).and_then(|p| sat.paper.get(p));
    let answers = match place.checked_sub(1) {
        Some(p) => marking::to_mark(desk.tx, marker, (test.id, p), SHOWN)?.0,
        None => Vec::new(),
    };
    let done = place.checked_sub(1).map(|p| reviewed(desk, marker, (test.id, p))).transpose()?.unwrap_or_default();
    let shown: Vec<i64> = done.0.iter().map(|m| m.attempt).collect();
    let stands: Vec<&marking::Stands> =
        left.stands.iter().filter(|s| left.faster || !shown.contains(&s.attempt)).collect();
    let of = |attempt: i64| left.typed.iter().find(|(a, _)| *a == attempt).map_or_else(String::new, |(_, t)| t.clone());
    let view = Marking {
        id: test.id,
        title: test.rules.title.clone(),
        notice: match desk.ask.get("done") {
            Some("1") => "已保存评分。".into(),
            Some("kept") => "保留了已有的评分。".into(),
            _ => String::new(),
        },
        answers: stands
            .iter()
            .map(|s| ToMark {
                attempt: s.attempt,
                answer: s.answer.clone(),
                typed: of(s.attempt),
                stands: s.marks.map(|marks| (marks, both(s, marks, &of(s.attempt)))),
            })
            .chain(answers.into_iter().map(|a| ToMark {
                attempt: a.attempt,
                answer: a.answer,
                typed: of(a.attempt),
                stands: None,
            }))
            .collect(),
        reviewed: done
            .0
            .into_iter()
            .filter(|m| stands.iter().all(|s| s.attempt != m.attempt))
            .map(|m| ToMark { typed: Some(of(m.attempt)).filter(|t| !t.is_empty()).unwrap_or(m.typed), ..m })
            .collect(),
        action: at(test.id, place, &desk.ask).href(),
        pager: done.1,
        closed: test.state == Stands::Closed,
        reason: left.reason,
        errors: Errors(left.wrong),
        form: desk.form_token()?,
        questions: questions.into_iter().map(|(link, n, p)| (link, n, p == place)).collect(),
        place,
        stem: chosen.map_or_else(String::new, |c| plain(c.question.markup, &c.question.stem)),
        reference: chosen.map_or_else(String::new, |c| plain(c.question.markup, &c.question.feedback)),
        full: chosen.map_or_else(String::new, |c| paper::marks(c.marks)),
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// A question of the desk, with the page of the marked answers that is asked for.
fn at(test: i64, place: usize, ask: &Ask) -> Query {
    let query = Query::new(format!("/tests/{test}/marking")).with("question", place.to_string());
    let asked = |key: &'static str| ask.get(key).filter(|v| !v.is_empty()).map(|v| (key, v.to_owned()));
    [asked("page"), asked("size")].into_iter().flatten().fold(query, |query, (key, value)| query.with(key, value))
}

/// A page of the answers that have marks.
fn reviewed(desk: &mut Desk<'_, '_>, marker: Option<i64>, of: (i64, usize)) -> anyhow::Result<(Vec<ToMark>, Pager)> {
    let size = asked::size(desk);
    let total = marking::marked(desk.tx, marker, of, (0, 0))?.1;
    let page = asked::page(desk, total.div_ceil(size));
    let marked = marking::marked(desk.tx, marker, of, ((page - 1) * size, size))?.0;
    let one = |s: marking::Stands| {
        let marks = s.marks.unwrap_or_default();
        let at = s.at.map_or_else(String::new, |at| format!("于{}", chinese(at)));
        let told = format!("{}{at}给{}分", s.who, written(marks));
        ToMark { attempt: s.attempt, answer: s.answer, typed: written(marks), stands: Some((marks, told)) }
    };
    let query = asked::without_page(&desk.ask).without("done");
    let pager = Pager { query, title: "已评的答案".into(), total, size, page };
    Ok((marked.into_iter().map(one).collect(), pager))
}

/// Both marks of an answer, and how to decide between them.
fn both(s: &marking::Stands, marks: i64, own: &str) -> String {
    let at = s.at.map_or_else(String::new, |at| format!("于{}", chinese(at)));
    let own = if own.is_empty() { String::new() } else { format!("，您给的是{}分", asked::echo(own)) };
    format!(
        "{}已{at}给{}分{own}。保留已有的分数，请清空后保存；改为您的分数，请核对后再次保存。",
        s.who,
        written(marks)
    )
}

/// `POST /tests/{id}/marking`: the marks that were typed; what is left empty waits. Marks that somebody else has given meanwhile
/// stay until who marks has seen them.
pub(super) async fn mark(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = seat.db().read(|tx| found(tx, &seat.scope, &id))?;
        seat.db().read(|tx| may_see_paper(tx, &seat.app, seat.reader.person, &test))?;
        let sat = seat.db().read(|tx| exams::sat(tx, &seat.app, test.id))?.ok_or(PageError::NotFound)?;
        let question: usize = seat.fields.get("question").parse().map_err(|_| PageError::NotFound)?;
        let place = question.checked_sub(1).filter(|p| *p < sat.paper.len()).ok_or(PageError::NotFound)?;
        // Marks that were shown beside the field.
        let seen = |attempt: i64| seat.fields.raw(&format!("s{attempt}")).parse::<i64>().ok();
        let typed: Vec<(i64, String)> = seat
            .fields
            .pairs()
            .iter()
            .filter_map(|(k, v)| Some((k.strip_prefix('m')?.parse().ok()?, norm::plain(v.trim()).into_owned())))
            .filter(|(_, v): &(i64, String)| !v.is_empty())
            // What stands as it was shown was not touched.
            .filter(|(attempt, v)| seen(*attempt).is_none_or(|shown| written(shown) != *v))
            .take(MOST)
            .collect();
        // Two marks were shown, and who marks was asked to clear his own to keep the other.
        let decided =
            seat.fields.pairs().iter().any(|(k, _)| k.strip_prefix('k').is_some_and(|n| n.parse::<i64>().is_ok()));
        let full = sat.paper[place].marks;
        let (mut given, mut wrong) = (Vec::new(), Vec::new());
        for (attempt, text) in &typed {
            let marks = Ratio::parse_decimal(text).filter(|m| (m.num() * 10) % m.den() == 0);
            let marks = marks.map(|m| m.num() * 10_000 / m.den());
            match marks.filter(|m| (0..=i64::from(full) * 1_000).contains(m)) {
                Some(marks) => given.push((*attempt, marks, seen(*attempt))),
                None => wrong.push(Link::new(
                    format!("得分“{}”应在0至{}之间，至多一位小数。", asked::echo(text), paper::marks(full)),
                    format!("#mk-m{attempt}"),
                )),
            }
        }
        let reason = long_text(seat, "reason", REASON, false);
        let typed_reason: String = seat.fields.get("reason").to_owned();
        if let Err(why) = &reason {
            wrong.push(Link::new(format!("理由：{why}"), "#mk-reason"));
        }
        let show = |status: StatusCode, left: Left| {
            let (own, left) = (seat.app.clone(), Left { reason: typed_reason.clone(), ..left });
            Ok(seat.show(status, |desk| render(desk, &own, &id, Some(question), left)))
        };
        // Answers whose marks were shown beside those that were typed, and are not the same.
        let shown_before = |tx: &mut Tx<'_>, typed: &[(i64, String)]| {
            let mut all = Vec::new();
            for (attempt, text) in typed.iter().filter(|(attempt, _)| seen(*attempt).is_some()) {
                let stands = marking::stands(tx, test.id, (*attempt, place))?;
                all.extend(stands.filter(|s| s.marks.is_none_or(|m| written(m) != *text)));
            }
            anyhow::Ok(all)
        };
        if !wrong.is_empty() {
            let stands = seat.db().read(|tx| shown_before(tx, &typed))?;
            return show(StatusCode::UNPROCESSABLE_ENTITY, Left { typed, wrong, stands, ..Left::default() });
        }
        let (actor, marker, inst) = (seat.actor(), seat.reader.person, seat.app.installation.clone());
        let reason = reason.unwrap_or_default();
        let done = seat.db().write(move |tx| {
            let with = |(attempt, given, over)| (attempt, Marks { given, over, reason: &reason });
            let given: Vec<(i64, Marks<'_>)> = given.into_iter().map(with).collect();
            marking::mark_all(tx, &inst, (&actor, marker), (&sat, place), &given)
        });
        match done.map_err(|e| e.downcast::<NotTaken>()) {
            Ok(_) if typed.is_empty() && decided => {
                Ok(seat.to(&at(test.id, question, &seat.ask).with("done", "kept").href()))
            }
            Ok(_) if typed.is_empty() => {
                let wrong = vec![Link::new("没有改动评分，没有保存。给过的分数只能改，不能清空。", "#h-q")];
                show(StatusCode::UNPROCESSABLE_ENTITY, Left { wrong, ..Left::default() })
            }
            Ok(others) if others.is_empty() => Ok(seat.to(&at(test.id, question, &seat.ask).with("done", "1").href())),
            Ok(stands) => {
                let told = |s: &marking::Stands| {
                    Link::new(format!("这份答案已由{}评过，请核对后决定。", s.who), format!("#mk-m{}", s.attempt))
                };
                let wrong = stands.iter().map(told).collect();
                show(StatusCode::CONFLICT, Left { typed, wrong, stands, faster: true, ..Left::default() })
            }
            Err(Ok(why)) => {
                let wrong = vec![Link::new(why.to_string(), "#mk-reason")];
                show(StatusCode::CONFLICT, Left { typed, wrong, ..Left::default() })
            }
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
