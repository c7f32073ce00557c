//! When a subject is judged: `every`, `by`, `life`, `standing`, `once`.

use toml::de::DeValue;

use super::{
    condition::Scope,
    measure::word,
    model::{Count, Due, FieldType, Period, When},
    names::{Names, Want},
    read::{Node, Table},
    target::setting_of,
};
use crate::day::Day;

const PERIODS: [(&str, Period); 9] = [
    ("day", Period::Day),
    ("workday", Period::Workday),
    ("week", Period::Week),
    ("month", Period::Month),
    ("quarter", Period::Quarter),
    ("half", Period::Half),
    ("half year", Period::Half),
    ("half-year", Period::Half),
    ("year", Period::Year),
];

/// Exactly one of the five keys; without any, a finding if `of` says who misses it.
pub(super) fn when(t: &mut Table<'_>, scope: Scope<'_>, of: Option<&String>) -> Option<When> {
    let keys = ["every", "by", "life", "standing", "once"];
    let given: Vec<(&str, Node<'_>)> = keys.into_iter().filter_map(|k| t.take(k).map(|n| (k, n))).collect();
    match given.as_slice() {
        [] => {
            if let Some(of) = of {
                t.error(format!("{of}没有说何时判"), "写 every、by、life、standing、once 之一，例如 every = \"month\"");
            }
            None
        }
        [(key, node)] => one(key, node, scope),
        [(first, _), rest @ ..] => {
            for (key, node) in rest {
                node.error_at_key(
                    format!("已经写了「{first}」，不能再写「{key}」"),
                    "every、by、life、standing、once 只留一个",
                );
            }
            None
        }
    }
}

fn one(key: &str, node: &Node<'_>, scope: Scope<'_>) -> Option<When> {
    match key {
        "every" => word(node, &PERIODS).map(When::Every),
        "by" => by(node, scope),
        "life" => truth(node).map(|()| When::Life),
        "standing" => truth(node).map(|()| When::Standing),
        _ => match node.value() {
            DeValue::Table(_) => {
                let mut t = node.table()?;
                let due = t.need("due", "once ", "写成 once = true，或 once = { due = \"2025-12-31\" }");
                t.close("once ");
                self::due(&due?, scope.names).map(When::Once)
            }
            _ => truth(node).map(|()| When::Once(None)),
        },
    }
}

fn truth(node: &Node<'_>) -> Option<()> {
    if node.flag()? { Some(()) } else { node.fail("这个键只能写 true", "写 true，或者整行删去") }
}

/// An empty due is no due.
fn due(node: &Node<'_>, names: &Names<'_>) -> Option<Option<Due>> {
    match node.value() {
        DeValue::Table(_) => setting_of(node, names, Want::Day).map(|name| Some(Due::Setting(name))),
        DeValue::String(s) if s.is_empty() => Some(None),
        _ => node.day().map(|day| Some(Due::Day(day))),
    }
}

/// `by`: a day, or `{ field = "x" | ["a", "b"], plus_days = n }`.
pub(super) fn by(node: &Node<'_>, scope: Scope<'_>) -> Option<When> {
    if let Some(text) = node.str().filter(|t| Day::parse(t).is_none()) {
        return node.fail(format!("「{text}」不是日期"), "写成 by = \"2025-12-31\"，或 by = { field = \"日期字段\" }");
    }
    if !node.value().is_table() {
        return node.day().map(When::ByDate);
    }
    let mut t = node.table()?;
    let field = t.need("field", "by ", "写成 by = { field = \"日期字段\", plus_days = 15 }");
    let plus = t.take("plus_days").and_then(|n| count(&n, scope.names));
    t.close("by ");
    let mut fields = Vec::new();
    for node in field?.one_or_list() {
        let (path, ty) = scope.names.need_path(scope.subject, &node)?;
        if ty != FieldType::Date {
            return node.fail("截止日的字段不是日期", "写类型为 date 的字段");
        }
        fields.push(path);
    }
    if fields.is_empty() {
        return node.fail("没有写截止日的字段", "写成 by = { field = \"日期字段\" }");
    }
    Some(When::ByField { fields, plus })
}

/// A number of days, not negative, or the setting that holds it.
pub(super) fn count(node: &Node<'_>, names: &Names<'_>) -> Option<Count> {
    if node.value().is_table() {
        return setting_of(node, names, Want::Days).map(Count::Setting);
    }
    match node.integer()? {
        days @ 0..=36_500 => Some(Count::Days(days)),
        _ => node.fail("日数应在0到36500之间", "写成 15 这样的整数"),
    }
}
