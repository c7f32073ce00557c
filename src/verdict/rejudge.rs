//! Judges everything: at first, at the turn of the day, after a change of chart, setting or package; and verifies.
//!
//! Read on a snapshot, written as differences in one transaction, so that readers see the old judgement whole until the
//! new one is whole. Subjects that a fact has touched meanwhile keep what that fact made of them. One process judges at a
//! time, whoever else has the database open.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use super::{
    engine::{Engine, Question},
    item,
    recount::{self, Miscount},
    store::{self, Stored},
    touch, window,
};
use crate::{
    calendar::Workdays,
    clock::{self, Moment},
    day::Day,
    db::{Alone, Tx, Work},
    directive::model::{Each, Period},
    installation::{Installation, given, meta, set_meta},
};

/// Said by a judgement that another one has overtaken.
const TAKEN_OVER: &str = "另一个程序已接手判定，这一次的结果没有写入";

/// What a full judgement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Verdicts judged.
    pub verdicts: u64,
    /// Rows written.
    pub written: u64,
}

/// Judges all requirements, or only some (table ids), as of now; waits while another process does.
///
/// # Errors
/// When the store fails.
pub fn run(
    installation: &Installation,
    only: Option<&[String]>,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let alone = installation.db.alone(Work::Judging)?;
    run_alone(&alone, installation, only, progress)
}

/// The same for who has [`Work::Judging`] to himself already.
///
/// # Errors
/// As [`run`].
pub fn run_alone(
    _alone: &Alone<'_>,
    installation: &Installation,
    only: Option<&[String]>,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let db = &installation.db;
    let now = installation.clock.now();
    let turn = db.write(begin)?;
    let first = db.read(|tx| Ok(tx.one("select 1 from verdict", &[], |r| r.i64(0))?.is_none()))?;
    let done = (first || only.is_none()).then_some(now);
    let result = if first && db.reads_beside_writes() {
        from_scratch(installation, now, turn, progress)
    } else {
        let only = if first { None } else { only };
        differences(installation, now, only, (turn, done), progress)
    };
    if result.is_err() {
        // Facts need not tell any more what they touch. The error comes first.
        let _ = db.write(move |tx| if is_mine(tx, turn)? { end(tx, None) } else { Ok(()) });
    }
    result
}

/// Begins a judgement and gives its number. Whoever records a fact from now on says what it touches; facts that were
/// under way are waited for, so that the snapshot read next holds them.
fn begin(tx: &mut Tx<'_>) -> anyhow::Result<i64> {
    touch::keep_facts_out(tx)?;
    let turn = meta(tx, "judging_turn")?.and_then(|t| t.parse().ok()).unwrap_or(0) + 1_i64;
    tx.execute("delete from verdict_touched", &[])?;
    set_meta(tx, "judging_turn", &turn.to_string())?;
    set_meta(tx, "judging", &turn.to_string())?;
    Ok(turn)
}

/// Ends a judgement; with the moment up to which everything is judged now.
fn end(tx: &mut Tx<'_>, done: Option<Moment>) -> anyhow::Result<()> {
    let turn = meta(tx, "judging")?.and_then(|t| t.parse().ok()).unwrap_or(0);
    touch::news(tx, touch::EVERYTHING, turn)?;
    tx.execute("delete from verdict_touched", &[])?;
    tx.execute("delete from meta where key = 'judging'", &[])?;
    done.map_or(Ok(()), |now| judged(tx, now))
}

/// Whether the judgement under way is still this one. A server that lost our connection may have let another process
/// begin: what is computed against an older state must then not be written, or the counts would be added twice.
fn is_mine(tx: &mut Tx<'_>, turn: i64) -> anyhow::Result<bool> {
    touch::keep_facts_out(tx)?;
    Ok(meta(tx, "judging")? == Some(turn.to_string()))
}

/// Notes, for each month that has ended, how the organs stood at its end: as of that day, as known then.
///
/// # Errors
/// When the store fails.
pub fn note_months(installation: &Installation) -> anyhow::Result<usize> {
    let today = installation.clock.now().day;
    let (from, noted) = installation.db.read(|tx| {
        let noted: BTreeSet<String> =
            tx.rows("select day from verdict_trend", &[], |r| Ok(r.text(0)?.to_owned()))?.into_iter().collect();
        Ok((installation.current(tx)?.engine.rules.from, noted))
    })?;
    let ends = window::periods(Period::Month, from, today, &Workdays::default());
    let missing = ends.iter().map(|w| w.to).filter(|d| *d < today && !noted.contains(&d.to_string()));
    let missing: Vec<Day> = missing.rev().take(12).collect();
    for day in &missing {
        let day = *day;
        let (met, judged) = installation.db.read(|tx| stood(tx, installation, day))?;
        installation.db.write(move |tx| {
            let sql = "insert into verdict_trend (day, met, judged) values ($1, $2, $3) on conflict (day) do nothing";
            tx.execute(sql, &[day.to_string().into(), met.into(), judged.into()]).map(|_| ())
        })?;
    }
    Ok(missing.len())
}

/// Items on plan and items judged over all organs on a day, as known at its end.
fn stood(tx: &mut Tx<'_>, installation: &Installation, day: Day) -> anyhow::Result<(i64, i64)> {
    let known_at = Some(clock::end_of_day(day));
    let package = installation.current(tx)?.engine.package.clone();
    let (given, workdays) = given(tx, &package, day, known_at)?;
    let engine = Engine::new(package, given, workdays)?;
    let mut verdicts: Vec<Stored> = Vec::new();
    let q = Question { as_of: day, known_at, ..Question::default() };
    let mut shared = engine.read_organisation(tx, known_at)?;
    engine.evaluate_with(tx, &q, &mut shared, &mut |cut| {
        let c = &engine.compiled[cut.requirement];
        if c.requirement.each != Each::System {
            verdicts.extend(cut.verdicts.iter().map(|v| Stored::of(&c.requirement.id, v)));
        }
        Ok(())
    })?;
    let mut by_organ: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
    for v in verdicts {
        by_organ.entry(v.organ.unwrap_or(0)).or_default().push(v);
    }
    let (mut met, mut judged) = (0, 0);
    for own in by_organ.values() {
        let items = item::items(&engine, &store::count_again(own.iter()), day);
        judged += items.iter().filter(|i| i.judged()).count() as i64;
        met += items.iter().filter(|i| i.judged() && !i.behind()).count() as i64;
    }
    Ok((met, judged))
}

/// Notes up to which day and instant everything is judged.
fn judged(tx: &mut Tx<'_>, now: Moment) -> anyhow::Result<()> {
    set_meta(tx, "judged_day", &now.day.to_string())?;
    set_meta(tx, "judged_at", &now.instant.to_string())
}

/// No verdict stands yet: written as they come, in one transaction. Facts recorded meanwhile wait for it.
fn from_scratch(
    installation: &Installation,
    now: Moment,
    turn: i64,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let (send, receive) = sync_channel::<Option<Vec<Stored>>>(4);
    let (ready, is_ready) = sync_channel::<()>(1);
    let db = &installation.db;
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || db.write(move |tx| write_whole(tx, &ready, &receive, turn, now)));
        // Read only when facts are kept out: none falls between the snapshot and the verdicts.
        let judged = match is_ready.recv() {
            Ok(()) => db.read(|tx| judge_into(tx, installation, now, &send, progress)),
            Err(_) => Err(anyhow::anyhow!("判定没有写入")),
        };
        if judged.is_ok() {
            let _ = send.send(None);
        }
        drop(send);
        let written = writer.join().map_err(|_| anyhow::anyhow!("写入判定的线程出错"))?;
        // Of two errors the first cause: the writer's, unless it only was left without its end.
        match (judged, written) {
            (Ok(verdicts), Ok(written)) => Ok(Summary { verdicts, written }),
            (Err(e), Err(w)) if w.is::<CutShort>() => Err(e),
            (_, Err(w)) => Err(w),
            (Err(e), Ok(_)) => Err(e),
        }
    })
}

/// The verdicts ended before their end.
#[derive(Debug, thiserror::Error)]
#[error("判定中断，没有写入")]
struct CutShort;

/// Writes verdicts until the end is told by `None`; gives how many.
fn write_whole(
    tx: &mut Tx<'_>,
    ready: &SyncSender<()>,
    receive: &Receiver<Option<Vec<Stored>>>,
    turn: i64,
    now: Moment,
) -> anyhow::Result<u64> {
    anyhow::ensure!(is_mine(tx, turn)?, TAKEN_OVER);
    tx.execute("delete from verdict", &[])?;
    tx.execute("delete from verdict_tally", &[])?;
    ready.send(())?;
    let mut written = 0;
    for message in receive {
        let Some(rows) = message else {
            end(tx, Some(now))?;
            return Ok(written);
        };
        for chunk in rows.chunks(2_000) {
            written += store::replace(tx, &[], chunk)?.rows();
        }
    }
    Err(CutShort.into())
}

/// Judges everything and sends the verdicts on; gives how many.
fn judge_into(
    tx: &mut Tx<'_>,
    installation: &Installation,
    now: Moment,
    send: &SyncSender<Option<Vec<Stored>>>,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<u64> {
    let current = installation.current(tx)?;
    let engine = &current.engine;
    let mut seen = BTreeSet::new();
    let mut verdicts = 0;
    let q = Question { as_of: now.day, ..Question::default() };
    let mut shared = current.organisation.clone();
    engine.evaluate_with(tx, &q, &mut shared, &mut |cut| {
        let id = &engine.compiled[cut.requirement].requirement.id;
        let rows: Vec<Stored> = cut.verdicts.iter().map(|v| Stored::of(id, v)).collect();
        verdicts += rows.len() as u64;
        send.send(Some(rows)).map_err(|_| anyhow::anyhow!("判定没有写入"))?;
        seen.insert(cut.requirement);
        progress(seen.len(), engine.compiled.len());
        Ok(())
    })?;
    Ok(verdicts)
}

fn differences(
    installation: &Installation,
    now: Moment,
    only: Option<&[String]>,
    (turn, done): (i64, Option<Moment>),
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let (gone, come) = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let engine = &current.engine;
        let which: Option<Vec<usize>> = only.map(|ids| ids.iter().filter_map(|id| engine.position(id)).collect());
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        compare(
            tx,
            engine,
            now.day,
            which,
            &mut |old, new, n| {
                summary.verdicts += n;
                gone.extend(old);
                come.extend(new);
            },
            progress,
        )?;
        if only.is_none() {
            gone.extend(unjudged(tx, engine)?);
        }
        Ok((gone, come))
    })?;
    summary.written = (gone.len() + come.len()) as u64;
    installation.db.write(move |tx| {
        anyhow::ensure!(is_mine(tx, turn)?, TAKEN_OVER);
        let touched: BTreeSet<(String, i64)> = tx
            .rows("select requirement, subject from verdict_touched", &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))?
            .into_iter()
            .collect();
        let whole: BTreeSet<&String> = touched.iter().filter(|(_, s)| *s == touch::EVERY).map(|(r, _)| r).collect();
        let fresh =
            |s: &Stored| !whole.contains(&s.requirement) && !touched.contains(&(s.requirement.clone(), s.subject));
        let gone: Vec<Stored> = gone.into_iter().filter(fresh).collect();
        let come: Vec<Stored> = come.into_iter().filter(fresh).collect();
        store::replace(tx, &gone, &come)?;
        end(tx, done)
    })?;
    Ok(summary)
}

/// Stored verdicts of requirements that are not judged any more.
fn unjudged(tx: &mut Tx<'_>, engine: &Engine) -> anyhow::Result<Vec<Stored>> {
    let stored =
        tx.rows("select distinct requirement from verdict_tally where n <> 0", &[], |r| Ok(r.text(0)?.to_owned()))?;
    let mut gone = Vec::new();
    for id in stored.iter().filter(|id| engine.position(id).is_none()) {
        gone.extend(store::of_requirement(tx, id, None)?);
    }
    Ok(gone)
}

/// Judges afresh and hands over, requirement by requirement, what stands and should not, what should stand, and how many
/// were judged.
fn compare(
    tx: &mut Tx<'_>,
    engine: &Engine,
    as_of: Day,
    which: Option<Vec<usize>>,
    found: &mut dyn FnMut(Vec<Stored>, Vec<Stored>, u64),
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<()> {
    let all = which.unwrap_or_else(|| (0..engine.compiled.len()).collect());
    let mut shared = engine.read_organisation(tx, None)?;
    for (done, i) in all.iter().enumerate() {
        let id = &engine.compiled[*i].requirement.id;
        let mut new: Vec<Stored> = Vec::new();
        let q = Question { which: Some(vec![*i]), as_of, ..Question::default() };
        engine.evaluate_with(tx, &q, &mut shared, &mut |cut| {
            new.extend(cut.verdicts.iter().map(|v| Stored::of(id, v)));
            Ok(())
        })?;
        let judged = new.len() as u64;
        let old = store::of_requirement(tx, id, None)?;
        let (gone, come) = store::differing(old, new);
        found(gone, come, judged);
        progress(done + 1, all.len());
    }
    Ok(())
}

/// Where the stored verdicts differ from those judged from scratch as of the day they were judged for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// Verdicts compared.
    pub compared: u64,
    /// Stored, but judged otherwise or not at all.
    pub stored: Vec<Stored>,
    /// Judged, but stored otherwise or not at all.
    pub judged: Vec<Stored>,
    /// Counts that are not those of the stored verdicts.
    pub miscounts: Vec<Miscount>,
}

impl Differences {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.stored.len() + self.judged.len() + self.miscounts.len()
    }

    /// Everything agrees.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// `dongliang verify`: judges from scratch and compares, and counts the stored verdicts again.
///
/// # Errors
/// When the store cannot be read.
pub fn verify(installation: &Installation, progress: &mut dyn FnMut(usize, usize)) -> anyhow::Result<Differences> {
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let day = meta(tx, "judged_day")?.and_then(|d| Day::parse(&d));
        let day = day.unwrap_or(installation.clock.now().day);
        let mut differences = Differences::default();
        compare(
            tx,
            &current.engine,
            day,
            None,
            &mut |old, new, n| {
                differences.compared += n;
                differences.stored.extend(old);
                differences.judged.extend(new);
            },
            progress,
        )?;
        differences.stored.extend(unjudged(tx, &current.engine)?);
        differences.miscounts = recount::miscounts(tx)?;
        Ok(differences)
    })
}

/// `dongliang verify --mend`: judges everything again, writes what differs, and counts the verdicts anew.
///
/// # Errors
/// When the store fails.
pub fn mend(installation: &Installation, progress: &mut dyn FnMut(usize, usize)) -> anyhow::Result<()> {
    let alone = installation.db.alone(Work::Judging)?;
    run_alone(&alone, installation, None, progress)?;
    installation.db.write(|tx| {
        touch::keep_facts_out(tx)?;
        recount::mend(tx)
    })
}
