//! A look at a file before any workbook library opens it. Crafted workbooks make the reader ask for more memory than
//! there is and abort the process, which nothing can catch; so what it would read is measured here first.

use std::io::{BufReader, Read, Seek, SeekFrom};

use quick_xml::events::Event;
use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{SheetError, tokens::Tokens};

/// Bounds of a file. The defaults fit the largest sheets met in offices.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the file as it lies on the disk.
    pub file: u64,
    /// Last row that may hold anything (1-based), the header included.
    pub rows: u32,
    /// Last column that may hold anything (1-based).
    pub columns: u32,
    /// Cells in all, empty ones between filled ones included.
    pub cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { file: 50 * MB, rows: 200_050, columns: 256, cells: 8_000_000 }
    }
}

/// What a file is, by its content and never by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A workbook in a zip.
    Xlsx,
    /// Text with separators.
    Csv,
}

const MB: u64 = 1 << 20;
/// All parts together, inflated.
const TOTAL: u64 = 640 * MB;
/// A worksheet, inflated: 200,000 rows of 40 cells.
const SHEET: u64 = 400 * MB;
/// The shared strings, inflated: they are held in memory.
const STRINGS: u64 = 96 * MB;
/// A part that is held in memory as a tree: styles, themes, relations, the list of sheets.
const TREE: u64 = 16 * MB;
/// Elements of such a part; Excel itself allows 65,490 cell formats.
const TREE_ELEMENTS: u64 = 400_000;
/// Shared strings announced; each announced one is reserved.
const UNIQUE: u64 = 4_000_000;
/// One tag, text or comment. A cell holds at most 32,767 characters.
const TOKEN: usize = 1 << 20;
/// Parts of a package.
const ENTRIES: usize = 4_000;

/// Says what the file is, or why it may not be opened. Leaves the source at its begin.
///
/// Refused: over size (without reading), old or encrypted workbooks, other kinds of files, cut archives, parts that
/// inflate beyond measure, announced sizes that no content backs.
pub fn prescan<R: Read + Seek>(source: &mut R, limits: &Limits) -> Result<Kind, SheetError> {
    let size = source.seek(SeekFrom::End(0))?;
    if size > limits.file {
        return Err(SheetError::TooBig { size_mb: size.div_ceil(MB), limit_mb: limits.file / MB });
    }
    if size == 0 {
        return Err(SheetError::Empty);
    }
    source.rewind()?;
    let mut head = Vec::with_capacity(1024);
    source.by_ref().take(1024).read_to_end(&mut head)?;
    source.rewind()?;
    let kind = match head.as_slice() {
        [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(compound(source)?),
        [b'P', b'K', 3, 4, ..] => {
            package(source)?;
            Kind::Xlsx
        }
        [b'P', b'K', 5, 6, ..] => return Err(SheetError::OtherKind("空的压缩包")),
        other => text(other)?,
    };
    source.rewind()?;
    Ok(kind)
}

/// The old container: an encrypted new workbook, an old workbook, or something else of that age.
fn compound<R: Read>(source: &mut R) -> Result<SheetError, SheetError> {
    let mut all = Vec::new();
    source.read_to_end(&mut all)?;
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        all.windows(wide.len()).any(|w| w == wide)
    };
    Ok(if has("EncryptedPackage") {
        SheetError::Password
    } else if has("WordDocument") {
        SheetError::OtherKind("旧版 Word 文件")
    } else if has("PowerPoint Document") {
        SheetError::OtherKind("旧版演示文稿")
    } else {
        SheetError::OldXls
    })
}

fn text(head: &[u8]) -> Result<Kind, SheetError> {
    let shown = String::from_utf8_lossy(head).trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']).to_lowercase();
    let other = match shown.as_str() {
        s if s.starts_with("%pdf") => "PDF 文件",
        s if s.starts_with("rar!") || s.starts_with("7z\u{fffd}") => "压缩包",
        s if s.starts_with("<html")
            || s.starts_with("<!doctype")
            || s.starts_with("<table")
            || s.starts_with("<meta") =>
        {
            "网页格式的表格"
        }
        s if s.starts_with("<?xml") => "XML 格式的表格",
        s if s.starts_with("{\\rtf") => "RTF 文件",
        _ if !head.starts_with(&[0xFF, 0xFE]) && !head.starts_with(&[0xFE, 0xFF]) && head.contains(&0) => "二进制文件",
        _ => return Ok(Kind::Csv),
    };
    Err(SheetError::OtherKind(other))
}

/// Measures every part of the zip by inflating it, with the code that will inflate it later.
fn package<R: Read + Seek>(source: &mut R) -> Result<(), SheetError> {
    let mut zip = ZipArchive::new(source).map_err(zip_error)?;
    if zip.len() > ENTRIES {
        return Err(SheetError::Crafted(format!("压缩包内有 {} 个部件", zip.len())));
    }
    let names = (0..zip.len())
        .map(|i| Ok(zip.by_index(i).map_err(zip_error)?.name().map_err(zip_error)?.replace('\\', "/").to_lowercase()))
        .collect::<Result<Vec<_>, SheetError>>()?;
    package_kind(&names)?;
    let mut left = TOTAL;
    for (i, name) in names.iter().enumerate() {
        left -= measure(zip.by_index(i).map_err(zip_error)?, name, left)?;
    }
    for (i, name) in names.iter().enumerate() {
        if name.ends_with("sharedstrings.xml") {
            announced_strings(zip.by_index(i).map_err(zip_error)?)?;
        } else if name == "_rels/.rels" {
            workbook_place(zip.by_index(i).map_err(zip_error)?)?;
        }
    }
    Ok(())
}

fn package_kind(names: &[String]) -> Result<(), SheetError> {
    let has = |name: &str| names.iter().any(|n| n == name);
    let under = |folder: &str| names.iter().any(|n| n.starts_with(folder));
    if has("xl/workbook.bin") {
        return Err(SheetError::OtherKind(" .xlsb 二进制工作簿"));
    }
    if has("_rels/.rels") && under("xl/") {
        return Ok(());
    }
    Err(SheetError::OtherKind(match () {
        () if under("word/") => " Word 文件",
        () if under("ppt/") => "演示文稿",
        () if has("mimetype") && has("content.xml") => " OpenDocument 文件",
        () => "压缩包",
    }))
}

/// Inflates one part, counting. Returns its real size, whatever the archive's directory says.
fn measure<R: Read + Seek>(mut part: ZipFile<'_, R>, name: &str, left: u64) -> Result<u64, SheetError> {
    let tree = name.ends_with(".rels")
        || name.ends_with("styles.xml")
        || name.contains("theme/")
        || name.starts_with("xl/workbook")
        || name == "[content_types].xml";
    let strings = name.ends_with("sharedstrings.xml");
    let limit = match () {
        () if strings => STRINGS,
        () if tree => TREE,
        () if name.contains("worksheets/") => SHEET,
        () => TOTAL,
    };
    let watched = limit < TOTAL;
    let mut tokens = Tokens::default();
    let mut size = 0;
    let mut chunk = vec![0; 64 << 10];
    loop {
        let n = part.read(&mut chunk).map_err(|e| SheetError::Cut(format!("部件 {name} 损坏：{e}")))?;
        if n == 0 {
            break;
        }
        size += n as u64;
        if size > limit.min(left) {
            return Err(SheetError::Bomb { part: name.to_owned(), limit_mb: limit.min(TOTAL) / MB });
        }
        if watched {
            tokens.feed(&chunk[..n]);
            if tokens.longest > TOKEN || tokens.nul {
                return Err(SheetError::Crafted(format!("部件 {name} 中有过长或非法的内容")));
            }
        }
    }
    if tree && tokens.elements > TREE_ELEMENTS {
        return Err(SheetError::Crafted(format!("部件 {name} 有 {} 个元素", tokens.elements)));
    }
    Ok(size)
}

/// The number of strings that the table announces: as much is reserved, before one is read.
fn announced_strings<R: Read + Seek>(part: ZipFile<'_, R>) -> Result<(), SheetError> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut buf = Vec::new();
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf) {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "sst" => {
                let text: &str = &tag;
                // Whatever the spelling, no number after this word may be large.
                for (at, word) in text.match_indices("uniqueCount") {
                    let digits: String = text[at + word.len()..]
                        .trim_start_matches(|c: char| !c.is_ascii_digit())
                        .chars()
                        .take_while(char::is_ascii_digit)
                        .collect();
                    if digits.parse::<u64>().unwrap_or(if digits.is_empty() { 0 } else { u64::MAX }) > UNIQUE {
                        return Err(SheetError::Crafted(format!("共享文字表自称有 {digits} 条")));
                    }
                }
                return Ok(());
            }
            Ok(Event::Eof) => return Ok(()),
            Err(e) => return Err(SheetError::Crafted(format!("共享文字表：{e}"))),
            Ok(_) => {}
        }
    }
}

/// The workbook must lie where every office program puts it: the bounds above go by the names of parts.
fn workbook_place<R: Read + Seek>(part: ZipFile<'_, R>) -> Result<(), SheetError> {
    let mut xml = quick_xml::Reader::from_reader(BufReader::new(part));
    let mut buf = Vec::new();
    let odd = |what: &str| SheetError::Crafted(format!("工作簿的位置：{what}"));
    loop {
        buf.clear();
        match xml.read_event_into(&mut buf) {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "Relationship" => {
                let text: &str = &tag;
                if !text.contains("/officeDocument\"") && !text.contains("/officeDocument'") {
                    continue;
                }
                for (at, word) in text.match_indices("Target") {
                    let rest = text[at + word.len()..].trim_start();
                    let place = rest.strip_prefix('=').map_or(rest, str::trim_start).trim_start_matches(['"', '\'']);
                    let place = place.split(['"', '\'']).next().unwrap_or_default().to_lowercase();
                    let place = place.trim_start_matches('/');
                    let usual = place.starts_with("xl/workbook") && place.ends_with(".xml");
                    if !usual && !rest.starts_with("Mode") {
                        return Err(odd(place));
                    }
                }
            }
            Ok(Event::Eof) => return Ok(()),
            Err(e) => return Err(odd(&e.to_string())),
            Ok(_) => {}
        }
    }
}

fn zip_error(e: ZipError) -> SheetError {
    match e {
        ZipError::UnsupportedArchive(why) if why.to_lowercase().contains("password") => SheetError::Password,
        ZipError::UnsupportedArchive(why) => SheetError::Crafted(why.to_owned()),
        other => SheetError::Cut(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn scan(bytes: &[u8]) -> Result<Kind, SheetError> {
        prescan(&mut Cursor::new(bytes), &Limits::default())
    }

    fn zip_of(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    const RELS: &[u8] = br#"<Relationships><Relationship Type="http://x/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;

    #[test]
    fn kinds_are_told_by_content() {
        assert!(matches!(scan(b"\xD0\xCF\x11\xE0 something"), Err(SheetError::OldXls)));
        let encrypted: Vec<u8> = b"\xD0\xCF\x11\xE0"
            .iter()
            .copied()
            .chain("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert!(matches!(scan(&encrypted), Err(SheetError::Password)));
        assert!(matches!(scan(b"<html><table>"), Err(SheetError::OtherKind(_))));
        assert!(matches!(scan(b"%PDF-1.7"), Err(SheetError::OtherKind(_))));
        assert!(matches!(scan(b"\0\x01\x02"), Err(SheetError::OtherKind(_))));
        assert!(matches!(scan(b""), Err(SheetError::Empty)));
        assert_eq!(scan("姓名,单位\n".as_bytes()).unwrap(), Kind::Csv);
        assert!(matches!(scan(&zip_of(&[("word/document.xml", b"<w/>")])), Err(SheetError::OtherKind(" Word 文件"))));
        assert_eq!(scan(&zip_of(&[("_rels/.rels", RELS), ("xl/workbook.xml", b"<w/>")])).unwrap(), Kind::Xlsx);
    }

    #[test]
    fn a_cut_archive_is_said_to_be_cut() {
        let whole = zip_of(&[("_rels/.rels", RELS), ("xl/workbook.xml", &[b'x'; 5000])]);
        assert!(matches!(scan(&whole[..whole.len() / 2]), Err(SheetError::Cut(_))));
    }

    #[test]
    fn announced_and_inflated_sizes_are_bounded() {
        for count in ["4000000", "4000001", "90000000000000", "900000000000000000", "99999999999999999999999"] {
            let sst = format!("<sst count='1' uniqueCount = \"{count}\"></sst>");
            let file = zip_of(&[("_rels/.rels", RELS), ("xl/sharedStrings.xml", sst.as_bytes())]);
            let refused = matches!(scan(&file), Err(SheetError::Crafted(_)));
            assert_eq!(refused, count != "4000000", "{count}");
        }
        let token = [b"<sst>".to_vec(), vec![b'a'; TOKEN + 2]].concat();
        let file = zip_of(&[("_rels/.rels", RELS), ("xl/sharedStrings.xml", &token)]);
        assert!(matches!(scan(&file), Err(SheetError::Crafted(_))));
        let tree = b"<xf/>".repeat(TREE_ELEMENTS as usize + 1);
        let file = zip_of(&[("_rels/.rels", RELS), ("xl/styles.xml", &tree)]);
        assert!(matches!(scan(&file), Err(SheetError::Crafted(_))));
        let file = zip_of(&[
            ("_rels/.rels", RELS),
            ("xl/styles.xml", &[b"<xf/>".as_slice(), &[b' '; 1000]].concat().repeat(17_000)),
        ]);
        assert!(matches!(scan(&file), Err(SheetError::Bomb { .. })));
    }

    #[test]
    fn a_workbook_elsewhere_is_refused() {
        let rels = br#"<Relationships><Relationship Type="x/officeDocument" Target="xl/worksheets/sheet1.xml"/></Relationships>"#;
        let file = zip_of(&[("_rels/.rels", rels), ("xl/workbook.xml", b"<w/>")]);
        assert!(matches!(scan(&file), Err(SheetError::Crafted(_))));
    }

    #[test]
    fn size_is_asked_before_content() {
        struct Huge;
        impl Read for Huge {
            fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
                panic!("must not be read");
            }
        }
        impl Seek for Huge {
            fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
                Ok(2 << 30)
            }
        }
        let error = prescan(&mut Huge, &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "文件大小 2048 MB，超过上限 50 MB。请删去图片和无关的工作表，或分成几个文件导入。"
        );
    }
}
