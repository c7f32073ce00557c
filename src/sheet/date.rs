//! Days and periods in the spellings of offices. A day is between 1900 and 2100; years have four digits.

use crate::day::Day;

use super::{RawCell, norm, number, value::Fault};

/// A reading, and a note where something was supplied that the text does not say.
pub type Reading<T> = (T, Option<String>);

const MEND: &str = "请写成 2025-03-01 的样子";

/// The day of a cell: a date cell, an Excel serial, or text such as 2025-03-01, 2025.3.1, 2025/3/1, 2025年3月1日,
/// 20250301. A month alone (2025.03, 2025年3月, 202503) gives its first day with a note.
pub fn day(cell: &RawCell) -> Result<Reading<Day>, Fault> {
    match cell {
        RawCell::Date(day) => within(*day, cell).map(|d| (d, None)),
        RawCell::Number(n) => day_of_number(*n, cell),
        RawCell::Text(text) => day_of_text(text),
        _ => Err(Fault::new(cell.text(), "不是日期", MEND)),
    }
}

fn within(day: Day, cell: &RawCell) -> Result<Day, Fault> {
    if (1900..=2100).contains(&day.ymd().0) {
        Ok(day)
    } else {
        Err(Fault::new(cell.text(), "年份不在 1900 至 2100 之间", "请核对年份"))
    }
}

/// A number that was not formatted as a date: a serial, 20250301, 202503 or 2025.03.
fn day_of_number(n: f64, cell: &RawCell) -> Result<Reading<Day>, Fault> {
    let text = number::text_of(n);
    let digits = text.len();
    if let Some((year, month)) = text.split_once('.') {
        if year.len() == 4 && month == "1" {
            return Err(Fault::new(text, "以数字保存，分不清是 1 月还是 10 月", "请改为文本，写成 2025-01 或 2025-10"));
        }
        return if year.len() == 4 { day_of_text(&text) } else { day_of_number(n.trunc(), cell) };
    }
    match digits {
        6 | 8 => day_of_text(&text),
        4 if (1900.0..=2100.0).contains(&n) => Err(Fault::new(text, "只有年份", MEND)),
        1..=5 if (1.0..100_000.0).contains(&n) => {
            let day = within(of_serial(n as i32), cell)?;
            Ok((day, Some(format!("按Excel日期序号读作{}", day.chinese()))))
        }
        _ => Err(Fault::new(text, "不是日期", MEND)),
    }
}

/// Excel counts 1900-01-01 as 1 and a 29 February 1900 that never was as 60.
fn of_serial(serial: i32) -> Day {
    Day(serial - 25_569 + i32::from(serial < 60))
}

/// The serial of a day as Excel stores it; `None` before 1900.
pub fn serial(day: Day) -> Option<i32> {
    let serial = day.0 + 25_569;
    let serial = if serial <= 60 { serial - 1 } else { serial };
    (serial >= 1).then_some(serial)
}

fn day_of_text(text: &str) -> Result<Reading<Day>, Fault> {
    let fault = |reason: &str, mend: &str| Err(Fault::new(text, reason, mend));
    let plain = norm::plain(text);
    let Some(parts) = parts(&plain) else { return fault("不是日期", MEND) };
    let (year, month, day) = match parts.as_slice() {
        [y, _, _] if y.len() < 4 && parts[2].len() == 4 => return fault("日期应按年、月、日的次序", MEND),
        [y, ..] if parts.len() > 1 && y.len() != 4 => return fault("年份应写四位", MEND),
        [y, m, d] => (*y, *m, Some(*d)),
        [y, m] => (*y, *m, None),
        [one] if one.len() == 8 => (&one[..4], &one[4..6], Some(&one[6..])),
        [one] if one.len() == 6 => (&one[..4], &one[4..], None),
        [one] if one.len() == 4 => return fault("只有年份", MEND),
        [one] if one.len() == 5 => {
            let serial: i32 = one.parse().unwrap_or_default();
            let day = within(of_serial(serial), &RawCell::Text(text.to_owned()))?;
            return Ok((day, Some(format!("按Excel日期序号读作{}", day.chinese()))));
        }
        _ => return fault("不是日期", MEND),
    };
    let value = |s: &str| if s.len() <= 2 { s.parse::<u32>().unwrap_or(99) } else { 99 };
    let found = year.parse().ok().and_then(|y| Day::from_ymd(y, value(month), day.map_or(1, value)));
    match (found, day) {
        (None, Some(_)) => fault("没有这一天", "请对照原件核对年、月、日"),
        (None, None) => fault("没有这个月", "请对照原件核对年、月"),
        (Some(found), Some(_)) => within(found, &RawCell::Text(text.to_owned())).map(|d| (d, None)),
        (Some(found), None) => {
            let first = within(found, &RawCell::Text(text.to_owned()))?;
            Ok((first, Some(format!("只有年月，按当月第一天 {first} 读入"))))
        }
    }
}

/// The runs of digits of a date, or `None` when there is anything else in it. A time of day and a weekday are dropped.
fn parts(text: &str) -> Option<Vec<&str>> {
    let text = text.trim();
    let text = match text.find(':') {
        Some(colon) => &text[..text[..colon].rfind(['T', ' '])?],
        None => text,
    };
    let text = text.split(['(', '（']).next().unwrap_or_default();
    let text = text.split("星期").next().unwrap_or_default().trim_end();
    let text = text.trim_end_matches(['日', '号', '月', '年']).trim_end();
    let is_mark = |c: char| "年月-/.。—–·".contains(c);
    let pieces: Vec<&str> = text.split(is_mark).map(str::trim).collect();
    (pieces.len() <= 3 && pieces.iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())))
        .then_some(pieces)
}

/// What a paper is about, in the spelling that is stored: `2025`, `2025H1`, `2025Q1`, `2025-03`.
pub fn period(cell: &RawCell) -> Result<Reading<String>, Fault> {
    if let RawCell::Date(day) = cell {
        let (y, m, _) = within(*day, cell)?.ymd();
        let month = format!("{y:04}-{m:02}");
        return Ok((month.clone(), Some(format!("单元格是日期，按所在月份 {month} 读入"))));
    }
    let shown = cell.text();
    let refused =
        || Fault::new(shown.clone(), "不是年度、半年、季度或月份", "请写成 2025、2025H1、2025Q1 或 2025-03 的样子");
    let text = norm::key(&shown).to_uppercase();
    let year = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit())).ok_or_else(refused)?;
    let number = year.parse::<i32>().unwrap_or_default();
    if !(1900..=2100).contains(&number) {
        return Err(Fault::new(shown.clone(), "年份不在 1900 至 2100 之间", "请核对年份"));
    }
    let rest = text[4..].trim_start_matches(['年', '-', '.', '/', '度']);
    let rest = rest.trim_start_matches('第').trim_end_matches(['度', '份']);
    let tail = match rest {
        "" | "全年" => String::new(),
        "H1" | "上半年" => "H1".into(),
        "H2" | "下半年" => "H2".into(),
        "Q1" | "1季" | "一季" | "1Q" => "Q1".into(),
        "Q2" | "2季" | "二季" | "2Q" => "Q2".into(),
        "Q3" | "3季" | "三季" | "3Q" => "Q3".into(),
        "Q4" | "4季" | "四季" | "4Q" => "Q4".into(),
        month => {
            let month = month.trim_end_matches('月');
            if matches!((cell, month), (RawCell::Number(_), "1")) {
                return Err(Fault::new(
                    shown.clone(),
                    "以数字保存，分不清是 1 月还是 10 月",
                    "请改为文本，写成 2025-01 或 2025-10",
                ));
            }
            let digits = (1..=2).contains(&month.len()) && month.bytes().all(|b| b.is_ascii_digit());
            let month = month.parse::<u32>().ok().filter(|m| digits && (1..=12).contains(m)).ok_or_else(refused)?;
            format!("-{month:02}")
        }
    };
    Ok((format!("{year}{tail}"), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(t: &str) -> Result<Reading<Day>, Fault> {
        day(&RawCell::Text(t.into()))
    }

    #[test]
    fn every_spelling_of_a_day() {
        for t in [
            "2025-03-01",
            "2025.3.1",
            "2025.03.01",
            "2025/3/1",
            "2025年3月1日",
            "2025年03月01日",
            "20250301",
            "2025 年 3 月 1 日",
            "2025-03-01 00:00:00",
            "2025-03-01T09:30",
            "2025年3月1日（星期六）",
            "２０２５－０３－０１",
            "2025。3。1",
            "2025-3-1 ",
        ] {
            let (day, note) = text(t).unwrap_or_else(|e| panic!("{t}: {}", e.reason));
            assert_eq!((day.to_string().as_str(), note), ("2025-03-01", None), "{t}");
        }
    }

    #[test]
    fn a_month_alone_is_its_first_day_with_a_note() {
        for t in ["2025.03", "2025.3", "2025-03", "2025/03", "2025年3月", "202503"] {
            let (day, note) = text(t).unwrap();
            assert_eq!(day.to_string(), "2025-03-01", "{t}");
            assert!(note.unwrap().contains("只有年月"));
        }
    }

    #[test]
    fn what_is_no_day_is_refused_with_the_reason() {
        for (t, word) in [
            ("2025-02-30", "没有这一天"),
            ("2025.13", "没有这个月"),
            ("2025", "只有年份"),
            ("25.3.1", "四位"),
            ("3/1/2025", "次序"),
            ("1899-12-31", "1900"),
            ("2101-01-01", "1900"),
            ("昨天", "不是日期"),
            ("2025-03-01至04", "不是日期"),
            ("2025-3-", "不是日期"),
            ("2025-003-01", "没有这一天"),
            ("", "不是日期"),
            ("2025-3-1-2", "不是日期"),
        ] {
            let fault = text(t).unwrap_err();
            assert!(fault.reason.contains(word), "{t}: {}", fault.reason);
        }
    }

    #[test]
    fn numbers_are_serials_or_written_out() {
        let number = |n: f64| day(&RawCell::Number(n)).map(|r| r.0.to_string());
        assert_eq!(number(45_717.0).unwrap(), "2025-03-01");
        assert_eq!(number(45_717.6).unwrap(), "2025-03-01");
        assert_eq!(number(1.0).unwrap(), "1900-01-01");
        assert_eq!(number(61.0).unwrap(), "1900-03-01");
        assert_eq!(number(20_250_301.0).unwrap(), "2025-03-01");
        assert_eq!(number(202_503.0).unwrap(), "2025-03-01");
        assert_eq!(number(1985.12).unwrap(), "1985-12-01");
        assert!(day(&RawCell::Number(1985.1)).unwrap_err().reason.contains("10 月"));
        assert!(day(&RawCell::Number(2025.0)).unwrap_err().reason.contains("年份"));
        for bad in [0.5, -3.0, 99_999.0, 1e9] {
            assert!(number(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn serials_read_back() {
        let (from, to) = (Day::from_ymd(1900, 1, 1).unwrap(), Day::from_ymd(2100, 12, 31).unwrap());
        for n in from.0..=to.0 {
            assert_eq!(of_serial(serial(Day(n)).unwrap()), Day(n));
        }
        assert_eq!(serial(from.plus(-1)), None);
    }

    #[test]
    fn periods_are_stored_in_one_spelling() {
        for (t, stored) in [
            ("2025", "2025"),
            ("2025年", "2025"),
            ("2025年度", "2025"),
            ("2025H1", "2025H1"),
            ("2025年上半年", "2025H1"),
            ("2025Q1", "2025Q1"),
            ("2025年第一季度", "2025Q1"),
            ("2025年4季度", "2025Q4"),
            ("2025-03", "2025-03"),
            ("2025年3月", "2025-03"),
            ("2025.03", "2025-03"),
            ("202503", "2025-03"),
            ("２０２５年３月份", "2025-03"),
        ] {
            assert_eq!(period(&RawCell::Text(t.into())).map(|p| p.0).map_err(|f| f.reason), Ok(stored.into()), "{t}");
        }
        assert_eq!(period(&RawCell::Number(2025.0)).unwrap().0, "2025");
        for bad in ["2025-13", "二季度", "2025Q5", "25年", "2025-03-01", "1820"] {
            assert!(period(&RawCell::Text(bad.into())).is_err(), "{bad}");
        }
    }
}
