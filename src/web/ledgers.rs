//! 全部台账 `/ledgers`.

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
    ledger_derived, record_links, start,
    view::{
        ledgers::{LedgerGroup, LedgerLine, Ledgers},
        spelling::requirement_code,
        url::segment,
        words::Link,
    },
};
use crate::{
    clock,
    directive::{
        ledger_uses,
        model::{Ledger, LedgerKind, Package},
    },
    ledger::{Memo, query::Query},
    org::builtin,
};

/// `GET /ledgers`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own.memo)).await
}

/// Fills the page: the package's ledgers in their groups, then those that every installation has.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, memo: &Memo) -> anyhow::Result<Ledgers> {
    asked::keys(desk, &[]);
    let current = desk.current.clone();
    let engine = &current.engine;
    let uses = ledger_uses(&engine.package);
    let mut groups: Vec<LedgerGroup> = Vec::new();
    let own = builtin::COUNT..engine.layout.ledgers.len();
    for table in own.chain(0..builtin::COUNT) {
        let ledger = &engine.layout.ledgers[table];
        let line = line(desk, memo, table, ledger, serves(&engine.package, uses.get(&ledger.name)))?;
        let title = if ledger.group.is_empty() { "其他台账" } else { &ledger.group };
        match groups.iter_mut().find(|g| g.title == *title) {
            Some(group) => group.rows.push(line),
            None => groups.push(LedgerGroup { title: title.to_owned(), rows: vec![line] }),
        }
    }
    let empty = groups.iter().flat_map(|g| &g.rows).all(|line| line.rows == 0);
    let start = if empty { start::ways(desk) } else { Vec::new() };
    Ok(Ledgers { start, page: desk.page("/ledgers")?, groups })
}

fn line(
    desk: &mut Desk<'_, '_>,
    memo: &Memo,
    table: usize,
    ledger: &Ledger,
    serves: Vec<Link>,
) -> anyhow::Result<LedgerLine> {
    let (rows, latest) = if ledger.derived {
        let (computed, _, _) = ledger_derived::table(desk, table)?;
        (computed.len() as u64, computed.opens.iter().max().map(|d| d.chinese()))
    } else {
        let (rows, latest) = memo.extent(desk.tx, ledger, &desk.scope, &Query::default())?;
        (u64::try_from(rows).unwrap_or(0), latest.map(|at| clock::day_of(at).chinese()))
    };
    Ok(LedgerLine {
        ledger: Link::new(ledger.title.clone(), record_links::list_path(ledger)),
        kind: kind(ledger).into(),
        rows,
        latest: latest.unwrap_or_default(),
        serves,
    })
}

fn kind(ledger: &Ledger) -> &'static str {
    match ledger.kind {
        _ if ledger.derived => "系统推出",
        LedgerKind::Event { .. } => "一次一条",
        LedgerKind::Item { .. } => "有起止",
        LedgerKind::Register => "一人一条",
    }
}

/// Codes of the requirements that read a ledger.
fn serves(package: &Package, ids: Option<&Vec<String>>) -> Vec<Link> {
    let requirements = ids.into_iter().flatten().filter_map(|id| package.requirement(id));
    requirements
        .map(|r| Link::new(requirement_code(&r.pillar, &r.id), format!("/requirements/{}", segment(&r.id))))
        .collect()
}
