//! Made-up answers with a known truth, the same for the same seed.

use dongliang::{
    exam::{
        answers::{Answer, Responses},
        irt::Curve,
    },
    splitmix::SplitMix,
};

/// Uniform and normal numbers of a stream.
pub(crate) struct Rng(SplitMix);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(SplitMix(seed))
    }

    /// Between 0 and 1, neither included.
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.0.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// Standard normal (Box and Muller).
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// Questions with slopes between 0.6 and 1.8 and difficulties between −2 and 2.
pub(crate) fn questions(rng: &mut Rng, n: usize) -> Vec<Curve> {
    let difficulty = |i: usize| -2.0 + 4.0 * i as f64 / (n - 1) as f64;
    (0..n).map(|i| Curve::new(0.6 + 1.2 * rng.unit(), difficulty(i))).collect()
}

/// Answers of a person.
pub(crate) fn answers(rng: &mut Rng, curves: &[Curve], theta: f64) -> Vec<Answer> {
    curves.iter().map(|c| if rng.unit() < c.right(theta) { Answer::Right } else { Answer::Wrong }).collect()
}

/// Answers of these persons to questions `q0`, `q1`, … or as they are named.
pub(crate) fn sit(rng: &mut Rng, names: &[String], curves: &[Curve], thetas: &[f64]) -> Responses {
    let rows: Vec<_> = thetas.iter().map(|t| (answers(rng, curves, *t), 1)).collect();
    Responses::collect(names.to_vec(), rows)
}

pub(crate) fn names(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|i| format!("q{i}")).collect()
}
