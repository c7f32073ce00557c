//! What a file is, by its content: its name only has to agree.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use crate::harmless;

/// A kind of file that is taken in, and what is kept without being known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `.pdf`
    Pdf,
    /// `.jpg`
    Jpeg,
    /// `.png`
    Png,
    /// `.docx`
    Docx,
    /// `.xlsx`
    Xlsx,
    /// `.pptx`
    Pptx,
    /// `.ofd`: the format of official papers.
    Ofd,
    /// `.zip`
    Zip,
    /// `.doc`, `.xls`, `.ppt`, `.wps`, `.et`, `.dps`: the container of older office programs.
    Old,
    /// `.txt`, `.csv`
    Text,
    /// Kept by a later program.
    Other,
}

/// Bytes at the head by which a kind is told.
const HEAD: u64 = 4096;
/// Parts that a package may have.
const PARTS: usize = 10_000;
/// Bytes that a package may hold when it is unpacked: thirty times the largest file, more than any paper needs.
const UNPACKED: u64 = 600 << 20;

impl Kind {
    /// Those that are taken in.
    const ALL: [Kind; 10] = [
        Kind::Pdf,
        Kind::Ofd,
        Kind::Docx,
        Kind::Xlsx,
        Kind::Pptx,
        Kind::Old,
        Kind::Jpeg,
        Kind::Png,
        Kind::Text,
        Kind::Zip,
    ];

    /// Endings of names that agree with it.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Kind::Pdf => &["pdf"],
            Kind::Jpeg => &["jpg", "jpeg"],
            Kind::Png => &["png"],
            Kind::Docx => &["docx"],
            Kind::Xlsx => &["xlsx"],
            Kind::Pptx => &["pptx"],
            Kind::Ofd => &["ofd"],
            Kind::Zip => &["zip"],
            Kind::Old => &["doc", "xls", "ppt", "wps", "et", "dps"],
            Kind::Text => &["txt", "csv"],
            Kind::Other => &["bin"],
        }
    }

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Old => "old",
            kind => kind.endings()[0],
        }
    }

    /// The kind of a stored word.
    pub fn parse(word: &str) -> Kind {
        Kind::ALL.into_iter().find(|k| k.as_str() == word).unwrap_or(Kind::Other)
    }

    /// As it is sent.
    pub fn media(self) -> &'static str {
        match self {
            Kind::Pdf => "application/pdf",
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Kind::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Kind::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Kind::Zip => "application/zip",
            Kind::Ofd | Kind::Old | Kind::Text | Kind::Other => "application/octet-stream",
        }
    }

    /// What it is called.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Pdf => "PDF",
            Kind::Jpeg => "JPG 图片",
            Kind::Png => "PNG 图片",
            Kind::Docx => "Word 文档",
            Kind::Xlsx => "Excel 表格",
            Kind::Pptx => "演示文稿",
            Kind::Ofd => "OFD",
            Kind::Zip => "压缩包",
            Kind::Old => "旧版办公文档",
            Kind::Text => "文本",
            Kind::Other => "其他文件",
        }
    }
}

/// What may be attached, for people.
pub const TAKEN: &str = "PDF、OFD、Word、Excel、演示文稿、JPG或PNG图片、文本、ZIP";

/// Endings of names that may be attached, as a browser's file dialogue takes them: `.pdf,.jpg`.
pub fn accepted() -> String {
    let endings = Kind::ALL.iter().flat_map(|kind| kind.endings());
    endings.map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(",")
}

/// The kind of a file called so, or why it is not taken: for the clerk, with how to mend it.
///
/// # Errors
/// In the outer result, when it cannot be read.
pub fn told<R: Read + Seek>(file: &mut R, name: &str) -> std::io::Result<Result<Kind, String>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    let kind = match head.as_slice() {
        [b'%', b'P', b'D', b'F', b'-', ..] => Ok(Kind::Pdf),
        [0xFF, 0xD8, 0xFF, ..] => Ok(Kind::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Ok(Kind::Png),
        [b'P', b'K', 3, 4, ..] => package(file),
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => older(file)?,
        head if is_program(head) => Err("是可执行程序".to_owned()),
        [b'R', b'a', b'r', b'!', ..] | [b'7', b'z', 0xBC, 0xAF, ..] => Err("是RAR或7z压缩包".to_owned()),
        other if is_text(other) => Ok(Kind::Text),
        _ => Err(UNKNOWN.to_owned()),
    };
    file.seek(SeekFrom::Start(0))?;
    let ending = name.rsplit_once('.').map_or(String::new(), |(_, e)| e.to_ascii_lowercase());
    Ok(match kind {
        Ok(kind) if kind.endings().contains(&ending.as_str()) => Ok(kind),
        Ok(kind) => Err(format!(
            "文件“{name}”的内容是{}，与名称的后缀不一致，没有收下。请核对文件，后缀应为{}。",
            kind.title(),
            kind.endings().join("、")
        )),
        Err(what) => Err(format!("文件“{name}”的内容{what}，没有收下。可以上传{TAKEN}。")),
    })
}

/// What is said of content that is none of the kinds.
const UNKNOWN: &str = "不能识别，或者已经损坏";

/// An office document or another package, by the list of its parts: nothing of it is unpacked but the first bytes of each.
fn package<R: Read + Seek>(file: &mut R) -> Result<Kind, String> {
    let mut archive = ZipArchive::new(file).map_err(|_| UNKNOWN)?;
    if archive.len() > PARTS {
        return Err("里面的文件过多".into());
    }
    let (mut names, mut unpacked) = (Vec::new(), 0_u64);
    for i in 0..archive.len() {
        let part = archive.by_index_raw(i).map_err(|_| UNKNOWN)?;
        names.push(part.name().map_err(|_| UNKNOWN)?.into_owned());
        unpacked = unpacked.saturating_add(part.size());
    }
    if unpacked > UNPACKED {
        return Err("解开后过大".into());
    }
    for (i, name) in names.iter().enumerate() {
        let called = || harmless::one_line(&name.chars().take(80).collect::<String>());
        if leads_away(name) {
            return Err(format!("里有“{}”，它的路径指向压缩包以外", called()));
        }
        // Of what is locked with a password only the name is known.
        let begins = archive.by_index(i).map(|part| {
            let mut head = Vec::new();
            part.take(4).read_to_end(&mut head).map(|_| head).unwrap_or_default()
        });
        if is_run_by_name(name) || begins.is_ok_and(|head| is_program(&head)) {
            return Err(format!("里有程序“{}”", called()));
        }
    }
    let has = |wanted: &dyn Fn(&str) -> bool| names.iter().any(|n| wanted(n));
    let office = has(&|n| n == "[Content_Types].xml");
    if office && has(&|n| n.ends_with("vbaProject.bin")) {
        return Err("带有宏程序".into());
    }
    Ok(match () {
        () if office && has(&|n| n.starts_with("word/")) => Kind::Docx,
        () if office && has(&|n| n.starts_with("xl/")) => Kind::Xlsx,
        () if office && has(&|n| n.starts_with("ppt/")) => Kind::Pptx,
        () if has(&|n| n == "OFD.xml") => Kind::Ofd,
        () => Kind::Zip,
    })
}

/// Streams of the older office programs' documents; an installer's container has none of them.
const DOCUMENTS: [&str; 5] = ["WordDocument", "Workbook", "Book", "PowerPoint Document", "CONTENTS"];
/// The storage in which they keep macros.
const MACROS: &str = "_VBA_PROJECT";

/// A document of an older office program, by the names of its streams, which stand in the container in UTF-16.
fn older<R: Read + Seek>(file: &mut R) -> std::io::Result<Result<Kind, String>> {
    let wide = |name: &str| name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let (documents, macros) = (DOCUMENTS.map(wide), wide(MACROS));
    let keep = documents.iter().map(Vec::len).max().unwrap_or(0).max(macros.len());
    file.seek(SeekFrom::Start(0))?;
    let (mut held, mut document): (Vec<u8>, bool) = (Vec::new(), false);
    loop {
        let read = file.by_ref().take(1 << 20).read_to_end(&mut held)?;
        let has = |needle: &[u8]| held.windows(needle.len()).any(|w| w[0] == needle[0] && w == needle);
        if has(&macros) {
            return Ok(Err("带有宏程序".into()));
        }
        document |= documents.iter().any(|name| has(name));
        if read == 0 {
            return Ok(if document { Ok(Kind::Old) } else { Err(UNKNOWN.to_owned()) });
        }
        held.drain(..held.len().saturating_sub(keep));
    }
}

/// What a machine would run, by its first bytes.
fn is_program(head: &[u8]) -> bool {
    matches!(head, [b'M', b'Z', ..] | [0x7F, b'E', b'L', b'F', ..] | [b'#', b'!', ..])
}

/// Endings that a machine runs, or has something run, when they are opened.
const RUN: [&str; 34] = [
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "deb", "dll", "dmg", "exe", "gadget", "hta", "inf", "iso", "jar",
    "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "reg", "rpm", "scr", "sh", "sys", "vbe", "vbs",
    "wsf", "wsh",
];

fn is_run_by_name(name: &str) -> bool {
    // Windows takes no notice of dots and blanks at the end.
    let ending = name.trim_end_matches(['.', ' ', '/']).rsplit_once('.').map_or("", |(_, ending)| ending);
    RUN.contains(&ending.to_ascii_lowercase().as_str())
}

/// A name by which something would be unpacked elsewhere.
fn leads_away(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    drive
        || name.starts_with(['/', '\\'])
        || name.split(['/', '\\']).any(|step| step.trim() == "..")
        || name.contains('\0')
}

/// Letters and lines, and nothing that a machine would run.
fn is_text(head: &[u8]) -> bool {
    let script = [&b"<?php"[..], b"<script", b"<html", b"<!doctype"];
    let begins = |with: &&[u8]| head.get(..with.len()).is_some_and(|h| h.eq_ignore_ascii_case(with));
    let plain = |b: &u8| *b >= 0x20 || matches!(b, b'\t' | b'\r' | b'\n');
    !head.is_empty() && head.iter().all(plain) && !script.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8], name: &str) -> Result<Kind, String> {
        told(&mut Cursor::new(bytes), name).unwrap()
    }

    #[test]
    fn an_older_document_is_known_by_its_streams() {
        let with = |names: &[&str]| {
            let mut bytes = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
            // Beyond one stretch of reading, and over its edge.
            bytes.resize((1 << 20) - 9, 0);
            for name in names {
                bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
                bytes.extend([0; 64]);
            }
            bytes
        };
        assert_eq!(of(&with(&["Root Entry", "WordDocument"]), "报告.doc"), Ok(Kind::Old));
        assert!(of(&with(&["WordDocument", "_VBA_PROJECT"]), "报告.doc").unwrap_err().contains("宏程序"));
        assert!(of(&with(&["Root Entry", "Property"]), "安装.doc").is_err(), "an installer");
    }

    fn zipped(parts: &[&str]) -> Vec<u8> {
        filled(parts, 1)
    }

    fn filled(parts: &[&str], megabytes: usize) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for part in parts {
            out.start_file(*part, zip::write::SimpleFileOptions::default()).unwrap();
            for _ in 0..megabytes {
                out.write_all(&[0; 1 << 20]).unwrap();
            }
        }
        out.finish().unwrap().into_inner()
    }

    #[test]
    fn content_decides_and_the_name_must_agree() {
        let docx = zipped(&["[Content_Types].xml", "word/document.xml"]);
        let ofd = zipped(&["OFD.xml", "Doc_0/Document.xml"]);
        for (bytes, name, kind) in [
            (&b"%PDF-1.7\n"[..], "协议.PDF", Kind::Pdf),
            (b"\xff\xd8\xff\xe0", "a.jpeg", Kind::Jpeg),
            (b"\x89PNG\r\n\x1a\n", "a.png", Kind::Png),
            (&docx, "方案.docx", Kind::Docx),
            (&ofd, "通知.ofd", Kind::Ofd),
            (&zipped(&["a.txt"]), "a.zip", Kind::Zip),
            ("会议纪要\r\n".as_bytes(), "a.txt", Kind::Text),
        ] {
            assert_eq!(of(bytes, name), Ok(kind), "{name}");
        }
        let bomb = filled(&["[Content_Types].xml", "word/document.xml"], 301);
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        let macros = zipped(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]);
        let away = zipped(&["a.txt", "../../etc/cron.d/x"]);
        let tool = zipped(&["材料/说明.txt", "材料/setup.EXE"]);
        let hidden = {
            let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
            out.start_file("[Content_Types].xml", zip::write::SimpleFileOptions::default()).unwrap();
            out.start_file("word/media/a.png", zip::write::SimpleFileOptions::default()).unwrap();
            out.write_all(b"MZ\x90\x00program").unwrap();
            out.finish().unwrap().into_inner()
        };
        let many: Vec<String> = (0..PARTS + 1).map(|n| n.to_string()).collect();
        let many = filled(&many.iter().map(String::as_str).collect::<Vec<_>>(), 0);
        for (bytes, name, word) in [
            (&bomb[..], "方案.docx", "解开后过大"),
            (&macros, "方案.docx", "宏程序"),
            (&many, "a.zip", "里面的文件过多"),
            (&away, "a.zip", "里有“../../etc/cron.d/x”，它的路径指向压缩包以外"),
            (&zipped(&["C:\\x.txt"]), "a.zip", "指向压缩包以外"),
            (&zipped(&["/etc/x"]), "a.zip", "指向压缩包以外"),
            (&tool, "a.zip", "里有程序“材料/setup.EXE”"),
            (&zipped(&["[Content_Types].xml", "word/x.vbs"]), "方案.docx", "里有程序“word/x.vbs”"),
            (&hidden, "方案.docx", "里有程序“word/media/a.png”"),
            (&b"MZ\x90\x00\x03"[..], "协议.pdf", "可执行程序"),
            (b"\x7fELF\x02", "协议.docx", "可执行程序"),
            (b"#!/bin/sh\nrm", "a.txt", "可执行程序"),
            (&docx, "方案.pdf", "内容是Word 文档"),
            (b"%PDF-1.7", "方案", "后缀"),
            (b"Rar!\x1a\x07", "a.zip", "RAR"),
            (b"PK\x03\x04broken", "a.docx", "已经损坏"),
            (b"<html><script>", "a.txt", "不能识别"),
            (b"", "a.txt", "不能识别"),
        ] {
            let told = of(bytes, name).unwrap_err();
            assert!(told.contains(word) && told.contains(name), "{told}");
        }
    }

    proptest! {
        #[test]
        fn whatever_it_holds_it_is_told_or_refused(head in prop::sample::select(vec![
            &b""[..], b"PK\x03\x04", b"PK\x05\x06", b"%PDF-", b"MZ", b"\x89PNG\r\n\x1a\n",
        ]), rest in prop::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize) {
            let mut package = filled(&["[Content_Types].xml", "word/document.xml"], 0);
            package.truncate(cut);
            package.extend(&rest);
            for bytes in [[head, &rest].concat(), package] {
                match of(&bytes, "a.docx") {
                    Ok(kind) => prop_assert_eq!(kind, Kind::Docx),
                    Err(why) => prop_assert!(why.contains("a.docx") && why.contains("没有收下"), "{}", why),
                }
            }
        }
    }

    #[test]
    fn words_of_kinds_read_back() {
        for word in ["pdf", "jpg", "png", "docx", "xlsx", "pptx", "ofd", "zip", "old", "txt"] {
            assert_eq!(Kind::parse(word).as_str(), word);
        }
        assert_eq!(Kind::parse("later"), Kind::Other);
    }
}
