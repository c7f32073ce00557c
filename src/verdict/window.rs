//! When: the windows in which a subject is judged (section 4).

use std::sync::Arc;

use crate::{
    calendar::Workdays,
    day::{Day, days_in_month},
    directive::model::Period,
};

/// A window as it is named and bounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// `2025-03`, `by 2025-03-19`, `by ?`, `life`, `standing`, `once` …
    pub label: Arc<str>,
    /// First day; [`Day::MIN`] if it has no begin.
    pub from: Day,
    /// Last day; [`Day::MAX`] if it has no end.
    pub to: Day,
    /// Last day before it shuts: `to`, later by `settle_days`.
    pub shut: Day,
}

impl Window {
    /// A window that shuts with its last day.
    pub fn new(label: impl Into<Arc<str>>, from: Day, to: Day) -> Window {
        Window { label: label.into(), from, to, shut: to }
    }
}

/// The periods that begin from `first` to `last`, in order.
pub fn periods(period: Period, first: Day, last: Day, workdays: &Workdays) -> Vec<Window> {
    let mut at = first_begin(period, first);
    let mut found = Vec::new();
    while at <= last {
        let next = next_begin(period, at);
        if period != Period::Workday || workdays.is_workday(at) {
            found.push(Window::new(label(period, at), at, next.plus(-1)));
        }
        at = next;
    }
    found
}

/// The name of the period that begins on this day.
pub fn label(period: Period, begin: Day) -> String {
    let (y, m, _) = begin.ymd();
    match period {
        Period::Day | Period::Workday => begin.to_string(),
        Period::Week => {
            let (year, week) = iso_week(begin);
            format!("{year:04}-W{week:02}")
        }
        Period::Month => format!("{y:04}-{m:02}"),
        Period::Quarter => format!("{y:04}Q{}", (m - 1) / 3 + 1),
        Period::Half => format!("{y:04}H{}", (m - 1) / 6 + 1),
        Period::Year => format!("{y:04}"),
    }
}

/// First and last day of a label such as `2025`, `2025H1`, `2025Q1`, `2025-03`, `2025-W02`, `2025-03-01`.
pub fn bounds(label: &str) -> Option<(Day, Day)> {
    if let Some(day) = Day::parse(label) {
        return Some((day, day));
    }
    let year: i32 = label.get(..4)?.parse().ok()?;
    let rest = &label[4..];
    let months = |from: u32, n: u32| {
        Some((Day::from_ymd(year, from, 1)?, Day::from_ymd(year, from + n - 1, days_in_month(year, from + n - 1))?))
    };
    let number = |text: &str| text.parse::<u32>().ok();
    match rest.as_bytes() {
        [] => months(1, 12),
        [b'H', h @ b'1'..=b'2'] => months(u32::from(h - b'1') * 6 + 1, 6),
        [b'Q', q @ b'1'..=b'4'] => months(u32::from(q - b'1') * 3 + 1, 3),
        [b'-', b'W', _, _] => {
            let week = number(&rest[2..])?;
            let jan4 = Day::from_ymd(year, 1, 4)?;
            let monday = jan4.plus(1 - jan4.weekday() as i32 + (week as i32 - 1) * 7);
            (iso_week(monday) == (year, week)).then(|| (monday, monday.plus(6)))
        }
        [b'-', _, _] => months(number(&rest[1..]).filter(|m| (1..=12).contains(m))?, 1),
        _ => None,
    }
}

/// Whether a window can be called that: a period, `by` a day, or one of the words for what has no bounds of its own.
pub fn is_label(label: &str) -> bool {
    matches!(label, "life" | "standing" | "once" | "by ?")
        || match label.strip_prefix("by ") {
            Some(day) => Day::parse(day).is_some(),
            None => bounds(label).is_some(),
        }
}

fn iso_week(day: Day) -> (i32, u32) {
    let thursday = day.plus(4 - day.weekday() as i32);
    let (year, _, _) = thursday.ymd();
    let first = Day::from_ymd(year, 1, 1).unwrap_or(thursday);
    (year, ((thursday.0 - first.0) / 7 + 1) as u32)
}

fn first_begin(period: Period, first: Day) -> Day {
    let begin = begin_of(period, first);
    if begin < first { next_begin(period, begin) } else { begin }
}

fn begin_of(period: Period, day: Day) -> Day {
    let (y, m, _) = day.ymd();
    let month = |m| Day::from_ymd(y, m, 1).unwrap_or(day);
    match period {
        Period::Day | Period::Workday => day,
        Period::Week => day.plus(1 - day.weekday() as i32),
        Period::Month => month(m),
        Period::Quarter => month((m - 1) / 3 * 3 + 1),
        Period::Half => month((m - 1) / 6 * 6 + 1),
        Period::Year => month(1),
    }
}

fn next_begin(period: Period, begin: Day) -> Day {
    let months = |n: u32| {
        let (y, m, _) = begin.ymd();
        let m0 = m - 1 + n;
        Day::from_ymd(y + (m0 / 12) as i32, m0 % 12 + 1, 1).unwrap_or(Day::MAX)
    };
    match period {
        Period::Day | Period::Workday => begin.plus(1),
        Period::Week => begin.plus(7),
        Period::Month => months(1),
        Period::Quarter => months(3),
        Period::Half => months(6),
        Period::Year => months(12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(period: Period, from: &str, to: &str) -> Vec<String> {
        let day = |t| Day::parse(t).unwrap();
        periods(period, day(from), day(to), &Workdays::default()).into_iter().map(|w| w.label.to_string()).collect()
    }

    #[test]
    fn periods_begin_in_the_directives_time() {
        assert_eq!(labels(Period::Week, "2025-01-01", "2025-01-13"), ["2025-W02", "2025-W03"]);
        assert_eq!(labels(Period::Month, "2025-01-01", "2025-03-01"), ["2025-01", "2025-02", "2025-03"]);
        assert_eq!(labels(Period::Quarter, "2025-02-01", "2025-12-31"), ["2025Q2", "2025Q3", "2025Q4"]);
        assert_eq!(labels(Period::Half, "2025-01-01", "2026-01-01"), ["2025H1", "2025H2", "2026H1"]);
        assert_eq!(labels(Period::Workday, "2025-01-03", "2025-01-07"), ["2025-01-03", "2025-01-06", "2025-01-07"]);
        assert_eq!(labels(Period::Year, "2025-01-02", "2026-12-31"), ["2026"]);
    }

    #[test]
    fn a_label_names_its_days() {
        for (period, from) in [
            (Period::Week, "2024-12-30"),
            (Period::Month, "2025-02-01"),
            (Period::Half, "2025-07-01"),
            (Period::Quarter, "2025-10-01"),
            (Period::Year, "2025-01-01"),
            (Period::Day, "2025-03-09"),
        ] {
            let begin = Day::parse(from).unwrap();
            let w = periods(period, begin, begin, &Workdays::default()).remove(0);
            assert_eq!(bounds(&w.label), Some((w.from, w.to)), "{}", w.label);
        }
        for bad in ["", "25", "2025H3", "2025Q0", "2025-13", "2025-W60", "by 2025-01-01", "２０２５"] {
            assert_eq!(bounds(bad), None, "{bad}");
        }
    }
}
