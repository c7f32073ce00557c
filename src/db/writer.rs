//! The only writer of a SQLite file: one thread that owns the write connection and commits in groups.
//!
//! It takes all waiting closures, runs each in a savepoint of one transaction, syncs once, and only then answers.
//! A closure that fails or panics rolls back alone. Nothing is answered before it is on the disk.

use std::{
    sync::mpsc::{self, Receiver, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{DbError, Tx, guarded, sqlite::Connection};

/// A group is closed after so many closures or this long, so that the first of it does not wait for ever.
const MOST: usize = 512;
const LONGEST: Duration = Duration::from_millis(50);

/// Runs a closure in the transaction, or is told why there is none.
type Job = Box<dyn FnOnce(Result<&mut Tx<'_>, DbError>) -> Ran + Send>;

/// What a closure left behind.
struct Ran {
    /// Whether its changes stay.
    keep: bool,
    /// Tells the caller its result, or that the group was lost.
    answer: Box<dyn FnOnce(Result<(), String>)>,
}

/// A handle to the writer; dropping it ends the thread after the waiting work.
pub(super) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection) -> std::io::Result<Writer> {
        let (jobs, waiting) = mpsc::channel();
        let thread = thread::Builder::new().name("writer".into()).spawn(move || run(connection, &waiting))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs `f` in the next group; its result is there once the group is on the disk. Waited for by a thread
    /// (`blocking_recv`) or a task.
    pub(super) fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<Receipt<T>, DbError> {
        let (tell, told) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            let result = tx.map_err(anyhow::Error::from).and_then(|tx| guarded(f, tx));
            let keep = result.is_ok();
            let answer = Box::new(move |written: Result<(), String>| {
                let result = result.and_then(|t| written.map(|()| t).map_err(|e| DbError::NotWritten(e).into()));
                // The caller may have gone away with its thread; then nobody wants to know.
                let _ = tell.send(result);
            });
            Ran { keep, answer }
        });
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        Ok(told)
    }
}

/// What a closure will have come to.
pub(super) type Receipt<T> = oneshot::Receiver<anyhow::Result<T>>;

/// The writer ended before it answered.
pub(super) fn gone() -> DbError {
    DbError::NotWritten("写入线程已停止".into())
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        // The last handle may be dropped by a closure on the writer itself, which cannot wait for its own end.
        if let Some(thread) = self.thread.take().filter(|t| t.thread().id() != thread::current().id()) {
            let _ = thread.join();
        }
    }
}

fn run(mut connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let mut ran = Vec::new();
        let written = group(&mut connection, first, waiting, &mut ran).map_err(|e| e.to_string());
        if written.is_err() && !connection.is_idle() {
            // Closing the connection would undo it as well; this only makes it usable again.
            let _ = connection.run("rollback");
        }
        for r in ran {
            (r.answer)(if r.keep { written.clone() } else { Ok(()) });
        }
    }
}

/// One transaction over the first closure and all that wait behind it.
fn group(connection: &mut Connection, first: Job, waiting: &Receiver<Job>, ran: &mut Vec<Ran>) -> Result<(), DbError> {
    if let Err(e) = connection.run("begin immediate") {
        ran.push(first(Err(e)));
        return Ok(());
    }
    let begun = Instant::now();
    let mut next = Some(first);
    while let Some(job) = next {
        connection.run("savepoint one")?;
        let r = job(Ok(&mut Tx::sqlite(connection)));
        let keep = r.keep;
        ran.push(r);
        if connection.is_idle() {
            // A full disk or an I/O error has rolled back everything, the work of the others too.
            return Err(DbError::NotWritten("磁盘已满或读写出错，整批已撤回，请检查磁盘后重试".into()));
        }
        if !keep {
            connection.run("rollback to one")?;
        }
        connection.run("release one")?;
        next = if ran.len() < MOST && begun.elapsed() < LONGEST { waiting.try_recv().ok() } else { None };
    }
    connection.run("commit")
}
