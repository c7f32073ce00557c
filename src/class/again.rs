//! A class that is held again (重训) since a unit's pass rate was missed (`R-02`): who is to come, what it begins with, and
//! how it is recorded. Its record points back at the first by `makes_up`, so that its own verdict closes the consequence.

use std::collections::{BTreeSet, VecDeque};

use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    facts::{Consequence, Write},
    installation::{Current, Installation},
    ledger::{NewRow, row::table, store},
    remedy::Remedy,
    scope::{By, Scope},
    subjects,
    verdict::world::{PERSON, UNIT},
};

/// The consequence that asks for it, as the package writes it.
const ACT: &str = "retrain";
/// What a class held again takes over from the first.
const KEPT: [&str; 9] = ["kind", "form", "contents", "project", "case", "way", "agent", "hours", "host"];

/// A missed class and the unit that missed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Record id of the class.
    pub class: i64,
    /// Record id of the unit (an organ).
    pub unit: i64,
}

/// The class and the unit of a consequence; `None` where it asks for nothing of the kind.
pub fn missed(current: &Current, m: &Remedy) -> Option<Missed> {
    let engine = &current.engine;
    let i = engine.position(&m.requirement).filter(|_| m.act == ACT)?;
    let table = engine.layout.index("activity")?;
    engine.layout.ledgers[table].field_index("makes_up")?;
    let class = subjects::records(engine, i, &m.subject).into_iter().find(|(t, _)| *t == table)?.1;
    Some(Missed { class, unit: m.organ.or(m.unit)? })
}

/// A class that was held, or is to be held, again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    /// Its record id.
    pub class: i64,
    /// Who stands among its participants.
    pub persons: usize,
}

/// The classes that make up for a missed one, and for one of these that was missed in its turn: the unit's own and those of a
/// unit above it.
///
/// # Errors
/// When the store cannot be read.
pub fn held(tx: &mut Tx<'_>, current: &Current, missed: Missed) -> anyhow::Result<Vec<Again>> {
    let Some((activity, attendance)) = ledgers(current) else { return Ok(Vec::new()) };
    let own = current.organisation.owned(missed.unit);
    let other: BTreeSet<i64> = organs_beside(current, missed.unit);
    let sql = format!(
        "select a.record_id, a.unit_id, (select count(distinct p.\"person\") from {} p where p.voided_at is null \
         and p.\"activity\" = a.record_id) from {} a where a.voided_at is null and a.\"makes_up\" = $1 order by a.record_id",
        table(attendance),
        table(activity)
    );
    let mine = |unit: Option<i64>| unit.is_none_or(|u| own.contains(&u) || !other.contains(&u));
    let (mut found, mut open): (Vec<Again>, VecDeque<i64>) = (Vec::new(), [missed.class].into());
    while let Some(class) = open.pop_front() {
        for (class, unit, n) in tx.rows(&sql, &[class.into()], |r| Ok((r.i64(0)?, r.opt_i64(1)?, r.i64(2)?)))? {
            if mine(unit) && class != missed.class && found.iter().all(|a| a.class != class) {
                found.push(Again { class, persons: usize::try_from(n).unwrap_or(0) });
                open.push_back(class);
            }
        }
    }
    Ok(found)
}

fn ledgers(current: &Current) -> Option<(&Ledger, &Ledger)> {
    let of = |name: &str| Some(&current.engine.layout.ledgers[current.engine.layout.index(name)?]);
    Some((of("activity")?, of("attendance")?))
}

/// Units of other organs that are not the city's: what they hold again is their own matter.
fn organs_beside(current: &Current, unit: i64) -> BTreeSet<i64> {
    let (Some(units), Some(chart)) = (current.organisation.table(UNIT), current.organisation.chart()) else {
        return BTreeSet::new();
    };
    let own = units.row_of(unit).and_then(|row| chart.organ.get(row).copied());
    let beside = |row: &usize| {
        let organ = chart.organ.get(*row).copied();
        organ != own && organ.is_some_and(|o| !chart.tops.contains(&o))
    };
    (0..units.ids.len()).filter(beside).map(|row| units.ids[row]).collect()
}

/// Who of the unit stood in the missed class and still belongs to it, and how many have left since.
///
/// # Errors
/// When the store cannot be read.
pub fn persons(tx: &mut Tx<'_>, current: &Current, missed: Missed, today: Day) -> anyhow::Result<(Vec<i64>, usize)> {
    let Some((_, attendance)) = ledgers(current) else { return Ok((Vec::new(), 0)) };
    let own = current.organisation.owned(missed.unit);
    let sql = format!(
        "select distinct \"person\", unit_id from {} where voided_at is null and \"activity\" = $1 \
         and \"person\" is not null order by 1",
        table(attendance)
    );
    let all = tx.rows(&sql, &[missed.class.into()], |r| Ok((r.i64(0)?, r.opt_i64(1)?)))?;
    let of_unit: BTreeSet<i64> =
        all.into_iter().filter(|(_, unit)| unit.is_some_and(|u| own.contains(&u))).map(|(p, _)| p).collect();
    let (there, left): (Vec<i64>, Vec<i64>) =
        of_unit.into_iter().partition(|p| place(current, today, *p).is_some_and(|u| own.contains(&u)));
    Ok((there, left.len()))
}

/// The unit of a person on a day.
fn place(current: &Current, day: Day, person: i64) -> Option<i64> {
    let row = current.organisation.table(PERSON)?.row_of(person)?;
    let post = current.organisation.chart()?.post_on(row, day)?;
    current.organisation.table(UNIT)?.ids.get(post.unit).copied()
}

/// The first class: what it is called and its last day.
///
/// # Errors
/// When the store cannot be read.
pub fn first(tx: &mut Tx<'_>, current: &Current, class: i64) -> anyhow::Result<Option<(String, Option<Day>)>> {
    let Some((activity, _)) = ledgers(current) else { return Ok(None) };
    let Some(row) = store::get(tx, activity, &Scope::All, class, None)? else { return Ok(None) };
    let text = |field: &str| row.value(activity, field).as_text();
    let day = text("ends").or(text("starts")).and_then(Day::parse);
    Ok(Some((text("title").unwrap_or_default().to_owned(), day)))
}

/// What is said of a class that is to be held again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it is called.
    pub title: String,
    /// Its first day.
    pub starts: Day,
    /// Its last day.
    pub ends: Day,
    /// Where; empty for not said.
    pub place: String,
    /// Its participants, by record ids.
    pub persons: Vec<i64>,
}

/// Records the class and its participants; gives its record id. It ends with a closed-book test as the first did.
///
/// # Errors
/// [`crate::facts::OutOfScope`] where the writer may not write for the unit; else when the store cannot be written.
pub fn record(
    tx: &mut Tx<'_>,
    inst: &Installation,
    by: &By,
    missed: Missed,
    plan: &Plan,
) -> anyhow::Result<(i64, Consequence)> {
    let write = Write::begin(tx, inst, by, "activity")?;
    let ledger = write.ledger();
    let first = store::get(tx, ledger, &Scope::All, missed.class, None)?;
    let first = first.ok_or_else(|| anyhow::anyhow!("没有原班的记录"))?;
    let mut values = vec![Value::Null; ledger.fields.len()];
    let mut set = |field: &str, value: Value| {
        if let Some(i) = ledger.field_index(field) {
            values[i] = value;
        }
    };
    for field in KEPT {
        set(field, first.value(ledger, field).clone());
    }
    set("title", plan.title.as_str().into());
    set("starts", plan.starts.into());
    set("ends", plan.ends.into());
    set("closed_book", 1_i64.into());
    set("makes_up", missed.class.into());
    set("planned", (plan.persons.len() as i64).into());
    if !plan.place.is_empty() {
        set("place", plan.place.as_str().into());
    }
    let (ids, mut done) = write.add(tx, vec![NewRow { code: None, unit: Some(missed.unit), values }], None)?;
    let class = ids.first().copied().unwrap_or_default();
    if !plan.persons.is_empty() {
        let write = Write::begin(tx, inst, by, "attendance")?;
        let row = |person: &i64| {
            let ledger = write.ledger();
            let mut values = vec![Value::Null; ledger.fields.len()];
            let day: Value = plan.starts.into();
            for (field, value) in [("activity", class.into()), ("person", (*person).into()), ("day", day)] {
                if let Some(i) = ledger.field_index(field) {
                    values[i] = value;
                }
            }
            NewRow { code: None, unit: None, values }
        };
        let rows = plan.persons.iter().map(row).collect();
        done.extend(write.add(tx, rows, None)?.1);
    }
    Ok((class, done))
}
