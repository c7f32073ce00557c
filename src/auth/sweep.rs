//! What of logins is over, taken away.

use super::policy::{FORGOTTEN, SESSION_KEPT};
use crate::db::Tx;

/// Takes away sessions that ended long ago, failures that are forgotten, and logins at the provider that are used up;
/// `now` in µs. Gives how many rows that were. That somebody was here remains in the audit log.
///
/// # Errors
/// When the store cannot be written.
pub fn sweep(tx: &mut Tx<'_>, now: i64) -> anyhow::Result<u64> {
    let kept = now - SESSION_KEPT;
    let mut gone = tx.execute("delete from session where ends_at < $1 or closed_at < $1", &[kept.into()])?;
    gone += tx.execute("delete from login_failure where last_at < $1", &[(now - FORGOTTEN).into()])?;
    gone += tx.execute("delete from sso_used where ends_at < $1", &[now.into()])?;
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        auth::{
            account,
            lockout::{self, Against},
            policy::ABSOLUTE,
            session::{self, From},
        },
        db::Db,
        db_test,
        scope::Actor,
        sso::attempt,
    };

    db_test!(what_is_over_goes_and_what_is_not_stays, |db: &Db| {
        db.write(|tx| {
            let actor = Actor { account: None, name: "测试".into(), at: 1 };
            let id = account::create(tx, &actor, ("zhoumin", "周敏"), None, None)?;
            for at in [0, SESSION_KEPT] {
                session::open(tx, id, &From::default(), false, at)?;
            }
            let left = session::open(tx, id, &From::default(), false, SESSION_KEPT)?;
            session::close_token(tx, &left, SESSION_KEPT)?;
            lockout::attempt(tx, &Against::Name("old".into()), 0)?;
            lockout::attempt(tx, &Against::Name("new".into()), SESSION_KEPT)?;
            attempt::use_up(tx, "old", 5, 1)?;
            attempt::use_up(tx, "new", 2 * SESSION_KEPT, 1)?;
            let count = |tx: &mut Tx<'_>, table: &str| {
                Ok::<_, anyhow::Error>(tx.one(&format!("select count(*) from {table}"), &[], |r| r.i64(0))?.unwrap())
            };
            assert_eq!(sweep(tx, ABSOLUTE + SESSION_KEPT)?, 2, "a failure and a used login");
            assert_eq!(count(tx, "session")?, 3);
            assert_eq!(sweep(tx, 1 + ABSOLUTE + SESSION_KEPT)?, 1, "the session that ended first");
            assert_eq!((count(tx, "login_failure")?, count(tx, "sso_used")?), (1, 1));
            assert_eq!(session::of_account(tx, id, SESSION_KEPT)?.len(), 1);
            assert_eq!(sweep(tx, 1 + 2 * SESSION_KEPT)?, 3, "the one that was left, a failure and a used login");
            assert_eq!(sweep(tx, 1 + ABSOLUTE + 2 * SESSION_KEPT)?, 1);
            assert_eq!(count(tx, "session")? + count(tx, "login_failure")? + count(tx, "sso_used")?, 0);
            Ok(())
        })
        .unwrap();
    });
}
