//! 搜索 `/search`.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    papers::sees_drafts,
    record_links,
    view::{
        search::{Group, Line, Search},
        spelling::requirement_code,
        table::{Control, FilterForm, Input},
        url::{Query, segment},
        words::Link,
    },
};
use crate::{
    auth::Permission,
    form::{Around, Hit, Hits},
    names::Names,
    search::{self, LONGEST, SHOWN},
    verdict::world::{PERSON, UNIT},
};

/// `GET /search`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own)).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, app: &App) -> anyhow::Result<Search> {
    asked::keys(desk, &["q"]);
    let typed = desk.ask.get("q").unwrap_or_default().trim().to_owned();
    let error = fault(&typed);
    let text = if error.is_empty() { typed.clone() } else { String::new() };
    if !error.is_empty() {
        // The links of the page need not bear all of it; the field does.
        desk.ask.url = desk.ask.url.with("q", typed.chars().take(LONGEST).collect::<String>());
        desk.ask.page = desk.ask.url.clone();
    }
    let groups = if text.is_empty() { Vec::new() } else { groups(desk, app, &text)? };
    let input = Input::Text(typed, "名称、拼音首字母或编号".into());
    Ok(Search {
        page: desk.page("/search")?,
        total: groups.iter().map(|g| g.total).sum(),
        asked: text,
        filter: FilterForm {
            query: Query::new("/search"),
            controls: vec![Control { name: "q".into(), label: "搜索".into(), input, error }],
        },
        groups,
    })
}

/// What is wrong with what was typed; empty if nothing.
fn fault(typed: &str) -> String {
    match typed.chars().count() {
        n if n > LONGEST => format!("搜索的内容最多{LONGEST}个字，现在有{n}个，请缩短。"),
        _ if typed.contains(char::is_control) => "搜索的内容里有无法识别的字符，请删去。".into(),
        _ => String::new(),
    }
}

fn groups(desk: &mut Desk<'_, '_>, app: &App, text: &str) -> anyhow::Result<Vec<Group>> {
    let current = desk.current.clone();
    let directory = app.directory.of(desk.tx)?;
    let scope = desk.scope.clone();
    let around = Around { current: &current, directory: &directory, scope: &scope, today: desk.now.day };
    let mut found = vec![(PERSON, around.search(desk.tx, PERSON, text)?), (UNIT, around.search(desk.tx, UNIT, text)?)];
    let mut groups = Vec::new();
    let records = search::records(desk.tx, &around, &app.titles, text)?;
    let wanted = found.iter().chain(&records).map(|(t, f)| (*t, f.hits.iter().map(|h| h.id).collect()));
    let names = Names::load(desk.tx, &current.engine.layout, &wanted.collect::<BTreeMap<_, _>>())?;
    let lists = |table: usize, desk: &Desk<'_, '_>| table != PERSON || desk.may(Permission::People);
    let of = |table: usize, hits: Hits, listed: bool| group(&current, &names, (table, hits), listed.then_some(text));
    for (table, hits) in found.drain(..) {
        let listed = lists(table, desk);
        groups.push(of(table, hits, listed));
    }
    if desk.may(Permission::Requirements) {
        groups.push(demands(&current.engine.package, text));
    }
    groups.extend(records.into_iter().map(|(table, hits)| of(table, hits, true)));
    if desk.may(Permission::Papers) {
        let drafts = sees_drafts(desk);
        groups.push(found_papers(search::papers(desk.tx, &around, drafts, text)?));
    }
    groups.retain(|g| g.total > 0);
    Ok(groups)
}

/// Hits in a ledger; with the text, they can be listed there.
fn group(
    current: &crate::installation::Current,
    names: &Names,
    (table, found): (usize, Hits),
    listed: Option<&str>,
) -> Group {
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[table];
    let more = listed.filter(|_| found.total > found.hits.len());
    let line = |hit: Hit| {
        let link = record_links::to(layout, names, table, hit.id);
        Line { link: Link { text: if hit.title.is_empty() { link.text } else { hit.title }, ..link }, note: hit.note }
    };
    Group {
        id: ledger.name.clone(),
        title: ledger.title.clone(),
        total: found.total,
        more: more.map(|q| Link::new("在列表中查找", Query::new(record_links::list_path(ledger)).with("q", q).href())),
        rows: found.hits.into_iter().map(line).collect(),
    }
}

fn demands(package: &crate::directive::model::Package, text: &str) -> Group {
    let found = search::demands(package, text);
    let line = |r: &&crate::directive::model::Requirement| {
        let title = format!("{}　{}", requirement_code(&r.pillar, &r.id), r.title);
        let note = [r.clause.as_str(), r.duty.as_str()].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>();
        Line { link: Link::new(title, format!("/requirements/{}", segment(&r.id))), note: note.join("　") }
    };
    Group {
        id: "requirement".into(),
        title: "要求".into(),
        total: found.len(),
        rows: found.iter().take(SHOWN).map(line).collect(),
        more: (found.len() > SHOWN)
            .then(|| Link::new("在列表中查找", Query::new("/requirements").with("q", text).href())),
    }
}

fn found_papers(found: Hits) -> Group {
    let line = |hit: Hit| Line { link: Link::new(hit.title, format!("/papers/{}", hit.id)), note: hit.note };
    Group {
        id: "paper".into(),
        title: "公文".into(),
        total: found.total,
        rows: found.hits.into_iter().map(line).collect(),
        more: None,
    }
}
