//! Rows on their way into a ledger: staged first, then moved chunk by chunk. The import and its job come first and
//! together, so that a crash leaves a job that goes on, or nothing that counts as imported.

use std::collections::HashMap;

use anyhow::Context as _;

use super::{Prepared, Standing, UNITS};
use crate::{
    audit::Kind,
    db::{DbError, Row, Tx, Value, Work},
    directive::model::Ledger,
    facts::{Write, in_state},
    installation::Installation,
    ledger::{Keys, NewRow},
    scope::{By, Scope},
    sheet::{CheckedRow, Stored},
};

/// Held while units get their ids (PostgreSQL).
const UNITS_LOCK: i64 = 0x756e_6974;
/// Rows moved in one transaction.
pub(super) const CHUNK: i64 = 500;
/// Rows staged in one transaction.
const STAGED: usize = 2_000;

/// State of an import's job while its rows are being staged: until it waits to be moved, nothing counts as imported.
pub(super) const STAGING: &str = "staging";

/// Stages the rows of a checked file as one import and gives its number. [`resume`] moves them. What a process that ended
/// meanwhile has left behind is taken away.
///
/// # Errors
/// When the store cannot be written.
pub fn stage(installation: &Installation, by: impl Into<By>, ledger: &str, prepared: Prepared) -> anyhow::Result<i64> {
    stage_batch(installation, &by.into(), ledger, prepared, None)
}

/// The same of a batch, which is told its import in the transaction that begins it.
pub(super) fn stage_batch(
    installation: &Installation,
    by: &By,
    ledger: &str,
    prepared: Prepared,
    batch: Option<i64>,
) -> anyhow::Result<i64> {
    let _alone = installation.db.alone(Work::Staging)?;
    installation.db.write(clear_abandoned)?;
    let rows = bodies(installation, ledger, &prepared)?;
    let id = begin_staging(installation, by, ledger, &prepared, (rows.len() as i64, batch))?;
    for (n, chunk) in rows.chunks(STAGED).enumerate() {
        let chunk = chunk.to_vec();
        installation.db.write(move |tx| {
            let rows: Vec<Vec<Value>> = chunk
                .into_iter()
                .enumerate()
                .map(|(i, body)| vec![id.into(), ((n * STAGED + i) as i64).into(), body.into()])
                .collect();
            tx.bulk("import_row", &["import_id", "n", "body"], rows.iter().map(Vec::as_slice)).map(|_| ())
        })?;
    }
    installation.db.write(move |tx| {
        let sql = "update job set state = 'waiting' where kind = 'import' and state = $2 and payload = $1";
        let staged = tx.execute(sql, &[id.to_string().into(), STAGING.into()])?;
        anyhow::ensure!(staged == 1, "第 {id} 次导入的暂存被中断，没有导入，请重新导入");
        Ok(id)
    })
}

/// Whether an import is still being staged, or was when its process ended: then it does not count as one.
pub(crate) fn is_staging(tx: &mut Tx<'_>, import: i64) -> anyhow::Result<bool> {
    let jobs = in_state(tx, "import", STAGING)?;
    Ok(jobs.values().any(|payload| *payload == import.to_string()))
}

/// Takes away what was staged and never finished. Who stages does so alone, so nobody is at it any more.
fn clear_abandoned(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    for (job, payload) in in_state(tx, "import", STAGING)? {
        let import: i64 = payload.parse()?;
        tx.execute("delete from import_row where import_id = $1", &[import.into()])?;
        tx.execute("update import_batch set import_id = null where import_id = $1", &[import.into()])?;
        tx.execute("delete from import where row_id = $1", &[import.into()])?;
        tx.execute("delete from job where row_id = $1", &[job.into()])?;
    }
    Ok(())
}

/// The import and its job, in one transaction: neither is there without the other.
fn begin_staging(
    installation: &Installation,
    by: &By,
    ledger: &str,
    prepared: &Prepared,
    (count, batch): (i64, Option<i64>),
) -> anyhow::Result<i64> {
    let now = installation.clock.now().instant;
    let (ledger, account) = (Value::from(ledger), by.account.map_or(Value::Null, Value::from));
    let by = Value::from(by.name.as_str());
    let (file, sha) = (Value::from(prepared.file.as_str()), Value::from(prepared.sha256.as_str()));
    installation.db.write(move |tx| {
        let sql = "insert into import (ledger, file_name, sha256, rows, recorded_at, recorded_by, account) \
                   values ($1, $2, $3, $4, $5, $6, $7) returning row_id";
        let id = tx.one(sql, &[ledger, file, sha, count.into(), now.into(), by, account], |r| r.i64(0))?;
        let id = id.context("导入没有登记上")?;
        if let Some(batch) = batch {
            tx.execute("update import_batch set import_id = $2 where row_id = $1", &[batch.into(), id.into()])?;
        }
        let sql = "insert into job (kind, state, payload, total, created_at, created_by, updated_at) \
                   values ('import', $4, $1, $2, $3, '导入', $3)";
        tx.execute(sql, &[id.to_string().into(), count.into(), now.into(), STAGING.into()])?;
        Ok(id)
    })
}

/// The rows as they are staged, sensitive values sealed.
fn bodies(installation: &Installation, ledger: &str, prepared: &Prepared) -> anyhow::Result<Vec<String>> {
    let current = installation.db.read(|tx| installation.current(tx))?;
    let layout = &current.engine.layout;
    let definition = &layout.ledgers[layout.index(ledger).with_context(|| format!("没有台账“{ledger}”"))?];
    let rows = prepared.checked.rows.iter();
    rows.map(|row| body(definition, &installation.keys, row, prepared.corrections.get(&row.number).map(Standing::at)))
        .collect()
}

fn body(ledger: &Ledger, keys: &Keys, row: &CheckedRow, correction: Option<(i64, i64)>) -> anyhow::Result<String> {
    let value = |(i, v): (usize, &Stored)| {
        Ok(match v {
            Stored::Null => serde_json::Value::Null,
            Stored::I64(n) => (*n).into(),
            Stored::Text(t) if ledger.fields[i].sensitive => keys.seal(t)?.into(),
            Stored::Text(t) => t.as_str().into(),
        })
    };
    let values = row.values.iter().enumerate().map(value).collect::<anyhow::Result<Vec<serde_json::Value>>>()?;
    let body = serde_json::json!({
        "code": row.code, "unit": row.unit, "values": values, "corrects": correction, "row": row.number
    });
    Ok(body.to_string())
}

/// Where a row on its way stands: its import and its number.
type At = (i64, i64);

/// Encrypts the values of the next rows on their way with the newest key; gives the last row looked at and how many
/// changed, `None` at the end.
///
/// # Errors
/// When the store cannot be written.
pub(crate) fn reseal(tx: &mut Tx<'_>, keys: &Keys, after: At, limit: i64) -> anyhow::Result<Option<(At, u64)>> {
    let sql = "select import_id, n, body from import_row where import_id > $1 or (import_id = $1 and n > $2) \
               order by import_id, n limit $3";
    let rows = tx.rows(sql, &[after.0.into(), after.1.into(), limit.into()], |r| {
        Ok(((r.i64(0)?, r.i64(1)?), r.text(2)?.to_owned()))
    })?;
    let (last, mut changed) = (rows.last().map(|(at, _)| *at), 0);
    for (at, body) in rows {
        let mut body: serde_json::Value = serde_json::from_str(&body)?;
        let (mut values, mut any) = (body["values"].take(), false);
        for value in values.as_array_mut().into_iter().flatten() {
            if let Some(anew) = value.as_str().map(|t| keys.anew(t)).transpose()?.flatten() {
                (*value, any) = (anew.into(), true);
            }
        }
        body["values"] = values;
        if any {
            let sql = "update import_row set body = $3 where import_id = $1 and n = $2";
            changed += tx.execute(sql, &[at.0.into(), at.1.into(), body.to_string().into()])?;
        }
    }
    Ok(last.map(|last| (last, changed)))
}

/// A row on its way: its number in the file, and the record and revision that it corrects.
pub(super) struct OnItsWay {
    pub(super) row: NewRow,
    pub(super) number: i64,
    pub(super) corrects: Option<(i64, i64)>,
}

fn unbody(text: &str) -> anyhow::Result<OnItsWay> {
    let body: serde_json::Value = serde_json::from_str(text)?;
    let corrects = body["corrects"][0].as_i64().zip(body["corrects"][1].as_i64());
    let values = body["values"].as_array().context("暂存的行读不出来")?.iter().map(|v| match v {
        serde_json::Value::Number(n) => Value::from(n.as_i64()),
        serde_json::Value::String(t) => Value::from(t.as_str()),
        _ => Value::Null,
    });
    let row = NewRow {
        code: body["code"].as_str().map(str::to_owned),
        unit: body["unit"].as_i64(),
        values: values.collect(),
    };
    Ok(OnItsWay { row, number: body["row"].as_i64().unwrap_or(0), corrects })
}

/// Moves the staged rows of all imports that are under way; gives whether there were any.
///
/// # Errors
/// When the store cannot be written for a while (busy, out of reach, disk full); what was moved stays, the rest is moved the
/// next time. What will not go in another time either is marked as failed, so that it does not hold up the others.
pub fn resume(installation: &Installation) -> anyhow::Result<bool> {
    let jobs = installation.db.read(|tx| in_state(tx, "import", "waiting"))?;
    let mut later = None;
    for (job, payload) in &jobs {
        let import: i64 = payload.parse()?;
        if let Err(e) = move_all(installation, *job, import) {
            if e.chain().any(|cause| cause.downcast_ref::<DbError>().is_some_and(DbError::is_passing)) {
                later = Some(e.context(format!("第 {import} 次导入停了一下，稍后继续")));
                continue;
            }
            let (job, error) = (*job, format!("{e:#}"));
            tracing::error!("第 {import} 次导入没有完成：{error}");
            installation.db.write(move |tx| {
                tx.execute("update job set state = 'failed', error = $2 where row_id = $1", &[job.into(), error.into()])
            })?;
        }
    }
    later.map_or(Ok(!jobs.is_empty()), Err)
}

/// Why an import stopped before its end, if it did.
///
/// # Errors
/// When the store cannot be read.
pub fn failure(installation: &Installation, import: i64) -> anyhow::Result<Option<String>> {
    installation.db.read(|tx| {
        let sql = "select error from job where kind = 'import' and state = 'failed' and payload = $1";
        Ok(tx.one(sql, &[import.to_string().into()], |r| Ok(r.opt_text(0)?.map(str::to_owned)))?.flatten())
    })
}

fn move_all(installation: &Installation, job: i64, import: i64) -> anyhow::Result<()> {
    while move_chunk(installation, job, import)? {}
    Ok(())
}

/// Keys of imports (PostgreSQL) begin here.
const IMPORT_LOCK: i64 = 0x6d70_0000_0000;

/// Held by who moves or undoes an import (PostgreSQL).
pub(crate) fn lock_key(import: i64) -> i64 {
    IMPORT_LOCK + import
}

/// Moves the next rows; false when none is left and the job is done.
fn move_chunk(installation: &Installation, job: i64, import: i64) -> anyhow::Result<bool> {
    let inst = installation.clone();
    installation.db.write(move |tx| {
        // Another process may be moving the same rows.
        tx.lock(&[lock_key(import)])?;
        let head = "select ledger, recorded_by, file_name, sha256, account from import where row_id = $1";
        let text = |r: &Row<'_>, i| r.text(i).map(str::to_owned);
        let (ledger, by, file, sha256) = tx
            .one(head, &[import.into()], |r| {
                // Who may record what was settled when the rows were staged.
                let by = By { name: text(r, 1)?, account: r.opt_i64(4)?, scope: Scope::All };
                Ok((text(r, 0)?, by, text(r, 2)?, text(r, 3)?))
            })?
            .context("没有这次导入")?;
        // Units of one file refer to each other, so they go in together.
        let limit = if ledger == UNITS { i64::MAX } else { CHUNK };
        let sql = "select n, body from import_row where import_id = $1 order by n limit $2";
        let staged = tx.rows(sql, &[import.into(), limit.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))?;
        let Some((last, _)) = staged.last() else {
            tx.execute("delete from job where row_id = $1", &[job.into()])?;
            return Ok(false);
        };
        let mut rows = staged.iter().map(|(_, body)| unbody(body)).collect::<anyhow::Result<Vec<_>>>()?;
        let n = rows.len() as i64;
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        if ledger == UNITS {
            settle_units(tx, &mut rows)?;
        }
        let (corrected, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|r| r.corrects.is_some());
        write.add(tx, new.into_iter().map(|r| r.row).collect(), Some(import))?;
        for r in corrected {
            if let Some(at) = r.corrects {
                write.correct(tx, at, r.row, "导入更正", Some(import))?;
            }
        }
        let told = serde_json::json!({ "import": import, "file": file, "sha256": sha256, "rows": n });
        tx.trail().tell(Kind::Import, told);
        tx.execute("delete from import_row where import_id = $1 and n <= $2", &[import.into(), (*last).into()])?;
        tx.execute("update job set progress = progress + $2 where row_id = $1", &[job.into(), n.into()])?;
        Ok(true)
    })
}

/// Puts the ids that new units will get in the place of the provisional ones.
fn settle_units(tx: &mut Tx<'_>, rows: &mut [OnItsWay]) -> anyhow::Result<()> {
    tx.lock(&[UNITS_LOCK])?;
    let next = tx.one("select next from counter where name = $1", &[UNITS.into()], |r| r.i64(0))?.unwrap_or(1);
    settle(next, rows)
}

/// The same where the next id is known.
pub(super) fn settle(next: i64, rows: &mut [OnItsWay]) -> anyhow::Result<()> {
    let new = rows.iter().filter(|r| r.corrects.is_none()).enumerate().map(|(i, r)| (-r.number, next + i as i64));
    let standing = rows.iter().filter_map(|r| Some((-r.number, r.corrects?.0)));
    let ids: HashMap<i64, i64> = new.chain(standing).collect();
    for value in rows.iter_mut().flat_map(|r| &mut r.row.values) {
        if let Value::I64(id) = value
            && let Some(settled) = ids.get(id)
        {
            *id = *settled;
        } else if let Value::I64(id) = value
            && *id < 0
        {
            anyhow::bail!("第 {} 行没有导入，而它是别的单位的上级：请一并改正后重新导入", -*id);
        }
    }
    Ok(())
}
