//! The own data as a file to take along: .json for programs, .docx for people.

use std::io::Cursor;

use anyhow::Context as _;
use docx_rs::{
    AlignmentType, Docx, PageMargin, Paragraph, Run, RunFonts, Table, TableCell, TableLayoutType, TableRow, WidthType,
};
use serde::Serialize;

use super::own::{Record, Sheet};

/// Everything in the file.
#[derive(Clone, Debug, Serialize)]
pub struct Own {
    /// Who keeps the data.
    #[serde(rename = "处理者")]
    pub keeper: String,
    /// Whose data it is.
    #[serde(rename = "本人")]
    pub name: String,
    /// When it was put together: `2025年6月30日 18:05`.
    #[serde(rename = "导出时间")]
    pub made: String,
    /// Login name, roles, sessions and the like: term and words.
    #[serde(rename = "账号")]
    pub account: Vec<(String, String)>,
    /// The own records by ledger.
    #[serde(rename = "台账记录")]
    pub sheets: Vec<Sheet>,
    /// Requests for correction: head and words.
    #[serde(rename = "更正申请")]
    pub requests: Vec<(String, String)>,
    /// What was said about the program under the own name: head and words.
    #[serde(rename = "意见建议")]
    pub feedback: Vec<(String, String)>,
}

/// As JSON.
///
/// # Errors
/// None that can be expected: it is all text.
pub fn json(own: &Own) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(own)?)
}

/// Width of the text on A4 between the margins of GB/T 9704 (156 mm), in twentieths of a point.
const WIDTH: usize = 8845;
/// 四号, in half points.
const TEXT: usize = 28;
/// 五号, in half points: text in tables.
const SMALL: usize = 21;
/// 二号, in half points.
const TITLE: usize = 44;

/// As a paper: A4, 仿宋, plain tables.
///
/// # Errors
/// When the file cannot be put together.
pub fn docx(own: &Own) -> anyhow::Result<Vec<u8>> {
    let margin = PageMargin { top: 2098, bottom: 1984, left: 1588, right: 1474, header: 851, footer: 992, gutter: 0 };
    let mut paper = Docx::new()
        .page_size(11906, 16838)
        .page_margin(margin)
        .default_fonts(font("仿宋_GB2312"))
        .default_size(TEXT)
        .add_paragraph(line("个人信息副本", TITLE, "方正小标宋简体").align(AlignmentType::Center));
    let head = [("处理者", &own.keeper), ("本人", &own.name), ("导出时间", &own.made)];
    let account = own.account.iter().map(|(term, words)| (term.as_str(), words));
    paper = paper.add_table(table(
        &[2000, WIDTH - 2000],
        None,
        head.into_iter().chain(account).map(|(term, words)| vec![term.to_owned(), words.clone()]),
    ));
    for sheet in &own.sheets {
        let about = format!("保存期限：{}。依据：{}。", sheet.keep, or_none(&sheet.basis.join("；")));
        paper = heading(paper, &format!("{}（{}条）", sheet.ledger, sheet.records.len()));
        paper = paper.add_paragraph(line(&about, SMALL, "仿宋_GB2312")).add_table(table(
            &[1500, WIDTH - 4000, 2500],
            Some(["编号", "内容", "登记"].map(str::to_owned).into()),
            sheet.records.iter().map(cells),
        ));
    }
    for (title, entries) in [("更正申请", &own.requests), ("意见建议", &own.feedback)] {
        if !entries.is_empty() {
            paper = heading(paper, title);
            let rows = entries.iter().map(|(head, words)| vec![head.clone(), words.clone()]);
            paper = paper.add_table(table(&[2500, WIDTH - 2500], None, rows));
        }
    }
    let mut file = Cursor::new(Vec::new());
    paper.build().pack(&mut file).context("文档写不出来")?;
    Ok(file.into_inner())
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "无" } else { text }
}

fn heading(paper: Docx, text: &str) -> Docx {
    paper.add_paragraph(line(text, TEXT, "黑体").keep_next(true))
}

fn cells(record: &Record) -> Vec<String> {
    let fields = record.fields.iter().map(|f| format!("{}：{}", f.title, f.text)).collect::<Vec<_>>();
    let mut content = fields.join("；");
    if let Some(voided) = &record.voided {
        content.push_str(&format!("。（{voided}）"));
    }
    vec![record.code.clone(), content, format!("{} {}，第{}版", record.recorded, record.by, record.revision)]
}

fn table(widths: &[usize], head: Option<Vec<String>>, rows: impl Iterator<Item = Vec<String>>) -> Table {
    let row = |texts: Vec<String>, family: &str| {
        let cell = |(text, width): (String, &usize)| {
            TableCell::new().width(*width, WidthType::Dxa).add_paragraph(line(&text, SMALL, family))
        };
        TableRow::new(texts.into_iter().zip(widths).map(cell).collect()).cant_split()
    };
    let head = head.map(|texts| row(texts, "黑体"));
    let rows = head.into_iter().chain(rows.map(|texts| row(texts, "仿宋_GB2312"))).collect();
    Table::new(rows).set_grid(widths.to_vec()).width(WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

/// A paragraph of one run. XML has no place for most control characters.
fn line(text: &str, size: usize, family: &str) -> Paragraph {
    let plain: String =
        text.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c }).collect();
    Paragraph::new().add_run(Run::new().add_text(plain).size(size).fonts(font(family)))
}

fn font(family: &str) -> RunFonts {
    RunFonts::new().east_asia(family).ascii("Times New Roman").hi_ansi("Times New Roman")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::personal::own::Field;

    fn own() -> Own {
        let field = Field { title: "备注".into(), text: "a<b>&\u{0}\u{b}“\u{202e}".into() };
        let record = Record {
            code: "P1".into(),
            revision: 2,
            fields: vec![field],
            recorded: "2025年1月1日 09:00".into(),
            by: "周敏".into(),
            voided: Some("2025年2月1日 09:00由周敏作废".into()),
        };
        Own {
            keeper: "云岭市发改委".into(),
            name: "赵一".into(),
            made: "2025年3月1日 09:00".into(),
            account: vec![("登录名".into(), "zhao".into())],
            sheets: vec![Sheet {
                ledger: "人员".into(), basis: vec![], keep: "未规定".into(), records: vec![record]
            }],
            requests: vec![("2025年1月1日".into(), "籍贯有误".into())],
            feedback: vec![],
        }
    }

    #[test]
    fn the_paper_is_a4_in_fangsong_and_well_formed() {
        let bytes = docx(&own()).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut xml = String::new();
        zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
        let mut reader = quick_xml::Reader::from_str(&xml);
        while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
        assert!(xml.contains("w:w=\"11906\" w:h=\"16838\"") && xml.contains("仿宋_GB2312"), "{xml}");
        assert!(xml.contains("a&lt;b&gt;&amp;") && xml.contains("人员（1条）") && xml.contains("籍贯有误"), "{xml}");
        assert!(!xml.contains(['\u{0}', '\u{b}']) && !xml.contains("意见建议"));
    }

    #[test]
    fn the_json_reads_back() {
        let read: serde_json::Value = serde_json::from_slice(&json(&own()).unwrap()).unwrap();
        assert_eq!(read["台账记录"][0]["记录"][0]["编号"], "P1");
        assert_eq!(read["台账记录"][0]["记录"][0]["内容"][0]["栏目"], "备注");
    }
}
