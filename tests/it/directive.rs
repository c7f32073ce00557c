//! The package loader, from files to model and from faults to findings.

mod broken;
mod mutations;
mod refusals;
mod spellings;

use std::{collections::BTreeMap, path::PathBuf};

use dongliang::directive::{self, Diagnostic, Loaded, ledger_uses, render};

fn conformance_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn conformance() -> Loaded {
    directive::load(&conformance_dir()).unwrap_or_else(|found| panic!("{}", render(&found)))
}

/// The files of the conformance package, with one text in one file replaced where it first stands.
fn changed(file: &str, from: &str, to: &str) -> BTreeMap<String, String> {
    let mut files = conformance().0.files;
    let text = files.get_mut(file).unwrap_or_else(|| panic!("no file {file}"));
    assert!(text.contains(from), "{file} does not contain {from}");
    *text = text.replacen(from, to, 1);
    files
}

fn findings(files: BTreeMap<String, String>) -> Vec<Diagnostic> {
    directive::load_files(files).map_or_else(|found| found, |(.., warnings)| warnings)
}

#[test]
fn the_conformance_package_loads_whole() {
    let (package, examples, warnings) = conformance();
    assert_eq!(render(&warnings), "");
    let ids: Vec<&str> = package.requirements.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["R-02", "R-03a", "R-08", "R-11", "R-17", "R-21", "R-22", "R-30", "R-33", "R-36b"]);
    assert_eq!(package.ledgers.len(), 13);
    assert_eq!(examples.all.len(), 81);
    assert_eq!(examples.base["person"].len(), 12);
    assert!(package.workdays.is_workday(dongliang::day::Day::parse("2025-01-26").unwrap()));
    let fields: Vec<&str> = package.ledger("guidance").unwrap().fields.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(fields, ["pair", "day", "area", "content", "confirmed"]);
    let r21 = package.requirement("R-21").unwrap();
    assert_eq!(r21.place, ("requirements/R-21.toml".to_owned(), 3));
}

#[test]
fn a_package_saved_by_another_editor_means_the_same() {
    let (package, ..) = conformance();
    let windows = |text: &String| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let files = package.files.iter().map(|(name, text)| (name.clone(), windows(text))).collect();
    let (same, _, warnings) = directive::load_files(files).unwrap();
    assert_eq!(render(&warnings), "");
    assert_eq!(format!("{:?}", same.requirements), format!("{:?}", package.requirements));
    assert_eq!(same.ledgers, package.ledgers);
}

#[test]
fn the_hash_changes_with_any_byte() {
    let (package, ..) = conformance();
    let (again, ..) = conformance();
    assert_eq!(package.hash, again.hash);
    assert_eq!(package.hash.len(), 64);
    let (other, ..) = directive::load_files(changed("directive.toml", "# 公开", "#  公开")).unwrap();
    assert_ne!(package.hash, other.hash);
}

#[test]
fn uses_follow_sources_paths_and_has() {
    let (package, ..) = conformance();
    let uses = ledger_uses(&package);
    assert_eq!(uses["activity"], ["R-02"], "through activity.closed_book, per and by");
    assert_eq!(uses["mentor_pair"], ["R-21", "R-22"], "as subject and through has");
    assert_eq!(uses["charge"], ["R-30"], "talk_due follows from who is in charge of whom");
    assert_eq!(uses.get("lecture"), None);
}
