//! `dongliang verify`: judges from scratch, counts again, and compares with what is stored.

use clap::Args;

use super::{Outcome, Place, open, progress};
use crate::verdict::{rejudge, store::Stored};

/// Differences that are printed.
const SHOWN: usize = 20;

/// Options of `verify`.
#[derive(Args)]
pub(super) struct Options {
    /// 不一致时按记录重新判定、重新计数，改正存下的判定
    #[arg(long)]
    mend: bool,
}

/// Runs it.
pub(super) fn run(place: &Place, options: &Options) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let bar = progress::bar("核对判定");
    let found = rejudge::verify(&installation, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    let line = |s: &Stored| format!("{} {} {} {} {}", s.requirement, s.subject, s.window, s.state.as_str(), s.value);
    found.stored.iter().take(SHOWN).for_each(|s| say!("存有而重判不同：{}", line(s)));
    found.judged.iter().take(SHOWN).for_each(|s| say!("重判所得而未存：{}", line(s)));
    for m in found.miscounts.iter().take(SHOWN) {
        let place = format!("{} {} 单位 {} {}", m.requirement, m.window, m.organ, m.state);
        say!("计数与判定不符：{place}，存有 {}，应为 {}", words(m.stored), words(m.counted));
    }
    let differing = found.len();
    say!(
        "核对 {} 个判定及其计数，{}",
        found.compared,
        if differing == 0 { "全部一致".into() } else { format!("{differing} 处不一致") }
    );
    if differing == 0 {
        return Ok(Outcome::Done);
    }
    if !options.mend {
        say!("记录没有受影响。要按记录改正存下的判定：dongliang verify --mend");
        return Ok(Outcome::No);
    }
    let bar = progress::bar("重新判定");
    rejudge::mend(&installation, &mut |n, of| progress::show(&bar, n as u64, of as u64))?;
    bar.finish_and_clear();
    say!("已重新判定并计数");
    Ok(Outcome::Done)
}

/// The sums of a row of counts; the further ones only where there are any.
fn words([n, num, den, late, behind, red]: [i64; 6]) -> String {
    let further = [("已补", late), ("落后", behind), ("红灯", red)].into_iter().filter(|(_, n)| *n != 0);
    let further: String = further.map(|(what, n)| format!("，{what} {n}")).collect();
    format!("{n} 个（合计 {num}/{den}{further}）")
}
