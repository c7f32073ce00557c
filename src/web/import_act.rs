//! What is done with a batch: confirmed, dropped, undone.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    account::Left,
    app::App,
    error::PageError,
    frame::Ask,
    import_one::{own, render},
    imports::work,
    post::{Posted, Seat, act},
    requests::long_text,
};
use crate::{
    facts,
    intake::batch::{self, Batch, State as Stands},
};

/// The longest reason, in characters.
const LONGEST: usize = 200;

/// `POST /imports/{id}/confirm`.
pub(super) async fn confirm(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        if batch.state == Stands::Checked && seat.fields.get("again") != "yes" {
            let left = Left::wrong("ok-again", "同一个文件导入过：请确认仍要写入其中没有的行。");
            return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &seat.app, &id, &left)));
        }
        turned(seat, &batch, Stands::Confirmed, "这一批已经确认过了，没有重复写入。")
    })
    .await
}

/// `POST /imports/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        turned(seat, &batch, Stands::Dropped, "这一批已经确认，不能再放弃；写完后可以整批撤销。")
    })
    .await
}

/// Moves a batch on from its check, once.
fn turned(seat: &Seat, batch: &Batch, to: Stands, late: &str) -> anyhow::Result<Response> {
    let (id, now) = (batch.id, seat.now.instant);
    if !seat.db().write(move |tx| batch::turn(tx, id, (Stands::Checked, to), "", now))? {
        return Err(PageError::Refused(late.into()).into());
    }
    work(&seat.app.installation);
    Ok(seat.to(&format!("/imports/{id}")))
}

/// `POST /imports/{id}/undo`.
pub(super) async fn undo(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        let import = batch.import.ok_or(PageError::NotFound)?;
        let wrong = |status: StatusCode, text: String| {
            let typed = seat.fields.get("reason").chars().take(2 * LONGEST).collect();
            let left = Left { typed: vec![("un-reason".into(), typed)], ..Left::wrong("un-reason", text) };
            Ok(seat.show(status, |desk| render(desk, &seat.app, &id, &left)))
        };
        let reason = match long_text(seat, "reason", LONGEST, true) {
            Ok(reason) => reason,
            Err(why) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, format!("撤销原因：{why}")),
        };
        match facts::undo_import(&seat.app.installation, seat.by(), import, &reason) {
            Ok(_) => Ok(seat.to(&format!("/imports/{}", batch.id))),
            Err(e) => match e.downcast::<facts::Hindered>() {
                Ok(hindered) => wrong(StatusCode::CONFLICT, hindered.0),
                Err(e) => Err(e),
            },
        }
    })
    .await
}
