//! A question.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    image::Image,
    kind::{Difficulty, Kind, Markup},
    number::{Number, Weight},
    plain::plain,
};

/// An option, or something that is accepted in a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it says; of an accepted number nothing.
    pub text: String,
    /// Of an accepted number, from which to which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(Number, Number)>,
    /// Percent of the marks.
    pub weight: Weight,
    /// Told to who chose it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub feedback: String,
}

impl Answer {
    /// A text with its weight.
    pub fn new(text: impl Into<String>, weight: Weight) -> Answer {
        Answer { text: text.into(), range: None, weight, feedback: String::new() }
    }
}

/// A question. 判断题 has the two answers 对 and 错, 简答题 none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// How it is answered.
    pub kind: Kind,
    /// A short name; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What is asked.
    pub stem: String,
    /// How the texts are written.
    #[serde(default)]
    pub markup: Markup,
    /// Options, or what is accepted.
    pub answers: Vec<Answer>,
    /// Told to everybody afterwards (解析).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub feedback: String,
    /// Topic (主题); may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub topic: String,
    /// Difficulty as its author thinks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difficulty: Option<Difficulty>,
    /// The clause that it rests on (出处条款); without one nobody is asked it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Pictures, named in the texts as `@@PLUGINFILE@@/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

/// Characters of a text, at most.
const LONGEST: usize = 20_000;
/// Characters of title, topic and source.
const LONGEST_NAME: usize = 300;
/// Options, at most: as many as letters.
const MOST_OPTIONS: usize = 26;
/// The words of 判断题.
pub(super) const TRUE_FALSE: [&str; 2] = ["对", "错"];

impl Question {
    /// Whether persons may be asked it: it says on what it rests.
    pub fn askable(&self) -> bool {
        !self.source.is_empty()
    }

    /// Whether it asks the same with the same key; what it is filed under, and what is told afterwards, may differ.
    pub fn asks_the_same(&self, other: &Question) -> bool {
        let key = |a: &Answer, b: &Answer| (&a.text, a.range, a.weight) == (&b.text, b.range, b.weight);
        (self.kind, self.markup, &self.stem, &self.images) == (other.kind, other.markup, &other.stem, &other.images)
            && self.answers.len() == other.answers.len()
            && self.answers.iter().zip(&other.answers).all(|(a, b)| key(a, b))
    }

    /// The beginning of what is asked, on one line of at most `most` characters.
    pub fn brief(&self, most: usize) -> String {
        let line = plain(self.markup, &self.stem).split_whitespace().collect::<Vec<_>>().join(" ");
        match line.chars().count() > most {
            true => format!("{}……", line.chars().take(most.saturating_sub(2)).collect::<String>()),
            false => line,
        }
    }

    /// An empty one of a kind.
    pub fn new(kind: Kind, stem: impl Into<String>, answers: Vec<Answer>) -> Question {
        Question {
            kind,
            title: String::new(),
            stem: stem.into(),
            markup: Markup::Plain,
            answers,
            feedback: String::new(),
            topic: String::new(),
            difficulty: None,
            source: String::new(),
            images: Vec::new(),
        }
    }

    /// The two answers of 判断题.
    pub(super) fn true_false(right: bool, of_right: String, of_wrong: String) -> Vec<Answer> {
        let answer = |i: usize| {
            let is_right = (i == 0) == right;
            let weight = if is_right { Weight::FULL } else { Weight::NONE };
            let feedback = if is_right { &of_right } else { &of_wrong };
            Answer { feedback: feedback.clone(), ..Answer::new(TRUE_FALSE[i], weight) }
        };
        vec![answer(0), answer(1)]
    }

    /// Texts without blanks around them, names on one line.
    #[must_use]
    pub fn tidy(mut self) -> Question {
        let line = |t: &str| t.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = |t: &str| t.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned();
        for name in [&mut self.title, &mut self.topic, &mut self.source] {
            *name = line(name);
        }
        for long in [&mut self.stem, &mut self.feedback] {
            *long = text(long);
        }
        for answer in &mut self.answers {
            answer.text = text(&answer.text);
            answer.feedback = text(&answer.feedback);
        }
        self
    }

    /// What is wrong with it, for whoever wrote it.
    ///
    /// # Errors
    /// The first finding.
    pub fn check(&self) -> Result<(), String> {
        if self.stem.is_empty() {
            return Err("没有题干".into());
        }
        let texts = self.answers.iter().flat_map(|a| [&a.text, &a.feedback]).chain([&self.stem, &self.feedback]);
        for text in texts {
            if text.chars().count() > LONGEST {
                return Err(format!("有一段文字超过{LONGEST}字，请缩短"));
            }
            if text.contains('\0') {
                return Err("文字里有不可见的零字符，请删去".into());
            }
        }
        for (what, name) in [("题名", &self.title), ("主题", &self.topic), ("出处条款", &self.source)] {
            if name.chars().count() > LONGEST_NAME || name.contains('\0') {
                return Err(format!("{what}超过{LONGEST_NAME}字，请缩短"));
            }
        }
        match self.kind {
            Kind::Single | Kind::Multiple => self.check_options(),
            Kind::TrueFalse => match self.answers.as_slice() {
                [a, b] if a.text == TRUE_FALSE[0] && b.text == TRUE_FALSE[1] && a.weight != b.weight => Ok(()),
                _ => Err("判断题的答案应为对或错".into()),
            },
            Kind::Fill if !self.answers.iter().any(|a| a.weight == Weight::FULL) => {
                Err("填空题没有得满分的答案".into())
            }
            Kind::Fill if self.answers.iter().any(|a| a.text.is_empty() && a.range.is_none()) => {
                Err("填空题有一个答案是空的".into())
            }
            Kind::Fill if self.answers.iter().filter_map(|a| a.range).any(|(low, high)| low > high) => {
                Err("数值答案的下限大于上限".into())
            }
            Kind::Fill if self.answers.iter().any(|a| a.range.is_some() != self.answers[0].range.is_some()) => {
                Err("填空题的文字答案和数值答案不能混用".into())
            }
            Kind::Fill => Ok(()),
            Kind::Short if self.answers.is_empty() => Ok(()),
            Kind::Short => Err("简答题由人评阅，不应有选项".into()),
        }
    }

    fn check_options(&self) -> Result<(), String> {
        if !(2..=MOST_OPTIONS).contains(&self.answers.len()) {
            return Err(format!("选项有{}个，应为2到{MOST_OPTIONS}个", self.answers.len()));
        }
        for (i, answer) in self.answers.iter().enumerate() {
            if answer.text.is_empty() {
                return Err(format!("选项{}是空的", letter(i)));
            }
            if let Some(j) = self.answers[..i].iter().position(|other| other.text == answer.text) {
                return Err(format!("选项{}与选项{}相同", letter(j), letter(i)));
            }
        }
        let full = self.answers.iter().filter(|a| a.weight == Weight::FULL).count();
        match self.kind {
            Kind::Single if full == 0 => Err("单选题没有标出正确答案".into()),
            Kind::Single if full > 1 => {
                Err(format!("单选题有{full}个正确答案。若是多选题，各正确选项的分值合计应为100%，如 ~%50%"))
            }
            Kind::Multiple => {
                let parts = self.answers.iter().map(|a| a.weight).filter(|w| *w > Weight::NONE);
                if Weight::are_all(parts) {
                    Ok(())
                } else {
                    Err("多选题各正确选项的分值合计应为100%".into())
                }
            }
            _ => Ok(()),
        }
    }

    /// What a filled gap earns. Width, case and blanks around make no difference.
    pub fn earned(&self, typed: &str) -> Weight {
        let (typed, number) = (folded(typed), Number::parse(typed));
        let fits = |a: &&Answer| match a.range {
            Some((low, high)) => number.is_some_and(|n| low <= n && n <= high),
            None => folded(&a.text) == typed,
        };
        self.answers.iter().filter(fits).map(|a| a.weight).max().unwrap_or(Weight::NONE).max(Weight::NONE)
    }
}

/// The letter of an option, from 0.
pub(super) fn letter(i: usize) -> char {
    char::from(b'A' + (i.min(MOST_OPTIONS - 1)) as u8)
}

/// A full width form of ASCII as ASCII.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        '。' => '.',
        c => c,
    }
}

/// A text as it is compared: one width, one case, one blank between words.
pub fn folded(text: &str) -> String {
    let same: String = text.nfkc().map(half_width).flat_map(char::to_lowercase).collect();
    same.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_case_make_no_difference() {
        let mut half = Answer::new("GDP 增速", Weight::FULL);
        half.feedback = "是".into();
        let other = Answer::new("经济增速", Weight::parse("50").unwrap());
        let q = Question::new(Kind::Fill, "____", vec![half, other]);
        for (typed, earned) in [("ｇｄｐ　增速", "100"), (" GDP  增速 ", "100"), ("经济增速", "50"), ("增速", "0")]
        {
            assert_eq!(q.earned(typed).to_string(), earned, "{typed}");
        }
        let (low, high) = Number::parse("80").unwrap().around(Number::parse("0.5").unwrap());
        let number = Answer { range: Some((low, high)), ..Answer::new("", Weight::FULL) };
        let q = Question::new(Kind::Fill, "____", vec![number]);
        for (typed, earned) in [("８０", "100"), ("80.5", "100"), ("79.49", "0"), ("八十", "0")] {
            assert_eq!(q.earned(typed).to_string(), earned, "{typed}");
        }
    }
}
