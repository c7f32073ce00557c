//! 培训计划 `/training`: the classes of a month or a year, each with how it stands and how much it misses.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked, feed,
    frame::{Ask, Desk, show},
    record_new::may_add,
    unit_names,
    view::{
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input, Pager},
        training::{Line, Month, Training},
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    class::{
        missing::{Stage, missing, stage},
        read::{self, Class, Counts},
        standard,
    },
    day::Day,
    names::Names,
    verdict::{window::bounds, world::UNIT},
};

/// Years before and after today that may be turned to.
const FURTHEST: i32 = 20;

/// A class with how it stands and how much it misses.
struct Known {
    class: Class,
    counts: Counts,
    stage: Stage,
    missing: usize,
}

/// The facets: key of the address, what it is called, the value of a class.
type Of = fn(&Known) -> (String, String);

/// `GET /training`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Training> {
    asked::keys(desk, &["month", "year", "stage", "kind", "category", "unit", "page", "size"]);
    asked::values(desk, "stage", "状态", &|v| Stage::parse(v).is_some());
    let (current, scope, today) = (desk.current.clone(), desk.scope.clone(), desk.now.day);
    let (span, yearly) = span(desk, today);
    let typed = desk.ask.get("unit").unwrap_or_default().trim().to_owned();
    let unit = unit_names::unit_in(desk.tx, &scope, &typed)?;
    let error = unit.as_ref().err().cloned().unwrap_or_default();
    // Where no unit is meant no row is shown, so that none seems to be that unit's.
    let units: Option<BTreeSet<i64>> = match unit {
        Ok(unit) => unit.map(|u| current.organisation.owned(u)),
        Err(_) => Some(BTreeSet::new()),
    };
    let found = read::between(desk.tx, &current, &scope, span, units.as_ref())?;
    let ids: Vec<i64> = found.iter().map(|c| c.record).collect();
    let mut counts = read::counts(desk.tx, &current, &ids)?;
    let standards = standard::hours(desk.tx, &current)?;
    let known: Vec<Known> = found
        .into_iter()
        .map(|class| {
            let counts = counts.remove(&class.record).unwrap_or_default();
            let hours = standard::hours_of(&class, &standards).is_some();
            let missing = missing(&class, &counts, hours, today).len();
            Known { stage: stage(&class, &counts, today), class, counts, missing }
        })
        .collect();
    let of: [(&str, &str, Of); 3] = [
        ("stage", "状态", |k| (k.stage.as_str().into(), k.stage.title().into())),
        ("kind", "类型", |k| (k.class.kind.clone(), k.class.kind.clone())),
        ("category", "分类", |k| (k.class.category.clone(), k.class.category.clone())),
    ];
    let fits = |desk: &Desk<'_, '_>, k: &Known, but: &str| {
        of.iter().all(|(key, _, of)| *key == but || desk.ask.get(key).is_none_or(|v| v.is_empty() || of(k).0 == v))
    };
    let facets = of.iter().map(|(key, title, of)| {
        let counted = known.iter().filter(|k| fits(desk, k, key)).map(of);
        facet(desk, key, title, counted.filter(|(value, _)| !value.is_empty()))
    });
    let facets = Facets(facets.collect());
    let shown: Vec<&Known> = known.iter().filter(|k| fits(desk, k, "")).collect();
    let (size, total) = (asked::size(desk), shown.len() as u64);
    let page = asked::page(desk, total.div_ceil(size));
    let lead = lead(&shown);
    let on_page: Vec<&Known> = shown.into_iter().skip(((page - 1) * size) as usize).take(size as usize).collect();
    let wanted = on_page.iter().filter_map(|k| k.class.unit).collect();
    let names = Names::load(desk.tx, &current.engine.layout, &[(UNIT, wanted)].into())?;
    let bare = asked::without_page(&desk.ask).without("month").without("year");
    let (y, m, _) = span.0.ymd();
    let at = |day: Day| match yearly {
        true => bare.with("year", day.ymd().0.to_string()).href(),
        false => bare.with("month", day.to_string().chars().take(7).collect::<String>()).href(),
    };
    let new = read::ledger(&current, "activity").filter(|l| may_add(desk, l));
    Ok(Training {
        calendar: feed::home(desk)?.is_some(),
        title: if yearly { format!("{y}年") } else { format!("{y}年{m}月") },
        lead,
        previous: Link::new(if yearly { "上年" } else { "上月" }, at(span.0.plus(-1))),
        next: Link::new(if yearly { "下年" } else { "下月" }, at(span.1.plus(1))),
        views: vec![
            (
                Link::new("按月", bare.with("month", span.0.to_string().chars().take(7).collect::<String>()).href()),
                !yearly,
            ),
            (Link::new("全年", bare.with("year", y.to_string()).href()), yearly),
        ],
        filter: FilterForm {
            query: asked::without_page(&desk.ask),
            controls: vec![Control {
                name: "unit".into(),
                label: "主办单位".into(),
                input: Input::Text(typed.clone(), "编号或名称".into()),
                error,
            }],
        },
        facets,
        none: if known.is_empty() && typed.is_empty() {
            "这段时间没有登记班次与活动。可以登记一个班，或批量导入培训计划。"
        } else {
            "没有符合条件的班次与活动。"
        },
        months: months(&on_page, &names),
        pager: Pager { query: asked::without_page(&desk.ask), title: "班次与活动".into(), total, size, page },
        new: new.map(|_| Link::new("登记班次", "/ledgers/activity/new")),
        page: desk.page("/training")?,
    })
}

/// First and last day of what is asked for, this month without anything; whether it is a year.
fn span(desk: &mut Desk<'_, '_>, today: Day) -> ((Day, Day), bool) {
    let label = |day: Day| day.to_string().chars().take(7).collect::<String>();
    let this = bounds(&label(today)).unwrap_or((today, today));
    let near = |(from, _): &(Day, Day)| (from.0 - today.0).abs() <= FURTHEST * 366;
    let year = desk.ask.get("year").filter(|y| !y.is_empty()).map(str::to_owned);
    let (text, yearly) = match (year, desk.ask.get("month").filter(|m| !m.is_empty())) {
        (Some(year), _) => (year, true),
        (None, Some(month)) => (month.to_owned(), false),
        (None, None) => return (this, false),
    };
    let plain = if yearly { text.len() == 4 } else { text.len() == 7 && text.as_bytes()[4] == b'-' };
    match bounds(&text).filter(|b| plain && near(b)) {
        Some(span) => (span, yearly),
        None => {
            let what = if yearly {
                "年份，或者离今天太远。请写成 2025"
            } else {
                "月份，或者离今天太远。请写成 2025-10"
            };
            desk.notice(format!("没有“{}”这个{what}，现列本月。", asked::echo(&text)));
            (this, false)
        }
    }
}

fn facet(desk: &Desk<'_, '_>, key: &str, title: &str, of: impl Iterator<Item = (String, String)>) -> Facet {
    let mut counts: BTreeMap<String, (String, u64)> = BTreeMap::new();
    for (value, label) in of {
        counts.entry(value).or_insert((label, 0)).1 += 1;
    }
    let bare = asked::without_page(&desk.ask);
    let taken = desk.ask.get(key).filter(|v| !v.is_empty());
    let all = FacetValue {
        label: "全部".into(),
        count: counts.values().map(|(_, n)| n).sum(),
        href: bare.without(key).href(),
        current: taken.is_none(),
        icon: None,
    };
    let value = |(value, (label, count)): (String, (String, u64))| FacetValue {
        current: taken == Some(value.as_str()),
        href: bare.without(key).with(key, value).href(),
        label,
        count,
        icon: None,
    };
    Facet { title: title.into(), values: std::iter::once(all).chain(counts.into_iter().map(value)).collect() }
}

fn lead(shown: &[&Known]) -> Words {
    let of = |stage: Stage| shown.iter().filter(|k| k.stage == stage).count();
    let words = Words::from("共").strong(shown.len().to_string()).text("个班次与活动");
    let mut words = words;
    for stage in Stage::ALL.into_iter().filter(|s| of(*s) > 0) {
        words = words.text(format!("，{}", stage.title())).strong(of(stage).to_string()).text("个");
    }
    let lacking = shown.iter().filter(|k| k.missing > 0).count();
    let words = words.text("。");
    if lacking > 0 {
        words.text("其中还缺登记内容的").strong(lacking.to_string()).text("个。")
    } else {
        words
    }
}

fn months(shown: &[&Known], names: &Names) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for k in shown {
        let (y, m, _) = k.class.starts.ymd();
        let title = format!("{y}年{m}月");
        if months.last().is_none_or(|last| last.title != title) {
            months.push(Month { title, rows: Vec::new() });
        }
        if let Some(month) = months.last_mut() {
            month.rows.push(line(k, names));
        }
    }
    months
}

fn line(k: &Known, names: &Names) -> Line {
    let c = &k.class;
    Line {
        days: days(c),
        title: Link::new(c.title.clone(), href(&c.code)),
        kind: match c.category.as_str() {
            "" => c.kind.clone(),
            category => format!("{}（{category}）", c.kind),
        },
        unit: c.unit.map_or("--", |u| names.title(UNIT, u)).to_owned(),
        persons: match (k.counts.persons, c.planned) {
            (0, Some(planned)) => format!("计划{planned}"),
            (n, _) => n.to_string(),
        },
        stage: k.stage.title(),
        missing: if k.missing > 0 { format!("{}项", k.missing) } else { String::new() },
    }
}

/// `6月10日`, `6月10日至12日`, `6月30日至7月2日`.
pub(super) fn days(c: &Class) -> String {
    let ((y, m, d), (y2, m2, d2)) = (c.starts.ymd(), c.ends.ymd());
    match () {
        () if c.starts == c.ends => format!("{m}月{d}日"),
        () if (y, m) == (y2, m2) => format!("{m}月{d}日至{d2}日"),
        () if y == y2 => format!("{m}月{d}日至{m2}月{d2}日"),
        () => format!("{m}月{d}日至{y2}年{m2}月{d2}日"),
    }
}

/// The page of a class.
pub(super) fn href(code: &str) -> String {
    format!("/training/{}", segment(code))
}
