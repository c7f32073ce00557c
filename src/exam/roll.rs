//! 应考: who is to sit, taken from the class or from units, and frozen when the test is published.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::test::{self, Test};
use crate::{
    auth::account::Refused,
    day::Day,
    db::{Tx, Value},
    installation::Current,
    ledger::row::table,
    scope::Actor,
    verdict::world::{PERSON, UNIT},
};

/// Minutes besides, at most.
pub const MOST_EXTRA: i64 = 180;

/// Somebody on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Record id of the person.
    pub person: i64,
    /// Record id of the organ that the person counts for on the day of the list.
    pub organ: Option<i64>,
    /// Minutes besides.
    pub extra: i64,
    /// Why the person need not sit (因故免考).
    pub excused: Option<String>,
}

/// The list by persons, each once, as of a day.
fn listed(current: &Current, day: Day, persons: BTreeMap<i64, Option<String>>) -> Vec<Listed> {
    persons
        .into_iter()
        .map(|(person, excused)| Listed { person, organ: organ(current, day, person), extra: 0, excused })
        .collect()
}

/// The organ of a person on a day.
pub(super) fn organ(current: &Current, day: Day, person: i64) -> Option<i64> {
    let (units, chart) = (current.organisation.table(UNIT)?, current.organisation.chart()?);
    let row = current.organisation.table(PERSON)?.row_of(person)?;
    units.ids.get(*chart.organ.get(chart.post_on(row, day)?.unit)?).copied()
}

/// The participants of a class: whoever stands in its 参加与成绩, 因故免考 as excused.
///
/// # Errors
/// When the store cannot be read.
pub fn of_class(tx: &mut Tx<'_>, current: &Current, activity: i64, day: Day) -> anyhow::Result<Vec<Listed>> {
    let Some(attendance) = Attendance::of(current) else { return Ok(Vec::new()) };
    let mut persons = BTreeMap::new();
    for (person, sat, excuse) in attendance.rows(tx, activity)? {
        let excused = (sat.as_deref() == Some(EXCUSED)).then(|| excuse.unwrap_or_else(|| "未写明".into()));
        persons.insert(person, excused);
    }
    Ok(listed(current, day, persons))
}

/// The cadres in post in these units on a day.
pub fn of_units(current: &Current, units: &BTreeSet<i64>, day: Day) -> Vec<Listed> {
    let organisation = &current.organisation;
    let (Some(chart), Some(people), Some(table)) =
        (organisation.chart(), organisation.table(PERSON), organisation.table(UNIT))
    else {
        return Vec::new();
    };
    let within = |row: &usize| {
        chart.post_on(*row, day).and_then(|post| table.ids.get(post.unit)).is_some_and(|unit| units.contains(unit))
    };
    let persons = (0..people.ids.len()).filter(within).map(|row| (people.ids[row], None)).collect();
    listed(current, day, persons)
}

/// The list of a published test, by person.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<Listed>> {
    let sql = "select person_id, organ_id, extra, excused from test_roll where test_id = $1 order by person_id";
    tx.rows(sql, &[id.into()], |r| {
        let excused = r.opt_text(3)?.map(str::to_owned);
        Ok(Listed { person: r.i64(0)?, organ: r.opt_i64(1)?, extra: r.i64(2)?, excused })
    })
}

/// How many participants of a test's class do not stand on its list, as those who came into the class after it was frozen.
///
/// # Errors
/// When the store cannot be read.
pub fn left_out(tx: &mut Tx<'_>, current: &Current, test: &Test) -> anyhow::Result<usize> {
    let (Some(activity), Some(attendance)) = (test.rules.activity, Attendance::of(current)) else { return Ok(0) };
    let listed: BTreeSet<i64> = of_test(tx, test.id)?.into_iter().map(|l| l.person).collect();
    let rows = attendance.rows(tx, activity)?;
    let due: BTreeSet<i64> =
        rows.into_iter().filter(|(_, sat, _)| sat.as_deref() != Some(EXCUSED)).map(|(person, ..)| person).collect();
    Ok(due.difference(&listed).count())
}

/// Gives somebody on the list minutes besides, before he begins, or excuses him with a reason; both are logged.
///
/// # Errors
/// [`Refused`] where he is not on the list or has begun; else when the store cannot be written.
pub fn set(tx: &mut Tx<'_>, actor: &Actor, test: &Test, one: &Listed) -> anyhow::Result<()> {
    if !(0..=MOST_EXTRA).contains(&one.extra) {
        return Err(Refused(format!("延长时间应为0至{MOST_EXTRA}分钟。")).into());
    }
    let sql = "update test_roll set extra = $3, excused = $4 where test_id = $1 and person_id = $2 and not exists \
               (select 1 from attempt a where a.test_id = $1 and a.person_id = $2)";
    let params: [Value; 4] = [test.id.into(), one.person.into(), one.extra.into(), one.excused.clone().into()];
    if tx.execute(sql, &params)? == 0 {
        return Err(Refused("此人不在应考名单上，或已经开始作答。".into()).into());
    }
    let told = json!({ "person": one.person, "extra": one.extra, "excused": one.excused });
    test::tell(tx, actor, "调整应考", (test.id, &test.rules), &told);
    Ok(())
}

/// The words of 测试情况 that results write.
pub(super) const SAT: &str = "已考";
pub(super) const ABSENT: &str = "缺考";
pub(super) const EXCUSED: &str = "因故免考";

/// The ledger 参加与成绩 of the package in force, by the columns that a test reads and writes.
pub(super) struct Attendance<'a> {
    pub(super) ledger: &'a crate::directive::model::Ledger,
}

/// Person, 测试情况, reason.
type Row = (i64, Option<String>, Option<String>);

impl<'a> Attendance<'a> {
    /// `None` where the package has no such ledger, or it lacks a column.
    pub(super) fn of(current: &'a Current) -> Option<Attendance<'a>> {
        let ledger = &current.engine.layout.ledgers[current.engine.layout.index("attendance")?];
        let whole =
            ["activity", "person", "day", "sat", "score", "excuse"].iter().all(|f| ledger.field_index(f).is_some());
        whole.then_some(Attendance { ledger })
    }

    /// Who stands in a class.
    fn rows(&self, tx: &mut Tx<'_>, activity: i64) -> anyhow::Result<Vec<Row>> {
        let sql = format!(
            "select \"person\", \"sat\", \"excuse\" from {} where voided_at is null and \"activity\" = $1 \
             and \"person\" is not null order by record_id",
            table(self.ledger)
        );
        let text = |t: Option<&str>| t.map(str::to_owned);
        tx.rows(&sql, &[activity.into()], |r| Ok((r.i64(0)?, text(r.opt_text(1)?), text(r.opt_text(2)?))))
    }

    /// Record ids of a class's rows, by person; where one stands twice the first.
    pub(super) fn records(&self, tx: &mut Tx<'_>, activity: i64) -> anyhow::Result<BTreeMap<i64, i64>> {
        let sql = format!(
            "select \"person\", min(record_id) from {} where voided_at is null and \"activity\" = $1 \
             and \"person\" is not null group by \"person\"",
            table(self.ledger)
        );
        Ok(tx.rows(&sql, &[activity.into()], |r| Ok((r.i64(0)?, r.i64(1)?)))?.into_iter().collect())
    }
}
