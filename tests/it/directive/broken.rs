//! `tests/packages/broken`: each package says in `expect.txt` where it is broken, as `file:line`, a tab, and words that
//! the message or the hint must hold.

use std::{fs, path::Path};

use dongliang::directive::{self, Diagnostic, render};

fn packages() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/broken")
}

fn says(found: &Diagnostic, line: &str) -> bool {
    let (place, words) = line.split_once('\t').expect("a tab in expect.txt");
    let text = format!("{} {}", found.message, found.hint);
    format!("{}:{}", found.file, found.line) == place && words.split(' ').all(|w| text.contains(w))
}

#[test]
fn every_fault_is_found_where_it_is_and_nothing_else() {
    let mut seen = 0;
    for entry in fs::read_dir(packages()).unwrap() {
        let dir = entry.unwrap().path();
        // This one is whole; what it expects of its example is false.
        if dir.ends_with("example-fails") {
            assert!(directive::load(&dir).is_ok());
            continue;
        }
        let expected = fs::read_to_string(dir.join("expect.txt")).unwrap();
        let expected: Vec<&str> = expected.lines().filter(|l| !l.is_empty()).collect();
        let found = directive::load(&dir).expect_err("a broken package");
        assert_eq!(found.len(), expected.len(), "{}\n{}", dir.display(), render(&found));
        for line in expected {
            assert!(found.iter().any(|f| says(f, line)), "{}: {line}\n{}", dir.display(), render(&found));
        }
        seen += 1;
    }
    assert!(seen >= 16, "only {seen} packages");
}
