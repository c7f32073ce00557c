//! 改进措施: the list, one of them, and lines of them on other pages.

use askama::Template;
use askama::filters::HtmlSafe;

use super::form::{Errors, Form};
use super::page::Page;
use super::parts::{Facts, Timeline};
use super::table::{Facets, FilterForm, Pager};
use super::words::{Link, Words};

/// The list `/remedies`: what was drafted, what is under way, what is over?
#[derive(Clone, Debug, Template)]
#[template(path = "remedies.html")]
pub struct Remedies {
    /// Frame.
    pub page: Page,
    /// How many of each, in a sentence.
    pub lead: Words,
    /// Unit.
    pub filter: FilterForm,
    /// By state, consequence and requirement.
    pub facets: Facets,
    /// Drafts first, then what is due soonest, then what is over.
    pub rows: Vec<Line>,
    /// Why there is none.
    pub none: String,
    /// Pages.
    pub pager: Pager,
}

/// A remedy in a list.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// `重新组织培训`.
    pub act: String,
    /// On whom, leading to it.
    pub subject: Link,
    /// `学-02　2025年6月`.
    pub basis: String,
    /// `计入78.6%，应不低于80%`; empty where no verdict is at hand.
    pub figures: String,
    /// The unit; empty for the system or where it is the subject.
    pub unit: String,
    /// 待确认, 办理中, 已办结, 不采用, 已撤销.
    pub state: &'static str,
    /// Last day; empty before it is confirmed.
    pub due: String,
    /// That day is over.
    pub late: bool,
    /// Who is responsible; empty before it is confirmed.
    pub person: String,
    /// It is overdue and was told to the office.
    pub escalated: bool,
}

/// Lines as a list.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/remedies.html")]
pub struct Lines(pub Vec<Line>);

impl HtmlSafe for Lines {}

impl Lines {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A remedy `/remedies/{id}`: why is it there, how does it stand, what may the reader do?
#[derive(Clone, Debug, Template)]
#[template(path = "remedy.html")]
pub struct Remedy {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// `重新组织培训　柳溪县发改局`.
    pub title: String,
    /// 待确认, 办理中, 已办结, 不采用, 已撤销.
    pub state: &'static str,
    /// It is overdue and was told to the office.
    pub escalated: bool,
    /// What the verdict says now.
    pub lead: Words,
    /// How it goes on, in one sentence.
    pub next: String,
    /// 措施, 对象, 单位, 依据, 判定, 期限, 责任人.
    pub facts: Facts,
    /// What happened, newest first.
    pub history: Timeline,
    /// The classes that are held again for it, or how to arrange one; empty where none is asked for.
    pub again: Vec<Words>,
    /// To confirm it.
    pub confirm: Option<Form>,
    /// To drop it.
    pub drop: Option<Form>,
    /// To say what was done.
    pub act: Option<Form>,
}

/// A class to be held again `/remedies/{id}/class`.
#[derive(Clone, Debug, Template)]
#[template(path = "remedy_class.html")]
pub struct NewClass {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// The remedy, leading to it.
    pub remedy: Link,
    /// Why, for whom, and who is to come.
    pub facts: Facts,
    /// The form.
    pub form: Form,
}
