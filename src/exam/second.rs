//! A second form of a test (补考卷): some questions of the first, by which both are brought onto one scale, the rest anew.

use std::collections::{BTreeMap, BTreeSet};

use super::paper::{self, Chosen, Shared};
use crate::{
    questions::{Kind, bank::Kept},
    splitmix::SplitMix,
};

/// Questions that are shared at least.
pub const FEWEST: usize = 5;

/// How many questions of a paper are usually shared: a third, [`FEWEST`] at least.
pub fn usual(questions: usize) -> usize {
    questions.div_ceil(3).max(FEWEST)
}

/// What a second form may share with a first one: questions that are in the bank as they were asked, that count (`out` names
/// the places of those that do not) and that no person has to mark. Those of each kind come in turn, in an order of chance,
/// so that however many are taken they are spread as the first form is.
pub fn shared(first: &[Chosen], out: &BTreeSet<usize>, bank: &[Kept], count: usize, seed: u64) -> Shared {
    let stands = |c: &Chosen| bank.iter().any(|k| k.number == c.number && k.version == c.version);
    let mut sections: BTreeMap<(Kind, u32), Vec<(i64, i64)>> = BTreeMap::new();
    for (place, c) in first.iter().enumerate() {
        if c.question.kind != Kind::Short && !out.contains(&place) && stands(c) {
            sections.entry((c.question.kind, c.marks)).or_default().push((c.number, c.version));
        }
    }
    let mut numbers = SplitMix(seed);
    let mut spread: Vec<(f64, (i64, i64))> = Vec::new();
    for mut section in sections.into_values() {
        for i in (1..section.len()).rev() {
            section.swap(i, numbers.below(i as u64 + 1) as usize);
        }
        let n = section.len() as f64;
        spread.extend(section.into_iter().enumerate().map(|(i, q)| ((i as f64 + 0.5) / n, q)));
    }
    spread.sort_by(|a, b| a.0.total_cmp(&b.0));
    let from = spread.into_iter().map(|(_, q)| q).collect();
    Shared { from, count, never: first.iter().map(|c| c.number).collect() }
}

/// A blueprint by which such a paper could have been chosen, as it is typed: how many of each kind for how many marks. For a
/// test whose own is not known.
pub fn blueprint(first: &[Chosen]) -> String {
    let mut rows: BTreeMap<(Kind, u32), usize> = BTreeMap::new();
    for c in first {
        *rows.entry((c.question.kind, c.marks)).or_default() += 1;
    }
    paper::blueprint_text(rows.into_iter().map(|((kind, each), n)| (kind, n, each)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::paper::{Wanted, choose, choose_sharing},
        *,
    };
    use crate::questions::{Answer, Question, Weight};

    fn bank(singles: usize, trues: usize) -> Vec<Kept> {
        let one = |n: usize| {
            let kind = if n < singles { Kind::Single } else { Kind::TrueFalse };
            let answers = vec![Answer::new("对", Weight::FULL), Answer::new("错", Weight::NONE)];
            let question =
                Question { source: "二（一）二".into(), ..Question::new(kind, format!("第{n}问"), answers) };
            Kept { number: n as i64 + 1, version: 1, question, retired: None }
        };
        (0..singles + trues).map(one).collect()
    }

    fn row(kind: Option<Kind>, count: usize) -> Wanted {
        Wanted { row: 2, topic: None, kind, difficulty: None, count, marks: 20 }
    }

    #[test]
    fn a_second_form_shares_as_many_as_are_asked_for_and_no_more() {
        let bank = bank(40, 20);
        let wanted = [row(Some(Kind::Single), 12), row(None, 6)];
        for seed in 0..40 {
            let first = choose(&wanted, &bank, seed).unwrap();
            for count in [5, 6, 9] {
                let shared = shared(&first, &BTreeSet::new(), &bank, count, seed);
                let second = choose_sharing(&wanted, &bank, &shared, seed + 1).unwrap();
                let numbers = |p: &[Chosen]| p.iter().map(|c| c.number).collect::<BTreeSet<_>>();
                assert_eq!((second.len(), numbers(&second).len()), (18, 18));
                assert_eq!(numbers(&first).intersection(&numbers(&second)).count(), count);
                let singles = second.iter().filter(|c| c.question.kind == Kind::Single).count();
                assert!(singles >= 12, "{singles}");
            }
        }
        assert_eq!([usual(3), usual(15), usual(16), usual(40)], [5, 5, 6, 14]);
    }

    #[test]
    fn what_cannot_be_shared_is_told() {
        let mut bank = bank(12, 0);
        let wanted = [row(Some(Kind::Single), 8)];
        let first = choose(&wanted, &bank, 3).unwrap();
        // One counts for nobody, one has been mended since.
        let mended = first[1].number;
        bank.iter_mut().filter(|k| k.number == mended).for_each(|k| k.version = 2);
        let may = shared(&first, &[0].into(), &bank, 7, 3);
        assert_eq!(may.from.len(), 6);
        let told = choose_sharing(&wanted, &bank, &may, 4).unwrap_err();
        assert!(told[0].reason.contains("有6道，要7道作共同题"), "{told:?}");
        // 4 others are left for the 3 places that remain beside 5 shared ones, not for 4 beside 4 of another kind.
        let five = shared(&first, &[0].into(), &bank, 5, 3);
        assert_eq!(choose_sharing(&wanted, &bank, &five, 4).unwrap().len(), 8);
        let more = [row(Some(Kind::Single), 10)];
        let told = choose_sharing(&more, &bank, &five, 4).unwrap_err();
        assert!(told[0].reason.contains("第一卷的题除共同题外不再用"), "{told:?}");
        let table = crate::sheet::read(std::io::Cursor::new(blueprint(&first).into_bytes()), &Default::default());
        assert_eq!(super::super::paper::blueprint(&table.unwrap()).unwrap()[0].count, 8);
    }
}
