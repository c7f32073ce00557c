//! 连续两年后三位 (R-43, section 7): which 区县 were among the bottom k in the final results of two consecutive years.
//!
//! Ties are in; none if there are no more units than k; no year counts before every 区县 that existed on each of its days
//! has a final result; of several finals of a unit and year the latest counts. A row is found on the day on which the
//! second year became complete.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    compile::Given,
    world::{EMPTY, Layout, Table, Texts, UNIT},
};
use crate::{day::Day, directive::model::Ledger};

/// The record id of a unit and a year.
pub fn id(unit: i64, year: i32) -> i64 {
    unit * 10_000 + i64::from(year)
}

/// How many are "the bottom": the setting `low_rank_k`, or of packages that name it otherwise the whole number in a setting
/// whose name speaks of a rank or of the bottom; the text's three if there is none, nobody where it is not set.
pub fn k(given: &Given) -> i64 {
    if given.settings.contains_key("low_rank_k") {
        return given.whole("low_rank_k").unwrap_or(0);
    }
    let named = |name: &&String| ["low_rank", "bottom", "rank"].iter().any(|word| name.contains(word));
    let other = || given.settings.keys().filter(named).find_map(|name| given.whole(name));
    other().unwrap_or(3)
}

/// Unit and year of [`id`].
pub fn parts(id: i64) -> (i64, i32) {
    (id.div_euclid(10_000), id.rem_euclid(10_000) as i32)
}

/// One year's results as far as they are known.
struct Year {
    bottom: Vec<i64>,
    complete: Day,
}

/// The final result of a unit and year that counts, and the day of the first one.
struct Final {
    /// Day, instant of recording and id: the greatest is the latest.
    order: (Day, i64, i64),
    score: i64,
    first: Day,
}

/// The rows of `low_rank` as of a day, in a table of that ledger's shape.
pub fn table(layout: &Layout, ledger: &Ledger, tables: &[Arc<Table>], texts: &mut Texts, k: i64, as_of: Day) -> Table {
    let years = years(layout, tables, texts, k, as_of);
    let mut rows: Vec<(i64, i64, i32, Day)> = Vec::new();
    for (year, now) in &years {
        let Some(before) = years.get(&(year - 1)) else { continue };
        let found = now.complete.max(before.complete);
        let both = now.bottom.iter().filter(|u| before.bottom.contains(u));
        rows.extend(both.map(|u| (id(*u, *year), *u, *year, found)));
    }
    rows.sort_unstable();
    let mut table = Table { columns: vec![Vec::new(); ledger.fields.len()], ..Table::default() };
    let opening = ledger.opening().unwrap_or_default();
    for (id, unit, year, found) in rows {
        table.ids.push(id);
        table.unit.push(unit);
        table.opens.push(found);
        table.closes.push(Day::MAX);
        table.recorded.push(0);
        for (column, field) in table.columns.iter_mut().zip(&ledger.fields) {
            column.push(match field.name.as_str() {
                "year" => texts.number(&year.to_string()),
                "unit" => unit,
                name if name == opening => i64::from(found.0),
                _ => EMPTY,
            });
        }
    }
    table
}

fn years(layout: &Layout, tables: &[Arc<Table>], texts: &Texts, k: i64, as_of: Day) -> BTreeMap<i32, Year> {
    let Some(assessment) = layout.index("assessment") else { return BTreeMap::new() };
    let (results, ledger) = (&tables[assessment], &layout.ledgers[assessment]);
    let (Some(year), Some(score)) = (ledger.field_index("year"), ledger.field_index("score")) else {
        return BTreeMap::new();
    };
    let mut finals: BTreeMap<i32, BTreeMap<i64, Final>> = BTreeMap::new();
    for row in 0..results.len() {
        let (unit, score) = (results.unit[row], results.cell(row, score));
        let about = texts.text(results.cell(row, year)).parse::<i32>();
        let (Ok(about), true) = (about, results.opens[row] <= as_of && unit != EMPTY && score != EMPTY) else {
            continue;
        };
        let order = (results.opens[row], results.recorded[row], results.ids[row]);
        let first = Final { order, score, first: order.0 };
        let latest = finals.entry(about).or_default().entry(unit).or_insert(first);
        if order >= latest.order {
            (latest.order, latest.score) = (order, score);
        }
        latest.first = latest.first.min(order.0);
    }
    finals.into_iter().filter_map(|(about, units)| Some((about, complete(layout, tables, about, &units, k)?))).collect()
}

fn complete(layout: &Layout, tables: &[Arc<Table>], year: i32, finals: &BTreeMap<i64, Final>, k: i64) -> Option<Year> {
    let units = &tables[UNIT];
    let level = layout.ledgers[UNIT].field_index("level")?;
    let (first, last) = (Day::from_ymd(year, 1, 1)?, Day::from_ymd(year, 12, 31)?);
    let district = |row: &usize| units.cell(*row, level) == 1;
    let mut complete = Day::MIN;
    for row in (0..units.len()).filter(district) {
        if units.opens[row] <= first && units.closing(row) >= last {
            complete = complete.max(finals.get(&units.ids[row])?.first);
        }
    }
    let mut scores: Vec<(i64, i64)> = finals
        .iter()
        .filter(|(unit, _)| units.row_of(**unit).is_some_and(|row| district(&row)))
        .map(|(unit, f)| (f.score, *unit))
        .collect();
    scores.sort_unstable();
    if complete == Day::MIN {
        complete = finals.values().map(|f| f.first).max()?;
    }
    let limit = usize::try_from(k).ok().filter(|k| *k > 0 && scores.len() > *k).map(|k| scores[k - 1].0);
    let bottom = limit.map_or(Vec::new(), |l| scores.iter().filter(|s| s.0 <= l).map(|s| s.1).collect());
    Some(Year { bottom, complete })
}
