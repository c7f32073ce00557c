//! What a request brings and every page needs around it: address, preferences, menu, moments.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    app::App,
    error::PageError,
    view::{
        menu::{MenuLedger, menu},
        page::{Page, Prefs},
        url::Query,
    },
};
use crate::{
    clock::{self, Moment},
    day::Day,
    db::Tx,
    installation::{Current, meta},
    names::Names,
    scope::Scope,
    verdict::world::UNIT,
};

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
    remember: Option<(&'static str, String)>,
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

impl<S: Send + Sync> FromRequestParts<S> for Ask {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Ask, Self::Rejection> {
        let uri = &parts.uri;
        // One slash at the head: two would name another host in a redirect.
        let mut url = Query::new(format!("/{}", uri.path().trim_start_matches('/')));
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
        Ok(Ask { url, prefs, print, remember })
    }
}

/// The pairs of a query, decoded; what is not UTF-8 is replaced.
fn form(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let bytes = text.as_bytes();
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
        String::from_utf8_lossy(&out).into_owned()
    };
    let pairs = query.split('&').filter(|p| !p.is_empty()).take(200);
    pairs.map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (decode(k), decode(v))).collect()
}

fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .filter_map(|c| c.trim().split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// What a handler works with.
pub(super) struct Desk<'t, 'c> {
    /// The store.
    pub(super) tx: &'t mut Tx<'c>,
    /// Package, settings and organisation in force.
    pub(super) current: Arc<Current>,
    /// What the reader may see. There are no accounts yet; the server answers on loopback alone.
    pub(super) scope: Scope,
    /// Now.
    pub(super) now: Moment,
    /// The request.
    pub(super) ask: Ask,
    /// The demo's day stands.
    demo: bool,
    /// To be said at the head of the page.
    notices: Vec<String>,
}

impl Desk<'_, '_> {
    /// Says something at the head of the page; before [`Desk::page`].
    pub(super) fn notice(&mut self, text: String) {
        self.notices.push(text);
    }

    /// The frame of a page; `here` is the path of its menu entry.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn page(&mut self, here: &str) -> anyhow::Result<Page> {
        let engine = &self.current.engine;
        let ledgers: Vec<MenuLedger<'_>> = engine
            .package
            .ledgers
            .iter()
            .map(|l| MenuLedger { group: &l.group, title: &l.title, name: &l.name })
            .collect();
        let day = meta(self.tx, "judged_day")?.and_then(|d| Day::parse(&d));
        let top = self.current.organisation.chart().and_then(|c| c.tops.first().copied());
        let top = top.and_then(|row| self.current.organisation.table(UNIT)?.ids.get(row).copied());
        let names = Names::load(self.tx, &engine.layout, &[(UNIT, top.into_iter().collect())].into())?;
        Ok(Page {
            organisation: top.map_or("", |t| names.title(UNIT, t)).to_owned(),
            menu: menu(engine.compiled.len(), &ledgers, here),
            prefs: self.ask.prefs,
            url: self.ask.url.clone(),
            data_until: clock::chinese(self.now.instant),
            judged_until: day.map_or_else(String::new, Day::chinese),
            demo_day: self.demo.then(|| self.now.day.chinese()),
            printed_at: clock::chinese(self.now.instant),
            print: self.ask.print,
            notices: std::mem::take(&mut self.notices),
        })
    }
}

/// Runs a handler on a blocking thread over a snapshot and renders its page, or the page of its error.
pub(super) async fn show<T, F>(app: App, ask: Ask, handler: F) -> Response
where
    T: askama::Template,
    F: FnOnce(&mut Desk<'_, '_>) -> anyhow::Result<T> + Send + 'static,
{
    answer(app, ask, |desk| Ok(Html(handler(desk)?.render()?).into_response())).await
}

/// The same for handlers that make their own response.
pub(super) async fn answer<F>(app: App, ask: Ask, handler: F) -> Response
where
    F: FnOnce(&mut Desk<'_, '_>) -> anyhow::Result<Response> + Send + 'static,
{
    if let Some((name, value)) = &ask.remember {
        let cookie = format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
        let mut response = Redirect::to(&ask.url.href()).into_response();
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, value);
        }
        return response;
    }
    let bare = Page { url: ask.url.clone(), prefs: ask.prefs, ..Page::default() };
    let work = move || {
        app.installation.db.read(|tx| {
            let current = app.installation.current(tx)?;
            let now = app.installation.clock.now();
            let demo = app.installation.demo;
            let mut desk = Desk { tx, current, scope: Scope::All, now, ask, demo, notices: Vec::new() };
            let result = handler(&mut desk);
            match result {
                Ok(response) => Ok(response),
                Err(e) => {
                    let frame = desk.page("").unwrap_or_default();
                    Ok(PageError::from(e).page(frame))
                }
            }
        })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(response)) => response,
        Ok(Err(e)) => PageError::Internal(e).page(bare),
        Err(e) => PageError::Internal(e.into()).page(bare),
    }
}
