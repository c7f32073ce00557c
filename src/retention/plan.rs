//! Which records go because the time for which they are kept is over, and which stay nevertheless, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    attempts::{self, Attempts},
    dated, due_records,
};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::Ledger,
    installation::Current,
    ledger::{row::quoted, store},
    scope::Scope,
    verdict::{
        kind::Kind,
        touch::{Changed, Touch, touched},
        words::window_name,
    },
};

/// A record: position of its ledger in the layout, and its id.
pub type Record = (usize, i64);

/// What would go, and what would stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Records that go, in an order in which none is referred to by a later one.
    pub go: Vec<Record>,
    /// Records past their time that stay, and why.
    pub held: BTreeMap<Record, String>,
    /// The same of 答卷, which are in no ledger.
    pub attempts: Attempts,
    /// Codes of all these records, where they have one.
    pub codes: HashMap<Record, String>,
}

/// What a deletion as of a day would do, in one ledger (its name, [`attempts::NAME`] for 答卷) or in all.
///
/// # Errors
/// When the store cannot be read.
pub fn plan(tx: &mut Tx<'_>, current: &Current, today: Day, only: Option<&str>) -> anyhow::Result<Plan> {
    let (mut plan, mut open) = (Plan::default(), BTreeSet::new());
    if only.is_none_or(|name| name == attempts::NAME) {
        plan.attempts = attempts::plan(tx, current, today)?;
    }
    let ledgers = &current.engine.layout.ledgers;
    for (table, ledger) in ledgers.iter().enumerate().filter(|(_, l)| !l.derived && only.is_none_or(|n| n == l.name)) {
        let due = due_records(tx, ledger, today)?;
        for (record, code) in due {
            open.insert((table, record));
            plan.codes.extend(code.map(|code| ((table, record), code)));
        }
    }
    for record in open.clone() {
        if let Some(why) = rested_on(tx, current, record)? {
            plan.held.insert(record, why);
            open.remove(&record);
        }
    }
    // Who refers goes before what it refers to; what is left refers to itself in a circle, or is referred to from outside.
    let mut referrers: BTreeMap<Record, BTreeSet<Record>> = BTreeMap::new();
    for table in open.iter().map(|(table, _)| *table).collect::<BTreeSet<_>>() {
        let ids: Vec<i64> = open.iter().filter(|(t, _)| *t == table).map(|(_, id)| *id).collect();
        referrers.extend(referring(tx, current, table, &ids)?);
    }
    let none = BTreeSet::new();
    let mut gone: BTreeSet<Record> = BTreeSet::new();
    loop {
        let free = |r: &Record| referrers.get(r).unwrap_or(&none).iter().all(|by| by == r || gone.contains(by));
        let round: Vec<Record> = open.iter().filter(|r| free(r)).copied().collect();
        if round.is_empty() {
            break;
        }
        open.retain(|r| !round.contains(r));
        gone.extend(&round);
        plan.go.extend(round);
    }
    for record in open {
        let by = referrers.get(&record).unwrap_or(&none).iter().filter(|by| !gone.contains(by)).copied();
        plan.held.insert(record, referred_words(ledgers, &by.collect()));
    }
    Ok(plan)
}

/// Why a record must stay at this moment, where these go with it.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn held(
    tx: &mut Tx<'_>,
    current: &Current,
    record: Record,
    gone: &BTreeSet<Record>,
) -> anyhow::Result<Option<String>> {
    if let Some(why) = rested_on(tx, current, record)? {
        return Ok(Some(why));
    }
    let mut by = referring(tx, current, record.0, &[record.1])?.remove(&record).unwrap_or_default();
    by.retain(|by| *by != record && !gone.contains(by));
    Ok((!by.is_empty()).then(|| referred_words(&current.engine.layout.ledgers, &by)))
}

fn referred_words(ledgers: &[Ledger], by: &BTreeSet<Record>) -> String {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    by.iter().for_each(|(table, _)| *counts.entry(*table).or_default() += 1);
    let words: Vec<String> = counts.iter().map(|(table, n)| format!("“{}”{n}条", ledgers[*table].title)).collect();
    format!("还有记录指向它：{}", words.join("、"))
}

/// The records that stand and refer to these of one ledger, by what they refer to.
fn referring(
    tx: &mut Tx<'_>,
    current: &Current,
    table: usize,
    ids: &[i64],
) -> anyhow::Result<BTreeMap<Record, BTreeSet<Record>>> {
    let layout = &current.engine.layout;
    let list: Value = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let mut found: BTreeMap<Record, BTreeSet<Record>> = BTreeMap::new();
    for (other, ledger) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
        for column in (0..ledger.fields.len()).filter(|c| layout.kinds[other][*c] == Kind::Ref(table)) {
            let column = quoted(&ledger.fields[column].name);
            let sql = format!(
                "select {column}, record_id from {} where voided_at is null and {column} {}",
                quoted(&format!("l_{}", ledger.name)),
                tx.among("$1")
            );
            tx.each(&sql, std::slice::from_ref(&list), |r| {
                found.entry((table, r.i64(0)?)).or_default().insert((other, r.i64(1)?));
                Ok(())
            })?;
        }
    }
    Ok(found)
}

/// The verdict, the request or the doubt that rests on a record; what was voided bears none.
fn rested_on(tx: &mut Tx<'_>, current: &Current, (table, record): Record) -> anyhow::Result<Option<String>> {
    let ledger = &current.engine.layout.ledgers[table];
    for (asked, why) in [("correction_request", "有没答复的更正申请"), ("doubt", "有没答复的存疑")] {
        let open =
            format!("select 1 from {asked} where ledger = $1 and record_id = $2 and answered_at is null limit 1");
        if tx.one(&open, &[(&ledger.name).into(), record.into()], |r| r.i64(0))?.is_some() {
            return Ok(Some(why.into()));
        }
    }
    let Some(row) = store::get(tx, ledger, &Scope::All, record, None)? else { return Ok(None) };
    let day = |field: Option<&str>| field.and_then(|f| row.value(ledger, f).as_text().map(str::to_owned));
    let Some(last) = day(dated(ledger)) else { return Ok(None) };
    let first = day(ledger.opening()).unwrap_or_else(|| last.clone());
    let change = Changed { table, record, before: Some(row.values.clone()), after: None };
    let Some(touched) = touched(&current.engine, &[change]) else {
        return Ok(Some("机构和任职的沿革以它为据".into()));
    };
    for (i, touch) in touched {
        let requirement = &current.engine.compiled[i].requirement.id;
        let mut params: Vec<Value> = vec![requirement.as_str().into(), first.as_str().into(), last.as_str().into()];
        let mut which = String::new();
        if let Touch::Subjects(ids) = touch {
            params.push(ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
            which = format!(" and subject {}", tx.among("$4"));
        }
        let sql = format!(
            "select window_label from verdict where requirement = $1 and state <> 'na' \
             and (window_to is null or window_to >= $2) and (window_from is null or window_from <= $3){which} \
             order by window_label limit 1"
        );
        if let Some(window) = tx.one(&sql, &params, |r| Ok(r.text(0)?.to_owned()))? {
            return Ok(Some(format!("要求 {requirement} 的判定（{}）以它为据", window_name(&window))));
        }
    }
    Ok(None)
}
