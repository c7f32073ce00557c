//! 单位详情 `/units/{id}`: why this light, and what turns it green?

use askama::Template;

use super::page::Page;
use super::parts::{Bar, Fact, Span, Timeline};
use super::remedy::Lines;
use super::supervise;
use super::table::{Facets, FilterForm};
use super::tag::{Light, Tag};
use super::words::{Link, Words};

/// A unit with its verdicts. From the roll-ups and verdicts that the unit owns (itself and its 科室, never a
/// subordinate organ) in their latest windows within the span shown, and from the chart of the day asked.
#[derive(Clone, Debug, Template)]
#[template(path = "unit.html")]
pub struct Unit {
    /// Frame.
    pub page: Page,
    /// Full name.
    pub name: String,
    /// That only some of its 科室 are counted here, where the reader sees no more; else empty.
    pub part: String,
    /// Where its progress stands.
    pub progress: String,
    /// The span looked at: `2025年`.
    pub period: String,
    /// The unit's light; none when nothing is judged.
    pub light: Light,
    /// Up to eight facts in two lines of four: 负责人, 在编干部, 上级单位, 适用要求, 达标, 未达标, 数据不足, 不适用.
    pub facts: Vec<Fact>,
    /// Why this light.
    pub why: Why,
    /// What to do, those that turn the light first.
    pub mends: Vec<Mend>,
    /// `补齐以下3项可转绿灯（落后5项减为2项，6.7%）`; with nothing behind: `没有落后项`.
    pub mends_title: String,
    /// Key word.
    pub filter: FilterForm,
    /// By pillar and state.
    pub facets: Facets,
    /// The demands that apply, by pillar.
    pub pillars: Vec<UnitPillar>,
    /// Why there is none: `该单位尚无应达标项，原因：2025年5月新设。`
    pub none: String,
    /// Remedies that run, the most urgent first.
    pub remedies: Lines,
    /// Matters that the office presses the unit about and that are not closed.
    pub matters: Vec<supervise::Line>,
    /// All remedies of the unit; `None` for who may not see any.
    pub all_remedies: Option<Link>,
    /// 科室 of the organ, or the organ of a 科室, as links with their light.
    pub family: Vec<Relative>,
    /// Ledgers that hold records of the unit, with the number of rows.
    pub ledgers: Vec<Link>,
    /// Founded, split, merged, renamed: newest first.
    pub history: Timeline,
    /// The organ before this one by the sound of the name; a 科室 has none.
    pub previous: Option<Link>,
    /// The organ after it.
    pub next: Option<Link>,
    /// Which quarter.
    pub span: Span,
}

/// The arithmetic of a unit's light.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// 应判项: neither 不适用 nor 数据不足.
    pub judged: u32,
    /// 落后项.
    pub behind: u32,
    /// Their share, percentage points: `16.7`.
    pub share: String,
    /// On plan, thousandths, with the mark of the green line.
    pub bar: Bar,
    /// What is counted and where the lines are.
    pub note: Words,
}

/// Something that can be done.
#[derive(Clone, Debug)]
pub struct Mend {
    /// State of the demand.
    pub tag: Tag,
    /// `纪-25甲　补做7个风险点的季度评估`, leading to where it is done.
    pub title: Link,
    /// Until when, who, what it brings.
    pub note: String,
}

/// The demands of a pillar.
#[derive(Clone, Debug)]
pub struct UnitPillar {
    /// Anchor: `p-1` to `p-4`.
    pub anchor: String,
    /// 学, 干, 纪, 保障.
    pub title: String,
    /// `12项，应判10项，落后1项`
    pub note: String,
    /// Demands in the order of the table.
    pub rows: Vec<UnitVerdict>,
}

/// A demand on the unit.
#[derive(Clone, Debug)]
pub struct UnitVerdict {
    /// Anchor: `r-25a` ([`super::spelling::anchor`]).
    pub anchor: String,
    /// `纪-25甲`
    pub code: String,
    /// Short title, leading to the requirement.
    pub title: Link,
    /// `每对2次`
    pub target: String,
    /// `20对中14对达标`
    pub value: String,
    /// State.
    pub tag: Tag,
    /// The verdict's page, or the list of those below it.
    pub href: String,
    /// Where what is missing is done: 还需要什么 of the only verdict that is, or the list.
    pub way: String,
    /// Last day or rhythm: `9月30日`, `每期`.
    pub due: String,
    /// The day is over and the demand is not met.
    pub overdue: bool,
    /// 为什么, for items behind or without data; empty otherwise.
    pub why: Words,
    /// The verdicts below it that are not met; `None` where there are none.
    pub sources: Option<Sources>,
}

/// Verdicts below a unit's.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Head of the first column with the number: `未达标结对（6对）`.
    pub title: String,
    /// Heads of the numbers: `["应有", "计入"]`.
    pub heads: Vec<String>,
    /// By unit and name, never by a value.
    pub rows: Vec<SourceRow>,
    /// What is not listed, and where.
    pub rest: Words,
}

impl Sources {
    /// Whether one of them is another unit's.
    pub fn of_others(&self) -> bool {
        self.rows.iter().any(|r| !r.note.is_empty())
    }
}

/// One of them.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// Name, leading to its verdict.
    pub subject: Link,
    /// One for each head.
    pub figures: Vec<String>,
    /// Its unit, where that is not the one of the page.
    pub note: String,
    /// State.
    pub tag: Tag,
}

/// A unit above or below.
#[derive(Clone, Debug)]
pub struct Relative {
    /// Name and page.
    pub unit: Link,
    /// Its light.
    pub light: Light,
    /// `落后1 / 12项`
    pub note: String,
}
