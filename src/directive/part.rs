//! The measures of a requirement, each with its target: `measure` with a target beside it, or `[[requirement.part]]`.

use super::{
    condition::Scope,
    measure::{ledger_of, measure, word},
    model::{FieldType, Measure, NoData, Operand, Pace, Part, Path, Requirement, Source, Target, Value, When},
    names::Names,
    read::{Node, Table},
    target::target,
    when,
};

const NO_DATA: [(&str, NoData); 3] = [("zero", NoData::Zero), ("unknown", NoData::Unknown), ("na", NoData::Na)];
const PACES: [(&str, Pace); 3] = [("steps", Pace::Steps), ("linear", Pace::Linear), ("none", Pace::None)];

/// Reads all parts into the requirement; one that is enabled must have at least one.
pub(super) fn parts(t: &mut Table<'_>, r: &mut Requirement, of: &str, scope: Scope<'_>) {
    let since = t.take("since");
    r.since_any = since_any(since, &r.when);
    let common = Common {
        when: &r.when,
        since_any: r.since_any,
        no_data: t.take("no_data").and_then(|n| word(&n, &NO_DATA)),
        said: t.has("no_data"),
        pace: t.take("pace").and_then(|n| word(&n, &PACES)),
        of,
    };
    let list = t.take("part");
    if list.is_none() {
        if t.has("measure") || r.enabled {
            r.parts.extend(part(t, &common, scope, None));
        }
        return;
    }
    for key in ["measure", "at_least", "at_most", "exactly", "between"] {
        if let Some(node) = t.take(key) {
            node.error_at_key(format!("有 [[requirement.part]] 时，「{key}」要写在各部分里"), "把它移到部分里");
        }
    }
    r.has_parts = true;
    for node in list.and_then(|n| n.list()).unwrap_or_default() {
        let Some(mut t) = node.table() else { continue };
        let own = t.take("by").and_then(|n| when::by(&n, scope));
        r.parts.extend(part(&mut t, &common, scope, own));
        t.close("部分");
    }
}

/// What the requirement says for all its parts.
struct Common<'r> {
    when: &'r When,
    since_any: bool,
    no_data: Option<NoData>,
    said: bool,
    pace: Option<Pace>,
    of: &'r str,
}

fn part(t: &mut Table<'_>, common: &Common<'_>, scope: Scope<'_>, by: Option<When>) -> Option<Part> {
    let node = t.need("measure", common.of, "写上量什么，例如 measure = { count = \"台账\" }");
    let measure = node.and_then(|n| measure(&n, scope));
    let target = target(t, scope.names);
    let own = t.take("no_data");
    let said = own.is_some() || common.said;
    let no_data = own.and_then(|n| word(&n, &NO_DATA)).or(common.no_data);
    let pace = t.take("pace").and_then(|n| word(&n, &PACES)).or(common.pace);
    let since = t.take("since");
    let since_any = since_any(since, by.as_ref().unwrap_or(common.when)) || common.since_any;
    let measure = measure?;
    if !said && !matches!(measure, Measure::Holds(_)) {
        t.error(
            format!("{}没有写 no_data：一条记录也没有时怎么算", common.of),
            "写 no_data = \"zero\"（按0算）、\"unknown\"（数据不足）或 \"na\"（不适用）",
        );
    }
    if let Some((target, node)) = &target {
        check_target(&measure, target, node, scope.names);
    }
    Some(Part { measure, target: target.map(|(target, _)| target), no_data, pace, by, since_any })
}

fn since_any(node: Option<Node<'_>>, when: &When) -> bool {
    let Some(node) = node else { return false };
    if word(&node, &[("any", ())]).is_some() && !matches!(when, When::ByField { .. }) {
        node.error_at_key("since 只与 by 字段合用", "删去它，或者写 by = { field = \"日期字段\" }");
    }
    true
}

/// Years are compared with a span, amounts with what is an amount.
fn check_target(measure: &Measure, target: &Target, node: &Node<'_>, names: &Names<'_>) {
    let bounds = target.steps.iter().flat_map(|s| [Some(&s.value), s.upper.as_ref()]).flatten();
    for bound in bounds {
        match bound {
            Operand::Value(Value::Years(_)) if !matches!(measure, Measure::Span(..)) => {
                return node.error("只有 span 能与年数比", "换一个目标，或者量度用 span");
            }
            Operand::Value(Value::Money(_)) if !is_money(measure, names) => {
                return node.error("量的不是钱，不能与钱数比", "目标写数，或者量一个类型为 money 的字段");
            }
            _ => {}
        }
    }
}

fn is_money(measure: &Measure, names: &Names<'_>) -> bool {
    let money = |source: &Source, path: &Path| names.type_of(ledger_of(&source.of), path) == Some(FieldType::Money);
    match measure {
        Measure::Sum(source, path) | Measure::Latest(source, path) => money(source, path),
        Measure::Ratio(top, _) => is_money(top, names),
        _ => false,
    }
}
