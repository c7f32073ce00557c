//! Whose deed: things with a story in a table of events (`remedy` in `remedy_event`, `supervision` in `supervision_event`),
//! by what one account did to them.

use crate::db::{Row, Tx};

/// What an account did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Of this account.
    pub account: i64,
    /// One of these kinds of events.
    pub kinds: &'static [&'static str],
}

impl Deed {
    /// Its events of a table's thing, as SQL behind `from`.
    fn events(self, table: &str) -> String {
        let kinds = self.kinds.iter().map(|k| format!("'{k}'")).collect::<Vec<_>>().join(", ");
        format!("{table}_event e where e.account = {} and e.kind in ({kinds})", self.account)
    }

    /// The condition over `table` that there is such a deed.
    pub(crate) fn condition(self, table: &str) -> String {
        format!("{table}.row_id in (select e.{table}_id from {})", self.events(table))
    }

    /// The order of `table` in which the latest deed comes first.
    pub(crate) fn order(self, table: &str) -> String {
        format!("(select max(e.row_id) from {} and e.{table}_id = {table}.row_id) desc", self.events(table))
    }

    /// The latest: what was done to one thing of `table`, or to any of them, and when (µs).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn last(self, tx: &mut Tx<'_>, table: &str, id: Option<i64>) -> anyhow::Result<Option<(String, i64)>> {
        let one = id.map_or_else(String::new, |id| format!(" and e.{table}_id = {id}"));
        let sql = format!("select e.kind, e.at from {}{one} order by e.row_id desc limit 1", self.events(table));
        tx.one(&sql, &[], |r: &Row<'_>| Ok((r.text(0)?.to_owned(), r.i64(1)?)))
    }
}
