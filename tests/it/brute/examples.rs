//! The worked examples, judged by this evaluator alone.

use std::path::Path;

use dongliang::directive::{
    self,
    example::{Example, Examples, Expect},
    model::Package,
};

use super::{Options, Verdict, World, convert, judge, rollup};

/// The world of an example, and what it asks.
pub(crate) fn world_of(package: &Package, examples: &Examples, example: &Example) -> (World, Options) {
    let options = Options {
        as_of: example.as_of,
        known_at: example.known_at,
        settings: example.settings.clone(),
        slots: example.slots.clone(),
        at_least: example.at_least.clone(),
    };
    (convert::world(package, &examples.base, &example.add), options)
}

/// What an example expected and did not find; empty if it is as written.
fn failures(package: &Package, examples: &Examples, example: &Example) -> Vec<String> {
    let req = package.requirement(&example.req).unwrap_or_else(|| panic!("no requirement {}", example.req));
    let (world, options) = world_of(package, examples, example);
    let all = judge(package, &world, &options, req);
    let open: Vec<&Verdict> = all.iter().filter(|v| !v.closed).collect();
    let mut failures: Vec<String> = example.expect.iter().filter_map(|line| check(&open, line)).collect();
    for line in &example.rollup {
        let total = rollup(&all, req, &line["unit"], &line["window"]);
        let of = |key: &str| match key {
            "state" => total.state.text().to_owned(),
            "value" => total.value.clone(),
            "target" => total.target.clone(),
            "light" => total.light.to_owned(),
            "unit" | "window" => line[key].clone(),
            other => panic!("a total has no {other}"),
        };
        failures.extend(differences(line, &of, "汇总"));
    }
    failures
}

/// One line of `expect`: exactly one verdict of its subject, window and unit, equal in all else that it names.
fn check(verdicts: &[&Verdict], line: &Expect) -> Option<String> {
    let narrows = |v: &&&Verdict| {
        let is = |key: &str, text: &str| line.get(key).is_none_or(|t| t == text);
        is("subject", &v.subject) && is("window", &v.window) && is("unit", &v.unit)
    };
    let found: Vec<&&Verdict> = verdicts.iter().filter(narrows).collect();
    match (line.get("state").map(String::as_str), found.as_slice()) {
        (Some("absent"), []) => None,
        (Some("absent"), _) => Some(format!("{line:?}: there is one")),
        (_, [one]) => {
            let of = |key: &str| match key {
                "subject" => one.subject.clone(),
                "window" => one.window.clone(),
                "unit" => one.unit.clone(),
                "state" => one.state.text().to_owned(),
                "value" => one.value.clone(),
                "target" => one.target.clone(),
                "light" => one.light.to_owned(),
                "late" => if one.late { "True" } else { "False" }.to_owned(),
                "parts" => one.parts.clone(),
                other => panic!("a verdict has no {other}"),
            };
            differences(line, &of, &format!("{} {:?}", one.subject, one.unset))
        }
        (_, found) => Some(format!("{line:?}: {} verdicts", found.len())),
    }
}

fn differences(line: &Expect, of: &dyn Fn(&str) -> String, what: &str) -> Option<String> {
    let wrong: Vec<String> = line
        .iter()
        .filter(|(key, text)| of(key) != **text)
        .map(|(key, text)| format!("{key} is {} and not {text}", of(key)))
        .collect();
    (!wrong.is_empty()).then(|| format!("{what}: {}, in {line:?}", wrong.join(", ")))
}

fn load(dir: &str) -> (Package, Examples) {
    let (package, examples, _) = directive::load(Path::new(dir)).unwrap_or_else(|found| panic!("{dir}: {found:#?}"));
    (package, examples)
}

/// Judges every example of a package: how many there are, and what is not as written.
fn run(dir: &str) -> (usize, Vec<String>) {
    let (package, examples) = load(dir);
    let failed = examples.all.iter().flat_map(|e| {
        let failures = failures(&package, &examples, e);
        failures.into_iter().map(move |f| format!("{} {} ({}:{}): {f}", e.req, e.name, e.place.0, e.place.1))
    });
    (examples.all.len(), failed.collect())
}

#[test]
fn conformance() {
    let (all, failed) = run("tests/conformance");
    assert_eq!(all, 81);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Nothing may hang on the order in which rows were stored.
#[test]
fn the_order_of_rows_does_not_matter() {
    let (package, examples) = load("tests/conformance");
    for example in &examples.all {
        let req = package.requirement(&example.req).expect("the loader has found it");
        let (mut world, options) = world_of(&package, &examples, example);
        let told = |world: &World| {
            let mut all: Vec<String> = judge(&package, world, &options, req).iter().map(|v| format!("{v:?}")).collect();
            all.sort();
            all
        };
        let before = told(&world);
        world.values_mut().for_each(|rows| rows.reverse());
        assert_eq!(before, told(&world), "{} {}", example.req, example.name);
    }
}

#[test]
fn directive_2025() {
    let (all, failed) = run("directives/2025");
    assert!(all >= 402, "{all} examples");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The rules that none of the examples of the two packages pins.
#[test]
fn further_rules() {
    let (all, failed) = run("tests/it/brute/package");
    assert!(all >= 24, "{all} examples");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
