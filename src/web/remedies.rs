//! 改进措施 `/remedies`.

use axum::{extract, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    remedy_lines::lines,
    unit_names,
    view::{
        remedy::{Line, Remedies},
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input, Pager},
        words::Words,
    },
};
use crate::{
    deed::Deed,
    installation::Current,
    remedy::{
        self, State,
        store::{self, Filter},
    },
    verdict::words::act_words,
    web::view::spelling::requirement_code,
};

/// `GET /remedies`.
pub(super) async fn page(extract::State(app): extract::State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Remedies> {
    asked::keys(desk, &["state", "act", "requirement", "unit", "escalated", "person", "deed", "page", "size"]);
    let current = desk.current.clone();
    let engine = &current.engine;
    asked::values(desk, "state", "状态", &|v| State::parse(v).is_some());
    asked::values(desk, "person", "责任人", &|v| v == "me");
    asked::values(desk, "deed", "办理人", &|v| v == "me");
    asked::values(desk, "requirement", "要求", &|v| engine.position(v).is_some());
    let (filter, error) = filter(desk, &current)?;
    let scope = desk.scope.clone();
    let total = store::count(desk.tx, engine, &scope, &filter)?;
    let size = asked::size(desk);
    let page = asked::page(desk, total.div_ceil(size));
    let found = store::list(desk.tx, engine, &scope, &filter, ((page - 1) * size, size))?;
    let unit = desk.ask.get("unit").unwrap_or_default().to_owned();
    let facets = facets(desk, &current, &filter)?;
    let none = store::count(desk.tx, engine, &scope, &Filter::default())? == 0;
    Ok(Remedies {
        lead: lead(desk)?,
        filter: FilterForm {
            query: asked::without_page(&desk.ask),
            controls: vec![Control {
                name: "unit".into(),
                label: "单位".into(),
                input: Input::Text(unit, "编号或名称".into()),
                error,
            }],
        },
        none: if none {
            "没有改进措施。有未达标、而文件要求写明后果的，系统在期满几个工作日后起草。".into()
        } else {
            "没有符合条件的改进措施。".into()
        },
        facets,
        rows: lines(desk, &found)?,
        pager: Pager { query: asked::without_page(&desk.ask), title: "改进措施".into(), total, size, page },
        page: desk.page("/remedies")?,
    })
}

/// The conditions of the address, and what is wrong with the unit.
fn filter(desk: &mut Desk<'_, '_>, current: &Current) -> anyhow::Result<(Filter, String)> {
    let states = desk.ask.all("state").filter_map(State::parse).collect();
    let known = |id: &&str| current.engine.position(id).is_some();
    let requirements = desk.ask.all("requirement").filter(known).map(str::to_owned).collect();
    let act = desk.ask.get("act").filter(|a| !a.is_empty()).map(str::to_owned);
    let typed = desk.ask.get("unit").unwrap_or_default().trim().to_owned();
    let unit = unit_names::unit_in(desk.tx, &desk.scope, &typed)?;
    let error = unit.as_ref().err().cloned().unwrap_or_default();
    // Where no unit is meant no row is shown, so that none seems to be that unit's.
    let units = match unit {
        Ok(unit) => unit.map(|unit| current.organisation.owned(unit).into_iter().collect()),
        Err(_) => Some(Vec::new()),
    };
    let escalated = desk.ask.get("escalated") == Some("1");
    let due_before = escalated.then_some(desk.now.day);
    let person = match desk.ask.get("person") {
        // Who is nobody of the roster is responsible for nothing.
        Some("me") => Some(desk.reader()?.person.unwrap_or(0)),
        _ => None,
    };
    let deed = match desk.ask.get("deed") {
        Some("me") => Some(Deed { account: desk.reader()?.account, kinds: remedy::DEEDS }),
        _ => None,
    };
    Ok((Filter { states, requirements, act, units, escalated, due_before, person, deed, ..Filter::default() }, error))
}

fn lead(desk: &mut Desk<'_, '_>) -> anyhow::Result<Words> {
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let counts = store::counts(desk.tx, &current.engine, &scope, &Filter::default(), "state")?;
    let of = |state: State| counts.iter().find(|(s, _)| s == state.as_str()).map_or(0, |(_, n)| *n);
    let late = Filter { states: vec![State::Active], due_before: Some(desk.now.day), ..Filter::default() };
    let late = store::count(desk.tx, &current.engine, &scope, &late)?;
    let words = Words::from("待确认").strong(of(State::Draft).to_string()).text("件，办理中");
    let words = words.strong(of(State::Active).to_string()).text("件");
    let words = if late > 0 { words.text("（超期").strong(late.to_string()).text("件）") } else { words };
    Ok(words.text("，已办结").strong(of(State::Closed).to_string()).text("件。"))
}

fn facets(desk: &mut Desk<'_, '_>, current: &Current, filter: &Filter) -> anyhow::Result<Facets> {
    let scope = desk.scope.clone();
    let mut found = Vec::new();
    for (key, title, column) in
        [("state", "状态", "state"), ("act", "措施", "act"), ("requirement", "要求", "requirement")]
    {
        let others = match key {
            "state" => Filter { states: Vec::new(), ..filter.clone() },
            "act" => Filter { act: None, ..filter.clone() },
            _ => Filter { requirements: Vec::new(), ..filter.clone() },
        };
        let mut counts = store::counts(desk.tx, &current.engine, &scope, &others, column)?;
        if key == "state" {
            counts.sort_by_key(|(state, _)| State::parse(state));
        }
        let label = |value: &str| match key {
            "state" => State::parse(value).map_or_else(|| value.to_owned(), |s| s.title().to_owned()),
            "act" => act_words(value).to_owned(),
            _ => current.engine.position(value).map_or_else(
                || value.to_owned(),
                |i| requirement_code(&current.engine.compiled[i].requirement.pillar, value),
            ),
        };
        let bare = asked::without_page(&desk.ask);
        let taken = desk.ask.get(key).map(str::to_owned);
        let all = FacetValue {
            label: "全部".into(),
            count: counts.iter().map(|(_, n)| n).sum(),
            href: bare.without(key).href(),
            current: taken.is_none(),
            icon: None,
        };
        let value = |(value, count): (String, u64)| FacetValue {
            label: label(&value),
            count,
            current: taken.as_deref() == Some(value.as_str()),
            href: bare.without(key).with(key, value).href(),
            icon: None,
        };
        let values = std::iter::once(all).chain(counts.into_iter().map(value)).collect();
        found.push(Facet { title: title.into(), values });
    }
    let without_told = Filter { escalated: false, due_before: None, ..filter.clone() };
    let without_person = Filter { person: None, ..filter.clone() };
    let without_deed = Filter { deed: None, ..filter.clone() };
    for (taken, key, words, others) in [
        (filter.escalated, "escalated", ("上报", "超期已上报"), without_told),
        (filter.person.is_some(), "person", ("责任人", "由您负责"), without_person),
        (filter.deed.is_some(), "deed", ("办理人", "您办过的"), without_deed),
    ] {
        if taken {
            let all = store::count(desk.tx, &current.engine, &scope, &others)?;
            let own = store::count(desk.tx, &current.engine, &scope, filter)?;
            found.push(narrowed(&desk.ask, key, words, (all, own)));
        }
    }
    Ok(Facets(found))
}

/// What a list is narrowed by beside its facets, so that it can be seen and given back.
/// `all` and `taken` say how many there are without it and with it.
pub(super) fn narrowed(ask: &Ask, key: &str, (title, label): (&str, &str), (all, taken): (u64, u64)) -> Facet {
    let bare = asked::without_page(ask);
    let value =
        |label: &str, count, href, current| FacetValue { label: label.into(), count, href, current, icon: None };
    let values = vec![value("全部", all, bare.without(key).href(), false), value(label, taken, bare.href(), true)];
    Facet { title: title.into(), values }
}

/// The most urgent that still run, for a unit's page and the overview.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn urgent(desk: &mut Desk<'_, '_>, filter: &Filter, limit: u64) -> anyhow::Result<Vec<Line>> {
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let found = store::list(desk.tx, &current.engine, &scope, filter, (0, limit))?;
    lines(desk, &found)
}
