//! Text from outside as it may stand in a log or on a terminal.

/// Text that stays in its line: what was typed may stand in an error, and must not look like another entry.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) { out.push(c) } else { out.extend(c.escape_unicode()) }
    }
    out
}

/// The same of each line, where several are meant.
pub fn lines(text: &str) -> String {
    text.split('\n').map(one_line).collect::<Vec<_>>().join("\n")
}

/// Neither ends a line nor moves the cursor nor turns the direction of writing.
pub fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{061c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stays_in_its_line_of_the_log() {
        let typed = "库不可用\r\n2025-10-20T08:00:00Z ERROR 编号 假\u{1b}[31m\u{202e}";
        let line = one_line(typed);
        assert!(line.starts_with("库不可用\\u{d}\\u{a}2025") && line.ends_with("\\u{1b}[31m\\u{202e}"), "{line}");
        assert_eq!(one_line("第3行：“周敏”"), "第3行：“周敏”");
        assert_eq!(lines("请先\n  建立\u{1b}]0;假\u{7}"), "请先\n  建立\\u{1b}]0;假\\u{7}");
    }
}
