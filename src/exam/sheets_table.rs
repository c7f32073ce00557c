//! The table into which answer sheets are typed, with a row for everybody whose sheet may be taken.

use std::borrow::Cow;

use rust_xlsxwriter::{DataValidation, Format, FormatAlign, Workbook, XlsxError};

use super::{
    paper::{Chosen, Form, marks},
    sheets::{HEADS, Known},
};
use crate::{questions::Kind, sheet::csv_text::neutral};

/// How it is filled in: a heading and the words.
const NOTES: [(&str, &str); 8] = [
    ("一行一份", "一份答卷一行。没有交卷的人，各题和总分都空着，不算一份；交了白卷的，总分填0。"),
    ("卷别", "答题卡上方印的字母，如A。同一题在各卷里的题号不同，卷别填错，答案就对错了题，请核对。"),
    ("单选题", "答题卡上写的选项字母，如C。"),
    ("多选题", "全部选项字母，如ACD或A、C、D。"),
    ("判断题", "对或错，√或×亦可。"),
    ("填空题", "答题卡上写的内容，由系统判分。"),
    ("简答题", "阅卷人给的分数，至多一位小数；没有作答的填0。"),
    (
        "总分",
        "各题填写的不填，由系统计算。只知道总分时填这一列，各题都空着；这样的答卷不进入题目分析，试题作废时也不能重新计分。",
    ),
];

/// The heads: whose, which form, the numbers with their kinds and marks, all marks. In each form a number has the same kind.
fn heads(paper: &[Chosen], form: &Form) -> Vec<String> {
    let [code, name, letter, total] = HEADS.map(str::to_owned);
    let one = |(number, asked): (usize, &super::paper::Asked)| match paper.get(asked.question) {
        Some(c) if c.question.kind == Kind::Short => format!("{number}（简答题得分，{}分）", marks(c.marks)),
        Some(c) => format!("{number}（{}）", c.question.kind.title()),
        None => number.to_string(),
    };
    let numbers = (1..).zip(&form.asked).map(one);
    [code, name, letter].into_iter().chain(numbers).chain([total]).collect()
}

/// Whose sheets may be taken.
fn persons(listed: &[Known]) -> impl Iterator<Item = &Known> {
    listed.iter().filter(|k| k.barred.is_empty())
}

/// As .xlsx, with a second sheet that says how it is filled in.
///
/// # Errors
/// When the workbook cannot be written.
pub fn workbook(paper: &[Chosen], forms: &[Form], listed: &[Known]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let head = Format::new().set_bold().set_text_wrap().set_align(FormatAlign::Center);
    let body = Format::new().set_num_format("@");
    let sheet = book.add_worksheet();
    sheet.set_name("答卷")?;
    sheet.set_freeze_panes(1, 3)?;
    let titles = forms.first().map_or_else(Vec::new, |form| heads(paper, form));
    for (i, title) in (0..).zip(&titles) {
        sheet.set_column_width(i, if i < 2 { 14.0 } else { 9.0 })?;
        sheet.set_column_format(i, &body)?;
        sheet.write_string_with_format(0, i, title, &head)?;
    }
    let mut last = 1;
    for (row, known) in (1..).zip(persons(listed)) {
        sheet.write_string_with_format(row, 0, &known.code, &body)?;
        sheet.write_string_with_format(row, 1, &known.name, &body)?;
        last = row;
    }
    let letters: Vec<String> = forms.iter().map(|f| f.letter.to_string()).collect();
    sheet.add_data_validation(1, 2, last, 2, &DataValidation::new().allow_list_strings(&letters)?)?;
    let notes = book.add_worksheet();
    notes.set_name("填写说明")?;
    notes.set_column_width(0, 14.0)?;
    notes.set_column_width(1, 90.0)?;
    for (row, (what, note)) in (0..).zip(NOTES) {
        notes.write_string_with_format(row, 0, what, &head)?;
        notes.write_string(row, 1, note)?;
    }
    book.save_to_buffer()
}

/// As .csv that Excel opens as it is.
///
/// # Errors
/// When it cannot be written.
pub fn csv(paper: &[Chosen], forms: &[Form], listed: &[Known]) -> anyhow::Result<Vec<u8>> {
    let titles = forms.first().map_or_else(Vec::new, |form| heads(paper, form));
    let mut out =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer("\u{feff}".as_bytes().to_vec());
    out.write_record(&titles)?;
    for known in persons(listed) {
        let mut record = vec![neutral(&known.code), neutral(&known.name)];
        record.resize(titles.len(), Cow::Borrowed(""));
        out.write_record(record.iter().map(|c| c.as_bytes()))?;
    }
    out.into_inner().map_err(|e| anyhow::anyhow!("表格写不出来：{e}"))
}
