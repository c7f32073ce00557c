//! 单点登录 on one's own account: linked with the password and a login at the provider, taken away with the password.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::Response,
};

use super::{
    account::{Left, owner, refuse, render},
    app::App,
    cookie,
    error::PageError,
    frame::{Ask, Desk, instant},
    post::{Posted, Seat, act},
    view::{
        account::SignOn,
        form::{Field, Form},
    },
};
use crate::{
    auth::{Reader, session},
    clock::chinese,
    sso::{
        Refusal, Setting,
        attempt::{Attempt, Kept},
        flow, link, setting,
    },
};

/// How single sign-on stands; `None` where it is not set, or not for this account.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn section(
    desk: &mut Desk<'_, '_>,
    reader: &Reader,
    token: &str,
    left: &Left,
) -> anyhow::Result<Option<SignOn>> {
    let Some(setting) = setting::load(desk.tx)? else { return Ok(None) };
    if reader.session.demo || reader.pending.is_some() || link::is_administrators(desk.tx, reader.account)? {
        return Ok(None);
    }
    let form = |id: &str, action: &str, button: &str| Form {
        id: id.into(),
        action: action.into(),
        token: token.into(),
        fields: vec![Field::password("current", "现在的口令", "current-password")],
        button: button.into(),
        ..Form::default()
    };
    Ok(Some(match link::of_account(desk.tx, &setting.issuer, reader.account)? {
        Some(link) => SignOn {
            words: format!("已绑定，{}由{}办理。登录时在登录页点“单点登录”。", chinese(link.made.0), link.made.1),
            away: String::new(),
            forms: vec![form("su", "/account/sso/remove", "解除绑定")],
        },
        None if left.away.is_empty() => SignOn {
            words: "没有绑定。绑定后可以用本单位的统一身份登录；口令仍然可用。".into(),
            away: String::new(),
            forms: vec![form("sl", "/account/sso", "绑定单点登录")],
        },
        // A link, not a redirect: a form of ours may not lead to another site.
        None => SignOn {
            words: "口令已核对。请在10分钟内前往单点登录，用本人的身份登录一次，即完成绑定。".into(),
            away: left.away.clone(),
            forms: Vec::new(),
        },
    }))
}

/// `POST /account/sso`: with the password right, the way to the provider.
pub(super) async fn begin(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let setting = allowed(seat)?;
        if let Err(text) = owner(seat, seat.fields.raw("current"))? {
            return Ok(refuse(seat, &Left::wrong("sl-current", text)));
        }
        let (inst, now) = (&seat.app.installation, instant());
        let provider = inst.sso.provider(&setting, now).map_err(|e| PageError::SignOn(flow::logged(&e)))?;
        let who = (seat.reader.account, seat.reader.session.id);
        let attempt = Attempt::new(&setting.issuer, "", Some(who), now)?;
        let left = Left { away: flow::away(&provider, &setting, &attempt), ..Left::default() };
        let cookie = Kept::Away(attempt).seal(&inst.keys)?;
        let mut response = seat.show(StatusCode::OK, |desk| render(desk, &left));
        response.headers_mut().append(header::SET_COOKIE, cookie::SSO.set(seat.app.transport, &cookie));
        Ok(response)
    })
    .await
}

/// `POST /account/sso/remove`.
pub(super) async fn remove(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let setting = allowed(seat)?;
        if let Err(text) = owner(seat, seat.fields.raw("current"))? {
            return Ok(refuse(seat, &Left::wrong("su-current", text)));
        }
        let (id, own, actor) = (seat.reader.account, seat.reader.session.id, seat.keeper());
        let token = seat.db().write(move |tx| {
            link::unlink(tx, &actor, id, &setting.issuer)?;
            session::close_all(tx, id, Some(own), actor.at)?;
            session::renew(tx, own)
        })?;
        Ok(seat.with_token(&token, seat.to("/account?done=no-sso")))
    })
    .await
}

/// The setting, for an account that may be linked.
fn allowed(seat: &Seat) -> anyhow::Result<Setting> {
    let id = seat.reader.account;
    let (setting, administrator) = seat.db().read(|tx| Ok((setting::load(tx)?, link::is_administrators(tx, id)?)))?;
    if administrator {
        return Err(PageError::SignOn(Refusal::Administrator).into());
    }
    Ok(setting.filter(|_| !seat.reader.session.demo).ok_or(PageError::NotFound)?)
}
