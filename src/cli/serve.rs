//! `dongliang serve [--listen ADDR]`: the pages. Without TLS it answers on loopback alone.

use std::net::SocketAddr;

use anyhow::bail;
use clap::Args;

use super::{Outcome, Place, misuse, open, usage};
use crate::{
    auth::{Role, account},
    installation::Installation,
    web,
};

/// Options of `serve`.
#[derive(Args)]
pub(super) struct Options {
    /// 在哪个地址上提供网页；没有加密，只能用本机地址
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR", value_parser = usage::address)]
    listen: SocketAddr,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    loopback(options.listen)?;
    let installation = open::installation(place)?;
    administered(&installation)?;
    serve(installation, options.listen)
}

/// Refuses any address but the machine's own.
pub(super) fn loopback(listen: SocketAddr) -> anyhow::Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    Err(misuse(format!("{listen} 不是本机地址。网页没有加密，只能在 127.0.0.1 或 [::1] 上提供网页")))
}

/// Without an account nobody could come in: says how the three administrators are made.
fn administered(installation: &Installation) -> anyhow::Result<()> {
    let day = installation.clock.now().day;
    let (any, have) = installation.db.read(|tx| Ok((account::any(tx)?, account::administrators(tx, day)?)))?;
    let missing: Vec<Role> = Role::ADMINISTRATORS.into_iter().filter(|r| !have.contains(r)).collect();
    let line = |role: &Role| format!("  dongliang user add 姓名 --login 登录名 --role {}", role.title());
    let lines: Vec<String> = missing.iter().map(line).collect();
    if !any {
        bail!(
            "还没有账号，网页不能提供。请先建立三名管理员（由三个人分别担任），再运行 dongliang serve：\n{}",
            lines.join("\n")
        );
    }
    if !missing.is_empty() {
        complain!("提醒：缺少管理员。请建立：\n{}", lines.join("\n"));
    }
    Ok(())
}

/// Serves until interrupted.
pub(super) fn serve(installation: Installation, listen: SocketAddr) -> anyhow::Result<Outcome> {
    web::serve(installation, listen, |at| say!("已就绪：http://{at}  （按 Ctrl+C 停止）"))?;
    Ok(Outcome::Done)
}
