//! Writes exact numbers for people: no float, and never so rounded that a missed target looks met.

use std::cmp::Ordering;

use crate::ratio::Ratio;

/// Decimal places beyond which a number is written as a fraction.
const MOST_PLACES: u32 = 6;

/// A number with at least `places` decimal places, and with more where fewer would put it on the wrong side of one of
/// `bounds`; a fraction where even six do not tell them apart.
pub fn decimal(v: Ratio, places: u32, bounds: &[Ratio]) -> String {
    written(v, 1, places, bounds).unwrap_or_else(|| v.to_string().replace('-', "−"))
}

/// A share as a percentage: `80.0%`; `79.96%` where 80% is the bound.
///
/// ```
/// use dongliang::{ratio::Ratio, verdict::words::number::percent};
/// let of = |n, d| Ratio::new(n, d).unwrap();
/// assert_eq!(percent(of(4, 5), 1, &[]), "80.0%");
/// assert_eq!(percent(of(1999, 2500), 1, &[of(4, 5)]), "79.96%");
/// ```
pub fn percent(v: Ratio, places: u32, bounds: &[Ratio]) -> String {
    written(v, 100, places, bounds).map_or_else(|| v.to_string().replace('-', "−"), |text| text + "%")
}

/// Money in 分: `5,000元`, `300万元`, `4,999.50元`.
pub fn money(fen: Ratio, bounds: &[Ratio]) -> String {
    if fen.den() == 1 {
        let (n, sign) = (fen.num().unsigned_abs(), if fen.num() < 0 { "−" } else { "" });
        if n >= 10_000_000 && n.is_multiple_of(10_000) {
            let tail = format!("{:02}", n / 10_000 % 100);
            return format!("{sign}{}万元", point(&grouped(n / 1_000_000), tail.trim_end_matches('0')));
        }
        let tail = if n.is_multiple_of(100) { String::new() } else { format!("{:02}", n % 100) };
        return format!("{sign}{}元", point(&grouped(n / 100), &tail));
    }
    let hundred = Ratio::whole(100);
    let yuan = |r: Ratio| r.over(hundred).unwrap_or(r);
    let bounds: Vec<Ratio> = bounds.iter().map(|b| yuan(*b)).collect();
    let text = written(yuan(fen), 1, 2, &bounds).unwrap_or_else(|| yuan(fen).to_string());
    let (whole, tail) = text.split_once('.').unwrap_or((&text, ""));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    format!("{}元", point(&whole, tail))
}

/// `v × factor` with the fewest decimal places, from `places` on, that keep it on its side of every bound.
fn written(v: Ratio, factor: i64, places: u32, bounds: &[Ratio]) -> Option<String> {
    let scaled = |r: Ratio, p: u32| rounded(i128::from(r.num()) * i128::from(factor), i128::from(r.den()), p);
    let right = |p: u32| {
        let shown = scaled(v, p);
        bounds.iter().all(|b| match v.cmp(b) {
            Ordering::Equal => true,
            side => shown.cmp(&scaled(*b, p)) == side,
        })
    };
    let p = (places..=MOST_PLACES).find(|p| right(*p))?;
    let shown = scaled(v, p);
    let sign = if shown < 0 { "−" } else { "" };
    let unit = 10_u128.pow(p);
    let (whole, tail) = (shown.unsigned_abs() / unit, shown.unsigned_abs() % unit);
    let tail = if p == 0 { String::new() } else { format!("{tail:0width$}", width = p as usize) };
    Some(format!("{sign}{}", point(&whole.to_string(), &tail)))
}

/// `num / den × 10^places`, half away from zero.
fn rounded(num: i128, den: i128, places: u32) -> i128 {
    let num = num * 10_i128.pow(places);
    let half = (2 * num.abs() + den) / (2 * den);
    if num < 0 { -half } else { half }
}

fn point(whole: &str, tail: &str) -> String {
    if tail.is_empty() { whole.to_owned() } else { format!("{whole}.{tail}") }
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A decimal number without needless zeros: `60`, `59.5`.
pub fn plain(v: Ratio, bounds: &[Ratio]) -> String {
    let exact = (0..=4).find(|p| 10_i64.pow(*p) % v.den() == 0);
    decimal(v, exact.unwrap_or(2), bounds)
}

/// A percentage without needless zeros: `80%`, `59.5%`.
pub fn plain_percent(v: Ratio) -> String {
    let exact = (0..=4).find(|p| 100_i64 * 10_i64.pow(*p) % v.den() == 0);
    percent(v, exact.unwrap_or(2), &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(n: i64, d: i64) -> Ratio {
        Ratio::new(n, d).unwrap()
    }

    #[test]
    fn rounding_never_crosses_a_bound() {
        let target = [of(4, 5)];
        for (v, text) in [
            (of(4, 5), "80.0%"),
            (of(1999, 2500), "79.96%"),
            (of(2001, 2500), "80.04%"),
            (of(799_999, 1_000_000), "79.9999%"),
            (of(799_999_999, 1_000_000_000), "799999999/1000000000"),
            (of(2, 3), "66.7%"),
            (of(1, 1), "100.0%"),
            (of(-1, 8), "−12.5%"),
        ] {
            assert_eq!(percent(v, 1, &target), text);
        }
    }

    #[test]
    fn a_share_and_its_bound_are_never_shown_alike_unless_equal() {
        let target = of(85, 100);
        for den in 1..400 {
            for num in 0..=den {
                let v = of(num, den);
                let alike = percent(v, 1, &[target]) == percent(target, 1, &[target]);
                assert_eq!(alike, v == target, "{v}");
            }
        }
    }

    #[test]
    fn money_is_written_as_in_papers() {
        for (fen, text) in [
            (of(500_000, 1), "5,000元"),
            (of(499_950, 1), "4,999.50元"),
            (of(300_000_000, 1), "300万元"),
            (of(295_500_000, 1), "295.5万元"),
            (of(123_456_789, 1), "1,234,567.89元"),
            (of(1_234_560_000, 1), "1,234.56万元"),
            (of(1_499_999, 3), "4,999.997元"),
            (of(1_000_000, 3), "3,333.33元"),
            (of(0, 1), "0元"),
            (of(-150, 1), "−1.50元"),
        ] {
            assert_eq!(money(fen, &[of(500_000, 1)]), text);
        }
    }

    #[test]
    fn plain_numbers_have_no_needless_zeros() {
        for (v, text, share) in [(of(60, 1), "60", "6000%"), (of(119, 2), "59.5", "5950%"), (of(1, 5), "0.2", "20%")] {
            assert_eq!((plain(v, &[]).as_str(), plain_percent(v).as_str()), (text, share));
        }
        assert_eq!(plain_percent(of(1, 3)), "33.33%");
    }
}
