//! The question bank: versions that never change, asked only with the clause that they rest on.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;

use super::{Answer, Near, Question, fingerprint, near};
use crate::{
    audit::{self, Guarded, Kind},
    db::{Row, Tx, Value},
    scope::Actor,
    spelling::range,
};

/// Held by who gives out numbers.
const LOCK: i64 = 0x7175_6573_7469_6f6e;

/// A question of the bank.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The number by which people call it.
    pub number: i64,
    /// From 1.
    pub version: i64,
    /// What it says.
    pub question: Question,
    /// Why it was retired, if it was.
    pub retired: Option<String>,
}

/// Why the bank does not take something.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Not a whole question.
    #[error("{0}")]
    Unsound(String),
    /// No such question.
    #[error("题库里没有第{0}号题")]
    Unknown(i64),
    /// Retired already.
    #[error("第{0}号题已经停用")]
    Retired(i64),
    /// The version changes nothing.
    #[error("与第{0}号题现在的内容相同")]
    Same(i64),
    /// No reason was given.
    #[error("请写明停用的理由")]
    Reason,
}

/// Whether the bank may take it. A question without its clause (出处条款) is kept, as files of other programs have none, but
/// nobody is asked it until it has one ([`Question::askable`]).
///
/// # Errors
/// [`NotTaken::Unsound`].
pub fn sound(q: &Question) -> Result<(), NotTaken> {
    q.check().map_err(NotTaken::Unsound)
}

/// What a file would bring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Places of questions that are new.
    pub fresh: Vec<usize>,
    /// Places of questions that are there already, in the bank or earlier in the file, with the number in the bank.
    pub known: Vec<(usize, Option<i64>)>,
    /// Places of new questions that are nearly like another one: its number in the bank, or its place in the file, and
    /// the common part in percent.
    pub near: Vec<(usize, Like, u32)>,
}

/// What a question is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Like {
    /// A question of the bank, by its number.
    Kept(i64),
    /// An earlier question of the file, by its place.
    Earlier(usize),
}

/// Compares questions with the bank and among themselves.
///
/// # Errors
/// When the store cannot be read.
pub fn plan(tx: &mut Tx<'_>, questions: &[&Question]) -> anyhow::Result<Plan> {
    let kept = current(tx, None)?;
    // Earlier versions and retired ones too: what was once asked is not new.
    let sql = "select fingerprint, number from question order by number, version";
    let mut seen: HashMap<String, Option<i64>> =
        tx.rows(sql, &[], |r| Ok((r.text(0)?.to_owned(), Some(r.i64(1)?))))?.into_iter().collect();
    let mut plan = Plan::default();
    for (i, question) in questions.iter().enumerate() {
        let print = fingerprint(question);
        match seen.get(&print) {
            Some(number) => plan.known.push((i, *number)),
            None => {
                seen.insert(print, None);
                plan.fresh.push(i);
            }
        }
    }
    let all: Vec<&Question> =
        kept.iter().map(|k| &k.question).chain(plan.fresh.iter().map(|i| questions[*i])).collect();
    plan.near = near(&all, kept.len())
        .into_iter()
        .map(|Near { later, earlier, percent }| {
            let like = match kept.get(earlier) {
                Some(k) => Like::Kept(k.number),
                None => Like::Earlier(plan.fresh[earlier - kept.len()]),
            };
            (plan.fresh[later - kept.len()], like, percent)
        })
        .collect();
    Ok(plan)
}

/// Takes questions in, whole or not at all, and gives their numbers; what has come in meanwhile is passed over.
///
/// # Errors
/// [`NotTaken`] for the first that may not come in; else when the store cannot be written.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, questions: &[Question], file: &str) -> anyhow::Result<Vec<i64>> {
    questions.iter().try_for_each(sound)?;
    hold(tx)?;
    let known: HashSet<String> = {
        let sql = "select fingerprint from question";
        tx.rows(sql, &[], |r| Ok(r.text(0)?.to_owned()))?.into_iter().collect()
    };
    let last = tx.one("select max(number) from question", &[], |r| r.opt_i64(0))?.flatten().unwrap_or(0);
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(questions.len());
    let mut seen = HashSet::new();
    for question in questions {
        let print = fingerprint(question);
        if !known.contains(&print) && seen.insert(print) {
            rows.push(row(last + 1 + rows.len() as i64, 1, question, actor)?);
        }
    }
    tx.bulk("question", &COLUMNS, rows.iter().map(Vec::as_slice))?;
    let numbers: Vec<i64> = (last + 1..).take(rows.len()).collect();
    if let (Some(first), Some(end)) = (numbers.first(), numbers.last()) {
        let sql = "select row_id from question where number between $1 and $2 and version = 1";
        stated(tx, sql, &[(*first).into(), (*end).into()])?;
        let title = format!("题库：收入{}道题（第{}号）", numbers.len(), range(first, end));
        audit::note(tx, actor, Kind::Question, json!({ "title": title, "file": file, "first": first, "last": end }));
    }
    Ok(numbers)
}

/// The next version of a question; gives its number. The earlier ones stay as they are.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn revise(tx: &mut Tx<'_>, actor: &Actor, number: i64, question: &Question) -> anyhow::Result<i64> {
    sound(question)?;
    let now = last(tx, number)?;
    if now.question == *question {
        return Err(NotTaken::Same(number).into());
    }
    let version = now.version + 1;
    let values = row(number, version, question, actor)?;
    tx.bulk("question", &COLUMNS, [values.as_slice()])?;
    stated(tx, ONE, &[number.into(), version.into()])?;
    let title = format!("题库：第{number}号题改为第{version}版");
    audit::note(tx, actor, Kind::Question, json!({ "title": title, "question": number, "version": version }));
    Ok(version)
}

/// Holds the bank until the transaction ends: who corrects a key reads first what others have made of it.
///
/// # Errors
/// When the store cannot be reached.
pub(crate) fn hold(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    tx.lock(&[LOCK])
}

/// The versions that ask the same as one of them with the same key, that one included.
pub fn same_key(all: &[Kept], version: i64) -> BTreeSet<i64> {
    let Some(one) = all.iter().find(|k| k.version == version) else { return BTreeSet::new() };
    all.iter().filter(|k| k.question.asks_the_same(&one.question)).map(|k| k.version).collect()
}

/// The version after one that was asked, which says the same but for its key (and what is told afterwards); gives its number,
/// and the versions that have the wrong key ([`same_key`]), all of them earlier. A later one that says so already, and whose
/// own key is not among the `corrected`, is that version. Where the last version has the wrong key too, it is that one with the right key, filed as it was; where the bank
/// has gone on to another text, that text stays the last version. What was retired stays so.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn follow(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (number, version): (i64, i64),
    question: &Question,
    corrected: &BTreeSet<i64>,
) -> anyhow::Result<(i64, BTreeSet<i64>)> {
    sound(question)?;
    hold(tx)?;
    let all = versions(tx, number)?;
    let (Some(before), Some(last)) = (all.iter().find(|k| k.version == version), all.last()) else {
        return Err(NotTaken::Unknown(number).into());
    };
    let wrong = same_key(&all, version);
    let (before, newest) = (&before.question, wrong.last().copied().unwrap_or(version));
    let told = |q: &Question| q.feedback == question.feedback || before.feedback == question.feedback;
    let later = |k: &Kept| k.version > newest && !corrected.contains(&k.version);
    let says_so = |k: &&Kept| later(k) && k.question.asks_the_same(question) && told(&k.question);
    if let Some(known) = all.iter().rev().find(says_so) {
        return Ok((known.version, wrong));
    }
    let new = last.version + 1;
    let rows = match wrong.contains(&last.version) || last.question.asks_the_same(question) {
        true => vec![row(number, new, &rekeyed(&last.question, before, question), actor)?],
        false => vec![row(number, new, question, actor)?, row(number, new + 1, &last.question, actor)?],
    };
    tx.bulk("question", &COLUMNS, rows.iter().map(Vec::as_slice))?;
    if last.retired.is_some() {
        let of = |column: &str| format!("(select o.{column} from question o where o.number = $1 and o.version = $3)");
        let sql = format!(
            "update question set retired_at = {}, retired_by = {}, retire_reason = {} where number = $1 and version = $2",
            of("retired_at"),
            of("retired_by"),
            of("retire_reason")
        );
        tx.execute(&sql, &[number.into(), (last.version + rows.len() as i64).into(), last.version.into()])?;
    }
    for version in (new..).take(rows.len()) {
        stated(tx, ONE, &[number.into(), version.into()])?;
    }
    let which = wrong.iter().map(i64::to_string).collect::<Vec<_>>().join("、");
    let title = format!("题库：第{number}号题第{which}版的答案有误，另立第{new}版");
    audit::note(tx, actor, Kind::Question, json!({ "title": title, "question": number, "version": new }));
    Ok((new, wrong))
}

/// The last version with the key of `new`, which was `before` with another key: filed as it is, with its own words to who
/// answered, and its own explanation where `new` has no other one.
fn rekeyed(last: &Question, before: &Question, new: &Question) -> Question {
    let of = |q: &Question, a: &Answer| {
        let own = q.answers.iter().find(|own| own.text == a.text && own.range == a.range);
        own.map(|own| own.feedback.clone())
    };
    let own = |a: &Answer| {
        let stays = of(before, a).is_some_and(|told| told == a.feedback);
        Answer { feedback: of(last, a).filter(|_| stays).unwrap_or_else(|| a.feedback.clone()), ..a.clone() }
    };
    let feedback = if new.feedback == before.feedback { &last.feedback } else { &new.feedback };
    Question { answers: new.answers.iter().map(own).collect(), feedback: feedback.clone(), ..last.clone() }
}

/// Retires a question: no paper takes it any more, and what was asked stays as it was.
///
/// # Errors
/// [`NotTaken`]; else when the store cannot be written.
pub fn retire(tx: &mut Tx<'_>, actor: &Actor, number: i64, reason: &str) -> anyhow::Result<()> {
    if reason.trim().is_empty() {
        return Err(NotTaken::Reason.into());
    }
    let now = last(tx, number)?;
    let sql = "update question set retired_at = $3, retired_by = $4, retire_reason = $5 \
               where number = $1 and version = $2";
    let params: [Value; 5] =
        [number.into(), now.version.into(), actor.at.into(), (&actor.name).into(), reason.trim().into()];
    tx.execute(sql, &params)?;
    stated(tx, ONE, &[number.into(), now.version.into()])?;
    let title = format!("题库：停用第{number}号题");
    audit::note(tx, actor, Kind::Question, json!({ "title": title, "question": number, "reason": reason.trim() }));
    Ok(())
}

const ONE: &str = "select row_id from question where number = $1 and version = $2";

/// Has the log state the versions that a query names.
fn stated(tx: &mut Tx<'_>, sql: &str, params: &[Value]) -> anyhow::Result<()> {
    let rows = tx.rows(sql, params, |r| r.i64(0))?;
    rows.into_iter().for_each(|id| audit::guard(tx, Guarded::Question, id));
    Ok(())
}

/// The last version of a question that is not retired, held until the transaction ends.
fn last(tx: &mut Tx<'_>, number: i64) -> anyhow::Result<Kept> {
    hold(tx)?;
    let now = versions(tx, number)?.pop().ok_or(NotTaken::Unknown(number))?;
    if now.retired.is_some() { Err(NotTaken::Retired(number).into()) } else { Ok(now) }
}

const COLUMNS: [&str; 10] = [
    "number",
    "version",
    "kind",
    "topic",
    "difficulty",
    "source",
    "content",
    "fingerprint",
    "recorded_at",
    "recorded_by",
];

fn row(number: i64, version: i64, q: &Question, actor: &Actor) -> anyhow::Result<Vec<Value>> {
    Ok(vec![
        number.into(),
        version.into(),
        q.kind.as_str().into(),
        (&q.topic).into(),
        q.difficulty.map(super::Difficulty::as_str).into(),
        (&q.source).into(),
        serde_json::to_string(q)?.into(),
        fingerprint(q).into(),
        actor.at.into(),
        (&actor.name).into(),
    ])
}

pub(super) const SELECT: &str = "select q.number, q.version, q.content, q.retire_reason from question q";

pub(super) fn kept(r: &Row<'_>) -> anyhow::Result<Kept> {
    let question = serde_json::from_str(r.text(2)?)?;
    Ok(Kept { number: r.i64(0)?, version: r.i64(1)?, question, retired: r.opt_text(3)?.map(str::to_owned) })
}

/// The questions that papers may take, of a topic and what lies under it or of all, in the order of their numbers.
///
/// # Errors
/// When the store cannot be read.
pub fn current(tx: &mut Tx<'_>, topic: Option<&str>) -> anyhow::Result<Vec<Kept>> {
    let sql = format!(
        "{SELECT} where q.retired_at is null and not exists \
         (select 1 from question n where n.number = q.number and n.version = q.version + 1) order by q.number"
    );
    let mut all = tx.rows(&sql, &[], kept)?;
    if let Some(topic) = topic {
        let under = format!("{topic}/");
        all.retain(|k| k.question.topic == topic || k.question.topic.starts_with(&under));
    }
    Ok(all)
}

/// The last version of each question, retired ones too, in the order of their numbers.
///
/// # Errors
/// When the store cannot be read.
pub fn latest(tx: &mut Tx<'_>) -> anyhow::Result<Vec<Kept>> {
    let sql = format!(
        "{SELECT} where not exists (select 1 from question n where n.number = q.number and n.version = q.version + 1) \
         order by q.number"
    );
    tx.rows(&sql, &[], kept)
}

/// All versions of a question, the first one first.
///
/// # Errors
/// When the store cannot be read.
pub fn versions(tx: &mut Tx<'_>, number: i64) -> anyhow::Result<Vec<Kept>> {
    tx.rows(&format!("{SELECT} where q.number = $1 order by q.version"), &[number.into()], kept)
}

/// One version of a question.
///
/// # Errors
/// When the store cannot be read.
pub fn version(tx: &mut Tx<'_>, number: i64, version: i64) -> anyhow::Result<Option<Kept>> {
    let sql = format!("{SELECT} where q.number = $1 and q.version = $2");
    tx.one(&sql, &[number.into(), version.into()], kept)
}
