//! Values as they are spelled in a package: `3`, `59.5`, `"80%"`, `"300万元"`, `"1 year"`, days, flags, texts.

use toml::de::DeValue;

use super::{
    model::{FieldType, Setting, Value},
    read::Node,
};
use crate::{day::Day, ratio::Ratio};

/// Decimals are stored times this.
const DECIMAL: i64 = 10_000;

/// The value by its spelling alone. `None` after a finding.
pub(super) fn value(node: &Node<'_>) -> Option<Value> {
    match node.value() {
        DeValue::String(s) => Some(spelled(s)),
        DeValue::Integer(_) => Some(Value::Number(Ratio::whole(node.integer()?))),
        DeValue::Float(f) => match Ratio::parse_decimal(f.as_str()) {
            Some(number) => Some(Value::Number(number)),
            None => node.fail("这个小数不能精确表示", "写成 59.5 这样，小数不超过9位，不用科学记数"),
        },
        DeValue::Boolean(b) => Some(Value::Flag(*b)),
        DeValue::Datetime(_) => node.day().map(Value::Day),
        DeValue::Array(_) | DeValue::Table(_) => node.fail("这里只能写一个值", "写数、文字、日期或 true、false"),
    }
}

/// A setting: one value or a list; an empty text is `None`, not set. The outer `None` follows a finding.
pub(super) fn setting(node: &Node<'_>) -> Option<Option<Setting>> {
    if node.str() == Some("") {
        return Some(None);
    }
    let values = node.one_or_list().iter().map(value).collect::<Option<Vec<Value>>>()?;
    Some((!values.is_empty()).then_some(Setting { values }))
}

/// A text's value by its form.
pub(super) fn spelled(text: &str) -> Value {
    let percent = text.ends_with('%').then(|| Ratio::parse_decimal(text)).flatten();
    percent
        .map(Value::Number)
        .or_else(|| money(text).map(Value::Money))
        .or_else(|| years(text).map(Value::Years))
        .or_else(|| Day::parse(text).map(Value::Day))
        .unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// `5000元`, `0.5万元`, `3亿元` in 分, if it is a whole number of them.
pub(super) fn money(text: &str) -> Option<i64> {
    let body = text.strip_suffix('元')?;
    let (body, unit) = match (body.strip_suffix('万'), body.strip_suffix('亿')) {
        (Some(b), _) => (b, 1_000_000),
        (_, Some(b)) => (b, 10_000_000_000),
        _ => (body, 100),
    };
    let fen = Ratio::parse_decimal(body.trim_end())?.times(Ratio::whole(unit))?;
    (fen.den() == 1).then(|| fen.num())
}

/// `1 year`, `2 years`, `1年`.
pub(super) fn years(text: &str) -> Option<i64> {
    let body = text.strip_suffix("years").or_else(|| text.strip_suffix("year")).or_else(|| text.strip_suffix('年'))?;
    body.trim_end().parse().ok().filter(|n| (1..=100).contains(n))
}

/// The value as one of a field of that type; else what it ought to be, in Chinese. `text` is the value as spelled, if
/// it was spelled as text: a choice may look like a number or a day.
pub(super) fn typed(value: &Value, text: Option<&str>, ty: &FieldType) -> Result<Value, String> {
    let as_text = || match (text, value) {
        (Some(t), _) => Some(t.to_owned()),
        (None, Value::Text(t)) => Some(t.clone()),
        (None, Value::Day(d)) => Some(d.to_string()),
        _ => None,
    };
    let number = || match value {
        Value::Number(n) => Some(*n),
        Value::Text(t) => Ratio::parse_decimal(t),
        _ => None,
    };
    let found = match ty {
        FieldType::Integer => whole_of(number(), 1).map(Value::Number).ok_or("整数，例如 60"),
        FieldType::Decimal => {
            whole_of(number(), DECIMAL).map(Value::Number).ok_or("数，例如 60 或 \"59.5\"，小数不超过4位")
        }
        FieldType::Money => match value {
            Value::Money(fen) => Some(*fen),
            _ => whole_of(number(), 1).map(Ratio::num),
        }
        .map(Value::Money)
        .ok_or("钱数，例如 \"5000元\"、\"300万元\"（只写整数时为分）"),
        FieldType::Date => match value {
            Value::Day(day) => Ok(Value::Day(*day)),
            _ => Err("日期，例如 \"2025-03-01\""),
        },
        FieldType::Flag => match value {
            Value::Flag(flag) => Ok(Value::Flag(*flag)),
            _ => Err("true 或 false"),
        },
        FieldType::Period => as_text()
            .or_else(|| number().map(|n| n.to_string()))
            .filter(|t| is_period(t))
            .map(Value::Text)
            .ok_or("期间，例如 \"2025\"、\"2025H1\"、\"2025Q1\"、\"2025-03\""),
        FieldType::Choice(of) | FieldType::Choices(of) => {
            return match as_text() {
                Some(t) if of.contains(&t) => Ok(Value::Text(t)),
                _ => Err(format!("以下之一：{}", of.join("、"))),
            };
        }
        FieldType::Derived => Ok(text.map_or_else(|| value.clone(), |t| Value::Text(t.to_owned()))),
        FieldType::Text | FieldType::File | FieldType::Person | FieldType::Unit | FieldType::Ref(_) => {
            as_text().map(Value::Text).ok_or("文字")
        }
    };
    found.map_err(str::to_owned)
}

/// The number, if it is whole when taken so many times, as it is stored.
fn whole_of(number: Option<Ratio>, times: i64) -> Option<Ratio> {
    number.filter(|n| n.times(Ratio::whole(times)).is_some_and(|n| n.den() == 1))
}

/// Whether the text names a window: a year, half, quarter, month, week or day.
pub(super) fn is_period(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    let two = |s: &str, most: u32| s.len() == 2 && s.parse().is_ok_and(|n: u32| (1..=most).contains(&n));
    let part = match rest.as_bytes() {
        [] | [b'H', b'1' | b'2'] | [b'Q', b'1'..=b'4'] => true,
        [b'-', b'W', ..] => two(&rest[2..], 53),
        [b'-', _, _] => two(&rest[1..], 12),
        _ => Day::parse(text).is_some(),
    };
    part && year.bytes().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        assert_eq!(spelled("80%"), Value::Number(Ratio::new(4, 5).unwrap()));
        assert_eq!(spelled("5000元"), Value::Money(500_000));
        assert_eq!(spelled("300万元"), Value::Money(300_000_000));
        assert_eq!(spelled("0.005元"), Value::Text("0.005元".into()));
        assert_eq!(spelled("1 year"), Value::Years(1));
        assert_eq!(spelled("2025-12-31"), Value::Day(Day::parse("2025-12-31").unwrap()));
        assert_eq!(spelled("已考"), Value::Text("已考".into()));
    }

    #[test]
    fn periods() {
        for good in ["2025", "2025H1", "2025Q4", "2025-03", "2025-W02", "2025-03-01"] {
            assert!(is_period(good), "{good}");
        }
        for bad in ["", "25", "2025H3", "2025Q0", "2025-13", "2025-W54", "2025-02-30", "二〇二五", "2025年"] {
            assert!(!is_period(bad), "{bad}");
        }
    }

    #[test]
    fn a_choice_may_look_like_a_number() {
        let ty = FieldType::Choice(vec!["80%".into()]);
        assert_eq!(typed(&spelled("80%"), Some("80%"), &ty), Ok(Value::Text("80%".into())));
        assert!(typed(&spelled("90%"), Some("90%"), &ty).is_err());
    }
}
