//! Questions from our own sheet: columns by their heads, in any order.

use std::collections::HashMap;

use super::{
    Read, Unreadable, aiken,
    gift_answers::range,
    kind::{Difficulty, Kind, Markup},
    model::{Answer, Question, half_width, letter},
    number::Weight,
};
use crate::sheet::{Row, Table, letters};

/// A column and the heads by which it is known; the first is that of the template.
pub(super) const COLUMNS: [(Column, &[&str]); 10] = [
    (Column::Kind, &["题型", "类型"]),
    (Column::Stem, &["题干", "题目", "试题"]),
    (Column::Key, &["答案", "正确答案"]),
    (Column::Feedback, &["解析", "答案解析"]),
    (Column::Topic, &["主题", "知识点", "章节"]),
    (Column::Difficulty, &["难度"]),
    (Column::Source, &["出处条款", "出处", "条款"]),
    (Column::Title, &["题名"]),
    (Column::Markup, &["格式"]),
    (Column::Weights, &["权重"]),
];

/// Of which cells a question is made; options and what is told to who chose them come besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Kind,
    Stem,
    Key,
    Feedback,
    Topic,
    Difficulty,
    Source,
    Title,
    Markup,
    Weights,
    Option(usize),
    Told(usize),
}

/// Head of an option's column.
pub(super) fn option_head(i: usize) -> String {
    format!("选项{}", letter(i))
}

/// Head of the column that tells something to who chose an option.
pub(super) fn told_head(i: usize) -> String {
    format!("{}的说明", letter(i))
}

fn heads(row: &Row) -> HashMap<Column, usize> {
    let mut found = HashMap::new();
    for (at, cell) in row.cells.iter().enumerate() {
        let head: String = cell.text().chars().map(half_width).filter(|c| !c.is_whitespace()).collect();
        let named = COLUMNS.iter().find(|(_, names)| names.contains(&head.as_str())).map(|c| c.0);
        let lettered = (0..26).find_map(|i| match head.as_str() {
            h if h == option_head(i) || h == letter(i).to_string() => Some(Column::Option(i)),
            h if h == told_head(i) => Some(Column::Told(i)),
            _ => None,
        });
        if let Some(column) = named.or(lettered) {
            found.entry(column).or_insert(at);
        }
    }
    found
}

/// Reads a sheet.
pub(super) fn read(table: &Table) -> Result<Read, Unreadable> {
    let whole =
        |h: &HashMap<Column, usize>| [Column::Kind, Column::Stem, Column::Key].iter().all(|c| h.contains_key(c));
    let found = table.rows.iter().take(20).map(heads).enumerate().find(|(_, h)| whole(h));
    let (at, heads) = found.ok_or(Unreadable::NoHead)?;
    let mut read = Read::default();
    for row in &table.rows[at + 1..] {
        let cells = Cells { row, heads: &heads };
        match question(&cells) {
            Ok(question) => read.take(row.number, question),
            Err((column, reason)) => {
                let place = column.and_then(|c| heads.get(&c)).map(|i| format!("{}列：", letters(*i)));
                read.refuse(row.number, format!("{}{reason}", place.unwrap_or_default()));
            }
        }
    }
    Ok(read)
}

struct Cells<'a> {
    row: &'a Row,
    heads: &'a HashMap<Column, usize>,
}

impl Cells<'_> {
    fn text(&self, column: Column) -> String {
        let cell = self.heads.get(&column).and_then(|i| self.row.cells.get(*i));
        cell.map(|c| c.text().trim().to_owned()).unwrap_or_default()
    }
}

type Fault = (Option<Column>, String);

fn question(cells: &Cells<'_>) -> Result<Question, Fault> {
    let kind = cells.text(Column::Kind);
    let titles = Kind::ALL.map(Kind::title).join("、");
    let kind = Kind::parse(&kind).ok_or_else(|| (Some(Column::Kind), format!("题型“{kind}”应为{titles}之一")))?;
    let difficulty = match cells.text(Column::Difficulty).as_str() {
        "" => None,
        word => Some(
            Difficulty::parse(word)
                .ok_or_else(|| (Some(Column::Difficulty), format!("难度“{word}”应为易、中、难之一")))?,
        ),
    };
    let markup = match cells.text(Column::Markup).as_str() {
        "" => Markup::Plain,
        word => Markup::parse(word)
            .ok_or_else(|| (Some(Column::Markup), format!("格式“{word}”应为 plain、html、markdown 之一")))?,
    };
    let mut feedback = cells.text(Column::Feedback);
    let answers = match kind {
        Kind::Single | Kind::Multiple => options(cells, kind)?,
        Kind::TrueFalse => true_false(cells)?,
        Kind::Fill => accepted(cells)?,
        Kind::Short => {
            let key = cells.text(Column::Key);
            feedback = [key, feedback].iter().filter(|t| !t.is_empty()).cloned().collect::<Vec<_>>().join("\n");
            Vec::new()
        }
    };
    Ok(Question {
        title: cells.text(Column::Title),
        markup,
        feedback,
        topic: cells.text(Column::Topic),
        difficulty,
        source: cells.text(Column::Source),
        ..Question::new(kind, cells.text(Column::Stem), answers)
    })
}

fn options(cells: &Cells<'_>, kind: Kind) -> Result<Vec<Answer>, Fault> {
    let texts: Vec<String> = (0..26).map(|i| cells.text(Column::Option(i))).collect();
    let count = texts.iter().rposition(|t| !t.is_empty()).map_or(0, |i| i + 1);
    let said = cells.text(Column::Key);
    let key: Vec<usize> = said
        .chars()
        .map(|c| half_width(c).to_ascii_uppercase())
        .filter(|c| !c.is_whitespace() && !",、;|".contains(*c))
        .map(|c| (0..count).find(|i| letter(*i) == c))
        .collect::<Option<Vec<usize>>>()
        .filter(|key| !key.is_empty())
        .ok_or_else(|| (Some(Column::Key), format!("答案“{said}”应为选项的字母，如 A 或 ABD")))?;
    if kind == Kind::Single && key.len() > 1 {
        return Err((Some(Column::Key), format!("单选题只有一个答案，这里是“{said}”")));
    }
    let (hit, miss) = aiken::weights(kind, key.len());
    let usual: Vec<Weight> = (0..count).map(|i| if key.contains(&i) { hit } else { miss }).collect();
    let weights = weights(cells, usual)?;
    let right = |i: &usize| weights[*i] > Weight::NONE && (kind == Kind::Multiple || weights[*i] == Weight::FULL);
    if (0..count).any(|i| right(&i) != key.contains(&i)) {
        return Err((Some(Column::Weights), "权重与答案不一致：只有正确的选项分值大于0".into()));
    }
    let texts = texts.into_iter().take(count).zip(weights).enumerate();
    Ok(texts.map(|(i, (t, w))| Answer { feedback: cells.text(Column::Told(i)), ..Answer::new(t, w) }).collect())
}

/// Weights as they are written, or the usual ones.
fn weights(cells: &Cells<'_>, usual: Vec<Weight>) -> Result<Vec<Weight>, Fault> {
    let said = cells.text(Column::Weights);
    if said.is_empty() {
        return Ok(usual);
    }
    let parts: Option<Vec<Weight>> = said.split(['|', '｜']).map(Weight::parse).collect();
    let fits = parts.filter(|p| p.len() == usual.len());
    fits.ok_or_else(|| {
        let reason = format!("权重“{said}”应为{}个百分比，以 | 分开，如 50|50|-100", usual.len());
        (Some(Column::Weights), reason)
    })
}

fn true_false(cells: &Cells<'_>) -> Result<Vec<Answer>, Fault> {
    let said = cells.text(Column::Key);
    let right = match said.to_lowercase().as_str() {
        "对" | "正确" | "是" | "√" | "t" | "true" | "1" => true,
        "错" | "错误" | "否" | "×" | "f" | "false" | "0" => false,
        _ => return Err((Some(Column::Key), format!("判断题的答案“{said}”应为对或错"))),
    };
    let told = |is_right: bool| cells.text(Column::Told(usize::from(is_right != right)));
    Ok(Question::true_false(right, told(true), told(false)))
}

/// Variants parted by `|`; a backslash before it makes it a part of the text, a `#` begins a number.
fn accepted(cells: &Cells<'_>) -> Result<Vec<Answer>, Fault> {
    let said = cells.text(Column::Key);
    let mut parts = vec![String::new()];
    let mut plain = vec![false];
    let mut chars = said.chars();
    while let Some(c) = chars.next() {
        let last = parts.len() - 1;
        match c {
            '\\' => {
                // A text that begins with an escaped sign is no number.
                plain[last] |= parts[last].trim().is_empty();
                parts[last].extend(chars.next());
            }
            '|' => {
                parts.push(String::new());
                plain.push(false);
            }
            c => parts[last].push(c),
        }
    }
    let weights = weights(cells, vec![Weight::FULL; parts.len()])?;
    let of = |(i, ((part, plain), weight)): (usize, ((String, bool), Weight))| {
        let part = part.trim();
        let told = cells.text(Column::Told(i));
        match part.strip_prefix('#').filter(|_| !plain) {
            None => Ok(Answer { feedback: told, ..Answer::new(part, weight) }),
            Some(number) => {
                let reason = || (Some(Column::Key), format!("“{part}”不是数值答案，应如 #80、#80:0.5 或 #79..81"));
                let range = range(number).ok_or_else(reason)?;
                Ok(Answer { range: Some(range), feedback: told, ..Answer::new("", weight) })
            }
        }
    };
    parts.into_iter().zip(plain).zip(weights).enumerate().map(of).collect()
}
