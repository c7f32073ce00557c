//! 谁看过我的档案: who opened, took out or changed what is recorded of the reader, when and why.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{
    frame::Desk,
    view::{
        parts::{Event, Timeline},
        trace::Trace,
        words::Words,
    },
};
use crate::{
    audit::{self, Kind},
    clock,
    db::Value,
    directive::model::Ledger,
    ledger::{
        query::{self, Filter, Query, Voided},
        row::Stored,
    },
    scope::{Part, Parts},
    verdict::world::PERSON,
};

/// Events on the page; of a ledger, rows.
const NEWEST: usize = 200;

/// Something that happened: when, who, what, and why.
type Deed = (i64, String, String, String);

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn page(desk: &mut Desk<'_, '_>) -> anyhow::Result<Trace> {
    let person = desk.reader()?.person;
    let mut deeds = match person {
        Some(person) => [seen(desk, person)?, changed(desk, person)?].concat(),
        None => Vec::new(),
    };
    deeds.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let more = deeds.len() > NEWEST;
    deeds.truncate(NEWEST);
    let event = |(at, by, what, why): Deed| Event {
        at: clock::chinese(at),
        iso: clock::iso(at).chars().take(16).collect(),
        key: false,
        words: Words::new().strong(&by).text(format!("　{what}")),
        note: why,
        ..Event::default()
    };
    let none = match person {
        None => "本账号不对应人员，没有个人档案。",
        Some(_) => "还没有人查看完整内容、导出或改动过。",
    };
    let events = Timeline(deeds.into_iter().map(event).collect());
    Ok(Trace { page: desk.page("/account")?, events, none: none.into(), more })
}

/// Who opened or exported.
fn seen(desk: &mut Desk<'_, '_>, person: i64) -> anyhow::Result<Vec<Deed>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let deed = |seen: audit::Seen| {
        let told: Json = seen.payload.as_deref().and_then(|p| serde_json::from_str(p).ok()).unwrap_or_default();
        let kind = Kind::parse(&seen.kind).map_or(&*seen.kind, |k| k.title());
        let ledger = seen.ledger.as_ref().and_then(|l| layout.index(l)).map(|t| &layout.ledgers[t].title);
        let title = told["title"].as_str().unwrap_or_default();
        // The title of an export names its ledger.
        let what = match ledger.filter(|l| !title.contains(l.as_str())) {
            Some(ledger) => format!("{kind}“{ledger}”：{title}"),
            None => format!("{kind}：{title}"),
        };
        let why = told["reason"].as_str().map_or_else(String::new, |reason| format!("原因：{reason}"));
        (seen.at, seen.actor, what, why)
    };
    Ok(audit::seen(desk.tx, person, NEWEST as i64 + 1)?.into_iter().map(deed).collect())
}

/// Who recorded, corrected or voided.
fn changed(desk: &mut Desk<'_, '_>, person: i64) -> anyhow::Result<Vec<Deed>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let mut deeds = Vec::new();
    for (table, ledger) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
        let own = Filter::Records([person].into());
        let mut naming: Vec<Filter> = named(&current.parts, ledger)
            .map(|field| Filter::Is { field: field.to_owned(), any_of: vec![Value::I64(person)] })
            .collect();
        naming.extend((table == PERSON).then_some(own));
        if naming.is_empty() {
            continue;
        }
        // Two lists, since current and voided rows have their indexes apart.
        let mut rows = Vec::new();
        for voided in [Voided::Hidden, Voided::Only] {
            let query = Query { filters: vec![Filter::Any(naming.clone())], voided, ..Query::default() };
            rows.extend(query::list(desk.tx, ledger, &desk.scope, &query, (NEWEST as i64 + 1, 0))?);
        }
        deeds.extend(told(ledger, &rows));
    }
    Ok(deeds)
}

/// Columns of a ledger that name persons.
fn named<'a>(parts: &'a Parts, ledger: &Ledger) -> impl Iterator<Item = &'a str> {
    parts.of_ledger(&ledger.name).iter().filter_map(|part| match part {
        Part::Own(column) => Some(column.as_str()),
        Part::Above(..) | Part::Below(..) => None,
    })
}

/// What became of the rows. A row that a correction replaced is told with the correction.
fn told(ledger: &Ledger, rows: &[Stored]) -> Vec<Deed> {
    let at: BTreeMap<(i64, i64), &Stored> = rows.iter().map(|r| ((r.record_id, r.revision), r)).collect();
    let mut deeds = Vec::new();
    let why = |row: &Stored| match row.void_reason.as_deref() {
        Some(reason) if !reason.is_empty() => format!("原因：{reason}"),
        _ => String::new(),
    };
    for row in rows {
        let (how, reason) = match (at.get(&(row.record_id, row.revision - 1)), row.import) {
            (Some(before), _) => ("更正", why(before)),
            (None, _) if row.revision > 1 => ("更正", String::new()),
            (None, Some(_)) => ("批量导入", String::new()),
            (None, None) => ("登记", String::new()),
        };
        deeds.push((row.recorded_at, row.recorded_by.clone(), format!("{how}“{}”", ledger.title), reason));
        if let Some(when) = row.voided_at
            && !at.contains_key(&(row.record_id, row.revision + 1))
        {
            let by = row.voided_by.clone().unwrap_or_default();
            deeds.push((when, by, format!("作废“{}”", ledger.title), why(row)));
        }
    }
    deeds
}
