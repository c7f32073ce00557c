//! Nouns: what subjects, ledgers and fields are called, and in which unit they are counted.

use super::{Context, clause};
use crate::{
    directive::model::{Each, Field, LedgerKind, Of, Operand, Path, Source, Test, Value},
    org::builtin::LEVELS,
    verdict::{
        kind::Kind,
        world::{Layout, PERSON, UNIT},
    },
};

/// Who is judged: `全市`, `每个区县单位`, `每名干部`, `每对导师帮带结对`, `每个班次或活动的每个机关`.
pub fn subject_kind(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    match &r.each {
        Each::System => "全市".into(),
        Each::Unit => match levels(ctx) {
            Some(levels) => format!("每个{}单位", levels.join("、")),
            None => "每个单位".into(),
        },
        Each::Person => "每名干部".into(),
        Each::Ledger(_) if !r.per.is_empty() => {
            let names: Vec<String> = r.per.iter().map(|p| format!("每个{}", combined(ctx, p))).collect();
            names.join("的")
        }
        Each::Ledger(_) => {
            let table = ctx.table();
            format!("每{}{}", counter(ctx.layout, table), rows_title(ctx.layout, table))
        }
    }
}

/// The levels of units to which the requirement is bound, where that is all that binds it to units.
pub(super) fn levels(ctx: Context<'_>) -> Option<Vec<&str>> {
    let level = ctx.requirement.filter.all.iter().find(|c| c.path == ["level"])?;
    let Test::AnyOf(values) = &level.test else { return None };
    let name = |of: &Operand| match of {
        Operand::Value(Value::Text(text)) => LEVELS.into_iter().find(|l| l == text),
        _ => None,
    };
    values.iter().map(name).collect()
}

/// How the subject is called in its own rule: `本单位`, `本人`, `该导师帮带结对`.
pub(super) fn this(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    match &r.each {
        Each::System => "全市".into(),
        Each::Unit => "本单位".into(),
        Each::Person => "本人".into(),
        Each::Ledger(_) if !r.per.is_empty() => {
            let names: Vec<String> = r.per.iter().map(|p| format!("该{}", combined(ctx, p))).collect();
            names.join("、")
        }
        Each::Ledger(_) => format!("该{}", rows_title(ctx.layout, ctx.table())),
    }
}

/// The subjects of a unit: `所属导师帮带结对`.
pub(super) fn owned(ctx: Context<'_>) -> String {
    match &ctx.requirement.each {
        Each::System | Each::Unit => "各单位".into(),
        Each::Person => "所属干部".into(),
        Each::Ledger(_) if ctx.requirement.per.is_empty() => {
            format!("所属{}", rows_title(ctx.layout, ctx.table()))
        }
        Each::Ledger(_) => "所属判定对象".into(),
    }
}

/// What one field of a combination is called; `unit` in it is the organ.
fn combined(ctx: Context<'_>, p: &Path) -> String {
    if p.last().is_some_and(|last| last == "unit") { "机关".into() } else { path(ctx.layout, ctx.table(), p).text }
}

/// Title of a ledger.
pub fn title(layout: &Layout, table: usize) -> &str {
    &layout.ledgers[table].title
}

/// What the rows of a ledger are called: its title, without the word that names the book itself.
pub fn rows_title(layout: &Layout, table: usize) -> &str {
    let title = title(layout, table);
    let bare = BOOKS.iter().find_map(|book| title.strip_suffix(book)).filter(|bare| bare.chars().count() > 1);
    bare.unwrap_or(title)
}

const BOOKS: [&str; 6] = ["台账", "登记簿", "登记表", "花名册", "名册", "库"];

/// Title of a field, without the unit that stands in brackets after it.
pub fn field_title(field: &Field) -> &str {
    let title = field.title.trim_end_matches([')', '）']);
    match title.rfind(['(', '（']) {
        Some(at) if at > 0 && title.len() < field.title.len() => title[..at].trim_end(),
        _ => &field.title,
    }
}

/// Position of a source's ledger.
pub(super) fn table_of(layout: &Layout, source: &Source) -> usize {
    match &source.of {
        Of::Person => PERSON,
        Of::Unit => UNIT,
        Of::Ledger(name) => layout.index(name).unwrap_or(UNIT),
    }
}

/// In which unit the rows of a ledger are counted: by the end of its title, else 次 for events and 个 for items.
pub fn counter(layout: &Layout, table: usize) -> &'static str {
    let ledger = &layout.ledgers[table];
    let known = COUNTERS.iter().filter(|(end, _)| ledger.title.ends_with(end)).max_by_key(|(end, _)| end.len());
    match (known, &ledger.kind) {
        (Some((_, counter)), _) => counter,
        (None, LedgerKind::Event { .. }) => "次",
        (None, LedgerKind::Item { .. }) => "个",
        (None, LedgerKind::Register) => "人",
    }
}

const COUNTERS: [(&str, &str); 39] = [
    ("专家", "名"),
    ("专家库", "名"),
    ("事项", "件"),
    ("人员", "人"),
    ("任务", "项"),
    ("任职", "项"),
    ("会议", "次"),
    ("内容", "项"),
    ("制度", "件"),
    ("协议", "份"),
    ("单位", "个"),
    ("合同", "份"),
    ("审批件", "件"),
    ("对子", "对"),
    ("帮带", "对"),
    ("干部", "名"),
    ("成员", "名"),
    ("成绩", "条"),
    ("报告", "份"),
    ("挂职", "段"),
    ("指标值", "个"),
    ("支出", "笔"),
    ("文件", "份"),
    ("方案", "份"),
    ("权重", "条"),
    ("材料", "份"),
    ("档案", "份"),
    ("申请", "件"),
    ("经费", "笔"),
    ("结对", "对"),
    ("结果", "份"),
    ("证书", "份"),
    ("评价", "份"),
    ("诉求", "件"),
    ("提任", "次"),
    ("锻炼", "段"),
    ("预算", "笔"),
    ("预警单", "份"),
    ("题目", "道"),
];

/// A path in words, and what stands at its end.
#[derive(Clone, Debug)]
pub struct Told {
    /// `班次或活动的结束日期`
    pub text: String,
    /// Meaning of the value.
    pub kind: Kind,
}

/// The path to the row from which a path takes its last step, in words; empty for the row itself.
pub(super) fn owner(layout: &Layout, table: usize, p: &Path) -> String {
    let longer = p.split_last().map_or(&[][..], |(_, before)| before);
    if longer.is_empty() { String::new() } else { path(layout, table, &longer.to_vec()).text }
}

/// Says a path from a row of a ledger by the titles of its fields.
pub fn path(layout: &Layout, table: usize, path: &Path) -> Told {
    let mut text = String::new();
    let (mut at, mut kind) = (table, Kind::Ref(table));
    for name in path {
        let (word, next) = step(layout, at, name, text.is_empty());
        text = joined(text, word);
        if let Kind::Ref(to) = next {
            at = to;
        }
        kind = next;
    }
    Told { text, kind }
}

/// The word for one step, and where it leads; `first` if it starts at the row itself.
fn step<'l>(layout: &'l Layout, at: usize, name: &'l str, first: bool) -> (&'l str, Kind) {
    if let Some(i) = layout.ledgers[at].field_index(name) {
        let kind = match (&layout.kinds[at][i], name) {
            (Kind::TalkLevel, _) => Kind::talk_level(),
            (kind, _) => kind.clone(),
        };
        let title = field_title(&layout.ledgers[at].fields[i]);
        let itself = kind == Kind::Ref(PERSON) && ["姓名", "人员"].contains(&title);
        return (if itself { "本人" } else { title }, kind);
    }
    match name {
        "id" if first && at == UNIT => ("单位", Kind::Ref(at)),
        "id" => ("", Kind::Ref(at)),
        "organ" => ("所属机关", Kind::Ref(UNIT)),
        "unit" if at == UNIT => ("", Kind::Ref(UNIT)),
        "unit" if at == PERSON => ("所在单位", Kind::Ref(UNIT)),
        "unit" => ("所属单位", Kind::Ref(UNIT)),
        "duty" => ("任职类别", Kind::duty()),
        "young" => ("年轻干部", Kind::Flag),
        "talk_due" => ("应受谈话层级", Kind::talk_level()),
        other => (other, Kind::Nothing),
    }
}

/// Two steps: what both say is said once (`机构` and `机构类型`), and a unit's organ is the organ.
fn joined(text: String, word: &str) -> String {
    if text.is_empty() || word.is_empty() {
        return text + word;
    }
    if let ("所属机关", Some(before)) = (word, text.strip_suffix("单位").filter(|b| b.ends_with(['在', '属'])))
    {
        return format!("{before}机关");
    }
    let ends: Vec<usize> = word.char_indices().skip(2).map(|(i, _)| i).chain([word.len()]).collect();
    if let Some(end) = ends.into_iter().rev().find(|end| word.chars().count() > 1 && text.ends_with(&word[..*end])) {
        return text + &word[end..];
    }
    let direct = word.starts_with('所');
    format!("{text}{}{word}", if direct { "" } else { "的" })
}

/// Title of the field by which a repeat points back at what it repeats.
pub(super) fn again_title(ctx: Context<'_>) -> Option<&str> {
    let name = ctx.requirement.again.as_ref()?.last()?;
    let field = ctx.layout.ledgers.iter().find_map(|l| l.field(name));
    Some(field.map_or(name.as_str(), field_title))
}

/// What binds the subjects, in brackets: `（是否市级重点为“是”）`; empty where nothing does but the level of units.
pub(super) fn bound(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    let level = levels(ctx).is_some() && r.each == Each::Unit;
    let rest = r.filter.all.iter().filter(|c| !(level && c.path == ["level"]));
    let mut conds: Vec<String> = rest.map(|c| clause::condition(ctx, ctx.table(), c, true)).collect();
    conds.extend(r.filter.has.iter().map(|s| clause::has(ctx, ctx.table(), s)));
    conds.join("、")
}

/// The fields on which it rests who is judged: `“是否市级重点”`.
pub(super) fn bound_fields(ctx: Context<'_>) -> String {
    let conds = &ctx.requirement.filter.all;
    let all: Vec<String> = conds.iter().map(|c| clause::quoted(&path(ctx.layout, ctx.table(), &c.path).text)).collect();
    all.join("、")
}

/// Whether every condition on the subjects is one that is never left open: on the chart, or `filled`.
pub(super) fn always_told(ctx: Context<'_>) -> bool {
    let filter = &ctx.requirement.filter;
    let sure = |path: &Path, test: &Test| match (&ctx.requirement.each, test) {
        (_, Test::Filled(_)) => true,
        (Each::Unit, _) => path.len() == 1,
        (Each::Person, _) => ["duty", "talk_due"].contains(&path[0].as_str()),
        _ => false,
    };
    filter.has.is_empty() && filter.all.iter().all(|c| sure(&c.path, &c.test))
}
