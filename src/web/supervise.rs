//! 督办 `/supervise`: the list, a new matter from a verdict or by hand, one matter with reply, return and closing.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    dashboard::named,
    error::PageError,
    frame::{Ask, Desk, answer, show},
    post::{Posted, Seat, act},
    remedies::owned,
    requests::long_text,
    subject, unit_names,
    view::{
        form::{Errors, Field, Form},
        parts::{Event, Fact, Facts, Timeline},
        supervise::{Line, Matter, NewMatter, Supervise},
        table::{Control, Facet, FacetValue, Facets, FilterForm, Input, Pager},
        words::{Link, Words},
    },
};
use crate::{
    auth::{Permission, account::Refused},
    clock::{chinese, iso},
    day::Day,
    db::Tx,
    installation::Current,
    names::Names,
    scope::{Actor, Scope},
    subjects,
    supervise::{self, Filter, LONGEST, New, State as Stands, Supervision, TITLE, Told, Word},
    verdict::{judge::State as Judged, light::Light, sight, store::Stored, words::window_name, world::UNIT},
};

/// Workdays that a last day leaves at least.
const SOONEST: u32 = 3;
/// Workdays that are proposed.
const USUAL: u32 = 10;
/// Days ahead that it may lie.
const LATEST: i32 = 730;

/// `GET /supervise`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, fill).await
}

fn fill(desk: &mut Desk<'_, '_>) -> anyhow::Result<Supervise> {
    asked::keys(desk, &["state", "unit", "escalated", "page", "size"]);
    asked::values(desk, "state", "状态", &|v| Stands::parse(v).is_some());
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let states: Vec<Stands> = desk.ask.all("state").filter_map(Stands::parse).collect();
    let typed = desk.ask.get("unit").unwrap_or_default().trim().to_owned();
    let unit = unit_in(desk.tx, &scope, &typed)?;
    let error = unit.as_ref().err().cloned().unwrap_or_default();
    let units = unit.ok().flatten().map(|unit| owned(&current, unit));
    let escalated = desk.ask.get("escalated") == Some("1");
    let others = Filter { units, escalated, ..Filter::default() };
    let counts = supervise::counts(desk.tx, &scope, &others)?;
    let filter = Filter { states, ..others };
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
                input: Input::Text(typed, "单位编号或全名".into()),
                error,
            }],
        },
        facets: facets(&desk.ask, &counts),
        none: if counts.is_empty() { "没有督办。".into() } else { "没有符合条件的督办。".into() },
        rows: lines(desk, &found)?,
        pager: Pager { query: asked::without_page(&desk.ask), title: "督办".into(), total, size, page },
        page: desk.page("/supervise")?,
    })
}

/// The unit that a code or a full name means, among those in scope; `None` for nothing typed.
fn unit_in(tx: &mut Tx<'_>, scope: &Scope, typed: &str) -> anyhow::Result<Result<Option<i64>, String>> {
    Ok(match unit_names::meant(tx, "unit", typed)? {
        Ok(Some(unit)) if !scope.has_unit(unit) => {
            Err(format!("没有编号或全名为“{}”的单位，请核对。", asked::echo(typed)))
        }
        other => other,
    })
}

fn facets(ask: &Ask, counts: &[(Stands, u64)]) -> Facets {
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
    Facets(vec![Facet {
        title: "状态".into(), values: std::iter::once(all).chain(counts.iter().map(value)).collect()
    }])
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
        escalated: s.escalated.is_some(),
    };
    Ok(found.iter().map(line).collect())
}

/// The verdict that an address or a form names, if the scope reaches it: requirement's position and the row.
fn named_verdict(
    tx: &mut Tx<'_>,
    current: &Current,
    scope: &Scope,
    (id, subject, window): (&str, &str, &str),
) -> anyhow::Result<Option<(usize, Stored)>> {
    let engine = &current.engine;
    let Some(i) = engine.position(id) else { return Ok(None) };
    let Some(key) = subjects::find(tx, engine, i, subject)? else { return Ok(None) };
    let all = sight::of_requirement(tx, engine, scope, id, key.first().copied())?;
    Ok(all.into_iter().find(|v| v.window == window && subjects::key(v) == key).map(|v| (i, v)))
}

/// Whether a verdict is one that is pressed about: missed, or behind.
pub(super) fn presses(state: Judged, light: Light) -> bool {
    state == Judged::Fail || (state == Judged::Open && light >= Light::Yellow)
}

/// `GET /supervise/new?requirement=…&subject=…&window=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["requirement", "subject", "window"]);
        let key = |k: &str| desk.ask.get(k).unwrap_or_default().to_owned();
        let of = [key("requirement"), key("subject"), key("window")];
        render_new(desk, &of, &Left::default())
    })
    .await
}

fn render_new(desk: &mut Desk<'_, '_>, of: &[String; 3], left: &Left) -> anyhow::Result<Response> {
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let [id, subject_code, window] = of;
    let found = match id.is_empty() {
        true => None,
        false => {
            let found = named_verdict(desk.tx, &current, &scope, (id, subject_code, window))?;
            Some(found.ok_or(PageError::NotFound)?)
        }
    };
    let due = current.engine.workdays.after(desk.now.day, USUAL);
    let soonest = current.engine.workdays.after(desk.now.day, SOONEST);
    let (mut unit, mut title, mut demand, mut verdict) = (String::new(), String::new(), String::new(), None);
    if let Some((i, v)) = &found {
        let names = subjects::names(desk.tx, &current.engine, std::iter::once((*i, v)))?;
        let (code, requirement) = named(&current.engine, *i);
        let on = subjects::title(&current.engine, *i, &subjects::key(v), &names);
        unit = v.organ.or(v.unit).map_or_else(String::new, |u| names.code(UNIT, u));
        title = cut(&format!("{}（{}）", requirement.text, window_name(&v.window)));
        demand = format!(
            "{code} {}：{on}，{}{}。请查明原因，采取措施，按期回复。",
            requirement.text,
            window_name(&v.window),
            state_words(v)
        );
        verdict = Some(Link::new(
            format!("{code} {on}　{}", window_name(&v.window)),
            subject::href(&current.engine, *i, v, &names),
        ));
    }
    let mut form = Form {
        id: "sv".into(),
        action: "/supervise/new".into(),
        token: desk.form_token()?,
        hidden: ["requirement", "subject", "window"]
            .iter()
            .zip(of)
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect(),
        fields: vec![
            Field::text("unit", "对象单位", &unit).hint("编号或全名。").required(),
            Field::text("title", "事项", &title).hint(&format!("最多{TITLE}字。")).required(),
            Field {
                value: demand, ..Field::long("demand", "要求").hint(&format!("最多{LONGEST}字。")).required()
            },
            Field::day("due", "回复期限", &due.to_string())
                .hint(&format!("最早{}（至少{SOONEST}个工作日）。", soonest.chinese()))
                .required(),
        ],
        button: "签发".into(),
        primary: true,
        cancel: Some(Link::new("取消", "/supervise")),
    };
    left.fill(&mut form);
    let view = NewMatter { errors: Errors::of(&form), verdict, form, page: desk.page("/supervise")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn cut(text: &str) -> String {
    text.chars().take(TITLE).collect()
}

fn state_words(v: &Stored) -> &'static str {
    super::summary::tag(v.state, v.light, v.late).word()
}

/// A last day as typed, or what is wrong with it.
fn last_day(current: &Current, today: Day, typed: &str) -> Result<Day, String> {
    let soonest = current.engine.workdays.after(today, SOONEST);
    match Day::parse(typed) {
        None if typed.is_empty() => Err("回复期限：请填写。".into()),
        None => Err("回复期限不是有效日期，请写成 2025-11-30。".into()),
        Some(day) if day < soonest => {
            Err(format!("回复期限应不早于{}，给单位留出至少{SOONEST}个工作日。", soonest.chinese()))
        }
        Some(day) if day > today.plus(LATEST) => Err(format!("回复期限应不晚于{}。", today.plus(LATEST).chinese())),
        Some(day) => Ok(day),
    }
}

fn actor(seat: &Seat) -> Actor {
    Actor { name: seat.reader.name.clone(), at: seat.now.instant, account: Some(seat.reader.account) }
}

/// What was typed into fields of a form, to be shown again.
fn typed(seat: &Seat, form: &str, fields: &[&str]) -> Vec<(String, String)> {
    let text = |f: &&str| (format!("{form}-{f}"), seat.fields.get(f).chars().take(2 * LONGEST).collect());
    fields.iter().map(text).collect()
}

/// `POST /supervise/new`.
pub(super) async fn issue(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let of = ["requirement", "subject", "window"].map(|k| seat.fields.get(k).to_owned());
        let kept = typed(seat, "sv", &["unit", "title", "demand", "due"]);
        let wrong = |field: &str, text: String| {
            let left = Left { typed: kept.clone(), ..Left::wrong(&format!("sv-{field}"), text) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render_new(desk, &of, &left)))
        };
        let (current, unit, verdict) = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let unit = unit_in(tx, &seat.scope, seat.fields.get("unit"))?;
            let verdict = match of[0].is_empty() {
                true => Some(None),
                false => named_verdict(tx, &current, &seat.scope, (&of[0], &of[1], &of[2]))?.map(Some),
            };
            Ok((current, unit, verdict))
        })?;
        let Some(verdict) = verdict else { return Err(PageError::NotFound.into()) };
        let unit = match unit {
            Ok(Some(unit)) => unit,
            Ok(None) => return wrong("unit", "对象单位：请填写编号或全名。".into()),
            Err(why) => return wrong("unit", format!("对象单位：{why}")),
        };
        let title = match long_text(seat, "title", TITLE, true) {
            Ok(title) if title.contains('\n') => return wrong("title", "事项：请写在一行里。".into()),
            Ok(title) => title,
            Err(why) => return wrong("title", format!("事项：{why}")),
        };
        let demand = match long_text(seat, "demand", LONGEST, true) {
            Ok(demand) => demand,
            Err(why) => return wrong("demand", format!("要求：{why}")),
        };
        let due = match last_day(&current, seat.now.day, seat.fields.get("due")) {
            Ok(due) => due,
            Err(why) => return wrong("due", why),
        };
        let verdict = verdict.map(|(_, v)| (v.requirement.clone(), subjects::key(&v), v.window.clone()));
        let (actor, new) = (actor(seat), New { verdict, unit, title, demand, due });
        let id = seat.db().write(move |tx| supervise::issue(tx, &actor, &new))?;
        Ok(seat.to(&format!("/supervise/{id}?done=issue")))
    })
    .await
}

/// `GET /supervise/{id}`.
pub(super) async fn one(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done"]);
        render(desk, &id, &Left::default())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, id: &str, left: &Left) -> anyhow::Result<Response> {
    let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let found = supervise::get(desk.tx, id)?.filter(|s| desk.scope.has_unit(s.unit));
    let s = found.ok_or(PageError::NotFound)?;
    let told = supervise::history(desk.tx, id)?;
    let mut forms = forms(desk, &s);
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
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
            format!("{}到期没有回复，已上报领导小组办公室；单位仍应回复。", s.due.chinese())
        }
        Stands::Open => format!("请对象单位在{}前回复。", s.due.chinese()),
        Stands::Replied => "单位已回复，由领导小组办公室销号，或说明理由退回。".into(),
        Stands::Closed => "已销号，不再办理。".into(),
    };
    let view = Matter {
        errors: Errors(forms.iter().flat_map(|(_, form)| Errors::of(form).0).collect()),
        notice: notice.into(),
        number: s.number(),
        title: s.title.clone(),
        state: s.state.title(),
        escalated: s.escalated.is_some(),
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
        && sight::sees(desk.tx, engine, &desk.scope, i, key, Some(s.unit))?
    {
        let wanted = subjects::records(engine, i, key);
        let mut by: std::collections::BTreeMap<usize, std::collections::BTreeSet<i64>> = Default::default();
        wanted.into_iter().for_each(|(table, id)| {
            by.entry(table).or_default().insert(id);
        });
        let names = Names::load(desk.tx, &engine.layout, &by)?;
        let (code, requirement) = named(engine, i);
        let on = subjects::title(engine, i, key, &names);
        let href = super::view::verdict::href(id, &subjects::code(engine, i, key, &names), window);
        let text = format!("{code} {}：{on}　{}", requirement.text, window_name(window));
        facts.push(Fact::new("依据判定", Words::new().link(text, href)));
    }
    facts.push(Fact::new("回复期限", s.due.chinese()));
    facts.push(Fact::new("签发", format!("{}　{}", chinese(s.issued), s.by)));
    Ok(Facts(facts))
}

fn history(told: &[Told]) -> Timeline {
    let event = |t: &Told| {
        let what = match t.kind.as_str() {
            "issue" => "签发",
            "reply" => "回复",
            "return" => "退回",
            "close" => "销号",
            _ => "上报领导小组办公室",
        };
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

/// To reply, to close, to send back.
fn forms(desk: &Desk<'_, '_>, s: &Supervision) -> Vec<(&'static str, Form)> {
    let in_reach = |permission| desk.opens(permission).is_some_and(|scope: Scope| scope.has_unit(s.unit));
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
        // Whoever presses does not answer himself.
        Stands::Open if in_reach(Permission::Record) && !in_reach(Permission::Supervise) => {
            let field = text("回复", "办了什么、结果怎样、还有什么困难；最多1000字。");
            vec![("回复", form("re", "reply", vec![field], "回复", true))]
        }
        Stands::Replied if in_reach(Permission::Supervise) => {
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

/// `POST /supervise/{id}/reply`.
pub(super) async fn reply(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        if !seat.reader.may(Permission::Remedies) {
            return Err(PageError::Forbidden(Permission::Remedies).into());
        }
        if seat.reader.may(Permission::Supervise) {
            return Err(PageError::Refused("督办由对象单位回复，签发督办的不能代为回复。".into()).into());
        }
        said(seat, &id, "re", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true).map(Word::Reply).map_err(|why| ("text", format!("回复：{why}")))
        })
    })
    .await
}

/// `POST /supervise/{id}/close`.
pub(super) async fn close(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "cl", &["text"], &|seat, _| {
            long_text(seat, "text", LONGEST, true).map(Word::Close).map_err(|why| ("text", format!("销号意见：{why}")))
        })
    })
    .await
}

/// `POST /supervise/{id}/return`.
pub(super) async fn back(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "ba", &["text", "due"], &|seat, current| {
            let text = long_text(seat, "text", LONGEST, true).map_err(|why| ("text", format!("退回的理由：{why}")))?;
            let due = last_day(current, seat.now.day, seat.fields.get("due")).map_err(|why| ("due", why))?;
            Ok(Word::Return(text, due))
        })
    })
    .await
}

/// A word, or the field that is wrong and why.
type Read = Result<Word, (&'static str, String)>;

/// Reads a form and does what it says; or shows the page again with what is wrong.
fn said(
    seat: &Seat,
    id: &str,
    form: &str,
    fields: &[&str],
    read: &dyn Fn(&Seat, &Current) -> Read,
) -> anyhow::Result<Response> {
    let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    let (current, there) = seat.db().read(|tx| {
        let there = supervise::get(tx, number)?.is_some_and(|s| seat.scope.has_unit(s.unit));
        Ok((seat.app.installation.current(tx)?, there))
    })?;
    if !there {
        return Err(PageError::NotFound.into());
    }
    let word = match read(seat, &current) {
        Ok(word) => word,
        Err((field, why)) => {
            let left = Left { typed: typed(seat, form, fields), ..Left::wrong(&format!("{form}-{field}"), why) };
            return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, id, &left)));
        }
    };
    let done = match word {
        Word::Reply(_) => "reply",
        Word::Return(..) => "return",
        Word::Close(_) => "close",
    };
    let actor = actor(seat);
    match seat.db().write(move |tx| supervise::say(tx, &actor, number, &word)) {
        Ok(()) => Ok(seat.to(&format!("/supervise/{number}?done={done}"))),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => Err(PageError::Refused(text).into()),
            Err(e) => Err(e),
        },
    }
}
