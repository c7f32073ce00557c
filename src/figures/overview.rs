//! The whole and the units side by side: are we on plan, and who is not?

use std::collections::{BTreeMap, BTreeSet};

use super::{
    organ::{Organ, organs},
    picture::Picture,
    share::{on_system, permille, share_light},
};
use crate::{
    day::Day,
    db::Tx,
    directive::model::Requirement,
    scope::Scope,
    verdict::{
        engine::Engine,
        item::{self, Item},
        judge::State,
        light::Light,
        store::Counted,
    },
};

/// Days ahead that [`Overview::dues`] looks.
const AHEAD: i32 = 45;

/// The figures of the whole. Demands on the system as a whole stand apart from those on units.
#[derive(Debug)]
pub struct Overview {
    /// The units in the order shown: those with 落后项 (red, yellow, green), then the others, by name within each.
    pub units: Vec<UnitFigures>,
    /// The clauses that [`UnitFigures::cells`] stand for.
    pub columns: Columns,
    /// 应判项 of all units.
    pub judged: u32,
    /// 落后项 of all units.
    pub behind: u32,
    /// Thousandths of 应判项 that are met or on plan.
    pub on_plan: u32,
    /// The rule of a unit's light over all unit verdicts.
    pub light: Light,
    /// Demands by state, as judged for the whole.
    pub states: States,
    /// One item for each requirement and organ that has it.
    pub items: Vec<Item>,
    /// One item for each requirement.
    pub system: Vec<Item>,
}

/// A unit's figures.
#[derive(Clone, Debug)]
pub struct UnitFigures {
    /// The unit.
    pub organ: Organ,
    /// 落后项 ÷ 应判项 as a light.
    pub light: Light,
    /// 落后项.
    pub behind: u32,
    /// 应判项.
    pub judged: u32,
    /// One for each clause.
    pub cells: Vec<Cell>,
}

/// What a unit has under one clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing of the clause applies to the unit.
    Na,
    /// Nothing behind.
    Clear,
    /// So many behind.
    Behind {
        /// 落后项.
        count: u32,
        /// The worst light among them.
        light: Light,
        /// The first of them: position of the requirement.
        first: usize,
    },
    /// Nothing behind, but so many without data.
    Unknown {
        /// 数据不足项.
        count: u32,
        /// The first of them: position of the requirement.
        first: usize,
    },
}

/// Demands by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct States {
    /// All that are judged.
    pub total: u32,
    /// 达标.
    pub pass: u32,
    /// 进行中.
    pub open: u32,
    /// Of these with 黄灯.
    pub open_yellow: u32,
    /// Of these with 红灯.
    pub open_red: u32,
    /// 未达标.
    pub fail: u32,
    /// 数据不足.
    pub unknown: u32,
    /// 不适用.
    pub na: u32,
}

/// A requirement in which units are behind.
#[derive(Clone, Debug)]
pub struct Attention {
    /// Position of the requirement.
    pub i: usize,
    /// The units behind in it, by name.
    pub organs: Vec<Organ>,
    /// The worst light among them.
    pub light: Light,
    /// Verdicts missed.
    pub fails: i64,
    /// Open verdicts behind their pace.
    pub behind: i64,
}

/// A window that ends soon with something still open in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    /// The last day before it shuts.
    pub day: Day,
    /// Position of the requirement.
    pub i: usize,
    /// The window.
    pub window: String,
}

/// The clause columns: those with an item that is not on the system alone.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Pillar and clause.
    pub of: Vec<(String, String)>,
}

impl Columns {
    fn of(engine: &Engine, items: &[Item]) -> Columns {
        let shown: BTreeSet<usize> =
            items.iter().filter(|i| !on_system(engine, i.i) && i.state != State::Figure).map(|i| i.i).collect();
        let mut of: Vec<(String, String)> = Vec::new();
        for (i, c) in engine.compiled.iter().enumerate() {
            let column = (c.requirement.pillar.clone(), c.requirement.clause.clone());
            if shown.contains(&i) && !of.contains(&column) {
                of.push(column);
            }
        }
        let order = |pillar: &str| engine.package.directive.pillars.iter().position(|p| p.id == pillar);
        of.sort_by_key(|(pillar, _)| order(pillar));
        Columns { of }
    }

    fn position(&self, r: &Requirement) -> Option<usize> {
        self.of.iter().position(|(p, c)| *p == r.pillar && *c == r.clause)
    }

    /// The clause's short title.
    pub fn title(engine: &Engine, clause: &str) -> String {
        let found = engine.package.directive.clauses.iter().find(|c| c.id == clause);
        found.map_or_else(|| clause.to_owned(), |c| c.title.clone())
    }
}

/// The figures of a picture.
///
/// # Errors
/// When the store cannot be read.
pub fn overview(tx: &mut Tx<'_>, picture: &Picture, scope: &Scope) -> anyhow::Result<Overview> {
    let engine = picture.engine();
    let items = item::items(engine, &picture.counts, picture.day);
    let system = item::system(engine, &picture.counts, picture.day);
    let organs = organs(tx, &picture.at, scope, picture.until)?;
    let columns = Columns::of(engine, &items);
    let units = units(engine, &organs, &items, &columns);
    let judged: u32 = units.iter().map(|u| u.judged).sum();
    let behind: u32 = units.iter().map(|u| u.behind).sum();
    Ok(Overview {
        judged,
        behind,
        on_plan: permille(i64::from(judged - behind), i64::from(judged)),
        light: share_light(engine, behind, judged),
        states: states(&system),
        units,
        columns,
        items,
        system,
    })
}

fn units(engine: &Engine, organs: &[Organ], items: &[Item], columns: &Columns) -> Vec<UnitFigures> {
    let row = |organ: &Organ| {
        let own: Vec<&Item> = items.iter().filter(|i| i.organ == organ.id && !on_system(engine, i.i)).collect();
        let judged = own.iter().filter(|i| i.judged()).count() as u32;
        let behind = own.iter().filter(|i| i.behind()).count() as u32;
        let cells = (0..columns.of.len()).map(|n| {
            let here = |i: &&&Item| columns.position(&engine.compiled[i.i].requirement) == Some(n);
            cell(&own.iter().filter(here).copied().collect::<Vec<_>>())
        });
        let light = share_light(engine, behind, judged);
        UnitFigures { organ: organ.clone(), light, behind, judged, cells: cells.collect() }
    };
    let mut rows: Vec<UnitFigures> = organs.iter().map(row).collect();
    rows.sort_by_key(|r| (r.behind == 0, std::cmp::Reverse(r.light)));
    rows
}

fn cell(items: &[&Item]) -> Cell {
    let behind: Vec<&&Item> = items.iter().filter(|i| i.behind()).collect();
    let unknown: Vec<&&Item> = items.iter().filter(|i| i.state == State::Unknown).collect();
    match (behind.first(), unknown.first()) {
        (Some(first), _) => {
            let light = behind.iter().map(|i| i.light).max().unwrap_or(Light::Yellow);
            Cell::Behind { count: behind.len() as u32, light, first: first.i }
        }
        (None, None) if !items.iter().any(|i| i.judged()) => Cell::Na,
        (None, None) => Cell::Clear,
        (None, Some(first)) => Cell::Unknown { count: unknown.len() as u32, first: first.i },
    }
}

fn states(system: &[Item]) -> States {
    let mut s = States::default();
    for item in system.iter().filter(|i| i.state != State::Figure) {
        s.total += 1;
        match item.state {
            State::Pass => s.pass += 1,
            State::Fail => s.fail += 1,
            State::Unknown => s.unknown += 1,
            State::Na => s.na += 1,
            State::Open => {
                s.open += 1;
                s.open_yellow += u32::from(item.light == Light::Yellow);
                s.open_red += u32::from(item.light == Light::Red);
            }
            State::Figure => {}
        }
    }
    s
}

impl Overview {
    /// Units with a light.
    pub fn with(&self, light: Light) -> impl Iterator<Item = &UnitFigures> {
        self.units.iter().filter(move |u| u.light == light)
    }

    /// 主要短板: pillar and title of the clauses in which most units are behind, with how many they are; at most three.
    pub fn weak(&self, engine: &Engine) -> Vec<(String, String, usize)> {
        let behind = |n: usize| self.units.iter().filter(|u| matches!(u.cells[n], Cell::Behind { .. })).count();
        let mut by: Vec<(usize, &(String, String))> =
            self.columns.of.iter().enumerate().map(|(n, column)| (behind(n), column)).collect();
        by.sort_by_key(|(n, _)| std::cmp::Reverse(*n));
        let worst = by.into_iter().filter(|(n, _)| *n > 0).take(3);
        worst.map(|(n, (pillar, clause))| (pillar.clone(), Columns::title(engine, clause), n)).collect()
    }

    /// 请关注: the requirements in which units are behind, those with the most units first.
    pub fn attention(&self, engine: &Engine) -> Vec<Attention> {
        let mut by: BTreeMap<usize, Vec<&Item>> = BTreeMap::new();
        for item in self.items.iter().filter(|i| i.behind() && !on_system(engine, i.i)) {
            by.entry(item.i).or_default().push(item);
        }
        let mut found: Vec<Attention> = by.into_iter().filter_map(|(i, items)| self.one(i, &items)).collect();
        found.sort_by_key(|a| (std::cmp::Reverse(a.organs.len()), engine.rank(a.i)));
        found
    }

    fn one(&self, i: usize, items: &[&Item]) -> Option<Attention> {
        let mut of: Vec<(&Item, &Organ)> = items
            .iter()
            .filter_map(|t| Some((*t, &self.units.iter().find(|u| u.organ.id == t.organ)?.organ)))
            .collect();
        of.sort_by_key(|(_, o)| crate::spelling::sound_key(&o.name));
        Some(Attention {
            i,
            light: of.iter().map(|(t, _)| t.light).max()?,
            fails: of.iter().map(|(t, _)| t.tally.fail).sum(),
            behind: of.iter().map(|(t, _)| t.tally.behind).sum(),
            organs: of.into_iter().map(|(_, o)| o.clone()).collect(),
        })
    }

    /// Demands on the system itself that are behind or without data, and how many demands it bears.
    pub fn city(&self, engine: &Engine) -> (Vec<&Item>, u32) {
        let mut own: Vec<&Item> = self.system.iter().filter(|s| on_system(engine, s.i)).collect();
        own.sort_by_key(|s| engine.rank(s.i));
        let all = own.len() as u32;
        (own.into_iter().filter(|s| s.behind() || s.state == State::Unknown).collect(), all)
    }

    /// Windows that end soon, the next first, each requirement once; at most `most`.
    pub fn dues(engine: &Engine, counts: &[Counted], today: Day, most: usize) -> Vec<Due> {
        let mut found: BTreeSet<Due> = BTreeSet::new();
        for c in counts.iter().filter(|c| c.tally.open > 0) {
            if let (Some(day), Some(i)) = (c.shut, engine.position(&c.requirement))
                && day >= today
                && day <= today.plus(AHEAD)
            {
                found.insert(Due { day, i, window: c.window.clone() });
            }
        }
        let mut seen = BTreeSet::new();
        found.into_iter().filter(|d| seen.insert(d.i)).take(most).collect()
    }
}
