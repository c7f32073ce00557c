//! 人员 `/people`: where each person is on a day, and the order of persons by unit and name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{frame::Desk, org_units::Units, view::spelling::sound_key};
use crate::{
    day::Day,
    db::Value,
    installation::Current,
    ledger::query::{self, Filter, Order, Query},
    names::Names,
    org::{builtin, chart::Post},
    verdict::world::{PERSON, POST, UNIT},
};

/// Where persons are on a day.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// The day.
    pub(super) day: Day,
    posts: HashMap<i64, Post>,
}

impl People {
    /// The deciding post of every person on a day (4.10).
    pub(super) fn on(current: &Current, day: Day) -> People {
        let (Some(chart), Some(persons)) = (current.organisation.chart(), current.organisation.table(PERSON)) else {
            return People { day, ..People::default() };
        };
        let post = |(row, id): (usize, &i64)| chart.post_on(row, day).map(|post| (*id, *post));
        People { day, posts: persons.ids.iter().enumerate().filter_map(post).collect() }
    }

    /// The row of the person's unit.
    pub(super) fn unit(&self, person: i64) -> Option<usize> {
        self.posts.get(&person).map(|p| p.unit)
    }

    /// Everybody in post.
    pub(super) fn in_post(&self) -> BTreeSet<i64> {
        self.posts.keys().copied().collect()
    }

    /// Everybody who belongs to one of these units (rows).
    pub(super) fn of_units(&self, units: &BTreeSet<usize>) -> BTreeSet<i64> {
        self.posts.iter().filter(|(_, post)| units.contains(&post.unit)).map(|(id, _)| *id).collect()
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
        let current = desk.current.clone();
        let ledger = &current.engine.layout.ledgers[POST];
        let persons = of.map(|ids| ids.iter().map(|id| Value::I64(*id)).collect());
        let filters = persons.map(|any_of| Filter::Is { field: "person".into(), any_of }).into_iter().collect();
        let duty = |post: &Post| {
            let duty = usize::try_from(post.duty).ok().and_then(|d| builtin::DUTIES.get(d));
            duty.map_or("", |d| d).to_owned()
        };
        let mut titles: HashMap<i64, String> = self.posts.iter().map(|(id, post)| (*id, duty(post))).collect();
        query::each(desk.tx, ledger, &desk.scope, &Query { filters, ..Query::default() }, |row| {
            let text = |name: &str| row.value(ledger, name).as_text();
            let Some(person) = row.value(ledger, "person").as_i64() else { return Ok(()) };
            let Some(post) = self.posts.get(&person) else { return Ok(()) };
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

    /// The persons of one page in the order of units and, within each, of names. Only the names of the units on the
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
        let current = desk.current.clone();
        let layout = &current.engine.layout;
        let Some(units) = Units::of(&current) else { return Ok(Vec::new()) };
        let all: BTreeSet<i64> = units.rows().map(|u| units.id(u)).collect();
        let names = Names::load(desk.tx, layout, &[(UNIT, all)].into())?;
        let ranks = units.ranks(&names);
        // Whoever is in no post comes last.
        let rank = |id: &i64| self.unit(*id).and_then(|u| ranks.get(&u).copied()).unwrap_or(usize::MAX);
        let mut by_unit: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for id in persons {
            by_unit.entry(rank(id)).or_default().push(*id);
        }
        let (mut before, mut page) = (0, Vec::new());
        for mut group in by_unit.into_values() {
            let first = offset.saturating_sub(before);
            let size = group.len();
            if first < size && page.len() < limit {
                let names = Names::load(desk.tx, layout, &[(PERSON, group.iter().copied().collect())].into())?;
                group.sort_by_cached_key(|id| (sound_key(names.title(PERSON, *id)), *id));
                page.extend(group.into_iter().skip(first).take(limit - page.len()));
            }
            before += size;
        }
        Ok(page)
    }

    /// The young ones on the day: born after this one (≤ `young_age` full years); `None` where the age is not set.
    pub(super) fn young_after(&self, current: &Current) -> Option<Day> {
        let age = i32::try_from(current.engine.given.whole("young_age")?).ok()?;
        Some(self.day.plus_years(-(age + 1)))
    }
}

/// Whether a list of persons is ordered by unit and name here, and not by the store.
pub(super) fn ordered_here(query: &Query) -> bool {
    query.order == Order::Default && query.voided == query::Voided::Hidden
}
