//! The light of an open part (6).

use dongliang::{
    day::Day,
    directive::model::{Measure, Pace, Part, Partial, Requirement, TargetOp, When},
    ratio::Ratio,
};

use super::{
    State,
    condition::Truth,
    subject::Subject,
    target::{Goal, is_prorated},
    view::View,
    window::Span,
};

/// Green, yellow, red or none for a part that is open, by its value now. `main` is the requirement's window, `span` the
/// part's. Unnamed slots and windows without begin or end (6.5) have been sorted out by the caller.
pub(super) fn open(
    view: &View<'_>,
    req: &Requirement,
    part: &Part,
    subject: &Subject,
    span: &Span,
    goal: &Goal,
    value: Option<Ratio>,
) -> &'static str {
    let Some(done) = value else { return "none" };
    let days = pace_days(view, req, part, subject, span);
    let total = days.len() as i64;
    // The day asked is not elapsed.
    let elapsed = days.iter().filter(|d| **d < view.today).count() as i64;
    let met = goal.is_met(done);
    let colour = match pace(part) {
        Some(linear) if total > 0 && goal.low > Ratio::ZERO => by_pace(linear, elapsed, total, goal.low, done),
        _ if met => "green",
        _ => "yellow",
    };
    // 6.4. Reading: the last day is that of the days which the pace counts, the settling ones among them.
    let last_tenth = elapsed >= total - (total + 9) / 10 || span.shuts_after == Some(view.today);
    if colour == "green" && !met && last_tenth { "yellow" } else { colour }
}

/// 6.1, 6.2: by how much of the target it lags; below 10 points green, to 30 yellow, above red.
fn by_pace(linear: bool, elapsed: i64, total: i64, target: Ratio, done: Ratio) -> &'static str {
    let gone = Ratio::new(elapsed, total).expect("some days");
    let part_done = done.over(target).expect("a target above 0");
    let expected = if linear {
        gone
    } else {
        let whole = Ratio::whole(target.times(gone).expect("within 64 bits").floor());
        whole.over(target).expect("a target above 0")
    };
    let behind = expected.minus(part_done).expect("within 64 bits");
    let points = |n| Ratio::new(n, 100).expect("a hundredth");
    if behind < points(10) {
        "green"
    } else if behind <= points(30) {
        "yellow"
    } else {
        "red"
    }
}

/// Whether the part is paced linearly or in steps; none: by its present value only (6.3).
/// Reading: an upper bound has no pace.
fn pace(part: &Part) -> Option<bool> {
    let additive = matches!(part.measure, Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..));
    let own = if additive { Pace::Steps } else { Pace::None };
    if part.target.as_ref().is_some_and(|t| t.op == TargetOp::AtMost) {
        return None;
    }
    match part.pace.unwrap_or(own) {
        Pace::Steps => Some(false),
        Pace::Linear => Some(true),
        Pace::None => None,
    }
}

/// The days over which the pace runs: the subject's own, prorated or opened late, to the day the window shuts.
/// Reading: one that closed early without proration is still paced to the end of the window.
fn pace_days(view: &View<'_>, req: &Requirement, part: &Part, subject: &Subject, span: &Span) -> Vec<Day> {
    let (Some(last), Some(shuts)) = (span.last, span.shuts_after) else { return Vec::new() };
    let all = (span.first.0..=shuts.0).map(Day);
    if !matches!(req.when, When::Every(_) | When::ByDate(_)) {
        return all.collect();
    }
    let here = |d: &Day| subject.presence(view, req, span, *d) != Truth::No;
    if req.partial == Partial::Prorate && is_prorated(part) {
        return all.filter(|d| *d > last || here(d)).collect();
    }
    all.skip_while(|d| *d <= last && !here(d)).collect()
}

/// 6: of a whole verdict. Parts: the worst.
pub(super) fn of(state: State, parts: &[&'static str]) -> &'static str {
    match state {
        State::Pass => "green",
        State::Fail => "red",
        State::Open => ["red", "yellow", "green"].into_iter().find(|c| parts.contains(c)).unwrap_or("none"),
        State::Unknown | State::Na | State::Figure => "none",
    }
}
