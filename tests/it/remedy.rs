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
    visit::{Browser, account},
    web_lists::{office, put},
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The small office with everything judged and drafted: of two pairs both missed September.
pub(crate) fn drafted(db: &Db) -> Installation {
    let o = office(db);
    rejudge::run(&o, None, &mut |_, _| {}).unwrap();
    patrol::run(&o).unwrap();
    o
}

fn get(o: &Installation, id: i64) -> Remedy {
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
fn guide(o: &Installation, code: &str, pair: i64, on: &str) -> i64 {
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

db_test!(the_pages_show_what_is_in_scope_and_offer_what_may_be_done, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let list = b.get("/remedies").read();
    assert!(
        list.contains("待确认2件") && list.contains("提醒：钱二—孙三") && list.contains("干-21　2025年9月"),
        "{list}"
    );
    assert!(b.get("/").read().contains("需要您决定"));
    assert!(b.get("/todo").read().contains("待确认的草稿（2）") && b.get("/org").text().contains("待办<b>2</b>"));
    assert!(b.get("/units/U1").read().contains("提醒：钱二—孙三"));
    assert!(b.get("/verdicts/R-21/J1/2025-09").read().contains("改进措施"));
    assert!(b.get("/remedies?state=closed").read().contains("没有符合条件的改进措施"));
    assert!(b.get("/remedies?unit=U1&requirement=R-21&act=remind&state=draft").read().contains("赵一—钱二"));
    assert!(b.get("/remedies?unit=U9").read().contains("没有编号或全名为“U9”的单位"));
    assert!(b.get("/remedies?state=x").read().contains("状态没有“x”这一项"));
    let page = b.get("/remedies/1").text();
    assert!(
        page.contains("checked>钱二 <small>P2") && page.contains(r#"value="2025-10-27""#),
        "mentor and five workdays: {page}"
    );
    // Whoever only reads, whoever is elsewhere, whoever has no such page.
    let auditor = Browser::of(o, Role::Auditor).get("/remedies/1").text();
    assert!(auditor.contains("提醒") && !auditor.contains("cf-due"));
    let mut clerk = Browser::logged_in(o, account(o, "clerk", Role::Clerk, Some(3), None));
    assert!(clerk.get("/remedies/1").status == 200 && !clerk.get("/remedies/1").text().contains("cf-due"));
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    assert_eq!(far.get("/remedies/1").status, 404);
    assert!(
        far.get("/remedies").read().contains("没有改进措施") && far.get("/remedies?unit=U1").read().contains("请核对")
    );
    let form = far.get("/account").token();
    let fields = [("form", form.as_str()), ("due", "2025-10-27"), ("person", "P2"), ("reason", "x")];
    assert_eq!(far.post("/remedies/1/confirm", &fields).status, 404);
    assert_eq!(Browser::of(o, Role::Cadre).get("/remedies/1").status, 403);
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

db_test!(a_list_is_narrowed_to_what_one_is_responsible_for, |db: &Db| {
    let o = &drafted(db);
    say(o, 1, &confirm("2025-10-30")).unwrap();
    say(o, 2, &Word::Confirm { due: day("2025-10-30"), person: 1, reason: "应当补记".into() }).unwrap();
    let mut b = Browser::logged_in(o, account(o, "qian", Role::Office, None, Some(2)));
    assert!(b.get("/todo").read().contains("由您负责的措施（1）"));
    let page = b.get("/remedies?state=active&person=me");
    assert!(page.read().contains("由您负责1") && page.read().contains("全部2"), "{}", page.read());
    assert!(page.text().contains("/remedies/1\"") && !page.text().contains("/remedies/2\""));
    // Who is nobody of the roster is responsible for nothing.
    assert!(!Browser::of(o, Role::Office).get("/remedies?person=me").text().contains("/remedies/1\""));
    // Of units of one name those that one does not see are neither counted nor told of.
    let filled = [
        ("name", "柳溪县发改局".into()),
        ("level", "区县".into()),
        ("parent", 1.into()),
        ("from", "2020-01-01".into()),
    ];
    put(o, "unit", "U2", None, &filled);
    let name = "%E6%9F%B3%E6%BA%AA%E5%8E%BF%E5%8F%91%E6%94%B9%E5%B1%80";
    for path in ["/remedies", "/supervise"] {
        let path = format!("{path}?unit={name}");
        assert!(b.get(&path).read().contains("叫“柳溪县发改局”的单位有2个"), "{path}");
        let page = Browser::of(o, Role::UnitAdmin).get(&path);
        assert!(page.status == 200 && !page.read().contains("有2个") && !page.read().contains("没有编号"), "{path}");
    }
    put(o, "person", "P9", Some(1), &[("name", "钱二".into())]);
    say_draft_again(o);
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let good = [("due", "2025-10-27"), ("person", "钱二"), ("reason", "应补")];
    assert_eq!(unit.submit("/remedies/1", "/remedies/1/confirm", &good).status, 303, "the other is not in scope");
});

db_test!(who_is_responsible_is_of_the_organ_and_stays_when_nobody_is_found, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let with = |person, find| {
        let all = [("due", "2025-10-27"), ("i.person", "2"), ("person", person), ("reason", "应补"), ("find", find)];
        all.into_iter().filter(|(k, v)| *k != "find" || !v.is_empty()).collect::<Vec<_>>()
    };
    let got = b.submit("/remedies/1", "/remedies/1/confirm", &with("没有这人", "person"));
    assert!(got.status == 200 && got.read().contains("没有找到“没有这人”"), "{}", got.read());
    assert!(got.text().contains(r#"name="i.person" value="2" checked"#), "{}", got.text());
    assert!(!got.text().contains(r#"name="person" value="没有这人""#), "so that it can be confirmed");
    // 安四 is of the city's own organ.
    let got = b.submit("/remedies/1", "/remedies/1/confirm", &with("P4", ""));
    assert!(got.status == 422 && got.read().contains("责任人：应当在这项措施所属的单位"), "{}", got.read());
    assert_eq!(get(o, 1).state, State::Draft);
    // 赵一 is of the organ, 钱二 of one of its 科室.
    assert_eq!(b.submit("/remedies/1", "/remedies/1/confirm", &with("P1", "")).status, 303);
    assert_eq!(b.submit("/remedies/2", "/remedies/2/confirm", &with("", "")).status, 303);
});

db_test!(a_draft_is_decided_among_what_waits, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/todo").read();
    assert!(page.contains("拟办：提醒，对象为钱二—孙三") && page.contains("判定依据"), "{page}");
    let fields = [("from", "todo"), ("due", "2025-11-30"), ("person", ""), ("reason", "")];
    let wrong = b.submit("/todo", "/remedies/1/confirm", &fields).read();
    assert!(wrong.contains("请修改以下3处") && wrong.contains("最迟2025年10月27日（文件规定的期限）"), "{wrong}");
    let good = [("from", "todo"), ("due", "2025-10-27"), ("person", "P2"), ("reason", "应补")];
    assert_eq!(b.submit("/todo", "/remedies/1/confirm", &good).led(), (303, "/todo?done=confirm"));
    assert_eq!(
        b.submit("/todo", "/remedies/2/drop", &[("from", "todo"), ("reason", "在外")]).led(),
        (303, "/todo?done=drop")
    );
    assert!(b.get("/todo?done=drop").read().contains("已决定不采用"));
    // What was set going and what is dealt with are found again by who did it, and by nobody else.
    let started = b.get("/todo?tab=started").read();
    assert!(started.contains("您确认、还在办理的措施（1）") && started.contains("现办理中"), "{started}");
    let done = b.get("/todo?tab=done").read();
    assert!(done.contains("您办过的措施（2）") && done.contains("决定不采用"), "{done}");
    let other = Browser::of(o, Role::Leaders).get("/todo?tab=done").read();
    assert!(other.contains("您还没有办过事项"), "{other}");
    assert!(b.get("/todo?tab=other").read().contains("待办没有“other”这一项"));
});

/// The first remedy as a draft again.
fn say_draft_again(o: &Installation) {
    o.db.write(|tx| tx.execute("update remedy set state = 'draft' where row_id = 1", &[])).unwrap();
}

db_test!(nobody_decides_about_himself_in_a_unit_that_is_not_his, |db: &Db| {
    let o = &drafted(db);
    // 钱二 is mentor of J1 in the district, and has a second post in another, which he administers.
    let filled =
        [("name", "乙县发改局".into()), ("level", "区县".into()), ("parent", 1.into()), ("from", "2020-01-01".into())];
    let other = put(o, "unit", "U2", None, &filled);
    let post = [("person", 2.into()), ("duty", "班子成员".into()), ("from", "2020-01-01".into())];
    put(o, "post", "P2-2", Some(other), &post);
    let mut b = Browser::logged_in(o, account(o, "qian", Role::UnitAdmin, Some(other), Some(2)));
    let page = b.get("/remedies/1");
    assert!(page.status == 200 && !page.text().contains("cf-due"), "his own, to be seen: {}", page.read());
    let form = b.get("/account").token();
    let good = [("form", form.as_str()), ("due", "2025-10-27"), ("person", "P2"), ("reason", "好")];
    // Dropping is no unit's at all.
    for (what, status) in [("confirm", 404), ("drop", 403)] {
        assert_eq!(b.post(&format!("/remedies/1/{what}"), &good).status, status, "{what}");
    }
    assert_eq!(get(o, 1).state, State::Draft);
    say(o, 1, &confirm("2025-10-24")).unwrap();
    let act = [("form", form.as_str()), ("day", "2025-10-20"), ("text", "已谈")];
    assert_eq!(b.post("/remedies/1/act", &act).status, 404);
});

db_test!(a_draft_is_confirmed_or_dropped_with_a_reason, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::UnitAdmin);
    for (due, person, reason, told) in [
        ("", "P2", "好", "办理期限：请填写"),
        ("2025-02-30", "P2", "好", "不是有效日期"),
        ("2025-10-22", "P2", "好", "应不早于2025年10月23日"),
        ("2028-10-22", "P2", "好", "应不晚于"),
        ("2025-10-27", "", "好", "责任人：请填写名称或编号"),
        ("2025-10-27", "P9", "好", "没有找到“P9”"),
        ("2025-10-27", "安四", "好", "没有找到“安四”"),
        ("2025-10-27", "P2", "", "理由：请填写"),
    ] {
        let got =
            b.submit("/remedies/1", "/remedies/1/confirm", &[("due", due), ("person", person), ("reason", reason)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("提交未成功"));
        // Who was found stands there by name, and what was not found as it was typed.
        let shown = if person == "P2" { "checked>钱二".to_owned() } else { format!(r#"value="{person}""#) };
        assert!(got.text().contains(&shown), "{person}: {}", got.text());
    }
    // 查找 finds, by initials as well, keeps what was typed and decides nothing.
    let looked = [("due", "2025-10-28"), ("person", "qe"), ("reason", "先查一查"), ("find", "person")];
    let got = b.submit("/remedies/1", "/remedies/1/confirm", &looked);
    let text = got.text();
    assert!(got.status == 200 && text.contains("checked autofocus>钱二") && text.contains("先查一查"), "{text}");
    assert!(text.contains(r#"value="2025-10-28""#) && !text.contains("提交未成功"), "{text}");
    assert_eq!(get(o, 1).state, State::Draft);
    let good = [("due", "2025-10-27"), ("person", "钱二"), ("reason", "<b>应补")];
    let form = b.get("/remedies/1").token();
    assert_eq!(b.submit("/remedies/1", "/remedies/1/confirm", &good).led(), (303, "/remedies/1?done=confirm"));
    let mut again = vec![("form", form.as_str())];
    again.extend(good);
    let got = b.post("/remedies/1/confirm", &again);
    assert!(got.status == 409 && got.read().contains("已经有人确认了"), "sent twice: {}", got.read());
    let page = b.get("/remedies/1?done=confirm");
    let text = page.read();
    assert!(
        text.contains("已确认") && text.contains("责任人钱二") && page.text().contains("&#60;b&#62;应补"),
        "{text}"
    );
    for (on, what, told) in [
        ("2025-10-21", "谈", "还没有到"),
        ("x", "谈", "不是有效日期"),
        ("2025-10-19", "谈", "应不早于起草之日"),
        ("2025-10-20", "", "做了什么：请填写"),
    ] {
        let got = b.submit("/remedies/1", "/remedies/1/act", &[("day", on), ("text", what)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    let got = b.submit("/remedies/1", "/remedies/1/act", &[("day", "2025-10-20"), ("text", "已提醒导师")]);
    assert_eq!(got.led(), (303, "/remedies/1?done=act"));
    assert!(b.get("/todo").read().contains("办理中的措施（1）"));
    // The unit does not drop what it has missed itself.
    assert!(!b.get("/remedies/2").text().contains("/remedies/2/drop"));
    let mut office = Browser::of(o, Role::Office);
    assert_eq!(office.submit("/remedies/2", "/remedies/2/drop", &[("reason", "")]).status, 422);
    assert_eq!(office.submit("/remedies/2", "/remedies/2/drop", &[("reason", "在外学习")]).led().0, 303);
    assert!(b.get("/remedies/2").read().contains("在外学习"));
    guide(o, "N1", 1, "2025-09-02");
    guide(o, "N2", 1, "2025-09-03");
    jobs::run_waiting(o).unwrap();
    let text = b.get("/remedies/1").read();
    assert!(text.contains("已办结") && text.contains("判定转为达标"), "{text}");
    assert!(b.get("/todo").read().contains("没有待办事项"));
});
