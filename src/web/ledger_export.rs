//! `/ledgers/{name}/export`: exactly the rows that the list shows under the same conditions, as a file.
//!
//! The file is written whole before a byte is sent: a fault becomes a page and not a cut file, and no snapshot of the
//! store is held at the pace of a slow line.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufWriter, Read as _, Seek as _},
    pin::Pin,
    task::{Context, Poll},
};

use anyhow::Context as _;
use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_core::Stream;
use serde_json::json;

use super::{
    app::App,
    columns::{Column, Columns},
    columns_value::title_fields,
    error::PageError,
    frame::{Ask, Desk, answer},
    ledger::{Listing, void_words},
    ledger_columns,
    ledger_conditions::Conditions,
    ledger_order,
    people::ordered_here,
    record_links,
    view::{
        form::{Field, Form},
        url::{self, segment},
        words::Link,
    },
};
use crate::{
    audit::{About, Kind},
    auth::{Permission, opening},
    clock,
    directive::model::FieldType,
    export::{self, Chosen},
    ledger::{query, row::Stored},
    names::Names,
    sheet::{self, Format, export::all_columns},
    verdict::world::UNIT,
};

/// Rows of a workbook at most, without the head.
const WORKBOOK: i64 = 1_048_575;
/// Bytes sent at a time.
const CHUNK: usize = 1 << 16;

/// The files offered over a list.
pub(super) fn links(of: &Listing, columns: &Columns, url: &url::Query) -> Vec<Link> {
    let ledger = of.ledger();
    let base = url::Query { path: format!("{}/export", record_links::list_path(ledger)), ..url.without("size") };
    let all = all_columns(ledger).len();
    let masked = ledger.fields.iter().any(|f| f.sensitive);
    let whole = if masked { "敏感栏已遮蔽，可改后再导入" } else { "可改后再导入" };
    let link = |text: String, format: &str| Link::new(text, base.with("format", format).href());
    vec![
        Link::new(
            format!("Excel，当前{}列", columns.shown.len() + 1),
            base.with("format", "xlsx").with("columns", "shown").href(),
        ),
        link(format!("Excel，全部{all}列（{whole}）"), "xlsx"),
        link(format!("CSV，全部{all}列（供其他系统读取）"), "csv"),
        link(format!("JSONL，全部{all}列（供程序读取）"), "jsonl"),
    ]
}

/// The form for a file with whole values, for who may open them.
///
/// # Errors
/// When the system has no randomness.
pub(super) fn whole_form(desk: &Desk<'_, '_>, of: &Listing, url: &url::Query) -> anyhow::Result<Option<Form>> {
    let ledger = of.ledger();
    let Some(permission) = opening::needed(ledger).filter(|p| desk.opens(*p).is_some()) else { return Ok(None) };
    let titles = opening::titles(ledger, permission);
    let base = url::Query { path: format!("{}/export", record_links::list_path(ledger)), ..url.without("size") };
    Ok(Some(Form {
        id: "whole".into(),
        action: base.with("format", "xlsx").href(),
        token: desk.form_token()?,
        fields: vec![Field::text("reason", "理由", "").hint(&format!("{titles}不遮蔽；理由记入操作日志。")).required()],
        button: "导出完整内容".into(),
        ..Form::default()
    }))
}

/// `GET /people/export`.
pub(super) async fn people(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| render(desk, own, "person", None)).await
}

/// `GET /ledgers/{name}/export`.
pub(super) async fn page(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        // The roster has a permission of its own, under whichever address.
        if name == "person" && !desk.may(Permission::ExportPeople) {
            return Err(PageError::Forbidden(Permission::ExportPeople).into());
        }
        render(desk, own, &name, None)
    })
    .await
}

/// The file that the address asks for. With a reason, sensitive fields that the reader may open are whole, and only the
/// records in which he may do so are in it.
///
/// # Errors
/// [`PageError::NotFound`] without such a ledger, [`PageError::Invalid`] when a condition cannot be read or the rows do
/// not go into one workbook; else when the store cannot be read.
pub(super) fn render(desk: &mut Desk<'_, '_>, app: App, name: &str, reason: Option<&str>) -> anyhow::Result<Response> {
    let of = Listing::of(desk, app, name)?;
    if of.ledger().derived {
        return Err(PageError::NotFound.into());
    }
    ledger_columns::own(desk, of.ledger())?;
    let (format, extension, kind) = match desk.ask.get("format") {
        Some("xlsx") => (Format::Xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        Some("csv") => (Format::Csv, "csv", "text/csv; charset=utf-8"),
        Some("jsonl") => (Format::Jsonl, "jsonl", "application/x-ndjson; charset=utf-8"),
        _ => return Err(invalid("导出的格式应为 xlsx、csv 或 jsonl，请从台账页面重新导出。")),
    };
    let opened = match reason {
        None => None,
        Some(reason) => {
            let permission = opening::needed(of.ledger()).ok_or(PageError::NotFound)?;
            desk.scope = desk.opens(permission).ok_or(PageError::Forbidden(permission))?;
            Some((permission, reason))
        }
    };
    let conditions = Conditions::read(desk, &of, ledger_order::read(of.ledger(), &desk.ask))?;
    let errors = conditions.controls.iter().filter(|c| !c.error.is_empty());
    let errors: Vec<String> = errors.map(|c| format!("{}：{}", c.label, c.error)).collect();
    if !errors.is_empty() {
        return Err(PageError::Invalid(errors).into());
    }
    if format == Format::Xlsx {
        let rows = query::count(desk.tx, of.ledger(), &desk.scope, &conditions.query(), None)?;
        if rows > WORKBOOK {
            return Err(invalid(&format!(
                "一个 Excel 工作表最多{WORKBOOK}行，这里有{rows}行。请加上条件，或改用 CSV。"
            )));
        }
    }
    let file = write(desk, &of, &conditions, format, opened)?;
    let title = format!("{}{}.{extension}", of.ledger().title, desk.now.day);
    let name = format!(
        "attachment; filename=\"{}-{}.{extension}\"; filename*=UTF-8''{}",
        of.ledger().name,
        desk.now.day,
        segment(&title)
    );
    let length = file.metadata()?.len().to_string();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CONTENT_LENGTH, length),
    ];
    Ok((headers, Body::from_stream(Chunks(file))).into_response())
}

fn invalid(detail: &str) -> anyhow::Error {
    PageError::Invalid(vec![detail.to_owned()]).into()
}

/// Writes the rows into a file without a name, and stands at its beginning.
fn write(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    format: Format,
    opened: Option<(Permission, &str)>,
) -> anyhow::Result<File> {
    let ledger = of.ledger();
    let shown = desk.ask.get("columns") == Some("shown");
    let columns = Columns::of(of.layout(), of.table, &desk.ask);
    let places = places(desk, of, shown && columns.shown.contains(&Column::Post))?;
    let mut extras: Vec<Extra> = Vec::new();
    let mut out = if shown { chosen(of, &columns, &mut extras) } else { all_columns(ledger) };
    if conditions.voided {
        extras.push(Extra::Voided);
        out.push(sheet::Column::Extra("作废".into()));
    }
    let extra = |row: &Stored| extras.iter().map(|e| e.text(row, &places)).collect();
    let query = conditions.query();
    let records = match &of.people {
        Some(people) if ordered_here(&query) => {
            let ids = people.under(desk, &query)?;
            Some(people.page(desk, &ids, (ids.len(), 0))?)
        }
        _ => None,
    };
    let mut file = tempfile::tempfile().context("临时文件建不了，请检查磁盘空间")?;
    let writer = BufWriter::new(file.try_clone()?);
    let what = Chosen {
        layout: of.layout(),
        table: of.table,
        scope: &desk.scope,
        query: &query,
        records: records.as_deref(),
        columns: out,
        extra: &extra,
        keys: &of.app.installation.keys,
        whole: opened.map_or_else(Vec::new, |(permission, _)| opening::fields(ledger, permission)),
        day: desk.now.day,
    };
    let written = export::chosen(desk.tx, what, format, writer)?;
    let asked = desk.ask.url.href();
    let whole = opened.map_or_else(String::new, |(p, _)| format!("，{}不遮蔽", opening::titles(ledger, p)));
    // How many rows is for the log alone: whose records are among them is not told how many others are.
    let title = format!("“{}”{whole}", ledger.title);
    let told =
        json!({ "title": title, "rows": written.rows, "reason": opened.map(|(_, reason)| reason), "address": asked });
    let about = About { ledger: Some(ledger.name.clone()), persons: written.persons, ..About::default() };
    desk.tell(Kind::Export, told, about);
    file.rewind()?;
    Ok(file)
}

/// A column that is no field of the ledger.
#[derive(Clone, Copy)]
enum Extra {
    Unit,
    Post,
    RecordedBy,
    RecordedAt,
    Voided,
}

impl Extra {
    fn text(self, row: &Stored, places: &HashMap<i64, (String, String)>) -> String {
        let place = places.get(&row.record_id);
        match self {
            Extra::Unit => place.map_or_else(String::new, |p| p.0.clone()),
            Extra::Post => place.map_or_else(String::new, |p| p.1.clone()),
            Extra::RecordedBy => row.recorded_by.clone(),
            Extra::RecordedAt => clock::chinese(row.recorded_at),
            Extra::Voided => row.voided_at.map_or_else(String::new, |at| void_words(row, at)),
        }
    }
}

/// The columns shown, the fields of the title first.
fn chosen(of: &Listing, columns: &Columns, extras: &mut Vec<Extra>) -> Vec<sheet::Column> {
    let ledger = of.ledger();
    let named = title_fields(of.layout(), of.table);
    let mut out: Vec<sheet::Column> = named.iter().map(|i| sheet::Column::Field(*i)).collect();
    for column in &columns.shown {
        let extra = match column {
            Column::Code => {
                out.push(sheet::Column::Code);
                continue;
            }
            Column::Field(i) => {
                if !named.contains(i) && ledger.fields[*i].ty != FieldType::Derived {
                    out.push(sheet::Column::Field(*i));
                }
                continue;
            }
            Column::Unit if of.people.is_none() => {
                out.push(sheet::Column::Unit);
                continue;
            }
            Column::Unit => Extra::Unit,
            Column::Post => Extra::Post,
            Column::RecordedBy => Extra::RecordedBy,
            Column::RecordedAt => Extra::RecordedAt,
        };
        extras.push(extra);
        out.push(sheet::Column::Extra(column.title(ledger)));
    }
    out
}

/// Unit and 职务 of every person, in the list of persons.
fn places(desk: &mut Desk<'_, '_>, of: &Listing, titles: bool) -> anyhow::Result<HashMap<i64, (String, String)>> {
    let (Some(people), Some(units)) = (&of.people, of.units()) else { return Ok(HashMap::new()) };
    let titles = if titles { people.titles(desk, None, &units)? } else { HashMap::new() };
    let all = units.rows().map(|u| units.id(u)).collect();
    let names = Names::load(desk.tx, of.layout(), &[(UNIT, all)].into())?;
    let place = |(id, unit): (i64, usize)| {
        (id, (units.label(&names, units.id(unit)), titles.get(&id).cloned().unwrap_or_default()))
    };
    Ok(people.in_post().filter(|(id, _)| people.seen_unit(&desk.scope, *id).is_some()).map(place).collect())
}

/// A file as a body. It was written a moment ago, so reading it comes from memory and does not hold up the others.
struct Chunks(File);

impl Stream for Chunks {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut chunk = vec![0; CHUNK];
        Poll::Ready(match self.0.read(&mut chunk) {
            Ok(0) => None,
            Ok(n) => {
                chunk.truncate(n);
                Some(Ok(chunk))
            }
            Err(e) => Some(Err(e)),
        })
    }
}
