//! What the demo draws: a stream of numbers for each thing.

use crate::splitmix::SplitMix;

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(super) struct Rng(SplitMix);

impl Rng {
    /// The stream of these words. Each thing in the city has a stream of its own, so that one more record of one thing
    /// moves no number of another.
    pub(super) fn of(words: &[u64]) -> Rng {
        let mut rng = Rng(SplitMix(0));
        for word in words {
            rng.0.0 ^= *word;
            rng.0.0 = rng.0.draw();
        }
        rng
    }

    /// A number from 0 to `n` − 1; 0 when `n` is 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0.below(n)
    }

    /// A number from one to another, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1).max(1) as u64) as i64
    }

    /// True in so many of a thousand cases.
    pub(super) fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of these.
    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut rng = Rng::of(&[7, 7]);
        let seen: std::collections::BTreeSet<i64> = (0..200).map(|_| rng.between(-2, 2)).collect();
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2]);
        assert_eq!(Rng::of(&[1]).below(0), 0);
    }
}
