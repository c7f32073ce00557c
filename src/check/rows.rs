//! Puts an example's rows into the store, typed by the ledgers' definitions.

use std::collections::BTreeMap;

use super::Codes;
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::{
        example::{Example, ExampleRow, RowValue},
        model::{Field, FieldType},
    },
    ratio::Ratio,
    verdict::{
        low_rank,
        world::{Layout, PERSON, UNIT},
    },
};

const DAY: i64 = 86_400_000_000;

/// The last instant of a day, in µs. Examples know days only, so the zone does not matter.
pub(super) fn end_of_day(day: Day) -> i64 {
    (i64::from(day.0) + 1) * DAY - 1
}

/// Inserts base and added rows; a row with a known id replaces the base's. Ids follow the order of the texts, so that
/// "by id, the last wins" means the same as in the text.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    layout: &Layout,
    base: &BTreeMap<String, Vec<ExampleRow>>,
    example: &Example,
) -> anyhow::Result<Codes> {
    let mut codes = Codes::default();
    let mut all: Vec<(usize, BTreeMap<String, ExampleRow>)> = Vec::new();
    for (table, ledger) in layout.ledgers.iter().enumerate() {
        let rows = base.get(&ledger.name).into_iter().chain(example.add.get(&ledger.name)).flatten();
        let mut by_id: BTreeMap<String, ExampleRow> = BTreeMap::new();
        for (n, row) in rows.enumerate() {
            let id = row.get("id").map_or_else(|| format!("~{n:06}"), text);
            by_id.insert(id, row.clone());
        }
        number(table, &by_id, example.known_at, &mut codes);
        all.push((table, by_id));
    }
    for (table, rows) in &all {
        if !layout.ledgers[*table].derived {
            insert_ledger(tx, layout, *table, rows, &mut codes)?;
        }
    }
    Ok(codes)
}

fn insert_ledger(
    tx: &mut Tx<'_>,
    layout: &Layout,
    table: usize,
    rows: &BTreeMap<String, ExampleRow>,
    codes: &mut Codes,
) -> anyhow::Result<()> {
    let ledger = &layout.ledgers[table];
    let fields: Vec<&Field> = ledger.fields.iter().filter(|f| f.ty != FieldType::Derived).collect();
    let quoted: Vec<String> = fields.iter().map(|f| format!("\"{}\"", f.name)).collect();
    let common = ["record_id", "revision", "record_code", "unit_id", "recorded_at", "recorded_by", "voided_at"];
    let columns: Vec<&str> = common.into_iter().chain(quoted.iter().map(String::as_str)).collect();
    let replaced = replaced(rows);
    let mut values: Vec<Vec<Value>> = Vec::new();
    let mut revisions: BTreeMap<i64, i64> = BTreeMap::new();
    for (id, row) in rows {
        let day = |key: &str| row.get(key).map(text).as_deref().and_then(Day::parse);
        let voided = [day("voided"), replaced.get(id).copied()].into_iter().flatten().min();
        let unit = row.get("unit").map(|u| reference(codes, UNIT, &text(u)));
        let record = codes.id(table, id).unwrap_or_default();
        let revision = revisions.entry(record).and_modify(|n| *n += 1).or_insert(1);
        let mut one = vec![
            record.into(),
            (*revision).into(),
            id.as_str().into(),
            unit.into(),
            day("recorded").map_or(0, |d| i64::from(d.0) * DAY).into(),
            "例".into(),
            voided.map(|d| i64::from(d.0) * DAY).into(),
        ];
        for field in &fields {
            one.push(row.get(&field.name).map_or(Value::Null, |v| stored(layout, field, v, codes)));
        }
        values.push(one);
    }
    tx.bulk(&format!("l_{}", ledger.name), &columns, values.iter().map(Vec::as_slice))?;
    Ok(())
}

/// Gives every row its record id: a replacement is the same record under another name, so that what refers to either
/// finds it. The record is shown by the name of the row that is known.
fn number(table: usize, rows: &BTreeMap<String, ExampleRow>, known_at: Option<Day>, codes: &mut Codes) {
    let replaces = |id: &str| rows.get(id).and_then(|row| row.get("replaces")).map(text);
    for (n, id) in rows.keys().enumerate() {
        codes.put(table, id, n as i64 + 1);
    }
    for id in rows.keys() {
        let mut first = id.clone();
        for _ in 0..rows.len() {
            match replaces(&first).filter(|r| rows.contains_key(r)) {
                Some(earlier) => first = earlier,
                None => break,
            }
        }
        if let Some(record) = codes.id(table, &first).filter(|_| first != *id) {
            codes.ids.insert((table, id.clone()), record);
            let recorded = rows[id].get("recorded").map(text).as_deref().and_then(Day::parse);
            if known_at.is_none_or(|k| recorded.is_none_or(|r| r <= k)) {
                codes.codes.insert((table, record), id.clone());
            }
        }
    }
}

/// What is replaced, and from which day on.
fn replaced(rows: &BTreeMap<String, ExampleRow>) -> BTreeMap<String, Day> {
    let day = |row: &ExampleRow| row.get("recorded").map(text).as_deref().and_then(Day::parse).unwrap_or(Day(0));
    rows.values().filter_map(|row| Some((text(row.get("replaces")?), day(row)))).collect()
}

fn text(value: &RowValue) -> String {
    match value {
        RowValue::Text(t) | RowValue::Decimal(t) => t.clone(),
        RowValue::Int(n) => n.to_string(),
        RowValue::Flag(b) => i64::from(*b).to_string(),
        RowValue::List(of) => of.join("|"),
    }
}

/// A reference to a row that is not there stays filled.
fn reference(codes: &mut Codes, table: usize, code: &str) -> i64 {
    codes.id(table, code).unwrap_or_else(|| {
        let id = 1_000_000 + codes.ids.len() as i64;
        codes.put(table, code, id);
        id
    })
}

fn stored(layout: &Layout, field: &Field, value: &RowValue, codes: &mut Codes) -> Value {
    let text = text(value);
    if text.is_empty() {
        return Value::Null;
    }
    match &field.ty {
        FieldType::Integer => text.parse::<i64>().ok().into(),
        FieldType::Flag => i64::from(matches!(text.as_str(), "1" | "true" | "是")).into(),
        FieldType::Decimal => {
            Ratio::parse_decimal(&text).and_then(|r| r.times(Ratio::whole(10_000))).map(Ratio::floor).into()
        }
        FieldType::Money => fen(&text).into(),
        FieldType::Person => reference(codes, PERSON, &text).into(),
        FieldType::Unit => reference(codes, UNIT, &text).into(),
        FieldType::Ref(to) => match layout.index(to) {
            Some(table) if layout.ledgers[table].derived => {
                text.rsplit_once('|').and_then(|(u, y)| Some(low_rank::id(codes.id(UNIT, u)?, y.parse().ok()?))).into()
            }
            Some(table) => reference(codes, table, &text).into(),
            None => Value::Null,
        },
        _ => text.as_str().into(),
    }
}

/// `5000元`, `300万元`, or a whole number of 分.
fn fen(text: &str) -> Option<i64> {
    let (number, scale) = match (text.strip_suffix("万元"), text.strip_suffix('元')) {
        (Some(n), _) => (n, 1_000_000),
        (None, Some(n)) => (n, 100),
        (None, None) => (text, 1),
    };
    Some(Ratio::parse_decimal(number.trim())?.times(Ratio::whole(scale))?.floor())
}
