//! Every crate in the build against `deny.toml`: its licence is allowed, its name is not banned, it comes from the
//! registry. `cargo deny` says the same and more; this needs nothing but cargo.

use std::{fs, process::Command};

use crate::step::root;

/// A crate of the build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Package {
    name: String,
    /// An expression of SPDX; empty where there is none.
    licence: String,
    /// Empty for what lies in the repository.
    source: String,
}

/// What stands in quotes behind a key, from `at` on; nothing where it is `null`.
fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let behind = text.find(key).map_or("", |at| &text[at + key.len()..]);
    behind.strip_prefix('"').and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// The packages of `cargo metadata`, in whose objects name, licence and source stand in this order.
fn packages(metadata: &str) -> Vec<Package> {
    let mut found = Vec::new();
    for (at, _) in metadata.match_indices("\"license\":") {
        let head = metadata[..at].rfind("{\"name\":").map_or("", |from| &metadata[from..]);
        let own = &metadata[at..];
        found.push(Package {
            name: value(head, "{\"name\":").to_owned(),
            licence: value(own, "\"license\":").to_owned(),
            source: value(own, "\"source\":").to_owned(),
        });
    }
    found
}

/// Words in quotes between a line that begins with `from` and one that is `]`.
fn listed(toml: &str, from: &str) -> Vec<String> {
    let lines = toml.lines().skip_while(|line| !line.starts_with(from)).skip(1).take_while(|line| *line != "]");
    let words = lines.filter(|line| !line.trim_start().starts_with('#'));
    words.filter_map(|line| line.split('"').nth(1)).map(str::to_owned).collect()
}

/// Whether an expression can be met with allowed licences alone.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any_of(&words, allowed);
    met && rest.is_empty()
}

fn any_of<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> (bool, &'w [&'t str]) {
    let (mut met, mut rest) = all_of(words, allowed);
    while let Some(("OR", after)) = rest.split_first().map(|(w, after)| (*w, after)) {
        let (also, further) = all_of(after, allowed);
        (met, rest) = (met || also, further);
    }
    (met, rest)
}

fn all_of<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> (bool, &'w [&'t str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let Some(("AND", after)) = rest.split_first().map(|(w, after)| (*w, after)) {
        let (also, further) = one(after, allowed);
        (met, rest) = (met && also, further);
    }
    (met, rest)
}

fn one<'w, 't>(words: &'w [&'t str], allowed: &[String]) -> (bool, &'w [&'t str]) {
    let known = |name: &str| allowed.iter().any(|a| a == name);
    match words {
        ["(", inside @ ..] => {
            let (met, rest) = any_of(inside, allowed);
            (met && rest.first() == Some(&")"), rest.get(1..).unwrap_or_default())
        }
        [name, "WITH", exception, rest @ ..] => (known(&format!("{name} WITH {exception}")), rest),
        [name, rest @ ..] => (known(name), rest),
        [] => (false, words),
    }
}

#[test]
fn every_crate_may_come_into_the_build() {
    let deny = fs::read_to_string(root().join("deny.toml")).expect("deny.toml is there");
    let (allowed, banned) = (listed(&deny, "allow = ["), listed(&deny, "deny = ["));
    assert!(allowed.contains(&"MIT".to_owned()) && banned.contains(&"openssl-sys".to_owned()), "the lists are read");
    for target in ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] {
        let options = ["metadata", "--format-version", "1", "--locked", "--filter-platform", target];
        let cargo = Command::new(env!("CARGO")).args(options).current_dir(root()).output().expect("cargo runs");
        assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
        let found = packages(&String::from_utf8(cargo.stdout).expect("cargo writes UTF-8"));
        assert!(found.len() > 100 && found.iter().any(|p| p.name == "rusqlite"), "the crates are found");
        for p in found.iter().filter(|p| !p.source.is_empty()) {
            assert!(is_met(&p.licence, &allowed), "{}: the licence {:?} is not allowed", p.name, p.licence);
            assert!(!banned.contains(&p.name), "{} is banned", p.name);
            assert!(p.source.starts_with("registry+"), "{} comes from {}", p.name, p.source);
        }
    }
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for good in ["MIT", "GPL-3.0 OR MIT", "Unlicense/MIT", "(MIT OR X) AND Zlib", "Apache-2.0 WITH LLVM-exception"] {
        assert!(is_met(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR X) AND MIT", "Apache-2.0", "MIT GPL-3.0", "(MIT"] {
        assert!(!is_met(bad, &allowed), "{bad}");
    }
    let text =
        r#"{"packages":[{"name":"a","license":"MIT","source":null},{"name":"b","license":null,"source":"git+x"}]}"#;
    let package = |name: &str, licence: &str, source: &str| Package {
        name: name.into(),
        licence: licence.into(),
        source: source.into(),
    };
    assert_eq!(packages(text), [package("a", "MIT", ""), package("b", "", "git+x")]);
}
