//! A form is taken once, however often it is sent: by its key, and by a digest of what it said.

use crate::{db::Tx, ledger::Keys};

/// How long (µs) it is known that a form was sent.
const KNOWN: i64 = 48 * 3_600 * 1_000_000;

/// A form as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its own key: another one for each form that is opened.
    pub key: String,
    /// Keyed digest of what it says.
    digest: String,
}

impl Form {
    /// A form with a key that says this.
    pub fn new<'a>(keys: &Keys, key: String, said: impl IntoIterator<Item = (&'a str, &'a str)>) -> Form {
        let said: Vec<(&str, &str)> = said.into_iter().collect();
        Form { key, digest: keys.digest("once", &serde_json::json!(said).to_string()) }
    }
}

/// The form was sent before, and said something else.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("这张表单已用过，请重新打开")]
pub struct Used;

/// What a form that was sent before led to; `None` where it was not.
///
/// # Errors
/// [`Used`]; else when the store cannot be read.
pub fn sent(tx: &mut Tx<'_>, form: &Form, account: i64) -> anyhow::Result<Option<i64>> {
    let sql = "select record_id, digest, account_id from once where key = $1";
    let known = tx.one(sql, &[form.key.as_str().into()], |r| Ok((r.i64(0)?, r.text(1)? == form.digest, r.i64(2)?)))?;
    match known {
        None => Ok(None),
        Some((record, true, of)) if of == account => Ok(Some(record)),
        Some(_) => Err(Used.into()),
    }
}

/// Takes a form of an account about something (a ledger, say): `None` the first time, then what it led to. Who sends it a
/// second time at the same moment waits here.
///
/// # Errors
/// [`Used`]; else when the store cannot be written.
pub fn take(tx: &mut Tx<'_>, form: &Form, account: i64, about: &str, now: i64) -> anyhow::Result<Option<i64>> {
    tx.execute("delete from once where at < $1", &[(now - KNOWN).into()])?;
    let sql = "insert into once (key, account_id, ledger, record_id, told, at, digest) values ($1, $2, $3, 0, '{}', $4, $5) \
               on conflict (key) do nothing";
    let (key, digest) = (form.key.as_str().into(), form.digest.as_str().into());
    if tx.execute(sql, &[key, account.into(), about.into(), now.into(), digest])? == 1 {
        return Ok(None);
    }
    sent(tx, form, account)
}

/// Notes what a form has led to.
///
/// # Errors
/// When the store cannot be written.
pub fn led(tx: &mut Tx<'_>, form: &Form, record: i64, told: &str) -> anyhow::Result<()> {
    let sql = "update once set record_id = $2, told = $3 where key = $1";
    tx.execute(sql, &[form.key.as_str().into(), record.into(), told.into()]).map(|_| ())
}
