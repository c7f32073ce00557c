//! Damaged packages: the loader never panics, and whatever it refuses it refuses at a place that exists.

use std::{collections::BTreeMap, sync::LazyLock};

use dongliang::directive::{self, Severity};
use proptest::{prelude::*, sample};

static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut files = super::conformance().0.files;
    // The examples of two requirements are enough, and keep a case short.
    files.retain(|name, _| !name.starts_with("examples/") || ["base", "R-21", "R-33"].iter().any(|n| name.contains(n)));
    files
});

/// Pieces that mean something to the format, and some that mean nothing.
const PIECES: [&str; 30] = [
    "=",
    "{",
    "}",
    "[",
    "]",
    "[[",
    "]]",
    "\"",
    "'",
    "\n",
    ",",
    ".",
    "#",
    "\u{feff}",
    "\u{0}",
    "\r",
    "学",
    "-1",
    "9223372036854775808",
    "1e400",
    "nan",
    "true",
    "2025-02-30",
    "\"\"",
    "{ setting = \"young_age\" }",
    "{ subject = \"id\" }",
    "has = {}",
    "per = [\"unit\"]",
    "[[requirement]]\n",
    "\"99999999999999999亿元\"",
];

#[derive(Clone, Debug)]
struct Damage {
    file: sample::Index,
    at: sample::Index,
    cut: usize,
    put: String,
}

fn damage() -> impl Strategy<Value = Damage> {
    let put = prop_oneof![
        2 => sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => word(),
    ];
    (any::<sample::Index>(), any::<sample::Index>(), prop_oneof![Just(0usize), 0usize..12, 0usize..400], put)
        .prop_map(|(file, at, cut, put)| Damage { file, at, cut, put })
}

/// A piece of the package itself, so that keys and values land in places that they were not made for.
fn word() -> impl Strategy<Value = String> {
    (any::<sample::Index>(), any::<sample::Index>()).prop_map(|(file, word)| {
        let text = FILES.values().nth(file.index(FILES.len())).expect("an index below the length");
        let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
        words[word.index(words.len())].to_owned()
    })
}

fn damaged(files: &mut BTreeMap<String, String>, d: &Damage) {
    let name = files.keys().nth(d.file.index(files.len())).expect("an index below the length").clone();
    let text = files.get_mut(&name).expect("a name from the map");
    let places: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
    let from = d.at.index(places.len());
    let to = (from + d.cut).min(places.len() - 1);
    text.replace_range(places[from]..places[to], &d.put);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_finding_has_a_place(damages in prop::collection::vec(damage(), 1..4)) {
        let mut files = FILES.clone();
        damages.iter().for_each(|d| damaged(&mut files, d));
        let (found, refused) = match directive::load_files(files.clone()) {
            Ok((.., warnings)) => (warnings, false),
            Err(found) => (found, true),
        };
        prop_assert_eq!(refused, found.iter().any(|d| d.severity == Severity::Error));
        for d in found {
            let text = files.get(&d.file).map(|t| t.strip_prefix('\u{feff}').unwrap_or(t)).unwrap_or_default();
            let marked = text.get(d.span.clone());
            prop_assert!(marked.is_some(), "{:?}", d);
            let head = &text[..d.span.start];
            prop_assert_eq!(d.line, head.matches('\n').count() + 1);
            let start = head.rfind('\n').map_or(0, |i| i + 1);
            prop_assert_eq!(d.column, head[start..].chars().count() + 1);
            prop_assert!(!d.message.is_empty() && !d.hint.is_empty());
            let place = format!("{}:{}:{}", d.file, d.line, d.column);
            prop_assert!(d.to_string().contains(&place));
        }
    }
}
