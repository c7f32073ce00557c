//! 改进措施 `/remedies/{id}`: why it is there, how it stands, and what persons say to it.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked,
    due_day::{self, SOONEST},
    error::PageError,
    frame::{Ask, Desk, answer},
    post::{Posted, Seat, act},
    remedy_class,
    remedy_lines::{self, code, verdict_href},
    remedy_person,
    requests::long_text,
    summary,
    view::{
        form::{Errors, Field, Form},
        parts::{Event, Fact, Facts, Timeline},
        remedy::Remedy as View,
        words::Words,
    },
};
use crate::{
    auth::{Permission, account::Refused},
    clock::{chinese, iso},
    day::Day,
    directive::model::OnFail,
    installation::{Current, Installation},
    names::Names,
    once::Used,
    remedy::{
        Remedy, State as Stands, Told,
        decide::{self, LONGEST, Word},
        model, store,
    },
    scope::Scope,
    verdict::{
        engine::Question,
        explain, sight,
        words::{self, Context, act_words, due_words, window_name},
        world::PERSON,
    },
};

/// `GET /remedies/{id}`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| {
        asked::keys(desk, &["done"]);
        render(desk, &own.installation, &id, &Left::default())
    })
    .await
}

/// Whether a scope reaches a remedy: as its verdict.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn reaches(
    tx: &mut crate::db::Tx<'_>,
    current: &Current,
    scope: &Scope,
    m: &Remedy,
) -> anyhow::Result<bool> {
    match current.engine.position(&m.requirement) {
        Some(i) => sight::sees(tx, &current.engine, scope, i, &m.subject, m.unit),
        None => Ok(*scope == Scope::All || m.unit.is_some_and(|u| scope.has_unit(u))),
    }
}

fn render(desk: &mut Desk<'_, '_>, installation: &Installation, id: &str, left: &Left) -> anyhow::Result<Response> {
    let current = desk.current.clone();
    let m = store::get(desk.tx, id.parse().map_err(|_| PageError::NotFound)?)?.ok_or(PageError::NotFound)?;
    if !reaches(desk.tx, &current, &desk.scope, &m)? {
        return Err(PageError::NotFound.into());
    }
    let told = store::history(desk.tx, m.id)?;
    let persons = told.iter().filter_map(|t| t.person).collect();
    let names = remedy_lines::names(desk.tx, &current.engine, std::slice::from_ref(&m), persons)?;
    let title = format!("{}：{}", act_words(&m.act), remedy_lines::subject(&current.engine, &names, &m));
    let mut forms = forms(desk, &current, &m)?;
    for form in forms.iter_mut().flatten() {
        form.token = desk.form_token()?;
        left.fill(form);
    }
    let wrong = forms.iter().flatten().flat_map(|form| Errors::of(form).0).collect();
    let notice = match desk.ask.get("done") {
        Some("confirm") => "已确认，自今日起生效；判定转好即自动办结。",
        Some("drop") => "已决定不采用，理由记入日志。",
        Some("class") => "重新组织的班已登记。下一步：为这个班组织闭卷测试。",
        Some("act") => "办理情况已记录。是否办结由判定决定，请同时登记相应的台账记录。",
        _ => "",
    };
    let [confirm, drop, act] = forms;
    let view = View {
        errors: Errors(wrong),
        notice: notice.into(),
        title,
        state: m.state.title(),
        escalated: m.escalated.is_some() && m.overdue(desk.now.day),
        lead: lead(desk, installation, &m)?,
        next: next(&m, desk.now.day),
        facts: facts(desk, &current, &names, &m)?,
        history: history(&names, &told),
        again: remedy_class::steps(desk, &m)?,
        confirm,
        drop,
        act,
        page: desk.page("/remedies")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

/// What the verdict says now, in a sentence.
fn lead(desk: &mut Desk<'_, '_>, installation: &Installation, m: &Remedy) -> anyhow::Result<Words> {
    let at = installation.at(desk.tx, desk.now.day, None, Some(&m.window))?;
    let none = "现在没有这个判定：对象已更正、作废，或不再适用。";
    let Some(i) = at.engine.position(&m.requirement) else { return Ok(Words::from(none)) };
    let q = Question { as_of: desk.now.day, ..Question::default() };
    let mut shared = at.organisation.clone();
    let found = explain::explain(desk.tx, &at.engine, i, &m.subject, &m.window, &q, &mut shared)?;
    Ok(Words::from(found.map_or_else(|| none.to_owned(), |e| words::lead(Context::of(&at.engine, i), &e))))
}

/// How it goes on.
fn next(m: &Remedy, today: Day) -> String {
    match (m.state, m.due) {
        (Stands::Draft, _) => "草稿没有效力：有人确认才生效；判定转好即自动撤销。".into(),
        (Stands::Active, Some(due)) if due < today => {
            let told = if m.escalated.is_some() { "已上报领导小组办公室；" } else { "" };
            format!("已超过办理期限{}，{told}判定转好即办结。", due.chinese())
        }
        (Stands::Active, _) => "判定转好（达标、已补或不再适用）即自动办结，不能手工办结。".into(),
        (Stands::Closed, _) => "已随判定办结；判定如再转为未达标，恢复办理。".into(),
        (Stands::Dropped, _) => "已决定不采用，判定不受影响。".into(),
        (Stands::Withdrawn, _) => "确认以前判定已经转好，草稿自动撤销。".into(),
    }
}

fn on_fail<'c>(current: &'c Current, m: &Remedy) -> Option<&'c OnFail> {
    let i = current.engine.position(&m.requirement)?;
    current.engine.compiled[i].requirement.on_fail.iter().find(|f| f.act == m.act)
}

fn facts(desk: &mut Desk<'_, '_>, current: &Current, names: &Names, m: &Remedy) -> anyhow::Result<Facts> {
    let engine = &current.engine;
    let own = on_fail(current, m).map(|f| due_words(&f.due)).filter(|w| !w.is_empty());
    let act = Words::new().strong(act_words(&m.act)).text(own.map_or(String::new(), |w| format!("（{w}）")));
    let mut facts = vec![Fact::new("措施", act), Fact::new("对象", remedy_lines::subject(engine, names, m))];
    if m.unit.is_some() {
        facts.push(Fact::new("单位", remedy_lines::unit(names, m)));
    }
    if let Some(i) = engine.position(&m.requirement) {
        let r = &engine.compiled[i].requirement;
        let href = format!("/requirements/{}", super::view::url::segment(&r.id));
        let basis = Words::from(format!("{}　", r.clause)).link(format!("{} {}", code(engine, m), r.title), href);
        facts.push(Fact::new("依据", basis));
    }
    let mut verdict = Words::new();
    if let Some(v) = remedy_lines::verdict(desk.tx, m)? {
        verdict = verdict.tag(summary::tag(v.state, v.light, v.late)).text("　");
    }
    verdict = match verdict_href(engine, names, m) {
        Some(href) => verdict.link(format!("{}，查看判定依据", window_name(&m.window)), href),
        None => verdict.text(window_name(&m.window)),
    };
    facts.push(Fact::new("判定", verdict));
    facts.push(Fact::new("起草时间", chinese(m.drafted)));
    if let Some(due) = m.due {
        facts.push(Fact::new("办理期限", due.chinese()));
    }
    if let Some(person) = m.person {
        facts.push(Fact::new("责任人", names.title(PERSON, person).to_owned()));
    }
    Ok(Facts(facts))
}

fn history(names: &Names, told: &[Told]) -> Timeline {
    let event = |t: &Told| {
        let what = match t.kind.as_str() {
            "draft" => "起草",
            "confirm" => "确认",
            "drop" => "决定不采用",
            "act" => "办理",
            "escalate" => "上报领导小组办公室",
            "withdraw" => "撤销草稿",
            "close" => "办结",
            _ => "恢复办理",
        };
        let mut note: Vec<String> = Vec::new();
        note.extend(t.day.map(|d| format!("{}{}", if t.kind == "act" { "办理日期" } else { "期限" }, d.chinese())));
        note.extend(t.person.map(|p| format!("责任人{}", names.title(PERSON, p))));
        note.extend((!t.text.is_empty()).then(|| t.text.clone()));
        Event {
            at: chinese(t.at),
            iso: iso(t.at).chars().take(16).collect(),
            key: matches!(t.kind.as_str(), "confirm" | "close" | "drop" | "escalate"),
            words: Words::from(format!("{}{what}", t.actor)),
            note: note.join("；"),
            ..Event::default()
        }
    };
    Timeline(told.iter().rev().map(event).collect())
}

/// The scope of what the reader may do with a permission reaches the remedy.
fn may(desk: &mut Desk<'_, '_>, current: &Current, m: &Remedy, permission: Permission) -> anyhow::Result<bool> {
    match desk.opens(permission) {
        Some(scope) => reaches(desk.tx, current, &scope, m),
        None => Ok(false),
    }
}

/// To confirm, to drop, to say what was done.
fn forms(desk: &mut Desk<'_, '_>, current: &Current, m: &Remedy) -> anyhow::Result<[Option<Form>; 3]> {
    let at = |what: &str| format!("/remedies/{}/{what}", m.id);
    let reason = |hint: &str| Field::long("reason", "理由").hint(hint).required();
    if m.state == Stands::Draft && may(desk, current, m, Permission::DecideRemedies)? {
        let workdays = &current.engine.workdays;
        let soonest = due_day::soonest(current, desk.now.day);
        let due = on_fail(current, m).and_then(|f| model::due(&f.due, desk.now.day, workdays));
        let hint = match due {
            Some(_) => format!("按文件要求推算；最早{}（至少{SOONEST}个工作日）。", soonest.chinese()),
            None => format!("文件没有规定期限，请填写；最早{}。", soonest.chinese()),
        };
        let (value, known) = remedy_person::proposed(desk, current, m)?.unwrap_or_default();
        let known = if known.is_empty() {
            "填编号或全名。".into()
        } else {
            format!("系统带出：{known}；可改为他人的编号或全名。")
        };
        let confirm = Form {
            id: "cf".into(),
            action: at("confirm"),
            fields: vec![
                Field::day("due", "办理期限", &due.map_or_else(String::new, |d| d.max(soonest).to_string()))
                    .hint(&hint)
                    .required(),
                Field::text("person", "责任人", &value).hint(&known).required(),
                reason("为什么采用，最多500字。"),
            ],
            button: "确认".into(),
            primary: true,
            ..Form::default()
        };
        let drop = Form {
            id: "dr".into(),
            action: at("drop"),
            fields: vec![reason("为什么不采用，最多500字，记入日志。")],
            button: "不采用这份草稿".into(),
            ..Form::default()
        };
        return Ok([Some(confirm), Some(drop), None]);
    }
    if m.state == Stands::Active && may(desk, current, m, Permission::Record)? {
        let act = Form {
            id: "ac".into(),
            action: at("act"),
            fields: vec![
                Field::day("day", "办理日期", &desk.now.day.to_string()).required(),
                Field::long("text", "做了什么")
                    .hint("最多500字。相应的台账记录另行登记，登记后判定自动更新。")
                    .required(),
            ],
            button: "记录".into(),
            primary: true,
            ..Form::default()
        };
        return Ok([None, None, Some(act)]);
    }
    Ok([None, None, None])
}

/// `POST /remedies/{id}/confirm`.
pub(super) async fn confirm(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| said(seat, &id, "cf", &["due", "person", "reason"], &confirmed)).await
}

/// `POST /remedies/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, &id, "dr", &["reason"], &|seat, _| {
            let reason = long_text(seat, "reason", LONGEST, true);
            Ok(reason.map(|reason| Word::Drop { reason }).map_err(|why| ("reason", format!("理由：{why}"))))
        })
    })
    .await
}

/// `POST /remedies/{id}/act`.
pub(super) async fn done(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        if !seat.reader.may(Permission::Remedies) {
            return Err(PageError::Forbidden(Permission::Remedies).into());
        }
        said(seat, &id, "ac", &["day", "text"], &|seat, m| Ok(done_word(seat, m)))
    })
    .await
}

/// A word, or the field that is wrong and why.
type Read = Result<Word, (&'static str, String)>;

fn confirmed(seat: &Seat, _: &Remedy) -> anyhow::Result<Read> {
    let today = seat.now.day;
    let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
    let due = match due_day::read(&current, today, seat.fields.get("due"), "办理期限", "办理的人") {
        Ok(due) => due,
        Err(why) => return Ok(Err(("due", why))),
    };
    let typed = seat.fields.get("person").to_owned();
    let person = match seat.db().read(|tx| remedy_person::meant(tx, &current, today, &seat.scope, &typed))? {
        Ok(person) => person,
        Err(why) => return Ok(Err(("person", format!("责任人：{why}")))),
    };
    let reason = long_text(seat, "reason", LONGEST, true);
    Ok(reason.map(|reason| Word::Confirm { due, person, reason }).map_err(|why| ("reason", format!("理由：{why}"))))
}

fn done_word(seat: &Seat, m: &Remedy) -> Read {
    let drafted = crate::clock::day_of(m.drafted);
    let day = match Day::parse(seat.fields.get("day")) {
        None => return Err(("day", "办理日期不是有效日期，请写成 2025-10-20。".into())),
        Some(day) if day > seat.now.day => return Err(("day", "办理日期还没有到，请在办理以后记录。".into())),
        Some(day) if day < drafted => {
            return Err(("day", format!("办理日期应不早于起草之日{}。", drafted.chinese())));
        }
        Some(day) => day,
    };
    let text = long_text(seat, "text", LONGEST, true).map_err(|why| ("text", format!("做了什么：{why}")))?;
    Ok(Word::Act { day, text })
}

/// Reads a form and takes its word; or shows the page again with what is wrong.
fn said(
    seat: &Seat,
    id: &str,
    form: &str,
    fields: &[&str],
    read: &dyn Fn(&Seat, &Remedy) -> anyhow::Result<Read>,
) -> anyhow::Result<Response> {
    let typed: Vec<(String, String)> = fields
        .iter()
        .map(|f| (format!("{form}-{f}"), seat.fields.get(f).chars().take(2 * LONGEST).collect()))
        .collect();
    let installation = &seat.app.installation;
    let wrong = |field: &str, text: String| {
        let left = Left { typed: typed.clone(), ..Left::wrong(&format!("{form}-{field}"), text) };
        Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, installation, id, &left)))
    };
    let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    // A part of one's own lets one see, not decide.
    let scope = seat.scope.of_roles();
    let found = seat.db().read(|tx| {
        let current = installation.current(tx)?;
        let Some(m) = store::get(tx, number)? else { return Ok(None) };
        Ok(reaches(tx, &current, &scope, &m)?.then_some(m))
    })?;
    let Some(m) = found else { return Err(PageError::NotFound.into()) };
    let word = match read(seat, &m)? {
        Ok(word) => word,
        Err((field, why)) => return wrong(field, why),
    };
    let actor = seat.by().at(seat.now.instant);
    let done = match word {
        Word::Confirm { .. } => "confirm",
        Word::Drop { .. } => "drop",
        Word::Act { .. } => "act",
    };
    let last = fields.last().copied().unwrap_or_default();
    match seat.write_once("remedy", move |tx| decide::say(tx, &actor, number, &word).map(|()| number)) {
        Ok(_) => Ok(seat.to(&format!("/remedies/{number}?done={done}"))),
        Err(e) if e.is::<Used>() => wrong(last, format!("{e}。")),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => Err(PageError::Refused(text).into()),
            Err(e) => Err(e),
        },
    }
}
