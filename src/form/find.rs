//! What a picker offers: records that fit what was typed, of those that the writer may see, the running ones first.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::directory::{Directory, Entry, Fit, initials};
use crate::{
    day::Day,
    db::{Tx, Value},
    directive::model::{FieldType, Ledger},
    installation::Current,
    ledger::{
        query::{self, Filter, Query, Voided},
        row::Stored,
    },
    names::{self, Names},
    scope::Scope,
    sheet::norm,
    verdict::world::{PERSON, UNIT},
};

/// Hits that are listed.
pub(crate) const SHOWN: usize = 20;
/// Records of an item's ledger are counted up to here.
const COUNTED: i64 = 1_000;
/// Persons by whom records are looked for.
const NAMED: usize = 500;

/// What pickers look through.
pub struct Around<'a> {
    /// Package and organisation.
    pub current: &'a Current,
    /// Persons and units.
    pub directory: &'a Directory,
    /// What the writer may see.
    pub scope: &'a Scope,
    /// Today: who is in post, what runs.
    pub today: Day,
}

/// A record to be picked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hit {
    /// Record id.
    pub id: i64,
    /// What it is called.
    pub title: String,
    /// What tells it from others: unit, number, since when.
    pub note: String,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The first ones.
    pub hits: Vec<Hit>,
    /// All, counted to a bound.
    pub total: usize,
    /// The first is called so wholly: its code was typed.
    pub exact: bool,
}

impl Hits {
    /// The one that is meant: the only one, or the one whose whole code it is.
    pub fn only(&self) -> Option<&Hit> {
        self.hits.first().filter(|_| self.total == 1 || self.exact)
    }
}

impl Around<'_> {
    /// Records of a ledger (by position) that fit a text; without one, those there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, tx: &mut Tx<'_>, table: usize, text: &str) -> anyhow::Result<Hits> {
        let text = &*norm::plain(text).replace('－', "-");
        match table {
            PERSON => self.persons(tx, text),
            UNIT => Ok(self.units(text)),
            _ => self.records(tx, table, text),
        }
    }

    /// The record of that id, if it stands and the writer may see it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn one(&self, tx: &mut Tx<'_>, table: usize, id: i64) -> anyhow::Result<Option<Hit>> {
        let ledger = &self.current.engine.layout.ledgers[table];
        if ledger.derived || (table == UNIT && !self.scope.has_unit(id)) {
            return Ok(None);
        }
        let query = Query { filters: vec![Filter::Records([id].into())], ..Query::default() };
        let rows = query::list(tx, ledger, self.scope, &query, (1, 0))?;
        Ok(match table {
            _ if rows.is_empty() => None,
            PERSON => Some(self.person(id)),
            UNIT => Some(self.unit(id)),
            _ => self.hits(tx, table, &rows)?.pop(),
        })
    }

    /// The persons that the writer may see; `None`: all.
    fn seen(&self, tx: &mut Tx<'_>) -> anyhow::Result<Option<HashSet<i64>>> {
        if *self.scope == Scope::All {
            return Ok(None);
        }
        let ledger = &self.current.engine.layout.ledgers[PERSON];
        Ok(Some(query::records(tx, ledger, self.scope, &Query::default())?.into_iter().collect()))
    }

    fn persons(&self, tx: &mut Tx<'_>, text: &str) -> anyhow::Result<Hits> {
        let seen = self.seen(tx)?;
        let mut found = self.directory.persons_like(text, seen.as_ref());
        let entry = |id: i64| self.directory.person(id);
        let exact = meant(&found, text, &entry);
        let away = |id: i64| self.post(id).is_none();
        found.sort_by_cached_key(|(fit, id)| (Some(*id) != exact, *fit, away(*id), *id));
        let hits = found.iter().take(SHOWN).map(|(_, id)| self.person(*id)).collect();
        Ok(Hits { hits, total: found.len(), exact: exact.is_some() })
    }

    fn post(&self, person: i64) -> Option<i64> {
        let organisation = &self.current.organisation;
        let row = organisation.table(PERSON)?.row_of(person)?;
        let post = organisation.chart()?.post_on(row, self.today)?;
        organisation.table(UNIT)?.ids.get(post.unit).copied()
    }

    fn person(&self, id: i64) -> Hit {
        let entry = self.directory.person(id);
        let place = self.post(id).map_or_else(|| "不在岗".to_owned(), |unit| self.directory.path(unit));
        let code = entry.map_or("", |e| &e.code);
        Hit { id, title: entry.map_or_else(String::new, |e| e.name.clone()), note: note(&[&place, code]) }
    }

    fn units(&self, text: &str) -> Hits {
        let mut found = self.directory.units_like(text);
        found.retain(|(_, id)| self.scope.has_unit(*id));
        let exact = meant(&found, text, &|id| self.directory.unit(id));
        found.sort_by_cached_key(|(fit, id)| (Some(*id) != exact, *fit, self.closed(*id).is_some(), *id));
        let hits = found.iter().take(SHOWN).map(|(_, id)| self.unit(*id)).collect();
        Hits { hits, total: found.len(), exact: exact.is_some() }
    }

    /// The day on which a unit was closed.
    fn closed(&self, unit: i64) -> Option<Day> {
        let table = self.current.organisation.table(UNIT)?;
        Some(table.closing(table.row_of(unit)?)).filter(|day| *day < self.today)
    }

    fn unit(&self, id: i64) -> Hit {
        let code = self.directory.unit(id).map_or("", |e| &e.code);
        let closed = self.closed(id).map_or_else(String::new, |day| format!("{}撤销", day.chinese()));
        Hit { id, title: self.directory.path(id), note: note(&[code, &closed]) }
    }

    /// Records of another ledger: by code, title, or whom and what they name.
    fn records(&self, tx: &mut Tx<'_>, table: usize, text: &str) -> anyhow::Result<Hits> {
        let ledger = &self.current.engine.layout.ledgers[table];
        if ledger.derived {
            return Ok(Hits::default());
        }
        let mut filters = Vec::new();
        if !text.is_empty() {
            filters.push(Filter::Any(self.like(tx, ledger, text)?));
        }
        let query = |state: Option<Filter>| {
            let filters = filters.iter().cloned().chain(state).collect();
            Query { filters, voided: Voided::Hidden, ..Query::default() }
        };
        let total = query::count(tx, ledger, self.scope, &query(None), Some(COUNTED))?;
        let mut rows = match ledger.closing() {
            Some(field) => {
                let (open, closed) = self.states(field);
                let mut rows = query::list(tx, ledger, self.scope, &query(Some(open)), (SHOWN as i64, 0))?;
                let rest = SHOWN.saturating_sub(rows.len()) as i64;
                rows.extend(query::list(tx, ledger, self.scope, &query(Some(closed)), (rest, 0))?);
                rows
            }
            None => query::list(tx, ledger, self.scope, &query(None), (SHOWN as i64, 0))?,
        };
        // One that is called so wholly is meant before all that only contain it.
        let exact = |row: &Stored| row.code.as_deref().is_some_and(|c| is_code(c, text));
        rows.sort_by_key(|row| !exact(row));
        let exact = rows.first().is_some_and(exact);
        Ok(Hits { hits: self.hits(tx, table, &rows)?, total: usize::try_from(total).unwrap_or(0), exact })
    }

    /// Items that run, and those that are closed: on its last day one still runs (4.10).
    fn states(&self, field: &str) -> (Filter, Filter) {
        let between = |from: Option<Day>, to: Option<Day>| Filter::Between {
            field: field.to_owned(),
            from: from.into(),
            to: to.into(),
        };
        let open = Filter::Is { field: field.to_owned(), any_of: vec![Value::Null] };
        (Filter::Any(vec![open, between(Some(self.today), None)]), between(None, Some(self.today.plus(-1))))
    }

    /// Records that two persons make and that pages call by both, `林峰—许宁`: those whose persons fit the two parts of a text.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn paired(&self, tx: &mut Tx<'_>, ledger: &Ledger, text: &str) -> anyhow::Result<BTreeSet<i64>> {
        let (_, parts) = names::title_fields(ledger);
        let is_person = |name: &String| ledger.field(name).is_some_and(|f| f.ty == FieldType::Person);
        let both = text.split_once(norm::is_dash).filter(|_| !text.is_ascii() && parts.iter().all(is_person));
        let ([first, second], Some((one, other))) = (&parts[..], both) else { return Ok(BTreeSet::new()) };
        let mut filters = Vec::new();
        for (field, part) in [(first, one), (second, other)] {
            let part = part.trim_matches(|c: char| norm::is_dash(c) || c.is_whitespace());
            let persons = if part.is_empty() { Vec::new() } else { self.directory.persons_like(part, None) };
            if persons.is_empty() {
                return Ok(BTreeSet::new());
            }
            let any_of = persons.into_iter().take(NAMED).map(|(_, id)| Value::I64(id)).collect();
            filters.push(Filter::Is { field: field.clone(), any_of });
        }
        Ok(query::records(tx, ledger, self.scope, &Query { filters, ..Query::default() })?.into_iter().collect())
    }

    fn like(&self, tx: &mut Tx<'_>, ledger: &Ledger, text: &str) -> anyhow::Result<Vec<Filter>> {
        let mut any = vec![Filter::Code(text.to_owned())];
        let paired = self.paired(tx, ledger, text)?;
        any.extend((!paired.is_empty()).then_some(Filter::Records(paired)));
        let (title, _) = names::title_fields(ledger);
        if let Some(title) = &title {
            any.push(Filter::Contains { field: title.clone(), text: text.to_owned() });
            if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
                let lower = text.to_ascii_lowercase();
                let titles = query::titles(tx, ledger, self.scope, title)?;
                let heard = titles.into_iter().filter(|(.., title)| initials(title).contains(&lower));
                any.push(Filter::Records(heard.map(|(id, ..)| id).take(NAMED).collect()));
            }
        }
        let ids = |found: Vec<(_, i64)>| found.into_iter().take(NAMED).map(|(_, id)| Value::I64(id)).collect();
        let persons: Vec<Value> = ids(self.directory.persons_like(text, None));
        let units: Vec<Value> = ids(self.directory.units_like(text));
        for field in &ledger.fields {
            let any_of = match field.ty {
                FieldType::Person => &persons,
                FieldType::Unit => &units,
                FieldType::Ref(_) => {
                    any.push(Filter::Contains { field: field.name.clone(), text: text.to_owned() });
                    continue;
                }
                _ => continue,
            };
            if !any_of.is_empty() {
                any.push(Filter::Is { field: field.name.clone(), any_of: any_of.clone() });
            }
        }
        Ok(any)
    }

    /// Records by their ids, in that order; without those that the writer may not see.
    pub(crate) fn listed(&self, tx: &mut Tx<'_>, table: usize, ids: &[i64]) -> anyhow::Result<Vec<Hit>> {
        let ledger = &self.current.engine.layout.ledgers[table];
        let filters = vec![Filter::Records(ids.iter().copied().collect())];
        let query = Query { filters, ..Query::default() };
        let mut rows = query::list(tx, ledger, self.scope, &query, (ids.len() as i64, 0))?;
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.record_id));
        self.hits(tx, table, &rows)
    }

    fn hits(&self, tx: &mut Tx<'_>, table: usize, rows: &[Stored]) -> anyhow::Result<Vec<Hit>> {
        let layout = &self.current.engine.layout;
        let ledger = &layout.ledgers[table];
        let ids: BTreeSet<i64> = rows.iter().map(|r| r.record_id).collect();
        let names = Names::load(tx, layout, &BTreeMap::from([(table, ids)]))?;
        let hit = |row: &Stored| {
            let title = names.title(table, row.record_id);
            let day = |field: Option<&str>| field.and_then(|f| row.value(ledger, f).as_text()).and_then(Day::parse);
            let opened = day(ledger.opening()).map_or_else(String::new, |d| {
                format!("{}{}", d.chinese(), if ledger.closing().is_some() { "起" } else { "" })
            });
            let closed = day(ledger.closing()).filter(|d| *d < self.today);
            let closed = closed.map_or_else(String::new, |d| format!("{}止", d.chinese()));
            let unit = row.unit.map_or_else(String::new, |unit| self.directory.path(unit));
            let code = row.code.clone().unwrap_or_default();
            let shown = if code == title { "" } else { &code };
            Hit { id: row.record_id, title: title.to_owned(), note: note(&[&unit, &opened, &closed, shown]) }
        };
        Ok(rows.iter().map(hit).collect())
    }
}

/// The one that is meant whatever else fits: that of the whole number, or the only one of the whole name.
fn meant<'d>(found: &[(Fit, i64)], text: &str, entry: &dyn Fn(i64) -> Option<&'d Entry>) -> Option<i64> {
    let ids = || found.iter().map(|f| f.1);
    let coded = ids().find(|id| entry(*id).is_some_and(|e| is_code(&e.code, text)));
    let mut called = ids().filter(|id| entry(*id).is_some_and(|e| e.name == text));
    coded.or_else(|| called.next().filter(|_| called.next().is_none()))
}

/// Letters of a code are the same in either case.
fn is_code(code: &str, text: &str) -> bool {
    !code.is_empty() && code.eq_ignore_ascii_case(text)
}

fn note(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join("　")
}
