//! A key is corrected wherever it is in use, by who may know it, once; and what is told of it.

use std::{collections::BTreeSet, sync::Arc};

use dongliang::{
    audit::{self, Against},
    auth::Role,
    clock::Clock,
    daily::own,
    db::Db,
    db_test,
    exam::{
        attempt::{self, Sat},
        close, key, key_typed, line, roll,
        score::{Given, takes_options, written},
        test::{self, Item, MINUTE, Origin, Rules, State},
        usage,
    },
    jobs,
    questions::{Answer, Kind, Number, Question, Weight, bank},
    scope::Scope,
};

use crate::{
    incremental::Office,
    key_corrected::{correct, sat_and_closed, wish},
    sitting::{actor, begin, hand_in, last, nine, right, rules, save, sitter},
    sitting_after::day,
    visit::{Browser, account},
};

const DAY: i64 = 24 * 60 * MINUTE;

/// Another test of a unit, two days later, for the persons of all units.
fn another(o: &Office, unit: i64, items: Vec<Item>, first: Option<i64>) -> Arc<Sat> {
    let inst = o.installation.clone();
    let id = o
        .installation
        .db
        .write(move |tx| {
            let (opens, closes) = (nine() + 2 * DAY, nine() + 5 * DAY);
            let rules = Rules { title: "另一场".into(), unit, opens, closes, review: closes, ..rules(None) };
            let id = test::make(tx, &actor(), &rules, &items)?;
            test::set_origin(tx, id, &Origin { first, blueprint: String::new() })?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_units(&current, &[1, 2, 3, 4].into_iter().collect(), day("2025-06-29"));
            test::publish(tx, &actor(), id, &listed, opens - 1)?;
            Ok(id)
        })
        .unwrap();
    Arc::new(o.installation.db.read(|tx| close::sat(tx, id)).unwrap().unwrap())
}

/// Sits that test with the right answers by the first key, and hands in.
fn sits(o: &Office, sat: &Arc<Sat>, person: i64) {
    let now = nine() + 3 * DAY;
    begin(o, sat, sitter(person), now).unwrap();
    for (i, asked) in last(o, sat, person).asked.iter().enumerate() {
        let q = &sat.paper[asked.question].question;
        let letter = |t: &str| {
            let shown = asked.options.iter().position(|o| takes_options(q.kind) && q.answers[*o].text == t);
            shown.map_or_else(|| t.to_owned(), |p| char::from(b'A' + p as u8).to_string())
        };
        let values = right(asked.question).into_iter().map(letter).collect();
        let said = attempt::Said { place: i + 1, values, flagged: false, sequence: 1 };
        save(o, sat, sitter(person), &said, now + 1).unwrap();
    }
    hand_in(o, sat, sitter(person), now + MINUTE).unwrap();
}

fn score(o: &Office, sat: &Sat, person: i64) -> String {
    last(o, sat, person).score.map(written).unwrap()
}

db_test!(a_wrong_key_is_left_in_use_nowhere, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    // The bank has filed it otherwise since, and a second test asks that version; then it was filed once more.
    let asked = db.read(|tx| bank::versions(tx, 1)).unwrap().remove(0).question;
    let filed = |topic: &str, source: &str| Question {
        topic: topic.into(),
        source: source.into(),
        feedback: "按新目录".into(),
        ..asked.clone()
    };
    let (two, three) = (filed("学/新", "二（一）二"), filed("学/再", "二（三）一"));
    db.write(move |tx| bank::revise(tx, &actor(), 1, &two)).unwrap();
    let items = sat.test.items.iter().map(|i| Item { version: if i.number == 1 { 2 } else { 1 }, ..*i }).collect();
    let other = another(o, 1, items, None);
    db.write(move |tx| bank::revise(tx, &actor(), 1, &three)).unwrap();
    sits(o, &other, 3);
    assert_eq!((score(o, &sat, 3), score(o, &other, 3)), ("100".into(), "100".into()));

    let mut b = Browser::of(&o.installation, Role::Personnel);
    let page = b.get("/tests/1/key?place=1").read();
    assert!(page.contains("专题班闭卷测试") && page.contains("另一场"), "{page}");
    let same = key::Wish { feedback: String::new(), ..wish(1, 0, 1, "B") };
    assert_eq!(correct(o, Scope::All, same).unwrap().tests, 2);
    assert_eq!((score(o, &sat, 3), score(o, &other, 3)), ("80".into(), "80".into()));
    let all = db.read(|tx| bank::versions(tx, 1)).unwrap();
    let keys: Vec<String> = all.iter().map(|k| key_typed::typed(&k.question)).collect();
    assert_eq!(keys, ["A", "A", "A", "B"], "no version with the wrong key on top");
    let top = &all[3].question;
    assert_eq!((top.topic.as_str(), top.source.as_str(), top.feedback.as_str()), ("学/再", "二（三）一", "按新目录"));
    let corrected = db.read(|tx| key::of_questions(tx, &BTreeSet::from([1]))).unwrap();
    assert_eq!(corrected.iter().map(|c| (c.version, c.by)).collect::<Vec<_>>(), [(1, 4), (2, 4), (3, 4)]);
    let page = b.get("/questions/1").read();
    assert_eq!(page.matches("答案有误").count(), 3, "{page}");

    // Once more, from the other test: all of them go on to the newest.
    assert_eq!(correct(o, Scope::All, wish(other.test.id, 0, 4, "C")).unwrap().tests, 2);
    let (top, all) = db.read(|tx| Ok((bank::version(tx, 1, 5)?.unwrap(), bank::versions(tx, 1)?.len()))).unwrap();
    assert_eq!((key_typed::typed(&top.question).as_str(), top.question.feedback.as_str(), all), ("C", "见条款", 5));
    let corrected = db.read(|tx| key::of_questions(tx, &BTreeSet::from([1]))).unwrap();
    assert!((1..=4).all(|v| key::last(&corrected, 1, v).is_some_and(|c| c.by == 5)));
    assert_eq!((score(o, &sat, 3), score(o, &other, 3)), ("80".into(), "80".into()));
    let audited = audit::verify(db, &Against::default()).unwrap();
    assert!(audited.is_clean(), "{:#?}", audited.findings);
});

/// A question of the bank in a test of its own.
fn fill(o: &Office, answers: Vec<Answer>) -> Arc<Sat> {
    let q = Question {
        source: "二（一）二".into(),
        ..Question::new(Kind::Fill, format!("填____{}", answers.len()), answers)
    };
    let numbers = o.installation.db.write(move |tx| bank::add(tx, &actor(), &[q], "题.gift")).unwrap();
    another(o, 1, vec![Item { number: numbers[0], version: 1, marks: 100 }], None)
}

db_test!(a_part_of_the_marks_stays_a_part, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let w = |text: &str| Weight::parse(text).unwrap();
    let words = fill(
        o,
        vec![
            Answer { feedback: "对".into(), ..Answer::new("增长", w("100")) },
            Answer { feedback: "半对".into(), ..Answer::new("增速", w("50")) },
            Answer { feedback: "不是".into(), ..Answer::new("总量", w("0")) },
        ],
    );
    let number = |text: &str| Number::parse(text).unwrap();
    let numbers = fill(o, vec![Answer { range: Some((number("79.5"), number("80.5"))), ..Answer::new("", w("100")) }]);
    let mut b = Browser::of(&o.installation, Role::Office);
    let mut post = |sat: &Sat, key: &str, sure: &str| {
        let (page, to) = (format!("/tests/{}/key?place=1", sat.test.id), format!("/tests/{}/key", sat.test.id));
        let text = b.get(&page).text();
        let fields =
            [("place", "1"), ("seen", "1"), ("key", key), ("feedback", ""), ("reason", "漏了"), ("sure", sure)];
        (text, b.submit(&page, &to, &fields))
    };
    let (page, got) = post(&words, "增长\n增速 （50%）", "");
    assert!(page.contains("增长\n增速 （50%）</textarea>") && page.contains("<li>增速 （50%）</li>"), "{page}");
    assert!(got.status == 422 && got.read().contains("与现在的答案相同"), "{}", got.read());
    assert!(post(&words, "增长 （150%）", "").1.read().contains("不超过100%"));
    assert!(post(&words, "增长 （50%）", "").1.read().contains("没有得满分的答案"));
    let (_, got) = post(&words, "增长\n增速 （50%）\n提高 （25%）", "1");
    assert_eq!(got.led().0, 303, "{}", got.read());
    let of = |sat: &Sat| {
        let number = sat.paper[0].number;
        db.read(|tx| bank::versions(tx, number)).unwrap().pop().unwrap().question.answers
    };
    let told: Vec<_> = of(&words).iter().map(|a| format!("{} {} {}", a.text, a.weight, a.feedback)).collect();
    assert_eq!(told, ["增长 100 对", "增速 50 半对", "总量 0 不是", "提高 25 "]);

    let (page, got) = post(&numbers, "八十", "");
    assert!(page.contains("79.5至80.5</textarea>") && page.contains("按数值判分"), "{page}");
    assert!(got.status == 422 && got.read().contains("“八十”不是"), "{}", got.read());
    let (_, got) = post(&numbers, "79.5至80.5\n75至85 （50%）", "1");
    assert_eq!(got.led().0, 303, "{}", got.read());
    let (got, half) = (of(&numbers), w("50"));
    assert_eq!(got[0].range, Some((number("79.5"), number("80.5"))));
    assert_eq!((got[1].range, got[1].weight), (Some((number("75"), number("85"))), half));
});

db_test!(who_is_still_to_sit_a_question_sees_its_key_nowhere, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    correct(o, Scope::All, wish(1, 0, 1, "B")).unwrap();
    // Two of its questions are asked again, of everybody; sittings go by their own clock.
    let items =
        sat.test.items.iter().take(2).map(|i| Item { version: if i.number == 1 { 2 } else { 1 }, ..*i }).collect();
    let other = another(o, 1, items, None);
    let reader = account(&o.installation, "keeper", Role::Personnel, None, Some(4));
    let mut me = Browser::logged_in(&o.installation, reader);
    let fields = [("place", "1"), ("seen", "2"), ("key", "C"), ("feedback", ""), ("reason", "有误"), ("sure", "")];
    let shut = "这道题正在您应考的考试里";
    for path in ["/questions/1", "/tests/1/key?place=1", &format!("/tests/{}/key?place=1", other.test.id)] {
        let got = me.get(path);
        assert!(got.status == 409 && got.read().contains(shut), "{path}: {} {}", got.status, got.read());
    }
    for key in ["C", "A", ""] {
        let got = me.submit("/tests/1", "/tests/1/key", &[&fields[..2], &[("key", key)], &fields[3..]].concat());
        assert!(!got.read().contains("现答案") && !got.read().contains("更正为“"), "{}", got.read());
        assert!(key.is_empty() || got.read().contains(shut), "{}", got.read());
    }
    let page = me.get("/tests/1");
    assert!(!page.text().contains("/tests/1/key?place=1\"") && page.text().contains("/tests/1/key?place=3\""));
    assert!(page.read().contains("按第2版计分。") && !page.read().contains("条款已改为半对"), "{}", page.read());
    assert!(me.get("/questions").read().contains("题库里有2题正在您应考的考试里"));
    for format in ["gift", "xlsx"] {
        let got = me.get(&format!("/questions/export?format={format}"));
        let name = got.header(axum::http::header::CONTENT_DISPOSITION).to_owned();
        assert!(got.status == 200 && name.contains("%E5%8F%A6%E6%9C%892%E9%A2%98"), "{name}");
        assert!(format == "xlsx" || !got.text().contains("选一") && got.text().contains("是不是"), "{name}");
    }
    // The own result and the own file tell nothing of them: what was wrong of two answers says which is right.
    let text = me.get("/exams/1/result").read();
    assert!(text.contains("有题目还在您应考的另一场考试里") && text.contains("标准答案有误，已更正"), "{text}");
    assert!(!text.contains("条款已改为半对") && !text.contains("选一") && !text.contains("选二"), "{text}");
    let own = me.submit("/me", "/me/export", &[("format", "json")]).text();
    assert!(own.contains("（得分暂不公布）") && !own.contains("（得20分") && !own.contains("条款已改为半对"), "{own}");
    // Nor does what the daily question knows of one's answers.
    let kept = db.read(|tx| bank::version(tx, 2, 1)).unwrap().unwrap();
    let given = Given::Chosen(vec![0, 2]);
    let today = day("2025-06-30");
    db.write(move |tx| own::answer(tx, 4, &kept, &given, (0, today))).unwrap();
    let file = me.submit("/me", "/me/export", &[("format", "json")]).text();
    assert!(file.contains("对错在应考的考试截止以后公布") && !file.contains("，答对"), "{file}");
    for path in ["revise", "retire"] {
        let got = me.submit("/questions/3", &format!("/questions/1/{path}"), &[("version", "2"), ("reason", "试")]);
        assert!(got.status == 409 && got.read().contains(shut), "{path}: {}", got.read());
    }
    // With minutes besides it is over for him that much later, and nobody's score is told before.
    let listed = roll::Listed { person: 4, organ: None, extra: 30, excused: None };
    let of = other.test.clone();
    db.write(move |tx| roll::set(tx, &actor(), &of, &listed)).unwrap();
    let closes = other.test.rules.closes;
    let at = |minute: i64| {
        let now = closes + minute * MINUTE;
        db.read(|tx| Ok((usage::awaited(tx, 4, now)?.len(), test::get(tx, other.test.id)?.unwrap().is_told(now))))
            .unwrap()
    };
    assert_eq!((at(29), at(31)), ((2, false), (0, true)));
    // Another keeper of the bank sees all of it; so does this one after the end.
    let mut free = Browser::of(&o.installation, Role::Office);
    assert!(free.get("/tests/1/key?place=1").read().contains("现答案"));
    assert!(free.get("/questions/export?format=gift").text().contains("选一"));
    o.installation.clock = Clock::Standing(day("2025-07-03"));
    let mut me = Browser::logged_in(&o.installation, reader);
    assert!(me.get("/tests/1/key?place=1").read().contains("现答案") && me.get("/questions/1").status == 200);
});

db_test!(what_is_shown_before_a_correction_is_what_it_does, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    // In the bank the key was changed to B; that version was asked elsewhere, and its key corrected to C.
    let first = sat.paper[0].question.clone();
    let second = Question { feedback: "见条款".into(), ..key_typed::with(&first, "B").unwrap() };
    db.write(move |tx| bank::revise(tx, &actor(), 1, &second)).unwrap();
    let other = another(o, 1, vec![Item { version: 2, ..sat.test.items[0] }], None);
    correct(o, Scope::All, wish(other.test.id, 0, 2, "C")).unwrap();
    // The first one's key is corrected to B, as its page has told: not to what became of the bank's version with B.
    correct(o, Scope::All, wish(1, 0, 1, "B")).unwrap();
    let corrected = db.read(|tx| key::of_questions(tx, &[1].into())).unwrap();
    let by = key::last(&corrected, 1, 1).unwrap();
    assert_eq!(key_typed::typed(&by.question), "B");
    assert_eq!([3, 4, 5].map(|p| score(o, &sat, p)), ["80", "100", "60"]);
    let last = db.read(|tx| bank::versions(tx, 1)).unwrap().pop().unwrap().question;
    assert_eq!(key_typed::typed(&last), "C", "the bank goes on with what it had");
});

db_test!(second_forms_are_told_and_have_to_be_within_reach, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    // A second form of another unit: it does not ask the question, its line comes from a test that does.
    let second = another(o, 2, sat.test.items[1..4].to_vec(), Some(1));
    let page = |o: &Office| Browser::of(&o.installation, Role::Personnel).get("/tests/1/key?place=1").read();
    assert!(!page(o).contains("随之重算"), "it has no results yet");
    let open = second.test.id;
    o.installation.clock = Clock::Standing(day("2025-07-03"));
    jobs::run_waiting(&o.installation).unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    let closed = db.read(|tx| test::get(tx, open)).unwrap().unwrap();
    assert_eq!(closed.state, State::Closed);
    let text = page(o);
    assert!(text.contains("另一场") && text.contains("合格线随之重算"), "{text}");
    // Shared are three, by the versions by which they are scored, as the line takes them.
    let facts = |o: &Office| Browser::of(&o.installation, Role::Office).get(&format!("/tests/{open}")).read();
    assert!(facts(o).contains("共同题3道"), "{}", facts(o));
    let told = correct(o, Scope::units([1].into()), wish(1, 0, 1, "B")).unwrap_err();
    assert!(told.contains("不归您管理的1场考试的合格线"), "{told}");
    assert_eq!(score(o, &sat, 3), "100");
    assert_eq!(correct(o, Scope::All, wish(1, 0, 1, "B")).unwrap().tests, 1);
});

db_test!(what_was_typed_comes_back_to_be_changed, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    sat_and_closed(o);
    let mut b = Browser::of(&o.installation, Role::Personnel);
    let long = "新条款的说明。".repeat(300);
    let fields = |again: &'static str| {
        [
            ("place", "1"),
            ("seen", "1"),
            ("key", "B"),
            ("feedback", long.as_str()),
            ("reason", "答案抄错"),
            ("again", again),
        ]
    };
    let got = b.submit("/tests/1/key?place=1", "/tests/1/key", &fields(""));
    let text = got.text();
    assert!(got.status == 200 && text.contains("确认更正并重新计分") && text.contains("返回修改"), "{text}");
    let token = got.token();
    let got = b.post("/tests/1/key", &[&[("form", token.as_str())], &fields("1")[..]].concat());
    let text = got.text();
    assert!(got.status == 200 && !text.contains("提交未成功"), "{text}");
    assert!(
        text.contains(r#"<option value="B" selected"#) && text.contains(&long) && text.contains("答案抄错"),
        "{text}"
    );
    assert_eq!(db.read(|tx| bank::versions(tx, 1)).unwrap().len(), 1);
});

db_test!(what_a_line_rests_on_is_its_own_questions, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    let other = another(o, 1, sat.test.items[1..4].to_vec(), None);
    let basis = || db.read(|tx| Ok((line::basis(tx, &sat.test)?, line::basis(tx, &other.test)?))).unwrap();
    let (one, two) = basis();
    // A correction that changes no score is one that the line rests on all the same, where the question was asked.
    correct(o, Scope::All, wish(1, 4, 1, "十五\n十四")).unwrap();
    let (own, others) = basis();
    assert_ne!(own, one);
    assert_eq!(others, two, "a calibration elsewhere goes on");
});
