//! A paper by hand: the questions are named by their numbers in the bank, a line a question or a range, each with its
//! marks: `12, 5` or `30-35, 2`.

use std::collections::BTreeMap;

use super::{
    answers::Fault,
    paper::{Chosen, MOST, tenths},
};
use crate::{questions::bank::Kept, sheet::norm::plain};

/// Numbers that a message names; the rest is counted.
const NAMED: usize = 10;
/// Digits of a number of the bank.
const DIGITS: usize = 9;

/// A line: questions with the same marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1, as it was typed.
    pub row: u32,
    /// The first number of the bank.
    pub first: i64,
    /// The last one; the same where one question is named.
    pub last: i64,
    /// Marks of each, in tenths.
    pub marks: u32,
}

/// Reads the lines; empty ones are passed over. Full-width signs, `至`, `~` and dashes mean what they look like.
///
/// # Errors
/// All lines that cannot be read.
pub fn lines(text: &str) -> Result<Vec<Line>, Vec<Fault>> {
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (row, typed) in (1..).zip(text.lines()) {
        match line(row, typed) {
            Some(Ok(line)) => all.push(line),
            Some(Err(reason)) => faults.push(Fault { row, column: None, reason }),
            None => {}
        }
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

fn line(row: u32, typed: &str) -> Option<Result<Line, String>> {
    let folded: String = plain(typed)
        .chars()
        .map(|c| match c {
            '—' | '–' | '−' | '~' | '至' | '到' => '-',
            '、' | ';' | ':' => ',',
            c if c.is_whitespace() => ',',
            c => c,
        })
        .collect();
    let ranges: Vec<&str> = folded.split('-').map(|part| part.trim_matches(',')).collect();
    let folded = ranges.join("-");
    let mut fields = folded.split(',').filter(|f| !f.is_empty());
    let (number, marks, more) = (fields.next()?, fields.next(), fields.next());
    let bad = || {
        let shown: String = typed.trim().chars().filter(|c| !c.is_control()).take(40).collect();
        Err(format!("“{shown}”应写成“题号, 分值”，如 12, 5 或 30-35, 2"))
    };
    let (Some(marks), None) = (marks, more) else { return Some(bad()) };
    let of = |text: &str| {
        let text = text.trim_start_matches('第').trim_end_matches(['号', '题']);
        let whole = !text.is_empty() && text.len() <= DIGITS && text.bytes().all(|b| b.is_ascii_digit());
        whole.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (from, to) = number.split_once('-').unwrap_or((number, number));
    let (Some(first), Some(last)) = (of(from), of(to)) else { return Some(bad()) };
    if first > last {
        return Some(Err(format!("{first}-{last}的起止颠倒了，应写成{last}-{first}")));
    }
    if last - first >= MOST as i64 {
        return Some(Err(format!("{first}-{last}有{}道题，一份试卷最多{MOST}道", last - first + 1)));
    }
    let marks = marks.trim_end_matches('分');
    Some(match tenths(marks) {
        Some(marks) => Ok(Line { row, first, last, marks }),
        None => Err(format!("分值“{marks}”应为0.1到100的数，至多一位小数")),
    })
}

/// The questions of these lines, those of one kind and marks together as in a paper by a blueprint. `bank` is the last
/// version of each question, retired ones too, by number.
///
/// # Errors
/// Every line with a question that the bank does not have, that is retired, without its clause, or named before; too many
/// of them, or none.
pub fn choose(lines: &[Line], bank: &[Kept]) -> Result<Vec<Chosen>, Vec<Fault>> {
    let mut seen: BTreeMap<i64, u32> = BTreeMap::new();
    let (mut chosen, mut faults) = (Vec::new(), Vec::new());
    for line in lines {
        let (mut none, mut retired, mut bare, mut twice) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in line.first..=line.last {
            if let Some(before) = seen.insert(number, line.row) {
                twice.push((number, before));
                continue;
            }
            match bank.binary_search_by_key(&number, |k| k.number).map(|i| &bank[i]) {
                Err(_) => none.push(number),
                Ok(kept) if kept.retired.is_some() => retired.push(number),
                Ok(kept) if !kept.question.askable() => bare.push(number),
                Ok(kept) => {
                    let Kept { version, question, .. } = kept.clone();
                    chosen.push(Chosen { number, version, question, marks: line.marks });
                }
            }
        }
        let mut wrong = |numbers: &[i64], what: &dyn Fn(String) -> String| {
            if !numbers.is_empty() {
                faults.push(Fault { row: line.row, column: None, reason: what(named(numbers)) });
            }
        };
        wrong(&none, &|n| format!("题库里没有第{n}号题"));
        wrong(&retired, &|n| format!("第{n}号题已停用，请换一道"));
        wrong(&bare, &|n| format!("第{n}号题没有出处条款，补上后才能用"));
        if let Some((_, before)) = twice.first() {
            let numbers: Vec<i64> = twice.iter().map(|(n, _)| *n).collect();
            wrong(&numbers, &|n| format!("第{n}号题在第{before}行已经写过，一道题只能出现一次"));
        }
    }
    if faults.is_empty() && !(1..=MOST).contains(&chosen.len()) {
        faults.push(Fault { row: 1, column: None, reason: format!("共{}道题，应为1到{MOST}道", chosen.len()) });
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    chosen.sort_by_key(|c| (c.question.kind, c.marks));
    Ok(chosen)
}

/// `3、5、8`, of many the first ones and how many there are.
fn named(numbers: &[i64]) -> String {
    let first: Vec<String> = numbers.iter().take(NAMED).map(i64::to_string).collect();
    let rest = if numbers.len() > NAMED { format!("等{}个", numbers.len()) } else { String::new() };
    first.join("、") + &rest
}

/// Lines that name these questions, runs of numbers with the same marks (in tenths) as one.
pub fn written(questions: &[(i64, u32)]) -> String {
    let runs = questions.chunk_by(|a, b| b.0 == a.0 + 1 && a.1 == b.1);
    let line = |run: &[(i64, u32)]| match run {
        [.., (last, each)] if run.len() > 1 => format!("{}-{last}, {}", run[0].0, super::paper::marks(*each)),
        [(number, each), ..] => format!("{number}, {}", super::paper::marks(*each)),
        [] => String::new(),
    };
    runs.map(line).collect::<Vec<_>>().join("\n")
}
