//! The loop of `R-02`: a class is missed, its retraining drafted and confirmed, held again with a linked second form, and
//! closed by the verdict; or told to the office when it is not.

use std::collections::BTreeSet;

use dongliang::{
    auth::Role,
    class::{
        self,
        again::{Missed, Plan},
    },
    clock::{Clock, start_of_day},
    day::Day,
    db::{Db, Value},
    db_test,
    exam::{
        attempt::{self, Said, Sitter},
        close,
        paper::{Wanted, choose},
        roll,
        score::written,
        test::{self, MINUTE, Origin, Rules, State},
    },
    facts, jobs,
    ledger::NewRow,
    questions::{Answer, Kind, Question, Weight, bank},
    remedy::{self, Remedy},
    scope::{Actor, By, Scope},
};

use crate::{
    incremental::Office,
    visit::{Browser, account},
    web_records::{hidden, send},
};

pub(crate) fn at(day: &str) -> i64 {
    start_of_day(Day::parse(day).unwrap()) + 9 * 60 * MINUTE
}

pub(crate) fn actor(at: i64) -> Actor {
    Actor { name: "周敏".into(), account: None, at }
}

/// A bank of single choices whose first option is right.
pub(crate) fn fill(o: &Office, many: usize) {
    let one = |n: usize| {
        let answers = vec![Answer::new("对的", Weight::FULL), Answer::new("错的", Weight::NONE)];
        Question {
            source: "二（一）二".into(),
            topic: "学".into(),
            ..Question::new(Kind::Single, format!("第{n}问"), answers)
        }
    };
    let all: Vec<Question> = (0..many).map(one).collect();
    o.installation.db.write(move |tx| bank::add(tx, &actor(at("2025-06-01")), &all, "题.gift")).unwrap();
}

const BLUEPRINT: &str = "题型,题数,每题分值\n单选题,12,5";

pub(crate) fn wanted() -> [Wanted; 1] {
    [Wanted { row: 2, topic: None, kind: Some(Kind::Single), difficulty: None, count: 12, marks: 50 }]
}

/// A class of the city with ten persons of the district.
fn class(o: &Office) -> i64 {
    let text = |t: &str| Value::from(t);
    for n in 8..13 {
        let row = o.row("person", None, &[("name", text("某人")), ("born", text("1990-05-05"))]);
        let row = NewRow { code: Some(format!("P{n}")), ..row };
        let person = facts::add(&o.installation, "试", "person", vec![row], None).unwrap()[0];
        let post = [("person", person.into()), ("duty", text("普通干部")), ("from", text("2020-01-01"))];
        o.add("post", Some(4), &post);
    }
    let fields = [
        ("kind", text("专业培训")),
        ("title", text("项目管理班")),
        ("starts", text("2025-06-20")),
        ("ends", text("2025-06-20")),
        ("closed_book", Value::I64(1)),
    ];
    let class = o.add("activity", Some(1), &fields);
    for person in 3..=12_i64 {
        let fields = [("activity", class.into()), ("person", person.into()), ("day", text("2025-06-20"))];
        o.add("attendance", None, &fields);
    }
    class
}

pub(crate) fn rules(title: &str, activity: Option<i64>, opens: i64) -> Rules {
    Rules {
        title: title.into(),
        activity,
        unit: 1,
        opens,
        closes: opens + 120 * MINUTE,
        minutes: 60,
        attempts: 1,
        review: opens + 120 * MINUTE,
    }
}

/// Everybody on the list answers, the last `failing` all wrong.
fn sit(o: &Office, id: i64, failing: usize) {
    let db = &o.installation.db;
    let sat = db.read(|tx| close::sat(tx, id)).unwrap().unwrap();
    let listed = db.read(|tx| roll::of_test(tx, id)).unwrap();
    let passing = listed.len() - failing;
    for (n, one) in listed.into_iter().enumerate() {
        let (sat, of, now) = (sat.clone(), Sitter { person: one.person, seat: 10 + one.person }, sat.test.rules.opens);
        let right = n < passing;
        db.write(move |tx| {
            let attempt = attempt::begin(tx, &sat, of, n as u64, now)?;
            for (place, asked) in attempt.asked.iter().enumerate() {
                let shown = asked.options.iter().position(|o| (*o == 0) == right).unwrap();
                let values = vec![char::from(b'A' + shown as u8).to_string()];
                attempt::save(tx, &sat, of, &Said { place: place + 1, values, flagged: false, sequence: 1 }, now)?;
            }
            attempt::hand_in(tx, &actor(now), &sat, of, now + MINUTE)
        })
        .unwrap();
    }
}

/// The class is held and tested: seven of ten pass. On the day on which the consequence is drafted.
fn missed(o: &mut Office) -> (i64, Remedy) {
    o.found();
    fill(o, 40);
    let class = class(o);
    let inst = o.installation.clone();
    let id = o
        .installation
        .db
        .write(move |tx| {
            let chosen = choose(&wanted(), &bank::current(tx, None)?, 7).unwrap();
            let opens = at("2025-06-27");
            let id =
                test::make(tx, &actor(opens), &rules("项目管理班测试", Some(class), opens), &test::items(&chosen))?;
            test::set_origin(tx, id, &Origin { first: None, blueprint: BLUEPRINT.into() })?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_class(tx, &current, class, Day::parse("2025-06-27").unwrap())?;
            test::publish(tx, &actor(opens), id, &listed, opens - 1)?;
            Ok(id)
        })
        .unwrap();
    sit(o, id, 3);
    jobs::run_waiting(&o.installation).unwrap();
    assert!(remedies(o).is_empty(), "not before its fifteen days are over");
    let day = Day::parse("2025-07-11").unwrap();
    o.installation.clock = Clock::Standing(day);
    jobs::run_waiting(&o.installation).unwrap();
    let all = remedies(o);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (all[0].requirement.as_str(), all[0].act.as_str(), all[0].state),
        ("R-02", "retrain", remedy::State::Draft)
    );
    (class, all[0].clone())
}

fn remedies(o: &Office) -> Vec<Remedy> {
    let all = "select row_id from remedy where requirement = 'R-02' order by row_id";
    let db = &o.installation.db;
    let ids = db.read(|tx| tx.rows(all, &[], |r| r.i64(0))).unwrap();
    ids.into_iter().map(|id| db.read(|tx| remedy::store::get(tx, id)).unwrap().unwrap()).collect()
}

fn confirm(b: &mut Browser, id: i64) -> (u16, String) {
    let page = format!("/remedies/{id}");
    let text = b.get(&page).text();
    let due = text.split(r#"name="due" value=""#).nth(1).unwrap_or_else(|| panic!("{text}")).split('"').next().unwrap();
    assert_eq!(due, "2025-08-10", "thirty days");
    let got = b.submit(&page, &format!("{page}/confirm"), &[("due", due), ("person", "P8"), ("reason", "不到八成")]);
    (got.status, got.led().1.to_owned())
}

db_test!(a_missed_class_is_held_again_with_a_second_form_and_closed_by_the_verdict, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-28");
    let (class, m) = missed(o);
    let inst = &o.installation;
    let mut unit = Browser::logged_in(inst, account(inst, "unit", Role::UnitAdmin, Some(2), None));
    let page = format!("/remedies/{}", m.id);
    assert!(!unit.get(&page).text().contains("/class"), "a draft has no force");
    assert_eq!(unit.get(&format!("{page}/class")).status, 409);
    assert_eq!(confirm(&mut unit, m.id), (303, format!("{page}?done=confirm")));

    // Whatever is tried by hand, it stays under way.
    unit.submit(&page, &format!("{page}/act"), &[("day", "2025-07-11"), ("text", "已经重训，请办结")]);
    for what in ["confirm", "drop", "close", "reopen", "withdraw"] {
        let fields = [("due", "2025-08-10"), ("person", "P8"), ("reason", "办结"), ("state", "closed")];
        let got = unit.submit(&page, &format!("{page}/{what}"), &fields);
        assert!([403, 404, 405, 409].contains(&got.status), "{what}: {}", got.status);
    }
    assert_eq!(remedies(o)[0].state, remedy::State::Active);

    // The class: everything known is there, what is wrong is told and what was typed stays.
    let form = format!("{page}/class");
    let text = unit.get(&form).text();
    assert!(text.contains("项目管理班（重训）") && text.contains("原班中本单位的10人"), "{text}");
    let send = |b: &mut Browser, title: &str, starts: &str, ends: &str, people: &str| {
        let fields = [("title", title), ("starts", starts), ("ends", ends), ("place", "三楼"), ("people", people)];
        b.submit(&form, &form, &fields)
    };
    for (title, starts, ends, people, told) in [
        ("", "2025-07-15", "2025-07-15", "all", "名称：请填写"),
        ("重训<b>", "2025-06-19", "2025-07-15", "all", "不早于原班结束之日2025年6月20日"),
        ("重训<b>", "某天", "2025-07-15", "all", "开始日期不是有效日期"),
        ("重训<b>", "2025-07-15", "2025-07-14", "all", "结束日期应在"),
        ("重训<b>", "2025-07-15", "2025-07-15", "x", "请选择一项"),
    ] {
        let got = send(&mut unit, title, starts, ends, people);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains(r#"value="三楼""#) && !got.text().contains("重训<b>"));
    }
    let got = send(&mut unit, "项目管理班（重训）", "2025-07-15", "2025-07-15", "all");
    assert_eq!(got.led(), (303, &*format!("{page}?done=class")));
    let again = db
        .read(|tx| tx.one("select record_id from l_activity where \"makes_up\" is not null", &[], |r| r.i64(0)))
        .unwrap()
        .unwrap();
    let text = unit.get(&page).text();
    assert!(text.contains("参训人员10人") && text.contains(&format!("/tests/new?activity={again}")), "{text}");
    // Somebody of another unit, and who may not record, arranges nothing.
    for role in [Role::Clerk, Role::Auditor] {
        let own = role.needs_unit().then_some(3);
        let mut b = Browser::logged_in(inst, account(inst, &format!("no{role:?}").to_lowercase(), role, own, None));
        assert!([403, 404].contains(&b.get(&form).status), "{role:?}");
    }

    // The second form.
    let new = format!("/tests/new?activity={again}");
    let text = unit.get(&new).text();
    assert!(text.contains("项目管理班测试（第一卷）") && text.contains("单选题,12,5"), "{text}");
    assert!(text.contains(r#"name="common" value="5""#), "a third, at least five: {text}");
    let arrange = |b: &mut Browser, first: &str, common: &str| {
        let fields = [
            ("title", "重训班测试"),
            ("activity", &again.to_string()),
            ("opens", "2025-07-16T09:00"),
            ("closes", "2025-07-16T11:00"),
            ("minutes", "60"),
            ("attempts", "1"),
            ("first", first),
            ("common", common),
            ("blueprint", BLUEPRINT),
        ];
        b.submit(&new, "/tests/new", &fields)
    };
    for (first, common, told) in [
        ("", "5", "请选择第二卷关联哪一场"),
        ("9", "5", "请选择第二卷"),
        ("1", "4", "共同题数应为5至12"),
        ("1", "x", "共同题数应为"),
    ] {
        let got = arrange(&mut unit, first, common);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    // By hand it is a second form only with enough of the first one's questions.
    let fields = [
        ("title", "重训班测试"),
        ("activity", &again.to_string()),
        ("opens", "2025-07-16T09:00"),
        ("closes", "2025-07-16T11:00"),
        ("minutes", "60"),
        ("attempts", "1"),
        ("first", "1"),
        ("blueprint", ""),
        ("list", "1, 5"),
    ];
    let got = unit.submit(&new, "/tests/new", &fields);
    assert!(got.status == 422 && got.read().contains("至少5道才能折算合格线"), "{}", got.read());
    assert_eq!(arrange(&mut unit, "1", "6").led(), (303, "/tests/2?done=make"));
    let (one, two) = db.read(|tx| Ok((test::get(tx, 1)?.unwrap(), test::get(tx, 2)?.unwrap()))).unwrap();
    let numbers = |t: &test::Test| t.items.iter().map(|i| i.number).collect::<BTreeSet<i64>>();
    assert_eq!(two.items.len(), 12);
    assert_eq!(numbers(&one).intersection(&numbers(&two)).count(), 6);
    assert_eq!(unit.submit("/tests/2", "/tests/2/publish", &[("from", "class")]).led(), (303, "/tests/2?done=publish"));
    sit(o, 2, 1);
    o.installation.clock = Clock::Standing(Day::parse("2025-07-17").unwrap());
    jobs::run_waiting(&o.installation).unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    let two = db.read(|tx| test::get(tx, 2)).unwrap().unwrap();
    assert_eq!((two.state, two.line), (State::Closed, None));
    assert!(two.line_note.starts_with("试行：每题要有200人作答才能折算，第一卷10人，本卷10人"), "{}", two.line_note);
    // The results may still be put right until the fifteen days of that class are over.
    assert_eq!(remedies(o)[0].state, remedy::State::Active);
    o.installation.clock = Clock::Standing(Day::parse("2025-07-31").unwrap());
    jobs::run_waiting(&o.installation).unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    let late = "select late from verdict where requirement = 'R-02' and subject = $1 and closed = 0";
    assert_eq!(db.read(|tx| tx.one(late, &[class.into()], |r| r.i64(0))).unwrap(), Some(1), "made good");
    let m = remedies(o).remove(0);
    assert_eq!((m.state, remedies(o).len()), (remedy::State::Closed, 1));
    o.agree("after the loop");
    let mut unit =
        Browser::logged_in(&o.installation, account(&o.installation, "unit", Role::UnitAdmin, Some(2), None));
    let text = unit.get(&page).read();
    assert!(text.contains("已随判定办结") && text.contains("成绩已登记"), "{text}");
    assert!(text.contains("（第二卷）已结束") && text.contains("合格率90.0%，达标，本措施随判定办结"), "{text}");
    let text = unit.get("/tests/2").read();
    assert!(text.contains("共同题6道") && text.contains("试行"), "{text}");
});

/// A class held again for another, tested with a second form on a day, of which the last `failing` persons have all wrong.
fn again(o: &Office, missed: i64, first: i64, on: &str, failing: usize) -> i64 {
    let (inst, starts) = (o.installation.clone(), Day::parse(on).unwrap());
    let db = &o.installation.db;
    let (class, id) = db
        .write(move |tx| {
            let by = By { name: "周敏".into(), account: None, scope: Scope::All };
            let current = inst.current_in_write(tx)?;
            let of = Missed { class: missed, unit: 2 };
            let (persons, _) = class::again::persons(tx, &current, of, starts)?;
            let plan = Plan { title: format!("重训{starts}"), starts, ends: starts, place: String::new(), persons };
            let (class, _) = class::again::record(tx, &inst, &by, of, &plan)?;
            let chosen = choose(&wanted(), &bank::current(tx, None)?, first as u64).unwrap();
            let opens = at(&starts.plus(1).to_string());
            let id = test::make(tx, &actor(opens), &rules("重训测试", Some(class), opens), &test::items(&chosen))?;
            test::set_origin(tx, id, &Origin { first: Some(first), blueprint: BLUEPRINT.into() })?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_class(tx, &current, class, starts)?;
            test::publish(tx, &actor(opens), id, &listed, opens - 1)?;
            Ok((class, id))
        })
        .unwrap();
    sit(o, id, failing);
    class
}

db_test!(a_class_held_again_twice_closes_both_consequences, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-28");
    let (first, m) = missed(o);
    let mut unit =
        Browser::logged_in(&o.installation, account(&o.installation, "unit", Role::UnitAdmin, Some(2), None));
    confirm(&mut unit, m.id);
    // The first time again it is missed: that is a matter of its own, and the first is not closed by it.
    let second = again(o, first, 1, "2025-07-15", 3);
    for day in ["2025-07-17", "2025-08-08"] {
        o.installation.clock = Clock::Standing(Day::parse(day).unwrap());
        jobs::run_waiting(&o.installation).unwrap();
        jobs::run_waiting(&o.installation).unwrap();
    }
    let all = remedies(o);
    assert_eq!(all.iter().map(|m| m.state).collect::<Vec<_>>(), [remedy::State::Active, remedy::State::Draft]);
    assert_eq!(all[1].subject.first(), Some(&second));
    let page = |o: &Office| {
        let unit =
            account(&o.installation, &format!("u{}", o.installation.clock.now().day), Role::UnitAdmin, Some(2), None);
        Browser::logged_in(&o.installation, unit).get(&format!("/remedies/{}", m.id)).read()
    };
    let text = page(o);
    assert!(text.contains("合格率70.0%，未达标，要再次重新组织培训，本措施不办结"), "{text}");
    let mut unit =
        Browser::logged_in(&o.installation, account(&o.installation, "unit2", Role::UnitAdmin, Some(2), None));
    let at = format!("/remedies/{}", all[1].id);
    let due = [("due", "2025-09-05"), ("person", "P8"), ("reason", "又不到八成")];
    let got = unit.submit(&at, &format!("{at}/confirm"), &due);
    assert_eq!(got.led().0, 303, "{}", got.read());
    // The second time all pass.
    again(o, second, 2, "2025-08-20", 0);
    for day in ["2025-08-22", "2025-09-08"] {
        o.installation.clock = Clock::Standing(Day::parse(day).unwrap());
        jobs::run_waiting(&o.installation).unwrap();
        jobs::run_waiting(&o.installation).unwrap();
    }
    let states: Vec<_> = remedies(o).iter().map(|m| m.state).collect();
    assert_eq!(states, [remedy::State::Closed, remedy::State::Closed], "both are made good");
    o.agree("after two rounds");
    let text = page(o);
    assert!(
        text.contains("合格率70.0%，未达标，后已补上") && text.contains("合格率100.0%，达标，本措施随判定办结"),
        "{text}"
    );
    assert!(text.contains("重训测试（第二卷）已结束，成绩已登记"), "{text}");
});

db_test!(a_class_has_one_test_and_nobody_types_over_what_it_found, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-28");
    let (class, remedy) = missed(o);
    // Another test of the same class would write its own results, and be sat until it is passed.
    let again = db.write(move |tx| {
        let chosen = choose(&wanted(), &bank::current(tx, None)?, 11).unwrap();
        let opens = at("2025-07-14");
        let id = test::make(tx, &actor(opens), &rules("再考", Some(class), opens), &test::items(&chosen))?;
        let listed = roll::of_test(tx, 1)?;
        test::publish(tx, &actor(opens), id, &listed, opens - 1)
    });
    let why = again.unwrap_err().to_string();
    assert!(why.contains("由考试“项目管理班测试”登记，一个班只能有一场"), "{why}");
    let mut b = Browser::of(&o.installation, Role::Personnel);
    let sql = "select record_id, \"score\", \"person\", \"day\" from l_attendance where voided_at is null \
               and \"sat\" = '已考' order by record_id";
    let read = |db: &Db| {
        db.read(|tx| tx.one(sql, &[], |r| Ok((r.i64(0)?, r.i64(1)?, r.i64(2)?, r.text(3)?.to_owned()))))
            .unwrap()
            .unwrap()
    };
    let (record, score, who, day) = read(db);
    let page = format!("/ledgers/attendance/{record}/correct");
    let (class, who) = (class.to_string(), who.to_string());
    let fields = [
        ("i.f.activity", class.as_str()),
        ("i.f.person", &who),
        ("f.day", &day),
        ("f.sat", "已考"),
        ("f.score", "12"),
        ("reason", "录错"),
    ];
    let open = b.get(&page);
    let got = send(&mut b, &open, &page, &fields);
    assert!(got.status == 422 && got.read().contains("成绩由考试“项目管理班测试”登记，不能另外填写"), "{}", got.read());
    assert_eq!(read(db).1, score);
    // What the test does not know may be put right as before.
    let told = written(score);
    let noted = fields.map(|(k, v)| if k == "f.score" { (k, told.as_str()) } else { (k, v) });
    let open = b.get(&page);
    let got = send(&mut b, &open, &page, &[&noted[..], &[("f.remark", "补录请假条")]].concat());
    assert_eq!(got.status, 303, "{}", got.read());
    let void = format!("/ledgers/attendance/{record}/void");
    let asked = b.get(&void);
    let got = send(&mut b, &asked, &void, &[("record", &hidden(&asked, "record")), ("reason", "不及格")]);
    assert!(got.status == 409 && got.read().contains("由考试“项目管理班测试”登记，不能作废"), "{}", got.read());
    // What the directive gives is the latest day, and the unit does not drop what it has missed itself.
    let mut b = Browser::of(&o.installation, Role::Office);
    let at = format!("/remedies/{}", remedy.id);
    let late = [("due", "2026-07-01"), ("person", "P1"), ("reason", "从宽")];
    let got = b.submit(&at, &format!("{at}/confirm"), &late);
    assert!(got.status == 422 && got.read().contains("（文件规定的期限）"), "{}", got.read());
    assert!(!dongliang::auth::Permission::DropRemedies.of(Role::UnitAdmin));
});

db_test!(what_is_not_held_again_in_time_is_told_to_the_office_once, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-28");
    let (_, m) = missed(o);
    let mut unit =
        Browser::logged_in(&o.installation, account(&o.installation, "unit", Role::UnitAdmin, Some(2), None));
    confirm(&mut unit, m.id);
    for day in ["2025-08-10", "2025-08-11", "2025-08-12"] {
        o.installation.clock = Clock::Standing(Day::parse(day).unwrap());
        jobs::run_waiting(&o.installation).unwrap();
        assert_eq!(remedies(o)[0].escalated.is_some(), day != "2025-08-10", "{day}");
    }
    let told = db.read(|tx| remedy::store::history(tx, m.id)).unwrap();
    assert_eq!(told.iter().filter(|t| t.kind == "escalate").count(), 1);
    let mut office = Browser::of(&o.installation, Role::Office);
    let text = office.get(&format!("/remedies/{}", m.id)).read();
    assert!(text.contains("已上报领导小组办公室") && text.contains("登记重训班"), "{text}");
});
