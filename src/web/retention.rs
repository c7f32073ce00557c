//! 保存期限: counts by ledger, for those who keep the system and see no records.

use axum::{extract::State, response::Response};
use serde_json::Value as Json;

use super::{
    app::App,
    asked,
    frame::{Ask, show},
    view::retention::{Gone, Line, Retention},
};
use crate::{
    audit, clock,
    retention::{attempts, report},
    scope::Scope,
};

/// Deletions that are shown.
const SHOWN: i64 = 20;

/// `GET /retention`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &[]);
        let current = desk.current.clone();
        let mut lines = report(desk.tx, &current, desk.now.day)?;
        let open = lines.iter().filter(|l| l.keep.is_none()).count();
        lines.push(attempts::line(desk.tx, &current, desk.now.day)?);
        let due: i64 = lines.iter().filter_map(|l| l.due).sum();
        let rows = lines.into_iter().map(|l| Line {
            keep: l.keep.map_or_else(|| "未规定".to_owned(), |years| format!("{years}年")),
            due: l.due.map_or_else(String::new, |n| format!("{n}条")),
            late: l.due.is_some_and(|n| n > 0),
            rows: format!("{}条", l.rows),
            ledger: l.ledger,
            from: l.from,
        });
        let filter = audit::Filter { kinds: vec![audit::Kind::Delete], ..audit::Filter::default() };
        let gone = audit::list(desk.tx, &Scope::All, &filter, None, SHOWN)?;
        let gone = gone.into_iter().map(|line| {
            let told: Json = line.payload.as_deref().and_then(|t| serde_json::from_str(t).ok()).unwrap_or_default();
            let ledger = line.ledger.as_deref().and_then(|name| current.engine.layout.index(name));
            Gone {
                at: clock::chinese(line.at),
                actor: line.actor,
                ledger: match ledger {
                    Some(i) => current.engine.layout.ledgers[i].title.clone(),
                    None if told["attempts"].is_number() => attempts::TITLE.to_owned(),
                    None => String::new(),
                },
                rows: told["title"].as_str().unwrap_or_default().to_owned(),
                basis: told["basis"].as_str().unwrap_or_default().to_owned(),
            }
        });
        Ok(Retention {
            gone: gone.collect(),
            summary: format!("到期{due}条；{open}本台账没有规定保存期限"),
            rows: rows.collect(),
            page: desk.page("/retention")?,
        })
    })
    .await
}
