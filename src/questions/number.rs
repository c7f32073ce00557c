//! Exact numbers of questions: accepted numbers with nine decimals, weights in percent with five.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number with at most nine decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(i128);

/// Percent of the marks, with at most five decimals, from −100 to 100.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weight(i32);

/// `-12.5` in units of 10^−decimals; full width digits too.
fn parse(text: &str, decimals: usize) -> Option<i128> {
    let half: String = text.trim().chars().map(super::model::half_width).collect();
    let (negative, digits) = match half.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, half.strip_prefix('+').unwrap_or(&half)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = if part.len() > decimals { part.trim_end_matches('0') } else { part };
    let sound = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && part.is_empty())
        || !sound(whole)
        || !sound(part)
        || whole.len() > 15
        || part.len() > decimals
    {
        return None;
    }
    let value: i128 = format!("0{whole}{part:0<decimals$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

fn write(value: i128, decimals: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    let part = part.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if part.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{part}") }
}

impl Number {
    /// Reads one; no exponents.
    pub fn parse(text: &str) -> Option<Number> {
        parse(text, 9).map(Number)
    }

    /// From one less to one more by a tolerance.
    pub fn around(self, tolerance: Number) -> (Number, Number) {
        (Number(self.0 - tolerance.0.abs()), Number(self.0 + tolerance.0.abs()))
    }
}

impl Weight {
    /// Nothing.
    pub const NONE: Weight = Weight(0);
    /// All marks.
    pub const FULL: Weight = Weight(10_000_000);

    /// Reads percent.
    pub fn parse(text: &str) -> Option<Weight> {
        let value = i32::try_from(parse(text, 5)?).ok()?;
        (value.abs() <= Weight::FULL.0).then_some(Weight(value))
    }

    /// An equal part of all marks.
    pub fn share(of: usize) -> Weight {
        Weight(Weight::FULL.0 / of.max(1) as i32)
    }

    /// As a whole number; all marks are that of [`Weight::FULL`].
    pub(crate) fn parts(self) -> i64 {
        i64::from(self.0)
    }

    /// The other way round.
    pub fn negative(self) -> Weight {
        Weight(-self.0)
    }

    /// True where these, as parts, are all marks, but for rounding.
    pub fn are_all(weights: impl Iterator<Item = Weight>) -> bool {
        let sum: i64 = weights.map(|w| i64::from(w.0)).sum();
        (sum - i64::from(Weight::FULL.0)).abs() <= 100_000
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, 9, f)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(i128::from(self.0), 5, f)
    }
}

impl TryFrom<String> for Number {
    type Error = String;
    fn try_from(text: String) -> Result<Number, String> {
        Number::parse(&text).ok_or_else(|| format!("“{text}”不是数"))
    }
}

impl TryFrom<String> for Weight {
    type Error = String;
    fn try_from(text: String) -> Result<Weight, String> {
        Weight::parse(&text).ok_or_else(|| format!("“{text}”不是百分比"))
    }
}

impl From<Number> for String {
    fn from(n: Number) -> String {
        n.to_string()
    }
}

impl From<Weight> for String {
    fn from(w: Weight) -> String {
        w.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for text in ["0", "-1.5", "3.141592653", "999999999999999.000000001", "-0.000000001"] {
            assert_eq!(Number::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "-", ".", "1e5", "1,5", "0.0000000001", "1.2.3", "一"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
        assert_eq!(Number::parse("１２．５０").unwrap().to_string(), "12.5");
        assert_eq!(Weight::parse("33.33333").unwrap().to_string(), "33.33333");
        assert_eq!((Weight::parse("101"), Weight::parse("-100")), (None, Some(Weight::FULL.negative())));
        assert!(Weight::are_all([Weight::share(3); 3].into_iter()));
    }
}
