//! What the audit log costs: an entry of its own beside an empty transaction, its number, and a verification.
//!
//! `cargo bench --bench audit`

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use divan::{Bencher, counter::ItemsCount};
use dongliang::{
    audit::{self, Against, Kind},
    db::{Db, Value},
    ledger::{Keys, NewRow, schema, store},
    org::builtin,
    scope::Actor,
};

fn main() {
    divan::main();
    for dir in [PathBuf::from("/dev/shm"), std::env::temp_dir()] {
        let own = format!("dongliang-bench-{}-", std::process::id());
        for file in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().starts_with(&own) {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }
}

fn keys() -> Keys {
    Keys::from_bytes([1; 32], [2; 32])
}

fn actor() -> Actor {
    Actor { account: None, name: "张三".into(), at: 1_760_000_000_000_000 }
}

/// A file that need not be on a disk: what is measured is the processor.
fn open() -> Db {
    static N: AtomicUsize = AtomicUsize::new(0);
    let dir = Some(PathBuf::from("/dev/shm")).filter(|d| d.is_dir()).unwrap_or_else(std::env::temp_dir);
    let file = dir.join(format!("dongliang-bench-{}-{}.db", std::process::id(), N.fetch_add(1, Ordering::Relaxed)));
    let db = Db::open(&format!("sqlite:{}", file.display())).expect("a fresh SQLite file opens");
    db.seal_entries(keys().audit_seal());
    let made = db.write(|tx| builtin::ledgers().iter().try_for_each(|l| schema::create(tx, l, &[])));
    made.expect("the tables can be made");
    db
}

#[divan::bench]
fn a_transaction_of_nothing(bencher: Bencher<'_, '_>) {
    let db = open();
    bencher.bench_local(|| db.write(|_| Ok(())));
}

#[divan::bench]
fn a_transaction_with_an_entry(bencher: Bencher<'_, '_>) {
    let db = open();
    bencher.bench_local(|| {
        db.write(|tx| {
            let payload =
                serde_json::json!({ "record": 1, "before": { "name": "王五" }, "after": { "name": "王小五" } });
            audit::note(tx, &actor(), Kind::Correct, payload);
            Ok(())
        })
    });
}

/// Persons of ten columns, each in an entry of its own, numbered.
fn filled(entries: i64) -> Db {
    let db = open();
    for n in 0..entries {
        let written = db.write(move |tx| {
            let ledgers = builtin::ledgers();
            let person = ledgers.iter().find(|l| l.name == "person").expect("it is built in");
            let mut values = vec![Value::Null; person.fields.len()];
            for (name, value) in [
                ("name", "王小五"),
                ("gender", "男"),
                ("ethnicity", "汉族"),
                ("native_place", "云岭"),
                ("born", "1990-05-05"),
                ("politics", "中共党员"),
                ("works_since", "2012-07-01"),
                ("identity", "公务员"),
            ] {
                values[person.field_index(name).expect("a field of persons")] = value.into();
            }
            let row = NewRow { code: Some(format!("P{n:06}")), unit: Some(n % 40), values };
            store::insert(tx, &actor(), person, &keys(), &[row], None)
        });
        written.expect("the row fits");
    }
    db
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn number_10_000_entries(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(10_000_u64))
        .with_inputs(|| filled(10_000))
        .bench_local_values(|db| audit::sequence(&db).map(|n| (n, db)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_200_000_entries_and_their_rows(bencher: Bencher<'_, '_>) {
    let db = filled(200_000);
    audit::sequence(&db).expect("the entries can be numbered");
    bencher.counter(ItemsCount::new(200_000_u64)).bench_local(|| {
        let report = audit::verify(&db, &Against::default()).expect("the store can be read");
        assert!(report.is_clean() && report.rows == 200_000);
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn verify_200_000_entries_alone(bencher: Bencher<'_, '_>) {
    let db = open();
    for n in 0..200_000 {
        let written = db.write(move |tx| {
            audit::note(tx, &actor(), Kind::Read, serde_json::json!({ "record": n, "reason": "年度考核" }));
            Ok(())
        });
        written.expect("an entry can be written");
    }
    audit::sequence(&db).expect("the entries can be numbered");
    bencher.counter(ItemsCount::new(200_000_u64)).bench_local(|| {
        let report = audit::verify(&db, &Against::default()).expect("the store can be read");
        assert!(report.is_clean() && report.size == 200_000);
    });
}
