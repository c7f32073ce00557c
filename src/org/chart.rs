//! The chart by day: whose unit a person belongs to, who holds which office, who owes whom a talk (section 7, R-30…R-32).

use std::{collections::HashMap, sync::Arc};

use crate::{
    day::Day,
    verdict::world::{CHARGE, EMPTY, Layout, PERSON, POST, Table, UNIT},
};

/// Positions in [`builtin::DUTIES`](super::builtin::DUTIES).
pub const CHIEF: i64 = 0;
/// 班子成员.
pub const DEPUTY: i64 = 1;
/// 科室负责人.
pub const HEAD: i64 = 2;
/// 普通干部.
pub const STAFF: i64 = 3;
/// Position of 科室 in [`builtin::LEVELS`](super::builtin::LEVELS).
pub const SECTION: i64 = 2;

/// Who owes a talk to whom; the order is that of [`TalkLevel::NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkLevel {
    /// Nobody, or between others.
    None,
    /// The organ's 主要负责同志 to its 班子成员.
    Chief,
    /// Whoever is in charge of the 科室 to its 负责人.
    InCharge,
    /// The 科室's 负责人 to its 普通干部.
    Head,
}

impl TalkLevel {
    /// As written in packages.
    pub const NAMES: [&'static str; 4] = ["无", "主要→班子", "分管→科室负责人", "科室负责人→干部"];
}

/// Indexes over the tables `unit`, `post` and `charge`. All positions are rows of those tables.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The organ of each unit: itself, or what its 科室 belongs to.
    pub organ: Vec<usize>,
    /// What each unit owns: itself and the 科室 below it, never a subordinate organ (5.1).
    pub owned: Vec<Vec<usize>>,
    /// Units without a superior, oldest first: the first is the whole system's.
    pub tops: Vec<usize>,
    posts_of: Vec<Vec<Post>>,
    offices: HashMap<(usize, i64), Vec<Post>>,
    charges: HashMap<usize, Vec<Post>>,
}

/// A post or a charge: who, where, as what, from when to when (both included).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    /// Row of the person, or `usize::MAX` if the person is not known.
    pub person: usize,
    /// Row of the unit.
    pub unit: usize,
    /// Position in `DUTIES`, or [`EMPTY`].
    pub duty: i64,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Marked as the main one.
    pub main: bool,
}

impl Post {
    fn holds(&self, day: Day) -> bool {
        self.from <= day && day <= self.to
    }
}

impl Chart {
    /// Builds the indexes.
    pub fn new(layout: &Layout, tables: &[Arc<Table>]) -> Chart {
        let column = |table: usize, name: &str| layout.ledgers[table].field_index(name).unwrap_or(usize::MAX);
        let units = &tables[UNIT];
        let (level, parent) = (column(UNIT, "level"), column(UNIT, "parent"));
        let mut chart = Chart { posts_of: vec![Vec::new(); tables[PERSON].len()], ..Chart::default() };
        chart.organ = (0..units.len()).map(|u| organ_of(units, u, level, parent)).collect();
        chart.owned = owned(units, &chart.organ, level, parent);
        chart.tops = (0..units.len()).filter(|u| units.cell(*u, parent) == EMPTY).collect();
        // By level first: a 区县 whose superior is not typed yet is not the city, however old it is.
        let rank = |u: usize| match units.cell(u, level) {
            EMPTY => i64::MAX,
            rank => rank,
        };
        chart.tops.sort_by_key(|u| (rank(*u), units.opens[*u], units.ids[*u]));

        let posts = read_posts(
            &tables[POST],
            &tables[PERSON],
            units,
            column(POST, "person"),
            column(POST, "duty"),
            column(POST, "main"),
        );
        for post in posts {
            if let Some(own) = chart.posts_of.get_mut(post.person) {
                own.push(post);
            }
            chart.offices.entry((post.unit, post.duty)).or_default().push(post);
        }
        for own in &mut chart.posts_of {
            own.sort_by_key(|p| p.from);
        }
        let charges =
            read_posts(&tables[CHARGE], &tables[PERSON], units, column(CHARGE, "person"), usize::MAX, usize::MAX);
        for charge in charges {
            chart.charges.entry(charge.unit).or_default().push(charge);
        }
        chart
    }

    /// The post that decides where a person belongs on a day: the one marked main, else the oldest (4.10).
    pub fn post_on(&self, person: usize, day: Day) -> Option<&Post> {
        let mut held = self.posts_of.get(person)?.iter().filter(|p| p.holds(day));
        let first = held.next()?;
        if first.main { Some(first) } else { held.find(|p| p.main).or(Some(first)) }
    }

    /// The unit on that day, or if there is none the latest before (5.2).
    pub fn unit_until(&self, person: usize, day: Day) -> Option<usize> {
        let last = self.posts_of.get(person)?.iter().filter(|p| p.from <= day).map(|p| p.to.min(day)).max()?;
        self.post_on(person, last).map(|p| p.unit)
    }

    /// All posts of a person, oldest first.
    pub fn posts(&self, person: usize) -> &[Post] {
        self.posts_of.get(person).map_or(&[], |p| p)
    }

    /// First day of the unbroken time in post that contains `day`.
    pub fn spell(&self, person: usize, day: Day) -> Option<Day> {
        self.post_on(person, day)?;
        let mut first = day;
        loop {
            let earlier =
                self.posts(person).iter().filter(|p| p.from < first && p.to.plus(1) >= first).map(|p| p.from).min();
            match earlier {
                Some(from) => first = from,
                None => return Some(first),
            }
        }
    }

    /// Which talk duty makes the person its listener on that day; vacant offices and oneself owe nothing.
    pub fn talk_due(&self, person: usize, day: Day) -> TalkLevel {
        let Some(post) = self.post_on(person, day) else { return TalkLevel::None };
        let level = match post.duty {
            DEPUTY => TalkLevel::Chief,
            HEAD => TalkLevel::InCharge,
            STAFF => TalkLevel::Head,
            _ => return TalkLevel::None,
        };
        let owed = self.talkers(level, post.unit).iter().any(|p| p.holds(day) && p.person != person);
        if owed { level } else { TalkLevel::None }
    }

    /// The level of a talk held on that day.
    pub fn talk_level(&self, talker: usize, listener: usize, day: Day) -> TalkLevel {
        let level = self.talk_due(listener, day);
        let Some(post) = self.post_on(listener, day) else { return TalkLevel::None };
        let held = self.talkers(level, post.unit).iter().any(|p| p.holds(day) && p.person == talker);
        if held && talker != listener { level } else { TalkLevel::None }
    }

    /// Days on which a person's unit, duty or talk duty may change: the first day of each new state.
    pub fn changes(&self, person: usize) -> Vec<Day> {
        let mut days = Vec::new();
        let mut mark = |p: &Post| {
            days.push(p.from);
            days.push(p.to.plus(1));
        };
        for post in self.posts(person) {
            mark(post);
            for level in [TalkLevel::Chief, TalkLevel::InCharge, TalkLevel::Head] {
                self.talkers(level, post.unit).iter().for_each(&mut mark);
            }
        }
        days.sort_unstable();
        days.dedup();
        days
    }

    fn talkers(&self, level: TalkLevel, unit: usize) -> &[Post] {
        let posts = match level {
            TalkLevel::None => None,
            TalkLevel::Chief => self.organ.get(unit).and_then(|organ| self.offices.get(&(*organ, CHIEF))),
            TalkLevel::InCharge => self.charges.get(&unit),
            TalkLevel::Head => self.offices.get(&(unit, HEAD)),
        };
        posts.map_or(&[], |p| p)
    }
}

fn organ_of(units: &Table, unit: usize, level: usize, parent: usize) -> usize {
    let mut at = unit;
    for _ in 0..units.len() {
        match units.row_of(units.cell(at, parent)) {
            Some(up) if units.cell(at, level) == SECTION => at = up,
            _ => break,
        }
    }
    at
}

fn owned(units: &Table, organ: &[usize], level: usize, parent: usize) -> Vec<Vec<usize>> {
    let mut owned: Vec<Vec<usize>> = (0..units.len()).map(|u| vec![u]).collect();
    for (unit, own) in organ.iter().enumerate() {
        let mut at = unit;
        for _ in 0..units.len() {
            if at == *own || units.cell(at, level) != SECTION {
                break;
            }
            let Some(up) = units.row_of(units.cell(at, parent)) else { break };
            owned[up].push(unit);
            at = up;
        }
    }
    owned
}

fn read_posts(table: &Table, persons: &Table, units: &Table, person: usize, duty: usize, main: usize) -> Vec<Post> {
    (0..table.len())
        .filter_map(|row| {
            Some(Post {
                person: persons.row_of(table.cell(row, person)).unwrap_or(usize::MAX),
                unit: units.row_of(table.unit[row])?,
                duty: table.cell(row, duty),
                from: table.opens[row],
                to: table.closing(row),
                main: table.cell(row, main) == 1,
            })
        })
        .collect()
}
