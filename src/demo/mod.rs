//! 云岭市: a made-up city with a whole year of facts, the same for the same seed.
//!
//! [`city`] gives every record with all its revisions, from the day the books were opened (2025-01-02) to the papers of
//! spring 2026 that close the year; [`fill`] writes into a store what was typed up to a day. Nothing is typed before it
//! happened, and nothing before what it refers to; only plans (a planned end, a term, a deadline) lie ahead. No person,
//! place, project or number is a real one (see `names`).
//!
//! What is worth looking for (organ numbers are those in the codes, `U06` is organ 6):
//!
//! - 青禾区 (1) does all as demanded. One of its young cadres (`P01`, 科室 3) is sent to the front line in March and moves
//!   to 云汀区 in July; the pair ends and a new one begins there.
//! - 澄湖区 (2): the chief retires in April, and three persons move up one after another.
//! - 望舒区 (3): a 科室 without a head from April to August; a mentee becomes 36 on 15 August and is
//!   no longer counted among the young.
//! - 松鹤区 (4): 产业与项目科 (`U04-03`) is split on 16 May into two.
//! - 云汀区 (5): exactly 80 % pass the closed-book test of June.
//! - 砚池区 (6): 72.7 % pass it, and the retraining of July passes; March's guidance is typed only in May; measures against
//!   some risks come after 30 June.
//! - 鹿鸣县 (8): its chief goes to the city in June, and the new one takes post without a pledge.
//! - 雁回县 (9): a 专班 of two; one mentor has two mentees. 石杵县 (10): no 工作专班 till December; low in both years and not
//!   yet interviewed. 苇泊县 (11): low in both years and interviewed; no budget, no reviews, marks missing: much is unknown.
//! - 棠梨县 (12): no key project, so much does not apply; marks of one test are missing.
//! - Namesakes: `P01` and `P10`, the city and `P05`.
//! - The sets of 6, 8 and 10 that the directive names only in part are left as they are.

mod activity;
mod council;
mod daily;
mod education;
mod fill;
mod identity;
mod mentor;
mod money;
mod names;
mod papers;
mod people;
mod posting;
mod printed;
mod profile;
mod project;
mod record;
mod remedy;
mod risk;
mod rng;
mod roster;
mod shape;
mod sitting;
mod supervise;
mod system;
mod talk;
mod tasks;
mod time;
mod training;

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;

pub use daily::releases;
pub use fill::fill;
pub use identity::identities;
pub use record::{Cell, Change, Code, Record, Revision};
pub use remedy::remedies;
pub use shape::LEAST;
pub use sitting::tests;
pub use supervise::matters;

use people::{Organ, Role};
use record::Values;
use shape::Shape;
use time::Clock;

/// What was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// By ledger: records and revisions.
    pub ledgers: BTreeMap<&'static str, (u64, u64)>,
}

impl Summary {
    /// Records of one ledger.
    pub fn records(&self, ledger: &str) -> u64 {
        self.ledgers.get(ledger).map_or(0, |c| c.0)
    }

    /// Revisions of all ledgers of the package: the organisation's own are not facts.
    pub fn facts(&self) -> u64 {
        let own = ["unit", "person", "post", "charge", "succession"];
        self.ledgers.iter().filter(|(name, _)| !own.contains(name)).map(|(_, c)| c.1).sum()
    }
}

/// Writes one kind of an organ's books.
type Book = fn(&City, &Organ, &mut Out<'_>) -> Result<()>;

/// An organ's books in the order in which they refer to each other.
const BOOKS: [Book; 11] = [
    papers::write,
    project::write,
    posting::write,
    mentor::write,
    training::write,
    education::write,
    risk::write,
    council::write,
    talk::write,
    money::write,
    tasks::write,
];

/// Gives every record of a city of `people` persons (at least [`LEAST`]) to `sink`: what a record refers to comes before
/// it. Only one organ's persons are held at a time.
///
/// # Errors
/// Those of `sink`.
pub fn city(seed: u64, people: usize, sink: &mut dyn FnMut(Record) -> Result<()>) -> Result<Summary> {
    write(seed, people, sink, &mut |_, _| {})
}

/// As [`city`]; `step` is told how many of how many parts are done.
fn write(
    seed: u64,
    people: usize,
    sink: &mut dyn FnMut(Record) -> Result<()>,
    step: &mut dyn FnMut(u64, u64),
) -> Result<Summary> {
    let city = City { seed, shape: shape::shape(seed, people), clock: Clock { workdays: time::workdays() } };
    let organs = city.shape.organs.len() as u32;
    let parts = u64::from(organs) * (1 + BOOKS.len() as u64);
    let mut done = 0;
    let mut out = Out { sink, next: HashMap::new(), summary: Summary::default() };
    for no in 0..organs {
        roster::units(&city, &Organ::of(&city, no), &mut out)?;
    }
    for no in 0..organs {
        roster::people(&city, &Organ::of(&city, no), &mut out)?;
        done += 1;
        step(done, parts);
    }
    for no in 0..organs {
        roster::charges(&city, &Organ::of(&city, no), &mut out)?;
    }
    for no in 0..organs {
        let organ = Organ::of(&city, no);
        if no == 0 {
            system::write(&city, &organ, &mut out)?;
        }
        for ledger in BOOKS {
            ledger(&city, &organ, &mut out)?;
            done += 1;
            step(done, parts);
        }
    }
    Ok(out.summary)
}

/// What every part of the city is worked out from.
struct City {
    seed: u64,
    shape: Shape,
    clock: Clock,
}

impl City {
    /// Running number (from 0) of the organ's person of that role.
    fn number(&self, organ: u32, role: Role) -> u32 {
        let organ = &self.shape.organs[organ as usize];
        match role {
            Role::Chief => 0,
            Role::Deputy(n) => n,
            Role::Head(section) => organ.head(section),
            Role::Staff(section, pos) => organ.head(section) + pos,
        }
    }

    /// The role of an organ's person by running number.
    fn role(&self, organ: u32, number: u32) -> Role {
        let organ = &self.shape.organs[organ as usize];
        if number <= organ.deputies {
            return if number == 0 { Role::Chief } else { Role::Deputy(number) };
        }
        let mut left = number - organ.deputies - 1;
        for (i, size) in organ.sections.iter().enumerate() {
            if left < *size {
                let section = i as u32 + 1;
                return if left == 0 { Role::Head(section) } else { Role::Staff(section, left) };
            }
            left -= size;
        }
        unreachable!("the number of an organ's person is below how many it has")
    }

    /// Numbers of the 区县.
    fn districts(&self) -> std::ops::Range<u32> {
        1..self.shape.organs.len() as u32
    }
}

/// Where records go.
struct Out<'a> {
    sink: &'a mut dyn FnMut(Record) -> Result<()>,
    next: HashMap<(&'static str, u32), u32>,
    summary: Summary,
}

impl Out<'_> {
    /// The next code of a ledger in an organ's books.
    fn code(&mut self, ledger: &'static str, organ: u32) -> Code {
        let seq = self.next.entry((ledger, organ)).or_insert(0);
        *seq += 1;
        Code { ledger, organ, seq: *seq }
    }

    /// A record of an organ's books that is never changed.
    fn add(&mut self, organ: &Organ, ledger: &'static str, unit: Code, at: i64, values: Values) -> Result<()> {
        let code = self.code(ledger, organ.no);
        self.put(Record::new(code, Some(unit), at, &organ.desk, values))
    }

    fn put(&mut self, record: Record) -> Result<()> {
        let counts = self.summary.ledgers.entry(record.code.ledger).or_default();
        counts.0 += 1;
        counts.1 += record.revisions.len() as u64;
        (self.sink)(record)
    }
}

/// A whole number in a decimal field.
fn whole(n: i64) -> Cell {
    Cell::Decimal(n * 10_000)
}
