//! 单位进展: which unit needs help, and with what?

use askama::Template;

use super::page::Page;
use super::parts::{Bar, Choice, Span};
use super::table::Facets;
use super::tag::{Light, Tag};
use super::words::{Link, Words};

/// The units side by side `/units`: no ranks, those with 落后项 first.
#[derive(Clone, Debug, Template)]
#[template(path = "units.html")]
pub struct Units {
    /// Frame.
    pub page: Page,
    /// What is looked at: `2025年，截至10月20日`.
    pub period: String,
    /// How the units stand, in a sentence.
    pub lead: Words,
    /// 区县 and 市.
    pub facets: Facets,
    /// The quarter that is compared with, to choose from.
    pub compare: Vec<Choice>,
    /// Its name; empty for none.
    pub compared: String,
    /// Units by light, by name within each.
    pub groups: Vec<Group>,
    /// Of a unit listed the reader sees some of its 科室 alone.
    pub part: bool,
    /// Which quarter.
    pub span: Span,
}

/// Units of one light.
#[derive(Clone, Debug)]
pub struct Group {
    /// `红灯`, or `没有落后项`.
    pub title: String,
    /// One line each.
    pub rows: Vec<Line>,
}

/// A unit.
#[derive(Clone, Debug)]
pub struct Line {
    /// The unit, leading to its progress.
    pub unit: Link,
    /// Its light.
    pub light: Light,
    /// Only some of its 科室 are counted: those that the reader sees.
    pub part: bool,
    /// 落后项.
    pub behind: u32,
    /// 应判项.
    pub judged: u32,
    /// 应判项 met or on plan: `92.4%`; `--` where nothing is judged.
    pub on_plan: String,
    /// The same in a bar, with the mark of the green line.
    pub bar: Bar,
    /// The quarter compared with: light, `落后3 / 应判20`.
    pub before: Option<(Light, String)>,
    /// What it is behind in: codes that lead to the unit's page.
    pub needs: Vec<Link>,
    /// How many more.
    pub more: usize,
}

/// One unit `/units/{id}/progress`: what is done against what the calendar asks by now?
#[derive(Clone, Debug, Template)]
#[template(path = "unit_progress.html")]
pub struct UnitProgress {
    /// Frame.
    pub page: Page,
    /// The unit, leading to its page.
    pub unit: Link,
    /// What is looked at.
    pub period: String,
    /// The unit's light, as on the overview.
    pub light: Light,
    /// How it stands, in a sentence.
    pub lead: Words,
    /// Demands by pillar.
    pub pillars: Vec<(String, Vec<Row>)>,
    /// Which quarter.
    pub span: Span,
}

/// A demand in a window that runs.
#[derive(Clone, Debug)]
pub struct Row {
    /// `干-21`.
    pub code: String,
    /// Short title, leading to the unit's page.
    pub title: Link,
    /// `2025年10月`.
    pub window: String,
    /// `2次`.
    pub target: String,
    /// `1次`, or `20个中14个达标`.
    pub value: String,
    /// What is done with the mark of the time that is over; `None` where it cannot be said.
    pub bar: Option<Bar>,
    /// `已做50.0%`.
    pub done: String,
    /// `时间已过61.2%`.
    pub elapsed: String,
    /// `还剩12天`; empty when it is over.
    pub left: String,
    /// How it stands in that window.
    pub tag: Tag,
}
