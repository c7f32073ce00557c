//! `--as-of DAY` and `--known-at INSTANT`: the moment that a question is about.

use clap::Args;

use super::misuse;
use crate::{
    clock::{self, Clock},
    day::Day,
};

/// Days ahead of today that may be asked about: plans are typed for a year or two.
const FURTHEST: i32 = 800;

/// Options of the moment.
#[derive(Args)]
#[group(skip)]
pub(super) struct Options {
    /// 按哪一天的组织架构和参数，缺省为今日
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// 按哪一时刻已录入的数据，缺省为全部
    #[arg(long, value_name = "INSTANT")]
    known_at: Option<String>,
}

/// A day, and up to when facts were known; `None` is all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The organisation, settings and thresholds of this day.
    pub(super) day: Day,
    /// µs since 1970-01-01 UTC.
    pub(super) known_at: Option<i64>,
}

/// Reads the options; without them it is now.
pub(super) fn read(options: &Options, clock: Clock) -> anyhow::Result<Moment> {
    let today = clock.now().day;
    let day = options.as_of.as_deref().map(day).transpose()?.unwrap_or(today);
    if day > today.plus(FURTHEST) {
        return Err(misuse(format!("{day} 太远：最多看到 {}", today.plus(FURTHEST))));
    }
    let instant = |t: &str| {
        let wrong = || misuse(format!("“{t}”不是时刻，应写作 2025-10-20 或 2025-10-20T18:00"));
        clock::parse_instant(t).ok_or_else(wrong)
    };
    let known_at = options.known_at.as_deref().map(instant).transpose()?;
    Ok(Moment { day, known_at })
}

/// A day as typed.
pub(super) fn day(text: &str) -> anyhow::Result<Day> {
    Day::parse(text).ok_or_else(|| misuse(format!("“{text}”不是日期，应写作 2025-10-20")))
}
