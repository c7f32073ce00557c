//! How far a unit is in the windows that run: what is done against what the calendar asks by now.

use super::{
    picture::Picture,
    share::{on_system, permille},
    words::{target_text, value_text},
};
use crate::{
    day::Day,
    db::Tx,
    ratio::Ratio,
    verdict::{
        item::{self, Item},
        judge::State,
        store::{Counted, Stored},
        window::bounds,
        words::Context,
    },
};

/// A demand on a unit in one window that holds the last day told of.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The demand in that window alone.
    pub item: Item,
    /// The window's label.
    pub window: String,
    /// Thousandths of the window that are over; the day asked is not (6.1).
    pub elapsed: u32,
    /// Days of the window that are left, the day asked among them.
    pub left: i64,
    /// Thousandths of what is asked that are done; `None` where that cannot be said.
    pub done: Option<u32>,
    /// `2次`; empty without a verdict of its own.
    pub target: String,
    /// `1次`, or `20个中14个达标`.
    pub value: String,
}

/// Demands on an organ, or on one of its 科室, in the windows of which the picture's last day is one, in the order of the
/// package; those on the system and figures without a target are left out.
///
/// # Errors
/// When the store cannot be read.
pub fn progress(tx: &mut Tx<'_>, picture: &Picture, unit: i64, organ: bool) -> anyhow::Result<Vec<Progress>> {
    let engine = picture.engine();
    let runs = |c: &Counted| bounds(&c.window).is_some_and(|(from, to)| from <= picture.until && picture.until <= to);
    let counts: Vec<Counted> = picture.counts_of(tx, unit, organ)?.into_iter().filter(runs).collect();
    let mut windows: Vec<&str> = counts.iter().map(|c| c.window.as_str()).collect();
    windows.sort_unstable();
    windows.dedup();
    let mut found = Vec::new();
    for window in windows {
        let own: Vec<Counted> = counts.iter().filter(|c| c.window == window).cloned().collect();
        let Some(span) = bounds(window) else { continue };
        for item in item::items(engine, &own, picture.day) {
            if item.state == State::Figure || on_system(engine, item.i) {
                continue;
            }
            let single = picture.own(tx, &item, unit)?;
            found.push(one(picture, item, span, single.as_ref()));
        }
    }
    found.sort_by_key(|p| p.item.i);
    Ok(found)
}

fn one(picture: &Picture, item: Item, (from, to): (Day, Day), single: Option<&Stored>) -> Progress {
    let total = i64::from(to.0 - from.0) + 1;
    let over = i64::from(picture.day.0 - from.0).clamp(0, total);
    let ctx = Context::of(picture.engine(), item.i);
    let t = item.tally;
    let (target, value, done) = match single {
        Some(v) => (target_text(ctx, v), value_text(ctx, v), share(v)),
        None => {
            // How far those are whose period runs cannot be seen from how many have met it already.
            let done = (t.judged() > 0 && t.open == 0).then(|| permille(t.pass, t.judged()));
            (String::new(), format!("{}个中{}个达标", t.judged(), t.pass), done)
        }
    };
    Progress {
        window: item.windows.first().cloned().unwrap_or_default(),
        elapsed: permille(over, total),
        left: total - over,
        done,
        target,
        value,
        item,
    }
}

/// Thousandths of the target that are done, of a demand in one part for at least so much.
fn share(v: &Stored) -> Option<u32> {
    let (value, target) = (Ratio::parse(&v.value)?, Ratio::parse(&v.target)?);
    let share = value.over(target)?.times(Ratio::whole(1000))?.floor();
    u32::try_from(share.clamp(0, 1000)).ok()
}
