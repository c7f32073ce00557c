//! Conditions: `field = value`, `field = [any of]`, `field = { op = x }`, `has = { source }`.

use toml::de::DeValue;

use super::{
    literal,
    measure::{self, Relation},
    model::{Cond, Conds, FieldType, Operand, Path, Test, Value},
    names::{Names, Want, meant, target},
    read::Node,
};

/// Where names in a condition are looked up.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// All names.
    pub(super) names: &'s Names<'s>,
    /// Ledger of the row that is tested.
    pub(super) row: &'s str,
    /// Ledger of the subject that is judged (`{ subject = "field" }`).
    pub(super) subject: &'s str,
    /// Of what such rows the subject is a combination; empty: it is a row.
    pub(super) per: &'s [Path],
}

const OPS: [&str; 12] = [
    "filled",
    "not",
    "at_least",
    "at_most",
    "above",
    "below",
    "before",
    "after",
    "not_before",
    "not_after",
    "subject",
    "setting",
];

/// Reads a table of conditions.
pub(super) fn conds(node: &Node<'_>, scope: Scope<'_>) -> Conds {
    let mut conds = Conds::default();
    for (key, node) in node.table().map(|mut t| t.rest()).unwrap_or_default() {
        if key == "has" && scope.names.field(scope.row, "has").is_none() {
            conds.has.extend(node.one_or_list().iter().filter_map(|n| {
                let mut t = n.table()?;
                let source = measure::source(&mut t, "count", scope, Relation::ToRow);
                t.close("has ");
                source
            }));
            continue;
        }
        let path: Path = key.split('.').map(str::to_owned).collect();
        if let Some(ty) = scope.names.need_type(scope.row, &path, &node.at_key()) {
            tests(path, &ty, &node, scope, &mut conds.all);
        }
    }
    conds
}

/// The tests on one field. A table holds operators or, below a reference, the next names of a path.
fn tests(path: Path, ty: &FieldType, node: &Node<'_>, scope: Scope<'_>, out: &mut Vec<Cond>) {
    let DeValue::Table(_) = node.value() else {
        let of = any_of(node, ty, scope);
        return out.extend(of.map(|of| Cond { path, test: Test::AnyOf(of) }));
    };
    let entries = node.table().map(|mut t| t.rest()).unwrap_or_default();
    if entries.is_empty() {
        node.error("这里没有写条件", "写成 { filled = true } 这样");
    }
    for (key, inner) in entries {
        if OPS.contains(&key) {
            let test = test(key, &inner, node, ty, scope);
            out.extend(test.map(|test| Cond { path: path.clone(), test }));
        } else if target(ty).is_some() {
            let mut longer = path.clone();
            longer.extend(key.split('.').map(str::to_owned));
            if let Some(ty) = scope.names.need_type(scope.row, &longer, &inner.at_key()) {
                tests(longer, &ty, &inner, scope, out);
            }
        } else {
            let other = format!("可写：{}", OPS.join("、"));
            inner.error_at_key(format!("没有「{key}」这种比较"), meant(key, OPS.into_iter(), &other));
        }
    }
}

/// One operator. On days `at_least` and the like are the same as `not_before` and the like.
fn test(key: &str, node: &Node<'_>, table: &Node<'_>, ty: &FieldType, scope: Scope<'_>) -> Option<Test> {
    let day = *ty == FieldType::Date;
    let orders = matches!(ty, FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Derived);
    match key {
        "filled" => return node.flag().map(Test::Filled),
        "not" => return any_of(node, ty, scope).map(Test::NoneOf),
        "subject" | "setting" => return operand(table, ty, scope).map(|o| Test::AnyOf(vec![o])),
        "before" | "after" | "not_before" | "not_after" if !day && *ty != FieldType::Derived => {
            return node.fail(format!("「{key}」只比日期"), "比大小用 at_least、at_most、above、below");
        }
        _ if !day && !orders => return node.fail(format!("这个字段不能用「{key}」比"), "只有数、钱数和日期能比大小"),
        _ => {}
    }
    let x = operand(node, ty, scope)?;
    Some(match key {
        "at_least" if day => Test::NotBefore(x),
        "at_most" if day => Test::NotAfter(x),
        "above" if day => Test::After(x),
        "below" if day => Test::Before(x),
        "at_least" => Test::AtLeast(x),
        "at_most" => Test::AtMost(x),
        "above" => Test::Above(x),
        "below" => Test::Below(x),
        "before" => Test::Before(x),
        "after" => Test::After(x),
        "not_before" => Test::NotBefore(x),
        _ => Test::NotAfter(x),
    })
}

fn any_of(node: &Node<'_>, ty: &FieldType, scope: Scope<'_>) -> Option<Vec<Operand>> {
    let nodes = node.one_or_list();
    if nodes.is_empty() {
        return node.fail("列表是空的", "至少写一个值");
    }
    nodes.iter().map(|n| operand(n, ty, scope)).collect()
}

/// The other side: a value of the field's type, `{ setting = "n" }` or `{ subject = "f" }`.
fn operand(node: &Node<'_>, ty: &FieldType, scope: Scope<'_>) -> Option<Operand> {
    if let DeValue::Table(_) = node.value() {
        let mut t = node.table()?;
        let (setting, subject) = (t.take("setting"), t.take("subject"));
        let found = match (setting, subject) {
            (Some(n), None) => scope.names.need_setting(&n, Want::Field(ty.clone())).map(Operand::Setting),
            (None, Some(n)) => scope.names.need_path(scope.subject, &n).map(|(path, other)| {
                if !comparable(ty, &other) {
                    n.error("两边的类型不同，不能比", "写主体上同一类型的字段");
                }
                Operand::Subject(path)
            }),
            _ => node.fail("这里要写一个值", "写一个值，或 { setting = \"设定名\" }，或 { subject = \"主体的字段\" }"),
        };
        t.close("比较的另一边");
        return found;
    }
    value(node, ty).map(Operand::Value)
}

/// Whether values of the two types can be equal at all.
fn comparable(a: &FieldType, b: &FieldType) -> bool {
    use FieldType::{
        Choice, Choices, Date, Decimal, Derived, File, Flag, Integer, Money, Period, Person, Ref, Text, Unit,
    };
    match (a, b) {
        (Derived, _) | (_, Derived) => true,
        (Integer | Decimal, Integer | Decimal) | (Money, Money) | (Date, Date) | (Flag, Flag) => true,
        (Text | File | Period | Choice(_) | Choices(_), Text | File | Period | Choice(_) | Choices(_)) => true,
        (Person | Unit | Ref(_), Person | Unit | Ref(_)) => target(a) == target(b),
        _ => false,
    }
}

fn value(node: &Node<'_>, ty: &FieldType) -> Option<Value> {
    let found = literal::value(node)?;
    match literal::typed(&found, node.str(), ty) {
        Ok(value) => Some(value),
        Err(wanted) => node.fail("值与字段的类型不合", format!("应为{wanted}")),
    }
}
