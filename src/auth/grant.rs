//! Roles granted to accounts, and stand-ins, in the store. Every rule about who may hold what is here.

use serde_json::json;

use super::{
    Role,
    account::{self, refused},
    session,
};
use crate::{
    audit::{self, Guarded, Kind},
    day::Day,
    db::{Row, Tx, Value},
    scope::Actor,
};

/// A role given to an account, for a unit and a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its number.
    pub id: i64,
    /// The account.
    pub account: i64,
    /// The role.
    pub role: Role,
    /// Record id of the unit; `None`: the whole city.
    pub unit: Option<i64>,
    /// First day.
    pub starts: Day,
    /// Last day, if it has one.
    pub ends: Option<Day>,
    /// When (µs) and by whom it was given.
    pub granted: (i64, String),
    /// When (µs) and by whom it was withdrawn.
    pub withdrawn: Option<(i64, String)>,
}

impl Grant {
    /// It holds on that day, but for the post that it may hang on.
    pub fn holds(&self, day: Day) -> bool {
        self.withdrawn.is_none() && self.starts <= day && self.ends.is_none_or(|e| day <= e)
    }
}

/// What is to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The role.
    pub role: Role,
    /// Record id of the unit; `None`: the whole city.
    pub unit: Option<i64>,
    /// First day.
    pub starts: Day,
    /// Last day, if it has one.
    pub ends: Option<Day>,
}

const COLUMNS: &str =
    "row_id, account_id, role, unit_id, starts, ends, granted_at, granted_by, withdrawn_at, withdrawn_by";

/// The role of a stored text. One that this program does not know gives nothing.
pub(super) fn role(text: &str) -> Option<Role> {
    Role::parse(text)
}

fn read(r: &Row<'_>) -> anyhow::Result<Option<Grant>> {
    let Some(role) = role(r.text(2)?) else { return Ok(None) };
    let day = |text: &str| Day::parse(text).unwrap_or(Day::MAX);
    Ok(Some(Grant {
        id: r.i64(0)?,
        account: r.i64(1)?,
        role,
        unit: r.opt_i64(3)?,
        starts: day(r.text(4)?),
        ends: r.opt_text(5)?.map(day),
        granted: (r.i64(6)?, r.text(7)?.to_owned()),
        withdrawn: r.opt_i64(8)?.zip(r.opt_text(9)?.map(str::to_owned)),
    }))
}

/// All grants of an account, those that hold first, then the latest.
///
/// # Errors
/// When the store cannot be read.
pub fn of_account(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<Grant>> {
    let sql = format!(
        "select {COLUMNS} from role_grant where account_id = $1 order by withdrawn_at nulls first, row_id desc"
    );
    Ok(tx.rows(&sql, &[account.into()], read)?.into_iter().flatten().collect())
}

/// Gives a role. The account's sessions end, so that the next one has the new rights under a new token.
///
/// # Errors
/// [`account::Refused`] when the account may not have it; else when the store cannot be written.
pub fn give(tx: &mut Tx<'_>, actor: &Actor, account: i64, wanted: Wanted) -> anyhow::Result<i64> {
    // Two grants at once must see each other: 系统管理员 and 安全管理员 on one account would both pass otherwise.
    tx.lock(&[account])?;
    let Wanted { role, unit, starts, ends } = wanted;
    let owner = account::get(tx, account)?.filter(|a| a.disabled.is_none());
    let owner = owner.ok_or_else(|| refused("账号已停用，不能授予角色。"))?;
    if ends.is_some_and(|e| e < starts) {
        return Err(refused(format!("止日应不早于起日{}。", starts.chinese())));
    }
    if role.needs_unit() && unit.is_none() {
        return Err(refused(format!("{}须指明单位。", role.title())));
    }
    if !role.takes_unit() && unit.is_some() {
        return Err(refused(format!("{}不分单位，请不要填写单位。", role.title())));
    }
    let open: Vec<Grant> = of_account(tx, account)?
        .into_iter()
        .filter(|g| g.withdrawn.is_none() && g.ends.is_none_or(|e| starts <= e))
        .collect();
    if let Some(other) = open.iter().find(|g| g.role != role && (g.role.is_administrator() || role.is_administrator()))
    {
        return Err(refused(format!(
            "该账号已有角色“{}”。系统管理员、安全管理员、审计管理员各用专门的账号，不能与其他角色同在一个账号上。",
            other.role.title()
        )));
    }
    let overlaps = |g: &&Grant| g.role == role && g.unit == unit && ends.is_none_or(|e| g.starts <= e);
    if let Some(same) = open.iter().find(overlaps) {
        return Err(refused(format!("该账号从{}起已有这个角色，不必重复授予。", same.starts.chinese())));
    }
    if role.needs_person() && owner.person.is_none() {
        return Err(refused(format!("{}随任职终止，须授予花名册上的人：请在建立账号时填写人员。", role.title())));
    }
    if let Some(person) = owner.person {
        one_person(tx, account, person, role, starts)?;
    }
    let sql = "insert into role_grant (account_id, role, unit_id, starts, ends, granted_at, granted_by) \
               values ($1, $2, $3, $4, $5, $6, $7) returning row_id";
    let values: [Value; 7] = [
        account.into(),
        role.title().into(),
        unit.into(),
        starts.into(),
        ends.into(),
        actor.at.into(),
        actor.name.as_str().into(),
    ];
    let id = tx.one(sql, &values, |r| r.i64(0))?.unwrap_or_default();
    session::close_all(tx, account, None, actor.at)?;
    tell(tx, actor, "授予", id)?;
    Ok(id)
}

/// Keys of persons whose accounts are given roles begin here (PostgreSQL).
const PERSONS: i64 = 0x7065 << 48;

/// The three administrators are three persons: whoever is one has no other role on another account, disabled ones included.
fn one_person(tx: &mut Tx<'_>, account: i64, person: i64, role: Role, from: Day) -> anyhow::Result<()> {
    tx.lock(&[PERSONS ^ person])?;
    for (login, other) in roles_of(tx, person, account, from)? {
        if role.is_administrator() || other.is_administrator() {
            return Err(refused(format!(
                "此人的另一个账号 {login} 有角色“{}”。系统管理员、安全管理员、审计管理员由三个人分别担任，不兼其他角色：\
                 请先收回那个角色，或改由别人担任。",
                other.title()
            )));
        }
    }
    Ok(())
}

/// Roles that a person holds on a day or later on accounts besides one: login name and role.
fn roles_of(tx: &mut Tx<'_>, person: i64, besides: i64, from: Day) -> anyhow::Result<Vec<(String, Role)>> {
    let sql = "select a.login, g.role from account a join role_grant g on g.account_id = a.row_id where a.person_id = $1 \
               and a.row_id <> $2 and g.withdrawn_at is null and (g.ends is null or g.ends >= $3) order by g.row_id";
    let read = |r: &Row<'_>| Ok(Some(r.text(0)?.to_owned()).zip(role(r.text(1)?)));
    Ok(tx.rows(sql, &[person.into(), besides.into(), from.into()], read)?.into_iter().flatten().collect())
}

/// Login names of other accounts that are called the same, where this one or that one is an administrator's: who gives
/// roles has to see whether they are one person, which nobody else can.
///
/// # Errors
/// When the store cannot be read.
pub fn namesakes(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<String>> {
    let [system, security, audit] = Role::ADMINISTRATORS.map(Role::title);
    let sql = "select b.login from account a join account b on b.name = a.name and b.row_id <> a.row_id \
               where a.row_id = $1 and b.disabled_at is null and exists (select 1 from role_grant g \
               where g.account_id in (a.row_id, b.row_id) and g.withdrawn_at is null and g.role in ($2, $3, $4)) \
               order by b.login";
    tx.rows(sql, &[account.into(), system.into(), security.into(), audit.into()], |r| Ok(r.text(0)?.to_owned()))
}

/// What is said of [`namesakes`].
pub fn namesakes_words(logins: &[String]) -> String {
    format!(
        "另有同名账号{}。如是同一人，不能这样分：系统管理员、安全管理员、审计管理员由三个人分别担任，不兼其他角色。",
        logins.join("、")
    )
}

/// Tells the audit log of a role that was given or withdrawn.
fn tell(tx: &mut Tx<'_>, actor: &Actor, what: &str, id: i64) -> anyhow::Result<()> {
    let found = tx.one(&format!("select {COLUMNS} from role_grant where row_id = $1"), &[id.into()], read)?.flatten();
    let Some(of) = found else { return Ok(()) };
    audit::guard(tx, Guarded::Grant, id);
    let whom = account::whom(tx, of.account)?;
    let until = of.ends.map_or_else(String::new, |day| format!("至{}", day.chinese()));
    let title = format!("{what}{}：{whom}，{}起{until}", of.role.title(), of.starts.chinese());
    let told = json!({ "title": title, "account": of.account, "role": of.role.title(), "unit": of.unit, "grant": id });
    audit::note(tx, actor, Kind::Grant, told);
    Ok(())
}

/// Withdraws a grant of an account; its sessions end.
///
/// # Errors
/// [`account::Refused`] when it was withdrawn already; else when the store cannot be written.
pub fn withdraw(tx: &mut Tx<'_>, actor: &Actor, account: i64, id: i64) -> anyhow::Result<()> {
    let sql = "update role_grant set withdrawn_at = $3, withdrawn_by = $4 \
               where row_id = $1 and account_id = $2 and withdrawn_at is null";
    let values = [id.into(), account.into(), actor.at.into(), actor.name.as_str().into()];
    if tx.execute(sql, &values)? == 0 {
        return Err(refused("这个角色已经收回。"));
    }
    session::close_all(tx, account, None, actor.at)?;
    tell(tx, actor, "收回", id)
}

/// 代理: one account acts in the place of another for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandIn {
    /// Its number.
    pub id: i64,
    /// Who is away: number and name of the account.
    pub from: (i64, String),
    /// Who acts instead.
    pub to: (i64, String),
    /// First day.
    pub starts: Day,
    /// Last day.
    pub ends: Day,
    /// Why.
    pub reason: String,
    /// When (µs) it was withdrawn.
    pub withdrawn: Option<i64>,
}

/// The longest time for a stand-in, in days.
const LONGEST: i32 = 183;

/// Names a stand-in, who gets the roles of `from` for a time, but for those that cannot be handed on.
///
/// # Errors
/// [`account::Refused`] when that may not be; else when the store cannot be written.
pub fn name_stand_in(
    tx: &mut Tx<'_>,
    actor: &Actor,
    (from, to): (i64, &str),
    (starts, ends): (Day, Day),
    reason: &str,
    today: Day,
) -> anyhow::Result<()> {
    tx.lock(&[from])?;
    // The same answer for a name that nobody has and for one that cannot stand in.
    let nobody = || refused("没有可以代理的账号用这个登录名，请核对。");
    let other = account::by_login(tx, to)?.filter(|a| a.disabled.is_none()).ok_or_else(nobody)?;
    let theirs = of_account(tx, other.id)?;
    if theirs.iter().any(|g| g.withdrawn.is_none() && g.role.is_administrator()) {
        return Err(nobody());
    }
    if other.id == from {
        return Err(refused("不能由自己代理自己。"));
    }
    if let Some(person) = other.person
        && roles_of(tx, person, other.id, starts)?.iter().any(|(_, role)| role.is_administrator())
    {
        return Err(nobody());
    }
    if ends < starts {
        return Err(refused(format!("止日应不早于起日{}。", starts.chinese())));
    }
    if ends.0 - starts.0 > LONGEST {
        return Err(refused("代理最长半年，请缩短期限。"));
    }
    if !of_account(tx, from)?.iter().any(|g| g.withdrawn.is_none() && g.role.can_be_stood_in_for()) {
        return Err(refused("本账号没有可以由人代理的角色。"));
    }
    let twice = stand_ins_of(tx, from)?.into_iter().any(|s| {
        s.withdrawn.is_none() && s.from.0 == from && s.to.0 == other.id && s.starts <= ends && starts <= s.ends
    });
    if twice {
        return Err(refused(format!("这段时间里已经由{}代理。", other.name)));
    }
    let sql = "insert into stand_in (from_account, to_account, starts, ends, reason, created_at) \
               values ($1, $2, $3, $4, $5, $6) returning row_id";
    let values = [from.into(), other.id.into(), starts.into(), ends.into(), reason.into(), actor.at.into()];
    let id = tx.one(sql, &values, |r| r.i64(0))?.unwrap_or_default();
    audit::guard(tx, Guarded::StandIn, id);
    // Whoever acts instead from today on has other rights: under a new token, as with a role that is given.
    if starts <= today {
        session::close_all(tx, other.id, None, actor.at)?;
    }
    let title = format!("请{}（{to}）代理，{}至{}", other.name, starts.chinese(), ends.chinese());
    audit::note(tx, actor, Kind::Grant, json!({ "title": title, "account": other.id, "reason": reason }));
    Ok(())
}

/// Withdraws a stand-in that the account has named; gives whether there was one.
///
/// # Errors
/// When the store cannot be written.
pub fn withdraw_stand_in(tx: &mut Tx<'_>, actor: &Actor, from: i64, id: i64) -> anyhow::Result<bool> {
    let sql = "update stand_in set withdrawn_at = $3 where row_id = $1 and from_account = $2 and withdrawn_at is null \
               returning to_account";
    let Some(to) = tx.one(sql, &[id.into(), from.into(), actor.at.into()], |r| r.i64(0))? else { return Ok(false) };
    audit::guard(tx, Guarded::StandIn, id);
    session::close_all(tx, to, None, actor.at)?;
    let title = format!("收回代理：{}", account::whom(tx, to)?);
    audit::note(tx, actor, Kind::Grant, json!({ "title": title, "account": to }));
    Ok(true)
}

/// Stand-ins that an account has named or is, the latest first.
///
/// # Errors
/// When the store cannot be read.
pub fn stand_ins_of(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<Vec<StandIn>> {
    let sql = "select s.row_id, s.from_account, f.name, s.to_account, t.name, s.starts, s.ends, s.reason, s.withdrawn_at \
               from stand_in s join account f on f.row_id = s.from_account join account t on t.row_id = s.to_account \
               where s.from_account = $1 or s.to_account = $1 order by s.row_id desc";
    let day = |text: &str| Day::parse(text).unwrap_or(Day::MAX);
    tx.rows(sql, &[account.into()], |r| {
        Ok(StandIn {
            id: r.i64(0)?,
            from: (r.i64(1)?, r.text(2)?.to_owned()),
            to: (r.i64(3)?, r.text(4)?.to_owned()),
            starts: day(r.text(5)?),
            ends: day(r.text(6)?),
            reason: r.text(7)?.to_owned(),
            withdrawn: r.opt_i64(8)?,
        })
    })
}
