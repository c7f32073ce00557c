//! Looks at one row: values along paths, conditions in three values, which rows a measure may see.
//!
//! A condition is true, false, or cannot be told (`None`) because a field is empty (3.2).

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
};

use super::{
    compile::{Access, Given, Step},
    index::Index,
    kind::Kind,
    world::{EMPTY, Node, PERSON, UNIT, World},
};
use crate::{day::Day, ratio::Ratio};

/// Indexes by table and column; so few that they are looked through.
pub(super) type ByColumn = Vec<((usize, usize), Rc<Index>)>;

/// One question: a world seen from a day.
pub struct Eval<'w> {
    /// What is known.
    pub world: &'w World<'w>,
    /// The day asked, D.
    pub as_of: Day,
    /// Settings and slots in force.
    pub given: &'w Given,
    /// Only subjects whose first key lies in one of these ranges; empty: all.
    pub only: Vec<(i64, i64)>,
    young_age: Option<i64>,
    pub(super) indexes: RefCell<HashMap<(usize, Day), Rc<Index>>>,
    pub(super) by_column: Rc<RefCell<ByColumn>>,
    persons: Rc<OnceCell<Rc<Vec<Subject>>>>,
    trace: RefCell<BTreeMap<Node, Fate>>,
    pub(super) tracing: Cell<bool>,
}

/// What a measure may see: the bounds of a window as of the day asked.
#[derive(Clone, Debug)]
pub struct Frame {
    /// First day of facts.
    pub from: Day,
    /// Last day of the window, [`Day::MAX`] without end.
    pub to: Day,
    /// Last day of facts: the window's, or the day asked.
    pub seen: Day,
    /// Last day on which a paper about the period may come.
    pub shut: Day,
    /// The window has not shut yet.
    pub running: bool,
    /// Number of the label, for period fields; `None` if no row carries it.
    pub label: Option<i64>,
    /// A date after this day is not filled yet (4.10).
    pub cutoff: Day,
}

/// Who is judged, as rows.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The subject's row; of a combination its first.
    pub node: Node,
    /// Of a combination all its rows, else empty.
    pub rows: Vec<usize>,
    /// Of a combination the cells of `per`, else the record id.
    pub key: Arc<[i64]>,
    /// First day.
    pub opens: Day,
    /// Days there as of the day asked, ascending; the last may end at [`Day::MAX`].
    pub life: Vec<(Day, Day)>,
    /// `where` cannot be told (3.8), with the days on which that is so.
    pub doubtful: Vec<(Day, Day)>,
    /// The same, of the whole subject.
    pub unclear: bool,
}

/// A row that a measure sees.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Position in its table.
    pub row: usize,
    /// The row's day for its paths.
    pub day: Day,
    /// Passes the filter: true, or not to be told.
    pub sure: bool,
    /// Takes part only if the row before it in the list does not (`last_per`).
    pub instead: bool,
}

/// Why a row was counted or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The row.
    pub node: Node,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// Counted.
    Counted,
    /// Cannot be told: this field is empty.
    Unclear(String),
    /// Happened after the day asked.
    Future,
    /// Its day is outside the window.
    Outside,
    /// This condition is not met.
    Fails(String),
    /// A later row of the same takes its place.
    Superseded,
    /// Counted in the denominator only: this further condition is not met.
    Short(String),
}

impl<'w> Eval<'w> {
    /// A question about a day.
    pub fn new(world: &'w World<'w>, given: &'w Given, as_of: Day) -> Eval<'w> {
        Eval {
            world,
            as_of,
            given,
            only: Vec::new(),
            young_age: given.whole("young_age"),
            indexes: RefCell::default(),
            by_column: Rc::default(),
            persons: Rc::default(),
            trace: RefCell::default(),
            tracing: Cell::new(false),
        }
    }

    /// The same for another requirement, with what was found out about the world's tables so far.
    pub fn beside(&self) -> Eval<'w> {
        Eval {
            only: self.only.clone(),
            by_column: Rc::clone(&self.by_column),
            persons: Rc::clone(&self.persons),
            ..Eval::new(self.world, self.given, self.as_of)
        }
    }

    /// All persons in post, found once for all requirements beside each other.
    pub(super) fn persons(&self, find: impl FnOnce() -> Vec<Subject>) -> Rc<Vec<Subject>> {
        Rc::clone(self.persons.get_or_init(|| Rc::new(find())))
    }

    /// From now on keeps what becomes of each row.
    pub fn start_trace(&self) {
        self.tracing.set(true);
    }

    /// What became of the rows since [`Eval::start_trace`].
    pub fn take_trace(&self) -> Vec<Trace> {
        self.tracing.set(false);
        self.trace.take().into_iter().map(|(node, fate)| Trace { node, fate }).collect()
    }

    /// Notes what became of a row, if asked to; a later note on the same row takes the place of the earlier.
    #[inline]
    pub fn note(&self, table: usize, row: usize, fate: impl FnOnce() -> Fate) {
        if self.tracing.get() {
            self.trace.borrow_mut().insert(Node { table, row }, fate());
        }
    }

    /// The unit of a row on a day: typed, or derived along `unit_from` (4.12); a person's post decides.
    pub fn unit_of(&self, node: Node, day: Day) -> Option<usize> {
        self.unit_at(node, day.min(self.as_of), 8, |person, day| self.world.chart.post_on(person, day).map(|p| p.unit))
    }

    /// The same, but a person without a post that day is where they were last (5.2).
    pub fn last_unit_of(&self, node: Node, day: Day) -> Option<usize> {
        self.unit_at(node, day.min(self.as_of), 8, |person, day| self.world.chart.unit_until(person, day))
    }

    fn unit_at(
        &self,
        node: Node,
        day: Day,
        depth: u32,
        person: impl Fn(usize, Day) -> Option<usize> + Copy,
    ) -> Option<usize> {
        match node.table {
            UNIT => return Some(node.row),
            PERSON => return person(node.row, day),
            _ => {}
        }
        let table = &self.world.tables[node.table];
        let ledger = &self.world.layout.ledgers[node.table];
        let Some(from) = ledger.unit_from.as_ref() else {
            return self.world.tables[UNIT].row_of(*table.unit.get(node.row)?);
        };
        let column = ledger.field_index(from)?;
        let Kind::Ref(to) = self.world.layout.kinds[node.table][column] else { return None };
        let row = self.world.tables[to].row_of(table.cell(node.row, column))?;
        if depth == 0 { None } else { self.unit_at(Node { table: to, row }, day, depth - 1, person) }
    }

    /// The cell at the end of a path; `day` is the row's own, for paths to persons and units.
    #[inline]
    pub fn value(&self, node: Node, access: &Access, day: Day, cutoff: Day) -> i64 {
        match access.steps.as_slice() {
            [Step::Column(column)] => self.cell(node, *column, cutoff),
            _ => self.along(node, access, day, cutoff),
        }
    }

    fn along(&self, node: Node, access: &Access, day: Day, cutoff: Day) -> i64 {
        let mut at = node;
        let last = access.steps.len() - 1;
        for (i, step) in access.steps.iter().enumerate() {
            let cell = self.step(at, *step, day, cutoff);
            if i == last || cell == EMPTY {
                return cell;
            }
            let Some(next) = self.follow(at, *step, cell) else { return EMPTY };
            at = next;
        }
        EMPTY
    }

    fn step(&self, at: Node, step: Step, day: Day, cutoff: Day) -> i64 {
        let table = &self.world.tables[at.table];
        let chart = &self.world.chart;
        let day = day.min(self.as_of);
        let unit_id = |row: Option<usize>| row.map_or(EMPTY, |u| self.world.tables[UNIT].ids[u]);
        match step {
            Step::Column(i) => self.cell(at, i, cutoff),
            Step::Id => table.ids[at.row],
            Step::Unit => unit_id(self.unit_of(at, day)),
            Step::Organ => unit_id(chart.organ.get(at.row).copied()),
            Step::Duty => chart.post_on(at.row, day).map_or(EMPTY, |p| p.duty),
            Step::Young => self.young(at.row, day),
            Step::TalkDue => chart.talk_due(at.row, day) as i64,
            Step::TalkLevel => self.talk_level(at, day),
            Step::ActualDays => self.actual_days(at, cutoff),
        }
    }

    /// A cell; a date after the cutoff is not filled yet.
    #[inline]
    fn cell(&self, at: Node, column: usize, cutoff: Day) -> i64 {
        let cell = self.world.tables[at.table].cell(at.row, column);
        let later = cell > i64::from(cutoff.0) && matches!(self.world.layout.kinds[at.table][column], Kind::Date);
        if later { EMPTY } else { cell }
    }

    fn follow(&self, at: Node, step: Step, cell: i64) -> Option<Node> {
        let table = match step {
            Step::Column(i) => match self.world.layout.kinds[at.table][i] {
                Kind::Ref(to) => to,
                _ => return None,
            },
            Step::Id => at.table,
            _ => UNIT,
        };
        let row = self.world.tables[table].row_of(cell)?;
        let hidden = self.world.tables[table].opens[row] > self.as_of;
        if hidden { None } else { Some(Node { table, row }) }
    }

    fn young(&self, person: usize, day: Day) -> i64 {
        let born = self.named(Node { table: PERSON, row: person }, "born");
        match (self.young_age, born) {
            (Some(age), born) if born != EMPTY => i64::from(day.age_of(Day(born as i32)) <= age),
            _ => EMPTY,
        }
    }

    fn talk_level(&self, talk: Node, day: Day) -> i64 {
        let persons = &self.world.tables[PERSON];
        let person = |name| persons.row_of(self.named(talk, name));
        match (person("talker"), person("listener")) {
            (Some(talker), Some(listener)) => self.world.chart.talk_level(talker, listener, day) as i64,
            _ => EMPTY,
        }
    }

    fn actual_days(&self, approval: Node, cutoff: Day) -> i64 {
        let (from, to) = (self.named(approval, "accepted"), self.named(approval, "finished"));
        if from == EMPTY || to == EMPTY || to > i64::from(cutoff.0) {
            return EMPTY;
        }
        self.world.workdays.count(Day(from as i32), Day(to as i32))
    }

    fn named(&self, node: Node, field: &str) -> i64 {
        let column = self.world.layout.ledgers[node.table].field_index(field);
        column.map_or(EMPTY, |c| self.world.tables[node.table].cell(node.row, c))
    }

    /// A cell as an exact number.
    pub fn number(&self, node: Node, access: &Access, day: Day, cutoff: Day) -> Option<Ratio> {
        access.kind.number(self.value(node, access, day, cutoff))
    }
}
