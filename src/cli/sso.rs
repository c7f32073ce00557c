//! `dongliang sso`: the provider of single sign-on.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::{Outcome, Place, misuse, open};
use crate::{
    clock::Clock,
    installation::Installation,
    scope::Actor,
    sso::{
        Client, Provider, Setting,
        setting::{self, Wrong},
    },
};

/// What to do with single sign-on.
#[derive(Subcommand)]
pub(super) enum Command {
    /// 设定单点登录（OpenID Connect）
    Set(Set),
    /// 显示现在的设定，并试着连接
    Show,
    /// 停用单点登录；已有的绑定保留
    Off,
}

/// Options of `sso set`.
#[derive(Args)]
pub(super) struct Set {
    /// 统一身份系统的地址，与对方公布的 issuer 一字不差
    #[arg(long, value_name = "URL")]
    issuer: String,
    /// 本系统在对方登记的客户端编号
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// 存放客户端密码的文件，只有一行；密码加密后存入数据库
    #[arg(long, value_name = "FILE")]
    client_secret_file: PathBuf,
    /// 用户在浏览器里访问本系统的地址，如 https://gbdw.example.gov.cn
    #[arg(long, value_name = "URL")]
    address: String,
    /// 信任的根证书（PEM）；不写则用操作系统的
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// 身份信息里存放人员编号的字段；写了则编号相同的账号不必绑定
    #[arg(long, value_name = "NAME")]
    claim: Option<String>,
    /// 对方登录时已核对第二因子，本系统不再要动态码
    #[arg(long)]
    second_factor_there: bool,
}

/// Runs it.
pub(super) fn run(place: &Place, command: &Command) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let done = match command {
        Command::Set(options) => set(&installation, options),
        Command::Show => show(&installation),
        Command::Off => off(&installation),
    };
    done.map_err(|e| match e.downcast::<Wrong>() {
        Ok(wrong) => misuse(wrong.0),
        Err(other) => other,
    })
}

fn actor() -> Actor {
    Actor { name: "命令行".into(), at: Clock::Machine.now().instant, account: None }
}

fn set(installation: &Installation, options: &Set) -> anyhow::Result<Outcome> {
    if installation.demo {
        return Err(misuse("演示数据不用口令，不能设定单点登录"));
    }
    let read =
        |file: &PathBuf| std::fs::read_to_string(file).with_context(|| format!("文件 {} 读不出来", file.display()));
    let secret = read(&options.client_secret_file)?;
    let client = (options.client_id.as_str(), secret.trim_end_matches(['\r', '\n']));
    let mut setting = Setting::new(&installation.keys, &options.issuer, client, &options.address)?;
    setting.roots = options.ca.as_ref().map(read).transpose()?;
    Client::new(setting.roots.as_deref()).map_err(|e| misuse(format!("{e:#}")))?;
    if options.claim.as_ref().is_some_and(|c| c.is_empty() || c.len() > 100 || !c.bytes().all(|b| b.is_ascii_graphic()))
    {
        return Err(misuse("--claim 应为1至100个英文字符"));
    }
    setting.claim.clone_from(&options.claim);
    setting.factor = options.second_factor_there;
    let (saved, actor) = (setting.clone(), actor());
    installation.db.write(move |tx| setting::save(tx, &actor, &saved))?;
    if open_to_others(&options.client_secret_file) {
        complain!(
            "提醒：{} 其他用户也能读，密码可能已外泄。请执行 chmod 600，必要时在对方换一个密码再设定",
            options.client_secret_file.display()
        );
    }
    say!("已设定单点登录。请在对方登记回调地址：{}", setting.back());
    say!("对方要求登记退出后回到的地址的，登记：{}", setting.left());
    reach(&setting);
    Ok(Outcome::Done)
}

/// Whether other users of the machine may read the file.
#[cfg(unix)]
fn open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn open_to_others(_: &Path) -> bool {
    false
}

/// Says whether the provider can be reached; it need not be now.
fn reach(setting: &Setting) {
    match Provider::fetch(setting, 0) {
        Ok(_) => say!("已连通 {}", setting.issuer),
        Err(e) => complain!("提醒：现在连不上 {}：{e:#}", setting.issuer),
    }
}

fn show(installation: &Installation) -> anyhow::Result<Outcome> {
    let (setting, links) = installation.db.read(|tx| {
        let links = tx.one("select count(*) from sso_link", &[], |r| r.i64(0))?;
        Ok((setting::load(tx)?, links.unwrap_or(0)))
    })?;
    let Some(setting) = setting else {
        say!("没有设定单点登录");
        return Ok(Outcome::No);
    };
    say!("统一身份系统　{}", setting.issuer);
    say!("客户端编号　　{}", setting.client_id);
    say!("客户端密码　　已加密存放，不显示");
    say!("回调地址　　　{}", setting.back());
    say!("退出后回到　　{}", setting.left());
    say!("根证书　　　　{}", if setting.roots.is_some() { "专用" } else { "操作系统的" });
    say!("人员编号字段　{}", setting.claim.as_deref().unwrap_or("不用"));
    say!("第二因子　　　{}", if setting.factor { "由对方核对" } else { "在本系统核对" });
    say!("已绑定　　　　{links}个账号");
    reach(&setting);
    Ok(Outcome::Done)
}

fn off(installation: &Installation) -> anyhow::Result<Outcome> {
    let actor = actor();
    let was = installation.db.write(move |tx| setting::remove(tx, &actor))?;
    say!("{}", if was { "已停用单点登录，绑定保留" } else { "没有设定单点登录" });
    Ok(Outcome::Done)
}
