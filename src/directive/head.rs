//! `directive.toml` and `calendar/*.toml`.

use std::collections::BTreeMap;

use super::{
    ledgers::keep,
    literal,
    model::{Clause, Directive, Gap, Pillar, Ruling, Slots},
    read::{Node, Table},
};
use crate::{calendar::Workdays, day::Day};

/// What was read from `directive.toml`.
#[derive(Default)]
pub(super) struct Head<'a> {
    /// The directive; its settings as spelled.
    pub(super) directive: Directive,
    /// Where each setting stands.
    pub(super) settings: BTreeMap<String, Node<'a>>,
    /// Whether the file could be read whole; otherwise names that are missing in it are not reported again.
    pub(super) whole: bool,
}

/// Reads `directive.toml`.
pub(super) fn directive<'a>(mut t: Table<'a>, whole: bool) -> Head<'a> {
    let mut head = Head { whole, ..Head::default() };
    let d = &mut head.directive;
    d.title =
        t.need("title", "directive.toml ", "写上文件标题：title = \"…\"").and_then(|n| n.text()).unwrap_or_default();
    let from = t.need("from", "directive.toml ", "写上开始判定之日：from = \"2025-01-01\"");
    d.from = from.and_then(|n| n.day()).unwrap_or(Day::MAX);
    (d.issuer, d.number) = (t.text("issuer"), t.text("number"));
    d.issued = t.take("issued").filter(|n| n.str() != Some("")).and_then(|n| n.day());
    d.keep_attempts = t.take("keep_attempts").and_then(|n| keep(&n));
    d.pillars = each(&mut t, "pillar", pillar);
    d.clauses = each(&mut t, "clause", clause);
    d.gaps = each(&mut t, "gap", gap);
    d.rulings = each(&mut t, "ruling", ruling);
    for (name, node) in t.take("slots").and_then(|n| n.table()).map(|mut t| t.rest()).unwrap_or_default() {
        if let Some(slots) = node.table().and_then(|t| slots(&node, t)) {
            d.slots.insert(name.to_owned(), slots);
        }
    }
    for (name, node) in t.take("settings").and_then(|n| n.table()).map(|mut t| t.rest()).unwrap_or_default() {
        d.settings.insert(name.to_owned(), literal::setting(&node).flatten());
        head.settings.insert(name.to_owned(), node);
    }
    t.close("directive.toml ");
    head
}

/// The tables of a list, each read.
fn each<'a, T>(t: &mut Table<'a>, key: &'static str, read: impl Fn(Table<'a>) -> Option<T>) -> Vec<T> {
    let nodes = t.take(key).and_then(|n| n.list()).unwrap_or_default();
    nodes.iter().filter_map(Node::table).filter_map(read).collect()
}

fn pillar(mut t: Table<'_>) -> Option<Pillar> {
    let id = t.need("id", "支柱", "写成 id = \"学\"").and_then(|n| n.text());
    let title = t.text("title");
    t.close("支柱");
    let id = id?;
    Some(Pillar { title: if title.is_empty() { id.clone() } else { title }, id })
}

/// Short titles of clauses, for the heads of tables.
fn clause(mut t: Table<'_>) -> Option<Clause> {
    let id = t.need("id", "条款", "写成 id = \"二（一）二\"").and_then(|n| n.text());
    let title = t.text("title");
    t.close("条款");
    Some(Clause { id: id?, title })
}

/// Gaps are only shown: whatever texts they hold beside `id` and `place` make up the effect.
fn gap(mut t: Table<'_>) -> Option<Gap> {
    let id = t.need("id", "文本缺口", "写成 id = \"G1\"").and_then(|n| n.text());
    let place = if t.has("place") { t.text("place") } else { t.text("clause") };
    let effect: Vec<String> = t.rest().iter().filter_map(|(_, n)| n.texts()).map(|v| v.join("；")).collect();
    Some(Gap { id: id?, place, effect: effect.join("；") })
}

fn ruling(mut t: Table<'_>) -> Option<Ruling> {
    let id = t.need("id", "裁定", "写成 id = \"Q1\"").and_then(|n| n.text());
    let question = t.text("question");
    let readings = t.take("readings").and_then(|n| n.texts()).unwrap_or_default();
    let (chosen, by) = (t.text("chosen"), t.text("by"));
    let on = t.take("on").filter(|n| n.str() != Some("")).and_then(|n| n.day());
    t.close("裁定");
    Some(Ruling { id: id?, question, readings, chosen, by, on })
}

fn slots(node: &Node<'_>, mut t: Table<'_>) -> Option<Slots> {
    let size = t.need("size", "名额", "写上原文的数：size = 6").and_then(|n| n.integer());
    let named = t.take("named").and_then(|n| n.texts()).unwrap_or_default();
    t.close("名额");
    let size = size?;
    if size < 1 {
        return node.fail("名额的数目应不小于1", "写上原文的数：size = 6");
    }
    if named.len() as i64 > size {
        return node.fail(format!("名额是{size}个，却列了{}个", named.len()), "改 size，或者删去多列的");
    }
    Some(Slots { size, named })
}

/// Reads `calendar/YYYY.toml` into the workday calendar.
pub(super) fn calendar(mut t: Table<'_>, workdays: &mut Workdays) {
    let mut seen: BTreeMap<Day, bool> = BTreeMap::new();
    for (key, workday) in [("holidays", false), ("workdays", true)] {
        for node in t.take(key).and_then(|n| n.list()).unwrap_or_default() {
            let Some(day) = node.day() else { continue };
            if seen.insert(day, workday).is_some_and(|was| was != workday) {
                node.error(format!("{day} 既列为放假又列为上班"), "只留一处");
            }
            workdays.mark(day, workday);
        }
    }
    t.close("工作日历");
}
