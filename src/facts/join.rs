//! One of two records that are the same.

use std::collections::BTreeSet;

use super::{OutOfScope, Write};
use crate::{
    audit,
    db::{Tx, Value},
    installation::Installation,
    ledger::{
        NewRow, Stored,
        store::{self, Change},
    },
    scope::{By, Scope},
    verdict::{kind::Kind, touch::Changed, world::UNIT},
};

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

impl Write {
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
}
