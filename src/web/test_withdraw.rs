//! A question of a test counts for nobody (作废) `/tests/{id}/withdraw`: first what that does, then it is done.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    error::PageError,
    exams,
    frame::{Ask, Desk},
    post::{Posted, Seat, act},
    requests::long_text,
    test_acts::{refused, test_of, wrong},
    test_key::{follows, row},
    test_one::REASON,
    view::{
        form::{Errors, Form},
        parts::{Fact, Facts},
        test::{KeyEffect, TestKey},
        words::{Link, Words},
    },
};
use crate::{
    auth::account::Refused,
    exam::{
        close,
        key::Effect,
        marking::{self, Cause, Why},
        paper::marks,
        test::{State as Stands, Test},
        withdrawn,
    },
    questions::{bank, plain},
    retention::attempts::may_be_gone,
    sheet::norm,
    spelling::range,
};

/// `POST /tests/{id}/withdraw`: first shows what it does, then does it.
pub(super) async fn withdraw(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let again = |field: &str, why: String| wrong(seat, &id, seat.typed("wi", &["place", "reason"]), field, why);
        let place = norm::plain(seat.fields.get("place")).parse::<usize>().ok().and_then(|p| p.checked_sub(1));
        let Some(place) = place.filter(|p| *p < test.items.len()) else {
            return again("wi-place", format!("第几题：应为{}。", range(1, test.items.len())));
        };
        let reason = match long_text(seat, "reason", REASON, true) {
            Ok(reason) => reason,
            Err(why) => return again("wi-reason", format!("理由：{why}")),
        };
        let gone = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            Ok(may_be_gone(&current, test.rules.closes, seat.now.day))
        })?;
        if gone {
            let why = "这场考试的答卷已过保存期限，可能已按规定删除，不能再作废试题。";
            return again("wi-place", why.into());
        }
        let done = match seat.fields.get("sure") == "1" {
            true => take_out(seat, &test, place, &reason),
            false => seat.db().read(|tx| withdrawn::withdrawable(tx, &seat.scope, &test, place).map(|_| ())),
        };
        match done.map_err(|e| e.downcast::<Refused>()) {
            Ok(()) if seat.fields.get("sure") == "1" => Ok(seat.to(&format!("/tests/{id}?done=withdraw"))),
            Ok(()) => Ok(seat.show(StatusCode::OK, |desk| render(desk, &test, place, &reason))),
            Err(Ok(Refused(why))) => again("wi-place", why),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// Takes it out, once however often the form is sent.
fn take_out(seat: &Seat, test: &Test, place: usize, reason: &str) -> anyhow::Result<()> {
    let sat = seat.db().read(|tx| exams::sat(tx, &seat.app, test.id))?;
    let (actor, scope, inst) = (seat.actor(), seat.scope.clone(), seat.app.installation.clone());
    let (test, reason) = (test.clone(), reason.to_owned());
    let done = seat.write_once("test", move |tx| {
        withdrawn::withdraw(tx, (&actor, &scope), &test, place, &reason)?;
        if let Some(sat) = sat {
            let cause = Cause { actor: &actor, why: Why::Out, place, reason: &reason };
            marking::score_again(tx, &sat, &cause)?;
            close::record_all_again(tx, &inst, [sat.test.id].into(), close::WITHDRAWN)?;
            withdrawn::tell_out(tx, &actor, &test, test.items[place].number, &reason);
        }
        Ok(test.id)
    });
    done.map(|_| ())
}

/// What it will do; it waits for a last word.
fn render(desk: &mut Desk<'_, '_>, test: &Test, place: usize, reason: &str) -> anyhow::Result<Response> {
    let (current, today, scope) = (desk.current.clone(), desk.now.day, desk.scope.clone());
    let found = withdrawn::effects(desk.tx, (&current, today), &scope, (test, place)).map_err(refused);
    let (effects, answered) = found.map_err(|e| PageError::with_typed(e, vec![format!("您填的理由：{reason}")]))?;
    let item = test.items[place];
    let q = bank::version(desk.tx, item.number, item.version)?.ok_or(PageError::NotFound)?.question;
    let hidden = [("place", (place + 1).to_string()), ("reason", reason.to_owned()), ("sure", "1".to_owned())];
    let form = Form {
        id: "ok".into(),
        action: format!("/tests/{}/withdraw", test.id),
        token: desk.form_token()?,
        hidden: hidden.map(|(k, v)| (k.to_owned(), v)).into(),
        button: "确认作废并重新计分".into(),
        primary: true,
        cancel: Some(Link::new("返回考试", format!("/tests/{}", test.id))),
        ..Form::default()
    };
    let one = |e: &Effect| KeyEffect { told: told(e), ..row(e, true) };
    let view = TestKey {
        errors: Errors::default(),
        what: "作废试题",
        heading: format!("作废第{}题", place + 1),
        id: test.id,
        title: test.rules.title.clone(),
        lead: effects.asked.first().map_or_else(Words::new, |e| lead(e, answered)),
        stem: plain(q.markup, &q.stem),
        images: q.images.iter().map(crate::questions::Image::address).collect(),
        options: Vec::new(),
        facts: Facts(vec![
            Fact::new("题号", format!("第{}号题第{}版", item.number, item.version)),
            Fact::new("分值", format!("{}分", marks(item.marks))),
            Fact::new("理由", reason.to_owned()),
        ]),
        effects: effects.asked.iter().map(one).chain(effects.follow.iter().map(follows)).collect(),
        forms: vec![form],
        page: desk.page("/tests")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn lead(e: &Effect, answered: i64) -> Words {
    let running = if e.test.state == Stands::Open { "还没有交卷的，交卷时同样按满分计。" } else { "" };
    Words::from("还没有作废。已交卷的")
        .strong(e.attempts.to_string())
        .text("份中")
        .strong(answered.to_string())
        .text("份答了这道题；确认后这道题所有人按满分计，其中")
        .strong(e.changed.to_string())
        .text(format!("份成绩改变，原成绩和新成绩都保留。{running}作废后不能恢复。"))
}

/// How many come to pass or to miss the line, and what is not scored again.
fn told(e: &Effect) -> String {
    let all = [(e.passes.0, "份转为合格"), (e.passes.1, "份转为未合格"), (e.totals, "份只有总分，不重新计分")];
    let all: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, text)| format!("{n}{text}")).collect();
    if all.is_empty() { "合格与否都不改变".into() } else { all.join("，") }
}
