//! Measures and the rows they read (section 2 of the language).

use super::{
    condition::{Scope, conds},
    model::{At, Field, FieldType, Ledger, LedgerKind, Measure, Of, Path, Source},
    names::{meant, target},
    read::{Node, Table},
    suggest::nearest,
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
            let near = keys.iter().find_map(|k| nearest(k, KINDS.into_iter()));
            let hint = near.map_or(format!("可写：{}", KINDS.join("、")), |k| format!("是不是想写「{k}」？"));
            return node.fail("看不出是哪种量度", hint);
        }
    };
    let found = read(kind, &mut t, scope);
    t.close(&format!("量度 {kind} "));
    found
}

fn read(kind: &'static str, t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    match kind {
        "ratio" => return ratio(t, scope),
        "span" => return span(t, scope),
        "holds" => return holds(t, scope),
        _ => {}
    }
    // Everything is taken before anything can fail, so that one fault is not followed by unknown keys.
    let source = source(t, kind, scope, Relation::ToSubject);
    let keys: &[&'static str] = match kind {
        "count" => &[],
        "share" => &["that"],
        "change" => &["from", "to"],
        _ => &["field"],
    };
    let nodes: Vec<_> = keys.iter().map(|key| t.need(key, &format!("量度 {kind} "), hint(key))).collect();
    let nodes: Option<Vec<Node<'_>>> = nodes.into_iter().collect();
    let (source, nodes) = (source?, nodes?);
    let row = ledger_of(&source.of).to_owned();
    let number = |n: usize| number_path(&nodes[n], &row, scope);
    Some(match kind {
        "count" => Measure::Count(source),
        "share" => Measure::Share(source, conds(&nodes[0], Scope { row: &row, ..scope })),
        "change" => {
            let (from, to) = (number(0), number(1));
            Measure::Change(source, from?, to?)
        }
        "distinct" => Measure::Distinct(source, scope.names.need_path(&row, &nodes[0])?.0),
        "sum" => Measure::Sum(source, number(0)?),
        _ => Measure::Latest(source, number(0)?),
    })
}

fn hint(key: &str) -> &'static str {
    match key {
        "that" => "写上算作达到的条件：that = { … }",
        "from" => "写上原来的数是哪个字段：from = \"字段\"",
        "to" => "写上后来的数是哪个字段：to = \"字段\"",
        _ => "写上是哪个字段：field = \"字段\"",
    }
}

/// `span = { from, to }`, or `from` and `to` beside `span`.
fn span(t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    let inner = t.take("span").filter(|n| n.value().is_table());
    let mut inner = inner.and_then(|n| n.table());
    let ends = inner.as_mut().unwrap_or(t);
    let (from, to) = (day_path(ends, "from", scope), day_path(ends, "to", scope));
    if let Some(inner) = inner {
        inner.close("量度 span ");
    }
    Some(Measure::Span(from?, to?))
}

fn holds(t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    let node = t.take("holds")?;
    if node.table()?.rest().is_empty() {
        return node.fail("holds 里没有条件", "写上条件，例如 holds = { report = { filled = true } }");
    }
    Some(Measure::Holds(conds(&node, Scope { row: scope.subject, ..scope })))
}

/// `ratio = { top, bottom }`, or `top` and `bottom` beside `ratio` or alone.
fn ratio(t: &mut Table<'_>, scope: Scope<'_>) -> Option<Measure> {
    let inner = t.take("ratio").filter(|n| n.value().is_table());
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

/// Without `via` the rows must have exactly one field that points at what they belong to. Units own rows by the row's
/// unit, the whole system owns all, and a combination has its own rows, or those that agree with it in each reference.
fn check_relation(node: &Node<'_>, row: &str, anchor: &str, to: Relation, scope: Scope<'_>) {
    let names = scope.names;
    let Some(ledger) = names.ledger(row).filter(|_| names.whole) else { return };
    let unresolved = |f: &Field| target(&f.ty).is_some_and(|to| names.ledger(to).is_none());
    if names.ledger(anchor).is_none() || ledger.fields.iter().any(unresolved) {
        return;
    }
    if to == Relation::ToRow || scope.per.is_empty() {
        return points_once(node, ledger, anchor, to);
    }
    if row != anchor {
        let ends = scope.per.iter().filter_map(|path| names.type_of(anchor, path));
        ends.for_each(|ty| target(&ty).into_iter().for_each(|end| points_once(node, ledger, end, to)));
    }
}

fn points_once(node: &Node<'_>, ledger: &Ledger, anchor: &str, to: Relation) {
    if anchor == "unit" {
        return;
    }
    let points = ledger.fields.iter().filter(|f| target(&f.ty) == Some(anchor));
    let pointing: Vec<&str> = points.map(|f| f.name.as_str()).collect();
    let (row, of) = (&ledger.name, if to == Relation::ToSubject { "主体" } else { "所问的记录" });
    match pointing.as_slice() {
        [_] => {}
        [] => node.error(
            format!("看不出「{row}」的记录属于哪个{of}（{anchor}）"),
            "写 via = \"指向它的字段\"，或 via = { 记录的字段 = \"主体的字段\" }",
        ),
        [first, ..] => {
            let taken = pointing.iter().find(|p| ledger.unit_from.as_deref() == Some(**p)).unwrap_or(first);
            node.warn(
                format!("「{row}」有几个字段指向{of}（{anchor}）：{}；取「{taken}」", pointing.join("、")),
                format!("写明是哪一个，例如 via = \"{taken}\""),
            );
        }
    }
}

fn number_path(node: &Node<'_>, row: &str, scope: Scope<'_>) -> Option<Path> {
    match scope.names.need_path(row, node)? {
        (path, FieldType::Integer | FieldType::Decimal | FieldType::Money | FieldType::Derived) => Some(path),
        _ => node.fail("这个字段不是数", "写类型为 integer、decimal 或 money 的字段"),
    }
}

fn day_path(t: &mut Table<'_>, key: &'static str, scope: Scope<'_>) -> Option<Path> {
    let node = t.need(key, "量度 span ", "写成 span = { from = \"起始日字段\", to = \"终止日字段\" }")?;
    match scope.names.need_path(scope.subject, &node)? {
        (path, FieldType::Date) => Some(path),
        _ => node.fail("这个字段不是日期", "写类型为 date 的字段"),
    }
}

/// Name of the ledger whose fields a source's rows have.
pub(crate) fn ledger_of(of: &Of) -> &str {
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
