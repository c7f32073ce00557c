//! The time by which a sitting runs: the machine's, without its jumps.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use crate::clock::Clock;

/// µs by which a clock may be put right under way; a step beyond it is a jump.
const SLACK: i64 = 2_000_000;

/// Goes on steadily when somebody sets the machine's clock, until the server starts anew.
#[derive(Debug, Default)]
pub struct Watch(Mutex<Option<Set>>);

#[derive(Clone, Copy, Debug)]
struct Set {
    clock: Clock,
    wall: i64,
    at: Instant,
    told: bool,
}

impl Watch {
    /// The instant (µs UTC). Another clock than before, as where the demo's day is moved, sets it anew.
    pub fn now(&self, clock: Clock) -> i64 {
        self.read(clock, clock.now().instant, Instant::now())
    }

    fn read(&self, clock: Clock, wall: i64, at: Instant) -> i64 {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let set = match *slot {
            Some(set) if set.clock == clock => set,
            _ => {
                *slot = Some(Set { clock, wall, at, told: false });
                return wall;
            }
        };
        let passed = i64::try_from(at.saturating_duration_since(set.at).as_micros()).unwrap_or(i64::MAX);
        let steady = set.wall.saturating_add(passed);
        if (wall - steady).abs() <= SLACK {
            *slot = Some(Set { clock, wall, at, told: false });
            return wall;
        }
        if !set.told {
            tracing::warn!("服务器的时钟跳变了{}秒：考试仍按原来的时钟计时，直到重启服务", (wall - steady) / 1_000_000);
            *slot = Some(Set { told: true, ..set });
        }
        steady
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::day::Day;

    #[test]
    fn a_clock_that_jumps_takes_nobody_a_minute() {
        let (watch, begun, second) = (Watch::default(), Instant::now(), 1_000_000);
        let read = |wall: i64, after: u64| watch.read(Clock::Machine, wall, begun + Duration::from_secs(after));
        assert_eq!(read(0, 0), 0);
        assert_eq!(read(61 * second, 60), 61 * second, "put right by a second");
        assert_eq!(read(3_600 * second, 70), 71 * second, "an hour ahead");
        assert_eq!(read(-3_600 * second, 80), 81 * second, "an hour back");
        assert_eq!(read(91 * second, 90), 91 * second, "right again");
        let demo = Clock::Standing(Day(20_000));
        assert_eq!(watch.read(demo, 5, begun), 5, "another clock");
    }
}
