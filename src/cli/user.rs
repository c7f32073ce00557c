//! `dongliang user`: the first administrators, and what only the machine's owner can mend.

use std::io::IsTerminal as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::{Outcome, Place, misuse, open};
use crate::{
    auth::{
        Role,
        account::{self, Account, Refused},
        grant::{self, Wanted},
        lockout, password,
    },
    clock::{Clock, chinese},
    db::Tx,
    installation::Installation,
    scope::Actor,
};

/// What to do with accounts.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 新建账号；三类管理员在没有人担任时才能从这里建立
    Add(Add),
    /// 列出账号
    List,
    /// 解除因多次输错而暂停的登录
    Unlock(Login),
    /// 重设一次性口令，并取消动态码（口令和动态码都丢失时用）
    Reset(Login),
}

/// Options of `user add`.
#[derive(Args)]
pub(super) struct Add {
    /// 姓名或名称
    name: String,
    /// 登录名
    #[arg(long)]
    login: String,
    /// 角色，如 系统管理员、安全管理员、审计管理员
    #[arg(long)]
    role: String,
    /// 人员编号
    #[arg(long, value_name = "CODE")]
    person: Option<String>,
    /// 单位编号
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// 自己输入口令（两遍，不显示）；不写则生成一个，只显示一次
    #[arg(long)]
    ask_password: bool,
}

/// A login name.
#[derive(Args)]
pub(super) struct Login {
    /// 登录名
    login: String,
}

/// Who the command line is, in what it records.
const ACTOR: &str = "命令行";

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let done = match command {
        Command::Add(options) => add(&installation, options),
        Command::List => list(&installation),
        Command::Unlock(Login { login }) => unlock(&installation, login),
        Command::Reset(Login { login }) => reset(&installation, login),
    };
    done.map_err(|e| match e.downcast::<Refused>() {
        Ok(refused) => misuse(refused.0),
        Err(other) => other,
    })
}

fn actor() -> Actor {
    Actor { account: None, name: ACTOR.into(), at: Clock::Machine.now().instant }
}

fn add(installation: &Installation, options: &Add) -> anyhow::Result<Outcome> {
    let role = Role::parse(&options.role).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|r| r.title()).collect();
        misuse(format!("没有角色“{}”，应为：{}", options.role, known.join("、")))
    })?;
    let (login, name) = (account::login_name(&options.login)?, account::display_name(&options.name)?);
    let day = installation.clock.now().day;
    let (person, unit) = installation.db.read(|tx| {
        let held = account::administrators(tx, day)?;
        let taken = held.contains(&role);
        if !role.is_administrator() && held.contains(&Role::Security) {
            return Err(misuse(
                "已有安全管理员：业务角色由安全管理员在网页“账号与角色”里授予，命令行只补建还没有人担任的系统管理员、安全管理员、审计管理员",
            ));
        }
        if role.is_administrator() && taken {
            return Err(misuse(format!("已有{}。再增加的，请由安全管理员在“账号与角色”里办理", role.title())));
        }
        Ok((code(tx, "person", options.person.as_deref())?, code(tx, "unit", options.unit.as_deref())?))
    })?;
    let chosen = if options.ask_password { Some(typed(installation, &login, &name)?) } else { None };
    let shown = if chosen.is_some() { None } else { Some(password::one_time()?) };
    let hash = password::hash(chosen.as_ref().or(shown.as_ref()).map_or("", String::as_str))?;
    let (actor, l) = (actor(), login.clone());
    let namesakes = installation.db.write(move |tx| {
        let id = account::create(tx, &actor, (&l, &name), person, Some(&hash))?;
        grant::give(tx, &actor, id, Wanted { role, unit, starts: day, ends: None })?;
        account::tell(tx, &actor, id, &format!("建立账号，授予{}", role.title()))?;
        grant::namesakes(tx, id)
    })?;
    say!("已建立账号 {login}（{}）", role.title());
    if !namesakes.is_empty() {
        say!("请核对：{}", grant::namesakes_words(&namesakes));
    }
    tell(shown.as_deref());
    Ok(Outcome::Done)
}

/// A password that was made is shown here and nowhere else.
fn tell(shown: Option<&str>) {
    if let Some(password) = shown {
        say!("一次性口令（只显示这一次）：{password}");
    }
    say!("七天内有效，首次登录必须修改");
}

/// The record id of a code.
fn code(tx: &mut Tx<'_>, ledger: &str, code: Option<&str>) -> anyhow::Result<Option<i64>> {
    let Some(code) = code else { return Ok(None) };
    let sql = format!("select record_id from l_{ledger} where record_code = $1 and voided_at is null");
    let title = if ledger == "unit" { "单位" } else { "人员" };
    let found = tx.one(&sql, &[code.into()], |r| r.i64(0))?;
    Ok(Some(found.ok_or_else(|| misuse(format!("没有编号为 {code} 的{title}")))?))
}

/// A password typed twice without being shown.
fn typed(installation: &Installation, login: &str, name: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!("这里不是终端，不能输入口令。请去掉 --ask-password，由系统生成一个");
    }
    let first = rpassword::prompt_password("口令：").context("读不到口令")?;
    let mut own = installation.db.read(account::office_names)?;
    own.extend([login.to_owned(), name.to_owned()]);
    password::check(&first, &own).map_err(misuse)?;
    if rpassword::prompt_password("再输一遍：").context("读不到口令")? != first {
        return Err(misuse("两遍输入的口令不一样，账号没有建立"));
    }
    Ok(first)
}

fn list(installation: &Installation) -> anyhow::Result<Outcome> {
    let day = installation.clock.now().day;
    installation.db.read(|tx| {
        let (accounts, all) = account::search(tx, "", 0, i64::MAX)?;
        for a in accounts {
            let grants = grant::of_account(tx, a.id)?;
            let roles: Vec<&str> = grants.iter().filter(|g| g.holds(day)).map(|g| g.role.title()).collect();
            say!("{:16} {}　{}{}", a.login, a.name, roles.join("、"), state(&a));
        }
        say!("共 {all} 个账号");
        Ok(Outcome::Done)
    })
}

fn state(account: &Account) -> String {
    let factor = if account.totp_confirmed { "　动态码已启用" } else { "" };
    let last =
        account.last_login.as_ref().map_or("　未登录过".into(), |(at, _)| format!("　上次登录{}", chinese(*at)));
    let disabled = if account.disabled.is_some() { "　已停用" } else { "" };
    format!("{factor}{last}{disabled}")
}

fn known(installation: &Installation, login: &str) -> anyhow::Result<Account> {
    let login = login.trim().to_lowercase();
    let found = installation.db.read(|tx| account::by_login(tx, &login))?;
    found.ok_or_else(|| misuse(format!("没有登录名为 {login} 的账号")))
}

fn unlock(installation: &Installation, login: &str) -> anyhow::Result<Outcome> {
    let account = known(installation, login)?;
    let (login, l, actor) = (account.login.clone(), account.login, actor());
    let had = installation.db.write(move |tx| {
        account::tell(tx, &actor, account.id, "解除登录暂停")?;
        lockout::unlock(tx, &lockout::Against::Name(l))
    })?;
    say!("{}", if had { format!("{login} 现在可以登录") } else { format!("{login} 没有被暂停登录") });
    Ok(Outcome::Done)
}

fn reset(installation: &Installation, login: &str) -> anyhow::Result<Outcome> {
    let account = known(installation, login)?;
    if installation.demo {
        return Err(misuse("演示身份没有口令"));
    }
    let shown = password::one_time()?;
    let (hash, actor) = (password::hash(&shown)?, actor());
    let login = account.login.clone();
    installation.db.write(move |tx| {
        account::reset(tx, &actor, account.id, &hash, true)?;
        lockout::unlock(tx, &lockout::Against::Name(account.login))
    })?;
    say!("已重设 {login} 的口令，动态码须重新启用");
    tell(Some(&shown));
    Ok(Outcome::Done)
}
