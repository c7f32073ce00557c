//! Records past their time: what goes, what stays and why; the log still proves everything, and tells a row deleted by
//! rule from one that somebody deleted.

use std::collections::BTreeMap;

use dongliang::{
    apply,
    audit::{self, Act, Against, What},
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Value, testing::TempDir},
    db_test, directive, doubt, facts,
    installation::Installation,
    jobs,
    ledger::{NewRow, secret::Cipher},
    personal::request,
    rekey,
    retention::{self, Order, Plan},
    scope::{Actor, By, Scope},
    verdict::rejudge,
};

use crate::{
    audit::{after, against, signer},
    cli::{own_city, run},
    visit::{self, Browser},
    web_lists::{office, put},
};

const SAID: &str = "讲过的要点到期须删去";

fn guided(o: &Installation, code: &str, pair: i64, day: &str) -> i64 {
    let filled: [(&str, Value); 4] =
        [("pair", pair.into()), ("day", day.into()), ("confirmed", day.into()), ("content", SAID.into())];
    put(o, "guidance", code, None, &filled)
}

fn paired(o: &Installation, code: &str, ended: &str) -> i64 {
    let filled: [(&str, Value); 4] =
        [("mentor", 1.into()), ("mentee", 3.into()), ("starts", "2019-01-01".into()), ("ended", ended.into())];
    put(o, "mentor_pair", code, None, &filled)
}

/// An office with records of 2019, of which one pair is still referred to, and five years to keep pairs, guidance and
/// talks; it is 2031.
fn old(db: &Db) -> Installation {
    let o = office(db);
    let (whole, held) = (paired(&o, "J0", "2019-12-31"), paired(&o, "J9", "2019-11-30"));
    let first = guided(&o, "G1", whole, "2019-03-01");
    let values = vec![whole.into(), "2019-03-02".into(), Value::Null, SAID.into(), "2019-03-02".into(), Value::Null];
    let row = NewRow { code: Some("G1".into()), unit: None, values };
    facts::correct(&o, "周敏", "guidance", (first, 1), row, "日期写错").unwrap();
    let second = guided(&o, "G2", whole, "2019-05-01");
    facts::void(&o, "周敏", "guidance", (second, 1), "登记了两次").unwrap();
    guided(&o, "G3", whole, "2019-06-01");
    guided(&o, "G4", held, "2026-06-01");
    let talk: [(&str, Value); 5] = [
        ("kind", "提醒".into()),
        ("talker", 1.into()),
        ("listener", 3.into()),
        ("day", "2019-04-04".into()),
        ("points", SAID.into()),
    ];
    put(&o, "talk", "T0", None, &talk);
    kept(&o, &["mentor_pair", "guidance", "talk"]);
    let o =
        Installation::new(db.clone(), (*o.keys).clone(), Clock::Standing(Day::parse("2031-01-01").unwrap())).unwrap();
    jobs::run_waiting(&o).unwrap();
    audit::checkpoint(db, &signer()).unwrap();
    o
}

/// Lays down that records of these ledgers are kept for five years.
fn kept(o: &Installation, ledgers: &[&str]) {
    changed(o, |text| {
        ledgers.iter().fold(text.to_owned(), |text, ledger| {
            let head = format!("[{ledger}]\n");
            text.replace(&head, &format!("{head}keep = \"5 years\"\n"))
        })
    });
}

/// Another package comes into force: the same with other texts.
pub(crate) fn changed(o: &Installation, edit: impl Fn(&str) -> String) {
    let now = o.db.read(|tx| Ok(o.current(tx)?.engine.package.clone())).unwrap();
    let files: BTreeMap<String, String> = now.files.iter().map(|(name, text)| (name.clone(), edit(text))).collect();
    let (package, ..) = directive::load_files(files).unwrap();
    let by = Actor { account: None, name: "命令行".into(), at: 2_000_000_000_000_000 };
    o.db.write(move |tx| apply::apply(tx, Some(&now), &package, &by)).unwrap();
}

fn plan(o: &Installation) -> Plan {
    let today = o.clock.now().day;
    o.db.read(|tx| {
        let current = o.current(tx)?;
        retention::plan(tx, &current, today, None)
    })
    .unwrap()
}

pub(crate) fn order() -> Order {
    let by = By { name: "郑档案".into(), account: None, scope: Scope::All };
    Order { by, basis: "档案保管期限表第三条".into(), ledger: None }
}

/// Codes of what goes, and of what stays with the reason.
fn told(plan: &Plan) -> (Vec<&str>, Vec<(&str, &str)>) {
    let mut go: Vec<&str> = plan.go.iter().map(|r| plan.codes[r].as_str()).collect();
    go.sort_unstable();
    let mut held: Vec<(&str, &str)> = plan.held.iter().map(|(r, why)| (plan.codes[r].as_str(), why.as_str())).collect();
    held.sort_unstable();
    (go, held)
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(what_is_past_its_time_goes_unless_something_rests_on_it, |db: &Db| {
    let o = &old(db);
    let published = audit::checkpoint(db, &signer()).unwrap();
    let before = audit::verify(db, &against()).unwrap();
    assert!(before.is_clean(), "{:#?}", before.findings);
    let planned = plan(o);
    let (go, held) = told(&planned);
    assert_eq!(go, ["G1", "G2", "G3", "J0", "T0", "T1"]);
    let held_by: Vec<&str> = held.iter().map(|(code, _)| *code).collect();
    assert_eq!(held_by, ["J9", "T2", "Z1", "Z2", "Z3", "Z4"]);
    assert_eq!(held[0].1, "还有记录指向它：“指导记录”1条");
    assert_eq!(held[2].1, "要求 R-21 的判定（2025年2月）以它为据");
    assert!(
        planned.go.iter().position(|r| planned.codes[r] == "G3")
            < planned.go.iter().position(|r| planned.codes[r] == "J0")
    );
    assert_eq!(plan(o), planned, "looking changes nothing");
    let report = o.db.read(|tx| {
        let current = o.current(tx)?;
        retention::report(tx, &current, o.clock.now().day)
    });
    let report = report.unwrap();
    let due = |title: &str| report.iter().find(|l| l.ledger == title).unwrap().due;
    assert_eq!([due("指导记录"), due("导师帮带结对"), due("廉政谈话")], [Some(8), Some(2), Some(3)]);

    let done = retention::delete(o, &order()).unwrap();
    assert_eq!((told(&done.plan), done.rows), (told(&planned), 7));
    for gone in [
        "select count(*) from l_guidance where record_code in ('G1', 'G2', 'G3')",
        "select count(*) from l_mentor_pair where record_code = 'J0'",
        "select count(*) from l_talk where record_code = 'T0'",
    ] {
        assert_eq!(count(db, gone), 0, "{gone}");
    }
    // Nor does the log say any more what they said; that they were recorded, when and by whom stays.
    let still = format!("select count(*) from audit_entry where payload like '%{SAID}%'");
    assert_eq!(count(db, &still), 1, "of the record that is not due");
    audit::checkpoint(db, &signer()).unwrap();
    let report = audit::verify(db, &Against { published: vec![published], ..against() }).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert_eq!((report.deleted, report.rows, report.voids), (7, before.rows - 7, before.voids - 2));
    assert!(report.erased >= 6, "{}", report.erased);
    assert!(rejudge::verify(o, &mut |_, _| {}).unwrap().is_empty());
    let again = retention::delete(o, &order()).unwrap();
    assert_eq!((again.rows, again.plan.go.len(), told(&again.plan).1), (0, 0, told(&planned).1));
    // Who keeps the system sees what was done, without content.
    let page = Browser::of(o, Role::System).get("/retention").read();
    for said in
        ["到期删除", "指导记录", "郑档案", "档案保管期限表第三条", "3条（连同各版本4行）", "dongliang retention delete"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("G1"));
    // And others who record go on.
    guided(o, "G5", 1, "2030-06-01");
    jobs::run_waiting(o).unwrap();
    assert!(rejudge::verify(o, &mut |_, _| {}).unwrap().is_empty());
});

db_test!(a_row_deleted_by_hand_is_found_and_one_deleted_by_rule_cannot_come_back, |db: &Db| {
    let o = &old(db);
    // Encrypted anew before, so that the deleted talk has a history in the log.
    let o =
        &Installation::new(db.clone(), o.keys.next(Cipher::Sm4, Day::parse("2031-01-01").unwrap()).unwrap(), o.clock)
            .unwrap();
    let by = Actor { account: None, name: "命令行".into(), at: 2_000_000_000_000_001 };
    rekey::run(db, &o.keys, &by, &mut |_, _| Ok(())).unwrap();
    audit::checkpoint(db, &signer()).unwrap();
    let back = "insert into l_guidance (record_id, revision, recorded_at, recorded_by, day) values ($1, 1, 1, '某人', '2019-06-01')";
    let third = count(db, "select record_id from l_guidance where record_code = 'G3'");
    let fourth = count(db, "select record_id from l_guidance where record_code = 'G4'");
    retention::delete(o, &order()).unwrap();
    audit::checkpoint(db, &signer()).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean() && report.deleted == 7, "{:#?}", report.findings);
    let found = |sql: &'static str, params: Vec<Value>| {
        let report = after(db, &against(), move |tx| tx.execute(sql, &params).map(|_| ()));
        report.findings.into_iter().map(|f| (f.row, f.what)).collect::<Vec<_>>()
    };
    let dropped = (Some((fourth, 1)), What::Dropped(Act::Row));
    assert!(found("delete from l_guidance where record_code = 'G4'", vec![]).contains(&dropped));
    assert!(found(back, vec![third.into()]).contains(&(Some((third, 1)), What::Back)));
    for sql in [
        "delete from audit_former where entry_id = (select max(entry_id) from audit_former)",
        "update audit_former set hashes = hashes || substr(hashes, 1, 64)",
    ] {
        assert!(found(sql, vec![]).iter().any(|(_, what)| *what == What::Former), "{sql}");
    }
    let forged = "update audit_former set hashes = substr(hashes, 1, 63) || case substr(hashes, 64, 1) when '0' then '1' else '0' end || substr(hashes, 65)";
    assert!(found(forged, vec![]).iter().any(|(row, what)| row.is_some() && *what == What::Changed(Act::Row)));
    // An entry that says so without being one of deletion is none of ours.
    let report = after(db, &against(), |tx| tx.ddl("update audit_entry set kind = 'void' where kind = 'delete'"));
    assert!(!report.is_clean());
});

db_test!(what_was_changed_before_it_was_deleted_is_still_found, |db: &Db| {
    let o = &old(db);
    let third = count(db, "select record_id from l_guidance where record_code = 'G3'");
    db.write(|tx| tx.execute("update l_guidance set content = '别的' where record_code = 'G3'", &[])).unwrap();
    retention::delete(o, &order()).unwrap();
    audit::checkpoint(db, &signer()).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    let found: Vec<_> = report.findings.iter().map(|f| (f.row, f.what.clone())).collect();
    assert_eq!(found, [(Some((third, 1)), What::Changed(Act::Row))]);
});

db_test!(two_commands_at_once_delete_each_record_once_and_log_it_once, |db: &Db| {
    let o = &old(db);
    let rows: Vec<u64> = std::thread::scope(|s| {
        let threads: Vec<_> = (0..3).map(|_| s.spawn(|| retention::delete(o, &order()).unwrap().rows)).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(rows.iter().sum::<u64>(), 7, "{rows:?}");
    let told = "select payload from audit_entry where kind = 'delete'";
    let told = db.read(|tx| tx.rows(told, &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(told.len() <= 4 && told.iter().all(|t| !t.contains("\"records\":0")), "{told:?}");
    audit::checkpoint(db, &signer()).unwrap();
    assert!(audit::verify(db, &against()).unwrap().is_clean());
});

db_test!(a_record_and_the_one_that_it_refers_to_go_together, |db: &Db| {
    let o = &office(db);
    changed(o, |text| {
        text.replace(
            "[guidance.fields]\n",
            "[guidance.fields]\nmakes_up = { type = \"ref:guidance\", title = \"补的是\" }\n",
        )
    });
    let pair = paired(o, "J0", "2019-12-31");
    let first = guided(o, "G1", pair, "2019-03-01");
    let later: [(&str, Value); 3] = [("pair", pair.into()), ("day", "2019-04-01".into()), ("makes_up", first.into())];
    put(o, "guidance", "G2", None, &later);
    kept(o, &["guidance"]);
    let o = &Installation::new(db.clone(), (*o.keys).clone(), Clock::Standing(Day::parse("2031-01-01").unwrap()));
    let o = o.as_ref().unwrap();
    jobs::run_waiting(o).unwrap();
    let planned = plan(o);
    assert_eq!(told(&planned).0, ["G1", "G2"]);
    assert_eq!(told(&retention::delete(o, &order()).unwrap().plan), told(&planned));
});

db_test!(what_is_doubted_stays_until_it_is_answered_and_the_words_go_with_the_record, |db: &Db| {
    let o = &old(db);
    let of = |code: &str| count(db, &format!("select record_id from l_guidance where record_code = '{code}'"));
    let (third, talk) = (of("G3"), count(db, "select record_id from l_talk where record_code = 'T0'"));
    let by = Actor { account: Some(1), name: "赵一".into(), at: 2_000_000_000_000_002 };
    let (own, asked) = (by.clone(), SAID.to_owned());
    let id = db.write(move |tx| doubt::mark(tx, &own, ("guidance", third, 1), None, &asked)).unwrap();
    let account = visit::account(o, "zhaoyi", Role::Cadre, None, Some(1));
    let new = request::New {
        account,
        person: 1,
        ledger: "talk".into(),
        record: (talk, 1),
        unit: None,
        wrong: SAID.into(),
        proposed: SAID.into(),
        due: Day::parse("2031-02-01").unwrap(),
    };
    let own = by.clone();
    let asked = db.write(move |tx| request::ask(tx, &own, &new)).unwrap();
    let planned = plan(o);
    let why = |code: &str| told(&planned).1.iter().find(|(c, _)| *c == code).map(|(_, why)| (*why).to_owned());
    assert_eq!(why("G3").as_deref(), Some("有没答复的存疑"));
    assert_eq!(why("T0").as_deref(), Some("有没答复的更正申请"));
    let current = db.read(|tx| o.current(tx)).unwrap();
    db.write(move |tx| {
        doubt::answer(tx, &by, id, SAID)?;
        let layout = &current.engine.layout;
        request::answer(tx, &by, &layout.ledgers[layout.index("talk").unwrap()], asked, (false, SAID))
    })
    .unwrap();
    let done = retention::delete(o, &order()).unwrap();
    assert_eq!(told(&done.plan).0, ["G1", "G2", "G3", "J0", "T0", "T1"]);
    let left = db.read(|tx| {
        let doubt = doubt::get(tx, id)?.unwrap();
        let request = request::get(tx, asked)?.unwrap();
        Ok([doubt.reason, doubt.answer.unwrap().2, request.wrong, request.proposed, request.answer.unwrap().words])
    });
    let gone = "（已随记录依法删除）";
    assert_eq!(left.unwrap(), [gone, gone, gone, "", gone]);
});

db_test!(what_the_log_cannot_forget_yet_is_left_for_the_next_time, |db: &Db| {
    let o = &old(db);
    guided(o, "G7", count(db, "select record_id from l_mentor_pair where record_code = 'J0'"), "2019-07-01");
    // An entry without its seal is never numbered.
    let last = "where row_id = (select max(row_id) from audit_entry)";
    let mac = db.read(|tx| tx.one(&format!("select mac from audit_entry {last}"), &[], |r| Ok(r.text(0)?.to_owned())));
    let mac = mac.unwrap().unwrap();
    db.write(move |tx| tx.execute(&format!("update audit_entry set mac = 'x' {last}"), &[])).unwrap();
    jobs::run_waiting(o).unwrap();
    let done = retention::delete(o, &order()).unwrap();
    let (go, held) = told(&done.plan);
    assert_eq!(go, ["G1", "G2", "G3", "T0", "T1"]);
    assert!(held.contains(&("G7", "刚有改动，留到下一次")), "{held:?}");
    db.write(move |tx| tx.execute("update audit_entry set mac = $1 where mac = 'x'", &[mac.into()])).unwrap();
    assert_eq!(told(&retention::delete(o, &order()).unwrap().plan).0, ["G7", "J0"]);
    assert_eq!(count(db, "select count(*) from audit_entry where payload like '%2019-07-01%'"), 0);
    audit::checkpoint(db, &signer()).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
});

/// Neither the file nor its log holds what was deleted once the database is closed.
#[test]
fn nothing_of_it_is_left_in_the_file() {
    let dir = TempDir::new();
    let file = dir.0.join("a.db");
    let db = Db::open(&format!("sqlite:{}", file.display())).unwrap();
    let o = old(&db);
    let holds = || {
        let bytes = std::fs::read(&file).unwrap();
        let n = bytes.windows(SAID.len()).filter(|w| *w == SAID.as_bytes()).count();
        (n, dir.0.join("a.db-wal").exists())
    };
    db.write(|tx| tx.execute("update l_guidance set content = null where record_code = 'G4'", &[])).unwrap();
    db.write(|tx| tx.execute("update audit_entry set payload = null where payload like '%2026-06-01%'", &[])).unwrap();
    retention::delete(&o, &order()).unwrap();
    drop((o, db));
    assert_eq!(holds(), (0, false));
}

#[test]
fn it_is_ordered_by_somebody_on_a_basis_and_can_be_looked_at_first() {
    let (_dir, data) = own_city();
    for (args, says) in [
        (&["retention", "delete"][..], "--by"),
        (&["retention", "delete", "--by", "郑档案"], "--basis"),
        (&["retention", "delete", "--by", "郑档案", "--basis", " "], "--basis 应写1至200字"),
        (&["retention", "delete", "--dry-run", "--ledger", "nothing"], "没有台账“nothing”"),
    ] {
        let ran = run(&data, args);
        assert!(ran.code == 2 && ran.err.contains(says), "{args:?} {} {}", ran.code, ran.err);
    }
    let ran = run(&data, &["retention", "delete", "--dry-run", "--ledger", "attempt"]);
    assert!(ran.code == 0 && ran.out.contains("会删去0条"), "{}{}", ran.out, ran.err);
    let ran = run(&data, &["retention", "delete", "--dry-run"]);
    assert!(ran.code == 0 && ran.out.contains("会删去0条，留下0条"), "{}{}", ran.out, ran.err);
    let ran = run(&data, &["retention", "delete", "--by", "郑档案", "--basis", "无"]);
    assert!(ran.code == 0 && ran.out.contains("已依法删除0条"), "{}{}", ran.out, ran.err);
    assert!(run(&data, &["retention"]).out.contains("本台账"));
}
