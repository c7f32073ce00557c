//! Why there is no verdict on a subject in a window at the moment asked.

use super::frame::Desk;
use crate::{
    clock,
    day::Day,
    db::Value,
    directive::model::{Ledger, When},
    ledger::{row::Stored, store},
    names::Names,
    subjects,
    verdict::{
        engine::Engine,
        window::{bounds, label},
        words::window_name,
    },
};

/// The moment asked.
pub(super) struct Moment {
    /// By the organisation and settings of this day.
    pub(super) as_of: Day,
    /// By what was known then, µs; `None`: everything.
    pub(super) known_at: Option<i64>,
    /// Today.
    pub(super) today: Day,
}

/// The reason in words, without a full stop.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn why(
    desk: &mut Desk<'_, '_>,
    engine: &Engine,
    (i, key): (usize, &[i64]),
    window: &str,
    moment: &Moment,
    names: &Names,
) -> anyhow::Result<String> {
    let requirement = &engine.compiled[i].requirement;
    let days = bounds(window.trim_start_matches("by "));
    if let Some(reason) = days.and_then(|days| of_window(engine, &requirement.when, window, days, moment)) {
        return Ok(reason);
    }
    for (table, id) in subjects::records(engine, i, key) {
        let ledger = &engine.layout.ledgers[table];
        if ledger.derived {
            continue;
        }
        let rows = store::history(desk.tx, ledger, &desk.scope, id)?;
        let days = days.map_or((moment.as_of, moment.as_of), |(from, to)| (from, to.min(moment.as_of)));
        if let Some(reason) = of_record(ledger, &rows, names.title(table, id), days, moment) {
            return Ok(reason);
        }
    }
    Ok(format!("这个对象在{}不在这项要求的判定之列", moment.as_of.chinese()))
}

/// What is against the window itself.
fn of_window(engine: &Engine, when: &When, window: &str, (from, to): (Day, Day), moment: &Moment) -> Option<String> {
    let named = window_name(window);
    if let When::Every(period) = when
        && label(*period, from) != window
    {
        let own = window_name(&label(*period, from));
        return Some(format!("这项要求不按“{named}”判定，它的期间如“{own}”"));
    }
    if from > moment.as_of && !window.starts_with("by ") {
        let asked = if moment.as_of == moment.today { "今日" } else { "所选日期" };
        let (begins, day) = (from.chinese(), moment.as_of.chinese());
        return Some(format!("“{named}”自{begins}开始，{asked}（{day}）还没有到，到那天才开始判定"));
    }
    let begins = engine.rules.from;
    (to < begins).then(|| format!("文件要求自{}起算，“{named}”在此以前", begins.chinese()))
}

/// What is against a record of the subject.
fn of_record(ledger: &Ledger, rows: &[Stored], title: &str, (from, to): (Day, Day), moment: &Moment) -> Option<String> {
    let first = rows.first()?;
    if let Some(known) = moment.known_at.filter(|known| *known < first.recorded_at) {
        let (known, recorded) = (clock::chinese(known), clock::chinese(first.recorded_at));
        return Some(format!("到{known}为止，“{title}”还没有登记，它登记于{recorded}"));
    }
    let last = rows.iter().rev().find(|r| moment.known_at.is_none_or(|known| r.recorded_at <= known))?;
    if let Some(at) = last.voided_at.filter(|at| moment.known_at.is_none_or(|known| *at <= known)) {
        return Some(format!("“{title}”已于{}作废", clock::chinese(at)));
    }
    let day = |field: Option<&str>| match last.value(ledger, field?) {
        Value::Text(text) => Day::parse(text),
        _ => None,
    };
    if let Some(opens) = day(ledger.opening()).filter(|d| *d > to) {
        return Some(format!("“{title}”自{}起才有，到{}为止还不在列", opens.chinese(), to.chinese()));
    }
    let closes = day(ledger.closing()).filter(|d| *d < from)?;
    Some(format!("“{title}”到{}为止，以后不在列", closes.chinese()))
}
