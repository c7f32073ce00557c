//! `dongliang check`: a package's worked examples, judged by the evaluator and the store that judge real data.

mod compare;
mod rows;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    db::{Db, Tx},
    directive::{
        example::{Example, ExampleRow, Examples},
        model::{Package, Part, Requirement, Target, TargetOp},
    },
    ledger::schema,
    verdict::{
        compile::{self, Given},
        eval::Eval,
        judge::{self, Rules, Verdict},
        kind::Kind,
        light::Thresholds,
        load::{self, Ask, Shared},
        low_rank,
        needs::Needs,
        world::{Layout, Texts, UNIT, World},
    },
};

pub use compare::{Failure, Told};

/// What became of the examples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Examples of which every expectation holds.
    pub passed: usize,
    /// The others: the example's place and name, and what differs.
    pub failed: Vec<(String, Vec<Failure>)>,
}

/// Runs all examples of a package on a database of their own in memory.
///
/// # Errors
/// When the store fails; a package that does not fit is refused by the loader before.
pub fn run(package: &Package, examples: &Examples) -> anyhow::Result<Report> {
    run_on(&Db::open("sqlite::memory:")?, package, examples)
}

/// The same on a given, empty database; its tables are made, and empty again afterwards.
///
/// # Errors
/// When the store fails.
pub fn run_on(db: &Db, package: &Package, examples: &Examples) -> anyhow::Result<Report> {
    make_tables(db, package)?;
    let (package, examples) = (package.clone(), examples.clone());
    db.write(move |tx| {
        let layout = Layout::new(&package);
        let mut report = Report::default();
        for example in &examples.all {
            let failures =
                one(tx, &package, &layout, &examples.base, example, &|case| compare::compare(case, example))?;
            let failures = failures.unwrap_or_else(|| vec![Failure::of(format!("没有要求“{}”", example.req))]);
            if failures.is_empty() {
                report.passed += 1;
            } else {
                let (file, line) = &example.place;
                report.failed.push((format!("{file}:{line} {} {}", example.req, example.name), failures));
            }
        }
        Ok(report)
    })
}

/// Makes the tables of a package in an empty database.
///
/// # Errors
/// When the store fails.
pub fn make_tables(db: &Db, package: &Package) -> anyhow::Result<()> {
    let ledgers = Layout::new(package).ledgers;
    db.write(move |tx| ledgers.iter().filter(|l| !l.derived).try_for_each(|l| schema::create(tx, l, &[])))
}

/// Everything that one example comes to, whatever it expects, on a database with the tables of [`make_tables`], which are
/// empty before and after; `base` are the rows that it starts from. `None`: the package has no such requirement.
///
/// # Errors
/// When the store fails.
pub fn verdicts(db: &Db, package: &Package, base: &Rows, example: &Example) -> anyhow::Result<Option<Told>> {
    let (package, base, example) = (package.clone(), base.clone(), example.clone());
    db.write(move |tx| one(tx, &package, &Layout::new(&package), &base, &example, &compare::told))
}

/// Rows by ledger.
pub type Rows = BTreeMap<String, Vec<ExampleRow>>;

/// An example judged.
struct Case<'c> {
    requirement: &'c Requirement,
    compiled: &'c compile::Compiled,
    world: &'c World<'c>,
    verdicts: &'c [Verdict],
    codes: &'c Codes,
}

fn one<T>(
    tx: &mut Tx<'_>,
    package: &Package,
    layout: &Layout,
    base: &Rows,
    example: &Example,
    then: &dyn Fn(&Case<'_>) -> T,
) -> anyhow::Result<Option<T>> {
    let codes = rows::insert(tx, layout, base, example)?;
    let result = judged(tx, package, layout, example, &codes, then);
    for ledger in layout.ledgers.iter().filter(|l| !l.derived) {
        tx.execute(&format!("delete from l_{}", ledger.name), &[])?;
    }
    result
}

fn judged<T>(
    tx: &mut Tx<'_>,
    package: &Package,
    layout: &Layout,
    example: &Example,
    codes: &Codes,
    then: &dyn Fn(&Case<'_>) -> T,
) -> anyhow::Result<Option<T>> {
    let Some(requirement) = package.requirement(&example.req) else { return Ok(None) };
    let requirement = Arc::new(adjusted(requirement, example));
    let mut given = Given::of(package);
    given.settings.extend(example.settings.clone());
    for (name, named) in &example.slots {
        given.slots.entry(name.clone()).or_default().named.clone_from(named);
    }
    let mut texts = Texts::default();
    let compiled = compile::compile(&requirement, layout, &given, &mut texts)?;
    let mut needs = Needs::organisation(layout);
    needs.add(layout, &compiled);
    let ask = Ask {
        needs: &needs,
        union: &needs,
        known_at: example.known_at.map(rows::end_of_day),
        as_of: example.as_of,
        given: &given,
        slice: BTreeMap::new(),
    };
    let world = load::world(tx, layout, &package.workdays, &ask, &mut Shared::new(texts))?;
    let eval = Eval::new(&world, &given, example.as_of);
    let rules = Rules { from: package.directive.from, thresholds: thresholds(&given) };
    let verdicts = judge::judge(&eval, &compiled, &rules);
    let case = Case { requirement: &requirement, compiled: &compiled, world: &world, verdicts: &verdicts, codes };
    Ok(Some(then(&case)))
}

/// The light's thresholds in force.
pub fn thresholds(given: &Given) -> Thresholds {
    let default = Thresholds::default();
    Thresholds {
        yellow: given.whole("yellow_from").unwrap_or(default.yellow),
        red: given.whole("red_from").unwrap_or(default.red),
    }
}

/// The requirement with the example's targets in place of its own.
fn adjusted(requirement: &Requirement, example: &Example) -> Requirement {
    let mut requirement = requirement.clone();
    if let Some(steps) = &example.at_least {
        let set = |part: &mut Part| part.target = Some(Target { op: TargetOp::AtLeast, steps: steps.clone() });
        requirement.parts.iter_mut().for_each(set);
    }
    requirement
}

/// Record ids ↔ the texts by which examples name them, by ledger.
#[derive(Clone, Debug, Default)]
pub struct Codes {
    ids: HashMap<(usize, String), i64>,
    codes: HashMap<(usize, i64), String>,
}

impl Codes {
    fn put(&mut self, table: usize, code: &str, id: i64) {
        self.ids.insert((table, code.to_owned()), id);
        self.codes.insert((table, id), code.to_owned());
    }

    fn id(&self, table: usize, code: &str) -> Option<i64> {
        self.ids.get(&(table, code.to_owned())).copied()
    }

    fn code(&self, table: usize, id: i64) -> Option<&str> {
        self.codes.get(&(table, id)).map(String::as_str)
    }
}

impl Case<'_> {
    /// The subject as examples name it; combinations joined by `|`.
    fn subject(&self, v: &Verdict) -> String {
        let text = |kind: &Kind, cell: i64| match kind {
            Kind::Ref(table) => self.code(*table, cell),
            kind => kind.show(cell, &self.world.texts),
        };
        let c = self.compiled;
        if c.per.is_empty() {
            return self.code(c.table, v.subject.first().copied().unwrap_or_default());
        }
        c.per.iter().zip(v.subject.iter()).map(|(p, cell)| text(&p.kind, *cell)).collect::<Vec<_>>().join("|")
    }

    fn code(&self, table: usize, id: i64) -> String {
        if self.world.layout.ledgers[table].derived {
            let (unit, year) = low_rank::parts(id);
            return format!("{}|{year}", self.codes.code(UNIT, unit).unwrap_or_default());
        }
        self.codes.code(table, id).map_or_else(|| id.to_string(), str::to_owned)
    }
}
