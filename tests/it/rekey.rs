//! Another key: everything encrypted is encrypted anew, at whatever instant that is cut short; the log still proves all
//! that was recorded before, and still finds what was changed behind its back.

use std::{collections::BTreeMap, fs, io::Write as _, path::Path, process::Stdio, time::Duration};

use dongliang::{
    audit::{self, Act, Report, What},
    auth::{Role, account, totp},
    backup,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    intake,
    ledger::{
        Keys, NewRow,
        key_file::Hold,
        query::{self, Filter, Query},
        secret::Cipher,
        store,
    },
    rekey,
    scope::Scope,
    sso,
};

use crate::{
    audit::{after, against, signer},
    auth_login::with_factor,
    cli::{own_city, run},
    visit::{account, now},
    web_lists::{office, put},
};

const PHONE: &str = "13912342716";

fn actor() -> dongliang::scope::Actor {
    dongliang::scope::Actor { account: None, name: "命令行".into(), at: 2_000_000_000_000_000 }
}

fn next(keys: &Keys, cipher: Cipher) -> Keys {
    keys.next(cipher, dongliang::day::Day::parse("2026-11-29").unwrap()).unwrap()
}

/// The same database under another ring.
fn under(o: &Installation, keys: &Keys) -> Installation {
    Installation::new(o.db.clone(), keys.clone(), o.clock).unwrap()
}

/// The current row of a person as it can be recorded again, with another remark.
fn remarked(o: &Installation, id: i64, remark: &str) -> (i64, NewRow) {
    let row = o.db.read(|tx| {
        let current = o.current(tx)?;
        let ledger = &current.engine.layout.ledgers[current.engine.layout.index("person").unwrap()];
        let mut row = store::get(tx, ledger, &Scope::All, id, None)?.unwrap();
        row.values[ledger.field_index("remark").unwrap()] = remark.into();
        Ok(row)
    });
    let row = row.unwrap();
    (row.revision, NewRow { code: row.code, unit: row.unit, values: row.values })
}

fn correct(o: &Installation, id: i64, remark: &str) {
    let (revision, row) = remarked(o, id, remark);
    facts::correct(o, "周敏", "person", (id, revision), row, "补记").unwrap();
}

/// An office with every kind of sensitive value: of persons (corrected and voided ones too), of a talk, of a second
/// factor, of single sign-on, of rows on their way in.
fn filled(db: &Db) -> (Installation, i64, Vec<u8>) {
    let o = office(db);
    put(&o, "person", "P5", None, &[("name", "吴五".into()), ("id_number", "11010519491231002X".into())]);
    facts::void(&o, "周敏", "person", (5, 1), "登记错了").unwrap();
    correct(&o, 2, "一");
    let talk: [(&str, Value); 5] = [
        ("kind", "提醒".into()),
        ("talker", 1.into()),
        ("listener", 2.into()),
        ("day", "2025-04-03".into()),
        ("points", "只说给他听".into()),
    ];
    put(&o, "talk", "T9", None, &talk);
    let id = account(&o, "zhoumin", Role::Office, None, None);
    let (secret, _) = with_factor(&o, id);
    let setting = sso::Setting::new(&o.keys, "https://id.example", ("a", "geheim"), "https://gb.example").unwrap();
    o.db.write(move |tx| sso::setting::save(tx, &actor(), &setting)).unwrap();
    stage(&o, "P6", "13812345678");
    (o, id, secret)
}

fn stage(o: &Installation, code: &str, phone: &str) {
    let mut file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    write!(file, "编号,姓名,出生日期,联系电话\n{code},郑六,1996-05-05,{phone}\n").unwrap();
    let prepared = intake::prepare(o, "person", file.path()).unwrap();
    assert!(prepared.checked.errors.is_empty(), "{:?}", prepared.checked.errors);
    intake::stage(o, "周敏", "person", prepared).unwrap();
}

/// Persons with a telephone number.
fn with_phone(o: &Installation, phone: &str) -> Vec<i64> {
    o.db.read(|tx| {
        let current = o.current(tx)?;
        let ledger = &current.engine.layout.ledgers[current.engine.layout.index("person").unwrap()];
        let filter = Filter::Secret { field: "phone".into(), index: o.keys.blind_index(phone) };
        let query = Query { filters: vec![filter], ..Query::default() };
        let mut ids: Vec<i64> =
            query::list(tx, ledger, &Scope::All, &query, (100, 0))?.iter().map(|row| row.record_id).collect();
        ids.sort_unstable();
        Ok(ids)
    })
    .unwrap()
}

fn proved(db: &Db) -> Report {
    audit::checkpoint(db, &signer()).unwrap();
    audit::verify(db, &against()).unwrap()
}

fn clean(db: &Db) -> Report {
    let report = proved(db);
    assert!(report.is_clean(), "{:#?}", report.findings);
    report
}

fn uses(o: &Installation) -> BTreeMap<u32, u64> {
    o.db.read(|tx| rekey::uses(tx, &o.keys)).unwrap()
}

fn rotated(o: &Installation) -> rekey::Done {
    let done = rekey::run(&o.db, &o.keys, &actor(), &mut |_, _| Ok(())).unwrap();
    rekey::finish(&o.db, &o.keys, &actor(), &done).unwrap();
    done
}

db_test!(everything_encrypted_is_under_the_new_key_and_proved_as_before, |db: &Db| {
    let (o, id, secret) = filled(db);
    let before = clean(db);
    assert_eq!(uses(&o), [(1, 10)].into());
    let o = under(&o, &next(&o.keys, Cipher::Sm4));
    assert_eq!(uses(&o), [(1, 10), (2, 0)].into());
    // Cut short after each chunk in turn, it goes on where it was.
    let mut cuts = 0;
    let done = loop {
        match rekey::run(db, &o.keys, &actor(), &mut |_, _| anyhow::bail!("killed")) {
            Ok(done) => break done,
            Err(e) => assert_eq!(e.to_string(), "killed"),
        }
        cuts += 1;
        assert!(cuts < 10);
        clean(db);
        // What is recorded meanwhile has the new key.
        if cuts == 1 {
            put(&o, "person", "P7", None, &[("name", "王七".into()), ("phone", "13700000000".into())]);
        }
    };
    assert!(cuts >= 2, "{cuts}");
    assert_eq!((done.left, done.stuck.len()), (0, 0));
    rekey::finish(db, &o.keys, &actor(), &done).unwrap();
    assert_eq!(uses(&o), [(1, 0), (2, 11)].into());
    let report = clean(db);
    assert_eq!((report.rows, report.voids), (before.rows + 1, before.voids));
    // The first key is not needed any more: not by lists, by the second factor, by single sign-on, by what comes in.
    let o = under(&o, &o.keys.without(1));
    assert_eq!(with_phone(&o, PHONE), [1, 2, 3, 4]);
    correct(&o, 2, "二");
    intake::resume(&o).unwrap();
    assert_eq!(with_phone(&o, "13812345678"), [7], "the row on its way came in");
    assert_eq!(with_phone(&o, PHONE), [1, 2, 3, 4]);
    let (keys, own) = (o.keys.clone(), secret.clone());
    let accepted = o.db.write(move |tx| {
        let account = account::get(tx, id)?.unwrap();
        account::use_code(tx, &keys, &account, &totp::code(&own, totp::step(now())), now())
    });
    assert!(accepted.unwrap());
    let setting = db.read(sso::setting::load).unwrap().unwrap();
    assert_eq!(setting.secret(&o.keys).unwrap(), "geheim");
    clean(db);
    // And once more.
    let o = under(&o, &next(&o.keys, Cipher::XChaCha20));
    rotated(&o);
    assert_eq!(uses(&o), [(2, 0), (3, 12)].into());
    assert_eq!(with_phone(&o, PHONE), [1, 2, 3, 4]);
    clean(db);
});

db_test!(what_was_changed_behind_the_log_is_found_before_and_after_a_change_of_keys, |db: &Db| {
    let (o, ..) = filled(db);
    clean(db);
    // Two cipher texts exchanged: each opens, and each is in the wrong row.
    let exchange = "create table kept as select phone from l_person where record_id = 3; \
                    update l_person set phone = (select p.phone from l_person p where p.record_id = 4) where record_id = 3; \
                    update l_person set phone = (select phone from kept) where record_id = 4; drop table kept";
    db.write(move |tx| tx.ddl(exchange)).unwrap();
    // One that no key opens, and a row by hand.
    db.write(|tx| {
        tx.execute("update l_person set phone = 'v1:00' where record_id = 1", &[])?;
        let sql = "insert into l_person (record_id, revision, recorded_at, recorded_by, name, phone) \
                   select 99, 1, recorded_at, recorded_by, name, phone from l_person where record_id = 3";
        tx.execute(sql, &[])
    })
    .unwrap();
    let expected = [
        ((1, 1), What::Changed(Act::Row)),
        ((3, 1), What::Changed(Act::Row)),
        ((4, 1), What::Changed(Act::Row)),
        ((99, 1), What::Inserted(Act::Row)),
    ];
    let found = |report: &Report| {
        let mut found: Vec<_> = report.findings.iter().filter_map(|f| Some((f.row?, f.what.clone()))).collect();
        found.sort_by_key(|(row, _)| *row);
        found
    };
    assert_eq!(found(&proved(db)), expected);
    let o = under(&o, &next(&o.keys, Cipher::XChaCha20));
    let done = rotated(&o);
    assert_eq!((done.left, done.stuck), (1, vec![("person".to_owned(), 1, 1)]));
    assert_eq!(found(&proved(db)), expected, "what is encrypted anew is not made good by that");
    assert_eq!(uses(&o)[&1], 0, "what no key opens needs none");
});

/// A change of the database; record and revision, number of the entry, and what is found.
type Case = (&'static str, Option<(i64, i64)>, Option<i64>, What);

db_test!(every_change_of_a_row_that_was_encrypted_anew_is_found_and_located, |db: &Db| {
    let (o, ..) = filled(db);
    let o = under(&o, &next(&o.keys, Cipher::XChaCha20));
    rotated(&o);
    let o = under(&o, &next(&o.keys, Cipher::Sm4));
    rotated(&o);
    clean(db);
    // Entries that encrypted persons anew: with the second key, with the third.
    let sql = "select seq from audit_entry where kind = 'rekey' and ledger = 'person' order by seq";
    let entries = db.read(|tx| tx.rows(sql, &[], |r| r.i64(0))).unwrap();
    let [second, third] = entries[..] else { panic!("{entries:?}") };
    use What::{Changed, Dropped, Entry, Former};
    let cases: [Case; 12] = [
        ("update l_person set phone = phone || '0' where record_id = 3", Some((3, 1)), Some(third), Changed(Act::Row)),
        (
            "update l_person set name = '别人' where record_id = 2 and revision = 1",
            Some((2, 1)),
            Some(third),
            Changed(Act::Row),
        ),
        ("update l_person set phone_index = 'x' where record_id = 4", Some((4, 1)), Some(third), Changed(Act::Row)),
        ("delete from l_person where record_id = 4", Some((4, 1)), Some(third), Dropped(Act::Rekey)),
        ("update l_person set void_reason = 'x' where record_id = 5", Some((5, 1)), None, Changed(Act::Void)),
        ("update l_talk set points = null where record_code = 'T9'", None, None, Changed(Act::Row)),
        ("delete from audit_former", None, Some(second), Former),
        ("delete from audit_former", None, Some(third), Former),
        ("update audit_former set hashes = substr(hashes, 65)", None, Some(third), Former),
        ("update audit_former set entry_id = entry_id + 1000", None, Some(third), Former),
        (
            "update audit_entry set written = replace(written, '~key:3', '~key:4') where kind = 'rekey'",
            None,
            Some(third),
            Entry,
        ),
        (
            "update audit_entry set written = replace(written, '~key:2 ', '') where kind = 'rekey'",
            None,
            Some(second),
            Entry,
        ),
    ];
    for (sql, row, entry, what) in cases {
        let report = after(db, &against(), move |tx| tx.ddl(sql));
        let holds = |f: &audit::Finding| {
            f.what == what && (row.is_none() || f.row == row) && entry.is_none_or(|seq| f.entry == Some(Ok(seq)))
        };
        assert!(report.findings.iter().any(holds), "{sql}: {:#?}", report.findings);
    }
    // A former hash of another row, or of nothing, does not pass: it must fit the entry before.
    let forge =
        "update audit_former set hashes = substr(hashes, 65, 64) || substr(hashes, 1, 64) || substr(hashes, 129)";
    let report = after(db, &against(), move |tx| tx.ddl(forge));
    let rows: Vec<_> = report.findings.iter().filter_map(|f| f.row).collect();
    assert!(report.findings.iter().all(|f| f.what == Changed(Act::Row)), "{:#?}", report.findings);
    assert!(rows.len() >= 4, "{rows:?}");
    clean(db);
});

fn ok(data: &Path, args: &[&str]) -> String {
    let ran = run(data, args);
    assert_eq!(ran.code, 0, "{args:?}: {}{}", ran.out, ran.err);
    ran.out
}

fn phones(data: &Path) -> String {
    let out = data.with_extension("csv");
    ok(data, &["export", "person", "-o", out.to_str().unwrap()]);
    let text = fs::read_to_string(out).unwrap();
    assert!(text.contains(",1"), "{text}");
    text
}

#[test]
fn keys_are_changed_offline_and_an_old_one_is_kept_until_nothing_needs_it() {
    let (dir, data) = own_city();
    let (before, place) = (phones(&data), |name: &str| dir.path().join(name));
    let (old, old_keys) = (place("old.zip"), place("old-keys"));
    ok(&data, &["backup", old.to_str().unwrap(), "--keys", old_keys.to_str().unwrap()]);
    // Nobody may have it open.
    let (_, open) = Keys::hold(&data.join("keys"), Hold::Shared).unwrap();
    let refused = run(&data, &["keys", "rotate"]);
    assert!(refused.code == 3 && refused.err.contains("请先停止它"), "{}", refused.err);
    assert!(ok(&data, &["keys", "list"]).contains("在用"), "who only reads is not kept out");
    drop(open);
    let out = ok(&data, &["keys", "rotate", "--cipher", "sm4"]);
    assert!(out.contains("已改用第2把密钥"), "{out}");
    let list = ok(&data, &["keys", "list"]);
    assert!(list.contains("第1把：XChaCha20-Poly1305") && list.contains("只为更早的备份保留"), "{list}");
    assert!(list.contains("第2把：SM4-GCM"), "{list}");
    assert_eq!(phones(&data), before);
    assert!(ok(&data, &["audit", "verify"]).contains("校验通过"));
    ok(&data, &["verify"]);
    // A backup of before, with the keys of then, and with those of now.
    let restored = place("then");
    ok(&restored, &["restore", old.to_str().unwrap(), "--keys", old_keys.to_str().unwrap()]);
    assert_eq!(phones(&restored), before);
    let now_keys = place("now-keys");
    backup::write_keys(&data, &now_keys).unwrap();
    let restored = place("now");
    ok(&restored, &["restore", old.to_str().unwrap(), "--keys", now_keys.to_str().unwrap()]);
    let refused = run(&restored, &["export", "person", "-o", place("x.csv").to_str().unwrap()]);
    assert!(refused.code == 3 && refused.err.contains("keys rotate"), "{}", refused.err);
    assert!(ok(&restored, &["keys", "rotate"]).contains("接着改用第2把密钥"));
    assert_eq!(phones(&restored), before);
    assert!(ok(&restored, &["audit", "verify"]).contains("校验通过"));
    // A backup of now.
    let (new, restored) = (place("new.zip"), place("after"));
    ok(&data, &["backup", new.to_str().unwrap()]);
    ok(&restored, &["restore", new.to_str().unwrap(), "--keys", now_keys.to_str().unwrap()]);
    assert_eq!(phones(&restored), before);
    assert!(ok(&restored, &["audit", "verify"]).contains("校验通过"));
    // The keys of before do not fit it.
    let refused = run(&place("none"), &["restore", new.to_str().unwrap(), "--keys", old_keys.to_str().unwrap()]);
    assert!(refused.code == 3 && refused.err.contains("没有第 2 把密钥"), "{}", refused.err);
    // An old key goes when nothing needs it, and who says so means it.
    for (args, code, says) in [
        (&["keys", "drop", "2", "--backups-gone"][..], 2, "还在用"),
        (&["keys", "drop", "7", "--backups-gone"], 2, "没有第7把"),
        (&["keys", "drop", "1"], 2, "--backups-gone"),
    ] {
        let ran = run(&data, args);
        assert!(ran.code == code && ran.err.contains(says), "{args:?} {}", ran.err);
    }
    ok(&data, &["keys", "drop", "1", "--backups-gone"]);
    assert!(!ok(&data, &["keys", "list"]).contains("第1把"));
    assert_eq!(phones(&data), before);
    assert!(ok(&data, &["audit", "verify"]).contains("校验通过"));
    ok(&data, &["demo", "--no-serve"]);
}

#[test]
fn a_key_that_a_value_still_needs_is_not_dropped() {
    let (_dir, data) = own_city();
    ok(&data, &["keys", "rotate"]);
    // What a rotation cannot have seen: a value under the old key, wherever it comes from.
    let text = fs::read_to_string(data.join("keys")).unwrap();
    let first: Vec<&str> = text.lines().take(3).collect();
    let old = Keys::parse(&first.join("\n")).unwrap().seal("0011").unwrap();
    assert!(old.starts_with("v1:"));
    let db = Db::open(&format!("sqlite:{}", data.join("dongliang.db").display())).unwrap();
    db.write(move |tx| tx.execute("update account set totp = $1 where row_id = 1", &[old.into()])).unwrap();
    drop(db);
    let ran = run(&data, &["keys", "drop", "1", "--backups-gone"]);
    assert!(ran.code == 1 && ran.out.contains("还有1处"), "{}{}", ran.out, ran.err);
    ok(&data, &["keys", "rotate"]);
    ok(&data, &["keys", "drop", "1", "--backups-gone"]);
    ok(&data, &["keys", "drop", "2", "--backups-gone"]);
}

#[test]
fn files_on_their_way_in_go_along_with_the_keys() {
    let (_dir, data) = own_city();
    let ring = || Keys::load(&data.join("keys")).unwrap();
    let (first, dir) = (ring(), data.join("imports"));
    fs::create_dir(&dir).unwrap();
    let put = |name: &str, bytes: Vec<u8>| fs::write(dir.join(name), bytes).unwrap();
    put("b1", first.seal_bytes("编号,姓名".as_bytes()).unwrap());
    // Cut off while it came, changed afterwards, never sealed: no key opens it.
    put("b2", first.seal_bytes(b"x").unwrap()[..20].to_vec());
    put("b3", b"x".to_vec());
    ok(&data, &["keys", "rotate"]);
    let under = |keys: &Keys| fs::read(dir.join("b1")).unwrap().starts_with(format!("v{}:", keys.number()).as_bytes());
    assert!(under(&ring()) && ring().number() == 2);
    assert_eq!(ring().open_bytes(&fs::read(dir.join("b1")).unwrap()).unwrap(), "编号,姓名".as_bytes());
    assert_eq!(fs::read(dir.join("b3")).unwrap(), b"x");
    // One that came out of a backup of before.
    put("b4", first.seal_bytes(b"y").unwrap());
    assert!(ok(&data, &["keys", "list"]).contains("还有1处要用到"));
    let ran = run(&data, &["keys", "drop", "1", "--backups-gone"]);
    assert!(ran.code == 1 && ran.out.contains("还有1处"), "{}{}", ran.out, ran.err);
    ok(&data, &["keys", "rotate"]);
    ok(&data, &["keys", "drop", "1", "--backups-gone"]);
    assert_eq!(ring().open_bytes(&fs::read(dir.join("b4")).unwrap()).unwrap(), b"y");
}

/// Killed at whatever instant, it is run again and comes to its end.
#[test]
fn a_killed_change_of_keys_goes_on() {
    let (dir, data) = own_city();
    let before = phones(&data);
    let mut killed = 0;
    for millis in [2, 5, 10, 15, 20, 30, 40, 60, 90, 130] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_dongliang"))
            .current_dir(dir.path())
            .args(["keys", "rotate", "--data"])
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        assert!(ok(&data, &["audit", "verify"]).contains("校验通过"), "after {millis} ms");
    }
    assert!(killed > 0);
    ok(&data, &["keys", "rotate"]);
    assert_eq!(phones(&data), before);
    let newest = Keys::load(&data.join("keys")).unwrap().number();
    assert!(ok(&data, &["keys", "list"]).contains(&format!("第{newest}把：XChaCha20-Poly1305")));
    assert!(ok(&data, &["audit", "verify"]).contains("校验通过"));
    for number in 1..newest {
        let gone = run(&data, &["keys", "drop", &number.to_string(), "--backups-gone"]);
        assert_eq!(gone.code, 0, "{number}: {}{}", gone.out, gone.err);
    }
    assert_eq!(phones(&data), before);
}
