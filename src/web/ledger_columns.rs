//! The columns of a list that somebody keeps as his own.

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    error::PageError,
    frame::{Ask, Desk},
    post::{Posted, act},
    record_links,
};
use crate::directive::model::Ledger;

/// Columns kept at most.
const MOST: usize = 60;

fn name(ledger: &Ledger) -> String {
    format!("columns {}", ledger.name)
}

/// Where the address chooses no columns, puts those that the reader keeps into it.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn own(desk: &mut Desk<'_, '_>, ledger: &Ledger) -> anyhow::Result<()> {
    if desk.ask.get("col").is_some() || desk.ask.get("cols").is_some() {
        return Ok(());
    }
    let sql = "select value from preference where account_id = $1 and name = $2";
    let account = desk.reader()?.account;
    let kept = desk.tx.one(sql, &[account.into(), name(ledger).into()], |r| Ok(r.text(0)?.to_owned()))?;
    let kept = kept.unwrap_or_default();
    let known = |c: &&str| ledger.field(c).is_some() || COMMON.contains(c);
    let columns = kept.split('|').filter(known).map(|c| ("col".to_owned(), c.to_owned()));
    desk.ask.url.pairs.extend(columns);
    Ok(())
}

/// Columns that are no fields.
const COMMON: [&str; 5] = ["record_code", "unit_id", "_post", "recorded_by", "recorded_at"];

/// `POST /ledgers/{name}/columns`: keeps them.
pub(super) async fn keep(State(app): State<App>, Path(of): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
        let layout = &current.engine.layout;
        let ledger = layout.index(&of).map(|t| &layout.ledgers[t]).ok_or(PageError::NotFound)?;
        let known = |c: &&str| ledger.field(c).is_some() || COMMON.contains(c);
        let chosen = seat.fields.pairs().iter().filter(|(k, _)| k == "col").map(|(_, v)| v.as_str());
        let chosen: Vec<&str> = chosen.filter(known).take(MOST).collect();
        if chosen.is_empty() {
            return Err(PageError::Invalid(vec!["没有选定列，请在列表上选列后再设为默认。".into()]).into());
        }
        let (account, name, value) = (seat.reader.account, name(ledger), chosen.join("|"));
        seat.db().write(move |tx| {
            let sql = "insert into preference (account_id, name, value) values ($1, $2, $3) \
                       on conflict (account_id, name) do update set value = excluded.value";
            tx.execute(sql, &[account.into(), name.into(), value.into()])
        })?;
        Ok(seat.to(&record_links::list_path(ledger)))
    })
    .await
}
