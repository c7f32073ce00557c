//! An entry of the audit log in words: who, what, which record, before and after.

use std::{collections::HashMap, sync::Arc};

use serde_json::Value as Json;

use super::{
    audit::Records,
    columns_value::{Shown, wanted},
    frame::Desk,
    record_links,
    view::{
        parts::{Change, Event, Timeline},
        words::Words,
    },
};
use crate::{
    audit::{self, Act, HIDDEN, Kind, Line, Mark, Part},
    auth::Role,
    clock,
    db::Value,
    directive::model::Ledger,
    installation::Current,
    ledger::{Keys, row::Stored},
    names::Names,
    verdict::world::Layout,
};

/// Records named in one entry; of more, their number.
const NAMED: usize = 3;

/// What the entries of a page are told with.
pub(super) struct Entries<'a> {
    current: Arc<Current>,
    names: Names,
    keys: &'a Keys,
    /// The reader may see what the records say.
    values: bool,
}

impl<'a> Entries<'a> {
    /// Reads the names of everything that the entries name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn read(desk: &mut Desk<'_, '_>, keys: &'a Keys, lines: &[Line]) -> anyhow::Result<Entries<'a>> {
        let current = Arc::clone(&desk.current);
        let layout = &current.engine.layout;
        let mut records = Records::new();
        for line in lines {
            for (table, record) in touched(layout, line).0 {
                records.entry(table).or_default().insert(record);
            }
            if let Some((table, before, after)) = sides(layout, line) {
                for (to, ids) in wanted(layout, table, &[before, after], None) {
                    records.entry(to).or_default().extend(ids);
                }
            }
        }
        let names = Names::load(desk.tx, layout, &records)?;
        // An administrator sees no business records: what was done is told, not what it says.
        let values = !desk.reader()?.has(Role::AuditAdmin);
        Ok(Entries { current, names, keys, values })
    }

    /// The entries as they are shown.
    pub(super) fn timeline(&self, lines: &[Line]) -> Timeline {
        Timeline(lines.iter().map(|line| self.event(line)).collect())
    }

    fn layout(&self) -> &Layout {
        &self.current.engine.layout
    }

    fn event(&self, line: &Line) -> Event {
        let kind = Kind::parse(&line.kind);
        let mut words = Words::new().strong(&line.actor);
        words = words.text(format!("　{}", kind.map_or(&*line.kind, |k| k.title())));
        let ledger = line.ledger.as_ref().and_then(|name| self.layout().index(name));
        if let Some(ledger) = ledger {
            words = words.text(format!("“{}”", self.layout().ledgers[ledger].title));
        }
        let (named, count) = touched(self.layout(), line);
        for (i, (table, record)) in named.iter().enumerate() {
            words = words.text(if i == 0 { "：" } else { "、" });
            words = if self.values {
                let link = record_links::to(self.layout(), &self.names, *table, *record);
                words.link(link.text, link.href)
            } else {
                words.text(format!("第{record}号记录"))
            };
        }
        if count > named.len() {
            words = words.text(format!("{}共{count}条", if named.is_empty() { "：" } else { "等，" }));
        }
        Event {
            at: clock::chinese(line.at),
            iso: clock::iso(line.at).chars().take(16).collect(),
            key: !line.intact || !matches!(kind, Some(Kind::Add | Kind::Import | Kind::Demo)),
            words,
            changes: self.changes(line),
            note: self.note(line),
            effect: match line.seq {
                Some(seq) if line.intact => format!("第{seq}条").into(),
                Some(seq) => format!("第{seq}条，断点").into(),
                None => "待编号".into(),
            },
        }
    }

    /// What else is told of an entry.
    fn note(&self, line: &Line) -> String {
        let note = note(line);
        if self.values || sides(self.layout(), line).is_none() {
            return note;
        }
        let apart = if note.is_empty() { "" } else { "；" };
        format!("{note}{apart}改动前后的内容不向审计管理员显示")
    }

    fn changes(&self, line: &Line) -> Vec<Change> {
        let Some((table, before, after)) = sides(self.layout(), line) else { return Vec::new() };
        if !self.values {
            return Vec::new();
        }
        let derived = HashMap::new();
        let shown =
            Shown { layout: self.layout(), table, names: &self.names, units: None, keys: self.keys, derived: &derived };
        let text = |row: &Stored, i: usize, sensitive: bool| match &row.values[i] {
            Value::Null => String::new(),
            _ if sensitive => HIDDEN.to_owned(),
            _ => shown.text(row, i),
        };
        let fields = self.layout().ledgers[table].fields.iter().enumerate();
        fields
            .filter(|(i, _)| !before.values[*i].is_null() || !after.values[*i].is_null())
            .map(|(i, f)| Change {
                field: f.title.clone(),
                before: text(&before, i, f.sensitive),
                after: text(&after, i, f.sensitive),
            })
            .collect()
    }
}

/// The first records that an entry names, and how many rows it covers. A correction names its record once.
fn touched(layout: &Layout, line: &Line) -> (Vec<(usize, i64)>, usize) {
    let (mut named, mut count): (Vec<(usize, i64)>, usize) = (Vec::new(), 0);
    let single = matches!(Kind::parse(&line.kind), Some(Kind::Correct | Kind::Setting));
    for part in audit::parts(&line.written).flatten() {
        match part {
            Part::Rows(ledger, run) => {
                if single && run.act == Act::Void && line.written.contains('+') {
                    continue;
                }
                count += run.n as usize;
                let Some(table) = layout.index(ledger) else { continue };
                let room = NAMED.saturating_sub(named.len());
                named.extend((run.record..).take(room.min(run.n as usize)).map(|record| (table, record)));
            }
            Part::Mark(_) | Part::Stated(..) => {}
        }
    }
    // What was opened has no rows: its payload names the record.
    if count == 0
        && let Some(record) = payload(line)["record"].as_i64()
        && let Some(table) = line.ledger.as_ref().and_then(|ledger| layout.index(ledger))
    {
        return (vec![(table, record)], 1);
    }
    (named, count)
}

fn payload(line: &Line) -> Json {
    line.payload.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Before and after as rows of the ledger, empty where the payload says nothing.
fn sides(layout: &Layout, line: &Line) -> Option<(usize, Stored, Stored)> {
    let payload: Json = serde_json::from_str(line.payload.as_deref()?).ok()?;
    let table = layout.index(line.ledger.as_ref()?)?;
    if payload.get("before").is_none() && payload.get("after").is_none() {
        return None;
    }
    let ledger = &layout.ledgers[table];
    Some((table, row(ledger, &payload["before"]), row(ledger, &payload["after"])))
}

fn row(ledger: &Ledger, fields: &Json) -> Stored {
    let value = |name: &str| match &fields[name] {
        Json::Number(n) => n.as_i64().into(),
        Json::String(t) => Value::from(t.as_str()),
        _ => Value::Null,
    };
    Stored {
        row_id: 0,
        record_id: 0,
        revision: 0,
        code: None,
        unit: None,
        recorded_at: 0,
        recorded_by: String::new(),
        voided_at: None,
        voided_by: None,
        void_reason: None,
        import: None,
        values: ledger.fields.iter().map(|f| value(&f.name)).collect(),
    }
}

/// What else the payload tells.
fn note(line: &Line) -> String {
    let Some(payload) = line.payload.as_deref() else { return "改动前后的内容已依法删除".into() };
    let payload: Json = serde_json::from_str(payload).unwrap_or_default();
    let text =
        |key: &str, title: &str| payload[key].as_str().filter(|v| !v.is_empty()).map(|value| format!("{title}{value}"));
    let rows = payload["rows"].as_u64().map(|n| format!("{n}行"));
    let told = [text("title", ""), rows, text("reason", "原因："), text("basis", "依据："), text("file", "文件：")];
    let mut parts: Vec<String> = told.into_iter().flatten().collect();
    if let Some(changes) = payload["changes"].as_array() {
        parts.push(format!("{}处变化", changes.len()));
    }
    for part in audit::parts(&line.written).flatten() {
        if let Part::Mark(Mark::Erased(seq)) = part {
            parts.push(format!("删除的是第{seq}条的内容"));
        }
    }
    parts.join("；")
}
