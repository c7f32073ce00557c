//! Records written through pages: forms from the definition, errors that keep what was typed, corrections of two
//! at once, voids; each once however often it is sent, and nothing beyond the writer's scope.

use dongliang::{auth::Role, db::Db, db_test, facts, installation::Installation, verdict::rejudge};

use crate::{
    auth_forms::payloads,
    visit::{Browser, Got, account},
    web_lists::{office, put},
};

/// A value that the page carries unseen.
pub(crate) fn hidden(got: &Got, name: &str) -> String {
    let text = got.text();
    let from = text.find(&format!(r#"name="{name}" value=""#)).unwrap_or_else(|| panic!("no {name} in {text}"));
    text[from..].split('"').nth(3).unwrap().to_owned()
}

/// Posts a form that was opened, with what it carries.
pub(crate) fn send(b: &mut Browser, opened: &Got, action: &str, fields: &[(&str, &str)]) -> Got {
    let (form, once) = (opened.token(), hidden(opened, "once"));
    let mut all = vec![("form", form.as_str()), ("once", once.as_str())];
    let revision = opened.text().contains(r#"name="revision""#).then(|| hidden(opened, "revision"));
    all.extend(revision.as_deref().map(|r| ("revision", r)));
    all.extend(fields);
    b.post(action, &all)
}

pub(crate) fn rows(o: &Installation, ledger: &'static str) -> i64 {
    o.db.read(|tx| tx.one(&format!("select count(*) from l_{ledger}"), &[], |r| r.i64(0))).unwrap().unwrap()
}

/// The record that a form led to.
pub(crate) fn record_of(got: &Got) -> i64 {
    let (status, to) = got.led();
    assert_eq!(status, 303, "{}", got.read());
    to.split(['/', '?']).nth(3).unwrap().parse().unwrap()
}

pub(crate) const NEW: &str = "/ledgers/guidance/new";
pub(crate) const GOOD: [(&str, &str); 4] =
    [("i.f.pair", "1"), ("f.day", "2025-10-08"), ("f.content", "讲解审查意见"), ("f.confirmed", "2025-10-09")];

db_test!(a_form_says_why_it_asks_and_shows_what_is_known, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/ledgers/guidance/new?pair=J1");
    let text = page.read();
    assert_eq!(page.status, 200);
    assert!(
        text.contains("新增指导记录") && text.contains("2项，判定要用1项，另有") && text.contains("系统已有，无需填写"),
        "{text}"
    );
    assert!(text.contains("干-21") && text.contains("柳溪县发改局 办公室"), "{text}");
    assert!(page.text().contains(r#"name="i.f.pair" value="1" checked"#));
    assert!(page.text().contains(r#"type="date" id="n-f.day" name="f.day" value="2025-10-20""#), "an event is today's");
    // Both pairs are offered before anything is typed.
    let blank = b.get(NEW);
    assert!(
        blank.read().contains("钱二—孙三")
            && blank.read().contains("赵一—钱二")
            && !blank.text().contains("value=\"1\" checked")
    );
    for (ledger, ..) in [("person", 0), ("unit", 0), ("post", 0), ("talk", 0), ("setting", 0), ("workday", 0)] {
        assert_eq!(b.get(&format!("/ledgers/{ledger}/new")).status, 200, "{ledger}");
    }
    assert_eq!(b.get("/ledgers/low_rank/new").status, 404);
    assert_eq!(b.get("/ledgers/none/new").status, 404);
    // What holds for the whole office is the office's.
    assert_eq!(Browser::of(o, Role::Personnel).get("/ledgers/setting/new").status, 403);
    assert!(!Browser::of(o, Role::Auditor).get("/ledgers/guidance").text().contains(NEW));
});

db_test!(a_record_is_made_once_and_its_page_says_what_it_changed, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let (opened, before) = (b.get(NEW), rows(o, "guidance"));
    let first = send(&mut b, &opened, NEW, &GOOD);
    let record = record_of(&first);
    assert_eq!(record_of(&send(&mut b, &opened, NEW, &GOOD)), record, "the second shows the first's record");
    // Gone back, changed and sent again: it is not said to be saved, and what was typed is there.
    let other = [("i.f.pair", "2"), ("f.day", "2025-10-01"), ("f.content", "另一次")];
    let changed = send(&mut b, &opened, NEW, &other);
    assert!(changed.status == 409 && changed.read().contains("这张表单已用过，请重新打开"), "{}", changed.read());
    assert!(changed.text().contains("另一次") && changed.text().contains(r#"value="2025-10-01""#));
    assert_eq!(rows(o, "guidance"), before + 1);
    record_of(&send(&mut b, &changed, NEW, &other));
    assert_eq!(rows(o, "guidance"), before + 2, "it goes on under a key of its own");
    let page = b.get(first.led().1);
    let text = page.read();
    assert!(text.contains("项判定由此变化") && text.contains("干-21") && text.contains("0次 → 1次"), "{text}");
    assert!(text.contains("更正") && text.contains("作废") && text.contains("讲解审查意见"));
    // Somebody else is told nothing of it.
    let other = Browser::of(o, Role::Personnel).get(first.led().1);
    assert!(other.status == 200 && !other.read().contains("由此变化"));
    // A second of the month meets the demand.
    let more = b.get(NEW);
    let fields = [("i.f.pair", "1"), ("f.day", "2025-10-15"), ("f.confirmed", "2025-10-15"), ("again", "1")];
    let second = send(&mut b, &more, NEW, &fields);
    assert!(second.led().1.starts_with("/ledgers/guidance/new?saved="));
    assert!(b.get(second.led().1).read().contains("查看刚登记的记录"));
    let verdict = b.get("/verdicts/R-21/J1/2025-10").read();
    assert!(verdict.contains("达标"), "{verdict}");
    // A third changes the figure alone, and so does its end.
    let more = b.get(NEW);
    let fields = [("i.f.pair", "1"), ("f.day", "2025-10-16"), ("f.confirmed", "2025-10-16")];
    let third = send(&mut b, &more, NEW, &fields);
    let record = record_of(&third);
    let said = b.get(third.led().1).read();
    assert!(said.contains("达标，2次 → 3次") && !said.contains("达标 → "), "{said}");
    let at = format!("/ledgers/guidance/{record}/void");
    let opened = b.get(&at);
    let mark = format!("{record}:1");
    let gone = send(&mut b, &opened, &at, &[("record", &mark), ("reason", "重复登记")]);
    let said = b.get(gone.led().1).read();
    assert!(said.contains("达标，3次 → 2次") && !said.contains("达标 → "), "{said}");
    // By whom, in the log's words too.
    let by = o.db.read(|tx| tx.one("select account_id from once", &[], |r| r.i64(0))).unwrap();
    assert!(by.is_some());
});

db_test!(what_is_wrong_is_listed_and_what_was_typed_stays, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let before = rows(o, "guidance");
    let opened = b.get(NEW);
    let bad = [("f.pair", "没有的人"), ("f.day", "2025-02-30"), ("f.content", "写了<b>一半"), ("f.way", "电话")];
    let got = send(&mut b, &opened, NEW, &bad);
    let (text, read) = (got.text(), got.read());
    assert_eq!(got.status, 422);
    assert!(read.contains("提交未成功，请修改以下3处") && text.contains("<title>错误：新增指导记录"), "{read}");
    for (id, told) in
        [("f.pair", "没有找到“没有的人”"), ("f.day", "指导日期：“2025-02-30”"), ("f.way", "指导方式：“电话”")]
    {
        assert!(
            text.contains(&format!("href=\"#n-{id}\"")) && text.contains(&format!("id=\"e-{id}\"")),
            "{id}: {text}"
        );
        assert!(read.contains(told), "{told}: {read}");
    }
    assert!(text.contains(r#"type="text" id="n-f.day" name="f.day" value="2025-02-30""#), "as it was typed");
    assert!(text.contains("写了&#60;b&#62;一半") && text.contains(r#"value="没有的人""#));
    let empty = send(&mut b, &got, NEW, &[]);
    assert!(empty.read().contains("请选定结对。") && empty.read().contains("请填写指导日期。"), "{}", empty.read());
    // Too long, and what cannot be seen.
    let long = "字".repeat(4001);
    let got = send(&mut b, &opened, NEW, &[("i.f.pair", "1"), ("f.day", "2025-10-08"), ("f.content", &long)]);
    assert!(got.status == 422 && got.read().contains("超过 4000 个字") && got.text().contains(&long));
    for unseen in ["\u{0}", "a\u{202e}b", "a\u{7}b"] {
        let got = send(&mut b, &opened, NEW, &[("i.f.pair", "1"), ("f.day", "2025-10-08"), ("f.content", unseen)]);
        assert!(matches!(got.status, 400 | 422), "{unseen:?}: {}", got.status);
    }
    // An event that has not happened yet is asked about again, and then taken.
    let later = [("i.f.pair", "1"), ("f.day", "2025-10-30")];
    let got = send(&mut b, &opened, NEW, &later);
    assert!(got.status == 200 && got.read().contains("尚未保存，请先核对：指导日期：晚于今天"), "{}", got.read());
    assert_eq!(rows(o, "guidance"), before, "nothing is half written");
    let sure = hidden(&got, "sure");
    record_of(&send(&mut b, &got, NEW, &[later[0], later[1], ("sure", &sure)]));
    // The very same content once more.
    let fields = [("i.f.pair", "1"), ("f.day", "2025-02-03"), ("f.content", "讲解100%达标_的算法"), ("f.way", "面谈")];
    let fresh = b.get(NEW);
    let got = send(&mut b, &fresh, NEW, &[&fields[..], &[("f.confirmed", "2025-02-03")]].concat());
    assert!(got.read().contains("已有一条内容完全相同的记录"), "{}", got.read());
    // A form of another session, and one without its own key.
    let mut other = Browser::of(o, Role::Personnel);
    assert_eq!(send(&mut other, &opened, NEW, &GOOD).status, 403);
    let form = opened.token();
    assert_eq!(b.post(NEW, &[("form", &form)]).status, 400);
});

db_test!(two_who_correct_at_once_are_told, |db: &Db| {
    let o = &office(db);
    let (mut one, mut two) = (Browser::of(o, Role::Office), Browser::of(o, Role::Personnel));
    let at = "/ledgers/guidance/1/correct";
    let (first, second) = (one.get("/ledgers/guidance/Z1/correct"), two.get(at));
    assert!(
        first.text().contains(r#"value="2025-02-03""#) && first.text().contains(r#"value="面谈" id="n-f.way" checked"#)
    );
    let fields = [("i.f.pair", "1"), ("f.day", "2025-02-04"), ("f.content", "讲解"), ("f.confirmed", "2025-02-05")];
    let no_reason = send(&mut one, &first, at, &fields);
    assert!(no_reason.status == 422 && no_reason.read().contains("请填写原因。"));
    let with = |reason: &'static str, day: &'static str| {
        let mut all = fields.to_vec();
        all[1].1 = day;
        all.push(("reason", reason));
        all
    };
    assert_eq!(record_of(&send(&mut one, &first, at, &with("日期录错", "2025-02-04"))), 1);
    let told = send(&mut two, &second, at, &with("日期不对", "2025-02-06"));
    let text = told.read();
    assert_eq!(told.status, 409);
    assert!(text.contains("没有保存：这条记录已由test-office于"), "{text}");
    for day in ["2025年2月3日", "2025年2月4日", "2025年2月6日"] {
        assert!(text.contains(day), "{day}: {text}");
    }
    assert!(told.text().contains(r#"name="revision" value="2""#) && told.text().contains(r#"value="2025-02-06""#));
    assert_eq!(record_of(&send(&mut two, &told, at, &with("核对后更正", "2025-02-06"))), 1);
    let page = one.get("/ledgers/guidance/Z1").read();
    assert!(page.contains("更正，第3版") && page.contains("原因：日期录错") && page.contains("2025年2月6日"), "{page}");
    // A correction that changes nothing is none.
    let same = one.get(at);
    let fields = [("i.f.pair", "1"), ("f.day", "2025-02-06"), ("f.content", "讲解"), ("f.confirmed", "2025-02-05")];
    let got = send(&mut one, &same, at, &[&fields[..], &[("reason", "无")]].concat());
    assert!(got.status == 422 && got.read().contains("与原来的完全一样，不必更正"), "{}", got.read());
    assert!(!one.get("/ledgers/guidance/Z1").read().contains("第4版"));
    // Voided meanwhile.
    let open = one.get(at);
    facts::void(o, "周敏", "guidance", (1, 3), "重复").unwrap();
    let got = send(&mut one, &open, at, &with("再改", "2025-02-07"));
    assert!(got.status == 409 && got.read().contains("已被 周敏 作废"), "{}", got.read());
    assert_eq!(one.get(at).status, 409);
});

db_test!(a_masked_value_that_comes_back_changes_nothing, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/person/2/correct";
    let open = b.get(at);
    assert!(open.text().contains("139****2716") && !open.text().contains("13912342716"));
    let fields = |phone: &'static str| {
        [("f.name", "钱贰"), ("f.born", "1995-01-01"), ("f.phone", phone), ("record_code", "P2"), ("reason", "改名")]
    };
    let wrong = send(&mut b, &open, at, &fields("138****2716"));
    assert!(wrong.status == 422 && wrong.read().contains("与已登记的对不上"), "{}", wrong.read());
    record_of(&send(&mut b, &open, at, &fields("139****2716")));
    let plain = o.db.read(|tx| {
        let sql = "select \"phone\" from l_person where record_id = 2 and voided_at is null";
        tx.one(sql, &[], |r| Ok(r.text(0)?.to_owned()))
    });
    assert_eq!(o.keys.open(&plain.unwrap().unwrap()).unwrap(), "13912342716");
    assert!(b.get("/ledgers/person/2").read().contains("钱贰"));
    // Sealed values are opened to see that nothing was changed.
    let open = b.get(at);
    let same = send(&mut b, &open, at, &fields("139****2716"));
    assert!(same.status == 422 && same.read().contains("与原来的完全一样，不必更正"), "{}", same.read());
    for (phone, why) in [("139＊＊＊＊2719", "与已登记的对不上"), ("请问", "不像电话号码")] {
        let wrong = send(&mut b, &open, at, &fields(phone));
        assert!(wrong.status == 422 && wrong.read().contains(why), "{phone}: {}", wrong.read());
    }
    let born = [("f.name", "钱贰"), ("f.born", "2099-01-01"), ("f.phone", "139****2716"), ("reason", "改")];
    let wrong = send(&mut b, &open, at, &born);
    assert!(wrong.status == 422 && wrong.read().contains("出生日期晚于今天"), "{}", wrong.read());
});

db_test!(records_are_voided_with_a_reason_one_or_many, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let asked = b.get("/ledgers/guidance/Z1/void");
    assert!(asked.status == 200 && asked.read().contains("作废指导记录") && asked.read().contains("钱二—孙三"));
    let at = "/ledgers/guidance/1/void";
    let none = send(&mut b, &asked, at, &[("record", "1:1"), ("reason", "")]);
    assert!(none.status == 422 && none.read().contains("请填写原因。"));
    assert_eq!(record_of(&send(&mut b, &asked, at, &[("record", "1:1"), ("reason", "重复登记")])), 1);
    assert!(b.get("/ledgers/guidance/1").read().contains("已作废：重复登记"));
    assert_eq!(record_of(&send(&mut b, &asked, at, &[("record", "1:1"), ("reason", "重复登记")])), 1, "sent twice");
    // From the list: nothing marked, then two, one of which has moved on.
    let all = "/ledgers/guidance/void";
    let form = b.get("/ledgers/guidance").token();
    assert!(b.get("/ledgers/guidance").text().contains(r#"name="record" value="2:1""#));
    assert!(b.post(all, &[("form", &form)]).read().contains("没有选定记录"));
    let asked = b.post(all, &[("form", &form), ("record", "2:1"), ("record", "3:1")]);
    assert!(asked.status == 200 && asked.read().contains("作废2条指导记录"), "{}", asked.read());
    put(o, "guidance", "Z9", None, &[("pair", 1.into()), ("day", "2025-09-01".into())]);
    let marks = [("record", "2:1"), ("record", "3:1"), ("reason", "试录")];
    let got = send(&mut b, &asked, all, &marks);
    assert!(got.led().1.starts_with("/ledgers/guidance?done="), "{}", got.read());
    assert!(b.get(got.led().1).read().contains("已作废"));
    let stale = b.post(all, &[("form", &form), ("record", "2:1"), ("record", "4:1")]);
    assert!(stale.status == 409 && stale.read().contains("（编号Z2）已被作废"), "{}", stale.read());
});

db_test!(nobody_writes_what_is_not_his, |db: &Db| {
    let o = &office(db);
    // 钱二 is the mentor of the first pair: a cadre without any unit.
    let mut mentor = Browser::logged_in(o, account(o, "mentor", Role::Cadre, None, Some(2)));
    let opened = mentor.get(NEW);
    record_of(&send(&mut mentor, &opened, NEW, &GOOD));
    let mut stranger = Browser::logged_in(o, account(o, "stranger", Role::Cadre, None, Some(4)));
    let opened = stranger.get(NEW);
    assert!(!opened.text().contains("钱二"));
    let got = send(&mut stranger, &opened, NEW, &GOOD);
    assert!(got.status == 422 && !got.read().contains("钱二"), "{}", got.read());
    assert_eq!(stranger.get("/ledgers/guidance/1/correct").status, 404);
    // A clerk of one unit, and a unit that is another's.
    let mut clerk = Browser::of(o, Role::UnitAdmin);
    let at = "/ledgers/budget/new";
    let opened = clerk.get(at);
    let fields = [("f.year", "2025"), ("f.line", "其他"), ("f.amount", "100"), ("f.approved", "2025-03-01")];
    let of = |unit: &'static str| [&fields[..], &[("i.unit", unit)]].concat();
    let got = send(&mut clerk, &opened, at, &of("1"));
    assert_eq!((got.status, rows(o, "budget")), (422, 0), "{}", got.read());
    record_of(&send(&mut clerk, &opened, at, &of("2")));
    assert_eq!(clerk.get("/ledgers/talk/T2").status, 404);
    let form = clerk.get("/ledgers/guidance").token();
    let got = clerk.post("/ledgers/unit/void", &[("form", &form), ("record", "1:1")]);
    assert_eq!(got.status, 409, "{}", got.read());
});

db_test!(of_two_who_give_one_code_at_once_one_is_told, |db: &Db| {
    let o = &office(db);
    let office = account(o, "two", Role::Office, None, None);
    let meet = std::sync::Barrier::new(2);
    let mut got: Vec<u16> = std::thread::scope(|s| {
        let send_one = |day: &'static str| {
            let (meet, o) = (&meet, o.clone());
            s.spawn(move || {
                let mut b = Browser::logged_in(&o, office);
                let opened = b.get(NEW);
                meet.wait();
                send(&mut b, &opened, NEW, &[("i.f.pair", "1"), ("f.day", day), ("record_code", "Z9")]).status
            })
        };
        let both = ["2025-10-07", "2025-10-08"].map(send_one);
        both.map(|t| t.join().unwrap()).into()
    });
    got.sort_unstable();
    assert_eq!(got, [303, 422]);
});

db_test!(a_void_says_so_and_names_the_verdicts_that_are_gone, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/mentor_pair/1/void";
    let opened = b.get(at);
    // Told beforehand, from what to what; and nothing is written by that.
    let told = opened.read();
    assert!(told.contains("作废的影响") && told.contains("→ 不再判定") && told.contains("钱二—孙三"), "{told}");
    let told = b.get("/ledgers/guidance/Z1/void").read();
    assert!(told.contains("作废的影响") && told.contains("由1次变为0次"), "{told}");
    let sql = "select count(*) from verdict where requirement = 'R-21' and subject = 1";
    let there = || o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap();
    assert!(there() > 0);
    let got = send(&mut b, &opened, at, &[("record", "1:1"), ("reason", "重复登记")]);
    assert_eq!(there(), 0);
    let page = b.get(got.led().1).read();
    assert!(page.contains("已作废，") && !page.contains("已保存"), "{page}");
    assert!(page.contains("钱二—孙三") && page.contains("→ 不再判定"), "{page}");
    // Of many only the verdicts of the first are looked up, and the page says so.
    for n in 0..21 {
        let filled = [("pair", 2.into()), ("day", format!("2025-07-{:02}", n + 1).into())];
        put(o, "guidance", &format!("V{n}"), None, &filled);
    }
    let form = b.get("/ledgers/guidance").token();
    let marks: Vec<String> = (5..26).map(|id| format!("{id}:1")).collect();
    let mut fields = vec![("form", form.as_str())];
    fields.extend(marks.iter().map(|m| ("record", m.as_str())));
    let page = b.post("/ledgers/guidance/void", &fields).read();
    assert!(page.contains("只列出前20条记录计入的判定；上面的影响按全部21条测算"), "{page}");
    fields.pop();
    assert!(!b.post("/ledgers/guidance/void", &fields).read().contains("只列出前20条"));
});

db_test!(a_void_says_what_refers_to_it_and_units_and_persons_wait_for_that, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Personnel);
    // Of other ledgers it is said, and done all the same.
    let at = "/ledgers/mentor_pair/1/void";
    let mut clerk = Browser::of(o, Role::Office);
    let opened = clerk.get(at);
    let said = opened.read();
    assert!(said.contains("还有记录指向它（指导记录") && said.contains("：作废后那些记录将没有所指"), "{said}");
    assert_eq!(send(&mut clerk, &opened, at, &[("record", "1:1"), ("reason", "重复登记")]).status, 303);
    assert!(!clerk.get("/ledgers/guidance/Z1/void").read().contains("还有记录指向"));
    // A person who holds a post stays, whoever asks, and what was typed stays in the form.
    let (at, before) = ("/ledgers/person/2/void", rows(o, "person"));
    let opened = b.get(at);
    let said = opened.read();
    assert!(said.contains("现在不能作废：还有记录指向它（"), "{said}");
    // There is nothing to fill in: each count leads to these records, or to the page that lists them.
    let text = opened.text();
    assert!(!text.contains("name=\"reason\"") && text.contains("/ledgers/post?person=P2\""), "{text}");
    let text = b.get("/ledgers/unit/2/void").text();
    // The list of posts of a unit has those of its 科室 too, so it is the record's page.
    assert!(text.contains("/ledgers/unit?parent=U1\"") && text.contains("\"/ledgers/unit/2\">任职"), "{text}");
    let opened = b.get("/ledgers/person/new");
    let got = send(&mut b, &opened, at, &[("record", "2:1"), ("reason", "登记错了人")]);
    let said = got.read();
    assert!(got.status == 409 && said.contains("没有作废：") && got.text().contains("登记错了人"), "{said}");
    assert_eq!(rows(o, "person"), before);
    for ledger in ["unit", "person"] {
        let refused = facts::void(o, "周敏", ledger, (2, 1), "误登").unwrap_err();
        assert!(refused.is::<facts::StillReferred>(), "{refused}");
    }
    // Outside the scope it is a plain count.
    let none = o.db.read(|tx| {
        let current = o.current(tx)?;
        let nobody = dongliang::scope::Scope::units([].into());
        facts::referring(tx, &current.engine.layout, (1, &[2].into()), &nobody)
    });
    let none = none.unwrap();
    assert!(none.within.is_empty() && none.outside > 0 && none.to_string().starts_with("您范围以外的"), "{none}");
    // Those that go together hold each other no more.
    let unit = |code: &str, parent: i64| {
        let level = dongliang::org::builtin::LEVELS[2];
        let filled =
            [("name", code.into()), ("level", level.into()), ("parent", parent.into()), ("from", "2020-01-01".into())];
        put(o, "unit", code, None, &filled)
    };
    let above = unit("X1", 2);
    let below = unit("X2", above);
    assert!(facts::void(o, "周敏", "unit", (above, 1), "误登").is_err());
    let (above, below) = (format!("{above}:1"), format!("{below}:1"));
    let form = b.get("/ledgers/unit").token();
    let asked = b.post("/ledgers/unit/void", &[("form", &form), ("record", &above), ("record", &below)]);
    assert!(asked.status == 200 && !asked.read().contains("还有记录指向"), "{}", asked.read());
    let marks = [("record", above.as_str()), ("record", &below), ("reason", "误登")];
    assert_eq!(send(&mut b, &asked, "/ledgers/unit/void", &marks).status, 303);
});

db_test!(what_was_recorded_later_than_now_is_told_and_what_was_typed_stays, |db: &Db| {
    let o = &office(db);
    let mut tomorrow = o.clone();
    tomorrow.clock = dongliang::clock::Clock::Standing(dongliang::day::Day::parse("2025-10-21").unwrap());
    let id = put(&tomorrow, "guidance", "Z7", None, &[("pair", 1.into()), ("day", "2025-10-15".into())]);
    let mut b = Browser::of(o, Role::Office);
    let before = rows(o, "guidance");
    let at = format!("/ledgers/guidance/{id}/correct");
    let opened = b.get(&at);
    let typed = [("i.f.pair", "1"), ("f.day", "2025-10-14"), ("f.content", "改写的内容"), ("reason", "日期有误")];
    let got = send(&mut b, &opened, &at, &typed);
    let said = got.read();
    assert!(got.status == 409 && said.contains("登记时刻晚于当前时刻") && said.contains("请检查系统日期"), "{said}");
    assert!(got.text().contains("改写的内容") && got.text().contains("日期有误"), "{said}");
    let at = format!("/ledgers/guidance/{id}/void");
    let opened = b.get(&at);
    let got = send(&mut b, &opened, &at, &[("record", &format!("{id}:1")), ("reason", "重复登记")]);
    let said = got.read();
    assert!(got.status == 409 && said.contains("没有作废：这条记录的登记时刻晚于当前时刻"), "{said}");
    assert!(got.text().contains("重复登记"), "{said}");
    assert_eq!(rows(o, "guidance"), before);
});

db_test!(what_cannot_be_compared_is_not_called_the_same, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/person/new";
    let opened = b.get(at);
    let got = send(&mut b, &opened, at, &[("f.name", "赵一"), ("f.born", "1995-01-01"), ("f.phone", "13800000000")]);
    assert!(got.read().contains("台账里已有一条除加密栏目外内容完全相同的记录"), "{}", got.read());
});

db_test!(no_payload_gets_through_any_input_of_a_record, |db: &Db| {
    let (o, payloads) = (&office(db), payloads(db));
    let mut b = Browser::of(o, Role::Office);
    let forms: [(&str, &[&str]); 4] = [
        (NEW, &["f.pair", "i.f.pair", "f.day", "f.content", "f.way", "record_code", "find", "once", "sure"]),
        ("/ledgers/person/new", &["f.name", "f.born", "f.id_number", "f.phone", "unit", "i.unit"]),
        ("/ledgers/guidance/1/correct", &["reason", "revision", "f.area", "f.confirmed"]),
        ("/ledgers/guidance/1/void", &["record", "reason", "once"]),
    ];
    for (at, fields) in forms {
        let opened = b.get(at);
        let (form, once) = (opened.token(), hidden(&opened, "once"));
        for field in fields {
            for payload in &payloads {
                // A day that is none keeps everything else from being recorded.
                let mut all = vec![("form", form.as_str()), ("once", &once), ("f.day", "x"), ("f.rank_since", "x")];
                all.extend([("revision", "1"), ("record", "x")]);
                all.retain(|(name, _)| name != field);
                all.push((field, payload));
                let got = b.post(at, &all);
                let what = format!("{at} {field} {payload:?}");
                assert!(got.status < 500, "{what}: {}", got.status);
                let marked = payload.contains(['<', '"', '\'']) && got.status != 303;
                assert!(!marked || !got.text().contains(payload.as_str()), "{what}: sent back as it is");
            }
        }
    }
    assert_eq!(rows(o, "guidance"), 4);
});

db_test!(columns_are_kept_for_whoever_chose_them, |db: &Db| {
    let o = &office(db);
    let (mut b, mut other) = (Browser::of(o, Role::Office), Browser::of(o, Role::Personnel));
    let chosen = b.get("/ledgers/guidance?col=way&col=recorded_by");
    assert!(
        chosen.text().contains("把现在的列设为我的默认") && !b.get("/ledgers/guidance").text().contains("我的默认")
    );
    let form = chosen.token();
    let keep = "/ledgers/guidance/columns";
    let kept = b.post(keep, &[("form", &form), ("col", "way"), ("col", "recorded_by"), ("col", "<nothing>")]);
    assert_eq!(kept.led(), (303, "/ledgers/guidance"));
    let head = |b: &mut Browser, path: &str| {
        let text = b.get(path).text();
        let from = text.find("<thead>").unwrap();
        text[from..text.find("</thead>").unwrap()].to_owned()
    };
    let own = head(&mut b, "/ledgers/guidance");
    assert!(own.contains("指导方式") && own.contains("登记人") && !own.contains("指导日期"), "{own}");
    assert!(head(&mut other, "/ledgers/guidance").contains("指导日期"), "another's list is as it was");
    assert!(head(&mut b, "/ledgers/guidance?cols=all").contains("指导日期"), "the address goes before");
    let file = b.get("/ledgers/guidance/export?format=csv&columns=shown").text();
    assert!(file.contains("指导方式") && !file.contains("指导日期"), "{file}");
    assert_eq!(b.post(keep, &[("form", &form), ("col", "none")]).status, 400);
    assert_eq!(b.post("/ledgers/none/columns", &[("form", &form), ("col", "way")]).status, 404);
});
