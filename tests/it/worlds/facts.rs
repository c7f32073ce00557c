//! Rows of the ledgers that a requirement reads: empty fields, dates ahead, late entries, voided and replaced rows.

use std::collections::BTreeSet;

use dongliang::{
    check::Rows,
    day::Day,
    directive::{
        example::{Example, ExampleRow, RowValue},
        model::{Field, FieldType, Ledger, Package, Period, Requirement, Value, When},
    },
};

use super::{Genes, Ids, day_in, id, organisation, text};

/// Grows facts for one requirement.
pub(super) struct Facts<'a> {
    package: &'a Package,
    requirement: &'a Requirement,
    as_of: Day,
    /// Texts in the requirement and in the settings that it reads.
    words: BTreeSet<String>,
    /// The ledgers that it reads, the subjects' first.
    ledgers: Vec<&'a Ledger>,
    units: &'a [ExampleRow],
    ids: Ids,
}

impl<'a> Facts<'a> {
    pub(super) fn new(
        package: &'a Package,
        requirement: &'a Requirement,
        example: &Example,
        base: &'a Rows,
        words: &[String],
    ) -> Facts<'a> {
        let mut all: BTreeSet<String> = words.iter().cloned().collect();
        for setting in words.iter().filter_map(|w| package.directive.settings.get(w)?.as_ref()) {
            all.extend(setting.values.iter().filter_map(|v| match v {
                Value::Text(t) => Some(t.clone()),
                _ => None,
            }));
        }
        all.extend(example.slots.values().flatten().cloned());
        // The derived fields read others.
        for (derived, reads) in [("level", &["talker", "listener"][..]), ("actual_days", &["accepted", "finished"])] {
            if all.contains(derived) {
                all.extend(reads.iter().map(|f| (*f).to_owned()));
            }
        }
        let mut facts = Facts {
            package,
            requirement,
            as_of: example.as_of,
            words: all,
            ledgers: Vec::new(),
            units: &base["unit"],
            ids: organisation::ids(base),
        };
        facts.ledgers = facts.ledgers();
        facts
    }

    /// Those that are named, and those to which they refer.
    fn ledgers(&mut self) -> Vec<&'a Ledger> {
        let named = |l: &&Ledger| self.words.contains(&l.name);
        let mut found: Vec<&Ledger> = self.package.ledgers.iter().filter(named).collect();
        if found.iter().any(|l| l.derived) {
            self.words.extend(["year", "score", "cause"].map(str::to_owned));
            found.extend(self.package.ledger("assessment"));
        }
        let mut at = 0;
        while let Some(ledger) = found.get(at).copied() {
            let refers = ledger.fields.iter().filter(|f| self.is_read(ledger, f)).filter_map(|f| match &f.ty {
                FieldType::Ref(other) => self.package.ledger(other),
                _ => None,
            });
            for other in refers {
                if !found.iter().any(|l| l.name == other.name) {
                    found.push(other);
                }
            }
            at += 1;
        }
        found.retain(|l| !l.derived);
        let subject = format!("{:?}", self.requirement.each);
        found.sort_by_key(|l| !subject.contains(&format!("{:?}", l.name)));
        found
    }

    fn is_read(&self, ledger: &Ledger, field: &Field) -> bool {
        let name = Some(field.name.as_str());
        field.ty != FieldType::Derived
            && (self.words.contains(&field.name)
                || [ledger.opening(), ledger.closing(), ledger.unit_from.as_deref()].contains(&name)
                || matches!(&field.ty, FieldType::Ref(to) if self.words.contains(to)))
    }

    pub(super) fn grow(mut self, dna: &[Vec<u16>]) -> Rows {
        let mut rows = Rows::new();
        if self.ledgers.is_empty() {
            return rows;
        }
        let kinds: Vec<(usize, Genes<'_>)> = dna
            .iter()
            .map(|numbers| {
                let mut genes = Genes::new(numbers);
                (genes.pick(self.ledgers.len()), genes)
            })
            .collect();
        for (ledger, _) in &kinds {
            let name = &self.ledgers[*ledger].name;
            let own = self.ids.entry(name.clone()).or_default();
            own.push(format!("{name}{:02}", own.len()));
        }
        for (ledger, genes) in kinds {
            let ledger = self.ledgers[ledger];
            let into = rows.entry(ledger.name.clone()).or_default();
            let row = self.row(genes, ledger, into);
            into.push(row);
        }
        rows
    }

    fn row(&self, mut genes: Genes<'_>, ledger: &Ledger, before: &[ExampleRow]) -> ExampleRow {
        let genes = &mut genes;
        let mut row = ExampleRow::new();
        row.insert("id".into(), text(&self.ids[&ledger.name][before.len()]));
        // What became of it in the books, first, so that shrinking keeps the fields' genes apart from it.
        let fate = genes.pick(20);
        let (recorded, late) = (genes.day(self.as_of), genes.pick(60) as i32);
        let opens = if genes.chance(3) { None } else { Some(genes.day(self.as_of)) };
        if let Some(day) = opens {
            row.extend(ledger.opening().map(|f| (f.to_owned(), text(day))));
        }
        if ledger.unit_from.is_none() && !genes.chance(4) {
            row.insert("unit".into(), text(genes.of(&self.units_on(opens.unwrap_or(self.as_of)))));
        }
        for field in ledger.fields.iter().filter(|f| self.is_read(ledger, f)) {
            let is = |name: Option<&str>| name == Some(&field.name);
            let value = match &field.ty {
                _ if is(ledger.opening()) => continue,
                FieldType::Date if is(ledger.closing()) => {
                    let closes = if genes.chance(90) { opens.unwrap_or(self.as_of) } else { self.as_of };
                    let closes = closes.plus(genes.pick(300) as i32);
                    genes.chance(40).then(|| text(closes))
                }
                _ if genes.chance(if is(ledger.unit_from.as_deref()) { 4 } else { 12 }) => None,
                ty => self.value(genes, ty, opens.unwrap_or(self.as_of)),
            };
            row.extend(value.map(|v| (field.name.clone(), v)));
        }
        match fate {
            12..=15 => {
                row.insert("recorded".into(), text(recorded));
            }
            16 => {
                row.insert("voided".into(), text(recorded));
            }
            17 => {
                row.insert("recorded".into(), text(recorded));
                row.insert("voided".into(), text(recorded.plus(late)));
            }
            18 | 19 => self.replace(&mut row, before, recorded, late),
            _ => {}
        }
        row
    }

    /// The units that there were on that day, those among them that have closed since.
    fn units_on(&self, day: Day) -> Vec<String> {
        let there = |u: &&ExampleRow| day_in(u, "from").is_some_and(|from| from <= day.min(self.as_of));
        self.units.iter().filter(there).map(id).collect()
    }

    /// In the place of the latest row that nothing has replaced yet.
    fn replace(&self, row: &mut ExampleRow, before: &[ExampleRow], recorded: Day, late: i32) {
        let replaced = |r: &&ExampleRow| before.iter().any(|o| o.get("replaces") == r.get("id"));
        let Some(old) = before.iter().rev().find(|r| !replaced(r)) else { return };
        row.insert("replaces".into(), text(id(old)));
        row.insert("recorded".into(), text(day_in(old, "recorded").map_or(recorded, |d| d.plus(late))));
    }

    fn value(&self, genes: &mut Genes<'_>, ty: &FieldType, opens: Day) -> Option<RowValue> {
        Some(match ty {
            FieldType::Integer => RowValue::Int(genes.pick(21) as i64),
            FieldType::Decimal => RowValue::Decimal((*genes.of(&["60", "59.5", "80", "0.2", "0.15", "0"])).into()),
            FieldType::Money => text(genes.of(&["5000元", "20000元", "300万元", "1", "0", "12.5万元"])),
            FieldType::Date => text(match genes.pick(4) {
                0 => opens,
                1 => opens.plus(genes.pick(120) as i32),
                _ => genes.day(self.as_of),
            }),
            FieldType::Flag => RowValue::Flag(!genes.chance(25)),
            FieldType::Person => self.reference(genes, "person"),
            FieldType::Unit => self.reference(genes, "unit"),
            FieldType::Ref(to) if self.package.ledger(to).is_some_and(|l| l.derived) => {
                text(format!("{}|{}", genes.of(&self.ids["unit"]), genes.of(&["2025", "2024", "2026"])))
            }
            FieldType::Ref(to) => self.reference(genes, to),
            FieldType::Period => text(self.period(genes)),
            FieldType::Choice(all) => text(self.choice(genes, all)),
            FieldType::Choices(all) => {
                let bits = genes.pick(1 << all.len().min(8));
                let list = all.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
                RowValue::List(list.map(|(_, c)| c.clone()).collect())
            }
            FieldType::Text | FieldType::File => {
                let named: Vec<&String> = self.words.iter().filter(|w| !w.is_ascii()).collect();
                if named.is_empty() || genes.chance(15) { text("别的") } else { text(genes.of(&named)) }
            }
            FieldType::Derived => return None,
        })
    }

    /// A record of that ledger; now and then one that is not there.
    fn reference(&self, genes: &mut Genes<'_>, ledger: &str) -> RowValue {
        match self.ids.get(ledger) {
            Some(ids) if !genes.chance(3) => text(genes.of(ids)),
            _ => text("ghost"),
        }
    }

    /// Mostly one that the requirement names.
    fn choice(&self, genes: &mut Genes<'_>, all: &[String]) -> String {
        let named: Vec<&String> = all.iter().filter(|c| self.words.contains(*c)).collect();
        if named.is_empty() || genes.chance(25) { genes.of(all).clone() } else { (*genes.of(&named)).clone() }
    }

    /// Mostly of the rhythm of the requirement.
    fn period(&self, genes: &mut Genes<'_>) -> String {
        let year = genes.of(&["2025", "2024", "2026"]);
        match self.requirement.when {
            When::Every(Period::Half) if !genes.chance(10) => format!("{year}H{}", 1 + genes.pick(2)),
            When::Every(Period::Quarter) if !genes.chance(10) => format!("{year}Q{}", 1 + genes.pick(4)),
            _ if genes.chance(8) => format!("{year}-{:02}", 1 + genes.pick(12)),
            _ => (*year).to_owned(),
        }
    }
}
