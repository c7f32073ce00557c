//! Rows of a table by what they point at, in the order of their days.

use super::world::EMPTY;
use crate::day::Day;

/// Rows by what they relate to, and by day.
pub(super) struct Index {
    /// Key, day and position of each row, ascending.
    rows: Vec<(i64, Day, u32)>,
    /// Where the rows of each key begin, counted from the least key; empty where the keys lie too far apart.
    begins: Vec<u32>,
}

impl Index {
    pub(super) fn new(mut rows: Vec<(i64, Day, u32)>) -> Index {
        rows.retain(|r| r.0 != EMPTY);
        rows.sort_unstable();
        let mut begins = Vec::new();
        if let (Some(first), Some(last)) = (rows.first(), rows.last())
            && let Some(keys) = last.0.checked_sub(first.0).filter(|n| *n <= rows.len() as i64)
        {
            let first = first.0;
            begins.reserve(keys as usize + 2);
            for (at, row) in rows.iter().enumerate() {
                begins.resize((row.0 - first) as usize + 1, at as u32);
            }
            begins.push(rows.len() as u32);
        }
        Index { rows, begins }
    }

    /// The rows of a key, those between two days if asked for, both included: their days and positions.
    pub(super) fn rows(&self, key: i64, span: Option<(Day, Day)>) -> impl ExactSizeIterator<Item = (Day, usize)> + '_ {
        let mut own = self.of(key);
        if let Some((from, to)) = span {
            own = &own[own.partition_point(|r| r.1 < from)..];
            own = &own[..own.partition_point(|r| r.1 <= to)];
        }
        own.iter().map(|r| (r.1, r.2 as usize))
    }

    fn of(&self, key: i64) -> &[(i64, Day, u32)] {
        let Some(first) = self.rows.first() else { return &[] };
        if self.begins.is_empty() {
            let from = self.rows.partition_point(|r| r.0 < key);
            let own = &self.rows[from..];
            return &own[..own.partition_point(|r| r.0 == key)];
        }
        let at = key.checked_sub(first.0).and_then(|n| usize::try_from(n).ok());
        let span = at.and_then(|at| Some((*self.begins.get(at)?, *self.begins.get(at + 1)?)));
        span.map_or(&[], |(from, to)| &self.rows[from as usize..to as usize])
    }
}
