//! Judges everything: at first, at the turn of the day, after a change of chart, setting or package; and verifies.
//!
//! Read on a snapshot, written as differences in one transaction, so that readers see the old judgement whole until the
//! new one is whole. Subjects that a fact has touched meanwhile keep what that fact made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{SyncSender, sync_channel},
};

use super::{
    engine::{Engine, Question},
    item,
    store::{self, Stored},
    touch, window,
};
use crate::{
    calendar::Workdays,
    clock::{self, Moment},
    day::Day,
    db::{Db, Tx},
    directive::model::{Each, Period},
    installation::{Installation, given, meta, set_meta},
};

/// What a full judgement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Verdicts judged.
    pub verdicts: u64,
    /// Rows written.
    pub written: u64,
}

/// Judges all requirements, or only some (table ids), as of now.
///
/// # Errors
/// When the store fails.
pub fn run(
    installation: &Installation,
    only: Option<&[String]>,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let db = &installation.db;
    let now = installation.clock.now();
    db.write(|tx| {
        tx.execute("delete from verdict_touched", &[])?;
        set_meta(tx, "judging", "1")
    })?;
    let first = db.read(|tx| Ok(tx.one("select 1 from verdict", &[], |r| r.i64(0))?.is_none()))?;
    let result =
        if first { from_scratch(installation, now, progress) } else { differences(installation, now, only, progress) };
    let done = result.is_ok() && (first || only.is_none());
    db.write(move |tx| {
        tx.execute("delete from verdict_touched", &[])?;
        tx.execute("delete from meta where key = 'judging'", &[])?;
        if done { judged(tx, now) } else { Ok(()) }
    })?;
    result
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

/// No verdict stands yet: written as they come.
fn from_scratch(
    installation: &Installation,
    now: Moment,
    progress: &mut dyn FnMut(usize, usize),
) -> anyhow::Result<Summary> {
    let (send, receive) = sync_channel::<Vec<Stored>>(4);
    let db = &installation.db;
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut written = 0;
            for rows in receive {
                written += write_in(db, rows)?;
            }
            anyhow::Ok(written)
        });
        let judged = db.read(|tx| judge_into(tx, installation, now, &send, progress));
        drop(send);
        let written = writer.join().map_err(|_| anyhow::anyhow!("写入判定的线程出错"))??;
        Ok(Summary { verdicts: judged?, written })
    })
}

/// Judges everything and sends the verdicts on; gives how many.
fn judge_into(
    tx: &mut Tx<'_>,
    installation: &Installation,
    now: Moment,
    send: &SyncSender<Vec<Stored>>,
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
        send.send(rows).map_err(|_| anyhow::anyhow!("判定没有写入"))?;
        seen.insert(cut.requirement);
        progress(seen.len(), engine.compiled.len());
        Ok(())
    })?;
    Ok(verdicts)
}

fn write_in(db: &Db, rows: Vec<Stored>) -> anyhow::Result<u64> {
    let mut written = 0;
    let mut rest = rows;
    while !rest.is_empty() {
        let tail = rest.split_off(rest.len().min(2_000));
        let chunk = std::mem::replace(&mut rest, tail);
        written += db.write(move |tx| store::replace(tx, &[], &chunk))?;
    }
    Ok(written)
}

fn differences(
    installation: &Installation,
    now: Moment,
    only: Option<&[String]>,
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
        let touched: BTreeSet<(String, i64)> = tx
            .rows("select requirement, subject from verdict_touched", &[], |r| Ok((r.text(0)?.to_owned(), r.i64(1)?)))?
            .into_iter()
            .collect();
        let whole: BTreeSet<&String> = touched.iter().filter(|(_, s)| *s == touch::EVERY).map(|(r, _)| r).collect();
        let fresh =
            |s: &Stored| !whole.contains(&s.requirement) && !touched.contains(&(s.requirement.clone(), s.subject));
        let gone: Vec<Stored> = gone.into_iter().filter(fresh).collect();
        let come: Vec<Stored> = come.into_iter().filter(fresh).collect();
        store::replace(tx, &gone, &come)
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
}

/// `dongliang verify`: judges from scratch and compares.
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
        Ok(differences)
    })
}
