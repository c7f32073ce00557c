//! 怎么算: a requirement's rule, key by key, one sentence or two for each part.

use super::{
    Context,
    clause::conditions,
    noun::{self, path, table_of, this},
    ordinal, period,
    rows::rows,
    scale,
};
use crate::{
    directive::model::{
        Conds, Count, Each, LedgerKind, Measure, NoData, Of, Pace, Part, Partial, Rollup, Source, Target, TargetOp,
        When,
    },
    verdict::{kind::Kind, light::Thresholds, world::PERSON},
};

/// A point of the rule and what is said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// At most 6 characters: `判定对象`, `怎么算`, `没有记录`.
    pub term: String,
    /// One sentence or two.
    pub text: String,
}

/// The whole rule as sentences: who and when first, then every part, then what follows from gaps, parts of periods, and
/// totals.
pub fn rule(ctx: Context<'_>) -> Vec<String> {
    facts(ctx).into_iter().map(|f| f.text).collect()
}

/// The whole rule by its points.
pub fn facts(ctx: Context<'_>) -> Vec<Fact> {
    let r = ctx.requirement;
    let fact = |term: &str, text: String| Fact { term: term.to_owned(), text };
    let mut all = vec![fact("判定对象", subjects(ctx)), fact("判定时间", format!("{}。", period::sentence(ctx)))];
    for (i, part) in r.parts.iter().enumerate() {
        all.push(fact(&format!("怎么算{}", ordinal(ctx, i)), format!("{}。", measured(ctx, part))));
    }
    let more = [
        ("期中起止", partial(ctx)),
        ("没有记录", no_data(ctx)),
        ("待定名目", slots(ctx)),
        ("宽限", grace(ctx)),
        ("逾期", late(ctx)),
        ("单位判定", rollup(ctx)),
        ("亮灯", light(ctx)),
        ("未达标后", on_fail(ctx)),
        ("参照", r.reference.as_ref().map(|text| format!("{text}（只作参照，不判定）。"))),
    ];
    all.extend(more.into_iter().filter_map(|(term, text)| text.map(|text| fact(term, text))));
    if !r.enabled {
        all.push(fact("停用", "本项停用，不判定。".into()));
    }
    all
}

fn subjects(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    let kind = noun::subject_kind(ctx);
    let bound = noun::bound(ctx);
    let mut text = match (r.per.is_empty(), bound.is_empty()) {
        (true, true) => kind,
        (true, false) => format!("{kind}，限{bound}的"),
        (false, true) => format!("{kind}，由{}归集", noun::title(ctx.layout, ctx.table())),
        (false, false) => format!("{kind}，由{}归集，限{bound}的", noun::title(ctx.layout, ctx.table())),
    };
    if !noun::always_told(ctx) {
        text += "；所限内容未填的，为数据不足";
    }
    text + "。"
}

/// One part in a sentence without its full stop.
fn measured(ctx: Context<'_>, part: &Part) -> String {
    let (demand, comma) = demand(ctx, part);
    let field = |source: &Source, p| path(ctx.layout, table_of(ctx.layout, source), p).text;
    let text = match &part.measure {
        Measure::Count(source) => {
            let said = rows(ctx, part, source);
            let plain = said.conds.is_empty() && said.dating.is_empty() && source.last_per.is_none();
            format!("{}{}{demand}", clause_last(ctx, part, source), if plain { comma } else { "，" })
        }
        Measure::Distinct(source, p) => {
            let what = match path(ctx.layout, table_of(ctx.layout, source), p) {
                told if told.kind == Kind::Ref(PERSON) => "同一人只计一次，".into(),
                told if part.target.is_none() => format!("不同的{}数，", told.text),
                told => format!("不同的{}{comma}", told.text),
            };
            format!("{}，{what}{demand}", clause_last(ctx, part, source))
        }
        Measure::Sum(source, p) => {
            format!("{}，{}合计{comma}{demand}", clause_last(ctx, part, source), field(source, p))
        }
        Measure::Share(source, that) => share(ctx, part, source, that, &format!("{comma}{demand}")),
        Measure::Ratio(top, bottom) => {
            format!("分子为{}，分母为{}；两数相除，{demand}", side(ctx, part, top), side(ctx, part, bottom))
        }
        Measure::Change(source, from, to) => {
            let (from, to) = (field(source, from), field(source, to));
            let rows = clause_last(ctx, part, source);
            format!("{rows}；降幅＝（{from}合计－{to}合计）÷{from}合计，{demand}；有一条缺数的，为数据不足")
        }
        Measure::Latest(source, p) => {
            format!("{}，取最后一条的{}{comma}{demand}", clause_last(ctx, part, source), field(source, p))
        }
        Measure::Span(from, to) => {
            let name = |p| path(ctx.layout, ctx.table(), p).text;
            format!("从{}到{}，首尾两日都算，{demand}", name(from), name(to))
        }
        Measure::Holds(conds) => holds(ctx, part, conds),
    };
    match (part.by.as_ref(), part.since_any) {
        (Some(by), any) => format!("{text}；期限：{}", deadline(ctx, by, any)),
        (None, true) if !ctx.requirement.since_any => format!("{text}；此前的记录不论早晚都计入"),
        _ => text,
    }
}

/// What is demanded, and the comma that stands before it where it is not simply said of the noun.
fn demand(ctx: Context<'_>, part: &Part) -> (String, &'static str) {
    let Some(demand) = scale::demanded(ctx, part) else { return ("只列数字，不判定".into(), "，") };
    let target = part.target.as_ref();
    let is = target.is_some_and(|t| t.op == TargetOp::Between && t.steps.len() == 1);
    let several = target.is_some_and(|t| t.steps.len() > 1);
    (if is { format!("为{demand}") } else { demand }, if several { "，" } else { "" })
}

fn holds(ctx: Context<'_>, part: &Part, conds: &Conds) -> String {
    let all = conditions(ctx, ctx.table(), conds, true);
    let must = match (part.target.as_ref().map(|t| t.op), all.len()) {
        (Some(TargetOp::AtLeast), ..=1) => "须满足：",
        (Some(TargetOp::AtLeast), _) => "须同时满足：",
        (Some(_), ..=1) => "不得有：",
        (Some(_), _) => "不得同时有：",
        (None, _) => "是否满足：",
    };
    let figure = if part.target.is_none() { "，只列数字，不判定" } else { "" };
    format!("{}{must}{}{figure}", this(ctx), all.join("、"))
}

fn deadline(ctx: Context<'_>, by: &When, any: bool) -> String {
    match by {
        When::ByDate(day) => format!("{}（含当日）", day.chinese()),
        by => period::by_field(ctx, by, any).unwrap_or_default(),
    }
}

/// Rows, with only the last of each where the source says so.
fn clause_last(ctx: Context<'_>, part: &Part, source: &Source) -> String {
    let clause = rows(ctx, part, source).clause();
    last_per(ctx, source).map_or(clause.clone(), |last| format!("{clause}，{last}"))
}

/// `每人只取最后一条`
pub(super) fn last_per(ctx: Context<'_>, source: &Source) -> Option<String> {
    let told = path(ctx.layout, table_of(ctx.layout, source), source.last_per.as_ref()?);
    Some(match told.kind {
        Kind::Ref(PERSON) => "每人只取最后一条".into(),
        _ => format!("同一{}只取最后一条", told.text),
    })
}

fn share(ctx: Context<'_>, part: &Part, source: &Source, that: &Conds, demand: &str) -> String {
    let notes = notes(ctx, part, source, "");
    let notes = if notes.is_empty() { notes } else { format!("，{notes}") };
    let that = conditions(ctx, table_of(ctx.layout, source), that, false).join("、");
    format!("以{}为分母{notes}；其中{that}的占比{demand}", rows(ctx, part, source).whole())
}

/// How rows are dated, and that only the last of each counts.
fn notes(ctx: Context<'_>, part: &Part, source: &Source, more: &str) -> String {
    let dating = rows(ctx, part, source).dating;
    let all = [dating, last_per(ctx, source).unwrap_or_default(), more.to_owned()];
    all.into_iter().filter(|n| !n.is_empty()).collect::<Vec<_>>().join("，")
}

/// Top or bottom of a ratio.
fn side(ctx: Context<'_>, part: &Part, measure: &Measure) -> String {
    let (source, what, more) = match measure {
        Measure::Count(source) => (source, "数".to_owned(), ""),
        Measure::Distinct(source, p) => match path(ctx.layout, table_of(ctx.layout, source), p) {
            told if told.kind == Kind::Ref(PERSON) => (source, "人数".into(), "同一人只计一次"),
            told => (source, format!("不同的{}数", told.text), ""),
        },
        Measure::Sum(source, p) => {
            (source, format!("{}合计", path(ctx.layout, table_of(ctx.layout, source), p).text), "")
        }
        _ => return String::new(),
    };
    let notes = notes(ctx, part, source, more);
    let notes = if notes.is_empty() { notes } else { format!("（{notes}）") };
    format!("{}{what}{notes}", rows(ctx, part, source).whole())
}

fn partial(ctx: Context<'_>) -> Option<String> {
    let r = ctx.requirement;
    if r.each == Each::System || !matches!(r.when, When::Every(_) | When::ByDate(_)) {
        return None;
    }
    let (change, days) = match r.each {
        Each::Unit => ("设立或撤销", "存续"),
        Each::Person if r.filter.is_empty() => ("到岗或离岗", "在岗"),
        Each::Person => ("到岗、离岗或进出判定范围", "在范围内的"),
        _ => ("开始或终止", "在册"),
    };
    let who = format!("{}{change}的", period::midst(&r.when));
    let additive = |p: &Part| matches!(p.measure, Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..));
    let least = |p: &Part| p.target.as_ref().is_some_and(|t| t.op == TargetOp::AtLeast);
    let prorated = r.parts.iter().any(|p| additive(p) && least(p));
    Some(match r.partial {
        Partial::Prorate if prorated => format!("{who}，应有数按{days}日数折算，只舍不入；折算为0的，不适用。"),
        Partial::Prorate | Partial::Full => format!("{who}，仍按全数要求。"),
        Partial::None => format!("{who}，{}不适用。", period::that_period(&r.when)),
    })
}

fn no_data(ctx: Context<'_>) -> Option<String> {
    let said: Vec<Option<String>> = ctx.requirement.parts.iter().map(|p| nothing(ctx, p)).collect();
    let told: Vec<&String> = said.iter().flatten().collect();
    let first = *told.first()?;
    if told.iter().all(|t| *t == first) {
        return Some(format!("{first}。"));
    }
    let all = said.iter().enumerate().filter_map(|(i, t)| Some(format!("{}{}", ordinal(ctx, i), t.as_ref()?)));
    Some(format!("{}。", all.collect::<Vec<_>>().join("；")))
}

/// What no row means for a part; a figure and the subject's own row need no such rule.
fn nothing(ctx: Context<'_>, part: &Part) -> Option<String> {
    part.target.as_ref()?;
    let rule = match part.no_data? {
        NoData::Zero => "按0计",
        NoData::Unknown => "为数据不足",
        NoData::Na => "不适用",
    };
    Some(match &part.measure {
        Measure::Share(source, _) if source.of == Of::Person => {
            "没有符合条件的人员，不适用；一个在岗人员也没有，为数据不足".into()
        }
        Measure::Ratio(..) if part.no_data == Some(NoData::Unknown) => "分子没有记录，或分母为0的，为数据不足".into(),
        Measure::Ratio(..) => format!("分子没有记录的，{rule}；分母为0的，为数据不足"),
        Measure::Span(from, _) => format!("{}未填的，{rule}", path(ctx.layout, ctx.table(), from).text),
        Measure::Holds(_) => return None,
        _ => format!("没有记录的，{rule}"),
    })
}

fn slots(ctx: Context<'_>) -> Option<String> {
    let (name, slots) = ctx.slots()?;
    let named = if slots.named.is_empty() { String::new() } else { format!("（{}）", slots.named.join("、")) };
    let left = slots.size - slots.named.len() as i64;
    Some(match left {
        ..=0 => format!("只计名目“{name}”所列的{}个{named}。", slots.size),
        _ => format!(
            "名目“{name}”应有{}个，已定名{}个{named}；定全以前不下结论，只计已定名的。",
            slots.size,
            slots.named.len()
        ),
    })
}

fn grace(ctx: Context<'_>) -> Option<String> {
    let grace = ctx.requirement.grace.as_ref()?;
    let first = if ctx.requirement.each == Each::Person { "本次到岗之日" } else { "首日" };
    Some(format!("自{first}起{}内，没有做到或数据不足的，为进行中。", ctx.days(grace)))
}

fn late(ctx: Context<'_>) -> Option<String> {
    let r = ctx.requirement;
    let by = matches!(r.when, When::ByDate(_) | When::ByField { .. });
    let by = by.then(|| "逾期后补齐的，仍为未达标，注明“已补”。".to_owned());
    let again =
        noun::again_title(ctx).map(|field| format!("另有达标的以“{field}”指回本次的，本次仍为未达标，注明“已补”。"));
    let all: Vec<String> = by.into_iter().chain(again).collect();
    (!all.is_empty()).then(|| all.concat())
}

fn rollup(ctx: Context<'_>) -> Option<String> {
    let r = ctx.requirement;
    let whose = if r.each == Each::Unit { "全市" } else { "单位和全市" };
    match &r.rollup {
        Rollup::None => None,
        Rollup::ShareMet => Some(format!("{whose}：{}全部达标为达标，不适用的除外。", noun::owned(ctx))),
        Rollup::Pool => {
            let demand = r.parts.first().and_then(|p| scale::demanded(ctx, p)).unwrap_or_default();
            Some(format!("{whose}：各判定对象的分子、分母分别相加后相除，{demand}。"))
        }
        Rollup::CountMet(n) => {
            let table = ctx.table();
            let counter = noun::counter(ctx.layout, table);
            let item = matches!(ctx.layout.ledgers[table].kind, LedgerKind::Item { .. });
            let closed = if item { "；已终止的按最后一次判定计" } else { "" };
            Some(format!("全市：达标的不少于{n}{counter}{closed}。"))
        }
    }
}

fn light(ctx: Context<'_>) -> Option<String> {
    let r = ctx.requirement;
    if r.parts.iter().all(|p| p.target.is_none()) {
        return None;
    }
    match &r.when {
        When::Standing | When::Once(_) => return Some("按判定之日判定，进行中不亮灯。".into()),
        When::Life => return Some("终止以前不亮灯。".into()),
        When::ByField { plus: Some(Count::Setting(name)), .. } if ctx.given.whole(name).is_none() => {
            return Some("期限定下以前不亮灯。".into());
        }
        _ if r.since_any => return Some("没有起算之日，进行中不亮灯。".into()),
        _ => {}
    }
    let judged = |part: &Part| part.target.is_some() && !(part.since_any && part.by.is_some());
    let paces: Vec<(usize, Pace)> =
        r.parts.iter().enumerate().filter(|(_, p)| judged(p)).map(|(i, p)| (i, pace(p))).collect();
    let all_alike = paces.iter().all(|(_, p)| *p == paces[0].1);
    let mut text = match paces.as_slice() {
        [] => return Some("没有起算之日，进行中不亮灯。".into()),
        [(_, first), ..] if all_alike => format!("进行中{}", pace_words(*first)),
        all => {
            let all: Vec<String> = all.iter().map(|(i, p)| format!("{}{}", ordinal(ctx, *i), pace_words(*p))).collect();
            format!("进行中：{}；以差的为准", all.join("；"))
        }
    };
    if paces.iter().any(|(_, p)| *p != Pace::None) {
        let given = |name, default| ctx.given.whole(name).unwrap_or(default);
        let lines = Thresholds::default();
        let (yellow, red) = (given("yellow_from", lines.yellow), given("red_from", lines.red));
        text += &format!("；落后不到{yellow}个百分点为绿灯，超过{red}个百分点为红灯，其间为黄灯");
    }
    text += "；最后十分之一的日子仍未达到的，至少为黄灯";
    if ctx.open_slots().is_some() {
        text += "；名目定全以前不亮灯";
    }
    Some(text + "。")
}

fn pace_words(pace: Pace) -> &'static str {
    match pace {
        Pace::Steps => "按序时进度亮灯：应完成数＝应有数×已过日数÷总日数，只舍不入",
        Pace::Linear => "按序时进度亮灯：落后＝已过日数÷总日数－已完成的比例",
        Pace::None => "不计序时进度：已达到的为绿灯，未达到的为黄灯",
    }
}

/// The pace that a part is held against.
pub(super) fn pace(part: &Part) -> Pace {
    let default = match part.measure {
        Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..) => Pace::Steps,
        _ => Pace::None,
    };
    let most = matches!(part.target, Some(Target { op: TargetOp::AtMost, .. }));
    if most { Pace::None } else { part.pace.unwrap_or(default) }
}

fn on_fail(ctx: Context<'_>) -> Option<String> {
    let all: Vec<String> = ctx
        .requirement
        .on_fail
        .iter()
        .map(|f| {
            let act = act_words(&f.act);
            let due = due_words(&f.due);
            if due.is_empty() { act.to_owned() } else { format!("{act}（{due}）") }
        })
        .collect();
    (!all.is_empty()).then(|| format!("由程序草拟、由人确认后发出：{}。", all.join("、")))
}

/// A consequence, as people say it; one that is not known as it stands.
pub fn act_words(act: &str) -> &str {
    match act {
        "remind" => "提醒",
        "retrain" => "重新组织培训",
        "interview" => "约谈",
        "review" => "复核",
        other => other,
    }
}

/// `30 days` → `30日内`; other spellings as they stand.
pub fn due_words(due: &str) -> String {
    let Some((n, unit)) = due.split_once(' ') else { return due.to_owned() };
    match unit.trim() {
        "day" | "days" => format!("{n}日内"),
        "workday" | "workdays" => format!("{n}个工作日内"),
        "month" | "months" => format!("{n}个月内"),
        _ => due.to_owned(),
    }
}
