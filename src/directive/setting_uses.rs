//! What each setting is for: which requirements read it, and what it may hold where they do.

use std::collections::BTreeMap;

use super::{
    measure::ledger_of,
    model::{
        Cond, Conds, Count, Due, Each, FieldType, Ledger, Measure, Operand, Package, Path, Requirement, Setting,
        Source, TargetStep, Value, When,
    },
    names::{computed, derived, target},
    uses::operands,
};
use crate::org::builtin;

/// What a setting may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Holds {
    /// A whole number, not negative.
    Whole,
    /// A number.
    Number,
    /// A day.
    Day,
    /// One or several of these.
    Some(Vec<String>),
    /// Any text.
    Text,
}

/// The greatest number that a setting of whole numbers takes.
pub fn most(setting: &str) -> i64 {
    match setting {
        // There is one 补考, or none.
        "resits" => 1,
        _ => 36_500,
    }
}

/// What a setting is for.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingUse {
    /// What it may hold.
    pub holds: Holds,
    /// Table ids of the enabled requirements that read it, in the package's order.
    pub requirements: Vec<String>,
}

/// The package's settings with what each is for. One that no requirement reads is the program's own; it may hold what it
/// holds in the package.
pub fn setting_uses(package: &Package) -> BTreeMap<String, SettingUse> {
    let ledgers: Vec<Ledger> = package.ledgers.iter().cloned().chain(builtin::ledgers()).collect();
    let mut found: BTreeMap<String, Vec<(Holds, String)>> = BTreeMap::new();
    for r in package.requirements.iter().filter(|r| r.enabled) {
        let mut walk = Walk { ledgers: &ledgers, found: Vec::new() };
        walk.requirement(r);
        for (name, holds) in walk.found {
            found.entry(name).or_default().push((holds, r.id.clone()));
        }
    }
    let of = |(name, setting): (&String, &Option<Setting>)| {
        let uses = found.remove(name).unwrap_or_default();
        let holds = uses.first().map_or_else(|| as_written(setting.as_ref()), |(holds, _)| holds.clone());
        let mut requirements: Vec<String> = uses.into_iter().map(|(_, id)| id).collect();
        requirements.dedup();
        (name.clone(), SettingUse { holds, requirements })
    };
    package.directive.settings.iter().map(of).collect()
}

fn as_written(setting: Option<&Setting>) -> Holds {
    match setting.and_then(|s| s.values.first()) {
        Some(Value::Number(n)) if n.den() == 1 => Holds::Whole,
        Some(Value::Number(_)) => Holds::Number,
        Some(Value::Day(_)) => Holds::Day,
        _ => Holds::Text,
    }
}

struct Walk<'l> {
    ledgers: &'l [Ledger],
    found: Vec<(String, Holds)>,
}

impl Walk<'_> {
    fn requirement(&mut self, r: &Requirement) {
        let subject = match &r.each {
            Each::System | Each::Unit => "unit",
            Each::Person => "person",
            Each::Ledger(name) => name,
        };
        [&r.settle, &r.grace].into_iter().for_each(|count| self.count(count.as_ref()));
        self.when(&r.when);
        self.conds(&r.filter, subject);
        for part in &r.parts {
            if let Some(by) = &part.by {
                self.when(by);
            }
            for TargetStep { value, .. } in part.target.iter().flat_map(|t| &t.steps) {
                self.operand(value, Holds::Number);
            }
            self.measure(&part.measure, subject);
        }
    }

    fn operand(&mut self, operand: &Operand, holds: Holds) {
        if let Operand::Setting(name) = operand {
            self.found.push((name.clone(), holds));
        }
    }

    fn count(&mut self, count: Option<&Count>) {
        if let Some(Count::Setting(name)) = count {
            self.found.push((name.clone(), Holds::Whole));
        }
    }

    fn when(&mut self, when: &When) {
        match when {
            When::ByField { plus, .. } => self.count(plus.as_ref()),
            When::Once(Some(Due::Setting(name))) => self.found.push((name.clone(), Holds::Day)),
            _ => {}
        }
    }

    fn measure(&mut self, measure: &Measure, subject: &str) {
        match measure {
            Measure::Count(s) | Measure::Sum(s, _) | Measure::Distinct(s, _) | Measure::Latest(s, _) => self.source(s),
            Measure::Change(s, ..) => self.source(s),
            Measure::Share(s, that) => {
                self.source(s);
                self.conds(that, ledger_of(&s.of));
            }
            Measure::Ratio(top, bottom) => {
                self.measure(top, subject);
                self.measure(bottom, subject);
            }
            Measure::Span(..) => {}
            Measure::Holds(conds) => self.conds(conds, subject),
        }
    }

    fn source(&mut self, source: &Source) {
        self.conds(&source.filter, ledger_of(&source.of));
    }

    fn conds(&mut self, conds: &Conds, ledger: &str) {
        for Cond { path, test } in &conds.all {
            let holds = self.leads_to(ledger, path);
            operands(test).iter().for_each(|o| self.operand(o, holds.clone()));
        }
        conds.has.iter().for_each(|source| self.source(source));
    }

    /// What a value compared with the end of a path may be; who is young follows from `young_age`.
    fn leads_to(&mut self, ledger: &str, path: &Path) -> Holds {
        let mut at = ledger.to_owned();
        let mut last = None;
        for name in path {
            if at == "person" && name == "young" {
                self.found.push(("young_age".into(), Holds::Whole));
            }
            let own = self.ledgers.iter().find(|l| l.name == at).and_then(|l| l.field(name)).map(|f| f.ty.clone());
            let ty = match own {
                Some(FieldType::Derived) => computed(&at, name),
                None => derived(&at).into_iter().find(|(n, _)| n == name).map(|(_, ty)| ty),
                own => own,
            };
            if let Some(next) = ty.as_ref().and_then(target) {
                at = next.to_owned();
            }
            last = ty;
        }
        match last {
            Some(FieldType::Choice(of) | FieldType::Choices(of)) => Holds::Some(of),
            Some(FieldType::Integer) => Holds::Whole,
            Some(FieldType::Decimal | FieldType::Money) => Holds::Number,
            Some(FieldType::Date) => Holds::Day,
            _ => Holds::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_of_2025_know_what_they_may_hold() {
        let (package, ..) = crate::directive::own().unwrap();
        let uses = setting_uses(&package);
        let of = |name: &str| uses[name].clone();
        assert_eq!(of("alert_days").holds, Holds::Whole);
        assert_eq!(of("plan_due"), SettingUse { holds: Holds::Day, requirements: vec!["R-13".into()] });
        assert_eq!(of("young_age").holds, Holds::Whole);
        assert_eq!((of("resits").holds, most("resits")), (Holds::Whole, 1));
        assert_eq!(of("yellow_from"), SettingUse { holds: Holds::Whole, requirements: vec![] });
        assert!(matches!(of("talk_kinds").holds, Holds::Some(of) if of.contains(&"例行".to_owned())));
        assert!(of("talk_kinds").requirements.contains(&"R-30".to_owned()));
        // Whatever the package itself says would be taken.
        for (name, setting) in &package.directive.settings {
            for value in setting.iter().flat_map(|s| &s.values) {
                let fits = match (&uses[name].holds, value) {
                    (Holds::Whole, Value::Number(n)) => n.den() == 1,
                    (Holds::Number, Value::Number(_)) | (Holds::Day, Value::Day(_)) | (Holds::Text, _) => true,
                    (Holds::Some(of), Value::Text(text)) => of.iter().any(|o| o == text),
                    _ => false,
                };
                assert!(fits, "{name} {value:?} {:?}", uses[name].holds);
            }
        }
    }
}
