//! 单点登录: to the provider, back from it, and the second factor where it is asked here.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::{
    app::App,
    cookie,
    error::PageError,
    frame::{self, Ask, Desk, answer, home, instant, who},
    login::{inside, visitor},
    post::{Posted, act_as_visitor, blocking, local_path},
    view::{
        form::{Errors, Field, Form},
        login::LoginCode,
        words::Link,
    },
};
use crate::{
    audit::{self, Kind},
    auth::{
        account::{self, Account, Refused},
        lockout::{self, Against, Gate},
        login::tell,
        policy::{MINUTE, SSO_CODE},
        session, token,
    },
    scope::Actor,
    sso::{
        Refusal, Setting,
        attempt::{Attempt, Kept, Waiting, use_up},
        flow::{self, Answer},
        identity::Identity,
        link, setting,
    },
};

/// `GET /login/sso`: off to the provider.
pub(super) async fn begin(State(app): State<App>, ask: Ask) -> Response {
    blocking(app, ask, |app, ask| {
        let (inst, now) = (&app.installation, instant());
        let (setting, reader) = inst.db.read(|tx| {
            let current = inst.current(tx)?;
            Ok((setting::load(tx)?, who(tx, app, ask, &current, inst.clock.now().day)?))
        })?;
        let setting = setting.ok_or(PageError::NotFound)?;
        if let Some(reader) = reader {
            return Ok(Redirect::to(home(&reader)).into_response());
        }
        let provider = inst.sso.provider(&setting, now).map_err(|e| PageError::SignOn(flow::logged(&e)))?;
        let next = ask.get("next").and_then(local_path).unwrap_or_default();
        let attempt = Attempt::new(&setting.issuer, next, None, now)?;
        let mut response = Redirect::to(&flow::away(&provider, &setting, &attempt)).into_response();
        keep(app, &Kept::Away(attempt), &mut response)?;
        Ok(response)
    })
    .await
}

/// Where one leaves the provider too, if single sign-on is set and the provider can be told to. It is asked here, if that
/// was long ago.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn out(app: &App) -> anyhow::Result<Option<String>> {
    let inst = &app.installation;
    let Some(setting) = inst.db.read(setting::load)? else { return Ok(None) };
    let provider = inst.sso.provider(&setting, instant()).map_err(|e| flow::logged(&e)).ok();
    Ok(provider.and_then(|provider| flow::out(&provider, &setting)))
}

/// `GET /logout/sso`: off to the provider, to leave it too. Who is still logged in here is not sent away.
pub(super) async fn leave(State(app): State<App>, ask: Ask) -> Response {
    blocking(app, ask, |app, ask| {
        let inst = &app.installation;
        let reader = inst.db.read(|tx| {
            let current = inst.current(tx)?;
            who(tx, app, ask, &current, inst.clock.now().day)
        })?;
        if let Some(reader) = reader {
            return Ok(Redirect::to(home(&reader)).into_response());
        }
        let to = out(app)?.ok_or(PageError::NotFound)?;
        Ok(Redirect::to(&to).into_response())
    })
    .await
}

fn keep(app: &App, kept: &Kept, response: &mut Response) -> anyhow::Result<()> {
    let cookie = kept.seal(&app.installation.keys)?;
    response.headers_mut().append(header::SET_COOKIE, cookie::SSO.set(app.transport, &cookie));
    Ok(())
}

fn forget(app: &App, response: &mut Response) {
    response.headers_mut().append(header::SET_COOKIE, cookie::SSO.clear(app.transport));
}

/// `GET /login/sso/return`: back from the provider.
pub(super) async fn back(State(app): State<App>, ask: Ask) -> Response {
    blocking(app, ask, |app, ask| {
        let inst = &app.installation;
        let setting = inst.db.read(setting::load)?.ok_or(PageError::NotFound)?;
        let kept = ask.sso.as_deref().and_then(|cookie| Kept::open(&inst.keys, cookie, instant()));
        let Some(Kept::Away(attempt)) = kept else { return Err(PageError::SignOn(Refusal::Stale).into()) };
        let state = ask.get("state").unwrap_or_default();
        // A link from elsewhere is no failure of this address.
        if !attempt.is_of(&setting.issuer, state) {
            return Err(PageError::SignOn(Refusal::Stale).into());
        }
        let address = Against::Address(ask.from.address.clone());
        // Before the provider is asked: who makes us ask it in vain has to wait.
        if let Gate::Shut { .. } = inst.db.write(move |tx| lockout::attempt(tx, &address, instant()))? {
            return Err(PageError::SignOn(Refusal::Wait).into());
        }
        let text = |key: &str| ask.get(key).unwrap_or_default().to_owned();
        let given = Answer {
            state: state.to_owned(),
            code: text("code"),
            error: text("error"),
            issuer: ask.get("iss").map(str::to_owned),
        };
        let found = flow::back((&inst.db, &inst.keys, &inst.sso), &setting, &attempt, &given, instant())?;
        let identity = found.map_err(PageError::SignOn)?;
        let mut response = match attempt.link {
            Some(own) => linked(app, ask, &setting, own, identity),
            None => known(app, ask, &setting, &attempt, &identity),
        }?;
        if attempt.link.is_some() {
            forget(app, &mut response);
        }
        Ok(response)
    })
    .await
}

/// Lets the owner of the account in, or asks for the second factor first.
fn known(app: &App, ask: &Ask, setting: &Setting, attempt: &Attempt, identity: &Identity) -> anyhow::Result<Response> {
    let inst = &app.installation;
    let account = match inst.db.read(|tx| link::account_of(tx, setting, identity))? {
        Ok(account) => account,
        Err(refusal) => {
            let actor = Actor { name: "单点登录".into(), at: instant(), account: None };
            let title = format!("单点登录没有登入：{refusal}；身份 {}，地址 {}", identity.subject, ask.from.address);
            inst.db.write(move |tx| {
                audit::note(tx, &actor, Kind::Login, serde_json::json!({ "title": title }));
                Ok(())
            })?;
            return Err(PageError::SignOn(refusal).into());
        }
    };
    if account.totp_confirmed && !setting.factor {
        let ends = instant() + SSO_CODE;
        let waiting = Waiting { id: token::token()?, account: account.id, next: attempt.next.clone(), ends };
        let mut response = Redirect::to("/login/sso/code").into_response();
        keep(app, &Kept::Back(waiting), &mut response)?;
        return Ok(response);
    }
    let (from, over, factor) = (ask.from.clone(), ask.session.clone(), setting.factor);
    let session = inst.db.write(move |tx| enter_as(tx, &account, &from, over.as_deref(), factor))?;
    let mut response = inside(app, ask, &attempt.next, &session)?;
    forget(app, &mut response);
    Ok(response)
}

/// A new session; one that the browser still had ends. Failures from this address are taken back, those of the name stay:
/// they are of the password.
fn enter_as(
    tx: &mut crate::db::Tx<'_>,
    account: &Account,
    from: &session::From,
    over: Option<&str>,
    factor: bool,
) -> anyhow::Result<String> {
    let now = instant();
    lockout::succeeded_from(tx, &Against::Address(from.address.clone()))?;
    if let Some(over) = over {
        session::close_token(tx, over, now)?;
    }
    tell(tx, (account.id, account.name.clone()), "单点登录", &from.address, now);
    let token = session::open(tx, account.id, from, false, now)?;
    session::by_provider(tx, &token, factor)?;
    Ok(token)
}

/// Links the account from whose session the login was begun.
fn linked(
    app: &App,
    ask: &Ask,
    setting: &Setting,
    (account, session): (i64, i64),
    identity: Identity,
) -> anyhow::Result<Response> {
    let inst = &app.installation;
    let reader = inst.db.read(|tx| {
        let current = inst.current(tx)?;
        who(tx, app, ask, &current, inst.clock.now().day)
    })?;
    let own = |r: &crate::auth::Reader| r.account == account && r.session.id == session && r.pending.is_none();
    let reader = reader.filter(own).ok_or(PageError::SignOn(Refusal::Stale))?;
    let (actor, address) = (
        Actor { name: reader.name, at: instant(), account: Some(account) },
        Against::Address(ask.from.address.clone()),
    );
    let issuer = setting.issuer.clone();
    let done = inst.db.write(move |tx| {
        link::link(tx, &actor, account, &issuer, &identity.subject)?;
        lockout::succeeded_from(tx, &address)?;
        session::close_all(tx, account, Some(session), actor.at)?;
        session::renew(tx, session)
    });
    match done {
        Ok(token) => {
            let mut response = Redirect::to("/account?done=sso").into_response();
            response.headers_mut().append(header::SET_COOKIE, cookie::SESSION.set(app.transport, &token));
            Ok(response)
        }
        Err(e) => match e.downcast::<Refused>() {
            Ok(_) => Err(PageError::SignOn(Refusal::Taken).into()),
            Err(e) => Err(e),
        },
    }
}

/// The login that waits for its second factor.
fn waiting(app: &App, ask: &Ask) -> Result<Waiting, PageError> {
    match ask.sso.as_deref().and_then(|cookie| Kept::open(&app.installation.keys, cookie, instant())) {
        Some(Kept::Back(waiting)) => Ok(waiting),
        _ => Err(PageError::SignOn(Refusal::Stale)),
    }
}

/// `GET /login/sso/code`: asks for the second factor.
pub(super) async fn ask_code(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        waiting(&own, &desk.ask)?;
        code_page(&own, desk, "")
    })
    .await
}

fn code_page(app: &App, desk: &mut Desk<'_, '_>, error: &str) -> anyhow::Result<Response> {
    let visitor = visitor(&desk.ask)?;
    let field = Field { error: error.to_owned(), ..Field::code("code", "动态码或恢复码").required() };
    let form = Form {
        id: "sc".into(),
        action: "/login/sso/code".into(),
        token: token::form_token(&visitor)?,
        fields: vec![field],
        button: "登录".into(),
        primary: true,
        cancel: Some(Link::new("取消", "/login")),
        ..Form::default()
    };
    let page = LoginCode { errors: Errors::of(&form), form, page: desk.page("")? };
    let mut response = Html(askama::Template::render(&page)?).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie::VISITOR.set(app.transport, &visitor));
    Ok(response)
}

/// `POST /login/sso/code`.
pub(super) async fn enter(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act_as_visitor(app, ask, posted, |app, ask, fields| {
        let waiting = waiting(app, ask)?;
        let inst = &app.installation;
        inst.db.read(setting::load)?.ok_or(PageError::NotFound)?;
        let account = inst.db.read(|tx| match link::is_administrators(tx, waiting.account)? {
            true => Ok(None),
            false => account::get(tx, waiting.account),
        })?;
        let account = account.filter(|a| a.disabled.is_none()).ok_or(PageError::SignOn(Refusal::Unknown))?;
        let name = Against::Name(account.login.clone());
        let now = instant();
        if let Gate::Shut { until } = inst.db.write(move |tx| lockout::attempt(tx, &name, now))? {
            let text = format!("多次输错，请在{}分钟后再试。", (until - now + MINUTE - 1) / MINUTE);
            return Ok(again(app, ask, StatusCode::TOO_MANY_REQUESTS, &text));
        }
        let (keys, code, from, over) =
            (inst.keys.clone(), fields.get("code").to_owned(), ask.from.clone(), ask.session.clone());
        let (id, ends) = (waiting.id.clone(), waiting.ends);
        let session = inst.db.write(move |tx| {
            if !account::use_code(tx, &keys, &account, &code, now)? {
                return Ok(None);
            }
            if !use_up(tx, &id, ends, now)? {
                return Err(PageError::SignOn(Refusal::Stale).into());
            }
            lockout::unlock(tx, &Against::Name(account.login.clone()))?;
            enter_as(tx, &account, &from, over.as_deref(), false).map(Some)
        })?;
        let Some(session) = session else {
            return Ok(again(app, ask, StatusCode::UNPROCESSABLE_ENTITY, "动态码或恢复码不正确。"));
        };
        let mut response = inside(app, ask, &waiting.next, &session)?;
        forget(app, &mut response);
        Ok(response)
    })
    .await
}

/// The page again, with what is wrong.
fn again(app: &App, ask: &Ask, status: StatusCode, error: &str) -> Response {
    let mut response = frame::desk(app, ask, |desk| code_page(app, desk, error));
    if response.status() == StatusCode::OK {
        *response.status_mut() = status;
    }
    response
}
