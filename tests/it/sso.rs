//! Single sign-on as a browser meets it, with a provider that does wrong things.

use axum::http::header;
use dongliang::{
    auth::{
        Role, account,
        grant::{self, Wanted},
        password,
        policy::{SECOND, SSO_ATTEMPT},
    },
    db::Db,
    db_test,
    installation::Installation,
    scope::Actor,
    sso::{
        Setting,
        attempt::{Attempt, Kept},
        link, setting,
    },
};
use serde_json::{Value as Json, json};

use crate::{
    issuer::{CLIENT, Issuer, Signs, pairs},
    visit::{Browser, Got, now},
    web_lists::office,
};

pub(crate) const PASSWORD: &str = "雨后竹林 morning-tea 17";
pub(crate) const SUBJECT: &str = "248289761001";

pub(crate) fn actor() -> Actor {
    Actor { name: "测试".into(), at: now(), account: None }
}

/// An account with a password and a role.
pub(crate) fn person(o: &Installation, login: &str, role: Role, person: Option<i64>) -> i64 {
    let (login, day) = (login.to_owned(), o.clock.now().day);
    let hash = password::hash(PASSWORD).unwrap();
    o.db.write(move |tx| {
        let id = account::create(tx, &actor(), (&login, "周敏"), person, Some(&hash))?;
        account::set_password(tx, &actor(), id, &hash)?;
        grant::give(tx, &actor(), id, Wanted { role, unit: None, starts: day, ends: None })?;
        Ok(id)
    })
    .unwrap()
}

pub(crate) fn set(o: &Installation, issuer: &Issuer, change: impl FnOnce(&mut Setting)) {
    let mut setting = Setting::new(&o.keys, &issuer.url, CLIENT, "http://127.0.0.1:8080").unwrap();
    change(&mut setting);
    o.db.write(move |tx| setting::save(tx, &actor(), &setting)).unwrap();
}

pub(crate) fn linked(o: &Installation, issuer: &Issuer, id: i64, subject: &'static str) {
    let url = issuer.url.clone();
    o.db.write(move |tx| link::link(tx, &actor(), id, &url, subject)).unwrap();
}

/// An office with a provider, and an account that is linked with its subject.
pub(crate) fn ready(db: &Db) -> (Installation, Issuer, i64) {
    let (o, issuer) = (office(db), Issuer::start());
    let id = person(&o, "zhoumin", Role::Office, None);
    set(&o, &issuer, |_| {});
    linked(&o, &issuer, id, SUBJECT);
    (o, issuer, id)
}

/// Off to the provider and back, where somebody said yes.
pub(crate) fn enter(b: &mut Browser, issuer: &Issuer, subject: &str) -> Got {
    let away = b.get("/login/sso");
    assert_eq!(away.status, 303, "{}", away.read());
    let back = issuer.says_yes(away.led().1, subject);
    b.get(&back)
}

pub(crate) fn refused(b: &Browser, got: &Got, status: u16, words: &str) {
    let text = got.read();
    assert_eq!(got.status, status, "{text}");
    assert!(text.contains(words), "{words}: {text}");
    assert!(!b.cookies.contains_key("dongliang"), "nobody is in");
}

pub(crate) fn log(o: &Installation) -> String {
    let sql = "select payload from audit_entry order by row_id";
    o.db.read(|tx| tx.rows(sql, &[], |r| Ok(r.opt_text(0)?.unwrap_or_default().to_owned()))).unwrap().join("\n")
}

db_test!(in_through_the_provider_and_out_again, |db: &Db| {
    let (o, issuer, id) = ready(db);
    let o = &o;
    let mut b = Browser::new(o);
    let page = b.get("/login?next=%2Frequirements");
    assert!(page.text().contains(r#"href="/login/sso?next=%2Frequirements""#), "{}", page.text());
    let away = b.get("/login/sso?next=%2Frequirements");
    let asked = pairs(away.led().1.split_once('?').unwrap().1);
    assert_eq!(asked["redirect_uri"], "http://127.0.0.1:8080/login/sso/return");
    let cookie = away.header(header::SET_COOKIE);
    assert!(
        cookie.starts_with("dongliang_sso=v1:") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "{cookie}"
    );
    for secret in [&asked["state"], &asked["nonce"]] {
        assert!(secret.len() == 64 && !cookie.contains(secret.as_str()), "the cookie is sealed");
    }
    let back = issuer.says_yes(away.led().1, SUBJECT);
    let kept = b.cookies.clone();
    let got = b.get(&back);
    assert_eq!(got.led(), (303, "/requirements"), "{}", got.read());
    assert!(b.get("/").read().contains("周敏"));
    assert!(log(o).contains("\"单点登录\""), "{}", log(o));
    assert!(!b.cookies.contains_key("dongliang_sso"), "what was kept is gone");
    // The same answer again, with the cookie that belongs to it, is good for nothing.
    let mut thief = Browser::new(o);
    thief.cookies = kept;
    let got = thief.get(&back);
    refused(&thief, &got, 403, "单点登录已过期");
    // An open session ends when another begins over it.
    let first = b.cookies["dongliang"].clone();
    assert_eq!(b.get("/login/sso").led(), (303, "/"), "logged in already");
    assert_eq!(b.submit("/", "/logout", &[]).led(), (303, "/login"));
    let mut old = Browser::new(o);
    old.cookies.insert("dongliang".into(), first);
    assert_eq!(old.get("/").status, 303);
    let account = o.db.read(|tx| account::get(tx, id)).unwrap().unwrap();
    assert!(account.last_login.is_some());
});

db_test!(without_a_setting_there_is_no_such_thing, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::new(o);
    assert!(!b.get("/login").text().contains("/login/sso"));
    for path in ["/login/sso", "/login/sso/return?code=a&state=b"] {
        assert_eq!(b.get(path).status, 404, "{path}");
    }
});

db_test!(a_token_is_believed_only_if_all_of_it_is_right, |db: &Db| {
    let (o, issuer, _) = ready(db);
    let at = now() / SECOND;
    let good = [
        json!({}),
        json!({ "exp": at - 30 }),
        json!({ "iat": at + 30 }),
        json!({ "nbf": at + 30, "aud": [CLIENT.0], "azp": CLIENT.0 }),
        json!({ "exp": (at + 100) as f64 + 0.5 }),
    ];
    for claims in good {
        issuer.told(|s| s.claims = claims.clone());
        assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).led(), (303, "/"), "{claims}");
    }
    let bad_claims = [
        json!({ "nonce": "0".repeat(64) }),
        json!({ "nonce": null }),
        json!({ "aud": "other" }),
        json!({ "aud": [CLIENT.0, "other"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "azp": "other" }),
        json!({ "iss": "https://id.example" }),
        json!({ "iss": format!("{}/", issuer.url) }),
        json!({ "exp": at - 100 }),
        json!({ "exp": null }),
        json!({ "exp": "soon" }),
        json!({ "iat": at + 200 }),
        json!({ "iat": null }),
        json!({ "nbf": at + 200 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "sub": "x".repeat(256) }),
        json!({ "sub": 248_289_761_001_u64 }),
    ];
    let none = json!({});
    let mut cases: Vec<(Json, Json, Signs)> = bad_claims.into_iter().map(|c| (c, none.clone(), Signs::Well)).collect();
    for signs in [Signs::WithAnother, Signs::ThenChanges, Signs::Not, Signs::WithItsPublicKey] {
        cases.push((none.clone(), none.clone(), signs));
    }
    for head in [
        json!({ "kid": "k9" }),
        json!({ "kid": "s" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "RS256" }),
        json!({ "alg": "None" }),
        json!({ "crit": ["exp"] }),
        json!({ "b64": false }),
        json!({ "alg": null }),
    ] {
        cases.push((none.clone(), head, Signs::Well));
    }
    for (claims, head, signs) in cases {
        issuer.told(|s| (s.claims, s.header, s.signs) = (claims.clone(), head.clone(), signs));
        // So many failures of one address would have to wait.
        o.db.write(|tx| tx.execute("delete from login_failure", &[])).unwrap();
        let mut b = Browser::new(&o);
        let got = enter(&mut b, &issuer, SUBJECT);
        assert_eq!(got.status, 403, "{claims} {head} {signs:?}");
        refused(&b, &got, 403, "单点登录没有通过核对");
    }
    for answer in ["", "{}", "<html>", r#"{"id_token":"a.b"}"#, r#"{"id_token":"a.b.c.d.e"}"#, r#"{"id_token":7}"#] {
        issuer.told(|s| s.token = Some((200, answer.into())));
        let mut b = Browser::new(&o);
        let got = enter(&mut b, &issuer, SUBJECT);
        refused(&b, &got, 403, "单点登录没有通过核对");
    }
});

db_test!(a_login_belongs_to_the_browser_that_began_it, |db: &Db| {
    let (o, issuer, _) = ready(db);
    let o = &o;
    let begin = |b: &mut Browser| issuer.says_yes(b.get("/login/sso").led().1, SUBJECT);
    // No cookie, another browser's cookie, a state that is not its own.
    let mut mine = Browser::new(o);
    let back = begin(&mut mine);
    let mut nobody = Browser::new(o);
    let got = nobody.get(&back);
    refused(&nobody, &got, 403, "单点登录已过期");
    let mut other = Browser::new(o);
    let others = begin(&mut other);
    let got = other.get(&back);
    refused(&other, &got, 403, "单点登录已过期");
    for wrong in ["", "0", &"0".repeat(64)] {
        let got = other.get(&format!("/login/sso/return?code=code1&state={wrong}"));
        refused(&other, &got, 403, "单点登录已过期");
    }
    // A code of another login: its verifier does not fit.
    let (mine_pairs, other_pairs) = (pairs(&back[18..]), pairs(&others[18..]));
    let crossed = format!("/login/sso/return?code={}&state={}", other_pairs["code"], mine_pairs["state"]);
    let got = mine.get(&crossed);
    refused(&mine, &got, 403, "单点登录已过期");
    // That has used it up, though the right code comes now.
    let got = mine.get(&back);
    refused(&mine, &got, 403, "单点登录已过期");
    // Too late, and not from our keys.
    let mut late = Browser::new(o);
    let attempt = Attempt::new(&issuer.url, "", None, now() - SSO_ATTEMPT).unwrap();
    let state = attempt.state.clone();
    for cookie in [Kept::Away(attempt).seal(&o.keys).unwrap(), "v1:00".into(), "x".into()] {
        late.cookies.insert("dongliang_sso".into(), cookie);
        let got = late.get(&format!("/login/sso/return?code=a&state={state}"));
        refused(&late, &got, 403, "单点登录已过期");
    }
    assert_eq!(late.get("/login/sso/code").status, 403);
    // Of two at once, one comes in.
    let mut b = Browser::new(o);
    let back = begin(&mut b);
    let cookies = b.cookies.clone();
    let came: Vec<u16> = std::thread::scope(|s| {
        let run = || {
            let mut b = Browser::new(o);
            b.cookies = cookies.clone();
            b.get(&back).status
        };
        let hands = [s.spawn(run), s.spawn(run)];
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(came.iter().filter(|s| **s == 303).count(), 1, "{came:?}");
});

db_test!(what_the_provider_says_is_told_in_our_words, |db: &Db| {
    let (o, issuer, _) = ready(db);
    let o = &o;
    let with = |error: &str| {
        let mut b = Browser::new(o);
        let state = pairs(b.get("/login/sso").led().1.split_once('?').unwrap().1)["state"].clone();
        let got = b.get(&format!("/login/sso/return?{error}&state={state}"));
        (b, got)
    };
    let (b, got) = with("error=access_denied&error_description=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    refused(&b, &got, 403, "已取消单点登录");
    assert!(!got.text().contains("alert(1)"));
    let (b, got) = with("error=%3Cimg%20src%3Dx%3E%0D%0ASet-Cookie:x");
    refused(&b, &got, 403, "单点登录系统没有同意登录");
    assert!(!got.text().contains("<img src=x") && !got.text().contains("&#60;img src=x"));
    let (b, got) = with("code=");
    refused(&b, &got, 403, "单点登录已过期");
    // An answer in the name of another provider (RFC 9207).
    let (b, got) = with("code=code0&iss=https%3A%2F%2Fevil.test");
    refused(&b, &got, 403, "没有通过核对");
    for (status, body, words) in [
        (400, r#"{"error":"invalid_grant"}"#, "单点登录已过期"),
        (401, r#"{"error":"invalid_client"}"#, "没有同意登录"),
        (302, "", "没有同意登录"),
        (500, "<html>", "没有同意登录"),
    ] {
        issuer.told(|s| s.token = Some((status, body.into())));
        let mut b = Browser::new(o);
        let got = enter(&mut b, &issuer, SUBJECT);
        refused(&b, &got, 403, words);
    }
});

db_test!(a_provider_that_is_not_there_or_not_itself, |db: &Db| {
    let (o, issuer, _) = ready(db);
    let url = issuer.url.clone();
    let down = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    set(&o, &Issuer::at(format!("http://{down}")), |_| {});
    let mut b = Browser::new(&o);
    let got = b.get("/login/sso");
    refused(&b, &got, 503, "单点登录系统连接不上");
    assert!(!got.text().contains(&down.to_string()));
    // Each from a fresh start: what was found once is kept for a while.
    for (name, metadata) in [
        (Some("https://evil.test".to_owned()), json!({})),
        (Some(format!("{url}/")), json!({})),
        (None, json!({ "token_endpoint": "http://evil.test/token" })),
        (None, json!({ "authorization_endpoint": "javascript:alert(1)" })),
        (None, json!({ "jwks_uri": format!("{url}/none") })),
        (None, json!({ "jwks_uri": null })),
    ] {
        let other = Issuer::start();
        other.told(|s| (s.name, s.metadata) = (name, metadata.clone()));
        set(&o, &other, |_| {});
        let got = b.get("/login/sso");
        refused(&b, &got, 503, "单点登录系统连接不上");
    }
    // Says that it names itself, and does not.
    let other = Issuer::start();
    other.told(|s| s.metadata = json!({ "authorization_response_iss_parameter_supported": true }));
    set(&o, &other, |_| {});
    let got = enter(&mut b, &other, SUBJECT);
    refused(&b, &got, 403, "没有通过核对");
});

db_test!(keys_are_kept_and_asked_for_anew_when_they_change, |db: &Db| {
    let (o, issuer, _) = ready(db);
    for _ in 0..3 {
        assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).status, 303);
    }
    let asked = |path: &str| issuer.told(|s| s.asked[path]);
    assert_eq!((asked("/keys"), asked("/.well-known/openid-configuration"), asked("/token")), (1, 1, 3));
    issuer.changes_its_key();
    let setting = o.db.read(setting::load).unwrap().unwrap();
    // Within a minute nobody makes us ask again; after it the new key is found.
    assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).status, 403);
    assert_eq!(asked("/keys"), 1);
    o.sso.renewed(&setting, now() + 61 * SECOND).unwrap();
    assert_eq!(asked("/keys"), 2);
});

db_test!(a_longer_key_is_good_too, |db: &Db| {
    let (o, issuer, _) = ready(db);
    issuer.signs_longer();
    assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).status, 303);
    issuer.told(|s| s.signs = Signs::WithAnother);
    assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).status, 403);
});

db_test!(a_secret_goes_where_the_provider_takes_it, |db: &Db| {
    let (o, issuer, _) = ready(db);
    issuer.told(|s| s.metadata = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] }));
    assert_eq!(enter(&mut Browser::new(&o), &issuer, SUBJECT).status, 303);
});

db_test!(nobody_is_made_up, |db: &Db| {
    let (o, issuer, id) = ready(db);
    let o = &o;
    let accounts = || o.db.read(|tx| tx.one("select count(*) from account", &[], |r| r.i64(0))).unwrap();
    let before = accounts();
    let mut b = Browser::new(o);
    let got = enter(&mut b, &issuer, "stranger");
    refused(&b, &got, 403, "没有对应的账号，请联系安全管理员");
    assert_eq!(accounts(), before);
    assert!(log(o).contains("没有对应的账号") && log(o).contains("stranger"), "{}", log(o));
    // A subject is compared letter by letter.
    for near in ["248289761001 ", "2482897610", "２４８２８９７６１００１"] {
        let mut b = Browser::new(o);
        assert_eq!(enter(&mut b, &issuer, near).status, 403, "{near}");
    }
    // Neither is one let in who is disabled, nor an administrator, even by an old link.
    o.db.write(move |tx| account::set_disabled(tx, &actor(), id, true)).unwrap();
    let got = enter(&mut b, &issuer, SUBJECT);
    refused(&b, &got, 403, "没有对应的账号");
    let admin = person(o, "turned", Role::Office, None);
    linked(o, &issuer, admin, "turned");
    o.db.write(move |tx| {
        let title = Role::Security.title();
        tx.execute("update role_grant set role = $2 where account_id = $1", &[admin.into(), title.into()])
    })
    .unwrap();
    let got = enter(&mut b, &issuer, "turned");
    refused(&b, &got, 403, "管理员不能用单点登录");
    let url = issuer.url.clone();
    let again = o.db.write(move |tx| link::link(tx, &actor(), admin, &url, "else"));
    assert!(again.unwrap_err().to_string().contains("不能绑定单点登录"));
});

db_test!(the_number_of_a_person_in_a_claim, |db: &Db| {
    let (o, issuer) = (office(db), Issuer::start());
    let o = &o;
    let of = |code: &'static str| {
        let sql = "select record_id from l_person where record_code = $1 and voided_at is null";
        o.db.read(|tx| tx.one(sql, &[code.into()], |r| r.i64(0))).unwrap().unwrap()
    };
    person(o, "zhaoyi", Role::Leaders, Some(of("P1")));
    set(o, &issuer, |_| {});
    issuer.told(|s| s.claims = json!({ "employee_number": "P1" }));
    let mut b = Browser::new(o);
    let got = enter(&mut b, &issuer, "s1");
    refused(&b, &got, 403, "没有对应的账号");
    set(o, &issuer, |s| s.claim = Some("employee_number".into()));
    assert_eq!(enter(&mut b, &issuer, "s1").led(), (303, "/"));
    for wrong in [json!("P2"), json!(""), json!(["P1"]), json!(null), json!("p1"), json!(true)] {
        issuer.told(|s| s.claims = json!({ "employee_number": wrong.clone() }));
        let mut b = Browser::new(o);
        let got = enter(&mut b, &issuer, "s1");
        refused(&b, &got, 403, "没有对应的账号");
    }
    // Two accounts of one person: whose it is, nobody knows.
    issuer.told(|s| s.claims = json!({ "employee_number": "P1" }));
    let second = person(o, "zhaoyi2", Role::Cadre, Some(of("P1")));
    let mut b = Browser::new(o);
    let got = enter(&mut b, &issuer, "s1");
    refused(&b, &got, 403, "没有对应的账号");
    // An account that is linked is its subject's alone.
    linked(o, &issuer, second, "s2");
    assert_eq!(enter(&mut Browser::new(o), &issuer, "s1").status, 303);
    assert_eq!(enter(&mut Browser::new(o), &issuer, "s2").status, 303);
    o.db.write(move |tx| tx.execute("delete from account where login = 'zhaoyi'", &[])).unwrap();
    let mut b = Browser::new(o);
    let got = enter(&mut b, &issuer, "s1");
    refused(&b, &got, 403, "没有对应的账号");
});

db_test!(a_claim_that_is_not_in_the_token_is_asked_for, |db: &Db| {
    let (o, issuer) = (office(db), Issuer::start());
    let o = &o;
    let sql = "select record_id from l_person where record_code = 'P1' and voided_at is null";
    let chief = o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap();
    person(o, "zhaoyi", Role::Leaders, chief);
    set(o, &issuer, |s| s.claim = Some("employee_number".into()));
    let userinfo = json!({ "userinfo_endpoint": format!("{}/userinfo", issuer.url) });
    issuer.told(|s| (s.metadata, s.besides) = (userinfo, Some(json!({ "sub": "s1", "employee_number": "P1" }))));
    assert_eq!(enter(&mut Browser::new(o), &issuer, "s1").led(), (303, "/"));
    // What is said of another subject is not taken; that nothing is said leaves the token as it is.
    for (said, words) in [
        (Some(json!({ "sub": "s2", "employee_number": "P1" })), "单点登录没有通过核对"),
        (Some(json!({ "employee_number": "P1" })), "单点登录没有通过核对"),
        (Some(json!(["P1"])), "没有对应的账号"),
        (None, "没有对应的账号"),
    ] {
        issuer.told(|s| s.besides = said);
        let mut b = Browser::new(o);
        let got = enter(&mut b, &issuer, "s1");
        refused(&b, &got, 403, words);
    }
    // The token's own word is not asked for again.
    let asked = issuer.told(|s| s.asked["/userinfo"]);
    issuer.told(|s| s.claims = json!({ "employee_number": "P1" }));
    assert_eq!(enter(&mut Browser::new(o), &issuer, "s1").led(), (303, "/"));
    assert_eq!(issuer.told(|s| s.asked["/userinfo"]), asked);
});

db_test!(a_provider_is_believed_under_the_root_that_the_setting_names, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office, None);
    let (issuer, root) = Issuer::start_over_tls("127.0.0.1");
    linked(o, &issuer, id, SUBJECT);
    // The system's roots, another one's, and a certificate of the root for another name.
    let (_, other) = Issuer::start_over_tls("127.0.0.1");
    let (elsewhere, own) = Issuer::start_over_tls("id.example");
    for (issuer, roots) in [(&issuer, None), (&issuer, Some(other.clone())), (&elsewhere, Some(own))] {
        set(o, issuer, |s| s.roots = roots);
        let mut b = Browser::new(o);
        let got = b.get("/login/sso");
        refused(&b, &got, 503, "单点登录系统连接不上");
        assert!(issuer.told(|s| s.asked.is_empty()), "it was told something");
    }
    for roots in [root.clone(), format!("{other}\n{root}")] {
        set(o, &issuer, |s| s.roots = Some(roots));
        assert_eq!(enter(&mut Browser::new(o), &issuer, SUBJECT).led(), (303, "/"));
    }
});
