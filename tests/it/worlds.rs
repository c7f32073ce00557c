//! Random worlds: an organisation, and facts of the kinds that a requirement reads. They are grown from plain numbers, so
//! that what breaks a test shrinks to a world that a person can read; 0 always grows the plainest thing.

mod facts;
mod organisation;

use std::{collections::BTreeMap, fmt::Write as _};

use dongliang::{
    check::Rows,
    day::{Day, days_in_month},
    directive::{
        example::{Example, ExampleRow, RowValue},
        model::{Measure, Operand, Package, Requirement, Setting, TargetOp, TargetStep, Value},
    },
    ratio::Ratio,
};
use proptest::{collection::vec, prelude::*};

use facts::Facts;

/// What a world is grown from.
#[derive(Clone, Debug)]
pub(crate) struct Dna {
    /// Of the question, the settings and the organisation.
    pub(crate) head: Vec<u16>,
    /// Of each fact.
    pub(crate) rows: Vec<Vec<u16>>,
}

/// Worlds with up to so many facts.
pub(crate) fn dna(facts: usize) -> impl Strategy<Value = Dna> {
    let genes = |n| vec(any::<u16>(), n);
    (genes(120), vec(genes(24), 0..=facts)).prop_map(|(head, rows)| Dna { head, rows })
}

/// An example that expects nothing yet, and what it starts from.
pub(crate) struct World {
    /// The organisation.
    pub(crate) base: Rows,
    /// The question and the facts.
    pub(crate) example: Example,
}

/// Grows a world for a requirement.
pub(crate) fn world(package: &Package, requirement: &Requirement, dna: &Dna) -> World {
    let mut genes = Genes::new(&dna.head);
    let as_of = genes.day_asked();
    let known_at = genes.chance(35).then(|| genes.day(as_of));
    let words = words(requirement);
    let mut example = Example { req: requirement.id.clone(), as_of, known_at, ..Example::default() };
    for name in words.iter().filter(|w| package.directive.settings.contains_key(*w)) {
        if genes.chance(30) {
            example.settings.insert(name.clone(), genes.setting(&package.directive.settings[name], name, as_of));
        }
    }
    for (name, slots) in package.directive.slots.iter().filter(|(n, _)| words.contains(n)) {
        if genes.chance(60) {
            let further = (slots.named.len() as i64..slots.size).map(|n| format!("第{}项", n + 1));
            example.slots.insert(name.clone(), slots.named.iter().cloned().chain(further).collect());
        }
    }
    example.at_least = genes.chance(20).then(|| genes.targets(requirement)).flatten();
    let base = organisation::grow(&mut genes, as_of);
    example.add = Facts::new(package, requirement, &example, &base, &words).grow(&dna.rows);
    World { base, example }
}

/// Every text in a requirement: names of ledgers, fields and settings, and values. What it does not name, it does not read.
pub(crate) fn words(requirement: &Requirement) -> Vec<String> {
    let text = format!("{:?}", (&requirement.each, &requirement.per, &requirement.filter, &requirement.when))
        + &format!("{:?}", (&requirement.settle, &requirement.grace, &requirement.parts))
        + &format!("{:?}", (&requirement.slots, &requirement.again));
    let mut words: Vec<String> = text.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    // Settings behind derived things.
    for (name, setting) in [("young", "young_age"), ("low_rank", "low_rank_k")] {
        words.extend(words.contains(&name.to_owned()).then(|| setting.to_owned()));
    }
    words.sort();
    words.dedup();
    words
}

/// Numbers, used up from the first on; behind the last all are 0.
pub(crate) struct Genes<'d> {
    numbers: std::slice::Iter<'d, u16>,
}

impl<'d> Genes<'d> {
    pub(crate) fn new(numbers: &'d [u16]) -> Genes<'d> {
        Genes { numbers: numbers.iter() }
    }

    /// A number below `n`.
    pub(crate) fn pick(&mut self, n: usize) -> usize {
        usize::from(self.numbers.next().copied().unwrap_or(0)) % n.max(1)
    }

    /// True in so many of a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.pick(100) >= 100 - percent
    }

    /// One of these.
    pub(crate) fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.pick(all.len())]
    }

    /// A day about which something may happen: mostly in 2025, often near the day asked or on the edge of a period.
    pub(crate) fn day(&mut self, as_of: Day) -> Day {
        let (kind, n) = (self.pick(10), self.pick(10_000));
        let year = |y: i32| Day::from_ymd(y, 1, 1).expect("a new year's day");
        match kind {
            0..=4 => year(2025).plus((n % 365) as i32),
            5 | 6 => as_of.plus(n as i32 % 9 - 4),
            7 => edge(2025, n),
            8 => year(2024).plus((n % 366) as i32),
            _ => year(2026).plus((n % 200) as i32),
        }
    }

    fn day_asked(&mut self) -> Day {
        let (kind, n) = (self.pick(10), self.pick(10_000));
        let year = |y: i32| Day::from_ymd(y, 1, 1).expect("a new year's day");
        match kind {
            0..=4 => year(2025).plus((n % 365) as i32),
            5..=7 => edge(2025, n),
            8 => year(2026).plus((n % 180) as i32),
            _ => year(2026).plus(n as i32 % 5 - 3),
        }
    }

    /// Another value of a setting, or none.
    fn setting(&mut self, own: &Option<Setting>, name: &str, as_of: Day) -> Option<Setting> {
        if own.is_some() && self.chance(30) {
            return None;
        }
        let value = match own.as_ref().and_then(|s| s.values.first()) {
            Some(Value::Number(n)) => Value::Number(Ratio::whole((n.floor() + self.pick(7) as i64 - 3).max(1))),
            Some(other) => other.clone(),
            None if name.ends_with("_due") => Value::Day(self.day(as_of)),
            None => Value::Number(Ratio::whole(self.pick(15) as i64)),
        };
        Some(Setting { values: vec![value] })
    }

    /// Dated thresholds in place of a number to be reached.
    fn targets(&mut self, requirement: &Requirement) -> Option<Vec<TargetStep>> {
        let [part] = requirement.parts.as_slice() else { return None };
        let target = part.target.as_ref().filter(|t| t.op == TargetOp::AtLeast)?;
        let additive = matches!(part.measure, Measure::Count(_) | Measure::Sum(..) | Measure::Distinct(..));
        let Operand::Value(Value::Number(first)) = target.steps.first()?.value else { return None };
        if !additive {
            return None;
        }
        let from = Day::from_ymd(2025, 1, 1)?.plus(self.pick(400) as i32);
        let second = first.plus(Ratio::whole(self.pick(3) as i64))?;
        let step = |from, n| TargetStep { from, value: Operand::Value(Value::Number(n)), upper: None };
        Some(vec![step(Day::from_ymd(2024, 1, 1)?, first), step(from, second)])
    }
}

/// The first or last day of a month, or the day beside it.
fn edge(year: i32, n: usize) -> Day {
    let month = (n / 4 % 12) as u32 + 1;
    let first = Day::from_ymd(year, month, 1).expect("a first of a month");
    let last = first.plus(days_in_month(year, month) as i32 - 1);
    [last, last.plus(1), first, first.plus(1)][n % 4]
}

/// A row of an example.
pub(crate) fn row(fields: &[(&str, RowValue)]) -> ExampleRow {
    fields.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
}

/// A text or a day as an example writes it.
pub(crate) fn text(value: impl ToString) -> RowValue {
    RowValue::Text(value.to_string())
}

/// The id of a row.
pub(crate) fn id(row: &ExampleRow) -> String {
    match row.get("id") {
        Some(RowValue::Text(id)) => id.clone(),
        other => panic!("a row has an id: {other:?}"),
    }
}

/// The day in a field of a row.
pub(crate) fn day_in(row: &ExampleRow, field: &str) -> Option<Day> {
    match row.get(field) {
        Some(RowValue::Text(t)) => Day::parse(t),
        _ => None,
    }
}

impl World {
    /// Without every row, and every field of a row, that `fails` does not need.
    pub(crate) fn thin(&mut self, fails: &dyn Fn(&World) -> bool) {
        let add = |world: &World| world.example.add.clone();
        self.thin_part(fails, &add, &|world, rows| world.example.add = rows);
        self.thin_part(fails, &|world| world.base.clone(), &|world, rows| world.base = rows);
    }

    fn thin_part(
        &mut self,
        fails: &dyn Fn(&World) -> bool,
        get: &dyn Fn(&World) -> Rows,
        set: &dyn Fn(&mut World, Rows),
    ) {
        let attempt = |world: &mut World, rows: Rows| {
            let before = get(world);
            set(world, rows);
            let needless = fails(world);
            if !needless {
                set(world, before);
            }
            needless
        };
        for ledger in get(self).into_keys() {
            let mut at = 0;
            while let Some(row) = get(self)[&ledger].get(at).cloned() {
                let mut rows = get(self);
                let replaced = rows[&ledger].iter().any(|r| r.get("replaces") == row.get("id"));
                rows.get_mut(&ledger).expect("it has a row").remove(at);
                if !replaced && attempt(self, rows) {
                    continue;
                }
                for field in row.keys().filter(|k| *k != "id") {
                    let mut rows = get(self);
                    rows.get_mut(&ledger).expect("it has a row")[at].remove(field);
                    attempt(self, rows);
                }
                at += 1;
            }
        }
    }

    /// As it would stand in `examples/`, to be read and to be kept.
    pub(crate) fn to_toml(&self) -> String {
        let e = &self.example;
        let mut out = format!("[[example]]\nreq = {:?}\nas_of = \"{}\"\n", e.req, e.as_of);
        let _ = e.known_at.map(|k| writeln!(out, "known_at = \"{k}\""));
        let _ = writeln!(out, "# settings {:?}\n# slots {:?}\n# at_least {:?}", e.settings, e.slots, e.at_least);
        let _ = writeln!(out, "[example.add]");
        for (ledger, rows) in self.base.iter().chain(&e.add).filter(|(_, rows)| !rows.is_empty()) {
            let _ = writeln!(out, "{ledger} = [");
            for row in rows {
                let fields: Vec<String> = row.iter().map(|(k, v)| format!("{k} = {}", written(v))).collect();
                let _ = writeln!(out, "  {{ {} }},", fields.join(", "));
            }
            let _ = writeln!(out, "]");
        }
        out
    }
}

fn written(value: &RowValue) -> String {
    match value {
        RowValue::Text(t) | RowValue::Decimal(t) => format!("{t:?}"),
        RowValue::Int(n) => n.to_string(),
        RowValue::Flag(b) => b.to_string(),
        RowValue::List(list) => format!("{list:?}"),
    }
}

/// Ids by ledger.
pub(crate) type Ids = BTreeMap<String, Vec<String>>;
