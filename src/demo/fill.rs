//! Writes into a store what the city had typed up to a day.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use anyhow::{Context, Result};

use crate::{
    audit::{self, Form, Kind, Touched},
    clock::{Moment, end_of_day},
    day::Day,
    db::{Db, Tx, Value},
    directive::model::{FieldType, Ledger, Package},
    installation,
    ledger::{Keys, row::quoted},
    org::builtin,
    scope::Actor,
    verdict::low_rank,
};

use super::record::{Cell, Change, Code, Record, Revision};

/// Rows written in one transaction.
const CHUNK: usize = 8_000;

/// Writes every revision typed after the day `from` (`None`: from the beginning) and up to the day of `to`, each with its
/// own instant of recording, into the tables of the package's ledgers and the organisation's, which must be there. What
/// was typed on that day after the instant of `to` is recorded at that instant: nothing is recorded in the future.
/// `progress` is told how many of how many parts are done. Gives the number of rows written.
///
/// A record's id is its place among the ledger's records of the whole city, typed yet or not; so the same city can be
/// carried on from day to day, and what a visitor adds in between has other ids. What a visitor has corrected or voided
/// stays as he left it.
///
/// The rows are written in chunks: a load that was broken off is to be begun again with an empty database.
///
/// # Errors
/// When the store cannot be written, or the package has no such ledger or field.
#[expect(clippy::too_many_arguments, reason = "the city, the span of days and the store are told apart best by name")]
pub fn fill(
    db: &Db,
    package: &Package,
    keys: &Keys,
    seed: u64,
    people: usize,
    from: Option<Day>,
    to: Moment,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<u64> {
    let span = (from.map_or(i64::MIN, end_of_day), end_of_day(to.day));
    let mut load = Load::new(db, package, keys, span, to.instant);
    super::write(seed, people, &mut |record| load.record(&record), progress)?;
    load.finish()
}

/// A load under way.
struct Load<'a> {
    db: &'a Db,
    keys: &'a Keys,
    /// Typed after the one instant and up to the other.
    span: (i64, i64),
    /// Nothing is recorded after it.
    now: i64,
    ledgers: HashMap<String, Target>,
    ids: HashMap<&'static str, HashMap<(u32, u32), i64>>,
    waiting: usize,
    written: u64,
}

/// A ledger and what waits to be written into it.
struct Target {
    columns: Vec<String>,
    /// By field: position among `columns`, and whether it is sensitive.
    fields: HashMap<String, (usize, bool)>,
    /// Other ledgers refer to this one.
    referred: bool,
    last_id: i64,
    rows: Vec<Vec<Value>>,
    /// Rows loaded before that are now replaced or void.
    voids: Vec<Voided>,
    name: String,
}

/// Which row is void since when, by whom, why, and what takes its place.
struct Voided {
    record_id: i64,
    revision: i64,
    at: i64,
    by: String,
    reason: &'static str,
    next: Vec<Vec<Value>>,
}

const COMMON: [&str; 9] = [
    "record_id",
    "revision",
    "record_code",
    "unit_id",
    "recorded_at",
    "recorded_by",
    "voided_at",
    "voided_by",
    "void_reason",
];

impl Target {
    fn of(ledger: &Ledger, referred: bool) -> Target {
        let mut columns: Vec<String> = COMMON.map(str::to_owned).to_vec();
        let mut fields = HashMap::new();
        for field in ledger.fields.iter().filter(|f| f.ty != FieldType::Derived) {
            fields.insert(field.name.clone(), (columns.len(), field.sensitive));
            columns.push(quoted(&field.name));
            if field.sensitive {
                columns.push(quoted(&format!("{}_index", field.name)));
            }
        }
        Target { columns, fields, referred, last_id: 0, rows: Vec::new(), voids: Vec::new(), name: ledger.name.clone() }
    }
}

impl<'a> Load<'a> {
    fn new(db: &'a Db, package: &Package, keys: &'a Keys, span: (i64, i64), now: i64) -> Load<'a> {
        let all: Vec<Ledger> = builtin::ledgers().into_iter().chain(package.ledgers.iter().cloned()).collect();
        let referred: BTreeSet<&str> = all
            .iter()
            .flat_map(|l| &l.fields)
            .filter_map(|f| match &f.ty {
                FieldType::Ref(to) => Some(to.as_str()),
                _ => None,
            })
            .chain(["unit", "person"])
            .collect();
        let ledgers = all.iter().map(|l| (l.name.clone(), Target::of(l, referred.contains(l.name.as_str())))).collect();
        Load { db, keys, span, now, ledgers, ids: HashMap::new(), waiting: 0, written: 0 }
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let code = record.code;
        let target =
            self.ledgers.get_mut(code.ledger).with_context(|| format!("文件要求里没有台账 {}", code.ledger))?;
        target.last_id += 1;
        let id = target.last_id;
        if target.referred {
            self.ids.entry(code.ledger).or_default().insert((code.organ, code.seq), id);
        }
        let (from, to) = self.span;
        let known = record.revisions.partition_point(|r| r.recorded_at <= to);
        let loaded = record.revisions.partition_point(|r| r.recorded_at <= from);
        if loaded >= known {
            return Ok(());
        }
        let rows = (loaded..known)
            .filter_map(|i| self.row(record, id, i, known).transpose())
            .collect::<Result<Vec<Vec<Value>>>>()?;
        self.waiting += rows.len() + usize::from(loaded > 0);
        let Some(target) = self.ledgers.get_mut(code.ledger) else { return Ok(()) };
        match loaded.checked_sub(1) {
            None => target.rows.extend(rows),
            Some(last) => {
                let next = &record.revisions[loaded];
                target.voids.push(Voided {
                    record_id: id,
                    revision: last as i64 + 1,
                    at: next.recorded_at.min(self.now),
                    by: next.by.to_string(),
                    reason: next.reason,
                    next: rows,
                });
            }
        }
        if self.waiting >= CHUNK { self.flush() } else { Ok(()) }
    }

    /// The row of the record's `i`th revision as it stands when `known` revisions have been typed; `None` for a voiding,
    /// which has no row of its own.
    fn row(&self, record: &Record, id: i64, i: usize, known: usize) -> Result<Option<Vec<Value>>> {
        let Revision { recorded_at, by, change, .. } = &record.revisions[i];
        let Change::Values(values) = change else { return Ok(None) };
        let target = &self.ledgers[record.code.ledger];
        let mut row = vec![Value::Null; target.columns.len()];
        row[0] = id.into();
        row[1] = (i as i64 + 1).into();
        row[2] = record.code.to_string().into();
        row[3] = record.unit.map(|u| self.id(u)).transpose()?.into();
        row[4] = (*recorded_at).min(self.now).into();
        row[5] = Value::from(&**by);
        if let Some(next) = record.revisions.get(i + 1).filter(|_| i + 1 < known) {
            row[6] = next.recorded_at.min(self.now).into();
            row[7] = Value::from(&*Rc::clone(&next.by));
            row[8] = next.reason.into();
        }
        for (field, cell) in values {
            let (at, sensitive) = *target
                .fields
                .get(*field)
                .with_context(|| format!("台账 {} 里没有栏目 {field}", record.code.ledger))?;
            row[at] = match cell {
                Cell::Empty => Value::Null,
                Cell::Text(text) if sensitive => {
                    row[at + 1] = self.keys.blind_index(text).into();
                    self.keys.seal(text)?.into()
                }
                Cell::Text(text) => Value::from(&**text),
                Cell::Int(n) | Cell::Decimal(n) | Cell::Fen(n) => (*n).into(),
                Cell::Day(day) => (*day).into(),
                Cell::Flag(flag) => (*flag).into(),
                Cell::Ref(code) => self.id(*code)?.into(),
                Cell::List(of) => of.join("|").into(),
            };
        }
        Ok(Some(row))
    }

    /// The record id of a code.
    fn id(&self, code: Code) -> Result<i64> {
        if code.ledger == "low_rank" {
            let unit = self.id(Code { ledger: "unit", organ: code.organ, seq: 0 })?;
            return Ok(low_rank::id(unit, code.seq as i32));
        }
        let known = self.ids.get(code.ledger).and_then(|ids| ids.get(&(code.organ, code.seq)));
        known.copied().with_context(|| format!("没有编号为 {code} 的记录"))
    }

    fn flush(&mut self) -> Result<()> {
        self.waiting = 0;
        let mut work = Vec::new();
        for target in self.ledgers.values_mut().filter(|t| !t.rows.is_empty() || !t.voids.is_empty()) {
            let (rows, voids) = (std::mem::take(&mut target.rows), std::mem::take(&mut target.voids));
            work.push((target.name.clone(), target.columns.clone(), rows, voids));
        }
        let actor = Actor { account: None, name: "演示".into(), at: self.span.1.min(self.now) };
        self.written += self.db.write(move |tx| {
            let mut written = 0;
            for (ledger, columns, mut rows, voids) in work {
                let table = quoted(&format!("l_{ledger}"));
                rows.extend(void(tx, (&ledger, &table), voids)?);
                let names: Vec<&str> = columns.iter().map(String::as_str).collect();
                written += tx.bulk(&table, &names, rows.iter().map(Vec::as_slice))?;
                leave_trail(tx, (&ledger, &table), &names, &rows)?;
            }
            audit::note(tx, &actor, Kind::Demo, serde_json::json!({ "rows": written }));
            Ok(written)
        })?;
        Ok(())
    }

    /// Writes what is left, and reserves the ids of what is still to come.
    fn finish(mut self) -> Result<u64> {
        self.flush()?;
        let next: Vec<(String, i64)> = self.ledgers.into_values().map(|t| (t.name, t.last_id + 1)).collect();
        self.db.write(move |tx| {
            for (name, next) in next {
                let sql = "update counter set next = $2 where name = $1 and next < $2";
                tx.execute(sql, &[name.into(), next.into()])?;
            }
            installation::org_changed(tx)
        })?;
        Ok(self.written)
    }
}

/// Voids rows that were loaded before, and gives what takes their place; nothing for a row that is void already.
fn void(tx: &mut Tx<'_>, (ledger, table): (&str, &str), voids: Vec<Voided>) -> Result<Vec<Vec<Value>>> {
    let sql = format!(
        "update {table} set voided_at = $3, voided_by = $4, void_reason = $5 \
         where record_id = $1 and revision = $2 and voided_at is null"
    );
    let mut next = Vec::new();
    for v in voids {
        let params = [v.record_id.into(), v.revision.into(), v.at.into(), v.by.as_str().into(), v.reason.into()];
        if tx.execute(&sql, &params)? == 1 {
            let of = Touched { ledger, record: v.record_id, revision: v.revision, unit: None };
            tx.trail().void(&of, v.at, &v.by, Some(v.reason));
            next.extend(v.next);
        }
    }
    Ok(next)
}

/// Tells the audit log of rows that were just written, and of those among them that came in void.
fn leave_trail(tx: &mut Tx<'_>, (ledger, table): (&str, &str), columns: &[&str], rows: &[Vec<Value>]) -> Result<()> {
    let form = Form::row(ledger, std::iter::once("row_id").chain(columns.iter().map(|c| c.trim_matches('"'))));
    let key = |row: &[Value]| (row[0].as_i64().unwrap_or_default(), row[1].as_i64().unwrap_or_default());
    let row_ids = row_ids(tx, table, rows.iter().map(|row| key(row)).collect())?;
    for row in rows {
        let (record, revision) = key(row);
        let of = Touched { ledger, record, revision, unit: row[3].as_i64() };
        let row_id = row_ids.get(&(record, revision)).context("刚写入的行读不回来")?;
        tx.trail().row(&of, &form, *row_id, row);
        if let (Some(at), Some(by)) = (row[6].as_i64(), row[7].as_text()) {
            tx.trail().void(&of, at, by, row[8].as_text());
        }
    }
    Ok(())
}

/// The rows of these records and revisions. Those of a first load follow each other; later ones lie apart.
fn row_ids(tx: &mut Tx<'_>, table: &str, keys: Vec<(i64, i64)>) -> Result<HashMap<(i64, i64), i64>> {
    let (first, last) = keys.iter().fold((i64::MAX, i64::MIN), |(a, b), (record, _)| (a.min(*record), b.max(*record)));
    let mut found = HashMap::with_capacity(keys.len());
    if last.saturating_sub(first) < 4 * keys.len() as i64 {
        let sql = format!("select record_id, revision, row_id from {table} where record_id >= $1 and record_id <= $2");
        tx.each(&sql, &[first.into(), last.into()], |r| {
            found.insert((r.i64(0)?, r.i64(1)?), r.i64(2)?);
            Ok(())
        })?;
    } else {
        let sql = format!("select row_id from {table} where record_id = $1 and revision = $2");
        for (record, revision) in keys {
            if let Some(row_id) = tx.one(&sql, &[record.into(), revision.into()], |r| r.i64(0))? {
                found.insert((record, revision), row_id);
            }
        }
    }
    Ok(found)
}
