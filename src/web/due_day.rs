//! A last day as people set it: neither at once nor too far.

use crate::{day::Day, installation::Current};

/// Workdays that it leaves at least (no order of today for tomorrow).
pub(super) const SOONEST: u32 = 3;
/// Days ahead that it may lie.
const LATEST: i32 = 730;

/// The first day that may be set.
pub(super) fn soonest(current: &Current, today: Day) -> Day {
    current.engine.workdays.after(today, SOONEST)
}

/// A last day as typed, or what is wrong with it. `what` is what the field is called, `whom` who needs the time.
pub(super) fn read(current: &Current, today: Day, typed: &str, what: &str, whom: &str) -> Result<Day, String> {
    let (soonest, latest) = (soonest(current, today), today.plus(LATEST));
    match Day::parse(typed) {
        None if typed.is_empty() => Err(format!("{what}：请填写。")),
        None => Err(format!("{what}不是有效日期，请写成 2025-11-30。")),
        Some(day) if day < soonest => {
            Err(format!("{what}应不早于{}，给{whom}留出至少{SOONEST}个工作日。", soonest.chinese()))
        }
        Some(day) if day > latest => Err(format!("{what}应不晚于{}。", latest.chinese())),
        Some(day) => Ok(day),
    }
}
