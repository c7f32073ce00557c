//! The text of a package: one file of each kind, cut at every NUL. Whatever it says, it is loaded or refused.
#![no_main]

use std::collections::BTreeMap;

use dongliang::directive;
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 5] =
    ["directive.toml", "ledgers/a.toml", "requirements/a.toml", "calendar/2025.toml", "examples/R-01.toml"];

fuzz_target!(|text: &str| {
    let files: BTreeMap<String, String> =
        FILES.into_iter().map(str::to_owned).zip(text.split('\0').map(str::to_owned)).collect();
    match directive::load_files(files) {
        Ok((package, ..)) => assert!(!package.hash.is_empty()),
        Err(found) => assert!(!directive::render(&found).is_empty()),
    }
});
