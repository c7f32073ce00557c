//! The pass line of a second form: where the first form's lies on it, through the questions that both share (`docs/EXAM.md`).
//! Figures of estimates are floats; the line that follows is rounded up once, kept, and compared as a whole number.

use super::{
    SETTLED, analysis,
    answers::{Answer, Responses},
    attempt::Sat,
    close,
    irt::{
        Calibration, Model, calibrate_telling,
        link::{self, Weighted},
    },
    key,
    score::{HUNDRED, written},
    test::{self, Test},
};
use crate::{
    audit::{self, Guarded},
    db::{Tx, Value},
    installation::Current,
};

/// What a line and a standard error rest on: where that is another, they are to be found anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis(Vec<[i64; 4]>);

/// What is known of a test's scores when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Own line and the first form's, of 100, times 10,000.
    pub line: Option<(i64, i64)>,
    /// How it came about, or why there is none; empty for a first form.
    pub note: String,
    /// Standard error of a score, of 100, times 10,000.
    pub error: Option<i64>,
    /// What this rests on.
    pub basis: Basis,
}

/// Attempts that have ended, their scores, and the questions that are out or corrected, of a test and of its first form.
///
/// # Errors
/// When the store cannot be read.
pub fn basis(tx: &mut Tx<'_>, test: &Test) -> anyhow::Result<Basis> {
    let sql = "select count(*), cast(coalesce(sum(score), 0) as bigint), \
               (select count(*) from test_withdrawn w where w.test_id = $1) \
               + (select count(*) from question_key k join test_item i on i.number = k.number where i.test_id = $1) \
               from attempt where test_id = $1 and ended_at is not null";
    let mut of = Vec::new();
    for id in [Some(test.id), test.origin.first].into_iter().flatten() {
        let found = tx.one(sql, &[id.into()], |r| Ok([id, r.i64(0)?, r.i64(1)?, r.i64(2)?]))?;
        of.extend(found);
    }
    Ok(Basis(of))
}

/// Finds the line and the standard error of a test that is over and marked; `tell` hears what is being done, and the steps
/// of a calibration as they are made.
///
/// # Errors
/// When the store cannot be read.
pub fn settle(
    tx: &mut Tx<'_>,
    current: &Current,
    sat: &Sat,
    tell: &dyn Fn(&'static str, usize),
) -> anyhow::Result<Settled> {
    tell("正在核对成绩", 0);
    let mut settled = Settled { basis: basis(tx, &sat.test)?, error: error(tx, sat)?, ..Settled::default() };
    let Some(first) = sat.test.origin.first else { return Ok(settled) };
    let Some((first, base)) = close::sat(tx, first)?.and_then(|f| Some((close::line_of(&f.test, current)?, f))) else {
        settled.note = "试行：没有合格线或第一卷，不折算。".into();
        return Ok(settled);
    };
    let (one, two) = (Form::read(tx, &base)?, Form::read(tx, sat)?);
    if one.responses.patterns.is_empty() && sat.test.line.is_some() {
        // The answers to the first form were deleted by their rule: what was found from them stays.
        (settled.line, settled.note) = (sat.test.line, sat.test.line_note.clone());
        return Ok(settled);
    }
    match carried_over(&one, &two, first, tell) {
        Ok((own, error, common)) => {
            settled.note = format!(
                "合格线由第一卷“{}”折算：两卷共同题{common}道，第一卷的{}分相当于本卷{}分（标准误{error:.1}分）；登记到班次的成绩按此折算。",
                base.test.rules.title,
                written(first),
                written(own)
            );
            // What was recorded of the first form stands to the line of the form before it, if that is one itself.
            settled.line = Some((own, base.test.line.map_or(first, |(_, of)| of)));
        }
        Err(why) => {
            settled.note = format!("试行：{why}，合格线没有折算，按同一分数线{}分判定。", written(first));
            // The line of a first form that has one of its own is the line of what follows it.
            settled.line = base.test.line;
        }
    }
    Ok(settled)
}

/// Keeps what was found.
///
/// # Errors
/// When the store cannot be written.
pub fn keep(tx: &mut Tx<'_>, id: i64, settled: &Settled) -> anyhow::Result<()> {
    let sql = "update test set line = $2, first_line = $3, line_note = $4, error = $5 where row_id = $1";
    let (own, first) = settled.line.unzip();
    let params: [Value; 5] = [id.into(), own.into(), first.into(), settled.note.as_str().into(), settled.error.into()];
    audit::guard(tx, Guarded::Test, id);
    tx.execute(sql, &params).map(|_| ())
}

/// A score as it stands to the line of the first form: the own line becomes that line, nothing stays nothing and all stays
/// all, between them it goes evenly, downwards.
pub fn carried(score: i64, (own, first): (i64, i64)) -> i64 {
    let even = |part: i64, of: i64, to: i64| {
        if of <= 0 { to } else { (i128::from(part) * i128::from(to) / i128::from(of)) as i64 }
    };
    if score < own { even(score, own, first) } else { first + even(score - own, HUNDRED - own, HUNDRED - first) }
}

/// Standard error of a score: spread of the scores · √(1 − α), where both can be told.
fn error(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<Option<i64>> {
    let sql = "select score from attempt where test_id = $1 and score is not null";
    let scores: Vec<f64> = tx.rows(sql, &[sat.test.id.into()], |r| Ok(r.i64(0)? as f64))?;
    let Some(alpha) = analysis::of_test(tx, sat)?.alpha.filter(|_| scores.len() > 1) else { return Ok(None) };
    let n = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let spread = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    Ok(Some((spread * (1.0 - alpha).clamp(0.0, 1.0).sqrt()).round() as i64))
}

/// A form with the answers to it: its questions by number and version.
struct Form {
    responses: Responses,
    /// Marks of each, in tenths.
    marks: Vec<f64>,
    /// Those that are out count for everybody.
    out: Vec<bool>,
}

impl Form {
    fn read(tx: &mut Tx<'_>, sat: &Sat) -> anyhow::Result<Form> {
        let names = key::scored(tx, &sat.paper)?.iter().map(|c| format!("{}.{}", c.number, c.version)).collect();
        let mut responses = analysis::responses(tx, sat, names)?;
        let gone = test::out(tx, sat.test.id)?;
        let out: Vec<bool> = (0..sat.paper.len()).map(|place| gone.contains(&place)).collect();
        for pattern in &mut responses.patterns {
            // Without answers they take no part in the calibration.
            let silent = pattern.answers.iter_mut().zip(&out).filter(|(_, out)| **out);
            silent.for_each(|(answer, _)| *answer = Answer::Missing);
        }
        Ok(Form { responses, marks: sat.paper.iter().map(|c| f64::from(c.marks)).collect(), out })
    }

    /// Answers to the question that has fewest.
    fn answers(&self) -> u64 {
        let of = |i: usize| {
            let there = self.responses.patterns.iter().filter(|p| p.answers[i] != Answer::Missing);
            there.map(|p| p.persons).sum()
        };
        (0..self.marks.len()).filter(|i| !self.out[*i]).map(of).min().unwrap_or(0)
    }

    fn full(&self) -> f64 {
        self.marks.iter().sum()
    }

    /// With what was calibrated. Of a question that was not, all were right or all wrong: its marks are certain, or none.
    fn weighted(&self, fit: &Calibration) -> Weighted {
        let mut weighted = Weighted::default();
        for (i, (name, marks)) in self.responses.items.iter().zip(&self.marks).enumerate() {
            match fit.items.iter().zip(fit.curves()).find(|(item, _)| item.name == *name) {
                Some((_, curve)) => weighted.curves.push((curve, *marks)),
                None if self.out[i] || self.responses.patterns.iter().any(|p| p.answers[i] == Answer::Right) => {
                    weighted.certain += marks;
                }
                None => {}
            }
        }
        weighted
    }
}

/// The line of the second form with its standard error (of 100) and the number of shared questions; or why there is none.
fn carried_over(
    one: &Form,
    two: &Form,
    first: i64,
    tell: &dyn Fn(&'static str, usize),
) -> Result<(i64, f64, usize), String> {
    let (n1, n2) = (one.answers(), two.answers());
    if n1 < SETTLED || n2 < SETTLED {
        return Err(format!("每题要有{SETTLED}人作答才能折算，第一卷{n1}人，本卷{n2}人"));
    }
    let fit = |form: &Form, what| match calibrate_telling(&form.responses, Model::Rasch, &|step| tell(what, step)) {
        Ok(fit) if fit.converged => Ok(fit),
        Ok(_) => Err("标定没有收敛".to_owned()),
        Err(e) => Err(e.to_string()),
    };
    let (base, new) = (fit(one, "正在标定第一卷")?, fit(two, "正在标定本卷")?);
    let link = link::link(&base, &new).map_err(|e| e.to_string())?;
    let wanted = first as f64 / HUNDRED as f64 * one.full();
    let line = link.carry(&one.weighted(&base), &two.weighted(&new), wanted);
    let line = line.ok_or("第一卷的合格线没有对应的能力")?;
    let of_hundred = |marks: f64| marks / two.full() * 100.0;
    // Upwards to a hundredth of a mark, so that nobody passes below it.
    let own = ((of_hundred(line.new_score) * 100.0 - 1e-9).ceil() as i64) * (HUNDRED / 10_000);
    if own <= 0 || own >= HUNDRED {
        return Err("折算后的合格线超出本卷".into());
    }
    Ok((own, of_hundred(line.new_score_se), link.common.iter().filter(|c| !c.moved).count()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_score_keeps_its_side_of_the_line() {
        let line = (573_400, 600_000);
        assert_eq!(carried(573_400, line), 600_000);
        assert!(carried(573_399, line) < 600_000);
        assert_eq!((carried(0, line), carried(HUNDRED, line)), (0, HUNDRED));
        assert_eq!(carried(500_000, (600_000, 600_000)), 500_000);
    }

    proptest! {
        #[test]
        fn order_stays(a in 0..=HUNDRED, b in 0..=HUNDRED, own in 1..HUNDRED, first in 1..HUNDRED) {
            let (x, y) = (carried(a, (own, first)), carried(b, (own, first)));
            prop_assert!((0..=HUNDRED).contains(&x));
            prop_assert!(a > b || x <= y);
            prop_assert_eq!(a >= own, x >= first);
        }
    }
}
