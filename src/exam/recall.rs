//! What a person is about to forget: FSRS-6, for answers that are right or wrong. Why it is written here and not taken
//! from a crate stands in `docs/adr`.
//!
//! A memory has a stability (days until it is recalled in nine of ten cases) and a difficulty from 1 to 10. Days are
//! whole; a second answer on the same day counts less.

use crate::day::Day;

/// The published default parameters of FSRS-6, w0 to w20. Those for “hard” and “easy” are not asked for here, but for
/// w4 and w5, to which difficulty returns.
const W: [f64; 21] = [
    0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, 0.2629,
    1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542,
];
/// Recall at which a question is asked again.
pub const RETENTION: f64 = 0.9;
/// Days, at most, until it is.
const LONGEST: i64 = 3_650;
/// Least stability, in days.
const LEAST: f64 = 0.001;
/// Persons that a group must have before anything is said of it.
pub const FEWEST: usize = 10;

/// Grades of the model that right and wrong stand for.
const WRONG: f64 = 1.0;
const RIGHT: f64 = 3.0;
const EASY: f64 = 4.0;

/// What is left of a question in a person's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Days until it is recalled in nine of ten cases.
    pub stability: f64,
    /// From 1 to 10.
    pub difficulty: f64,
}

fn first_difficulty(grade: f64) -> f64 {
    W[4] - (W[5] * (grade - 1.0)).exp() + 1.0
}

/// The curve that passes through nine tenths at the stability.
fn factor() -> f64 {
    0.9_f64.powf(-1.0 / W[20]) - 1.0
}

impl Memory {
    /// After the first answer.
    pub fn first(right: bool) -> Memory {
        let (stability, grade) = if right { (W[2], RIGHT) } else { (W[0], WRONG) };
        Memory { stability, difficulty: first_difficulty(grade).clamp(1.0, 10.0) }
    }

    /// Probability that it is recalled after so many days.
    pub fn recall(self, days: i64) -> f64 {
        (1.0 + factor() * days.max(0) as f64 / self.stability).powf(-W[20])
    }

    /// After another answer, so many days later.
    #[must_use]
    pub fn after(self, days: i64, right: bool) -> Memory {
        let grade = if right { RIGHT } else { WRONG };
        let Memory { stability: s, difficulty: d } = self;
        let r = self.recall(days);
        let stability = if days < 1 {
            let change = (W[17] * (grade - 3.0 + W[18])).exp() * s.powf(-W[19]);
            s * if right { change.max(1.0) } else { change }
        } else if right {
            s * (1.0 + W[8].exp() * (11.0 - d) * s.powf(-W[9]) * ((W[10] * (1.0 - r)).exp() - 1.0))
        } else {
            let left = W[11] * d.powf(-W[12]) * ((s + 1.0).powf(W[13]) - 1.0) * (W[14] * (1.0 - r)).exp();
            left.min(s / (W[17] * W[18]).exp())
        };
        let moved = d - W[6] * (grade - 3.0) * (10.0 - d) / 9.0;
        let difficulty = W[7] * first_difficulty(EASY) + (1.0 - W[7]) * moved;
        Memory { stability: stability.max(LEAST), difficulty: difficulty.clamp(1.0, 10.0) }
    }

    /// Days until it is to be asked again, at least one.
    pub fn interval(self, retention: f64) -> i64 {
        let days = self.stability / factor() * (retention.clamp(0.5, 0.99).powf(-1.0 / W[20]) - 1.0);
        (days.round() as i64).clamp(1, LONGEST)
    }
}

/// A question that a person has answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Seen {
    /// Its number.
    pub question: i64,
    /// The day of the last answer.
    pub last: Day,
    /// What is left of it.
    pub memory: Memory,
}

/// The person's question of a day: of those that are due, the one most nearly forgotten; else one that was never asked,
/// in the order of the plan; else none. Mistakes come back by themselves, since little is left of them.
pub fn of_the_day(seen: &[Seen], fresh: &[i64], today: Day) -> Option<i64> {
    let days = |s: &Seen| i64::from(today.0 - s.last.0);
    let due = seen.iter().filter(|s| days(s) >= s.memory.interval(RETENTION));
    let recall = |s: &Seen| s.memory.recall(days(s));
    let worst = due.min_by(|a, b| recall(a).total_cmp(&recall(b)).then(a.question.cmp(&b.question)));
    worst.map(|s| s.question).or_else(|| fresh.iter().copied().find(|q| !seen.iter().any(|s| s.question == *q)))
}

/// Readiness of a group in a topic: the mean of its persons' recall. None for fewer than [`FEWEST`] persons, so that
/// nobody is seen in it.
pub fn readiness(of_persons: &[f64]) -> Option<f64> {
    (of_persons.len() >= FEWEST).then(|| of_persons.iter().sum::<f64>() / of_persons.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(answers: &[(i64, bool)]) -> Memory {
        let first = Memory::first(answers[0].1);
        answers[1..].iter().fold(first, |m, (days, right)| m.after(*days, *right))
    }

    /// The test values that py-fsrs 6 and fsrs-rs publish for their defaults.
    #[test]
    fn the_published_values() {
        let m = walk(&[(0, false), (0, true), (1, true), (3, true), (8, true), (21, true)]);
        assert!((m.stability - 53.62691).abs() < 1e-4 && (m.difficulty - 6.357_486_7).abs() < 1e-4, "{m:?}");
        // Asked again whenever it is due. After the first answer and after wrong ones these ask again on the same day.
        let rights = [true, true, true, true, true, true, false, false, true, true, true, true, true];
        let mut memory: Option<Memory> = None;
        let (mut days, mut all) = (0, Vec::new());
        for (i, right) in rights.into_iter().enumerate() {
            let now = memory.map_or_else(|| Memory::first(right), |m| m.after(days, right));
            days = if i == 0 || !right { 0 } else { now.interval(0.9) };
            all.push(days);
            memory = Some(now);
        }
        assert_eq!(all, [0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21]);
        for (right, wanted) in [(false, 6.4133), (true, 2.118_103_97)] {
            assert!((Memory::first(right).difficulty - wanted).abs() < 1e-6);
        }
    }

    proptest! {
        #[test]
        fn right_lasts_longer_and_time_wears(answers in prop::collection::vec((0_i64..400, any::<bool>()), 1..30), days in 0_i64..1000) {
            let m = walk(&answers);
            prop_assert!(m.stability >= LEAST && m.stability.is_finite() && (1.0..=10.0).contains(&m.difficulty));
            prop_assert!(m.after(days, true).stability >= m.after(days, false).stability);
            prop_assert!(m.recall(days) >= m.recall(days + 1) && (0.0..=1.0).contains(&m.recall(days)));
            prop_assert!((m.recall(m.stability.round() as i64) - 0.9).abs() < 0.11 || m.stability < 5.0);
            prop_assert!(m.interval(0.9) >= 1 && m.interval(0.95) <= m.interval(0.8));
        }
    }

    #[test]
    fn the_question_of_a_day() {
        let seen = |question, last, right| Seen { question, last: Day(last), memory: Memory::first(right) };
        let all = [seen(1, 100, true), seen(2, 100, false)];
        // The mistake comes back first; nothing is due on the same day, so that a new one is asked.
        assert_eq!(of_the_day(&all, &[7], Day(101)), Some(2));
        assert_eq!(of_the_day(&all, &[1, 7], Day(100)), Some(7));
        assert_eq!(of_the_day(&all, &[1, 2], Day(100)), None);
        assert_eq!(of_the_day(&all[..1], &[7], Day(102)), Some(1));
        assert_eq!(of_the_day(&[], &[], Day(1)), None);
    }

    #[test]
    fn nobody_is_seen_in_a_group() {
        assert_eq!(readiness(&[0.5; 9]), None);
        assert_eq!(readiness(&[0.5; 10]), Some(0.5));
    }
}
