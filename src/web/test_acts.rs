//! What is done to a test: published, dropped, the list put right before somebody begins.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    account::Left,
    app::App,
    asked,
    error::PageError,
    frame::Ask,
    post::{Posted, Seat, act},
    requests::long_text,
    test_one::{REASON, found, render},
    test_rules,
    wrongs::Wrongs,
};
use crate::{
    auth::account::Refused,
    db::Tx,
    exam::{
        close, resit,
        roll::{self, Listed},
        test::{self, State as Stands, Test},
    },
    names::Names,
    verdict::world::PERSON,
};

/// Shows the page with what is wrong in a form.
pub(super) fn wrong(
    seat: &Seat,
    id: &str,
    kept: Vec<(String, String)>,
    field: &str,
    why: String,
) -> anyhow::Result<Response> {
    let app = seat.app.clone();
    let left = Left { typed: kept, ..Left::wrong(field, why) };
    Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &app, id, &left)))
}

/// A word of the store as the page's.
pub(super) fn refused(e: anyhow::Error) -> anyhow::Error {
    match e.downcast::<Refused>() {
        Ok(Refused(why)) => PageError::Refused(why).into(),
        Err(e) => e,
    }
}

/// The test of an address, within what who posts may write.
pub(super) fn test_of(seat: &Seat, id: &str) -> anyhow::Result<Test> {
    seat.db().read(|tx| found(tx, &seat.scope, id))
}

/// `POST /tests/{id}/publish`.
pub(super) async fn publish(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let day = seat.now.day;
        let (from, activity) = (seat.fields.get("from").to_owned(), test.rules.activity);
        let (inst, actor) = (seat.app.installation.clone(), seat.actor());
        let now = inst.watch.now(inst.clock);
        let done = seat.db().write(move |tx| {
            // Twice, or two at once: it is published as the first has said.
            if test::get(tx, test.id)?.is_some_and(|t| t.state != Stands::Draft) {
                return Ok(false);
            }
            let current = inst.current_in_write(tx)?;
            if let Some(first) = resit::first_of(tx, &test)? {
                resit::check(tx, &current, &first)?;
                let listed = resit::listed(tx, &current, &first)?;
                return test::publish(tx, &actor, test.id, &listed, now).map(|()| true);
            }
            let listed = match (from.as_str(), activity) {
                ("class", Some(activity)) => roll::of_class(tx, &current, activity, day)?,
                ("unit", _) => {
                    let units = current.organisation.owned(test.rules.unit);
                    roll::of_units(&current, &units, day)
                }
                _ => Vec::new(),
            };
            let results = close::results(tx, &current, &test)?;
            let known = listed.iter().filter(|l| l.excused.is_none() && results.contains(&l.person)).count();
            if known > 0 {
                return Err(Refused(format!(
                    "这个班已登记{known}人的测试成绩，收卷时会覆盖它们：成绩已定的，不必再考；登记有误的，先到“参加与成绩”更正。"
                ))
                .into());
            }
            test::publish(tx, &actor, test.id, &listed, now).map(|()| true)
        });
        match done.map_err(|e| e.downcast::<Refused>()) {
            Ok(true) => Ok(seat.to(&format!("/tests/{id}?done=publish"))),
            Ok(false) => Ok(seat.to(&format!("/tests/{id}?done=published"))),
            Err(Ok(Refused(why))) => wrong(seat, &id, seat.typed("pu", &["from"]), "pu-from", why),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// `POST /tests/{id}/rules`: of a draft.
pub(super) async fn rules(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let again = |wrongs: Wrongs| {
            let (app, left) = (seat.app.clone(), wrongs.left("ch", seat.typed("ch", &test_rules::FIELDS)));
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &app, &id, &left)))
        };
        let rules = match test_rules::read(seat, test.rules.activity, Some(test.rules.unit)) {
            Ok(rules) => rules,
            Err(wrongs) if test.state == Stands::Draft => return again(wrongs),
            Err(_) => return Err(PageError::Refused("考试已经发布，安排没有修改。".into()).into()),
        };
        let actor = seat.actor();
        seat.db().write(move |tx| test::change(tx, &actor, &test, &rules)).map_err(refused)?;
        Ok(seat.to(&format!("/tests/{id}?done=rules")))
    })
    .await
}

/// `POST /tests/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let actor = seat.actor();
        seat.db().write(move |tx| test::drop(tx, &actor, test.id)).map_err(refused)?;
        Ok(seat.to("/tests"))
    })
    .await
}

/// `POST /tests/{id}/roll`.
pub(super) async fn roll(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let test = test_of(seat, &id)?;
        let kept = seat.typed("ro", &["person", "extra", "lift", "excused"]);
        let stands = match seat.db().read(|tx| on_the_list(tx, seat, &test))? {
            Ok(one) => one,
            Err(why) => return wrong(seat, &id, kept, "ro-person", format!("人员：{why}")),
        };
        let extra = match seat.fields.get("extra") {
            "" => stands.extra,
            text => match text.parse::<i64>() {
                Ok(extra) => extra,
                Err(_) => return wrong(seat, &id, kept, "ro-extra", "延长应为整数分钟。".into()),
            },
        };
        let excused = match long_text(seat, "excused", REASON, false) {
            Ok(text) if !text.is_empty() && seat.fields.get("lift") == "1" => {
                return wrong(seat, &id, kept, "ro-lift", "已登记的免考：取消免考的，免考原因不填。".into());
            }
            Ok(_) if seat.fields.get("lift") == "1" => None,
            Ok(text) if text.is_empty() => stands.excused.clone(),
            Ok(text) => Some(text),
            Err(why) => return wrong(seat, &id, kept, "ro-excused", format!("免考原因：{why}")),
        };
        if (extra, &excused) == (stands.extra, &stands.excused) {
            return wrong(seat, &id, kept, "ro-person", "没有改动：请填写延长的分钟数、免考原因，或取消免考。".into());
        }
        let (actor, one) = (seat.actor(), Listed { extra, excused, ..stands });
        match seat.db().write(move |tx| roll::set(tx, &actor, &test, &one)).map_err(|e| e.downcast::<Refused>()) {
            Ok(()) => Ok(seat.to(&format!("/tests/{id}?done=roll"))),
            Err(Ok(Refused(why))) => wrong(seat, &id, kept, "ro-person", why),
            Err(Err(e)) => Err(e),
        }
    })
    .await
}

/// Whom the number or the name means, among those on the list.
fn on_the_list(tx: &mut Tx<'_>, seat: &Seat, test: &Test) -> anyhow::Result<Result<Listed, String>> {
    let typed = seat.fields.get("person");
    if typed.is_empty() {
        return Ok(Err("请填写。".into()));
    }
    let current = seat.app.installation.current(tx)?;
    let all = roll::of_test(tx, test.id)?;
    let persons = all.iter().map(|l| l.person).collect();
    let names = Names::load(tx, &current.engine.layout, &[(PERSON, persons)].into())?;
    let by_code = |l: &&Listed| names.code(PERSON, l.person) == typed;
    let by_name = |l: &&Listed| names.title(PERSON, l.person) == typed;
    let mut found: Vec<&Listed> = all.iter().filter(by_code).collect();
    if found.is_empty() {
        found = all.iter().filter(by_name).collect();
    }
    Ok(match found[..] {
        [one] => Ok(one.clone()),
        [] => Err(format!("应考名单上没有编号或全名为“{}”的人。", asked::echo(typed))),
        _ => Err(format!("应考名单上叫“{}”的有{}人，请填写编号。", asked::echo(typed), found.len())),
    })
}
