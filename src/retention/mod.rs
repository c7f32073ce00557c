//! Retention: of each ledger, how long its records are kept and how many rows are past that, in counts alone; and the
//! deletion of these (`plan` what goes and what must stay, `delete`; `attempts` the same for the 答卷 of tests).

pub mod attempts;
mod delete;
mod plan;

pub use delete::{Deleted, Order, delete};
pub use plan::{Plan, Record, plan};

use std::collections::BTreeSet;

use crate::{
    day::Day,
    db::{Row, Tx},
    directive::model::{Ledger, LedgerKind},
    installation::Current,
    ledger::{
        query::{self, Query, Voided},
        row::quoted,
    },
    scope::Scope,
};

/// A ledger in the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Title of the ledger.
    pub ledger: String,
    /// Years; `None` where nothing was laid down.
    pub keep: Option<i32>,
    /// From which day the years count: title of the field; empty for a register, which has none.
    pub from: String,
    /// All rows, voided ones too.
    pub rows: i64,
    /// Rows of records past their years; `None` where that cannot be said.
    pub due: Option<i64>,
}

/// The field from which the years count: an item's end, an event's day.
fn dated(ledger: &Ledger) -> Option<&str> {
    match &ledger.kind {
        LedgerKind::Event { day } => Some(day),
        LedgerKind::Item { closes, .. } => Some(closes),
        LedgerKind::Register => None,
    }
}

/// Records past their time, each with its code; none where that cannot be said.
fn due_records(tx: &mut Tx<'_>, ledger: &Ledger, today: Day) -> anyhow::Result<Vec<(i64, Option<String>)>> {
    let table = quoted(&format!("l_{}", ledger.name));
    let sql = format!(
        "select record_id, record_code from {table} r where revision = \
         (select max(revision) from {table} n where n.record_id = r.record_id) and record_id in"
    );
    let found = due(tx, ledger, today, &sql, |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned))))?;
    Ok(found.unwrap_or_default())
}

/// Which of these records are past their time.
fn due_among(tx: &mut Tx<'_>, ledger: &Ledger, today: Day, records: &BTreeSet<i64>) -> anyhow::Result<BTreeSet<i64>> {
    let list = records.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    let sql = format!(
        "select distinct record_id from {} where record_id in ({list}) and record_id in",
        quoted(&format!("l_{}", ledger.name))
    );
    Ok(due(tx, ledger, today, &sql, |r| r.i64(0))?.unwrap_or_default().into_iter().collect())
}

/// What a query that ends with `record_id in` gives of the records past their time. It is the last row of a record that
/// decides, be it voided or not: earlier ones are as old as it is.
fn due<T>(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    today: Day,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<Option<Vec<T>>> {
    let (Some(field), Some(years)) = (dated(ledger), ledger.keep) else { return Ok(None) };
    let (field, table) = (quoted(field), quoted(&format!("l_{}", ledger.name)));
    let last = today.plus_years(-years).plus(-1);
    let sql = format!(
        "{sql} (select d.record_id from {table} d where d.{field} <= $1 and d.revision = \
         (select max(m.revision) from {table} m where m.record_id = d.record_id))"
    );
    tx.rows(&sql, &[last.into()], read).map(Some)
}

/// The report as of a day. An item that has not ended is not due.
///
/// # Errors
/// When the store cannot be read.
pub fn report(tx: &mut Tx<'_>, current: &Current, today: Day) -> anyhow::Result<Vec<Line>> {
    of_ledgers(tx, &current.engine.layout.ledgers, today)
}

/// The same for these ledgers.
///
/// # Errors
/// When the store cannot be read.
pub fn of_ledgers(tx: &mut Tx<'_>, ledgers: &[Ledger], today: Day) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for ledger in ledgers.iter().filter(|l| !l.derived) {
        let all = Query { voided: Voided::Shown, ..Query::default() };
        let rows = query::count(tx, ledger, &Scope::All, &all, None)?;
        let field = dated(ledger);
        let table = quoted(&format!("l_{}", ledger.name));
        let due = due(tx, ledger, today, &format!("select count(*) from {table} where record_id in"), |r| r.i64(0))?;
        let due = due.and_then(|rows| rows.first().copied());
        let from = field.and_then(|f| ledger.field(f)).map_or_else(String::new, |f| f.title.clone());
        lines.push(Line { ledger: ledger.title.clone(), keep: ledger.keep, from, rows, due });
    }
    Ok(lines)
}
