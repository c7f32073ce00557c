//! The incremental path: which subjects a changed row touches, judged again in the row's own transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    engine::{Engine, Question},
    load::Shared,
    repeat::with_repeats,
    store::{self, Replaced, Stored},
};
use crate::{
    db::{Hold, Tx, Value},
    directive::model::Each,
    installation::meta,
    org::builtin,
};

/// A requirement whose every subject is touched is judged in the same transaction up to this many subjects; beyond, by a
/// job of its own, so that no clerk waits for it.
const AT_ONCE: i64 = 3_000;

/// A row of a ledger that was added, replaced or voided: its cells by field, before and after.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Position of the ledger in the layout.
    pub table: usize,
    /// Record id.
    pub record: i64,
    /// Values before; `None` for a new record.
    pub before: Option<Vec<Value>>,
    /// Values after; `None` for a voided one.
    pub after: Option<Vec<Value>>,
}

impl Changed {
    /// The records that a column names, before and after.
    pub(super) fn ids(&self, column: usize) -> impl Iterator<Item = i64> + '_ {
        [&self.before, &self.after].into_iter().flatten().filter_map(move |values| match values.get(column) {
            Some(Value::I64(id)) => Some(*id),
            _ => None,
        })
    }
}

/// Which subjects of a requirement are touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// These (first key).
    Subjects(BTreeSet<i64>),
    /// Every one.
    All,
}

/// In `verdict_touched`: every subject of the requirement.
pub const EVERY: i64 = 0;

/// In `verdict_news`: everything was judged.
pub const EVERYTHING: &str = "*";

/// Tells that a subject of a requirement with consequences was judged ([`EVERY`]: all of them; of [`EVERYTHING`] the number
/// of the judgement).
///
/// # Errors
/// When the store cannot be written.
pub fn news(tx: &mut Tx<'_>, requirement: &str, subject: i64) -> anyhow::Result<()> {
    // Where it is told already its row is held all the same, so that who has looked does not take this away unseen.
    let sql = "insert into verdict_news (requirement, subject) values ($1, $2) \
               on conflict (requirement, subject) do update set subject = excluded.subject";
    tx.execute(sql, &[requirement.into(), subject.into()]).map(|_| ())
}

/// What could not be judged at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Later {
    /// Everything: the organisation, a setting or the calendar changed.
    pub everything: bool,
    /// These requirements (table ids).
    pub requirements: Vec<String>,
}

impl Later {
    /// Nothing is left over.
    pub fn is_empty(&self) -> bool {
        !self.everything && self.requirements.is_empty()
    }
}

/// The subjects of each requirement (by position) that the changed rows touch; `None` if the organisation itself changed.
pub fn touched(engine: &Engine, changes: &[Changed]) -> Option<BTreeMap<usize, Touch>> {
    if changes.iter().any(|c| c.table < builtin::COUNT) {
        return None;
    }
    let mut found: BTreeMap<usize, Touch> = BTreeMap::new();
    for (i, needs) in engine.needs.iter().enumerate() {
        for change in changes {
            let Some(need) = needs.tables.get(&change.table) else { continue };
            let touch = one(engine, i, change, need);
            match (found.entry(i).or_insert(Touch::Subjects(BTreeSet::new())), touch) {
                (Touch::Subjects(all), Touch::Subjects(more)) => all.extend(more),
                (entry, Touch::All) => *entry = Touch::All,
                (Touch::All, _) => {}
            }
        }
    }
    found.retain(|_, t| *t != Touch::Subjects(BTreeSet::new()));
    Some(found)
}

/// The same with the subjects that are judged together with these, whether or not the changes are in the store yet.
///
/// # Errors
/// When the store cannot be read.
pub fn expanded(
    tx: &mut Tx<'_>,
    engine: &Engine,
    changes: &[Changed],
) -> anyhow::Result<Option<BTreeMap<usize, Touch>>> {
    let Some(touched) = touched(engine, changes) else { return Ok(None) };
    let mut expanded = BTreeMap::new();
    for (i, touch) in touched {
        let touch = match touch {
            Touch::Subjects(ids) => with_repeats(tx, engine, i, ids, changes)?.map_or(Touch::All, Touch::Subjects),
            Touch::All => Touch::All,
        };
        expanded.insert(i, touch);
    }
    Ok(Some(expanded))
}

fn one(engine: &Engine, i: usize, change: &Changed, need: &super::needs::Need) -> Touch {
    let c = &engine.compiled[i];
    if matches!(c.requirement.each, Each::System | Each::Unit) {
        let reached = need.walked || change.before.is_some();
        return if reached { Touch::All } else { Touch::Subjects(BTreeSet::new()) };
    }
    let mut ids: BTreeSet<i64> = need.pointing.iter().flat_map(|column| change.ids(*column)).collect();
    if change.table == c.table {
        match (c.per.is_empty(), engine.key_column(c)) {
            (true, _) => {
                ids.insert(change.record);
            }
            (false, Some(column)) => ids.extend(change.ids(column)),
            (false, None) => return Touch::All,
        }
    }
    // Reached by references only: a new row is not referred to yet.
    if need.walked || (need.whole && change.before.is_some()) {
        return Touch::All;
    }
    Touch::Subjects(ids)
}

/// Judges what the changed rows touch as of a day and writes the verdicts; gives what that changed, and what could not be
/// judged at once. `organisation` may hold the chart read before;
/// it must be of the same state of the store.
///
/// # Errors
/// When the store cannot be read or written.
pub fn judge(
    tx: &mut Tx<'_>,
    engine: &Engine,
    as_of: crate::day::Day,
    changes: &[Changed],
    organisation: Option<Shared>,
) -> anyhow::Result<(Replaced, Later)> {
    let Some(touched) = expanded(tx, engine, changes)? else {
        return Ok((Replaced::default(), Later { everything: true, ..Later::default() }));
    };
    let judging = meta(tx, "judging")?.is_some();
    tx.hold(&touched.iter().flat_map(|(i, touch)| holds(*i, touch)).collect::<Vec<_>>())?;
    let mut shared = organisation.unwrap_or_else(|| engine.shared());
    let (mut replaced, mut later) = (Replaced::default(), Later::default());
    for (i, touch) in touched {
        let c = &engine.compiled[i];
        let id = &c.requirement.id;
        if judging {
            mark(tx, id, &touch)?;
        }
        let only = match touch {
            Touch::Subjects(ids) => ids.into_iter().collect(),
            Touch::All if population(tx, engine, i)? > AT_ONCE => {
                later.requirements.push(id.clone());
                continue;
            }
            Touch::All => Vec::new(),
        };
        if !c.requirement.on_fail.is_empty() {
            if only.is_empty() {
                news(tx, id, EVERY)?;
            }
            only.iter().try_for_each(|subject| news(tx, id, *subject))?;
        }
        replaced.extend(judge_requirement(tx, engine, i, as_of, only, &mut shared)?);
    }
    Ok((replaced, later))
}

/// Tells a full judgement under way that these subjects have newer verdicts than it.
fn mark(tx: &mut Tx<'_>, requirement: &str, touch: &Touch) -> anyhow::Result<()> {
    let every = BTreeSet::from([EVERY]);
    let subjects = match touch {
        Touch::All => &every,
        Touch::Subjects(ids) => ids,
    };
    for subject in subjects {
        tx.execute(
            "insert into verdict_touched (requirement, subject) values ($1, $2) on conflict do nothing",
            &[requirement.into(), (*subject).into()],
        )?;
    }
    Ok(())
}

/// Above so many subjects of one requirement the whole requirement is held: a server has room for some thousand locks.
const HELD_SINGLY: usize = 64;

/// What two writers of the same subject wait for (PostgreSQL): who judges every subject waits for who judges one.
fn holds(i: usize, touch: &Touch) -> Vec<Hold> {
    let key = |subject: i64| ((i as i64 + 1) << 48) ^ subject;
    match touch {
        Touch::Subjects(ids) if ids.len() <= HELD_SINGLY => {
            std::iter::once(Hold::Shared(key(0))).chain(ids.iter().map(|id| Hold::Alone(key(*id)))).collect()
        }
        _ => vec![Hold::Alone(key(0))],
    }
}

/// Holds a subject of the requirement at that position, and others with it, as a fact that touches them does; without one,
/// all of them.
///
/// # Errors
/// When the store fails.
pub fn hold(tx: &mut Tx<'_>, i: usize, subject: Option<i64>, others: &BTreeSet<i64>) -> anyhow::Result<()> {
    let one = subject.filter(|s| *s != EVERY);
    let touch = one.map_or(Touch::All, |s| Touch::Subjects(others.iter().copied().chain([s]).collect()));
    tx.hold(&holds(i, &touch))
}

/// Shared by all who record facts, held alone by who begins or ends a full judgement (PostgreSQL).
const FACTS: i64 = 0x0066_6163_7473;

/// Goes before everything else that a transaction does to record a fact: what it reads of the chart and whether a
/// judgement is under way stays so until it commits.
///
/// # Errors
/// When the store fails.
pub fn let_fact_in(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    tx.hold(&[Hold::Shared(FACTS)])
}

/// Waits for the facts that are coming in, and keeps out further ones until the transaction ends.
///
/// # Errors
/// When the store fails.
pub fn keep_facts_out(tx: &mut Tx<'_>) -> anyhow::Result<()> {
    tx.hold(&[Hold::Alone(FACTS)])
}

/// Judges one requirement on some subjects (none given: on all) and writes the verdicts.
///
/// # Errors
/// When the store cannot be read or written.
pub fn judge_requirement(
    tx: &mut Tx<'_>,
    engine: &Engine,
    i: usize,
    as_of: crate::day::Day,
    only: Vec<i64>,
    shared: &mut Shared,
) -> anyhow::Result<Replaced> {
    let id = engine.compiled[i].requirement.id.clone();
    let mut old = Vec::new();
    if only.is_empty() {
        old = store::of_requirement(tx, &id, None)?;
    }
    for subject in &only {
        old.extend(store::of_requirement(tx, &id, Some(*subject))?);
    }
    let mut new: Vec<Stored> = Vec::new();
    let q = Question { which: Some(vec![i]), as_of, known_at: None, only };
    engine.evaluate_with(tx, &q, shared, &mut |cut| {
        new.extend(cut.verdicts.iter().map(|v| Stored::of(&id, v)));
        Ok(())
    })?;
    store::replace(tx, &old, &new)
}

fn population(tx: &mut Tx<'_>, engine: &Engine, i: usize) -> anyhow::Result<i64> {
    let c = &engine.compiled[i];
    if matches!(c.requirement.each, Each::System) || engine.layout.ledgers[c.table].derived {
        return Ok(1);
    }
    let sql = format!("select count(*) from l_{}", engine.layout.ledgers[c.table].name);
    Ok(tx.one(&sql, &[], |r| r.i64(0))?.unwrap_or(0))
}
