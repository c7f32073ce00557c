//! The E step. The logistic model is linear in slope and intercept, so a pattern needs two sums over its right
//! answers, and one constant a point of the quadrature that all patterns of a mask share.

use super::{
    Curve, Grid,
    sample::{Marks, Mask, Sample},
    softplus,
};

/// What the M step, the gradient and the likelihood need.
pub(super) struct Expected {
    /// Marginal log-likelihood.
    pub(super) log_likelihood: f64,
    /// A question: Σ of posterior means of ability over the right answers.
    pub(super) theta_right: Vec<f64>,
    /// A question, point by point: expected persons with that ability who answered it.
    pub(super) mass: Vec<f64>,
}

/// Posterior weights of the patterns of a mask, one pattern after the other.
pub(super) struct Posterior<'a> {
    curves: &'a [Curve],
    grid: &'a Grid,
    /// log weight − Σ log(1 + e^η) at each point.
    base: Vec<f64>,
    /// Weights of the last pattern, summing to one.
    pub(super) weight: Vec<f64>,
}

impl<'a> Posterior<'a> {
    pub(super) fn new(curves: &'a [Curve], grid: &'a Grid) -> Posterior<'a> {
        let points = grid.theta.len();
        Posterior { curves, grid, base: vec![0.0; points], weight: vec![0.0; points] }
    }

    /// Goes over to a mask; `cost` is of [`costs`].
    pub(super) fn enter(&mut self, mask: &Mask, cost: &[f64]) {
        let points = self.base.len();
        for (base, weight) in self.base.iter_mut().zip(&self.grid.weight) {
            *base = weight.ln();
        }
        for j in &mask.answered {
            for (base, cost) in self.base.iter_mut().zip(&cost[j * points..(j + 1) * points]) {
                *base -= cost;
            }
        }
    }

    /// Weights of a pattern; gives its log-likelihood.
    pub(super) fn of(&mut self, mask: &Mask, marks: &Marks) -> f64 {
        let (mut slope, mut intercept) = (0.0, 0.0);
        for place in &marks.right {
            let curve = &self.curves[mask.answered[*place]];
            slope += curve.slope;
            intercept += curve.intercept;
        }
        let mut most = f64::NEG_INFINITY;
        for ((weight, base), theta) in self.weight.iter_mut().zip(&self.base).zip(&self.grid.theta) {
            *weight = base + slope * theta;
            most = most.max(*weight);
        }
        let mut sum = 0.0;
        for weight in &mut self.weight {
            // Beyond e^−40 nothing is left of it in the sums.
            let below = *weight - most;
            *weight = if below > -40.0 { below.exp() } else { 0.0 };
            sum += *weight;
        }
        for weight in &mut self.weight {
            *weight /= sum;
        }
        most + sum.ln() + intercept
    }
}

/// log(1 + e^η) of each question at each point.
pub(super) fn costs(curves: &[Curve], grid: &Grid) -> Vec<f64> {
    curves.iter().flat_map(|c| grid.theta.iter().map(|t| softplus(c.intercept + c.slope * t))).collect()
}

/// The E step.
pub(super) fn expect(sample: &Sample, curves: &[Curve], grid: &Grid) -> Expected {
    let points = grid.theta.len();
    let cost = costs(curves, grid);
    let mut posterior = Posterior::new(curves, grid);
    let mut found =
        Expected { log_likelihood: 0.0, theta_right: vec![0.0; curves.len()], mass: vec![0.0; curves.len() * points] };
    let mut mass = vec![0.0; points];
    for mask in &sample.masks {
        posterior.enter(mask, &cost);
        mass.fill(0.0);
        for marks in &mask.patterns {
            found.log_likelihood += marks.weight * posterior.of(mask, marks);
            let mut mean = 0.0;
            for ((w, theta), mass) in posterior.weight.iter().zip(&grid.theta).zip(&mut mass) {
                mean += w * theta;
                *mass += marks.weight * w;
            }
            for place in &marks.right {
                found.theta_right[mask.answered[*place]] += marks.weight * mean;
            }
        }
        for j in &mask.answered {
            for (sum, mass) in found.mass[j * points..(j + 1) * points].iter_mut().zip(&mass) {
                *sum += mass;
            }
        }
    }
    found
}

/// Derivatives of the marginal log-likelihood: by intercepts, then by slopes.
pub(super) fn gradient(sample: &Sample, curves: &[Curve], grid: &Grid, at: &Expected) -> Vec<f64> {
    let (n, points) = (curves.len(), grid.theta.len());
    let mut gradient = vec![0.0; 2 * n];
    for (j, curve) in curves.iter().enumerate() {
        let (mut by_intercept, mut by_slope) = (sample.right[j], at.theta_right[j]);
        for (mass, theta) in at.mass[j * points..(j + 1) * points].iter().zip(&grid.theta) {
            let expected = mass * curve.right(*theta);
            by_intercept -= expected;
            by_slope -= expected * theta;
        }
        gradient[j] = by_intercept;
        gradient[n + j] = by_slope;
    }
    gradient
}
