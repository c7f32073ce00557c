//! Answers to a test as a table: a column a question, a row a person, or a pattern of answers with its number of
//! persons. Read from what [`crate::sheet`] has read, so that encodings, separators and workbooks are its matter.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use crate::{
    questions::folded,
    sheet::{Table, letters},
};

/// Heads of the column that says how many persons a row stands for.
const PERSONS: [&str; 2] = ["persons", "人数"];
/// Questions that a table may have; the matrices of a calibration grow with the square.
pub const MOST_ITEMS: usize = 200;
/// Persons that one row may stand for.
const MOST_PERSONS: u64 = 1_000_000_000;

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Answer {
    /// Wrong.
    Wrong,
    /// Right.
    Right,
    /// The question was not put to the person, or nothing is known.
    Missing,
}

/// Persons who answered alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// One a question.
    pub answers: Vec<Answer>,
    /// How many answered so.
    pub persons: u64,
}

/// Answers marked right or wrong, equal patterns as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responses {
    /// Names of the questions.
    pub items: Vec<String>,
    /// Each once, in the order of their first row.
    pub patterns: Vec<Pattern>,
}

impl Responses {
    /// Collapses equal rows; rows of nobody are left out.
    pub fn collect(items: Vec<String>, rows: impl IntoIterator<Item = (Vec<Answer>, u64)>) -> Responses {
        let mut places: HashMap<Vec<Answer>, usize> = HashMap::new();
        let mut patterns: Vec<Pattern> = Vec::new();
        for (answers, persons) in rows.into_iter().filter(|r| r.1 > 0) {
            if let Some(i) = places.get(&answers) {
                patterns[*i].persons += persons;
            } else {
                places.insert(answers.clone(), patterns.len());
                patterns.push(Pattern { answers, persons });
            }
        }
        Responses { items, patterns }
    }

    /// All persons.
    pub fn persons(&self) -> u64 {
        self.patterns.iter().map(|p| p.persons).sum()
    }
}

/// Answers as they were given, such as letters of options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Names of the questions.
    pub items: Vec<String>,
    /// The cells, one a question and empty where there is none, and the number of persons.
    pub rows: Vec<(Vec<String>, u64)>,
    /// Numbers of the rows as Excel counts.
    numbers: Vec<u32>,
    /// Columns of the questions in the table.
    columns: Vec<usize>,
}

/// What is wrong with a table of answers, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As Excel counts.
    pub row: u32,
    /// Column, from 0; none when the whole row is meant.
    pub column: Option<usize>,
    /// In words.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "第{}行{}列：{}", self.row, letters(column), self.reason),
            None => write!(f, "第{}行：{}", self.row, self.reason),
        }
    }
}

/// Reads the head and the cells.
///
/// # Errors
/// All that is wrong with head, width and numbers of persons.
pub fn given(table: &Table) -> Result<Given, Vec<Fault>> {
    let Some((head, body)) = table.rows.split_first() else {
        return Err(vec![Fault { row: 1, column: None, reason: "文件里没有内容".into() }]);
    };
    let titles: Vec<String> = head.cells.iter().map(|c| c.text().trim().to_owned()).collect();
    let fault = |row: u32, column: usize, reason: String| Fault { row, column: Some(column), reason };
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for (i, title) in titles.iter().enumerate() {
        if title.is_empty() {
            faults.push(fault(head.number, i, "列名是空的。第一行应为各题的名称".into()));
        } else if !seen.insert(title.to_lowercase()) {
            let reason = format!("列名“{title}”与前面的列相同。第一行应为各题的名称，互不相同");
            faults.push(fault(head.number, i, reason));
        }
    }
    let persons = titles.iter().position(|t| PERSONS.contains(&t.to_lowercase().as_str()));
    let columns: Vec<usize> = (0..titles.len()).filter(|i| Some(*i) != persons).collect();
    if faults.is_empty() && columns.is_empty() {
        faults.push(Fault { row: head.number, column: None, reason: "没有题目的列".into() });
    }
    if columns.len() > MOST_ITEMS {
        let reason = format!("有{}道题，超过一次分析的上限{MOST_ITEMS}道", columns.len());
        faults.push(Fault { row: head.number, column: None, reason });
    }
    let (mut rows, mut numbers) = (Vec::with_capacity(body.len()), Vec::with_capacity(body.len()));
    for row in body {
        if row.cells.len() > titles.len() {
            let reason = format!("这一行有{}格，表头只有{}列", row.cells.len(), titles.len());
            faults.push(fault(row.number, titles.len(), reason));
            continue;
        }
        let text = |i: usize| row.cells.get(i).map(|c| c.text().trim().to_owned()).unwrap_or_default();
        let count = match persons.map(|i| (i, text(i))) {
            None => Ok(1),
            Some((i, t)) => t.parse::<u64>().ok().filter(|n| *n <= MOST_PERSONS).ok_or((i, t)),
        };
        match count {
            Ok(count) => {
                rows.push((columns.iter().map(|i| text(*i)).collect(), count));
                numbers.push(row.number);
            }
            Err((i, t)) => {
                faults.push(fault(row.number, i, format!("人数应为不超过十亿的整数，这里是“{t}”")));
            }
        }
    }
    if faults.is_empty() && rows.iter().all(|r| r.1 == 0) {
        faults.push(Fault { row: head.number, column: None, reason: "表头以下没有作答".into() });
    }
    let items = columns.iter().map(|i| titles[*i].clone()).collect();
    if faults.is_empty() { Ok(Given { items, rows, numbers, columns }) } else { Err(faults) }
}

/// Cells of 0, 1 and nothing as answers.
///
/// # Errors
/// Every cell that is none of these.
pub fn marked(given: &Given) -> Result<Responses, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut rows = Vec::with_capacity(given.rows.len());
    for ((cells, persons), row) in given.rows.iter().zip(&given.numbers) {
        let mut answers = Vec::with_capacity(cells.len());
        for (i, cell) in cells.iter().enumerate() {
            answers.push(match cell.as_str() {
                "0" | "０" => Answer::Wrong,
                "1" | "１" => Answer::Right,
                "" => Answer::Missing,
                other => {
                    let shown: String = other.chars().take(20).collect();
                    let reason = format!("题目“{}”应为0、1或空，这里是“{shown}”", given.items[i]);
                    faults.push(Fault { row: *row, column: Some(given.columns[i]), reason });
                    Answer::Missing
                }
            });
        }
        rows.push((answers, *persons));
    }
    if faults.is_empty() { Ok(Responses::collect(given.items.clone(), rows)) } else { Err(faults) }
}

/// An option as it is compared and told: neither width nor case matters.
pub(super) fn option(text: &str) -> String {
    folded(text).to_uppercase()
}

/// Letters of options against a key, one option a question. Width and case do not matter.
pub fn keyed(given: &Given, key: &[String]) -> Responses {
    let key: Vec<String> = key.iter().map(|k| option(k)).collect();
    let answer = |cell: &String, key: &String| match cell {
        cell if cell.is_empty() => Answer::Missing,
        cell if option(cell) == *key => Answer::Right,
        _ => Answer::Wrong,
    };
    let rows = given.rows.iter().map(|(cells, n)| (cells.iter().zip(&key).map(|(c, k)| answer(c, k)).collect(), *n));
    Responses::collect(given.items.clone(), rows)
}

/// How often each option of a question was chosen.
pub fn options_of(given: &Given, item: usize) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (cells, persons) in given.rows.iter().filter(|(cells, _)| !cells[item].is_empty()) {
        *counts.entry(option(&cells[item])).or_default() += persons;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::{Limits, csv_text};

    fn read(text: &str) -> Result<Responses, Vec<String>> {
        let table = csv_text::table(text.as_bytes(), &Limits::default()).unwrap();
        let words = |faults: Vec<Fault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
        given(&table).and_then(|g| marked(&g)).map_err(words)
    }

    #[test]
    fn equal_rows_are_one_pattern() {
        let r = read("甲,乙,persons\n1,0,3\n1,,2\n1,0,4\n0,0,0\n").unwrap();
        assert_eq!(r.items, ["甲", "乙"]);
        let rows: Vec<_> = r.patterns.iter().map(|p| (p.answers.clone(), p.persons)).collect();
        use Answer::{Missing, Right, Wrong};
        assert_eq!(rows, [(vec![Right, Wrong], 7), (vec![Right, Missing], 2)]);
    }

    #[test]
    fn each_fault_says_where() {
        let said = |text: &str| read(text).unwrap_err().join("；");
        assert_eq!(
            said("甲,乙\n1,2\n0,x\n"),
            "第2行B列：题目“乙”应为0、1或空，这里是“2”；第3行B列：题目“乙”应为0、1或空，这里是“x”"
        );
        assert_eq!(said("甲,乙\n1,0,1\n"), "第2行C列：这一行有3格，表头只有2列");
        assert_eq!(said("0,1,1\n1,0,1\n"), "第1行C列：列名“1”与前面的列相同。第一行应为各题的名称，互不相同");
        assert_eq!(said("甲,,乙\n1,0,1\n"), "第1行B列：列名是空的。第一行应为各题的名称");
        assert_eq!(said("甲,人数\n1,多\n"), "第2行B列：人数应为不超过十亿的整数，这里是“多”");
        assert_eq!(said("甲,乙\n"), "第1行：表头以下没有作答");
        assert_eq!(said("人数\n3\n"), "第1行：没有题目的列");
    }
}
