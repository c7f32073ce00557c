//! The M step: Newton's, on a function that is concave.

use super::{Curve, Grid, Model, expect::Expected, sample::Sample};

/// Steps of Newton in one M step; the next E step goes on from there, so that it need not be exact.
const STEPS: usize = 4;
/// A step is no longer than this, so that the first ones do not fly off.
const LONGEST: f64 = 2.0;

/// Derivatives of a question's part: by intercept, by slope, and the second ones with their sign turned.
struct Slopes {
    c: f64,
    a: f64,
    cc: f64,
    ca: f64,
    aa: f64,
}

fn slopes(curve: Curve, right: f64, theta_right: f64, mass: &[f64], grid: &Grid) -> Slopes {
    let mut s = Slopes { c: right, a: theta_right, cc: 0.0, ca: 0.0, aa: 0.0 };
    for (mass, theta) in mass.iter().zip(&grid.theta) {
        let p = curve.right(*theta);
        let (expected, spread) = (mass * p, mass * p * (1.0 - p));
        s.c -= expected;
        s.a -= expected * theta;
        s.cc += spread;
        s.ca += spread * theta;
        s.aa += spread * theta * theta;
    }
    s
}

/// Better curves for what is expected.
pub(super) fn maximise(model: Model, sample: &Sample, curves: &[Curve], grid: &Grid, at: &Expected) -> Vec<Curve> {
    let mut curves = curves.to_vec();
    let points = grid.theta.len();
    for _ in 0..STEPS {
        let all: Vec<Slopes> = curves
            .iter()
            .enumerate()
            .map(|(j, c)| slopes(*c, sample.right[j], at.theta_right[j], &at.mass[j * points..(j + 1) * points], grid))
            .collect();
        match model {
            Model::TwoPl => apart(&mut curves, &all),
            Model::Rasch => together(&mut curves, &all),
        }
    }
    curves
}

fn short(step: f64) -> f64 {
    step.clamp(-LONGEST, LONGEST)
}

fn apart(curves: &mut [Curve], all: &[Slopes]) {
    for (curve, s) in curves.iter_mut().zip(all) {
        let det = s.cc * s.aa - s.ca * s.ca;
        if det > 1e-14 * s.cc * s.aa {
            curve.intercept += short((s.aa * s.c - s.ca * s.a) / det);
            curve.slope += short((s.cc * s.a - s.ca * s.c) / det);
        }
    }
}

/// One slope: the matrix is an arrow, so the slope is solved for first.
fn together(curves: &mut [Curve], all: &[Slopes]) {
    let held = all.iter().filter(|s| s.cc > 0.0);
    let (pull, hold) = held.fold((0.0, 0.0), |(g, h), s| (g + s.a - s.ca * s.c / s.cc, h + s.aa - s.ca * s.ca / s.cc));
    let step = if hold > 0.0 { short(pull / hold) } else { 0.0 };
    for (curve, s) in curves.iter_mut().zip(all) {
        curve.slope += step;
        if s.cc > 0.0 {
            curve.intercept += short((s.c - s.ca * step) / s.cc);
        }
    }
}
