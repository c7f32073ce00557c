//! `dongliang serve [--listen ADDR]`: the pages; on the machine itself in the clear, for others over TLS.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use anyhow::bail;
use clap::Args;

use super::{Outcome, Place, log, misuse, open, usage};
use crate::{
    auth::{Role, account},
    installation::Installation,
    web::{self, Listen, TlsFiles},
};

/// Options of `serve`.
#[derive(Args)]
pub(super) struct Options {
    /// 在哪个地址上提供网页；本机以外的地址须有证书，或在代理之后
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR", value_parser = usage::address)]
    listen: SocketAddr,
    /// 网页的域名或地址，可写多个；用别的名称访问一律拒绝
    #[arg(long, value_name = "NAME", value_parser = usage::host)]
    host: Vec<String>,
    /// 证书文件（PEM，本机证书在前）；dongliang cert 可以生成。换了证书，发 SIGHUP 即可生效
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// 私钥文件（PEM，权限 600）
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// 前面有代理负责加密：代理的地址，只有它转来的请求才受理
    #[arg(long, value_name = "IP", value_parser = usage::ip)]
    behind_proxy: Option<IpAddr>,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let files = options.tls_cert.clone().zip(options.tls_key.clone());
    let listen = Listen {
        at: options.listen,
        hosts: options.host.clone(),
        tls: files.map(|(certificate, key)| TlsFiles { certificate, key }),
        proxy: options.behind_proxy,
    };
    check(&listen)?;
    let installation = open::installation(place)?;
    at_home(&installation, &listen)?;
    administered(&installation)?;
    serve(installation, &listen)
}

/// Refuses an address on which anybody could listen, and one that nobody could name.
pub(super) fn check(listen: &Listen) -> anyhow::Result<()> {
    if !listen.is_encrypted() && !listen.at.ip().is_loopback() {
        return Err(misuse(format!(
            "{} 不是本机地址，不加密就能被旁人读去。请用 --tls-cert 和 --tls-key 给出证书和私钥\
             （dongliang cert self-signed 可以生成），或用 --behind-proxy 写明前面负责加密的代理的地址",
            listen.at
        )));
    }
    if listen.is_encrypted() && listen.hosts.is_empty() {
        return Err(misuse("请用 --host 写明网页的域名或地址（可写多个），用别的名称访问一律拒绝"));
    }
    Ok(())
}

/// Refuses to serve the demo to other machines: there everybody is let in as anybody, without a password.
pub(super) fn at_home(installation: &Installation, listen: &Listen) -> anyhow::Result<()> {
    if installation.demo && (listen.proxy.is_some() || !listen.at.ip().is_loopback()) {
        return Err(misuse(
            "演示数据不用口令就能选择身份登录，只在本机提供：请用 --listen 127.0.0.1:端口，不写 --behind-proxy。正式使用请另建数据目录（dongliang init）",
        ));
    }
    Ok(())
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

/// Serves until told to end.
pub(super) fn serve(installation: Installation, listen: &Listen) -> anyhow::Result<Outcome> {
    log::begin();
    web::serve(installation, listen, |at| say!("已就绪：{at}  （按 Ctrl+C 停止）"))?;
    Ok(Outcome::Done)
}
