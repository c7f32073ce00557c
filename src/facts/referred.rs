//! Which standing records refer to records that are about to go: voided, these would leave the others pointing at nothing.

use std::collections::BTreeSet;

use crate::{
    db::{Tx, Value},
    directive::model::FieldType,
    ledger::query::{self, Filter, Query},
    scope::Scope,
    verdict::{
        kind::Kind,
        world::{Layout, PERSON, UNIT},
    },
};

/// Standing records that refer to others, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referring {
    /// Titles of the ledgers, and how many of their records within the scope refer to them.
    pub within: Vec<(String, i64)>,
    /// How many more there are outside the scope, of whichever ledger.
    pub outside: i64,
}

impl Referring {
    /// Nothing refers to them.
    pub fn is_empty(&self) -> bool {
        self.within.is_empty() && self.outside == 0
    }
}

impl std::fmt::Display for Referring {
    /// `指导记录18条、谈话记录2条，另有您范围以外的3条`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let within: Vec<String> = self.within.iter().map(|(title, n)| format!("{title}{n}条")).collect();
        f.write_str(&within.join("、"))?;
        match (self.within.is_empty(), self.outside) {
            (_, 0) => Ok(()),
            (true, n) => write!(f, "您范围以外的{n}条"),
            (false, n) => write!(f, "，另有您范围以外的{n}条"),
        }
    }
}

/// Units or persons to which records refer are not voided.
#[derive(Debug, thiserror::Error)]
#[error("还有记录指向要作废的记录（{0}），作废后它们将没有所指：请先更正或作废它们")]
pub struct StillReferred(pub Referring);

/// Whether records of a table stand as long as others refer to them: units and persons, on which all else rests.
pub fn held_by_references(table: usize) -> bool {
    table == UNIT || table == PERSON
}

/// The standing records that refer to records of a table, or were recorded for them as their unit, those among them left
/// out.
///
/// # Errors
/// When the store cannot be read.
pub fn referring(
    tx: &mut Tx<'_>,
    layout: &Layout,
    (table, gone): (usize, &BTreeSet<i64>),
    scope: &Scope,
) -> anyhow::Result<Referring> {
    let ids: Vec<Value> = gone.iter().map(|id| (*id).into()).collect();
    let mut found = Referring::default();
    for (own, other) in layout.ledgers.iter().enumerate().filter(|(_, l)| !l.derived) {
        let mut any: Vec<Filter> = columns(layout, own, table)
            .into_iter()
            .map(|c| Filter::Is { field: other.fields[c].name.clone(), any_of: ids.clone() })
            .collect();
        any.extend(by_unit(layout, own, table).then(|| Filter::Units(gone.clone())));
        if any.is_empty() {
            continue;
        }
        let mut count = |scope: &Scope| -> anyhow::Result<i64> {
            let all = Query { filters: vec![Filter::Any(any.clone())], ..Query::default() };
            let n = query::count(tx, other, scope, &all, None)?;
            if own != table || n == 0 {
                return Ok(n);
            }
            let filters = vec![Filter::Any(any.clone()), Filter::Records(gone.clone())];
            Ok(n - query::count(tx, other, scope, &Query { filters, ..Query::default() }, None)?)
        };
        let all = count(&Scope::All)?;
        let within = if *scope == Scope::All || all == 0 { all } else { count(scope)? };
        found.within.extend((within > 0).then(|| (other.title.clone(), within)));
        found.outside += all - within;
    }
    Ok(found)
}

/// How records of a ledger (by position) refer to those of a table: by which columns, and whether as the unit for which they
/// were recorded.
pub fn ways(layout: &Layout, own: usize, table: usize) -> (Vec<usize>, bool) {
    (columns(layout, own, table), own != table && by_unit(layout, own, table))
}

/// Positions of the columns of a ledger that refer to records of a table.
pub(super) fn columns(layout: &Layout, own: usize, table: usize) -> Vec<usize> {
    let fields = &layout.ledgers[own].fields;
    let refers = |c: &usize| layout.kinds[own][*c] == Kind::Ref(table) && fields[*c].ty != FieldType::Derived;
    (0..fields.len()).filter(refers).collect()
}

/// Whether the rows of a ledger say themselves for which unit, the table being that of units, they were recorded.
pub(super) fn by_unit(layout: &Layout, own: usize, table: usize) -> bool {
    table == UNIT && layout.ledgers[own].unit_from.is_none()
}
