//! Who opened, took out or changed what is recorded of a person, when and why (个人信息保护法 art. 44).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    audit::{self, Kind},
    db::{Tx, Value},
    directive::model::Ledger,
    installation::Current,
    ledger::{
        query::{self, Filter, Query, Voided},
        row::Stored,
    },
    scope::Scope,
    verdict::world::PERSON,
};

use super::own;

/// Something that happened to what is recorded of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When, µs.
    pub at: i64,
    /// Who, as the log has it.
    pub by: String,
    /// What: `查看敏感信息：身份证号`.
    pub what: String,
    /// Why; empty where nothing was said.
    pub why: String,
}

/// The newest deeds, latest first, at most `most` of them, and whether there are more. `scope` is what is shown of changes:
/// the rows that whoever asks may see.
///
/// # Errors
/// When the store cannot be read.
pub fn of(
    tx: &mut Tx<'_>,
    current: &Current,
    scope: &Scope,
    person: i64,
    most: usize,
) -> anyhow::Result<(Vec<Deed>, bool)> {
    let mut deeds = seen(tx, current, person, most)?;
    deeds.extend(changed(tx, current, scope, person, most)?);
    deeds.sort_by_key(|d| std::cmp::Reverse(d.at));
    let more = deeds.len() > most;
    deeds.truncate(most);
    Ok((deeds, more))
}

/// Who opened or exported.
fn seen(tx: &mut Tx<'_>, current: &Current, person: i64, most: usize) -> anyhow::Result<Vec<Deed>> {
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
        Deed { at: seen.at, by: seen.actor, what, why }
    };
    Ok(audit::seen(tx, person, most as i64 + 1)?.into_iter().map(deed).collect())
}

/// Who recorded, corrected or voided.
fn changed(tx: &mut Tx<'_>, current: &Current, scope: &Scope, person: i64, most: usize) -> anyhow::Result<Vec<Deed>> {
    let layout = &current.engine.layout;
    let mut deeds = Vec::new();
    for (table, ledger) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
        let own = Filter::Records([person].into());
        let mut naming: Vec<Filter> = own::own_columns(current, ledger)
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
            rows.extend(query::list(tx, ledger, scope, &query, (most as i64 + 1, 0))?);
        }
        deeds.extend(told(ledger, &rows));
    }
    Ok(deeds)
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
        let what = format!("{how}“{}”", ledger.title);
        deeds.push(Deed { at: row.recorded_at, by: row.recorded_by.clone(), what, why: reason });
        if let Some(when) = row.voided_at
            && !at.contains_key(&(row.record_id, row.revision + 1))
        {
            let by = row.voided_by.clone().unwrap_or_default();
            deeds.push(Deed { at: when, by, what: format!("作废“{}”", ledger.title), why: why(row) });
        }
    }
    deeds
}
