//! `requirements/*.toml`: one `[[requirement]]` table each (section 1 of the language).

use super::{
    condition::{Scope, conds},
    measure::word,
    model::{Each, FieldType, OnFail, Partial, Path, Requirement, Rollup, Status, When},
    names::{Names, meant},
    part,
    read::{Node, Table},
    when::{self, count},
};

/// Reads all requirements of one file, and says whether each has an id.
pub(super) fn file(mut t: Table<'_>, names: &Names<'_>) -> (Vec<Requirement>, bool) {
    let nodes = t.take("requirement").and_then(|n| n.list()).unwrap_or_default();
    t.close("要求文件");
    let found: Vec<Requirement> = nodes.iter().filter_map(Node::table).filter_map(|t| requirement(t, names)).collect();
    let named = found.len() == nodes.len();
    (found, named)
}

fn requirement(mut t: Table<'_>, names: &Names<'_>) -> Option<Requirement> {
    let mut r = Requirement { place: t.place(), enabled: true, ..Requirement::default() };
    head(&mut t, &mut r, names);
    let of = format!("要求 {} ", r.id);
    if r.status == Status::HeadingOnly && !t.has("measure") && !t.has("part") {
        r.enabled = false;
    }
    let each = each(&mut t, &mut r, &of, names);
    let per = r.per.clone();
    let scope = Scope { names, row: &each, subject: &each, per: &per };
    r.filter = t.take("where").map(|n| conds(&n, scope)).unwrap_or_default();
    let when = when::when(&mut t, scope, r.enabled.then_some(&of));
    let dated = when.is_some();
    r.when = when.unwrap_or_default();
    details(&mut t, &mut r, &of, names);
    part::parts(&mut t, &mut r, &of, scope);
    partial(&mut t, &mut r, &of, dated);
    r.again = t.take("again").and_then(|n| again(&n, &r, &each, names));
    t.close(&of);
    (!r.id.is_empty()).then_some(r)
}

/// The keys that only name and describe.
fn head(t: &mut Table<'_>, r: &mut Requirement, names: &Names<'_>) {
    let id = t.need("id", "要求", "写上编号：id = \"R-03a\"");
    r.id = id.and_then(|n| n.text()).unwrap_or_default();
    if let Some(node) = id.filter(|n| n.str() == Some("")) {
        node.error("编号是空的", "写上编号：id = \"R-03a\"");
    }
    let clause = t.need("clause", &format!("要求 {} ", r.id), "写上出自原文哪一条：clause = \"二（二）三\"");
    r.clause = clause.and_then(|n| n.text()).unwrap_or_default();
    if let Some(node) = clause.filter(|n| n.str().is_some_and(|s| s.trim().is_empty())) {
        node.error("没有写依据条款", "写上出自原文哪一条：clause = \"二（二）三\"");
    }
    r.title = t.text("title");
    if r.title.is_empty() {
        r.title.clone_from(&r.id);
    }
    let pillar = t.take("pillar");
    r.pillar = pillar.and_then(|n| n.text()).unwrap_or_default();
    let pillars = &names.head.directive.pillars;
    let known = pillars.is_empty() || !names.head.whole;
    if let Some(node) = pillar.filter(|_| !known && pillars.iter().all(|p| p.id != r.pillar)) {
        let all: Vec<&str> = pillars.iter().map(|p| p.id.as_str()).collect();
        node.error(format!("没有支柱「{}」", r.pillar), format!("可写：{}", all.join("、")));
    }
    r.duty = t.text("duty");
    let statuses = [
        ("stated", Status::Stated),
        ("fragment", Status::Fragment),
        ("inferred", Status::Inferred),
        ("heading only", Status::HeadingOnly),
    ];
    r.status = t.take("status").and_then(|n| word(&n, &statuses)).unwrap_or_default();
    r.enabled = t.take("enabled").and_then(|n| n.flag()).unwrap_or(true);
    r.note = t.take("note").and_then(|n| n.text());
    r.reference = t.take("reference").and_then(|n| n.texts()).map(|v| v.join("；"));
    let rulings = &names.head.directive.rulings;
    for node in t.take("ruling").map(|n| n.one_or_list()).unwrap_or_default() {
        let Some(id) = node.text() else { continue };
        if names.head.whole && rulings.iter().all(|q| q.id != id) {
            let known = rulings.iter().map(|q| q.id.as_str());
            node.error(format!("没有裁定「{id}」"), meant(&id, known, "在 directive.toml 里加一段 [[ruling]]"));
        }
        r.ruling.push(id);
    }
    let acts = t.take("on_fail").map(|n| n.one_or_list()).unwrap_or_default();
    r.on_fail = acts.iter().filter_map(on_fail).collect();
}

fn on_fail(node: &Node<'_>) -> Option<OnFail> {
    if node.str().is_some() {
        return Some(OnFail { act: node.text()?, due: String::new() });
    }
    let mut t = node.table()?;
    let act = if t.has("act") { t.text("act") } else { t.text("do") };
    let due = t.text("due");
    t.close("on_fail ");
    if act.is_empty() {
        return node.fail("没有写做什么", "写成 { do = \"remind\", due = \"5 workdays\" }");
    }
    Some(OnFail { act, due })
}

/// Who is judged; gives the ledger whose fields the subject has. The whole system has those of its top unit.
fn each(t: &mut Table<'_>, r: &mut Requirement, of: &str, names: &Names<'_>) -> String {
    let node = if r.enabled {
        t.need("each", of, "写上判谁：each = \"system\"、\"unit\"、\"person\" 或台账名")
    } else {
        t.take("each")
    };
    let name = node.and_then(|n| n.text()).unwrap_or_else(|| "system".to_owned());
    let ledger = match name.as_str() {
        "system" => "unit",
        other => other,
    };
    r.each = match name.as_str() {
        "system" => Each::System,
        "unit" => Each::Unit,
        "person" => Each::Person,
        _ => Each::Ledger(name.clone()),
    };
    if let Some(node) = node.filter(|_| names.ledger(ledger).is_none() && names.whole) {
        let known = ["system"].into_iter().chain(names.ledgers.iter().map(|l| l.name.as_str()));
        let hint = meant(&name, known, "写 system、unit、person 或台账名");
        node.error(format!("不知道「{name}」是谁：没有这个台账"), hint);
    }
    let per = t.take("per");
    if let Some(node) = per.filter(|_| !matches!(r.each, Each::Ledger(_))) {
        node.error_at_key("per 只与台账合用", "each 写台账名，或者删去 per");
    }
    for node in per.map(|n| n.one_or_list()).unwrap_or_default() {
        r.per.extend(names.need_path(ledger, &node).map(|(path, _)| path));
    }
    ledger.to_owned()
}

/// Keys with words and days of their own.
fn details(t: &mut Table<'_>, r: &mut Requirement, of: &str, names: &Names<'_>) {
    let every = matches!(r.when, When::Every(_));
    let until = t.take("until");
    r.until = until.and_then(|n| n.day());
    if let Some(node) = until.filter(|_| !every) {
        node.warn("until 只对 every 起作用", "删去它，或者改为 every");
    }
    let settle = t.take("settle_days");
    r.settle = settle.and_then(|n| count(&n, names));
    if let Some(node) = settle.filter(|_| !every) {
        node.error_at_key("settle_days 只与 every 合用", "删去它；截止日之后的日数写在 by 的 plus_days");
    }
    let grace = t.take("grace_days");
    r.grace = grace.and_then(|n| count(&n, names));
    if let Some(node) = grace.filter(|_| r.when != When::Standing) {
        node.error_at_key("grace_days 只与 standing 合用", "删去它");
    }
    r.rollup = t.take("rollup").and_then(|n| rollup(&n)).unwrap_or_default();
    let slots = t.take("slots");
    r.slots = slots.and_then(|n| n.text());
    if let (Some(node), Some(name)) = (slots, &r.slots) {
        let known = &names.head.directive.slots;
        if names.head.whole && !known.contains_key(name) {
            let hint = meant(name, known.keys().map(String::as_str), "在 directive.toml 的 [slots] 里加上它");
            node.error(format!("{of}用的名额「{name}」不存在"), hint);
        }
    }
}

fn rollup(node: &Node<'_>) -> Option<Rollup> {
    let words = [("none", 0), ("share met", 1), ("pool", 2), ("count met", 3)];
    let (how, least) = if node.value().is_table() {
        let mut t = node.table()?;
        let how = t.need("how", "rollup ", "写成 { how = \"count met\", at_least = 15 }");
        let least = t.take("at_least").and_then(|n| n.integer());
        t.close("rollup ");
        (word(&how?, &words)?, least)
    } else {
        (word(node, &words)?, None)
    };
    match (how, least) {
        (3, Some(n)) => Some(Rollup::CountMet(n)),
        (3, None) => node.fail("count met 没有说至少几个", "写成 rollup = { how = \"count met\", at_least = 15 }"),
        (_, Some(_)) => node.fail("at_least 只与 count met 合用", "删去它"),
        (1, None) => Some(Rollup::ShareMet),
        (2, None) => Some(Rollup::Pool),
        _ => Some(Rollup::None),
    }
}

/// `partial` says what a calendar window is to a subject that came late: it must be said there and only there.
fn partial(t: &mut Table<'_>, r: &mut Requirement, of: &str, known: bool) {
    let words = [("prorate", Partial::Prorate), ("full", Partial::Full), ("none", Partial::None)];
    let node = t.take("partial");
    r.partial = node.and_then(|n| word(&n, &words)).unwrap_or_default();
    match (node, matches!(r.when, When::Every(_) | When::ByDate(_))) {
        (None, true) if known => t.error(
            format!("{of}没有写 partial：主体只存在一部分期间时怎么算"),
            "写 partial = \"prorate\"（按日折算）、\"full\"（全数）或 \"none\"（不适用）",
        ),
        (Some(node), false) if known => {
            node.error_at_key("partial 只与 every 和 by 日期合用", "删去它");
        }
        _ => {}
    }
}

/// The field of a repeat that points back: a field of the subject's rows or, of a combination, of what it combines.
fn again(node: &Node<'_>, r: &Requirement, each: &str, names: &Names<'_>) -> Option<Path> {
    let text = node.text()?;
    let first = text.split('.').next().unwrap_or_default();
    if names.field(each, first).is_none() {
        for per in &r.per {
            let longer: Vec<String> = per.iter().cloned().chain(text.split('.').map(str::to_owned)).collect();
            if matches!(names.type_of(each, &longer), Some(FieldType::Ref(_))) {
                return Some(longer);
            }
        }
    }
    let (path, ty) = names.need_path(each, node)?;
    match ty {
        FieldType::Ref(_) => Some(path),
        _ => node.fail("again 的字段不是引用", "写一个指回原记录的字段，类型为 ref:台账"),
    }
}
