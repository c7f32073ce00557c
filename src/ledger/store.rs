//! Records: inserted, corrected by the next revision, voided; never overwritten, and deleted by rule alone.
//!
//! Whether a row is complete and its choices exist is for forms and imports to say, with the place; here only what
//! would spoil the table is refused. Nobody but this module writes to a ledger's table.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

use super::{
    Keys, NewRow, Stored,
    row::{index_column, quoted, read, select_list, stored_fields, table, table_name, unfit},
    select::Select,
};
use crate::{
    audit::{Form, Forms, Touched, VOIDED},
    db::{Tx, Value},
    directive::model::Ledger,
    scope::{Actor, Scope},
};

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A value does not fit its field.
    #[error("第 {row} 行“{field}”{why}")]
    Unfit {
        /// Position among the rows given, from 1.
        row: usize,
        /// Title of the field.
        field: String,
        /// What is wrong with it.
        why: String,
    },
    /// Somebody corrected or voided the record meanwhile.
    #[error("{}", conflict_words(.0))]
    Conflict(Box<Conflict>),
    /// No such record.
    #[error("没有这条记录（编号 {0}）")]
    Missing(i64),
    /// The clock stands before the row was recorded.
    #[error("这条记录的登记时刻晚于当前时刻，现在不能更正或作废：请检查系统日期，或过了那个时刻再办理")]
    Clock,
    /// Rows of an import were corrected since, so that undoing it would lose work.
    #[error("这次导入的记录已有 {} 条被更正（编号 {}），不能整批撤销：请先逐条作废，再撤销这一批", .0.len(), some_ids(.0))]
    Corrected(Vec<i64>),
    /// The import is undone already, or there is none.
    #[error("没有这次导入，或者已经撤销过了")]
    NoImport,
}

/// Both versions of a record that two people changed at once.
#[derive(Debug)]
pub struct Conflict {
    /// The row that was to be replaced.
    pub expected: Stored,
    /// The current row; `None` if the record was voided.
    pub current: Option<Stored>,
}

fn conflict_words(c: &Conflict) -> String {
    match &c.current {
        Some(now) => {
            format!(
                "这条记录已被 {} 更正为第 {} 版，您看到的是第 {} 版：请核对后重新提交",
                now.recorded_by, now.revision, c.expected.revision
            )
        }
        None => format!("这条记录已被 {} 作废", c.expected.voided_by.as_deref().unwrap_or("他人")),
    }
}

fn some_ids(ids: &[i64]) -> String {
    ids.iter().take(5).map(i64::to_string).collect::<Vec<_>>().join("、")
}

/// Rows handed to the database at a time.
const CHUNK: usize = 512;

/// Records new rows, each as revision 1 of a new record, and gives the record ids in the order of the rows.
pub fn insert(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ledger: &Ledger,
    keys: &Keys,
    rows: &[NewRow],
    import: Option<i64>,
) -> anyhow::Result<Vec<i64>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let first = next_ids(tx, ledger, rows.len() as i64)?;
    let numbered = rows.iter().enumerate().map(|(i, row)| (row, first + i as i64, 1));
    put(tx, actor, ledger, keys, numbered, import)?;
    Ok((first..first + rows.len() as i64).collect())
}

/// Takes `n` ids of a ledger and gives the first.
fn next_ids(tx: &mut Tx<'_>, ledger: &Ledger, n: i64) -> anyhow::Result<i64> {
    let sql = "update counter set next = next + $2 where name = $1 returning next";
    let next = tx.one(sql, &[(&ledger.name).into(), n.into()], |r| r.i64(0))?;
    Ok(next.with_context(|| format!("台账“{}”还没有建表", ledger.title))? - n)
}

/// Writes rows with their record ids and revisions.
fn put<'r>(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ledger: &Ledger,
    keys: &Keys,
    rows: impl Iterator<Item = (&'r NewRow, i64, i64)>,
    import: Option<i64>,
) -> anyhow::Result<()> {
    const OURS: [&str; 7] =
        ["record_id", "revision", "record_code", "unit_id", "recorded_at", "recorded_by", "import_id"];
    let mut columns: Vec<String> = OURS.iter().map(|c| (*c).to_owned()).collect();
    for (_, f) in stored_fields(ledger) {
        columns.push(quoted(&f.name));
        columns.extend(f.sensitive.then(|| quoted(&index_column(f))));
    }
    let names = columns.iter().map(|c| c.trim_matches('"'));
    let form = Form::row(&ledger.name, std::iter::once("row_id").chain(names));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    tx.trail().by(actor);
    let mut rows = rows.enumerate().peekable();
    let mut chunk: Vec<Vec<Value>> = Vec::with_capacity(CHUNK);
    while rows.peek().is_some() {
        chunk.clear();
        for (at, (row, record, revision)) in rows.by_ref().take(CHUNK) {
            let mut values = Vec::with_capacity(columns.len());
            values.extend([record.into(), revision.into(), row.code.as_deref().into(), row.unit.into()]);
            values.extend([actor.at.into(), actor.name.as_str().into(), import.into()]);
            fields_of(ledger, keys, row, at + 1, &mut values)?;
            chunk.push(values);
        }
        tx.bulk(&table(ledger), &columns, chunk.iter().map(Vec::as_slice))?;
        leave_trail(tx, ledger, &form, &chunk)?;
    }
    Ok(())
}

/// Tells the audit log of rows that were just written: records that follow each other, of one revision.
fn leave_trail(tx: &mut Tx<'_>, ledger: &Ledger, form: &Form, rows: &[Vec<Value>]) -> anyhow::Result<()> {
    let number = |row: &Vec<Value>, i: usize| row[i].as_i64().unwrap_or_default();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let (first, last, revision) = (number(first, 0), number(last, 0), number(first, 1));
    let sql = format!(
        "select row_id from {} where record_id >= $1 and record_id <= $2 and revision = $3 order by record_id",
        table(ledger)
    );
    let row_ids = tx.rows(&sql, &[first.into(), last.into(), revision.into()], |r| r.i64(0))?;
    anyhow::ensure!(row_ids.len() == rows.len(), "台账“{}”刚写入的行读不回来", ledger.title);
    for (row_id, row) in row_ids.into_iter().zip(rows) {
        let of = Touched { ledger: &ledger.name, record: number(row, 0), revision, unit: row[3].as_i64() };
        tx.trail().row(&of, form, row_id, row);
    }
    Ok(())
}

/// The values of a row's columns, sensitive ones sealed and indexed.
fn fields_of(ledger: &Ledger, keys: &Keys, row: &NewRow, at: usize, values: &mut Vec<Value>) -> anyhow::Result<()> {
    let wrong = |field: &str, why: &str| StoreError::Unfit { row: at, field: field.into(), why: why.into() };
    if row.values.len() != ledger.fields.len() {
        return Err(wrong(&ledger.title, "的栏目数不对").into());
    }
    for (field, value) in ledger.fields.iter().zip(&row.values) {
        if let Some(why) = unfit(field, value) {
            return Err(wrong(&field.title, why).into());
        }
    }
    for (i, field) in stored_fields(ledger) {
        match row.values[i].as_text() {
            Some(plain) if field.sensitive => {
                values.push(keys.seal(plain)?.into());
                values.push(keys.blind_index(plain).into());
            }
            _ => {
                values.push(row.values[i].clone());
                values.extend(field.sensitive.then_some(Value::Null));
            }
        }
    }
    Ok(())
}

/// A change of one record: which row it is meant for, and why.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The record.
    pub record_id: i64,
    /// The revision that the person saw.
    pub revision: i64,
    /// Why it is changed, kept with the voided row.
    pub reason: &'a str,
}

/// Corrects a record: voids the row that the person saw and records the next revision. If the record has moved on, the
/// error is a [`StoreError::Conflict`] with both versions. `import` is the import that brings the correction.
pub fn replace(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ledger: &Ledger,
    keys: &Keys,
    change: Change<'_>,
    row: &NewRow,
    import: Option<i64>,
) -> anyhow::Result<()> {
    void(tx, actor, ledger, change)?;
    put(tx, actor, ledger, keys, std::iter::once((row, change.record_id, change.revision + 1)), import)
}

/// Voids a record; conflicts as in [`replace`].
pub fn void(tx: &mut Tx<'_>, actor: &Actor, ledger: &Ledger, change: Change<'_>) -> anyhow::Result<()> {
    let sql = format!(
        "update {} set voided_at = $3, voided_by = $4, void_reason = $5 \
         where record_id = $1 and revision = $2 and voided_at is null and recorded_at <= $3 returning unit_id",
        table(ledger)
    );
    let Change { record_id, revision, reason } = change;
    let params = [record_id.into(), revision.into(), actor.at.into(), (&actor.name).into(), reason.into()];
    if let Some(unit) = tx.one(&sql, &params, |r| r.opt_i64(0))? {
        tx.trail().by(actor);
        let of = Touched { ledger: &ledger.name, record: record_id, revision, unit };
        tx.trail().void(&of, actor.at, &actor.name, Some(reason));
        return Ok(());
    }
    let mut rows = history(tx, ledger, &Scope::All, record_id)?;
    let Some(expected) = rows.iter().position(|r| r.revision == revision) else {
        return Err(StoreError::Missing(record_id).into());
    };
    let expected = rows.swap_remove(expected);
    if expected.voided_at.is_none() {
        return Err(StoreError::Clock.into());
    }
    let current = rows.into_iter().find(|r| r.voided_at.is_none());
    Err(StoreError::Conflict(Box::new(Conflict { expected, current })).into())
}

/// What undoing an import did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undone {
    /// Records that it had brought, now voided.
    pub voided: Vec<i64>,
    /// Records that it had corrected: the earlier row, which is current again as the next revision.
    pub restored: Vec<(i64, NewRow)>,
}

/// Undoes an import: voids the records it brought, and gives those it corrected their earlier values back as a further
/// revision. Records that were voided since stay so, corrected before or not. Refused when one of its rows was corrected
/// since and that record stands.
pub fn undo_import(
    tx: &mut Tx<'_>,
    actor: &Actor,
    ledger: &Ledger,
    keys: &Keys,
    import: i64,
    reason: &str,
) -> anyhow::Result<Undone> {
    let sql =
        "update import set undone_at = $3, undone_by = $4 where row_id = $1 and ledger = $2 and undone_at is null";
    let params = [import.into(), (&ledger.name).into(), actor.at.into(), (&actor.name).into()];
    if tx.execute(sql, &params)? == 0 {
        return Err(StoreError::NoImport.into());
    }
    // The void comes first: it waits for those who correct a row at this moment.
    let sql = format!(
        "update {} set voided_at = $2, voided_by = $3, void_reason = $4 \
         where import_id = $1 and voided_at is null and recorded_at <= $2 returning record_id, revision, unit_id",
        table(ledger)
    );
    let params = [import.into(), actor.at.into(), (&actor.name).into(), reason.into()];
    let mut gone = tx.rows(&sql, &params, |r| Ok((r.i64(0)?, r.i64(1)?, r.opt_i64(2)?)))?;
    gone.sort_unstable();
    tx.trail().by(actor);
    for (record, revision, unit) in &gone {
        let of = Touched { ledger: &ledger.name, record: *record, revision: *revision, unit: *unit };
        tx.trail().void(&of, actor.at, &actor.name, Some(reason));
    }
    let corrected: Vec<i64> = corrected_since(tx, ledger, import)?.into_iter().map(|(record, _)| record).collect();
    if !corrected.is_empty() {
        return Err(StoreError::Corrected(corrected).into());
    }
    let sql = format!("select record_id from {} where import_id = $1 and voided_at is null", table(ledger));
    if tx.one(&sql, &[import.into()], |r| r.i64(0))?.is_some() {
        return Err(StoreError::Clock.into());
    }
    let (brought, changed): (Vec<_>, Vec<_>) =
        gone.into_iter().map(|(id, revision, _)| (id, revision)).partition(|(_, revision)| *revision == 1);
    let mut undone = Undone { voided: brought.into_iter().map(|(id, _)| id).collect(), ..Undone::default() };
    for (record, revision) in changed {
        let earlier = history(tx, ledger, &Scope::All, record)?.into_iter().find(|r| r.revision == revision - 1);
        let earlier = earlier.with_context(|| format!("记录 {record} 缺少第 {} 版", revision - 1))?;
        let row = NewRow { code: earlier.code, unit: earlier.unit, values: earlier.values };
        put(tx, actor, ledger, keys, std::iter::once((&row, record, revision + 1)), None)?;
        undone.restored.push((record, row));
    }
    Ok(undone)
}

/// Records of an import that were corrected since and stand, each with its code: they hinder that it is undone.
///
/// # Errors
/// When the store cannot be read.
pub fn corrected_since(tx: &mut Tx<'_>, ledger: &Ledger, import: i64) -> anyhow::Result<Vec<(i64, Option<String>)>> {
    let sql = format!(
        "select distinct n.record_id, n.record_code from {0} i join {0} n on n.record_id = i.record_id \
         and n.revision > i.revision and n.voided_at is null where i.import_id = $1 order by 1",
        table(ledger)
    );
    tx.rows(&sql, &[import.into()], |r| Ok((r.i64(0)?, r.opt_text(1)?.map(str::to_owned))))
}

/// Deletes records with all their rows, since the time for which they are kept is over; the log keeps their hashes. Gives
/// the number of rows. The next record id is passed over, so that kept counts are counted again ([`super::Memo`]).
pub(crate) fn erase(tx: &mut Tx<'_>, ledger: &Ledger, records: &BTreeSet<i64>) -> anyhow::Result<u64> {
    let columns: Vec<String> = tx.columns(&table_name(ledger))?.into_iter().map(|(c, _)| c).collect();
    let columns: Vec<String> = columns.into_iter().filter(|c| c != "row_id").collect();
    let all: Vec<String> = std::iter::once("row_id".to_owned()).chain(columns.iter().cloned()).collect();
    let forms = Forms::read(tx, &ledger.name, &all)?;
    let select: String = columns.iter().map(|c| format!(", {}", quoted(c))).collect();
    let ids: Value = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let among = format!("from {} where record_id {}", table(ledger), tx.among("$1"));
    let sql = format!("select row_id{select} {among} order by revision, record_id");
    let rows: Vec<(i64, Vec<Value>)> = tx.rows(&sql, std::slice::from_ref(&ids), |r| {
        Ok((r.i64(0)?, (1..=columns.len()).map(|i| r.value(i)).collect::<anyhow::Result<_>>()?))
    })?;
    let at = |name: &str| columns.iter().position(|c| c == name).unwrap_or_default();
    let void = VOIDED.map(at);
    let touched = |values: &[Value]| Touched {
        ledger: &ledger.name,
        record: values[void[0]].as_i64().unwrap_or_default(),
        revision: values[void[1]].as_i64().unwrap_or_default(),
        unit: values[at("unit_id")].as_i64(),
    };
    for (row_id, values) in &rows {
        tx.trail().erased(&touched(values), &forms, *row_id, values);
    }
    for (_, values) in rows.iter().filter(|(_, values)| void[2..].iter().any(|i| !values[*i].is_null())) {
        tx.trail().erased_void(&touched(values), &forms, &void.map(|i| values[i].clone()));
    }
    let n = tx.execute(&format!("delete {among}"), &[ids])?;
    tx.execute("update counter set next = next + 1 where name = $1", &[(&ledger.name).into()])?;
    Ok(n)
}

/// The row of a record that is current, or was known at an instant.
pub fn get(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    record_id: i64,
    known_at: Option<i64>,
) -> anyhow::Result<Option<Stored>> {
    let select = Select::current(tx, ledger, scope, known_at).equal("record_id", record_id);
    tx.one(&select.columns(&select_list(ledger)), &select.params.0, |row| read(ledger, row))
}

/// The last revision of each of some records. For rows that were read within a scope: it asks for none.
///
/// # Errors
/// When the store cannot be read.
pub fn latest(tx: &mut Tx<'_>, ledger: &Ledger, records: &BTreeSet<i64>) -> anyhow::Result<BTreeMap<i64, i64>> {
    if records.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Value = records.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let among = tx.among("$1");
    let sql =
        format!("select record_id, max(revision) from {} where record_id {among} group by record_id", table(ledger));
    Ok(tx.rows(&sql, &[ids], |r| Ok((r.i64(0)?, r.i64(1)?)))?.into_iter().collect())
}

/// All rows of a record that the scope may see, the first revision first.
pub fn history(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, record_id: i64) -> anyhow::Result<Vec<Stored>> {
    let select = Select::all(tx, ledger, scope).equal("record_id", record_id);
    let sql = format!("{} order by r.revision", select.columns(&select_list(ledger)));
    tx.rows(&sql, &select.params.0, |row| read(ledger, row))
}

/// The numbers of records that have no code of their own, as they stand or stood last: their addresses are these numbers, so
/// that none may be another record's code. Of the given numbers alone.
///
/// # Errors
/// When the store cannot be read.
pub fn codeless(tx: &mut Tx<'_>, ledger: &Ledger, numbers: &BTreeSet<i64>) -> anyhow::Result<BTreeSet<i64>> {
    if numbers.is_empty() {
        return Ok(BTreeSet::new());
    }
    let among: Value = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let sql = format!(
        "select distinct r.record_id from {0} r where r.record_code is null and r.record_id {1} and not exists \
         (select 1 from {0} n where n.record_id = r.record_id and n.revision > r.revision)",
        table(ledger),
        tx.among("$1")
    );
    Ok(tx.rows(&sql, &[among], |r| r.i64(0))?.into_iter().collect())
}

/// The number that a code looks like: what [`codeless`] is asked about.
pub fn number_like(code: &str) -> Option<i64> {
    code.parse::<i64>().ok().filter(|n| *n >= 0 && n.to_string() == code)
}

/// The current rows of that code; more than one when a code was given twice.
pub fn find_by_code(tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, code: &str) -> anyhow::Result<Vec<Stored>> {
    let select = Select::current(tx, ledger, scope, None).equal("record_code", code);
    let sql = format!("{} order by r.record_id", select.columns(&select_list(ledger)));
    tx.rows(&sql, &select.params.0, |row| read(ledger, row))
}
