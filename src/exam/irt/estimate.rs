//! The calibration: EM to come near, then Newton's steps on the marginal likelihood to its top.

use serde::Serialize;

use super::{
    Curve, Grid, Model,
    expect::{Expected, expect, gradient},
    fit::{self, Fit},
    information::{free_matrix, free_vector, observed},
    matrix::{cholesky, inverse, solve},
    maximise::maximise,
    sample::Sample,
};
use crate::exam::{SETTLED, answers::Responses};

/// EM steps before the first of Newton's, at most.
const WARM: usize = 30;
/// EM is near enough when a step gains less than this, a person.
const NEAR: f64 = 1e-5;
/// EM steps where Newton's cannot be made.
const AGAIN: usize = 10;
/// E steps in all; an estimate that needs more has none.
const MOST: usize = 600;
/// Square of the distance to the top in standard errors at which it is reached.
const REACHED: f64 = 1e-14;
/// A slope beyond this has no estimate: the likelihood grows without end.
const STEEPEST: f64 = 50.0;

/// A calibration.
#[derive(Clone, Debug, Serialize)]
pub struct Calibration {
    /// The model.
    pub model: Model,
    /// Persons with an answer to one of these questions at least.
    pub persons: u64,
    /// Different patterns of answers among them.
    pub patterns: usize,
    /// The top of the marginal log-likelihood, without the constant of the multinomial.
    pub log_likelihood: f64,
    /// Free parameters.
    pub parameters: usize,
    /// −2 log-likelihood + 2 parameters.
    pub aic: f64,
    /// −2 log-likelihood + parameters · ln(persons).
    pub bic: f64,
    /// EM steps.
    pub em_steps: usize,
    /// Newton's steps.
    pub newton_steps: usize,
    /// False when the top was not found; then the figures are no estimates.
    pub converged: bool,
    /// The questions.
    pub items: Vec<ItemFit>,
    /// Questions that everybody or nobody answered rightly, or nobody answered at all: they cannot be calibrated.
    pub left_out: Vec<String>,
    /// Covariance of all intercepts, then all slopes, row by row; empty where there is none.
    #[serde(skip)]
    pub covariance: Vec<f64>,
}

/// A calibrated question.
#[derive(Clone, Debug, Serialize)]
pub struct ItemFit {
    /// Its name.
    pub name: String,
    /// Answers.
    pub answered: u64,
    /// Discrimination.
    pub slope: f64,
    /// Its standard error; none where the information is not positive definite.
    pub slope_se: Option<f64>,
    /// Logit of being right at ability 0.
    pub intercept: f64,
    /// Its standard error.
    pub intercept_se: Option<f64>,
    /// −intercept ÷ slope.
    pub difficulty: f64,
    /// Its standard error, by the delta method.
    pub difficulty_se: Option<f64>,
    /// S-X², over persons who answered every question; none where there are too few.
    pub fit: Option<Fit>,
    /// Fewer than [`SETTLED`] answers: the figures are a trial.
    pub trial: bool,
}

impl Calibration {
    /// The curves of the questions.
    pub fn curves(&self) -> Vec<Curve> {
        self.items.iter().map(|i| Curve { slope: i.slope, intercept: i.intercept }).collect()
    }
}

/// Why there is nothing to calibrate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoFit {
    /// Fewer than three questions that vary.
    #[error("能标定的题目只有{0}道，至少要3道。全对、全错和无人作答的题目不能标定")]
    Items(usize),
    /// Nobody.
    #[error("没有人作答")]
    Persons,
}

/// Where a search stands.
struct State {
    curves: Vec<Curve>,
    at: Expected,
    em: usize,
    newton: usize,
}

impl State {
    /// An EM step; gives what the log-likelihood gained.
    fn climb(&mut self, model: Model, sample: &Sample, grid: &Grid) -> f64 {
        self.curves = maximise(model, sample, &self.curves, grid, &self.at);
        let before = self.at.log_likelihood;
        self.at = expect(sample, &self.curves, grid);
        self.em += 1;
        self.at.log_likelihood - before
    }

    fn spent(&self) -> bool {
        self.em + self.newton >= MOST || self.curves.iter().any(|c| c.slope.is_nan() || c.slope.abs() > STEEPEST)
    }
}

/// Estimates the questions of a table of answers.
///
/// # Errors
/// When fewer than three questions vary, or nobody answered.
pub fn calibrate(responses: &Responses, model: Model) -> Result<Calibration, NoFit> {
    calibrate_telling(responses, model, &|_| {})
}

/// The same, telling after each step how many there were; how many there will be nobody knows.
///
/// # Errors
/// As [`calibrate`].
pub fn calibrate_telling(responses: &Responses, model: Model, tell: &dyn Fn(usize)) -> Result<Calibration, NoFit> {
    let sample = Sample::of(responses);
    if sample.persons == 0.0 && !responses.items.is_empty() && sample.len() >= 3 {
        return Err(NoFit::Persons);
    }
    if sample.len() < 3 {
        return Err(NoFit::Items(sample.len()));
    }
    let grid = Grid::standard();
    let logit = |j: usize| (sample.right[j] / (sample.answered[j] - sample.right[j])).ln();
    let curves: Vec<Curve> = (0..sample.len()).map(|j| Curve { slope: 1.0, intercept: 1.2 * logit(j) }).collect();
    let at = expect(&sample, &curves, &grid);
    let mut state = State { curves, at, em: 0, newton: 0 };
    for step in 1..=WARM {
        tell(step);
        if state.climb(model, &sample, &grid) < NEAR * sample.persons {
            break;
        }
    }
    let converged = ascend(model, &sample, &grid, &mut state, tell);
    Ok(report(responses, model, &sample, &grid, state, converged))
}

/// Newton's steps. The matrix is kept as long as steps with it shorten the way enough; where it is not positive
/// definite, or no step gains, EM goes on for a while.
fn ascend(model: Model, sample: &Sample, grid: &Grid, state: &mut State, tell: &dyn Fn(usize)) -> bool {
    let n = sample.len();
    let mut held: Option<Vec<f64>> = None;
    while !state.spent() {
        tell(state.em + state.newton + 1);
        let pull = free_vector(model, &gradient(sample, &state.curves, grid, &state.at), n);
        if held.is_none() {
            let (matrix, size) = free_matrix(model, observed(sample, &state.curves, grid), n);
            held = cholesky(&matrix, size);
        }
        let step = held.as_ref().map(|l| solve(l, pull.len(), &pull)).unwrap_or_default();
        let way = distance(&pull, &step);
        if held.is_some() && way < REACHED {
            return true;
        }
        if held.is_none() || !walk(model, sample, grid, state, &step) {
            held = None;
            for _ in 0..AGAIN {
                state.climb(model, sample, grid);
            }
            continue;
        }
        let pull = free_vector(model, &gradient(sample, &state.curves, grid, &state.at), n);
        let left = held.as_ref().map_or(f64::INFINITY, |l| distance(&pull, &solve(l, pull.len(), &pull)));
        if left > REACHED && left > 1e-3 * way {
            held = None;
        }
    }
    false
}

fn distance(pull: &[f64], step: &[f64]) -> f64 {
    pull.iter().zip(step).map(|(p, s)| p * s).sum()
}

/// Takes the step, or half or less of it, if the likelihood does not fall.
fn walk(model: Model, sample: &Sample, grid: &Grid, state: &mut State, step: &[f64]) -> bool {
    let n = sample.len();
    for share in [1.0, 0.5, 0.25, 0.125] {
        let slope = |j: usize| if model == Model::Rasch { step[n] } else { step[n + j] };
        let next: Vec<Curve> = (state.curves.iter().enumerate())
            .map(|(j, c)| Curve { slope: c.slope + share * slope(j), intercept: c.intercept + share * step[j] })
            .collect();
        let at = expect(sample, &next, grid);
        state.newton += 1;
        let rounding = 1e-12 * state.at.log_likelihood.abs();
        if at.log_likelihood >= state.at.log_likelihood - rounding {
            (state.curves, state.at) = (next, at);
            return true;
        }
    }
    false
}

fn report(
    responses: &Responses,
    model: Model,
    sample: &Sample,
    grid: &Grid,
    state: State,
    converged: bool,
) -> Calibration {
    let n = sample.len();
    let (matrix, size) = free_matrix(model, observed(sample, &state.curves, grid), n);
    let free = cholesky(&matrix, size).filter(|_| converged).map(|l| inverse(&l, size));
    let place = |i: usize| i.min(size - 1);
    let whole = |f: Vec<f64>| (0..4 * n * n).map(|k| f[place(k / (2 * n)) * size + place(k % (2 * n))]).collect();
    let covariance: Vec<f64> = free.map(whole).unwrap_or_default();
    let cov = |i: usize, j: usize| covariance.get(i * 2 * n + j).copied();
    let fits = fit::s_x2(sample, &state.curves, grid, model);
    let items = (state.curves.iter().zip(fits).enumerate())
        .map(|(j, (c, fit))| {
            let difficulty = -c.intercept / c.slope;
            let spread = |intercept: f64, slope: f64, both: f64| {
                (intercept + difficulty * difficulty * slope + 2.0 * difficulty * both).max(0.0).sqrt() / c.slope.abs()
            };
            let (intercept, slope) = (cov(j, j), cov(n + j, n + j));
            let both = intercept.zip(slope).zip(cov(j, n + j));
            ItemFit {
                name: responses.items[sample.items[j]].clone(),
                answered: sample.answered[j] as u64,
                slope: c.slope,
                slope_se: slope.map(f64::sqrt),
                intercept: c.intercept,
                intercept_se: intercept.map(f64::sqrt),
                difficulty,
                difficulty_se: both.map(|((i, s), b)| spread(i, s, b)),
                fit,
                trial: sample.answered[j] < SETTLED as f64,
            }
        })
        .collect();
    let minus2 = -2.0 * state.at.log_likelihood;
    let left_out = (0..responses.items.len()).filter(|j| !sample.items.contains(j));
    Calibration {
        model,
        persons: sample.persons as u64,
        patterns: sample.masks.iter().map(|m| m.patterns.len()).sum(),
        log_likelihood: state.at.log_likelihood,
        parameters: size,
        aic: minus2 + 2.0 * size as f64,
        bic: minus2 + size as f64 * sample.persons.ln(),
        em_steps: state.em,
        newton_steps: state.newton,
        converged,
        items,
        left_out: left_out.map(|j| responses.items[j].clone()).collect(),
        covariance,
    }
}
