//! What would make a verdict pass, and by when; or why nothing does.

use super::{
    Context,
    lead::{Item, beyond, deadline, distance, doubtful, items, overdue, undone, unset},
    noun::{again_title, bound_fields, counter, table_of, this},
    ordinal,
    period::{due_day, window_name},
    reason::{Fillable, fillable, rows_noun},
    rows::rows,
    scale::{self, Scale},
    short,
};
use crate::{
    directive::model::{At, Measure, Part, Source, When},
    ratio::Ratio,
    verdict::{
        explain::Explanation,
        judge::{State, TargetNow},
        window::Window,
    },
};

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// What: `指导记录（确认日期已填）再有2次`.
    pub title: String,
    /// How it counts and by when: `按指导日期计入当月，最迟2025年10月31日`.
    pub note: String,
    /// Where it is done.
    pub doing: Doing,
}

/// Where something is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// In no record: time must pass, or rows are too many.
    #[default]
    Nothing,
    /// In the setting of that name.
    Setting(String),
    /// Among the members of the set of that name.
    Slots(String),
    /// In the subject's own record.
    Own,
    /// In these records of a ledger (by position), or, with `far`, in records that they refer to.
    Fill {
        /// Position of the ledger.
        table: usize,
        /// Record ids.
        records: Vec<i64>,
        /// The field is not theirs.
        far: bool,
    },
    /// In a new record such as the part at that position counts.
    Add(usize),
    /// In a new record of the subject's ledger that points back at it.
    Again,
}

/// What can be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mends {
    /// In the order of the parts; empty when nothing is needed or nothing helps.
    pub list: Vec<Mend>,
    /// Why the list is empty; empty if it is not.
    pub none: String,
}

/// What would make it pass.
pub fn needs(ctx: Context<'_>, e: &Explanation) -> Mends {
    let reason = match e.verdict.state {
        State::Pass => "已达标，不需要补充。",
        State::Na => "不适用，不需要补充。",
        State::Figure => "只列数字，不判定。",
        State::Fail if e.verdict.late => "逾期后已补齐，注明“已补”。",
        State::Fail | State::Open | State::Unknown => "",
    };
    if !reason.is_empty() {
        return Mends { list: Vec::new(), none: reason.into() };
    }
    let all = items(ctx, e);
    let mut list = settings(ctx, e, &all);
    if unset(ctx, e, &all).is_empty() && all.iter().any(|p| doubtful(ctx, *p)) {
        let title = format!("补填{}", bound_fields(ctx));
        let note = format!("填后才能判定{}是否属于判定对象", this(ctx));
        return Mends { list: vec![Mend { title, note, doing: Doing::Own }], none: String::new() };
    }
    for p in all.iter().filter(|p| undone(p)) {
        let open = fillable(ctx, p.part, &p.told.rows);
        list.extend(fills(ctx, *p, &open));
        // To fill what falls short is how a share rises.
        if !(matches!(p.part.measure, Measure::Share(..)) && open.iter().any(|f| !f.unclear)) {
            list.extend(more(ctx, e, *p));
        }
    }
    list.extend(repeat(ctx, e));
    let none = match list.is_empty() {
        true if reached(&all) => "现已达到，期满再定，不需要补充。".into(),
        true if e.verdict.state == State::Open => "还没有可以计算的数，有了再判定。".into(),
        true => shut(ctx, &e.verdict.window, &all),
        false => String::new(),
    };
    Mends { list, none }
}

/// Settings and slots that the office has to give first.
fn settings(ctx: Context<'_>, e: &Explanation, all: &[Item<'_>]) -> Vec<Mend> {
    let mut list: Vec<Mend> = Vec::new();
    if let Some((name, slots)) = ctx.open_slots() {
        let left = slots.size - slots.named.len() as i64;
        list.push(Mend {
            title: format!("定全名目“{name}”，还差{left}个"),
            note: "由主管部门定名；定全以前不下结论".into(),
            doing: Doing::Slots(name.to_owned()),
        });
    }
    for name in unset(ctx, e, all) {
        let note = "由有权修改的部门设定；设定以前为数据不足".into();
        let doing = Doing::Setting(name.to_owned());
        list.push(Mend { title: format!("定下{}的值", super::setting(name)), note, doing });
    }
    list
}

/// Every part that is still open would be met if its window shut now.
fn reached(all: &[Item<'_>]) -> bool {
    all.iter().filter(|p| undone(p)).all(|p| {
        let now = p.verdict.target.as_ref().zip(p.verdict.value);
        p.verdict.state == State::Open && now.is_some_and(|(t, v)| t.met(Some(v), Some(v)) == Some(true))
    })
}

/// A passing repeat that points back makes it good.
fn repeat(ctx: Context<'_>, e: &Explanation) -> Option<Mend> {
    let field = again_title(ctx).filter(|_| e.verdict.state == State::Fail)?;
    let note = "本次仍为未达标，注明“已补”".into();
    Some(Mend { title: format!("另行组织并达标，以“{field}”指回本次"), note, doing: Doing::Again })
}

/// Fields to fill in rows that are there.
fn fills(ctx: Context<'_>, p: Item<'_>, open: &[Fillable]) -> Vec<Mend> {
    let own = matches!(p.part.measure, Measure::Holds(_) | Measure::Span(..));
    open.iter()
        .map(|f| {
            let of = format!("{}{}{}", rows_noun(ctx, f.table), f.records.len(), counter(ctx.layout, f.table));
            let title = match (f.missing.strip_suffix("未填"), own) {
                (Some(field), true) => format!("补填{field}"),
                (Some(field), false) => format!("补填{field}：{of}"),
                (None, _) => format!("核实{of}：{}", f.missing),
            };
            let effect = match (f.unclear, own) {
                (true, true) => "填后才能判定",
                (true, false) => "填后才能判定是否计入",
                (false, true) => "填后即满足这一条",
                (false, false) => "填后可以计入",
            };
            // A day after the deadline does not meet it any more; another field counts whenever it is filled.
            let late =
                if f.day && overdue(ctx, p) { "；日期在期限以后的，只注明“已补”" } else { "" };
            let doing = Doing::Fill { table: f.table, records: f.records.clone(), far: f.far };
            Mend { title: format!("{}{title}", ordinal(ctx, p.i)), note: format!("{effect}{late}"), doing }
        })
        .collect()
}

/// More rows, or fewer.
fn more(ctx: Context<'_>, e: &Explanation, p: Item<'_>) -> Option<Mend> {
    let standing = matches!(ctx.requirement.when, When::Standing | When::Once(_));
    if beyond(ctx, p) || !(standing || p.told.frame.running || overdue(ctx, p)) {
        return None;
    }
    let target = p.verdict.target.as_ref()?;
    let title = wanted(ctx, p, target)?;
    let note = [dating(ctx, p.part), by_when(ctx, e, p)].into_iter().filter(|n| !n.is_empty()).collect::<Vec<_>>();
    let fewer = distance(target, p.verdict.value.unwrap_or(Ratio::ZERO)).1.is_some();
    let doing = if fewer || matches!(p.part.measure, Measure::Span(..)) { Doing::Nothing } else { Doing::Add(p.i) };
    Some(Mend { title: format!("{}{title}", ordinal(ctx, p.i)), note: note.join("，"), doing })
}

/// What is missing, as something to do.
fn wanted(ctx: Context<'_>, p: Item<'_>, target: &TargetNow) -> Option<String> {
    let scale = scale::scale(ctx, p.part);
    let name = short::part_name(ctx, p.part);
    let value = p.verdict.value.unwrap_or(Ratio::ZERO);
    let (below, above) = distance(target, value);
    let (num, den) = p.verdict.counted;
    match &p.part.measure {
        Measure::Count(_) | Measure::Distinct(..) | Measure::Sum(..) => match (below, above) {
            (Some(by), _) => Some(format!("{name}再有{}", scale.value(by, None))),
            (_, Some(by)) => Some(format!("{name}减少{}", scale.value(by, None))),
            _ => None,
        },
        Measure::Share(source, that) => {
            below?;
            let unit = scale::rows_scale(ctx, source);
            let that = short::conds(ctx, source, that);
            let need = ceiling(target.value.times(Ratio::whole(den))?) - num;
            match den {
                0 => Some(format!("{name}{}", scale::target(ctx, p.part, target))),
                _ => Some(format!(
                    "按现有{}计，再有{}{that}",
                    unit.value(Ratio::whole(den), None),
                    unit.value(Ratio::whole(need), None)
                )),
            }
        }
        Measure::Ratio(top, bottom) => {
            below?;
            let [top, bottom] = [top, bottom].map(|m| (short::side_name(ctx, p.part, m), scale::measure_scale(ctx, m)));
            let need = ceiling(target.value.times(Ratio::whole(den))?) - num;
            let (have, need) = (bottom.1.value(Ratio::whole(den), None), top.1.value(Ratio::whole(need), None));
            (den > 0).then(|| format!("按现有{}{have}计，{}再有{need}", bottom.0, top.0))
        }
        Measure::Change(source, from, to) => {
            below?;
            let [from, to] = [from, to].map(|p| scale::field_name(ctx, source, p));
            let least = ceiling(target.value.times(Ratio::whole(den))?);
            Some(match den {
                ..=0 => format!("{name}降幅{}", scale::target(ctx, p.part, target)),
                _ => format!("按现有{from}合计{den}计，{to}合计降到{}以内", den - least),
            })
        }
        Measure::Latest(source, field) => {
            let field = scale::field_name(ctx, source, field);
            let table = table_of(ctx.layout, source);
            Some(format!("登记{field}{}的{}", scale::target(ctx, p.part, target), rows_noun(ctx, table)))
        }
        Measure::Span(..) => below.map(|by| format!("再满{}", Scale::Days.value(by, None))),
        Measure::Holds(_) => None,
    }
}

fn ceiling(r: Ratio) -> i64 {
    -Ratio::new(-r.num(), r.den()).map_or(0, Ratio::floor)
}

/// By which day new rows count.
fn dating(ctx: Context<'_>, part: &Part) -> String {
    let said = |s: &Source| rows(ctx, part, s).dating;
    match &part.measure {
        Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) | Measure::Share(s, _) => said(s),
        Measure::Latest(s, _) | Measure::Change(s, ..) => said(s),
        Measure::Ratio(top, _) => match top.as_ref() {
            Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) => said(s),
            _ => String::new(),
        },
        Measure::Span(..) | Measure::Holds(_) => String::new(),
    }
}

fn by_when(ctx: Context<'_>, e: &Explanation, p: Item<'_>) -> String {
    if overdue(ctx, p) {
        return match e.verdict.state {
            State::Fail => "期限已过，以后做的仍为未达标，注明“已补”；期限内漏登记的，补登记后重新判定".into(),
            _ => "期限已过，只计期限内已做而漏登记的".into(),
        };
    }
    let end = super::reason::sources(&p.part.measure).iter().any(|s| s.at == Some(At::End));
    match &ctx.requirement.when {
        When::Standing => "做到之日起达标".into(),
        When::Once(due) => match due.as_ref().and_then(|d| due_day(ctx, d)) {
            Some(day) => format!("期限{}", day.chinese()),
            None => "没有期限，做到之日起达标".into(),
        },
        When::Life if e.verdict.window.to == crate::day::Day::MAX => "终止以前".into(),
        _ => match deadline(ctx, p) {
            Some(day) if end => format!("以{}的情况为准", day.chinese()),
            Some(day) => format!("最迟{}", day.chinese()),
            None => "期限未定".into(),
        },
    }
}

/// Why nothing helps.
fn shut(ctx: Context<'_>, window: &Window, all: &[Item<'_>]) -> String {
    if all.iter().any(|p| p.verdict.state == State::Fail && beyond(ctx, *p)) {
        return "已经超出，不能挽回；登记有误的，更正后重新判定。".into();
    }
    match ctx.requirement.when {
        When::Every(_) => {
            format!("{}已过，不能再补；期内已做而漏登记的，补登记后重新判定。", window_name(&window.label))
        }
        When::Life => "已终止，不能再补；期内已做而漏登记的，补登记后重新判定。".into(),
        _ => "按现有记录没有可以补充的；登记有误的，更正后重新判定。".into(),
    }
}
