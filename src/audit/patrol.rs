//! The daily verification behind the pages, and what it found.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::verify::{Against, Report, verify};
use crate::{
    clock::Clock,
    db::Tx,
    installation::{Installation, meta, set_meta},
};

/// A verification at least so often, µs.
const EVERY: i64 = 86_400_000_000;
/// Where the outcome is kept.
const OUTCOME: &str = "audit_verified";

/// The outcome of the last verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When, µs by the machine's clock.
    pub at: i64,
    /// Entries that were looked at.
    pub entries: u64,
    /// Rows that were looked at.
    pub rows: u64,
    /// What did not hold.
    pub found: u64,
}

/// Reads the outcome of the last verification.
///
/// # Errors
/// When the store cannot be read.
pub fn outcome(tx: &mut Tx<'_>) -> anyhow::Result<Option<Outcome>> {
    Ok(meta(tx, OUTCOME)?.and_then(|text| {
        let mut numbers = text.split(' ');
        Some(Outcome {
            at: numbers.next()?.parse().ok()?,
            entries: numbers.next()?.parse().ok()?,
            rows: numbers.next()?.parse().ok()?,
            found: numbers.next()?.parse().ok()?,
        })
    }))
}

/// Verifies everything and keeps the outcome.
///
/// # Errors
/// When the store fails.
pub fn look(installation: &Installation) -> anyhow::Result<Report> {
    let verifier = installation.signer.as_ref().map(|s| s.verifier().clone());
    let report = verify(&installation.db, &Against { verifier, published: Vec::new() })?;
    for finding in report.findings.iter().take(20) {
        tracing::error!("操作日志核验：{finding}");
    }
    let at = Clock::Machine.now().instant;
    let text = format!("{at} {} {} {}", report.entries, report.rows, report.found);
    installation.db.write(move |tx| set_meta(tx, OUTCOME, &text))?;
    Ok(report)
}

/// Looks once a day until `stop` is set, on a thread of its own: a large log takes some time, and nobody waits for it.
pub(crate) fn patrol(installation: &Installation, stop: &Arc<AtomicBool>) {
    let (installation, stop) = (installation.clone(), Arc::clone(stop));
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let due = installation
                .db
                .read(outcome)
                .map(|last| last.is_none_or(|last| (Clock::Machine.now().instant - last.at).abs() >= EVERY));
            match due {
                Ok(true) => {
                    if let Err(e) = look(&installation) {
                        tracing::error!("操作日志没有核验：{e:#}");
                    }
                }
                Ok(false) => {}
                Err(e) => tracing::error!("操作日志没有核验：{e:#}"),
            }
            for _ in 0..60 {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    });
}
