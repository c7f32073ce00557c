//! 更正申请: asked by whom it concerns, answered by those in charge of the unit.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::Facts;
use super::table::Pager;
use super::words::Link;

/// The form of a request `/requests/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "request_new.html")]
pub struct NewRequest {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// The record.
    pub record: Link,
    /// The form.
    pub form: Form,
}

/// The list `/requests`.
#[derive(Clone, Debug, Template)]
#[template(path = "requests.html")]
pub struct Requests {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// Open ones first.
    pub rows: Vec<Line>,
    /// Pages.
    pub pager: Pager,
}

/// A request in a list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `第3号`, leading to it; without an address on the own list.
    pub number: Link,
    /// Who asks.
    pub by: String,
    /// The record.
    pub record: Link,
    /// What is wrong.
    pub wrong: String,
    /// When it was asked.
    pub asked: String,
    /// Last day for the answer.
    pub due: String,
    /// 待答复, 已超期, 已更正, 未采纳.
    pub state: &'static str,
    /// It is overdue.
    pub late: bool,
    /// The answer; empty for none.
    pub answer: String,
}

/// Something that is answered: a request `/requests/{id}`, or what was said `/feedback/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "request.html")]
pub struct OneRequest {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// The list that it is in.
    pub list: Link,
    /// `第3号更正申请`.
    pub title: String,
    /// Who, when, which record, what is wrong, what is right, how it stands.
    pub facts: Facts,
    /// To answer; `None` when it is answered, or is the reader's own.
    pub form: Option<Form>,
    /// Why there is no form; empty for nothing to say.
    pub why: String,
}
