//! Measures: the least and the greatest value still possible (3.1), as if the window shut on the day asked; and how far
//! both may still move while it runs (3.3).

use std::collections::BTreeSet;

use dongliang::{
    day::Day,
    directive::model::{At, Conds, FieldType, Measure, Of, Path, Source},
    ratio::Ratio,
};

use super::{
    BruteRow, Val,
    condition::{Asked, Found, Truth, number},
    subject::Subject,
    target::Bound,
    view::Moment,
};

/// What a measure has found.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    /// An interval.
    Range(Range),
    /// It cannot be told: nobody at all, a ratio over 0, a gap (3.7, 3.10).
    Untold,
    /// None of the kind (3.7).
    NotApplicable,
}

#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) lo: Bound,
    pub(super) hi: Bound,
    /// Nothing passed `where`, not even perhaps (3.6).
    pub(super) nothing: bool,
    /// The least as a fraction: the value shown (3.10). None: no value.
    pub(super) least: Option<(Ratio, Ratio)>,
    /// The greatest, if bounded.
    pub(super) most: Option<(Ratio, Ratio)>,
}

impl Range {
    fn of(least: (Ratio, Ratio), most: Option<(Ratio, Ratio)>, nothing: bool) -> Range {
        let lo = least.0.over(least.1).map_or(Bound::Min, Bound::At);
        let hi = most.and_then(|(n, d)| n.over(d)).map_or(Bound::Max, Bound::At);
        Range { lo, hi, nothing, least: Some(least), most }
    }

    fn whole(lo: i64, hi: i64, nothing: bool) -> Range {
        let one = |n| (Ratio::whole(n), Ratio::ONE);
        Range::of(one(lo), Some(one(hi)), nothing)
    }

    /// The least (3.10); 0 of a share over rows that perhaps all do not belong.
    pub(super) fn value(&self) -> Option<Ratio> {
        self.least.map(|(n, d)| n.over(d).unwrap_or(Ratio::ZERO))
    }
}

/// What one row, or with `last_per` the last of a group, may turn out to be; `None`: nothing.
type Outcomes = Vec<Option<Found>>;

/// As if the window shut on the day asked. `named`: the only values that count (4.9).
pub(super) fn read(asked: &Asked<'_>, measure: &Measure, subject: &Subject, named: Option<&[String]>) -> Reading {
    match measure {
        Measure::Count(source) => {
            let groups = groups(asked, source, subject);
            let sure = groups.iter().filter(|g| g.iter().all(Option::is_some)).count();
            Reading::Range(Range::whole(sure as i64, groups.len() as i64, groups.is_empty()))
        }
        Measure::Sum(source, field) => Reading::Range(sum(asked, &groups(asked, source, subject), field)),
        Measure::Distinct(source, field) => {
            Reading::Range(distinct(asked, &groups(asked, source, subject), field, named))
        }
        Measure::Share(source, that) => share(asked, source, that, subject),
        Measure::Ratio(top, bottom) => ratio(read(asked, top, subject, named), read(asked, bottom, subject, named)),
        Measure::Change(source, from, to) => change(asked, &groups(asked, source, subject), from, to),
        Measure::Latest(source, field) => latest(asked, source, field, subject),
        Measure::Span(from, to) => span(asked, from, to, subject),
        Measure::Holds(conds) => {
            let (lo, hi) = match holds(asked, conds, subject) {
                Truth::No => (0, 0),
                Truth::Maybe => (0, 1),
                Truth::Yes => (1, 1),
            };
            Reading::Range(Range::whole(lo, hi, false))
        }
    }
}

/// 3.3: how far the interval reaches while the window runs. None: both ways, or it cannot be told.
pub(super) fn while_running(measure: &Measure, reading: &Reading, ended: bool) -> (Bound, Bound) {
    let zero = Bound::At(Ratio::ZERO);
    let Reading::Range(range) = reading else { return (Bound::Min, Bound::Max) };
    match measure {
        Measure::Count(source) | Measure::Sum(source, _) | Measure::Distinct(source, _) => match source.at {
            Some(At::Start) => (range.lo, range.hi),
            Some(At::End) => (zero, Bound::Max),
            None => (range.lo, Bound::Max),
        },
        Measure::Share(..) => (zero, Bound::At(Ratio::ONE)),
        Measure::Ratio(top, bottom) => {
            // Top and bottom move on their own; the bounds of the quotient follow from theirs.
            let moves = |m: &Measure| match m {
                Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) => s.at != Some(At::Start),
                _ => true,
            };
            let falls = |m: &Measure| match m {
                Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) => s.at == Some(At::End),
                _ => true,
            };
            let lo = if falls(top) || moves(bottom) { zero } else { range.lo };
            let hi = if moves(top) || falls(bottom) { Bound::Max } else { range.hi };
            (lo, hi)
        }
        Measure::Change(..) | Measure::Latest(..) => (Bound::Min, Bound::Max),
        Measure::Span(..) if ended => (range.lo, range.hi),
        Measure::Span(..) => (range.lo, Bound::Max),
        Measure::Holds(_) => (range.lo, Bound::At(Ratio::ONE)),
    }
}

/// The rows, or with `last_per` the possible last rows of each, by day, then recorded, then id (3.10).
/// Reading: `last_per` chooses among the rows that pass `where`; an empty key field makes the row a group of its own.
fn groups(asked: &Asked<'_>, source: &Source, subject: &Subject) -> Vec<Outcomes> {
    let mut found = asked.rows(source, subject);
    found.sort_by_key(|f| order(asked, source, f));
    let Some(key) = &source.last_per else {
        return found.into_iter().map(|f| outcomes(vec![f])).collect();
    };
    let mut groups: Vec<(Option<Val>, Vec<Found>)> = Vec::new();
    for f in found {
        let key = asked.view.path(&f.ledger, &f.row, key, asked.moment(f.chart));
        match groups.iter_mut().find(|(k, _)| key.is_some() && *k == key) {
            Some((_, same)) => same.push(f),
            None => groups.push((key, vec![f])),
        }
    }
    groups.into_iter().map(|(_, rows)| outcomes(rows)).collect()
}

/// The last row if it passes; if it may pass, that one or the one before it; and so on.
fn outcomes(mut rows: Vec<Found>) -> Outcomes {
    let mut all = Vec::new();
    while let Some(last) = rows.pop() {
        let sure = last.passes == Truth::Yes;
        all.push(Some(last));
        if sure {
            return all;
        }
    }
    all.push(None);
    all
}

fn order(asked: &Asked<'_>, source: &Source, f: &Found) -> (Option<Day>, Option<Day>, String) {
    let dated = source.dated.as_ref().and_then(|field| match f.row.values.get(field) {
        Some(Val::Day(d)) => Some(*d),
        _ => None,
    });
    (dated.or_else(|| asked.view.opening(&f.ledger, &f.row)), f.row.recorded, f.row.id.clone())
}

fn value(asked: &Asked<'_>, f: &Found, path: &Path) -> Option<Val> {
    asked.view.path(&f.ledger, &f.row, path, asked.moment(f.chart))
}

fn amount(asked: &Asked<'_>, f: &Found, path: &Path) -> Option<Ratio> {
    value(asked, f, path).as_ref().and_then(number)
}

/// An empty amount may be any that is not negative.
fn sum(asked: &Asked<'_>, groups: &[Outcomes], field: &Path) -> Range {
    let (mut lo, mut hi) = (Ratio::ZERO, Some(Ratio::ZERO));
    for group in groups {
        let amounts: Vec<Option<Ratio>> =
            group.iter().map(|o| o.as_ref().map_or(Some(Ratio::ZERO), |f| amount(asked, f, field))).collect();
        let least = amounts.iter().map(|a| a.unwrap_or(Ratio::ZERO)).min().unwrap_or(Ratio::ZERO);
        let most = amounts.iter().copied().collect::<Option<Vec<_>>>().and_then(|a| a.into_iter().max());
        lo = plus(lo, least);
        hi = hi.and_then(|h| most.map(|m| plus(h, m)));
    }
    Range::of((lo, Ratio::ONE), hi.map(|h| (h, Ratio::ONE)), groups.is_empty())
}

/// An empty field may hold a new value, an empty list any choices (3.2), but no more than there are.
fn distinct(asked: &Asked<'_>, groups: &[Outcomes], field: &Path, named: Option<&[String]>) -> Range {
    let (mut sure, mut possible, mut empty) = (BTreeSet::new(), BTreeSet::new(), 0_i64);
    let mut limit = named.map(|n| n.len() as i64);
    for group in groups {
        for f in group.iter().flatten() {
            let choices = choices(asked, f, field);
            limit = limit.or(choices.as_ref().map(|(c, _)| c.len() as i64));
            let texts = match value(asked, f, field) {
                Some(Val::List(list)) => list,
                Some(Val::Text(text)) => vec![text],
                Some(other) => vec![format!("{other:?}")],
                None => {
                    match choices {
                        Some((all, true)) => possible.extend(all),
                        _ => empty += 1,
                    }
                    continue;
                }
            };
            let counts = |t: &String| named.is_none_or(|n| n.contains(t));
            for t in texts.into_iter().filter(counts) {
                if group.len() == 1 {
                    sure.insert(t.clone());
                }
                possible.insert(t);
            }
        }
    }
    let hi = possible.len() as i64 + empty;
    Range::whole(sure.len() as i64, limit.map_or(hi, |l| hi.min(l)).max(sure.len() as i64), groups.is_empty())
}

/// The choices of a field, and whether it holds several.
fn choices(asked: &Asked<'_>, f: &Found, field: &Path) -> Option<(Vec<String>, bool)> {
    let [name] = field.as_slice() else { return None };
    match &asked.view.ledger(&f.ledger).field(name)?.ty {
        FieldType::Choice(all) => Some((all.clone(), false)),
        FieldType::Choices(all) => Some((all.clone(), true)),
        _ => None,
    }
}

/// Reading: if perhaps nothing at all passes `where`, nothing between 0 and 1 is excluded.
fn share(asked: &Asked<'_>, source: &Source, that: &Conds, subject: &Subject) -> Reading {
    let groups = groups(asked, source, subject);
    if groups.is_empty() && source.of == Of::Person {
        return if asked.anybody(source, subject) { Reading::NotApplicable } else { Reading::Untold };
    }
    let (mut least, mut most) = ((0, 0), (0, 0));
    for group in &groups {
        let truths: Vec<Option<Truth>> =
            group.iter().map(|o| o.as_ref().map(|f| asked.holds(that, f, subject))).collect();
        let may_be_none = truths.contains(&None);
        let can_fail = truths.iter().flatten().any(|t| *t != Truth::Yes);
        let can_hold = truths.iter().flatten().any(|t| *t != Truth::No);
        least = match (can_fail, may_be_none) {
            (true, _) => (least.0, least.1 + 1),
            (false, true) => least,
            (false, false) => (least.0 + 1, least.1 + 1),
        };
        most = match (can_hold, may_be_none) {
            (true, _) => (most.0 + 1, most.1 + 1),
            (false, true) => most,
            (false, false) => (most.0, most.1 + 1),
        };
    }
    let fraction = |(n, d)| (Ratio::whole(n), Ratio::whole(d));
    let may_be_empty = groups.iter().all(|g| g.iter().any(Option::is_none));
    if may_be_empty {
        let (lo, hi) = (Bound::At(Ratio::ZERO), Bound::At(if groups.is_empty() { Ratio::ZERO } else { Ratio::ONE }));
        let least = (!groups.is_empty()).then(|| fraction((0, least.1)));
        return Reading::Range(Range { lo, hi, nothing: groups.is_empty(), least, most: None });
    }
    Reading::Range(Range::of(fraction(least), Some(fraction(most)), false))
}

/// 3.7: over 0 it cannot be told. Reading: nothing has passed when nothing passed in the top.
fn ratio(top: Reading, bottom: Reading) -> Reading {
    let (Reading::Range(top), Reading::Range(bottom)) = (top, bottom) else { return Reading::Untold };
    let (Some(least), Some(per)) = (top.value(), bottom.value()) else { return Reading::Untold };
    if bottom.hi == Bound::At(Ratio::ZERO) {
        return Reading::Untold;
    }
    let most = match (top.most, per) {
        (Some((n, _)), d) if d > Ratio::ZERO => Some((n, d)),
        _ => None,
    };
    match bottom.most {
        Some((d, _)) => Reading::Range(Range::of((least, d), most, top.nothing)),
        None => Reading::Range(Range {
            lo: Bound::At(Ratio::ZERO),
            hi: most.and_then(|(n, d)| n.over(d)).map_or(Bound::Max, Bound::At),
            nothing: top.nothing,
            least: None,
            most,
        }),
    }
}

/// (Σfrom − Σto) ÷ Σfrom. Over a row with a gap it is unknown (3.10). Reading: so is it over a row that only may pass.
fn change(asked: &Asked<'_>, groups: &[Outcomes], from: &Path, to: &Path) -> Reading {
    let (mut before, mut after) = (Ratio::ZERO, Ratio::ZERO);
    for group in groups {
        let [Some(f)] = group.as_slice() else { return Reading::Untold };
        let (Some(b), Some(a)) = (amount(asked, f, from), amount(asked, f, to)) else { return Reading::Untold };
        (before, after) = (plus(before, b), plus(after, a));
    }
    if groups.is_empty() {
        let zero = Bound::At(Ratio::ZERO);
        return Reading::Range(Range { lo: zero, hi: zero, nothing: true, least: None, most: None });
    }
    if before == Ratio::ZERO {
        return Reading::Untold;
    }
    let fraction = (before.minus(after).expect("within 64 bits"), before);
    Reading::Range(Range::of(fraction, Some(fraction), false))
}

/// The value in the last row; if that may not pass, also in those before it.
fn latest(asked: &Asked<'_>, source: &Source, field: &Path, subject: &Subject) -> Reading {
    let mut found = asked.rows(source, subject);
    found.sort_by_key(|f| order(asked, source, f));
    if found.is_empty() {
        let zero = Bound::At(Ratio::ZERO);
        return Reading::Range(Range { lo: zero, hi: zero, nothing: true, least: None, most: None });
    }
    let values: Option<Vec<Ratio>> =
        outcomes(found).iter().map(|o| o.as_ref().and_then(|f| amount(asked, f, field))).collect();
    let Some((lo, hi)) = values.and_then(|v| Some((v.iter().copied().min()?, v.into_iter().max()?))) else {
        return Reading::Untold;
    };
    Reading::Range(Range::of((lo, Ratio::ONE), Some((hi, Ratio::ONE)), false))
}

/// Days of the subject, both ends included. Reading: while its closing is empty it lasts to the day asked; another empty
/// end may be any day.
fn span(asked: &Asked<'_>, from: &Path, to: &Path, subject: &Subject) -> Reading {
    let end = asked.span.end(asked.view.today);
    let day = |path: &Path| match subject.value(asked, path) {
        Some(Val::Day(d)) => Some(d),
        _ => None,
    };
    let Some(first) = day(from) else { return Reading::Untold };
    let days = |last: Day| i64::from(last.0 - first.0 + 1).max(0);
    let lasts = to.len() == 1 && asked.view.ledger(&subject.ledger).closing() == Some(to[0].as_str());
    match day(to) {
        Some(last) => Reading::Range(Range::whole(days(last), days(last), false)),
        None if lasts => Reading::Range(Range::whole(days(end), days(end), false)),
        None => Reading::Range(Range::of((Ratio::whole(days(end)), Ratio::ONE), None, false)),
    }
}

/// On the subject's own row, with the chart of its own day; a person's is the last day of the window.
fn holds(asked: &Asked<'_>, conds: &Conds, subject: &Subject) -> Truth {
    let register = subject.ledger == "person";
    let chart = if register { asked.span.end(asked.view.today) } else { subject.own_day(asked.view) };
    asked.holds(conds, &subject.found(chart), subject)
}

/// Whether the end of a span stands already.
pub(super) fn span_has_ended(asked: &Asked<'_>, measure: &Measure, row: &BruteRow, ledger: &str) -> bool {
    let Measure::Span(_, to) = measure else { return false };
    let at = Moment { chart: asked.view.today, look: asked.view.today };
    asked.view.path(ledger, row, to, at).is_some()
}

fn plus(a: Ratio, b: Ratio) -> Ratio {
    a.plus(b).expect("within 64 bits")
}
