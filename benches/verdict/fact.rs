//! One fact on its way in: recorded, everything it touches judged again, its counts moved, durable.

use std::{fs, io::Write as _, path::Path, time::Instant};

use dongliang::{day::Day, db::Value, facts, ledger::NewRow};

use crate::installation;

/// Bytes that the write-ahead log takes for one fact, roughly: the pages it changes.
const FRAMES: usize = 16 * 4_120;

/// Records so many facts, one after the other, and prints the median of their times and of the disk's own sync.
pub(crate) fn run(dir: &Path, times: usize) -> anyhow::Result<()> {
    let installation = installation(dir)?;
    let people = installation.db.read(|tx| tx.one("select count(*) from l_person", &[], |r| r.i64(0)))?.unwrap_or(1);
    let mut taken = Vec::with_capacity(times);
    let mut synced = Vec::with_capacity(times);
    let path = dir.join("sync");
    let mut file = fs::File::create(&path)?;
    for n in 0..times + WARM {
        let person = (n as i64 * 7_919) % people + 1;
        let day = Day::from_ymd(2025, 12, 1).unwrap_or_default().plus((n % 31) as i32);
        let row = NewRow { code: None, unit: None, values: vec![person.into(), day.into(), Value::from("政策")] };
        let begun = Instant::now();
        facts::add(&installation, "基准", "guidance", vec![row], None)?;
        taken.push(begun.elapsed());
        let begun = Instant::now();
        file.write_all(&[0; FRAMES])?;
        file.sync_data()?;
        synced.push(begun.elapsed());
    }
    fs::remove_file(&path)?;
    let median = |of: &mut Vec<std::time::Duration>| {
        of.drain(..WARM);
        of.sort_unstable();
        of[of.len() / 2].as_secs_f64() * 1e3
    };
    let (fact, sync) = (median(&mut taken), median(&mut synced));
    println!("fact_ms={fact:.2}");
    println!("sync_ms={sync:.2}");
    println!("fact_without_sync_ms={:.2}", fact - sync);
    Ok(())
}

/// Not counted: what is read for the first time.
const WARM: usize = 20;
