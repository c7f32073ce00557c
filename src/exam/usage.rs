//! In which tests a question was asked.

use std::collections::{BTreeMap, BTreeSet};

use super::test::MINUTE;
use crate::db::{Tx, Value};

/// A test in which a question stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Number of the test.
    pub test: i64,
    /// What it is called.
    pub title: String,
    /// The unit that arranged it.
    pub unit: i64,
    /// Its place in the paper, from 0.
    pub place: usize,
    /// The version that was asked.
    pub version: i64,
    /// The test is over.
    pub over: bool,
}

/// Where a question was asked, the latest first; drafts are not counted.
///
/// # Errors
/// When the store cannot be read.
pub fn asked(tx: &mut Tx<'_>, number: i64) -> anyhow::Result<Vec<Asked>> {
    let sql = "select t.row_id, t.title, t.unit_id, i.question, i.version, t.state from test_item i \
               join test t on t.row_id = i.test_id where i.number = $1 order by t.row_id desc, i.question";
    tx.rows(sql, &[number.into()], |r| {
        Ok(Asked {
            test: r.i64(0)?,
            title: r.text(1)?.to_owned(),
            unit: r.i64(2)?,
            place: usize::try_from(r.i64(3)?).unwrap_or(usize::MAX),
            version: r.i64(4)?,
            over: r.text(5)? == "closed",
        })
    })
}

/// In how many tests each of these questions was asked; those that never were are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn counts(tx: &mut Tx<'_>, numbers: &[i64]) -> anyhow::Result<BTreeMap<i64, usize>> {
    let sql = format!(
        "select number, count(distinct test_id) from test_item where number {} group by number",
        tx.among("$1")
    );
    let wanted: Value = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",").into();
    let found = tx.rows(&sql, &[wanted], |r| Ok((r.i64(0)?, r.i64(1)?)))?;
    Ok(found.into_iter().map(|(number, n)| (number, usize::try_from(n).unwrap_or(0))).collect())
}

/// The questions of the tests that a person is to sit and that end for him, with the minutes that he has besides, at an instant
/// (µs) which has not come yet, by number. What is right may not be shown to him meanwhile.
///
/// # Errors
/// When the store cannot be read.
pub fn awaited(tx: &mut Tx<'_>, person: i64, now: i64) -> anyhow::Result<BTreeSet<i64>> {
    let sql = format!(
        "select distinct i.number from test_item i join test t on t.row_id = i.test_id \
         join test_roll r on r.test_id = t.row_id \
         where t.state = 'open' and t.closes_at + r.extra * {MINUTE} > $1 and r.person_id = $2 and r.excused is null"
    );
    Ok(tx.rows(&sql, &[now.into(), person.into()], |r| r.i64(0))?.into_iter().collect())
}
