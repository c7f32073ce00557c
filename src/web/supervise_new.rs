//! A new 督办 `/supervise/new`, from a verdict or by hand.

use axum::{
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    dashboard::named,
    due_day::{self, SOONEST},
    error::PageError,
    frame::{Ask, Desk, answer},
    picked::{self, Asked},
    post::{Posted, act},
    requests::long_text,
    subject,
    supervise::USUAL,
    view::{
        form::{Errors, Field, Form},
        supervise::NewMatter,
        words::Link,
    },
    wrongs::Wrongs,
};
use crate::{
    db::Tx,
    installation::Current,
    once::Used,
    scope::Scope,
    subjects,
    supervise::{self, LONGEST, New, TITLE},
    verdict::{sight, store::Stored, words::window_name},
};

/// The verdict that an address or a form names, if the scope reaches it: requirement's position and the row.
fn named_verdict(
    tx: &mut Tx<'_>,
    current: &Current,
    scope: &Scope,
    (id, subject, window): (&str, &str, &str),
) -> anyhow::Result<Option<(usize, Stored)>> {
    let engine = &current.engine;
    let Some(i) = engine.position(id) else { return Ok(None) };
    let Some(key) = subjects::find(tx, engine, i, subject)? else { return Ok(None) };
    let all = sight::of_requirement(tx, engine, scope, id, key.first().copied())?;
    Ok(all.into_iter().find(|v| v.window == window && subjects::key(v) == key).map(|v| (i, v)))
}

/// `GET /supervise/new?requirement=…&subject=…&window=…`.
pub(super) async fn blank(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["requirement", "subject", "window"]);
        let key = |k: &str| desk.ask.get(k).unwrap_or_default().to_owned();
        let of = [key("requirement"), key("subject"), key("window")];
        render_new(desk, &own, &of, &Left::default())
    })
    .await
}

/// The unit that is pressed.
const UNIT_ASKED: Asked = Asked { key: "unit", title: "对象单位", ledger: "unit", required: true };

fn render_new(desk: &mut Desk<'_, '_>, app: &App, of: &[String; 3], left: &Left) -> anyhow::Result<Response> {
    let current = desk.current.clone();
    let scope = desk.scope.clone();
    let [id, subject_code, window] = of;
    let found = match by_hand(of) {
        true => None,
        false => {
            let found = named_verdict(desk.tx, &current, &scope, (id, subject_code, window))?;
            Some(found.ok_or(PageError::NotFound)?)
        }
    };
    let due = current.engine.workdays.after(desk.now.day, USUAL);
    let soonest = due_day::soonest(&current, desk.now.day);
    let (mut unit, mut title, mut demand, mut verdict) = (None, String::new(), String::new(), None);
    if let Some((i, v)) = &found {
        let names = subjects::names(desk.tx, &current.engine, std::iter::once((*i, v)))?;
        let (code, requirement) = named(&current.engine, *i);
        let on = subjects::title(&current.engine, *i, &subjects::key(v), &names);
        unit = v.organ.or(v.unit);
        title = cut(&format!("{}（{}）", requirement.text, window_name(&v.window)));
        demand = format!(
            "{code} {}：{on}，{}{}。请查明原因，采取措施，按期回复。",
            requirement.text,
            window_name(&v.window),
            state_words(v)
        );
        verdict = Some(Link::new(
            format!("{code} {on}　{}", window_name(&v.window)),
            subject::href(&current.engine, *i, v, &names),
        ));
    }
    let pick = picked::blank(desk, app, UNIT_ASKED, unit)?;
    let hand = by_hand(of);
    let basis = hand.then(|| {
        let title = |i: usize| {
            let (code, requirement) = named(&current.engine, i);
            (current.engine.compiled[i].requirement.id.clone(), format!("{code} {}", requirement.text))
        };
        let none = (String::new(), "不注明".to_owned());
        let all = std::iter::once(none).chain(super::summary::in_order(&current.engine).into_iter().map(title));
        Field::choice("requirement", "依据", id, all.collect()).hint("所依据的要求，可以不注明。")
    });
    let mut form = Form {
        id: "sv".into(),
        action: "/supervise/new".into(),
        token: desk.form_token()?,
        hidden: ["requirement", "subject", "window"]
            .iter()
            .zip(of)
            .filter(|_| !hand)
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect(),
        fields: basis
            .into_iter()
            .chain([
                Field::pick(UNIT_ASKED.key, UNIT_ASKED.title, pick).required(),
                Field::text("title", "事项", &title).hint(&format!("最多{TITLE}字。")).required(),
                Field {
                    value: demand, ..Field::long("demand", "要求").hint(&format!("最多{LONGEST}字。")).required()
                },
                Field::day("due", "回复期限", &due.to_string())
                    .hint(&format!("最早{}（至少{SOONEST}个工作日）。", soonest.chinese()))
                    .required(),
            ])
            .collect(),
        button: "签发".into(),
        primary: true,
        cancel: Some(Link::new("取消", "/supervise")),
    };
    left.fill(&mut form);
    let view = NewMatter { errors: Errors::of(&form), verdict, form, page: desk.page("/supervise")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// Whether requirement, subject and window name no verdict: then the requirement alone may be chosen.
fn by_hand(of: &[String; 3]) -> bool {
    let [_, subject, window] = of;
    subject.is_empty() && window.is_empty()
}

fn cut(text: &str) -> String {
    text.chars().take(TITLE).collect()
}

fn state_words(v: &Stored) -> &'static str {
    super::summary::tag(v.state, v.light, v.late).word()
}

/// `POST /supervise/new`.
pub(super) async fn issue(State(app): State<App>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, |seat| {
        let of = ["requirement", "subject", "window"].map(|k| seat.fields.get(k).to_owned());
        let kept = seat.typed("sv", &["requirement", "unit", "title", "demand", "due"]);
        let picked = picked::read(seat, &seat.scope, UNIT_ASKED)?;
        let show = |status: StatusCode, wrongs: Wrongs| {
            let picks = vec![("sv-unit".to_owned(), picked.pick.clone())];
            let left = Left { picks, ..wrongs.left("sv", kept.clone()) };
            Ok(seat.show(status, |desk| render_new(desk, &seat.app, &of, &left)))
        };
        let again = |wrongs: Wrongs| show(StatusCode::UNPROCESSABLE_ENTITY, wrongs);
        let (current, verdict) = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let verdict = match by_hand(&of) {
                true => Some(None),
                false => named_verdict(tx, &current, &seat.scope, (&of[0], &of[1], &of[2]))?.map(Some),
            };
            Ok((current, verdict))
        })?;
        let Some(verdict) = verdict else { return Err(PageError::NotFound.into()) };
        if picked.find {
            return show(StatusCode::OK, Wrongs::default());
        }
        let mut wrongs = Wrongs::default();
        let unit = wrongs.take(match picked.wrong.clone() {
            Some(wrong) => Err(("unit", wrong)),
            None => Ok(picked.id),
        });
        let title = wrongs.take(match long_text(seat, "title", TITLE, true) {
            Ok(title) if title.contains('\n') => Err(("title", "事项：请写在一行里。".into())),
            Ok(title) => Ok(title),
            Err(why) => Err(("title", format!("事项：{why}"))),
        });
        let demand = long_text(seat, "demand", LONGEST, true);
        let demand = wrongs.take(demand.map_err(|why| ("demand", format!("要求：{why}"))));
        let due = due_day::read(&current, seat.now.day, seat.fields.get("due"), "回复期限", "单位");
        let due = wrongs.take(due.map_err(|why| ("due", why)));
        let requirement = (by_hand(&of) && !of[0].is_empty()).then(|| of[0].clone());
        let requirement = wrongs.take(match &requirement {
            Some(id) if current.engine.position(id).is_none() => {
                Err(("requirement", "依据：没有这项要求，请重新选择。".into()))
            }
            _ => Ok(requirement),
        });
        let (Some(requirement), Some(Some(unit)), Some(title), Some(demand), Some(due)) =
            (requirement, unit, title, demand, due)
        else {
            return again(wrongs);
        };
        let verdict = verdict.map(|(_, v)| (v.requirement.clone(), subjects::key(&v), v.window.clone()));
        let (actor, new) = (seat.by().at(seat.now.instant), New { verdict, requirement, unit, title, demand, due });
        match seat.write_once("supervision", move |tx| supervise::issue(tx, &actor, &new)) {
            Ok(id) => Ok(seat.to(&format!("/supervise/{id}?done=issue"))),
            Err(e) if e.is::<Used>() => {
                let why = format!("没有签发：{e}；确要另发一件的，核对后再按“签发”。");
                again(("title", why).into())
            }
            Err(e) => Err(e),
        }
    })
    .await
}
