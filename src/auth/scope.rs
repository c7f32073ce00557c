//! Which units a reader's grants reach, and whether a grant still hangs on a post.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use super::{Permission, Reader, reader::Held};
use crate::{
    day::Day,
    installation::Current,
    org::chart::Chart,
    scope::{Parts, Reach, Scope},
    verdict::world::{PERSON, Table, UNIT},
};

/// Reaches that are remembered at a time; each is as many numbers as it has units.
const REMEMBERED: usize = 512;

/// Reaches that were worked out from one state of the organisation. What a reader was granted is asked of the store each
/// time and is the key, so that a grant that is withdrawn leads to another reach at once.
#[derive(Default)]
pub struct Reaches(Mutex<HashMap<Granted, Arc<Reach>>>);

/// On which day, the units granted, the own person.
type Granted = (Day, BTreeSet<i64>, Option<i64>);

impl Reaches {
    fn get(&self, granted: Granted, work_out: impl FnOnce(&Granted) -> Reach) -> Arc<Reach> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&granted) {
            return Arc::clone(known);
        }
        let reach = Arc::new(work_out(&granted));
        let mut known = lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(granted, Arc::clone(&reach));
        reach
    }
}

/// The organisation on a day, as far as rights depend on it.
pub struct Organisation<'a> {
    units: &'a Table,
    persons: &'a Table,
    chart: &'a Chart,
    /// Column of the superior.
    parent: usize,
    /// Closed units and their successors.
    heirs: &'a [(i64, i64)],
    parts: &'a Arc<Parts>,
    reaches: &'a Reaches,
    day: Day,
}

impl<'a> Organisation<'a> {
    /// That of an installation; `None` before there is one.
    pub fn of(current: &'a Current, day: Day) -> Option<Organisation<'a>> {
        Some(Organisation {
            units: current.organisation.table(UNIT)?,
            persons: current.organisation.table(PERSON)?,
            chart: current.organisation.chart()?,
            parent: current.engine.layout.ledgers.get(UNIT)?.field_index("parent")?,
            heirs: &current.heirs,
            parts: &current.parts,
            reaches: &current.reaches,
            day,
        })
    }

    /// Whether the person still holds today the post on which a role hangs that was given from a day on: one in the unit or
    /// below it, or, for the whole city (`None`), in the unit of that day. Once it has ended, another post does not bring
    /// the role back.
    pub fn has_post(&self, person: i64, unit: Option<i64>, since: Day) -> bool {
        let Some(row) = self.persons.row_of(person) else { return false };
        let mut posts: Vec<_> = self.chart.posts(row).iter().filter(|p| p.to >= since).collect();
        posts.sort_by_key(|p| p.from);
        // Of who comes later, the first post counts.
        let begins = posts.first().map_or(since, |p| p.from.max(since));
        let on_that_day: BTreeSet<usize> = posts.iter().filter(|p| p.from <= begins).map(|p| p.unit).collect();
        let fits = |at: usize| match unit {
            None => on_that_day.contains(&at),
            Some(unit) => self.is_below(at, unit),
        };
        let mut fitting = posts.into_iter().filter(|p| fits(p.unit));
        let Some(first) = fitting.next() else { return false };
        let last = fitting.fold(first.to, |last, p| if p.from <= last.plus(1) { last.max(p.to) } else { last });
        first.from <= self.day && self.day <= last
    }

    /// The unit of that row is the other one, or has it among its superiors.
    fn is_below(&self, row: usize, unit: i64) -> bool {
        let mut at = Some(row);
        // No chain is longer than there are units; a circle ends here.
        for _ in 0..self.units.len() {
            let Some(row) = at else { return false };
            if self.units.ids.get(row) == Some(&unit) {
                return true;
            }
            at = self.units.row_of(self.units.cell(row, self.parent));
        }
        false
    }

    /// The organs of which all units are among these.
    fn whole(&self, units: &BTreeSet<i64>) -> BTreeSet<i64> {
        let rows = units.iter().filter_map(|id| self.units.row_of(*id));
        let organs = rows.filter(|row| self.chart.organ.get(*row) == Some(row));
        let whole = organs.filter(|o| self.chart.owned[*o].iter().all(|u| units.contains(&self.units.ids[*u])));
        whole.map(|row| self.units.ids[row]).collect()
    }

    fn is_open(&self, row: usize) -> bool {
        self.units.opens[row] <= self.day && self.day <= self.units.closing(row)
    }

    fn has_closed(&self, row: usize) -> bool {
        self.units.closing(row) < self.day
    }

    /// The units themselves, all below them on today's chart, and the closed ones that any of them succeeds, with what
    /// had been below those.
    fn widened(&self, granted: &BTreeSet<i64>) -> BTreeSet<i64> {
        let mut below: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        (0..self.units.len()).for_each(|row| below.entry(self.units.cell(row, self.parent)).or_default().push(row));
        let mut preceded: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        self.heirs.iter().for_each(|(closed, heir)| preceded.entry(*heir).or_default().push(*closed));

        // Each with whether it is reached as a closed one.
        let mut reached: BTreeSet<(i64, bool)> = BTreeSet::new();
        let mut next: Vec<(i64, bool)> = granted.iter().map(|id| (*id, false)).collect();
        while let Some((id, closed)) = next.pop() {
            if !reached.insert((id, closed)) {
                continue;
            }
            let children = below.get(&id).into_iter().flatten();
            let wanted = children.filter(|row| if closed { self.has_closed(**row) } else { self.is_open(**row) });
            next.extend(wanted.map(|row| (self.units.ids[*row], closed)));
            let gone = preceded.get(&id).into_iter().flatten();
            let gone = gone.filter(|id| self.units.row_of(**id).is_some_and(|row| self.has_closed(row)));
            next.extend(gone.map(|id| (*id, true)));
        }
        reached.into_iter().map(|(id, _)| id).collect()
    }
}

/// What a reader may see: everything with a role for the whole city, else the units of his roles, widened, and what
/// concerns himself. 干部 and the administrators see no unit's records.
pub fn scope_of(reader: &Reader, organisation: &Organisation<'_>) -> Scope {
    scope_of_held(&reader.held, reader.person, organisation)
}

/// The same of roles that are held, and of whose person that is.
pub(super) fn scope_of_held(held: &[Held], person: Option<i64>, organisation: &Organisation<'_>) -> Scope {
    let held = || held.iter().filter(|h| h.role.takes_unit());
    if held().any(|h| h.unit.is_none()) {
        return Scope::All;
    }
    let granted = (organisation.day, held().filter_map(|h| h.unit).collect(), person);
    Scope::Within(organisation.reaches.get(granted, |(_, granted, person)| {
        let units = organisation.widened(granted);
        let organs = organisation.whole(&units);
        Reach { units, organs, person: *person, parts: Arc::clone(organisation.parts) }
    }))
}

/// As [`scope_of`], by the roles alone that have a permission: what somebody may record in one unit does not follow from
/// what he may see in another.
pub fn scope_with(reader: &Reader, organisation: &Organisation<'_>, permission: Permission) -> Scope {
    let held = reader.held.iter().filter(|h| permission.of(h.role)).cloned().collect();
    scope_of(&Reader { held, ..reader.clone() }, organisation)
}
