//! What a person has learned: the classes with how he was there and how the test went, and the hours that others have
//! acknowledged, read off the ledgers. Nothing is counted that was not recorded; no minutes, and nobody beside him.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    class::{
        people::Presence,
        read::{Class, ledger},
        standard,
    },
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    exam::close::pass_line,
    installation::Current,
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
    },
    scope::Scope,
    verdict::world::PERSON,
};

/// Records of a person that are gone through, of each ledger.
const MOST: i64 = 2_000;

/// A class of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// The class.
    pub class: Class,
    /// Where it was held outside, as its record says; empty for not said.
    pub agent: String,
    /// Record id of the unit that the person counted for.
    pub unit: Option<i64>,
    /// How the person was there; `None` where it is not said.
    pub presence: Option<Presence>,
    /// Hours of leave, times 10,000.
    pub leave: Option<i64>,
    /// Hours of the person, times 10,000: as recorded, else those of the class less the leave; `None` where they are not
    /// known.
    pub hours: Option<i64>,
    /// 已考, 缺考, 因故免考, 无测试; empty for not said.
    pub sat: String,
    /// Of 100, times 10,000.
    pub score: Option<i64>,
    /// Whether that passes; `None` without a score or a line.
    pub passed: Option<bool>,
    /// Another class of the person makes up for this one, and its test was passed.
    pub made_good: bool,
}

/// Hours that somebody else has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// On which day it was finished.
    pub day: Day,
    /// What.
    pub course: String,
    /// Who acknowledges it: the source.
    pub authority: String,
    /// 集中培训, 网络自学; empty for not said.
    pub way: String,
    /// Hours, times 10,000.
    pub hours: i64,
    /// It came with a file.
    pub imported: bool,
}

fn rows(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    field: &str,
    values: impl Iterator<Item = i64>,
) -> anyhow::Result<Vec<Stored>> {
    let filter = Filter::Is { field: field.into(), any_of: values.map(Value::I64).collect() };
    query::list(tx, ledger, scope, &Query { filters: vec![filter], ..Query::default() }, (MOST, 0))
}

/// The classes of a person by the records within a scope, the latest first.
///
/// # Errors
/// When the store cannot be read.
pub fn classes(tx: &mut Tx<'_>, current: &Current, scope: &Scope, person: i64) -> anyhow::Result<Vec<Learned>> {
    let (Some(attendance), Some(activity)) = (ledger(current, "attendance"), ledger(current, "activity")) else {
        return Ok(Vec::new());
    };
    let own = rows(tx, attendance, scope, "person", [person].into_iter())?;
    let ids: BTreeSet<i64> = own.iter().filter_map(|r| r.value(attendance, "activity").as_i64()).collect();
    // Whoever sees that somebody was there sees at what.
    let query = Query { filters: vec![Filter::Records(ids)], ..Query::default() };
    let held = query::list(tx, activity, &Scope::All, &query, (MOST, 0))?;
    let held: BTreeMap<i64, (Class, String)> = held
        .iter()
        .filter_map(|r| Some((r.record_id, (Class::of(activity, r)?, text(activity, r, "agent")))))
        .collect();
    let (standards, line) = (standard::hours(tx, current)?, pass_line(current));
    let mut all: Vec<Learned> = own
        .iter()
        .filter_map(|row| {
            let (class, agent) = held.get(&row.value(attendance, "activity").as_i64()?)?.clone();
            let number = |field: &str| row.value(attendance, field).as_i64();
            let (presence, score) = (Presence::of(attendance, row), number("score"));
            let leave = number("leave_hours").filter(|n| *n > 0 && presence == Some(Presence::Leave));
            let of_class = standard::hours_of(&class, &standards).map(|(hours, _)| hours);
            let hours = number("hours").or_else(|| own_hours(of_class, presence, leave));
            let passed = score.zip(line).map(|(score, line)| score >= line);
            let sat = text(attendance, row, "sat");
            let unit = row.unit;
            Some(Learned { class, agent, unit, presence, leave, hours, sat, score, passed, made_good: false })
        })
        .collect();
    let good: BTreeSet<i64> = all.iter().filter(|l| l.passed == Some(true)).filter_map(|l| l.class.makes_up).collect();
    all.iter_mut().for_each(|l| l.made_good = good.contains(&l.class.record));
    all.sort_by_key(|l| (std::cmp::Reverse(l.class.starts), l.class.record));
    Ok(all)
}

fn text(ledger: &Ledger, row: &Stored, field: &str) -> String {
    row.value(ledger, field).as_text().unwrap_or_default().to_owned()
}

/// The hours that follow from those of the class; who was not there has none, and of whom it is not said they are not known.
fn own_hours(class: Option<i64>, presence: Option<Presence>, leave: Option<i64>) -> Option<i64> {
    match presence? {
        Presence::Absent => Some(0),
        Presence::Whole => class,
        Presence::Leave => Some((class? - leave?).max(0)),
    }
}

/// The hours that others have acknowledged, by the records within a scope, the latest first.
///
/// # Errors
/// When the store cannot be read.
pub fn outside(tx: &mut Tx<'_>, current: &Current, scope: &Scope, person: i64) -> anyhow::Result<Vec<Outside>> {
    let Some(ledger) = ledger(current, "outside_hours") else { return Ok(Vec::new()) };
    let own = rows(tx, ledger, scope, "person", [person].into_iter())?;
    let one = |row: &Stored| {
        Some(Outside {
            day: Day::parse(&text(ledger, row, "day"))?,
            course: text(ledger, row, "course"),
            authority: text(ledger, row, "authority"),
            way: text(ledger, row, "way"),
            hours: row.value(ledger, "hours").as_i64().unwrap_or(0),
            imported: row.import.is_some(),
        })
    };
    let mut all: Vec<Outside> = own.iter().filter_map(one).collect();
    all.sort_by_key(|o| std::cmp::Reverse(o.day));
    Ok(all)
}

/// What is still missing of a class that is over, for the person alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is not said whether the person was there.
    Presence,
    /// It is not said how the test went.
    Result,
    /// The test was missed, and none has made up for it.
    Absent,
    /// The test was not passed, and none has made up for it.
    Failed,
}

impl Lack {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Lack::Presence => "到场情况没有登记，学时没有计入",
            Lack::Result => "测试情况没有登记",
            Lack::Absent => "测试缺考，还没有通过的补考或重训",
            Lack::Failed => "测试没有达到合格线，还没有通过的重训",
        }
    }
}

impl Learned {
    /// What is missing on a day.
    pub fn lacks(&self, today: Day) -> Vec<Lack> {
        if self.class.ends >= today {
            return Vec::new();
        }
        let mut lacks = Vec::new();
        lacks.extend(self.presence.is_none().then_some(Lack::Presence));
        let test = self.class.closed_book == Some(true) && self.presence != Some(Presence::Absent);
        match self.sat.as_str() {
            "" if test => lacks.push(Lack::Result),
            "缺考" if !self.made_good => lacks.push(Lack::Absent),
            "已考" if self.passed == Some(false) && !self.made_good => lacks.push(Lack::Failed),
            _ => {}
        }
        lacks
    }
}

/// Whether a record of the roster may be seen within a scope.
///
/// # Errors
/// When the store cannot be read.
pub fn sees(tx: &mut Tx<'_>, current: &Current, scope: &Scope, person: i64) -> anyhow::Result<bool> {
    let ledger = &current.engine.layout.ledgers[PERSON];
    Ok(crate::ledger::store::get(tx, ledger, scope, person, None)?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::missing::tests::class;

    #[test]
    fn hours_are_those_of_the_class_less_the_leave() {
        let of = |presence, leave| own_hours(Some(210_000), presence, leave);
        assert_eq!(of(Some(Presence::Whole), None), Some(210_000));
        assert_eq!(of(Some(Presence::Leave), Some(70_000)), Some(140_000));
        assert_eq!((of(Some(Presence::Absent), None), of(None, None)), (Some(0), None));
        assert_eq!(own_hours(None, Some(Presence::Whole), None), None, "nothing is assumed");
    }

    #[test]
    fn what_is_missing_is_of_the_person_alone() {
        let day = |t: &str| Day::parse(t).unwrap();
        let bare = Learned {
            class: Class { closed_book: Some(true), ..class() },
            agent: String::new(),
            unit: None,
            presence: Some(Presence::Whole),
            leave: None,
            hours: None,
            sat: String::new(),
            score: None,
            passed: None,
            made_good: false,
        };
        let sat = |sat: &str, passed, made_good| Learned { sat: sat.into(), passed, made_good, ..bare.clone() };
        let lacks = |l: &Learned| l.lacks(day("2025-07-01"));
        assert_eq!(lacks(&bare), [Lack::Result]);
        assert!(bare.lacks(day("2025-06-12")).is_empty(), "not before it is over");
        assert_eq!(lacks(&Learned { presence: None, ..sat("缺考", None, false) }), [Lack::Presence, Lack::Absent]);
        assert_eq!(lacks(&sat("已考", Some(false), false)), [Lack::Failed]);
        for done in [sat("已考", Some(false), true), sat("已考", Some(true), false), sat("因故免考", None, false)]
        {
            assert!(lacks(&done).is_empty());
        }
        assert!(lacks(&Learned { presence: Some(Presence::Absent), ..bare }).is_empty());
    }
}
