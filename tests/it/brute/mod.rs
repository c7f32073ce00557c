//! A second reading of the requirement language, as plain as it can be written: for each requirement, subject and window
//! it looks at every row again. No index, no cache, nothing incremental. It is the peer of the real evaluator and shares
//! with it only the model of a package, days and exact numbers.
//!
//! Numbers in comments are rules of `requirement-language.md`. "Reading:" marks a place where the text leaves a choice.

mod condition;
mod convert;
mod examples;
mod judge;
mod light;
mod measure;
mod native;
mod rollup;
mod settings;
mod subject;
mod target;
mod view;
mod window;

use std::collections::BTreeMap;

use dongliang::{
    day::Day,
    directive::model::{Setting, TargetStep},
    ratio::Ratio,
};

pub(crate) use examples::world_of;
pub(crate) use judge::judge;
pub(crate) use rollup::rollup;

/// Rows by ledger, the built-in ledgers `unit`, `person`, `post`, `charge` among them.
pub(crate) type World = BTreeMap<String, Vec<BruteRow>>;

/// A row as recorded; references are ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct BruteRow {
    /// Its id.
    pub(crate) id: String,
    /// The unit that was typed, where the ledger has no `unit_from`.
    pub(crate) unit: Option<String>,
    /// Day of recording; none: known from ever (4.10).
    pub(crate) recorded: Option<Day>,
    /// Day from which it no longer stands.
    pub(crate) voided: Option<Day>,
    /// The row that it replaces.
    pub(crate) replaces: Option<String>,
    /// The filled fields.
    pub(crate) values: BTreeMap<String, Val>,
}

/// A filled field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Val {
    /// Text, choice, period, file or reference. An empty text is "certainly none" and comes only from derived fields.
    Text(String),
    /// A whole number.
    Int(i64),
    /// An exact number.
    Ratio(Ratio),
    /// 分.
    Money(i64),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Day(Day),
    /// Several choices.
    List(Vec<String>),
}

/// What is asked, and what stands in place of the package's own numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// The day asked.
    pub(crate) as_of: Day,
    /// Known on that day; none: everything is known.
    pub(crate) known_at: Option<Day>,
    /// Settings in place of the package's.
    pub(crate) settings: BTreeMap<String, Option<Setting>>,
    /// Named members in place of the package's.
    pub(crate) slots: BTreeMap<String, Vec<String>>,
    /// Dated targets in place of the requirement's `at_least`.
    pub(crate) at_least: Option<Vec<TargetStep>>,
}

/// The five states, and that of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// 达标.
    Pass,
    /// 未达标.
    Fail,
    /// 进行中.
    Open,
    /// 数据不足.
    Unknown,
    /// 不适用.
    Na,
    /// Shown without a state.
    Figure,
}

impl State {
    /// As section 11 and `evaluate --format json` spell it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            State::Pass => "pass",
            State::Fail => "fail",
            State::Open => "open",
            State::Unknown => "unknown",
            State::Na => "na",
            State::Figure => "figure",
        }
    }
}

/// One judgement; texts spelled as section 11 says.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// Table id of the requirement.
    pub(crate) requirement: String,
    /// Id, combinations joined by `|`, the top unit for the system.
    pub(crate) subject: String,
    /// `2025-03`, `by 2025-03-19`, `by ?`, `standing` …
    pub(crate) window: String,
    /// The state.
    pub(crate) state: State,
    /// `2`, `4/5`, `None`; parts joined by `; `.
    pub(crate) value: String,
    /// As the value; `-` for none.
    pub(crate) target: String,
    /// `green`, `yellow`, `red`, `none`.
    pub(crate) light: &'static str,
    /// 已补.
    pub(crate) late: bool,
    /// States of the parts.
    pub(crate) parts: String,
    /// Id of the subject's unit (5.2), empty if it has none.
    pub(crate) unit: String,
    /// The organ of that unit.
    pub(crate) organ: String,
    /// The least still possible as numerator and denominator, unreduced, and the greatest if it is bounded: of the first
    /// part, for pools.
    pub(crate) least: Option<(Ratio, Ratio)>,
    /// See `least`.
    pub(crate) most: Option<(Ratio, Ratio)>,
    /// What the first part is held against.
    pub(crate) goal: Option<target::Goal>,
    /// Whether it is among those judged cannot be told (3.8).
    pub(crate) doubtful: bool,
    /// Names of the settings that are empty (3.9).
    pub(crate) unset: Vec<String>,
    /// The last verdict of a subject that has closed: it counts in `count met` (5.3) and is no verdict of the day asked.
    pub(crate) closed: bool,
}

/// A unit's, or the system's, total.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    /// The state.
    pub(crate) state: State,
    /// As in a verdict.
    pub(crate) value: String,
    /// As in a verdict.
    pub(crate) target: String,
    /// As in a verdict.
    pub(crate) light: &'static str,
}
