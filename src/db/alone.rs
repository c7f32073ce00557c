//! Work that only one process may do at a time on a database, however many have it open.
//!
//! Held by what the operating system or the server lets go of by itself when a process ends, however it ends: a locked
//! file beside a SQLite file, a session's lock in PostgreSQL. So nothing expires and nothing is left behind.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{DbError, pg, pool::Taken};

/// Work that is done by one process at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Judging everything again.
    Judging,
    /// Staging an import.
    Staging,
    /// Checking files and taking them in.
    Importing,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Work::Judging => "judging",
            Work::Staging => "staging",
            Work::Importing => "importing",
        }
    }

    /// The lock's key in PostgreSQL.
    fn key(self) -> i64 {
        match self {
            Work::Judging => 0x006a_7564_6765,
            Work::Staging => 0x0073_7461_6765,
            Work::Importing => 0x696d_706f_7274,
        }
    }
}

/// The locks of a database in memory, which has no other process.
#[derive(Default)]
pub(super) struct InMemory {
    judging: Mutex<()>,
    staging: Mutex<()>,
    importing: Mutex<()>,
}

/// The right to do the work; given back when dropped.
pub struct Alone<'d> {
    _held: Held<'d>,
}

#[expect(dead_code, reason = "a lock is held by being there")]
enum Held<'d> {
    File(File),
    Memory(MutexGuard<'d, ()>),
    Session(Box<Session<'d>>),
}

/// A connection that holds a lock of its session.
struct Session<'d> {
    connection: Option<Taken<'d, pg::Connection>>,
    key: i64,
}

impl<'d> Alone<'d> {
    /// Waits for the lock of a SQLite file.
    pub(super) fn beside(database: &Path, work: Work) -> Result<Alone<'d>, DbError> {
        let mut path = database.as_os_str().to_owned();
        path.push(format!("-{}", work.name()));
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        let failed = |e| DbError::NotWritten(format!("锁文件 {} 用不了：{e}", Path::new(&path).display()));
        Ok(Alone { _held: Held::File(locked.map_err(failed)?) })
    }

    /// Waits for the lock of a database in memory.
    pub(super) fn within(locks: &'d InMemory, work: Work) -> Alone<'d> {
        let lock = match work {
            Work::Judging => &locks.judging,
            Work::Staging => &locks.staging,
            Work::Importing => &locks.importing,
        };
        Alone { _held: Held::Memory(lock.lock().unwrap_or_else(PoisonError::into_inner)) }
    }

    /// Waits for the lock of a PostgreSQL session.
    pub(super) fn on(mut connection: Taken<'d, pg::Connection>, work: Work) -> Result<Alone<'d>, DbError> {
        if let Err(e) = connection.get().lock_session(work.key()) {
            connection.give_up();
            return Err(e);
        }
        let session = Session { connection: Some(connection), key: work.key() };
        Ok(Alone { _held: Held::Session(Box::new(session)) })
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        // A connection that cannot let go is closed, which lets go.
        if connection.get().unlock_session(self.key).is_err() {
            connection.give_up();
        }
    }
}
