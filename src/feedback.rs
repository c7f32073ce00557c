//! 意见建议 about the program: given with a name or without, answered by the office.
//!
//! Without a name no account is stored, and the entry of the log names nobody; a code that only the giver has finds the
//! answer again.

use std::{collections::HashMap, sync::Mutex};

use serde_json::json;

use crate::{
    audit::{self, Guarded, Kind},
    auth::{account::Refused, token},
    day::Day,
    db::{Row, Tx, Value},
    hex,
    ledger::Keys,
    scope::Actor,
};

/// Most characters of what is said, and of the answer.
pub const LONGEST: usize = 2_000;
/// Most that a session may give in an hour.
pub const HOURLY: usize = 5;
/// An hour in µs.
const HOUR: i64 = 3_600_000_000;
/// Who gives without a name, in the log.
const NOBODY: &str = "匿名";
/// Held while something is kept that was said without a name.
const UNNAMED: i64 = 0x0066_6565_6462;

/// What sessions have given within the last hour. In memory alone: kept in the store it would name who gave without a
/// name.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<i64, Vec<i64>>>);

impl Pace {
    /// Counts one more of a session at an instant (µs), unless it has given enough within the hour.
    pub fn allows(&self, session: i64, now: i64) -> bool {
        let Ok(mut given) = self.0.lock() else { return false };
        given.values_mut().for_each(|times| times.retain(|at| now - at < HOUR));
        given.retain(|_, times| !times.is_empty());
        let own = given.entry(session).or_default();
        let allowed = own.len() < HOURLY;
        if allowed {
            own.push(now);
        }
        allowed
    }
}

/// Something that was said.
#[derive(Clone, Debug)]
pub struct Feedback {
    /// Its number.
    pub id: i64,
    /// Name of the account; `None` without a name.
    pub by: Option<String>,
    /// The page that it is about.
    pub page: String,
    /// What was said.
    pub text: String,
    /// On which day.
    pub given: String,
    /// When (µs), by whom, and the words.
    pub answer: Option<(i64, String, String)>,
}

/// Keeps what was said under a name and logs it. What waits for an answer already in the same words is not kept twice.
///
/// # Errors
/// When the store cannot be written.
pub fn give(tx: &mut Tx<'_>, actor: &Actor, account: i64, about: (&str, &str), day: Day) -> anyhow::Result<i64> {
    // Two at once must see each other.
    tx.lock(&[account])?;
    let sql = "select row_id from feedback where account_id = $1 and page = $2 and text = $3 and answered_at is null";
    match tx.one(sql, &[account.into(), about.0.into(), about.1.into()], |r| r.i64(0))? {
        Some(id) => Ok(id),
        None => put(tx, actor, (Some(account), None), about, day),
    }
}

/// The code that finds the answer to what was said in a form without a name: the same one however often it is sent, so that
/// nothing about who sent it need be kept. `form` is what only this form has.
pub fn code(keys: &Keys, form: &str, (page, text): (&str, &str)) -> String {
    let digest = keys.digest("feedback", &json!([form, page, text]).to_string());
    token::spelled_of(&hex::unhex(&digest).unwrap_or_default()[..12])
}

/// Keeps what was said without a name under a code ([`code`]), once, and logs that somebody said something.
///
/// # Errors
/// When the store cannot be written.
pub fn give_unnamed(tx: &mut Tx<'_>, at: i64, code: &str, about: (&str, &str), day: Day) -> anyhow::Result<()> {
    // Two at once must see each other.
    tx.lock(&[UNNAMED])?;
    let sql = "select row_id from feedback where receipt = $1";
    if tx.one(sql, &[kept(code).into()], |r| r.i64(0))?.is_none() {
        put(tx, &Actor { name: NOBODY.into(), at, account: None }, (None, Some(code)), about, day)?;
    }
    Ok(())
}

fn put(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (account, code): (Option<i64>, Option<&str>),
    (page, text): (&str, &str),
    day: Day,
) -> anyhow::Result<i64> {
    let sql = "insert into feedback (account_id, receipt, page, text, given_on) values ($1, $2, $3, $4, $5) \
               returning row_id";
    let params: [Value; 5] = [account.into(), code.map(kept).into(), page.into(), text.into(), day.into()];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    audit::guard(tx, Guarded::Feedback, id);
    audit::note(tx, actor, Kind::Feedback, json!({ "title": format!("提出第{id}号意见建议"), "feedback": id }));
    Ok(id)
}

/// A code as it is kept: in whichever way it was typed.
fn kept(code: &str) -> String {
    token::kept(&code.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase())
}

/// Answers and logs it.
///
/// # Errors
/// [`Refused`] when it was answered already; else when the store cannot be written.
pub fn answer(tx: &mut Tx<'_>, actor: &Actor, id: i64, words: &str) -> anyhow::Result<()> {
    let sql = "update feedback set answered_at = $2, answered_by = $3, answer = $4 \
               where row_id = $1 and answered_at is null";
    let params: [Value; 4] = [id.into(), actor.at.into(), (&actor.name).into(), words.into()];
    if tx.execute(sql, &params)? == 0 {
        return Err(Refused("这条意见已经有人答复了。".into()).into());
    }
    audit::guard(tx, Guarded::Feedback, id);
    audit::note(tx, actor, Kind::Feedback, json!({ "title": format!("答复第{id}号意见建议"), "feedback": id }));
    Ok(())
}

const SELECT: &str = "select f.row_id, a.name, f.page, f.text, f.given_on, f.answered_at, f.answered_by, f.answer \
                      from feedback f left join account a on a.row_id = f.account_id";

fn read(r: &Row<'_>) -> anyhow::Result<Feedback> {
    let text = |i| anyhow::Ok(r.opt_text(i)?.unwrap_or_default().to_owned());
    let answer = match r.opt_i64(5)? {
        Some(at) => Some((at, text(6)?, text(7)?)),
        None => None,
    };
    let by = r.opt_text(1)?.map(str::to_owned);
    Ok(Feedback { id: r.i64(0)?, by, page: text(2)?, text: text(3)?, given: text(4)?, answer })
}

/// One.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Feedback>> {
    tx.one(&format!("{SELECT} where f.row_id = $1"), &[id.into()], read)
}

/// The one of a code.
///
/// # Errors
/// When the store cannot be read.
pub fn of_code(tx: &mut Tx<'_>, code: &str) -> anyhow::Result<Option<Feedback>> {
    tx.one(&format!("{SELECT} where f.receipt = $1"), &[kept(code).into()], read)
}

/// Those of an account, the newest first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<Feedback>> {
    tx.rows(&format!("{SELECT} where f.account_id = $1 order by f.row_id desc"), &[account.into()], read)
}

/// How many wait for an answer.
///
/// # Errors
/// When the store cannot be read.
pub fn open(tx: &mut Tx<'_>) -> anyhow::Result<u64> {
    let n = tx.one("select count(*) from feedback where answered_at is null", &[], |r| r.i64(0))?;
    Ok(n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0))
}

/// A page of all, those without an answer first, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, skip: i64, limit: i64) -> anyhow::Result<(Vec<Feedback>, i64)> {
    let all = tx.one("select count(*) from feedback", &[], |r| r.i64(0))?.unwrap_or(0);
    let order = "case when f.answered_at is null then 0 else 1 end, f.row_id desc limit $1 offset $2";
    Ok((tx.rows(&format!("{SELECT} order by {order}"), &[limit.into(), skip.into()], read)?, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_gives_a_few_within_an_hour_and_others_are_not_held_up() {
        let pace = Pace::default();
        assert!((0..HOURLY as i64).all(|n| pace.allows(1, n)));
        assert!(!pace.allows(1, 10) && pace.allows(2, 10));
        assert!(!pace.allows(1, HOUR - 1) && pace.allows(1, HOUR) && !pace.allows(1, HOUR));
    }

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        assert_eq!(kept("abcd-efgh 2345"), kept("ABCDEFGH2345"));
        assert_ne!(kept("ABCDEFGH2345"), kept("ABCDEFGH2346"));
    }
}
