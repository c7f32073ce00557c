//! 操作日志 `/audit`.

use std::collections::BTreeMap;

use axum::{extract, response::Response};

use super::{
    app::App,
    audit_entry::Entries,
    frame::{Ask, Desk, show},
    ledger_typed::not_a_day,
    view::{
        audit::{Audit, State},
        table::{Chip, Control, Facet, FacetValue, Facets, FilterForm, Input},
        words::Words,
    },
};
use crate::{
    audit::{self, By, Filter, Kind, Line},
    auth::Role,
    clock,
    day::Day,
    ledger::Keys,
    scope::Scope,
};

/// Entries on a page.
const SIZE: i64 = 50;

/// `GET /audit`.
pub(super) async fn page(extract::State(app): extract::State<App>, ask: Ask) -> Response {
    let keys = app.installation.keys.clone();
    show(app, ask, move |desk| render(desk, &keys)).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, keys: &Keys) -> anyhow::Result<Audit> {
    let (filter, form) = conditions(desk);
    let failed = !form.errors().is_empty();
    let before = desk.ask.get("before").and_then(|b| b.parse().ok());
    let scope = reach(desk)?;
    let mut lines = if failed { Vec::new() } else { audit::list(desk.tx, &scope, &filter, before, SIZE + 1)? };
    let more = lines.len() as i64 > SIZE;
    lines.truncate(SIZE as usize);
    let own = desk.ask.url.without("before");
    let older = lines.last().filter(|_| more).map(|last| own.with("before", last.row_id.to_string()).href());
    Ok(Audit {
        page: desk.page("/audit")?,
        state: state(desk, &lines)?,
        facets: Facets(if failed { Vec::new() } else { facets(desk, &filter)? }),
        chips: chips(desk, &filter),
        filter: form,
        entries: Entries::read(desk, keys, &lines)?.timeline(&lines),
        newest: before.map(|_| own.href()),
        older,
    })
}

/// Whose entries: a 审计管理员 sees all of them, without what the records say; others those of their units.
fn reach(desk: &Desk<'_, '_>) -> anyhow::Result<Scope> {
    Ok(if desk.reader()?.has(Role::AuditAdmin) { Scope::All } else { desk.scope.clone() })
}

/// What is asked for, and the form for the days.
fn conditions(desk: &Desk<'_, '_>) -> (Filter, FilterForm) {
    let all = |key: &str| desk.ask.all(key).map(str::to_owned).collect::<Vec<_>>();
    let mut controls = Vec::new();
    let mut day = |key: &str, label: &str| {
        let typed = desk.ask.get(key).map(str::trim).unwrap_or_default();
        let day = Day::parse(typed);
        let error = if typed.is_empty() || day.is_some() { String::new() } else { not_a_day(typed) };
        let (name, label) = (key.to_owned(), label.to_owned());
        controls.push(Control { name, label, input: Input::Day(typed.to_owned()), error });
        day
    };
    let (from, to) = (day("from", "从哪天"), day("to", "到哪天"));
    let backwards = from.zip(to).is_some_and(|(from, to)| to < from);
    if let (true, Some(last)) = (backwards, controls.last_mut()) {
        last.error = "止日应不早于起日，没有采用。".into();
    }
    let to = to.filter(|_| !backwards);
    let filter = Filter {
        kinds: all("kind").iter().filter_map(|k| Kind::parse(k)).collect(),
        actors: all("who"),
        ledgers: all("ledger"),
        from: from.map(clock::start_of_day),
        until: to.map(|day| clock::start_of_day(day.plus(1))),
    };
    (filter, FilterForm { query: desk.ask.url.without("before"), controls })
}

/// Keys of the facets in the address, their titles and properties.
const FACETS: [(&str, &str, By); 3] =
    [("kind", "事项", By::Kind), ("who", "何人", By::Actor), ("ledger", "台账", By::Ledger)];

fn facets(desk: &mut Desk<'_, '_>, filter: &Filter) -> anyhow::Result<Vec<Facet>> {
    let url = desk.ask.url.without("before");
    let scope = reach(desk)?;
    let mut facets = Vec::new();
    let counts = audit::counts(desk.tx, &scope, filter, &FACETS.map(|(_, _, by)| by))?;
    for ((key, title, by), counts) in FACETS.into_iter().zip(counts) {
        let taken: Vec<&str> = desk.ask.all(key).collect();
        let sum = counts.iter().map(|(_, n)| *n).sum::<i64>();
        let mut values = vec![FacetValue {
            label: "全部".into(),
            count: sum as u64,
            href: url.without(key).href(),
            current: taken.is_empty(),
            icon: None,
        }];
        values.extend(counts.into_iter().map(|(value, n)| FacetValue {
            label: label(desk, by, &value),
            count: n as u64,
            href: url.toggle(key, &value).href(),
            current: taken.contains(&value.as_str()),
            icon: None,
        }));
        facets.push(Facet { title: title.into(), values });
    }
    Ok(facets)
}

fn label(desk: &Desk<'_, '_>, by: By, value: &str) -> String {
    match by {
        By::Kind => Kind::parse(value).map_or_else(|| value.to_owned(), |k| k.title().to_owned()),
        By::Actor => value.to_owned(),
        By::Ledger => {
            let layout = &desk.current.engine.layout;
            layout.index(value).map_or_else(|| value.to_owned(), |t| layout.ledgers[t].title.clone())
        }
    }
}

fn chips(desk: &Desk<'_, '_>, filter: &Filter) -> Vec<Chip> {
    let url = desk.ask.url.without("before");
    let mut chips = Vec::new();
    for (key, title, by) in FACETS {
        let values: Vec<String> = desk.ask.all(key).map(|v| label(desk, by, v)).collect();
        if !values.is_empty() {
            chips.push(Chip { label: format!("{title}：{}", values.join("、")), href: url.without(key).href() });
        }
    }
    for (key, bound, word) in [("from", filter.from, "起"), ("to", filter.until.map(|at| at - 1), "止")] {
        if let Some(at) = bound {
            let label = format!("{}{word}", clock::day_of(at).chinese());
            chips.push(Chip { label, href: url.without(key).href() });
        }
    }
    chips
}

/// Whether the log is whole: the last verification of all, and the entries of this page now.
fn state(desk: &mut Desk<'_, '_>, lines: &[Line]) -> anyhow::Result<State> {
    let state = audit::state(desk.tx)?;
    let broken = lines.iter().filter(|l| !l.intact).count();
    let last = audit::outcome(desk.tx)?;
    let verdict = match (&last, broken) {
        (_, 1..) => Words::new()
            .strong("断点")
            .text(format!("：本页有{broken}条日志被改动。请运行 dongliang audit verify 查明全部")),
        (Some(last), _) if last.found > 0 => Words::new().strong("断点").text(format!(
            "：{}核验全部日志和台账，{}处不符。请运行 dongliang audit verify 查明",
            clock::chinese(last.at),
            last.found
        )),
        (Some(last), _) => Words::new().strong("校验通过").text(format!(
            "：{}核验日志{}条、台账{}行，全部相符；本页各条刚刚核对过",
            clock::chinese(last.at),
            last.entries,
            last.rows
        )),
        (None, _) => Words::from("还没有全面核验；本页各条刚刚核对过，未见改动"),
    };
    let waiting = if state.waiting == 0 { String::new() } else { format!("，另有{}条尚未编号", state.waiting) };
    Ok(State {
        verdict,
        broken: broken > 0 || last.is_some_and(|l| l.found > 0),
        size: format!("{}条{waiting}", state.size),
        root: state.root.to_string()[..16].to_owned(),
        checkpoint: state
            .checkpoint
            .map_or_else(String::new, |(size, at, _)| format!("{}，第{size}条", clock::chinese(at))),
    })
}

/// Records by ledger.
pub(super) type Records = BTreeMap<usize, std::collections::BTreeSet<i64>>;
