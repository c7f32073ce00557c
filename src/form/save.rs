//! The write of a form: once, however often it is sent, and what it did to the verdicts kept beside it for a while, so
//! that the page it leads to can tell.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    auth::token,
    db::Tx,
    directive::model::Ledger,
    facts::{Consequence, Write},
    hex,
    installation::Installation,
    ledger::{NewRow, store},
    once::{self, Form},
    scope::{By, Scope},
    verdict::store::Stored,
};

pub use crate::verdict::store::Face;

/// Verdicts told of at most.
const TOLD: usize = 40;
/// Keys of codes that are being given begin here (PostgreSQL).
const CODES: i64 = 0x636f << 48;

/// What a form is to do.
#[derive(Clone, Debug)]
pub enum Deed {
    /// A new record.
    New(NewRow),
    /// Another row for a record: its id, the revision that the person saw, the row, why.
    Correct((i64, i64), NewRow, String),
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Recorded as this record.
    Now(i64),
    /// The same form was sent before, and recorded as this record.
    Before(i64),
}

/// The code of a record is another record's. Said alike whosever that is, so that nothing is told of what lies outside the
/// writer's scope.
#[derive(Debug, thiserror::Error)]
#[error("编号“{0}”不能使用，请核对或换一个；没有编号的可以不填")]
pub struct CodeTaken(pub String);

/// The code of a record is the number under which another one, without a code, is found.
#[derive(Debug, thiserror::Error)]
#[error("编号“{0}”{IS_NUMBER}。{NUMBER_MEND}")]
pub struct CodeIsNumber(pub String);

/// What is said of it.
pub(crate) const IS_NUMBER: &str = "是本系统给另一条没有编号的记录的顺序号，用了就会混淆";
/// How it is mended.
pub(crate) const NUMBER_MEND: &str = "请换一个，例如前面加上年份或字母；没有编号的可以不填";

/// A verdict that a form changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Table id of the requirement.
    pub requirement: String,
    /// First cell of the subject.
    pub subject: i64,
    /// Its other cells, as stored.
    pub rest: String,
    /// The window's label.
    pub window: String,
    /// The subject's unit.
    #[serde(default)]
    pub unit: Option<i64>,
    /// State, light, 已补 and value as it was; `None`: there was none.
    pub before: Option<Face>,
    /// The same as it is.
    pub after: Option<Face>,
}

/// What is told of a form that was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Verdicts that it changed, those first whose state or light is another.
    pub turns: Vec<Turn>,
    /// How many there are in all.
    pub all: usize,
    /// More is being judged.
    pub later: bool,
}

/// Does what a form says, in one transaction with its judgement.
///
/// # Errors
/// [`once::Used`]; [`CodeTaken`]; [`CodeIsNumber`]; a [`store::StoreError::Conflict`] when the record has moved on;
/// [`crate::facts::OutOfScope`]; else when the store cannot be written.
pub fn save(installation: &Installation, by: By, ledger: &str, form: &Form, deed: Deed) -> anyhow::Result<Saved> {
    let (inst, ledger, form) = (installation.clone(), ledger.to_owned(), form.clone());
    installation.db.write(move |tx| {
        let account = by.account.unwrap_or_default();
        if let Some(record) = once::take(tx, &form, account, &ledger, inst.clock.now().instant)? {
            return Ok(Saved::Before(record));
        }
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        let (record, done) = match deed {
            Deed::New(row) => {
                free(tx, &write, row.code.as_deref(), None)?;
                let (ids, done) = write.add(tx, vec![row], None)?;
                (ids.first().copied().unwrap_or_default(), done)
            }
            Deed::Correct((record, revision), row, reason) => {
                free(tx, &write, row.code.as_deref(), Some(record))?;
                (record, write.correct(tx, (record, revision), row, &reason, None)?)
            }
        };
        tell(tx, &form, record, done)?;
        Ok(Saved::Now(record))
    })
}

/// Voids records (id and revision that the person saw) for one reason, all or none.
///
/// # Errors
/// [`crate::facts::StillReferred`]; else as [`save`].
pub fn void_all(
    installation: &Installation,
    by: By,
    ledger: &str,
    records: Vec<(i64, i64)>,
    form: &Form,
    reason: &str,
) -> anyhow::Result<()> {
    let (inst, ledger, form, reason) = (installation.clone(), ledger.to_owned(), form.clone(), reason.to_owned());
    installation.db.write(move |tx| {
        let account = by.account.unwrap_or_default();
        if once::take(tx, &form, account, &ledger, inst.clock.now().instant)?.is_some() {
            return Ok(());
        }
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        let done = write.void(tx, &records, &reason)?;
        let told = serde_json::to_string(&of(done))?;
        once::led(tx, &form, 0, &told)
    })
}

/// What is told of a form that an account sent; `None` when it is not known, or not any more.
///
/// # Errors
/// When the store cannot be read.
pub fn told(tx: &mut Tx<'_>, once: &str, account: i64) -> anyhow::Result<Option<(i64, Told)>> {
    let sql = "select record_id, told from once where key = $1 and account_id = $2";
    let found = tx.one(sql, &[once.into(), account.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))?;
    found.map(|(record, told)| Ok((record, serde_json::from_str(&told)?))).transpose()
}

/// Keeps beside a form what it did, and to which record.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn tell(tx: &mut Tx<'_>, form: &Form, record: i64, done: Consequence) -> anyhow::Result<()> {
    once::led(tx, form, record, &serde_json::to_string(&of(done))?)
}

/// Refuses a code that another record has, or that is the number of one without a code.
fn free(tx: &mut Tx<'_>, write: &Write, code: Option<&str>, own: Option<i64>) -> anyhow::Result<()> {
    let Some(code) = code else { return Ok(()) };
    // Of two who give the same code at once the second waits here, and sees the first's.
    let digest = token::kept(&format!("{} {code}", write.ledger().name));
    let key = hex::unhex(&digest).unwrap_or_default().iter().take(6).fold(0, |key, b| key << 8 | i64::from(*b));
    tx.lock(&[CODES ^ key])?;
    match standing(tx, write.ledger(), code, own)? {
        None => Ok(()),
        Some(Stands::Taken) => Err(CodeTaken(code.to_owned()).into()),
        Some(Stands::Number) => Err(CodeIsNumber(code.to_owned()).into()),
    }
}

/// In whose way a code is.
enum Stands {
    /// Another record has it.
    Taken,
    /// It is the number of a record without a code.
    Number,
}

fn standing(tx: &mut Tx<'_>, ledger: &Ledger, code: &str, own: Option<i64>) -> anyhow::Result<Option<Stands>> {
    let others = store::find_by_code(tx, ledger, &Scope::All, code)?;
    if others.iter().any(|row| Some(row.record_id) != own) {
        return Ok(Some(Stands::Taken));
    }
    // A code that the record has already stays.
    let number = store::number_like(code).filter(|n| others.is_empty() && Some(*n) != own);
    let taken = store::codeless(tx, ledger, &number.into_iter().collect())?;
    Ok((!taken.is_empty()).then_some(Stands::Number))
}

/// Why a code could not be given, beside other faults of a form; the write looks again.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn refused(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    code: &str,
    own: Option<i64>,
) -> anyhow::Result<Option<String>> {
    Ok(standing(tx, ledger, code, own)?.map(|stands| match stands {
        Stands::Taken => format!("{}。", CodeTaken(code.to_owned())),
        Stands::Number => format!("{}。", CodeIsNumber(code.to_owned())),
    }))
}

fn of(done: Consequence) -> Told {
    let key = |v: &Stored| (v.requirement.clone(), v.subject, v.rest.clone(), v.window.clone());
    let mut gone: HashMap<_, &Stored> = done.replaced.gone.iter().map(|v| (key(v), v)).collect();
    let turn = |before: Option<&Stored>, after: Option<&Stored>| {
        let v = after.or(before)?;
        let turn = Turn {
            requirement: v.requirement.clone(),
            subject: v.subject,
            rest: v.rest.clone(),
            window: v.window.clone(),
            unit: v.unit,
            before: before.map(Face::from),
            after: after.map(Face::from),
        };
        (turn.before != turn.after).then_some(turn)
    };
    let come: Vec<Turn> = done.replaced.come.iter().filter_map(|v| turn(gone.remove(&key(v)), Some(v))).collect();
    let mut turns: Vec<Turn> = come.into_iter().chain(gone.into_values().filter_map(|v| turn(Some(v), None))).collect();
    turns.sort_by_cached_key(|t| {
        let look = |f: &Option<Face>| f.as_ref().map(|f| (f.state.clone(), f.light.clone(), f.late));
        (look(&t.before) == look(&t.after), t.requirement.clone(), t.window.clone(), t.subject)
    });
    let all = turns.len();
    turns.truncate(TOLD);
    Told { turns, all, later: done.later }
}
