//! Answer sheets of a printed test `/tests/{id}/sheets`: the table to fill in, sent back and checked.

use std::collections::BTreeSet;

use axum::{
    extract::{Path, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use serde_json::json;

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    exams,
    frame::{Ask, Desk, answer},
    imports::workbook,
    post::Seat,
    test_acts::test_of,
    test_one::{REASON, found},
    upload::{Rule, Sent, receive},
    view::{
        form::{Errors, Field, Form},
        sheets::{Entered, Sheets},
        url::segment,
        words::Words,
    },
};
use crate::{
    audit::{About, Kind as Entry},
    auth::account::Refused,
    clock::chinese,
    db::Tx,
    exam::{
        close,
        entered::{self, MOST},
        printed, roll,
        sheets::{self, Against, Known},
        sheets_table,
        test::{State as Stands, Test},
    },
    installation::Current,
    names::Names,
    sheet::{Limits, read_path},
    verdict::world::PERSON,
};

/// Bytes of a table; thousands of sheets are some hundred kilobytes.
const LARGEST: u64 = 10 << 20;
/// A paper may have more questions than a usual table has columns.
const COLUMNS: u32 = 400;

/// `GET /tests/{id}/sheets`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done", "n"]);
        render(desk, &own, &id, &Left::default(), String::new())
    })
    .await
}

pub(super) fn render(
    desk: &mut Desk<'_, '_>,
    app: &App,
    id: &str,
    left: &Left,
    wrong: String,
) -> anyhow::Result<Response> {
    let scope = desk.scope.clone();
    let test = found(desk.tx, &scope, id)?;
    let now = app.installation.watch.now(app.installation.clock);
    let printed = printed::of_test(desk.tx, test.id)?.len();
    let shut = entered::open(&test, printed, now).err().map_or_else(String::new, |Refused(why)| why);
    let files = entered::of_test(desk.tx, test.id)?;
    let mut forms = forms(&test, &files, entered::waits(desk.tx, test.id)?);
    if !shut.is_empty() {
        forms.clear();
    }
    for (_, form) in &mut forms {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let n = asked::echo(desk.ask.get("n").unwrap_or_default());
    let view = Sheets {
        id: test.id,
        title: test.rules.title.clone(),
        errors: Errors(forms.iter().flat_map(|(_, form)| Errors::of(form).0).collect()),
        notice: match desk.ask.get("done") {
            Some("take") => format!("已录入{n}份答卷，已计分。"),
            Some("undo") => format!("已撤回{n}份答卷，这些人可以重新录入。"),
            Some("end") => "已登记为录入完毕。截止时间过后，评阅完成即结束。".into(),
            Some("dropped") => "文件已放弃，没有写入。".into(),
            _ => String::new(),
        },
        lead: lead(desk, &test)?,
        shut,
        form: desk.form_token()?,
        wrong,
        rows: files.into_iter().map(row).collect(),
        forms,
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn lead(desk: &mut Desk<'_, '_>, test: &Test) -> anyhow::Result<Words> {
    let outcomes = close::outcomes(desk.tx, test.id)?;
    let due = outcomes.iter().filter(|o| o.listed.excused.is_none()).count();
    let paper = outcomes.iter().filter(|o| o.on_paper).count();
    let sat = outcomes.iter().filter(|o| o.listed.excused.is_none() && (o.score.is_some() || o.open > 0)).count();
    let words = Words::from("应考").strong(due.to_string()).text("人，已录入纸面答卷").strong(paper.to_string());
    let words = words.text("份，在电脑上作答").strong(sat.saturating_sub(paper).to_string()).text("人，还差");
    Ok(words.strong(due.saturating_sub(sat).to_string()).text("人。"))
}

fn row(e: entered::Entered) -> Entered {
    Entered {
        file: e.file,
        sheets: e.taken,
        by: format!("{}　{}", e.confirmed.1, chinese(e.confirmed.0)),
        undone: e.undone.map_or_else(String::new, |(at, by, why)| format!("{by}于{}：{why}", chinese(at))),
    }
}

fn forms(test: &Test, files: &[entered::Entered], waits: bool) -> Vec<(&'static str, Form)> {
    let form = |id: &str, what: &str, fields: Vec<Field>, button: &str| Form {
        id: id.into(),
        action: format!("/tests/{}/sheets/{what}", test.id),
        fields,
        button: button.into(),
        ..Form::default()
    };
    let mut forms = Vec::new();
    if waits {
        let said = Field::choice(
            "sure",
            "确认",
            "",
            vec![(String::new(), "请选择".into()), ("yes".into(), "纸面答卷已全部录入".into())],
        );
        let said = said.hint("印过卷的考试等到录入完毕才结束；此后没有答卷的应考人员按缺考登记。").required();
        forms.push(("录入完毕", form("en", "end", vec![said], "录入完毕")));
    }
    let standing = files.iter().filter(|f| f.undone.is_none());
    let choices: Vec<(String, String)> =
        standing.map(|f| (f.id.to_string(), format!("{}（{}份）", f.file, f.taken))).collect();
    if let Some((first, _)) = choices.first().cloned() {
        let fields = vec![
            Field::choice("file", "文件", &first, choices).hint("这个文件录入的答卷全部撤回，考试结束前可以重新录入。"),
            Field::text("reason", "理由", "").hint(&format!("最多{REASON}字，记入操作日志。")).required(),
        ];
        forms.push(("撤回", form("un", "undo", fields, "撤回这个文件")));
    }
    forms
}

/// Everybody on the list, and whose sheet is not taken.
fn known(tx: &mut Tx<'_>, current: &Current, test: i64) -> anyhow::Result<Vec<Known>> {
    let listed = roll::of_test(tx, test)?;
    let persons: BTreeSet<i64> = listed.iter().map(|l| l.person).collect();
    let names = Names::load(tx, &current.engine.layout, &[(PERSON, persons)].into())?;
    let mut barred = entered::barred(tx, test)?;
    let one = |l: roll::Listed| Known {
        person: l.person,
        code: names.code(PERSON, l.person),
        name: names.title(PERSON, l.person).to_owned(),
        barred: match l.excused {
            Some(why) => format!("这个人已因故免考（{why}），不录入答卷"),
            None => barred.remove(&l.person).unwrap_or_default(),
        },
    };
    let mut all: Vec<Known> = listed.into_iter().map(one).collect();
    all.sort_by(|a, b| (&a.code, a.person).cmp(&(&b.code, b.person)));
    Ok(all)
}

/// `GET /tests/{id}/sheets/template?format=xlsx|csv`: a row for everybody whose sheet may be taken.
pub(super) async fn template(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["format"]);
        let (scope, current) = (desk.scope.clone(), desk.current.clone());
        let test = found(desk.tx, &scope, &id)?;
        let forms = printed::of_test(desk.tx, test.id)?;
        let now = own.installation.watch.now(own.installation.clock);
        // Before it begins the table may be had already.
        entered::open(&test, forms.len(), now.max(test.rules.opens)).map_err(|Refused(why)| PageError::Refused(why))?;
        let sat = exams::sat(desk.tx, &own, test.id)?.ok_or(PageError::NotFound)?;
        let listed = known(desk.tx, &current, test.id)?;
        let response = match desk.ask.get("format") {
            None | Some("xlsx") => {
                let bytes = sheets_table::workbook(&sat.paper, &forms, &listed)?;
                workbook("答卷录入表.xlsx", "sheets.xlsx", bytes)
            }
            Some("csv") => {
                let name =
                    format!("attachment; filename=\"sheets.csv\"; filename*=UTF-8''{}", segment("答卷录入表.csv"));
                let headers =
                    [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
                (headers, sheets_table::csv(&sat.paper, &forms, &listed)?).into_response()
            }
            Some(_) => {
                return Err(PageError::Invalid(vec!["录入表的格式应为xlsx或csv，请从录入页面下载。".into()]).into());
            }
        };
        let title = format!("考试“{}”的答卷录入表", test.rules.title);
        let about = About { unit: Some(test.rules.unit), ..About::default() };
        desk.tell(Entry::Export, json!({ "title": title, "test": test.id }), about);
        Ok(response)
    })
    .await
}

/// `POST /tests/{id}/sheets`: the table, filled in.
pub(super) async fn send(State(app): State<App>, Path(id): Path<String>, ask: Ask, request: Request) -> Response {
    receive(app, ask, request, Rule { files: 1, each: LARGEST }, move |seat, sent| take(seat, &sent, &id)).await
}

fn take(seat: &Seat, sent: &Sent, id: &str) -> anyhow::Result<Response> {
    let test = test_of(seat, id)?;
    let again = |status: StatusCode, wrong: String| {
        let app = seat.app.clone();
        Ok(seat.show(status, |desk| render(desk, &app, id, &Left::default(), wrong)))
    };
    let refuse = |wrong: String| again(StatusCode::UNPROCESSABLE_ENTITY, wrong);
    if let Some((status, told)) = &sent.wrong {
        return again(*status, told.clone());
    }
    let Some(file) = sent.files.first() else { return refuse("请选择要上传的文件。".into()) };
    let inst = &seat.app.installation;
    let (forms, listed, sat) = seat.db().read(|tx| {
        let current = inst.current(tx)?;
        let forms = printed::of_test(tx, test.id)?;
        Ok((forms, known(tx, &current, test.id)?, exams::sat(tx, &seat.app, test.id)?))
    })?;
    let sat = match (entered::open(&test, forms.len(), inst.watch.now(inst.clock)), sat) {
        (Ok(()), Some(sat)) => sat,
        (Err(Refused(why)), _) => return again(StatusCode::CONFLICT, why),
        (Ok(()), None) => return Err(PageError::NotFound.into()),
    };
    let table = match read_path(file.path(), &Limits { columns: COLUMNS, ..Limits::default() }) {
        Ok(table) => table,
        Err(e) => return refuse(e.to_string()),
    };
    let read = match sheets::read(&table, Against { paper: &sat.paper, forms: &forms, listed: &listed }) {
        Ok(read) => read,
        Err(faults) => {
            let first: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
            return refuse(format!("{}。", first.join("；")));
        }
    };
    if read.sheets.is_empty() && read.refused.is_empty() {
        return refuse("表里没有填写的答卷：各行的题和总分都空着。".into());
    }
    let (of, name, at) = ((seat.reader.account, test.id), file.name.clone(), seat.now.instant);
    match seat.db().write(move |tx| entered::keep(tx, of, &name, &read, at))? {
        Some(file) => Ok(seat.to(&format!("/tests/{}/sheets/{file}", test.id))),
        None => {
            again(StatusCode::CONFLICT, format!("您有{MOST}个文件还没有确认，请先录入或放弃其中一些；一天后自动清除。"))
        }
    }
}

/// What is said of a test that waits for its sheets.
pub(super) fn waiting(test: &Test, waits: bool, now: i64) -> Option<Words> {
    (waits && test.state == Stands::Open && now >= test.rules.closes).then(|| {
        Words::from("已过截止时间。这场考试印过卷，")
            .link("录入答卷", format!("/tests/{}/sheets", test.id))
            .text("后点“录入完毕”，考试才结束。")
    })
}
