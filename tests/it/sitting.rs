//! Sitting a test: begun, answered, taken over, handed in; by the clock; closed, and the results those of the class.

use std::sync::Arc;

use dongliang::{
    auth::account::Refused,
    clock::start_of_day,
    day::Day,
    db::{Db, Value},
    db_test,
    exam::{
        attempt::{self, NotTaken, Said, Sat, Sitter},
        close,
        marking::{self, Cause, Marks, Why},
        roll::{self, Listed},
        score::{takes_options, written},
        test::{self, Item, MINUTE, Rules, State},
        withdrawn,
    },
    jobs,
    questions::{Answer, Kind, Question, Weight, bank},
    scope::{Actor, Scope},
};

use crate::incremental::Office;

/// Nine in the morning of the day of the test, µs.
pub(crate) fn nine() -> i64 {
    start_of_day(Day::parse("2025-06-27").unwrap()) + 9 * 60 * MINUTE
}

pub(crate) fn actor() -> Actor {
    Actor { name: "周敏".into(), account: None, at: nine() }
}

fn question(kind: Kind, stem: &str, answers: Vec<Answer>) -> Question {
    Question { source: "二（一）二".into(), topic: "学".into(), ..Question::new(kind, stem, answers) }
}

fn w(text: &str) -> Weight {
    Weight::parse(text).unwrap()
}

/// Five questions of all kinds, 20 marks each, in the bank.
pub(crate) fn paper(o: &Office, short: bool) -> Vec<Item> {
    let mut all = vec![
        question(
            Kind::Single,
            "选一",
            vec![Answer::new("对的", w("100")), Answer::new("错的", w("0")), Answer::new("半对", w("50"))],
        ),
        question(
            Kind::Multiple,
            "选几个",
            vec![Answer::new("甲", w("50")), Answer::new("乙", w("50")), Answer::new("丙", w("-100"))],
        ),
        question(Kind::TrueFalse, "是不是", vec![Answer::new("对", w("100")), Answer::new("错", w("0"))]),
        question(Kind::Fill, "填____", vec![Answer::new("GDP", w("100"))]),
    ];
    all.push(match short {
        true => question(Kind::Short, "述", vec![]),
        false => question(Kind::Fill, "再填____", vec![Answer::new("十五", w("100"))]),
    });
    let numbers = o.installation.db.write(move |tx| bank::add(tx, &actor(), &all, "题.gift")).unwrap();
    numbers.iter().map(|n| Item { number: *n, version: 1, marks: 200 }).collect()
}

pub(crate) fn rules(activity: Option<i64>) -> Rules {
    Rules {
        title: "专题班闭卷测试".into(),
        activity,
        unit: 1,
        opens: nine(),
        closes: nine() + 120 * MINUTE,
        minutes: 60,
        attempts: 1,
        review: nine() + 120 * MINUTE,
    }
}

/// A class whose participants are persons 3 to 7, of whom 7 is excused.
pub(crate) fn class(o: &Office) -> i64 {
    let text = |t: &str| Value::from(t);
    let class = o.add(
        "activity",
        Some(1),
        &[
            ("kind", text("专业培训")),
            ("title", text("专题班")),
            ("starts", text("2025-06-20")),
            ("ends", text("2025-06-20")),
            ("closed_book", Value::I64(1)),
        ],
    );
    for person in 3..=7_i64 {
        let excused = person == 7;
        let mut fields = vec![("activity", class.into()), ("person", person.into()), ("day", text("2025-06-20"))];
        fields.push(("present", text("出席")));
        if excused {
            fields.extend([("sat", text("因故免考")), ("excuse", text("病假"))]);
        }
        o.add("attendance", None, &fields);
    }
    class
}

/// A published test of the class.
pub(crate) fn published(o: &Office, short: bool) -> Arc<Sat> {
    let (class, items) = (class(o), paper(o, short));
    let inst = o.installation.clone();
    let id = o
        .installation
        .db
        .write(move |tx| {
            let id = test::make(tx, &actor(), &rules(Some(class)), &items)?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_class(tx, &current, class, Day::parse("2025-06-27").unwrap())?;
            test::publish(tx, &actor(), id, &listed, nine() - 1)?;
            Ok(id)
        })
        .unwrap();
    Arc::new(o.installation.db.read(|tx| close::sat(tx, id)).unwrap().unwrap())
}

pub(crate) fn sitter(person: i64) -> Sitter {
    Sitter { person, seat: 10 + person }
}

pub(crate) fn begin(o: &Office, sat: &Arc<Sat>, of: Sitter, now: i64) -> Result<attempt::Attempt, NotTaken> {
    let sat = Arc::clone(sat);
    o.installation.db.write(move |tx| attempt::begin(tx, &sat, of, 5, now)).map_err(|e| e.downcast().unwrap())
}

pub(crate) fn save(o: &Office, sat: &Arc<Sat>, of: Sitter, said: &Said, now: i64) -> Result<(), NotTaken> {
    let (sat, said) = (Arc::clone(sat), said.clone());
    o.installation.db.write(move |tx| attempt::save(tx, &sat, of, &said, now)).map_err(|e| e.downcast().unwrap())
}

pub(crate) fn hand_in(o: &Office, sat: &Arc<Sat>, of: Sitter, now: i64) -> Result<(), NotTaken> {
    let sat = Arc::clone(sat);
    o.installation.db.write(move |tx| attempt::hand_in(tx, &actor(), &sat, of, now)).map_err(|e| e.downcast().unwrap())
}

pub(crate) fn said(place: usize, values: &[&str], sequence: i64) -> Said {
    Said { place, values: values.iter().map(|v| (*v).to_owned()).collect(), flagged: false, sequence }
}

/// Answers everything as a question's place in the paper says, whatever the order of this attempt.
pub(crate) fn answer_all(o: &Office, sat: &Arc<Sat>, of: Sitter, by: &dyn Fn(usize) -> Vec<&'static str>) {
    let a = o.installation.db.read(|tx| attempt::last(tx, sat.test.id, of.person)).unwrap().unwrap();
    for (i, asked) in a.asked.iter().enumerate() {
        let meant = by(asked.question);
        let q = &sat.paper[asked.question].question;
        let values: Vec<String> = match takes_options(q.kind) {
            false => meant.iter().map(|t| (*t).to_owned()).collect(),
            true => {
                let letter = |t: &&str| {
                    let shown = asked.options.iter().position(|o| q.answers[*o].text == *t).unwrap();
                    char::from(b'A' + shown as u8).to_string()
                };
                meant.iter().map(letter).collect()
            }
        };
        let said = Said { place: i + 1, values, flagged: false, sequence: 1 };
        save(o, sat, of, &said, nine() + MINUTE).unwrap();
    }
}

pub(crate) fn right(place: usize) -> Vec<&'static str> {
    [vec!["对的"], vec!["甲", "乙"], vec!["对"], vec!["ｇｄｐ"], vec!["十五"]][place].clone()
}

pub(crate) fn last(o: &Office, sat: &Sat, person: i64) -> attempt::Attempt {
    o.installation.db.read(|tx| attempt::last(tx, sat.test.id, person)).unwrap().unwrap()
}

db_test!(answers_are_saved_once_in_order_and_by_one_session, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    let (me, now) = (sitter(3), nine() + MINUTE);
    assert_eq!(begin(o, &sat, me, nine() - 1).unwrap_err(), NotTaken::Early(nine()));
    assert_eq!(begin(o, &sat, sitter(7), now).unwrap_err(), NotTaken::Excused("病假".into()));
    assert_eq!(begin(o, &sat, sitter(1), now).unwrap_err(), NotTaken::NotListed);
    assert_eq!(save(o, &sat, me, &said(1, &["A"], 1), now).unwrap_err(), NotTaken::NotBegun);
    let begun = begin(o, &sat, me, now).unwrap();
    assert_eq!((begun.number, begun.due), (1, now + 60 * MINUTE));
    assert_eq!(begin(o, &sat, me, now + 5).unwrap(), begun, "once more gives the same");
    let place = begun.asked.iter().position(|a| a.question == 0).unwrap() + 1;

    save(o, &sat, me, &said(place, &["A"], 1), now).unwrap();
    save(o, &sat, me, &said(place, &["A"], 1), now).unwrap();
    assert_eq!(save(o, &sat, me, &said(place, &["B"], 1), now).unwrap_err(), NotTaken::Superseded, "a second window");
    save(o, &sat, me, &said(place, &["B"], 2), now).unwrap();
    assert_eq!(save(o, &sat, me, &said(place, &["A"], 1), now).unwrap_err(), NotTaken::Superseded, "a late one");
    let stands = o.installation.db.read(|tx| attempt::answers(tx, begun.id)).unwrap();
    assert_eq!((stands.len(), stands[0].sequence), (1, 2));
    assert_eq!(stands[0].answer, begun.asked[place - 1].options[1].to_string());
    for bad in [said(0, &["A"], 1), said(6, &["A"], 1)] {
        assert_eq!(save(o, &sat, me, &bad, now).unwrap_err(), NotTaken::NoSuchQuestion);
    }
    assert!(matches!(save(o, &sat, me, &said(place, &["A", "B"], 3), now).unwrap_err(), NotTaken::Unreadable(_)));

    // Another device: nothing until it takes over, then nothing from the first.
    let other = Sitter { seat: 99, ..me };
    assert_eq!(begin(o, &sat, other, now).unwrap_err(), NotTaken::Elsewhere);
    assert_eq!(save(o, &sat, other, &said(place, &["C"], 3), now).unwrap_err(), NotTaken::Elsewhere);
    let taken = Arc::clone(&sat);
    o.installation.db.write(move |tx| attempt::take_over(tx, &actor(), &taken, other, now)).unwrap();
    save(o, &sat, other, &said(place, &["C"], 3), now).unwrap();
    assert_eq!(save(o, &sat, me, &said(place, &["A"], 4), now).unwrap_err(), NotTaken::Elsewhere);

    hand_in(o, &sat, other, now + MINUTE).unwrap();
    hand_in(o, &sat, other, now + 2 * MINUTE).unwrap();
    assert_eq!(last(o, &sat, 3).ended, Some(now + MINUTE), "once");
    assert_eq!(save(o, &sat, other, &said(place, &["A"], 9), now).unwrap_err(), NotTaken::Ended(now + MINUTE));
    assert_eq!(begin(o, &sat, other, now).unwrap_err(), NotTaken::NoMore);
});

db_test!(the_servers_clock_rules_and_the_results_are_the_classs, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    // Somebody has half an hour besides, from before he begins.
    let extra = |person: i64, extra: i64| {
        let (test, one) = (sat.test.clone(), Listed { person, organ: None, extra, excused: None });
        o.installation.db.write(move |tx| roll::set(tx, &actor(), &test, &one))
    };
    extra(4, 30).unwrap();
    let now = nine() + MINUTE;
    for person in [3, 4, 5] {
        begin(o, &sat, sitter(person), now).unwrap();
    }
    assert!(extra(3, 10).unwrap_err().downcast::<Refused>().is_ok(), "has begun");
    assert_eq!(last(o, &sat, 4).due, now + 90 * MINUTE);
    answer_all(o, &sat, sitter(3), &right);
    answer_all(o, &sat, sitter(4), &|place| if place < 2 { vec![] } else { right(place) });
    hand_in(o, &sat, sitter(3), now + MINUTE).unwrap();
    hand_in(o, &sat, sitter(4), now + 80 * MINUTE).unwrap();
    assert_eq!(written(last(o, &sat, 3).score.unwrap()), "100");
    assert_eq!(written(last(o, &sat, 4).score.unwrap()), "60");
    // 5 was sent in time and arrives a little late; then it is over.
    let due = now + 60 * MINUTE;
    let place = last(o, &sat, 5).asked.iter().position(|a| a.question == 3).unwrap() + 1;
    save(o, &sat, sitter(5), &said(place, &["GDP"], 1), due + 4_000_000).unwrap();
    assert_eq!(save(o, &sat, sitter(5), &said(place, &["x"], 2), due + 6_000_000).unwrap_err(), NotTaken::Late(due));
    assert_eq!(begin(o, &sat, sitter(6), nine() + 121 * MINUTE).unwrap_err(), NotTaken::Over(nine() + 120 * MINUTE));

    // Two days later it is all over: 5 handed in by the clock, 6 absent, 7 excused; and the pass rate is judged.
    jobs::run_waiting(&o.installation).unwrap();
    let five = last(o, &sat, 5);
    assert_eq!((five.ended, five.by_clock, five.score.map(written)), (Some(due), true, Some("20".into())));
    let test = db.read(|tx| test::get(tx, sat.test.id)).unwrap().unwrap();
    assert_eq!(test.state, State::Closed);
    let sql = "select \"person\", \"sat\", \"score\", \"day\", \"present\" from l_attendance where voided_at is null order by \"person\"";
    let rows = db
        .read(|tx| {
            tx.rows(sql, &[], |r| {
                let text = |i| Ok::<_, anyhow::Error>(r.opt_text(i)?.unwrap_or_default().to_owned());
                Ok((r.i64(0)?, text(1)?, r.opt_i64(2)?, text(3)?, text(4)?))
            })
        })
        .unwrap();
    let there = || "出席".to_owned();
    let on = |d: &str| d.to_owned();
    assert_eq!(
        rows,
        [
            (3, "已考".into(), Some(1_000_000), on("2025-06-27"), there()),
            (4, "已考".into(), Some(600_000), on("2025-06-27"), there()),
            (5, "已考".into(), Some(200_000), on("2025-06-27"), there()),
            (6, "缺考".into(), None, on("2025-06-20"), there()),
            (7, "因故免考".into(), None, on("2025-06-20"), there()),
        ]
    );
    let verdicts = "select state from verdict where requirement = 'R-02' and closed = 0";
    let states = db.read(|tx| tx.rows(verdicts, &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(!states.is_empty(), "R-02 is judged");
    o.agree("after the results");
    jobs::run_waiting(&o.installation).unwrap();
    let revisions = "select count(*) from l_attendance";
    assert_eq!(db.read(|tx| tx.one(revisions, &[], |r| r.i64(0))).unwrap(), Some(9), "four corrected, once");
});

db_test!(a_question_that_is_withdrawn_counts_for_nobody_and_both_scores_stay, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, true);
    let now = nine() + MINUTE;
    for person in [3, 4] {
        begin(o, &sat, sitter(person), now).unwrap();
    }
    answer_all(o, &sat, sitter(3), &|place| if place == 4 { vec!["因为如此"] } else { right(place) });
    answer_all(o, &sat, sitter(4), &|_| vec![]);
    for person in [3, 4] {
        hand_in(o, &sat, sitter(person), now + MINUTE).unwrap();
    }
    assert_eq!((last(o, &sat, 3).score, last(o, &sat, 4).score), (None, Some(0)), "one waits for who marks");
    assert_eq!(db.read(|tx| marking::to_mark(tx, Some(3), (sat.test.id, 4), 10)).unwrap().1, 0, "others mark his own");
    let (waits, n) = db.read(|tx| marking::to_mark(tx, None, (sat.test.id, 4), 10)).unwrap();
    assert_eq!((waits.len(), n, waits[0].answer.as_str()), (1, 1, "因为如此"));
    let mark = |marks: i64| {
        let (sat, attempt) = (Arc::clone(&sat), waits[0].attempt);
        db.write(move |tx| {
            marking::mark(tx, (&actor(), None), &sat, (attempt, 4), Marks { given: marks, over: None, reason: "" })
        })
    };
    assert!(mark(200_001).is_err() && mark(-1).is_err());
    let (own, attempt) = (Arc::clone(&sat), waits[0].attempt);
    let own = db.write(move |tx| {
        marking::mark(tx, (&actor(), Some(3)), &own, (attempt, 4), Marks { given: 150_000, over: None, reason: "" })
    });
    assert!(own.unwrap_err().to_string().contains("请由别人评阅"));
    mark(150_000).unwrap();
    assert_eq!(last(o, &sat, 3).score.map(written), Some("95".into()));
    let (test, again) = (sat.test.clone(), Arc::clone(&sat));
    let withdraw = move |tx: &mut dongliang::db::Tx<'_>| {
        let (actor, reason) = (actor(), "题干有歧义");
        withdrawn::withdraw(tx, (&actor, &Scope::All), &test, 0, reason)?;
        marking::score_again(tx, &again, &Cause { actor: &actor, why: Why::Out, place: 0, reason })
    };
    assert_eq!(db.write(withdraw).unwrap(), 1, "3 had it right already");
    let four = last(o, &sat, 4);
    assert_eq!((four.score.map(written), four.earlier.map(written)), (Some("20".into()), Some("0".into())));
    let (test, place) = (sat.test.clone(), 0);
    let twice = db.write(move |tx| withdrawn::withdraw(tx, (&actor(), &Scope::All), &test, place, "又"));
    assert!(twice.unwrap_err().downcast::<Refused>().is_ok());
});

db_test!(what_is_published_is_frozen_and_what_is_wrong_is_told, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let items = paper(o, false);
    for (change, told) in [
        ((|r: &mut Rules| r.minutes = 0) as fn(&mut Rules), "时长应为"),
        (|r| r.closes = r.opens, "截止时间应晚于开放时间2025年6月27日 09:00"),
        (|r| r.closes = r.opens + 30 * MINUTE, "不足一次作答的时长"),
        (|r| r.attempts = 4, "次数应为"),
        (|r| r.review = r.closes - 1, "错题公布时间应不早于"),
        (|r| r.title = "长".repeat(61), "名称"),
    ] {
        let mut rules = rules(None);
        change(&mut rules);
        let items = items.clone();
        let Refused(why) =
            db.write(move |tx| test::make(tx, &actor(), &rules, &items)).unwrap_err().downcast().unwrap();
        assert!(why.contains(told), "{why}");
    }
    let make = move |items: Vec<Item>| db.write(move |tx| test::make(tx, &actor(), &rules(None), &items)).unwrap();
    let publish =
        |id: i64, listed: Vec<Listed>, now: i64| db.write(move |tx| test::publish(tx, &actor(), id, &listed, now));
    let one = || vec![Listed { person: 3, organ: Some(2), extra: 0, excused: None }];
    let empty = make(vec![]);
    assert!(publish(empty, one(), nine()).is_err(), "no questions");
    let id = make(items);
    assert!(publish(id, vec![], nine()).is_err() && publish(id, one(), nine() + 200 * MINUTE).is_err());
    publish(id, one(), nine()).unwrap();
    assert!(publish(id, one(), nine()).is_err(), "once");
    assert!(db.write(move |tx| test::drop(tx, &actor(), id)).is_err());
    db.write(move |tx| test::drop(tx, &actor(), empty)).unwrap();
    let kinds = "select count(*) from audit_entry where kind = 'test'";
    assert_eq!(db.read(|tx| tx.one(kinds, &[], |r| r.i64(0))).unwrap(), Some(4), "made twice, published, dropped");
});
