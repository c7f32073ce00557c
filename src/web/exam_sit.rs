//! Answering: one question a page `/exams/{id}/q/{n}`, the sheet, and handing in. The script's way and the way without it
//! save through the same door.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    app::App,
    error::PageError,
    exam_result,
    exams::{listed, sitter},
    frame::{Ask, Desk, answer, bare},
    post::{Fields, Posted, Seat, act, act_soon},
    unit_names,
    view::exam::{Asked, Outcome, Overview, Sheet},
};
use crate::{
    clock::clock_time,
    db::Tx,
    exam::{
        attempt::{self, Attempt, Kept, NotTaken, Said, Sat, Sitter},
        paper::marks,
        score::{Given, takes_options},
        test,
    },
    names::Names,
    questions::{Kind, Question, plain},
    verdict::world::{PERSON, UNIT},
};

/// Where who may not answer is led: the rules say why, or the result.
fn away(id: i64, why: &NotTaken) -> Response {
    let to = match why {
        NotTaken::Ended(_) | NotTaken::Late(_) => format!("/exams/{id}/result"),
        _ => format!("/exams/{id}"),
    };
    axum::response::Redirect::to(&to).into_response()
}

/// The running attempt of who asks, or where he is led.
type Run = Result<(std::sync::Arc<Sat>, Attempt, i64), Response>;

fn run(desk: &mut Desk<'_, '_>, app: &App, id: &str) -> anyhow::Result<Run> {
    let reader = desk.reader()?;
    let (person, seat) = (reader.person, reader.session.id);
    let (sat, person) = listed(desk.tx, app, person, id)?;
    let now = app.installation.watch.now(app.installation.clock);
    match attempt::running(desk.tx, &sat, Sitter { person, seat }, now) {
        Ok(attempt) => Ok(Ok((sat, attempt, now))),
        Err(e) => Ok(Err(away(sat.test.id, &e.downcast()?))),
    }
}

fn left(attempt: &Attempt, now: i64) -> i64 {
    ((attempt.due - now) / 1_000_000).max(0)
}

/// `GET /exams/{id}/q/{n}`.
pub(super) async fn page(State(app): State<App>, Path((id, n)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| question(desk, &own, &id, &n, String::new(), None)).await
}

/// One question; `typed` is what was sent and not taken.
fn question(
    desk: &mut Desk<'_, '_>,
    app: &App,
    id: &str,
    n: &str,
    notice: String,
    typed: Option<&[String]>,
) -> anyhow::Result<Response> {
    let (sat, attempt, now) = match run(desk, app, id)? {
        Ok(found) => found,
        Err(led) => return Ok(led),
    };
    let place: usize = n.parse().unwrap_or(0);
    // The clock runs: who has a wrong address is led back to his paper.
    let Some(asked) = place.checked_sub(1).and_then(|i| attempt.asked.get(i)) else {
        return Ok(axum::response::Redirect::to(&format!("/exams/{}/sheet", sat.test.id)).into_response());
    };
    let answers = attempt::answers(desk.tx, attempt.id)?;
    let kept = answers.iter().find(|k| k.question == asked.question);
    let mut ask = of_paper(&sat, asked, kept);
    if let Some(typed) = typed {
        ask.typed = typed.first().cloned().unwrap_or_default();
        ask.options.iter_mut().for_each(|o| o.2 = typed.contains(&o.0.to_string()));
    }
    let view = Sheet {
        form: desk.form_token()?,
        id: sat.test.id,
        attempt: attempt.id,
        title: sat.test.rules.title.clone(),
        left: left(&attempt, now),
        place,
        count: attempt.asked.len(),
        ask,
        notice,
        out: out_words(desk.tx, sat.test.id, &attempt)?,
        mark: mark(desk)?,
        saved: kept.map_or_else(String::new, |k| format!("{} 已保存", clock_time(k.saved))),
        page: bare(&desk.ask),
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Which questions of an attempt are out, by their places in it, and why; empty for none. Whoever answers is told on each page
/// and with each answer that is saved.
pub(super) fn out_words(tx: &mut Tx<'_>, test: i64, attempt: &Attempt) -> anyhow::Result<String> {
    let all = test::withdrawn(tx, test)?;
    let told = attempt.asked.iter().enumerate().filter_map(|(place, asked)| {
        let (_, why) = all.iter().find(|(question, _)| *question == asked.question)?;
        let rest = if attempt.ended.is_none() { "，不必再答，已答的保留" } else { "" };
        Some(format!("第{}题已作废（{why}），按得满分计{rest}。", place + 1))
    });
    Ok(told.collect())
}

/// Name, unit and the last digits of the number of whoever answers, faint behind the question.
fn mark(desk: &mut Desk<'_, '_>) -> anyhow::Result<String> {
    let reader = desk.reader()?;
    let Some(person) = reader.person else { return Ok(reader.name.clone()) };
    let unit = unit_names::of_person(desk, person);
    let wanted = [(PERSON, BTreeSet::from([person])), (UNIT, unit.into_iter().collect())].into();
    let names = Names::load(desk.tx, &desk.current.engine.layout, &wanted)?;
    let code = names.code(PERSON, person);
    let last: String = code.chars().skip(code.chars().count().saturating_sub(4)).collect();
    let unit = unit.map_or("", |u| names.title(UNIT, u));
    Ok([names.title(PERSON, person), unit, &last].join(" "))
}

/// A question as it is asked, with what stands as its answer.
fn of_paper(sat: &Sat, asked: &crate::exam::paper::Asked, kept: Option<&Kept>) -> Asked {
    match sat.paper.get(asked.question) {
        Some(chosen) => Asked { marks: format!("{}分", marks(chosen.marks)), ..shown(&chosen.question, asked, kept) },
        None => Asked::default(),
    }
}

/// A question in the order of its options, with what stands as its answer.
pub(super) fn shown(q: &Question, asked: &crate::exam::paper::Asked, kept: Option<&Kept>) -> Asked {
    let given = kept.map(|k| Given::read(q.kind, &k.answer));
    let (places, typed) = match given {
        Some(Given::Chosen(places)) => (places, String::new()),
        Some(Given::Typed(text)) => (Vec::new(), text),
        None => (Vec::new(), String::new()),
    };
    let options: Vec<(char, String, bool)> = if takes_options(q.kind) {
        let letter = |i: usize| char::from(b'A' + i.min(25) as u8);
        let option = |(i, place): (usize, &usize)| {
            let text = q.answers.get(*place).map_or_else(String::new, |a| plain(q.markup, &a.text));
            (letter(i), text, places.contains(place))
        };
        asked.options.iter().enumerate().map(option).collect()
    } else {
        Vec::new()
    };
    let flagged = kept.is_some_and(|k| k.flagged);
    let letters: String = options.iter().filter(|o| o.2).map(|o| o.0).collect();
    Asked {
        kind: q.kind.title(),
        input: match q.kind {
            Kind::Single | Kind::TrueFalse => "radio",
            Kind::Multiple => "checkbox",
            Kind::Fill => "text",
            Kind::Short => "long",
        },
        marks: String::new(),
        topic: q.topic.clone(),
        stem: plain(q.markup, &q.stem),
        images: q.images.iter().map(crate::questions::Image::address).collect(),
        stands: format!("{letters}{typed}{}", if flagged { "!" } else { "" }),
        options,
        typed,
        flagged,
        sequence: kept.map_or(0, |k| k.sequence) + 1,
    }
}

/// `GET /exams/{id}/all`: every question for the script, so that answering goes on while the net is away. No key in it.
pub(super) async fn all(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        let (sat, attempt, _) = match run(desk, &own, &id)? {
            Ok(found) => found,
            Err(led) => return Ok(led),
        };
        let answers = attempt::answers(desk.tx, attempt.id)?;
        let one = |asked: &crate::exam::paper::Asked| {
            let kept = answers.iter().find(|k| k.question == asked.question);
            let q = of_paper(&sat, asked, kept);
            let chosen: Vec<String> = match q.input {
                "radio" | "checkbox" => q.options.iter().filter(|o| o.2).map(|o| o.0.to_string()).collect(),
                _ => vec![q.typed],
            };
            let options: Vec<&str> = q.options.iter().map(|o| o.1.as_str()).collect();
            json!({ "kind": q.kind, "input": q.input, "marks": q.marks, "topic": q.topic, "stem": q.stem,
                    "images": q.images, "options": options, "a": chosen, "flag": q.flagged, "n": q.sequence })
        };
        Ok(told(StatusCode::OK, &attempt.asked.iter().map(one).collect::<Vec<_>>().into()))
    })
    .await
}

fn told(status: StatusCode, json: &serde_json::Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

fn values(fields: &Fields) -> Vec<String> {
    fields.pairs().iter().filter(|(k, _)| k == "a").map(|(_, v)| v.clone()).collect()
}

/// The test, when it was saved (µs), and the words about questions that are out; or what is told to who answers.
type Saved = (i64, i64, Result<String, NotTaken>);

/// Saves an answer, in one transaction with the question whether it may be.
fn saving(
    seat: &Seat,
    id: &str,
    place: &str,
) -> impl FnOnce(&mut Tx<'_>) -> anyhow::Result<Saved> + Send + 'static + use<> {
    let now = seat.app.installation.watch.now(seat.app.installation.clock);
    let said = Said {
        place: place.parse().unwrap_or(0),
        values: values(&seat.fields),
        flagged: seat.fields.get("flag") == "1",
        sequence: seat.fields.get("n").parse().unwrap_or(0),
    };
    let (app, id, person, session) = (seat.app.clone(), id.to_owned(), seat.reader.person, seat.reader.session.id);
    move |tx| {
        let (sat, person) = listed(tx, &app, person, &id)?;
        let done = match attempt::save(tx, &sat, Sitter { person, seat: session }, &said, now) {
            Ok(()) if test::is_out(tx, sat.test.id)? => match attempt::last(tx, sat.test.id, person)? {
                Some(attempt) => Ok(out_words(tx, sat.test.id, &attempt)?),
                None => Ok(String::new()),
            },
            Ok(()) => Ok(String::new()),
            Err(e) => Err(e.downcast::<NotTaken>()?),
        };
        Ok((sat.test.id, now, done))
    }
}

/// `POST /exams/{id}/save`: by the script.
pub(super) async fn save(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act_soon(app, ask, posted, async move |seat| {
        let (test, now, done) = seat.db().write_soon(saving(&seat, &id, seat.fields.get("q"))).await?;
        Ok(match done {
            Ok(out) if out.is_empty() => told(StatusCode::OK, &json!({ "saved": clock_time(now) })),
            Ok(out) => told(StatusCode::OK, &json!({ "saved": clock_time(now), "out": out })),
            Err(why) => {
                // Where to go on: the result, or the rules with the way to take over; none where another window answered.
                let to = match why {
                    NotTaken::Superseded | NotTaken::Unreadable(_) => None,
                    NotTaken::Ended(_) | NotTaken::Late(_) => Some(format!("/exams/{test}/result?done=late")),
                    NotTaken::Elsewhere => Some(format!("/exams/{test}?lost=1")),
                    _ => Some(format!("/exams/{test}")),
                };
                told(StatusCode::CONFLICT, &json!({ "error": why.to_string(), "to": to }))
            }
        })
    })
    .await
}

/// `POST /exams/{id}/q/{n}`: without scripts; saves what has changed and goes on.
pub(super) async fn step(
    State(app): State<App>,
    Path((id, n)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let given = values(&seat.fields);
        let flag = if seat.fields.get("flag") == "1" { "!" } else { "" };
        let same =
            format!("{}{flag}", given.concat()).replace("\r\n", "\n") == seat.fields.raw("was").replace("\r\n", "\n");
        if !same && let (test, _, Err(why)) = seat.db().write(saving(seat, &id, &n))? {
            let own = seat.app.clone();
            return Ok(match why {
                NotTaken::Superseded | NotTaken::Unreadable(_) => seat.show(StatusCode::CONFLICT, |desk| {
                    // What stands elsewhere is shown as it stands; what cannot be read stays as it was typed.
                    let typed = matches!(why, NotTaken::Unreadable(_)).then_some(&given[..]);
                    question(desk, &own, &id, &n, why.to_string(), typed)
                }),
                NotTaken::Ended(_) | NotTaken::Late(_) => seat.show(StatusCode::CONFLICT, |desk| {
                    let view = Outcome { notice: exam_result::LATE.into(), ..exam_result::view(desk, &own, &id)? };
                    Ok(Html(askama::Template::render(&view)?).into_response())
                }),
                NotTaken::Elsewhere => seat.to(&format!("/exams/{test}?lost=1")),
                why => away(test, &why),
            });
        }
        let place: usize = n.parse().map_err(|_| PageError::NotFound)?;
        let (sat, _) = seat.db().read(|tx| listed(tx, &seat.app, seat.reader.person, &id))?;
        let to = match seat.fields.get("go") {
            "prev" => format!("q/{}", place.saturating_sub(1).max(1)),
            "next" if place < sat.paper.len() => format!("q/{}", place + 1),
            _ => "sheet".into(),
        };
        Ok(seat.to(&format!("/exams/{}/{to}", sat.test.id)))
    })
    .await
}

/// `GET /exams/{id}/sheet`.
pub(super) async fn sheet(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| overview(desk, &own, &id, false)).await
}

fn overview(desk: &mut Desk<'_, '_>, app: &App, id: &str, sure: bool) -> anyhow::Result<Response> {
    let (sat, attempt, now) = match run(desk, app, id)? {
        Ok(found) => found,
        Err(led) => return Ok(led),
    };
    let gone = test::out(desk.tx, sat.test.id)?;
    let cells = cells(&sat, &attempt, &attempt::answers(desk.tx, attempt.id)?, &gone);
    let view = Overview {
        out: out_words(desk.tx, sat.test.id, &attempt)?,
        form: desk.form_token()?,
        id: sat.test.id,
        title: sat.test.rules.title.clone(),
        left: left(&attempt, now),
        cells,
        sure,
        page: bare(&desk.ask),
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Answered or out, flagged, out: by places.
fn cells(sat: &Sat, attempt: &Attempt, answers: &[Kept], gone: &BTreeSet<usize>) -> Vec<(bool, bool, bool)> {
    let cell = |asked: &crate::exam::paper::Asked| {
        let kept = answers.iter().find(|k| k.question == asked.question);
        let kind = sat.paper.get(asked.question).map_or(Kind::Fill, |c| c.question.kind);
        let answered = kept.is_some_and(|k| !Given::read(kind, &k.answer).is_empty());
        let out = gone.contains(&asked.question);
        (answered || out, kept.is_some_and(|k| k.flagged), out)
    };
    attempt.asked.iter().map(cell).collect()
}

/// `POST /exams/{id}/submit`: asks once more where something is not answered. Safe to send again.
pub(super) async fn hand_in(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (sat, person) = seat.db().read(|tx| listed(tx, &seat.app, seat.reader.person, &id))?;
        let (of, now) = (sitter(seat, person), seat.app.installation.watch.now(seat.app.installation.clock));
        if seat.fields.get("sure") != "1" {
            let open = seat.db().read(|tx| {
                let attempt = match attempt::running(tx, &sat, of, now) {
                    Ok(attempt) => attempt,
                    Err(_) => return Ok(false),
                };
                let (answers, gone) = (attempt::answers(tx, attempt.id)?, test::out(tx, sat.test.id)?);
                Ok(cells(&sat, &attempt, &answers, &gone).iter().any(|c| !c.0))
            })?;
            if open {
                let own = seat.app.clone();
                return Ok(seat.show(StatusCode::OK, |desk| overview(desk, &own, &id, true)));
            }
        }
        let (actor, test) = (seat.actor(), sat.test.id);
        match seat.db().write(move |tx| attempt::hand_in(tx, &actor, &sat, of, now)) {
            Ok(()) => Ok(seat.to(&format!("/exams/{test}/result?done=1"))),
            Err(e) => Ok(away(test, &e.downcast()?)),
        }
    })
    .await
}
