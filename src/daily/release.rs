//! What is planned for today is published: shown from then on, and recorded in 题、课、考的发布, so that R-03 is judged.

use crate::{
    audit::{self, Guarded},
    clock::end_of_day,
    day::Day,
    db::{Tx, Value},
    facts::Write,
    installation::Installation,
    ledger::{NewRow, row::table},
    scope::{By, Scope},
};

use super::plan::{self, Release};

/// The ledger 题、课、考的发布.
const LEDGER: &str = "publication";

/// Publishes what is planned for today; gives how much. What a server that did not run has missed stays as it is: nothing is
/// said to have been published on a day on which nobody could see it. A question that was retired since waits for another.
///
/// # Errors
/// When the store fails.
pub fn patrol(installation: &Installation) -> anyhow::Result<usize> {
    on(installation, installation.clock.now().day)
}

/// The same for any day, as the demo lives through its past ones.
///
/// # Errors
/// When the store fails.
pub fn on(installation: &Installation, day: Day) -> anyhow::Result<usize> {
    let sql = "select r.row_id from release_plan r where r.released_at is null and r.day = $1 and (r.question is null or exists \
               (select 1 from question q where q.number = r.question and q.retired_at is null and not exists \
               (select 1 from question n where n.number = q.number and n.version = q.version + 1)))";
    let due = installation.db.read(|tx| tx.rows(sql, &[day.to_string().into()], |r| r.i64(0)))?;
    let count = due.len();
    for id in due {
        let inst = installation.clone();
        installation.db.write(move |tx| publish(tx, &inst, id, day))?;
    }
    Ok(count)
}

fn publish(tx: &mut Tx<'_>, inst: &Installation, id: i64, day: Day) -> anyhow::Result<()> {
    let Some(release) = plan::get(tx, id)?.filter(|r| r.released.is_none() && r.day == day) else { return Ok(()) };
    let record = recorded(tx, inst, &release)?;
    let sql = "update release_plan set released_at = $2, record_id = $3, version = (select max(version) from question \
               where number = release_plan.question) where row_id = $1";
    tx.execute(sql, &[id.into(), inst.clock.now().instant.min(end_of_day(day)).into(), record.into()])?;
    audit::guard(tx, Guarded::Release, id);
    Ok(())
}

/// Its record: one that somebody has typed for that day, else a new one; `None` where the package has no such ledger.
fn recorded(tx: &mut Tx<'_>, inst: &Installation, release: &Release) -> anyhow::Result<Option<i64>> {
    let current = inst.current_in_write(tx)?;
    let Some(index) = current.engine.layout.index(LEDGER) else { return Ok(None) };
    let ledger = &current.engine.layout.ledgers[index];
    let (Some(kind), Some(day)) = (ledger.field_index("kind"), ledger.field_index("day")) else { return Ok(None) };
    let sql = format!(
        "select min(record_id) from {} p where p.voided_at is null and p.\"kind\" = $1 and p.\"day\" = $2 \
         and not exists (select 1 from release_plan r where r.record_id = p.record_id)",
        table(ledger)
    );
    let params: [Value; 2] = [release.kind.title().into(), release.day.to_string().into()];
    if let Some(typed) = tx.one(&sql, &params, |r| r.opt_i64(0))?.flatten() {
        return Ok(Some(typed));
    }
    let mut values = vec![Value::Null; ledger.fields.len()];
    values[kind] = release.kind.title().into();
    values[day] = release.day.to_string().into();
    for (field, text) in [("title", release.title.as_str()), ("channel", "发改内部培训系统")] {
        if let Some(i) = ledger.field_index(field) {
            values[i] = text.into();
        }
    }
    let by = By { name: "程序".into(), account: None, scope: Scope::All };
    let write = Write::begin(tx, inst, &by, LEDGER)?;
    let unit = current.organisation.first_unit();
    let (ids, _) = write.add(tx, vec![NewRow { code: None, unit, values }], None)?;
    Ok(ids.first().copied())
}
