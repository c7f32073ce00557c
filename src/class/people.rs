//! Participants of a class, many at once: who may be added, and how each of them was there (全勤, 请假, 缺席).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::read::{Class, ledger};
use crate::{
    audit::Kind,
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    facts::Write,
    installation::{Current, Installation},
    ledger::{
        NewRow,
        row::{Stored, table},
    },
    scope::{By, Scope},
    verdict::world::{PERSON, UNIT},
};

/// Held by who adds to a class or marks its participants (PostgreSQL).
const CLASS: i64 = 0x636c << 48;
/// Why a row is corrected.
const REASON: &str = "登记到场情况";

/// Somebody who may be added to a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Record id of the person.
    pub person: i64,
    /// Record id of the unit where the person's post is.
    pub unit: i64,
    /// Position of that unit's organ among the units, and of the unit: the order of lists.
    pub place: (usize, usize),
    /// Position in [`DUTIES`](crate::org::builtin::DUTIES); below nothing where it is not said.
    pub duty: i64,
    /// Stands among the participants already.
    pub added: bool,
}

/// The day whose posts count: the first of the class, as long as it has come.
pub fn counting(class: &Class, today: Day) -> Day {
    class.starts.min(today)
}

/// Who has a post on the day that counts in the units of a scope, by unit.
///
/// # Errors
/// When the store cannot be read.
pub fn candidates(
    tx: &mut Tx<'_>,
    current: &Current,
    class: &Class,
    scope: &Scope,
    today: Day,
) -> anyhow::Result<Vec<Candidate>> {
    let organisation = &current.organisation;
    let (Some(chart), Some(people), Some(units)) =
        (organisation.chart(), organisation.table(PERSON), organisation.table(UNIT))
    else {
        return Ok(Vec::new());
    };
    let there = participants(tx, current, class.record)?;
    let day = counting(class, today);
    let mut found: Vec<Candidate> = (0..people.ids.len())
        .filter_map(|row| {
            let post = chart.post_on(row, day)?;
            let unit = *units.ids.get(post.unit).filter(|unit| scope.has_unit(**unit))?;
            let organ = chart.organ.get(post.unit).copied().unwrap_or(post.unit);
            let person = people.ids[row];
            let (place, added) = ((organ, post.unit), there.contains(&person));
            Some(Candidate { person, unit, place, duty: post.duty, added })
        })
        .collect();
    found.sort_by_key(|c| (c.place.0, c.place.1 != c.place.0, c.place.1, c.person));
    Ok(found)
}

/// Who stands among the participants, of whichever unit: nobody is to be added twice.
fn participants(tx: &mut Tx<'_>, current: &Current, class: i64) -> anyhow::Result<BTreeSet<i64>> {
    let Some(attendance) = ledger(current, "attendance") else { return Ok(BTreeSet::new()) };
    let sql = format!(
        "select distinct \"person\" from {} where voided_at is null and \"activity\" = $1 and \"person\" is not null",
        table(attendance)
    );
    Ok(tx.rows(&sql, &[class.into()], |r| r.i64(0))?.into_iter().collect())
}

/// Adds persons to a class, each once; who stands there already stays as he is. Gives how many were added.
///
/// # Errors
/// [`crate::facts::OutOfScope`] where one is not the writer's; else when the store cannot be written.
pub fn add(
    tx: &mut Tx<'_>,
    inst: &Installation,
    by: &By,
    class: &Class,
    persons: &BTreeSet<i64>,
) -> anyhow::Result<usize> {
    tx.lock(&[CLASS ^ class.record])?;
    let write = Write::begin(tx, inst, by, "attendance")?;
    let current = inst.current_in_write(tx)?;
    let there = participants(tx, &current, class.record)?;
    let row = |person: &i64| {
        let day: Value = class.starts.into();
        let said = [("activity", class.record.into()), ("person", (*person).into()), ("day", day)];
        NewRow { code: None, unit: None, values: filled(write.ledger(), said) }
    };
    let rows: Vec<NewRow> = persons.iter().filter(|p| !there.contains(p)).map(row).collect();
    let added = rows.len();
    if added > 0 {
        write.add(tx, rows, None)?;
        tx.trail().tell(Kind::Add, json!({ "title": format!("{}：参训人员{added}人", class.title) }));
    }
    Ok(added)
}

fn filled<const N: usize>(ledger: &Ledger, said: [(&str, Value); N]) -> Vec<Value> {
    let mut values = vec![Value::Null; ledger.fields.len()];
    for (field, value) in said {
        if let Some(i) = ledger.field_index(field) {
            values[i] = value;
        }
    }
    values
}

/// How a participant was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// All the time.
    Whole,
    /// Present, and away for a part of it.
    Leave,
    /// Not at all.
    Absent,
}

impl Presence {
    /// All, in the order of forms.
    pub const ALL: [Presence; 3] = [Presence::Whole, Presence::Leave, Presence::Absent];

    /// 全勤, 请假, 缺席.
    pub const fn title(self) -> &'static str {
        match self {
            Presence::Whole => "全勤",
            Presence::Leave => "请假",
            Presence::Absent => "缺席",
        }
    }

    /// As forms post it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Presence::Whole => "whole",
            Presence::Leave => "leave",
            Presence::Absent => "absent",
        }
    }

    /// The one that forms post so.
    pub fn parse(text: &str) -> Option<Presence> {
        Presence::ALL.into_iter().find(|p| p.as_str() == text)
    }

    /// Read off a row of 参加与成绩; `None` where it is not said.
    pub fn of(ledger: &Ledger, row: &Stored) -> Option<Presence> {
        let away = row.value(ledger, "leave_hours").as_i64().is_some_and(|n| n > 0);
        match (row.value(ledger, "present").as_text(), away) {
            (Some("缺席"), _) => Some(Presence::Absent),
            (_, true) => Some(Presence::Leave),
            (Some("出席"), false) => Some(Presence::Whole),
            _ => None,
        }
    }
}

/// The half days of a class.
pub fn half_days(class: &Class) -> i64 {
    class.days() * 2
}

/// The hours (times 10,000) that some half days of a class make, of `hours` in all.
pub fn leave_of(class: &Class, hours: i64, halves: i64) -> i64 {
    i64::try_from(i128::from(hours) * i128::from(halves) / i128::from(half_days(class).max(1))).unwrap_or(i64::MAX)
}

/// The half days (at most those of the class) that leave comes to; `None` where it is no whole number of them.
pub fn halves_of(class: &Class, hours: i64, leave: i64) -> Option<i64> {
    (1..half_days(class)).find(|halves| leave_of(class, hours, *halves) == leave)
}

/// How a participant was there, as it is to be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Record id of the row.
    pub record: i64,
    /// The revision that the writer saw.
    pub revision: i64,
    /// How.
    pub presence: Presence,
    /// With [`Presence::Leave`] the hours, times 10,000; `None`: as they stand.
    pub leave: Option<i64>,
}

/// Rows that somebody changed since they were shown, by record id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("有人刚改过这些记录")]
pub struct Moved(pub BTreeSet<i64>);

/// Records how participants of a class were there, all or none; gives how many rows are otherwise than before.
///
/// # Errors
/// [`Moved`]; [`crate::facts::OutOfScope`]; else when the store cannot be written.
pub fn mark(tx: &mut Tx<'_>, inst: &Installation, by: &By, class: &Class, marks: &[Mark]) -> anyhow::Result<usize> {
    tx.lock(&[CLASS ^ class.record])?;
    let write = Write::begin(tx, inst, by, "attendance")?;
    let mut standing: BTreeMap<i64, Stored> = BTreeMap::new();
    let mut moved = BTreeSet::new();
    for mark in marks {
        let row = match write.record(tx, mark.record) {
            Ok(row) => row,
            Err(e) if e.is::<crate::ledger::store::StoreError>() => {
                moved.insert(mark.record);
                continue;
            }
            Err(e) => return Err(e),
        };
        let here = row.value(write.ledger(), "activity").as_i64() == Some(class.record);
        if here && row.revision == mark.revision {
            standing.insert(mark.record, row);
        } else {
            moved.insert(mark.record);
        }
    }
    anyhow::ensure!(moved.is_empty(), Moved(moved));
    let mut changed = 0;
    for mark in marks {
        let Some(row) = standing.get(&mark.record) else { continue };
        let ledger = write.ledger();
        let before = Presence::of(ledger, row);
        let mut values = row.values.clone();
        let mut set = |field: &str, value: Value| {
            if let Some(i) = ledger.field_index(field) {
                values[i] = value;
            }
        };
        set("present", if mark.presence == Presence::Absent { "缺席" } else { "出席" }.into());
        match (mark.presence, mark.leave) {
            (Presence::Leave, Some(hours)) => set("leave_hours", hours.into()),
            (Presence::Leave, None) if before == Some(Presence::Leave) => {}
            _ => set("leave_hours", Value::Null),
        }
        if values == row.values {
            continue;
        }
        let new = NewRow { code: row.code.clone(), unit: row.unit, values };
        write.correct(tx, (mark.record, mark.revision), new, REASON, None)?;
        changed += 1;
    }
    if changed > 1 {
        tx.trail().tell(Kind::Correct, json!({ "title": format!("{}：{changed}人的到场情况", class.title) }));
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::{super::missing::tests::class, *};

    #[test]
    fn half_days_are_parts_of_the_hours() {
        // Three days of 21 hours: six half days of three and a half; a seventh is 3 hours, so one half day is too much.
        let class = class();
        assert_eq!(half_days(&class), 6);
        let hours = 210_000;
        assert_eq!((leave_of(&class, hours, 1), leave_of(&class, hours, 5)), (35_000, 175_000));
        assert!(super::super::standard::too_much_leave(leave_of(&class, hours, 1), hours));
        assert_eq!((halves_of(&class, hours, 70_000), halves_of(&class, hours, 40_000)), (Some(2), None));
        // What does not come out even goes down, and is found again.
        assert_eq!(leave_of(&class, 200_000, 1), 33_333);
        assert_eq!(halves_of(&class, 200_000, 33_333), Some(1));
        for presence in Presence::ALL {
            assert_eq!(Presence::parse(presence.as_str()), Some(presence));
        }
    }
}
