//! 单位详情 `/units/{id}`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked,
    dashboard::{Organ, judged_day, named, organs},
    error::PageError,
    frame::{Ask, Desk},
    remedies,
    requirement::{target_text, value_text},
    subject, summary,
    view::{
        parts::{Bar, Event, Fact, Timeline},
        remedy::Lines,
        spelling::{anchor, requirement_code, sound_key},
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input},
        tag::{Light, State},
        unit::{Mend, Relative, SourceRow, Sources, Unit, UnitPillar, UnitVerdict, Why},
        url::{Query, segment},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    day::Day,
    directive::model::{Each, When},
    names::Names,
    remedy::{self, store::Filter},
    subjects,
    verdict::{
        engine::Engine,
        item::{self, Item},
        sight,
        store::{self, Stored},
        words::{Context, when, window_name},
        world::{PERSON, UNIT},
    },
};

/// Verdicts listed under a demand.
const SOURCES: usize = 6;

/// Fills the page.
pub(super) fn page(desk: &mut Desk<'_, '_>, id: &str) -> anyhow::Result<Unit> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let today = judged_day(desk)?;
    let sql = "select record_id from l_unit where record_code = $1 or cast(record_id as text) = $1 \
               order by case when record_code = $1 then 0 else 1 end";
    let unit = desk.tx.one(sql, &[id.into()], |r| r.i64(0))?.ok_or(PageError::NotFound)?;
    let place = Place::of(desk, unit, today)?;
    if !place.seen {
        return Err(PageError::NotFound.into());
    }
    let items = items(desk, engine, place.organ, unit, today)?;
    let judged = items.iter().filter(|i| i.judged()).count() as u32;
    let behind = items.iter().filter(|i| i.behind()).count() as u32;
    let light = summary::share_light(engine, behind, judged);
    let mut told = Vec::with_capacity(items.len());
    for item in &items {
        told.push(told_of(desk, engine, item, (unit, place.organ))?);
    }
    let named = items.iter().zip(&told).flat_map(|(item, all)| all.iter().map(|v| (item.i, v)));
    let names = subjects::names(desk.tx, engine, named)?;
    asked::keys(desk, &["pillar", "state", "q"]);
    asked::values(desk, "pillar", "类别", &|v| engine.package.directive.pillars.iter().any(|p| p.id == v));
    let words = ["达标", "未达标", "未达标（已补）", "进行中", "数据不足", "不适用", "只列数字"];
    asked::values(desk, "state", "判定", &|v| words.contains(&v));
    let ask = desk.ask.clone();
    let lines: Vec<(&Item, UnitVerdict)> = items
        .iter()
        .zip(&told)
        .map(|(item, v)| (item, line(engine, item, v, &names, unit, &place.code, today)))
        .collect();
    let (mends_title, mends) = mends(engine, &lines, behind, judged);
    let (year, _, _) = today.ymd();
    let (previous, next) = neighbours(desk, unit, today)?;
    let (remedies, all_remedies) = remedies(desk, unit, &place.code)?;
    Ok(Unit {
        page: desk.page("/org")?,
        name: place.name.clone(),
        period: format!("{year}年"),
        light,
        facts: facts(&place, &items),
        why: why(engine, behind, judged),
        mends,
        mends_title,
        filter: filter(&ask),
        facets: facets(engine, &ask, &items),
        pillars: pillars(engine, &ask, &lines),
        none: if items.is_empty() { "该单位尚无应达标项。".into() } else { String::new() },
        remedies,
        all_remedies,
        family: place.family.clone(),
        ledgers: ledgers(desk, engine, unit, &place.code)?,
        history: place.history,
        previous,
        next,
    })
}

/// The unit's remedies that run, for who may see remedies.
fn remedies(desk: &mut Desk<'_, '_>, unit: i64, code: &str) -> anyhow::Result<(Lines, Option<Link>)> {
    if !desk.may(Permission::Remedies) {
        return Ok((Lines::default(), None));
    }
    let units = remedies::owned(&desk.current, unit);
    let filter =
        Filter { states: vec![remedy::State::Draft, remedy::State::Active], units: Some(units), ..Filter::default() };
    let lines = remedies::urgent(desk, &filter, SOURCES as u64)?;
    Ok((Lines(lines), Some(Link::new("全部措施", Query::new("/remedies").with("unit", code).href()))))
}

/// The organs before and after an organ, as links.
fn neighbours(desk: &mut Desk<'_, '_>, unit: i64, day: Day) -> anyhow::Result<(Option<Link>, Option<Link>)> {
    let organs = organs(desk, day)?;
    let Some(at) = organs.iter().position(|o| o.id == unit) else { return Ok((None, None)) };
    let link = |o: &Organ| Link::new(o.name.clone(), format!("/units/{}", segment(&o.code)));
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
    fn of(desk: &mut Desk<'_, '_>, unit: i64, day: Day) -> anyhow::Result<Place> {
        let current = desk.current.clone();
        let layout = &current.engine.layout;
        let organisation = &current.organisation;
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

/// The verdicts of an item that the page tells of: the unit's own; else some of those that are missed, behind or
/// unclear, or if there are none any one, for its target.
fn told_of(
    desk: &mut Desk<'_, '_>,
    engine: &Engine,
    item: &Item,
    (unit, organ): (i64, bool),
) -> anyhow::Result<Vec<Stored>> {
    let r = &engine.compiled[item.i].requirement;
    if matches!(r.each, Each::Unit | Each::System) {
        let mut own = sight::of_requirement(desk.tx, engine, &desk.scope, &r.id, Some(unit))?;
        own.retain(|v| !v.closed && item.windows.contains(&v.window));
        if own.len() == 1 {
            return Ok(own);
        }
    }
    let mut params = vec![unit.into(), r.id.as_str().into()];
    let windows: Vec<String> = item
        .windows
        .iter()
        .map(|w| {
            params.push(w.as_str().into());
            format!("${}", params.len())
        })
        .collect();
    let seen = sight::condition(desk.tx, engine, &desk.scope, &mut params);
    let seen = seen.map_or_else(String::new, |c| format!(" and {c}"));
    let owner = if organ { "organ_id" } else { "unit_id" };
    let (bad, limit) = match bad(item) {
        0 => ("", 1),
        _ => (" and (state in ('fail', 'unknown') or state = 'open' and light in ('yellow', 'red'))", SOURCES),
    };
    let sql = format!(
        "select {} from verdict where {owner} = $1 and requirement = $2 and window_label in ({}) and closed = 0{bad}{seen} \
         order by unit_id, subject, rest, window_label limit {limit}",
        Stored::COLUMNS,
        windows.join(", ")
    );
    desk.tx.rows(&sql, &params, Stored::read)
}

/// How many verdicts of an item are missed, unclear or behind.
fn bad(item: &Item) -> i64 {
    item.tally.fail + item.tally.unknown + item.tally.behind
}

fn items(desk: &mut Desk<'_, '_>, engine: &Engine, organ: bool, unit: i64, today: Day) -> anyhow::Result<Vec<Item>> {
    let counts = if organ {
        sight::counts(desk.tx, &desk.scope, None, Some(unit))?
    } else {
        let mut params = vec![unit.into()];
        let seen = sight::condition(desk.tx, engine, &desk.scope, &mut params);
        let seen = seen.map_or_else(String::new, |c| format!(" and {c}"));
        let sql = format!("select {} from verdict where unit_id = $1 and closed = 0{seen}", Stored::COLUMNS);
        store::count_again(desk.tx.rows(&sql, &params, Stored::read)?.iter())
    };
    let items = item::items(engine, &counts, today);
    // The top unit's own page leaves out what is demanded of the system as a whole only where it has items of its own.
    Ok(items.into_iter().filter(|i| summary::of(i).state != State::Figure).collect())
}

fn facts(place: &Place, items: &[Item]) -> Vec<Fact> {
    let n = |state| items.iter().filter(|i| summary::of(i).state == state).count();
    let mut facts = vec![
        Fact::new("负责人", if place.chief.is_empty() { "--".to_owned() } else { place.chief.clone() }),
        Fact::new("在岗干部", format!("{}人", place.persons)),
    ];
    if let Some(parent) = &place.parent {
        facts.push(Fact::new("上级单位", parent.clone()));
    }
    facts.push(Fact::new("适用要求", format!("{}项", items.len())));
    for (term, state) in
        [("达标", State::Pass), ("未达标", State::Fail), ("数据不足", State::Unknown), ("不适用", State::Na)]
    {
        facts.push(Fact::new(term, format!("{}项", n(state))));
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
            light: summary::share_light(engine, behind, judged),
            small: false,
        },
        note: Words::from(format!(
            "落后项是未达标，或进行中而亮黄灯、红灯的项；不适用和数据不足不计。低于{}%绿灯，{}%至{}%黄灯，超过{}%红灯。",
            t.yellow, t.yellow, t.red, t.red
        )),
    }
}

fn line(
    engine: &Engine,
    item: &Item,
    told: &[Stored],
    names: &Names,
    unit: i64,
    code: &str,
    today: Day,
) -> UnitVerdict {
    let c = &engine.compiled[item.i];
    let r = &c.requirement;
    let ctx = Context::of(engine, item.i);
    let single = match told {
        [v] if matches!(r.each, Each::Unit | Each::System) && v.subject == unit => Some(v),
        _ => None,
    };
    let (_, title) = named(engine, item.i);
    let t = &item.tally;
    let list = format!("/requirements/{}?unit={}#subjects", segment(&r.id), segment(code));
    UnitVerdict {
        anchor: anchor(&r.id),
        code: requirement_code(&r.pillar, &r.id),
        title,
        target: told.first().map_or(String::new(), |v| target_text(ctx, v)),
        value: match single {
            Some(v) => value_text(ctx, v),
            None => format!("{}个中{}个达标", t.judged(), t.pass),
        },
        tag: summary::of(item),
        href: single.map_or(list, |v| subject::href(engine, item.i, v, names)),
        due: item.shut.map_or_else(|| when(ctx), Day::chinese),
        overdue: summary::of(item).state == State::Fail && item.shut.is_some_and(|s| s < today),
        records: None,
        why: reason(engine, item, single),
        sources: if single.is_some() { None } else { sources(engine, item, told, names) },
    }
}

/// 为什么, for items behind or without data.
fn reason(engine: &Engine, item: &Item, single: Option<&Stored>) -> Words {
    let t = &item.tally;
    let window = item.windows.last().map_or(String::new(), |w| window_name(w));
    match (summary::of(item).state, single) {
        (State::Unknown, Some(v)) if !v.unset.is_empty() => Words::from(format!("设定“{}”还没有定。", v.unset)),
        (State::Unknown, Some(_)) => Words::from(format!("{window}没有可判的记录，或有记录说不清。")),
        (State::Unknown, None) => Words::from(format!("{window}有{}个说不清。", t.unknown)),
        (State::Fail, Some(v)) => {
            let ctx = Context::of(engine, item.i);
            Words::from(format!("{window}为"))
                .strong(value_text(ctx, v))
                .text(format!("，要求{}。", target_text(ctx, v)))
        }
        (State::Fail, None) => {
            Words::from(format!("{window}应判{}个，", t.judged())).strong(format!("{}个未达标", t.fail)).text("。")
        }
        (State::Open, _) if item.behind() => Words::from(format!("{window}还在进行，落后于序时进度。")),
        _ => Words::new(),
    }
}

fn sources(engine: &Engine, item: &Item, told: &[Stored], names: &Names) -> Option<Sources> {
    let all = bad(item);
    if all == 0 {
        return None;
    }
    let mut listed: Vec<&Stored> = told.iter().collect();
    let key = |v: &Stored| {
        (
            v.unit.map(|u| sound_key(names.title(UNIT, u))),
            sound_key(&subjects::title(engine, item.i, &subjects::key(v), names)),
        )
    };
    listed.sort_by_cached_key(|v| key(v));
    let ctx = Context::of(engine, item.i);
    let row = |v: &&Stored| SourceRow {
        subject: subject::link(engine, item.i, v, names),
        figures: vec![window_name(&v.window), target_text(ctx, v), value_text(ctx, v)],
        note: v.unit.map_or(String::new(), |u| names.title(UNIT, u).to_owned()),
        tag: summary::tag(v.state, v.light, v.late),
    };
    let rest = (all as usize).saturating_sub(listed.len());
    Some(Sources {
        title: format!("未达标、落后或说不清的{all}个"),
        heads: ["期间", "应有", "计入"].map(String::from).into(),
        rows: listed.iter().map(row).collect(),
        rest: if rest == 0 { Words::new() } else { Words::from(format!("另有{rest}个没有列出。")) },
    })
}

/// What turns the light: items behind, those that can still be mended first.
fn mends(engine: &Engine, lines: &[(&Item, UnitVerdict)], behind: u32, judged: u32) -> (String, Vec<Mend>) {
    if behind == 0 {
        return ("没有落后项".into(), Vec::new());
    }
    let mut bad: Vec<&(&Item, UnitVerdict)> = lines.iter().filter(|(i, _)| i.behind()).collect();
    bad.sort_by_key(|(i, _)| (summary::of(i).state != State::Open, i.shut));
    let needed =
        (1..=behind).find(|n| summary::share_light(engine, behind - n, judged) == Light::Green).unwrap_or(behind);
    let left = summary::percent(summary::permille(i64::from(behind - needed), i64::from(judged)));
    let title = if summary::share_light(engine, behind, judged) == Light::Green {
        format!("还有{behind}项落后")
    } else {
        format!("补齐以下{needed}项可转绿灯（落后{behind}项减为{}项，{left}）", behind - needed)
    };
    let mend = |(item, line): &&(&Item, UnitVerdict)| Mend {
        tag: summary::of(item),
        title: Link::new(format!("{}　{}", line.code, line.title.text), format!("#{}", line.anchor)),
        note: match summary::of(item).state {
            State::Open => format!("最迟{}", line.due),
            _ => format!("{}；{}", line.value, after(engine, item)),
        },
    };
    (title, bad.iter().take(needed.max(1) as usize).map(mend).collect())
}

/// What can still be done about a missed demand.
fn after(engine: &Engine, item: &Item) -> &'static str {
    match engine.compiled[item.i].requirement.when {
        When::Every(_) => "已过的期间不能补，从下一期做起",
        When::ByDate(_) | When::ByField { .. } => "期限已过，补齐后注明已补",
        When::Life => "已经结束，不能补",
        When::Standing | When::Once(_) => "随时补齐，随即达标",
    }
}

fn filter(ask: &Ask) -> FilterForm {
    let input = Input::Text(ask.get("q").unwrap_or_default().to_owned(), "编号或要求".into());
    FilterForm {
        query: ask.url.without("page"),
        controls: vec![Control { name: "q".into(), label: "关键词".into(), input, error: String::new() }],
    }
}

fn facets(engine: &Engine, ask: &Ask, items: &[Item]) -> Facets {
    let facet = |key: &str, title: &str, value: &dyn Fn(&Item) -> String| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        items.iter().for_each(|i| *counts.entry(value(i)).or_default() += 1);
        let taken = ask.get(key);
        let all = FacetValue {
            label: "全部".into(),
            count: items.len() as u64,
            href: ask.url.without(key).href(),
            current: taken.is_none(),
            icon: None,
        };
        let value = |(label, count): (String, u64)| FacetValue {
            current: taken == Some(&label),
            href: ask.url.with(key, label.clone()).href(),
            label,
            count,
            icon: None,
        };
        Facet { title: title.into(), values: std::iter::once(all).chain(counts.into_iter().map(value)).collect() }
    };
    Facets(vec![
        facet("pillar", "类别", &|i| engine.compiled[i.i].requirement.pillar.clone()),
        facet("state", "判定", &|i| summary::of(i).word().split('·').next().unwrap_or_default().to_owned()),
    ])
}

fn pillars(engine: &Engine, ask: &Ask, lines: &[(&Item, UnitVerdict)]) -> Vec<UnitPillar> {
    let shown = |item: &Item, line: &UnitVerdict| {
        let r = &engine.compiled[item.i].requirement;
        ask.get("pillar").is_none_or(|p| p == r.pillar)
            && ask.get("state").is_none_or(|s| summary::of(item).word().starts_with(s))
            && ask.get("q").is_none_or(|q| line.title.text.contains(q) || line.code.contains(q) || r.id.contains(q))
    };
    let pillars = engine.package.directive.pillars.iter().enumerate();
    pillars
        .filter_map(|(n, pillar)| {
            let own: Vec<&(&Item, UnitVerdict)> = lines
                .iter()
                .filter(|(i, l)| engine.compiled[i.i].requirement.pillar == pillar.id && shown(i, l))
                .collect();
            let judged = own.iter().filter(|(i, _)| i.judged()).count();
            let behind = own.iter().filter(|(i, _)| i.behind()).count();
            (!own.is_empty()).then(|| UnitPillar {
                anchor: format!("p-{}", n + 1),
                title: pillar.id.clone(),
                note: format!("{}项，应判{judged}项，落后{behind}项", own.len()),
                rows: own.iter().map(|(_, l)| l.clone()).collect(),
            })
        })
        .collect()
}

/// Ledgers with records of the unit.
fn ledgers(desk: &mut Desk<'_, '_>, engine: &Engine, unit: i64, code: &str) -> anyhow::Result<Vec<Link>> {
    let organisation = &desk.current.clone().organisation;
    let (Some(chart), Some(units)) = (organisation.chart(), organisation.table(UNIT)) else { return Ok(Vec::new()) };
    let Some(row) = units.row_of(unit) else { return Ok(Vec::new()) };
    let owned = chart.owned[row].iter().map(|u| units.ids[*u]).filter(|u| desk.scope.has_unit(*u));
    let ids: Vec<String> = owned.map(|u| u.to_string()).collect();
    let mut found = Vec::new();
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
