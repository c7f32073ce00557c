//! 代理 on one's own account.

use axum::{extract::State, response::Response};

use super::{
    account::refuse,
    app::App,
    frame::{Ask, Desk},
    post::{Posted, act},
    view::{
        account::StandIn,
        form::{Field, Form},
    },
    wrongs::Wrongs,
};
use crate::{
    auth::{
        Reader,
        account::{Refused, login_name, plain_text},
        grant,
    },
    day::Day,
};

/// The form, if any role of the reader's own can be handed on.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn form(desk: &mut Desk<'_, '_>, reader: &Reader, token: &str) -> anyhow::Result<Option<Form>> {
    let own = reader.held.iter().any(|h| h.instead_of.is_none() && h.role.can_be_stood_in_for());
    if !own || reader.pending.is_some() {
        return Ok(None);
    }
    let today = desk.now.day.to_string();
    Ok(Some(Form {
        id: "si".into(),
        action: "/account/stand-ins".into(),
        token: token.into(),
        fields: vec![
            Field::text("to", "代理人的登录名", "").required(),
            Field::day("starts", "起日", &today).required(),
            Field::day("ends", "止日", "").hint("含当日，最长半年。").required(),
            Field::text("reason", "事由", "").hint("如：年休假。最多100字。").required(),
        ],
        button: "请人代理".into(),
        ..Form::default()
    }))
}

/// Stand-ins of an account, for the page.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn list(desk: &mut Desk<'_, '_>, account: i64) -> anyhow::Result<Vec<StandIn>> {
    let today = desk.now.day;
    let all = grant::stand_ins_of(desk.tx, account)?;
    Ok(all
        .into_iter()
        .map(|s| {
            let own = s.from.0 == account;
            let state = match s.withdrawn {
                Some(_) => "已收回",
                None if s.ends < today => "已结束",
                None if s.starts > today => "待生效",
                None => "代理中",
            };
            StandIn {
                id: s.id,
                words: if own { format!("由{}代理", s.to.1) } else { format!("代理{}", s.from.1) },
                span: format!("{}至{}", s.starts.chinese(), s.ends.chinese()),
                reason: s.reason,
                state,
                own: own && s.withdrawn.is_none() && s.ends >= today,
            }
        })
        .collect())
}

/// `POST /account/stand-ins`.
pub(super) async fn name(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let typed: Vec<(String, String)> = ["to", "starts", "ends", "reason"]
            .map(|f| (format!("si-{f}"), seat.fields.get(f).chars().take(200).collect()))
            .into();
        let day = |field: &str| Day::parse(seat.fields.get(field));
        let today = seat.now.day;
        let mut wrongs = Wrongs::default();
        let to = wrongs.take(login_name(seat.fields.get("to")).map_err(|Refused(text)| ("to", text)));
        let starts = day("starts").filter(|d| *d >= today);
        let starts = wrongs
            .take(starts.ok_or_else(|| ("starts", format!("起日应为{}或以后的日期，如{today}。", today.chinese()))));
        let ends = day("ends").ok_or_else(|| ("ends", format!("请填写止日，如{}。", today.plus(7))));
        let ends = wrongs.take(ends);
        let reason = seat.fields.get("reason");
        let reason = wrongs.take(match plain_text(reason) {
            _ if reason.is_empty() || reason.chars().count() > 100 => Err(("reason", "请填写事由，最多100字。".into())),
            Ok(_) => Ok(reason),
            Err(Refused(text)) => Err(("reason", text)),
        });
        let (Some(to), Some(starts), Some(ends), Some(reason)) = (to, starts, ends, reason) else {
            return Ok(refuse(seat, &wrongs.left("si", typed)));
        };
        let (from, actor, reason) = (seat.reader.account, seat.keeper(), reason.to_owned());
        match seat.db().write(move |tx| grant::name_stand_in(tx, &actor, (from, &to), (starts, ends), &reason, today)) {
            Ok(()) => Ok(seat.to("/account?done=stand-in")),
            Err(e) => match e.downcast::<Refused>() {
                Ok(Refused(text)) => Ok(refuse(seat, &Wrongs::from(("to", text)).left("si", typed))),
                Err(e) => Err(e),
            },
        }
    })
    .await
}

/// `POST /account/stand-ins/withdraw`.
pub(super) async fn withdraw(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let (from, actor, id) = (seat.reader.account, seat.keeper(), seat.fields.get("id").parse().unwrap_or(0));
        seat.db().write(move |tx| grant::withdraw_stand_in(tx, &actor, from, id))?;
        Ok(seat.to("/account?done=withdrawn"))
    })
    .await
}
