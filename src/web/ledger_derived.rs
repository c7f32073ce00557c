//! The list of a ledger whose rows the program computes: 连续两年靠后.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    asked,
    columns::head,
    frame::Desk,
    ledger::{Listing, counted, serves},
    record_links,
    view::{
        ledger::{self as view, Cell, Head, Row},
        table::{Facets, FilterForm, Pager},
        url,
    },
};
use crate::{
    day::Day,
    directive::model::FieldType,
    installation::Current,
    names::Names,
    scope::Scope,
    verdict::{
        kind::Kind,
        load::{self, Ask},
        needs::{Need, Needs},
        words::window_name,
        world::{EMPTY, Table, Texts},
    },
};

/// The rows as of today, or why there are none.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn page(desk: &mut Desk<'_, '_>, of: &Listing) -> anyhow::Result<view::Ledger> {
    asked::keys(desk, &[]);
    let ledger = of.ledger();
    let (table, texts, results) = table(desk, of.table)?;
    let kinds = &of.layout().kinds[of.table];
    let mut wanted: BTreeMap<usize, BTreeSet<i64>> = [(of.table, table.ids.iter().copied().collect())].into();
    for (i, kind) in kinds.iter().enumerate() {
        if let Kind::Ref(to) = kind {
            wanted.entry(*to).or_default().extend((0..table.len()).map(|r| table.cell(r, i)).filter(|c| *c != EMPTY));
        }
    }
    let names = Names::load(desk.tx, of.layout(), &wanted)?;
    let cell = |row: usize, i: usize| match (table.cell(row, i), &kinds[i]) {
        (EMPTY, _) => Cell::Empty,
        (id, Kind::Ref(to)) => Cell::Link(record_links::to(of.layout(), &names, *to, id)),
        (day, Kind::Date) => Cell::Short(Day(day as i32).chinese()),
        (cell, Kind::Period) => Cell::Short(window_name(texts.text(cell))),
        (cell, kind) => Cell::Short(kind.show(cell, &texts)),
    };
    let fields: Vec<usize> = (0..ledger.fields.len()).filter(|i| ledger.fields[*i].ty != FieldType::Derived).collect();
    let line = |row: usize| Row {
        corrected: false,
        mark: String::new(),
        doubted: false,
        title: record_links::to(of.layout(), &names, of.table, table.ids[row]),
        cells: fields.iter().map(|i| cell(row, *i)).collect(),
        voided: None,
    };
    let titled = |title: String| Head { title, ..Head::default() };
    let url = url::Query::new(record_links::list_path(ledger));
    Ok(view::Ledger {
        write: None,
        keep: None,
        endless: None,
        whole: None,
        page: desk.page(&url.path)?,
        title: ledger.title.clone(),
        counted: counted(of),
        note: ledger.note.clone(),
        serves: serves(&of.current.engine.package, &ledger.name),
        filters: "由程序推出，不用填，也不能改。".into(),
        chips: Vec::new(),
        facets: Facets::default(),
        filter: FilterForm { query: url.clone(), controls: Vec::new() },
        columns: Vec::new(),
        presets: Vec::new(),
        heads: [titled("单位和年度".into())]
            .into_iter()
            .chain(fields.iter().map(|i| titled(head(&ledger.fields[*i]))))
            .collect(),
        rows: (0..table.len()).map(line).collect(),
        exports: Vec::new(),
        pager: Pager {
            query: url,
            title: ledger.title.clone(),
            total: table.len() as u64,
            size: table.len().max(1) as u64,
            page: 1,
        },
        none: none(&of.current, results).into(),
    })
}

/// The computed rows with their texts, and how many yearly results they were computed from.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn table(desk: &mut Desk<'_, '_>, table: usize) -> anyhow::Result<(Table, Texts, usize)> {
    let current = desk.current.clone();
    let engine = &current.engine;
    let mut needs = Needs::organisation(&engine.layout);
    needs.tables.insert(table, Need::default());
    let results = engine.layout.index("assessment");
    if let Some(results) = results {
        let ledger = &engine.layout.ledgers[results];
        let columns = ["year", "score"].iter().filter_map(|f| ledger.field_index(f)).collect();
        let need = Need { columns, lookup: true, unit: true, recorded: true, whole: true, ..Need::default() };
        needs.tables.insert(results, need);
    }
    let mut union = engine.union.clone();
    union.merge(&needs);
    let ask = Ask {
        needs: &needs,
        union: &union,
        known_at: None,
        as_of: desk.now.day,
        given: &engine.given,
        slice: BTreeMap::new(),
    };
    let mut shared = current.organisation.clone();
    let world = load::world(desk.tx, &engine.layout, &engine.workdays, &ask, &mut shared)?;
    let read = results.map_or(0, |t| world.tables[t].len());
    let mut found = world.tables[table].as_ref().clone();
    if desk.scope != Scope::All {
        let unit = engine.layout.ledgers[table].field_index("unit");
        let seen = |row: &usize| unit.is_some_and(|u| desk.scope.has_unit(found.cell(*row, u)));
        let rows: Vec<usize> = (0..found.len()).filter(seen).collect();
        found = found.only(&rows);
    }
    Ok((found, world.texts, read))
}

fn none(current: &Current, results: usize) -> String {
    let k = current.engine.given.whole("low_rank_k").unwrap_or(3);
    if results == 0 {
        return "还没有年度考核结果，推不出来。请先登记各区县的年度考核结果。".into();
    }
    format!("没有连续两年位列后{k}位的单位。某一年要等所有存续满年的区县都有最终结果才推算；与第{k}位同分的也算在内。")
}
