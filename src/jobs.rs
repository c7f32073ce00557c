//! Work that goes on behind the pages: judging again after a change of chart, the turn of the day, imports that a crash
//! interrupted. All of it is rows in the store, so that a restart goes on where it stopped.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    attach, audit,
    auth::sweep,
    clock::Clock,
    daily,
    day::Day,
    db::{Tx, Work},
    exam,
    facts::in_state,
    installation::{Installation, meta},
    intake, refusals, remedy, supervise,
    verdict::rejudge,
};

/// What is over is taken away so often.
const SWEEP: Duration = Duration::from_secs(3600);

/// Does everything that waits: imports first, then judging; gives whether anything was done.
///
/// # Errors
/// When the store fails; the work stays waiting.
pub fn run_waiting(installation: &Installation) -> anyhow::Result<bool> {
    let moved = intake::resume(installation)? | intake::run_waiting(installation)?;
    let tested = exam::close::patrol(installation)?;
    let shown = daily::release::patrol(installation)? + daily::remember::patrol(installation)?;
    let judged = judge_waiting(installation)?;
    let followed = remedy::patrol::run(installation)?;
    let pressed = supervise::patrol(&installation.db, installation.clock.now())?;
    let noted = rejudge::note_months(installation)?;
    audit::tend(installation)?;
    Ok(moved | judged | (tested + shown + followed + pressed > 0) | (noted > 0))
}

/// Judges again what waits for it. What another process is judging is waited for, and then done.
fn judge_waiting(installation: &Installation) -> anyhow::Result<bool> {
    let today = installation.clock.now().day;
    let due = installation.db.read(|tx| {
        let job = tx.one("select 1 from job where kind = 'rejudge'", &[], |r| r.i64(0))?;
        Ok(job.is_some() || judged_day(tx)? != Some(today))
    })?;
    if !due {
        return Ok(false);
    }
    let alone = installation.db.alone(Work::Judging)?;
    // Taken before the snapshot, so that what comes in meanwhile waits anew; what a crash left is taken again.
    let jobs = installation.db.write(|tx| {
        tx.execute("update job set state = 'running' where kind = 'rejudge' and state = 'waiting'", &[])?;
        in_state(tx, "rejudge", "running")
    })?;
    let everything = installation.db.read(judged_day)? != Some(today) || jobs.values().any(|p| p == "*");
    if everything {
        rejudge::run_alone(&alone, installation, None, &mut |_, _| {})?;
    } else if !jobs.is_empty() {
        let ids: Vec<String> = jobs.values().flat_map(|p| p.split(' ')).map(str::to_owned).collect();
        rejudge::run_alone(&alone, installation, Some(&ids), &mut |_, _| {})?;
    }
    let worked = everything || !jobs.is_empty();
    if !jobs.is_empty() {
        installation.db.write(move |tx| {
            for id in jobs.keys() {
                tx.execute("delete from job where row_id = $1", &[(*id).into()])?;
            }
            Ok(())
        })?;
    }
    Ok(worked)
}

/// The day up to which everything is judged.
fn judged_day(tx: &mut Tx<'_>) -> anyhow::Result<Option<Day>> {
    Ok(meta(tx, "judged_day")?.and_then(|d| Day::parse(&d)))
}

/// Looks after waiting work until `stop` is set; an error is logged and tried again later.
pub fn keep_working(installation: &Installation, stop: &Arc<AtomicBool>) {
    audit::patrol(installation, stop);
    let mut swept: Option<Instant> = None;
    while !stop.load(Ordering::Relaxed) {
        if let Err(e) = refusals::tell_now(installation, false) {
            tracing::error!("拒绝访问的记录没有写入操作日志：{e:#}");
        }
        if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
            swept = Some(Instant::now());
            if let Err(e) = sweep(installation) {
                tracing::error!("过期的登录没有清理：{e:#}");
            }
            if let Err(e) = attach::sweep(installation) {
                tracing::error!("没有记录的附件没有清理：{e:#}");
            }
        }
        if let Err(e) = run_waiting(installation) {
            tracing::error!("后台任务失败，稍后再试：{e:#}");
            if let Err(e) = audit::tend(installation) {
                tracing::error!("操作日志没有编号：{e:#}");
            }
            std::thread::sleep(Duration::from_secs(5));
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    if let Err(e) = refusals::tell_now(installation, true).and_then(|_| audit::tend(installation)) {
        tracing::error!("拒绝访问的记录没有写入操作日志：{e:#}");
    }
}

/// Takes away sessions, failures and used logins that are over, by the machine's clock, and answers of one's own will that are
/// old; gives how many.
///
/// # Errors
/// When the store cannot be written.
pub fn sweep(installation: &Installation) -> anyhow::Result<u64> {
    let today = installation.clock.now().day;
    installation.db.write(move |tx| Ok(sweep::sweep(tx, Clock::Machine.now().instant)? + daily::own::sweep(tx, today)?))
}
