//! Verdicts in a form that every peer can give, and one number for all of them, so that two peers can be held against
//! each other to the last verdict.

use std::collections::BTreeMap;

/// Every step of the digest stays below 2⁶², so that any SQL can compute it.
const MODULUS: i64 = 2_147_483_647;
const FACTOR: i64 = 1_000_003;

/// 达标, 未达标, 数据不足: no other state comes up once all windows have shut.
pub(crate) const PASS: i64 = 1;
/// See [`PASS`].
pub(crate) const FAIL: i64 = 0;
/// See [`PASS`].
pub(crate) const UNKNOWN: i64 = 2;

/// How many, and the sum of their digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    /// How many.
    pub(crate) count: i64,
    /// Their sum, in whatever order they came.
    pub(crate) sum: i64,
}

impl Digest {
    /// Takes in one tuple.
    pub(crate) fn add(&mut self, tuple: &[i64]) {
        self.count += 1;
        self.sum += tuple.iter().fold(0, |h, x| (h * FACTOR + x) % MODULUS);
    }
}

/// One requirement in one window on one person: all small numbers, so that they fit any database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leaf {
    /// Number of the requirement, from 1.
    pub(crate) requirement: i64,
    /// Number of the window within the year: 1…12, 1…4, 1…2, 1.
    pub(crate) window: i64,
    /// Record id.
    pub(crate) person: i64,
    /// Record id of the unit on the window's last day.
    pub(crate) unit: i64,
    /// As counted.
    pub(crate) num: i64,
    /// As counted.
    pub(crate) den: i64,
    /// The state.
    pub(crate) state: i64,
}

/// Passes, judged, Σ numerators and Σ denominators of one requirement in one window of one unit.
pub(crate) type Sums = [i64; 4];

/// All that a judgement comes to.
#[derive(Default)]
pub(crate) struct Totals {
    leaves: Digest,
    states: [i64; 3],
    /// By unit, requirement and window; dense, so that counting costs next to nothing beside judging.
    units: Vec<[Sums; PLACES]>,
}

/// Requirements × windows of a year.
const PLACES: usize = 10 * 12;

/// The requirement whose roll-up is `pool`, and its target in percent.
const POOL: (i64, i64) = (10, 70);

impl Totals {
    /// Takes in a verdict for the digest.
    pub(crate) fn digest(&mut self, l: &Leaf) {
        self.leaves.add(&[l.requirement, l.window, l.person, l.num, l.den, l.state]);
    }

    /// Counts a verdict towards the roll-ups.
    pub(crate) fn count(&mut self, l: &Leaf) {
        self.states[l.state as usize] += 1;
        if self.units.len() <= l.unit as usize {
            self.units.resize(l.unit as usize + 1, [Sums::default(); PLACES]);
        }
        let sums = &mut self.units[l.unit as usize][((l.requirement - 1) * 12 + l.window - 1) as usize];
        sums[0] += i64::from(l.state == PASS);
        sums[1] += 1;
        sums[2] += l.num;
        sums[3] += l.den;
    }

    /// Prints the counts and digests of verdicts, of the roll-ups of every unit, and of the units' scores.
    pub(crate) fn print(&self) {
        println!("verdicts={}", self.leaves.count);
        println!("verdicts_digest={}", self.leaves.sum);
        let [fail, pass, unknown] = self.states;
        println!("states=pass:{pass},fail:{fail},unknown:{unknown}");
        let (mut rollups, mut indicators) = (Digest::default(), BTreeMap::<(i64, i64), (i64, i64)>::new());
        let places = self.units.iter().enumerate().flat_map(|(u, of)| of.iter().enumerate().map(move |p| (u, p)));
        for (unit, (place, [passed, judged, num, den])) in places.filter(|(_, (_, sums))| sums[1] > 0) {
            let (unit, requirement, window) = (unit as i64, (place / 12 + 1) as i64, (place % 12 + 1) as i64);
            let pool = requirement == POOL.0;
            let (num, den) = if pool { (*num, *den) } else { (*passed, *judged) };
            let met = if pool { 100 * num >= POOL.1 * den } else { num == den };
            rollups.add(&[requirement, window, unit, num, den, i64::from(met)]);
            let year = indicators.entry((unit, requirement)).or_default();
            *year = (year.0 + num, year.1 + den);
        }
        println!("rollups={}", rollups.count);
        println!("rollups_digest={}", rollups.sum);
        // The score of a unit: ten points an indicator, each the share of the year; to four places, rounded down.
        let mut scores = BTreeMap::<i64, i64>::new();
        for ((unit, _), (num, den)) in &indicators {
            *scores.entry(*unit).or_default() += 100_000 * num / den;
        }
        let mut digest = Digest::default();
        scores.iter().for_each(|(unit, score)| digest.add(&[*unit, *score]));
        println!("indicators={}", indicators.len());
        println!("scores={}", digest.count);
        println!("scores_digest={}", digest.sum);
    }
}
