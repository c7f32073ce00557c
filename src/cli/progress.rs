//! Progress on a terminal; nothing when piped.

use std::{io::IsTerminal as _, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with a title, or a hidden one when the error stream is no terminal.
pub(super) fn bar(title: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {percent:>3}%  用时 {elapsed}  还需 {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
    bar.set_prefix(title);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Moves a bar to `done` of `total`.
pub(super) fn show(bar: &ProgressBar, done: u64, total: u64) {
    bar.set_length(total);
    bar.set_position(done);
}
