//! The clock. Real data follows the machine's; the demo's stands at its day, and so do its times of recording.

use jiff::{Timestamp, tz::TimeZone};

use crate::day::Day;

/// The office's zone; a day begins and ends there.
const ZONE: &str = "Asia/Shanghai";

/// Where the time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The machine's.
    Machine,
    /// A day that stands; the time of day is the machine's.
    Standing(Day),
}

/// A moment: the day judged by, and the instant of recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day.
    pub day: Day,
    /// µs since 1970-01-01 UTC.
    pub instant: i64,
}

impl Moment {
    /// The last of a day.
    pub fn end_of(day: Day) -> Moment {
        Moment { day, instant: end_of_day(day) }
    }
}

impl Clock {
    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
    pub fn now(self) -> Moment {
        let now = Timestamp::now().to_zoned_datetime(zone());
        let day = of_date(now.date());
        let instant = now.timestamp().as_microsecond();
        match self {
            Clock::Machine => Moment { day, instant },
            Clock::Standing(standing) => {
                Moment { day: standing, instant: instant + i64::from(standing.0 - day.0) * 86_400_000_000 }
            }
        }
    }
}

/// The last instant (µs) of a day in the office's zone.
pub fn end_of_day(day: Day) -> i64 {
    start_of_day(day.plus(1)) - 1
}

/// The first instant (µs) of a day in the office's zone.
pub fn start_of_day(day: Day) -> i64 {
    let (y, m, d) = day.ymd();
    let date = jiff::civil::Date::new(y as i16, m as i8, d as i8).unwrap_or(jiff::civil::Date::MIN);
    date.to_zoned_datetime(zone()).map_or(0, |z| z.timestamp().as_microsecond())
}

/// The day of an instant in the office's zone.
pub fn day_of(instant: i64) -> Day {
    Timestamp::from_microsecond(instant).map_or(Day(0), |t| of_date(t.to_zoned_datetime(zone()).date()))
}

/// ISO with the office's offset, to the microsecond: `2025-06-30T18:05:00.000001+08:00`.
pub fn iso(instant: i64) -> String {
    let Ok(t) = Timestamp::from_microsecond(instant) else { return String::new() };
    let z = t.to_zoned_datetime(zone());
    format!("{}{}", z.datetime(), z.offset())
}

/// As written in papers: `2025年6月30日 18:05`.
pub fn chinese(instant: i64) -> String {
    let Ok(t) = Timestamp::from_microsecond(instant) else { return String::new() };
    let z = t.to_zoned_datetime(zone());
    format!("{} {:02}:{:02}", of_date(z.date()).chinese(), z.hour(), z.minute())
}

/// `14:36:20` in the office's zone.
pub fn clock_time(instant: i64) -> String {
    let Ok(t) = Timestamp::from_microsecond(instant) else { return String::new() };
    let z = t.to_zoned_datetime(zone());
    format!("{:02}:{:02}:{:02}", z.hour(), z.minute(), z.second())
}

/// As calendars have it, UTC to the second: `20250630T100500Z`.
pub fn compact_utc(instant: i64) -> String {
    let Ok(t) = Timestamp::from_microsecond(instant) else { return String::new() };
    let z = t.to_zoned_datetime(TimeZone::UTC);
    let (y, m, d) = of_date(z.date()).ymd();
    format!("{y:04}{m:02}{d:02}T{:02}{:02}{:02}Z", z.hour(), z.minute(), z.second())
}

/// As a browser's field of day and time has it: `2025-06-30T18:05`.
pub fn minute(instant: i64) -> String {
    let Ok(t) = Timestamp::from_microsecond(instant) else { return String::new() };
    let z = t.to_zoned_datetime(zone());
    format!("{}T{:02}:{:02}", of_date(z.date()), z.hour(), z.minute())
}

/// Reads `2025-04-10` (the end of that day), `2025-04-10T18:05`, with seconds or a zone if given.
pub fn parse_instant(text: &str) -> Option<i64> {
    if let Some(day) = Day::parse(text) {
        return Some(end_of_day(day));
    }
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t.as_microsecond());
    }
    let local: jiff::civil::DateTime = text.replace(' ', "T").parse().ok()?;
    Some(local.to_zoned_datetime(zone()).ok()?.timestamp().as_microsecond())
}

fn of_date(date: jiff::civil::Date) -> Day {
    Day::from_ymd(i32::from(date.year()), date.month() as u32, date.day() as u32).unwrap_or_default()
}

fn zone() -> TimeZone {
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_the_office() {
        let day = Day::parse("2025-04-10").unwrap();
        assert_eq!(day_of(end_of_day(day)), day);
        assert_eq!(day_of(end_of_day(day) + 1), day.plus(1));
        assert_eq!(parse_instant("2025-04-10"), Some(end_of_day(day)));
        assert_eq!(parse_instant("2025-04-10T16:00:00Z"), Some(start_of_day(day.plus(1))));
        assert_eq!(chinese(parse_instant("2025-04-10 18:05").unwrap()), "2025年4月10日 18:05");
        assert_eq!(parse_instant("昨天"), None);
    }
}
