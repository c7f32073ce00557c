//! Days and instants of the city: the workday calendar, and when something that happened is typed in.

use crate::{calendar::Workdays, day::Day};

use super::rng::Rng;

/// First minute of the day at which a ledger's facts are typed; the organisation's rows are typed before.
const DESK: i64 = 9 * 60 + 30;
const CLOSE: i64 = 17 * 60 + 55;

/// A day of 2025.
pub(super) fn on(month: u32, day: u32) -> Day {
    ymd(2025, month, day)
}

/// A day.
pub(super) fn ymd(year: i32, month: u32, day: u32) -> Day {
    Day::from_ymd(year, month, day).expect("the city's days are written out and exist")
}

/// The instant, µs since 1970-01-01 UTC, of a minute of a day in Asia/Shanghai (UTC+8 without summer time since 1992).
pub(super) fn instant(day: Day, minute: i64) -> i64 {
    (i64::from(day.0) * 86_400 + minute * 60 - 8 * 3600) * 1_000_000
}

/// The day in Asia/Shanghai of an instant.
pub(super) fn day_of(recorded_at: i64) -> Day {
    Day((recorded_at.div_euclid(1_000_000) + 8 * 3600).div_euclid(86_400) as i32)
}

/// The statutory calendar as the city lives by it; the same days as `directives/2025/calendar`.
pub(super) fn workdays() -> Workdays {
    let mut calendar = Workdays::default();
    let spans = [
        (on(1, 1), 1),
        (on(1, 28), 8),
        (on(4, 4), 3),
        (on(5, 1), 5),
        (on(5, 31), 3),
        (on(10, 1), 8),
        (ymd(2026, 1, 1), 3),
        (ymd(2026, 2, 15), 9),
        (ymd(2026, 4, 4), 3),
    ];
    for (first, days) in spans {
        (0..days).for_each(|n| calendar.mark(first.plus(n), false));
    }
    for day in [on(1, 26), on(2, 8), on(4, 27), on(9, 28), on(10, 11)] {
        calendar.mark(day, true);
    }
    for day in [ymd(2026, 1, 4), ymd(2026, 2, 14), ymd(2026, 2, 28)] {
        calendar.mark(day, true);
    }
    calendar
}

/// The city's clock.
pub(super) struct Clock {
    /// The workday calendar.
    pub(super) workdays: Workdays,
}

impl Clock {
    /// That day, or the next workday.
    pub(super) fn open(&self, day: Day) -> Day {
        let mut at = day;
        while !self.workdays.is_workday(at) {
            at = at.plus(1);
        }
        at
    }

    /// The next workday at least `n` days later.
    pub(super) fn later(&self, day: Day, n: i64) -> Day {
        self.open(day.plus(n as i32))
    }

    /// A workday from one day to another, both included; `None` if there is none.
    pub(super) fn within(&self, rng: &mut Rng, from: Day, to: Day) -> Option<Day> {
        if from > to {
            return None;
        }
        let drawn = Day(rng.between(i64::from(from.0), i64::from(to.0)) as i32);
        let forward = self.open(drawn);
        if forward <= to {
            return Some(forward);
        }
        (from.0..=drawn.0).rev().map(Day).find(|d| self.workdays.is_workday(*d))
    }

    /// An instant at which something of that day is typed: up to `most` workdays later, in office hours.
    pub(super) fn typed(&self, rng: &mut Rng, day: Day, most: i64) -> i64 {
        let day = self.workdays.after(self.open(day), rng.between(0, most) as u32);
        instant(day, rng.between(DESK, CLOSE)) + rng.between(0, 59) * 1_000_000
    }
}

/// A minute after an instant, or `at` if that is later: what refers to a record is typed after it.
pub(super) fn after(record: i64, at: i64) -> i64 {
    at.max(record + 60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_belongs_to_its_day_in_shanghai() {
        let day = on(10, 20);
        for minute in [0, 8 * 60, 23 * 60 + 59] {
            assert_eq!(day_of(instant(day, minute)), day);
            assert_eq!(crate::clock::day_of(instant(day, minute)), day);
        }
        assert_eq!(instant(Day(0), 8 * 60), 0);
    }

    #[test]
    fn typing_waits_for_a_workday() {
        let clock = Clock { workdays: workdays() };
        let mut rng = Rng::of(&[1]);
        assert_eq!(day_of(clock.typed(&mut rng, on(10, 1), 0)), on(10, 9));
        let days: std::collections::BTreeSet<Day> =
            (0..50).map(|_| day_of(clock.typed(&mut rng, on(10, 10), 2))).collect();
        assert_eq!(days.into_iter().collect::<Vec<_>>(), [on(10, 10), on(10, 11), on(10, 13)]);
        assert_eq!(clock.within(&mut rng, on(10, 1), on(10, 8)), None);
    }
}
