//! A small pool of connections: opened when first needed, at most so many, taken and given back.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::DbError;

/// Connections that wait for use.
pub(super) struct Pool<C> {
    state: Mutex<State<C>>,
    given_back: Condvar,
    most: usize,
    connect: Box<dyn Fn() -> Result<C, DbError> + Send + Sync>,
}

struct State<C> {
    idle: Vec<C>,
    /// Idle ones and those in use.
    open: usize,
}

impl<C> Pool<C> {
    /// A pool of at most `most` connections, none open yet.
    pub(super) fn new(most: usize, connect: impl Fn() -> Result<C, DbError> + Send + Sync + 'static) -> Pool<C> {
        Pool {
            state: Mutex::new(State { idle: Vec::new(), open: 0 }),
            given_back: Condvar::new(),
            most,
            connect: Box::new(connect),
        }
    }

    /// A connection: an idle one or a new one; waits while all are in use.
    pub(super) fn take(&self) -> Result<Taken<'_, C>, DbError> {
        let mut state = self.lock();
        loop {
            if let Some(c) = state.idle.pop() {
                return Ok(Taken { pool: self, connection: Some(c) });
            }
            if state.open < self.most {
                state.open += 1;
                break;
            }
            state = self.given_back.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        // From here on the place is counted; `Taken` frees it should connecting fail.
        let mut taken = Taken { pool: self, connection: None };
        taken.connection = Some((self.connect)()?);
        Ok(taken)
    }

    /// Whether one is open and not in use.
    pub(super) fn has_idle(&self) -> bool {
        !self.lock().idle.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use; goes back when dropped, unless it was given up.
pub(super) struct Taken<'a, C> {
    pool: &'a Pool<C>,
    connection: Option<C>,
}

impl<C> Taken<'_, C> {
    /// The connection.
    pub(super) fn get(&mut self) -> &mut C {
        self.connection.as_mut().expect("a taken connection is there until it is given up or dropped")
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn give_up(mut self) {
        self.connection = None;
    }
}

impl<C> Drop for Taken<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        match self.connection.take() {
            Some(c) => state.idle.push(c),
            None => state.open -= 1,
        }
        drop(state);
        self.pool.given_back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[test]
    fn never_more_than_the_most_and_a_failed_connect_frees_its_place() {
        let made = Arc::new(AtomicUsize::new(0));
        let pool = Arc::new(Pool::new(2, {
            let made = made.clone();
            move || match made.fetch_add(1, Ordering::SeqCst) {
                0 => Err(DbError::NotWritten("first try".into())),
                n => Ok(n),
            }
        }));
        assert!(pool.take().is_err());
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let pool = pool.clone();
                std::thread::spawn(move || {
                    for _ in 0..100 {
                        let mut c = pool.take().unwrap();
                        assert!((1..=2).contains(c.get()));
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|t| t.join().unwrap());
        assert!(made.load(Ordering::SeqCst) <= 3);
        pool.take().unwrap().give_up();
        let state = pool.lock();
        assert_eq!(state.open, state.idle.len());
    }
}
