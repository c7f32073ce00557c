//! Answers arranged for the estimation: patterns with the same questions answered lie together.

use std::collections::{BTreeMap, HashMap};

use crate::exam::answers::{Answer, Responses};

/// Patterns whose persons answered the same questions.
#[derive(Debug)]
pub(super) struct Mask {
    /// Questions answered, ascending, by their place among the calibrated ones.
    pub(super) answered: Vec<usize>,
    /// Its patterns.
    pub(super) patterns: Vec<Marks>,
}

/// One pattern.
#[derive(Debug)]
pub(super) struct Marks {
    /// Questions answered rightly, by their place in [`Mask::answered`].
    pub(super) right: Vec<usize>,
    /// Persons.
    pub(super) weight: f64,
}

/// All answers to the questions that can be calibrated.
#[derive(Debug)]
pub(super) struct Sample {
    /// Places of these questions in the table of answers.
    pub(super) items: Vec<usize>,
    /// In the order of their first pattern.
    pub(super) masks: Vec<Mask>,
    /// Right answers a question.
    pub(super) right: Vec<f64>,
    /// Answers a question.
    pub(super) answered: Vec<f64>,
    /// Persons with at least one answer.
    pub(super) persons: f64,
}

impl Sample {
    /// Leaves out questions that nobody answered, or all alike: their difficulty has no end.
    pub(super) fn of(responses: &Responses) -> Sample {
        let all = responses.items.len();
        let (mut right, mut answered) = (vec![0.0; all], vec![0.0; all]);
        for pattern in &responses.patterns {
            for (j, answer) in pattern.answers.iter().enumerate() {
                let w = pattern.persons as f64;
                right[j] += if *answer == Answer::Right { w } else { 0.0 };
                answered[j] += if *answer == Answer::Missing { 0.0 } else { w };
            }
        }
        let items: Vec<usize> = (0..all).filter(|j| right[*j] > 0.0 && right[*j] < answered[*j]).collect();
        let mut rows: BTreeMap<Vec<usize>, HashMap<Vec<usize>, f64>> = BTreeMap::new();
        for pattern in &responses.patterns {
            let there = |k: &usize| pattern.answers[items[*k]] != Answer::Missing;
            let mask: Vec<usize> = (0..items.len()).filter(there).collect();
            if mask.is_empty() {
                continue;
            }
            let hits = mask.iter().enumerate().filter(|(_, k)| pattern.answers[items[**k]] == Answer::Right);
            let hits: Vec<usize> = hits.map(|(place, _)| place).collect();
            *rows.entry(mask).or_default().entry(hits).or_default() += pattern.persons as f64;
        }
        let masks: Vec<Mask> = rows
            .into_iter()
            .map(|(answered, patterns)| {
                let mut patterns: Vec<Marks> =
                    patterns.into_iter().map(|(right, weight)| Marks { right, weight }).collect();
                // One order, so that sums round alike every time.
                patterns.sort_unstable_by(|a, b| a.right.cmp(&b.right));
                Mask { answered, patterns }
            })
            .collect();
        let persons = masks.iter().flat_map(|m| &m.patterns).map(|p| p.weight).sum();
        let of = |all: &[f64]| items.iter().map(|j| all[*j]).collect();
        Sample { right: of(&right), answered: of(&answered), items, masks, persons }
    }

    /// Questions.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }
}
