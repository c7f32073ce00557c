//! A question that is taken out of a published test (作废): what that does, and that it is done.

use serde_json::json;

use super::{
    close,
    key::{self, Effects},
    test::{self, Item, State, Test},
};
use crate::{
    auth::account::Refused,
    day::Day,
    db::{Tx, Value},
    installation::Current,
    scope::{Actor, Scope},
};

/// The question of a place that may be taken out, by who asks.
///
/// # Errors
/// [`Refused`] where there is no such question, it is out already, the test is a draft, or a second form out of scope follows
/// from the test; else when the store cannot be read.
pub fn withdrawable(tx: &mut Tx<'_>, scope: &Scope, test: &Test, question: usize) -> anyhow::Result<Item> {
    let item = *test.items.get(question).ok_or_else(|| Refused("试卷里没有这道题。".into()))?;
    if test.state == State::Draft {
        return Err(Refused("考试还没有发布，可以直接换卷。".into()).into());
    }
    if test::out(tx, test.id)?.contains(&question) {
        return Err(Refused("这道题已经作废。".into()).into());
    }
    let beyond = close::following(tx, [test.id].into())?.iter().filter(|t| !scope.has_unit(t.rules.unit)).count();
    if beyond > 0 {
        return Err(Refused(format!(
            "不归您管理的{beyond}场考试的合格线由这场考试折算，作废试题要随之重算它们的成绩，请由领导小组办公室办理。"
        ))
        .into());
    }
    Ok(item)
}

/// Takes a question out of a published test: everybody has its marks. Who has handed in is marked again.
///
/// # Errors
/// As [`withdrawable`]; else when the store cannot be written.
pub fn withdraw(
    tx: &mut Tx<'_>,
    (actor, scope): (&Actor, &Scope),
    test: &Test,
    question: usize,
    reason: &str,
) -> anyhow::Result<()> {
    test::hold(tx, &[test.id])?;
    let item = withdrawable(tx, scope, test, question)?;
    let sql = "insert into test_withdrawn (test_id, question, reason, withdrawn_at, withdrawn_by) \
               values ($1, $2, $3, $4, $5) on conflict do nothing";
    let params: [Value; 5] =
        [test.id.into(), (question as i64).into(), reason.into(), actor.at.into(), actor.name.as_str().into()];
    if tx.execute(sql, &params)? == 0 {
        return Err(Refused("这道题已经作废。".into()).into());
    }
    tell_out(tx, actor, test, item.number, reason);
    Ok(())
}

/// Logs that a question of this number was taken out; once more where results were recorded anew since, as an entry is about
/// what was told last.
pub fn tell_out(tx: &mut Tx<'_>, actor: &Actor, test: &Test, number: i64, reason: &str) {
    let told = json!({ "question": number, "reason": reason });
    test::tell(tx, actor, "考试中作废一道题", (test.id, &test.rules), &told);
}

/// What it would do if a question of a published test counted for nobody (作废): in that test alone; and how many have answered
/// the question.
///
/// # Errors
/// As [`withdrawable`].
pub fn effects(
    tx: &mut Tx<'_>,
    (current, today): (&Current, Day),
    scope: &Scope,
    (test, place): (&Test, usize),
) -> anyhow::Result<(Effects, i64)> {
    withdrawable(tx, scope, test, place)?;
    let mut effect = key::counted(tx, (current, today), test.clone(), place)?;
    key::compare(tx, current, &mut effect, None)?;
    let sql = "select count(*) from attempt a join attempt_answer b on b.attempt_id = a.row_id \
               where a.test_id = $1 and a.ended_at is not null and b.question = $2 and b.answer <> ''";
    let params = [test.id.into(), i64::try_from(place)?.into()];
    let answered = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or(0);
    let asked = vec![effect];
    Ok((Effects { follow: key::follow(tx, &asked)?, asked }, answered))
}
