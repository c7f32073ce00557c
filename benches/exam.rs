//! What a calibration costs: 10,000 persons and 60 questions, whole and with one answer in four missing at random; and
//! reading 1,000 questions.
//!
//! `cargo bench --bench exam`

use divan::Bencher;
use dongliang::exam::{
    answers::{Answer, Responses},
    irt::{self, Curve, Model},
    items,
};
use dongliang::questions::{self, Format};
use dongliang::splitmix::SplitMix;

fn main() {
    divan::main();
}

struct Rng(SplitMix);

impl Rng {
    fn unit(&mut self) -> f64 {
        ((self.0.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (self.unit(), self.unit());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

fn made(missing: f64) -> Responses {
    let mut rng = Rng(SplitMix(7));
    let curves: Vec<Curve> = (0..60).map(|i| Curve::new(0.6 + 1.2 * rng.unit(), -2.0 + f64::from(i) / 15.0)).collect();
    let rows: Vec<(Vec<Answer>, u64)> = (0..10_000)
        .map(|_| {
            let theta = rng.normal();
            let mut answer = |c: &Curve| match rng.unit() < c.right(theta) {
                _ if rng.unit() < missing => Answer::Missing,
                true => Answer::Right,
                false => Answer::Wrong,
            };
            (curves.iter().map(&mut answer).collect(), 1)
        })
        .collect();
    Responses::collect((0..60).map(|i| format!("q{i}")).collect(), rows)
}

#[divan::bench(args = [Model::Rasch, Model::TwoPl], sample_count = 5)]
fn calibrate(bencher: Bencher<'_, '_>, model: Model) {
    let responses = made(0.0);
    bencher.bench(|| irt::calibrate(&responses, model));
}

#[divan::bench(args = [Model::Rasch, Model::TwoPl], sample_count = 3)]
fn calibrate_with_holes(bencher: Bencher<'_, '_>, model: Model) {
    let responses = made(0.25);
    bencher.bench(|| irt::calibrate(&responses, model));
}

#[divan::bench(sample_count = 5)]
fn classical(bencher: Bencher<'_, '_>) {
    let responses = made(0.0);
    bencher.bench(|| items::analyse(&responses));
}

#[divan::bench(sample_count = 20)]
fn gift_of_1000(bencher: Bencher<'_, '_>) {
    let text: String = (0..1000)
        .map(|i| {
            format!(
                "// 出处：二（一）三\n::题{i}::第{i}题：每季度至少组织几次现场教学？{{\n\t=一次#见二（一）三\n\t~两次\n\t~三次\n\t~四次\n}}\n\n"
            )
        })
        .collect();
    bencher.bench(|| questions::read(text.as_bytes(), Format::Gift, None));
}
