//! A file comes in: read and checked whole, nothing written before; then staged, moved chunk by chunk, and judged. A crash
//! leaves nothing that counts as imported, or a job that goes on.

mod find;
mod rules;

use std::{
    collections::{HashMap, HashSet},
    fs,
    io::Read as _,
    path::Path,
};

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use crate::{
    clock,
    db::{Tx, Value, Work},
    directive::model::{FieldType, Ledger},
    facts::Write,
    installation::Installation,
    ledger::{Keys, NewRow},
    sheet::{self, Checked, CheckedRow, Limits, Stored, header::Target},
};

pub use find::Finder;

/// The ledger whose rows may refer to each other within one file.
const UNITS: &str = "unit";
/// Held while units get their ids (PostgreSQL).
const UNITS_LOCK: i64 = 0x756e_6974;
/// Rows moved in one transaction.
const CHUNK: i64 = 500;
/// Rows staged in one transaction.
const STAGED: usize = 2_000;

/// A file that was read and checked; nothing is written yet.
#[derive(Debug)]
pub struct Prepared {
    /// Name of the file.
    pub file: String,
    /// SHA-256 (hex) of its bytes.
    pub sha256: String,
    /// What the check found.
    pub checked: Checked,
    /// Imports of the very same file into this ledger that stand: number, when, by whom.
    pub before: Vec<(i64, String, String)>,
    /// Rows that are in the ledger already, equal in every field.
    pub known: usize,
    /// Of the rows to take in, those that correct a record: its id and revision by row number.
    pub corrections: HashMap<u32, (i64, i64)>,
}

/// Reads and checks a file for a ledger.
///
/// # Errors
/// When the file cannot be read as a table; the message says why and how to mend it.
pub fn prepare(installation: &Installation, ledger: &str, path: &Path) -> anyhow::Result<Prepared> {
    let table = sheet::read_path(path, &Limits::default())?;
    let sha256 = digest(path)?;
    let file = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let today = installation.clock.now().day;
    installation.db.read(|tx| {
        let current = installation.current(tx)?;
        let layout = &current.engine.layout;
        let index = layout.index(ledger).with_context(|| format!("没有台账“{ledger}”"))?;
        let definition = &layout.ledgers[index];
        let mut finder = Finder::load(tx, layout, definition)?;
        if ledger == UNITS {
            expect_units(&mut finder, &table, definition);
        }
        let mut checked = sheet::check(&table, definition, &finder, today)?;
        let sql = "select row_id, recorded_at, recorded_by from import \
                   where ledger = $1 and sha256 = $2 and undone_at is null and cast(row_id as text) not in \
                   (select payload from job where kind = 'import' and state = $3) order by row_id";
        let before = tx.rows(sql, &[ledger.into(), sha256.as_str().into(), STAGING.into()], |r| {
            Ok((r.i64(0)?, clock::chinese(r.i64(1)?), r.text(2)?.to_owned()))
        })?;
        let all = checked.rows.len();
        checked.rows = without_known(tx, definition, &installation.keys, &mut checked)?;
        let known = all - checked.rows.len();
        rules::apply(tx, definition, &mut checked)?;
        let corrections = corrections(tx, definition, &mut checked)?;
        Ok(Prepared { file: file.clone(), sha256: sha256.clone(), checked, before, known, corrections })
    })
}

/// Rows whose code stands in the ledger with other values: they would correct that record. A sensitive field for which
/// the file has no column stays as it is: rosters are passed around without them.
fn corrections(tx: &mut Tx<'_>, ledger: &Ledger, checked: &mut Checked) -> anyhow::Result<HashMap<u32, (i64, i64)>> {
    let header = &checked.header;
    let kept: Vec<usize> = (0..ledger.fields.len())
        .filter(|i| ledger.fields[*i].sensitive && header.column(Target::Field(*i)).is_none())
        .collect();
    let mut by_code: HashMap<String, Vec<&mut CheckedRow>> = HashMap::new();
    for row in &mut checked.rows {
        if let Some(code) = row.code.clone() {
            by_code.entry(code).or_default().push(row);
        }
    }
    let columns: String = kept.iter().map(|i| format!(", \"{}\"", ledger.fields[*i].name)).collect();
    let sql = format!(
        "select record_code, record_id, revision{columns} from l_{} \
         where voided_at is null and record_code is not null order by record_id",
        ledger.name
    );
    let mut found = HashMap::new();
    tx.each(&sql, &[], |r| {
        for row in by_code.get_mut(r.text(0)?).into_iter().flatten() {
            found.insert(row.number, (r.i64(1)?, r.i64(2)?));
            for (n, i) in kept.iter().enumerate() {
                row.values[*i] = r.opt_text(n + 3)?.map_or(Stored::Null, |sealed| Stored::Text(sealed.to_owned()));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// Units that the file itself brings may be named as superiors in it: they stand under provisional ids, minus the number
/// of their row, until they are written ([`move_chunk`]).
fn expect_units(finder: &mut Finder, table: &sheet::Table, ledger: &Ledger) {
    let Ok(header) = sheet::header::detect(table, ledger) else { return };
    let name = ledger.field_index("name").map(Target::Field);
    let columns: Vec<usize> =
        [Some(Target::Code), name].into_iter().flatten().filter_map(|t| header.column(t)).collect();
    for row in table.rows.iter().filter(|r| r.number > header.row) {
        let texts = columns.iter().filter_map(|c| row.cells.get(*c)).map(sheet::RawCell::text);
        finder.expect(-i64::from(row.number), texts);
    }
}

fn digest(path: &Path) -> anyhow::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hash.update(&buffer[..n]);
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Leaves out rows whose code stands in the ledger with equal values, or that stand there without a code. Sensitive
/// fields are compared by their blind index, where the file has a column for them.
fn without_known(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    keys: &Keys,
    checked: &mut Checked,
) -> anyhow::Result<Vec<CheckedRow>> {
    let header = &checked.header;
    let compared: Vec<usize> = (0..ledger.fields.len())
        .filter(|i| ledger.fields[*i].ty != FieldType::Derived)
        .filter(|i| !ledger.fields[*i].sensitive || header.column(Target::Field(*i)).is_some())
        .collect();
    let column = |i: &usize| {
        let field = &ledger.fields[*i];
        format!(", \"{}{}\"", field.name, if field.sensitive { "_index" } else { "" })
    };
    let columns: String = compared.iter().map(column).collect();
    let unit = if ledger.unit_from.is_none() { "unit_id" } else { "cast(null as bigint)" };
    let sql = format!("select record_code, {unit}{columns} from l_{} where voided_at is null", ledger.name);
    let mut standing: HashSet<String> = HashSet::new();
    tx.each(&sql, &[], |r| {
        let values = (0..compared.len()).map(|i| r.value(i + 2)).collect::<anyhow::Result<Vec<_>>>()?;
        standing.insert(format!("{:?} {:?} {values:?}", r.opt_text(0)?, r.opt_i64(1)?));
        Ok(())
    })?;
    let compare = |row: &CheckedRow, i: usize| match &row.values[i] {
        Stored::Text(plain) if ledger.fields[i].sensitive => keys.blind_index(plain).into(),
        other => value(other),
    };
    let known = |row: &CheckedRow| {
        let values: Vec<Value> = compared.iter().map(|i| compare(row, *i)).collect();
        let unit = row.unit.filter(|_| ledger.unit_from.is_none());
        standing.contains(&format!("{:?} {unit:?} {values:?}", row.code.as_deref()))
    };
    Ok(std::mem::take(&mut checked.rows).into_iter().filter(|r| !known(r)).collect())
}

fn value(stored: &Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::I64(n) => Value::I64(*n),
        Stored::Text(t) => Value::Text(t.clone()),
    }
}

/// State of an import's job while its rows are being staged: until it waits to be moved, nothing counts as imported.
const STAGING: &str = "staging";

/// Stages the rows of a checked file as one import and gives its number. [`resume`] moves them. What a process that ended
/// meanwhile has left behind is taken away.
///
/// # Errors
/// When the store cannot be written.
pub fn stage(installation: &Installation, by: &str, ledger: &str, prepared: Prepared) -> anyhow::Result<i64> {
    let _alone = installation.db.alone(Work::Staging)?;
    installation.db.write(clear_abandoned)?;
    let rows = bodies(installation, ledger, &prepared)?;
    let id = begin_staging(installation, by, ledger, &prepared, rows.len() as i64)?;
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
    let jobs = crate::facts::in_state(tx, "import", STAGING)?;
    Ok(jobs.values().any(|payload| *payload == import.to_string()))
}

/// Takes away what was staged and never finished. Who stages does so alone, so nobody is at it any more.
fn clear_abandoned(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    for (job, payload) in crate::facts::in_state(tx, "import", STAGING)? {
        let import: i64 = payload.parse()?;
        tx.execute("delete from import_row where import_id = $1", &[import.into()])?;
        tx.execute("delete from import where row_id = $1", &[import.into()])?;
        tx.execute("delete from job where row_id = $1", &[job.into()])?;
    }
    Ok(())
}

/// The import and its job, in one transaction: neither is there without the other.
fn begin_staging(
    installation: &Installation,
    by: &str,
    ledger: &str,
    prepared: &Prepared,
    count: i64,
) -> anyhow::Result<i64> {
    let now = installation.clock.now().instant;
    let (ledger, by) = (Value::from(ledger), Value::from(by));
    let (file, sha) = (Value::from(prepared.file.as_str()), Value::from(prepared.sha256.as_str()));
    installation.db.write(move |tx| {
        let sql = "insert into import (ledger, file_name, sha256, rows, recorded_at, recorded_by) \
                   values ($1, $2, $3, $4, $5, $6) returning row_id";
        let id = tx.one(sql, &[ledger, file, sha, count.into(), now.into(), by], |r| r.i64(0))?;
        let id = id.context("导入没有登记上")?;
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
    rows.map(|row| body(definition, &installation.keys, row, prepared.corrections.get(&row.number))).collect()
}

fn body(ledger: &Ledger, keys: &Keys, row: &CheckedRow, correction: Option<&(i64, i64)>) -> anyhow::Result<String> {
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

/// A row on its way: its number in the file, and the record and revision that it corrects.
struct OnItsWay {
    row: NewRow,
    number: i64,
    corrects: Option<(i64, i64)>,
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
/// When the store cannot be written; what was moved stays, the rest is moved the next time.
pub fn resume(installation: &Installation) -> anyhow::Result<bool> {
    let jobs = installation.db.read(|tx| crate::facts::in_state(tx, "import", "waiting"))?;
    for (job, payload) in &jobs {
        let import: i64 = payload.parse()?;
        if let Err(e) = move_all(installation, *job, import) {
            // One import that cannot go on must not hold up the others.
            let (job, error) = (*job, format!("{e:#}"));
            tracing::error!("第 {import} 次导入没有完成：{error}");
            installation.db.write(move |tx| {
                tx.execute("update job set state = 'failed', error = $2 where row_id = $1", &[job.into(), error.into()])
            })?;
        }
    }
    Ok(!jobs.is_empty())
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
        let head = "select ledger, recorded_by from import where row_id = $1";
        let (ledger, by) = tx
            .one(head, &[import.into()], |r| Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned())))?
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
        tx.execute("delete from import_row where import_id = $1 and n <= $2", &[import.into(), (*last).into()])?;
        tx.execute("update job set progress = progress + $2 where row_id = $1", &[job.into(), n.into()])?;
        Ok(true)
    })
}

/// Puts the ids that new units will get in the place of the provisional ones.
fn settle_units(tx: &mut Tx<'_>, rows: &mut [OnItsWay]) -> anyhow::Result<()> {
    tx.lock(&[UNITS_LOCK])?;
    let next = tx.one("select next from counter where name = $1", &[UNITS.into()], |r| r.i64(0))?.unwrap_or(1);
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
