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
    compile::{Access, Check, Condition, Conditions, Given, Relate, Rows, Side, Step},
    kind::Kind,
    world::{EMPTY, Node, PERSON, UNIT, World},
};
use crate::{
    day::Day,
    directive::model::{At, Value},
    ratio::Ratio,
};

/// Indexes by table and column; so few that they are looked through.
type ByColumn = Vec<((usize, usize), Rc<Index>)>;

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
    indexes: RefCell<HashMap<(usize, Day), Rc<Index>>>,
    by_column: Rc<RefCell<ByColumn>>,
    persons: Rc<OnceCell<Rc<Vec<Subject>>>>,
    trace: RefCell<BTreeMap<Node, Fate>>,
    tracing: Cell<bool>,
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

/// Rows by what they relate to, and by day.
struct Index {
    /// Key, day and position of each row, ascending.
    rows: Vec<(i64, Day, u32)>,
    /// Where the rows of each key begin, counted from the least key; empty where the keys lie too far apart.
    begins: Vec<u32>,
}

impl Index {
    fn new(mut rows: Vec<(i64, Day, u32)>) -> Index {
        rows.retain(|r| r.0 != EMPTY);
        rows.sort_unstable();
        let mut begins = Vec::new();
        if let (Some(first), Some(last)) = (rows.first(), rows.last())
            && let Some(keys) = last.0.checked_sub(first.0).filter(|n| *n <= rows.len() as i64)
        {
            let first = first.0;
            begins.reserve(keys as usize + 2);
            for (at, row) in rows.iter().enumerate() {
                begins.resize((row.0 - first) as usize + 1, at as u32);
            }
            begins.push(rows.len() as u32);
        }
        Index { rows, begins }
    }

    /// The rows of a key, those between two days if asked for, both included: their days and positions.
    fn rows(&self, key: i64, span: Option<(Day, Day)>) -> impl ExactSizeIterator<Item = (Day, usize)> + '_ {
        let mut own = self.of(key);
        if let Some((from, to)) = span {
            own = &own[own.partition_point(|r| r.1 < from)..];
            own = &own[..own.partition_point(|r| r.1 <= to)];
        }
        own.iter().map(|r| (r.1, r.2 as usize))
    }

    fn of(&self, key: i64) -> &[(i64, Day, u32)] {
        let Some(first) = self.rows.first() else { return &[] };
        if self.begins.is_empty() {
            let from = self.rows.partition_point(|r| r.0 < key);
            let own = &self.rows[from..];
            return &own[..own.partition_point(|r| r.0 == key)];
        }
        let at = key.checked_sub(first.0).and_then(|n| usize::try_from(n).ok());
        let span = at.and_then(|at| Some((*self.begins.get(at)?, *self.begins.get(at + 1)?)));
        span.map_or(&[], |(from, to)| &self.rows[from as usize..to as usize])
    }
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

    /// Whether a row satisfies conditions. `Err` names what fails, `Ok(Some)` names what cannot be told.
    pub fn conditions<'c>(
        &self,
        node: Node,
        day: Day,
        conds: &'c Conditions,
        subject: &Subject,
        frame: &Frame,
    ) -> Result<Option<&'c str>, &'c str> {
        let mut unclear = None;
        for c in &conds.all {
            match self.condition(node, day, c, subject, frame) {
                Some(true) => {}
                Some(false) => return Err(&c.access.text),
                None => unclear = Some(c.access.text.as_str()),
            }
        }
        for rows in &conds.has {
            match self.has(node, day, rows, subject, frame) {
                Some(true) => {}
                Some(false) => return Err("has"),
                None => unclear = Some("has"),
            }
        }
        Ok(unclear)
    }

    #[inline]
    fn condition(&self, node: Node, day: Day, c: &Condition, subject: &Subject, frame: &Frame) -> Option<bool> {
        let cell = self.value(node, &c.access, day, frame.cutoff);
        match &c.test {
            Check::Filled(yes) => Some((cell != EMPTY) == *yes),
            _ if cell == EMPTY => None,
            Check::Equal(wanted, sides)
                if let ([Side::Fixed(literal, _)], false) =
                    (sides.as_slice(), matches!(c.access.kind, Kind::Choices(_))) =>
            {
                Some((cell == *literal) == *wanted)
            }
            Check::Equal(wanted, sides) => {
                let mut unclear = false;
                for side in sides {
                    match self.equal(cell, &c.access.kind, side, subject, frame) {
                        Some(true) => return Some(*wanted),
                        Some(false) => {}
                        None => unclear = true,
                    }
                }
                if unclear { None } else { Some(!wanted) }
            }
            Check::Order(flags, side) => {
                let order = self.order(cell, &c.access.kind, side, subject, frame)?;
                Some(flags[(order as i8 + 1) as usize])
            }
        }
    }

    fn equal(&self, cell: i64, kind: &Kind, side: &Side, subject: &Subject, frame: &Frame) -> Option<bool> {
        match side {
            Side::Unset => None,
            Side::Fixed(literal, _) if matches!(kind, Kind::Choices(_)) => {
                Some((0..63).contains(literal) && cell >> literal & 1 == 1)
            }
            Side::Fixed(literal, _) => Some(cell == *literal),
            Side::Subject(access) => {
                let other = self.value(subject.node, access, subject.opens, frame.cutoff);
                if other == EMPTY {
                    return None;
                }
                if access.kind == *kind {
                    return Some(cell == other);
                }
                match (kind.number(cell), access.kind.number(other)) {
                    (Some(a), Some(b)) if kind.is_number() && access.kind.is_number() => Some(a == b),
                    _ => Some(kind.show(cell, &self.world.texts) == access.kind.show(other, &self.world.texts)),
                }
            }
        }
    }

    fn order(
        &self,
        cell: i64,
        kind: &Kind,
        side: &Side,
        subject: &Subject,
        frame: &Frame,
    ) -> Option<std::cmp::Ordering> {
        let other = match side {
            Side::Unset => return None,
            Side::Fixed(literal, _) if *literal != Side::NEVER => kind.number(*literal)?,
            Side::Fixed(_, Value::Number(r)) => *r,
            Side::Fixed(..) => return None,
            Side::Subject(access) => {
                access.kind.number(self.value(subject.node, access, subject.opens, frame.cutoff))?
            }
        };
        Some(kind.number(cell)?.cmp(&other))
    }

    /// At least one related row, up to the day asked; bound by the window only where the source says so.
    fn has(&self, node: Node, day: Day, rows: &Rows, subject: &Subject, frame: &Frame) -> Option<bool> {
        let open = rows.dated.is_none() && rows.at.is_none();
        let all = Frame { from: Day::MIN, seen: self.as_of, ..frame.clone() };
        let bound = if open { &all } else { frame };
        let here = Subject {
            node,
            rows: Vec::new(),
            key: Arc::new([self.world.tables[node.table].ids[node.row]]),
            opens: day,
            life: Vec::new(),
            doubtful: Vec::new(),
            unclear: false,
        };
        let (mut met, mut unclear) = (false, false);
        let span = self.span(rows, bound);
        self.candidates(rows, &here, bound, span, |day, row| {
            let day = if span.is_some() { Some(day) } else { self.visible(rows, row, bound, open) };
            let Some(day) = day.filter(|_| !met) else { return };
            match self.conditions(Node { table: rows.table, row }, day, &rows.filter, subject, frame) {
                Ok(None) => met = true,
                Ok(Some(_)) => unclear = true,
                Err(_) => {}
            }
        });
        if !met && unclear { None } else { Some(met) }
    }

    /// Gives the rows that pass the filter or may pass it, and says whether anybody was there at all before the filter.
    pub fn scan(&self, rows: &Rows, subject: &Subject, frame: &Frame, mut found: impl FnMut(Seen)) -> bool {
        let mut anybody = false;
        let span = self.span(rows, frame);
        self.candidates(rows, subject, frame, span, |day, row| {
            let day = if span.is_some() { Some(day) } else { self.visible(rows, row, frame, false) };
            let Some(day) = day else {
                let future = self.world.tables[rows.table].opens[row] > self.as_of;
                self.note(rows.table, row, || if future { Fate::Future } else { Fate::Outside });
                return;
            };
            anybody = true;
            let told = match rows.filter.is_empty() {
                true => Ok(None),
                false => self.conditions(Node { table: rows.table, row }, day, &rows.filter, subject, frame),
            };
            match told {
                Ok(None) => {
                    self.note(rows.table, row, || Fate::Counted);
                    found(Seen { row, day, sure: true, instead: false });
                }
                Ok(Some(field)) => {
                    self.note(rows.table, row, || Fate::Unclear(field.to_owned()));
                    found(Seen { row, day, sure: false, instead: false });
                }
                Err(field) => self.note(rows.table, row, || Fate::Fails(field.to_owned())),
            }
        });
        anybody
    }

    /// How many rows pass, where that can be told without looking at them: all of one key between two days.
    pub fn count(&self, rows: &Rows, subject: &Subject, frame: &Frame) -> Option<usize> {
        let span = self.span(rows, frame).filter(|_| rows.filter.is_empty())?;
        let Relate::Via(pairs) = &rows.relate else { return None };
        let [(Access { steps, .. }, None)] = pairs.as_slice() else { return None };
        let [Step::Column(column)] = steps.as_slice() else { return None };
        if subject.node.table == UNIT {
            return None;
        }
        let key = self.world.tables[subject.node.table].ids[subject.node.row];
        Some(self.column(rows.table, *column).rows(key, Some(span)).len())
    }

    /// The row's day for its paths, if the row is seen in the frame.
    fn visible(&self, rows: &Rows, row: usize, frame: &Frame, undated: bool) -> Option<Day> {
        let at_day = |at| match at {
            At::Start if frame.from > Day::MIN => frame.from,
            _ => frame.seen,
        };
        if rows.table == PERSON {
            let day = rows.at.map_or(frame.seen, at_day);
            return self.world.chart.post_on(row, day.min(self.as_of)).map(|_| day);
        }
        let table = &self.world.tables[rows.table];
        let opens = table.opens[row];
        if opens > self.as_of {
            return None;
        }
        if let Some(at) = rows.at {
            let day = at_day(at);
            let there = opens <= day && day <= table.closing(row);
            if !there || rows.dated.is_none() {
                return there.then_some(day);
            }
        }
        match rows.dated {
            Some((column, true)) => {
                let about = table.cell(row, column);
                (Some(about) == frame.label && opens <= frame.shut).then_some(opens)
            }
            Some((column, false)) => {
                let day = table.cell(row, column);
                let inside = i64::from(frame.from.0) <= day && day <= i64::from(frame.seen.0);
                (day != EMPTY && inside).then_some(opens)
            }
            None => (undated || (frame.from <= opens && opens <= frame.seen)).then_some(opens),
        }
    }

    /// Rows related to the subject, with their own days: those in the span, or whatever their day.
    fn candidates(
        &self,
        rows: &Rows,
        subject: &Subject,
        frame: &Frame,
        span: Option<(Day, Day)>,
        mut f: impl FnMut(Day, usize),
    ) {
        let opens = &self.world.tables[rows.table].opens;
        let mut given = |day, row| {
            if span.is_none_or(|(from, to)| from <= day && day <= to) {
                f(day, row);
            }
        };
        match &rows.relate {
            Relate::All => opens.iter().enumerate().for_each(|(row, day)| given(*day, row)),
            Relate::Combination => subject.rows.iter().for_each(|row| given(opens[*row], *row)),
            Relate::Owner => {
                let day = match rows.at {
                    Some(At::Start) if frame.from > Day::MIN => Some(frame.from),
                    Some(_) => Some(frame.seen),
                    None => None,
                };
                let index = self.index(rows, day, |eval, row, own| {
                    eval.unit_of(Node { table: rows.table, row }, day.unwrap_or(own)).map_or(EMPTY, |u| u as i64)
                });
                let owned = self.world.chart.owned.get(subject.node.row).map_or(&[][..], |o| o);
                owned.iter().flat_map(|u| index.rows(*u as i64, span)).for_each(|(day, row)| f(day, row));
            }
            Relate::Via(pairs) => self.via(rows, pairs, subject, span, f),
        }
    }

    /// Where a row is seen by its own day alone: from which day to which. Not while fates are noted, for those outside
    /// have one too.
    fn span(&self, rows: &Rows, frame: &Frame) -> Option<(Day, Day)> {
        let own_day = rows.table != PERSON && rows.at.is_none() && rows.dated.is_none();
        (own_day && !self.tracing.get()).then(|| (frame.from, frame.seen.min(self.as_of)))
    }

    fn via(
        &self,
        rows: &Rows,
        pairs: &[(Access, Option<Access>)],
        subject: &Subject,
        span: Option<(Day, Day)>,
        mut f: impl FnMut(Day, usize),
    ) {
        let wanted = |access: &Option<Access>| match access {
            None => self.world.tables[subject.node.table].ids[subject.node.row],
            Some(a) => self.value(subject.node, a, subject.opens, Day::MAX),
        };
        let Some((first, rest)) = pairs.split_first() else { return };
        let index = match first.0.steps.as_slice() {
            [Step::Column(column)] => self.column(rows.table, *column),
            _ => self.index(rows, None, |eval, row, own| {
                eval.value(Node { table: rows.table, row }, &first.0, own, Day::MAX)
            }),
        };
        let others: Vec<(&Access, i64)> = rest.iter().map(|(a, s)| (a, wanted(s))).collect();
        let mut of = |key: i64| {
            for (day, row) in index.rows(key, span) {
                let related = others.iter().all(|(a, want)| {
                    *want != EMPTY && self.value(Node { table: rows.table, row }, a, day, Day::MAX) == *want
                });
                if related {
                    f(day, row);
                }
            }
        };
        let owned = match &first.1 {
            None if subject.node.table == UNIT => self.world.chart.owned.get(subject.node.row),
            _ => None,
        };
        match owned {
            Some(units) => units.iter().for_each(|u| of(self.world.tables[UNIT].ids[*u])),
            None => Some(wanted(&first.1)).filter(|key| *key != EMPTY).into_iter().for_each(of),
        }
    }

    fn index(&self, rows: &Rows, day: Option<Day>, key: impl Fn(&Self, usize, Day) -> i64) -> Rc<Index> {
        let slot = (rows.key, day.unwrap_or(Day::MIN));
        if let Some(index) = self.indexes.borrow().get(&slot) {
            return Rc::clone(index);
        }
        let opens = &self.world.tables[rows.table].opens;
        let keyed = opens.iter().enumerate().map(|(row, day)| (key(self, row, *day), *day, row as u32));
        let index = Rc::new(Index::new(keyed.collect()));
        self.indexes.borrow_mut().insert(slot, Rc::clone(&index));
        index
    }

    /// Rows by a column of their own, which all requirements on this world share.
    fn column(&self, table: usize, column: usize) -> Rc<Index> {
        if let Some((_, index)) = self.by_column.borrow().iter().find(|(of, _)| *of == (table, column)) {
            return Rc::clone(index);
        }
        let t = &self.world.tables[table];
        let keyed = t.opens.iter().enumerate().map(|(row, day)| (t.cell(row, column), *day, row as u32));
        let index = Rc::new(Index::new(keyed.collect()));
        self.by_column.borrow_mut().push(((table, column), Rc::clone(&index)));
        index
    }

    /// A cell as an exact number.
    pub fn number(&self, node: Node, access: &Access, day: Day, cutoff: Day) -> Option<Ratio> {
        access.kind.number(self.value(node, access, day, cutoff))
    }
}
