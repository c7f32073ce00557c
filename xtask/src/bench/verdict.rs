//! `cargo xtask bench verdict [--people N]`: ten million facts judged by us, by SQL in SQLite, by DuckDB.

use std::path::Path;

use super::{Figures, directory, figures, number};
use crate::step::{Outcome, Stop, cargo, command, root, run as step};

/// Version of the peer, from PyPI.
const DUCKDB: &str = "duckdb==2.0.1";

/// What all must agree on.
const AGREED: [&str; 6] = ["verdicts", "verdicts_digest", "rollups", "rollups_digest", "scores", "scores_digest"];

/// Measures every side in a process of its own and prints a table.
pub(crate) fn run(people: u32) -> Outcome {
    let dir = directory(&format!("bench-verdict-{people}"))?;
    let dir = dir.to_str().ok_or_else(|| Stop::Failed("the path is not UTF-8".into()))?;
    let part_in = |dir: &str, name: &str, rest: &[&str]| {
        let mut args = vec!["bench", "--quiet", "--locked", "--bench", "verdict", "--", name, dir];
        args.extend(rest);
        figures(&mut cargo(&args))
    };
    let part = |name: &str, rest: &[&str]| part_in(dir, name, rest);
    let made = part("make", &["--people", &people.to_string()])?;
    let python = python(&directory("bench-python")?)?;
    let duckdb = |threads: &str| {
        let script = root().join("benches/verdict/peer.py");
        figures(command(&root(), &python).arg(script).args([dir, threads]))
    };
    let sides = [
        ("dongliang, one thread", part("judge", &["--threads", "1"])?),
        ("dongliang, two threads", part("judge", &["--threads", "2"])?),
        ("SQLite, one probe a person and window", part("sqlite-probe", &[])?),
        ("SQLite, group by over the covering index", part("sqlite-group", &[])?),
        ("DuckDB, one thread", duckdb("1")?),
        ("DuckDB, two threads", duckdb("2")?),
    ];
    agree(&sides)?;
    println!("\n{} verdicts, agreed on to the last; nothing is stored by any side.\n", sides[0].1["verdicts"]);
    println!("| | CPU s | wall s | peak MB | CPU against ours |\n|---|---|---|---|---|");
    let ours = cpu(&sides[0].1)?;
    for (name, of) in &sides {
        let cpu = cpu(of)?;
        println!("| {name} | {cpu:.2} | {} | {} | {:.1} |", of["wall"], of["peak_mb"], cpu / ours);
    }
    // What writes works on a copy: the peers' facts stay the same from run to run.
    let copy = Copy::of(Path::new(dir))?;
    let stored = part_in(&copy.0, "store", &[])?;
    println!("\nstored too: {:.2} s CPU, {} s wall, {} MB", cpu(&stored)?, stored["wall"], stored["peak_mb"]);
    let fact = part_in(&copy.0, "fact", &[])?;
    println!(
        "one fact: {} ms, of these the disk's sync {} ms, without it {} ms",
        fact["fact_ms"], fact["sync_ms"], fact["fact_without_sync_ms"]
    );
    if let Some(mb) = made.get("file_mb") {
        println!("file: {mb} MB");
    }
    Ok(())
}

/// The database in a directory of its own, until it is dropped.
struct Copy(String);

impl Copy {
    fn of(dir: &Path) -> Outcome<Copy> {
        let to = dir.join("copy");
        let cannot = |e| Stop::Failed(format!("{}: {e}", to.display()));
        std::fs::create_dir_all(&to).map_err(cannot)?;
        let copy = Copy(to.display().to_string());
        std::fs::copy(dir.join("dongliang.db"), to.join("dongliang.db")).map_err(cannot)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn cpu(of: &Figures) -> Outcome<f64> {
    Ok(number(of, "cpu_user")? + number(of, "cpu_system")?)
}

/// All sides came to the same verdicts, totals and scores.
fn agree(sides: &[(&str, Figures)]) -> Outcome {
    let (first, ours) = &sides[0];
    for (name, of) in &sides[1..] {
        if let Some(what) = AGREED.iter().find(|what| of.get(**what) != ours.get(**what)) {
            let [a, b] = [ours, of].map(|f| f.get(*what).map_or("nothing", String::as_str));
            return Err(Stop::Failed(format!("{first} and {name} do not agree on {what}: {a}, {b}")));
        }
    }
    Ok(())
}

/// A Python that has the peer.
fn python(venv: &Path) -> Outcome<std::path::PathBuf> {
    let python = venv.join("bin/python");
    let have = command(venv, &python).args(["-c", "import duckdb"]).output().is_ok_and(|o| o.status.success());
    if !have {
        step(command(venv, "python3").args(["-m", "venv", "."]))?;
        step(command(venv, &python).args(["-m", "pip", "install", "--quiet", DUCKDB]))?;
    }
    Ok(python)
}
