//! Why a row counts or not, and which field would change that: from the name of a condition to the condition itself.

use super::{
    Context, clause,
    noun::{field_title, path, table_of},
};
use crate::{
    directive::model::{Cond, Measure, Operand, Part, Path, Source, Test},
    verdict::{
        eval::Fate,
        explain::Looked,
        kind::Kind,
        world::{PERSON, UNIT},
    },
};

/// The sources of a measure.
pub(super) fn sources(measure: &Measure) -> Vec<&Source> {
    match measure {
        Measure::Count(s)
        | Measure::Sum(s, _)
        | Measure::Distinct(s, _)
        | Measure::Share(s, _)
        | Measure::Change(s, ..)
        | Measure::Latest(s, _) => vec![s],
        Measure::Ratio(top, bottom) => sources(top).into_iter().chain(sources(bottom)).collect(),
        Measure::Span(..) | Measure::Holds(_) => Vec::new(),
    }
}

/// The source that reads the rows of this ledger.
pub(super) fn source<'a>(ctx: Context<'_>, part: &'a Part, table: usize) -> Option<&'a Source> {
    sources(&part.measure).into_iter().find(|s| table_of(ctx.layout, s) == table)
}

/// A condition that a row meets or not.
enum Asked<'a> {
    /// On a field; `true` if the row is the subject's own.
    Field(&'a Cond, bool),
    /// On related rows.
    Related(&'a Source),
}

/// At which step a row was found wanting.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// It does not belong to the rows.
    Filter,
    /// It belongs to them and does not satisfy what is asked further.
    Further,
    /// At either.
    Any,
}

/// The conditions of a part on rows of this ledger that go by that name.
fn asked<'a>(ctx: Context<'_>, part: &'a Part, table: usize, name: &str, step: Step) -> Vec<Asked<'a>> {
    let mut conds = Vec::new();
    if step != Step::Further {
        let own = sources(&part.measure).into_iter().filter(|s| table_of(ctx.layout, s) == table);
        conds.extend(own.map(|s| (&s.filter, false)));
    }
    match &part.measure {
        Measure::Share(_, that) if step != Step::Filter => conds.push((that, false)),
        Measure::Holds(own) => conds.push((own, true)),
        _ => {}
    }
    let fields = conds.iter().flat_map(|(c, own)| c.all.iter().map(|c| (c, *own)));
    let named = fields.filter(|(c, _)| c.path.join(".") == name).map(|(c, own)| Asked::Field(c, own));
    let related = conds.iter().flat_map(|(c, _)| &c.has).filter(|_| name == "has").map(Asked::Related);
    named.chain(related).collect()
}

/// A path as the evaluator names it.
fn parsed(name: &str) -> Path {
    name.split('.').map(str::to_owned).collect()
}

/// What is not met, in words: `帮带对象确认日期未填`, `不满足：类型为“例行”`.
pub(super) fn unmet(ctx: Context<'_>, part: &Part, table: usize, name: &str, step: Step) -> String {
    let all: Vec<String> = asked(ctx, part, table, name, step)
        .into_iter()
        .map(|a| match a {
            Asked::Field(Cond { path: p, test: Test::Filled(true) }, _) => {
                format!("{}未填", clause::quoted(&path(ctx.layout, table, p).text))
            }
            Asked::Field(c, own) => format!("不满足：{}", clause::condition(ctx, table, c, own)),
            Asked::Related(s) => format!("没{}", clause::has(ctx, table, s)),
        })
        .collect();
    if all.is_empty() {
        format!("不满足：{}", path(ctx.layout, table, &parsed(name)).text)
    } else {
        all.join("；")
    }
}

/// What keeps it from being told, in words: `成绩未填`, `设定“闭卷测试合格分”尚未设定`.
pub(super) fn untold(ctx: Context<'_>, part: &Part, table: usize, name: &str) -> String {
    for a in asked(ctx, part, table, name, Step::Any) {
        match a {
            Asked::Related(s) => return format!("是否{}，说不清", clause::has(ctx, table, s)),
            Asked::Field(c, own) => {
                if let Some(setting) = unset(ctx, &c.test) {
                    return format!("{}尚未设定", super::setting(setting));
                }
                if let Some(other) = compared(&c.test) {
                    let name = path(ctx.layout, table, &c.path).text;
                    let other = path(ctx.layout, ctx.table(), other).text;
                    let other = if own { other } else { format!("{}的{other}", super::noun::this(ctx)) };
                    return format!("{name}或{other}未填");
                }
            }
        }
    }
    format!("{}未填", to_fill(ctx, table, name))
}

/// The field to fill so that a condition of this name can be told: of what is derived, the field it rests on.
fn to_fill(ctx: Context<'_>, table: usize, name: &str) -> String {
    let mut p = parsed(name);
    if p.last().is_some_and(|last| last == "young") {
        p.pop();
        let born = ctx.layout.ledgers[PERSON].field("born").map_or("出生日期", field_title);
        let whose = if p.is_empty() { "本人".to_owned() } else { path(ctx.layout, table, &p).text };
        return format!("{whose}的{born}");
    }
    clause::quoted(&path(ctx.layout, table, &p).text)
}

/// The setting that a test needs and that is not set.
fn unset<'a>(ctx: Context<'_>, test: &'a Test) -> Option<&'a str> {
    operands(test).into_iter().find_map(|o| match o {
        Operand::Setting(name) if ctx.given.values(name).is_empty() => Some(name.as_str()),
        _ => None,
    })
}

/// The subject's field that a test compares with.
fn compared(test: &Test) -> Option<&Path> {
    operands(test).into_iter().find_map(|o| match o {
        Operand::Subject(p) if p.as_slice() != ["id"] => Some(p),
        _ => None,
    })
}

fn operands(test: &Test) -> Vec<&Operand> {
    match test {
        Test::Filled(_) => Vec::new(),
        Test::AnyOf(all) | Test::NoneOf(all) => all.iter().collect(),
        Test::AtLeast(o)
        | Test::AtMost(o)
        | Test::Above(o)
        | Test::Below(o)
        | Test::Before(o)
        | Test::After(o)
        | Test::NotBefore(o)
        | Test::NotAfter(o) => vec![o],
    }
}

/// Rows of a ledger in which the same field waits to be filled.
pub(super) struct Fillable {
    /// Position of the ledger.
    pub(super) table: usize,
    /// What is missing: `帮带对象确认日期未填`.
    pub(super) missing: String,
    /// The rows' records.
    pub(super) records: Vec<i64>,
    /// The field belongs to another record that they refer to.
    pub(super) far: bool,
    /// Whether they count cannot be told; else they do not.
    pub(super) unclear: bool,
    /// The field is a day, which counts from itself on.
    pub(super) day: bool,
}

/// What could be filled so that rows count that do not, or can be told that cannot; in the order of the rows.
pub(super) fn fillable(ctx: Context<'_>, part: &Part, rows: &[Looked]) -> Vec<Fillable> {
    let mut found: Vec<Fillable> = Vec::new();
    for row in rows {
        let (Fate::Unclear(name) | Fate::Fails(name) | Fate::Short(name)) = &row.trace.fate else { continue };
        let day = path(ctx.layout, row.table, &parsed(name)).kind == Kind::Date;
        let (missing, unclear) = match &row.trace.fate {
            Fate::Unclear(name) if !waits(ctx, part, row.table, name) => (untold(ctx, part, row.table, name), true),
            Fate::Fails(name) if fills(ctx, part, row.table, name, Step::Filter) => {
                (unmet(ctx, part, row.table, name, Step::Filter), false)
            }
            Fate::Short(name) if fills(ctx, part, row.table, name, Step::Further) => {
                (unmet(ctx, part, row.table, name, Step::Further), false)
            }
            _ => continue,
        };
        match found.iter_mut().find(|f| f.table == row.table && f.missing == missing && f.unclear == unclear) {
            Some(same) => same.records.push(row.record),
            None => {
                let far = name.contains('.') || name == "has";
                found.push(Fillable { table: row.table, missing, records: vec![row.record], far, unclear, day });
            }
        }
    }
    found
}

/// The condition of that name waits for a setting, not for a field.
fn waits(ctx: Context<'_>, part: &Part, table: usize, name: &str) -> bool {
    let all = asked(ctx, part, table, name, Step::Any);
    all.iter().any(|a| matches!(a, Asked::Field(c, _) if unset(ctx, &c.test).is_some()))
}

/// The condition of that name is met by filling the field.
fn fills(ctx: Context<'_>, part: &Part, table: usize, name: &str, step: Step) -> bool {
    let all = asked(ctx, part, table, name, step);
    !all.is_empty() && all.iter().all(|a| matches!(a, Asked::Field(Cond { test: Test::Filled(true), .. }, _)))
}

/// The title of a row's ledger, as a noun.
pub(super) fn rows_noun(ctx: Context<'_>, table: usize) -> &str {
    match table {
        PERSON => "人员",
        UNIT => "单位",
        _ => super::noun::rows_title(ctx.layout, table),
    }
}
