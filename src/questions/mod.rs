//! Questions for tests: what one is, and how files of them are read and written. Pure but for [`bank`], which keeps
//! them. The formats are told in `docs/EXAM.md`.

mod aiken;
pub mod bank;
mod decode;
mod duplicates;
mod gift_answers;
mod gift_read;
mod gift_write;
mod image;
pub mod key_lines;
mod kind;
mod model;
mod moodle;
mod number;
mod plain;
pub mod shelf;
pub mod staged;
mod workbook_read;
mod workbook_write;
pub mod written;

pub use decode::Encoding;
pub use duplicates::{Near, fingerprint, near};
pub use gift_write::write as write_gift;
pub use image::{Image, ImageKind};
pub use kind::{Difficulty, Kind, Markup};
pub use model::{Answer, Question, folded};
pub use number::{Number, Weight};
pub use plain::plain;
pub use workbook_write::{template, write as write_workbook};

use std::{io::Cursor, path::Path};

use crate::sheet::{Limits, SheetError};

/// Bytes of a file of questions, at most.
pub const MOST_BYTES: u64 = 50 << 20;

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Moodle's GIFT.
    Gift,
    /// Aiken.
    Aiken,
    /// Moodle's XML.
    MoodleXml,
    /// Our own sheet.
    Workbook,
}

impl Format {
    /// By content and name; GIFT where nothing speaks for another.
    pub fn guess(path: &Path, bytes: &[u8]) -> Format {
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(4096)]).into_owned();
        let text = head.trim_start_matches('\u{feff}').trim_start();
        let sheet = |e: &std::ffi::OsStr| e.eq_ignore_ascii_case("xlsx") || e.eq_ignore_ascii_case("csv");
        if bytes.starts_with(b"PK\x03\x04") || path.extension().is_some_and(sheet) {
            Format::Workbook
        } else if text.starts_with("<?xml") || text.starts_with("<quiz") {
            Format::MoodleXml
        } else if !text.contains('{') && text.lines().any(|l| aiken::answer(l).is_some()) {
            Format::Aiken
        } else {
            Format::Gift
        }
    }
}

/// A question and where it begins in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Line, or row of a sheet, from 1.
    pub line: u32,
    /// The question.
    pub question: Question,
}

/// Something that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refused {
    /// Line, or row of a sheet, from 1.
    pub line: u32,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl Refused {
    fn new(line: u32, reason: impl Into<String>) -> Refused {
        Refused { line, reason: reason.into() }
    }
}

/// What a file holds: the good questions can be taken whatever the others are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Whole questions, in their order.
    pub questions: Vec<Placed>,
    /// What cannot be taken.
    pub refused: Vec<Refused>,
    /// How the text was written; none for a sheet.
    pub encoding: Option<Encoding>,
}

impl Read {
    /// Keeps a question if it is whole.
    fn take(&mut self, line: u32, question: Question) {
        match image::settle(question.tidy()).and_then(|q| q.check().map(|()| q)) {
            Ok(question) => self.questions.push(Placed { line, question }),
            Err(reason) => self.refused.push(Refused::new(line, reason)),
        }
    }

    /// Fills in source and topic where a question has none, and refuses what the bank would.
    #[must_use]
    pub fn for_the_bank(mut self, source: &str, topic: &str) -> Read {
        for Placed { line, mut question } in std::mem::take(&mut self.questions) {
            for (field, said) in [(&mut question.source, source), (&mut question.topic, topic)] {
                if field.is_empty() {
                    said.clone_into(field);
                }
            }
            let question = question.tidy();
            match bank::sound(&question) {
                Ok(()) => self.questions.push(Placed { line, question }),
                Err(e) => self.refuse(line, e.to_string()),
            }
        }
        self.refused.sort_by_key(|r| r.line);
        self
    }

    fn refuse(&mut self, line: u32, reason: impl Into<String>) {
        self.refused.push(Refused::new(line, reason));
    }
}

/// Why a whole file is refused.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The encoding cannot be told.
    #[error("文字编码不能确定。请用 --encoding 写明（utf-8、gb18030 或 windows-1252），或另存为 UTF-8")]
    Encoding,
    /// It is not written in the encoding that was said.
    #[error("文件不是 {0} 编码。请去掉 --encoding 或换一种")]
    NotThat(&'static str),
    /// A sheet that cannot be read.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// A sheet without the heads of the template.
    #[error("没有找到表头。第一行应有“题型”“题干”“答案”等列，可用 dongliang questions export --template 取得模板")]
    NoHead,
    /// Too large.
    #[error("文件超过 {} MB。请分成几个文件", MOST_BYTES >> 20)]
    TooBig,
}

/// Reads a file of questions. `encoding` is what the user says of it, if anything.
///
/// # Errors
/// When nothing of it can be read. What is wrong with single questions comes with the others.
pub fn read(bytes: &[u8], format: Format, encoding: Option<Encoding>) -> Result<Read, Unreadable> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(Unreadable::TooBig);
    }
    if format == Format::Workbook {
        return workbook_read::read(&crate::sheet::read(Cursor::new(bytes), &Limits::default())?);
    }
    let (text, encoding) = decode::decode(bytes, encoding)?;
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut read = match format {
        Format::Gift => gift_read::read(&text),
        Format::Aiken => aiken::read(&text),
        Format::MoodleXml | Format::Workbook => moodle::read(&text),
    };
    read.encoding = Some(encoding);
    Ok(read)
}
