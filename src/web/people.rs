//! 人员 `/people`: where each person is on a day, and the order of persons by unit and name.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock},
};

use super::{frame::Desk, org_units::Units, view::spelling::sound_key};
use crate::{
    day::Day,
    installation::Current,
    ledger::query::{self, Filter, Order, Query, Voided},
    names::Names,
    org::{builtin, chart::Post},
    scope::Scope,
    verdict::world::{PERSON, POST, UNIT},
};

/// Where persons are on a day, in one state of the organisation.
pub(super) struct People {
    /// The day.
    pub(super) day: Day,
    current: Arc<Current>,
    /// By the person's row.
    posts: Vec<Option<Post>>,
    /// Where each unit stands in the order of units.
    ranks: OnceLock<HashMap<usize, usize>>,
    /// Everybody, unit by unit.
    groups: OnceLock<Vec<Vec<i64>>>,
}

/// The last [`People`] asked for: most questions are about today.
#[derive(Default)]
pub(super) struct Kept(Mutex<Option<Arc<People>>>);

impl Kept {
    /// The deciding post of every person on a day (4.10).
    pub(super) fn on(&self, current: &Arc<Current>, day: Day) -> Arc<People> {
        let Ok(mut kept) = self.0.lock() else { return Arc::new(People::on(current, day)) };
        match &*kept {
            Some(people) if people.day == day && Arc::ptr_eq(&people.current, current) => Arc::clone(people),
            _ => Arc::clone(kept.insert(Arc::new(People::on(current, day)))),
        }
    }
}

impl People {
    fn on(current: &Arc<Current>, day: Day) -> People {
        let organisation = &current.organisation;
        let posts = match (organisation.chart(), organisation.table(PERSON)) {
            (Some(chart), Some(persons)) => {
                (0..persons.ids.len()).map(|row| chart.post_on(row, day).copied()).collect()
            }
            _ => Vec::new(),
        };
        let (ranks, groups) = (OnceLock::new(), OnceLock::new());
        People { day, current: Arc::clone(current), posts, ranks, groups }
    }

    fn ids(&self) -> &[i64] {
        self.current.organisation.table(PERSON).map_or(&[], |t| &t.ids)
    }

    fn post(&self, person: i64) -> Option<&Post> {
        let row = self.current.organisation.table(PERSON)?.row_of(person)?;
        self.posts.get(row)?.as_ref()
    }

    /// The row of the person's unit.
    pub(super) fn unit(&self, person: i64) -> Option<usize> {
        self.post(person).map(|p| p.unit)
    }

    /// The same, if the post may be seen: that of a unit in scope, or the reader's own.
    pub(super) fn seen_unit(&self, scope: &Scope, person: i64) -> Option<usize> {
        let unit = self.unit(person)?;
        let id = *self.current.organisation.table(UNIT)?.ids.get(unit)?;
        let own = matches!(scope, Scope::Within(reach) if reach.person == Some(person));
        (own || scope.has_unit(id)).then_some(unit)
    }

    /// Everybody in post, with the row of the unit.
    pub(super) fn in_post(&self) -> impl Iterator<Item = (i64, usize)> {
        self.ids().iter().zip(&self.posts).filter_map(|(id, post)| Some((*id, post.as_ref()?.unit)))
    }

    /// Everybody who is in no post.
    pub(super) fn away(&self) -> impl Iterator<Item = i64> {
        self.ids().iter().zip(&self.posts).filter(|(_, post)| post.is_none()).map(|(id, _)| *id)
    }

    /// The persons that a query gives; without conditions everybody, as the organisation was read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn under(&self, desk: &mut Desk<'_, '_>, query: &Query) -> anyhow::Result<Cow<'_, [i64]>> {
        let everybody = query.filters.is_empty() && query.voided == Voided::Hidden && query.known_at.is_none();
        if everybody && desk.scope == Scope::All {
            return Ok(Cow::Borrowed(self.ids()));
        }
        let ledger = &self.current.engine.layout.ledgers[PERSON];
        query::records(desk.tx, ledger, &desk.scope, query).map(Cow::Owned)
    }

    /// 职务 of persons: as recorded with the deciding post, or else their duty. None given: of everybody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn titles(
        &self,
        desk: &mut Desk<'_, '_>,
        of: Option<&[i64]>,
        units: &Units<'_>,
    ) -> anyhow::Result<HashMap<i64, String>> {
        let ledger = &self.current.engine.layout.ledgers[POST];
        // Posts are found by their unit, for which there is an index.
        let here = of.map(|ids| ids.iter().filter_map(|id| self.unit(*id)).map(|u| units.id(u)).collect());
        let filters = here.map(Filter::Units).into_iter().collect();
        let duty = |id: &i64| {
            let duty = usize::try_from(self.post(*id)?.duty).ok().and_then(|d| builtin::DUTIES.get(d))?;
            Some((*id, (*duty).to_owned()))
        };
        let seen = |id: &&i64| self.seen_unit(&desk.scope, **id).is_some();
        let mut titles: HashMap<i64, String> = of.unwrap_or(self.ids()).iter().filter(seen).filter_map(duty).collect();
        query::each(desk.tx, ledger, &desk.scope, &Query { filters, ..Query::default() }, |row| {
            let text = |name: &str| row.value(ledger, name).as_text();
            let Some(person) = row.value(ledger, "person").as_i64() else { return Ok(()) };
            let Some(post) = self.post(person) else { return Ok(()) };
            let same = text("from").and_then(Day::parse) == Some(post.from)
                && text("to").and_then(Day::parse).unwrap_or(Day::MAX) == post.to
                && row.unit == Some(units.id(post.unit));
            if let (true, Some(title)) = (same, text("title")) {
                titles.insert(person, title.to_owned());
            }
            Ok(())
        })?;
        Ok(titles)
    }

    /// Persons in the order of units and, within each, of names, from `offset` on. Only the names of the units on the
    /// page are read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(super) fn page(
        &self,
        desk: &mut Desk<'_, '_>,
        persons: &[i64],
        (limit, offset): (usize, usize),
    ) -> anyhow::Result<Vec<i64>> {
        let layout = &self.current.engine.layout;
        let mut own = None;
        let groups = if persons.len() == self.ids().len() {
            match self.groups.get() {
                Some(groups) => groups,
                None => {
                    let groups = self.grouped(desk, persons)?;
                    self.groups.get_or_init(|| groups)
                }
            }
        } else {
            own.insert(self.grouped(desk, persons)?)
        };
        let (mut before, mut page) = (0, Vec::new());
        for group in groups {
            let first = offset.saturating_sub(before);
            if first < group.len() && page.len() < limit {
                let names = Names::load(desk.tx, layout, &[(PERSON, group.iter().copied().collect())].into())?;
                let mut group = group.clone();
                group.sort_by_cached_key(|id| (sound_key(names.title(PERSON, *id)), *id));
                page.extend(group.into_iter().skip(first).take(limit - page.len()));
            }
            before += group.len();
        }
        Ok(page)
    }

    /// Persons unit by unit; whoever is in no post comes last.
    fn grouped(&self, desk: &mut Desk<'_, '_>, persons: &[i64]) -> anyhow::Result<Vec<Vec<i64>>> {
        let ranks = match self.ranks.get() {
            Some(ranks) => ranks,
            None => {
                let ranks = self.rank_units(desk)?;
                self.ranks.get_or_init(|| ranks)
            }
        };
        let rank = |id: &i64| self.unit(*id).and_then(|u| ranks.get(&u).copied()).unwrap_or(usize::MAX);
        let mut groups: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for id in persons {
            groups.entry(rank(id)).or_default().push(*id);
        }
        Ok(groups.into_values().collect())
    }

    fn rank_units(&self, desk: &mut Desk<'_, '_>) -> anyhow::Result<HashMap<usize, usize>> {
        let Some(units) = Units::of(&self.current) else { return Ok(HashMap::new()) };
        let all: BTreeSet<i64> = units.rows().map(|u| units.id(u)).collect();
        let names = Names::load(desk.tx, &self.current.engine.layout, &[(UNIT, all)].into())?;
        Ok(units.ranks(&names))
    }

    /// The young ones on the day: born after this one (≤ `young_age` full years); `None` where the age is not set.
    pub(super) fn young_after(&self) -> Option<Day> {
        let age = i32::try_from(self.current.engine.given.whole("young_age")?).ok()?;
        Some(self.day.plus_years(-(age + 1)))
    }
}

/// Whether a list of persons is ordered by unit and name here, and not by the store.
pub(super) fn ordered_here(query: &Query) -> bool {
    query.order == Order::Default && query.voided == Voided::Hidden
}
