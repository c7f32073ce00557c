//! A file of questions that came over a page and waits to be taken in: its good questions, and what is wrong with the rest.

use super::{Placed, Question, Read, Refused, bank};
use crate::{
    db::{Tx, Value},
    scope::Actor,
};

/// µs after which a file that nobody has settled is forgotten.
const KEPT: i64 = 24 * 3_600_000_000;
/// Files that one account may leave waiting.
pub const MOST: i64 = 10;

/// A file that waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Staged {
    /// Its number.
    pub id: i64,
    /// What it was called.
    pub file: String,
    /// How its text was written; none for a sheet.
    pub encoding: Option<String>,
    /// Good questions with their lines.
    pub questions: Vec<Placed>,
    /// What cannot be taken.
    pub refused: Vec<Refused>,
}

/// Keeps what a file holds for its account, and forgets what has waited too long; `None` where too many wait.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(tx: &mut Tx<'_>, account: i64, file: &str, read: &Read, now: i64) -> anyhow::Result<Option<i64>> {
    tx.execute("delete from question_file where made_at < $1", &[(now - KEPT).into()])?;
    let waiting =
        tx.one("select count(*) from question_file where account_id = $1", &[account.into()], |r| r.i64(0))?;
    if waiting.unwrap_or(0) >= MOST {
        return Ok(None);
    }
    let questions: Vec<(u32, &Question)> = read.questions.iter().map(|p| (p.line, &p.question)).collect();
    let refused: Vec<(u32, &str)> = read.refused.iter().map(|r| (r.line, r.reason.as_str())).collect();
    let sql = "insert into question_file (account_id, file, encoding, questions, refused, made_at) \
               values ($1, $2, $3, $4, $5, $6) returning row_id";
    let params: [Value; 6] = [
        account.into(),
        file.into(),
        read.encoding.map(super::Encoding::as_str).into(),
        serde_json::to_string(&questions)?.into(),
        serde_json::to_string(&refused)?.into(),
        now.into(),
    ];
    tx.one(sql, &params, |r| r.i64(0))
}

/// A file of an account.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, account: i64, id: i64) -> anyhow::Result<Option<Staged>> {
    let sql =
        "select row_id, file, encoding, questions, refused from question_file where row_id = $1 and account_id = $2";
    tx.one(sql, &[id.into(), account.into()], |r| {
        let questions: Vec<(u32, Question)> = serde_json::from_str(r.text(3)?)?;
        let refused: Vec<(u32, String)> = serde_json::from_str(r.text(4)?)?;
        Ok(Staged {
            id: r.i64(0)?,
            file: r.text(1)?.to_owned(),
            encoding: r.opt_text(2)?.map(str::to_owned),
            questions: questions.into_iter().map(|(line, question)| Placed { line, question }).collect(),
            refused: refused.into_iter().map(|(line, reason)| Refused { line, reason }).collect(),
        })
    })
}

/// Takes the good questions of a file in; gives their numbers. What the bank has by now is passed over.
///
/// # Errors
/// [`bank::NotTaken`]; else when the store cannot be written.
pub fn take(tx: &mut Tx<'_>, actor: &Actor, staged: &Staged) -> anyhow::Result<Vec<i64>> {
    let all: Vec<Question> = staged.questions.iter().map(|p| p.question.clone()).collect();
    let numbers = bank::add(tx, actor, &all, &staged.file)?;
    drop(tx, staged.id)?;
    Ok(numbers)
}

/// Forgets a file.
///
/// # Errors
/// When the store cannot be written.
pub fn drop(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<()> {
    tx.execute("delete from question_file where row_id = $1", &[id.into()]).map(|_| ())
}
