//! What a check has found, as it is kept and shown.

use serde::{Deserialize, Serialize};

use std::collections::{BTreeMap, BTreeSet};

use super::{Alike, Prepared, answers};
use crate::{
    consequence::Shift,
    directive::model::Ledger,
    figures::values_text,
    sheet::{
        CellError, RawCell, Table,
        header::{Answers, Doubt, Target, target_title},
        letters,
    },
    verdict::{
        engine::Engine,
        store::{Face, Stored},
        words::Context,
    },
};

/// Findings of one kind that are kept.
const KEPT: usize = 1_000;
/// Corrections that are told field by field.
pub(super) const CORRECTED: usize = 100;
/// Verdicts that are named of those that turn alike, and units.
const NAMED: usize = 5;
/// Cells that are shown of a column that is asked about, and characters of each.
const SAMPLES: (usize, usize) = (5, 20);
/// Spans of rows that are named.
const KEPT_SPANS: usize = 20;

/// What a check has found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// Name of the sheet that was read; empty for a .csv.
    pub sheet: String,
    /// Sheets before it that hold something else.
    #[serde(default)]
    pub passed: Vec<String>,
    /// Further sheets, which were not read.
    pub others: Vec<String>,
    /// Row of the heads.
    pub header: u32,
    /// Required columns that are missing: nothing is written without them.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Rows that hold a record.
    pub total: usize,
    /// Rows that bring a new record.
    pub new: usize,
    /// Rows that correct a record.
    pub corrections: usize,
    /// Rows that stand in the ledger as they are.
    pub known: usize,
    /// Rows with an error.
    pub bad: usize,
    /// Errors, the first thousand.
    pub errors: Vec<CellError>,
    /// All errors counted.
    pub error_count: usize,
    /// Remarks, the first thousand.
    pub remarks: Vec<CellError>,
    /// All remarks counted.
    pub remark_count: usize,
    /// Rows that are no record, each with what it is.
    pub skipped: Vec<(u32, String)>,
    /// What each column was taken for.
    pub columns: Vec<Matched>,
    /// Imports of the very same file that stand: number, when, by whom.
    pub before: Vec<(i64, String, String)>,
    /// What is different since the template was made.
    #[serde(default)]
    pub older: Vec<String>,
    /// Columns that it is not sure about.
    #[serde(default)]
    pub questions: Vec<Question>,
    /// Rows that stand in the ledger as they are, by the import that brought them.
    #[serde(default)]
    pub same: Vec<Same>,
    /// Rows without a code that say what a standing record says, the first thousand.
    #[serde(default)]
    pub alike: Vec<Alike>,
    /// All of these, counted, and which: `5至16、20`.
    #[serde(default)]
    pub alike_rows: (usize, String),
    /// Rows that correct a record, the first hundred.
    #[serde(default)]
    pub corrected: Vec<Corrected>,
    /// It does not look like a table of the ledger.
    #[serde(default)]
    pub unlike: Option<Unlike>,
    /// What the rows would do to the verdicts that the sender may see; `None` if that could not be told.
    #[serde(default)]
    pub effects: Option<Weighed>,
    /// The same without the rows that seem to stand already; `None` also where there are none.
    #[serde(default)]
    pub effects_left: Option<Weighed>,
}

/// A table that does not look like one of its ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlike {
    /// Heads in the file.
    pub heads: usize,
    /// Those that mean a column of the ledger.
    pub known: usize,
    /// Required columns that are not there.
    pub missing: Vec<String>,
    /// The ledger (its name) that it looks like; `None` where it looks like none.
    pub rather: Option<String>,
}

/// A column that people are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Its letters.
    pub column: String,
    /// Its head.
    pub head: String,
    /// The head as it is compared.
    pub key: String,
    /// What it may be: word and title.
    pub choices: Vec<(String, String)>,
    /// What stands in its first cells.
    pub samples: Vec<String>,
}

/// Rows that one import has brought before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Same {
    /// Number of the import; `None` for what came in another way.
    pub import: Option<i64>,
    /// How many.
    pub count: usize,
    /// Which: `5至16、20`.
    pub rows: String,
}

/// A row that corrects a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corrected {
    /// As Excel counts.
    pub row: u32,
    /// The record's code.
    pub code: String,
    /// Title of a field, its text before and after; sensitive ones masked.
    pub fields: Vec<(String, String, String)>,
}

/// What rows would do to the verdicts.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Weighed {
    /// Mark of what the sender could see then.
    pub reach: String,
    /// Verdicts that would change.
    pub all: usize,
    /// Those whose state or light would be another.
    pub turning: usize,
    /// Those that turn alike, by requirement in the order of the package; in each those that turn first.
    pub turned: Vec<Turned>,
}

/// Verdicts of a requirement that change alike.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Turned {
    /// Table id of the requirement.
    pub requirement: String,
    /// How many.
    pub count: usize,
    /// Organs of the subjects with how many of these, the most first; some at most.
    pub units: Vec<(Option<i64>, usize)>,
    /// All organs, counted.
    pub unit_count: usize,
    /// Some of them.
    pub shifts: Vec<Shifted>,
}

/// A verdict that would change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shifted {
    /// Cells of the subject.
    pub subject: Vec<i64>,
    /// The window.
    pub window: String,
    /// The row of the file that brings the subject; 0 where it stands already.
    pub row: u32,
    /// Which of the subject's records that one is, and what it is called; of a record without a name nothing.
    #[serde(default)]
    pub fresh: (usize, String),
    /// The subject's unit.
    pub unit: Option<i64>,
    /// As it stands.
    pub from: Option<Face>,
    /// As it would stand.
    pub to: Option<Face>,
}

/// A column of the file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matched {
    /// Its letters.
    pub column: String,
    /// Its head.
    pub head: String,
    /// The column of the ledger that it is taken for; empty if it is left out.
    pub target: String,
    /// The head as it is compared, where that is what the unit has answered; else empty.
    #[serde(default)]
    pub answered: String,
}

impl Report {
    /// Of a file that was checked; `answers` are the unit's own.
    pub(super) fn of(table: &Table, ledger: &Ledger, prepared: &Prepared, answers: &Answers) -> Report {
        let checked = &prepared.checked;
        let kept = |found: &[CellError]| found.iter().take(KEPT).cloned().collect();
        let column = |c: &crate::sheet::header::HeadColumn| Matched {
            column: letters(c.index),
            head: c.head.clone(),
            target: match c.target {
                Target::Ignored | Target::Unknown => String::new(),
                target => target_title(target, ledger).trim_matches(['“', '”']).to_owned(),
            },
            answered: if answers.contains_key(&c.key) { c.key.clone() } else { String::new() },
        };
        let corrections = checked.rows.iter().filter(|r| prepared.corrections.contains_key(&r.number)).count();
        Report {
            sheet: table.sheet.clone(),
            passed: table.passed.clone(),
            others: table.others.clone(),
            header: checked.header.row,
            missing: checked.missing.clone(),
            total: checked.rows.len() + checked.bad_rows + prepared.known.len(),
            new: checked.rows.len() - corrections,
            corrections,
            known: prepared.known.len(),
            bad: checked.bad_rows,
            errors: kept(&checked.errors),
            error_count: checked.error_count,
            remarks: kept(&checked.warnings),
            remark_count: checked.warning_count,
            skipped: checked.skipped.iter().take(KEPT).map(|s| (s.row, s.reason.clone())).collect(),
            columns: checked.header.columns.iter().map(column).collect(),
            before: prepared.before.clone(),
            same: same(&prepared.known),
            alike: prepared.alike.iter().take(KEPT).cloned().collect(),
            alike_rows: (prepared.alike.len(), spans(&prepared.alike.iter().map(|a| a.row).collect::<Vec<_>>())),
            questions: checked.header.doubts.iter().map(|d| question(table, ledger, checked.header.row, d)).collect(),
            ..Report::default()
        }
    }

    /// Whether a column is read in one way and could be meant otherwise: nothing is written before that is answered.
    pub fn is_open(&self) -> bool {
        self.questions.iter().any(|q| self.columns.iter().any(|c| c.column == q.column && !c.target.is_empty()))
    }

    /// Whether there is nothing to write and nothing to be said about it: neither what a column is, nor which ledger is meant.
    pub fn is_settled(&self) -> bool {
        let elsewhere = self.unlike.as_ref().is_some_and(|unlike| unlike.rather.is_some());
        self.written() == 0 && self.questions.is_empty() && !elsewhere
    }

    /// Rows that would be written.
    pub fn written(&self) -> usize {
        self.new + self.corrections
    }
}

/// A number that may be somebody's own (手机号, 身份证号) shows its ends alone: nobody knows yet what the column is.
fn discreet(text: &str) -> String {
    let (length, digits) = (text.chars().count(), text.chars().filter(char::is_ascii_digit).count());
    let hidden = |i: usize| digits >= 11 && i >= 3 && i + 4 < length;
    text.chars().enumerate().map(|(i, c)| if hidden(i) { '*' } else { c }).collect()
}

/// What is asked about a column.
fn question(table: &Table, ledger: &Ledger, header: u32, doubt: &Doubt) -> Question {
    let cells = table.rows.iter().filter(|r| r.number > header).filter_map(|r| r.cells.get(doubt.index));
    let texts = cells.map(RawCell::shown).filter(|t| !t.is_empty()).take(SAMPLES.0);
    let title = |t: Target| target_title(t, ledger).trim_matches(['“', '”']).to_owned();
    Question {
        column: letters(doubt.index),
        head: doubt.head.clone(),
        key: doubt.key.clone(),
        choices: doubt.choices.iter().map(|t| (answers::word(*t, ledger), title(*t))).collect(),
        samples: texts.map(|t| discreet(&t).chars().take(SAMPLES.1).collect()).collect(),
    }
}

impl Weighed {
    /// Of shifts in the order of the requirements, told to who has the mark `reach`; `new` tells which row of the file brings a
    /// subject, and as which of its records.
    pub fn of(
        engine: &Engine,
        reach: String,
        shifts: &[Shift],
        new: &dyn Fn(&Shift) -> Option<(u32, usize)>,
    ) -> Weighed {
        let looks = |v: &Option<Stored>| v.as_ref().map(|v| (v.state.as_str(), v.light.as_str(), v.late));
        // What reads as before is not said to change.
        let figures = |i: usize, v: &Option<Stored>| {
            let text = v.as_ref().map_or_else(String::new, |v| values_text(Context::of(engine, i), &v.value));
            if text.split('；').all(|part| part == "--") { String::new() } else { text }
        };
        let told = |s: &&Shift| s.turns() || figures(s.requirement, &s.from) != figures(s.requirement, &s.to);
        let shifts: Vec<&Shift> = shifts.iter().filter(told).collect();
        let mut alike: BTreeMap<_, Vec<&Shift>> = BTreeMap::new();
        for s in shifts.iter().copied() {
            alike.entry((s.requirement, !s.turns(), looks(&s.from), looks(&s.to))).or_default().push(s);
        }
        let turned = alike.into_iter().map(|((i, ..), shifts)| {
            let mut units: BTreeMap<Option<i64>, usize> = BTreeMap::new();
            let organ = |s: &Shift| s.last().and_then(|v| v.organ.or(v.unit));
            shifts.iter().for_each(|s| *units.entry(organ(s)).or_default() += 1);
            let unit_count = units.len();
            let mut units: Vec<(Option<i64>, usize)> = units.into_iter().collect();
            units.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            units.truncate(NAMED);
            let shifted = |s: &&Shift| {
                let (row, part) = new(s).unwrap_or_default();
                Shifted {
                    subject: s.subject.clone(),
                    window: s.window.clone(),
                    row,
                    fresh: (part, String::new()),
                    unit: s.last().and_then(|v| v.unit),
                    from: s.from.as_ref().map(Face::from),
                    to: s.to.as_ref().map(Face::from),
                }
            };
            Turned {
                requirement: engine.compiled[i].requirement.id.clone(),
                count: shifts.len(),
                units,
                unit_count,
                shifts: shifts.iter().take(NAMED).map(shifted).collect(),
            }
        });
        let turned = turned.collect();
        Weighed { reach, all: shifts.len(), turning: shifts.iter().filter(|s| s.turns()).count(), turned }
    }

    /// The rows whose new records are among the verdicts that are named.
    pub(super) fn rows(&self) -> BTreeSet<u32> {
        self.turned.iter().flat_map(|t| &t.shifts).map(|s| s.row).filter(|row| *row > 0).collect()
    }

    /// Says what these records are called, by row.
    pub(super) fn call(&mut self, names: &BTreeMap<u32, String>) {
        for shift in self.turned.iter_mut().flat_map(|t| &mut t.shifts) {
            if let Some(name) = names.get(&shift.row) {
                shift.fresh.1.clone_from(name);
            }
        }
    }
}

/// Rows by the import that brought them before.
fn same(known: &[(u32, Option<i64>)]) -> Vec<Same> {
    let mut by: BTreeMap<Option<i64>, Vec<u32>> = BTreeMap::new();
    known.iter().for_each(|(row, import)| by.entry(*import).or_default().push(*row));
    by.into_iter().map(|(import, rows)| Same { import, count: rows.len(), rows: spans(&rows) }).collect()
}

/// `5至16、20`; of many spans the first ones.
fn spans(rows: &[u32]) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for row in rows {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *row => *last = *row,
            _ => spans.push((*row, *row)),
        }
    }
    let text = |(a, b): &(u32, u32)| if a == b { a.to_string() } else { format!("{a}至{b}") };
    let rest = if spans.len() > KEPT_SPANS { "等" } else { "" };
    spans.iter().take(KEPT_SPANS).map(text).collect::<Vec<_>>().join("、") + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_somebody_is_not_shown_whole() {
        assert_eq!(discreet("13912342716"), "139****2716");
        assert_eq!(discreet("11010519491231002X"), "110***********002X");
        for open in ["2025-07-01", "20250701", "张三", "一二三"] {
            assert_eq!(discreet(open), open);
        }
    }

    #[test]
    fn rows_are_named_in_spans() {
        assert_eq!(spans(&[5, 6, 7, 9, 11, 12]), "5至7、9、11至12");
        assert_eq!(spans(&[]), "");
        let odd: Vec<u32> = (0..40).map(|n| 2 * n + 1).collect();
        assert!(spans(&odd).ends_with("37、39等"), "{}", spans(&odd));
    }
}
