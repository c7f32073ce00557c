//! A calendar as RFC 5545 has it. Days are days without a zone; instants are UTC.

use icalendar::{Calendar, Component as _, Event as Entry, EventLike as _, Property};

use super::events::{Event, When};
use crate::{clock, day::Day};

/// Who wrote it, as the format asks.
const PRODUCT: &str = "-//dongliang//training//ZH";

/// The text of a calendar, written at an instant (µs). `host` makes the keys of its entries unlike those of others.
pub fn written(name: &str, events: &[Event], host: &str, at: i64) -> String {
    let mut calendar = Calendar::empty();
    for (key, value) in [("VERSION", "2.0"), ("PRODID", PRODUCT), ("CALSCALE", "GREGORIAN"), ("METHOD", "PUBLISH")] {
        calendar.append_property(Property::new(key, value));
    }
    calendar.append_property(Property::new("X-WR-CALNAME", plain(name)));
    calendar.append_property(Property::new("REFRESH-INTERVAL", "PT6H").add_parameter("VALUE", "DURATION").done());
    for event in events {
        let mut entry = Entry::new();
        entry.uid(&format!("{}@{}", event.key, plain(host)));
        entry.add_property("DTSTAMP", instant(at));
        entry.summary(&plain(&event.title));
        if !event.place.is_empty() {
            entry.location(&plain(&event.place));
        }
        match event.when {
            When::Days(from, to) => {
                // The end is the first day that does not belong to it.
                for (key, day) in [("DTSTART", from), ("DTEND", to.plus(1))] {
                    entry.append_property(Property::new(key, date(day)).add_parameter("VALUE", "DATE").done());
                }
                // A whole day does not make anybody busy.
                entry.add_property("TRANSP", "TRANSPARENT");
            }
            When::Instants(from, to) => {
                entry.add_property("DTSTART", instant(from));
                entry.add_property("DTEND", instant(to));
            }
        }
        calendar.push(entry.done());
    }
    calendar.to_string()
}

/// Without what a line must not hold.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `20250610`.
fn date(day: Day) -> String {
    day.to_string().replace('-', "")
}

/// `20250610T010000Z`.
fn instant(at: i64) -> String {
    clock::compact_utc(at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn a_class_is_whole_days_and_a_test_has_its_hours() {
        let events = [
            Event {
                key: "class-1".into(),
                when: When::Days(day("2025-06-30"), day("2025-07-02")),
                title: "专题班；第一期, 上".into(),
                place: "三楼".into(),
            },
            Event {
                key: "test-4".into(),
                when: When::Instants(0, 3_600_000_000),
                title: "考试".into(),
                place: String::new(),
            },
        ];
        let text = written("我的日程", &events, "example.gov.cn", 0);
        for line in [
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dongliang//training//ZH\r\n",
            "X-WR-CALNAME:我的日程\r\n",
            "UID:class-1@example.gov.cn\r\n",
            "DTSTART;VALUE=DATE:20250630\r\n",
            "DTEND;VALUE=DATE:20250703\r\n",
            "SUMMARY:专题班；第一期\\, 上\r\n",
            "LOCATION:三楼\r\n",
            "DTSTART:19700101T000000Z\r\n",
            "DTEND:19700101T010000Z\r\n",
            "DTSTAMP:19700101T000000Z\r\n",
        ] {
            assert!(text.contains(line), "{line:?} in {text}");
        }
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 2);
        assert!(text.ends_with("END:VCALENDAR\r\n"));
    }

    proptest! {
        #[test]
        fn no_title_breaks_out_of_its_line(title in "\\PC{0,80}|[\\r\\n\\t;:,\\\\A-Z]{0,40}") {
            let event = Event { key: "class-1".into(), when: When::Days(day("2025-06-30"), day("2025-06-30")), title, place: String::new() };
            let text = written("日程", &[event], "h", 0);
            // Every line is short enough, but for the blank by which a folded one begins, and unfolded there is one summary
            // and nothing that we did not write.
            prop_assert!(text.split("\r\n").all(|l| l.trim_start_matches(' ').len() <= 75));
            let unfolded = text.replace("\r\n ", "");
            prop_assert!(!unfolded.replace("\r\n", "").contains(['\r', '\n']));
            let known = ["BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "X-WR-CALNAME", "REFRESH-INTERVAL",
                         "UID", "DTSTAMP", "SUMMARY", "DTSTART", "DTEND", "TRANSP"];
            let head = |l: &str| l.split([':', ';']).next().unwrap_or_default().to_owned();
            prop_assert!(unfolded.split("\r\n").filter(|l| !l.is_empty()).all(|l| known.contains(&head(l).as_str())));
        }
    }
}
