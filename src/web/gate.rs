//! What every request passes before the pages: the names we answer to, how often an address may ask, how much it may
//! send and how long an answer may take.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse as _, Response},
};

use http_body_util::Limited;

use super::{
    body,
    frame::instant,
    headers,
    limits::{self, Buckets, Share},
    upload::megabytes,
    view::{page::Page, problem::Problem},
};
use crate::refusals::{Refusals, Refused, Why};

/// Two years, as browsers advise, for our name and all below it: it is ours alone (docs/SECURITY.md).
const STRICT: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What the gate knows.
pub(super) struct Gate {
    /// Names and addresses under which we answer, in small letters.
    pub(super) hosts: BTreeSet<String>,
    /// We speak TLS ourselves.
    pub(super) tls: bool,
    /// Whose word about the client is believed.
    pub(super) proxy: Option<IpAddr>,
    /// How much each address has left.
    pub(super) buckets: Buckets,
    /// The same for those who sit a test.
    pub(super) sittings: Buckets,
    /// Where refusals are counted.
    pub(super) refusals: Arc<Refusals>,
}

/// Lets a request through, or refuses it; handlers find the client's address in [`ConnectInfo`].
pub(super) async fn pass(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0);
    let client = peer.map(|peer| gate.client(peer, request.headers()));
    if let Some(client) = client {
        request.extensions_mut().insert(ConnectInfo(client));
    }
    let proxied = peer.is_some_and(|p| gate.is_proxy(p.ip()));
    let encrypted = gate.tls || proxied && request.headers().get(FORWARDED_PROTO).is_some_and(|proto| proto == "https");
    let uri = request.uri().clone();
    let buckets = if uri.path().starts_with("/exams/") { &gate.sittings } else { &gate.buckets };
    let counted = peer.zip(client).and_then(|(peer, client)| gate.counted(peer, client));
    let mut response = if counted.is_some_and(|ip| !buckets.take(ip, Instant::now())) {
        let lead = "同一地址在短时间内请求过多。请稍等几秒再刷新页面。".to_owned();
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, Why::Rate, "访问过于频繁", lead);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        response
    } else if !gate.answers_to(request.headers()) {
        let names: Vec<&str> = gate.hosts.iter().map(String::as_str).collect();
        let lead = format!("请用这些名称之一访问：{}。", names.join("、"));
        refusal(StatusCode::MISDIRECTED_REQUEST, Why::Host, "网址里的主机名不对", lead)
    } else {
        within(limits::share(request.uri().path()), request, next).await
    };
    if let Some(refused) = response.extensions().get::<Refused>() {
        let from = client.map_or_else(String::new, |c| limits::network(c.ip()).to_string());
        gate.refusals.note(refused, &from, uri.path(), instant());
    }
    if encrypted {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, STRICT);
    }
    response
}

/// The answer, if neither the body is too long nor the time.
async fn within(share: Share, request: Request, next: Next) -> Response {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|n| n > share.body as u64) {
        let most = if share.body < 1 << 20 { format!("{}KB", share.body >> 10) } else { megabytes(share.body as u64) };
        let lead = format!("一次最多提交{most}。没有收下任何内容，请删减或分成几次提交。");
        body::drain(request.into_body());
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, Why::Unreadable, "提交的内容过大", lead);
    }
    // One that does not say its length ends with an error where it becomes too long.
    let request = request.map(|body| Body::new(Limited::new(body, share.body)));
    match tokio::time::timeout(share.time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let lead = "请求没有在规定时间内完成。请缩小范围后重试；正在提交的，请先查看是否已经生效。".to_owned();
            refusal(StatusCode::REQUEST_TIMEOUT, Why::Unreadable, "请求超时", lead)
        }
    }
}

impl Gate {
    /// Who asks: whoever is connected, or whom the trusted proxy names last, since that one it has seen itself.
    fn client(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.is_proxy(peer.ip()) {
            return peer;
        }
        let last = headers.get_all(FORWARDED_FOR).iter().next_back().and_then(|line| line.to_str().ok());
        let named = last.and_then(|line| line.rsplit(',').next()).and_then(|name| name.trim().parse::<IpAddr>().ok());
        named.map_or(peer, |ip| SocketAddr::new(ip, 0))
    }

    /// Whose requests are counted: who sits at this machine is not, what a proxy on it passes on is, whether or not it says
    /// for whom.
    fn counted(&self, peer: SocketAddr, client: SocketAddr) -> Option<IpAddr> {
        (self.is_proxy(peer.ip()) || !client.ip().is_loopback()).then_some(client.ip())
    }

    fn is_proxy(&self, peer: IpAddr) -> bool {
        self.proxy == Some(peer.to_canonical())
    }

    /// A page of another site must not reach us under a name of its own. Without a name it is no browser.
    fn answers_to(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST) else { return true };
        host.to_str().is_ok_and(|host| self.hosts.contains(&without_port(host).to_ascii_lowercase()))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => name,
        _ => host,
    }
}

/// A page that says why not, marked to be counted.
fn refusal(status: StatusCode, why: Why, title: &str, lead: String) -> Response {
    let (details, ways, number) = (Vec::new(), Vec::new(), String::new());
    let problem = Problem { page: Page::default(), title: title.to_owned(), lead, details, ways, number };
    let mut response = match askama::Template::render(&problem) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (status, problem.title).into_response(),
    };
    headers::put(response.headers_mut());
    response.extensions_mut().insert(Refused { why, who: None });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(proxy: Option<&str>) -> Gate {
        let hosts = ["dl.example".to_owned(), "[::1]".to_owned()].into();
        Gate {
            hosts,
            tls: false,
            proxy: proxy.map(|p| p.parse().unwrap()),
            buckets: Buckets::default(),
            sittings: Buckets::of_sittings(),
            refusals: Arc::default(),
        }
    }

    fn headers(name: HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|v| (name.clone(), v.parse().unwrap())).collect()
    }

    #[test]
    fn only_the_trusted_proxy_is_believed() {
        let named = |proxy, peer: &str, values: &[&str]| {
            let client = gate(proxy).client(peer.parse().unwrap(), &headers(FORWARDED_FOR, values));
            client.ip().to_string()
        };
        assert_eq!(named(None, "10.0.0.2:1", &["1.1.1.1"]), "10.0.0.2");
        assert_eq!(named(Some("10.0.0.9"), "10.0.0.2:1", &["1.1.1.1"]), "10.0.0.2");
        // What stands before the last was written by the client.
        assert_eq!(named(Some("10.0.0.2"), "10.0.0.2:1", &["9.9.9.9, 1.1.1.1"]), "1.1.1.1");
        assert_eq!(named(Some("10.0.0.2"), "[::ffff:10.0.0.2]:1", &["9.9.9.9", "::1, 2001:db8::1"]), "2001:db8::1");
        assert_eq!(named(Some("10.0.0.2"), "10.0.0.2:1", &["unknown"]), "10.0.0.2");
        assert_eq!(named(Some("10.0.0.2"), "10.0.0.2:1", &[]), "10.0.0.2");
    }

    #[test]
    fn a_proxy_that_names_nobody_is_counted_itself() {
        let counted = |proxy, peer: &str, values: &[&str]| {
            let (gate, peer) = (gate(proxy), peer.parse().unwrap());
            gate.counted(peer, gate.client(peer, &headers(FORWARDED_FOR, values))).map(|ip| ip.to_string())
        };
        assert_eq!(counted(None, "127.0.0.1:1", &[]), None, "who sits here");
        assert_eq!(counted(None, "10.0.0.2:1", &[]).as_deref(), Some("10.0.0.2"));
        assert_eq!(counted(Some("127.0.0.1"), "127.0.0.1:1", &[]).as_deref(), Some("127.0.0.1"));
        assert_eq!(counted(Some("127.0.0.1"), "127.0.0.1:1", &["unknown"]).as_deref(), Some("127.0.0.1"));
        assert_eq!(counted(Some("127.0.0.1"), "127.0.0.1:1", &["10.0.0.7"]).as_deref(), Some("10.0.0.7"));
    }

    #[test]
    fn it_answers_to_its_names_alone() {
        let answers = |host: &str| gate(None).answers_to(&headers(header::HOST, &[host]));
        for host in ["dl.example", "DL.example:8443", "[::1]", "[::1]:80"] {
            assert!(answers(host), "{host}");
        }
        for host in ["evil.example", "dl.example.evil", "127.0.0.1", "::1", ""] {
            assert!(!answers(host), "{host}");
        }
        assert!(gate(None).answers_to(&HeaderMap::new()));
    }
}
