//! `ledgers/*.toml`: what is recorded.

use std::collections::BTreeMap;

use super::{
    literal::years,
    model::{Field, FieldType, Ledger, LedgerKind},
    names::{computed, meant},
    read::{Node, Table},
    titles,
};
use crate::org::builtin;

/// Columns that every ledger's table has, and the keys that examples use for them: no field may be called so.
const COMMON: [&str; 16] = [
    "row_id",
    "record_id",
    "revision",
    "record_code",
    "unit_id",
    "recorded_at",
    "recorded_by",
    "voided_at",
    "voided_by",
    "void_reason",
    "import_id",
    "id",
    "unit",
    "recorded",
    "voided",
    "replaces",
];

/// More required fields than this need a written reason.
const MOST_REQUIRED: usize = 12;

/// A ledger with the place of its head.
pub(super) type Placed<'a> = (Ledger, Node<'a>);

/// Reads one file into the list.
pub(super) fn file<'a>(mut t: Table<'a>, into: &mut Vec<Placed<'a>>) {
    for (name, node) in t.rest() {
        let Some(table) = node.table() else { continue };
        check_name(name, &node, "台账");
        if builtin::ledgers().iter().any(|l| l.name == name) {
            node.error_at_key(format!("台账「{name}」是程序自带的，不能再定义"), "换一个名称，或者删去它");
        } else if let Some((_, first)) = into.iter().find(|(l, _)| l.name == name) {
            let (file, line) = first.place();
            node.error_at_key(format!("台账「{name}」定义了两次"), format!("另一处在 {file} 第{line}行；只留一处"));
        } else {
            into.push((ledger(name, table), node));
        }
    }
}

fn ledger(name: &str, mut t: Table<'_>) -> Ledger {
    let mut ledger = Ledger { name: name.to_owned(), ..Ledger::default() };
    let title = t.text("title");
    ledger.title = if title.is_empty() { titles::ledger(name).to_owned() } else { title };
    (ledger.group, ledger.note) = (t.text("group"), t.text("note"));
    ledger.reason = t.take("reason").and_then(|n| n.text());
    ledger.was = t.take("was").and_then(|n| n.text());
    ledger.keep = t.take("keep").and_then(|n| keep(&n));
    ledger.derived = t.take("derived").and_then(|n| n.flag()).unwrap_or(name == "low_rank");
    let mut dates = Vec::new();
    ledger.kind = kind(name, &mut t, &mut dates);
    let unit_from = t.take("unit_from");
    ledger.unit_from = unit_from.and_then(|n| n.text()).filter(|f| f != "unit");
    if let Some(of) = t.need("fields", &format!("台账「{name}」"), "加一段 [台账名.fields]").and_then(|n| n.table())
    {
        fields(of, &mut ledger);
    }
    check_dates(&mut ledger, &dates, &t);
    if let (Some(field), Some(node)) = (&ledger.unit_from, unit_from) {
        check_unit_from(&ledger, field, &node);
    }
    let required = ledger.fields.iter().filter(|f| f.required && f.reason.is_none()).count();
    if required > MOST_REQUIRED && ledger.reason.is_none() {
        t.error(
            format!("台账「{name}」有{required}个必填项，超过{MOST_REQUIRED}个而没有写理由"),
            "减少必填项；确有必要的，写上 reason = \"…\"",
        );
    }
    t.close(&format!("台账「{name}」"));
    ledger
}

/// Years for which a record is kept: `"10 years"`, 1 to 100.
pub(super) fn keep(node: &Node<'_>) -> Option<i32> {
    let text = node.text()?;
    let years = years(&text).and_then(|n| i32::try_from(n).ok()).filter(|n| (1..=100).contains(n));
    if years.is_none() {
        node.error(format!("保存期限「{text}」看不懂"), "写 keep = \"10 years\"，1至100年；没有规定的不写");
    }
    years
}

/// The kind, and the keys that name its date fields. Without `kind` it follows from those keys.
fn kind<'a>(name: &str, t: &mut Table<'a>, dates: &mut Vec<Node<'a>>) -> LedgerKind {
    let said = t.take("kind");
    let (day, opens, closes) = (t.take("day"), t.take("opens"), t.take("closes"));
    dates.extend([day, opens, closes].into_iter().flatten());
    let text = |n: Option<Node<'_>>, default: &str| n.and_then(|n| n.text()).unwrap_or_else(|| default.to_owned());
    let item = match said.and_then(|n| n.text()).as_deref() {
        Some("event") => false,
        Some("item") => true,
        Some(other) => {
            if let Some(node) = said {
                node.error(format!("没有「{other}」这种台账"), "写 event（某日发生）或 item（有起有止）");
            }
            opens.is_some()
        }
        None if said.is_none() && day.is_none() && opens.is_none() => {
            t.error(
                format!("台账「{name}」没有写是哪一种"),
                "写 kind = \"event\"（某日发生）或 kind = \"item\"（有起有止）",
            );
            false
        }
        None => opens.is_some(),
    };
    if item {
        for (node, key) in [(opens, "opens"), (closes, "closes")] {
            if node.is_none() {
                t.error(
                    format!("台账「{name}」是 item，却没有写「{key}」"),
                    "opens 写起始日的字段，closes 写终止日的字段",
                );
            }
        }
        stray(day, "day", "event");
        LedgerKind::Item { opens: text(opens, ""), closes: text(closes, "") }
    } else {
        stray(opens, "opens", "item");
        stray(closes, "closes", "item");
        LedgerKind::Event { day: text(day, "day") }
    }
}

fn stray(node: Option<Node<'_>>, key: &str, kind: &str) {
    if let Some(node) = node {
        node.error_at_key(format!("「{key}」只用于 {kind}"), "删去它，或者改 kind");
    }
}

/// The date fields must be dates of this ledger; a derived ledger gets those it does not define.
fn check_dates(ledger: &mut Ledger, nodes: &[Node<'_>], t: &Table<'_>) {
    let mut named: Vec<String> = ledger.opening().into_iter().chain(ledger.closing()).map(str::to_owned).collect();
    named.retain(|name| !name.is_empty());
    named.dedup();
    for name in named {
        let node = nodes.iter().find(|n| n.str() == Some(&name));
        let derived = ledger.derived;
        let known = ledger.fields.iter().map(|f| f.name.as_str());
        let hint = meant(&name, known, "在字段里加上它，类型写 \"date\"");
        match (ledger.fields.iter_mut().find(|f| f.name == name), node) {
            (Some(field), _) if field.ty == FieldType::Date => {}
            (Some(field), _) if derived && field.ty == FieldType::Derived => field.ty = FieldType::Date,
            (None, _) if derived => ledger.fields.push(Field {
                title: titles::field(&name).to_owned(),
                name,
                ty: FieldType::Date,
                ..Field::default()
            }),
            (Some(_), Some(node)) => node.error(format!("字段「{name}」不是日期"), "它的类型应写 \"date\""),
            (None, Some(node)) => node.error(format!("没有字段「{name}」"), hint),
            (_, None) => t.error(
                format!("台账「{}」没有说哪个字段是日期", ledger.name),
                "写上 day = \"字段\"（item 写 opens、closes）",
            ),
        }
    }
}

fn check_unit_from(ledger: &Ledger, field: &str, node: &Node<'_>) {
    let known = ledger.fields.iter().map(|f| f.name.as_str());
    match ledger.field(field).map(|f| &f.ty) {
        Some(FieldType::Person | FieldType::Unit | FieldType::Ref(_)) => {}
        Some(_) => node.error(format!("从字段「{field}」得不出单位"), "写类型为 person、unit 或 ref 的字段"),
        None => node.error(format!("没有字段「{field}」"), meant(field, known, "写类型为 person、unit 或 ref 的字段")),
    }
}

fn fields(mut t: Table<'_>, ledger: &mut Ledger) {
    for (name, node) in t.rest() {
        let mut field = Field { name: name.to_owned(), title: titles::field(name).to_owned(), ..Field::default() };
        let opens = ledger.opening() == Some(name);
        if node.str().is_some() {
            field.ty = field_type(&node).unwrap_or_default();
            field.required = opens || ledger.unit_from.as_deref() == Some(name);
            field.facet = matches!(field.ty, FieldType::Choice(_));
        } else if let Some(of) = node.table() {
            long_form(of, name, &mut field);
        } else {
            continue;
        }
        // The unit is a common column: a package that lists it among the fields says nothing new.
        if name == "unit" && matches!(field.ty, FieldType::Unit | FieldType::Derived) {
            node.warn("每个台账都自带单位，这一行不起作用", "删去它");
            continue;
        }
        check_name(name, &node, "字段");
        if COMMON.contains(&name) {
            node.error_at_key(format!("每个台账都自带「{name}」，字段不能用这个名称"), "换一个名称");
        }
        if field.sensitive && field.ty != FieldType::Text {
            node.error("只有文字字段能加密保存", "类型改为 \"text\"，或者删去 sensitive、confidential");
        }
        ledger.fields.push(field);
    }
    let dates: Vec<String> = ledger.fields.iter().filter(|f| f.ty == FieldType::Date).map(|f| f.name.clone()).collect();
    for field in &ledger.fields {
        if let Some(other) = field.not_before.as_ref().filter(|o| !dates.contains(o) || **o == field.name) {
            t.error(
                format!("字段「{}」的 not_before 写的「{other}」不是这个台账的另一个日期字段", field.name),
                "写上同一台账里日期字段的名称",
            );
        }
    }
    if ledger.fields.iter().all(|f| !f.list) {
        ledger.fields.iter_mut().take(6).for_each(|f| f.list = true);
    }
}

fn long_form(mut t: Table<'_>, name: &str, field: &mut Field) {
    let of = format!("字段「{name}」");
    let ty = t.need("type", &of, "写上类型，例如 type = \"text\"");
    field.ty = ty.and_then(|n| field_type(&n)).unwrap_or_default();
    let title = t.text("title");
    if !title.is_empty() {
        field.title = title;
    }
    let short = t.take("short");
    field.short = short.and_then(|n| n.text());
    if let (Some(node), Some(text)) = (short, &field.short)
        && text.chars().count() > 6
    {
        node.warn(format!("列名「{text}」超过6个字"), "写短些，长的写在 title");
    }
    let flag = |t: &mut Table<'_>, key| t.take(key).and_then(|n| n.flag());
    field.required = flag(&mut t, "required").unwrap_or(false);
    field.list = flag(&mut t, "list").unwrap_or(false);
    field.facet = flag(&mut t, "facet").unwrap_or(false);
    field.confidential = flag(&mut t, "confidential").unwrap_or(false);
    // What only some may read is encrypted as well.
    field.sensitive = flag(&mut t, "sensitive").unwrap_or(false) || field.confidential;
    field.aliases = t.take("aliases").and_then(|n| n.texts()).unwrap_or_default();
    let text = |t: &mut Table<'_>, key| t.take(key).and_then(|n| n.text());
    field.hint = text(&mut t, "hint");
    field.group = text(&mut t, "group");
    if let Some(node) = t.take("not_before") {
        field.not_before = node.text();
        if field.ty != FieldType::Date {
            node.error("只有日期字段能写 not_before", "类型改为 \"date\"，或者删去它");
        }
    }
    field.was = text(&mut t, "was");
    field.reason = text(&mut t, "reason");
    t.close(&of);
}

const TYPES: [&str; 14] = [
    "text", "integer", "decimal", "money", "date", "flag", "person", "unit", "period", "file", "choice", "choices",
    "ref", "derived",
];

fn field_type(node: &Node<'_>) -> Option<FieldType> {
    let text = node.text()?;
    let options = |inner: &str| -> Vec<String> { inner.split('|').map(|o| o.trim().to_owned()).collect() };
    let within = |kind: &str| text.strip_prefix(kind)?.trim_start().strip_prefix('[')?.strip_suffix(']').map(options);
    if let Some(of) = within("choices").or_else(|| within("choice")) {
        let mut sorted = of.clone();
        sorted.sort();
        sorted.dedup();
        if of.iter().any(String::is_empty) || sorted.len() < of.len() {
            return node.fail("可选项有空的或重复的", "用 | 隔开，各写一次，例如 choice[是|否]");
        }
        let several = text.starts_with("choices");
        return Some(if several { FieldType::Choices(of) } else { FieldType::Choice(of) });
    }
    if let Some(ledger) = text.strip_prefix("ref:") {
        return Some(match ledger.trim() {
            "person" => FieldType::Person,
            "unit" => FieldType::Unit,
            other => FieldType::Ref(other.to_owned()),
        });
    }
    Some(match text.as_str() {
        "text" => FieldType::Text,
        "integer" => FieldType::Integer,
        "decimal" => FieldType::Decimal,
        "money" => FieldType::Money,
        "date" => FieldType::Date,
        "flag" => FieldType::Flag,
        "person" => FieldType::Person,
        "unit" => FieldType::Unit,
        "period" => FieldType::Period,
        "file" => FieldType::File,
        "derived" => FieldType::Derived,
        "choice" | "choices" => return node.fail("没有写可选项", format!("写成 \"{text}[甲|乙]\"")),
        _ => {
            let other = "可写：text、integer、decimal、money、date、flag、person、unit、period、file、choice[甲|乙]、choices[甲|乙]、ref:台账、derived";
            return node.fail(format!("没有「{text}」这种类型"), meant(&text, TYPES.into_iter(), other));
        }
    })
}

/// Names become tables and columns: lower-case ASCII letters, digits and `_`.
fn check_name(name: &str, node: &Node<'_>, of: &str) {
    let good = name.len() <= 50
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
    if !good {
        node.error_at_key(
            format!("{of}名「{name}」不能用作数据库的名称"),
            "用英文小写字母开头，只含小写字母、数字和下划线，不超过50个字符",
        );
    }
}

/// What can only be seen when all ledgers are known: references, circles of `unit_from`, computations that do not exist.
pub(super) fn check_all(ledgers: &[Placed<'_>], whole: bool) {
    let by_name: BTreeMap<&str, &Ledger> = ledgers.iter().map(|(l, _)| (l.name.as_str(), l)).collect();
    let builtin: Vec<Ledger> = builtin::ledgers();
    for (ledger, node) in ledgers {
        for field in &ledger.fields {
            let known = by_name.keys().copied().chain(builtin.iter().map(|l| l.name.as_str()));
            match &field.ty {
                FieldType::Ref(to) if whole && !known.clone().any(|k| k == to) => field_node(node, &field.name).error(
                    format!("字段「{}」引用的台账「{to}」不存在", field.name),
                    meant(to, known, "先在 ledgers/ 里定义它"),
                ),
                FieldType::Derived if !ledger.derived && computed(&ledger.name, &field.name).is_none() => {
                    field_node(node, &field.name).warn(
                        format!("程序不会计算「{}.{}」，它始终为空", ledger.name, field.name),
                        "程序只算 talk.level 和 approval.actual_days；别的请改为由人填的类型",
                    );
                }
                _ => {}
            }
        }
        let mut at = *by_name.get(ledger.name.as_str()).unwrap_or(&ledger);
        for _ in 0..=ledgers.len() {
            let next = at.unit_from.as_ref().and_then(|f| at.field(f)).map(|f| &f.ty);
            let Some(FieldType::Ref(to)) = next else { break };
            let Some(next) = by_name.get(to.as_str()) else { break };
            if next.name == ledger.name {
                node.error_at_key(format!("台账「{}」的单位绕了一圈又取自它自己", ledger.name), "改其中一个 unit_from");
                break;
            }
            at = next;
        }
    }
}

/// The place of a field below the ledger's head, or the head itself.
fn field_node<'a>(ledger: &Node<'a>, field: &str) -> Node<'a> {
    ledger.child("fields").and_then(|f| f.child(field)).unwrap_or(*ledger)
}
