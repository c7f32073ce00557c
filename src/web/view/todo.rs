//! 我的待办 `/todo`: what must I do?

use askama::Template;

use super::form::Form;
use super::page::Page;
use super::words::{Link, Words};

/// What waits for the reader.
#[derive(Clone, Debug, Template)]
#[template(path = "todo.html")]
pub struct Todo {
    /// Frame.
    pub page: Page,
    /// What was decided; empty for nothing.
    pub notice: &'static str,
    /// What waits, what was set going, what is dealt with; the one shown.
    pub tabs: [(Link, bool); 3],
    /// How many of each kind, in a sentence.
    pub lead: Words,
    /// By kind; those without anything are left out.
    pub groups: Vec<Group>,
}

/// Things of one kind.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Begins the ids of its heading.
    pub id: &'static str,
    /// `待确认的草稿`.
    pub title: &'static str,
    /// How many there are.
    pub total: u64,
    /// The order.
    pub note: &'static str,
    /// The first of them.
    pub items: Vec<Item>,
    /// All of them, where not all are listed.
    pub all: Option<Link>,
}

/// Something to do.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What it is, in a word.
    pub kind: String,
    /// What it is about, leading to where it is done.
    pub title: Link,
    /// Why: numbers, requirement, unit.
    pub note: String,
    /// Until when; empty for no day.
    pub due: String,
    /// That day is over.
    pub late: bool,
    /// A draft that is decided here.
    pub draft: Option<Draft>,
}

/// What is to be known of a draft, and its two decisions.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What the verdict says now, leading to it.
    pub why: Words,
    /// `拟办：竹岭县发改委重新组织培训。`
    pub plan: String,
    /// To confirm it.
    pub confirm: Option<Form>,
    /// To drop it.
    pub drop: Option<Form>,
}
