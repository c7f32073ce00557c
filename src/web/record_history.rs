//! The history of a record: recorded, corrected field by field, voided; the newest first.

use super::{
    columns_value::Shown,
    view::{
        parts::{Change, Event, Timeline},
        words::Words,
    },
};
use crate::{
    attach::{self, Attachment},
    clock,
    db::Value,
    directive::model::FieldType,
    ledger::row::Stored,
};

/// The events of all revisions and files, which come the oldest first.
pub(super) fn of(shown: &Shown<'_>, revisions: &[Stored], files: &[Attachment]) -> Timeline {
    let mut events: Vec<(i64, Event)> = Vec::new();
    for (i, row) in revisions.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| revisions.get(i));
        let event_of = match before {
            None => recorded(row),
            Some(before) => corrected(shown, before, row),
        };
        events.push((row.recorded_at, event_of));
        // A row that a correction replaced is told with the correction.
        if let (Some(at), None) = (row.voided_at, revisions.get(i + 1)) {
            let by = row.voided_by.as_deref().unwrap_or_default();
            events.push((at, event(at, true, by, "作废", row.void_reason.as_deref())));
        }
    }
    let ledger = &shown.layout.ledgers[shown.table];
    for file in files {
        let label = attach::title(file, ledger);
        // What a field holds or held is told with the correction.
        if revisions.iter().any(|row| row.values.iter().any(|v| v.as_text() == Some(&file.sha256))) {
            continue;
        }
        let (at, by) = &file.added;
        events.push((*at, event(*at, true, by, &format!("上传附件{label}"), None)));
        if let Some((at, by, reason)) = &file.removed {
            events.push((*at, event(*at, true, by, &format!("移除附件{label}"), Some(reason))));
        }
    }
    // The sort keeps the order of what happened in one instant.
    events.sort_by_key(|(at, _)| *at);
    Timeline(events.into_iter().rev().map(|(_, event)| event).collect())
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
        let (mut old, mut new) = (shown.text(before, i), shown.text(after, i));
        if field.ty == FieldType::File {
            // The reason tells its name.
            (old, new) = (old.chars().take(8).collect(), new.chars().take(8).collect());
        }
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
