//! Identities without password: in the demo alone, and whoever copies its rows gets nothing.

use std::{path::Path, process::Command};

use dongliang::{
    auth::mark,
    clock::Clock,
    day::Day,
    db::{
        Db,
        testing::{PostgresDb, TempDir},
    },
    db_test,
    installation::{Installation, meta, set_meta},
    ledger::Keys,
};

use crate::{visit::Browser, web_lists::office};

fn dongliang(data: &Path, args: &[&str]) -> (i32, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let done =
        Command::new(env!("CARGO_BIN_EXE_dongliang")).current_dir(root).arg("--data").arg(data).args(args).output();
    let done = done.unwrap();
    let said = [done.stdout, done.stderr].map(|b| String::from_utf8(b).unwrap()).concat();
    (done.status.code().unwrap(), said)
}

fn open(data: &Path, url: &str, day: &str) -> Installation {
    let clock = Clock::Standing(Day::parse(day).unwrap());
    Installation::new(Db::open(url).unwrap(), Keys::load(&data.join("keys")).unwrap(), clock).unwrap()
}

/// Logins offered on the login page, the one offered first at the head.
fn offered(browser: &mut Browser) -> Vec<String> {
    let text = browser.get("/login").text();
    text.split(r#"name="identity" value=""#).skip(1).map(|t| t.split('"').next().unwrap().to_owned()).collect()
}

/// Whoever clicks on an identity is in, and sees what its role opens.
fn walk(office: &Installation) {
    let all = offered(&mut Browser::new(office));
    assert_eq!((all.len(), all[0].as_str()), (18, "office"));
    for login in &all {
        let mut b = Browser::new(office);
        let got = b.submit("/login", "/login/demo", &[("identity", login)]);
        assert_eq!(got.status, 303, "{login}");
        let first = got.led().1.to_owned();
        assert_eq!(b.get(&first).status, 200, "{login} at {first}");
        let account = b.get("/account").read();
        assert!(!account.contains("没有角色") && !account.contains("随任职终止"), "{login}: {account}");
        let expected = match login.as_str() {
            "sysadmin" | "auditadmin" => "/account",
            "secadmin" => "/accounts",
            "city-cadre" | "district-cadre" => "/me",
            _ => "/",
        };
        assert_eq!(first, expected, "{login}");
    }
    let mut b = Browser::new(office);
    assert_eq!(b.submit("/login", "/login/demo", &[("identity", "nobody")]).status, 404);
}

#[test]
fn the_demo_is_one_click_away_on_both_databases() {
    let dir = TempDir::new();
    let (sqlite, postgres) = (dir.0.join("sqlite"), dir.0.join("postgres"));
    let (code, said) = dongliang(&sqlite, &["demo", "--no-serve", "--people", "600"]);
    assert_eq!(code, 0, "{said}");
    let url = format!("sqlite:{}", sqlite.join("dongliang.db").display());
    walk(&open(&sqlite, &url, "2025-10-20"));
    // Persons move on; the identities stay.
    let (code, said) = dongliang(&sqlite, &["demo", "--no-serve", "--today", "2026-04-30"]);
    assert_eq!(code, 0, "{said}");
    let city = open(&sqlite, &url, "2026-04-30");
    walk(&city);
    let rows = city.db.read(|tx| Ok((meta(tx, "installation")?.unwrap(), meta(tx, "demo")?.unwrap()))).unwrap();
    // The rows of the demo in another installation, whose keys are others.
    let copy = open_with(Db::open("sqlite::memory:").unwrap(), &rows);
    assert!(!copy);
    if std::env::var_os("DONGLIANG_SKIP_POSTGRES").is_none_or(|v| v != "1") {
        let database = PostgresDb::new("");
        let args = ["--database", &database.url, "demo", "--no-serve", "--people", "600"];
        let (code, said) = dongliang(&postgres, &args);
        assert_eq!(code, 0, "{said}");
        walk(&open(&postgres, &database.url, "2025-10-20"));
    }
}

/// Whether a real database takes itself for a demo's when these rows are typed into it.
fn open_with(db: Db, (number, mark): &(String, String)) -> bool {
    let office = office(&db);
    let (number, mark) = (number.clone(), mark.clone());
    db.write(move |tx| {
        set_meta(tx, "installation", &number)?;
        set_meta(tx, "demo", &mark)
    })
    .unwrap();
    let again = Installation::new(db, (*office.keys).clone(), office.clock).unwrap();
    again.demo
}

db_test!(real_data_never_offers_an_identity, |db: &Db| {
    let o = &office(db);
    let is_real = |o: &Installation| {
        let mut b = Browser::new(o);
        assert!(!o.demo && offered(&mut b).is_empty());
        let page = b.get("/login");
        assert!(!page.text().contains("/login/demo") && !page.read().contains("演示"));
        assert_eq!(b.submit("/login", "/login/demo", &[("identity", "office")]).status, 404);
    };
    is_real(o);
    // An account without password, as the demo's are, and the rows that the demo has.
    let id = crate::visit::account(o, "office", dongliang::auth::Role::Office, None, None);
    for guess in ["1", "true", "yes"] {
        db.write(move |tx| {
            mark::number(tx)?;
            set_meta(tx, "demo", guess)?;
            set_meta(tx, "demo_day", "2025-10-20")
        })
        .unwrap();
        is_real(&Installation::new(db.clone(), (*o.keys).clone(), o.clock).unwrap());
    }
    // A session that was begun with an identity is none here.
    let mut b = Browser::logged_in(o, id);
    assert_eq!(b.get("/").status, 200);
    db.write(|tx| tx.execute("update session set demo = 1", &[])).unwrap();
    assert_eq!(b.get("/").status, 303);
});

#[test]
fn a_real_installation_wants_its_administrators_first() {
    let dir = TempDir::new();
    let data = dir.0.join("data");
    let (code, said) = dongliang(&data, &["init"]);
    assert_eq!(code, 0, "{said}");
    // `demo` does not make a demo of it, not even when its mark of completion is put there.
    std::fs::write(data.join("ready"), "").unwrap();
    let (code, said) = dongliang(&data, &["demo", "--no-serve"]);
    assert!(code == 3 && said.contains("不是本版本建的演示数据"), "{said}");
    let (code, said) = dongliang(&data, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 3);
    for role in ["系统管理员", "安全管理员", "审计管理员"] {
        assert!(said.contains(&format!("dongliang user add 姓名 --login 登录名 --role {role}")), "{said}");
    }
    let (code, said) = dongliang(&data, &["user", "add", "周敏", "--login", "Safe.1", "--role", "安全管理员"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("safe.1") && said.contains("只显示这一次"));
    for (args, told) in [
        (&["user", "add", "李明", "--login", "safe.2", "--role", "安全管理员"][..], "已有安全管理员"),
        (&["user", "add", "李明", "--login", "safe.1", "--role", "系统管理员"], "已有人使用"),
        (&["user", "add", "李明", "--login", "li", "--role", "系统管理员"], "3至32个"),
        (&["user", "add", "李明", "--login", "liming", "--role", "皇帝"], "没有角色“皇帝”"),
        // Other roles are given by who has been made for that.
        (&["user", "add", "李明", "--login", "liming", "--role", "科室填报"], "由安全管理员在网页“账号与角色”里"),
        (&["user", "add", "李明", "--login", "liming", "--role", "领导小组办公室"], "由安全管理员在网页“账号与角色”里"),
        (
            &["user", "add", "李明", "--login", "liming", "--role", "系统管理员", "--person", "P9"],
            "没有编号为 P9 的人员",
        ),
        (&["user", "unlock", "nobody"], "没有登录名为 nobody 的账号"),
    ] {
        let (code, said) = dongliang(&data, args);
        assert_eq!((code, said.contains(told)), (2, true), "{said}");
    }
    let (code, said) =
        dongliang(&data, &["user", "add", "李明", "--login", "liming", "--role", "系统管理员", "--ask-password"]);
    assert!(code == 3 && said.contains("不是终端"), "{said}");
    let (code, said) = dongliang(&data, &["user", "list"]);
    assert!(
        code == 0 && said.contains("safe.1") && said.contains("未登录过") && said.contains("共 1 个账号"),
        "{said}"
    );
    let (code, said) = dongliang(&data, &["user", "unlock", "safe.1"]);
    assert!(code == 0 && said.contains("没有被暂停"), "{said}");
    let (code, said) = dongliang(&data, &["user", "reset", "safe.1"]);
    assert!(code == 0 && said.contains("只显示这一次"), "{said}");
    assert!(!said.contains("argon2id"), "no hash is shown");
}
