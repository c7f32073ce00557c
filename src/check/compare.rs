//! Holds what an example expects against what was computed, as text.

use super::Codes;
use crate::{
    directive::{
        example::{Example, Expect},
        model::Requirement,
    },
    ratio::Ratio,
    verdict::{
        judge::Verdict,
        rollup::{self, Tally},
        world::{UNIT, World},
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

/// All expectations of an example that do not hold.
pub(super) fn compare(
    example: &Example,
    requirement: &Requirement,
    world: &World<'_>,
    verdicts: &[Verdict],
    codes: &Codes,
    named: &dyn Fn(&Verdict) -> String,
) -> Vec<Failure> {
    let shown: Vec<(String, &Verdict)> = verdicts.iter().filter(|v| !v.closed).map(|v| (named(v), v)).collect();
    let mut failures: Vec<Failure> = example.expect.iter().filter_map(|e| leaf(e, &shown, codes)).collect();
    failures.extend(example.rollup.iter().filter_map(|e| total(e, requirement, world, verdicts, codes)));
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
    differences(expect, |key| {
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
    })
}

fn total(
    expect: &Expect,
    requirement: &Requirement,
    world: &World<'_>,
    verdicts: &[Verdict],
    codes: &Codes,
) -> Option<Failure> {
    let unit = expect.get("unit").map_or("*", String::as_str);
    let row = codes.id(UNIT, unit).and_then(|id| world.tables[UNIT].row_of(id));
    let owned: Option<Vec<i64>> =
        row.map(|r| world.chart.owned[r].iter().map(|u| world.tables[UNIT].ids[*u]).collect());
    let mut tally = Tally::default();
    let mut target = None;
    for v in verdicts {
        let inside = unit == "*" || owned.as_ref().is_some_and(|o| v.unit.is_some_and(|u| o.contains(&u)));
        if inside && expect.get("window").is_none_or(|w| **w == *v.window.label) {
            tally.add(v);
            target = target.or(v.parts.first().and_then(|p| p.target));
        }
    }
    let found = rollup::total(&requirement.rollup, &tally, target.as_ref());
    differences(expect, |key| {
        let t = found.as_ref();
        Some(match key {
            "unit" => unit.to_owned(),
            "window" => return expect.get("window").cloned(),
            "state" => t.map_or("absent", |t| t.state.as_str()).to_owned(),
            "value" => number(t.and_then(|t| t.value)),
            "target" => t.and_then(|t| t.target).map_or("-".to_owned(), |r| r.to_string()),
            _ => return None,
        })
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
