//! 通报与公文 `/papers`: the list, and how one is drafted.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    frame::{self, Ask, Desk, answer},
    picked::{self, Asked, Picked},
    post::{Posted, Seat, act},
    view::{
        form::{Errors, Field, Form},
        papers::{PaperLine, Papers},
        spelling::requirement_code,
        table::Pager,
        words::Link,
    },
};
use crate::{
    auth::Permission,
    clock::chinese,
    figures::Period,
    names::Names,
    paper::{
        self, Kind, Wanted,
        store::{Eye, Saved},
    },
    scope::Scope,
    verdict::world::UNIT,
};

/// `GET /papers`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["page", "size", "done"]);
        render(desk, &own, &Left::default())
    })
    .await
}

/// The unit that a paper is about.
const UNIT_ASKED: Asked = Asked { key: "unit", title: "单位", ledger: "unit", required: false };

fn render(desk: &mut Desk<'_, '_>, app: &App, left: &Left) -> anyhow::Result<Response> {
    let size = asked::size(desk);
    let list = |desk: &mut Desk<'_, '_>, skip, limit| {
        let eye = Eye { scope: &desk.scope, drafts: sees_drafts(desk) };
        paper::store::list(desk.tx, eye, skip, limit)
    };
    let (found, page, total) = asked::rows(desk, size, list)?;
    let mut form = if desk.may(Permission::DraftPapers) { Some(blank(desk, app)?) } else { None };
    if let Some(form) = &mut form {
        left.fill(form);
    }
    let view = Papers {
        notice: if desk.ask.get("done") == Some("dropped") { "草稿已不用。".into() } else { String::new() },
        errors: form.as_ref().map(Errors::of).unwrap_or_default(),
        form,
        rows: lines(desk, &found)?,
        pager: Pager {
            query: desk.ask.url.without("page").without("done"),
            title: "通报与公文".into(),
            total,
            size,
            page,
        },
        page: desk.page("/papers")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Whether the reader sees papers before they are issued: who writes them, and who audits how they come about.
pub(super) fn sees_drafts(desk: &Desk<'_, '_>) -> bool {
    desk.may(Permission::DraftPapers) || desk.may(Permission::Audit)
}

fn lines(desk: &mut Desk<'_, '_>, found: &[Saved]) -> anyhow::Result<Vec<PaperLine>> {
    let units = found.iter().filter_map(|s| s.wanted.unit).collect();
    let names = Names::load(desk.tx, &desk.current.engine.layout, &[(UNIT, units)].into())?;
    let line = |s: &Saved| PaperLine {
        title: Link::new(s.content.title(), format!("/papers/{}", s.id)),
        kind: s.wanted.kind.title().to_owned(),
        period: period_name(s),
        about: s.wanted.unit.map_or_else(|| "全市".into(), |u| names.title(UNIT, u).to_owned()),
        number: s.issued.as_ref().map_or_else(String::new, |i| i.number.to_string()),
        by: match &s.issued {
            Some(i) => format!("{}印发，{}", i.by, chinese(i.at)),
            None => format!("{}取数，{}", s.drawn_by, chinese(s.drawn_at)),
        },
    };
    Ok(found.iter().map(line).collect())
}

/// `2025年第二季度`; of the present the day.
pub(super) fn period_name(s: &Saved) -> String {
    let day = || crate::day::Day::parse(&s.content.as_of).map_or_else(String::new, crate::day::Day::chinese);
    s.wanted.period.as_ref().map_or_else(day, Period::name)
}

fn blank(desk: &mut Desk<'_, '_>, app: &App) -> anyhow::Result<Form> {
    let pick = picked::blank(desk, app, UNIT_ASKED, None)?;
    let whole = desk.scope == Scope::All;
    let kinds =
        Kind::ALL.iter().filter(|k| whole || k.of_unit()).map(|k| (k.as_str().to_owned(), k.title().to_owned()));
    let today = desk.now.day;
    let mut periods: Vec<(String, String)> = Period::quarters(desk.current.engine.rules.from, today)
        .into_iter()
        .map(|p| (p.label().to_owned(), if p.is_over(today) { p.name() } else { format!("{}（未完）", p.name()) }))
        .collect();
    let first = periods.iter().position(|(_, name)| !name.ends_with('）')).unwrap_or(0);
    let chosen = periods.get(first).map_or(String::new(), |(label, _)| label.clone());
    periods.push((String::new(), "当前".into()));
    Ok(Form {
        id: "np".into(),
        action: "/papers".into(),
        token: desk.form_token()?,
        fields: vec![
            Field::choice("kind", "种类", "", kinds.collect()),
            Field::choice("period", "期间", &chosen, periods),
            Field::pick(UNIT_ASKED.key, UNIT_ASKED.title, pick).hint("单位台账和督办单须选定。"),
            Field::several("requirements", "要求", demands(desk)).hint("只用于督办单；不选为全部落后的。"),
        ],
        button: "起草".into(),
        primary: true,
        ..Form::default()
    })
}

/// The requirements in force, to choose from.
fn demands(desk: &Desk<'_, '_>) -> Vec<(String, String)> {
    let package = &desk.current.engine.package;
    let mut all: Vec<_> = package.requirements.iter().filter(|r| r.enabled).collect();
    all.sort_by_key(|&r| package.rank(r));
    all.into_iter().map(|r| (r.id.clone(), format!("{} {}", requirement_code(&r.pillar, &r.id), r.title))).collect()
}

/// `POST /papers`: drafts one.
pub(super) async fn draft(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let mut typed: Vec<(String, String)> =
            ["kind", "period"].map(|f| (format!("np-{f}"), seat.fields.get(f).chars().take(200).collect())).into();
        typed.push(("np-requirements".into(), chosen(seat).join(" ")));
        let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
        let scope = frame::scope(Some(&seat.reader), &current, seat.now.day);
        let unit = picked::read(seat, &scope, UNIT_ASKED)?;
        let show = |status: StatusCode, left: Left| {
            let left = Left { typed: typed.clone(), picks: vec![("np-unit".into(), unit.pick.clone())], ..left };
            Ok(seat.show(status, |desk| render(desk, &seat.app, &left)))
        };
        let wrong = |field: &str, text: String| {
            show(StatusCode::UNPROCESSABLE_ENTITY, Left::wrong(&format!("np-{field}"), text))
        };
        if unit.find {
            return show(StatusCode::OK, Left::default());
        }
        let wanted = match wanted(seat, &scope, &unit) {
            Ok(wanted) => wanted,
            Err((field, text)) => return wrong(field, text),
        };
        let installation = &seat.app.installation;
        let drawn = seat.db().read(|tx| paper::draw(tx, installation, &Scope::All, &wanted))?;
        let content = match drawn {
            Ok(content) => content,
            Err(text) if text.contains(paper::NO_SUCH_UNIT) => return wrong("unit", text),
            Err(text) if wanted.kind == Kind::Order => return wrong("requirements", text),
            Err(text) => return wrong("period", text),
        };
        let actor = seat.by().at(seat.now.instant);
        let id = seat.db().write(move |tx| paper::store::add(tx, &actor, &wanted, &content))?;
        Ok(seat.to(&format!("/papers/{id}?done=drafted")))
    })
    .await
}

/// The requirements that were chosen, each once.
fn chosen(seat: &Seat) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for (_, text) in seat.fields.pairs().iter().filter(|(k, _)| k == "requirements") {
        let ids = text.split([' ', '，', '、', ',']).filter(|t| !t.is_empty());
        ids.for_each(|id| {
            if !chosen.iter().any(|c| c == id) {
                chosen.push(id.chars().take(200).collect())
            }
        });
    }
    chosen
}

/// What is asked for, or which field is wrong and why.
fn wanted(seat: &Seat, scope: &Scope, unit: &Picked) -> Result<Wanted, (&'static str, String)> {
    let Some(kind) = Kind::parse(seat.fields.get("kind")) else {
        return Err(("kind", "种类：请选择一种公文。".into()));
    };
    let period = match seat.fields.get("period") {
        "" => None,
        text => match Period::parse(text) {
            Some(period) => Some(period),
            None => return Err(("period", format!("期间：没有“{}”这个期间，请重新选择。", asked::echo(text)))),
        },
    };
    if kind == Kind::Quarterly && !period.as_ref().is_some_and(Period::is_quarter) {
        return Err(("period", "期间：季度通报须选一个季度。".into()));
    }
    if let Some(wrong) = &unit.wrong {
        return Err(("unit", wrong.clone()));
    }
    let requirements = chosen(seat);
    match (kind.of_unit(), unit.id) {
        (true, None) => return Err(("unit", format!("单位：{}须选定单位。", kind.title()))),
        (false, Some(_)) => return Err(("unit", format!("单位：{}不分单位，请清空这一栏。", kind.title()))),
        _ => {}
    }
    if kind != Kind::Order && !requirements.is_empty() {
        return Err(("requirements", format!("要求：{}不选要求，请清空这一栏。", kind.title())));
    }
    if !paper::store::reaches(scope, unit.id) {
        return Err(("kind", "种类：这种公文由负责全市的人起草。".into()));
    }
    Ok(Wanted { kind, period, unit: unit.id, requirements })
}
