//! Names of records, kept in memory (some 150 bytes each) until a row of their ledger is recorded or voided.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    db::Tx,
    directive::model::Ledger,
    form::directory::{Entry, initials},
    ledger::{memo, query},
    scope::Scope,
};

/// A state of a ledger with the names that its records have in it.
type Kept = (memo::State, Arc<Vec<Entry>>);

/// The names of the last state of each ledger, by its name and the field that holds them.
#[derive(Debug, Default)]
pub struct Titles(Mutex<HashMap<(String, String), Kept>>);

impl Titles {
    /// Name, initials and number of every current record, as the transaction sees them, whoever may see them: what fits
    /// is to be asked for under a scope.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn of(&self, tx: &mut Tx<'_>, ledger: &Ledger, field: &str) -> anyhow::Result<Arc<Vec<Entry>>> {
        let state = memo::state(tx, &ledger.name)?;
        let key = (ledger.name.clone(), field.to_owned());
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((_, titles)) = known.filter(|(at, _)| *at == state) {
            return Ok(titles);
        }
        let entry = |(id, code, name): (i64, String, String)| Entry {
            initials: initials(&name),
            id,
            name,
            code,
            ..Entry::default()
        };
        let titles: Vec<Entry> = query::titles(tx, ledger, &Scope::All, field)?.into_iter().map(entry).collect();
        let titles = Arc::new(titles);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (state, Arc::clone(&titles)));
        Ok(titles)
    }
}
