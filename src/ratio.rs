//! Exact numbers. Nothing that is judged is a float: two values are compared by cross-multiplication.

use std::{cmp::Ordering, fmt};

/// An exact rational number in lowest terms with a positive denominator. Shown as `2` or `4/5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: i64,
    den: i64,
}

impl Ratio {
    /// Nought.
    pub const ZERO: Ratio = Ratio { num: 0, den: 1 };
    /// One.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num / den` in lowest terms; `None` when `den` is 0 or the result is beyond 64 bits.
    pub fn new(num: i64, den: i64) -> Option<Ratio> {
        Ratio::from_wide(i128::from(num), i128::from(den))
    }

    /// A whole number.
    pub const fn whole(n: i64) -> Ratio {
        Ratio { num: n, den: 1 }
    }

    fn from_wide(num: i128, den: i128) -> Option<Ratio> {
        if den == 0 {
            return None;
        }
        let sign = if den < 0 { -1 } else { 1 };
        let g = gcd(num.unsigned_abs(), den.unsigned_abs()).max(1) as i128;
        Some(Ratio { num: i64::try_from(sign * num / g).ok()?, den: i64::try_from(sign * den / g).ok()? })
    }

    /// Numerator in lowest terms; carries the sign.
    pub fn num(self) -> i64 {
        self.num
    }

    /// Denominator in lowest terms, at least 1.
    pub fn den(self) -> i64 {
        self.den
    }

    /// The sum, unless it is beyond 64 bits.
    pub fn plus(self, o: Ratio) -> Option<Ratio> {
        Ratio::from_wide(
            i128::from(self.num) * i128::from(o.den) + i128::from(o.num) * i128::from(self.den),
            i128::from(self.den) * i128::from(o.den),
        )
    }

    /// The difference, unless it is beyond 64 bits.
    pub fn minus(self, o: Ratio) -> Option<Ratio> {
        self.plus(Ratio { num: -o.num, den: o.den })
    }

    /// The product, unless it is beyond 64 bits.
    pub fn times(self, o: Ratio) -> Option<Ratio> {
        Ratio::from_wide(i128::from(self.num) * i128::from(o.num), i128::from(self.den) * i128::from(o.den))
    }

    /// The quotient; `None` when `o` is 0 or the result is beyond 64 bits.
    pub fn over(self, o: Ratio) -> Option<Ratio> {
        Ratio::from_wide(i128::from(self.num) * i128::from(o.den), i128::from(self.den) * i128::from(o.num))
    }

    /// The greatest whole number not above this one (只舍不入).
    pub fn floor(self) -> i64 {
        self.num.div_euclid(self.den)
    }

    /// Reads what [`fmt::Display`] writes: `2`, `-3` or `4/5`.
    pub fn parse(text: &str) -> Option<Ratio> {
        match text.split_once('/') {
            Some((n, d)) => Ratio::new(n.parse().ok()?, d.parse().ok()?),
            None => Some(Ratio::whole(text.parse().ok()?)),
        }
    }

    /// Reads a decimal such as `60`, `59.5`, `-0.25` or `20%` exactly.
    pub fn parse_decimal(text: &str) -> Option<Ratio> {
        let (body, percent) = match text.strip_suffix('%') {
            Some(b) => (b.trim_end(), true),
            None => (text, false),
        };
        let (sign, body) = match body.strip_prefix('-') {
            Some(b) => (-1, b),
            None => (1, body),
        };
        let (whole, part) = body.split_once('.').unwrap_or((body, ""));
        let digits = |s: &str| s.bytes().all(|c| c.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 9 || body.ends_with('.') {
            return None;
        }
        let scale = 10_i64.pow(part.len() as u32);
        let part = if part.is_empty() { 0 } else { part.parse().ok()? };
        let num = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(part)?;
        Ratio::new(sign * num, scale.checked_mul(if percent { 100 } else { 1 })?)
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, o: &Ratio) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}

impl Ord for Ratio {
    fn cmp(&self, o: &Ratio) -> Ordering {
        (i128::from(self.num) * i128::from(o.den)).cmp(&(i128::from(o.num) * i128::from(self.den)))
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 { write!(f, "{}", self.num) } else { write!(f, "{}/{}", self.num, self.den) }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_text_reads_back() {
        for (n, d, text) in [(8, 10, "4/5"), (-3, 6, "-1/2"), (4, -2, "-2"), (0, 7, "0")] {
            let r = Ratio::new(n, d).unwrap();
            assert_eq!(r.to_string(), text);
            assert_eq!(Ratio::parse(text), Some(r));
        }
        assert_eq!(Ratio::new(1, 0), None);
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(Ratio::parse_decimal("59.5"), Ratio::new(119, 2));
        assert_eq!(Ratio::parse_decimal("80%"), Ratio::new(4, 5));
        assert_eq!(Ratio::parse_decimal("-0.25"), Ratio::new(-1, 4));
        for bad in ["", ".5", "5.", "1e3", "１", "--1", "5 %x", "NaN"] {
            assert_eq!(Ratio::parse_decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn floor_never_rounds_up() {
        assert_eq!(Ratio::new(2 * 16, 31).unwrap().floor(), 1);
        assert_eq!(Ratio::new(2 * 15, 31).unwrap().floor(), 0);
        assert_eq!(Ratio::new(-1, 2).unwrap().floor(), -1);
    }
}
