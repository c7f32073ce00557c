//! A recorded value as pages show it: days in words, names as links, sensitive fields masked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    org_units::Units,
    record_links,
    view::{ledger::Cell, words::Link},
};
use crate::{
    day::Day,
    db::Value,
    directive::model::FieldType,
    export,
    ledger::{Keys, mask::mask, row::Stored},
    names::{self, Names},
    sheet,
    verdict::{
        kind::Kind,
        words::window_name,
        world::{Layout, UNIT},
    },
};

/// Texts longer than this may wrap in a list.
const SHORT: usize = 14;

/// What the values of a ledger's rows are shown with.
pub(super) struct Shown<'a> {
    /// Definitions.
    pub(super) layout: &'a Layout,
    /// Position of the ledger.
    pub(super) table: usize,
    /// Names of what the rows refer to, from [`wanted`].
    pub(super) names: &'a Names,
    /// Units with their organs.
    pub(super) units: Option<&'a Units<'a>>,
    /// Opens sensitive fields, to be masked.
    pub(super) keys: &'a Keys,
    /// Derived fields, by record and field.
    pub(super) derived: &'a HashMap<(i64, usize), String>,
}

impl Shown<'_> {
    /// The record, person or unit that a field refers to.
    pub(super) fn link(&self, row: &Stored, i: usize) -> Option<Link> {
        match (&row.values[i], &self.layout.kinds[self.table][i]) {
            (Value::I64(id), Kind::Ref(to)) => Some(record_links::to(self.layout, self.names, *to, *id)),
            _ => None,
        }
    }

    /// A field as text; empty where nothing is recorded.
    pub(super) fn text(&self, row: &Stored, i: usize) -> String {
        let field = &self.layout.ledgers[self.table].fields[i];
        let value = &row.values[i];
        if let Some(link) = self.link(row, i) {
            return link.text;
        }
        match (value, &field.ty) {
            (_, FieldType::Derived) => self.derived.get(&(row.record_id, i)).cloned().unwrap_or_default(),
            (Value::Text(sealed), _) if field.sensitive => {
                self.keys.open(sealed).map_or_else(|_| "＊".to_owned(), |plain| mask(field, &plain))
            }
            (Value::Text(day), FieldType::Date) => Day::parse(day).map_or_else(|| day.clone(), Day::chinese),
            (Value::Text(period), FieldType::Period) => window_name(period),
            _ => sheet::display(field, &export::cell(value), &sheet::Ids),
        }
    }

    /// A field in a list.
    pub(super) fn cell(&self, row: &Stored, i: usize) -> Cell {
        if let Some(link) = self.link(row, i) {
            return Cell::Link(link);
        }
        let field = &self.layout.ledgers[self.table].fields[i];
        let text = self.text(row, i);
        match field.ty {
            _ if text.is_empty() => Cell::Empty,
            FieldType::File => Cell::Short(text.chars().take(8).collect()),
            FieldType::Text if text.chars().count() > SHORT => Cell::Long(text),
            _ => Cell::Short(text),
        }
    }

    /// What the row is called: by its title, or by what it refers to.
    pub(super) fn title(&self, row: &Stored) -> String {
        let parts = title_fields(self.layout, self.table).into_iter().map(|i| self.text(row, i));
        let parts: Vec<String> = parts.filter(|t| !t.is_empty()).collect();
        if parts.is_empty() { format!("编号{}", code(row)) } else { parts.join("—") }
    }

    /// A sensitive field whole; only for who may open it, and after that was logged.
    pub(super) fn whole(&self, row: &Stored, i: usize) -> anyhow::Result<String> {
        row.values[i].as_text().map_or(Ok(String::new()), |sealed| self.keys.open(sealed))
    }

    /// The unit that the row belongs to.
    pub(super) fn unit(&self, id: i64) -> Link {
        let link = record_links::to(self.layout, self.names, UNIT, id);
        match self.units {
            Some(units) => Link::new(units.label(self.names, id), link.href),
            None => link,
        }
    }
}

/// Positions of the fields that name a row.
pub(super) fn title_fields(layout: &Layout, table: usize) -> Vec<usize> {
    let ledger = &layout.ledgers[table];
    let (title, refs) = names::title_fields(ledger);
    title.iter().chain(&refs).filter_map(|name| ledger.field_index(name)).collect()
}

/// The code by which people name a record, or its id.
pub(super) fn code(row: &Stored) -> String {
    row.code.clone().unwrap_or_else(|| row.record_id.to_string())
}

/// Everything whose name the rows need, for [`Names::load`].
pub(super) fn wanted(
    layout: &Layout,
    table: usize,
    rows: &[Stored],
    units: Option<&Units<'_>>,
) -> BTreeMap<usize, BTreeSet<i64>> {
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for row in rows {
        for (value, kind) in row.values.iter().zip(&layout.kinds[table]) {
            if let (Value::I64(id), Kind::Ref(to)) = (value, kind) {
                wanted.entry(*to).or_default().insert(*id);
            }
        }
        if let (Some(id), Some(units)) = (row.unit, units) {
            wanted.entry(UNIT).or_default().extend(units.with_organ(id));
        }
    }
    wanted
}
