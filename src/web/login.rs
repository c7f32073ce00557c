//! 登录 and 退出.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    app::App,
    cookie,
    error::PageError,
    frame::{self, Ask, Desk, answer, home, instant, who},
    post::{Fields, Posted, Seat, act_as_visitor, blocking, checked, failed, local_path, seat},
    sso, unit_names,
    view::{
        form::{Errors, Field, Form},
        login::{Identity, Login},
        url::Query,
        words::Link,
    },
};
use crate::{
    auth::{
        account, grant,
        login::{self, Outcome, Typed},
        policy::{MINUTE, NAME_FAILURES},
        session, token,
    },
    db::Row,
    hex::unhex,
    sso::setting,
};

/// `GET /login`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| match &desk.reader {
        Some(reader) => Ok(Redirect::to(home(reader)).into_response()),
        None => blank(&own, desk, "", ""),
    })
    .await
}

/// The page, with a login name that was typed and what is wrong. A visitor without a cookie gets one.
fn blank(app: &App, desk: &mut Desk<'_, '_>, typed: &str, error: &str) -> anyhow::Result<Response> {
    let visitor = visitor(&desk.ask)?;
    let next = desk.ask.get("next").and_then(local_path).unwrap_or_default().to_owned();
    let sso = setting::load(desk.tx)?.map(|_| match next.as_str() {
        "" => "/login/sso".to_owned(),
        next => Query::new("/login/sso").with("next", next).href(),
    });
    let left = sso.is_some() && desk.ask.get("left") == Some("sso");
    let errors = if error.is_empty() { vec![] } else { vec![Link::new(error, "#in-login")] };
    let form = Form {
        id: "in".into(),
        action: "/login".into(),
        token: token::form_token(&visitor)?,
        hidden: vec![("next".into(), next)],
        fields: vec![
            Field { autocomplete: "username", ..Field::text("login", "登录名", typed).required() },
            Field::password("password", "口令", "current-password"),
            Field::code("code", "动态码").hint("已启用动态码的账号填写手机上的6位数字，或者一个恢复码。"),
        ],
        button: "登录".into(),
        primary: !desk.demo && sso.is_none(),
        cancel: None,
    };
    let identities = if desk.demo { identities(desk)? } else { Vec::new() };
    let lost = desk.ask.get("lost").is_some();
    let page = Login { page: desk.page("")?, form, errors: Errors(errors), identities, sso, left, lost };
    let mut response = Html(askama::Template::render(&page)?).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie::VISITOR.set(app.transport, &visitor));
    Ok(response)
}

/// What the forms of who is not logged in belong to: as the browser has it, or fresh.
pub(super) fn visitor(ask: &Ask) -> anyhow::Result<String> {
    let known = ask.visitor.clone().filter(|v| unhex(v).is_some_and(|b| b.len() == 32));
    known.map_or_else(token::token, Ok)
}

/// Whom one can be in the demo, in the order in which they were made.
fn identities(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<Identity>> {
    let sql = "select row_id, login, name, person_id from account \
               where password is null and disabled_at is null order by row_id";
    let read = |r: &Row<'_>| Ok((r.i64(0)?, r.text(1)?.to_owned(), r.text(2)?.to_owned(), r.opt_i64(3)?));
    let found = desk.tx.rows(sql, &[], read)?;
    let mut identities = Vec::new();
    for (id, login, name, person) in found {
        let grants = grant::of_account(desk.tx, id)?;
        let Some(first) = grants.iter().find(|g| g.holds(desk.now.day)) else { continue };
        let role = first.role.title().to_owned();
        let unit = match first.unit {
            Some(unit) => unit_names::full(desk, unit)?,
            None if first.role.takes_unit() => "全市".to_owned(),
            None => match person.and_then(|p| unit_names::of_person(desk, p)) {
                Some(unit) => unit_names::full(desk, unit)?,
                None => String::new(),
            },
        };
        let name = if name == role { String::new() } else { name };
        let whom: Vec<String> = [unit, name].into_iter().filter(|t| !t.is_empty()).collect();
        let whom = if whom.is_empty() { "专用账号".to_owned() } else { whom.join("　") };
        identities.push(Identity { login, role, whom });
    }
    Ok(identities)
}

/// `POST /login`.
pub(super) async fn enter(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act_as_visitor(app, ask, posted, |app, ask, fields| {
        let typed = Typed {
            login: fields.get("login").to_owned(),
            password: fields.raw("password").to_owned(),
            code: fields.get("code").to_owned(),
        };
        let (inst, now) = (&app.installation, instant());
        let outcome = login::login(&inst.db, &inst.keys, &typed, &ask.from, ask.session.as_deref(), now)?;
        match outcome {
            Outcome::In { token, .. } => inside(app, ask, fields.get("next"), &token),
            Outcome::Refused { left } => {
                let more = if left < NAME_FAILURES { format!("还可尝试{left}次。") } else { String::new() };
                Ok(again(
                    app,
                    ask,
                    fields,
                    StatusCode::UNPROCESSABLE_ENTITY,
                    format!("登录名、口令或动态码不正确。{more}"),
                ))
            }
            Outcome::Wait { until } => {
                let minutes = ((until - now) + MINUTE - 1) / MINUTE;
                let text = format!("多次输错，登录已暂停，请在{minutes}分钟后再试，或联系安全管理员。");
                Ok(again(app, ask, fields, StatusCode::TOO_MANY_REQUESTS, text))
            }
        }
    })
    .await
}

/// The login page again, with what was typed but the password.
fn again(app: &App, ask: &Ask, fields: &Fields, status: StatusCode, error: String) -> Response {
    let mut ask = ask.clone();
    ask.url = ask.url.with("next", fields.get("next"));
    ask.page = ask.url.clone();
    let typed: String = fields.get("login").chars().filter(|c| !c.is_control()).take(64).collect();
    let mut response = frame::desk(app, &ask, |desk| blank(app, desk, &typed, &error));
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}

/// On with a new session: to the page that was asked for, else to where the roles begin.
pub(super) fn inside(app: &App, ask: &Ask, next: &str, session: &str) -> anyhow::Result<Response> {
    let mut ask = ask.clone();
    ask.session = Some(session.to_owned());
    let reader = app.installation.db.read(|tx| {
        let current = app.installation.current(tx)?;
        who(tx, app, &ask, &current, app.installation.clock.now().day)
    })?;
    let reader = reader.ok_or(PageError::NotLoggedIn)?;
    let first = if reader.pending.is_some() { "/account" } else { home(&reader) };
    let next = local_path(next).filter(|_| reader.pending.is_none()).unwrap_or(first);
    let mut response = Redirect::to(next).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie::SESSION.set(app.transport, session));
    response.headers_mut().append(header::SET_COOKIE, cookie::VISITOR.clear(app.transport));
    Ok(response)
}

/// `POST /login/demo`: an identity of the demo. Real data has no such thing.
pub(super) async fn enter_demo(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    if !app.installation.demo {
        return answer(app, ask, |_| Err(PageError::NotFound.into())).await;
    }
    act_as_visitor(app, ask, posted, |app, ask, fields| {
        let (login, from, over) = (fields.get("identity").to_owned(), ask.from.clone(), ask.session.clone());
        let session = app.installation.db.write(move |tx| {
            let found = account::by_login(tx, &login)?;
            let Some(account) = found.filter(|a| a.password.is_none() && a.disabled.is_none()) else { return Ok(None) };
            if let Some(over) = over {
                session::close_token(tx, &over, instant())?;
            }
            login::tell(tx, (account.id, account.name), "登录（演示身份）", &from.address, instant());
            session::open(tx, account.id, &from, true, instant()).map(Some)
        })?;
        inside(app, ask, fields.get("next"), &session.ok_or(PageError::NotFound)?)
    })
    .await
}

/// `POST /logout`. Who asks for it from a page of ours is out in this browser, whatever the store says.
pub(super) async fn leave(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    blocking(app, ask, |app, ask| {
        let seat = seat(app, ask);
        if let Err(e) = checked(ask, posted, ask.session.as_deref()) {
            return Err(seat.err().unwrap_or_else(|| e.into()));
        }
        let mut response = seat.and_then(|seat| ended(&seat)).unwrap_or_else(|e| failed(app, ask, e));
        response.headers_mut().append(header::SET_COOKIE, cookie::SESSION.clear(app.transport));
        // Nothing of ours is kept by the browser as it is (`no-store`); what an extension kept for it goes as well.
        response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
        Ok(response)
    })
    .await
}

/// Ends the session and leads on.
fn ended(seat: &Seat) -> anyhow::Result<Response> {
    let (account, id) = (seat.reader.account, seat.reader.session.id);
    let (name, address) = (seat.reader.name.clone(), seat.ask.from.address.clone());
    let by_provider = seat.db().write(move |tx| {
        login::tell(tx, (account, name), "退出", &address, instant());
        session::close(tx, account, id, instant())?;
        session::is_by_provider(tx, id)
    })?;
    // A link there, not a redirect: a form of ours may not lead to another site.
    let there = by_provider && sso::out(&seat.app)?.is_some();
    Ok(seat.to(if there { "/login?left=sso" } else { "/login" }))
}
