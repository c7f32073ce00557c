//! Our side: everything judged from scratch, into thin air or into the store.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context as _, bail};
use dongliang::{
    day::Day,
    installation::Installation,
    verdict::{
        engine::Question,
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
pub(crate) fn run(dir: &Path, threads: usize) -> anyhow::Result<()> {
    let installation = installation(dir)?;
    let totals = Mutex::new(Totals::default());
    let usage = Usage::begin()?;
    judge(&installation, threads, &totals, Totals::count)?;
    usage.print()?;
    // Once more for the digest: the peers' is not in what is measured either.
    judge(&installation, threads, &totals, Totals::digest)?;
    totals.into_inner().unwrap_or_else(PoisonError::into_inner).print();
    Ok(())
}

fn judge(
    installation: &Installation,
    threads: usize,
    totals: &Mutex<Totals>,
    take: fn(&mut Totals, &Leaf),
) -> anyhow::Result<()> {
    let current = installation.db.read(|tx| installation.current(tx))?;
    let q = Question { as_of: installation.clock.now().day, ..Question::default() };
    current.engine.evaluate_on(&installation.db, threads, &q, &current.organisation, &|cut| {
        let mut totals = totals.lock().unwrap_or_else(PoisonError::into_inner);
        for v in &cut.verdicts {
            take(&mut totals, &leaf(cut.requirement as i64 + 1, v)?);
        }
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

/// The number of a period of 2025 within the year, from 1; by simple arithmetic, for it is asked of every verdict.
fn number(from: Day, to: Day) -> i64 {
    let months = match to.0 - from.0 {
        ..40 => 1,
        40..100 => 3,
        100..200 => 6,
        _ => 12,
    };
    // A month has 30½ days, near enough to tell the twelve beginnings apart.
    i64::from((2 * (from.0 - YEAR) + 30) / 61 / months + 1)
}

/// The day number of 2025-01-01.
const YEAR: i32 = 20_089;

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
