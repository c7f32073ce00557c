//! Which rows somebody may record or change. Narrower than what may be seen: a part in a record gives a view of it, and
//! only a part in what it stands under gives a hand in it.

use super::row::quoted;
use crate::{
    db::{Tx, Value},
    directive::model::Ledger,
    scope::{Part, Reach, Scope},
};

/// Whether a row of a ledger may be recorded or changed under a scope: it belongs to one of the units, or refers to a
/// record that names the own person, as guidance refers to the pair. A unit counts as a row of its superior; a row
/// without a unit belongs to who may see all.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn writable(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    scope: &Scope,
    unit: Option<i64>,
    values: &[Value],
) -> anyhow::Result<bool> {
    let Scope::Within(reach) = scope else { return Ok(true) };
    let value = |column: &str| ledger.field_index(column).and_then(|i| values.get(i)).and_then(Value::as_i64);
    let unit = if ledger.name == "unit" { value("parent") } else { unit };
    if unit.is_some_and(|unit| reach.units.contains(&unit)) {
        return Ok(true);
    }
    for (column, above, named) in agreements(ledger, reach) {
        let Some((record, person)) = value(column).zip(reach.person) else { continue };
        let sql = format!(
            "select 1 from {} where record_id = $1 and voided_at is null and {} = $2",
            quoted(&format!("l_{above}")),
            quoted(named)
        );
        if tx.one(&sql, &[record.into(), person.into()], |r| r.i64(0))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether there can be any row that may be recorded under a scope: it has units, or a person who may be named above.
pub(crate) fn ever_writable(ledger: &Ledger, scope: &Scope) -> bool {
    match scope {
        Scope::All => true,
        Scope::Within(reach) => {
            !reach.units.is_empty() || reach.person.is_some() && agreements(ledger, reach).next().is_some()
        }
    }
}

/// The column that refers, the ledger above, and the column there that names a person.
fn agreements<'a>(ledger: &Ledger, reach: &'a Reach) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> {
    reach.parts.of_ledger(&ledger.name).iter().filter_map(|part| match part {
        Part::Above(column, above, named) => Some((column.as_str(), above.as_str(), named.as_str())),
        Part::Own(_) | Part::Below(..) => None,
    })
}
