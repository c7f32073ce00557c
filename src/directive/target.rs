//! Targets: `at_least = 2`, `between = [3, 5]`, `at_most = [{ from = "2025-01-01", value = "80%" }]`.

use toml::de::DeValue;

use super::{
    literal,
    model::{Operand, Target, TargetOp, TargetStep, Value},
    names::{Names, Want},
    read::{Node, Table},
};
use crate::{day::Day, ratio::Ratio};

const OPS: [(&str, TargetOp); 4] = [
    ("at_least", TargetOp::AtLeast),
    ("at_most", TargetOp::AtMost),
    ("exactly", TargetOp::Exactly),
    ("between", TargetOp::Between),
];

/// Reads the target beside a measure, with its node; none is a figure.
pub(super) fn target<'a>(t: &mut Table<'a>, names: &Names<'_>) -> Option<(Target, Node<'a>)> {
    let mut found: Option<(Target, Node<'a>)> = None;
    let mut first = None;
    for (key, op) in OPS {
        let Some(node) = t.take(key) else { continue };
        if let Some(first) = first {
            node.error_at_key(
                format!("已经写了「{first}」，不能再写「{key}」"),
                "只留一个目标；上下限用 between = [下限, 上限]",
            );
            continue;
        }
        first = Some(key);
        let steps = steps(&node, op, names, names.head.directive.from);
        found = steps.map(|steps| (Target { op, steps }, node));
    }
    found
}

/// One value, or values by the day on which they begin; the first must hold from `begin` on.
pub(super) fn steps(node: &Node<'_>, op: TargetOp, names: &Names<'_>, begin: Day) -> Option<Vec<TargetStep>> {
    let is_step = |n: &Node<'_>| n.child("value").is_some() || n.child("from").is_some();
    let nodes = node.one_or_list();
    if nodes.is_empty() || !nodes.iter().any(is_step) {
        return step(node, op, Day::MIN, names).map(|s| vec![s]);
    }
    let mut steps: Vec<TargetStep> = Vec::new();
    let mut whole = true;
    for node in nodes {
        let Some(step) = dated_step(&node, op, names) else {
            whole = false;
            continue;
        };
        match steps.last() {
            None if step.from > begin => node.error(
                format!("目标从{}起才有，{}到那时没有目标", step.from.chinese(), begin.chinese()),
                "第一段的 from 不晚于 directive.toml 的 from",
            ),
            Some(last) if step.from == last.from => {
                node.error(format!("两段目标都从{}起", step.from.chinese()), "删去一段，或者改日期");
            }
            Some(last) if step.from < last.from => {
                node.error("目标没有按日期从先到后排列", "把早的一段排在前面");
            }
            _ => {}
        }
        steps.push(step);
    }
    whole.then_some(steps)
}

fn dated_step(node: &Node<'_>, op: TargetOp, names: &Names<'_>) -> Option<TargetStep> {
    let mut t = node.table()?;
    let from = t.need("from", "分段的目标", "写上起始日：from = \"2025-01-01\"").and_then(|n| n.day());
    let value = t.need("value", "分段的目标", "写上目标：value = 2");
    t.close("分段的目标");
    step(&value?, op, from?, names)
}

fn step(node: &Node<'_>, op: TargetOp, from: Day, names: &Names<'_>) -> Option<TargetStep> {
    if op != TargetOp::Between {
        return Some(TargetStep { from, value: operand(node, names)?, upper: None });
    }
    let ends = match node.value() {
        DeValue::Array(_) => node.list()?,
        _ => Vec::new(),
    };
    let [low, high] = ends.as_slice() else {
        return node.fail("between 要两个数", "写成 between = [3, 5]");
    };
    let (low, high) = (operand(low, names), operand(high, names));
    let (low, high) = (low?, high?);
    if let (Some(a), Some(b)) = (size(&low), size(&high))
        && a > b
    {
        return node.fail("between 的下限大于上限", "小的写在前面：between = [3, 5]");
    }
    Some(TargetStep { from, value: low, upper: Some(high) })
}

fn size(of: &Operand) -> Option<Ratio> {
    match of {
        Operand::Value(Value::Number(n)) => Some(*n),
        Operand::Value(Value::Money(n) | Value::Years(n)) => Some(Ratio::whole(*n)),
        _ => None,
    }
}

fn operand(node: &Node<'_>, names: &Names<'_>) -> Option<Operand> {
    if node.value().is_table() {
        return setting_of(node, names, Want::Target).map(Operand::Setting);
    }
    match amount(&literal::value(node)?) {
        Some(value) => Some(Operand::Value(value)),
        None => node.fail("目标要写数", "写 2、\"80%\"、\"5000元\"、\"1 year\" 或 { setting = \"设定名\" }"),
    }
}

/// The value as a target: a number, an amount or years.
pub(super) fn amount(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) | Value::Money(_) | Value::Years(_) => Some(value.clone()),
        Value::Text(t) => Ratio::parse_decimal(t).map(Value::Number),
        Value::Flag(_) | Value::Day(_) => None,
    }
}

/// The name in `{ setting = "name" }`.
pub(super) fn setting_of(node: &Node<'_>, names: &Names<'_>, want: Want) -> Option<String> {
    let mut t = node.table()?;
    let name = t.need("setting", "这里", "写成 { setting = \"设定名\" }").and_then(|n| names.need_setting(&n, want));
    t.close("这里");
    name
}
