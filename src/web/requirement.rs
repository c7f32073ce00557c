//! 要求详情 `/requirements/{id}`.

use std::collections::BTreeMap;

use axum::{
    extract::{self, Path},
    response::Response,
};

use super::{
    app::App,
    asked,
    dashboard::{Organ, judged_day, named, organs},
    error::PageError,
    frame::{Ask, Desk, show},
    parameters, requirement_subjects,
    requirements::status,
    settings, subject, summary,
    view::{
        chart::{Chart, Point},
        parts::{Choice, Event, Fact, Facts, Timeline},
        requirement::{Requirement, Ruling, UnitLine, Units},
        spelling::{anchor, requirement_code},
        tag::State,
        url::segment,
        words::{Link, Words},
    },
};
use crate::{
    clock,
    day::Day,
    db::Tx,
    directive::model::{Each, Requirement as Rule, When},
    subjects,
    verdict::{
        engine::Engine,
        item::{self, Item},
        sight,
        store::Counted,
        window,
        words::{self, Context, window_name},
    },
};

pub(super) use crate::figures::{target_text, value_text};

/// `GET /requirements/{id}`.
pub(super) async fn page(extract::State(app): extract::State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    show(app, ask, move |desk| render(desk, &id)).await
}

/// Fills the page.
fn render(desk: &mut Desk<'_, '_>, id: &str) -> anyhow::Result<Requirement> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let Some(i) = engine.position(id) else { return disabled(desk, id) };
    let r = engine.compiled[i].requirement.clone();
    let today = judged_day(desk)?;
    let counts = sight::counts(desk.tx, &desk.scope, Some(id), None)?;
    let windows = windows(&counts);
    let chosen = desk.ask.get("window").filter(|w| windows.iter().any(|x| x == w)).map(str::to_owned);
    let listed = |w: &str| windows.iter().any(|x| x == w);
    asked::keys(desk, &["window", "unit", "state", "page", "size"]);
    asked::values(desk, "window", "判定期中", &listed);
    let whole = item::system(engine, &counts, today).pop();
    let window = chosen.clone().or_else(|| whole.as_ref().and_then(|w| w.windows.last().cloned())).unwrap_or_default();
    let shown: Vec<Counted> = match (&chosen, &r.when) {
        (Some(w), _) => counts.iter().filter(|c| c.window == *w).cloned().collect(),
        (None, When::Every(_)) => counts.iter().filter(|c| c.window == window).cloned().collect(),
        (None, _) => counts.clone(),
    };
    let item = item::system(engine, &shown, today).pop();
    let units = units(engine, i, &shown, &organs(desk, today)?, today, &window);
    let subjects = if r.each == Each::System {
        None
    } else {
        Some(requirement_subjects::of(
            desk,
            engine,
            i,
            &shown,
            chosen.as_deref().or(matches!(r.when, When::Every(_)).then_some(&window)),
        )?)
    };
    let own = own_verdict(desk, engine, i, &window)?;
    let (prev, next) = neighbours(engine, i);
    Ok(Requirement {
        page: desk.page("/requirements")?,
        code: requirement_code(&r.pillar, &r.id),
        title: r.title.clone(),
        tag: item.as_ref().map(summary::of),
        window: if matches!(r.when, When::ByField { .. }) && chosen.is_none() {
            "全部期限".into()
        } else {
            window_name(&window)
        },
        windows: choices(&windows, &window),
        lead: lead(item.as_ref(), &shown),
        lead_note: Words::from(words::when(Context::of(engine, i))),
        verdict: own,
        changed: parameters::changed(&r, &window),
        units: (r.each != Each::System).then_some(units),
        subjects,
        status: status(r.status).to_owned(),
        rule: rule(engine, i),
        trend: trend(engine, &counts, today),
        parameters: parameters::of(engine, &r, today),
        rulings: rulings(desk, engine, &r)?,
        history: history(desk.tx)?,
        previous: prev,
        next,
    })
}

/// A heading without a rule.
fn disabled(desk: &mut Desk<'_, '_>, id: &str) -> anyhow::Result<Requirement> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let Some(r) = engine.package.requirement(id) else { return Err(PageError::NotFound.into()) };
    let note = r.note.clone().unwrap_or_else(|| "原文只有标题，没有内容。".into());
    Ok(Requirement {
        page: desk.page("/requirements")?,
        code: requirement_code(&r.pillar, &r.id),
        title: r.title.clone(),
        tag: None,
        window: String::new(),
        windows: Vec::new(),
        lead: Words::from(format!("来源：标题推定，不判定。{note}")),
        lead_note: Words::new(),
        verdict: None,
        changed: Words::new(),
        units: None,
        subjects: None,
        status: status(r.status).to_owned(),
        rule: Facts(vec![Fact::new("条款", r.clause.clone()), Fact::new("责任主体", r.duty.clone())]),
        trend: Chart::default(),
        parameters: Vec::new(),
        rulings: rulings(desk, engine, r)?,
        history: history(desk.tx)?,
        previous: None,
        next: None,
    })
}

/// Windows with verdicts, newest first.
fn windows(counts: &[Counted]) -> Vec<String> {
    let mut labels: Vec<String> = counts.iter().map(|c| c.window.clone()).collect();
    let begin = |w: &str| window::bounds(w).map(|(from, _)| from).or_else(|| Day::parse(w.trim_start_matches("by ")));
    labels.sort_by(|a, b| begin(b).cmp(&begin(a)).then(b.cmp(a)));
    labels.dedup();
    labels
}

fn choices(windows: &[String], current: &str) -> Vec<Choice> {
    let choice = |w: &String| Choice { value: w.clone(), label: window_name(w), current: w == current };
    windows.iter().take(60).map(choice).collect()
}

fn lead(item: Option<&Item>, shown: &[Counted]) -> Words {
    let Some(item) = item else { return Words::from("还没有判定。") };
    if summary::of(item).state == State::Figure {
        return Words::from("只列数字，不判达标与否。");
    }
    let t = &item.tally;
    let mut words = Words::from("判定").strong(format!("{}个", t.judged()));
    for (n, word) in
        [(t.pass, "达标"), (t.open, "进行中"), (t.fail, "未达标"), (t.unknown, "数据不足"), (t.na, "不适用")]
    {
        if n > 0 {
            words = words.text(format!("，{word}")).strong(n.to_string());
        }
    }
    if t.late > 0 {
        words = words.text(format!("（其中{}个已补）", t.late));
    }
    let organs: std::collections::BTreeSet<i64> = shown.iter().map(|c| c.organ).collect();
    words.text(format!("，涉及{}个单位。", organs.len()))
}

fn units(engine: &Engine, i: usize, shown: &[Counted], organs: &[Organ], today: Day, window: &str) -> Units {
    let items: BTreeMap<i64, Item> = item::items(engine, shown, today).into_iter().map(|t| (t.organ, t)).collect();
    let id = &engine.compiled[i].requirement.id;
    let line = |organ: &Organ| {
        let item = items.get(&organ.id)?;
        let t = &item.tally;
        let figures = [t.judged(), t.pass, t.open, t.fail, t.unknown].map(|n| n.to_string());
        let open = format!(
            "/requirements/{}?unit={}&window={}#h-subjects",
            segment(id),
            segment(&organ.code),
            segment(window)
        );
        Some((
            item.behind(),
            UnitLine {
                unit: Link::new(organ.name.clone(), format!("/units/{}#{}", segment(&organ.code), anchor(id))),
                tag: summary::of(item),
                figures: figures.into(),
                open: Some(Link::new("看判定", open)),
            },
        ))
    };
    let mut rows: Vec<(bool, UnitLine)> = organs.iter().filter_map(line).collect();
    rows.sort_by_key(|(behind, _)| !behind);
    Units {
        heads: ["应判", "达标", "进行中", "未达标", "数据不足"].map(String::from).into(),
        rows: rows.into_iter().map(|(_, r)| r).collect(),
        note: "数据不足不计入任何占比。".into(),
    }
}

/// The city's own verdict, where there is one subject.
fn own_verdict(desk: &mut Desk<'_, '_>, engine: &Engine, i: usize, window: &str) -> anyhow::Result<Option<Link>> {
    let r = &engine.compiled[i].requirement;
    if r.each != Each::System {
        return Ok(None);
    }
    let all = sight::of_requirement(desk.tx, engine, &desk.scope, &r.id, None)?;
    let Some(v) = all.iter().find(|v| v.window == window) else { return Ok(None) };
    let names = subjects::names(desk.tx, engine, std::iter::once((i, v)))?;
    Ok(Some(Link::new("看这个判定的来由", subject::href(engine, i, v, &names))))
}

fn rule(engine: &Engine, i: usize) -> Facts {
    let r = &engine.compiled[i].requirement;
    let mut facts = vec![Fact::new("条款", r.clause.clone()), Fact::new("责任主体", r.duty.clone())];
    facts.extend(words::facts(Context::of(engine, i)).into_iter().map(|f| Fact::new(f.term, f.text)));
    if let Some(reference) = &r.reference {
        facts.push(Fact::new("参考做法", reference.clone()));
    }
    if let Some(note) = &r.note {
        facts.push(Fact::new("说明", note.clone()));
    }
    facts.push(Fact::new("出处", format!("{} 第{}行", r.place.0, r.place.1)));
    Facts(facts)
}

fn trend(engine: &Engine, counts: &[Counted], today: Day) -> Chart {
    let mut by: BTreeMap<Day, (String, Vec<Counted>)> = BTreeMap::new();
    for c in counts {
        if let Some((from, _)) = window::bounds(&c.window)
            && c.shut.is_some_and(|s| s < today)
        {
            by.entry(from).or_insert_with(|| (c.window.clone(), Vec::new())).1.push(c.clone());
        }
    }
    let point = |(window, counts): &(String, Vec<Counted>)| {
        let item = item::system(engine, counts, today).pop()?;
        let (pass, judged) = (item.tally.pass, item.tally.judged());
        let permille = (judged > 0).then(|| summary::permille(pass, judged));
        Some(Point {
            label: window_name(window).chars().skip_while(|c| *c != '年').skip(1).collect(),
            name: window_name(window),
            text: permille.map_or("--".into(), summary::percent),
            permille,
        })
    };
    let mut points: Vec<Point> = by.values().filter_map(point).collect();
    points.drain(..points.len().saturating_sub(12));
    Chart { title: "达标比例".into(), unit: "期间".into(), points, line: None }
}

fn rulings(desk: &mut Desk<'_, '_>, engine: &Engine, r: &Rule) -> anyhow::Result<Vec<Ruling>> {
    let laid = if r.ruling.is_empty() { None } else { Some(settings::Laid::read(desk)?) };
    let own = engine.package.directive.rulings.iter().filter(|q| r.ruling.contains(&q.id));
    Ok(own.map(|q| ruling(q, laid.as_ref().and_then(|l| l.reading(&q.id)))).collect())
}

/// A ruling as it is shown.
///
/// `own` is what the office has recorded: the reading that it takes, and by whose ruling since when.
pub(super) fn ruling(q: &crate::directive::model::Ruling, own: Option<(String, String)>) -> Ruling {
    let differs = own.as_ref().is_some_and(|(reading, _)| *reading != q.chosen);
    Ruling {
        own: match own {
            Some((reading, basis)) if differs => format!("本单位裁定采用“{reading}”：{basis}"),
            Some((_, basis)) => format!("本单位裁定采用：{basis}"),
            None => String::new(),
        },
        differs,
        question: format!("{} {}", q.id, q.question),
        readings: q.readings.clone(),
        chosen: q.chosen.clone(),
        by: q.by.clone(),
        on: q.on.map_or(String::new(), Day::chinese),
    }
}

/// Packages that came into force, newest first.
fn history(tx: &mut Tx<'_>) -> anyhow::Result<Timeline> {
    let sql = "select title, hash, applied_at, applied_by from package order by row_id desc";
    let events = tx.rows(sql, &[], |r| {
        let (title, hash, at, by) = (r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.i64(2)?, r.text(3)?.to_owned());
        Ok(Event {
            at: clock::chinese(at),
            iso: clock::iso(at).chars().take(16).collect(),
            key: true,
            words: Words::from(format!("{by}装入《{title}》")),
            changes: Vec::new(),
            effect: Words::new(),
            note: format!("版本 {}", hash.chars().take(12).collect::<String>()),
        })
    })?;
    Ok(Timeline(events))
}

fn neighbours(engine: &Engine, i: usize) -> (Option<Link>, Option<Link>) {
    let order = summary::in_order(engine);
    let at = order.iter().position(|o| *o == i).unwrap_or(0);
    let link = |n: &usize| {
        let (code, title) = named(engine, *n);
        Link::new(format!("{code} {}", title.text), title.href)
    };
    (at.checked_sub(1).and_then(|n| order.get(n)).map(link), order.get(at + 1).map(link))
}
