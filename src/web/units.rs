//! 单位进展 `/units` and `/units/{id}/progress`: the figures of the overview and of the papers, unit by unit.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    looking_back, summary, unit,
    view::{
        parts::{Bar, Choice},
        spelling::{anchor, requirement_code},
        table::{Facet, FacetValue, Facets},
        units::{Group, Line, Row, UnitProgress, Units},
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    figures::{self, Overview, Period, Picture, Progress, UnitFigures, on_system},
    installation::Installation,
    org::builtin::LEVELS,
    verdict::{engine::Engine, light::Light, words::window_name, world::UNIT},
};

/// Demands named beside a unit.
const NAMED: usize = 4;

/// The quarter that is compared with, and its figures.
type Before = Option<(Period, Overview)>;

/// `GET /units`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own.installation)).await
}

/// Fills the page: of the present, or with `period` of a past quarter; with `compare` another one stands beside.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, installation: &Installation) -> anyhow::Result<Units> {
    asked::keys(desk, &["period", "compare", "level"]);
    let (picture, span) = looking_back::picture(desk, installation)?;
    let engine = picture.engine();
    let all = figures::overview(desk.tx, &picture, &desk.scope)?;
    let levels = levels(&picture, &all);
    asked::values(desk, "level", "层级", &|v| LEVELS.contains(&v));
    let level = desk.ask.get("level").map(str::to_owned);
    let (compare, before) = compared(desk, installation, &picture)?;
    let shown = |u: &&UnitFigures| level.as_ref().is_none_or(|l| levels.get(&u.organ.id) == Some(l));
    let of = |u: &UnitFigures| Line {
        part: !unit::whole(desk, u.organ.id),
        ..line(engine, &all, u, before.as_ref().map(|(_, o)| o), &span.query)
    };
    let mut groups: Vec<Group> = Vec::new();
    for u in all.units.iter().filter(shown) {
        let title = match (u.behind, u.light) {
            (0, _) => "没有落后项".to_owned(),
            (_, light) => format!("有落后项，{}", summary::lamp(light).word()),
        };
        match groups.last_mut().filter(|g| g.title == title) {
            Some(group) => group.rows.push(of(u)),
            None => groups.push(Group { title, rows: vec![of(u)] }),
        }
    }
    Ok(Units {
        period: looking_back::title(&picture),
        lead: lead(&all),
        facets: facets(desk, &all, &levels),
        compare,
        compared: before.map_or_else(String::new, |(period, _)| period.name()),
        part: groups.iter().flat_map(|g| &g.rows).any(|r| r.part),
        groups,
        page: desk.page("/units")?,
        span,
    })
}

fn lead(all: &Overview) -> Words {
    let n = |light| all.with(light).count();
    match (all.units.len(), all.judged) {
        (0, _) => return Words::from("还没有您可以查看的单位。"),
        (units, 0) => return Words::from(format!("{units}个单位本期都还没有判定。")),
        _ => {}
    }
    Words::from(format!("{}个单位中绿灯{}个、黄灯{}个、", all.units.len(), n(Light::Green), n(Light::Yellow)))
        .strong(format!("红灯{}个", n(Light::Red)))
        .text(format!("；{}项次判定中达标或按计划的占", all.judged))
        .strong(summary::percent(all.on_plan))
        .text("。")
}

/// The level of each organ shown.
fn levels(picture: &Picture, all: &Overview) -> BTreeMap<i64, String> {
    let (engine, units) = (picture.engine(), picture.at.organisation.table(UNIT));
    let column = engine.layout.ledgers[UNIT].field_index("level");
    let level = |id: i64| {
        let (units, column) = (units?, column?);
        let row = units.row_of(id)?;
        LEVELS.get(usize::try_from(units.cell(row, column)).ok()?).map(|l| (*l).to_owned())
    };
    all.units.iter().filter_map(|u| Some((u.organ.id, level(u.organ.id)?))).collect()
}

fn facets(desk: &Desk<'_, '_>, all: &Overview, levels: &BTreeMap<i64, String>) -> Facets {
    let taken = desk.ask.get("level");
    let value = |label: &str, count: usize, current: bool, href: String| FacetValue {
        label: label.into(),
        count: count as u64,
        href,
        current,
        icon: None,
    };
    let mut values = vec![value("全部", all.units.len(), taken.is_none(), desk.ask.url.without("level").href())];
    for level in LEVELS {
        let count = levels.values().filter(|l| *l == level).count();
        if count > 0 {
            values.push(value(level, count, taken == Some(level), desk.ask.url.with("level", level).href()));
        }
    }
    Facets(vec![Facet { title: "层级".into(), values }])
}

/// The quarters to compare with, and the one chosen with its figures.
fn compared(
    desk: &mut Desk<'_, '_>,
    installation: &Installation,
    picture: &Picture,
) -> anyhow::Result<(Vec<Choice>, Before)> {
    let today = desk.now.day;
    let mut offered = Period::quarters(desk.current.engine.rules.from, today);
    offered.retain(|p| p.is_over(today) && picture.past.as_ref() != Some(p));
    let asked = desk.ask.get("compare").map(str::to_owned);
    let chosen = asked.as_deref().and_then(|label| offered.iter().find(|p| p.label() == label)).cloned();
    if let (Some(text), None) = (&asked, &chosen) {
        desk.notice(format!("没有可以对比的期间“{}”。", asked::echo(text)));
    }
    let none = Choice { value: String::new(), label: "不对比".into(), current: chosen.is_none() };
    let choice = |p: &Period| Choice {
        value: p.label().to_owned(),
        label: format!("对比{}", p.name()),
        current: chosen.as_ref() == Some(p),
    };
    let choices = std::iter::once(none).chain(offered.iter().map(choice)).collect();
    let before = match chosen {
        None => None,
        Some(period) => {
            let then = Picture::of(desk.tx, installation, &desk.scope, &period, None)?;
            let figures = figures::overview(desk.tx, &then, &desk.scope)?;
            Some((period, figures))
        }
    };
    Ok((choices, before))
}

fn line(engine: &Engine, all: &Overview, u: &UnitFigures, before: Option<&Overview>, back: &str) -> Line {
    let on_plan = summary::permille(i64::from(u.judged - u.behind), i64::from(u.judged));
    let page = format!("/units/{}", segment(&u.organ.code));
    let mut behind: Vec<usize> = all
        .items
        .iter()
        .filter(|i| i.organ == u.organ.id && i.behind() && !on_system(engine, i.i))
        .map(|i| i.i)
        .collect();
    let order = summary::in_order(engine);
    behind.sort_by_key(|i| order.iter().position(|o| o == i));
    let need = |i: &usize| {
        let r = &engine.compiled[*i].requirement;
        Link::new(requirement_code(&r.pillar, &r.id), format!("{page}{back}#{}", anchor(&r.id)))
    };
    Line {
        unit: Link::new(u.organ.name.clone(), format!("{page}/progress{back}")),
        light: summary::lamp(u.light),
        part: false,
        behind: u.behind,
        judged: u.judged,
        on_plan: if u.judged > 0 { summary::percent(on_plan) } else { "--".into() },
        bar: Bar {
            done: if u.judged > 0 { on_plan } else { 0 },
            plan: Some(green(engine)),
            light: summary::lamp(u.light),
            small: false,
        },
        before: before
            .and_then(|o| o.units.iter().find(|b| b.organ.id == u.organ.id))
            .map(|b| (summary::lamp(b.light), format!("落后{} / 应判{}", b.behind, b.judged))),
        more: behind.len().saturating_sub(NAMED),
        needs: behind.iter().take(NAMED).map(need).collect(),
    }
}

/// The green line, in thousandths.
fn green(engine: &Engine) -> u32 {
    u32::try_from((1000 - engine.rules.thresholds.yellow * 10).clamp(0, 1000)).unwrap_or(0)
}

/// `GET /units/{id}/progress`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render_one(desk, &own.installation, &id)).await
}

/// Fills the page of one unit.
///
/// # Errors
/// [`super::error::PageError::NotFound`] for a unit that the reader may not see; else when the store cannot be read.
fn render_one(desk: &mut Desk<'_, '_>, installation: &Installation, id: &str) -> anyhow::Result<UnitProgress> {
    asked::keys(desk, &["period"]);
    let (picture, span) = looking_back::picture(desk, installation)?;
    let engine = picture.engine();
    let named = unit::named_at(desk, &picture, id)?;
    let own = figures::unit(desk.tx, &picture, named.id, named.organ, 1)?;
    let found = figures::progress(desk.tx, &picture, named.id, named.organ)?;
    let page = format!("/units/{}{}", segment(&named.code), span.query);
    // Who sees a part of a unit sees figures of that part.
    let compared = match unit::whole(desk, named.id) {
        true => "（与工作总览和通报相同）",
        false => "（只含您能看到的部分，单位的亮灯以通报为准）",
    };
    let late = found.iter().filter(|p| p.item.behind()).count();
    let lead = Words::from(format!("应判{}项中落后", own.judged))
        .strong(format!("{}项", own.behind))
        .text(format!("{compared}；正在计时的{}项中，落后于进度或未达标的", found.len()))
        .strong(format!("{late}项"))
        .text("。");
    let mut pillars: Vec<(String, Vec<Row>)> = Vec::new();
    for pillar in &engine.package.directive.pillars {
        let of = found.iter().filter(|p| engine.compiled[p.item.i].requirement.pillar == pillar.id);
        let rows: Vec<Row> = of.map(|p| row(engine, p, &page)).collect();
        if !rows.is_empty() {
            pillars.push((pillar.id.clone(), rows));
        }
    }
    Ok(UnitProgress {
        unit: Link::new(named.name, page),
        period: looking_back::title(&picture),
        light: summary::lamp(own.light),
        lead,
        pillars,
        page: desk.page("/units")?,
        span,
    })
}

fn row(engine: &Engine, p: &Progress, page: &str) -> Row {
    let r = &engine.compiled[p.item.i].requirement;
    let tag = summary::of(&p.item);
    Row {
        code: requirement_code(&r.pillar, &r.id),
        title: Link::new(r.title.clone(), format!("{page}#{}", anchor(&r.id))),
        window: window_name(&p.window),
        target: p.target.clone(),
        value: p.value.clone(),
        bar: p.done.map(|done| Bar { done, plan: Some(p.elapsed), light: tag.light(), small: false }),
        done: p.done.map_or_else(String::new, |done| format!("已做{}", summary::percent(done))),
        elapsed: format!("时间已过{}", summary::percent(p.elapsed)),
        left: if p.left > 0 { format!("还剩{}天", p.left) } else { String::new() },
        tag,
    }
}
