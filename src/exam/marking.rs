//! What an attempt comes to: its score, the answers that a person marks, and all of it once more after a question was
//! withdrawn.

use serde_json::json;

use super::{
    attempt::{COLUMNS, NotTaken, Sat, answers, read, refuse},
    score::{Given, MARK, earned, of_hundred, written},
    test,
};
use crate::{
    audit::{self, Guarded},
    db::{Tx, Value},
    questions::Kind,
    scope::Actor,
};

/// The score of an attempt (of 100, times 10,000); `None` while something is to be marked by hand.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn score(tx: &mut Tx<'_>, sat: &Sat, attempt: i64) -> anyhow::Result<Option<i64>> {
    let out = test::out(tx, sat.test.id)?;
    let answers = answers(tx, attempt)?;
    if answers.is_empty() {
        // Of a sheet with all its marks alone it is not known what a question earned.
        let sql = "select sheet_total from attempt where row_id = $1";
        if let Some(total) = tx.one(sql, &[attempt.into()], |r| r.opt_i64(0))?.flatten() {
            let full: u32 = sat.paper.iter().map(|c| c.marks).sum();
            return Ok(Some(of_hundred(total, i64::from(full) * (MARK / 10))));
        }
    }
    let (mut sum, mut full) = (0, 0);
    for (place, chosen) in sat.paper.iter().enumerate() {
        let most = i64::from(chosen.marks) * (MARK / 10);
        full += most;
        let answer = answers.iter().find(|a| a.question == place);
        sum += match answer {
            _ if out.contains(&place) => most,
            None => 0,
            Some(kept) => {
                let given = Given::read(chosen.question.kind, &kept.answer);
                match earned(&chosen.question, &given, chosen.marks).or(kept.marks) {
                    Some(marks) => marks,
                    None => return Ok(None),
                }
            }
        };
    }
    Ok(Some(of_hundred(sum, full)))
}

/// Marks all ended attempts of a test again, as after a question was withdrawn; the earlier score stays beside the new one.
/// Gives how many changed.
///
/// # Errors
/// When the store cannot be written.
pub fn score_again(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<usize> {
    let sql = format!("select {COLUMNS} from attempt where test_id = $1 and ended_at is not null order by row_id");
    let mut changed = 0;
    for attempt in tx.rows(&sql, &[sat.test.id.into()], read)? {
        let new = score(tx, sat, attempt.id)?;
        if new != attempt.score {
            let sql = "update attempt set score = $2, earlier_score = $3 where row_id = $1";
            tx.execute(sql, &[attempt.id.into(), new.into(), attempt.score.into()])?;
            audit::guard(tx, Guarded::Attempt, attempt.id);
            changed += 1;
        }
    }
    Ok(changed)
}

/// An answer that a person has to mark. It names nobody: who marks does not know whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToMark {
    /// Number of the attempt in the store.
    pub attempt: i64,
    /// What was typed.
    pub answer: String,
}

/// The answers to a 简答题 that nobody has marked yet, at most `limit`, in an order that tells nothing; and how many there
/// are.
///
/// # Errors
/// When the store cannot be read.
pub fn to_mark(tx: &mut Tx<'_>, test: i64, question: usize, limit: i64) -> anyhow::Result<(Vec<ToMark>, i64)> {
    let from = "from attempt_answer b join attempt a on a.row_id = b.attempt_id where a.test_id = $1 and b.question = $2 \
                and a.ended_at is not null and b.marks is null and trim(b.answer) <> ''";
    let key: [Value; 2] = [test.into(), (question as i64).into()];
    let all = tx.one(&format!("select count(*) {from}"), &key, |r| r.i64(0))?.unwrap_or(0);
    // By the last digits of the time of saving, which say nothing of who.
    let sql = format!("select a.row_id, b.answer {from} order by b.saved_at % 1000, a.row_id limit $3");
    let params: [Value; 3] = [test.into(), (question as i64).into(), limit.into()];
    Ok((tx.rows(&sql, &params, |r| Ok(ToMark { attempt: r.i64(0)?, answer: r.text(1)?.to_owned() }))?, all))
}

/// Marks an answer by hand (ten-thousandths of a mark); the attempt has its score when all of it is marked.
///
/// # Errors
/// [`NotTaken::Unreadable`] for more marks than the question has; [`NotTaken::NoSuchQuestion`]; else when the store cannot
/// be written.
pub fn mark(
    tx: &mut Tx<'_>,
    actor: &Actor,
    sat: &Sat,
    (attempt, question): (i64, usize),
    marks: i64,
) -> anyhow::Result<()> {
    let chosen = sat.paper.get(question).filter(|c| c.question.kind == Kind::Short);
    let Some(chosen) = chosen else { return refuse(NotTaken::NoSuchQuestion) };
    if !(0..=i64::from(chosen.marks) * (MARK / 10)).contains(&marks) {
        return refuse(NotTaken::Unreadable("给分应在0分和该题满分之间。"));
    }
    let sql = "update attempt_answer set marks = $3, marked_by = $4 where attempt_id = $1 and question = $2 \
               and exists (select 1 from attempt a where a.row_id = $1 and a.test_id = $5 and a.ended_at is not null)";
    let params: [Value; 5] =
        [attempt.into(), (question as i64).into(), marks.into(), actor.name.as_str().into(), sat.test.id.into()];
    if tx.execute(sql, &params)? == 0 {
        return refuse(NotTaken::NoSuchQuestion);
    }
    let score = score(tx, sat, attempt)?;
    tx.execute("update attempt set score = $2 where row_id = $1", &[attempt.into(), score.into()])?;
    audit::guard(tx, Guarded::Attempt, attempt);
    let told = json!({ "question": chosen.number, "marks": written(marks) });
    test::tell(tx, actor, "评阅一份答案", (sat.test.id, &sat.test.rules), &told);
    Ok(())
}
