//! 督办: issued from a verdict or by hand, answered by the unit, sent back or closed by the office, told once.

use dongliang::{
    auth::{Role, account::Refused},
    clock::Clock,
    day::Day,
    db::Db,
    db_test,
    installation::Installation,
    jobs,
    scope::Actor,
    supervise::{self, New, State, Supervision, Word},
};

use crate::{
    remedy::drafted,
    visit::{Browser, account},
};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn get(o: &Installation, id: i64) -> Supervision {
    o.db.read(|tx| supervise::get(tx, id)).unwrap().unwrap()
}

fn say(o: &Installation, id: i64, word: Word) -> anyhow::Result<()> {
    let actor = Actor { name: "周敏".into(), account: None, at: o.clock.now().instant };
    o.db.write(move |tx| supervise::say(tx, &actor, id, &word))
}

fn issue(o: &Installation, unit: i64) -> i64 {
    let actor = Actor { name: "周敏".into(), account: None, at: o.clock.now().instant };
    let new = New {
        verdict: None,
        requirement: None,
        unit,
        title: "导师帮带".into(),
        demand: "请按期补齐".into(),
        due: day("2025-10-24"),
    };
    o.db.write(move |tx| supervise::issue(tx, &actor, &new)).unwrap()
}

/// Two matters about the district: one unanswered, one answered.
pub(crate) fn pressed(o: &Installation) {
    issue(o, 2);
    let answered = issue(o, 2);
    say(o, answered, Word::Reply("已补齐".into())).unwrap();
}

db_test!(it_goes_to_and_fro_and_is_told_once, |db: &Db| {
    let mut o = drafted(db);
    let id = issue(&o, 2);
    for word in [Word::Close("好".into()), Word::Return("不够".into(), day("2025-11-10"))] {
        assert!(say(&o, id, word).unwrap_err().downcast::<Refused>().is_ok(), "nothing was answered");
    }
    let told = |o: &Installation| {
        let all = o.db.read(|tx| supervise::history(tx, id)).unwrap();
        all.iter().map(|t| t.kind.clone()).collect::<Vec<_>>()
    };
    for on in ["2025-10-24", "2025-10-25", "2025-10-27"] {
        o.clock = Clock::Standing(day(on));
        jobs::run_waiting(&o).unwrap();
    }
    assert_eq!(told(&o), ["issue", "escalate"]);
    let late = |o: &Installation| {
        let mut b = Browser::of(o, Role::Office);
        let list = b.get("/supervise?escalated=1").read();
        let told = b.get("/supervise").text().contains("已上报");
        (b.get("/todo").read().contains("超期没有回复的督办（1）"), list.contains("超期已上报1"), told)
    };
    assert_eq!(late(&o), (true, true, true));
    say(&o, id, Word::Reply("已补齐".into())).unwrap();
    assert!(say(&o, id, Word::Reply("又补".into())).is_err(), "answered already");
    say(&o, id, Word::Return("还差一次".into(), day("2025-10-30"))).unwrap();
    assert_eq!((get(&o, id).state, get(&o, id).due), (State::Open, day("2025-10-30")));
    assert_eq!(late(&o), (false, false, false), "it has a new last day");
    o.clock = Clock::Standing(day("2025-11-03"));
    jobs::run_waiting(&o).unwrap();
    assert_eq!(late(&o), (true, true, true));
    assert_eq!(told(&o).iter().filter(|k| *k == "escalate").count(), 1, "once");
    say(&o, id, Word::Reply("全部补齐".into())).unwrap();
    say(&o, id, Word::Close("属实".into())).unwrap();
    assert_eq!(get(&o, id).state, State::Closed);
    for word in [Word::Close("好".into()), Word::Reply("再".into()), Word::Return("再".into(), day("2025-11-20"))] {
        assert!(say(&o, id, word).is_err());
    }
    assert_eq!(get(&o, id).number(), "督办〔2025〕1号");
    let sql = "select count(*) from audit_entry where kind = 'supervise'";
    assert_eq!(o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap(), Some(6), "each change is an entry");
});

db_test!(a_matter_comes_from_a_verdict_and_is_seen_by_its_unit, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let verdict = b.get("/verdicts/R-21/J1/2025-09").text();
    assert!(verdict.contains("/supervise/new?requirement=R-21&#38;subject=J1&#38;window=2025-09"), "{verdict}");
    let form = b.get("/supervise/new?requirement=R-21&subject=J1&window=2025-09");
    let text = form.text();
    assert!(
        text.contains("checked>柳溪县发改局") && text.contains("钱二—孙三") && text.contains(r#"value="2025-11-03""#),
        "{text}"
    );
    assert_eq!(b.get("/supervise/new?requirement=R-21&subject=J9&window=2025-09").status, 404);
    let of = [("requirement", "R-21"), ("subject", "J1"), ("window", "2025-09")];
    let post = |b: &mut Browser, unit: &str, title: &str, demand: &str, due: &str| {
        let mut fields = vec![("unit", unit), ("title", title), ("demand", demand), ("due", due)];
        fields.extend(of);
        b.submit("/supervise/new", "/supervise/new", &fields)
    };
    let long = "长".repeat(61);
    for (unit, title, demand, due, told) in [
        ("", "帮带", "补", "2025-11-03", "对象单位：请填写"),
        ("U9", "帮带", "补", "2025-11-03", "没有找到“U9”"),
        ("U1", "", "补", "2025-11-03", "事项：请填写"),
        ("U1", &long, "补", "2025-11-03", "最多60字"),
        ("U1", "帮带", "", "2025-11-03", "要求：请填写"),
        ("U1", "帮带", "补", "2025-10-20", "应不早于2025年10月23日"),
        ("U1", "帮带", "补", "", "回复期限：请填写"),
        ("U1", "帮带", "补", "x", "不是有效日期"),
    ] {
        let got = post(&mut b, unit, title, demand, due);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("提交未成功") && got.text().contains(r#"name="subject" value="J1""#), "stays");
    }
    // 查找 finds the units in scope and issues nothing.
    let looked = [("unit", "柳溪"), ("title", "帮带"), ("demand", ""), ("due", ""), ("find", "unit")];
    let got = b.submit("/supervise/new", "/supervise/new", &looked);
    assert!(got.status == 200 && got.text().contains(r#"name="i.unit" value="2""#), "{}", got.text());
    assert!(got.text().contains(r#"value="帮带""#) && !got.text().contains("提交未成功"));
    assert_eq!(post(&mut b, "U1", "帮带<b>", "请补", "2025-11-03").led(), (303, "/supervise/1?done=issue"));
    let page = b.get("/supervise/1").text();
    assert!(
        page.contains("帮带&#60;b&#62;") && page.contains("/verdicts/R-21/J1/2025-09") && !page.contains("re-text")
    );
    // Who presses does not answer, and nobody of the whole city does.
    for role in [Role::Office, Role::Personnel, Role::Party] {
        let mut other = Browser::of(o, role);
        let form = other.get("/account").token();
        assert!(!other.get("/supervise/1").text().contains("re-text"), "{role:?}");
        let got = other.post("/supervise/1/reply", &[("form", &form), ("text", "好")]);
        assert!(got.status == 409 && got.read().contains("不能代为回复"), "{role:?}");
    }
    assert!(b.get("/verdicts/R-21/J1/2025-09").read().contains("督办〔2025〕1号"));
    assert!(b.get("/units/U1").read().contains("督办〔2025〕1号"));
    // The unit answers, nobody else.
    let mut clerk = Browser::logged_in(o, account(o, "clerk", Role::Clerk, Some(3), None));
    assert_eq!(clerk.get("/supervise/1").status, 404, "of the organ, not of the section");
    let mut auditor = Browser::of(o, Role::Auditor);
    assert!(auditor.get("/supervise/1").status == 200 && auditor.get("/supervise/new").status == 403);
    let mut unit = Browser::of(o, Role::UnitAdmin);
    assert!(unit.get("/todo").read().contains("待回复的督办（1）"));
    assert!(unit.get("/supervise").read().contains("待回复1件") && !unit.get("/supervise").text().contains("签发督办"));
    assert_eq!(unit.submit("/supervise/1", "/supervise/1/reply", &[("text", "")]).status, 422);
    assert_eq!(
        unit.submit("/supervise/1", "/supervise/1/reply", &[("text", "已补")]).led(),
        (303, "/supervise/1?done=reply")
    );
    let form = unit.get("/account").token();
    assert_eq!(unit.post("/supervise/1/close", &[("form", &form), ("text", "好")]).status, 403);
    assert!(b.get("/todo").read().contains("待销号的督办（1）"));
    assert!(b.get("/todo?tab=started").read().contains("您签发、还没有销号的督办（1）"));
    let moved = unit.get("/todo?tab=done").read();
    assert!(moved.contains("您办过的督办（1）") && moved.contains("回复"), "{moved}");
    let got = b.submit("/supervise/1", "/supervise/1/return", &[("text", "还差"), ("due", "2025-10-21")]);
    assert!(got.status == 422 && got.read().contains("应不早于"));
    let got = b.submit("/supervise/1", "/supervise/1/return", &[("text", "还差一次"), ("due", "2025-11-10")]);
    assert_eq!(got.led(), (303, "/supervise/1?done=return"));
    unit.submit("/supervise/1", "/supervise/1/reply", &[("text", "全部补齐")]);
    assert_eq!(
        b.submit("/supervise/1", "/supervise/1/close", &[("text", "属实")]).led(),
        (303, "/supervise/1?done=close")
    );
    let token = b.get("/account").token();
    let again = b.post("/supervise/1/close", &[("form", &token), ("text", "属实")]);
    assert!(again.status == 409 && again.read().contains("已经销号"), "sent twice");
    assert!(b.get("/supervise?state=closed&unit=U1").read().contains("已销号"));
    assert!(b.get("/supervise?state=open").read().contains("没有符合条件的督办"));
    // Of more than ten that one has dealt with, the rest is found in the list.
    let done = b.get("/todo?tab=done").text();
    assert!(!done.contains("deed=me"), "{done}");
    o.db.write(|tx| {
        for n in 2..=12 {
            tx.execute(
                "insert into supervision (unit_id, title, demand, due, state, issued_at, issued_by, year, sequence) \
                 select unit_id, title, demand, due, 'open', issued_at, issued_by, year, $1 from supervision where row_id = 1",
                &[n.into()],
            )?;
            tx.execute(
                "insert into supervision_event (supervision_id, kind, at, actor, account, day, text) \
                 select $1, kind, at, actor, account, day, text from supervision_event where row_id = 1",
                &[n.into()],
            )?;
        }
        Ok(())
    })
    .unwrap();
    let done = b.get("/todo?tab=done");
    assert!(done.read().contains("您办过的督办（12）这里是最近的10件，全部12件"), "{}", done.read());
    assert!(done.text().contains("href=\"/supervise?deed=me\""), "{}", done.read());
    let mine = b.get("/supervise?deed=me&state=open").read();
    assert!(mine.contains("办理人") && mine.contains("您办过的11"), "{mine}");
    assert!(unit.get("/supervise?deed=me").read().contains("您办过的1"), "who replied");
});

db_test!(one_by_hand_names_what_it_rests_on, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/supervise/new").text();
    assert!(page.contains(r#"<select id="sv-requirement""#) && page.contains(r#"<option value="R-21">"#), "{page}");
    let verdict = b.get("/supervise/new?requirement=R-21&subject=J1&window=2025-09").text();
    assert!(!verdict.contains("sv-requirement") && verdict.contains("依据判定"), "it has one");
    let with = |id: &'static str| {
        [("requirement", id), ("unit", "U1"), ("title", "帮带"), ("demand", "请补"), ("due", "2025-11-03")]
    };
    let got = b.submit("/supervise/new", "/supervise/new", &with("R-99"));
    assert!(got.status == 422 && got.read().contains("依据：没有这项要求"), "{}", got.read());
    assert_eq!(b.submit("/supervise/new", "/supervise/new", &with("R-21")).led(), (303, "/supervise/1?done=issue"));
    assert_eq!((get(o, 1).requirement.as_deref(), get(o, 1).verdict), (Some("R-21"), None));
    assert!(b.get("/supervise/1").text().contains("/requirements/R-21"));
    assert_eq!(b.submit("/supervise/new", "/supervise/new", &with("")).led(), (303, "/supervise/2?done=issue"));
    assert_eq!(get(o, 2).requirement, None);
    assert_eq!(Browser::of(o, Role::Clerk).get("/supervise/new").status, 403, "told that he may not");
});

db_test!(a_form_that_is_sent_twice_issues_and_says_once, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    let count = |table: &str| {
        let sql = format!("select count(*) from {table}");
        o.db.read(|tx| tx.one(&sql, &[], |r| r.i64(0))).unwrap().unwrap()
    };
    let token = b.get("/supervise/new").token();
    let with = |title: &'static str| vec![("unit", "U1"), ("title", title), ("demand", "请补"), ("due", "2025-11-03")];
    let post = |b: &mut Browser, title: &'static str| {
        b.post("/supervise/new", &[vec![("form", token.as_str())], with(title)].concat())
    };
    for _ in 0..2 {
        assert_eq!(post(&mut b, "帮带").led(), (303, "/supervise/1?done=issue"));
    }
    assert_eq!(count("supervision"), 1);
    let other = post(&mut b, "另一件");
    assert!(other.status == 422 && other.read().contains("这张表单已用过，请重新打开"), "{}", other.read());
    assert!(other.text().contains("另一件") && count("supervision") == 1, "what was typed stays");
    assert_eq!(b.submit("/supervise/new", "/supervise/new", &with("另一件")).led().1, "/supervise/2?done=issue");
    // An act of a remedy.
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let confirm = [("due", "2025-10-27"), ("person", "P2"), ("reason", "应补")];
    assert_eq!(unit.submit("/remedies/1", "/remedies/1/confirm", &confirm).status, 303);
    let token = unit.get("/remedies/1").token();
    for _ in 0..2 {
        let act = [("form", token.as_str()), ("day", "2025-10-20"), ("text", "已谈")];
        assert_eq!(unit.post("/remedies/1/act", &act).led(), (303, "/remedies/1?done=act"));
    }
    assert_eq!(count("remedy_event where kind = 'act'"), 1);
    // Of two doubts in one moment the store keeps one.
    let doubt = |tx: &mut dongliang::db::Tx<'_>| {
        let actor = Actor { name: "周敏".into(), account: Some(1), at: 1 };
        dongliang::doubt::mark(tx, &actor, ("guidance", 1, 1), Some(3), "日期不符")
    };
    assert!(o.db.write(doubt).is_ok());
    let again = "insert into doubt (ledger, record_id, revision, reason, asked_at, asked_by, account) \
                 values ('guidance', 1, 1, '又问', 2, '周敏', 1)";
    assert!(o.db.write(move |tx| tx.execute(again, &[])).is_err());
    assert!(o.db.write(doubt).unwrap_err().downcast::<Refused>().is_ok());
});

db_test!(numbers_are_counted_by_year_without_gaps, |db: &Db| {
    let mut o = drafted(db);
    let numbers = |o: &Installation, ids: [i64; 2]| ids.map(|id| get(o, id).number());
    let first = [issue(&o, 2), issue(&o, 2)];
    // One that is not committed leaves no gap.
    let failed = o.db.write(|tx| {
        let actor = Actor { name: "周敏".into(), account: None, at: get_instant() };
        let new = New {
            verdict: None,
            requirement: None,
            unit: 2,
            title: "一".into(),
            demand: "二".into(),
            due: day("2025-11-03"),
        };
        supervise::issue(tx, &actor, &new)?;
        anyhow::bail!("stop") as anyhow::Result<()>
    });
    assert!(failed.is_err());
    let third = issue(&o, 2);
    o.clock = Clock::Standing(day("2026-01-05"));
    let next = issue(&o, 2);
    assert_eq!(numbers(&o, first), ["督办〔2025〕1号", "督办〔2025〕2号"]);
    assert_eq!(numbers(&o, [third, next]), ["督办〔2025〕3号", "督办〔2026〕1号"]);
});

/// An instant of 20 October 2025.
fn get_instant() -> i64 {
    Clock::Standing(day("2025-10-20")).now().instant
}

db_test!(names_of_another_unit_are_not_told_with_the_basis, |db: &Db| {
    let o = &drafted(db);
    let mut b = Browser::of(o, Role::Office);
    // The matter presses U1-2 about a verdict on U1-1's pair.
    let of = [("requirement", "R-21"), ("subject", "J1"), ("window", "2025-09"), ("due", "2025-11-03")];
    let fields = [&of[..], &[("unit", "U0"), ("title", "帮带"), ("demand", "请督促下属单位")]].concat();
    assert_eq!(b.submit("/supervise/new", "/supervise/new", &fields).status, 303);
    assert!(b.get("/supervise/1").read().contains("钱二—孙三"), "who sees the verdict");
    o.db.write(|tx| tx.execute("update supervision set unit_id = 4", &[])).unwrap();
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    let page = far.get("/supervise/1");
    assert!(page.status == 200 && page.read().contains("请督促"), "{}", page.read());
    assert!(!page.read().contains("钱二") && !page.read().contains("依据判定"), "{}", page.read());
});
