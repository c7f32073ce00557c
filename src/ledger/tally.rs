//! Facets: the rows of a list counted by the values of their columns, many columns in one pass.

use std::collections::{BTreeMap, HashMap};

use super::{
    query::{Query, UNIT},
    row::{is_number, quoted},
    select::Select,
};
use crate::{
    db::{Row, Tx, Value},
    directive::model::{FieldType, Ledger},
    scope::Scope,
};

/// The values of a column among the rows, with how many rows have each.
#[derive(Clone, Debug, PartialEq)]
pub struct Facet {
    /// Name of the field, or [`UNIT`].
    pub field: String,
    /// Value as stored (one choice each for several choices) and its number of rows, the most frequent first.
    pub values: Vec<(Value, i64)>,
}

/// Counts rows by each of these columns (fields, or [`UNIT`]), each under a query of its own: a facet does without its
/// own condition, so that its counts say what choosing another value would give. Columns with the same query share a
/// pass.
///
/// # Errors
/// When a column cannot be counted by, or the store cannot be read.
pub fn facets(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    asked: &[(String, Query)],
) -> anyhow::Result<Vec<Facet>> {
    let mut found: Vec<Option<Facet>> = vec![None; asked.len()];
    for first in 0..asked.len() {
        if found[first].is_some() {
            continue;
        }
        let query = &asked[first].1;
        let same: Vec<usize> = (first..asked.len()).filter(|i| asked[*i].1 == *query).collect();
        let columns: Vec<&str> = same.iter().map(|i| asked[*i].0.as_str()).collect();
        for (i, facet) in same.into_iter().zip(pass(tx, ledger, scope, query, &columns)?) {
            found[i] = Some(facet);
        }
    }
    Ok(found.into_iter().flatten().collect())
}

fn pass(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    query: &Query,
    columns: &[&str],
) -> anyhow::Result<Vec<Facet>> {
    let select = Select::over(tx, ledger, scope, query)?;
    let mut counters = Vec::with_capacity(columns.len());
    let mut list = Vec::with_capacity(columns.len());
    for column in columns {
        let (number, several) = if *column == UNIT {
            (true, false)
        } else {
            let field = select.plain_field(column)?;
            (is_number(field), matches!(field.ty, FieldType::Choices(_)))
        };
        list.push(format!("r.{}", quoted(column)));
        counters.push(Counter { number, several, ..Counter::default() });
    }
    tx.each(&select.columns(&list.join(", ")), &select.params.0, |row| {
        counters.iter_mut().enumerate().try_for_each(|(i, counter)| counter.count(row, i))
    })?;
    let facet = |(column, counter): (&&str, Counter)| Facet { field: (*column).to_owned(), values: counter.values() };
    Ok(columns.iter().zip(counters).map(facet).collect())
}

/// The counts of one column.
#[derive(Default)]
struct Counter {
    number: bool,
    several: bool,
    empty: i64,
    numbers: HashMap<i64, i64>,
    texts: HashMap<String, usize>,
    /// Texts in the order of their first row. Rows lie together with those like them, so the last one comes again.
    counts: Vec<(String, i64)>,
    last: usize,
}

impl Counter {
    fn count(&mut self, row: &Row<'_>, column: usize) -> anyhow::Result<()> {
        if self.number {
            match row.opt_i64(column)? {
                Some(n) => *self.numbers.entry(n).or_default() += 1,
                None => self.empty += 1,
            }
            return Ok(());
        }
        let Some(text) = row.opt_text(column)? else {
            self.empty += 1;
            return Ok(());
        };
        if self.counts.get(self.last).is_none_or(|(last, _)| last != text) {
            self.last = match self.texts.get(text) {
                Some(known) => *known,
                None => {
                    self.texts.insert(text.to_owned(), self.counts.len());
                    self.counts.push((text.to_owned(), 0));
                    self.counts.len() - 1
                }
            };
        }
        self.counts[self.last].1 += 1;
        Ok(())
    }

    fn values(self) -> Vec<(Value, i64)> {
        let mut texts: BTreeMap<String, i64> = BTreeMap::new();
        for (text, n) in self.counts {
            if self.several {
                text.split('|').for_each(|choice| *texts.entry(choice.to_owned()).or_default() += n);
            } else {
                texts.insert(text, n);
            }
        }
        let numbers: BTreeMap<i64, i64> = self.numbers.into_iter().collect();
        let numbers = numbers.into_iter().map(|(value, n)| (Value::I64(value), n));
        let mut values: Vec<(Value, i64)> =
            numbers.chain(texts.into_iter().map(|(value, n)| (Value::Text(value), n))).collect();
        values.extend((self.empty > 0).then_some((Value::Null, self.empty)));
        values.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        values
    }
}
