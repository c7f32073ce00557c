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

/// Whose turn it is among the threads of this process: for a database in memory, which has no other process, and before
/// the server's lock, for which one waits on a connection.
#[derive(Default)]
pub(super) struct Turns {
    judging: Mutex<()>,
    staging: Mutex<()>,
    importing: Mutex<()>,
}

impl Turns {
    /// Waits until no other thread does this work.
    pub(super) fn wait(&self, work: Work) -> MutexGuard<'_, ()> {
        let turn = match work {
            Work::Judging => &self.judging,
            Work::Staging => &self.staging,
            Work::Importing => &self.importing,
        };
        turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to do the work; given back when dropped.
pub struct Alone<'d> {
    _held: Held<'d>,
}

#[expect(dead_code, reason = "a lock is held by being there")]
enum Held<'d> {
    File(File),
    Memory(MutexGuard<'d, ()>),
    /// Dropped in this order: the next thread finds the server's lock free.
    Session(Box<Session<'d>>, MutexGuard<'d, ()>),
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

    /// The turn alone, of a database in memory.
    pub(super) fn within(turn: MutexGuard<'d, ()>) -> Alone<'d> {
        Alone { _held: Held::Memory(turn) }
    }

    /// Waits for the lock of a PostgreSQL session, which only other processes can hold.
    pub(super) fn on(
        mut connection: Taken<'d, pg::Connection>,
        turn: MutexGuard<'d, ()>,
        work: Work,
    ) -> Result<Alone<'d>, DbError> {
        if let Err(e) = connection.get().lock_session(work.key()) {
            connection.give_up();
            return Err(e);
        }
        let session = Session { connection: Some(connection), key: work.key() };
        Ok(Alone { _held: Held::Session(Box::new(session), turn) })
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
