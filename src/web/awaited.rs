//! What is kept from who is still to sit a test: the keys of its questions, wherever a page would show them.

use std::collections::BTreeSet;

use super::{app::App, error::PageError};
use crate::{
    db::Tx,
    exam::{test::Test, usage},
};

/// The questions that a person is still to sit, by the clock of sittings: what is right is not shown to him before the end.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn kept_back(tx: &mut Tx<'_>, app: &App, person: Option<i64>) -> anyhow::Result<BTreeSet<i64>> {
    let inst = &app.installation;
    person.map_or_else(|| Ok(BTreeSet::new()), |person| usage::awaited(tx, person, inst.watch.now(inst.clock)))
}

/// Refuses a question to who is still to sit a test with it.
///
/// # Errors
/// [`PageError::Refused`]; else when the store cannot be read.
pub(super) fn may_see(tx: &mut Tx<'_>, app: &App, person: Option<i64>, number: i64) -> anyhow::Result<()> {
    match kept_back(tx, app, person)?.contains(&number) {
        true => Err(PageError::Refused("这道题正在您应考的考试里，那场考试截止以后才能看。".into()).into()),
        false => Ok(()),
    }
}

/// Refuses what shows the keys of a test, or the answers of others, to who is still to sit one with any of its questions.
///
/// # Errors
/// [`PageError::Refused`]; else when the store cannot be read.
pub(super) fn may_see_paper(tx: &mut Tx<'_>, app: &App, person: Option<i64>, test: &Test) -> anyhow::Result<()> {
    let back = kept_back(tx, app, person)?;
    match test.items.iter().any(|i| back.contains(&i.number)) {
        true => Err(PageError::Refused(
            "您在应考名单上，要考的正是这些题：考试截止以前，请由不应考的人办理；参与命题、阅卷的，先登记为因故免考。"
                .into(),
        )
        .into()),
        false => Ok(()),
    }
}
