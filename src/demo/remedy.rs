//! What became of the consequences in the made-up year: confirmed, dropped, overdue, closed.

use crate::{
    clock::start_of_day,
    day::Day,
    db::{Tx, Value},
    installation::Installation,
    remedy::{
        decide::{self, Word},
        patrol, store,
    },
    scope::Actor,
    verdict::{store::Stored, touch},
};

/// Verdicts of the month before the last of which the year tells something.
const TOLD: i64 = 12;
/// Nine in the morning, µs.
const MORNING: i64 = 9 * 3_600_000_000;

/// Tells what became of some remedies up to the demo's day; everything is to be judged before.
///
/// # Errors
/// When the store fails.
pub fn remedies(installation: &Installation) -> anyhow::Result<()> {
    patrol::run(installation)?;
    let inst = installation.clone();
    installation.db.write(move |tx| {
        let today = inst.clock.now().day;
        let current = inst.current_in_write(tx)?;
        let office = Hand::of(tx, "office")?;
        let workdays = &current.engine.workdays;
        for v in retrained(tx)? {
            let Some(shut) = v.shut.filter(|s| *s < today.plus(-40)) else { continue };
            let (unit, on) = (v.unit, workdays.after(shut, 4));
            let confirmed = confirm(tx, unit, on.plus(21), "合格率低于80%，按文件要求重新组织培训")?;
            let Some(confirmed) = confirmed else { continue };
            let words = [(on, confirmed), (on.plus(9), act(on.plus(9), "已重新组织培训并再次闭卷测试，成绩已登记"))];
            tell(tx, &office, &v, "retrain", on, words)?;
        }
        for (n, v) in missed_before(tx, today)?.into_iter().enumerate() {
            let Some(shut) = v.shut else { continue };
            let on = workdays.after(shut, 4);
            let confirmed = confirm(tx, v.unit, workdays.after(on, 6), "当月指导次数不足，请导师补记或说明")?;
            let Some(confirmed) = confirmed else { continue };
            let words: Vec<(Day, Word)> = match n % 4 {
                0 => vec![(on, confirmed)],
                1 => {
                    let reason = "导师当月在外脱产学习，已当面说明，下月起恢复".into();
                    vec![(on, Word::Drop { reason })]
                }
                _ => vec![
                    (on, confirmed),
                    (on.plus(2), act(on.plus(2), "已与导师、帮带对象核对，当月确实少一次，已商定后续安排")),
                ],
            };
            let words = words.into_iter().filter(|(day, _)| *day <= today);
            tell(tx, &office, &v, "remind", on, words)?;
        }
        // What is overdue by then is told to the office.
        touch::news(tx, touch::EVERYTHING, 0)
    })?;
    patrol::run(installation)?;
    Ok(())
}

/// Whose hand it was.
pub(super) struct Hand {
    pub(super) name: String,
    pub(super) account: Option<i64>,
}

impl Hand {
    /// Whoever holds the first post in a unit, by the account of that person if there is one.
    pub(super) fn in_unit(tx: &mut Tx<'_>, unit: i64) -> anyhow::Result<Hand> {
        let sql = "select n.\"name\", (select min(a.row_id) from account a where a.person_id = n.record_id) from l_post p \
                   join l_person n on n.record_id = p.\"person\" and n.voided_at is null \
                   where p.voided_at is null and p.unit_id = $1 and p.\"to\" is null order by p.record_id limit 1";
        let found = tx.one(sql, &[unit.into()], |r| Ok((r.text(0)?.to_owned(), r.opt_i64(1)?)))?;
        Ok(match found {
            Some((name, account)) => Hand { name, account },
            None => Hand { name: "演示".into(), account: None },
        })
    }

    pub(super) fn of(tx: &mut Tx<'_>, login: &str) -> anyhow::Result<Hand> {
        let sql = "select row_id, name from account where login = $1";
        let found = tx.one(sql, &[login.into()], |r| Ok((r.i64(0)?, r.text(1)?.to_owned())))?;
        Ok(match found {
            Some((id, name)) => Hand { name, account: Some(id) },
            None => Hand { name: "演示".into(), account: None },
        })
    }

    pub(super) fn on(&self, day: Day) -> Actor {
        Actor { name: self.name.clone(), account: self.account, at: start_of_day(day) + MORNING }
    }
}

/// Confirmed for whoever holds the first post in the unit; nobody is made responsible where there is none.
fn confirm(tx: &mut Tx<'_>, unit: Option<i64>, due: Day, reason: &str) -> anyhow::Result<Option<Word>> {
    let sql = "select \"person\" from l_post where voided_at is null and unit_id = $1 and \"to\" is null \
               order by record_id limit 1";
    let person = tx.one(sql, &[unit.into()], |r| r.opt_i64(0))?.flatten();
    Ok(person.map(|person| Word::Confirm { due, person, reason: reason.into() }))
}

fn act(day: Day, text: &str) -> Word {
    Word::Act { day, text: text.into() }
}

/// A remedy with its history.
fn tell(
    tx: &mut Tx<'_>,
    hand: &Hand,
    v: &Stored,
    what: &str,
    drafted: Day,
    words: impl IntoIterator<Item = (Day, Word)>,
) -> anyhow::Result<()> {
    let program = Actor { name: "程序".into(), account: None, at: start_of_day(drafted) + MORNING / 9 };
    let Some(id) = store::draft(tx, &program, v, what)? else { return Ok(()) };
    for (day, word) in words {
        decide::say(tx, &hand.on(day), id, &word)?;
    }
    touch::news(tx, &v.requirement, v.subject)
}

/// Classes that were held again.
fn retrained(tx: &mut Tx<'_>) -> anyhow::Result<Vec<Stored>> {
    let sql =
        format!("select {} from verdict where requirement = 'R-02' and late = 1 order by subject", Stored::COLUMNS);
    tx.rows(&sql, &[], Stored::read)
}

/// Months of pairs that were missed, of the month before the last that has shut.
fn missed_before(tx: &mut Tx<'_>, today: Day) -> anyhow::Result<Vec<Stored>> {
    let sql = "select window_label from verdict_tally where requirement = 'R-21' and shut < $1 and n <> 0 \
               group by window_label order by window_label desc limit 1 offset 1";
    let Some(label) = tx.one(sql, &[today.into()], |r| Ok(r.text(0)?.to_owned()))? else { return Ok(Vec::new()) };
    let sql = format!(
        "select {} from verdict where requirement = 'R-21' and window_label = $1 and state = 'fail' and unit_id is not null \
         order by subject limit $2",
        Stored::COLUMNS
    );
    tx.rows(&sql, &[Value::from(label), TOLD.into()], Stored::read)
}
