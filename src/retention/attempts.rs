//! The 答卷 of tests, which are in no ledger: how long they are kept, which go, and which stay for now. What goes is gone
//! with all its answers; the log keeps the hash that it had, and says that it went.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Line, Order};
use crate::{
    audit::{self, Guarded, Kind},
    class::again,
    clock::start_of_day,
    day::Day,
    db::{Tx, Value},
    installation::{Current, Installation},
    remedy::{self, State},
};

/// How the command names them where a ledger has its name.
pub const NAME: &str = "attempt";
/// What people call them.
pub const TITLE: &str = "答卷";
/// Those past their time, by the first instant that is not: the years count from the end of the test, so that all of one
/// test go together.
const DUE: &str = "from attempt a join test t on t.row_id = a.test_id where a.ended_at < $1 and t.closes_at < $1";
/// Attempts of one transaction.
const CHUNK: usize = 200;

/// What would go, and what would stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// Attempts past their time that go.
    pub go: Vec<i64>,
    /// How many past their time stay, by why.
    pub held: BTreeMap<String, usize>,
}

/// The first instant (µs) that is not past its time yet; `None` where nothing was laid down.
fn since(current: &Current, today: Day) -> Option<i64> {
    let years = current.engine.package.directive.keep_attempts?;
    Some(start_of_day(today.plus_years(-years)))
}

/// The line of the report. An attempt that runs is not due.
///
/// # Errors
/// When the store cannot be read.
pub fn line(tx: &mut Tx<'_>, current: &Current, today: Day) -> anyhow::Result<Line> {
    let mut count = |sql: &str, params: &[Value]| tx.one(sql, params, |r| r.i64(0)).map(Option::unwrap_or_default);
    let rows = count("select count(*) from attempt", &[])?;
    let due = match since(current, today) {
        Some(since) => Some(count(&format!("select count(*) {DUE}"), &[since.into()])?),
        None => None,
    };
    let keep = current.engine.package.directive.keep_attempts;
    Ok(Line { ledger: TITLE.into(), keep, from: "考试截止".into(), rows, due })
}

/// What a deletion as of a day would do.
///
/// # Errors
/// When the store cannot be read.
pub fn plan(tx: &mut Tx<'_>, current: &Current, today: Day) -> anyhow::Result<Attempts> {
    plan_of(tx, current, today, None)
}

/// The same of some attempts alone.
fn plan_of(tx: &mut Tx<'_>, current: &Current, today: Day, only: Option<&[i64]>) -> anyhow::Result<Attempts> {
    let Some(since) = since(current, today) else { return Ok(Attempts::default()) };
    let mut params: Vec<Value> = vec![since.into()];
    let mut among = String::new();
    if let Some(only) = only {
        params.push(only.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
        among = format!("and a.row_id {}", tx.among("$2"));
    }
    let sql = format!("select a.row_id, a.test_id {DUE} {among} order by a.test_id, a.row_id");
    let due = tx.rows(&sql, &params, |r| Ok((r.i64(0)?, r.i64(1)?)))?;
    let (mut found, mut of_test) = (Attempts::default(), BTreeMap::new());
    for (attempt, test) in due {
        if let std::collections::btree_map::Entry::Vacant(place) = of_test.entry(test) {
            place.insert(held(tx, current, test)?);
        }
        match &of_test[&test] {
            None => found.go.push(attempt),
            Some(why) => *found.held.entry(why.clone()).or_default() += 1,
        }
    }
    Ok(found)
}

/// Why the attempts of a test must stay at this moment: it is not closed, a test whose line comes from it is not, those of its
/// second sitting are there, with which they are compared, or something that followed from its class is under way.
fn held(tx: &mut Tx<'_>, current: &Current, test: i64) -> anyhow::Result<Option<String>> {
    let sql = "select state, activity_id from test where row_id = $1";
    let of = tx.one(sql, &[test.into()], |r| Ok((r.text(0)? == "closed", r.opt_i64(1)?)))?;
    let Some((closed, activity)) = of else { return Ok(None) };
    if !closed {
        return Ok(Some("考试还没有结束".into()));
    }
    let sql = "select 1 from test where first_id = $1 and state <> 'closed' limit 1";
    if tx.one(sql, &[test.into()], |r| r.i64(0))?.is_some() {
        return Ok(Some("还有没结束的第二卷要据它折算合格线".into()));
    }
    let Some(activity) = activity else { return Ok(None) };
    let sql = "select 1 from test t join attempt a on a.test_id = t.row_id where t.first_id = $1 and t.activity_id = $2 limit 1";
    if tx.one(sql, &[test.into(), activity.into()], |r| r.i64(0))?.is_some() {
        return Ok(Some("补考取两次的较好成绩，补考的答卷还在保存".into()));
    }
    let classes = chain(tx, current, activity)?;
    let among: Value = classes.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let sql = format!(
        "select row_id from remedy where state in ('{}', '{}') and subject {} order by row_id",
        State::Draft.as_str(),
        State::Active.as_str(),
        tx.among("$1")
    );
    for id in tx.rows(&sql, &[among], |r| r.i64(0))? {
        let Some(m) = remedy::store::get(tx, id)? else { continue };
        let rests = again::missed(current, &m).map(|missed| missed.class);
        let of_class = rests.or_else(|| remedy_class(current, &m));
        if of_class.is_some_and(|class| classes.contains(&class)) {
            let what = if rests.is_some() { "重训" } else { "措施" };
            return Ok(Some(format!("没有办结的{what}以它为据（要求 {}）", m.requirement)));
        }
    }
    // A class that is to make up for this one, and whose own test has not closed.
    let others: Value =
        classes.iter().filter(|c| **c != activity).map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let sql = format!("select 1 from test where state <> 'closed' and activity_id {} limit 1", tx.among("$1"));
    if tx.one(&sql, &[others], |r| r.i64(0))?.is_some() {
        return Ok(Some("重训班的考试还没有结束".into()));
    }
    Ok(None)
}

/// The class of a consequence that is no retraining.
fn remedy_class(current: &Current, m: &remedy::Remedy) -> Option<i64> {
    let engine = &current.engine;
    let (i, table) = (engine.position(&m.requirement)?, engine.layout.index("activity")?);
    crate::subjects::records(engine, i, &m.subject).into_iter().find(|(t, _)| *t == table).map(|(_, id)| id)
}

/// The class, the one that it makes up for, and those that make up for it, as far as they go.
fn chain(tx: &mut Tx<'_>, current: &Current, class: i64) -> anyhow::Result<Vec<i64>> {
    let mut all = vec![class];
    let Some(ledger) = crate::class::read::ledger(current, "activity").filter(|l| l.field_index("makes_up").is_some())
    else {
        return Ok(all);
    };
    let sql = format!(
        "select record_id, \"makes_up\" from {} where voided_at is null and \"makes_up\" is not null \
         and (record_id = $1 or \"makes_up\" = $1)",
        crate::ledger::row::table(ledger)
    );
    let mut at = 0;
    while let Some(class) = all.get(at).copied() {
        for (one, other) in tx.rows(&sql, &[class.into()], |r| Ok((r.i64(0)?, r.i64(1)?)))? {
            for found in [one, other] {
                if !all.contains(&found) {
                    all.push(found);
                }
            }
        }
        at += 1;
    }
    Ok(all)
}

/// Deletes what [`plan`] says, some in a transaction, in which it is looked at once more. Gives what went and what stayed.
///
/// # Errors
/// When the store fails.
pub(super) fn delete(installation: &Installation, order: &Order, planned: &Attempts) -> anyhow::Result<Attempts> {
    let today = installation.clock.now().day;
    let mut done = Attempts { go: Vec::new(), held: planned.held.clone() };
    for chunk in planned.go.chunks(CHUNK) {
        let (inst, order, wanted) = (installation.clone(), order.clone(), chunk.to_vec());
        let now = installation.db.write(move |tx| {
            let current = inst.current_in_write(tx)?;
            // Something may have come since it was planned, for these alone.
            let now = plan_of(tx, &current, today, Some(&wanted))?;
            if !now.go.is_empty() {
                let actor = order.by.at(inst.clock.now().instant);
                erase(tx, &now.go)?;
                let told = json!({
                    "title": format!("{TITLE}{}份（连同作答）", now.go.len()),
                    "basis": order.basis,
                    "attempts": now.go.len(),
                });
                audit::note(tx, &actor, Kind::Delete, told);
            }
            Ok(now)
        })?;
        done.go.extend(now.go);
    }
    Ok(done)
}

fn erase(tx: &mut Tx<'_>, attempts: &[i64]) -> anyhow::Result<()> {
    let ids: Value = attempts.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let among = tx.among("$1");
    tx.execute(&format!("delete from attempt_answer where attempt_id {among}"), std::slice::from_ref(&ids))?;
    tx.execute(&format!("delete from attempt_rescored where attempt_id {among}"), std::slice::from_ref(&ids))?;
    tx.execute(&format!("delete from attempt where row_id {among}"), &[ids])?;
    attempts.iter().for_each(|id| audit::guard(tx, Guarded::Attempt, *id));
    Ok(())
}

/// Whether the attempts at a test that closed at an instant (µs) may be gone by their rule.
pub fn may_be_gone(current: &Current, ended: i64, today: Day) -> bool {
    since(current, today).is_some_and(|since| ended < since)
}
