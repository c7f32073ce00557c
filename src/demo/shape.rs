//! How many organs, 科室 and persons a city of so many persons has.

use super::{profile::DISTRICTS, rng::Rng};

/// Fewer persons than this are not a city.
pub const LEAST: usize = 600;

/// Numbers of a city. It holds nothing per person, so that a city of a million fits as well.
pub(super) struct Shape {
    /// The 市发改委 and the 区县.
    pub(super) organs: Vec<Organ>,
}

/// Numbers of an organ.
pub(super) struct Organ {
    /// Deputies of the chief.
    pub(super) deputies: u32,
    /// Persons of each 科室, its head included.
    pub(super) sections: Vec<u32>,
    /// Persons of the organs before it.
    pub(super) before: u64,
}

impl Organ {
    /// Persons that begin the year or join in it.
    pub(super) fn persons(&self) -> u32 {
        1 + self.deputies + self.sections.iter().sum::<u32>()
    }

    /// Running number (from 0) of the head of the `section`th 科室 (from 1); its staff follow.
    pub(super) fn head(&self, section: u32) -> u32 {
        1 + self.deputies + self.sections.iter().take(section as usize - 1).sum::<u32>()
    }
}

/// The shape of a city of `people` persons, exactly so many from [`LEAST`] on. With more persons the 区县, the 科室 of
/// each organ and the persons of each 科室 grow alike, with the cube root.
pub(super) fn shape(seed: u64, people: usize) -> Shape {
    let people = people.max(LEAST) as u64;
    let growth = growth(people);
    let scaled = |n: u64| n * growth / 1000;
    let districts = scaled(DISTRICTS as u64);
    let mut organs = vec![Organ { deputies: 4, sections: vec![0; scaled(9) as usize], before: 0 }];
    for d in 0..districts {
        let sections = [4, 5, 6, 5, 4, 6, 5, 6, 4, 5, 6, 4][d as usize % DISTRICTS];
        organs.push(Organ { deputies: 3, sections: vec![0; scaled(sections) as usize], before: 0 });
    }
    let leaders: u64 = organs.iter().map(|o| u64::from(o.deputies) + 1).sum();
    let count: u64 = organs.iter().map(|o| o.sections.len() as u64).sum();
    let (each, rest) = ((people - leaders) / count, (people - leaders) % count);
    let mut sizes: Vec<u32> = (0..count).map(|i| (each + u64::from(i < rest)) as u32).collect();
    let mut rng = Rng::of(&[seed, 1]);
    for pair in sizes.chunks_exact_mut(2) {
        let shift = rng.below(each / 4) as u32;
        (pair[0], pair[1]) = (pair[0] + shift, pair[1] - shift);
    }
    let mut sizes = sizes.into_iter();
    let mut before = 0;
    for organ in &mut organs {
        organ.sections.iter_mut().zip(&mut sizes).for_each(|(s, size)| *s = size);
        organ.before = before;
        before += u64::from(organ.persons());
    }
    Shape { organs }
}

/// Cube root of `people` ÷ 1000 in thousandths, at least 1000.
fn growth(people: u64) -> u64 {
    let (mut low, mut high) = (1000_u64, 1_000_000);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if u128::from(middle).pow(3) <= u128::from(people) * 1_000_000 { low = middle } else { high = middle - 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_has_exactly_the_persons_asked_for() {
        for people in [LEAST, 1000, 1001, 20_000, 1_000_000] {
            let shape = shape(1, people);
            let all: usize = shape.organs.iter().map(|o| o.persons() as usize).sum();
            assert_eq!(all, people);
            assert!(shape.organs.iter().flat_map(|o| &o.sections).all(|s| *s >= 7), "{people}");
        }
    }

    #[test]
    fn the_small_city_has_nine_and_four_to_six_sections() {
        let shape = shape(1, 1000);
        assert_eq!((shape.organs.len(), shape.organs[0].sections.len()), (13, 9));
        assert!(shape.organs[1..].iter().all(|o| (4..=6).contains(&o.sections.len())));
        let large = super::shape(1, 1_000_000);
        assert_eq!((large.organs.len(), large.organs[0].sections.len()), (121, 90));
    }
}
