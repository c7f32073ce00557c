//! `Db` on both databases: what a closure writes, reads, loses and may not do.

use std::{
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicBool, Ordering},
};

use dongliang::{
    db::{Db, DbError, Hold, Tx, Value, Work, testing},
    db_test,
};

fn table(db: &Db) {
    db.write(|tx| {
        tx.ddl("create table t (id {id}, n bigint, s text, x double precision); create unique index t_n on t (n)")
    })
    .unwrap();
}

fn insert(db: &Db, n: i64) -> anyhow::Result<i64> {
    db.write(move |tx| {
        let id =
            tx.one("insert into t (s, n) values ($2, $1) returning id", &[n.into(), "文".into()], |r| r.i64(0))?;
        Ok(id.expect("an insert returns its row"))
    })
}

fn numbers(db: &Db) -> Vec<i64> {
    db.read(|tx| tx.rows("select n from t order by n", &[], |r| r.i64(0))).unwrap()
}

db_test!(values_come_back_as_they_went_in, |db: &Db| {
    table(db);
    let text = "制表\t换行\n回车\r反斜\\N 引号'\"";
    let values = [Value::I64(i64::MIN), Value::from(text), Value::F64(0.1)];
    let sent = values.clone();
    db.write(move |tx| {
        // Placeholders in another order than their numbers; further down one is used twice.
        tx.execute("insert into t (x, s, n) values ($3, $2, $1)", &sent)?;
        let empty = [Value::Null, Value::Null, Value::Null];
        tx.bulk("t", &["n", "s", "x"], [&sent[..], &empty[..]].into_iter().skip(1))?;
        tx.execute("update t set n = n + $2 where n = $1 or $1 = n", &[i64::MIN.into(), 0.into()])?;
        tx.execute("delete from t where n = $1", &[i64::MIN.into()])?;
        tx.bulk("t", &["n", "s", "x"], [&sent[..]])?;
        Ok(())
    })
    .unwrap();
    let back = db.read(|tx| {
        tx.rows("select n, s, x from t order by n nulls last", &[], |r| Ok([r.value(0)?, r.value(1)?, r.value(2)?]))
    });
    assert_eq!(back.unwrap(), [values, [Value::Null, Value::Null, Value::Null]]);
    db.read(|tx| {
        let row =
            tx.one("select n, s, x from t where n is null", &[], |r| Ok((r.opt_i64(0)?, r.opt_text(1)?.is_none())))?;
        assert_eq!(row, Some((None, true)));
        assert!(tx.one("select s from t where n is null", &[], |r| Ok(r.text(0)?.len())).is_err());
        assert!(tx.one("select s from t where n is not null", &[], |r| r.i64(0)).is_err());
        assert_eq!(tx.one("select count(*) from t where $1 = s", &[text.into()], |r| r.i64(0))?, Some(1));
        assert_eq!(tx.one("select x from t where n is not null", &[], |r| r.f64(0))?, Some(0.1));
        assert_eq!(tx.one("select n from t where n = $1", &[5.into()], |r| r.i64(0))?, None);
        Ok(())
    })
    .unwrap();
});

db_test!(text_sorts_by_bytes_and_a_zero_byte_is_refused, |db: &Db| {
    table(db);
    let words = ["a", "B", "_", "é", "一", "丁", "10", "9", ""];
    db.write(move |tx| {
        let rows: Vec<[Value; 1]> = words.iter().map(|w| [Value::from(*w)]).collect();
        tx.bulk("t", &["s"], rows.iter().map(|r| &r[..]))?;
        Ok(())
    })
    .unwrap();
    let sorted = db.read(|tx| tx.rows("select s from t order by s", &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    let mut expected = words.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    let refused = db.write(|tx| tx.execute("insert into t (s) values ($1)", &["a\0b".into()])).unwrap_err();
    assert!(matches!(refused.downcast_ref(), Some(DbError::ZeroByte)), "{refused}");
    assert!(db.write(|tx| tx.bulk("t", &["s"], [&["a\0b".into()][..]])).is_err());
});

db_test!(a_failing_or_panicking_closure_leaves_nothing, |db: &Db| {
    table(db);
    insert(db, 1).unwrap();
    let failed = db.write(|tx| -> anyhow::Result<()> {
        tx.execute("insert into t (n) values (2)", &[])?;
        anyhow::bail!("no")
    });
    assert_eq!(failed.unwrap_err().to_string(), "no");
    let panicked = db.write(|tx| -> anyhow::Result<()> {
        tx.execute("insert into t (n) values (3)", &[])?;
        panic!("ouch {}", 7)
    });
    assert!(panicked.unwrap_err().to_string().contains("ouch 7"));
    let twice = insert(db, 1).unwrap_err();
    assert!(twice.downcast_ref::<DbError>().unwrap().is_unique_violation(), "{twice:#}");
    let swallowed = db.write(|tx| {
        tx.execute("insert into t (n) values (4)", &[])?;
        let _ = tx.execute("insert into t (n) values (1)", &[]);
        Ok(())
    });
    assert!(matches!(swallowed.unwrap_err().downcast_ref(), Some(DbError::Swallowed)));
    insert(db, 5).unwrap();
    assert_eq!(numbers(db), [1, 5]);
});

db_test!(a_read_sees_one_snapshot_and_cannot_write, |db: &Db| {
    table(db);
    insert(db, 1).unwrap();
    let writer = db.clone();
    let seen = db
        .read(|tx| {
            let before = tx.one("select count(*) from t", &[], |r| r.i64(0))?;
            std::thread::spawn(move || insert(&writer, 2)).join().expect("the writer does not panic")?;
            Ok((before, tx.one("select count(*) from t", &[], |r| r.i64(0))?))
        })
        .unwrap();
    assert_eq!(seen, (Some(1), Some(1)));
    assert_eq!(numbers(db), [1, 2]);
    assert!(db.read(|tx| tx.execute("insert into t (n) values (9)", &[])).is_err());
    assert!(db.read(|tx| tx.one("insert into t (n) values (9) returning n", &[], |r| r.i64(0))).is_err());
    assert_eq!(numbers(db), [1, 2]);
});

db_test!(many_writers_at_once_lose_nothing_and_each_fails_alone, |db: &Db| {
    table(db);
    std::thread::scope(|s| {
        for k in 0..8 {
            s.spawn(move || {
                for i in 0..50 {
                    let n = k * 50 + i;
                    let done = db.write(move |tx| {
                        tx.execute("insert into t (n) values ($1)", &[n.into()])?;
                        anyhow::ensure!(n % 7 != 0, "seven");
                        Ok(())
                    });
                    assert_eq!(done.is_ok(), n % 7 != 0);
                }
            });
        }
    });
    let expected: Vec<i64> = (0..400).filter(|n| n % 7 != 0).collect();
    assert_eq!(numbers(db), expected);
});

db_test!(a_query_can_be_left_in_the_middle, |db: &Db| {
    table(db);
    db.write(|tx| {
        let rows: Vec<[Value; 1]> = (0..5000).map(|n| [Value::I64(n)]).collect();
        tx.bulk("t", &["n"], rows.iter().map(|r| &r[..]))?;
        Ok(())
    })
    .unwrap();
    db.read(|tx| {
        let mut n = 0;
        let left = tx.each("select n from t order by n", &[], |_| {
            n += 1;
            anyhow::ensure!(n < 10, "enough");
            Ok(())
        });
        assert_eq!(left.unwrap_err().to_string(), "enough");
        assert_eq!(tx.one("select n from t order by n desc", &[], |r| r.i64(0))?, Some(4999));
        let mut all = 0;
        tx.each("select n from t", &[], |r| {
            all += r.i64(0)?;
            Ok(())
        })?;
        assert_eq!(all, 4999 * 5000 / 2);
        Ok(())
    })
    .unwrap();
});

db_test!(placeholders_that_one_database_would_misread_are_refused, |db: &Db| {
    table(db);
    for sql in ["select cast(? as bigint)", "select $1::bigint", "select cast($2 as bigint)", "select $1a"] {
        let refused = db.read(|tx| tx.one(sql, &[1.into()], |r| r.i64(0)));
        assert!(refused.is_err(), "{sql}");
    }
    assert!(db.read(|tx| tx.one("select cast($1 as bigint)", &[], |r| r.i64(0))).is_err(), "too few values");
    assert!(
        db.read(|tx| tx.one("select cast($1 as bigint)", &[1.into(), 2.into()], |r| r.i64(0))).is_err(),
        "too many"
    );
    let swapped =
        db.read(|tx| tx.one("select cast($2 as bigint) - cast($1 as bigint)", &[1.into(), 10.into()], |r| r.i64(0)));
    assert_eq!(swapped.unwrap(), Some(9));
});

db_test!(a_transaction_inside_a_transaction_is_refused_instead_of_waiting_for_itself, |db: &Db| {
    let inner = db.clone();
    let nested = db.write(move |_| inner.write(|_| Ok(())));
    assert!(matches!(nested.unwrap_err().downcast_ref(), Some(DbError::Nested)));
    let inner = db.clone();
    let nested = db.write(move |_| inner.read(|_| Ok(())));
    assert!(matches!(nested.unwrap_err().downcast_ref(), Some(DbError::Nested)));
    assert!(db.read(|_| db.read(|_| Ok(()))).is_err());
    db.read(|_| Ok(())).unwrap();
});

db_test!(tables_and_columns_are_known, |db: &Db| {
    table(db);
    let (tables, columns, none) = db.read(|tx| Ok((tx.tables()?, tx.columns("t")?, tx.columns("nowhere")?))).unwrap();
    assert_eq!(db.read(|tx| tx.indexes("t")).unwrap(), ["t_n"]);
    assert!(tables.contains(&"meta".into()) && tables.contains(&"t".into()));
    let columns: Vec<_> = columns.iter().map(|(name, ty)| (name.as_str(), ty.as_str())).collect();
    assert_eq!(columns[1..], [("n", "bigint"), ("s", "text"), ("x", "double precision")]);
    assert_eq!(columns[0].0, "id");
    assert!(none.is_empty());
    db.write(|tx| tx.analyze()).unwrap();
});

db_test!(a_lock_makes_writers_of_one_subject_wait, |db: &Db| {
    table(db);
    static SECOND_BEGAN: AtomicBool = AtomicBool::new(false);
    SECOND_BEGAN.store(false, Ordering::SeqCst);
    std::thread::scope(|s| {
        let counted = |n: i64| {
            db.write(move |tx| {
                tx.lock(&[2, 1, 2])?;
                let count = tx.one("select count(*) from t", &[], |r| r.i64(0))?;
                std::thread::sleep(std::time::Duration::from_millis(20));
                tx.execute("insert into t (n) values ($1)", &[n.into()])?;
                Ok(count)
            })
            .unwrap()
        };
        let threads: Vec<_> = (0..4).map(|n| s.spawn(move || counted(n))).collect();
        let mut counts: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        counts.sort_unstable();
        // Nobody counted before the one ahead had committed.
        assert_eq!(counts, [Some(0), Some(1), Some(2), Some(3)]);
    });
});

db_test!(who_holds_a_key_alone_has_nobody_beside_him, |db: &Db| {
    table(db);
    std::thread::scope(|s| {
        for n in 0..4 {
            s.spawn(move || {
                for i in 0..10 {
                    let sharing = move |tx: &mut Tx<'_>| {
                        let n = 10 * n + i;
                        tx.hold(&[Hold::Shared(7), Hold::Alone(100 + n)])?;
                        tx.execute("insert into t (n) values ($1)", &[n.into()])
                    };
                    db.write(sharing).unwrap();
                }
            });
        }
        let alone = |tx: &mut Tx<'_>| {
            tx.hold(&[Hold::Shared(7), Hold::Alone(7)])?;
            let count = |tx: &mut Tx<'_>| tx.one("select count(*) from t", &[], |r| r.i64(0));
            let before = count(tx)?;
            std::thread::sleep(std::time::Duration::from_millis(5));
            Ok((before, count(tx)?))
        };
        for _ in 0..10 {
            let (before, after) = db.write(alone).unwrap();
            assert_eq!(before, after);
        }
    });
    assert_eq!(numbers(db).len(), 40);
});

fn one_at_a_time(url: &str) {
    static WORKING: AtomicBool = AtomicBool::new(false);
    WORKING.store(false, Ordering::SeqCst);
    let handles = [Db::open(url).unwrap(), Db::open(url).unwrap()];
    std::thread::scope(|s| {
        for n in 0..4 {
            let db = &handles[n % 2];
            s.spawn(move || {
                for _ in 0..10 {
                    let _alone = db.alone(Work::Judging).unwrap();
                    // Other work goes on.
                    let _other = (n == 0).then(|| db.alone(Work::Staging).unwrap());
                    assert!(!WORKING.swap(true, Ordering::SeqCst));
                    std::thread::yield_now();
                    WORKING.store(false, Ordering::SeqCst);
                }
            });
        }
    });
}

#[test]
fn work_is_done_by_one_process_at_a_time() {
    let dir = testing::TempDir::new();
    one_at_a_time(&format!("sqlite:{}", dir.0.join("test.db").display()));
    testing::on_postgres(|_| one_at_a_time(&testing::PostgresDb::new("").url));
    let db = Db::open("sqlite::memory:").unwrap();
    drop(db.alone(Work::Judging).unwrap());
    drop(db.alone(Work::Judging).unwrap());
}

db_test!(those_who_wait_for_their_turn_keep_nobody_from_reading, |db: &Db| {
    let alone = db.alone(Work::Importing).unwrap();
    let (done, came) = std::sync::mpsc::channel();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let db = db.clone();
            std::thread::spawn(move || drop(db.alone(Work::Importing).unwrap()))
        })
        .collect();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let reader = db.clone();
    let reading = std::thread::spawn(move || {
        let read = reader.read(|tx| tx.one("select 1", &[], |r| r.i64(0))).unwrap();
        done.send(read).unwrap();
    });
    let read = came.recv_timeout(std::time::Duration::from_secs(10));
    drop(alone);
    waiting.into_iter().chain([reading]).for_each(|thread| thread.join().unwrap());
    assert_eq!(read, Ok(Some(1)));
});

#[test]
fn a_database_file_is_its_owners_alone() {
    let dir = testing::TempDir::new();
    let db = Db::open(&format!("sqlite:{}", dir.0.join("test.db").display())).unwrap();
    table(&db);
    drop(db.alone(Work::Judging).unwrap());
    for name in ["test.db", "test.db-wal", "test.db-judging"] {
        let mode = std::fs::metadata(dir.0.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// Opens the same database twice: what was written is there, and the tables are not made again.
fn reopen(url: &str) {
    let db = Db::open(url).unwrap();
    table(&db);
    insert(&db, 1).unwrap();
    drop(db);
    assert_eq!(numbers(&Db::open(url).unwrap()), [1]);
    // As a later version would leave it.
    Db::open(url)
        .unwrap()
        .write(|tx| tx.execute("update meta set value = '99' where key = 'schema_version'", &[]))
        .unwrap();
    let newer = Db::open(url).err().unwrap();
    assert!(matches!(newer, DbError::Newer { found: 99, .. }), "{newer}");
}

#[test]
fn sqlite_is_opened_again_and_a_newer_one_refused() {
    let dir = testing::TempDir::new();
    reopen(&format!("sqlite:{}", dir.0.join("栋梁 ?x=1.db").display()));
}

#[test]
fn postgres_is_opened_again_and_a_newer_one_refused() {
    testing::on_postgres(|_| reopen(&testing::PostgresDb::new("").url));
}

#[test]
fn a_file_that_is_no_database_or_not_ours_is_refused() {
    let dir = testing::TempDir::new();
    let file = dir.0.join("x");
    let url = format!("sqlite:{}", file.display());
    std::fs::write(&file, "这不是数据库，".repeat(100)).unwrap();
    assert!(Db::open(&url).err().unwrap().to_string().contains("不是 SQLite 数据库"));
    std::fs::remove_file(&file).unwrap();
    rusqlite::Connection::open(&file).unwrap().execute_batch("create table other (a)").unwrap();
    assert!(matches!(Db::open(&url).err().unwrap(), DbError::Foreign(t) if t == "other"));
    for url in ["sqlite:", "mysql://x", "", "postgres://[", "sqlite:/nowhere/at/all.db"] {
        assert!(Db::open(url).is_err(), "{url}");
    }
}

#[test]
fn a_database_in_memory_works_alike_and_is_its_own() {
    let (a, b) = (Db::open("sqlite::memory:").unwrap(), Db::open("sqlite::memory:").unwrap());
    table(&a);
    insert(&a, 1).unwrap();
    assert!(
        a.write(|tx| -> anyhow::Result<()> {
            tx.execute("insert into t (n) values (2)", &[])?;
            panic!("x")
        })
        .is_err()
    );
    assert!(a.read(|tx| tx.execute("delete from t", &[])).is_err());
    assert!(a.read(|_| a.write(|_| Ok(()))).is_err());
    insert(&a, 3).unwrap();
    assert_eq!(numbers(&a), [1, 3]);
    table(&b);
    assert!(numbers(&b).is_empty());
}
