//! A file put to a record, and taken away from it: rows, entries of the log, and the field that holds it.

use serde_json::{Value as Json, json};

use super::{Attachment, OF_ALL, OF_DAY, OF_RECORD, is_sensitive, of_record, place::Kept, seal::Secret};
use crate::{
    audit::{self, About, Guarded, Kind},
    db::{Tx, Value},
    directive::model::{FieldType, Ledger},
    facts::{Consequence, Write},
    form,
    installation::Installation,
    ledger::{Keys, NewRow, Stored},
    once::{self, Form},
    scope::{Actor, By},
};

/// Microseconds of the time in which [`OF_DAY`] is counted.
const DAY: i64 = 24 * 3_600 * 1_000_000;

/// Held, by the number of the record added, while files are put to it.
const LOCK: i64 = 0x6174_7461_0000_0000;

/// Held while files are counted against what an account and the installation may have, so that of two who come at once the
/// second counts the first one's (PostgreSQL).
const QUOTA: i64 = 0x6174_7462_0000_0000;

/// Why it was not done, for who wanted it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

fn refused<T>(why: impl Into<String>) -> anyhow::Result<T> {
    Err(Refused(why.into()).into())
}

/// Puts files that lie in their places to a record, all or none; into a field (its name) only one, by a correction of the
/// record. Sent again, the form does nothing. The caller holds a [`super::Hold`].
///
/// # Errors
/// [`Refused`]; [`once::Used`]; [`crate::ledger::store::StoreError::Missing`]; [`crate::facts::OutOfScope`]; else when the store cannot be
/// written.
pub fn add(
    installation: &Installation,
    by: By,
    (ledger, record): (&str, i64),
    field: Option<String>,
    files: Vec<Kept>,
    once: &Form,
) -> anyhow::Result<()> {
    let (inst, name, once) = (installation.clone(), ledger.to_owned(), once.clone());
    installation.db.write(move |tx| {
        let now = inst.clock.now().instant;
        if once::take(tx, &once, by.account.unwrap_or_default(), &name, now)?.is_some() {
            return Ok(());
        }
        let write = Write::begin(tx, &inst, &by, &name)?;
        // Two who bring the same to one record at once: the second sees the first one's.
        tx.lock(&[LOCK.wrapping_add(record)])?;
        let (ledger, row, actor) = (write.ledger().clone(), write.record(tx, record)?, by.at(now));
        let standing = of_record(tx, &name, record)?.into_iter().filter(|f| f.removed.is_none()).collect::<Vec<_>>();
        fits(tx, &actor, &standing, &files)?;
        let mut told = Vec::new();
        for (i, file) in files.iter().enumerate() {
            match twin(&inst.keys, &standing, &files[..i], file)? {
                Some(Twin::Standing(f)) => {
                    let by = format!("（{}，{}）", f.added.1, crate::clock::chinese(f.added.0));
                    return refused(format!("{}与本条记录已有的附件内容相同{by}，不必重复上传。", word(file)));
                }
                Some(Twin::Coming(first)) => {
                    let (one, other) = (word(file), word(first));
                    return refused(format!(
                        "{one}与一同上传的{other}内容相同，只留一个即可。都没有上传，请重新选择。"
                    ));
                }
                None => {}
            }
            told.push(json!({ "file": insert(tx, &actor, &name, record, file)?, "sha256": file.sha256 }));
        }
        let names: Vec<String> = files.iter().map(word).collect();
        let mut done = Consequence::default();
        if let Some(field) = field {
            let at = place(&ledger, &field)?;
            let title = &ledger.fields[at].title;
            let [file] = &files[..] else {
                return refused(format!("“{title}”只放一个文件，请分开上传。"));
            };
            if !row.values[at].is_null() {
                return refused(format!("“{title}”已有文件：请先移除它并写明原因，再上传。"));
            }
            done =
                correct(tx, &write, &row, (at, file.sha256.as_str().into()), &format!("上传{title}：{}", word(file)))?;
        }
        log(tx, &actor, &row, &ledger, ("add", format!("附上{}", names.join("、")), told), None);
        form::tell(tx, &once, record, done)
    })
}

/// What a file is called where everybody reads it.
fn word(file: &Kept) -> String {
    if file.secret.is_some() {
        format!("{}（加密保存）", file.kind.title())
    } else {
        format!("“{}”", file.name)
    }
}

/// Refuses what is more than a record, an account or the installation may have.
fn fits(tx: &mut Tx<'_>, actor: &Actor, standing: &[Attachment], files: &[Kept]) -> anyhow::Result<()> {
    if files.is_empty() {
        return refused("请选择要上传的文件。");
    }
    if standing.len() + files.len() > OF_RECORD {
        return refused(format!("一条记录最多{OF_RECORD}个附件，已有{}个。", standing.len()));
    }
    tx.lock(&[QUOTA])?;
    let coming = files.iter().map(|f| f.size).sum::<i64>();
    let sum = "select cast(coalesce(sum(size), 0) as bigint) from attachment";
    let recent = format!("{sum} where account = $1 and recorded_at > $2");
    let today = tx.one(&recent, &[actor.account.into(), (actor.at - DAY).into()], |r| r.i64(0))?.unwrap_or(0);
    if (today + coming) as u64 > OF_DAY {
        return refused(format!("您在24小时内上传的附件超过{}GB，请明天再传。", OF_DAY >> 30));
    }
    let all = tx.one(sum, &[], |r| r.i64(0))?.unwrap_or(0);
    if (all + coming) as u64 > OF_ALL {
        return refused(format!("全部附件已达{}GB的上限，请告诉系统管理员。", OF_ALL >> 30));
    }
    Ok(())
}

/// A file with the same content.
enum Twin<'a> {
    /// It stands at the record.
    Standing(&'a Attachment),
    /// It came with it.
    Coming(&'a Kept),
}

/// The file of the record, or among those that came with it, that has the same content.
fn twin<'a>(
    keys: &Keys,
    standing: &'a [Attachment],
    others: &'a [Kept],
    file: &Kept,
) -> anyhow::Result<Option<Twin<'a>>> {
    for one in standing {
        let sent = match &one.secret {
            None => one.sha256.clone(),
            Some(sealed) => Secret::open(keys, sealed)?.sha256,
        };
        if sent == file.sent {
            return Ok(Some(Twin::Standing(one)));
        }
    }
    Ok(others.iter().find(|other| other.sent == file.sent).map(Twin::Coming))
}

fn insert(tx: &mut Tx<'_>, actor: &Actor, ledger: &str, record: i64, file: &Kept) -> anyhow::Result<i64> {
    let sql = "insert into attachment (ledger, record_id, sha256, name, size, kind, secret, recorded_at, recorded_by, account) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning row_id";
    let params: [Value; 10] = [
        ledger.into(),
        record.into(),
        file.sha256.as_str().into(),
        file.name.as_str().into(),
        file.size.into(),
        file.kind.as_str().into(),
        file.secret.as_deref().into(),
        actor.at.into(),
        actor.name.as_str().into(),
        actor.account.into(),
    ];
    let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap_or_default();
    audit::guard(tx, Guarded::File, id);
    Ok(id)
}

/// The position of a field for files.
fn place(ledger: &Ledger, name: &str) -> anyhow::Result<usize> {
    let found = ledger.fields.iter().position(|f| f.ty == FieldType::File && f.name == name);
    found.map_or_else(|| refused("要上传到的栏目已经不在了，请重新打开记录页。"), Ok)
}

/// The record with another value in a field for files.
fn correct(
    tx: &mut Tx<'_>,
    write: &Write,
    row: &Stored,
    (at, value): (usize, Value),
    reason: &str,
) -> anyhow::Result<Consequence> {
    let mut values = row.values.clone();
    values[at] = value;
    let new = NewRow { code: row.code.clone(), unit: row.unit, values };
    write.correct(tx, (row.record_id, row.revision), new, reason, None)
}

fn log(
    tx: &mut Tx<'_>,
    actor: &Actor,
    row: &Stored,
    ledger: &Ledger,
    (act, title, files): (&str, String, Vec<Json>),
    reason: Option<&str>,
) {
    let mut told = json!({ "act": act, "title": title, "record": row.record_id, "files": files });
    if let Some(reason) = reason {
        told["reason"] = reason.into();
    }
    let about = About { ledger: Some(ledger.name.clone()), unit: row.unit, ..About::default() };
    audit::note_of(tx, actor, Kind::Attach, told, about);
}

/// Takes a file away from a record, with a reason; the field that holds it is emptied by a correction. The file stays on
/// the disk and in the history.
///
/// # Errors
/// As [`add`].
pub fn remove(
    installation: &Installation,
    by: By,
    (ledger, record): (&str, i64),
    file: i64,
    reason: &str,
    once: &Form,
) -> anyhow::Result<()> {
    let (inst, name, reason, once) = (installation.clone(), ledger.to_owned(), reason.to_owned(), once.clone());
    installation.db.write(move |tx| {
        let now = inst.clock.now().instant;
        if once::take(tx, &once, by.account.unwrap_or_default(), &name, now)?.is_some() {
            return Ok(());
        }
        let write = Write::begin(tx, &inst, &by, &name)?;
        let (ledger, row, actor) = (write.ledger().clone(), write.record(tx, record)?, by.at(now));
        let Some(file) = of_record(tx, &name, record)?.into_iter().find(|f| f.id == file) else {
            return refused("没有这个附件，请重新打开记录页。");
        };
        let sql = "update attachment set removed_at = $2, removed_by = $3, reason = $4 where row_id = $1 and removed_at is null";
        let params = [file.id.into(), now.into(), actor.name.as_str().into(), reason.as_str().into()];
        if tx.execute(sql, &params)? == 0 {
            return refused("这个附件已经有人移除了。");
        }
        audit::guard(tx, Guarded::File, file.id);
        let mut done = Consequence::default();
        let held = |i: &usize| ledger.fields[*i].ty == FieldType::File && row.values[*i].as_text() == Some(&file.sha256);
        if let Some(at) = (0..ledger.fields.len()).find(held) {
            let why = format!("移除{}：{reason}", ledger.fields[at].title);
            done = correct(tx, &write, &row, (at, Value::Null), &why)?;
        }
        let told = vec![json!({ "file": file.id, "sha256": file.sha256 })];
        log(tx, &actor, &row, &ledger, ("remove", format!("移除{}", title(&file, &ledger)), told), Some(&reason));
        form::tell(tx, &once, record, done)
    })
}

/// What a file is called in the log.
pub fn title(file: &Attachment, ledger: &Ledger) -> String {
    if file.secret.is_some() || is_sensitive(ledger) { file.label(ledger) } else { format!("“{}”", file.name) }
}
