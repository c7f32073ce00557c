//! `dongliang retention`: how long the records of each ledger are kept, and how many are past that.

use super::{Outcome, Place, open};
use crate::retention;

/// Runs it.
pub(super) fn run(place: &Place) -> anyhow::Result<Outcome> {
    let installation = open::installation(place)?;
    let today = installation.clock.now().day;
    let lines = installation.db.read(|tx| {
        let current = installation.current(tx)?;
        retention::report(tx, &current, today)
    })?;
    say!("截至{}，含已作废的记录", today.chinese());
    for line in &lines {
        let keep = match (line.keep, line.from.as_str()) {
            (None, _) => "保存期限未规定".to_owned(),
            (Some(years), "") => format!("保存{years}年，没有起算日期，不能按期计算"),
            (Some(years), from) => format!("{from}起保存{years}年，到期{}条", line.due.unwrap_or(0)),
        };
        say!("{}：{}条，{keep}", line.ledger, line.rows);
    }
    let due: i64 = lines.iter().filter_map(|l| l.due).sum();
    let open = lines.iter().filter(|l| l.keep.is_none()).count();
    say!("共{}本台账，到期{due}条；{open}本没有规定保存期限", lines.len());
    Ok(Outcome::Done)
}
