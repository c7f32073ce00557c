//! 机构 `/org`: the chart of a day.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use axum::{extract::State, response::Response};

use super::{
    app::App,
    asked,
    frame::{Ask, Desk, show},
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
    ledger::query::{self, Filter, Query},
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

/// `GET /org`.
pub(super) async fn page(State(app): State<App>, ask: Ask) -> Response {
    let own = app.clone();
    show(app, ask, move |desk| render(desk, &own)).await
}

/// Fills the page.
///
/// # Errors
/// When the store cannot be read.
fn render(desk: &mut Desk<'_, '_>, app: &App) -> anyhow::Result<Org> {
    asked::keys(desk, &["day", "open"]);
    let current = desk.current.clone();
    let typed = desk.ask.get("day").map(str::trim).unwrap_or_default().to_owned();
    let day = Day::parse(&typed);
    let error = if typed.is_empty() || day.is_some() { String::new() } else { not_a_day(&typed) };
    let shown = day.unwrap_or(desk.now.day);
    let people = app.people.on(&current, shown);
    let (rows, summary) = match Units::of(&current) {
        Some(units) => {
            let chart = DayChart::read(desk, &current, &units, people)?;
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
    people: Arc<People>,
    names: Names,
    /// The address of the page.
    url: Url,
    today: bool,
    /// Units that are there, by the unit under which they are shown; 科室 of folded organs too.
    below: HashMap<Option<usize>, Vec<usize>>,
    /// Organs whose 科室 are shown.
    open: BTreeSet<usize>,
    /// Persons in post, those of the units below included.
    persons: HashMap<usize, u64>,
    in_post: u64,
    heads: HashMap<usize, Vec<(usize, i64)>>,
    charges: HashMap<usize, Vec<i64>>,
}

impl<'a> DayChart<'a> {
    fn read(
        desk: &mut Desk<'_, '_>,
        current: &Current,
        units: &'a Units<'a>,
        people: Arc<People>,
    ) -> anyhow::Result<DayChart<'a>> {
        let layout = &current.engine.layout;
        let seen = |u: &usize| units.there(*u, people.day) && units.seen(&desk.scope, *u);
        let there: Vec<usize> = units.rows().filter(seen).collect();
        let organs = there.iter().copied().filter(|u| !units.is_section(*u));
        let names = Names::load(desk.tx, layout, &[(UNIT, organs.clone().map(|u| units.id(u)).collect())].into())?;
        let opened: BTreeSet<&str> = desk.ask.all("open").collect();
        let open: BTreeSet<usize> =
            organs.filter(|u| opened.contains(names.code(UNIT, units.id(*u)).as_str())).collect();
        let shown: BTreeSet<usize> =
            there.iter().copied().filter(|u| !units.is_section(*u) || open.contains(&units.organ(*u))).collect();
        let heads = heads(current, units, &shown, people.day);
        let charges = charges(desk, current, units, &shown, people.day)?;
        let persons = heads.values().flatten().map(|(_, id)| *id).chain(charges.values().flatten().copied());
        let wanted: BTreeMap<usize, BTreeSet<i64>> =
            [(UNIT, shown.iter().map(|u| units.id(*u)).collect()), (PERSON, persons.collect())].into();
        let mut chart = DayChart {
            units,
            names: Names::load(desk.tx, layout, &wanted)?,
            url: desk.ask.url.clone(),
            today: people.day == desk.now.day,
            below: HashMap::new(),
            open,
            persons: HashMap::new(),
            in_post: 0,
            heads,
            charges,
            people,
        };
        chart.arrange(&there, &desk.scope);
        Ok(chart)
    }

    /// Puts each unit below the nearest superior that is there, and counts the persons of units in scope upwards.
    fn arrange(&mut self, there: &[usize], scope: &Scope) {
        let known: BTreeSet<usize> = there.iter().copied().collect();
        for unit in there {
            let above = ancestors(self.units, *unit).into_iter().find(|u| known.contains(u));
            self.below.entry(above).or_default().push(*unit);
        }
        let mut staff: HashMap<usize, u64> = HashMap::new();
        for (_, unit) in self.people.in_post().filter(|(_, unit)| self.units.seen(scope, *unit)) {
            *staff.entry(unit).or_default() += 1;
            self.in_post += 1;
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
        for unit in self.below.get(&above).into_iter().flatten() {
            if self.units.is_section(*unit) && !self.open.contains(&self.units.organ(*unit)) {
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
            url = url.with("day", self.people.day.to_string());
        }
        if self.persons.get(&unit).copied().unwrap_or(0) == self.in_post {
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
        let text = if self.open.contains(&unit) { "收起".to_owned() } else { format!("展开{sections}个科室") };
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
        format!("{}；在岗{}人。", levels.collect::<Vec<_>>().join("，"), self.in_post)
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

/// Who heads each of these units on the day: duty and person.
fn heads(current: &Current, units: &Units<'_>, of: &BTreeSet<usize>, day: Day) -> HashMap<usize, Vec<(usize, i64)>> {
    let mut heads: HashMap<usize, Vec<(usize, i64)>> = HashMap::new();
    let Some(persons) = current.organisation.table(PERSON) else { return heads };
    for (row, id) in persons.ids.iter().enumerate() {
        for post in units.chart.posts(row).iter().filter(|p| p.from <= day && day <= p.to) {
            if let (CHIEF | HEAD, Ok(duty), true) = (post.duty, usize::try_from(post.duty), of.contains(&post.unit)) {
                heads.entry(post.unit).or_default().push((duty, *id));
            }
        }
    }
    heads
}

/// Who is in charge of each of these units on the day.
fn charges(
    desk: &mut Desk<'_, '_>,
    current: &Current,
    units: &Units<'_>,
    of: &BTreeSet<usize>,
    day: Day,
) -> anyhow::Result<HashMap<usize, Vec<i64>>> {
    let ledger = &current.engine.layout.ledgers[CHARGE];
    let mut charges: HashMap<usize, Vec<i64>> = HashMap::new();
    let query = Query { filters: vec![Filter::Units(of.iter().map(|u| units.id(*u)).collect())], ..Query::default() };
    query::each(desk.tx, ledger, &desk.scope, &query, |row| {
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
