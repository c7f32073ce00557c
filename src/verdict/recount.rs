//! Whether the counts that pages show are those of the verdicts: counted anew, row by row, and compared.

use std::collections::BTreeMap;

use super::store::{Changes, CountKey, Stored, Sums};
use crate::db::Tx;

/// A row of the counts that is not what the verdicts give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miscount {
    /// Table id.
    pub requirement: String,
    /// Window.
    pub window: String,
    /// Organ; 0 for subjects without a unit.
    pub organ: i64,
    /// The state, with `closed_` before it for closed subjects.
    pub state: String,
    /// As stored: how many, Σ numerators, Σ denominators, late ones, those behind, red ones.
    pub stored: [i64; 6],
    /// As the verdicts give it.
    pub counted: [i64; 6],
}

/// The rows of `verdict_tally` that differ from what the stored verdicts give.
///
/// # Errors
/// When the store cannot be read.
pub fn miscounts(tx: &mut Tx<'_>) -> anyhow::Result<Vec<Miscount>> {
    let counted = count(tx)?;
    // Both sides by key: stored, counted.
    let mut both: BTreeMap<CountKey, (Sums, Sums)> = BTreeMap::new();
    for (key, sums) in counted.sums() {
        both.entry(key).or_default().1 = sums;
    }
    let sql = "select requirement, window_label, organ_id, state, n, num, den, late, behind, red from verdict_tally";
    tx.each(sql, &[], |r| {
        let key = (r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.i64(2)?, r.text(3)?.to_owned());
        both.entry(key).or_default().0 = [r.i64(4)?, r.i64(5)?, r.i64(6)?, r.i64(7)?, r.i64(8)?, r.i64(9)?];
        Ok(())
    })?;
    let differing = both.into_iter().filter(|(_, (stored, counted))| stored != counted);
    Ok(differing
        .map(|((requirement, window, organ, state), (stored, counted))| Miscount {
            requirement,
            window,
            organ,
            state,
            stored,
            counted,
        })
        .collect())
}

/// Puts the counts of the stored verdicts in the place of those that stand.
///
/// # Errors
/// When the store cannot be read or written.
pub fn mend(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    let counted = count(tx)?;
    tx.execute("delete from verdict_tally", &[])?;
    counted.write(tx)
}

fn count(tx: &mut Tx<'_>) -> anyhow::Result<Changes> {
    let mut counted = Changes::default();
    tx.each(&format!("select {} from verdict order by row_id", Stored::COLUMNS), &[], |r| {
        counted.count(&Stored::read(r)?, 1);
        Ok(())
    })?;
    Ok(counted)
}
