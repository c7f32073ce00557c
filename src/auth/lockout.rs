//! Failed logins: by login name and by address, each with a wait that doubles. Whether there is such an account makes no
//! difference.

use super::policy::{ADDRESS_FAILURES, FIRST_WAIT, FORGOTTEN, LONGEST_WAIT, NAME_FAILURES};
use crate::db::Tx;

/// Whom failures are counted against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Against {
    /// A login name, in small letters.
    Name(String),
    /// An address on the network.
    Address(String),
}

impl Against {
    fn key(&self) -> String {
        match self {
            Against::Name(name) => format!("name:{name}"),
            Against::Address(address) => format!("address:{address}"),
        }
    }

    fn free(&self) -> i64 {
        match self {
            Against::Name(_) => NAME_FAILURES,
            Against::Address(_) => ADDRESS_FAILURES,
        }
    }
}

/// What an attempt meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may be looked at; so many more may fail before a wait.
    Open {
        /// Failures left, after this one.
        left: i64,
    },
    /// It is not looked at before this instant (µs).
    Shut {
        /// When the next attempt is looked at.
        until: i64,
    },
}

/// Counts an attempt as failed before it is looked at, so that many at once are counted too; [`succeeded`] takes it back.
///
/// # Errors
/// When the store cannot be written.
pub fn attempt(tx: &mut Tx<'_>, against: &Against, now: i64) -> anyhow::Result<Gate> {
    let key = against.key();
    let begun = "insert into login_failure (key, failures, last_at, wait_until) values ($1, 0, $2, 0) \
                 on conflict (key) do nothing";
    tx.execute(begun, &[key.as_str().into(), now.into()])?;
    // The row is held from here on: the next attempt with this key waits for this one.
    let counted = "update login_failure set failures = case when last_at < $3 then 1 else failures + 1 end, \
                   last_at = $2 where key = $1 and wait_until <= $2 returning failures";
    let params = [key.as_str().into(), now.into(), (now - FORGOTTEN).into()];
    let Some(failures) = tx.one(counted, &params, |r| r.i64(0))? else {
        let sql = "select wait_until from login_failure where key = $1";
        let until = tx.one(sql, &[key.as_str().into()], |r| r.i64(0))?.unwrap_or(now);
        return Ok(Gate::Shut { until });
    };
    let until = now + wait(failures - against.free());
    tx.execute("update login_failure set wait_until = $2 where key = $1", &[key.into(), until.into()])?;
    Ok(Gate::Open { left: (against.free() - failures).max(0) })
}

/// The wait (µs) after so many failures more than are free.
fn wait(beyond: i64) -> i64 {
    match u32::try_from(beyond) {
        Err(_) => 0,
        Ok(doublings) => (FIRST_WAIT << doublings.min(10)).min(LONGEST_WAIT),
    }
}

/// The attempt was good: the name begins anew, the address is as before the attempt. What is forgotten is swept out.
///
/// # Errors
/// When the store cannot be written.
pub fn succeeded(tx: &mut Tx<'_>, name: &Against, address: &Against, now: i64) -> anyhow::Result<()> {
    unlock(tx, name)?;
    succeeded_from(tx, address)?;
    tx.execute("delete from login_failure where last_at < $1", &[(now - FORGOTTEN).into()])?;
    Ok(())
}

/// The attempt was good: the address is as before it.
///
/// # Errors
/// When the store cannot be written.
pub fn succeeded_from(tx: &mut Tx<'_>, address: &Against) -> anyhow::Result<()> {
    let sql = "update login_failure set failures = failures - 1, wait_until = 0 where key = $1 and failures > 0";
    tx.execute(sql, &[address.key().into()])?;
    Ok(())
}

/// Forgets the failures. Gives whether there were any.
///
/// # Errors
/// When the store cannot be written.
pub fn unlock(tx: &mut Tx<'_>, against: &Against) -> anyhow::Result<bool> {
    Ok(tx.execute("delete from login_failure where key = $1", &[against.key().into()])? > 0)
}

/// Until when (µs) a login name has to wait, if it has to.
///
/// # Errors
/// When the store cannot be read.
pub fn waits(tx: &mut Tx<'_>, login: &str, now: i64) -> anyhow::Result<Option<i64>> {
    let key = Against::Name(login.to_owned()).key();
    let sql = "select wait_until from login_failure where key = $1 and wait_until > $2";
    tx.one(sql, &[key.into(), now.into()], |r| r.i64(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{auth::policy::MINUTE, db::Db, db_test};

    db_test!(the_wait_doubles_up_to_its_bound, |db: &Db| {
        let name = || Against::Name("zhoumin".into());
        let at = |now: i64| db.write(move |tx| attempt(tx, &name(), now)).unwrap();
        for left in (0..NAME_FAILURES).rev() {
            assert_eq!(at(1), Gate::Open { left });
        }
        let mut now = 1 + MINUTE;
        for next in [2, 4, 8, 15, 15, 15] {
            assert_eq!(at(now - 1), Gate::Shut { until: now });
            assert_eq!(at(now), Gate::Open { left: 0 });
            now += next * MINUTE;
        }
    });

    db_test!(success_and_a_day_without_failures_forget, |db: &Db| {
        let (name, address) = (Against::Name("a".into()), Against::Address("::1".into()));
        let (n, a) = (name.clone(), address.clone());
        db.write(move |tx| {
            for _ in 0..NAME_FAILURES {
                attempt(tx, &n, 5)?;
                attempt(tx, &a, 5)?;
            }
            assert_eq!(waits(tx, "a", 6)?, Some(5 + FIRST_WAIT));
            assert_eq!(waits(tx, "b", 6)?, None);
            succeeded(tx, &n, &a, 6)?;
            assert_eq!(waits(tx, "a", 6)?, None);
            assert_eq!(attempt(tx, &n, 7)?, Gate::Open { left: NAME_FAILURES - 1 });
            assert_eq!(attempt(tx, &a, 7)?, Gate::Open { left: ADDRESS_FAILURES - NAME_FAILURES });
            assert_eq!(attempt(tx, &a, 8 + FORGOTTEN)?, Gate::Open { left: ADDRESS_FAILURES - 1 });
            Ok(())
        })
        .unwrap();
    });
}
