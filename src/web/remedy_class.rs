//! A class held again since a unit's pass rate was missed: how far that is on the remedy's page, and the form that records
//! the class with its participants `/remedies/{id}/class`.

use std::collections::BTreeSet;

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
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    remedy::reaches,
    remedy_lines,
    view::{
        form::{Errors, Field, Form},
        parts::{Fact, Facts},
        remedy::NewClass,
        url::Query as Url,
        words::{Link, Words},
    },
    wrongs::Wrongs,
};
use crate::{
    auth::{
        Permission,
        account::{Refused, plain_text},
    },
    class::again::{self, Missed, Plan},
    day::Day,
    db::Value,
    exam::test::{self, State as Tested},
    form,
    installation::Current,
    names::Names,
    once,
    remedy::{Remedy, State as Stands, store},
    verdict::{state::State as Judged, store::Stored, world::UNIT},
};

/// Most characters of a title, and of a place.
const TITLE: usize = 60;
/// Days that a class may last.
const LONGEST: i32 = 366;
/// The fields of the form.
const FIELDS: [&str; 5] = ["title", "starts", "ends", "place", "people"];

/// How far it is with a class that is held again, a line each; nothing where none is asked for.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn steps(desk: &mut Desk<'_, '_>, m: &Remedy) -> anyhow::Result<Vec<Words>> {
    let current = desk.current.clone();
    let Some(missed) = again::missed(&current, m).filter(|_| matches!(m.state, Stands::Active | Stands::Closed)) else {
        return Ok(Vec::new());
    };
    let Some(table) = current.engine.layout.index("activity") else { return Ok(Vec::new()) };
    let held = again::held(desk.tx, &current, missed)?;
    let names =
        Names::load(desk.tx, &current.engine.layout, &[(table, held.iter().map(|a| a.class).collect())].into())?;
    let mut steps = Vec::new();
    for class in &held {
        let code = names.code(table, class.class);
        let words = Words::new().link(names.title(table, class.class), format!("/ledgers/activity/{code}"));
        let words = words.text(format!("：参训人员{}人；", class.persons));
        steps.push(match test::of_activity(desk.tx, class.class)?.last() {
            Some(test) => {
                let words = match desk.may(Permission::ArrangeTests) && desk.scope.has_unit(test.rules.unit) {
                    true => words.link(test.rules.title.clone(), format!("/tests/{}", test.id)),
                    false => words.text(test.rules.title.clone()),
                };
                let form =
                    if test.origin.first.is_some() { "（第二卷）" } else { "（没有与第一卷关联）" };
                let end = if test.state == Tested::Closed { "，成绩已登记" } else { "" };
                let came = result(desk, m, class.class)?;
                words.text(format!("{form}{}{end}。{came}", test.state.title()))
            }
            None if desk.may(Permission::ArrangeTests) && desk.scope.has_unit(missed.unit) => {
                words.link("组织闭卷测试", Url::new("/tests/new").with("activity", code).href()).text("（第二卷）。")
            }
            None => words.text("还没有组织闭卷测试。"),
        });
    }
    let may = desk.may(Permission::Record) && desk.scope.of_roles().has_unit(missed.unit);
    if m.state == Stands::Active && may {
        let words = if held.is_empty() { "还没有重新组织的班。" } else { "" };
        steps.push(Words::from(words).link(
            if held.is_empty() { "登记重训班" } else { "再登记一个重训班" },
            format!("/remedies/{}/class", m.id),
        ));
    }
    Ok(steps)
}

/// What the verdict on a class that was held again says for the unit, and what that does to the consequence; empty while
/// there is none.
fn result(desk: &mut Desk<'_, '_>, m: &Remedy, class: i64) -> anyhow::Result<String> {
    let sql = format!(
        "select {} from verdict where requirement = $1 and subject = $2 and rest = $3 and closed = 0 \
         order by window_label desc limit 1",
        Stored::COLUMNS
    );
    let key: [Value; 3] = [m.requirement.as_str().into(), class.into(), m.rest().into()];
    let Some(v) = desk.tx.one(&sql, &key, Stored::read)? else { return Ok(String::new()) };
    let (passed, of) = v.counted;
    if of <= 0 {
        return Ok(String::new());
    }
    let tenths = passed * 1_000 / of;
    let rate = format!("合格{passed}人，应计{of}人，合格率{}.{}%", tenths / 10, tenths % 10);
    Ok(match (v.state, v.late) {
        (Judged::Pass, _) if m.state == Stands::Closed => format!("{rate}，达标，本措施随判定办结。"),
        (Judged::Pass, _) => format!("{rate}，达标，判定更新后本措施办结。"),
        (Judged::Fail, true) => format!("{rate}，未达标，后已补上。"),
        (Judged::Fail, false) if m.state == Stands::Closed => format!("{rate}，未达标，其后再次组织了培训。"),
        (Judged::Fail, false) => format!("{rate}，未达标，要再次重新组织培训，本措施不办结。"),
        _ => match v.shut {
            Some(shut) => format!("{rate}，{}以前成绩还可更正，到期判定。", shut.chinese()),
            None => format!("{rate}，还没有判定。"),
        },
    })
}

/// `GET /remedies/{id}/class`.
pub(super) async fn blank(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    answer(app, ask, move |desk| {
        asked::keys(desk, &[]);
        render(desk, &id, &Left::default())
    })
    .await
}

/// The remedy of an address with what it asks for, if it is under way and its unit within the scope.
fn found(
    tx: &mut crate::db::Tx<'_>,
    current: &Current,
    scope: &crate::scope::Scope,
    id: &str,
) -> anyhow::Result<(Remedy, Missed)> {
    let m = store::get(tx, id.parse().map_err(|_| PageError::NotFound)?)?.ok_or(PageError::NotFound)?;
    let missed = again::missed(current, &m).filter(|missed| scope.has_unit(missed.unit));
    let missed = missed.ok_or(PageError::NotFound)?;
    if !reaches(tx, current, scope, &m)? {
        return Err(PageError::NotFound.into());
    }
    if m.state != Stands::Active {
        return Err(PageError::Refused("这项措施不在办理中，不能登记重训班。".into()).into());
    }
    Ok((m, missed))
}

fn render(desk: &mut Desk<'_, '_>, id: &str, left: &Left) -> anyhow::Result<Response> {
    let (current, scope, today) = (desk.current.clone(), desk.scope.of_roles(), desk.now.day);
    let (m, missed) = found(desk.tx, &current, &scope, id)?;
    let (first, ended) = again::first(desk.tx, &current, missed.class)?.unwrap_or_default();
    let (persons, gone) = again::persons(desk.tx, &current, missed, today)?;
    let names = remedy_lines::names(desk.tx, &current.engine, std::slice::from_ref(&m), BTreeSet::new())?;
    let title: String = format!("{first}（重训）").chars().take(TITLE).collect();
    let starts = current.engine.workdays.after(today, 1);
    let everybody = format!("原班中本单位的{}人", persons.len());
    let mut form = Form {
        id: "cl".into(),
        action: format!("/remedies/{}/class", m.id),
        token: desk.form_token()?,
        fields: vec![
            Field::text("title", "名称", &title).hint(&format!("最多{TITLE}字。")).required(),
            Field::day("starts", "开始日期", &starts.to_string()).hint(&after(ended)).required(),
            Field::day("ends", "结束日期", &starts.to_string()).hint("一天办完的填同一天。").required(),
            Field::text("place", "地点", ""),
            Field::choice(
                "people",
                "参训人员",
                "all",
                vec![("all".into(), everybody), ("none".into(), "以后再登记".into())],
            )
            .hint("登记为这个班的参训人员，测试的应考名单由此产生。"),
        ],
        button: "登记".into(),
        primary: true,
        cancel: Some(Link::new("取消", format!("/remedies/{}", m.id))),
        ..Form::default()
    };
    left.fill(&mut form);
    let mut facts = vec![
        Fact::new("原班", first),
        Fact::new("单位", names.title(UNIT, missed.unit).to_owned()),
        Fact::new("参训人员", format!("原班中本单位{}人", persons.len() + gone)),
        Fact::new("闭卷测试", "是；类型、学时、形式等照原班带出，登记后可以更正"),
    ];
    if gone > 0 {
        facts.push(Fact::new("已调离", format!("{gone}人，不列入")));
    }
    facts.extend(m.due.map(|due| Fact::new("办理期限", due.chinese())));
    let remedy = Link::new(remedy_lines::subject(&current.engine, &names, &m), format!("/remedies/{}", m.id));
    let view = NewClass { errors: Errors::of(&form), remedy, facts: Facts(facts), form, page: desk.page("/remedies")? };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn after(ended: Option<Day>) -> String {
    ended.map_or_else(String::new, |day| format!("不早于原班结束之日{}。", day.chinese()))
}

/// `POST /remedies/{id}/class`.
pub(super) async fn make(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let kept = seat.typed("cl", &FIELDS);
        let wrong = |wrongs: Wrongs| {
            let left = wrongs.left("cl", kept.clone());
            Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, &id, &left)))
        };
        let scope = seat.scope.of_roles();
        let (m, missed, ended, persons) = seat.db().read(|tx| {
            let current = seat.app.installation.current(tx)?;
            let (m, missed) = found(tx, &current, &scope, &id)?;
            let ended = again::first(tx, &current, missed.class)?.and_then(|(_, day)| day);
            Ok((m, missed, ended, again::persons(tx, &current, missed, seat.now.day)?.0))
        })?;
        let plan = match plan(seat, ended, persons) {
            Ok(plan) => plan,
            Err(wrongs) => return wrong(wrongs),
        };
        let (inst, by, form) = (seat.app.installation.clone(), seat.by(), seat.once(None));
        let (account, now) = (seat.reader.account, seat.now.instant);
        seat.db().write(move |tx| {
            if once::take(tx, &form, account, "activity", now)?.is_some() {
                return Ok(());
            }
            let (class, done) = again::record(tx, &inst, &by, missed, &plan)?;
            form::tell(tx, &form, class, done)
        })?;
        Ok(seat.to(&format!("/remedies/{}?done=class", m.id)))
    })
    .await
}

/// What was typed, or what is wrong.
fn plan(seat: &Seat, ended: Option<Day>, persons: Vec<i64>) -> Result<Plan, Wrongs> {
    let text = |field: &'static str, name: &str, required: bool| {
        let text = seat.fields.get(field);
        match text.chars().count() {
            0 if required => return Err((field, format!("{name}：请填写。"))),
            n if n > TITLE => return Err((field, format!("{name}：最多{TITLE}字，现在有{n}字。"))),
            _ => {}
        }
        plain_text(text).map_err(|Refused(why)| (field, format!("{name}：{why}")))?;
        Ok(text.to_owned())
    };
    let day = |field: &'static str, name: &str| match seat.fields.get(field) {
        "" => Err((field, format!("{name}：请填写。"))),
        text => Day::parse(text).ok_or_else(|| (field, format!("{name}不是有效日期，请写成 2025-11-30。"))),
    };
    let mut wrongs = Wrongs::default();
    let title = wrongs.take(text("title", "名称", true));
    let starts = wrongs.take(day("starts", "开始日期").and_then(|starts| match ended.filter(|e| starts < *e) {
        Some(ended) => Err(("starts", format!("开始日期应不早于原班结束之日{}。", ended.chinese()))),
        None => Ok(starts),
    }));
    let ends = wrongs.take(day("ends", "结束日期").and_then(|ends| match starts {
        Some(starts) if ends < starts || ends.0 - starts.0 > LONGEST => {
            Err(("ends", format!("结束日期应在开始日期{}以后一年以内。", starts.chinese())))
        }
        _ => Ok(ends),
    }));
    let place = wrongs.take(text("place", "地点", false));
    let persons = wrongs.take(match seat.fields.get("people") {
        "all" => Ok(persons),
        "none" => Ok(Vec::new()),
        _ => Err(("people", "参训人员：请选择一项。".into())),
    });
    let (Some(title), Some(starts), Some(ends), Some(place), Some(persons)) = (title, starts, ends, place, persons)
    else {
        return Err(wrongs);
    };
    Ok(Plan { title, starts, ends, place, persons })
}
