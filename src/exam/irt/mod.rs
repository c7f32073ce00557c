//! Item response theory: Rasch (1PL) and two-parameter (2PL) logistic models by marginal maximum likelihood.
//!
//! logit P(right) = intercept + slope · θ with θ standard normal, without the constant 1.702; difficulty =
//! −intercept ÷ slope. In 1PL all slopes are one number, which is the standard deviation of ability on the scale on
//! which Rasch's slope is 1. These are the parametrisations of ltm and mirt.

mod chi2;
mod estimate;
mod expect;
pub mod fit;
mod information;
pub mod link;
mod matrix;
mod maximise;
pub mod person;
mod sample;

pub use estimate::{Calibration, ItemFit, NoFit, calibrate, calibrate_telling};

use serde::Serialize;

/// Which slopes are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Model {
    /// One slope for all questions.
    #[serde(rename = "1pl")]
    Rasch,
    /// A slope a question.
    #[serde(rename = "2pl")]
    TwoPl,
}

/// A question as the model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Discrimination, per standard deviation of ability.
    pub slope: f64,
    /// Logit of being right at ability 0.
    pub intercept: f64,
}

impl Curve {
    /// From slope and difficulty.
    pub fn new(slope: f64, difficulty: f64) -> Curve {
        Curve { slope, intercept: -slope * difficulty }
    }

    /// Probability of being right.
    #[inline]
    pub fn right(&self, theta: f64) -> f64 {
        logistic(self.intercept + self.slope * theta)
    }
}

/// Expected raw score of these questions: the test characteristic curve.
pub fn expected_score(curves: &[Curve], theta: f64) -> f64 {
    curves.iter().map(|c| c.right(theta)).sum()
}

#[inline]
fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// log(1 + eˣ).
#[inline]
fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// Points of the quadrature; as many as mirt takes.
const POINTS: usize = 61;
/// Half its width, in standard deviations of ability.
pub(super) const REACH: f64 = 6.0;

/// Equally spaced points with normal weights that sum to one. For smooth functions as wide as a posterior of some
/// hundred questions the error of this rule is far below that of the arithmetic.
#[derive(Clone, Debug)]
struct Grid {
    theta: Vec<f64>,
    weight: Vec<f64>,
}

impl Grid {
    fn standard() -> Grid {
        let step = 2.0 * REACH / (POINTS - 1) as f64;
        let theta: Vec<f64> = (0..POINTS).map(|q| step * q as f64 - REACH).collect();
        let raw: Vec<f64> = theta.iter().map(|t| (-t * t / 2.0).exp()).collect();
        let sum: f64 = raw.iter().sum();
        Grid { theta, weight: raw.iter().map(|w| w / sum).collect() }
    }
}
