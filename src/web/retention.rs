//! 保存期限: counts by ledger, for those who keep the system and see no records.

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, show},
    view::retention::{Line, Retention},
};
use crate::retention::report;

/// `GET /retention`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &[]);
        let current = desk.current.clone();
        let lines = report(desk.tx, &current, desk.now.day)?;
        let due: i64 = lines.iter().filter_map(|l| l.due).sum();
        let open = lines.iter().filter(|l| l.keep.is_none()).count();
        let rows = lines.into_iter().map(|l| Line {
            keep: l.keep.map_or_else(|| "未规定".to_owned(), |years| format!("{years}年")),
            due: l.due.map_or_else(String::new, |n| format!("{n}条")),
            late: l.due.is_some_and(|n| n > 0),
            rows: format!("{}条", l.rows),
            ledger: l.ledger,
            from: l.from,
        });
        Ok(Retention {
            summary: format!("到期{due}条；{open}本台账没有规定保存期限"),
            rows: rows.collect(),
            page: desk.page("/retention")?,
        })
    })
    .await
}
