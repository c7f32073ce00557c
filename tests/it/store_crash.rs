//! A process that is killed while it writes: what it had acknowledged is there, what it had not is there whole or not
//! at all.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use dongliang::{
    db::{Db, testing::TempDir},
    ledger::{
        query::{self, Query},
        schema, store,
    },
    scope::Scope,
};

use crate::store::{actor, keys, new_row, sample};

/// Rows of one record each transaction writes.
const EACH: usize = 3;

/// The killed process: this test, started by the one below with an address.
#[test]
fn child() {
    let Ok(url) = std::env::var("DONGLIANG_TEST_CRASH") else { return };
    let db = Db::open(&url).unwrap();
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| {
                loop {
                    let rows = vec![new_row(None, "2025-03-01", "x"); EACH];
                    let ids = db.write(move |tx| store::insert(tx, &actor(1), &sample("sample"), &keys(), &rows, None));
                    let line = format!("acknowledged {:?}\n", ids.unwrap());
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let dir = TempDir::new();
    let url = format!("sqlite:{}", dir.0.join("crash.db").display());
    Db::open(&url).unwrap().write(|tx| schema::create(tx, &sample("sample"), &[])).unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store_crash::child", "--nocapture"])
            .env("DONGLIANG_TEST_CRASH", &url)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut heard = 0;
        for line in lines.map_while(Result::ok) {
            let Some((_, ids)) = line.split_once("acknowledged [") else { continue };
            // The last line may be cut by the kill; a whole one ends with a bracket.
            let Some(ids) = ids.strip_suffix(']') else { continue };
            acknowledged.extend(ids.split(", ").map(|id| id.parse::<i64>().unwrap()));
            heard += 1;
            if heard == 20 + 7 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(heard >= 20, "the child wrote nothing");
        let db = Db::open(&url).unwrap();
        let ledger = sample("sample");
        let mut there = BTreeSet::new();
        db.read(|tx| {
            query::each(tx, &ledger, &Scope::All, &Query::default(), |row| {
                assert!(there.insert(row.record_id), "an id was given twice");
                Ok(())
            })
        })
        .unwrap();
        assert!(acknowledged.is_subset(&there), "lost: {:?}", acknowledged.difference(&there));
        let groups: BTreeSet<i64> = there.iter().map(|id| (id - 1) / EACH as i64).collect();
        assert_eq!(groups.len() * EACH, there.len(), "a transaction is there by halves");
        let sound = db.read(|tx| tx.rows("pragma integrity_check", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
        assert_eq!(sound, ["ok"]);
    }
}
