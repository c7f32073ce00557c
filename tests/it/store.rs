//! Records on both databases: what is inserted, corrected, voided and undone, and what nobody may do to them.

use dongliang::{
    db::{Db, Value},
    db_test,
    directive::model::{Field, FieldType, Ledger, LedgerKind},
    ledger::{
        Keys, Memo, NewRow, Stored,
        query::{self, Filter, Order, Query, Voided},
        schema,
        store::{self, Change, StoreError},
    },
    org::builtin,
    scope::{Actor, Scope},
};

/// An event with a field of every kind that the store treats differently.
pub(crate) fn sample(name: &str) -> Ledger {
    let field = |name: &str, ty| Field { name: name.into(), title: name.into(), ty, ..Field::default() };
    let choices = || ["甲", "乙", "A_b"].map(str::to_owned).to_vec();
    Ledger {
        name: name.into(),
        title: "样本".into(),
        kind: LedgerKind::Event { day: "day".into() },
        fields: vec![
            field("person", FieldType::Person),
            Field { required: true, ..field("day", FieldType::Date) },
            field("hours", FieldType::Decimal),
            Field { facet: true, ..field("kind", FieldType::Choice(choices())) },
            Field { facet: true, ..field("topics", FieldType::Choices(choices())) },
            field("age", FieldType::Derived),
            Field { sensitive: true, ..field("phone", FieldType::Text) },
            field("note", FieldType::Text),
        ],
        ..Ledger::default()
    }
}

pub(crate) fn keys() -> Keys {
    Keys::from_bytes([7; 32], [9; 32])
}

pub(crate) fn actor(at: i64) -> Actor {
    Actor { account: None, name: "张三".into(), at }
}

/// A row of [`sample`].
pub(crate) fn new_row(unit: Option<i64>, day: &str, note: &str) -> NewRow {
    let values = vec![
        1.into(),
        day.into(),
        25_000.into(),
        "甲".into(),
        "甲|A_b".into(),
        Value::Null,
        "13800138000".into(),
        note.into(),
    ];
    NewRow { code: Some(format!("C-{note}")), unit, values }
}

/// The built-in ledgers and `sample`.
pub(crate) fn set_up(db: &Db) -> Ledger {
    db.write(|tx| {
        for ledger in builtin::ledgers() {
            schema::create(tx, &ledger, &[])?;
        }
        schema::create(tx, &sample("sample"), &[vec!["person".into(), "day".into(), "kind".into()]])
    })
    .unwrap();
    sample("sample")
}

fn insert(db: &Db, at: i64, rows: Vec<NewRow>, import: Option<i64>) -> anyhow::Result<Vec<i64>> {
    db.write(move |tx| store::insert(tx, &actor(at), &sample("sample"), &keys(), &rows, import))
}

fn replace(db: &Db, at: i64, record_id: i64, revision: i64, row: NewRow) -> anyhow::Result<()> {
    let change = Change { record_id, revision, reason: "更正" };
    db.write(move |tx| store::replace(tx, &actor(at), &sample("sample"), &keys(), change, &row, None))
}

fn void(db: &Db, at: i64, record_id: i64, revision: i64) -> anyhow::Result<()> {
    let change = Change { record_id, revision, reason: "重复" };
    db.write(move |tx| store::void(tx, &actor(at), &sample("sample"), change))
}

fn history(db: &Db, record_id: i64) -> Vec<Stored> {
    db.read(|tx| store::history(tx, &sample("sample"), &Scope::All, record_id)).unwrap()
}

fn error(result: anyhow::Result<impl std::fmt::Debug>) -> StoreError {
    result.unwrap_err().downcast().unwrap()
}

db_test!(a_record_lives_through_correction_and_voiding, |db: &Db| {
    let ledger = set_up(db);
    let ids =
        insert(db, 100, vec![new_row(Some(1), "2025-03-01", "a"), new_row(None, "2025-03-02", "b")], None).unwrap();
    assert_eq!(ids, [1, 2]);
    let first = db.read(|tx| store::get(tx, &ledger, &Scope::All, 1, None)).unwrap().unwrap();
    assert_eq!((first.revision, first.unit, first.recorded_at), (1, Some(1), 100));
    assert_eq!((first.code.as_deref(), first.recorded_by.as_str()), (Some("C-a"), "张三"));
    assert_eq!(first.value(&ledger, "topics"), &Value::from("甲|A_b"));
    let sealed = first.value(&ledger, "phone").as_text().unwrap().to_owned();
    assert_eq!(keys().open(&sealed).unwrap(), "13800138000");

    // The sealed value is carried over unopened.
    let mut corrected = new_row(Some(2), "2025-03-05", "a");
    corrected.values[6] = sealed.into();
    replace(db, 200, 1, 1, corrected).unwrap();
    void(db, 300, 1, 2).unwrap();
    let rows = history(db, 1);
    let lives: Vec<_> = rows.iter().map(|r| (r.revision, r.unit, r.recorded_at, r.voided_at)).collect();
    assert_eq!(lives, [(1, Some(1), 100, Some(200)), (2, Some(2), 200, Some(300))]);
    assert_eq!(rows[0].void_reason.as_deref(), Some("更正"));
    assert_eq!(keys().open(rows[1].value(&ledger, "phone").as_text().unwrap()).unwrap(), "13800138000");
    let known = |at| db.read(|tx| store::get(tx, &ledger, &Scope::All, 1, Some(at))).unwrap().map(|r| r.revision);
    let seen = [99, 100, 199, 200, 299, 300].map(known);
    assert_eq!(seen, [None, Some(1), Some(1), Some(2), Some(2), None]);
    assert_eq!(insert(db, 400, vec![new_row(None, "2025-03-03", "c")], None).unwrap(), [3]);
});

db_test!(two_who_correct_the_same_record_do_not_overwrite_each_other, |db: &Db| {
    set_up(db);
    insert(db, 100, vec![new_row(None, "2025-03-01", "a")], None).unwrap();
    let done: Vec<_> = std::thread::scope(|s| {
        let threads: Vec<_> = ["x", "y"]
            .map(|note| s.spawn(move || replace(db, 200, 1, 1, new_row(None, "2025-03-02", note))))
            .into_iter()
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    let refused: Vec<_> = done.into_iter().filter_map(Result::err).collect();
    let [refused] = <[_; 1]>::try_from(refused).unwrap();
    let StoreError::Conflict(both) = refused.downcast().unwrap() else { panic!("no conflict") };
    assert_eq!((both.expected.revision, both.current.unwrap().revision), (1, 2));
    assert_eq!(history(db, 1).len(), 2);
    void(db, 300, 1, 2).unwrap();
    let StoreError::Conflict(both) = error(void(db, 400, 1, 2)) else { panic!("no conflict") };
    assert!(both.current.is_none());
    assert!(matches!(error(void(db, 400, 9, 1)), StoreError::Missing(9)));
});

db_test!(a_clock_that_went_back_cannot_void_what_was_recorded_later, |db: &Db| {
    set_up(db);
    insert(db, 100, vec![new_row(None, "2025-03-01", "a")], None).unwrap();
    assert!(matches!(error(void(db, 99, 1, 1)), StoreError::Clock));
    assert!(matches!(error(replace(db, 99, 1, 1, new_row(None, "2025-03-01", "b"))), StoreError::Clock));
    assert_eq!(history(db, 1).len(), 1);
});

db_test!(what_does_not_fit_is_refused_whole, |db: &Db| {
    set_up(db);
    let with = |i: usize, value: Value| {
        let mut row = new_row(None, "2025-03-01", "b");
        row.values[i] = value;
        row
    };
    let bad = [
        with(0, "张三".into()),
        with(1, "2025-02-30".into()),
        with(1, 5.into()),
        with(2, Value::F64(2.5)),
        with(5, 40.into()),
        with(6, 138.into()),
        NewRow { values: vec![Value::Null], ..NewRow::default() },
    ];
    for row in bad {
        let refused = error(insert(db, 1, vec![new_row(None, "2025-03-01", "a"), row.clone()], None));
        assert!(matches!(refused, StoreError::Unfit { row: 2, .. }), "{row:?}: {refused}");
    }
    assert!(history(db, 1).is_empty());
    assert!(
        db.write(|tx| store::insert(
            tx,
            &actor(1),
            &sample("nowhere"),
            &keys(),
            &[new_row(None, "2025-01-01", "")],
            None
        ))
        .is_err()
    );
});

/// An entry in `import`.
fn import(db: &Db) -> i64 {
    db.write(|tx| {
        let sql = "insert into import (ledger, file_name, sha256, recorded_at, recorded_by) \
                   values ('sample', 'f.xlsx', '', 1, 'x') returning row_id";
        Ok(tx.one(sql, &[], |r| r.i64(0))?.expect("an insert returns its row"))
    })
    .unwrap()
}

fn undo(db: &Db, at: i64, import: i64) -> anyhow::Result<Vec<i64>> {
    let undone =
        db.write(move |tx| store::undo_import(tx, &actor(at), &sample("sample"), &keys(), import, "传错了文件"))?;
    assert_eq!(undone.restored, [], "it corrected nothing");
    Ok(undone.voided)
}

db_test!(an_import_is_undone_whole_or_not_at_all, |db: &Db| {
    set_up(db);
    let (one, two) = (import(db), import(db));
    let rows = |n: i64| (0..n).map(|i| new_row(None, "2025-03-01", &i.to_string())).collect::<Vec<_>>();
    insert(db, 10, rows(3), Some(one)).unwrap();
    insert(db, 10, rows(2), Some(two)).unwrap();
    void(db, 20, 2, 1).unwrap();
    assert!(matches!(error(undo(db, 9, one)), StoreError::Clock));
    assert_eq!(undo(db, 30, one).unwrap(), [1, 3]);
    assert_eq!(history(db, 2)[0].voided_at, Some(20));
    assert!(matches!(error(undo(db, 40, one)), StoreError::NoImport));
    assert!(matches!(error(undo(db, 40, 99)), StoreError::NoImport));
    replace(db, 50, 4, 1, new_row(None, "2025-03-09", "x")).unwrap();
    let refused = error(undo(db, 60, two));
    assert!(matches!(&refused, StoreError::Corrected(ids) if *ids == [4]), "{refused}");
    assert_eq!(history(db, 5)[0].voided_at, None);
    let left = db.read(|tx| query::count(tx, &sample("sample"), &Scope::All, &Query::default(), None)).unwrap();
    assert_eq!(left, 2);
});

db_test!(codes_find_their_records, |db: &Db| {
    let ledger = set_up(db);
    insert(db, 1, vec![new_row(Some(1), "2025-03-01", "a"), new_row(Some(2), "2025-03-01", "b")], None).unwrap();
    insert(db, 1, vec![new_row(Some(2), "2025-03-02", "b")], None).unwrap();
    void(db, 2, 1, 1).unwrap();
    let find = |code: &str, scope: &Scope| {
        let rows = db.read(|tx| store::find_by_code(tx, &ledger, scope, code)).unwrap();
        rows.iter().map(|r| r.record_id).collect::<Vec<_>>()
    };
    assert_eq!(find("C-b", &Scope::All), [2, 3]);
    assert!(find("C-a", &Scope::All).is_empty());
    assert!(find("C-b", &Scope::units([1].into())).is_empty());
});

db_test!(a_sensitive_field_is_found_by_its_index_and_never_lies_open, |db: &Db| {
    let ledger = set_up(db);
    insert(db, 1, vec![new_row(None, "2025-03-01", "a")], None).unwrap();
    let find = |text: &str| {
        let filters = vec![Filter::Secret { field: "phone".into(), index: keys().blind_index(text) }];
        db.read(|tx| query::count(tx, &ledger, &Scope::All, &Query { filters, ..Query::default() }, None)).unwrap()
    };
    assert_eq!((find("138 0013 8000"), find("１３８００１３８０００"), find("13800138001")), (1, 1, 0));
    for field in [
        Filter::Contains { field: "phone".into(), text: "138".into() },
        Filter::Is { field: "phone".into(), any_of: vec![] },
    ] {
        let query = Query { filters: vec![field], ..Query::default() };
        assert!(db.read(|tx| query::count(tx, &ledger, &Scope::All, &query, None)).is_err());
    }
    let stored = db.read(|tx| {
        tx.rows("select \"phone\" || \"phone_index\" from \"l_sample\"", &[], |r| Ok(r.text(0)?.to_owned()))
    });
    assert!(!stored.unwrap()[0].contains("138001"));
    let other = Keys::from_bytes([1; 32], [1; 32]);
    db.write(|tx| keys().bind(tx)).unwrap();
    db.write(|tx| keys().bind(tx)).unwrap();
    assert!(db.write(move |tx| other.bind(tx)).unwrap_err().to_string().contains("不配套"));
});

db_test!(persons_are_seen_by_the_units_where_they_hold_a_post, |db: &Db| {
    set_up(db);
    let ledgers = builtin::ledgers();
    let blank = |name: &str, filled: &[(&str, Value)]| {
        let ledger = ledgers.iter().find(|l| l.name == name).unwrap().clone();
        let mut values = vec![Value::Null; ledger.fields.len()];
        filled.iter().for_each(|(f, v)| values[ledger.field_index(f).unwrap()] = v.clone());
        (ledger, NewRow { values, ..NewRow::default() })
    };
    let put = |(ledger, row): (Ledger, NewRow), unit: Option<i64>| {
        let row = NewRow { unit, ..row };
        db.write(move |tx| store::insert(tx, &actor(1), &ledger, &keys(), &[row], None)).unwrap();
    };
    put(blank("person", &[("name", "王五".into())]), None);
    put(blank("person", &[("name", "李四".into())]), Some(8));
    put(blank("post", &[("person", 1.into()), ("duty", "普通干部".into()), ("from", "2025-01-01".into())]), Some(7));
    let person = blank("person", &[]).0;
    let names = |scope: Scope| {
        let rows = db.read(|tx| query::list(tx, &person, &scope, &Query::default(), (10, 0))).unwrap();
        rows.iter().map(|r| r.value(&person, "name").as_text().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(Scope::All), ["李四", "王五"]);
    assert_eq!(names(Scope::units([7].into())), ["王五"]);
    assert_eq!(names(Scope::units([8].into())), ["李四"]);
    assert!(names(Scope::units([].into())).is_empty());
});

db_test!(unknown_fields_and_hostile_text_do_no_harm, |db: &Db| {
    let ledger = set_up(db);
    insert(db, 1, vec![new_row(None, "2025-03-01", "100%_\\'; drop table l_sample; --")], None).unwrap();
    let count = |filter: Filter| {
        let query = Query { filters: vec![filter], ..Query::default() };
        db.read(|tx| query::count(tx, &ledger, &Scope::All, &query, Some(5)))
    };
    let contains = |text: &str| count(Filter::Contains { field: "note".into(), text: text.into() }).unwrap();
    let found = ["%_\\'", "DROP", "0%_", "%%", "1_0", "x' or '1'='1"].map(contains);
    assert_eq!(found, [1, 1, 1, 0, 0, 0]);
    for field in ["nothing", "age", "record_id", "note\" or 1=1 --"] {
        assert!(count(Filter::Is { field: field.into(), any_of: vec![1.into()] }).is_err(), "{field}");
    }
    let by = Query { order: Order::By { field: "row_id".into(), descending: true }, ..Query::default() };
    assert!(db.read(|tx| query::list(tx, &ledger, &Scope::All, &by, (1, 0))).is_err());
});

db_test!(voided_rows_are_listed_only_where_they_are_asked_for, |db: &Db| {
    let ledger = set_up(db);
    let row = |day: &str, note: &str| new_row(Some(1), day, note);
    let rows = vec![row("2025-03-01", "a"), row("2025-03-01", "b"), row("2025-04-01", "c")];
    insert(db, 100, rows, None).unwrap();
    replace(db, 200, 1, 1, row("2025-03-02", "a2")).unwrap();
    void(db, 300, 3, 1).unwrap();
    let notes = |voided, filters: Vec<Filter>| {
        let query = Query { voided, filters, ..Query::default() };
        let rows = db.read(|tx| query::list(tx, &ledger, &Scope::All, &query, (10, 0))).unwrap();
        rows.iter().map(|r| r.value(&ledger, "note").as_text().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(notes(Voided::Hidden, vec![]), ["a2", "b"]);
    assert_eq!(notes(Voided::Shown, vec![]), ["c", "a2", "b", "a"]);
    assert_eq!(notes(Voided::Only, vec![]), ["c", "a"]);
    let is = |note: &str| Filter::Contains { field: "note".into(), text: note.into() };
    assert_eq!(notes(Voided::Shown, vec![Filter::Any(vec![is("b"), is("C")])]), ["c", "b"]);
    assert!(notes(Voided::Shown, vec![Filter::Any(vec![])]).is_empty());
    assert_eq!(notes(Voided::Shown, vec![Filter::Records([1].into())]), ["a2", "a"]);
    assert!(notes(Voided::Hidden, vec![Filter::Records([].into())]).is_empty());
    db.read(|tx| {
        let current = Query::default();
        let shown = Query { voided: Voided::Shown, ..Query::default() };
        let asked = [("day".to_owned(), current.clone()), ("day".to_owned(), shown.clone())];
        let days = query::facets(tx, &ledger, &Scope::All, &asked)?;
        assert_eq!(days.iter().map(|f| f.values.len()).collect::<Vec<_>>(), [2, 3]);
        assert!(query::facets(tx, &ledger, &Scope::All, &[("phone".to_owned(), current.clone())]).is_err());
        assert_eq!(query::extent(tx, &ledger, &Scope::All, &current)?, (2, Some(200)));
        assert_eq!(query::extent(tx, &ledger, &Scope::units([2].into()), &current)?, (0, None));
        let mut records = query::records(tx, &ledger, &Scope::All, &shown)?;
        records.sort_unstable();
        assert_eq!(records, [1, 1, 2, 3]);
        let coded = |tx: &mut _, code| query::coded(tx, &ledger, &Scope::All, code);
        assert_eq!((coded(tx, "C-a2")?, coded(tx, "C-a")?, coded(tx, "C-c")?), (Some(1), Some(1), Some(3)));
        assert_eq!(coded(tx, "%")?, None);
        let first = store::get(tx, &ledger, &Scope::All, 1, None)?.unwrap();
        let beside = |tx: &mut _, of, after| query::beside(tx, &ledger, &Scope::All, of, after);
        let next = beside(tx, &first, true)?.unwrap();
        assert_eq!((next.record_id, beside(tx, &first, false)?), (2, None));
        assert_eq!(beside(tx, &next, false)?.map(|r| r.record_id), Some(1));
        Ok(())
    })
    .unwrap();
});

/// SQLite walks an index for the first page of every default order, so that a long ledger opens as fast as a short one.
#[test]
fn first_pages_come_from_an_index() {
    dongliang::db::testing::on_sqlite(|db| {
        let ledger = set_up(db);
        let person = builtin::ledgers().into_iter().find(|l| l.name == "person").unwrap();
        for (ledger, known_at) in [(&ledger, None), (&ledger, Some(5)), (&person, None)] {
            let query = Query { known_at, ..Query::default() };
            let sql = query::statement(db, ledger, &query).unwrap();
            let plan = db.read(|tx| {
                let params = vec![Value::I64(1); if known_at.is_some() { 3 } else { 2 }];
                tx.rows(&format!("explain query plan {sql}"), &params, |r| Ok(r.text(3)?.to_owned()))
            });
            let plan = plan.unwrap().join("\n");
            let current = plan.lines().find(|l| l.contains("SCAN") || l.contains("SEARCH")).unwrap_or_default();
            assert!(current.contains("USING INDEX"), "{plan}");
            assert!(known_at.is_some() || !plan.contains("TEMP B-TREE"), "{plan}");
        }
    });
}

db_test!(what_was_counted_is_counted_again_after_every_change, |db: &Db| {
    let ledger = set_up(db);
    let memo = Memo::default();
    let counts = || {
        db.read(|tx| {
            let query = Query::default();
            let n = memo.count(tx, &ledger, &Scope::All, &query)?;
            let (rows, latest) = memo.extent(tx, &ledger, &Scope::All, &query)?;
            let days = memo.facets(tx, &ledger, &Scope::All, &[("day".to_owned(), query)])?;
            assert_eq!(n, rows);
            Ok((n, latest, days[0].values.len()))
        })
        .unwrap()
    };
    let row = |day: &str| new_row(Some(1), day, "a");
    assert_eq!([counts(), counts()], [(0, None, 0); 2]);
    insert(db, 100, vec![row("2025-03-01"), row("2025-03-01")], None).unwrap();
    assert_eq!([counts(), counts()], [(2, Some(100), 1); 2]);
    replace(db, 200, 1, 1, row("2025-03-02")).unwrap();
    assert_eq!(counts(), (2, Some(200), 2));
    void(db, 300, 2, 1).unwrap();
    assert_eq!(counts(), (1, Some(200), 1));
    // Names stand in other ledgers, whose changes are not seen here: such a count is not kept.
    let named = Filter::Contains { field: "person".into(), text: "王".into() };
    let query = Query { filters: vec![Filter::Any(vec![named])], ..Query::default() };
    let found = || db.read(|tx| memo.count(tx, &ledger, &Scope::All, &query)).unwrap();
    assert_eq!(found(), 0);
    let person = builtin::ledgers().into_iter().find(|l| l.name == "person").unwrap();
    let mut values = vec![Value::Null; person.fields.len()];
    values[0] = "王五".into();
    let new = NewRow { values, ..NewRow::default() };
    db.write(move |tx| store::insert(tx, &actor(400), &person, &keys(), &[new], None)).unwrap();
    assert_eq!(found(), 1);
});
