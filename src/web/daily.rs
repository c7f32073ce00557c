//! 每日一题 `/daily`: one question a day, answered or not as one likes; what was wrong or is about to be forgotten comes
//! back under 温习.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    exam_result,
    exam_sit::shown,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    view::{
        daily::Daily,
        exam::Asked,
        words::{Link, Words},
    },
};
use crate::{
    daily::{
        own::{self, Answered},
        plan::{self, Kind},
    },
    day::Day,
    exam::{key, recall, score::Given},
    questions::bank::{self, Kept},
};

/// Published questions that may still be new to somebody, the latest first.
const BACK: i64 = 250;

/// `GET /daily`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["done"]);
        let today = desk.now.day;
        if desk.ask.get("done") == Some("wipe") {
            desk.notice("您的答题记录已清除。".into());
        }
        let published = plan::published(desk.tx, Kind::Daily, today, 1)?.into_iter().find(|r| r.day == today);
        let person = desk.reader()?.person;
        let own = match person {
            Some(person) => own::all(desk.tx, person)?,
            None => Vec::new(),
        };
        let mut view = blank(desk, "每日一题", !own.is_empty())?;
        let Some(number) = published.as_ref().and_then(|r| r.question) else {
            let off = !desk.current.engine.workdays.is_workday(today);
            view.lead = Words::from(if off {
                "今日无题（法定节假日或休息日）。"
            } else {
                "今天还没有发布题目。"
            });
            view.next = again(desk, &own, None)?;
            return render(view);
        };
        // By the last version answers are told right or wrong, so that is what is asked.
        let kept = bank::versions(desk.tx, number)?.pop().ok_or(PageError::NotFound)?;
        let held = plan::in_tests(desk.tx)?.contains(&number);
        match own.iter().find(|a| a.question == number && a.day == today) {
            Some(answered) => result(desk, &mut view, answered)?,
            None if held => view.lead = Words::from("今天的题正用在一场没有结束的考试里，考完以后再作答。"),
            None => view.question = Some((number, as_asked(&kept, own.iter().find(|a| a.question == number)))),
        }
        if person.is_none() {
            view.lead = Words::from("这个账号没有对应到人，可以看题，作答不留记录。");
        }
        view.next = again(desk, &own, Some(number))?;
        render(view)
    })
    .await
}

fn render(view: Daily) -> anyhow::Result<Response> {
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn blank(desk: &mut Desk<'_, '_>, title: &'static str, wipe: bool) -> anyhow::Result<Daily> {
    let day = desk.now.day;
    Ok(Daily {
        title,
        day: format!("{} {}", day.chinese(), weekday(day)),
        form: desk.form_token()?,
        lead: Words::new(),
        question: None,
        wrong: String::new(),
        result: None,
        next: Vec::new(),
        wipe,
        page: desk.page("/daily")?,
    })
}

/// 星期五.
pub(super) fn weekday(day: Day) -> String {
    const DAYS: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
    format!("星期{}", DAYS[(day.weekday() + 6) as usize % 7])
}

/// Where one may go on: a question that comes back, unless there is none.
fn again(desk: &mut Desk<'_, '_>, own: &[Answered], besides: Option<i64>) -> anyhow::Result<Vec<Link>> {
    let next = due(desk, own, besides)?;
    Ok(next.map(|_| Link::new("温习一题", "/daily/review")).into_iter().collect())
}

/// The person's own question: the one most nearly forgotten, else a published one that is new to him; not one of today.
fn due(desk: &mut Desk<'_, '_>, own: &[Answered], besides: Option<i64>) -> anyhow::Result<Option<i64>> {
    if desk.reader()?.person.is_none() {
        return Ok(None);
    }
    let today = desk.now.day;
    let held = plan::in_tests(desk.tx)?;
    let seen: Vec<_> = own.iter().map(Answered::seen).filter(|s| !held.contains(&s.question)).collect();
    let fresh: Vec<i64> = plan::published(desk.tx, Kind::Daily, today, BACK)?
        .into_iter()
        .filter_map(|r| r.question.filter(|q| Some(*q) != besides && !held.contains(q)))
        .collect();
    Ok(recall::of_the_day(&seen, &fresh, today))
}

/// The last version of a question that the person may be asked.
fn open(desk: &mut Desk<'_, '_>, number: i64) -> anyhow::Result<(i64, Kept)> {
    let person = desk.reader()?.person.ok_or(PageError::NotFound)?;
    if !own::may_see(desk.tx, person, number)? {
        return Err(PageError::NotFound.into());
    }
    let kept = bank::versions(desk.tx, number)?.pop().ok_or(PageError::NotFound)?;
    Ok((person, kept))
}

/// `GET /daily/review`.
pub(super) async fn review(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &[]);
        let person = desk.reader()?.person.ok_or(PageError::NotFound)?;
        let own = own::all(desk.tx, person)?;
        let mut view = blank(desk, "温习", !own.is_empty())?;
        let today = desk.now.day;
        let besides = plan::published(desk.tx, Kind::Daily, today, 1)?.into_iter().find(|r| r.day == today);
        match due(desk, &own, besides.and_then(|r| r.question))? {
            Some(number) => {
                let kept = bank::versions(desk.tx, number)?.pop().ok_or(PageError::NotFound)?;
                view.question = Some((number, as_asked(&kept, own.iter().find(|a| a.question == number))));
            }
            None => view.lead = Words::from("现在没有要温习的题。"),
        }
        view.next = vec![Link::new("今天的题", "/daily")];
        render(view)
    })
    .await
}

/// `GET /daily/{number}`: one that was answered, or may be answered of one's own will.
pub(super) async fn one(State(app): State<App>, Path(number): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &["again"]);
        let number = number.parse().map_err(|_| PageError::NotFound)?;
        show(desk, number, String::new(), None)
    })
    .await
}

fn show(desk: &mut Desk<'_, '_>, number: i64, wrong: String, typed: Option<&[String]>) -> anyhow::Result<Response> {
    let (person, kept) = open(desk, number)?;
    let own = own::all(desk.tx, person)?;
    let answered = own.iter().find(|a| a.question == number);
    let mut view = blank(desk, "答题", !own.is_empty())?;
    match answered.filter(|a| a.day == desk.now.day && typed.is_none() && desk.ask.get("again").is_none()) {
        Some(answered) => result(desk, &mut view, answered)?,
        None => {
            let mut ask = as_asked(&kept, answered);
            if let Some(typed) = typed {
                ask.typed = typed.first().cloned().unwrap_or_default();
                ask.options.iter_mut().for_each(|o| o.2 = typed.contains(&o.0.to_string()));
            }
            view.question = Some((number, ask));
        }
    }
    view.wrong = wrong;
    view.next = again(desk, &own, Some(number))?;
    view.next.push(Link::new("今天的题", "/daily"));
    render(view)
}

/// A question without an answer, its options in their own order.
fn as_asked(kept: &Kept, before: Option<&Answered>) -> Asked {
    let asked = crate::exam::paper::Asked { question: 0, options: (0..kept.question.answers.len()).collect() };
    Asked { sequence: before.map_or(0, |b| b.answers), ..shown(&kept.question, &asked, None) }
}

/// What was answered, to the question as it was then; by its corrected key where that was wrong.
fn result(desk: &mut Desk<'_, '_>, view: &mut Daily, answered: &Answered) -> anyhow::Result<()> {
    let number = answered.question;
    let corrected = key::of_questions(desk.tx, &[number].into())?;
    let question = match key::last(&corrected, number, answered.version) {
        Some(corrected) => corrected.question.clone(),
        None => bank::version(desk.tx, number, answered.version)?.ok_or(PageError::NotFound)?.question,
    };
    let given = Given::read(question.kind, &answered.answer);
    view.result = Some((own::is_right(&question, &given), exam_result::told(&question, &given)));
    Ok(())
}

/// `POST /daily/{number}`.
pub(super) async fn answered(State(app): State<App>, Path(number): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let number: i64 = number.parse().map_err(|_| PageError::NotFound)?;
        let values: Vec<String> =
            seat.fields.pairs().iter().filter(|(k, _)| k == "a").map(|(_, v)| v.clone()).collect();
        let person = seat.reader.person.ok_or(PageError::NotFound)?;
        let kept = seat.db().read(|tx| {
            if !own::may_see(tx, person, number)? {
                return Err(PageError::NotFound.into());
            }
            Ok(bank::versions(tx, number)?.pop().ok_or(PageError::NotFound)?)
        })?;
        let given = match own::meant(&kept.question, &values) {
            Ok(given) => given,
            Err(why) => {
                let why = why.to_owned();
                return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| show(desk, number, why, Some(&values))));
            }
        };
        let (count, today) = (seat.fields.get("n").parse().unwrap_or(-1), seat.now.day);
        seat.db().write(move |tx| own::answer(tx, person, &kept, &given, (count, today)))?;
        Ok(seat.to(&format!("/daily/{number}")))
    })
    .await
}

/// `POST /daily/wipe`.
pub(super) async fn wipe(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let person = seat.reader.person.ok_or(PageError::NotFound)?;
        seat.db().write(move |tx| own::wipe(tx, person))?;
        Ok(seat.to("/daily?done=wipe"))
    })
    .await
}
