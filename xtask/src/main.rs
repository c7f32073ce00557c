//! The project's own commands: `cargo xtask test`, `cargo xtask e2e [--full]` and `cargo xtask bench`.
//!
//! Plain Rust without dependencies, so that it is built in seconds on a machine that has only a Rust toolchain.
//! Exit codes: 0 done, 1 a step failed, 2 wrong use, 3 something must be installed first.

mod bench;
mod browser;
#[cfg(test)]
mod docs;
mod gate;
#[cfg(test)]
mod licences;
mod need;
mod server;
mod step;

use std::process::ExitCode;

use step::{Outcome, Stop};

const USAGE: &str = "\
usage:
    cargo xtask test          format, lints, unit and integration tests on SQLite and PostgreSQL, browser tests
    cargo xtask e2e           the browser tests alone
    cargo xtask e2e --full    and after them the slow outside checkers: Lighthouse, the Nu HTML checker, papers set by LibreOffice
    cargo xtask bench verdict [--people N]
                              judging 100 facts each of 100,000 people, beside SQL in SQLite and DuckDB
    cargo xtask bench exam [--people N]
        sittings over HTTP, every answer durable
    cargo xtask bench pages [--people N]...
                              processor time of each page in cities of 1,000 and of 100,000 people
";

/// The numbers of `--people N`, in their order.
fn numbers(options: &[&str]) -> Outcome<Vec<u32>> {
    let wrong = || Stop::WrongUse(format!("--people N, not: {}\n\n{USAGE}", options.join(" ")));
    options
        .chunks(2)
        .map(|pair| match pair {
            ["--people", n] => n.parse().ok().filter(|n| *n > 0).ok_or_else(wrong),
            _ => Err(wrong()),
        })
        .collect()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome: Outcome = match args[..] {
        ["test"] => gate::test(),
        ["e2e"] => gate::e2e(false),
        ["e2e", "--full"] => gate::e2e(true),
        ["bench", what, ref options @ ..] => numbers(options).and_then(|people| match what {
            "verdict" => bench::verdict(people.first().copied().unwrap_or(100_000)),
            "exam" => bench::exam(people.first().copied().unwrap_or(7_000)),
            "pages" if people.is_empty() => bench::pages(&[1_000, 100_000]),
            "pages" => bench::pages(&people),
            _ => Err(Stop::WrongUse(format!("no such benchmark: {what}\n\n{USAGE}"))),
        }),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(Stop::WrongUse(format!("no such command: {}\n\n{USAGE}", args.join(" ")))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("\nxtask: {}", stop.message());
            ExitCode::from(stop.code())
        }
    }
}
