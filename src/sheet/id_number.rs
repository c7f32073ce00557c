//! 公民身份号码: 18 digits with a check digit (GB 11643-1999).

use crate::{day::Day, directive::model::Field};

use super::{RawCell, norm, value::Fault};

/// True for a field that holds 身份证号, by its name or title.
pub fn is_id_number(field: &Field) -> bool {
    field.name == "id_number" || field.title.contains("身份证") || field.title.contains("身份号码")
}

/// The 18 characters, or why not. A number cell is always refused: it keeps 15 digits only.
pub fn parse(cell: &RawCell) -> Result<String, Fault> {
    let text = match cell {
        RawCell::Number(_) => {
            return Err(Fault::new(
                cell.text(),
                "身份证号以数字格式保存，Excel 只保留前 15 位，后几位已经丢失",
                "请把该列设为“文本”格式后对照原件重新输入",
            ));
        }
        other => other.text(),
    };
    let plain = norm::plain(text.trim()).trim_start_matches('\'').replace([' ', '-'], "").to_uppercase();
    let fault = |reason: &str, mend: &str| Err(Fault::new(text.clone(), reason, mend));
    if plain.len() == 15 && plain.bytes().all(|b| b.is_ascii_digit()) {
        return fault("这是 15 位的旧身份证号", "请改填 18 位身份证号");
    }
    if plain.len() != 18 || !plain.bytes().take(17).all(|b| b.is_ascii_digit()) {
        return fault("身份证号应为 18 位", "请对照证件核对位数");
    }
    let digits = |from: usize, to: usize| plain[from..to].parse::<u32>().unwrap_or_default();
    if Day::from_ymd(digits(6, 10) as i32, digits(10, 12), digits(12, 14)).is_none() {
        return fault("第 7 至 14 位不是真实的出生日期", "请对照证件核对");
    }
    if plain.as_bytes()[17] != check_digit(&plain) {
        return fault("校验位不符，至少有一位输错", "请对照证件核对");
    }
    Ok(plain)
}

/// The 18th character that belongs to the first 17 digits.
pub fn check_digit(first: &str) -> u8 {
    let sum: u32 = first.bytes().take(17).enumerate().map(|(i, b)| u32::from(b - b'0') * (1 << (17 - i)) % 11).sum();
    b"10X98765432"[(sum % 11) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_verified() {
        // The example of GB 11643-1999, annex.
        assert_eq!(parse(&RawCell::Text("11010519491231002X".into())).unwrap(), "11010519491231002X");
        assert_eq!(parse(&RawCell::Text("１１０１０５１９４９１２３１００２ｘ".into())).unwrap(), "11010519491231002X");
        for (bad, word) in [
            ("110105194912310021", "校验位"),
            ("110105491231002", "15 位"),
            ("1101051949123100", "18 位"),
            ("110105194913310028", "出生日期"),
        ] {
            let fault = parse(&RawCell::Text(bad.into())).unwrap_err();
            assert!(fault.reason.contains(word), "{bad}: {}", fault.reason);
        }
        assert!(parse(&RawCell::Number(1.1010519491231002e17)).unwrap_err().reason.contains("丢失"));
    }
}
