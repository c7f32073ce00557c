//! Sensitive values as everybody sees them: the ends of a number, of notes only that they were taken. A masked value that
//! comes back in a file means that nothing was changed.

use crate::directive::model::Field;

/// Stands for notes that only those who took part, and the integrity office, may read.
pub const CLOSED: &str = "已记录，内容不公开";

/// A value of a sensitive field, masked.
pub fn mask(field: &Field, plain: &str) -> String {
    if field.confidential { CLOSED.to_owned() } else { ends(plain) }
}

/// `139****2716`: as much as is needed to tell whether it is the right one. Of a 身份证号 only the ends, `1****************X`:
/// beside a day of birth a few digits more would leave a handful of numbers to try.
pub fn ends(plain: &str) -> String {
    let chars: Vec<char> = plain.chars().collect();
    let n = chars.len();
    let (front, back) = match n {
        0..=1 => (0, 0),
        2..=4 => (1, 0),
        5..=7 => (1, 1),
        _ if is_id_number(&chars) => (1, 1),
        _ => (3, 4),
    };
    let shown = |(i, c): (usize, &char)| if i < front || i >= n - back { *c } else { '*' };
    chars.iter().enumerate().map(shown).collect()
}

/// A text that is a mask and not a value: nobody's number has stars in it, and no notes begin with what stands for them.
pub fn is_mask(text: &str) -> bool {
    let text = text.replace(['＊', '×'], "*");
    text.starts_with(CLOSED) || text == "*" || text.contains("**") || (text.ends_with('*') && text.chars().count() <= 4)
}

/// 公民身份号码: 17 digits and a digit or X.
fn is_id_number(chars: &[char]) -> bool {
    let Some((last, digits)) = chars.split_last() else { return false };
    digits.len() == 17 && digits.iter().all(char::is_ascii_digit) && (last.is_ascii_digit() || "Xx".contains(*last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sensitive_shows_its_ends_alone() {
        let plain = ["13900002716", "11010519491231002X", "仲一妮", "王强", "1", "", "王强 1390"];
        let masked = plain.map(ends);
        assert_eq!(masked, ["139****2716", "1****************X", "仲**", "王*", "*", "", "王*****0"]);
        assert!(masked.iter().filter(|m| m.chars().count() > 1).all(|m| is_mask(m)));
        assert!(plain.iter().all(|p| !is_mask(p)));
    }

    #[test]
    fn notes_show_that_they_are_there_and_nothing_else() {
        let field = Field { sensitive: true, confidential: true, ..Field::default() };
        assert_eq!(mask(&field, "谈了三件事"), CLOSED);
        assert!(is_mask(CLOSED) && is_mask("已记录，内容不公开。") && is_mask("154＊＊＊＊0142"));
    }
}
