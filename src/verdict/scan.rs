//! Which rows a measure looks at: those related to the subject, seen in the frame, that pass the filter.

use std::rc::Rc;

use super::{
    compile::{Access, Relate, Rows, Step},
    eval::{Eval, Fate, Frame, Seen, Subject},
    index::Index,
    world::{EMPTY, Node, PERSON, UNIT},
};
use crate::{day::Day, directive::model::At};

impl Eval<'_> {
    /// Gives the rows that pass the filter or may pass it, and says whether anybody was there at all before the filter.
    pub fn scan(&self, rows: &Rows, subject: &Subject, frame: &Frame, mut found: impl FnMut(Seen)) -> bool {
        let mut anybody = false;
        let span = self.span(rows, frame);
        self.candidates(rows, subject, frame, span, |day, row| {
            let day = if span.is_some() { Some(day) } else { self.visible(rows, row, frame, false) };
            let Some(day) = day else {
                let future = self.world.tables[rows.table].opens[row] > self.as_of;
                self.note(rows.table, row, || if future { Fate::Future } else { Fate::Outside });
                return;
            };
            anybody = true;
            let told = match rows.filter.is_empty() {
                true => Ok(None),
                false => self.conditions(Node { table: rows.table, row }, day, &rows.filter, subject, frame),
            };
            match told {
                Ok(None) => {
                    self.note(rows.table, row, || Fate::Counted);
                    found(Seen { row, day, sure: true, instead: false });
                }
                Ok(Some(field)) => {
                    self.note(rows.table, row, || Fate::Unclear(field.to_owned()));
                    found(Seen { row, day, sure: false, instead: false });
                }
                Err(field) => self.note(rows.table, row, || Fate::Fails(field.to_owned())),
            }
        });
        anybody
    }

    /// How many rows pass, where that can be told without looking at them: all of one key between two days.
    pub fn count(&self, rows: &Rows, subject: &Subject, frame: &Frame) -> Option<usize> {
        let span = self.span(rows, frame).filter(|_| rows.filter.is_empty())?;
        let Relate::Via(pairs) = &rows.relate else { return None };
        let [(Access { steps, .. }, None)] = pairs.as_slice() else { return None };
        let [Step::Column(column)] = steps.as_slice() else { return None };
        if subject.node.table == UNIT {
            return None;
        }
        let key = self.world.tables[subject.node.table].ids[subject.node.row];
        Some(self.column(rows.table, *column).rows(key, Some(span)).len())
    }

    /// The row's day for its paths, if the row is seen in the frame.
    pub(super) fn visible(&self, rows: &Rows, row: usize, frame: &Frame, undated: bool) -> Option<Day> {
        let at_day = |at| match at {
            At::Start if frame.from > Day::MIN => frame.from,
            _ => frame.seen,
        };
        if rows.table == PERSON {
            let day = rows.at.map_or(frame.seen, at_day);
            return self.world.chart.post_on(row, day.min(self.as_of)).map(|_| day);
        }
        let table = &self.world.tables[rows.table];
        let opens = table.opens[row];
        if opens > self.as_of {
            return None;
        }
        if let Some(at) = rows.at {
            let day = at_day(at);
            let there = opens <= day && day <= table.closing(row);
            if !there || rows.dated.is_none() {
                return there.then_some(day);
            }
        }
        match rows.dated {
            Some((column, true)) => {
                let about = table.cell(row, column);
                (Some(about) == frame.label && opens <= frame.shut).then_some(opens)
            }
            Some((column, false)) => {
                let day = table.cell(row, column);
                let inside = i64::from(frame.from.0) <= day && day <= i64::from(frame.seen.0);
                (day != EMPTY && inside).then_some(opens)
            }
            None => (undated || (frame.from <= opens && opens <= frame.seen)).then_some(opens),
        }
    }

    /// Rows related to the subject, with their own days: those in the span, or whatever their day.
    pub(super) fn candidates(
        &self,
        rows: &Rows,
        subject: &Subject,
        frame: &Frame,
        span: Option<(Day, Day)>,
        mut f: impl FnMut(Day, usize),
    ) {
        let opens = &self.world.tables[rows.table].opens;
        let mut given = |day, row| {
            if span.is_none_or(|(from, to)| from <= day && day <= to) {
                f(day, row);
            }
        };
        match &rows.relate {
            Relate::All => opens.iter().enumerate().for_each(|(row, day)| given(*day, row)),
            Relate::Combination => subject.rows.iter().for_each(|row| given(opens[*row], *row)),
            Relate::Owner => {
                let day = match rows.at {
                    Some(At::Start) if frame.from > Day::MIN => Some(frame.from),
                    Some(_) => Some(frame.seen),
                    None => None,
                };
                let index = self.index(rows, day, |eval, row, own| {
                    eval.unit_of(Node { table: rows.table, row }, day.unwrap_or(own)).map_or(EMPTY, |u| u as i64)
                });
                let owned = self.world.chart.owned.get(subject.node.row).map_or(&[][..], |o| o);
                owned.iter().flat_map(|u| index.rows(*u as i64, span)).for_each(|(day, row)| f(day, row));
            }
            Relate::Via(pairs) => self.via(rows, pairs, subject, span, f),
        }
    }

    /// Where a row is seen by its own day alone: from which day to which. Not while fates are noted, for those outside
    /// have one too.
    pub(super) fn span(&self, rows: &Rows, frame: &Frame) -> Option<(Day, Day)> {
        let own_day = rows.table != PERSON && rows.at.is_none() && rows.dated.is_none();
        (own_day && !self.tracing.get()).then(|| (frame.from, frame.seen.min(self.as_of)))
    }

    fn via(
        &self,
        rows: &Rows,
        pairs: &[(Access, Option<Access>)],
        subject: &Subject,
        span: Option<(Day, Day)>,
        mut f: impl FnMut(Day, usize),
    ) {
        let wanted = |access: &Option<Access>| match access {
            None => self.world.tables[subject.node.table].ids[subject.node.row],
            Some(a) => self.value(subject.node, a, subject.opens, Day::MAX),
        };
        let Some((first, rest)) = pairs.split_first() else { return };
        let index = match first.0.steps.as_slice() {
            [Step::Column(column)] => self.column(rows.table, *column),
            _ => self.index(rows, None, |eval, row, own| {
                eval.value(Node { table: rows.table, row }, &first.0, own, Day::MAX)
            }),
        };
        let others: Vec<(&Access, i64)> = rest.iter().map(|(a, s)| (a, wanted(s))).collect();
        let mut of = |key: i64| {
            for (day, row) in index.rows(key, span) {
                let related = others.iter().all(|(a, want)| {
                    *want != EMPTY && self.value(Node { table: rows.table, row }, a, day, Day::MAX) == *want
                });
                if related {
                    f(day, row);
                }
            }
        };
        let owned = match &first.1 {
            None if subject.node.table == UNIT => self.world.chart.owned.get(subject.node.row),
            _ => None,
        };
        match owned {
            Some(units) => units.iter().for_each(|u| of(self.world.tables[UNIT].ids[*u])),
            None => Some(wanted(&first.1)).filter(|key| *key != EMPTY).into_iter().for_each(of),
        }
    }

    fn index(&self, rows: &Rows, day: Option<Day>, key: impl Fn(&Self, usize, Day) -> i64) -> Rc<Index> {
        let slot = (rows.key, day.unwrap_or(Day::MIN));
        if let Some(index) = self.indexes.borrow().get(&slot) {
            return Rc::clone(index);
        }
        let opens = &self.world.tables[rows.table].opens;
        let keyed = opens.iter().enumerate().map(|(row, day)| (key(self, row, *day), *day, row as u32));
        let index = Rc::new(Index::new(keyed.collect()));
        self.indexes.borrow_mut().insert(slot, Rc::clone(&index));
        index
    }

    /// Rows by a column of their own, which all requirements on this world share.
    fn column(&self, table: usize, column: usize) -> Rc<Index> {
        if let Some((_, index)) = self.by_column.borrow().iter().find(|(of, _)| *of == (table, column)) {
            return Rc::clone(index);
        }
        let t = &self.world.tables[table];
        let keyed = t.opens.iter().enumerate().map(|(row, day)| (t.cell(row, column), *day, row as u32));
        let index = Rc::new(Index::new(keyed.collect()));
        self.by_column.borrow_mut().push(((table, column), Rc::clone(&index)));
        index
    }
}
