//! Our side: everything judged from scratch, into thin air or into the store.

use std::path::Path;

use anyhow::{Context as _, bail};
use dongliang::{
    day::Day,
    verdict::{
        engine::{Judged, Question},
        judge::{State, Verdict},
        rejudge,
    },
};

use crate::{
    digest::{FAIL, Leaf, PASS, Totals, UNKNOWN},
    installation,
    usage::Usage,
};

/// Judges everything from scratch and stores nothing.
pub(crate) fn run(dir: &Path, _threads: usize) -> anyhow::Result<()> {
    let installation = installation(dir)?;
    let usage = Usage::begin()?;
    let mut totals = Totals::default();
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let q = Question { as_of: installation.clock.now().day, ..Question::default() };
        let mut shared = current.organisation.clone();
        current.engine.evaluate_with(tx, &q, &mut shared, &mut |cut| take(&mut totals, &cut))
    })?;
    usage.print()?;
    totals.print();
    Ok(())
}

fn take(totals: &mut Totals, cut: &Judged<'_, '_>) -> anyhow::Result<()> {
    cut.verdicts.iter().try_for_each(|v| {
        totals.add(&leaf(cut.requirement as i64 + 1, v)?);
        Ok(())
    })
}

fn leaf(requirement: i64, v: &Verdict) -> anyhow::Result<Leaf> {
    let (num, den) = v.parts.first().context("every requirement has a part")?.counted;
    let state = match v.state {
        State::Pass => PASS,
        State::Fail => FAIL,
        State::Unknown => UNKNOWN,
        other => bail!("{other:?} after all windows have shut"),
    };
    let window = number(v.window.from, v.window.to);
    let person = *v.subject.first().context("a person has one key")?;
    Ok(Leaf { requirement, window, person, unit: v.organ.context("everybody has a unit")?, num, den, state })
}

/// The number of a period within its year, from 1.
fn number(from: Day, to: Day) -> i64 {
    let months = match to.0 - from.0 {
        ..40 => 1,
        40..100 => 3,
        100..200 => 6,
        _ => 12,
    };
    i64::from((from.ymd().1 - 1) / months + 1)
}

/// Judges everything from scratch and stores it with its counts by organ, as `init` and `demo` do.
pub(crate) fn store(dir: &Path) -> anyhow::Result<()> {
    let installation = installation(dir)?;
    let before = std::fs::metadata(crate::database(dir))?.len();
    let usage = Usage::begin()?;
    let summary = rejudge::run(&installation, None, &mut |_, _| {})?;
    usage.print()?;
    println!("verdicts={}", summary.verdicts);
    println!("written={}", summary.written);
    drop(installation);
    let after = std::fs::metadata(crate::database(dir))?.len();
    println!("grown_mb={:.0}", (after - before) as f64 / 1e6);
    Ok(())
}
