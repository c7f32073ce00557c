//! 单位详情 `/units/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{self, Path},
    response::Response,
};

use super::{
    app::App,
    asked,
    dashboard::{Organ, named},
    error::PageError,
    frame::{Ask, Desk, show},
    looking_back, remedies, subject, summary, supervise as supervise_page, unit_demands,
    view::{
        parts::{Bar, Event, Fact, Timeline},
        remedy::Lines,
        spelling::{anchor, requirement_code, sound_key},
        supervise as view_supervise,
        tag::{Light, State},
        unit::{Mend, Relative, SourceRow, Sources, Unit, UnitVerdict, Why},
        url::{Query, segment},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    day::Day,
    figures::{self, Demand, Picture, bad, on_system, target_text, value_text},
    installation::Installation,
    names::Names,
    remedy::{self, store::Filter},
    subjects, supervise,
    verdict::{
        engine::Engine,
        item::Item,
        light,
        store::Stored,
        words::{Context, when, window_name},
        world::{PERSON, UNIT},
    },
};

/// Verdicts listed under a demand.
const SOURCES: usize = 3;
/// 科室 named where only they are seen of an organ.
const PARTS: usize = 3;
/// Consequences and matters listed.
const LISTED: usize = 6;

/// `GET /units/{id}`.
pub(super) async fn page(extract::State(app): extract::State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own.installation, &id)).await
}

/// Fills the page: of the present, or with `period` of a past quarter.
fn render(desk: &mut Desk<'_, '_>, installation: &Installation, id: &str) -> anyhow::Result<Unit> {
    asked::keys(desk, &["pillar", "state", "q", "period"]);
    let (picture, span) = looking_back::picture(desk, installation)?;
    let (engine, today) = (picture.engine(), picture.until);
    let (unit, place) = at(desk, &picture, id)?;
    let own = figures::unit(desk.tx, &picture, unit, place.organ, SOURCES)?;
    let (judged, behind) = (own.judged, own.behind);
    asked::values(desk, "pillar", "类别", &|v| engine.package.directive.pillars.iter().any(|p| p.id == v));
    let words = ["达标", "未达标", "未达标（已补）", "进行中", "数据不足", "不适用", "只列数字"];
    asked::values(desk, "state", "判定", &|v| words.contains(&v));
    let ask = desk.ask.clone();
    let back = looking_back::moment(&picture);
    let about = About { engine, names: &own.names, unit, code: &place.code, today, back };
    let lines: Vec<(&Item, UnitVerdict)> = own.demands.iter().map(|d| (&d.item, about.line(d))).collect();
    let (mends_title, mends) = mends(engine, &lines, behind, judged);
    let (previous, next) = neighbours(desk, &picture, unit, &span.query)?;
    let (remedies, all_remedies) = remedies(desk, unit, &place.code)?;
    Ok(Unit {
        page: desk.page("/org")?,
        part: if whole(desk, unit) { String::new() } else { part_words(&place.family) },
        name: place.name.clone(),
        progress: format!("/units/{}/progress{}", segment(&place.code), span.query),
        period: looking_back::title(&picture),
        light: summary::lamp(own.light),
        facts: facts(&place, &own.demands),
        why: why(engine, behind, judged),
        mends,
        mends_title,
        filter: unit_demands::filter(&ask),
        facets: unit_demands::facets(engine, &ask, &own.demands),
        pillars: unit_demands::pillars(engine, &ask, &lines),
        none: if own.demands.is_empty() { "该单位尚无应达标项。".into() } else { String::new() },
        remedies,
        all_remedies,
        matters: matters(desk, unit)?,
        family: place.family.clone(),
        ledgers: ledgers(desk, engine, unit, &place.code)?,
        history: place.history,
        previous,
        next,
        span,
    })
}

/// The unit that an address names, and where it stands, if the reader may see it.
fn at(desk: &mut Desk<'_, '_>, picture: &Picture, id: &str) -> anyhow::Result<(i64, Place)> {
    let sql = "select record_id from l_unit where record_code = $1 or cast(record_id as text) = $1 \
               order by case when record_code = $1 then 0 else 1 end";
    let unit = desk.tx.one(sql, &[id.into()], |r| r.i64(0))?.ok_or(PageError::NotFound)?;
    let place = Place::of(desk, picture, unit)?;
    if !place.seen {
        return Err(PageError::NotFound.into());
    }
    Ok((unit, place))
}

/// Whether the reader sees all of a unit, so that its figures are those of the overview and the papers.
pub(super) fn whole(desk: &Desk<'_, '_>, unit: i64) -> bool {
    desk.current.organisation.owned(unit).iter().all(|unit| desk.scope.has_unit(*unit))
}

/// `只含您能看到的部分（办公室），单位的亮灯以通报为准`
fn part_words(family: &[Relative]) -> String {
    let names: Vec<&str> = family.iter().take(PARTS).map(|r| r.unit.text.as_str()).collect();
    let more = if family.len() > PARTS { "等" } else { "" };
    format!("只含您能看到的部分（{}{more}），单位的亮灯以通报为准", names.join("、"))
}

/// A unit as other pages name it.
pub(super) struct Named {
    /// Record id.
    pub(super) id: i64,
    /// Code.
    pub(super) code: String,
    /// Full name.
    pub(super) name: String,
    /// An organ; else one of its 科室.
    pub(super) organ: bool,
}

/// The unit that an address names, if the reader may see it.
///
/// # Errors
/// [`PageError::NotFound`]; else when the store cannot be read.
pub(super) fn named_at(desk: &mut Desk<'_, '_>, picture: &Picture, id: &str) -> anyhow::Result<Named> {
    let (id, place) = at(desk, picture, id)?;
    Ok(Named { id, code: place.code, name: place.name, organ: place.organ })
}

/// The unit's remedies that run, for who may see remedies.
fn remedies(desk: &mut Desk<'_, '_>, unit: i64, code: &str) -> anyhow::Result<(Lines, Option<Link>)> {
    if !desk.may(Permission::Remedies) {
        return Ok((Lines::default(), None));
    }
    let units = desk.current.organisation.owned(unit).into_iter().collect();
    let filter =
        Filter { states: vec![remedy::State::Draft, remedy::State::Active], units: Some(units), ..Filter::default() };
    let lines = remedies::urgent(desk, &filter, LISTED as u64)?;
    Ok((Lines(lines), Some(Link::new("全部措施", Query::new("/remedies").with("unit", code).href()))))
}

/// Matters about the unit that are not closed, for who may see them.
fn matters(desk: &mut Desk<'_, '_>, unit: i64) -> anyhow::Result<Vec<view_supervise::Line>> {
    if !desk.may(Permission::Remedies) {
        return Ok(Vec::new());
    }
    let (scope, units) = (desk.scope.clone(), Some(desk.current.organisation.owned(unit).into_iter().collect()));
    let states = vec![supervise::State::Open, supervise::State::Replied];
    let filter = supervise::Filter { states, units, ..supervise::Filter::default() };
    let found = supervise::list(desk.tx, &scope, &filter, (0, LISTED as u64))?;
    supervise_page::lines(desk, &found)
}

/// The organs before and after an organ, as links.
fn neighbours(
    desk: &mut Desk<'_, '_>,
    picture: &Picture,
    unit: i64,
    back: &str,
) -> anyhow::Result<(Option<Link>, Option<Link>)> {
    let organs = figures::organs(desk.tx, &picture.at, &desk.scope, picture.until)?;
    let Some(at) = organs.iter().position(|o| o.id == unit) else { return Ok((None, None)) };
    let link = |o: &Organ| Link::new(o.name.clone(), format!("/units/{}{back}", segment(&o.code)));
    let before = at.checked_sub(1).and_then(|n| organs.get(n));
    Ok((before.map(link), organs.get(at + 1).map(link)))
}

/// Where a unit stands on a day.
struct Place {
    code: String,
    name: String,
    organ: bool,
    /// The reader's scope holds the unit, or one of its 科室.
    seen: bool,
    chief: String,
    persons: u64,
    /// The superior, which leads on where it is seen.
    parent: Option<Words>,
    family: Vec<Relative>,
    history: Timeline,
}

impl Place {
    fn of(desk: &mut Desk<'_, '_>, picture: &Picture, unit: i64) -> anyhow::Result<Place> {
        let day = picture.until;
        let layout = &picture.engine().layout;
        let organisation = &picture.at.organisation;
        let (Some(chart), Some(units), Some(persons)) =
            (organisation.chart(), organisation.table(UNIT), organisation.table(PERSON))
        else {
            return Err(PageError::NotFound.into());
        };
        let row = units.row_of(unit).ok_or(PageError::NotFound)?;
        let owned: BTreeSet<usize> = chart.owned[row].iter().copied().collect();
        // Of an organ that is seen for the sake of one of its 科室, that one alone.
        let seen = |u: &usize| desk.scope.has_unit(units.ids[*u]);
        let here =
            |p: &usize| chart.post_on(*p, day).is_some_and(|post| owned.contains(&post.unit) && seen(&post.unit));
        let staff: Vec<usize> = (0..persons.len()).filter(here).collect();
        let chiefs: BTreeSet<i64> = staff
            .iter()
            .filter(|p| chart.post_on(**p, day).is_some_and(|post| post.unit == row && matches!(post.duty, 0 | 2)))
            .map(|p| persons.ids[*p])
            .collect();
        let mut wanted: BTreeSet<i64> = owned.iter().map(|u| units.ids[*u]).collect();
        let organ = chart.organ[row];
        wanted.insert(units.ids[organ]);
        let parent = units.row_of(units.cell(row, layout.ledgers[UNIT].field_index("parent").unwrap_or(usize::MAX)));
        let parent = parent.filter(|_| seen(&row));
        wanted.extend(parent.map(|p| units.ids[p]));
        let names = Names::load(desk.tx, layout, &BTreeMap::from([(UNIT, wanted), (PERSON, chiefs.clone())]))?;
        let link = |u: usize| {
            let id = units.ids[u];
            Link::new(names.title(UNIT, id).to_owned(), format!("/units/{}", segment(&names.code(UNIT, id))))
        };
        let relatives: Vec<usize> = if organ == row {
            let there = |u: &usize| *u != row && units.opens[*u] <= day && day <= units.closing(*u) && seen(u);
            owned.iter().copied().filter(there).collect()
        } else {
            vec![organ]
        };
        let mut family: Vec<Relative> = relatives
            .into_iter()
            .map(|u| Relative { unit: link(u), light: Light::None, note: String::new() })
            .collect();
        family.sort_by_key(|r| sound_key(&r.unit.text));
        let chief: Vec<&str> = chiefs.iter().map(|p| names.title(PERSON, *p)).collect();
        let history = history(units.opens[row], units.closing(row), day);
        Ok(Place {
            code: names.code(UNIT, unit),
            name: names.title(UNIT, unit).to_owned(),
            organ: organ == row,
            seen: owned.iter().any(seen),
            chief: chief.join("、"),
            persons: staff.len() as u64,
            parent: parent.map(|u| match chart.owned[u].iter().any(seen) {
                true => Words::new().link(link(u).text, link(u).href),
                false => Words::from(names.title(UNIT, units.ids[u]).to_owned()),
            }),
            family,
            history,
        })
    }
}

fn history(opens: Day, closes: Day, today: Day) -> Timeline {
    let event = |day: Day, text: &str| Event {
        at: day.chinese(),
        iso: day.to_string(),
        key: true,
        words: Words::from(text),
        ..Event::default()
    };
    let closed = (closes <= today).then(|| event(closes, "撤销"));
    Timeline(closed.into_iter().chain([event(opens, "设立")]).collect())
}

fn facts(place: &Place, demands: &[Demand]) -> Vec<Fact> {
    let n = |state| demands.iter().filter(|d| summary::of(&d.item).state == state).count();
    let mut facts = vec![
        Fact::new("负责人", if place.chief.is_empty() { "--".to_owned() } else { place.chief.clone() }),
        Fact::new("在岗干部", format!("{}人", place.persons)),
    ];
    if let Some(parent) = &place.parent {
        facts.push(Fact::new("上级单位", parent.clone()));
    }
    facts.push(Fact::new("适用要求", format!("{}项", demands.len())));
    for (term, state) in [
        ("达标", State::Pass),
        ("进行中", State::Open),
        ("未达标", State::Fail),
        ("数据不足", State::Unknown),
        ("不适用", State::Na),
    ] {
        if n(state) > 0 || state != State::Na {
            facts.push(Fact::new(term, format!("{}项", n(state))));
        }
    }
    facts
}

fn why(engine: &Engine, behind: u32, judged: u32) -> Why {
    let t = engine.rules.thresholds;
    let share = summary::permille(i64::from(behind), i64::from(judged));
    Why {
        judged,
        behind,
        share: summary::percent(share).trim_end_matches('%').to_owned(),
        bar: Bar {
            done: 1000 - share.min(1000),
            plan: Some(u32::try_from((1000 - t.yellow * 10).clamp(0, 1000)).unwrap_or(0)),
            light: summary::lamp(figures::share_light(engine, behind, judged)),
            small: false,
        },
        note: Words::from(format!(
            "落后项是未达标，或进行中而亮黄灯、红灯的项；不适用和数据不足不计，全市的要求另计。低于{}%绿灯，{}%至{}%黄灯，超过{}%红灯。",
            t.yellow, t.yellow, t.red, t.red
        )),
    }
}

/// What the lines of a page have in common.
struct About<'a> {
    engine: &'a Engine,
    names: &'a Names,
    unit: i64,
    /// The unit's code.
    code: &'a str,
    today: Day,
    /// What takes the page of a verdict to the moment looked at.
    back: String,
}

impl About<'_> {
    fn line(&self, d: &Demand) -> UnitVerdict {
        let (engine, item) = (self.engine, &d.item);
        let ctx = Context::of(engine, item.i);
        let r = ctx.requirement;
        let list = format!("/requirements/{}?unit={}#h-subjects", segment(&r.id), segment(self.code));
        let one = if bad(item) == 1 { d.single.as_ref().or(d.told.first()) } else { d.single.as_ref() };
        UnitVerdict {
            way: one.map_or_else(|| list.clone(), |v| format!("{}#h-need", self.href(item.i, v))),
            anchor: anchor(&r.id),
            code: requirement_code(&r.pillar, &r.id),
            title: named(engine, item.i).1,
            target: d.target.clone(),
            value: d.value.clone(),
            tag: summary::of(item),
            href: d.single.as_ref().map_or_else(|| list.clone(), |v| self.href(item.i, v)),
            due: item.shut.map_or_else(|| when(ctx), Day::chinese),
            overdue: summary::of(item).state == State::Fail && item.shut.is_some_and(|s| s < self.today),
            why: Words::from(d.why.before.clone()).strong_if(d.why.strong.clone()).text(d.why.after.clone()),
            sources: if d.single.is_some() { None } else { self.sources(d, &list) },
        }
    }

    fn href(&self, i: usize, v: &Stored) -> String {
        format!("{}{}", subject::href(self.engine, i, v, self.names), self.back)
    }

    fn sources(&self, d: &Demand, list: &str) -> Option<Sources> {
        let (engine, item) = (self.engine, &d.item);
        let all = bad(item);
        if all == 0 {
            return None;
        }
        let mut listed: Vec<&Stored> = d.told.iter().collect();
        let title = |v: &Stored| subjects::title(engine, item.i, &subjects::key(v), self.names);
        listed.sort_by_cached_key(|v| (v.unit.map(|u| sound_key(self.names.title(UNIT, u))), sound_key(&title(v))));
        let ctx = Context::of(engine, item.i);
        let row = |v: &&Stored| SourceRow {
            subject: Link::new(title(v), self.href(item.i, v)),
            figures: vec![window_name(&v.window), target_text(ctx, v), value_text(ctx, v)],
            note: v.unit.filter(|u| *u != self.unit).map_or("", |u| self.names.title(UNIT, u)).to_owned(),
            tag: summary::tag(v.state, v.light, v.late),
        };
        let rest = (all as usize).saturating_sub(listed.len());
        Some(Sources {
            title: format!("未达标、落后或说不清的{all}个"),
            heads: ["期间", "应有", "计入"].map(String::from).into(),
            rows: listed.iter().map(row).collect(),
            rest: if rest == 0 {
                Words::new()
            } else {
                Words::from(format!("另有{rest}个。")).link("查看全部", list)
            },
        })
    }
}

/// What turns the light: items behind, those that can still be mended first.
fn mends(engine: &Engine, lines: &[(&Item, UnitVerdict)], behind: u32, judged: u32) -> (String, Vec<Mend>) {
    if behind == 0 {
        return ("没有落后项".into(), Vec::new());
    }
    let mut bad: Vec<&(&Item, UnitVerdict)> =
        lines.iter().filter(|(i, _)| i.behind() && !on_system(engine, i.i)).collect();
    bad.sort_by_key(|(i, _)| {
        (summary::of(i).state != State::Open, figures::after(engine, i) != figures::After::AnyTime, i.shut)
    });
    let (needed, left) = figures::needed(engine, behind, judged);
    // A missed deadline or period stays missed, whatever is done later.
    let can_turn =
        |i: &Item| summary::of(i).state == State::Open || figures::after(engine, i) == figures::After::AnyTime;
    let can = bad.iter().filter(|(i, _)| can_turn(i)).count() as u32;
    let (title, listed) = if figures::share_light(engine, behind, judged) == light::Light::Green {
        (format!("还有{behind}项落后"), needed)
    } else if can >= needed {
        let left = summary::percent(left);
        (format!("补齐以下{needed}项可转绿灯（落后{behind}项减为{}项，{left}）", behind - needed), needed)
    } else {
        let left = summary::percent(summary::permille(i64::from(behind - can), i64::from(judged)));
        let turns = summary::lamp(figures::share_light(engine, behind - can, judged)).word();
        let title = match can {
            0 => format!("落后的{behind}项期限或期间已过，补齐后仍计落后；按期的从下一期做起"),
            _ => format!("能补齐的{can}项如下，补齐后落后{}项，{left}，为{turns}；其余期限或期间已过", behind - can),
        };
        (title, if can == 0 { needed } else { can })
    };
    let mend = |(item, line): &&(&Item, UnitVerdict)| Mend {
        tag: summary::of(item),
        title: Link::new(format!("{}　{}", line.code, line.title.text), line.way.clone()),
        note: match summary::of(item).state {
            State::Open => format!("最迟{}", line.due),
            _ => format!("{}；{}", line.value, figures::after(engine, item).text()),
        },
    };
    (title, bad.iter().take(listed.max(1) as usize).map(mend).collect())
}

/// Ledgers with records of the unit.
fn ledgers(desk: &mut Desk<'_, '_>, engine: &Engine, unit: i64, code: &str) -> anyhow::Result<Vec<Link>> {
    let organisation = &desk.current.clone().organisation;
    let (Some(chart), Some(units)) = (organisation.chart(), organisation.table(UNIT)) else { return Ok(Vec::new()) };
    let Some(row) = units.row_of(unit) else { return Ok(Vec::new()) };
    let owned = chart.owned[row].iter().map(|u| units.ids[*u]).filter(|u| desk.scope.has_unit(*u));
    let ids: Vec<String> = owned.map(|u| u.to_string()).collect();
    let mut found = Vec::new();
    if ids.is_empty() {
        return Ok(found);
    }
    for ledger in engine.package.ledgers.iter().filter(|l| !l.derived) {
        let sql = format!(
            "select count(*) from l_{} where voided_at is null and unit_id in ({})",
            ledger.name,
            ids.join(", ")
        );
        let n = desk.tx.one(&sql, &[], |r| r.i64(0))?.unwrap_or(0);
        if n > 0 {
            let href = format!("/ledgers/{}?unit={}", ledger.name, segment(code));
            found.push(Link::new(format!("{}{n}条", ledger.title), href));
        }
    }
    Ok(found)
}
