//! The own data as a file to take along: .json for programs, .docx for people.

use serde::Serialize;

use super::{
    own::{Record, Sheet},
    sittings::Sitting,
    verdicts::Told,
};
use crate::document::{self, Block, Cell, Column, Document, Level, Table};

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
    /// What was judged of the person and of records in which he has a part, of each demand the latest.
    #[serde(rename = "与本人有关的判定")]
    pub verdicts: Vec<Told>,
    /// 改进措施 for which the person is responsible: what it is about, and what is done.
    #[serde(rename = "由本人负责的改进措施")]
    pub remedies: Vec<(String, String)>,
    /// Who looked at the records, took them out or changed them: when and by whom, what and why.
    #[serde(rename = "谁看过我的档案")]
    pub trace: Vec<(String, String)>,
    /// Requests for correction: head and words.
    #[serde(rename = "更正申请")]
    pub requests: Vec<(String, String)>,
    /// What was said about the program under the own name: head and words.
    #[serde(rename = "意见建议")]
    pub feedback: Vec<(String, String)>,
    /// Tests that were sat.
    #[serde(rename = "考试")]
    pub sittings: Vec<Sitting>,
    /// Questions answered of one's own will: question and answer.
    #[serde(rename = "自愿答题")]
    pub answers: Vec<(String, String)>,
}

/// As JSON.
///
/// # Errors
/// None that can be expected: it is all text.
pub fn json(own: &Own) -> anyhow::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(own)?)
}

/// As a paper.
///
/// # Errors
/// When the file cannot be put together.
pub fn docx(own: &Own) -> anyhow::Result<Vec<u8>> {
    let head = [("处理者", &own.keeper), ("本人", &own.name), ("导出时间", &own.made)];
    let account = own.account.iter().map(|(term, words)| (term.as_str(), words));
    let facts = head.into_iter().chain(account).map(|(term, words)| vec![term.into(), words.clone().into()]);
    let mut blocks = vec![Block::Title(vec!["个人信息副本".into()]), pairs(facts.collect())];
    for sheet in &own.sheets {
        let about = format!("保存期限：{}。依据：{}。", sheet.keep, or_none(&sheet.basis.join("；")));
        blocks.push(Block::Heading(Level::One, format!("{}（{}条）", sheet.ledger, sheet.records.len())));
        blocks.push(Block::Note(about));
        blocks.push(Block::Table(Table {
            caption: String::new(),
            columns: vec![Column::words("编号", 17), Column::words("内容", 55), Column::words("登记", 28)],
            rows: sheet.records.iter().map(cells).collect(),
        }));
    }
    if !own.verdicts.is_empty() {
        blocks.push(Block::Heading(Level::One, format!("与本人有关的判定（{}条）", own.verdicts.len())));
        let row = |v: &Told| vec![v.requirement.clone().into(), v.subject.clone().into(), v.state.clone().into()];
        blocks.push(Block::Table(Table {
            caption: String::new(),
            columns: vec![Column::words("要求", 45), Column::words("对象和期间", 37), Column::words("结论", 18)],
            rows: own.verdicts.iter().map(row).collect(),
        }));
    }
    for sitting in &own.sittings {
        let head =
            [("次数", &sitting.number), ("开始", &sitting.begun), ("交卷", &sitting.ended), ("成绩", &sitting.result)];
        let facts = head.into_iter().map(|(term, words)| vec![term.into(), words.clone().into()]);
        let said = sitting.answers.iter().map(|(asked, said)| vec![asked.clone().into(), said.clone().into()]);
        blocks.push(Block::Heading(Level::One, format!("考试：{}", sitting.test)));
        blocks.push(pairs(facts.chain(said).collect()));
    }
    let lists = [
        ("由本人负责的改进措施", &own.remedies),
        ("更正申请", &own.requests),
        ("意见建议", &own.feedback),
        ("自愿答题", &own.answers),
        ("谁看过我的档案", &own.trace),
    ];
    for (title, entries) in lists {
        if !entries.is_empty() {
            blocks.push(Block::Heading(Level::One, title.into()));
            blocks.push(pairs(entries.iter().map(|(h, words)| vec![h.clone().into(), words.clone().into()]).collect()));
        }
    }
    document::docx(&Document { blocks, ..Document::default() })
}

fn pairs(rows: Vec<Vec<Cell>>) -> Block {
    Block::Table(Table { caption: String::new(), columns: vec![Column::words("", 25), Column::words("", 75)], rows })
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "无" } else { text }
}

fn cells(record: &Record) -> Vec<Cell> {
    let fields = record.fields.iter().map(|f| format!("{}：{}", f.title, f.text)).collect::<Vec<_>>();
    let mut content = fields.join("；");
    if !record.files.is_empty() {
        content.push_str(&format!("；附件：{}", record.files.join("、")));
    }
    if let Some(voided) = &record.voided {
        content.push_str(&format!("。（{voided}）"));
    }
    let recorded = format!("{} {}，第{}版", record.recorded, record.by, record.revision);
    vec![record.code.clone().into(), content.into(), recorded.into()]
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read as _};

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
            files: vec!["协议.pdf".into()],
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
            verdicts: vec![Told {
                requirement: "干-21 每月指导".into(),
                subject: "赵一　2025年2月".into(),
                state: "未达标（已补）".into(),
            }],
            remedies: vec![("干-21 赵一　2025年2月".into(), "提醒；办理中".into())],
            trace: vec![("2025年1月2日 10:00 周敏".into(), "查看敏感信息：身份证号；原因：核对<i>".into())],
            requests: vec![("2025年1月1日".into(), "籍贯有误".into())],
            feedback: vec![],
            sittings: vec![Sitting {
                test: "六月测试".into(),
                number: "第1次".into(),
                begun: "2025年6月27日 09:01".into(),
                ended: "2025年6月27日 09:31".into(),
                result: "87.5分".into(),
                answers: vec![("1. 选一<i>".into(), "对的".into())],
            }],
            answers: vec![],
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
        assert!(xml.contains("考试：六月测试") && xml.contains("选一&lt;i&gt;") && xml.contains("87.5分"));
        assert!(
            xml.contains("<w:noBreakHyphen/>")
                && xml.contains("21 每月指导")
                && xml.contains("未达标（已补）")
                && xml.contains("原因：核对&lt;i&gt;")
        );
        assert!(!xml.contains(['\u{0}', '\u{b}']) && !xml.contains("意见建议"));
    }

    #[test]
    fn the_json_reads_back() {
        let read: serde_json::Value = serde_json::from_slice(&json(&own()).unwrap()).unwrap();
        assert_eq!(read["台账记录"][0]["记录"][0]["编号"], "P1");
        assert_eq!(read["台账记录"][0]["记录"][0]["内容"][0]["栏目"], "备注");
    }
}
