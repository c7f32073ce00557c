//! 存疑: marked by who sees a record, answered by its unit, shown wherever the record is, and no verdict changes.

use dongliang::{
    auth::Role,
    db::Db,
    db_test, facts,
    ledger::{NewRow, store},
    scope::Scope,
    verdict::rejudge,
};

use crate::{
    remedy::drafted,
    visit::{Browser, account},
    web_lists::put,
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
    assert_eq!(post(&mut auditor, "日期与<b>通知不符").led(), (303, "/ledgers/guidance/Z1?done=doubt"));
    assert!(auditor.get("/ledgers/guidance/Z1?done=doubt").read().contains("已标记存疑。"));
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
    assert_eq!(
        unit.submit(path, "/doubts/1", &[("words", "已核对原件")]).led(),
        (303, "/ledgers/guidance/Z1?done=answer")
    );
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
    // Who has no part in it sees nothing of it.
    let mut cadre = Browser::of(o, Role::Cadre);
    assert_eq!(cadre.get(path).status, 404);
    let form = cadre.get("/account").token();
    assert_eq!(cadre.post("/ledgers/guidance/Z1/doubt", &[("form", &form), ("reason", "好")]).status, 403);
});

db_test!(a_doubt_goes_with_its_record_and_is_found_by_who_answers, |db: &Db| {
    let o = &drafted(db);
    let budget = |code: &str, unit: Option<i64>| {
        let filled = [
            ("year", "2025".into()),
            ("line", "其他".into()),
            ("amount", 100.into()),
            ("approved", "2025-03-01".into()),
        ];
        put(o, "budget", code, unit, &filled)
    };
    let (moved, _) = (budget("B1", Some(2)), budget("B2", Some(2)));
    budget("B3", None);
    let mut auditor = Browser::of(o, Role::Auditor);
    for code in ["B1", "B2", "B3"] {
        let path = format!("/ledgers/budget/{code}");
        let form = auditor.get(&path).token();
        // Sent twice it is one.
        for _ in 0..2 {
            let got = auditor.post(&format!("{path}/doubt"), &[("form", &form), ("reason", "批复文号不对")]);
            assert_eq!(got.led(), (303, format!("{path}?done=doubt").as_str()), "{}", got.read());
        }
    }
    let sql = "select count(*) from doubt";
    assert_eq!(o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap(), Some(3));
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let mut office = Browser::of(o, Role::Office);
    let todo = unit.get("/todo");
    assert!(todo.read().contains("对本单位记录的存疑（2）"), "{}", todo.read());
    for n in [1, 2] {
        assert!(todo.text().contains(&format!("/ledgers/budget/{n}\"")), "each leads to its record");
    }
    // What belongs to no unit waits for who records for all.
    let todo = office.get("/todo");
    assert!(todo.read().contains("对不属于单位的记录的存疑（1）") && todo.text().contains("/ledgers/budget/3\""));
    assert_eq!(office.submit("/ledgers/budget/B3", "/doubts/3", &[("words", "已核对")]).status, 303);
    assert!(!office.get("/todo").read().contains("存疑"));
    // The unit to which the record was moved meanwhile answers, once.
    let row = o.db.read(|tx| {
        let current = o.current(tx)?;
        let layout = &current.engine.layout;
        store::get(tx, &layout.ledgers[layout.index("budget").unwrap()], &Scope::All, moved, None)
    });
    let row = row.unwrap().unwrap();
    let new = NewRow { code: row.code, unit: Some(4), values: row.values };
    facts::correct(o, "周敏", "budget", (moved, 1), new, "单位有误").unwrap();
    assert!(unit.get("/todo").read().contains("对本单位记录的存疑（1）"));
    let form = unit.get("/account").token();
    assert_eq!(unit.post("/doubts/1", &[("form", &form), ("words", "好")]).status, 404);
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    assert!(far.get("/todo").read().contains("对本单位记录的存疑（1）"));
    let form = far.get("/ledgers/budget/B1").token();
    for _ in 0..2 {
        let got = far.post("/doubts/1", &[("form", &form), ("words", "已核对原件")]);
        assert_eq!(got.led(), (303, "/ledgers/budget/B1?done=answer"), "{}", got.read());
    }
    // What one has doubted oneself does not wait for oneself.
    assert_eq!(unit.submit("/ledgers/budget/B2", "/ledgers/budget/B2/doubt", &[("reason", "再核")]).status, 303);
    assert!(unit.get("/todo").read().contains("对本单位记录的存疑（1）"));
});
