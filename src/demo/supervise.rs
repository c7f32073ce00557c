//! Matters that the office pressed units about in the made-up year: unanswered, answered, closed.

use crate::{
    clock::{Moment, start_of_day},
    day::Day,
    db::Tx,
    doubt,
    installation::Installation,
    scope::Actor,
    supervise::{self, New, Word},
    verdict::store::Stored,
};

use super::remedy::Hand;

/// What is demanded, and what the unit said.
const TOLD: [(&str, &str); 4] = [
    ("请核实本期落后的原因，逐项明确责任人和完成时间。", ""),
    (
        "请对照要求逐条整改，并报送整改情况。",
        "已召开专题会研究，明确由一名副职牵头，本月底前补齐，相关记录已登记台账。",
    ),
    ("请说明没有按期完成的原因和补救安排。", ""),
    ("请对照要求逐条整改，并报送整改情况。", "已按要求补齐并登记，落后事项已完成。"),
];

/// Issues some matters from missed verdicts of organs and tells what became of them up to the demo's day.
///
/// # Errors
/// When the store fails.
pub fn matters(installation: &Installation) -> anyhow::Result<()> {
    let inst = installation.clone();
    let now = installation.clock.now();
    installation.db.write(move |tx| {
        let current = inst.current_in_write(tx)?;
        let office = Hand::of(tx, "office")?;
        let workdays = &current.engine.workdays;
        for (n, v) in missed(tx)?.into_iter().enumerate() {
            let Some((organ, i)) = v.organ.zip(current.engine.position(&v.requirement)) else { continue };
            let (demand, reply) = TOLD[n % TOLD.len()];
            let issued = workdays.after(now.day.plus(if n % 4 == 0 { -6 } else { -40 }), 1);
            let due = workdays.after(issued, if n % 4 == 0 { 15 } else { 8 });
            let title = current.engine.compiled[i].requirement.title.clone();
            let verdict = Some((v.requirement.clone(), crate::subjects::key(&v), v.window.clone()));
            let new = New { verdict, requirement: None, unit: organ, title, demand: demand.into(), due };
            let id = supervise::issue(tx, &office.on(issued), &new)?;
            if !reply.is_empty() {
                let unit = Hand::in_unit(tx, organ)?;
                supervise::say(tx, &unit.on(issued.plus(7)), id, &Word::Reply(reply.into()))?;
            }
            if n % 4 == 3 {
                let text = "情况属实，予以销号。".into();
                supervise::say(tx, &office.on(issued.plus(12)), id, &Word::Close(text))?;
            }
        }
        let unit = Hand::of(tx, "district-admin")?;
        doubts(tx, [&office.on(workdays.after(now.day.plus(-9), 1)), &unit.on(workdays.after(now.day.plus(-6), 1))])
    })?;
    supervise::patrol(&installation.db, Moment { day: now.day, instant: morning(now.day) }).map(|_| ())
}

/// Two records of guidance that the office doubts, the first of them answered by the unit.
fn doubts(tx: &mut Tx<'_>, [asks, answers]: [&Actor; 2]) -> anyhow::Result<()> {
    let sql =
        "select record_id, revision, unit_id from l_guidance where voided_at is null order by record_id desc limit 2";
    let rows = tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.i64(1)?, r.opt_i64(2)?)))?;
    for (n, (record, revision, unit)) in rows.into_iter().enumerate() {
        let reason = "指导要点与上一次相同，请核对是否重复登记。";
        let id = doubt::mark(tx, asks, ("guidance", record, revision), unit, reason)?;
        if n == 0 {
            doubt::answer(tx, answers, id, "已与导师核对：两次指导内容相近，日期不同，不是重复登记。")?;
        }
    }
    Ok(())
}

fn morning(day: Day) -> i64 {
    start_of_day(day) + 8 * 3_600_000_000
}

/// Missed verdicts of 区县, one an organ.
fn missed(tx: &mut Tx<'_>) -> anyhow::Result<Vec<Stored>> {
    let sql = format!(
        "select {} from verdict where state = 'fail' and late = 0 and closed = 0 and requirement not like 'R-03%' and subject = organ_id and rest = '' \
         and unit_id = organ_id order by organ_id, requirement, window_label",
        Stored::COLUMNS
    );
    let mut found: Vec<Stored> = Vec::new();
    for v in tx.rows(&sql, &[], Stored::read)? {
        if found.last().is_none_or(|last| last.organ != v.organ) && found.len() < 6 {
            found.push(v);
        }
    }
    Ok(found)
}
