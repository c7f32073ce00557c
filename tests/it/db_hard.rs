//! What goes wrong around the database: a full disk, a server that restarts, a connection that nobody vouches for.

use std::{path::Path, time::Duration};

use dongliang::db::{
    Db, DbError, Value,
    testing::{self, PostgresDb, Server, TempDir},
};

fn count(db: &Db) -> i64 {
    db.read(|tx| tx.one("select count(*) from t", &[], |r| r.i64(0))).unwrap().unwrap()
}

/// The file may not grow: whoever was answered is there afterwards, whoever was refused is not, and nobody hangs.
#[test]
fn a_full_disk_refuses_clearly_and_acknowledges_nothing_it_lost() {
    let dir = TempDir::new();
    let url = format!("sqlite:{}", dir.0.join("full.db").display());
    let db = Db::open(&url).unwrap();
    db.write(|tx| {
        tx.ddl("create table t (n bigint, filler text)")?;
        let pages = tx.one("pragma page_count", &[], |r| r.i64(0))?.unwrap();
        tx.one(&format!("pragma max_page_count = {}", pages + 40), &[], |r| r.i64(0))
    })
    .unwrap();
    let write = |n: i64| {
        db.write(move |tx| {
            tx.execute("insert into t (n, filler) values ($1, $2)", &[n.into(), "满".repeat(500).into()])
        })
    };
    let answered: Vec<i64> = std::thread::scope(|s| {
        let threads: Vec<_> = (0..8)
            .map(|k| s.spawn(move || (0..40).map(|i| k * 40 + i).filter(|n| write(*n).is_ok()).collect::<Vec<i64>>()))
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert!(!answered.is_empty() && answered.len() < 320, "{}", answered.len());
    let refused = write(999).unwrap_err().to_string();
    assert!(refused.contains("磁盘已满"), "{refused}");
    let mut expected = answered;
    expected.sort_unstable();
    let there = |db: &Db| db.read(|tx| tx.rows("select n from t order by n", &[], |r| r.i64(0))).unwrap();
    assert_eq!(there(&db), expected);
    // Room again: work goes on, and what was answered survives opening anew.
    db.write(|tx| tx.one("pragma max_page_count = 1000000", &[], |r| r.i64(0))).unwrap();
    write(1000).unwrap();
    drop(db);
    expected.push(1000);
    assert_eq!(there(&Db::open(&url).unwrap()), expected);
}

#[test]
fn connections_that_a_restart_has_cut_are_replaced() {
    testing::on_postgres(|_| {
        let database = PostgresDb::new("");
        let db = Db::open(&database.url).unwrap();
        db.write(|tx| tx.ddl("create table t (n bigint)")).unwrap();
        let cut = || {
            testing::administer(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dongliang' and datname = current_database()",
            );
            let name = database.url.rsplit('/').next().unwrap();
            testing::administer(&format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
            ));
            std::thread::sleep(Duration::from_millis(50));
        };
        for n in 0..3i64 {
            cut();
            db.write(move |tx| tx.execute("insert into t (n) values ($1)", &[n.into()])).unwrap();
            cut();
            assert_eq!(count(&db), n + 1);
        }
        // In the middle of a transaction there is nothing to save: an error, nothing written, and work goes on.
        let lost = db.write({
            let name = database.url.rsplit('/').next().unwrap().to_owned();
            move |tx| {
                tx.execute("insert into t (n) values (9)", &[])?;
                testing::administer(&format!(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
                ));
                std::thread::sleep(Duration::from_millis(50));
                Ok(())
            }
        });
        assert!(lost.is_err());
        assert_eq!(count(&db), 3);
    });
}

#[test]
fn a_database_that_sorts_otherwise_is_refused() {
    testing::on_postgres(|_| {
        for options in ["encoding 'SQL_ASCII'", "lc_ctype 'C.UTF-8'"] {
            let database = PostgresDb::new(options);
            let refused = Db::open(&database.url).err().unwrap();
            assert!(matches!(refused, DbError::Locale { .. }), "{refused}");
            assert!(refused.to_string().contains("createdb --template=template0"));
        }
    });
}

#[test]
fn tls_protects_and_verifies() {
    if std::env::var_os("DONGLIANG_SKIP_POSTGRES").is_some() {
        return;
    }
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls");
    // The server's user may not be able to read the sources.
    let shared = TempDir::new();
    for file in ["server.pem", "server.key"] {
        std::fs::write(shared.0.join(file), std::fs::read(certificates.join(file)).unwrap()).unwrap();
    }
    let server = Server::start(Some(&shared.0));
    let address = |host: &str, mode: &str, root: Option<&str>| {
        let root = root.map(|r| format!("&sslrootcert={}", certificates.join(r).display())).unwrap_or_default();
        format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}{root}", server.port)
    };
    let encrypted = |url: &str| -> Result<bool, DbError> {
        let sql = "select cast(ssl as text) from pg_stat_ssl where pid = pg_backend_pid()";
        let ssl = Db::open(url)?.read(|tx| tx.one(sql, &[], |r| r.value(0))).unwrap();
        Ok(ssl == Some(Value::from("true")))
    };
    assert!(encrypted(&address("localhost", "verify-full", Some("root.pem"))).unwrap());
    assert!(encrypted(&address("127.0.0.1", "verify-ca", Some("root.pem"))).unwrap());
    assert!(encrypted(&address("127.0.0.1", "require", Some("root.pem"))).unwrap());
    assert!(!encrypted(&address("localhost", "disable", None)).unwrap());
    for (host, mode, root) in [
        ("127.0.0.1", "verify-full", Some("root.pem")),
        ("localhost", "verify-full", Some("other-root.pem")),
        ("localhost", "verify-ca", Some("other-root.pem")),
        ("localhost", "require", None),
        ("localhost", "verify-full", None),
        ("localhost", "verify-full", Some("server.key")),
    ] {
        assert!(encrypted(&address(host, mode, root)).is_err(), "{host} {mode} {root:?}");
    }
    // A server without TLS is not spoken to in the clear.
    let plain = testing::server().url("postgres");
    let url = format!("{plain}?sslmode=verify-ca&sslrootcert={}", certificates.join("root.pem").display());
    assert!(Db::open(&url).is_err());
}
