//! `dongliang check [DIR]`: loads a package, refuses it with all errors at once, runs its examples.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::bail;
use clap::Args;

use super::Outcome;
use crate::{
    check,
    directive::{self, Diagnostic, Loaded, model::Package},
};

/// Where the package of the directive lies in a checkout.
const USUAL: &str = "directives/2025";

/// Options of `check`.
#[derive(Args)]
pub(super) struct Options {
    /// 文件要求所在的目录（缺省 directives/2025，没有时用程序自带的那一份）
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(options: &Options) -> anyhow::Result<Outcome> {
    let dir = place(options.dir.as_deref());
    let loaded = load(dir)?;
    if let Some((_, _, warnings)) = &loaded {
        print(warnings, dir);
    }
    Ok(if loaded.map(judged).transpose()?.flatten().is_some() { Outcome::Done } else { Outcome::No })
}

/// The directory of the package: the one given, or the usual one of a checkout; without either the program's own.
fn place(dir: Option<&Path>) -> Option<&Path> {
    dir.or(Some(Path::new(USUAL)).filter(|usual| usual.is_dir()))
}

/// Loads the package of a directory, or the usual one. `None` if it is refused, which has been said.
pub(super) fn load(dir: Option<&Path>) -> anyhow::Result<Option<Loaded>> {
    let dir = place(dir);
    let loaded = match dir {
        None => directive::own(),
        Some(dir) if !dir.exists() => bail!("没有目录 {}", dir.display()),
        Some(dir) if !dir.is_dir() => bail!("{} 不是目录。请写明文件要求所在的目录", dir.display()),
        Some(dir) => directive::load(dir),
    };
    Ok(match loaded {
        Ok(loaded) => Some(loaded),
        Err(found) => {
            print(&found, dir);
            say!("{} 处错误，没有装入", found.len());
            None
        }
    })
}

/// Loads and checks a package and says on the terminal what is wrong with it; `None` if anything is.
pub(super) fn checked(dir: Option<&Path>) -> anyhow::Result<Option<Package>> {
    Ok(load(dir)?.map(judged).transpose()?.flatten())
}

/// Runs the examples and says what fails; the package if nothing does.
fn judged((package, examples, _): Loaded) -> anyhow::Result<Option<Package>> {
    let report = check::run(&package, &examples)?;
    for (name, failures) in &report.failed {
        say!("✗ {name}");
        failures.iter().for_each(|f| say!("    {}", f.text));
    }
    say!("{}个例子相符，{}个不符", report.passed, report.failed.len());
    Ok(report.failed.is_empty().then_some(package))
}

/// Findings on the terminal, with paths that can be opened from here.
fn print(found: &[Diagnostic], dir: Option<&Path>) {
    if found.is_empty() {
        return;
    }
    let dir = dir.unwrap_or(Path::new(""));
    let here = env::current_dir().ok();
    let shown = |d: &Diagnostic| Diagnostic { file: shown(dir, &d.file, here.as_deref()), ..d.clone() };
    complain!("{}", directive::render(&found.iter().map(shown).collect::<Vec<_>>()));
}

/// The path of a package's file: below the directory as it was given, or as seen from `here` where that is shorter.
fn shown(dir: &Path, file: &str, here: Option<&Path>) -> String {
    let path = dir.join(file);
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    let text = below.unwrap_or(&path).display().to_string();
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_from_here_where_that_is_shorter() {
        let of = |dir: &str| shown(Path::new(dir), "ledgers/a.toml", Some(Path::new("/work/office")));
        assert_eq!(of("/work/office/package"), "package/ledgers/a.toml");
        assert_eq!(of("/srv/package"), "/srv/package/ledgers/a.toml");
        assert_eq!(of("./package"), "package/ledgers/a.toml");
        assert_eq!(of("../package"), "../package/ledgers/a.toml");
        assert_eq!(shown(Path::new(""), "ledgers/a.toml", None), "ledgers/a.toml");
    }
}
