//! How the participants of a class were there, in one form `/training/{id}/roster`: 全勤, 请假 in half days, 缺席.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    class_people::class_of,
    error::PageError,
    frame::{self, Ask, Desk, answer},
    post::{Posted, Seat, act},
    training::href,
    view::{
        class::{Attended, Roster},
        form::Errors,
        spelling::sound_key,
        table::Pager,
        words::{Link, Words},
    },
};
use crate::{
    class::{
        people::{self, Mark, Moved, Presence, half_days, halves_of, leave_of},
        read::{self, Class},
        standard::{self, too_much_leave},
    },
    db::{Tx, Value},
    directive::model::Ledger,
    exam::score::written,
    form::directory::Directory,
    installation::Current,
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
    },
    once::Used,
    scope::Scope,
    sheet::norm,
    spelling::range,
};

/// Participants that are looked at.
const MOST: i64 = 5_000;
/// Rows on a page at most: a form stays readable, and far below the size of a page.
const ROWS: u64 = 50;

/// What was typed for a row: choice and half days; the revision that was shown.
#[derive(Clone, Debug, Default)]
struct Typed {
    presence: String,
    halves: String,
    revision: i64,
}

/// What a form left: what was typed and what is wrong, by record.
#[derive(Default)]
struct Left {
    typed: BTreeMap<i64, Typed>,
    wrong: BTreeMap<i64, String>,
    /// Wrong with no row in particular.
    other: String,
}

/// `GET /training/{id}/roster`.
pub(super) async fn page(State(app): State<App>, Path(id): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| render(desk, &own, &id, &Left::default())).await
}

/// The participants in the units of a scope, and how many others the reader sees.
fn rows(
    tx: &mut Tx<'_>,
    ledger: &Ledger,
    class: &Class,
    (seen, scope): (&Scope, &Scope),
) -> anyhow::Result<(Vec<Stored>, usize)> {
    let filter = Filter::Is { field: "activity".into(), any_of: vec![Value::I64(class.record)] };
    let query = Query { filters: vec![filter], ..Query::default() };
    let all = query::list(tx, ledger, seen, &query, (MOST, 0))?;
    let (own, others): (Vec<Stored>, Vec<Stored>) =
        all.into_iter().partition(|r| r.unit.is_some_and(|unit| scope.has_unit(unit)));
    Ok((own, others.len()))
}

/// The hours (times 10,000) of a class, if they are known.
fn hours_of(tx: &mut Tx<'_>, current: &Current, class: &Class) -> anyhow::Result<Option<i64>> {
    Ok(standard::hours_of(class, &standard::hours(tx, current)?).map(|(hours, _)| hours))
}

fn render(desk: &mut Desk<'_, '_>, app: &App, id: &str, left: &Left) -> anyhow::Result<Response> {
    asked::keys(desk, &["page", "size", "done"]);
    let (current, seen) = (desk.current.clone(), desk.scope.clone());
    let scope = frame::writing(desk.reader()?, desk.ask.needs, &current, desk.now.day).of_roles();
    let class = class_of(desk.tx, &current, &seen, id)?;
    let ledger = read::ledger(&current, "attendance").ok_or(PageError::NotFound)?;
    let directory = app.directory.of(desk.tx)?;
    let hours = hours_of(desk.tx, &current, &class)?;
    let (mut found, others) = rows(desk.tx, ledger, &class, (&seen, &scope))?;
    let name = |r: &Stored| directory.person(person(ledger, r)).map_or("", |p| p.name.as_str()).to_owned();
    found.sort_by_cached_key(|r| (r.unit.map(|u| sound_key(&directory.path(u))), sound_key(&name(r)), r.record_id));
    let open = found.iter().filter(|r| Presence::of(ledger, r).is_none()).count();
    let total = found.len() as u64;
    let size = if desk.ask.get("size").is_none() { ROWS } else { asked::size(desk).min(ROWS) };
    let shown = asked::page(desk, total.div_ceil(size));
    let on_page = found.iter().skip(((shown - 1) * size) as usize).take(size as usize);
    let rows: Vec<Attended> = on_page.map(|r| one(r, ledger, (&class, hours), &directory, left)).collect();
    let mut errors: Vec<Link> = Vec::new();
    errors.extend((!left.other.is_empty()).then(|| Link::new(left.other.clone(), "#roster")));
    errors.extend(rows.iter().filter(|r| !r.error.is_empty()).map(|r| {
        let text = format!("{}：{}", r.name, r.error);
        Link::new(text, format!("#r{}", r.record))
    }));
    let here = href(&class.code);
    let at = asked::without_page(&desk.ask);
    let view = Roster {
        notice: if desk.ask.get("done") == Some("1") { "到场情况已登记。" } else { "" },
        lead: lead((total, open, others), &class),
        rule: rule(&class, hours),
        errors: Errors(errors),
        action: desk.ask.url.without("done").href(),
        token: desk.form_token()?,
        rows,
        halves: half_days(&class) - 1,
        pager: Pager { query: at, title: "参训人员".into(), total, size, page: shown },
        class: Link::new(class.title.clone(), here.clone()),
        people: format!("{here}/people"),
        page: desk.page("/training")?,
    };
    Ok(Html(askama::Template::render(&view)?).into_response())
}

fn person(ledger: &Ledger, row: &Stored) -> i64 {
    row.value(ledger, "person").as_i64().unwrap_or_default()
}

fn lead((total, open, others): (u64, usize, usize), class: &Class) -> Words {
    let words = match total {
        0 => Words::from("这个班里没有由您登记的人"),
        n => Words::from("您能登记的").strong(n.to_string()).text("人"),
    };
    let words = match open {
        0 if total == 0 => words.text("。"),
        0 => words.text("，到场情况都已登记。"),
        n => words.text("，其中").strong(n.to_string()).text("人还没有登记到场情况。"),
    };
    let words = words.text(format!("全班{}天，即{}个半天。", class.days(), half_days(class)));
    match others {
        0 => words,
        n => words.text(format!("另有{n}人属于其他单位，由所在单位登记。")),
    }
}

/// What a seventh comes to in this class (`B.1`).
fn rule(class: &Class, hours: Option<i64>) -> Words {
    let Some(hours) = hours else {
        return Words::from("这个班没有学时，也没有适用的折算标准，请假的半天折算不成学时：要登记请假，请先")
            .link("更正班次的学时", format!("/ledgers/activity/{}/correct", class.record))
            .text("。");
    };
    let most = (1..half_days(class)).rev().find(|n| !too_much_leave(leave_of(class, hours, *n), hours)).unwrap_or(0);
    let most = match most {
        0 => "半天就已超过".to_owned(),
        n => format!("不超过{n}个半天"),
    };
    Words::from(format!(
        "请假累计以总学时的七分之一为限：共{}学时，七分之一约{}学时，{most}。超过的标出，怎样处理由主办单位按规定决定。",
        written(hours),
        written((hours / 7 + 50) / 100 * 100)
    ))
}

fn one(
    row: &Stored,
    ledger: &Ledger,
    (class, hours): (&Class, Option<i64>),
    directory: &Directory,
    left: &Left,
) -> Attended {
    let stands = Presence::of(ledger, row);
    let leave = row.value(ledger, "leave_hours").as_i64().filter(|n| *n > 0 && stands == Some(Presence::Leave));
    let halves = leave.zip(hours).and_then(|(leave, hours)| halves_of(class, hours, leave));
    let typed = left.typed.get(&row.record_id);
    let late = leave.zip(hours).is_some_and(|(leave, hours)| too_much_leave(leave, hours));
    let note = leave.map_or_else(String::new, |n| {
        let kept = if halves.is_none() { "，半天数留空则不改" } else { "" };
        format!("已登记{}学时{}{kept}", written(n), if late { "，超过七分之一" } else { "" })
    });
    let own = stands.map_or("", Presence::as_str);
    Attended {
        record: row.record_id,
        revision: row.revision,
        name: directory.person(person(ledger, row)).map_or("--", |p| p.name.as_str()).to_owned(),
        unit: row.unit.map_or_else(|| "--".into(), |u| directory.path(u)),
        ways: Presence::ALL.map(|p| (p.as_str(), p.title(), typed.map_or(own, |t| &t.presence) == p.as_str())),
        halves: match typed {
            Some(t) => t.halves.clone(),
            None => halves.map_or_else(String::new, |n| n.to_string()),
        },
        note,
        late,
        error: left.wrong.get(&row.record_id).cloned().unwrap_or_default(),
    }
}

/// What was typed, by record; `None` where a name is none of ours.
fn typed(seat: &Seat) -> Option<BTreeMap<i64, Typed>> {
    let mut all: BTreeMap<i64, Typed> = BTreeMap::new();
    for (key, value) in seat.fields.pairs() {
        let mut letters = key.chars();
        let Some(first @ ('v' | 's' | 'h')) = letters.next() else { continue };
        let Ok(record) = letters.as_str().parse::<i64>() else { continue };
        let row = all.entry(record).or_default();
        match first {
            'v' => row.revision = value.parse().ok()?,
            's' => row.presence.clone_from(value),
            _ => row.halves = norm::plain(value.trim()).into_owned(),
        }
    }
    Some(all)
}

/// What a row says, `None` for nothing; or what is wrong with it.
fn meant(
    record: i64,
    row: &Typed,
    rest: bool,
    (class, hours): (&Class, Option<i64>),
    had_leave: bool,
) -> Result<Option<Mark>, String> {
    let mark = |presence, leave| Ok(Some(Mark { record, revision: row.revision, presence, leave }));
    let most = half_days(class) - 1;
    let presence = match row.presence.as_str() {
        "" if !row.halves.is_empty() => return Err("填了请假的半天数，但没有选“请假”，请选一项。".into()),
        "" if rest => Presence::Whole,
        "" => return Ok(None),
        text => Presence::parse(text).ok_or("到场情况请选全勤、请假或缺席。")?,
    };
    match presence {
        Presence::Leave if row.halves.is_empty() && had_leave => mark(presence, None),
        Presence::Leave => {
            let hours = hours.ok_or("这个班没有学时，半天折算不成学时：请先更正班次的学时。")?;
            match row.halves.parse::<i64>() {
                Ok(n) if (1..=most).contains(&n) => mark(presence, Some(leave_of(class, hours, n))),
                _ => Err(format!("请假的半天数应为{}；整班没有到的，请选“缺席”。", range(1, most))),
            }
        }
        _ if !row.halves.is_empty() && !had_leave => {
            Err("填了请假的半天数，但没有选“请假”，请选一项或清空半天数。".into())
        }
        _ => mark(presence, None),
    }
}

/// `POST /training/{id}/roster`.
pub(super) async fn save(State(app): State<App>, Path(id): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let app = &seat.app;
        let mut left = Left::default();
        let refused =
            |left: &Left| Ok(seat.show(StatusCode::UNPROCESSABLE_ENTITY, |desk| render(desk, app, &id, left)));
        let scope = seat.scope.of_roles();
        let (class, hours, own, away) = seat.db().read(|tx| {
            let current = app.installation.current(tx)?;
            let seen = frame::scope(Some(&seat.reader), &current, seat.now.day);
            let class = class_of(tx, &current, &seen, &id)?;
            let ledger = read::ledger(&current, "attendance").ok_or(PageError::NotFound)?;
            let hours = hours_of(tx, &current, &class)?;
            let own = rows(tx, ledger, &class, (&seen, &scope))?.0;
            let away: BTreeSet<i64> =
                own.iter().filter(|r| Presence::of(ledger, r) == Some(Presence::Leave)).map(|r| r.record_id).collect();
            let own: BTreeSet<i64> = own.iter().map(|r| r.record_id).collect();
            Ok((class, hours, own, away))
        })?;
        let Some(typed) = typed(seat) else {
            left.other = "表单无法识别，请刷新页面后重新填写。".into();
            return refused(&left);
        };
        left.typed = typed;
        if left.typed.keys().any(|record| !own.contains(record)) {
            left.other = "表单里有不在您能登记的单位、或已移出这个班的人，没有登记任何一行，请核对后再保存。".into();
        }
        let rest = seat.fields.get("rest") == "1";
        let mut marks = Vec::new();
        for (record, row) in &left.typed {
            match meant(*record, row, rest, (&class, hours), away.contains(record)) {
                Ok(mark) => marks.extend(mark),
                Err(why) => drop(left.wrong.insert(*record, why)),
            }
        }
        if left.other.is_empty() && left.wrong.is_empty() && marks.is_empty() {
            left.other = "没有选择到场情况。请至少选一行，或勾选“没有选的记为全勤”。".into();
        }
        if !left.other.is_empty() || !left.wrong.is_empty() {
            return refused(&left);
        }
        let (inst, by, to) = (app.installation.clone(), seat.by(), seat.ask.url.clone());
        let done = seat.write_once("attendance", move |tx| {
            people::mark(tx, &inst, &by, &class, &marks).map(|n| i64::try_from(n).unwrap_or(0))
        });
        match done.map_err(|e| e.downcast::<Moved>()) {
            Ok(_) => Ok(seat.to(&to.with("done", "1").href())),
            Err(Ok(Moved(records))) => {
                let why = "有人刚改过这一行，没有登记任何一行。下面是现在的内容，请核对后重新选择。";
                left.typed.retain(|record, _| !records.contains(record));
                left.wrong.extend(records.into_iter().map(|record| (record, why.to_owned())));
                refused(&left)
            }
            Err(Err(e)) if e.is::<Used>() => {
                left.other = format!("{e}。");
                refused(&left)
            }
            Err(Err(e)) => Err(e),
        }
    })
    .await
}
