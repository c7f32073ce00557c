//! 督办: the list, a new matter, one of them.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::{Facts, Timeline};
use super::table::{Facets, FilterForm, Pager};
use super::words::{Link, Words};

/// The list `/supervise`: which orders are unanswered?
#[derive(Clone, Debug, Template)]
#[template(path = "supervise.html")]
pub struct Supervise {
    /// Frame.
    pub page: Page,
    /// How many of each, in a sentence.
    pub lead: Words,
    /// To issue one; `None` for who may not.
    pub issue: Option<Link>,
    /// Unit.
    pub filter: FilterForm,
    /// By state.
    pub facets: Facets,
    /// Those without a reply first, by their last day.
    pub rows: Vec<Line>,
    /// Why there is none.
    pub none: String,
    /// Pages.
    pub pager: Pager,
}

/// A matter in a list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `督办〔2025〕3号`.
    pub number: String,
    /// What it is about, leading to it.
    pub title: Link,
    /// The unit.
    pub unit: String,
    /// Last day.
    pub due: String,
    /// That day is over without a reply.
    pub late: bool,
    /// 待回复, 已回复, 已销号.
    pub state: &'static str,
    /// It is overdue and was told to the office.
    pub escalated: bool,
}

/// A new matter `/supervise/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "supervise_new.html")]
pub struct NewMatter {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// The verdict that it comes from.
    pub verdict: Option<Link>,
    /// The form.
    pub form: Form,
}

/// A matter `/supervise/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "supervise_one.html")]
pub struct Matter {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// `督办〔2025〕3号`.
    pub number: String,
    /// What it is about.
    pub title: String,
    /// 待回复, 已回复, 已销号.
    pub state: &'static str,
    /// It is overdue and was told to the office.
    pub escalated: bool,
    /// How it goes on.
    pub next: String,
    /// 对象, 事项, 要求, 依据, 期限, 签发.
    pub facts: Facts,
    /// What happened, newest first.
    pub history: Timeline,
    /// What the reader may do, each with its heading.
    pub forms: Vec<(&'static str, Form)>,
}
