//! What became of a row, and why.

use super::{
    Context,
    noun::{path, table_of},
    period::{span, window_name},
    reason::{self, Step},
    rule::last_per,
};
use crate::{
    day::Day,
    directive::model::{At, LedgerKind, Measure, Part, Source, When},
    verdict::{
        eval::{Fate, Frame},
        explain::Looked,
        kind::Kind,
        window::Window,
        world::{PERSON, UNIT},
    },
};

/// A row's fate in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fated {
    /// `计入`, `只计入分母`, `未计入`, `说不清`.
    pub outcome: &'static str,
    /// `指导日期不在2025年3月1日至31日之间`, `帮带对象确认日期未填`; empty for a row that counts.
    pub reason: String,
}

/// Says what became of a row that the part looked at in a window, within the frame of its explanation.
pub fn fate(ctx: Context<'_>, part: &Part, row: &Looked, frame: &Frame, window: &Window) -> Fated {
    let (outcome, reason) = match &row.trace.fate {
        Fate::Counted => ("计入", String::new()),
        Fate::Short(name) => ("只计入分母", reason::unmet(ctx, part, row.table, name, Step::Further)),
        Fate::Fails(name) => ("未计入", reason::unmet(ctx, part, row.table, name, Step::Filter)),
        Fate::Unclear(name) => ("说不清", reason::untold(ctx, part, row.table, name)),
        Fate::Future => ("未计入", "在所问之日以后".into()),
        Fate::Superseded => ("未计入", superseded(ctx, part, row.table)),
        Fate::Outside => {
            let source = reason::source(ctx, part, row.table);
            let reason = source.map_or_else(|| "不在期内".into(), |s| outside(ctx, s, frame, window));
            ("未计入", reason)
        }
    };
    // Behind a deadline a field counts as it stood on that day.
    let by = matches!(ctx.requirement.when, When::ByDate(_) | When::ByField { .. }) && !frame.running;
    let reason = match reason.strip_suffix("未填") {
        Some(field) if by => format!("到{}，{field}未填", frame.to.chinese()),
        _ => reason,
    };
    Fated { outcome, reason }
}

/// How many rows were looked at and what became of them: `共5条：计入1条，未计入4条`; empty without rows.
pub fn counts(rows: &[Looked]) -> String {
    let of = |f: fn(&Fate) -> bool| rows.iter().filter(|r| f(&r.trace.fate)).count();
    let said = [
        (of(|f| *f == Fate::Counted), "计入"),
        (of(|f| matches!(f, Fate::Short(_))), "只计入分母"),
        (of(|f| matches!(f, Fate::Unclear(_))), "说不清"),
        (of(|f| matches!(f, Fate::Future | Fate::Outside | Fate::Fails(_) | Fate::Superseded)), "未计入"),
    ];
    let said: Vec<String> = said.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{word}{n}条")).collect();
    if said.is_empty() { String::new() } else { format!("共{}条：{}", rows.len(), said.join("，")) }
}

fn superseded(ctx: Context<'_>, part: &Part, table: usize) -> String {
    let source = reason::source(ctx, part, table);
    let same = source.and_then(|s| last_per(ctx, s));
    match (same, &part.measure) {
        (Some(rule), _) => format!("被后一条取代（{rule}）"),
        (None, Measure::Latest(..)) => "被后一条取代（只取最后一条）".into(),
        (None, _) => "被后一条取代".into(),
    }
}

fn outside(ctx: Context<'_>, source: &Source, frame: &Frame, window: &Window) -> String {
    let table = table_of(ctx.layout, source);
    let ledger = &ctx.layout.ledgers[table];
    if let Some(at) = source.at {
        let day = if at == At::Start && frame.from > Day::MIN { frame.from } else { frame.seen };
        let there = match table {
            PERSON => "在岗",
            UNIT => "存续",
            _ => "在册",
        };
        let also = if source.dated.is_some() { "，或日期不在期内" } else { "" };
        return format!("{}不{there}{also}", day.chinese());
    }
    let own = match &ledger.kind {
        LedgerKind::Event { day } => Some(day),
        _ => None,
    };
    let Some(field) = source.dated.as_ref().or(own) else { return "不在期内".into() };
    let told = path(ctx.layout, table, &vec![field.clone()]);
    if told.kind == Kind::Period {
        let settled = frame.shut > frame.to && frame.shut < Day::MAX;
        let late = if settled { format!("，或迟于{}", frame.shut.chinese()) } else { String::new() };
        return format!("{}不是{}{late}", told.text, window_name(&window.label));
    }
    let empty = if source.dated.is_some() { "未填，或" } else { "" };
    let name = told.text;
    match (frame.from > Day::MIN, frame.to < Day::MAX) {
        (true, true) if frame.from == frame.to => format!("{name}{empty}不是{}", frame.from.chinese()),
        (true, true) => format!("{name}{empty}不在{}之间", span(frame.from, frame.to, None)),
        (true, false) => format!("{name}{empty}早于{}", frame.from.chinese()),
        (false, true) => format!("{name}{empty}晚于{}", frame.to.chinese()),
        (false, false) => format!("{name}未填"),
    }
}
