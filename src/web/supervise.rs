//! 督办 `/supervise`: the list, and one matter with what was said in it. Issuing: `supervise_new`; answering:
//! `supervise_acts`.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    dashboard::named,
    error::PageError,
    frame::{Ask, Desk, answer, show},
    remedies::narrowed,
    unit_names,
    view::{
        form::{Errors, Field, Form},
        parts::{Event, Fact, Facts, Timeline},
        supervise::{Line, Matter, Supervise},
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input, Pager},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    clock::{chinese, iso},
    deed::Deed,
    names::Names,
    scope::Scope,
    subjects,
    supervise::{self, Filter, State as Stands, Supervision, Told},
    verdict::{judge::State as Judged, light::Light, sight, words::window_name, world::UNIT},
};

/// Workdays that are proposed.
pub(super) const USUAL: u32 = 10;

/// `GET /supervise`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, fill).await
}

fn fill(desk: &mut Desk<'_, '_>) -> anyhow::Result<Supervise> {
    asked::keys(desk, &["state", "unit", "escalated", "deed", "page", "size"]);
    asked::values(desk, "state", "状态", &|v| Stands::parse(v).is_some());
    asked::values(desk, "deed", "办理人", &|v| v == "me");
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let states: Vec<Stands> = desk.ask.all("state").filter_map(Stands::parse).collect();
    let typed = desk.ask.get("unit").unwrap_or_default().trim().to_owned();
    let unit = unit_names::unit_in(desk.tx, &scope, &typed)?;
    let error = unit.as_ref().err().cloned().unwrap_or_default();
    // Where no unit is meant no row is shown, so that none seems to be that unit's.
    let units = match unit {
        Ok(unit) => unit.map(|unit| current.organisation.owned(unit).into_iter().collect()),
        Err(_) => Some(Vec::new()),
    };
    let escalated = desk.ask.get("escalated") == Some("1");
    let due_before = escalated.then_some(desk.now.day);
    let deed = match desk.ask.get("deed") {
        Some("me") => Some(Deed { account: desk.reader()?.account, kinds: supervise::DEEDS }),
        _ => None,
    };
    let others = Filter { units, escalated, due_before, deed, ..Filter::default() };
    let counts = supervise::counts(desk.tx, &scope, &others)?;
    let filter = Filter { states, ..others };
    let without_told = Filter { escalated: false, due_before: None, ..filter.clone() };
    let mut narrows = Vec::new();
    for (taken, key, words, without) in [
        (escalated, "escalated", ("上报", "超期已上报"), without_told),
        (deed.is_some(), "deed", ("办理人", "您办过的"), Filter { deed: None, ..filter.clone() }),
    ] {
        if taken {
            let all = supervise::counts(desk.tx, &scope, &without)?.iter().map(|(_, n)| n).sum::<u64>();
            narrows.push((key, words, all));
        }
    }
    let wanted = |s: &Stands| filter.states.is_empty() || filter.states.contains(s);
    let total = counts.iter().filter(|(s, _)| wanted(s)).map(|(_, n)| n).sum();
    let size = asked::size(desk);
    let page = asked::page(desk, u64::div_ceil(total, size));
    let found = supervise::list(desk.tx, &scope, &filter, ((page - 1) * size, size))?;
    let of = |state| counts.iter().find(|(s, _)| *s == state).map_or(0, |(_, n)| *n);
    let lead = Words::from("待回复").strong(of(Stands::Open).to_string()).text("件，已回复待销号");
    let lead = lead.strong(of(Stands::Replied).to_string()).text("件，已销号");
    Ok(Supervise {
        lead: lead.strong(of(Stands::Closed).to_string()).text("件。"),
        issue: desk.may(Permission::Supervise).then(|| Link::new("签发督办", "/supervise/new")),
        filter: FilterForm {
            query: asked::without_page(&desk.ask),
            controls: vec![Control {
                name: "unit".into(),
                label: "对象".into(),
                input: Input::Text(typed.clone(), "单位编号或名称".into()),
                error,
            }],
        },
        facets: facets(&desk.ask, &counts, &narrows, total),
        none: if counts.is_empty() && narrows.is_empty() && typed.is_empty() {
            "没有督办。".into()
        } else {
            "没有符合条件的督办。".into()
        },
        rows: lines(desk, &found)?,
        pager: Pager { query: asked::without_page(&desk.ask), title: "督办".into(), total, size, page },
        page: desk.page("/supervise")?,
    })
}

/// What a list is narrowed by besides: key, title and words, and how many there are without it.
type Narrow = (&'static str, (&'static str, &'static str), u64);

/// By state, and by what the list is narrowed by besides: how many there are without it and with it.
fn facets(ask: &Ask, counts: &[(Stands, u64)], narrows: &[Narrow], total: u64) -> Facets {
    let bare = asked::without_page(ask);
    let taken = ask.get("state");
    let all = FacetValue {
        label: "全部".into(),
        count: counts.iter().map(|(_, n)| n).sum(),
        href: bare.without("state").href(),
        current: taken.is_none(),
        icon: None,
    };
    let value = |(state, count): &(Stands, u64)| FacetValue {
        label: state.title().into(),
        count: *count,
        href: bare.without("state").with("state", state.as_str()).href(),
        current: taken == Some(state.as_str()),
        icon: None,
    };
    let states =
        Facet { title: "状态".into(), values: std::iter::once(all).chain(counts.iter().map(value)).collect() };
    let narrows = narrows.iter().map(|(key, words, all)| narrowed(ask, key, *words, (*all, total)));
    Facets(std::iter::once(states).chain(narrows).collect())
}

/// Matters as lines of a list.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn lines(desk: &mut Desk<'_, '_>, found: &[Supervision]) -> anyhow::Result<Vec<Line>> {
    let ids = found.iter().map(|s| s.unit).collect();
    let names = Names::load(desk.tx, &desk.current.engine.layout, &[(UNIT, ids)].into())?;
    let today = desk.now.day;
    let line = |s: &Supervision| Line {
        number: s.number(),
        title: Link::new(s.title.clone(), format!("/supervise/{}", s.id)),
        unit: names.title(UNIT, s.unit).to_owned(),
        due: s.due.chinese(),
        late: s.overdue(today),
        state: s.state.title(),
        escalated: s.escalated.is_some() && s.overdue(today),
    };
    Ok(found.iter().map(line).collect())
}

/// Whether a verdict is one that is pressed about: missed, or behind.
pub(super) fn presses(state: Judged, light: Light) -> bool {
    state == Judged::Fail || (state == Judged::Open && light >= Light::Yellow)
}

/// `GET /supervise/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done"]);
        render(desk, &id, &Left::default())
    })
    .await
}

pub(super) fn render(desk: &mut Desk<'_, '_>, id: &str, left: &Left) -> anyhow::Result<Response> {
    let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let found = supervise::get(desk.tx, id)?.filter(|s| desk.scope.has_unit(s.unit));
    let s = found.ok_or(PageError::NotFound)?;
    let told = supervise::history(desk.tx, id)?;
    let mut forms = forms(desk, &s);
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let errors = Errors(forms.iter().flat_map(|(_, form)| Errors::of(form).0).collect());
    left.shown(&errors)?;
    let notice = match desk.ask.get("done") {
        Some("issue") => "已签发，对象单位在“我的待办”里看到。",
        Some("reply") => "已回复，等领导小组办公室销号或退回。",
        Some("return") => "已退回，请单位重新回复。",
        Some("close") => "已销号。",
        _ => "",
    };
    let today = desk.now.day;
    let next = match s.state {
        Stands::Open if s.overdue(today) => {
            let told = if s.escalated.is_some() { "已上报领导小组办公室；" } else { "" };
            format!("{}到期没有回复，{told}单位仍应回复。", s.due.chinese())
        }
        Stands::Open => format!("请对象单位在{}前（含当日）回复。", s.due.chinese()),
        Stands::Replied => "单位已回复，由领导小组办公室销号，或说明理由退回。".into(),
        Stands::Closed => "已销号，不再办理。".into(),
    };
    let view = Matter {
        errors,
        notice: notice.into(),
        number: s.number(),
        title: s.title.clone(),
        state: s.state.title(),
        escalated: s.escalated.is_some() && s.overdue(today),
        next,
        facts: facts(desk, &s)?,
        history: history(&told),
        forms,
        page: desk.page("/supervise")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn facts(desk: &mut Desk<'_, '_>, s: &Supervision) -> anyhow::Result<Facts> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let mut facts = vec![
        Fact::new("对象", unit_names::full(desk, s.unit)?),
        Fact::new("事项", s.title.clone()),
        Fact::new("要求", s.demand.clone()),
    ];
    if let Some((id, key, window)) = &s.verdict
        && let Some(i) = engine.position(id)
        && seen(desk, i, key, window)?
    {
        let names = subjects::names_of(desk.tx, engine, i, key)?;
        let (code, requirement) = named(engine, i);
        let on = subjects::title(engine, i, key, &names);
        let href = super::view::verdict::href(id, &subjects::code(engine, i, key, &names), window);
        let text = format!("{code} {}：{on}　{}", requirement.text, window_name(window));
        facts.push(Fact::new("依据判定", Words::new().link(text, href)));
    }
    if s.verdict.is_none()
        && let Some(i) = s.requirement.as_ref().and_then(|id| engine.position(id))
    {
        let (code, requirement) = named(engine, i);
        facts.push(Fact::new("依据", Words::new().link(format!("{code} {}", requirement.text), requirement.href)));
    }
    facts.push(Fact::new("回复期限", s.due.chinese()));
    facts.push(Fact::new("签发", format!("{}　{}", chinese(s.issued), s.by)));
    Ok(Facts(facts))
}

/// Whether the reader may see the verdict itself, which may be another unit's than the one that is pressed.
fn seen(desk: &mut Desk<'_, '_>, i: usize, key: &[i64], window: &str) -> anyhow::Result<bool> {
    if desk.scope == Scope::All {
        return Ok(true);
    }
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let id = &current.engine.compiled[i].requirement.id;
    let all = sight::of_requirement(desk.tx, &current.engine, &scope, id, key.first().copied())?;
    Ok(all.iter().any(|v| v.window == window && subjects::key(v) == key))
}

/// What happened to a matter, in a word.
pub(super) fn deed_word(kind: &str) -> &'static str {
    match kind {
        "issue" => "签发",
        "reply" => "回复",
        "return" => "退回",
        "close" => "销号",
        _ => "上报领导小组办公室",
    }
}

fn history(told: &[Told]) -> Timeline {
    let event = |t: &Told| {
        let what = deed_word(&t.kind);
        let due = t.day.map_or_else(String::new, |d| format!("期限{}　", d.chinese()));
        Event {
            at: chinese(t.at),
            iso: iso(t.at).chars().take(16).collect(),
            key: t.kind != "return",
            words: Words::from(format!("{}{what}", t.actor)),
            note: format!("{due}{}", t.text),
            ..Event::default()
        }
    };
    Timeline(told.iter().rev().map(event).collect())
}

/// Whether who records and who presses within these scopes replies for a unit: its own people do, whom no one has sent from
/// the whole city, and whoever presses it does not.
pub(super) fn replies(record: Option<&Scope>, press: Option<&Scope>, unit: i64) -> bool {
    let own = record.is_some_and(|scope| matches!(scope, Scope::Within(_)) && scope.has_unit(unit));
    own && !press.is_some_and(|scope| scope.has_unit(unit))
}

/// To reply, to close, to send back.
fn forms(desk: &Desk<'_, '_>, s: &Supervision) -> Vec<(&'static str, Form)> {
    let (record, press) = (desk.opens(Permission::Record), desk.opens(Permission::Supervise));
    let form = |id: &str, what: &str, fields: Vec<Field>, button: &str, primary: bool| Form {
        id: id.into(),
        action: format!("/supervise/{}/{what}", s.id),
        fields,
        button: button.into(),
        primary,
        ..Form::default()
    };
    let text = |label: &str, hint: &str| Field::long("text", label).hint(hint).required();
    match s.state {
        Stands::Open if replies(record.as_ref(), press.as_ref(), s.unit) => {
            let field = text("回复", "办了什么、结果怎样、还有什么困难；最多1000字。");
            vec![("回复", form("re", "reply", vec![field], "回复", true))]
        }
        Stands::Replied if press.is_some_and(|scope| scope.has_unit(s.unit)) => {
            let due = desk.current.engine.workdays.after(desk.now.day, USUAL);
            let back = vec![
                text("退回的理由", "还差什么；最多1000字。"),
                Field::day("due", "新的回复期限", &due.to_string()).required(),
            ];
            let close = text("销号意见", "为什么可以销号；最多1000字。");
            vec![
                ("销号", form("cl", "close", vec![close], "销号", true)),
                ("退回", form("ba", "return", back, "退回", false)),
            ]
        }
        _ => Vec::new(),
    }
}
