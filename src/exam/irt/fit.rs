//! How well a question fits: S-X² (Orlando and Thissen 2000), which compares the share of right answers at each raw
//! score with what the model expects there. Its distribution is known without estimates of persons, unlike that of
//! infit and outfit.

use serde::Serialize;

use super::{Curve, Grid, Model, chi2, sample::Sample};

/// Expected right and expected wrong answers that a cell of the table must have; smaller ones join the next score.
const CELL: f64 = 1.0;

/// S-X² of a question.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// The statistic.
    pub s_x2: f64,
    /// Degrees of freedom: cells less the parameters of the question (1PL one, 2PL two).
    pub df: u32,
    /// Probability of one as large if the model is true.
    pub p: f64,
}

/// Of each question; none where no degree of freedom is left. Persons with every answer alone are counted.
pub(super) fn s_x2(sample: &Sample, curves: &[Curve], grid: &Grid, model: Model) -> Vec<Option<Fit>> {
    let n = curves.len();
    let Some(mask) = sample.masks.iter().find(|m| m.answered.len() == n) else { return vec![None; n] };
    let mut persons = vec![0.0; n + 1];
    let mut right = vec![vec![0.0; n + 1]; n];
    for marks in &mask.patterns {
        persons[marks.right.len()] += marks.weight;
        marks.right.iter().for_each(|j| right[*j][marks.right.len()] += marks.weight);
    }
    let whole: Vec<Vec<f64>> = grid.theta.iter().map(|t| scores(curves, None, *t)).collect();
    let total = |k: usize| whole.iter().zip(&grid.weight).map(|(f, w)| w * f[k]).sum::<f64>();
    let totals: Vec<f64> = (0..=n).map(total).collect();
    let own = if model == Model::Rasch { 1 } else { 2 };
    (0..n)
        .map(|j| {
            let mut expected = vec![0.0; n + 1];
            for (theta, weight) in grid.theta.iter().zip(&grid.weight) {
                let p = weight * curves[j].right(*theta);
                for (sum, f) in expected[1..].iter_mut().zip(scores(curves, Some(j), *theta)) {
                    *sum += p * f;
                }
            }
            let share = |k: usize| expected[k] / totals[k];
            table(&persons, &right[j], share, n, own)
        })
        .collect()
}

/// Distribution of the raw score at an ability, without one question (Lord and Wingersky 1984).
fn scores(curves: &[Curve], without: Option<usize>, theta: f64) -> Vec<f64> {
    let mut f = Vec::with_capacity(curves.len() + 1);
    f.push(1.0);
    for (_, curve) in curves.iter().enumerate().filter(|(j, _)| Some(*j) != without) {
        let p = curve.right(theta);
        f.push(0.0);
        for k in (0..f.len()).rev() {
            f[k] = f[k] * (1.0 - p) + if k > 0 { f[k - 1] * p } else { 0.0 };
        }
    }
    f
}

fn table(persons: &[f64], right: &[f64], share: impl Fn(usize) -> f64, n: usize, own: u32) -> Option<Fit> {
    // Persons, right answers, expected ones.
    let mut cells: Vec<(f64, f64, f64)> = Vec::new();
    let small = |c: &(f64, f64, f64)| c.2 < CELL || c.0 - c.2 < CELL;
    for k in 1..n {
        let cell = (persons[k], right[k], persons[k] * share(k));
        match cells.last_mut().filter(|last| small(last)) {
            Some(last) => *last = (last.0 + cell.0, last.1 + cell.1, last.2 + cell.2),
            None => cells.push(cell),
        }
    }
    if cells.len() > 1
        && let Some(last) = cells.pop_if(|last| small(last))
        && let Some(before) = cells.last_mut()
    {
        *before = (before.0 + last.0, before.1 + last.1, before.2 + last.2);
    }
    let of = |(n, o, e): &(f64, f64, f64)| (o - e).powi(2) / (e * (n - e) / n);
    let s_x2: f64 = cells.iter().filter(|c| c.0 > 0.0).map(of).sum();
    let df = (cells.len() as u32).checked_sub(own).filter(|df| *df > 0 && s_x2.is_finite())?;
    Some(Fit { s_x2, df, p: chi2::tail(s_x2, f64::from(df)) })
}
