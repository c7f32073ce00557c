//! Items: a requirement as a whole for an organ, from the counts kept with the verdicts: over its latest shut windows,
//! before the first shuts over the running ones (5.5).

use std::collections::BTreeMap;

use super::{
    engine::Engine,
    judge::State,
    light::Light,
    rollup::{self, Tally},
    store::{self, Counted},
    window,
};
use crate::{
    day::Day,
    directive::model::{Requirement, Rollup, When},
    ratio::Ratio,
};

/// A requirement for an organ.
#[derive(Clone, Debug)]
pub struct Item {
    /// Position among the engine's requirements.
    pub i: usize,
    /// The organ; the top unit for demands on the system.
    pub organ: i64,
    /// The windows looked at.
    pub windows: Vec<String>,
    /// Counts over them.
    pub tally: Tally,
    /// The state.
    pub state: State,
    /// Of an open one the light.
    pub light: Light,
    /// All that failed is made good since.
    pub late: bool,
    /// The last day before the latest of them shuts.
    pub shut: Option<Day>,
}

impl Item {
    /// Neither 不适用 nor 数据不足, nor a figure: 应判项.
    pub fn judged(&self) -> bool {
        !matches!(self.state, State::Na | State::Unknown | State::Figure)
    }

    /// 未达标, or 进行中 with 黄灯 or 红灯: 落后项.
    pub fn behind(&self) -> bool {
        self.state == State::Fail || (self.state == State::Open && self.light >= Light::Yellow)
    }
}

/// All items, by requirement and organ, from the counts.
pub fn items(engine: &Engine, counts: &[Counted], today: Day) -> Vec<Item> {
    let mut by: BTreeMap<(usize, i64), Vec<&Counted>> = BTreeMap::new();
    for c in counts {
        if let Some(i) = engine.position(&c.requirement) {
            by.entry((i, c.organ)).or_default().push(c);
        }
    }
    by.into_iter().filter_map(|((i, organ), counts)| item(engine, i, organ, &counts, today)).collect()
}

/// The same for the whole system: one item for each requirement.
pub fn system(engine: &Engine, counts: &[Counted], today: Day) -> Vec<Item> {
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
    by.into_iter().filter_map(|(i, windows)| item(engine, i, 0, &windows.values().collect::<Vec<_>>(), today)).collect()
}

fn item(engine: &Engine, i: usize, organ: i64, counts: &[&Counted], today: Day) -> Option<Item> {
    let r = &engine.compiled[i].requirement;
    let latest = latest(r, counts, today);
    let mut tally = Tally::default();
    latest.iter().for_each(|c| tally.merge(&c.tally));
    let figures: i64 = latest.iter().map(|c| c.figures).sum();
    let target = latest.iter().find_map(|c| c.target);
    let (state, light) = verdict(r, &tally, figures, target, organ)?;
    Some(Item {
        i,
        organ,
        windows: latest.iter().map(|c| c.window.clone()).collect(),
        shut: latest.iter().filter_map(|c| c.shut).max(),
        late: tally.late == tally.fail && tally.fail > 0,
        tally,
        state,
        light,
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

/// An item's state and light: the roll-up's, or where each organ has one subject, that subject's own.
fn verdict(r: &Requirement, tally: &Tally, figures: i64, target: Option<Ratio>, organ: i64) -> Option<(State, Light)> {
    if tally.judged() + tally.na + tally.closed_pass == 0 {
        return (figures > 0).then_some((State::Figure, Light::None));
    }
    let light = match tally {
        t if t.red > 0 => Light::Red,
        t if t.behind > 0 => Light::Yellow,
        _ => Light::Green,
    };
    let how = match (&r.rollup, &r.each) {
        (Rollup::CountMet(_), _) if organ != 0 => &Rollup::ShareMet,
        (Rollup::None, _) => &Rollup::ShareMet,
        (how, _) => how,
    };
    let op = r.parts.first()?.target.as_ref().map(|t| t.op);
    let pool = op.zip(target).map(|(op, t)| store::pool_target(op, t));
    let total = rollup::total(how, tally, pool.as_ref())?;
    Some((total.state, if total.state == State::Open { light } else { Light::of(total.state) }))
}
