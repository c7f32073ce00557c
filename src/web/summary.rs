//! What the overview, the units and the requirements have in common: tags, lights and shares of items.

use super::view::tag::{Light as Lamp, State as Word, Tag};
use crate::{
    directive::model::Each,
    verdict::{engine::Engine, item::Item, judge::State, light::Light},
};

/// An item's tag.
pub(super) fn of(item: &Item) -> Tag {
    tag(item.state, item.light, item.late)
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

/// Positions of the requirements in the order of the list: by pillar, then by number.
pub(super) fn in_order(engine: &Engine) -> Vec<usize> {
    let mut order: Vec<usize> = (0..engine.compiled.len()).collect();
    let pillars = &engine.package.directive.pillars;
    order.sort_by_key(|i| {
        let r = &engine.compiled[*i].requirement;
        (pillars.iter().position(|p| p.id == r.pillar), r.id.clone())
    });
    order
}
