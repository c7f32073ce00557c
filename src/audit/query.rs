//! Entries for people: the newest first, by what they tell of, in pages that do not move when new ones come.

use super::{
    kind::Kind,
    sequence::{COLUMNS, Read},
    tree::Hash,
};
use crate::{
    db::{Tx, Value},
    scope::Scope,
};

/// Of how many of the newest entries a facet counts the values.
const COUNTED: i64 = 100_000;
/// Values of a facet.
const VALUES: i64 = 24;

/// Which entries; nothing given, all.
#[derive(Clone, Debug, Default)]
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
    let (mut conditions, mut params) = conditions(tx, scope, filter);
    if let Some(before) = before {
        params.push(before.into());
        conditions.push(format!("row_id < ${}", params.len()));
    }
    params.push(limit.into());
    let sql = format!(
        "select {COLUMNS} from audit_entry{} order by row_id desc limit ${}",
        where_clause(&conditions),
        params.len()
    );
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

/// Values of a property and how many of the newest entries have them, the other conditions respected.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter, by: By) -> anyhow::Result<Vec<(String, i64)>> {
    let mut others = filter.clone();
    let column = match by {
        By::Kind => {
            others.kinds.clear();
            "kind"
        }
        By::Actor => {
            others.actors.clear();
            "actor"
        }
        By::Ledger => {
            others.ledgers.clear();
            "ledger"
        }
    };
    let (conditions, mut params) = conditions(tx, scope, &others);
    params.extend([COUNTED.into(), VALUES.into()]);
    let n = params.len();
    let sql = format!(
        "select {column}, count(*) from (select {column} from audit_entry{} order by row_id desc limit ${}) newest \
         where {column} is not null group by {column} order by count(*) desc, {column} limit ${n}",
        where_clause(&conditions),
        n - 1
    );
    tx.rows(&sql, &params, |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))
}

fn conditions(tx: &Tx<'_>, scope: &Scope, filter: &Filter) -> (Vec<String>, Vec<Value>) {
    let (mut conditions, mut params): (Vec<String>, Vec<Value>) = (Vec::new(), Vec::new());
    if let Scope::Within(reach) = scope {
        params.push(reach.units.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into());
        conditions.push(format!("unit_id {}", tx.among(&format!("${}", params.len()))));
    }
    let kinds = filter.kinds.iter().map(|k| k.as_str().to_owned()).collect();
    for (column, values) in [("kind", &kinds), ("actor", &filter.actors), ("ledger", &filter.ledgers)] {
        let any: Vec<String> = values
            .iter()
            .map(|value| {
                params.push(value.as_str().into());
                format!("{column} = ${}", params.len())
            })
            .collect();
        if !any.is_empty() {
            conditions.push(format!("({})", any.join(" or ")));
        }
    }
    for (bound, sign) in [(filter.from, ">="), (filter.until, "<")] {
        if let Some(bound) = bound {
            params.push(bound.into());
            conditions.push(format!("at {sign} ${}", params.len()));
        }
    }
    (conditions, params)
}

fn where_clause(conditions: &[String]) -> String {
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) }
}
