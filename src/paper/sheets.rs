//! The tables of a content as sheets of a workbook, with all its sentences on the first; of a draft each is marked as one.

use super::{
    content::{Content, Part, Piece},
    layout::{DRAFT, Stamp, cells, column},
};
use crate::document::{Column, Table, xlsx::Sheet};

/// The sheets: 正文 where there are sentences, then the tables. Signs are words here: there is room.
pub fn sheets(content: &Content, stamp: &Stamp) -> Vec<Sheet> {
    let title = content.title();
    let mut subtitle = [&stamp.number, &stamp.day].map(String::as_str).join("　");
    if stamp.number.is_empty() {
        subtitle = DRAFT.into();
    }
    let mut words = Vec::new();
    let mut notes = Vec::new();
    let mut found: Vec<Sheet> = Vec::new();
    for part in &content.parts {
        match part {
            Part::Passage(p) if p.key == "title" => {}
            Part::Passage(p) if p.boxed && !p.text.is_empty() => words.push(format!("{}：{}", p.label, p.text)),
            Part::Passage(p) => words.extend(p.text.lines().filter(|l| !l.trim().is_empty()).map(str::to_owned)),
            Part::Heading(_, pieces) | Part::Text(pieces) => words.push(content.line(pieces)),
            Part::Subtitle(text) | Part::Note(text) => notes.push(text.clone()),
            Part::Table { columns, rows, .. } => {
                let rows = rows.iter().map(|row| cells(content, &spelled(row), columns.len())).collect();
                let columns = columns.iter().map(column).collect();
                let table = Table { caption: String::new(), columns, rows };
                let name = format!("表{}", found.len() + 1);
                let (title, subtitle) = (title.clone(), subtitle.clone());
                found.push(Sheet { name, title, subtitle, table, notes: Vec::new(), landscape: true });
            }
            Part::Attachments(_) | Part::Signature | Part::Annex(..) => {}
        }
    }
    notes.extend(Some(stamp.proof.clone()).filter(|p| !p.is_empty()));
    if let Some(last) = found.last_mut() {
        last.notes = notes;
    }
    if !words.is_empty() {
        let rows = words.into_iter().map(|w| vec![w.into()]).collect();
        let table = Table { caption: String::new(), columns: vec![Column::words("", 80)], rows };
        found.insert(0, Sheet { name: "正文".into(), title, subtitle, table, notes: Vec::new(), landscape: false });
    }
    found
}

/// Signs as the words that they stand for.
fn spelled(row: &[Vec<Piece>]) -> Vec<Vec<Piece>> {
    let word = |piece: &Piece| match piece {
        Piece::Sign(i) => Piece::Figure(*i),
        other => other.clone(),
    };
    row.iter().map(|cell| cell.iter().map(word).collect()).collect()
}
