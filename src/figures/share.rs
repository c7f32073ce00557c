//! Shares and the light of a share.

use crate::{
    directive::model::Each,
    verdict::{engine::Engine, light::Light},
};

/// A unit's light, or a requirement's over the units: 落后项 ÷ 应判项, below `yellow` per cent green, up to `red` yellow.
pub fn share_light(engine: &Engine, behind: u32, judged: u32) -> Light {
    let t = engine.rules.thresholds;
    match i64::from(behind) * 100 {
        _ if judged == 0 => Light::None,
        b if b < t.yellow * i64::from(judged) => Light::Green,
        b if b <= t.red * i64::from(judged) => Light::Yellow,
        _ => Light::Red,
    }
}

/// Whether the demand is on the whole system.
pub fn on_system(engine: &Engine, i: usize) -> bool {
    engine.compiled[i].requirement.each == Each::System
}

/// Per mille of `n` in `of`, rounded down; 0 of nothing.
pub fn permille(n: i64, of: i64) -> u32 {
    if of <= 0 { 0 } else { u32::try_from(n * 1000 / of).unwrap_or(0) }
}

/// `92.4%`.
pub fn percent(permille: u32) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}
