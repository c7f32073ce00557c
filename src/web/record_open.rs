//! Sensitive fields of a record shown whole: with a reason, once, and logged before they are shown.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    app::App,
    error::PageError,
    frame::{Ask, Desk},
    ledger_export,
    post::{Posted, Seat, act},
    record, record_links,
    view::{
        form::{Errors, Field, Form},
        url::Query as Url,
    },
};
use crate::{
    audit::{About, Kind},
    auth::{Organisation, Permission, account::plain_text, opening},
    db::Value,
    directive::model::{FieldType, Ledger},
    ledger::{row::Stored, store},
    scope::Scope,
};

/// The shortest and the longest reason, in characters.
const REASON: std::ops::RangeInclusive<usize> = 2..=100;

/// What is asked of a record.
pub(super) enum Open<'a> {
    /// Nothing: sensitive fields stay masked.
    No,
    /// To see them, for this reason.
    For(&'a str),
    /// To see them, with a reason that is none: what is wrong with it.
    Refused(String),
}

/// What came of it.
#[derive(Default)]
pub(super) struct Opening {
    /// Positions of the fields that are shown whole.
    pub(super) opened: Vec<usize>,
    /// To ask for it.
    pub(super) form: Option<Form>,
    /// What is wrong in that form.
    pub(super) errors: Errors,
}

/// Opens what the reader may open and logs it, or gives the form to ask for it.
///
/// # Errors
/// [`PageError::Forbidden`] when it is asked for by somebody who may not; else when the store cannot be read.
pub(super) fn of(desk: &mut Desk<'_, '_>, ledger: &Ledger, row: &Stored, open: &Open<'_>) -> anyhow::Result<Opening> {
    let Some(permission) = opening::needed(ledger) else {
        return if matches!(open, Open::No) { Ok(Opening::default()) } else { Err(PageError::NotFound.into()) };
    };
    let reader = desk.reader()?.clone();
    let current = desk.current.clone();
    let organisation = Organisation::of(&current, desk.now.day).ok_or(PageError::NotFound)?;
    let may = opening::of_record(desk.tx, &reader, &organisation, ledger, row)?;
    if may.is_empty() && !matches!(open, Open::No) {
        return Err(PageError::Forbidden(permission).into());
    }
    let filled: Vec<usize> = may.into_iter().filter(|i| !row.values[*i].is_null()).collect();
    if filled.is_empty() {
        return Ok(Opening::default());
    }
    let titles = filled.iter().map(|i| ledger.fields[*i].title.as_str()).collect::<Vec<_>>().join("、");
    if let Open::For(reason) = open {
        let told = json!({ "title": titles, "reason": reason, "record": row.record_id });
        let mut about = about(ledger, row);
        // Whoever stood in the record before it was corrected is told of it as well.
        for before in store::history(desk.tx, ledger, &Scope::All, row.record_id)? {
            about.persons.extend(persons(ledger, &before));
        }
        desk.tell(Kind::Unmask, told, about);
        return Ok(Opening { opened: filled, ..Opening::default() });
    }
    let error = if let Open::Refused(wrong) = open { wrong.clone() } else { String::new() };
    let hint = format!("显示{titles}的完整内容，只显示这一次；谁、何时、为何查看，记入操作日志，本人可以看到。");
    let form = Form {
        id: "open".into(),
        action: format!("{}/open", record_links::record_href(ledger, &super::columns_value::code(row))),
        token: desk.form_token()?,
        fields: vec![Field { error, ..Field::text("reason", "理由", "").hint(&hint).required() }],
        button: "查看完整内容".into(),
        ..Form::default()
    };
    Ok(Opening { errors: Errors::of(&form), form: Some(form), opened: Vec::new() })
}

/// Whose record it is.
pub(super) fn about(ledger: &Ledger, row: &Stored) -> About {
    About { ledger: Some(ledger.name.clone()), unit: row.unit, persons: persons(ledger, row) }
}

fn persons(ledger: &Ledger, row: &Stored) -> BTreeSet<i64> {
    let named = ledger.fields.iter().zip(&row.values).filter(|(f, _)| f.ty == FieldType::Person);
    let mut persons: BTreeSet<i64> = named.filter_map(|(_, value)| Value::as_i64(value)).collect();
    persons.extend((ledger.name == opening::PERSON).then_some(row.record_id));
    persons
}

/// The reason as it was typed.
pub(super) fn reason(seat: &Seat) -> Result<String, String> {
    let reason = seat.fields.get("reason");
    if !REASON.contains(&reason.chars().count()) {
        return Err(format!("请填写理由，{}至{}字。", REASON.start(), REASON.end()));
    }
    plain_text(reason).map(str::to_owned).map_err(|refused| refused.0)
}

/// `POST /ledgers/{name}/{id}/open`.
pub(super) async fn record(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let reason = reason(seat);
        let (status, open) = match &reason {
            Ok(reason) => (StatusCode::OK, Open::For(reason)),
            Err(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, Open::Refused(wrong.clone())),
        };
        // The page's own address is the record's.
        let path = seat.ask.url.path.trim_end_matches("/open").to_owned();
        let seat = Seat { ask: Ask { url: Url { path, ..seat.ask.url.clone() }, ..seat.ask.clone() }, ..seat.clone() };
        Ok(seat.show(status, |desk| {
            let page = record::render(desk, &seat.app, &name, &id, &open)?;
            Ok(Html(askama::Template::render(&page)?).into_response())
        }))
    })
    .await
}

/// `POST /ledgers/{name}/export`.
pub(super) async fn ledger_file(
    State(app): State<App>,
    Path(name): Path<String>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| file(seat, &name)).await
}

/// `POST /people/export`.
pub(super) async fn people_file(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| file(seat, opening::PERSON)).await
}

fn file(seat: &Seat, name: &str) -> anyhow::Result<Response> {
    let reason = reason(seat).map_err(|wrong| PageError::Invalid(vec![wrong]))?;
    Ok(seat.show(StatusCode::OK, |desk| {
        if name == opening::PERSON && !desk.may(Permission::ExportPeople) {
            return Err(PageError::Forbidden(Permission::ExportPeople).into());
        }
        ledger_export::render(desk, seat.app.clone(), name, Some(&reason))
    }))
}
