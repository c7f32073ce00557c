//! The audit log on both databases: whatever one row of it or of a ledger is changed to, the change is found, and where.

use std::sync::{Arc, Mutex};

use dongliang::{
    audit::{self, Act, Against, Kind, Report, Signer, What, tree},
    db::{Db, Tx, Value},
    db_test,
    ledger::{schema, store},
    scope::Actor,
};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::{
    store::{actor, keys, new_row, sample, set_up},
    store_schema::next_year,
};

pub(crate) fn signer() -> Signer {
    Signer::from_seed(&[5; 32]).unwrap()
}

pub(crate) fn against() -> Against {
    Against { verifier: Some(signer().verifier().clone()), published: vec![] }
}

/// Ledgers, and a seal on the entries.
pub(crate) fn begin(db: &Db) {
    db.seal_entries(keys().audit_seal());
    set_up(db);
}

fn insert(db: &Db, at: i64, notes: &[&str], import: Option<i64>) {
    let rows: Vec<_> = notes.iter().map(|n| new_row(Some(1), "2025-03-01", n)).collect();
    db.write(move |tx| store::insert(tx, &actor(at), &sample("sample"), &keys(), &rows, import)).unwrap();
}

fn change(record_id: i64, revision: i64) -> store::Change<'static> {
    store::Change { record_id, revision, reason: "重复" }
}

/// Entries 1–6: a record, three at once, a correction, a void, two by an import, a sign-in.
fn work(db: &Db) {
    insert(db, 100, &["a"], None);
    insert(db, 200, &["b", "c", "d"], None);
    db.write(|tx| {
        let row = new_row(Some(2), "2025-03-02", "a2");
        store::replace(tx, &actor(300), &sample("sample"), &keys(), change(1, 1), &row, None)
    })
    .unwrap();
    db.write(|tx| store::void(tx, &actor(400), &sample("sample"), change(2, 1))).unwrap();
    db.write(|tx| {
        let rows = [new_row(None, "2025-03-03", "e"), new_row(None, "2025-03-03", "f")];
        store::insert(tx, &actor(500), &sample("sample"), &keys(), &rows, Some(1))
    })
    .unwrap();
    sign_in(db, 600);
    assert_eq!(audit::sequence(db).unwrap(), 6);
}

fn sign_in(db: &Db, at: i64) {
    db.write(move |tx| {
        audit::note(tx, &actor(at), Kind::Login, json!({ "from": "127.0.0.1" }));
        Ok(())
    })
    .unwrap();
}

/// What is found after a change that is then taken back.
pub(crate) fn after(
    db: &Db,
    against: &Against,
    tamper: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<()> + Send + 'static,
) -> Report {
    let found = Arc::new(Mutex::new(None));
    let (out, against, seal) = (Arc::clone(&found), against.clone(), keys().audit_seal());
    let refused = db.write(move |tx| {
        tamper(tx)?;
        *out.lock().unwrap() = Some(audit::verify_in(tx, Some(&seal), &against)?);
        anyhow::bail!("taken back");
        #[allow(unreachable_code, reason = "the closure needs a type")]
        Ok(())
    });
    let report = found.lock().unwrap().take();
    report.unwrap_or_else(|| panic!("{:#}", refused.unwrap_err()))
}

fn clean(db: &Db) -> Report {
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    report
}

/// Record and revision, number of the entry, and what.
type Place = (Option<(i64, i64)>, Option<i64>, What);

const COPIED: &str =
    "at, actor, account, kind, ledger, unit_id, written, payload_hash, root, prints, payload, salt, mac";

db_test!(every_single_change_is_found_and_located, |db: &Db| {
    begin(db);
    work(db);
    audit::checkpoint(db, &signer()).unwrap();
    let report = clean(db);
    assert_eq!((report.entries, report.size, report.rows, report.voids), (6, 6, 7, 2));
    assert_eq!((report.checkpoints, report.signed, report.waiting), (1, true, 0));
    use What::{Changed, Dropped, Inserted};
    let row = |record, revision, entry, what: What| (Some((record, revision)), entry, what);
    let entry = |entry: i64, what: What| (None, Some(entry), what);
    let copy = format!("insert into audit_entry ({COPIED}) select {COPIED} from audit_entry where seq = 6");
    let forge = "insert into audit_entry (at, actor, kind, written, payload_hash, root) values (1, '张三', 'login', '', '', '')";
    let cases: Vec<(&str, Place)> = vec![
        ("update l_sample set hours = 1 where record_id = 2", row(2, 1, Some(2), Changed(Act::Row))),
        ("update l_sample set note = 'x' where record_id = 1 and revision = 1", row(1, 1, Some(1), Changed(Act::Row))),
        ("update l_sample set recorded_by = '李四' where record_id = 5", row(5, 1, Some(5), Changed(Act::Row))),
        ("update l_sample set import_id = null where record_id = 6", row(6, 1, Some(5), Changed(Act::Row))),
        ("update l_sample set row_id = 99 where record_id = 4", row(4, 1, Some(2), Changed(Act::Row))),
        (
            "update l_sample set row_id = case row_id when 2 then -3 else -2 end where row_id in (2, 3)",
            row(3, 1, Some(2), Changed(Act::Row)),
        ),
        ("delete from l_sample where record_id = 3", row(3, 1, Some(2), Dropped(Act::Row))),
        ("delete from l_sample where record_id = 1 and revision = 2", row(1, 2, Some(3), Dropped(Act::Row))),
        (
            "insert into l_sample (record_id, revision, recorded_at, recorded_by) values (7, 1, 9, '张三')",
            row(7, 1, None, Inserted(Act::Row)),
        ),
        (
            "insert into l_person (record_id, revision, recorded_at, recorded_by) values (1, 1, 9, '张三')",
            row(1, 1, None, Inserted(Act::Row)),
        ),
        ("update l_sample set voided_by = '李四' where record_id = 2", row(2, 1, Some(4), Changed(Act::Void))),
        (
            "update l_sample set voided_at = 301 where record_id = 1 and revision = 1",
            row(1, 1, Some(3), Changed(Act::Void)),
        ),
        ("update l_sample set void_reason = null where record_id = 2", row(2, 1, Some(4), Changed(Act::Void))),
        (
            "update l_sample set voided_at = null, voided_by = null, void_reason = null where record_id = 2",
            row(2, 1, Some(4), Dropped(Act::Void)),
        ),
        (
            "update l_sample set voided_at = 9, voided_by = 'x' where record_id = 5",
            row(5, 1, None, Inserted(Act::Void)),
        ),
        ("update audit_entry set at = 101 where seq = 1", entry(1, What::Entry)),
        ("update audit_entry set actor = '李四' where seq = 6", entry(6, What::Forged)),
        ("update audit_entry set unit_id = null where seq = 2", entry(2, What::Entry)),
        ("update audit_entry set prints = prints || '0' where seq = 2", entry(2, What::Entry)),
        ("update audit_entry set written = 'sample +2.1x4000000000' where seq = 2", entry(2, What::Entry)),
        ("update audit_entry set leaf = null where seq = 4", entry(4, What::Entry)),
        ("update audit_entry set mac = null where seq = 4", entry(4, What::Forged)),
        ("update audit_entry set row_id = 99 where seq = 6", entry(6, What::Entry)),
        ("update audit_entry set payload = '{}' where seq = 3", entry(3, What::Payload)),
        ("update audit_entry set salt = '0' where seq = 3", entry(3, What::Payload)),
        ("update audit_entry set payload = null, salt = null where seq = 3", entry(3, What::PayloadGone)),
        ("delete from audit_entry where seq = 3", (None, None, What::Missing { from: 3, to: 3 })),
        ("delete from audit_entry where seq >= 5", (None, None, What::Cut { have: 4, size: 6 })),
        ("update audit_entry set seq = null where seq = 6", (None, None, What::Missing { from: 6, to: 6 })),
        ("update meta set value = '0' where key = 'audit_tree'", (None, None, What::Tree)),
        ("delete from meta where key = 'audit_tree'", (None, None, What::Tree)),
        (
            "update audit_checkpoint set note = replace(note, 'dongliang', 'donglianh')",
            (None, None, What::Checkpoint { size: Some(6) }),
        ),
        ("update audit_checkpoint set size = 5", (None, None, What::Checkpoint { size: Some(5) })),
        ("update meta set value = 'dongliang/x+00000000+AA==' where key = 'audit_key'", (None, None, What::Key)),
        (
            "insert into package (hash, title, applied_at, applied_by, files) values ('ab', '', 1, '', '{}')",
            (None, None, What::Package("ab".into())),
        ),
    ];
    for (sql, expected) in cases {
        let report = after(db, &against(), move |tx| tx.ddl(sql));
        let found: Vec<_> =
            report.findings.iter().map(|f| (f.row, f.entry.and_then(Result::ok), f.what.clone())).collect();
        assert!(found.contains(&expected), "{sql}: {found:#?}");
        assert!(report.findings.iter().all(|f| f.row.is_none() || f.ledger.is_some()), "{sql}");
    }
    for sql in [copy, forge.to_owned()] {
        let report = after(db, &against(), move |tx| tx.ddl(&sql));
        let found = &report.findings[0];
        assert!(matches!(found.what, What::Forged | What::Copied), "{found}");
        assert!(report.findings.iter().all(|f| matches!(f.entry, Some(Err(_)))), "{:#?}", report.findings);
    }
    clean(db);
});

db_test!(an_entry_and_its_leaf_changed_together_are_found_between_two_checkpoints, |db: &Db| {
    begin(db);
    work(db);
    audit::checkpoint(db, &signer()).unwrap();
    sign_in(db, 700);
    sign_in(db, 800);
    audit::checkpoint(db, &signer()).unwrap();
    // Who can calculate leaves and writes the tree anew still cannot sign.
    let report = after(db, &against(), |tx| tx.ddl("update audit_entry set leaf = root where seq = 7"));
    assert!(report.findings.iter().any(|f| f.what == What::Checked { after: 6, upto: 8 }), "{:#?}", report.findings);
    let swap = "update audit_entry set seq = -seq where seq >= 7; update audit_entry set seq = 15 + seq where seq < 0";
    let report = after(db, &against(), |tx| tx.ddl(swap));
    let found: Vec<_> = report.findings.iter().map(|f| (f.entry, f.what.clone())).collect();
    for expected in
        [(Some(Ok(7)), What::Entry), (Some(Ok(8)), What::Entry), (None, What::Checked { after: 6, upto: 8 })]
    {
        assert!(found.contains(&expected), "{found:#?}");
    }
});

db_test!(only_a_checkpoint_kept_elsewhere_shows_that_the_tail_was_cut_with_all_its_traces, |db: &Db| {
    begin(db);
    work(db);
    let tree = db.read(|tx| dongliang::installation::meta(tx, "audit_tree")).unwrap().unwrap();
    insert(db, 700, &["g"], None);
    let published = audit::checkpoint(db, &signer()).unwrap();
    clean(db);
    let cut = move |tx: &mut Tx<'_>| {
        tx.ddl("delete from audit_entry where seq > 6; delete from audit_checkpoint; delete from l_sample where recorded_at = 700")?;
        tx.execute("update meta set value = $1 where key = 'audit_tree'", &[tree.as_str().into()]).map(|_| ())
    };
    assert!(after(db, &against(), cut.clone()).is_clean());
    let kept = Against { published: vec![published.clone()], ..against() };
    let report = after(db, &kept, cut);
    assert_eq!(report.findings.iter().map(|f| f.what.clone()).collect::<Vec<_>>(), [What::Cut { have: 6, size: 7 }]);
    assert!(report.findings[0].to_string().contains("从第 7 条起被截去"));
    // Nor does another history of the same length pass.
    let other = Signer::from_seed(&[6; 32]).unwrap().sign(7, &tree::Hash::of(b"x"));
    for (note, what) in
        [(other, What::Checkpoint { size: None }), (signer().sign(7, &tree::Hash::of(b"x")), What::Fork { size: 7 })]
    {
        let report = audit::verify(db, &Against { published: vec![note], ..against() }).unwrap();
        assert_eq!(report.findings.iter().map(|f| f.what.clone()).collect::<Vec<_>>()[0], what);
    }
    assert!(audit::verify(db, &Against { published: vec![published], ..against() }).unwrap().is_clean());
});

db_test!(a_payload_is_erased_by_law_and_the_proof_stands, |db: &Db| {
    begin(db);
    work(db);
    let published = audit::checkpoint(db, &signer()).unwrap();
    let by = Actor { account: None, name: "王五".into(), at: 900 };
    audit::erase(db, by.clone(), 3, "本人申请").unwrap();
    audit::sequence(db).unwrap();
    let left = db.read(|tx| {
        tx.one("select payload, salt from audit_entry where seq = 3", &[], |r| Ok((r.value(0)?, r.value(1)?)))
    });
    assert_eq!(left.unwrap().unwrap(), (Value::Null, Value::Null));
    assert_eq!(clean(db).erased, 1);
    assert!(audit::verify(db, &Against { published: vec![published], ..against() }).unwrap().is_clean());
    assert!(audit::erase(db, by.clone(), 3, "再次").is_err());
    assert!(audit::erase(db, by, 99, "没有").is_err());
    assert_eq!(clean(db).entries, 7);
});

db_test!(rows_keep_their_proof_under_new_names_of_ledger_and_columns, |db: &Db| {
    begin(db);
    work(db);
    db.write(|tx| schema::migrate(tx, &[sample("sample")], &[next_year()], &schema::Indexes::new())).unwrap();
    let mut row = new_row(Some(1), "2025-04-01", "n");
    row.values.remove(2);
    row.values.push("会议室".into());
    let ledger = next_year();
    row.values[2] = "丙".into();
    db.write(move |tx| {
        store::insert(tx, &actor(800), &ledger, &keys(), &[row], None)?;
        store::void(tx, &actor(900), &ledger, change(3, 1))
    })
    .unwrap();
    audit::sequence(db).unwrap();
    let report = clean(db);
    assert_eq!((report.rows, report.voids), (8, 3));
    for (sql, expected) in [
        ("update l_renamed set remark = 'x' where record_id = 1 and revision = 1", (1, 1)),
        ("update l_renamed set place = 'x' where record_id = 4", (4, 1)),
        ("update l_renamed set mobile = null where record_id = 7", (7, 1)),
        ("update l_renamed set voided_at = 901 where record_id = 3", (3, 1)),
    ] {
        let report = after(db, &against(), move |tx| tx.ddl(sql));
        let [found] = &report.findings[..] else { panic!("{sql}: {:#?}", report.findings) };
        assert_eq!((found.ledger.as_deref(), found.row), (Some("renamed"), Some(expected)));
    }
});

db_test!(many_at_once_are_numbered_without_gap_or_double, |db: &Db| {
    begin(db);
    std::thread::scope(|s| {
        for n in 0..4 {
            s.spawn(move || (0..20).for_each(|i| insert(db, 100 + n, &[&format!("{n}-{i}")], None)));
        }
        for _ in 0..2 {
            s.spawn(|| (0..30).map(|_| audit::sequence(db).unwrap()).sum::<u64>());
        }
    });
    audit::sequence(db).unwrap();
    let report = clean(db);
    assert_eq!((report.entries, report.size, report.rows), (80, 80, 80));
});

db_test!(what_fails_leaves_no_entry, |db: &Db| {
    begin(db);
    let refused = db.write(|tx| {
        store::insert(tx, &actor(1), &sample("sample"), &keys(), &[new_row(None, "2025-03-01", "a")], None)?;
        anyhow::bail!("no");
        #[allow(unreachable_code, reason = "the closure needs a type")]
        Ok(())
    });
    assert!(refused.is_err());
    assert_eq!(clean(db).entries, 0);
});

db_test!(a_database_older_than_the_log_is_taken_as_it_is, |db: &Db| {
    begin(db);
    work(db);
    db.write(|tx| {
        tx.ddl("delete from audit_entry; delete from meta where key like 'audit%'")?;
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let sql = "insert into package (hash, title, applied_at, applied_by, files) values ($1, '', 1, '', '{}')";
        tx.execute(sql, &[hash.into()])?;
        dongliang::installation::set_meta(tx, "package", hash)
    })
    .unwrap();
    audit::adopt(db, &actor(1_000)).unwrap();
    audit::sequence(db).unwrap();
    let report = clean(db);
    assert_eq!((report.rows, report.voids), (7, 2));
    let entries = report.entries;
    audit::adopt(db, &actor(1_000)).unwrap();
    assert_eq!(clean(db).entries, entries, "it is done once");
    let report = after(db, &against(), |tx| tx.ddl("update l_sample set note = 'x' where record_id = 3"));
    assert_eq!((report.found, report.findings[0].row), (1, Some((3, 1))));
});

/// The bytes of `docs/AUDITORS.md`, written a second time.
fn thing(what: &str, columns: &[(&str, Json)]) -> tree::Hash {
    fn text(out: &mut Vec<u8>, t: &str) {
        let mut n = t.len();
        while n >= 128 {
            out.push((n % 128) as u8 + 128);
            n /= 128;
        }
        out.push(n as u8);
        out.extend(t.as_bytes());
    }
    let mut columns: Vec<_> = columns.iter().filter(|(_, v)| !v.is_null()).collect();
    columns.sort_by_key(|(name, _)| *name);
    let mut out = vec![0];
    text(&mut out, what);
    for (name, value) in columns {
        text(&mut out, name);
        match value {
            Json::Number(n) => {
                out.push(1);
                out.extend(n.as_i64().unwrap().to_be_bytes());
            }
            value => {
                out.push(2);
                text(&mut out, value.as_str().unwrap());
            }
        }
    }
    tree::Hash(Sha256::digest(out).into())
}

fn leaf_of(entry: &Json) -> tree::Hash {
    let salted = format!("{}{}", entry["salt"].as_str().unwrap(), entry["payload"].as_str().unwrap());
    assert_eq!(tree::Hash(Sha256::digest(salted).into()).to_string(), entry["payload_hash"].as_str().unwrap());
    let numbers = ["prints", "row_id", "seq"];
    let facts: Vec<(&str, Json)> = entry
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| !["salt", "payload"].contains(&name.as_str()) && !numbers.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.clone()))
        .collect();
    let mut leaf: Vec<(&str, Json)> = numbers.iter().map(|name| (*name, entry[*name].clone())).collect();
    leaf.push(("facts", json!(thing("facts", &facts).to_string())));
    thing("entry", &leaf)
}

db_test!(the_export_can_be_verified_by_others, |db: &Db| {
    begin(db);
    work(db);
    let note = audit::checkpoint(db, &signer()).unwrap();
    let mut out = Vec::new();
    assert_eq!(db.read(|tx| audit::export(tx, &mut out)).unwrap(), 6);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<Json> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let key = audit::Verifier::parse(lines[0]["key"].as_str().unwrap()).unwrap();
    assert!(key.signed(lines[0]["checkpoint"].as_str().unwrap()));
    assert_eq!(lines[0]["checkpoint"], note.as_str());
    let leaves: Vec<tree::Hash> = lines[1..].iter().map(leaf_of).collect();
    let root = audit::verify(db, &against()).unwrap().root;
    assert_eq!(tree::root(&leaves), root);
    for seq in 1..=6 {
        let mut out = Vec::new();
        db.read(|tx| audit::export_one(tx, seq, &mut out)).unwrap();
        let one: Json = serde_json::from_slice(&out).unwrap();
        let path: Vec<_> =
            one["path"].as_array().unwrap().iter().map(|h| tree::Hash::parse(h.as_str().unwrap()).unwrap()).collect();
        assert!(tree::included(leaf_of(&one["entry"]), seq as u64 - 1, 6, &path, &root));
    }
    assert!(db.read(|tx| audit::export_one(tx, 7, &mut Vec::new())).is_err());
    // The row of the first entry, as anybody reads it from the table, has the entry's root.
    let names = db.read(|tx| tx.columns("l_sample")).unwrap();
    let select: Vec<String> = names.iter().map(|(n, _)| format!("\"{n}\"")).collect();
    let sql = format!("select {} from l_sample where record_id = 1 and revision = 1", select.join(", "));
    let cells = db.read(|tx| {
        tx.one(&sql, &[], |r| {
            (0..names.len())
                .map(|i| {
                    Ok(match r.value(i)? {
                        Value::I64(n) => json!(n),
                        Value::Text(t) => json!(t),
                        _ => Json::Null,
                    })
                })
                .collect::<anyhow::Result<Vec<_>>>()
        })
    });
    let columns: Vec<(&str, Json)> = names.iter().map(|(n, _)| n.as_str()).zip(cells.unwrap().unwrap()).collect();
    let columns: Vec<_> = columns.into_iter().filter(|(n, _)| !n.starts_with("void")).collect();
    assert_eq!(thing("row sample", &columns).to_string(), lines[1]["root"].as_str().unwrap());
});
