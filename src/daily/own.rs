//! What a person has answered, and what is left of it in memory. Nobody else sees it; the person may wipe it out.

use crate::{
    day::Day,
    db::{Row, Tx, Value},
    exam::{
        paper::Asked,
        recall::{Memory, Seen},
        score::{self, Given, MARK},
    },
    questions::{Question, bank::Kept},
};

/// Parts of a day, and of a degree of difficulty, as they are stored.
const PARTS: f64 = 1_000_000.0;

/// A question that a person has answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Its number.
    pub question: i64,
    /// The version that was answered.
    pub version: i64,
    /// Places of the chosen options, or what was typed.
    pub answer: String,
    /// All of its marks.
    pub right: bool,
    /// The day of the last answer.
    pub day: Day,
    /// How often it was answered.
    pub answers: i64,
    /// What is left.
    pub memory: Memory,
}

impl Answered {
    /// As the choice of the next question takes it.
    pub fn seen(&self) -> Seen {
        Seen { question: self.question, last: self.day, memory: self.memory }
    }
}

const COLUMNS: &str = "question, version, answer, is_right, day, answers, stability, difficulty";

fn read(r: &Row<'_>) -> anyhow::Result<Answered> {
    Ok(Answered {
        question: r.i64(0)?,
        version: r.i64(1)?,
        answer: r.text(2)?.to_owned(),
        right: r.i64(3)? == 1,
        day: Day::parse(r.text(4)?).ok_or_else(|| anyhow::anyhow!("an answer of no day"))?,
        answers: r.i64(5)?,
        memory: memory(r.i64(6)?, r.i64(7)?),
    })
}

pub(super) fn memory(stability: i64, difficulty: i64) -> Memory {
    Memory { stability: stability as f64 / PARTS, difficulty: difficulty as f64 / PARTS }
}

/// All that a person has answered, by number.
///
/// # Errors
/// When the store cannot be read.
pub fn all(tx: &mut Tx<'_>, person: i64) -> anyhow::Result<Vec<Answered>> {
    tx.rows(&format!("select {COLUMNS} from recall where person_id = $1 order by question"), &[person.into()], read)
}

/// One of them.
///
/// # Errors
/// When the store cannot be read.
pub fn one(tx: &mut Tx<'_>, person: i64, question: i64) -> anyhow::Result<Option<Answered>> {
    let sql = format!("select {COLUMNS} from recall where person_id = $1 and question = $2");
    tx.one(&sql, &[person.into(), question.into()], read)
}

/// What letters or a text, as a form sends them, mean for a question whose options stand in their own order.
///
/// # Errors
/// What is wrong with it.
pub fn meant(question: &Question, values: &[String]) -> Result<Given, &'static str> {
    let asked = Asked { question: 0, options: (0..question.answers.len()).collect() };
    let given = crate::exam::attempt::meant(question.kind, &asked, values)?;
    if given.is_empty() { Err("请先作答。") } else { Ok(given) }
}

/// Whether an answer has all marks.
pub fn is_right(question: &Question, given: &Given) -> bool {
    score::earned(question, given, 10) == Some(MARK)
}

/// Takes an answer in, if the question was answered as often as the form says: what comes twice changes nothing. Gives
/// whether it was taken.
///
/// # Errors
/// When the store cannot be written.
pub fn answer(
    tx: &mut Tx<'_>,
    person: i64,
    kept: &Kept,
    given: &Given,
    (count, today): (i64, Day),
) -> anyhow::Result<bool> {
    let before = one(tx, person, kept.number)?;
    if before.as_ref().map_or(0, |b| b.answers) != count {
        return Ok(false);
    }
    let right = is_right(&kept.question, given);
    note(tx, person, (kept.number, kept.version), (&given.stored(), right), today, before.as_ref())?;
    Ok(true)
}

/// Writes down an answer and what is left after it.
pub(super) fn note(
    tx: &mut Tx<'_>,
    person: i64,
    (number, version): (i64, i64),
    (answer, right): (&str, bool),
    day: Day,
    before: Option<&Answered>,
) -> anyhow::Result<()> {
    let now = match before {
        Some(b) => b.memory.after(i64::from(day.0 - b.day.0).max(0), right),
        None => Memory::first(right),
    };
    let parts = |x: f64| (x * PARTS).round() as i64;
    let sql = "insert into recall (person_id, question, version, answer, is_right, day, answers, stability, difficulty) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (person_id, question) do update set \
               version = excluded.version, answer = excluded.answer, is_right = excluded.is_right, day = excluded.day, \
               answers = excluded.answers, stability = excluded.stability, difficulty = excluded.difficulty";
    let params: [Value; 9] = [
        person.into(),
        number.into(),
        version.into(),
        answer.into(),
        i64::from(right).into(),
        day.to_string().into(),
        (before.map_or(0, |b| b.answers) + 1).into(),
        parts(now.stability).into(),
        parts(now.difficulty).into(),
    ];
    tx.execute(sql, &params)?;
    Ok(())
}

/// Days for which an answer is kept.
const KEPT: i32 = 730;

/// Forgets what nobody has answered for two years; gives how much.
///
/// # Errors
/// When the store cannot be written.
pub fn sweep(tx: &mut Tx<'_>, today: Day) -> anyhow::Result<u64> {
    tx.execute("delete from recall where day < $1", &[today.plus(-KEPT).to_string().into()])
}

/// Wipes out all of it, as its owner asks.
///
/// # Errors
/// When the store cannot be written.
pub fn wipe(tx: &mut Tx<'_>, person: i64) -> anyhow::Result<u64> {
    tx.execute("delete from recall where person_id = $1", &[person.into()])
}

/// Whether a person may be asked a question: it was published, stands under a published lesson, or was answered before, and
/// is in no test that is not over.
///
/// # Errors
/// When the store cannot be read.
pub fn may_see(tx: &mut Tx<'_>, person: i64, question: i64) -> anyhow::Result<bool> {
    if super::plan::in_tests(tx)?.contains(&question) {
        return Ok(false);
    }
    let sql = "select 1 where exists (select 1 from release_plan where question = $1 and released_at is not null) \
               or exists (select 1 from recall where person_id = $2 and question = $1)";
    if tx.one(sql, &[question.into(), person.into()], |r| r.i64(0))?.is_some() {
        return Ok(true);
    }
    let sql = "select checks from release_plan where released_at is not null and checks <> '[]'";
    let lessons = tx.rows(sql, &[], |r| Ok(r.text(0)?.to_owned()))?;
    Ok(lessons.iter().any(|c| serde_json::from_str::<Vec<i64>>(c).is_ok_and(|c| c.contains(&question))))
}
