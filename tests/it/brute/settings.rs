//! Which settings a requirement rests on: an empty one makes its verdicts unknown (3.9).

use std::collections::BTreeSet;

use dongliang::directive::model::{Cond, Conds, Count, Measure, Operand, Part, Path, Requirement, Source, Test, When};

use super::view::View;

/// Empty settings in what is measured.
pub(super) fn empty_in_measure(view: &View<'_>, part: &Part) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    in_measure(&part.measure, &mut names);
    empty(view, names)
}

/// Empty settings in who is judged and when. The empty due of a `once` is no due and not among them.
pub(super) fn empty_in_window(view: &View<'_>, req: &Requirement, part: &Part) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    in_conds(&req.filter, &mut names);
    for when in [Some(&req.when), part.by.as_ref()].into_iter().flatten() {
        if let When::ByField { plus: Some(Count::Setting(name)), .. } = when {
            names.insert(name.clone());
        }
    }
    for count in [&req.settle, &req.grace].into_iter().flatten() {
        if let Count::Setting(name) = count {
            names.insert(name.clone());
        }
    }
    empty(view, names)
}

fn empty(view: &View<'_>, names: BTreeSet<String>) -> BTreeSet<String> {
    names.into_iter().filter(|n| view.setting(n).is_none()).collect()
}

fn in_measure(measure: &Measure, names: &mut BTreeSet<String>) {
    match measure {
        Measure::Count(s) => in_source(s, names),
        Measure::Sum(s, p) | Measure::Distinct(s, p) | Measure::Latest(s, p) => {
            in_source(s, names);
            in_path(p, names);
        }
        Measure::Share(s, that) => {
            in_source(s, names);
            in_conds(that, names);
        }
        Measure::Ratio(top, bottom) => {
            in_measure(top, names);
            in_measure(bottom, names);
        }
        Measure::Change(s, ..) => in_source(s, names),
        Measure::Span(..) => {}
        Measure::Holds(conds) => in_conds(conds, names),
    }
}

fn in_source(source: &Source, names: &mut BTreeSet<String>) {
    in_conds(&source.filter, names);
}

fn in_conds(conds: &Conds, names: &mut BTreeSet<String>) {
    for Cond { path, test } in &conds.all {
        in_path(path, names);
        match test {
            Test::Filled(_) => {}
            Test::AnyOf(operands) | Test::NoneOf(operands) => in_operands(operands, names),
            Test::AtLeast(o)
            | Test::AtMost(o)
            | Test::Above(o)
            | Test::Below(o)
            | Test::Before(o)
            | Test::After(o)
            | Test::NotBefore(o)
            | Test::NotAfter(o) => in_operands([o], names),
        }
    }
    for source in &conds.has {
        in_source(source, names);
    }
}

fn in_operands<'a>(operands: impl IntoIterator<Item = &'a Operand>, names: &mut BTreeSet<String>) {
    for operand in operands {
        if let Operand::Setting(name) = operand {
            names.insert(name.clone());
        }
    }
}

fn in_path(path: &Path, names: &mut BTreeSet<String>) {
    if path.last().is_some_and(|p| p == "young") {
        names.insert("young_age".into());
    }
}
