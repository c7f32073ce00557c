//! What stands on the answer sheets of a printed test, typed into a table: a row a sheet, with what was written under each
//! number of the sheet's form, or with all marks alone. Pure: the table in, answers by their places in the paper out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    answers::Fault,
    attempt::LONGEST_FILL,
    paper::{Asked, Chosen, Form, marks},
    printed,
    score::{Given, MARK},
};
use crate::{
    questions::Kind,
    ratio::Ratio,
    sheet::{RawCell, Row, Table, norm::plain},
};

/// Heads of the columns that say whose sheet it is, which form, and all marks.
pub const HEADS: [&str; 4] = ["人员编号", "姓名", "卷别", "总分"];
/// Columns that may stand there and are not read.
const IGNORED: [&str; 2] = ["单位", "备注"];
/// What stands for an answer that is on paper alone and was marked there.
pub const ON_PAPER: &str = "（见纸面答卷）";
/// Rows above the heads, at most.
const ABOVE: usize = 10;

/// What a table is read against.
#[derive(Clone, Copy, Debug)]
pub struct Against<'a> {
    /// The paper in the order of the test.
    pub paper: &'a [Chosen],
    /// The forms that were printed.
    pub forms: &'a [Form],
    /// The list (应考).
    pub listed: &'a [Known],
}

/// Somebody on the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Record id.
    pub person: i64,
    /// Number.
    pub code: String,
    /// Name.
    pub name: String,
    /// Why no sheet of this person is taken; empty where it is.
    pub barred: String,
}

/// An answer of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its place in the paper.
    pub question: usize,
    /// As an attempt keeps it.
    pub answer: String,
    /// Marks that a person gave on paper, times 10,000.
    pub marks: Option<i64>,
}

/// A sheet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sheet {
    /// Row of the table.
    pub row: u32,
    /// Whose it is.
    pub person: i64,
    /// Its form.
    pub letter: char,
    /// All marks, times 10,000, where they were not typed question by question.
    pub total: Option<i64>,
    /// What was answered; without those left empty.
    pub answers: Vec<Answer>,
}

/// What a table holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Sheets that can be taken.
    pub sheets: Vec<Sheet>,
    /// What is wrong with the other rows.
    pub refused: Vec<Fault>,
    /// Rows of persons without anything that was handed in.
    pub blank: usize,
}

impl Read {
    /// Rows that are refused, each once.
    pub fn refused_rows(&self) -> usize {
        self.refused.iter().map(|f| f.row).collect::<BTreeSet<u32>>().len()
    }
}

/// Where the columns are.
struct Columns {
    code: Option<usize>,
    name: Option<usize>,
    letter: usize,
    total: Option<usize>,
    /// Of each number of a form.
    questions: Vec<usize>,
}

/// Reads a table.
///
/// # Errors
/// What is wrong with its heads.
pub fn read(table: &Table, against: Against<'_>) -> Result<Read, Vec<Fault>> {
    let of_head = |row: &Row| row.cells.iter().filter(|c| HEADS.contains(&head(c).as_str())).count();
    let Some(at) = table.rows.iter().take(ABOVE).position(|r| of_head(r) >= 2) else {
        let reason = "没有找到表头。应有“人员编号”“姓名”“卷别”，以及各题的题号（1、2……）或“总分”，请用下载的模板填写";
        return Err(vec![Fault { row: 1, column: None, reason: reason.into() }]);
    };
    let columns = columns(&table.rows[at], against.paper.len())?;
    let mut read = Read::default();
    let mut seen: BTreeMap<i64, u32> = BTreeMap::new();
    for row in &table.rows[at + 1..] {
        let mut reader = Reader { row, columns: &columns, against, faults: Vec::new() };
        if reader.is_blank() {
            read.blank += 1;
            continue;
        }
        let sheet = reader.sheet();
        let Some(sheet) = sheet.filter(|_| reader.faults.is_empty()) else {
            read.refused.append(&mut reader.faults);
            continue;
        };
        match seen.insert(sheet.person, sheet.row) {
            None => read.sheets.push(sheet),
            Some(before) => {
                let reason = format!("这个人的答卷在第{before}行已经填过，一人只能有一份");
                read.refused.push(Fault { row: sheet.row, column: columns.code.or(columns.name), reason });
            }
        }
    }
    Ok(read)
}

/// A head without blanks and brackets behind it.
fn head(cell: &RawCell) -> String {
    let text: String = plain(&cell.text()).chars().filter(|c| !c.is_whitespace()).collect();
    let bare = text.split(['(', '[']).next().unwrap_or_default();
    match bare {
        "编号" => HEADS[0].into(),
        "试卷" | "卷" => HEADS[2].into(),
        "得分" | "成绩" => HEADS[3].into(),
        bare => bare.to_owned(),
    }
}

/// The number of a form's question in a head: `12`, `第12题`.
fn number(head: &str) -> Option<usize> {
    let digits = head.trim_start_matches('第').trim_end_matches(['题', '.', '、']);
    (digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

fn columns(row: &Row, most: usize) -> Result<Columns, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut named: [Option<usize>; 4] = [None; 4];
    let mut questions = vec![None; most];
    for (column, cell) in row.cells.iter().enumerate().filter(|(_, c)| **c != RawCell::Empty) {
        let head = head(cell);
        let shown: String = cell.text().trim().chars().take(20).collect();
        let mut wrong = |reason| faults.push(Fault { row: row.number, column: Some(column), reason });
        let place = match (HEADS.iter().position(|h| *h == head), number(&head)) {
            (Some(i), _) => &mut named[i],
            (None, Some(n)) if (1..=most).contains(&n) => &mut questions[n - 1],
            (None, Some(n)) => {
                wrong(format!("试卷只有{most}题，没有第{n}题"));
                continue;
            }
            (None, None) if IGNORED.contains(&head.as_str()) => continue,
            (None, None) => {
                wrong(format!("不认识列名“{shown}”。应为{}或题号", HEADS.join("、")));
                continue;
            }
        };
        match place {
            None => *place = Some(column),
            Some(_) => wrong(format!("列名“{shown}”重复")),
        }
    }
    let mut missing = |reason: String| faults.push(Fault { row: row.number, column: None, reason });
    let [code, name, letter, total] = named;
    if code.is_none() && name.is_none() {
        missing("缺少“人员编号”或“姓名”列".into());
    }
    if letter.is_none() {
        missing("缺少“卷别”列".into());
    }
    let there: Vec<usize> = questions.iter().flatten().copied().collect();
    if there.is_empty() && total.is_none() {
        missing("缺少各题的列，也没有“总分”列".into());
    } else if !there.is_empty() && there.len() < most {
        let none = (1..=most).filter(|n| questions[n - 1].is_none()).take(10).map(|n| n.to_string());
        missing(format!("缺少第{}题的列；只录总分时，各题的列都不要", none.collect::<Vec<_>>().join("、")));
    }
    match letter.filter(|_| faults.is_empty()) {
        Some(letter) => Ok(Columns { code, name, letter, total, questions: there }),
        None => Err(faults),
    }
}

/// A row as it is read.
struct Reader<'a> {
    row: &'a Row,
    columns: &'a Columns,
    against: Against<'a>,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn text(&self, column: Option<usize>) -> String {
        let cell = column.and_then(|c| self.row.cells.get(c));
        cell.map_or_else(String::new, |c| c.text().trim().to_owned())
    }

    /// Nothing was handed in: no answer and no marks.
    fn is_blank(&self) -> bool {
        let mut filled = self.columns.questions.iter().copied().chain(self.columns.total);
        filled.all(|c| self.text(Some(c)).is_empty())
    }

    fn wrong(&mut self, column: Option<usize>, reason: impl Into<String>) {
        self.faults.push(Fault { row: self.row.number, column, reason: reason.into() });
    }

    fn sheet(&mut self) -> Option<Sheet> {
        let errors = self.row.cells.iter().position(|c| matches!(c, RawCell::Error(_)));
        if errors.is_some() {
            self.wrong(errors, "单元格里是公式错误，请改为填写的内容");
            return None;
        }
        let (known, form) = (self.person(), self.form());
        let total = self.text(self.columns.total);
        let columns = self.columns;
        let typed = columns.questions.iter().any(|c| !self.text(Some(*c)).is_empty());
        let total = match (total.is_empty(), typed) {
            (true, _) => None,
            (false, true) => {
                self.wrong(columns.total, "各题已经填写，总分由系统计算，请清空这一格");
                None
            }
            (false, false) => {
                let full = self.against.paper.iter().map(|c| c.marks).sum();
                self.marks(columns.total, &total, full, "总分")
            }
        };
        let mut answers = Vec::new();
        if let Some(form) = form.filter(|_| typed) {
            for (asked, column) in form.asked.iter().zip(&columns.questions) {
                answers.extend(self.answer(asked, *column));
            }
        }
        Some(Sheet { row: self.row.number, person: known?.person, letter: form?.letter, total, answers })
    }

    fn person(&mut self) -> Option<&'a Known> {
        let (code, name) = (self.text(self.columns.code), self.text(self.columns.name));
        let listed = self.against.listed;
        let (column, found): (_, Vec<&'a Known>) = if code.is_empty() {
            (self.columns.name, listed.iter().filter(|k| k.name == name).collect())
        } else {
            (self.columns.code, listed.iter().filter(|k| k.code == code).collect())
        };
        let shown: String = if code.is_empty() { &name } else { &code }.chars().take(30).collect();
        let why = match found[..] {
            [] if shown.is_empty() => "没有写是谁的答卷，请填人员编号".to_owned(),
            [] => format!("应考名单上没有“{shown}”"),
            [one] if !name.is_empty() && one.name != name => {
                let other: String = name.chars().take(30).collect();
                format!("编号{shown}是{}，不是“{other}”，请核对", one.name)
            }
            [one] if !one.barred.is_empty() => one.barred.clone(),
            [one] => return Some(one),
            _ => format!("应考名单上叫“{shown}”的有{}人，请填人员编号", found.len()),
        };
        self.wrong(column.or(self.columns.name), why);
        None
    }

    fn form(&mut self) -> Option<&'a Form> {
        let typed = self.text(Some(self.columns.letter));
        let letter = plain(&typed).trim_end_matches('卷').trim().to_uppercase();
        let found = self.against.forms.iter().find(|f| letter == f.letter.to_string());
        if found.is_none() {
            let shown: String = typed.chars().take(20).collect();
            let printed = printed::letters(self.against.forms);
            self.wrong(Some(self.columns.letter), format!("卷别“{shown}”应为印过的{printed}之一"));
        }
        found
    }

    /// Marks with one decimal at most, of as many tenths; times 10,000.
    fn marks(&mut self, column: Option<usize>, text: &str, full: u32, what: &str) -> Option<i64> {
        let exact = Ratio::parse_decimal(&plain(text)).filter(|m| (m.num() * 10) % m.den() == 0);
        let tenths = exact.map(|m| m.num() * 10 / m.den()).filter(|t| (0..=i64::from(full)).contains(t));
        if tenths.is_none() {
            let shown: String = text.chars().take(20).collect();
            self.wrong(column, format!("{what}“{shown}”应在0至{}之间，至多一位小数", marks(full)));
        }
        tenths.map(|t| t * (MARK / 10))
    }

    /// What was written to a question; nothing where it was left empty or is wrong.
    fn answer(&mut self, asked: &Asked, column: usize) -> Option<Answer> {
        let chosen = self.against.paper.get(asked.question)?;
        let text = self.text(Some(column));
        let question = asked.question;
        if chosen.question.kind == Kind::Short {
            if text.is_empty() {
                self.wrong(Some(column), "简答题请填得分，没有作答的填0");
                return None;
            }
            let given = self.marks(Some(column), &text, chosen.marks, "得分")?;
            return (given > 0).then(|| Answer { question, answer: ON_PAPER.into(), marks: Some(given) });
        }
        if text.is_empty() {
            return None;
        }
        let shown: String = text.chars().take(20).collect();
        let given = match chosen.question.kind {
            Kind::Fill if text.chars().count() > LONGEST_FILL => Err(format!("答案最多{LONGEST_FILL}字")),
            Kind::Fill if text.contains('\0') => Err("答案里有无法识别的字符，请删去".into()),
            Kind::Fill => Ok(Given::Typed(text)),
            Kind::TrueFalse => truth(&text)
                .and_then(|right| {
                    let place = chosen.question.answers.iter().position(|a| truth(&a.text) == Some(right))?;
                    Some(Given::Chosen(vec![place]))
                })
                .ok_or_else(|| format!("判断题“{shown}”应填对或错（√、×亦可）")),
            kind => options(&text, asked, kind == Kind::Multiple),
        };
        match given {
            Ok(given) => Some(Answer { question, answer: given.stored(), marks: None }),
            Err(why) => {
                self.wrong(Some(column), why);
                None
            }
        }
    }
}

/// What a mark of 判断题 says.
fn truth(text: &str) -> Option<bool> {
    match plain(text).trim().to_uppercase().as_str() {
        "对" | "正确" | "是" | "√" | "✓" | "✔" | "T" | "TRUE" => Some(true),
        "错" | "错误" | "否" | "×" | "✗" | "✘" | "X" | "F" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Letters as they stand on the form: `ACD`, `A、C`.
fn options(text: &str, asked: &Asked, several: bool) -> Result<Given, String> {
    let last = char::from(b'A' + asked.options.len().clamp(1, 26) as u8 - 1);
    let letters = plain(text).to_uppercase();
    let mut places = BTreeSet::new();
    for letter in letters.chars().filter(|c| !c.is_whitespace() && !"、,;./".contains(*c)) {
        if !('A'..=last).contains(&letter) {
            let shown: String = letter.to_string().chars().filter(|c| !c.is_control()).collect();
            return Err(format!("没有选项“{shown}”，应为A至{last}"));
        }
        let shown = (letter as u8 - b'A') as usize;
        places.extend(asked.options.get(shown));
    }
    match places.len() {
        0 => Err(format!("没有写选项，应为A至{last}")),
        2.. if !several => Err("单选题只能填一个选项".into()),
        _ => Ok(Given::Chosen(places.into_iter().collect())),
    }
}
