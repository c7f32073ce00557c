//! The question bank: the list, one question, a new one, a file of them.

use askama::Template;

use super::{
    form::{Errors, Form},
    page::Page,
    parts::Facts,
    table::{FilterForm, Pager},
    words::{Link, Words},
};

/// The list `/questions`.
#[derive(Clone, Debug, Template)]
#[template(path = "questions.html")]
pub struct Bank {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// Conditions.
    pub filter: FilterForm,
    /// By number.
    pub rows: Vec<Line>,
    /// Pages.
    pub pager: Pager,
    /// Files of what is listed: GIFT and .xlsx.
    pub exports: Vec<Link>,
    /// What is taken for a paper; `None` for who arranges no tests.
    pub taking: Option<Taking>,
}

/// Questions that are taken from the list for a new paper, page after page.
#[derive(Clone, Debug, Default)]
pub struct Taking {
    /// Pairs that go along unseen: the conditions of the list, and what was taken on other pages of it.
    pub carried: Vec<(String, String)>,
    /// How many are taken.
    pub count: usize,
    /// The list with nothing taken.
    pub none: String,
}

/// A question in the list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `12`, leading to it.
    pub number: Link,
    /// The beginning of what is asked.
    pub stem: String,
    /// 单选题.
    pub kind: &'static str,
    /// Topic; may be empty.
    pub topic: String,
    /// 易, 中, 难; empty for none.
    pub difficulty: &'static str,
    /// The clause; empty for none.
    pub source: String,
    /// Tests in which it was asked.
    pub tests: usize,
    /// 可用, 缺出处, 已停用.
    pub stands: &'static str,
    /// May be taken for a paper, and is.
    pub take: Option<bool>,
}

/// One question `/questions/{number}`, or a new one `/questions/new`.
#[derive(Clone, Debug, Template)]
#[template(path = "question.html")]
pub struct One {
    /// Frame.
    pub page: Page,
    /// `第12号题`, `新题`.
    pub title: String,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// 可用, 缺出处, 已停用; empty for a new one.
    pub stands: &'static str,
    /// What it says now; empty for a new one.
    pub stem: String,
    /// Pictures as data addresses.
    pub images: Vec<String>,
    /// Letter, option, right.
    pub options: Vec<(String, String, bool)>,
    /// Kind, topic, clause and the like.
    pub facts: Facts,
    /// Tests in which it was asked, the version, and the share of its marks that was earned.
    pub asked: Vec<(Link, String, String)>,
    /// Earlier versions: which, and what they asked.
    pub earlier: Vec<(String, String)>,
    /// What may be done, each with its heading.
    pub forms: Vec<(&'static str, Form)>,
}

/// The form by which a file is sent `/questions/import`.
#[derive(Clone, Debug, Template)]
#[template(path = "question_file.html")]
pub struct NewFile {
    /// Frame.
    pub page: Page,
    /// The form's token.
    pub form: String,
    /// What is wrong with the file; empty for nothing.
    pub wrong: String,
    /// Clause and topic as typed.
    pub typed: [String; 2],
    /// Encodings to choose from: value, title, chosen.
    pub encodings: Vec<(&'static str, &'static str, bool)>,
}

/// What a file holds `/questions/import/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "question_check.html")]
pub struct Check {
    /// Frame.
    pub page: Page,
    /// Number of the file.
    pub id: i64,
    /// The form's token.
    pub form: String,
    /// What it is called.
    pub file: String,
    /// In a sentence.
    pub lead: Words,
    /// Questions that would come in.
    pub fresh: usize,
    /// Kinds with how many good questions.
    pub facts: Facts,
    /// The first of them as they were read: line, kind, what is asked, the answer.
    pub sample: Vec<(u32, &'static str, String, String)>,
    /// Line, 有误 or 重复 or 相近 or 缺出处, and the words.
    pub findings: Vec<(u32, &'static str, String)>,
    /// Findings that are not listed.
    pub more: usize,
}
