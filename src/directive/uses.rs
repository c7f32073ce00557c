//! Which requirements read which ledger: the 依据 on a ledger's form, and the reason why it is kept.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    measure::ledger_of,
    model::{Cond, Conds, Each, FieldType, Ledger, Measure, Operand, Package, Requirement, Source, Test, When},
};
use crate::org::builtin;

/// Ledger → ids of the requirements that read it: as subject, as source, through `has`, or through a path. Built-in
/// ledgers are among them where a path or a source names them.
pub fn ledger_uses(package: &Package) -> BTreeMap<String, Vec<String>> {
    let ledgers: Vec<Ledger> = package.ledgers.iter().cloned().chain(builtin::ledgers()).collect();
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut requirements: Vec<&Requirement> = package.requirements.iter().collect();
    requirements.sort_by_key(|&r| package.rank(r));
    for r in requirements {
        let mut walk = Walk { ledgers: &ledgers, found: BTreeSet::new() };
        walk.requirement(r);
        walk.derivations();
        for ledger in walk.found {
            uses.entry(ledger).or_default().push(r.id.clone());
        }
    }
    uses
}

struct Walk<'l> {
    ledgers: &'l [Ledger],
    found: BTreeSet<String>,
}

impl Walk<'_> {
    /// What the program derives is read from ledgers too: persons are judged by their posts, duties of talk by posts and
    /// charges, the low ranks by the yearly results.
    fn derivations(&mut self) {
        for (of, from) in [("low_rank", "assessment"), ("talk_due", "charge"), ("talk_due", "post"), ("person", "post")]
        {
            if self.found.contains(of) {
                self.found.insert(from.to_owned());
            }
        }
        self.found.remove("talk_due");
    }

    fn requirement(&mut self, r: &Requirement) {
        let subject = match &r.each {
            Each::System | Each::Unit => "unit",
            Each::Person => "person",
            Each::Ledger(name) => name,
        };
        if r.parts.is_empty() && !r.enabled {
            return;
        }
        if r.each != Each::System {
            self.found.insert(subject.to_owned());
        }
        for path in r.per.iter().chain(&r.again) {
            self.path(subject, path);
        }
        self.conds(&r.filter, subject, subject);
        self.when(&r.when, subject);
        for part in &r.parts {
            self.measure(&part.measure, subject);
            if let Some(when) = &part.by {
                self.when(when, subject);
            }
        }
    }

    fn when(&mut self, when: &When, subject: &str) {
        if let When::ByField { fields, .. } = when {
            fields.iter().for_each(|path| self.path(subject, path));
        }
    }

    fn measure(&mut self, measure: &Measure, subject: &str) {
        match measure {
            Measure::Count(source) => self.source(source, subject, subject),
            Measure::Sum(source, path) | Measure::Distinct(source, path) | Measure::Latest(source, path) => {
                self.source(source, subject, subject);
                self.path(ledger_of(&source.of), path);
            }
            Measure::Share(source, that) => {
                self.source(source, subject, subject);
                self.conds(that, ledger_of(&source.of), subject);
            }
            Measure::Ratio(top, bottom) => {
                self.measure(top, subject);
                self.measure(bottom, subject);
            }
            Measure::Change(source, from, to) => {
                self.source(source, subject, subject);
                self.path(ledger_of(&source.of), from);
                self.path(ledger_of(&source.of), to);
            }
            Measure::Span(from, to) => {
                self.path(subject, from);
                self.path(subject, to);
            }
            Measure::Holds(conds) => self.conds(conds, subject, subject),
        }
    }

    /// `anchor` is what the rows belong to: the subject, or of `has` the row that is tested.
    fn source(&mut self, source: &Source, anchor: &str, subject: &str) {
        let row = ledger_of(&source.of);
        self.found.insert(row.to_owned());
        self.conds(&source.filter, row, subject);
        for (own, other) in &source.via {
            self.path(row, own);
            if let Some(other) = other {
                self.path(anchor, other);
            }
        }
        if let Some(path) = &source.last_per {
            self.path(row, path);
        }
    }

    fn conds(&mut self, conds: &Conds, row: &str, subject: &str) {
        for Cond { path, test } in &conds.all {
            self.path(row, path);
            for operand in operands(test) {
                if let Operand::Subject(path) = operand {
                    self.path(subject, path);
                }
            }
        }
        for source in &conds.has {
            self.source(source, row, subject);
        }
    }

    /// Every ledger that the path passes through on its way; its last name reads no further ledger.
    fn path(&mut self, ledger: &str, path: &[String]) {
        let mut at = ledger.to_owned();
        if path.last().is_some_and(|name| name == "talk_due" || name == "level" && ledger == "talk") {
            self.found.insert("talk_due".to_owned());
        }
        for name in &path[..path.len().saturating_sub(1)] {
            let field = self.ledgers.iter().find(|l| l.name == at).and_then(|l| l.field(name));
            let next = match (field.map(|f| &f.ty), name.as_str()) {
                (Some(FieldType::Ref(to)), _) => to.clone(),
                (Some(FieldType::Person), _) => "person".to_owned(),
                (Some(FieldType::Unit), _) | (None, "unit" | "organ") => "unit".to_owned(),
                _ => return,
            };
            self.found.insert(next.clone());
            at = next;
        }
    }
}

/// What a test compares with.
pub(super) fn operands(test: &Test) -> &[Operand] {
    match test {
        Test::Filled(_) => &[],
        Test::AnyOf(of) | Test::NoneOf(of) => of,
        Test::AtLeast(x) | Test::AtMost(x) | Test::Above(x) | Test::Below(x) => std::slice::from_ref(x),
        Test::Before(x) | Test::After(x) | Test::NotBefore(x) | Test::NotAfter(x) => std::slice::from_ref(x),
    }
}
