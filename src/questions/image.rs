//! Pictures inside questions: by type and size, named by what they hold, never fetched from elsewhere.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{kind::Markup, model::Question};
use crate::hex::hex;

/// Bytes of one picture.
const MOST_BYTES: usize = 1 << 20;
/// Pictures of one question.
const MOST: usize = 10;
/// How often a text may call each of these.
const MENTIONS: usize = 5;
/// Files beside a question, shown or not.
const MOST_FILES: usize = 50;
/// How a text names one; Moodle's way.
const PLACE: &str = "@@PLUGINFILE@@/";
/// How a picture stands inside a text.
const DATA: &str = "data:image/";

/// A type of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
}

impl ImageKind {
    /// By its first bytes, whatever its name says.
    fn of(bytes: &[u8]) -> Option<ImageKind> {
        match bytes {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(ImageKind::Png),
            [0xff, 0xd8, 0xff, ..] => Some(ImageKind::Jpeg),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(ImageKind::Gif),
            _ => None,
        }
    }

    /// Its name in types and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageKind::Png => "png",
            ImageKind::Jpeg => "jpeg",
            ImageKind::Gif => "gif",
        }
    }
}

/// A picture of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// By what it holds, so that the same picture has the same name everywhere.
    pub name: String,
    /// Its type.
    pub kind: ImageKind,
    /// Its bytes in base64.
    pub data: String,
}

impl Image {
    /// Checks bytes and names them.
    fn of(bytes: &[u8]) -> Result<Image, String> {
        if bytes.len() > MOST_BYTES {
            return Err(format!("图片有{}KB，超过{}KB，请缩小", bytes.len() >> 10, MOST_BYTES >> 10));
        }
        let kind = ImageKind::of(bytes).ok_or("图片不是 PNG、JPEG 或 GIF")?;
        size_of(kind, bytes).ok_or("图片不完整：读不出宽和高。请重新导出图片")?;
        let digest = hex(&Sha256::digest(bytes)[..12]);
        Ok(Image { name: format!("{digest}.{}", kind.as_str()), kind, data: BASE64.encode(bytes) })
    }

    /// As the address of a picture on a page.
    pub fn address(&self) -> String {
        format!("{DATA}{};base64,{}", self.kind.as_str(), self.data)
    }

    /// One that came with a file, under the file's name.
    pub(super) fn named(name: &str, base64: &str) -> Result<(String, Image), String> {
        let sound: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        if sound.len() > MOST_BYTES * 2 {
            return Err(format!("图片“{name}”太大"));
        }
        let bytes = BASE64.decode(sound).map_err(|_| format!("图片“{name}”的内容不完整"))?;
        Ok((name.to_owned(), Image::of(&bytes).map_err(|e| format!("图片“{name}”：{e}"))?))
    }
}

fn texts(q: &mut Question) -> impl Iterator<Item = &mut String> {
    let answers = q.answers.iter_mut().flat_map(|a| [&mut a.text, &mut a.feedback]);
    [&mut q.stem, &mut q.feedback].into_iter().chain(answers)
}

/// Takes pictures that came with the file under the names by which texts call them.
///
/// # Errors
/// When there are too many.
pub(super) fn rename(q: &mut Question, named: Vec<(String, Image)>) -> Result<(), String> {
    if named.len() > MOST_FILES {
        return Err(format!("题目附有{}个文件，超过{MOST_FILES}个", named.len()));
    }
    for (name, image) in named {
        let escaped: String = name
            .bytes()
            .map(|b| match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            })
            .collect();
        for text in texts(q) {
            for called in [&escaped, &name] {
                *text = text.replace(&format!("{PLACE}{called}"), &format!("{PLACE}{}", image.name));
            }
        }
        if !q.images.contains(&image) {
            q.images.push(image);
        }
    }
    Ok(())
}

/// Takes pictures out of the texts, and refuses those that would have to be fetched.
pub(super) fn settle(mut q: Question) -> Result<Question, String> {
    if q.markup == Markup::Plain {
        return Ok(Question { images: Vec::new(), ..q });
    }
    let mut images = std::mem::take(&mut q.images);
    // Before any of them is read.
    let many = |n: usize| format!("图片有{n}张，超过{MOST}张");
    let named = texts(&mut q).map(|t| t.matches(DATA).count() + t.matches("<img").count() + t.matches("![").count());
    let named = named.sum();
    if named > MOST * MENTIONS {
        return Err(many(named));
    }
    for text in texts(&mut q) {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(begin) = rest.find(DATA) {
            let after = &rest[begin..];
            let (head, body) = after.split_once(";base64,").ok_or("图片没有写成 base64")?;
            if head.len() > DATA.len() + 20 {
                return Err("图片没有写成 base64".into());
            }
            let length = body.bytes().take_while(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b)).count();
            let bytes = BASE64.decode(&body[..length]).map_err(|_| "图片的内容不完整")?;
            let image = Image::of(&bytes)?;
            let end = begin + head.len() + ";base64,".len() + length;
            out.push_str(&rest[..begin]);
            out.push_str(&format!("{PLACE}{}", image.name));
            rest = &rest[end..];
            if !images.contains(&image) {
                images.push(image);
            }
        }
        if !out.is_empty() {
            out.push_str(rest);
            *text = out;
        }
        sources(text)?;
    }
    // In the order of the texts, each once, and none that nothing shows.
    let whole: Vec<String> = texts(&mut q).map(|t| t.clone()).collect();
    let whole = whole.join("\n");
    let place = |i: &Image| whole.find(&format!("{PLACE}{}", i.name));
    images.retain(|i| place(i).is_some());
    images.sort_by_key(place);
    if images.len() > MOST {
        return Err(many(images.len()));
    }
    for (at, _) in whole.match_indices(PLACE) {
        let called = &whole[at + PLACE.len()..];
        if !images.iter().any(|i| called.starts_with(&i.name)) {
            let name: String = called.chars().take_while(|c| !c.is_whitespace() && !"\"')>".contains(*c)).collect();
            return Err(format!("缺少图片“{name}”：文件里没有它的内容"));
        }
    }
    q.images = images;
    Ok(q)
}

/// Every picture of a text must be inside the file.
fn sources(text: &str) -> Result<(), String> {
    let outside = || Err("图片在文件之外，请嵌入题目文件（PNG、JPEG 或 GIF，每张不超过1MB）".into());
    let lower = text.to_ascii_lowercase();
    for (at, _) in lower.match_indices("<img") {
        let tag = lower[at..].split('>').next().unwrap_or_default();
        let source = tag.split_once("src").map(|(_, rest)| rest.trim_start_matches(['=', ' ', '"', '\'']));
        if !source.is_some_and(|s| s.starts_with(&PLACE.to_ascii_lowercase())) {
            return outside();
        }
    }
    for (at, _) in text.match_indices("![") {
        let target = text[at..].split_once("](").map(|(_, rest)| rest);
        if target.is_some_and(|t| !t.trim_start_matches([' ', '<']).starts_with(PLACE)) {
            return outside();
        }
    }
    Ok(())
}

/// A text with its pictures inside, as GIFT carries them.
pub(super) fn inlined(text: &str, images: &[Image]) -> String {
    images.iter().fold(text.to_owned(), |text, i| {
        text.replace(&format!("{PLACE}{}", i.name), &format!("{DATA}{};base64,{}", i.kind.as_str(), i.data))
    })
}

impl Image {
    /// Width and height in pixels, as its head says.
    pub fn size(&self) -> Option<(u32, u32)> {
        size_of(self.kind, &BASE64.decode(&self.data).ok()?)
    }
}

fn size_of(kind: ImageKind, bytes: &[u8]) -> Option<(u32, u32)> {
    let two = |at: usize| Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let found = match kind {
        ImageKind::Png => (two(16)? << 16 | two(18)?, two(20)? << 16 | two(22)?),
        ImageKind::Gif => (little(6)?, little(8)?),
        ImageKind::Jpeg => {
            let mut at = 2;
            loop {
                if *bytes.get(at)? != 0xff {
                    return None;
                }
                match *bytes.get(at + 1)? {
                    // Before a mark there may be any number of these.
                    0xff => at += 1,
                    // The frame says it; tables and comments before it are passed over.
                    0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => break (two(at + 7)?, two(at + 5)?),
                    // Marks without a length.
                    0x01 | 0xd0..=0xd8 => at += 2,
                    _ => at += 2 + two(at + 2)? as usize,
                }
            }
        }
    };
    (found.0 > 0 && found.1 > 0).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_whose_size_cannot_be_read_is_refused() {
        let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x07"[..], &[0; 9]].concat();
        assert_eq!(Image::of(&png).unwrap().size(), Some((5, 7)));
        assert!(Image::of(&png[..20]).unwrap_err().contains("读不出宽和高"));
        // Fill bytes, a comment, a mark without length, then the frame.
        let jpeg = b"\xff\xd8\xff\xff\xff\xfe\0\x04ab\xff\x01\xff\xc0\0\x0b\x08\0\x07\0\x05\x01";
        assert_eq!(Image::of(jpeg).unwrap().size(), Some((5, 7)));
        assert!(Image::of(&jpeg[..16]).is_err() && Image::of(b"\xff\xd8\xff\xff").is_err());
        assert!(Image::of(b"GIF89a\0\0\x05\0").is_err(), "no width");
    }

    #[test]
    fn many_pictures_are_refused_before_they_are_read() {
        let gif = BASE64.encode(b"GIF89a\x05\0\x07\0");
        let of = |n: usize| {
            let stem = format!("<img src=\"{DATA}gif;base64,{gif}\">").repeat(n);
            settle(Question { markup: Markup::Html, ..Question::new(crate::questions::Kind::Short, stem, Vec::new()) })
        };
        let same = of(20).unwrap();
        assert_eq!((same.images.len(), same.stem.matches(PLACE).count()), (1, 20));
        assert!(of(100_000).unwrap_err().contains("超过10张"));
    }
}
