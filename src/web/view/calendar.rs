//! 近期节点 `/calendar`: what is due when?

use askama::Template;

use super::page::Page;
use super::words::Link;

/// A month, or the coming days as a list.
#[derive(Clone, Debug, Template)]
#[template(path = "calendar.html")]
pub struct Calendar {
    /// Frame.
    pub page: Page,
    /// `2025年10月`.
    pub title: String,
    /// How many things are due.
    pub total: u64,
    /// Years for which there is no calendar of holidays.
    pub unknown: Vec<i32>,
    /// The month before.
    pub previous: Option<Link>,
    /// The month after.
    pub next: Option<Link>,
    /// Month and list, with which one is shown.
    pub views: Vec<(Link, bool)>,
    /// Weeks from Monday; days of other months are empty.
    pub weeks: Vec<Vec<Option<Cell>>>,
    /// Days with something due.
    pub days: Vec<DayOf>,
}

/// A day of the month.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    /// Of the month.
    pub number: u32,
    /// ISO, for the anchor.
    pub iso: String,
    /// `休`, `班`, or nothing.
    pub mark: &'static str,
    /// Nobody works.
    pub off: bool,
    /// It is today.
    pub today: bool,
    /// How many things are due.
    pub count: u64,
}

/// A day with what is due.
#[derive(Clone, Debug, Default)]
pub struct DayOf {
    /// ISO, for the anchor.
    pub iso: String,
    /// `10月31日　星期五`.
    pub title: String,
    /// How many workdays are left.
    pub note: String,
    /// What is due.
    pub dues: Vec<Due>,
}

/// Something that is due.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// 要求, 措施, 督办.
    pub kind: &'static str,
    /// What it is, leading to it.
    pub title: Link,
    /// Requirement, unit, who.
    pub note: String,
    /// Its day is over.
    pub late: bool,
}
