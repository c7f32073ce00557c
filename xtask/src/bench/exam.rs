//! `cargo xtask bench exam [--people N]`: sittings over HTTP, every answer durable, beside what a well-kept peer does.

use super::{figures, number};
use crate::step::{Outcome, cargo};

/// Moodle 4.3, tuned, on the same two processors and the same test with all questions on one page: sittings a second.
const PEER: f64 = 4.3;

/// Measures and prints a table.
pub(crate) fn run(people: u32) -> Outcome {
    let of = figures(&mut cargo(&[
        "bench",
        "--quiet",
        "--locked",
        "--bench",
        "sitting",
        "--",
        "--people",
        &people.to_string(),
    ]))?;
    println!("\n| 20 questions, 24 requests a sitting | |\n|---|---|");
    for (name, title) in [
        ("at_once", "at once"),
        ("sittings_a_second", "sittings a second"),
        ("cpu_ms_a_sitting", "processor time of the server a sitting, ms"),
        ("p50_ms", "a request, median, ms"),
        ("p99_ms", "a request, 99 of 100 within, ms"),
        ("traffic_kb_a_sitting", "sent to the browser a sitting, KB"),
        ("peak_mb", "memory of the server, peak, MB"),
        ("together", "begin within the same second"),
        ("all_begun_s", "until the last of them is served, s"),
        ("refused", "of them refused"),
        ("peak_together_mb", "memory with all their connections, peak, MB"),
        ("growth_mb", "growth of the database with its log in all, MB"),
    ] {
        println!("| {title} | {} |", number(&of, name)?);
    }
    println!("| against Moodle 4.3 ({PEER} a second) | {:.0} times |", number(&of, "sittings_a_second")? / PEER);
    Ok(())
}
