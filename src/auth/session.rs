//! Sessions: a random token in the browser, its hash in the store.

use super::{
    account,
    policy::{ABSOLUTE, IDLE, SEEN_EVERY, SESSIONS},
    token,
};
use crate::db::{Row, Tx, Value};

/// Where a session is used from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    /// Address on the network.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number.
    pub id: i64,
    /// The account.
    pub account: i64,
    /// When it began, µs.
    pub created: i64,
    /// Last use, µs, to the minute.
    pub seen: i64,
    /// Ends then whatever happens, µs.
    pub ends: i64,
    /// Where from.
    pub from: From,
    /// Begun with an identity of the demo.
    pub demo: bool,
}

impl Session {
    /// Its last use is to be written anew.
    pub fn is_to_be_noted(&self, now: i64) -> bool {
        now - self.seen >= SEEN_EVERY
    }
}

/// What [`read`] reads, in its order.
pub(super) const COLUMNS: &str =
    "s.row_id, s.account_id, s.created_at, s.seen_at, s.ends_at, s.address, s.agent, s.demo";
/// That a session goes on: `$2` is now, `$3` when it must have been used last.
pub(super) const ALIVE: &str = "s.closed_at is null and s.ends_at > $2 and s.seen_at > $3";

/// A session, from the first columns of a row.
pub(super) fn read(r: &Row<'_>) -> anyhow::Result<Session> {
    Ok(Session {
        id: r.i64(0)?,
        account: r.i64(1)?,
        created: r.i64(2)?,
        seen: r.i64(3)?,
        ends: r.i64(4)?,
        from: From { address: r.text(5)?.to_owned(), agent: r.text(6)?.to_owned() },
        demo: r.i64(7)? == 1,
    })
}

/// Begins a session and gives its token, which is nowhere else. The account's oldest session gives way when it has too
/// many.
///
/// # Errors
/// When the store cannot be written, or the system has no randomness.
pub fn open(tx: &mut Tx<'_>, id: i64, from: &From, demo: bool, now: i64) -> anyhow::Result<String> {
    // An identity of the demo is many people's: none puts another out, and no login of it is anybody's.
    if !demo {
        for old in of_account(tx, id, now)?.iter().skip(SESSIONS - 1) {
            close(tx, id, old.id, now)?;
        }
        account::note_login(tx, id, now, &from.address)?;
    }
    let token = token::token()?;
    let agent: String = from.agent.chars().filter(|c| !c.is_control()).take(200).collect();
    let sql = "insert into session (token, account_id, created_at, seen_at, ends_at, address, agent, demo) \
               values ($1, $2, $3, $3, $4, $5, $6, $7)";
    let values: [Value; 7] = [
        token::kept(&token).into(),
        id.into(),
        now.into(),
        (now + ABSOLUTE).into(),
        from.address.as_str().into(),
        agent.into(),
        demo.into(),
    ];
    tx.execute(sql, &values)?;
    Ok(token)
}

/// Marks a fresh session as begun at the provider of single sign-on; `factor`: the second factor was asked there.
///
/// # Errors
/// When the store cannot be written.
pub fn by_provider(tx: &mut Tx<'_>, token: &str, factor: bool) -> anyhow::Result<()> {
    let means = if factor { 2_i64 } else { 1 };
    tx.execute("update session set sso = $2 where token = $1", &[token::kept(token).into(), means.into()])?;
    Ok(())
}

/// Whether a session began at the provider of single sign-on.
///
/// # Errors
/// When the store cannot be read.
pub fn is_by_provider(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<bool> {
    let sql = "select sso from session where row_id = $1";
    Ok(tx.one(sql, &[id.into()], |r| r.i64(0))?.unwrap_or(0) > 0)
}

/// Notes that a session is used.
///
/// # Errors
/// When the store cannot be written.
pub fn note(tx: &mut Tx<'_>, id: i64, now: i64) -> anyhow::Result<()> {
    let sql = "update session set seen_at = $2 where row_id = $1 and closed_at is null and seen_at < $2";
    tx.execute(sql, &[id.into(), now.into()])?;
    Ok(())
}

/// The living sessions of an account, the latest used first.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64, now: i64) -> anyhow::Result<Vec<Session>> {
    let sql = format!(
        "select {COLUMNS} from session s where s.account_id = $1 and {ALIVE} order by s.seen_at desc, s.row_id desc"
    );
    tx.rows(&sql, &[account.into(), now.into(), (now - IDLE).into()], read)
}

/// Ends a session of an account; gives whether it was alive. Its row stays for a while (`super::sweep`).
///
/// # Errors
/// When the store cannot be written.
pub fn close(tx: &mut Tx<'_>, account: i64, id: i64, now: i64) -> anyhow::Result<bool> {
    let sql = "update session set closed_at = $3 where row_id = $2 and account_id = $1 and closed_at is null";
    Ok(tx.execute(sql, &[account.into(), id.into(), now.into()])? == 1)
}

/// Ends the session of a token, as when somebody logs in again over it.
///
/// # Errors
/// When the store cannot be written.
pub fn close_token(tx: &mut Tx<'_>, token: &str, now: i64) -> anyhow::Result<()> {
    let sql = "update session set closed_at = $2 where token = $1 and closed_at is null";
    tx.execute(sql, &[token::kept(token).into(), now.into()])?;
    Ok(())
}

/// Ends all sessions of an account, but for one.
///
/// # Errors
/// When the store cannot be written.
pub fn close_all(tx: &mut Tx<'_>, account: i64, except: Option<i64>, now: i64) -> anyhow::Result<()> {
    let sql = "update session set closed_at = $2 where account_id = $1 and closed_at is null and row_id <> $3";
    tx.execute(sql, &[account.into(), now.into(), except.unwrap_or(-1).into()])?;
    Ok(())
}

/// A new token for a session whose rights have changed: the old one is good for nothing. It ends when it would have.
///
/// # Errors
/// When the store cannot be written, or the system has no randomness.
pub fn renew(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<String> {
    let token = token::token()?;
    let sql = "update session set token = $2 where row_id = $1 and closed_at is null";
    tx.execute(sql, &[id.into(), token::kept(&token).into()])?;
    Ok(token)
}
