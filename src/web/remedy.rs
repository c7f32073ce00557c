//! 改进措施 `/remedies/{id}`: why it is there, how it stands, and what persons say to it.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    account::Left,
    app::App,
    asked, due_day,
    error::PageError,
    frame::{Ask, Desk, answer},
    picked::{self, Picked},
    post::{Posted, Seat, act},
    remedy_class,
    remedy_forms::{forms, on_fail},
    remedy_lines::{self, code, verdict_href},
    remedy_person,
    requests::long_text,
    summary,
    view::{
        form::Errors,
        parts::{Event, Fact, Facts, Timeline},
        remedy::Remedy as View,
        words::Words,
    },
    wrongs::{Wrong, Wrongs},
};
use crate::{
    auth::{Permission, account::Refused},
    clock::{chinese, iso},
    day::Day,
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

/// Told after a confirmation.
pub(super) const CONFIRMED: &str = "已确认，自今日起生效；判定转好即自动办结。";
/// Told after a draft was dropped.
pub(super) const DROPPED: &str = "已决定不采用，理由记入日志。";

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
    let errors = Errors(forms.iter().flatten().flat_map(|form| Errors::of(form).0).collect());
    left.shown(&errors)?;
    let notice = match desk.ask.get("done") {
        Some("confirm") => CONFIRMED,
        Some("drop") => DROPPED,
        Some("class") => "重新组织的班已登记。下一步：为这个班组织闭卷测试。",
        Some("act") => "办理情况已记录。是否办结由判定决定，请同时登记相应的台账记录。",
        _ => "",
    };
    let [confirm, drop, act] = forms;
    let view = View {
        errors,
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
///
/// # Errors
/// When the store cannot be read.
pub(super) fn lead(desk: &mut Desk<'_, '_>, installation: &Installation, m: &Remedy) -> anyhow::Result<Words> {
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

/// `POST /remedies/{id}/confirm`.
pub(super) async fn confirm(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let person = picked::read(seat, &seat.scope, remedy_person::ASKED)?;
        said(seat, (&id, "cf"), &["due", "reason"], Some(&person), &|seat, m| confirmed(seat, m, &person))
    })
    .await
}

/// `POST /remedies/{id}/drop`.
pub(super) async fn drop(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        said(seat, (&id, "dr"), &["reason"], None, &|seat, _| {
            Ok(reason(seat).map(|reason| Word::Drop { reason }).map_err(Wrongs::from))
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
        said(seat, (&id, "ac"), &["day", "text"], None, &|seat, m| Ok(done_word(seat, m)))
    })
    .await
}

/// A word, or what is wrong.
type Read = Result<Word, Wrongs>;

fn reason(seat: &Seat) -> Result<String, Wrong> {
    long_text(seat, "reason", LONGEST, true).map_err(|why| ("reason", format!("理由：{why}")))
}

fn confirmed(seat: &Seat, m: &Remedy, picked: &Picked) -> anyhow::Result<Read> {
    let today = seat.now.day;
    let current = seat.db().read(|tx| seat.app.installation.current(tx))?;
    let within = |person: &i64| remedy_person::in_scope(&current, today, &seat.scope, *person);
    let person = match (&picked.wrong, picked.id.filter(within)) {
        (Some(wrong), _) => Err(wrong.clone()),
        (None, Some(person)) if !remedy_person::of_organ(&current, today, m, person) => {
            Err("责任人：应当在这项措施所属的单位（含内设机构）任职，请另选。".into())
        }
        (None, Some(person)) => Ok(person),
        (None, None) => Err("责任人：请选定您范围内在岗的人员。".into()),
    };
    let due = due_day::read(&current, today, seat.fields.get("due"), "办理期限", "办理的人");
    // What the directive gives is the latest: nobody puts the escalation off.
    let latest = on_fail(&current, m).and_then(|f| model::due(&f.due, today, &current.engine.workdays));
    let latest = latest.map(|day| day.max(due_day::soonest(&current, today)));
    let due = due.and_then(|due| match latest {
        Some(latest) if due > latest => Err(format!("办理期限：最迟{}（文件规定的期限）。", latest.chinese())),
        _ => Ok(due),
    });
    let mut wrongs = Wrongs::default();
    let due = wrongs.take(due.map_err(|why| ("due", why)));
    let person = wrongs.take(person.map_err(|why| ("person", why)));
    Ok(match (due, person, wrongs.take(reason(seat))) {
        (Some(due), Some(person), Some(reason)) => Ok(Word::Confirm { due, person, reason }),
        _ => Err(wrongs),
    })
}

fn done_word(seat: &Seat, m: &Remedy) -> Read {
    let drafted = crate::clock::day_of(m.drafted);
    let day = match Day::parse(seat.fields.get("day")) {
        None => Err(("day", "办理日期不是有效日期，请写成 2025-10-20。".into())),
        Some(day) if day > seat.now.day => Err(("day", "办理日期还没有到，请在办理以后记录。".into())),
        Some(day) if day < drafted => Err(("day", format!("办理日期应不早于起草之日{}。", drafted.chinese()))),
        Some(day) => Ok(day),
    };
    let text = long_text(seat, "text", LONGEST, true).map_err(|why| ("text", format!("做了什么：{why}")));
    let mut wrongs = Wrongs::default();
    match (wrongs.take(day), wrongs.take(text)) {
        (Some(day), Some(text)) => Ok(Word::Act { day, text }),
        _ => Err(wrongs),
    }
}

/// Reads a form and takes its word; or shows the page again with what is wrong.
fn said(
    seat: &Seat,
    (id, form): (&str, &str),
    fields: &[&'static str],
    picked: Option<&Picked>,
    read: &dyn Fn(&Seat, &Remedy) -> anyhow::Result<Read>,
) -> anyhow::Result<Response> {
    let typed = seat.typed(form, fields);
    let installation = &seat.app.installation;
    let show = |status: StatusCode, wrongs: Wrongs| {
        let picks = picked.map(|p| (format!("{form}-{}", remedy_person::ASKED.key), p.pick.clone()));
        let left = Left { picks: picks.into_iter().collect(), ..wrongs.left(form, typed.clone()) };
        Ok(seat.show(status, |desk| render(desk, installation, id, &left)))
    };
    let wrong = |wrongs: Wrongs| show(StatusCode::UNPROCESSABLE_ENTITY, wrongs);
    let number: i64 = id.parse().map_err(|_| PageError::NotFound)?;
    // A part of one's own lets one see, not decide.
    let scope = seat.scope.of_roles();
    let found = seat.db().read(|tx| {
        let current = installation.current(tx)?;
        let Some(m) = store::get(tx, number)? else { return Ok(None) };
        Ok(reaches(tx, &current, &scope, &m)?.then_some(m))
    })?;
    let Some(m) = found else { return Err(PageError::NotFound.into()) };
    if picked.is_some_and(|p| p.find) {
        return show(StatusCode::OK, Wrongs::default());
    }
    let word = match read(seat, &m)? {
        Ok(word) => word,
        Err(wrongs) => return wrong(wrongs),
    };
    let actor = seat.by().at(seat.now.instant);
    let done = match word {
        Word::Confirm { .. } => "confirm",
        Word::Drop { .. } => "drop",
        Word::Act { .. } => "act",
    };
    let last = fields.last().copied().unwrap_or_default();
    match seat.write_once("remedy", move |tx| decide::say(tx, &actor, number, &word).map(|()| number)) {
        // Whoever decides among what waits goes on there.
        Ok(_) if seat.fields.get("from") == "todo" => Ok(seat.to(&format!("/todo?done={done}"))),
        Ok(_) => Ok(seat.to(&format!("/remedies/{number}?done={done}"))),
        Err(e) if e.is::<Used>() => wrong((last, format!("{e}。")).into()),
        Err(e) => match e.downcast::<Refused>() {
            Ok(Refused(text)) => Err(PageError::Refused(text).into()),
            Err(e) => Err(e),
        },
    }
}
