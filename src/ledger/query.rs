//! Lists, counts, facets and exports of a ledger: one builder, so that all of them see the same rows.
//!
//! The statements are built in `select`.

use std::collections::BTreeSet;

use super::{
    row::{Stored, quoted, read, select_list, table},
    select::Select,
    store,
};
use crate::{
    db::{Tx, Value},
    directive::model::Ledger,
    scope::Scope,
};

pub use super::tally::{Facet, facets};

/// Which rows, and in which order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// All must hold.
    pub filters: Vec<Filter>,
    /// The order of the rows.
    pub order: Order,
    /// Rows as they were known at this instant (µs); `None` for what is known now.
    pub known_at: Option<i64>,
    /// Whether rows that are voided now are among them; of no account with `known_at`.
    pub voided: Voided,
}

/// What a list does with voided rows: those of records that were voided, and those that a correction replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voided {
    /// Only current rows.
    #[default]
    Hidden,
    /// Current and voided rows.
    Shown,
    /// Only voided rows.
    Only,
}

/// A condition that a person chose.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// The field is one of these; null stands for an empty field. A field of several choices holds one of them.
    Is {
        /// Name of the field.
        field: String,
        /// As stored.
        any_of: Vec<Value>,
    },
    /// The field lies between these, both included; null is an open end.
    Between {
        /// Name of a date or number field.
        field: String,
        /// As stored.
        from: Value,
        /// As stored.
        to: Value,
    },
    /// The field contains this text (ASCII letters in either case). A person or unit is searched by name, a record by
    /// code.
    Contains {
        /// Name of the field.
        field: String,
        /// Taken literally.
        text: String,
    },
    /// The sensitive field has this blind index ([`super::Keys::blind_index`]).
    Secret {
        /// Name of the field.
        field: String,
        /// The index of the text searched for.
        index: String,
    },
    /// The row belongs to one of these units (record ids).
    Units(BTreeSet<i64>),
    /// The record's code contains this text.
    Code(String),
    /// The row came with this import.
    Import(i64),
    /// The row belongs to one of these records.
    Records(BTreeSet<i64>),
    /// One of these holds; without any, no row does.
    Any(Vec<Filter>),
}

/// The order of a list. Ties are ordered by record id.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Order {
    /// Persons by unit and name; everything else by day, the latest first.
    #[default]
    Default,
    /// By the stored value of a field, empty ones last. Persons, units and records come in the order of their ids.
    By {
        /// Name of the field.
        field: String,
        /// From the greatest down.
        descending: bool,
    },
}

/// Name of the unit's column among those that [`facets`] counts by.
pub const UNIT: &str = "unit_id";

/// A page of rows.
pub fn list(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    page: (i64, i64),
) -> anyhow::Result<Vec<Stored>> {
    slice(tx, ledger, scope, query, page, false)
}

/// The rows that stand `offset` before the end of the order, in its order: the last page costs no more than the first.
pub fn list_from_end(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    page: (i64, i64),
) -> anyhow::Result<Vec<Stored>> {
    let mut rows = slice(tx, ledger, scope, query, page, true)?;
    rows.reverse();
    Ok(rows)
}

/// From here on it pays to pass over rows in the index.
const FAR: i64 = 1_000;

fn slice(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    (limit, offset): (i64, i64),
    backwards: bool,
) -> anyhow::Result<Vec<Stored>> {
    let mut select = Select::over(tx, ledger, scope, query)?;
    let far = backwards || offset > FAR;
    let (limit, offset) = (select.params.add(limit), select.params.add(offset));
    let sql = select.paged(query, (&limit, &offset), (backwards, far))?;
    tx.rows(&sql, &select.params.0, |row| read(ledger, row))
}

/// The text of the statement behind [`list`], for tests of how the database goes about it.
#[doc(hidden)]
pub fn statement(db: &crate::db::Db, ledger: &Ledger, query: &Query) -> anyhow::Result<String> {
    db.read(|tx| {
        let mut select = Select::over(tx, ledger, &Scope::All, query)?;
        let (limit, offset) = (select.params.add(1), select.params.add(0));
        select.paged(query, (&limit, &offset), (false, false))
    })
}

/// Every row, one after the other: for exports.
pub fn each(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    mut f: impl FnMut(Stored) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let select = Select::over(tx, ledger, scope, query)?;
    tx.each(&select.ordered(query)?, &select.params.0, |row| f(read(ledger, row)?))
}

/// Number of rows; no further than `at_most` if that is given, for long lists whose exact number nobody needs.
pub fn count(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    at_most: Option<i64>,
) -> anyhow::Result<i64> {
    let mut select = Select::over(tx, ledger, scope, query)?;
    let limit = at_most.map(|n| format!(" limit {}", select.params.add(n))).unwrap_or_default();
    let sql = format!("select count(*) from ({}{limit}) x", select.columns("1 as one"));
    Ok(tx.one(&sql, &select.params.0, |row| row.i64(0))?.unwrap_or(0))
}

/// The record ids of the rows, in no order; a record with several rows stands several times.
pub fn records(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, query: &Query) -> anyhow::Result<Vec<i64>> {
    let select = Select::over(tx, ledger, scope, query)?;
    tx.rows(&select.columns("r.record_id"), &select.params.0, |row| row.i64(0))
}

/// The current records: id, code, and what stands in a text field of theirs.
pub fn titles(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    field: &str,
) -> anyhow::Result<Vec<(i64, String, String)>> {
    let select = Select::current(tx, ledger, scope, None);
    let column = quoted(&select.plain_field(field)?.name);
    let sql = select.columns(&format!("r.record_id, r.record_code, r.{column}"));
    let text = |t: Option<&str>| t.unwrap_or_default().to_owned();
    tx.rows(&sql, &select.params.0, |row| Ok((row.i64(0)?, text(row.opt_text(1)?), text(row.opt_text(2)?))))
}

/// The record of that address: one without a code of its own by its number, then the one with that code: a current one if
/// there is, else a voided one; the oldest of several. A record with a code has its number as a further address.
pub fn coded(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, code: &str) -> anyhow::Result<Option<i64>> {
    if let Some(number) = store::number_like(code) {
        let select = Select::all(tx, ledger, scope).equal("record_id", number);
        let sql = format!("{} order by r.revision desc limit 1", select.columns("r.record_code, r.revision"));
        let last = tx.one(&sql, &select.params.0, |row| Ok(row.opt_text(0)?.is_none()))?;
        if last == Some(true) {
            return Ok(Some(number));
        }
    }
    with_code(tx, ledger, scope, code)
}

/// The record with that code, whatever else the text may be: a current one if there is, else a voided one.
pub fn with_code(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, code: &str) -> anyhow::Result<Option<i64>> {
    let select = Select::all(tx, ledger, scope).equal("record_code", code);
    let current = "case when r.voided_at is null then 0 else 1 end as k0";
    let sql = format!("{} order by k0, r.record_id limit 1", select.columns(&format!("r.record_id, {current}")));
    tx.one(&sql, &select.params.0, |row| row.i64(0))
}

/// Rows whose codes begin alike that are looked at: of more it is too short a beginning to look for anything by.
const BEGINNING: i64 = 20_000;

/// Current records whose code begins with a text, the first `most` in the order of the codes: record ids and codes. The index
/// over codes serves it, on both databases, since both sort by bytes; no more than [`BEGINNING`] rows are looked at, whatever
/// the scope lets through of them.
pub fn beginning(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    text: &str,
    most: i64,
) -> anyhow::Result<Vec<(i64, String)>> {
    let mut select = Select::current(tx, ledger, scope, None);
    // No text that begins so is greater than this.
    let (from, to) = (select.params.add(text), select.params.add(format!("{text}\u{10ffff}")));
    let looked = select.params.add(BEGINNING);
    select.conditions.push(format!(
        "r.row_id in (select p.row_id from (select c.row_id from {} c where c.voided_at is null and c.record_code >= {from} \
         and c.record_code < {to} order by c.record_code limit {looked}) p)",
        table(ledger)
    ));
    let most = select.params.add(most);
    let sql = format!("{} order by r.record_code limit {most}", select.columns("r.record_id, r.record_code"));
    tx.rows(&sql, &select.params.0, |row| Ok((row.i64(0)?, row.text(1)?.to_owned())))
}

/// Number of rows and the instant (µs) of the latest recording among them.
pub fn extent(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, query: &Query) -> anyhow::Result<(i64, Option<i64>)> {
    let select = Select::over(tx, ledger, scope, query)?;
    let sql = format!("select count(*), max(at) from ({}) x", select.columns("r.recorded_at as at"));
    let found = tx.one(&sql, &select.params.0, |row| Ok((row.i64(0)?, row.opt_i64(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// The current row before (or, `after`, behind) a row in the default order of a dated ledger; `None` at the end, or
/// where the row has no day.
pub fn beside(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    of: &Stored,
    after: bool,
) -> anyhow::Result<Option<Stored>> {
    let Some(field) = ledger.opening() else { return Ok(None) };
    let day = of.value(ledger, field);
    if day.is_null() {
        return Ok(None);
    }
    let mut select = Select::current(tx, ledger, scope, None);
    let column = format!("r.{}", quoted(field));
    // The latest day comes first.
    let (comparison, way) = if after { ("<", " desc") } else { (">", "") };
    let (day, record) = (select.params.add(day.clone()), select.params.add(of.record_id));
    select.conditions.push(format!("({column}, r.record_id) {comparison} ({day}, {record})"));
    let sql = format!("{} order by {column}{way}, r.record_id{way} limit 1", select.columns(&select_list(ledger)));
    tx.one(&sql, &select.params.0, |row| read(ledger, row))
}
