//! The observed information of all parameters by Louis's identity (1982), exactly: the expected information of the
//! complete data less the posterior covariance of its score. Order: intercepts, then slopes.
//!
//! Oakes' and the cross-product form need less code; this one serves twice, as the matrix of Newton's steps and for
//! the standard errors, and it does not lean on the model being true, as cross-products do.

use super::{
    Curve, Grid, Model,
    expect::{Posterior, costs},
    sample::{Mask, Sample},
};

/// Mass below which a point of the quadrature counts as empty for a mask.
const EMPTY: f64 = 1e-13;

/// Sums over the patterns of one mask; questions by their place in it.
struct Sums {
    n: usize,
    /// Persons at each point.
    mass: Vec<f64>,
    /// Persons at each point who were right; a point after the other.
    right: Vec<f64>,
    /// Both right, weighted with 1, E θ, E θ².
    both: [Vec<f64>; 3],
    /// Sum of products of the scores' posterior means.
    outer: Vec<f64>,
}

/// The matrix, row by row, of 2·questions.
pub(super) fn observed(sample: &Sample, curves: &[Curve], grid: &Grid) -> Vec<f64> {
    let all = curves.len();
    let cost = costs(curves, grid);
    // A point after the other: the inner loops go over questions.
    let chance: Vec<f64> = grid.theta.iter().flat_map(|t| curves.iter().map(|c| c.right(*t))).collect();
    let mut matrix = vec![0.0; 4 * all * all];
    let mut posterior = Posterior::new(curves, grid);
    for mask in &sample.masks {
        posterior.enter(mask, &cost);
        let p: Vec<f64> = chance.chunks(all).flat_map(|row| mask.answered.iter().map(|j| row[*j])).collect();
        let sums = gather(mask, &mut posterior, grid, &p);
        spread(&mut matrix, all, mask, &sums, grid, &p);
    }
    matrix
}

fn gather(mask: &Mask, posterior: &mut Posterior<'_>, grid: &Grid, p: &[f64]) -> Sums {
    let (n, points) = (mask.answered.len(), grid.theta.len());
    let mut sums = Sums {
        n,
        mass: vec![0.0; points],
        right: vec![0.0; points * n],
        both: [vec![0.0; n * n], vec![0.0; n * n], vec![0.0; n * n]],
        outer: vec![0.0; 4 * n * n],
    };
    let mut score = vec![0.0; 2 * n];
    for marks in &mask.patterns {
        posterior.of(mask, marks);
        score.fill(0.0);
        let mut moments = [0.0; 3];
        for (q, (w, theta)) in posterior.weight.iter().zip(&grid.theta).enumerate().filter(|(_, (w, _))| **w > 0.0) {
            sums.mass[q] += marks.weight * w;
            for place in &marks.right {
                sums.right[q * n + place] += marks.weight * w;
            }
            moments[0] += w;
            moments[1] += w * theta;
            moments[2] += w * theta * theta;
            let (by_intercept, by_slope) = score.split_at_mut(n);
            let wt = w * theta;
            for ((c, a), p) in by_intercept.iter_mut().zip(by_slope).zip(&p[q * n..(q + 1) * n]) {
                *c -= w * p;
                *a -= wt * p;
            }
        }
        for place in &marks.right {
            score[*place] += moments[0];
            score[n + place] += moments[1];
        }
        for (both, moment) in sums.both.iter_mut().zip(moments) {
            let w = marks.weight * moment;
            for i in &marks.right {
                for j in &marks.right {
                    both[i * n + j] += w;
                }
            }
        }
        for i in 0..2 * n {
            let w = marks.weight * score[i];
            for (sum, s) in sums.outer[i * 2 * n..i * 2 * n + i + 1].iter_mut().zip(&score) {
                *sum += w * s;
            }
        }
    }
    sums
}

/// Adds what a mask says to the whole matrix.
fn spread(matrix: &mut [f64], all: usize, mask: &Mask, sums: &Sums, grid: &Grid, p: &[f64]) {
    let n = sums.n;
    let total: f64 = sums.mass.iter().sum();
    // E[SSᵀ] = both − Z − Zᵀ with Z = Σ θᵏ P (right − P·mass/2), and the expected information on the diagonal.
    let mut z = [vec![0.0; n * n], vec![0.0; n * n], vec![0.0; n * n]];
    let mut own = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
    let mut u = vec![0.0; n];
    for (q, theta) in grid.theta.iter().enumerate().filter(|(q, _)| sums.mass[*q] > EMPTY * total) {
        let (p, right) = (&p[q * n..(q + 1) * n], &sums.right[q * n..(q + 1) * n]);
        for ((u, p), right) in u.iter_mut().zip(p).zip(right) {
            *u = right - p * sums.mass[q] / 2.0;
        }
        for (k, power) in [1.0, *theta, theta * theta].into_iter().enumerate() {
            for (i, p) in p.iter().enumerate() {
                let w = power * p;
                for (z, u) in z[k][i * n..(i + 1) * n].iter_mut().zip(&u) {
                    *z += w * u;
                }
                own[k][i] += power * sums.mass[q] * p * (1.0 - p);
            }
        }
    }
    for i in 0..2 * n {
        for j in 0..=i {
            let (a, b) = (i % n, j % n);
            // Intercept with intercept, with slope, slope with slope: powers 0, 1, 2 of ability.
            let k = i / n + j / n;
            let square = sums.both[k][a * n + b] - z[k][a * n + b] - z[k][b * n + a];
            let complete = if a == b { own[k][a] } else { 0.0 };
            let value = complete - square + sums.outer[i * 2 * n + j];
            let place = |i: usize| (i / n) * all + mask.answered[i % n];
            let (row, column) = (place(i), place(j));
            matrix[row * 2 * all + column] += value;
            if i != j {
                matrix[column * 2 * all + row] += value;
            }
        }
    }
}

/// What belongs to the free parameters of a model: in 1PL the slopes are one, and stand for it in sum.
pub(super) fn free_matrix(model: Model, matrix: Vec<f64>, n: usize) -> (Vec<f64>, usize) {
    if model == Model::TwoPl {
        return (matrix, 2 * n);
    }
    let size = n + 1;
    let mut free = vec![0.0; size * size];
    for i in 0..2 * n {
        for j in 0..2 * n {
            free[i.min(n) * size + j.min(n)] += matrix[i * 2 * n + j];
        }
    }
    (free, size)
}

/// The same of a gradient.
pub(super) fn free_vector(model: Model, vector: &[f64], n: usize) -> Vec<f64> {
    match model {
        Model::TwoPl => vector.to_vec(),
        Model::Rasch => vector[..n].iter().copied().chain([vector[n..].iter().sum()]).collect(),
    }
}
