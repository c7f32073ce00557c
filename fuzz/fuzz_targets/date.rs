//! Text and numbers as days and periods: what is read is within its bounds, and reads back as itself.
#![no_main]

use dongliang::sheet::{RawCell, date};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (f64, &str)| {
    for cell in [RawCell::Number(input.0), RawCell::Text(input.1.to_owned())] {
        if let Ok((day, _)) = date::day(&cell) {
            assert!((1900..=2100).contains(&day.ymd().0));
            assert_eq!(date::day(&RawCell::Text(day.to_string())), Ok((day, None)));
        }
        if let Ok((period, _)) = date::period(&cell) {
            assert_eq!(date::period(&RawCell::Text(period.clone())), Ok((period, None)));
        }
    }
});
