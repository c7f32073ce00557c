//! What the overview, the units and the requirements have in common: tags and lights of items.

use super::view::tag::{Light as Lamp, State as Word, Tag};
use crate::verdict::{engine::Engine, item::Item, judge::State, light::Light};

pub(super) use crate::figures::{on_system, percent, permille};

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

/// Positions of the requirements in the order of the list: by pillar, then by number.
pub(super) fn in_order(engine: &Engine) -> Vec<usize> {
    let mut order: Vec<usize> = (0..engine.compiled.len()).collect();
    order.sort_by_key(|i| engine.rank(*i));
    order
}
