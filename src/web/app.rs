//! The server: one installation, its background work, and the router on an address.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{
    exams,
    listen::{self, Listen},
    people::Kept,
    router, upload,
};
use crate::{
    attach, feedback::Pace, form::directory, installation::Installation, intake::held, jobs, ledger::Memo,
    search::Titles,
};

/// What every handler has.
#[derive(Clone)]
pub(super) struct App {
    /// The installation.
    pub(super) installation: Installation,
    /// Counts of its lists.
    pub(super) memo: Arc<Memo>,
    /// Where its persons are.
    pub(super) people: Arc<Kept>,
    /// Its persons and units as pickers search them.
    pub(super) directory: Arc<directory::Kept>,
    /// Names of its records, for 搜索.
    pub(super) titles: Arc<Titles>,
    /// How much each session has said about the program.
    pub(super) feedback: Arc<Pace>,
    /// Published tests as they are answered.
    pub(super) sat: Arc<exams::Kept>,
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
        App {
            installation,
            memo: Arc::default(),
            people: Arc::default(),
            directory: Arc::default(),
            titles: Arc::default(),
            feedback: Arc::default(),
            sat: Arc::default(),
            transport,
        }
    }
}

/// Serves the pages until told to end; `ready` is told the address to type once it listens.
///
/// # Errors
/// When the address is taken, the certificate cannot be used, or the server cannot start.
pub fn serve(installation: Installation, at: &Listen, ready: impl FnOnce(&str)) -> anyhow::Result<()> {
    if let Some(data) = &installation.directory {
        // What is left over from before is no reason to serve nobody.
        let attached = attach::sweep(&installation).map(|_| ());
        for swept in [upload::sweep(data).map_err(Into::into), held::sweep(&installation), attached] {
            if let Err(e) = swept {
                tracing::error!("以前没有传完的文件没有清理：{e:#}");
            }
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    let worker = {
        let (installation, stop) = (installation.clone(), Arc::clone(&stop));
        std::thread::spawn(move || jobs::keep_working(&installation, &stop))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let transport = if at.is_encrypted() { Transport::Tls } else { Transport::Loopback };
    let refusals = Arc::clone(&installation.refusals);
    let pages = router::router(App::new(installation, transport));
    let served = runtime.block_on(listen::serve(at, pages, refusals, ready));
    stop.store(true, Ordering::Relaxed);
    let _ = worker.join();
    served
}
