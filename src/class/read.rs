//! Classes as their ledgers have them: the record of each, and what others say of it, counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    exam::test::State as Tested,
    installation::Current,
    ledger::{
        query::{self, Filter, Order, Query},
        row::{Stored, table},
        store,
    },
    scope::Scope,
};

/// Classes that are gone through at most.
const MOST: i64 = 5_000;

/// A class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// Record id.
    pub record: i64,
    /// Its code, or its record id.
    pub code: String,
    /// Record id of the unit that holds it.
    pub unit: Option<i64>,
    /// What it is called.
    pub title: String,
    /// 专业培训, 现场教学, ….
    pub kind: String,
    /// 初任培训, …; empty for not said.
    pub category: String,
    /// 讲授, 实地调研; empty for not said.
    pub form: String,
    /// First day.
    pub starts: Day,
    /// Last day; the first where it is not said.
    pub ends: Day,
    /// Whether it ends with a closed-book test.
    pub closed_book: Option<bool>,
    /// Whether money is spent.
    pub funded: Option<bool>,
    /// Record id of the project.
    pub project: Option<i64>,
    /// Record id of the class that it makes up for.
    pub makes_up: Option<i64>,
    /// Hours, times 10,000.
    pub hours: Option<i64>,
    /// Persons that are planned.
    pub planned: Option<i64>,
    /// 一类, 二类, 三类; empty for not said.
    pub fee_class: String,
    /// The evaluation; empty without one.
    pub outcome: String,
    /// Where; empty for not said.
    pub place: String,
}

impl Class {
    /// From its row; `None` where it has no first day.
    pub fn of(ledger: &Ledger, row: &Stored) -> Option<Class> {
        let text = |field: &str| row.value(ledger, field).as_text().unwrap_or_default().to_owned();
        let number = |field: &str| row.value(ledger, field).as_i64();
        let flag = |field: &str| number(field).map(|n| n == 1);
        let starts = Day::parse(&text("starts"))?;
        Some(Class {
            record: row.record_id,
            code: row.code.clone().unwrap_or_else(|| row.record_id.to_string()),
            unit: row.unit,
            title: text("title"),
            kind: text("kind"),
            category: text("category"),
            form: text("form"),
            starts,
            ends: Day::parse(&text("ends")).map_or(starts, |ends| ends.max(starts)),
            closed_book: flag("closed_book"),
            funded: flag("funded"),
            project: number("project"),
            makes_up: number("makes_up"),
            hours: number("hours"),
            planned: number("planned"),
            fee_class: text("fee_class"),
            outcome: text("outcome"),
            place: text("place"),
        })
    }

    /// Days from the first to the last.
    pub fn days(&self) -> i64 {
        i64::from(self.ends.0 - self.starts.0) + 1
    }
}

/// What other ledgers say of a class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Participants, absent ones too.
    pub persons: usize,
    /// Of these, whose test is told: 已考, 缺考, 因故免考 or 无测试.
    pub told: usize,
    /// Lectures of experts.
    pub lectures: usize,
    /// Stages of the checks of its money that are there: 事前, 事中, 事后.
    pub checks: BTreeSet<String>,
    /// Its tests, number and state, in their order.
    pub tests: Vec<(i64, Tested)>,
}

/// A ledger of the package in force.
pub fn ledger<'a>(current: &'a Current, name: &str) -> Option<&'a Ledger> {
    Some(&current.engine.layout.ledgers[current.engine.layout.index(name)?])
}

/// The class that a text of an address means, its code or its id, within a scope.
///
/// # Errors
/// When the store cannot be read.
pub fn find(tx: &mut Tx<'_>, current: &Current, scope: &Scope, text: &str) -> anyhow::Result<Option<Class>> {
    let Some(ledger) = ledger(current, "activity").filter(|_| !text.contains('\0')) else { return Ok(None) };
    let Some(id) = query::coded(tx, ledger, scope, text)?.or_else(|| text.parse().ok()) else { return Ok(None) };
    Ok(store::get(tx, ledger, scope, id, None)?.and_then(|row| Class::of(ledger, &row)))
}

/// The classes in scope that begin within these days, by their first day.
///
/// # Errors
/// When the store cannot be read.
pub fn between(
    tx: &mut Tx<'_>,
    current: &Current,
    scope: &Scope,
    (from, to): (Day, Day),
    units: Option<&BTreeSet<i64>>,
) -> anyhow::Result<Vec<Class>> {
    let Some(ledger) = ledger(current, "activity") else { return Ok(Vec::new()) };
    let mut filters = vec![Filter::Between { field: "starts".into(), from: from.into(), to: to.into() }];
    filters.extend(units.map(|units| Filter::Units(units.clone())));
    let order = Order::By { field: "starts".into(), descending: false };
    let rows = query::list(tx, ledger, scope, &Query { filters, order, ..Query::default() }, (MOST, 0))?;
    Ok(rows.iter().filter_map(|row| Class::of(ledger, row)).collect())
}

/// What is said of these classes, by record id; whoever sees a class sees these counts.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, current: &Current, classes: &[i64]) -> anyhow::Result<BTreeMap<i64, Counts>> {
    let mut all: BTreeMap<i64, Counts> = classes.iter().map(|c| (*c, Counts::default())).collect();
    let ids: Value = classes.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let among = tx.among("$1");
    let over = |ledger: &Ledger, what: &str, by: &str| {
        format!(
            "select \"activity\", {what} from {} where voided_at is null and \"activity\" {among} group by \"activity\"{by}",
            table(ledger)
        )
    };
    let n = |n: i64| usize::try_from(n).unwrap_or(0);
    if let Some(attendance) = ledger(current, "attendance") {
        let sql = over(
            attendance,
            "count(distinct \"person\"), count(distinct case when \"sat\" is not null then \"person\" end)",
            "",
        );
        for (class, persons, told) in
            tx.rows(&sql, std::slice::from_ref(&ids), |r| Ok((r.i64(0)?, r.i64(1)?, r.i64(2)?)))?
        {
            let of = all.entry(class).or_default();
            (of.persons, of.told) = (n(persons), n(told));
        }
    }
    if let Some(lecture) = ledger(current, "lecture") {
        for (class, lectures) in
            tx.rows(&over(lecture, "count(*)", ""), std::slice::from_ref(&ids), |r| Ok((r.i64(0)?, r.i64(1)?)))?
        {
            all.entry(class).or_default().lectures = n(lectures);
        }
    }
    if let Some(check) = ledger(current, "fund_check") {
        let sql = over(check, "\"stage\"", ", \"stage\"");
        for (class, stage) in
            tx.rows(&sql, std::slice::from_ref(&ids), |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned))))?
        {
            all.entry(class).or_default().checks.extend(stage);
        }
    }
    let sql = format!(
        "select activity_id, row_id, state from test where activity_id {among} and (state <> 'draft' or not exists \
         (select 1 from test o where o.activity_id = test.activity_id and o.state <> 'draft')) order by row_id"
    );
    for (class, test, state) in tx.rows(&sql, &[ids], |r| Ok((r.i64(0)?, r.i64(1)?, r.text(2)?.to_owned())))? {
        all.entry(class).or_default().tests.push((test, Tested::parse(&state).unwrap_or(Tested::Closed)));
    }
    Ok(all)
}
