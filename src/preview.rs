//! What a package, or another setting, would do to the verdicts before it comes into force: judged over the same records by
//! the evaluator that judges in earnest, then forgotten.

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
    figures::{Organ, Picture, UnitFigures, overview},
    installation::{Current, Installation, given},
    ledger::schema,
    scope::{Actor, Scope},
    spelling::sound_key,
    verdict::{
        compile::Given,
        engine::{Engine, Question},
        judge::State,
        light::Light,
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

/// How a unit stands: its light, 落后项, 应判项.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stand {
    /// 落后项 ÷ 应判项 as a light.
    pub light: Light,
    /// 落后项.
    pub behind: u32,
    /// 应判项.
    pub judged: u32,
}

/// What other settings would do today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// Units that would stand otherwise, before and after, by name; among them those whose light alone is another.
    pub units: Vec<(Organ, Stand, Stand)>,
    /// All units.
    pub all: usize,
    /// Requirements with verdicts that would read otherwise.
    pub changes: Vec<Change>,
}

impl Trial {
    /// Units whose light would be another.
    pub fn relit(&self) -> usize {
        self.units.iter().filter(|(_, before, after)| before.light != after.light).count()
    }

    /// Verdicts that would read otherwise.
    pub fn changed(&self) -> usize {
        self.changes.iter().map(|c| c.changed() + c.come + c.gone).sum()
    }
}

/// Judges the whole city today as it is and with other settings or names, both anew on one snapshot, and compares.
///
/// # Errors
/// When the store cannot be read.
pub fn trial(tx: &mut Tx<'_>, installation: &Installation, with: impl FnOnce(&mut Given)) -> anyhow::Result<Trial> {
    let (current, other) = (installation.current(tx)?, installation.tried(tx, with)?);
    let (before, old) = stands(tx, &current, installation.clock.now().day)?;
    let (after, new) = stands(tx, &other, installation.clock.now().day)?;
    let all = before.len();
    let pairs = before.into_iter().filter_map(|(organ, was)| {
        let is = after.iter().find(|(o, _)| o.id == organ.id)?.1;
        (was != is).then_some((organ, was, is))
    });
    let mut units: Vec<_> = pairs.collect();
    units.sort_by_cached_key(|(organ, ..)| sound_key(&organ.name));
    Ok(Trial { units, all, changes: differences(&old, &new) })
}

/// How the units stand by what is given, and the verdicts.
fn stands(tx: &mut Tx<'_>, at: &Arc<Current>, day: Day) -> anyhow::Result<(Vec<(Organ, Stand)>, Judgement)> {
    let (picture, judged) = Picture::tried(tx, at, day)?;
    let units = overview(tx, &picture, &Scope::All)?.units;
    let stand = |u: UnitFigures| (u.organ, Stand { light: u.light, behind: u.behind, judged: u.judged });
    let mut found = Judgement::new();
    for v in judged {
        found.entry(v.requirement.clone()).or_default().insert((v.subject, v.rest.clone(), v.window.clone()), seen(&v));
    }
    Ok((units.into_iter().map(stand).collect(), found))
}

fn seen(v: &Stored) -> Seen {
    let mut rest = DefaultHasher::new();
    (&v.value, &v.target, v.light.as_str(), v.late).hash(&mut rest);
    Seen { state: v.state, rest: rest.finish() }
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
            let seen = seen(&v);
            of.insert((v.subject, v.rest, v.window), seen);
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
