//! What a package would do to the verdicts, before it comes into force: judged over the same records, then forgotten.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    apply,
    day::Day,
    db::Tx,
    directive::model::Package,
    installation::{Installation, given},
    ledger::schema,
    scope::Actor,
    verdict::{
        engine::{Engine, Question},
        judge::State,
        store::Stored,
    },
};

/// What would become of the verdicts on one requirement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Table id.
    pub requirement: String,
    /// Verdicts that would read otherwise, by their state before and after; equal states differ in value, target or light.
    pub moved: BTreeMap<(State, State), usize>,
    /// Verdicts that are not there yet.
    pub come: usize,
    /// Verdicts that would be there no more.
    pub gone: usize,
}

impl Change {
    /// Verdicts that would read otherwise.
    pub fn changed(&self) -> usize {
        self.moved.values().sum()
    }
}

/// Verdicts by requirement, then by subject, other cells and window.
type Judgement = BTreeMap<String, HashMap<(i64, String, String), Seen>>;

/// A verdict as far as it is compared: its state, and a digest of what else people see of it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    state: State,
    rest: u64,
}

/// Judges as of now by the package in force and by a new one, and compares; requirements without a difference are left
/// out. Where the new package changes tables it is applied in a transaction that is rolled back: writers wait so long, as
/// they do when it is applied in earnest.
///
/// # Errors
/// When the store fails, or the package cannot come into force.
pub fn run(installation: &Installation, new: &Package) -> anyhow::Result<Vec<Change>> {
    let now = installation.clock.now();
    let (old, before) = installation.db.read(|tx| {
        let old = installation.current(tx)?.engine.package.clone();
        let before = judged(tx, &old, now.day)?;
        Ok((old, before))
    })?;
    let same_tables = schema::plan(&old.ledgers, &new.ledgers).is_ok_and(|changes| changes.is_empty());
    let after = if same_tables {
        installation.db.read(|tx| judged(tx, new, now.day))?
    } else {
        let found = Arc::new(Mutex::new(None));
        let (slot, new) = (Arc::clone(&found), new.clone());
        let actor = Actor { account: None, name: String::new(), at: now.instant };
        let undone = installation.db.write(move |tx| -> anyhow::Result<()> {
            apply::apply(tx, Some(&old), &new, &actor)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(judged(tx, &new, now.day)?);
            anyhow::bail!("only tried")
        });
        let after = found.lock().unwrap_or_else(PoisonError::into_inner).take();
        match after {
            Some(after) => after,
            None => return undone.map(|()| Vec::new()),
        }
    };
    Ok(differences(&before, &after))
}

fn judged(tx: &mut Tx<'_>, package: &Package, day: Day) -> anyhow::Result<Judgement> {
    let (given, workdays) = given(tx, package, day, None)?;
    let engine = Engine::new(Arc::new(package.clone()), given, workdays)?;
    let mut found = Judgement::new();
    engine.evaluate(tx, &Question { as_of: day, ..Question::default() }, &mut |cut| {
        let id = &engine.compiled[cut.requirement].requirement.id;
        let of = found.entry(id.clone()).or_default();
        for v in &cut.verdicts {
            let v = Stored::of(id, v);
            let mut rest = DefaultHasher::new();
            (&v.value, &v.target, v.light.as_str(), v.late).hash(&mut rest);
            of.insert((v.subject, v.rest, v.window), Seen { state: v.state, rest: rest.finish() });
        }
        Ok(())
    })?;
    Ok(found)
}

fn differences(before: &Judgement, after: &Judgement) -> Vec<Change> {
    let none = HashMap::new();
    let ids: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |id: &String| {
        let (old, new) = (before.get(id).unwrap_or(&none), after.get(id).unwrap_or(&none));
        let mut change = Change { requirement: id.clone(), ..Change::default() };
        for (key, was) in old {
            match new.get(key) {
                None => change.gone += 1,
                Some(is) if is != was => *change.moved.entry((was.state, is.state)).or_default() += 1,
                Some(_) => {}
            }
        }
        change.come = new.keys().filter(|key| !old.contains_key(*key)).count();
        change
    };
    ids.into_iter().map(change).filter(|c| c.changed() + c.come + c.gone > 0).collect()
}
