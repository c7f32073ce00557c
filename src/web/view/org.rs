//! 机构 `/org`: who stands where, on which day?

use askama::Template;

use super::page::Page;
use super::parts::Timeline;
use super::words::Link;

/// The chart of a day. From units, posts and 分管 in force on that day, as known now.
#[derive(Clone, Debug, Template)]
#[template(path = "org.html")]
pub struct Org {
    /// Frame.
    pub page: Page,
    /// The day, ISO, or what was typed.
    pub day: String,
    /// The day in words: `2025年10月20日`.
    pub day_title: String,
    /// What is wrong with what was typed; empty if nothing.
    pub error: String,
    /// `1个市级单位，12个区县，68个科室；在岗1003人`
    pub summary: String,
    /// Units as a tree, each below its own parent; siblings by name. Below an organ its 科室 when it is unfolded.
    pub rows: Vec<OrgRow>,
    /// Foundings, splits, mergers, renamings: newest first, from all days.
    pub changes: Timeline,
}

/// A unit on that day.
#[derive(Clone, Debug, Default)]
pub struct OrgRow {
    /// Levels below the top: 0 to 4.
    pub depth: u8,
    /// Name and page.
    pub unit: Link,
    /// 市级单位, 区县单位, 科室.
    pub level: String,
    /// Heads: `主要负责同志：黄文斌`; several joined by `；`.
    pub heads: String,
    /// Who of the organ's leaders is in charge of it: name; empty for an organ.
    pub charge: String,
    /// Persons in post, those of units below included.
    pub persons: u64,
    /// Persons of the unit on that day: the list.
    pub persons_href: String,
    /// First day: `2019年3月1日`.
    pub from: String,
    /// Last day, when there is one.
    pub to: String,
    /// `展开6个科室`, `收起`: the same page with more or fewer rows.
    pub fold: Option<Link>,
}

impl OrgRow {
    /// Class that indents the name.
    fn indent(&self) -> u8 {
        self.depth.min(4)
    }
}
