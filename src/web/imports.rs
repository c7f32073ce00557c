//! 批量导入: the list, the form by which a file is sent, the templates.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer, show},
    limits::SHEET,
    post::Seat,
    upload::{Rule, SMALLER, Sent, megabytes, receive},
    view::{
        form::Errors,
        imports::{Chosen, Group, Imports, Line, NewImport},
        table::Pager,
        url::segment,
        words::Link,
    },
};
use crate::{
    audit::{About, Kind},
    auth::{Permission, opening},
    clock,
    directive::model::Ledger,
    export,
    installation::{Current, Installation},
    intake::{
        self,
        batch::{self, Batch, Mode, State as Stands},
        held,
    },
    org::builtin,
    sheet,
};

/// Batches beside the form.
const RECENT: i64 = 5;

/// The ledgers into which files may be taken; what the office sets itself is for who may set it.
fn offered(current: &Current, settings: bool) -> impl Iterator<Item = &Ledger> {
    let layout = &current.engine.layout;
    let own = builtin::COUNT..layout.ledgers.len();
    let ledgers = own.chain(0..builtin::COUNT).map(|table| &layout.ledgers[table]);
    ledgers.filter(move |l| !l.derived && (settings || !builtin::is_setting(&l.name)))
}

/// A ledger that is offered.
///
/// # Errors
/// When there is none of that name, or the reader may not take files into it.
pub(super) fn ledger<'c>(current: &'c Current, settings: bool, name: &str) -> anyhow::Result<&'c Ledger> {
    Ok(offered(current, settings).find(|l| l.name == name).ok_or(PageError::NotFound)?)
}

/// `GET /imports`.
pub(super) async fn list(State(app): State<App>, ask: Ask) -> Response {
    show(app, ask, |desk| {
        asked::keys(desk, &["page", "size"]);
        let size = asked::size(desk);
        let account = desk.reader()?.account;
        let list = |desk: &mut Desk<'_, '_>, skip, limit| batch::list(desk.tx, account, skip, limit);
        let (found, page, total) = asked::rows(desk, size, list)?;
        let current = desk.current.clone();
        Ok(Imports {
            rows: found.iter().map(|b| line(&current, b)).collect(),
            pager: Pager { query: desk.ask.url.without("page"), title: "批量导入".into(), total, size, page },
            page: desk.page("/imports")?,
        })
    })
    .await
}

fn line(current: &Current, batch: &Batch) -> Line {
    let layout = &current.engine.layout;
    let title = layout.index(&batch.new.ledger).map_or(batch.new.ledger.as_str(), |t| &layout.ledgers[t].title);
    let (written, bad) = batch.counts;
    let result = match batch.state {
        _ if batch.undone => format!("写入的{written}条已撤销"),
        Stands::Imported => format!("写入{written}条"),
        Stands::Checked => format!("可写入{written}条"),
        Stands::Empty => "没有写入".into(),
        _ => String::new(),
    };
    let bad = if bad > 0 && !result.is_empty() { format!("，{bad}行有误") } else { String::new() };
    Line {
        number: Link::new(format!("第{}号", batch.id), format!("/imports/{}", batch.id)),
        ledger: title.to_owned(),
        file: batch.new.file.clone(),
        sent: clock::chinese(batch.new.at),
        state: if batch.undone { "已撤销" } else { batch.state.title() },
        result: result + &bad,
    }
}

/// What was typed into the form, and what is wrong with it.
#[derive(Default)]
struct Left {
    mode: Option<Mode>,
    wrong: String,
}

/// `GET /imports/new?ledger=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    answer(app, ask, |desk| {
        asked::keys(desk, &["ledger"]);
        render(desk, &Left::default())
    })
    .await
}

fn render(desk: &mut Desk<'_, '_>, left: &Left) -> anyhow::Result<Response> {
    let (current, settings) = (desk.current.clone(), desk.may(Permission::Settings));
    let name = desk.ask.get("ledger").unwrap_or_default().to_owned();
    let mut groups: Vec<Group> = Vec::new();
    for l in offered(&current, settings) {
        let entry = (l.name.clone(), l.title.clone(), l.name == name);
        let title = if l.group.is_empty() { "其他台账" } else { &l.group };
        match groups.iter_mut().find(|(t, _)| t == title) {
            Some((_, ledgers)) => ledgers.push(entry),
            None => groups.push((title.to_owned(), vec![entry])),
        }
    }
    let chosen = match name.as_str() {
        "" => None,
        name => Some(chosen(desk, ledger(&current, settings, name)?, left)?),
    };
    let account = desk.reader()?.account;
    let (recent, _) = batch::list(desk.tx, account, 0, RECENT)?;
    let errors = if left.wrong.is_empty() { Vec::new() } else { vec![Link::new(left.wrong.clone(), "#imp-file")] };
    let view = NewImport {
        errors: Errors(errors),
        groups,
        chosen,
        recent: recent.iter().map(|b| line(&current, b)).collect(),
        page: desk.page("/imports")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn chosen(desk: &Desk<'_, '_>, ledger: &Ledger, left: &Left) -> anyhow::Result<Chosen> {
    let (required, optional): (Vec<_>, Vec<_>) = sheet::template::columns(ledger).into_iter().partition(|(_, r)| *r);
    let titles = |of: Vec<(String, bool)>| of.into_iter().map(|(title, _)| title).collect();
    Ok(Chosen {
        name: ledger.name.clone(),
        title: ledger.title.clone(),
        note: ledger.note.clone(),
        required: titles(required),
        optional: titles(optional),
        token: desk.form_token()?,
        mode: left.mode.unwrap_or(Mode::Add).as_str(),
        wrong: left.wrong.clone(),
        largest: megabytes(SHEET),
        rows: sheet::Limits::default().rows / 10_000,
        filled: desk.may(holds(ledger)),
    })
}

/// `GET /imports/template?ledger=…`: the sheet to be filled, empty or with what is held.
pub(super) async fn template(State(app): State<App>, ask: Ask) -> Response {
    let keys = app.installation.keys.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["ledger", "filled"]);
        let (current, settings) = (desk.current.clone(), desk.may(Permission::Settings));
        let ledger = ledger(&current, settings, desk.ask.get("ledger").unwrap_or_default())?;
        let (version, day) = (intake::version(&current.engine.package), desk.now.day);
        let name = format!("{}.xlsx", ledger.name);
        let named = intake::named(&current.engine, ledger);
        if desk.ask.get("filled") != Some("1") {
            let referred = intake::referred(&current.engine.layout, ledger);
            let empty = sheet::template::Filled::default();
            let filled = sheet::template::Filled { named: &named, referred: &referred, ..empty };
            let bytes = sheet::template::made(ledger, day, version, &filled)?;
            return Ok(workbook(&format!("{}导入模板.xlsx", ledger.title), &name, bytes));
        }
        let needed = holds(ledger);
        if !desk.may(needed) {
            return Err(PageError::Forbidden(needed).into());
        }
        let (layout, scope) = (&current.engine.layout, desk.scope.clone());
        let table = layout.index(&ledger.name).ok_or(PageError::NotFound)?;
        let most = sheet::template::MOST;
        let told = format!("记录超过{most}行，模板放不下。请从台账页面按条件导出，改好后直接上传。");
        let (referred, persons) = intake::referred_in(desk.tx, layout, ledger, &scope)?;
        let texts = (&*named, &*referred);
        let made = export::template(desk.tx, (layout, table), &scope, &keys, (day, version), texts)?;
        let (bytes, mut written) = made.ok_or(PageError::Refused(told))?;
        written.persons.extend(persons);
        let title = format!("“{}”导入模板", ledger.title);
        let told = json!({ "title": title, "rows": written.rows, "address": desk.ask.url.href() });
        let about = About { ledger: Some(ledger.name.clone()), persons: written.persons, ..About::default() };
        desk.tell(Kind::Export, told, about);
        Ok(workbook(&format!("{}现有记录.xlsx", ledger.title), &name, bytes))
    })
    .await
}

/// What is needed to have the records of a ledger in a file.
fn holds(ledger: &Ledger) -> Permission {
    if ledger.name == opening::PERSON { Permission::ExportPeople } else { Permission::ExportLedgers }
}

/// A workbook to be saved, under a name for those who cannot read the other.
pub(super) fn workbook(title: &str, plain: &str, bytes: Vec<u8>) -> Response {
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    let name = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", segment(title));
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], bytes).into_response()
}

/// `POST /imports/new`: a file.
pub(super) async fn send(State(app): State<App>, ask: Ask, request: Request) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|n| n.to_str().ok()?.parse().ok());
    receive(app, ask, request, Rule { files: 1, each: SHEET }, move |seat, sent| take(seat, sent, length)).await
}

/// How a sheet above the limit is mended; `length` are the bytes of the whole form, where it said so.
fn smaller(length: Option<u64>) -> String {
    let size = length.map_or_else(String::new, |n| format!("这个文件约{}。", megabytes(n)));
    format!("{size}请按年度或按台账分成几个文件，分别上传；表里的图片、不用的工作表先删去。没有写入任何数据。")
}

fn take(seat: &Seat, sent: Sent, length: Option<u64>) -> anyhow::Result<Response> {
    let mode = Mode::parse(seat.fields.get("mode"));
    let again = |status: StatusCode, wrong: String| Ok(seat.show(status, |desk| render(desk, &Left { mode, wrong })));
    let (name, settings) = (seat.fields.get("ledger").to_owned(), seat.reader.may(Permission::Settings));
    let inst = &seat.app.installation;
    let account = seat.reader.account;
    inst.db.read(|tx| ledger(&inst.current(tx)?.clone(), settings, &name).map(|_| ()))?;
    if let Some((status, told)) = sent.wrong {
        return again(status, told.replace(SMALLER, &smaller(length)));
    }
    let Some(file) = sent.files.first() else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "请选择要上传的文件。".into());
    };
    let Some(mode) = mode else {
        return again(StatusCode::UNPROCESSABLE_ENTITY, "请选择方式：只新增，或已有的更正。".into());
    };
    let new = batch::New {
        ledger: name,
        mode,
        file: file.name.clone(),
        sha256: file.sha256.clone(),
        size: file.size,
        held: held::keep(inst, file.path())?,
        account,
        by: seat.reader.name.clone(),
        at: seat.now.instant,
    };
    let held = new.held.clone();
    let begun = inst.db.write(move |tx| batch::begin(tx, &new))?;
    work(inst);
    match begun {
        batch::Begun::New(id) => Ok(seat.to(&format!("/imports/{id}"))),
        batch::Begun::Same(id) => {
            held::remove(inst, &held)?;
            Ok(seat.to(&format!("/imports/{id}?same=1")))
        }
        batch::Begun::TooMany(n) => {
            held::remove(inst, &held)?;
            again(StatusCode::CONFLICT, format!("您有{n}个文件还没有确认，请先到“批量导入”确认或放弃其中一些。"))
        }
    }
}

/// Begins with what waits at once; whatever stops it, the background work goes on with it.
pub(super) fn work(installation: &Installation) {
    let installation = installation.clone();
    tokio::runtime::Handle::current().spawn_blocking(move || {
        if let Err(e) = intake::run_waiting(&installation) {
            tracing::error!("导入的文件没有检查完，稍后再试：{e:#}");
        }
    });
}
