//! A file comes in: read and checked whole, nothing written before; then staged, moved chunk by chunk, and judged.

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
    audit::Kind,
    clock,
    db::{Row, Tx, Value},
    directive::model::Ledger,
    facts::Write,
    installation::Installation,
    ledger::NewRow,
    sheet::{self, Checked, CheckedRow, Limits, Stored, header::Target},
};

pub use find::Finder;

/// The ledger whose rows may refer to each other within one file.
const UNITS: &str = "unit";
/// Held while units get their ids (PostgreSQL).
const UNITS_LOCK: i64 = 0x756e_6974;
/// Rows moved in one transaction.
const CHUNK: i64 = 500;

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
                   where ledger = $1 and sha256 = $2 and undone_at is null order by row_id";
        let before = tx.rows(sql, &[ledger.into(), sha256.as_str().into()], |r| {
            Ok((r.i64(0)?, clock::chinese(r.i64(1)?), r.text(2)?.to_owned()))
        })?;
        let all = checked.rows.len();
        checked.rows = without_known(tx, definition, std::mem::take(&mut checked.rows))?;
        let known = all - checked.rows.len();
        rules::apply(tx, definition, &mut checked)?;
        let corrections = corrections(tx, definition, &checked.rows)?;
        Ok(Prepared { file: file.clone(), sha256: sha256.clone(), checked, before, known, corrections })
    })
}

/// Rows whose code stands in the ledger with other values: they would correct that record.
fn corrections(tx: &mut Tx<'_>, ledger: &Ledger, rows: &[CheckedRow]) -> anyhow::Result<HashMap<u32, (i64, i64)>> {
    let sql = format!(
        "select record_code, record_id, revision from l_{} where voided_at is null and record_code is not null",
        ledger.name
    );
    let standing: HashMap<String, (i64, i64)> =
        tx.rows(&sql, &[], |r| Ok((r.text(0)?.to_owned(), (r.i64(1)?, r.i64(2)?))))?.into_iter().collect();
    Ok(rows.iter().filter_map(|row| Some((row.number, *standing.get(row.code.as_ref()?)?))).collect())
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

/// Leaves out rows whose code stands in the ledger with equal values, or that stand there without a code.
fn without_known(tx: &mut Tx<'_>, ledger: &Ledger, rows: Vec<CheckedRow>) -> anyhow::Result<Vec<CheckedRow>> {
    let plain: Vec<usize> = (0..ledger.fields.len())
        .filter(|i| ledger.fields[*i].ty != crate::directive::model::FieldType::Derived && !ledger.fields[*i].sensitive)
        .collect();
    let columns: String = plain.iter().map(|i| format!(", \"{}\"", ledger.fields[*i].name)).collect();
    let unit = if ledger.unit_from.is_none() { "unit_id" } else { "cast(null as bigint)" };
    let sql = format!("select record_code, {unit}{columns} from l_{} where voided_at is null", ledger.name);
    let mut standing: HashSet<String> = HashSet::new();
    tx.each(&sql, &[], |r| {
        let values = (0..plain.len()).map(|i| r.value(i + 2)).collect::<anyhow::Result<Vec<_>>>()?;
        standing.insert(format!("{:?} {:?} {values:?}", r.opt_text(0)?, r.opt_i64(1)?));
        Ok(())
    })?;
    let known = |row: &CheckedRow| {
        let values: Vec<Value> = plain.iter().map(|i| value(&row.values[*i])).collect();
        let unit = row.unit.filter(|_| ledger.unit_from.is_none());
        standing.contains(&format!("{:?} {unit:?} {values:?}", row.code.as_deref()))
    };
    Ok(rows.into_iter().filter(|r| !known(r)).collect())
}

fn value(stored: &Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::I64(n) => Value::I64(*n),
        Stored::Text(t) => Value::Text(t.clone()),
    }
}

/// Stages the rows of a checked file as one import and gives its number. [`resume`] moves them.
///
/// # Errors
/// When the store cannot be written.
pub fn stage(installation: &Installation, by: &str, ledger: &str, prepared: Prepared) -> anyhow::Result<i64> {
    let now = installation.clock.now().instant;
    let (by, ledger) = (by.to_owned(), ledger.to_owned());
    let corrections = &prepared.corrections;
    let rows: Vec<String> = prepared.checked.rows.iter().map(|row| body(row, corrections.get(&row.number))).collect();
    let (file, sha, count) = (prepared.file, prepared.sha256, rows.len() as i64);
    let id = installation.db.write(move |tx| {
        let sql = "insert into import (ledger, file_name, sha256, rows, recorded_at, recorded_by) \
                   values ($1, $2, $3, $4, $5, $6) returning row_id";
        let id =
            tx.one(sql, &[ledger.into(), file.into(), sha.into(), count.into(), now.into(), by.into()], |r| r.i64(0))?;
        id.context("导入没有登记上")
    })?;
    for (n, chunk) in rows.chunks(2_000).enumerate() {
        let chunk = chunk.to_vec();
        installation.db.write(move |tx| {
            let rows: Vec<Vec<Value>> = chunk
                .into_iter()
                .enumerate()
                .map(|(i, body)| vec![id.into(), ((n * 2_000 + i) as i64).into(), body.into()])
                .collect();
            tx.bulk("import_row", &["import_id", "n", "body"], rows.iter().map(Vec::as_slice)).map(|_| ())
        })?;
    }
    let payload = id.to_string();
    installation.db.write(move |tx| {
        let sql = "insert into job (kind, state, payload, total, created_at, created_by, updated_at) \
                   values ('import', 'waiting', $1, $2, $3, '导入', $3)";
        tx.execute(sql, &[payload.into(), count.into(), now.into()]).map(|_| ())
    })?;
    Ok(id)
}

fn body(row: &CheckedRow, correction: Option<&(i64, i64)>) -> String {
    let values: Vec<serde_json::Value> = row
        .values
        .iter()
        .map(|v| match v {
            Stored::Null => serde_json::Value::Null,
            Stored::I64(n) => (*n).into(),
            Stored::Text(t) => t.as_str().into(),
        })
        .collect();
    serde_json::json!({ "code": row.code, "unit": row.unit, "values": values, "corrects": correction, "row": row.number })
        .to_string()
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

/// Moves the next rows; false when none is left and the job is done.
fn move_chunk(installation: &Installation, job: i64, import: i64) -> anyhow::Result<bool> {
    let inst = installation.clone();
    installation.db.write(move |tx| {
        let head = "select ledger, recorded_by, file_name, sha256 from import where row_id = $1";
        let text = |r: &Row<'_>, i| r.text(i).map(str::to_owned);
        let (ledger, by, file, sha256) = tx
            .one(head, &[import.into()], |r| Ok((text(r, 0)?, text(r, 1)?, text(r, 2)?, text(r, 3)?)))?
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
                write.correct(tx, at, r.row, "导入更正")?;
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
