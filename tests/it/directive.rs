//! The package loader, from files to model and from faults to findings.

use std::path::Path;

use dongliang::directive::{self, render};

fn conformance() -> directive::Loaded {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    directive::load(&dir).unwrap_or_else(|found| panic!("{}", render(&found)))
}

#[test]
fn the_conformance_package_loads_whole() {
    let (package, examples, warnings) = conformance();
    assert_eq!(render(&warnings), "");
    assert_eq!(package.requirements.len(), 10);
    assert_eq!(examples.all.len(), 81);
}
