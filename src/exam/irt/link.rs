//! Two forms on one scale through the questions that they share: Stocking and Lord's (1983) curves of expected scores,
//! begun from mean and sigma of the difficulties. On the scale of the first form, an ability of the second is
//! scale · θ + shift.

use serde::Serialize;

use super::{Calibration, Curve, Grid, ItemFit, expected_score};

/// Shared questions that a link needs.
pub const FEWEST: usize = 3;
/// Standard errors by which a shared question may have moved before it is named.
pub const MOVED: f64 = 3.0;

/// A link.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    /// By what abilities of the second form are stretched.
    pub scale: f64,
    /// Its standard error, from those of the questions.
    pub scale_se: f64,
    /// What is added then.
    pub shift: f64,
    /// Its standard error.
    pub shift_se: f64,
    /// Covariance of both.
    pub covariance: f64,
    /// Scale and shift by mean and sigma, to compare.
    pub mean_sigma: (f64, f64),
    /// The shared questions.
    pub common: Vec<Common>,
}

/// A shared question.
#[derive(Clone, Debug, Serialize)]
pub struct Common {
    /// Its name.
    pub name: String,
    /// Difficulty in the first form.
    pub base: f64,
    /// Difficulty in the second one, brought to the scale of the first.
    pub linked: f64,
    /// Their difference in standard errors of both, that of the link left aside.
    pub z: Option<f64>,
    /// Beyond [`MOVED`], so that the link goes without it: it may have become known, or its wording changed.
    pub moved: bool,
}

/// Why two forms cannot be linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoLink {
    /// Too few shared questions.
    #[error("两份卷共同的题目只有{0}道（按列名对应），至少要{FEWEST}道")]
    Common(usize),
    /// Their curves cannot be brought together.
    #[error("共同题目的两组估计合不到一起：标定没有收敛，或难度没有差别")]
    Apart,
}

/// The pass line of the first form on the second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Line {
    /// Raw score of the first form.
    pub base_score: f64,
    /// The ability at which it is expected, on the scale of the first form.
    pub theta: f64,
    /// Expected raw score of the second form at that ability.
    pub new_score: f64,
    /// Its standard error from that of the link.
    pub new_score_se: f64,
}

/// A shared question in both forms: intercept and slope of the first, intercept and slope of the second.
type Four = [f64; 4];

/// Links a second form to the first.
///
/// # Errors
/// When too few questions are shared, or no scale brings them together.
pub fn link(base: &Calibration, new: &Calibration) -> Result<Link, NoLink> {
    let place_in_new = |name: &str| new.items.iter().position(|other| other.name == name);
    let shared: Vec<(usize, usize)> =
        base.items.iter().enumerate().filter_map(|(i, item)| Some((i, place_in_new(&item.name)?))).collect();
    if shared.len() < FEWEST {
        return Err(NoLink::Common(shared.len()));
    }
    if base.covariance.is_empty() || new.covariance.is_empty() {
        return Err(NoLink::Apart);
    }
    let grid = Grid::standard();
    let (kept, start, found) = settle(base, new, &shared, &grid).ok_or(NoLink::Apart)?;
    let values = values(base, new, &kept);
    let moves = moves(&values, &grid, found).ok_or(NoLink::Apart)?;
    let mut cov = [0.0; 3];
    for (side, form) in [base, new].into_iter().enumerate() {
        let n = form.items.len();
        // Place in the covariance, and how scale and shift move with that parameter.
        let parts: Vec<(usize, (f64, f64))> = (0..2 * kept.len())
            .map(|i| {
                let (item, kind) = (i / 2, i % 2);
                let place = if side == 0 { kept[item].0 } else { kept[item].1 };
                (kind * n + place, moves[item][2 * side + kind])
            })
            .collect();
        for (i, a) in &parts {
            for (j, b) in &parts {
                let c = form.covariance[i * 2 * n + j];
                cov[0] += a.0 * b.0 * c;
                cov[1] += a.1 * b.1 * c;
                cov[2] += a.0 * b.1 * c;
            }
        }
    }
    let common = shared
        .iter()
        .map(|pair| Common { moved: !kept.contains(pair), ..compare(&base.items[pair.0], &new.items[pair.1], found) })
        .collect();
    let (scale, shift) = found;
    let error = |v: f64| v.max(0.0).sqrt();
    Ok(Link {
        scale,
        scale_se: error(cov[0]),
        shift,
        shift_se: error(cov[1]),
        covariance: cov[2],
        mean_sigma: start,
        common,
    })
}

/// Places of a question in both forms.
type Pair = (usize, usize);

fn values(base: &Calibration, new: &Calibration, pairs: &[Pair]) -> Vec<Four> {
    let four = |(i, j): &Pair| {
        let (b, n) = (&base.items[*i], &new.items[*j]);
        [b.intercept, b.slope, n.intercept, n.slope]
    };
    pairs.iter().map(four).collect()
}

/// The questions that the link rests on, its start and its end. One question that moved pulls the others along, so the
/// one that stands out most is left out and all are brought together anew, until none does.
#[expect(clippy::type_complexity, reason = "taken apart at once")]
fn settle(
    base: &Calibration,
    new: &Calibration,
    shared: &[Pair],
    grid: &Grid,
) -> Option<(Vec<Pair>, (f64, f64), (f64, f64))> {
    let mut kept = shared.to_vec();
    loop {
        let values = values(base, new, &kept);
        let start = mean_sigma(&values)?;
        let found = bring_together(&values, grid, start)?;
        let apart = |pair: &Pair| compare(&base.items[pair.0], &new.items[pair.1], found).z.map_or(0.0, f64::abs);
        let worst = (0..kept.len()).max_by(|a, b| apart(&kept[*a]).total_cmp(&apart(&kept[*b])))?;
        if kept.len() == FEWEST || apart(&kept[worst]) <= MOVED {
            return Some((kept, start, found));
        }
        kept.remove(worst);
    }
}

impl Link {
    /// An ability of the second form on the scale of the first.
    pub fn theta(&self, of_new: f64) -> f64 {
        self.scale * of_new + self.shift
    }

    /// Curves of the second form on the scale of the first.
    pub fn curves(&self, of_new: &[Curve]) -> Vec<Curve> {
        of_new.iter().map(|c| moved(*c, (self.scale, self.shift))).collect()
    }

    /// Where a pass line of the first form lies on the second (true-score equating); none when no ability is expected
    /// to reach that score exactly, as with full marks.
    pub fn line(&self, base: &[Curve], new: &[Curve], base_score: f64) -> Option<Line> {
        let one = |curves: &[Curve]| Weighted { curves: curves.iter().map(|c| (*c, 1.0)).collect(), certain: 0.0 };
        self.carry(&one(base), &one(new), base_score)
    }

    /// The same where questions have marks of their own.
    pub fn carry(&self, base: &Weighted, new: &Weighted, base_score: f64) -> Option<Line> {
        let theta = base.theta_of_score(base_score)?;
        let t = (theta - self.shift) / self.scale;
        let rise: f64 = new.curves.iter().map(|(c, m)| m * c.slope * c.right(t) * (1.0 - c.right(t))).sum();
        let both = t * t * self.scale_se.powi(2) + self.shift_se.powi(2) + 2.0 * t * self.covariance;
        let new_score_se = rise.abs() / self.scale * both.max(0.0).sqrt();
        Some(Line { base_score, theta, new_score: new.expected(t), new_score_se })
    }
}

/// A form whose questions have marks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weighted {
    /// Questions, each with its marks.
    pub curves: Vec<(Curve, f64)>,
    /// Marks that everybody has, as of a question that all answer rightly.
    pub certain: f64,
}

impl Weighted {
    /// Expected marks.
    pub fn expected(&self, theta: f64) -> f64 {
        self.certain + self.curves.iter().map(|(c, marks)| marks * c.right(theta)).sum::<f64>()
    }

    /// The ability at which these marks are expected.
    pub fn theta_of_score(&self, score: f64) -> Option<f64> {
        reached(|theta| self.expected(theta), score)
    }
}

/// The ability at which a raw score is expected.
pub fn theta_of_score(curves: &[Curve], score: f64) -> Option<f64> {
    reached(|theta| expected_score(curves, theta), score)
}

/// Where a rising curve reaches a value.
fn reached(curve: impl Fn(f64) -> f64, value: f64) -> Option<f64> {
    let (mut low, mut high) = (-40.0, 40.0);
    if curve(low) >= value || curve(high) <= value {
        return None;
    }
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if curve(middle) < value { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

fn moved(curve: Curve, (scale, shift): (f64, f64)) -> Curve {
    let slope = curve.slope / scale;
    Curve { slope, intercept: curve.intercept - slope * shift }
}

fn compare(base: &ItemFit, new: &ItemFit, (scale, shift): (f64, f64)) -> Common {
    let linked = scale * new.difficulty + shift;
    let errors = base.difficulty_se.zip(new.difficulty_se);
    let z = errors.map(|(b, n)| (linked - base.difficulty) / b.hypot(scale * n));
    Common { name: base.name.clone(), base: base.difficulty, linked, z, moved: false }
}

/// Scale and shift from mean and standard deviation of the difficulties.
fn mean_sigma(values: &[Four]) -> Option<(f64, f64)> {
    let of = |kind: usize| {
        let b: Vec<f64> = values.iter().map(|v| -v[kind] / v[kind + 1]).collect();
        let mean = b.iter().sum::<f64>() / b.len() as f64;
        (mean, (b.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / b.len() as f64).sqrt())
    };
    let ((base, base_sd), (new, new_sd)) = (of(0), of(2));
    let scale = base_sd / new_sd;
    let shift = base - scale * new;
    (scale.is_finite() && scale > 1e-3 && shift.is_finite()).then_some((scale, shift))
}

/// The least squares of the difference of both curves of expected scores, over standard normal abilities of the first
/// form: Gauss and Newton's steps in log scale and shift, damped where they do not gain.
fn bring_together(values: &[Four], grid: &Grid, start: (f64, f64)) -> Option<(f64, f64)> {
    let residual = |theta: f64, (scale, shift): (f64, f64)| {
        let t = (theta - shift) / scale;
        let (mut r, mut rise) = (0.0, 0.0);
        for v in values {
            let new = Curve { intercept: v[2], slope: v[3] };
            let p = new.right(t);
            r += Curve { intercept: v[0], slope: v[1] }.right(theta) - p;
            rise += new.slope * p * (1.0 - p);
        }
        // By log scale and by shift.
        (r, (rise * t, rise / scale))
    };
    let loss = |at: (f64, f64)| -> f64 {
        grid.theta.iter().zip(&grid.weight).map(|(t, w)| w * residual(*t, at).0.powi(2)).sum()
    };
    let (mut at, mut damp) = (start, 0.0);
    let mut now = loss(at);
    for _ in 0..200 {
        let (mut aa, mut ab, mut bb, mut ga, mut gb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (theta, w) in grid.theta.iter().zip(&grid.weight) {
            let (r, (a, b)) = residual(*theta, at);
            (aa, ab, bb) = (aa + w * a * a, ab + w * a * b, bb + w * b * b);
            (ga, gb) = (ga + w * a * r, gb + w * b * r);
        }
        let (aa, bb) = (aa * (1.0 + damp), bb * (1.0 + damp));
        let det = aa * bb - ab * ab;
        if det.is_nan() || det <= 0.0 {
            return None;
        }
        let step = (-(bb * ga - ab * gb) / det, -(aa * gb - ab * ga) / det);
        let next = (at.0 * step.0.clamp(-1.0, 1.0).exp(), at.1 + step.1);
        let then = loss(next);
        if then <= now * (1.0 + 1e-12) {
            (at, now) = (next, then);
            damp = if damp < 1e-6 { 0.0 } else { damp / 10.0 };
            if step.0.abs() + step.1.abs() < 1e-10 {
                return Some(at);
            }
        } else if step.0.abs() + step.1.abs() < 1e-8 {
            return Some(at);
        } else {
            damp = if damp == 0.0 { 1e-3 } else { damp * 10.0 };
        }
    }
    None
}

/// How scale and shift move with each number of each question, by differences: the delta method's derivatives.
fn moves(values: &[Four], grid: &Grid, found: (f64, f64)) -> Option<Vec<[(f64, f64); 4]>> {
    let mut values = values.to_vec();
    let mut moves = vec![[(0.0, 0.0); 4]; values.len()];
    for i in 0..values.len() {
        for kind in 0..4 {
            let kept = values[i][kind];
            let h = 1e-4 * (1.0 + kept.abs());
            values[i][kind] = kept + h;
            let up = bring_together(&values, grid, found)?;
            values[i][kind] = kept - h;
            let down = bring_together(&values, grid, found)?;
            values[i][kind] = kept;
            moves[i][kind] = ((up.0 - down.0) / (2.0 * h), (up.1 - down.1) / (2.0 * h));
        }
    }
    Some(moves)
}
