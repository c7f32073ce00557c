//! 学习情况 `/me/learning`, `/people/{id}/learning`: what was learned, when, from whom, and what is missing?

use askama::Template;

use super::{
    page::Page,
    table::Pager,
    tag::Tag,
    words::{Link, Words},
};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "learning.html")]
pub struct Learning {
    /// Frame.
    pub page: Page,
    /// Back to the person.
    pub back: Link,
    /// The reader's own.
    pub own: bool,
    /// Whether there is a person at all.
    pub person: bool,
    /// `2025年`.
    pub year: String,
    /// The year before.
    pub previous: Link,
    /// The year behind.
    pub next: Link,
    /// Classes, hours, tests in a sentence.
    pub lead: Words,
    /// What is missing.
    pub missing: Vec<Words>,
    /// Classes of the year, the latest first.
    pub rows: Vec<Line>,
    /// Pages of them.
    pub pager: Pager,
    /// Hours that others have acknowledged.
    pub outside: Vec<OutsideLine>,
    /// What the directive demands.
    pub demands: Vec<Demand>,
}

/// A class of the person.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `6月10日至12日`.
    pub days: String,
    /// Leads to it where the reader may open it.
    pub title: Link,
    /// Kind and category.
    pub kind: String,
    /// Who held it.
    pub source: String,
    /// 全勤, 请假3学时, 缺席.
    pub present: String,
    /// More than a seventh.
    pub late: bool,
    /// Hours.
    pub hours: String,
    /// 合格, 未合格, 缺考, …; with the score for who may see it.
    pub result: String,
}

/// Hours that others have acknowledged.
#[derive(Clone, Debug, Default)]
pub struct OutsideLine {
    /// On which day.
    pub day: String,
    /// What.
    pub course: String,
    /// How; empty for not said.
    pub way: String,
    /// How many.
    pub hours: String,
    /// Who acknowledges them.
    pub source: String,
}

/// A demand of the pillar.
#[derive(Clone, Debug)]
pub struct Demand {
    /// `学-02 …`.
    pub requirement: Link,
    /// Of whom it is judged.
    pub whom: &'static str,
    /// How it stands, on what, in which window: those that the reader may see.
    pub verdicts: Vec<(Tag, Link, String)>,
}
