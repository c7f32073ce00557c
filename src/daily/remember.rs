//! What was answered in tests comes into memory too, once the mistakes of a test may be seen: so they come back by
//! themselves.

use std::collections::HashMap;

use super::own;
use crate::{
    clock::day_of,
    db::Tx,
    exam::{close, key, score::Given},
    installation::Installation,
    questions::Kind,
};

/// Attempts of a transaction.
const AT_ONCE: i64 = 100;

/// Takes in the answers of tests whose review has begun; gives how many attempts.
///
/// # Errors
/// When the store fails.
pub fn patrol(installation: &Installation) -> anyhow::Result<usize> {
    let now = installation.watch.now(installation.clock);
    let sql = "select t.row_id from test t where t.state = 'closed' and t.review_at <= $1 and exists \
               (select 1 from attempt a where a.test_id = t.row_id and a.remembered is null)";
    let due = installation.db.read(|tx| tx.rows(sql, &[now.into()], |r| r.i64(0)))?;
    let mut done = 0;
    for test in due {
        loop {
            match installation.db.write(move |tx| chunk(tx, test))? {
                0 => break,
                n => done += n,
            }
        }
    }
    Ok(done)
}

fn chunk(tx: &mut Tx<'_>, test: i64) -> anyhow::Result<usize> {
    let sql = "select row_id, person_id, coalesce(ended_at, due_at) from attempt where test_id = $1 and remembered is null \
               order by row_id limit $2";
    let attempts = tx.rows(sql, &[test.into(), AT_ONCE.into()], |r| Ok((r.i64(0)?, r.i64(1)?, r.i64(2)?)))?;
    let Some(sat) = close::sat(tx, test)?.filter(|_| !attempts.is_empty()) else { return Ok(0) };
    let paper = key::scored(tx, &sat.paper)?;
    for (attempt, person, ended) in &attempts {
        let before: HashMap<i64, own::Answered> = own::all(tx, *person)?.into_iter().map(|a| (a.question, a)).collect();
        for kept in crate::exam::attempt::answers(tx, *attempt)? {
            // What a person marks by hand is not asked again by a program.
            let Some(asked) = paper.get(kept.question).filter(|c| c.question.kind != Kind::Short) else { continue };
            let given = Given::read(asked.question.kind, &kept.answer);
            if given.is_empty() {
                continue;
            }
            let right = own::is_right(&asked.question, &given);
            let number = (asked.number, asked.version);
            let day = day_of(*ended);
            // What was answered later already stays the last answer.
            let known = before.get(&asked.number);
            if known.is_none_or(|k| k.day <= day) {
                own::note(tx, *person, number, (&kept.answer, right), day, known)?;
            }
        }
        tx.execute("update attempt set remembered = 1 where row_id = $1", &[(*attempt).into()])?;
    }
    Ok(attempts.len())
}
