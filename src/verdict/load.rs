//! Reads a world from the store: what was known at an instant, only the columns that are judged, or a slice of the rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    compile::Given,
    kind::Kind,
    low_rank,
    needs::{Need, Needs},
    overlay::{self, Laid, Overlay},
    world::{EMPTY, Layout, Table, Texts, UNIT, World},
};
use crate::{
    calendar::Workdays,
    day::Day,
    db::{Tx, Value},
    directive::model::{Ledger, LedgerKind},
    ledger::NewRow,
    org::{builtin, chart::Chart},
};

/// What to read.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Which tables and columns.
    pub needs: &'a Needs,
    /// What all questions together need of the tables that are read whole.
    pub union: &'a Needs,
    /// Only what was recorded by this instant (µs), and voided after it; `None`: everything not voided.
    pub known_at: Option<i64>,
    /// The day asked; only the derived ledger `low_rank` depends on it.
    pub as_of: Day,
    /// Settings in force.
    pub given: &'a Given,
    /// Rows of tables that are cut to these ranges.
    pub slice: BTreeMap<usize, Cut>,
}

/// A cut through a ledger: the column (`None`: the record id) and ranges of ids, both ends included.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Which column.
    pub column: Option<usize>,
    /// Ranges that do not overlap.
    pub ranges: Vec<(i64, i64)>,
}

/// Whole tables, read once and used by every world of one question. They hold the columns of the needs they were first
/// read with, so these must be the union of all.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    tables: BTreeMap<usize, Arc<Table>>,
    chart: Option<Arc<Chart>>,
    texts: Texts,
    /// Rows of the last cut through a table: the next will have about as many.
    cut: BTreeMap<usize, usize>,
    /// Rows that are not in the store yet.
    overlay: Arc<Overlay>,
}

impl Shared {
    /// Nothing read yet; `texts` are those of the compiled requirements.
    pub fn new(texts: Texts) -> Shared {
        Shared { texts, ..Shared::default() }
    }

    /// The chart, once it is read.
    pub fn chart(&self) -> Option<&Chart> {
        self.chart.as_deref()
    }

    /// Record id of the first unit: the city's organ.
    pub fn first_unit(&self) -> Option<i64> {
        let row = *self.chart()?.tops.first()?;
        self.table(UNIT)?.ids.get(row).copied()
    }

    /// Record ids of a unit and of the 科室 that belong to it (5.1).
    pub fn owned(&self, unit: i64) -> BTreeSet<i64> {
        let below = self.table(UNIT).zip(self.chart()).into_iter().flat_map(|(units, chart)| {
            let rows = units.row_of(unit).and_then(|row| chart.owned.get(row)).into_iter().flatten();
            rows.map(|row| units.ids[*row]).collect::<Vec<i64>>()
        });
        below.chain([unit]).collect()
    }

    /// A table that was read whole.
    pub fn table(&self, table: usize) -> Option<&Table> {
        self.tables.get(&table).map(Arc::as_ref)
    }

    /// The same with rows laid over what is read from now on; no table that they touch may have been read before.
    pub fn over(self, overlay: Overlay) -> Shared {
        Shared { overlay: Arc::new(overlay), ..self }
    }

    /// Keeps the organisation alone, for questions on other facts about the same chart.
    pub fn organisation(mut self) -> Shared {
        self.tables.retain(|table, _| *table < builtin::COUNT);
        self
    }
}

/// Reads a world: cut tables afresh, whole tables through `shared`.
///
/// # Errors
/// When the store cannot be read.
pub fn world<'w>(
    tx: &mut Tx<'_>,
    layout: &'w Layout,
    workdays: &'w Workdays,
    ask: &Ask<'_>,
    shared: &mut Shared,
) -> anyhow::Result<World<'w>> {
    let nothing = Arc::new(Table::default());
    let overlay = Arc::clone(&shared.overlay);
    let laid = |table: &usize| overlay.tables.get(table);
    let mut tables: Vec<Arc<Table>> = vec![nothing; layout.ledgers.len()];
    let stored = ask.needs.tables.iter().filter(|(i, _)| !layout.ledgers[**i].derived);
    let (cut, whole): (Vec<_>, Vec<_>) = stored.partition(|(i, _)| ask.slice.contains_key(i));
    for (i, need) in whole {
        if !shared.tables.contains_key(i) {
            let need = ask.union.tables.get(i).unwrap_or(need);
            let read = table(tx, layout, *i, need, ask, (None, 0, laid(i)), &mut shared.texts)?;
            shared.tables.insert(*i, Arc::new(read));
        }
        tables[*i] = Arc::clone(&shared.tables[i]);
    }
    let mut texts = shared.texts.clone();
    for (i, need) in cut {
        let about = shared.cut.get(i).map_or(0, |rows| rows + rows / 8);
        let read = table(tx, layout, *i, need, ask, (ask.slice.get(i), about, laid(i)), &mut texts)?;
        shared.cut.insert(*i, read.len());
        tables[*i] = Arc::new(read);
    }
    if let Some(i) = layout.index("low_rank").filter(|i| layout.ledgers[*i].derived && ask.needs.tables.contains_key(i))
    {
        let k = low_rank::k(ask.given);
        tables[i] = Arc::new(low_rank::table(layout, &layout.ledgers[i], &tables, &mut texts, k, ask.as_of));
    }
    let chart = shared.chart.get_or_insert_with(|| Arc::new(Chart::new(layout, &tables)));
    let chart = Arc::clone(chart);
    Ok(World { layout, tables, chart, texts, workdays })
}

fn table(
    tx: &mut Tx<'_>,
    layout: &Layout,
    index: usize,
    need: &Need,
    ask: &Ask<'_>,
    (cut, about, laid): (Option<&Cut>, usize, Option<&Laid>),
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
    let sql = format!("select {} from l_{} where ", select.join(", "), ledger.name);
    let everything = [(i64::MIN, i64::MAX)];
    let ranges = cut.map_or(&everything[..], |c| &c.ranges);

    let mut t = Table { columns: vec![Vec::new(); ledger.fields.len()], ..Table::default() };
    t.opens.reserve(about);
    columns.iter().for_each(|(column, _)| t.columns[*column].reserve(about));
    let kinds = &layout.kinds[index];
    let register = ledger.kind == LedgerKind::Register;
    let mut days = Days::default();
    for range in ranges {
        let (mut filter, mut params) = filter(ledger, ask, cut.map(|c| (c.column, *range)));
        if let Some(laid) = laid.filter(|l| !l.gone.is_empty()) {
            params.push(laid.gone_text().into());
            filter.push_str(&format!(" and not record_id {}", tx.among(&format!("${}", params.len()))));
        }
        tx.each(&(sql.clone() + &filter), &params, |row| {
            if let Some(i) = id {
                t.ids.push(row.i64(i)?);
            }
            if let Some(i) = unit {
                t.unit.push(row.opt_i64(i)?.unwrap_or(EMPTY));
            }
            if let Some(i) = recorded {
                t.recorded.push(row.i64(i)?);
            }
            let mut day = |i| -> anyhow::Result<Day> {
                Ok(row.opt_bytes(i)?.and_then(|text| days.read(text)).unwrap_or(Day::MAX))
            };
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
                    Kind::Choice(of) if let Some(cell) = choice(of, row.opt_bytes(*i)?) => cell,
                    _ => row.opt_text(*i)?.map_or(EMPTY, |text| kind.read_text(text, texts)),
                });
            }
            Ok(())
        })?;
    }
    for (record, recorded, row) in laid.into_iter().flat_map(|l| l.within(cut)) {
        lay(&mut t, (ledger, kinds), need, (*record, *recorded, row), texts);
    }
    if need.lookup {
        sort(&mut t);
    }
    Ok(t)
}

/// Adds a row that is not in the store yet, as it would be read.
fn lay(
    t: &mut Table,
    (ledger, kinds): (&Ledger, &[Kind]),
    need: &Need,
    (record, recorded, row): (i64, i64, &NewRow),
    texts: &mut Texts,
) {
    if need.lookup {
        t.ids.push(record);
    }
    if need.unit {
        t.unit.push(row.unit.unwrap_or(EMPTY));
    }
    if need.recorded {
        t.recorded.push(recorded);
    }
    t.opens.push(match ledger.opening() {
        Some(field) => overlay::day(ledger, row, field),
        None if ledger.kind == LedgerKind::Register => Day::MIN,
        None => Day::MAX,
    });
    if let Some(field) = ledger.closing() {
        t.closes.push(overlay::day(ledger, row, field));
    }
    for column in &need.columns {
        let (kind, value) = (&kinds[*column], &row.values[*column]);
        t.columns[*column].push(match kind {
            Kind::TalkLevel | Kind::ActualDays | Kind::Nothing => continue,
            Kind::Number(_) | Kind::Money | Kind::Flag | Kind::Ref(_) => value.as_i64().unwrap_or(EMPTY),
            Kind::Choice(of) if let Some(cell) = choice(of, value.as_text().map(str::as_bytes)) => cell,
            _ => value.as_text().map_or(EMPTY, |text| kind.read_text(text, texts)),
        });
    }
}

/// The position of one of the choices on offer; an empty cell is [`EMPTY`].
fn choice(of: &[String], text: Option<&[u8]>) -> Option<i64> {
    let Some(text) = text else { return Some(EMPTY) };
    of.iter().position(|c| c.as_bytes() == text).map(|i| i as i64)
}

/// Reads days, quickly where many are of one year.
#[derive(Default)]
struct Days {
    /// `2025-`.
    year: [u8; 5],
    /// The day before the first of each month.
    months: [Day; 12],
}

impl Days {
    #[inline]
    fn read(&mut self, text: &[u8]) -> Option<Day> {
        if let [year @ .., m1 @ b'0'..=b'1', m2 @ b'0'..=b'9', b'-', d1 @ b'0'..=b'2', d2 @ b'0'..=b'9'] = text
            && *year == self.year
        {
            let (month, day) = ((m1 - b'0') * 10 + (m2 - b'0'), (d1 - b'0') * 10 + (d2 - b'0'));
            // Every month has these days.
            if (1..=12).contains(&month) && (1..=28).contains(&day) {
                return Some(Day(self.months[usize::from(month) - 1].0 + i32::from(day)));
            }
        }
        self.parse(text)
    }

    fn parse(&mut self, text: &[u8]) -> Option<Day> {
        let day = Day::parse(std::str::from_utf8(text).ok()?)?;
        let (year, ..) = day.ymd();
        if *text.get(..5)? != self.year {
            for (month, before) in (1..).zip(&mut self.months) {
                *before = Day::from_ymd(year, month, 1)?.plus(-1);
            }
            self.year.copy_from_slice(&text[..5]);
        }
        Some(day)
    }
}

/// The condition on revision, and on the cut.
fn filter(ledger: &Ledger, ask: &Ask<'_>, cut: Option<(Option<usize>, (i64, i64))>) -> (String, Vec<Value>) {
    let mut params = Vec::new();
    let mut sql = match ask.known_at {
        None => "voided_at is null".to_owned(),
        Some(at) => {
            params.push(Value::from(at));
            "recorded_at <= $1 and (voided_at is null or voided_at > $1)".to_owned()
        }
    };
    if let Some((column, (first, last))) = cut {
        let n = params.len();
        let column = column.map_or("record_id".to_owned(), |c| format!("\"{}\"", ledger.fields[c].name));
        sql.push_str(&format!(" and {column} >= ${} and {column} <= ${}", n + 1, n + 2));
        params.extend([Value::from(first), Value::from(last)]);
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
    pick(&mut t.ids, &order);
    pick(&mut t.unit, &order);
    pick(&mut t.opens, &order);
    pick(&mut t.closes, &order);
    pick(&mut t.recorded, &order);
    t.columns.iter_mut().for_each(|c| pick(c, &order));
}

fn pick<T: Copy>(of: &mut Vec<T>, order: &[usize]) {
    if !of.is_empty() {
        *of = order.iter().map(|i| of[*i]).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_the_parser_reads_them() {
        let mut days = Days::default();
        for text in ["2025-03-09", "2025-12-31", "2024-02-29", "2025-02-29", "2025-00-05", "2025-13-05", "2025-04-31"] {
            assert_eq!(days.read(text.as_bytes()), Day::parse(text), "{text}");
        }
        for text in ["", "2025", "2025-", "2025-1-1", "2025-19-28", "2025-02-00", "x2025-02-01", "2025-02-01x"] {
            assert_eq!(days.read(text.as_bytes()), None, "{text}");
        }
        let from = Day::parse("2023-11-01").unwrap();
        for n in 0..1_000 {
            let day = from.plus(n);
            assert_eq!(days.read(day.to_string().as_bytes()), Some(day));
        }
    }
}
