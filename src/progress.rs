//! How far work behind the pages is, told to whoever waits for it. Of this process alone.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A piece of work under way: what is being done, how much of it is done, and how much there is; 0 where nobody knows.
pub type Step = (&'static str, usize, usize);

/// Pieces of work of one kind, by number.
#[derive(Debug, Default)]
pub struct Progress(Mutex<HashMap<i64, Step>>);

impl Progress {
    /// How far one is; `None` if nobody here works at it.
    pub fn of(&self, id: i64) -> Option<Step> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Tells how far it is.
    pub(crate) fn say(&self, id: i64, stage: &'static str, done: usize, all: usize) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, (stage, done, all));
    }

    /// It is over, or given up.
    pub(crate) fn forget(&self, id: i64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}
