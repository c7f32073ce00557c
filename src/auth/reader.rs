//! Who asks: found once a request, from the token of the session.

use super::{
    Permission, Role,
    factor::{self, Policy},
    grant,
    policy::IDLE,
    scope::{Organisation, scope_of_held},
    session::{self, Session},
    token,
};
use crate::{day::Day, db::Tx, installation::Current, scope::Scope};

/// A role that is held now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: Role,
    /// Record id of the unit; `None`: the whole city, or no unit at all.
    pub unit: Option<i64>,
    /// In whose place, for a stand-in.
    pub instead_of: Option<String>,
}

/// What must be done before anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// The password was handed out and has to be changed.
    Password,
    /// The roles need a second factor, and there is none yet.
    Factor,
}

/// A logged-in reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Number of the account.
    pub account: i64,
    /// Login name.
    pub login: String,
    /// What it is called, on pages and beside what it records.
    pub name: String,
    /// Record id of the person, if the account is a cadre's.
    pub person: Option<i64>,
    /// Roles held today, stand-ins included.
    pub held: Vec<Held>,
    /// The session.
    pub session: Session,
    /// What must be done first.
    pub pending: Option<Pending>,
}

impl Reader {
    /// Whether a role held today has the permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.pending.is_none() && self.held.iter().any(|h| permission.of(h.role))
    }

    /// Whether a role is held today.
    pub fn has(&self, role: Role) -> bool {
        self.held.iter().any(|h| h.role == role)
    }
}

/// The reader of a session's token; `None` when there is no such session, or it has ended.
///
/// `day` decides which grants hold, `now` (µs) whether the session is alive.
///
/// # Errors
/// When the store cannot be read.
pub fn reader(
    tx: &mut Tx<'_>,
    token: &str,
    organisation: Option<&Organisation<'_>>,
    day: Day,
    now: i64,
) -> anyhow::Result<Option<Reader>> {
    let sql = format!(
        "select {}, a.login, a.name, a.person_id, a.must_change, a.totp_confirmed, s.sso, \
         (select value from meta where key = $4) from session s join account a on a.row_id = s.account_id \
         where s.token = $1 and {} and a.disabled_at is null",
        session::COLUMNS,
        session::ALIVE
    );
    let found =
        tx.one(&sql, &[token::kept(token).into(), now.into(), (now - IDLE).into(), factor::KEY.into()], |r| {
            let session = session::read(r)?;
            let reader = Reader {
                account: session.account,
                login: r.text(8)?.to_owned(),
                name: r.text(9)?.to_owned(),
                person: r.opt_i64(10)?,
                held: Vec::new(),
                session,
                pending: None,
            };
            // Whoever was let in by the provider did not use the password that was handed out.
            let by_provider = r.i64(13)?;
            let policy = Policy::parse(r.opt_text(14)?)?;
            Ok((reader, r.i64(11)? == 1 && by_provider == 0, r.i64(12)? == 1 || by_provider == 2, policy))
        })?;
    let Some((mut reader, must_change, factor, policy)) = found else { return Ok(None) };
    reader.held = held(tx, reader.account, organisation, day)?;
    // An identity of the demo has neither password nor authenticator.
    if !reader.session.demo {
        let needs_factor = reader.held.iter().any(|h| policy.needs(h.role));
        reader.pending = match (must_change, needs_factor && !factor) {
            (true, _) => Some(Pending::Password),
            (false, true) => Some(Pending::Factor),
            (false, false) => None,
        };
    }
    Ok(Some(reader))
}

/// What an account may do with a permission today, or with none in particular what it may see, while nobody is logged in: for
/// work that goes on behind the pages. `None` if the account is disabled or has no role with it.
///
/// # Errors
/// When the store cannot be read.
pub fn scope_of_account(
    tx: &mut Tx<'_>,
    account: i64,
    current: &Current,
    day: Day,
    permission: Option<Permission>,
) -> anyhow::Result<Option<Scope>> {
    let Some(organisation) = Organisation::of(current, day) else { return Ok(None) };
    let sql = "select person_id from account where row_id = $1 and disabled_at is null";
    let Some(person) = tx.one(sql, &[account.into()], |r| r.opt_i64(0))? else { return Ok(None) };
    let mut held = held(tx, account, Some(&organisation), day)?;
    held.retain(|h| permission.is_none_or(|p| p.of(h.role)));
    Ok((!held.is_empty()).then(|| scope_of_held(&held, person, &organisation)))
}

/// The unit for which an account acts with a permission; 0 for the whole city.
///
/// # Errors
/// When the store cannot be read.
pub fn home(tx: &mut Tx<'_>, account: i64, current: &Current, day: Day, permission: Permission) -> anyhow::Result<i64> {
    let held = held(tx, account, Organisation::of(current, day).as_ref(), day)?;
    let units = held.iter().filter(|h| permission.of(h.role)).map(|h| h.unit.unwrap_or(0));
    Ok(units.min().unwrap_or(0))
}

/// The roles an account holds on a day: its own, and those of whom it stands in for. A grant of a person ends with the
/// post that it hangs on, whether or not somebody withdraws it.
///
/// # Errors
/// When the store cannot be read.
pub fn held(
    tx: &mut Tx<'_>,
    account: i64,
    organisation: Option<&Organisation<'_>>,
    day: Day,
) -> anyhow::Result<Vec<Held>> {
    let sql = "select g.role, g.unit_id, a.person_id, cast(null as text), g.starts from role_grant g \
               join account a on a.row_id = g.account_id \
               where g.account_id = $1 and g.withdrawn_at is null and g.starts <= $2 and (g.ends is null or g.ends >= $2) \
               union all \
               select g.role, g.unit_id, a.person_id, a.name, g.starts from stand_in s \
               join account a on a.row_id = s.from_account join role_grant g on g.account_id = a.row_id \
               where s.to_account = $1 and s.withdrawn_at is null and s.starts <= $2 and s.ends >= $2 \
               and a.disabled_at is null and g.withdrawn_at is null and g.starts <= $2 \
               and (g.ends is null or g.ends >= $2)";
    let rows = tx.rows(sql, &[account.into(), day.into()], |r| {
        let held = grant::role(r.text(0)?).map(|role| (role, r.opt_i64(1)));
        let Some((role, unit)) = held else { return Ok(None) };
        let instead_of = r.opt_text(3)?.map(str::to_owned);
        let since = Day::parse(r.text(4)?).unwrap_or(day);
        Ok(Some((Held { role, unit: unit?, instead_of }, r.opt_i64(2)?, since)))
    })?;
    let handed_on = |h: &Held| h.instead_of.is_none() || h.role.can_be_stood_in_for();
    let in_post = |h: &Held, person: Option<i64>, since: Day| match (person, organisation) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(person), Some(organisation)) => organisation.has_post(person, h.unit, since),
    };
    let held = rows.into_iter().flatten().filter(|(h, person, since)| handed_on(h) && in_post(h, *person, *since));
    let mut held: Vec<Held> = held.map(|(h, ..)| h).collect();
    if held.iter().any(|h| h.role.is_administrator()) {
        held.retain(|h| h.instead_of.is_none());
    }
    Ok(held)
}
