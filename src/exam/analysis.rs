//! The answers of a test as the statistics take them.

use super::{
    answers::{Answer, Responses},
    attempt::Sat,
    items::{self, Analysis},
    key,
    paper::Chosen,
    score::{Given, MARK, earned},
};
use crate::db::Tx;

/// The item analysis of a test over each person's last ended attempt; an answer that earns a part of the marks counts with it,
/// and alpha is that of the marks, of which the score is made. A question is named by its place in the paper, from 1.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<Analysis> {
    let names = (1..=sat.paper.len()).map(|n| n.to_string()).collect();
    let rows = rows(tx, sat)?;
    let mut analysis = items::analyse(&marked(&sat.paper, names, &rows));
    let share = |(marks, c): (&Option<i64>, &Chosen)| marks.map(|m| m as f64 / full(c) as f64);
    let shares: Vec<Vec<Option<f64>>> =
        rows.iter().map(|row| row.iter().zip(&sat.paper).map(share).collect()).collect();
    items::by_shares(&mut analysis.items, &shares);
    let marks = |m: &Option<i64>| m.map(|m| m as f64 / MARK as f64);
    items::by_marks(&mut analysis, &rows.iter().map(|row| row.iter().map(marks).collect()).collect::<Vec<_>>());
    Ok(analysis)
}

/// The answers of each person's last ended attempt under these names of the questions: right is all marks, and what was
/// not answered is wrong. Sheets of which only all marks are known say nothing of questions and are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn responses(tx: &mut Tx<'_>, sat: &Sat, names: Vec<String>) -> anyhow::Result<Responses> {
    Ok(marked(&sat.paper, names, &rows(tx, sat)?))
}

/// All marks of a question, as they are summed.
fn full(chosen: &Chosen) -> i64 {
    i64::from(chosen.marks) * (MARK / 10)
}

/// Right for all marks, else wrong.
fn marked(paper: &[Chosen], names: Vec<String>, rows: &[Vec<Option<i64>>]) -> Responses {
    let answer = |(marks, c): (&Option<i64>, &Chosen)| match marks {
        Some(marks) if *marks >= full(c) => Answer::Right,
        Some(_) => Answer::Wrong,
        None => Answer::Missing,
    };
    Responses::collect(names, rows.iter().map(|row| (row.iter().zip(paper).map(answer).collect(), 1)))
}

/// What each person's last ended attempt earned, a question a place; none where a person has to say yet.
fn rows(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<Vec<Vec<Option<i64>>>> {
    let sql = "select a.row_id, b.question, b.answer, b.marks from attempt a left join attempt_answer b on b.attempt_id = a.row_id \
               where a.test_id = $1 and a.ended_at is not null and a.sheet_total is null and not exists (select 1 from attempt l \
               where l.test_id = a.test_id and l.person_id = a.person_id and l.number > a.number and l.ended_at is not null) \
               order by a.row_id";
    let paper = key::scored(tx, &sat.paper)?;
    let mut rows: Vec<(i64, Vec<Option<i64>>)> = Vec::new();
    tx.each(sql, &[sat.test.id.into()], |r| {
        let attempt = r.i64(0)?;
        if rows.last().is_none_or(|(id, _)| *id != attempt) {
            rows.push((attempt, vec![Some(0); paper.len()]));
        }
        let place = r.opt_i64(1)?.and_then(|q| usize::try_from(q).ok());
        if let (Some(place), Some(text), Some((_, row))) = (place, r.opt_text(2)?, rows.last_mut())
            && let Some(chosen) = paper.get(place)
        {
            let given = Given::read(chosen.question.kind, text);
            row[place] = earned(&chosen.question, &given, chosen.marks).or(r.opt_i64(3)?);
        }
        Ok(())
    })?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// How many sheets of a test are left out, since only all their marks are known.
///
/// # Errors
/// When the store cannot be read.
pub fn left_out(tx: &mut Tx<'_>, test: i64) -> anyhow::Result<i64> {
    let sql = "select count(*) from attempt where test_id = $1 and ended_at is not null and sheet_total is not null";
    Ok(tx.one(sql, &[test.into()], |r| r.i64(0))?.unwrap_or(0))
}
