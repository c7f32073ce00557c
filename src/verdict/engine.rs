//! A package made ready to judge, and the way through all of its requirements: whole tables once, large ledgers in cuts.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{
    compile::{self, CompileError, Compiled, Given, Step},
    eval::Eval,
    judge::{self, Rules, Verdict},
    kind::Kind,
    light::Thresholds,
    load::{self, Ask, Cut, Shared},
    needs::Needs,
    world::{CHARGE, Layout, Texts, World},
};
use crate::{
    calendar::Workdays,
    day::Day,
    db::{Db, Tx},
    directive::model::{Each, FieldType, Package},
    org::builtin,
};

/// Subjects judged in one cut: few enough that their facts and verdicts stay in the processor's cache.
const CUT: i64 = 500;
/// The same of what was known in the past, which no index serves: each cut reads the ledger whole.
const CUT_OF_THE_PAST: i64 = 4_000;

/// A package with its settings, compiled.
pub struct Engine {
    /// What is demanded.
    pub package: Arc<Package>,
    /// The ledgers.
    pub layout: Layout,
    /// Settings and slots in force.
    pub given: Given,
    /// The enabled requirements in the package's order.
    pub compiled: Vec<Compiled>,
    /// What each reads.
    pub needs: Vec<Needs>,
    /// What all read.
    pub union: Needs,
    /// First day and light thresholds.
    pub rules: Rules,
    /// Workday calendar in force.
    pub workdays: Workdays,
    texts: Texts,
}

/// Ranges of first keys, both ends included.
type Ranges = Vec<(i64, i64)>;

/// Which verdicts are asked for.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// Positions among [`Engine::compiled`]; `None`: all.
    pub which: Option<Vec<usize>>,
    /// The day.
    pub as_of: Day,
    /// What was known; `None`: everything.
    pub known_at: Option<i64>,
    /// Only these subjects (first key) of each; empty: all.
    pub only: Vec<i64>,
}

/// The verdicts of one requirement on the subjects of one cut.
pub struct Judged<'j, 'w> {
    /// Position among [`Engine::compiled`].
    pub requirement: usize,
    /// The verdicts.
    pub verdicts: Vec<Verdict>,
    /// The world they were judged in.
    pub world: &'j World<'w>,
}

/// Requirements on the same subjects, judged together over the same rows.
struct Group {
    members: Vec<usize>,
    needs: Needs,
    cuts: Vec<(usize, Option<usize>)>,
}

/// A group on some of its subjects: ranges of first keys, `None` for all.
struct Piece {
    group: Arc<Group>,
    ranges: Option<Vec<(i64, i64)>>,
}

/// Receives verdicts, cut by cut.
pub type Sink<'s> = dyn FnMut(Judged<'_, '_>) -> anyhow::Result<()> + 's;

impl Engine {
    /// Compiles a package.
    ///
    /// # Errors
    /// When a name does not resolve; the loader refuses such a package.
    pub fn new(package: Arc<Package>, given: Given, workdays: Workdays) -> Result<Engine, CompileError> {
        let layout = Layout::new(&package);
        let mut texts = Texts::default();
        let enabled = package.requirements.iter().filter(|r| r.enabled);
        let compiled = enabled
            .map(|r| compile::compile(&Arc::new(r.clone()), &layout, &given, &mut texts))
            .collect::<Result<Vec<_>, _>>()?;
        let mut union = Needs::organisation(&layout);
        let mut needs = Vec::new();
        for c in &compiled {
            let mut own = Needs::organisation(&layout);
            own.add(&layout, c);
            union.merge(&own);
            needs.push(own);
        }
        let default = Thresholds::default();
        let thresholds = Thresholds {
            yellow: given.whole("yellow_from").unwrap_or(default.yellow),
            red: given.whole("red_from").unwrap_or(default.red),
        };
        let rules = Rules { from: package.directive.from, thresholds };
        Ok(Engine { package, layout, given, compiled, needs, union, rules, workdays, texts })
    }

    /// Position of a requirement by its table id.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.compiled.iter().position(|c| c.requirement.id == id)
    }

    /// Where the requirement at a position stands in lists: [`Package::rank`].
    pub fn rank(&self, i: usize) -> (Option<usize>, &str) {
        self.package.rank(&self.compiled[i].requirement)
    }

    /// Nothing read yet.
    pub fn shared(&self) -> Shared {
        Shared::new(self.texts.clone())
    }

    /// The organisation alone, for questions on other facts about the same chart.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_organisation(&self, tx: &mut Tx<'_>, known_at: Option<i64>) -> anyhow::Result<Shared> {
        let mut shared = self.shared();
        let needs = Needs::organisation(&self.layout);
        let ask = Ask {
            needs: &needs,
            union: &self.union,
            known_at,
            as_of: Day::MAX,
            given: &self.given,
            slice: BTreeMap::new(),
        };
        load::world(tx, &self.layout, &self.workdays, &ask, &mut shared)?;
        Ok(shared)
    }

    /// Judges what is asked, cut by cut.
    ///
    /// # Errors
    /// When the store cannot be read, or what the sink returns.
    pub fn evaluate(&self, tx: &mut Tx<'_>, q: &Question, sink: &mut Sink<'_>) -> anyhow::Result<()> {
        self.evaluate_with(tx, q, &mut self.shared(), sink)
    }

    /// The same with whole tables that were read before, for several questions on one snapshot.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn evaluate_with(
        &self,
        tx: &mut Tx<'_>,
        q: &Question,
        shared: &mut Shared,
        sink: &mut Sink<'_>,
    ) -> anyhow::Result<()> {
        self.work(tx, q)?.iter().try_for_each(|piece| self.piece(tx, q, piece, shared, sink))
    }

    /// The same on several threads, each with a reader and whole tables of its own, so that memory grows with them. Not to
    /// be called inside a transaction.
    ///
    /// A fact recorded meanwhile may be seen by one thread and not by another; the verdicts on one subject come from one.
    ///
    /// # Errors
    /// As [`Engine::evaluate`].
    pub fn evaluate_on(
        &self,
        db: &Db,
        threads: usize,
        q: &Question,
        shared: &Shared,
        sink: &(dyn Fn(Judged<'_, '_>) -> anyhow::Result<()> + Sync),
    ) -> anyhow::Result<()> {
        let work = db.read(|tx| self.work(tx, q))?;
        let next = AtomicUsize::new(0);
        let run = || {
            let mut shared = shared.clone();
            db.read(|tx| {
                while let Some(piece) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    self.piece(tx, q, piece, &mut shared, &mut |judged| sink(judged))?;
                }
                Ok(())
            })
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
            let own = run();
            others
                .into_iter()
                .map(|t| t.join().unwrap_or_else(|_| anyhow::bail!("判定的线程出错")))
                .fold(own, Result::and)
        })
    }

    /// What is asked, in pieces that can be judged one by one.
    fn work(&self, tx: &mut Tx<'_>, q: &Question) -> anyhow::Result<Vec<Piece>> {
        let all: Vec<usize> = (0..self.compiled.len()).collect();
        let mut groups: BTreeMap<(usize, Option<usize>, usize), Vec<usize>> = BTreeMap::new();
        for i in q.which.as_ref().unwrap_or(&all) {
            groups.entry(self.group(*i)).or_default().push(*i);
        }
        let mut work = Vec::new();
        for members in groups.into_values() {
            let mut needs = Needs::default();
            members.iter().for_each(|i| needs.merge(&self.needs[*i]));
            let cuts = self.cuts(&members, &needs);
            let group = Arc::new(Group { members, needs, cuts });
            let ranges = self.ranges(tx, q, &group.members)?;
            work.extend(ranges.into_iter().map(|ranges| Piece { group: Arc::clone(&group), ranges }));
        }
        Ok(work)
    }

    /// The indexes that let a cut be read without touching the table: the column by which rows point at the subject, the
    /// day, and every other column that is read with it.
    pub fn indexes(&self) -> BTreeMap<String, Vec<Vec<String>>> {
        let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
        for i in 0..self.compiled.len() {
            for (table, column) in self.cuts(&[i], &self.needs[i]) {
                let (Some(column), true) = (column, table >= builtin::COUNT) else { continue };
                let ledger = &self.layout.ledgers[table];
                let need = &self.union.tables[&table];
                let mut names: Vec<String> = vec![ledger.fields[column].name.clone()];
                let days = ledger.opening().into_iter().chain(ledger.closing()).map(str::to_owned);
                let read = need.columns.iter().map(|n| &ledger.fields[*n]);
                let read = read.filter(|f| f.ty != FieldType::Derived).map(|f| f.name.clone());
                for name in days.chain(read) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                let of = found.entry(ledger.name.clone()).or_default();
                if !of.contains(&names) {
                    of.push(names);
                }
            }
        }
        found
    }

    /// Requirements with the same subjects are judged together; those that cannot be cut, each by itself.
    fn group(&self, i: usize) -> (usize, Option<usize>, usize) {
        let c = &self.compiled[i];
        match (&c.requirement.each, self.key_column(c)) {
            (Each::System | Each::Unit, _) => (0, None, 0),
            (_, key) if c.again.is_none() => (c.table, key, 0),
            _ => (c.table, None, i + 1),
        }
    }

    /// The column that holds the first key of a combination.
    pub(super) fn key_column(&self, c: &Compiled) -> Option<usize> {
        match c.per.first()?.steps.as_slice() {
            [Step::Column(i)] => Some(*i),
            _ => None,
        }
    }

    fn piece(
        &self,
        tx: &mut Tx<'_>,
        q: &Question,
        Piece { group, ranges }: &Piece,
        shared: &mut Shared,
        sink: &mut Sink<'_>,
    ) -> anyhow::Result<()> {
        let cut = |ranges: &Vec<(i64, i64)>| {
            let cuts = group.cuts.iter();
            cuts.map(|(table, column)| (*table, Cut { column: *column, ranges: ranges.clone() })).collect()
        };
        let ask = Ask {
            needs: &group.needs,
            union: &self.union,
            known_at: q.known_at,
            as_of: q.as_of,
            given: &self.given,
            slice: ranges.as_ref().map_or(BTreeMap::new(), cut),
        };
        let world = load::world(tx, &self.layout, &self.workdays, &ask, shared)?;
        let mut first = Eval::new(&world, &self.given, q.as_of);
        first.only = ranges.clone().unwrap_or_default();
        for i in &group.members {
            let verdicts = judge::judge(&first.beside(), &self.compiled[*i], &self.rules);
            sink(Judged { requirement: *i, verdicts, world: &world })?;
        }
        Ok(())
    }

    /// Tables that all members read only by way of the subject, with the column of that way.
    pub(super) fn cuts(&self, members: &[usize], needs: &Needs) -> Vec<(usize, Option<usize>)> {
        let c = &self.compiled[members[0]];
        if matches!(c.requirement.each, Each::System | Each::Unit) {
            return Vec::new();
        }
        let mut cuts = Vec::new();
        for (table, need) in &needs.tables {
            let own = *table == c.table && *table > CHARGE;
            match (need.whole, own, need.pointing.len()) {
                (true, ..) => {}
                (_, true, 0) if c.per.is_empty() => cuts.push((*table, None)),
                (_, true, 0) if self.key_column(c).is_some() => cuts.push((*table, self.key_column(c))),
                (_, false, 1) => cuts.push((*table, need.pointing.first().copied())),
                _ => {}
            }
        }
        cuts
    }

    /// The ranges of first keys to judge one after the other; `None`: everything at once.
    fn ranges(&self, tx: &mut Tx<'_>, q: &Question, members: &[usize]) -> anyhow::Result<Vec<Option<Ranges>>> {
        let c = &self.compiled[members[0]];
        if !q.only.is_empty() {
            return Ok(vec![Some(q.only.iter().map(|id| (*id, *id)).collect())]);
        }
        if c.again.is_some() || matches!(c.requirement.each, Each::System | Each::Unit) {
            return Ok(vec![None]);
        }
        let ledger = &self.layout.ledgers[if c.per.is_empty() { c.table } else { self.keyed(c).unwrap_or(c.table) }];
        if ledger.derived {
            return Ok(vec![None]);
        }
        let sql = format!("select count(*), min(record_id), max(record_id) from l_{}", ledger.name);
        let found = tx.one(&sql, &[], |r| Ok((r.i64(0)?, r.opt_i64(1)?.unwrap_or(0), r.opt_i64(2)?.unwrap_or(0))))?;
        let (count, first, last) = found.unwrap_or((0, 0, 0));
        let most = if q.known_at.is_some() { CUT_OF_THE_PAST } else { CUT };
        if count <= most || (!c.per.is_empty() && self.key_column(c).is_none()) {
            return Ok(vec![None]);
        }
        let step = ((last - first + 1) / (count / most + 1)).max(1);
        let starts = (0..).map(|n| first + n * step).take_while(|at| *at <= last);
        Ok(starts.map(|at| Some(vec![(at, at + step - 1)])).collect())
    }

    /// Whether all subjects of a requirement may be judged in several cuts, whose ranges come from the records that stand.
    pub(crate) fn is_cut(&self, i: usize) -> bool {
        let c = &self.compiled[i];
        c.again.is_none()
            && !matches!(c.requirement.each, Each::System | Each::Unit)
            && (c.per.is_empty() || self.key_column(c).is_some())
    }

    fn keyed(&self, c: &Compiled) -> Option<usize> {
        match c.per.first()?.kind {
            Kind::Ref(table) => Some(table),
            _ => None,
        }
    }
}
