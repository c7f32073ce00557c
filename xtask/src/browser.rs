//! Browser tests in `e2e/` and the slow outside checkers in `e2e/full/`, run by Node.

use std::path::{Path, PathBuf};

use crate::{
    server::Server,
    step::{Outcome, Stop, command, dongliang, root, run},
};

/// Playwright against a running server. The server's log is shown when a test fails.
pub(crate) fn playwright(server: &Server) -> Outcome {
    let dir = root().join("e2e");
    install(&dir)?;
    let tests = run(command(&dir, "node")
        .args(["node_modules/@playwright/test/cli.js", "test"])
        .env("DONGLIANG_URL", server.url())
        // For the test that needs an office of its own.
        .env("DONGLIANG_BIN", dongliang().get_program())
        .env("LANGUAGE", "zh_CN"));
    tests.map_err(|stop| match stop {
        Stop::Failed(text) => Stop::Failed(format!("{text}\nthe server said:\n{}", server.log())),
        other => other,
    })
}

/// Lighthouse on the heavy pages, the Nu HTML checker on all.
pub(crate) fn outside_checkers(url: &str) -> Outcome {
    let dir = root().join("e2e/full");
    install(&dir)?;
    run(command(&dir, "node").arg("check.mjs").env("DONGLIANG_URL", url).env("LANGUAGE", "zh_CN"))
}

/// `npm ci`, unless what is installed is what the lock file says.
fn install(dir: &Path) -> Outcome {
    let lock = read(&dir.join("package-lock.json"))?;
    let stamp = dir.join("node_modules/.installed-from");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    run(command(dir, "npm").args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]))?;
    std::fs::write(&stamp, lock).map_err(|e| cannot(&stamp, &e))
}

fn read(path: &PathBuf) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|e| cannot(path, &e))
}

fn cannot(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Failed(format!("{}: {error}", path.display()))
}
