//! A table of answer sheets as it was checked `/tests/{id}/sheets/{file}`: entered or given up; what was entered undone; the
//! sheets of a test said to be in.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    exams,
    frame::{Ask, answer},
    post::{Posted, Seat, act},
    requests::long_text,
    test_acts::{refused, test_of},
    test_one::{REASON, found},
    test_sheets::render,
    view::{
        parts::{Fact, Facts},
        sheets::SheetCheck,
        words::Words,
    },
};
use crate::{auth::account::Refused, db::Tx, exam::entered, sheet::letters};

/// Findings that are listed.
const LISTED: usize = 200;

/// `GET /tests/{id}/sheets/{file}`.
pub(super) async fn check(State(app): State<App>, Path((id, file)): Path<(String, String)>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &[]);
        let scope = desk.scope.clone();
        let test = found(desk.tx, &scope, &id)?;
        let file = file.parse().map_err(|_| PageError::NotFound)?;
        let account = desk.reader()?.account;
        let staged = entered::get(desk.tx, (account, test.id), file)?.ok_or(PageError::NotFound)?;
        let read = &staged.read;
        let mut forms: BTreeMap<char, usize> = BTreeMap::new();
        read.sheets.iter().for_each(|s| *forms.entry(s.letter).or_default() += 1);
        let mut facts: Vec<Fact> = forms.iter().map(|(l, n)| Fact::new(format!("{l}卷"), format!("{n}份"))).collect();
        let totals = read.sheets.iter().filter(|s| s.total.is_some()).count();
        if totals > 0 {
            facts.push(Fact::new("只有总分的", format!("{totals}份，不进入题目分析，试题作废或更正答案时不重新计分")));
        }
        if read.blank > 0 {
            facts.push(Fact::new("没有填写的", format!("{}行，按没有交卷，不录入", read.blank)));
        }
        let wrong = read.refused_rows();
        let lead = Words::from("填写的共")
            .strong((read.sheets.len() + wrong).to_string())
            .text("份，可录入")
            .strong(read.sheets.len().to_string())
            .text(format!("份，{wrong}行有误。"));
        let column = |c: Option<usize>| c.map_or_else(String::new, letters);
        let findings = read.refused.iter().take(LISTED).map(|f| (f.row, column(f.column), format!("{}。", f.reason)));
        let view = SheetCheck {
            id: test.id,
            number: staged.id,
            title: test.rules.title.clone(),
            form: desk.form_token()?,
            file: staged.file.clone(),
            lead,
            good: read.sheets.len(),
            facts: Facts(facts),
            findings: findings.collect(),
            more: read.refused.len().saturating_sub(LISTED),
            page: desk.page("/tests")?,
        };
        Ok(Html(askama::Template::render(&view)?).into_response())
    })
    .await
}

/// `POST /tests/{id}/sheets/{file}`.
pub(super) async fn settle(
    State(app): State<App>,
    Path((id, file)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let file: i64 = file.parse().map_err(|_| PageError::NotFound)?;
        let of = (seat.reader.account, test.id);
        let sat = seat.db().read(|tx| exams::sat(tx, &seat.app, test.id))?.ok_or(PageError::NotFound)?;
        let (actor, now, takes) = (seat.actor(), now(seat), seat.fields.get("do") == "take");
        let done = seat.db().write(move |tx| {
            let Some(staged) = entered::get(tx, of, file)? else { return settled(tx, of, file, takes) };
            if takes {
                return entered::take(tx, &actor, &sat, &staged, now).map(Some);
            }
            entered::drop(tx, staged.id).map(|()| None)
        });
        match done.map_err(refused)? {
            Some(n) => Ok(seat.to(&format!("/tests/{id}/sheets?done=take&n={n}"))),
            None => Ok(seat.to(&format!("/tests/{id}/sheets?done=dropped"))),
        }
    })
    .await
}

/// What comes of a file that does not wait any more, as after a double click: the same as the first time, or why it cannot.
fn settled(tx: &mut Tx<'_>, of: (i64, i64), file: i64, takes: bool) -> anyhow::Result<Option<usize>> {
    let why = match (entered::taken(tx, of, file)?, takes) {
        (Some(n), true) => return Ok(Some(usize::try_from(n).unwrap_or(0))),
        (None, false) => return Ok(None),
        (Some(_), false) => "这个文件已经录入，不能放弃。要撤回，请在录入页面选择文件并写明理由。",
        (None, true) => "这个文件已经放弃，或过了一天自动清除，没有录入答卷。请回到录入页面重新上传。",
    };
    Err(PageError::Refused(why.into()).into())
}

fn now(seat: &Seat) -> i64 {
    let inst = &seat.app.installation;
    inst.watch.now(inst.clock)
}

/// Shows the page of the sheets with what is wrong in a form.
fn wrong(seat: &Seat, id: &str, kept: Vec<(String, String)>, field: &str, why: String) -> anyhow::Result<Response> {
    let (app, left) = (seat.app.clone(), Left { typed: kept, ..Left::wrong(field, why) });
    Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &app, id, &left, String::new())))
}

/// `POST /tests/{id}/sheets/undo`: all sheets of a file.
pub(super) async fn undo(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let kept = seat.typed("un", &["file", "reason"]);
        let reason = match long_text(seat, "reason", REASON, true) {
            Ok(reason) => reason,
            Err(why) => return wrong(seat, &id, kept, "un-reason", format!("理由：{why}")),
        };
        let Ok(file) = seat.fields.get("file").parse::<i64>() else {
            return wrong(seat, &id, kept, "un-file", "文件：请选择一项。".into());
        };
        let (actor, now) = (seat.actor(), now(seat));
        let done = seat.db().write(move |tx| entered::undo(tx, &actor, (test.id, file), &reason, now));
        let n = done.map_err(refused)?;
        Ok(seat.to(&format!("/tests/{id}/sheets?done=undo&n={n}")))
    })
    .await
}

/// `POST /tests/{id}/sheets/end`: all sheets are in.
pub(super) async fn end(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        if seat.fields.get("sure") != "yes" {
            return wrong(seat, &id, Vec::new(), "en-sure", "确认：请选择“纸面答卷已全部录入”。".into());
        }
        let (actor, now) = (seat.actor(), now(seat));
        match seat.db().write(move |tx| entered::end(tx, &actor, test.id, now)).map_err(|e| e.downcast::<Refused>()) {
            Ok(()) => Ok(seat.to(&format!("/tests/{id}/sheets?done=end"))),
            Err(Ok(Refused(why))) => Err(PageError::Refused(why).into()),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
