//! `cargo xtask bench`: figures beside those of peers, in the same run on the same facts. Nothing here fails because it is
//! slow; it fails when two do not agree.

mod exam;
mod pages;
mod verdict;

pub(crate) use exam::run as exam;
pub(crate) use pages::run as pages;
pub(crate) use verdict::run as verdict;

use std::{collections::BTreeMap, path::PathBuf, process::Command};

use crate::step::{Outcome, Stop, root, spelled};

/// Lines `name=value` that a part printed.
type Figures = BTreeMap<String, String>;

/// Where the facts of a benchmark are kept from one run to the next.
fn directory(name: &str) -> Outcome<PathBuf> {
    let dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join(name);
    std::fs::create_dir_all(&dir).map_err(|e| Stop::Failed(format!("{}: {e}", dir.display())))?;
    Ok(dir)
}

/// Runs a part to its end and reads what it printed.
fn figures(command: &mut Command) -> Outcome<Figures> {
    let line = spelled(command);
    println!("    $ {line}");
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|e| Stop::Failed(format!("{line}: cannot be started: {e}")))?;
    if !output.status.success() {
        return Err(Stop::Failed(format!("{line}: {}", output.status)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|l| l.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
}

/// A figure as a number; a part that did not print it has failed.
fn number(of: &Figures, name: &str) -> Outcome<f64> {
    let text = of.get(name).ok_or_else(|| Stop::Failed(format!("no figure {name}")))?;
    text.parse().map_err(|_| Stop::Failed(format!("{name}={text} is no number")))
}
