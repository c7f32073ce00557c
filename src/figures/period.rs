//! A quarter, a half or a year that is looked back at.

use crate::{day::Day, verdict::window::bounds, verdict::words::window_name};

/// Quarters offered at most.
const OFFERED: usize = 12;

/// A quarter, a half or a year: `2025Q2`, `2025H1`, `2025`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    label: String,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
}

impl Period {
    /// Reads a label; `None` if it names no quarter, half or year.
    pub fn parse(label: &str) -> Option<Period> {
        let fits = matches!(label.as_bytes(), [_, _, _, _] | [_, _, _, _, b'Q' | b'H', _]);
        let digits = label.len() >= 4 && label.as_bytes()[..4].iter().all(u8::is_ascii_digit);
        if !fits || !digits {
            return None;
        }
        bounds(label).map(|(from, to)| Period { label: label.to_owned(), from, to })
    }

    /// The quarter that a day lies in.
    pub fn quarter_of(day: Day) -> Period {
        let (year, month, _) = day.ymd();
        let label = format!("{year:04}Q{}", (month - 1) / 3 + 1);
        Period::parse(&label).unwrap_or(Period { label, from: day, to: day })
    }

    /// As in addresses: `2025Q2`.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// As in papers: `2025年第二季度`.
    pub fn name(&self) -> String {
        window_name(&self.label)
    }

    /// A quarter, of which there is a 通报.
    pub fn is_quarter(&self) -> bool {
        self.label.as_bytes().get(4) == Some(&b'Q')
    }

    /// Over: its last day has passed.
    pub fn is_over(&self, today: Day) -> bool {
        self.to < today
    }

    /// The day as of which it is judged. Of a past period the day after its last, when its own windows have shut: on the
    /// last day itself something may still come. Of the one that runs, today.
    pub fn asked(&self, today: Day) -> Day {
        self.to.plus(1).min(today)
    }

    /// Up to which day its records tell: its last, or today while it runs.
    pub fn until(&self, today: Day) -> Day {
        self.to.min(today)
    }

    /// Quarters that have begun since a day, the latest first.
    pub fn quarters(since: Day, today: Day) -> Vec<Period> {
        let mut found = Vec::new();
        let mut at = Period::quarter_of(today);
        while at.to >= since && found.len() < OFFERED {
            let before = Period::quarter_of(at.from.plus(-1));
            found.push(std::mem::replace(&mut at, before));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_period_is_a_quarter_a_half_or_a_year() {
        let q = Period::parse("2025Q2").unwrap();
        assert_eq!((q.from, q.to, q.name()), (day("2025-04-01"), day("2025-06-30"), "2025年第二季度".into()));
        assert!(q.is_quarter() && !Period::parse("2025H1").unwrap().is_quarter());
        assert_eq!(Period::parse("2025").unwrap().to, day("2025-12-31"));
        for bad in ["", "2025Q5", "2025Q", "2025-04", "2025-W02", "2025-04-01", "２０２５", "abcd", "2025Q2x", "2025q2"]
        {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_past_period_is_judged_when_its_windows_have_shut() {
        let q = Period::parse("2025Q2").unwrap();
        assert_eq!((q.asked(day("2025-10-20")), q.until(day("2025-10-20"))), (day("2025-07-01"), day("2025-06-30")));
        assert_eq!((q.asked(day("2025-05-05")), q.until(day("2025-05-05"))), (day("2025-05-05"), day("2025-05-05")));
        assert!(!q.is_over(day("2025-06-30")) && q.is_over(day("2025-07-01")));
    }

    #[test]
    fn quarters_since_the_directive_began() {
        let labels = |since, today| -> Vec<String> {
            Period::quarters(day(since), day(today)).iter().map(|p| p.label().to_owned()).collect()
        };
        assert_eq!(labels("2025-01-01", "2025-10-20"), ["2025Q4", "2025Q3", "2025Q2", "2025Q1"]);
        assert_eq!(labels("2025-02-10", "2025-03-31"), ["2025Q1"]);
        assert_eq!(labels("2025-01-01", "2035-01-01").len(), OFFERED);
        assert!(labels("2026-01-01", "2025-10-20").is_empty());
    }
}
