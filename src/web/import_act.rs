//! What is done with a batch: sent to another ledger, its columns named, confirmed, dropped, undone.

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
    imports::{self, work},
    post::{Posted, Seat, act},
    requests::long_text,
};
use crate::{
    auth::{self, Permission},
    facts,
    intake::{
        Report, answers,
        batch::{self, Batch, State as Stands},
    },
};

/// The longest reason, in characters.
const LONGEST: usize = 200;

/// `POST /imports/{id}/confirm`.
pub(super) async fn confirm(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        let report = batch.report(&seat.app.installation.keys)?;
        if batch.state != Stands::Checked {
            return Err(PageError::Refused(late(&batch, "确认").into()).into());
        }
        if report.is_open() {
            let told = "还有拿不准的列没有指明，没有写入：请先指明，再导入。";
            return Err(PageError::Refused(told.into()).into());
        }
        let (again, alike, said) = (seat.fields.get("again"), report.alike_rows.0, seat.fields.get("alike"));
        let mut left = Left::default();
        if again != "yes" {
            left.wrong.push(("ok-again".into(), "同一个文件导入过：请确认仍要写入其中没有的行。".into()));
        }
        if alike > 0 && !matches!(said, "write" | "leave") {
            let told = format!("疑似重复的{alike}行：请选择一并写入，还是不写入。");
            left.wrong.push(("ok-alike".into(), told));
        }
        if !left.wrong.is_empty() {
            let typed = [("ok-again", again), ("ok-alike", said)];
            left.typed = typed.map(|(id, text)| (id.to_owned(), text.chars().take(10).collect::<String>())).into();
            return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &seat.app, &id, &left)));
        }
        let leave = Some(alike).filter(|n| *n > 0 && said == "leave");
        confirmed(seat, &batch, leave, leave == Some(report.written()))
    })
    .await
}

/// Why a batch is not confirmed or dropped where it stands.
fn late(batch: &Batch, act: &str) -> &'static str {
    let confirms = act == "确认";
    match batch.state {
        Stands::Waiting => "这一批还在检查，没有办理：请等检查完，看过结果再办。",
        Stands::Checked => "这一批刚刚重新检查过，没有办理：请看过新的结果再办。",
        Stands::Empty => "没有可写入的行，这一批已经结束，不用确认，也不用放弃。",
        Stands::Refused => "这一批的文件不能导入，没有可写入的内容：请改好文件后重新上传。",
        Stands::Dropped if confirms => "这一批已放弃，没有写入：仍要导入的，请重新上传文件。",
        Stands::Dropped => "这一批已放弃，不用再办。",
        _ if batch.undone => "这一批写入后已撤销，没有办理：仍要导入的，请重新上传文件。",
        Stands::Failed => "这一批已确认，但没有全部写入，没有再次办理：原因见这一批的页面。",
        Stands::Confirmed | Stands::Imported if confirms => "这一批已经确认过了，没有重复写入。",
        Stands::Confirmed => "这一批已经确认，不能再放弃；写完后可以整批撤销。",
        Stands::Imported => "这一批已经写入，不能再放弃；可以整批撤销。",
    }
}

/// The same of one that was moved on while the form was read.
fn moved(seat: &Seat, id: i64, act: &str) -> anyhow::Result<Response> {
    let account = seat.reader.account;
    let batch = seat.db().read(|tx| own(tx, account, &id.to_string()))?;
    Err(PageError::Refused(late(&batch, act).into()).into())
}

/// Confirms a batch, without `left` rows that seem to stand already; where these are all (`nothing`), it ends here.
fn confirmed(seat: &Seat, batch: &Batch, left: Option<usize>, nothing: bool) -> anyhow::Result<Response> {
    let (id, now) = (batch.id, seat.now.instant);
    let done = seat.db().write(move |tx| match left {
        Some(n) if nothing => {
            let note = format!("{n}行疑似重复，按您的选择没有写入，没有别的行可写入。");
            batch::turn(tx, id, (Stands::Checked, Stands::Dropped), &note, now)
        }
        left => batch::confirm(tx, id, left, now),
    })?;
    if !done {
        return moved(seat, id, "确认");
    }
    work(&seat.app.installation);
    Ok(seat.to(&format!("/imports/{id}")))
}

/// `POST /imports/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        let (id, now) = (batch.id, seat.now.instant);
        if !seat.db().write(move |tx| batch::turn(tx, id, (Stands::Checked, Stands::Dropped), "", now))? {
            return moved(seat, id, "放弃");
        }
        work(&seat.app.installation);
        Ok(seat.to(&format!("/imports/{id}")))
    })
    .await
}

/// `POST /imports/{id}/undo`.
pub(super) async fn undo(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let batch = seat.db().read(|tx| own(tx, seat.reader.account, &id))?;
        let import = batch.import.ok_or(PageError::NotFound)?;
        let wrong = |status: StatusCode, text: String| {
            let left = Left { typed: seat.typed("un", &["reason"]), ..Left::wrong("un-reason", text) };
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

/// `POST /imports/{id}/ledger`: to the ledger that the file looks like, to be checked anew.
pub(super) async fn ledger(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let inst = &seat.app.installation;
        let (batch, name) = seat.db().read(|tx| {
            let current = inst.current(tx)?;
            let settings = seat.reader.may(Permission::Settings);
            let ledger = imports::ledger(&current, settings, seat.fields.get("ledger"))?;
            Ok((own(tx, seat.reader.account, &id)?, ledger.name.clone()))
        })?;
        let (number, now) = (batch.id, seat.now.instant);
        if !seat.db().write(move |tx| batch::send_to(tx, number, &name, now))? {
            return Err(PageError::Refused("这一批已经确认或放弃，没有改动。".into()).into());
        }
        work(inst);
        Ok(seat.to(&format!("/imports/{number}")))
    })
    .await
}

/// `POST /imports/{id}/columns`: what the columns are that were not clear. Remembered for the unit, or forgotten, and the
/// file checked again.
pub(super) async fn columns(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let inst = &seat.app.installation;
        let account = seat.reader.account;
        let (batch, home) = seat.db().read(|tx| {
            let current = inst.current(tx)?;
            let home = auth::reader::home(tx, account, &current, seat.now.day, Permission::Import)?;
            Ok((own(tx, account, &id)?, home))
        })?;
        let report = batch.report(&inst.keys)?;
        let forget = seat.fields.get("forget") == "1";
        let said = match if forget { Ok(Vec::new()) } else { answered(seat, &report) } {
            Ok(said) => said,
            Err((field, told)) => {
                let left = Left { typed: typed(seat, &report), ..Left::wrong(&format!("col-{field}"), told) };
                return Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &seat.app, &id, &left)));
            }
        };
        let heads: Vec<String> =
            report.columns.into_iter().map(|c| c.answered).filter(|h| forget && !h.is_empty()).collect();
        let from = if batch.state == Stands::Empty { Stands::Empty } else { Stands::Checked };
        let (number, ledger, by, now) = (batch.id, batch.new.ledger, seat.reader.name.clone(), seat.now.instant);
        let turned = seat.db().write(move |tx| {
            let turned = batch::turn(tx, number, (from, Stands::Waiting), "", now)?;
            if turned {
                answers::remember(tx, (home, &ledger), &said, (&by, now))?;
                answers::forget(tx, (home, &ledger), &heads)?;
            }
            Ok(turned)
        })?;
        if !turned {
            return Err(PageError::Refused(
                "这一批已经确认、放弃或过期，列的对应没有改动；过期的请重新上传文件。".into(),
            )
            .into());
        }
        work(inst);
        Ok(seat.to(&format!("/imports/{number}")))
    })
    .await
}

/// Heads as they are compared with what each is; else the field that is wrong, and why.
fn answered(seat: &Seat, report: &Report) -> Result<Vec<(String, String)>, (String, String)> {
    let mut said: Vec<(String, String)> = Vec::new();
    for (n, question) in report.questions.iter().enumerate() {
        let field = format!("q{n}");
        let word = match seat.fields.get(&field) {
            "none" => "",
            word if question.choices.iter().any(|(known, _)| known == word) => word,
            _ => return Err((field, format!("“{}”一列：请选择。", question.head))),
        };
        if !word.is_empty() && said.iter().any(|(_, other)| other == word) {
            return Err((field, format!("“{}”一列：这一栏目已指给另一列。", question.head)));
        }
        said.push((question.key.clone(), word.to_owned()));
    }
    Ok(said)
}

/// What was chosen, to be shown again.
fn typed(seat: &Seat, report: &Report) -> Vec<(String, String)> {
    let name = |n: usize| format!("q{n}");
    let chosen = |n: usize| seat.fields.get(&name(n)).chars().take(100).collect();
    (0..report.questions.len()).map(|n| (format!("col-{}", name(n)), chosen(n))).collect()
}
