//! Worked examples: facts in, verdicts out. The rows are as written; the store types them by the ledger's definition.

use std::collections::BTreeMap;

use super::model::{Setting, TargetStep};
use crate::day::Day;

/// `examples/base.toml` and `examples/*.toml` of a package.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// The organisation that every example starts from: ledger → rows.
    pub base: BTreeMap<String, Vec<ExampleRow>>,
    /// All examples, in file and then text order.
    pub all: Vec<Example>,
}

/// One row of an example: field → value. `id`, and where given `unit`, `recorded`, `voided`, `replaces`, are among them.
pub type ExampleRow = BTreeMap<String, RowValue>;

/// A value as written in an example.
#[derive(Clone, Debug, PartialEq)]
pub enum RowValue {
    /// Text, dates and decimals included.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A decimal, kept as it was spelled.
    Decimal(String),
    /// Yes or no.
    Flag(bool),
    /// Several choices.
    List(Vec<String>),
}

/// One worked example.
#[derive(Clone, Debug, Default)]
pub struct Example {
    /// The requirement's table id.
    pub req: String,
    /// What it shows.
    pub name: String,
    /// The day asked.
    pub as_of: Day,
    /// Only what was recorded by the end of this day is known; `None`: everything.
    pub known_at: Option<Day>,
    /// Settings in place of the package's.
    pub settings: BTreeMap<String, Option<Setting>>,
    /// Members named of a slot set, in place of the package's.
    pub slots: BTreeMap<String, Vec<String>>,
    /// Targets in place of the requirement's own.
    pub at_least: Option<Vec<TargetStep>>,
    /// Rows to add to the base; a row with a known id replaces it.
    pub add: BTreeMap<String, Vec<ExampleRow>>,
    /// What must be found, each naming only what it pins.
    pub expect: Vec<Expect>,
    /// What a unit's total (`*`: the system's) must be.
    pub rollup: Vec<Expect>,
    /// File below the package and line.
    pub place: (String, usize),
}

/// One line of `expect` or `rollup`: key → text that must be equal. `state = "absent"`: there must be no such verdict.
pub type Expect = BTreeMap<String, String>;
