//! What people do without writing to a ledger is in the log: coming in, accounts, roles, exports.

use dongliang::{
    audit,
    auth::{Role, totp},
    db::Db,
    db_test,
};
use serde_json::Value as Json;

use crate::{
    auth_login::{PASSWORD, enter, person, with_factor},
    visit::{Browser, account, now},
    web_lists::office,
};

/// An entry: kind, who, number of the account, what it tells.
type Deed = (String, String, Option<i64>, Json);

/// The entries of these kinds, the first one first.
pub(crate) fn deeds(db: &Db, kinds: &[&str]) -> Vec<Deed> {
    let sql = "select kind, actor, account, payload from audit_entry order by row_id";
    let all = db.read(|tx| {
        tx.rows(sql, &[], |r| {
            let told = serde_json::from_str(r.text(3)?)?;
            Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.opt_i64(2)?, told))
        })
    });
    all.unwrap().into_iter().filter(|(kind, ..)| kinds.contains(&kind.as_str())).collect()
}

/// What the last entry of these kinds says, and the account that did it.
fn last(db: &Db, kinds: &[&str]) -> (String, Option<i64>) {
    let deed = deeds(db, kinds).pop().unwrap();
    (deed.3["title"].as_str().unwrap().to_owned(), deed.2)
}

db_test!(every_way_in_and_out_is_logged, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let mut b = Browser::new(o);
    assert_eq!(enter(&mut b, "zhoumin", "不对的口令不对的口令", "").status, 422);
    assert_eq!(last(db, &["login"]), ("登录被拒".into(), Some(id)));
    assert_eq!(enter(&mut b, PASSWORD, PASSWORD, "").status, 422);
    let refused = deeds(db, &["login"]).pop().unwrap();
    assert_eq!((refused.1.as_str(), refused.2), ("未知登录名", None));
    assert!(!refused.3.to_string().contains(PASSWORD), "a password in the wrong field is not kept");
    assert_eq!(enter(&mut b, "zhoumin", PASSWORD, "").status, 303);
    assert_eq!(last(db, &["login"]), ("登录".into(), Some(id)));
    b.submit("/account", "/logout", &[]);
    assert_eq!(last(db, &["login"]), ("退出".into(), Some(id)));
    // The wait is told when it begins; what comes during it leaves nothing.
    let mut count = 0;
    while last(db, &["login"]).0 != "登录被拒，已暂停登录" {
        enter(&mut b, "zhoumin", "不对的口令不对的口令", "");
        count += 1;
        assert!(count < 20);
    }
    let before = deeds(db, &["login"]).len();
    assert_eq!(enter(&mut b, "zhoumin", PASSWORD, "").status, 429);
    assert_eq!(deeds(db, &["login"]).len(), before);
    audit::sequence(db).unwrap();
    assert!(audit::verify(db, &crate::audit::against()).unwrap().findings.is_empty());
});

db_test!(a_wrong_code_is_a_refusal, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let (secret, _) = with_factor(o, id);
    let mut b = Browser::new(o);
    assert_eq!(enter(&mut b, "zhoumin", PASSWORD, "12").status, 422);
    assert_eq!(last(db, &["login"]), ("登录被拒".into(), Some(id)));
    let code = totp::code(&secret, totp::step(now()));
    assert_eq!(enter(&mut b, "zhoumin", PASSWORD, &code).status, 303);
    assert_eq!(last(db, &["login"]), ("登录".into(), Some(id)));
});

db_test!(what_is_done_to_accounts_and_roles_is_logged, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Security);
    let officer = Some(account(o, "test-security", Role::Security, None, None));
    let day = o.clock.now().day.to_string();
    let fields = [("login", "liming"), ("name", "李明"), ("role", "领导小组办公室"), ("starts", day.as_str())];
    assert_eq!(b.submit("/accounts/new", "/accounts/new", &fields).status, 200);
    assert_eq!(last(db, &["account"]), ("建立账号，授予领导小组办公室：李明（liming）".into(), officer));
    let id = o.db.read(|tx| tx.one("select row_id from account where login = 'liming'", &[], |r| r.i64(0)));
    let page = format!("/accounts/{}", id.unwrap().unwrap());
    for (action, fields, kind, told) in [
        ("grants", vec![("role", "审计"), ("starts", &*day)], "grant", "授予审计：李明（liming），2025年10月20日起"),
        ("grants/withdraw", vec![("grant", "3")], "grant", "收回审计：李明（liming），2025年10月20日起"),
        ("reset", vec![("factor", "drop")], "account", "重设口令并取消动态码：李明（liming）"),
        ("state", vec![("state", "disabled")], "account", "停用账号：李明（liming）"),
        ("state", vec![("state", "enabled")], "account", "启用账号：李明（liming）"),
        ("unlock", vec![], "account", "解除登录暂停：李明（liming）"),
    ] {
        assert!(b.submit(&page, &format!("{page}/{action}"), &fields).status < 400, "{action}");
        assert_eq!(last(db, &[kind]), (told.into(), officer), "{action}");
    }
});

db_test!(own_password_factor_and_stand_in_are_logged, |db: &Db| {
    let o = &office(db);
    let id = person(o, "zhoumin", Role::Office);
    let mut b = Browser::logged_in(o, id);
    let new = "another long word 88 雨";
    b.submit("/account", "/account/password", &[("current", PASSWORD), ("new", new), ("again", new)]);
    assert_eq!(last(db, &["account"]), ("修改口令：周敏（zhoumin）".into(), Some(id)));
    b.submit("/account", "/account/factor", &[("current", "不对的口令不对的口令")]);
    assert_eq!(last(db, &["account"]), ("再次核对口令未通过：周敏（zhoumin）".into(), Some(id)));
    b.submit("/account", "/account/factor", &[("current", new)]);
    assert_eq!(last(db, &["account"]), ("生成动态码密钥：周敏（zhoumin）".into(), Some(id)));
    account(o, "liming", Role::Office, None, None);
    let fields = [("to", "liming"), ("starts", "2025-10-20"), ("ends", "2025-10-30"), ("reason", "年休假")];
    b.submit("/account", "/account/stand-ins", &fields);
    let told = "请liming（liming）代理，2025年10月20日至2025年10月30日";
    assert_eq!(last(db, &["grant"]), (told.into(), Some(id)));
    b.submit("/account", "/account/stand-ins/withdraw", &[("id", "1")]);
    assert_eq!(last(db, &["grant"]), ("收回代理：liming（liming）".into(), Some(id)));
    let log = Browser::of(o, Role::AuditAdmin).get("/audit").read();
    assert!(log.contains("周敏　授权") && log.contains("收回代理：liming（liming）"), "{log}");
});

db_test!(an_export_is_logged_with_the_persons_in_it, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Personnel);
    assert_eq!(b.get("/ledgers/guidance").status, 200);
    assert!(deeds(db, &["export"]).is_empty(), "a page is no export");
    assert_eq!(b.get("/people/export?format=csv").status, 200);
    let told = deeds(db, &["export"]).pop().unwrap();
    assert_eq!((&told.3["title"], &told.3["persons"]), (&"“人员”".into(), &"1-4".into()));
    assert_eq!(told.3["rows"], 4);
    let log = Browser::of(o, Role::AuditAdmin).get("/audit").read();
    assert!(log.contains("“人员”；4行"), "{log}");
    assert_eq!(b.get("/ledgers/mentor_pair/export?format=jsonl").status, 200);
    assert_eq!(deeds(db, &["export"]).pop().unwrap().3["persons"], "1-3");
    assert_eq!(b.get("/people/export?format=none").status, 400);
    assert_eq!(Browser::of(o, Role::Cadre).get("/people/export?format=csv").status, 403);
    assert_eq!(deeds(db, &["export"]).len(), 2, "what was not handed out is no export");
});
