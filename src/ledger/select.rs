//! Statements over a ledger's table in the making: which rows, under which conditions, in which order.
//!
//! Whatever is typed by a person is bound, never written into the text. [`visible`] is the one place where a scope
//! becomes a condition, and every statement over a ledger is built here.

use std::collections::BTreeSet;

use anyhow::{Context, bail};

use super::{
    query::{Filter, Order, Query, Voided},
    row::{Params, index_column, is_number, quoted, select_list, table, unfit},
};
use crate::{
    db::{Tx, Value},
    directive::model::{Field, FieldType, Ledger},
    scope::{Part, Reach, Scope},
};

/// A statement over one ledger in the making.
pub(super) struct Select<'a> {
    ledger: &'a Ledger,
    pub(super) params: Params,
    pub(super) conditions: Vec<String>,
    versions: Versions,
}

/// Which rows of each record. The current ones and those voided since have an index each, so they are two branches of
/// a union rather than one condition that no index serves.
enum Versions {
    Current,
    KnownAt(String),
    Voided,
    All,
}

impl<'a> Select<'a> {
    pub(super) fn over(tx: &Tx<'_>, ledger: &'a Ledger, scope: &Scope, query: &Query) -> anyhow::Result<Select<'a>> {
        let mut select = match (query.known_at, query.voided) {
            (None, Voided::Shown) => Select::all(tx, ledger, scope),
            (None, Voided::Only) => Select { versions: Versions::Voided, ..Select::current(tx, ledger, scope, None) },
            (known_at, _) => Select::current(tx, ledger, scope, known_at),
        };
        for filter in &query.filters {
            let condition = select.condition(tx, filter)?;
            select.conditions.push(condition);
        }
        Ok(select)
    }

    /// All that the scope lets through, current or as known at an instant.
    pub(super) fn current(tx: &Tx<'_>, ledger: &'a Ledger, scope: &Scope, known_at: Option<i64>) -> Select<'a> {
        let mut params = Params::default();
        let versions = known_at.map_or(Versions::Current, |at| Versions::KnownAt(params.add(at)));
        let conditions = visible(tx, ledger, scope, &mut params).into_iter().collect();
        Select { ledger, params, conditions, versions }
    }

    /// All rows that the scope lets through, voided ones too.
    pub(super) fn all(tx: &Tx<'_>, ledger: &'a Ledger, scope: &Scope) -> Select<'a> {
        Select { versions: Versions::All, ..Select::current(tx, ledger, scope, None) }
    }

    /// Adds `column = value`, the column being one of ours.
    pub(super) fn equal(mut self, column: &str, value: impl Into<Value>) -> Select<'a> {
        let place = self.params.add(value);
        self.conditions.push(format!("r.{column} = {place}"));
        self
    }

    /// `select <what> from …`, without an order.
    pub(super) fn columns(&self, what: &str) -> String {
        let branch = |version: &str| {
            let all: Vec<&str> = [version]
                .into_iter()
                .chain(self.conditions.iter().map(String::as_str))
                .filter(|c| !c.is_empty())
                .collect();
            let conditions = if all.is_empty() { String::new() } else { format!(" where {}", all.join(" and ")) };
            format!("select {what} from {} r{conditions}", table(self.ledger))
        };
        match &self.versions {
            Versions::Current => branch("r.voided_at is null"),
            Versions::Voided => branch("r.voided_at is not null"),
            Versions::All => branch(""),
            Versions::KnownAt(at) => format!(
                "{} union all {}",
                branch(&format!("r.voided_at is null and r.recorded_at <= {at}")),
                branch(&format!("r.voided_at > {at} and r.recorded_at <= {at}"))
            ),
        }
    }

    /// All columns of the rows, in the order of the query. The sort keys are output columns, because a union is
    /// ordered by nothing else.
    pub(super) fn ordered(&self, query: &Query) -> anyhow::Result<String> {
        self.all_columns(&self.keys(query)?)
    }

    fn all_columns(&self, keys: &[Key]) -> anyhow::Result<String> {
        let (named, order) = by(keys);
        Ok(format!("{} order by {order}", self.columns(&(select_list(self.ledger) + &named))))
    }

    /// A page of the rows, `limit` and `offset` being placeholders; `backwards` from the end of the order on, the last row
    /// first. With `far` the rows that are only passed over are not read: of those the index alone is.
    pub(super) fn paged(
        &self,
        query: &Query,
        (limit, offset): (&str, &str),
        (backwards, far): (bool, bool),
    ) -> anyhow::Result<String> {
        let mut keys = self.keys(query)?;
        if backwards {
            keys.iter_mut().for_each(|(_, way)| *way = turned(way));
        }
        if !far || !matches!(self.versions, Versions::Current) {
            return Ok(format!("{} limit {limit} offset {offset}", self.all_columns(&keys)?));
        }
        let (named, order) = by(&keys);
        let inner =
            format!("{} order by {order} limit {limit} offset {offset}", self.columns(&format!("r.row_id{named}")));
        Ok(format!(
            "select {}{named} from {} r where r.row_id in (select p.row_id from ({inner}) p) order by {order}",
            select_list(self.ledger),
            table(self.ledger)
        ))
    }

    fn keys(&self, query: &Query) -> anyhow::Result<Vec<Key>> {
        let mut keys = self.sort_keys(&query.order)?;
        if matches!(self.versions, Versions::All | Versions::Voided) {
            // Several rows of one record: the newest first.
            keys.push(("r.revision".to_owned(), " desc"));
        }
        Ok(keys)
    }

    /// Expressions and directions. A required day has no empty values; leaving `nulls last` out there lets PostgreSQL
    /// walk the index backwards.
    fn sort_keys(&self, order: &Order) -> anyhow::Result<Vec<Key>> {
        let record = |way| ("r.record_id".to_owned(), way);
        let nulls_last = |f: &Field| !f.required;
        Ok(match (order, self.ledger.opening()) {
            (Order::By { field, descending }, _) => {
                let f = self.plain_field(field)?;
                let way = match (descending, nulls_last(f)) {
                    (false, false) => "",
                    (false, true) => " nulls last",
                    (true, false) => " desc",
                    (true, true) => " desc nulls last",
                };
                vec![(format!("r.{}", quoted(&f.name)), way), record(if *descending { " desc" } else { "" })]
            }
            (Order::Default, Some(day)) => {
                let way = if nulls_last(self.field(day)?) { " desc nulls last" } else { " desc" };
                vec![(format!("r.{}", quoted(day)), way), record(" desc")]
            }
            (Order::Default, None) => {
                let mut keys = vec![("(r.unit_id is null)".to_owned(), ""), ("r.unit_id".to_owned(), "")];
                keys.extend(self.ledger.field("name").map(|f| (format!("r.{}", quoted(&f.name)), "")));
                keys.push(record(""));
                keys
            }
        })
    }

    fn field(&self, name: &str) -> anyhow::Result<&'a Field> {
        let field = self.ledger.field(name).filter(|f| f.ty != FieldType::Derived);
        field.with_context(|| format!("台账“{}”没有栏目 {name}", self.ledger.title))
    }

    fn condition(&mut self, tx: &Tx<'_>, filter: &Filter) -> anyhow::Result<String> {
        Ok(match filter {
            Filter::Is { field, any_of } => {
                let field = self.plain_field(field)?;
                self.is_any_of(tx, field, any_of)
            }
            Filter::Between { field, from, to } => {
                let field = self.plain_field(field)?;
                self.between(field, from, to)?
            }
            Filter::Contains { field, text } => {
                let field = self.plain_field(field)?;
                self.contains(field, text)?
            }
            Filter::Secret { field, index } => {
                let column = quoted(&index_column(self.field(field)?));
                format!("r.{column} = {}", self.params.add(index))
            }
            Filter::Units(units) => format!("r.unit_id {}", tx.among(&self.params.add(id_list(units)))),
            Filter::Code(text) => like("r.record_code", &self.params.add(pattern(text))),
            Filter::Import(id) => format!("r.import_id = {}", self.params.add(*id)),
            Filter::Records(ids) => format!("r.record_id {}", tx.among(&self.params.add(id_list(ids)))),
            Filter::Any(filters) if filters.is_empty() => "1 = 0".to_owned(),
            Filter::Any(filters) => {
                let each = filters.iter().map(|f| Ok(format!("({})", self.condition(tx, f)?)));
                format!("({})", each.collect::<anyhow::Result<Vec<_>>>()?.join(" or "))
            }
        })
    }

    /// A field whose column can be compared.
    pub(super) fn plain_field(&self, name: &str) -> anyhow::Result<&'a Field> {
        let field = self.field(name)?;
        if field.sensitive {
            bail!("“{}”是加密的，只能按完整内容查找", field.title);
        }
        Ok(field)
    }

    fn is_any_of(&mut self, tx: &Tx<'_>, field: &Field, any_of: &[Value]) -> String {
        let column = format!("r.{}", quoted(&field.name));
        let mut alternatives = Vec::new();
        if any_of.iter().any(Value::is_null) {
            alternatives.push(format!("{column} is null"));
        }
        let values: Vec<&Value> = any_of.iter().filter(|v| unfit(field, v).is_none() && !v.is_null()).collect();
        if matches!(field.ty, FieldType::Choices(_)) {
            for choice in values.iter().filter_map(|v| v.as_text()) {
                let place = self.params.add(pattern(&format!("|{choice}|")));
                alternatives.push(like(&format!("'|' || {column} || '|'"), &place));
            }
        } else if is_number(field) && values.len() > 1 {
            let numbers: BTreeSet<i64> = values.iter().filter_map(|v| v.as_i64()).collect();
            alternatives.push(format!("{column} {}", tx.among(&self.params.add(id_list(&numbers)))));
        } else {
            let places: Vec<String> = values.into_iter().map(|v| self.params.add(v.clone())).collect();
            alternatives.extend((!places.is_empty()).then(|| format!("{column} in ({})", places.join(", "))));
        }
        // Nothing to choose from, or nothing that the field could hold: no row.
        if alternatives.is_empty() { "1 = 0".to_owned() } else { format!("({})", alternatives.join(" or ")) }
    }

    fn between(&mut self, field: &Field, from: &Value, to: &Value) -> anyhow::Result<String> {
        let column = format!("r.{}", quoted(&field.name));
        let mut ends = vec![format!("{column} is not null")];
        for (end, comparison) in [(from, ">="), (to, "<=")] {
            if let Some(why) = unfit(field, end) {
                bail!("“{}”{why}", field.title);
            }
            if !end.is_null() {
                ends.push(format!("{column} {comparison} {}", self.params.add(end.clone())));
            }
        }
        Ok(ends.join(" and "))
    }

    fn contains(&mut self, field: &Field, text: &str) -> anyhow::Result<String> {
        let place = self.params.add(pattern(text));
        let column = format!("r.{}", quoted(&field.name));
        let named = |table: &str, name: &str| {
            let found = like(&format!("n.{name}"), &place);
            format!("{column} in (select n.record_id from {table} n where n.voided_at is null and {found})")
        };
        Ok(match &field.ty {
            FieldType::Person => named("\"l_person\"", "\"name\""),
            FieldType::Unit => named("\"l_unit\"", "\"name\""),
            FieldType::Ref(target) => named(&quoted(&format!("l_{target}")), "record_code"),
            _ if is_number(field) => bail!("“{}”是数字，不能按文字查找", field.title),
            _ => like(&column, &place),
        })
    }
}

/// What rows are ordered by: an expression, and its direction.
type Key = (String, &'static str);

/// The keys as further columns, and the order by these.
fn by(keys: &[Key]) -> (String, String) {
    let named = keys.iter().enumerate().map(|(i, (key, _))| format!(", {key} as k{i}")).collect();
    let order: Vec<String> = keys.iter().enumerate().map(|(i, (_, way))| format!("k{i}{way}")).collect();
    (named, order.join(", "))
}

/// The other direction.
fn turned(way: &str) -> &'static str {
    match way {
        " desc" => "",
        " nulls last" => " desc nulls first",
        " desc nulls last" => " nulls first",
        _ => " desc",
    }
}

/// The condition that the scope puts on rows of a ledger under the alias `r`; `None` if all may be seen.
///
/// A row belongs to its unit. A unit is itself; a person is also seen by every unit where the person holds a post.
/// Besides, everybody sees the rows in which they have a part. Rows without a unit are seen by nobody else but who may
/// see all.
pub(super) fn visible(tx: &Tx<'_>, ledger: &Ledger, scope: &Scope, params: &mut Params) -> Option<String> {
    let Scope::Within(reach) = scope else { return None };
    let among = tx.among(&params.add(id_list(&reach.units)));
    let mut any = match ledger.name.as_str() {
        "unit" => vec![format!("r.record_id {among}")],
        "person" => vec![
            format!("r.unit_id {among}"),
            format!(
                "r.record_id in (select p.\"person\" from \"l_post\" p where p.voided_at is null and p.unit_id {among})"
            ),
        ],
        _ => vec![format!("r.unit_id {among}")],
    };
    if let Some(person) = reach.person.filter(|_| ledger.name == "person" || reach.parts.names(&ledger.name)) {
        any.extend(own(ledger, reach, &params.add(person)));
    }
    Some(format!("({})", any.join(" or ")))
}

/// The conditions of which one holds where the person bound under a placeholder has a part in a row `r` of the ledger.
pub(crate) fn own(ledger: &Ledger, reach: &Reach, person: &str) -> Vec<String> {
    if ledger.name == "person" {
        return vec![format!("r.record_id = {person}")];
    }
    let part = |part: &Part| match part {
        Part::Own(column) => format!("r.{} = {person}", quoted(column)),
        Part::Above(column, above, named) => format!(
            "r.{} in (select a.record_id from {} a where a.voided_at is null and a.{} = {person})",
            quoted(column),
            quoted(&format!("l_{above}")),
            quoted(named)
        ),
        Part::Below(below, column, named) => format!(
            "r.record_id in (select b.{} from {} b where b.voided_at is null and b.{} = {person})",
            quoted(column),
            quoted(&format!("l_{below}")),
            quoted(named)
        ),
    };
    reach.parts.of_ledger(&ledger.name).iter().map(part).collect()
}

fn id_list(ids: &BTreeSet<i64>) -> String {
    ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

/// `like` without regard to the case of ASCII letters: SQLite's own ignores it, PostgreSQL's does not.
pub(crate) fn like(column: &str, place: &str) -> String {
    format!("lower({column}) like {place} escape '\\'")
}

/// The pattern that finds a text anywhere, itself taken literally.
pub(crate) fn pattern(text: &str) -> String {
    let literal = text.to_ascii_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}
