//! Conditions, as they stand before 的: `类型为“现场教学”`, `帮带对象确认日期已填`, `成绩不低于60（设定“闭卷测试合格分”）`.

use super::{
    Context,
    noun::{owner, path, rows_title, table_of, this},
    number, rows,
};
use crate::{
    directive::model::{Cond, Conds, Operand, Source, Test, Value},
    verdict::{
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// All conditions on a row of `table`, joined; `own` if the row is the subject's own.
pub(super) fn conditions(ctx: Context<'_>, table: usize, conds: &Conds, own: bool) -> Vec<String> {
    let all = conds.all.iter().map(|c| condition(ctx, table, c, own));
    all.chain(conds.has.iter().map(|s| has(ctx, table, s))).collect()
}

/// One condition.
pub(super) fn condition(ctx: Context<'_>, table: usize, cond: &Cond, own: bool) -> String {
    let told = path(ctx.layout, table, &cond.path);
    if cond.path.last().is_some_and(|last| last == "young") {
        return young(ctx, table, cond);
    }
    let name = quoted(&told.text);
    let one = |of: &Operand| operand(ctx, of, own);
    let list = |of: &[Operand], word: &str| any(ctx, of, own, word);
    match &cond.test {
        Test::Filled(true) => format!("{name}已填"),
        Test::Filled(false) => format!("{name}未填"),
        Test::AnyOf(of) if matches!(told.kind, Kind::Choices(_)) => format!("{name}包含{}", list(of, "或")),
        Test::AnyOf(of) if related(of) => format!("{name}{}", same(ctx, &told.text, of, own)),
        Test::AnyOf(of) => format!("{name}为{}", list(of, "或")),
        Test::NoneOf(of) if matches!(told.kind, Kind::Choices(_)) => format!("{name}不包含{}", list(of, "和")),
        Test::NoneOf(of) => format!("{name}不为{}", list(of, "或")),
        Test::AtLeast(of) => format!("{name}不低于{}", one(of)),
        Test::AtMost(of) => format!("{name}不高于{}", one(of)),
        Test::Above(of) => format!("{name}高于{}", one(of)),
        Test::Below(of) => format!("{name}低于{}", one(of)),
        Test::Before(of) => format!("{name}早于{}", one(of)),
        Test::After(of) => format!("{name}晚于{}", one(of)),
        Test::NotBefore(of) => format!("{name}不早于{}", one(of)),
        Test::NotAfter(of) => format!("{name}不晚于{}", one(of)),
    }
}

/// `帮带对象为年轻干部（不超过35周岁，设定“年轻干部的周岁上限”）`.
fn young(ctx: Context<'_>, table: usize, cond: &Cond) -> String {
    let owner = owner(ctx.layout, table, &cond.path);
    let owner = if owner.is_empty() { "本人".to_owned() } else { owner };
    let is = match &cond.test {
        Test::Filled(true) => return format!("{owner}是否年轻干部可以判明"),
        Test::Filled(false) => return format!("{owner}是否年轻干部不能判明"),
        Test::AnyOf(of) => of.contains(&Operand::Value(Value::Flag(true))),
        _ => false,
    };
    let age = match ctx.given.whole("young_age") {
        Some(age) => format!("不超过{age}周岁，{}", super::setting("young_age")),
        None => format!("年龄线尚未设定，{}", super::setting("young_age")),
    };
    format!("{owner}{}年轻干部（{age}）", if is { "为" } else { "不是" })
}

/// A name that is itself a question stands in quotation marks.
pub(super) fn quoted(name: &str) -> String {
    let at = ["是否", "能否"].into_iter().filter_map(|q| name.find(q)).min();
    at.map_or_else(|| name.to_owned(), |at| format!("{}“{}”", &name[..at], &name[at..]))
}

fn related(of: &[Operand]) -> bool {
    matches!(of, [Operand::Subject(_)])
}

/// Equality with a field of the subject.
fn same(ctx: Context<'_>, name: &str, of: &[Operand], own: bool) -> String {
    let [Operand::Subject(p)] = of else { return String::new() };
    let other = path(ctx.layout, ctx.table(), p).text;
    match (p.as_slice() == ["id"], own) {
        (true, _) => format!("为{}", this(ctx)),
        (false, true) => format!("与{other}相同"),
        (false, false) if other == name => format!("与{}相同", this(ctx)),
        (false, false) => format!("与{}的{other}相同", this(ctx)),
    }
}

fn any(ctx: Context<'_>, of: &[Operand], own: bool, last: &str) -> String {
    let words: Vec<String> = of.iter().flat_map(|o| single(ctx, o, own)).collect();
    let unset = of.iter().find_map(|o| match o {
        Operand::Setting(name) if ctx.given.values(name).is_empty() => {
            Some(format!("{}的值（尚未设定）", super::setting(name)))
        }
        _ => None,
    });
    let settings: Vec<String> = of
        .iter()
        .filter_map(|o| match o {
            Operand::Setting(name) if !ctx.given.values(name).is_empty() => Some(super::setting(name)),
            _ => None,
        })
        .collect();
    let all: Vec<String> = words.into_iter().chain(unset).collect();
    let said = match all.split_last() {
        Some((end, before)) if !before.is_empty() => format!("{}{last}{end}", before.join("、")),
        _ => all.concat(),
    };
    if settings.is_empty() { said } else { format!("{said}（{}）", settings.join("、")) }
}

/// The values an operand stands for.
fn single(ctx: Context<'_>, of: &Operand, own: bool) -> Vec<String> {
    match of {
        Operand::Value(v) => vec![literal(v)],
        Operand::Setting(name) => ctx.given.values(name).iter().map(literal).collect(),
        Operand::Subject(p) => vec![of_subject(ctx, p, own)],
    }
}

fn operand(ctx: Context<'_>, of: &Operand, own: bool) -> String {
    any(ctx, std::slice::from_ref(of), own, "或")
}

fn of_subject(ctx: Context<'_>, p: &crate::directive::model::Path, own: bool) -> String {
    let other = path(ctx.layout, ctx.table(), p).text;
    match (p.as_slice() == ["id"], own) {
        (true, _) => this(ctx),
        (false, true) => other,
        (false, false) => format!("{}的{other}", this(ctx)),
    }
}

/// A value as written in a package.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Number(r) => number::plain(*r, &[]),
        Value::Money(fen) => number::money(crate::ratio::Ratio::whole(*fen), &[]),
        Value::Years(n) => format!("{n}年"),
        Value::Flag(yes) => if *yes { "“是”" } else { "“否”" }.to_owned(),
        Value::Day(day) => day.chinese(),
        Value::Text(text) => format!("“{text}”"),
    }
}

/// At least one related row of the row that is tested: `有授课人的类别为“高校学者”的授课记录`.
pub(super) fn has(ctx: Context<'_>, parent: usize, source: &Source) -> String {
    let table = table_of(ctx.layout, source);
    let mut words = rows::there(ctx, None, source).into_iter().collect::<Vec<_>>();
    for (row, to) in &source.via {
        let name = path(ctx.layout, table, row).text;
        match to {
            None if parent == PERSON && name == "本人" => {}
            None => words.push(format!("{name}为{}", itself(ctx, parent))),
            Some(p) => {
                let other = path(ctx.layout, parent, p).text;
                words.push(if other == name { format!("{name}相同") } else { format!("{name}与其{other}相同") });
            }
        }
    }
    words.extend(conditions(ctx, table, &source.filter, false));
    let noun = match table {
        PERSON => "人员",
        UNIT => "单位",
        _ => rows_title(ctx.layout, table),
    };
    let which = if words.is_empty() { String::new() } else { format!("{}的", words.join("、")) };
    format!("有{which}{noun}")
}

fn itself(ctx: Context<'_>, parent: usize) -> String {
    match parent {
        PERSON => "本人".into(),
        UNIT => "该单位".into(),
        _ => format!("该{}", rows_title(ctx.layout, parent)),
    }
}
