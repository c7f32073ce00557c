//! Measures: from rows to the least and the greatest value still possible (3.1).

use std::collections::HashMap;

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
            if let Some(n) = eval.count(rows, subject, frame).filter(|_| rows.last_per.is_none()) {
                return Outcome::range(n as i64, n as i64, n);
            }
            let (mut sure, mut all, mut passed) = (0, 0, 0);
            each(eval, rows, subject, frame, |group| {
                sure += i64::from(is_certain(group));
                all += 1;
                passed += group.len();
            });
            Outcome::range(sure, all, passed)
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

/// Whether rows may be dated by a period field, so that the window's label must be known.
pub fn reads_label(fold: &Fold) -> bool {
    let conditions = |c: &Conditions| !c.has.is_empty();
    let rows = |rows: &Rows| matches!(rows.dated, Some((_, true))) || conditions(&rows.filter);
    match fold {
        Fold::Count(of) | Fold::Sum(of, _) | Fold::Distinct(of, _) | Fold::Change(of, ..) | Fold::Latest(of, _) => {
            rows(of)
        }
        Fold::Share(of, that) => rows(of) || conditions(that),
        Fold::Ratio(top, bottom) => reads_label(top) || reads_label(bottom),
        Fold::Holds(c) => conditions(c),
        Fold::Span(..) => false,
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

/// Gives the rows seen, in groups of which one row at most takes part: single rows, but for `last_per`. Says whether
/// anybody was there before the filter.
fn each(eval: &Eval<'_>, rows: &Rows, subject: &Subject, frame: &Frame, mut f: impl FnMut(&[Seen])) -> bool {
    let Some(access) = &rows.last_per else {
        return eval.scan(rows, subject, frame, |s| f(std::slice::from_ref(&s)));
    };
    let mut seen = Vec::new();
    let anybody = eval.scan(rows, subject, frame, |s| seen.push(s));
    last_per(eval, rows, access, seen, frame).chunk_by(|_, next| next.instead).for_each(f);
    anybody
}

/// One of the group surely takes part.
fn is_certain(group: &[Seen]) -> bool {
    group.last().is_some_and(|s| s.sure)
}

/// `last_per`: of each value only the last row by day, then recorded, then id (3.10). Where it cannot be told whether that
/// one passes the filter, the rows before it stand behind it in the list, to the first that does: any of them may be the
/// last. A row whose field is empty is of nobody else's, so that it stays.
fn last_per(eval: &Eval<'_>, rows: &Rows, access: &Access, mut seen: Vec<Seen>, frame: &Frame) -> Vec<Seen> {
    sort_by_time(eval, rows, &mut seen);
    let mut kept: Vec<Vec<Seen>> = Vec::new();
    let mut place = HashMap::new();
    for s in seen.into_iter().rev() {
        let key = eval.value(Node { table: rows.table, row: s.row }, access, s.day, frame.cutoff);
        match place.get(&key).filter(|_| key != EMPTY).map(|i: &usize| &mut kept[*i]) {
            None => {
                place.insert(key, kept.len());
                kept.push(vec![s]);
            }
            Some(group) if !is_certain(group) => group.push(Seen { instead: true, ..s }),
            Some(_) => eval.note(rows.table, s.row, || Fate::Superseded),
        }
    }
    kept.into_iter().flatten().collect()
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
    // All cells of a field have one scale, so that whole numbers are added; beyond 64 bits nothing more is.
    let add = |a: i64, b: i64| a.checked_add(b).unwrap_or(a);
    let (mut least, mut greatest, mut passed) = (0, Some(0), 0);
    each(eval, rows, subject, frame, |group| {
        passed += group.len();
        // What the group may add: nothing if perhaps none of it takes part, at least nothing where the field is empty.
        let nothing = (!is_certain(group)).then_some(0);
        let (mut low, mut high) = (nothing, Some(nothing));
        for s in group {
            let cell = eval.value(Node { table: rows.table, row: s.row }, field, s.day, frame.cutoff);
            let value = (cell != EMPTY).then_some(cell);
            if value.is_none() {
                eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
            }
            let least = value.unwrap_or(0);
            low = Some(low.map_or(least, |l| l.min(least)));
            high = value.and_then(|v| high.map(|h| Some(h.map_or(v, |h| h.max(v)))));
        }
        least = add(least, low.unwrap_or(0));
        greatest = greatest.and_then(|g| Some(add(g, high?.unwrap_or(0))));
    });
    let number = |n| field.kind.number(n).unwrap_or(Ratio::ZERO);
    Outcome { greatest: greatest.map(number), ..Outcome::exact(number(least), passed) }
}

/// So few values are looked through rather than sorted.
const FEW: usize = 16;

fn distinct(
    eval: &Eval<'_>,
    rows: &Rows,
    field: &Access,
    subject: &Subject,
    frame: &Frame,
    named: Option<&Slots>,
) -> Outcome {
    let (mut sure, mut perhaps, mut open) = (Vec::with_capacity(FEW), Vec::new(), 0_i64);
    let all = match &field.kind {
        Kind::Choice(of) | Kind::Choices(of) => Some(of.len() as i64),
        _ => None,
    };
    let mut passed = 0;
    each(eval, rows, subject, frame, |group| {
        passed += group.len();
        for s in group {
            let cell = eval.value(Node { table: rows.table, row: s.row }, field, s.day, frame.cutoff);
            if cell == EMPTY {
                eval.note(rows.table, s.row, || Fate::Unclear(field.text.clone()));
                // An empty list may hold any choice, an empty field any one value (3.2).
                open += if matches!(field.kind, Kind::Choices(_)) { all.unwrap_or(1) } else { 1 };
                continue;
            }
            let into = if s.sure && group.len() == 1 { &mut sure } else { &mut perhaps };
            match &field.kind {
                Kind::Choices(of) => into.extend((0..of.len() as i64).filter(|i| cell >> i & 1 == 1)),
                _ if into.len() <= FEW && into.contains(&cell) => {}
                _ => into.push(cell),
            }
        }
    });
    for cells in [&mut sure, &mut perhaps] {
        cells.sort_unstable();
        cells.dedup();
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
    let more = perhaps.iter().filter(|c| sure.binary_search(c).is_err() && counts(c)).count() as i64;
    let limit = named.map(|s| s.named.len() as i64).or(all).unwrap_or(i64::MAX);
    Outcome::range(least, (least + more + open).min(limit.max(least)), passed)
}

fn share(eval: &Eval<'_>, rows: &Rows, that: &Conditions, subject: &Subject, frame: &Frame) -> Outcome {
    let (mut least, mut most, mut certain, mut passed) = ((0_i64, 0_i64), (0_i64, 0_i64), false, 0);
    let anybody = each(eval, rows, subject, frame, |group| {
        passed += group.len();
        let (mut may_hold, mut may_fail) = (false, false);
        for s in group {
            let node = Node { table: rows.table, row: s.row };
            match eval.conditions(node, s.day, that, subject, frame) {
                Ok(None) => may_hold = true,
                Err(field) => {
                    may_fail = true;
                    eval.note(rows.table, s.row, || Fate::Short(field.to_owned()));
                }
                Ok(Some(field)) => {
                    (may_hold, may_fail) = (true, true);
                    eval.note(rows.table, s.row, || Fate::Unclear(field.to_owned()));
                }
            }
        }
        // A group of which perhaps nothing belongs here is left out where that serves the bound.
        let sure = is_certain(group);
        least = (least.0 + i64::from(sure && !may_fail), least.1 + i64::from(sure || may_fail));
        most = (most.0 + i64::from(may_hold), most.1 + i64::from(sure || may_hold));
        certain |= sure;
    });
    if !certain {
        // Perhaps nobody belongs here at all: anything is possible.
        (least.0, most) = (0, (1, 1));
    }
    Outcome {
        least: Ratio::new(least.0, least.1.max(1)),
        greatest: Ratio::new(most.0, most.1),
        undefined: passed == 0,
        passed,
        nobody: !anybody,
        persons: rows.table == PERSON,
        num: least.0,
        den: least.1,
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
    let (mut before, mut after, mut gap, mut passed) = (Ratio::ZERO, Ratio::ZERO, false, 0);
    each(eval, rows, subject, frame, |group| {
        passed += group.len();
        for s in group {
            let node = Node { table: rows.table, row: s.row };
            let cell = |access: &Access| eval.number(node, access, s.day, frame.cutoff);
            match (cell(from), cell(to)) {
                (Some(f), Some(t)) if s.sure && group.len() == 1 => {
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
    });
    let saved = before.minus(after).unwrap_or(Ratio::ZERO);
    match saved.over(before) {
        Some(value) if !gap => {
            let scale = Ratio::whole(before.den());
            Outcome {
                num: saved.times(scale).map_or(0, Ratio::floor),
                den: before.num(),
                ..Outcome::exact(value, passed)
            }
        }
        _ => Outcome::nothing(passed),
    }
}

fn latest(eval: &Eval<'_>, rows: &Rows, field: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    // The last of all is the last of its value too, so that `last_per` changes nothing.
    let mut seen = Vec::new();
    eval.scan(rows, subject, frame, |s| seen.push(s));
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

/// Days from one field to the other, both included. While the subject has not ended, up to the last day seen and growing;
/// another end that is empty may be any later day (3.2).
fn span(eval: &Eval<'_>, from: &Access, to: &Access, subject: &Subject, frame: &Frame) -> Outcome {
    let day = |access| match eval.value(subject.node, access, subject.opens, frame.cutoff) {
        EMPTY => None,
        cell => Some(Day(cell as i32)),
    };
    let Some(first) = day(from) else { return Outcome::nothing(0) };
    let end = day(to);
    let last = end.unwrap_or(frame.seen).min(frame.seen);
    let days = Ratio::whole(i64::from((last.0 - first.0 + 1).max(0)));
    let lasts = eval.world.layout.ledgers[subject.node.table].closing() == Some(&to.text);
    let growing = end.is_none() && (frame.running || !lasts);
    Outcome { greatest: if growing { None } else { Some(days) }, ..Outcome::exact(days, 1) }
}
