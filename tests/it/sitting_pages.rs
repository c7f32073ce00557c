//! A test on its pages: arranged, sat without scripts, its list put right, and looked at afterwards.

use dongliang::{auth::Role, clock::Clock, day::Day, db::Db, db_test, jobs};

use crate::{
    incremental::Office,
    sitting::paper,
    visit::{Browser, account},
};

db_test!(a_test_is_arranged_and_sat_on_the_pages, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let _ = paper(o, true);
    let inst = &o.installation;
    let mut office = Browser::of(inst, Role::Personnel);
    let day = |d: &str, t: &str| format!("2025-{d}T{t}");
    let fill = |b: &mut Browser, opens: &str, minutes: &str, blueprint: &str| {
        let fields = [
            ("title", "六月测试<b>"),
            ("activity", ""),
            ("opens", opens),
            ("closes", &day("07-02", "18:00")),
            ("minutes", minutes),
            ("attempts", "1"),
            ("review", ""),
            ("blueprint", blueprint),
        ];
        b.submit("/tests/new", "/tests/new", &fields)
    };
    let good = "题型，题数，每题分值\n单选题，1，40\n多选,1,20\n简答题,1,40";
    for (opens, minutes, blueprint, told) in [
        ("", "60", good, "开放时间：请填写"),
        ("x", "60", good, "不是有效的时间"),
        (&*day("06-29", "09:00"), "六十", good, "时长应为整数"),
        (&*day("06-29", "09:00"), "60", "题型,题数,每题分值\n单选,9,1", "有1道，要9道"),
        (&*day("06-29", "09:00"), "60", "没有表头", "没有找到表头"),
    ] {
        let got = fill(&mut office, opens, minutes, blueprint);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("六月测试&#60;b&#62;"), "what was typed stays");
    }
    // A window that is over by now is none.
    let over = [
        ("title", "已过的测试"),
        ("activity", ""),
        ("opens", "2025-06-20T09:00"),
        ("closes", "2025-06-20T11:00"),
        ("minutes", "60"),
        ("attempts", "1"),
        ("review", ""),
        ("blueprint", good),
    ];
    let got = office.submit("/tests/new", "/tests/new", &over);
    assert!(
        got.status == 422 && got.read().contains("窗口已结束") && got.text().contains("#te-closes"),
        "{}",
        got.read()
    );
    assert!(got.text().contains("已过的测试") && got.text().contains("2025-06-20T11:00"), "what was typed stays");
    assert_eq!(fill(&mut office, &day("06-29", "09:00"), "60", good).led(), (303, "/tests/1?done=make"));
    let page = office.get("/tests/1").text();
    assert!(
        page.contains("拟制中") && page.contains(r#"value="unit""#) && !page.contains(r#"value="class""#),
        "{page}"
    );
    assert_eq!(
        office.submit("/tests/1", "/tests/1/publish", &[("from", "unit")]).led(),
        (303, "/tests/1?done=publish")
    );
    let page = office.get("/tests/1").read();
    assert!(page.contains("已发布") && page.contains("未开始"), "{page}");

    // Somebody of the list: of the city itself.
    let sql = "select person_id from test_roll where test_id = 1 order by person_id";
    let on_it = db.read(|tx| tx.rows(sql, &[], |r| r.i64(0))).unwrap();
    let person = on_it[0];
    let id = account(inst, "sitter", Role::Cadre, None, Some(person));
    let mut me = Browser::logged_in(inst, id);
    assert!(office.get("/exams").read().contains("没有对应到人员，不会列入应考名单"));
    assert!(me.get("/exams").read().contains("可以作答的考试有1场"));
    let notice = me.get("/exams/1").read();
    assert!(notice.contains("开始考试") && notice.contains("闭卷"), "{notice}");
    assert_eq!(me.get("/exams/1/q/1").led(), (303, "/exams/1"), "not begun");
    assert_eq!(me.submit("/exams/1", "/exams/1/start", &[]).led(), (303, "/exams/1/q/1"));
    let first = me.get("/exams/1/q/1");
    let text = first.text();
    assert!(text.contains("第1题，共3题") && text.contains("剩余") && !text.contains("weight"), "{text}");
    // Nothing that the client gets says what is right before the review.
    for nowhere in ["99", "0", "x", "-1"] {
        assert_eq!(me.get(&format!("/exams/1/q/{nowhere}")).led(), (303, "/exams/1/sheet"), "back to the paper");
    }
    let all = me.get("/exams/1/all").text();
    for told in ["weight", "answers", "feedback", "二（一）二"] {
        assert!(!all.contains(told) && !text.contains(told), "{told}: {all}");
    }
    let answered = me.post("/exams/1/q/1", &[("form", &first.token()), ("n", "1"), ("a", "A"), ("go", "next")]);
    assert_eq!(answered.led(), (303, "/exams/1/q/2"));
    let again = me.get("/exams/1/q/1").text();
    assert!(
        again.contains("已保存") && again.contains(r#"name="n" value="2""#) && again.contains("checked"),
        "{again}"
    );
    // A second window with what it saw before.
    let late = me.post("/exams/1/q/1", &[("form", &first.token()), ("n", "1"), ("a", "B"), ("go", "next")]);
    assert!(late.status == 409 && late.read().contains("已在另一个窗口改答"), "{}", late.read());
    let saved =
        me.post("/exams/1/save", &[("form", &first.token()), ("q", "1"), ("n", "2"), ("a", "B"), ("flag", "1")]);
    assert!(saved.status == 200 && saved.text().contains("saved"), "{}", saved.text());
    let refused = me.post("/exams/1/save", &[("form", &first.token()), ("q", "9"), ("n", "2"), ("a", "B")]);
    assert!(refused.status == 409 && refused.text().contains("没有这道题"), "{}", refused.text());
    let sheet = me.get("/exams/1/sheet").read();
    assert!(sheet.contains("已答1题，未答2题，标记1题") && sheet.contains("2、3题"), "{sheet}");
    let sure = me.submit("/exams/1/sheet", "/exams/1/submit", &[]);
    assert!(sure.status == 200 && sure.read().contains("仍要交卷"), "{}", sure.read());
    let token = sure.token();
    assert_eq!(me.post("/exams/1/submit", &[("form", &token), ("sure", "1")]).led(), (303, "/exams/1/result?done=1"));
    assert_eq!(me.post("/exams/1/submit", &[("form", &token), ("sure", "1")]).led(), (303, "/exams/1/result?done=1"));
    let after = me.post("/exams/1/save", &[("form", &token), ("q", "1"), ("n", "3"), ("a", "A")]);
    assert!(
        after.status == 409 && after.text().contains("已于") && after.text().contains(r#""to":"/exams/"#),
        "{}",
        after.text()
    );
    let after = me.post("/exams/1/q/1", &[("form", &token), ("n", "3"), ("a", "A"), ("go", "next")]);
    assert!(after.status == 409 && after.read().contains("之后提交的答案没有保存"), "{}", after.read());
    let result = me.get("/exams/1/result").read();
    assert!(result.contains("截止后公布") && !result.contains("正确答案"), "{result}");
    // Somebody who is not on the list has no such test; nor has the office of another unit.
    let other = account(inst, "other", Role::Cadre, None, None);
    assert_eq!(Browser::logged_in(inst, other).get("/exams/1").status, 404);
    let elsewhere = account(inst, "district", Role::UnitAdmin, Some(2), None);
    assert_eq!(Browser::logged_in(inst, elsewhere).get("/tests/1").status, 404);
    // The list is put right before somebody begins, and not after.
    let roll = |b: &mut Browser, person: i64, extra: &str, excused: &str| {
        let code = person.to_string();
        b.submit("/tests/1", "/tests/1/roll", &[("person", &code), ("extra", extra), ("excused", excused)])
    };
    assert!(roll(&mut office, 99, "10", "").read().contains("应考名单上没有"));
    assert!(roll(&mut office, person, "10", "").read().contains("已经开始作答"));
    if let Some(next) = on_it.get(1) {
        assert_eq!(roll(&mut office, *next, "10", "").led(), (303, "/tests/1?done=roll"));
        assert_eq!(roll(&mut office, *next, "", "住院").led(), (303, "/tests/1?done=roll"));
        assert!(office.get("/tests/1").read().contains("免考：住院"));
        let code = next.to_string();
        let back = [("person", code.as_str()), ("extra", ""), ("lift", "1"), ("excused", "")];
        assert_eq!(office.submit("/tests/1", "/tests/1/roll", &back).led(), (303, "/tests/1?done=roll"));
        assert!(!office.get("/tests/1").read().contains("免考：住院"));
    }
    let out =
        office.submit("/tests/1", "/tests/1/withdraw", &[("place", "1"), ("reason", "题干有歧义"), ("sure", "1")]);
    assert_eq!(out.led(), (303, "/tests/1?done=withdraw"));
    assert!(office.get("/tests/1").read().contains("已作废"));
    // After the end: the score, and with the review what is right.
    let mut later = inst.clone();
    later.clock = Clock::Standing(Day::parse("2025-07-03").unwrap());
    jobs::run_waiting(&later).unwrap();
    let mut me = Browser::logged_in(&later, id);
    let result = me.get("/exams/1/result").read();
    assert!(result.contains("正确答案") && result.contains("二（一）二") && result.contains("成绩"), "{result}");
});
