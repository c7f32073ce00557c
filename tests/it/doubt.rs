//! 存疑: marked by who sees a record, answered by its unit, shown wherever the record is, and no verdict changes.

use dongliang::{auth::Role, db::Db, db_test, verdict::rejudge};

use crate::{
    remedy::drafted,
    visit::{Browser, account},
};

db_test!(a_record_is_doubted_and_answered_and_counts_as_before, |db: &Db| {
    let o = &drafted(db);
    let mut auditor = Browser::of(o, Role::Auditor);
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let verdict = |b: &mut Browser| b.get("/verdicts/R-21/J1/2025-02").read();
    let before = verdict(&mut auditor);
    let path = "/ledgers/guidance/Z1";
    let post = |b: &mut Browser, reason: &str| b.submit(path, "/ledgers/guidance/Z1/doubt", &[("reason", reason)]);
    let long = "长".repeat(501);
    for (reason, told) in [("", "哪里存疑：请填写"), (long.as_str(), "最多500字"), ("a\u{202e}b", "控制字符")]
    {
        let got = post(&mut auditor, reason);
        assert!(got.status == 422 && got.read().contains(told) && got.text().contains("提交未成功"), "{told}");
    }
    assert_eq!(post(&mut auditor, "日期与<b>通知不符").led(), (303, path));
    let got = post(&mut auditor, "再问一次");
    assert!(got.status == 422 && got.read().contains("还没有答复"), "{}", got.read());
    // Shown on the record, in the list and where it counts; nothing is judged otherwise.
    let page = auditor.get(path).text();
    assert!(page.contains("日期与&#60;b&#62;通知不符") && page.contains(r#"<span class="st o">存疑</span>"#));
    assert!(auditor.get("/ledgers/guidance").text().contains("存疑"));
    let after = verdict(&mut auditor);
    assert!(after.contains("存疑") && !before.contains("存疑"));
    assert!(rejudge::verify(o, &mut |_, _| {}).unwrap().is_empty());
    let moments = |text: &str| text.split("怎么算出来的").nth(1).unwrap().split("记录").next().unwrap().to_owned();
    assert_eq!(moments(&before), moments(&after));
    // The unit answers; who asked, who only sees, and who sees nothing do not.
    assert!(unit.get("/todo").read().contains("对本单位记录的存疑1件"));
    let form = auditor.get("/account").token();
    assert_eq!(auditor.post("/doubts/1", &[("form", &form), ("words", "好")]).status, 403);
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    let form = far.get("/account").token();
    assert_eq!(far.post("/doubts/1", &[("form", &form), ("words", "好")]).status, 404);
    assert_eq!(far.post("/ledgers/guidance/Z1/doubt", &[("form", &form), ("reason", "好")]).status, 404);
    assert_eq!(unit.submit(path, "/doubts/1", &[("words", "")]).status, 422);
    assert_eq!(unit.submit(path, "/doubts/1", &[("words", "已核对原件")]).led(), (303, path));
    let form = unit.get("/account").token();
    assert_eq!(unit.post("/doubts/1", &[("form", &form), ("words", "又答")]).status, 409, "answered already");
    let page = auditor.get(path).read();
    assert!(page.contains("已核对原件") && page.contains("已答复"), "{page}");
    assert!(!auditor.get("/ledgers/guidance").text().contains(r#"<span class="st o">存疑"#));
    // Nobody answers himself.
    assert_eq!(post(&mut unit, "自己问").status, 303);
    let form = unit.get("/account").token();
    assert_eq!(unit.post("/doubts/2", &[("form", &form), ("words", "自答")]).status, 409);
    let sql = "select count(*) from audit_entry where kind = 'doubt'";
    assert_eq!(o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap(), Some(3));
    assert!(!Browser::of(o, Role::Cadre).get("/ledgers").text().is_empty());
});
