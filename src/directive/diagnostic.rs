//! What the loader finds wrong: where, in words for the person who wrote the package, and how to mend it.

use std::{fmt, ops::Range};

/// One finding. Its location always exists in the file named: a finding about a whole file points at its first character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether the package is refused for it.
    pub severity: Severity,
    /// What is wrong, in Chinese.
    pub message: String,
    /// How to mend it, in Chinese.
    pub hint: String,
    /// Words under the marked place; may be empty.
    pub label: String,
    /// File below the package, with `/`; `directive.toml` for a package without files.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Byte offsets into the file's text; on character boundaries.
    pub span: Range<usize>,
    /// The line's text, without its end; empty when the file could not be read as text.
    pub source: String,
}

/// Whether a finding refuses the package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The package is refused.
    Error,
    /// The package loads; somebody should look at it.
    Warning,
}

/// The finding as shown on a terminal: message, `file:line:column`, the line with its place marked, and the hint.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "错误",
            Severity::Warning => "提醒",
        };
        let number = self.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "{word}：{}", self.message)?;
        writeln!(f, "{gutter} ┌─ {}:{}:{}", self.file, self.line, self.column)?;
        if !self.source.is_empty() {
            let (before, marked) = self.split_source();
            writeln!(f, "{gutter} │")?;
            writeln!(f, "{number} │ {}", printable(&self.source))?;
            let mark = "^".repeat(width(marked).max(1));
            let marked = format!("{gutter} │ {}{mark} {}", " ".repeat(width(before)), self.label);
            writeln!(f, "{}", marked.trim_end())?;
        }
        write!(f, "{gutter} └ 办法：{}", self.hint)
    }
}

impl Diagnostic {
    /// The source line before the marked place, and the part of the place that lies on this line.
    fn split_source(&self) -> (&str, &str) {
        let at = self.source.char_indices().nth(self.column - 1).map_or(self.source.len(), |(i, _)| i);
        let (before, rest) = self.source.split_at(at);
        let mut end = self.span.len().min(rest.len());
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        (before, &rest[..end])
    }
}

/// All findings, one blank line between them.
pub fn render(found: &[Diagnostic]) -> String {
    found.iter().map(|d| format!("{d}\n")).collect::<Vec<_>>().join("\n")
}

/// Line and column (from 1, column in characters) of a byte offset, and the text of that line.
pub(super) fn locate(text: &str, offset: usize) -> (usize, usize, &str) {
    let head = &text[..offset];
    let start = head.rfind('\n').map_or(0, |i| i + 1);
    let line = text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
    (head.matches('\n').count() + 1, text[start..offset].chars().count() + 1, line)
}

/// The span cut to the text and widened to character boundaries, so that every finding has a place that exists.
pub(super) fn clamp(text: &str, span: Range<usize>) -> Range<usize> {
    let (mut from, mut to) = (span.start.min(text.len()), span.end.min(text.len()));
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    while !text.is_char_boundary(to) {
        to += 1;
    }
    from..to.max(from)
}

/// Columns that the text takes on a terminal.
fn width(text: &str) -> usize {
    printable(text).chars().map(char_width).sum()
}

/// Tabs as four columns and other control characters as a dot, so that the mark stays under its place.
fn printable(text: &str) -> String {
    text.replace('\t', "    ").chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// 2 for the characters that East Asian Width calls wide or fullwidth, 0 for those that combine, else 1.
fn char_width(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
        0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1FAFF | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_under_chinese_text() {
        let text = "# 首行\ntitle = \"导师\"  每月 = 2\n";
        let at = text.find("每月").unwrap();
        let (line, column, source) = locate(text, at);
        assert_eq!((line, column), (2, 15));
        let found = Diagnostic {
            severity: Severity::Error,
            message: "不认识的键「每月」".into(),
            hint: "删去它".into(),
            label: "在这里".into(),
            file: "a.toml".into(),
            line,
            column,
            span: at..at + "每月".len(),
            source: source.into(),
        };
        let shown = found.to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1], "  ┌─ a.toml:2:15");
        assert_eq!(lines[3], "2 │ title = \"导师\"  每月 = 2");
        assert_eq!(lines[4], "  │                 ^^^^ 在这里");
        assert_eq!(lines[5], "  └ 办法：删去它");
    }

    #[test]
    fn a_place_outside_the_text_is_moved_into_it() {
        let text = "一二";
        assert_eq!(clamp(text, 1..2), 0..3);
        assert_eq!(clamp(text, 90..95), 6..6);
        assert_eq!(locate("a\r\nb", 3), (2, 1, "b"));
    }
}
