//! A question was asked with a wrong key: corrected, everything that was answered to it scored again, both scores kept. And
//! two who mark the same answer.

use std::{collections::BTreeSet, sync::Arc};

use dongliang::{
    audit::{self, Against},
    auth::{Role, account::Refused},
    clock::Clock,
    day::Day,
    db::{Db, Tx},
    db_test,
    exam::{
        attempt, close,
        key::{self, Wish},
        key_typed,
        marking::{self, Why},
        roll,
        score::written,
        test::{self, MINUTE, Rules, State},
        usage, withdrawn,
    },
    jobs,
    questions::{Kind, Question, bank},
    scope::{Actor, Scope},
};

use crate::{
    incremental::Office,
    sitting::{actor, answer_all, begin, hand_in, last, nine, published, right, rules, sitter},
    sitting_after::day,
    visit::{Browser, account},
};

pub(crate) fn wish(test: i64, place: usize, seen: i64, key: &str) -> Wish {
    Wish { test, place, seen, key: key.into(), feedback: "见条款".into(), reason: "条款已改为半对".into() }
}

pub(crate) fn correct(o: &Office, scope: Scope, wish: Wish) -> Result<key::Done, String> {
    let inst = o.installation.clone();
    let today = o.installation.clock.now().day;
    let done = o.installation.db.write(move |tx| key::correct(tx, &inst, (&actor(), &scope, today), &wish));
    done.map_err(|e| e.downcast::<Refused>().unwrap().0)
}

pub(crate) fn rate(db: &Db) -> (String, String) {
    let sql = "select state, value from verdict where requirement = 'R-02' and closed = 0";
    db.read(|tx| tx.one(sql, &[], |r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned())))).unwrap().unwrap()
}

fn scores(o: &Office, sat: &attempt::Sat) -> Vec<String> {
    [3, 4, 5].map(|p| written(last(o, sat, p).score.unwrap())).into()
}

/// Three have sat: 3 has all as the key says, 4 the first otherwise, 5 the first otherwise and two more.
pub(crate) fn sat_and_closed(o: &Office) -> Arc<attempt::Sat> {
    let sat = published(o, false);
    for person in [3, 4, 5] {
        begin(o, &sat, sitter(person), nine() + MINUTE).unwrap();
        answer_all(o, &sat, sitter(person), &|place| match (place, person) {
            (0, 4 | 5) => vec!["错的"],
            (3 | 4, 5) => vec![],
            _ => right(place),
        });
        hand_in(o, &sat, sitter(person), nine() + 2 * MINUTE).unwrap();
    }
    jobs::run_waiting(&o.installation).unwrap();
    assert_eq!(o.installation.db.read(|tx| test::get(tx, sat.test.id)).unwrap().unwrap().state, State::Closed);
    sat
}

db_test!(a_wrong_key_is_corrected_and_both_scores_stay, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    assert_eq!(scores(o, &sat), ["100", "80", "40"]);
    assert_eq!(rate(db), ("open".into(), "1/2".into()));
    let inst = &o.installation;
    let mut b = Browser::of(inst, Role::Personnel);
    let (test, key) = ("/tests/1", "/tests/1/key?place=1");
    assert!(b.get(test).text().contains(r#"href="/tests/1/key?place=1""#));
    let page = b.get(key).read();
    assert!(page.contains("专题班闭卷测试") && page.contains("3份") && page.contains("现答案"), "{page}");
    let fields = |seen: &'static str, key: &'static str, reason: &'static str, sure: &'static str| {
        [("place", "1"), ("seen", seen), ("key", key), ("feedback", "以新条款为准"), ("reason", reason), ("sure", sure)]
    };
    // What is wrong is told, and nothing is half done.
    for (key, reason, told) in [
        ("A", "有误", "与现在的答案相同"),
        ("", "有误", "正确答案：请填写"),
        ("AB", "有误", "只能有一个正确选项"),
        ("D", "有误", "A至C的字母"),
        ("B", "", "理由：请填写"),
    ] {
        for sure in ["", "1"] {
            let got = b.submit("/tests/1/key?place=1", "/tests/1/key", &fields("1", key, reason, sure));
            assert!(got.status == 422 && got.read().contains(told), "{told}: {} {}", got.status, got.read());
            assert!(got.text().contains("以新条款为准"), "what was typed is kept");
        }
    }
    for place in ["0", "x", ""] {
        assert_eq!(b.get(&format!("/tests/1/key?place={place}")).status, 404);
    }
    let got = b.get("/tests/1/key?place=9");
    assert!(got.status == 409 && got.read().contains("试卷里没有这道题"), "{}", got.status);
    assert_eq!(db.read(|tx| bank::versions(tx, 1)).unwrap().len(), 1);

    // Somebody answers it by himself too, and was told by the wrong key.
    let mut me = Browser::logged_in(inst, account(inst, "three", Role::Cadre, None, Some(3)));
    assert_eq!(me.submit("/daily/1", "/daily/1", &[("n", "1"), ("a", "A")]).led(), (303, "/daily/1"));
    assert!(me.get("/daily/1").read().contains("答对了"));

    // First what it does, then it is done; twice is once.
    let got = b.submit(key, "/tests/1/key", &fields("1", "B", "答案抄错", ""));
    let text = got.read();
    assert!(got.status == 200 && text.contains("还没有更正。确认后重新计分3份答卷，其中3份成绩改变"), "{text}");
    assert!(text.contains("1份转为合格") && text.contains("更正为B"), "{text}");
    assert_eq!(scores(o, &sat), ["100", "80", "40"]);
    let sure = fields("1", "B", "答案抄错", "1");
    let token = b.get(key).token();
    let once = [&[("form", token.as_str())], &sure[..]].concat();
    assert_eq!(b.post("/tests/1/key", &once).led(), (303, "/tests/1?done=key&n=3"));
    assert_eq!(b.post("/tests/1/key", &once).led(), (303, "/tests/1?done=key&n=3"), "a double click");
    // The same key from another page, with another reason: it is not told as done.
    let mut other = Browser::of(inst, Role::Office);
    let got = other.submit(key, "/tests/1/key", &fields("1", "B", "我也发现了", "1"));
    let text = got.read();
    assert!(got.status == 409 && text.contains("把答案更正为“B”（答案抄错），与您填的相同"), "{text}");
    assert_eq!(scores(o, &sat), ["80", "100", "60"]);
    // Who had the page open before is told.
    let got = b.submit(key, "/tests/1/key", &fields("1", "C", "应为半对", "1"));
    assert!(
        got.status == 409 && got.read().contains("把答案更正为“B”（答案抄错），请对照现在的答案再定"),
        "{}",
        got.read()
    );

    // The question that was asked is as it was; the bank has the right one.
    let versions = db.read(|tx| bank::versions(tx, 1)).unwrap();
    let keys: Vec<String> = versions.iter().map(|v| key_typed::typed(&v.question)).collect();
    assert_eq!(keys, ["A", "B"]);
    assert_eq!(versions[0].question, sat.paper[0].question);
    let page = b.get("/questions/1").read();
    assert!(page.contains("答案有误") && page.contains("按第2版计分：答案抄错"), "{page}");

    // Both scores with who, when and why; the class and its verdict follow.
    let of = |person: i64| {
        let attempt = last(o, &sat, person).id;
        db.read(|tx| marking::rescored(tx, attempt)).unwrap()
    };
    let three = of(3).remove(0);
    assert_eq!((three.place, three.why, three.reason.as_str()), (0, Why::Key, "答案抄错"));
    assert_eq!(three.scores, (Some(1_000_000), Some(800_000)));
    assert!(!three.who.is_empty() && three.at > 0);
    let sql = "select \"person\", \"score\" from l_attendance where voided_at is null and \"sat\" = '已考' order by \"person\"";
    let recorded = db.read(|tx| tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.i64(1)?)))).unwrap();
    assert_eq!(recorded, [(3, 800_000), (4, 1_000_000), (5, 600_000)]);
    assert_eq!(rate(db), ("open".into(), "3/4".into()));
    o.agree("after the key");
    let told =
        "select count(*) from audit_entry where payload like '%更正试题答案并重新计分%' and payload like '%答案抄错%'";
    assert_eq!(db.read(|tx| tx.one(told, &[], |r| r.i64(0))).unwrap(), Some(1));
    let audited = audit::verify(db, &Against::default()).unwrap();
    assert!(audited.is_clean(), "{:#?}", audited.findings);

    // Who sat reads from what to what, and why; the own file says it too.
    let text = me.get("/exams/1/result").read();
    let place = last(o, &sat, 3).asked.iter().position(|a| a.question == 0).unwrap() + 1;
    assert!(text.contains(&format!("因第{place}题的标准答案有误，已更正（答案抄错），改为80分")), "{text}");
    assert!(text.contains("原成绩100分") && text.contains("错的") && text.contains("以新条款为准"), "{text}");
    let own = me.submit("/me", "/me/export", &[("format", "json")]).text();
    assert!(own.contains("原成绩100分") && own.contains("的标准答案有误，已更正（答案抄错），改为80分"), "{own}");
    // So does the question where it comes back by itself.
    let again = me.get("/daily/1").read();
    assert!(again.contains("答错了") && again.contains("以新条款为准"), "{again}");
    let page = b.get(test).read();
    assert!(page.contains("答案已由") && page.contains("按第2版计分：答案抄错"), "{page}");
    // A second correction goes on from the first.
    let got = b.submit(key, "/tests/1/key", &fields("2", "C", "再核对条款", "1"));
    assert_eq!(got.led().0, 303, "{}", got.read());
    assert_eq!((scores(o, &sat), of(3).len()), (vec!["80".into(), "80".into(), "40".into()], 1));
    assert_eq!(of(4).len(), 2);
    // What is taken out of a closed test is told by the log too, though results were recorded since.
    // First what it does: by one question one comes to pass, by another nobody.
    let got = b.submit(test, "/tests/1/withdraw", &[("place", "4"), ("reason", "两可")]);
    let text = got.read();
    assert!(text.contains("已交卷的3份中2份答了这道题") && text.contains("1份成绩改变"), "{text}");
    assert!(text.contains("1份转为合格") && text.contains("作废后不能恢复"), "{text}");
    let out = [("place", "3"), ("reason", "两可")];
    let got = b.submit(test, "/tests/1/withdraw", &out);
    let text = got.read();
    assert!(got.status == 200 && text.contains("还没有作废。已交卷的3份中3份答了这道题"), "{text}");
    assert!(text.contains("作废第3题") && text.contains("合格与否都不改变") && text.contains("理由两可"), "{text}");
    assert!(!db.read(|tx| test::is_out(tx, 1)).unwrap(), "nothing is done yet");
    let token = b.get(test).token();
    let sure = [&[("form", token.as_str()), ("sure", "1")], &out[..]].concat();
    for what in ["done", "a double click"] {
        assert_eq!(b.post("/tests/1/withdraw", &sure).led(), (303, "/tests/1?done=withdraw"), "{what}");
    }
    let told = "select count(*) from audit_entry where payload like '%考试中作废一道题%' and payload like '%两可%'";
    assert_eq!(db.read(|tx| tx.one(told, &[], |r| r.i64(0))).unwrap(), Some(1));
    // Who had the form of that question open is led back, and what was typed is not lost.
    let late =
        [("place", "3"), ("seen", "1"), ("key", "错"), ("feedback", ""), ("reason", "条款第二款"), ("sure", "1")];
    let got = b.submit(key, "/tests/1/key", &late);
    let text = got.read();
    assert!(got.status == 409 && text.contains("这道题已经作废") && text.contains("您填的理由：条款第二款"), "{text}");
    assert!(text.contains("您填的正确答案：错") && got.text().contains(r#"href="/tests/1">返回这场考试"#), "{text}");
    // A unit's own administrator arranges tests, but the bank is not his.
    let mut unit = Browser::logged_in(inst, account(inst, "unit", Role::UnitAdmin, Some(1), None));
    assert_eq!(unit.get(key).status, 403);
    assert!(!unit.get(test).text().contains("/tests/1/key"));
});

db_test!(every_test_that_asked_it_is_scored_again_or_none, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    // Another unit asks the same version, and somebody is still answering.
    let items = sat.test.items.clone();
    let inst = o.installation.clone();
    let second = db
        .write(move |tx| {
            let (opens, closes) = (nine() + 2 * 24 * 60 * MINUTE, nine() + 5 * 24 * 60 * MINUTE);
            let rules = Rules { title: "另一场".into(), unit: 2, opens, closes, review: closes, ..rules(None) };
            let id = test::make(tx, &actor(), &rules, &items)?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_units(&current, &[1, 2, 3, 4].into_iter().collect(), day("2025-06-29"));
            test::publish(tx, &actor(), id, &listed, opens - 1)?;
            Ok(id)
        })
        .unwrap();
    let other = Arc::new(db.read(|tx| close::sat(tx, second)).unwrap().unwrap());
    let now = nine() + 3 * 24 * 60 * MINUTE;
    for person in [3, 4] {
        begin(o, &other, sitter(person), now).unwrap();
        // The helper answers early; by the test's own clock.
        let a = db.read(|tx| attempt::last(tx, second, person)).unwrap().unwrap();
        for (i, asked) in a.asked.iter().enumerate().filter(|(_, asked)| asked.question == 0) {
            let shown = asked.options.iter().position(|p| *p == 1).unwrap();
            let letter = char::from(b'A' + shown as u8).to_string();
            let said = attempt::Said { place: i + 1, values: vec![letter], flagged: false, sequence: 1 };
            crate::sitting::save(o, &other, sitter(person), &said, now + 1).unwrap();
        }
    }
    hand_in(o, &other, sitter(3), now + MINUTE).unwrap();
    assert_eq!(db.read(|tx| usage::counts(tx, &[1, 2, 99])).unwrap(), [(1, 2), (2, 2)].into());

    // Who may not see that test may not change it.
    let within = Scope::units([1].into());
    let told = correct(o, within, wish(1, 0, 1, "B")).unwrap_err();
    assert!(told.contains("不归您管理的1场考试"), "{told}");
    assert_eq!(scores(o, &sat), ["100", "80", "40"]);
    let told = correct(o, Scope::All, Wish { reason: " ".into(), ..wish(1, 0, 1, "B") }).unwrap_err();
    assert!(told.contains("理由"), "{told}");

    let done = correct(o, Scope::All, wish(1, 0, 1, "B")).unwrap();
    assert_eq!((done.tests, done.changed), (2, 4));
    assert_eq!(last(o, &other, 3).score.map(written), Some("20".into()));
    // Who was answering is scored by the right key, though the paper was read before.
    hand_in(o, &other, sitter(4), now + 2 * MINUTE).unwrap();
    assert_eq!(last(o, &other, 4).score.map(written), Some("20".into()));
    let four = last(o, &other, 4).id;
    assert!(db.read(|tx| marking::rescored(tx, four)).unwrap().is_empty());

    // One that is out needs no key.
    let of = db.read(|tx| test::get(tx, 1)).unwrap().unwrap();
    db.write(move |tx| withdrawn::withdraw(tx, (&actor(), &Scope::All), &of, 1, "有歧义")).unwrap();
    assert!(correct(o, Scope::All, wish(1, 1, 1, "A")).unwrap_err().contains("已经作废"));
    assert!(correct(o, Scope::All, wish(1, 9, 1, "A")).unwrap_err().contains("没有这道题"));
    // Long after, the attempts may be gone.
    crate::retention::changed(&o.installation, |text| {
        text.replace("issuer = \"市发改委\"\n", "issuer = \"市发改委\"\nkeep_attempts = \"5 years\"\n")
    });
    o.installation.clock = Clock::Standing(Day::parse("2032-01-05").unwrap());
    assert!(correct(o, Scope::All, wish(1, 2, 1, "错")).unwrap_err().contains("已过保存期限"));
});

db_test!(a_short_answer_has_no_key_and_the_bank_keeps_its_text, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    published(o, true);
    assert!(correct(o, Scope::All, wish(1, 4, 1, "x")).unwrap_err().contains("简答题由人评阅"));
    let mut b = Browser::of(&o.installation, Role::Office);
    let got = b.get("/tests/1/key?place=5");
    assert!(got.status == 409 && got.read().contains("简答题由人评阅"), "{}", got.read());
    assert!(got.text().contains(r#"href="/tests/1">返回这场考试"#), "no dead end: {}", got.text());

    // The office has written it anew in the meantime, and retired it: both stay.
    let one = |tx: &mut Tx<'_>, n| Ok(bank::versions(tx, n)?.pop().unwrap().question);
    let first = db.read(|tx| one(tx, 1)).unwrap();
    let anew = Question { stem: "换了题文".into(), ..first.clone() };
    let sent = anew.clone();
    db.write(move |tx| bank::revise(tx, &actor(), 1, &sent)).unwrap();
    db.write(|tx| bank::retire(tx, &actor(), 1, "不再用")).unwrap();
    assert_eq!(correct(o, Scope::All, wish(1, 0, 1, "B")).unwrap().tests, 1);
    let all = db.read(|tx| bank::versions(tx, 1)).unwrap();
    assert_eq!(all.iter().map(|k| k.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!((&all[0].question, &all[3].question), (&first, &anew));
    assert_eq!((key_typed::typed(&all[2].question), all[3].retired.as_deref()), ("B".into(), Some("不再用")));
    assert!(all[2].question.stem == first.stem && db.read(|tx| bank::current(tx, None)).unwrap().len() == 4);
    // Somebody has mended the key in the bank before: that version is the one.
    let second = db.read(|tx| one(tx, 2)).unwrap();
    let mended = key_typed::with(&second, "AC").unwrap();
    db.write(move |tx| bank::revise(tx, &actor(), 2, &mended)).unwrap();
    let same = Wish { feedback: String::new(), ..wish(1, 1, 1, "ca") };
    correct(o, Scope::All, same).unwrap();
    assert_eq!(db.read(|tx| bank::versions(tx, 2)).unwrap().len(), 2);
    let corrected = db.read(|tx| key::of_questions(tx, &BTreeSet::from([1, 2]))).unwrap();
    assert_eq!(corrected.iter().map(|c| (c.number, c.version, c.by)).collect::<Vec<_>>(), [(1, 1, 3), (2, 1, 2)]);
    let audited = audit::verify(db, &Against::default()).unwrap();
    assert!(audited.is_clean(), "{:#?}", audited.findings);
    assert_eq!(all[0].question.kind, Kind::Single);
});

db_test!(who_marks_what_another_has_marked_is_told_and_decides, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, true);
    for person in [3, 4] {
        begin(o, &sat, sitter(person), nine() + MINUTE).unwrap();
        answer_all(o, &sat, sitter(person), &|place| if place == 4 { vec!["因为如此"] } else { right(place) });
        hand_in(o, &sat, sitter(person), nine() + 2 * MINUTE).unwrap();
    }
    let (three, four) = (last(o, &sat, 3).id, last(o, &sat, 4).id);
    let (m3, m4, s3) = (format!("m{three}"), format!("m{four}"), format!("s{three}"));
    let desk = "/tests/1/marking?question=5";
    let (mut one, mut two) =
        (Browser::of(&o.installation, Role::Office), Browser::of(&o.installation, Role::Personnel));
    let (first, second) = (one.get(desk).token(), two.get(desk).token());
    let post = |b: &mut Browser, form: &str, fields: &[(&str, &str)]| {
        b.post("/tests/1/marking", &[&[("form", form), ("question", "5")], fields].concat())
    };
    let saved = "/tests/1/marking?question=5&done=1";
    assert_eq!(post(&mut one, &first, &[(&m3, "15")]).led(), (303, saved));
    assert_eq!(post(&mut one, &first, &[(&m3, "15")]).led(), (303, saved), "a double click");
    assert_eq!(last(o, &sat, 3).score.map(written), Some("95".into()));
    // The second has the page from before: what nobody has marked is saved, the other is shown with both.
    let got = post(&mut two, &second, &[(&m3, "8.5"), (&m4, "20")]);
    let text = got.read();
    assert!(got.status == 409 && text.contains("给15分，您给的是8.5分") && text.contains("这份答案已由"), "{text}");
    assert!(got.text().contains(&format!(r#"name="{s3}" value="150000""#)) && text.contains("因为如此"), "{text}");
    assert_eq!(
        (last(o, &sat, 3).score.map(written), last(o, &sat, 4).score.map(written)),
        (Some("95".into()), Some("100".into()))
    );
    // Cleared, as the page says, the other's marks are kept.
    let (m3k, token) = (format!("k{three}"), got.token());
    assert!(got.text().contains(&format!(r#"name="{m3k}" value="1""#)), "{}", got.text());
    let kept = post(&mut two, &token, &[(&s3, "150000"), (&m3k, "1"), (&m3, "")]);
    assert_eq!(kept.led(), (303, "/tests/1/marking?question=5&done=kept"));
    // Typed wrongly it is still there; decided, it is his, and both scores are kept.
    let form = got.token();
    let bad = post(&mut two, &form, &[(&s3, "150000"), (&m3, "21")]);
    assert!(
        bad.status == 422
            && !bad.read().contains("保留已有的分数")
            && bad.read().contains("给15分")
            && bad.text().contains(r#"value="21""#),
        "{}",
        bad.read()
    );
    assert_eq!(post(&mut two, &form, &[(&s3, "150000"), (&m3, "8.5")]).led(), (303, saved));
    assert_eq!(last(o, &sat, 3).score.map(written), Some("88.5".into()));
    let log = db.read(|tx| marking::rescored(tx, three)).unwrap();
    assert_eq!((log.len(), log[0].why, log[0].scores), (1, Why::Mark, (Some(950_000), Some(885_000))));
    assert!(log[0].reason.contains("给15分") && log[0].reason.contains("改为8.5分"), "{}", log[0].reason);
    // What he decided on is another one now for who comes after.
    assert_eq!(post(&mut one, &first, &[(&s3, "150000"), (&m3, "12")]).status, 409);
    assert_eq!(last(o, &sat, 3).score.map(written), Some("88.5".into()));
    // A slip is mended from the list of what has its marks.
    let page = one.get(desk);
    assert!(page.text().contains(&format!(r#"name="{s3}" value="85000""#)) && page.read().contains("已评的答案"));
    // Once the results are recorded other marks need a reason; with it they are recorded anew, and both are kept.
    jobs::run_waiting(&o.installation).unwrap();
    let class = |person: i64| {
        let sql = "select \"score\" from l_attendance where voided_at is null and \"person\" = $1";
        db.read(|tx| tx.one(sql, &[person.into()], |r| r.opt_i64(0))).unwrap().flatten().map(|s| s / 10_000)
    };
    assert_eq!((class(3), class(4)), (Some(88), Some(100)));
    let late = post(&mut one, &first, &[(&s3, "85000"), (&m3, "12")]);
    assert!(late.status == 409 && late.read().contains("成绩已登记：复核评分请写明理由"), "{}", late.read());
    assert!(late.text().contains(r#"value="12""#), "what was typed stays: {}", late.text());
    assert!(one.get("/tests/1").read().contains("复核评分"));
    let asked = [(s3.as_str(), "85000"), (m3.as_str(), "12"), ("reason", "答到第二点")];
    assert_eq!(post(&mut one, &first, &asked).led(), (303, saved));
    assert_eq!(post(&mut one, &first, &asked).led(), (303, saved), "a double click");
    assert_eq!((class(3), class(4)), (Some(92), Some(100)));
    // Of 20 marks 12 and 20 were given: the share of the marks is told, not how many had all of them.
    let page = one.get("/tests/1").read();
    assert!(page.contains("得分率") && page.contains("简答题20分80.0%"), "{page}");
    // Whoever has the page from before and changes another's marks leaves these as they are.
    let (s4, page) = (format!("s{four}"), [(s3.as_str(), "85000"), (m3.as_str(), "8.5")]);
    let asked = [&page[..], &[(&s4, "200000"), (&m4, "18"), ("reason", "少一点")]].concat();
    assert_eq!(post(&mut two, &form, &asked).led(), (303, saved));
    assert_eq!((class(3), class(4)), (Some(92), Some(98)));
    // Nor does an error bring them back: what was not touched is shown as it stands.
    let stale = [(s3.as_str(), "85000"), (m3.as_str(), "8.5"), (&s4, "180000"), (&m4, "17")];
    let got = post(&mut two, &form, &stale);
    assert!(got.status == 409 && got.read().contains("复核评分请写明理由"), "{}", got.read());
    assert!(got.text().contains(&format!(r#"name="{m3}" value="12""#)), "{}", got.text());
    assert!(got.text().contains(&format!(r#"name="{m4}" value="17""#)), "what was typed stays: {}", got.text());
    // A page of the list is kept through an error, and comes back after it.
    let at = "/tests/1/marking?question=5&page=1&size=10";
    let got = two.post(at, &[("form", &form), ("question", "5"), (&s4, "180000"), (&m4, "17")]);
    assert!(got.status == 409 && got.text().contains("marking?question=5&#38;page=1&#38;size=10"), "{}", got.text());
    let log = db.read(|tx| marking::rescored(tx, three)).unwrap();
    assert!(log.len() == 2 && log[1].reason.ends_with("改为12分：答到第二点"), "{log:?}");
    let mut me = Browser::logged_in(&o.installation, account(&o.installation, "three", Role::Cadre, None, Some(3)));
    let text = me.get("/exams/1/result").read();
    assert!(text.contains("原成绩88.5分") && text.contains("题复评，改为92分") && !text.contains("给15分"), "{text}");
});

db_test!(publishing_twice_is_publishing_once, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let class = crate::sitting::class(o);
    let items = crate::sitting::paper(o, false);
    let opens = nine() + 5 * 24 * 60 * MINUTE;
    let closes = opens + 120 * MINUTE;
    db.write(move |tx| {
        let rules = Rules { opens, closes, review: closes, ..rules(Some(class)) };
        test::make(tx, &Actor { name: "周敏".into(), account: None, at: nine() }, &rules, &items)
    })
    .unwrap();
    let mut b = Browser::of(&o.installation, Role::Office);
    let form = b.get("/tests/1").token();
    let fields = [("form", form.as_str()), ("from", "class")];
    // Results that the class has from elsewhere would be written over.
    let known = [
        ("activity", class.into()),
        ("person", 3.into()),
        ("day", "2025-06-20".into()),
        ("sat", "已考".into()),
        ("score", 900_000.into()),
    ];
    let record = o.add("attendance", None, &known);
    let got = b.post("/tests/1/publish", &fields);
    assert!(got.status == 422 && got.read().contains("这个班已登记1人的测试成绩"), "{}", got.read());
    dongliang::facts::void(&o.installation, "周敏", "attendance", (record, 1), "登记错了").unwrap();
    assert_eq!(b.post("/tests/1/publish", &fields).led(), (303, "/tests/1?done=publish"));
    assert_eq!(b.post("/tests/1/publish", &fields).led(), (303, "/tests/1?done=published"));
    assert!(b.get("/tests/1?done=published").read().contains("此前已经发布，没有重复发布"));
    assert_eq!(db.read(|tx| roll::of_test(tx, 1)).unwrap().len(), 5);
});
