//! Pickers of a form: found by name, initials and number, what the writer may see and no more; what was picked stands.

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test, facts,
};

use crate::{
    visit::Browser,
    web_lists::{office, put},
    web_records::{NEW, record_of, send},
};

db_test!(pickers_find_by_name_initials_and_number_what_the_writer_may_see, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/talk/new";
    let opened = b.get(at);
    let find = |b: &mut Browser, text: &str| {
        let typed = [("f.listener", text), ("find", "f.listener"), ("f.day", "2025-03-09"), ("f.kind", "例行")];
        send(b, &opened, at, &typed)
    };
    for text in ["孙三", "孙", "ss", "P3", "p3"] {
        let got = find(&mut b, text);
        assert!(got.status == 200 && got.text().contains(r#"name="i.f.listener" value="3" checked"#), "{text}");
        assert!(got.text().contains(r#"value="2025-03-09""#) && !got.text().contains("f-sum"), "{text}");
        assert!(got.read().contains("柳溪县发改局 办公室　P3"), "{text}: {}", got.read());
    }
    let got = find(&mut b, "P");
    assert!(got.read().contains("共4个，请选定。") && !got.text().contains(r#"value="3" checked"#), "{}", got.read());
    for text in ["%", "_", "\\", "'", "没有"] {
        assert!(find(&mut b, text).read().contains("没有找到"), "{text}");
    }
    // Namesakes are told apart by their units, and by saving without a choice.
    put(o, "person", "P5", None, &[("name", "孙三".into())]);
    let got = find(&mut b, "孙三");
    assert!(got.read().contains("不在岗　P5") && got.read().contains("共2个"), "{}", got.read());
    let got = send(&mut b, &opened, at, &[("f.listener", "孙三"), ("f.talker", "赵一"), ("f.kind", "例行")]);
    assert!(got.read().contains("符合“孙三”的有2个，请选定一个"), "{}", got.read());
    // Whom a reader may not see is not found, nor taken by number.
    let mut clerk = Browser::of(o, Role::Clerk);
    let opened = clerk.get(at);
    let got = send(&mut clerk, &opened, at, &[("f.talker", "安四"), ("find", "f.talker")]);
    assert!(got.read().contains("没有找到“安四”") && !got.text().contains("P4"));
    let got = send(&mut clerk, &opened, at, &[("i.f.talker", "4"), ("i.f.listener", "3"), ("f.kind", "例行")]);
    assert!(got.status == 422 && got.read().contains("谈话人：选定的记录已不在"), "{}", got.read());
    // Rare characters are names like any other.
    for (code, name) in [("P6", "𠮷田"), ("P7", "王㛃")] {
        let mut hr = Browser::of(o, Role::Office);
        let opened = hr.get("/ledgers/person/new");
        let made = send(&mut hr, &opened, "/ledgers/person/new", &[("f.name", name), ("record_code", code)]);
        assert!(hr.get(made.led().1).read().contains(name));
        assert!(find(&mut b, name).read().contains(code), "{name}");
    }
    let mut hr = Browser::of(o, Role::Office);
    let opened = hr.get("/ledgers/person/new");
    let long = send(&mut hr, &opened, "/ledgers/person/new", &[("f.name", &"名".repeat(2000))]);
    assert!(long.status == 422 && long.read().contains("有 2000 个字，超过 200 个字"));
    let taken = send(&mut hr, &opened, "/ledgers/person/new", &[("f.name", "周新"), ("record_code", "P1")]);
    assert!(taken.status == 422 && taken.read().contains("编号“P1”不能使用，请核对或换一个"), "{}", taken.read());
    // Beside another fault the code is told too.
    let all = [("f.name", "周新"), ("f.born", "2035-01-01"), ("record_code", "P1")];
    let both = send(&mut hr, &opened, "/ledgers/person/new", &all).read();
    assert!(both.contains("出生日期晚于今天") && both.contains("编号“P1”不能使用"), "{both}");
});

db_test!(what_is_typed_beside_a_picked_record_wins, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let opened = b.get("/ledgers/guidance/new?pair=J1");
    let fields = |text: &'static str| [("i.f.pair", "1"), ("f.pair", text), ("f.day", "2025-10-08")];
    let none = send(&mut b, &opened, NEW, &fields("J9"));
    assert!(none.status == 422 && none.read().contains("没有找到“J9”"), "{}", none.read());
    let record = record_of(&send(&mut b, &opened, NEW, &fields("J2")));
    let pair =
        o.db.read(|tx| tx.one("select \"pair\" from l_guidance where record_id = $1", &[record.into()], |r| r.i64(0)));
    assert_eq!(pair.unwrap(), Some(2));
    // Where both fit what is typed, the one that was picked stands.
    put(o, "person", "P5", None, &[("name", "孙三".into())]);
    let at = "/ledgers/talk/new";
    let opened = b.get(at);
    let fields = [("f.talker", "赵一"), ("f.listener", "孙三"), ("i.f.listener", "3"), ("f.kind", "例行")];
    let day = ("f.day", "2025-10-08");
    let talk = record_of(&send(&mut b, &opened, at, &[&fields[..], &[day]].concat()));
    let listener =
        o.db.read(|tx| tx.one("select \"listener\" from l_talk where record_id = $1", &[talk.into()], |r| r.i64(0)));
    assert_eq!(listener.unwrap(), Some(3));
});

db_test!(what_need_not_be_picked_can_be_emptied, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/unit/2/correct";
    let opened = b.get(at);
    assert!(opened.text().contains(r#"name="i.f.parent" value="1" checked"#), "{}", opened.text());
    assert!(opened.text().contains(r#"name="i.f.parent" value="">不填"#), "{}", opened.text());
    let fields = [
        ("f.name", "柳溪县发改局"),
        ("f.level", "区县"),
        ("i.f.parent", ""),
        ("f.from", "2020-01-01"),
        ("record_code", "U1"),
        ("reason", "独立"),
    ];
    record_of(&send(&mut b, &opened, at, &fields));
    let sql = "select count(*) from l_unit where record_id = 2 and voided_at is null and \"parent\" is null";
    assert_eq!(o.db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap(), Some(1));
    assert!(!b.get(NEW).text().contains(r#"name="i.f.pair" value="""#), "a pair must be picked");
});

db_test!(a_thousand_namesakes_are_cut_and_counted, |db: &Db| {
    let o = &office(db);
    let layout = o.db.read(|tx| o.current(tx)).unwrap();
    let person = layout.engine.layout.ledgers[1].clone();
    let name = person.field_index("name").unwrap();
    let rows = (0..1000).map(|n| {
        let mut values = vec![Value::Null; person.fields.len()];
        values[name] = "张伟".into();
        dongliang::ledger::NewRow { code: Some(format!("R{n:04}")), unit: None, values }
    });
    facts::add(o, "周敏", "person", rows.collect(), None).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let at = "/ledgers/talk/new";
    let opened = b.get(at);
    let got = send(&mut b, &opened, at, &[("f.talker", "zw"), ("find", "f.talker")]);
    assert!(got.read().contains("共1000个，只列前20个，请再加字。"), "{}", got.read());
    assert!(got.body.len() < 60 * 1024);
    let got = send(&mut b, &opened, at, &[("f.talker", "r0777"), ("find", "f.talker")]);
    assert!(got.text().contains("R0777") && got.text().contains("checked"));
});

db_test!(enter_saves_and_does_not_look_for_anything, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    for (path, button) in [("/ledgers/talk/new", "保存"), ("/supervise/new", "签发")] {
        let page = b.get(path).text();
        let form = page.split("method=\"post\" novalidate").nth(1).unwrap();
        let first = form.split("<button").nth(1).unwrap().split("</button").next().unwrap();
        assert!(
            first.contains(&format!("aria-hidden=\"true\">{button}")) && !first.contains("name="),
            "{path}: {first}"
        );
    }
    // A form without pickers has its own button alone.
    assert!(!b.get("/account").text().contains("<button class=\"sr\""));
});
