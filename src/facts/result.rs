//! Results that a test has recorded for its class: they change by the test alone.

use crate::{
    db::{Tx, Value},
    directive::model::Ledger,
};

/// The result of a closed test, by its title, which its class keeps.
#[derive(Debug, thiserror::Error)]
#[error(
    "这条的考试情况和成绩由考试“{0}”登记，不能作废；有误的，请在考试页面办理（作废试题、更正答案、复核评分、撤销录入）。"
)]
pub struct KeptResult(pub String);

/// The test that records the results of a class, the first where it has a 补考 too: its title, and whether it is closed.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn test_of(tx: &mut Tx<'_>, activity: i64) -> anyhow::Result<Option<(String, bool)>> {
    let sql = "select title, state from test where activity_id = $1 and state <> 'draft' order by row_id";
    tx.one(sql, &[activity.into()], |r| Ok((r.text(0)?.to_owned(), r.text(1)? == "closed")))
}

/// Refuses to void what a closed test has found of somebody: who was found wanting does not take it back.
///
/// # Errors
/// [`KeptResult`]; else when the store cannot be read.
pub(super) fn keep(tx: &mut Tx<'_>, ledger: &Ledger, row: Option<&[Value]>) -> anyhow::Result<()> {
    let Some(row) = row.filter(|_| ledger.name == "attendance") else { return Ok(()) };
    let at = |name: &str| ledger.field_index(name).and_then(|i| row.get(i));
    let found = at("sat").is_some_and(|v| !v.is_null());
    let Some(activity) = at("activity").and_then(Value::as_i64).filter(|_| found) else { return Ok(()) };
    match test_of(tx, activity)? {
        Some((title, true)) => Err(KeptResult(title).into()),
        _ => Ok(()),
    }
}
