//! Processor time, time on the clock and memory of this process, as Linux counts them.

use std::{fs, time::Instant};

use anyhow::Context as _;

/// Clock ticks a second in `/proc`; the kernel shows 100 to all programs.
const TICKS: f64 = 100.0;

/// Measures from its making on.
pub(crate) struct Usage {
    begun: Instant,
    cpu: (f64, f64),
}

impl Usage {
    /// Begins.
    pub(crate) fn begin() -> anyhow::Result<Usage> {
        Ok(Usage { begun: Instant::now(), cpu: cpu()? })
    }

    /// Prints what was used since the beginning.
    pub(crate) fn print(&self) -> anyhow::Result<()> {
        let wall = self.begun.elapsed().as_secs_f64();
        let (user, system) = cpu()?;
        println!("cpu_user={:.2}", user - self.cpu.0);
        println!("cpu_system={:.2}", system - self.cpu.1);
        println!("wall={wall:.2}");
        println!("peak_mb={:.1}", peak()?);
        Ok(())
    }
}

/// Seconds in user and in kernel mode, all threads together.
fn cpu() -> anyhow::Result<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after = stat.rsplit_once(')').context("the name ends with a bracket")?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks =
        |i: usize| -> anyhow::Result<f64> { Ok(fields.get(i).context("utime, stime")?.parse::<f64>()? / TICKS) };
    Ok((ticks(11)?, ticks(12)?))
}

/// The most memory that was resident, in MB (10⁶ bytes).
fn peak() -> anyhow::Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib * 1.024 / 1_000.0)
}
