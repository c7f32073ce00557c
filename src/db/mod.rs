//! The database, synchronous and thin: one SQL text for SQLite and PostgreSQL.
//!
//! [`Db::read`] gives a closure one snapshot, [`Db::write`] one transaction; below them everything is plain Rust over
//! `&mut Tx`. Both block, so a handler calls them on a blocking thread. Dialects differ nowhere but in this module;
//! the rules for SQL are in `docs/SQL.md`.
//!
//! - SQLite file: readers on a small pool (WAL, so they never wait for the writer), one thread that writes in groups.
//! - `sqlite::memory:`: one connection behind a lock.
//! - PostgreSQL: a pool; reads are repeatable-read, writes read-committed with [`Tx::lock`].
//!
//! The last [`Db`] of a PostgreSQL database must not be dropped on a thread that runs async tasks.

mod alone;
mod error;
mod migrate;
mod pg;
mod placeholder;
mod pool;
mod shape;
mod sqlite;
#[doc(hidden)]
pub mod testing;
mod tls;
mod tx;
mod value;
mod writer;

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

pub use alone::{Alone, Work};
pub use error::DbError;
pub use shape::{Column, ColumnType};
pub use tx::{Hold, Peek, Row, Tx};
pub use value::Value;

use pool::{Pool, Taken};
use sqlite::Use;

use crate::audit::{self, Seal};

/// Connections at the same time.
const READERS: usize = 8;
const POSTGRES: usize = 16;

/// A database. Clones are the same one.
#[derive(Clone)]
pub struct Db(Arc<Shared>);

struct Shared {
    backend: Backend,
    turns: alone::Turns,
    seal: OnceLock<Seal>,
}

enum Backend {
    // Fields are dropped in order: the readers first, so that the writer's connection folds the log into the file.
    File { readers: Pool<sqlite::Connection>, writer: writer::Writer, path: PathBuf },
    Memory(Mutex<sqlite::Connection>),
    Postgres(Pool<pg::Connection>),
}

impl Db {
    /// Opens `sqlite:PATH`, `sqlite::memory:` or `postgres://…` and brings the fixed tables up to date. A file is made
    /// if it is not there; a database of a newer version, or with other tables than ours, is refused.
    pub fn open(url: &str) -> Result<Db, DbError> {
        let db = Db::connect(url)?;
        migrate::up(&db).map_err(|e| match e.downcast::<DbError>() {
            Ok(e) => e.opening(url),
            Err(e) => DbError::Open { url: tls::without_password(url), cause: format!("{e:#}") },
        })?;
        Ok(db)
    }

    /// Opens the address as it is.
    fn connect(url: &str) -> Result<Db, DbError> {
        let backend = backend(url).map_err(|e| e.opening(url))?;
        Ok(Db(Arc::new(Shared { backend, turns: alone::Turns::default(), seal: OnceLock::new() })))
    }

    /// Runs `f` on one consistent snapshot. What it tries to write is refused.
    pub fn read<T>(&self, f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let _inside = self.enter()?;
        match &self.0.backend {
            Backend::File { readers, .. } => {
                let mut taken = readers.take()?;
                taken.get().run("begin")?;
                let result = guarded(f, &mut Tx::sqlite(taken.get()));
                if taken.get().run("rollback").is_err() {
                    taken.give_up();
                }
                result
            }
            Backend::Memory(connection) => {
                let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
                connection.run("pragma query_only = on")?;
                let result = in_memory(&mut connection, "rollback", f);
                connection.run("pragma query_only = off")?;
                result
            }
            Backend::Postgres(pool) => {
                let mut taken = begun(pool, "begin isolation level repeatable read read only")?;
                let result = guarded(f, &mut Tx::postgres(taken.get()));
                if taken.get().run("rollback").is_err() {
                    taken.give_up();
                }
                result
            }
        }
    }

    /// Runs `f` in a transaction and returns once it is committed and durable; if `f` fails or panics, nothing of it
    /// stays. `f` runs on another thread, beside the work of others, and should be done within about 50 ms. If `f` wrote
    /// to a ledger, an entry of the audit log is written in the same transaction.
    pub fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        self.commit(self.sealed(f))
    }

    /// The same for a task: no thread waits for a SQLite file to be written.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_soon<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        if let Backend::File { writer, .. } = &self.0.backend {
            return writer.write(self.inside(self.sealed(f)))?.await.map_err(|_| writer::gone())?;
        }
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.write(f)).await?
    }

    /// With the entry of the audit log at its end.
    fn sealed<T>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static {
        let seal = self.0.seal.get().cloned();
        move |tx| {
            let result = f(tx)?;
            audit::finish(tx, seal.as_ref()).map(|()| result)
        }
    }

    /// On the writer's thread, which must not wait for itself.
    fn inside<T>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static {
        let db = self.id();
        move |tx| {
            let _inside = enter(db)?;
            f(tx)
        }
    }

    /// A transaction and nothing besides it.
    fn commit<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let _inside = self.enter()?;
        match &self.0.backend {
            Backend::File { writer, .. } => {
                writer.write(self.inside(f))?.blocking_recv().map_err(|_| writer::gone())?
            }
            Backend::Memory(connection) => {
                in_memory(&mut connection.lock().unwrap_or_else(PoisonError::into_inner), "commit", f)
            }
            Backend::Postgres(pool) => {
                let mut taken = begun(pool, "begin isolation level read committed")?;
                let result = guarded(f, &mut Tx::postgres(taken.get()));
                let result = result.and_then(|t| Ok(taken.get().commit().map(|()| t)?));
                if result.is_err() && taken.get().run("rollback").is_err() {
                    taken.give_up();
                }
                result
            }
        }
    }

    /// Seals the entries of the audit log from now on; the first seal stays.
    pub fn seal_entries(&self, seal: Seal) {
        let _ = self.0.seal.set(seal);
    }

    /// The seal of the audit log's entries.
    pub(crate) fn seal(&self) -> Option<&Seal> {
        self.0.seal.get()
    }

    /// Waits until no other process, and no other thread of this one, does this work; held until the answer is dropped.
    /// Not to be asked for twice by one thread, nor inside a closure.
    ///
    /// # Errors
    /// When the lock file cannot be made, or the server cannot be reached.
    pub fn alone(&self, work: Work) -> Result<Alone<'_>, DbError> {
        match &self.0.backend {
            Backend::File { path, .. } => Alone::beside(path, work),
            Backend::Memory(_) => Ok(Alone::within(self.0.turns.wait(work))),
            Backend::Postgres(pool) => {
                // Whoever waits for another thread of this process waits without a connection: however many they are,
                // those who work find one.
                let turn = self.0.turns.wait(work);
                Alone::on(begun(pool, "select 1")?, turn, work)
            }
        }
    }

    /// Whether a read goes on while another thread writes; a database in memory has one connection for both.
    pub fn reads_beside_writes(&self) -> bool {
        !matches!(&self.0.backend, Backend::Memory(..))
    }

    /// Whether a short read neither waits for a connection nor for a server, so that a task may do it where it runs.
    pub fn reads_at_once(&self) -> bool {
        matches!(&self.0.backend, Backend::File { readers, .. } if readers.has_idle())
    }

    fn id(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    fn enter(&self) -> Result<Inside, DbError> {
        enter(self.id())
    }
}

fn backend(url: &str) -> Result<Backend, DbError> {
    match url.split_once(':') {
        Some(("sqlite", ":memory:")) => Ok(Backend::Memory(Mutex::new(sqlite::Connection::memory()?))),
        Some(("sqlite", path)) if !path.is_empty() => {
            let path = PathBuf::from(path);
            let connection = sqlite::Connection::file(&path, Use::Write)?;
            let writer = writer::Writer::start(connection)
                .map_err(|e| DbError::Open { url: url.to_owned(), cause: e.to_string() })?;
            let readers = Pool::new(READERS, {
                let path = path.clone();
                move || sqlite::Connection::file(&path, Use::Read)
            });
            Ok(Backend::File { readers, writer, path })
        }
        Some(("postgres" | "postgresql", _)) => {
            let target = pg::Target::parse(url)?;
            let pool = Pool::new(POSTGRES, move || target.connect());
            pool.take()?.get().check_locale()?;
            Ok(Backend::Postgres(pool))
        }
        _ => Err(DbError::Address(tls::without_password(url))),
    }
}

/// A transaction on the only connection of a database in memory.
fn in_memory<T>(
    connection: &mut sqlite::Connection,
    end: &str,
    f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    connection.run("begin")?;
    let result = guarded(f, &mut Tx::sqlite(connection));
    let ended = connection.run(if result.is_ok() { end } else { "rollback" });
    if !connection.is_idle() {
        connection.run("rollback")?;
    }
    result.and_then(|t| Ok(ended.map(|()| t)?))
}

/// A connection on which a transaction has begun, or another first statement has run. Those that a restart of the server has cut are passed over.
fn begun<'p>(pool: &'p Pool<pg::Connection>, begin: &str) -> Result<Taken<'p, pg::Connection>, DbError> {
    let mut tries = 0;
    loop {
        let mut taken = pool.take()?;
        match taken.get().run(begin) {
            Ok(()) => return Ok(taken),
            Err(e) if tries == POSTGRES => return Err(e),
            Err(_) => taken.give_up(),
        }
        tries += 1;
    }
}

/// Runs a closure; a panic becomes an error, so that it ends one request and no thread.
fn guarded<T>(f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T>, tx: &mut Tx<'_>) -> anyhow::Result<T> {
    let result = catch_unwind(AssertUnwindSafe(|| f(tx))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(DbError::Panicked(text).into())
    });
    if result.is_ok() && tx.has_failed() { Err(DbError::Swallowed.into()) } else { result }
}

thread_local! {
    /// The database in whose transaction this thread is; 0 for none.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
}

/// Leaves the transaction when dropped.
struct Inside(usize);

fn enter(db: usize) -> Result<Inside, DbError> {
    match INSIDE.get() {
        inside if inside == db => Err(DbError::Nested),
        outer => {
            INSIDE.set(db);
            Ok(Inside(outer))
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}
