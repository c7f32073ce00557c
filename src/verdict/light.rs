//! 亮灯: how an open verdict stands against its pace (section 6). Computed, never set by hand.

use super::{
    compile::Fold,
    judge::{State, TargetNow},
};
use crate::{
    directive::model::{Pace, TargetOp},
    ratio::Ratio,
};

/// A light; the greater is the worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Light {
    /// No light.
    None,
    /// 绿灯.
    Green,
    /// 黄灯.
    Yellow,
    /// 红灯.
    Red,
}

impl Light {
    /// As stored and exported.
    pub fn as_str(self) -> &'static str {
        match self {
            Light::None => "none",
            Light::Green => "green",
            Light::Yellow => "yellow",
            Light::Red => "red",
        }
    }

    /// Reads [`Light::as_str`].
    pub fn parse(text: &str) -> Option<Light> {
        [Light::None, Light::Green, Light::Yellow, Light::Red].into_iter().find(|l| l.as_str() == text)
    }

    /// The light that a state has by itself.
    pub fn of(state: State) -> Light {
        match state {
            State::Pass => Light::Green,
            State::Fail => Light::Red,
            _ => Light::None,
        }
    }
}

/// Settings `yellow_from` and `red_from`, in points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Behind by fewer points: green.
    pub yellow: i64,
    /// Behind by more points: red.
    pub red: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { yellow: 10, red: 30 }
    }
}

/// The pace of a measure unless the requirement says another (6.1, 6.3).
pub fn default_pace(fold: &Fold) -> Pace {
    match fold {
        Fold::Count(_) | Fold::Sum(..) | Fold::Distinct(..) => Pace::Steps,
        _ => Pace::None,
    }
}

/// Points behind the pace: expected minus done, in hundredths of the target; negative when ahead.
pub fn behind(pace: Pace, target: &TargetNow, value: Ratio, days: (i64, i64)) -> Option<Ratio> {
    let share = Ratio::new(days.0, days.1)?;
    let missing = match pace {
        Pace::Steps => {
            let expected = Ratio::whole(target.value.times(share)?.floor());
            expected.minus(value)?.over(target.value)?
        }
        Pace::Linear => share.minus(value.over(target.value)?)?,
        Pace::None => return None,
    };
    missing.times(Ratio::whole(100))
}

/// The light of an open part: `days` elapsed and in all, of those its pace counts.
pub fn open(pace: Pace, target: &TargetNow, value: Ratio, days: (i64, i64), t: &Thresholds) -> Light {
    let met = target.met(Some(value), Some(value)) == Some(true);
    let light = if target.op == TargetOp::AtMost || pace == Pace::None {
        if met { Light::Green } else { Light::Yellow }
    } else {
        match behind(pace, target, value, days) {
            Some(points) if points > Ratio::whole(t.red) => Light::Red,
            Some(points) if points >= Ratio::whole(t.yellow) => Light::Yellow,
            _ => Light::Green,
        }
    };
    let (elapsed, total) = days;
    let last_tenth = total - elapsed <= (total + 9) / 10;
    if !met && last_tenth { light.max(Light::Yellow) } else { light }
}
