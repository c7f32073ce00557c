//! Conditions on a row (3.2): they hold, do not hold, or cannot be told because a field is empty.

use std::sync::Arc;

use super::{
    compile::{Check, Condition, Conditions, Rows, Side},
    eval::{Eval, Frame, Subject},
    kind::Kind,
    world::{EMPTY, Node},
};
use crate::{day::Day, directive::model::Value};

impl Eval<'_> {
    /// Whether a row satisfies conditions. `Err` names what fails, `Ok(Some)` names what cannot be told.
    pub fn conditions<'c>(
        &self,
        node: Node,
        day: Day,
        conds: &'c Conditions,
        subject: &Subject,
        frame: &Frame,
    ) -> Result<Option<&'c str>, &'c str> {
        let mut unclear = None;
        for c in &conds.all {
            match self.condition(node, day, c, subject, frame) {
                Some(true) => {}
                Some(false) => return Err(&c.access.text),
                None => unclear = Some(c.access.text.as_str()),
            }
        }
        for rows in &conds.has {
            match self.has(node, day, rows, subject, frame) {
                Some(true) => {}
                Some(false) => return Err("has"),
                None => unclear = Some("has"),
            }
        }
        Ok(unclear)
    }

    #[inline]
    fn condition(&self, node: Node, day: Day, c: &Condition, subject: &Subject, frame: &Frame) -> Option<bool> {
        let cell = self.value(node, &c.access, day, frame.cutoff);
        match &c.test {
            Check::Filled(yes) => Some((cell != EMPTY) == *yes),
            _ if cell == EMPTY => None,
            Check::Equal(wanted, sides)
                if let ([Side::Fixed(literal, _)], false) =
                    (sides.as_slice(), matches!(c.access.kind, Kind::Choices(_))) =>
            {
                Some((cell == *literal) == *wanted)
            }
            Check::Equal(wanted, sides) => {
                let mut unclear = false;
                for side in sides {
                    match self.equal(cell, &c.access.kind, side, subject, frame) {
                        Some(true) => return Some(*wanted),
                        Some(false) => {}
                        None => unclear = true,
                    }
                }
                if unclear { None } else { Some(!wanted) }
            }
            Check::Order(flags, side) => {
                let order = self.order(cell, &c.access.kind, side, subject, frame)?;
                Some(flags[(order as i8 + 1) as usize])
            }
        }
    }

    fn equal(&self, cell: i64, kind: &Kind, side: &Side, subject: &Subject, frame: &Frame) -> Option<bool> {
        match side {
            Side::Unset => None,
            Side::Fixed(literal, _) if matches!(kind, Kind::Choices(_)) => {
                Some((0..63).contains(literal) && cell >> literal & 1 == 1)
            }
            Side::Fixed(literal, _) => Some(cell == *literal),
            Side::Subject(access) => {
                let other = self.value(subject.node, access, subject.opens, frame.cutoff);
                if other == EMPTY {
                    return None;
                }
                if access.kind == *kind {
                    return Some(cell == other);
                }
                match (kind.number(cell), access.kind.number(other)) {
                    (Some(a), Some(b)) if kind.is_number() && access.kind.is_number() => Some(a == b),
                    _ => Some(kind.show(cell, &self.world.texts) == access.kind.show(other, &self.world.texts)),
                }
            }
        }
    }

    fn order(
        &self,
        cell: i64,
        kind: &Kind,
        side: &Side,
        subject: &Subject,
        frame: &Frame,
    ) -> Option<std::cmp::Ordering> {
        let other = match side {
            Side::Unset => return None,
            Side::Fixed(literal, _) if *literal != Side::NEVER => kind.number(*literal)?,
            Side::Fixed(_, Value::Number(r)) => *r,
            Side::Fixed(..) => return None,
            Side::Subject(access) => {
                access.kind.number(self.value(subject.node, access, subject.opens, frame.cutoff))?
            }
        };
        Some(kind.number(cell)?.cmp(&other))
    }

    /// At least one related row, up to the day asked; bound by the window only where the source says so.
    fn has(&self, node: Node, day: Day, rows: &Rows, subject: &Subject, frame: &Frame) -> Option<bool> {
        let open = rows.dated.is_none() && rows.at.is_none();
        let all = Frame { from: Day::MIN, seen: self.as_of, ..frame.clone() };
        let bound = if open { &all } else { frame };
        let here = Subject {
            node,
            rows: Vec::new(),
            key: Arc::new([self.world.tables[node.table].ids[node.row]]),
            opens: day,
            life: Vec::new(),
            doubtful: Vec::new(),
            unclear: false,
        };
        let (mut met, mut unclear) = (false, false);
        let span = self.span(rows, bound);
        self.candidates(rows, &here, bound, span, |day, row| {
            let day = if span.is_some() { Some(day) } else { self.visible(rows, row, bound, open) };
            let Some(day) = day.filter(|_| !met) else { return };
            match self.conditions(Node { table: rows.table, row }, day, &rows.filter, subject, frame) {
                Ok(None) => met = true,
                Ok(Some(_)) => unclear = true,
                Err(_) => {}
            }
        });
        if !met && unclear { None } else { Some(met) }
    }
}
