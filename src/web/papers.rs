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
    post::{Posted, Seat, act},
    unit_names,
    view::{
        form::{Errors, Field, Form},
        papers::{PaperLine, Papers},
        table::Pager,
        words::Link,
    },
};
use crate::{
    auth::Permission,
    clock::chinese,
    figures::Period,
    names::Names,
    paper::{self, Kind, Wanted, store::Saved},
    scope::Scope,
    verdict::world::UNIT,
};

/// `GET /papers`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["page", "size", "done"]);
        render(desk, &Left::default())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, left: &Left) -> anyhow::Result<Response> {
    let size = asked::size(desk);
    let list = |desk: &mut Desk<'_, '_>, skip, limit| paper::store::list(desk.tx, &desk.scope, skip, limit);
    let (found, page, total) = asked::rows(desk, size, list)?;
    let mut form = if desk.may(Permission::DraftPapers) { Some(blank(desk)?) } else { None };
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

fn blank(desk: &mut Desk<'_, '_>) -> anyhow::Result<Form> {
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
            Field::text("unit", "单位", "").hint("单位台账和督办单须填：编号或全名。"),
            Field::text("requirements", "要求", "").hint("只用于督办单：如R-21，几项以空格分开；不填为全部落后的。"),
        ],
        button: "起草".into(),
        primary: true,
        ..Form::default()
    })
}

/// `POST /papers`: drafts one.
pub(super) async fn draft(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let typed: Vec<(String, String)> = ["kind", "period", "unit", "requirements"]
            .map(|f| (format!("np-{f}"), seat.fields.get(f).chars().take(200).collect()))
            .into();
        let wrong = |field: &str, text: String| {
            let left = Left { typed: typed.clone(), ..Left::wrong(&format!("np-{field}"), text) };
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &left)))
        };
        let wanted = match wanted(seat)? {
            Ok(wanted) => wanted,
            Err((field, text)) => return wrong(field, text),
        };
        let installation = &seat.app.installation;
        let drawn = seat.db().read(|tx| paper::draw(tx, installation, &Scope::All, &wanted))?;
        let content = match drawn {
            Ok(content) => content,
            Err(text) if wanted.kind == Kind::Order => return wrong("requirements", text),
            Err(text) => return wrong("period", text),
        };
        let actor = seat.by().at(seat.now.instant);
        let id = seat.db().write(move |tx| paper::store::add(tx, &actor, &wanted, &content))?;
        Ok(seat.to(&format!("/papers/{id}?done=drafted")))
    })
    .await
}

/// What is asked for, or which field is wrong and why.
fn wanted(seat: &Seat) -> anyhow::Result<Result<Wanted, (&'static str, String)>> {
    let Some(kind) = Kind::parse(seat.fields.get("kind")) else {
        return Ok(Err(("kind", "种类：请选择一种公文。".into())));
    };
    let period = match seat.fields.get("period") {
        "" => None,
        text => match Period::parse(text) {
            Some(period) => Some(period),
            None => return Ok(Err(("period", format!("期间：没有“{}”这个期间，请重新选择。", asked::echo(text))))),
        },
    };
    if kind == Kind::Quarterly && !period.as_ref().is_some_and(Period::is_quarter) {
        return Ok(Err(("period", "期间：季度通报须选一个季度。".into())));
    }
    let text = seat.fields.get("unit");
    if kind.of_unit() && text.is_empty() {
        return Ok(Err(("unit", format!("单位：{}须写明单位的编号或全名。", kind.title()))));
    }
    if !kind.of_unit() && !text.is_empty() {
        return Ok(Err(("unit", format!("单位：{}不分单位，请清空这一栏。", kind.title()))));
    }
    if kind != Kind::Order && !seat.fields.get("requirements").is_empty() {
        return Ok(Err(("requirements", format!("要求：{}不选要求，请清空这一栏。", kind.title()))));
    }
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let scope = frame::scope(Some(&seat.reader), &current, seat.now.day);
        let reached = |unit: i64| paper::store::reaches(&scope, Some(unit));
        let unit = match kind.of_unit() {
            false => None,
            true => match unit_names::meant(tx, "unit", text, &reached)? {
                Ok(unit) => unit,
                Err(why) => return Ok(Err(("unit", format!("单位：{why}")))),
            },
        };
        if !paper::store::reaches(&scope, unit) {
            return Ok(Err(("kind", "种类：这种公文由负责全市的人起草。".into())));
        }
        let requirements = match kind {
            Kind::Order => seat
                .fields
                .get("requirements")
                .split([' ', '，', '、', ','])
                .filter(|t| !t.is_empty())
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        Ok(Ok(Wanted { kind, period, unit, requirements }))
    })
}
