//! Participants of a class chosen many at once, and how they were there in one form: each once, in scope, all or none.

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    ledger::NewRow,
};

use crate::{
    auth_forms::payloads,
    incremental::Office,
    visit::{Browser, account, encoded},
};

fn text(t: &str) -> Value {
    Value::from(t)
}

/// A class of three days and 21 hours of the city, at which nobody is yet.
fn class(o: &Office, hours: Option<i64>) -> i64 {
    let fields = [
        ("kind", text("专业培训")),
        ("title", text("项目谋划班<i>")),
        ("starts", text("2025-06-10")),
        ("ends", text("2025-06-12")),
        ("closed_book", 1.into()),
        ("hours", hours.into()),
    ];
    o.add("activity", Some(1), &fields)
}

/// A person with a name and a post.
fn person(o: &Office, name: &str, code: &str, unit: i64, from: &str) -> i64 {
    let row = o.row("person", None, &[("name", text(name)), ("born", text("1990-05-05"))]);
    let person =
        facts::add(&o.installation, "试", "person", vec![NewRow { code: Some(code.into()), ..row }], None).unwrap()[0];
    o.add("post", Some(unit), &[("person", person.into()), ("duty", text("普通干部")), ("from", text(from))]);
    person
}

/// Of each who stands in a class: person, 到场, leave.
fn there(o: &Installation, class: i64) -> Vec<(i64, Option<String>, Option<i64>)> {
    let sql = "select \"person\", \"present\", \"leave_hours\" from l_attendance where voided_at is null \
               and \"activity\" = $1 order by \"person\"";
    let text = |t: Option<&str>| t.map(str::to_owned);
    o.db.read(|tx| tx.rows(sql, &[class.into()], |r| Ok((r.i64(0)?, text(r.opt_text(1)?), r.opt_i64(2)?)))).unwrap()
}

fn entries(o: &Installation) -> i64 {
    o.db.read(|tx| tx.one("select count(*) from audit_entry", &[], |r| r.i64(0))).unwrap().unwrap()
}

fn district(o: &Office) -> Browser {
    let inst = &o.installation;
    Browser::logged_in(inst, account(inst, "district", Role::UnitAdmin, Some(2), None))
}

db_test!(persons_are_added_by_unit_and_post_each_once_and_in_scope, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    let class = class(o, Some(210_000));
    let lin = person(o, "林峰<b>", "P8", 4, "2020-01-01");
    let late = person(o, "晚到", "P9", 4, "2025-06-15");
    let inst = &o.installation;
    let at = format!("/training/{class}/people");
    let mut office = Browser::of(inst, Role::Personnel);
    let one = office.get(&format!("/training/{class}"));
    assert!(one.text().contains(&format!("href=\"{at}\"")), "{}", one.text());
    let page = office.get(&at);
    let read = page.read();
    assert!(read.contains("按开班之日2025年6月10日的任职列出，符合条件的8人") && !read.contains("晚到"), "{read}");
    assert!(!page.text().contains("林峰<b>") && read.contains("全选，共2人"), "{read}");
    // By unit, by kind of post, by name and its initials.
    let narrow = |b: &mut Browser, query: &str| b.get(&format!("{at}?{query}")).read();
    for (query, many) in [
        ("unit=%E7%94%B2%E4%BA%8C%E7%A7%91", 2),
        ("unit=%E7%94%B2%E5%8C%BA%E5%8F%91%E6%94%B9%E5%A7%94", 7),
        (&*format!("duty={}", encoded("主要负责同志")), 2),
        ("q=lf", 1),
        ("q=P8", 1),
        ("q=%25", 0),
        (&*format!("state={}", encoded("未加入")), 8),
    ] {
        let read = narrow(&mut office, query);
        assert!(read.contains(&format!("符合条件的{many}人")), "{query}: {read}");
    }
    assert!(narrow(&mut office, "unit=nowhere").contains("没有编号或全名为“nowhere”的单位"));
    assert!(narrow(&mut office, "duty=x").contains("任职类别没有“x”这一项"));
    // Nothing ticked, nothing readable, somebody who does not fit: told, and nobody is added.
    let before = entries(inst);
    for (fields, told) in [
        (vec![], "没有勾选人员"),
        (vec![("p", "x")], "无法识别"),
        (vec![("p", "3"), ("p", "9999")], "没有加入任何人"),
        (vec![("p", &*late.to_string())], "没有加入任何人"),
    ] {
        let got = office.submit(&at, &at, &fields);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    let wrong = format!("{at}?unit=nowhere");
    assert_eq!(office.submit(&wrong, &wrong, &[("all", "1")]).status, 422);
    assert!(there(inst, class).is_empty() && entries(inst) == before);
    // A unit and a person in one form; sent twice it is written once, as one entry.
    let form = office.get(&at).token();
    let fields = [("form", form.as_str()), ("u", "4"), ("p", "3")];
    assert_eq!(office.post(&at, &fields).led(), (303, &*format!("{at}?done=1")));
    assert_eq!(office.post(&at, &fields).status, 303, "sent twice");
    assert_eq!(office.post(&at, &[("form", &form), ("u", "3")]).status, 422, "another form under the same token");
    let found: Vec<i64> = there(inst, class).iter().map(|t| t.0).collect();
    assert_eq!((found, entries(inst)), (vec![3, 7, lin], before + 1));
    let page = office.get(&format!("{at}?done=1")).read();
    assert!(page.contains("已加入所选的人") && page.contains("林峰&#60;b&#62;　已在班") && page.contains("都已在班"));
    // All that fit: who is there already stays once.
    let some = format!("{at}?unit={}", encoded("甲一科"));
    office.submit(&some, &some, &[("all", "1")]);
    assert_eq!(there(inst, class).iter().map(|t| t.0).collect::<Vec<_>>(), [3, 4, 5, 6, 7, lin]);
    office.submit(&at, &at, &[("all", "1")]);
    assert_eq!(there(inst, class).len(), 8);
    // The district sees its own alone, and adds nobody of the city.
    let other = self::class(o, None);
    o.add("attendance", None, &[("activity", other.into()), ("person", 3.into()), ("day", text("2025-06-10"))]);
    let at = format!("/training/{other}/people");
    let lesson = [
        ("kind", text("现场教学")),
        ("title", text("园区")),
        ("starts", text("2025-06-25")),
        ("ends", text("2025-06-25")),
    ];
    let lesson = o.add("activity", Some(2), &lesson);
    let mut own = district(o);
    assert_eq!(own.get(&at).status, 404, "not its class");
    let at = format!("/training/{lesson}/people");
    let read = own.get(&at).read();
    assert!(read.contains("今天（还没有开班）2025年6月20日") && read.contains("符合条件的8人"), "{read}");
    assert_eq!(own.submit(&at, &at, &[("p", "1")]).status, 422);
    assert_eq!(own.submit(&at, &at, &[("p", "2"), ("u", "1")]).status, 303, "a unit that is not its own is nobody");
    assert_eq!(there(inst, lesson).len(), 1);
    // Who only takes part adds nobody.
    let mut part = Browser::logged_in(inst, account(inst, "part", Role::Cadre, None, Some(3)));
    let page = part.get(&format!("/training/{class}"));
    assert!(page.status == 200 && !page.text().contains("/people"));
    assert!(part.get(&format!("/training/{class}/people")).read().contains("没有在职的人"));
    for id in ["none", "0", "-1", "99999999999999999999"] {
        assert_eq!(office.get(&format!("/training/{id}/people")).status, 404, "{id}");
        assert_eq!(office.get(&format!("/training/{id}/roster")).status, 404, "{id}");
    }
    o.agree("persons added");
});

db_test!(how_all_were_there_is_one_form_and_all_or_nothing, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    let class = class(o, Some(210_000));
    let inst = &o.installation;
    let mut office = Browser::of(inst, Role::Personnel);
    let at = format!("/training/{class}/roster");
    assert!(office.get(&at).read().contains("还没有人参训"));
    let people = format!("/training/{class}/people");
    office.submit(&people, &people, &[("all", "1")]);
    let page = office.get(&at);
    let read = page.read();
    assert!(read.contains("您能登记的7人，其中7人还没有登记") && read.contains("全班3天，即6个半天"), "{read}");
    assert!(read.contains("共21学时，七分之一约3学时，半天就已超过"), "{read}");
    let records = || -> Vec<i64> {
        let sql = "select record_id from l_attendance where voided_at is null and \"activity\" = $1 order by record_id";
        inst.db.read(|tx| tx.rows(sql, &[class.into()], |r| r.i64(0))).unwrap()
    };
    let rows = records();
    let key = |letter: &str, n: usize| format!("{letter}{}", rows[n]);
    let form = |b: &mut Browser, said: &[(usize, &str, &str)], more: &[(&str, &str)]| {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (n, presence, halves) in said {
            fields.extend([
                (key("v", *n), "1".into()),
                (key("s", *n), (*presence).into()),
                (key("h", *n), (*halves).into()),
            ]);
        }
        fields.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        b.submit(&at, &at, &fields)
    };
    // One bad row, and nothing of the others is written; what was typed stays.
    let before = entries(inst);
    for (presence, halves, told) in [
        ("leave", "", "请假的半天数应为1至5"),
        ("leave", "6", "请假的半天数应为1至5"),
        ("leave", "半", "请假的半天数应为1至5"),
        ("whole", "2", "没有选“请假”"),
        ("", "2", "没有选“请假”"),
        ("x", "", "请选全勤、请假或缺席"),
    ] {
        let got = form(&mut office, &[(0, "whole", ""), (1, presence, halves)], &[]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains(&format!("href=\"#r{}\"", rows[1])), "a summary leads to the row");
        assert!(got.text().contains(&format!("name=\"s{}\" value=\"whole\" checked", rows[0])));
    }
    let got = form(&mut office, &[(0, "", "")], &[]);
    assert!(got.status == 422 && got.read().contains("没有选择到场情况"), "{}", got.read());
    let got = form(&mut office, &[(0, "whole", "")], &[("s99999", "whole")]);
    assert!(got.status == 422 && got.read().contains("没有登记任何一行"), "{}", got.read());
    assert!(there(inst, class).iter().all(|t| t.1.is_none()) && entries(inst) == before);
    // Leave of two half days is seven of 21 hours; who is not chosen was there.
    let all =
        [(0, "whole", ""), (1, "leave", "2"), (2, "absent", ""), (3, "", ""), (4, "", ""), (5, "", ""), (6, "", "")];
    assert_eq!(form(&mut office, &all, &[("rest", "1")]).led(), (303, &*format!("{at}?done=1")));
    assert_eq!(entries(inst), before + 1, "one form, one entry");
    let found = there(inst, class);
    assert_eq!(found[1], (2, Some("出席".into()), Some(70_000)));
    assert_eq!((found[2].1.as_deref(), found[2].2), (Some("缺席"), None));
    assert_eq!(found.iter().filter(|t| t.1.as_deref() == Some("出席") && t.2.is_none()).count(), 5);
    let page = office.get(&at);
    assert!(
        page.read().contains("到场情况都已登记") && page.read().contains("已登记7学时，超过七分之一"),
        "{}",
        page.read()
    );
    assert!(page.text().contains(&format!("name=\"h{}\" inputmode=\"numeric\" size=\"4\" maxlength=\"4\"", rows[1])));
    let one = office.get(&format!("/training/{class}")).read();
    assert!(one.contains("全勤5人，请假1人，缺席1人"), "{one}");
    // Somebody was faster: nothing of the form is written, and the page shows what stands.
    let got = form(&mut office, &[(0, "absent", ""), (1, "whole", "")], &[]);
    assert!(got.status == 422 && got.read().contains("有人刚改过这一行"), "{}", got.read());
    assert_eq!(there(inst, class), found);
    // With the revision that stands; leave that comes to no half days stays as it is.
    let sql = "update l_attendance set \"leave_hours\" = 40000 where record_id = $1 and voided_at is null";
    let record = rows[1];
    inst.db.write(move |tx| tx.execute(sql, &[record.into()])).unwrap();
    let (v, s, h) = (key("v", 1), key("s", 1), key("h", 1));
    assert!(office.get(&at).read().contains("已登记4学时，超过七分之一，半天数留空则不改"));
    office.submit(&at, &at, &[(&v, "2"), (&s, "leave"), (&h, "")]);
    assert_eq!(there(inst, class)[1].2, Some(40_000));
    office.submit(&at, &at, &[(&v, "2"), (&s, "whole"), (&h, "")]);
    assert_eq!(there(inst, class)[1], (2, Some("出席".into()), None));

    // Without hours leave cannot be told in half days.
    let other = self::class(o, None);
    let (people, at) = (format!("/training/{other}/people"), format!("/training/{other}/roster"));
    office.submit(&people, &people, &[("p", "3")]);
    assert!(office.get(&at).read().contains("没有学时，也没有适用的折算标准"));
    let record =
        inst.db.read(|tx| tx.one("select max(record_id) from l_attendance", &[], |r| r.i64(0))).unwrap().unwrap();
    let (v, s, h) = (format!("v{record}"), format!("s{record}"), format!("h{record}"));
    let got = office.submit(&at, &at, &[(&v, "1"), (&s, "leave"), (&h, "1")]);
    assert!(got.status == 422 && got.read().contains("半天折算不成学时"), "{}", got.read());
    // Who takes part sees the page without rows to fill, and writes nothing.
    let mut part = Browser::logged_in(inst, account(inst, "part", Role::Cadre, None, Some(3)));
    assert!(part.get(&at).read().contains("还没有人参训"));
    let token = part.get("/me").token();
    let got = part.post(&at, &[("form", token.as_str()), (&v, "1"), (&s, "whole")]);
    assert!(got.status == 422 && there(inst, other)[0].1.is_none(), "{}", got.status);
    // A class of one day has one half day of leave, and that is said as one.
    let fields = [
        ("kind", text("现场教学")),
        ("title", text("园区")),
        ("starts", text("2025-06-19")),
        ("ends", text("2025-06-19")),
        ("hours", 80_000.into()),
    ];
    let short = o.add("activity", Some(1), &fields);
    let people = format!("/training/{short}/people");
    office.submit(&people, &people, &[("all", "1")]);
    let at = format!("/training/{short}/roster");
    let sql = "select min(record_id) from l_attendance where voided_at is null and \"activity\" = $1";
    let row = inst.db.read(|tx| tx.one(sql, &[short.into()], |r| r.i64(0))).unwrap().unwrap();
    let fields = [(format!("v{row}"), "1"), (format!("s{row}"), "leave"), (format!("h{row}"), "2")];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    let got = office.submit(&at, &at, &fields);
    assert!(got.status == 422 && got.read().contains("请假的半天数应为1；整班"), "{}", got.read());
});

db_test!(no_payload_gets_through_the_forms_of_participants, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    let class = class(o, Some(210_000));
    let inst = &o.installation;
    let mut b = Browser::of(inst, Role::Personnel);
    let people = format!("/training/{class}/people");
    b.submit(&people, &people, &[("u", "3")]);
    let roster = format!("/training/{class}/roster");
    let before = there(inst, class);
    let record =
        inst.db.read(|tx| tx.one("select min(record_id) from l_attendance", &[], |r| r.i64(0))).unwrap().unwrap();
    let (v, s, h) = (format!("v{record}"), format!("s{record}"), format!("h{record}"));
    for payload in payloads(db) {
        for (path, key) in [
            (&people, "p"),
            (&people, "u"),
            (&people, "all"),
            (&roster, &v),
            (&roster, &s),
            (&roster, &h),
            (&roster, "rest"),
        ] {
            let got = b.submit(path, path, &[(key, &payload)]);
            assert!((400..500).contains(&got.status), "{path} {key} {payload:?}: {}", got.status);
            let marked = payload.contains(['<', '"', '\'']);
            assert!(!marked || !got.text().contains(&payload), "{path} {key} {payload:?}");
        }
        let narrowed = format!("{people}?q={}", encoded(&payload.chars().take(300).collect::<String>()));
        assert!(b.get(&narrowed).status < 500, "{payload:?}");
    }
    assert_eq!(there(inst, class), before);
});

db_test!(a_thousand_persons_are_chosen_on_small_pages, |db: &Db| {
    let o = &Office::open(db, "2025-06-20");
    o.found();
    let class = class(o, Some(210_000));
    let inst = &o.installation;
    let rows = (0..1_000).map(|n| o.row("person", None, &[("name", text(&format!("欧阳某{n}")))])).collect();
    let ids = facts::add(inst, "试", "person", rows, None).unwrap();
    let post = |id: &i64| {
        let fields = [("person", (*id).into()), ("duty", text("普通干部")), ("from", text("2020-01-01"))];
        o.row("post", Some(3 + id % 2), &fields)
    };
    facts::add(inst, "试", "post", ids.iter().map(post).collect(), None).unwrap();
    let mut b = Browser::of(inst, Role::Personnel);
    let (people, roster) = (format!("/training/{class}/people"), format!("/training/{class}/roster"));
    let page = b.get(&format!("{people}?size=100&page=3"));
    assert!(page.read().contains("全选，共503人") && page.body.len() < 60 * 1024, "{}", page.body.len());
    assert_eq!(b.submit(&people, &people, &[("u", "3"), ("u", "4")]).status, 303);
    assert_eq!(there(inst, class).len(), 1_004);
    let page = b.get(&format!("{roster}?page=2"));
    assert!(page.text().matches("type=\"radio\"").count() == 150 && page.body.len() < 60 * 1024, "{}", page.body.len());
});
