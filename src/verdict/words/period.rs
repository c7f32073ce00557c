//! When: rhythms, deadlines and the names of windows.

use super::{Context, noun::path};
use crate::{
    day::Day,
    directive::model::{Count, Due, Period, Value, When},
    verdict::window::bounds,
};

/// Rhythm or deadline, for a narrow column: `每月`, `2025年12月31日前`, `实际结束日期后30日内`, `常设`.
pub fn when(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    match &r.when {
        When::Every(period) => {
            let until = match (r.until, period) {
                (Some(day), Period::Year) => format!("（至{}年）", day.ymd().0),
                (Some(day), _) => format!("（至{}）", day.chinese()),
                (None, _) => String::new(),
            };
            let settle = r.settle.as_ref().map(|s| format!("，{}定案", after(ctx, "期满", s)));
            format!("{}{until}{}", every(*period), settle.unwrap_or_default())
        }
        When::ByDate(day) => format!("{}前", day.chinese()),
        When::ByField { fields, plus } => {
            let name = fields.first().map_or_else(String::new, |f| path(ctx.layout, ctx.table(), f).text);
            match plus {
                None => format!("{name}前"),
                Some(plus) => format!("{}内", after(ctx, &name, plus)).replace("未定内", "未定"),
            }
        }
        When::Life => "全程".into(),
        When::Standing => "常设".into(),
        When::Once(due) => match due.as_ref().map(|d| due_day(ctx, d)) {
            Some(Some(day)) => format!("{}前", day.chinese()),
            _ => "一次性，期限未定".into(),
        },
    }
}

/// `期满后20日`; `排查日期后，日数未定` where the setting is empty.
fn after(ctx: Context<'_>, what: &str, count: &Count) -> String {
    let days = match count {
        Count::Days(n) => Some(*n),
        Count::Setting(name) => ctx.given.whole(name),
    };
    days.map_or_else(|| format!("{what}后，日数未定"), |n| format!("{what}后{n}日"))
}

fn every(period: Period) -> &'static str {
    match period {
        Period::Day => "每日",
        Period::Workday => "每个工作日",
        Period::Week => "每周",
        Period::Month => "每月",
        Period::Quarter => "每季度",
        Period::Half => "每半年",
        Period::Year => "每年",
    }
}

/// The due day of `once`, if it is set.
pub(super) fn due_day(ctx: Context<'_>, due: &Due) -> Option<Day> {
    match due {
        Due::Day(day) => Some(*day),
        Due::Setting(name) => ctx.given.values(name).iter().find_map(|v| match v {
            Value::Day(day) => Some(*day),
            Value::Text(text) => Day::parse(text),
            _ => None,
        }),
    }
}

/// When, in a sentence: `每月判定一次`, `以2025年12月31日为期限（含当日）`.
pub(super) fn sentence(ctx: Context<'_>) -> String {
    let r = ctx.requirement;
    match &r.when {
        When::Every(period) => {
            let mut text = format!("{}判定一次", every(*period));
            if let Some(day) = r.until {
                text += &format!("，{}以后开始的不再判定", day.chinese());
            }
            if let Some(settle) = &r.settle {
                text += &format!("；期满后{}定案，在此以前补齐的当期材料仍计入", ctx.days(settle));
            }
            text
        }
        When::ByDate(day) => format!("以{}为期限（含当日）", day.chinese()),
        When::ByField { .. } => by_field(ctx, &r.when, r.since_any).unwrap_or_default(),
        When::Life => match life(ctx) {
            Some((opens, closes)) => format!("从{opens}到{closes}全程判定一次"),
            None => "全程判定一次".into(),
        },
        When::Standing => "常设要求，按判定之日的情况判定".into(),
        When::Once(due) => once(ctx, due.as_ref()),
    }
}

fn once(ctx: Context<'_>, due: Option<&Due>) -> String {
    let late = "逾期没有做到的为未达标，此前为进行中";
    match (due, due.and_then(|d| due_day(ctx, d))) {
        (Some(Due::Setting(name)), Some(day)) => {
            format!("一次性要求，以{}（{}）为期限，{late}", day.chinese(), super::setting(name))
        }
        (_, Some(day)) => format!("一次性要求，以{}为期限，{late}", day.chinese()),
        (Some(Due::Setting(name)), None) => {
            format!("一次性要求，期限（{}）尚未设定，没有做到的为进行中", super::setting(name))
        }
        (..) => "一次性要求，没有期限，没有做到的为进行中".into(),
    }
}

/// A deadline on a field in words: `自决定日期起，至到任日期止（含当日）`; `None` for other windows.
pub(super) fn by_field(ctx: Context<'_>, when: &When, any: bool) -> Option<String> {
    let When::ByField { fields, plus } = when else { return None };
    let names: Vec<String> = fields.iter().map(|f| path(ctx.layout, ctx.table(), f).text).collect();
    let (first, rest) = names.split_first()?;
    let or: String = rest.iter().map(|n| format!("（未填的按{n}）")).collect();
    let plus = plus.as_ref().map(|p| format!("后{}", ctx.days(p))).unwrap_or_default();
    let end = format!("至{first}{or}{plus}止（含当日）");
    Some(match life(ctx) {
        _ if any => format!("{end}，此前的记录不论早晚都计入"),
        Some((opens, _)) if ctx.requirement.per.is_empty() => format!("自{opens}起，{end}"),
        _ => end,
    })
}

/// Titles of the fields in which a subject opens and closes.
fn life(ctx: Context<'_>) -> Option<(String, String)> {
    let ledger = &ctx.layout.ledgers[ctx.table()];
    let name = |field: Option<&str>| {
        let name = field?.to_owned();
        Some(path(ctx.layout, ctx.table(), &vec![name]).text)
    };
    let opens = name(ledger.opening())?;
    Some((opens, name(ledger.closing()).unwrap_or_else(|| "判定之日".into())))
}

/// The last and the first day of a window, as a rule says it.
pub(super) fn edge(when: &When, last: bool) -> String {
    let word = match (when, last) {
        (When::ByDate(day), true) => return day.chinese(),
        (When::Every(Period::Day | Period::Workday), _) => "当日",
        (When::Every(Period::Week), true) => "每周最后一日",
        (When::Every(Period::Week), false) => "每周第一日",
        (When::Every(Period::Month), true) => "月末",
        (When::Every(Period::Month), false) => "月初",
        (When::Every(Period::Quarter), true) => "季末",
        (When::Every(Period::Quarter), false) => "季初",
        (When::Every(Period::Half), true) => "半年末",
        (When::Every(Period::Half), false) => "半年初",
        (When::Every(Period::Year), true) => "年末",
        (When::Every(Period::Year), false) => "年初",
        (When::ByField { .. }, true) => "期限之日",
        (When::Life, true) => "终止之日",
        (When::ByDate(_) | When::ByField { .. } | When::Life, false) => "起算之日",
        (When::Standing | When::Once(_), _) => "判定之日",
    };
    word.to_owned()
}

/// To what a dated row is reckoned: `计入当月`, `计入期限内`.
pub(super) fn reckoned(when: &When) -> &'static str {
    match when {
        When::Every(Period::Day | Period::Workday) => "计入当日",
        When::Every(Period::Week) => "计入当周",
        When::Every(Period::Month) => "计入当月",
        When::Every(Period::Quarter) => "计入当季",
        When::Every(Period::Half) => "计入该半年",
        When::Every(Period::Year) => "计入当年",
        When::ByDate(_) | When::ByField { .. } | When::Life => "计入",
        When::Standing | When::Once(_) => "计至判定之日",
    }
}

/// The middle of a period, for those who were not there all the time.
pub(super) fn midst(when: &When) -> &'static str {
    match when {
        When::Every(Period::Week) => "周中",
        When::Every(Period::Month) => "月中",
        When::Every(Period::Quarter) => "季中",
        When::Every(Period::Half) => "半年中途",
        When::Every(Period::Year) => "年中",
        _ => "中途",
    }
}

/// The period itself: `该月`.
pub(super) fn that_period(when: &When) -> &'static str {
    match when {
        When::Every(Period::Week) => "该周",
        When::Every(Period::Month) => "该月",
        When::Every(Period::Quarter) => "该季度",
        When::Every(Period::Half) => "该半年",
        When::Every(Period::Year) => "该年",
        _ => "该期",
    }
}

/// The name of a window: `2025年3月`, `2025年第2周（1月6日至12日）`, `截至2025年3月19日`, `全程`.
///
/// ```
/// use dongliang::verdict::words::window_name;
/// assert_eq!(window_name("2025-W02"), "2025年第2周（1月6日至12日）");
/// ```
pub fn window_name(label: &str) -> String {
    match label {
        "by ?" => return "期限未定".into(),
        "life" => return "全程".into(),
        "standing" => return "常设".into(),
        "once" => return "一次性".into(),
        _ => {}
    }
    if let Some(day) = label.strip_prefix("by ").and_then(Day::parse) {
        return format!("截至{}", day.chinese());
    }
    let Some((from, to)) = bounds(label) else { return label.to_owned() };
    let (year, rest) = (&label[..4], &label[4..]);
    match rest.as_bytes() {
        [] => format!("{year}年"),
        [b'H', b'1'] => format!("{year}年上半年"),
        [b'H', _] => format!("{year}年下半年"),
        [b'Q', q] => format!("{year}年第{}季度", ["一", "二", "三", "四"][usize::from(q - b'1').min(3)]),
        [b'-', b'W', ..] => {
            format!("{year}年第{}周（{}）", rest[2..].trim_start_matches('0'), span(from, to, year.parse().ok()))
        }
        [b'-', _, _] => format!("{year}年{}月", from.ymd().1),
        _ => from.chinese(),
    }
}

/// Two days, both included: `2025年3月1日至31日`; the year is left out where it is `known`.
pub fn span(from: Day, to: Day, known: Option<i32>) -> String {
    let ((y, m, d), (to_y, to_m, to_d)) = (from.ymd(), to.ymd());
    let begin = if known == Some(y) && known == Some(to_y) { format!("{m}月{d}日") } else { from.chinese() };
    match (y == to_y, m == to_m, d == to_d) {
        (true, true, true) => begin,
        (true, true, false) => format!("{begin}至{to_d}日"),
        (true, false, _) => format!("{begin}至{to_m}月{to_d}日"),
        (false, ..) => format!("{begin}至{}", to.chinese()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_have_names() {
        for (label, name) in [
            ("2025", "2025年"),
            ("2025H1", "2025年上半年"),
            ("2025H2", "2025年下半年"),
            ("2025Q1", "2025年第一季度"),
            ("2025Q4", "2025年第四季度"),
            ("2025-03", "2025年3月"),
            ("2025-12", "2025年12月"),
            ("2025-W02", "2025年第2周（1月6日至12日）"),
            ("2025-W05", "2025年第5周（1月27日至2月2日）"),
            ("2026-W01", "2026年第1周（2025年12月29日至2026年1月4日）"),
            ("2025-03-01", "2025年3月1日"),
            ("by 2025-03-19", "截至2025年3月19日"),
            ("by ?", "期限未定"),
            ("life", "全程"),
            ("standing", "常设"),
            ("once", "一次性"),
            ("2025-99", "2025-99"),
        ] {
            assert_eq!(window_name(label), name);
        }
    }

    #[test]
    fn spans_say_nothing_twice() {
        let day = |t| Day::parse(t).unwrap();
        for (from, to, known, text) in [
            ("2025-03-01", "2025-03-31", None, "2025年3月1日至31日"),
            ("2025-03-01", "2025-03-31", Some(2025), "3月1日至31日"),
            ("2025-03-16", "2025-05-02", Some(2024), "2025年3月16日至5月2日"),
            ("2025-03-16", "2026-05-02", Some(2025), "2025年3月16日至2026年5月2日"),
            ("2025-03-16", "2025-03-16", None, "2025年3月16日"),
        ] {
            assert_eq!(span(day(from), day(to), known), text);
        }
    }
}
