//! Calendars as programs of others read them (`.ics`): what happens ([`events`]), written down ([`ics`]), and the secret links
//! by which a program that cannot log in gets them. A link is 256 random bits, of which the store has the SHA-256 alone; it
//! shows what its account may see on that day and nothing else, and ends when it is renewed, withdrawn, or the account is.

pub mod events;
pub mod ics;

use serde_json::json;

use crate::{
    audit::{self, About, Guarded, Kind},
    auth::{Permission, reader::scope_of_account, token},
    day::Day,
    db::{Tx, Value},
    installation::Current,
    scope::{Actor, Scope},
};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// Its number.
    pub id: i64,
    /// Whose it is.
    pub account: i64,
    /// Record id of the unit; `None`: the person's own.
    pub unit: Option<i64>,
    /// When it was made, µs.
    pub made: i64,
}

/// Makes a link, or renews it: the one before leads nowhere. Gives its secret, which is not kept.
///
/// # Errors
/// When the store cannot be written, or the system has no randomness.
pub fn make(tx: &mut Tx<'_>, actor: &Actor, account: i64, unit: Option<i64>) -> anyhow::Result<String> {
    let secret = token::token()?;
    let key: [Value; 2] = [account.into(), unit.unwrap_or(0).into()];
    let sql = "delete from feed where account_id = $1 and unit_id = $2 returning row_id";
    let before = tx.one(sql, &key, |r| r.i64(0))?;
    let sql = "insert into feed (account_id, unit_id, token, made_at) values ($1, $2, $3, $4) returning row_id";
    let [account, of] = key;
    let now = tx.one(sql, &[account, of, token::kept(&secret).into(), actor.at.into()], |r| r.i64(0))?;
    for id in before.into_iter().chain(now) {
        audit::guard(tx, Guarded::Calendar, id);
    }
    tell(tx, actor, "生成日历订阅链接", unit);
    Ok(secret)
}

/// Withdraws a link of an account; nothing where it has none of that number.
///
/// # Errors
/// When the store cannot be written.
pub fn withdraw(tx: &mut Tx<'_>, actor: &Actor, account: i64, id: i64) -> anyhow::Result<()> {
    let sql = "delete from feed where account_id = $1 and row_id = $2 returning unit_id";
    if let Some(unit) = tx.one(sql, &[account.into(), id.into()], |r| r.i64(0))? {
        audit::guard(tx, Guarded::Calendar, id);
        tell(tx, actor, "停用日历订阅链接", (unit != 0).then_some(unit));
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, what: &str, unit: Option<i64>) {
    let told = json!({ "title": what, "unit": unit });
    audit::note_of(tx, actor, Kind::Account, told, About { unit, ..About::default() });
}

/// The links of an account, in the order in which they were made.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<Feed>> {
    let sql = "select row_id, account_id, unit_id, made_at from feed where account_id = $1 order by row_id";
    tx.rows(sql, &[account.into()], read)
}

fn read(r: &crate::db::Row<'_>) -> anyhow::Result<Feed> {
    let unit = r.i64(2)?;
    Ok(Feed { id: r.i64(0)?, account: r.i64(1)?, unit: (unit != 0).then_some(unit), made: r.i64(3)? })
}

/// What a link shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// A person's own calendar.
    Person(i64),
    /// What a unit's may see.
    Unit(i64, Scope),
}

/// What a secret leads to today; `None` where there is no such link, its account is disabled, or may not see that any more.
///
/// # Errors
/// When the store cannot be read.
pub fn opened(tx: &mut Tx<'_>, current: &Current, secret: &str, day: Day) -> anyhow::Result<Option<Of>> {
    let sql = "select row_id, account_id, unit_id, made_at from feed where token = $1";
    let Some(feed) = tx.one(sql, &[token::kept(secret).into()], read)? else { return Ok(None) };
    match feed.unit {
        None => {
            // Without any role nothing is seen, as on the pages.
            let alive = scope_of_account(tx, feed.account, current, day, None)?.is_some();
            let sql = "select person_id from account where row_id = $1";
            let person = tx.one(sql, &[feed.account.into()], |r| r.opt_i64(0))?.flatten();
            Ok(person.filter(|_| alive).map(Of::Person))
        }
        Some(unit) => {
            let scope = scope_of_account(tx, feed.account, current, day, Some(Permission::Ledgers))?;
            let scope = scope.map(|s| s.of_roles()).filter(|s| s.has_unit(unit));
            Ok(scope.map(|scope| Of::Unit(unit, scope)))
        }
    }
}
