//! The encoding of a file: said by a mark, told by its bytes, or asked for.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, EUC_JP, EUC_KR, GB18030, GBK, SHIFT_JIS, UTF_8, WINDOWS_1252};

use super::Unreadable;

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with a mark or without; or UTF-16 with one.
    Unicode,
    /// What Chinese programs wrote before.
    Gb18030,
    /// What Western ones did.
    Windows1252,
}

impl Encoding {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Encoding::Unicode => "utf-8",
            Encoding::Gb18030 => "gb18030",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    fn library(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Unicode => UTF_8,
            Encoding::Gb18030 => GB18030,
            Encoding::Windows1252 => WINDOWS_1252,
        }
    }
}

/// The text. A guess that rests on too little is none: it is asked for.
pub(super) fn decode(bytes: &[u8], said: Option<Encoding>) -> Result<(String, Encoding), Unreadable> {
    let strict = |e: &'static encoding_rs::Encoding, bytes: &[u8]| {
        e.decode_without_bom_handling_and_without_replacement(bytes).map(std::borrow::Cow::into_owned)
    };
    if let Some((library, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let text = strict(library, &bytes[mark..]).ok_or(Unreadable::NotThat(library.name()))?;
        return Ok((text, Encoding::Unicode));
    }
    if let Some(said) = said {
        let text = strict(said.library(), bytes).ok_or(Unreadable::NotThat(said.as_str()))?;
        return Ok((text, said));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((text.to_owned(), Encoding::Unicode));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let chinese = [GBK, GB18030, BIG5, EUC_KR, EUC_JP, SHIFT_JIS].contains(&guess);
    // Two bytes are a character there, so a Western text has too few of them to be taken for Chinese.
    let told = if chinese && guess != BIG5 { Encoding::Gb18030 } else { Encoding::Windows1252 };
    let foreign = bytes.iter().filter(|b| **b >= 0x80).count();
    if (guess != WINDOWS_1252 && !chinese) || foreign < 4 || guess == BIG5 {
        return Err(Unreadable::Encoding);
    }
    let text = strict(told.library(), bytes).ok_or(Unreadable::Encoding)?;
    Ok((text, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_offices_send() {
        let text = "::一::全市发改系统每季度现场教学不少于几次？{=一次 ~两次}";
        for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), GB18030.encode(text).0.into()] {
            assert_eq!(decode(&bytes, None).unwrap().0, text);
        }
        let western = "Où se trouve le café préféré de René ? {=à l’hôtel ~à côté}";
        let bytes = WINDOWS_1252.encode(western).0;
        assert_eq!(decode(&bytes, None).unwrap(), (western.to_owned(), Encoding::Windows1252));
        assert!(matches!(decode(b"a\xe9 {=b ~c}", None), Err(Unreadable::Encoding)));
        assert_eq!(decode(b"a\xe9 {=b ~c}", Some(Encoding::Windows1252)).unwrap().0, "aé {=b ~c}");
        assert!(matches!(decode(b"\xff\xff\xff", Some(Encoding::Gb18030)), Err(Unreadable::NotThat("gb18030"))));
    }
}
