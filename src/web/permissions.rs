//! 权限一览: the table of `auth::permission` in words, and which roles log in with a second factor.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, answer},
    post::{Posted, act},
    view::{
        form::Errors,
        permissions::{Act, FactorForm, Permissions, Role as Shown},
        words::Link,
    },
};
use crate::{
    auth::{
        Permission, Role,
        factor::{self, Policy},
    },
    clock::chinese,
};

/// `GET /permissions`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["done"]);
        render(desk, "")
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, wrong: &str) -> anyhow::Result<Response> {
    let reader = desk.reader()?.clone();
    let policy = factor::load(desk.tx)?;
    let roles = Role::ALL.map(|role| Shown { own: reader.has(role), ..shown(role, &policy) });
    let acts = Permission::ALL
        .map(|p| Act { title: p.title(), roles: p.roles().map(Role::title).collect::<Vec<_>>().join("、") });
    let factors = match desk.may(Permission::Accounts) {
        true => Some(FactorForm {
            token: desk.form_token()?,
            seen: policy.state(),
            roles: free().map(|r| (r.title(), policy.needs(r))).collect(),
            laid: policy
                .laid
                .as_ref()
                .map_or_else(|| "还没有定过。".into(), |(at, by)| format!("{}由{by}设定。", chinese(*at))),
        }),
        false => None,
    };
    let view = Permissions {
        notice: if desk.ask.get("done").is_some() {
            "已设定。有这些角色的账号，从下一步操作起须用动态码。"
        } else {
            ""
        },
        errors: Errors((!wrong.is_empty()).then(|| Link::new(wrong, "#h-factors")).into_iter().collect()),
        page: desk.page("/permissions")?,
        roles: roles.into(),
        acts: acts.into(),
        factors,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// The roles of which the 安全管理员 says how they log in.
fn free() -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|r| !r.needs_second_factor())
}

/// `POST /permissions/factors`: which further roles log in with a second factor.
pub(super) async fn lay_down(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let mut roles = Vec::new();
        for (_, title) in seat.fields.pairs().iter().filter(|(name, _)| name == "role") {
            let Some(role) = free().find(|r| r.title() == title) else {
                let shown = asked::echo(title);
                let wrong = format!("“{shown}”不是可以设定的角色，没有改动。请在本页重新勾选。");
                return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &wrong)));
            };
            roles.push(role);
        }
        let (actor, seen) = (seat.keeper(), seat.fields.get("seen").to_owned());
        if seat.db().write(move |tx| factor::lay_down(tx, &actor, &roles, &seen))? {
            return Ok(seat.to("/permissions?done=factors"));
        }
        let wrong = "没有设定：您打开本页以后，别人已经改过。下面是现在的设定，请核对后重新勾选。";
        Ok(seat.show(StatusCode::CONFLICT, |desk| render(desk, wrong)))
    })
    .await
}

fn shown(role: Role, policy: &Policy) -> Shown {
    let may: Vec<&str> = Permission::ALL.into_iter().filter(|p| p.of(role)).map(Permission::title).collect();
    Shown {
        title: role.title(),
        words: role.words(),
        may: may.join("、"),
        reach: reach(role),
        factors: if policy.needs(role) { "口令和动态码" } else { "口令" },
        own: false,
    }
}

/// Over what a role holds, in words.
pub(super) fn reach(role: Role) -> &'static str {
    match role {
        r if r.is_administrator() => "不分单位",
        Role::Cadre => "本人",
        r if r.needs_unit() => "所授单位及其下级",
        _ => "全市，或所授单位及其下级",
    }
}
