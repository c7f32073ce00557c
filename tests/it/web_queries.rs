//! What does not belong there, in every key of the query of every page and in every place of every address: no page
//! breaks, none sends it back as it came, each keeps its headers.

use std::collections::BTreeSet;

use dongliang::{auth::Role, db::Db, db_test, web};

use crate::{
    auth_forms::payloads,
    visit::{Browser, Got, encoded},
    web_lists::office,
};

/// Keys that any page might read, besides those that it shows.
const KEYS: [&str; 10] = ["q", "page", "size", "sort", "day", "unit", "state", "format", "voided", "next"];

/// A page that holds for all places of its address.
fn address(path: &str) -> String {
    path.replace("{requirement}", "R-21")
        .replace("{subject}", "J1")
        .replace("{window}", "2025-02")
        .replace("/requirements/{id}", "/requirements/R-21")
        .replace("/units/{id}", "/units/U1")
        .replace("/accounts/{id}", "/accounts/1")
        .replace("/files/{file}", "/files/1")
        .replace("/settings/{kind}/{name}", "/settings/light/thresholds")
        .replace("{number}", "1")
        .replace("{kind}", "light")
        .replace("{name}", "guidance")
        .replace("/{id}", "/Z1")
        .replace("{file}", "none.css")
}

/// A browser of someone who may open it.
fn opened(office: &dongliang::installation::Installation, path: &str) -> Browser {
    let role = match path {
        p if p.starts_with("/accounts") => Role::Security,
        p if p.starts_with("/requests") => Role::Personnel,
        p if ["/feedback", "/imports", "/settings", "/tests", "/questions", "/releases", "/readiness"]
            .iter()
            .any(|head| p.starts_with(head)) =>
        {
            Role::Office
        }
        p if p.starts_with("/training/") && (p.ends_with("/people") || p.ends_with("/roster")) => Role::Office,
        p if ["/new", "/correct", "/void", "/class"].iter().any(|end| p.ends_with(end)) => Role::Office,
        _ => Role::Auditor,
    };
    Browser::of(office, role)
}

/// Keys of the forms and links of a page that lead to itself.
fn keys(path: &str, page: &str) -> BTreeSet<String> {
    let mut keys: BTreeSet<String> = KEYS.iter().map(|k| (*k).to_owned()).collect();
    let quoted = |piece: &str| piece.split('"').next().unwrap_or_default().to_owned();
    keys.extend(page.split(" name=\"").skip(1).map(quoted).filter(|k| k != "form"));
    for href in page.split("href=\"").skip(1).map(quoted) {
        if let Some((_, query)) = href.split_once('?').filter(|(to, _)| *to == path || to.is_empty()) {
            let query = query.replace("&amp;", "&").replace("&#38;", "&");
            keys.extend(query.split(['&', '#']).filter_map(|p| p.split_once('=')).map(|(k, _)| k.to_owned()));
        }
    }
    keys.retain(|k| k.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
    keys
}

fn check(got: &Got, what: &str, payload: &str) {
    assert!(got.status < 500, "{what}: {}", got.status);
    assert!(!got.headers.contains_key("x"), "{what}: a header of its own");
    let sent = got.headers.get_all("set-cookie").iter().all(|c| !c.to_str().unwrap().contains("evil"));
    assert!(sent, "{what}: a cookie");
    let to = got.led().1;
    assert!(to.is_empty() || to.starts_with('/') && !to.starts_with("//"), "{what}: leads to {to}");
    let policy = got.headers.get("content-security-policy").map(|v| v.to_str().unwrap().to_owned());
    assert!(policy.is_some_and(|p| p.starts_with("default-src 'none'; script-src 'self'")), "{what}: no policy");
    let html = got.headers.get("content-type").is_some_and(|t| t.to_str().unwrap().starts_with("text/html"));
    if html && payload.contains(['<', '"', '\'']) {
        assert!(!got.text().contains(payload), "{what}: sent back as it came");
    }
    if html {
        let text = got.text();
        assert!(!text.contains("href=\"javascript:") && !text.contains(">49<"), "{what}");
    }
}

/// What a test of this length sends; the longest payload does not fit an address.
fn short(db: &Db) -> Vec<String> {
    payloads(db).into_iter().filter(|p| p.len() < 1000).collect()
}

db_test!(no_payload_gets_through_any_key_of_any_page, |db: &Db| {
    let (o, payloads) = (&office(db), short(db));
    for (_, path, _) in web::routes().into_iter().filter(|(method, ..)| *method == "GET") {
        let at = address(path);
        let mut b = opened(o, &at);
        let page = b.get(&at);
        let html = page.headers.get("content-type").is_some_and(|t| t.to_str().unwrap().starts_with("text/html"));
        let keys = keys(&at, &if html { page.text() } else { String::new() });
        // Each payload in all keys at once; then each key alone with some, another some for each.
        for payload in &payloads {
            let query: Vec<String> = keys.iter().map(|k| format!("{k}={}", encoded(payload))).collect();
            let target = format!("{at}?{}", query.join("&"));
            check(&b.get(&target), &format!("{at} {payload:?}"), payload);
        }
        for (n, key) in keys.iter().enumerate() {
            for payload in payloads.iter().skip(n % 9).step_by(9) {
                let target = format!("{at}?{key}={}", encoded(payload));
                check(&b.get(&target), &format!("{at} {key} {payload:?}"), payload);
            }
        }
        // As a key.
        for payload in payloads.iter().step_by(3) {
            check(&b.get(&format!("{at}?{}=1", encoded(payload))), &format!("{at} key {payload:?}"), payload);
        }
    }
});

db_test!(no_payload_gets_through_any_place_of_any_address, |db: &Db| {
    let (o, payloads) = (&office(db), short(db));
    let places = ["{requirement}", "{subject}", "{window}", "{id}", "{kind}", "{name}", "{file}", "{number}"];
    for (_, path, _) in web::routes().into_iter().filter(|(method, path, _)| *method == "GET" && path.contains('{')) {
        let mut b = opened(o, path);
        for place in places.into_iter().filter(|place| path.contains(place)) {
            for payload in &payloads {
                let target = address(&path.replace(place, &encoded(payload)));
                let got = b.get(&target);
                check(&got, &format!("{target} {payload:?}"), payload);
                let known = payload.chars().all(|c| c.is_ascii_digit()) || path.starts_with("/verdicts/");
                assert!(known || matches!(got.status, 400 | 404), "{target} {payload:?}: {}", got.status);
            }
        }
    }
});

db_test!(every_answer_bears_the_headers, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Cadre);
    let (form, mut nobody) = (b.get("/account").token(), Browser::new(o));
    let answers = [
        ("page", b.get("/requirements")),
        ("not found", b.get("/nothing")),
        ("forbidden", b.get("/accounts")),
        ("stale form", b.post("/account/password", &[("form", "x")])),
        ("refused form", b.post("/account/password", &[("form", &form), ("current", "x")])),
        ("no form", b.post_body("/account/password", "text/plain", String::new())),
        ("method", b.get("/logout")),
        ("to the login", nobody.get("/")),
        ("login", nobody.get("/login")),
        ("no such file", nobody.get("/assets/none.css")),
        ("slash at the end", nobody.get("/org/")),
        ("file", Browser::of(o, Role::Auditor).get("/ledgers/guidance/export?format=csv")),
    ];
    for (what, got) in answers {
        let header = |name: &str| got.headers.get(name).map_or("", |v| v.to_str().unwrap());
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{what}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("referrer-policy"), "same-origin", "{what}");
        assert_eq!(header("cache-control"), "no-store", "{what}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{what}");
        assert!(header("permissions-policy").contains("camera=()"), "{what}");
        assert_eq!(header("access-control-allow-origin"), "", "{what}");
        assert_eq!(header("server"), "", "{what}");
        assert!(got.body.is_empty() || header("content-type").contains("charset=utf-8"), "{what}: {:?}", got.headers);
    }
});

db_test!(leaving_clears_what_the_browser_keeps, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Cadre);
    let form = b.get("/account").token();
    let got = b.post("/logout", &[("form", &form)]);
    assert_eq!(got.led(), (303, "/login"));
    assert_eq!(got.headers.get("clear-site-data").map(|v| v.to_str().unwrap()), Some("\"cache\", \"storage\""));
    assert!(got.headers.get_all("set-cookie").iter().any(|c| c.to_str().unwrap().contains("Max-Age=0")));
    assert_eq!(b.get("/account").status, 303);
});

db_test!(other_methods_are_refused, |db: &Db| {
    let o = &office(db);
    for method in ["TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "OPTIONS"] {
        let mut b = Browser::of(o, Role::Auditor);
        for path in ["/", "/ledgers/guidance", "/account", "/login"] {
            let got = b.method(method, path);
            assert_eq!(got.status, 405, "{method} {path}");
            assert!(got.read().contains("这个网址不能这样打开"), "{method} {path}: {}", got.read());
            assert!(!String::from_utf8_lossy(&got.body).contains("dongliang="), "{method} {path}: tells the cookie");
        }
    }
});
