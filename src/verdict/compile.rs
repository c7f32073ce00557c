//! From names to positions: a requirement as the evaluator runs it, with no look-up by name per row.

use std::{cell::RefCell, sync::Arc};

use super::{
    kind::Kind,
    world::{Layout, PERSON, Texts, UNIT},
};
use crate::directive::model::{
    Cond, Conds, Each, Field, FieldType, Measure, Of, Operand, Path, Requirement, Source, Test, Value,
};

pub use super::compiled::{Access, Check, Compiled, Condition, Conditions, Fold, Given, Relate, Rows, Side, Step};

/// Why a requirement cannot be run; the loader refuses such packages, so this names a fault of the program.
#[derive(Debug, thiserror::Error)]
#[error("要求 {requirement}：{reason}")]
pub struct CompileError {
    /// Table id.
    pub requirement: String,
    /// What does not fit.
    pub reason: String,
}

/// Resolves a requirement.
///
/// # Errors
/// When a name does not exist; a package that the loader accepts has none.
pub fn compile(
    requirement: &Arc<Requirement>,
    layout: &Layout,
    given: &Given,
    texts: &mut Texts,
) -> Result<Compiled, CompileError> {
    let c = Compiler { layout, given, state: RefCell::new(State { texts, unset: Vec::new(), keys: 0 }) };
    c.run(requirement).map_err(|reason| CompileError { requirement: requirement.id.clone(), reason })
}

struct Compiler<'a, 't> {
    layout: &'a Layout,
    given: &'a Given,
    state: RefCell<State<'t>>,
}

struct State<'t> {
    texts: &'t mut Texts,
    unset: Vec<String>,
    keys: usize,
}

/// What `{ subject = … }` and relations refer to.
#[derive(Clone, Copy)]
struct About<'a> {
    table: usize,
    each: &'a Each,
    per: &'a [Path],
}

type Res<T> = Result<T, String>;

impl Compiler<'_, '_> {
    fn run(&self, r: &Arc<Requirement>) -> Res<Compiled> {
        let table = match &r.each {
            Each::System | Each::Unit => UNIT,
            Each::Person => PERSON,
            Each::Ledger(name) => self.table(name)?,
        };
        let about = About { table, each: &r.each, per: &r.per };
        let by = |w: &crate::directive::model::When| match w {
            crate::directive::model::When::ByField { fields, .. } => {
                fields.iter().map(|f| self.access(table, f)).collect::<Res<Vec<_>>>()
            }
            _ => Ok(Vec::new()),
        };
        let filter = self.conditions(table, &r.filter, about)?;
        let unset = self.take_unset();
        let (mut folds, mut part_unset) = (Vec::new(), Vec::new());
        for part in &r.parts {
            folds.push(self.fold(&part.measure, about)?);
            let mut unset = self.take_unset();
            unset.extend(part.target.iter().flat_map(|t| &t.steps).filter_map(|s| self.unset_target(&s.value)));
            part_unset.push(unset);
        }
        Ok(Compiled {
            requirement: Arc::clone(r),
            table,
            filter,
            per: r.per.iter().map(|p| self.per(table, p)).collect::<Res<_>>()?,
            by: by(&r.when)?,
            part_by: r.parts.iter().map(|p| p.by.as_ref().map_or(Ok(Vec::new()), by)).collect::<Res<_>>()?,
            folds,
            again: r.again.as_ref().map(|a| self.again(a, about)).transpose()?,
            unset,
            part_unset,
        })
    }

    fn take_unset(&self) -> Vec<String> {
        std::mem::take(&mut self.state.borrow_mut().unset)
    }

    fn unset_target(&self, value: &Operand) -> Option<String> {
        match value {
            Operand::Setting(name) if self.given.values(name).is_empty() => Some(name.clone()),
            _ => None,
        }
    }

    fn table(&self, name: &str) -> Res<usize> {
        self.layout.index(name).ok_or_else(|| format!("没有台账“{name}”"))
    }

    /// `unit` in a combination is the organ.
    fn per(&self, table: usize, path: &Path) -> Res<Access> {
        let mut access = self.access(table, path)?;
        if access.kind == Kind::Ref(UNIT) && access.steps.last() == Some(&Step::Unit) {
            access.steps.push(Step::Organ);
        }
        Ok(access)
    }

    fn again(&self, path: &Path, about: About<'_>) -> Res<(Option<usize>, Access)> {
        for (i, per) in about.per.iter().enumerate() {
            let rest = path.strip_prefix(per.as_slice()).filter(|rest| !rest.is_empty()).unwrap_or(path);
            if let Kind::Ref(to) = self.access(about.table, per)?.kind
                && let Ok(access) = self.access(to, &rest.to_vec())
            {
                return Ok((Some(i), access));
            }
        }
        if let (true, Ok(own)) = (about.per.is_empty(), self.access(about.table, path)) {
            return Ok((None, own));
        }
        Err(format!("找不到字段“{}”", path.join(".")))
    }

    fn access(&self, table: usize, path: &Path) -> Res<Access> {
        let mut steps = Vec::new();
        let mut at = table;
        let mut kind = Kind::Nothing;
        for (i, name) in path.iter().enumerate() {
            let (step, k) = self.step(at, name).ok_or_else(|| format!("找不到字段“{}”", path.join(".")))?;
            steps.push(step);
            if step == Step::Young && self.given.values("young_age").is_empty() {
                self.state.borrow_mut().unset.push("young_age".into());
            }
            match k {
                Kind::Ref(to) => at = to,
                _ if i + 1 < path.len() => return Err(format!("“{name}”之后不能再取字段（{}）", path.join("."))),
                _ => {}
            }
            kind = k;
        }
        Ok(Access { steps, kind, text: path.join(".") })
    }

    fn step(&self, table: usize, name: &str) -> Option<(Step, Kind)> {
        let ledger = &self.layout.ledgers[table];
        if let Some(i) = ledger.field_index(name) {
            let kind = self.layout.kinds[table][i].clone();
            return Some(match kind {
                Kind::TalkLevel => (Step::TalkLevel, Kind::talk_level()),
                Kind::ActualDays => (Step::ActualDays, Kind::ActualDays),
                kind => (Step::Column(i), kind),
            });
        }
        Some(match name {
            "id" => (Step::Id, Kind::Ref(table)),
            "organ" if table == UNIT => (Step::Organ, Kind::Ref(UNIT)),
            "unit" if table == UNIT => (Step::Id, Kind::Ref(UNIT)),
            "unit" => (Step::Unit, Kind::Ref(UNIT)),
            "duty" if table == PERSON => (Step::Duty, Kind::duty()),
            "young" if table == PERSON => (Step::Young, Kind::Flag),
            "talk_due" if table == PERSON => (Step::TalkDue, Kind::talk_level()),
            _ => return None,
        })
    }

    fn conditions(&self, table: usize, conds: &Conds, about: About<'_>) -> Res<Conditions> {
        Ok(Conditions {
            all: conds.all.iter().map(|c| self.condition(table, c, about)).collect::<Res<_>>()?,
            has: conds
                .has
                .iter()
                .map(|s| self.rows(s, About { table, each: &ROW, per: &[] }, about))
                .collect::<Res<_>>()?,
        })
    }

    fn condition(&self, table: usize, cond: &Cond, about: About<'_>) -> Res<Condition> {
        let access = self.access(table, &cond.path)?;
        let sides = |of: &[Operand]| -> Res<Vec<Side>> {
            let mut sides = Vec::new();
            for operand in of {
                self.side(&access.kind, operand, about, &mut sides)?;
            }
            Ok(sides)
        };
        let order = |flags: [bool; 3], of: &Operand| -> Res<Check> {
            Ok(Check::Order(flags, sides(std::slice::from_ref(of))?.into_iter().next().unwrap_or(Side::Unset)))
        };
        let test = match &cond.test {
            Test::Filled(yes) => Check::Filled(*yes),
            Test::AnyOf(of) => Check::Equal(true, sides(of)?),
            Test::NoneOf(of) => Check::Equal(false, sides(of)?),
            Test::AtLeast(of) | Test::NotBefore(of) => order([false, true, true], of)?,
            Test::AtMost(of) | Test::NotAfter(of) => order([true, true, false], of)?,
            Test::Above(of) | Test::After(of) => order([false, false, true], of)?,
            Test::Below(of) | Test::Before(of) => order([true, false, false], of)?,
        };
        Ok(Condition { access, test })
    }

    fn side(&self, kind: &Kind, operand: &Operand, about: About<'_>, into: &mut Vec<Side>) -> Res<()> {
        let mut fixed = |value: &Value| {
            let cell = kind.literal(value, self.state.borrow_mut().texts);
            into.push(Side::Fixed(cell, value.clone()));
        };
        match operand {
            Operand::Value(value) => fixed(value),
            Operand::Setting(name) => {
                let values = self.given.values(name);
                values.iter().for_each(&mut fixed);
                if values.is_empty() {
                    into.push(Side::Unset);
                    self.state.borrow_mut().unset.push(name.clone());
                }
            }
            Operand::Subject(path) => into.push(Side::Subject(self.access(about.table, path)?)),
        }
        Ok(())
    }

    /// `parent` is what the rows are related to: the subject, or in `has` the row that has them.
    fn rows(&self, s: &Source, parent: About<'_>, about: About<'_>) -> Res<Rows> {
        let table = match &s.of {
            Of::Person => PERSON,
            Of::Unit => UNIT,
            Of::Ledger(name) => self.table(name)?,
        };
        let dated = match &s.dated {
            None => None,
            Some(name) => {
                let i = self.layout.ledgers[table].field_index(name).ok_or_else(|| format!("找不到字段“{name}”"))?;
                Some((i, self.layout.kinds[table][i] == Kind::Period))
            }
        };
        let key = {
            let mut state = self.state.borrow_mut();
            state.keys += 1;
            state.keys
        };
        Ok(Rows {
            key,
            table,
            filter: self.conditions(table, &s.filter, about)?,
            dated,
            at: s.at,
            relate: self.relate(table, s, parent)?,
            last_per: s.last_per.as_ref().map(|p| self.access(table, p)).transpose()?,
        })
    }

    fn relate(&self, table: usize, s: &Source, parent: About<'_>) -> Res<Relate> {
        if !s.via.is_empty() {
            let pairs = s.via.iter().map(|(row, subject)| {
                let subject = subject.as_ref().filter(|p| *p != &["id".to_owned()]);
                let subject = match subject {
                    Some(p) if !parent.per.is_empty() && parent.per.contains(p) => Some(self.per(parent.table, p)?),
                    Some(p) => Some(self.access(parent.table, p)?),
                    None => None,
                };
                Ok((self.access(table, row)?, subject))
            });
            return Ok(Relate::Via(pairs.collect::<Res<_>>()?));
        }
        if !parent.per.is_empty() {
            if table == parent.table {
                return Ok(Relate::Combination);
            }
            return self.combination_of(table, parent);
        }
        match parent.each {
            Each::System => return Ok(Relate::All),
            Each::Unit => return Ok(Relate::Owner),
            _ if parent.table == UNIT => return Ok(Relate::Owner),
            _ => {}
        }
        if table == PERSON || table == UNIT {
            return Err("人员、单位作为来源，只能用于单位或全市，其余须写 via".into());
        }
        let pointing = self.pointing(table, parent.table);
        // Of several fields that point there, the one that gives the unit, else the first.
        let gives_unit = |f: &&&Field| Some(&f.name) == self.layout.ledgers[table].unit_from.as_ref();
        match pointing.iter().find(gives_unit).or(pointing.first()) {
            Some(one) => Ok(Relate::Via(vec![(self.access(table, &vec![one.name.clone()])?, None)])),
            None => Err(format!("台账“{}”没有指向主体的栏目，须写 via", self.layout.ledgers[table].name)),
        }
    }

    /// Rows of another ledger belong to a combination when the fields of the same meaning are equal.
    fn combination_of(&self, table: usize, parent: About<'_>) -> Res<Relate> {
        let mut pairs = Vec::new();
        for per in parent.per {
            let subject = self.per(parent.table, per)?;
            let row = match subject.kind {
                Kind::Ref(UNIT) => self.per(table, &vec!["unit".into()])?,
                Kind::Ref(to) => match self.pointing(table, to).as_slice() {
                    [one] => self.access(table, &vec![one.name.clone()])?,
                    _ => return Err("组合与来源怎样对应不唯一，须写 via".into()),
                },
                _ => self.access(table, per)?,
            };
            pairs.push((row, Some(subject)));
        }
        Ok(Relate::Via(pairs))
    }

    fn pointing(&self, table: usize, to: usize) -> Vec<&Field> {
        let ledger = &self.layout.ledgers[table];
        let points = |f: &&Field| match &f.ty {
            FieldType::Person => to == PERSON,
            FieldType::Unit => to == UNIT,
            FieldType::Ref(name) => self.layout.index(name) == Some(to),
            _ => false,
        };
        ledger.fields.iter().filter(points).collect()
    }

    fn fold(&self, m: &Measure, about: About<'_>) -> Res<Fold> {
        let rows = |s: &Source| self.rows(s, about, about);
        let field = |s: &Source, path: &Path| match &s.of {
            Of::Person => self.access(PERSON, path),
            Of::Unit => self.access(UNIT, path),
            Of::Ledger(name) => self.access(self.table(name)?, path),
        };
        Ok(match m {
            Measure::Count(s) => Fold::Count(rows(s)?),
            Measure::Sum(s, f) => Fold::Sum(rows(s)?, field(s, f)?),
            Measure::Distinct(s, f) => Fold::Distinct(rows(s)?, field(s, f)?),
            Measure::Share(s, that) => {
                let rows = rows(s)?;
                let that = self.conditions(rows.table, that, about)?;
                Fold::Share(rows, that)
            }
            Measure::Ratio(top, bottom) => {
                Fold::Ratio(Box::new(self.fold(top, about)?), Box::new(self.fold(bottom, about)?))
            }
            Measure::Change(s, from, to) => Fold::Change(rows(s)?, field(s, from)?, field(s, to)?),
            Measure::Latest(s, f) => Fold::Latest(rows(s)?, field(s, f)?),
            Measure::Span(from, to) => Fold::Span(self.access(about.table, from)?, self.access(about.table, to)?),
            Measure::Holds(conds) => Fold::Holds(self.conditions(about.table, conds, about)?),
        })
    }
}

static ROW: Each = Each::Person;
