//! Sensitive values: masked everywhere, whole for who may see them, with a reason, once, and logged.

use dongliang::{
    apply,
    auth::Role,
    db::{Db, Value},
    db_test, directive, facts,
    installation::Installation,
    ledger::{NewRow, mask::CLOSED, store},
    scope::{Actor, Scope},
};

use crate::{
    audit_deeds::deeds,
    namesakes::import,
    visit::{Browser, account},
    web_audit::corrected,
    web_lists::{office, put},
};

const PHONE: &str = "13912342716";
const MASKED: &str = "139****2716";
const NOTES: &str = "提醒他管好身边的人";

/// A browser of somebody with a role in a unit who is that person.
fn of(o: &Installation, login: &str, role: Role, unit: Option<i64>, person: Option<i64>) -> Browser {
    Browser::logged_in(o, account(o, login, role, unit, person))
}

/// Asks to see a record whole, from the record's page or, where that has no such form, from the own account.
fn open(b: &mut Browser, record: &str, reason: &str) -> (u16, String) {
    let page = if b.get(record).status == 200 { record } else { "/account" };
    let got = b.submit(page, &format!("{record}/open"), &[("reason", reason)]);
    (got.status, got.read())
}

db_test!(a_number_is_whole_for_who_needs_it_with_a_reason_and_once, |db: &Db| {
    let o = &office(db);
    let mut b = of(o, "renshi", Role::Personnel, None, None);
    let masked = b.get("/ledgers/person/P1").read();
    assert!(masked.contains(MASKED) && !masked.contains(PHONE), "{masked}");
    assert!(masked.contains("查看完整内容"));
    for reason in ["", "  ", "看", &"长".repeat(101), "有\u{202e}反向"] {
        let (status, page) = open(&mut b, "/ledgers/person/P1", reason);
        assert!(status == 422 && page.contains(MASKED) && !page.contains(PHONE), "{reason:?} {page}");
    }
    assert!(deeds(db, &["unmask"]).is_empty(), "what was not shown is not logged as shown");
    let (status, page) = open(&mut b, "/ledgers/person/P1", "核对任免表");
    assert!(status == 200 && page.contains(PHONE), "{page}");
    let seen = deeds(db, &["unmask"]);
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0].3["reason"], &seen[0].3["persons"]), (&"核对任免表".into(), &"1".into()));
    assert_eq!(seen[0].3["title"], "联系电话");
    assert!(!seen[0].3.to_string().contains(PHONE));
    assert!(!b.get("/ledgers/person/P1").read().contains(PHONE), "shown once");
    // Other roles see the record and have no way to open it.
    for role in [Role::Office, Role::Leaders, Role::Party, Role::Auditor, Role::UnitAdmin, Role::Clerk] {
        let mut other = Browser::of(o, role);
        assert!(!other.get("/ledgers/person/P2").read().contains("查看完整内容"), "{role:?}");
        let (status, page) = open(&mut other, "/ledgers/person/P2", "想看");
        assert!(status == 403 && !page.contains(PHONE), "{role:?} {page}");
    }
    // The role opens in its unit alone, though another role reaches further.
    let mut near = of(o, "renshi-district", Role::Personnel, Some(2), None);
    assert_eq!(open(&mut near, "/ledgers/person/P2", "核对").0, 200);
    assert_eq!(open(&mut near, "/ledgers/person/P4", "核对").0, 404);
    let both = account(o, "renshi-both", Role::Personnel, Some(2), None);
    let day = o.clock.now().day;
    o.db.write(move |tx| {
        let by = dongliang::scope::Actor { name: "测试".into(), account: None, at: 1 };
        let wanted = dongliang::auth::grant::Wanted { role: Role::Office, unit: None, starts: day, ends: None };
        dongliang::auth::grant::give(tx, &by, both, wanted)
    })
    .unwrap();
    let mut both = Browser::logged_in(o, both);
    assert_eq!(open(&mut both, "/ledgers/person/P2", "核对").0, 200);
    assert_eq!(open(&mut both, "/ledgers/person/P4", "核对").0, 403);
    // Everybody opens his own, and nobody a colleague's.
    let mut own = of(o, "sunsan", Role::Cadre, None, Some(3));
    let (status, page) = open(&mut own, "/ledgers/person/P3", "核对本人信息");
    assert!(status == 200 && page.contains(PHONE), "{page}");
    assert_eq!(open(&mut own, "/ledgers/person/P2", "想看").0, 404);
});

db_test!(notes_of_a_talk_are_open_to_the_two_and_to_the_integrity_office, |db: &Db| {
    let o = &office(db);
    let filled: [(&str, Value); 5] = [
        ("kind", "提醒".into()),
        ("talker", 1.into()),
        ("listener", 2.into()),
        ("day", "2025-04-03".into()),
        ("points", NOTES.into()),
    ];
    put(o, "talk", "T3", None, &filled);
    for (login, role, person, whole) in [
        ("jiguan", Role::Party, None, true),
        ("talker", Role::Cadre, Some(1), true),
        ("listener", Role::Cadre, Some(2), true),
        ("office", Role::Office, None, false),
        ("leaders", Role::Leaders, None, false),
        ("renshi", Role::Personnel, None, false),
        ("other", Role::Office, Some(4), false),
    ] {
        let mut b = of(o, login, role, None, person);
        let before = b.get("/ledgers/talk/T3").read();
        assert!(before.contains(CLOSED) && !before.contains(NOTES), "{login} {before}");
        let (status, page) = open(&mut b, "/ledgers/talk/T3", "了解谈话情况");
        assert_eq!((status, page.contains(NOTES)), (if whole { 200 } else { 403 }, whole), "{login} {page}");
        let list = b.get("/ledgers/talk?cols=all").read();
        assert!(!list.contains(NOTES), "{login}");
        if role != Role::Cadre {
            assert!(!b.get("/ledgers/talk/export?format=csv").text().contains(NOTES), "{login}");
            let got = b.submit("/account", "/ledgers/talk/export?format=csv", &[("reason", "报送")]);
            assert_eq!((got.status, got.text().contains(NOTES)), (if whole { 200 } else { 403 }, whole), "{login}");
        }
    }
    // Nothing in the store or in the log says it.
    let (kept, told) = db
        .read(|tx| {
            let kept =
                tx.one("select \"points\" from l_talk where record_code = 'T3'", &[], |r| Ok(r.text(0)?.to_owned()))?;
            let told = tx.rows("select payload from audit_entry", &[], |r| Ok(r.text(0)?.to_owned()))?;
            Ok((kept.unwrap(), told))
        })
        .unwrap();
    assert!(kept.starts_with("v1:") && told.iter().all(|t| !t.contains(NOTES)));
});

db_test!(a_correction_gives_nobody_notes_that_were_not_his, |db: &Db| {
    let o = &office(db);
    let filled: [(&str, Value); 5] = [
        ("kind", "提醒".into()),
        ("talker", 1.into()),
        ("listener", 2.into()),
        ("day", "2025-04-03".into()),
        ("points", NOTES.into()),
    ];
    let id = put(o, "talk", "T3", None, &filled);
    let row =
        o.db.read(|tx| {
            let current = o.current(tx)?;
            let talk = &current.engine.layout.ledgers[current.engine.layout.index("talk").unwrap()];
            let row = store::get(tx, talk, &Scope::All, id, None)?.unwrap();
            let mut values = row.values.clone();
            values[talk.field_index("listener").unwrap()] = 3.into();
            values[talk.field_index("points").unwrap()] = NOTES.into();
            Ok(NewRow { code: row.code, unit: row.unit, values })
        })
        .unwrap();
    facts::correct(o, "周敏", "talk", (id, 1), row, "谈话对象写错了").unwrap();
    let mut put_in = of(o, "put-in", Role::Cadre, None, Some(3));
    assert_eq!(put_in.get("/ledgers/talk/T3").status, 200, "it names him now");
    let (status, page) = open(&mut put_in, "/ledgers/talk/T3", "看看");
    assert!(status == 403 && !page.contains(NOTES), "{page}");
    assert_eq!(open(&mut of(o, "talker", Role::Cadre, None, Some(1)), "/ledgers/talk/T3", "核对谈话").0, 200);
    // Who stood there first sees who has looked.
    let trace = of(o, "first", Role::Cadre, None, Some(2)).get("/account/trace").read();
    assert!(trace.contains("talker　查看敏感内容") && trace.contains("原因：核对谈话"), "{trace}");
});

/// Puts the package in force with another word in it; gives what the refusal says, if it is refused.
fn apply_with(o: &Installation, from: &str, to: &str) -> Result<(), String> {
    let current = o.db.read(|tx| o.current(tx)).unwrap();
    let old = std::sync::Arc::clone(&current.engine.package);
    let mut files = old.files.clone();
    let file = files.values_mut().find(|text| text.contains(from)).expect(from);
    *file = file.replacen(from, to, 1);
    let Ok((new, _, _)) = directive::load_files(files) else { panic!("{to}") };
    let actor = Actor { name: "命令行".into(), account: None, at: 2 };
    o.db.write(move |tx| apply::apply(tx, Some(&old), &new, &actor)).map_err(|e| format!("{e:#}"))
}

const CONFIDENTIAL: &str = r#"title = "谈话要点", confidential = true"#;
const SENSITIVE: &str = r#"title = "谈话要点", sensitive = true"#;
const PLAIN: &str = r#"title = "谈话要点""#;

db_test!(a_field_that_becomes_confidential_or_no_longer_is_keeps_its_values, |db: &Db| {
    let o = &office(db);
    let talk = |code: &str, points: &str| {
        let filled: [(&str, Value); 5] = [
            ("kind", "提醒".into()),
            ("talker", 1.into()),
            ("listener", 2.into()),
            ("day", "2025-04-03".into()),
            ("points", points.into()),
        ];
        put(o, "talk", code, None, &filled);
    };
    talk("T3", NOTES);
    let mut party = of(o, "jiguan", Role::Party, None, None);
    let mut personnel = of(o, "renshi", Role::Personnel, None, None);
    let mut listener = of(o, "listener", Role::Cadre, None, Some(2));
    // Neither becomes plain text behind the back of those who spoke, nor is plain text hidden too late.
    let told = apply_with(o, CONFIDENTIAL, PLAIN).unwrap_err();
    assert!(told.contains("谈话要点") && told.contains("是否加密") && told.contains("另设新栏目"), "{told}");
    assert!(party.get("/ledgers/talk/T3").read().contains(CLOSED));

    apply_with(o, CONFIDENTIAL, SENSITIVE).unwrap();
    talk("T4", "另一次谈话的要点在此");
    for (code, notes, ends) in [("T3", NOTES, "提醒他**"), ("T4", "另一次谈话的要点在此", "另一次***")]
    {
        let at = format!("/ledgers/talk/{code}");
        let page = party.get(&at).read();
        assert!(page.contains(ends) && !page.contains(notes) && !page.contains(CLOSED), "{page}");
        // What opens numbers opens it now, and what opens notes does not, having a part in the talk neither.
        let (status, page) = open(&mut personnel, &at, "核对");
        assert!(status == 200 && page.contains(notes), "{page}");
        for b in [&mut party, &mut listener] {
            let (status, page) = open(b, &at, "核对");
            assert!(status == 403 && !page.contains(notes), "{status} {page}");
        }
        for format in ["csv", "jsonl"] {
            assert!(!party.get(&format!("/ledgers/talk/export?format={format}")).text().contains(notes));
        }
    }
    apply_with(o, SENSITIVE, CONFIDENTIAL).unwrap();
    for (code, notes) in [("T3", NOTES), ("T4", "另一次谈话的要点在此")] {
        let at = format!("/ledgers/talk/{code}");
        let page = personnel.get(&at).read();
        assert!(page.contains(CLOSED) && !page.contains(&notes[..9]), "{page}");
        assert_eq!(open(&mut personnel, &at, "核对").0, 403);
        for b in [&mut party, &mut listener] {
            let (status, page) = open(b, &at, "核对");
            assert!(status == 200 && page.contains(notes), "{status} {page}");
        }
    }
    // A field in the clear cannot be hidden either: its rows, backups and entries of the log would still say it.
    let place = r#"place = { type = "text", title = "地点""#;
    let told = apply_with(o, place, &format!("{place}, confidential = true")).unwrap_err();
    assert!(told.contains("地点") && told.contains("是否加密"), "{told}");
});

db_test!(an_export_is_masked_unless_a_reason_is_given_by_who_may, |db: &Db| {
    let o = &office(db);
    let mut b = of(o, "renshi", Role::Personnel, Some(2), None);
    let masked = b.get("/people/export?format=csv").text();
    assert!(masked.contains(MASKED) && !masked.contains(PHONE), "{masked}");
    assert_eq!(b.submit("/people", "/people/export?format=csv", &[("reason", "")]).status, 400);
    let whole = b.submit("/people", "/people/export?format=csv", &[("reason", "报市委组织部")]);
    assert!(whole.status == 200 && whole.text().contains(PHONE), "{}", whole.text());
    assert!(!whole.text().contains("安四"), "of the own unit alone");
    let last = deeds(db, &["export"]).pop().unwrap();
    assert_eq!((&last.3["reason"], &last.3["persons"]), (&"报市委组织部".into(), &"1-3".into()));
    assert_eq!(last.3["title"], "“人员”，身份证号、联系电话不遮蔽");
    for role in [Role::Office, Role::Auditor, Role::UnitAdmin] {
        let got = Browser::of(o, role).submit("/account", "/people/export?format=csv", &[("reason", "想要")]);
        assert_eq!(got.status, 403, "{role:?}");
    }
    assert_eq!(b.submit("/account", "/ledgers/guidance/export?format=csv", &[("reason", "核对")]).status, 404);
});

db_test!(a_masked_file_that_comes_back_changes_nothing_that_is_masked, |db: &Db| {
    let o = &office(db);
    let masked = Browser::of(o, Role::Office).get("/people/export?format=csv").text();
    let edited = masked.replace("孙三", "孙三改");
    assert!(edited != masked && edited.contains(MASKED));
    import(o, "person", &edited);
    let phone = |id: i64| {
        o.db.read(|tx| {
            let current = o.current(tx)?;
            let layout = &current.engine.layout;
            let ledger = &layout.ledgers[layout.index("person").unwrap()];
            let row = store::get(tx, ledger, &Scope::All, id, None)?.unwrap();
            let sealed = row.value(ledger, "phone").as_text().unwrap().to_owned();
            Ok((o.keys.open(&sealed)?, row.revision, row.value(ledger, "name").as_text().unwrap().to_owned()))
        })
        .unwrap()
    };
    assert_eq!(phone(3), (PHONE.into(), 2, "孙三改".into()));
    assert_eq!(phone(1), (PHONE.into(), 1, "赵一".into()), "a row that says nothing new is not a correction");
    // A mask that fits nothing is no value.
    let wrong = masked.replacen(MASKED, "138****2716", 1);
    let path = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(path.path(), &wrong).unwrap();
    let checked = dongliang::intake::prepare(o, "person", path.path()).unwrap().checked;
    assert_eq!((checked.errors.len(), checked.bad_rows), (1, 1));
    assert!(checked.errors[0].reason.contains("遮蔽"), "{:?}", checked.errors);
});

db_test!(everybody_sees_who_looked_at_the_own_records_and_why, |db: &Db| {
    let o = &office(db);
    let mut b = of(o, "renshi", Role::Personnel, None, None);
    open(&mut b, "/ledgers/person/P2", "核对任免表");
    b.get("/people/export?format=csv");
    b.get("/people?q=%E5%AE%89");
    corrected(o, "person", "phone", "13800000000");
    let mut own = of(o, "qianer", Role::Cadre, None, Some(2));
    assert!(own.get("/account").text().contains("href=\"/account/trace\""));
    let read = own.get("/account/trace").read();
    for told in [
        "renshi　查看敏感内容“人员”：联系电话",
        "原因：核对任免表",
        "renshi　导出：“人员”",
        "安四　更正“人员”",
        "原因：写错了",
        "周敏　登记“人员”",
        "周敏　登记“廉政谈话”",
    ] {
        assert!(read.contains(told), "{told}: {read}");
    }
    assert!(!read.contains("4行"), "how many others there are is not told");
    // Others see none of that.
    let other = of(o, "sunsan", Role::Cadre, None, Some(3)).get("/account/trace").read();
    assert!(!other.contains("核对任免表") && other.contains("导出：“人员”"), "{other}");
    let nobody = of(o, "nobody", Role::Office, None, None).get("/account/trace").read();
    assert!(nobody.contains("不对应人员") && !nobody.contains("导出：") && !nobody.contains("renshi"));
});

db_test!(an_administrator_sees_what_was_done_and_not_what_it_says, |db: &Db| {
    let o = &office(db);
    corrected(o, "guidance", "content", "改过的要点");
    let mut b = of(o, "renshi", Role::Personnel, None, None);
    open(&mut b, "/ledgers/person/P2", "核对任免表");
    let admin = Browser::of(o, Role::AuditAdmin).get("/audit").read();
    for told in ["安四　更正“指导记录”", "第2号记录", "不向审计管理员显示", "renshi　查看敏感内容“人员”", "核对任免表"]
    {
        assert!(admin.contains(told), "{told}: {admin}");
    }
    for value in ["改过的要点", "钱二", "孙三"] {
        assert!(!admin.contains(value), "{value}: {admin}");
    }
    let auditor = Browser::of(o, Role::Auditor).get("/audit").read();
    assert!(auditor.contains("改过的要点") && auditor.contains("钱二") && !auditor.contains("不向审计管理员"));
    // An auditor of one unit sees what was opened in it, and no more.
    let near = of(o, "near", Role::Auditor, Some(1), None).get("/audit").read();
    assert!(near.contains("更正“指导记录”"), "{near}");
});
