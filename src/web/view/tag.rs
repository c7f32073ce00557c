//! The five states and the three lights: shape, word and colour, always together.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::verdict::{judge, light, words};

/// A verdict's state and light in one tag. From the engine's verdict: `state`, `light`, `late`.
///
/// Red, yellow and green are drawn nowhere but here and in [`Lamp`] (and for form errors and overdue days).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(
    ext = "html",
    source = r#"<span class="lt {{ self.light().class() }}">{{ self.icon() }}{{ self.word() }}</span>"#
)]
pub struct Tag {
    /// One of the five states, or a figure that is not judged.
    pub state: State,
    /// The light of an open verdict; of the others it follows from the state and is ignored.
    pub pace: Light,
    /// A missed deadline that was made good later: stays 未达标, marked 已补.
    pub late: bool,
}

impl HtmlSafe for Tag {}

/// The states of a verdict (`requirement-language` 3), and the figure that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// 达标.
    Pass,
    /// 进行中.
    Open,
    /// 未达标.
    Fail,
    /// 数据不足.
    Unknown,
    /// 不适用.
    Na,
    /// A number shown without state.
    Figure,
    /// No verdict at the moment asked: not judged yet, or not there.
    Absent,
}

/// The lights (`requirement-language` 6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Light {
    /// 红灯.
    Red,
    /// 黄灯.
    Yellow,
    /// 绿灯.
    Green,
    /// No light: not due yet, not applicable, without data.
    #[default]
    None,
}

impl Light {
    /// The word that always stands beside the shape.
    pub fn word(self) -> &'static str {
        words::light_word(self.told())
    }

    /// As the engine has it.
    fn told(self) -> light::Light {
        match self {
            Light::Red => light::Light::Red,
            Light::Yellow => light::Light::Yellow,
            Light::Green => light::Light::Green,
            Light::None => light::Light::None,
        }
    }

    /// Class of the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Light::Red => "r",
            Light::Yellow => "y",
            Light::Green => "g",
            Light::None => "n",
        }
    }

    /// The shape.
    pub fn icon(self) -> Icon {
        Icon(self.class())
    }

    /// Shape and word.
    pub fn lamp(self) -> Lamp {
        Lamp(self)
    }

    /// Red or yellow: behind.
    pub fn warns(self) -> bool {
        matches!(self, Light::Red | Light::Yellow)
    }
}

impl Tag {
    /// A tag of a state that needs no pace.
    pub fn of(state: State) -> Tag {
        Tag { state, pace: Light::None, late: false }
    }

    /// 进行中 with its light.
    pub fn open(pace: Light) -> Tag {
        Tag { state: State::Open, pace, late: false }
    }

    /// The light that the state shows.
    pub fn light(&self) -> Light {
        match self.state {
            State::Pass => Light::Green,
            State::Fail => Light::Red,
            State::Open => self.pace,
            State::Unknown | State::Na | State::Figure | State::Absent => Light::None,
        }
    }

    /// The word.
    pub fn word(&self) -> &'static str {
        let told = match self.state {
            State::Pass => judge::State::Pass,
            State::Open => judge::State::Open,
            State::Fail => judge::State::Fail,
            State::Unknown => judge::State::Unknown,
            State::Na => judge::State::Na,
            State::Figure => judge::State::Figure,
            State::Absent => return "尚无判定",
        };
        words::state_word(told, self.pace.told(), self.late)
    }

    /// The shape.
    pub fn icon(&self) -> Icon {
        match self.state {
            State::Unknown => Icon("u"),
            State::Na | State::Figure | State::Absent => Icon("x"),
            State::Pass | State::Fail | State::Open => self.light().icon(),
        }
    }

    /// Whether it counts among the 落后项: 未达标, or 进行中 with 黄灯 or 红灯.
    pub fn behind(&self) -> bool {
        self.light().warns()
    }
}

/// A light with its word: of a unit, or of a requirement over the units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(
    ext = "html",
    source = r#"<span class="lt {{ self.0.class() }}">{{ self.0.icon() }}{{ self.0.word() }}</span>"#
)]
pub struct Lamp(pub Light);

impl HtmlSafe for Lamp {}

/// A shape from the sprite of the layout: `g y r n` lights, `x` not applicable, `u` without data. Hidden from
/// readers of text; the word stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Template)]
#[template(ext = "html", source = r##"<svg class="ic" aria-hidden="true"><use href="#i-{{ self.0 }}"/></svg>"##)]
pub struct Icon(pub &'static str);

impl HtmlSafe for Icon {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_shape_and_a_word() {
        let all = [State::Pass, State::Open, State::Fail, State::Unknown, State::Na, State::Figure, State::Absent];
        let lights = [Light::Red, Light::Yellow, Light::Green, Light::None];
        let mut words: Vec<&str> =
            all.iter().flat_map(|&state| lights.map(|pace| Tag { state, pace, late: false }.word())).collect();
        words.dedup();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 10);
        assert_eq!(
            Tag::open(Light::Yellow).to_string(),
            "<span class=\"lt y\"><svg class=\"ic\" aria-hidden=\"true\"><use href=\"#i-y\"/></svg>进行中·黄灯</span>"
        );
    }

    #[test]
    fn behind_is_fail_or_open_with_a_warning_light() {
        let late = Tag { late: true, ..Tag::of(State::Fail) };
        assert_eq!((late.word(), late.behind()), ("未达标（已补）", true));
        assert!(Tag::open(Light::Yellow).behind() && Tag::open(Light::Red).behind());
        for tag in [Tag::open(Light::Green), Tag::open(Light::None), Tag::of(State::Unknown), Tag::of(State::Na)] {
            assert!(!tag.behind(), "{tag:?}");
        }
    }
}
