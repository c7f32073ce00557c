//! Reads a world from the store: what was known at an instant, only the columns that are judged, or a slice of the rows.

use std::collections::BTreeMap;

use super::{
    compile::Given,
    kind::Kind,
    low_rank,
    needs::{Need, Needs},
    world::{EMPTY, Layout, Table, Texts, World},
};
use crate::{
    calendar::Workdays,
    day::Day,
    db::{Tx, Value},
    directive::model::LedgerKind,
    org::chart::Chart,
};

/// What to read.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Which tables and columns.
    pub needs: &'a Needs,
    /// Only what was recorded by this instant (µs), and voided after it; `None`: everything not voided.
    pub known_at: Option<i64>,
    /// The day asked; only the derived ledger `low_rank` depends on it.
    pub as_of: Day,
    /// Settings in force.
    pub given: &'a Given,
    /// Rows of tables that may be cut: by ledger, the column (`None`: the record id) and the first and last id.
    pub slice: BTreeMap<usize, (Option<usize>, i64, i64)>,
}

/// Reads a world.
///
/// # Errors
/// When the store cannot be read.
pub fn world<'w>(
    tx: &mut Tx<'_>,
    layout: &'w Layout,
    workdays: &'w Workdays,
    mut texts: Texts,
    ask: &Ask<'_>,
) -> anyhow::Result<World<'w>> {
    let mut tables: Vec<Table> = Vec::with_capacity(layout.ledgers.len());
    for i in 0..layout.ledgers.len() {
        tables.push(match ask.needs.tables.get(&i) {
            Some(need) if !layout.ledgers[i].derived => table(tx, layout, i, need, ask, &mut texts)?,
            _ => Table::default(),
        });
    }
    if let Some(i) = layout.index("low_rank").filter(|i| layout.ledgers[*i].derived && ask.needs.tables.contains_key(i)) {
        let k = ask.given.whole("low_rank_k").unwrap_or(3);
        if let Some(assessment) = layout.index("assessment").filter(|a| !ask.needs.tables.contains_key(a)) {
            let ledger = &layout.ledgers[assessment];
            let columns = ["year", "score"].iter().filter_map(|f| ledger.field_index(f)).collect();
            let need = Need { columns, lookup: true, unit: true, recorded: true, ..Need::default() };
            tables[assessment] = table(tx, layout, assessment, &need, ask, &mut texts)?;
        }
        tables[i] = low_rank::table(layout, &layout.ledgers[i], &tables, &mut texts, k, ask.as_of);
    }
    let chart = Chart::new(layout, &tables);
    Ok(World { layout, tables, chart, texts, workdays })
}

fn table(
    tx: &mut Tx<'_>,
    layout: &Layout,
    index: usize,
    need: &Need,
    ask: &Ask<'_>,
    texts: &mut Texts,
) -> anyhow::Result<Table> {
    let ledger = &layout.ledgers[index];
    let mut select: Vec<String> = Vec::new();
    let mut add = |what: String| {
        select.push(what);
        select.len() - 1
    };
    let id = need.lookup.then(|| add("record_id".into()));
    let unit = need.unit.then(|| add("unit_id".into()));
    let recorded = need.recorded.then(|| add("recorded_at".into()));
    let opens = ledger.opening().map(|f| add(format!("\"{f}\"")));
    let closes = ledger.closing().map(|f| add(format!("\"{f}\"")));
    let stored = |i: &&usize| !matches!(layout.kinds[index][**i], Kind::TalkLevel | Kind::ActualDays | Kind::Nothing);
    let columns: Vec<(usize, usize)> =
        need.columns.iter().filter(stored).map(|i| (*i, add(format!("\"{}\"", ledger.fields[*i].name)))).collect();
    if select.is_empty() {
        select.push("record_id".into());
    }
    let (filter, params) = filter(ledger, ask, index);
    let sql = format!("select {} from l_{} where {filter}", select.join(", "), ledger.name);

    let mut t = Table { columns: vec![Vec::new(); ledger.fields.len()], ..Table::default() };
    let kinds = &layout.kinds[index];
    let register = ledger.kind == LedgerKind::Register;
    tx.each(&sql, &params, |row| {
        if let Some(i) = id {
            t.ids.push(row.i64(i)?);
        }
        if let Some(i) = unit {
            t.unit.push(row.opt_i64(i)?.unwrap_or(EMPTY));
        }
        if let Some(i) = recorded {
            t.recorded.push(row.i64(i)?);
        }
        let day = |i| -> anyhow::Result<Day> { Ok(row.opt_text(i)?.and_then(Day::parse).unwrap_or(Day::MAX)) };
        t.opens.push(match opens {
            Some(i) => day(i)?,
            None if register => Day::MIN,
            None => Day::MAX,
        });
        if let Some(i) = closes {
            t.closes.push(day(i)?);
        }
        for (column, i) in &columns {
            let kind = &kinds[*column];
            t.columns[*column].push(match kind {
                Kind::Number(_) | Kind::Money | Kind::Flag | Kind::Ref(_) => row.opt_i64(*i)?.unwrap_or(EMPTY),
                _ => row.opt_text(*i)?.map_or(EMPTY, |text| kind.read_text(text, texts)),
            });
        }
        Ok(())
    })?;
    if need.lookup {
        sort(&mut t);
    }
    Ok(t)
}

fn filter(ledger: &crate::directive::model::Ledger, ask: &Ask<'_>, index: usize) -> (String, Vec<Value>) {
    let mut params = Vec::new();
    let mut sql = match ask.known_at {
        None => "voided_at is null".to_owned(),
        Some(at) => {
            params.push(Value::from(at));
            "recorded_at <= $1 and (voided_at is null or voided_at > $1)".to_owned()
        }
    };
    if let Some((column, first, last)) = ask.slice.get(&index) {
        let n = params.len();
        let column = column.map_or("record_id".to_owned(), |c| format!("\"{}\"", ledger.fields[c].name));
        sql.push_str(&format!(" and {column} >= ${} and {column} <= ${}", n + 1, n + 2));
        params.extend([Value::from(*first), Value::from(*last)]);
    }
    (sql, params)
}

/// Ascending by record id.
fn sort(t: &mut Table) {
    if t.ids.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..t.ids.len()).collect();
    order.sort_unstable_by_key(|i| t.ids[*i]);
    fn pick<T: Copy>(of: &mut Vec<T>, order: &[usize]) {
        if !of.is_empty() {
            *of = order.iter().map(|i| of[*i]).collect();
        }
    }
    pick(&mut t.ids, &order);
    pick(&mut t.unit, &order);
    pick(&mut t.opens, &order);
    pick(&mut t.closes, &order);
    pick(&mut t.recorded, &order);
    t.columns.iter_mut().for_each(|c| pick(c, &order));
}
