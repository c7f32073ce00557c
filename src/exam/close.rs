//! After the end: late attempts are handed in, and when all is marked the results are those of the class, so that
//! nobody types a score. The pass rate is then judged like any other fact, and what follows from it drafted.

use std::{cmp::Reverse, collections::BTreeSet};

use serde_json::json;

use super::{
    attempt::{self, Sat},
    entered::{self, WAITS},
    line::{self, Settled},
    resit,
    roll::{self, ABSENT, Attendance, EXCUSED, Listed, SAT},
    test::{self, State, Test},
};
use crate::{
    clock::day_of,
    day::Day,
    db::{Tx, Value},
    facts::Write,
    installation::{Current, Installation},
    ledger::{NewRow, store},
    ratio::Ratio,
    scope::{Actor, By, Scope},
};

/// What the results are recorded as.
const REASON: &str = "考试收卷";
/// What they are corrected as after a question was taken out.
pub const WITHDRAWN: &str = "考试收卷；试题作废后重新计分";
/// What they are corrected as after a key was.
pub const CORRECTED: &str = "考试收卷；试题答案更正后重新计分";
/// What they are corrected as after marks given by hand were.
pub const REMARKED: &str = "考试收卷；复核评分后重新计分";

/// Closes what is over; gives how much was done. Each step is a transaction: after a crash the rest is done.
///
/// # Errors
/// When the store fails.
pub fn patrol(installation: &Installation) -> anyhow::Result<usize> {
    let now = installation.watch.now(installation.clock);
    // Those with something to end, and those that nobody answers any more and that are marked: what waits for who marks is
    // not looked at again and again.
    let sql = format!(
        "select t.row_id from test t where t.state = 'open' and (exists (select 1 from attempt a \
         where a.test_id = t.row_id and a.ended_at is null and a.due_at < $2) or (t.closes_at < $1 and not ({WAITS}) \
         and not exists (select 1 from attempt a where a.test_id = t.row_id and (a.ended_at is null or a.score is null))))"
    );
    let late = now - attempt::ON_ITS_WAY;
    let due = installation.db.read(|tx| tx.rows(&sql, &[now.into(), late.into()], |r| r.i64(0)))?;
    let mut done = 0;
    for id in due {
        let Some(sat) = installation.db.read(|tx| sat(tx, id))? else { continue };
        loop {
            let sat = sat.clone();
            match installation.db.write(move |tx| attempt::end_late(tx, &sat, now))? {
                0 => break,
                n => done += n,
            }
        }
        if now <= sat.test.rules.closes {
            continue;
        }
        // Outside of the writer: a calibration takes its time.
        let settling = &installation.settling;
        let closed = installation.db.read(|tx| {
            let current = installation.current(tx)?;
            line::settle(tx, &current, &sat, &|what, step| settling.say(id, what, step, 0))
        });
        let closed = closed.and_then(|settled| {
            settling.say(id, "正在登记成绩", 0, 0);
            let inst = installation.clone();
            installation.db.write(move |tx| close(tx, &inst, &sat, &settled, now))
        });
        settling.forget(id);
        done += usize::from(closed?);
    }
    Ok(done)
}

/// Whether a test only waits for the program to close it: it is over, all is handed in and marked, and no sheets are awaited.
///
/// # Errors
/// When the store cannot be read.
pub fn is_settling(tx: &mut Tx<'_>, id: i64, now: i64) -> anyhow::Result<bool> {
    let sql = format!(
        "select 1 from test t where t.row_id = $1 and t.state = 'open' and t.closes_at < $2 and not ({WAITS}) \
         and not exists (select 1 from attempt a where a.test_id = t.row_id and (a.ended_at is null or a.score is null))"
    );
    Ok(tx.one(&sql, &[id.into(), now.into()], |r| r.i64(0))?.is_some())
}

/// A published test with its paper.
///
/// # Errors
/// When the store cannot be read.
pub fn sat(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Sat>> {
    let Some(test) = test::get(tx, id)?.filter(|t| t.state != State::Draft) else { return Ok(None) };
    let paper = test::paper(tx, &test.items)?;
    Ok(Some(Sat { test, paper }))
}

/// The result of somebody on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Who, and for which organ.
    pub listed: Listed,
    /// The best score (of 100, times 10,000) and the instant (µs) of that attempt; `None` without one.
    pub score: Option<(i64, i64)>,
    /// Attempts that run or are not marked yet.
    pub open: usize,
    /// Those of them that are handed in.
    pub unmarked: usize,
    /// The score before a rescoring.
    pub earlier: Option<i64>,
    /// Has an attempt on paper.
    pub on_paper: bool,
}

/// What everybody on the list has, by person.
///
/// # Errors
/// When the store cannot be read.
pub fn outcomes(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Vec<Outcome>> {
    let mut all: Vec<Outcome> = roll::of_test(tx, id)?
        .into_iter()
        .map(|listed| Outcome { listed, score: None, open: 0, unmarked: 0, earlier: None, on_paper: false })
        .collect();
    let sql =
        "select person_id, ended_at, score, earlier_score, sheet_file from attempt where test_id = $1 order by row_id";
    tx.each(sql, &[id.into()], |r| {
        let person = r.i64(0)?;
        if let Ok(i) = all.binary_search_by_key(&person, |o| o.listed.person) {
            all[i].on_paper |= r.opt_i64(4)?.is_some();
            match (r.opt_i64(1)?, r.opt_i64(2)?) {
                (Some(at), Some(score)) if all[i].score.is_none_or(|(best, _)| score > best) => {
                    all[i].score = Some((score, at));
                    all[i].earlier = r.opt_i64(3)?;
                }
                (Some(_), Some(_)) => {}
                (ended, _) => {
                    all[i].open += 1;
                    all[i].unmarked += usize::from(ended.is_some());
                }
            }
        }
        Ok(())
    })?;
    Ok(all)
}

/// Closes a test if nobody can answer any more, no sheets are awaited and all is marked; true if it did.
fn close(tx: &mut Tx<'_>, inst: &Installation, sat: &Sat, settled: &Settled, now: i64) -> anyhow::Result<bool> {
    let test = &sat.test;
    let held: Vec<i64> = [Some(test.id), test.origin.first].into_iter().flatten().collect();
    test::hold(tx, &held)?;
    let outcomes = outcomes(tx, test.id)?;
    // Nobody begins after the end; whoever has minutes besides and still answers is open.
    if now <= test.rules.closes || outcomes.iter().any(|o| o.open > 0) || entered::waits(tx, test.id)? {
        return Ok(false);
    }
    // Marks or a withdrawn question came meanwhile: the next round takes them in.
    if line::basis(tx, test)? != settled.basis {
        return Ok(false);
    }
    let sql = "update test set state = 'closed', closed_at = $2 where row_id = $1 and state = 'open'";
    if tx.execute(sql, &[test.id.into(), now.into()])? == 0 {
        return Ok(false);
    }
    line::keep(tx, test.id, settled)?;
    record(tx, inst, &Test { line: settled.line, ..test.clone() }, &outcomes, REASON)?;
    let actor = Actor { name: "程序".into(), account: None, at: inst.clock.now().instant };
    let sat_it = outcomes.iter().filter(|o| o.score.is_some()).count();
    let told = json!({ "listed": outcomes.len(), "sat": sat_it, "line": settled.note });
    test::tell(tx, &actor, "考试结束", (test.id, &test.rules), &told);
    Ok(true)
}

/// Records the results of tests anew whose scores have changed, and those of second forms whose line comes from one of them.
///
/// # Errors
/// When the store cannot be written.
pub fn record_all_again(
    tx: &mut Tx<'_>,
    inst: &Installation,
    tests: BTreeSet<i64>,
    reason: &'static str,
) -> anyhow::Result<()> {
    let all = with_seconds(tx, tests)?;
    test::hold(tx, &all)?;
    all.into_iter().try_for_each(|id| record_again(tx, inst, id, reason))
}

/// These tests and the second forms whose line comes from one of them, each after the one that it comes from.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn with_seconds(tx: &mut Tx<'_>, tests: BTreeSet<i64>) -> anyhow::Result<Vec<i64>> {
    let sql = "select row_id from test where first_id = $1 order by row_id";
    let mut all: Vec<i64> = tests.into_iter().collect();
    let mut at = 0;
    while let Some(id) = all.get(at).copied() {
        for next in tx.rows(sql, &[id.into()], |r| r.i64(0))? {
            if !all.contains(&next) {
                all.push(next);
            }
        }
        at += 1;
    }
    Ok(all)
}

/// The closed second forms whose results follow from these tests, and that are none of them.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn following(tx: &mut Tx<'_>, tests: BTreeSet<i64>) -> anyhow::Result<Vec<Test>> {
    let mut all = Vec::new();
    for id in with_seconds(tx, tests.clone())?.into_iter().filter(|id| !tests.contains(id)) {
        all.extend(test::get(tx, id)?.filter(|t| t.state == State::Closed));
    }
    Ok(all)
}

/// Records the results of a closed test anew, as after a question was withdrawn.
///
/// # Errors
/// When the store cannot be written.
pub fn record_again(tx: &mut Tx<'_>, inst: &Installation, id: i64, reason: &'static str) -> anyhow::Result<()> {
    let Some(sat) = sat(tx, id)?.filter(|s| s.test.state == State::Closed) else { return Ok(()) };
    let current = inst.current_in_write(tx)?;
    let settled = line::settle(tx, &current, &sat, &|_, _| {})?;
    line::keep(tx, id, &settled)?;
    let outcomes = outcomes(tx, id)?;
    // Whoever has a result and no attempt any more has one that was deleted by its rule: the result stays.
    let kept = results(tx, &current, &sat.test)?;
    let gone = |o: &Outcome| o.score.is_none() && o.listed.excused.is_none() && kept.contains(&o.listed.person);
    let outcomes: Vec<Outcome> = outcomes.into_iter().filter(|o| !gone(o)).collect();
    record(tx, inst, &Test { line: settled.line, ..sat.test }, &outcomes, reason)
}

/// Who has a result in the class of a test, wherever it comes from.
///
/// # Errors
/// When the store cannot be read.
pub fn results(tx: &mut Tx<'_>, current: &Current, test: &Test) -> anyhow::Result<BTreeSet<i64>> {
    let (Some(activity), Some(attendance)) = (test.rules.activity, Attendance::of(current)) else {
        return Ok(BTreeSet::new());
    };
    let sql = format!(
        "select \"person\" from {} where voided_at is null and \"activity\" = $1 and \"sat\" = $2 and \"person\" is not null",
        crate::ledger::row::table(attendance.ledger)
    );
    Ok(tx.rows(&sql, &[activity.into(), SAT.into()], |r| r.i64(0))?.into_iter().collect())
}

/// Records the results as the class's: each on the list as 已考 with the score, 缺考 or 因故免考. The score of a second form
/// is recorded as it stands to the line of the first.
fn record(tx: &mut Tx<'_>, inst: &Installation, test: &Test, outcomes: &[Outcome], reason: &str) -> anyhow::Result<()> {
    let Some(activity) = test.rules.activity else { return Ok(()) };
    let current = inst.current_in_write(tx)?;
    let Some(attendance) = Attendance::of(&current) else { return Ok(()) };
    let by = By { name: "程序".into(), account: None, scope: Scope::All };
    let write = Write::begin(tx, inst, &by, &attendance.ledger.name)?;
    let records = attendance.records(tx, activity)?;
    let beside = resit::beside(tx, test)?;
    let mut new = Vec::new();
    for outcome in outcomes {
        let person = outcome.listed.person;
        let standing = match records.get(&person) {
            Some(record) => store::get(tx, attendance.ledger, &Scope::All, *record, None)?,
            None => None,
        };
        let before = standing.as_ref().map(|row| row.values.clone());
        let mut values = before.clone().unwrap_or_else(|| vec![Value::Null; attendance.ledger.fields.len()]);
        let mut set = |field: &str, value: Value| {
            if let Some(i) = attendance.ledger.field_index(field) {
                values[i] = value;
            }
        };
        let own = outcome.score.filter(|_| outcome.listed.excused.is_none());
        let own = own.map(|(score, at)| (test.line.map_or(score, |line| line::carried(score, line)), at));
        // Of two sittings the better one, of equal ones the first.
        let best = own.into_iter().chain(beside.get(&person).copied()).max_by_key(|(score, at)| (*score, Reverse(*at)));
        let day = day_of(best.map_or(test.rules.closes, |(_, at)| at));
        let stood = before.as_ref().and_then(|v| v.get(attendance.ledger.field_index("day")?)?.as_text());
        let stood = stood.and_then(Day::parse);
        let day = frozen(&current, &outcome.listed, [Some(day), stood, Some(day_of(test.rules.opens))]).unwrap_or(day);
        set("activity", activity.into());
        set("person", person.into());
        match (&outcome.listed.excused, best) {
            (Some(why), None) => {
                set("sat", EXCUSED.into());
                set("excuse", why.as_str().into());
                set("score", Value::Null);
            }
            (_, Some((score, _))) => {
                set("sat", SAT.into());
                set("score", score.into());
                set("day", day.to_string().into());
            }
            (None, None) => {
                set("sat", ABSENT.into());
                set("score", Value::Null);
            }
        }
        if before.is_none() {
            set("day", day.to_string().into());
        }
        match standing {
            Some(row) if Some(&values) == before.as_ref() => drop(row),
            Some(row) => {
                let changed = NewRow { code: row.code.clone(), unit: row.unit, values };
                write.correct(tx, (row.record_id, row.revision), changed, reason, None)?;
            }
            None => new.push(NewRow { code: None, unit: None, values }),
        }
    }
    if !new.is_empty() {
        write.add(tx, new, None)?;
    }
    Ok(())
}

/// The day under which a result counts for the organ of the frozen list: that of the test, or, for who was moved in the
/// middle of it, the first of the others on which he still belonged there.
fn frozen(current: &Current, listed: &Listed, days: [Option<Day>; 3]) -> Option<Day> {
    let organ = listed.organ?;
    days.into_iter().flatten().find(|day| roll::organ(current, *day, listed.person) == Some(organ))
}

/// Passed, of those who count (已考 and 缺考), by organ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// On the list and not excused.
    pub listed: usize,
    /// Have a score.
    pub sat: usize,
    /// At or above the line.
    pub passed: usize,
}

impl Rate {
    /// The pass rate; `None` for nobody.
    pub fn of_all(self) -> Option<Ratio> {
        Ratio::new(self.passed as i64, self.listed as i64)
    }
}

/// The line (of 100, times 10,000) that the office has set (`pass_mark`); `None` where it is not.
pub fn pass_line(current: &crate::installation::Current) -> Option<i64> {
    match current.engine.given.values("pass_mark").first()? {
        // Upwards, so that nobody passes below it.
        crate::directive::model::Value::Number(n) => Some(-(-n.num() * 10_000).div_euclid(n.den())),
        _ => None,
    }
}

/// The line that a test is judged by: its own, or that of the setting.
pub fn line_of(test: &Test, current: &crate::installation::Current) -> Option<i64> {
    test.line.map(|(own, _)| own).or_else(|| pass_line(current))
}

/// Whether a score is within one standard error of the line (临界), once the test has ended; for information alone.
pub fn borderline(test: &Test, score: i64, line: i64) -> bool {
    test.state == State::Closed && test.error.is_some_and(|error| (score - line).abs() <= error)
}

/// The rates of organs, by record id; those without an organ under `None`.
pub fn rates(outcomes: &[Outcome], line: i64) -> std::collections::BTreeMap<Option<i64>, Rate> {
    let mut rates: std::collections::BTreeMap<Option<i64>, Rate> = std::collections::BTreeMap::new();
    for outcome in outcomes.iter().filter(|o| o.listed.excused.is_none()) {
        let rate = rates.entry(outcome.listed.organ).or_default();
        rate.listed += 1;
        rate.sat += usize::from(outcome.score.is_some());
        rate.passed += usize::from(outcome.score.is_some_and(|(score, _)| score >= line));
    }
    rates
}
