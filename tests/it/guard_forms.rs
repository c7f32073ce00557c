//! What is refused at the doors, and what a refusal tells: one 身份证号 for one person, codes of others, forms of nobody's.

use dongliang::{
    auth::Role, db::Db, db_test, facts, installation::Installation, ledger::NewRow, org::builtin, refusals,
};

use crate::{
    audit_deeds::deeds,
    visit::{Browser, account, with_directory},
    web_imports,
    web_lists::{office, put},
    web_records::{record_of, rows, send},
};

const ID: &str = "11010519491231002X";
const OTHER: &str = "110105194912310038";
const NEW: &str = "/ledgers/person/new";
const TAKEN: &str = "本系统已有此身份证号";

/// How often the log says that a number was asked for.
fn asked(o: &Installation) -> u64 {
    refusals::tell_now(o, true).unwrap();
    let all = deeds(&o.db, &["refuse"]).into_iter();
    all.filter(|d| d.3["why"] == "填写的身份证号系统里已有").filter_map(|d| d.3["count"].as_u64()).sum()
}

db_test!(two_persons_have_not_one_number_by_a_form, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Personnel);
    let fill = |b: &mut Browser, name: &str, id: &str| {
        let opened = b.get(NEW);
        send(b, &opened, NEW, &[("f.name", name), ("f.id_number", id)])
    };
    let first = record_of(&fill(&mut b, "吴五", ID));
    let before = rows(o, "person");
    // However it is written; what was typed stays, and whose it is nobody is told.
    for id in [ID, "11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]
    {
        let got = fill(&mut b, "郑六", id);
        let text = got.read();
        assert!(got.status == 422 && text.contains(TAKEN) && text.contains("请联系人事部门"), "{text}");
        assert!(text.contains("身份证号：") && got.text().contains("#n-f.id_number") && got.text().contains("郑六"));
        assert!(!text.contains("吴五"), "{text}");
    }
    // A clerk of a unit below learns no more.
    let clerk = &mut Browser::of(o, Role::UnitAdmin);
    let opened = clerk.get(NEW);
    let got = send(clerk, &opened, NEW, &[("f.name", "郑六"), ("f.id_number", ID)]);
    assert!(got.status == 422 && !got.read().contains("吴五"), "{}", got.read());
    assert_eq!(rows(o, "person"), before);
    // Each answer is counted in the log: asked often enough it would find out a number.
    assert_eq!(asked(o), 5);
    // Another number is another person; and who has a number keeps it through a correction.
    let second = record_of(&fill(&mut b, "郑六", OTHER));
    let page = format!("/ledgers/person/{second}/correct");
    let opened = b.get(&page);
    let fields = [("f.name", "郑小六"), ("f.id_number", OTHER), ("reason", "核对")];
    assert_eq!(send(&mut b, &opened, &page, &fields).status, 303);
    let opened = b.get(&page);
    let got = send(&mut b, &opened, &page, &[("f.name", "郑小六"), ("f.id_number", ID), ("reason", "核对")]);
    assert!(got.status == 422 && got.read().contains(TAKEN), "{}", got.read());
    // What was voided is nobody's any more.
    facts::void(o, "试", "person", (first, 1), "登记错了").unwrap();
    assert_eq!(
        send(&mut b, &opened, &page, &[("f.name", "郑小六"), ("f.id_number", ID), ("reason", "核对")]).status,
        303
    );
});

db_test!(two_persons_have_not_one_number_by_two_files, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Personnel);
    let file = |code: &str, name: &str| format!("编号,姓名,身份证号\n{code},{name},{ID}\n");
    // Both are checked before either is taken in.
    let one = web_imports::send(&mut b, "person", "add", file("X1", "吴五").as_bytes());
    let two = web_imports::send(&mut b, "person", "add", file("X2", "郑六").as_bytes());
    let mut confirm = |at: &str| {
        let page = web_imports::settled(o, &mut b, at);
        let token = page.token();
        assert_eq!(b.post(&format!("{at}/confirm"), &[("form", token.as_str()), ("again", "yes")]).status, 303);
        web_imports::settled(o, &mut b, at).read()
    };
    assert!(confirm(&one).contains("写入1条"));
    let page = confirm(&two);
    assert!(asked(o) > 0, "of a file as of a form");
    assert!(
        page.contains(TAKEN) && page.contains("第2行") && page.contains("身份证号") && !page.contains("吴五"),
        "{page}"
    );
    // The same record again, with its own number, is no other person.
    let again = format!("编号,姓名,身份证号,籍贯\nX1,吴五,{ID},云岭\n");
    let at = web_imports::send(&mut b, "person", "update", again.as_bytes());
    let page = web_imports::settled(o, &mut b, &at).read();
    assert!(!page.contains(TAKEN) && page.contains("可写入1行"), "{page}");
});

/// Whoever writes, by whichever way.
#[test]
fn the_door_of_facts_holds_it_too() {
    let db = Db::open("sqlite::memory:").unwrap();
    let o = &office(&db);
    let person = builtin::ledgers().into_iter().find(|l| l.name == "person").unwrap();
    let row = |name: &str, id: &str| {
        let mut values = vec![dongliang::db::Value::Null; person.fields.len()];
        values[person.field_index("name").unwrap()] = name.into();
        values[person.field_index("id_number").unwrap()] = id.into();
        NewRow { code: None, unit: None, values }
    };
    facts::add(o, "试", "person", vec![row("吴五", ID)], None).unwrap();
    let told = facts::add(o, "试", "person", vec![row("郑六", OTHER), row("王七", ID)], None).unwrap_err();
    assert!(told.to_string().contains(TAKEN), "{told:#}");
    // A crowd is looked through at once.
    let mut many: Vec<NewRow> = (0..30).map(|n| row(&format!("人{n}"), &format!("{n}"))).collect();
    facts::add(o, "试", "person", many.clone(), None).unwrap();
    many.truncate(25);
    assert!(facts::add(o, "试", "person", many, None).is_err());
}

db_test!(a_code_outside_the_scope_is_told_of_like_any_that_cannot_be_used, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    // A pair of the city's, which the clerk of the district does not see.
    put(o, "guidance", "G-CITY", Some(1), &[("day", "2025-10-01".into())]);
    let mut b = Browser::of(o, Role::UnitAdmin);
    let at = "/ledgers/guidance/new";
    let try_code = |b: &mut Browser, code: &str| {
        let opened = b.get(at);
        let fields = [("record_code", code), ("i.f.pair", "1"), ("f.day", "2025-10-08"), ("f.content", "讲解")];
        send(b, &opened, at, &fields)
    };
    let (own, foreign) = (try_code(&mut b, "Z1"), try_code(&mut b, "G-CITY"));
    assert_eq!((own.status, foreign.status), (422, 422));
    let words = |got: &crate::visit::Got, code: &str| got.read().replace(code, "编号");
    assert!(foreign.read().contains("编号“G-CITY”不能使用"), "{}", foreign.read());
    let line = |text: &str| text.split(['。', '\n']).find(|s| s.contains("不能使用")).unwrap().to_owned();
    assert_eq!(line(&words(&own, "Z1")), line(&words(&foreign, "G-CITY")));
    // By a file the same, in both modes.
    for mode in ["add", "update"] {
        let file = "编号,结对,指导日期,指导要点\nG-CITY,J1,2025-10-02,讲解\n";
        let batch = web_imports::send(&mut b, "guidance", mode, file.as_bytes());
        let page = web_imports::settled(o, &mut b, &batch).read();
        assert!(page.contains("这个编号不能使用") && !page.contains("别的单位的记录"), "{mode}: {page}");
        assert!(!page.contains("而内容不同"), "{mode}: {page}");
    }
});

db_test!(nobody_is_given_a_form_for_what_he_may_never_write, |db: &Db| {
    let o = &office(db);
    // 孙三 is a mentee, and writes of guidance alone.
    let mut b = Browser::logged_in(o, account(o, "sunsan", Role::Cadre, None, Some(3)));
    assert_eq!(b.get("/ledgers/guidance/new").status, 200);
    for ledger in ["person", "unit", "post", "talk"] {
        let at = format!("/ledgers/{ledger}/new");
        assert_eq!(b.get(&at).status, 403, "{ledger}");
        assert!(!b.get(&format!("/ledgers/{ledger}")).text().contains(&at), "{ledger}: no button");
    }
    let opened = b.get("/ledgers/guidance/new");
    assert_eq!(send(&mut b, &opened, "/ledgers/person/new", &[("f.name", "吴五")]).status, 403);
});

db_test!(a_name_is_one_line, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Personnel);
    let before = rows(o, "person");
    for name in ["吴\n五", "吴\r\n五"] {
        let opened = b.get(NEW);
        let got = send(&mut b, &opened, NEW, &[("f.name", name)]);
        assert!(got.status == 422 && got.read().contains("里面有换行"), "{}", got.read());
    }
    assert_eq!(rows(o, "person"), before);
});
