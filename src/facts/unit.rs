//! The unit a row belongs to: typed, or following from `unit_from` on the row's day (4.12).

use crate::{
    day::Day,
    db::{Tx, Value},
    installation::Current,
    verdict::{
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// The unit of a row of a ledger (by position in the layout); `typed` is what the row itself names.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn unit_of_row(
    tx: &mut Tx<'_>,
    current: &Current,
    table: usize,
    today: Day,
    typed: Option<i64>,
    values: &[Value],
) -> anyhow::Result<Option<i64>> {
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[table];
    let Some(column) = ledger.unit_from.as_ref().and_then(|f| ledger.field_index(f)) else { return Ok(typed) };
    let day = ledger.opening().and_then(|f| ledger.field_index(f)).and_then(|i| values[i].as_text());
    let day = day.and_then(Day::parse).unwrap_or(today).min(today);
    Ok(match (&values[column], &layout.kinds[table][column]) {
        (Value::I64(id), Kind::Ref(PERSON)) => unit_of_person(current, *id, day),
        (Value::I64(id), Kind::Ref(UNIT)) => Some(*id),
        (Value::I64(id), Kind::Ref(to)) => {
            let sql = format!(
                "select unit_id from l_{} where record_id = $1 and voided_at is null",
                layout.ledgers[*to].name
            );
            tx.one(&sql, &[(*id).into()], |r| r.opt_i64(0))?.flatten()
        }
        _ => None,
    })
}

fn unit_of_person(current: &Current, person: i64, day: Day) -> Option<i64> {
    let organisation = &current.organisation;
    let chart = organisation.chart()?;
    let row = organisation.table(PERSON)?.row_of(person)?;
    let unit = chart.post_on(row, day).map(|p| p.unit).or_else(|| chart.unit_until(row, day))?;
    organisation.table(UNIT)?.ids.get(unit).copied()
}
