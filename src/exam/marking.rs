//! What an attempt comes to: its score, the answers that a person marks, and all of it once more after a question was
//! withdrawn or its key corrected, with both scores kept.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    anew,
    attempt::{Kept, NotTaken, Sat, answers, refuse},
    close, key,
    paper::{Asked, Chosen},
    score::{Given, MARK, earned, of_hundred, written},
    test::{self, State},
};
use crate::{
    audit::{self, Guarded},
    clock::chinese,
    db::{Tx, Value},
    installation::Installation,
    questions::Kind,
    retention::attempts::may_be_gone,
    scope::Actor,
};

/// Why a score is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A question was taken out.
    Out,
    /// Its key was corrected.
    Key,
    /// A person marked it otherwise.
    Mark,
}

impl Why {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Out => "out",
            Why::Key => "key",
            Why::Mark => "mark",
        }
    }

    fn parse(text: &str) -> Why {
        [Why::Out, Why::Key].into_iter().find(|w| w.as_str() == text).unwrap_or(Why::Mark)
    }
}

/// What leads to other scores.
#[derive(Clone, Copy, Debug)]
pub struct Cause<'a> {
    /// Who did it, and when.
    pub actor: &'a Actor,
    /// What.
    pub why: Why,
    /// To which question, by its place in the paper.
    pub place: usize,
    /// In the words of who did it.
    pub reason: &'a str,
}

/// A score that was another one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rescored {
    /// Place of the question in the paper.
    pub place: usize,
    /// What happened to it.
    pub why: Why,
    /// Of 100, times 10,000; `None` while something was, or is, to be marked.
    pub scores: (Option<i64>, Option<i64>),
    /// In the words of who did it.
    pub reason: String,
    /// When, µs.
    pub at: i64,
    /// Who.
    pub who: String,
}

/// How the score of an attempt came to change, in that order.
///
/// # Errors
/// When the store cannot be read.
pub fn rescored(tx: &mut Tx<'_>, attempt: i64) -> anyhow::Result<Vec<Rescored>> {
    let sql = "select question, cause, score_before, score_after, reason, rescored_at, rescored_by from attempt_rescored \
               where attempt_id = $1 order by row_id";
    tx.rows(sql, &[attempt.into()], |r| {
        Ok(Rescored {
            place: usize::try_from(r.i64(0)?).unwrap_or(usize::MAX),
            why: Why::parse(r.text(1)?),
            scores: (r.opt_i64(2)?, r.opt_i64(3)?),
            reason: r.text(4)?.to_owned(),
            at: r.i64(5)?,
            who: r.text(6)?.to_owned(),
        })
    })
}

/// Another score for an attempt; the one before stays beside it.
fn put(
    tx: &mut Tx<'_>,
    attempt: i64,
    (before, after): (Option<i64>, Option<i64>),
    c: &Cause<'_>,
) -> anyhow::Result<()> {
    let sql = "update attempt set score = $2, earlier_score = $3 where row_id = $1";
    tx.execute(sql, &[attempt.into(), after.into(), before.into()])?;
    let sql = "insert into attempt_rescored (attempt_id, question, cause, score_before, score_after, reason, rescored_at, \
               rescored_by) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params: [Value; 8] = [
        attempt.into(),
        (c.place as i64).into(),
        c.why.as_str().into(),
        before.into(),
        after.into(),
        c.reason.into(),
        c.actor.at.into(),
        c.actor.name.as_str().into(),
    ];
    audit::guard(tx, Guarded::Attempt, attempt);
    tx.execute(sql, &params).map(|_| ())
}

/// What answers come to on a paper with its right keys (of 100, times 10,000); `None` while something is to be marked by
/// hand.
pub(super) fn come_to(paper: &[Chosen], out: &BTreeSet<usize>, answers: &[Kept]) -> Option<i64> {
    let (mut sum, mut full) = (0, 0);
    for (place, chosen) in paper.iter().enumerate() {
        let most = i64::from(chosen.marks) * (MARK / 10);
        full += most;
        let answer = answers.iter().find(|a| a.question == place);
        sum += match answer {
            _ if out.contains(&place) => most,
            None => 0,
            Some(kept) => {
                let given = Given::read(chosen.question.kind, &kept.answer);
                earned(&chosen.question, &given, chosen.marks).or(kept.marks)?
            }
        };
    }
    Some(of_hundred(sum, full))
}

/// The score of an attempt (of 100, times 10,000); `None` while something is to be marked by hand.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn score(tx: &mut Tx<'_>, sat: &Sat, attempt: i64) -> anyhow::Result<Option<i64>> {
    let (out, paper) = (test::out(tx, sat.test.id)?, key::scored(tx, &sat.paper)?);
    let answers = answers(tx, attempt)?;
    if answers.is_empty() {
        // Of a sheet with all its marks alone it is not known what a question earned.
        let sql = "select sheet_total from attempt where row_id = $1";
        if let Some(total) = tx.one(sql, &[attempt.into()], |r| r.opt_i64(0))?.flatten() {
            let full: u32 = paper.iter().map(|c| c.marks).sum();
            return Ok(Some(of_hundred(total, i64::from(full) * (MARK / 10))));
        }
    }
    Ok(come_to(&paper, &out, &answers))
}

/// Scores all ended attempts of a test again, as after a question was withdrawn or its key corrected; both scores are kept.
/// Gives how many changed.
///
/// # Errors
/// When the store cannot be written.
pub fn score_again(tx: &mut Tx<'_>, sat: &Sat, cause: &Cause<'_>) -> anyhow::Result<usize> {
    let (out, paper) = (test::out(tx, sat.test.id)?, key::scored(tx, &sat.paper)?);
    let mut changed = 0;
    for one in anew::of_test(tx, sat.test.id, (&paper, &out))?.iter().filter(|one| one.after != one.before) {
        put(tx, one.attempt, (one.before, one.after), cause)?;
        changed += 1;
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
/// are. Without those of `marker` (a person) himself: others mark these.
///
/// # Errors
/// When the store cannot be read.
pub fn to_mark(
    tx: &mut Tx<'_>,
    marker: Option<i64>,
    (test, question): (i64, usize),
    limit: i64,
) -> anyhow::Result<(Vec<ToMark>, i64)> {
    let from = "from attempt_answer b join attempt a on a.row_id = b.attempt_id where a.test_id = $1 and b.question = $2 \
                and a.ended_at is not null and b.marks is null and trim(b.answer) <> '' and a.person_id <> $3";
    let key: [Value; 3] = [test.into(), (question as i64).into(), marker.unwrap_or(0).into()];
    let all = tx.one(&format!("select count(*) {from}"), &key, |r| r.i64(0))?.unwrap_or(0);
    // By the last digits of the time of saving, which say nothing of who.
    let sql = format!("select a.row_id, b.answer {from} order by b.saved_at % 1000, a.row_id limit $4");
    let [test, question, marker] = key;
    Ok((
        tx.rows(&sql, &[test, question, marker, limit.into()], |r| {
            Ok(ToMark { attempt: r.i64(0)?, answer: r.text(1)?.to_owned() })
        })?,
        all,
    ))
}

/// How an answer that a person marks stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stands {
    /// Number of the attempt in the store.
    pub attempt: i64,
    /// The answer.
    pub answer: String,
    /// The marks, in ten-thousandths; `None` while nobody has given any.
    pub marks: Option<i64>,
    /// Who gave them.
    pub who: String,
    /// When, µs.
    pub at: Option<i64>,
}

/// That, with the score of its attempt and whether the test is over.
struct Known {
    stands: Stands,
    score: Option<i64>,
    closed: bool,
    /// Whose it is.
    person: i64,
}

fn known(tx: &mut Tx<'_>, test: i64, (attempt, question): (i64, usize)) -> anyhow::Result<Option<Known>> {
    let sql = "select b.marks, b.marked_by, b.marked_at, b.answer, a.score, t.state, a.person_id from attempt_answer b \
               join attempt a on a.row_id = b.attempt_id join test t on t.row_id = a.test_id \
               where b.attempt_id = $1 and b.question = $2 and a.test_id = $3 and a.ended_at is not null";
    tx.one(sql, &[attempt.into(), (question as i64).into(), test.into()], |r| {
        let stands = Stands {
            attempt,
            marks: r.opt_i64(0)?,
            who: r.opt_text(1)?.unwrap_or_default().to_owned(),
            at: r.opt_i64(2)?,
            answer: r.text(3)?.to_owned(),
        };
        Ok(Known { stands, score: r.opt_i64(4)?, closed: r.text(5)? == "closed", person: r.i64(6)? })
    })
}

/// An answer that has marks already.
///
/// # Errors
/// When the store cannot be read.
pub fn stands(tx: &mut Tx<'_>, test: i64, of: (i64, usize)) -> anyhow::Result<Option<Stands>> {
    Ok(known(tx, test, of)?.map(|k| k.stands).filter(|s| s.marks.is_some()))
}

/// The answers to a 简答题 that have marks, those marked last first, from `skip` on at most `limit`; and how many there are.
/// Without those of `marker` (a person) himself.
///
/// # Errors
/// When the store cannot be read.
pub fn marked(
    tx: &mut Tx<'_>,
    marker: Option<i64>,
    (test, question): (i64, usize),
    (skip, limit): (u64, u64),
) -> anyhow::Result<(Vec<Stands>, u64)> {
    let from = "from attempt_answer b join attempt a on a.row_id = b.attempt_id where a.test_id = $1 and b.question = $2 \
                and a.ended_at is not null and b.marks is not null and trim(b.answer) <> '' and a.person_id <> $3";
    let key: [Value; 3] = [test.into(), (question as i64).into(), marker.unwrap_or(0).into()];
    let all = tx.one(&format!("select count(*) {from}"), &key, |r| r.i64(0))?.unwrap_or(0);
    let sql = format!(
        "select a.row_id, b.answer, b.marks, b.marked_by, b.marked_at {from} \
         order by b.marked_at desc nulls last, a.row_id desc limit $4 offset $5"
    );
    let [test, question, marker] = key;
    let stands = tx.rows(&sql, &[test, question, marker, (limit as i64).into(), (skip as i64).into()], |r| {
        Ok(Stands {
            attempt: r.i64(0)?,
            answer: r.text(1)?.to_owned(),
            marks: r.opt_i64(2)?,
            who: r.opt_text(3)?.unwrap_or_default().to_owned(),
            at: r.opt_i64(4)?,
        })
    })?;
    Ok((stands, u64::try_from(all)?))
}

/// Marks that a person gives to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks<'a> {
    /// How many, in ten-thousandths.
    pub given: i64,
    /// The marks that it had, as who gives these has seen; `None` for none.
    pub over: Option<i64>,
    /// Why the marks of a closed test are changed; empty before.
    pub reason: &'a str,
}

/// Marks answers to a question, in one transaction; of a closed test the results are then recorded anew, like those of a second
/// form whose line comes from it. Gives the answers that have other marks than who marks has seen: they keep these. `marker` is
/// the person who marks, if it is one of the roster.
///
/// # Errors
/// As [`mark`].
pub fn mark_all(
    tx: &mut Tx<'_>,
    inst: &Installation,
    (actor, marker): (&Actor, Option<i64>),
    (sat, question): (&Sat, usize),
    given: &[(i64, Marks<'_>)],
) -> anyhow::Result<Vec<Stands>> {
    test::hold(tx, &[sat.test.id])?;
    let closed = test::get(tx, sat.test.id)?.is_some_and(|t| t.state == State::Closed);
    if closed && may_be_gone(&*inst.current_in_write(tx)?, sat.test.rules.closes, inst.clock.now().day) {
        return refuse(NotTaken::Unreadable("这场考试的答卷已过保存期限，可能已按规定删除，不能再复核评分。"));
    }
    let (mut others, mut last) = (Vec::new(), None);
    for (attempt, marks) in given {
        if stands(tx, sat.test.id, (*attempt, question))?.is_some_and(|s| s.marks == Some(marks.given)) {
            continue;
        }
        match mark(tx, (actor, marker), sat, (*attempt, question), *marks)? {
            Some(stands) => others.push(stands),
            None => last = Some(marks),
        }
    }
    if let Some(marks) = last.filter(|_| closed) {
        close::record_all_again(tx, inst, [sat.test.id].into(), close::REMARKED)?;
        // Last, as an entry is about what was told last.
        let told = json!({ "question": sat.paper[question].number, "reason": marks.reason });
        test::tell(tx, actor, "复核评分并重新登记成绩", (sat.test.id, &sat.test.rules), &told);
    }
    Ok(others)
}

/// Marks an answer by hand; the attempt has its score when all of it is marked. Where it has other marks already it keeps them,
/// and these are given back, unless they are those that [`Marks::over`] names: then who marks has seen them and wants his own.
/// The same marks once more change nothing. `marker` is the person who marks, if it is one of the roster.
///
/// # Errors
/// [`NotTaken::Unreadable`] for an answer of the marker himself, for more marks than the question has, and without a reason
/// once the test is closed; [`NotTaken::NoSuchQuestion`]; else when the store cannot be written.
pub fn mark(
    tx: &mut Tx<'_>,
    (actor, marker): (&Actor, Option<i64>),
    sat: &Sat,
    (attempt, question): (i64, usize),
    Marks { given: marks, over, reason }: Marks<'_>,
) -> anyhow::Result<Option<Stands>> {
    let chosen = sat.paper.get(question).filter(|c| c.question.kind == Kind::Short);
    let Some(chosen) = chosen else { return refuse(NotTaken::NoSuchQuestion) };
    if !(0..=i64::from(chosen.marks) * (MARK / 10)).contains(&marks) {
        return refuse(NotTaken::Unreadable("给分应在0分和该题满分之间。"));
    }
    let Some(Known { stands, score: before, closed, person }) = known(tx, sat.test.id, (attempt, question))? else {
        return refuse(NotTaken::NoSuchQuestion);
    };
    if marker == Some(person) {
        return refuse(NotTaken::Unreadable("这是您本人的答卷，请由别人评阅。"));
    }
    match (stands.marks, over) {
        (Some(same), _) if same == marks => return Ok(None),
        _ if closed && reason.is_empty() => {
            return refuse(NotTaken::Unreadable("考试已结束，成绩已登记：复核评分请写明理由。"));
        }
        (Some(other), over) if over != Some(other) => return Ok(Some(stands)),
        _ => {}
    }
    let sql =
        "update attempt_answer set marks = $3, marked_by = $4, marked_at = $5 where attempt_id = $1 and question = $2";
    let params: [Value; 5] =
        [attempt.into(), (question as i64).into(), marks.into(), actor.name.as_str().into(), actor.at.into()];
    tx.execute(sql, &params)?;
    let score = score(tx, sat, attempt)?;
    let mut told = json!({ "question": chosen.number, "marks": written(marks) });
    if let Some(other) = stands.marks {
        let why = if closed { format!("：{reason}") } else { String::new() };
        let reason = format!("{}给{}分，{}改为{}分{why}", stands.who, written(other), actor.name, written(marks));
        told["reason"] = reason.as_str().into();
        if score != before {
            put(tx, attempt, (before, score), &Cause { actor, why: Why::Mark, place: question, reason: &reason })?;
        }
    }
    tx.execute("update attempt set score = $2 where row_id = $1", &[attempt.into(), score.into()])?;
    audit::guard(tx, Guarded::Attempt, attempt);
    test::tell(tx, actor, "评阅一份答案", (sat.test.id, &sat.test.rules), &told);
    Ok(None)
}

/// How a score came to be another one, as it is told to who sat: from what to what, when and why, with the place of the
/// question in the order of his attempt (`asked`). Who marked otherwise is not told, as marking is blind, and what was said of
/// a key not before the answers are (`review`).
pub fn told(r: &Rescored, asked: &[Asked], review: bool) -> String {
    let score = |s: Option<i64>| s.map_or_else(|| "待评阅".into(), |s| format!("{}分", written(s)));
    let place = asked.iter().position(|a| a.question == r.place).map_or(0, |p| p + 1);
    let why = match r.why {
        Why::Out => format!("第{place}题作废（{}）", r.reason),
        Why::Key if review => format!("第{place}题的标准答案有误，已更正（{}）", r.reason),
        // Which one, beside the own answer, would say what is right.
        Why::Key => "一道题的标准答案有误，已更正".to_owned(),
        Why::Mark => format!("第{place}题复评"),
    };
    format!("原成绩{}，{}因{why}，改为{}", score(r.scores.0), chinese(r.at), score(r.scores.1))
}
