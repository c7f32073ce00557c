//! The way of a fact into the store: recorded, and in the same transaction everything it touches judged again.
//!
//! Commands, pages and imports all write through here.

mod join;
mod number;
mod referred;
mod result;
mod undo;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    audit::{self, payload},
    clock::Moment,
    db::{Tx, Value},
    installation::{Current, Installation, org_changed},
    ledger::{
        self, NewRow, Stored,
        store::{self, Change, StoreError},
    },
    org::builtin,
    scope::{Actor, By, Scope},
    verdict::{
        store::Replaced,
        touch::{self, Changed, Later},
    },
};

pub use join::join;
pub use number::NumberTaken;
pub(crate) use number::{MEND, TAKEN, taken, unique};
pub use referred::{Referring, StillReferred, held_by_references, referring, ways};
pub use result::KeptResult;
pub(crate) use result::test_of;
pub use undo::{Hindered, Undone, undo_import};
pub(crate) use unit::unit_of_row;

/// A row of a unit that is not the writer's.
#[derive(Debug, thiserror::Error)]
#[error("这条记录所属的单位不在您的范围内，不能登记或更改：请由该单位或人事部门办理")]
pub struct OutOfScope;

/// Held by who records a 身份证号 (PostgreSQL).
const NUMBERS: i64 = 0x6964 << 48;

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
