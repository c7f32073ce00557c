//! `examples/*.toml`: the organisation they start from, and the examples themselves.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::{
    example::{Example, ExampleRow, Examples, Expect, RowValue},
    literal,
    model::{Field, FieldType, Requirement, Setting, TargetOp},
    names::{Names, meant},
    read::{Node, Table},
    settings,
    target::steps,
};
use crate::ratio::Ratio;

/// Keys that a row may have beside the ledger's fields.
const COMMON: [&str; 5] = ["id", "unit", "recorded", "voided", "replaces"];
const EXPECTED: [&str; 9] = ["subject", "unit", "window", "state", "value", "target", "light", "late", "parts"];
const STATES: [&str; 7] = ["pass", "fail", "open", "na", "unknown", "figure", "absent"];

/// Reads `examples/base.toml`.
pub(super) fn base(mut t: Table<'_>, names: &Names<'_>, into: &mut Examples) {
    for (ledger, node) in t.rest() {
        into.base.entry(ledger.to_owned()).or_default().extend(rows(ledger, &node, names));
    }
}

/// Reads another file of `examples/`; `known` are all requirements, if all could be read.
pub(super) fn file(mut t: Table<'_>, names: &Names<'_>, known: Option<&[Requirement]>, into: &mut Examples) {
    let nodes = t.take("example").and_then(|n| n.list()).unwrap_or_default();
    t.close("例子文件");
    into.all.extend(nodes.iter().filter_map(Node::table).filter_map(|t| example(t, names, known)));
}

fn example(mut t: Table<'_>, names: &Names<'_>, known: Option<&[Requirement]>) -> Option<Example> {
    let mut e = Example { place: t.place(), ..Example::default() };
    let req = t.need("req", "例子", "写上要求的编号：req = \"R-21\"");
    e.req = req.and_then(|n| n.text()).unwrap_or_default();
    if let (Some(node), Some(known)) = (req, known)
        && known.iter().all(|r| r.id != e.req)
    {
        let hint = meant(&e.req, known.iter().map(|r| r.id.as_str()), "先在 requirements/ 里写它");
        node.error(format!("没有要求「{}」", e.req), hint);
    }
    e.name = t.text("name");
    let as_of = t.need("as_of", "例子", "写上所问之日：as_of = \"2025-04-01\"").and_then(|n| n.day());
    e.known_at = t.take("known_at").and_then(|n| n.day());
    e.settings = overrides(&mut t, names);
    for (name, node) in t.take("slots").and_then(|n| n.table()).map(|mut t| t.rest()).unwrap_or_default() {
        if names.head.whole && !names.head.directive.slots.contains_key(name) {
            let known = names.head.directive.slots.keys().map(String::as_str);
            node.error_at_key(
                format!("没有名额「{name}」"),
                meant(name, known, "先在 directive.toml 的 [slots] 里写它"),
            );
        }
        e.slots.insert(name.to_owned(), node.texts().unwrap_or_default());
    }
    let begin = names.head.directive.from;
    e.at_least = t.take("at_least").and_then(|n| steps(&n, TargetOp::AtLeast, names, begin));
    for (ledger, node) in t.take("add").and_then(|n| n.table()).map(|mut t| t.rest()).unwrap_or_default() {
        e.add.insert(ledger.to_owned(), rows(ledger, &node, names));
    }
    e.expect = expects(t.take("expect"));
    e.rollup = expects(t.take("rollup"));
    t.close("例子");
    e.as_of = as_of?;
    Some(e)
}

fn overrides(t: &mut Table<'_>, names: &Names<'_>) -> BTreeMap<String, Option<Setting>> {
    let mut found = BTreeMap::new();
    for (name, node) in t.take("settings").and_then(|n| n.table()).map(|mut t| t.rest()).unwrap_or_default() {
        if names.head.whole && !names.head.settings.contains_key(name) {
            let known = names.head.settings.keys().map(String::as_str);
            node.error_at_key(
                format!("没有设定「{name}」"),
                meant(name, known, "先在 directive.toml 的 [settings] 里写它"),
            );
        }
        let Some(value) = literal::setting(&node) else { continue };
        found.insert(name.to_owned(), settings::fit(value, &node, &names.wants(name)));
    }
    found
}

/// The rows of one ledger.
fn rows(ledger: &str, node: &Node<'_>, names: &Names<'_>) -> Vec<ExampleRow> {
    if names.ledger(ledger).is_none() {
        if names.whole {
            let known = names.ledgers.iter().map(|l| l.name.as_str());
            node.error_at_key(format!("没有台账「{ledger}」"), meant(ledger, known, "先在 ledgers/ 里定义它"));
        }
        return Vec::new();
    }
    let nodes = node.list().unwrap_or_default();
    nodes.iter().filter_map(Node::table).map(|t| row(ledger, t, names)).collect()
}

fn row(ledger: &str, mut t: Table<'_>, names: &Names<'_>) -> ExampleRow {
    let fields = names.ledger(ledger).map(|l| l.fields.as_slice()).unwrap_or_default();
    let mut row = ExampleRow::new();
    for key in COMMON {
        let Some(node) = t.take(key) else { continue };
        let value = match key {
            "recorded" | "voided" => node.day().map(|d| d.to_string()),
            _ => node.text(),
        };
        row.extend(value.map(|v| (key.to_owned(), RowValue::Text(v))));
    }
    for (key, node) in t.rest() {
        match fields.iter().find(|f| f.name == key) {
            Some(field) => row.extend(row_value(&node, field).map(|v| (key.to_owned(), v))),
            None => {
                let known = fields.iter().map(|f| f.name.as_str()).chain(COMMON);
                let all = format!("可写：{}", known.clone().collect::<Vec<_>>().join("、"));
                node.error_at_key(format!("台账「{ledger}」没有字段「{key}」"), meant(key, known, &all));
            }
        }
    }
    row
}

/// The value as written, once it is seen to fit the field; an empty text is not filled.
fn row_value(node: &Node<'_>, field: &Field) -> Option<RowValue> {
    if node.str() == Some("") {
        return Some(RowValue::Text(String::new()));
    }
    match (&field.ty, node.value()) {
        (FieldType::Derived, _) => return node.fail(format!("「{}」由程序算出，不能填", field.name), "删去它"),
        (FieldType::Choices(_), DeValue::Array(_)) => {
            let nodes = node.list()?;
            nodes.iter().for_each(|n| fits(n, &field.ty));
            return node.texts().map(RowValue::List);
        }
        (FieldType::Choices(_), DeValue::String(s)) => return Some(RowValue::List(vec![s.to_string()])),
        _ => fits(node, &field.ty),
    }
    Some(match node.value() {
        DeValue::String(s) => RowValue::Text(s.to_string()),
        DeValue::Integer(_) => RowValue::Int(node.integer()?),
        DeValue::Float(f) => RowValue::Decimal(f.as_str().to_owned()),
        DeValue::Boolean(b) => RowValue::Flag(*b),
        DeValue::Datetime(_) => RowValue::Text(node.day()?.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

fn fits(node: &Node<'_>, ty: &FieldType) {
    let Some(value) = literal::value(node) else { return };
    if let Err(wanted) = literal::typed(&value, node.str(), ty) {
        node.error("值与字段的类型不合", format!("应为{wanted}"));
    }
}

fn expects(node: Option<Node<'_>>) -> Vec<Expect> {
    let nodes = node.and_then(|n| n.list()).unwrap_or_default();
    nodes.iter().filter_map(Node::table).map(expect).collect()
}

fn expect(mut t: Table<'_>) -> Expect {
    let mut found = Expect::new();
    for key in EXPECTED {
        let Some(node) = t.take(key) else { continue };
        let text = match node.value() {
            DeValue::Integer(_) => node.integer().map(|n| Ratio::whole(n).to_string()),
            DeValue::Array(_) if key == "parts" => node.texts().map(|parts| parts.join("; ")),
            DeValue::Boolean(b) => Some(if *b { "True" } else { "False" }.to_owned()),
            _ => node.text(),
        };
        let Some(text) = text else { continue };
        if key == "state" && !STATES.contains(&text.as_str()) {
            node.error(format!("没有状态「{text}」"), meant(&text, STATES.into_iter(), &STATES.join("、")));
        }
        found.insert(key.to_owned(), text);
    }
    t.close("预期");
    found
}
