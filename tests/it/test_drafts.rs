//! Drafts of tests are put right; published they are as they were, and who comes into the class later is told.

use dongliang::{
    auth::Role,
    clock::minute,
    db::{Db, Value},
    db_test,
    exam::test::{self, MINUTE, Rules, State},
};

use crate::{
    incremental::Office,
    sitting::{actor, nine, paper, published, rules},
    visit::Browser,
};

db_test!(a_draft_is_put_right_and_a_published_test_is_not, |db: &Db| {
    let o = &Office::open(db, "2025-06-27");
    o.found();
    let items = paper(o, false);
    let opens = nine() + 5 * 24 * 60 * MINUTE;
    let closes = opens + 120 * MINUTE;
    let of = Rules { opens, closes, review: closes, ..rules(None) };
    db.write(move |tx| test::make(tx, &actor(), &of, &items)).unwrap();
    let mut b = Browser::of(&o.installation, Role::Personnel);
    let page = b.get("/tests/1").read();
    assert!(page.contains("修改安排") && page.contains("拟制中"), "{page}");
    let (from, to) = (minute(opens), minute(closes));
    let typed = |title: &'static str, opens: &str, closes: &str, minutes: &'static str| {
        [
            ("title", title.to_owned()),
            ("opens", opens.to_owned()),
            ("closes", closes.to_owned()),
            ("minutes", minutes.to_owned()),
            ("attempts", "2".to_owned()),
            ("review", String::new()),
        ]
    };
    let send = |b: &mut Browser, fields: &[(&str, String)]| {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        b.submit("/tests/1", "/tests/1/rules", &fields)
    };
    // All that is wrong at once, and what was typed stays.
    let got = send(&mut b, &typed("改名后的测试", &from, &from, "许多"));
    let text = got.text();
    assert!(got.status == 422 && text.contains("改名后的测试") && text.contains("许多"), "{text}");
    assert!(got.read().contains("时长应为整数，现为“许多”"), "{}", got.read());
    let got = send(&mut b, &typed("改名后的测试", &to, &from, "45"));
    assert!(got.status == 422 && got.read().contains("截止时间应晚于开放时间"), "{}", got.read());
    assert_eq!(db.read(|tx| test::get(tx, 1)).unwrap().unwrap().rules.title, "专题班闭卷测试");
    assert_eq!(send(&mut b, &typed("改名后的测试", &from, &to, "45")).led(), (303, "/tests/1?done=rules"));
    let now = db.read(|tx| test::get(tx, 1)).unwrap().unwrap();
    assert_eq!((now.rules.title.as_str(), now.rules.minutes, now.rules.attempts), ("改名后的测试", 45, 2));
    assert_eq!((now.rules.review, now.rules.unit, now.state), (closes, 1, State::Draft));
    // Another window still has the draft's form when it is published.
    let form = b.get("/tests/1").token();
    assert_eq!(b.submit("/tests/1", "/tests/1/publish", &[("from", "unit")]).led().0, 303);
    let late = typed("再改", &from, &to, "60");
    let late: Vec<(&str, &str)> = late.iter().map(|(k, v)| (*k, v.as_str())).chain([("form", form.as_str())]).collect();
    let got = b.post("/tests/1/rules", &late);
    assert!(got.status == 409 && got.read().contains("安排没有修改"), "{}", got.read());
    assert_eq!(db.read(|tx| test::get(tx, 1)).unwrap().unwrap().rules.title, "改名后的测试");
});

db_test!(who_comes_into_the_class_after_the_list_was_frozen_is_told, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    let mut b = Browser::of(&o.installation, Role::Personnel);
    assert!(!b.get("/tests/1").read().contains("名单之外"));
    let class = sat.test.rules.activity.unwrap();
    let fields =
        [("activity", class.into()), ("person", 2.into()), ("day", "2025-06-20".into()), ("present", "出席".into())];
    o.add("attendance", None, &fields.map(|(k, v): (&str, Value)| (k, v)));
    let text = b.get("/tests/1").read();
    assert!(text.contains("名单之外") && text.contains("1名参训人员不在应考名单上"), "{text}");
});
