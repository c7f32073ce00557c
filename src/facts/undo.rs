//! An import taken back as a whole.

use std::collections::BTreeMap;

use super::{Write, referred};
use crate::{
    audit,
    db::Tx,
    installation::Installation,
    intake,
    ledger::store::{self, StoreError},
    scope::By,
    verdict::touch::Changed,
};

/// Why an import cannot be undone, for the person who wants to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Hindered(pub String);

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

impl Write {
    /// Refuses to undo an import whose records others refer to: they would hang in the air.
    fn unreferred(&self, tx: &mut Tx<'_>, import: i64) -> anyhow::Result<()> {
        let sql = format!(
            "select record_id from l_{} where import_id = $1 and revision = 1 and voided_at is null",
            self.ledger().name
        );
        let brought = tx.rows(&sql, &[import.into()], |r| r.i64(0))?.into_iter().collect();
        let found = referred::referring(tx, &self.current.engine.layout, (self.table, &brought), &self.scope)?;
        let told = format!("还有记录指向这次导入的内容（{found}），撤销后它们会落空：请先撤销或更正它们");
        anyhow::ensure!(found.is_empty(), Hindered(told));
        Ok(())
    }
}
