//! Which account a subject of the provider is. An account is linked once, by its owner or by the 安全管理员; or the claim
//! that the setting names holds the code of its person.

use super::{Refusal, Setting, identity::Identity};
use crate::{
    audit::{self, Guarded, Kind},
    auth::{
        account::{self, Account, Refused},
        grant,
    },
    db::{Tx, Value},
    scope::Actor,
};

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The provider's name of the person.
    pub subject: String,
    /// When (µs), and by whom.
    pub made: (i64, String),
}

/// The link of an account with the provider.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, issuer: &str, id: i64) -> anyhow::Result<Option<Link>> {
    let sql = "select subject, linked_at, linked_by from sso_link where issuer = $1 and account_id = $2";
    tx.one(sql, &[issuer.into(), id.into()], |r| {
        Ok(Link { subject: r.text(0)?.to_owned(), made: (r.i64(1)?, r.text(2)?.to_owned()) })
    })
}

fn of_subject(tx: &mut Tx<'_>, issuer: &str, subject: &str) -> anyhow::Result<Option<i64>> {
    let sql = "select account_id from sso_link where issuer = $1 and subject = $2";
    tx.one(sql, &[issuer.into(), subject.into()], |r| r.i64(0))
}

/// Whether an account has, or will have, an administrator's role: these come in by password alone.
///
/// # Errors
/// When the store cannot be read.
pub fn is_administrators(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<bool> {
    let grants = grant::of_account(tx, id)?;
    Ok(grants.iter().any(|g| g.withdrawn.is_none() && g.role.is_administrator()))
}

/// Links an account with a subject.
///
/// # Errors
/// [`Refused`] when either is linked already or the account is an administrator's; else when the store cannot be
/// written.
pub fn link(tx: &mut Tx<'_>, actor: &Actor, id: i64, issuer: &str, subject: &str) -> anyhow::Result<()> {
    let refused = |text: &str| anyhow::Error::from(Refused(text.to_owned()));
    // A role that is given at the same time waits, and sees it.
    tx.lock(&[id])?;
    let account = account::get(tx, id)?.filter(|a| a.disabled.is_none());
    let account = account.ok_or_else(|| refused("账号已停用，不能绑定。"))?;
    if is_administrators(tx, id)? {
        return Err(refused("系统管理员、安全管理员、审计管理员的账号不能绑定单点登录。"));
    }
    let sql = "insert into sso_link (account_id, issuer, subject, linked_at, linked_by) values ($1, $2, $3, $4, $5) \
               on conflict do nothing returning row_id";
    let values: [Value; 5] = [id.into(), issuer.into(), subject.into(), actor.at.into(), actor.name.as_str().into()];
    let Some(row) = tx.one(sql, &values, |r| r.i64(0))? else {
        return Err(refused("这个身份已与一个账号绑定，或者该账号已经绑定，请先解除。"));
    };
    audit::guard(tx, Guarded::Link, row);
    told(tx, actor, &account, "绑定", subject);
    Ok(())
}

/// Takes a link away; gives whether there was one.
///
/// # Errors
/// When the store cannot be written.
pub fn unlink(tx: &mut Tx<'_>, actor: &Actor, id: i64, issuer: &str) -> anyhow::Result<bool> {
    let Some(link) = of_account(tx, issuer, id)? else { return Ok(false) };
    let Some(account) = account::get(tx, id)? else { return Ok(false) };
    let sql = "delete from sso_link where issuer = $1 and account_id = $2 returning row_id";
    if let Some(row) = tx.one(sql, &[issuer.into(), id.into()], |r| r.i64(0))? {
        audit::guard(tx, Guarded::Link, row);
    }
    told(tx, actor, &account, "解除绑定", &link.subject);
    Ok(true)
}

fn told(tx: &mut Tx<'_>, actor: &Actor, account: &Account, what: &str, subject: &str) {
    let title = format!("单点登录{what}：{}（{}），身份 {subject}", account.name, account.login);
    audit::note(tx, actor, Kind::Grant, serde_json::json!({ "title": title }));
}

/// The account of an identity, which may come in.
///
/// # Errors
/// In the inner result, why nobody is let in; in the outer, when the store cannot be read.
pub fn account_of(tx: &mut Tx<'_>, setting: &Setting, identity: &Identity) -> anyhow::Result<Result<Account, Refusal>> {
    let linked = of_subject(tx, &identity.issuer, &identity.subject)?;
    let id = match (linked, setting.claim.as_ref().and_then(|name| identity.claim(name))) {
        (Some(id), _) => Some(id),
        (None, Some(code)) => of_code(tx, &identity.issuer, &code)?,
        (None, None) => None,
    };
    let account = match id {
        Some(id) => account::get(tx, id)?.filter(|a| a.disabled.is_none()),
        None => None,
    };
    Ok(match account {
        None => Err(Refusal::Unknown),
        Some(account) if is_administrators(tx, account.id)? => Err(Refusal::Administrator),
        Some(account) => Ok(account),
    })
}

/// The one account of the person with a code. One that is linked with another subject is that subject's alone.
fn of_code(tx: &mut Tx<'_>, issuer: &str, code: &str) -> anyhow::Result<Option<i64>> {
    let sql = "select a.row_id from account a join l_person p on p.record_id = a.person_id \
               where p.record_code = $1 and p.voided_at is null and a.disabled_at is null \
               and not exists (select 1 from sso_link k where k.account_id = a.row_id and k.issuer = $2)";
    let found = tx.rows(sql, &[code.into(), issuer.into()], |r| r.i64(0))?;
    Ok(match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    })
}
