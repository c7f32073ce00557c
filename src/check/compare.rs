//! Holds what an example expects against what was computed, as text.

use std::collections::BTreeSet;

use super::{Case, Codes};
use crate::{
    directive::example::{Example, Expect},
    ratio::Ratio,
    verdict::{
        judge::Verdict,
        rollup::{self, Tally, Total},
        world::UNIT,
    },
};

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What was expected and what was computed, in words.
    pub text: String,
}

impl Failure {
    pub(super) fn of(text: String) -> Failure {
        Failure { text }
    }
}

/// What an example comes to, as text under the keys of its expectations (section 11).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Every verdict under all its keys. The last verdict of a subject that has closed, which only `count met` counts,
    /// has the further key `closed`.
    pub verdicts: Vec<Expect>,
    /// The total of every unit, and of the system (`*`), in every window that has a verdict.
    pub totals: Vec<Expect>,
}

const LEAF: [&str; 9] = ["subject", "window", "unit", "state", "value", "target", "light", "late", "parts"];
const TOTAL: [&str; 5] = ["unit", "window", "state", "value", "target"];

/// Everything that was judged.
pub(super) fn told(case: &Case<'_>) -> Told {
    let lines = |keys: &[&str], text: &dyn Fn(&str) -> Option<String>| -> Expect {
        keys.iter().filter_map(|k| Some(((*k).to_owned(), text(k)?))).collect()
    };
    let verdicts = case.verdicts.iter().map(|v| {
        let subject = case.subject(v);
        let mut line = lines(&LEAF, &|key| leaf_text(key, &subject, v, case.codes));
        line.extend(v.closed.then(|| ("closed".to_owned(), "True".to_owned())));
        line
    });
    let windows: BTreeSet<&str> = case.verdicts.iter().map(|v| &*v.window.label).collect();
    let known = case.world.tables[UNIT].ids.iter().filter_map(|id| case.codes.code(UNIT, *id));
    let units: Vec<&str> = known.chain(["*"]).collect();
    let totals = windows.iter().flat_map(|w| units.iter().map(move |u| (*u, *w))).map(|(unit, window)| {
        let found = total_of(case, unit, Some(window));
        lines(&TOTAL, &|key| total_text(key, unit, Some(window), found.as_ref()))
    });
    Told { verdicts: verdicts.collect(), totals: totals.collect() }
}

/// All expectations of an example that do not hold.
pub(super) fn compare(case: &Case<'_>, example: &Example) -> Vec<Failure> {
    let shown: Vec<(String, &Verdict)> =
        case.verdicts.iter().filter(|v| !v.closed).map(|v| (case.subject(v), v)).collect();
    let mut failures: Vec<Failure> = example.expect.iter().filter_map(|e| leaf(e, &shown, case.codes)).collect();
    failures.extend(example.rollup.iter().filter_map(|e| total(e, case)));
    failures
}

fn leaf(expect: &Expect, shown: &[(String, &Verdict)], codes: &Codes) -> Option<Failure> {
    let subject = expect.get("subject").map_or("", String::as_str);
    let window = expect.get("window");
    let found: Vec<&Verdict> = shown
        .iter()
        .filter(|(s, v)| s == subject && window.is_none_or(|w| **w == *v.window.label))
        .filter(|(_, v)| expect.get("unit").is_none_or(|u| unit_text(v.unit, codes) == *u))
        .map(|(_, v)| *v)
        .collect();
    if expect.get("state").is_some_and(|s| s == "absent") {
        return match found.as_slice() {
            [] => None,
            [v, ..] => Some(Failure::of(format!("{}：应无判定，实有 {}", words(expect), v.state.as_str()))),
        };
    }
    let [v] = found.as_slice() else {
        return Some(Failure::of(format!("{}：应恰有一个判定，实有 {} 个", words(expect), found.len())));
    };
    differences(expect, |key| leaf_text(key, subject, v, codes))
}

fn leaf_text(key: &str, subject: &str, v: &Verdict, codes: &Codes) -> Option<String> {
    Some(match key {
        "subject" => subject.to_owned(),
        "window" => v.window.label.to_string(),
        "state" => v.state.as_str().to_owned(),
        "value" => v.value_text(),
        "target" => v.target_text(),
        "light" => v.light.as_str().to_owned(),
        "late" => if v.late { "True" } else { "False" }.to_owned(),
        "parts" => v.parts_text(),
        "unit" => unit_text(v.unit, codes),
        _ => return None,
    })
}

fn total(expect: &Expect, case: &Case<'_>) -> Option<Failure> {
    let (unit, window) = (expect.get("unit").map_or("*", String::as_str), expect.get("window").map(String::as_str));
    let found = total_of(case, unit, window);
    differences(expect, |key| total_text(key, unit, window, found.as_ref()))
}

/// The total of a unit in a window (none given: in all).
fn total_of(case: &Case<'_>, unit: &str, window: Option<&str>) -> Option<Total> {
    let units = &case.world.tables[UNIT];
    let row = case.codes.id(UNIT, unit).and_then(|id| units.row_of(id));
    let owned: Option<Vec<i64>> = row.map(|r| case.world.chart.owned[r].iter().map(|u| units.ids[*u]).collect());
    let mut tally = Tally::default();
    let mut target = None;
    for v in case.verdicts {
        let inside = unit == "*" || owned.as_ref().is_some_and(|o| v.unit.is_some_and(|u| o.contains(&u)));
        if inside && window.is_none_or(|w| *w == *v.window.label) {
            tally.add(v);
            target = target.or(v.parts.first().and_then(|p| p.target));
        }
    }
    rollup::total(&case.requirement.rollup, &tally, target.as_ref())
}

fn total_text(key: &str, unit: &str, window: Option<&str>, t: Option<&Total>) -> Option<String> {
    Some(match key {
        "unit" => unit.to_owned(),
        "window" => return window.map(str::to_owned),
        "state" => t.map_or("absent", |t| t.state.as_str()).to_owned(),
        "value" => number(t.and_then(|t| t.value)),
        "target" => t.and_then(|t| t.target).map_or("-".to_owned(), |r| r.to_string()),
        _ => return None,
    })
}

fn differences(expect: &Expect, computed: impl Fn(&str) -> Option<String>) -> Option<Failure> {
    let wrong: Vec<String> = expect
        .iter()
        .filter_map(|(key, wanted)| match computed(key) {
            Some(found) if found == *wanted => None,
            Some(found) => Some(format!("{key} 应为 {wanted}，算得 {found}")),
            None => Some(format!("不认识的键 {key}")),
        })
        .collect();
    if wrong.is_empty() { None } else { Some(Failure::of(format!("{}：{}", words(expect), wrong.join("；")))) }
}

fn words(expect: &Expect) -> String {
    ["subject", "unit", "window"].iter().filter_map(|k| expect.get(*k)).cloned().collect::<Vec<_>>().join(" ")
}

fn unit_text(unit: Option<i64>, codes: &Codes) -> String {
    unit.and_then(|u| codes.code(UNIT, u)).unwrap_or("None").to_owned()
}

fn number(value: Option<Ratio>) -> String {
    value.map_or_else(|| "None".to_owned(), |v| v.to_string())
}
