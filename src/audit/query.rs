//! Entries for people: the newest first, by what they tell of, in pages that do not move when new ones come.

use std::collections::BTreeMap;

use super::{
    kind::Kind,
    sequence::{COLUMNS, Read},
    tree::Hash,
};
use crate::{
    db::{Row, Tx, Value},
    scope::Scope,
};

/// Of how many of the newest entries a facet counts the values.
pub const COUNTED: i64 = 5_000;
/// Values of a facet.
const VALUES: usize = 24;
/// Entries of an index are worth looking at one by one below so many, where they lie in their order anyway.
const FEW: i64 = 5_000;
/// And below so many, where they must be put in order first: that reads numbers alone.
const SOME: i64 = 100_000;

/// Which entries; nothing given, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Any of these kinds.
    pub kinds: Vec<Kind>,
    /// Any of these names.
    pub actors: Vec<String>,
    /// Any of these ledgers.
    pub ledgers: Vec<String>,
    /// From this instant, µs.
    pub from: Option<i64>,
    /// Before this instant, µs.
    pub until: Option<i64>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its row, by which lists go on.
    pub row_id: i64,
    /// Its number; `None` as long as it waits for one.
    pub seq: Option<i64>,
    /// When, µs.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// The word of its kind.
    pub kind: String,
    /// The ledger, where it is one.
    pub ledger: Option<String>,
    /// Which rows (`written`).
    pub written: String,
    /// JSON; `None` when erased.
    pub payload: Option<String>,
    /// Whether it is as it was when it was numbered.
    pub intact: bool,
}

/// The newest entries before a row.
///
/// # Errors
/// When the store cannot be read.
pub fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> anyhow::Result<Vec<Line>> {
    let (newest, params) = newest(tx, scope, filter, before, limit)?;
    let sql = format!("select {COLUMNS} from audit_entry where row_id in ({newest}) order by row_id desc");
    let mut bytes = Vec::new();
    tx.rows(&sql, &params, |row| {
        let entry = Read::of(row);
        let seq = row.opt_i64(1)?;
        let text = |i: usize| row.opt_text(i).map(|t| t.map(str::to_owned));
        let intact = match seq {
            None => true,
            Some(seq) => {
                let facts = entry.facts(&mut bytes);
                entry.text(15).and_then(Hash::parse) == Some(entry.leaf(&mut bytes, &facts, seq))
            }
        };
        Ok(Line {
            row_id: row.i64(0)?,
            seq,
            at: row.i64(2)?,
            actor: row.text(3)?.to_owned(),
            kind: row.text(5)?.to_owned(),
            ledger: text(6)?,
            written: row.text(8)?.to_owned(),
            payload: text(12)?,
            intact,
        })
    })
}

/// A property that entries are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Their kind.
    Kind,
    /// Who.
    Actor,
    /// The ledger.
    Ledger,
}

/// Values of each property and how many of the newest entries have them, the conditions on the other properties respected.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter, of: &[By]) -> anyhow::Result<Vec<Vec<(String, i64)>>> {
    // Entries that meet all conditions are looked at once for every property without one of its own.
    let mut looked: Vec<(Filter, Vec<[Option<String>; 3]>)> = Vec::new();
    let mut counts = Vec::new();
    for by in of {
        let mut others = filter.clone();
        match by {
            By::Kind => others.kinds.clear(),
            By::Actor => others.actors.clear(),
            By::Ledger => others.ledgers.clear(),
        }
        if !looked.iter().any(|(f, _)| *f == others) {
            looked.push((others.clone(), properties(tx, scope, &others)?));
        }
        let found = looked.iter().find(|(f, _)| *f == others).map_or(&[][..], |(_, found)| found);
        let mut sums: BTreeMap<&str, i64> = BTreeMap::new();
        found.iter().filter_map(|p| p[*by as usize].as_deref()).for_each(|value| *sums.entry(value).or_default() += 1);
        let mut sums: Vec<(String, i64)> = sums.into_iter().map(|(value, n)| (value.to_owned(), n)).collect();
        sums.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        sums.truncate(VALUES);
        counts.push(sums);
    }
    Ok(counts)
}

/// Kind, name and ledger of the newest entries.
fn properties(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> anyhow::Result<Vec<[Option<String>; 3]>> {
    let (newest, params) = newest(tx, scope, filter, None, COUNTED)?;
    let sql = format!("select kind, actor, ledger from audit_entry where row_id in ({newest})");
    let text = |r: &Row<'_>, i| anyhow::Ok(r.opt_text(i)?.map(str::to_owned));
    tx.rows(&sql, &params, |r| Ok([text(r, 0)?, text(r, 1)?, text(r, 2)?]))
}

/// A condition that an index serves.
enum Condition<'a> {
    /// The column has one of these values.
    Is(&'static str, Vec<&'a str>),
    /// The unit is one of these, apart by commas.
    Units(String),
    /// From the one instant, before the other.
    At(Option<i64>, Option<i64>),
}

impl Condition<'_> {
    /// As the index serves it: conditions of which one must hold.
    fn served(&self, tx: &Tx<'_>, params: &mut Vec<Value>) -> Vec<String> {
        match self {
            Condition::Is(column, values) => {
                values.iter().map(|value| format!("{column} = {}", bind(params, *value))).collect()
            }
            Condition::Units(_) | Condition::At(..) => vec![self.plain(tx, params, "")],
        }
    }

    /// As it is looked at in an entry: no index is over these expressions.
    fn apart(&self, tx: &Tx<'_>, params: &mut Vec<Value>) -> String {
        match self {
            Condition::Is(column, values) => {
                let places: Vec<String> = values.iter().map(|value| bind(params, *value)).collect();
                format!("{column} || '' in ({})", places.join(", "))
            }
            Condition::Units(_) | Condition::At(..) => self.plain(tx, params, " + 0"),
        }
    }

    fn plain(&self, tx: &Tx<'_>, params: &mut Vec<Value>, changed: &str) -> String {
        match self {
            Condition::Is(..) => String::new(),
            Condition::Units(ids) => format!("unit_id{changed} {}", tx.among(&bind(params, ids.as_str()))),
            Condition::At(from, until) => {
                let bounds = [(from, ">="), (until, "<")].into_iter();
                let each = bounds.filter_map(|(at, sign)| Some(format!("at{changed} {sign} {}", bind(params, (*at)?))));
                each.collect::<Vec<_>>().join(" and ")
            }
        }
    }

    /// Entries that the index gives lie in their order.
    fn in_order(&self) -> bool {
        matches!(self, Condition::Is(..))
    }
}

fn bind(params: &mut Vec<Value>, value: impl Into<Value>) -> String {
    params.push(value.into());
    format!("${}", params.len())
}

/// The statement that gives the rows of the newest entries, and what is bound in it. One condition is met by its index,
/// the others are looked at in the entries that it gives.
fn newest(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> anyhow::Result<(String, Vec<Value>)> {
    let conditions = conditions(scope, filter);
    let first = choose(tx, &conditions)?;
    let mut params = Vec::new();
    let limit = bind(&mut params, limit);
    let mut others: Vec<String> = Vec::new();
    for (_, condition) in conditions.iter().enumerate().filter(|(i, _)| Some(*i) != first) {
        others.push(condition.apart(tx, &mut params));
    }
    others.extend(before.map(|before| format!("row_id < {}", bind(&mut params, before))));
    let branch = |own: Option<&String>| {
        let all: Vec<&str> = own.into_iter().chain(&others).map(String::as_str).collect();
        let conditions = if all.is_empty() { String::new() } else { format!(" where {}", all.join(" and ")) };
        format!("select row_id from audit_entry{conditions} order by row_id desc limit {limit}")
    };
    let served = first.map(|i| conditions[i].served(tx, &mut params)).unwrap_or_default();
    let sql = match &served[..] {
        [] => branch(None),
        [one] => branch(Some(one)),
        several => {
            let each =
                several.iter().enumerate().map(|(i, one)| format!("select row_id from ({}) b{i}", branch(Some(one))));
            let union = each.collect::<Vec<_>>().join(" union all ");
            format!("select row_id from ({union}) u order by row_id desc limit {limit}")
        }
    };
    Ok((sql, params))
}

fn conditions<'f>(scope: &Scope, filter: &'f Filter) -> Vec<Condition<'f>> {
    let texts = |values: &'f [String]| values.iter().map(String::as_str).collect::<Vec<_>>();
    let kinds = filter.kinds.iter().map(|k| k.as_str()).collect();
    let is = [("kind", kinds), ("actor", texts(&filter.actors)), ("ledger", texts(&filter.ledgers))];
    let is =
        is.into_iter().filter(|(_, values)| !values.is_empty()).map(|(column, values)| Condition::Is(column, values));
    let units = match scope {
        Scope::All => None,
        Scope::Within(reach) => {
            Some(Condition::Units(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",")))
        }
    };
    let at = (filter.from.is_some() || filter.until.is_some()).then_some(Condition::At(filter.from, filter.until));
    is.chain(units).chain(at).collect()
}

/// The condition that the fewest entries meet; of those that many meet, one whose entries lie in their order, else none.
/// The store does not know how many meet one, so a few of each are counted.
fn choose(tx: &mut Tx<'_>, conditions: &[Condition<'_>]) -> anyhow::Result<Option<usize>> {
    if let [only] = conditions
        && only.in_order()
    {
        return Ok(Some(0));
    }
    let mut best: Option<(bool, i64, usize)> = None;
    for (i, condition) in conditions.iter().enumerate() {
        let mut params = Vec::new();
        let most = if condition.in_order() { FEW } else { SOME };
        let any = condition.served(tx, &mut params).join(" or ");
        let sql = format!("select count(*) from (select 1 as one from audit_entry where {any} limit {most}) few");
        let n = tx.one(&sql, &params, |r| r.i64(0))?.unwrap_or(0);
        if n < most || condition.in_order() {
            best = Some(best.map_or((n >= most, n, i), |b| b.min((n >= most, n, i))));
        }
    }
    Ok(best.map(|(_, _, i)| i))
}
