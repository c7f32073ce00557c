//! `dongliang check [DIR]`: loads a package, refuses it with all errors at once, runs its examples.

use std::path::{Path, PathBuf};

use clap::Args;

use super::Outcome;
use crate::{
    check,
    directive::{self, Diagnostic, model::Package},
};

/// Options of `check`.
#[derive(Args)]
pub(super) struct Options {
    /// 文件要求所在的目录
    #[arg(default_value = "directives/2025", value_name = "DIR")]
    dir: PathBuf,
}

/// Runs it.
pub(super) fn run(options: &Options) -> anyhow::Result<Outcome> {
    if let Ok((_, _, warnings)) = directive::load(&options.dir)
        && !warnings.is_empty()
    {
        print(&warnings);
    }
    Ok(if checked(&options.dir)?.is_some() { Outcome::Done } else { Outcome::No })
}

/// Loads and checks a package and says on the terminal what is wrong with it; `None` if anything is.
pub(super) fn checked(dir: &Path) -> anyhow::Result<Option<Package>> {
    let (package, examples, _) = match directive::load(dir) {
        Ok(loaded) => loaded,
        Err(found) => {
            print(&found);
            say!("{} 处错误，没有装入", found.len());
            return Ok(None);
        }
    };
    let report = check::run(&package, &examples)?;
    for (name, failures) in &report.failed {
        say!("✗ {name}");
        failures.iter().for_each(|f| say!("    {}", f.text));
    }
    say!("{} passed, {} failed", report.passed, report.failed.len());
    Ok(report.failed.is_empty().then_some(package))
}

/// Findings on the terminal.
pub(super) fn print(found: &[Diagnostic]) {
    complain!("{}", directive::render(found));
}
