//! Pieces that several pages share: facts, bars, notices, events.

use askama::Template;
use askama::filters::HtmlSafe;

use super::tag::{Light, Tag};
use super::words::{Link, Words};

/// A term and what is said about it, one line of a `<dl>`.
#[derive(Clone, Debug, Default)]
pub struct Fact {
    /// At most 6 characters.
    pub term: String,
    /// Sentence, number or link.
    pub words: Words,
}

impl Fact {
    /// `term`: `words`.
    pub fn new(term: impl Into<String>, words: impl Into<Words>) -> Fact {
        Fact { term: term.into(), words: words.into() }
    }
}

/// A list of facts as lines of term and words.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"<dl class="kv">{% for fact in self.0 %}<dt>{{ fact.term }}</dt><dd>{{ fact.words }}</dd>{% endfor %}</dl>"#
)]
pub struct Facts(pub Vec<Fact>);

impl HtmlSafe for Facts {}

impl Facts {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A bar of progress with a tick where the plan stands; the number is text beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "parts/bar.html")]
pub struct Bar {
    /// Filled part in thousandths; more than the whole is drawn as the whole.
    pub done: u32,
    /// The plan's mark in thousandths.
    pub plan: Option<u32>,
    /// Yellow and red colour it; green and none leave it neutral.
    pub light: Light,
    /// For a cell of a table.
    pub small: bool,
}

impl HtmlSafe for Bar {}

impl Bar {
    fn fill(&self) -> String {
        tenths(self.done.min(1000) * 2)
    }

    fn mark(&self) -> Option<String> {
        self.plan.map(|plan| tenths(plan.min(1000) * 2))
    }
}

/// `n` tenths as a decimal number, for coordinates.
pub(super) fn tenths(n: u32) -> String {
    if n.is_multiple_of(10) { (n / 10).to_string() } else { format!("{}.{}", n / 10, n % 10) }
}

/// A line of 请关注 or 市级直接承担: what is wrong, and one grey line of numbers.
#[derive(Clone, Debug)]
pub struct Notice {
    /// The verdict's shape.
    pub tag: Tag,
    /// What is the matter, leading to where it is explained.
    pub title: Link,
    /// `干-21`.
    pub code: String,
    /// Numbers: `涉及5个单位，缺15次`.
    pub note: String,
}

/// A list of notices.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/notices.html")]
pub struct Notices(pub Vec<Notice>);

impl HtmlSafe for Notices {}

impl Notices {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Something that happened to a record, a verdict or a rule: a line of a timeline.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// `2025年6月16日 15:32`, or a day.
    pub at: String,
    /// The same for machines: `2025-06-16T15:32`.
    pub iso: String,
    /// It changed the verdict, the record or the rule (a filled dot).
    pub key: bool,
    /// Who did what.
    pub words: Words,
    /// Fields with before and after.
    pub changes: Vec<Change>,
    /// Reason or other grey line; empty for none.
    pub note: String,
    /// What followed, at the right: `0次 → 1次` with a tag.
    pub effect: Words,
}

/// A field before and after a correction.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Title of the field.
    pub field: String,
    /// Value before; empty is shown as `--`.
    pub before: String,
    /// Value after; empty is shown as `--`.
    pub after: String,
}

/// Events, newest first.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/timeline.html")]
pub struct Timeline(pub Vec<Event>);

impl HtmlSafe for Timeline {}

impl Timeline {
    /// Whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// An option of a `<select>`.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Value in the address.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Chosen.
    pub current: bool,
}

/// Which quarter a page looks at, and by what it is judged: a line behind the heading, and a choice among its acts.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"<form action="{{ path }}" method="get" class="acts" data-auto><label class="sr" for="period">期间</label><select id="period" name="period">{% for c in choices %}<option value="{{ c.value }}"{% if c.current %} selected{% endif %}>{{ c.label }}</option>{% endfor %}</select><button class="btn">查询</button></form>"#
)]
pub struct Span {
    /// Path of the page.
    pub path: String,
    /// The present, and the quarters that are over; none where none is.
    pub choices: Vec<Choice>,
    /// Of a past one: `按截至2025年10月20日 18:05的记录判定`.
    pub basis: String,
    /// Of a past one what keeps to it in the address of another page: `?period=2025Q2`.
    pub query: String,
}

impl HtmlSafe for Span {}

impl Span {
    /// A past quarter is looked at.
    pub fn is_past(&self) -> bool {
        !self.query.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stays_in_its_track() {
        let bar = Bar { done: 1333, plan: Some(905), light: Light::Yellow, small: false };
        assert_eq!((bar.fill().as_str(), bar.mark().as_deref()), ("200", Some("181")));
        assert!(bar.to_string().contains("class=\"f y\""));
        assert_eq!(Bar { done: 333, ..Bar::default() }.fill(), "66.6");
    }
}
