//! 我的个人信息 `/me`: what is kept about me, why, who sees it, how long, and what can I do about it?

use askama::Template;

use super::feedback;
use super::form::Form;
use super::page::Page;
use super::parts::Facts;
use super::requests;
use super::table::Pager;
use super::tag::Tag;
use super::words::Link;

/// The page of the own data.
#[derive(Clone, Debug, Template)]
#[template(path = "me.html")]
pub struct Me {
    /// Frame.
    pub page: Page,
    /// What was done; empty for nothing.
    pub notice: String,
    /// The notice of 个人信息保护法 arts 17 and 35, point by point.
    pub told: Facts,
    /// Name, unit, post and what else the roster has; empty without a person.
    pub own: Facts,
    /// Verdicts on the reader and on records in which the reader has a part, of each the latest.
    pub verdicts: Vec<MyVerdict>,
    /// Ledgers that name persons.
    pub ledgers: Vec<Line>,
    /// Whether the account belongs to a person.
    pub person: bool,
    /// To ask for a correction of the own entry in the roster; `None` without one.
    pub correction: Option<Form>,
    /// Own requests, the newest first.
    pub requests: Vec<requests::Line>,
    /// What the reader said about the program under the own name, the newest first.
    pub feedback: Vec<feedback::Line>,
    /// Token of the form that exports.
    pub token: String,
}

/// A verdict that concerns the reader.
#[derive(Clone, Debug)]
pub struct MyVerdict {
    /// `干-21 导师每月指导不少于2次`, leading to it.
    pub verdict: Link,
    /// On what, and when: `孙建国—林峰　2025年9月`.
    pub subject: String,
    /// How it stands.
    pub tag: Tag,
}

/// A ledger that names persons.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its title.
    pub title: String,
    /// As what one stands in it: `导师、学员`.
    pub roles: String,
    /// The demands that are judged from it.
    pub basis: Vec<Link>,
    /// How long its records are kept.
    pub keep: String,
    /// `12条`, leading to the own ones.
    pub records: Option<Link>,
}

/// The own records of a ledger `/me/records/{ledger}`.
#[derive(Clone, Debug, Template)]
#[template(path = "me_records.html")]
pub struct MyRecords {
    /// Frame.
    pub page: Page,
    /// Title of the ledger.
    pub ledger: String,
    /// Code, title, day.
    pub rows: Vec<MyRecord>,
    /// Pages.
    pub pager: Pager,
}

/// One of the own records.
#[derive(Clone, Debug, Default)]
pub struct MyRecord {
    /// What it is called; leads to it where the reader may open ledgers.
    pub title: Link,
    /// Its code.
    pub code: String,
    /// Its day; empty for none.
    pub day: String,
    /// When and by whom it was recorded.
    pub recorded: String,
}
