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

/// Neither ends a line nor moves the cursor nor turns the direction of writing, and is seen: what cannot be seen makes two
/// texts that look the same. Variation selectors, by which rare forms of characters are written, stay.
pub fn is_harmless(c: char) -> bool {
    !c.is_control() && !is_unseen(c)
}

/// Marks of direction, joiners, fillers, tags and the like.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e00ff}')
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
        assert!(
            ['\u{61c}', '\u{200e}', '\u{fff9}', '\u{e0041}', '\u{ad}', '\u{3164}'].iter().all(|c| !is_harmless(*c))
        );
        assert!("𠮷㛃葛\u{e0100}\u{fe00}　".chars().all(is_harmless));
        assert_eq!(lines("请先\n  建立\u{1b}]0;假\u{7}"), "请先\n  建立\\u{1b}]0;假\\u{7}");
    }
}
