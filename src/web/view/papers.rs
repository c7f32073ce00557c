//! 通报与公文: the list `/papers`, and one paper.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::Facts;
use super::table::Pager;
use super::words::{Link, Words};

/// The list, and the form to draft one.
#[derive(Clone, Debug, Template)]
#[template(path = "papers.html")]
pub struct Papers {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// To draft one; `None` for who may not.
    pub form: Option<Form>,
    /// Drafts first.
    pub rows: Vec<PaperLine>,
    /// Pages.
    pub pager: Pager,
}

/// One in the list.
#[derive(Clone, Debug, Default)]
pub struct PaperLine {
    /// Its title, leading to it.
    pub title: Link,
    /// `季度通报`
    pub kind: String,
    /// `2025年第二季度`; 当前.
    pub period: String,
    /// The unit that it is about; 全市.
    pub about: String,
    /// 文号 of an issued one; empty for a draft.
    pub number: String,
    /// Who took its figures or issued it, and when.
    pub by: String,
}

/// One paper.
#[derive(Clone, Debug, Template)]
#[template(path = "paper.html")]
pub struct Paper {
    /// Frame.
    pub page: Page,
    /// Its title in one line.
    pub title: String,
    /// 草稿, or 已印发.
    pub state: &'static str,
    /// What was done; empty for nothing.
    pub notice: String,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// As a file: Word, Excel.
    pub files: Vec<Link>,
    /// Kind, period, who and when, number, hashes.
    pub facts: Facts,
    /// Figures that are otherwise now.
    pub changes: Vec<ChangeLine>,
    /// What that means for a draft or an issued paper.
    pub changes_note: String,
    /// Takes the figures anew, drops the draft, issues it: each a form, as far as the reader may.
    pub acts: Vec<(String, Form)>,
    /// The words of a draft.
    pub words: Option<Form>,
    /// Which of the figures shown lead to where they are explained, and that none is written by hand.
    pub linked: &'static str,
    /// The annex is shown, not the text.
    pub annex: bool,
    /// From the text to the annex, or back.
    pub other: Option<Link>,
    /// What stands in it.
    pub parts: Vec<PaperPart>,
}

/// A figure that is otherwise now.
#[derive(Clone, Debug, Default)]
pub struct ChangeLine {
    /// What it is, leading to where it is explained.
    pub figure: Link,
    /// As it stands in the paper; `--` for not at all.
    pub before: String,
    /// As it is now; `--` for not at all.
    pub after: String,
}

/// A part of a paper as it is read.
#[derive(Clone, Debug)]
pub enum PaperPart {
    /// The title, in its lines.
    Title(Vec<String>),
    /// A heading, and whether it is of the first level.
    Heading(Words, bool),
    /// A paragraph.
    Text(Words),
    /// A small line.
    Note(String),
    /// A table.
    Table(PaperTable),
}

impl Paper {
    /// A table of it takes the whole width.
    fn wide(&self) -> bool {
        self.parts.iter().any(|p| matches!(p, PaperPart::Table(t) if t.is_wide()))
    }
}

impl PaperTable {
    /// Has a column for each unit.
    fn is_wide(&self) -> bool {
        self.columns > 8
    }
}

/// A table of a paper.
#[derive(Clone, Debug, Default)]
pub struct PaperTable {
    /// What it is, for who cannot see it.
    pub caption: String,
    /// Heads; none for a table without.
    pub heads: Vec<String>,
    /// Cells; a row of one cell stands across all columns.
    pub rows: Vec<Vec<Words>>,
    /// How many columns there are.
    pub columns: usize,
}
