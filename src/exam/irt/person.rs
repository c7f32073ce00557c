//! The ability of a person from the answers to calibrated questions, and how it stands to a line.

use serde::Serialize;

use super::{
    Curve, Grid,
    expect::{Posterior, costs},
    sample::{Marks, Mask},
};
use crate::exam::answers::Answer;

/// Abilities between which a maximum is looked for.
const FAR: f64 = 40.0;

/// An ability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Mean of the posterior under the standard normal.
    pub eap: f64,
    /// Its standard deviation.
    pub eap_se: f64,
    /// Maximum of the likelihood; none when every answer is right, or wrong.
    pub ml: Option<f64>,
    /// 1 ÷ √information there.
    pub ml_se: Option<f64>,
}

/// Estimates an ability. Missing answers say nothing.
pub fn estimate(curves: &[Curve], answers: &[Answer]) -> Estimate {
    let there = || curves.iter().zip(answers).enumerate().filter(|(_, (_, a))| **a != Answer::Missing);
    let answered: Vec<usize> = there().map(|(j, _)| j).collect();
    let right = answered.iter().enumerate().filter(|(_, j)| answers[**j] == Answer::Right).map(|(place, _)| place);
    let marks = Marks { right: right.collect(), weight: 1.0 };
    let mask = Mask { answered, patterns: Vec::new() };
    let grid = Grid::standard();
    let mut posterior = Posterior::new(curves, &grid);
    posterior.enter(&mask, &costs(curves, &grid));
    posterior.of(&mask, &marks);
    let mean = |f: &dyn Fn(f64) -> f64| posterior.weight.iter().zip(&grid.theta).map(|(w, t)| w * f(*t)).sum::<f64>();
    let eap = mean(&|t| t);
    let pull = |theta: f64| -> f64 {
        there().map(|(_, (c, a))| c.slope * (f64::from(u8::from(*a == Answer::Right)) - c.right(theta))).sum()
    };
    let information = |theta: f64| -> f64 {
        let of = |c: &Curve| c.slope * c.slope * c.right(theta) * (1.0 - c.right(theta));
        there().map(|(_, (c, _))| of(c)).sum()
    };
    // The derivative falls all the way, so that one change of its sign is the maximum.
    let ml = (pull(-FAR) > 1e-9 && pull(FAR) < -1e-9).then(|| {
        let (mut low, mut high) = (-FAR, FAR);
        while high - low > 1e-12 * (1.0 + high.abs()) {
            let middle = f64::midpoint(low, high);
            if middle == low || middle == high {
                break;
            }
            if pull(middle) > 0.0 { low = middle } else { high = middle }
        }
        f64::midpoint(low, high)
    });
    Estimate {
        eap,
        eap_se: mean(&|t| (t - eap) * (t - eap)).sqrt(),
        ml,
        ml_se: ml.map(|t| 1.0 / information(t).sqrt()),
    }
}

/// How an ability stands to the pass line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// At the line or above.
    pub pass: bool,
    /// Within one standard error of it (临界); for information, it changes nothing.
    pub borderline: bool,
}

/// Decides, and says how near it was.
pub fn decide(theta: f64, se: f64, line: f64) -> Decision {
    Decision { pass: theta >= line, borderline: (theta - line).abs() <= se }
}
