//! The project's own commands: `cargo xtask test` and `cargo xtask e2e [--full]`.
//!
//! Plain Rust without dependencies, so that it is built in seconds on a machine that has only a Rust toolchain.
//! Exit codes: 0 done, 1 a step failed, 2 wrong use, 3 something must be installed first.

mod browser;
#[cfg(test)]
mod docs;
mod gate;
mod need;
mod server;
mod step;

use std::process::ExitCode;

use step::{Outcome, Stop};

const USAGE: &str = "\
usage:
    cargo xtask test          format, lints, unit and integration tests on SQLite and PostgreSQL, browser tests
    cargo xtask e2e           the browser tests alone
    cargo xtask e2e --full    and after them the slow outside checkers: Lighthouse, the Nu HTML checker
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome: Outcome = match args[..] {
        ["test"] => gate::test(),
        ["e2e"] => gate::e2e(false),
        ["e2e", "--full"] => gate::e2e(true),
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
