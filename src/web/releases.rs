//! The plan of 每日一题, 每周一课 and 每月一考 `/releases`.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    calendar::{label, month},
    daily::weekday,
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    requests::long_text,
    view::{
        daily::{Line, Releases},
        form::{Errors, Field, Form},
        url::Query,
        words::{Link, Words},
    },
    wrongs::{Wrong, Wrongs},
};
use crate::{
    auth::account::Refused,
    calendar::Workdays,
    clock::start_of_day,
    daily::plan::{self, AHEAD, Kind, LONGEST_LESSON, Release, TITLE},
    day::Day,
    db::Tx,
    installation::Current,
    questions::bank,
    scope::Scope,
    sheet::norm,
};

/// Leaves the questions of a lesson as they are.
const UNCHANGED: &str = "=";

/// `GET /releases?month=…&lesson=…`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["month", "done", "days", "short", "lesson"]);
        let asked: Option<i64> = desk.ask.get("lesson").and_then(|id| id.parse().ok());
        let lesson = match asked.map(|id| plan::get(desk.tx, id)).transpose()?.flatten() {
            Some(r) if r.kind == Kind::Weekly && r.released.is_none() => Some(r.id),
            _ => None,
        };
        if asked != lesson {
            desk.notice("这一课已经发布或撤下，不能再改。".to_owned());
        }
        render(desk, lesson, &Left::default())
    })
    .await
}

/// Whether somebody may plan: what is published is for the whole system.
fn for_all(current: &Current, scope: &Scope) -> bool {
    current.organisation.first_unit().is_some_and(|u| scope.has_unit(u))
}

/// The plan of a month; `lesson`: the one that is to be changed.
fn render(desk: &mut Desk<'_, '_>, lesson: Option<i64>, left: &Left) -> anyhow::Result<Response> {
    let (today, current) = (desk.now.day, desk.current.clone());
    let (from, to) = month(desk, today);
    let all = plan::between(desk.tx, from, to)?;
    let may = for_all(&current, &desk.scope);
    let retired = retired(desk.tx, &all)?;
    let mut rows: Vec<Line> = all.iter().map(|r| line(r, today, may, &retired)).collect();
    for row in &mut rows {
        let of = |list: &[(String, String)]| list.iter().find(|(f, _)| *f == format!("c-{}", row.id)).cloned();
        row.typed = of(&left.typed).unwrap_or_default().1;
        row.wrong = of(&left.wrong).unwrap_or_default().1;
    }
    let mut forms = if may { forms(desk, today)? } else { Vec::new() };
    if let Some(id) = lesson.filter(|_| may) {
        forms.insert(0, ("修改每周一课", rewriting(desk, id)?));
    }
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let of_rows = rows.iter().filter(|r| !r.wrong.is_empty()).map(|r| Link::new(&r.wrong, format!("#c-{}", r.id)));
    let errors = Errors(of_rows.chain(forms.iter().flat_map(|(_, form)| Errors::of(form).0)).collect());
    let turn = |text: &str, day: Day| Link::new(text, Query::new("/releases").with("month", label(day)).href());
    let (year, m, _) = from.ymd();
    let view = Releases {
        title: format!("{year}年{m}月"),
        month: label(from),
        errors,
        notice: notice(desk),
        lead: lead(desk, today)?,
        turn: [turn("上月", from.plus(-1)), turn("下月", to.plus(1))],
        rows,
        form: if may { desk.form_token()? } else { String::new() },
        forms,
        page: desk.page("/releases")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn notice(desk: &Desk<'_, '_>) -> String {
    match desk.ask.get("done") {
        Some("draft") => {
            let days = asked::echo(desk.ask.get("days").unwrap_or_default());
            let short = desk.ask.get("short").and_then(Day::parse);
            let short =
                short.map_or_else(String::new, |d| format!("题库的题不够，{}起没有排上，请补充题目。", d.chinese()));
            format!("已排定{days}天，请逐条过目，不合适的换题或撤下。{short}")
        }
        Some("lesson") => "已排定。发布后可以在发布台账的记录里附上材料。".into(),
        Some("rewrite") => "已修改。".into(),
        Some("test") => "已排定，考试开放之日登记为每月一考。".into(),
        Some("change") => "已换题。".into(),
        Some("drop") => "已撤下。".into(),
        Some("today") => "已改在今天发布。".into(),
        _ => String::new(),
    }
}

/// How far the plan reaches.
fn lead(desk: &mut Desk<'_, '_>, today: Day) -> anyhow::Result<Words> {
    let workdays = desk.current.engine.workdays.clone();
    let coming = plan::between(desk.tx, today, today.plus(AHEAD))?;
    let days: BTreeSet<Day> = coming.iter().filter(|r| r.kind == Kind::Daily).map(|r| r.day).collect();
    let open = (0..=AHEAD).map(|n| today.plus(n)).find(|d| workdays.is_workday(*d) && !days.contains(d));
    Ok(match open {
        Some(day) if day == today => Words::from("今天还没有安排每日一题。"),
        Some(day) => Words::from("每日一题已排到")
            .strong(day.plus(-1).chinese())
            .text(format!("，从{}起还没有。", day.chinese())),
        None => Words::from(format!("每日一题已排满今后{AHEAD}天。")),
    })
}

/// Questions in the plan that were retired since.
fn retired(tx: &mut Tx<'_>, all: &[Release]) -> anyhow::Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    for number in all.iter().filter(|r| r.released.is_none()).filter_map(|r| r.question) {
        if bank::versions(tx, number)?.pop().is_none_or(|k| k.retired.is_some()) {
            found.insert(number);
        }
    }
    Ok(found)
}

fn line(r: &Release, today: Day, may: bool, retired: &BTreeSet<i64>) -> Line {
    let (_, m, d) = r.day.ymd();
    let out = r.question.is_some_and(|q| retired.contains(&q));
    let missed = r.released.is_none() && r.day < today;
    let href = match (r.kind, r.released, r.test) {
        (Kind::Monthly, _, Some(test)) => format!("/tests/{test}"),
        (Kind::Weekly, Some(_), _) => format!("/weekly?lesson={}", r.id),
        (Kind::Weekly, None, _) if may => {
            Query::new("/releases").with("month", label(r.day)).with("lesson", r.id.to_string()).href() + "#h-ed"
        }
        _ => String::new(),
    };
    let number = r.question.map_or_else(String::new, |q| format!("（第{q}号题）"));
    Line {
        id: r.id,
        day: format!("{m}月{d}日 {}", weekday(r.day)),
        kind: r.kind.title(),
        title: Link::new(format!("{}{number}", r.title), href),
        state: match r.released {
            Some(_) => "已发布",
            None if missed => "未发布",
            None => "待发布",
        },
        why: match (r.released, out, missed) {
            (None, true, _) => "题目已停用，请换题",
            (None, false, true) => "当天服务没有运行",
            _ => "",
        },
        change: may && r.released.is_none() && r.kind == Kind::Daily,
        drop: may && r.released.is_none(),
        today: may && missed && !out,
        typed: String::new(),
        wrong: String::new(),
    }
}

/// The form of a lesson, as one changes it before its day. Who has it open when it is published or dropped keeps what was typed.
fn rewriting(desk: &mut Desk<'_, '_>, id: i64) -> anyhow::Result<Form> {
    let lesson = plan::get(desk.tx, id)?.filter(|r| r.kind == Kind::Weekly);
    let day = lesson.as_ref().map_or(desk.now.day, |r| r.day);
    let fields = lesson_fields(desk, day, lesson.as_ref())?;
    Ok(Form {
        id: "ed".into(),
        action: format!("/releases/{id}/lesson?month={}", label(day)),
        fields,
        button: "保存修改".into(),
        primary: true,
        cancel: Some(Link::new("取消", Query::new("/releases").with("month", label(day)).href())),
        ..Form::default()
    })
}

/// The fields of a lesson: of a new one on a day, or of one that stands.
fn lesson_fields(desk: &mut Desk<'_, '_>, day: Day, of: Option<&Release>) -> anyhow::Result<Vec<Field>> {
    let mut topics = by_topic(desk.tx, "没有自测")?;
    let unchanged = of.map(|r| (UNCHANGED.to_owned(), format!("不变（{}题）", r.checks.len())));
    let chosen = if unchanged.is_some() { UNCHANGED } else { "" };
    topics.splice(..0, unchanged);
    let body = Field { value: of.map_or_else(String::new, |r| r.body.clone()), ..Field::long("body", "正文") };
    Ok(vec![
        Field::day("day", "日期", &day.to_string()).required(),
        Field::text("title", "课名", of.map_or("", |r| &r.title)).hint(&format!("最多{TITLE}字。")).required(),
        body.hint(&format!("一行一段，最多{LONGEST_LESSON}字；材料是文件的，写明讲什么，发布后把文件附在记录上。"))
            .required(),
        Field::choice("topic", "自测", chosen, topics).hint("从这个主题取3道题，自愿作答。"),
    ])
}

/// Topics to choose from, or none of them.
fn by_topic(tx: &mut Tx<'_>, none: &str) -> anyhow::Result<Vec<(String, String)>> {
    let all = topics(tx)?.into_iter().map(|t| (t.clone(), t));
    Ok(std::iter::once((String::new(), none.to_owned())).chain(all).collect())
}

fn forms(desk: &mut Desk<'_, '_>, today: Day) -> anyhow::Result<Vec<(&'static str, Form)>> {
    let draft = Form {
        id: "dr".into(),
        action: "/releases/draft".into(),
        fields: vec![
            Field::day("from", "从", &today.to_string()).required(),
            Field::day("to", "到", &today.plus(30).to_string()).hint("只排工作日，已排的不动。").required(),
            Field::choice("topic", "主题", "", by_topic(desk.tx, "各主题轮流")?),
        ],
        button: "排定每日一题".into(),
        primary: true,
        ..Form::default()
    };
    let lesson = Form {
        id: "le".into(),
        action: "/releases/lesson".into(),
        fields: lesson_fields(desk, today, None)?,
        button: "排定每周一课".into(),
        ..Form::default()
    };
    let mut forms = vec![("排每日一题", draft), ("排每周一课", lesson)];
    let tests = plan::tests(desk.tx, start_of_day(today))?;
    if !tests.is_empty() {
        let choices = tests.into_iter().map(|(id, title)| (id.to_string(), title)).collect();
        let form = Form {
            id: "mo".into(),
            action: "/releases/test".into(),
            fields: vec![Field::choice("test", "已发布的考试", "", choices).required()],
            button: "作为每月一考".into(),
            ..Form::default()
        };
        forms.push(("每月一考", form));
    }
    Ok(forms)
}

/// Topics of the bank.
fn topics(tx: &mut Tx<'_>) -> anyhow::Result<BTreeSet<String>> {
    let all = bank::current(tx, None)?;
    Ok(all.into_iter().filter(|k| k.question.askable()).map(|k| k.question.topic).filter(|t| !t.is_empty()).collect())
}

/// Does something to the plan, if the reader may; a refusal stands at the field.
fn planned<F>(
    seat: &Seat,
    (form, field, fields): (&str, &'static str, &[&str]),
    to: &str,
    write: F,
) -> anyhow::Result<Response>
where
    F: FnOnce(&mut Tx<'_>) -> anyhow::Result<String> + Send + 'static,
{
    may_plan(seat)?;
    match seat.db().write(write).map_err(|e| e.downcast::<Refused>()) {
        Ok(more) => Ok(seat.to(&format!("/releases?{to}{more}"))),
        Err(Ok(Refused(why))) if field.is_empty() => Err(PageError::Refused(why).into()),
        Err(Ok(Refused(why))) => Ok(wrong(seat, form, fields, (field, why).into())),
        Err(Err(e)) => Err(e),
    }
}

/// Whether who posts may plan.
fn may_plan(seat: &Seat) -> anyhow::Result<()> {
    let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
    if !for_all(&current, &seat.scope) {
        return Err(PageError::Refused("题、课、考面向全系统发布，由市级人事部门或领导小组办公室安排。".into()).into());
    }
    Ok(())
}

fn wrong(seat: &Seat, form: &str, fields: &[&str], wrongs: Wrongs) -> Response {
    let left = wrongs.left(form, seat.typed(form, fields));
    seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, None, &left))
}

fn day_of(seat: &Seat, field: &'static str, name: &str) -> Result<Day, Wrong> {
    let text = seat.fields.get(field);
    Day::parse(text).ok_or_else(|| (field, format!("{name}：“{}”不是日期，请写成 2025-06-30。", asked::echo(text))))
}

/// `POST /releases/draft`.
pub(super) async fn draft(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        const FIELDS: &[&str] = &["from", "to", "topic"];
        let mut wrongs = Wrongs::default();
        let (from, to) = (wrongs.take(day_of(seat, "from", "从")), wrongs.take(day_of(seat, "to", "到")));
        let (Some(from), Some(to)) = (from, to) else { return Ok(wrong(seat, "dr", FIELDS, wrongs)) };
        let (actor, today, topic) = (seat.actor(), seat.now.day, seat.fields.get("topic").to_owned());
        let workdays = workdays(seat)?;
        planned(seat, ("dr", "from", FIELDS), "done=draft", move |tx| {
            let done = plan::draft(tx, &actor, &workdays, today, (from, to), &topic)?;
            let short = done.short.map_or_else(String::new, |d| format!("&short={d}"));
            Ok(format!("&days={}{short}&month={}", done.days, label(from)))
        })
    })
    .await
}

fn workdays(seat: &Seat) -> anyhow::Result<Workdays> {
    Ok(seat.db().read(|tx| seat.app.installation.current(tx))?.engine.workdays.clone())
}

const LESSON: &[&str] = &["day", "title", "body", "topic"];

/// Day, title and text of a lesson as typed.
fn lesson_typed(seat: &Seat, workdays: &Workdays) -> Result<(Day, String, String), Wrongs> {
    let mut wrongs = Wrongs::default();
    let day = wrongs.take(day_of(seat, "day", "日期").and_then(|day| match workdays.is_workday(day) {
        true => Ok(day),
        false => Err(("day", format!("日期：{}（{}）不是工作日，请改在工作日。", day.chinese(), weekday(day)))),
    }));
    let title = wrongs.take(match long_text(seat, "title", TITLE, true) {
        Ok(title) if title.contains(['\n', '\t']) => Err(("title", "课名：请写在一行里。".into())),
        Ok(title) => Ok(title),
        Err(why) => Err(("title", format!("课名：{why}"))),
    });
    let body = long_text(seat, "body", LONGEST_LESSON, true);
    let body = wrongs.take(body.map_err(|why| ("body", format!("正文：{why}"))));
    match (day, title, body) {
        (Some(day), Some(title), Some(body)) => Ok((day, title, body)),
        _ => Err(wrongs),
    }
}

/// `POST /releases/lesson`.
pub(super) async fn lesson(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let workdays = workdays(seat)?;
        let (day, title, body) = match lesson_typed(seat, &workdays) {
            Ok(typed) => typed,
            Err(wrongs) => return Ok(wrong(seat, "le", LESSON, wrongs)),
        };
        let (actor, today, topic) = (seat.actor(), seat.now.day, seat.fields.get("topic").to_owned());
        planned(seat, ("le", "day", LESSON), "done=lesson", move |tx| {
            plan::lesson(tx, &actor, today, day, (&title, &body, &topic))?;
            Ok(format!("&month={}", label(day)))
        })
    })
    .await
}

/// `POST /releases/{id}/lesson`: one that is not published yet.
pub(super) async fn rewrite(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let id = number(&id)?;
        let again = |wrongs: Wrongs| {
            let left = wrongs.left("ed", seat.typed("ed", LESSON));
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, Some(id), &left)))
        };
        may_plan(seat)?;
        let workdays = workdays(seat)?;
        let (day, title, body) = match lesson_typed(seat, &workdays) {
            Ok(typed) => typed,
            Err(wrongs) => return again(wrongs),
        };
        let (actor, today, topic) = (seat.actor(), seat.now.day, seat.fields.get("topic").to_owned());
        let done = seat.db().write(move |tx| {
            let topic = Some(topic.as_str()).filter(|t| *t != UNCHANGED);
            plan::rewrite(tx, &actor, today, id, (day, &title, &body, topic))
        });
        match done.map_err(|e| e.downcast::<Refused>()) {
            Ok(()) => Ok(seat.to(&Query::new("/releases").with("done", "rewrite").with("month", label(day)).href())),
            Err(Ok(Refused(why))) => again(("day", why).into()),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// `POST /releases/test`.
pub(super) async fn test(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (actor, today, id) = (seat.actor(), seat.now.day, seat.fields.get("test").parse().unwrap_or(0));
        planned(seat, ("mo", "test", &["test"]), "done=test", move |tx| {
            plan::monthly(tx, &actor, today, id)?;
            Ok(String::new())
        })
    })
    .await
}

/// Back to the month from which it was posted.
fn of_month(seat: &Seat) -> String {
    let shown = seat.ask.get("month").and_then(|m| Day::parse(&format!("{m}-01")));
    shown.map_or_else(String::new, |day| format!("&month={}", label(day)))
}

/// Whether something of the plan still stands and is not published.
fn waits(seat: &Seat, id: i64) -> anyhow::Result<bool> {
    Ok(seat.db().read(|tx| plan::get(tx, id))?.is_some_and(|r| r.released.is_none()))
}

fn number(id: &str) -> Result<i64, PageError> {
    id.parse().map_err(|_| PageError::NotFound)
}

/// `POST /releases/{id}/change`.
pub(super) async fn change(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (id, actor, text) = (number(&id)?, seat.actor(), seat.fields.get("number").to_owned());
        may_plan(seat)?;
        let done = match norm::plain(text.trim()).parse::<i64>() {
            Ok(question) => {
                seat.db().write(move |tx| plan::change(tx, &actor, id, question)).map_err(|e| e.downcast::<Refused>())
            }
            Err(_) if text.is_empty() => Err(Ok(Refused("换题：请填写题号。".into()))),
            Err(_) => Err(Ok(Refused(format!("题号应为整数，现为“{}”。", asked::echo(&text))))),
        };
        match done {
            Ok(()) => Ok(seat.to(&format!("/releases?done=change{}", of_month(seat)))),
            Err(Ok(Refused(why))) if !waits(seat, id)? => {
                Err(PageError::RefusedTyped(why, vec![format!("您填写的题号：{text}")]).into())
            }
            Err(Ok(Refused(why))) => {
                let key = format!("c-{id}");
                let left = Left { typed: vec![(key.clone(), text)], ..Left::wrong(&key, why) };
                Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, None, &left)))
            }
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// `POST /releases/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (id, actor) = (number(&id)?, seat.actor());
        let month = of_month(seat);
        planned(seat, ("", "", &[]), "done=drop", move |tx| plan::drop(tx, &actor, id).map(|()| month))
    })
    .await
}

/// `POST /releases/{id}/today`.
pub(super) async fn today(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let (id, actor, today) = (number(&id)?, seat.actor(), seat.now.day);
        planned(seat, ("", "", &[]), "done=today", move |tx| plan::today(tx, &actor, today, id).map(|()| String::new()))
    })
    .await
}
