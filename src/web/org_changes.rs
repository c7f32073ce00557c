//! 机构沿革: what was founded, closed, split, merged and renamed, the newest first.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    frame::Desk,
    org_units::Units,
    record_links,
    view::{
        parts::{Event, Timeline},
        words::Words,
    },
};
use crate::{
    clock,
    day::Day,
    ledger::{
        query::{self, Query, Voided},
        row::Stored,
        store,
    },
    names::Names,
    verdict::world::UNIT,
};

/// Events shown at most.
const SHOWN: usize = 60;
/// Units named in one event; of more, their number.
const NAMED: usize = 4;

/// What happened to units on a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Founded,
    Closed,
    /// 拆分 or 合并, of this unit.
    Succeeded(String, i64),
    /// The name before, of this unit.
    Renamed(String, i64),
}

/// All changes up to today, as far as they may be seen.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(desk: &mut Desk<'_, '_>) -> anyhow::Result<Timeline> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let mut events: BTreeMap<(Day, What), BTreeSet<i64>> = BTreeMap::new();
    units(desk, &mut events)?;
    successions(desk, &mut events)?;
    events.retain(|(day, _), _| *day <= desk.now.day);
    let events: Vec<_> = events.into_iter().rev().take(SHOWN).collect();
    let mut wanted: BTreeSet<i64> = events.iter().flat_map(|(_, units)| units.iter().take(NAMED)).copied().collect();
    wanted.extend(events.iter().filter_map(|((_, what), _)| match what {
        What::Succeeded(_, unit) => Some(*unit),
        _ => None,
    }));
    let chart = Units::of(&current);
    if let Some(chart) = &chart {
        wanted = wanted.into_iter().flat_map(|id| chart.with_organ(id)).collect();
    }
    let names = Names::load(desk.tx, layout, &[(UNIT, wanted)].into())?;
    let line = |((day, what), units): ((Day, What), BTreeSet<i64>)| {
        let link = |words: Words, id: i64| {
            let link = record_links::to(layout, &names, UNIT, id);
            // A 科室 alone does not say whose it is.
            words.link(chart.as_ref().map_or(link.text, |chart| chart.label(&names, id)), link.href)
        };
        let all = |words: Words| {
            let mut words = words;
            for (n, id) in units.iter().take(NAMED).enumerate() {
                words = link(if n == 0 { words } else { words.text("、") }, *id);
            }
            if units.len() > NAMED { words.text(format!("等{}个单位", units.len())) } else { words }
        };
        let words = match &what {
            What::Founded => all(Words::from("设立")),
            What::Closed => all(Words::from("撤销")),
            What::Succeeded(kind, unit) => all(link(Words::new(), *unit).text(format!("{kind}，由"))).text("承继"),
            What::Renamed(before, _) => all(Words::from(format!("{before}更名为"))),
        };
        Event { at: day.chinese(), iso: day.to_string(), key: true, words, ..Event::default() }
    };
    Ok(Timeline(events.into_iter().map(line).collect()))
}

/// First and last days, and names that a correction changed.
fn units(desk: &mut Desk<'_, '_>, events: &mut BTreeMap<(Day, What), BTreeSet<i64>>) -> anyhow::Result<()> {
    let current = desk.current.clone();
    if let Some(units) = Units::of(&current) {
        for row in units.rows().filter(|u| units.seen(&desk.scope, *u)) {
            let (from, to) = units.life(row);
            for (day, what) in [(from, What::Founded), (to, What::Closed)] {
                if day != Day::MAX {
                    events.entry((day, what)).or_default().insert(units.id(row));
                }
            }
        }
    }
    let ledger = &current.engine.layout.ledgers[UNIT];
    let replaced = Query { voided: Voided::Only, ..Query::default() };
    let replaced: BTreeSet<i64> = query::records(desk.tx, ledger, &desk.scope, &replaced)?.into_iter().collect();
    for unit in replaced {
        for pair in store::history(desk.tx, ledger, &desk.scope, unit)?.windows(2) {
            let name = |row: &Stored| row.value(ledger, "name").as_text().unwrap_or_default().to_owned();
            let before = name(&pair[0]);
            if before != name(&pair[1]) {
                let what = What::Renamed(before, unit);
                events.entry((clock::day_of(pair[1].recorded_at), what)).or_default().insert(unit);
            }
        }
    }
    Ok(())
}

fn successions(desk: &mut Desk<'_, '_>, events: &mut BTreeMap<(Day, What), BTreeSet<i64>>) -> anyhow::Result<()> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let Some(ledger) = layout.index("succession").map(|t| &layout.ledgers[t]) else { return Ok(()) };
    query::each(desk.tx, ledger, &desk.scope, &Query::default(), |row| {
        let text = |name: &str| row.value(ledger, name).as_text();
        let day = text("day").and_then(Day::parse);
        let successor = row.value(ledger, "successor").as_i64();
        if let (Some(day), Some(successor), Some(unit)) = (day, successor, row.unit) {
            let what = What::Succeeded(text("kind").unwrap_or("承继").to_owned(), unit);
            events.entry((day, what)).or_default().insert(successor);
        }
        Ok(())
    })
}
