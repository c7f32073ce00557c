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

/// Per mille of `n` in `of`, rounded to the nearest, of two the even one, so that a share and what it lacks make 1000; what is
/// neither nothing nor all never reads as such. 0 of nothing.
pub fn permille(n: i64, of: i64) -> u32 {
    if of <= 0 || n <= 0 {
        return 0;
    }
    let (whole, twice) = (n * 1000 / of, n * 1000 % of * 2);
    let rounded = whole + i64::from(twice > of || twice == of && whole % 2 == 1);
    let nearest = if n < of { rounded.clamp(1, 999) } else { rounded };
    u32::try_from(nearest).unwrap_or(0)
}

/// `92.4%`.
pub fn percent(permille: u32) -> String {
    format!("{}.{}%", permille / 10, permille % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_and_what_it_lacks_make_the_whole() {
        for of in 1..=400 {
            for n in 0..=of {
                assert_eq!(permille(n, of) + permille(of - n, of), 1000, "{n} of {of}");
            }
        }
        for (n, of, told) in [(3, 35, 86), (1, 16, 62), (15, 16, 938), (1, 5000, 1), (4999, 5000, 999), (0, 0, 0)] {
            assert_eq!(permille(n, of), told, "{n} of {of}");
        }
    }
}
