//! 每日一题, 每周一课, 每月一考: planned, published by the clock, judged by what was published, answered by whoever likes.

use dongliang::{
    audit::{self, Against, Guarded},
    auth::{Role, account::Refused},
    clock::start_of_day,
    daily::{
        own,
        plan::{self, Drafted, Kind},
        ready, release,
    },
    day::Day,
    db::{Db, Value},
    db_test,
    exam::{
        score::Given,
        test::{self, Item, MINUTE, Rules},
    },
    jobs,
    questions::{Answer, Kind as QuestionKind, Question, Weight, bank},
    scope::{Actor, Scope},
    verdict::store,
};

use crate::{
    incremental::Office,
    visit::{Browser, account},
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn actor() -> Actor {
    Actor { name: "周敏".into(), account: None, at: start_of_day(day("2025-06-20")) }
}

/// Single choices of two topics, a 简答题 and one without its clause: numbers 1 to `2n + 2`.
fn fill(o: &Office, n: usize) {
    let mut all = Vec::new();
    for topic in ["学/培训", "纪/谈话"] {
        for i in 0..n {
            let answers = vec![Answer::new("对的", Weight::FULL), Answer::new("错的", Weight::NONE)];
            let q = Question::new(QuestionKind::Single, format!("{topic}第{i}问，数字是{}？", i * 7919 + 13), answers);
            all.push(Question {
                topic: topic.into(), source: "二（一）三".into(), feedback: "因为如此".into(), ..q
            });
        }
    }
    let short =
        Question { source: "二（一）三".into(), ..Question::new(QuestionKind::Short, "请简述", vec![]) };
    let bare = Question::new(
        QuestionKind::TrueFalse,
        "没有出处的题",
        vec![Answer::new("对", Weight::FULL), Answer::new("错", Weight::NONE)],
    );
    all.extend([short, bare]);
    o.installation.db.write(move |tx| bank::add(tx, &actor(), &all, "题.gift")).unwrap();
}

fn draft(o: &Office, today: &str, span: (&str, &str), topic: &str) -> Result<Drafted, String> {
    let (today, span, topic) = (day(today), (day(span.0), day(span.1)), topic.to_owned());
    let inst = o.installation.clone();
    let done = o.installation.db.write(move |tx| {
        let workdays = inst.current_in_write(tx)?.engine.workdays.clone();
        plan::draft(tx, &actor(), &workdays, today, span, &topic)
    });
    done.map_err(|e| e.downcast::<Refused>().unwrap().0)
}

fn planned(o: &Office, from: &str, to: &str) -> Vec<plan::Release> {
    o.installation.db.read(|tx| plan::between(tx, day(from), day(to))).unwrap()
}

/// State of R-03a in the window of a day; empty where there is none.
fn state(o: &Office, requirement: &str, window: &str) -> String {
    let all = o.installation.db.read(|tx| store::of_requirement(tx, requirement, None)).unwrap();
    all.iter().find(|v| v.window == window).map_or_else(String::new, |v| format!("{:?}", v.state))
}

db_test!(a_longer_span_states_only_what_it_plans_itself, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    assert_eq!(draft(&o, "2025-06-27", ("2025-06-27", "2025-06-30"), "").unwrap().days, 2);
    let first = planned(&o, "2025-06-27", "2025-06-27")[0].id;
    // Behind the program's back; what is planned around it does not make it right.
    o.installation
        .db
        .write(move |tx| tx.execute("update release_plan set title = '别的' where row_id = $1", &[first.into()]))
        .unwrap();
    assert_eq!(draft(&o, "2025-06-27", ("2025-06-27", "2025-07-02"), "").unwrap().days, 2);
    audit::sequence(db).unwrap();
    let report = audit::verify(db, &Against::default()).unwrap();
    let found: Vec<_> = report.findings.iter().filter_map(|f| f.item).collect();
    assert_eq!(found, [(Guarded::Release, first)], "{:#?}", report.findings);
});

db_test!(each_workday_has_a_question_by_turns_and_none_twice, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    // Friday to next Sunday week: six workdays.
    assert_eq!(draft(&o, "2025-06-27", ("2025-06-27", "2025-07-06"), ""), Ok(Drafted { days: 6, short: None }));
    let rows = planned(&o, "2025-06-01", "2025-07-31");
    let days: Vec<String> = rows.iter().map(|r| r.day.to_string()).collect();
    assert_eq!(days, ["2025-06-27", "2025-06-30", "2025-07-01", "2025-07-02", "2025-07-03", "2025-07-04"]);
    let numbers: Vec<i64> = rows.iter().filter_map(|r| r.question).collect();
    assert_eq!(numbers, [1, 5, 2, 6, 3, 7], "topics in turn, none that a program cannot mark or that has no clause");
    // The same span again has nothing left, another has two questions and then no more.
    assert!(draft(&o, "2025-06-27", ("2025-06-27", "2025-07-06"), "").unwrap_err().contains("都已排好"));
    let more = draft(&o, "2025-06-27", ("2025-07-07", "2025-07-11"), "").unwrap();
    assert_eq!(more, Drafted { days: 2, short: Some(day("2025-07-09")) });
    for (span, told) in [
        (("2025-06-26", "2025-06-30"), "已经过去"),
        (("2025-07-10", "2025-07-09"), "早于开始日期"),
        (("2025-06-28", "2025-06-29"), "没有工作日"),
        (("2025-06-28", "2026-06-29"), "最多排到"),
        (("2025-07-14", "2025-07-15"), "天内发布过"),
    ] {
        let why = draft(&o, "2025-06-27", span, "").unwrap_err();
        assert!(why.contains(told), "{why}");
    }
    assert!(draft(&o, "2025-06-27", ("2025-07-14", "2025-07-15"), "没有的主题").unwrap_err().contains("题库里没有"));
    // What stands in a test that is not over is shown to nobody.
    let rules = Rules {
        title: "月考".into(),
        activity: None,
        unit: 1,
        opens: start_of_day(day("2025-07-01")),
        closes: start_of_day(day("2025-07-01")) + 120 * MINUTE,
        minutes: 60,
        attempts: 1,
        review: start_of_day(day("2025-07-02")),
    };
    let items = vec![Item { number: 4, version: 1, marks: 100 }];
    o.installation.db.write(move |tx| test::make(tx, &actor(), &rules, &items)).unwrap();
    let change = |id: i64, number: i64| {
        let done = o.installation.db.write(move |tx| plan::change(tx, &actor(), id, number));
        done.map_err(|e| e.downcast::<Refused>().unwrap().0)
    };
    let first = rows[0].id;
    for (number, told) in [(4, "未结束的考试"), (9, "简答题"), (10, "出处条款"), (99, "没有第99号题")]
    {
        let why = change(first, number).unwrap_err();
        assert!(why.contains(told), "{number}: {why}");
    }
    // It stands on a day of its own: taken off there, it can stand here.
    assert!(change(first, 8).unwrap_err().contains("180天内不再用"));
    let planned_now = planned(&o, "2025-06-01", "2025-07-31");
    let other = planned_now.iter().find(|r| r.question == Some(8)).unwrap().id;
    o.installation.db.write(move |tx| plan::drop(tx, &actor(), other)).unwrap();
    change(first, 8).unwrap();
    assert_eq!(planned(&o, "2025-06-27", "2025-06-27")[0].question, Some(8));
});

db_test!(what_is_published_on_its_day_is_what_is_judged, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    draft(&o, "2025-06-27", ("2025-06-27", "2025-07-02"), "").unwrap();
    o.agree("planned");
    assert!(planned(&o, "2025-06-27", "2025-06-27")[0].record.is_some());
    assert!(state(&o, "R-03a", "2025-06-27").contains("Pass"), "{}", state(&o, "R-03a", "2025-06-27"));
    // On Monday somebody has typed it already: it is that record. The server did not run on Tuesday.
    let o = Office::open(db, "2025-06-30");
    let text = |t: &str| Value::from(t);
    let typed = o.add("publication", Some(1), &[("kind", text("每日一题")), ("day", text("2025-06-30"))]);
    o.agree("typed");
    assert_eq!(planned(&o, "2025-06-30", "2025-06-30")[0].record, Some(typed));
    let count = o
        .installation
        .db
        .read(|tx| tx.one("select count(*) from l_publication where voided_at is null", &[], |r| r.i64(0)))
        .unwrap();
    assert_eq!(count, Some(2), "none is counted twice");
    let o = Office::open(db, "2025-07-02");
    let wednesday = planned(&o, "2025-07-02", "2025-07-02")[0].clone();
    // Its question was retired meanwhile: nothing is published until it has another.
    let number = wednesday.question.unwrap();
    o.installation.db.write(move |tx| bank::retire(tx, &actor(), number, "过时")).unwrap();
    o.agree("retired");
    assert_eq!(planned(&o, "2025-07-02", "2025-07-02")[0].released, None);
    let missed = planned(&o, "2025-07-01", "2025-07-01")[0].clone();
    assert_eq!((missed.released, missed.record), (None, None), "no day is claimed on which nobody could see it");
    let (today, id) = (day("2025-07-02"), missed.id);
    let done = o.installation.db.write(move |tx| plan::today(tx, &actor(), today, id));
    assert!(done.unwrap_err().to_string().contains("已经排了"), "one question a day");
    let id = wednesday.id;
    o.installation.db.write(move |tx| plan::drop(tx, &actor(), id)).unwrap();
    let id = missed.id;
    o.installation.db.write(move |tx| plan::today(tx, &actor(), today, id)).unwrap();
    o.agree("moved");
    let moved = planned(&o, "2025-07-02", "2025-07-02")[0].clone();
    assert!(moved.released.is_some() && moved.question == missed.question);
    assert!(state(&o, "R-03a", "2025-07-02").contains("Pass"));
    assert!(!state(&o, "R-03a", "2025-07-01").contains("Pass"));
    let id = moved.id;
    let done = o.installation.db.write(move |tx| plan::drop(tx, &actor(), id));
    assert!(done.unwrap_err().to_string().contains("已经发布"));
});

db_test!(a_lesson_and_a_test_are_published_too, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    let rules = Rules {
        title: "七月测试".into(),
        activity: None,
        unit: 1,
        opens: start_of_day(day("2025-06-27")) + 600 * MINUTE,
        closes: start_of_day(day("2025-06-28")),
        minutes: 60,
        attempts: 1,
        review: start_of_day(day("2025-06-28")),
    };
    let later = rules.clone();
    let inst = o.installation.clone();
    let (lesson, test) = o
        .installation
        .db
        .write(move |tx| {
            let today = day("2025-06-27");
            let lesson = plan::lesson(tx, &actor(), today, today, ("怎样帮带", "一段\n\n二段", "纪"))?;
            let items = vec![Item { number: 1, version: 1, marks: 100 }];
            let id = test::make(tx, &actor(), &rules, &items)?;
            let current = inst.current_in_write(tx)?;
            let listed = dongliang::exam::roll::of_units(&current, &[1, 2, 3].into(), today);
            assert!(plan::monthly(tx, &actor(), today, id).unwrap_err().to_string().contains("已发布的考试"));
            test::publish(tx, &actor(), id, &listed, start_of_day(today))?;
            plan::monthly(tx, &actor(), today, id)?;
            let why = plan::lesson(tx, &actor(), today, today, ("再一课", "", "")).unwrap_err().to_string();
            assert!(why.contains("已经排了每周一课"), "{why}");
            Ok((lesson, id))
        })
        .unwrap();
    o.agree("published");
    assert!(state(&o, "R-03b", "2025-W26").contains("Pass"), "{}", state(&o, "R-03b", "2025-W26"));
    assert!(state(&o, "R-03c", "2025-06").contains("Pass"), "{}", state(&o, "R-03c", "2025-06"));
    let mut b = Browser::logged_in(&o.installation, account(&o.installation, "reader", Role::Cadre, None, Some(5)));
    let page = b.get("/weekly").text();
    assert!(page.contains("怎样帮带") && page.contains("<p>二段</p>") && page.contains("/daily/5"), "{page}");
    // Only what belongs to a published lesson, or was published, is to be had.
    assert_eq!(b.get("/daily/5").status, 200);
    assert_eq!((b.get("/daily/2").status, b.get("/daily/999").status, b.get("/daily/x").status), (404, 404, 404));
    let form = b.get("/weekly").token();
    assert_eq!(b.post("/daily/2", &[("form", &form), ("a", "A"), ("n", "0")]).status, 404);
    assert_eq!(b.get(&format!("/weekly?lesson={}", lesson + 7)).status, 404);
    // One that stands in a test that is not over is told, and leads nowhere.
    o.installation
        .db
        .write(move |tx| test::make(tx, &actor(), &later, &[Item { number: 5, version: 1, marks: 100 }]))
        .unwrap();
    let page = b.get("/weekly").text();
    assert!(page.contains("正用在一场没有结束的考试里") && !page.contains("\"/daily/5\""), "{page}");
    let mut office = Browser::of(&o.installation, Role::Office);
    let plan = office.get("/releases?month=2025-06").read();
    assert!(plan.contains("七月测试") && plan.contains("已发布") && plan.contains("今天还没有安排每日一题"), "{plan}");
    assert!(office.get("/releases").text().contains(&format!("/tests/{test}")));
    // A paper of one question has no range of places.
    let at = format!("/tests/{test}");
    let got = office.submit(&at, &format!("{at}/withdraw"), &[("place", "2"), ("reason", "两可")]);
    assert!(got.status == 422 && got.read().contains("第几题：应为1。"), "{}", got.read());
});

db_test!(a_lesson_is_rewritten_until_its_day, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    let mut b = Browser::of(&o.installation, Role::Office);
    let lesson = |b: &mut Browser, day: &str, title: &str, body: &str| {
        let fields = [("day", day), ("title", title), ("body", body), ("topic", "纪")];
        b.submit("/releases", "/releases/lesson", &fields)
    };
    let got = lesson(&mut b, "2025-07-04", "怎样帮带", "");
    assert!(got.status == 422 && got.read().contains("正文：请填写。"), "an empty lesson is none: {}", got.read());
    assert_eq!(lesson(&mut b, "2025-07-04", "怎样帮带", "一段").led().0, 303);
    assert_eq!(lesson(&mut b, "2025-07-11", "又一课", "一段").led().0, 303);
    let page = "/releases?month=2025-07&lesson=1";
    assert!(b.get("/releases?month=2025-07").text().contains("/releases?month=2025-07&#38;lesson=1#h-ed"));
    assert!(b.get(page).read().contains("不变（3题）"), "{}", b.get(page).read());
    let change = |b: &mut Browser, day: &str, topic: &str| {
        let fields = [("day", day), ("title", "怎样帮带好"), ("body", "两段\n改过"), ("topic", topic)];
        b.submit(page, "/releases/1/lesson", &fields)
    };
    let got = change(&mut b, "2025-07-11", "=");
    assert!(
        got.status == 422 && got.read().contains("已经排了每周一课") && got.text().contains("改过"),
        "{}",
        got.read()
    );
    assert_eq!(change(&mut b, "2025-07-03", "=").led(), (303, "/releases?done=rewrite&month=2025-07"));
    let now = db.read(|tx| plan::get(tx, 1)).unwrap().unwrap();
    assert_eq!((now.day, now.title.as_str(), now.checks.len()), (day("2025-07-03"), "怎样帮带好", 3));
    assert_eq!(change(&mut b, "2025-07-03", "").led().0, 303);
    assert!(db.read(|tx| plan::get(tx, 1)).unwrap().unwrap().checks.is_empty());
    // Another question is typed wrongly: told beside it, on the month where it stands.
    draft(&o, "2025-06-27", ("2025-07-01", "2025-07-01"), "").unwrap();
    let id = db.read(|tx| plan::between(tx, day("2025-07-01"), day("2025-07-01"))).unwrap()[0].id;
    let (at, form) = (format!("/releases/{id}/change?month=2025-07"), b.get("/releases?month=2025-07").token());
    let got = b.post(&at, &[("form", &form), ("number", "九九")]);
    let text = got.text();
    assert!(got.status == 422 && got.read().contains("题号应为整数") && text.contains(r#"value="九九""#), "{text}");
    assert_eq!(b.post(&at, &[("form", &form), ("number", "3")]).led(), (303, "/releases?done=change&month=2025-07"));
    let got = b.post(&at, &[("form", &form), ("number", "3")]);
    assert!(got.status == 422 && got.read().contains("现在就是第3号题"), "{}", got.read());
    let got = lesson(&mut b, "2025-07-05", "周六一课", "一段");
    assert!(got.status == 422 && got.read().contains("（星期六）不是工作日"), "{}", got.read());
    // Somebody has dropped it meanwhile: said, as there is no row to say it at.
    db.write(move |tx| plan::drop(tx, &actor(), id)).unwrap();
    let got = b.post(&at, &[("form", &form), ("number", "4")]);
    assert!(
        got.status == 409 && got.read().contains("没有这一项，或已撤下。您填写的题号：4"),
        "{} {}",
        got.status,
        got.read()
    );
    // So is the lesson that one has open: what was typed stays.
    db.write(|tx| plan::drop(tx, &actor(), 1)).unwrap();
    let long = "写了很久的正文。".repeat(500);
    let form = b.get("/releases").token();
    let typed =
        [("form", form.as_str()), ("day", "2025-07-04"), ("title", "课"), ("body", long.as_str()), ("topic", "=")];
    let got = b.post("/releases/1/lesson?month=2025-07", &typed);
    let text = got.text();
    assert!(got.status == 422 && got.read().contains("已撤下") && text.contains(&long), "{text}");
    assert!(b.get(page).read().contains("已经发布或撤下，不能再改"), "{}", b.get(page).read());
});

db_test!(a_mistake_comes_back_and_nobody_else_sees_it, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    draft(&o, "2025-06-27", ("2025-06-27", "2025-07-02"), "").unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    let inst = &o.installation;
    let mut b = Browser::logged_in(inst, account(inst, "reader", Role::Cadre, None, Some(5)));
    let page = b.get("/daily");
    let text = page.text();
    assert!(text.contains("学/培训第0问") && text.contains("2025年6月27日 星期五"), "{text}");
    for key in ["因为如此", "正确答案", "出处条款"] {
        assert!(!text.contains(key), "{key} before the answer");
    }
    assert!(!text.contains("温习一题"), "nothing is due");
    let none = b.submit("/daily", "/daily/1", &[("n", "0")]);
    assert!(none.status == 422 && none.read().contains("请先作答"), "{}", none.read());
    assert_eq!(b.submit("/daily", "/daily/1", &[("n", "0"), ("a", "Z")]).status, 422);
    let wrong = b.submit("/daily", "/daily/1", &[("n", "0"), ("a", "B")]);
    assert_eq!(wrong.led(), (303, "/daily/1"));
    let told = b.get("/daily/1").read();
    assert!(told.contains("答错了") && told.contains("因为如此") && told.contains("二（一）三"), "{told}");
    assert!(b.get("/daily").read().contains("答错了"), "today's question is answered");
    // Sent twice, or from a page of before: nothing more.
    assert_eq!(b.submit("/daily", "/daily/1", &[("n", "0"), ("a", "A")]).status, 303);
    let own = |person: i64| o.installation.db.read(|tx| own::one(tx, person, 1)).unwrap();
    assert_eq!(own(5).map(|a| (a.answers, a.right)), Some((1, false)));
    // On the next workday it is due before anything else, and today's question is another.
    let later = Office::open(db, "2025-06-30");
    jobs::run_waiting(&later.installation).unwrap();
    let mut b =
        Browser::logged_in(&later.installation, account(&later.installation, "reader", Role::Cadre, None, Some(5)));
    let text = b.get("/daily").read();
    assert!(text.contains("纪/谈话第0问") && text.contains("温习一题"), "{text}");
    assert!(b.get("/daily/review").read().contains("学/培训第0问"));
    assert_eq!(b.submit("/daily/review", "/daily/1", &[("n", "1"), ("a", "A")]).status, 303);
    assert_eq!(own(5).map(|a| (a.answers, a.right)), Some((2, true)));
    assert!(b.get("/daily/review").read().contains("现在没有要温习的题"));
    // Nobody else sees anything of it: not on pages, not in the log.
    let mut admin = Browser::of(&later.installation, Role::AuditAdmin);
    assert!(!admin.get("/audit").read().contains("温习") && !admin.get("/audit?q=daily").read().contains("第0问，"));
    let told = o.installation.db.read(|tx| {
        tx.rows("select payload from audit_entry", &[], |r| Ok(r.opt_text(0)?.unwrap_or_default().to_owned()))
    });
    assert!(told.unwrap().iter().all(|t| !t.contains("recall") && !t.contains("is_right")));
    let mine = b.submit("/me", "/me/export", &[("format", "json")]);
    assert!(
        mine.status == 200 && mine.text().contains("自愿答题") && mine.text().contains("学/培训第0问"),
        "{}",
        mine.status
    );
    assert_eq!(b.submit("/daily", "/daily/wipe", &[]).status, 303);
    assert_eq!(own(5), None);
    // An account that is nobody's may look.
    let mut b = Browser::of(&later.installation, Role::Office);
    assert!(b.get("/daily").read().contains("没有对应到人"));
    assert_eq!((b.get("/daily/review").status, b.get("/daily/1").status), (404, 404));
    let sunday = Office::open(db, "2025-07-06");
    let mut b =
        Browser::logged_in(&sunday.installation, account(&sunday.installation, "reader", Role::Cadre, None, Some(5)));
    assert!(b.get("/daily").read().contains("今日无题"));
});

db_test!(a_group_is_told_of_from_ten_persons_on, |db: &Db| {
    let o = Office::open(db, "2025-06-27");
    o.found();
    fill(&o, 4);
    draft(&o, "2025-06-27", ("2025-06-27", "2025-07-02"), "").unwrap();
    release::patrol(&o.installation).unwrap();
    let text = |t: &str| Value::from(t);
    let mut persons = vec![5_i64, 6];
    for _ in 0..7 {
        let person = o.add("person", None, &[("name", text("某人"))]);
        let from = text("2020-01-01");
        o.add("post", Some(3), &[("person", person.into()), ("duty", text("普通干部")), ("from", from)]);
        persons.push(person);
    }
    let say = |person: i64, option: usize| {
        let day = day("2025-06-27");
        o.installation
            .db
            .write(move |tx| {
                let kept = bank::version(tx, 1, 1)?.unwrap();
                own::answer(tx, person, &kept, &Given::Chosen(vec![option]), (0, day))
            })
            .unwrap();
    };
    let ready = |scope: &Scope| {
        let all = o.installation.db.read(|tx| {
            let current = o.installation.current(tx)?;
            ready::of_organs(tx, &current, scope, day("2025-06-28"))
        });
        all.unwrap()
    };
    for person in &persons {
        say(*person, 0);
    }
    let all = ready(&Scope::All);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].organ, all[0].topic.as_str(), all[0].percent), (2, "学", None), "nine are too few");
    let last = o.add("person", None, &[("name", text("第十人"))]);
    o.add("post", Some(4), &[("person", last.into()), ("duty", text("普通干部")), ("from", text("2020-01-01"))]);
    say(last, 1);
    // Nine who know it: 0.9 after 2.3 days, so some 0.95 after one; one who does not: below 0.8.
    let all = ready(&Scope::All);
    assert_eq!(all[0].percent, Some(95));
    let own_unit = Scope::units([1].into());
    assert_eq!(ready(&own_unit), [], "organs out of scope are not told of");
    let mut b = Browser::of(&o.installation, Role::Office);
    let page = b.get("/readiness").read();
    assert!(
        page.contains("甲区发改委") && page.contains("100%") && !page.contains("某人") && !page.contains("第十人"),
        "{page}"
    );
    assert!(planned(&o, "2025-06-27", "2025-06-27").iter().all(|r| r.kind == Kind::Daily));
});
