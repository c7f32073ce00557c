//! Totals of a unit, a district, the system.

use super::{
    Context,
    noun::counter,
    number,
    period::window_name,
    scale::{self, Scale},
};
use crate::{
    directive::model::{Each, Rollup},
    ratio::Ratio,
    verdict::{
        judge::State,
        rollup::{Tally, Total},
    },
};

/// How a total came about: `66对中54对达标（81.8%），12对未达标`, `达标14个，应不少于15个，还差1个`.
pub fn rollup(ctx: Context<'_>, total: &Total, tally: &Tally) -> String {
    let unit = unit(ctx);
    match &ctx.requirement.rollup {
        Rollup::None => String::new(),
        Rollup::ShareMet => share_met(unit, total, tally),
        Rollup::CountMet(n) => {
            let met = tally.pass + tally.closed_pass;
            let closed = match tally.closed_pass {
                0 => String::new(),
                closed => format!("（其中已终止{closed}{unit}）"),
            };
            let missing = if met < *n { format!("，还差{}{unit}", n - met) } else { String::new() };
            let rest = rest(unit, tally);
            let rest = if rest.is_empty() { rest } else { format!("；{rest}") };
            format!("达标{met}{unit}{closed}，应不少于{n}{unit}{missing}{rest}")
        }
        Rollup::Pool => pool(ctx, total, tally),
    }
}

/// The state of a total in a sentence: `柳溪县发改局2025年6月未达标：20对中14对达标（70.0%），6对未达标。`
pub fn state_sentence(ctx: Context<'_>, who: &str, window: &str, total: &Total, tally: &Tally) -> String {
    let said = rollup(ctx, total, tally);
    format!("{who}{}{}：{said}。", named(window), total.state.chinese())
}

/// A window where it is a period; the others say nothing about a unit.
fn named(window: &str) -> String {
    match window {
        "life" | "standing" | "once" | "by ?" => String::new(),
        label => window_name(label),
    }
}

fn unit(ctx: Context<'_>) -> &'static str {
    match ctx.requirement.each {
        Each::Ledger(_) if ctx.requirement.per.is_empty() => counter(ctx.layout, ctx.table()),
        Each::Person => "人",
        Each::System | Each::Unit | Each::Ledger(_) => "个",
    }
}

fn share_met(unit: &str, total: &Total, tally: &Tally) -> String {
    let rest = rest(unit, tally);
    let Some(value) = total.value else {
        return if tally.na > 0 { format!("{}{unit}都不适用", tally.na) } else { "没有判定对象".into() };
    };
    let share = number::percent(value, 1, &[Ratio::ONE]);
    let all = format!("{}{unit}中{}{unit}达标（{share}）", tally.judged(), tally.pass);
    if rest.is_empty() { all } else { format!("{all}，{rest}") }
}

/// All but those that pass.
fn rest(unit: &str, t: &Tally) -> String {
    let note = |n: i64, word: &str| if n > 0 { format!("（其中{n}{unit}{word}）") } else { String::new() };
    let said = [
        (t.fail, format!("{}{unit}未达标{}", t.fail, note(t.late, "已补"))),
        (t.open, format!("{}{unit}进行中{}", t.open, note(t.behind, "落后"))),
        (t.unknown, format!("{}{unit}数据不足", t.unknown)),
        (t.na, format!("另有{}{unit}不适用", t.na)),
    ];
    said.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect::<Vec<_>>().join("，")
}

fn pool(ctx: Context<'_>, total: &Total, tally: &Tally) -> String {
    let unit = unit(ctx);
    let part = ctx.requirement.parts.first();
    let demand = part.and_then(|p| scale::demanded(ctx, p)).map(|d| format!("，应{d}")).unwrap_or_default();
    let scale = part.map_or(Scale::Number, |p| scale::scale(ctx, p));
    let keeps = if total.state == State::Unknown { "，不能认定达标" } else { "" };
    let open = if tally.open > 0 { format!("；{}{unit}进行中", tally.open) } else { String::new() };
    let unknown =
        if tally.unknown > 0 { format!("；{}{unit}数据不足{keeps}", tally.unknown) } else { String::new() };
    let Some(value) = total.value else { return format!("没有可以相加的数{open}{unknown}") };
    let bounds: Vec<Ratio> = total.target.into_iter().collect();
    let shown = match scale {
        Scale::Share => number::percent(value, 1, &bounds),
        Scale::Money => number::money(value, &bounds),
        _ => number::plain(value, &bounds),
    };
    format!("各数相加，{}÷{}＝{shown}{demand}{open}{unknown}", tally.num, tally.den)
}
