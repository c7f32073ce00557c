//! Backup and restore: whole and consistent under load, the same in both databases, refused when changed or cut, and
//! all or nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Cursor, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use dongliang::{
    backup::{self, Archive, Manifest, Target},
    clock::Clock,
    db::{
        Db, DbError,
        testing::{self, PostgresDb, TempDir},
    },
    hex::hex,
    ledger::Keys,
    url_test,
    verdict::rejudge,
};
use sha2::{Digest as _, Sha256};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::incremental::Office;

fn keys() -> Keys {
    Keys::from_bytes([1; 32], [2; 32])
}

fn key_text() -> String {
    format!("{}{}\n", "01".repeat(32), "02".repeat(32))
}

/// An office with a few records.
fn office(url: &str) -> Office {
    let office = Office::open(&Db::open(url).unwrap(), "2025-10-20");
    office.installation.db.write(|tx| keys().bind(tx)).unwrap();
    office.found();
    office.agree("founded");
    office
}

fn guide(office: &Office, n: usize) -> i64 {
    let day = format!("2025-0{}-{:02}", 1 + n % 9, 1 + n % 28);
    let fields = [("pair", 1.into()), ("day", day.as_str().into()), ("confirmed", day.clone().into())];
    office.add("guidance", None, &fields)
}

fn write(office: &Office, data: &Path, to: &Path) -> anyhow::Result<Manifest> {
    let installation = &office.installation;
    backup::write(&installation.db, &installation.keys, data, to, Clock::Machine.now(), &mut |_, _| {})
}

fn restore(from: &Path, data: &Path, database: Option<&str>) -> anyhow::Result<Manifest> {
    let target = Target {
        data: data.to_owned(),
        database: database.map(str::to_owned),
        keys: [("keys".to_owned(), key_text())].into(),
    };
    Archive::open(from, Some(&keys()))?.restore(target, Some(keys()))
}

/// Where the database of a restored data directory is.
fn own(data: &Path) -> String {
    format!("sqlite:{}", data.join("dongliang.db").display())
}

/// What was acknowledged is there, every verdict is that of the records, and work goes on.
fn sound(url: &str, acknowledged: &BTreeSet<i64>) {
    let office = Office::open(&Db::open(url).unwrap(), "2025-10-20");
    let found = rejudge::verify(&office.installation, &mut |_, _| {}).unwrap();
    assert!(found.compared > 0 && found.is_empty(), "{found:#?}");
    let there =
        office.installation.db.read(|tx| tx.rows("select record_id from l_guidance", &[], |r| r.i64(0))).unwrap();
    let there: BTreeSet<i64> = there.into_iter().collect();
    assert!(acknowledged.is_subset(&there), "lost: {:?}", acknowledged.difference(&there));
    assert!(!there.contains(&guide(&office, 3)), "a number was given twice");
    office.agree("a fact after the restore");
}

url_test!(a_backup_under_load_holds_all_that_was_acknowledged, |url| {
    let office = office(url);
    let dir = TempDir::new();
    let file = dir.0.join("a.zip");
    let (acknowledged, stop) = (Mutex::new(BTreeSet::new()), AtomicBool::new(false));
    let (mut before, mut after) = (BTreeSet::new(), 0);
    std::thread::scope(|s| {
        for k in 0..3 {
            let (office, acknowledged, stop) = (&office, &acknowledged, &stop);
            s.spawn(move || {
                let mut n = k;
                while !stop.load(Ordering::SeqCst) {
                    let id = guide(office, n);
                    acknowledged.lock().unwrap().insert(id);
                    n += 3;
                }
            });
        }
        let count = || acknowledged.lock().unwrap().len();
        while count() < 20 {
            std::thread::yield_now();
        }
        before = acknowledged.lock().unwrap().clone();
        let made = write(&office, &dir.0, &file);
        // Nobody had to wait for its end.
        let reached = count();
        while count() < reached + 3 {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::SeqCst);
        made.unwrap();
        after = count();
    });
    assert!(after > before.len());
    let data = dir.0.join("restored");
    restore(&file, &data, None).unwrap();
    sound(&own(&data), &before);
    testing::on_postgres(|_| {
        let database = PostgresDb::new("");
        restore(&file, &dir.0.join("elsewhere"), Some(&database.url)).unwrap();
        sound(&database.url, &before);
    });
});

// Through the other database and back it is the same, row by row.
url_test!(one_form_for_both_databases, |url| {
    let office = office(url);
    let dir = TempDir::new();
    let text = "换行\n制表\t反斜\\N 引号'\"，𠮷";
    office.add("person", None, &[("name", text.into()), ("id_number", "11010519491231002X".into())]);
    let first = write(&office, &dir.0, &dir.0.join("1.zip")).unwrap();
    testing::on_postgres(|_| {
        let database = PostgresDb::new("");
        restore(&dir.0.join("1.zip"), &dir.0.join("2"), Some(&database.url)).unwrap();
        assert_eq!(fs::read_to_string(dir.0.join("2/database")).unwrap(), database.url);
        let second =
            write(&Office::open(&Db::open(&database.url).unwrap(), "2025-10-20"), &dir.0, &dir.0.join("2.zip"));
        restore(&dir.0.join("2.zip"), &dir.0.join("3"), None).unwrap();
        let third = Office::open(&Db::open(&own(&dir.0.join("3"))).unwrap(), "2025-10-20");
        let third = write(&third, &dir.0, &dir.0.join("3.zip")).unwrap();
        assert_eq!(second.unwrap().tables, first.tables);
        assert_eq!(third.tables, first.tables);
    });
    let restored = |url: &str| {
        let db = Db::open(url).unwrap();
        db.read(|tx| {
            let tables = tx.tables()?;
            tables.into_iter().map(|t| Ok((tx.indexes(&t)?, t))).collect::<anyhow::Result<Vec<_>>>()
        })
    };
    restore(&dir.0.join("1.zip"), &dir.0.join("4"), None).unwrap();
    assert_eq!(restored(&own(&dir.0.join("4"))).unwrap(), restored(url).unwrap(), "indexes");
});

#[test]
fn files_come_back_and_keys_are_never_in_the_backup() {
    let dir = TempDir::new();
    let data = dir.0.join("data");
    fs::create_dir_all(data.join("attachments/ab")).unwrap();
    fs::write(data.join("attachments/ab/文件"), [0, 159, 146, 150]).unwrap();
    fs::write(data.join("attachments/.half"), "half").unwrap();
    for name in ["keys", "audit-key", "database"] {
        fs::write(data.join(name), key_text()).unwrap();
    }
    let office = office(&own(&data));
    let login = "insert into session (token, account_id, created_at, seen_at, ends_at, address, agent, demo) \
                 values ('t', 1, 1, 1, 1, 'a', 'b', 0)";
    office.installation.db.write(move |tx| tx.execute(login, &[])).unwrap();
    let file = dir.0.join("a.zip");
    let made = write(&office, &data, &file).unwrap();
    assert!(made.tables.iter().any(|t| t.name == "session" && t.rows == 0), "nobody stays logged in");
    assert_eq!(made.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["attachments/ab/文件"]);
    for (name, bytes) in members(&file) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(key_text().trim()), "{name}");
    }
    backup::write_keys(&data, &dir.0.join("k")).unwrap();
    for path in [&file, &dir.0.join("k")] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let kept = backup::read_keys(&dir.0.join("k")).unwrap();
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["audit-key", "keys"]);
    let target = Target { data: dir.0.join("b"), database: None, keys: kept };
    Archive::open(&file, Some(&keys())).unwrap().restore(target, Some(keys())).unwrap();
    assert_eq!(fs::read(dir.0.join("b/attachments/ab/文件")).unwrap(), [0, 159, 146, 150]);
    let mode = |name: &str| fs::metadata(dir.0.join("b").join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(["", "keys", "audit-key", "dongliang.db"].map(mode), [0o700, 0o600, 0o600, 0o600]);
    fs::set_permissions(dir.0.join("k"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(backup::read_keys(&dir.0.join("k")).unwrap_err().to_string().contains("chmod 600"));
}

type Members = BTreeMap<String, Vec<u8>>;

fn members(file: &Path) -> Members {
    let mut zip = ZipArchive::new(Cursor::new(fs::read(file).unwrap())).unwrap();
    let mut all = Members::new();
    for i in 0..zip.len() {
        let mut member = zip.by_index(i).unwrap();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        all.insert(member.name().unwrap().into_owned(), bytes);
    }
    all
}

/// Another file with changed members; `honest` brings the manifest's hashes up to date, which needs no key.
fn changed(file: &Path, honest: bool, change: impl FnOnce(&mut Members)) -> PathBuf {
    let mut all = members(file);
    change(&mut all);
    if honest {
        let mut manifest: Manifest = serde_json::from_slice(&all["manifest.json"]).unwrap();
        for table in &mut manifest.tables {
            let bytes = &all[&format!("tables/{}.jsonl", table.name)];
            table.content.bytes = bytes.len() as u64;
            table.content.sha256 = hex(&Sha256::digest(bytes));
            table.rows = bytes.iter().filter(|b| **b == b'\n').count() as u64;
        }
        all.insert("manifest.json".into(), serde_json::to_vec(&manifest).unwrap());
    }
    let path = file.with_extension("changed.zip");
    let mut zip = ZipWriter::new(fs::File::create(&path).unwrap());
    for (name, bytes) in all {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
    path
}

fn edit(all: &mut Members, name: &str, from: &str, to: &str) {
    let text = String::from_utf8(all[name].clone()).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    all.insert(name.into(), text.replacen(from, to, 1).into_bytes());
}

#[test]
fn what_was_changed_or_cut_is_refused_with_the_reason() {
    let dir = TempDir::new();
    let office = office(&format!("sqlite:{}", dir.0.join("x.db").display()));
    let file = dir.0.join("a.zip");
    let made = write(&office, &dir.0, &file).unwrap();
    let refused = |file: &Path, keys: Option<&Keys>| match Archive::open(file, keys) {
        Ok(_) => panic!("{} was taken", file.display()),
        Err(e) => format!("{e:#}"),
    };
    let unit = "tables/l_unit.jsonl";
    let rename = |all: &mut Members| edit(all, unit, "甲一科", "甲三科");
    // Without the keys the hashes speak, with them the seal.
    assert!(refused(&changed(&file, false, rename), None).contains("l_unit.jsonl 与清单上的 SHA-256 不符"));
    Archive::open(&changed(&file, true, rename), None).unwrap();
    assert!(refused(&changed(&file, true, rename), Some(&keys())).contains("清单被改动"));
    assert!(refused(&file, Some(&Keys::from_bytes([3; 32], [4; 32]))).contains("密钥与备份不配套"));
    let without = |all: &mut Members| drop(all.remove(unit));
    assert!(refused(&changed(&file, false, without), None).contains("缺少 tables/l_unit.jsonl"));
    let more = |all: &mut Members| drop(all.insert("files/attachments/x".into(), vec![1]));
    assert!(refused(&changed(&file, false, more), None).contains("多出清单上没有的 files/attachments/x"));
    let dropped = |all: &mut Members| {
        let bytes = all.get_mut(unit).unwrap();
        let end = bytes.len() - 1 - bytes.iter().rev().skip(1).position(|b| *b == b'\n').unwrap();
        bytes.truncate(end);
    };
    assert!(refused(&changed(&file, false, dropped), None).contains("SHA-256"));
    let later = |all: &mut Members| edit(all, "manifest.json", "\"format\": 1", "\"format\": 2");
    assert!(refused(&changed(&file, false, later), None).contains("格式是第 2 版"));
    let out = |all: &mut Members| edit(all, "manifest.json", "\"name\": \"l_unit\"", "\"name\": \"l/../../unit\"");
    assert!(refused(&changed(&file, false, out), None).contains("表名或列名不对"));
    // Cut, turned over in one bit, or something else altogether.
    let bytes = fs::read(&file).unwrap();
    let bad = dir.0.join("bad");
    for end in [0, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&bad, &bytes[..end]).unwrap();
        let why = refused(&bad, None);
        assert!(why.contains("没有改动任何数据") && why.contains("不完整"), "{end}: {why}");
    }
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut turned = bytes.clone();
        turned[at] ^= 4;
        fs::write(&bad, &turned).unwrap();
        // A bit of the zip's own notes, such as a date, changes nothing that is read.
        if let Ok(archive) = Archive::open(&bad, Some(&keys())) {
            assert_eq!(archive.manifest, made, "bit at {at}");
        }
    }
    assert!(refused(&dir.0.join("none"), None).contains("打不开"));
}

/// Neither a database nor a directory is left by a restore that fails at its end, nor is anything touched that was there.
#[test]
fn a_restore_is_all_or_nothing() {
    let dir = TempDir::new();
    let office = office(&format!("sqlite:{}", dir.0.join("x.db").display()));
    let file = dir.0.join("a.zip");
    write(&office, &dir.0, &file).unwrap();
    let open = |file: &Path| Archive::open(file, None).unwrap();
    let target = |database: Option<String>| Target { data: dir.0.join("b"), database, keys: BTreeMap::new() };
    let again = |all: &mut Members| {
        let rows = all.get_mut("tables/verdict.jsonl").unwrap();
        rows.extend_from_within(..);
    };
    let newer = |all: &mut Members| edit(all, "manifest.json", "\"schema\": ", "\"schema\": 9");
    let strange = |all: &mut Members| {
        edit(all, "manifest.json", "\"name\": \"l_unit\"", "\"name\": \"other\"");
        let rows = all.remove("tables/l_unit.jsonl").unwrap();
        all.insert("tables/other.jsonl".into(), rows);
    };
    let elsewhere = dir.0.join("e.db");
    let refused = |database: Option<String>| {
        let twice = changed(&file, true, again);
        assert!(open(&twice).restore(target(database.clone()), None).is_err(), "a row twice");
        let e = open(&changed(&file, false, newer)).restore(target(database.clone()), None).unwrap_err();
        assert!(matches!(e.downcast_ref(), Some(DbError::Newer { .. })), "{e:#}");
        let e = open(&changed(&file, false, strange)).restore(target(database), None).unwrap_err();
        assert!(e.to_string().contains("表 other 不认识"), "{e:#}");
        let left = fs::read_dir(&dir.0).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let left: Vec<String> = left.filter(|n| !n.starts_with("x.db") && !n.ends_with(".zip")).collect();
        assert!(left.is_empty(), "{left:?}");
    };
    refused(None);
    refused(Some(format!("sqlite:{}", elsewhere.display())));
    testing::on_postgres(|_| {
        let database = PostgresDb::new("");
        refused(Some(database.url.clone()));
        open(&file).restore(target(Some(database.url.clone())), None).unwrap();
        fs::remove_dir_all(dir.0.join("b")).unwrap();
        let e = open(&file).restore(target(Some(database.url.clone())), None).unwrap_err();
        assert!(matches!(e.downcast_ref(), Some(DbError::NotEmpty(_))), "{e:#}");
        assert!(!dir.0.join("b").exists());
        sound(&database.url, &BTreeSet::new());
    });
    fs::create_dir(dir.0.join("b")).unwrap();
    fs::write(dir.0.join("b/x"), "x").unwrap();
    let e = open(&file).restore(target(None), None).unwrap_err();
    assert!(e.to_string().contains("已经有数据"), "{e:#}");
    fs::remove_file(dir.0.join("b/x")).unwrap();
    open(&file).restore(target(None), None).unwrap();
    sound(&own(&dir.0.join("b")), &BTreeSet::new());
}
