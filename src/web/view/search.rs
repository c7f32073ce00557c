//! 搜索 `/search`: where is it?

use askama::Template;

use super::page::Page;
use super::table::FilterForm;
use super::words::Link;

/// What was found, of that which the reader may see.
#[derive(Clone, Debug, Template)]
#[template(path = "search.html")]
pub struct Search {
    /// Frame.
    pub page: Page,
    /// What was looked for; empty for nothing yet.
    pub asked: String,
    /// The form, with what was typed and what is wrong with it.
    pub filter: FilterForm,
    /// All hits.
    pub total: usize,
    /// 人员, 单位, 要求, each ledger, 公文; those without hits are left out.
    pub groups: Vec<Group>,
}

/// Hits of one kind.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// For the anchor.
    pub id: String,
    /// `人员`, `重点项目`.
    pub title: String,
    /// How many there are.
    pub total: usize,
    /// The first of them, those that fit best before the others.
    pub rows: Vec<Line>,
    /// Where they can be listed with further conditions, if there are more.
    pub more: Option<Link>,
}

/// A hit.
#[derive(Clone, Debug)]
pub struct Line {
    /// What it is called, leading to it.
    pub link: Link,
    /// What tells it from others: unit, number, since when.
    pub note: String,
}
