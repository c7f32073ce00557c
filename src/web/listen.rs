//! The address on which the pages are served: in the clear, over TLS, or behind a proxy.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use axum::{Router, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::Service};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    gate::{self, Gate},
    limits::{self, Buckets},
    stall::Stall,
    tls::{Certificate, TlsFiles},
};
use crate::refusals::Refusals;

/// Where and how the pages are served.
#[derive(Clone, Debug)]
pub struct Listen {
    /// The address.
    pub at: SocketAddr,
    /// Names and addresses under which it is reached, besides those of the machine itself.
    pub hosts: Vec<String>,
    /// Certificate and key; `None` to serve in the clear.
    pub tls: Option<TlsFiles>,
    /// A proxy before us that speaks TLS; in the clear nobody but it and the machine itself is answered.
    pub proxy: Option<IpAddr>,
}

impl Listen {
    /// In the clear, for the machine itself.
    pub fn loopback(at: SocketAddr) -> Listen {
        Listen { at, hosts: Vec::new(), tls: None, proxy: None }
    }

    /// Whether what is sent is encrypted, here or at the proxy.
    pub fn is_encrypted(&self) -> bool {
        self.tls.is_some() || self.proxy.is_some()
    }

    /// The address to type.
    fn address(&self, at: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match self.hosts.first() {
            Some(host) => format!("{scheme}://{host}:{}", at.port()),
            None => format!("{scheme}://{at}"),
        }
    }

    fn gate(&self, refusals: Arc<Refusals>) -> Gate {
        let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let named = self.hosts.iter().map(|h| h.to_ascii_lowercase());
        Gate {
            hosts: own.into_iter().chain(named).collect(),
            tls: self.tls.is_some(),
            proxy: self.proxy.map(|p| p.to_canonical()),
            buckets: Buckets::default(),
            sittings: Buckets::of_sittings(),
            refusals,
        }
    }
}

/// What connections share.
struct Server {
    pages: Router,
    tls: Option<TlsAcceptor>,
    /// In the clear, who besides the machine itself is answered.
    proxy: Option<IpAddr>,
    open: Mutex<HashMap<IpAddr, usize>>,
    stop: watch::Receiver<bool>,
}

/// Serves until the process is told to end; `ready` is told the address to type once it listens, `refusals` what is
/// refused before the pages.
///
/// # Errors
/// When the address is taken or the certificate cannot be used.
pub(super) async fn serve(
    listen: &Listen,
    pages: Router,
    refusals: Arc<Refusals>,
    ready: impl FnOnce(&str),
) -> anyhow::Result<()> {
    let certificate = listen.tls.clone().map(Certificate::read).transpose()?;
    let listener =
        bound(listen.at).with_context(|| format!("地址 {} 用不了，可能已被占用；请用 --listen 换一个", listen.at))?;
    let (stopper, stop) = watch::channel(false);
    let server = Arc::new(Server {
        pages: pages.layer(axum::middleware::from_fn_with_state(Arc::new(listen.gate(refusals)), gate::pass)),
        tls: certificate.as_ref().map(Certificate::acceptor).transpose()?,
        proxy: listen.proxy,
        open: Mutex::default(),
        stop,
    });
    let most = places();
    let places = Arc::new(Semaphore::new(most));
    if let Some(certificate) = certificate {
        renewals(certificate)?;
    }
    let end = told_to_end()?;
    ready(&listen.address(listener.local_addr()?));
    tokio::select! {
        () = accept(&listener, &server, &places) => {}
        () = end => {}
    }
    drop(listener);
    let _ = stopper.send(true);
    // All places are free once every connection has ended.
    let _ = timeout(limits::LEAVING_TIME, places.acquire_many(most as u32)).await;
    Ok(())
}

/// Listens with a queue for as many as come within the moment in which a test opens.
fn bound(at: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(limits::QUEUE)
}

/// Connections that the process may have open, the files of everything else left aside.
fn places() -> usize {
    let wanted = (limits::CONNECTIONS + limits::OTHER_FILES) as u64;
    // Where it may not be raised, what the process has is what there is.
    let files = rlimit::increase_nofile_limit(wanted).map_or(1_024, |n| usize::try_from(n).unwrap_or(usize::MAX));
    files.saturating_sub(limits::OTHER_FILES).clamp(64, limits::CONNECTIONS)
}

/// Ctrl-C, or the word of whoever manages services.
fn told_to_end() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Reads the certificate again at each SIGHUP.
fn renewals(certificate: Arc<Certificate>) -> anyhow::Result<()> {
    let mut asked = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while asked.recv().await.is_some() {
            match certificate.renew() {
                Ok(()) => tracing::info!("已换用新的证书"),
                Err(e) => tracing::error!("新的证书不能用，仍用原来的：{e:#}"),
            }
        }
    });
    Ok(())
}

async fn accept(listener: &TcpListener, server: &Arc<Server>, places: &Arc<Semaphore>) {
    loop {
        // When all places are taken, further clients wait in the system's queue.
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let Some(held) = server.admit(peer, place) else { continue };
                let _ = stream.set_nodelay(true);
                tokio::spawn(connection(Arc::clone(server), stream, peer, held));
            }
            // One client that has gone already, or no more files: others are served before the next try.
            Err(e) => {
                tracing::debug!("接受连接时出错：{e}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A place that a connection has taken; given back when dropped.
struct Held {
    server: Arc<Server>,
    network: IpAddr,
    _place: OwnedSemaphorePermit,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.server.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(n) = open.get_mut(&self.network) {
            *n -= 1;
            if *n == 0 {
                open.remove(&self.network);
            }
        }
    }
}

impl Server {
    /// A place for a client, unless it has too many, or may not speak to us in the clear.
    fn admit(self: &Arc<Server>, peer: SocketAddr, place: OwnedSemaphorePermit) -> Option<Held> {
        let ip = peer.ip().to_canonical();
        let trusted = ip.is_loopback() || self.proxy == Some(ip);
        if self.tls.is_none() && !trusted {
            return None;
        }
        let network = limits::network(ip);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let n = open.entry(network).or_default();
        if *n >= limits::CONNECTIONS_EACH && !trusted {
            return None;
        }
        *n += 1;
        Some(Held { server: Arc::clone(self), network, _place: place })
    }
}

async fn connection(server: Arc<Server>, stream: TcpStream, peer: SocketAddr, held: Held) {
    match &server.tls {
        None => exchange(&server, stream, peer).await,
        Some(tls) => match timeout(limits::HEAD_TIME, tls.accept(stream)).await {
            Ok(Ok(stream)) => exchange(&server, stream, peer).await,
            Ok(Err(e)) => tracing::debug!("{peer} TLS 握手没有成功：{e}"),
            Err(_) => tracing::debug!("{peer} TLS 握手超时"),
        },
    }
    drop(held);
}

/// Requests and answers on one connection.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(server: &Server, stream: S, peer: SocketAddr) {
    let service = From { inner: TowerToHyperService::new(server.pages.clone()), peer };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_TIME)
        .max_headers(limits::HEADER_LINES)
        .max_buf_size(limits::HEAD)
        .serve_connection(TokioIo::new(Stall::new(stream, limits::STALL_TIME)), service);
    let mut connection = std::pin::pin!(connection);
    let mut stop = server.stop.clone();
    let told = async move { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!("{peer} 连接中断：{e}");
    }
}

/// The pages for one client, whose address they are told.
struct From {
    inner: TowerToHyperService<Router>,
    peer: SocketAddr,
}

impl Service<Request<Incoming>> for From {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.inner.call(request)
    }
}
