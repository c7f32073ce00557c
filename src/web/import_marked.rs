//! The sender's file with its errors marked, to be mended and sent again.

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    app::App,
    error::PageError,
    frame::{Ask, answer},
    import_one::own,
    imports::workbook,
};
use crate::{
    intake,
    sheet::{
        self, CellError,
        marked::{Mark, marked},
    },
};

/// `GET /imports/{id}/marked`: the first thousand errors, each at its cell.
pub(super) async fn copy(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let inst = app.installation.clone();
    answer(app, ask, move |desk| {
        let account = desk.reader()?.account;
        let batch = own(desk.tx, account, &id)?;
        let report = batch.report(&inst.keys)?;
        if report.errors.is_empty() || batch.new.held.is_empty() {
            return Err(PageError::NotFound.into());
        }
        let table = intake::read(&inst, &desk.current, &batch)?;
        let marks: Vec<Mark> = report.errors.iter().map(mark).collect();
        let bytes = marked(&table, report.header, &marks, desk.now.day)?;
        let name = batch.new.file.rsplit_once('.').map_or(batch.new.file.as_str(), |(name, _)| name);
        Ok(workbook(&format!("{name}（标出错误）.xlsx"), &format!("{}-errors.xlsx", batch.id), bytes))
    })
    .await
}

fn mark(error: &CellError) -> Mark {
    let named =
        if error.column.is_empty() && !error.head.is_empty() { format!("{}：", error.head) } else { String::new() };
    let mend = if error.mend.is_empty() { String::new() } else { format!("。{}", error.mend) };
    Mark { row: error.row, column: sheet::column(&error.column), words: format!("{named}{}{mend}", error.reason) }
}
