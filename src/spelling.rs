//! How numbers of requirements and ranges are written, and in which order names stand.

/// A range as it is written; of one value that value alone.
///
/// ```
/// use dongliang::spelling::range;
/// assert_eq!((range(1, 5).as_str(), range('A', 'A').as_str()), ("1至5", "A"));
/// ```
pub fn range<T: PartialEq + std::fmt::Display>(low: T, high: T) -> String {
    if low == high { low.to_string() } else { format!("{low}至{high}") }
}

/// The number of a requirement as people say it: pillar and the two digits of the table's id; the letter of a
/// sentence with several rhythms becomes 甲, 乙, 丙. It never changes with versions of the package.
///
/// ```
/// use dongliang::spelling::requirement_code;
/// assert_eq!(requirement_code("干", "R-21"), "干-21");
/// assert_eq!(requirement_code("保障", "R-36c"), "保-36丙");
/// ```
pub fn requirement_code(pillar: &str, id: &str) -> String {
    let number = id.strip_prefix("R-").unwrap_or(id);
    let digits = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let letters = number[digits.len()..].bytes().map(|b| "甲乙丙丁戊己庚辛壬癸".chars().nth(usize::from(b - b'a')));
    let suffix: Option<String> = letters.collect();
    let first: String = pillar.chars().take(1).collect();
    match suffix {
        Some(suffix) => format!("{first}-{digits}{suffix}"),
        None => format!("{first}-{number}"),
    }
}

/// Key that sorts names by sound: the common characters stand in GBK in the order of their Pinyin, the rarer ones
/// behind them by radical.
pub fn sound_key(name: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(name).0.into_owned()
}

/// The anchor of a requirement's row on a unit's page: `r-25a`.
pub fn anchor(id: &str) -> String {
    id.to_ascii_lowercase()
}

/// A number below 100 as one counts in Chinese: `一`, `二`, … `十二`.
///
/// ```
/// use dongliang::spelling::numeral;
/// assert_eq!([1, 10, 11, 20, 34].map(numeral), ["一", "十", "十一", "二十", "三十四"]);
/// ```
pub fn numeral(n: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match n {
        0..=9 => DIGITS[n].to_owned(),
        10..=19 => format!("十{}", DIGITS[n % 10]),
        _ => format!("{}十{}", DIGITS[n / 10 % 10], DIGITS[n % 10]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        let spelled = [("学", "R-03a", "学-03甲"), ("纪", "R-25b", "纪-25乙"), ("学", "X-1z", "学-X-1z")];
        for (pillar, id, code) in spelled {
            assert_eq!(requirement_code(pillar, id), code);
        }
    }

    #[test]
    fn names_sort_by_sound() {
        let mut names = ["竹岭县", "城西区", "滨湖区", "柳溪县", "城东区", "青禾县"];
        names.sort_by_key(|n| sound_key(n));
        assert_eq!(names, ["滨湖区", "城东区", "城西区", "柳溪县", "青禾县", "竹岭县"]);
    }
}
