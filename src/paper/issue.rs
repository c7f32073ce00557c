//! Issuing: the figures are looked at once more, the file is made and synced, then the number is given.

use super::{
    content::{Change, Content, Kind, changes},
    draw, file,
    layout::{Stamp, document},
    store::{self, Issued, Saved},
};
use crate::{
    audit,
    auth::account::Refused,
    clock,
    day::Day,
    db::Tx,
    document::docx,
    figures::Period,
    harmless,
    installation::Installation,
    scope::{Actor, Scope},
    sheet::{RawCell, date},
    supervise::{self, LONGEST, New, TITLE},
};

/// How often another may be faster before we give up.
const TRIES: usize = 50;

/// Said of a 成文日期 that has not come yet.
pub const AHEAD: &str = "成文日期不能晚于今天。";

/// What stands otherwise now than when the figures of a paper were taken.
///
/// # Errors
/// When the store cannot be read, or what was in force then can no longer be judged by.
pub fn since(tx: &mut Tx<'_>, installation: &Installation, saved: &Saved) -> anyhow::Result<Vec<Change>> {
    let now = draw(tx, installation, &Scope::All, &saved.wanted)?;
    let figures = now.map(|c| c.figures).unwrap_or_default();
    Ok(changes(&saved.content.figures, &figures))
}

/// The figures of a paper taken anew, with the words of the draft.
///
/// # Errors
/// In the inner result why there is nothing to tell any more; else as [`since`].
pub fn redrawn(tx: &mut Tx<'_>, installation: &Installation, saved: &Saved) -> anyhow::Result<Result<Content, String>> {
    let now = draw(tx, installation, &Scope::All, &saved.wanted)?;
    Ok(now.map(|c| c.with_words_of(&saved.content)))
}

/// What a paper is stamped with.
pub fn stamp(saved: &Saved) -> Stamp {
    match &saved.issued {
        None => Stamp::default(),
        Some(i) => stamped(saved, i),
    }
}

fn stamped(saved: &Saved, how: &Issued) -> Stamp {
    let root = how.checkpoint.lines().nth(2).unwrap_or_default();
    let size = how.checkpoint.lines().nth(1).unwrap_or_default();
    let known = format!("数据按截至{}的记录判定", clock::chinese(saved.drawn_at));
    let proof = match root {
        "" => format!("{known}。"),
        root => format!("{known}；操作日志检查点：{size}条，根 {root}。"),
    };
    Stamp { number: how.number.to_string(), day: how.on.chinese(), proof }
}

/// Why nothing is issued of a period that runs.
fn unfinished(period: &Period, kind: Kind) -> String {
    let instead = if kind == Kind::Quarterly { "" } else { "，或者另起一份期间为“当前”的" };
    format!("{}到{}才结束，数字还会变，现在不能印发。请等结束后重新取数{instead}。", period.name(), period.to.chinese())
}

/// Until when a 督办单 is to be answered; `None` for other papers.
fn due(saved: &Saved, today: Day) -> anyhow::Result<Option<Day>> {
    if saved.wanted.kind != Kind::Order {
        return Ok(None);
    }
    let refuse = |why: String| Err(Refused(format!("{why}请先在“文字”里填写办理期限，再印发。")).into());
    let text = saved.content.passage("due").trim();
    if text.is_empty() {
        return refuse("督办单还没有写明办理期限。".into());
    }
    match date::day(&RawCell::Text(text.to_owned())) {
        Ok((day, None)) if day > today => Ok(Some(day)),
        Ok((day, None)) => refuse(format!("办理期限{}已经到了。", day.chinese())),
        _ => refuse(format!("办理期限“{}”不是日期，应写成2025-11-30或2025年11月30日。", harmless::one_line(text))),
    }
}

/// The 督办 that an issued 督办单 opens for its unit, so that the unit finds it among what waits and replies there.
fn matter(saved: &Saved, unit: i64, how: &Issued, due: Day) -> New {
    let ask = saved.content.passage("ask").trim();
    let demand = format!("见督办单{}。{ask}", how.number);
    New {
        verdict: None,
        requirement: None,
        unit,
        title: format!("督办单{}", how.number).chars().take(TITLE).collect(),
        demand: demand.chars().take(LONGEST).collect(),
        due,
    }
}

/// Issues a draft under the next number of the prefix. Who reads the number afterwards finds the file: it is synced before
/// the transaction; killed between the two, or overtaken by another, the draft stands, and a file that nobody names is
/// left: its name is its content, so that it may be another's too.
///
/// # Errors
/// [`Refused`] with the reason when it cannot be issued, before anything is signed or written; else when the store or the
/// data directory fails.
pub fn issue(
    installation: &Installation,
    actor: &Actor,
    (id, version): (i64, i64),
    (prefix, on): (&str, Day),
) -> anyhow::Result<Issued> {
    let data = installation.data()?.to_owned();
    let db = &installation.db;
    if on > installation.clock.now().day {
        return Err(Refused(AHEAD.into()).into());
    }
    let (saved, changed, due) = db.read(|tx| {
        let saved = store::draft(tx, (id, version))?;
        if let Some(period) = saved.wanted.period.as_ref().filter(|p| !p.is_over(installation.clock.now().day)) {
            return Err(Refused(unfinished(period, saved.wanted.kind)).into());
        }
        let due = due(&saved, installation.clock.now().day)?;
        let changed = since(tx, installation, &saved)?.len();
        Ok((saved, changed, due))
    })?;
    if changed > 0 {
        let text = format!("起草以后，依据的记录有变化，{changed}处数字与现在不同。请先重新取数，再印发。");
        return Err(Refused(text).into());
    }
    // What the figures rest on is in the log that this signs.
    let checkpoint = match &installation.signer {
        Some(signer) => audit::checkpoint(db, signer)?,
        None => String::new(),
    };
    let year = i64::from(on.ymd().0);
    for _ in 0..TRIES {
        let number = db.read(|tx| {
            store::draft(tx, (id, version))?;
            store::next(tx, prefix, year)
        })?;
        let mut how = Issued {
            number,
            at: actor.at,
            by: actor.name.clone(),
            on,
            file: String::new(),
            bytes: 0,
            checkpoint: checkpoint.clone(),
        };
        let bytes = docx(&document(&saved.content, &stamped(&saved, &how)))?;
        how.bytes = bytes.len() as i64;
        how.file = file::keep(&data, &bytes)?;
        let (by, written) = (actor.clone(), how.clone());
        let matter = saved.wanted.unit.zip(due).map(|(unit, due)| matter(&saved, unit, &how, due));
        if db.write(move |tx| {
            let issued = store::issue(tx, &by, (id, version), &written)?;
            if let Some(matter) = matter.filter(|_| issued) {
                supervise::issue(tx, &by, &matter)?;
            }
            Ok(issued)
        })? {
            // So that the entry of the issue itself is signed for too. It is issued, whatever becomes of this.
            if let Some(signer) = &installation.signer
                && let Err(e) = audit::checkpoint(db, signer)
            {
                tracing::error!("公文{}已印发，但印发后的检查点没有签成：{e:#}", how.number);
            }
            return Ok(how);
        }
    }
    Err(Refused("同时印发的太多，请稍后再试。".into()).into())
}
