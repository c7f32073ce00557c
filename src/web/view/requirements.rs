//! 要求清单 `/requirements`: what exactly is demanded, and how is it measured?

use askama::Template;

use super::page::Page;
use super::parts::Bar;
use super::table::{Facets, FilterForm};
use super::tag::Tag;
use super::words::{Link, Words};

/// The list of demands. From the package in force and the city's verdicts of each.
#[derive(Clone, Debug, Template)]
#[template(path = "requirements.html")]
pub struct Requirements {
    /// Frame.
    pub page: Page,
    /// `2025年文件，2025年1月1日起`
    pub version: String,
    /// The conclusion: how many demands, how many in each state.
    pub lead: Words,
    /// Key word and duty.
    pub filter: FilterForm,
    /// 类别, 判定, 周期, 原文依据.
    pub facets: Facets,
    /// 学 干 纪 保障 with the demands that are left by the conditions.
    pub pillars: Vec<Pillar>,
    /// Chapters of which only the heading exists; not judged, not counted.
    pub headings: Vec<Heading>,
    /// The list as files: `Excel`, `CSV`.
    pub exports: Vec<Link>,
}

/// A pillar.
#[derive(Clone, Debug)]
pub struct Pillar {
    /// 学, 干, 纪, 保障.
    pub title: String,
    /// `6项：达标4、未达标2`
    pub note: String,
    /// Demands in the order of the table.
    pub rows: Vec<RequirementLine>,
}

/// A demand.
#[derive(Clone, Debug)]
pub struct RequirementLine {
    /// Anchor: `r-21`.
    pub anchor: String,
    /// `干-21`
    pub code: String,
    /// Short title, leading to its page.
    pub title: Link,
    /// `原文残缺，推定`; empty where the text is clear.
    pub status: String,
    /// `二（二）三`
    pub clause: String,
    /// How it is measured, in words.
    pub rule: String,
    /// `每月`, `12月31日前`
    pub period: String,
    /// Who must see to it.
    pub duty: String,
    /// The city's verdict.
    pub tag: Tag,
    /// `16 / 21个` with its bar; `None` where the city bears it itself.
    pub units: Option<(String, Bar)>,
    /// Grey line under it: `另有3个数据不足`; for a demand on the city `市级1项`.
    pub units_note: String,
}

/// A chapter without content.
#[derive(Clone, Debug)]
pub struct Heading {
    /// Clause.
    pub clause: String,
    /// Heading.
    pub title: String,
    /// What is missing and what follows from it.
    pub note: String,
}
