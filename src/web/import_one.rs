//! One batch: how far it is, what the check found, confirmed, dropped, undone.

use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::{Ask, Desk, answer},
    import_effects,
    import_told::{Called, done, dropped, findings, imports_named, nothing, told_alike, told_before, told_missing},
    live, record_links,
    view::{
        form::{Errors, Field, Form},
        imports::OneImport,
        words::Link,
    },
};
use crate::{
    clock,
    db::Tx,
    directive::model::Ledger,
    intake::{
        Question, Report,
        batch::{self, Batch, KEPT, State as Stands},
    },
    ledger::store,
    verdict::world::Layout,
};

/// `GET /imports/{id}`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["columns", "same"]);
        render(desk, &own, &id, &Left::default())
    })
    .await
}

/// The batch of that number, if it is the reader's own.
pub(super) fn own(tx: &mut Tx<'_>, account: i64, id: &str) -> anyhow::Result<Batch> {
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    Ok(batch::get(tx, account, id)?.ok_or(PageError::NotFound)?)
}

pub(super) fn render(desk: &mut Desk<'_, '_>, app: &App, id: &str, left: &Left) -> anyhow::Result<Response> {
    let account = desk.reader()?.account;
    let batch = own(desk.tx, account, id)?;
    let report = batch.report(&app.installation.keys)?;
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let ledger = layout.index(&batch.new.ledger).map(|t| &layout.ledgers[t]);
    let title = ledger.map_or(batch.new.ledger.as_str(), |l| &l.title);
    let step = match batch.state {
        Stands::Waiting | Stands::Checked | Stands::Empty | Stands::Refused | Stands::Dropped => 2,
        Stands::Confirmed | Stands::Imported | Stands::Failed => 3,
    };
    let undone = undone(desk.tx, &batch)?;
    let mut view = OneImport {
        errors: Errors::default(),
        title: heading(batch.state, undone.is_some()).into(),
        meta: format!("第{}号　{}　导入到：{title}　{}", batch.id, batch.new.file, batch.new.mode.title()),
        step,
        events: format!("/imports/{}/events", batch.id),
        doing: if batch.state.is_under_way() { doing(desk.tx, app, &batch)? } else { String::new() },
        said: Vec::new(),
        warned: Vec::new(),
        sums: Vec::new(),
        findings: Vec::new(),
        finding_count: 0,
        finding_told: 0,
        bad: if report.missing.is_empty() { report.bad } else { 0 },
        remarks: Vec::new(),
        remark_note: String::new(),
        columns: Vec::new(),
        ask_again: None,
        marked: String::new(),
        skipped: Vec::new(),
        same: Vec::new(),
        corrected: Vec::new(),
        beside: String::new(),
        effects: None,
        effects_left: None,
        forms: Vec::new(),
        ways: Vec::new(),
        alike: Vec::new(),
        alike_count: 0,
        undo: None,
        hindering: Vec::new(),
        page: desk.page("/imports")?,
    };
    if matches!(batch.state, Stands::Checked | Stands::Imported) && undone.is_none() && report.total > 0 {
        let (all, left) = import_effects::of(desk, &batch, &report)?;
        (view.effects, view.effects_left) = (Some(all), left);
    }
    told_same(desk, &mut view, &batch);
    let batches = imports_named(desk.tx, &report)?;
    match batch.state {
        Stands::Checked => {
            let token = desk.form_token()?;
            told_alike(&mut view, ledger, &report);
            let told = unlike(&mut view, layout, &batch, &report, &token);
            to_confirm(&mut view, &batch, (&report, &batches), (&token, told && desk.ask.get("columns") != Some("1")));
        }
        Stands::Imported | Stands::Failed => {
            let list = ledger.map(|l| Link::new(format!("查看台账“{}”", l.title), record_links::list_path(l)));
            done(&mut view, &batch, (&report, &batches), undone.as_deref());
            view.ways.extend(list);
            if let (None, Some(import), Some(ledger)) = (&undone, batch.import, ledger) {
                view.undo = Some(undo_form(batch.id));
                view.hindering = hindering(desk.tx, ledger, import)?;
            }
        }
        Stands::Empty => {
            nothing(&mut view, &batch, (&report, &batches));
            let answered = report.columns.iter().any(|c| !c.answered.is_empty());
            view.ask_again = if answered && !batch.new.held.is_empty() {
                Some(ask_again_form(&batch, &desk.form_token()?))
            } else {
                None
            };
        }
        Stands::Refused => view.warned.push(batch.note.clone()),
        Stands::Dropped => dropped(&mut view, &batch),
        Stands::Waiting | Stands::Confirmed => {}
    }
    if !view.findings.is_empty() && !batch.new.held.is_empty() {
        view.marked = format!("/imports/{}/marked", batch.id);
    }
    if !batch.state.is_under_way() {
        view.ways.push(Link::new("上传另一个文件", format!("/imports/new?ledger={}", batch.new.ledger)));
    }
    if let Some(form) = &mut view.undo {
        form.token = desk.form_token()?;
        left.fill(form);
        view.errors = Errors::of(form);
    }
    for form in &mut view.forms {
        left.fill(form);
        view.errors.0.extend(Errors::of(form).0);
    }
    left.shown(&view.errors)?;
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn heading(state: Stands, undone: bool) -> &'static str {
    match state {
        Stands::Waiting | Stands::Checked => "检查导入文件",
        Stands::Empty => "没有可写入的行",
        Stands::Refused => "文件不能导入",
        Stands::Confirmed => "正在写入",
        Stands::Imported if undone => "导入已撤销",
        Stands::Imported => "导入完成",
        Stands::Failed => "没有全部写入",
        Stands::Dropped => "已放弃",
    }
}

/// `GET /imports/{id}/events`: what is being done with a batch.
pub(super) async fn events(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let mine = app.clone();
    answer(app, ask, move |desk| {
        let account = desk.reader()?.account;
        own(desk.tx, account, &id)?;
        Ok(live::told(&mine, move |tx, app| {
            let batch = own(tx, account, &id)?;
            batch.state.is_under_way().then(|| doing(tx, app, &batch)).transpose()
        }))
    })
    .await
}

/// That a file was sent again whose batch is not settled; where that is written already nothing is checked any more.
fn told_same(desk: &Desk<'_, '_>, view: &mut OneImport, batch: &Batch) {
    let again = matches!(batch.state, Stands::Waiting | Stands::Checked | Stands::Empty);
    if again && desk.ask.get("same") == Some("1") {
        view.said.push(format!(
            "刚才上传的与这一批（第{}号）是同一个文件，没有另收一份，已按现在的台账重新检查。",
            batch.id
        ));
    }
}

/// What the program is doing with a batch.
fn doing(tx: &mut Tx<'_>, app: &App, batch: &Batch) -> anyhow::Result<String> {
    if let Some(import) = batch.import {
        let sql = "select progress, total from job where kind = 'import' and payload = $1";
        let moved = tx.one(sql, &[import.to_string().into()], |r| Ok((r.i64(0)?, r.i64(1)?)))?;
        return Ok(moved.map_or_else(|| "正在写入".into(), |(n, all)| format!("正在写入：{n} / {all}行")));
    }
    Ok(match app.installation.board.of(batch.id) {
        Some((stage, _, 0)) => stage.into(),
        Some((stage, n, all)) => format!("{stage}：{n} / {all}行"),
        None => "排队等候，请稍等".into(),
    })
}

/// When and by whom the import of a batch was undone.
fn undone(tx: &mut Tx<'_>, batch: &Batch) -> anyhow::Result<Option<String>> {
    let Some(import) = batch.import else { return Ok(None) };
    let sql = "select undone_at, undone_by from import where row_id = $1 and undone_at is not null";
    tx.one(sql, &[import.into()], |r| {
        Ok(format!("{}由{}撤销", clock::chinese(r.i64(0)?), r.opt_text(1)?.unwrap_or("")))
    })
}

/// The records for which a batch cannot be undone.
fn hindering(tx: &mut Tx<'_>, ledger: &Ledger, import: i64) -> anyhow::Result<Vec<Link>> {
    let link = |(id, code): (i64, Option<String>)| {
        let code = code.unwrap_or_else(|| id.to_string());
        Link::new(format!("编号{code}"), record_links::record_href(ledger, &code))
    };
    Ok(store::corrected_since(tx, ledger, import)?.into_iter().map(link).collect())
}

/// Says that the file does not look like the ledger's, and offers the one it looks like; whether it does.
fn unlike(view: &mut OneImport, layout: &Layout, batch: &Batch, report: &Report, token: &str) -> bool {
    let Some(unlike) = &report.unlike else { return false };
    let title = |name: &str| layout.index(name).map_or(name, |t| &layout.ledgers[t].title).to_owned();
    let sent = title(&batch.new.ledger);
    let missing = match unlike.missing.is_empty() {
        true => String::new(),
        false => format!("，缺必填的{}", unlike.missing.join("、")),
    };
    let why = format!("{}列中有{}列对得上{missing}", unlike.heads, unlike.known);
    let Some(name) = &unlike.rather else {
        view.warned
            .push(format!("这份表不像“{sent}”：{why}。请核对是不是选错了台账或文件；没有选错的，在下面指明各列。"));
        return false;
    };
    let rather = title(name);
    view.warned.push(format!("这份表不像“{sent}”，更像“{rather}”：按“{sent}”，{why}；按“{rather}”，必填的列都有。"));
    view.forms.push(Form {
        id: "to".into(),
        action: format!("/imports/{}/ledger", batch.id),
        token: token.to_owned(),
        hidden: vec![("ledger".to_owned(), name.clone())],
        button: format!("改为导入到“{rather}”"),
        primary: true,
        cancel: Some(Link::new(format!("确是“{sent}”，逐列指明"), format!("/imports/{}?columns=1", batch.id))),
        ..Form::default()
    });
    true
}

/// What the check found, and the forms to go on. Columns are not asked about where the file looks like another ledger's,
/// unless that is wanted (`other`).
fn to_confirm(view: &mut OneImport, batch: &Batch, (report, called): (&Report, &Called), (token, other): (&str, bool)) {
    let written = report.written();
    if !batch.note.is_empty() {
        view.warned.push(batch.note.clone());
    }
    view.warned.extend(report.older.iter().cloned());
    let until = clock::day_of(batch.new.at + KEPT).chinese();
    told_missing(view, report);
    view.said.push(format!(
        "尚未写入任何数据。共{}行，可写入{written}行，{}行有误。检查结果保留到{until}，可离开后再来。",
        report.total, report.bad
    ));
    told_before(view, (report, called));
    findings(view, (report, called));
    if !other && !report.questions.is_empty() {
        let count = report.questions.len();
        view.said.push(format!("有{count}列拿不准，请在下面指明；只问一次，本单位下次导入这一台账不再问。"));
    }
    view.forms.extend((!other && !report.questions.is_empty()).then(|| columns_form(batch, report, token)));
    view.ask_again = report.columns.iter().any(|c| !c.answered.is_empty()).then(|| ask_again_form(batch, token));
    let mut hidden = Vec::new();
    let mut fields = Vec::new();
    if !report.before.is_empty() && written > 0 {
        let choices = [("", "请选择"), ("yes", "仍要写入其中没有的行")].map(|(v, t)| (v.to_owned(), t.to_owned()));
        fields.push(Field::choice("again", "同一个文件导入过", "", choices.into()).required());
    } else {
        hidden.push(("again".to_owned(), "yes".to_owned()));
    }
    fields.extend((report.alike_rows.0 > 0).then(|| alike_field(report)));
    // Of a column that could be meant otherwise nothing is written before that is said.
    if written > 0 && !report.is_open() {
        view.forms.push(Form {
            id: "ok".into(),
            action: format!("/imports/{}/confirm", batch.id),
            token: token.to_owned(),
            hidden,
            fields,
            button: if report.alike_rows.0 > 0 { "确认导入".into() } else { format!("导入{written}行") },
            primary: true,
            cancel: None,
        });
    }
    view.forms.push(Form {
        id: "no".into(),
        action: format!("/imports/{}/drop", batch.id),
        token: token.to_owned(),
        button: "放弃这一批".into(),
        ..Form::default()
    });
}

/// Whether the rows that seem to stand already are taken in.
fn alike_field(report: &Report) -> Field {
    let (alike, written) = (report.alike_rows.0, report.written());
    let leave = match written - alike {
        0 => "不写入（没有别的行，这一批就此结束）".to_owned(),
        rest => format!("不写入（只写入其余{rest}行）"),
    };
    let choices = [("", "请选择".to_owned()), ("write", format!("一并写入（共{written}行）")), ("leave", leave)];
    let choices = choices.map(|(value, title)| (value.to_owned(), title));
    Field::choice("alike", &format!("疑似重复的{alike}行"), "", choices.into()).required()
}

/// To say what the columns are that are not clear.
fn columns_form(batch: &Batch, report: &Report, token: &str) -> Form {
    let field = |(n, q): (usize, &Question)| {
        let mut choices = vec![(String::new(), "请选择".to_owned())];
        choices.extend(q.choices.iter().cloned());
        choices.push(("none".into(), "不导入".into()));
        let samples = q.samples.join("、");
        let hint = if samples.is_empty() { "这一列是空的".into() } else { format!("前几个值：{samples}") };
        Field::choice(&format!("q{n}"), &format!("“{}”一列（{}列）是", q.head, q.column), "", choices)
            .hint(&hint)
            .required()
    };
    Form {
        id: "col".into(),
        action: format!("/imports/{}/columns", batch.id),
        token: token.to_owned(),
        fields: report.questions.iter().enumerate().map(field).collect(),
        button: "按此重新检查".into(),
        ..Form::default()
    }
}

/// To be asked again about what was answered before.
fn ask_again_form(batch: &Batch, token: &str) -> Form {
    Form {
        id: "ask".into(),
        action: format!("/imports/{}/columns", batch.id),
        token: token.to_owned(),
        hidden: vec![("forget".to_owned(), "1".to_owned())],
        button: "以前的回答不对，重新指明".into(),
        ..Form::default()
    }
}

fn undo_form(id: i64) -> Form {
    Form {
        id: "un".into(),
        action: format!("/imports/{id}/undo"),
        fields: vec![Field::text("reason", "撤销原因", "").hint("记入操作日志，最多200字。").required()],
        button: "撤销本批".into(),
        ..Form::default()
    }
}
