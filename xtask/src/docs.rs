//! The documents against what they speak of: links lead somewhere, and the glossary knows every ledger and field.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::step::root;

fn files(dir: &Path, ext: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.extension().is_some_and(|e| e == ext)).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What stands in `](…)`, without anchors and without addresses elsewhere.
fn links(markdown: &str) -> impl Iterator<Item = &str> {
    let after = markdown.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    after.filter_map(|link| link.split('#').next()).filter(|link| !link.is_empty() && !link.contains("://"))
}

#[test]
fn links_lead_somewhere() {
    let dirs = [root(), root().join("docs"), root().join("docs/adr")];
    let documents: Vec<PathBuf> = dirs.iter().flat_map(|dir| files(dir, "md")).collect();
    assert!(documents.len() > 5, "the documents are found");
    for document in documents {
        for link in links(&text(&document)) {
            let there = document.with_file_name(link);
            assert!(there.exists(), "{} links to {link}, which is not there", document.display());
        }
    }
}

#[test]
fn the_glossary_knows_every_ledger_and_field() {
    let glossary = text(&root().join("docs/GLOSSARY.md"));
    let mut seen = 0;
    for file in files(&root().join("directives/2025/ledgers"), "toml") {
        let mut in_fields = false;
        for line in text(&file).lines() {
            if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                in_fields = head.ends_with(".fields");
                let name = head.trim_end_matches(".fields");
                assert!(glossary.contains(&format!("`l_{name}`")), "the ledger {name} is not in the glossary");
            } else if let Some((field, _)) = line.split_once(" = ").filter(|_| in_fields && !line.starts_with('#')) {
                assert!(glossary.contains(&format!("`{field}`")), "the field {field} is not in the glossary");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "the fields are found");
}

/// Rows of the tables of `docs/SECURITY.md`: number, level, state, how, tests.
fn measured() -> Vec<[String; 5]> {
    let document = text(&root().join("docs/SECURITY.md"));
    let rows = document.lines().filter(|line| line.starts_with("| ") && line.contains('.'));
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let is_number = |cell: &str| cell.split('.').count() == 3 && cell.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    rows.map(cells).filter(|c| is_number(&c[0])).map(|c| c.try_into().expect("a row has five cells")).collect()
}

#[test]
fn every_row_of_the_measure_has_a_state_and_its_tests_are_there() {
    let rows = measured();
    assert_eq!(rows.len(), 253, "levels 1 and 2");
    assert_eq!(rows.iter().filter(|r| r[1] == "1").count(), 70);
    let document = text(&root().join("docs/SECURITY.md"));
    for (state, word) in [("met", "met"), ("n/a", "not applicable"), ("open", "open")] {
        let n = rows.iter().filter(|r| r[2] == state).count();
        assert!(document.contains(&format!("**{n}** {word}")), "{n} are {word}");
    }
    for [number, _, state, how, tests] in &rows {
        assert!(["met", "n/a", "open"].contains(&state.as_str()) && !how.is_empty(), "{number}");
        for test in tests.split(", ").map(|t| t.trim_matches('`')).filter(|t| !t.is_empty()) {
            let (file, name) = test.split_once("::").unwrap_or_else(|| panic!("{number}: {test}"));
            let places = ["tests/it", "src", "e2e"].map(|dir| root().join(dir).join(file));
            let found = places.iter().filter_map(|at| fs::read_to_string(at.with_extension("rs")).ok());
            let there = |text: &String| ["fn ", "db_test!("].iter().any(|k| text.contains(&format!("{k}{name}")));
            assert!(found.into_iter().any(|text| there(&text)), "{number}: there is no test {test}");
        }
    }
}

#[test]
fn links_are_found() {
    let found: Vec<&str> = links("[a](b.md#c) ![d](e.png) [f](#g) [h](https://i.example)").collect();
    assert_eq!(found, ["b.md", "e.png"]);
}
