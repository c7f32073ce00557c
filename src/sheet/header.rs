//! Which row is the header, and which column is which field: by title, short title, English name and aliases, in any
//! spelling that [`super::norm::key`] makes alike.

use std::collections::BTreeMap;

use crate::{
    directive::model::{Field, FieldType, Ledger, LedgerKind},
    org::builtin::is_setting,
};

use super::{RawCell, Row, SheetError, Table, columns::columns_of, letters, words::Words};

pub use super::words::{code_head, unit_head};

/// The header row and what each of its columns is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeaderMatch {
    /// Row of the header, from 1.
    pub row: u32,
    /// One entry for each filled head, from left to right.
    pub columns: Vec<HeadColumn>,
    /// Titles of required columns that no head matches.
    pub missing: Vec<String>,
    /// Heads that could mean two things, or two heads that mean the same.
    pub ambiguous: Vec<Ambiguity>,
    /// What people are to be asked: the columns of the ambiguous heads, and where a required column is missing those that
    /// mean nothing here.
    pub doubts: Vec<Doubt>,
}

/// One column by its head.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadColumn {
    /// Position, from 0.
    pub index: usize,
    /// The head as written, on one line.
    pub head: String,
    /// The head as it is compared and as answers name it; of a head that stands several times with which one it is: `任职日期#2`.
    pub key: String,
    /// What the column is taken for.
    pub target: Target,
}

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Field of the ledger, by position.
    Field(usize),
    /// The number of the person whom a field (by position) names, beside the name.
    Number(usize),
    /// The record's code.
    Code,
    /// The unit of the row.
    Unit,
    /// A 科室 below the unit of the row.
    Section,
    /// A running number; ignored without a word.
    Ignored,
    /// No field of that name; ignored with a word.
    Unknown,
}

/// What people have said that heads mean, by [`HeadColumn::key`]; a column to be left out is [`Target::Ignored`].
pub type Answers = BTreeMap<String, Target>;

/// A column that people are asked about.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubt {
    /// Position, from 0.
    pub index: usize,
    /// The head as written.
    pub head: String,
    /// The head as answers name it.
    pub key: String,
    /// What it may be.
    pub choices: Vec<Target>,
}

impl Doubt {
    /// About a column.
    pub(super) fn of(column: &HeadColumn, choices: Vec<Target>) -> Doubt {
        Doubt { index: column.index, head: column.head.clone(), key: column.key.clone(), choices }
    }
}

/// A head that cannot be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Ambiguity {
    /// The columns' letters, `B` or `B、F`.
    pub columns: String,
    /// The head as written.
    pub head: String,
    /// What it could be, in words.
    pub reason: String,
    /// True when a required column is at stake: nothing can be imported then.
    pub fatal: bool,
}

impl HeaderMatch {
    /// Position of the column that is `target`.
    pub fn column(&self, target: Target) -> Option<usize> {
        self.columns.iter().find(|c| c.target == target).map(|c| c.index)
    }

    /// Columns whose head means nothing here: (letters, head).
    pub fn unknown(&self) -> impl Iterator<Item = (String, &str)> {
        self.columns.iter().filter(|c| c.target == Target::Unknown).map(|c| (letters(c.index), c.head.as_str()))
    }
}

/// Whether a head, by its key, says that it is a date and not which.
pub fn says_date(key: &str) -> bool {
    super::words::VAGUE.contains(&key.split('#').next().unwrap_or_default())
}

/// Rows in which a header is looked for.
const DEPTH: usize = 30;

/// Finds the header among the first rows, below titles, and matches its columns.
///
/// The row with most matching heads is taken, the upper of equals. Fails when no row has two matching heads (one, where
/// the row has no more than two cells).
pub fn detect(table: &Table, ledger: &Ledger) -> Result<HeaderMatch, SheetError> {
    detect_as(table, ledger, &Answers::new())
}

/// The same with what people have said that heads mean.
pub fn detect_as(table: &Table, ledger: &Ledger, answers: &Answers) -> Result<HeaderMatch, SheetError> {
    if ledger.derived {
        return Err(SheetError::Derived(ledger.title.clone()));
    }
    let words = Words::new(ledger).answered(answers);
    let mut best: Option<(usize, &Row)> = None;
    for row in table.rows.iter().take(DEPTH) {
        let filled = row.cells.iter().filter(|c| **c != RawCell::Empty).count();
        let found = words.score(row);
        if (found >= 2 || (found == 1 && filled <= 2)) && best.is_none_or(|(most, _)| found > most) {
            best = Some((found, row));
        }
    }
    let (_, row) = best.ok_or_else(|| no_header(table, ledger))?;
    Ok(columns_of(&words, row, ledger))
}

fn no_header(table: &Table, ledger: &Ledger) -> SheetError {
    let filled = |r: &&Row| std::cmp::Reverse(r.cells.iter().filter(|c| **c != RawCell::Empty).count());
    let widest = table.rows.iter().take(DEPTH).min_by_key(filled);
    let nearest = widest.map_or(String::new(), |row| {
        let heads: Vec<String> = row.cells.iter().filter(|c| **c != RawCell::Empty).take(8).map(one_line).collect();
        let place =
            if table.sheet.is_empty() { "文件".to_owned() } else { format!("工作表“{}”", table.sheet) };
        format!("{place}第 {} 行是：{}。", row.number, heads.join("、"))
    });
    let wanted: Vec<&str> = required(ledger).map(|f| f.title.as_str()).collect();
    SheetError::NoHeader { ledger: ledger.title.clone(), wanted: wanted.join("、"), nearest }
}

fn required(ledger: &Ledger) -> impl Iterator<Item = &Field> {
    ledger.fields.iter().filter(|f| f.required && f.ty != FieldType::Derived)
}

/// True where each row names its unit in a column of its own: the unit does not follow from a field, and the ledger is
/// neither that of units, nor an undated register, nor one of what holds for the whole office.
pub fn unit_is_typed(ledger: &Ledger) -> bool {
    let own = ledger.name != "unit" && !is_setting(&ledger.name);
    ledger.unit_from.is_none() && own && ledger.kind != LedgerKind::Register
}

/// A cell on one line, its first thirty characters.
pub(super) fn one_line(cell: &RawCell) -> String {
    let text: String = cell.text().split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(30).collect()
}

/// The name of a column in messages.
pub fn target_title(target: Target, ledger: &Ledger) -> String {
    match target {
        Target::Field(i) => format!("“{}”", ledger.fields[i].title),
        Target::Number(i) => format!("“{}编号”", ledger.fields[i].title),
        Target::Code => "“编号”".into(),
        Target::Unit => "“单位”".into(),
        Target::Section => "“科室”".into(),
        Target::Ignored => "“序号”".into(),
        Target::Unknown => "未知列".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::org::builtin;

    fn ledger(name: &str) -> Ledger {
        builtin::ledgers().into_iter().find(|l| l.name == name).unwrap()
    }

    fn table(rows: &[&[&str]]) -> Table {
        let cell = |t: &&str| if t.is_empty() { RawCell::Empty } else { RawCell::Text((*t).to_owned()) };
        let rows = rows.iter().enumerate().filter(|(_, r)| !r.is_empty());
        let rows = rows.map(|(i, r)| Row { number: i as u32 + 1, cells: r.iter().map(cell).collect() }).collect();
        Table { rows, ..Table::default() }
    }

    fn targets(header: &HeaderMatch) -> Vec<Target> {
        header.columns.iter().map(|c| c.target).collect()
    }

    #[test]
    fn the_header_is_found_below_titles_and_by_every_spelling() {
        let person = ledger("person");
        let t = table(&[
            &["云溪区发展和改革委员会干部花名册"],
            &["填报单位：云溪区发改委", "", "2025年6月"],
            &[],
            &["序号", "所属单位", "科室(内设机构)", "姓 名\n（必填）", "出生\n年月", "身份证号码", "职务", "Backbone"],
            &["1", "云溪区发改委", "综合科", "王一", "1990.03", "", "科长", "是"],
        ]);
        let header = detect(&t, &person).unwrap();
        let field = |n: &str| Target::Field(person.field_index(n).unwrap());
        assert_eq!(header.row, 4);
        assert_eq!(
            targets(&header),
            [
                Target::Ignored,
                Target::Unit,
                Target::Section,
                field("name"),
                field("born"),
                field("id_number"),
                Target::Unknown,
                field("backbone")
            ]
        );
        assert_eq!(header.unknown().collect::<Vec<_>>(), [("G".to_owned(), "职务")]);
        assert!(header.missing.is_empty() && header.ambiguous.is_empty());
    }

    #[test]
    fn a_wrong_file_is_told_what_was_expected() {
        let t = table(&[&["商品", "数量", "单价"], &["铅笔", "3", "1.5"]]);
        let error = detect(&t, &ledger("post")).unwrap_err().to_string();
        assert!(
            error.contains("“任职”")
                && error.contains("人员、任职类别、任职日期")
                && error.contains("第 1 行是：商品、数量、单价"),
            "{error}"
        );
    }

    #[test]
    fn missing_and_ambiguous_columns_are_said() {
        let post = ledger("post");
        let header = detect(&table(&[&["姓名", "任职日期", "单位"]]), &post).unwrap();
        assert_eq!(header.missing, ["任职类别"]);
        let header = detect(&table(&[&["人员", "姓名", "任职类别", "任职日期", "任职日期"]]), &post).unwrap();
        assert_eq!(header.ambiguous.len(), 2);
        let by_columns = |c: &str| header.ambiguous.iter().find(|a| a.columns == c).unwrap();
        assert!(!by_columns("A、B").fatal, "the title beats the alias");
        assert!(by_columns("D、E").fatal);
        let mut twice = post.clone();
        twice.fields[2].aliases.push("起始日期".into());
        let header = detect(&table(&[&["姓名", "任职类别", "起始日期"]]), &twice).unwrap();
        assert_eq!(header.ambiguous[0].reason, "可能是“职务”或“任职日期”");
        assert!(header.ambiguous[0].fatal);
    }

    #[test]
    fn a_date_without_a_name_is_asked_about() {
        let post = ledger("post");
        let [from, to] = ["from", "to"].map(|n| Target::Field(post.field_index(n).unwrap()));
        let asked = |h: &HeaderMatch| h.doubts.iter().map(|d| (d.key.clone(), d.choices.clone())).collect::<Vec<_>>();
        for word in ["时间", "日期", "时 间"] {
            let heads = ["姓名", "任职类别", "单位", word];
            let header = detect(&table(&[&heads]), &post).unwrap();
            assert_eq!(asked(&header), [(super::super::norm::key(word), vec![from, to])], "{word}");
            assert_eq!(header.missing, ["任职日期"]);
            let answers = Answers::from([(super::super::norm::key(word), from)]);
            let header = detect_as(&table(&[&heads]), &post, &answers).unwrap();
            assert!(header.doubts.is_empty() && header.missing.is_empty(), "{header:?}");
        }
        // Even where nothing else is known of the heads but one, the row is found.
        assert_eq!(asked(&detect(&table(&[&["姓名", "时间", "什么", "哪里"]]), &post).unwrap())[0].1, [from, to]);
        // With the other one told, only one is left; it is asked, for nobody has called it so.
        let header = detect(&table(&[&["姓名", "任职类别", "单位", "任职日期", "时间"]]), &post).unwrap();
        assert_eq!(asked(&header), [("时间".to_owned(), vec![to])]);
        // A word of the ledger's stands until it is answered, and is not asked about where it is the only date left.
        let mut named = post.clone();
        let at = named.field_index("from").unwrap();
        named.fields[at].aliases.push("日期".into());
        let header = detect(&table(&[&["姓名", "任职类别", "单位", "日期"]]), &named).unwrap();
        assert_eq!((header.column(from), asked(&header)), (Some(3), vec![("日期".to_owned(), vec![from, to])]));
        let until = named.fields[named.field_index("to").unwrap()].title.clone();
        let header = detect(&table(&[&["姓名", "任职类别", "单位", "日期", &until]]), &named).unwrap();
        assert_eq!((header.column(from), asked(&header)), (Some(3), vec![]));
    }

    #[test]
    fn two_equal_columns_are_told_apart_by_an_answer() {
        let post = ledger("post");
        let from = Target::Field(post.field_index("from").unwrap());
        let heads = table(&[&["姓名", "任职类别", "单位", "任职日期", "任职日期"]]);
        let header = detect(&heads, &post).unwrap();
        let asked: Vec<&str> = header.doubts.iter().map(|d| d.key.as_str()).collect();
        assert_eq!(asked, ["任职日期#1", "任职日期#2"]);
        let answers = Answers::from([("任职日期#1".to_owned(), Target::Ignored), ("任职日期#2".to_owned(), from)]);
        let header = detect_as(&heads, &post, &answers).unwrap();
        assert_eq!(header.column(from), Some(4));
        assert!(header.doubts.is_empty() && header.ambiguous.is_empty() && header.missing.is_empty(), "{header:?}");
        // What was said of two says nothing of one.
        let single = detect_as(&table(&[&["姓名", "任职类别", "单位", "任职日期"]]), &post, &answers).unwrap();
        assert_eq!(single.column(from), Some(3));
    }

    #[test]
    fn fields_come_before_the_common_columns() {
        let unit = ledger("unit");
        let header = detect(&table(&[&["单位名称", "所属单位", "层级", "编号", "设立日期"]]), &unit).unwrap();
        let field = |n: &str| Target::Field(unit.field_index(n).unwrap());
        assert_eq!(targets(&header), [field("name"), field("parent"), field("level"), Target::Code, field("from")]);
    }

    #[test]
    fn code_and_unit_have_heads_of_their_own() {
        let mut post = ledger("post");
        assert_eq!((code_head(&post), unit_head(&post)), ("编号", "单位"));
        post.fields[2].short = Some("编号".into());
        post.fields[3].title = "单位".into();
        assert_eq!((code_head(&post), unit_head(&post)), ("记录编号", "所属单位"));
    }

    #[test]
    fn a_part_of_the_title_names_the_code() {
        let pairs = Ledger { title: "导师帮带结对".into(), ..ledger("post") };
        let header = detect(&table(&[&["结对编号", "姓名", "合同编号"]]), &pairs).unwrap();
        assert_eq!(targets(&header), [Target::Code, Target::Field(0), Target::Unknown]);
    }

    #[test]
    fn computed_ledgers_take_no_rows() {
        let low = Ledger { derived: true, title: "连续两年后三位".into(), ..Ledger::default() };
        assert!(matches!(detect(&Table::default(), &low), Err(SheetError::Derived(_))));
    }
}
