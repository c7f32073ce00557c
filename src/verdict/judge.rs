//! The verdict: windows of a subject, parts against targets, five states by one interval rule (3), and 已补 (4.8).

use std::{
    borrow::Cow,
    collections::BTreeSet,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{
    compile::{Access, Compiled, Fold},
    eval::{Eval, Frame, Subject, Trace},
    light::{self, Light},
    measure::{self, Outcome},
    subject::subjects,
    window::{Window, periods},
    world::{EMPTY, UNIT},
};
use crate::{
    day::Day,
    directive::model::{
        Count, Due, Each, NoData, Operand, Part, Partial, Rollup, Slots, Target, TargetOp, Value, When,
    },
    ratio::Ratio,
};

/// What is known of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// 达标.
    Pass,
    /// 未达标.
    Fail,
    /// 进行中.
    Open,
    /// 不适用.
    Na,
    /// 数据不足.
    Unknown,
    /// A figure without target.
    Figure,
}

impl State {
    /// As stored and exported.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Pass => "pass",
            State::Fail => "fail",
            State::Open => "open",
            State::Na => "na",
            State::Unknown => "unknown",
            State::Figure => "figure",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<State> {
        [State::Pass, State::Fail, State::Open, State::Na, State::Unknown, State::Figure]
            .into_iter()
            .find(|s| s.as_str() == text)
    }

    /// As shown.
    pub fn chinese(self) -> &'static str {
        match self {
            State::Pass => "达标",
            State::Fail => "未达标",
            State::Open => "进行中",
            State::Na => "不适用",
            State::Unknown => "数据不足",
            State::Figure => "数据",
        }
    }
}

/// A verdict on one subject in one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The subject's record id, or the cells of its combination.
    pub subject: Arc<[i64]>,
    /// When.
    pub window: Window,
    /// The state.
    pub state: State,
    /// Its light.
    pub light: Light,
    /// Missed, but made good since (已补).
    pub late: bool,
    /// The measures.
    pub parts: Parts,
    /// Record id of the subject's unit on its last day in the window (5.2).
    pub unit: Option<i64>,
    /// Record id of that unit's organ.
    pub organ: Option<i64>,
    /// The subject has closed: counted by `count met` with its last verdict, and nowhere shown.
    pub closed: bool,
    /// Settings that are not set and without which nothing can be said.
    pub unset: Vec<String>,
}

impl Verdict {
    /// The values as exact text, joined by `; `; `None` where there is none.
    pub fn value_text(&self) -> String {
        join(self.parts.iter().map(|p| p.value.map_or_else(|| "None".to_owned(), |v| v.to_string())))
    }

    /// The targets as exact text, joined by `; `; `-` where there is none.
    pub fn target_text(&self) -> String {
        join(self.parts.iter().map(|p| p.target.map_or_else(|| "-".to_owned(), |t| t.value.to_string())))
    }

    /// The states of the parts, joined by `; `.
    pub fn parts_text(&self) -> String {
        join(self.parts.iter().map(|p| p.state.as_str().to_owned()))
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join("; ")
}

/// The verdicts on the measures. One is the rule, and it needs no memory of its own: there are millions of verdicts.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    /// The only one.
    One([PartVerdict; 1]),
    /// Several, or none.
    Several(Vec<PartVerdict>),
}

impl Parts {
    fn of(n: usize, part: impl Fn(usize) -> PartVerdict) -> Parts {
        if n == 1 { Parts::One([part(0)]) } else { Parts::Several((0..n).map(part).collect()) }
    }
}

impl Deref for Parts {
    type Target = [PartVerdict];

    fn deref(&self) -> &[PartVerdict] {
        match self {
            Parts::One(part) => part,
            Parts::Several(parts) => parts,
        }
    }
}

impl<'p> IntoIterator for &'p Parts {
    type Item = &'p PartVerdict;
    type IntoIter = std::slice::Iter<'p, PartVerdict>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl DerefMut for Parts {
    fn deref_mut(&mut self) -> &mut [PartVerdict] {
        match self {
            Parts::One(part) => part,
            Parts::Several(parts) => parts,
        }
    }
}

/// A verdict on one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct PartVerdict {
    /// The state.
    pub state: State,
    /// Its light.
    pub light: Light,
    /// The value shown: the least (3.10); `None` where there is none.
    pub value: Option<Ratio>,
    /// The greatest value as counted, where it is another.
    pub greatest: Option<Ratio>,
    /// The target in force.
    pub target: Option<TargetNow>,
    /// Numerator and denominator as counted, for `pool`.
    pub counted: (i64, i64),
}

/// A target as of a window, prorated where it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TargetNow {
    /// The comparison.
    pub op: TargetOp,
    /// The value; of `between` the lower bound.
    pub value: Ratio,
    /// Upper bound of `between`.
    pub upper: Ratio,
    /// The whole target, where this one is prorated.
    pub whole: Option<Ratio>,
}

impl TargetNow {
    /// All of the interval meets it (`Some(true)`), none (`Some(false)`), or some.
    pub fn met(&self, least: Option<Ratio>, greatest: Option<Ratio>) -> Option<bool> {
        let (low, high) = match self.op {
            TargetOp::AtLeast => (Some(self.value), None),
            TargetOp::AtMost => (None, Some(self.value)),
            TargetOp::Exactly => (Some(self.value), Some(self.value)),
            TargetOp::Between => (Some(self.value), Some(self.upper)),
        };
        let above = low.is_none_or(|low| least.is_some_and(|l| l >= low));
        let below = high.is_none_or(|high| greatest.is_some_and(|g| g <= high));
        let never = low.is_some_and(|low| greatest.is_some_and(|g| g < low))
            || high.is_some_and(|high| least.is_some_and(|l| l > high));
        match (above && below, never) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

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
    close_by_repeats(eval, c, &mut found);
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
fn by_field(
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

/// One window of one subject, asked as it stands or with today as its deadline.
struct Job<'j, 'w> {
    eval: &'j Eval<'w>,
    c: &'j Compiled,
    rules: &'j Rules,
    subject: &'j Subject,
    window: &'j Window,
    late: bool,
}

impl Job<'_, '_> {
    fn part(&self, i: usize, unset: bool) -> PartVerdict {
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
    fn part_window(&self, i: usize, part: &Part) -> Cow<'_, Window> {
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

    fn frame(&self, window: &Window) -> Frame {
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

    fn slots(&self) -> Option<&Slots> {
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
    fn days(&self, window: &Window, frame: &Frame) -> (i64, i64) {
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

/// A passing repeat that points back at a missed subject makes it good (4.8).
fn close_by_repeats(eval: &Eval<'_>, c: &Compiled, verdicts: &mut [Verdict]) {
    let Some((place, access)) = &c.again else { return };
    let mut repeated: Vec<Vec<i64>> = Vec::new();
    for v in verdicts.iter().filter(|v| v.state == State::Pass) {
        let (i, table) = match place {
            Some(i) => match c.per[*i].kind {
                super::kind::Kind::Ref(to) => (*i, to),
                _ => continue,
            },
            None => (0, c.table),
        };
        let Some(row) = eval.world.tables[table].row_of(v.subject[i]) else { continue };
        let node = super::world::Node { table, row };
        let back = eval.value(node, access, eval.world.tables[table].opens[row], Day::MAX);
        if back != EMPTY {
            let mut key = v.subject.to_vec();
            key[i] = back;
            repeated.push(key);
        }
    }
    for v in verdicts.iter_mut().filter(|v| v.state == State::Fail) {
        v.late |= repeated.iter().any(|key| **key == *v.subject);
    }
}
