//! Consequences: drafted once, confirmed or dropped by persons, closed by verdicts alone, told to the office once.

use dongliang::{
    auth::{Role, account::Refused},
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    jobs,
    ledger::NewRow,
    remedy::{
        Remedy, State,
        decide::{self, Word},
        patrol, store,
    },
    scope::Actor,
    verdict::rejudge,
};

use crate::{
    visit::Browser,
    web_lists::{office, put},
};

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The small office with everything judged and drafted: of two pairs both missed September.
pub(crate) fn drafted(db: &Db) -> Installation {
    let o = office(db);
    rejudge::run(&o, None, &mut |_, _| {}).unwrap();
    patrol::run(&o).unwrap();
    o
}

pub(crate) fn get(o: &Installation, id: i64) -> Remedy {
    o.db.read(|tx| store::get(tx, id)).unwrap().unwrap()
}

fn kinds(o: &Installation, id: i64) -> Vec<String> {
    o.db.read(|tx| store::history(tx, id)).unwrap().into_iter().map(|t| t.kind).collect()
}

fn actor(o: &Installation) -> Actor {
    Actor { name: "周敏".into(), account: None, at: o.clock.now().instant }
}

pub(crate) fn say(o: &Installation, id: i64, word: &Word) -> anyhow::Result<()> {
    let (actor, word) = (actor(o), word.clone());
    o.db.write(move |tx| decide::say(tx, &actor, id, &word))
}

pub(crate) fn confirm(due: &str) -> Word {
    Word::Confirm { due: day(due), person: 2, reason: "应当补记".into() }
}

/// A confirmed guidance of a pair.
pub(crate) fn guide(o: &Installation, code: &str, pair: i64, on: &str) -> i64 {
    let filled: [(&str, Value); 5] = [
        ("pair", pair.into()),
        ("day", on.into()),
        ("content", format!("指导{code}").into()),
        ("confirmed", on.into()),
        ("way", "面谈".into()),
    ];
    put(o, "guidance", code, None, &filled)
}

db_test!(a_missed_month_is_drafted_once_and_a_mended_one_withdrawn, |db: &Db| {
    let o = &drafted(db);
    let all = || o.db.read(|tx| tx.rows("select row_id from remedy order by row_id", &[], |r| r.i64(0))).unwrap();
    assert_eq!(all(), [1, 2], "the month that shut last, not all that were missed since January");
    assert_eq!(
        (get(o, 1).window.as_str(), get(o, 1).act.as_str(), get(o, 1).state),
        ("2025-09", "remind", State::Draft)
    );
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    assert_eq!(patrol::run(o).unwrap() + patrol::run(o).unwrap(), 0, "nothing is drafted twice");
    guide(o, "N1", 1, "2025-09-02");
    jobs::run_waiting(o).unwrap();
    assert_eq!(get(o, 1).state, State::Draft, "one of two");
    let second = guide(o, "N2", 1, "2025-09-03");
    jobs::run_waiting(o).unwrap();
    assert_eq!((get(o, 1).state, get(o, 2).state), (State::Withdrawn, State::Draft));
    assert!(say(o, 1, &confirm("2025-10-30")).unwrap_err().to_string().contains("自动撤销"));
    facts::void(o, "周敏", "guidance", (second, 1), "重复").unwrap();
    jobs::run_waiting(o).unwrap();
    assert_eq!(kinds(o, 1), ["draft", "withdraw", "draft"]);
    assert_eq!(all(), [1, 2]);
});

db_test!(drafts_wait_some_workdays, |db: &Db| {
    let mut o = office(db);
    // Tuesday 30 September is the last day; three workdays later is Friday 3 October.
    for (on, window) in [("2025-10-01", "2025-08"), ("2025-10-02", "2025-08"), ("2025-10-03", "2025-09")] {
        o.clock = Clock::Standing(day(on));
        rejudge::run(&o, None, &mut |_, _| {}).unwrap();
        patrol::run(&o).unwrap();
        let last = o.db.read(|tx| tx.one("select max(window_label) from remedy", &[], |r| Ok(r.text(0)?.to_owned())));
        assert_eq!(last.unwrap().as_deref(), Some(window), "{on}");
    }
});

db_test!(it_is_closed_by_the_verdict_opens_again_and_is_told_once, |db: &Db| {
    let mut o = drafted(db);
    say(&o, 1, &confirm("2025-10-24")).unwrap();
    for word in [confirm("2025-10-24"), Word::Drop { reason: "不必".into() }] {
        assert!(say(&o, 1, &word).unwrap_err().downcast::<Refused>().is_ok(), "decided already");
    }
    // What a person says was done closes nothing.
    say(&o, 1, &Word::Act { day: day("2025-10-20"), text: "已谈".into() }).unwrap();
    jobs::run_waiting(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Active);
    for on in ["2025-10-24", "2025-10-25", "2025-10-26"] {
        o.clock = Clock::Standing(day(on));
        jobs::run_waiting(&o).unwrap();
    }
    assert!(get(&o, 1).escalated.is_some() && get(&o, 1).overdue(day("2025-10-25")));
    let told = |o: &Installation| kinds(o, 1).iter().filter(|k| *k == "escalate").count();
    assert_eq!(told(&o), 1);
    guide(&o, "N1", 1, "2025-09-02");
    let second = guide(&o, "N2", 1, "2025-09-03");
    jobs::run_waiting(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Closed);
    assert!(say(&o, 1, &Word::Act { day: day("2025-10-26"), text: "又谈".into() }).is_err());
    facts::void(&o, "周敏", "guidance", (second, 1), "日期有误").unwrap();
    jobs::run_waiting(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Active);
    assert_eq!((get(&o, 1).due, get(&o, 1).acted), (Some(day("2025-10-31")), None), "five workdays anew");
    let late = |o: &Installation| {
        let mut b = Browser::of(o, Role::Office);
        (b.get("/todo").read().contains("超期上报（1）"), b.get("/remedies?escalated=1").read().contains("超期已上报1"))
    };
    assert_eq!(late(&o), (false, false), "it has a new last day");
    o.clock = Clock::Standing(day("2025-11-05"));
    jobs::run_waiting(&o).unwrap();
    assert_eq!(told(&o), 1, "once, whatever came between");
    assert_eq!(late(&o), (true, true));
    assert_eq!(kinds(&o, 1), ["draft", "confirm", "act", "escalate", "close", "reopen"]);
});

db_test!(a_month_that_cannot_be_mended_is_closed_by_a_later_one_once_something_was_done, |db: &Db| {
    let mut o = drafted(db);
    for id in [1, 2] {
        say(&o, id, &confirm("2025-10-24")).unwrap();
    }
    say(&o, 1, &Word::Act { day: day("2025-10-20"), text: "已商定每月两次".into() }).unwrap();
    for (n, pair) in [1, 1, 2, 2].into_iter().enumerate() {
        guide(&o, &format!("N{n}"), pair, &format!("2025-10-{}", 13 + n));
    }
    jobs::run_waiting(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Active, "October is not over");
    o.clock = Clock::Standing(day("2025-11-03"));
    // Who does more besides is not closed later for it.
    say(&o, 1, &Word::Act { day: day("2025-11-02"), text: "又谈".into() }).unwrap();
    jobs::run_waiting(&o).unwrap();
    assert_eq!(
        (get(&o, 1).state, get(&o, 2).state),
        (State::Closed, State::Active),
        "nothing was done about the other"
    );
    let last = o.db.read(|tx| store::history(tx, 1)).unwrap().pop().unwrap();
    assert_eq!((last.actor.as_str(), last.text.as_str()), ("程序", "已采取措施，其后一期达标"));
});

db_test!(what_is_gone_is_closed_and_what_was_dropped_stays, |db: &Db| {
    let o = &drafted(db);
    say(o, 1, &confirm("2025-10-24")).unwrap();
    say(o, 2, &Word::Drop { reason: "当月在外学习".into() }).unwrap();
    guide(o, "N1", 2, "2025-09-02");
    let ended = |id: i64, revision: i64, mentor: i64, mentee: i64| {
        let values: Vec<Value> =
            o.db.read(|tx| {
                let current = o.current(tx)?;
                let l = &current.engine.layout.ledgers[current.engine.layout.index("mentor_pair").unwrap()];
                let mut values = vec![Value::Null; l.fields.len()];
                for (f, v) in
                    [("mentor", mentor.into()), ("mentee", mentee.into()), ("starts", Value::from("2025-10-01"))]
                {
                    values[l.field_index(f).unwrap()] = v;
                }
                Ok(values)
            })
            .unwrap();
        facts::correct(
            o,
            "周敏",
            "mentor_pair",
            (id, revision),
            NewRow { code: None, unit: Some(3), values },
            "日期有误",
        )
        .unwrap();
    };
    ended(1, 1, 2, 3);
    ended(2, 1, 1, 2);
    jobs::run_waiting(o).unwrap();
    assert_eq!((get(o, 1).state, get(o, 2).state), (State::Closed, State::Dropped));
    let last = o.db.read(|tx| store::history(tx, 1)).unwrap().pop().unwrap();
    assert!(last.text.contains("已更正或作废"), "{}", last.text);
});

db_test!(no_order_of_events_closes_by_hand_or_tells_twice, |db: &Db| {
    let mut o = drafted(db);
    let mut dice: u64 = 0x2545_F491_4F6C_DD1D;
    let mut roll = move |n: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % n
    };
    let (mut recorded, mut today): (Vec<i64>, Day) = (Vec::new(), day("2025-10-20"));
    for n in 0..60 {
        let id = 1 + roll(2) as i64;
        let before = get(&o, id).state;
        match roll(7) {
            0 => drop(say(&o, id, &confirm(&today.plus(2).to_string()))),
            1 => drop(say(&o, id, &Word::Act { day: today, text: format!("第{n}次") })),
            2 if roll(6) == 0 => drop(say(&o, id, &Word::Drop { reason: "不必".into() })),
            3 | 4 => recorded.push(guide(&o, &format!("R{n}"), id, &format!("2025-09-{:02}", 1 + roll(28)))),
            5 if !recorded.is_empty() => {
                let gone = recorded.swap_remove(roll(recorded.len() as u64) as usize);
                facts::void(&o, "周敏", "guidance", (gone, 1), "有误").unwrap();
            }
            _ => {
                today = today.plus(1);
                o.clock = Clock::Standing(today);
            }
        }
        assert!(get(&o, id).state != State::Closed || before == State::Closed, "closed by hand");
        jobs::run_waiting(&o).unwrap();
        for id in [1, 2] {
            let told = o.db.read(|tx| store::history(tx, id)).unwrap();
            assert!(told.iter().filter(|t| t.kind == "escalate").count() <= 1);
            assert!(told.iter().filter(|t| t.kind == "close").all(|t| t.actor == "程序"));
            let pass = o.db.read(|tx| {
                let sql = "select state from verdict where requirement = 'R-21' and subject = $1 and window_label = '2025-09'";
                tx.one(sql, &[id.into()], |r| Ok(r.text(0)? == "pass"))
            });
            let pass = pass.unwrap().unwrap();
            match get(&o, id).state {
                State::Draft => assert!(!pass),
                State::Withdrawn | State::Closed => assert!(pass),
                State::Active => assert!(!pass),
                State::Dropped => {}
            }
        }
    }
    assert!(o.db.read(|tx| tx.one("select count(*) from verdict_news", &[], |r| r.i64(0))).unwrap() == Some(0));
});

db_test!(every_change_is_an_entry_of_the_log, |db: &Db| {
    let o = &drafted(db);
    let entries = || {
        let sql = "select count(*) from audit_entry where kind = 'remedy'";
        o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
    };
    assert_eq!(entries(), 1, "one for what was drafted at once");
    say(o, 1, &confirm("2025-10-24")).unwrap();
    say(o, 2, &Word::Drop { reason: "不必".into() }).unwrap();
    assert_eq!(entries(), 3);
    assert!(say(o, 2, &confirm("2025-10-24")).is_err());
    assert_eq!(entries(), 3, "what was refused leaves none");
});

db_test!(what_is_told_while_somebody_looks_is_looked_at, |db: &Db| {
    let mut o = drafted(db);
    say(&o, 1, &confirm("2025-10-24")).unwrap();
    for n in 0..2 {
        guide(&o, &format!("N{n}"), 1, &format!("2025-10-{}", 13 + n));
    }
    o.clock = Clock::Standing(day("2025-11-03"));
    jobs::run_waiting(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Active, "nothing was done yet");
    let news = "insert into verdict_news (requirement, subject) values ('R-21', 1)";
    o.db.write(move |tx| tx.execute(news, &[])).unwrap();
    // The act is said, and not committed yet, when somebody looks.
    let (said, hear) = std::sync::mpsc::channel();
    std::thread::scope(|s| {
        let (o, actor) = (&o, actor(&o));
        s.spawn(move || {
            let word = Word::Act { day: day("2025-10-20"), text: "已商定".into() };
            o.db.write(move |tx| {
                decide::say(tx, &actor, 1, &word)?;
                said.send(())?;
                std::thread::sleep(std::time::Duration::from_millis(300));
                Ok(())
            })
        });
        hear.recv().unwrap();
        patrol::run(o).unwrap();
    });
    patrol::run(&o).unwrap();
    assert_eq!(get(&o, 1).state, State::Closed);
});
