//! What rows would do to the verdicts, told before they are written: those that stand are read together with those that are
//! laid over them, on a reader, by the evaluator that judges once they are written.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    day::Day,
    db::{Tx, Value},
    installation::{Current, meta},
    scope::Scope,
    subjects,
    verdict::{
        compile::Compiled,
        engine::{Engine, Question},
        kind::Kind,
        load::Shared,
        overlay::{Laid, Overlay},
        sight,
        store::{self, Stored},
        touch::{self, Changed, Touch},
    },
};

/// A verdict that would change; one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Position among the engine's requirements.
    pub requirement: usize,
    /// The cells of the subject; a record that is not there yet has the id that it would get.
    pub subject: Vec<i64>,
    /// The window.
    pub window: String,
    /// As it stands.
    pub from: Option<Stored>,
    /// As it would stand.
    pub to: Option<Stored>,
}

impl Shift {
    /// Whether the state or the light would be another, and not only the numbers behind it.
    pub fn turns(&self) -> bool {
        let face = |v: &Option<Stored>| v.as_ref().map(|v| (v.state, v.light, v.late));
        face(&self.from) != face(&self.to)
    }

    /// The verdict as it would be, or as it was where it goes.
    pub fn last(&self) -> Option<&Stored> {
        self.to.as_ref().or(self.from.as_ref())
    }
}

/// Subject, further cells, window.
type Key = (i64, String, String);

fn key(v: &Stored) -> Key {
    (v.subject, v.rest.clone(), v.window.clone())
}

/// The verdicts that would change as of a day if these changes were made, in the order of the requirements; `overlay` holds
/// the rows that they bring.
///
/// # Errors
/// When the store cannot be read.
pub fn of(
    tx: &mut Tx<'_>,
    current: &Current,
    as_of: Day,
    changes: &[Changed],
    overlay: Overlay,
) -> anyhow::Result<Vec<Shift>> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let engine = &current.engine;
    let touched = touch::expanded(tx, engine, changes)?;
    let before = if is_judged(tx, as_of)? { None } else { Some(engine.shared()) };
    // Where the organisation itself changes nothing of it may be taken from memory.
    let base = if touched.is_some() { current.organisation.clone() } else { engine.shared() };
    let new: BTreeMap<usize, BTreeSet<i64>> = overlay
        .tables
        .iter()
        .map(|(t, laid)| (*t, laid.rows.iter().map(|(id, ..)| *id).filter(|id| !laid.gone.contains(id)).collect()))
        .collect();
    let (mut stands, mut laid) = (before, base.over(overlay));
    let all = || (0..engine.compiled.len()).map(|i| (i, Touch::All)).collect();
    let mut shifts = Vec::new();
    for (i, touch) in touched.unwrap_or_else(all) {
        let only: Vec<i64> = match &touch {
            Touch::Subjects(ids) => ids.iter().copied().collect(),
            Touch::All => Vec::new(),
        };
        let old = match &mut stands {
            None => stored(tx, engine, i, &only)?,
            Some(shared) => judged(tx, engine, (i, as_of), only.clone(), shared)?,
        };
        let mut after = judged(tx, engine, (i, as_of), only, &mut laid)?;
        // Who is judged on all subjects goes through those that stand; those that come are asked for by themselves.
        if let Some(fresh) = subject_table(engine, i).and_then(|t| new.get(&t)).filter(|_| touch == Touch::All) {
            let fresh: Vec<i64> = fresh.iter().copied().collect();
            if !fresh.is_empty() && engine.is_cut(i) {
                after.extend(judged(tx, engine, (i, as_of), fresh, &mut laid)?);
            }
        }
        shifts.extend(differences(i, old, after));
    }
    Ok(shifts)
}

/// The same of records of a ledger (by position) that would be voided: each by its id, with its row.
///
/// # Errors
/// When the store cannot be read.
pub fn of_void(
    tx: &mut Tx<'_>,
    current: &Current,
    as_of: Day,
    table: usize,
    rows: &[(i64, Vec<Value>)],
) -> anyhow::Result<Vec<Shift>> {
    let gone = rows.iter().map(|(record, _)| *record).collect();
    let change = |(record, values): &(i64, Vec<Value>)| Changed {
        table,
        record: *record,
        before: Some(values.clone()),
        after: None,
    };
    let changes: Vec<Changed> = rows.iter().map(change).collect();
    let laid = Laid { gone, ..Laid::default() };
    of(tx, current, as_of, &changes, Overlay { tables: BTreeMap::from([(table, laid)]) })
}

/// Everything is judged as of that day, and nothing waits to be judged again: what is stored is how it stands.
fn is_judged(tx: &mut Tx<'_>, day: Day) -> anyhow::Result<bool> {
    let waits = tx.one("select 1 from job where kind = 'rejudge'", &[], |r| r.i64(0))?.is_some();
    Ok(!waits && meta(tx, "judged_day")?.and_then(|d| Day::parse(&d)) == Some(day))
}

fn stored(tx: &mut Tx<'_>, engine: &Engine, i: usize, only: &[i64]) -> anyhow::Result<BTreeMap<Key, Stored>> {
    let id = &engine.compiled[i].requirement.id;
    let mut found = BTreeMap::new();
    let mut add = |all: Vec<Stored>| found.extend(all.into_iter().map(|v| (key(&v), v)));
    if only.is_empty() {
        add(store::of_requirement(tx, id, None)?);
    }
    for subject in only {
        add(store::of_requirement(tx, id, Some(*subject))?);
    }
    Ok(found)
}

fn judged(
    tx: &mut Tx<'_>,
    engine: &Engine,
    (i, as_of): (usize, Day),
    only: Vec<i64>,
    shared: &mut Shared,
) -> anyhow::Result<BTreeMap<Key, Stored>> {
    let id = &engine.compiled[i].requirement.id;
    let mut found = BTreeMap::new();
    let q = Question { which: Some(vec![i]), as_of, known_at: None, only };
    engine.evaluate_with(tx, &q, shared, &mut |cut| {
        found.extend(cut.verdicts.iter().map(|v| Stored::of(id, v)).map(|v| (key(&v), v)));
        Ok(())
    })?;
    Ok(found)
}

fn differences(i: usize, mut old: BTreeMap<Key, Stored>, after: BTreeMap<Key, Stored>) -> Vec<Shift> {
    let mut shifts = Vec::new();
    let shift = |from: Option<Stored>, to: Option<Stored>| {
        let any = from.as_ref().or(to.as_ref()).map(|v| (subjects::key(v), v.window.clone()));
        any.map(|(subject, window)| Shift { requirement: i, subject, window, from, to })
    };
    for (key, to) in after {
        let from = old.remove(&key);
        if from.as_ref() != Some(&to) {
            shifts.extend(shift(from, Some(to)));
        }
    }
    shifts.extend(old.into_values().filter_map(|from| shift(Some(from), None)));
    shifts
}

/// The ledger whose records are the first cells of a requirement's subjects.
fn subject_table(engine: &Engine, i: usize) -> Option<usize> {
    let c: &Compiled = &engine.compiled[i];
    match c.per.first().map(|p| &p.kind) {
        None => Some(c.table),
        Some(Kind::Ref(table)) => Some(*table),
        Some(_) => None,
    }
}

/// Leaves what a reader may see.
///
/// # Errors
/// When the store cannot be read.
pub fn seen(tx: &mut Tx<'_>, engine: &Engine, scope: &Scope, shifts: Vec<Shift>) -> anyhow::Result<Vec<Shift>> {
    let mut seen = Vec::new();
    for shift in shifts {
        let units: BTreeSet<Option<i64>> = [&shift.from, &shift.to].into_iter().flatten().map(|v| v.unit).collect();
        // One that moves between units is seen by who sees both.
        let mut may = true;
        for unit in units {
            may = may && sight::sees(tx, engine, scope, shift.requirement, &shift.subject, unit)?;
        }
        if may {
            seen.push(shift);
        }
    }
    Ok(seen)
}
