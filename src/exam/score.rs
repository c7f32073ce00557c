//! What answers earn. Marks are exact: ten-thousandths of a mark in sums, and of a point where the score is of 100.

use crate::questions::{Kind, Question};

/// Marks as they are summed: a mark is 10,000.
pub const MARK: i64 = 10_000;
/// Full marks of a score of 100, in its ten-thousandths.
pub const HUNDRED: i64 = 100 * 10_000;

/// What an answer is, read from its stored text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Options by their places in the question, in rising order.
    Chosen(Vec<usize>),
    /// What was typed.
    Typed(String),
}

impl Given {
    /// As it is stored: `0,2`, or the text.
    pub fn stored(&self) -> String {
        match self {
            Given::Chosen(places) => places.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
            Given::Typed(text) => text.clone(),
        }
    }

    /// Reads [`Given::stored`] as an answer to a kind of question.
    pub fn read(kind: Kind, stored: &str) -> Given {
        if takes_options(kind) {
            Given::Chosen(stored.split(',').filter_map(|p| p.parse().ok()).collect())
        } else {
            Given::Typed(stored.to_owned())
        }
    }

    /// Nothing was chosen or typed.
    pub fn is_empty(&self) -> bool {
        match self {
            Given::Chosen(places) => places.is_empty(),
            Given::Typed(text) => text.trim().is_empty(),
        }
    }
}

/// Whether it is answered by choosing.
pub fn takes_options(kind: Kind) -> bool {
    kind.has_options() || kind == Kind::TrueFalse
}

/// What an answer earns of `marks` (tenths of a mark), in ten-thousandths of a mark; `None` where a person has to say.
/// Parts of a ten-thousandth go down, as a pass must not come from rounding.
pub fn earned(question: &Question, given: &Given, marks: u32) -> Option<i64> {
    let full = i64::from(marks) * (MARK / 10);
    let weight: i64 = match given {
        _ if given.is_empty() => 0,
        Given::Typed(_) if question.kind == Kind::Short => return None,
        Given::Typed(text) => question.earned(text).parts(),
        Given::Chosen(places) => {
            places.iter().filter_map(|p| question.answers.get(*p)).map(|a| a.weight.parts()).sum::<i64>()
        }
    };
    // Weights of a 多选题 may come to 99.99999%: all right ones and no wrong one are all marks.
    if let Given::Chosen(places) = given
        && question.kind == Kind::Multiple
        && is_right(question, places)
    {
        return Some(full);
    }
    let all = crate::questions::Weight::FULL.parts();
    Some(full * weight.clamp(0, all) / all)
}

fn is_right(question: &Question, places: &[usize]) -> bool {
    (0..question.answers.len()).all(|i| places.contains(&i) == (question.answers[i].weight.parts() > 0))
}

/// A sum of marks (ten-thousandths) as a score of 100 (ten-thousandths), downwards; nothing for a paper without marks.
pub fn of_hundred(sum: i64, full: i64) -> i64 {
    if full <= 0 { 0 } else { i64::try_from(i128::from(sum) * i128::from(HUNDRED) / i128::from(full)).unwrap_or(0) }
}

/// Ten-thousandths as they are written: `87.5`.
pub fn written(ten_thousandths: i64) -> String {
    let digits = format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000);
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::{Answer, Weight};

    fn w(text: &str) -> Weight {
        Weight::parse(text).unwrap()
    }

    fn of(kind: Kind, weights: &[&str]) -> Question {
        let answers = weights.iter().enumerate().map(|(i, t)| Answer::new(format!("选项{i}"), w(t))).collect();
        Question::new(kind, "问", answers)
    }

    #[test]
    fn marks_by_hand() {
        let several = of(Kind::Multiple, &["33.33333", "33.33333", "33.33333", "-100"]);
        let chosen = |places: &[usize]| earned(&several, &Given::Chosen(places.to_vec()), 30);
        assert_eq!(chosen(&[0, 1, 2]), Some(30_000), "all of 3 marks, whatever the digits");
        assert_eq!(chosen(&[0]), Some(9_999), "a third, downwards");
        assert_eq!(chosen(&[0, 1, 2, 3]), Some(0), "a wrong one takes all");
        assert_eq!(chosen(&[3]), Some(0), "never below nothing");
        assert_eq!(chosen(&[]), Some(0));
        let one = of(Kind::Single, &["100", "50", "0"]);
        assert_eq!(earned(&one, &Given::Chosen(vec![1]), 25), Some(12_500));
        let short = Question::new(Kind::Short, "述", vec![]);
        assert_eq!(earned(&short, &Given::Typed("  ".into()), 100), Some(0));
        assert_eq!(earned(&short, &Given::Typed("因为".into()), 100), None);
        // 59.99999 of 100 is no 60.
        assert_eq!((of_hundred(599_999, 1_000_000), of_hundred(2, 3)), (599_999, 666_666));
        assert_eq!(
            (written(875_000), written(1_000_000), written(599_999)),
            ("87.5".into(), "100".into(), "59.9999".into())
        );
    }

    #[test]
    fn an_answer_comes_back() {
        for (kind, given) in [
            (Kind::Multiple, Given::Chosen(vec![0, 2])),
            (Kind::TrueFalse, Given::Chosen(vec![1])),
            (Kind::Single, Given::Chosen(vec![])),
            (Kind::Fill, Given::Typed("1,2".into())),
        ] {
            assert_eq!(Given::read(kind, &given.stored()), given);
        }
    }
}
