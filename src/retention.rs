//! Retention: of each ledger, how long its records are kept and how many are past that. Counts alone, no content.

use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::{Ledger, LedgerKind},
    installation::Current,
    ledger::query::{self, Filter, Query, Voided},
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
    /// Rows past their years; `None` where that cannot be said.
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
        let due = match (field, ledger.keep) {
            (Some(field), Some(years)) => {
                let last = today.plus_years(-years).plus(-1);
                let filter = Filter::Between { field: field.to_owned(), from: Value::Null, to: last.into() };
                let past = Query { filters: vec![filter], ..all };
                Some(query::count(tx, ledger, &Scope::All, &past, None)?)
            }
            _ => None,
        };
        let from = field.and_then(|f| ledger.field(f)).map_or_else(String::new, |f| f.title.clone());
        lines.push(Line { ledger: ledger.title.clone(), keep: ledger.keep, from, rows, due });
    }
    Ok(lines)
}
