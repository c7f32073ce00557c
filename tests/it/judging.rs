//! The engine against the brute-force evaluator on random worlds: every verdict, and every total of a unit and the system.
//!
//! The engine judges as it judges real data: the rows are in a store, a world is read from it. `PROPTEST_CASES` says how
//! many worlds each requirement gets, `PROPTEST_SEED` (a number) which ones, `JUDGING_ONLY` (`R-21`) of which requirement.

use std::{collections::BTreeMap, path::Path};

use dongliang::{
    check::{self, Told},
    db::Db,
    db_test,
    directive::{
        self,
        example::{Examples, Expect},
        model::{Package, Requirement, Rollup},
    },
};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::{
    brute::{self, State, Verdict},
    worlds::{self, World},
};

pub(crate) fn load(dir: &str) -> Package {
    directive::load(Path::new(dir)).unwrap_or_else(|found| panic!("{dir}: {found:#?}")).0
}

/// A number from the environment.
fn env(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

/// The same cases each time, unless another seed is asked for.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let seed = env("PROPTEST_SEED").unwrap_or(1).to_le_bytes();
    let seed: Vec<u8> = seed.iter().copied().cycle().take(32).collect();
    let config = Config {
        cases: env("PROPTEST_CASES").unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// Judges random worlds of every requirement of a package both ways and tells what differs.
fn compare(db: &Db, dir: &str, cases: u32) {
    let package = load(dir);
    check::make_tables(db, &package).unwrap();
    let only = std::env::var("JUDGING_ONLY").ok();
    let mut failed = Vec::new();
    for req in package.requirements.iter().filter(|r| r.enabled && only.as_ref().is_none_or(|o| *o == r.id)) {
        let told = runner(cases).run(&worlds::dna(24), |dna| {
            let found = differences(db, &package, req, &worlds::world(&package, req, &dna));
            if found.is_empty() { Ok(()) } else { Err(TestCaseError::fail(found.join("\n"))) }
        });
        match told {
            Ok(()) => {}
            Err(TestError::Fail(_, dna)) => {
                let mut world = worlds::world(&package, req, &dna);
                world.thin(&|w| !differences(db, &package, req, w).is_empty());
                let found = differences(db, &package, req, &world);
                failed.push(format!("\n{}\n{}\n", world.to_toml(), found.join("\n")));
            }
            Err(e) => failed.push(e.to_string()),
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn differences(db: &Db, package: &Package, req: &Requirement, world: &World) -> Vec<String> {
    let examples = Examples { base: world.base.clone(), all: Vec::new() };
    let (rows, options) = brute::world_of(package, &examples, &world.example);
    let brute = brute::judge(package, &rows, &options, req);
    let told = check::verdicts(db, package, &world.base, &world.example).unwrap().unwrap();
    let mut found = leaves(&told, &brute);
    found.extend(totals(&told, &brute, req));
    found
}

type Key = (bool, String, String);

/// By subject and window; two of one key would be lost, and are told.
fn by_key<T>(all: impl Iterator<Item = (Key, T)>, found: &mut Vec<String>, whose: &str) -> BTreeMap<Key, T> {
    let mut map = BTreeMap::new();
    for (key, one) in all {
        if map.insert(key.clone(), one).is_some() {
            found.push(format!("{whose} judges twice {key:?}"));
        }
    }
    map
}

fn leaves(told: &Told, brute: &[Verdict]) -> Vec<String> {
    let mut found = Vec::new();
    let engine =
        told.verdicts.iter().map(|e| ((e.contains_key("closed"), e["subject"].clone(), e["window"].clone()), e));
    let engine = by_key(engine, &mut found, "the engine");
    let plain = brute.iter().map(|v| ((v.closed, v.subject.clone(), v.window.clone()), v));
    let plain = by_key(plain, &mut found, "brute force");
    for (key, e) in &engine {
        match plain.get(key) {
            None => found.push(format!("only the engine has {key:?}: {e:?}")),
            Some(v) => found.extend(differing(e, v).map(|d| format!("{key:?} {d} {:?}", v.unset))),
        }
    }
    for (key, v) in plain.iter().filter(|(key, _)| !engine.contains_key(key)) {
        found.push(format!("only brute force has {key:?}: {} {}", v.state.text(), v.value));
    }
    found
}

/// What a verdict has otherwise. The text leaves open what value is shown beside 不适用, and beside a setting that is empty
/// (3.9); and what is measured of a subject of which `where` cannot be told (3.8), which the engine does not do.
fn differing(e: &Expect, v: &Verdict) -> Option<String> {
    let unit = if v.unit.is_empty() { "None" } else { &v.unit };
    let late = if v.late { "True" } else { "False" };
    let mut pairs = vec![
        ("state", v.state.text().to_owned()),
        ("target", v.target.clone()),
        ("light", v.light.to_owned()),
        ("late", late.to_owned()),
        ("unit", unit.to_owned()),
    ];
    if !v.doubtful {
        pairs.push(("parts", v.parts.clone()));
        pairs.push(("value", values(v, &e["value"])));
    }
    let wrong: Vec<String> = pairs
        .into_iter()
        .filter(|(key, text)| e[*key] != *text)
        .map(|(key, text)| format!("{key}: engine {}, brute force {text}", e[key]))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

/// The values, with those of the engine where the text leaves them open.
fn values(v: &Verdict, engine: &str) -> String {
    let parts = v.value.split("; ").zip(v.parts.split("; ")).zip(engine.split("; "));
    let open = |state: &str, engine: &str| engine == "None" && (state == "na" || !v.unset.is_empty());
    parts.map(|((own, state), engine)| if open(state, engine) { engine } else { own }).collect::<Vec<_>>().join("; ")
}

fn totals(told: &Told, brute: &[Verdict], req: &Requirement) -> Vec<String> {
    if req.rollup == Rollup::None {
        return Vec::new();
    }
    let whole = matches!(req.rollup, Rollup::CountMet(_));
    let asked = told.totals.iter().filter(|t| !whole || t["unit"] == "*");
    asked.filter_map(|t| total(t, brute, req)).collect()
}

/// What a total has otherwise. Two readings of `pool` that the text leaves open are passed over: whether an unknown leaf
/// lets a pool below its target fail, and what a leaf adds of which `where` cannot be told.
fn total(t: &Expect, brute: &[Verdict], req: &Requirement) -> Option<String> {
    let total = brute::rollup(brute, req, &t["unit"], &t["window"]);
    let leaves = brute.iter().filter(|v| v.window == t["window"]);
    let doubtful = req.rollup == Rollup::Pool && leaves.clone().any(|v| v.doubtful || !v.unset.is_empty());
    let below = req.rollup == Rollup::Pool && total.state == State::Unknown && t["state"] == "fail";
    let mut pairs = vec![("target", total.target.as_str())];
    if !below && !doubtful {
        pairs.push(("state", total.state.text()));
    }
    if !doubtful {
        pairs.push(("value", total.value.as_str()));
    }
    let wrong: Vec<String> = pairs
        .into_iter()
        .filter(|(key, text)| t[*key] != **text)
        .map(|(key, text)| format!("{key}: engine {}, brute force {text}", t[key]))
        .collect();
    (!wrong.is_empty()).then(|| format!("total of {} in {}: {}", t["unit"], t["window"], wrong.join("; ")))
}

db_test!(conformance, |db: &Db| compare(db, "tests/conformance", 4));
db_test!(further_rules, |db: &Db| compare(db, "tests/it/brute/package", 4));

#[test]
fn directive_2025() {
    compare(&Db::open("sqlite::memory:").unwrap(), "directives/2025", 3);
}

/// The rules that were worked by hand for the brute-force evaluator hold for the engine too.
#[test]
fn worked_rules() {
    let (package, examples, _) = directive::load(Path::new("tests/it/brute/package")).unwrap();
    let report = check::run(&package, &examples).unwrap();
    assert_eq!(report.failed, []);
    assert_eq!(report.passed, examples.all.len());
}

/// What the language can say and neither of the two large packages does.
#[test]
fn every_spelling() {
    compare(&Db::open("sqlite::memory:").unwrap(), "tests/it/judging/package", 4);
}
