//! Questions as our own sheet, and the empty one.

use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::{
    aiken,
    kind::{Kind, Markup},
    model::{Question, TRUE_FALSE, letter},
    number::Weight,
    workbook_read::{COLUMNS, Column, option_head, told_head},
};
use crate::sheet::SheetError;

/// Options of the template.
const OPTIONS: usize = 6;

/// What the second sheet says of each column.
const NOTES: [(&str, &str); 9] = [
    ("题型", "单选题、多选题、判断题、填空题、简答题"),
    ("题干", "要问的话；填空的位置写 _____"),
    ("选项A、选项B……", "单选题、多选题的选项，从A起依次填，中间不空"),
    (
        "答案",
        "单选填一个字母，多选如 ABD，判断填对或错；填空的几种写法以 | 分开，全角半角、大小写不分；数值如 #80 或 #79..81",
    ),
    ("解析", "作答后给所有人看；简答题为参考答案"),
    ("主题", "用于组卷"),
    ("难度", "易、中、难"),
    ("出处条款", "如 二（二）三；没有的题可以入库，补上后才能组卷"),
    ("权重", "可不填。各选项（或各种写法）的百分比，以 | 分开，如 50|50|-100|-100"),
];

/// Writes questions. Those with pictures do not fit into cells: their places in the list come back and they are not
/// written.
///
/// # Errors
/// When the library cannot write.
pub fn write(questions: &[Question]) -> Result<(Vec<u8>, Vec<usize>), SheetError> {
    let bare: Vec<&Question> = questions.iter().filter(|q| q.images.is_empty()).collect();
    let bytes = book(&bare).map_err(|e| SheetError::Output(format!("写 .xlsx 时出错：{e}")))?;
    Ok((bytes, (0..questions.len()).filter(|i| !questions[*i].images.is_empty()).collect()))
}

/// The empty sheet, with what each column is.
///
/// # Errors
/// When the library cannot write.
pub fn template() -> Result<Vec<u8>, SheetError> {
    Ok(write(&[])?.0)
}

/// Columns that these questions need, and those of the template.
fn columns(questions: &[&Question]) -> Vec<(Column, String)> {
    let options = questions.iter().filter(|q| q.kind.has_options()).map(|q| q.answers.len()).max().unwrap_or(0);
    let told = questions.iter().flat_map(|q| q.answers.iter().enumerate());
    let told = told.filter(|(_, a)| !a.feedback.is_empty()).map(|(i, _)| i + 1).max().unwrap_or(0);
    let mut columns = Vec::new();
    for (column, heads) in COLUMNS {
        columns.push((column, heads[0].to_owned()));
        if column == Column::Stem {
            columns.extend((0..options.max(OPTIONS)).map(|i| (Column::Option(i), option_head(i))));
        }
    }
    columns.extend((0..told).map(|i| (Column::Told(i), told_head(i))));
    columns
}

fn book(questions: &[&Question]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_align(FormatAlign::Center);
    let body = Format::new().set_num_format("@").set_text_wrap().set_align(FormatAlign::Top);
    let columns = columns(questions);
    let sheet = book.add_worksheet();
    sheet.set_name("题目")?;
    sheet.set_freeze_panes(1, 0)?;
    for (i, (column, title)) in columns.iter().enumerate() {
        sheet.set_column_width(i as u16, if *column == Column::Stem { 48.0 } else { 14.0 })?;
        sheet.set_column_format(i as u16, &body)?;
        sheet.write_string_with_format(0, i as u16, title, &head)?;
    }
    for (row, question) in (1..).zip(questions) {
        for (i, (column, _)) in columns.iter().enumerate() {
            cell(sheet, (row, i as u16), &text(question, *column), &body)?;
        }
    }
    let notes = book.add_worksheet();
    notes.set_name("填写说明")?;
    notes.set_column_width(0, 20.0)?;
    notes.set_column_width(1, 90.0)?;
    for (row, (column, note)) in (0..).zip(NOTES) {
        notes.write_string_with_format(row, 0, column, &head)?;
        notes.write_string(row, 1, note)?;
    }
    book.save_to_buffer()
}

fn cell(sheet: &mut Worksheet, (row, column): (u32, u16), text: &str, format: &Format) -> Result<(), XlsxError> {
    if !text.is_empty() {
        sheet.write_string_with_format(row, column, text, format)?;
    }
    Ok(())
}

fn text(q: &Question, column: Column) -> String {
    match column {
        Column::Kind => q.kind.title().into(),
        Column::Stem => q.stem.clone(),
        Column::Key => key(q),
        Column::Feedback => q.feedback.clone(),
        Column::Topic => q.topic.clone(),
        Column::Difficulty => q.difficulty.map_or_else(String::new, |d| d.title().into()),
        Column::Source => q.source.clone(),
        Column::Title => q.title.clone(),
        Column::Markup if q.markup == Markup::Plain => String::new(),
        Column::Markup => q.markup.as_str().into(),
        Column::Weights => weights(q),
        Column::Option(i) if q.kind.has_options() => q.answers.get(i).map_or_else(String::new, |a| a.text.clone()),
        Column::Option(_) => String::new(),
        Column::Told(i) => q.answers.get(i).map_or_else(String::new, |a| a.feedback.clone()),
    }
}

/// Options that are right.
fn right(q: &Question) -> Vec<usize> {
    let is = |w: Weight| if q.kind == Kind::Multiple { w > Weight::NONE } else { w == Weight::FULL };
    (0..q.answers.len()).filter(|i| is(q.answers[*i].weight)).collect()
}

fn key(q: &Question) -> String {
    match q.kind {
        Kind::Single | Kind::Multiple => right(q).into_iter().map(letter).collect(),
        Kind::TrueFalse => right(q).first().map_or_else(String::new, |i| TRUE_FALSE[*i].into()),
        Kind::Short => String::new(),
        Kind::Fill => {
            let of = |a: &super::Answer| match a.range {
                Some((low, high)) if low == high => format!("#{low}"),
                Some((low, high)) => format!("#{low}..{high}"),
                None => {
                    let text = a.text.replace('\\', "\\\\").replace('|', "\\|");
                    if text.starts_with('#') { format!("\\{text}") } else { text }
                }
            };
            q.answers.iter().map(of).collect::<Vec<_>>().join("|")
        }
    }
}

fn weights(q: &Question) -> String {
    let (hit, miss) = match q.kind {
        Kind::Short | Kind::TrueFalse => return String::new(),
        Kind::Fill => (Weight::FULL, Weight::FULL),
        kind => aiken::weights(kind, right(q).len()),
    };
    let rights = right(q);
    let usual = |i: usize| if q.kind == Kind::Fill || rights.contains(&i) { hit } else { miss };
    if (0..q.answers.len()).all(|i| q.answers[i].weight == usual(i)) {
        return String::new();
    }
    q.answers.iter().map(|a| a.weight.to_string()).collect::<Vec<_>>().join("|")
}
