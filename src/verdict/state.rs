//! What a verdict is: five states (and figures without a target), its measures, the target that was in force.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{light::Light, window::Window};
use crate::{directive::model::TargetOp, ratio::Ratio};

/// What is known of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 达标.
    Pass,
    /// 未达标.
    Fail,
    /// 进行中.
    Open,
    /// 不适用.
    Na,
    /// 数据不足.
    Unknown,
    /// A figure without target.
    Figure,
}

impl State {
    /// As stored and exported.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pass => "pass",
            State::Fail => "fail",
            State::Open => "open",
            State::Na => "na",
            State::Unknown => "unknown",
            State::Figure => "figure",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<State> {
        [State::Pass, State::Fail, State::Open, State::Na, State::Unknown, State::Figure]
            .into_iter()
            .find(|s| s.as_str() == text)
    }

    /// As shown.
    pub fn chinese(self) -> &'static str {
        match self {
            State::Pass => "达标",
            State::Fail => "未达标",
            State::Open => "进行中",
            State::Na => "不适用",
            State::Unknown => "数据不足",
            State::Figure => "数据",
        }
    }
}

/// A verdict on one subject in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The subject's record id, or the cells of its combination.
    pub subject: Arc<[i64]>,
    /// When.
    pub window: Window,
    /// The state.
    pub state: State,
    /// Its light.
    pub light: Light,
    /// Missed, but made good since (已补).
    pub late: bool,
    /// The measures.
    pub parts: Parts,
    /// Record id of the subject's unit on its last day in the window (5.2).
    pub unit: Option<i64>,
    /// Record id of that unit's organ.
    pub organ: Option<i64>,
    /// The subject has closed: counted by `count met` with its last verdict, and nowhere shown.
    pub closed: bool,
    /// Settings that are not set and without which nothing can be said.
    pub unset: Vec<String>,
}

impl Verdict {
    /// The values as exact text, joined by `; `; `None` where there is none.
    pub fn value_text(&self) -> String {
        join(self.parts.iter().map(|p| p.value.map_or_else(|| "None".to_owned(), |v| v.to_string())))
    }

    /// The targets as exact text, joined by `; `; `-` where there is none.
    pub fn target_text(&self) -> String {
        join(self.parts.iter().map(|p| p.target.map_or_else(|| "-".to_owned(), |t| t.value.to_string())))
    }

    /// The states of the parts, joined by `; `.
    pub fn parts_text(&self) -> String {
        join(self.parts.iter().map(|p| p.state.as_str().to_owned()))
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("; ")
}

/// The verdicts on the measures. One is the rule, and it needs no memory of its own: there are millions of verdicts.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// The only one.
    One([PartVerdict; 1]),
    /// Several, or none.
    Several(Vec<PartVerdict>),
}

impl Parts {
    /// The verdicts on so many measures.
    pub(super) fn of(n: usize, part: impl Fn(usize) -> PartVerdict) -> Parts {
        if n == 1 { Parts::One([part(0)]) } else { Parts::Several((0..n).map(part).collect()) }
    }
}

impl Deref for Parts {
    type Target = [PartVerdict];

    fn deref(&self) -> &[PartVerdict] {
        match self {
            Parts::One(part) => part,
            Parts::Several(parts) => parts,
        }
    }
}

impl<'p> IntoIterator for &'p Parts {
    type Item = &'p PartVerdict;
    type IntoIter = std::slice::Iter<'p, PartVerdict>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl DerefMut for Parts {
    fn deref_mut(&mut self) -> &mut [PartVerdict] {
        match self {
            Parts::One(part) => part,
            Parts::Several(parts) => parts,
        }
    }
}

/// A verdict on one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct PartVerdict {
    /// The state.
    pub state: State,
    /// Its light.
    pub light: Light,
    /// The value shown: the least (3.10); `None` where there is none.
    pub value: Option<Ratio>,
    /// The greatest value as counted, where it is another.
    pub greatest: Option<Ratio>,
    /// The target in force.
    pub target: Option<TargetNow>,
    /// Numerator and denominator as counted, for `pool`.
    pub counted: (i64, i64),
}

/// A target as of a window, prorated where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetNow {
    /// The comparison.
    pub op: TargetOp,
    /// The value; of `between` the lower bound.
    pub value: Ratio,
    /// Upper bound of `between`.
    pub upper: Ratio,
    /// The whole target, where this one is prorated.
    pub whole: Option<Ratio>,
}

impl TargetNow {
    /// All of the interval meets it (`Some(true)`), none (`Some(false)`), or some.
    pub fn met(&self, least: Option<Ratio>, greatest: Option<Ratio>) -> Option<bool> {
        let (low, high) = match self.op {
            TargetOp::AtLeast => (Some(self.value), None),
            TargetOp::AtMost => (None, Some(self.value)),
            TargetOp::Exactly => (Some(self.value), Some(self.value)),
            TargetOp::Between => (Some(self.value), Some(self.upper)),
        };
        let above = low.is_none_or(|low| least.is_some_and(|l| l >= low));
        let below = high.is_none_or(|high| greatest.is_some_and(|g| g <= high));
        let never = low.is_some_and(|low| greatest.is_some_and(|g| g < low))
            || high.is_some_and(|high| least.is_some_and(|l| l > high));
        match (above && below, never) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}
