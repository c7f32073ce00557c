//! `cargo xtask test` and `cargo xtask e2e`: which checks, in which order.

use crate::{
    browser,
    need::{self, Need},
    server::Server,
    step::{Outcome, Steps, cargo, dongliang, run},
};

/// Everything that must hold before a change is taken.
pub(crate) fn test() -> Outcome {
    let mut steps = Steps::new(7);
    steps.step("tools", || need::ensure(&[Need::RustTools, Need::Postgres, Need::Browser, Need::Node]))?;
    steps.step("format", || run(&mut cargo(&["fmt", "--all", "--check"])))?;
    steps.step("lints, warnings are errors", || {
        run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
    })?;
    steps.step("unit and integration tests, SQLite and PostgreSQL", || {
        run(&mut cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]))
    })?;
    steps.step("worked examples of every package", packages)?;
    browser_tests(&mut steps, &AS_TESTED)?;
    steps.summary();
    Ok(())
}

/// Builds the program by itself.
const ALONE: [&str; 4] = ["build", "--package", "dongliang", "--locked"];

/// Builds the program as its tests have it: what only tests depend on changes features of what the program depends on,
/// so built by itself after the tests, most of it would be built a second time.
const AS_TESTED: [&str; 4] = ["build", "--workspace", "--tests", "--locked"];

/// The packages that are kept in the repository: of the directive, of the language's conformance, of the tutorial.
const PACKAGES: [&str; 3] = ["directives/2025", "tests/conformance", "docs/example-package"];

fn packages() -> Outcome {
    run(&mut cargo(&AS_TESTED))?;
    PACKAGES.iter().try_for_each(|package| run(dongliang().args(["check", package])))
}

/// The browser tests, and with `full` the slow outside checkers after them.
pub(crate) fn e2e(full: bool) -> Outcome {
    let mut steps = Steps::new(if full { 5 } else { 3 });
    let needs: &[Need] =
        if full { &[Need::Browser, Need::Node, Need::Java, Need::Office] } else { &[Need::Browser, Need::Node] };
    steps.step("tools", || need::ensure(needs))?;
    let server = browser_tests(&mut steps, &ALONE)?;
    if full {
        steps.step("Lighthouse and the Nu HTML checker", || browser::outside_checkers(server.url()))?;
        steps.step("papers, set by LibreOffice and measured", || {
            run(&mut cargo(&[
                "test",
                "--package",
                "dongliang",
                "--locked",
                "--test",
                "it",
                "papers_layout",
                "--",
                "--ignored",
            ]))
        })?;
    }
    steps.summary();
    Ok(())
}

/// Serves a demo city from the binary of the development profile, built by `build`, and walks through its pages. The
/// server is left running for whoever comes next.
fn browser_tests(steps: &mut Steps, build: &[&str]) -> Outcome<Server> {
    let server = steps.step("a demo city, served", || {
        run(&mut cargo(build))?;
        Server::start()
    })?;
    steps.step("browser tests", || browser::playwright(&server))?;
    Ok(server)
}
