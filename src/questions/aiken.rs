//! Aiken: a question, its options by letters, `ANSWER: B`.

use super::{
    Read,
    kind::Kind,
    model::{Answer, Question, half_width, letter},
    number::Weight,
};

/// What is told of a question that ends without its answer.
const NO_ANSWER: &str = "这道题没有 ANSWER: 一行，请在选项之后补上";

/// The letters after `ANSWER:`, if the line is one.
pub(super) fn answer(line: &str) -> Option<String> {
    let half: String = line.trim().chars().map(half_width).collect();
    let rest = half.strip_prefix("ANSWER").or_else(|| half.strip_prefix("答案"))?;
    let letters = rest.trim_start().strip_prefix(':')?;
    Some(letters.chars().filter(|c| !c.is_whitespace() && *c != ',').collect::<String>().to_uppercase())
}

/// Letter and text of an option.
fn option(line: &str) -> Option<(char, &str)> {
    let mut chars = line.char_indices();
    let (_, first) = chars.next()?;
    let first = half_width(first);
    let (_, mark) = chars.next()?;
    let (at, _) = chars.next().unwrap_or((line.len(), ' '));
    let is_option = first.is_ascii_uppercase() && (half_width(mark) == '.' || half_width(mark) == ')' || mark == '、');
    is_option.then(|| (first, line[at..].trim()))
}

/// Reads a file.
pub(super) fn read(text: &str) -> Read {
    let mut read = Read::default();
    let mut stem: Vec<&str> = Vec::new();
    let mut options: Vec<(char, &str)> = Vec::new();
    let (mut begin, mut strange) = (0, None);
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let coming = coming(&lines);
    for (number, line) in (1..).zip(lines.iter().copied()) {
        if let Some(letters) = answer(line) {
            let (stem, options) = (std::mem::take(&mut stem), std::mem::take(&mut options));
            let first = if begin == 0 { number } else { begin };
            match (strange.take(), question(&stem, &options, &letters)) {
                (Some(at), _) => {
                    read.refuse(at, "选项之间有看不懂的一行：选项应以 A. 或 A) 开头，选项之后应是 ANSWER:")
                }
                (None, Ok(question)) => read.take(first, question),
                (None, Err(reason)) => read.refuse(first, reason),
            }
            begin = 0;
        } else if line.is_empty() {
        } else if let Some(option) = option(line).filter(|_| !stem.is_empty()) {
            options.push(option);
        } else {
            // The next option does not go on with the letters: this is the stem of the next question.
            let next = coming[number as usize];
            if !options.is_empty() && next.is_some_and(|next| next != letter(options.len())) {
                read.refuse(begin, NO_ANSWER);
                (begin, strange, stem, options) = (0, None, Vec::new(), Vec::new());
            }
            if begin == 0 {
                begin = number;
            }
            if options.is_empty() {
                stem.push(line);
            } else if strange.is_none() {
                strange = Some(number);
            }
        }
    }
    if begin > 0 || !options.is_empty() {
        read.refuse(begin.max(1), NO_ANSWER);
    }
    read
}

/// From each line on, the letter of the first option before the next `ANSWER:`; one entry more than there are lines.
fn coming(lines: &[&str]) -> Vec<Option<char>> {
    let mut letters = vec![None; lines.len() + 1];
    for (i, line) in lines.iter().enumerate().rev() {
        letters[i] = match answer(line) {
            Some(_) => None,
            None => option(line).map(|(letter, _)| letter).or(letters[i + 1]),
        };
    }
    letters
}

fn question(stem: &[&str], options: &[(char, &str)], letters: &str) -> Result<Question, String> {
    for (i, (found, _)) in options.iter().enumerate() {
        if *found != letter(i) {
            return Err(format!("选项的字母应依次为A、B、C……，第{}个写的是{found}", i + 1));
        }
    }
    let key: Vec<char> = letters.chars().collect();
    if key.is_empty() || key.iter().any(|k| !options.iter().any(|o| o.0 == *k)) {
        return Err(format!("答案“{letters}”不是选项中的字母"));
    }
    let kind = if key.len() == 1 { Kind::Single } else { Kind::Multiple };
    let (hit, miss) = weights(kind, key.len());
    let answers = options.iter().map(|(l, text)| Answer::new(*text, if key.contains(l) { hit } else { miss }));
    Ok(Question::new(kind, stem.join("\n"), answers.collect()))
}

/// Weights of right and wrong options where a file only says which are right: a wrong one takes all marks away.
pub(super) fn weights(kind: Kind, right: usize) -> (Weight, Weight) {
    match kind {
        Kind::Multiple => (Weight::share(right), Weight::FULL.negative()),
        _ => (Weight::FULL, Weight::NONE),
    }
}
