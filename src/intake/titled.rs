//! Records that others refer to, by the title that pages show: a pair is `林峰—许宁` there, and who fills a sheet writes
//! that. What cells name so is looked up once a check; templates tell what may be written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::find::{Finder, Titled};
use crate::{
    db::Tx,
    directive::model::{Field, FieldType, Ledger},
    ledger::{
        query::{self, Filter, Query},
        row::Stored,
    },
    names::{self, Names},
    scope::Scope,
    sheet::{
        RawCell, Table,
        header::{self, Answers, Target},
        norm,
        template::Referred,
    },
    verdict::{
        kind::Kind,
        world::{Layout, PERSON},
    },
};

/// Records of a ledger that a template lists; of more it lists none.
const LISTED: i64 = 1_000;

/// Fields of a ledger that refer to records of others, each with the other's position. What is computed has no titles.
fn references<'l>(layout: &'l Layout, ledger: &'l Ledger) -> impl Iterator<Item = (usize, usize)> + 'l {
    let to = |ty: &FieldType| match ty {
        FieldType::Ref(to) => layout.index(to).filter(|table| !layout.ledgers[*table].derived),
        _ => None,
    };
    ledger.fields.iter().enumerate().filter_map(move |(i, field)| Some((i, to(&field.ty)?)))
}

/// Looks up the records that cells of a table name by their titles, of those that a scope reaches: a ledger is read where
/// a cell names no record of it by code, number or very name, and then once.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn recall(
    tx: &mut Tx<'_>,
    layout: &Layout,
    finder: &mut Finder,
    (ledger, table): (&Ledger, &Table),
    (answers, scope): (&Answers, &Scope),
) -> anyhow::Result<()> {
    if references(layout, ledger).next().is_none() {
        return Ok(());
    }
    // Without a row of heads the check itself says so.
    let Ok(header) = header::detect_as(table, ledger, answers) else { return Ok(()) };
    let mut asked: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let mut several_of: BTreeMap<usize, BTreeSet<i64>> = BTreeMap::new();
    for (field, to) in references(layout, ledger) {
        let Some(column) = header.column(Target::Field(field)) else { continue };
        for row in table.rows.iter().filter(|r| r.number > header.row) {
            let text = row.cells.get(column).map_or_else(String::new, RawCell::text);
            match finder.named(&layout.ledgers[to].name, text.trim()) {
                _ if text.trim().is_empty() => {}
                [] => {
                    asked.entry(to).or_default().insert(norm::title_key(&text));
                }
                [_] => {}
                several => several_of.entry(to).or_default().extend(several),
            }
        }
    }
    for (to, keys) in asked {
        let mut titled = Titled::new();
        for (id, code, title) in all(tx, layout, to, scope)? {
            let key = norm::title_key(&title);
            if keys.contains(&key) {
                titled.entry(key).or_default().push((id, code));
            }
        }
        finder.called(&layout.ledgers[to].name, titled);
    }
    for (to, ids) in several_of {
        describe(tx, (layout, to), finder, ids, scope)?;
    }
    Ok(())
}

/// Says of records that one text names what each is called, so that they can be told apart: by code and title those that a
/// scope reaches.
fn describe(
    tx: &mut Tx<'_>,
    (layout, to): (&Layout, usize),
    finder: &mut Finder,
    ids: BTreeSet<i64>,
    scope: &Scope,
) -> anyhow::Result<()> {
    let ledger = &layout.ledgers[to];
    let query = Query { filters: vec![Filter::Records(ids.clone())], ..Query::default() };
    let seen: BTreeSet<i64> = query::records(tx, ledger, scope, &query)?.into_iter().collect();
    let names = Names::load(tx, layout, &BTreeMap::from([(to, seen.clone())]))?;
    for id in ids {
        let (code, title) = (names.code(to, id), names.title(to, id));
        let told = match seen.contains(&id) {
            false => "您看不到的一条".to_owned(),
            true if code == id.to_string() => format!("没有编号、顺序号{id}的“{title}”"),
            true => format!("编号{code}的“{title}”"),
        };
        finder.describe_record(&ledger.name, id, told);
    }
    Ok(())
}

/// Id, code and title of all current records of a ledger that a scope reaches.
fn all(tx: &mut Tx<'_>, layout: &Layout, to: usize, scope: &Scope) -> anyhow::Result<Vec<(i64, String, String)>> {
    let ledger = &layout.ledgers[to];
    if let (Some(title), _) = names::title_fields(ledger) {
        let own =
            |(id, code, title): (i64, String, String)| (id, if code.is_empty() { id.to_string() } else { code }, title);
        return Ok(query::titles(tx, ledger, scope, &title)?.into_iter().map(own).collect());
    }
    let ids: BTreeSet<i64> = query::records(tx, ledger, scope, &Query::default())?.into_iter().collect();
    let names = Names::load(tx, layout, &BTreeMap::from([(to, ids.clone())]))?;
    Ok(ids.into_iter().map(|id| (id, names.code(to, id), names.title(to, id).to_owned())).collect())
}

/// What a template says of the fields that refer to other records: how these are called, and none of them by name.
pub fn referred(layout: &Layout, ledger: &Ledger) -> Vec<Referred> {
    let of = |(field, to): (usize, usize)| Referred {
        field,
        ledger: layout.ledgers[to].title.clone(),
        like: like(layout, to),
        ..Referred::default()
    };
    references(layout, ledger).map(of).collect()
}

/// The date that tells apart records of one title: that of an event, the first of an item, or any that a register has.
fn dated(ledger: &Ledger) -> Option<&Field> {
    let first = || ledger.fields.iter().find(|f| f.ty == FieldType::Date && !f.sensitive);
    ledger.opening().and_then(|name| ledger.field(name)).or_else(first)
}

/// How a record of a ledger is called, plainly invented: `王某某—李某某`.
fn like(layout: &Layout, table: usize) -> String {
    let ledger = &layout.ledgers[table];
    let title = |name: &String| ledger.field(name).map_or("", |f| &f.title);
    let (text, parts) = names::title_fields(ledger);
    if let Some(text) = text {
        return format!("（{}）", title(&text));
    }
    let mut persons = ["王某某", "李某某"].into_iter();
    let part = |name: &String| match ledger.field(name).map(|f| &f.ty) {
        Some(FieldType::Person) => persons.next().unwrap_or_default().to_owned(),
        _ => format!("（{}）", title(name)),
    };
    parts.iter().map(part).collect::<Vec<_>>().join("—")
}

/// The same with the records that a scope reaches, where they are not too many to be listed; and the persons whom they name.
///
/// # Errors
/// When the store cannot be read.
pub fn referred_in(
    tx: &mut Tx<'_>,
    layout: &Layout,
    ledger: &Ledger,
    scope: &Scope,
) -> anyhow::Result<(Vec<Referred>, BTreeSet<i64>)> {
    let mut found = referred(layout, ledger);
    let mut persons = BTreeSet::new();
    for (one, (_, to)) in found.iter_mut().zip(references(layout, ledger)) {
        let other = &layout.ledgers[to];
        one.total = usize::try_from(query::count(tx, other, scope, &Query::default(), None)?)?;
        if one.total as i64 > LISTED {
            continue;
        }
        let of_persons = layout.kinds[to].iter().enumerate().filter(|(_, kind)| **kind == Kind::Ref(PERSON));
        let of_persons: Vec<usize> = of_persons.map(|(i, _)| i).collect();
        let dated = dated(other);
        let mut dates: HashMap<i64, String> = HashMap::new();
        query::each(tx, other, scope, &Query::default(), |row: Stored| {
            persons.extend(of_persons.iter().filter_map(|i| row.values[*i].as_i64()));
            let day = dated.and_then(|f| row.value(other, &f.name).as_text());
            dates.extend(day.map(|day| (row.record_id, day.to_owned())));
            Ok(())
        })?;
        one.dated = dated.map_or_else(String::new, |f| f.title.clone());
        let named = |(id, code, title): (i64, String, String)| [code, title, dates.remove(&id).unwrap_or_default()];
        one.rows = all(tx, layout, to, scope)?.into_iter().map(named).collect();
        one.rows.sort_by(|[a, b, c], [x, y, z]| (b, c, a).cmp(&(y, z, x)));
    }
    Ok((found, persons))
}
