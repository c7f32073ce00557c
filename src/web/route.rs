//! A route says who may take it where it is declared: there is no other way to declare one.

use axum::{Extension, Router, routing::MethodRouter};

use super::app::App;
use crate::auth::Permission;

/// What an address asks of who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: what is needed to log in.
    Nothing,
    /// A login, even one that must first change its password or set up the second factor.
    OwnAccount,
    /// A login.
    LogIn,
    /// A role with this permission.
    May(Permission),
}

/// A route.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    handler: MethodRouter<App>,
}

/// A page or file that is read.
pub(super) fn read<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: axum::handler::Handler<T, App>,
    T: 'static,
{
    Route { method: "GET", path, needs, handler: axum::routing::get(handler) }
}

/// A form that is posted.
pub(super) fn post<H, T>(path: &'static str, needs: Needs, handler: H) -> Route
where
    H: axum::handler::Handler<T, App>,
    T: 'static,
{
    Route { method: "POST", path, needs, handler: axum::routing::post(handler) }
}

/// A router of these routes; each handler is told what its route needs.
pub(super) fn router(routes: Vec<Route>) -> Router<App> {
    routes
        .into_iter()
        .fold(Router::new(), |router, route| router.route(route.path, route.handler.layer(Extension(route.needs))))
}
