//! After a package gave a ledger and its columns other names: what is encrypted anew or deleted by rule is proved under the
//! names of the day on which it was recorded.

use dongliang::{
    audit::{self, Act, What},
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test,
    installation::Installation,
    jobs,
    ledger::{NewRow, secret::Cipher},
    rekey, retention,
    scope::Actor,
};

use crate::{
    audit::{after, against, signer},
    retention::{changed, order},
    web_lists::{office, put},
};

fn actor() -> Actor {
    Actor { account: None, name: "命令行".into(), at: 2_000_000_000_000_000 }
}

/// Gives the talks and one of their fields other names.
fn rename(o: &Installation, ledger: (&str, &str), field: (&str, &str)) {
    changed(o, |file| {
        let head = |name: &str| [format!("[{name}]"), format!("[{name}.fields]")];
        let ([was, now], field_was) = ([ledger.0, ledger.1].map(head), format!("{} = {{", field.0));
        // What an earlier change said of an earlier name is over.
        let lines = file.lines().filter(|line| !line.starts_with("was = ")).map(|line| match line {
            line if line == was[0] => format!("{}\nwas = \"{}\"", now[0], ledger.0),
            line if line == was[1] => now[1].clone(),
            line if line.starts_with(&field_was) => {
                format!("{} = {{ was = \"{}\", {}", field.1, field.0, &line[line.find("type").unwrap()..])
            }
            line => line.replace(&format!("count = \"{}\"", ledger.0), &format!("count = \"{}\"", ledger.1)),
        });
        lines.fold(String::new(), |text, line| text + &line + "\n")
    });
}

fn talk(o: &Installation, ledger: &str, code: &str, field: &str) -> i64 {
    let filled: [(&str, Value); 5] = [
        ("kind", "提醒".into()),
        ("talker", 1.into()),
        ("listener", 3.into()),
        ("day", "2019-04-04".into()),
        (field, "说过的话".into()),
    ];
    put(o, ledger, code, None, &filled)
}

/// Talks under three names of the ledger and of a sensitive field, one corrected and one voided on the way.
fn named_twice(db: &Db) -> Installation {
    let o = office(db);
    let first = talk(&o, "talk", "A1", "points");
    let second = talk(&o, "talk", "A2", "points");
    dongliang::facts::void(&o, "周敏", "talk", (second, 1), "登记了两次").unwrap();
    audit::sequence(db).unwrap();
    rename(&o, ("talk", "chat"), ("points", "spoken"));
    talk(&o, "chat", "B1", "spoken");
    let mut values = vec![Value::Null; 7];
    for (at, value) in [(0, "提醒".into()), (1, 1.into()), (2, 3.into()), (3, Value::from("2019-04-05"))] {
        values[at] = value;
    }
    let row = NewRow { code: Some("A1".into()), unit: None, values };
    dongliang::facts::correct(&o, "周敏", "chat", (first, 1), row, "日期写错").unwrap();
    // Not numbered when the names change once more.
    rename(&o, ("chat", "word"), ("spoken", "said"));
    talk(&o, "word", "C1", "said");
    o
}

fn rotated(o: &Installation, cipher: Cipher) -> Installation {
    let keys = o.keys.next(cipher, Day::parse("2031-01-01").unwrap()).unwrap();
    let o = Installation::new(o.db.clone(), keys, o.clock).unwrap();
    rekey::run(&o.db, &o.keys, &actor(), &mut |_, _| Ok(())).unwrap();
    o
}

fn found(db: &Db) -> Vec<(Option<(i64, i64)>, What)> {
    audit::checkpoint(db, &signer()).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    report.findings.into_iter().map(|f| (f.row, f.what)).collect()
}

fn record(db: &Db, code: &'static str) -> i64 {
    let sql = "select record_id from l_word where record_code = $1";
    db.read(move |tx| tx.one(sql, &[code.into()], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(what_is_encrypted_anew_or_deleted_is_proved_under_the_names_of_its_day, |db: &Db| {
    let o = named_twice(db);
    assert_eq!(found(db), []);
    let o = rotated(&rotated(&o, Cipher::Sm4), Cipher::XChaCha20);
    assert_eq!(found(db), []);
    rename(&o, ("word", "talk"), ("said", "points"));
    rename(&o, ("talk", "word"), ("points", "said"));
    assert_eq!(found(db), []);
    for (sql, code) in [
        ("update l_word set said = said || '0' where record_code = 'B1'", "B1"),
        ("update l_word set kind = '任前' where record_code = 'C1'", "C1"),
    ] {
        let row = Some((record(db, code), 1));
        let report = after(db, &against(), move |tx| tx.ddl(sql));
        assert!(report.findings.iter().any(|f| f.row == row && f.what == What::Changed(Act::Row)), "{sql}");
    }
    changed(&o, |file| file.replace("[word]\n", "[word]\nkeep = \"5 years\"\n"));
    let o = Installation::new(db.clone(), (*o.keys).clone(), Clock::Standing(Day::parse("2031-01-01").unwrap()));
    let o = o.unwrap();
    jobs::run_waiting(&o).unwrap();
    let done = retention::delete(&o, &order()).unwrap();
    // Those of the office that no verdict rests on, besides.
    assert_eq!((done.plan.go.len(), done.rows), (5, 6), "{:?}", done.plan.held);
    assert_eq!(found(db), []);
    let told = "select count(*) from audit_entry where payload like '%说过的话%' or payload like '%2019-04-0%'";
    assert_eq!(db.read(|tx| tx.one(told, &[], |r| r.i64(0))).unwrap(), Some(0));
    // One that is missing, or of another time, is found.
    let last = "where entry_id = (select max(entry_id) from audit_former)";
    for hashes in
        ["substr(hashes, 65)", "hashes || substr(hashes, 1, 64)", "substr(hashes, 65) || substr(hashes, 1, 64)"]
    {
        let sql = format!("update audit_former set hashes = {hashes} {last}");
        let report = after(db, &against(), move |tx| tx.ddl(&sql));
        assert!(!report.is_clean(), "{hashes}");
    }
});

db_test!(what_was_changed_before_is_found_after_all_of_it, |db: &Db| {
    let o = named_twice(db);
    let (first, third) = (record(db, "A1"), record(db, "C1"));
    db.write(|tx| tx.execute("update l_word set kind = '例行' where record_code in ('A1', 'C1')", &[])).unwrap();
    let expected = [(Some((first, 1)), What::Changed(Act::Row)), (Some((first, 2)), What::Changed(Act::Row))];
    let third = (Some((third, 1)), What::Changed(Act::Row));
    let same = |found: Vec<(Option<(i64, i64)>, What)>| {
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(expected.iter().chain([&third]).all(|e| found.contains(e)), "{found:?}");
    };
    same(found(db));
    rotated(&o, Cipher::Sm4);
    same(found(db));
});
