//! In which unit a part is measured, and how its values and targets are written.

use super::{
    Context,
    noun::{counter, path, table_of},
    number,
};
use crate::{
    directive::model::{Measure, Operand, Part, Path, Source, Target, TargetOp, TargetStep, Value},
    ratio::Ratio,
    verdict::{judge::TargetNow, kind::Kind, world::PERSON},
};

/// What a part's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Rows or different values, in this unit: 次, 人, 条.
    Count(&'static str),
    /// A share of the whole.
    Share,
    /// Money in 分.
    Money,
    /// Days.
    Days,
    /// A number without unit.
    Number,
    /// 1 if the conditions hold, else 0.
    Holds,
}

/// The scale of a part.
pub fn scale(ctx: Context<'_>, part: &Part) -> Scale {
    let most = part.target.iter().flat_map(|t| &t.steps).filter_map(|s| number_of(ctx, &s.value)).max();
    of_measure(ctx, &part.measure, most)
}

/// `target` decides between a share and a number where the measure does not.
fn of_measure(ctx: Context<'_>, measure: &Measure, target: Option<Ratio>) -> Scale {
    let share = target.is_some_and(|t| t.den() > 1 && t < Ratio::ONE) || target == Some(Ratio::ONE);
    match measure {
        Measure::Count(source) => Scale::Count(counter(ctx.layout, table_of(ctx.layout, source))),
        Measure::Distinct(source, field) => match path(ctx.layout, table_of(ctx.layout, source), field).kind {
            Kind::Ref(PERSON) => Scale::Count("人"),
            Kind::Ref(table) => Scale::Count(counter(ctx.layout, table)),
            Kind::Choices(_) => Scale::Count("项"),
            _ => Scale::Count("个"),
        },
        Measure::Sum(source, field) | Measure::Latest(source, field) => {
            match path(ctx.layout, table_of(ctx.layout, source), field).kind {
                Kind::Money => Scale::Money,
                Kind::ActualDays => Scale::Days,
                _ if matches!(measure, Measure::Latest(..)) && share => Scale::Share,
                _ => Scale::Number,
            }
        }
        Measure::Share(..) | Measure::Change(..) => Scale::Share,
        Measure::Ratio(top, bottom) => match (of_measure(ctx, top, None), of_measure(ctx, bottom, None)) {
            (Scale::Money, Scale::Count(_) | Scale::Number) => Scale::Money,
            (Scale::Count(_), Scale::Count(_)) if target.is_none_or(|t| t <= Ratio::ONE) => Scale::Share,
            _ if share => Scale::Share,
            _ => Scale::Number,
        },
        Measure::Span(..) => Scale::Days,
        Measure::Holds(_) => Scale::Holds,
    }
}

/// The scale in which rows of a source are counted.
pub(super) fn rows_scale(ctx: Context<'_>, source: &Source) -> Scale {
    Scale::Count(counter(ctx.layout, table_of(ctx.layout, source)))
}

/// The scale of one side of a ratio.
pub(super) fn measure_scale(ctx: Context<'_>, measure: &Measure) -> Scale {
    of_measure(ctx, measure, None)
}

/// A field of a source's rows.
pub(super) fn field_name(ctx: Context<'_>, source: &Source, p: &Path) -> String {
    path(ctx.layout, table_of(ctx.layout, source), p).text
}

fn number_of(ctx: Context<'_>, of: &Operand) -> Option<Ratio> {
    let value = match of {
        Operand::Value(value) => value,
        Operand::Setting(name) => ctx.given.values(name).first()?,
        Operand::Subject(_) => return None,
    };
    match value {
        Value::Number(r) => Some(*r),
        Value::Text(text) => Ratio::parse_decimal(text),
        _ => None,
    }
}

impl Scale {
    /// A value as counted: `2次`, `80.0%`, `5,000元`, `是`. With the target it is held against no rounding hides a miss.
    pub fn value(self, v: Ratio, target: Option<&TargetNow>) -> String {
        let bounds: Vec<Ratio> = target.map(|t| vec![t.value, t.upper]).unwrap_or_default();
        match self {
            Scale::Count(unit) => format!("{}{unit}", number::plain(v, &bounds)),
            Scale::Share => number::percent(v, 1, &bounds),
            Scale::Money => number::money(v, &bounds),
            Scale::Days => format!("{}天", number::plain(v, &bounds)),
            Scale::Number => number::plain(v, &bounds),
            Scale::Holds => if v >= Ratio::ONE { "是" } else { "否" }.into(),
        }
    }

    /// A bound as demanded: `2次`, `80%`.
    pub fn bound(self, v: Ratio) -> String {
        if self == Scale::Share { number::plain_percent(v) } else { self.value(v, None) }
    }

    /// A comparison with a bound: `不少于2次`, `达到100%`, `须满足`.
    pub(super) fn compared(self, op: TargetOp, low: &str, high: &str, whole: bool) -> String {
        match (self, op) {
            (Scale::Holds, TargetOp::AtLeast) => "须满足".into(),
            (Scale::Holds, _) => "须不满足".into(),
            (Scale::Share, TargetOp::AtLeast) if whole => format!("达到{low}"),
            (Scale::Count(_) | Scale::Days, TargetOp::AtLeast) => format!("不少于{low}"),
            (_, TargetOp::AtLeast) => format!("不低于{low}"),
            (_, TargetOp::AtMost) => format!("不超过{low}"),
            (_, TargetOp::Exactly) => format!("恰为{low}"),
            (Scale::Count(unit), TargetOp::Between) => format!("{}至{high}", low.trim_end_matches(unit)),
            (_, TargetOp::Between) => format!("{low}至{high}"),
        }
    }
}

/// A value of a part as people read it; `target` is the one it is held against.
pub fn value(ctx: Context<'_>, part: &Part, v: Ratio, target: Option<&TargetNow>) -> String {
    scale(ctx, part).value(v, target)
}

/// The target of a part as it stood for a verdict: `不少于1次（全期2次，按在册日数折算）`, `不少于1年（365天）`.
pub fn target(ctx: Context<'_>, part: &Part, now: &TargetNow) -> String {
    let scale = scale(ctx, part);
    let years = part.target.iter().flat_map(|t| &t.steps).find_map(|s| match &s.value {
        Operand::Value(Value::Years(n)) => Some(n),
        _ => None,
    });
    let low = match years {
        Some(n) => format!("{n}年（{}）", scale.bound(now.value)),
        None => scale.bound(now.value),
    };
    let text = scale.compared(now.op, &low, &scale.bound(now.upper), now.value == Ratio::ONE);
    match now.whole {
        Some(whole) => format!("{text}（全期{}，按在册日数折算）", scale.bound(whole)),
        None => text,
    }
}

/// The target as what should be: `应不少于2次`, `应为3至5人`.
pub(super) fn should(ctx: Context<'_>, part: &Part, now: &TargetNow) -> String {
    let is = if now.op == TargetOp::Between { "为" } else { "" };
    format!("应{is}{}", target(ctx, part, now))
}

/// The target of a part as the requirement says it, every dated step: `2025年1月1日起不少于2次，2025年3月15日起不少于3次`.
pub(super) fn demanded(ctx: Context<'_>, part: &Part) -> Option<String> {
    steps(ctx, part, true)
}

/// The same without the names of settings, where there is a value.
pub(super) fn demanded_short(ctx: Context<'_>, part: &Part) -> Option<String> {
    steps(ctx, part, false)
}

fn steps(ctx: Context<'_>, part: &Part, named: bool) -> Option<String> {
    let target = part.target.as_ref()?;
    let scale = scale(ctx, part);
    let one = |step: &TargetStep| step_words(ctx, scale, target, step, named);
    Some(match target.steps.as_slice() {
        [only] => one(only),
        steps => {
            let all: Vec<String> = steps.iter().map(|s| format!("{}起{}", s.from.chinese(), one(s))).collect();
            all.join("，")
        }
    })
}

fn step_words(ctx: Context<'_>, scale: Scale, target: &Target, step: &TargetStep, named: bool) -> String {
    let low = amount(ctx, scale, &step.value, named);
    let high = step.upper.as_ref().map(|u| amount(ctx, scale, u, named)).unwrap_or_default();
    let whole = number_of(ctx, &step.value) == Some(Ratio::ONE);
    scale.compared(target.op, &low, &high, whole)
}

/// A bound as written in the package, in the part's unit; with the name of its setting if `named`.
fn amount(ctx: Context<'_>, scale: Scale, of: &Operand, named: bool) -> String {
    let said = |value: &Value| match value {
        Value::Number(r) => scale.bound(*r),
        Value::Text(text) => Ratio::parse_decimal(text).map_or_else(|| text.clone(), |r| scale.bound(r)),
        Value::Money(fen) => number::money(Ratio::whole(*fen), &[]),
        Value::Years(n) => format!("{n}年"),
        Value::Flag(_) | Value::Day(_) => super::clause::literal(value),
    };
    match of {
        Operand::Value(value) => said(value),
        Operand::Setting(name) => match ctx.given.values(name).first() {
            Some(value) if named => format!("{}（{}）", said(value), super::setting(name)),
            Some(value) => said(value),
            None => format!("{}的值（尚未设定）", super::setting(name)),
        },
        Operand::Subject(p) => path(ctx.layout, ctx.table(), p).text,
    }
}
