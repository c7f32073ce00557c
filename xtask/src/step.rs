//! Steps: a name, what is done, how long it took. The first that fails ends the run.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// What a step or a whole command comes to.
pub(crate) type Outcome<T = ()> = Result<T, Stop>;

/// Why a run ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A check said no.
    Failed(String),
    /// The command was called wrongly.
    WrongUse(String),
    /// Something must be installed first; the text holds the line to type.
    Missing(String),
}

impl Stop {
    /// What to print.
    pub(crate) fn message(&self) -> &str {
        match self {
            Stop::Failed(text) | Stop::WrongUse(text) | Stop::Missing(text) => text,
        }
    }

    /// The exit code.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Stop::Failed(_) => 1,
            Stop::WrongUse(_) => 2,
            Stop::Missing(_) => 3,
        }
    }
}

/// A run of numbered steps.
pub(crate) struct Steps {
    total: usize,
    done: Vec<(String, f64)>,
}

impl Steps {
    /// Of so many steps.
    pub(crate) fn new(total: usize) -> Steps {
        Steps { total, done: Vec::new() }
    }

    /// Does one step, with a line before it and a line with its time after it.
    pub(crate) fn step<T>(&mut self, name: &str, what: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let head = format!("[{}/{}] {name}", self.done.len() + 1, self.total);
        println!("{head}");
        let begun = Instant::now();
        let result = what();
        let seconds = begun.elapsed().as_secs_f64();
        match result {
            Ok(value) => {
                println!("{head}: done in {seconds:.1} s\n");
                self.done.push((name.to_owned(), seconds));
                Ok(value)
            }
            Err(stop) => {
                println!("{head}: stopped after {seconds:.1} s");
                Err(stop)
            }
        }
    }

    /// Prints the times of all steps.
    pub(crate) fn summary(&self) {
        for (name, seconds) in &self.done {
            println!("{seconds:>8.1} s  {name}");
        }
        println!("{:>8.1} s  in all", self.done.iter().map(|(_, seconds)| seconds).sum::<f64>());
    }
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the repository").to_owned()
}

/// A command in `dir`, without standard input.
pub(crate) fn command(dir: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// The cargo that runs us, at the root of the repository.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(&root(), program);
    command.args(args);
    command
}

/// The built program, at the root of the repository: it lies beside us, built by the same cargo.
pub(crate) fn dongliang() -> Command {
    let here = std::env::current_exe().unwrap_or_else(|_| root().join("target/debug/xtask"));
    command(&root(), here.with_file_name("dongliang"))
}

/// The same of the release profile.
pub(crate) fn released() -> Command {
    let here = std::env::current_exe().unwrap_or_else(|_| root().join("target/debug/xtask"));
    let target = here.parent().and_then(Path::parent).map_or_else(|| root().join("target"), Path::to_owned);
    command(&root(), target.join("release/dongliang"))
}

/// Runs a command to its end with its output shown; anything but success stops.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let line = spelled(command);
    println!("    $ {line}");
    let status = command.status().map_err(|e| Stop::Failed(format!("{line}: cannot be started: {e}")))?;
    if status.success() { Ok(()) } else { Err(Stop::Failed(format!("{line}: {status}"))) }
}

/// What a command prints, if it can be started and succeeds.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The command as one would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    std::iter::once(name).chain(command.get_args()).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_stops_and_names_the_command() {
        let stop = run(&mut command(&root(), "false")).expect_err("false fails");
        assert_eq!(stop.code(), 1);
        assert!(stop.message().starts_with("false: "), "{}", stop.message());
        let stop = run(&mut command(&root(), "no-such-program")).expect_err("it is not there");
        assert!(stop.message().contains("cannot be started"), "{}", stop.message());
    }

    #[test]
    fn commands_are_shown_as_typed() {
        assert_eq!(spelled(command(&root(), "/usr/bin/npm").args(["ci", "--offline"])), "npm ci --offline");
    }
}
