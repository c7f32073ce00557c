//! The history of a record: recorded, corrected field by field, voided; the newest first.

use super::{
    columns_value::Shown,
    view::{
        parts::{Change, Event, Timeline},
        words::Words,
    },
};
use crate::{clock, db::Value, ledger::row::Stored};

/// The events of all revisions, which come the oldest first.
pub(super) fn of(shown: &Shown<'_>, revisions: &[Stored]) -> Timeline {
    let mut events = Vec::new();
    for (i, row) in revisions.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| revisions.get(i));
        events.push(match before {
            None => recorded(row),
            Some(before) => corrected(shown, before, row),
        });
        // A row that a correction replaced is told with the correction.
        if let (Some(at), None) = (row.voided_at, revisions.get(i + 1)) {
            let by = row.voided_by.as_deref().unwrap_or_default();
            events.push(event(at, true, by, "作废", row.void_reason.as_deref()));
        }
    }
    events.reverse();
    Timeline(events)
}

fn recorded(row: &Stored) -> Event {
    let how = if row.import.is_some() { "批量导入" } else { "登记" };
    event(row.recorded_at, false, &row.recorded_by, &format!("{how}，第{}版", row.revision), None)
}

fn corrected(shown: &Shown<'_>, before: &Stored, row: &Stored) -> Event {
    let word = format!("更正，第{}版", row.revision);
    let mut event = event(row.recorded_at, true, &row.recorded_by, &word, before.void_reason.as_deref());
    event.changes = changes(shown, before, row);
    event
}

fn event(at: i64, key: bool, by: &str, what: &str, reason: Option<&str>) -> Event {
    Event {
        at: clock::chinese(at),
        iso: clock::iso(at).chars().take(16).collect(),
        key,
        words: Words::new().strong(by).text(format!("　{what}")),
        note: reason.filter(|r| !r.is_empty()).map_or_else(String::new, |r| format!("原因：{r}")),
        ..Event::default()
    }
}

fn changes(shown: &Shown<'_>, before: &Stored, after: &Stored) -> Vec<Change> {
    let ledger = &shown.layout.ledgers[shown.table];
    let mut changes = Vec::new();
    let mut change = |field: &str, before: String, after: String| {
        changes.push(Change { field: field.to_owned(), before, after });
    };
    if before.code != after.code {
        change("编号", before.code.clone().unwrap_or_default(), after.code.clone().unwrap_or_default());
    }
    if before.unit != after.unit {
        let name = |id: Option<i64>| id.map_or_else(String::new, |id| shown.unit(id).text);
        change("单位", name(before.unit), name(after.unit));
    }
    for (i, field) in ledger.fields.iter().enumerate() {
        if same(shown, field.sensitive, &before.values[i], &after.values[i]) {
            continue;
        }
        let (old, new) = (shown.text(before, i), shown.text(after, i));
        let new = if field.sensitive && old == new { format!("{new}（遮去的部分有改动）") } else { new };
        change(&field.title, old, new);
    }
    changes
}

/// Cipher text differs each time, though it holds the same.
fn same(shown: &Shown<'_>, sensitive: bool, before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::Text(a), Value::Text(b)) if sensitive && a != b => {
            matches!((shown.keys.open(a), shown.keys.open(b)), (Ok(a), Ok(b)) if a == b)
        }
        (a, b) => a == b,
    }
}
