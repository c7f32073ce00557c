//! What was recorded last, beside the form of a new record: so that nobody records a thing twice.

use std::collections::HashMap;

use super::{
    app::App,
    columns_value::{Shown, code, wanted},
    frame::Desk,
    record_links,
    view::{record_form::Recent, words::Link},
};
use crate::{
    day::Day,
    db::Value,
    directive::model::LedgerKind,
    form::{At, Control, Plan, Typed},
    ledger::{
        Stored,
        query::{self, Filter, Query},
    },
    names::Names,
};

/// Records that are listed.
const SHOWN: i64 = 6;

/// The latest records of a ledger that the writer may see; of the record, person or unit that is picked first in the form,
/// where one is. `None` where there are none.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn of(
    desk: &mut Desk<'_, '_>,
    app: &App,
    table: usize,
    plan: &Plan,
    typed: &Typed,
) -> anyhow::Result<Option<Recent>> {
    let current = desk.current.clone();
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[table];
    // A register holds what stands for years: what came last says nothing there.
    if ledger.kind == LedgerKind::Register {
        return Ok(None);
    }
    let picked = plan.inputs().find_map(|input| match (&input.control, input.at) {
        (Control::Pick(_), At::Field(i)) => Some((i, &input.title, typed.picked(&input.key)?)),
        _ => None,
    });
    let of_picked = picked
        .as_ref()
        .map(|(i, _, id)| Filter::Is { field: ledger.fields[*i].name.clone(), any_of: vec![Value::I64(*id)] });
    let query = Query { filters: of_picked.into_iter().collect(), ..Query::default() };
    let rows = query::list(desk.tx, ledger, &desk.scope, &query, (SHOWN, 0))?;
    if rows.is_empty() {
        return Ok(None);
    }
    let names = Names::load(desk.tx, layout, &wanted(layout, table, &rows, None))?;
    let derived = HashMap::new();
    let keys = &app.installation.keys;
    let shown = Shown { layout, table, names: &names, units: None, keys, derived: &derived };
    let line = |row: &Stored| {
        let day = ledger.opening().and_then(|name| row.value(ledger, name).as_text()).and_then(Day::parse);
        let day = day.map_or_else(String::new, |d| format!("{}　", d.chinese()));
        let link = Link::new(shown.title(row), record_links::record_href(ledger, &code(row)));
        (link, format!("{day}{}登记", row.recorded_by))
    };
    let title = match &picked {
        Some((_, title, _)) => format!("这一{title}最近的记录"),
        None => "最近的记录".to_owned(),
    };
    let all = Link::new("查看台账", record_links::list_path(ledger));
    Ok(Some(Recent { title, rows: rows.iter().map(line).collect(), all }))
}
