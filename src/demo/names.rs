//! Made-up names and numbers. No person, place or number here is a real one.
//!
//! - Places: no 市, 区 or 县 of these names exists.
//! - 身份证号: the check digit is right, but the first six digits begin with 00, which no region has been given.
//! - 联系电话: 1540…, a range of numbers that has been given to nobody.

use crate::day::Day;

const SURNAMES: [&str; 64] = [
    "陆", "沈", "顾", "苏", "林", "程", "许", "梁", "温", "江", "叶", "宋", "杜", "傅", "白", "方", "石", "秦", "唐",
    "田", "邹", "龙", "陶", "孟", "柳", "姜", "范", "汪", "金", "丁", "韩", "冯", "邓", "曹", "彭", "吕", "卢", "蒋",
    "蔡", "贾", "魏", "薛", "余", "潘", "戴", "夏", "钟", "任", "廖", "熊", "侯", "邵", "洪", "闻", "祝", "骆", "樊",
    "尹", "章", "鲁", "葛", "奚", "查", "裘",
];
const FIRST: [&str; 41] = [
    "知", "听", "怀", "望", "予", "星", "砚", "岚", "闻", "景", "承", "思", "砺", "朗", "澄", "疏", "牧", "稚", "遇",
    "笃", "攸", "若", "令", "棠", "屿", "黎", "昭", "序", "衡", "则", "与", "未", "初", "既", "载", "允", "临", "栖",
    "翊", "芷", "素",
];
const SECOND: [&str; 43] = [
    "禾", "舟", "澜", "川", "宁", "遥", "溪", "岭", "野", "松", "桥", "渡", "汀", "畔", "陌", "渔", "樵", "稼", "穗",
    "犁", "磐", "砾", "岑", "峪", "垚", "沅", "泓", "湄", "淇", "浔", "蘅", "蓁", "荻", "菽", "麦", "杉", "槿", "榆",
    "柘", "楠", "檀", "篱", "竹",
];
/// Names there are; a prime-free step through them meets each once before any again.
const NAMES: u64 = (SURNAMES.len() * FIRST.len() * SECOND.len()) as u64;
const STEP: u64 = 61_813;

/// The name of the `n`th person. Up to 112,832 persons have different names, neighbours quite different ones.
pub(super) fn person(seed: u64, n: u64) -> String {
    let i = (n % NAMES * STEP + seed % NAMES) % NAMES;
    let (surname, rest) = (i % 64, i / 64);
    let (first, second) = (rest % 41, rest / 41);
    [SURNAMES[surname as usize], FIRST[first as usize], SECOND[second as usize]].concat()
}

/// A 身份证号 that no person can have. `order` tells persons of an organ born on one day apart.
pub(super) fn id_number(organ: u32, born: Day, order: u32, male: bool) -> String {
    let (y, m, d) = born.ymd();
    let serial = (order * 2 + u32::from(male)) % 1000;
    let body = format!("00{:04}{y:04}{m:02}{d:02}{serial:03}", organ % 10_000 + 1);
    let check = check_digit(&body);
    body + check
}

/// The check digit of the first 17 digits (GB 11643-1999).
fn check_digit(body: &str) -> &'static str {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const DIGITS: [&str; 11] = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"];
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(b, w)| u32::from(b - b'0') * w).sum();
    DIGITS[(sum % 11) as usize]
}

/// A number in a range that has been given to nobody.
pub(super) fn phone(n: u64) -> String {
    format!("1540{:07}", n % 10_000_000)
}

/// `综合科`, and from the second round on `综合二科`, `综合三科` …: what is left of the last character stands before it.
pub(super) fn numbered(name: &str, round: usize) -> String {
    if round == 0 {
        return name.to_owned();
    }
    let at = name.char_indices().last().map_or(0, |c| c.0);
    format!("{}{}{}", &name[..at], chinese(round + 1), &name[at..])
}

/// A number from 1 to 99 in Chinese.
pub(super) fn chinese(n: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match (n / 10, n % 10) {
        (0, ones) => DIGITS[ones].to_owned(),
        (1, ones) => format!("十{}", DIGITS[ones]),
        (tens, ones) => format!("{}十{}", DIGITS[tens % 10], DIGITS[ones]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_until_all_are_used() {
        let some: std::collections::BTreeSet<String> = (0..NAMES).map(|n| person(7, n)).collect();
        assert_eq!(some.len() as u64, NAMES);
        assert_eq!(person(7, 3), person(7, NAMES + 3));
    }

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        assert_eq!(check_digit("11010519491231002"), "X");
        assert_eq!(check_digit("44052418800101001"), "4");
        assert_eq!(id_number(3, Day(0), 5, true).len(), 18);
    }

    #[test]
    fn rounds_are_numbered_before_the_last_character() {
        assert_eq!(numbered("综合科", 0), "综合科");
        assert_eq!(numbered("综合科", 1), "综合二科");
        assert_eq!(numbered("青禾区", 10), "青禾十一区");
        assert_eq!(chinese(20), "二十");
    }
}
