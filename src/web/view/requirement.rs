//! 要求详情 `/requirements/{id}`: who meets this one?

use askama::Template;
use askama::filters::HtmlSafe;

use super::chart::Chart;
use super::page::Page;
use super::parts::{Choice, Facts, Timeline};
use super::table::{Facets, Pager};
use super::tag::Tag;
use super::words::{Link, Words};

/// One requirement over all units. Clause, rule, dated thresholds and rulings from the package in force; the rest
/// from its verdicts in the window shown.
#[derive(Clone, Debug, Template)]
#[template(path = "requirement.html")]
pub struct Requirement {
    /// Frame.
    pub page: Page,
    /// `干-21`
    pub code: String,
    /// `导师每月指导不少于2次并留记录`
    pub title: String,
    /// The city's verdict in the window shown; `None` for a heading without a rule.
    pub tag: Option<Tag>,
    /// Name of the window shown: `2025年6月`.
    pub window: String,
    /// Windows to choose from, newest first, as values of `window`; one or none needs no control.
    pub windows: Vec<Choice>,
    /// The conclusion.
    pub lead: Words,
    /// One more line.
    pub lead_note: Words,
    /// The page of the city's verdict in the window shown.
    pub verdict: Option<Link>,
    /// The formula changed within the window: old and new, in words; empty if not.
    pub changed: Words,
    /// How the units stand; `None` where the demand is on the whole system.
    pub units: Option<Units>,
    /// The verdicts themselves, paged; `None` where each unit has exactly one (then the units' lines lead there).
    pub subjects: Option<Subjects>,
    /// How firmly the text says it: `原文明确`, `原文残缺，推定`, `仅有标题`.
    pub status: String,
    /// 条款, 条款大意, 判定对象, 怎么算, 达标线, 没有记录, 期中起止, 单位判定, 亮灯, 未达标后, 判定所用.
    pub rule: Facts,
    /// Share met by window.
    pub trend: Chart,
    /// Thresholds and settings with their dates.
    pub parameters: Vec<Parameter>,
    /// Readings chosen where the text is unclear.
    pub rulings: Vec<Ruling>,
    /// What changed in the rule, newest first.
    pub history: Timeline,
    /// Requirement before this one in the list.
    pub previous: Option<Link>,
    /// Requirement after this one.
    pub next: Option<Link>,
}

/// Units with their verdicts.
#[derive(Clone, Debug, Default)]
pub struct Units {
    /// Heads of the numbers between 判定 and the link: `["在帮结对", "达标", "未达标", "5月", "4月"]`.
    pub heads: Vec<String>,
    /// Units not met first, then the others, by name within each.
    pub rows: Vec<UnitLine>,
    /// One sentence under the table: what the last columns mean.
    pub note: String,
}

/// A unit's line.
#[derive(Clone, Debug)]
pub struct UnitLine {
    /// Name, leading to the unit's page at this requirement.
    pub unit: Link,
    /// Its roll-up, or its own verdict.
    pub tag: Tag,
    /// One for each head, with unit: `20对`.
    pub figures: Vec<String>,
    /// The verdict's page, or the subjects filtered by the unit.
    pub open: Option<Link>,
}

/// The subjects judged, a page of them. Persons stand by unit and name, never by a value.
#[derive(Clone, Debug)]
pub struct Subjects {
    /// `66对结对`
    pub title: String,
    /// By state and by unit.
    pub facets: Facets,
    /// Heads: `["应有", "计入"]`.
    pub heads: Vec<String>,
    /// The page's rows.
    pub rows: Vec<SubjectLine>,
    /// Pages.
    pub pager: Pager,
}

/// One subject.
#[derive(Clone, Debug)]
pub struct SubjectLine {
    /// Name, leading to the verdict.
    pub subject: Link,
    /// Name of its unit.
    pub unit: String,
    /// One for each head.
    pub figures: Vec<String>,
    /// Its verdict.
    pub tag: Tag,
    /// What is missing, in short; empty when met.
    pub missing: String,
}

/// A dated parameter.
#[derive(Clone, Debug, Default)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Value with unit; `待办公室确定` for an empty setting.
    pub value: String,
    /// First day: `2025年1月1日`.
    pub from: String,
    /// Last day; empty while in force.
    pub to: String,
    /// `文件原文，二（二）三`, or `本平台设定，由领导小组办公室修改`.
    pub source: String,
    /// In force on the day asked, beside values that are not.
    pub current: bool,
}

/// A ruling. From `Directive::rulings`.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"{% if own.is_empty() %}{% if by.is_empty() %}<span class="st o">待裁定</span>{% else %}{{ by }}　{{ on }}{% endif %}{% else %}{{ own }}{% if differs %}<br><span class="late">与判定所用的不同：判定仍按“{{ chosen }}”，须另出一版文件要求</span>{% endif %}{% endif %}"#
)]
pub struct Ruling {
    /// What is unclear.
    pub question: String,
    /// The possible readings.
    pub readings: Vec<String>,
    /// The one taken.
    pub chosen: String,
    /// Who decided; empty while only proposed.
    pub by: String,
    /// `2025年1月20日`; empty while only proposed.
    pub on: String,
    /// What the office has recorded as its ruling; empty for nothing.
    pub own: String,
    /// It takes another reading than the one by which is judged.
    pub differs: bool,
}

impl HtmlSafe for Ruling {}
