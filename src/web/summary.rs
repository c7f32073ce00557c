//! What the overview, the units and the requirements have in common: one item for each requirement and organ, from the
//! counts kept with the verdicts.
//!
//! An item is a requirement as a whole for an organ: over its latest shut windows, before the first shuts over the
//! running ones (5.5). 落后项 is an item that is 未达标, or 进行中 with 黄灯 or 红灯.

use std::collections::BTreeMap;

use super::view::tag::{Light as Lamp, State as Word, Tag};
use crate::{
    day::Day,
    directive::model::{Each, Requirement, Rollup, When},
    ratio::Ratio,
    verdict::{
        engine::Engine,
        judge::State,
        light::Light,
        rollup::{self, Tally},
        store::{self, Counted},
        window,
    },
};

/// A requirement for an organ.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Position among the engine's requirements.
    pub(super) i: usize,
    /// The organ; the top unit for demands on the system.
    pub(super) organ: i64,
    /// The windows looked at.
    pub(super) windows: Vec<String>,
    /// Counts over them.
    pub(super) tally: Tally,
    /// As a verdict.
    pub(super) tag: Tag,
    /// The last day before the latest of them shuts.
    pub(super) shut: Option<Day>,
    /// Value of the total, where there is one.
    pub(super) value: Option<Ratio>,
}

impl Item {
    /// Neither 不适用 nor 数据不足, nor a figure.
    pub(super) fn judged(&self) -> bool {
        !matches!(self.tag.state, Word::Na | Word::Unknown | Word::Figure)
    }
}

/// All items, by requirement and organ, from the counts.
pub(super) fn items(engine: &Engine, counts: &[Counted], today: Day) -> Vec<Item> {
    let mut by: BTreeMap<(usize, i64), Vec<&Counted>> = BTreeMap::new();
    for c in counts {
        if let Some(i) = engine.position(&c.requirement) {
            by.entry((i, c.organ)).or_default().push(c);
        }
    }
    by.into_iter().filter_map(|((i, organ), counts)| item(engine, i, organ, &counts, today)).collect()
}

/// The same for the whole system: one item for each requirement.
pub(super) fn system(engine: &Engine, counts: &[Counted], today: Day) -> Vec<Item> {
    let mut by: BTreeMap<usize, BTreeMap<&str, Counted>> = BTreeMap::new();
    for c in counts {
        let Some(i) = engine.position(&c.requirement) else { continue };
        let all = by.entry(i).or_default().entry(&c.window).or_insert_with(|| Counted {
            tally: Tally::default(),
            figures: 0,
            organ: 0,
            ..c.clone()
        });
        all.tally.merge(&c.tally);
        all.figures += c.figures;
        all.target = all.target.or(c.target);
    }
    by.into_iter()
        .filter_map(|(i, windows)| item(engine, i, 0, &windows.values().collect::<Vec<_>>(), today))
        .collect()
}

fn item(engine: &Engine, i: usize, organ: i64, counts: &[&Counted], today: Day) -> Option<Item> {
    let r = &engine.compiled[i].requirement;
    let latest = latest(r, counts, today);
    let mut tally = Tally::default();
    latest.iter().for_each(|c| tally.merge(&c.tally));
    let figures: i64 = latest.iter().map(|c| c.figures).sum();
    let target = latest.iter().find_map(|c| c.target);
    let (tag, value) = verdict(r, &tally, figures, target, organ)?;
    Some(Item {
        i,
        organ,
        windows: latest.iter().map(|c| c.window.clone()).collect(),
        shut: latest.iter().filter_map(|c| c.shut).max(),
        tally,
        tag,
        value,
    })
}

/// The windows that count as the requirement's present state.
fn latest<'c>(r: &Requirement, counts: &[&'c Counted], today: Day) -> Vec<&'c Counted> {
    if !matches!(r.when, When::Every(_)) {
        return counts.to_vec();
    }
    let start = |c: &&Counted| window::bounds(&c.window).map(|(from, _)| from);
    let shut = counts.iter().filter(|c| c.shut.is_some_and(|s| s < today)).max_by_key(|c| start(c));
    let chosen = shut.or_else(|| counts.iter().max_by_key(|c| start(c)));
    chosen.into_iter().copied().collect()
}

/// An item's verdict: the roll-up, or where each organ has one subject, that subject's own.
fn verdict(
    r: &Requirement,
    tally: &Tally,
    figures: i64,
    target: Option<Ratio>,
    organ: i64,
) -> Option<(Tag, Option<Ratio>)> {
    if tally.judged() + tally.na + tally.closed_pass == 0 {
        return (figures > 0).then_some((Tag::of(Word::Figure), None));
    }
    let lamp = match tally {
        t if t.red > 0 => Lamp::Red,
        t if t.behind > 0 => Lamp::Yellow,
        _ => Lamp::Green,
    };
    let how = match (&r.rollup, &r.each) {
        (Rollup::CountMet(_), _) if organ != 0 => &Rollup::ShareMet,
        (Rollup::None, _) => &Rollup::ShareMet,
        (how, _) => how,
    };
    let op = r.parts.first()?.target.as_ref().map(|t| t.op);
    let pool = op.zip(target).map(|(op, t)| store::pool_target(op, t));
    let total = rollup::total(how, tally, pool.as_ref())?;
    let tag = match total.state {
        State::Open => Tag::open(lamp),
        State::Fail => Tag { late: tally.late == tally.fail && tally.fail > 0, ..Tag::of(Word::Fail) },
        state => Tag::of(word(state)),
    };
    Some((tag, total.value))
}

/// A verdict's state as the view names it.
pub(super) fn word(state: State) -> Word {
    match state {
        State::Pass => Word::Pass,
        State::Fail => Word::Fail,
        State::Open => Word::Open,
        State::Na => Word::Na,
        State::Unknown => Word::Unknown,
        State::Figure => Word::Figure,
    }
}

/// A light as the view names it.
pub(super) fn lamp(light: Light) -> Lamp {
    match light {
        Light::None => Lamp::None,
        Light::Green => Lamp::Green,
        Light::Yellow => Lamp::Yellow,
        Light::Red => Lamp::Red,
    }
}

/// A verdict's tag.
pub(super) fn tag(state: State, light: Light, late: bool) -> Tag {
    Tag { state: word(state), pace: if state == State::Open { lamp(light) } else { Lamp::None }, late }
}

/// A unit's light, or a requirement's over the units: 落后项 ÷ 应判项, below `yellow` per cent green, up to `red` yellow.
pub(super) fn share_light(engine: &Engine, behind: u32, judged: u32) -> Lamp {
    let t = engine.rules.thresholds;
    match i64::from(behind) * 100 {
        _ if judged == 0 => Lamp::None,
        b if b < t.yellow * i64::from(judged) => Lamp::Green,
        b if b <= t.red * i64::from(judged) => Lamp::Yellow,
        _ => Lamp::Red,
    }
}

/// Whether the demand is on the whole system.
pub(super) fn on_system(engine: &Engine, i: usize) -> bool {
    engine.compiled[i].requirement.each == Each::System
}

/// Per mille of `n` in `of`, rounded down; 0 of nothing.
pub(super) fn permille(n: i64, of: i64) -> u32 {
    if of <= 0 { 0 } else { u32::try_from(n * 1000 / of).unwrap_or(0) }
}

/// `92.4%`.
pub(super) fn percent(permille: u32) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}
