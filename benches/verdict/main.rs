//! The benchmark of judging, run by `cargo xtask bench verdict`, which starts each part in a process of its own, so that
//! its processor time and its peak of memory are its own.
//!
//! ```text
//! make DIR --people N      an installation with 100 facts a person, and the same facts as CSV for the peers
//! judge DIR --threads N    everything judged from scratch, nothing stored
//! store DIR                everything judged from scratch and stored
//! fact DIR --times N       one fact recorded, judged again and durable
//! sqlite-group DIR         the same verdicts by `group by` in SQLite, nothing stored
//! sqlite-probe DIR         the same by index probes
//! ```
//!
//! Every part prints lines `name=value` for xtask to read.

mod digest;
mod fact;
mod judge;
mod make;
mod sqlite;
mod usage;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use dongliang::{clock::Clock, day::Day, db::Db, installation::Installation, ledger::Keys};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [part, dir, rest @ ..] = args.as_slice() else { bail!("which part, and where?") };
    let dir = PathBuf::from(dir);
    match part.as_str() {
        "make" => make::run(&dir, option(rest, "--people")?.unwrap_or(100_000)),
        "judge" => judge::run(&dir, option(rest, "--threads")?.unwrap_or(1)),
        "store" => judge::store(&dir),
        "fact" => fact::run(&dir, option(rest, "--times")?.unwrap_or(300)),
        "sqlite-group" => sqlite::run(&dir, sqlite::Way::Group),
        "sqlite-probe" => sqlite::run(&dir, sqlite::Way::Probe),
        _ => bail!("no such part: {part}"),
    }
}

/// A number given as `--name N`.
fn option(args: &[String], name: &str) -> anyhow::Result<Option<usize>> {
    let Some(at) = args.iter().position(|a| a == name) else { return Ok(None) };
    let value = args.get(at + 1).with_context(|| format!("{name} needs a number"))?;
    Ok(Some(value.parse().with_context(|| format!("{name} {value}"))?))
}

/// The day asked: all windows of 2025 have shut.
const ASKED: &str = "2026-01-10";

/// The installation that `make` has made, seen from [`ASKED`].
fn installation(dir: &Path) -> anyhow::Result<Installation> {
    let day = Day::parse(ASKED).context("a day")?;
    Installation::new(Db::open(&url(dir))?, keys(), Clock::Standing(day))
}

fn url(dir: &Path) -> String {
    format!("sqlite:{}", database(dir).display())
}

fn database(dir: &Path) -> PathBuf {
    dir.join("dongliang.db")
}

/// No field of the benchmark is sensitive.
fn keys() -> Keys {
    Keys::from_bytes([1; 32], [2; 32])
}
