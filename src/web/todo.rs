//! 我的待办 `/todo`: what is drafted, due or awaits an answer for this person.

use axum::{extract, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    remedies::urgent,
    remedy::{CONFIRMED, DROPPED},
    supervise as supervise_page, todo_drafts, todo_files, todo_past,
    view::{
        remedy::{Line, Lines},
        todo::{Group, Item, Todo},
        words::{Link, Words},
    },
};
use crate::{
    auth::{Permission, Role},
    clock::chinese,
    doubt::{self, Doubt},
    exam::test,
    feedback,
    installation::Installation,
    personal,
    remedy::{
        State,
        store::{self, Filter},
    },
    scope::Scope,
    supervise,
};

/// Things of a kind that are listed.
pub(super) const SHOWN: u64 = 10;
/// Characters of a reason that are listed.
const REASON: usize = 60;

/// A kind of remedies that wait for the reader.
struct Kind {
    id: &'static str,
    title: &'static str,
    note: &'static str,
    filter: Filter,
    /// The list of all of them.
    href: &'static str,
    scope: Scope,
}

/// `GET /todo`.
pub(super) async fn page(extract::State(app): extract::State<App>, ask: Ask) -> Response {
    show(app.clone(), ask, move |desk| render(desk, &app.installation)).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, installation: &Installation) -> anyhow::Result<Todo> {
    asked::keys(desk, &["done", "tab"]);
    asked::values(desk, "tab", "待办", &|v| matches!(v, "started" | "done"));
    let waiting = count(desk)?;
    desk.waiting = Some(waiting);
    let tab = desk.ask.get("tab").unwrap_or_default().to_owned();
    let (groups, what, none) = match tab.as_str() {
        "started" => (todo_past::started(desk)?, "您发起、还没有办完的", "您没有发起、还没有办完的事项。".to_owned()),
        "done" => (todo_past::done(desk)?, "您办过的", "您还没有办过事项。".to_owned()),
        _ => (due(desk, installation)?, "", format!("没有待办事项。{}", todo_past::latest(desk)?)),
    };
    let all: u64 = groups.iter().map(|g| g.total).sum();
    let lead = if all == 0 {
        Words::from(none)
    } else {
        let words = Words::from(format!("{what}共")).strong(all.to_string()).text("件：");
        let said = groups.iter().enumerate().fold(words, |words, (n, g)| {
            words.text(if n == 0 { "" } else { "，" }).text(g.title).strong(g.total.to_string()).text("件")
        });
        said.text("。")
    };
    let notice = match desk.ask.get("done") {
        Some("confirm") => CONFIRMED,
        Some("drop") => DROPPED,
        _ => "",
    };
    Ok(Todo { notice, tabs: tabs(&tab, waiting), lead, groups, page: desk.page("/todo")? })
}

/// What waits, what was set going, what is dealt with.
fn tabs(tab: &str, waiting: u64) -> [(Link, bool); 3] {
    let past = matches!(tab, "started" | "done");
    [
        (Link::new(format!("待办理（{waiting}）"), "/todo"), !past),
        (Link::new("我发起的", "/todo?tab=started"), tab == "started"),
        (Link::new("已办", "/todo?tab=done"), tab == "done"),
    ]
}

/// What waits for the reader, by kind.
fn due(desk: &mut Desk<'_, '_>, installation: &Installation) -> anyhow::Result<Vec<Group>> {
    let mut groups = Vec::new();
    let tests = sittings(desk)?;
    if !tests.is_empty() {
        let item = |(id, title, closes): &(i64, String, i64)| Item {
            kind: "考试".into(),
            title: Link::new(title.clone(), format!("/exams/{id}")),
            note: "可以作答".into(),
            due: format!("{}截止", chinese(*closes)),
            ..Item::default()
        };
        let (total, items) = (tests.len() as u64, tests.iter().map(item).collect());
        groups.push(Group { id: "tests", title: "可以作答的考试", total, items, ..Group::default() });
    }
    groups.extend(todo_files::group(desk)?);
    for kind in kinds(desk) {
        groups.extend(group(desk, installation, &kind)?);
    }
    for kind in matters(desk) {
        groups.extend(pressed(desk, &kind)?);
    }
    groups.extend(doubts(desk)?);
    for (id, title, total, href) in answers(desk)? {
        if total > 0 {
            let item = Item {
                kind: "待答复".into(),
                title: Link::new(format!("{title}{total}件"), href),
                note: "答复期限和内容在列表里".into(),
                ..Item::default()
            };
            groups.push(Group { id, title, total, items: vec![item], ..Group::default() });
        }
    }
    Ok(groups)
}

/// How many things wait for the reader.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn count(desk: &mut Desk<'_, '_>) -> anyhow::Result<u64> {
    let current = desk.current.clone();
    let mut all = sittings(desk)?.len() as u64 + todo_files::sent(desk, 0)?.1;
    for kind in kinds(desk) {
        all += store::count(desk.tx, &current.engine, &kind.scope, &kind.filter)?;
    }
    for kind in matters(desk) {
        let counts = supervise::counts(desk.tx, &kind.scope, &kind.filter)?;
        all += counts.iter().map(|(_, n)| n).sum::<u64>();
    }
    all += doubted(desk, 0)?.1;
    Ok(all + answers(desk)?.iter().map(|(.., n, _)| n).sum::<u64>())
}

/// The tests that the reader may answer now.
fn sittings(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<(i64, String, i64)>> {
    match desk.reader.as_ref().and_then(|r| r.person) {
        Some(person) => test::waiting(desk.tx, person, desk.now.instant),
        None => Ok(Vec::new()),
    }
}

/// The drafts that the reader may decide: the first of them, and how many there are.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn decide(desk: &mut Desk<'_, '_>, limit: u64) -> anyhow::Result<(Lines, u64)> {
    let Some(scope) = desk.opens(Permission::DecideRemedies) else { return Ok((Lines::default(), 0)) };
    let filter = Filter { states: vec![State::Draft], ..Filter::default() };
    let total = store::count(desk.tx, &desk.current.clone().engine, &scope, &filter)?;
    Ok((Lines(within(desk, &scope, &filter, limit)?), total))
}

/// Lines of what another scope than the reader's whole one reaches.
fn within(desk: &mut Desk<'_, '_>, scope: &Scope, filter: &Filter, limit: u64) -> anyhow::Result<Vec<Line>> {
    let own = std::mem::replace(&mut desk.scope, scope.clone());
    let lines = urgent(desk, filter, limit);
    desk.scope = own;
    lines
}

/// The kinds of remedies that can wait for this reader.
fn kinds(desk: &Desk<'_, '_>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let Some(reader) = &desk.reader else { return kinds };
    if !desk.may(Permission::Remedies) {
        return kinds;
    }
    // What has a new last day since is not overdue any more.
    let today = Some(desk.now.day);
    if reader.has(Role::Office) {
        kinds.push(Kind {
            id: "told",
            title: "超期上报",
            note: "到期没有办结，只上报一次",
            filter: Filter { states: vec![State::Active], escalated: true, due_before: today, ..Filter::default() },
            href: "/remedies?state=active&escalated=1",
            scope: desk.opens(Permission::Supervise).unwrap_or_else(|| desk.scope.clone()),
        });
    }
    if let Some(scope) = desk.opens(Permission::DecideRemedies) {
        kinds.push(Kind {
            id: "drafts",
            title: "待确认的草稿",
            note: "新起草的在前",
            filter: Filter { states: vec![State::Draft], ..Filter::default() },
            href: "/remedies?state=draft",
            scope,
        });
    }
    let active = Filter { states: vec![State::Active], ..Filter::default() };
    // Who records for single units sees what is to be done there; others what they are responsible for themselves.
    match (desk.opens(Permission::Record), reader.person) {
        (Some(scope @ Scope::Within(_)), _) => kinds.push(Kind {
            id: "active",
            title: "办理中的措施",
            note: "先到期的在前",
            filter: active,
            href: "/remedies?state=active",
            scope,
        }),
        (_, Some(person)) => kinds.push(Kind {
            id: "active",
            title: "由您负责的措施",
            note: "先到期的在前",
            filter: Filter { person: Some(person), ..active },
            href: "/remedies?state=active&person=me",
            scope: desk.scope.clone(),
        }),
        _ => {}
    }
    kinds
}

/// A kind of matters that wait for the reader.
struct Pressed {
    id: &'static str,
    title: &'static str,
    filter: supervise::Filter,
    href: &'static str,
    scope: Scope,
}

/// Matters to reply to, to close, and those told to the office.
fn matters(desk: &Desk<'_, '_>) -> Vec<Pressed> {
    let mut kinds = Vec::new();
    if !desk.may(Permission::Remedies) {
        return kinds;
    }
    let of = |state, escalated: bool| {
        let due_before = escalated.then_some(desk.now.day);
        supervise::Filter { states: vec![state], escalated, due_before, ..supervise::Filter::default() }
    };
    if let Some(scope @ Scope::Within(_)) = desk.opens(Permission::Record) {
        let filter = of(supervise::State::Open, false);
        kinds.push(Pressed { id: "reply", title: "待回复的督办", filter, href: "/supervise?state=open", scope });
    }
    if let Some(scope) = desk.opens(Permission::Supervise) {
        let filter = of(supervise::State::Replied, false);
        let (href, own) = ("/supervise?state=replied", scope.clone());
        kinds.push(Pressed { id: "close", title: "待销号的督办", filter, href, scope: own });
        if desk.reader.as_ref().is_some_and(|r| r.has(Role::Office)) {
            let (filter, href) = (of(supervise::State::Open, true), "/supervise?state=open&escalated=1");
            kinds.push(Pressed { id: "unanswered", title: "超期没有回复的督办", filter, href, scope });
        }
    }
    kinds
}

fn pressed(desk: &mut Desk<'_, '_>, kind: &Pressed) -> anyhow::Result<Option<Group>> {
    let counts = supervise::counts(desk.tx, &kind.scope, &kind.filter)?;
    let total: u64 = counts.iter().map(|(_, n)| n).sum();
    if total == 0 {
        return Ok(None);
    }
    let found = supervise::list(desk.tx, &kind.scope, &kind.filter, (0, SHOWN))?;
    let items = supervise_page::lines(desk, &found)?.into_iter().map(|line| Item {
        kind: "督办".into(),
        note: format!("{}　{}", line.number, line.unit),
        due: if line.late {
            format!("{}到期，没有回复", line.due)
        } else {
            format!("{}前（含当日）回复", line.due)
        },
        late: line.late,
        title: line.title,
        draft: None,
    });
    Ok(Some(Group {
        id: kind.id,
        title: kind.title,
        total,
        note: "先到期的在前",
        items: items.collect(),
        all: (total > SHOWN).then(|| Link::new(format!("全部{total}件"), kind.href)),
    }))
}

fn group(desk: &mut Desk<'_, '_>, installation: &Installation, kind: &Kind) -> anyhow::Result<Option<Group>> {
    let current = desk.current.clone();
    let total = store::count(desk.tx, &current.engine, &kind.scope, &kind.filter)?;
    if total == 0 {
        return Ok(None);
    }
    let items = match kind.filter.states[..] {
        [State::Draft] => todo_drafts::items(desk, installation, &kind.scope, &kind.filter)?,
        _ => within(desk, &kind.scope, &kind.filter, SHOWN)?.into_iter().map(item).collect(),
    };
    Ok(Some(Group {
        id: kind.id,
        title: kind.title,
        total,
        note: kind.note,
        items,
        all: (total > SHOWN).then(|| Link::new(format!("全部{total}件"), kind.href)),
    }))
}

fn item(line: Line) -> Item {
    let parts = [line.basis, line.figures, line.unit];
    let mut note = parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("　");
    if !line.person.is_empty() {
        note.push_str(&format!("　责任人{}", line.person));
    }
    Item {
        kind: line.act,
        title: line.subject,
        note,
        due: match (line.due.as_str(), line.late) {
            ("", _) => String::new(),
            (due, true) => format!("{due}到期，已超期"),
            (due, false) => format!("{due}前（含当日）办结"),
        },
        late: line.late,
        draft: None,
    }
}

/// Doubts that the reader is to answer, the first of them, and how many there are.
fn doubted(desk: &mut Desk<'_, '_>, limit: u64) -> anyhow::Result<(Vec<Doubt>, u64)> {
    let Some(scope) = desk.opens(Permission::Record) else { return Ok((Vec::new(), 0)) };
    let (current, account) = (desk.current.clone(), desk.reader()?.account);
    doubt::open(desk.tx, (&scope, account), &current.engine.layout.ledgers, limit)
}

fn doubts(desk: &mut Desk<'_, '_>) -> anyhow::Result<Option<Group>> {
    let (found, total) = doubted(desk, SHOWN)?;
    let own = matches!(desk.opens(Permission::Record), Some(Scope::Within(_)));
    Ok((total > 0).then(|| Group {
        id: "doubts",
        title: if own { "对本单位记录的存疑" } else { "对不属于单位的记录的存疑" },
        total,
        note: if total > SHOWN {
            "先提出的在前，答复以后接着列出其余的"
        } else {
            "先提出的在前"
        },
        items: found.into_iter().map(|d| doubt_item(desk, d)).collect(),
        all: None,
    }))
}

/// A doubt as something to look at.
pub(super) fn doubt_item(desk: &Desk<'_, '_>, d: Doubt) -> Item {
    let layout = &desk.current.engine.layout;
    let ledger = layout.index(&d.ledger).map_or(d.ledger.as_str(), |t| &layout.ledgers[t].title);
    let reason: String = d.reason.chars().take(REASON).collect();
    let rest = if d.reason.chars().count() > REASON { "……" } else { "" };
    Item {
        kind: "存疑".into(),
        title: Link::new(format!("{ledger}：{reason}{rest}"), format!("/ledgers/{}/{}", d.ledger, d.record.0)),
        note: format!("{}　{}", chinese(d.asked.0), d.asked.1),
        ..Item::default()
    }
}

/// What awaits an answer of the reader: id, title, how many, where.
fn answers(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<(&'static str, &'static str, u64, String)>> {
    let mut found = Vec::new();
    if desk.may(Permission::Corrections) {
        let scope = desk.scope.clone();
        let n = personal::request::open(desk.tx, &scope)?;
        found.push(("requests", "更正申请", n, "/requests".to_owned()));
    }
    if desk.may(Permission::Feedback) {
        let n = feedback::open(desk.tx)?;
        found.push(("feedback", "意见建议", n, "/feedback".to_owned()));
    }
    Ok(found)
}
