//! The rule in one line, for a column of the list of demands.

use super::{
    Context,
    noun::{field_title, owner, path, rows_title, table_of},
    number, rows, scale,
};
use crate::{
    directive::model::{At, Cond, Conds, Each, Measure, Of, Operand, Part, Path, Source, TargetOp, Test, Value},
    verdict::{
        kind::Kind,
        world::{Layout, PERSON, UNIT},
    },
};

/// Most characters of a short rule.
pub const MOST: usize = 40;

/// How it is measured in at most [`MOST`] characters: `指导记录（确认日期已填）不少于2次`. As much of the conditions
/// is said as there is room for; the whole rule is [`super::rule`].
pub fn short_rule(ctx: Context<'_>) -> String {
    let parts = &ctx.requirement.parts;
    let several = format!("{}项均须达到", parts.len());
    let mut nouns: Vec<String> = parts.iter().map(|p| name(ctx, p, Detail::Noun)).collect();
    nouns.dedup();
    let candidates = [
        joined(ctx, &vec![Detail::All; parts.len()]),
        each_alike(ctx, Detail::Values),
        trimmed(ctx),
        if parts.len() > 1 { format!("{several}：{}", nouns.join("、")) } else { String::new() },
        if parts.len() > 1 { several } else { format!("{}达到规定的数", nouns.concat()) },
    ];
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= MOST;
    candidates.into_iter().find(fits).unwrap_or_else(|| "见要求详情".into())
}

/// All parts, the longest of them with less of its conditions until there is room.
fn trimmed(ctx: Context<'_>) -> String {
    let mut details = vec![Detail::All; ctx.requirement.parts.len()];
    loop {
        let text = joined(ctx, &details);
        if text.chars().count() <= MOST {
            return text;
        }
        let long = |i: &usize| {
            let (noun, tail) = part(ctx, &ctx.requirement.parts[*i], details[*i]);
            noun.chars().count() + tail.chars().count()
        };
        let Some(i) = (0..details.len()).filter(|i| details[*i] > Detail::Noun).max_by_key(long) else { return text };
        details[i] = if details[i] == Detail::All { Detail::Values } else { Detail::Noun };
    }
}

/// All parts; one that counts the same rows as the part before says only what is new. Empty where two would sound alike.
fn joined(ctx: Context<'_>, details: &[Detail]) -> String {
    let mut text = String::new();
    let mut before = (String::new(), String::new());
    for (p, detail) in ctx.requirement.parts.iter().zip(details) {
        let (noun, tail) = part(ctx, p, *detail);
        if !noun.is_empty() && noun == before.0 {
            if tail == before.1 {
                return String::new();
            }
            let new = tail.strip_prefix('的').unwrap_or(&tail);
            text += if new.starts_with('中') { "，其" } else { "，" };
            text += new;
        } else {
            text += if text.is_empty() { "" } else { "；" };
            text += &noun;
            text += &tail;
        }
        before = (noun, tail);
    }
    text
}

/// Parts that count the same rows by other conditions against the same target, said together:
/// `经费绩效检查：事前、事中、事后各不少于1次`. Empty if they are not so.
fn each_alike(ctx: Context<'_>, detail: Detail) -> String {
    let parts = &ctx.requirement.parts;
    let counted = |p: &Part| match &p.measure {
        Measure::Count(source) => {
            let conds = short_conds(ctx, table_of(ctx.layout, source), &source.filter, detail);
            Some((noun(ctx, p, source, Detail::Noun), conds.join("、"), scale::demanded_short(ctx, p)?))
        }
        _ => None,
    };
    let Some(all) = parts.iter().map(counted).collect::<Option<Vec<_>>>() else { return String::new() };
    let [first, rest @ ..] = all.as_slice() else { return String::new() };
    let alike = |other: &(String, String, String)| other.0 == first.0 && other.2 == first.2;
    if rest.is_empty() || !rest.iter().all(alike) || all.iter().any(|(_, conds, _)| conds.is_empty()) {
        return String::new();
    }
    let simple = all.iter().all(|(_, conds, _)| !conds.contains(['或', '、']));
    let conds: Vec<&str> = all.iter().map(|(_, conds, _)| conds.as_str()).collect();
    let (sign, comma) = if simple { ("、", "") } else { ("；", "，") };
    format!("{}：{}{comma}各{}", first.0, conds.join(sign), first.2)
}

/// How much of the conditions is said.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Detail {
    Noun,
    Values,
    All,
}

/// What a part is about, to name it among others: `指导记录（确认日期已填）`, `企业评价（调查）中满意的占比`.
pub fn part_name(ctx: Context<'_>, part: &Part) -> String {
    name(ctx, part, Detail::All)
}

/// The rows that a part reads, in short: `企业评价（调查）`.
pub(super) fn rows_name(ctx: Context<'_>, part: &Part) -> String {
    match super::reason::sources(&part.measure).first() {
        Some(source) => noun(ctx, part, source, Detail::All),
        None => name(ctx, part, Detail::All),
    }
}

/// One side of a ratio: `年初在岗人数`.
pub(super) fn side_name(ctx: Context<'_>, part: &Part, measure: &Measure) -> String {
    side(ctx, part, measure, Detail::Values)
}

/// Further conditions of a share, in short: `措施日期已填`.
pub(super) fn conds(ctx: Context<'_>, source: &Source, that: &Conds) -> String {
    short_conds(ctx, table_of(ctx.layout, source), that, Detail::All).join("、")
}

fn name(ctx: Context<'_>, part: &Part, detail: Detail) -> String {
    match &part.measure {
        Measure::Share(source, that) if detail > Detail::Noun => {
            let that = short_conds(ctx, table_of(ctx.layout, source), that, Detail::All);
            format!("{}中{}的占比", noun(ctx, part, source, detail), that.join("、"))
        }
        Measure::Share(source, _)
        | Measure::Count(source)
        | Measure::Sum(source, _)
        | Measure::Change(source, ..)
        | Measure::Latest(source, _) => noun(ctx, part, source, detail),
        Measure::Distinct(source, field) => {
            let (noun, field) = distinct(ctx, part, source, field, detail);
            if field.is_empty() { noun } else { format!("{noun}的{field}") }
        }
        Measure::Ratio(top, bottom) => {
            format!("{}÷{}", side(ctx, part, top, detail), side(ctx, part, bottom, detail))
        }
        Measure::Span(from, to) => span(ctx, from, to),
        Measure::Holds(conds) => short_conds(ctx, ctx.table(), conds, Detail::All).join("、"),
    }
}

/// What a part counts, and what is asked of it.
fn part(ctx: Context<'_>, part: &Part, detail: Detail) -> (String, String) {
    let demand = scale::demanded_short(ctx, part).unwrap_or_default();
    let field = |source: &Source, p: &Path| path(ctx.layout, table_of(ctx.layout, source), p).text;
    let number = if part.target.is_none() { "数" } else { "" };
    match &part.measure {
        Measure::Count(source) => (noun(ctx, part, source, detail), format!("{number}{demand}")),
        Measure::Sum(source, p) => (noun(ctx, part, source, detail), format!("{}合计{demand}", field(source, p))),
        Measure::Distinct(source, p) => {
            let (noun, field) = distinct(ctx, part, source, p, detail);
            let of = if field.is_empty() { "" } else { "的" };
            (noun, format!("{of}{field}{number}{demand}"))
        }
        Measure::Share(source, that) => {
            let that = short_conds(ctx, table_of(ctx.layout, source), that, Detail::All);
            let that = if detail == Detail::All { that.join("、") } else { that.last().cloned().unwrap_or_default() };
            (noun(ctx, part, source, detail), format!("中{that}的占比{demand}"))
        }
        Measure::Ratio(top, bottom) => {
            let sides = format!("{}÷{}", side(ctx, part, top, detail), side(ctx, part, bottom, detail));
            (String::new(), format!("{sides}，{demand}"))
        }
        Measure::Change(source, from, to) => {
            let (from, to) = (field(source, from), field(source, to));
            (String::new(), format!("（{from}－{to}）÷{from}，{demand}"))
        }
        Measure::Latest(source, p) => {
            let noun = noun(ctx, part, source, detail);
            let field = field(source, p);
            let tail = if noun.ends_with(&field) { String::new() } else { field };
            (noun, format!("{tail}{demand}（取最后一条）"))
        }
        Measure::Span(from, to) => (String::new(), format!("{}{demand}", span(ctx, from, to))),
        Measure::Holds(conds) => {
            let all = short_conds(ctx, ctx.table(), conds, Detail::All);
            let said = match (all.as_slice(), detail) {
                ([first, _, ..], Detail::Noun) => format!("{first}等{}项条件均满足", all.len()),
                _ => all.join("、"),
            };
            let judged = part.target.as_ref().map(|t| t.op);
            let not = if judged.is_some_and(|op| op != TargetOp::AtLeast) { "不得有：" } else { "" };
            (String::new(), format!("{not}{said}"))
        }
    }
}

fn span(ctx: Context<'_>, from: &Path, to: &Path) -> String {
    let name = |p| path(ctx.layout, ctx.table(), p).text;
    format!("{}到{}", name(from), name(to))
}

/// The rows and the field whose values are told apart; none where that is the person.
fn distinct(ctx: Context<'_>, part: &Part, source: &Source, p: &Path, detail: Detail) -> (String, String) {
    let told = path(ctx.layout, table_of(ctx.layout, source), p);
    let field = if told.kind == Kind::Ref(PERSON) { String::new() } else { told.text };
    (noun(ctx, part, source, detail), field)
}

fn side(ctx: Context<'_>, part: &Part, measure: &Measure, detail: Detail) -> String {
    match measure {
        Measure::Count(source) if source.of == Of::Person => {
            format!("{}人数", rows::there(ctx, Some(rows::window(ctx, part)), source).unwrap_or_default())
        }
        Measure::Distinct(source, p) => {
            let told = path(ctx.layout, table_of(ctx.layout, source), p);
            let what = if told.kind == Kind::Ref(PERSON) { "人数".into() } else { format!("{}数", told.text) };
            format!("{}{what}", noun(ctx, part, source, detail))
        }
        Measure::Count(source) | Measure::Sum(source, _) => noun(ctx, part, source, detail),
        _ => String::new(),
    }
}

/// `题、课、考的发布（每日一题）`
fn noun(ctx: Context<'_>, part: &Part, source: &Source, detail: Detail) -> String {
    let table = table_of(ctx.layout, source);
    let noun = match (table, source.at) {
        (PERSON, Some(At::Start)) => {
            format!("{}人员", rows::there(ctx, Some(rows::window(ctx, part)), source).unwrap_or_default())
        }
        (PERSON, _) => "在岗人员".into(),
        (UNIT, _) if ctx.requirement.each == Each::Unit => "所属单位".into(),
        (UNIT, _) => "单位".into(),
        _ => rows_title(ctx.layout, table).to_owned(),
    };
    let mut conds = short_conds(ctx, table, &source.filter, detail);
    if detail == Detail::All {
        let same = |(row, to): &(Path, Option<Path>)| {
            let name = path(ctx.layout, table, row).text;
            let other = path(ctx.layout, ctx.table(), to.as_ref()?).text;
            (name == other).then(|| format!("同一{name}"))
        };
        conds.extend(source.via.iter().filter_map(same));
    }
    if conds.is_empty() { noun } else { format!("{noun}（{}）", conds.join("、")) }
}

fn short_conds(ctx: Context<'_>, table: usize, conds: &Conds, detail: Detail) -> Vec<String> {
    if detail == Detail::Noun {
        return Vec::new();
    }
    let all = conds.all.iter().filter_map(|c| short(ctx, table, c, detail));
    let has = conds.has.iter().filter(|_| detail == Detail::All).map(|s| {
        let noun = match table_of(ctx.layout, s) {
            PERSON => "人员",
            UNIT => "单位",
            table => rows_title(ctx.layout, table),
        };
        format!("有{noun}")
    });
    all.chain(has).collect()
}

fn short(ctx: Context<'_>, table: usize, cond: &Cond, detail: Detail) -> Option<String> {
    let name = short_path(ctx.layout, table, &cond.path);
    let values = |of: &[Operand]| {
        let all: Vec<String> = of.iter().flat_map(|o| plain(ctx, o)).collect();
        (!all.is_empty()).then(|| all.join("或"))
    };
    let flag = |of: &[Operand]| match of {
        [Operand::Value(Value::Flag(yes))] => Some(mark(ctx.layout, table, &cond.path, *yes)),
        _ => None,
    };
    let compared = |sign: &str, of: &Operand| {
        let all = plain(ctx, of);
        (!all.is_empty()).then(|| format!("{name}{sign}{}", all.concat()))
    };
    match &cond.test {
        Test::AnyOf(of) if matches!(of.as_slice(), [Operand::Subject(_)]) => None,
        Test::AnyOf(of) => flag(of).or_else(|| values(of)),
        _ if detail != Detail::All => None,
        Test::NoneOf(of) => values(of).map(|v| format!("除{v}")),
        Test::Filled(true) => Some(format!("{name}已填")),
        Test::Filled(false) => Some(format!("{name}未填")),
        Test::AtLeast(of) => compared("≥", of),
        Test::AtMost(of) => compared("≤", of),
        Test::Above(of) => compared("＞", of),
        Test::Below(of) => compared("＜", of),
        Test::Before(of) => compared("早于", of),
        Test::After(of) => compared("晚于", of),
        Test::NotBefore(of) => compared("不早于", of),
        Test::NotAfter(of) => compared("不晚于", of),
    }
}

/// A flag as a mark of the row: `长期合作`, `导师为业务骨干`.
fn mark(layout: &Layout, table: usize, p: &Path, yes: bool) -> String {
    let (before, whole) = (owner(layout, table, p), path(layout, table, p).text);
    let question = whole.find("是否").map(|at| at + "是否".len());
    let last = match (question, whole.strip_prefix(&before)) {
        (Some(at), _) => &whole[at..],
        (None, Some(rest)) => rest.trim_start_matches('的'),
        (None, None) => &whole,
    };
    match (before.is_empty() || before == "本人", yes) {
        (true, true) => last.to_owned(),
        (true, false) => format!("非{last}"),
        (false, true) => format!("{before}为{last}"),
        (false, false) => format!("{before}不是{last}"),
    }
}

/// A path by the short title of its last field, without the way to it unless that is the subject's.
fn short_path(layout: &Layout, table: usize, p: &Path) -> String {
    let whole = path(layout, table, p);
    let at = match path(layout, table, &p[..p.len().saturating_sub(1)].to_vec()).kind {
        Kind::Ref(to) => to,
        _ => table,
    };
    let before = owner(layout, table, p);
    let field = p.last().and_then(|name| layout.ledgers[at].field(name));
    let short = field.map(|f| f.short.as_deref().unwrap_or(field_title(f)));
    match (short, before.is_empty()) {
        (Some(short), true) => short.to_owned(),
        (Some(short), false) if before == "本人" => short.to_owned(),
        _ => whole.text,
    }
}

fn plain(ctx: Context<'_>, of: &Operand) -> Vec<String> {
    let one = |v: &Value| match v {
        Value::Text(text) => text.clone(),
        Value::Number(r) => number::plain(*r, &[]),
        other => super::clause::literal(other),
    };
    match of {
        Operand::Value(v) => vec![one(v)],
        Operand::Setting(name) => ctx.given.values(name).iter().map(one).collect(),
        Operand::Subject(p) if p.as_slice() == ["id"] => Vec::new(),
        Operand::Subject(p) => vec![path(ctx.layout, ctx.table(), p).text],
    }
}
