//! A content as a document.

use super::content::{Content, Part, Passage, Piece};
use crate::document::{Block, Cell, Colophon, Column, Document, Head, Level, Line, Table};

/// Blanks of a number that is not given yet.
const BLANK: &str = "〔　　〕　号";

/// On a draft that has no head to bear the mark.
pub(super) const DRAFT: &str = "草稿　没有编号，尚未印发";

/// What is put on a paper when it is issued; of a draft nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// 发文字号: `云发改干建〔2025〕3号`; empty for a draft.
    pub number: String,
    /// 成文日期: `2025年7月10日`; empty for a draft.
    pub day: String,
    /// Up to when records were looked at, and by which checkpoint that can be proved; a line at the end.
    pub proof: String,
}

/// The document of a content: of a draft as it would leave, marked as such.
pub fn document(content: &Content, stamp: &Stamp) -> Document {
    let draft = stamp.number.is_empty();
    let head = content.kind.has_head().then(|| Head {
        mark: format!("{}文件", content.issuer),
        number: if draft { BLANK.into() } else { stamp.number.clone() },
        corner: if draft { "草稿".into() } else { String::new() },
    });
    let day = if draft { "年　月　日".to_owned() } else { stamp.day.clone() };
    let mut blocks = Vec::new();
    if draft && head.is_none() {
        blocks.push(Block::Note(DRAFT.into()));
    }
    let mut boxes: Vec<&Passage> = Vec::new();
    for part in &content.parts {
        match part {
            Part::Passage(p) if p.boxed => {
                boxes.push(p);
                continue;
            }
            part => {
                close(&mut blocks, &mut boxes);
                add(&mut blocks, content, part, &day);
            }
        }
    }
    close(&mut blocks, &mut boxes);
    let numbered = !content.kind.has_head() && !draft;
    if numbered {
        blocks.push(Block::Note(format!("编号：{}　　{}", stamp.number, stamp.day)));
    }
    if !stamp.proof.is_empty() {
        blocks.push(Block::Note(stamp.proof.clone()));
    }
    let colophon = (content.kind.has_head() && !draft).then(|| Colophon {
        copies: String::new(),
        printer: content.issuer.clone(),
        day: day.clone(),
    });
    Document { head, blocks, colophon, landscape: !content.kind.has_head() }
}

fn add(blocks: &mut Vec<Block>, content: &Content, part: &Part, day: &str) {
    match part {
        Part::Passage(p) => passage(blocks, p),
        Part::Heading(level, pieces) => {
            let level = match level {
                1 => Level::One,
                2 => Level::Two,
                3 => Level::Three,
                _ => Level::Four,
            };
            blocks.push(Block::Heading(level, content.line(pieces)));
        }
        Part::Text(pieces) => blocks.push(Block::Text(Line::from(content.line(pieces)))),
        Part::Table { caption, columns, rows } => blocks.push(Block::Table(Table {
            caption: caption.clone(),
            columns: columns.iter().map(column).collect(),
            rows: rows.iter().map(|row| cells(content, row, columns.len())).collect(),
        })),
        Part::Subtitle(text) => blocks.push(Block::Subtitle(text.clone())),
        Part::Note(text) => blocks.push(Block::Note(text.clone())),
        Part::Attachments(names) => blocks.push(Block::Attachments(names.clone())),
        Part::Signature => blocks.push(Block::Signature { by: content.issuer.clone(), day: day.to_owned() }),
        Part::Annex(name, title) => {
            blocks.push(Block::Annex(name.clone()));
            blocks.push(Block::Title(title.clone()));
        }
    }
}

/// What a person wrote: its lines are paragraphs.
fn passage(blocks: &mut Vec<Block>, p: &Passage) {
    let lines: Vec<String> = p.text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    match p.key.as_str() {
        _ if lines.is_empty() => {}
        "title" => blocks.push(Block::Title(lines)),
        "to" => blocks.push(Block::To(format!("{}：", lines.join("、").trim_end_matches(['：', ':'])))),
        _ => blocks.extend(lines.into_iter().map(|l| Block::Text(Line::from(l)))),
    }
}

/// Passages in boxes stand together, each behind its label; what a person has left empty has room to write in.
fn close(blocks: &mut Vec<Block>, boxes: &mut Vec<&Passage>) {
    if boxes.is_empty() {
        return;
    }
    let row =
        |p: &mut &Passage| vec![Cell { text: p.label.clone(), strong: true, span: 1 }, Cell::from(p.text.clone())];
    let rows = boxes.iter_mut().map(row).collect();
    let columns = vec![Column::marks("", 20), Column::words("", 80)];
    blocks.push(Block::Table(Table { caption: String::new(), columns, rows }));
    boxes.clear();
}

pub(super) fn column((head, share, left): &(String, u32, bool)) -> Column {
    Column { head: head.clone(), share: *share, left: *left }
}

pub(super) fn cells(content: &Content, row: &[Vec<Piece>], columns: usize) -> Vec<Cell> {
    match row {
        [one] if columns > 1 => vec![Cell::across(content.line(one), columns)],
        row => row.iter().map(|pieces| Cell::from(content.line(pieces))).collect(),
    }
}
