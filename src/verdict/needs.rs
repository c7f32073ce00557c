//! Which tables and columns a requirement reads, so that nothing else is loaded, and which of them may be cut to a slice.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    compile::{Access, Check, Compiled, Conditions, Fold, Relate, Rows, Side, Step},
    kind::Kind,
    world::{CHARGE, Layout, PERSON, POST, UNIT},
};
use crate::directive::model::Each;

/// What is read of each ledger, by its position in the layout.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// By ledger.
    pub tables: BTreeMap<usize, Need>,
}

/// What is read of one ledger.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// Columns.
    pub columns: BTreeSet<usize>,
    /// Rows are looked up by record id, or shown.
    pub lookup: bool,
    /// The typed unit is read.
    pub unit: bool,
    /// The instant of recording decides between rows of one day.
    pub recorded: bool,
    /// The column by which rows point at the subject.
    pub pointing: BTreeSet<usize>,
    /// Rows are read by another way than that column, so that the table cannot be cut.
    pub whole: bool,
    /// Rows are gone through; else they are only reached by references, and a new row changes nothing yet.
    pub walked: bool,
}

impl Needs {
    /// The organisation, which every judgement reads.
    pub fn organisation(layout: &Layout) -> Needs {
        let mut needs = Needs::default();
        for (table, columns) in [
            (UNIT, &["level", "parent"][..]),
            (PERSON, &["born"]),
            (POST, &["person", "duty", "main"]),
            (CHARGE, &["person"]),
        ] {
            let need = needs.tables.entry(table).or_default();
            need.columns.extend(columns.iter().filter_map(|c| layout.ledgers[table].field_index(c)));
            (need.lookup, need.unit, need.whole) = (true, true, true);
        }
        needs
    }

    /// Adds what a requirement reads.
    pub fn add(&mut self, layout: &Layout, c: &Compiled) {
        let mut walk = Walk { layout, needs: self };
        walk.subject(c);
        for fold in &c.folds {
            walk.fold(c, fold);
        }
    }

    /// Takes in everything of another.
    pub fn merge(&mut self, other: &Needs) {
        for (table, need) in &other.tables {
            let own = self.tables.entry(*table).or_default();
            own.columns.extend(&need.columns);
            own.pointing.extend(&need.pointing);
            own.lookup |= need.lookup;
            own.unit |= need.unit;
            own.recorded |= need.recorded;
            own.whole |= need.whole;
            own.walked |= need.walked;
        }
    }
}

struct Walk<'a> {
    layout: &'a Layout,
    needs: &'a mut Needs,
}

impl Walk<'_> {
    fn need(&mut self, table: usize) -> &mut Need {
        if self.layout.ledgers[table].derived {
            self.assessments();
        }
        self.needs.tables.entry(table).or_default()
    }

    /// The derived ledger `low_rank` is read off the final results.
    fn assessments(&mut self) {
        let Some(table) = self.layout.index("assessment") else { return };
        let ledger = &self.layout.ledgers[table];
        let need = self.needs.tables.entry(table).or_default();
        need.columns.extend(["year", "score"].iter().filter_map(|f| ledger.field_index(f)));
        (need.lookup, need.unit, need.recorded, need.whole) = (true, true, true, true);
        need.walked = true;
    }

    fn subject(&mut self, c: &Compiled) {
        self.need(c.table).lookup = true;
        self.unit_of(c.table);
        self.conditions(c, c.table, &c.filter);
        for access in c.per.iter().chain(&c.by).chain(c.part_by.iter().flatten()) {
            self.access(c.table, access);
        }
        if let Some((place, access)) = &c.again {
            let table = match place.map(|i| &c.per[i].kind) {
                Some(Kind::Ref(to)) => *to,
                _ => c.table,
            };
            self.need(table).lookup = true;
            self.access(table, access);
        }
    }

    fn fold(&mut self, c: &Compiled, fold: &Fold) {
        match fold {
            Fold::Count(rows) => self.rows(c, rows, false),
            Fold::Sum(rows, field) | Fold::Distinct(rows, field) => {
                self.rows(c, rows, false);
                self.access(rows.table, field);
            }
            Fold::Latest(rows, field) => {
                self.rows(c, rows, false);
                self.access(rows.table, field);
                let need = self.need(rows.table);
                (need.recorded, need.lookup) = (true, true);
            }
            Fold::Share(rows, that) => {
                self.rows(c, rows, false);
                self.conditions(c, rows.table, that);
            }
            Fold::Ratio(top, bottom) => {
                self.fold(c, top);
                self.fold(c, bottom);
            }
            Fold::Change(rows, from, to) => {
                self.rows(c, rows, false);
                self.access(rows.table, from);
                self.access(rows.table, to);
            }
            Fold::Span(from, to) => {
                self.access(c.table, from);
                self.access(c.table, to);
            }
            Fold::Holds(conds) => self.conditions(c, c.table, conds),
        }
    }

    fn conditions(&mut self, c: &Compiled, table: usize, conds: &Conditions) {
        for cond in &conds.all {
            self.access(table, &cond.access);
            let sides = match &cond.test {
                Check::Filled(_) => &[][..],
                Check::Equal(_, sides) => sides,
                Check::Order(_, side) => std::slice::from_ref(side),
            };
            for side in sides {
                if let Side::Subject(access) = side {
                    self.access(c.table, access);
                }
            }
        }
        self.need(table).lookup |= !conds.has.is_empty();
        for rows in &conds.has {
            self.rows(c, rows, true);
        }
    }

    /// `related`: in `has`, where the rows belong to another row than the subject.
    fn rows(&mut self, c: &Compiled, rows: &Rows, related: bool) {
        self.conditions(c, rows.table, &rows.filter);
        let all = matches!(c.requirement.each, Each::System | Each::Unit);
        let mut whole = related || rows.table == c.table || all;
        match &rows.relate {
            Relate::All => whole = true,
            Relate::Owner => {
                self.unit_of(rows.table);
                whole = true;
            }
            // The rows of the combination itself, which have its first key.
            Relate::Combination => whole = related || all,
            Relate::Via(pairs) => {
                for (row, subject) in pairs {
                    self.access(rows.table, row);
                    if let Some(subject) = subject {
                        self.access(c.table, subject);
                    }
                }
                match pairs.first() {
                    Some((Access { steps, .. }, None)) if !whole => match steps.as_slice() {
                        [Step::Column(i)] => {
                            self.need(rows.table).pointing.insert(*i);
                        }
                        _ => whole = true,
                    },
                    _ => whole = true,
                }
            }
        }
        let dated = rows.dated.map(|(column, _)| column);
        let need = self.need(rows.table);
        need.whole |= whole;
        need.walked |= whole;
        need.columns.extend(dated);
        if let Some(last) = &rows.last_per {
            (need.recorded, need.lookup) = (true, true);
            self.access(rows.table, last);
        }
    }

    fn access(&mut self, table: usize, access: &Access) {
        let mut at = table;
        for (i, step) in access.steps.iter().enumerate() {
            let last = i + 1 == access.steps.len();
            match step {
                Step::Column(column) => {
                    self.need(at).columns.insert(*column);
                    if let (false, Kind::Ref(to)) = (last, &self.layout.kinds[at][*column]) {
                        at = *to;
                        let need = self.need(at);
                        (need.lookup, need.whole) = (true, true);
                    }
                }
                Step::Id => self.need(at).lookup = true,
                Step::Unit => {
                    self.unit_of(at);
                    at = UNIT;
                }
                Step::Organ => at = UNIT,
                Step::TalkLevel => self.named(at, &["talker", "listener"]),
                Step::ActualDays => self.named(at, &["accepted", "finished"]),
                Step::Duty | Step::Young | Step::TalkDue => {}
            }
        }
    }

    fn named(&mut self, table: usize, fields: &[&str]) {
        let columns: Vec<usize> = fields.iter().filter_map(|f| self.layout.ledgers[table].field_index(f)).collect();
        self.need(table).columns.extend(columns);
    }

    /// What the unit of a row follows from.
    fn unit_of(&mut self, table: usize) {
        let mut at = table;
        for _ in 0..8 {
            let ledger = &self.layout.ledgers[at];
            let Some(column) = ledger.unit_from.as_ref().and_then(|f| ledger.field_index(f)) else {
                self.need(at).unit = true;
                return;
            };
            self.need(at).columns.insert(column);
            let Kind::Ref(to) = self.layout.kinds[at][column] else { return };
            if to == PERSON || to == UNIT {
                return;
            }
            at = to;
            let need = self.need(at);
            (need.lookup, need.whole) = (true, true);
        }
    }
}
