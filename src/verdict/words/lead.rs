//! The state of a verdict and what is missing, in one sentence.

use super::{
    Context,
    noun::{bound, counter, path, table_of, this},
    ordinal,
    period::{due_day, window_name},
    reason::{Step, fillable, rows_noun, sources},
    scale::{self, Scale},
    short,
};
use crate::{
    day::Day,
    directive::model::{At, Each, Measure, NoData, Of, Operand, Part, Partial, TargetOp, When},
    ratio::Ratio,
    verdict::{
        eval::Fate,
        explain::{Explanation, PartExplanation},
        judge::{PartVerdict, State, TargetNow},
        kind::Kind,
    },
};

/// One part of a verdict with everything about it.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) i: usize,
    pub(super) part: &'a Part,
    pub(super) verdict: &'a PartVerdict,
    pub(super) told: &'a PartExplanation,
}

/// The parts of an explained verdict.
pub(super) fn items<'a>(ctx: Context<'a>, e: &'a Explanation) -> Vec<Item<'a>> {
    let all = ctx.requirement.parts.iter().zip(&e.verdict.parts).zip(&e.parts).enumerate();
    all.map(|(i, ((part, verdict), told))| Item { i, part, verdict, told }).collect()
}

/// State and what is missing: `进行中：指导记录计入0次，再需2次，最迟2025年10月31日。`,
/// `未达标：指导记录计入1次，应不少于2次，少1次；2025年3月已结束，不能再补。`
pub fn lead(ctx: Context<'_>, e: &Explanation) -> String {
    let all = items(ctx, e);
    let said = match e.verdict.state {
        State::Figure => return format!("只列数字：{}。", listed(ctx, &all, |p| reached(ctx, p))),
        State::Pass if all.len() > 2 => format!("{}项均已达到", all.len()),
        State::Pass => listed(ctx, &all, |p| met(ctx, p)),
        State::Na => na(ctx, e, &all),
        State::Unknown => unknown(ctx, e, &all).join("；"),
        State::Open => open(ctx, e, &all),
        State::Fail => fail(ctx, e, &all),
    };
    format!("{}：{said}。", e.verdict.state.chinese())
}

/// Several parts with their numbers, a single one without.
fn listed(ctx: Context<'_>, all: &[Item<'_>], say: impl Fn(Item<'_>) -> String) -> String {
    let said: Vec<String> = all.iter().map(|p| format!("{}{}", ordinal(ctx, p.i), say(*p))).collect();
    said.join("；")
}

/// What a part came to: `指导记录计入1次`.
pub(super) fn reached(ctx: Context<'_>, p: Item<'_>) -> String {
    let name = short::part_name(ctx, p.part);
    let Some(value) = p.verdict.value else {
        return match p.verdict.state {
            State::Na => format!("{name}不适用"),
            _ if persons(p.part) => "没有符合条件的人员".into(),
            _ => format!("还没有{}的记录", short::rows_name(ctx, p.part)),
        };
    };
    let shown = scale::value(ctx, p.part, value, p.verdict.target.as_ref());
    match &p.part.measure {
        Measure::Count(_) | Measure::Distinct(..) => format!("{name}计入{shown}"),
        Measure::Sum(..) => format!("{name}合计{shown}"),
        Measure::Change(..) => format!("{name}降幅为{shown}"),
        Measure::Latest(..) => format!("{name}最后一条为{shown}"),
        Measure::Span(..) => format!("{name}已有{shown}"),
        Measure::Share(..) | Measure::Ratio(..) => format!("{name}为{shown}"),
        Measure::Holds(_) => holds(ctx, p, value),
    }
}

fn holds(ctx: Context<'_>, p: Item<'_>, value: Ratio) -> String {
    if value >= Ratio::ONE {
        return format!("已满足：{}", short::part_name(ctx, p.part));
    }
    let missing = p.told.rows.iter().find_map(|row| match &row.trace.fate {
        Fate::Fails(name) => Some(super::reason::unmet(ctx, p.part, row.table, name, Step::Any)),
        Fate::Unclear(name) => Some(super::reason::untold(ctx, p.part, row.table, name)),
        _ => None,
    });
    let missing = missing.unwrap_or_else(|| "条件没有满足".into());
    if overdue(ctx, p) { format!("到期限之日，{missing}") } else { missing }
}

/// The deadline of a part is over; it can still be made good.
pub(super) fn overdue(ctx: Context<'_>, p: Item<'_>) -> bool {
    matches!(ctx.requirement.when, When::ByDate(_) | When::ByField { .. }) && !p.told.frame.running
}

fn met(ctx: Context<'_>, p: Item<'_>) -> String {
    match (&p.verdict.target, &p.part.measure, p.verdict.state) {
        (_, Measure::Holds(_), _) | (None, ..) | (_, _, State::Na) => reached(ctx, p),
        (Some(t), ..) => format!("{}，{}", reached(ctx, p), scale::should(ctx, p.part, t)),
    }
}

/// How far it is from the target: `少1次`, `差0.5个百分点`, `超出1人`; `None` if it is there, or cannot be said in numbers.
pub(super) fn gap(ctx: Context<'_>, p: Item<'_>, word: &str) -> Option<String> {
    let (target, value) = (p.verdict.target.as_ref()?, p.verdict.value?);
    let scale = scale::scale(ctx, p.part);
    let (below, above) = distance(target, value);
    let said = |by: Ratio| match scale {
        Scale::Share => {
            by.times(Ratio::whole(100)).map(|p| format!("{}个百分点", super::number::decimal(p, 1, &[Ratio::ZERO])))
        }
        Scale::Holds => None,
        _ => Some(scale.value(by, None)),
    };
    let word = match scale {
        Scale::Count(_) => word,
        _ => "差",
    };
    match (below, above) {
        (Some(by), _) => said(by).map(|t| format!("{word}{t}")),
        (_, Some(by)) => said(by).map(|t| format!("超出{t}")),
        _ => None,
    }
}

/// By how much a value is below the lower or above the upper bound.
pub(super) fn distance(target: &TargetNow, value: Ratio) -> (Option<Ratio>, Option<Ratio>) {
    let low = (target.op != TargetOp::AtMost).then_some(target.value);
    let high = match target.op {
        TargetOp::AtLeast => None,
        TargetOp::AtMost | TargetOp::Exactly => Some(target.value),
        TargetOp::Between => Some(target.upper),
    };
    let below = low.and_then(|l| l.minus(value)).filter(|d| *d > Ratio::ZERO);
    let above = high.and_then(|h| value.minus(h)).filter(|d| *d > Ratio::ZERO);
    (below, above)
}

/// The last day on which something can still count for a part; `None` without one.
pub(super) fn deadline(ctx: Context<'_>, p: Item<'_>) -> Option<Day> {
    let period = |s: &&crate::directive::model::Source| {
        let dated = s.dated.as_ref();
        dated.is_some_and(|f| path(ctx.layout, table_of(ctx.layout, s), &vec![f.clone()]).kind == Kind::Period)
    };
    let frame = &p.told.frame;
    let about = sources(&p.part.measure).iter().any(period);
    let day = if about { frame.shut } else { frame.to };
    (day < Day::MAX).then_some(day)
}

fn open(ctx: Context<'_>, e: &Explanation, all: &[Item<'_>]) -> String {
    if let Some((name, slots)) = ctx.open_slots() {
        return format!("名目“{name}”应有{}个，只定了{}个，定全以前不下结论", slots.size, slots.named.len());
    }
    let left: Vec<Item<'_>> = all.iter().filter(|p| undone(p)).copied().collect();
    let days: Vec<Day> = left.iter().filter(|p| p.told.frame.running).filter_map(|p| deadline(ctx, *p)).collect();
    let alike = days.iter().all(|d| *d == days[0]);
    let said = listed(ctx, &left, |p| {
        let day = deadline(ctx, p).filter(|_| !alike && p.told.frame.running);
        let day = day.map(|d| format!("，最迟{}", d.chinese())).unwrap_or_default();
        let so_far = match gap(ctx, p, "再需") {
            _ if p.verdict.state == State::Unknown => unclear(ctx, p).join("、"),
            Some(gap) => format!("{}，{gap}", reached(ctx, p)),
            None if matches!(p.part.measure, Measure::Holds(_)) || p.verdict.value.is_none() => reached(ctx, p),
            None => format!("{}，已达到，期满再定", reached(ctx, p)),
        };
        so_far + &day
    });
    let until = if alike { until(ctx, e, days.first().copied()) } else { String::new() };
    if until.is_empty() { said } else { format!("{said}，{until}") }
}

/// A part on which the verdict still rests.
pub(super) fn undone(p: &Item<'_>) -> bool {
    matches!(p.verdict.state, State::Open | State::Fail | State::Unknown)
}

/// Until when an open verdict can still be met.
fn until(ctx: Context<'_>, e: &Explanation, day: Option<Day>) -> String {
    match &ctx.requirement.when {
        When::Once(due) => match due.as_ref().and_then(|d| due_day(ctx, d)) {
            Some(day) => format!("最迟{}", day.chinese()),
            None => "没有期限".into(),
        },
        When::Standing => "在宽限期内".into(),
        When::Life if e.verdict.window.to == Day::MAX => "终止时再定".into(),
        _ => match day {
            Some(day) => format!("最迟{}", day.chinese()),
            None => no_deadline(ctx),
        },
    }
}

fn no_deadline(ctx: Context<'_>) -> String {
    let When::ByField { fields, .. } = &ctx.requirement.when else { return "期限未定".into() };
    let names: Vec<String> = fields.iter().map(|f| path(ctx.layout, ctx.table(), f).text).collect();
    format!("期限未定（{}未填）", names.join("、"))
}

fn fail(ctx: Context<'_>, e: &Explanation, all: &[Item<'_>]) -> String {
    let failed: Vec<Item<'_>> = all.iter().filter(|p| p.verdict.state == State::Fail).copied().collect();
    let said = listed(ctx, &failed, |p| match (gap(ctx, p, "少"), &p.verdict.target) {
        (Some(gap), Some(t)) => format!("{}，{}，{gap}", reached(ctx, p), scale::should(ctx, p.part, t)),
        _ => reached(ctx, p),
    });
    format!("{said}；{}", remedy(ctx, e, &failed))
}

/// Whether and how a fail can be made good.
fn remedy(ctx: Context<'_>, e: &Explanation, failed: &[Item<'_>]) -> String {
    let v = &e.verdict;
    if v.late {
        return "逾期后已补齐，注明“已补”".into();
    }
    if failed.iter().any(|p| beyond(ctx, *p)) {
        return "已经超出，不能挽回".into();
    }
    match &ctx.requirement.when {
        When::ByDate(_) | When::ByField { .. } => {
            let day = failed.iter().filter_map(|p| deadline(ctx, *p)).min().unwrap_or(v.window.to);
            format!("期限{}已过，补齐后注明“已补”", day.chinese())
        }
        When::Every(_) | When::Life => {
            let over = match ctx.requirement.when {
                When::Life => "已终止".to_owned(),
                _ => format!("{}已过", window_name(&v.window.label)),
            };
            let fills = failed.iter().any(|p| !fillable(ctx, p.part, &p.told.rows).is_empty());
            format!("{over}，{}", if fills { "只能补填已登记的记录" } else { "不能再补" })
        }
        When::Standing => "补齐或更正后重新判定".into(),
        When::Once(_) => "期限已过，补齐后重新判定".into(),
    }
}

/// Already above what is allowed, with nothing that could come down again but a correction.
pub(super) fn beyond(ctx: Context<'_>, p: Item<'_>) -> bool {
    if matches!(ctx.requirement.when, When::Standing | When::Once(_)) {
        return false;
    }
    let above = p.verdict.target.as_ref().zip(p.verdict.value).is_some_and(|(t, v)| distance(t, v).1.is_some());
    let falls = sources(&p.part.measure).iter().any(|s| s.at == Some(At::End));
    above && !falls && matches!(p.part.measure, Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..))
}

fn na(ctx: Context<'_>, e: &Explanation, all: &[Item<'_>]) -> String {
    let mut reasons: Vec<String> = all.iter().map(|p| na_reason(ctx, e, *p)).collect();
    reasons.dedup();
    reasons.join("；")
}

fn na_reason(ctx: Context<'_>, e: &Explanation, p: Item<'_>) -> String {
    if p.verdict.target.is_some_and(|t| t.whole.is_some() && t.value == Ratio::ZERO) {
        return format!("{}在册日数不足，应有数折算为0", window_name(&e.verdict.window.label));
    }
    let r = ctx.requirement;
    let periodic = matches!(r.when, When::Every(_) | When::ByDate(_));
    let counted = p.told.rows.iter().any(|r| matches!(r.trace.fate, Fate::Counted | Fate::Short(_) | Fate::Unclear(_)));
    if persons(p.part) && !counted {
        return "没有符合条件的人员".into();
    }
    let absent = r.partial == Partial::None && periodic && r.each != Each::System;
    match absent && (counted || p.part.no_data != Some(NoData::Na)) {
        true => format!("{}没有全程{}", window_name(&e.verdict.window.label), presence(ctx)),
        false => format!("没有应计的{}", short::rows_name(ctx, p.part)),
    }
}

fn presence(ctx: Context<'_>) -> &'static str {
    match ctx.requirement.each {
        Each::System | Each::Unit => "存续",
        Each::Person => "在判定范围内",
        Each::Ledger(_) => "在册",
    }
}

fn persons(part: &Part) -> bool {
    matches!(&part.measure, Measure::Share(s, _) if s.of == Of::Person)
}

/// Why nothing can be said: settings, slots, fields that are empty.
pub(super) fn unknown(ctx: Context<'_>, e: &Explanation, all: &[Item<'_>]) -> Vec<String> {
    let mut reasons: Vec<String> =
        unset(ctx, e, all).into_iter().map(|name| format!("{}尚未设定", super::setting(name))).collect();
    if let Some((name, slots)) = ctx.open_slots() {
        reasons.push(format!("名目“{name}”应有{}个，只定了{}个", slots.size, slots.named.len()));
    }
    if reasons.is_empty() {
        let unknown = all.iter().filter(|p| p.verdict.state == State::Unknown);
        reasons = unknown.flat_map(|p| unclear(ctx, *p)).collect();
        reasons.dedup();
    }
    reasons
}

/// Settings without which nothing can be said, those of targets included.
pub(super) fn unset<'a>(ctx: Context<'_>, e: &'a Explanation, all: &[Item<'a>]) -> Vec<&'a str> {
    let targets = all.iter().filter(|p| p.verdict.target.is_none()).filter_map(|p| target_setting(ctx, p.part));
    e.verdict.unset.iter().map(String::as_str).chain(targets).collect()
}

/// Why a part cannot be told.
fn unclear(ctx: Context<'_>, p: Item<'_>) -> Vec<String> {
    let open = fillable(ctx, p.part, &p.told.rows);
    let waiting: Vec<String> = open
        .iter()
        .filter(|f| f.unclear)
        .map(|f| {
            format!("{}中{}的{}{}", rows_noun(ctx, f.table), f.missing, f.records.len(), counter(ctx.layout, f.table))
        })
        .collect();
    if !waiting.is_empty() {
        return match &p.part.measure {
            Measure::Holds(_) => open.iter().filter(|f| f.unclear).map(|f| f.missing.clone()).collect(),
            _ => waiting,
        };
    }
    if doubtful(ctx, p) {
        return vec![format!("{}是否属于判定对象说不清：{}", this(ctx), bound(ctx))];
    }
    vec![match &p.part.measure {
        Measure::Ratio(top, bottom) if reads(ctx, p, top) || p.part.no_data == Some(NoData::Zero) => {
            format!("{}为0", short::side_name(ctx, p.part, bottom))
        }
        _ if persons(p.part) => "没有在岗人员，花名册未报".into(),
        _ => format!("没有{}的记录", short::rows_name(ctx, p.part)),
    }]
}

/// Whether a row of a measure's own counts.
fn reads(ctx: Context<'_>, p: Item<'_>, measure: &Measure) -> bool {
    let tables: Vec<usize> = sources(measure).into_iter().map(|s| table_of(ctx.layout, s)).collect();
    let counts = |fate: &Fate| matches!(fate, Fate::Counted | Fate::Short(_));
    p.told.rows.iter().any(|r| tables.contains(&r.table) && counts(&r.trace.fate))
}

/// Whether the subject belongs here at all cannot be told: there is no value although there would be one.
pub(super) fn doubtful(ctx: Context<'_>, p: Item<'_>) -> bool {
    let unknown = p.verdict.state == State::Unknown && p.verdict.value.is_none() && p.verdict.target.is_some();
    let valued = match &p.part.measure {
        Measure::Holds(_) | Measure::Span(..) => true,
        Measure::Ratio(top, bottom) => reads(ctx, p, top) && reads(ctx, p, bottom),
        Measure::Share(..) | Measure::Change(..) | Measure::Latest(..) => reads(ctx, p, &p.part.measure),
        Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..) => {
            p.part.no_data == Some(NoData::Zero) || reads(ctx, p, &p.part.measure)
        }
    };
    let waits = || fillable(ctx, p.part, &p.told.rows).iter().any(|f| f.unclear);
    unknown && valued && !super::noun::always_told(ctx) && !waits()
}

/// A setting that the target rests on and that is not set.
fn target_setting<'a>(ctx: Context<'_>, part: &'a Part) -> Option<&'a str> {
    let steps = part.target.iter().flat_map(|t| &t.steps);
    steps.flat_map(|s| [Some(&s.value), s.upper.as_ref()]).flatten().find_map(|o| match o {
        Operand::Setting(name) if ctx.given.values(name).is_empty() => Some(name.as_str()),
        _ => None,
    })
}
