//! The key of a question that was asked was wrong. A question once asked is never changed: a next version says the same with
//! the right key, and whatever was answered to the one before is scored by it, in every test that asked it. Both scores are
//! kept (`attempt_rescored`), and the results of classes follow from the new ones.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::json;

use super::{
    anew, close,
    key_typed::{typed, with},
    marking::{self, Cause, Why},
    paper::Chosen,
    test::{self, Item, State, Test},
    usage,
};
use crate::{
    audit::{self, Guarded},
    auth::account::Refused,
    clock::chinese,
    day::Day,
    db::{Row, Tx, Value},
    installation::{Current, Installation},
    questions::{Kind, Question, bank},
    retention::attempts::may_be_gone,
    scope::{Actor, Scope},
};

/// A version whose key was corrected.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrected {
    /// Number of the question.
    pub number: i64,
    /// The version with the wrong key.
    pub version: i64,
    /// The version by which it is scored.
    pub by: i64,
    /// What that says.
    pub question: Question,
    /// Why.
    pub reason: String,
    /// When (µs).
    pub at: i64,
    /// Who corrected it.
    pub who: String,
}

fn read(r: &Row<'_>) -> anyhow::Result<Corrected> {
    Ok(Corrected {
        number: r.i64(0)?,
        version: r.i64(1)?,
        by: r.i64(2)?,
        question: serde_json::from_str(r.text(3)?)?,
        reason: r.text(4)?.to_owned(),
        at: r.i64(5)?,
        who: r.text(6)?.to_owned(),
    })
}

/// What was corrected of these questions, by number and version.
///
/// # Errors
/// When the store cannot be read.
pub fn of_questions(tx: &mut Tx<'_>, numbers: &BTreeSet<i64>) -> anyhow::Result<Vec<Corrected>> {
    let sql = format!(
        "select k.number, k.version, k.corrected, q.content, k.reason, k.corrected_at, k.corrected_by \
         from question_key k join question q on q.number = k.number and q.version = k.corrected \
         where k.number {} order by k.number, k.version",
        tx.among("$1")
    );
    let wanted: Value = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    tx.rows(&sql, &[wanted], read)
}

/// The last correction that a version came to; one that was corrected twice has two, one after the other.
pub fn last(all: &[Corrected], number: i64, version: i64) -> Option<&Corrected> {
    let next = |version: i64| all.iter().find(|c| c.number == number && c.version == version);
    let mut found = next(version)?;
    // Each leads to a later version, so that this ends.
    while let Some(later) = next(found.by).filter(|later| later.by > found.by) {
        found = later;
    }
    Some(found)
}

/// What was corrected of a paper, by places.
///
/// # Errors
/// When the store cannot be read.
pub fn of_paper(tx: &mut Tx<'_>, paper: &[Chosen]) -> anyhow::Result<Vec<(usize, Corrected)>> {
    let all = of_questions(tx, &paper.iter().map(|c| c.number).collect())?;
    let one = |(place, c): (usize, &Chosen)| Some((place, last(&all, c.number, c.version)?.clone()));
    Ok(paper.iter().enumerate().filter_map(one).collect())
}

/// A paper as its answers are scored: as it was asked, with the keys that were corrected.
///
/// # Errors
/// When the store cannot be read.
pub fn scored<'a>(tx: &mut Tx<'_>, paper: &'a [Chosen]) -> anyhow::Result<Cow<'a, [Chosen]>> {
    let corrected = of_paper(tx, paper)?;
    if corrected.is_empty() {
        return Ok(Cow::Borrowed(paper));
    }
    let mut scored = paper.to_vec();
    for (place, c) in corrected {
        (scored[place].version, scored[place].question) = (c.by, c.question);
    }
    Ok(Cow::Owned(scored))
}

/// A question in a test whose key is to be corrected.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Number in the bank.
    pub number: i64,
    /// The version that was asked.
    pub version: i64,
    /// The version by which it is scored now.
    pub by: i64,
    /// That version.
    pub question: Question,
    /// The versions of the bank that ask the same with the same key, that one included.
    pub same_key: BTreeSet<i64>,
    /// The correction that it comes from, if any.
    pub corrected: Option<Corrected>,
}

/// The question of a place in a published test, as it is scored now.
///
/// # Errors
/// [`Refused`] where there is none, its key cannot be corrected, or it counts for nobody; else when the store cannot be read.
pub fn asked(tx: &mut Tx<'_>, test: &Test, place: usize) -> anyhow::Result<Asked> {
    let item = test.items.get(place).ok_or_else(|| Refused("试卷里没有这道题。".into()))?;
    if test.state == State::Draft {
        return Err(Refused("考试还没有发布，请在题库改题后重新组卷。".into()).into());
    }
    if test::out(tx, test.id)?.contains(&place) {
        return Err(Refused("这道题已经作废，所有人按满分计，不必更正答案。".into()).into());
    }
    let versions = bank::versions(tx, item.number)?;
    let kept = versions.iter().find(|k| k.version == item.version);
    let kept = kept.ok_or_else(|| Refused("题库里没有这道题。".into()))?;
    if kept.question.kind == Kind::Short {
        return Err(Refused("简答题由人评阅，没有标准答案，不能更正。".into()).into());
    }
    let all = of_questions(tx, &[item.number].into())?;
    let corrected = last(&all, item.number, item.version).cloned();
    let (by, question) = corrected.as_ref().map_or((item.version, &kept.question), |c| (c.by, &c.question));
    let (question, same_key) = (question.clone(), bank::same_key(&versions, by));
    Ok(Asked { number: item.number, version: item.version, by, question, same_key, corrected })
}

/// What a correction does to a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The test.
    pub test: Test,
    /// Place of the question in its paper.
    pub place: usize,
    /// Attempts that were handed in.
    pub attempts: usize,
    /// Those whose score becomes another one.
    pub changed: usize,
    /// Those with something that a person still has to mark: they have no score yet, and get it by the new key.
    pub unmarked: usize,
    /// Those that come to reach the pass line, and those that come to miss it.
    pub passes: (usize, usize),
    /// Sheets of which only all their marks are known: they keep their score.
    pub totals: usize,
    /// Its attempts may have been deleted by their rule: it stays as it is.
    pub gone: bool,
}

/// What a correction does to all tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Those that asked the question, the earliest first.
    pub asked: Vec<Effect>,
    /// Closed second forms whose line comes from one of these: their results are recorded anew with them.
    pub follow: Vec<Test>,
}

/// What it would do if the answers that are scored by `asked.by`, or by a version that asks the same with the same key, were
/// scored by another key, in all tests that asked any of these, the earliest first. Without the key it is only counted.
///
/// # Errors
/// When the store cannot be read.
pub fn effects(
    tx: &mut Tx<'_>,
    (current, today): (&Current, Day),
    asked: &Asked,
    new: Option<&Question>,
) -> anyhow::Result<Effects> {
    let all = of_questions(tx, &[asked.number].into())?;
    let mut effects = Effects::default();
    for used in usage::asked(tx, asked.number)?.into_iter().rev() {
        let by = last(&all, asked.number, used.version).map_or(used.version, |c| c.by);
        if !asked.same_key.contains(&by) {
            continue;
        }
        let Some(test) = test::get(tx, used.test)? else { continue };
        let mut effect = counted(tx, (current, today), test, used.place)?;
        if let Some(new) = new {
            compare(tx, current, &mut effect, Some(new))?;
        }
        effects.asked.push(effect);
    }
    effects.follow = follow(tx, &effects.asked)?;
    Ok(effects)
}

/// The closed second forms whose results follow from tests that are scored again and that are none of these.
pub(super) fn follow(tx: &mut Tx<'_>, asked: &[Effect]) -> anyhow::Result<Vec<Test>> {
    let mut all = close::following(tx, asked.iter().filter(|e| !e.gone).map(|e| e.test.id).collect())?;
    all.retain(|t| asked.iter().all(|e| e.test.id != t.id));
    Ok(all)
}

/// What is known of a test without looking at a single answer.
pub(super) fn counted(
    tx: &mut Tx<'_>,
    (current, today): (&Current, Day),
    test: Test,
    place: usize,
) -> anyhow::Result<Effect> {
    let sql = "select count(*), count(sheet_total), cast(coalesce(sum(case when score is null then 1 else 0 end), 0) as bigint) \
               from attempt where test_id = $1 and ended_at is not null";
    let count = |r: &Row<'_>, i| anyhow::Ok(usize::try_from(r.i64(i)?)?);
    let counts = tx.one(sql, &[test.id.into()], |r| Ok((count(r, 0)?, count(r, 1)?, count(r, 2)?)))?;
    let (attempts, totals, unmarked) = counts.unwrap_or_default();
    let gone = may_be_gone(current, test.rules.closes, today);
    Ok(Effect { test, place, attempts, changed: 0, unmarked, passes: (0, 0), totals, gone })
}

/// Whose scores would be other ones by a question with another key; without one, if it counted for nobody.
pub(super) fn compare(
    tx: &mut Tx<'_>,
    current: &Current,
    effect: &mut Effect,
    new: Option<&Question>,
) -> anyhow::Result<()> {
    let asked = test::paper(tx, &effect.test.items)?;
    let mut paper = scored(tx, &asked)?.into_owned();
    let (mut out, line) = (test::out(tx, effect.test.id)?, close::line_of(&effect.test, current));
    match new {
        Some(new) => paper[effect.place].question = new.clone(),
        None => drop(out.insert(effect.place)),
    }
    for one in anew::of_test(tx, effect.test.id, (&paper, &out))?.iter().filter(|one| !one.total) {
        effect.changed += usize::from(one.after != one.before);
        if let (Some(before), Some(after), Some(line)) = (one.before, one.after, line) {
            effect.passes.0 += usize::from(before < line && after >= line);
            effect.passes.1 += usize::from(before >= line && after < line);
        }
    }
    Ok(())
}

/// What was typed is no key, or the one that stands.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongKey(pub String);

/// A correction as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Number of the test from whose page it comes.
    pub test: i64,
    /// Place of the question in its paper.
    pub place: usize,
    /// The version by which it was scored when the page was shown.
    pub seen: i64,
    /// The right answers ([`typed`]).
    pub key: String,
    /// What is told afterwards (解析).
    pub feedback: String,
    /// Why.
    pub reason: String,
}

impl Wish {
    /// The question as it is wished.
    ///
    /// # Errors
    /// [`WrongKey`]; [`Refused`] where somebody has corrected it since the page was shown.
    pub fn question(&self, now: &Asked) -> anyhow::Result<Question> {
        if let Some(c) = now.corrected.as_ref().filter(|_| now.by != self.seen) {
            let right = typed(&now.question).replace('\n', "、");
            let what = format!("{}已于{}把答案更正为“{right}”（{}）", c.who, chinese(c.at), c.reason);
            let same = with(&now.question, &self.key).is_ok_and(|new| new.answers == now.question.answers);
            let then = match same {
                true => "与您填的相同，不必再更正；您这次填的没有写入。",
                false => "请对照现在的答案再定。",
            };
            return Err(Refused(format!("{what}，{then}")).into());
        }
        let new = with(&now.question, &self.key).map_err(WrongKey)?;
        if new.answers == now.question.answers {
            let why = "与现在的答案相同，没有更正。只改解析的，请在题库另存新版本。";
            return Err(WrongKey(why.into()).into());
        }
        Ok(Question { feedback: self.feedback.clone(), ..new }.tidy())
    }
}

/// What a correction has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Tests whose answers were scored again.
    pub tests: usize,
    /// Attempts whose score is another one now.
    pub changed: usize,
}

/// Corrects the key: makes the version that has it, scores again what was answered in every test that asked it, and records
/// the results of classes anew.
///
/// # Errors
/// What [`asked`] and [`Wish::question`] refuse; [`Refused`] where a test that asked it is out of scope, and where the
/// attempts may have been deleted by their rule; else when the store cannot be written.
pub fn correct(
    tx: &mut Tx<'_>,
    inst: &Installation,
    (actor, scope, today): (&Actor, &Scope, Day),
    wish: &Wish,
) -> anyhow::Result<Done> {
    // Before anything is read: of two who correct at once, the second sees what the first has done.
    bank::hold(tx)?;
    let test = test::get(tx, wish.test)?.ok_or_else(|| Refused("没有这场考试。".into()))?;
    let now = asked(tx, &test, wish.place)?;
    let new = wish.question(&now)?;
    if wish.reason.trim().is_empty() {
        return Err(Refused("理由：请填写。".into()).into());
    }
    let current = inst.current_in_write(tx)?;
    let effects = effects(tx, (&current, today), &now, None)?;
    may(&effects, scope, wish.test)?;
    test::hold(tx, &effects.asked.iter().map(|e| e.test.id).collect::<Vec<_>>())?;
    let corrected = of_questions(tx, &[now.number].into())?.iter().map(|c| c.version).collect();
    let (by, wrong) = bank::follow(tx, actor, (now.number, now.by), &new, &corrected)?;
    keep(tx, actor, (now.number, &wrong, by), &wish.reason)?;
    let (mut done, mut again) = (Done::default(), BTreeSet::new());
    for effect in effects.asked.iter().filter(|e| !e.gone) {
        let Some(sat) = close::sat(tx, effect.test.id)? else { continue };
        let cause = Cause { actor, why: Why::Key, place: effect.place, reason: &wish.reason };
        let changed = marking::score_again(tx, &sat, &cause)?;
        (done.tests, done.changed) = (done.tests + 1, done.changed + changed);
        again.insert(sat.test.id);
    }
    close::record_all_again(tx, inst, again.clone(), close::CORRECTED)?;
    // Last, as an entry is about what was told last.
    let told = json!({
        "question": now.number, "from": now.by, "to": by, "key": [typed(&now.question), typed(&new)],
        "tests": again, "changed": done.changed, "reason": wish.reason,
    });
    test::tell(tx, actor, "更正试题答案并重新计分", (test.id, &test.rules), &told);
    Ok(done)
}

/// How many questions two papers share, as the line of a second form takes them: by the versions by which they are scored.
///
/// # Errors
/// When the store cannot be read.
pub fn shared(tx: &mut Tx<'_>, one: &[Item], two: &[Item]) -> anyhow::Result<usize> {
    let all = of_questions(tx, &one.iter().chain(two).map(|i| i.number).collect())?;
    let of = |i: &Item| (i.number, last(&all, i.number, i.version).map_or(i.version, |c| c.by));
    let two: BTreeSet<(i64, i64)> = two.iter().map(of).collect();
    Ok(one.iter().filter(|i| two.contains(&of(i))).count())
}

/// Whether all that would be scored again, or recorded anew with it, may be, by who asks.
///
/// # Errors
/// [`Refused`].
pub fn may(effects: &Effects, scope: &Scope, test: i64) -> Result<(), Refused> {
    if effects.asked.iter().any(|e| e.gone && e.test.id == test) {
        return Err(Refused("这场考试的答卷已过保存期限，可能已按规定删除，不能再更正答案。".into()));
    }
    let beyond = |t: &&Test| !scope.has_unit(t.rules.unit);
    let asked = effects.asked.iter().map(|e| &e.test).filter(beyond).count();
    let follow = effects.follow.iter().filter(beyond).count();
    Err(Refused(match (asked, follow) {
        (0, 0) => return Ok(()),
        (0, n) => format!(
            "不归您管理的{n}场考试的合格线由考过这道题的考试折算，更正答案要随之重算它们的成绩，请由领导小组办公室更正。"
        ),
        (n, _) => {
            format!("这道题还在不归您管理的{n}场考试里考过，更正答案要一并重新计分，请由领导小组办公室更正。")
        }
    }))
}

/// Says by which version each of those with the wrong key is scored; one that was corrected to another key before stays so.
fn keep(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (number, wrong, by): (i64, &BTreeSet<i64>, i64),
    reason: &str,
) -> anyhow::Result<()> {
    let known = of_questions(tx, &[number].into())?;
    for version in wrong.iter().filter(|v| known.iter().all(|c| c.version != **v)) {
        let sql = "select row_id from question where number = $1 and version = $2";
        let row = tx.one(sql, &[number.into(), (*version).into()], |r| r.i64(0))?;
        let row = row.ok_or_else(|| anyhow::anyhow!("题库里没有第{number}号题第{version}版"))?;
        let sql = "insert into question_key (question_id, number, version, corrected, reason, corrected_at, corrected_by) \
                   values ($1, $2, $3, $4, $5, $6, $7)";
        let params: [Value; 7] = [
            row.into(),
            number.into(),
            (*version).into(),
            by.into(),
            reason.into(),
            actor.at.into(),
            actor.name.as_str().into(),
        ];
        audit::guard(tx, Guarded::Question, row);
        tx.execute(sql, &params)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_corrections_ends() {
        let c = |version, by| Corrected {
            number: 7,
            version,
            by,
            question: Question::new(Kind::Single, "问", Vec::new()),
            reason: String::new(),
            at: 0,
            who: String::new(),
        };
        let all = [c(1, 2), c(2, 5), c(5, 5)];
        assert_eq!(last(&all, 7, 1).map(|c| c.by), Some(5));
        assert_eq!((last(&all, 7, 3), last(&all, 8, 1)), (None, None));
    }
}
