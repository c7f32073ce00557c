//! The work behind the pages: files are checked as they come, and taken in once they are confirmed. One process does so at a
//! time, so that of two who confirm at once the second is checked against what the first has written.

use std::{
    collections::HashMap,
    io::Cursor,
    sync::{Mutex, PoisonError},
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::{
    Asked, Prepared, answers,
    batch::{self, Batch, Found, State},
    check, compare, held,
    laid::{called, laid},
    older,
    report::{CORRECTED, Corrected, Report, Unlike, Weighed},
    rules, staged,
};
use crate::{
    auth::{self, Permission},
    clock::Clock,
    consequence,
    day::Day,
    db::{Tx, Work},
    directive::model::Ledger,
    hex::hex,
    installation::{Current, Installation},
    org::builtin,
    progress::{Progress, Step},
    refusals::{Refused, Why},
    scope::{By, Scope},
    sheet::{
        self, Limits, SheetError, Table,
        likeness::{self, Fit},
    },
    subjects,
};

/// How often a batch is tried before an error of the system ends it: what passes does not, and what does not pass holds up
/// the others no longer.
const TRIES: usize = 3;

/// How far the batches under way are, by number, in rows. Of this process alone.
#[derive(Debug, Default)]
pub struct Board {
    progress: Progress,
    /// How often a batch met an error.
    failed: Mutex<HashMap<i64, usize>>,
}

impl Board {
    /// How far a batch is; `None` if nobody here works at it.
    pub fn of(&self, batch: i64) -> Option<Step> {
        self.progress.of(batch)
    }

    fn say(&self, batch: i64, stage: &'static str, done: usize, all: usize) {
        self.progress.say(batch, stage, done, all);
    }

    /// Counts one more error of a batch; whether it is to be tried again.
    fn again(&self, batch: i64) -> bool {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let times = failed.entry(batch).or_default();
        *times += 1;
        let again = *times < TRIES;
        if !again {
            failed.remove(&batch);
        }
        again
    }
}

/// Checks what waits and takes in what is confirmed; gives whether there was anything.
///
/// # Errors
/// When the store fails; the batch stays as it is.
pub fn run_waiting(installation: &Installation) -> anyhow::Result<bool> {
    let due = installation.db.read(batch::next)?.is_some();
    if due {
        let _alone = installation.db.alone(Work::Importing)?;
        while let Some(batch) = installation.db.read(batch::next)? {
            let done = match batch.state {
                State::Waiting => checked(installation, &batch),
                _ => take_in(installation, &batch),
            };
            installation.board.progress.forget(batch.id);
            if let Err(e) = done {
                // What has begun to go in goes on, by its job and when this is tried again; nothing else is written yet.
                if begun(installation, &batch)?.is_some() || installation.board.again(batch.id) {
                    return Err(e.context(format!("第 {} 批导入没有办完，稍后继续", batch.id)));
                }
                tracing::error!("第 {} 批导入出错：{e:#}", batch.id);
                let to = if batch.state == State::Waiting { State::Refused } else { State::Failed };
                turn(installation, &batch, to, "系统出错，这一批没有办完。请稍后重新上传；仍不成功的，请告诉管理员。")?;
            }
        }
    }
    tidy(installation)?;
    Ok(due)
}

/// Takes away the files of what is settled or too old, once nobody can confirm it any more; a file that a crash leaves
/// between the two is swept away later.
fn tidy(installation: &Installation) -> anyhow::Result<()> {
    let now = installation.clock.now().instant;
    for batch in installation.db.read(|tx| batch::outworn(tx, now))? {
        let id = batch.id;
        if installation.db.write(move |tx| batch::let_go(tx, id))? {
            held::remove(installation, &batch.new.held)?;
        }
    }
    Ok(())
}

fn turn(installation: &Installation, batch: &Batch, to: State, note: &str) -> anyhow::Result<()> {
    let (id, from, note, now) = (batch.id, batch.state, note.to_owned(), installation.clock.now().instant);
    installation.db.write(move |tx| batch::turn(tx, id, (from, to), &note, now)).map(|_| ())
}

/// The table in the file of a batch.
fn table(installation: &Installation, batch: &Batch) -> anyhow::Result<Table> {
    installation.board.say(batch.id, "正在读取文件", 0, 0);
    let current = installation.db.read(|tx| installation.current(tx))?;
    read(installation, &current, batch)
}

/// The table in the file of a batch: of several sheets the first that looks like one of the ledger.
///
/// # Errors
/// [`SheetError`] when the file cannot be read as a table.
pub fn read(installation: &Installation, current: &Current, batch: &Batch) -> anyhow::Result<Table> {
    let bytes = held::open(installation, &batch.new.held)?;
    let definition = &current.engine.layout.ledgers[ledger(current, &batch.new.ledger)?];
    Ok(sheet::read_fitting(Cursor::new(bytes), &Limits::default(), &|t| likeness::fits(t, definition))?)
}

/// What a check has seen on one snapshot.
struct Seen {
    prepared: Prepared,
    report: Report,
    package: String,
    scope: Scope,
}

/// Checks the table of a batch in the name of who sent it, and tells what it would do where that is wanted; `None` if he
/// may not import any more.
fn look(installation: &Installation, batch: &Batch, table: &Table, weigh: bool) -> anyhow::Result<Option<Seen>> {
    let day = installation.clock.now().day;
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let scope = auth::reader::scope_of_account(tx, batch.new.account, &current, day, Some(Permission::Import))?;
        let Some(scope) = scope else { return Ok(None) };
        let index = ledger(&current, &batch.new.ledger)?;
        let definition = &current.engine.layout.ledgers[index];
        let home = auth::reader::home(tx, batch.new.account, &current, day, Permission::Import)?;
        let answered = answers::of(tx, home, definition)?;
        let mut answers = answered.clone();
        let older = match &table.version {
            Some(made_for) => older::told(tx, &current.engine.package, definition, made_for, &mut answers)?,
            None => Vec::new(),
        };
        let asked = Asked {
            ledger: &batch.new.ledger,
            file: &batch.new.file,
            sha256: &batch.new.sha256,
            mode: batch.new.mode,
            scope: &scope,
            answers,
        };
        let board = &installation.board;
        let told = &mut |done, all| board.say(batch.id, "正在检查各行", done, all);
        let mut prepared = check(tx, installation, &current, table, &asked, told)?;
        let refused = Refused { why: Why::Number, who: Some((batch.new.account, batch.new.by.clone())) };
        for _ in 0..rules::taken(&prepared.checked) {
            let now = Clock::Machine.now().instant;
            installation.refusals.note(&refused, "", &format!("/imports/{}", batch.id), now);
        }
        let mut report = Report { older, ..Report::of(table, definition, &prepared, &answered) };
        report.unlike = unlike(&current, table, definition, &prepared);
        if weigh {
            board.say(batch.id, "正在测算对判定的影响", 0, 0);
            let found =
                compare::differences(tx, (&current.engine.layout, index), &installation.keys, &prepared, CORRECTED)?;
            report.corrected = found.into_iter().map(|(row, code, fields)| Corrected { row, code, fields }).collect();
            report.effects = effects(tx, installation, batch, &current, index, &prepared)?;
            if !prepared.alike.is_empty() {
                let all = prepared.leave_alike();
                report.effects_left = effects(tx, installation, batch, &current, index, &prepared)?;
                prepared.checked.rows = all;
            }
        }
        let package = current.engine.package.hash.clone();
        Ok(Some(Seen { prepared, report, package, scope }))
    })
}

/// Whether a table does not look like one of the ledger for which it was sent, and which one it looks like.
fn unlike(current: &Current, table: &Table, ledger: &Ledger, prepared: &Prepared) -> Option<Unlike> {
    let header = &prepared.checked.header;
    let fit = Fit::seen(header, ledger);
    if fit.missing == 0 {
        return None;
    }
    let rather = likeness::rather(table, fit, others(current, ledger)).map(|l| l.name.clone());
    let missing = header.missing.clone();
    (rather.is_some() || fit.is_poor()).then_some(Unlike { heads: fit.heads, known: fit.known, missing, rather })
}

/// The ledgers besides one into which files are taken. What the office sets itself is not guessed at.
fn others<'c>(current: &'c Current, but: &'c Ledger) -> impl Iterator<Item = &'c Ledger> {
    let all = current.engine.layout.ledgers.iter();
    all.filter(move |l| !l.derived && !builtin::is_setting(&l.name) && l.name != but.name)
}

/// What is said of a table in which no row of heads of its ledger is found: also which ledger it looks like.
fn refusal(installation: &Installation, batch: &Batch, told: &SheetError) -> anyhow::Result<String> {
    let mut words = told.to_string();
    if let SheetError::NoHeader { .. } = told {
        let table = table(installation, batch)?;
        let current = installation.db.read(|tx| installation.current(tx))?;
        let definition = &current.engine.layout.ledgers[ledger(&current, &batch.new.ledger)?];
        // Without a row of heads nothing is known, and all is missing.
        let nothing = Fit { missing: usize::MAX, ..Fit::default() };
        if let Some(rather) = likeness::rather(&table, nothing, others(&current, definition)) {
            words = format!("这份表不像“{}”，更像“{}”。{words}", definition.title, rather.title);
        }
    }
    Ok(words)
}

/// What the rows of a batch would do to the verdicts that who sent it may see.
fn effects(
    tx: &mut Tx<'_>,
    installation: &Installation,
    batch: &Batch,
    current: &Current,
    table: usize,
    prepared: &Prepared,
) -> anyhow::Result<Option<Weighed>> {
    let (now, engine) = (installation.clock.now(), &current.engine);
    let Some((scope, reach)) = reach_of(tx, batch.new.account, current, now.day)? else { return Ok(None) };
    let (changes, overlay) = laid(tx, current, table, prepared, now)?;
    let fresh: HashMap<i64, u32> = changes
        .iter()
        .zip(&prepared.checked.rows)
        .filter(|(change, _)| change.before.is_none())
        .map(|(change, row)| (change.record, row.number))
        .collect();
    let shifts = consequence::of(tx, current, now.day, &changes, overlay)?;
    let shifts = consequence::seen(tx, engine, &scope, shifts)?;
    let mut weighed = Weighed::of(engine, reach, &shifts, &|s| {
        let own = subjects::records(engine, s.requirement, &s.subject);
        own.iter().enumerate().find_map(|(n, (of, id))| Some((*fresh.get(id).filter(|_| *of == table)?, n)))
    });
    weighed.call(&called(tx, (&engine.layout, table), prepared, &weighed.rows())?);
    Ok(Some(weighed))
}

/// What an account may see on a day, and a mark of that: what was told to it is shown while the mark is the same.
///
/// # Errors
/// When the store cannot be read.
pub fn reach_of(tx: &mut Tx<'_>, account: i64, current: &Current, day: Day) -> anyhow::Result<Option<(Scope, String)>> {
    let scope = auth::reader::scope_of_account(tx, account, current, day, None)?;
    Ok(scope.map(|scope| {
        let mark = hex(&Sha256::digest(format!("{scope:?}")));
        (scope, mark)
    }))
}

fn ledger(current: &Current, name: &str) -> anyhow::Result<usize> {
    current.engine.layout.index(name).with_context(|| format!("没有台账“{name}”"))
}

/// Checks a batch and writes what was found.
fn checked(installation: &Installation, batch: &Batch) -> anyhow::Result<()> {
    let seen = table(installation, batch).and_then(|table| look(installation, batch, &table, true));
    match seen {
        Ok(Some(seen)) => found(installation, batch, &seen, ""),
        Ok(None) => turn(installation, batch, State::Refused, NOT_ALLOWED),
        Err(e) => match e.downcast::<SheetError>() {
            Ok(told) => turn(installation, batch, State::Refused, &refusal(installation, batch, &told)?),
            Err(e) => Err(e),
        },
    }
}

const NOT_ALLOWED: &str = "您已没有批量导入的权限，没有写入任何数据。";

fn found(installation: &Installation, batch: &Batch, seen: &Seen, note: &str) -> anyhow::Result<()> {
    let settled = seen.report.is_settled();
    let found = Found {
        package: seen.package.clone(),
        digest: seen.prepared.digest(),
        // Where nothing is left to write nobody is asked to confirm it.
        note: if settled { note.replace(LOOK_AGAIN, "") } else { note.to_owned() },
        state: if settled { State::Empty } else { State::Checked },
        report: installation.keys.seal(&serde_json::to_string(&seen.report)?)?,
        counts: (seen.report.written(), seen.report.bad),
    };
    let (batch, now) = (batch.clone(), installation.clock.now().instant);
    installation.db.write(move |tx| batch::checked(tx, &batch, &found, now))
}

/// The import of a batch whose rows go in. A staging that was cut short moves nothing: it is done anew, and what it left is
/// taken away by that.
fn begun(installation: &Installation, batch: &Batch) -> anyhow::Result<Option<i64>> {
    installation.db.read(|tx| {
        let import = batch::get(tx, batch.new.account, batch.id)?.and_then(|now| now.import);
        Ok(match import {
            Some(import) if !staged::is_staging(tx, import)? => Some(import),
            _ => None,
        })
    })
}

/// Takes in a batch that was confirmed, if it would still write what was shown.
fn take_in(installation: &Installation, batch: &Batch) -> anyhow::Result<()> {
    let import = match begun(installation, batch)? {
        Some(import) => import,
        None => {
            let table = table(installation, batch)?;
            let Some(mut seen) = look(installation, batch, &table, false)? else {
                return turn(installation, batch, State::Refused, NOT_ALLOWED);
            };
            if let Some(note) = moved_on(batch, &seen) {
                let seen = look(installation, batch, &table, true)?.unwrap_or(seen);
                return found(installation, batch, &seen, note);
            }
            if batch.leave_alike {
                seen.prepared.leave_alike();
            }
            let by = By { name: batch.new.by.clone(), account: Some(batch.new.account), scope: seen.scope };
            staged::stage_batch(installation, &by, &batch.new.ledger, seen.prepared, Some(batch.id))?
        }
    };
    installation.board.say(batch.id, "正在写入", 0, 0);
    staged::resume(installation)?;
    match staged::failure(installation, import)? {
        Some(error) => turn(installation, batch, State::Failed, &format!("没有全部写入：{error}。")),
        None => turn(installation, batch, State::Imported, ""),
    }
}

/// The end of why, where there is still something to confirm.
const LOOK_AGAIN: &str = "，请核对后再确认";

/// Why what was confirmed is not what would be written now.
fn moved_on(batch: &Batch, seen: &Seen) -> Option<&'static str> {
    if batch.package != seen.package {
        return Some("没有写入：检查之后，文件要求换了版本。已按新的要求重新检查，请核对后再确认。");
    }
    (batch.digest != seen.prepared.digest())
        .then_some("没有写入：检查之后，台账或花名册有了变化。已重新检查，请核对后再确认。")
}
