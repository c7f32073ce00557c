//! What a measure is held against, and the one rule that turns an interval into an answer (3.1).

use dongliang::{
    day::Day,
    directive::model::{Measure, Operand, Part, TargetOp, TargetStep, Value},
    ratio::Ratio,
};

use super::{State, subject::Subject, view::View};

/// A target on one day. `high` is the upper bound of `between`, else the same as `low`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Goal {
    pub(crate) op: TargetOp,
    pub(crate) low: Ratio,
    pub(crate) high: Ratio,
}

/// An end of the interval of values still possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    Min,
    At(Ratio),
    Max,
}

impl Goal {
    /// Met on all of it: pass. Nowhere: fail. Else neither.
    pub(super) fn answer(&self, lo: Bound, hi: Bound) -> Option<State> {
        let (low, high) = (Bound::At(self.low), Bound::At(self.high));
        let (all, none) = match self.op {
            TargetOp::AtLeast => (lo >= low, hi < low),
            TargetOp::AtMost => (hi <= low, lo > low),
            TargetOp::Exactly | TargetOp::Between => (lo >= low && hi <= high, hi < low || lo > high),
        };
        match (all, none) {
            (true, _) => Some(State::Pass),
            (_, true) => Some(State::Fail),
            _ => None,
        }
    }

    pub(super) fn is_met(&self, value: Ratio) -> bool {
        self.answer(Bound::At(value), Bound::At(value)) == Some(State::Pass)
    }
}

/// The target of a part on the day that decides (4.5). `Ok(None)` is a figure, `Err` what keeps it from being told: the
/// name of an empty setting, or nothing.
/// Reading: before the first dated step the first holds; slots without a target ask for all of them.
pub(super) fn goal(
    view: &View<'_>,
    part: &Part,
    slots: Option<&str>,
    on: Day,
    subject: &Subject,
) -> Result<Option<Goal>, Option<String>> {
    let Some(target) = &part.target else {
        let size = |name: &str| Ratio::whole(view.slots(name).0);
        let all = slots.filter(|_| matches!(part.measure, Measure::Distinct(..))).map(size);
        return Ok(all.map(|low| Goal { op: TargetOp::AtLeast, low, high: low }));
    };
    let replaced = view.options.at_least.as_ref().filter(|_| target.op == TargetOp::AtLeast);
    let steps: &[TargetStep] = replaced.unwrap_or(&target.steps);
    let Some(step) = steps.iter().rfind(|s| s.from <= on).or(steps.first()) else { return Err(None) };
    let low = amount(view, part, &step.value, subject)?;
    let high = step.upper.as_ref().map_or(Ok(low), |u| amount(view, part, u, subject))?;
    Ok(Some(Goal { op: target.op, low, high }))
}

fn amount(view: &View<'_>, part: &Part, operand: &Operand, subject: &Subject) -> Result<Ratio, Option<String>> {
    let value = match operand {
        Operand::Value(v) => v.clone(),
        Operand::Setting(name) => view.setting(name).and_then(|v| v.first()).ok_or(Some(name.clone()))?.clone(),
        Operand::Subject(path) => panic!("a target that is a field of the subject: {path:?}"),
    };
    match value {
        Value::Number(n) => Ok(n),
        Value::Money(fen) => Ok(Ratio::whole(fen)),
        // 4.7: from the first day to the day before its anniversary, in days.
        Value::Years(n) => {
            let from = match &part.measure {
                Measure::Span(from, _) => subject.days_as_they_stand(view, from).into_iter().min(),
                _ => view.opening(&subject.ledger, subject.row()),
            };
            let from = from.ok_or(None)?;
            Ok(Ratio::whole(i64::from(from.plus_years(n as i32).0 - from.0)))
        }
        other => panic!("no target: {other:?}"),
    }
}

/// Whether the target was written as a percentage or a length of time, or the measure is no additive one: not prorated.
pub(super) fn is_prorated(part: &Part) -> bool {
    let additive = matches!(part.measure, Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..));
    additive && part.target.as_ref().is_some_and(|t| t.op == TargetOp::AtLeast)
}
