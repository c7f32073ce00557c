//! A question as it is typed into a form: one line an option, the right ones with `*` before them. A text of a 填空题 that
//! earns a part of the marks says how much ([`key_lines`]). What no form says (parts of the marks of options, ranges of
//! numbers, words to those who chose an option) is left to files.

use super::{Answer, Kind, Question, Weight, key_lines, model::TRUE_FALSE};

/// The sign before a right option.
const RIGHT: [char; 4] = ['*', '＊', '√', '✓'];

/// The answers that typed lines mean, in the place of those `before`.
///
/// # Errors
/// What is wrong with them.
pub fn answers(kind: Kind, before: &[Answer], typed: &str) -> Result<Vec<Answer>, String> {
    let lines: Vec<(bool, &str)> = typed
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(|l| (l.starts_with(RIGHT), l.trim_start_matches(RIGHT).trim()))
        .collect();
    let right = lines.iter().filter(|l| l.0).count();
    match kind {
        Kind::Short if lines.is_empty() => Ok(Vec::new()),
        Kind::Short => Err("简答题由人评阅，不填选项；参考答案写在解析里。".into()),
        Kind::TrueFalse => {
            let said = lines.iter().map(|l| l.1).collect::<Vec<_>>();
            match said[..] {
                ["对" | "正确" | "是"] => Ok(Question::true_false(true, String::new(), String::new())),
                ["错" | "错误" | "否"] => Ok(Question::true_false(false, String::new(), String::new())),
                _ => Err(format!("判断题填“{}”或“{}”。", TRUE_FALSE[0], TRUE_FALSE[1])),
            }
        }
        Kind::Fill => key_lines::answers(before, typed),
        Kind::Single | Kind::Multiple if right == 0 => Err("在正确选项的行首加“*”。".into()),
        Kind::Single if right > 1 => Err("单选题只能有一个正确选项；有几个正确的，题型选多选题。".into()),
        Kind::Single => Ok(options(&lines, Weight::FULL, Weight::NONE)),
        Kind::Multiple => Ok(options(&lines, Weight::share(right), Weight::FULL.negative())),
    }
}

fn options(lines: &[(bool, &str)], right: Weight, wrong: Weight) -> Vec<Answer> {
    lines.iter().map(|(is, text)| Answer::new(*text, if *is { right } else { wrong })).collect()
}

/// The lines that mean a question's answers; `None` where lines cannot say them.
pub fn lines(question: &Question) -> Option<String> {
    let typed = match question.kind {
        Kind::Short => String::new(),
        Kind::TrueFalse => {
            let right = question.answers.iter().find(|a| a.weight.parts() > 0)?;
            right.text.clone()
        }
        Kind::Fill => question.answers.iter().map(key_lines::line).collect::<Vec<_>>().join("\n"),
        Kind::Single | Kind::Multiple => {
            let line = |a: &Answer| format!("{}{}", if a.weight.parts() > 0 { "*" } else { "" }, a.text);
            question.answers.iter().map(line).collect::<Vec<_>>().join("\n")
        }
    };
    // Whatever else an answer says would be lost.
    answers(question.kind, &question.answers, &typed).ok().filter(|a| *a == question.answers).map(|_| typed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_marks_what_is_right() {
        let of = |kind, typed: &str| answers(kind, &[], typed);
        let single = of(Kind::Single, "*80%\n 60%\n\n85%").unwrap();
        let shown: Vec<(&str, i64)> = single.iter().map(|a| (a.text.as_str(), a.weight.parts())).collect();
        assert_eq!(shown, [("80%", Weight::FULL.parts()), ("60%", 0), ("85%", 0)]);
        let several = of(Kind::Multiple, "＊甲\n√ 乙\n丙").unwrap();
        assert_eq!(several[0].weight, Weight::share(2));
        assert_eq!(several[2].weight, Weight::FULL.negative());
        assert!(of(Kind::Single, "甲\n乙").unwrap_err().contains("行首"));
        assert!(of(Kind::TrueFalse, "也许").is_err() && of(Kind::Short, "甲").is_err() && of(Kind::Fill, " ").is_err());
    }

    proptest! {
        #[test]
        fn what_lines_say_comes_back(texts in prop::collection::btree_set("[一-龥a-z0-9]{1,8}", 2..8), right in prop::collection::vec(any::<bool>(), 8), kind in 0..4_usize) {
            let kind = Kind::ALL[kind];
            let mut typed: Vec<String> = texts.iter().zip(&right).map(|(t, r)| format!("{}{t}", if *r { "*" } else { "" })).collect();
            if kind == Kind::Single {
                typed.iter_mut().for_each(|t| *t = t.trim_start_matches('*').to_owned());
            }
            typed[0] = format!("*{}", typed[0].trim_start_matches('*'));
            let typed = if kind == Kind::TrueFalse { "对".to_owned() } else { typed.join("\n") };
            let question = Question::new(kind, "问", answers(kind, &[], &typed).unwrap());
            let again = lines(&question).unwrap();
            prop_assert_eq!(answers(kind, &[], &again).unwrap(), question.answers);
        }
    }
}
