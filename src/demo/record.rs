//! What the city is made of: records with their revisions, before any store has given them numbers.

use std::{borrow::Cow, fmt, rc::Rc};

use crate::day::Day;

/// Names a record: the ledger, the organ in whose books it stands, and a running number there.
///
/// It is written as offices number their papers: `P03-0127` (person 127 of organ 3), `U03-02` (a 科室), `U03` (its organ).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// Name of the ledger.
    pub ledger: &'static str,
    /// Number of the organ: 0 the 市发改委, from 1 the 区县.
    pub organ: u32,
    /// Running number from 1; of a unit 0 is the organ itself; of `low_rank` the year.
    pub seq: u32,
}

/// The letters before the number: initials of the ledger's Chinese name.
const PREFIXES: [(&str, &str); 46] = [
    ("activity", "HD"),
    ("agreement", "XY"),
    ("appointment", "TR"),
    ("appraisal_weight", "QZ"),
    ("approval", "SP"),
    ("assessment", "KP"),
    ("attendance", "CJ"),
    ("body", "JG"),
    ("body_member", "JY"),
    ("booking", "YY"),
    ("budget", "YS"),
    ("charge", "FG"),
    ("decision", "SZ"),
    ("document", "WJ"),
    ("expert", "ZJ"),
    ("fee_standard", "FY"),
    ("firm_voice", "QY"),
    ("fund_check", "JX"),
    ("guidance", "ZD"),
    ("hour_standard", "XB"),
    ("indicator_value", "ZB"),
    ("interview", "YT"),
    ("issue", "WT"),
    ("lecture", "SK"),
    ("low_rank", "HS"),
    ("meeting", "HY"),
    ("mentor_pair", "JD"),
    ("model_case", "DX"),
    ("outside_hours", "WX"),
    ("partner", "HZ"),
    ("person", "P"),
    ("post", "RZ"),
    ("posting", "DL"),
    ("project", "XM"),
    ("project_team", "ZY"),
    ("publication", "FB"),
    ("rating", "PD"),
    ("request", "SQ"),
    ("risk_point", "FX"),
    ("risk_review", "PG"),
    ("spending", "ZC"),
    ("succession", "CJS"),
    ("talk", "TH"),
    ("task", "RW"),
    ("tolerance", "RC"),
    ("warning", "YJ"),
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ledger, self.seq) {
            ("unit", 0) => write!(f, "U{:02}", self.organ),
            ("unit", seq) => write!(f, "U{:02}-{seq:02}", self.organ),
            (ledger, seq) => {
                let found = PREFIXES.binary_search_by_key(&ledger, |p| p.0);
                let prefix = found.map_or(ledger, |i| PREFIXES[i].1);
                write!(f, "{prefix}{:02}-{seq:04}", self.organ)
            }
        }
    }
}

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Not filled; a correction may empty a field.
    Empty,
    /// Text, a choice, a period or a file's hash. A sensitive field's text is plain here; the store encrypts it.
    Text(Cow<'static, str>),
    /// A whole number.
    Int(i64),
    /// A decimal, × 10000.
    Decimal(i64),
    /// Money in 分.
    Fen(i64),
    /// A day.
    Day(Day),
    /// Yes or no.
    Flag(bool),
    /// A person, a unit or a record of another ledger.
    Ref(Code),
    /// Several choices, in the definition's order.
    List(&'static [&'static str]),
}

impl From<&'static str> for Cell {
    fn from(text: &'static str) -> Cell {
        Cell::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(Cow::Owned(text))
    }
}

impl From<Day> for Cell {
    fn from(day: Day) -> Cell {
        Cell::Day(day)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Cell {
        Cell::Flag(flag)
    }
}

impl From<Code> for Cell {
    fn from(code: Code) -> Cell {
        Cell::Ref(code)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Empty, Into::into)
    }
}

/// Fields with their values.
pub(super) type Values = Vec<(&'static str, Cell)>;

/// One record through all its revisions, in the order in which they were typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its name, with the name of its ledger.
    pub code: Code,
    /// The unit it belongs to: the typed one, or in a ledger whose unit is derived the unit on the row's day. A person
    /// has none.
    pub unit: Option<Code>,
    /// At least one; all but the last are replaced by the next.
    pub revisions: Vec<Revision>,
}

/// One revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Revision {
    /// When it was typed, µs since 1970-01-01 UTC.
    pub recorded_at: i64,
    /// Who typed it.
    pub by: Rc<str>,
    /// Why the one before no longer holds; empty in a first revision.
    pub reason: &'static str,
    /// What it says.
    pub change: Change,
}

/// What a revision says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The whole row; fields that are not named are empty.
    Values(Vec<(&'static str, Cell)>),
    /// The record is void from here on.
    Void,
}

impl Record {
    /// A record as it was first typed.
    pub(super) fn new(code: Code, unit: Option<Code>, at: i64, by: &Rc<str>, mut values: Values) -> Record {
        values.retain(|v| v.1 != Cell::Empty);
        let first = Revision { recorded_at: at, by: by.clone(), reason: "", change: Change::Values(values) };
        Record { code, unit, revisions: vec![first] }
    }

    /// Corrected or completed: the last row with these fields changed.
    pub(super) fn then(mut self, at: i64, reason: &'static str, changes: Values) -> Record {
        let Some(last) = self.revisions.last() else { return self };
        let Change::Values(mut values) = last.change.clone() else { return self };
        let (at, by) = (at.max(last.recorded_at + 1_000_000), last.by.clone());
        for (field, cell) in changes {
            values.retain(|v| v.0 != field);
            if cell != Cell::Empty {
                values.push((field, cell));
            }
        }
        self.revisions.push(Revision { recorded_at: at, by, reason, change: Change::Values(values) });
        self
    }

    /// Voided without a replacement.
    pub(super) fn void(mut self, at: i64, reason: &'static str) -> Record {
        if let Some(last) = self.revisions.last() {
            let (at, by) = (at.max(last.recorded_at + 1_000_000), last.by.clone());
            self.revisions.push(Revision { recorded_at: at, by, reason, change: Change::Void });
        }
        self
    }

    /// When it was first typed.
    pub fn typed(&self) -> i64 {
        self.revisions.first().map_or(0, |r| r.recorded_at)
    }

    /// When its last revision was typed.
    pub(super) fn last(&self) -> i64 {
        self.revisions.last().map_or(0, |r| r.recorded_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_sorted_and_differ() {
        assert!(PREFIXES.is_sorted_by_key(|p| p.0));
        let different: std::collections::BTreeSet<&str> = PREFIXES.iter().map(|p| p.1).collect();
        assert_eq!(different.len(), PREFIXES.len());
    }

    #[test]
    fn a_correction_keeps_what_it_does_not_name() {
        let code = Code { ledger: "talk", organ: 3, seq: 7 };
        let values: Values = vec![("kind", "例行".into()), ("place", "二楼".into()), ("remark", Cell::Empty)];
        let record = Record::new(code, None, 100, &"某科".into(), values);
        let record = record.then(50, "更正地点", vec![("place", Cell::Empty), ("points", "廉洁".into())]);
        let record = record.void(60, "重复录入");
        assert_eq!(code.to_string(), "TH03-0007");
        let values = |i: usize| match &record.revisions[i].change {
            Change::Values(v) => v.clone(),
            Change::Void => Vec::new(),
        };
        assert_eq!(values(0).len(), 2);
        assert_eq!(values(1), vec![("kind", "例行".into()), ("points", "廉洁".into())]);
        assert_eq!(record.revisions[2].change, Change::Void);
        assert!(record.revisions.is_sorted_by_key(|r| r.recorded_at));
    }
}
