//! 近期节点 `/calendar`: what is due on which day, on the statutory workday calendar.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    dashboard::{judged_day, named},
    frame::{Ask, Desk, show},
    remedy_lines,
    supervise::lines,
    view::{
        calendar::{Calendar, Cell, DayOf, Due},
        url::Query,
        words::Link,
    },
};
use crate::{
    auth::Permission,
    calendar::Workdays,
    day::Day,
    remedy::{self, store::Filter},
    supervise,
    verdict::{sight, window::bounds, words::window_name},
};

/// Days that the list looks ahead.
const AHEAD: i32 = 90;
/// Months before and after today that may be turned to.
const FURTHEST: i32 = 60;
/// Remedies and matters of a page, each.
const MOST: u64 = 500;

/// `GET /calendar`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Calendar> {
    asked::keys(desk, &["month", "view"]);
    let known = |v: &str| v == "list" || v == "month";
    asked::values(desk, "view", "显示方式", &known);
    let today = desk.now.day;
    let listed = desk.ask.get("view") == Some("list");
    let month = month(desk, today);
    let (from, to) = if listed { (today, today.plus(AHEAD)) } else { month };
    let mut dues = windows(desk, from, to)?;
    if desk.may(Permission::Remedies) {
        dues.extend(remedies(desk, from, to)?);
        dues.extend(matters(desk, from, to)?);
    }
    dues.sort_by(|a, b| (a.0, a.1.kind, &a.1.title.text).cmp(&(b.0, b.1.kind, &b.1.title.text)));
    let mut by_day: BTreeMap<Day, Vec<Due>> = BTreeMap::new();
    for (day, due) in dues {
        by_day.entry(day).or_default().push(due);
    }
    let workdays = desk.current.engine.workdays.clone();
    let weeks = if listed { Vec::new() } else { weeks(month, today, &workdays, &by_day) };
    let at = |day: Day| Query::new("/calendar").with("month", label(day)).href();
    let (year, m, _) = month.0.ymd();
    let total = by_day.values().map(Vec::len).sum::<usize>() as u64;
    Ok(Calendar {
        title: if listed { format!("今后{AHEAD}天") } else { format!("{year}年{m}月") },
        total,
        unknown: unknown(from, to, &workdays),
        previous: (!listed).then(|| Link::new("上月", at(month.0.plus(-1)))),
        next: (!listed).then(|| Link::new("下月", at(month.1.plus(1)))),
        views: vec![
            (Link::new("月历", at(month.0)), !listed),
            (Link::new("列表", Query::new("/calendar").with("view", "list").href()), listed),
        ],
        weeks,
        days: by_day.into_iter().map(|(day, dues)| day_of(day, dues, today, &workdays)).collect(),
        page: desk.page("/calendar")?,
    })
}

/// `2025-10`.
pub(super) fn label(day: Day) -> String {
    day.to_string().chars().take(7).collect()
}

/// First and last day of the month that is asked for.
pub(super) fn month(desk: &mut Desk<'_, '_>, today: Day) -> (Day, Day) {
    let this = bounds(&label(today)).unwrap_or((today, today));
    let Some(text) = desk.ask.get("month").map(str::to_owned) else { return this };
    let near = |(from, _): &(Day, Day)| (from.0 - today.0).abs() <= FURTHEST * 31;
    match bounds(&text).filter(|b| text.len() == 7 && text.as_bytes()[4] == b'-' && near(b)) {
        Some(month) => month,
        None => {
            desk.notice(format!("没有“{}”这个月份，或者离今天太远。请写成 2025-10，现列本月。", asked::echo(&text)));
            this
        }
    }
}

/// Windows that shut with something still open in them.
fn windows(desk: &mut Desk<'_, '_>, from: Day, to: Day) -> anyhow::Result<Vec<(Day, Due)>> {
    let current = desk.current.clone();
    let today = judged_day(desk)?;
    let scope = desk.scope.clone();
    let counts = sight::counts(desk.tx, &scope, None, None)?;
    let mut open: BTreeMap<(Day, usize, String), i64> = BTreeMap::new();
    for c in counts.iter().filter(|c| c.tally.open > 0) {
        if let (Some(shut), Some(i)) = (c.shut, current.engine.position(&c.requirement))
            && (from..=to).contains(&shut)
            && shut >= today
        {
            *open.entry((shut, i, c.window.clone())).or_default() += c.tally.open;
        }
    }
    let due = |((day, i, window), n): ((Day, usize, String), i64)| {
        let (code, title) = named(&current.engine, i);
        let note = format!("{code}　{}，{n}个在进行", window_name(&window));
        let href = Query::new(title.href).with("window", window).href();
        (day, Due { kind: "要求", title: Link::new(title.text, href), note, late: false })
    };
    Ok(open.into_iter().map(due).collect())
}

fn remedies(desk: &mut Desk<'_, '_>, from: Day, to: Day) -> anyhow::Result<Vec<(Day, Due)>> {
    let filter = Filter {
        states: vec![remedy::State::Active],
        due_from: Some(from),
        due_before: Some(to.plus(1)),
        ..Filter::default()
    };
    let (scope, current) = (desk.scope.clone(), desk.current.clone());
    let found = remedy::store::list(desk.tx, &current.engine, &scope, &filter, (0, MOST + 1))?;
    let found = at_most(desk, "改进措施", found);
    let lines = remedy_lines::lines(desk, &found)?;
    let dues = found.iter().zip(lines).filter_map(|(m, line)| {
        let title = Link::new(format!("{}：{}", line.act, line.subject.text), line.subject.href);
        let note = [line.basis, line.unit, line.person].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
        Some((m.due?, Due { kind: "措施", title, note: note.join("　"), late: line.late }))
    });
    Ok(dues.collect())
}

fn matters(desk: &mut Desk<'_, '_>, from: Day, to: Day) -> anyhow::Result<Vec<(Day, Due)>> {
    let filter = supervise::Filter {
        states: vec![supervise::State::Open],
        due_from: Some(from),
        due_before: Some(to.plus(1)),
        ..supervise::Filter::default()
    };
    let scope = desk.scope.clone();
    let found = supervise::list(desk.tx, &scope, &filter, (0, MOST + 1))?;
    let found = at_most(desk, "督办", found);
    let lines = lines(desk, &found)?;
    let due = |(s, line): (&supervise::Supervision, super::view::supervise::Line)| {
        let note = format!("{}　{}", line.number, line.unit);
        (s.due, Due { kind: "督办", title: line.title, note, late: line.late })
    };
    Ok(found.iter().zip(lines).map(due).collect())
}

/// The first of them, and a notice where there are more.
fn at_most<T>(desk: &mut Desk<'_, '_>, what: &str, mut found: Vec<T>) -> Vec<T> {
    if found.len() as u64 > MOST {
        found.truncate(MOST as usize);
        desk.notice(format!("{what}太多，只列先到期的{MOST}件。"));
    }
    found
}

/// Years of the days shown for which nobody has said which days are holidays.
fn unknown(from: Day, to: Day, workdays: &Workdays) -> Vec<i32> {
    let told: BTreeSet<i32> = workdays.marked().map(|(day, _)| day.ymd().0).collect();
    (from.ymd().0..=to.ymd().0).filter(|year| !told.contains(year)).collect()
}

/// `休` on a holiday of the week, `班` on a day off that is worked.
fn mark(day: Day, workdays: &Workdays) -> &'static str {
    match (workdays.is_workday(day), day.weekday() <= 5) {
        (false, true) => "休",
        (true, false) => "班",
        _ => "",
    }
}

fn weeks(
    (from, to): (Day, Day),
    today: Day,
    workdays: &Workdays,
    by_day: &BTreeMap<Day, Vec<Due>>,
) -> Vec<Vec<Option<Cell>>> {
    let first = from.plus(1 - from.weekday() as i32);
    let last = to.plus(7 - to.weekday() as i32);
    let cell = |day: Day| {
        (from..=to).contains(&day).then(|| Cell {
            number: day.ymd().2,
            iso: day.to_string(),
            mark: mark(day, workdays),
            off: !workdays.is_workday(day),
            today: day == today,
            count: by_day.get(&day).map_or(0, Vec::len) as u64,
        })
    };
    let days: Vec<Option<Cell>> = (first.0..=last.0).map(|n| cell(Day(n))).collect();
    days.chunks(7).map(<[Option<Cell>]>::to_vec).collect()
}

fn day_of(day: Day, dues: Vec<Due>, today: Day, workdays: &Workdays) -> DayOf {
    let (_, m, d) = day.ymd();
    let week = ["一", "二", "三", "四", "五", "六", "日"][(day.weekday() as usize - 1).min(6)];
    let note = match (workdays.is_workday(day), day.0 - today.0) {
        (false, _) => "非工作日".to_owned(),
        (true, 0) => "今天".to_owned(),
        (true, n) if n > 0 => format!("还有{}个工作日", workdays.count(today.plus(1), day)),
        _ => String::new(),
    };
    DayOf { iso: day.to_string(), title: format!("{m}月{d}日　星期{week}"), note, dues }
}
