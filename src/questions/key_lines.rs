//! The key of a 填空题 as lines: `增速`, `增长 （50%）` for a part of the marks, `80` and `79.5至80.5` where numbers are accepted.

use super::{Answer, Number, Weight, folded};
use crate::spelling::range;

/// What is accepted, as a line.
pub fn line(a: &Answer) -> String {
    let text = match a.range {
        Some((low, high)) => range(low, high),
        None => a.text.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    // A text that ends like a part of the marks says that it is all of them.
    let plain = a.weight == Weight::FULL && part(&text).is_none();
    if plain { text } else { format!("{text} （{}%）", a.weight) }
}

/// The answers with the key that the lines say. What stood before keeps its place and its words to who wrote it; what earns
/// nothing stays as it is.
///
/// # Errors
/// What is wrong with the lines.
pub(crate) fn answers(before: &[Answer], typed: &str) -> Result<Vec<Answer>, String> {
    let lines: Vec<&str> = typed.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    if lines.is_empty() {
        return Err("填空题每行填一种可以得分的写法。".into());
    }
    // A question is one of numbers if it was, or if its lines are numbers and ranges of them.
    let numbers = before.iter().any(|a| a.range.is_some())
        || lines.iter().any(|l| ends(l).is_some_and(|(low, high)| low != high))
            && lines.iter().all(|l| ends(l).is_some());
    let wanted: Vec<Answer> = lines.iter().map(|l| read(l, numbers)).collect::<Result<_, _>>()?;
    let twice = |e: &&Answer, w: &Answer| (&e.text, e.range) == (&w.text, w.range) && e.weight != w.weight;
    if let Some(w) = wanted.iter().find(|w| wanted.iter().any(|e| twice(&e, w))) {
        return Err(two(w));
    }
    let same = |a: &Answer, b: &Answer| a.range == b.range && folded(&a.text) == folded(&b.text);
    let mut all = Vec::with_capacity(before.len());
    for old in before {
        let exact = wanted.iter().find(|w| same(w, old) && w.text == old.text);
        match exact.or_else(|| wanted.iter().find(|w| same(w, old))) {
            // What was said of it as of a wrong one would not be true any more.
            Some(w) if old.weight <= Weight::NONE => all.push(Answer { text: old.text.clone(), ..w.clone() }),
            Some(w) => all.push(Answer { weight: w.weight, ..old.clone() }),
            None if old.weight <= Weight::NONE => all.push(old.clone()),
            None => {}
        }
    }
    for new in wanted {
        match all.iter().find(|a| same(a, &new)) {
            None => all.push(new),
            Some(a) if a.weight == new.weight || before.iter().any(|b| same(b, a)) => {}
            Some(_) => return Err(two(&new)),
        }
    }
    Ok(all)
}

fn two(of: &Answer) -> String {
    format!("“{}”写了两次，分值不同，请只留一行。", line(&Answer { weight: Weight::FULL, ..of.clone() }))
}

/// A line as it is meant.
fn read(line: &str, numbers: bool) -> Result<Answer, String> {
    let (text, weight) = match part(line) {
        None => (line, Weight::FULL),
        Some((text, percent)) => match Weight::parse(percent).filter(|w| *w > Weight::NONE) {
            Some(weight) => (text, weight),
            None => return Err(format!("“{line}”括号里的分值应大于0%、不超过100%。")),
        },
    };
    if !numbers {
        return Ok(Answer::new(text, weight));
    }
    match ends(text) {
        Some((low, high)) if low <= high => Ok(Answer { range: Some((low, high)), ..Answer::new("", weight) }),
        Some(_) => Err(format!("“{line}”的下限大于上限。")),
        None => Err(format!(
            "这道题按数值判分，每行应为一个数（如80）或一个范围（如79.5至80.5），“{line}”不是。\
             要改为按文字判分的，请在考试页面作废这道题，在题库另出一道。"
        )),
    }
}

/// The two ends of `79.5至80.5`, which of `80` are the same, whatever part of the marks it earns.
fn ends(line: &str) -> Option<(Number, Number)> {
    let text = part(line).map_or(line, |(text, _)| text).trim_start_matches('#');
    let (low, high) = text.split_once(['至', '~', '～', '到']).unwrap_or((text, text));
    Number::parse(low).zip(Number::parse(high))
}

/// The text before a part of the marks, and the percent as they stand: `增长 （50%）`.
fn part(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_suffix(['）', ')'])?.trim_end().strip_suffix(['%', '％'])?;
    let (text, percent) = inner.rsplit_once(['（', '('])?;
    let digits = percent.trim().chars().all(|c| c.is_numeric() || matches!(c, '.' | '．' | '-' | '－'));
    (digits && !percent.trim().is_empty() && !text.trim().is_empty()).then(|| (text.trim_end(), percent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str, weight: &str, feedback: &str) -> Answer {
        Answer { feedback: feedback.into(), ..Answer::new(text, Weight::parse(weight).unwrap()) }
    }

    fn range(low: &str, high: &str, weight: &str) -> Answer {
        Answer { range: Number::parse(low).zip(Number::parse(high)), ..of("", weight, "近") }
    }

    fn lines(all: &[Answer]) -> String {
        all.iter().filter(|a| a.weight > Weight::NONE).map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_that_are_all_numbers_are_compared_as_such() {
        let of =
            |before: &[Answer], typed: &str| answers(before, typed).map(|all| all.iter().all(|a| a.range.is_some()));
        for (typed, numbers) in [
            ("79.5至80.5", true),
            ("80\n75～85 （50%）", true),
            ("80", false),
            ("2025到2030\n2025—2030年", false),
            ("一至三", false),
        ] {
            assert_eq!(of(&[], typed), Ok(numbers), "{typed}");
            // Whatever text stood before.
            assert_eq!(of(&[super::super::Answer::new("90", Weight::FULL)], typed), Ok(numbers), "{typed}");
        }
        assert!(of(&[], "81至79").unwrap_err().contains("下限大于上限"));
    }

    #[test]
    fn what_stood_before_keeps_weight_and_words() {
        let before =
            [of("GDP", "100", "对"), of("增长", "50", "半对"), of("√2", "100", ""), of("速度", "0", "不是速度")];
        assert_eq!(lines(&before), "GDP\n增长 （50%）\n√2");
        let after = answers(&before, "增长（50％）\n ｇｄｐ（80%）\n增长率\n√2").unwrap();
        let shown: Vec<_> =
            after.iter().map(|a| (a.text.as_str(), a.weight.to_string(), a.feedback.as_str())).collect();
        let want = [("GDP", "80", "对"), ("增长", "50", "半对"), ("√2", "100", ""), ("速度", "0", "不是速度")];
        assert_eq!(shown[..4], want.map(|(t, w, f)| (t, w.to_owned(), f)));
        assert_eq!(shown[4], ("增长率", "100".to_owned(), ""));
        // What earned nothing and is right now does not say that it is wrong; what is left out is gone.
        let after = answers(&before, "速度").unwrap();
        assert_eq!(after, [of("速度", "100", "")]);
        for (bad, told) in [
            ("", "每行填一种"),
            ("GDP（0%）", "大于0%"),
            ("GDP (101%)", "不超过100%"),
            ("新\n新（50%）", "写了两次"),
            ("GDP\nGDP（50%）", "写了两次"),
        ] {
            assert!(answers(&before, bad).unwrap_err().contains(told), "{bad}");
        }
    }

    #[test]
    fn numbers_are_typed_as_numbers() {
        let before = [range("80", "80", "100"), range("-0.5", "79.5", "50")];
        assert_eq!(lines(&before), "80\n-0.5至79.5 （50%）");
        assert_eq!(answers(&before, &lines(&before)).unwrap(), before);
        let after = answers(&before, "#８０\n79～81 （25%）").unwrap();
        assert_eq!(after, [before[0].clone(), Answer { feedback: String::new(), ..range("79", "81", "25") }]);
        assert!(answers(&before, "八十").unwrap_err().contains("按数值判分"));
        assert!(answers(&before, "81至79").unwrap_err().contains("下限大于上限"));
    }

    proptest! {
        #[test]
        fn lines_come_back(
            texts in prop::collection::btree_set("[一-龥A-Za-z0-9*√（）()%]{1,6}", 1..6),
            weights in prop::collection::vec(1..=100_u8, 6),
        ) {
            let one = |(t, w): (&String, &u8)| of(t, &w.to_string(), "说明");
            let before: Vec<Answer> = texts.iter().zip(&weights).map(one).collect();
            prop_assert_eq!(answers(&before, &lines(&before)).unwrap(), before);
        }
    }
}
