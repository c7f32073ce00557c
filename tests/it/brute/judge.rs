//! The verdict: parts, their order, no data, proration, grace, deadlines missed and made good (3, 4).

use std::collections::BTreeSet;

use dongliang::{
    day::Day,
    directive::model::{At, Due, Measure, NoData, Package, Part, Partial, Path, Requirement, Rollup, Value, When},
    ratio::Ratio,
};

use super::{
    Options, State, Val, Verdict, World,
    condition::{Asked, Truth},
    light,
    measure::{self, Reading},
    settings,
    subject::{Kind, Subject, subjects},
    target::{self, Goal, is_prorated},
    view::View,
    window::{self, Span, windows},
};

/// All verdicts of a requirement. Those of subjects that have closed are among them only where `count met` needs them,
/// and are marked so.
pub(crate) fn judge(package: &Package, world: &World, options: &Options, req: &Requirement) -> Vec<Verdict> {
    let view = View::new(package, world, options);
    let mut verdicts: Vec<(Subject, Verdict)> = Vec::new();
    if view.today < package.directive.from {
        return Vec::new(); // 4.1
    }
    let all = subjects(&view, req);
    for subject in &all {
        for span in windows(&view, req, subject) {
            let truth = presence(&view, req, subject, &span);
            if truth != Truth::No {
                verdicts.push((subject.clone(), verdict(&view, req, subject, &span, truth)));
            }
        }
    }
    made_good_by_repeat(&view, req, &mut verdicts);
    let mut verdicts: Vec<Verdict> = verdicts.into_iter().map(|(_, v)| v).collect();
    if matches!(req.rollup, Rollup::CountMet(_)) && matches!(req.when, When::Standing | When::Once(_)) {
        verdicts.extend(all.iter().filter_map(|s| last_verdict(&view, world, req, s)));
    }
    verdicts
}

/// Whether a subject is judged in a window: one day in it suffices (4.2); days to come do not make it so.
fn presence(view: &View<'_>, req: &Requirement, subject: &Subject, span: &Span) -> Truth {
    let on = |d: Day| subject.presence(view, req, span, d);
    match req.when {
        When::Standing | When::Once(_) => on(view.today),
        When::Every(_) | When::ByDate(_) => {
            let end = span.end(view.today);
            (span.first.0..=end.0).map(|d| on(Day(d))).max().unwrap_or(Truth::No)
        }
        When::Life | When::ByField { .. } => subject.opening(view, req).map_or(Truth::No, on),
    }
}

/// 5.3: a closed subject counts with its last verdict, as of its last day.
fn last_verdict(view: &View<'_>, world: &World, req: &Requirement, subject: &Subject) -> Option<Verdict> {
    let closed = subject.closing(view, req).filter(|d| *d < view.today)?;
    let then = Options { as_of: closed, ..view.options.clone() };
    let not_again = Requirement { rollup: Rollup::None, ..req.clone() };
    let id = subject.id(view);
    let last = judge(view.package, world, &then, &not_again).into_iter().find(|v| v.subject == id)?;
    Some(Verdict { closed: true, ..last })
}

/// What a part has come to.
struct Judged {
    state: State,
    value: Option<Ratio>,
    goal: Option<Goal>,
    light: &'static str,
    least: Option<(Ratio, Ratio)>,
    most: Option<(Ratio, Ratio)>,
    unset: BTreeSet<String>,
}

fn verdict(view: &View<'_>, req: &Requirement, subject: &Subject, span: &Span, truth: Truth) -> Verdict {
    let parts: Vec<Judged> = req.parts.iter().map(|p| part(view, req, p, subject, span, false)).collect();
    let unset: BTreeSet<String> = parts.iter().flat_map(|p| p.unset.iter().cloned()).collect();
    // 3.8: `where` that cannot be told is unknown. Reading: also while the window runs; only 3.7 is said to be open then.
    let judged = if truth == Truth::Maybe { State::Unknown } else { combine(&parts) };
    let state = shown(view, req, subject, judged);
    let joined = |of: &dyn Fn(&Judged) -> String| parts.iter().map(of).collect::<Vec<_>>().join("; ");
    let unit = subject.unit(view, req, span).unwrap_or_default();
    Verdict {
        requirement: req.id.clone(),
        subject: subject.id(view),
        window: span.label.clone(),
        state,
        value: joined(&|p| p.value.map_or_else(|| "None".into(), |v| v.to_string())),
        target: joined(&|p| p.goal.map_or_else(|| "-".into(), |g| g.low.to_string())),
        light: light_of(req, span, state, &parts),
        late: state == State::Fail && is_made_good(view, req, subject, span),
        parts: joined(&|p| p.state.text().to_owned()),
        organ: view.organ(&unit).map(|o| view.shown_id("unit", &o)).unwrap_or_default(),
        unit: view.shown_id("unit", &unit),
        least: parts.first().and_then(|p| p.least),
        most: parts.first().and_then(|p| p.most),
        goal: parts.first().and_then(|p| p.goal),
        doubtful: truth == Truth::Maybe,
        unset: unset.into_iter().collect(),
        closed: false,
    }
}

/// 6.5: a window without begin or end has no light while open. Reading: one that lets in all earlier facts has no begin.
fn light_of(req: &Requirement, span: &Span, state: State, parts: &[Judged]) -> &'static str {
    let endless = !span.begins || span.facts == Day::MIN || span.last.is_none();
    let standing = matches!(req.when, When::Standing | When::Once(_));
    if state == State::Open && (endless || standing) {
        return "none";
    }
    light::of(state, &parts.iter().map(|p| p.light).collect::<Vec<_>>())
}

/// 3.5, in this order. Figures have no state and drop out with na.
fn combine(parts: &[Judged]) -> State {
    let any = |state| parts.iter().any(|p| p.state == state);
    let order = [State::Fail, State::Open, State::Unknown, State::Pass, State::Na];
    order.into_iter().find(|s| any(*s)).unwrap_or(State::Figure)
}

/// `once`: fail is shown as open, with a due that the office has set only up to it. `grace_days`: fail and unknown show as
/// open. Reading: both are said of the verdict; the parts keep their states.
fn shown(view: &View<'_>, req: &Requirement, subject: &Subject, state: State) -> State {
    if let Some(grace) = &req.grace {
        let Some(days) = window::days(view, grace) else { return State::Unknown };
        let young = subject.spell(view, req).is_some_and(|first| view.today <= first.plus(days as i32));
        if young && matches!(state, State::Fail | State::Unknown) {
            return State::Open;
        }
    }
    let When::Once(due) = &req.when else { return state };
    let due = match due {
        None => None,
        Some(Due::Day(day)) => Some(*day),
        Some(Due::Setting(name)) => match view.setting(name).and_then(|v| v.first()) {
            Some(Value::Day(day)) => Some(*day),
            Some(other) => panic!("setting {name} is no day: {other:?}"),
            None => None,
        },
    };
    let overdue = due.is_some_and(|d| view.today > d);
    if state == State::Fail && !overdue { State::Open } else { state }
}

/// 4.8: after a missed deadline the same question, all parts together, with today as deadline.
fn is_made_good(view: &View<'_>, req: &Requirement, subject: &Subject, span: &Span) -> bool {
    let asked_again = || req.parts.iter().map(|p| part(view, req, p, subject, span, true)).collect::<Vec<_>>();
    matches!(req.when, When::ByDate(_) | When::ByField { .. }) && combine(&asked_again()) == State::Pass
}

/// One part. `again`: with today as deadline.
fn part(view: &View<'_>, req: &Requirement, part: &Part, subject: &Subject, main: &Span, again: bool) -> Judged {
    let any = part.since_any || req.since_any;
    let own = match &part.by {
        Some(by) => main.of_part(view, by, subject, req, any),
        None if any && main.begins => Span { facts: Day::MIN, ..main.clone() },
        None => main.clone(),
    };
    let (main, span) =
        if again { (main.as_if_due(view.today), own.as_if_due(view.today)) } else { (main.clone(), own) };
    let asked = Asked { view, span: &span };
    let slots = req.slots.as_deref().filter(|_| matches!(part.measure, Measure::Distinct(..)));
    let goal = target::goal(view, part, slots, threshold_day(view, req, subject, &main), subject);
    let named = slots.map(|s| view.slots(s));
    let reading = measure::read(&asked, &part.measure, subject, named.as_ref().map(|(_, n)| n.as_slice()));
    let empty_in_measure = settings::empty_in_measure(view, part);
    let mut unset = settings::empty_in_window(view, req, part);
    unset.extend(empty_in_measure.iter().cloned());
    let (goal, figure) = match goal {
        Ok(goal) => (goal, goal.is_none()),
        Err(name) => {
            unset.extend(name);
            (None, false)
        }
    };
    let (goal, here) = goal.map_or((None, true), |g| prorated(view, req, part, subject, &main, g));
    let running = span.runs(view.today);
    let unnamed = named.is_some_and(|(size, named)| (named.len() as i64) < size);
    let state = match goal {
        None if figure => State::Figure,
        _ if !here => State::Na,
        None => State::Unknown,
        _ if !unset.is_empty() => State::Unknown, // 3.9
        Some(_) if unnamed => {
            if running {
                State::Open
            } else {
                State::Unknown
            }
        } // 4.9
        Some(goal) if running => while_running(part, &reading, &goal, &asked, subject),
        Some(goal) => when_shut(part, &reading, &goal),
    };
    let (value, least, most) = values(part, &reading, figure, !empty_in_measure.is_empty());
    let light = match (state, goal) {
        (State::Open, Some(goal)) if !unnamed && span.facts > Day::MIN && span.last.is_some() => {
            light::open(view, req, part, subject, &span, &goal, value)
        }
        (State::Pass, _) => "green",
        (State::Fail, _) => "red",
        _ => "none",
    };
    Judged { state, value, goal, light, least, most, unset }
}

/// 4.5: the period's first day, of a `by` date the window's; a life's or a `by` field's opening day; the day asked.
fn threshold_day(view: &View<'_>, req: &Requirement, subject: &Subject, main: &Span) -> Day {
    match req.when {
        When::Every(_) | When::ByDate(_) => main.first,
        When::Life | When::ByField { .. } => subject.opening(view, req).unwrap_or(main.first),
        When::Standing | When::Once(_) => view.today,
    }
}

/// 4.3, 4.4: the target for the days there, and whether it applies at all.
fn prorated(
    view: &View<'_>,
    req: &Requirement,
    part: &Part,
    subject: &Subject,
    main: &Span,
    goal: Goal,
) -> (Option<Goal>, bool) {
    let (When::Every(_) | When::ByDate(_), Some(last)) = (&req.when, main.last) else { return (Some(goal), true) };
    let days = || (main.first.0..=last.0).map(Day);
    let there = days().filter(|d| subject.presence(view, req, main, *d) != Truth::No).count() as i64;
    let total = days().count() as i64;
    match req.partial {
        Partial::None => (Some(goal), there == total),
        Partial::Prorate if there < total && is_prorated(part) => {
            let share = Ratio::new(there, total).expect("some days");
            let low = Ratio::whole(goal.low.times(share).expect("within 64 bits").floor());
            (Some(Goal { low, high: low, ..goal }), low != Ratio::ZERO)
        }
        Partial::Prorate | Partial::Full => (Some(goal), true),
    }
}

/// 3.1 and 3.3. Reading: a window without end "can pass early, else open" (3.9), but an upper bound already passed fails
/// there too, as 3.10 says.
fn while_running(part: &Part, reading: &Reading, goal: &Goal, asked: &Asked<'_>, subject: &Subject) -> State {
    let Reading::Range(range) = reading else { return State::Open }; // 3.10
    // Reading: what is fixed from the start and found nothing waits for `no_data`, unless that is zero.
    if range.nothing && is_fixed(&part.measure) && part.no_data != Some(NoData::Zero) {
        return State::Open;
    }
    let ended = measure::span_has_ended(asked, &part.measure, subject.row(), &subject.ledger);
    let (lo, hi) = measure::while_running(&part.measure, reading, ended);
    goal.answer(lo, hi).unwrap_or(State::Open)
}

fn is_fixed(measure: &Measure) -> bool {
    match measure {
        Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) => s.at == Some(At::Start),
        _ => false,
    }
}

/// 3.1, 3.6, 3.7.
fn when_shut(part: &Part, reading: &Reading, goal: &Goal) -> State {
    let range = match reading {
        Reading::Untold => return State::Unknown,
        Reading::NotApplicable => return State::Na,
        Reading::Range(range) => range,
    };
    if range.nothing {
        match part.no_data {
            Some(NoData::Unknown) => return State::Unknown,
            Some(NoData::Na) => return State::Na,
            Some(NoData::Zero) | None => {}
        }
    }
    goal.answer(range.lo, range.hi).unwrap_or(State::Unknown)
}

type Fraction = Option<(Ratio, Ratio)>;

/// 3.10: the value shown is the least, as if the window shut today. A figure ignores `no_data`.
fn values(part: &Part, reading: &Reading, figure: bool, empty: bool) -> (Option<Ratio>, Fraction, Fraction) {
    let Reading::Range(range) = reading else { return (None, None, None) };
    if empty {
        return (None, None, None);
    }
    if range.nothing && !figure {
        return match part.no_data {
            Some(NoData::Zero) | None => (Some(Ratio::ZERO), range.least, range.most),
            Some(NoData::Unknown | NoData::Na) => (None, None, None),
        };
    }
    (range.value(), range.least, range.most)
}

/// 4.8: a passing repeat that points back closes the remedy. Reading: whatever the requirement's `when`.
fn made_good_by_repeat(view: &View<'_>, req: &Requirement, verdicts: &mut [(Subject, Verdict)]) {
    let Some(again) = &req.again else { return };
    let passing: Vec<Subject> =
        verdicts.iter().filter(|(_, v)| v.state == State::Pass).map(|(s, _)| s.clone()).collect();
    for (subject, verdict) in verdicts.iter_mut().filter(|(_, v)| v.state == State::Fail) {
        verdict.late |= passing.iter().any(|later| repeats(view, again, later, subject));
    }
}

/// Whether `later` points back at `earlier`. Of a combination the field is one of what it combines (`activity.makes_up`)
/// and points at the same of the other, all else being equal.
fn repeats(view: &View<'_>, again: &Path, later: &Subject, earlier: &Subject) -> bool {
    let ever = Span::standing(view.today);
    let asked = Asked { view, span: &ever };
    let id = ["id".to_owned()];
    if later.kind != Kind::Combination {
        let back = later.value(&asked, again);
        return back.is_some() && back == earlier.value(&asked, &id);
    }
    later.keys.iter().enumerate().any(|(i, key)| {
        let others_agree = (0..later.keys.len()).all(|j| j == i || later.keys[j] == earlier.keys[j]);
        let is_key = later.key_of(again).is_some_and(|(k, _)| k == key);
        others_agree && is_key && later.value(&asked, again) == Some(Val::Text(earlier.keys[i].value.clone()))
    })
}
