//! The list of a ledger `/ledgers/{name}`, and of persons `/people`.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use askama::Template as _;
use axum::{
    extract::{Path, State},
    response::{Html, IntoResponse as _, Redirect, Response},
};

use super::{
    app::App,
    asked,
    columns::{Column, Columns, head},
    columns_value::{self, Shown, title_fields},
    error::PageError,
    frame::{Ask, Desk, answer},
    ledger_columns,
    ledger_conditions::Conditions,
    ledger_derived, ledger_export, ledger_facets, ledger_order,
    org_units::Units,
    people::{People, ordered_here},
    record_derived, record_links,
    record_new::may_add,
    view::{
        form::Form,
        ledger::{self as view, Cell, Head},
        spelling::requirement_code,
        table::{Chip, Facets, FilterForm, Pager},
        url::{self, segment},
        words::{Link, Words},
    },
};
use crate::{
    auth::Permission,
    clock,
    day::Day,
    directive::{
        ledger_uses,
        model::{self, LedgerKind, Package},
    },
    doubt, form,
    installation::Current,
    ledger::{
        query::{self, Filter, Order, Query, Voided},
        row::Stored,
        store,
    },
    names::Names,
    verdict::world::{Layout, PERSON},
};

/// Rows are counted with the page up to here; of more only when it is asked for.
const COUNTED_AT_ONCE: i64 = 100_000;
/// In the address: all rows are to be counted.
const COUNTED: &str = "counted";
/// Pages of rows that are not counted.
const FURTHEST: u64 = 50_000;
/// Requirements over a list with their titles; where there are more, their codes must do.
const TITLED: usize = 3;

/// What is listed.
pub(super) struct Listing {
    /// The package in force and the organisation.
    pub(super) current: Arc<Current>,
    /// Position of the ledger.
    pub(super) table: usize,
    /// Where persons are, in the list of persons.
    pub(super) people: Option<Arc<People>>,
    /// Opens sensitive fields, to be masked, and keeps counts.
    pub(super) app: App,
}

impl Listing {
    /// The list of a ledger by its name; of persons as of the day that is asked for.
    ///
    /// # Errors
    /// [`PageError::NotFound`] when there is no such ledger.
    pub(super) fn of(desk: &Desk<'_, '_>, app: App, name: &str) -> anyhow::Result<Listing> {
        let current = Arc::clone(&desk.current);
        let table = current.engine.layout.index(name).ok_or(PageError::NotFound)?;
        let day = desk.ask.get("day").and_then(Day::parse).unwrap_or(desk.now.day);
        let people = (table == PERSON).then(|| app.people.on(&current, day));
        Ok(Listing { current, table, people, app })
    }

    /// Definitions of all ledgers.
    pub(super) fn layout(&self) -> &Layout {
        &self.current.engine.layout
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> &model::Ledger {
        &self.layout().ledgers[self.table]
    }

    /// The units, if there are any yet.
    pub(super) fn units(&self) -> Option<Units<'_>> {
        Units::of(&self.current)
    }

    /// Persons who are 年轻干部 on the day, or are not.
    pub(super) fn young(&self, value: &str) -> Option<Filter> {
        let after = self.people.as_ref()?.young_after()?;
        let between = |from: Option<Day>, to: Option<Day>| Filter::Between {
            field: "born".into(),
            from: from.into(),
            to: to.into(),
        };
        match value {
            "是" => Some(between(Some(after.plus(1)), None)),
            "否" => Some(between(None, Some(after))),
            _ => None,
        }
    }
}

/// `GET /people`.
pub(super) async fn people(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| render(desk, own, "person")).await
}

/// `GET /ledgers/{name}`.
pub(super) async fn page(State(app): State<App>, Path(name): Path<String>, ask: Ask) -> Response {
    let own = app.clone();
    answer(app, ask, move |desk| render(desk, own, &name)).await
}

/// The list of the ledger of that name; the list of persons has an address of its own.
///
/// # Errors
/// [`PageError::NotFound`] when there is no such ledger; else when the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, app: App, name: &str) -> anyhow::Result<Response> {
    let of = Listing::of(desk, app, name)?;
    if of.ledger().derived {
        return Ok(Html(ledger_derived::page(desk, &of)?.render()?).into_response());
    }
    let path = record_links::list_path(of.ledger());
    ledger_columns::own(desk, of.ledger())?;
    if desk.ask.url.path != path && of.people.is_some() {
        return Ok(Redirect::to(&url::Query { path, ..desk.ask.url.clone() }.href()).into_response());
    }
    let conditions = Conditions::read(desk, &of, ledger_order::read(of.ledger(), &desk.ask))?;
    unknown(desk, &of, &conditions);
    let query = conditions.query();
    let exact = desk.ask.get(COUNTED).is_some() || of.people.is_some();
    let total = match (conditions.failed(), exact) {
        (true, _) => Some(0),
        (false, true) => Some(of.app.memo.count(desk.tx, of.ledger(), &desk.scope, &query)?),
        (false, false) => of.app.memo.count_to(desk.tx, of.ledger(), &desk.scope, &query, COUNTED_AT_ONCE)?,
    };
    let size = asked::size(desk);
    let endless = total.is_none().then(|| endless(desk, size));
    let pager = pager(desk, &of, total.map(|n| u64::try_from(n).unwrap_or(0)), size);
    Ok(Html(list(desk, &of, &conditions, pager, endless)?.render()?).into_response())
}

/// Says what of the address this list does not have.
fn unknown(desk: &mut Desk<'_, '_>, of: &Listing, conditions: &Conditions) {
    let ledger = of.ledger();
    let mut known = conditions.known(of);
    known.extend(["page", "size", "sort", "col", "cols", "voided", "done", COUNTED].map(str::to_owned));
    asked::keys(desk, &known.iter().map(String::as_str).collect::<Vec<_>>());
    if conditions.order == Order::Default {
        asked::values(desk, "sort", "可排列的栏目中", &|_| false);
    }
    let columns = Columns::of(of.layout(), of.table, &desk.ask);
    asked::values(desk, "col", "栏目中", &|v| columns.all.iter().any(|c| c.key(ledger) == v));
    asked::values(desk, "cols", "栏目组中", &|v| {
        v == "all" || ledger.fields.iter().any(|f| f.group.as_deref() == Some(v))
    });
}

/// The pages, with the one that is asked for or else the nearest.
fn pager(desk: &mut Desk<'_, '_>, of: &Listing, total: Option<u64>, size: u64) -> Pager {
    let query = asked::without_page(&desk.ask);
    let pager = Pager { query, title: of.ledger().title.clone(), total: total.unwrap_or(0), size, page: 1 };
    let page = if total.is_some() { asked::page(desk, pager.pages()) } else { 1 };
    Pager { page, ..pager }
}

/// The page that is asked for of a list whose rows are not counted yet.
fn endless(desk: &Desk<'_, '_>, size: u64) -> view::Endless {
    let query = asked::without_page(&desk.ask);
    let last = desk.ask.get("page") == Some(view::LAST);
    let page = desk.ask.get("page").and_then(|p| p.parse().ok()).unwrap_or(1).clamp(1, FURTHEST);
    view::Endless { count: query.with(COUNTED, "1").href(), query, size, page, last, beyond: COUNTED_AT_ONCE }
}

fn list(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    pager: Pager,
    endless: Option<view::Endless>,
) -> anyhow::Result<view::Ledger> {
    let ledger = of.ledger();
    let url = pager.query.clone();
    let columns = Columns::of(of.layout(), of.table, &desk.ask);
    let stored = match &endless {
        _ if conditions.failed() => Vec::new(),
        Some(endless) => uncounted(desk, of, conditions, endless)?,
        None => rows(desk, of, conditions, &pager)?,
    };
    let counted_now = !conditions.failed() && endless.is_none();
    let facets = if counted_now { ledger_facets::facets(desk, of, conditions, &url)? } else { Vec::new() };
    let rows = shown(desk, of, &columns, &stored)?;
    let (voided, mut chips) = (voided(desk, of, conditions)?, conditions.chips(&url));
    if conditions.voided {
        chips.push(Chip { label: "含已作废、更正前 ×".into(), href: url.without("voided").href() });
    } else if voided > 0 {
        chips.push(Chip {
            label: format!("显示已作废、更正前的{voided}条"), href: url.with("voided", "1").href()
        });
    }
    let may_export = desk.may(if of.people.is_some() { Permission::ExportPeople } else { Permission::ExportLedgers });
    Ok(view::Ledger {
        page: desk.page(&record_links::list_path(ledger))?,
        title: ledger.title.clone(),
        counted: counted(of),
        note: note(desk, of),
        serves: serves(&of.current.engine.package, &ledger.name),
        filters: sentence(of, conditions),
        chips,
        facets: Facets(facets),
        filter: FilterForm { query: url.clone(), controls: conditions.controls.clone() },
        presets: columns.presets(ledger, &url),
        heads: heads(of, &columns, conditions, &url),
        none: none(desk, of, conditions),
        write: write(desk, of)?,
        exports: if may_export { ledger_export::links(of, &columns, &url) } else { Vec::new() },
        whole: if may_export { ledger_export::whole_form(desk, of, &url)? } else { None },
        columns: columns.choices(ledger),
        keep: keep(desk, of, &columns)?,
        endless,
        rows,
        pager,
    })
}

/// What who may write here can do.
fn write(desk: &mut Desk<'_, '_>, of: &Listing) -> anyhow::Result<Option<view::Write>> {
    let ledger = of.ledger();
    if !may_add(desk, ledger) {
        return Ok(None);
    }
    let told = match desk.ask.get("done").map(str::to_owned).filter(|once| !once.contains('\0')) {
        Some(once) => form::told(desk.tx, &once, desk.reader()?.account)?,
        None => None,
    };
    let done = told.map_or_else(String::new, |(_, told)| match told.all {
        0 => "已作废。没有判定因此变化。".into(),
        n => format!("已作废，{n}项判定由此变化。"),
    });
    let path = format!("/ledgers/{}", ledger.name);
    Ok(Some(view::Write { new: format!("{path}/new"), void: format!("{path}/void"), token: desk.form_token()?, done }))
}

/// The page's rows.
fn rows(desk: &mut Desk<'_, '_>, of: &Listing, conditions: &Conditions, pager: &Pager) -> anyhow::Result<Vec<Stored>> {
    let query = conditions.query();
    let (limit, offset) = (pager.size, (pager.page - 1) * pager.size);
    match &of.people {
        Some(people) if ordered_here(&query) => {
            let ids = people.under(desk, &query)?;
            let page = people.page(desk, &ids, (limit as usize, offset as usize))?;
            let only = Query { filters: vec![Filter::Records(page.iter().copied().collect())], ..Query::default() };
            let mut rows = query::list(desk.tx, of.ledger(), &desk.scope, &only, (limit as i64, 0))?;
            rows.sort_by_key(|row| page.iter().position(|id| *id == row.record_id));
            Ok(rows)
        }
        _ => {
            let (limit, offset, total) = (limit as i64, offset as i64, pager.total as i64);
            // From whichever end is nearer.
            if offset <= total / 2 {
                return query::list(desk.tx, of.ledger(), &desk.scope, &query, (limit, offset));
            }
            let limit = limit.min(total - offset);
            query::list_from_end(desk.tx, of.ledger(), &desk.scope, &query, (limit, total - offset - limit))
        }
    }
}

/// The rows of a page while nobody has counted all.
fn uncounted(
    desk: &mut Desk<'_, '_>,
    of: &Listing,
    conditions: &Conditions,
    endless: &view::Endless,
) -> anyhow::Result<Vec<Stored>> {
    let (query, size) = (conditions.query(), endless.size as i64);
    if endless.last {
        return query::list_from_end(desk.tx, of.ledger(), &desk.scope, &query, (size, 0));
    }
    query::list(desk.tx, of.ledger(), &desk.scope, &query, (size, (endless.page as i64 - 1) * size))
}

/// To keep the columns shown as the reader's own; `None` where nobody chose any.
fn keep(desk: &Desk<'_, '_>, of: &Listing, columns: &Columns) -> anyhow::Result<Option<Form>> {
    if desk.ask.get("col").is_none() && desk.ask.get("cols").is_none() {
        return Ok(None);
    }
    let ledger = of.ledger();
    Ok(Some(Form {
        id: "keep".into(),
        action: format!("/ledgers/{}/columns", ledger.name),
        token: desk.form_token()?,
        hidden: columns.shown.iter().map(|c| ("col".to_owned(), c.key(ledger).to_owned())).collect(),
        button: "把现在的列设为我的默认".into(),
        ..Form::default()
    }))
}

/// Voided rows under the same conditions.
fn voided(desk: &mut Desk<'_, '_>, of: &Listing, conditions: &Conditions) -> anyhow::Result<i64> {
    if conditions.voided || conditions.failed() {
        return Ok(0);
    }
    let query = Query { voided: Voided::Only, ..conditions.query() };
    query::count(desk.tx, of.ledger(), &desk.scope, &query, None)
}

/// The rows with their cells.
fn shown(desk: &mut Desk<'_, '_>, of: &Listing, columns: &Columns, rows: &[Stored]) -> anyhow::Result<Vec<view::Row>> {
    let units = of.units();
    let mut wanted = columns_value::wanted(of.layout(), of.table, rows, units.as_ref());
    let ids: Vec<i64> = rows.iter().map(|r| r.record_id).collect();
    let mut posts = HashMap::new();
    if let (Some(people), Some(units)) = (&of.people, &units) {
        let here =
            ids.iter().filter_map(|id| people.seen_unit(&desk.scope, *id)).flat_map(|u| units.with_organ(units.id(u)));
        wanted.entry(crate::verdict::world::UNIT).or_default().extend(here);
        posts = people.titles(desk, Some(&ids), units)?;
    }
    let names = Names::load(desk.tx, of.layout(), &wanted)?;
    let derived = if columns.shown.iter().any(|c| record_derived::is_derived(of.layout(), of.table, *c)) {
        record_derived::of(desk, of.table, &ids.iter().copied().collect::<BTreeSet<_>>())?
    } else {
        HashMap::new()
    };
    let shown = Shown {
        layout: of.layout(),
        table: of.table,
        names: &names,
        units: units.as_ref(),
        keys: &of.app.installation.keys,
        derived: &derived,
    };
    let cell = |row: &Stored, column: Column| match column {
        Column::Code => row.code.clone().map_or(Cell::Empty, Cell::Short),
        Column::Unit => match (&of.people, &units) {
            (Some(people), Some(units)) => people
                .seen_unit(&desk.scope, row.record_id)
                .map_or(Cell::Empty, |u| Cell::Link(shown.unit(units.id(u)))),
            _ => row.unit.map_or(Cell::Empty, |id| Cell::Link(shown.unit(id))),
        },
        Column::Post => posts.get(&row.record_id).map_or(Cell::Empty, |t| Cell::Short(t.clone())),
        Column::Field(i) => shown.cell(row, i),
        Column::RecordedBy => Cell::Short(row.recorded_by.clone()),
        Column::RecordedAt => Cell::Short(clock::chinese(row.recorded_at)),
    };
    let doubted = doubt::doubted(desk.tx, &of.ledger().name, &rows.iter().map(|r| r.record_id).collect())?;
    let gone = rows.iter().filter(|r| r.voided_at.is_some()).map(|r| r.record_id).collect();
    let latest = store::latest(desk.tx, of.ledger(), &gone)?;
    let corrected = |row: &Stored| latest.get(&row.record_id).is_some_and(|last| *last > row.revision);
    let line = |row: &Stored| view::Row {
        corrected: row.voided_at.is_some() && corrected(row),
        doubted: doubted.contains(&row.record_id),
        title: Link::new(shown.title(row), record_links::record_href(of.ledger(), &columns_value::code(row))),
        cells: columns.shown.iter().map(|c| cell(row, *c)).collect(),
        voided: row.voided_at.map(|at| void_words(row, at)),
        mark: format!("{}:{}", row.record_id, row.revision),
    };
    Ok(rows.iter().map(line).collect())
}

/// `重复登记，周敏，2025年9月20日`
pub(super) fn void_words(row: &Stored, at: i64) -> String {
    let by = row.voided_by.as_deref().unwrap_or_default();
    let day = clock::day_of(at).chinese();
    let parts = [row.void_reason.as_deref().unwrap_or_default(), by, &day];
    parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join("，")
}

fn heads(of: &Listing, columns: &Columns, conditions: &Conditions, url: &url::Query) -> Vec<Head> {
    let ledger = of.ledger();
    let named = title_fields(of.layout(), of.table);
    let title = match named.as_slice() {
        [one] => ledger_order::field_head(ledger, *one, false, &conditions.order, url),
        [] => Head { title: "编号".into(), ..Head::default() },
        several => {
            let titles: Vec<String> = several.iter().map(|i| head(&ledger.fields[*i])).collect();
            Head { title: titles.join("、"), ..Head::default() }
        }
    };
    let rest = columns.shown.iter().map(|c| ledger_order::column_head(ledger, *c, &conditions.order, url));
    std::iter::once(title).chain(rest).collect()
}

/// What a row is called after its number.
pub(super) fn counted(of: &Listing) -> String {
    match of.ledger().kind {
        LedgerKind::Register => "名干部".into(),
        _ if of.table == crate::verdict::world::UNIT => "个单位".into(),
        _ => format!("条{}", of.ledger().title),
    }
}

fn note(desk: &Desk<'_, '_>, of: &Listing) -> String {
    match &of.people {
        Some(people) if people.day != desk.now.day => format!("单位和职务按{}", people.day.chinese()),
        _ => of.ledger().note.clone(),
    }
}

/// The requirements that read a ledger: `干-21 每月两次指导`.
pub(super) fn serves(package: &Package, ledger: &str) -> Vec<Link> {
    let ids = ledger_uses(package).remove(ledger).unwrap_or_default();
    let few = ids.len() <= TITLED;
    let requirements = ids.iter().filter_map(|id| package.requirement(id));
    requirements
        .map(|r| {
            let code = requirement_code(&r.pillar, &r.id);
            let text = if few { format!("{code} {}", r.title) } else { code };
            Link::new(text, format!("/requirements/{}", segment(&r.id)))
        })
        .collect()
}

fn sentence(of: &Listing, conditions: &Conditions) -> String {
    let mut parts = conditions.words();
    parts.push(ledger_order::words(of.ledger(), &conditions.order));
    parts.push(if conditions.voided { "含已作废" } else { "未含已作废" }.into());
    format!("{}。", parts.join("；"))
}

fn none(desk: &Desk<'_, '_>, of: &Listing, conditions: &Conditions) -> Words {
    let title = &of.ledger().title;
    Words::from(match (conditions.failed(), conditions.parts.is_empty()) {
        (true, _) => "条件无法识别，没有查询。请修改后再查。".into(),
        (false, false) => format!("没有符合条件的{title}。"),
        (false, true) => {
            let words = Words::from(format!("没有{title}。"));
            let name = &of.ledger().name;
            let (add, import) = (may_add(desk, of.ledger()), desk.may(Permission::Import));
            return match (add, import) {
                (false, _) => words,
                (true, false) => words.link("新增", format!("/ledgers/{name}/new")).text("一条即可开始。"),
                (true, true) => words
                    .text("可以")
                    .link("逐条新增", format!("/ledgers/{name}/new"))
                    .text("，或者")
                    .link("批量导入", format!("/imports/new?ledger={name}"))
                    .text("。"),
            };
        }
    })
}
