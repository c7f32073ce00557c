//! What a transaction has written so far. It lies in the transaction itself: the store fills it, the doors say what it
//! was about, and `Db::write` makes an entry of it before the commit, so that none can be forgotten.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    canon::{Form, peek},
    entry::About,
    guard::Guarded,
    kind::Kind,
    names::Forms,
    tree::Hash,
    written::{Act, Mark, Writing},
};
use crate::{
    db::{Peek, Value},
    scope::Actor,
};

/// The trail of one transaction.
#[derive(Debug, Default)]
pub struct Trail {
    pub(super) by: Option<Actor>,
    pub(super) told: Option<(Kind, Json)>,
    pub(super) writing: Writing,
    pub(super) hashes: Vec<Hash>,
    /// Of rows that were stated anew or deleted, the hashes that they had before: of each under the names of each time.
    pub(super) former: Vec<Hash>,
    pub(super) ledger: One<String>,
    pub(super) unit: One<i64>,
    pub(super) acts: Acts,
    /// Record ids of the persons that the entry is about.
    pub(super) persons: BTreeSet<i64>,
    /// Items that are no ledger's and that the entry states, and the last of them once that is done.
    pub(super) stated: BTreeSet<(Guarded, i64)>,
    pub(super) last_stated: Option<Guarded>,
    marked: bool,
    bytes: Vec<u8>,
}

/// Which acts there were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Acts {
    pub(super) rows: bool,
    pub(super) voids: bool,
}

/// A value that is kept as long as it is the only one.
#[derive(Debug, Default, PartialEq)]
pub(super) enum One<T> {
    #[default]
    None,
    Only(T),
    Several,
}

impl<T: PartialEq> One<T> {
    fn put(&mut self, value: T) {
        *self = match std::mem::take(self) {
            One::None => One::Only(value),
            One::Only(same) if same == value => One::Only(same),
            _ => One::Several,
        };
    }

    pub(super) fn get(self) -> Option<T> {
        match self {
            One::Only(value) => Some(value),
            _ => None,
        }
    }
}

/// A row that was recorded or voided.
pub(crate) struct Touched<'a> {
    /// Its ledger.
    pub(crate) ledger: &'a str,
    /// Its record.
    pub(crate) record: i64,
    /// Its revision.
    pub(crate) revision: i64,
    /// The unit it belongs to.
    pub(crate) unit: Option<i64>,
}

impl Trail {
    /// Who writes; the first one stays.
    pub(crate) fn by(&mut self, actor: &Actor) {
        if self.by.is_none() {
            self.by = Some(actor.clone());
        }
    }

    /// What the transaction is about; the last word counts, so that who calls others has it.
    pub(crate) fn tell(&mut self, kind: Kind, payload: Json) {
        self.told = Some((kind, payload));
    }

    /// An item that is no ledger's was made, changed or taken away.
    pub(super) fn state(&mut self, what: Guarded, key: i64) {
        self.stated.insert((what, key));
    }

    /// Records that were seen or left the system.
    pub(super) fn about(&mut self, about: About) {
        if let Some(ledger) = about.ledger {
            self.ledger.put(ledger);
        }
        if let Some(unit) = about.unit {
            self.unit.put(unit);
        }
        self.persons.extend(about.persons);
    }

    /// A row as it was written: `form` over `row_id` and then `values`.
    pub(crate) fn row(&mut self, of: &Touched<'_>, form: &Form, row_id: i64, values: &[Value]) {
        let hash = form.hash(&mut self.bytes, |i| cell(row_id, values, i));
        self.acts.rows = true;
        self.touched(of, Act::Row, hash);
    }

    /// A row that was voided.
    pub(crate) fn void(&mut self, of: &Touched<'_>, at: i64, by: &str, reason: Option<&str>) {
        let cells = [
            Peek::I64(of.record),
            Peek::I64(of.revision),
            Peek::I64(at),
            Peek::Text(by),
            reason.map_or(Peek::Null, Peek::Text),
        ];
        let hash = Form::void(of.ledger).hash(&mut self.bytes, |i| cells[i]);
        self.acts.voids = true;
        self.touched(of, Act::Void, hash);
    }

    /// A row that was encrypted anew: `forms` over `row_id` and the values before and after. Nothing else may be in the
    /// same transaction's trail.
    pub(crate) fn rekey(&mut self, of: &Touched<'_>, forms: &Forms, row_id: i64, sides: (&[Value], &[Value])) {
        self.former(forms.of.iter().map(|(row, _)| row), |i| cell(row_id, sides.0, i));
        if let Some((now, _)) = forms.of.last() {
            let after = now.hash(&mut self.bytes, |i| cell(row_id, sides.1, i));
            self.touched(of, Act::Rekey, after);
        }
    }

    /// A row that is deleted by rule: `forms` over `row_id` and then `values`. Nothing but such rows and their voids may
    /// be in the same transaction's trail.
    pub(crate) fn erased(&mut self, of: &Touched<'_>, forms: &Forms, row_id: i64, values: &[Value]) {
        if let Some(hash) = self.former(forms.of.iter().map(|(row, _)| row), |i| cell(row_id, values, i)) {
            self.touched(of, Act::Erased, hash);
        }
    }

    /// The void of such a row: its columns in the order of a void's.
    pub(crate) fn erased_void(&mut self, of: &Touched<'_>, forms: &Forms, columns: &[Value; 5]) {
        if let Some(hash) = self.former(forms.of.iter().map(|(_, void)| void), |i| peek(&columns[i])) {
            self.touched(of, Act::ErasedVoid, hash);
        }
    }

    /// Keeps what a thing hashed to under the names of each time, and gives the last.
    fn former<'f, 'v>(
        &mut self,
        forms: impl Iterator<Item = &'f Form>,
        cell: impl Fn(usize) -> Peek<'v>,
    ) -> Option<Hash> {
        for form in forms {
            let hash = form.hash(&mut self.bytes, &cell);
            self.former.push(hash);
        }
        self.former.last().copied()
    }

    /// Something that has no row.
    pub(crate) fn mark(&mut self, mark: &Mark) {
        self.writing.mark(mark);
        self.marked = true;
    }

    fn touched(&mut self, of: &Touched<'_>, act: Act, hash: Hash) {
        self.writing.row(of.ledger, act, of.record, of.revision);
        self.hashes.push(hash);
        if self.ledger != One::Several && !matches!(&self.ledger, One::Only(same) if same == of.ledger) {
            self.ledger.put(of.ledger.to_owned());
        }
        match of.unit {
            Some(unit) => self.unit.put(unit),
            // What belongs to no unit is seen by those alone who see all.
            None if !matches!(act, Act::Void | Act::ErasedVoid) => self.unit = One::Several,
            None => {}
        }
    }

    /// True if there is nothing to tell.
    pub(super) fn is_empty(&self) -> bool {
        self.told.is_none() && self.hashes.is_empty() && !self.marked && self.stated.is_empty()
    }
}

/// A column of a row: `row_id`, then its values.
fn cell(row_id: i64, values: &[Value], i: usize) -> Peek<'_> {
    i.checked_sub(1).map_or(Peek::I64(row_id), |i| peek(&values[i]))
}
