//! The arithmetic of a verdict, one line for each part.

use super::{
    Context, number, ordinal, rule,
    scale::{self, Scale},
    short,
};
use crate::{
    directive::model::{Measure, Pace, Part, TargetOp},
    ratio::Ratio,
    verdict::{
        explain::{Explanation, PartExplanation},
        judge::{PartVerdict, State, TargetNow},
        light::{Light, Thresholds},
    },
};

/// A line of arithmetic: `计入1次，应不少于2次，至今应完成2次×15天÷31天＝0次（只舍不入）`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Name of the part, where there are several: `①文件（服务方案）`.
    pub part: Option<String>,
    /// The numbers.
    pub terms: Vec<Term>,
    /// What follows: `落后16.7个百分点，黄灯（10起黄灯，30以上红灯）`.
    pub outcome: String,
}

/// A number with its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// What stands before it: `÷`, `＝`, `，`; empty for the first.
    pub sign: String,
    /// What it is: `计入`.
    pub label: String,
    /// Number and unit: `1次`.
    pub value: String,
}

impl Term {
    fn new(sign: &str, label: &str, value: String) -> Term {
        Term { sign: sign.into(), label: label.into(), value }
    }
}

/// The arithmetic of each part.
pub fn sums(ctx: Context<'_>, e: &Explanation) -> Vec<Sum> {
    let several = ctx.requirement.parts.len() > 1;
    let parts = ctx.requirement.parts.iter().zip(&e.verdict.parts).zip(&e.parts);
    parts
        .enumerate()
        .map(|(i, ((part, pv), told))| Sum {
            part: several.then(|| format!("{}{}", ordinal(ctx, i), short::part_name(ctx, part))),
            ..sum(ctx, e.verdict.state, part, pv, told)
        })
        .collect()
}

fn sum(ctx: Context<'_>, whole: State, part: &Part, pv: &PartVerdict, told: &PartExplanation) -> Sum {
    let Some(value) = pv.value else {
        let none = match pv.state {
            State::Na => "不适用",
            State::Figure => "没有可计的记录",
            State::Open => "还没有可计的记录",
            _ => "没有可用的数，数据不足",
        };
        return Sum { outcome: none.into(), ..Sum::default() };
    };
    let scale = scale::scale(ctx, part);
    let mut terms = counted(ctx, part, pv, value, scale);
    if let Some(greatest) = pv.greatest {
        let label = match scale {
            Scale::Count(_) => "说不清的都计入则为",
            _ => "说不清的都算达到则为",
        };
        terms.push(Term::new("，", label, said(scale, greatest, pv.target.as_ref())));
    }
    let Some(target) = &pv.target else {
        return Sum { terms, outcome: "只列数字，不判定".into(), part: None };
    };
    if scale != Scale::Holds {
        let should = if target.op == TargetOp::Between { "应为" } else { "应" };
        terms.push(Term::new("，", should, scale::target(ctx, part, target)));
    }
    let outcome = match told.pace {
        Some((elapsed, total, behind)) => {
            terms.extend(expected(part, target, value, scale, (elapsed, total)));
            paced(ctx, pv, behind)
        }
        None => unpaced(whole, pv),
    };
    Sum { terms, outcome, part: None }
}

/// How the value came about.
fn counted(ctx: Context<'_>, part: &Part, pv: &PartVerdict, value: Ratio, scale: Scale) -> Vec<Term> {
    let shown = scale.value(value, pv.target.as_ref());
    let (num, den) = (Ratio::whole(pv.counted.0), Ratio::whole(pv.counted.1));
    let whole = |r: Ratio, scale: Scale| scale.value(r, None);
    match &part.measure {
        Measure::Count(_) | Measure::Distinct(..) => vec![Term::new("", "计入", shown)],
        Measure::Sum(..) => vec![Term::new("", "合计", shown)],
        Measure::Share(..) if pv.counted.1 == 0 => vec![Term::new("", "没有应计的记录，按0计，占比", shown)],
        Measure::Share(source, _) => {
            let unit = scale::rows_scale(ctx, source);
            vec![
                Term::new("", "符合", whole(num, unit)),
                Term::new("÷", "应计", whole(den, unit)),
                Term::new("＝", "占比", shown),
            ]
        }
        Measure::Ratio(top, bottom) => {
            let sides = [top, bottom].map(|m| (short::side_name(ctx, part, m), scale::measure_scale(ctx, m)));
            vec![
                Term::new("", &sides[0].0, whole(num, sides[0].1)),
                Term::new("÷", &sides[1].0, whole(den, sides[1].1)),
                Term::new("＝", "", shown),
            ]
        }
        Measure::Change(source, from, to) => {
            let name = |p| scale::field_name(ctx, source, p);
            vec![
                Term::new("", &format!("{}比{}少", name(to), name(from)), whole(num, Scale::Number)),
                Term::new("÷", &format!("{}合计", name(from)), whole(den, Scale::Number)),
                Term::new("＝", "降幅", shown),
            ]
        }
        Measure::Latest(..) => vec![Term::new("", "最后一条为", shown)],
        Measure::Span(..) => vec![Term::new("", "已有", shown)],
        Measure::Holds(_) => vec![Term::new("", "条件", said(scale, value, None))],
    }
}

/// A value; of conditions in words.
fn said(scale: Scale, v: Ratio, target: Option<&TargetNow>) -> String {
    match scale {
        Scale::Holds if v >= Ratio::ONE => "已满足".into(),
        Scale::Holds => "未满足".into(),
        _ => scale.value(v, target),
    }
}

/// What should have been done by now.
fn expected(part: &Part, target: &TargetNow, value: Ratio, scale: Scale, days: (i64, i64)) -> Vec<Term> {
    let (elapsed, total) = days;
    let Some(share) = Ratio::new(elapsed, total) else { return Vec::new() };
    match rule::pace(part) {
        Pace::Steps => {
            let due = target.value.times(share).map_or(0, Ratio::floor);
            let bound = scale.bound(target.value);
            vec![
                Term::new("；", "至今应完成", format!("{bound}×{elapsed}天÷{total}天")),
                Term::new("＝", "", format!("{}（只舍不入）", scale.bound(Ratio::whole(due)))),
            ]
        }
        Pace::Linear => {
            let done = value.over(target.value).map_or_else(String::new, |d| number::percent(d, 1, &[share]));
            vec![
                Term::new("；", "序时进度", format!("{elapsed}天÷{total}天")),
                Term::new("＝", "", number::percent(share, 1, &[])),
                Term::new("，", "已完成应有数的", done),
            ]
        }
        Pace::None => Vec::new(),
    }
}

/// What the pace comes to.
fn paced(ctx: Context<'_>, pv: &PartVerdict, behind: Ratio) -> String {
    let given = |name, default| ctx.given.whole(name).unwrap_or(default);
    let lines = Thresholds::default();
    let (yellow, red) = (given("yellow_from", lines.yellow), given("red_from", lines.red));
    let lines = format!("落后{yellow}个百分点起黄灯，超过{red}个百分点红灯");
    let light = lamp(pv.light).map(|l| format!("，{l}")).unwrap_or_default();
    if behind <= Ratio::ZERO {
        let near = if pv.light == Light::Yellow { "，但期限将到仍未达到" } else { "" };
        return format!("不落后{near}{light}");
    }
    let points = number::decimal(behind, 1, &[Ratio::whole(yellow), Ratio::whole(red)]);
    let near =
        if pv.light == Light::Yellow && behind < Ratio::whole(yellow) { "，期限将到仍未达到" } else { "" };
    format!("落后{points}个百分点{near}{light}（{lines}）")
}

fn unpaced(whole: State, pv: &PartVerdict) -> String {
    // Within its term a part that is not met does not fail yet.
    if whole == State::Open && pv.state == State::Fail {
        return "尚未达到".into();
    }
    let light = lamp(pv.light).filter(|_| pv.state == State::Open).map(|l| format!("，{l}")).unwrap_or_default();
    format!("{}{light}", pv.state.chinese())
}

fn lamp(light: Light) -> Option<&'static str> {
    match light {
        Light::None => None,
        Light::Green => Some("绿灯"),
        Light::Yellow => Some("黄灯"),
        Light::Red => Some("红灯"),
    }
}
