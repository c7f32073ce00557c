//! 设置: what the office lays down itself, and what another value would change before it is laid down.

use askama::Template;

use super::form::{Errors, Form};
use super::page::Page;
use super::requirement::Ruling;
use super::tag::Light;
use super::words::{Link, Words};

/// What is laid down `/settings`: the thresholds of the lights, numbers the text leaves open, names of slots, rulings,
/// workdays, choices.
#[derive(Clone, Debug, Template)]
#[template(path = "settings.html")]
pub struct Settings {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// How much is still open, in a sentence.
    pub lead: Words,
    /// `落后不足10个百分点绿灯，10至30黄灯，超过30红灯`, and since when by whose ruling.
    pub lights: (String, String),
    /// Where they are changed; `None` for who may not.
    pub change_lights: Option<Link>,
    /// Numbers and lists: those that the text leaves open first.
    pub values: Vec<Values>,
    /// Sets of which the text names only some.
    pub slots: Vec<Slot>,
    /// Readings of unclear clauses.
    pub rulings: Vec<RulingLine>,
    /// Years of the workday calendar.
    pub years: Vec<Year>,
    /// Ledgers with what may be chosen in their fields.
    pub choices: Vec<(Link, Vec<(String, String)>)>,
}

/// Settings of one kind.
#[derive(Clone, Debug)]
pub struct Values {
    /// `原文没有说的`.
    pub title: String,
    /// One line each.
    pub rows: Vec<Value>,
}

/// A setting.
#[derive(Clone, Debug)]
pub struct Value {
    /// What it is.
    pub title: String,
    /// What holds; empty for an empty slot.
    pub value: String,
    /// Since when, by whose ruling; or that it came with the package.
    pub basis: String,
    /// Requirements that read it.
    pub uses: Vec<Link>,
    /// To lay it down.
    pub change: Option<Link>,
}

/// A set whose members the text names only in part.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name.
    pub title: String,
    /// How many there are to be.
    pub size: i64,
    /// Those that have a name, with where it is from.
    pub named: Vec<(String, String)>,
    /// To name one; `None` where all are named.
    pub change: Option<Link>,
}

impl Slot {
    /// How many have no name yet.
    pub fn left(&self) -> i64 {
        self.size.saturating_sub(self.named.len() as i64).max(0)
    }
}

/// A reading of an unclear clause.
#[derive(Clone, Debug)]
pub struct RulingLine {
    /// Question, reading, who decided.
    pub ruling: Ruling,
    /// The requirements that it is for.
    pub uses: Vec<Link>,
    /// To record what the office has ruled; `None` for who may not.
    pub change: Option<Link>,
}

/// A year of the workday calendar.
#[derive(Clone, Debug)]
pub struct Year {
    /// The year.
    pub year: i32,
    /// Days off between Monday and Friday.
    pub off: usize,
    /// Days worked on a weekend.
    pub worked: usize,
    /// Days that the office recorded itself.
    pub own: usize,
}

/// One thing to be laid down, `/settings/{kind}/{name}`: the form, and after it what would change.
#[derive(Clone, Debug, Template)]
#[template(path = "setting.html")]
pub struct Setting {
    /// Frame.
    pub page: Page,
    /// What is wrong in the form.
    pub errors: Errors,
    /// What it is.
    pub title: String,
    /// What holds now, and what it is for.
    pub lead: Words,
    /// The form.
    pub form: Form,
    /// What would change; `None` before it was asked.
    pub preview: Option<Preview>,
}

/// What would change.
#[derive(Clone, Debug)]
pub struct Preview {
    /// From what to what.
    pub what: Words,
    /// How many units and verdicts.
    pub lead: Words,
    /// Units that would stand otherwise.
    pub units: Vec<Turn>,
    /// Requirements with verdicts that would read otherwise: code, title, how many and which.
    pub requirements: Vec<(String, Link, String)>,
    /// To lay it down.
    pub confirm: Form,
}

/// A unit before and after.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The unit.
    pub unit: Link,
    /// Its light now, with 落后项 / 应判项.
    pub before: (Light, String),
    /// Its light then.
    pub after: (Light, String),
}
