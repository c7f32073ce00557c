//! Forms that are posted: read within bounds, and refused unless they come from a page of ours in the same session.

use std::time::Duration;

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    app::App,
    ask, cookie,
    error::PageError,
    frame::{self, Ask, Desk, admit, bare, instant, who},
    limits,
    route::Needs,
};
use crate::{
    auth::{self, Permission, Reader, token},
    clock::Moment,
    db::{Db, Tx},
    installation::Current,
    once,
    scope::{Actor, By, Scope},
};

/// Slower forms are not read.
const SLOWEST: Duration = Duration::from_secs(20);
/// The hidden field with the form's token.
pub(super) const TOKEN: &str = "form";

/// Fields that say nothing of what a form is to do.
const ASIDE: [&str; 5] = [TOKEN, "once", "sure", "again", "find"];

/// The fields of a posted form, or why it was not read.
pub(super) struct Posted(Result<Vec<(String, String)>, PageError>);

impl FromRequest<App> for Posted {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, _: &App) -> Result<Posted, Self::Rejection> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
            return Ok(Posted(Err(PageError::Unreadable(StatusCode::UNSUPPORTED_MEDIA_TYPE))));
        }
        // Larger forms are not read.
        let largest = limits::share(request.uri().path()).body;
        let body = axum::body::to_bytes(request.into_body(), largest);
        Ok(Posted(match tokio::time::timeout(SLOWEST, body).await {
            Ok(Ok(bytes)) => ask::posted(&bytes).ok_or(PageError::Unreadable(StatusCode::BAD_REQUEST)),
            Ok(Err(_)) => Err(PageError::Unreadable(StatusCode::PAYLOAD_TOO_LARGE)),
            Err(_) => Err(PageError::Unreadable(StatusCode::REQUEST_TIMEOUT)),
        }))
    }
}

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Of these pairs.
    pub(super) fn of(pairs: Vec<(String, String)>) -> Fields {
        Fields(pairs)
    }

    /// The first value of a field as it was sent; empty if it is not there.
    pub(super) fn raw(&self, name: &str) -> &str {
        self.0.iter().find(|(k, _)| k == name).map_or("", |(_, v)| v)
    }

    /// All fields, in their order.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The same without blanks around it.
    pub(super) fn get(&self, name: &str) -> &str {
        self.raw(name).trim()
    }
}

/// What the handler of a posted form works with. No transaction is open: it writes in its own.
#[derive(Clone)]
pub(super) struct Seat {
    /// The server.
    pub(super) app: App,
    /// The request.
    pub(super) ask: Ask,
    /// Who posts.
    pub(super) reader: Reader,
    /// The day and the instant of recording.
    pub(super) now: Moment,
    /// The fields.
    pub(super) fields: Fields,
    /// What he may write by the roles that may do this; without one, what stands under agreements that name him.
    pub(super) scope: Scope,
}

impl Seat {
    /// With the fields of a form that fits the session.
    pub(super) fn with(self, posted: Posted) -> Result<Seat, PageError> {
        let fields = checked(&self.ask, posted, self.ask.session.as_deref())?;
        Ok(Seat { fields, ..self })
    }

    /// What was typed into fields of a form, by their ids (`form-field`), to be shown again: all of it, as a form is no longer
    /// than may be read.
    pub(super) fn typed(&self, form: &str, fields: &[&str]) -> Vec<(String, String)> {
        fields.iter().map(|f| (format!("{form}-{f}"), self.fields.get(f).to_owned())).collect()
    }

    /// The store.
    pub(super) fn db(&self) -> &Db {
        &self.app.installation.db
    }

    /// Who writes, at the installation's instant.
    pub(super) fn actor(&self) -> Actor {
        Actor { account: Some(self.reader.account), name: self.reader.name.clone(), at: self.now.instant }
    }

    /// The same by the machine's clock, by which logins, one-time passwords and roles begin and end.
    pub(super) fn keeper(&self) -> Actor {
        Actor { at: instant(), ..self.actor() }
    }

    /// The form as one that is taken once. Under `key`, or, where it carries none of its own, under its token, which is
    /// another one on each page.
    pub(super) fn once(&self, key: Option<&str>) -> once::Form {
        let own = || token::kept(&format!("{} {}", self.fields.raw(TOKEN), self.ask.url.href()));
        let key = key.map_or_else(own, str::to_owned);
        let said = self.fields.pairs().iter().filter(|(k, _)| !ASIDE.contains(&k.as_str()));
        once::Form::new(&self.app.installation.keys, key, said.map(|(k, v)| (k.as_str(), v.as_str())))
    }

    /// Writes what a form says, once: gives the number of what it led to, also to who sends it again. `about` is the table.
    ///
    /// # Errors
    /// [`once::Used`]; those of `write`; else when the store cannot be written.
    pub(super) fn write_once<F>(&self, about: &'static str, write: F) -> anyhow::Result<i64>
    where
        F: FnOnce(&mut Tx<'_>) -> anyhow::Result<i64> + Send + 'static,
    {
        let (form, account, now) = (self.once(None), self.reader.account, self.now.instant);
        self.db().write(move |tx| {
            if let Some(known) = once::take(tx, &form, account, about, now)? {
                return Ok(known);
            }
            let id = write(tx)?;
            once::led(tx, &form, id, "{}")?;
            Ok(id)
        })
    }

    /// The units in which the reader may do what a permission lets; `None` without such a role.
    pub(super) fn opens(&self, current: &Current, permission: Permission) -> Option<Scope> {
        let organisation = auth::Organisation::of(current, self.now.day)?;
        auth::opening::reach(&self.reader, &organisation, permission)
    }

    /// Who records facts, and how far.
    pub(super) fn by(&self) -> By {
        By { name: self.reader.name.clone(), account: Some(self.reader.account), scope: self.scope.clone() }
    }

    /// Goes on with a page, by GET, so that reloading posts nothing again.
    pub(super) fn to(&self, path: &str) -> Response {
        Redirect::to(path).into_response()
    }

    /// Goes on under a new token of the session.
    pub(super) fn with_token(&self, token: &str, mut response: Response) -> Response {
        response.headers_mut().append(header::SET_COOKIE, cookie::SESSION.set(self.app.transport, token));
        response
    }

    /// The same seat under a new token of the session: what it shows belongs to that.
    pub(super) fn under(&self, token: &str) -> Seat {
        Seat { ask: Ask { session: Some(token.to_owned()), ..self.ask.clone() }, ..self.clone() }
    }

    /// Shows a page over a fresh snapshot as the answer to the form, with a status.
    pub(super) fn show<F>(&self, status: StatusCode, page: F) -> Response
    where
        F: FnOnce(&mut Desk<'_, '_>) -> anyhow::Result<Response>,
    {
        let mut response = frame::desk(&self.app, &self.ask, page);
        if response.status() == StatusCode::OK {
            *response.status_mut() = status;
        }
        response
    }
}

/// Runs the handler of a posted form on a blocking thread, if it comes from a page of ours, in the session that the page
/// was made for, by someone who may.
pub(super) async fn act<F>(app: App, ask: Ask, posted: Posted, handler: F) -> Response
where
    F: FnOnce(&Seat) -> anyhow::Result<Response> + Send + 'static,
{
    blocking(app, ask, move |app, ask| handler(&seat(app, ask)?.with(posted)?)).await
}

/// The same for what takes no longer than to look who posts: on this thread where the store allows it, and the handler waits
/// for the writer without a thread of its own.
pub(super) async fn act_soon<F, H>(app: App, ask: Ask, posted: Posted, handler: F) -> Response
where
    F: FnOnce(Seat) -> H,
    H: Future<Output = anyhow::Result<Response>>,
{
    let seated = if app.installation.db.reads_at_once() {
        seat(&app, &ask)
    } else {
        let (app, ask) = (app.clone(), ask.clone());
        tokio::task::spawn_blocking(move || seat(&app, &ask)).await.unwrap_or_else(|e| Err(e.into()))
    };
    let done = match seated.and_then(|seat| Ok(seat.with(posted)?)) {
        Ok(seat) => handler(seat).await,
        Err(e) => Err(e),
    };
    match done {
        Ok(response) => response,
        Err(e) => blocking(app, ask, |_, _| Err(e)).await,
    }
}

/// Who posts, if he may; the fields are not read yet.
pub(super) fn seat(app: &App, ask: &Ask) -> anyhow::Result<Seat> {
    let now = app.installation.clock.now();
    let (reader, scope) = app.installation.db.read(|tx| {
        let current = app.installation.current(tx)?;
        let reader = who(tx, app, ask, &current, now.day)?;
        admit(ask.needs, reader.as_ref())?;
        let reader = reader.ok_or(PageError::NotLoggedIn)?;
        let scope = frame::writing(&reader, ask.needs, &current, now.day);
        Ok((reader, scope))
    })?;
    Ok(Seat { app: app.clone(), ask: ask.clone(), reader, now, fields: Fields::default(), scope })
}

/// The same for a form that is posted before there is a session.
pub(super) async fn act_as_visitor<F>(app: App, ask: Ask, posted: Posted, handler: F) -> Response
where
    F: FnOnce(&App, &Ask, &Fields) -> anyhow::Result<Response> + Send + 'static,
{
    blocking(app, ask, move |app, ask| handler(app, ask, &checked(ask, posted, ask.visitor.as_deref())?)).await
}

/// The fields of a form that fits its session.
///
/// # Errors
/// [`PageError::Stale`] where it does not; why it was not read.
pub(super) fn checked(ask: &Ask, posted: Posted, session: Option<&str>) -> Result<Fields, PageError> {
    if !ask.own_site {
        return Err(PageError::Stale);
    }
    let fields = Fields(posted.0?);
    match session {
        Some(session) if token::is_form_token(session, fields.raw(TOKEN)) => Ok(fields),
        _ => Err(PageError::Stale),
    }
}

/// Runs what may take long on a blocking thread, outside any transaction; its errors become pages.
pub(super) async fn blocking<F>(app: App, ask: Ask, work: F) -> Response
where
    F: FnOnce(&App, &Ask) -> anyhow::Result<Response> + Send + 'static,
{
    let frame = bare(&ask);
    let work = move || work(&app, &ask).unwrap_or_else(|e| failed(&app, &ask, e));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| PageError::Internal(e.into()).page(frame, None))
}

/// The page of an error, told to everybody in the frame of who asked.
pub(super) fn failed(app: &App, ask: &Ask, e: anyhow::Error) -> Response {
    let ask = Ask { needs: Needs::Nothing, ..ask.clone() };
    frame::desk(app, &ask, |desk| PageError::from(e).answer(desk))
}

/// A header that names no address of ours must not be followed: only paths of this server, without a host.
pub(super) fn local_path(next: &str) -> Option<&str> {
    let plain = next.bytes().all(|b| (0x21..=0x7e).contains(&b) && b != b'\\');
    let local = next.starts_with('/') && !next.starts_with("//");
    let elsewhere = ["/login", "/logout"].iter().any(|p| next.starts_with(p));
    (plain && local && !elsewhere && HeaderValue::from_str(next).is_ok()).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_followed() {
        for good in ["/", "/units/U1?state=%E7%BA%A2", "/ledgers/talk?next=http://x"] {
            assert_eq!(local_path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test",
            "javascript:alert(1)",
            "units",
            "/a\r\nX: 1",
            "/一",
            "/login?next=/login",
            "/logout",
            "/\t/evil.test",
            " /",
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
