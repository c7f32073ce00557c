//! What the attempts of a test come to once more, all of them in one scan of their answers.

use std::collections::BTreeSet;

use super::{
    attempt::Kept,
    marking::come_to,
    paper::Chosen,
    score::{MARK, of_hundred},
};
use crate::db::Tx;

/// An ended attempt with its score as it stands and as it would be (of 100, times 10,000); `None` while something is to be
/// marked by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anew {
    /// Number of the attempt in the store.
    pub(super) attempt: i64,
    /// Only all its marks are known, so that no key changes them.
    pub(super) total: bool,
    /// As it stands.
    pub(super) before: Option<i64>,
    /// By the paper.
    pub(super) after: Option<i64>,
}

/// All ended attempts of a test by a paper with its right keys and the places that are out, in their order.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of_test(
    tx: &mut Tx<'_>,
    test: i64,
    (paper, out): (&[Chosen], &BTreeSet<usize>),
) -> anyhow::Result<Vec<Anew>> {
    let sql = "select a.row_id, a.score, a.sheet_total, b.question, b.sequence, b.answer, b.saved_at, b.marks from attempt a \
               left join attempt_answer b on b.attempt_id = a.row_id where a.test_id = $1 and a.ended_at is not null \
               order by a.row_id, b.question";
    let full = paper.iter().map(|c| i64::from(c.marks)).sum::<i64>() * (MARK / 10);
    let (mut all, mut total, mut answers) = (Vec::<Anew>::new(), None::<i64>, Vec::<Kept>::new());
    let close = |all: &mut Vec<Anew>, total: Option<i64>, answers: &mut Vec<Kept>| {
        if let Some(one) = all.last_mut() {
            one.after = match total.filter(|_| answers.is_empty()) {
                Some(total) => Some(of_hundred(total, full)),
                None => come_to(paper, out, answers),
            };
        }
        answers.clear();
    };
    tx.each(sql, &[test.into()], |r| {
        let attempt = r.i64(0)?;
        if all.last().is_none_or(|a| a.attempt != attempt) {
            close(&mut all, total, &mut answers);
            total = r.opt_i64(2)?;
            all.push(Anew { attempt, total: total.is_some(), before: r.opt_i64(1)?, after: None });
        }
        if let Some(question) = r.opt_i64(3)? {
            answers.push(Kept {
                question: usize::try_from(question).unwrap_or(usize::MAX),
                sequence: r.i64(4)?,
                answer: r.text(5)?.to_owned(),
                flagged: false,
                saved: r.i64(6)?,
                marks: r.opt_i64(7)?,
            });
        }
        Ok(())
    })?;
    close(&mut all, total, &mut answers);
    Ok(all)
}
