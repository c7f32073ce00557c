//! Files of a record: shown on its page, sent, removed with a reason, handed out as downloads. Those of a ledger with
//! sensitive values are opened by who may open these, with a reason, as the answer to that form.

use std::fs::File;

use askama::Template as _;
use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    account::Left,
    app::App,
    error::PageError,
    frame::{self, Ask, Desk, answer},
    ledger_typed::record_of,
    post::{Fields, Posted, Seat, act},
    record,
    record_new::{ledger_of, reason_fault},
    record_open::{self, Open},
    upload::{Rule, Sent, megabytes, receive, unwritten},
    view::{
        files::{File as Line, Files, Upload},
        form::{Field, Form},
        url::{Query as Url, segment},
    },
};
use crate::{
    attach::{self, AT_ONCE, Attachment, EACH, Hold, Refused},
    audit::Kind,
    auth::{Organisation, opening, token},
    clock,
    directive::model::{FieldType, Ledger},
    facts::OutOfScope,
    hex::unhex,
    ledger::{
        query,
        row::Stored,
        store::{self, StoreError},
        writable,
    },
    once::Used,
    org::builtin,
};

/// The longest reason of a removal, in characters, as `record_new::reason_fault` says it.
const LONGEST: usize = super::record_new::LONGEST;

/// What a file is that no field holds.
const OTHER: &str = "其他材料";

/// The files of a record for its page, with what a form has left; `None` for what the office sets itself.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    ledger: &Ledger,
    row: &Stored,
    files: &[Attachment],
    may_change: bool,
    left: &Left,
) -> anyhow::Result<Option<Files>> {
    if builtin::is_setting(&ledger.name) {
        return Ok(None);
    }
    let base = format!("/ledgers/{}/{}/files", ledger.name, row.record_id);
    let standing: Vec<&Attachment> = files.iter().filter(|f| f.removed.is_none()).collect();
    let sealed = attach::is_sensitive(ledger);
    let mut lines: Vec<Line> = standing.iter().map(|f| line(ledger, row, f, &base, sealed)).collect();
    // Of what an import brought only the hash is known.
    let unknown = held(ledger, row).filter(|(_, sha256)| !files.iter().any(|f| f.sha256 == *sha256));
    lines.extend(unknown.map(|(title, sha256)| Line {
        name: "只登记了校验码".into(),
        used: title.to_owned(),
        hash: grouped(sha256),
        ..Line::default()
    }));
    let may_open = sealed && !standing.is_empty() && !opens(desk, ledger, row)?.is_empty();
    let form = |id: &str, act: &str, button: &str, reason: &str, hint: &str| -> anyhow::Result<Form> {
        let choices = standing.iter().map(|f| (f.id.to_string(), f.label(ledger))).collect();
        let mut form = Form {
            id: id.into(),
            action: format!("{base}/{act}"),
            token: desk.form_token()?,
            hidden: vec![("once".into(), token::token()?)],
            fields: vec![
                Field::choice("file", "哪一个", "", choices).required(),
                Field::text("reason", reason, "").hint(hint).required(),
            ],
            button: button.into(),
            ..Form::default()
        };
        left.fill(&mut form);
        Ok(form)
    };
    let hint = format!("移除不删除：原件和变更记录都在，但不再列出、不能下载。最多{LONGEST}字。");
    let remove = (may_change && !standing.is_empty()).then(|| form("fr", "remove", "移除", "移除原因", &hint));
    let hint = "文件只给这一次；谁、何时、为何打开，记入操作日志，本人可以看到。";
    let open = may_open.then(|| form("fo", "open", "打开", "理由", hint));
    Ok(Some(Files {
        lines,
        sealed,
        upload: may_change.then(|| upload(desk, ledger, row, &base, left)).transpose()?,
        open: open.transpose()?,
        remove: remove.transpose()?,
    }))
}

/// Fields of a row that hold a file: title and hash.
fn held<'a>(ledger: &'a Ledger, row: &'a Stored) -> impl Iterator<Item = (&'a str, &'a str)> {
    let fields = ledger.fields.iter().zip(&row.values).filter(|(f, _)| f.ty == FieldType::File);
    fields.filter_map(|(field, value)| Some((field.title.as_str(), value.as_text()?)))
}

fn line(ledger: &Ledger, row: &Stored, file: &Attachment, base: &str, sealed: bool) -> Line {
    let used = held(ledger, row).find(|(_, sha256)| *sha256 == file.sha256);
    Line {
        name: file.label(ledger),
        href: if sealed { String::new() } else { format!("{base}/{}", file.id) },
        used: match used {
            Some((title, _)) => title.to_owned(),
            None if ledger.fields.iter().any(|f| f.ty == FieldType::File) => OTHER.into(),
            None => String::new(),
        },
        size: size(file.size),
        by: format!("{}　{}", file.added.1, clock::chinese(file.added.0)),
        hash: grouped(&file.sha256),
    }
}

/// The first sixteen digits of a hash in groups of four.
fn grouped(hash: &str) -> String {
    let digits: Vec<char> = hash.chars().take(16).collect();
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// `86KB`, `1.2MB`.
pub(super) fn size(bytes: i64) -> String {
    match bytes {
        0..0x10_0000 => format!("{}KB", ((bytes + 1023) >> 10).max(1)),
        _ => format!("{}.{}MB", bytes >> 20, ((bytes & 0xF_FFFF) * 10) >> 20),
    }
}

fn upload(desk: &Desk<'_, '_>, ledger: &Ledger, row: &Stored, base: &str, left: &Left) -> anyhow::Result<Upload> {
    let of = |list: &[(String, String)], id: &str| list.iter().find(|(f, _)| f == id).map(|(_, text)| text.clone());
    let free = ledger.fields.iter().zip(&row.values).filter(|(f, v)| f.ty == FieldType::File && v.is_null());
    let places: Vec<(String, String)> = free.map(|(f, _)| (f.name.clone(), f.title.clone())).collect();
    let place = of(&left.typed, "fu-field").unwrap_or_else(|| places.first().map_or(String::new(), |p| p.0.clone()));
    Ok(Upload {
        action: base.to_owned(),
        token: desk.form_token()?,
        once: token::token()?,
        places: places.into_iter().chain([(String::new(), OTHER.to_owned())]).collect(),
        place,
        hint: format!("{}。每个不超过{}，一次最多{AT_ONCE}个。不要求照片。", attach::TAKEN, megabytes(EACH)),
        accept: attach::accepted(),
        largest: EACH,
        wrong: of(&left.wrong, "fu-file").unwrap_or_default(),
    })
}

/// Positions of the sensitive fields that the reader may open: whoever opens these opens the files.
fn opens(desk: &mut Desk<'_, '_>, ledger: &Ledger, row: &Stored) -> anyhow::Result<Vec<usize>> {
    let reader = desk.reader()?.clone();
    let current = desk.current.clone();
    let organisation = Organisation::of(&current, desk.now.day).ok_or(PageError::NotFound)?;
    opening::of_record(desk.tx, &reader, &organisation, ledger, row)
}

/// A standing file of a record that the reader sees.
fn seen(desk: &mut Desk<'_, '_>, name: &str, id: &str, file: &str) -> anyhow::Result<(Ledger, Stored, Attachment)> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let table = layout.index(name).filter(|t| !layout.ledgers[*t].derived).ok_or(PageError::NotFound)?;
    let ledger = &layout.ledgers[table];
    let id = record_of(desk, ledger, id)?.ok_or(PageError::NotFound)?;
    let row = store::history(desk.tx, ledger, &desk.scope, id)?.pop().ok_or(PageError::NotFound)?;
    let file = file.parse::<i64>().map_err(|_| PageError::NotFound)?;
    let files = attach::of_record(desk.tx, &ledger.name, id)?;
    let file = files.into_iter().find(|f| f.id == file).ok_or(PageError::NotFound)?;
    if let Some((at, by, reason)) = &file.removed {
        let told = format!("这个附件已由{by}于{}移除，原因：{reason}。", clock::chinese(*at));
        return Err(PageError::Refused(told).into());
    }
    Ok((ledger.clone(), row, file))
}

/// `GET /ledgers/{name}/{id}/files/{file}`: the file, as a download.
pub(super) async fn download(
    State(app): State<App>,
    Path((name, id, file)): Path<(String, String, String)>,
    ask: Ask,
) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        let (ledger, _, file) = seen(desk, &name, &id, &file)?;
        if attach::is_sensitive(&ledger) {
            return Err(PageError::Refused("这个附件加密保存：请在记录页的“打开附件”里写明理由后打开。".into()).into());
        }
        hand_out(&own, &file)
    })
    .await
}

/// Never shown by the browser itself: saved under its name.
pub(super) fn hand_out(app: &App, file: &Attachment) -> anyhow::Result<Response> {
    let (name, bytes) = match attach::read(app.installation.data()?, &app.installation.keys, file) {
        Err(e) => match e.downcast::<attach::Spoilt>() {
            Ok(spoilt) => {
                tracing::error!("{spoilt}（{}）", file.sha256);
                return Err(PageError::Refused(spoilt.0).into());
            }
            Err(e) => return Err(e),
        },
        read => read?,
    };
    let plain = file.kind.endings()[0];
    let disposition = format!("attachment; filename=\"file-{}.{plain}\"; filename*=UTF-8''{}", file.id, segment(&name));
    let headers = [(header::CONTENT_TYPE, file.kind.media().to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    Ok((headers, bytes).into_response())
}

/// `POST /ledgers/{name}/{id}/files/open`: a file of a sensitive ledger, with a reason, logged before it leaves.
pub(super) async fn open(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let reason = match record_open::reason(seat) {
            Ok(reason) => reason,
            Err(wrong) => return Ok(again(seat, StatusCode::UNPROCESSABLE_ENTITY, &name, &id, "fo", "reason", wrong)),
        };
        Ok(seat.show(StatusCode::OK, |desk| {
            let (ledger, row, file) = seen(desk, &name, &id, seat.fields.get("file"))?;
            let permission = opening::needed(&ledger).ok_or(PageError::NotFound)?;
            if opens(desk, &ledger, &row)?.is_empty() {
                return Err(PageError::Forbidden(permission).into());
            }
            let response = hand_out(&seat.app, &file)?;
            let told =
                json!({ "title": file.label(&ledger), "reason": reason, "record": row.record_id, "file": file.id });
            desk.tell(Kind::Unmask, told, record_open::about(&ledger, &row));
            Ok(response)
        }))
    })
    .await
}

/// `POST /ledgers/{name}/{id}/files`: files.
pub(super) async fn send(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    request: Request,
) -> Response {
    let rule = Rule { files: AT_ONCE, each: EACH };
    receive(app, ask, request, rule, move |seat, sent| take(seat, sent, &name, &id)).await
}

fn take(seat: &Seat, sent: Sent, name: &str, id: &str) -> anyhow::Result<Response> {
    let (ledger, row) = reached(seat, name, id)?;
    let wrong = |status: StatusCode, told: String| Ok(again(seat, status, name, id, "fu", "file", told));
    let once = once(seat)?;
    if let Some((status, told)) = sent.wrong {
        return wrong(status, told);
    }
    let data = seat.app.installation.data()?;
    let keys = attach::is_sensitive(&ledger).then_some(&*seat.app.installation.keys);
    // The bytes are in their place before the row that names them, and nobody takes them away between the two.
    let hold = Hold::shared(data).map_err(unwritten)?;
    let mut kept = Vec::new();
    for file in &sent.files {
        match attach::told(&mut File::open(file.path())?, &file.name)? {
            Ok(kind) => kept.push((file, kind)),
            Err(told) => return wrong(StatusCode::UNPROCESSABLE_ENTITY, told),
        }
    }
    let keep = |(file, kind): (&super::upload::Upload, attach::Kind)| {
        attach::keep(data, keys, file.path(), (&file.name, &file.sha256), kind).map_err(|e| match e.downcast() {
            Ok(e) => unwritten(e),
            Err(e) => e,
        })
    };
    let kept = kept.into_iter().map(keep).collect::<anyhow::Result<Vec<_>>>()?;
    let field = Some(seat.fields.get("field").to_owned()).filter(|f| !f.is_empty());
    // What is sent is part of what the form says.
    let hashes = sent.files.iter().map(|f| ("sha256".to_owned(), f.sha256.clone()));
    let said = Fields::of(seat.fields.pairs().iter().cloned().chain(hashes).collect());
    let form = Seat { fields: said, ..seat.clone() }.once(Some(&once));
    let added = attach::add(&seat.app.installation, seat.by(), (name, row.record_id), field, kept, &form);
    drop(hold);
    done(seat, (name, row.record_id), &once, added, |told| wrong(StatusCode::UNPROCESSABLE_ENTITY, told))
}

/// `POST /ledgers/{name}/{id}/files/remove`.
pub(super) async fn remove(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let (_, row) = reached(seat, &name, &id)?;
        let once = once(seat)?;
        let wrong =
            |field: &str, told| Ok(again(seat, StatusCode::UNPROCESSABLE_ENTITY, &name, &id, "fr", field, told));
        let reason = seat.fields.get("reason").to_owned();
        if let Some(fault) = reason_fault(&reason) {
            return wrong("reason", fault.text);
        }
        let file = seat.fields.get("file").parse().unwrap_or_default();
        let form = seat.once(Some(&once));
        let removed = attach::remove(&seat.app.installation, seat.by(), (&name, row.record_id), file, &reason, &form);
        done(seat, (&name, row.record_id), &once, removed, |told| wrong("file", told))
    })
    .await
}

/// On to the record, or what stands in the way.
fn done(
    seat: &Seat,
    (name, record): (&str, i64),
    once: &str,
    result: anyhow::Result<()>,
    wrong: impl FnOnce(String) -> anyhow::Result<Response>,
) -> anyhow::Result<Response> {
    let Err(e) = result else { return Ok(seat.to(&format!("/ledgers/{name}/{record}?saved={once}"))) };
    if e.is::<Used>() {
        return wrong(format!("{e}。"));
    }
    match e.downcast::<Refused>() {
        Ok(Refused(told)) => wrong(told),
        Err(e) => match e.downcast::<StoreError>() {
            Ok(e @ (StoreError::Conflict(_) | StoreError::Missing(_))) => {
                Err(PageError::Refused(format!("附件没有改动：{e}。")).into())
            }
            Ok(e) => Err(e.into()),
            Err(e) => Err(e),
        },
    }
}

/// The form's own key.
fn once(seat: &Seat) -> anyhow::Result<String> {
    let once = seat.fields.get("once");
    if once.len() != 64 || unhex(once).is_none() {
        return Err(PageError::Invalid(vec!["表单不完整，请重新打开记录页。".into()]).into());
    }
    Ok(once.to_owned())
}

/// A standing record that who posts may change.
fn reached(seat: &Seat, name: &str, id: &str) -> anyhow::Result<(Ledger, Stored)> {
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let table = ledger_of(&current, name, |p| seat.reader.may(p))?;
        let ledger = &current.engine.layout.ledgers[table];
        if builtin::is_setting(name) || id.contains('\0') {
            return Err(PageError::NotFound.into());
        }
        let scope = frame::scope(Some(&seat.reader), &current, seat.now.day);
        let id = query::coded(tx, ledger, &scope, id)?.or(id.parse().ok()).ok_or(PageError::NotFound)?;
        let rows = store::history(tx, ledger, &scope, id)?;
        let Some(row) = rows.iter().find(|r| r.voided_at.is_none()) else {
            let by = rows.last().and_then(|r| r.voided_by.clone()).ok_or(PageError::NotFound)?;
            return Err(PageError::Refused(format!("这条记录已由{by}作废，附件不能再改动。")).into());
        };
        if !writable(tx, ledger, &seat.scope, row.unit, &row.values)? {
            return Err(OutOfScope.into());
        }
        Ok((ledger.clone(), row.clone()))
    })
}

/// The record's page again, with what is wrong in a form and what was typed there.
fn again(seat: &Seat, status: StatusCode, name: &str, id: &str, form: &str, field: &str, told: String) -> Response {
    let typed = seat.typed(form, &["field", "file", "reason"]);
    let left = Left { typed, ..Left::wrong(&format!("{form}-{field}"), told) };
    let url = Url::new(format!("/ledgers/{name}/{}", segment(id)));
    let seat = Seat { ask: Ask { page: url.clone(), url, ..seat.ask.clone() }, ..seat.clone() };
    seat.show(status, |desk| {
        let page = record::page_with(desk, &seat.app, name, id, &Open::No, &left)?;
        Ok(Html(page.render()?).into_response())
    })
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_in_whole_kilobytes_and_tenths_of_megabytes() {
        for (bytes, told) in [(1, "1KB"), (1024, "1KB"), (1025, "2KB"), (1 << 20, "1.0MB"), (20 << 20, "20.0MB")] {
            assert_eq!(size(bytes), told);
        }
    }
}
