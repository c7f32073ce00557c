//! Classes on their pages: how they stand, what they miss, participants, lecturers, cost; and calendars of them.

use dongliang::{
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test,
};

use crate::{
    incremental::Office,
    visit::{Browser, account},
};

fn text(t: &str) -> Value {
    Value::from(t)
}

/// A paid class of the city in June with three participants, and a lesson of the district that says little.
fn classes(o: &Office) -> (i64, i64) {
    let class = o.add(
        "activity",
        Some(1),
        &[
            ("kind", text("专业培训")),
            ("title", text("项目谋划班<i>")),
            ("category", text("专门业务培训")),
            ("starts", text("2025-06-10")),
            ("ends", text("2025-06-12")),
            ("closed_book", 1.into()),
            ("funded", 1.into()),
            ("fee_class", text("三类")),
            ("hours", 210_000.into()),
        ],
    );
    let of = |person: i64| vec![("activity", class.into()), ("person", person.into()), ("day", text("2025-06-10"))];
    for (person, more) in [
        (3, vec![("present", text("出席"))]),
        (5, vec![("present", text("出席")), ("leave_hours", 40_000.into())]),
        (6, vec![("present", text("缺席"))]),
    ] {
        o.add("attendance", None, &[of(person), more].concat());
    }
    let lesson = [
        ("kind", text("现场教学")),
        ("title", text("园区现场教学")),
        ("starts", text("2025-06-25")),
        ("ends", text("2025-06-25")),
    ];
    (class, o.add("activity", Some(2), &lesson))
}

db_test!(a_class_says_what_it_misses_and_against_which_standard_it_cost, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    let (class, lesson) = classes(o);
    let inst = &o.installation;
    let mut office = Browser::of(inst, Role::Personnel);
    let list = office.get("/training").read();
    assert!(list.contains("2025年6月") && list.contains("共2个班次与活动") && list.contains("测试未闭合1个"), "{list}");
    assert!(list.contains("6月10日至12日") && list.contains("计划中1个"), "{list}");
    let narrow = |b: &mut Browser, query: &str| b.get(&format!("/training?{query}")).read();
    let only = narrow(&mut office, "year=2025&stage=untested");
    assert!(only.contains("项目谋划班") && !only.contains("园区现场教学"), "{only}");
    assert!(narrow(&mut office, "month=2025-05").contains("没有登记班次与活动"));
    for (query, told) in
        [("month=2025-13", "没有“2025-13”这个月份"), ("year=25", "没有“25”这个年份"), ("stage=x", "状态没有“x”")]
    {
        assert!(narrow(&mut office, query).contains(told), "{query}");
    }

    let at = format!("/training/{class}");
    let page = office.get(&at);
    assert!(!page.text().contains("项目谋划班<i>"));
    let page = page.read();
    for told in [
        "没有专家库里的人授课的记录",
        "应当闭卷测试，还没有测试",
        "没有事前经费检查",
        "没有事中经费检查",
        "没有事后经费检查",
        "没有评估结论",
        "全勤1人，请假1人，缺席1人",
        "请假4学时，超过七分之一",
        "没有登记开班之日的“综合定额三类”",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let text_of = office.get(&at).text();
    assert!(text_of.contains(&format!("/tests/new?activity={class}")), "{text_of}");
    assert!(text_of.contains(&format!("/ledgers/lecture/new?activity={class}")));

    // Standards by date, a lecturer above his, money above that of the class.
    for (item, yuan, from) in
        [("综合定额三类", 400, "2024-01-01"), ("讲课费正高", 1_000, "2024-01-01"), ("综合定额三类", 900, "2025-07-01")]
    {
        let fields = [
            ("item", text(item)),
            ("amount", Value::I64(yuan * 100)),
            ("starts", text(from)),
            ("basis", text("云财行〔2023〕61号")),
        ];
        o.add("fee_standard", Some(1), &fields);
    }
    let expert = [
        ("name", text("陈教授")),
        ("category", text("高校学者")),
        ("joined", text("2024-01-01")),
        ("fee_grade", text("正高")),
    ];
    let expert = o.add("expert", Some(1), &expert);
    let lecture = [
        ("activity", class.into()),
        ("expert", expert.into()),
        ("day", text("2025-06-10")),
        ("hours", 40_000.into()),
        ("fee", 450_000.into()),
    ];
    o.add("lecture", None, &lecture);
    let budget = [
        ("year", text("2025")),
        ("line", text("培训经费")),
        ("amount", 9_000_000.into()),
        ("approved", text("2025-01-10")),
    ];
    let budget = o.add("budget", Some(1), &budget);
    let spent = [
        ("budget", budget.into()),
        ("amount", 900_000.into()),
        ("day", text("2025-06-15")),
        ("activity", class.into()),
    ];
    o.add("spending", None, &spent);
    let page = office.get(&at).read();
    assert!(page.contains("超出正高标准：每学时1000元，计4000元"), "{page}");
    assert!(page.contains("每人每天400元，3人3天，计3600元"), "that of its first day: {page}");
    assert!(page.contains("讲课费以外的支出不少于4500元，超出综合定额不少于900元"), "{page}");
    let pay = [&spent[..1], &[("amount", 450_000.into()), ("purpose", text("专家讲课费"))], &spent[2..]].concat();
    o.add("spending", None, &pay);
    let page = office.get(&at).read();
    assert!(page.contains("讲课费以外的支出9000元，超出综合定额5400元"), "{page}");
    assert!(!page.contains("没有专家库里的人授课"), "{page}");

    // The district sees its own lesson; who takes part sees the class, with his own row alone; nobody else.
    let mut district = Browser::logged_in(inst, account(inst, "district", Role::UnitAdmin, Some(2), None));
    assert_eq!((district.get(&at).status, district.get(&format!("/training/{lesson}")).status), (404, 200));
    let lesson = district.get(&format!("/training/{lesson}")).read();
    assert!(lesson.contains("现场教学没有关联重点项目") && lesson.contains("距开班"), "{lesson}");
    let mut part = Browser::logged_in(inst, account(inst, "part", Role::Cadre, None, Some(5)));
    let page = part.get(&at);
    assert_eq!(page.status, 200);
    let page = page.read();
    assert!(page.contains("请假1人") && !page.contains("缺席1人") && !page.contains("登记授课"), "{page}");
    let mut other = Browser::logged_in(inst, account(inst, "other", Role::Cadre, None, Some(7)));
    assert_eq!(other.get(&at).status, 404);
    assert_eq!(office.get("/training/none").status, 404);
});

/// The address of the calendar that was just made.
fn made(b: &mut Browser, unit: &str) -> String {
    let got = b.submit("/account", "/account/feeds", &[("unit", unit)]);
    assert_eq!(got.status, 200);
    let text = got.text();
    let from = text.find("/feeds/").unwrap_or_else(|| panic!("{text}"));
    text[from..].split('<').next().unwrap().to_owned()
}

db_test!(a_calendar_is_read_by_its_secret_until_that_is_renewed_or_withdrawn, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    classes(o);
    let inst = &o.installation;
    let id = account(inst, "admin", Role::UnitAdmin, Some(2), Some(3));
    let mut me = Browser::logged_in(inst, id);
    let mut program = Browser::new(inst);
    let own = made(&mut me, "0");
    let got = program.get(&own);
    assert_eq!((got.status, got.header(axum::http::header::CONTENT_TYPE)), (200, "text/calendar; charset=utf-8"));
    let calendar = got.text();
    assert!(
        calendar.contains("SUMMARY:项目谋划班<i>\r\n") && calendar.contains("DTSTART;VALUE=DATE:20250610"),
        "{calendar}"
    );
    assert!(!calendar.contains("园区现场教学"), "not his: {calendar}");
    assert_eq!(me.get("/me/calendar.ics").text().matches("BEGIN:VEVENT").count(), 1);

    // The unit's, with what it may see; that of another is refused.
    let unit = made(&mut me, "2");
    let calendar = program.get(&unit).text();
    assert!(calendar.contains("园区现场教学") && !calendar.contains("项目谋划班"), "{calendar}");
    assert!(me.get("/training/calendar.ics").text().contains("园区现场教学"));
    for other in ["1", "99", "x", "-1"] {
        let got = me.submit("/account", "/account/feeds", &[("unit", other)]);
        assert!(got.status == 422 && got.read().contains("不能生成"), "{other}: {}", got.status);
    }
    // The store has no secret, and the log says that there are two, not which.
    let secret = own.trim_start_matches("/feeds/").trim_end_matches(".ics").to_owned();
    let kept = db.read(|tx| tx.rows("select token from feed", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(kept.len() == 2 && kept.iter().all(|k| *k != secret));
    let told = "select count(*) from audit_entry where kind = 'account' and payload like '%日历订阅%'";
    assert_eq!(db.read(|tx| tx.one(told, &[], |r| r.i64(0))).unwrap(), Some(2));

    // Renewed, the one before leads nowhere; withdrawn, none does; a stranger's guess neither.
    let again = made(&mut me, "0");
    assert_eq!((program.get(&own).status, program.get(&again).status), (404, 200));
    let mut stranger = Browser::logged_in(inst, account(inst, "stranger", Role::Cadre, None, Some(6)));
    stranger.submit("/account", "/account/feeds/withdraw", &[("id", "3")]);
    assert_eq!(program.get(&again).status, 200, "not his to withdraw");
    assert_eq!(me.submit("/account", "/account/feeds/withdraw", &[("id", "3")]).led(), (303, "/account?done=feed"));
    assert_eq!(program.get(&again).status, 404);
    for guess in ["x.ics".to_owned(), format!("{}.ics", "0".repeat(64)), "%E4%B8%AD.ics".into(), secret] {
        assert_eq!(program.get(&format!("/feeds/{guess}")).status, 404, "{guess}");
    }
    // With the role or the account it ends.
    let mut later = inst.clone();
    later.clock = Clock::Standing(Day::parse("2025-06-21").unwrap());
    assert_eq!(Browser::new(&later).get(&unit).status, 200);
    db.write(move |tx| tx.execute("update role_grant set ends = '2025-06-20' where account_id = $1", &[id.into()]))
        .unwrap();
    assert_eq!(Browser::new(&later).get(&unit).status, 404);
    db.write(move |tx| tx.execute("update role_grant set ends = null where account_id = $1", &[id.into()])).unwrap();
    db.write(move |tx| tx.execute("update account set disabled_at = 1 where row_id = $1", &[id.into()])).unwrap();
    assert_eq!(Browser::new(&later).get(&unit).status, 404);
});
