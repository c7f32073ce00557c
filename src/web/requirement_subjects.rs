//! The verdicts of a requirement one by one, on 要求详情.
//!
//! Who sees the whole city pages through it organ by organ: the kept counts say where each begins, so that no page counts
//! or sorts all verdicts.

use std::collections::BTreeMap;

use super::{
    asked,
    dashboard::{judged_day, organs},
    frame::{Ask, Desk},
    requirement::{target_text, value_text},
    subject, summary,
    view::{
        requirement::{SubjectLine, Subjects},
        table::{Facet, FacetValue, Facets, Pager},
        tag::Tag,
    },
};
use crate::{
    db::Value,
    scope::Scope,
    subjects,
    verdict::{
        engine::Engine,
        judge::State,
        sight,
        store::{Counted, Stored},
        words::{Context, window_name},
        world::UNIT,
    },
};

/// In the order of a listing: whose, at least so many of each state.
type Order = Vec<(i64, BTreeMap<State, u64>)>;

/// Which verdicts are listed.
struct Which {
    filter: String,
    params: Vec<Value>,
}

impl Which {
    fn bind(&mut self, value: impl Into<Value>) -> usize {
        self.params.push(value.into());
        self.params.len()
    }

    fn rows(&self, desk: &mut Desk<'_, '_>, more: &str, (limit, skip): (u64, u64)) -> anyhow::Result<Vec<Stored>> {
        let sql = format!(
            "select {} from verdict where {}{more} order by organ_id, unit_id, subject, rest, window_label \
             limit {limit} offset {skip}",
            Stored::COLUMNS,
            self.filter
        );
        desk.tx.rows(&sql, &self.params, Stored::read)
    }

    fn states(&self, desk: &mut Desk<'_, '_>) -> anyhow::Result<BTreeMap<State, u64>> {
        let sql = format!("select state, count(*) from verdict where {} group by state", self.filter);
        let rows = desk.tx.rows(&sql, &self.params, |r| Ok((State::parse(r.text(0)?), r.i64(1)? as u64)))?;
        Ok(rows.into_iter().filter_map(|(state, n)| Some((state?, n))).collect())
    }
}

/// Lists those of a window (none given: of all), counted in `shown`.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    engine: &Engine,
    i: usize,
    shown: &[Counted],
    window: Option<&str>,
) -> anyhow::Result<Subjects> {
    let ask = desk.ask.clone();
    asked::values(desk, "state", "判定结果中", &|v| State::parse(v).is_some());
    let state = ask.get("state").and_then(State::parse);
    let mut which = which(desk, engine, i, window);
    let order = if desk.scope == Scope::All && ask.get("unit").is_none() { Some(order(desk, shown)?) } else { None };
    let states = match &order {
        Some(order) => order.iter().flat_map(|(_, states)| states).fold(BTreeMap::new(), |mut all, (state, n)| {
            *all.entry(*state).or_default() += n;
            all
        }),
        None => which.states(desk)?,
    };
    if let Some(state) = state {
        let n = which.bind(state.as_str());
        which.filter.push_str(&format!(" and state = ${n}"));
    }
    let total = match state {
        Some(state) => states.get(&state).copied().unwrap_or(0),
        None => states.values().sum(),
    };
    let size = asked::size(desk);
    let page = asked::page(desk, total.div_ceil(size));
    let skip = (page - 1) * size;
    let rows = match order {
        Some(order) => walk(desk, &which, order, state, (size, skip))?,
        None => which.rows(desk, "", (size, skip))?,
    };
    let names = subjects::names(desk.tx, engine, rows.iter().map(|v| (i, v)))?;
    let ctx = Context::of(engine, i);
    let line = |v: &Stored| SubjectLine {
        subject: subject::link(engine, i, v, &names),
        unit: v.unit.map_or(String::new(), |u| names.title(UNIT, u).to_owned()),
        figures: vec![window_name(&v.window), target_text(ctx, v), value_text(ctx, v)],
        tag: summary::tag(v.state, v.light, v.late),
        missing: v.unset.clone(),
    };
    Ok(Subjects {
        title: format!("{total}个判定"),
        facets: Facets(vec![facet(&ask, &states)]),
        heads: ["期间", "应有", "计入"].map(String::from).into(),
        rows: rows.iter().map(line).collect(),
        pager: Pager { query: ask.url.without("page"), title: "判定".into(), total, size, page },
    })
}

fn which(desk: &Desk<'_, '_>, engine: &Engine, i: usize, window: Option<&str>) -> Which {
    let id = engine.compiled[i].requirement.id.as_str();
    let mut which = Which { filter: "requirement = $1 and closed = 0".into(), params: vec![id.into()] };
    if let Some(window) = window {
        let n = which.bind(window);
        which.filter.push_str(&format!(" and window_label = ${n}"));
    }
    if let Some(seen) = sight::condition(desk.tx, engine, &desk.scope, &mut which.params) {
        which.filter.push_str(&format!(" and {seen}"));
    }
    if let Some(unit) = desk.ask.get("unit") {
        let n = which.bind(unit);
        let named =
            format!("(select record_id from l_unit where record_code = ${n} or cast(record_id as text) = ${n})");
        which.filter.push_str(&format!(" and (organ_id in {named} or unit_id in {named})"));
    }
    which
}

/// The organs as they are listed: those that stand by name, then closed ones, last what belongs to none.
fn order(desk: &mut Desk<'_, '_>, shown: &[Counted]) -> anyhow::Result<Order> {
    let mut by: BTreeMap<i64, BTreeMap<State, u64>> = BTreeMap::new();
    for c in shown {
        let t = &c.tally;
        let counts = [
            (State::Pass, t.pass),
            (State::Fail, t.fail),
            (State::Open, t.open),
            (State::Na, t.na),
            (State::Unknown, t.unknown),
            (State::Figure, c.figures),
        ];
        for (state, n) in counts.into_iter().filter(|(_, n)| *n > 0) {
            *by.entry(c.organ).or_default().entry(state).or_default() += n as u64;
        }
    }
    let today = judged_day(desk)?;
    let mut order = Vec::with_capacity(by.len());
    for organ in organs(desk, today)? {
        order.extend(by.remove(&organ.id).map(|states| (organ.id, states)));
    }
    let nobody = by.remove(&0);
    order.extend(by);
    order.extend(nobody.map(|states| (0, states)));
    Ok(order)
}

/// One page: organs that lie before it are passed over by their counts.
fn walk(
    desk: &mut Desk<'_, '_>,
    which: &Which,
    order: Order,
    state: Option<State>,
    (size, mut skip): (u64, u64),
) -> anyhow::Result<Vec<Stored>> {
    let mut rows = Vec::new();
    for (organ, states) in order {
        let n = state.map_or_else(|| states.values().sum(), |s| states.get(&s).copied().unwrap_or(0));
        if skip >= n {
            skip -= n;
            continue;
        }
        let own = if organ == 0 { " and organ_id is null".to_owned() } else { format!(" and organ_id = {organ}") };
        rows.extend(which.rows(desk, &own, (size - rows.len() as u64, skip))?);
        skip = 0;
        if rows.len() as u64 >= size {
            break;
        }
    }
    Ok(rows)
}

fn facet(ask: &Ask, states: &BTreeMap<State, u64>) -> Facet {
    let taken = ask.get("state").and_then(State::parse);
    let url = ask.url.without("page");
    let all = FacetValue {
        label: "全部".into(),
        count: states.values().sum(),
        href: url.without("state").href(),
        current: taken.is_none(),
        icon: None,
    };
    let value = |(state, count): (&State, &u64)| FacetValue {
        label: state.chinese().to_owned(),
        href: url.with("state", state.as_str()).href(),
        current: taken == Some(*state),
        icon: Some(Tag::of(summary::word(*state)).icon()),
        count: *count,
    };
    Facet { title: "判定".into(), values: std::iter::once(all).chain(states.iter().map(value)).collect() }
}
