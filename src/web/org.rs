//! 机构 `/org`: the chart of a day.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    frame::Desk,
    ledger_conditions::POSTED,
    ledger_typed::not_a_day,
    org_changes,
    org_units::Units,
    people::People,
    view::{
        org::{Org, OrgRow},
        spelling::sound_key,
        url::{Query as Url, segment},
        words::Link,
    },
};
use crate::{
    day::Day,
    installation::Current,
    ledger::query::{self, Query},
    names::Names,
    org::{
        builtin::DUTIES,
        chart::{CHIEF, HEAD},
    },
    scope::Scope,
    verdict::world::{CHARGE, PERSON, UNIT},
};

/// Titles of the levels of units.
const LEVELS: [&str; 3] = ["市级单位", "区县单位", "科室"];

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
pub(super) fn page(desk: &mut Desk<'_, '_>) -> anyhow::Result<Org> {
    let current = desk.current.clone();
    let typed = desk.ask.get("day").map(str::trim).unwrap_or_default().to_owned();
    let day = Day::parse(&typed);
    let error = if typed.is_empty() || day.is_some() { String::new() } else { not_a_day(&typed) };
    let shown = day.unwrap_or(desk.now.day);
    let (rows, summary) = match Units::of(&current) {
        Some(units) => {
            let chart = DayChart::read(desk, &current, &units, shown)?;
            (chart.rows(), chart.summary())
        }
        None => (Vec::new(), String::new()),
    };
    Ok(Org {
        page: desk.page("/org")?,
        day: if typed.is_empty() { shown.to_string() } else { typed },
        day_title: shown.chinese(),
        error,
        summary,
        rows,
        changes: org_changes::of(desk)?,
    })
}

/// The units of a day with who is in them.
struct DayChart<'a> {
    units: &'a Units<'a>,
    names: Names,
    people: People,
    day: Day,
    today: bool,
    /// The page, without what is folded.
    url: Url,
    /// Codes of organs that are unfolded.
    open: BTreeSet<String>,
    /// Units that are there, by the unit under which they are shown.
    below: HashMap<Option<usize>, Vec<usize>>,
    /// Persons in post, those of the units below included.
    persons: HashMap<usize, u64>,
    heads: HashMap<usize, Vec<(usize, i64)>>,
    charges: HashMap<usize, Vec<i64>>,
}

impl<'a> DayChart<'a> {
    fn read(
        desk: &mut Desk<'_, '_>,
        current: &Current,
        units: &'a Units<'a>,
        day: Day,
    ) -> anyhow::Result<DayChart<'a>> {
        let seen = |u: &usize| match &desk.scope {
            Scope::All => true,
            Scope::Units(ids) => ids.contains(&units.id(*u)),
        };
        let there: Vec<usize> = units.rows().filter(|u| units.there(*u, day)).filter(seen).collect();
        let people = People::on(current, day);
        let heads = heads(current, units, day);
        let charges = charges(desk, current, units, day)?;
        let persons = heads.values().flatten().map(|(_, id)| *id).chain(charges.values().flatten().copied());
        let wanted: BTreeMap<usize, BTreeSet<i64>> =
            [(UNIT, there.iter().map(|u| units.id(*u)).collect()), (PERSON, persons.collect())].into();
        let names = Names::load(desk.tx, &current.engine.layout, &wanted)?;
        let mut chart = DayChart {
            units,
            names,
            persons: HashMap::new(),
            people,
            day,
            today: day == desk.now.day,
            url: desk.ask.url.clone(),
            open: desk.ask.all("open").map(str::to_owned).collect(),
            below: HashMap::new(),
            heads,
            charges,
        };
        chart.arrange(&there);
        Ok(chart)
    }

    /// Puts each unit below the nearest superior that is there, and counts the persons upwards.
    fn arrange(&mut self, there: &[usize]) {
        let known: BTreeSet<usize> = there.iter().copied().collect();
        let mut staff: HashMap<usize, u64> = HashMap::new();
        for id in self.people.in_post() {
            if let Some(unit) = self.people.unit(id) {
                *staff.entry(unit).or_default() += 1;
            }
        }
        for unit in there {
            let above = ancestors(self.units, *unit).into_iter().find(|u| known.contains(u));
            self.below.entry(above).or_default().push(*unit);
        }
        for (unit, n) in staff {
            for at in std::iter::once(unit).chain(ancestors(self.units, unit)) {
                *self.persons.entry(at).or_default() += n;
            }
        }
        let (units, names) = (self.units, &self.names);
        for siblings in self.below.values_mut() {
            // An organ's own 科室 before the organs below it.
            siblings.sort_by_cached_key(|u| (!units.is_section(*u), sound_key(names.title(UNIT, units.id(*u)))));
        }
    }

    fn rows(&self) -> Vec<OrgRow> {
        let mut rows = Vec::new();
        self.add(None, 0, &mut rows);
        rows
    }

    fn add(&self, above: Option<usize>, depth: u8, rows: &mut Vec<OrgRow>) {
        let folded = above.is_some_and(|u| !self.units.is_section(u) && !self.open.contains(&self.code(u)));
        for unit in self.below.get(&above).into_iter().flatten() {
            if folded && self.units.is_section(*unit) {
                continue;
            }
            rows.push(self.row(*unit, depth));
            self.add(Some(*unit), depth.saturating_add(1), rows);
        }
    }

    fn code(&self, unit: usize) -> String {
        self.names.code(UNIT, self.units.id(unit))
    }

    fn row(&self, unit: usize, depth: u8) -> OrgRow {
        let (from, to) = self.units.life(unit);
        let code = self.code(unit);
        let charge = self.charges.get(&unit).into_iter().flatten().map(|id| self.names.title(PERSON, *id));
        OrgRow {
            depth,
            unit: Link::new(
                self.names.title(UNIT, self.units.id(unit)).to_owned(),
                format!("/units/{}", segment(&code)),
            ),
            level: self.units.level(unit).and_then(|l| LEVELS.get(l)).map_or("", |l| l).to_owned(),
            heads: self.heads(unit),
            charge: charge.collect::<Vec<_>>().join("、"),
            persons: self.persons.get(&unit).copied().unwrap_or(0),
            persons_href: self.persons_href(unit),
            from: from.chinese(),
            to: if to == Day::MAX { String::new() } else { to.chinese() },
            fold: self.fold(unit, &code),
        }
    }

    /// `主要负责同志：黄文斌`
    fn heads(&self, unit: usize) -> String {
        let mut by_duty: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        for (duty, id) in self.heads.get(&unit).into_iter().flatten() {
            by_duty.entry(*duty).or_default().push(self.names.title(PERSON, *id));
        }
        let duties = by_duty.into_iter().map(|(duty, names)| format!("{}：{}", DUTIES[duty], names.join("、")));
        duties.collect::<Vec<_>>().join("；")
    }

    /// The list of the persons who are counted: those of the unit, or of each organ below it.
    fn persons_href(&self, unit: usize) -> String {
        let mut url = Url::new("/people");
        if !self.today {
            url = url.with("day", self.day.to_string());
        }
        if self.persons.get(&unit).copied().unwrap_or(0) == self.people.in_post().len() as u64 {
            return url.with("state", POSTED[0]).href();
        }
        let mut organs = vec![unit];
        let mut at = 0;
        while let Some(above) = organs.get(at).copied() {
            let below = self.below.get(&Some(above)).into_iter().flatten().copied();
            organs.extend(below.filter(|u| !self.units.is_section(*u)));
            at += 1;
        }
        organs.into_iter().for_each(|u| url.pairs.push(("unit".into(), self.code(u))));
        url.href()
    }

    fn fold(&self, unit: usize, code: &str) -> Option<Link> {
        if self.units.is_section(unit) {
            return None;
        }
        let sections = self.below.get(&Some(unit)).into_iter().flatten().filter(|u| self.units.is_section(**u)).count();
        let text = if self.open.contains(code) { "收起".to_owned() } else { format!("展开{sections}个科室") };
        (sections > 0).then(|| Link::new(text, self.url.toggle("open", code).href()))
    }

    /// `1个市级单位，12个区县单位，68个科室；在岗1003人。`
    fn summary(&self) -> String {
        let mut counts = [0_u64; LEVELS.len()];
        for unit in self.below.values().flatten() {
            if let Some(n) = self.units.level(*unit).and_then(|l| counts.get_mut(l)) {
                *n += 1;
            }
        }
        let levels = counts.iter().zip(LEVELS).filter(|(n, _)| **n > 0).map(|(n, title)| format!("{n}个{title}"));
        let levels: Vec<String> = levels.collect();
        format!("{}；在岗{}人。", levels.join("，"), self.people.in_post().len())
    }
}

/// The superiors of a unit, the nearest first; a circle ends where it closes.
fn ancestors(units: &Units<'_>, unit: usize) -> Vec<usize> {
    let mut above = Vec::new();
    let mut at = unit;
    while let Some(up) = units.parent(at).filter(|up| *up != unit && !above.contains(up)) {
        above.push(up);
        at = up;
    }
    above
}

/// Who heads each unit on the day: duty and person.
fn heads(current: &Current, units: &Units<'_>, day: Day) -> HashMap<usize, Vec<(usize, i64)>> {
    let mut heads: HashMap<usize, Vec<(usize, i64)>> = HashMap::new();
    let Some(persons) = current.organisation.table(PERSON) else { return heads };
    for (row, id) in persons.ids.iter().enumerate() {
        for post in units.chart.posts(row).iter().filter(|p| p.from <= day && day <= p.to) {
            if let (CHIEF | HEAD, Ok(duty)) = (post.duty, usize::try_from(post.duty)) {
                heads.entry(post.unit).or_default().push((duty, *id));
            }
        }
    }
    heads
}

/// Who is in charge of each unit on the day.
fn charges(
    desk: &mut Desk<'_, '_>,
    current: &Current,
    units: &Units<'_>,
    day: Day,
) -> anyhow::Result<HashMap<usize, Vec<i64>>> {
    let ledger = &current.engine.layout.ledgers[CHARGE];
    let mut charges: HashMap<usize, Vec<i64>> = HashMap::new();
    query::each(desk.tx, ledger, &desk.scope, &Query::default(), |row| {
        let of = |name: &str| row.value(ledger, name).as_text().and_then(Day::parse);
        let holds = of("from").is_some_and(|from| from <= day) && of("to").is_none_or(|to| day <= to);
        let unit = row.unit.and_then(|id| units.row(id));
        if let (true, Some(unit), Some(person)) = (holds, unit, row.value(ledger, "person").as_i64()) {
            charges.entry(unit).or_default().push(person);
        }
        Ok(())
    })?;
    Ok(charges)
}
