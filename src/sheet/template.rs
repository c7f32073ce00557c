//! The empty sheet that an office fills: heads exactly as the import knows them, drop-downs, notes, and a second sheet
//! that explains each column with an example.

use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, Format, FormatAlign, Formula, Note, Workbook, Worksheet,
};

use crate::{
    day::Day,
    directive::model::{Field, FieldType, Ledger, LedgerKind},
};

use super::{
    Column, OutRow, SheetError, Spec, Stored,
    display::{Names, display},
    export::text_of,
    header::{code_head, unit_head, unit_is_typed},
    id_number, number,
    xlsx_out::{Formats, number_of, properties, sheet_name, width, written},
};

/// Rows that have drop-downs and formats.
const ROWS: u32 = 20_000;
/// Begins the name of the hidden sheet that says for which definitions a template was made.
pub(super) const VERSION: &str = "模板-";
/// Excel allows this many characters for a list written into the rule itself.
const INLINE_LIST: usize = 255;

/// A column of the template.
struct Head<'a> {
    column: Column,
    title: String,
    required: bool,
    field: Option<&'a Field>,
    /// Texts of which one stands in it, though the definition does not list them.
    named: &'a [String],
    /// What records are called to which it refers; empty where that is not known.
    like: &'a str,
}

/// The template as bytes of an .xlsx. `day` is kept in the workbook's properties.
pub fn template(ledger: &Ledger, day: Day) -> Result<Vec<u8>, SheetError> {
    made(ledger, day, "", &Filled::default())
}

/// What stands in a template already.
pub struct Filled<'a> {
    /// Records.
    pub rows: &'a [OutRow],
    /// Names of what they refer to.
    pub names: &'a dyn Names,
    /// Fields (by position) that take one of these texts, though the definition does not list them.
    pub named: &'a [(usize, Vec<String>)],
    /// Fields that refer to records of other ledgers.
    pub referred: &'a [Referred],
}

/// A field that refers to records of another ledger, and what may be written there.
#[derive(Clone, Debug, Default)]
pub struct Referred {
    /// Its position.
    pub field: usize,
    /// Title of the other ledger.
    pub ledger: String,
    /// How its records are called: `王某某—李某某`.
    pub like: String,
    /// How many there are; 0 where none are to be listed.
    pub total: usize,
    /// Title of the date that tells apart those of one title; empty where they have none.
    pub dated: String,
    /// Code, title and that date of all of them; empty where they are too many.
    pub rows: Vec<[String; 3]>,
}

impl Default for Filled<'_> {
    fn default() -> Self {
        Filled { rows: &[], names: &Invented, named: &[], referred: &[] }
    }
}

/// Rows that a template may hold.
pub const MOST: usize = ROWS as usize - 1;

/// The same with records in it; `version` marks the state of the definitions, so that an import knows an older template.
pub fn made(ledger: &Ledger, day: Day, version: &str, filled: &Filled<'_>) -> Result<Vec<u8>, SheetError> {
    let mut heads = heads(ledger, !filled.rows.is_empty());
    for head in &mut heads {
        let named = filled.named.iter().find(|(i, _)| head.column == Column::Field(*i));
        head.named = named.map_or(&[], |(_, of)| of);
        head.like = filled.referred.iter().find(|r| head.column == Column::Field(r.field)).map_or("", |r| &r.like);
    }
    let formats = Formats::new();
    let mut book = Workbook::new();
    book.set_properties(&properties(&format!("{}导入模板", ledger.title), day));
    let mut lists = Vec::new();
    let sheet = book.add_worksheet();
    sheet.set_name(sheet_name(&ledger.title)).map_err(written)?;
    sheet.set_freeze_panes(1, 0).map_err(written)?;
    sheet.set_row_height(0, 32).map_err(written)?;
    for (i, head) in heads.iter().enumerate() {
        fill_column(sheet, i as u16, head, ledger, &formats, &mut lists)?;
    }
    fill(sheet, &heads, ledger, filled, &formats)?;
    explain(book.add_worksheet(), &heads, ledger, &formats)?;
    if filled.referred.iter().any(|r| r.total > 0) {
        list(book.add_worksheet(), filled.referred, ledger, &formats)?;
    }
    if !version.is_empty() {
        book.add_worksheet().set_name(format!("{VERSION}{version}")).map_err(written)?.set_hidden(true);
    }
    if !lists.is_empty() {
        let hidden = book.add_worksheet();
        hidden.set_name("选项").map_err(written)?.set_hidden(true);
        for (i, list) in lists.iter().enumerate() {
            for (row, choice) in list.iter().enumerate() {
                hidden.write_string(row as u32, i as u16, choice).map_err(written)?;
            }
        }
    }
    book.save_to_buffer().map_err(written)
}

/// Titles of the columns of a ledger's sheet, each with whether it must be there.
pub fn columns(ledger: &Ledger) -> Vec<(String, bool)> {
    heads(ledger, false).into_iter().map(|h| (h.title, h.required)).collect()
}

/// Code (of events only where there are records), unit where it is typed or tells namesakes apart, then every field that can be typed.
fn heads(ledger: &Ledger, filled: bool) -> Vec<Head<'_>> {
    let mut heads = Vec::new();
    let common = |column: Column, title: &str, required: bool| Head {
        column,
        title: title.to_owned(),
        required,
        field: None,
        named: &[],
        like: "",
    };
    if filled || !matches!(ledger.kind, LedgerKind::Event { .. }) {
        heads.push(common(Column::Code, code_head(ledger), false));
    }
    let persons = ledger.fields.iter().any(|f| f.ty == FieldType::Person);
    if unit_is_typed(ledger) || persons {
        heads.push(common(Column::Unit, unit_head(ledger), unit_is_typed(ledger)));
    }
    for (i, field) in ledger.fields.iter().enumerate() {
        if !matches!(field.ty, FieldType::Derived | FieldType::File) {
            let title = field.title.clone();
            heads.push(Head {
                column: Column::Field(i),
                title,
                required: field.required,
                field: Some(field),
                named: &[],
                like: "",
            });
        }
    }
    heads
}

/// Writes the records as an export would.
fn fill(
    sheet: &mut Worksheet,
    heads: &[Head<'_>],
    ledger: &Ledger,
    filled: &Filled<'_>,
    formats: &Formats,
) -> Result<(), SheetError> {
    let columns: Vec<Column> = heads.iter().map(|h| h.column.clone()).collect();
    let spec = Spec { ledger, columns, names: filled.names, day: Day::MIN };
    for (n, row) in filled.rows.iter().take(MOST).enumerate() {
        for (i, head) in heads.iter().enumerate() {
            let at = (n as u32 + 1, i as u16);
            let number = match (&head.column, head.field) {
                (Column::Field(f), Some(field)) => number_of(&row.values[*f], &field.ty, &field.title),
                _ => None,
            };
            let format = head.field.map_or(&formats.text, |f| formats.of(&f.ty, &f.title));
            match (number, text_of(&head.column, 0, row, &spec)) {
                (Some(n), _) => sheet.write_number_with_format(at.0, at.1, n, format),
                (None, text) if text.is_empty() => continue,
                (None, text) => sheet.write_string_with_format(at.0, at.1, text, &formats.text),
            }
            .map_err(written)?;
        }
    }
    Ok(())
}

fn fill_column(
    sheet: &mut Worksheet,
    at: u16,
    head: &Head<'_>,
    ledger: &Ledger,
    formats: &Formats,
    lists: &mut Vec<Vec<String>>,
) -> Result<(), SheetError> {
    let title = if head.required { format!("{}（必填）", head.title) } else { head.title.clone() };
    sheet.write_string_with_format(0, at, title, &formats.head).map_err(written)?;
    sheet.set_column_width(at, width(&head.column, ledger)).map_err(written)?;
    let format = head.field.map_or(&formats.text, |f| formats.of(&f.ty, &f.title));
    sheet.set_column_format(at, format).map_err(written)?;
    sheet.insert_note(0, at, &Note::new(how(head)).add_author_prefix(false)).map_err(written)?;
    let choices = match head.field.map(|f| &f.ty) {
        _ if !head.named.is_empty() => head.named.to_vec(),
        Some(FieldType::Choice(of)) => of.clone(),
        Some(FieldType::Flag) => vec!["是".to_owned(), "否".to_owned()],
        _ => return Ok(()),
    };
    let inline = choices.iter().map(|c| c.chars().count() + 1).sum::<usize>() <= INLINE_LIST;
    let rule = if inline && choices.iter().all(|c| !c.contains(',')) {
        DataValidation::new().allow_list_strings(&choices).map_err(written)?
    } else {
        let letters = super::letters(lists.len());
        let range = format!("选项!${letters}$1:${letters}${}", choices.len());
        lists.push(choices);
        DataValidation::new().allow_list_formula(Formula::new(range))
    };
    let rule = rule
        .set_error_style(DataValidationErrorStyle::Stop)
        .set_error_title("请从下拉列表中选择")
        .and_then(|r| r.set_error_message("这一列只能填下拉列表中的内容。"))
        .map_err(written)?;
    sheet.add_data_validation(1, at, ROWS, at, &rule).map_err(written)?;
    Ok(())
}

/// How a column is to be filled, in words.
fn how(head: &Head<'_>) -> String {
    let Some(field) = head.field else {
        return match head.column {
            Column::Code => "可不填。填写后，其他台账可以用它指明这条记录；重复的编号不能导入。".into(),
            _ if head.required => "单位全称、简称或编号。".into(),
            _ => "可不填。人员有重名时，写明其单位。".into(),
        };
    };
    let kind = match &field.ty {
        _ if !head.named.is_empty() => "从下拉列表中选一项；还没有定名的先空着。".into(),
        FieldType::Text if id_number::is_id_number(field) => "18 位身份证号，单元格保持“文本”格式。".into(),
        FieldType::Text => format!("文字，不超过 {} 字。", super::value::text_limit(field)),
        FieldType::Integer => "整数，不写单位。".into(),
        FieldType::Decimal => "数字，最多四位小数。".into(),
        FieldType::Money => {
            let unit = [(1_000_000, "万元"), (10_000_000_000, "亿元"), (100_000, "千元")];
            let word =
                unit.iter().find(|(n, _)| *n == number::money_unit(&field.title)).map_or("元", |(_, word)| word);
            format!("金额，单位：{word}，精确到分。")
        }
        FieldType::Date => "日期，如 2025-03-01、2025.3.1、2025年3月1日。".into(),
        FieldType::Flag => "是或否，从下拉列表中选。".into(),
        FieldType::Person => "姓名或人员编号，一格一人；有重名时写人员编号。".into(),
        FieldType::Unit => "单位全称、简称或编号。".into(),
        FieldType::Period => "年度、半年、季度或月份，如 2025、2025H1、2025Q1、2025-03。".into(),
        FieldType::Choice(_) => "从下拉列表中选一项。".into(),
        FieldType::Choices(of) => format!("可填多项，用“、”隔开：{}。", of.join("、")),
        FieldType::Ref(_) => {
            let like = if head.like.is_empty() { String::new() } else { format!("（如“{}”）", head.like) };
            format!("所指记录的编号，或页面上显示的名称{like}，写哪一种都可以；有同名的写编号。")
        }
        FieldType::File | FieldType::Derived => String::new(),
    };
    match &field.hint {
        Some(hint) => format!("{hint}\n{kind}"),
        None => kind,
    }
}

/// An example of each column, plainly invented.
fn example(head: &Head<'_>) -> String {
    let Some(field) = head.field else {
        return if head.column == Column::Code { "BH-001".into() } else { "某某区发改委".into() };
    };
    let value = match &field.ty {
        _ if !head.named.is_empty() => Stored::Text(head.named[0].clone()),
        FieldType::Text if id_number::is_id_number(field) => Stored::Text("11010519491231002X".into()),
        FieldType::Text if field.name == "phone" => Stored::Text("13800000000".into()),
        FieldType::Text => Stored::Text(format!("（{}）", field.title)),
        FieldType::Integer => Stored::I64(3),
        FieldType::Decimal => Stored::I64(855_000),
        FieldType::Money => Stored::I64(500_000),
        FieldType::Date => Stored::Text("2025-03-01".into()),
        FieldType::Flag => Stored::I64(1),
        FieldType::Period => Stored::Text("2025".into()),
        FieldType::Choice(of) => of.first().map_or(Stored::Null, |c| Stored::Text(c.clone())),
        FieldType::Choices(of) => Stored::Text(of.iter().take(2).cloned().collect::<Vec<_>>().join("|")),
        FieldType::Person | FieldType::Unit | FieldType::Ref(_) => Stored::I64(0),
        FieldType::File | FieldType::Derived => Stored::Null,
    };
    display(field, &value, &Invented)
}

struct Invented;

impl Names for Invented {
    fn person(&self, _: i64) -> String {
        "王某某".into()
    }
    fn unit(&self, _: i64) -> String {
        "某某区发改委".into()
    }
    fn record(&self, _: &str, _: i64) -> String {
        "BH-001".into()
    }
}

/// The sheet 填写说明: each column in words, then an example row under the heads as they are to be filled.
fn explain(sheet: &mut Worksheet, heads: &[Head<'_>], ledger: &Ledger, formats: &Formats) -> Result<(), SheetError> {
    sheet.set_name("填写说明").map_err(written)?;
    let title = Format::new().set_bold().set_font_size(14);
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.write_string_with_format(0, 0, format!("“{}”填写说明", ledger.title), &title).map_err(written)?;
    sheet.write_string(1, 0, &ledger.note).map_err(written)?;
    let general = "一行一条记录。标“（必填）”的列不能空；不要改动列名，列的次序可以调整，多余的列不会导入。";
    sheet.write_string(2, 0, general).map_err(written)?;
    for (i, (word, width)) in
        [("列名", 22.0), ("必填", 8.0), ("填写要求", 60.0), ("示例", 24.0)].into_iter().enumerate()
    {
        sheet.write_string_with_format(4, i as u16, word, &formats.head).map_err(written)?;
        sheet.set_column_width(i as u16, width).map_err(written)?;
    }
    let mut row = 5;
    for head in heads {
        let other = if head.like.is_empty() { String::new() } else { format!("，或{}", head.like) };
        let required = if head.required { "是" } else { "" };
        let cells = [head.title.clone(), required.into(), how(head), example(head) + &other];
        for (i, cell) in cells.into_iter().enumerate() {
            sheet.write_string_with_format(row, i as u16, cell, &wrapped).map_err(written)?;
        }
        row += 1;
    }
    sheet.write_string_with_format(row + 1, 0, "示例行", &title).map_err(written)?;
    for (i, head) in heads.iter().enumerate() {
        sheet.write_string_with_format(row + 2, i as u16, &head.title, &formats.head).map_err(written)?;
        sheet.write_string_with_format(row + 3, i as u16, example(head), &formats.text).map_err(written)?;
    }
    Ok(())
}

/// The sheet 可填的记录: number, title and date of the records to which columns refer, side by side.
fn list(sheet: &mut Worksheet, all: &[Referred], ledger: &Ledger, formats: &Formats) -> Result<(), SheetError> {
    sheet.set_name("可填的记录").map_err(written)?;
    let title = Format::new().set_bold();
    for (n, one) in all.iter().filter(|r| r.total > 0).enumerate() {
        let at = n as u16 * 4;
        let column = &ledger.fields[one.field].title;
        let rest = if one.rows.is_empty() { "，数量较多没有列出，请在台账页面查编号" } else { "" };
        let head = format!("“{column}”一列：{}，共{}条{rest}", one.ledger, one.total);
        sheet.write_string_with_format(0, at, head, &title).map_err(written)?;
        let words = [("编号", 14.0), ("名称", 32.0), (&*one.dated, 14.0)];
        for (i, (word, width)) in words.into_iter().filter(|(word, _)| !word.is_empty()).enumerate() {
            let place = at + i as u16;
            sheet.set_column_width(place, width).map_err(written)?;
            if !one.rows.is_empty() {
                sheet.write_string_with_format(1, place, word, &formats.head).map_err(written)?;
            }
        }
        for (row, texts) in one.rows.iter().enumerate() {
            for (i, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                sheet.write_string_with_format(row as u32 + 2, at + i as u16, text, &formats.text).map_err(written)?;
            }
        }
    }
    Ok(())
}
