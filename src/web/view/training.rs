//! 培训计划: classes by month, and one class with what it still misses.

use askama::Template;

use super::{
    page::Page,
    parts::Facts,
    table::{Facets, FilterForm, Pager},
    words::{Link, Words},
};

/// The list `/training`: what is on, and what does each class still miss?
#[derive(Clone, Debug, Template)]
#[template(path = "training.html")]
pub struct Training {
    /// Frame.
    pub page: Page,
    /// `2025年`, `2025年6月`.
    pub title: String,
    /// The reader has a unit whose calendar can be taken along.
    pub calendar: bool,
    /// In a sentence.
    pub lead: Words,
    /// The time before and behind.
    pub previous: Link,
    /// The time behind.
    pub next: Link,
    /// Month or year, and which is shown.
    pub views: Vec<(Link, bool)>,
    /// Unit.
    pub filter: FilterForm,
    /// By stage, kind and category.
    pub facets: Facets,
    /// By month, in the order of days.
    pub months: Vec<Month>,
    /// Why there is none.
    pub none: &'static str,
    /// Pages.
    pub pager: Pager,
    /// To record a class; `None` for who may not.
    pub new: Option<Link>,
}

/// The classes of a month.
#[derive(Clone, Debug, Default)]
pub struct Month {
    /// `2025年6月`.
    pub title: String,
    /// In the order of days.
    pub rows: Vec<Line>,
}

/// A class in the list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `6月10日至12日`.
    pub days: String,
    /// Leading to its page.
    pub title: Link,
    /// Kind, with its category.
    pub kind: String,
    /// The unit that holds it.
    pub unit: String,
    /// Participants; those planned where nobody is recorded yet.
    pub persons: String,
    /// 计划中, 进行中, 测试未闭合, 已办.
    pub stage: &'static str,
    /// How much is missing; empty for nothing.
    pub missing: String,
}

/// A class `/training/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "training_one.html")]
pub struct OneClass {
    /// Frame.
    pub page: Page,
    /// What it is called.
    pub title: String,
    /// 计划中, 进行中, 测试未闭合, 已办.
    pub stage: &'static str,
    /// Its record.
    pub record: Link,
    /// How it stands, in a sentence.
    pub lead: Words,
    /// What it still misses, each with the way to mend it.
    pub missing: Vec<Words>,
    /// Its address, for who may add participants.
    pub adds: Option<String>,
    /// What is recorded of it.
    pub facts: Facts,
    /// Its participants, by unit and name.
    pub persons: Vec<Person>,
    /// How many were there all the time, on leave, absent.
    pub present: Words,
    /// Pages of them.
    pub pager: Pager,
    /// Who taught.
    pub lectures: Vec<Lecture>,
    /// What the host recorded of lectures and money is not the reader's to see.
    pub closed: bool,
    /// What it cost against its standard.
    pub cost: Facts,
    /// What is to be said of the cost; empty for nothing.
    pub over: String,
    /// Its tests.
    pub tests: Vec<Words>,
}

/// A participant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Name.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// 全勤, 请假, 缺席; `--` where it is not said.
    pub present: &'static str,
    /// `请假3学时，超过七分之一`.
    pub leave: String,
    /// More than a seventh of the hours.
    pub late: bool,
    /// 已考, 缺考, …; `--` where it is not said.
    pub sat: String,
}

/// A lecture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lecture {
    /// Who taught.
    pub expert: Link,
    /// 高校学者, ….
    pub category: String,
    /// What about.
    pub topic: String,
    /// Hours.
    pub hours: String,
    /// Pay.
    pub fee: String,
    /// Against the standard of the grade.
    pub note: String,
    /// Above it.
    pub over: bool,
}
