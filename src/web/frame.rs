//! What a handler works with, who may reach it, and what every page has around it: bar, menu, moments.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
};

pub(super) use super::ask::Ask;
use super::{
    app::App,
    error::PageError,
    route::Needs,
    todo,
    view::{
        menu::{MenuLedger, menu},
        page::{Page, User},
        url::Query,
    },
};
use crate::{
    audit::{self, About, Kind},
    auth::{self, Permission, Reader, token},
    clock::{self, Clock, Moment},
    day::Day,
    db::{Db, Tx},
    installation::{Current, meta},
    names::Names,
    scope::{Actor, Scope},
    verdict::world::UNIT,
};

/// What a handler works with.
pub(super) struct Desk<'t, 'c> {
    /// The store.
    pub(super) tx: &'t mut Tx<'c>,
    /// Package, settings and organisation in force.
    pub(super) current: Arc<Current>,
    /// Who asks; `None` only on pages that need no login.
    pub(super) reader: Option<Reader>,
    /// What the reader may see.
    pub(super) scope: Scope,
    /// Now.
    pub(super) now: Moment,
    /// The request.
    pub(super) ask: Ask,
    /// The demo's day stands.
    pub(super) demo: bool,
    /// To be said at the head of the page.
    notices: Vec<String>,
    /// What goes into the audit log before the answer goes out.
    told: Vec<Told>,
    /// How many things wait for the reader, once somebody has counted them.
    pub(super) waiting: Option<u64>,
}

/// Something that is logged though nothing is written: what it is, what the entry tells, and whose records they are.
type Told = (Kind, serde_json::Value, About);

impl Desk<'_, '_> {
    /// Says something at the head of the page; before [`Desk::page`].
    pub(super) fn notice(&mut self, text: String) {
        self.notices.push(text);
    }

    /// Logs that something is handed out; the answer waits until the entry is written.
    pub(super) fn tell(&mut self, kind: Kind, payload: serde_json::Value, about: About) {
        self.told.push((kind, payload, about));
    }

    /// Who asks, on a page that needs a login.
    ///
    /// # Errors
    /// When nobody is logged in.
    pub(super) fn reader(&self) -> anyhow::Result<&Reader> {
        Ok(self.reader.as_ref().ok_or(PageError::NotLoggedIn)?)
    }

    /// The units in which the reader may open what a permission opens; `None` without such a role.
    pub(super) fn opens(&self, permission: Permission) -> Option<Scope> {
        let organisation = auth::Organisation::of(&self.current, self.now.day)?;
        auth::opening::reach(self.reader.as_ref()?, &organisation, permission)
    }

    /// Whether the reader has a permission.
    pub(super) fn may(&self, permission: Permission) -> bool {
        self.reader.as_ref().is_some_and(|r| r.may(permission))
    }

    /// A fresh token for the forms of this page; empty when nobody is logged in.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn form_token(&self) -> anyhow::Result<String> {
        match (&self.reader, &self.ask.session) {
            (Some(_), Some(session)) => token::form_token(session),
            _ => Ok(String::new()),
        }
    }

    /// The frame of a page; `here` is the path of its menu entry.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn page(&mut self, here: &str) -> anyhow::Result<Page> {
        let todo = match &self.reader {
            Some(reader) if reader.pending.is_none() => Some(match self.waiting {
                Some(counted) => counted,
                None => todo::count(self)?,
            }),
            _ => None,
        };
        let engine = &self.current.engine;
        let ledgers: Vec<MenuLedger<'_>> = engine
            .package
            .ledgers
            .iter()
            .map(|l| MenuLedger { group: &l.group, title: &l.title, name: &l.name })
            .collect();
        let judged = meta(self.tx, "judged_day")?.and_then(|d| Day::parse(&d)).filter(|_| self.reader.is_some());
        let top = self.current.organisation.first_unit();
        let names = Names::load(self.tx, &engine.layout, &[(UNIT, top.into_iter().collect())].into())?;
        let moment = clock::chinese(self.now.instant);
        let user = match &self.reader {
            Some(r) => Some(User { name: r.name.clone(), roles: roles(r), form: self.form_token()? }),
            None => None,
        };
        Ok(Page {
            organisation: top.map_or("", |t| names.title(UNIT, t)).to_owned(),
            menu: menu(engine.compiled.len(), &ledgers, here, &|p| self.may(p), todo),
            todo,
            search: self.may(Permission::Ledgers),
            home: self.reader.as_ref().map_or("/", home).to_owned(),
            user,
            prefs: self.ask.prefs,
            url: self.ask.page.clone(),
            data_until: self.reader.as_ref().map_or_else(String::new, |_| moment.clone()),
            judged_until: judged.map_or_else(String::new, Day::chinese),
            demo_day: self.demo.then(|| self.now.day.chinese()),
            printed_at: moment,
            print: self.ask.print,
            notices: std::mem::take(&mut self.notices),
        })
    }
}

/// The roles of a reader, each once: `领导小组办公室、干部（代李明）`.
fn roles(reader: &Reader) -> String {
    let mut words: Vec<String> = Vec::new();
    for held in &reader.held {
        let word = match &held.instead_of {
            None => held.role.title().to_owned(),
            Some(name) => format!("{}（代{name}）", held.role.title()),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.join("、")
}

/// Where a reader begins: the first page that his roles open, or what is known of himself.
pub(super) fn home(reader: &Reader) -> &'static str {
    let pages = [(Permission::Overview, "/"), (Permission::Accounts, "/accounts")];
    let own = if reader.person.is_some() && reader.pending.is_none() { "/me" } else { "/account" };
    pages.into_iter().find(|(permission, _)| reader.may(*permission)).map_or(own, |(_, path)| path)
}

/// The instant (µs) by which sessions, waits and one-time codes go: the machine's, even where the demo's day stands.
pub(super) fn instant() -> i64 {
    Clock::Machine.now().instant
}

/// Who asks: from the token of the session.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn who(
    tx: &mut Tx<'_>,
    app: &App,
    ask: &Ask,
    current: &Current,
    day: Day,
) -> anyhow::Result<Option<Reader>> {
    let Some(session) = &ask.session else { return Ok(None) };
    let organisation = auth::Organisation::of(current, day);
    let reader = auth::reader::reader(tx, session, organisation.as_ref(), day, instant())?;
    // An identity without password has no place in real data, however its row came there.
    Ok(reader.filter(|r| app.installation.demo || !r.session.demo))
}

/// What a reader may see; nothing for who is not logged in.
pub(super) fn scope(reader: Option<&Reader>, current: &Current, day: Day) -> Scope {
    match (reader, auth::Organisation::of(current, day)) {
        (Some(reader), Some(organisation)) => auth::scope_of(reader, &organisation),
        _ => Scope::units(BTreeSet::new()),
    }
}

/// Whether the reader may go on.
///
/// # Errors
/// Where he is to go first, or what he lacks.
pub(super) fn admit(needs: Needs, reader: Option<&Reader>) -> Result<(), PageError> {
    match (needs, reader) {
        (Needs::Nothing, _) | (Needs::OwnAccount, Some(_)) => Ok(()),
        (_, None) => Err(PageError::NotLoggedIn),
        (_, Some(reader)) if reader.pending.is_some() => Err(PageError::Unfinished),
        (Needs::LogIn, Some(_)) => Ok(()),
        (Needs::May(permission), Some(reader)) if reader.may(permission) => Ok(()),
        (Needs::May(permission), Some(_)) => Err(PageError::Forbidden(permission)),
    }
}

/// What a reader may write at an address that asks for a permission: in the units of the roles that have it.
pub(super) fn writing(reader: &Reader, needs: Needs, current: &Current, day: Day) -> Scope {
    let Some(organisation) = auth::Organisation::of(current, day) else { return Scope::Within(Arc::default()) };
    match needs {
        Needs::May(permission) => auth::scope_with(reader, &organisation, permission),
        _ => auth::scope_of(&Reader { held: Vec::new(), ..reader.clone() }, &organisation),
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
    let bare = bare(&ask);
    match tokio::task::spawn_blocking(move || desk(&app, &ask, handler)).await {
        Ok(response) => response,
        Err(e) => PageError::Internal(e.into()).page(bare, None),
    }
}

/// The frame without what is in the store.
pub(super) fn bare(ask: &Ask) -> Page {
    Page { home: "/".into(), url: ask.page.clone(), prefs: ask.prefs, ..Page::default() }
}

/// Runs a handler over a snapshot on this thread, which may block.
pub(super) fn desk<F>(app: &App, ask: &Ask, handler: F) -> Response
where
    F: FnOnce(&mut Desk<'_, '_>) -> anyhow::Result<Response>,
{
    let (mut used, mut told, mut by) = (None, Vec::new(), None);
    let done = app.installation.db.read(|tx| {
        let current = app.installation.current(tx)?;
        let now = app.installation.clock.now();
        let reader = who(tx, app, ask, &current, now.day)?;
        used = reader.as_ref().map(|r| r.session.clone());
        by = reader.as_ref().map(|r| Actor { name: r.name.clone(), account: Some(r.account), at: instant() });
        let admitted = admit(ask.needs, reader.as_ref());
        let scope = scope(reader.as_ref(), &current, now.day);
        let (ask, demo, notices, none) = (ask.clone(), app.installation.demo, Vec::new(), Vec::new());
        let mut desk = Desk { tx, current, reader, scope, now, ask, demo, notices, told: none, waiting: None };
        let result = match admitted {
            Ok(()) => handler(&mut desk),
            Err(e) => Err(e.into()),
        };
        if result.is_ok() {
            told = std::mem::take(&mut desk.told);
        }
        result.or_else(|e| PageError::from(e).answer(&mut desk))
    });
    let done = done.and_then(|response| match (told, by) {
        (told, Some(by)) if !told.is_empty() => log(&app.installation.db, by, told).map(|()| response),
        _ => Ok(response),
    });
    if let Some(session) = used.filter(|s| s.is_to_be_noted(instant())) {
        let db = app.installation.db.clone();
        // Not waited for: a page is not slower for it, and a lost note only ends a session earlier.
        tokio::task::spawn_blocking(move || db.write(move |tx| auth::session::note(tx, session.id, instant())));
    }
    done.unwrap_or_else(|e| PageError::Internal(e).page(bare(ask), None))
}

/// An entry for each thing that is handed out.
fn log(db: &Db, by: Actor, told: Vec<Told>) -> anyhow::Result<()> {
    for (kind, payload, about) in told {
        let by = by.clone();
        db.write(move |tx| {
            audit::note_of(tx, &by, kind, payload, about);
            Ok(())
        })?;
    }
    Ok(())
}

/// Where to log in, and to come back from there.
pub(super) fn login_href(ask: &Ask) -> String {
    let back = ask.url.href();
    let login = Query::new("/login");
    match ask.reads {
        true if back != "/" => login.with("next", back).href(),
        true => login.href(),
        // What was posted is not taken, and that is said.
        false => login.with("lost", "1").href(),
    }
}
