//! The verdict: windows of a subject, parts against targets, five states by one interval rule (3), and 已补 (4.8).

use std::{collections::BTreeSet, sync::Arc};

use super::{
    compile::{Access, Compiled},
    eval::{Eval, Frame, Subject, Trace},
    light::{self, Light},
    measure,
    part::Job,
    repeat,
    subject::subjects,
    window::{Window, periods},
    world::{EMPTY, UNIT},
};
use crate::{
    day::Day,
    directive::model::{Count, Due, Each, Rollup, Value, When},
    ratio::Ratio,
};

pub use super::state::{PartVerdict, Parts, State, TargetNow, Verdict};

/// What the evaluator needs beside the requirement: the directive's first day and the light's thresholds.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// First day of the directive.
    pub from: Day,
    /// Points behind from which a light is yellow, and above which it is red.
    pub thresholds: light::Thresholds,
}

/// Verdicts for which room is made at once: about those of one cut.
const MANY: usize = 8_192;

/// All verdicts on all subjects of a requirement as of the day asked.
pub fn judge(eval: &Eval<'_>, c: &Compiled, rules: &Rules) -> Vec<Verdict> {
    if eval.as_of < rules.from || !c.requirement.enabled {
        return Vec::new();
    }
    let periods = every(eval, c, rules);
    let subjects = subjects(eval, c);
    let mut found = Vec::with_capacity((subjects.len() * periods.len().max(1)).min(MANY));
    for subject in subjects.iter() {
        judge_subject(eval, c, rules, &periods, subject, &mut found);
    }
    repeat::close_by_repeats(eval, c, &mut found);
    found
}

/// The verdicts on one subject in all its windows; `periods` are those of all subjects.
fn judge_subject(
    eval: &Eval<'_>,
    c: &Compiled,
    rules: &Rules,
    periods: &[Window],
    subject: &Subject,
    into: &mut Vec<Verdict>,
) {
    let r = &c.requirement;
    match &r.when {
        When::Standing | When::Once(_) if subject.last_day(eval.as_of) != Some(eval.as_of) => {
            // Closed: the last verdict counts where passes are counted.
            if let (Rollup::CountMet(_), Some(last)) = (&r.rollup, subject.last_day(eval.as_of))
                && last >= rules.from
                && subject.node.table != UNIT
            {
                let mut then = Eval::new(eval.world, eval.given, last);
                then.only = subject.key.first().map(|id| (*id, *id)).into_iter().collect();
                if let Some(own) = subjects(&then, c).iter().find(|s| s.key == subject.key)
                    && let Some(window) = window(&then, c, rules, own)
                {
                    into.push(Verdict { closed: true, ..judge_window(&then, c, rules, own, window) });
                }
            }
        }
        When::Every(_) => {
            for window in periods.iter().filter(|w| subject.days_there(w.from, w.to) > 0) {
                into.push(judge_window(eval, c, rules, subject, window.clone()));
            }
        }
        _ => into.extend(window(eval, c, rules, subject).map(|w| judge_window(eval, c, rules, subject, w))),
    }
}

/// The periods of a requirement that have begun by the day asked; of one that is not periodic none.
fn every(eval: &Eval<'_>, c: &Compiled, rules: &Rules) -> Vec<Window> {
    let r = &c.requirement;
    let When::Every(period) = &r.when else { return Vec::new() };
    let last = r.until.map_or(eval.as_of, |u| u.min(eval.as_of));
    let settle = r.settle.as_ref().map_or(Some(0), |s| days(eval, s));
    let mut all = periods(*period, rules.from, last, eval.world.workdays);
    all.iter_mut().for_each(|w| w.shut = settle.map_or(Day::MAX, |s| w.to.plus(s)));
    all
}

/// All windows in which a subject is judged as of the day asked.
pub fn windows(eval: &Eval<'_>, c: &Compiled, rules: &Rules, subject: &Subject) -> Vec<Window> {
    match &c.requirement.when {
        When::Every(_) => every(eval, c, rules).into_iter().filter(|w| subject.days_there(w.from, w.to) > 0).collect(),
        _ => window(eval, c, rules, subject).into_iter().collect(),
    }
}

/// The one window in which a subject is judged as of the day asked, where the requirement is not periodic.
fn window(eval: &Eval<'_>, c: &Compiled, rules: &Rules, subject: &Subject) -> Option<Window> {
    let r = &c.requirement;
    match &r.when {
        When::Every(_) => None,
        When::ByDate(day) => {
            let there = *day >= rules.from && subject.days_there(rules.from, *day) > 0;
            there.then(|| Window::new(format!("by {day}"), rules.from, *day))
        }
        When::ByField { plus, .. } => {
            let from = if r.since_any { Day::MIN } else { subject.opens };
            by_field(eval, &c.by, plus.as_ref(), subject, from, rules)
        }
        When::Life => {
            let (from, to) =
                subject.life.first().zip(subject.life.last()).map_or((Day::MIN, Day::MAX), |(a, b)| (a.0, b.1));
            // One that closes today ends today.
            let closes = eval.world.tables[subject.node.table].closing(subject.node.row);
            let today = c.per.is_empty() && closes == eval.as_of;
            Some(Window::new("life", from, if today { closes } else { to }))
        }
        When::Standing => Some(Window::new("standing", Day::MIN, eval.as_of)),
        When::Once(_) => Some(Window::new("once", Day::MIN, eval.as_of)),
    }
}

fn days(eval: &Eval<'_>, count: &Count) -> Option<i32> {
    match count {
        Count::Days(n) => i32::try_from(*n).ok(),
        Count::Setting(name) => eval.given.whole(name).and_then(|n| i32::try_from(n).ok()),
    }
}

/// The end of a `by` window: the first filled field as it stands, plus days (4.6).
pub(super) fn by_field(
    eval: &Eval<'_>,
    fields: &[Access],
    plus: Option<&Count>,
    subject: &Subject,
    from: Day,
    rules: &Rules,
) -> Option<Window> {
    let plus = plus.map_or(Some(0), |p| days(eval, p));
    let filled = fields.iter().map(|f| eval.value(subject.node, f, subject.opens, Day::MAX)).find(|c| *c != EMPTY);
    let (Some(plus), Some(cell)) = (plus, filled) else { return Some(Window::new("by ?", from, Day::MAX)) };
    let end = Day(cell as i32).plus(plus);
    (end >= rules.from).then(|| Window::new(format!("by {end}"), from.min(end), end))
}

/// What became of each row that the parts of a window look at, part by part; with the frame it was looked at in.
pub fn trace_window(
    eval: &Eval<'_>,
    c: &Compiled,
    rules: &Rules,
    subject: &Subject,
    window: &Window,
) -> Vec<(Vec<Trace>, Frame)> {
    let job = Job { eval, c, rules, subject, window, late: false };
    (0..c.folds.len())
        .map(|i| {
            eval.start_trace();
            let frame = job.frame(&job.part_window(i, &c.requirement.parts[i]));
            measure::fold(eval, &c.folds[i], subject, &frame, job.slots());
            (eval.take_trace(), frame)
        })
        .collect()
}

/// The days elapsed and in all by which the pace of a part is reckoned, and the points behind.
pub fn pace(
    eval: &Eval<'_>,
    c: &Compiled,
    rules: &Rules,
    subject: &Subject,
    v: &Verdict,
    i: usize,
) -> Option<(i64, i64, Ratio)> {
    let job = Job { eval, c, rules, subject, window: &v.window, late: false };
    let (part, p) = (&c.requirement.parts[i], &v.parts[i]);
    let window = job.part_window(i, part);
    if p.state != State::Open || window.from == Day::MIN || window.to == Day::MAX || v.window.to == Day::MAX {
        return None;
    }
    let (elapsed, total) = job.days(&window, &job.frame(&window));
    let pace = part.pace.unwrap_or(light::default_pace(&c.folds[i]));
    let behind = light::behind(pace, &p.target?, p.value?, (elapsed, total))?;
    Some((elapsed, total, behind))
}

/// The verdict on one subject in one window.
pub fn judge_window(eval: &Eval<'_>, c: &Compiled, rules: &Rules, subject: &Subject, window: Window) -> Verdict {
    let r = &c.requirement;
    let unset: Vec<Vec<String>> = (0..c.folds.len()).map(|i| unset(eval, c, i)).collect();
    let all_parts = |late: bool| {
        let job = Job { eval, c, rules, subject, window: &window, late };
        Parts::of(c.folds.len(), |i| job.part(i, !unset[i].is_empty()))
    };
    let mut parts = all_parts(false);
    let mut state = whole(&parts);
    let mut late = false;
    if state == State::Fail && matches!(r.when, When::ByDate(_) | When::ByField { .. }) {
        late = whole(&all_parts(true)) == State::Pass;
    }
    if shown_open(eval, c, subject, state) {
        state = State::Open;
    }
    let bounded = window.from != Day::MIN && window.to != Day::MAX;
    let light = match state {
        State::Pass => Light::Green,
        State::Fail => Light::Red,
        State::Open if bounded => parts.iter().map(|p| p.light).max().unwrap_or(Light::None),
        _ => Light::None,
    };
    for part in parts.iter_mut() {
        if !bounded && part.state == State::Open {
            part.light = Light::None;
        }
    }
    let last = subject.last_day(window.to.min(eval.as_of)).unwrap_or(window.to.min(eval.as_of));
    let unit =
        if c.per.is_empty() { eval.last_unit_of(subject.node, last) } else { combination_unit(eval, c, subject, last) };
    let units = &eval.world.tables[UNIT];
    Verdict {
        subject: Arc::clone(&subject.key),
        state,
        light,
        late,
        parts,
        unit: unit.map(|u| units.ids[u]),
        organ: unit.map(|u| units.ids[eval.world.chart.organ[u]]),
        closed: false,
        unset: unset.concat().into_iter().collect::<BTreeSet<_>>().into_iter().collect(),
        window,
    }
}

fn combination_unit(eval: &Eval<'_>, c: &Compiled, subject: &Subject, last: Day) -> Option<usize> {
    let named = c.per.iter().zip(subject.key.iter()).find(|(p, _)| p.kind == super::kind::Kind::Ref(UNIT));
    match named {
        Some((_, id)) => eval.world.tables[UNIT].row_of(*id),
        None => eval.last_unit_of(subject.node, last),
    }
}

/// Settings that a part needs and that are not set (3.9): its own and those of the requirement; a due day of `once` is not
/// among them.
fn unset(eval: &Eval<'_>, c: &Compiled, part: usize) -> Vec<String> {
    let r = &c.requirement;
    let mut names = [&c.unset[..], &c.part_unset[part]].concat();
    let mut need = |count: Option<&Count>| {
        if let Some(Count::Setting(name)) = count
            && eval.given.whole(name).is_none()
        {
            names.push(name.clone());
        }
    };
    need(r.settle.as_ref());
    need(r.grace.as_ref());
    for when in std::iter::once(&r.when).chain(&r.parts[part].by) {
        if let When::ByField { plus, .. } = when {
            need(plus.as_ref());
        }
    }
    names
}

/// `once` shows a fail as open until it is due; a new subject is open for its days of grace.
fn shown_open(eval: &Eval<'_>, c: &Compiled, subject: &Subject, state: State) -> bool {
    let r = &c.requirement;
    if let When::Once(due) = &r.when {
        let due = match due {
            Some(Due::Day(day)) => Some(*day),
            Some(Due::Setting(name)) => eval.given.values(name).iter().find_map(|v| match v {
                Value::Day(d) => Some(*d),
                Value::Text(t) => Day::parse(t),
                _ => None,
            }),
            None => None,
        };
        return state == State::Fail && due.is_none_or(|due| eval.as_of <= due);
    }
    let Some(grace) = r.grace.as_ref().and_then(|g| days(eval, g)) else { return false };
    let first = match r.each {
        Each::Person => eval.world.chart.spell(subject.node.row, eval.as_of),
        _ => Some(subject.opens),
    };
    matches!(state, State::Fail | State::Unknown) && first.is_some_and(|f| eval.as_of <= f.plus(grace))
}

/// Rule 3.5.
pub fn whole(parts: &[PartVerdict]) -> State {
    let any = |state| parts.iter().any(|p| p.state == state);
    [State::Fail, State::Open, State::Unknown, State::Pass, State::Na]
        .into_iter()
        .find(|s| any(*s))
        .unwrap_or(State::Figure)
}
