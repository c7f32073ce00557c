//! Beside what waits: what the reader set going and others have not ended, and what the reader has dealt with.

use super::{
    frame::Desk,
    remedy_lines, supervise as supervise_page,
    todo::SHOWN,
    view::{
        todo::{Group, Item},
        words::Link,
    },
};
use crate::{
    auth::Permission,
    clock::{chinese, day_of},
    deed::Deed,
    doubt,
    personal::request,
    remedy::{self, State, store},
    supervise,
};

/// What the reader set going and is not over: 我发起的.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn started(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<Group>> {
    let account = desk.reader()?.account;
    let (confirmed, issued) = (Deed { account, kinds: &["confirm"] }, Deed { account, kinds: &["issue"] });
    let states = vec![supervise::State::Open, supervise::State::Replied];
    let groups = [
        remedies(desk, ("confirmed", "您确认、还在办理的措施"), vec![State::Active], confirmed)?,
        matters(desk, ("issued", "您签发、还没有销号的督办"), states, issued)?,
        doubted(desk, account)?,
        asked(desk, account)?,
    ];
    Ok(groups.into_iter().flatten().collect())
}

/// What the reader has dealt with: 已办.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn done(desk: &mut Desk<'_, '_>) -> anyhow::Result<Vec<Group>> {
    let account = desk.reader()?.account;
    let decided = remedies(desk, ("decided", "您办过的措施"), Vec::new(), Deed { account, kinds: remedy::DEEDS })?;
    let moved = matters(desk, ("moved", "您办过的督办"), Vec::new(), Deed { account, kinds: supervise::DEEDS })?;
    let groups = [rest(desk, decided, "/remedies?deed=me"), rest(desk, moved, "/supervise?deed=me")];
    Ok(groups.into_iter().flatten().collect())
}

/// `最近一次办理：2025年6月28日。`; empty for nothing yet.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn latest(desk: &mut Desk<'_, '_>) -> anyhow::Result<String> {
    let account = desk.reader()?.account;
    let remedy = Deed { account, kinds: remedy::DEEDS }.last(desk.tx, "remedy", None)?;
    let matter = Deed { account, kinds: supervise::DEEDS }.last(desk.tx, "supervision", None)?;
    let at = remedy.into_iter().chain(matter).map(|(_, at)| at).max();
    Ok(at.map_or_else(String::new, |at| format!("最近一次办理：{}。", day_of(at).chinese())))
}

fn remedies(
    desk: &mut Desk<'_, '_>,
    (id, title): (&'static str, &'static str),
    states: Vec<State>,
    deed: Deed,
) -> anyhow::Result<Option<Group>> {
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let filter = store::Filter { states, deed: Some(deed), ..store::Filter::default() };
    let total = store::count(desk.tx, &current.engine, &scope, &filter)?;
    let found = store::list(desk.tx, &current.engine, &scope, &filter, (0, SHOWN))?;
    let mut items = Vec::new();
    for (m, line) in found.iter().zip(remedy_lines::lines(desk, &found)?) {
        let word = |kind: &str| match kind {
            "confirm" => "确认",
            "drop" => "决定不采用",
            _ => "登记办理",
        };
        let last = deed.last(desk.tx, "remedy", Some(m.id))?;
        let now = format!("现{}", m.state.title());
        let parts = [line.basis, line.unit, now];
        items.push(Item {
            kind: line.act,
            title: line.subject,
            note: parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("　"),
            due: last.map_or_else(String::new, |(kind, at)| format!("{}{}", chinese(at), word(&kind))),
            ..Item::default()
        });
    }
    Ok(group(id, title, total, items))
}

fn matters(
    desk: &mut Desk<'_, '_>,
    (id, title): (&'static str, &'static str),
    states: Vec<supervise::State>,
    deed: Deed,
) -> anyhow::Result<Option<Group>> {
    let scope = desk.scope.clone();
    let filter = supervise::Filter { states, deed: Some(deed), ..supervise::Filter::default() };
    let total = supervise::counts(desk.tx, &scope, &filter)?.iter().map(|(_, n)| n).sum();
    let found = supervise::list(desk.tx, &scope, &filter, (0, SHOWN))?;
    let mut items = Vec::new();
    for (matter, line) in found.iter().zip(supervise_page::lines(desk, &found)?) {
        let last = deed.last(desk.tx, "supervision", Some(matter.id))?;
        items.push(Item {
            kind: "督办".into(),
            title: line.title,
            note: format!("{}　{}　现{}", line.number, line.unit, line.state),
            due: last
                .map_or_else(String::new, |(kind, at)| format!("{}{}", chinese(at), supervise_page::deed_word(&kind))),
            ..Item::default()
        });
    }
    Ok(group(id, title, total, items))
}

fn doubted(desk: &mut Desk<'_, '_>, account: i64) -> anyhow::Result<Option<Group>> {
    let (found, total) = doubt::of_account(desk.tx, account, SHOWN)?;
    let items = found.into_iter().map(|d| super::todo::doubt_item(desk, d)).collect();
    Ok(group("doubted", "您提出、还没有答复的存疑", total, items))
}

fn asked(desk: &mut Desk<'_, '_>, account: i64) -> anyhow::Result<Option<Group>> {
    let open: Vec<_> = request::of_account(desk.tx, account)?.into_iter().filter(|r| r.answer.is_none()).collect();
    let layout = &desk.current.engine.layout;
    let item = |r: &request::Request| {
        let ledger = layout.index(&r.ledger).map_or(r.ledger.as_str(), |t| &layout.ledgers[t].title);
        let late = r.due < desk.now.day;
        Item {
            kind: "更正申请".into(),
            title: Link::new(ledger, "/me"),
            note: format!("{}提出", chinese(r.asked)),
            due: format!("应在{}前（含当日）答复{}", r.due.chinese(), if late { "，已超期" } else { "" }),
            late,
            draft: None,
        }
    };
    let items = open.iter().take(usize::try_from(SHOWN)?).map(item).collect();
    Ok(group("asked", "您提出、还没有答复的更正申请", open.len() as u64, items))
}

/// A group, unless there is nothing in it.
fn group(id: &'static str, title: &'static str, total: u64, items: Vec<Item>) -> Option<Group> {
    let note = if total > SHOWN { "最近的10件" } else { "最近的在前" };
    (total > 0).then_some(Group { id, title, total, note, items, all: None })
}

/// Says where the rest of a group is found, where the reader may look at that list.
fn rest(desk: &Desk<'_, '_>, group: Option<Group>, href: &str) -> Option<Group> {
    let listed = desk.may(Permission::Remedies);
    group.map(|g| {
        let all = (listed && g.total > SHOWN).then(|| Link::new(format!("这里是最近的10件，全部{}件", g.total), href));
        Group { all, ..g }
    })
}
