//! Accounts in the store. Nothing here decides who may change them; the passwords given are already hashed.

use serde_json::json;

use super::{grant, policy::ONE_TIME, session, token};
use crate::{
    audit::{self, Guarded, Kind},
    db::{Row, Tx, Value},
    harmless::is_harmless,
    hex::{hex, unhex},
    ledger::secret::Keys,
    org::builtin::LEVELS,
    scope::Actor,
};

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: i64,
    /// Login name, in small letters.
    pub login: String,
    /// What it is called on pages and beside what it records.
    pub name: String,
    /// Record id of the person, if it is a cadre's.
    pub person: Option<i64>,
    /// Hash of the password; `None`: no login by password.
    pub password: Option<String>,
    /// The password was handed out and must be changed at the first login.
    pub must_change: bool,
    /// Until when (µs) a password that was handed out is good.
    pub password_until: Option<i64>,
    /// The sealed secret of the second factor.
    pub totp: Option<String>,
    /// The second factor is in use.
    pub totp_confirmed: bool,
    /// Step of the last code used.
    pub totp_step: i64,
    /// Last login (µs) and its address.
    pub last_login: Option<(i64, String)>,
    /// Since when (µs) it is disabled, and by whom.
    pub disabled: Option<(i64, String)>,
}

/// Why an account cannot be made or changed; to be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

/// An error of this kind.
pub(super) fn refused(text: impl Into<String>) -> anyhow::Error {
    Refused(text.into()).into()
}

const COLUMNS: &str = "row_id, login, name, person_id, password, must_change, password_until, totp, totp_confirmed, \
                       totp_step, last_login_at, last_login_from, disabled_at, disabled_by";

fn read(r: &Row<'_>) -> anyhow::Result<Account> {
    let owned = |i| anyhow::Ok(r.opt_text(i)?.map(str::to_owned));
    Ok(Account {
        id: r.i64(0)?,
        login: r.text(1)?.to_owned(),
        name: r.text(2)?.to_owned(),
        person: r.opt_i64(3)?,
        password: owned(4)?,
        must_change: r.i64(5)? == 1,
        password_until: r.opt_i64(6)?,
        totp: owned(7)?,
        totp_confirmed: r.i64(8)? == 1,
        totp_step: r.i64(9)?,
        last_login: r.opt_i64(10)?.zip(owned(11)?),
        disabled: r.opt_i64(12)?.zip(owned(13)?),
    })
}

/// A login name as it is kept: 3 to 32 of a–z, 0–9, `.`, `-`, `_`, in small letters.
///
/// # Errors
/// What is wrong with it, to be shown beside the field.
pub fn login_name(typed: &str) -> Result<String, Refused> {
    let name = typed.trim().to_ascii_lowercase();
    let fits = (3..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if fits {
        Ok(name)
    } else {
        Err(Refused("登录名为3至32个小写字母、数字、点、横线或下划线，以字母或数字开头。".into()))
    }
}

/// A name for pages: 1 to 40 characters without control or direction marks.
///
/// # Errors
/// What is wrong with it, to be shown beside the field.
pub fn display_name(typed: &str) -> Result<String, Refused> {
    let name = typed.trim();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Refused("姓名或名称为1至40个字。".into()));
    }
    plain_text(name).map(str::to_owned)
}

/// A text without what cannot be seen: control characters and marks that turn the direction of letters.
///
/// # Errors
/// That it holds some.
pub fn plain_text(text: &str) -> Result<&str, Refused> {
    if !text.chars().all(is_harmless) {
        return Err(Refused("含有看不见的控制字符，请删去后重新填写。".into()));
    }
    Ok(text)
}

/// Makes an account with a one-time password (hashed; `None` for an identity of the demo) and gives its number.
///
/// # Errors
/// [`Refused`] when the login name is taken; else when the store cannot be written.
pub fn create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (login, name): (&str, &str),
    person: Option<i64>,
    password: Option<&str>,
) -> anyhow::Result<i64> {
    let sql = "insert into account (login, name, person_id, password, must_change, password_until, created_at, created_by) \
               values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (login) do nothing returning row_id";
    let until = password.map(|_| actor.at + ONE_TIME);
    let values: [Value; 8] = [
        login.into(),
        name.into(),
        person.into(),
        password.into(),
        password.is_some().into(),
        until.into(),
        actor.at.into(),
        actor.name.as_str().into(),
    ];
    let id = tx.one(sql, &values, |r| r.i64(0))?;
    let id = id.ok_or_else(|| refused(format!("登录名 {login} 已有人使用，请换一个。")))?;
    tell(tx, actor, id, "建立账号")?;
    Ok(id)
}

/// Tells the audit log what became of an account.
///
/// # Errors
/// When the store cannot be read.
pub fn tell(tx: &mut Tx<'_>, actor: &Actor, id: i64, what: &str) -> anyhow::Result<()> {
    let whom = whom(tx, id)?;
    audit::guard(tx, Guarded::Account, id);
    audit::note(tx, actor, Kind::Account, json!({ "title": format!("{what}：{whom}"), "account": id }));
    Ok(())
}

/// An account in the words of the audit log: `李明（liming）`.
pub(super) fn whom(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<String> {
    Ok(get(tx, id)?.map_or_else(|| id.to_string(), |a| format!("{}（{}）", a.name, a.login)))
}

/// The account of a number.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<Option<Account>> {
    tx.one(&format!("select {COLUMNS} from account where row_id = $1"), &[id.into()], read)
}

/// The account of a login name, which is given in small letters.
///
/// # Errors
/// When the store cannot be read.
pub fn by_login(tx: &mut Tx<'_>, login: &str) -> anyhow::Result<Option<Account>> {
    tx.one(&format!("select {COLUMNS} from account where login = $1"), &[login.into()], read)
}

/// Whether there is any account.
///
/// # Errors
/// When the store cannot be read.
pub fn any(tx: &mut Tx<'_>) -> anyhow::Result<bool> {
    Ok(tx.one("select 1 from account limit 1", &[], |r| r.i64(0))?.is_some())
}

/// Accounts whose login name or name holds a text, by login name; `limit` of them after the first `skip`, and how many
/// there are in all.
///
/// # Errors
/// When the store cannot be read.
pub fn search(tx: &mut Tx<'_>, text: &str, skip: i64, limit: i64) -> anyhow::Result<(Vec<Account>, i64)> {
    let literal = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let pattern = format!("%{literal}%");
    let fits = "where lower(login) like $1 escape '\\' or lower(name) like $1 escape '\\'";
    let all = tx.one(&format!("select count(*) from account {fits}"), &[pattern.as_str().into()], |r| r.i64(0))?;
    let sql = format!("select {COLUMNS} from account {fits} order by login limit $2 offset $3");
    Ok((tx.rows(&sql, &[pattern.into(), limit.into(), skip.into()], read)?, all.unwrap_or(0)))
}

/// Sets the password its owner has chosen.
///
/// # Errors
/// When the store cannot be written.
pub fn set_password(tx: &mut Tx<'_>, actor: &Actor, id: i64, hash: &str) -> anyhow::Result<()> {
    let sql = "update account set password = $2, must_change = 0, password_until = null where row_id = $1";
    tx.execute(sql, &[id.into(), hash.into()])?;
    tell(tx, actor, id, "修改口令")
}

/// Sets a one-time password that was handed out; all sessions end. With `factor` the second factor goes too.
///
/// # Errors
/// When the store cannot be written.
pub fn reset(tx: &mut Tx<'_>, actor: &Actor, id: i64, hash: &str, factor: bool) -> anyhow::Result<()> {
    let sql = "update account set password = $2, must_change = 1, password_until = $3 where row_id = $1";
    tx.execute(sql, &[id.into(), hash.into(), (actor.at + ONE_TIME).into()])?;
    if factor {
        drop_factor(tx, actor, id)?;
    }
    session::close_all(tx, id, None, actor.at)?;
    tell(tx, actor, id, if factor { "重设口令并取消动态码" } else { "重设口令" })
}

/// Disables an account, whose sessions end, or enables it again.
///
/// # Errors
/// When the store cannot be written.
pub fn set_disabled(tx: &mut Tx<'_>, actor: &Actor, id: i64, disabled: bool) -> anyhow::Result<()> {
    let (at, by) = if disabled { (Some(actor.at), Some(actor.name.as_str())) } else { (None, None) };
    let sql = "update account set disabled_at = $2, disabled_by = $3 where row_id = $1";
    tx.execute(sql, &[id.into(), at.into(), by.into()])?;
    if disabled {
        session::close_all(tx, id, None, actor.at)?;
    }
    tell(tx, actor, id, if disabled { "停用账号" } else { "启用账号" })
}

/// Begins a second factor with a fresh secret; the one in use is lost.
///
/// # Errors
/// When the store cannot be written.
pub fn begin_factor(tx: &mut Tx<'_>, actor: &Actor, keys: &Keys, id: i64, secret: &[u8]) -> anyhow::Result<()> {
    drop_factor(tx, actor, id)?;
    let sealed = keys.seal(&hex(secret))?;
    tx.execute("update account set totp = $2 where row_id = $1", &[id.into(), sealed.into()])?;
    tell(tx, actor, id, "生成动态码密钥")
}

/// The first code was right: the second factor is in use from now on. Gives the recovery codes, to be shown once.
///
/// # Errors
/// When the store cannot be written, or the system has no randomness.
pub fn confirm_factor(tx: &mut Tx<'_>, actor: &Actor, id: i64, step: i64) -> anyhow::Result<Vec<String>> {
    let sql = "update account set totp_confirmed = 1, totp_step = $2 where row_id = $1 and totp_confirmed = 0";
    if tx.execute(sql, &[id.into(), step.into()])? == 0 {
        return Err(refused("动态码已经启用。"));
    }
    let mut codes = Vec::new();
    for _ in 0..super::policy::RECOVERY_CODES {
        // 120 bits: a plain hash is enough.
        let code = token::spelled(6)?;
        let sql = "insert into recovery_code (account_id, hash) values ($1, $2)";
        tx.execute(sql, &[id.into(), token::kept(&code).into()])?;
        codes.push(code);
    }
    tell(tx, actor, id, "启用动态码")?;
    Ok(codes)
}

/// Takes the second factor and its recovery codes away.
///
/// # Errors
/// When the store cannot be written.
pub fn drop_factor(tx: &mut Tx<'_>, actor: &Actor, id: i64) -> anyhow::Result<()> {
    let sql = "update account set totp = null, totp_confirmed = 0, totp_step = 0 where row_id = $1";
    tx.execute(sql, &[id.into()])?;
    tx.execute("delete from recovery_code where account_id = $1", &[id.into()])?;
    tell(tx, actor, id, "取消动态码")
}

/// Uses a code of the authenticator, or a recovery code; each is good once. Gives whether it was right.
///
/// # Errors
/// When the store cannot be written.
pub fn use_code(tx: &mut Tx<'_>, keys: &Keys, account: &Account, given: &str, at: i64) -> anyhow::Result<bool> {
    // As read from paper or told by phone: blanks and dashes of any kind, and small letters, do not matter.
    let given: String = crate::sheet::norm::plain(given).chars().filter(char::is_ascii_alphanumeric).collect();
    let given = given.to_uppercase();
    if let Some(secret) = factor_secret(keys, account)?
        && let Some(step) = super::totp::accept(&secret, &given, at, account.totp_step)
    {
        // The condition decides between two who bring the same code at once.
        let sql = "update account set totp_step = $2 where row_id = $1 and totp_step < $2 and totp_confirmed = 1";
        return Ok(tx.execute(sql, &[account.id.into(), step.into()])? == 1);
    }
    let code = token::grouped(&given);
    let sql = "delete from recovery_code where account_id = $1 and hash = $2";
    let used = tx.execute(sql, &[account.id.into(), token::kept(&code).into()])? == 1;
    if used {
        let actor = Actor { name: account.name.clone(), account: Some(account.id), at };
        tell(tx, &actor, account.id, "使用恢复码")?;
    }
    Ok(used)
}

/// The secret of the second factor, in use or only begun.
///
/// # Errors
/// When it was sealed with other keys.
pub fn factor_secret(keys: &Keys, account: &Account) -> anyhow::Result<Option<Vec<u8>>> {
    account.totp.as_ref().map(|sealed| Ok(unhex(&keys.open(sealed)?).unwrap_or_default())).transpose()
}

/// Encrypts the secrets of second factors that an older key encrypted with the newest; gives how many those were.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn reseal(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<u64> {
    let sql = "select row_id, totp from account where totp is not null";
    let mut changed = 0;
    for (id, sealed) in tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))? {
        // What no key opens stays as it is.
        if let Some(anew) = keys.anew(&sealed)? {
            changed += tx.execute("update account set totp = $2 where row_id = $1", &[id.into(), anew.into()])?;
            audit::guard(tx, Guarded::Account, id);
        }
    }
    Ok(changed)
}

/// How many recovery codes are left.
///
/// # Errors
/// When the store cannot be read.
pub fn codes_left(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<i64> {
    let sql = "select count(*) from recovery_code where account_id = $1";
    Ok(tx.one(sql, &[id.into()], |r| r.i64(0))?.unwrap_or(0))
}

/// Notes a login.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn note_login(tx: &mut Tx<'_>, id: i64, at: i64, address: &str) -> anyhow::Result<()> {
    let sql = "update account set last_login_at = $2, last_login_from = $3 where row_id = $1";
    tx.execute(sql, &[id.into(), at.into(), address.into()])?;
    Ok(())
}

/// What the office and its parts are called, in characters and in Pinyin: nobody's secret.
///
/// # Errors
/// When the store cannot be read.
pub fn office_names(tx: &mut Tx<'_>) -> anyhow::Result<Vec<String>> {
    let sql = "select \"name\", \"short\" from l_unit where voided_at is null and \"level\" <> $1";
    let mut names = Vec::new();
    tx.each(sql, &[LEVELS[2].into()], |r| {
        for name in [r.opt_text(0)?, r.opt_text(1)?].into_iter().flatten() {
            names.push(name.to_owned());
        }
        Ok(())
    })?;
    Ok(names)
}

/// What others may know of the owner, for [`super::password::check`]: the names of the office, login name, name, and of the
/// person phone, 身份证号 and birthday.
///
/// # Errors
/// When the store cannot be read.
pub fn own_data(tx: &mut Tx<'_>, keys: &Keys, account: &Account) -> anyhow::Result<Vec<String>> {
    let mut own = office_names(tx)?;
    own.extend([account.login.clone(), account.name.clone()]);
    if let Some(person) = account.person {
        let sql = "select \"name\", \"born\", \"phone\", \"id_number\" from l_person \
                   where record_id = $1 and voided_at is null";
        tx.each(sql, &[person.into()], |r| {
            own.extend([r.opt_text(0)?, r.opt_text(1)?].into_iter().flatten().map(str::to_owned));
            // What was sealed with lost keys cannot be compared.
            own.extend([r.opt_text(2)?, r.opt_text(3)?].into_iter().flatten().filter_map(|s| keys.open(s).ok()));
            Ok(())
        })?;
    }
    Ok(own)
}

/// Accounts that hold an administrator's role on a day or later and are not disabled, by role.
///
/// # Errors
/// When the store cannot be read.
pub fn administrators(tx: &mut Tx<'_>, day: crate::day::Day) -> anyhow::Result<Vec<super::Role>> {
    let sql = "select distinct g.role from role_grant g join account a on a.row_id = g.account_id \
               where a.disabled_at is null and g.withdrawn_at is null and (g.ends is null or g.ends >= $1)";
    let roles = tx.rows(sql, &[day.into()], |r| Ok(grant::role(r.text(0)?)))?;
    Ok(roles.into_iter().flatten().filter(|r| r.is_administrator()).collect())
}
