//! Rows that are not in the store yet, laid over those that are: what would be judged if they were.

use std::collections::{BTreeMap, BTreeSet};

use super::load::Cut;
use crate::{day::Day, db::Value, directive::model::Ledger, ledger::NewRow};

/// Rows by ledger (position in the layout).
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// By ledger.
    pub tables: BTreeMap<usize, Laid>,
}

/// Rows laid over one ledger.
#[derive(Clone, Debug, Default)]
pub struct Laid {
    /// Rows with the record ids that they would get, and the instants (µs) at which they would be recorded.
    pub rows: Vec<(i64, i64, NewRow)>,
    /// Records whose current rows they would take the place of.
    pub gone: BTreeSet<i64>,
}

impl Laid {
    /// The records covered, as one parameter of a statement.
    pub(super) fn gone_text(&self) -> String {
        self.gone.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
    }

    /// The rows that lie in a cut.
    pub(super) fn within<'a>(&'a self, cut: Option<&'a Cut>) -> impl Iterator<Item = &'a (i64, i64, NewRow)> {
        self.rows.iter().filter(move |(id, _, row)| {
            let Some(cut) = cut else { return true };
            let key = match cut.column {
                None => Some(*id),
                Some(column) => row.values.get(column).and_then(Value::as_i64),
            };
            key.is_some_and(|key| cut.ranges.iter().any(|(first, last)| *first <= key && key <= *last))
        })
    }
}

/// A day in a field of a row.
pub(super) fn day(ledger: &Ledger, row: &NewRow, field: &str) -> Day {
    let value = ledger.field_index(field).and_then(|i| row.values.get(i));
    value.and_then(Value::as_text).and_then(Day::parse).unwrap_or(Day::MAX)
}
