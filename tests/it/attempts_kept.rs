//! The 答卷 of tests afterwards: they leave with the own data, and go when their time is over.

use std::io::Read as _;

use dongliang::{
    audit::{self, Against},
    auth::Role,
    clock::{Clock, start_of_day},
    db::Db,
    db_test,
    exam::{close, test::MINUTE},
    jobs, retention,
};

use crate::{
    incremental::Office,
    retention::{changed, order},
    sitting::{answer_all, begin, hand_in, last, nine, published, right, said, save, sitter},
    sitting_after::{day, open_for_days},
    visit::{Browser, account},
};

db_test!(the_own_attempts_leave_with_the_own_data_and_answers_only_after_the_review, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = open_for_days(o);
    let begun = start_of_day(day("2025-06-29")) + 600 * MINUTE;
    begin(o, &sat, sitter(4), begun).unwrap();
    let fill = last(o, &sat, 4).asked.iter().position(|a| a.question == 3).unwrap() + 1;
    save(o, &sat, sitter(4), &said(fill, &["我写的"], 1), begun + MINUTE).unwrap();
    let export = |o: &Office, person: i64, format: &str| {
        let id = account(&o.installation, &format!("p{person}"), Role::Cadre, None, Some(person));
        let mut b = Browser::logged_in(&o.installation, id);
        let got = b.submit("/me", "/me/export", &[("format", format)]);
        assert_eq!(got.status, 200, "{}", got.read());
        got
    };
    let sittings = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["考试"].clone();
    hand_in(o, &sat, sitter(4), begun + 5 * MINUTE).unwrap();
    // Before the end: that it was sat, and nothing of what was asked or answered.
    let text = export(o, 4, "json").text();
    let own = sittings(&text);
    assert_eq!((own[0]["名称"].as_str(), own[0]["次数"].as_str()), (Some("专题班闭卷测试"), Some("第1次")));
    assert!(own[0]["成绩"].as_str().unwrap().contains("截止后公布") && own[0]["作答"].as_array().unwrap().is_empty());
    assert!(!text.contains("我写的") && !text.contains("填____") && !text.contains("GDP"), "{text}");
    assert_eq!(sittings(&export(o, 6, "json").text()).as_array().unwrap().len(), 0, "who did not sit has none");
    // Afterwards the own answers with what they earned; what would have been right is not in it.
    o.installation.clock = Clock::Standing(day("2025-07-04"));
    jobs::run_waiting(&o.installation).unwrap();
    let text = export(o, 4, "json").text();
    let own = sittings(&text);
    assert!(own[0]["成绩"].as_str().unwrap().contains("0分，未达到合格线"), "{own}");
    let said = own[0]["作答"].to_string();
    assert!(
        said.contains("填____") && said.contains("我写的（得0分，满分20分）") && said.contains("没有作答"),
        "{said}"
    );
    assert!(!text.contains("GDP") && !text.contains("十五"), "{text}");
    let docx = export(o, 4, "docx");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(docx.body)).unwrap();
    let mut xml = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    assert!(xml.contains("考试：专题班闭卷测试") && xml.contains("我写的") && !xml.contains("GDP"));
});

db_test!(attempts_go_when_their_time_is_over_and_nothing_rests_on_them, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    let now = nine() + MINUTE;
    for person in [3, 4] {
        begin(o, &sat, sitter(person), now).unwrap();
    }
    answer_all(o, &sat, sitter(3), &right);
    for person in [3, 4] {
        hand_in(o, &sat, sitter(person), now + MINUTE).unwrap();
    }
    jobs::run_waiting(&o.installation).unwrap();
    o.installation.clock = Clock::Standing(day("2025-07-11"));
    jobs::run_waiting(&o.installation).unwrap();
    let line = |o: &Office| {
        let today = o.installation.clock.now().day;
        o.installation
            .db
            .read(|tx| {
                let current = o.installation.current(tx)?;
                Ok((
                    retention::attempts::line(tx, &current, today)?,
                    retention::plan(tx, &current, today, None)?.attempts,
                ))
            })
            .unwrap()
    };
    o.installation.clock = Clock::Standing(day("2031-01-01"));
    assert_eq!((line(o).0.due, line(o).0.rows, line(o).1.go.len()), (None, 2, 0), "nothing was laid down");
    changed(&o.installation, |text| {
        text.replace("issuer = \"市发改委\"\n", "issuer = \"市发改委\"\nkeep_attempts = \"5 years\"\n")
    });
    for (on, due) in [("2030-06-27", 0), ("2030-06-28", 2)] {
        o.installation.clock = Clock::Standing(day(on));
        assert_eq!(line(o).0.due, Some(due), "{on}");
    }
    // The retraining that followed is not closed.
    let held = line(o).1;
    assert!(held.go.is_empty() && held.held.values().sum::<usize>() == 2, "{held:?}");
    assert!(held.held.keys().all(|why| why.contains("没有办结的重训")), "{held:?}");
    assert_eq!(retention::delete(&o.installation, &order()).unwrap().plan.attempts.go.len(), 0);
    let id = db
        .read(|tx| {
            tx.one("select row_id from remedy where state = 'draft' and requirement = 'R-02'", &[], |r| r.i64(0))
        })
        .unwrap()
        .unwrap();
    let mut unit = Browser::logged_in(&o.installation, account(&o.installation, "office", Role::Office, None, None));
    let page = format!("/remedies/{id}");
    let got = unit.submit(&page, &format!("{page}/drop"), &[("reason", "已过多年，不再重训")]);
    assert_eq!(got.status, 303, "{}", got.read());
    let planned = line(o).1;
    assert_eq!((planned.go.len(), planned.held.len()), (2, 0), "{planned:?}");
    let system = Browser::of(&o.installation, Role::System).get("/retention").read();
    assert!(system.contains("答卷5年考试截止2条2条"), "{system}");
    let done = retention::delete(&o.installation, &order()).unwrap();
    assert_eq!(done.plan.attempts.go.len(), 2);
    let count = |sql: &str| db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap();
    assert_eq!(count("select count(*) from attempt") + count("select count(*) from attempt_answer"), 0);
    // The log holds that they went, with what they hashed to, and proves the rest.
    assert_eq!(count("select count(*) from audit_entry where kind = 'delete' and payload like '%答卷2份%'"), 1);
    let audited = audit::verify(db, &Against::default()).unwrap();
    assert!(audited.is_clean(), "{:#?}", audited.findings);
    assert_eq!(retention::delete(&o.installation, &order()).unwrap().plan.attempts.go.len(), 0);
    let system = Browser::of(&o.installation, Role::System).get("/retention").read();
    assert!(system.contains("答卷2份（连同作答）") && system.contains("档案保管期限表第三条"), "{system}");
    // Results stay results, and nobody is called absent.
    let results =
        "select count(*) from l_attendance where voided_at is null and \"sat\" = '已考' and \"score\" is not null";
    assert_eq!(count(results), 2);
    let (inst, test) = (o.installation.clone(), sat.test.id);
    db.write(move |tx| close::record_again(tx, &inst, test, close::WITHDRAWN)).unwrap();
    assert_eq!(count(results), 2);
    let mut three = Browser::logged_in(&o.installation, account(&o.installation, "p3", Role::Cadre, None, Some(3)));
    let list = three.get("/exams").read();
    assert!(list.contains("已过保存期限") && !list.contains("缺考"), "{list}");
    assert!(three.get(&format!("/exams/{test}")).read().contains("以参加与成绩的登记为准"));
    let mut office = Browser::of(&o.installation, Role::Personnel);
    let tests = format!("/tests/{test}");
    assert!(office.get(&tests).read().contains("答卷已过保存期限"));
    let got = office.submit(&tests, &format!("{tests}/withdraw"), &[("place", "1"), ("reason", "有歧义")]);
    assert!(got.status == 422 && got.read().contains("不能再作废试题"), "{}", got.read());
    o.agree("after the attempts went");
});
