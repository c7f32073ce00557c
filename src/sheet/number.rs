//! Numbers from text, exactly. No float is calculated with: a number cell is first written as text.

use super::norm;

/// Why a text is not the number asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Not a number at all.
    NotNumber,
    /// Commas that do not part thousands.
    Commas,
    /// More decimal places than are kept.
    TooFine,
    /// Beyond 64 bits.
    TooLarge,
}

/// A decimal number: `digits` ÷ 10^`places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: i128,
    places: u32,
}

impl Decimal {
    /// Reads `1234`, `-1,234.50`, `+3`, `85%`, also in full-width signs.
    pub fn parse(text: &str) -> Result<Decimal, Why> {
        let text = norm::plain(text.trim());
        let (body, percent) = match text.strip_suffix('%') {
            Some(body) => (body.trim_end(), true),
            None => (text.as_ref(), false),
        };
        let (sign, body) = match body.strip_prefix(['-', '\u{2212}']) {
            Some(body) => (-1, body),
            None => (1, body.strip_prefix('+').unwrap_or(body)),
        };
        let (whole, part) = body.split_once('.').unwrap_or((body, ""));
        let whole = without_commas(whole)?;
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(&whole) || !digits(part) || body.ends_with('.') {
            return Err(Why::NotNumber);
        }
        let part = part.trim_end_matches('0');
        if whole.trim_start_matches('0').len() + part.len() > 30 {
            return Err(if part.len() > 11 { Why::TooFine } else { Why::TooLarge });
        }
        let digits = format!("{whole}{part}").parse::<i128>().map_err(|_| Why::TooLarge)?;
        Ok(Decimal { digits: sign * digits, places: part.len() as u32 + if percent { 2 } else { 0 } })
    }

    /// This number × `by`, if that is a whole number of 64 bits.
    pub fn times(self, by: i128) -> Result<i64, Why> {
        let scaled = self.digits.checked_mul(by).ok_or(Why::TooLarge)?;
        let unit = 10_i128.pow(self.places);
        if scaled % unit != 0 {
            return Err(Why::TooFine);
        }
        i64::try_from(scaled / unit).map_err(|_| Why::TooLarge)
    }
}

fn without_commas(whole: &str) -> Result<String, Why> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    if !rest.is_empty() && (first.is_empty() || first.len() > 3 || rest.iter().any(|g| g.len() != 3)) {
        return Err(Why::Commas);
    }
    Ok(whole.replace(',', ""))
}

/// Factors of money by the word after the number, in 分.
const MONEY: [(&str, i128); 9] = [
    ("亿元", 10_000_000_000),
    ("亿", 10_000_000_000),
    ("百万元", 100_000_000),
    ("万元", 1_000_000),
    ("万", 1_000_000),
    ("千元", 100_000),
    ("元整", 100),
    ("元", 100),
    ("圆", 100),
];

/// 分 of a text such as `5,000元`, `0.5万元`, `￥300`; a bare number counts in `unit` 分 (100 for 元).
pub fn money(text: &str, unit: i128) -> Result<i64, Why> {
    let text = norm::plain(text.trim());
    let body = text.trim_start_matches(['¥', '￥']).trim_start_matches("人民币").trim_start_matches("RMB").trim();
    let (number, by) =
        MONEY.iter().find_map(|(word, by)| Some((body.strip_suffix(word)?.trim_end(), *by))).unwrap_or((body, unit));
    Decimal::parse(number)?.times(by)
}

/// 分 of one unit of a money column by its head: 1,000,000 for `金额（万元）`, 100 for 元 or nothing.
pub fn money_unit(head: &str) -> i128 {
    let head = norm::plain(head);
    match () {
        () if head.contains("亿元") => 10_000_000_000,
        () if head.contains("万元") => 1_000_000,
        () if head.contains("千元") => 100_000,
        () => 100,
    }
}

/// A number cell as text, with the 15 digits that Excel shows: `0.30000000000000004` is `0.3`.
pub fn text_of(number: f64) -> String {
    let shortest = format!("{number}");
    let significant = shortest.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    let fraction = shortest.contains('.');
    if significant > 15 && fraction {
        format!("{number:.14e}").parse::<f64>().map_or(shortest, |n| format!("{n}"))
    } else {
        shortest
    }
}

/// An integer × 1/10^`places`, as text without trailing noughts: `text(12500, 4)` is `1.25`.
pub fn scaled_text(value: i64, places: usize) -> String {
    let (sign, digits) = (if value < 0 { "-" } else { "" }, format!("{:0>1$}", value.unsigned_abs(), places + 1));
    let (whole, part) = digits.split_at(digits.len() - places);
    let part = part.trim_end_matches('0');
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_to_the_fen() {
        for (text, unit, fen) in [
            ("5000", 100, Ok(500_000)),
            ("5,000.00", 100, Ok(500_000)),
            ("５，０００元", 100, Ok(500_000)),
            ("0.29", 100, Ok(29)),
            ("1.1", 100, Ok(110)),
            ("300万元", 100, Ok(300_000_000)),
            ("0.5 万元", 100, Ok(500_000)),
            ("12.345678", 1_000_000, Ok(12_345_678)),
            ("￥-3.20", 100, Ok(-320)),
            ("1.234", 100, Err(Why::TooFine)),
            ("1,23", 100, Err(Why::Commas)),
            ("1e3", 100, Err(Why::NotNumber)),
            ("", 100, Err(Why::NotNumber)),
            ("99999999999999999999", 100, Err(Why::TooLarge)),
        ] {
            assert_eq!(money(text, unit), fen, "{text}");
        }
    }

    #[test]
    fn decimals_and_percents_are_exact() {
        let four = |t: &str| Decimal::parse(t).and_then(|d| d.times(10_000));
        assert_eq!(four("59.5"), Ok(595_000));
        assert_eq!(four("85%"), Ok(8500));
        assert_eq!(four("0.0001"), Ok(1));
        assert_eq!(four("0.00010000000000000000000000000000000000"), Ok(1));
        assert_eq!(four("0.00001"), Err(Why::TooFine));
        assert_eq!(four(&text_of(12.3 / 9.0)), Err(Why::TooFine));
        assert_eq!(four("1."), Err(Why::NotNumber));
        assert_eq!(four("５９．５％"), Ok(5950));
    }

    #[test]
    fn number_cells_show_what_excel_shows() {
        assert_eq!(text_of(0.1 + 0.2), "0.3");
        assert_eq!(text_of(13_800_000_000.0), "13800000000");
        assert_eq!(text_of(-2.50), "-2.5");
        assert_eq!(text_of(1e15), "1000000000000000");
        assert_eq!(scaled_text(-12_500, 4), "-1.25");
        assert_eq!(scaled_text(5, 4), "0.0005");
        assert_eq!(scaled_text(500_000, 2), "5000");
    }
}
