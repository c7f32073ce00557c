//! Every public way of writing leaves an entry that says what it did.

use dongliang::{
    audit::{self, Filter, Line},
    db::{Db, testing::TempDir},
    db_test, facts, intake, jobs,
    ledger::store,
    org::builtin,
    scope::Scope,
};

use crate::incremental::Office;

/// The entries since one, the oldest first: kind, rows, payload.
fn since(db: &Db, row_id: i64) -> Vec<Line> {
    let mut lines = db.read(|tx| audit::list(tx, &Scope::All, &Filter::default(), None, 500)).unwrap();
    lines.retain(|l| l.row_id > row_id);
    lines.reverse();
    lines
}

/// Kind and rows, those of ledgers; of what is stated besides, its table and key.
fn told(lines: &[Line]) -> Vec<(&str, String)> {
    let word = |word: &str| match word.strip_prefix('=').and_then(|w| w.rsplit_once(':')) {
        Some((item, _)) => format!("={item}"),
        None => word.to_owned(),
    };
    let words = |l: &Line| l.written.split(' ').map(word).collect::<Vec<_>>().join(" ");
    lines.iter().map(|l| (l.kind.as_str(), words(l))).collect()
}

db_test!(each_door_says_what_it_did, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    let first = since(db, 0);
    assert_eq!(first[0].kind, "init");
    assert!(first[0].written.starts_with("~package:"));
    office.found();
    let founded = since(db, 0).last().unwrap().row_id;
    let inst = &office.installation;
    // Seven persons are there; two come by a file, in one entry.
    let dir = TempDir::new();
    let file = dir.0.join("person.csv");
    std::fs::write(&file, "编号,姓名,联系电话\nX1,甲,13800138000\nX2,乙,\n").unwrap();
    let prepared = intake::prepare(inst, "person", &file).unwrap();
    let import = intake::stage(inst, "试", "person", prepared).unwrap();
    jobs::run_waiting(inst).unwrap();
    facts::undo_import(inst, "试", import, "传错").unwrap();
    facts::void(inst, "试", "mentor_pair", (2, 1), "误登").unwrap();
    facts::join(inst, "试", "person", (6, 7), "登记了两次").unwrap();
    let person = &builtin::ledgers()[1];
    let row = db.read(|tx| store::get(tx, person, &Scope::All, 1, None)).unwrap().unwrap();
    let new = dongliang::ledger::NewRow { code: row.code, unit: row.unit, values: row.values };
    facts::correct(inst, "试", "person", (1, 1), new, "核对").unwrap();
    let lines = since(db, founded);
    assert_eq!(
        told(&lines),
        [
            ("import", "person +8.1x2".to_owned()),
            // What that judgement calls for is drafted by itself.
            ("remedy", "=remedy:1 =remedy:2".to_owned()),
            ("undo", "person -8.1x2".to_owned()),
            ("void", "mentor_pair -2.1".to_owned()),
            ("join", "post -7.1 +7.2 person -7.1".to_owned()),
            ("correct", "person -1.1 +1.2".to_owned()),
        ]
    );
    let payload = |n: usize| lines[n].payload.clone().unwrap();
    assert!(payload(0).contains("person.csv") && payload(0).contains("\"rows\":2"));
    assert!(payload(2).contains("传错") && payload(3).contains("\"before\":{") && payload(4).contains("\"kept\":6"));
    assert!(payload(5).contains("\"before\":{}"), "nothing differs: {}", payload(5));
    assert!(!lines.iter().any(|l| l.payload.as_ref().unwrap().contains("13800138000")));
    office.agree("all of it");
});
