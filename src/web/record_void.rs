//! Records voided: one from its page, or those marked in a list, always with a reason and after a page that says what it
//! does to the verdicts.

use askama::Template as _;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse as _, Response},
};

use super::{
    app::App,
    asked,
    columns_value::code,
    error::PageError,
    frame::{Ask, Desk, show},
    import_effects,
    ledger_conditions::key,
    post::{Posted, Seat, act},
    record_form, record_links,
    record_new::{LONGEST, ledger_of, may_change, reason_fault, standing},
    record_uses,
    view::{
        form::{Errors, Field, Form},
        imports::Effects,
        record::Void,
        url::Query as Url,
        words::{Link, Words},
    },
};
use crate::{
    auth::token,
    consequence,
    db::Value,
    facts::{self, OutOfScope, StillReferred},
    form,
    hex::unhex,
    installation::Current,
    intake::Weighed,
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
        store::{self, StoreError},
    },
    once::Used,
};

/// Records that are voided at once: a page of a list.
const MOST: usize = 100;
/// Records of which the verdicts are looked up.
const LOOKED: usize = 20;

/// `GET /ledgers/{name}/{id}/void`.
pub(super) async fn ask_one(State(app): State<App>, Path((name, id)): Path<(String, String)>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| {
        asked::keys(desk, &[]);
        let row = one(desk, &name, &id)?;
        page(desk, &own, &name, &[row], &Left::default())
    })
    .await
}

fn one(desk: &mut Desk<'_, '_>, name: &str, id: &str) -> anyhow::Result<Stored> {
    let current = desk.current.clone();
    let table = ledger_of(&current, name, |p| desk.may(p))?;
    standing(desk, &current.engine.layout.ledgers[table], id)
}

/// What a form left.
#[derive(Default)]
struct Left {
    reason: String,
    error: String,
    once: String,
    /// Nothing is wrong with what was typed: the store refuses it.
    refused: bool,
}

impl Left {
    /// What was typed, where there is no form to show it in.
    fn typed(&self) -> Vec<String> {
        let reason = Some(self.reason.trim()).filter(|r| !r.is_empty());
        reason.map(|r| format!("您填写的：{r}")).into_iter().collect()
    }

    fn status(&self) -> StatusCode {
        if self.refused { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

/// `POST /ledgers/{name}/{id}/void`.
pub(super) async fn one_record(
    State(app): State<App>,
    Path((name, id)): Path<(String, String)>,
    ask: Ask,
    posted: Posted,
) -> Response {
    act(app, ask, posted, move |seat| {
        let marked = marked(seat);
        let to = |record: i64, once: &str| format!("/ledgers/{name}/{record}?saved={once}");
        let [record] = marked[..] else { return Err(incomplete().into()) };
        match done(seat, &name, vec![record])? {
            Ok(once) => Ok(seat.to(&to(record.0, &once))),
            Err(left) => Ok(seat.show(left.status(), |desk| {
                let row = one(desk, &name, &id)?;
                Ok(Html(page(desk, &seat.app, &name, &[row], &left)?.render()?).into_response())
            })),
        }
    })
    .await
}

/// `POST /ledgers/{name}/void`: first the page that asks, then, with a reason, the deed.
pub(super) async fn many(State(app): State<App>, Path(name): Path<String>, ask: Ask, posted: Posted) -> Response {
    act(app, ask, posted, move |seat| {
        let marked = marked(seat);
        if marked.is_empty() {
            let told = "没有选定记录：请在列表里勾选要作废的记录，再按“作废所选”。";
            return Err(PageError::Invalid(vec![told.into()]).into());
        }
        if marked.len() > MOST {
            return Err(PageError::Invalid(vec![format!("一次最多作废{MOST}条，请分几次办理。")]).into());
        }
        let asked = seat.fields.pairs().iter().any(|(k, _)| k == "reason");
        let left = if asked {
            match done(seat, &name, marked.clone())? {
                Ok(once) => return Ok(seat.to(&format!("{}?done={once}", path(seat, &name)?))),
                Err(left) => left,
            }
        } else {
            Left::default()
        };
        let status = if asked { left.status() } else { StatusCode::OK };
        Ok(seat.show(status, |desk| {
            let rows = rows(desk, &seat.app, (&name, &marked), &left)?;
            Ok(Html(page(desk, &seat.app, &name, &rows, &left)?.render()?).into_response())
        }))
    })
    .await
}

fn path(seat: &Seat, name: &str) -> anyhow::Result<String> {
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        let table = current.engine.layout.index(name).ok_or(PageError::NotFound)?;
        Ok(record_links::list_path(&current.engine.layout.ledgers[table]))
    })
}

fn incomplete() -> PageError {
    PageError::Invalid(vec!["表单不完整，请从记录页重新打开“作废”。".into()])
}

/// Records with the revisions that were shown: `12:1`.
fn marked(seat: &Seat) -> Vec<(i64, i64)> {
    let values = seat.fields.pairs().iter().filter(|(k, _)| k == "record").map(|(_, v)| v.as_str());
    let mut marked: Vec<(i64, i64)> = values
        .filter_map(|v| v.split_once(':'))
        .filter_map(|(id, n)| Some((id.parse().ok()?, n.parse().ok()?)))
        .collect();
    marked.sort_unstable();
    marked.dedup();
    marked
}

/// Voids them, or gives back what is wrong with the form; gives the form's key.
fn done(seat: &Seat, name: &str, records: Vec<(i64, i64)>) -> anyhow::Result<Result<String, Left>> {
    seat.db().read(|tx| {
        let current = seat.app.installation.current(tx)?;
        Ok(ledger_of(&current, name, |p| seat.reader.may(p)).map(|_| ())?)
    })?;
    let once = seat.fields.get("once").to_owned();
    if once.len() != 64 || unhex(&once).is_none() {
        return Err(incomplete().into());
    }
    let reason = seat.fields.get("reason").to_owned();
    if let Some(fault) = reason_fault(&reason) {
        return Ok(Err(Left { reason, error: fault.text, once, refused: false }));
    }
    let several = records.len() > 1;
    match form::void_all(&seat.app.installation, seat.by(), name, records, &seat.once(Some(&once)), &reason) {
        Ok(()) => Ok(Ok(once)),
        Err(e) => {
            let left = Left { reason, error: format!("没有作废：{e}。"), once, refused: true };
            let overtaken = matches!(e.downcast_ref(), Some(StoreError::Conflict(_) | StoreError::Missing(_)));
            match e.downcast_ref() {
                // Of several the page says which it is.
                _ if overtaken && several => Ok(Err(left)),
                _ if overtaken || e.is::<Used>() => {
                    let typed = left.typed();
                    Err(PageError::RefusedTyped(left.error, typed).into())
                }
                Some(StoreError::Clock) => Ok(Err(left)),
                _ if e.is::<StillReferred>() => Ok(Err(left)),
                _ => Err(e),
            }
        }
    }
}

/// Records that are named where they were changed meanwhile.
const NAMED: usize = 5;

/// The marked rows, all of which may be changed.
fn rows(
    desk: &mut Desk<'_, '_>,
    app: &App,
    (name, marked): (&str, &[(i64, i64)]),
    left: &Left,
) -> anyhow::Result<Vec<Stored>> {
    let current = desk.current.clone();
    let table = ledger_of(&current, name, |p| desk.may(p))?;
    let ledger = &current.engine.layout.ledgers[table];
    let ids = marked.iter().map(|m| m.0).collect();
    let query = Query { filters: vec![Filter::Records(ids)], ..Query::default() };
    let rows = query::list(desk.tx, ledger, &desk.scope, &query, (MOST as i64, 0))?;
    let stands = |(id, revision): &&(i64, i64)| rows.iter().any(|r| (r.record_id, r.revision) == (*id, *revision));
    let stale: Vec<i64> = marked.iter().filter(|m| !stands(m)).map(|m| m.0).collect();
    if !stale.is_empty() {
        let mut named = Vec::new();
        for id in stale.iter().take(NAMED) {
            named.push(match store::history(desk.tx, ledger, &desk.scope, *id)?.last() {
                Some(row) => {
                    let what = if row.voided_at.is_some() { "作废" } else { "更正" };
                    format!("“{}”（编号{}）已被{what}", record_form::title(desk, app, table, row)?, code(row))
                }
                None => format!("第{id}号记录您现在看不到"),
            });
        }
        let more = if stale.len() > NAMED { format!("，等{}条", stale.len()) } else { String::new() };
        let told = format!("没有作废：您打开以后，{}{more}。请刷新列表后重新勾选。", named.join("，"));
        return Err(PageError::RefusedTyped(told, left.typed()).into());
    }
    for row in &rows {
        if !may_change(desk, ledger, row)? {
            return Err(OutOfScope.into());
        }
    }
    Ok(rows)
}

/// What would become of the verdicts that the reader sees, judged on the reader's snapshot as if the rows were gone.
fn effects(desk: &mut Desk<'_, '_>, table: usize, rows: &[Stored]) -> anyhow::Result<Effects> {
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let gone: Vec<(i64, Vec<Value>)> = rows.iter().map(|r| (r.record_id, r.values.clone())).collect();
    let shifts = consequence::of_void(desk.tx, &current, desk.now.day, table, &gone)?;
    let shifts = consequence::seen(desk.tx, &current.engine, &scope, shifts)?;
    let weighed = Weighed::of(&current.engine, String::new(), &shifts, &|_| None);
    import_effects::shown(desk, "作废的影响", &weighed, false)
}

/// Which standing records refer to them: within the reader's scope by ledger, outside it a plain count. Whether they hold them.
fn referring(desk: &mut Desk<'_, '_>, table: usize, rows: &[Stored]) -> anyhow::Result<(Words, bool)> {
    let (current, scope) = (desk.current.clone(), desk.scope.clone());
    let gone = rows.iter().map(|r| r.record_id).collect();
    let found = facts::referring(desk.tx, &current.engine.layout, (table, &gone), &scope)?;
    let what = if rows.len() == 1 { "它" } else { "它们" };
    if found.is_empty() {
        return Ok((Words::new(), false));
    }
    if !facts::held_by_references(table) {
        let told = format!("还有记录指向{what}（{found}）：作废后那些记录将没有所指，请先更正或作废它们。");
        return Ok((told.into(), false));
    }
    let mut words = Words::from(format!("现在不能作废：还有记录指向{what}（"));
    for (n, (title, count)) in found.within.iter().enumerate() {
        let (text, before) = (format!("{title}{count}条"), if n > 0 { "、" } else { "" });
        words = words.text(before);
        words = match list_of(&current, table, rows, title) {
            Some(href) => words.link(text, href),
            None => words.text(text),
        };
    }
    let outside = match (found.within.is_empty(), found.outside) {
        (_, 0) => String::new(),
        (true, n) => format!("您范围以外的{n}条"),
        (false, n) => format!("，另有您范围以外的{n}条"),
    };
    Ok((words.text(format!("{outside}）。请先更正或作废那些记录。")), true))
}

/// Where the records of a ledger that refer to the one record are listed, and no others; else the record's page, which lists
/// them one way after the other.
fn list_of(current: &Current, table: usize, rows: &[Stored], title: &str) -> Option<String> {
    let ([row], layout) = (rows, &current.engine.layout) else { return None };
    let own = layout.ledgers.iter().position(|l| l.title == title)?;
    let list = Url::new(record_links::list_path(&layout.ledgers[own]));
    Some(match facts::ways(layout, own, table) {
        (columns, false) if columns.len() == 1 => list.with(&key(&layout.ledgers[own].fields[columns[0]]), code(row)),
        // The list of a unit has its 科室 too.
        (columns, true) if columns.is_empty() && current.organisation.owned(row.record_id).len() == 1 => {
            list.with("unit", code(row))
        }
        _ => return Some(record_links::record_href(&layout.ledgers[table], &row.record_id.to_string())),
    })
    .map(|url| url.href())
}

fn page(desk: &mut Desk<'_, '_>, app: &App, name: &str, rows: &[Stored], left: &Left) -> anyhow::Result<Void> {
    let current = desk.current.clone();
    let table = ledger_of(&current, name, |p| desk.may(p))?;
    let ledger = &current.engine.layout.ledgers[table];
    let list = record_links::list_path(ledger);
    let (mut records, mut uses, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (n, row) in rows.iter().enumerate() {
        let href = record_links::record_href(ledger, &row.record_id.to_string());
        let day = ledger.opening().and_then(|f| row.value(ledger, f).as_text()).and_then(crate::day::Day::parse);
        let day = day.map_or_else(String::new, |d| format!("　{}", d.chinese()));
        records.push(Link::new(format!("{}{day}", record_form::title(desk, app, table, row)?), href));
        if n < LOOKED {
            for used in record_uses::of(desk, table, row)?.0.into_iter().filter(|u| !u.refused) {
                if !seen.contains(&used.verdict.href) {
                    seen.push(used.verdict.href.clone());
                    uses.push(used);
                }
            }
        }
    }
    let effects = effects(desk, table, rows)?;
    let (referring, held) = referring(desk, table, rows)?;
    if held && left.refused {
        return Err(PageError::RefusedTyped(left.error.clone(), left.typed()).into());
    }
    let once = if left.once.is_empty() { token::token()? } else { left.once.clone() };
    let single = if let [row] = rows { Some(row) } else { None };
    let action = match single {
        Some(row) => format!("{}/void", record_links::record_href(ledger, &row.record_id.to_string())),
        None => format!("/ledgers/{}/void", ledger.name),
    };
    let mut hidden: Vec<(String, String)> =
        rows.iter().map(|r| ("record".to_owned(), format!("{}:{}", r.record_id, r.revision))).collect();
    hidden.push(("once".into(), once));
    let hint = format!("作废不删除：记录保留、可以查看，不计入判定。原因记在变更记录里，最多{LONGEST}字。");
    let reason = Field { error: left.error.clone(), ..Field::text("reason", "作废原因", &left.reason) };
    let back = single.map_or(list.clone(), |row| record_links::record_href(ledger, &row.record_id.to_string()));
    let form = Form {
        id: "void".into(),
        action,
        token: desk.form_token()?,
        hidden,
        fields: vec![reason.hint(&hint).required()],
        button: if rows.len() == 1 { "作废".into() } else { format!("作废这{}条", rows.len()) },
        primary: true,
        cancel: Some(Link::new("取消", back)),
    };
    Ok(Void {
        errors: Errors::of(&form),
        ledger: Link::new(ledger.title.clone(), list.clone()),
        title: if rows.len() == 1 {
            format!("作废{}", ledger.title)
        } else {
            format!("作废{}条{}", rows.len(), ledger.title)
        },
        records,
        referring,
        held,
        effects,
        uses,
        looked: if rows.len() > LOOKED {
            format!("只列出前{LOOKED}条记录计入的判定；上面的影响按全部{}条测算。", rows.len())
        } else {
            String::new()
        },
        form,
        page: desk.page(&list)?,
    })
}
