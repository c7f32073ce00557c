//! 工作总览 `/`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked,
    frame::Desk,
    summary, todo,
    view::{
        chart::{Chart, Point},
        dashboard::{Cell, Counts, Dashboard, Milestone, PillarHead, Summary, UnitRow},
        parts::{Notice, Notices},
        spelling::{anchor, requirement_code, sound_key},
        tag::{Light, State, Tag},
        url::{Query, segment},
        words::{Link, Words},
    },
};
use crate::{
    day::Day,
    directive::model::Requirement,
    installation::meta,
    names::Names,
    scope::Scope,
    verdict::{
        engine::Engine,
        item::{self, Item},
        sight, store,
        words::window_name,
        world::UNIT,
    },
};

/// Entries of 请关注 and 近期节点.
const SHOWN: usize = 6;
/// Days ahead that 近期节点 looks.
const AHEAD: i32 = 45;

/// Fills the page.
pub(super) fn page(desk: &mut Desk<'_, '_>) -> anyhow::Result<Dashboard> {
    asked::keys(desk, &[]);
    let current = desk.current.clone();
    let engine = &current.engine;
    let today = judged_day(desk)?;
    let counts = sight::counts(desk.tx, &desk.scope, None, None)?;
    let items = item::items(engine, &counts, today);
    let system = item::system(engine, &counts, today);
    let organs = organs(desk, today)?;
    let columns = Columns::of(engine, &items);
    let units = units(engine, &organs, &items, &columns);
    let judged: u32 = units.iter().map(|u| u.judged).sum();
    let behind: u32 = units.iter().map(|u| u.behind).sum();
    let by_light = |light: Light| units.iter().filter(move |u| u.light == light);
    let on_plan = summary::permille(i64::from(judged - behind), i64::from(judged));
    let (year, _, _) = today.ymd();
    let (_, month, day) = today.ymd();
    Ok(Dashboard {
        page: desk.page("/")?,
        whole: desk.scope == Scope::All,
        period: format!("{year}年，截至{month}月{day}日"),
        light: summary::share_light(engine, behind, judged),
        summary: Summary {
            judged,
            on_plan: summary::percent(on_plan),
            behind: summary::percent(1000 - on_plan).trim_end_matches('%').to_owned(),
            green: by_light(Light::Green).count() as u32,
            yellow: by_light(Light::Yellow).count() as u32,
            red: by_light(Light::Red).count() as u32,
            red_units: by_light(Light::Red).map(|u| u.unit.text.clone()).collect(),
            empty: empty(&items),
        },
        weak: weak(engine, &columns, &units),
        counts: state_counts(&system),
        pillars: columns.heads(engine),
        decide: todo::decide(desk, SHOWN as u64)?,
        attention: attention(engine, &items, &organs),
        city: city(engine, &system),
        city_total: system.iter().filter(|s| summary::on_system(engine, s.i)).count() as u32,
        soon: soon(engine, &counts, today),
        trend: trend(desk)?,
        units,
    })
}

/// The day up to which it is judged; today where nothing is judged yet.
pub(super) fn judged_day(desk: &mut Desk<'_, '_>) -> anyhow::Result<Day> {
    let day = meta(desk.tx, "judged_day")?.and_then(|d| Day::parse(&d));
    Ok(day.unwrap_or(desk.now.day))
}

/// An organ that stands on the day: record id, code, name.
#[derive(Clone, Debug)]
pub(super) struct Organ {
    pub(super) id: i64,
    pub(super) code: String,
    pub(super) name: String,
}

/// The organs that stand on a day and are in scope, wholly or in part, by name.
pub(super) fn organs(desk: &mut Desk<'_, '_>, day: Day) -> anyhow::Result<Vec<Organ>> {
    let current = desk.current.clone();
    let (Some(chart), Some(units)) = (current.organisation.chart(), current.organisation.table(UNIT)) else {
        return Ok(Vec::new());
    };
    let ids: BTreeSet<i64> = (0..units.len())
        .filter(|u| chart.organ[*u] == *u && units.opens[*u] <= day && day <= units.closing(*u))
        .filter(|u| chart.owned[*u].iter().any(|own| desk.scope.has_unit(units.ids[*own])))
        .map(|u| units.ids[u])
        .collect();
    let names = Names::load(desk.tx, &current.engine.layout, &BTreeMap::from([(UNIT, ids.clone())]))?;
    let organ = |id: i64| Organ { id, code: names.code(UNIT, id), name: names.title(UNIT, id).to_owned() };
    let mut organs: Vec<Organ> = ids.into_iter().map(organ).collect();
    organs.sort_by_key(|o| sound_key(&o.name));
    Ok(organs)
}

/// The clause columns: those with an item that is not on the system alone.
struct Columns {
    /// Pillar and clause.
    of: Vec<(String, String)>,
}

impl Columns {
    fn of(engine: &Engine, items: &[Item]) -> Columns {
        let shown: BTreeSet<usize> = items
            .iter()
            .filter(|i| !summary::on_system(engine, i.i) && summary::of(i).state != State::Figure)
            .map(|i| i.i)
            .collect();
        let mut of: Vec<(String, String)> = Vec::new();
        for (i, c) in engine.compiled.iter().enumerate() {
            let column = (c.requirement.pillar.clone(), c.requirement.clause.clone());
            if shown.contains(&i) && !of.contains(&column) {
                of.push(column);
            }
        }
        let order = |pillar: &str| engine.package.directive.pillars.iter().position(|p| p.id == pillar);
        of.sort_by_key(|(pillar, _)| order(pillar));
        Columns { of }
    }

    fn position(&self, r: &Requirement) -> Option<usize> {
        self.of.iter().position(|(p, c)| *p == r.pillar && *c == r.clause)
    }

    fn heads(&self, engine: &Engine) -> Vec<PillarHead> {
        let mut heads: Vec<PillarHead> = Vec::new();
        for (pillar, clause) in &self.of {
            let title = clause_title(engine, clause);
            match heads.last_mut().filter(|h| h.title == *pillar) {
                Some(head) => head.clauses.push(title),
                None => heads.push(PillarHead { title: pillar.clone(), clauses: vec![title] }),
            }
        }
        heads
    }
}

fn clause_title(engine: &Engine, clause: &str) -> String {
    let found = engine.package.directive.clauses.iter().find(|c| c.id == clause);
    found.map_or_else(|| clause.to_owned(), |c| c.title.clone())
}

fn units(engine: &Engine, organs: &[Organ], items: &[Item], columns: &Columns) -> Vec<UnitRow> {
    let row = |organ: &Organ| {
        let own: Vec<&Item> =
            items.iter().filter(|i| i.organ == organ.id && !summary::on_system(engine, i.i)).collect();
        let judged = own.iter().filter(|i| i.judged()).count() as u32;
        let behind = own.iter().filter(|i| i.behind()).count() as u32;
        let cells = (0..columns.of.len()).map(|n| {
            let here: Vec<&&Item> =
                own.iter().filter(|i| columns.position(&engine.compiled[i.i].requirement) == Some(n)).collect();
            cell(engine, organ, &here)
        });
        UnitRow {
            unit: Link::new(short(&organ.name), format!("/units/{}", segment(&organ.code))),
            light: summary::share_light(engine, behind, judged),
            behind,
            judged,
            cells: cells.collect(),
        }
    };
    let mut rows: Vec<UnitRow> = organs.iter().map(row).collect();
    // Units with 落后项 first, red before yellow before green; by name within each.
    rows.sort_by_key(|r| (r.behind == 0, std::cmp::Reverse(rank(r.light))));
    rows
}

fn rank(light: Light) -> u8 {
    match light {
        Light::Red => 3,
        Light::Yellow => 2,
        Light::Green => 1,
        Light::None => 0,
    }
}

/// A district's name without what all of them end with.
fn short(name: &str) -> &str {
    ["发展和改革委员会", "发展改革委", "发展和改革局", "发展改革局", "发改委", "发改局"]
        .iter()
        .find_map(|end| name.strip_suffix(end).filter(|n| !n.is_empty()))
        .unwrap_or(name)
}

fn cell(engine: &Engine, organ: &Organ, items: &[&&Item]) -> Cell {
    let behind: Vec<Light> = items.iter().filter(|i| i.behind()).map(|i| summary::of(i).light()).collect();
    let unknown = items.iter().filter(|i| summary::of(i).state == State::Unknown).count() as u32;
    let href = |i: usize| {
        let id = &engine.compiled[i].requirement.id;
        format!("/units/{}#{}", segment(&organ.code), anchor(id))
    };
    match (behind.len() as u32, unknown, items.first()) {
        (0, 0, _) if !items.iter().any(|i| i.judged()) => Cell::Na,
        (0, 0, _) => Cell::Clear,
        (0, count, Some(_)) => {
            let at = items.iter().find(|i| summary::of(i).state == State::Unknown).map_or(0, |i| i.i);
            Cell::Unknown { count, href: href(at) }
        }
        (count, _, _) => {
            let light = behind.into_iter().max_by_key(|l| rank(*l)).unwrap_or(Light::Yellow);
            let at = items.iter().find(|i| i.behind()).map_or(0, |i| i.i);
            Cell::Behind { count, light, href: href(at) }
        }
    }
}

/// 主要短板: the clauses in which most units are behind.
fn weak(engine: &Engine, columns: &Columns, units: &[UnitRow]) -> Words {
    let behind = |n: usize| units.iter().filter(|u| matches!(u.cells.get(n), Some(Cell::Behind { .. }))).count();
    let mut by: Vec<(usize, &(String, String))> = (0..columns.of.len()).map(|n| (behind(n), &columns.of[n])).collect();
    by.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
    let worst: Vec<String> = by
        .iter()
        .filter(|(n, _)| *n > 0)
        .take(3)
        .map(|(n, (_, clause))| format!("{}（{n}个单位）", clause_title(engine, clause)))
        .collect();
    if worst.is_empty() { Words::new() } else { Words::from(format!("主要短板：{}。", worst.join("、"))) }
}

fn empty(items: &[Item]) -> String {
    if items.is_empty() {
        "还没有可以判定的数据。请先导入单位、人员和台账。".into()
    } else {
        String::new()
    }
}

fn state_counts(system: &[Item]) -> Counts {
    let mut c = Counts::default();
    for item in system.iter().filter(|i| summary::of(i).state != State::Figure) {
        c.total += 1;
        match summary::of(item).state {
            State::Pass => c.pass += 1,
            State::Fail => c.fail += 1,
            State::Unknown => c.unknown += 1,
            State::Na => c.na += 1,
            State::Open => {
                c.open += 1;
                c.open_yellow += u32::from(summary::of(item).pace == Light::Yellow);
                c.open_red += u32::from(summary::of(item).pace == Light::Red);
            }
            State::Figure | State::Absent => {}
        }
    }
    c
}

/// The code and title of a requirement, leading to its page.
pub(super) fn named(engine: &Engine, i: usize) -> (String, Link) {
    let r = &engine.compiled[i].requirement;
    (requirement_code(&r.pillar, &r.id), Link::new(r.title.clone(), format!("/requirements/{}", segment(&r.id))))
}

/// 请关注: what is wrong in most units.
fn attention(engine: &Engine, items: &[Item], organs: &[Organ]) -> Notices {
    let mut by: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
    for item in items.iter().filter(|i| i.behind() && !summary::on_system(engine, i.i)) {
        if organs.iter().any(|o| o.id == item.organ) {
            by.entry(item.i).or_default().push(item);
        }
    }
    let mut worst: Vec<(usize, Vec<&Item>)> = by.into_iter().collect();
    worst.sort_by_key(|(i, items)| (std::cmp::Reverse(items.len()), *i));
    let notice = |(i, items): (usize, Vec<&Item>)| {
        let (code, title) = named(engine, i);
        let light = items.iter().map(|t| summary::of(t).light()).max_by_key(|l| rank(*l)).unwrap_or(Light::Yellow);
        let fails: i64 = items.iter().map(|t| t.tally.fail).sum();
        let behind: i64 = items.iter().map(|t| t.tally.behind).sum();
        let tag = if light == Light::Red && fails > 0 { Tag::of(State::Fail) } else { Tag::open(light) };
        let mut note = format!("涉及{}个单位", items.len());
        if fails > 0 {
            note.push_str(&format!("，未达标{fails}个"));
        }
        if behind > 0 {
            note.push_str(&format!("，落后于进度{behind}个"));
        }
        Notice { tag, title, code, note }
    };
    Notices(worst.into_iter().take(SHOWN).map(notice).collect())
}

/// Demands on the city itself that are behind or without data.
fn city(engine: &Engine, system: &[Item]) -> Notices {
    let own = system.iter().filter(|s| summary::on_system(engine, s.i));
    let bad = own.filter(|s| s.behind() || summary::of(s).state == State::Unknown);
    let notice = |s: &Item| {
        let (code, title) = named(engine, s.i);
        let windows: Vec<String> = s.windows.iter().take(1).map(|w| window_name(w)).collect();
        Notice { tag: summary::of(s), title, code, note: windows.join("、") }
    };
    Notices(bad.map(notice).collect())
}

/// Windows that end soon with something still open in them.
fn soon(engine: &Engine, counts: &[store::Counted], today: Day) -> Vec<Milestone> {
    let mut found: BTreeSet<(Day, usize, String)> = BTreeSet::new();
    for c in counts.iter().filter(|c| c.tally.open > 0) {
        if let (Some(shut), Some(i)) = (c.shut, engine.position(&c.requirement))
            && shut >= today
            && shut <= today.plus(AHEAD)
        {
            found.insert((shut, i, c.window.clone()));
        }
    }
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .filter(|(_, i, _)| seen.insert(*i))
        .take(SHOWN)
        .map(|(day, i, window)| {
            let (code, title) = named(engine, i);
            let (_, m, d) = day.ymd();
            let href = Query::new(title.href.clone()).with("window", window).href();
            Milestone { day: format!("{m}月{d}日"), iso: day.to_string(), title: Link::new(title.text, href), code }
        })
        .collect()
}

/// Share of met demands at the end of each month, as noted when the month ended.
/// Noted for the whole city, so that it is for those who see the whole city.
fn trend(desk: &mut Desk<'_, '_>) -> anyhow::Result<Chart> {
    if desk.scope != Scope::All {
        return Ok(Chart::default());
    }
    let sql = "select day, met, judged from verdict_trend order by day";
    let rows = desk.tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?, r.i64(2)?)))?;
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
