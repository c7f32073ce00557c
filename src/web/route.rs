//! A route says who may take it where it is declared: there is no other way to declare one.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Extension, Router, routing::MethodRouter};

use super::{app::App, places};
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

/// How many segments of a posted form's address are left out to come to the page that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Above(pub(super) usize);

/// The nearest address that is read, from that of a form upwards. By the routes as they are declared: `/x/void` is not
/// taken for a record `void` of `/x/{id}`.
fn above(path: &str, read: &BTreeSet<&str>) -> Above {
    let mut at = path;
    for n in 0.. {
        if read.contains(at) {
            return Above(n);
        }
        match at.rsplit_once('/') {
            Some((rest, _)) => at = rest,
            None => return Above(n),
        }
    }
    Above(0)
}

/// A router of these routes; each handler is told what its route needs, where the page of a form is, and where one goes on
/// from what is refused.
pub(super) fn router(routes: Vec<Route>) -> Router<App> {
    let needs: BTreeMap<&str, Needs> = routes.iter().filter(|r| r.method == "GET").map(|r| (r.path, r.needs)).collect();
    let read: BTreeSet<&str> = needs.keys().copied().collect();
    routes.into_iter().fold(Router::new(), |router, route| {
        let (above, place) = (above(route.path, &read), places::of(&route, &needs));
        let handler = route.handler.layer((Extension(route.needs), Extension(above), Extension(place)));
        router.route(route.path, handler)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_its_page() {
        let read = BTreeSet::from(["/", "/remedies/{id}", "/ledgers/{name}", "/ledgers/{name}/{id}", "/papers"]);
        for (path, n) in [
            ("/papers", 0),
            ("/remedies/{id}/confirm", 1),
            ("/ledgers/{name}/void", 1),
            ("/ledgers/{name}/{id}/files/open", 2),
            ("/nowhere/at/all", 3),
        ] {
            assert_eq!(above(path, &read), Above(n), "{path}");
        }
    }
}
