//! Spelling: what clerks type differently and mean alike. Stored text is only trimmed; comparisons use [`key`].

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::value::Fault;
use crate::harmless::is_harmless;

/// Full-width forms, ligatures and the like brought to their plain form (NFKC): `２０２５．３` is `2025.3`.
pub fn plain(text: &str) -> Cow<'_, str> {
    if is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfkc().collect())
    }
}

/// The spelling by which heads, choices and names are compared: plain form, lower case, without blanks, brackets,
/// quotes, colons, asterisks and the marks 必填 and 选填.
pub fn key(text: &str) -> String {
    let folded: String = plain(text).chars().filter(|c| !is_ornament(*c)).flat_map(char::to_lowercase).collect();
    folded.replace("必填", "").replace("选填", "")
}

/// [`key`] of the text without what stands in brackets: `预算（元）` is `预算`.
pub fn bare_key(text: &str) -> String {
    let mut depth = 0_u32;
    let outside: String = plain(text)
        .chars()
        .filter(|c| match c {
            '(' | '[' | '【' | '〔' | '{' => {
                depth += 1;
                false
            }
            ')' | ']' | '】' | '〕' | '}' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect();
    key(&outside)
}

/// The spelling by which names of units and persons are compared that were written with blanks inside: plain form, without
/// blanks.
pub fn closed_up(text: &str) -> String {
    plain(text).chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).collect()
}

/// The spelling by which codes are compared that were written in another width or case: plain form, lower case, without the
/// blanks around it.
///
/// ```
/// use dongliang::sheet::norm::code_key;
/// assert_eq!(code_key("ＪＤ０１－０００１ "), code_key("jd01-0001"));
/// ```
pub fn code_key(text: &str) -> String {
    plain(text).trim().to_lowercase()
}

/// The spelling by which titles of records are compared: plain form, lower case, without blanks; whatever stands for a dash,
/// and however many of them, is one dash.
pub fn title_key(text: &str) -> String {
    let plain = plain(text);
    let kept = plain.chars().filter(|c| !c.is_whitespace() && !is_invisible(*c)).flat_map(char::to_lowercase);
    let mut key = String::new();
    for c in kept.map(|c| if is_dash(c) { '—' } else { c }) {
        if c != '—' || !key.ends_with('—') {
            key.push(c);
        }
    }
    key
}

/// Hyphens, dashes and the lines that are typed for them; full-width ones are plain already. Not the number 一.
pub fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' | '\u{2501}' | '\u{2e3a}' | '\u{2e3b}' | '\u{ff0d}'
    )
}

fn is_ornament(c: char) -> bool {
    c.is_whitespace() || is_invisible(c) || "()[]{}【】〔〕《》<>\"'“”‘’「」*:".contains(c)
}

/// Characters that show nothing and come along when text is copied from web pages.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}')
}

/// Text as it may be stored: trimmed (full-width blanks too), line ends as `\n`, invisible characters dropped.
///
/// Refuses control characters, characters that turn the direction of writing, and replacement characters, which show
/// that the text was damaged before it came here.
pub fn clean(text: &str) -> Result<Cow<'_, str>, Fault> {
    let mut out = Cow::Borrowed(text.trim());
    if out.contains('\r') {
        out = Cow::Owned(out.replace("\r\n", "\n").replace('\r', "\n"));
    }
    if out.chars().any(is_invisible) {
        let kept: String = out.chars().filter(|c| !is_invisible(*c)).collect();
        out = Cow::Owned(kept.trim().to_owned());
    }
    match out.chars().find(|c| is_refused(*c)) {
        None => Ok(out),
        Some('\u{fffd}') => Err(Fault::new(text, "文字已损坏，有乱码字符", "请对照原件重新输入")),
        Some(c) => Err(Fault::new(text, format!("含有不可见的控制字符 U+{:04X}", c as u32), "请删去后手工重新输入")),
    }
}

fn is_refused(c: char) -> bool {
    (!is_harmless(c) && c != '\n' && c != '\t') || matches!(c, '\u{fffd}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_mean_alike_are_alike() {
        for (a, b) in [
            ("身份证号（必填）", "身份证号"),
            (" 姓 名\n", "姓名"),
            ("＊姓名：", "姓名"),
            ("Record_Code", "record_code"),
            ("ＡＢ１２", "ab12"),
            ("任职　日期", "任职日期"),
        ] {
            assert_eq!(key(a), key(b), "{a}");
        }
        assert_eq!(bare_key("预算（万元）"), "预算");
        assert_ne!(key("全日制学位"), key("在职学位"));
    }

    #[test]
    fn titles_are_alike_whatever_dash_is_typed() {
        for text in [
            "查朗樵-许与穗",
            "查朗樵——许与穗",
            "查朗樵 － 许与穗",
            "查朗樵–许与穗",
            "查朗樵　—　许与穗",
            "查朗樵―许 与穗",
        ] {
            assert_eq!(title_key(text), title_key("查朗樵—许与穗"), "{text}");
        }
        assert_eq!(title_key("Ａ班（１期）"), title_key("a班(1期)"));
        assert_ne!(title_key("查朗樵一许与穗"), title_key("查朗樵—许与穗"));
        assert_ne!(title_key("许与穗—查朗樵"), title_key("查朗樵—许与穗"));
    }

    #[test]
    fn text_keeps_its_full_width_signs() {
        assert_eq!(clean("　张三（甲）\u{200b} ").unwrap(), "张三（甲）");
        assert_eq!(clean("一\r\n二\r三").unwrap(), "一\n二\n三");
        for bad in ["a\u{202e}b", "a\u{7}b", "a\u{fffd}", "a\0b"] {
            assert!(clean(bad).is_err(), "{bad:?}");
        }
    }
}
