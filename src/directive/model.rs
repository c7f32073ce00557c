//! What a package says, once it has been read and found whole. Data only: nothing here judges.
//!
//! Every name in it (ledger, field, setting, slot set) has been resolved by the loader; the evaluator may rely on it.

use std::collections::BTreeMap;

use crate::{calendar::Workdays, day::Day};

pub use super::demand::{
    At, Cond, Conds, Count, Due, Each, Measure, NoData, Of, OnFail, Operand, Pace, Part, Partial, Path, Period,
    Requirement, Rollup, Source, Status, Target, TargetOp, TargetStep, Test, Value, When,
};

/// A directive as data: what is demanded, what is recorded, and the worked examples that pin both.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// `directive.toml`.
    pub directive: Directive,
    /// `ledgers/*.toml` in the order read; the built-in ledgers of the organisation are not among them.
    pub ledgers: Vec<Ledger>,
    /// `requirements/*.toml` in the order read, heading-only ones included.
    pub requirements: Vec<Requirement>,
    /// `calendar/YYYY.toml`.
    pub workdays: Workdays,
    /// Hash (hex SHA-256) over the names and bytes of all files: the identity of this version.
    pub hash: String,
    /// The files themselves, path below the package → text, as stored by `package apply`.
    pub files: BTreeMap<String, String>,
}

impl Package {
    /// The ledger of that name, among the package's own and the built-in ones.
    pub fn ledger(&self, name: &str) -> Option<&Ledger> {
        self.ledgers.iter().find(|l| l.name == name)
    }

    /// The requirement of that table id (`R-03a`).
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.requirements.iter().find(|r| r.id == id)
    }

    /// Where a requirement stands among the others, wherever they are listed: by the pillars of the directive, then by
    /// number. The order of the files says nothing.
    pub fn rank<'r>(&self, r: &'r Requirement) -> (Option<usize>, &'r str) {
        (self.directive.pillars.iter().position(|p| p.id == r.pillar), &r.id)
    }
}

/// The head of a package.
#[derive(Clone, Debug, Default)]
pub struct Directive {
    /// Title of the paper.
    pub title: String,
    /// Who issued it.
    pub issuer: String,
    /// Document number, as printed.
    pub number: String,
    /// Day of issue.
    pub issued: Option<Day>,
    /// First day in force: what begins, ends or is asked before it is not judged.
    pub from: Day,
    /// Numbers the text leaves to the office; `None` where it has not been set.
    pub settings: BTreeMap<String, Option<Setting>>,
    /// Sets of which the text gives the size but not every member (the 6, 8 and 10).
    pub slots: BTreeMap<String, Slots>,
    /// How many years the 答卷 of a test are kept after its end; `None` where nothing was laid down.
    pub keep_attempts: Option<i32>,
    /// 学 干 纪 保障.
    pub pillars: Vec<Pillar>,
    /// Short titles of clauses, where the package gives them.
    pub clauses: Vec<Clause>,
    /// What is missing in the text.
    pub gaps: Vec<Gap>,
    /// Readings chosen where the text is unclear.
    pub rulings: Vec<Ruling>,
}

/// A setting's value and, where given, its Chinese title and who may change it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The value; several values mean "any of".
    pub values: Vec<Value>,
}

/// A set of `size` members of which only the named ones are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slots {
    /// How many members the text demands.
    pub size: i64,
    /// The members named so far, in order.
    pub named: Vec<String>,
}

/// One of the four pillars.
#[derive(Clone, Debug, Default)]
pub struct Pillar {
    /// `学`, `干`, `纪` or `保障`.
    pub id: String,
    /// Long title.
    pub title: String,
}

/// A clause's short title.
#[derive(Clone, Debug, Default)]
pub struct Clause {
    /// `二（一）二`.
    pub id: String,
    /// About four characters.
    pub title: String,
}

/// A gap in the directive's text that nothing may fill by invention.
#[derive(Clone, Debug, Default)]
pub struct Gap {
    /// `G1` …
    pub id: String,
    /// Clause or place.
    pub place: String,
    /// What is missing and what follows from it.
    pub effect: String,
}

/// The reading chosen for an unclear clause, with a name and a date.
#[derive(Clone, Debug, Default)]
pub struct Ruling {
    /// `Q1` …
    pub id: String,
    /// What is unclear.
    pub question: String,
    /// The possible readings.
    pub readings: Vec<String>,
    /// The one taken.
    pub chosen: String,
    /// Who decided.
    pub by: String,
    /// When.
    pub on: Option<Day>,
}

/// What is recorded: one definition gives the table, the form, the list, the template, the import and the export.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// English name: the table is `l_<name>`.
    pub name: String,
    /// Chinese title.
    pub title: String,
    /// Menu group.
    pub group: String,
    /// Why it is asked, or other words for the form's head.
    pub note: String,
    /// Event (happened on a day) or item (opens, closes).
    pub kind: LedgerKind,
    /// Field from which the unit follows; without it the unit is typed.
    pub unit_from: Option<String>,
    /// The fields, in order. Derived ones included; `id` and the typed `unit` are not among them.
    pub fields: Vec<Field>,
    /// True for `low_rank`: its rows are computed by the program and never typed.
    pub derived: bool,
    /// Reason given for more than 12 required fields.
    pub reason: Option<String>,
    /// Name in an earlier package, when renamed.
    pub was: Option<String>,
    /// How many years a record is kept after its day, or after its end; `None` where nothing was laid down.
    pub keep: Option<i32>,
}

impl Ledger {
    /// Position of a field among [`Ledger::fields`].
    pub fn field_index(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.name == name)
    }

    /// The field that dates the row: an event's day, an item's opening; a register has none.
    pub fn opening(&self) -> Option<&str> {
        match &self.kind {
            LedgerKind::Event { day } => Some(day),
            LedgerKind::Item { opens, .. } => Some(opens),
            LedgerKind::Register => None,
        }
    }

    /// The field with an item's closing day.
    pub fn closing(&self) -> Option<&str> {
        match &self.kind {
            LedgerKind::Item { closes, .. } => Some(closes),
            LedgerKind::Event { .. } | LedgerKind::Register => None,
        }
    }
}

/// The two kinds of ledgers.
#[derive(Clone, Debug, PartialEq)]
pub enum LedgerKind {
    /// Happened on the day in this field.
    Event {
        /// Name of a date field.
        day: String,
    },
    /// Opens, changes state, closes (the closing day included).
    Item {
        /// Name of a date field.
        opens: String,
        /// Name of a date field.
        closes: String,
    },
    /// Undated entries of a register: persons. Only the built-in ledgers have it.
    Register,
}

impl Default for LedgerKind {
    fn default() -> Self {
        LedgerKind::Event { day: "day".into() }
    }
}

/// One field of a ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// English name: the column.
    pub name: String,
    /// What it holds.
    pub ty: FieldType,
    /// Chinese title.
    pub title: String,
    /// Column head, at most 6 characters.
    pub short: Option<String>,
    /// Must be filled.
    pub required: bool,
    /// Help under the label.
    pub hint: Option<String>,
    /// Group on the form.
    pub group: Option<String>,
    /// Other column heads under which offices keep it.
    pub aliases: Vec<String>,
    /// Shown in the list by default.
    pub list: bool,
    /// Offered as a facet.
    pub facet: bool,
    /// Encrypted from the first row.
    pub sensitive: bool,
    /// Sensitive, and open to those alone whom the record must name and to the integrity office: notes of a talk.
    pub confidential: bool,
    /// Name in an earlier package.
    pub was: Option<String>,
    /// The date field of the same ledger before which this one cannot lie.
    pub not_before: Option<String>,
    /// Why it must be filled; such a field is not counted among the 12.
    pub reason: Option<String>,
}

/// Types of fields, with what they store.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FieldType {
    /// Any text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// Four decimal places, stored as an integer × 10000.
    Decimal,
    /// Money, stored in 分.
    Money,
    /// A day, stored as ISO text.
    Date,
    /// Yes or no, stored as 1 or 0.
    Flag,
    /// A person, stored as id.
    Person,
    /// A unit, stored as id.
    Unit,
    /// What a paper is about: `2025`, `2025H1`, `2025Q1`, `2025-03`, stored as text.
    Period,
    /// A file by content hash.
    File,
    /// One of these, stored as text.
    Choice(Vec<String>),
    /// Several of these, stored as text joined by `|`.
    Choices(Vec<String>),
    /// A record of another ledger, stored as id.
    Ref(String),
    /// Computed by the program (`talk.level`, `approval.actual_days`); never stored, never asked.
    Derived,
}
