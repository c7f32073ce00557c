//! What the checks need besides a Rust toolchain: found, or installed from Debian, or named with the line to type.

use std::{path::Path, process::Command};

use crate::step::{Outcome, Stop, cargo, command, output, root, run};

/// A need of some step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Need {
    /// rustfmt and clippy of the toolchain.
    RustTools,
    /// The server's binaries; the tests start it themselves.
    Postgres,
    /// Chromium that speaks Chinese, and a Chinese font.
    Browser,
    /// Node 18 or newer, with npm.
    Node,
    /// A Java runtime, for the Nu HTML checker.
    Java,
    /// LibreOffice and poppler, to set papers and to measure them.
    Office,
}

/// Sees to it that everything is there: as root installs what is missing, else says what to type.
pub(crate) fn ensure(needs: &[Need]) -> Outcome {
    let mut lacking = packages(needs);
    for package in &lacking {
        println!("    missing: {} ({})", package.name, package.why);
    }
    if !lacking.is_empty() && output("apt-get", &["--version"]).is_none() {
        return Err(Stop::Missing(format!("install by the means of your system: {}", names(&lacking))));
    }
    if !lacking.is_empty() && output("id", &["-u"]).as_deref() == Some("0") {
        run(apt_get().args(["-qq", "update"]))?;
        run(apt_get().args(APT_INSTALL).args(lacking.iter().map(|package| package.name)))?;
        lacking = packages(needs);
        if !lacking.is_empty() {
            return Err(Stop::Missing(format!("installed, and still too old or not there: {}", names(&lacking))));
        }
    }
    let rust_tools = !needs.contains(&Need::RustTools) || rust_tools();
    match to_type(rust_tools, &lacking) {
        lines if lines.is_empty() => {
            println!("    all there");
            Ok(())
        }
        lines => {
            Err(Stop::Missing(format!("something is not there that cannot be installed from here. Type:\n{lines}")))
        }
    }
}

const APT_INSTALL: [&str; 4] = ["-qq", "-y", "--no-install-recommends", "install"];

/// A Debian package and what it is for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Package {
    name: &'static str,
    why: &'static str,
}

/// The packages that are lacking.
fn packages(needs: &[Need]) -> Vec<Package> {
    needs.iter().flat_map(|need| missing(*need)).collect()
}

/// The packages that a need lacks on this machine.
fn missing(need: Need) -> Vec<Package> {
    let package = |there: bool, name, why| (!there).then_some(Package { name, why });
    let wanted = match need {
        Need::RustTools => vec![],
        Need::Postgres => vec![package(postgres(), "postgresql", "the store's tests run on it too")],
        Need::Browser => vec![
            package(Path::new("/usr/bin/chromium").exists(), "chromium", "the browser of the browser tests"),
            package(
                Path::new("/usr/lib/chromium/locales/zh-CN.pak").exists(),
                "chromium-l10n",
                "date fields in Chinese",
            ),
            package(chinese_font(), "fonts-noto-cjk", "without a Chinese font no width can be measured"),
        ],
        Need::Node => vec![
            package(major("node") >= Some(18), "nodejs", "runs the browser tests"),
            package(output("npm", &["--version"]).is_some(), "npm", "fetches Playwright and axe"),
        ],
        Need::Office => vec![
            package(output("soffice", &["--version"]).is_some(), "libreoffice-writer-nogui", "sets the papers"),
            package(output("pdftotext", &["-v"]).is_some(), "poppler-utils", "measures them"),
            package(chinese_font(), "fonts-noto-cjk", "without a Chinese font no width can be measured"),
        ],
        Need::Java => {
            vec![package(output("java", &["-version"]).is_some(), "default-jre-headless", "runs the Nu HTML checker")]
        }
    };
    wanted.into_iter().flatten().collect()
}

/// rustfmt and clippy belong to the toolchain, which is not ours to change.
fn rust_tools() -> bool {
    ["fmt", "clippy"].iter().all(|tool| cargo(&[tool, "--version"]).output().is_ok_and(|o| o.status.success()))
}

/// The server's own programs lie outside the path on Debian.
fn postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/initdb")).any(|initdb| initdb.exists())
        || output("initdb", &["--version"]).is_some()
}

fn chinese_font() -> bool {
    output("fc-list", &[":lang=zh-cn", "family"]).is_some_and(|families| !families.is_empty())
}

/// The major version that `program --version` prints, as in `v18.20.4`.
fn major(program: &str) -> Option<u32> {
    parse_major(&output(program, &["--version"])?)
}

fn parse_major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

fn apt_get() -> Command {
    let mut command = command(&root(), "apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The lines to type, each on its own.
fn to_type(rust_tools: bool, lacking: &[Package]) -> String {
    let mut lines = String::new();
    if !rust_tools {
        lines.push_str("\n    rustup component add rustfmt clippy");
    }
    if !lacking.is_empty() {
        lines.push_str("\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends ");
        lines.push_str(&names(lacking));
    }
    lines
}

fn names(of: &[Package]) -> String {
    of.iter().map(|package| package.name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_read() {
        assert_eq!(parse_major("v18.20.4"), Some(18));
        assert_eq!(parse_major("20.1.0"), Some(20));
        assert_eq!(parse_major("next"), None);
        assert!(None < Some(18), "no node at all is older than any");
    }

    #[test]
    fn the_lines_to_type_name_everything_that_is_lacking() {
        let lacking = [Package { name: "postgresql", why: "" }, Package { name: "npm", why: "" }];
        let lines = to_type(false, &lacking);
        assert!(lines.contains("rustup component add rustfmt clippy\n"), "{lines}");
        assert!(lines.ends_with("install -y --no-install-recommends postgresql npm"), "{lines}");
        assert_eq!(to_type(true, &[]), "");
    }
}
