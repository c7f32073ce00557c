//! The answers of a test as the statistics take them.

use super::{
    answers::{Answer, Responses},
    attempt::Sat,
    items::{self, Analysis},
    key,
    score::{Given, MARK, earned},
};
use crate::db::Tx;

/// The item analysis of a test over each person's last ended attempt. A question is named by its place in the paper, from 1.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<Analysis> {
    let names = (1..=sat.paper.len()).map(|n| n.to_string()).collect();
    Ok(items::analyse(&responses(tx, sat, names)?))
}

/// The answers of each person's last ended attempt under these names of the questions: right is all marks, and what was
/// not answered is wrong. Sheets of which only all marks are known say nothing of questions and are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn responses(tx: &mut Tx<'_>, sat: &Sat, names: Vec<String>) -> anyhow::Result<Responses> {
    let sql = "select a.row_id, b.question, b.answer, b.marks from attempt a left join attempt_answer b on b.attempt_id = a.row_id \
               where a.test_id = $1 and a.ended_at is not null and a.sheet_total is null and not exists (select 1 from attempt l \
               where l.test_id = a.test_id and l.person_id = a.person_id and l.number > a.number and l.ended_at is not null) \
               order by a.row_id";
    let paper = key::scored(tx, &sat.paper)?;
    let mut rows: Vec<(i64, Vec<Answer>)> = Vec::new();
    tx.each(sql, &[sat.test.id.into()], |r| {
        let attempt = r.i64(0)?;
        if rows.last().is_none_or(|(id, _)| *id != attempt) {
            rows.push((attempt, vec![Answer::Wrong; paper.len()]));
        }
        let place = r.opt_i64(1)?.and_then(|q| usize::try_from(q).ok());
        if let (Some(place), Some(text), Some((_, row))) = (place, r.opt_text(2)?, rows.last_mut())
            && let Some(chosen) = paper.get(place)
        {
            let given = Given::read(chosen.question.kind, text);
            let marks = earned(&chosen.question, &given, chosen.marks).or(r.opt_i64(3)?);
            row[place] = match marks {
                Some(marks) if marks >= i64::from(chosen.marks) * (MARK / 10) => Answer::Right,
                Some(_) => Answer::Wrong,
                None => Answer::Missing,
            };
        }
        Ok(())
    })?;
    Ok(Responses::collect(names, rows.into_iter().map(|(_, row)| (row, 1))))
}

/// How many sheets of a test are left out, since only all their marks are known.
///
/// # Errors
/// When the store cannot be read.
pub fn left_out(tx: &mut Tx<'_>, test: i64) -> anyhow::Result<i64> {
    let sql = "select count(*) from attempt where test_id = $1 and ended_at is not null and sheet_total is not null";
    Ok(tx.one(sql, &[test.into()], |r| r.i64(0))?.unwrap_or(0))
}
