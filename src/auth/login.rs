//! Coming in by password. Every refusal reads the same and costs the same, whether or not there is such an account.

use serde_json::json;

use super::{
    account::{self, Account},
    lockout::{self, Against, Gate},
    password,
    session::{self, From},
};
use crate::{
    audit::{self, Kind},
    db::{Db, Tx},
    ledger::secret::Keys,
    scope::Actor,
};

/// What was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// Login name.
    pub login: String,
    /// Password.
    pub password: String,
    /// Code of the authenticator, or a recovery code; empty for none.
    pub code: String,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In: number of the account and the session's token.
    In {
        /// Number of the account.
        account: i64,
        /// Token of the new session, for the cookie.
        token: String,
    },
    /// Something does not fit. Which, is not told.
    Refused {
        /// Attempts left before a wait.
        left: i64,
    },
    /// Not looked at before this instant (µs).
    Wait {
        /// When the next attempt is looked at.
        until: i64,
    },
}

/// Tries to come in. `over` is the token of a session that the browser still has: it ends.
///
/// Must not be called inside a transaction: the password is hashed here.
///
/// # Errors
/// When the store cannot be read or written.
pub fn login(
    db: &Db,
    keys: &Keys,
    typed: &Typed,
    from: &From,
    over: Option<&str>,
    now: i64,
) -> anyhow::Result<Outcome> {
    let login: String = typed.login.trim().to_lowercase().chars().filter(|c| *c != '\0').take(64).collect();
    let (name, address) = (Against::Name(login.clone()), Against::Address(from.address.clone()));
    let (n, a) = (name.clone(), address.clone());
    let gate = db.write(move |tx| match lockout::attempt(tx, &a, now)? {
        Gate::Open { left: of_address } => Ok(match lockout::attempt(tx, &n, now)? {
            Gate::Open { left } => Gate::Open { left: left.min(of_address) },
            shut @ Gate::Shut { .. } => shut,
        }),
        shut @ Gate::Shut { .. } => Ok(shut),
    })?;
    let left = match gate {
        Gate::Open { left } => left,
        Gate::Shut { until } => return Ok(Outcome::Wait { until }),
    };
    let found = db.read(|tx| account::by_login(tx, &login))?;
    let known = password::verify(&typed.password, found.as_ref().and_then(|a| a.password.as_deref()));
    let whose = found.as_ref().map(|a| (a.id, a.name.clone()));
    let address = (address, from.address.clone());
    let Some(account) = found.filter(|a| known && may_come_in(a, now)) else {
        db.write(move |tx| {
            tell_refused(tx, whose, &address.1, left, now);
            Ok(())
        })?;
        return Ok(Outcome::Refused { left });
    };
    let (keys, code, from, over) = (keys.clone(), typed.code.clone(), from.clone(), over.map(str::to_owned));
    let token = db.write(move |tx| {
        if account.totp_confirmed && !account::use_code(tx, &keys, &account, &code, now)? {
            tell_refused(tx, whose, &address.1, left, now);
            return Ok(None);
        }
        lockout::succeeded(tx, &name, &address.0, now)?;
        if let Some(over) = over {
            session::close_token(tx, &over, now)?;
        }
        tell(tx, (account.id, account.name), "登录", &from.address, now);
        Ok(Some((account.id, session::open(tx, account.id, &from, false, now)?)))
    })?;
    Ok(match token {
        Some((account, token)) => Outcome::In { account, token },
        None => Outcome::Refused { left },
    })
}

/// Tells the audit log that somebody came in or went out.
pub fn tell(tx: &mut Tx<'_>, (id, name): (i64, String), what: &str, address: &str, at: i64) {
    let actor = Actor { name, account: Some(id), at };
    audit::note(tx, &actor, Kind::Login, json!({ "title": what, "address": address }));
}

/// Tells it of a refusal. What was typed is not kept: it may be a password in the wrong field. An attempt during a wait
/// leaves nothing, so that nobody can fill the log.
fn tell_refused(tx: &mut Tx<'_>, whose: Option<(i64, String)>, address: &str, left: i64, at: i64) {
    let what = if left == 0 { "登录被拒，已暂停登录" } else { "登录被拒" };
    match whose {
        Some(whose) => tell(tx, whose, what, address, at),
        None => {
            let actor = Actor { name: "未知登录名".into(), account: None, at };
            audit::note(tx, &actor, Kind::Login, json!({ "title": what, "address": address }));
        }
    }
}

/// What came of asking the owner of a session for the password again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is right.
    Right(Box<Account>),
    /// It is not.
    Wrong {
        /// Attempts left before a wait.
        left: i64,
    },
    /// Not looked at before this instant (µs).
    Wait {
        /// When the next attempt is looked at.
        until: i64,
    },
}

/// Asks for the password of an account again, before its factors are changed. Failures count like those of a login: who
/// has found an open session must not be able to guess on.
///
/// Must not be called inside a transaction.
///
/// # Errors
/// When the store cannot be read or written.
pub fn again(db: &Db, id: i64, password: &str, now: i64) -> anyhow::Result<Again> {
    let Some(account) = db.read(|tx| account::get(tx, id))? else { return Ok(Again::Wrong { left: 0 }) };
    let name = Against::Name(account.login.clone());
    let n = name.clone();
    let left = match db.write(move |tx| lockout::attempt(tx, &n, now))? {
        Gate::Open { left } => left,
        Gate::Shut { until } => return Ok(Again::Wait { until }),
    };
    if !password::verify(password, account.password.as_deref()) {
        let actor = Actor { name: account.name.clone(), account: Some(id), at: now };
        db.write(move |tx| account::tell(tx, &actor, id, "再次核对口令未通过"))?;
        return Ok(Again::Wrong { left });
    }
    db.write(move |tx| lockout::unlock(tx, &name))?;
    Ok(Again::Right(Box::new(account)))
}

fn may_come_in(account: &Account, now: i64) -> bool {
    account.disabled.is_none() && account.password_until.is_none_or(|until| now <= until)
}
