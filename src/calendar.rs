//! The statutory workday calendar: data per year, Monday to Friday where a year has none.

use std::collections::BTreeMap;

use crate::day::Day;

/// Holidays and shifted workdays by year.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workdays {
    exceptions: BTreeMap<Day, bool>,
}

impl Workdays {
    /// Marks days off and, with `workday`, shifted days on which people work. The later mark wins.
    pub fn mark(&mut self, day: Day, workday: bool) {
        self.exceptions.insert(day, workday);
    }

    /// The marked days in order, true for a shifted workday.
    pub fn marked(&self) -> impl Iterator<Item = (Day, bool)> + '_ {
        self.exceptions.iter().map(|(d, w)| (*d, *w))
    }

    /// Whether people work on that day.
    pub fn is_workday(&self, day: Day) -> bool {
        self.exceptions.get(&day).copied().unwrap_or(day.weekday() <= 5)
    }

    /// Workdays from one day to another, both included; 0 when they are in the wrong order.
    pub fn count(&self, from: Day, to: Day) -> i64 {
        (from.0..=to.0).filter(|d| self.is_workday(Day(*d))).count() as i64
    }

    /// The day that is `n` workdays after `day` (0: that day itself).
    pub fn after(&self, day: Day, n: u32) -> Day {
        let mut at = day;
        let mut left = n;
        while left > 0 {
            at = at.plus(1);
            left -= u32::from(self.is_workday(at));
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn spring_festival_of_2025_leaves_seven_workdays() {
        let mut w = Workdays::default();
        for d in 28..=31 {
            w.mark(Day::from_ymd(2025, 1, d).unwrap(), false);
        }
        for d in 1..=4 {
            w.mark(Day::from_ymd(2025, 2, d).unwrap(), false);
        }
        w.mark(day("2025-01-26"), true);
        w.mark(day("2025-02-08"), true);
        assert_eq!(w.count(day("2025-01-24"), day("2025-02-08")), 7);
        assert_eq!(w.after(day("2025-01-27"), 1), day("2025-02-05"));
        assert_eq!(w.count(day("2025-02-08"), day("2025-01-24")), 0);
    }
}
