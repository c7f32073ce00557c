//! A requirement as the evaluator runs it: names are positions. Made by [`super::compile`].

use std::{collections::BTreeMap, sync::Arc};

use super::kind::{Kind, NEVER};
use crate::directive::model::{At, Package, Requirement, Setting, Slots, Value};

/// A path through references, resolved.
#[derive(Clone, Debug)]
pub struct Access {
    /// From the row outwards; each but the last leads to another row.
    pub steps: Vec<Step>,
    /// Meaning of the value at its end.
    pub kind: Kind,
    /// As written.
    pub text: String,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A column of the row.
    Column(usize),
    /// The row's record id.
    Id,
    /// The row's unit: typed, derived on the row's day, or a person's on that day.
    Unit,
    /// A unit's organ.
    Organ,
    /// A person's duty on the day.
    Duty,
    /// Whether a person is a 年轻干部 on the day.
    Young,
    /// Which talk a person is owed on the day.
    TalkDue,
    /// `talk.level`.
    TalkLevel,
    /// `approval.actual_days`.
    ActualDays,
}

/// Conditions, resolved.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// On fields.
    pub all: Vec<Condition>,
    /// Related rows.
    pub has: Vec<Rows>,
}

impl Conditions {
    /// No condition at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.has.is_empty()
    }
}

/// A condition on one field.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The field.
    pub access: Access,
    /// What is asked of it.
    pub test: Check,
}

/// What a condition asks.
#[derive(Clone, Debug)]
pub enum Check {
    /// Filled or empty.
    Filled(bool),
    /// Equal to any (true) or to none (false) of these.
    Equal(bool, Vec<Side>),
    /// Compared; the flags say which of less, equal, greater is true.
    Order([bool; 3], Side),
}

/// The other side.
#[derive(Clone, Debug)]
pub enum Side {
    /// A cell, and the exact value where it is a number.
    Fixed(i64, Value),
    /// A path of the subject.
    Subject(Access),
    /// A setting that is not set.
    Unset,
}

/// The rows a measure reads, resolved.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Identifies the index over these rows.
    pub key: usize,
    /// Position of the ledger; [`PERSON`] and [`UNIT`] for persons and units.
    pub table: usize,
    /// Which rows.
    pub filter: Conditions,
    /// Column of the dating field, and whether it is a period.
    pub dated: Option<(usize, bool)>,
    /// There on that day.
    pub at: Option<At>,
    /// How a row finds its subject.
    pub relate: Relate,
    /// Only the last row of each.
    pub last_per: Option<Access>,
}

/// How rows and subject are related.
#[derive(Clone, Debug)]
pub enum Relate {
    /// All rows belong to the system.
    All,
    /// The row's unit is owned by the subject unit.
    Owner,
    /// Each path in the row equals the path in the subject; a unit-valued path also matches what the subject unit owns.
    Via(Vec<(Access, Option<Access>)>),
    /// The rows of the combination itself.
    Combination,
}

/// A measure, resolved.
#[derive(Clone, Debug)]
pub enum Fold {
    /// Rows.
    Count(Rows),
    /// Sum of a field.
    Sum(Rows, Access),
    /// Different values of a field.
    Distinct(Rows, Access),
    /// Share of rows.
    Share(Rows, Conditions),
    /// One over another.
    Ratio(Box<Fold>, Box<Fold>),
    /// (Σfrom − Σto) ÷ Σfrom.
    Change(Rows, Access, Access),
    /// Value in the last row.
    Latest(Rows, Access),
    /// Days of the subject.
    Span(Access, Access),
    /// The subject's own row.
    Holds(Conditions),
}

/// Settings and slots in force: the package's, or an example's in their place.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Numbers and lists the text leaves open.
    pub settings: BTreeMap<String, Option<Setting>>,
    /// Named sets.
    pub slots: BTreeMap<String, Slots>,
}

impl Given {
    /// What the package says.
    pub fn of(package: &Package) -> Given {
        Given { settings: package.directive.settings.clone(), slots: package.directive.slots.clone() }
    }

    /// The values of a setting; empty if it is not set.
    pub fn values(&self, name: &str) -> &[Value] {
        self.settings.get(name).and_then(Option::as_ref).map_or(&[], |s| &s.values)
    }

    /// A whole number in a setting.
    pub fn whole(&self, name: &str) -> Option<i64> {
        match self.values(name).first()? {
            Value::Number(r) if r.den() == 1 => Some(r.num()),
            Value::Text(t) => t.trim().parse().ok(),
            _ => None,
        }
    }
}

/// A requirement as the evaluator runs it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// As written.
    pub requirement: Arc<Requirement>,
    /// Position of the subjects' ledger; units for the system.
    pub table: usize,
    /// Which subjects.
    pub filter: Conditions,
    /// The combination's fields.
    pub per: Vec<Access>,
    /// Fields of `by`, main and per part.
    pub by: Vec<Access>,
    /// The same of each part.
    pub part_by: Vec<Vec<Access>>,
    /// The measures.
    pub folds: Vec<Fold>,
    /// The repeat's field and where among `per` it starts (`None`: the subject's own row).
    pub again: Option<(Option<usize>, Access)>,
    /// Settings that are not set and that `where` reads.
    pub unset: Vec<String>,
    /// The same of each part: settings that its measure or its target reads.
    pub part_unset: Vec<Vec<String>>,
}

impl Side {
    /// The cell that equals nothing.
    pub const NEVER: i64 = NEVER;
}
