//! Measures and the rows they read (section 2 of the language).

use toml::de::DeValue;

use super::{
    condition::{Scope, conds},
    model::{At, FieldType, LedgerKind, Measure, Of, Path, Source},
    names::{meant, target},
    read::{Node, Table},
};

const KINDS: [&str; 9] = ["count", "sum", "distinct", "share", "ratio", "change", "latest", "span", "holds"];

/// Reads a measure; `scope.row` is not used.
pub(super) fn measure(node: &Node<'_>, scope: Scope<'_>) -> Option<Measure> {
    let mut t = node.table()?;
    let mut kinds = KINDS.into_iter().filter(|k| t.has(k));
    let kind = match (kinds.next(), kinds.next()) {
        (Some(kind), None) => kind,
        (None, _) if t.has("top") && t.has("bottom") => "ratio",
        (Some(_), Some(_)) => return node.fail("一个量度只能是一种", "几个量度分写在几个 [[requirement.part]] 里"),
        (None, _) => {
            let keys: Vec<&str> = t.rest().iter().map(|(k, _)| *k).collect();
            let near = keys.iter().find_map(|k| super::read::nearest(k, KINDS.into_iter()));
            let hint = near.map_or(format!("可写：{}", KINDS.join("、")), |k| format!("是不是想写「{k}」？"));
            return node.fail("看不出是哪种量度", hint);
        }
    };
    let found = read(kind, &mut t, scope);
    t.close(&format!("量度 {kind} "));
    found
}

fn read(kind: &'static str, t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    let from_source = |t: &mut Table<'_>| source(t, kind, scope, Relation::ToSubject);
    match kind {
        "count" => from_source(t).map(Measure::Count),
        "share" => {
            let source = from_source(t);
            let that = t.need("that", "量度 share ", "写上算作达到的条件：that = { … }");
            let row = source.as_ref().map(|s| ledger_of(&s.of).to_owned())?;
            let that = conds(&that?, Scope { row: &row, ..scope });
            Some(Measure::Share(source?, that))
        }
        "ratio" => ratio(t, scope),
        "span" => {
            let inner = t.take("span").filter(|n| matches!(n.value(), DeValue::Table(_)));
            let mut inner = inner.and_then(|n| n.table());
            let ends = inner.as_mut().unwrap_or(t);
            let from = day_path(ends, "from", scope.subject, scope);
            let to = day_path(ends, "to", scope.subject, scope);
            if let Some(inner) = inner {
                inner.close("量度 span ");
            }
            Some(Measure::Span(from?, to?))
        }
        "holds" => {
            let node = t.take("holds")?;
            let held = conds(&node, Scope { row: scope.subject, ..scope });
            if held.is_empty() {
                return node.fail("holds 里没有条件", "写上条件，例如 holds = { report = { filled = true } }");
            }
            Some(Measure::Holds(held))
        }
        "change" => {
            let source = from_source(t);
            let row = source.as_ref().map(|s| ledger_of(&s.of).to_owned())?;
            let (from, to) = (number_path(t, "from", &row, scope), number_path(t, "to", &row, scope));
            Some(Measure::Change(source?, from?, to?))
        }
        _ => {
            let source = from_source(t);
            let row = source.as_ref().map(|s| ledger_of(&s.of).to_owned())?;
            let field = match kind {
                "distinct" => some_path(t, "field", &row, scope).map(|(path, _)| path),
                _ => number_path(t, "field", &row, scope),
            };
            Some(match kind {
                "sum" => Measure::Sum(source?, field?),
                "distinct" => Measure::Distinct(source?, field?),
                _ => Measure::Latest(source?, field?),
            })
        }
    }
}

/// `ratio = { top, bottom }`, or `top` and `bottom` beside `ratio` or alone.
fn ratio(t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    let inner = t.take("ratio").filter(|n| matches!(n.value(), DeValue::Table(_)));
    let mut inner = inner.and_then(|n| n.table());
    let ends = inner.as_mut().unwrap_or(t);
    let mut end = |key: &'static str| {
        let node = ends.need(key, "量度 ratio ", "写成 ratio = { top = { 量度 }, bottom = { 量度 } }")?;
        match measure(&node, scope)? {
            m @ (Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..)) => Some(Box::new(m)),
            _ => node.fail("ratio 的上下两项只能是 count、sum 或 distinct", "换一种量度"),
        }
    };
    let (top, bottom) = (end("top"), end("bottom"));
    if let Some(inner) = inner {
        inner.close("量度 ratio ");
    }
    Some(Measure::Ratio(top?, bottom?))
}

/// What a source's rows are related to.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Relation {
    /// To the subject that is judged.
    ToSubject,
    /// To the row that is tested (`has`).
    ToRow,
}

/// Reads a source whose ledger stands under `key`.
pub(super) fn source(t: &mut Table<'_>, key: &'static str, scope: Scope<'_>, to: Relation) -> Option<Source> {
    let node = t.need(key, "这里", "写上数哪个台账的记录：count = \"台账\"")?;
    let rest = ["where", "dated", "at", "via", "last_per"].map(|k| t.take(k));
    let ledger = scope.names.need_ledger(&node)?;
    let [filter, dated, at, via, last_per] = rest;
    let of = match ledger.name.as_str() {
        "person" => Of::Person,
        "unit" => Of::Unit,
        name => Of::Ledger(name.to_owned()),
    };
    let row = ledger.name.as_str();
    if to == Relation::ToSubject {
        let said = at.is_some() || (dated.is_some() && matches!(of, Of::Ledger(_)));
        if !said && (matches!(of, Of::Person | Of::Unit) || matches!(ledger.kind, LedgerKind::Item { .. })) {
            let message = format!("「{row}」有起有止，没有说按哪一天算");
            node.error(
                message,
                "写 at = \"end\"（期末在的）、at = \"start\"（期初在的），台账还可写 dated = \"日期字段\"",
            );
        }
    }
    let anchor = if to == Relation::ToSubject { scope.subject } else { scope.row };
    if via.is_none() {
        check_relation(&node, row, anchor, to, scope);
    }
    Some(Source {
        filter: filter.map(|n| conds(&n, Scope { row, ..scope })).unwrap_or_default(),
        dated: dated.and_then(|n| dated_field(&n, row, scope)),
        at: at.and_then(|n| match n.text()?.as_str() {
            "start" => Some(At::Start),
            "end" => Some(At::End),
            other => n.fail(format!("at 不能是「{other}」"), "写 \"start\"（期初）或 \"end\"（期末）"),
        }),
        via: via.map(|n| relation(&n, row, anchor, scope)).unwrap_or_default(),
        last_per: last_per.and_then(|n| scope.names.need_path(row, &n)).map(|(path, _)| path),
        of,
    })
}

fn dated_field(node: &Node<'_>, row: &str, scope: Scope<'_>) -> Option<String> {
    let name = node.text()?;
    match scope.names.need_type(row, std::slice::from_ref(&name), node)? {
        FieldType::Date | FieldType::Period => Some(name),
        _ => node.fail(format!("「{name}」不是日期，也不是期间"), "写类型为 date 或 period 的字段"),
    }
}

/// `via`: a path in the row that leads to the subject, or a table of row path → subject path.
fn relation(node: &Node<'_>, row: &str, anchor: &str, scope: Scope<'_>) -> Vec<(Path, Option<Path>)> {
    let names = scope.names;
    if node.str().is_some() {
        let Some((path, ty)) = names.need_path(row, node) else { return Vec::new() };
        same_kind(node, &ty, Some(anchor));
        return vec![(path, None)];
    }
    let mut found = Vec::new();
    let mut open = vec![(Path::new(), *node)];
    while let Some((path, node)) = open.pop() {
        if node.value().is_table() {
            let inner = node.table().map(|mut t| t.rest()).unwrap_or_default();
            open.extend(inner.into_iter().rev().map(|(key, n)| {
                let longer = path.iter().cloned().chain(key.split('.').map(str::to_owned)).collect();
                (longer, n)
            }));
            continue;
        }
        let Some(ty) = names.need_type(row, &path, &node.at_key()) else { continue };
        if node.str() == Some("id") {
            same_kind(&node, &ty, Some(anchor));
            found.push((path, None));
        } else if let Some((other, other_ty)) = names.need_path(anchor, &node) {
            same_kind(&node, &ty, target(&other_ty));
            found.push((path, Some(other)));
        }
    }
    found
}

/// Both sides of a relation must lead to the same ledger, if they lead to any.
fn same_kind(node: &Node<'_>, row: &FieldType, other: Option<&str>) {
    if let (Some(from), Some(to)) = (target(row), other)
        && from != to
    {
        node.error(format!("两边对不上：记录一边指向「{from}」，主体一边是「{to}」"), "改 via，使两边指向同一种");
    }
}

/// Without `via` the rows must have a field that points at what they belong to. Units own rows by the row's unit, and
/// the whole system owns all.
fn check_relation(node: &Node<'_>, row: &str, anchor: &str, to: Relation, scope: Scope<'_>) {
    let Some(ledger) = scope.names.ledger(row).filter(|_| scope.names.whole) else { return };
    if anchor == "unit" || anchor == row || (scope.combined && to == Relation::ToSubject) {
        return;
    }
    let pointing: Vec<&str> =
        ledger.fields.iter().filter(|f| target(&f.ty) == Some(anchor)).map(|f| f.name.as_str()).collect();
    let of = if to == Relation::ToSubject { "主体" } else { "所问的记录" };
    match pointing.as_slice() {
        [] => node.error(
            format!("看不出「{row}」的记录属于哪个{of}（{anchor}）"),
            "写 via = \"指向它的字段\"，或 via = { 记录的字段 = \"主体的字段\" }",
        ),
        [_] => {}
        several => node.warn(
            format!("「{row}」有几个字段指向{of}（{anchor}）：{}", several.join("、")),
            format!("写明是哪一个，例如 via = \"{}\"", several[0]),
        ),
    }
}

fn some_path(t: &mut Table<'_>, key: &'static str, row: &str, scope: Scope<'_>) -> Option<(Path, FieldType)> {
    let node = t.need(key, "量度", &format!("写上字段：{key} = \"字段\""))?;
    scope.names.need_path(row, &node)
}

fn number_path(t: &mut Table<'_>, key: &'static str, row: &str, scope: Scope<'_>) -> Option<Path> {
    let node = t.need(key, "量度", &format!("写上字段：{key} = \"字段\""))?;
    match scope.names.need_path(row, &node)? {
        (path, FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Derived) => Some(path),
        _ => node.fail("这个字段不是数", "写类型为 integer、decimal 或 money 的字段"),
    }
}

fn day_path(t: &mut Table<'_>, key: &'static str, row: &str, scope: Scope<'_>) -> Option<Path> {
    let node = t.need(key, "量度 span ", &format!("写上日期字段：{key} = \"字段\""))?;
    match scope.names.need_path(row, &node)? {
        (path, FieldType::Date) => Some(path),
        _ => node.fail("这个字段不是日期", "写类型为 date 的字段"),
    }
}

/// Name of the ledger whose fields a source's rows have.
pub(super) fn ledger_of(of: &Of) -> &str {
    match of {
        Of::Person => "person",
        Of::Unit => "unit",
        Of::Ledger(name) => name,
    }
}

/// One of a few words, or a finding.
pub(super) fn word<T: Copy>(node: &Node<'_>, of: &[(&'static str, T)]) -> Option<T> {
    let text = node.text()?;
    if let Some((_, found)) = of.iter().find(|(w, _)| *w == text) {
        return Some(*found);
    }
    let all: Vec<&str> = of.iter().map(|(w, _)| *w).collect();
    let other = format!("可写：{}", all.join("、"));
    node.fail(format!("这里不能写「{text}」"), meant(&text, all.into_iter(), &other))
}
