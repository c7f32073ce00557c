//! 要求清单 `/requirements`.

use std::collections::BTreeMap;

use axum::{extract, response::Response};

use super::{
    app::App,
    asked,
    dashboard::judged_day,
    frame::{Ask, Desk, show},
    summary,
    view::{
        parts::Bar,
        requirements::{Heading, Pillar, RequirementLine, Requirements},
        spelling::{anchor, requirement_code},
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input},
        tag::{State, Tag},
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    directive::model::{Requirement, Status, When},
    verdict::{
        engine::Engine,
        item::{self, Item},
        sight,
        words::{self, Context},
    },
};

/// One requirement with what the list shows of it.
struct Line<'e> {
    r: &'e Requirement,
    item: Option<Item>,
    units: Vec<Item>,
    rule: String,
    when: String,
}

/// `GET /requirements`.
pub(super) async fn page(extract::State(app): extract::State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Requirements> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let today = judged_day(desk)?;
    let counts = sight::counts(desk.tx, &desk.scope, None, None)?;
    let mut by: BTreeMap<usize, Vec<Item>> = BTreeMap::new();
    for item in item::items(engine, &counts, today) {
        by.entry(item.i).or_default().push(item);
    }
    let mut system: BTreeMap<usize, Item> =
        item::system(engine, &counts, today).into_iter().map(|i| (i.i, i)).collect();
    let all: Vec<Line<'_>> = summary::in_order(engine)
        .into_iter()
        .map(|i| Line {
            r: &engine.compiled[i].requirement,
            item: system.remove(&i),
            units: by.remove(&i).unwrap_or_default(),
            rule: words::short_rule(Context::of(engine, i)),
            when: words::when(Context::of(engine, i)),
        })
        .collect();
    asked::keys(desk, &["pillar", "state", "rhythm", "source", "q"]);
    for by in &FACETS {
        let of = |v: &str| if by.key == "state" { chinese(v) } else { v.to_owned() };
        asked::values(desk, by.key, by.title, &|v| offered(by, &of(v)) || all.iter().any(|l| (by.value)(l) == of(v)));
    }
    let ask = desk.ask.clone();
    let shown: Vec<&Line<'_>> =
        all.iter().filter(|l| FACETS.iter().all(|f| chosen(&ask, f, l)) && found(&ask, l)).collect();
    let directive = &engine.package.directive;
    let pillars = directive.pillars.iter().filter_map(|p| pillar(engine, &p.id, &shown));
    let (year, _, _) = directive.from.ymd();
    Ok(Requirements {
        page: desk.page("/requirements")?,
        version: format!("{year}年文件，{}起", directive.from.chinese()),
        lead: lead(&all),
        filter: filter(&ask),
        facets: facets(&ask, &all),
        pillars: pillars.collect(),
        headings: headings(engine),
        exports: Vec::new(),
    })
}

fn lead(all: &[Line<'_>]) -> Words {
    let n = |state| all.iter().filter(|l| l.item.as_ref().is_some_and(|i| summary::of(i).state == state)).count();
    Words::from("共")
        .strong(format!("{}项", all.len()))
        .text("要求：达标")
        .strong(n(State::Pass).to_string())
        .text("、进行中")
        .strong(n(State::Open).to_string())
        .text("、未达标")
        .strong(n(State::Fail).to_string())
        .text(format!("、数据不足{}、不适用{}，另有{}项只列数字。", n(State::Unknown), n(State::Na), n(State::Figure)))
}

/// A facet: key, title, the value of a line.
struct By {
    key: &'static str,
    title: &'static str,
    value: fn(&Line<'_>) -> String,
}

const FACETS: [By; 4] = [
    By { key: "pillar", title: "类别", value: |l| l.r.pillar.clone() },
    By {
        key: "state",
        title: "判定",
        value: |l| {
            l.item
                .as_ref()
                .map_or("尚无判定", |i| summary::of(i).word())
                .split('·')
                .next()
                .unwrap_or_default()
                .to_owned()
        },
    },
    By { key: "rhythm", title: "周期", value: |l| rhythm(l.r).to_owned() },
    By { key: "source", title: "原文依据", value: |l| status(l.r.status).to_owned() },
];

/// The states in the order in which they are always told.
pub(super) const STATES: [&str; 6] = ["达标", "进行中", "未达标", "数据不足", "不适用", "只列数字"];

/// Values that there can be even where no line has them.
fn offered(by: &By, value: &str) -> bool {
    by.key == "state" && STATES.contains(&value)
}

fn rhythm(r: &Requirement) -> &'static str {
    match r.when {
        When::Every(_) => "按周期",
        When::ByDate(_) | When::ByField { .. } => "有期限",
        When::Life => "全程",
        When::Standing => "常设",
        When::Once(_) => "一次性",
    }
}

/// How firmly the text says it.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Stated => "原文明确",
        Status::Fragment => "原文残缺",
        Status::Inferred => "推定",
        Status::HeadingOnly => "仅有标题",
    }
}

fn chosen(ask: &Ask, by: &By, line: &Line<'_>) -> bool {
    let mut wanted = ask.all(by.key).peekable();
    let value = (by.value)(line);
    // Other pages ask for a state by its English name.
    let same = |w: &str| w == value || (by.key == "state" && chinese(w) == value);
    wanted.peek().is_none() || wanted.any(same)
}

fn chinese(state: &str) -> String {
    crate::verdict::judge::State::parse(state).map_or_else(|| state.to_owned(), |s| s.chinese().to_owned())
}

fn found(ask: &Ask, line: &Line<'_>) -> bool {
    let Some(q) = ask.get("q") else { return true };
    let q = q.trim().to_lowercase();
    let code = requirement_code(&line.r.pillar, &line.r.id);
    [&line.r.id, &line.r.title, &line.r.duty, &line.r.clause, &code].iter().any(|t| t.to_lowercase().contains(&q))
}

fn filter(ask: &Ask) -> FilterForm {
    let input = Input::Text(ask.get("q").unwrap_or_default().to_owned(), "编号、要求或责任主体".into());
    FilterForm {
        query: ask.url.without("page"),
        controls: vec![Control { name: "q".into(), label: "关键词".into(), input, error: String::new() }],
    }
}

fn facets(ask: &Ask, all: &[Line<'_>]) -> Facets {
    let facet = |by: &By| {
        let others =
            |l: &&Line<'_>| FACETS.iter().filter(|o| o.key != by.key).all(|o| chosen(ask, o, l)) && found(ask, l);
        let mut counts: Vec<(String, u64)> = Vec::new();
        for line in all.iter().filter(others) {
            let value = (by.value)(line);
            match counts.iter_mut().find(|(v, _)| *v == value) {
                Some((_, n)) => *n += 1,
                None => counts.push((value, 1)),
            }
        }
        if by.key == "state" {
            let place = |word: &str| STATES.iter().position(|s| *s == word).unwrap_or(STATES.len());
            counts.sort_by_key(|(word, _)| place(word));
        }
        let taken: Vec<&str> = ask.all(by.key).collect();
        let everything = FacetValue {
            label: "全部".into(),
            count: counts.iter().map(|(_, n)| n).sum(),
            href: ask.url.without(by.key).href(),
            current: taken.is_empty(),
            icon: None,
        };
        let value = |(label, count): (String, u64)| FacetValue {
            current: taken.iter().any(|t| *t == label || chinese(t) == label),
            href: ask.url.toggle(by.key, &label).href(),
            label,
            count,
            icon: None,
        };
        Facet {
            title: by.title.into(),
            values: std::iter::once(everything).chain(counts.into_iter().map(value)).collect(),
        }
    };
    Facets(FACETS.iter().map(facet).collect())
}

fn pillar(engine: &Engine, id: &str, shown: &[&Line<'_>]) -> Option<Pillar> {
    let own: Vec<&&Line<'_>> = shown.iter().filter(|l| l.r.pillar == id).collect();
    if own.is_empty() {
        return None;
    }
    let n = |state| own.iter().filter(|l| l.item.as_ref().is_some_and(|i| summary::of(i).state == state)).count();
    let mut note = format!("{}项", own.len());
    let parts: Vec<String> =
        [(State::Pass, "达标"), (State::Open, "进行中"), (State::Fail, "未达标"), (State::Unknown, "数据不足")]
            .into_iter()
            .filter(|(s, _)| n(*s) > 0)
            .map(|(s, word)| format!("{word}{}", n(s)))
            .collect();
    if !parts.is_empty() {
        note.push_str(&format!("：{}", parts.join("、")));
    }
    Some(Pillar { title: id.to_owned(), note, rows: own.iter().map(|l| line(engine, l)).collect() })
}

fn line(engine: &Engine, l: &Line<'_>) -> RequirementLine {
    let judged: Vec<&Item> = l.units.iter().filter(|i| i.judged()).collect();
    let good = judged.iter().filter(|i| !i.behind()).count();
    let unknown = l.units.iter().filter(|i| summary::of(i).state == State::Unknown).count();
    let system = l.item.as_ref().is_some_and(|i| summary::on_system(engine, i.i)) || l.units.is_empty();
    let bar = Bar { done: summary::permille(good as i64, judged.len() as i64), small: true, ..Bar::default() };
    RequirementLine {
        anchor: anchor(&l.r.id),
        code: requirement_code(&l.r.pillar, &l.r.id),
        title: Link::new(l.r.title.clone(), format!("/requirements/{}", segment(&l.r.id))),
        status: if l.r.status == Status::Stated { String::new() } else { status(l.r.status).into() },
        clause: l.r.clause.clone(),
        rule: l.rule.clone(),
        period: l.when.clone(),
        duty: l.r.duty.clone(),
        tag: l.item.as_ref().map_or(Tag::of(State::Absent), summary::of),
        units: (!system).then(|| (format!("{good} / {}个", judged.len()), bar)),
        units_note: match (system, unknown) {
            (true, _) => "市级1项".into(),
            (false, 0) => String::new(),
            (false, n) => format!("另有{n}个数据不足"),
        },
    }
}

fn headings(engine: &Engine) -> Vec<Heading> {
    let disabled = engine.package.requirements.iter().filter(|r| !r.enabled);
    disabled
        .map(|r| Heading {
            clause: r.clause.clone(),
            title: r.title.clone(),
            note: r.note.clone().unwrap_or_else(|| "来源：标题推定，不判定。".into()),
        })
        .collect()
}
