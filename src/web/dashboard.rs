//! 工作总览 `/`.

use axum::{extract, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    looking_back, start, summary, todo, unit,
    view::{
        chart::{Chart, Point},
        dashboard::{Cell, Counts, Dashboard, Milestone, PillarHead, Summary, UnitRow},
        parts::{Notice, Notices},
        spelling::{anchor, requirement_code},
        tag::{Light, State, Tag},
        url::{Query, segment},
        words::{Link, Words},
    },
};
use crate::{
    day::Day,
    db::Tx,
    figures::{self, Attention, Columns, Overview, Picture, States, UnitFigures},
    installation::{Installation, meta},
    scope::Scope,
    verdict::{engine::Engine, item::Item, light, words::window_name},
};

pub(super) use crate::figures::Organ;

/// Entries of 请关注 and 近期节点.
const SHOWN: usize = 6;

/// `GET /`.
pub(super) async fn page(extract::State(app): extract::State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own.installation)).await
}

/// Fills the page: of the present, or with `period` of a past quarter.
fn render(desk: &mut Desk<'_, '_>, installation: &Installation) -> anyhow::Result<Dashboard> {
    asked::keys(desk, &["period"]);
    let (picture, span) = looking_back::picture(desk, installation)?;
    let engine = picture.engine();
    let all = figures::overview(desk.tx, &picture, &desk.scope)?;
    let (city, city_total) = all.city(engine);
    let names = |l| all.with(l).map(|u| figures::short(&u.organ.name).to_owned());
    let lit = |l| all.with(l).count() as u32;
    Ok(Dashboard {
        page: desk.page("/")?,
        whole: desk.scope == Scope::All,
        part: all.units.iter().any(|u| !unit::whole(desk, u.organ.id)),
        period: looking_back::title(&picture),
        light: summary::lamp(all.light),
        summary: Summary {
            judged: all.judged,
            on_plan: summary::percent(all.on_plan),
            behind: summary::percent(1000 - all.on_plan).trim_end_matches('%').to_owned(),
            green: lit(light::Light::Green),
            yellow: lit(light::Light::Yellow),
            red: lit(light::Light::Red),
            red_units: names(light::Light::Red).collect(),
            empty: empty(&all),
        },
        start: if all.judged == 0 && !span.is_past() { start::ways(desk) } else { Vec::new() },
        weak: weak(&all.weak(engine)),
        counts: state_counts(all.states),
        pillars: heads(engine, &all.columns),
        decide: todo::decide(desk, SHOWN as u64)?,
        attention: Notices(all.attention(engine).iter().take(SHOWN).map(|a| attention(engine, a)).collect()),
        city: Notices(city.into_iter().map(|s| demand(engine, s)).collect()),
        city_total,
        soon: soon(engine, &picture),
        trend: trend(desk.tx, &desk.scope, &picture)?,
        units: all
            .units
            .iter()
            .map(|u| UnitRow { part: !unit::whole(desk, u.organ.id), ..unit_row(engine, u, &span.query) })
            .collect(),
        span,
    })
}

/// The day up to which it is judged; today where nothing is judged yet.
pub(super) fn judged_day(desk: &mut Desk<'_, '_>) -> anyhow::Result<Day> {
    let day = meta(desk.tx, "judged_day")?.and_then(|d| Day::parse(&d));
    Ok(day.unwrap_or(desk.now.day))
}

/// The organs that stand on a day and are in scope, wholly or in part, by name.
pub(super) fn organs(desk: &mut Desk<'_, '_>, day: Day) -> anyhow::Result<Vec<Organ>> {
    figures::organs(desk.tx, &desk.current, &desk.scope, day)
}

/// The pillars over their clauses.
fn heads(engine: &Engine, columns: &Columns) -> Vec<PillarHead> {
    let mut heads: Vec<PillarHead> = Vec::new();
    for (pillar, clause) in &columns.of {
        let title = Columns::title(engine, clause);
        match heads.last_mut().filter(|h| h.title == *pillar) {
            Some(head) => head.clauses.push(title),
            None => heads.push(PillarHead { title: pillar.clone(), clauses: vec![title] }),
        }
    }
    heads
}

fn unit_row(engine: &Engine, unit: &UnitFigures, back: &str) -> UnitRow {
    let page = format!("/units/{}{back}", segment(&unit.organ.code));
    let at = |i: usize| format!("{page}#{}", anchor(&engine.compiled[i].requirement.id));
    let cell = |cell: &figures::Cell| match *cell {
        figures::Cell::Na => Cell::Na,
        figures::Cell::Clear => Cell::Clear,
        figures::Cell::Behind { count, light, first } => {
            Cell::Behind { count, light: summary::lamp(light), href: at(first) }
        }
        figures::Cell::Unknown { count, first } => Cell::Unknown { count, href: at(first) },
    };
    UnitRow {
        unit: Link::new(figures::short(&unit.organ.name), page.clone()),
        light: summary::lamp(unit.light),
        part: false,
        behind: unit.behind,
        judged: unit.judged,
        cells: unit.cells.iter().map(cell).collect(),
    }
}

/// 主要短板: the clauses in which most units are behind.
fn weak(worst: &[(String, String, usize)]) -> Words {
    let worst: Vec<String> = worst.iter().map(|(_, clause, n)| format!("{clause}（{n}个单位）")).collect();
    if worst.is_empty() { Words::new() } else { Words::from(format!("主要短板：{}。", worst.join("、"))) }
}

fn empty(all: &Overview) -> String {
    match (all.units.is_empty(), all.items.is_empty()) {
        (true, _) => "还没有登记单位和人员，没有可以判定的数据。".into(),
        (_, true) => "还没有可以判定的数据：台账里还没有记录。".into(),
        _ => String::new(),
    }
}

fn state_counts(s: States) -> Counts {
    let States { total, pass, open, open_yellow, open_red, fail, unknown, na } = s;
    Counts { total, pass, open, open_yellow, open_red, fail, unknown, na }
}

/// The code and title of a requirement, leading to its page.
pub(super) fn named(engine: &Engine, i: usize) -> (String, Link) {
    let r = &engine.compiled[i].requirement;
    (requirement_code(&r.pillar, &r.id), Link::new(r.title.clone(), format!("/requirements/{}", segment(&r.id))))
}

/// 请关注: what is wrong in most units.
fn attention(engine: &Engine, a: &Attention) -> Notice {
    let (code, title) = named(engine, a.i);
    let light = summary::lamp(a.light);
    let tag = if light == Light::Red && a.fails > 0 { Tag::of(State::Fail) } else { Tag::open(light) };
    let mut note = format!("涉及{}个单位", a.organs.len());
    if a.fails > 0 {
        note.push_str(&format!("，未达标{}项次", a.fails));
    }
    if a.behind > 0 {
        note.push_str(&format!("，落后于进度{}项次", a.behind));
    }
    Notice { tag, title, code, note }
}

/// A demand on the city itself that is behind or without data.
fn demand(engine: &Engine, s: &Item) -> Notice {
    let (code, title) = named(engine, s.i);
    let note = s.windows.first().map_or_else(String::new, |w| window_name(w));
    Notice { tag: summary::of(s), title, code, note }
}

/// Windows that end soon with something still open in them.
fn soon(engine: &Engine, picture: &Picture) -> Vec<Milestone> {
    let dues = Overview::dues(engine, &picture.counts, picture.day, SHOWN);
    let milestone = |due: figures::Due| {
        let (code, title) = named(engine, due.i);
        let (_, m, d) = due.day.ymd();
        let href = Query::new(title.href.clone()).with("window", due.window).href();
        Milestone { day: format!("{m}月{d}日"), iso: due.day.to_string(), title: Link::new(title.text, href), code }
    };
    dues.into_iter().map(milestone).collect()
}

/// Share of met demands at the end of each month, as noted when the month ended; of a past period up to its end.
/// Noted for the whole city, so that it is for those who see the whole city.
fn trend(tx: &mut Tx<'_>, scope: &Scope, picture: &Picture) -> anyhow::Result<Chart> {
    if *scope != Scope::All {
        return Ok(Chart::default());
    }
    let sql = "select day, met, judged from verdict_trend where day <= $1 order by day";
    let rows = tx.rows(sql, &[picture.until.into()], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?, r.i64(2)?)))?;
    let points = rows.iter().filter_map(|(day, met, judged)| {
        let (y, m, _) = Day::parse(day)?.ymd();
        let permille = (*judged > 0).then(|| summary::permille(*met, *judged));
        Some(Point {
            label: format!("{m}月"),
            name: format!("{y}年{m}月"),
            text: permille.map_or("--".into(), summary::percent),
            permille,
        })
    });
    let mut points: Vec<Point> = points.collect();
    points.drain(..points.len().saturating_sub(12));
    Ok(Chart {
        title: "按计划比例".into(), unit: "月份".into(), points, line: Some((900, "绿灯线90%".into()))
    })
}
