//! The way of a fact into the store: recorded, and in the same transaction everything it touches judged again.
//!
//! Commands, pages and imports all write through here.

mod number;
mod referred;
mod result;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    audit::{self, payload},
    clock::Moment,
    db::{Tx, Value},
    installation::{Current, Installation, org_changed},
    intake,
    ledger::{
        self, NewRow, Stored,
        store::{self, Change, StoreError},
    },
    org::builtin,
    scope::{Actor, By, Scope},
    verdict::{
        kind::Kind,
        store::Replaced,
        touch::{self, Changed, Later},
        world::UNIT,
    },
};

pub use number::NumberTaken;
pub(crate) use number::{MEND, TAKEN, taken, unique};
pub use referred::{Referring, StillReferred, held_by_references, referring};
pub use result::KeptResult;
pub(crate) use result::test_of;
pub(crate) use unit::unit_of_row;

/// A row of a unit that is not the writer's.
#[derive(Debug, thiserror::Error)]
#[error("这条记录所属的单位不在您的范围内，不能登记或更改：请由该单位或人事部门办理")]
pub struct OutOfScope;

/// Held by who records a 身份证号 (PostgreSQL).
const NUMBERS: i64 = 0x6964 << 48;

/// Why an import cannot be undone, for the person who wants to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Hindered(pub String);

/// Records new rows of a ledger and gives their record ids.
///
/// # Errors
/// When a value does not fit, or the store cannot be written.
pub fn add(
    installation: &Installation,
    by: impl Into<By>,
    ledger: &str,
    rows: Vec<NewRow>,
    import: Option<i64>,
) -> anyhow::Result<Vec<i64>> {
    let (inst, by, ledger) = (installation.clone(), by.into(), ledger.to_owned());
    installation.db.write(move |tx| {
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        write.add(tx, rows, import).map(|(ids, _)| ids)
    })
}

/// Corrects a record: the row that the person saw is voided, the next revision recorded.
///
/// # Errors
/// A [`store::StoreError::Conflict`] when the record has moved on; else as [`add`].
pub fn correct(
    installation: &Installation,
    by: impl Into<By>,
    ledger: &str,
    (record, revision): (i64, i64),
    row: NewRow,
    reason: &str,
) -> anyhow::Result<()> {
    let (inst, by, ledger, reason) = (installation.clone(), by.into(), ledger.to_owned(), reason.to_owned());
    installation.db.write(move |tx| {
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        write.correct(tx, (record, revision), row, &reason, None).map(|_| ())
    })
}

/// Voids a record.
///
/// # Errors
/// [`StillReferred`] for a unit or a person to whom standing records refer; else as [`correct`].
pub fn void(
    installation: &Installation,
    by: impl Into<By>,
    ledger: &str,
    (record, revision): (i64, i64),
    reason: &str,
) -> anyhow::Result<()> {
    let (inst, by, ledger, reason) = (installation.clone(), by.into(), ledger.to_owned(), reason.to_owned());
    installation
        .db
        .write(move |tx| Write::begin(tx, &inst, &by, &ledger)?.void(tx, &[(record, revision)], &reason).map(|_| ()))
}

/// Joins two records of one ledger that are the same: whatever refers to `gone` or was recorded for it is corrected to
/// `kept`, then `gone` is voided; the history of both stays. Gives how many rows were corrected.
///
/// # Errors
/// When there is no such record, units would come to stand under themselves, or the store cannot be written.
pub fn join(
    installation: &Installation,
    by: impl Into<By>,
    ledger: &str,
    (kept, gone): (i64, i64),
    reason: &str,
) -> anyhow::Result<usize> {
    let (inst, by, ledger, reason) = (installation.clone(), by.into(), ledger.to_owned(), reason.to_owned());
    installation.db.write(move |tx| {
        // Whatever refers to the record is corrected, in whichever unit.
        anyhow::ensure!(by.scope == Scope::All, OutOfScope);
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        let dropped = write.joinable(tx, (kept, gone))?;
        let mut corrected = 0;
        let layout = &write.current.engine.layout;
        for other in layout.ledgers.iter().filter(|l| !l.derived) {
            let rows = Write::begin(tx, &inst, &by, &other.name)?;
            corrected += rows.point_elsewhere(tx, write.table, (kept, gone), &reason)?;
        }
        let change = Change { record_id: gone, revision: dropped.revision, reason: &reason };
        store::void(tx, &write.actor, write.ledger(), change)?;
        let told = serde_json::json!({ "kept": kept, "gone": gone, "corrected": corrected, "reason": reason });
        tx.trail().tell(audit::Kind::Join, told);
        write
            .judge(tx, vec![Changed { table: write.table, record: gone, before: Some(dropped.values), after: None }])?;
        Ok(corrected)
    })
}

/// What undoing an import did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Records that it had brought, voided.
    pub voided: usize,
    /// Records that it had corrected, with their earlier values again.
    pub restored: usize,
}

/// Undoes an import: what it brought is voided, what it corrected has its earlier values again.
///
/// # Errors
/// When rows of it were corrected since, others refer to what it brought, or it is undone already.
pub fn undo_import(
    installation: &Installation,
    by: impl Into<By>,
    import: i64,
    reason: &str,
) -> anyhow::Result<Undone> {
    let (inst, by, reason) = (installation.clone(), by.into(), reason.to_owned());
    installation.db.write(move |tx| {
        tx.lock(&[intake::lock_key(import)])?;
        let staging = intake::is_staging(tx, import)?;
        let ledger =
            tx.one("select ledger from import where row_id = $1", &[import.into()], |r| Ok(r.text(0)?.to_owned()))?;
        let ledger = ledger.filter(|_| !staging).ok_or_else(|| anyhow::anyhow!("没有这次导入（编号 {import}）"))?;
        let write = Write::begin(tx, &inst, &by, &ledger)?;
        write.unreferred(tx, import)?;
        let sql = format!("select record_id from l_{ledger} where import_id = $1 and voided_at is null");
        let mut before = BTreeMap::new();
        for record in tx.rows(&sql, &[import.into()], |r| r.i64(0))? {
            before.insert(record, write.standing(tx, record)?);
        }
        tx.execute("delete from import_row where import_id = $1", &[import.into()])?;
        let undone = store::undo_import(tx, &write.actor, write.ledger(), &write.keys, import, &reason);
        let undone = undone.map_err(|e| match e.downcast::<StoreError>() {
            Ok(told @ (StoreError::Corrected(_) | StoreError::NoImport | StoreError::Clock)) => {
                Hindered(told.to_string()).into()
            }
            Ok(e) => e.into(),
            Err(e) => e,
        })?;
        let count = Undone { voided: undone.voided.len(), restored: undone.restored.len() };
        let told = serde_json::json!({
            "import": import, "voided": count.voided, "restored": count.restored, "reason": reason
        });
        tx.trail().tell(audit::Kind::Undo, told);
        let voided = undone.voided.into_iter().map(|record| (record, None));
        let restored = undone.restored.into_iter().map(|(record, row)| (record, Some(row.values)));
        let changes = voided.chain(restored).map(|(record, after)| Changed {
            table: write.table,
            record,
            before: before.remove(&record).flatten(),
            after,
        });
        let changes = changes.collect();
        write.judge(tx, changes)?;
        Ok(count)
    })
}

/// What a write did to the verdicts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consequence {
    /// The verdicts that it changed.
    pub replaced: Replaced,
    /// More is judged later, by a job.
    pub later: bool,
}

impl Consequence {
    /// Adds that of another write.
    pub fn extend(&mut self, other: Consequence) {
        self.replaced.extend(other.replaced);
        self.later |= other.later;
    }
}

/// One write in its transaction.
pub(crate) struct Write {
    current: std::sync::Arc<Current>,
    keys: std::sync::Arc<crate::ledger::Keys>,
    table: usize,
    actor: Actor,
    scope: Scope,
    now: Moment,
}

impl Write {
    pub(crate) fn begin(tx: &mut Tx<'_>, inst: &Installation, by: &By, ledger: &str) -> anyhow::Result<Write> {
        touch::let_fact_in(tx)?;
        let current = inst.current_in_write(tx)?;
        let table = current.engine.layout.index(ledger).filter(|t| !current.engine.layout.ledgers[*t].derived);
        let table = table.ok_or_else(|| anyhow::anyhow!("没有可以登记的台账“{ledger}”"))?;
        let now = inst.clock.now();
        let actor = by.at(now.instant);
        Ok(Write { current, keys: inst.keys.clone(), table, actor, scope: by.scope.clone(), now })
    }

    pub(crate) fn ledger(&self) -> &crate::directive::model::Ledger {
        &self.current.engine.layout.ledgers[self.table]
    }

    pub(crate) fn add(
        &self,
        tx: &mut Tx<'_>,
        rows: Vec<NewRow>,
        import: Option<i64>,
    ) -> anyhow::Result<(Vec<i64>, Consequence)> {
        let rows = rows.into_iter().map(|row| self.with_unit(tx, row)).collect::<anyhow::Result<Vec<_>>>()?;
        rows.iter().try_for_each(|row| self.within(tx, row.unit, &row.values))?;
        self.own_numbers(tx, None, &rows)?;
        let ids = store::insert(tx, &self.actor, self.ledger(), &self.keys, &rows, import)?;
        if let ([id], [row]) = (&ids[..], &rows[..]) {
            payload::tell(tx, (self.ledger(), &self.keys), *id, (None, Some(&row.values)), None);
        }
        let changes = ids.iter().zip(rows).map(|(id, row)| Changed {
            table: self.table,
            record: *id,
            before: None,
            after: Some(row.values),
        });
        let changes = changes.collect();
        Ok((ids, self.judge(tx, changes)?))
    }

    pub(crate) fn correct(
        &self,
        tx: &mut Tx<'_>,
        (record, revision): (i64, i64),
        row: NewRow,
        reason: &str,
        import: Option<i64>,
    ) -> anyhow::Result<Consequence> {
        let before = self.standing(tx, record)?;
        let row = self.with_unit(tx, row)?;
        self.within(tx, row.unit, &row.values)?;
        self.own_numbers(tx, Some(record), std::slice::from_ref(&row))?;
        let change = Change { record_id: record, revision, reason };
        store::replace(tx, &self.actor, self.ledger(), &self.keys, change, &row, import)?;
        payload::tell(tx, (self.ledger(), &self.keys), record, (before.as_deref(), Some(&row.values)), Some(reason));
        self.judge(tx, vec![Changed { table: self.table, record, before, after: Some(row.values) }])
    }

    /// Voids records, id and revision that the person saw, for one reason.
    pub(crate) fn void(&self, tx: &mut Tx<'_>, records: &[(i64, i64)], reason: &str) -> anyhow::Result<Consequence> {
        if referred::held_by_references(self.table) {
            for (record, _) in records {
                self.standing(tx, *record)?;
            }
            let gone = records.iter().map(|(record, _)| *record).collect();
            let found = referred::referring(tx, &self.current.engine.layout, (self.table, &gone), &self.scope)?;
            anyhow::ensure!(found.is_empty(), StillReferred(found));
        }
        let mut done = Consequence::default();
        for record in records {
            done.extend(self.void_one(tx, *record, reason)?);
        }
        Ok(done)
    }

    fn void_one(&self, tx: &mut Tx<'_>, (record, revision): (i64, i64), reason: &str) -> anyhow::Result<Consequence> {
        let before = self.standing(tx, record)?;
        if self.actor.account.is_some() {
            result::keep(tx, self.ledger(), before.as_deref())?;
        }
        store::void(tx, &self.actor, self.ledger(), Change { record_id: record, revision, reason })?;
        payload::tell(tx, (self.ledger(), &self.keys), record, (before.as_deref(), None), Some(reason));
        self.judge(tx, vec![Changed { table: self.table, record, before, after: None }])
    }

    /// The row of the record to be joined to another, if both are there and the other can take its place.
    fn joinable(&self, tx: &mut Tx<'_>, (kept, gone): (i64, i64)) -> anyhow::Result<Stored> {
        anyhow::ensure!(kept != gone, "两个编号是同一条记录");
        let row = store::get(tx, self.ledger(), &Scope::All, gone, None)?;
        let row = row.ok_or_else(|| anyhow::anyhow!("没有要并掉的记录（编号 {gone}）"))?;
        if store::get(tx, self.ledger(), &Scope::All, kept, None)?.is_none() {
            anyhow::bail!("没有要保留的记录（编号 {kept}）");
        }
        // No unit is its own superior, so the way up ends; were it not so, it ends where it has been.
        let (mut at, mut been) = (Some(kept), BTreeSet::new());
        while let Some(unit) = at.filter(|u| self.table == UNIT && been.insert(*u)) {
            let sql = "select \"parent\" from l_unit where record_id = $1 and voided_at is null";
            at = tx.one(sql, &[unit.into()], |r| r.opt_i64(0))?.flatten();
            anyhow::ensure!(
                at != Some(gone),
                "要保留的单位在要并掉的单位之下，并后它会成为自己的上级：请先更正上级单位，或反过来合并"
            );
        }
        Ok(row)
    }

    /// Corrects this ledger's rows that refer to a record of a table, or were recorded for it as their unit, so that they
    /// name another; gives how many.
    fn point_elsewhere(
        &self,
        tx: &mut Tx<'_>,
        to: usize,
        (kept, gone): (i64, i64),
        reason: &str,
    ) -> anyhow::Result<usize> {
        let (ledger, kinds) = (self.ledger(), &self.current.engine.layout.kinds[self.table]);
        let columns: Vec<usize> = (0..ledger.fields.len()).filter(|c| kinds[*c] == Kind::Ref(to)).collect();
        let mut refers: Vec<String> = columns.iter().map(|c| format!("\"{}\" = $1", ledger.fields[*c].name)).collect();
        refers.extend((to == UNIT).then(|| "unit_id = $1".to_owned()));
        if refers.is_empty() {
            return Ok(0);
        }
        let refers = refers.join(" or ");
        let sql = format!("select record_id from l_{} where voided_at is null and ({refers})", ledger.name);
        let mut changes = Vec::new();
        for record in tx.rows(&sql, &[gone.into()], |r| r.i64(0))? {
            // The record that goes is voided, whatever it says.
            let row = store::get(tx, ledger, &Scope::All, record, None)?.filter(|_| (self.table, record) != (to, gone));
            let Some(row) = row else { continue };
            let mut values = row.values.clone();
            for column in columns.iter().filter(|c| row.values[**c] == Value::I64(gone)) {
                values[*column] = kept.into();
            }
            let mut new = NewRow { code: row.code, unit: row.unit, values };
            if to == UNIT {
                // The chart in memory still knows the unit that goes: what followed from it follows from the other.
                new.unit = new.unit.map(|unit| if unit == gone { kept } else { unit });
            } else {
                new = self.with_unit(tx, new)?;
            }
            let change = Change { record_id: record, revision: row.revision, reason };
            store::replace(tx, &self.actor, ledger, &self.keys, change, &new, None)?;
            changes.push(Changed { table: self.table, record, before: Some(row.values), after: Some(new.values) });
        }
        let corrected = changes.len();
        if corrected > 0 {
            self.judge(tx, changes)?;
        }
        Ok(corrected)
    }

    /// Refuses to undo an import whose records others refer to: they would hang in the air.
    fn unreferred(&self, tx: &mut Tx<'_>, import: i64) -> anyhow::Result<()> {
        let layout = &self.current.engine.layout;
        let own = format!(
            "select record_id from l_{} where import_id = $1 and revision = 1 and voided_at is null",
            self.ledger().name
        );
        let mut found = Vec::new();
        for (table, other) in layout.ledgers.iter().enumerate().filter(|(t, l)| !l.derived && *t != self.table) {
            let own_columns = referred::columns(layout, table, self.table).into_iter();
            let mut columns: Vec<String> = own_columns.map(|c| format!("\"{}\"", other.fields[c].name)).collect();
            columns.extend(referred::by_unit(layout, table, self.table).then(|| "unit_id".to_owned()));
            if columns.is_empty() {
                continue;
            }
            let refers: Vec<String> = columns.iter().map(|c| format!("{c} in ({own})")).collect();
            let sql =
                format!("select count(*) from l_{} where voided_at is null and ({})", other.name, refers.join(" or "));
            let n = tx.one(&sql, &[import.into()], |r| r.i64(0))?.unwrap_or(0);
            if n > 0 {
                found.push(format!("{}{n}条", other.title));
            }
        }
        let told = format!("还有记录指向这次导入的内容（{}），撤销后它们会落空：请先撤销或更正它们", found.join("、"));
        anyhow::ensure!(found.is_empty(), Hindered(told));
        Ok(())
    }

    /// Deletes records whose time is over, and judges again what they touched; gives the number of rows.
    pub(crate) fn erase(&self, tx: &mut Tx<'_>, records: &BTreeSet<i64>) -> anyhow::Result<u64> {
        let mut changes = Vec::new();
        for record in records {
            let before = store::get(tx, self.ledger(), &Scope::All, *record, None)?.map(|row| row.values);
            if before.is_some() {
                changes.push(Changed { table: self.table, record: *record, before, after: None });
            }
        }
        tx.trail().by(&self.actor);
        let rows = store::erase(tx, self.ledger(), records)?;
        audit::forget(tx, &self.ledger().name, records)?;
        self.judge(tx, changes)?;
        Ok(rows)
    }

    /// A record that stands and may be changed by who writes.
    pub(crate) fn record(&self, tx: &mut Tx<'_>, record: i64) -> anyhow::Result<Stored> {
        let row = store::get(tx, self.ledger(), &self.scope, record, None)?.ok_or(StoreError::Missing(record))?;
        self.within(tx, row.unit, &row.values)?;
        Ok(row)
    }

    /// The values of a record that is about to be changed, if it stands and may be changed by who writes.
    fn standing(&self, tx: &mut Tx<'_>, record: i64) -> anyhow::Result<Option<Vec<Value>>> {
        let Some(row) = store::get(tx, self.ledger(), &self.scope, record, None)? else {
            // What the writer may not see is not there; the store has its own word for what was voided meanwhile.
            let there = store::get(tx, self.ledger(), &Scope::All, record, None)?.is_some();
            return if there { Err(StoreError::Missing(record).into()) } else { Ok(None) };
        };
        self.within(tx, row.unit, &row.values)?;
        Ok(Some(row.values))
    }

    /// Refuses a 身份证号 that another record has. Of two who record it at once the second waits here.
    fn own_numbers(&self, tx: &mut Tx<'_>, record: Option<i64>, rows: &[NewRow]) -> anyhow::Result<()> {
        let ledger = self.ledger();
        for field in unique(ledger) {
            let values: Vec<_> = rows.iter().map(|row| (record, row.values[field].as_text())).collect();
            if values.iter().all(|(_, text)| text.is_none()) {
                continue;
            }
            tx.lock(&[NUMBERS])?;
            let of = &ledger.fields[field];
            let taken = taken(tx, (ledger, field), &self.keys, &values)?;
            anyhow::ensure!(taken.is_empty(), NumberTaken { field: of.name.clone(), title: of.title.clone() });
        }
        Ok(())
    }

    /// Refuses a row that the writer's scope does not reach.
    fn within(&self, tx: &mut Tx<'_>, unit: Option<i64>, values: &[Value]) -> anyhow::Result<()> {
        anyhow::ensure!(ledger::writable(tx, self.ledger(), &self.scope, unit, values)?, OutOfScope);
        Ok(())
    }

    fn judge(&self, tx: &mut Tx<'_>, changes: Vec<Changed>) -> anyhow::Result<Consequence> {
        if self.table < builtin::COUNT {
            org_changed(tx)?;
        }
        let organisation = Some(self.current.organisation.clone());
        let (replaced, later) = touch::judge(tx, &self.current.engine, self.now.day, &changes, organisation)?;
        enqueue(tx, &later, &self.actor)?;
        Ok(Consequence { replaced, later: !later.is_empty() })
    }

    /// The row with the unit that it belongs to.
    fn with_unit(&self, tx: &mut Tx<'_>, mut row: NewRow) -> anyhow::Result<NewRow> {
        row.unit = unit_of_row(tx, &self.current, self.table, self.now.day, row.unit, &row.values)?;
        Ok(row)
    }
}

/// What could not be judged at once becomes a job.
fn enqueue(tx: &mut Tx<'_>, later: &Later, actor: &Actor) -> anyhow::Result<()> {
    if later.is_empty() {
        return Ok(());
    }
    let payload = if later.everything { "*".to_owned() } else { later.requirements.join(" ") };
    let waiting = "select 1 from job where kind = 'rejudge' and state = 'waiting' and payload = $1";
    if tx.one(waiting, &[payload.as_str().into()], |r| r.i64(0))?.is_some() {
        return Ok(());
    }
    tx.execute(
        "insert into job (kind, state, payload, created_at, created_by, updated_at) values ('rejudge', 'waiting', $1, $2, $3, $2)",
        &[payload.into(), actor.at.into(), actor.name.as_str().into()],
    )?;
    Ok(())
}

/// Jobs: payload by row id.
pub(crate) type Waiting = BTreeMap<i64, String>;

/// Jobs of a kind in a state, oldest first.
pub(crate) fn in_state(tx: &mut Tx<'_>, kind: &str, state: &str) -> anyhow::Result<Waiting> {
    let sql = "select row_id, payload from job where kind = $1 and state = $2 order by row_id";
    Ok(tx.rows(sql, &[kind.into(), state.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))?.into_iter().collect())
}
