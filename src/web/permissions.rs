//! 权限一览: the table of `auth::permission` in words.

use axum::{extract::State, response::Response};

use super::{
    app::App,
    frame::{Ask, show},
    view::permissions::{Act, Permissions, Role as Shown},
};
use crate::auth::{Permission, Role};

/// `GET /permissions`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        let reader = desk.reader()?.clone();
        let roles = Role::ALL.map(|role| Shown { own: reader.has(role), ..shown(role) });
        let acts = Permission::ALL
            .map(|p| Act { title: p.title(), roles: p.roles().map(Role::title).collect::<Vec<_>>().join("、") });
        Ok(Permissions { page: desk.page("/permissions")?, roles: roles.into(), acts: acts.into() })
    })
    .await
}

fn shown(role: Role) -> Shown {
    let may: Vec<&str> = Permission::ALL.into_iter().filter(|p| p.of(role)).map(Permission::title).collect();
    Shown {
        title: role.title(),
        words: role.words(),
        may: may.join("、"),
        reach: reach(role),
        factors: if role.needs_second_factor() { "口令和动态码" } else { "口令" },
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
