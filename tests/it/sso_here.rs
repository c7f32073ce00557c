//! What single sign-on leaves to us: the second factor, the links of accounts, the way out, the command that sets it.

use std::process::Command;

use dongliang::{
    auth::{Role, account, password, session, totp},
    db::Db,
    db_test,
    installation::Installation,
};
use serde_json::json;

use crate::{
    issuer::{CLIENT, Issuer, pairs},
    sso::{PASSWORD, SUBJECT, actor, enter, linked, log, person, ready, refused, set},
    visit::{Browser, now},
    web_lists::office,
};

db_test!(who_leaves_is_shown_the_way_out_of_the_provider, |db: &Db| {
    let (o, issuer, id) = ready(db);
    let o = &o;
    let leaves = |b: &mut Browser| b.submit("/account", "/logout", &[]).led().1.to_owned();
    let mut b = Browser::new(o);
    enter(&mut b, &issuer, SUBJECT);
    assert_eq!(leaves(&mut b), "/login", "a provider that cannot be told");
    assert_eq!(b.get("/logout/sso").status, 404);
    o.db.write(|tx| tx.execute("delete from login_failure", &[])).unwrap();
    for (announced, told) in [("http://elsewhere.test/out", false), ("javascript:alert(1)", false), ("", true)] {
        let url = if told { format!("{}/out?x=1", issuer.url) } else { announced.to_owned() };
        issuer.told(|s| s.metadata = json!({ "end_session_endpoint": url }));
        // Another setting, so that the provider is asked anew.
        set(o, &issuer, |s| s.claim = Some(format!("c{}", url.len())));
        enter(&mut b, &issuer, SUBJECT);
        assert_eq!(leaves(&mut b), if told { "/login?left=sso" } else { "/login" }, "{url}");
    }
    let page = b.get("/login?left=sso");
    assert!(page.read().contains("已退出本系统") && page.text().contains(r#"href="/logout/sso""#), "{}", page.text());
    assert!(!b.get("/login").read().contains("已退出本系统"));
    let out = b.get("/logout/sso");
    let to = out.led().1;
    assert!(out.status == 303 && to.starts_with(&format!("{}/out?x=1&client_id=dongliang&", issuer.url)), "{to}");
    assert_eq!(pairs(to.split_once('?').unwrap().1)["post_logout_redirect_uri"], "http://127.0.0.1:8080/login");
    // Who came in by password has nothing to leave there; who is logged in is not sent away by a link.
    let mut own = Browser::logged_in(o, id);
    assert_eq!(own.get("/logout/sso").led(), (303, "/"));
    assert_eq!(leaves(&mut own), "/login");
});

/// The second factor in use.
fn with_factor(o: &Installation, id: i64) -> (Vec<u8>, Vec<String>) {
    let (secret, keys) = (totp::secret().unwrap(), o.keys.clone());
    let s = secret.clone();
    let codes = o.db.write(move |tx| {
        account::begin_factor(tx, &actor(), &keys, id, &s)?;
        account::confirm_factor(tx, &actor(), id, totp::step(now()) - 10)
    });
    (secret, codes.unwrap())
}

db_test!(the_second_factor_is_asked_here, |db: &Db| {
    let (o, issuer, id) = ready(db);
    let o = &o;
    let (_, codes) = with_factor(o, id);
    // What the provider claims to have done counts for nothing.
    issuer.told(|s| s.claims = json!({ "amr": ["pwd", "otp", "mfa"], "acr": "urn:mfa" }));
    let mut b = Browser::new(o);
    let away = b.get("/login/sso?next=%2Frequirements");
    let back = issuer.says_yes(away.led().1, SUBJECT);
    assert_eq!(b.get(&back).led(), (303, "/login/sso/code"));
    assert_eq!(b.get("/requirements").status, 303, "not in yet");
    let got = b.submit("/login/sso/code", "/login/sso/code", &[("code", "000000")]);
    refused(&b, &got, 422, "动态码或恢复码不正确");
    let kept = b.cookies.clone();
    let got = b.submit("/login/sso/code", "/login/sso/code", &[("code", &codes[0])]);
    assert_eq!(got.led(), (303, "/requirements"));
    assert_eq!(b.get("/requirements").status, 200);
    // The way is used up, with another code too.
    let mut again = Browser::new(o);
    again.cookies = kept;
    let got = again.submit("/login/sso/code", "/login/sso/code", &[("code", &codes[1])]);
    refused(&again, &got, 403, "单点登录已过期");
    // Guessing has to wait, as at the login page; the attempt before counts.
    let mut b = Browser::new(o);
    enter(&mut b, &issuer, SUBJECT);
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(b.submit("/login/sso/code", "/login/sso/code", &[("code", "000000")]).status);
    }
    assert_eq!(seen, [422, 422, 422, 422, 429]);
    // Without a token of the page's form nothing is looked at.
    assert!(b.post("/login/sso/code", &[("code", &codes[2])]).read().contains("页面已过期"));
    // Unless the office says that the provider does it.
    set(o, &issuer, |s| s.factor = true);
    assert_eq!(enter(&mut Browser::new(o), &issuer, SUBJECT).led(), (303, "/"));
});

db_test!(a_role_that_needs_a_second_factor_sets_it_up_here, |db: &Db| {
    let (o, issuer) = (office(db), Issuer::start());
    let id = person(&o, "party", Role::Party, None);
    set(&o, &issuer, |_| {});
    linked(&o, &issuer, id, SUBJECT);
    let mut b = Browser::new(&o);
    assert_eq!(enter(&mut b, &issuer, SUBJECT).led(), (303, "/account"));
    assert_eq!(b.get("/").led(), (303, "/account"));
    set(&o, &issuer, |s| s.factor = true);
    let mut b = Browser::new(&o);
    assert_eq!(enter(&mut b, &issuer, SUBJECT).led(), (303, "/"));
    assert_eq!(b.get("/").status, 200);
    // A password that was handed out need not be changed by who never used it; by password it must.
    let hash = password::hash(PASSWORD).unwrap();
    o.db.write(move |tx| account::reset(tx, &actor(), id, &hash, false)).unwrap();
    let mut b = Browser::new(&o);
    assert_eq!(enter(&mut b, &issuer, SUBJECT).led(), (303, "/"));
    let typed = [("login", "party"), ("password", PASSWORD), ("code", "")];
    assert_eq!(Browser::new(&o).submit("/login", "/login", &typed).led(), (303, "/account"));
});

db_test!(afterwards_nobody_is_led_elsewhere, |db: &Db| {
    let (o, issuer, _) = ready(db);
    for next in
        ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)", "/login/sso", "/logout", "x"]
    {
        let mut b = Browser::new(&o);
        let away = b.get(&format!("/login/sso?next={}", crate::visit::encoded(next)));
        let back = issuer.says_yes(away.led().1, SUBJECT);
        assert_eq!(b.get(&format!("{back}&next=%2F%2Fevil.test")).led(), (303, "/"), "{next}");
    }
    // Nor does an address or a name of the host change where the provider sends back to.
    let mut b = Browser::new(&o);
    b.headers = vec![("host", "localhost:9".into())];
    let away = b.get("/login/sso?redirect_uri=https%3A%2F%2Fevil.test");
    assert_eq!(
        pairs(away.led().1.split_once('?').unwrap().1)["redirect_uri"],
        "http://127.0.0.1:8080/login/sso/return"
    );
});

db_test!(the_owner_links_with_password_and_a_login_there, |db: &Db| {
    let (o, issuer) = (office(db), Issuer::start());
    let o = &o;
    let id = person(o, "zhoumin", Role::Office, None);
    set(o, &issuer, |_| {});
    let mut b = Browser::logged_in(o, id);
    assert!(b.get("/account").text().contains("绑定单点登录"));
    let got = b.submit("/account", "/account/sso", &[("current", "wrong")]);
    assert!(got.status == 422 && got.read().contains("口令不正确"), "{}", got.read());
    let begin = |b: &mut Browser| {
        let page = b.submit("/account", "/account/sso", &[("current", PASSWORD)]);
        assert_eq!(page.status, 200);
        let from = page.text().find(&format!("{}/authorize?", issuer.url)).expect("a way to the provider");
        page.text()[from..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")
    };
    // Another who brings the same answer, even with the cookie, is not linked.
    let back = issuer.says_yes(&begin(&mut b), SUBJECT);
    let other = person(o, "other", Role::Office, None);
    let mut thief = Browser::logged_in(o, other);
    thief.cookies.insert("dongliang_sso".into(), b.cookies["dongliang_sso"].clone());
    assert!(thief.get(&back).read().contains("单点登录已过期"));
    let back = issuer.says_yes(&begin(&mut b), SUBJECT);
    let before = b.cookies["dongliang"].clone();
    let elsewhere = o.db.write(move |tx| session::open(tx, id, &session::From::default(), false, now())).unwrap();
    let got = b.get(&back);
    assert_eq!(got.led(), (303, "/account?done=sso"), "{}", got.read());
    assert_ne!(b.cookies["dongliang"], before, "a new token");
    assert!(b.get("/account?done=sso").read().contains("已绑定"));
    let mut old = Browser::new(o);
    old.cookies.insert("dongliang".into(), elsewhere);
    assert_eq!(old.get("/account").status, 303, "other sessions have ended");
    assert_eq!(enter(&mut Browser::new(o), &issuer, SUBJECT).led(), (303, "/"));
    // One subject, one account.
    let mut second = Browser::logged_in(o, other);
    let back = issuer.says_yes(&begin(&mut second), SUBJECT);
    assert!(second.get(&back).read().contains("已与另一个账号绑定"));
    // And off again.
    assert_eq!(b.submit("/account", "/account/sso/remove", &[("current", "wrong")]).status, 422);
    let got = b.submit("/account", "/account/sso/remove", &[("current", PASSWORD)]);
    assert_eq!(got.led(), (303, "/account?done=no-sso"));
    assert_eq!(enter(&mut Browser::new(o), &issuer, SUBJECT).status, 403);
    let log = log(o);
    assert!(log.contains("单点登录绑定") && log.contains("单点登录解除绑定"), "{log}");
    // Administrators have no such thing.
    let admin = person(o, "admin", Role::System, None);
    o.db.write(move |tx| tx.execute("update account set totp_confirmed = 1 where row_id = $1", &[admin.into()]))
        .unwrap();
    let mut b = Browser::logged_in(o, admin);
    let page = b.get("/account");
    assert!(!page.text().contains("绑定单点登录"));
    let got = b.post("/account/sso", &[("form", &page.token()), ("current", PASSWORD)]);
    assert!(got.status == 403 && got.read().contains("管理员不能用单点登录"), "{}", got.read());
});

db_test!(the_security_administrator_links_by_subject, |db: &Db| {
    let (o, issuer) = (office(db), Issuer::start());
    let o = &o;
    let id = person(o, "zhoumin", Role::Office, None);
    let officer = person(o, "officer", Role::Security, None);
    let second = person(o, "second", Role::System, None);
    o.db.write(move |tx| tx.execute("update account set totp_confirmed = 1 where row_id = $1", &[officer.into()]))
        .unwrap();
    let mut b = Browser::logged_in(o, officer);
    let page = format!("/accounts/{id}");
    assert!(!b.get(&page).text().contains("单点登录"), "not set");
    assert_eq!(b.submit(&page, &format!("{page}/sso"), &[("subject", "x")]).status, 404);
    set(o, &issuer, |_| {});
    for wrong in ["", "主体", &"x".repeat(256), "a\u{202e}b", "a\tb"] {
        let got = b.submit(&page, &format!("{page}/sso"), &[("subject", wrong)]);
        assert_eq!(got.status, 422, "{wrong:?}");
    }
    let hostile = r#""><script>alert(1)</script>"#;
    assert_eq!(b.submit(&page, &format!("{page}/sso"), &[("subject", hostile)]).status, 303);
    let shown = b.get(&page).text();
    assert!(shown.contains("&#60;script") && !shown.contains("<script>alert"), "{shown}");
    assert!(b.submit(&page, &format!("{page}/sso"), &[("subject", SUBJECT)]).read().contains("请先解除"));
    let mut inside = Browser::logged_in(o, id);
    assert_eq!(b.submit(&page, &format!("{page}/sso/remove"), &[]).status, 303);
    assert_eq!(inside.get("/account").status, 303, "its sessions have ended");
    assert_eq!(b.submit(&page, &format!("{page}/sso"), &[("subject", SUBJECT)]).led().1, format!("{page}?done=linked"));
    assert_eq!(enter(&mut Browser::new(o), &issuer, SUBJECT).led(), (303, "/"));
    // Neither another administrator's account nor the own one.
    let page = format!("/accounts/{second}");
    assert!(b.submit(&page, &format!("{page}/sso"), &[("subject", "s")]).read().contains("不能绑定单点登录"));
    let page = format!("/accounts/{officer}");
    assert_eq!(b.submit(&page, &format!("{page}/sso"), &[("subject", "s")]).status, 409);
});

#[test]
fn the_command_sets_shows_and_turns_off() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dongliang"));
        let done = command.current_dir(dir.path()).args(["--data", "d"]).args(args).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
    };
    assert_eq!(run(&["init"]).0, 0);
    assert_eq!(run(&["sso", "show"]).0, 1);
    let issuer = Issuer::start();
    std::fs::write(dir.path().join("secret"), format!("{}\n", CLIENT.1)).unwrap();
    let set = |issuer: &str, more: &[&str]| {
        let mut args = vec!["sso", "set", "--issuer", issuer, "--client-id", CLIENT.0];
        args.extend(["--client-secret-file", "secret", "--address", "https://dl.example"]);
        args.extend(more);
        run(&args)
    };
    let (code, _, err) = set("http://id.example", &[]);
    assert!(code == 2 && err.contains("https://"), "{err}");
    let (code, _, err) = set(&issuer.url, &["--ca", "secret"]);
    assert!(code == 2 && err.contains("PEM"), "{err}");
    let (tls, root) = Issuer::start_over_tls("127.0.0.1");
    std::fs::write(dir.path().join("root.pem"), root).unwrap();
    let (code, out, err) = set(&tls.url, &[]);
    assert!(code == 0 && err.contains("现在连不上") && !out.contains("已连通"), "{out}{err}");
    let (code, out, err) = set(&tls.url, &["--ca", "root.pem"]);
    assert!(code == 0 && out.contains("已连通"), "{out}{err}");
    let (code, out, err) = set(&issuer.url, &["--claim", "employee_number"]);
    assert!(code == 0 && out.contains("https://dl.example/login/sso/return") && out.contains("已连通"), "{out}{err}");
    let (code, out, _) = run(&["sso", "show"]);
    assert!(code == 0 && out.contains(&issuer.url) && out.contains("employee_number"), "{out}");
    assert!(!out.contains(CLIENT.1), "{out}");
    let stored = std::fs::read(dir.path().join("d/dongliang.db")).unwrap();
    assert!(!stored.windows(CLIENT.1.len()).any(|w| w == CLIENT.1.as_bytes()), "the secret is not there in the clear");
    assert_eq!(run(&["sso", "off"]).0, 0);
    assert_eq!(run(&["sso", "show"]).0, 1);
}
