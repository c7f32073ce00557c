//! Past periods that were judged, kept while nothing that they rest on has changed.

use std::sync::{Mutex, PoisonError};

use super::{Period, Picture};
use crate::{
    db::Tx,
    installation::{Current, State},
    ledger::memo,
    scope::Scope,
};

/// Pictures kept: the quarters of a year, or one for several readers.
const KEPT: usize = 6;

/// The pictures judged last. One is used only in the state in which it was judged: package, organisation, settings, day, and
/// the rows of all ledgers.
#[derive(Default)]
pub struct Pasts(Mutex<Vec<(Key, Picture)>>);

/// What a picture rests on.
#[derive(Clone, PartialEq)]
pub(super) struct Key {
    state: State,
    rows: Vec<memo::State>,
    period: Period,
    scope: Scope,
}

impl Key {
    /// Of a period in a scope, as the transaction sees the store.
    pub(super) fn of(tx: &mut Tx<'_>, current: &Current, period: &Period, scope: &Scope) -> anyhow::Result<Key> {
        let ledgers = current.engine.layout.ledgers.iter().filter(|l| !l.derived);
        let rows = ledgers.map(|l| memo::state(tx, &l.name)).collect::<anyhow::Result<_>>()?;
        Ok(Key { state: current.state().clone(), rows, period: period.clone(), scope: scope.clone() })
    }
}

impl Pasts {
    pub(super) fn get(&self, key: &Key) -> Option<Picture> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == key).map(|(_, picture)| picture.clone())
    }

    pub(super) fn keep(&self, key: Key, picture: &Picture) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| known.period != key.period || known.scope != key.scope);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((key, picture.clone()));
    }
}
