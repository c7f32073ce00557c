//! Counts of long lists, kept until a row of the ledger is recorded or voided.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Mutex,
};

use super::{
    query::{self, Facet, Filter, Query},
    row::quoted,
};
use crate::{
    db::{Tx, Value},
    directive::model::Ledger,
    scope::{Part, Scope},
};

/// Answers kept at most; then all are forgotten.
const KEPT: usize = 500;
/// A question longer than this is not kept.
const LONGEST: usize = 20_000;

/// What was counted, by question. An answer is used only in the state of the ledger in which it was found: the store
/// never overwrites a row, so the ids given out and the number of voided rows tell one state from every other.
#[derive(Debug, Default)]
pub struct Memo(Mutex<HashMap<String, (Vec<State>, Answer)>>);

/// A state of a ledger, [`state`].
pub(crate) type State = (i64, i64);

#[derive(Clone, Debug)]
enum Answer {
    Count(i64),
    Extent((i64, Option<i64>)),
    Facets(Vec<Facet>),
}

impl Memo {
    /// As [`query::count`] without a limit.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn count(&self, tx: &mut Tx<'_>, ledger: &Ledger, scope: &Scope, query: &Query) -> anyhow::Result<i64> {
        let ask = |tx: &mut Tx<'_>| query::count(tx, ledger, scope, query, None).map(|n| Some(Answer::Count(n)));
        match self.ask(tx, ledger, scope, "count", &[query], ask)? {
            Some(Answer::Count(n)) => Ok(n),
            _ => query::count(tx, ledger, scope, query, None),
        }
    }

    /// The number of rows if it is known or quickly found; `None`: it is not known, and there are more than `most`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn count_to(
        &self,
        tx: &mut Tx<'_>,
        ledger: &Ledger,
        scope: &Scope,
        query: &Query,
        most: i64,
    ) -> anyhow::Result<Option<i64>> {
        let ask = |tx: &mut Tx<'_>| {
            let n = query::count(tx, ledger, scope, query, Some(most + 1))?;
            Ok((n <= most).then_some(Answer::Count(n)))
        };
        Ok(match self.ask(tx, ledger, scope, "count", &[query], ask)? {
            Some(Answer::Count(n)) => Some(n),
            _ => None,
        })
    }

    /// As [`query::extent`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn extent(
        &self,
        tx: &mut Tx<'_>,
        ledger: &Ledger,
        scope: &Scope,
        query: &Query,
    ) -> anyhow::Result<(i64, Option<i64>)> {
        let ask = |tx: &mut Tx<'_>| query::extent(tx, ledger, scope, query).map(|e| Some(Answer::Extent(e)));
        match self.ask(tx, ledger, scope, "extent", &[query], ask)? {
            Some(Answer::Extent(found)) => Ok(found),
            _ => query::extent(tx, ledger, scope, query),
        }
    }

    /// As [`query::facets`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn facets(
        &self,
        tx: &mut Tx<'_>,
        ledger: &Ledger,
        scope: &Scope,
        asked: &[(String, Query)],
    ) -> anyhow::Result<Vec<Facet>> {
        let columns: Vec<&str> = asked.iter().map(|(column, _)| column.as_str()).collect();
        let queries: Vec<&Query> = asked.iter().map(|(_, query)| query).collect();
        let ask = |tx: &mut Tx<'_>| query::facets(tx, ledger, scope, asked).map(|f| Some(Answer::Facets(f)));
        match self.ask(tx, ledger, scope, &columns.join(" "), &queries, ask)? {
            Some(Answer::Facets(found)) => Ok(found),
            _ => query::facets(tx, ledger, scope, asked),
        }
    }

    fn ask(
        &self,
        tx: &mut Tx<'_>,
        ledger: &Ledger,
        scope: &Scope,
        what: &str,
        queries: &[&Query],
        ask: impl FnOnce(&mut Tx<'_>) -> anyhow::Result<Option<Answer>>,
    ) -> anyhow::Result<Option<Answer>> {
        let own = queries.iter().flat_map(|q| &q.filters).all(is_own);
        let key = format!("{} {what} {queries:?} {}", ledger.name, reader(scope));
        if !own || key.len() > LONGEST {
            return ask(tx);
        }
        let state = looked_at(ledger, scope).iter().map(|name| state(tx, name)).collect::<anyhow::Result<Vec<_>>>()?;
        let kept = self.0.lock().ok().and_then(|kept| kept.get(&key).filter(|(s, _)| *s == state).cloned());
        if let Some((_, answer)) = kept {
            return Ok(Some(answer));
        }
        let Some(answer) = ask(tx)? else { return Ok(None) };
        if let Ok(mut kept) = self.0.lock() {
            if kept.len() >= KEPT {
                kept.clear();
            }
            kept.insert(key, (state, answer.clone()));
        }
        Ok(Some(answer))
    }
}

/// Who asks, as far as the answer depends on it.
fn reader(scope: &Scope) -> String {
    match scope {
        Scope::All => String::new(),
        Scope::Within(reach) => format!("{:?} {:?}", reach.person, reach.units),
    }
}

/// The ledgers that a count looks at: its own, and those by which the scope lets rows through.
fn looked_at<'l>(ledger: &'l Ledger, scope: &'l Scope) -> BTreeSet<&'l str> {
    let mut names = BTreeSet::from([ledger.name.as_str()]);
    if let Scope::Within(reach) = scope {
        if ledger.name == "person" {
            names.insert("post");
        }
        names.extend(reach.parts.of_ledger(&ledger.name).iter().filter_map(|part| match part {
            Part::Own(_) => None,
            Part::Above(_, name, _) | Part::Below(name, ..) => Some(name.as_str()),
        }));
    }
    names
}

/// Whether a condition looks at the ledger's own rows alone: a name that is searched for stands elsewhere.
fn is_own(filter: &Filter) -> bool {
    match filter {
        Filter::Contains { .. } => false,
        Filter::Any(filters) => filters.iter().all(is_own),
        _ => true,
    }
}

/// The next record id and the number of voided rows. A correction voids a row, a new record takes an id, and both only
/// grow, but where records are deleted by rule, which takes an id too.
///
/// # Errors
/// When the store cannot be read.
pub(crate) fn state(tx: &mut Tx<'_>, ledger: &str) -> anyhow::Result<State> {
    let name: [Value; 1] = [ledger.into()];
    let next = tx.one("select next from counter where name = $1", &name, |r| r.i64(0))?;
    let sql = format!("select count(*) from {} where voided_at is not null", quoted(&format!("l_{ledger}")));
    let voided = tx.one(&sql, &[], |r| r.i64(0))?;
    Ok((next.unwrap_or(0), voided.unwrap_or(0)))
}
