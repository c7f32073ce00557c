//! A login that is under way. The browser keeps it in a cookie, sealed with the installation's keys: nothing is written
//! for who only begins. Coming back it is good once, which is written.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::{
    auth::{policy::SSO_ATTEMPT, token},
    db::Tx,
    ledger::secret::Keys,
};

/// What a browser that is on its way keeps.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "sso")]
pub enum Kept {
    /// It is at the provider.
    Away(Attempt),
    /// It is back, and the second factor is still to be given.
    Back(Waiting),
}

/// A login at the provider.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Attempt {
    /// Which provider.
    pub issuer: String,
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// What the provider will have had the hash of (RFC 7636).
    pub verifier: String,
    /// Where to go afterwards; empty for where the roles begin.
    pub next: String,
    /// Who is to be linked, in which session; `None` for a login.
    pub link: Option<(i64, i64)>,
    /// Good until this instant, µs.
    pub ends: i64,
}

/// A login that lacks the second factor.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct Waiting {
    /// Names it, so that it is good once.
    pub id: String,
    /// The account.
    pub account: i64,
    /// Where to go afterwards.
    pub next: String,
    /// Good until this instant, µs.
    pub ends: i64,
}

impl Attempt {
    /// A fresh one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn new(issuer: &str, next: &str, link: Option<(i64, i64)>, now: i64) -> anyhow::Result<Attempt> {
        Ok(Attempt {
            issuer: issuer.to_owned(),
            state: token::token()?,
            nonce: token::token()?,
            verifier: token::token()?,
            // A cookie is small.
            next: if next.len() <= 500 { next.to_owned() } else { String::new() },
            link,
            ends: now + SSO_ATTEMPT,
        })
    }
}

impl Attempt {
    /// Whether a state that came back is this login's, and the provider still the one it went to.
    pub fn is_of(&self, issuer: &str, state: &str) -> bool {
        self.issuer == issuer && bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

impl Kept {
    /// As the cookie has it.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub fn seal(&self, keys: &Keys) -> anyhow::Result<String> {
        keys.seal(&serde_json::to_string(self)?)
    }

    /// What a cookie holds; `None` if it is not ours, or over.
    pub fn open(keys: &Keys, cookie: &str, now: i64) -> Option<Kept> {
        let kept: Kept = serde_json::from_str(&keys.open(cookie).ok()?).ok()?;
        let ends = match &kept {
            Kept::Away(attempt) => attempt.ends,
            Kept::Back(waiting) => waiting.ends,
        };
        (now < ends).then_some(kept)
    }
}

/// Uses something up; gives whether it was still there. What is over is swept out.
///
/// # Errors
/// When the store cannot be written.
pub fn use_up(tx: &mut Tx<'_>, id: &str, ends: i64, now: i64) -> anyhow::Result<bool> {
    tx.execute("delete from sso_used where ends_at < $1", &[now.into()])?;
    let sql = "insert into sso_used (key, ends_at) values ($1, $2) on conflict (key) do nothing";
    Ok(tx.execute(sql, &[token::kept(id).into(), ends.into()])? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Db, db_test};

    #[test]
    fn a_cookie_is_ours_and_for_a_while() {
        let (keys, others) = (Keys::from_bytes([1; 32], [2; 32]), Keys::from_bytes([3; 32], [2; 32]));
        let attempt = Attempt::new("https://id.example", "/people", None, 5).unwrap();
        assert_ne!(attempt.state, attempt.nonce);
        let kept = Kept::Away(attempt);
        let cookie = kept.seal(&keys).unwrap();
        assert_eq!(Kept::open(&keys, &cookie, 6), Some(kept));
        assert!(cookie.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':') && cookie.len() < 3000);
        assert_eq!(Kept::open(&keys, &cookie, 5 + SSO_ATTEMPT), None);
        assert_eq!(Kept::open(&others, &cookie, 6), None);
        // Other things sealed with our keys are no login.
        assert_eq!(Kept::open(&keys, &keys.seal("13912345678").unwrap(), 6), None);
        assert_eq!(Attempt::new("i", &"/".repeat(501), None, 0).unwrap().next, "");
    }

    db_test!(a_login_is_used_once, |db: &Db| {
        let once = |id: &'static str, now: i64| db.write(move |tx| use_up(tx, id, 100, now)).unwrap();
        assert!(once("a", 1) && once("b", 1));
        assert!(!once("a", 2) && !once("a", 100));
        let rows = || db.read(|tx| tx.one("select count(*) from sso_used", &[], |r| r.i64(0))).unwrap().unwrap();
        assert_eq!(rows(), 2);
        once("c", 101);
        assert_eq!(rows(), 1, "what is over does not pile up");
    });
}
