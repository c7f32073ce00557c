//! 每周一课 `/weekly`: what it says, its files, questions to try oneself. Nobody is noted down.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer},
    record_files::{hand_out, size},
    view::{
        daily::Weekly,
        words::{Link, Words},
    },
};
use crate::{
    attach::{self, Attachment},
    daily::plan::{self, Kind, Release},
    day::Day,
};

/// Lessons that are listed.
const LISTED: i64 = 60;
/// The ledger whose records hold the files.
const LEDGER: &str = "publication";

/// `GET /weekly?lesson=…`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["lesson"]);
        let today = desk.now.day;
        let all = plan::published(desk.tx, Kind::Weekly, today, LISTED)?;
        let wanted = desk.ask.get("lesson").map(str::to_owned);
        let shown = match &wanted {
            Some(id) => Some(all.iter().find(|r| r.id.to_string() == *id).ok_or(PageError::NotFound)?.clone()),
            None => all.first().cloned(),
        };
        let view = fill(desk, shown, &all, today)?;
        Ok(Html(askama::Template::render(&view)?).into_response())
    })
    .await
}

fn fill(desk: &mut Desk<'_, '_>, shown: Option<Release>, all: &[Release], today: Day) -> anyhow::Result<Weekly> {
    let monday = today.plus(1 - today.weekday() as i32);
    let lead = match &shown {
        None => Words::from("还没有发布过课程。"),
        Some(r) if r.day < monday && all.first().is_some_and(|f| f.id == r.id) => {
            Words::from("本周的课还没有发布，下面是最近一课。")
        }
        Some(_) => Words::new(),
    };
    let files = match &shown {
        Some(release) => files(desk, release)?,
        None => Vec::new(),
    };
    let base = shown.as_ref().map_or(0, |r| r.id);
    let has_person = desk.reader()?.person.is_some();
    // What stands in a test that is not over is asked of nobody before.
    let held = plan::in_tests(desk.tx)?;
    let check = |(i, n): (usize, &i64)| {
        let href = if held.contains(n) { String::new() } else { format!("/daily/{n}") };
        Link::new(format!("第{}题", i + 1), href)
    };
    let earlier = all.iter().filter(|r| r.id != base);
    Ok(Weekly {
        lead,
        checks: shown
            .iter()
            .filter(|_| has_person)
            .flat_map(|r| r.checks.iter().enumerate().map(check).collect::<Vec<_>>())
            .collect(),
        files: files
            .iter()
            .map(|f| (Link::new(f.name.clone(), format!("/weekly/{base}/files/{}", f.id)), size(f.size)))
            .collect(),
        earlier: earlier
            .map(|r| (Link::new(r.title.clone(), format!("/weekly?lesson={}", r.id)), r.day.chinese()))
            .collect(),
        lesson: shown.map(|r| {
            let paragraphs = r.body.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned);
            (r.title, r.day.chinese(), paragraphs.collect())
        }),
        page: desk.page("/weekly")?,
    })
}

/// The standing files of a lesson's record.
fn files(desk: &mut Desk<'_, '_>, release: &Release) -> anyhow::Result<Vec<Attachment>> {
    let Some(record) = release.record else { return Ok(Vec::new()) };
    let mut all = attach::of_record(desk.tx, LEDGER, record)?;
    all.retain(|f| f.removed.is_none());
    Ok(all)
}

/// `GET /weekly/{id}/files/{file}`.
pub(super) async fn download(State(app): State<App>, Path((id, file)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        let id: i64 = id.parse().map_err(|_| PageError::NotFound)?;
        let lesson = plan::get(desk.tx, id)?.filter(|r| r.kind == Kind::Weekly && r.released.is_some());
        let all = files(desk, &lesson.ok_or(PageError::NotFound)?)?;
        let found = all.iter().find(|f| f.id.to_string() == file).ok_or(PageError::NotFound)?;
        hand_out(&own, found)
    })
    .await
}
