//! Forms from elsewhere, forged, stale, too large, and every field of every form with what does not belong there.

use dongliang::{auth::Role, db::Db, db_test};

use crate::{
    audit_guarded::sat,
    remedy::{confirm, drafted, say},
    supervise::pressed,
    visit::{Browser, account, encoded},
    web_lists::office,
};

db_test!(a_form_is_taken_from_a_page_of_its_own_session_alone, |db: &Db| {
    let o = &office(db);
    let mut mine = Browser::logged_in(o, account(o, "mine", Role::Office, None, None));
    let mut other = Browser::logged_in(o, account(o, "other", Role::Office, None, None));
    let (own, foreign) = (mine.get("/account").token(), other.get("/account").token());
    let flipped = format!("{}{}", if own.starts_with('0') { '1' } else { '0' }, &own[1..]);
    for token in ["", "0", &foreign, &flipped, &own[..64]] {
        let got = mine.post("/account/sessions", &[("form", token), ("others", "1")]);
        assert!(got.status == 403 && got.read().contains("页面已过期"), "{token}");
    }
    assert_eq!(mine.post("/account/sessions", &[("others", "1")]).status, 403, "none at all");
    let from = |mine: &mut Browser, headers: &[(&'static str, &str)]| {
        mine.headers = headers.iter().map(|(k, v)| (*k, (*v).to_owned())).collect();
        let status = mine.post("/account/sessions", &[("form", &own), ("others", "1")]).status;
        mine.headers.clear();
        status
    };
    for (headers, status) in [
        (&[("sec-fetch-site", "cross-site")][..], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "none")], 403),
        (&[("origin", "https://evil.test"), ("host", "127.0.0.1:8080")], 403),
        (&[("origin", "http://127.0.0.1:9999"), ("host", "127.0.0.1:8080")], 403),
        (&[("origin", "null"), ("host", "127.0.0.1:8080")], 403),
        (&[("origin", "http://127.0.0.1:8080")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], 403),
        (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], 303),
        (&[("sec-fetch-site", "same-origin")], 303),
        (&[], 303),
    ] {
        assert_eq!(from(&mut mine, headers), status, "{headers:?}");
    }
    // A token of a session that has ended, in a new one of the same account.
    let id = account(o, "mine", Role::Office, None, None);
    let mut again = Browser::logged_in(o, id);
    assert_eq!(again.post("/account/sessions", &[("form", &own), ("others", "1")]).status, 403);
    // The login form too, although nobody is logged in.
    let mut visitor = Browser::new(o);
    let form = visitor.get("/login").token();
    let fields = [("form", form.as_str()), ("login", "mine"), ("password", "x")];
    assert_eq!(Browser::new(o).post("/login", &fields).status, 403, "without the visitor's cookie");
    visitor.headers = vec![("sec-fetch-site", "cross-site".into())];
    assert_eq!(visitor.post("/login", &fields).status, 403);
    visitor.headers.clear();
    assert_eq!(visitor.post("/login", &fields).status, 422);
    // Nothing is changed by following a link.
    assert_eq!(mine.get("/logout").status, 405);
    assert_eq!(mine.get("/account").status, 200);
});

db_test!(a_cookie_of_another_person_shows_that_persons_page_alone, |db: &Db| {
    let o = &office(db);
    let (a, b) = (account(o, "aaa", Role::Office, None, None), account(o, "bbb", Role::Cadre, None, None));
    let (mut one, mut two) = (Browser::logged_in(o, a), Browser::logged_in(o, b));
    let session = o.db.read(|tx| tx.one("select row_id from session where account_id = $1", &[a.into()], |r| r.i64(0)));
    let id = session.unwrap().unwrap().to_string();
    // Ending the session of another by its number does nothing.
    two.submit("/account", "/account/sessions", &[("id", &id)]);
    assert_eq!(one.get("/account").status, 200);
    assert!(!two.get("/account").text().contains(&format!(r#"name="id" value="{id}""#)));
    // Who puts in another's cookie is that person, and his forms of before are refused.
    let form = two.get("/account").token();
    two.cookies = one.cookies.clone();
    assert!(two.get("/account").read().contains("aaa"));
    assert_eq!(two.post("/account/sessions", &[("form", &form), ("others", "1")]).status, 403);
    for nonsense in ["", "x", &"0".repeat(64), &"字".repeat(20), &"a".repeat(5000)] {
        two.cookies.insert("dongliang".into(), encoded(nonsense));
        assert_eq!(two.get("/account").status, 303, "{nonsense}");
    }
    one.submit("/account", "/account/sessions", &[("others", "1")]);
    assert_eq!(one.get("/account").status, 200, "the own one stays");
});

db_test!(a_body_is_bounded_and_must_be_a_form, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Security);
    let form = b.get("/accounts/new").token();
    let large = format!("form={form}&login=new&name={}", "x".repeat(1 << 20));
    let got = b.post_body("/accounts/new", "application/x-www-form-urlencoded", large);
    assert!(got.status == 413 && got.read().contains("64KB"), "{}", got.status);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
        assert_eq!(b.post_body("/accounts/new", kind, format!("form={form}")).status, 415, "{kind}");
    }
    let within = format!("form={form}&login=new&name={}", "x".repeat(60 * 1024));
    let got = b.post_body("/accounts/new", "application/x-www-form-urlencoded", within);
    assert!(got.status == 422 && got.read().contains("1至40个字") && got.body.len() < 64 * 1024);
    assert_eq!(b.post_body("/accounts/new", "application/x-www-form-urlencoded", "\u{0}%zz&&&=%".into()).status, 403);
    // What is no UTF-8 is refused, not kept as something else.
    let broken = format!("form={form}&login=new&name=%FF%FE");
    let got = b.post_body("/accounts/new", "application/x-www-form-urlencoded", broken);
    assert!(got.status == 400 && got.read().contains("不是UTF-8编码"), "{} {}", got.status, got.read());
});

db_test!(an_account_is_made_once_and_its_password_shown_once, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Security);
    let fields = |login: &'static str, name: &'static str, person: &'static str| {
        [
            ("login", login),
            ("name", name),
            ("person", person),
            ("role", "科室填报"),
            ("unit", "U1-1"),
            ("starts", "2025-10-20"),
        ]
    };
    for (login, name, person, told) in [
        ("ab", "周敏", "", "3至32个"),
        ("周敏", "周敏", "", "3至32个"),
        ("zhou min", "周敏", "", "3至32个"),
        ("zhoumin", "", "", "1至40个字"),
        ("zhoumin", "周\u{202e}敏", "", "控制字符"),
        ("zhoumin", "周敏", "P9", "没有编号或全名为“P9”的人员"),
        ("test-security", "周敏", "", "已有人使用"),
    ] {
        let got = b.submit("/accounts/new", "/accounts/new", &fields(login, name, person));
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("提交未成功") && got.text().contains("#new-"), "a summary leads to the field");
    }
    let form = b.get("/accounts/new").token();
    let mut all = vec![("form", form.as_str())];
    all.extend(fields("zhoumin", "周敏", "孙三"));
    let made = b.post("/accounts/new", &all);
    assert!(made.status == 200 && made.read().contains("只显示这一次"), "{}", made.read());
    let text = made.text();
    let from = text.find(r#"<strong class="hash">"#).unwrap() + 21;
    let password = text[from..].split('<').next().unwrap().to_owned();
    assert_eq!(b.post("/accounts/new", &all).status, 422, "sent twice");
    let id = account(o, "zhoumin", Role::Clerk, None, None);
    assert!(!b.get(&format!("/accounts/{id}")).text().contains(&password));
    assert!(b.get("/accounts?q=ZHOU").text().contains("待首次登录"));
    assert!(b.get("/accounts?q=%25").read().contains("没有符合条件的账号"));
    let mut own = Browser::new(o);
    let got = own.submit("/login", "/login", &[("login", "zhoumin"), ("password", &password)]);
    assert_eq!(got.led(), (303, "/account"));
    // Disabled, and enabled again.
    let page = format!("/accounts/{id}");
    b.submit(&page, &format!("{page}/state"), &[("state", "disabled")]);
    assert_eq!(own.get("/account").status, 303);
    assert!(b.get(&page).read().contains("已停用") && !b.get(&page).text().contains("give-role"));
    b.submit(&page, &format!("{page}/state"), &[("state", "enabled")]);
    let reset = b.submit(&page, &format!("{page}/reset"), &[("factor", "drop")]);
    assert!(reset.status == 200 && !reset.text().contains(&password));
    assert_eq!(own.submit("/login", "/login", &[("login", "zhoumin"), ("password", &password)]).status, 422);
});

/// Who posts, the page with the form, where it is posted to, and its fields with values that are good or refused.
type UnderTest<'a> = (Role, &'a str, &'a str, &'a [(&'a str, &'a str)]);

/// The payloads of `tests/data/payloads.txt`: all on SQLite; on PostgreSQL, where the same pages stand before another
/// dialect, those that a database could take for more than text.
pub(crate) fn payloads(db: &Db) -> Vec<String> {
    let mut found = listed();
    if db.read(|tx| Ok(tx.is_postgres())).unwrap() {
        found.retain(|p| {
            p.chars().any(|c| c.is_control() || "'\\%$".contains(c) || c > '\u{ffff}') || p.starts_with('9')
        });
        assert!(found.len() > 15);
    }
    found
}

fn listed() -> Vec<String> {
    let text = include_str!("../data/payloads.txt");
    let mut found: Vec<String> = text.lines().filter(|l| !l.starts_with("# ")).map(unescaped).collect();
    assert!(found.len() > 50);
    found.push("长".repeat(10_000));
    found
}

fn unescaped(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, used) = match after.as_bytes()[0] {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'u' => {
                let end = after.find('}').unwrap();
                (char::from_u32(u32::from_str_radix(&after[2..end], 16).unwrap()).unwrap(), end + 1)
            }
            _ => ('\\', 1),
        };
        out.push(c);
        rest = &after[used..];
    }
    out + rest
}

db_test!(no_payload_gets_through_any_field_of_any_form, |db: &Db| {
    let o = &drafted(db);
    pressed(o);
    say(o, 2, &confirm("2025-10-24")).unwrap();
    account(o, "somebody", Role::Cadre, None, None);
    account(o, "test-cadre", Role::Cadre, None, Some(3));
    account(o, "an-asker", Role::Cadre, None, Some(1));
    let mut asker = Browser::logged_in(o, account(o, "an-asker", Role::Cadre, None, Some(1)));
    let fields = [("ledger", "person"), ("record", "1"), ("wrong", "籍贯有误"), ("proposed", "")];
    assert_eq!(asker.submit("/me", "/requests/new", &fields).status, 303);
    let fields = [("page", "/"), ("text", "字太小"), ("named", "yes")];
    assert_eq!(asker.submit("/feedback/new", "/feedback/new", &fields).status, 303);
    let fields = [("kind", "quarterly"), ("period", "2025Q2"), ("unit", "")];
    assert_eq!(Browser::of(o, Role::Office).submit("/papers", "/papers", &fields).status, 303);
    sat(o);
    let forms: [UnderTest<'_>; 37] = [
        (Role::Office, "/ledgers/guidance/Z1", "/ledgers/guidance/Z1/doubt", &[("reason", "")]),
        (
            Role::Office,
            "/supervise/new",
            "/supervise/new",
            &[("unit", "x"), ("title", ""), ("demand", ""), ("due", "x"), ("requirement", ""), ("subject", "")],
        ),
        (Role::UnitAdmin, "/supervise/1", "/supervise/1/reply", &[("text", "")]),
        (Role::Office, "/supervise/2", "/supervise/2/return", &[("text", ""), ("due", "x")]),
        (Role::Office, "/supervise/2", "/supervise/2/close", &[("text", "")]),
        (Role::Office, "/remedies/1", "/remedies/1/confirm", &[("due", "x"), ("person", ""), ("reason", "")]),
        (Role::Office, "/remedies/2", "/remedies/2/act", &[("day", "x"), ("text", "")]),
        (Role::Office, "/remedies/1", "/remedies/1/drop", &[("reason", "")]),
        (Role::Cadre, "/me", "/me/export", &[("format", "x")]),
        (
            Role::Cadre,
            "/me",
            "/requests/new",
            &[("wrong", ""), ("proposed", ""), ("ledger", "person"), ("record", "none")],
        ),
        (Role::UnitAdmin, "/requests/1", "/requests/1", &[("words", ""), ("outcome", "accepted")]),
        (Role::Office, "/feedback/new", "/feedback/new", &[("text", "x"), ("page", "/"), ("named", "x")]),
        (Role::Office, "/feedback/new", "/feedback/answer", &[("code", "x")]),
        (Role::Office, "/feedback/1", "/feedback/1", &[("nothing", "x")]),
        (Role::Office, "/account", "/account/password", &[("current", "x"), ("new", "x"), ("again", "x")]),
        (Role::Office, "/account", "/account/factor", &[("current", "x")]),
        (Role::Office, "/account", "/account/factor/confirm", &[("code", "x")]),
        (Role::Office, "/account", "/account/factor/remove", &[("current", "x"), ("code", "x")]),
        (Role::Office, "/account", "/account/sessions", &[("id", "x"), ("others", "0")]),
        (
            Role::Office,
            "/account",
            "/account/stand-ins",
            &[("to", "nobody"), ("starts", "2025-10-20"), ("ends", "2025-10-21"), ("reason", "休假")],
        ),
        (Role::Office, "/account", "/account/stand-ins/withdraw", &[("id", "x")]),
        (
            Role::Security,
            "/accounts/new",
            "/accounts/new",
            &[
                ("login", "somebody"),
                ("name", "x"),
                ("person", ""),
                ("role", "x"),
                ("unit", ""),
                ("starts", "x"),
                ("ends", ""),
            ],
        ),
        (
            Role::Security,
            "/accounts/1",
            "/accounts/1/grants",
            &[("role", "科室填报"), ("unit", "x"), ("starts", "2025-10-20"), ("ends", "")],
        ),
        (Role::Security, "/accounts/1", "/accounts/1/grants/withdraw", &[("grant", "x")]),
        (Role::Security, "/permissions", "/permissions/factors", &[("role", "x")]),
        (Role::Security, "/accounts/1", "/accounts/1/state", &[("state", "x")]),
        (Role::Security, "/accounts/1", "/accounts/1/unlock", &[("nothing", "x")]),
        (Role::Personnel, "/ledgers/person/P2", "/ledgers/person/P2/open", &[("reason", "核对")]),
        (
            Role::Office,
            "/papers",
            "/papers",
            &[("kind", "order"), ("period", "2025Q2"), ("unit", "x"), ("requirements", "R-21")],
        ),
        (Role::Office, "/papers/1", "/papers/1", &[("version", "1"), ("title", "x"), ("to", "x"), ("next", "")]),
        (Role::Office, "/papers/1", "/papers/1/issue", &[("version", "0"), ("prefix", "x"), ("on", "x")]),
        (
            Role::Office,
            "/tests/new",
            "/tests/new",
            &[
                ("title", "x"),
                ("activity", ""),
                ("opens", "x"),
                ("closes", "2025-10-21T11:00"),
                ("minutes", "60"),
                ("attempts", "1"),
                ("review", ""),
                ("blueprint", ""),
                ("list", "1, 5"),
            ],
        ),
        (
            Role::Office,
            "/tests/1",
            "/tests/1/key",
            &[("place", "1"), ("seen", "1"), ("key", "B"), ("feedback", ""), ("reason", "x"), ("sure", "")],
        ),
        (Role::Office, "/tests/1", "/tests/1/print", &[("forms", "x")]),
        (Role::Office, "/tests/1/sheets", "/tests/1/sheets/undo", &[("file", "1"), ("reason", "x")]),
        (Role::Office, "/tests/1/sheets", "/tests/1/sheets/end", &[("sure", "x")]),
        (Role::Office, "/tests/1/sheets", "/tests/1/sheets/1", &[("do", "x")]),
    ];
    let counts = || {
        o.db.read(|tx| {
            let sql = "select (select count(*) from account), (select count(*) from role_grant), \
                       (select count(*) from stand_in), (select count(*) from session where closed_at is null)";
            tx.one(sql, &[], |r| Ok([r.i64(0)?, r.i64(1)?, r.i64(2)?, r.i64(3)?]))
        })
    };
    let check = |b: &mut Browser, path: &str, fields: &[(&str, &str)], field: &str, payload: &str| {
        let what = format!("{path} {field} {payload:?}");
        let got = b.post(path, fields);
        assert!(got.status < 500, "{what}: {}", got.status);
        if got.status == 303 {
            let to = got.led().1;
            assert!(to.starts_with('/') && !to.starts_with("//") && to.len() < 200, "{what}: {to}");
        } else {
            let text = got.text();
            let marked = payload.contains(['<', '"', '\'']);
            assert!(!marked || !text.contains(payload), "{what}: sent back as it is");
            assert!(!text.contains("{{7*7}} ") && !text.contains(">49<"), "{what}");
        }
        assert!(got.headers.get_all("set-cookie").iter().all(|c| !c.to_str().unwrap().contains("evil")), "{what}");
        assert!(!got.headers.contains_key("x"), "{what}");
    };
    let payloads = payloads(db);
    for (role, page, action, fields) in forms {
        let mut b = Browser::of(o, role);
        let form = b.get(page).token();
        let before = counts().unwrap();
        for (i, (field, _)) in fields.iter().enumerate() {
            for payload in &payloads {
                let mut all: Vec<(&str, &str)> = vec![("form", &form)];
                all.extend(fields.iter().copied());
                all[i + 1].1 = payload;
                check(&mut b, action, &all, field, payload);
            }
        }
        assert_eq!(counts().unwrap(), before, "{action}");
        assert_eq!(b.get(page).status, 200, "{action}");
    }
    let mut b = Browser::new(o);
    let form = b.get("/login").token();
    for field in ["login", "password", "code", "next"] {
        for payload in &payloads {
            let mut all =
                vec![("form", form.as_str()), ("login", "x"), ("password", "x"), ("code", "x"), ("next", "/")];
            all.iter_mut().filter(|f| f.0 == field).for_each(|f| f.1 = payload);
            check(&mut b, "/login", &all, field, payload);
        }
        o.db.write(|tx| tx.execute("delete from login_failure", &[])).unwrap();
    }
    for query in payloads.iter().filter(|p| p.len() < 1000) {
        assert!(b.get(&format!("/login?next={}", encoded(query))).status == 200, "{query:?}");
        let found = Browser::of(o, Role::Security).get(&format!("/accounts?q={0}&page={0}&size={0}", encoded(query)));
        assert!(found.status == 200 && !found.text().contains("<script>alert"), "{query:?}");
    }
});
