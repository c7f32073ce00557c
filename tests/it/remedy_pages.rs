//! Consequences on their pages: who sees them, who is responsible, how they are confirmed, dropped and found again.

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    installation::Installation,
    jobs,
    remedy::{State, decide::Word},
};

use crate::{
    remedy::{confirm, day, drafted, get, guide, say},
    visit::{Browser, account},
    web_lists::put,
};

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
    // A part of a unit's name, or its initials, is that unit where only one is called so; else no row stands under the filter.
    for unit in ["柳溪", "lxx", "u1", "Ｕ１"] {
        let page = b.get(&format!("/remedies?unit={unit}")).read();
        assert!(page.contains("提醒：钱二—孙三") && !page.contains("没有编号或全名"), "{unit}: {page}");
    }
    for (unit, told) in [("U9", "没有编号或全名为“U9”的单位"), ("发改", "名称里有这几个字的有")]
    {
        let page = b.get(&format!("/remedies?unit={unit}")).read();
        assert!(page.contains(told) && page.contains("没有符合条件的") && !page.contains("提醒：钱二—孙三"), "{page}");
    }
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
    // Links of the answer lead to the page that is shown, not to where the form was sent.
    assert!(got.text().contains("/remedies/1?print=1") && got.text().contains("/remedies/1?ui_size=large"));
    assert!(!got.text().contains("/confirm?"), "{}", got.text());
    let wrong = b.get("/remedies/1/confirm?print=1");
    assert!(wrong.status == 405 && wrong.read().contains("这个网址不能这样打开"), "{}", wrong.read());
    assert!(wrong.text().contains("href=\"/ledgers\"") && wrong.headers.contains_key("allow"));
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
    // The list is narrowed by that too, and to nothing for others.
    let mine = b.get("/remedies?deed=me").read();
    assert!(mine.contains("办理人") && mine.contains("您办过的2"), "{mine}");
    assert!(Browser::of(o, Role::Leaders).get("/remedies?deed=me").read().contains("没有符合条件的改进措施"));
    assert!(b.get("/remedies?deed=other").read().contains("办理人没有“other”这一项"));
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
