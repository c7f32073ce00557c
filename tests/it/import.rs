//! Files on their way into a ledger: moved once by however many processes, undone with their corrections, compared in
//! their sensitive fields too, and left by a crash so that they go on or do not count.

use dongliang::{
    db::{Db, Value, testing::TempDir},
    db_test, facts,
    intake::{self, Prepared},
    jobs,
    ledger::{NewRow, Stored, store},
    org::builtin,
    scope::Scope,
    url_test,
};

use crate::incremental::Office;

fn prepare(office: &Office, ledger: &str, csv: &str) -> Prepared {
    let dir = TempDir::new();
    let file = dir.0.join(format!("{ledger}.csv"));
    std::fs::write(&file, csv).unwrap();
    let prepared = intake::prepare(&office.installation, ledger, &file).unwrap();
    assert_eq!(prepared.checked.errors, [], "{csv}");
    prepared
}

/// Prepares, stages, moves and judges; gives the import's number.
fn import(office: &Office, ledger: &str, csv: &str) -> i64 {
    let number = intake::stage(&office.installation, "试", ledger, prepare(office, ledger, csv)).unwrap();
    jobs::run_waiting(&office.installation).unwrap();
    assert_eq!(intake::failure(&office.installation, number).unwrap(), None);
    number
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

/// All revisions of a person.
fn person(office: &Office, record: i64) -> Vec<Stored> {
    let ledger = &builtin::ledgers()[1];
    office.installation.db.read(|tx| store::history(tx, ledger, &Scope::All, record)).unwrap()
}

fn text(office: &Office, row: &Stored, field: &str) -> String {
    let value = row.value(&builtin::ledgers()[1], field).as_text().unwrap_or_default().to_owned();
    office.installation.keys.open(&value).unwrap_or(value)
}

fn persons(n: usize) -> String {
    (0..n).fold("编号,姓名,出生日期\n".to_owned(), |csv, i| csv + &format!("P{i},某{i},1996-05-05\n"))
}

url_test!(two_processes_move_an_import_once, |url| {
    let [a, b] = [(); 2].map(|()| Office::open(&Db::open(url).unwrap(), "2025-10-20"));
    intake::stage(&a.installation, "试", "person", prepare(&a, "person", &persons(1_700))).unwrap();
    std::thread::scope(|s| {
        for office in [&a, &b] {
            s.spawn(|| intake::resume(&office.installation).unwrap());
        }
    });
    let db = &a.installation.db;
    assert_eq!(count(db, "select count(*) from l_person"), 1_700);
    assert_eq!(count(db, "select count(distinct record_code) from l_person"), 1_700);
    assert_eq!(
        count(db, "select count(*) from import_row") + count(db, "select count(*) from job where kind = 'import'"),
        0
    );
    a.agree("moved");
});

db_test!(what_a_crash_leaves_of_staging_does_not_count, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    let csv = persons(30);
    let number = intake::stage(&office.installation, "试", "person", prepare(&office, "person", &csv)).unwrap();
    assert_eq!(prepare(&office, "person", &csv).before.len(), 1, "it is resumed, so it counts");
    // As it stands when the process ends with a part staged.
    db.write(|tx| {
        tx.execute("update job set state = 'staging'", &[])?;
        tx.execute("delete from import_row where n > 9", &[])
    })
    .unwrap();
    let office = Office::open(db, "2025-10-20");
    jobs::run_waiting(&office.installation).unwrap();
    assert_eq!(count(db, "select count(*) from l_person"), 0);
    assert!(prepare(&office, "person", &csv).before.is_empty());
    assert!(facts::undo_import(&office.installation, "试", number, "撤销").is_err());
    import(&office, "person", &csv);
    assert_eq!(count(db, "select count(*) from l_person"), 30);
    let left = ["import_row", "job where kind = 'import'"].map(|t| count(db, &format!("select count(*) from {t}")));
    assert_eq!((left, count(db, "select count(*) from import")), ([0, 0], 1));
});

db_test!(what_a_crash_leaves_staged_goes_on, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    let secret = "编号,姓名,联系电话\nP0,某,13800138000\n";
    intake::stage(&office.installation, "试", "person", prepare(&office, "person", secret)).unwrap();
    let bodies = db.read(|tx| tx.rows("select body from import_row", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert!(bodies.len() == 1 && !bodies[0].contains("13800138000"), "staged in the clear");
    let office = Office::open(db, "2025-10-20");
    jobs::run_waiting(&office.installation).unwrap();
    assert_eq!(text(&office, &person(&office, 1)[0], "phone"), "13800138000");
});

db_test!(an_undone_import_gives_back_what_it_corrected, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    office.found();
    let first = import(&office, "person", "编号,姓名,职级,联系电话\nA,甲,一级,13800138000\nB,乙,一级,13900139000\n");
    let (a, b) = (8, 9);
    let second = import(&office, "person", "编号,姓名,职级,联系电话\nA,甲,二级,13800138001\nC,丙,三级,\n");
    let refused = facts::undo_import(&office.installation, "试", first, "撤销").unwrap_err().to_string();
    assert!(refused.contains("更正"), "{refused}");
    let undone = facts::undo_import(&office.installation, "试", second, "撤销").unwrap();
    assert_eq!((undone.voided, undone.restored), (1, 1));
    let rows = person(&office, a);
    let seen: Vec<_> = rows.iter().map(|r| (r.revision, text(&office, r, "rank"), text(&office, r, "phone"))).collect();
    let say = |n: i64, rank: &str, phone: &str| (n, rank.to_owned(), phone.to_owned());
    assert_eq!(seen, [say(1, "一级", "13800138000"), say(2, "二级", "13800138001"), say(3, "一级", "13800138000")]);
    assert_eq!(rows.iter().filter(|r| r.voided_at.is_none()).count(), 1);
    assert_eq!((rows[1].import, rows[1].void_reason.as_deref(), rows[2].import), (Some(second), Some("撤销"), None));
    assert_eq!(person(&office, b).len(), 1);
    assert_eq!(count(db, "select count(*) from l_person where record_code = 'C' and voided_at is null"), 0);
    // Found again by the number that is current.
    let index = office.installation.keys.blind_index("13800138000");
    let sql = "select count(*) from l_person where voided_at is null and \"phone_index\" = $1";
    assert_eq!(db.read(|tx| tx.one(sql, &[index.into()], |r| r.i64(0))).unwrap(), Some(1));
    office.agree("undone");

    // A later correction stands on it: nothing is undone.
    let third = import(&office, "person", "编号,姓名,职级,联系电话\nA,甲,四级,13800138000\nB,乙,四级,13900139000\n");
    let row = person(&office, a).pop().unwrap();
    let new = NewRow { code: row.code, unit: row.unit, values: row.values };
    facts::correct(&office.installation, "试", "person", (a, row.revision), new, "核对").unwrap();
    let refused = facts::undo_import(&office.installation, "试", third, "撤销").unwrap_err().to_string();
    assert!(refused.contains("更正") && refused.contains('8'), "{refused}");
    assert_eq!(text(&office, person(&office, b).last().unwrap(), "rank"), "四级");
    office.agree("refused");
});

db_test!(an_import_is_not_undone_under_what_stands_on_it, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    office.found();
    let brought = import(&office, "unit", "编号,单位名称,层级,上级单位,设立日期\nU,新科,科室,市发改委,2020-01-01\n");
    let of = |code: &str| {
        let sql = "select record_id from l_unit where record_code = $1 and voided_at is null";
        db.read(|tx| tx.one(sql, &[code.into()], |r| r.i64(0))).unwrap()
    };
    let unit = of("U").unwrap();
    // A clerk adds a unit below it: of the same ledger.
    office.add(
        "unit",
        None,
        &[
            ("name", "新科一组".into()),
            ("level", "科室".into()),
            ("parent", unit.into()),
            ("from", "2020-01-01".into()),
        ],
    );
    let refused = facts::undo_import(&office.installation, "试", brought, "撤销").unwrap_err().to_string();
    assert!(refused.contains("还有记录指向这次导入的内容") && refused.contains("1条"), "{refused}");
    assert_eq!(of("U"), Some(unit));
    office.agree("refused");
});

db_test!(an_undone_correction_is_judged_again, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    office.found();
    import(&office, "person", "编号,姓名,出生日期\nA,甲,1975-05-05\nB,乙,1996-05-05\n");
    for (person, duty) in [(8_i64, "科室负责人"), (9, "普通干部")] {
        let fields = [("person", person.into()), ("duty", duty.into()), ("from", "2020-01-01".into())];
        office.add("post", Some(4), &fields);
    }
    let talk = |day: &str| format!("编号,谈话类型,谈话人,谈话对象,谈话日期\nT,例行,A,B,{day}\n");
    import(&office, "talk", &talk("2025-03-01"));
    office.agree("recorded");
    let second = import(&office, "talk", &talk("2024-03-01"));
    office.agree("corrected");
    facts::undo_import(&office.installation, "试", second, "撤销").unwrap();
    office.agree("undone");
    let day =
        db.read(|tx| tx.rows("select \"day\" from l_talk where voided_at is null", &[], |r| Ok(r.text(0)?.to_owned())));
    assert_eq!(day.unwrap(), ["2025-03-01"]);
});

db_test!(a_changed_phone_is_a_difference, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    let head = "编号,姓名,联系电话\n";
    import(&office, "person", &format!("{head}A,甲,13800138000\n"));
    let of = |csv: &str| {
        let prepared = prepare(&office, "person", csv);
        (prepared.known.len(), prepared.corrections.len())
    };
    assert_eq!(of(&format!("{head}A,甲,13800138000\n")), (1, 0));
    assert_eq!(of(&format!("{head}A,甲,138 0013 8000\n")), (1, 0), "the same number in another form");
    assert_eq!(of(&format!("{head}A,甲,13800138001\n")), (0, 1));
    assert_eq!(of(&format!("{head}A,甲,\n")), (0, 1), "emptied");
    // A file without the column says nothing of it: neither a difference nor a correction.
    assert_eq!(of("编号,姓名\nA,甲\n"), (1, 0));
    import(&office, "person", "编号,姓名\nA,甲二\n");
    let now = person(&office, 1).pop().unwrap();
    assert_eq!((text(&office, &now, "name"), text(&office, &now, "phone")), ("甲二".into(), "13800138000".into()));
    import(&office, "person", &format!("{head}A,甲二,13800138001\n"));
    let now = person(&office, 1).pop().unwrap();
    assert_eq!((now.revision, text(&office, &now, "phone")), (3, "13800138001".to_owned()));
    assert!(matches!(now.value(&builtin::ledgers()[1], "phone"), Value::Text(t) if t.starts_with("v1:")));
});

#[test]
fn a_full_disk_makes_an_import_wait_and_not_fail() {
    dongliang::db::testing::on_sqlite(|db: &Db| {
        let office = Office::open(db, "2025-10-20");
        let number =
            intake::stage(&office.installation, "试", "person", prepare(&office, "person", &persons(3_000))).unwrap();
        let room = |more: bool| {
            let sql = if more { "pragma max_page_count = 1000000" } else { "pragma max_page_count = 1" };
            db.write(move |tx| tx.one(sql, &[], |r| r.i64(0))).unwrap();
        };
        // No further page: as on a full disk.
        room(false);
        let e = intake::resume(&office.installation).unwrap_err();
        assert!(format!("{e:#}").contains("磁盘已满"), "{e:#}");
        assert_eq!(intake::failure(&office.installation, number).unwrap(), None);
        assert_eq!(count(db, "select count(*) from job where kind = 'import' and state = 'waiting'"), 1);
        room(true);
        assert!(intake::resume(&office.installation).unwrap());
        assert_eq!(count(db, "select count(*) from l_person"), 3_000);
        office.agree("after a full disk");
    });
}
