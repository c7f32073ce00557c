//! A key as it is typed into a form: letters of options, 对 or 错, a line for each text or number that is accepted.

use std::collections::BTreeSet;

use crate::questions::{Answer, Kind, Question, Weight, key_lines, written};

/// The right answers as they are typed: letters of options (`AC`), 对 or 错, a line for each accepted text or number
/// ([`key_lines`]).
pub fn typed(q: &Question) -> String {
    let is_right = |a: &Answer| if q.kind == Kind::Single { a.weight == Weight::FULL } else { a.weight > Weight::NONE };
    let right = |(i, a): (usize, &Answer)| is_right(a).then(|| char::from(b'A' + i.min(25) as u8));
    match q.kind {
        Kind::Single | Kind::Multiple => q.answers.iter().enumerate().filter_map(right).collect(),
        Kind::TrueFalse => q.answers.iter().filter(|a| is_right(a)).map(|a| a.text.as_str()).collect(),
        Kind::Fill => q.answers.iter().filter(|a| is_right(a)).map(key_lines::line).collect::<Vec<_>>().join("\n"),
        Kind::Short => String::new(),
    }
}

/// The question with the key that was typed ([`typed`]). Its texts and their order stay, since what was answered names them.
///
/// # Errors
/// What is wrong with what was typed.
pub fn with(q: &Question, typed: &str) -> Result<Question, String> {
    let mut new = q.clone();
    match q.kind {
        Kind::Short => return Err("简答题由人评阅，没有标准答案，不能更正。".into()),
        Kind::TrueFalse => {
            // Who chose which is told the same as before.
            let told = written::answers(q.kind, &[], typed)?;
            new.answers.iter_mut().zip(told).for_each(|(a, told)| a.weight = told.weight);
        }
        Kind::Fill => new.answers = key_lines::answers(&q.answers, typed)?,
        Kind::Single | Kind::Multiple => {
            let right = letters(typed, q.answers.len())?;
            if q.kind == Kind::Single && right.len() > 1 {
                return Err("单选题只能有一个正确选项。".into());
            }
            let wrong = match q.kind {
                Kind::Single => Weight::NONE,
                _ => q
                    .answers
                    .iter()
                    .map(|a| a.weight)
                    .min()
                    .filter(|w| *w < Weight::NONE)
                    .unwrap_or(Weight::FULL.negative()),
            };
            for (i, answer) in new.answers.iter_mut().enumerate() {
                let was_right =
                    if q.kind == Kind::Single { answer.weight == Weight::FULL } else { answer.weight > Weight::NONE };
                match right.contains(&i) {
                    true => answer.weight = Weight::share(right.len()),
                    false if was_right => answer.weight = wrong,
                    false => {}
                }
            }
            // The same options are the same key, whatever the digits of a third.
            if right == letters(&self::typed(q), q.answers.len()).unwrap_or_default() {
                new.answers.clone_from(&q.answers);
            }
        }
    }
    new.check().map_err(|why| format!("{why}。"))?;
    Ok(new)
}

/// Places of the options that letters name.
fn letters(typed: &str, options: usize) -> Result<BTreeSet<usize>, String> {
    let last = char::from(b'A' + options.saturating_sub(1).min(25) as u8);
    let mut places = BTreeSet::new();
    for sign in crate::sheet::norm::plain(typed).to_uppercase().chars().filter(|c| !c.is_whitespace()) {
        match sign {
            ',' | '、' | '，' => {}
            'A'..='Z' if sign <= last => {
                places.insert(usize::from(sign as u8 - b'A'));
            }
            _ => return Err(format!("正确选项应为A至{last}的字母，“{sign}”不是。")),
        }
    }
    if places.is_empty() { Err(format!("请填写正确选项的字母，A至{last}。")) } else { Ok(places) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: Kind, weights: &[&str]) -> Question {
        let answer = |(i, t): (usize, &&str)| Answer::new(["甲", "乙", "丙", "丁"][i], Weight::parse(t).unwrap());
        Question::new(kind, "问", weights.iter().enumerate().map(answer).collect())
    }

    fn weights(q: &Question) -> Vec<String> {
        q.answers.iter().map(|a| a.weight.to_string()).collect()
    }

    #[test]
    fn a_key_is_typed_and_the_texts_stay() {
        let one = of(Kind::Single, &["100", "0", "50"]);
        assert_eq!(typed(&one), "A");
        assert_eq!(weights(&with(&one, " b ").unwrap()), ["0", "100", "50"], "part of the marks stays what it was");
        assert!(with(&one, "AB").unwrap_err().contains("只能有一个") && with(&one, "D").unwrap_err().contains("A至C"));
        assert!(with(&one, "").unwrap_err().contains("请填写"));
        let several = of(Kind::Multiple, &["50", "50", "-50"]);
        assert_eq!(weights(&with(&several, "Ａ、c").unwrap()), ["50", "-50", "50"]);
        assert_eq!(with(&several, "BA").unwrap(), several, "the same key");
        let third = of(Kind::Multiple, &["33.33333", "33.33333", "33.33333", "-100"]);
        assert_eq!(weights(&with(&third, "D").unwrap()), ["-100", "-100", "-100", "100"]);
        let mut yes = of(Kind::TrueFalse, &["100", "0"]);
        (yes.answers[0].text, yes.answers[1].text) = ("对".into(), "错".into());
        let no = with(&yes, "错").unwrap();
        assert_eq!((typed(&yes), typed(&no), no.answers[0].text.as_str()), ("对".into(), "错".into(), "对"));
        let fill = of(Kind::Fill, &["100"]);
        assert_eq!(typed(&with(&fill, "乙\n丙").unwrap()), "乙\n丙");
        assert!(with(&of(Kind::Short, &[]), "甲").is_err());
    }
}
