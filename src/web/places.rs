//! Where one goes on from a form or a page that was refused: the record, the 督办, the import that it is about.

use std::collections::BTreeMap;

use super::{
    ask::shortened,
    route::{Needs, Route},
};

/// Pages on which one goes on, and what leads there. Of a form's address the nearest of them is meant, so `/x/void`, which
/// would only be refused again, is none.
const PLACES: [(&str, &str); 38] = [
    ("/account", "返回我的账号"),
    ("/accounts", "返回账号与角色"),
    ("/accounts/{id}", "返回这个账号"),
    ("/daily", "返回每日一题"),
    ("/exams", "返回我的考试"),
    ("/exams/{id}", "返回这场考试"),
    ("/feedback", "返回意见建议"),
    ("/feedback/{id}", "返回这条意见"),
    ("/imports", "返回批量导入"),
    ("/imports/{id}", "返回这一批导入"),
    ("/ledgers", "返回全部台账"),
    ("/ledgers/{name}", "返回这个台账"),
    ("/ledgers/{name}/{id}", "返回这条记录"),
    ("/me", "返回我的个人信息"),
    ("/papers", "返回通报与公文"),
    ("/papers/{id}", "返回这份公文"),
    ("/people", "返回人员"),
    ("/permissions", "返回权限一览"),
    ("/questions", "返回题库"),
    ("/questions/import/{id}", "返回这一批题"),
    ("/questions/{number}", "返回这道题"),
    ("/releases", "返回发布安排"),
    ("/remedies", "返回改进措施"),
    ("/remedies/{id}", "返回这项措施"),
    ("/requests", "返回更正申请"),
    ("/requests/{id}", "返回这项申请"),
    ("/retention", "返回保存期限"),
    ("/settings", "返回设置"),
    ("/settings/{kind}/{name}", "返回这项设置"),
    ("/supervise", "返回督办"),
    ("/supervise/{id}", "返回这件督办"),
    ("/tests", "返回考试管理"),
    ("/tests/{id}", "返回这场考试"),
    ("/tests/{id}/sheets", "返回录入答卷"),
    ("/todo", "返回我的待办"),
    ("/training", "返回培训计划"),
    ("/training/{id}", "返回这个班"),
    ("/weekly", "返回每周一课"),
];

/// Forms that stand on another page than one above their own address.
const ELSEWHERE: [(&str, &str); 4] =
    [("/doubts/{id}", "/todo"), ("/feedback/new", "/me"), ("/feedback/answer", "/me"), ("/requests/new", "/me")];

/// A page on which one goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Segments of the address that are left out to come there, or the whole address.
    at: Result<usize, &'static str>,
    /// What leads there.
    pub(super) title: &'static str,
    /// What it asks of who comes.
    pub(super) needs: Needs,
}

impl Place {
    /// Its address, from that of the request.
    pub(super) fn href(self, path: &str) -> String {
        self.at.map_or_else(str::to_owned, |without| shortened(path, without).to_owned())
    }
}

/// The place of a route; `read` are the addresses that are read. A page that was refused is not its own place.
pub(super) fn of(route: &Route, read: &BTreeMap<&str, Needs>) -> Option<Place> {
    let place = |at: Result<usize, &'static str>, path: &str| {
        let title = PLACES.iter().find(|(p, _)| *p == path)?.1;
        Some(Place { at, title, needs: *read.get(path)? })
    };
    if let Some((_, path)) = ELSEWHERE.iter().find(|(p, _)| *p == route.path) {
        return place(Err(path), path);
    }
    let above = std::iter::successors(Some(route.path), |at| at.rsplit_once('/').map(|(rest, _)| rest));
    above.enumerate().skip(usize::from(route.method == "GET")).find_map(|(n, path)| place(Ok(n), path))
}

#[cfg(test)]
mod tests {
    use super::{super::router::routes, *};

    #[test]
    fn every_form_has_a_place_to_go_on() {
        let routes = routes();
        let read: BTreeMap<&str, Needs> =
            routes.iter().filter(|r| r.method == "GET").map(|r| (r.path, r.needs)).collect();
        for (path, _) in PLACES {
            assert!(read.contains_key(path), "{path} is not read");
        }
        for (path, _) in ELSEWHERE {
            assert!(routes.iter().any(|r| r.method == "POST" && r.path == path), "{path} is not posted");
        }
        for route in routes.iter().filter(|r| r.method == "POST" && !r.path.starts_with("/log")) {
            assert!(of(route, &read).is_some(), "{}", route.path);
        }
        let of = |method: &str, path: &str, asked: &str| {
            let route = routes.iter().find(|r| r.method == method && r.path == path).unwrap();
            of(route, &read).map(|place| place.href(asked))
        };
        for (method, path, asked, place) in [
            ("POST", "/ledgers/{name}/{id}/void", "/ledgers/talk/12/void", "/ledgers/talk/12"),
            ("GET", "/ledgers/{name}/{id}/correct", "/ledgers/talk/12/correct", "/ledgers/talk/12"),
            ("POST", "/ledgers/{name}/void", "/ledgers/talk/void", "/ledgers/talk"),
            ("POST", "/supervise/{id}/reply", "/supervise/3/reply", "/supervise/3"),
            ("POST", "/papers/{id}", "/papers/3", "/papers/3"),
            ("GET", "/questions/{number}", "/questions/3", "/questions"),
            ("POST", "/doubts/{id}", "/doubts/3", "/todo"),
        ] {
            assert_eq!(of(method, path, asked).as_deref(), Some(place), "{method} {path}");
        }
        assert_eq!(of("GET", "/papers", "/papers"), None);
    }
}
