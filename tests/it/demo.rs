//! The made-up city: the same for the same seed, whole, in order, and true to its package.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use dongliang::{
    day::Day,
    demo::{self, Cell, Change, Code, Record, Summary, day_of},
    directive::{
        self,
        model::{FieldType, Ledger, Package},
    },
    org::builtin,
};

pub(crate) fn package() -> Package {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("directives/2025");
    directive::load(&dir).map(|(p, _, _)| p).unwrap_or_else(|found| panic!("{}", directive::render(&found)))
}

fn ledgers(package: &Package) -> HashMap<String, Ledger> {
    builtin::ledgers().into_iter().chain(package.ledgers.iter().cloned()).map(|l| (l.name.clone(), l)).collect()
}

fn all(seed: u64, people: usize) -> (Vec<Record>, Summary) {
    let mut records = Vec::new();
    let summary = demo::city(seed, people, &mut |r| {
        records.push(r);
        Ok(())
    });
    (records, summary.unwrap())
}

fn digest(seed: u64, people: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    demo::city(seed, people, &mut |r| {
        r.hash(&mut hasher);
        Ok(())
    })
    .unwrap();
    hasher.finish()
}

#[test]
fn a_city_is_the_same_for_the_same_seed() {
    assert_eq!(digest(1, 1000), digest(1, 1000));
    assert_ne!(digest(1, 1000), digest(2, 1000));
}

#[test]
fn print_counts() {
    let t = std::time::Instant::now();
    let (_, s) = all(1, 1000);
    eprintln!("{:?}", t.elapsed());
    for (l, c) in &s.ledgers { eprintln!("{l} {} {}", c.0, c.1); }
    eprintln!("facts {}", s.facts());
}
