//! 每日一题, 每周一课, their plan, and how ready groups are.

use askama::Template;

use super::{
    exam::{Asked, Mistake},
    form::{Errors, Form},
    page::Page,
    words::{Link, Words},
};

/// The question of a day `/daily`, one to come back to `/daily/review`, one that was answered `/daily/{number}`.
#[derive(Clone, Debug, Template)]
#[template(path = "daily.html")]
pub struct Daily {
    /// Frame.
    pub page: Page,
    /// 每日一题 or 温习.
    pub title: &'static str,
    /// `2025年6月27日 星期五`.
    pub day: String,
    /// The form's token.
    pub form: String,
    /// In a sentence.
    pub lead: Words,
    /// To be answered: its number and what is asked.
    pub question: Option<(i64, Asked)>,
    /// What is wrong with the answer that was sent; empty for nothing.
    pub wrong: String,
    /// What was answered: whether it was right, and what is right, why, by which clause.
    pub result: Option<(bool, Mistake)>,
    /// Where one may go on.
    pub next: Vec<Link>,
    /// Has answers that may be wiped out.
    pub wipe: bool,
}

/// The lesson of a week `/weekly`.
#[derive(Clone, Debug, Template)]
#[template(path = "weekly.html")]
pub struct Weekly {
    /// Frame.
    pub page: Page,
    /// In a sentence, where there is none.
    pub lead: Words,
    /// The lesson that is shown: its title, its day, its paragraphs.
    pub lesson: Option<(String, String, Vec<String>)>,
    /// Files of it.
    pub files: Vec<(Link, String)>,
    /// Questions to try oneself; without an address one that stands in a test that is not over.
    pub checks: Vec<Link>,
    /// Lessons before.
    pub earlier: Vec<(Link, String)>,
}

/// The plan `/releases`.
#[derive(Clone, Debug, Template)]
#[template(path = "releases.html")]
pub struct Releases {
    /// Frame.
    pub page: Page,
    /// `2025年6月`.
    pub title: String,
    /// `2025-07`.
    pub month: String,
    /// What is wrong in the form that was posted.
    pub errors: Errors,
    /// What was done; empty for nothing.
    pub notice: String,
    /// In a sentence.
    pub lead: Words,
    /// Month before and after.
    pub turn: [Link; 2],
    /// What stands in the month, by day.
    pub rows: Vec<Line>,
    /// The form's token.
    pub form: String,
    /// What the reader may do, each with its heading.
    pub forms: Vec<(&'static str, Form)>,
}

/// Something planned or published.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its number.
    pub id: i64,
    /// `6月27日 星期五`.
    pub day: String,
    /// 每日一题.
    pub kind: &'static str,
    /// The beginning of the question, the title of lesson or test.
    pub title: Link,
    /// 已发布, 待发布, 未发布.
    pub state: &'static str,
    /// Why it was not published; empty for nothing.
    pub why: &'static str,
    /// May be changed by another question.
    pub change: bool,
    /// May be taken off.
    pub drop: bool,
    /// May be published today instead.
    pub today: bool,
    /// The number typed for another question.
    pub typed: String,
    /// What is wrong with it; empty for nothing.
    pub wrong: String,
}

/// How ready organs are `/readiness`.
#[derive(Clone, Debug, Template)]
#[template(path = "readiness.html")]
pub struct Readiness {
    /// Frame.
    pub page: Page,
    /// Topics.
    pub topics: Vec<String>,
    /// Organ and percent by topic; empty for fewer than ten persons.
    pub rows: Vec<(String, Vec<String>)>,
    /// Persons that a group must have.
    pub fewest: usize,
}
