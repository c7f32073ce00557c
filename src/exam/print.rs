//! A form of a paper on A4: the paper, the answer sheet, and the key for who marks.

use std::io::{Cursor, Write as _};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use docx_rs::{
    AlignmentType, Docx, PageMargin, Paragraph, Pic, Run, RunFonts, Table, TableCell, TableLayoutType, TableRow,
    WidthType,
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::paper::{Asked, Chosen, Form, marks};
use crate::{
    document::package::pack,
    questions::{Answer, Image, Kind, Question, Weight, plain},
    spelling::{numeral, range},
};

/// Width of the text on A4 between the margins of GB/T 9704 (156 mm), in twentieths of a point.
const WIDTH: usize = 8845;
/// The same in EMU, for pictures.
const WIDTH_EMU: u32 = 5_616_000;
/// EMU of a pixel at 96 dpi.
const PIXEL: u32 = 9_525;
/// 小四, in half points.
const TEXT: usize = 24;
/// 二号, in half points.
const TITLE: usize = 44;
/// Numbers in a row of the answer sheet.
const IN_ROW: usize = 10;

/// What stands above the questions.
#[derive(Clone, Debug)]
pub struct Head {
    /// Title of the test.
    pub title: String,
    /// Minutes; none if it has no end.
    pub minutes: Option<u32>,
}

/// The three papers of a form, as .docx.
#[derive(Clone, Debug)]
pub struct Printed {
    /// The questions.
    pub paper: Vec<u8>,
    /// Where the answers go.
    pub sheet: Vec<u8>,
    /// The right answers.
    pub key: Vec<u8>,
}

/// Prints a form.
///
/// # Errors
/// When a document cannot be put together.
pub fn print(head: &Head, chosen: &[Chosen], form: &Form) -> anyhow::Result<Printed> {
    Ok(Printed { paper: paper(head, chosen, form)?, sheet: sheet(head, chosen, form)?, key: key(head, chosen, form)? })
}

/// The files of several forms, as they are handed out: `试卷A.docx`, `答题卡A.docx`, `答案A.docx`, `试卷B.docx`, …
///
/// # Errors
/// When a document cannot be put together.
pub fn files(head: &Head, chosen: &[Chosen], forms: &[Form]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for form in forms {
        let printed = print(head, chosen, form)?;
        for (what, bytes) in [("试卷", printed.paper), ("答题卡", printed.sheet), ("答案", printed.key)] {
            files.push((format!("{what}{}.docx", form.letter), bytes));
        }
    }
    Ok(files)
}

/// Files as one .zip; the same files give the same bytes.
///
/// # Errors
/// When it cannot be put together.
pub fn bundle(files: &[(String, Vec<u8>)]) -> anyhow::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // Documents are packed already.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, bytes) in files {
        zip.start_file(name, options).and_then(|()| Ok(zip.write_all(bytes)?)).context("压缩包写不出来")?;
    }
    Ok(zip.finish().context("压缩包写不出来")?.into_inner())
}

/// Questions of one kind and marks, with the number of the first one.
fn sections<'a>(chosen: &'a [Chosen], form: &'a Form) -> Vec<(usize, &'a [Asked])> {
    let section = |a: &Asked| (chosen[a.question].question.kind, chosen[a.question].marks);
    let mut first = 1;
    let parts = form.asked.chunk_by(|a, b| section(a) == section(b));
    let numbered = |part: &'a [Asked]| {
        first += part.len();
        (first - part.len(), part)
    };
    parts.map(numbered).collect()
}

fn section_title(n: usize, part: &[Asked], chosen: &[Chosen]) -> String {
    let one = &chosen[part[0].question];
    let all = marks(one.marks * part.len() as u32);
    let numeral = numeral(n + 1);
    format!("{numeral}、{}（共{}题，每题{}分，共{all}分）", one.question.kind.title(), part.len(), marks(one.marks))
}

fn begin(head: &Head, form: &Form, what: &str) -> Docx {
    let margin = PageMargin { top: 2098, bottom: 1984, left: 1588, right: 1474, header: 851, footer: 992, gutter: 0 };
    let title = format!("{}{what}（{}卷）", head.title, form.letter);
    Docx::new()
        .page_size(11906, 16838)
        .page_margin(margin)
        .default_fonts(font("仿宋_GB2312"))
        .default_size(TEXT)
        .add_paragraph(line(&title, TITLE, "方正小标宋简体").align(AlignmentType::Center))
}

fn paper(head: &Head, chosen: &[Chosen], form: &Form) -> anyhow::Result<Vec<u8>> {
    let total = marks(chosen.iter().map(|c| c.marks).sum());
    let time = head.minutes.map_or_else(String::new, |m| format!("，时间{m}分钟"));
    let mut paper = begin(head, form, "")
        .add_paragraph(centred(&format!("满分{total}分{time}，闭卷")))
        .add_paragraph(centred("单位＿＿＿＿＿＿＿＿＿＿　　姓名＿＿＿＿＿＿＿＿"));
    let mut number = 0;
    for (n, (_, part)) in sections(chosen, form).into_iter().enumerate() {
        paper = paper.add_paragraph(line(&section_title(n, part, chosen), TEXT, "黑体").keep_next(true));
        for asked in part {
            number += 1;
            paper = question(paper, number, &chosen[asked.question].question, asked);
        }
    }
    pack(paper)
}

fn question(mut paper: Docx, number: usize, q: &Question, asked: &Asked) -> Docx {
    let (stem, pictures) = shown(q, &q.stem);
    let mut lines = stem.lines();
    let first = lines.next().unwrap_or_default();
    paper = paper.add_paragraph(line(&format!("{number}．{first}"), TEXT, "仿宋_GB2312").keep_next(true));
    for text in lines {
        paper = paper.add_paragraph(line(text, TEXT, "仿宋_GB2312").keep_next(true));
    }
    paper = add_pictures(paper, &pictures);
    match q.kind {
        Kind::Single | Kind::Multiple => {
            for (place, option) in asked.options.iter().enumerate() {
                let (text, pictures) = shown(q, &q.answers[*option].text);
                paper = paper.add_paragraph(line(&format!("　{}．{text}", letter(place)), TEXT, "仿宋_GB2312"));
                paper = add_pictures(paper, &pictures);
            }
            paper
        }
        Kind::TrueFalse => paper.add_paragraph(line("　（　　）对　　（　　）错", TEXT, "仿宋_GB2312")),
        Kind::Fill if stem.contains("__") => paper,
        Kind::Fill => paper.add_paragraph(line("　＿＿＿＿＿＿＿＿＿＿", TEXT, "仿宋_GB2312")),
        Kind::Short => (0..6).fold(paper, |paper, _| paper.add_paragraph(Paragraph::new())),
    }
}

/// A text without markup, and its pictures.
fn shown<'q>(q: &'q Question, text: &str) -> (String, Vec<&'q Image>) {
    let mut words = plain(q.markup, text);
    let mut pictures = Vec::new();
    for image in &q.images {
        if text.contains(&image.name) {
            pictures.push(image);
            words = words.replace(&format!("@@PLUGINFILE@@/{}", image.name), "图");
        }
    }
    (words, pictures)
}

fn add_pictures(paper: Docx, pictures: &[&Image]) -> Docx {
    pictures.iter().fold(paper, |paper, image| {
        let (Ok(bytes), Some((w, h))) = (BASE64.decode(&image.data), image.size()) else { return paper };
        let (w, h) = (w.min(20_000) * PIXEL, h.min(20_000) * PIXEL);
        let wide = w.min(WIDTH_EMU);
        let high = (u64::from(h) * u64::from(wide) / u64::from(w.max(1))) as u32;
        let pic = Pic::new_with_dimensions(bytes, 1, 1).size(wide, high);
        paper.add_paragraph(Paragraph::new().add_run(Run::new().add_image(pic)))
    })
}

fn sheet(head: &Head, chosen: &[Chosen], form: &Form) -> anyhow::Result<Vec<u8>> {
    let mut paper = begin(head, form, "答题卡")
        .add_paragraph(centred("单位＿＿＿＿＿＿＿＿＿＿　姓名＿＿＿＿＿＿　编号＿＿＿＿＿＿"));
    for (n, (first, part)) in sections(chosen, form).into_iter().enumerate() {
        paper = paper.add_paragraph(line(&section_title(n, part, chosen), TEXT, "黑体").keep_next(true));
        let kind = chosen[part[0].question].question.kind;
        let numbers: Vec<String> = (first..first + part.len()).map(|n| n.to_string()).collect();
        paper = match kind {
            Kind::Short => numbers.iter().fold(paper, |paper, n| {
                let paper = paper.add_paragraph(line(&format!("{n}．"), TEXT, "仿宋_GB2312"));
                (0..8).fold(paper, |paper, _| paper.add_paragraph(Paragraph::new()))
            }),
            Kind::Fill => {
                let rows = numbers.into_iter().map(|n| vec![n, String::new()]).collect();
                paper.add_table(table(&[1000, WIDTH - 1000], rows))
            }
            _ => paper.add_table(table(&[WIDTH / IN_ROW; IN_ROW], grid(&numbers, |_| String::new()))),
        };
    }
    pack(paper)
}

/// Rows of numbers, each with a row of what belongs to them.
fn grid(numbers: &[String], below: impl Fn(usize) -> String) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (r, part) in numbers.chunks(IN_ROW).enumerate() {
        let padded = |f: &dyn Fn(usize) -> String| {
            (0..IN_ROW).map(|i| if i < part.len() { f(r * IN_ROW + i) } else { String::new() }).collect::<Vec<_>>()
        };
        rows.push(padded(&|i| numbers[i].clone()));
        rows.push(padded(&below));
    }
    rows
}

fn key(head: &Head, chosen: &[Chosen], form: &Form) -> anyhow::Result<Vec<u8>> {
    let mut paper = begin(head, form, "答案").add_paragraph(centred("内部使用，考后收回"));
    for (n, (first, part)) in sections(chosen, form).into_iter().enumerate() {
        paper = paper.add_paragraph(line(&section_title(n, part, chosen), TEXT, "黑体").keep_next(true));
        let rows = (first..).zip(part).map(|(number, asked)| {
            let c = &chosen[asked.question];
            let bank = format!("第{}号题第{}版，{}", c.number, c.version, c.question.source);
            vec![number.to_string(), answer(&c.question, asked), bank]
        });
        paper = paper.add_table(table(&[900, WIDTH - 4400, 3500], rows.collect()));
    }
    pack(paper)
}

/// The right answer of a question as it is asked in a form.
pub fn answer(q: &Question, asked: &Asked) -> String {
    let right = |i: &usize| {
        let w = q.answers[*i].weight;
        if q.kind == Kind::Multiple { w > Weight::NONE } else { w == Weight::FULL }
    };
    match q.kind {
        Kind::Single | Kind::Multiple => {
            let places = asked.options.iter().enumerate().filter(|(_, i)| right(i));
            places.map(|(place, _)| letter(place)).collect()
        }
        Kind::TrueFalse => {
            q.answers.iter().find(|a| a.weight == Weight::FULL).map_or_else(String::new, |a| a.text.clone())
        }
        Kind::Fill => {
            let said = q.answers.iter().filter(|a| a.weight > Weight::NONE).map(|a| {
                let text = accepted(q, a);
                if a.weight == Weight::FULL { text } else { format!("{text}（{}%）", a.weight) }
            });
            said.collect::<Vec<_>>().join("；")
        }
        Kind::Short if q.feedback.is_empty() => "由人评阅".into(),
        Kind::Short => format!("参考：{}", plain(q.markup, &q.feedback)),
    }
}

/// What an answer of a question says: its text, or the numbers that are accepted.
pub fn accepted(q: &Question, a: &Answer) -> String {
    match a.range {
        Some((low, high)) => range(low, high),
        None => plain(q.markup, &a.text),
    }
}

fn letter(place: usize) -> char {
    char::from(b'A' + place.min(25) as u8)
}

fn table(widths: &[usize], rows: Vec<Vec<String>>) -> Table {
    let row = |texts: Vec<String>| {
        let cell = |(text, width): (String, &usize)| {
            TableCell::new().width(*width, WidthType::Dxa).add_paragraph(line(&text, TEXT, "仿宋_GB2312"))
        };
        TableRow::new(texts.into_iter().zip(widths).map(cell).collect()).cant_split()
    };
    let rows = rows.into_iter().map(row).collect();
    Table::new(rows).set_grid(widths.to_vec()).width(WIDTH, WidthType::Dxa).layout(TableLayoutType::Fixed)
}

fn centred(text: &str) -> Paragraph {
    line(text, TEXT, "仿宋_GB2312").align(AlignmentType::Center)
}

/// A paragraph of one run. XML has no place for most control characters.
fn line(text: &str, size: usize, family: &str) -> Paragraph {
    let sound = |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    let plain: String = text.chars().map(sound).collect();
    Paragraph::new().add_run(Run::new().add_text(plain).size(size).fonts(font(family)))
}

fn font(family: &str) -> RunFonts {
    RunFonts::new().east_asia(family).ascii("Times New Roman").hi_ansi("Times New Roman")
}
