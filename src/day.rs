//! Days: the only time that is judged. A day is a number, so that windows are plain arithmetic;
//! it is written and stored as ISO text (`2025-03-01`).

use std::fmt;

/// A calendar day, counted from 1970-01-01. Ordering and subtraction are those of the count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// Before every day that a record may hold; the begin of a window that has none.
    pub const MIN: Day = Day(i32::MIN / 2);
    /// After every day that a record may hold; the end of a window or a life that has none.
    pub const MAX: Day = Day(i32::MAX / 2);

    /// The day of a year (1–9999), month (1–12) and day of the month, or `None` if there is no such day.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Day> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        Some(civil(year, month, day))
    }

    /// Year, month and day of the month.
    pub fn ymd(self) -> (i32, u32, u32) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
        let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
        (yoe + era * 400 + i32::from(month <= 2), month, day)
    }

    /// Reads exactly `YYYY-MM-DD`. Looser spellings are the business of the importer.
    pub fn parse(text: &str) -> Option<Day> {
        let b = text.as_bytes();
        if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
            return None;
        }
        let number = |from: usize, to: usize| {
            b[from..to].iter().try_fold(0, |n: i32, c| c.is_ascii_digit().then(|| n * 10 + i32::from(c - b'0')))
        };
        Day::from_ymd(number(0, 4)?, number(5, 7)? as u32, number(8, 10)? as u32)
    }

    /// The day `n` days later (earlier if negative). The two ends of time stay where they are.
    pub fn plus(self, n: i32) -> Day {
        if self == Day::MIN || self == Day::MAX {
            return self;
        }
        Day(self.0.saturating_add(n).clamp(Day::MIN.0, Day::MAX.0))
    }

    /// The same day `n` years later; 29 February becomes the 28th in a common year (`requirement-language` 4.7).
    pub fn plus_years(self, n: i32) -> Day {
        let (y, m, d) = self.ymd();
        civil(y + n, m, d.min(days_in_month(y + n, m)))
    }

    /// Monday is 1, Sunday 7.
    pub fn weekday(self) -> u32 {
        (self.0 + 3).rem_euclid(7) as u32 + 1
    }

    /// Full years between `born` and this day: the age on this day.
    pub fn age_of(self, born: Day) -> i64 {
        let ((y, m, d), (by, bm, bd)) = (self.ymd(), born.ymd());
        i64::from(y - by) - i64::from((m, d) < (bm, bd))
    }

    /// As written in official papers: `2025年3月1日`.
    pub fn chinese(self) -> String {
        let (y, m, d) = self.ymd();
        format!("{y}年{m}月{d}日")
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.ymd();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Number of days of a month, Gregorian.
pub fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn civil(y: i32, m: u32, d: u32) -> Day {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (m as i32 + 9) % 12;
    let doy = (153 * mp + 2) / 5 + d as i32 - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    Day(era * 146_097 + doe - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        let (from, to) = (Day::from_ymd(1800, 1, 1).unwrap(), Day::from_ymd(2200, 1, 1).unwrap());
        for n in from.0..to.0 {
            assert_eq!(Day::parse(&Day(n).to_string()), Some(Day(n)));
        }
        assert_eq!(Day::from_ymd(1970, 1, 1), Some(Day(0)));
        assert_eq!(Day::parse("2025-11-24").unwrap().weekday(), 1);
    }

    #[test]
    fn impossible_days_are_refused() {
        for text in ["2025-02-29", "2025-13-01", "2025-00-10", "2025-1-1", "20250101", "２０２５-01-01", ""] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_leap_day_falls_back_to_the_28th() {
        let d = Day::parse("2024-02-29").unwrap();
        assert_eq!(d.plus_years(1).to_string(), "2025-02-28");
        assert_eq!(Day::parse("2025-02-28").unwrap().age_of(Day::parse("1990-03-01").unwrap()), 34);
    }
}
