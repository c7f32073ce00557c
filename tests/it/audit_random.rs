//! Random work, then one random change behind the program's back: it is always found.

use std::cell::Cell;

use dongliang::{
    audit,
    db::{Db, Value},
    db_test,
    ledger::{
        NewRow,
        store::{self, Change},
    },
};
use proptest::{prelude::*, test_runner::TestRunner};

use crate::{
    audit::{after, against, begin, signer},
    store::{actor, keys, new_row, sample},
};

#[derive(Clone, Debug)]
enum Op {
    Insert(u8, Option<i64>),
    Replace(usize),
    Void(usize),
    Number,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (1..5u8, prop::option::of(1..3i64)).prop_map(|(n, import)| Op::Insert(n, import)),
        3 => any::<usize>().prop_map(Op::Replace),
        2 => any::<usize>().prop_map(Op::Void),
        1 => Just(Op::Number),
    ]
}

/// A single change of one row: the table, how to pick the row, and what is done to it.
#[derive(Clone, Debug)]
struct Tamper {
    table: &'static str,
    pick: usize,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// Another value in a column.
    Set(usize, i64),
    /// An empty column.
    Clear(usize),
    Delete,
    Copy,
    /// A key exchanged with the next row's.
    Swap(usize),
}

fn tamper() -> impl Strategy<Value = Tamper> {
    let how = prop_oneof![
        6 => (any::<usize>(), 10_000..20_000i64).prop_map(|(column, value)| How::Set(column, value)),
        3 => any::<usize>().prop_map(How::Clear),
        2 => Just(How::Delete),
        2 => Just(How::Copy),
        2 => (0..2usize).prop_map(How::Swap),
    ];
    let table = prop::sample::select(vec!["l_sample", "audit_entry"]);
    (table, any::<usize>(), how).prop_map(|(table, pick, how)| Tamper { table, pick, how })
}

fn run(db: &Db, ops: &[Op], at: &Cell<i64>) {
    for op in ops {
        at.set(at.get() + 1);
        let now = at.get();
        let current = db.read(|tx| {
            let sql = "select record_id, revision from l_sample where voided_at is null order by row_id";
            tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.i64(1)?)))
        });
        let current = current.unwrap();
        let pick = |n: usize| (!current.is_empty()).then(|| current[n % current.len()]);
        match op {
            Op::Insert(n, import) => {
                let (n, import) = (*n, *import);
                let rows: Vec<NewRow> = (0..n).map(|i| new_row(Some(1), "2025-03-01", &format!("{now}-{i}"))).collect();
                db.write(move |tx| store::insert(tx, &actor(now), &sample("sample"), &keys(), &rows, import)).unwrap();
            }
            Op::Replace(n) => {
                let Some((record_id, revision)) = pick(*n) else { continue };
                let row = new_row(Some(2), "2025-03-02", &format!("r{now}"));
                let change = Change { record_id, revision, reason: "更正" };
                db.write(move |tx| store::replace(tx, &actor(now), &sample("sample"), &keys(), change, &row, None))
                    .unwrap();
            }
            Op::Void(n) => {
                let Some((record_id, revision)) = pick(*n) else { continue };
                let change = Change { record_id, revision, reason: "重复" };
                db.write(move |tx| store::void(tx, &actor(now), &sample("sample"), change)).unwrap();
            }
            Op::Number => drop(audit::checkpoint(db, &signer()).unwrap()),
        }
    }
    audit::checkpoint(db, &signer()).unwrap();
}

/// What is exchanged.
fn key_of(table: &str, n: usize) -> &'static str {
    match (table, n) {
        ("l_sample", 0) => "record_id",
        ("audit_entry", 0) => "seq",
        _ => "row_id",
    }
}

/// The statements of a change; none where it would change nothing.
fn statements(db: &Db, tamper: &Tamper) -> Vec<(String, Vec<Value>)> {
    let Tamper { table, pick, how } = tamper;
    let ids = db.read(|tx| tx.rows(&format!("select row_id from {table} order by row_id"), &[], |r| r.i64(0))).unwrap();
    let columns = db.read(|tx| tx.columns(table)).unwrap();
    if ids.is_empty() {
        return vec![];
    }
    let (id, next) = (ids[pick % ids.len()], ids[(pick + 1) % ids.len()]);
    let column = |n: usize| &columns[n % columns.len()];
    let others: Vec<String> = columns
        .iter()
        .map(|c| format!("\"{}\"", c.0))
        .filter(|c| !["\"row_id\"", "\"seq\""].contains(&c.as_str()))
        .collect();
    match how {
        How::Set(n, value) => {
            let (name, ty) = column(*n);
            let value: Value = if ty == "bigint" { (*value).into() } else { value.to_string().into() };
            vec![(format!("update {table} set \"{name}\" = $2 where row_id = $1"), vec![id.into(), value])]
        }
        How::Clear(n) => {
            let name = &column(*n).0;
            let filled = format!("select 1 from {table} where row_id = $1 and \"{name}\" is not null");
            let required = ["row_id", "record_id", "revision", "recorded_at", "recorded_by", "at", "actor", "kind"];
            let required =
                required.contains(&name.as_str()) || ["written", "payload_hash", "root"].contains(&name.as_str());
            if required || db.read(|tx| tx.one(&filled, &[id.into()], |r| r.i64(0))).unwrap().is_none() {
                return vec![];
            }
            vec![(format!("update {table} set \"{name}\" = null where row_id = $1"), vec![id.into()])]
        }
        How::Delete => vec![(format!("delete from {table} where row_id = $1"), vec![id.into()])],
        How::Copy => {
            let kept: Vec<&String> = others.iter().filter(|c| *c != "\"record_id\"").collect();
            let kept = kept.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
            let (more, value) = if *table == "l_sample" { (", record_id", ", 99999") } else { ("", "") };
            let sql = format!("insert into {table} ({kept}{more}) select {kept}{value} from {table} where row_id = $1");
            vec![(sql, vec![id.into()])]
        }
        How::Swap(_) if id == next => vec![],
        How::Swap(n) => {
            let key = key_of(table, *n);
            let value = |key: &str, id: i64| {
                let ask = format!("select {key} from {table} where row_id = $1");
                db.read(|tx| tx.one(&ask, &[id.into()], |r| r.i64(0))).unwrap().unwrap()
            };
            let (a, b) = (value(key, id), value(key, next));
            if a == b || key == "record_id" && value("revision", id) != value("revision", next) {
                return vec![];
            }
            if key == "row_id" {
                let set = |from: i64, to: i64| {
                    (format!("update {table} set row_id = $2 where row_id = $1"), vec![from.into(), to.into()])
                };
                return vec![set(a, -7), set(b, a), set(-7, b)];
            }
            // By way of a third value, since keys are unique.
            let set = |id: i64, to: i64| {
                (format!("update {table} set {key} = $2 where row_id = $1"), vec![id.into(), to.into()])
            };
            vec![set(id, -7), set(next, a), set(id, b)]
        }
    }
}

fn always_found(db: &Db, cases: u32) {
    begin(db);
    let at = Cell::new(100);
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 0, ..ProptestConfig::default() };
    let strategy = (prop::collection::vec(op(), 1..8), prop::collection::vec(tamper(), 1..8));
    let done = TestRunner::new(config).run(&strategy, |(ops, tampers)| {
        run(db, &ops, &at);
        let clean = audit::verify(db, &against()).unwrap();
        prop_assert!(clean.is_clean(), "{:#?}", clean.findings);
        for tamper in tampers {
            let statements = statements(db, &tamper);
            if statements.is_empty() {
                continue;
            }
            let run = statements.clone();
            let report = after(db, &against(), move |tx| {
                run.iter().try_for_each(|(sql, params)| tx.execute(sql, params).map(|_| ()))
            });
            prop_assert!(!report.is_clean(), "not found: {tamper:?} {statements:?}");
            let located = report.findings.iter().any(|f| f.entry.is_some() || f.row.is_some())
                || report
                    .findings
                    .iter()
                    .any(|f| matches!(f.what, audit::What::Missing { .. } | audit::What::Cut { .. }));
            prop_assert!(located, "not located: {tamper:?} {:#?}", report.findings);
        }
        Ok(())
    });
    done.unwrap_or_else(|e| panic!("{e}"));
}

db_test!(one_change_is_always_found, |db: &Db| always_found(db, 40));
