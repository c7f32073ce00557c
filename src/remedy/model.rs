//! How a remedy stands and what may become of it. Pure: no store, no clock.

use crate::{calendar::Workdays, day::Day, directive::model::When, verdict::judge::State as Judged};

/// How a remedy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Drafted by the program; without effect until somebody confirms it.
    Draft,
    /// Confirmed: to be done.
    Active,
    /// Closed by the verdict.
    Closed,
    /// Dropped by a person, with a reason.
    Dropped,
    /// The verdict turned before anybody confirmed it.
    Withdrawn,
}

impl State {
    /// All, in the order of lists.
    pub const ALL: [State; 5] = [State::Draft, State::Active, State::Closed, State::Dropped, State::Withdrawn];

    /// As stored and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Active => "active",
            State::Closed => "closed",
            State::Dropped => "dropped",
            State::Withdrawn => "withdrawn",
        }
    }

    /// Reads [`State::as_str`].
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// On pages.
    pub fn title(self) -> &'static str {
        match self {
            State::Draft => "待确认",
            State::Active => "办理中",
            State::Closed => "已办结",
            State::Dropped => "不采用",
            State::Withdrawn => "已撤销",
        }
    }
}

/// Why a verdict asks for nothing any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Good {
    /// 达标.
    Met,
    /// Missed, but made good since: 已补.
    MadeGood,
    /// A missed period cannot be made good: something was done, and a later period of the same subject is met.
    Later,
    /// What was held again was missed too, and a repeat of that is met.
    Again,
    /// 不适用.
    NotApplicable,
    /// The subject or its window is gone: a record was voided or corrected.
    Gone,
}

impl Good {
    /// As a sentence of the history.
    pub fn words(self) -> &'static str {
        match self {
            Good::Met => "判定转为达标",
            Good::MadeGood => "判定注明已补",
            Good::Later => "已采取措施，其后一期达标",
            Good::Again => "重新组织的又未达标，其后再次组织的达标",
            Good::NotApplicable => "判定转为不适用",
            Good::Gone => "判定对象已更正或作废，不再判定",
        }
    }
}

/// What the verdict says to a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is missed.
    Bad,
    /// Nothing is asked for any more.
    Good(Good),
    /// Neither: 数据不足, or still running. Nothing begins and nothing ends by it, but a draft does not stand.
    Unclear,
}

/// What a verdict says. One without any deadline (`once`) is missed as long as it is open.
pub fn seen(state: Judged, late: bool, when: &When) -> Seen {
    match state {
        Judged::Fail if late => Seen::Good(Good::MadeGood),
        Judged::Fail => Seen::Bad,
        Judged::Open if matches!(when, When::Once(_)) => Seen::Bad,
        Judged::Pass => Seen::Good(Good::Met),
        Judged::Na => Seen::Good(Good::NotApplicable),
        Judged::Open | Judged::Unknown | Judged::Figure => Seen::Unclear,
    }
}

/// Something that happens to a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The verdict was judged (again).
    Judged(Seen),
    /// A person confirms the draft.
    Confirm,
    /// A person drops the draft.
    Drop,
    /// A person says what was done.
    Act,
    /// Its due day is over.
    Overdue,
}

/// What follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Stays,
    /// It stands thus from now on.
    To(State),
    /// It is told to the office, once.
    Escalates,
    /// What was done is noted; it stands as before.
    Notes,
    /// It cannot be done to a remedy that stands thus.
    Refused,
}

/// The whole machine. Nothing but a verdict closes; what was dropped stays so; it is told to the office once.
pub fn step(state: State, escalated: bool, event: Event) -> Step {
    match (state, event) {
        (State::Draft, Event::Judged(Seen::Bad)) => Step::Stays,
        (State::Draft, Event::Judged(_)) => Step::To(State::Withdrawn),
        (State::Withdrawn, Event::Judged(Seen::Bad)) => Step::To(State::Draft),
        (State::Active, Event::Judged(Seen::Good(_))) => Step::To(State::Closed),
        (State::Closed, Event::Judged(Seen::Bad)) => Step::To(State::Active),
        (_, Event::Judged(_)) => Step::Stays,
        (State::Draft, Event::Confirm) => Step::To(State::Active),
        (State::Draft, Event::Drop) => Step::To(State::Dropped),
        (State::Active, Event::Act) => Step::Notes,
        (_, Event::Confirm | Event::Drop | Event::Act) => Step::Refused,
        (State::Active, Event::Overdue) if !escalated => Step::Escalates,
        (_, Event::Overdue) => Step::Stays,
    }
}

/// The day that a package's words lead to: `30 days`, `5 workdays`; `None` where they say nothing.
pub fn due(words: &str, from: Day, workdays: &Workdays) -> Option<Day> {
    let (number, unit) = words.trim().split_once(' ')?;
    let n: u32 = number.parse().ok().filter(|n| *n <= 3_650)?;
    match unit.trim() {
        "day" | "days" => Some(from.plus(n as i32)),
        "workday" | "workdays" => Some(workdays.after(from, n)),
        _ => None,
    }
}

/// The last day on which a window may have shut for its drafts to be made today: `wait` workdays are left for what is
/// typed late.
pub fn shut_by(today: Day, wait: u32, workdays: &Workdays) -> Day {
    let mut day = today.plus(-1);
    while workdays.after(day, wait) > today {
        day = day.plus(-1);
    }
    day
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_and_workdays_are_told_apart() {
        let mut w = Workdays::default();
        w.mark(day("2025-10-01"), false);
        assert_eq!(due("30 days", day("2025-09-29"), &w), Some(day("2025-10-29")));
        assert_eq!(due("2 workdays", day("2025-09-29"), &w), Some(day("2025-10-02")));
        for nothing in ["", "soon", "x days", "-3 days", "5 years", "99999 days"] {
            assert_eq!(due(nothing, day("2025-09-29"), &w), None, "{nothing}");
        }
    }

    #[test]
    fn drafts_wait_for_what_is_typed_late() {
        let w = Workdays::default();
        // Tuesday 2025-09-30: three workdays later is Friday 3 October.
        assert!(shut_by(day("2025-10-02"), 3, &w) < day("2025-09-30"));
        assert_eq!(shut_by(day("2025-10-03"), 3, &w), day("2025-09-30"));
        assert_eq!(shut_by(day("2025-10-03"), 0, &w), day("2025-10-02"));
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            Just(Event::Judged(Seen::Bad)),
            Just(Event::Judged(Seen::Unclear)),
            Just(Event::Judged(Seen::Good(Good::Met))),
            Just(Event::Judged(Seen::Good(Good::MadeGood))),
            Just(Event::Judged(Seen::Good(Good::Gone))),
            Just(Event::Confirm),
            Just(Event::Drop),
            Just(Event::Act),
            Just(Event::Overdue),
        ]
    }

    proptest! {
        #[test]
        fn nobody_closes_by_hand_and_it_is_told_once(events in proptest::collection::vec(event(), 0..40)) {
            let (mut state, mut told, mut confirmed) = (State::Draft, 0, false);
            for event in events {
                let before = state;
                match step(state, told > 0, event) {
                    Step::To(next) => state = next,
                    Step::Escalates => told += 1,
                    Step::Stays | Step::Notes | Step::Refused => {}
                }
                confirmed |= event == Event::Confirm && before == State::Draft;
                if state == State::Closed && before != State::Closed {
                    prop_assert!(matches!(event, Event::Judged(Seen::Good(_))), "closed by {event:?}");
                    prop_assert_eq!(before, State::Active);
                }
                prop_assert!(!matches!(state, State::Active | State::Closed) || confirmed, "without a person");
                prop_assert!(before != State::Dropped || state == State::Dropped);
                prop_assert!(told <= 1);
            }
        }
    }
}
