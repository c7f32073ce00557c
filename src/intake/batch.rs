//! A batch: one file from the moment it was sent until it is in the ledger, refused or dropped.

use std::collections::HashMap;

use super::report::Report;
pub use super::state::{Mode, State};
use crate::{
    db::{Row, Tx, Value},
    ledger::Keys,
};

/// Files with nothing to write that are held of an account, so that their errors can be had as a file; older ones go.
const EMPTY: i64 = 5;

/// Days that a file waits for its confirmation.
pub const KEPT_DAYS: i64 = 7;
/// The same in µs.
pub const KEPT: i64 = KEPT_DAYS * 86_400_000_000;

/// A file that is sent.
#[derive(Clone, Debug)]
pub struct New {
    /// Name of the ledger.
    pub ledger: String,
    /// How.
    pub mode: Mode,
    /// What the sender calls the file.
    pub file: String,
    /// SHA-256, in hex.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Where it is held.
    pub held: String,
    /// Number of the sender's account.
    pub account: i64,
    /// What the sender is called.
    pub by: String,
    /// When, µs.
    pub at: i64,
}

/// A batch as it stands.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its number.
    pub id: i64,
    /// What was sent.
    pub new: New,
    /// Where it stands.
    pub state: State,
    /// Hash of the package under which it was checked.
    pub package: String,
    /// Hash of what would be written.
    pub digest: String,
    /// What is to be said above.
    pub note: String,
    /// What the check found, sealed.
    report: Option<String>,
    /// The import that it became.
    pub import: Option<i64>,
    /// Last change, µs.
    pub changed: i64,
    /// Rows that the check would write, and rows with an error.
    pub counts: (i64, i64),
    /// The import was undone.
    pub undone: bool,
    /// Rows that seem to stand already are left out.
    pub leave_alike: bool,
}

impl Batch {
    const COLUMNS: &str = "row_id, ledger, mode, file_name, sha256, size, held, account, recorded_at, recorded_by, state, \
        package, digest, note, report, import_id, changed_at, written, bad, \
        leave_alike, (select i.undone_at from import i where i.row_id = import_batch.import_id)";

    fn read(r: &Row<'_>) -> anyhow::Result<Batch> {
        let text = |i| -> anyhow::Result<String> { Ok(r.text(i)?.to_owned()) };
        let state = State::ALL.into_iter().find(|s| Some(s.as_str()) == r.text(10).ok());
        Ok(Batch {
            id: r.i64(0)?,
            new: New {
                ledger: text(1)?,
                mode: Mode::parse(r.text(2)?).unwrap_or(Mode::Add),
                file: text(3)?,
                sha256: text(4)?,
                size: u64::try_from(r.i64(5)?)?,
                held: text(6)?,
                account: r.i64(7)?,
                at: r.i64(8)?,
                by: text(9)?,
            },
            state: state.unwrap_or(State::Dropped),
            package: text(11)?,
            digest: text(12)?,
            note: text(13)?,
            report: r.opt_text(14)?.map(str::to_owned),
            import: r.opt_i64(15)?,
            changed: r.i64(16)?,
            counts: (r.i64(17)?, r.i64(18)?),
            leave_alike: r.i64(19)? != 0,
            undone: r.opt_i64(20)?.is_some(),
        })
    }

    /// What the check found; nothing before it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn report(&self, keys: &Keys) -> anyhow::Result<Report> {
        let Some(sealed) = &self.report else { return Ok(Report::default()) };
        Ok(serde_json::from_str(&keys.open(sealed)?)?)
    }
}

/// Held, by the number of the account added, while a batch begins, so that of two who send the same at once the second finds
/// the first (PostgreSQL).
const LOCK: i64 = 0x6261 << 48;
/// Files of one account that wait to be settled, at most.
const HELD: i64 = 20;

/// What became of a file that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It has begun a batch of this number.
    New(i64),
    /// The batch of this number has the very same file of the account, for the same ledger and in the same way, and is not
    /// settled yet; if it was checked, it is checked again, since something may have been mended meanwhile.
    Same(i64),
    /// So many files of the account wait already, which are as many as may.
    TooMany(i64),
}

/// Begins a batch, unless one that is not settled has the very same file.
///
/// # Errors
/// When the store cannot be written.
pub fn begin(tx: &mut Tx<'_>, new: &New) -> anyhow::Result<Begun> {
    tx.lock(&[LOCK + new.account])?;
    let sql = "select row_id from import_batch where account = $1 and ledger = $2 and mode = $3 and sha256 = $4 \
               and held <> '' and state in ('waiting', 'checked', 'confirmed') order by row_id desc limit 1";
    let (ledger, mode) = (new.ledger.as_str().into(), new.mode.as_str().into());
    let same = [new.account.into(), ledger, mode, new.sha256.as_str().into()];
    if let Some(same) = tx.one(sql, &same, |r| r.i64(0))? {
        turn(tx, same, (State::Checked, State::Waiting), "", new.at)?;
        // It is kept from now on.
        tx.execute("update import_batch set recorded_at = $2 where row_id = $1", &[same.into(), new.at.into()])?;
        return Ok(Begun::Same(same));
    }
    let held = waiting(tx, new.account)?;
    if held >= HELD {
        return Ok(Begun::TooMany(held));
    }
    let sql = "insert into import_batch (ledger, mode, file_name, sha256, size, held, account, recorded_at, recorded_by, \
               state, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', $8) returning row_id";
    let params = [
        new.ledger.as_str().into(),
        new.mode.as_str().into(),
        new.file.as_str().into(),
        new.sha256.as_str().into(),
        i64::try_from(new.size)?.into(),
        new.held.as_str().into(),
        new.account.into(),
        new.at.into(),
        new.by.as_str().into(),
    ];
    let begun = tx.one(sql, &params, |r| r.i64(0))?;
    begun.map(Begun::New).ok_or_else(|| anyhow::anyhow!("上传没有登记上"))
}

/// The batch of that number, if that account has sent it.
///
/// # Errors
/// When the store cannot be read.
pub fn get(tx: &mut Tx<'_>, account: i64, id: i64) -> anyhow::Result<Option<Batch>> {
    let sql = format!("select {} from import_batch where row_id = $1 and account = $2", Batch::COLUMNS);
    tx.one(&sql, &[id.into(), account.into()], Batch::read)
}

/// Batches of an account, newest first, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub fn list(tx: &mut Tx<'_>, account: i64, offset: i64, limit: i64) -> anyhow::Result<(Vec<Batch>, i64)> {
    let all = tx.one("select count(*) from import_batch where account = $1", &[account.into()], |r| r.i64(0))?;
    let sql = format!(
        "select {} from import_batch where account = $1 order by row_id desc limit $2 offset $3",
        Batch::COLUMNS
    );
    let found = tx.rows(&sql, &[account.into(), limit.into(), offset.into()], Batch::read)?;
    Ok((found, all.unwrap_or(0)))
}

/// How many files of an account are held.
///
/// # Errors
/// When the store cannot be read.
pub fn waiting(tx: &mut Tx<'_>, account: i64) -> anyhow::Result<i64> {
    let sql = "select count(*) from import_batch where account = $1 and held <> '' and state in ('waiting', 'checked')";
    Ok(tx.one(sql, &[account.into()], |r| r.i64(0))?.unwrap_or(0))
}

/// Batches of an account that are checked and wait for its confirmation, those that expire first in front, and how many there
/// are.
///
/// # Errors
/// When the store cannot be read.
pub fn to_confirm(tx: &mut Tx<'_>, account: i64, now: i64, limit: i64) -> anyhow::Result<(Vec<Batch>, i64)> {
    const WHERE: &str = "from import_batch where account = $1 and state = 'checked' and recorded_at > $2";
    let params = [account.into(), (now - KEPT).into()];
    let all = tx.one(&format!("select count(*) {WHERE}"), &params, |r| r.i64(0))?.unwrap_or(0);
    let sql = format!("select {} {WHERE} order by row_id limit $3", Batch::COLUMNS);
    let [account, since] = params;
    let found = if all > 0 { tx.rows(&sql, &[account, since, limit.into()], Batch::read)? } else { Vec::new() };
    Ok((found, all))
}

/// The oldest batch that the program has to work at.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn next(tx: &mut Tx<'_>) -> anyhow::Result<Option<Batch>> {
    let sql = format!(
        "select {} from import_batch where state in ('waiting', 'confirmed') order by row_id limit 1",
        Batch::COLUMNS
    );
    tx.one(&sql, &[], Batch::read)
}

/// Batches whose files are to be taken away: settled, too old, or with nothing to write and others after them.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn outworn(tx: &mut Tx<'_>, now: i64) -> anyhow::Result<Vec<Batch>> {
    let sql = format!(
        "select {} from import_batch where held <> '' and state not in ('waiting', 'confirmed') \
         and (state in ('dropped', 'refused') or recorded_at < $1 or state = 'empty' and $2 <= (select count(*) from \
         import_batch later where later.account = import_batch.account and later.state = 'empty' and later.held <> '' \
         and later.row_id > import_batch.row_id)) order by row_id",
        Batch::COLUMNS
    );
    tx.rows(&sql, &[(now - KEPT).into(), EMPTY.into()], Batch::read)
}

/// Moves a batch from one state to another; false if somebody else has moved it meanwhile.
///
/// # Errors
/// When the store cannot be written.
pub fn turn(tx: &mut Tx<'_>, id: i64, (from, to): (State, State), note: &str, now: i64) -> anyhow::Result<bool> {
    // Without its file nothing can be checked anew.
    let sql = "update import_batch set state = $3, note = $4, changed_at = $5 where row_id = $1 and state = $2 \
               and (held <> '' or $3 <> 'waiting')";
    let params = [id.into(), from.as_str().into(), to.as_str().into(), note.into(), now.into()];
    Ok(tx.execute(sql, &params)? == 1)
}

/// Confirms a checked batch, without the `left` rows that seem to stand already where any are to be left out; false if
/// somebody else has moved it meanwhile.
///
/// # Errors
/// When the store cannot be written.
pub fn confirm(tx: &mut Tx<'_>, id: i64, left: Option<usize>, now: i64) -> anyhow::Result<bool> {
    let sql = "update import_batch set state = 'confirmed', note = '', changed_at = $2, leave_alike = $3, \
               written = written - $4 where row_id = $1 and state = 'checked'";
    let rows = i64::try_from(left.unwrap_or(0))?;
    Ok(tx.execute(sql, &[id.into(), now.into(), i64::from(left.is_some()).into(), rows.into()])? == 1)
}

/// The numbers of the batches that became these imports; an import of the command line has none.
///
/// # Errors
/// When the store cannot be read.
pub fn of_imports(tx: &mut Tx<'_>, imports: &[i64]) -> anyhow::Result<HashMap<i64, i64>> {
    let among = imports.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let sql = format!("select import_id, row_id from import_batch where import_id {}", tx.among("$1"));
    Ok(tx.rows(&sql, &[among.into()], |r| Ok((r.i64(0)?, r.i64(1)?)))?.into_iter().collect())
}

/// Sends a checked batch to another ledger, to be checked anew; false if it was confirmed or dropped meanwhile.
///
/// # Errors
/// When the store cannot be written.
pub fn send_to(tx: &mut Tx<'_>, id: i64, ledger: &str, now: i64) -> anyhow::Result<bool> {
    let sql = "update import_batch set ledger = $2, state = 'waiting', note = '', report = null, changed_at = $3 \
               where row_id = $1 and state in ('checked', 'empty') and held <> ''";
    Ok(tx.execute(sql, &[id.into(), ledger.into(), now.into()])? == 1)
}

/// What a check found, to be written.
pub(super) struct Found {
    pub(super) package: String,
    pub(super) digest: String,
    pub(super) note: String,
    /// Where it stands then.
    pub(super) state: State,
    /// Sealed.
    pub(super) report: String,
    /// Rows that would be written, and rows with an error.
    pub(super) counts: (usize, usize),
}

/// Writes what a check found.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn checked(tx: &mut Tx<'_>, batch: &Batch, found: &Found, now: i64) -> anyhow::Result<()> {
    let sql = "update import_batch set state = $10, package = $3, digest = $4, note = $5, report = $6, \
               changed_at = $7, written = $8, bad = $9, leave_alike = 0 where row_id = $1 and state = $2";
    let params: [Value; 10] = [
        batch.id.into(),
        batch.state.as_str().into(),
        found.package.as_str().into(),
        found.digest.as_str().into(),
        found.note.as_str().into(),
        found.report.as_str().into(),
        now.into(),
        i64::try_from(found.counts.0)?.into(),
        i64::try_from(found.counts.1)?.into(),
        found.state.as_str().into(),
    ];
    tx.execute(sql, &params).map(|_| ())
}

/// Encrypts what checks have found with the newest key.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn reseal(tx: &mut Tx<'_>, keys: &Keys) -> anyhow::Result<()> {
    let sql = "select row_id, report from import_batch where report is not null";
    for (id, sealed) in tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))? {
        if let Some(anew) = keys.anew(&sealed)? {
            tx.execute("update import_batch set report = $2 where row_id = $1", &[id.into(), anew.into()])?;
        }
    }
    Ok(())
}

/// The file of a batch goes, and with it what was not confirmed; false if somebody has confirmed it meanwhile.
///
/// # Errors
/// When the store cannot be written.
pub(super) fn let_go(tx: &mut Tx<'_>, id: i64) -> anyhow::Result<bool> {
    let sql = "update import_batch set held = '', state = case when state = 'checked' then 'dropped' else state end \
               where row_id = $1 and held <> '' and state not in ('waiting', 'confirmed')";
    Ok(tx.execute(sql, &[id.into()])? == 1)
}
