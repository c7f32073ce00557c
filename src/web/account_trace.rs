//! 谁看过我的档案: who opened, took out or changed what is recorded of the reader, when and why.

use axum::{extract::State, response::Response};

use super::{
    app::App,
    frame::{Ask, Desk, show},
    view::{
        parts::{Event, Timeline},
        trace::Trace,
        words::Words,
    },
};
use crate::{
    clock,
    personal::trace::{self, Deed},
};

/// Events on the page; of a ledger, rows.
const NEWEST: usize = 200;

/// `GET /account/trace`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, render).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>) -> anyhow::Result<Trace> {
    let person = desk.reader()?.person;
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let (deeds, more) = match person {
        Some(person) => trace::of(desk.tx, &current, &scope, person, NEWEST)?,
        None => (Vec::new(), false),
    };
    let event = |d: Deed| Event {
        at: clock::chinese(d.at),
        iso: clock::iso(d.at).chars().take(16).collect(),
        key: false,
        words: Words::new().strong(&d.by).text(format!("　{}", d.what)),
        note: d.why,
        ..Event::default()
    };
    let none = match person {
        None => "本账号不对应人员，没有个人档案。",
        Some(_) => "还没有人查看完整内容、导出或改动过。",
    };
    let events = Timeline(deeds.into_iter().map(event).collect());
    Ok(Trace { page: desk.page("/account")?, events, none: none.into(), more })
}
