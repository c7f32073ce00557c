//! Measures: from rows to the least and the greatest value still possible (3.1).

use std::collections::BTreeSet;

use super::{
    compile::{Access, Conditions, Fold, Rows},
    eval::{Eval, Fate, Frame, Seen, Subject},
    kind::Kind,
    world::{EMPTY, Node, PERSON},
};
use crate::{
    day::Day,
    directive::model::{At, Slots},
    ratio::Ratio,
};

/// What a measure came to, as if the window shut on the last day seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Least value still possible; `None` without bound.
    pub least: Option<Ratio>,
    /// Greatest value still possible; `None` without bound.
    pub greatest: Option<Ratio>,
    /// There is no value at all: a share of nothing, a ratio over nothing, a change with a gap.
    pub undefined: bool,
    /// Rows that passed the filter, surely or perhaps.
    pub passed: usize,
    /// A share of persons where nobody at all was there (3.7).
    pub nobody: bool,
    /// The measure is a share of persons.
    pub persons: bool,
    /// Numerator as counted, for `pool`.
    pub num: i64,
    /// Denominator as counted, for `pool`.
    pub den: i64,
    /// Of a ratio: its top and bottom.
    pub sides: Option<Box<(Outcome, Outcome)>>,
}

impl Outcome {
    fn exact(value: Ratio, passed: usize) -> Outcome {
        Outcome {
            least: Some(value),
            greatest: Some(value),
            passed,
            num: value.num(),
            den: value.den(),
            ..Outcome::default()
        }
    }

    fn range(least: i64, greatest: i64, passed: usize) -> Outcome {
        let (least, greatest) = (Ratio::whole(least), Ratio::whole(greatest));
        Outcome { greatest: Some(greatest), ..Outcome::exact(least, passed) }
    }

    fn nothing(passed: usize) -> Outcome {
        Outcome { undefined: true, passed, ..Outcome::default() }
    }
}

/// Folds the rows seen in the frame. `named` restricts distinct values to the named members of a slot set (4.9).
pub fn fold(eval: &Eval<'_>, fold: &Fold, subject: &Subject, frame: &Frame, named: Option<&Slots>) -> Outcome {
    match fold {
        Fold::Count(rows) => {
            let (seen, _) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
            let sure = seen.iter().filter(|s| s.sure).count();
            Outcome::range(sure as i64, seen.len() as i64, seen.len())
        }
        Fold::Sum(rows, field) => sum(eval, rows, field, subject, frame),
        Fold::Distinct(rows, field) => distinct(eval, rows, field, subject, frame, named),
        Fold::Share(rows, that) => share(eval, rows, that, subject, frame),
        Fold::Ratio(top, bottom) => {
            ratio(self::fold(eval, top, subject, frame, named), self::fold(eval, bottom, subject, frame, None))
        }
        Fold::Change(rows, from, to) => change(eval, rows, from, to, subject, frame),
        Fold::Latest(rows, field) => latest(eval, rows, field, subject, frame),
        Fold::Span(from, to) => span(eval, from, to, subject, frame),
        Fold::Holds(conds) => match eval.conditions(subject.node, subject.opens, conds, subject, frame) {
            Ok(None) => Outcome::range(1, 1, 1),
            Ok(Some(field)) => {
                eval.note(subject.node.table, subject.node.row, || Fate::Unclear(field.to_owned()));
                Outcome::range(0, 1, 1)
            }
            Err(field) => {
                eval.note(subject.node.table, subject.node.row, || Fate::Fails(field.to_owned()));
                Outcome::range(0, 0, 1)
            }
        },
    }
}

/// What may still become of the measure while the window runs (3.3): least and greatest, `None` without bound.
pub fn still_possible(fold: &Fold, now: &Outcome) -> (Option<Ratio>, Option<Ratio>) {
    match fold {
        Fold::Count(rows) | Fold::Sum(rows, _) | Fold::Distinct(rows, _) => match rows.at {
            Some(At::Start) => (now.least, now.greatest),
            Some(At::End) => (Some(Ratio::ZERO), None),
            None => (now.least, None),
        },
        Fold::Share(..) => (Some(Ratio::ZERO), Some(Ratio::ONE)),
        Fold::Ratio(top, bottom) => {
            let Some(sides) = &now.sides else { return (None, None) };
            let (top, bottom) = (still_possible(top, &sides.0), still_possible(bottom, &sides.1));
            let over = |a: Option<Ratio>, b: Option<Ratio>| a.and_then(|a| b.and_then(|b| a.over(b)));
            let least = if bottom.1.is_none() { Some(Ratio::ZERO) } else { over(top.0, bottom.1) };
            (least.or(Some(Ratio::ZERO)), over(top.1, bottom.0))
        }
        Fold::Change(..) | Fold::Latest(..) => (None, None),
        Fold::Span(..) => (now.least, now.greatest),
        Fold::Holds(_) => (now.least, Some(Ratio::ONE)),
    }
}

/// `last_per`: of each value only the last row by day, then recorded, then id (3.10). A row whose field is empty is of
/// nobody else's, so that it stays.
fn last_per(eval: &Eval<'_>, rows: &Rows, scanned: (Vec<Seen>, bool), frame: &Frame) -> (Vec<Seen>, bool) {
    let Some(access) = &rows.last_per else { return scanned };
    let (mut seen, anybody) = scanned;
    sort_by_time(eval, rows, &mut seen);
    let mut kept: Vec<(i64, Seen)> = Vec::new();
    for s in seen.into_iter().rev() {
        let key = eval.value(Node { table: rows.table, row: s.row }, access, s.day, frame.cutoff);
        match kept.iter_mut().find(|(k, _)| *k == key && key != EMPTY) {
            None => kept.push((key, s)),
            Some((_, last)) if !last.sure && s.sure => {
                // Whether the later row counts cannot be told, so that either may be the last: keep it in doubt.
                kept.push((key, Seen { sure: false, ..s }));
            }
            Some(_) => eval.note(rows.table, s.row, || Fate::Superseded),
        }
    }
    (kept.into_iter().map(|(_, s)| s).collect(), anybody)
}

fn sort_by_time(eval: &Eval<'_>, rows: &Rows, seen: &mut [Seen]) {
    let table = &eval.world.tables[rows.table];
    let recorded = |row: usize| table.recorded.get(row).copied().unwrap_or(0);
    // The day by which the source dates its rows, else the row's own.
    let day = |row: usize| match rows.dated {
        Some((column, false)) => table.cell(row, column),
        _ => i64::from(table.opens[row].0),
    };
    seen.sort_by_key(|s| (day(s.row), recorded(s.row), table.ids[s.row]));
}

fn sum(eval: &Eval<'_>, rows: &Rows, field: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    let (seen, _) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
    let (mut least, mut greatest) = (Ratio::ZERO, Some(Ratio::ZERO));
    let add = |a: Ratio, b: Ratio| a.plus(b).unwrap_or(a);
    for s in &seen {
        match eval.number(Node { table: rows.table, row: s.row }, field, s.day, frame.cutoff) {
            Some(v) if s.sure => {
                least = add(least, v);
                greatest = greatest.map(|g| add(g, v));
            }
            Some(v) if v < Ratio::ZERO => least = add(least, v),
            Some(v) => greatest = greatest.map(|g| add(g, v)),
            None => {
                eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
                greatest = None;
            }
        }
    }
    Outcome { greatest, ..Outcome::exact(least, seen.len()) }
}

fn distinct(
    eval: &Eval<'_>,
    rows: &Rows,
    field: &Access,
    subject: &Subject,
    frame: &Frame,
    named: Option<&Slots>,
) -> Outcome {
    let (seen, _) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
    let (mut sure, mut perhaps, mut open) = (BTreeSet::new(), BTreeSet::new(), 0_i64);
    let all = match &field.kind {
        Kind::Choice(of) | Kind::Choices(of) => Some(of.len() as i64),
        _ => None,
    };
    for s in &seen {
        let cell = eval.value(Node { table: rows.table, row: s.row }, field, s.day, frame.cutoff);
        if cell == EMPTY {
            eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
            // An empty list may hold any choice, an empty field any one value (3.2).
            open += if matches!(field.kind, Kind::Choices(_)) { all.unwrap_or(1) } else { 1 };
            continue;
        }
        let into = if s.sure { &mut sure } else { &mut perhaps };
        match &field.kind {
            Kind::Choices(of) => into.extend((0..of.len() as i64).filter(|i| cell >> i & 1 == 1)),
            _ => {
                into.insert(cell);
            }
        }
    }
    let counts = |cell: &i64| {
        named.is_none_or(|slots| {
            let text = match &field.kind {
                Kind::Choices(of) => of.get(*cell as usize).cloned().unwrap_or_default(),
                kind => kind.show(*cell, &eval.world.texts),
            };
            slots.named.contains(&text)
        })
    };
    let least = sure.iter().filter(|c| counts(c)).count() as i64;
    let more = perhaps.difference(&sure).filter(|c| counts(c)).count() as i64;
    let limit = named.map(|s| s.named.len() as i64).or(all).unwrap_or(i64::MAX);
    Outcome::range(least, (least + more + open).min(limit.max(least)), seen.len())
}

fn share(eval: &Eval<'_>, rows: &Rows, that: &Conditions, subject: &Subject, frame: &Frame) -> Outcome {
    let (seen, anybody) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
    // [sure rows, doubtful rows] that satisfy, fall short, cannot be told.
    let mut n = [[0_i64; 3]; 2];
    for s in &seen {
        let node = Node { table: rows.table, row: s.row };
        let i = match eval.conditions(node, s.day, that, subject, frame) {
            Ok(None) => 0,
            Err(field) => {
                eval.note(rows.table, s.row, || Fate::Short(field.to_owned()));
                1
            }
            Ok(Some(field)) => {
                eval.note(rows.table, s.row, || Fate::Unclear(field.to_owned()));
                2
            }
        };
        n[usize::from(!s.sure)][i] += 1;
    }
    let [[met, short, open], [met2, short2, open2]] = n;
    let sure = met + short + open;
    let (least, greatest) = if sure == 0 {
        // Perhaps nobody belongs here at all: anything is possible.
        (Some(Ratio::ZERO), Some(Ratio::ONE))
    } else {
        (Ratio::new(met, sure + short2 + open2), Ratio::new(met + open + met2 + open2, sure + met2 + open2))
    };
    Outcome {
        least,
        greatest,
        undefined: seen.is_empty(),
        passed: seen.len(),
        nobody: !anybody,
        persons: rows.table == PERSON,
        num: met,
        den: sure + short2 + open2,
        sides: None,
    }
}

fn ratio(top: Outcome, bottom: Outcome) -> Outcome {
    let over = |a: Option<Ratio>, b: Option<Ratio>| a.and_then(|a| b.and_then(|b| a.over(b)));
    let nothing = bottom.greatest == Some(Ratio::ZERO);
    Outcome {
        least: over(top.least, bottom.greatest).or(Some(Ratio::ZERO)),
        greatest: over(top.greatest, bottom.least),
        undefined: nothing,
        passed: top.passed,
        num: top.least.map_or(0, Ratio::floor),
        den: bottom.greatest.map_or(0, Ratio::floor),
        sides: Some(Box::new((top, bottom))),
        ..Outcome::default()
    }
}

fn change(eval: &Eval<'_>, rows: &Rows, from: &Access, to: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    let (seen, _) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
    let (mut before, mut after, mut gap) = (Ratio::ZERO, Ratio::ZERO, false);
    for s in &seen {
        let node = Node { table: rows.table, row: s.row };
        let cell = |access: &Access| eval.number(node, access, s.day, frame.cutoff);
        match (cell(from), cell(to)) {
            (Some(f), Some(t)) if s.sure => {
                before = before.plus(f).unwrap_or(before);
                after = after.plus(t).unwrap_or(after);
            }
            (f, _) => {
                gap = true;
                let field = if f.is_none() { from } else { to };
                eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
            }
        }
    }
    let saved = before.minus(after).unwrap_or(Ratio::ZERO);
    match saved.over(before) {
        Some(value) if !gap => {
            let scale = Ratio::whole(before.den());
            Outcome {
                num: saved.times(scale).map_or(0, Ratio::floor),
                den: before.num(),
                ..Outcome::exact(value, seen.len())
            }
        }
        _ => Outcome::nothing(seen.len()),
    }
}

fn latest(eval: &Eval<'_>, rows: &Rows, field: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    let (mut seen, _) = last_per(eval, rows, eval.scan(rows, subject, frame), frame);
    sort_by_time(eval, rows, &mut seen);
    let passed = seen.len();
    let (mut least, mut greatest) = (None::<Ratio>, None::<Ratio>);
    for s in seen.iter().rev() {
        let node = Node { table: rows.table, row: s.row };
        let Some(value) = eval.number(node, field, s.day, frame.cutoff) else {
            eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
            return Outcome::nothing(passed);
        };
        least = Some(least.map_or(value, |l| l.min(value)));
        greatest = Some(greatest.map_or(value, |g| g.max(value)));
        if s.sure {
            seen.iter().filter(|o| o.row != s.row).for_each(|o| eval.note(rows.table, o.row, || Fate::Superseded));
            let value = least.unwrap_or(Ratio::ZERO);
            return Outcome { greatest, ..Outcome::exact(value, passed) };
        }
    }
    Outcome::nothing(passed)
}

/// Days from one field to the other, both included; without an end, up to the last day seen and growing.
fn span(eval: &Eval<'_>, from: &Access, to: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    let day = |access| match eval.value(subject.node, access, subject.opens, frame.cutoff) {
        EMPTY => None,
        cell => Some(Day(cell as i32)),
    };
    let Some(first) = day(from) else { return Outcome::nothing(0) };
    let end = day(to);
    let last = end.unwrap_or(frame.seen).min(frame.seen);
    let days = Ratio::whole(i64::from((last.0 - first.0 + 1).max(0)));
    let growing = end.is_none() && frame.running;
    Outcome { greatest: if growing { None } else { Some(days) }, ..Outcome::exact(days, 1) }
}
