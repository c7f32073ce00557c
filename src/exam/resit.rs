//! 补考 of those whose score lies within one standard error of the line (临界). Whether there is one is for the office to rule
//! (setting `resits`, 0 in the package: none). It is a second form of the class's test for those alone, once; of both scores the
//! better is the class's, on the scale of the first.

use std::collections::BTreeMap;

use super::{
    close::{self, Outcome},
    line,
    roll::Listed,
    test::{self, State, Test},
};
use crate::{auth::account::Refused, db::Tx, installation::Current};

/// Whether the office gives a second sitting (setting `resits`).
pub fn is_given(current: &Current) -> bool {
    current.engine.given.whole("resits").is_some_and(|n| n > 0)
}

/// The test that this one is a second sitting of: its first form, where both are of one class.
///
/// # Errors
/// When the store cannot be read.
pub fn first_of(tx: &mut Tx<'_>, of: &Test) -> anyhow::Result<Option<Test>> {
    let Some(first) = of.origin.first else { return Ok(None) };
    Ok(test::get(tx, first)?.filter(|first| first.rules.activity.is_some_and(|a| of.rules.activity == Some(a))))
}

/// The published second sitting of a test.
///
/// # Errors
/// When the store cannot be read.
pub fn of_test(tx: &mut Tx<'_>, first: &Test) -> anyhow::Result<Option<Test>> {
    let Some(activity) = first.rules.activity else { return Ok(None) };
    let all = test::of_activity(tx, activity)?;
    Ok(all.into_iter().find(|t| t.origin.first == Some(first.id) && t.state != State::Draft))
}

/// Who may sit a second time: on the list of a closed test, within one standard error below the line. With the organ and the
/// minutes of that list.
///
/// # Errors
/// When the store cannot be read.
pub fn listed(tx: &mut Tx<'_>, current: &Current, first: &Test) -> anyhow::Result<Vec<Listed>> {
    let Some(line) = close::line_of(first, current) else { return Ok(Vec::new()) };
    let may = |o: &Outcome| {
        o.listed.excused.is_none()
            && o.score.is_some_and(|(score, _)| score < line && close::borderline(first, score, line))
    };
    Ok(close::outcomes(tx, first.id)?.into_iter().filter(may).map(|o| o.listed).collect())
}

/// Whether a second sitting may be published.
///
/// # Errors
/// [`Refused`] where the office gives none, the first is not over, or there is one already; else when the store cannot be
/// read.
pub fn check(tx: &mut Tx<'_>, current: &Current, first: &Test) -> anyhow::Result<()> {
    let refuse = |why: String| Err(Refused(why).into());
    if first.state != State::Closed {
        return refuse(format!("考试“{}”还没有结束，不能为它补考。", first.rules.title));
    }
    if !is_given(current) {
        return refuse("没有裁定给予补考：临界只作参考。需要补考的，请由领导小组办公室在“设置”里裁定补考次数。".into());
    }
    if let Some(other) = of_test(tx, first)? {
        return refuse(format!("已有补考“{}”，补考只有一次。", other.rules.title));
    }
    Ok(())
}

/// Scores of the other sitting of a class, as they are recorded (of 100, times 10,000, on the scale of the first), with their
/// instants (µs), by person: of the first for a second one, of the second once it has closed for a first one.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn beside(tx: &mut Tx<'_>, test: &Test) -> anyhow::Result<BTreeMap<i64, (i64, i64)>> {
    let other = match first_of(tx, test)? {
        Some(first) => Some(first),
        None => of_test(tx, test)?.filter(|second| second.state == State::Closed),
    };
    let Some(other) = other else { return Ok(BTreeMap::new()) };
    let scored = |o: Outcome| {
        let (score, at) = o.score.filter(|_| o.listed.excused.is_none())?;
        Some((o.listed.person, (other.line.map_or(score, |line| line::carried(score, line)), at)))
    };
    Ok(close::outcomes(tx, other.id)?.into_iter().filter_map(scored).collect())
}
