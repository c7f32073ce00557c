//! A record `/ledgers/{name}/{id}`: what is recorded, who changed it, and what counts it?

use askama::Template;

use super::files::Files;
use super::form::{Errors, Form};
use super::imports::Effects;
use super::page::Page;
use super::parts::Timeline;
use super::words::{Link, Words};

/// One record with its revisions. Fields from the definition, values from its current row (or from the last one,
/// when it is voided); `uses` from the verdicts that looked at it.
#[derive(Clone, Debug, Template)]
#[template(path = "record.html")]
pub struct Record {
    /// Frame.
    pub page: Page,
    /// What a form that led here did; `None` else.
    pub saved: Option<Saved>,
    /// Where it is corrected and voided; `None` for who may not.
    pub change: Option<(String, String)>,
    /// What a person has learned; `None` for what is no person.
    pub learning: Option<String>,
    /// Another record, whose code is this one's number; `None` where there is none.
    pub namesake: Option<Link>,
    /// The ledger.
    pub ledger: Link,
    /// What the record is called: `孙建国指导林峰`.
    pub title: String,
    /// Day, code: `2025年5月28日　编号2025-0058`.
    pub meta: String,
    /// Who voided it, when and why; `None` for a current record.
    pub voided: Option<Words>,
    /// Fields in the order of the definition, files not among them.
    pub fields: Vec<Field>,
    /// Its files; `None` for a ledger that has none.
    pub files: Option<Files>,
    /// What is wrong with the reason that was given.
    pub errors: Errors,
    /// To see sensitive fields whole, with a reason; `None` for who may not, and where there are none.
    pub open: Option<Form>,
    /// Revisions, newest first.
    pub history: Timeline,
    /// Doubts about it, the newest first.
    pub doubts: Vec<Doubt>,
    /// To doubt it; `None` for who may not.
    pub doubt: Option<Form>,
    /// Verdicts that count it, and those that do not with the reason.
    pub uses: Vec<Use>,
    /// Why no verdict looks at it.
    pub uses_none: String,
    /// Records that refer to this one, by ledger: `指导记录12条`.
    pub referring: Vec<Link>,
    /// To ask for a correction; `None` where the record does not concern the reader.
    pub correction: Option<Form>,
    /// Record before this one in the list.
    pub previous: Option<Link>,
    /// Record after this one.
    pub next: Option<Link>,
}

impl Record {
    fn doubted(&self) -> bool {
        self.doubts.iter().any(|d| d.answer.is_empty())
    }

    fn has_derived(&self) -> bool {
        self.fields.iter().any(|f| f.derived)
    }
}

/// A field with its value.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Title.
    pub title: String,
    /// Value; empty is shown as `--`.
    pub words: Words,
    /// Found by the program, shown in grey.
    pub derived: bool,
    /// Long text, over both columns.
    pub long: bool,
}

/// A doubt about the record.
#[derive(Clone, Debug, Default)]
pub struct Doubt {
    /// Why.
    pub reason: String,
    /// When and by whom.
    pub asked: String,
    /// When, by whom and what was answered; empty for no answer yet.
    pub answer: String,
    /// To answer it; `None` for who may not.
    pub form: Option<Form>,
}

/// A verdict that looked at the record.
#[derive(Clone, Debug, Default)]
pub struct Use {
    /// `干-21 孙建国—林峰　2025年5月`, leading to it.
    pub verdict: Link,
    /// Its state, or 不计入, as a grey word.
    pub word: String,
    /// It does not count there.
    pub refused: bool,
    /// What it adds there, or why not.
    pub note: String,
}

/// What a form that was recorded did to the verdicts.
#[derive(Clone, Debug, Default)]
pub struct Saved {
    /// That it was recorded, and how many verdicts it changed.
    pub words: String,
    /// Each with what it was and what it is.
    pub lines: Vec<Words>,
    /// How many are not listed.
    pub more: usize,
}

/// To void records: which, what counts them, why.
#[derive(Clone, Debug, Template)]
#[template(path = "record_void.html")]
pub struct Void {
    /// Frame.
    pub page: Page,
    /// What is wrong with the reason.
    pub errors: Errors,
    /// The ledger.
    pub ledger: Link,
    /// `作废指导记录`
    pub title: String,
    /// The records.
    pub records: Vec<Link>,
    /// Which standing records refer to them, and what that means; empty for none.
    pub referring: Words,
    /// They hold them: there is no form.
    pub held: bool,
    /// Which verdicts would change, from what to what.
    pub effects: Effects,
    /// Verdicts that count them.
    pub uses: Vec<Use>,
    /// Of how many of the records these are, where not of all.
    pub looked: String,
    /// The form.
    pub form: Form,
}
