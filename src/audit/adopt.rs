//! A database that is older than the log: its rows are taken as they are, and guarded from then on.

use serde_json::json;

use super::{
    canon::{Form, VOIDED},
    entry::note,
    guard,
    kind::Kind,
    trail::Touched,
    written::Mark,
};
use crate::{
    db::{Db, Tx, Value},
    installation::{meta, set_meta},
    ledger::row::quoted,
    scope::Actor,
};

/// Rows of one entry.
const CHUNK: i64 = 5_000;
/// How far it has come: the table, and the last row.
const PROGRESS: &str = "audit_adopting";

/// Gives every row an entry if the log has none yet, and states every other row that it is to guard and does not yet; what
/// was broken off goes on. Nobody may write meanwhile.
///
/// # Errors
/// When the store fails.
pub fn adopt(db: &Db, actor: &Actor) -> anyhow::Result<()> {
    ledgers(db, actor)?;
    // What has no package yet is not made yet.
    if db.read(|tx| meta(tx, "package"))?.is_some() { guard::adopt(db, actor) } else { Ok(()) }
}

fn ledgers(db: &Db, actor: &Actor) -> anyhow::Result<()> {
    let started = db.read(|tx| {
        let none = tx.one("select 1 from audit_entry limit 1", &[], |r| r.i64(0))?.is_none();
        Ok(meta(tx, PROGRESS)?.is_some() || none && meta(tx, "package")?.is_some())
    })?;
    if !started {
        return Ok(());
    }
    let tables = db.read(|tx| tx.tables())?;
    let tables: Vec<String> = tables.into_iter().filter(|t| t.starts_with("l_")).collect();
    loop {
        let (tables, actor) = (tables.clone(), actor.clone());
        if !db.write(move |tx| step(tx, &tables, &actor))? {
            return Ok(());
        }
    }
}

/// One entry more; false at the end.
fn step(tx: &mut Tx<'_>, tables: &[String], actor: &Actor) -> anyhow::Result<bool> {
    let progress = meta(tx, PROGRESS)?;
    let Some(progress) = progress else {
        for hash in tx.rows("select hash from package order by row_id", &[], |r| Ok(r.text(0)?.to_owned()))? {
            tx.trail().mark(&Mark::Package(hash));
        }
        note(tx, actor, Kind::Adopt, json!({ "rows": 0 }));
        set_meta(tx, PROGRESS, &format!("{} 0", tables.first().map_or("", String::as_str)))?;
        return Ok(true);
    };
    let (table, after) = progress.split_once(' ').unwrap_or_default();
    let Some(at) = tables.iter().position(|t| t == table) else {
        tx.execute("delete from meta where key = $1", &[PROGRESS.into()])?;
        return Ok(false);
    };
    let last = rows(tx, table, after.parse()?, actor)?;
    let next = match last {
        Some(last) => format!("{table} {last}"),
        None => format!("{} 0", tables.get(at + 1).map_or("", String::as_str)),
    };
    set_meta(tx, PROGRESS, &next)?;
    Ok(true)
}

/// Takes the next rows of a table and gives the last of them.
fn rows(tx: &mut Tx<'_>, table: &str, after: i64, actor: &Actor) -> anyhow::Result<Option<i64>> {
    let columns: Vec<String> = tx.columns(table)?.into_iter().map(|(name, _)| name).filter(|c| c != "row_id").collect();
    let select: String = columns.iter().map(|c| format!(", {}", quoted(c))).collect();
    let sql = format!("select row_id{select} from {} where row_id > $1 order by row_id limit $2", quoted(table));
    let found: Vec<(i64, Vec<Value>)> = tx.rows(&sql, &[after.into(), CHUNK.into()], |r| {
        Ok((r.i64(0)?, (1..=columns.len()).map(|i| r.value(i)).collect::<anyhow::Result<_>>()?))
    })?;
    let ledger = table.strip_prefix("l_").unwrap_or(table);
    let form = Form::row(ledger, std::iter::once("row_id").chain(columns.iter().map(String::as_str)));
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap_or_default();
    let [record, revision, voided_at, voided_by, reason] = VOIDED.map(at);
    for (row_id, values) in &found {
        let number = |i: usize| values[i].as_i64().unwrap_or_default();
        let of = Touched {
            ledger,
            record: number(record),
            revision: number(revision),
            unit: values[at("unit_id")].as_i64(),
        };
        tx.trail().row(&of, &form, *row_id, values);
        if let (Some(when), Some(by)) = (values[voided_at].as_i64(), values[voided_by].as_text()) {
            tx.trail().void(&of, when, by, values[reason].as_text());
        }
    }
    if !found.is_empty() {
        note(tx, actor, Kind::Adopt, json!({ "rows": found.len() }));
    }
    Ok(found.last().map(|(row_id, _)| *row_id))
}
