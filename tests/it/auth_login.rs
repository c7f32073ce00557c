//! Coming in: passwords, second factor, waits, sessions, as a browser meets them.

use axum::http::header;
use dongliang::{
    auth::{
        Role, account,
        grant::{self, Wanted},
        password,
        policy::{ABSOLUTE, ADDRESS_FAILURES, IDLE, MINUTE, NAME_FAILURES, ONE_TIME, SESSIONS},
        token, totp,
    },
    db::Db,
    db_test,
    hex::hex,
    installation::Installation,
    scope::Actor,
    web::Transport,
};

use crate::{
    visit::{Browser, Got, encoded, now},
    web_lists::office,
};

pub(crate) const PASSWORD: &str = "雨后竹林 morning-tea 17";

/// An account whose owner has chosen this password.
pub(crate) fn person(o: &Installation, login: &str, role: Role) -> i64 {
    let (login, hash, day) = (login.to_owned(), password::hash(PASSWORD).unwrap(), o.clock.now().day);
    o.db.write(move |tx| {
        let actor = Actor { account: None, name: "测试".into(), at: now() };
        let id = account::create(tx, &actor, (&login, "周敏"), None, Some(&hash))?;
        account::set_password(tx, &actor, id, &hash)?;
        grant::give(tx, &actor, id, Wanted { role, unit: None, starts: day, ends: None })?;
        Ok(id)
    })
    .unwrap()
}

pub(crate) fn enter(browser: &mut Browser, login: &str, password: &str, code: &str) -> Got {
    browser.submit("/login", "/login", &[("login", login), ("password", password), ("code", code)])
}

fn sql(o: &Installation, sql: &'static str) {
    o.db.write(move |tx| tx.execute(sql, &[])).unwrap();
}

/// The second factor in use, and its secret.
pub(crate) fn with_factor(o: &Installation, id: i64) -> (Vec<u8>, Vec<String>) {
    let (secret, keys) = (totp::secret().unwrap(), o.keys.clone());
    let s = secret.clone();
    let codes = o.db.write(move |tx| {
        let actor = Actor { account: Some(id), name: "测试".into(), at: now() };
        account::begin_factor(tx, &actor, &keys, id, &s)?;
        account::confirm_factor(tx, &actor, id, totp::step(now()) - 10)
    });
    (secret, codes.unwrap())
}

db_test!(the_way_in_and_out, |db: &Db| {
    let o = &office(db);
    person(o, "zhoumin", Role::Office);
    let mut b = Browser::new(o);
    let got = b.get("/ledgers/talk?q=%E8%B5%B5");
    let asked = "/login?next=%2Fledgers%2Ftalk%3Fq%3D%25E8%25B5%25B5";
    assert_eq!(got.led(), (303, asked));
    let page = b.get(asked);
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("演示身份") && !page.text().contains("全部台账"), "nothing of the inside is shown");
    let before = b.cookies.clone();
    let next = ("next", "/ledgers/talk?q=%E8%B5%B5");
    let got = b.submit(asked, "/login", &[("login", " ZhouMin "), ("password", PASSWORD), ("code", ""), next]);
    assert_eq!(got.led(), (303, "/ledgers/talk?q=%E8%B5%B5"));
    let set: Vec<&str> = got.headers.get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
    assert!(set[0].starts_with("dongliang=") && set[0].ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set:?}");
    let first = b.cookies["dongliang"].clone();
    assert!(!before.values().any(|v| *v == first), "nobody else has chosen the token");
    let page = b.get("/");
    assert!(page.status == 200 && page.read().contains("周敏"), "{}", page.read());
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
    assert_eq!(b.get("/login").led(), (303, "/"), "logged in already");
    // Coming in again over an open session ends that one.
    let mut again = Browser::new(o);
    again.cookies.insert("dongliang".into(), first.clone());
    again.cookies.insert("dongliang_visitor".into(), "00".repeat(32));
    let form = token::form_token(&"00".repeat(32)).unwrap();
    again.post("/login", &[("form", &form), ("login", "zhoumin"), ("password", PASSWORD)]);
    assert_ne!(again.cookies["dongliang"], first);
    assert_eq!(b.get("/").led(), (303, "/login"));
    // Out, and the token is good for nothing.
    let token = again.cookies["dongliang"].clone();
    assert_eq!(again.submit("/", "/logout", &[]).led(), (303, "/login"));
    assert!(!again.cookies.contains_key("dongliang"));
    again.cookies.insert("dongliang".into(), token.clone());
    assert_eq!(again.get("/").status, 303);
    // What is stored is not what the browser has.
    let stored = o.db.read(|tx| tx.rows("select token from session", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(stored.iter().all(|t| *t != token && *t != first) && stored.contains(&token::kept(&token)));
});

db_test!(who_leaves_is_out_of_the_browser_whatever_the_store_says, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    // What cannot be read, and what cannot be written.
    for gone in ["session", "audit_entry"] {
        let mut b = Browser::logged_in(o, id);
        let form = b.get("/").token();
        o.db.write(move |tx| tx.ddl(&format!("alter table {gone} rename to gone"))).unwrap();
        // Nobody else does that for him.
        let cookies = b.cookies.clone();
        assert!(b.post("/logout", &[("form", "0")]).status >= 400);
        assert_eq!(b.cookies, cookies);
        let got = b.post("/logout", &[("form", &form)]);
        assert_eq!(got.status, 500, "{gone}");
        assert!(!b.cookies.contains_key("dongliang"), "{gone}");
        o.db.write(move |tx| tx.ddl(&format!("alter table gone rename to {gone}"))).unwrap();
    }
});

db_test!(over_tls_the_cookie_is_the_hosts_alone, |db: &Db| {
    let o = &office(db);
    person(o, "zhoumin", Role::Office);
    let mut b = Browser::new(o);
    b.transport = Transport::Tls;
    let got = enter(&mut b, "zhoumin", PASSWORD, "");
    let set = got.header(header::SET_COOKIE);
    assert!(set.starts_with("__Host-dongliang=") && set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{set}");
    assert_eq!(b.get("/").status, 200);
    // The name without the prefix, which any page of a neighbouring host could set, means nothing.
    let token = b.cookies.remove("__Host-dongliang").unwrap();
    b.cookies.insert("dongliang".into(), token);
    assert_eq!(b.get("/").status, 303);
});

db_test!(a_refusal_does_not_tell_what_was_wrong, |db: &Db| {
    let o = &office(db);
    person(o, "zhoumin", Role::Office);
    let off = person(o, "disabled", Role::Office);
    let late = person(o, "late", Role::Office);
    let coded = person(o, "coded", Role::Office);
    with_factor(o, coded);
    let actor = Actor { account: None, name: "测试".into(), at: now() };
    o.db.write(move |tx| {
        account::set_disabled(tx, &actor, off, true)?;
        let hash = password::hash(PASSWORD)?;
        account::reset(tx, &Actor { at: actor.at - ONE_TIME - 1, ..actor }, late, &hash, false)
    })
    .unwrap();
    crate::visit::account(o, "none", Role::Office, None, None);
    let mut seen: Vec<(u16, String, Vec<String>)> = Vec::new();
    let long = "长".repeat(1000);
    for (login, password) in [
        ("zhoumin", "wrong"),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("late", PASSWORD),
        ("coded", PASSWORD),
        ("none", ""),
        ("zhoumin' or '1'='1", "x"),
        ("zhou\0min2", &long),
    ] {
        let mut b = Browser::new(o);
        let got = enter(&mut b, login, password, "123456");
        let text = got.read().replace("错误：", "");
        let from = text.find("登录名、口令或动态码不正确").unwrap_or_else(|| panic!("{login}: {text}"));
        let names = got.headers.keys().map(ToString::to_string).collect();
        seen.push((got.status, text[from..].chars().take(30).collect(), names));
        assert!(!b.cookies.contains_key("dongliang"), "{login}");
    }
    // The same status, words and headers; only one's own failures are counted down, name by name.
    let first = seen[0].clone();
    assert_eq!((first.0, first.1.contains("还可尝试4次")), (422, true), "{first:?}");
    assert!(seen.iter().all(|s| *s == first), "{seen:?}");
});

db_test!(guessing_has_to_wait_known_name_or_not, |db: &Db| {
    let o = &office(db);
    person(o, "zhoumin", Role::Office);
    for login in ["zhoumin", "nobody"] {
        let mut b = Browser::new(o);
        for _ in 0..NAME_FAILURES {
            assert_eq!(enter(&mut b, login, "wrong", "").status, 422, "{login}");
        }
        // Not even the right password is looked at, and no other browser helps.
        for mut b in [b, Browser::new(o)] {
            let got = enter(&mut b, login, PASSWORD, "");
            assert_eq!(got.status, 429, "{login}");
            assert!(got.read().contains("请在1分钟后再试"), "{login}: {}", got.read());
        }
    }
    assert_eq!(enter(&mut Browser::new(o), "somebody", "x", "").status, 422, "others are not kept out");
    sql(o, "update login_failure set wait_until = 0 where key = 'name:zhoumin'");
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", "wrong", "").status, 422);
    assert!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, "").read().contains("2分钟"), "the wait has grown");
    sql(o, "update login_failure set wait_until = 0 where key = 'name:zhoumin'");
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, "").status, 303);
    let left =
        o.db.read(|tx| tx.one("select count(*) from login_failure where key = 'name:zhoumin'", &[], |r| r.i64(0)));
    assert_eq!(left.unwrap(), Some(0), "begins anew");
    // Many names from one address have to wait too.
    sql(o, "delete from login_failure");
    let mut refused = 0;
    for n in 0..=ADDRESS_FAILURES {
        refused = i64::from(enter(&mut Browser::new(o), &format!("name{n}"), "x", "").status == 429);
    }
    assert_eq!(refused, 1);
});

db_test!(a_code_is_asked_for_and_good_once, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Party);
    let (secret, recovery) = with_factor(o, id);
    let code = || totp::code(&secret, totp::step(now()));
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, "").status, 422);
    let given = code();
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", "wrong", &given).status, 422);
    assert_eq!(
        enter(&mut Browser::new(o), "zhoumin", PASSWORD, &given).led(),
        (303, "/"),
        "not used up by the wrong password"
    );
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, &given).status, 422, "used");
    assert_eq!(recovery.len(), 8);
    let typed = recovery[0].to_lowercase();
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, &typed).status, 303);
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, &typed).status, 422, "used");
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", PASSWORD, &recovery[1]).status, 303);
    let kept = o.db.read(|tx| tx.rows("select hash from recovery_code", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(kept.len() == 6 && recovery.iter().all(|c| !kept.contains(c)));
    let sealed = o.db.read(|tx| account::get(tx, id)).unwrap().unwrap().totp.unwrap();
    assert!(sealed.starts_with("v1:") && !sealed.contains(&hex(&secret)));
});

db_test!(sessions_end_when_idle_when_old_and_when_the_account_ends, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let is_in = |b: &mut Browser| b.get("/permissions").status == 200;
    let shift = move |column: &'static str, by: i64| {
        let sql = format!("update session set {column} = {column} - $1");
        o.db.write(move |tx| tx.execute(&sql, &[by.into()])).unwrap();
    };
    let mut b = Browser::logged_in(o, id);
    shift("seen_at", IDLE - MINUTE);
    assert!(is_in(&mut b), "used, and noted as used");
    shift("seen_at", IDLE - MINUTE);
    assert!(is_in(&mut b), "the use before counts");
    shift("seen_at", IDLE + MINUTE);
    assert!(!is_in(&mut b));
    let mut b = Browser::logged_in(o, id);
    shift("ends_at", ABSOLUTE - MINUTE);
    assert!(is_in(&mut b));
    shift("ends_at", MINUTE);
    assert!(!is_in(&mut b), "however much it is used");
    let mut b = Browser::logged_in(o, id);
    let actor = Actor { account: None, name: "测试".into(), at: now() };
    let a = actor.clone();
    o.db.write(move |tx| account::set_disabled(tx, &a, id, true)).unwrap();
    assert!(!is_in(&mut b));
    o.db.write(move |tx| account::set_disabled(tx, &actor, id, false)).unwrap();
    assert!(!is_in(&mut b), "the session is gone for good");
    let mut many: Vec<Browser> = (0..=SESSIONS).map(|_| Browser::logged_in(o, id)).collect();
    assert!(!is_in(&mut many[0]) && is_in(&mut many[1]) && is_in(&mut many[SESSIONS]), "the oldest gives way");
});

db_test!(a_use_is_written_once_a_minute, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let seen = || o.db.read(|tx| tx.one("select seen_at from session", &[], |r| r.i64(0))).unwrap().unwrap();
    let begun = seen();
    b.get("/permissions");
    assert_eq!(seen(), begun);
    sql(o, "update session set seen_at = seen_at - 61000000");
    b.get("/permissions");
    assert!(seen() >= begun);
});

db_test!(a_handed_out_password_opens_nothing_but_its_change, |db: &Db| {
    let o = &office(db);
    let hash = password::hash("ABCD-EFGH-IJKL-MNOP").unwrap();
    let day = o.clock.now().day;
    let id =
        o.db.write(move |tx| {
            let actor = Actor { account: None, name: "测试".into(), at: now() };
            let id = account::create(tx, &actor, ("zhoumin", "周敏"), Some(1), Some(&hash))?;
            grant::give(tx, &actor, id, Wanted { role: Role::Office, unit: None, starts: day, ends: None })?;
            Ok(id)
        })
        .unwrap();
    let mut b = Browser::new(o);
    let next = [("login", "zhoumin"), ("password", "ABCD-EFGH-IJKL-MNOP"), ("next", "/ledgers")];
    assert_eq!(b.submit("/login", "/login", &next).led(), (303, "/account"));
    for path in ["/", "/ledgers", "/permissions", "/help/lights"] {
        assert_eq!(b.get(path).led(), (303, "/account"), "{path}");
    }
    let page = b.get("/account").read();
    assert!(page.contains("一次性口令") && !page.contains("全部台账"), "{page}");
    let mut change = |current: &str, new: &str, again: &str| {
        b.submit("/account", "/account/password", &[("current", current), ("new", new), ("again", again)])
    };
    for (current, new, again, told) in [
        ("ABCD-EFGH-IJKL-MNOP", "short", "short", "至少12个字符"),
        ("ABCD-EFGH-IJKL-MNOP", PASSWORD, "other", "不一样"),
        ("ABCD-EFGH-IJKL-MNOP", "password123456", "password123456", "太常见"),
        ("ABCD-EFGH-IJKL-MNOP", "my zhoumin at home", "my zhoumin at home", "本人的姓名"),
        ("ABCD-EFGH-IJKL-MNOP", "call 13912342716 now", "call 13912342716 now", "本人的姓名"),
        ("ABCD-EFGH-IJKL-MNOP", "ABCD-EFGH-IJKL-MNOP", "ABCD-EFGH-IJKL-MNOP", "相同"),
        ("wrong", PASSWORD, PASSWORD, "口令不正确，还可尝试"),
    ] {
        let got = change(current, new, again);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(!got.text().contains("ABCD-EFGH"), "a password is never sent back");
    }
    let got = change("ABCD-EFGH-IJKL-MNOP", PASSWORD, PASSWORD);
    assert_eq!(got.led(), (303, "/account?done=password"));
    assert_eq!(b.get("/").status, 200);
    assert_eq!(enter(&mut Browser::new(o), "zhoumin", "ABCD-EFGH-IJKL-MNOP", "").status, 422);
    let _ = id;
});

db_test!(the_security_administrator_says_which_other_roles_need_one, |db: &Db| {
    let o = &office(db);
    let id = person(o, "office", Role::Office);
    let mut clerk = Browser::new(o);
    assert_eq!(enter(&mut clerk, "office", PASSWORD, "").led(), (303, "/"));
    assert!(!clerk.get("/permissions").text().contains("/permissions/factors"), "not his to say");
    let mut safe = Browser::of(o, Role::Security);
    let got =
        safe.submit("/permissions", "/permissions/factors", &[("role", "领导小组办公室"), ("role", "系统管理员")]);
    assert!(got.status == 422 && got.read().contains("“系统管理员”不是可以设定的角色"), "{}", got.read());
    let got = safe.submit("/permissions", "/permissions/factors", &[("role", "领导小组办公室"), ("role", "人事部门")]);
    assert_eq!(got.led(), (303, "/permissions?done=factors"));
    let said = safe.get("/permissions?done=factors").read();
    assert!(said.contains("已设定。") && said.contains("由test-security设定"), "{said}");
    // From the next request on, also for who is logged in.
    assert_eq!(clerk.get("/").led(), (303, "/account"));
    assert!(clerk.get("/account").read().contains("须用动态码，请先启用"));
    let (secret, _) = with_factor(o, id);
    assert_eq!(clerk.get("/").status, 200);
    let code = totp::code(&secret, totp::step(now()));
    assert_eq!(enter(&mut Browser::new(o), "office", PASSWORD, &code).status, 303);
    // Who did not see it does not take it back.
    let form = safe.get("/permissions").token();
    let late = safe.post("/permissions/factors", &[("form", &form), ("seen", ""), ("role", "干部")]);
    assert!(late.status == 409 && late.read().contains("别人已经改过"), "{}", late.read());
    // Taken back; that of administrators and 机关党委 stays.
    let seen = [("seen", "领导小组办公室、人事部门")];
    assert!(safe.get("/permissions").text().contains(r#"name="seen" value="领导小组办公室、人事部门""#));
    assert_eq!(safe.submit("/permissions", "/permissions/factors", &seen).status, 303);
    assert_eq!(safe.submit("/permissions", "/permissions/factors", &[]).status, 303, "twice is once");
    let other = person(o, "staff", Role::Personnel);
    assert_eq!(enter(&mut Browser::new(o), "staff", PASSWORD, "").led().0, 303, "{other}");
    let told = o.db.read(|tx| {
        tx.rows("select payload from audit_entry where kind = 'setting' order by row_id", &[], |r| {
            Ok(r.text(0)?.to_owned())
        })
    });
    let told = told.unwrap();
    let told: Vec<&String> = told.iter().filter(|t| t.contains("动态码")).collect();
    assert!(
        told.len() == 2 && told[0].contains("改为“领导小组办公室、人事部门”") && told[1].contains("改为“没有其他角色”"),
        "{told:?}"
    );
});

db_test!(roles_that_need_a_second_factor_open_nothing_without, |db: &Db| {
    let o = &office(db);
    let id = person(o, "security", Role::Security);
    let mut b = Browser::new(o);
    assert_eq!(enter(&mut b, "security", PASSWORD, "").led(), (303, "/account"));
    assert_eq!(b.get("/accounts").led(), (303, "/account"));
    let refused = b.submit("/account", "/account/factor", &[("current", "wrong")]);
    assert_eq!(refused.status, 422);
    let shown = b.submit("/account", "/account/factor", &[("current", PASSWORD)]);
    assert!(shown.status == 200 && shown.text().contains("data:image/svg+xml,%3Csvg"));
    assert!(!b.get("/account").text().contains("data:image"), "shown once");
    let secret = o.db.read(|tx| account::factor_secret(&o.keys, &account::get(tx, id)?.unwrap())).unwrap().unwrap();
    assert!(shown.text().contains(&token::base32(&secret)));
    assert_eq!(b.submit("/account", "/account/factor/confirm", &[("code", "000000x")]).status, 422);
    assert_eq!(b.get("/accounts").status, 303);
    let (before, mut elsewhere) = (b.cookies["dongliang"].clone(), Browser::logged_in(o, id));
    let code = totp::code(&secret, totp::step(now()));
    let got = b.submit("/account", "/account/factor/confirm", &[("code", &code)]);
    let codes = o.db.read(|tx| account::codes_left(tx, id)).unwrap();
    assert_eq!((got.status, codes, got.text().matches("<li class=\"hash\">").count()), (200, 8, 8));
    assert_ne!(b.cookies["dongliang"], before, "a new token");
    assert_eq!(elsewhere.get("/account").status, 303, "other sessions end");
    assert_eq!(b.get("/accounts").status, 200);
    assert_eq!(enter(&mut Browser::new(o), "security", PASSWORD, &code).status, 422, "the first code is used up");
    // The page shown after the first code already holds forms of the new session.
    let form = got.token();
    assert_eq!(b.post("/account/factor/confirm", &[("form", &form), ("code", &code)]).status, 422);
    let shown = shown_codes(&got);
    let remove = |b: &mut Browser, password: &str, code: &str| {
        b.submit("/account", "/account/factor/remove", &[("current", password), ("code", code)])
    };
    assert_eq!(remove(&mut b, PASSWORD, "123").status, 422);
    assert_eq!(
        b.submit("/account", "/account/factor", &[("current", PASSWORD)]).status,
        422,
        "not over the one in use"
    );
    assert_eq!(remove(&mut b, "wrong", &shown[0]).status, 422);
    let before = b.cookies["dongliang"].clone();
    assert_eq!(remove(&mut b, PASSWORD, &shown[0]).led(), (303, "/account?done=factor"));
    assert_ne!(b.cookies["dongliang"], before);
    assert_eq!(b.get("/accounts").led(), (303, "/account"), "needed again at once");
    assert_eq!(o.db.read(|tx| account::codes_left(tx, id)).unwrap(), 0);
});

/// Recovery codes on a page.
fn shown_codes(got: &Got) -> Vec<String> {
    let text = got.text();
    text.split("<li class=\"hash\">").skip(1).map(|t| t.split('<').next().unwrap().to_owned()).collect()
}

db_test!(two_who_bring_the_same_code_at_once_are_not_both_let_in, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let (secret, recovery) = with_factor(o, id);
    for code in [totp::code(&secret, totp::step(now())), recovery[0].clone()] {
        let code = &code;
        let statuses: Vec<u16> = std::thread::scope(|s| {
            let hands: Vec<_> = (0..4)
                .map(|_| s.spawn(move || enter(&mut Browser::new(o), "zhoumin", PASSWORD, code).status))
                .collect();
            hands.into_iter().map(|h| h.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|s| **s == 303).count(), 1, "{statuses:?}");
        sql(o, "delete from login_failure");
    }
});

db_test!(the_owner_ends_sessions_and_a_new_password_ends_the_others, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let [mut own, mut second, mut third] = [0; 3].map(|_| Browser::logged_in(o, id));
    let page = own.get("/account").text();
    assert_eq!(page.matches(r#"action="/account/sessions""#).count(), 4, "three, and one for all others");
    let ids = o.db.read(|tx| tx.rows("select row_id from session order by row_id", &[], |r| r.i64(0))).unwrap();
    let end = |b: &mut Browser, id: i64| b.submit("/account", "/account/sessions", &[("id", &id.to_string())]);
    assert_eq!(end(&mut own, ids[1]).led(), (303, "/account?done=sessions"));
    assert_eq!((second.get("/account").status, third.get("/account").status), (303, 200));
    let before = own.cookies["dongliang"].clone();
    let new = "another long passphrase 9";
    let fields = [("current", PASSWORD), ("new", new), ("again", new)];
    assert_eq!(own.submit("/account", "/account/password", &fields).status, 303);
    assert_ne!(own.cookies["dongliang"], before, "a new token");
    assert_eq!((own.get("/account").status, third.get("/account").status), (200, 303));
    let mut old = Browser::new(o);
    old.cookies.insert("dongliang".into(), before);
    assert_eq!(old.get("/account").status, 303);
    assert_eq!(end(&mut own, ids[0]).led(), (303, "/login"));
    assert!(!own.cookies.contains_key("dongliang"));
});

db_test!(only_local_paths_are_followed_after_login, |db: &Db| {
    let o = &office(db);
    let mut office = Browser::of(o, Role::Office);
    for path in ["//evil.test/", "/\\evil.test/", "//evil.test?ui_size=large", "/\\evil.test?ui_size=large"] {
        let got = office.get(path);
        assert!(got.led().1.starts_with("/evil.test"), "{path}: {:?}", got.led());
    }
    person(o, "zhoumin", Role::Office);
    for (next, leads) in [
        ("/requirements?state=x", "/requirements?state=x"),
        ("//evil.test", "/"),
        ("https://evil.test/", "/"),
        ("/\\evil.test", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("javascript:alert(1)", "/"),
        ("/logout", "/"),
    ] {
        let mut b = Browser::new(o);
        let page = format!("/login?next={}", encoded(next));
        let token = b.get(&page).token();
        let fields = [("form", token.as_str()), ("login", "zhoumin"), ("password", PASSWORD), ("next", next)];
        assert_eq!(b.post("/login", &fields).led(), (303, leads), "{next:?}");
    }
});
