//! The server: one installation, its background work, and the router on a loopback address.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::Context as _;
use tokio::net::TcpListener;

use super::{people::Kept, router};
use crate::{feedback::Pace, installation::Installation, jobs, ledger::Memo};

/// What every handler has.
#[derive(Clone)]
pub(super) struct App {
    /// The installation.
    pub(super) installation: Installation,
    /// Counts of its lists.
    pub(super) memo: Arc<Memo>,
    /// Where its persons are.
    pub(super) people: Arc<Kept>,
    /// How much each session has said about the program.
    pub(super) feedback: Arc<Pace>,
    /// How it is reached.
    pub(super) transport: Transport,
}

/// How the pages are reached: it decides the names and marks of cookies, and which hosts are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In the clear, on loopback alone.
    Loopback,
    /// Over TLS, here or at a trusted proxy before us.
    Tls,
}

impl App {
    /// Over an installation, with nothing counted yet.
    pub(super) fn new(installation: Installation, transport: Transport) -> App {
        App { installation, memo: Arc::default(), people: Arc::default(), feedback: Arc::default(), transport }
    }
}

/// Serves the pages until interrupted; `ready` is told the address once it listens.
///
/// # Errors
/// When the address is taken, or the server cannot start.
pub fn serve(installation: Installation, listen: SocketAddr, ready: impl FnOnce(SocketAddr)) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let worker = {
        let (installation, stop) = (installation.clone(), Arc::clone(&stop));
        std::thread::spawn(move || jobs::keep_working(&installation, &stop))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("地址 {listen} 用不了，可能已被占用；请用 --listen 换一个"))?;
        ready(listener.local_addr()?);
        let pages = router::router(App::new(installation, Transport::Loopback));
        // Waits are counted by address, and a session tells where it is used from.
        axum::serve(listener, pages.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async {
                let _ = tokio::signal::ctrl_c().await;
            })
            .await
            .context("网页服务中断")
    });
    stop.store(true, Ordering::Relaxed);
    let _ = worker.join();
    served
}
