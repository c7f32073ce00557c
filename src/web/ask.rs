//! What a request brings: address, preferences, cookies, where it comes from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{Extensions, HeaderMap, HeaderName, Method, header, request::Parts},
};

use super::{
    app::App,
    cookie,
    places::Place,
    route::{Above, Needs},
    view::{page::Prefs, url::Query, words::Link},
};
use crate::auth::session::From;

/// A request as the pages see it.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Path and pairs, without the pairs that only change the look.
    pub(super) url: Query,
    /// Size of the letters and contrast.
    pub(super) prefs: Prefs,
    /// For paper.
    pub(super) print: bool,
    /// Look to be remembered: name and value of a cookie.
    pub(super) remember: Option<(&'static str, String)>,
    /// Token of the session, as the browser sent it.
    pub(super) session: Option<String>,
    /// What stands in for a session while nobody is logged in.
    pub(super) visitor: Option<String>,
    /// A login that is at the provider of single sign-on, sealed.
    pub(super) sso: Option<String>,
    /// Where the request comes from.
    pub(super) from: From,
    /// What the address asks for; set where the route is declared.
    pub(super) needs: Needs,
    /// Read, not posted.
    pub(super) reads: bool,
    /// Where the page can be read: the address, or of a posted form the page that it stands on.
    pub(super) page: Query,
    /// Where one goes on when it is refused, and what that asks of who comes.
    pub(super) place: Option<(Link, Needs)>,
    /// Sent by a page of our own, as far as the browser tells.
    pub(super) own_site: bool,
}

impl Ask {
    /// The first value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.url.pairs.iter().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// All values of a key.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.url.pairs.iter().filter(move |(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }
}

impl FromRequestParts<App> for Ask {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Ask, Self::Rejection> {
        let uri = &parts.uri;
        // One slash at the head: two would name another host in a redirect, and browsers take a backslash for one.
        let mut url = Query::new(format!("/{}", uri.path().trim_start_matches(['/', '\\'])));
        for (key, value) in form(uri.query().unwrap_or_default()) {
            url.pairs.push((key, value));
        }
        let take = |url: &mut Query, key: &str| {
            let found = url.pairs.iter().position(|(k, _)| k == key);
            found.map(|i| url.pairs.remove(i).1)
        };
        let size = take(&mut url, "ui_size");
        let contrast = take(&mut url, "ui_contrast");
        let print = take(&mut url, "print").is_some();
        let cookies = cookies(&parts.headers);
        let cookie = |name: &str| cookies.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
        let prefs = Prefs::parse(size.as_deref().or(cookie("ui_size")), contrast.as_deref().or(cookie("ui_contrast")));
        let remember = match (size, contrast) {
            (Some(_), _) => Some(("ui_size", prefs.size.word().to_owned())),
            (None, Some(_)) => Some(("ui_contrast", if prefs.contrast { "more" } else { "normal" }.to_owned())),
            _ => None,
        };
        let address = client(&parts.extensions).map(|ip| ip.to_string());
        let agent = parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let from = From { address: address.unwrap_or_default(), agent: agent.to_owned() };
        let [session, visitor, sso] = [cookie::SESSION, cookie::VISITOR, cookie::SSO]
            .map(|kind| cookie(&kind.name(app.transport)).map(str::to_owned));
        // A route that says nothing is open to nobody but who is logged in.
        let needs = parts.extensions.get::<Needs>().copied().unwrap_or(Needs::LogIn);
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        let page = match parts.extensions.get::<Above>() {
            Some(above) if !reads && above.0 > 0 => {
                Query { path: shortened(&url.path, above.0).to_owned(), ..url.clone() }
            }
            _ => url.clone(),
        };
        let place = parts.extensions.get::<Option<Place>>().copied().flatten();
        let place = place.map(|p| (Link::new(p.title, p.href(&url.path)), p.needs));
        let own_site = own_site(&parts.headers);
        Ok(Ask { url, prefs, print, remember, session, visitor, sso, from, needs, reads, page, place, own_site })
    }
}

/// A path without its last segments.
pub(super) fn shortened(path: &str, without: usize) -> &str {
    let at = (0..without).fold(path, |at, _| at.rsplit_once('/').map_or("", |(rest, _)| rest));
    if at.is_empty() { "/" } else { at }
}

/// Who is connected, or for whom the trusted proxy speaks.
pub(super) fn client(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip())
}

/// The pairs of a query, decoded; what is not UTF-8 is replaced.
pub(super) fn form(query: &str) -> Vec<(String, String)> {
    let lossy = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    pairs(query.as_bytes()).map(|(key, value)| (lossy(key), lossy(value))).collect()
}

/// The pairs of a form, decoded; `None` where one is not UTF-8: it would be kept as something that nobody has typed.
pub(super) fn posted(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    pairs(body).map(|(key, value)| text(key).zip(text(value))).collect()
}

fn pairs(query: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let decode = |bytes: &[u8]| {
        let mut out = Vec::with_capacity(bytes.len());
        let mut i = 0;
        while i < bytes.len() {
            let hex = |b: u8| char::from(b).to_digit(16);
            match bytes[i] {
                b'+' => out.push(b' '),
                b'%' if i + 2 < bytes.len() => match (hex(bytes[i + 1]), hex(bytes[i + 2])) {
                    (Some(a), Some(b)) => {
                        out.push((a * 16 + b) as u8);
                        i += 2;
                    }
                    _ => out.push(b'%'),
                },
                b => out.push(b),
            }
            i += 1;
        }
        out
    };
    query.split(|b| *b == b'&').filter(|pair| !pair.is_empty()).take(200).map(move |pair| {
        let mut parts = pair.splitn(2, |b| *b == b'=');
        let mut part = || decode(parts.next().unwrap_or_default());
        (part(), part())
    })
}

fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|c| c.trim().split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// Whether a request was sent by our own page: what browsers say about it (`Sec-Fetch-Site`, else `Origin`). A browser that
/// says nothing is believed; the token in the form decides then.
fn own_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|v| v.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}
