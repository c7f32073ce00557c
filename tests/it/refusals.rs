//! Refused requests are in the audit log, few entries however many they are; what is answered leaves nothing.

use dongliang::{
    auth::{Role, policy::MINUTE},
    db::Db,
    db_test,
    installation::Installation,
    refusals,
};

use crate::{
    audit_deeds::deeds,
    visit::{Browser, account, now},
    web_lists::office,
};

/// What is told at an instant: who, why, how many, where.
fn told(o: &Installation, at: i64) -> Vec<(String, String, u64, String)> {
    let before = deeds(&o.db, &["refuse"]).len();
    refusals::tell(o, at, false).unwrap();
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    let new = deeds(&o.db, &["refuse"]).split_off(before);
    new.iter()
        .map(|d| (d.1.clone(), text(&d.3["why"]), d.3["count"].as_u64().unwrap(), d.3["paths"].to_string()))
        .collect()
}

db_test!(whatever_is_refused_is_told, |db: &Db| {
    let o = &office(db);
    let mut clerk = Browser::logged_in(o, account(o, "aclerk", Role::Clerk, Some(4), None));
    let form = clerk.get("/account").token();
    for path in ["/", "/requirements", "/ledgers", "/account", "/assets/none.css", "/units/U1-2"] {
        clerk.get(path);
    }
    assert_eq!(Browser::new(o).get("/ledgers").status, 303);
    let mut own = Browser::logged_in(o, account(o, "own", Role::Office, None, None));
    own.submit("/account", "/account/password", &[("current", "x")]);
    assert_eq!(told(o, now()), [], "what is answered, led on or said in a form is no refusal");

    let who = |name: &str, why: &str, n: u64, paths: &str| (name.to_owned(), why.to_owned(), n, paths.to_owned());
    let absent = "要看的内容不存在，或者不在范围内";
    let stale = "提交的表单已过期，或者不是本系统的页面发出的";
    let unreadable = "提交的内容过大、过慢或者不能读取";
    clerk.get("/accounts");
    assert_eq!(told(o, now()), [who("aclerk", "没有权限", 1, r#"["/accounts"]"#)]);
    clerk.get("/ledgers/guidance/1");
    assert_eq!(told(o, now()), [who("aclerk", absent, 1, r#"["/ledgers/guidance/1"]"#)]);
    Browser::new(o).post("/account/sessions", &[("form", "x")]);
    assert_eq!(told(o, now()), [who("未登录", "没有登录就提交表单", 1, r#"["/account/sessions"]"#)]);
    clerk.post("/account/sessions", &[("form", "x")]);
    assert_eq!(told(o, now()), [who("aclerk", stale, 1, r#"["/account/sessions"]"#)]);
    Browser::new(o).post("/login", &[("login", "aclerk")]);
    assert_eq!(told(o, now()), [who("未登录", stale, 1, r#"["/login"]"#)]);
    clerk.post_body("/account/sessions", "application/json", "{}".into());
    clerk.post_body("/account/sessions", "application/x-www-form-urlencoded", "x".repeat(1 << 20));
    assert_eq!(told(o, now()), [who("aclerk", unreadable, 2, r#"["/account/sessions"]"#)]);
    own.get("/units/%00");
    assert_eq!(told(o, now()), [who("own", unreadable, 1, r#"["/units/%00"]"#)]);
    clerk.method("DELETE", "/account");
    assert_eq!(told(o, now()), [who("身份未核对", "请求的方式不对", 1, r#"["/account"]"#)]);
    // With a good token, and without the right.
    clerk.post("/accounts/1/unlock", &[("form", &form)]);
    let later = now() + 11 * MINUTE;
    assert_eq!(told(o, later), [who("aclerk", "没有权限", 1, r#"["/accounts/1/unlock"]"#)]);
});

db_test!(a_flood_of_refusals_is_a_few_entries, |db: &Db| {
    let o = &office(db);
    let mut cadre = Browser::of(o, Role::Cadre);
    let begun = now();
    for n in 0..40 {
        assert_eq!(cadre.get(&format!("/accounts/{n}")).status, 403);
        refusals::tell(o, begun, false).unwrap();
    }
    assert_eq!(deeds(db, &["refuse"]).len(), 1, "the first at once, the others later");
    refusals::tell(o, begun + 11 * MINUTE, false).unwrap();
    let all = deeds(db, &["refuse"]);
    assert_eq!((all.len(), all[1].3["count"].as_u64()), (2, Some(39)));
    let title = all[1].3["title"].as_str().unwrap();
    assert!(title.contains("没有权限，共39次") && title.contains("/accounts/1、/accounts/2、/accounts/3等"), "{title}");
    // At the end nothing stays behind.
    cadre.get("/accounts/99");
    assert_eq!(refusals::tell_now(o, true).unwrap(), 1);
    assert_eq!(refusals::tell_now(o, true).unwrap(), 0);
    // The 审计管理员 sees them; who reads the log of a unit does not.
    let log = Browser::of(o, Role::AuditAdmin).get("/audit?kind=refuse").read();
    assert!(log.contains("test-cadre　拒绝访问") && log.contains("共39次"), "{log}");
    let of_unit = account(o, "of-unit", Role::Auditor, Some(2), None);
    assert!(!Browser::logged_in(o, of_unit).get("/audit").read().contains("拒绝访问"));
});
