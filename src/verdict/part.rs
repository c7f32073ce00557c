//! One measure against its target: the bounds it sees, the least and the greatest value still possible, the state by the
//! one interval rule (3.1).

use std::borrow::Cow;

use super::{
    compile::{Compiled, Fold},
    eval::{Eval, Frame, Subject},
    judge::{Rules, by_field},
    light::{self, Light},
    measure::{self, Outcome},
    state::{PartVerdict, State, TargetNow},
    window::Window,
    world::EMPTY,
};
use crate::{
    day::Day,
    directive::model::{NoData, Operand, Part, Partial, Slots, Target, TargetOp, Value, When},
    ratio::Ratio,
};

/// One window of one subject, asked as it stands or with today as its deadline.
pub(super) struct Job<'j, 'w> {
    pub(super) eval: &'j Eval<'w>,
    pub(super) c: &'j Compiled,
    pub(super) rules: &'j Rules,
    pub(super) subject: &'j Subject,
    pub(super) window: &'j Window,
    pub(super) late: bool,
}

impl Job<'_, '_> {
    /// The verdict on the measure; `unset`: a setting that it needs is not set.
    pub(super) fn part(&self, i: usize, unset: bool) -> PartVerdict {
        let part = &self.c.requirement.parts[i];
        let window = self.part_window(i, part);
        let frame = self.frame(&window);
        let fold = &self.c.folds[i];
        let target = part.target.as_ref().map(|t| self.target(t, fold, &frame));
        let (target, missing) = match target {
            Some(None) => (None, true),
            Some(found) => (found, false),
            None => (None, false),
        };
        let target = target.map(|t| self.prorate(t, fold, &window));
        let blank =
            |state| PartVerdict { state, light: Light::None, value: None, greatest: None, target, counted: (0, 0) };
        let standing = matches!(self.c.requirement.when, When::Standing | When::Once(_));
        let from = if standing { self.eval.as_of } else { window.from };
        if self.subject.unclear_in(from, window.to.min(self.eval.as_of)) {
            return blank(State::Unknown);
        }
        if self.absent_in_part(&window) || target.is_some_and(|t| t.whole.is_some() && t.value == Ratio::ZERO) {
            return blank(State::Na);
        }
        if unset || missing {
            return blank(if part.target.is_none() { State::Figure } else { State::Unknown });
        }
        let slots = self.slots();
        let now = measure::fold(self.eval, fold, self.subject, &frame, slots);
        let (value, closed) = settle(&now, part.no_data);
        let state = match &target {
            None => State::Figure,
            Some(_) if slots.is_some_and(|s| (s.named.len() as i64) < s.size) => {
                if frame.running {
                    State::Open
                } else {
                    State::Unknown
                }
            }
            Some(t) => verdict_of(t, fold, &now, value, closed, frame.running),
        };
        let value = if part.target.is_none() { figure(&now) } else { value };
        let mut found = PartVerdict {
            state,
            light: Light::None,
            value,
            greatest: now.greatest.filter(|g| Some(*g) != now.least && !now.undefined),
            target,
            counted: (now.num, now.den),
        };
        found.light = self.light(&found, part, fold, &window, &frame);
        found
    }

    /// A part's own deadline, else the window.
    pub(super) fn part_window(&self, i: usize, part: &Part) -> Cow<'_, Window> {
        let any = part.since_any || (self.c.requirement.since_any && part.by.is_none());
        let mut window = match &part.by {
            None => Cow::Borrowed(self.window),
            Some(When::ByDate(day)) => Cow::Owned(Window::new(format!("by {day}"), self.rules.from.min(*day), *day)),
            Some(When::ByField { plus, .. }) => {
                let open = Rules { from: Day::MIN, ..*self.rules };
                let from = self.subject.opens;
                by_field(self.eval, &self.c.part_by[i], plus.as_ref(), self.subject, from, &open)
                    .map_or(Cow::Borrowed(self.window), Cow::Owned)
            }
            Some(_) => Cow::Borrowed(self.window),
        };
        if any {
            window.to_mut().from = Day::MIN;
        }
        if self.late {
            let (today, window) = (self.eval.as_of, window.to_mut());
            (window.to, window.shut) = (today, today.plus(-1));
        }
        window
    }

    /// What the measure may see of a window.
    pub(super) fn frame(&self, window: &Window) -> Frame {
        let by = matches!(self.c.requirement.when, When::ByDate(_) | When::ByField { .. });
        let asked = self.eval.as_of;
        let standing = matches!(self.c.requirement.when, When::Standing | When::Once(_));
        let labelled = self.c.folds.iter().any(measure::reads_label);
        Frame {
            from: window.from,
            to: window.to,
            seen: window.to.min(asked),
            shut: window.shut.max(window.to),
            running: !standing && asked <= window.shut,
            label: if labelled { self.eval.world.texts.find(&window.label) } else { None },
            cutoff: if by { window.to.min(asked) } else { asked },
        }
    }

    /// The set whose members count.
    pub(super) fn slots(&self) -> Option<&Slots> {
        self.c.requirement.slots.as_ref().and_then(|name| self.eval.given.slots.get(name))
    }

    /// `partial = none`: not there every day.
    fn absent_in_part(&self, window: &Window) -> bool {
        let r = &self.c.requirement;
        r.partial == Partial::None
            && matches!(r.when, When::Every(_) | When::ByDate(_))
            && self.subject.days_there(window.from, window.to) < i64::from(window.to.0 - window.from.0 + 1)
    }

    /// The target in force (4.5); `None` if it rests on a setting that is not set.
    fn target(&self, target: &Target, fold: &Fold, frame: &Frame) -> Option<TargetNow> {
        let r = &self.c.requirement;
        let day = match r.when {
            When::Every(_) => self.window.from,
            When::ByDate(_) => self.rules.from,
            When::ByField { .. } | When::Life => self.subject.opens,
            When::Standing | When::Once(_) => self.eval.as_of,
        };
        let step = target.steps.iter().rfind(|s| s.from <= day).or(target.steps.first())?;
        let value = self.amount(&step.value, fold, frame)?;
        let upper = step.upper.as_ref().map_or(Some(value), |u| self.amount(u, fold, frame))?;
        Some(TargetNow { op: target.op, value, upper, whole: None })
    }

    fn amount(&self, operand: &Operand, fold: &Fold, frame: &Frame) -> Option<Ratio> {
        let value = match operand {
            Operand::Value(value) => value,
            Operand::Setting(name) => self.eval.given.values(name).first()?,
            Operand::Subject(_) => return None,
        };
        match value {
            Value::Number(r) => Some(*r),
            Value::Money(fen) => Some(Ratio::whole(*fen)),
            Value::Years(n) => {
                let from = match fold {
                    Fold::Span(from, _) => {
                        match self.eval.value(self.subject.node, from, self.subject.opens, frame.cutoff) {
                            EMPTY => self.subject.opens,
                            cell => Day(cell as i32),
                        }
                    }
                    _ => self.subject.opens,
                };
                Some(Ratio::whole(i64::from(from.plus_years(i32::try_from(*n).ok()?).0 - from.0)))
            }
            Value::Text(text) => Ratio::parse_decimal(text),
            Value::Flag(_) | Value::Day(_) => None,
        }
    }

    /// The target by days there, rounded down (4.3).
    fn prorate(&self, target: TargetNow, fold: &Fold, window: &Window) -> TargetNow {
        let r = &self.c.requirement;
        let additive = matches!(fold, Fold::Count(_) | Fold::Sum(..) | Fold::Distinct(..));
        let periodic = matches!(r.when, When::Every(_) | When::ByDate(_));
        if r.partial != Partial::Prorate || !additive || !periodic || target.op != TargetOp::AtLeast {
            return target;
        }
        let total = i64::from(self.window.to.0 - self.window.from.0 + 1);
        let there = self.subject.days_there(window.from, self.window.to);
        if there >= total {
            return target;
        }
        let part = Ratio::new(there, total).and_then(|p| target.value.times(p)).map_or(0, Ratio::floor);
        TargetNow { value: Ratio::whole(part), upper: Ratio::whole(part), whole: Some(target.value), ..target }
    }

    fn light(&self, p: &PartVerdict, part: &Part, fold: &Fold, window: &Window, frame: &Frame) -> Light {
        let (Some(target), Some(value)) = (&p.target, p.value) else { return Light::of(p.state) };
        if p.state != State::Open || window.from == Day::MIN || window.to == Day::MAX || self.window.to == Day::MAX {
            return Light::of(p.state);
        }
        if self.slots().is_some_and(|s| (s.named.len() as i64) < s.size) {
            return Light::None;
        }
        let pace = part.pace.unwrap_or(light::default_pace(fold));
        light::open(pace, target, value, self.days(window, frame), &self.rules.thresholds)
    }

    /// Days elapsed before the day asked, and days in all, of those that the pace counts (6.1).
    pub(super) fn days(&self, window: &Window, frame: &Frame) -> (i64, i64) {
        let end = frame.shut;
        if self.c.requirement.partial == Partial::Prorate {
            let there = |to: Day| self.subject.days_there(window.from, to);
            return (there(self.eval.as_of.plus(-1)), there(end));
        }
        let from = window.from.max(self.subject.opens.min(end));
        (i64::from((self.eval.as_of.0 - from.0).max(0)), i64::from(end.0 - from.0 + 1))
    }
}

/// The value as if the window shut today, and the state that this decides at once (3.6, 3.7).
fn settle(now: &Outcome, no_data: Option<NoData>) -> (Option<Ratio>, Option<State>) {
    if now.persons && now.passed == 0 {
        return (None, Some(if now.nobody { State::Unknown } else { State::Na }));
    }
    if now.sides.is_some() && now.undefined {
        return (None, Some(State::Unknown));
    }
    if now.passed == 0 {
        return match no_data {
            Some(NoData::Zero) | None => (Some(Ratio::ZERO), None),
            Some(NoData::Unknown) => (None, Some(State::Unknown)),
            Some(NoData::Na) => (None, Some(State::Na)),
        };
    }
    if now.undefined { (None, Some(State::Unknown)) } else { (now.least, None) }
}

/// Rule 3.1 on the interval, after what [`settle`] has decided.
fn verdict_of(
    target: &TargetNow,
    fold: &Fold,
    now: &Outcome,
    value: Option<Ratio>,
    closed: Option<State>,
    running: bool,
) -> State {
    if !running {
        if let Some(state) = closed {
            return state;
        }
        let zero = now.passed == 0;
        let (least, greatest) = if zero { (value, value) } else { (now.least, now.greatest) };
        return match target.met(least, greatest) {
            Some(true) => State::Pass,
            Some(false) => State::Fail,
            None => State::Unknown,
        };
    }
    if closed.is_some() {
        // Nothing to judge by yet; it may still come.
        return State::Open;
    }
    let (least, greatest) = if now.undefined && !matches!(fold, Fold::Share(..)) {
        (None, None)
    } else {
        measure::still_possible(fold, now)
    };
    match target.met(least, greatest) {
        Some(true) => State::Pass,
        Some(false) => State::Fail,
        None => State::Open,
    }
}

/// A figure ignores `no_data`.
fn figure(now: &Outcome) -> Option<Ratio> {
    if now.undefined { None } else { now.least }
}
