//! Answer sheets of a printed test: the table sent in, what it holds, what was entered.

use askama::Template;

use super::{
    form::{Errors, Form},
    page::Page,
    parts::Facts,
    words::Words,
};

/// The sheets of a test `/tests/{id}/sheets`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_sheets.html")]
pub struct Sheets {
    /// Frame.
    pub page: Page,
    /// Number of the test.
    pub id: i64,
    /// Title of the test.
    pub title: String,
    /// What is wrong in a form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// How many sheets are in.
    pub lead: Words,
    /// Why nothing can be entered now; empty where it can.
    pub shut: String,
    /// The form's token.
    pub form: String,
    /// What is wrong with the file; empty for nothing.
    pub wrong: String,
    /// What was confirmed, the latest first.
    pub rows: Vec<Entered>,
    /// What may be done besides, each with its heading.
    pub forms: Vec<(&'static str, Form)>,
}

/// A file whose sheets were entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entered {
    /// What it was called.
    pub file: String,
    /// How many sheets.
    pub sheets: i64,
    /// By whom and when.
    pub by: String,
    /// By whom, when and why it was undone; empty where it stands.
    pub undone: String,
}

/// What a table of sheets holds `/tests/{id}/sheets/{file}`.
#[derive(Clone, Debug, Template)]
#[template(path = "test_sheets_check.html")]
pub struct SheetCheck {
    /// Frame.
    pub page: Page,
    /// Number of the test.
    pub id: i64,
    /// Number of the file.
    pub number: i64,
    /// Title of the test.
    pub title: String,
    /// The form's token.
    pub form: String,
    /// What the file is called.
    pub file: String,
    /// In a sentence.
    pub lead: Words,
    /// Sheets that would be entered.
    pub good: usize,
    /// Forms with how many sheets, and the like.
    pub facts: Facts,
    /// Row, column and the words.
    pub findings: Vec<(u32, String, String)>,
    /// Findings that are not listed.
    pub more: usize,
}
