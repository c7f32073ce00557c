//! 意见建议: the form `/feedback/new`, and the list `/feedback` for those who answer.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::Facts;
use super::table::Pager;
use super::words::Link;

/// The form, and below it the way to an answer by code.
#[derive(Clone, Debug, Template)]
#[template(path = "feedback_new.html")]
pub struct Give {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// The code of what was given without a name; shown once, empty for none.
    pub code: String,
    /// To give.
    pub form: Form,
    /// To look for an answer.
    pub search: Form,
    /// What a code has found.
    pub found: Facts,
}

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "feedback.html")]
pub struct List {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// Those without an answer first.
    pub rows: Vec<Line>,
    /// Pages.
    pub pager: Pager,
}

/// One in a list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `第3号`, leading to it.
    pub number: Link,
    /// Who said it; 匿名.
    pub by: String,
    /// The page that it is about.
    pub about: String,
    /// What was said.
    pub text: String,
    /// On which day.
    pub given: String,
    /// The answer with who and when; empty for none.
    pub answer: String,
}
