//! 动态码 on one's own account: begun with the password, in use after the first code, taken away with password and code.

use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    account::{Left, owner, refuse, render},
    app::App,
    frame::{Ask, Desk, instant},
    post::{Posted, act},
    view::{
        account::Factor,
        form::{Field, Form},
    },
};
use crate::auth::{
    account::{self, Account, Refused},
    factor, session, token, totp,
};

/// How the second factor stands, and what can be done.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn section(desk: &mut Desk<'_, '_>, account: &Account, token: &str, left: &Left) -> anyhow::Result<Factor> {
    let form = |id: &str, action: &str, fields: Vec<Field>, button: &str| Form {
        id: id.into(),
        action: format!("/account/factor{action}"),
        token: token.into(),
        fields,
        button: button.into(),
        ..Form::default()
    };
    let current = || Field::password("current", "现在的口令", "current-password");
    let begin = |button: &str| form("fa", "", vec![current()], button);
    let (words, forms) = if account.totp_confirmed {
        let codes = account::codes_left(desk.tx, account.id)?;
        let code = Field::code("code", "动态码或恢复码").required();
        let words = format!("已启用，还有{codes}个恢复码。换手机的，先取消，再重新启用。");
        (words, vec![form("fr", "/remove", vec![current(), code], "取消动态码")])
    } else if account.totp.is_some() {
        let code = Field::code("code", "动态码").hint("手机上显示的6位数字。").required();
        let words = "还差一步：填写手机上的数字，确认已经扫描。没有扫描到的，请重新生成。".to_owned();
        (words, vec![form("fc", "/confirm", vec![code], "确认启用"), begin("重新生成")])
    } else {
        let held = desk.reader()?.held.clone();
        let policy = factor::load(desk.tx)?;
        let must = if held.iter().any(|h| policy.needs(h.role)) { "；您的角色必须启用" } else { "" };
        let words = format!("没有启用。启用后，登录时除口令外还要填写手机上的6位数字{must}。");
        (words, vec![begin("启用动态码")])
    };
    Ok(Factor { words, picture: left.picture.clone(), codes: left.codes.clone(), forms })
}

/// `POST /account/factor`: a fresh secret, shown once.
pub(super) async fn begin(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let account = match owner(seat, seat.fields.raw("current"))? {
            Ok(account) if account.totp_confirmed => {
                return Ok(refuse(seat, &Left::wrong("fr-current", "动态码已经启用，要更换请先取消。")));
            }
            Ok(account) => account,
            Err(text) => return Ok(refuse(seat, &Left::wrong("fa-current", text))),
        };
        let (secret, keys) = (totp::secret()?, seat.app.installation.keys.clone());
        let picture = totp::picture(&totp::address(&secret, &account.login, "栋梁"))?;
        let spelled = token::base32(&secret);
        let actor = seat.keeper();
        seat.db().write(move |tx| account::begin_factor(tx, &actor, &keys, account.id, &secret))?;
        let left = Left { picture: Some((picture, spelled)), ..Left::default() };
        Ok(seat.show(StatusCode::OK, |desk| render(desk, &left)))
    })
    .await
}

/// `POST /account/factor/confirm`: the first code; gives the recovery codes, once.
pub(super) async fn confirm(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (id, own, now) = (seat.reader.account, seat.reader.session.id, instant());
        let (keys, code) = (seat.app.installation.keys.clone(), seat.fields.get("code").replace(' ', ""));
        let actor = seat.keeper();
        let done = seat.db().write(move |tx| {
            let account = account::get(tx, id)?.filter(|a| !a.totp_confirmed);
            let Some(account) = account else { return Ok(None) };
            let Some(secret) = account::factor_secret(&keys, &account)? else { return Ok(None) };
            let Some(step) = totp::accept(&secret, &code, now, 0) else { return Ok(None) };
            let codes = account::confirm_factor(tx, &actor, id, step)?;
            session::close_all(tx, id, Some(own), now)?;
            Ok(Some((codes, session::renew(tx, own)?)))
        });
        match done {
            Ok(Some((codes, token))) => {
                let notice = "动态码已启用，下次登录时填写。其他设备上的登录已退出。".into();
                let left = Left { codes, notice, ..Left::default() };
                // The page's own forms must already be of the new token.
                let response = seat.under(&token).show(StatusCode::OK, |desk| render(desk, &left));
                Ok(seat.with_token(&token, response))
            }
            Ok(None) => {
                let text = "动态码不对。请核对手机时间是否准确，填写正在显示的6位数字。";
                Ok(refuse(seat, &Left::wrong("fc-code", text)))
            }
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => Ok(refuse(seat, &Left::wrong("fr-code", text))),
                Err(e) => Err(e),
            },
        }
    })
    .await
}

/// `POST /account/factor/remove`: with password and code.
pub(super) async fn remove(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let account = match owner(seat, seat.fields.raw("current"))? {
            Ok(account) => account,
            Err(text) => return Ok(refuse(seat, &Left::wrong("fr-current", text))),
        };
        let (own, now) = (seat.reader.session.id, instant());
        let (keys, code) = (seat.app.installation.keys.clone(), seat.fields.get("code").to_owned());
        let actor = seat.keeper();
        let token = seat.db().write(move |tx| {
            if !account.totp_confirmed || !account::use_code(tx, &keys, &account, &code, now)? {
                return Ok(None);
            }
            account::drop_factor(tx, &actor, account.id)?;
            session::close_all(tx, account.id, Some(own), now)?;
            session::renew(tx, own).map(Some)
        })?;
        Ok(match token {
            Some(token) => seat.with_token(&token, seat.to("/account?done=factor")),
            None => refuse(seat, &Left::wrong("fr-code", "动态码或恢复码不正确。")),
        })
    })
    .await
}
