//! The parts of a .docx put together so that the same document gives the same bytes.
//!
//! What the library leaves to chance or to order is mended here: ids of paragraphs, the order of what stands in a
//! section, the table of fonts with those to take where one is missing.

use std::io::{Cursor, Write as _};

use anyhow::Context as _;
use docx_rs::Docx;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// Fonts of GB/T 9704 as offices name them, and what to take where they are not installed.
const FONTS: [(&str, &str, &str); 6] = [
    ("方正小标宋简体", "FZXiaoBiaoSong-B05S;方正小标宋_GBK;小标宋;华文中宋;Noto Serif CJK SC", "roman"),
    ("仿宋_GB2312", "仿宋;FangSong;方正仿宋_GBK;华文仿宋;STFangsong;FandolFang;Noto Serif CJK SC", "modern"),
    ("楷体_GB2312", "楷体;KaiTi;方正楷体_GBK;华文楷体;STKaiti;AR PL UKai CN;Noto Serif CJK SC", "modern"),
    ("黑体", "SimHei;方正黑体_GBK;华文黑体;Noto Sans CJK SC", "modern"),
    ("宋体", "SimSun;方正书宋_GBK;Noto Serif CJK SC", "auto"),
    ("Times New Roman", "Liberation Serif", "roman"),
];

/// Height of a row that is the head of a table, by which it is known here: the library has no word for it.
pub(super) const HEAD_ROW: f32 = 421.0;

/// Packs a document.
///
/// # Errors
/// When the parts cannot be written.
pub(crate) fn pack(document: Docx) -> anyhow::Result<Vec<u8>> {
    let parts = document.build();
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let mut members: Vec<(String, String)> = vec![
        ("[Content_Types].xml".into(), text(&parts.content_type)),
        ("_rels/.rels".into(), text(&parts.rels)),
        ("docProps/app.xml".into(), text(&parts.doc_props.app)),
        ("docProps/core.xml".into(), text(&parts.doc_props.core)),
        ("docProps/custom.xml".into(), text(&parts.doc_props.custom)),
        ("word/_rels/document.xml.rels".into(), text(&parts.document_rels)),
        ("word/document.xml".into(), unbroken(&heads(&sections(&without_ids(&text(&parts.document)))))),
        ("word/styles.xml".into(), text(&parts.styles)),
        ("word/settings.xml".into(), text(&parts.settings)),
        ("word/fontTable.xml".into(), fonts()),
        ("word/comments.xml".into(), text(&parts.comments)),
        ("word/numbering.xml".into(), text(&parts.numberings)),
        ("word/commentsExtended.xml".into(), text(&parts.comments_extended)),
        ("word/footnotes.xml".into(), without_ids(&text(&parts.footnotes))),
    ];
    for (n, footer) in parts.footers.iter().enumerate() {
        members.push((format!("word/footer{}.xml", n + 1), without_ids(&text(footer))));
        if let Some(rels) = parts.footer_rels.get(n) {
            members.push((format!("word/_rels/footer{}.xml.rels", n + 1), text(rels)));
        }
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    for (name, text) in members {
        zip.start_file(name, options).and_then(|()| Ok(zip.write_all(text.as_bytes())?)).context("文档写不出来")?;
    }
    for (id, bytes) in &parts.media {
        let name = format!("word/media/{id}.png");
        zip.start_file(name, options).and_then(|()| Ok(zip.write_all(bytes)?)).context("文档写不出来")?;
    }
    Ok(zip.finish().context("文档写不出来")?.into_inner())
}

/// Without the ids of paragraphs, which tell how many the program has made before.
fn without_ids(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut pieces = xml.split(" w14:paraId=\"");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        out.push_str(piece.split_once('"').map_or(piece, |(_, rest)| rest));
    }
    out
}

/// What stands in a section in the order of the schema: references to footers first, the grid last.
fn sections(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some((before, section)) = rest.split_once("<w:sectPr>") {
        let Some((inside, after)) = section.split_once("</w:sectPr>") else { break };
        let mut elements: Vec<&str> = inside.split_inclusive("/>").filter(|e| !e.trim().is_empty()).collect();
        let place = |element: &&str| match element.trim_start_matches('<').split([' ', '/']).next() {
            Some("w:headerReference" | "w:footerReference") => 0,
            Some("w:docGrid") => 2,
            _ => 1,
        };
        elements.sort_by_key(place);
        out.push_str(before);
        out.push_str("<w:sectPr>");
        out.push_str(&elements.concat());
        out.push_str("</w:sectPr>");
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Heads of tables repeat on each page.
fn heads(xml: &str) -> String {
    let mark = format!("<w:trHeight w:val=\"{HEAD_ROW}\"");
    let mut out = String::with_capacity(xml.len());
    let mut pieces = xml.split(&mark);
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (inside, after) = piece.split_once("/>").unwrap_or((piece, ""));
        out.push_str(&format!("{mark}{inside}/><w:tblHeader/>{after}"));
    }
    out
}

/// Codes are not broken at their hyphens (`GD-2025-01`, `干-21`): these become the element for a hyphen that holds together,
/// which is set in the font of the run. The character for it (U+2011) is in none of the Chinese fonts of GB/T 9704.
fn unbroken(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut pieces = xml.split("<w:t xml:space=\"preserve\">");
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (text, after) = piece.split_once("</w:t>").unwrap_or((piece, ""));
        out.push_str("<w:t xml:space=\"preserve\">");
        let mut before = ' ';
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let code = before.is_alphanumeric() && characters.peek().is_some_and(char::is_ascii_alphanumeric);
            match c {
                '-' if code => out.push_str("</w:t><w:noBreakHyphen/><w:t xml:space=\"preserve\">"),
                c => out.push(c),
            }
            before = c;
        }
        out.push_str("</w:t>");
        out.push_str(after);
    }
    out
}

fn fonts() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\
         <w:fonts xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">",
    );
    for (name, instead, family) in FONTS {
        let charset = if name.is_ascii() { "00" } else { "86" };
        xml.push_str(&format!(
            "<w:font w:name=\"{name}\"><w:altName w:val=\"{instead}\"/><w:charset w:val=\"{charset}\"/>\
             <w:family w:val=\"{family}\"/><w:pitch w:val=\"default\"/></w:font>"
        ));
    }
    xml.push_str("</w:fonts>");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_hold_together() {
        let text = |t: &str| format!("<w:r><w:t xml:space=\"preserve\">{t}</w:t></w:r>");
        let hyphen = "</w:t><w:noBreakHyphen/><w:t xml:space=\"preserve\">";
        for (typed, set) in [
            ("见GD-2025-01。", format!("见GD{hyphen}2025{hyphen}01。")),
            ("干-21", format!("干{hyphen}21")),
            ("- 一 -", "- 一 -".into()),
            ("甲—乙", "甲—乙".into()),
        ] {
            let xml = text(typed) + "<w:p/>" + &text("");
            assert_eq!(unbroken(&xml), text(&set) + "<w:p/>" + &text(""));
        }
    }

    #[test]
    fn a_section_stands_in_the_order_of_the_schema() {
        let xml = "<a/><w:sectPr><w:pgSz w:w=\"1\" /><w:docGrid w:type=\"lines\" /><w:footerReference r:id=\"x\" /></w:sectPr><b/>";
        let right = "<a/><w:sectPr><w:footerReference r:id=\"x\" /><w:pgSz w:w=\"1\" /><w:docGrid w:type=\"lines\" /></w:sectPr><b/>";
        assert_eq!(sections(xml), right);
        assert_eq!(without_ids("<w:p w14:paraId=\"0000001a\"><w:p w14:paraId=\"2\">x"), "<w:p><w:p>x");
    }
}
