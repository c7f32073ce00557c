//! Totals of a unit or the system, always from the leaf verdicts (5).

use dongliang::{
    directive::model::{Requirement, Rollup, TargetOp},
    ratio::Ratio,
};

use super::{
    State, Total, Verdict, light,
    target::{Bound, Goal},
};

/// The total of exactly this window, over the verdicts of a unit and its 科室 (5.1) or, with `*`, of the system.
pub(crate) fn rollup(verdicts: &[Verdict], req: &Requirement, unit: &str, window: &str) -> Total {
    let leaves: Vec<&Verdict> = verdicts
        .iter()
        .filter(|v| v.requirement == req.id && v.window == window)
        .filter(|v| unit == "*" || v.unit == unit || v.organ == unit)
        .filter(|v| v.state != State::Figure)
        .collect();
    match &req.rollup {
        Rollup::None => total(State::Figure, None, None),
        Rollup::ShareMet => share_met(&leaves),
        Rollup::CountMet(n) => count_met(&leaves, *n),
        Rollup::Pool => pool(&leaves),
    }
}

fn total(state: State, value: Option<Ratio>, target: Option<Ratio>) -> Total {
    let text = |r: Option<Ratio>, none: &str| r.map_or_else(|| none.to_owned(), |r| r.to_string());
    // Reading: a total has no pace, so while open it has no light.
    Total { state, value: text(value, "None"), target: text(target, "-"), light: light::of(state, &[]) }
}

fn count(leaves: &[&Verdict], state: State) -> i64 {
    leaves.iter().filter(|v| v.state == state).count() as i64
}

/// 3.1 over the number that pass and the number that may; open beside unknown: open.
fn decide(leaves: &[&Verdict], goal: &Goal, of: &dyn Fn(i64) -> Ratio) -> State {
    let passes = count(leaves, State::Pass);
    let doubtful = count(leaves, State::Open) + count(leaves, State::Unknown);
    goal.answer(Bound::At(of(passes)), Bound::At(of(passes + doubtful))).unwrap_or_else(|| undecided(leaves))
}

fn undecided(leaves: &[&Verdict]) -> State {
    if count(leaves, State::Open) > 0 { State::Open } else { State::Unknown }
}

/// Passes ÷ all but na, against all.
fn share_met(leaves: &[&Verdict]) -> Total {
    let all = leaves.len() as i64 - count(leaves, State::Na);
    let goal = Goal { op: TargetOp::AtLeast, low: Ratio::ONE, high: Ratio::ONE };
    if all == 0 {
        return total(State::Na, None, Some(goal.low));
    }
    let of = |n| Ratio::new(n, all).expect("some leaves");
    total(decide(leaves, &goal, &of), Some(of(count(leaves, State::Pass))), Some(goal.low))
}

/// Passes of the system against a number; none at all is 0.
fn count_met(leaves: &[&Verdict], n: i64) -> Total {
    let goal = Goal { op: TargetOp::AtLeast, low: Ratio::whole(n), high: Ratio::whole(n) };
    let passes = Ratio::whole(count(leaves, State::Pass));
    total(decide(leaves, &goal, &Ratio::whole), Some(passes), Some(goal.low))
}

/// Σnumerator ÷ Σdenominator against the requirement's target.
/// Reading: an open leaf keeps the pool open; an unknown one takes part with its interval if it has one, and keeps the pool
/// from passing in any case.
fn pool(leaves: &[&Verdict]) -> Total {
    let goal = leaves.iter().find_map(|v| v.goal);
    let target = goal.map(|g| g.low);
    let leaves: Vec<&Verdict> = leaves.iter().copied().filter(|v| v.state != State::Na).collect();
    if leaves.is_empty() {
        return total(State::Na, None, target);
    }
    let sum = |of: &dyn Fn(&Verdict) -> Option<(Ratio, Ratio)>| {
        let add = |(n, d): (Ratio, Ratio), (m, e): (Ratio, Ratio)| Some((n.plus(m)?, d.plus(e)?));
        let mut fractions = leaves.iter().filter_map(|v| of(v));
        let (n, d) = fractions.try_fold((Ratio::ZERO, Ratio::ZERO), add).expect("within 64 bits");
        n.over(d)
    };
    let (least, most) = (sum(&|v| v.least), sum(&|v| v.most.or(v.least)));
    let (Some(goal), Some(lo), Some(hi)) = (goal, least, most) else {
        return total(undecided(&leaves), least, target);
    };
    let bounded = leaves.iter().all(|v| v.state != State::Unknown || v.most.is_some());
    let state = match (count(&leaves, State::Open) > 0, count(&leaves, State::Unknown) > 0) {
        (true, _) => State::Open,
        (_, true) if !bounded => State::Unknown,
        (_, true) => match goal.answer(Bound::At(lo), Bound::At(hi)) {
            Some(State::Fail) => State::Fail,
            _ => State::Unknown,
        },
        _ => goal.answer(Bound::At(lo), Bound::At(lo)).unwrap_or(State::Unknown),
    };
    total(state, Some(lo), target)
}
