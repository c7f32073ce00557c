//! Units as lists and the chart name and gather them.

use std::collections::{BTreeSet, HashMap};

use super::view::spelling::sound_key;
use crate::{
    day::Day,
    installation::Current,
    names::Names,
    org::chart::{Chart, SECTION},
    scope::Scope,
    verdict::world::{EMPTY, Table, UNIT},
};

/// The units as last read, by their rows.
pub(super) struct Units<'c> {
    /// Who belongs where.
    pub(super) chart: &'c Chart,
    table: &'c Table,
    level: usize,
    parent: usize,
}

impl<'c> Units<'c> {
    /// The units of the organisation; `None` while there is none.
    pub(super) fn of(current: &'c Current) -> Option<Units<'c>> {
        let ledger = &current.engine.layout.ledgers[UNIT];
        Some(Units {
            chart: current.organisation.chart()?,
            table: current.organisation.table(UNIT)?,
            level: ledger.field_index("level")?,
            parent: ledger.field_index("parent")?,
        })
    }

    /// All rows.
    pub(super) fn rows(&self) -> std::ops::Range<usize> {
        0..self.table.len()
    }

    /// The row of a record.
    pub(super) fn row(&self, id: i64) -> Option<usize> {
        self.table.row_of(id)
    }

    /// The record of a row.
    pub(super) fn id(&self, row: usize) -> i64 {
        self.table.ids[row]
    }

    /// Records of the unit and of the 科室 below it (5.1).
    pub(super) fn owned(&self, row: usize) -> BTreeSet<i64> {
        self.chart.owned[row].iter().map(|u| self.id(*u)).collect()
    }

    /// The organ: the unit itself, or what its 科室 belongs to.
    pub(super) fn organ(&self, row: usize) -> usize {
        self.chart.organ[row]
    }

    /// The superior unit.
    pub(super) fn parent(&self, row: usize) -> Option<usize> {
        self.table.row_of(self.table.cell(row, self.parent))
    }

    /// Position among [`LEVELS`](crate::org::builtin::LEVELS), if it is one.
    pub(super) fn level(&self, row: usize) -> Option<usize> {
        let cell = self.table.cell(row, self.level);
        if cell == EMPTY { None } else { usize::try_from(cell).ok() }
    }

    /// Whether it is a 科室.
    pub(super) fn is_section(&self, row: usize) -> bool {
        self.level(row) == usize::try_from(SECTION).ok()
    }

    /// First and last day.
    pub(super) fn life(&self, row: usize) -> (Day, Day) {
        (self.table.opens[row], self.table.closing(row))
    }

    /// Whether the unit is there on a day.
    pub(super) fn there(&self, row: usize, day: Day) -> bool {
        let (from, to) = self.life(row);
        from <= day && day <= to
    }

    /// Whether a reader of this scope sees the unit.
    pub(super) fn seen(&self, scope: &Scope, row: usize) -> bool {
        scope.has_unit(self.id(row))
    }

    /// A unit and its organ, for [`Names::load`].
    pub(super) fn with_organ(&self, id: i64) -> impl Iterator<Item = i64> {
        [Some(id), self.row(id).map(|u| self.id(self.organ(u)))].into_iter().flatten()
    }

    /// `柳溪县发改局 投资股`: a 科室 with its organ, since 办公室 is in each.
    pub(super) fn label(&self, names: &Names, id: i64) -> String {
        let title = names.title(UNIT, id);
        let organ = self.row(id).map(|u| self.organ(u)).map_or("", |o| names.title(UNIT, self.id(o)));
        if organ.is_empty() || title.starts_with(organ) { title.to_owned() } else { format!("{organ} {title}") }
    }

    /// Where each unit stands in a list of units: organs by name, the top one first, each before its 科室.
    pub(super) fn ranks(&self, names: &Names) -> HashMap<usize, usize> {
        let key = |u: &usize| {
            let organ = self.organ(*u);
            let name = |u: usize| sound_key(names.title(UNIT, self.id(u)));
            let top = !self.chart.tops.contains(&organ);
            (top, name(organ), organ, *u != organ, name(*u))
        };
        let mut rows: Vec<usize> = self.rows().collect();
        rows.sort_by_cached_key(key);
        rows.into_iter().enumerate().map(|(rank, unit)| (unit, rank)).collect()
    }
}
