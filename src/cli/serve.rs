//! `dongliang serve [--listen ADDR]`: the pages. Without accounts it answers on loopback alone.

use std::net::SocketAddr;

use clap::Args;

use super::{Outcome, Place, misuse, open, usage};
use crate::{installation::Installation, web};

/// Options of `serve`.
#[derive(Args)]
pub(super) struct Options {
    /// 在哪个地址上提供网页；还没有账号，只能用本机地址
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR", value_parser = usage::address)]
    listen: SocketAddr,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    loopback(options.listen)?;
    serve(open::installation(place)?, options.listen)
}

/// Refuses any address but the machine's own.
pub(super) fn loopback(listen: SocketAddr) -> anyhow::Result<()> {
    if listen.ip().is_loopback() {
        return Ok(());
    }
    Err(misuse(format!("{listen} 不是本机地址。系统还没有账号，只能在 127.0.0.1 或 [::1] 上提供网页")))
}

/// Serves until interrupted.
pub(super) fn serve(installation: Installation, listen: SocketAddr) -> anyhow::Result<Outcome> {
    web::serve(installation, listen, |at| say!("已就绪：http://{at}  （按 Ctrl+C 停止）"))?;
    Ok(Outcome::Done)
}
