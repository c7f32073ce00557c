//! Requirements, verdicts and explanations in words.

mod examples;

use std::{fmt::Write as _, path::PathBuf};

use dongliang::{
    directive::{self, Loaded, example::Example, render},
    verdict::{
        compile::Given,
        engine::Engine,
        explain::Explanation,
        kind::Kind,
        words::{self, Context},
        world::Layout,
    },
};

fn load(directory: &str) -> Loaded {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(directory);
    directive::load(&path).unwrap_or_else(|found| panic!("{}", render(&found)))
}

/// Every rule of a package, as it is read.
fn rules(directory: &str) -> String {
    let (package, ..) = load(directory);
    let (layout, given) = (Layout::new(&package), Given::of(&package));
    let mut text = String::new();
    for r in &package.requirements {
        let ctx = Context::new(&layout, &given, r);
        writeln!(text, "{} {}", r.id, r.title).unwrap();
        writeln!(text, "  {}｜{}｜{}", words::subject_kind(ctx), words::when(ctx), words::short_rule(ctx)).unwrap();
        for fact in words::facts(ctx) {
            writeln!(text, "  {}：{}", fact.term, fact.text).unwrap();
        }
    }
    text
}

#[test]
fn every_rule_of_2025() {
    insta::assert_snapshot!(rules("directives/2025"));
}

/// A verdict as its page says it.
fn page(engine: &Engine, i: usize, e: &Explanation, name: &dyn Fn(usize, i64) -> String) -> String {
    let ctx = Context::of(engine, i);
    let c = &engine.compiled[i];
    let cell = |(n, id): (usize, &i64)| match c.per.get(n).map(|p| &p.kind) {
        Some(Kind::Ref(table)) => name(*table, *id),
        Some(_) => id.to_string(),
        None => name(c.table, *id),
    };
    let subject: Vec<String> = e.verdict.subject.iter().enumerate().map(cell).collect();
    let mut text = String::new();
    writeln!(text, "  {} {}：{}", subject.join("|"), words::window_name(&e.verdict.window.label), words::lead(ctx, e))
        .unwrap();
    for sum in words::sums(ctx, e) {
        let terms: Vec<String> = sum.terms.iter().map(|t| format!("{}{}{}", t.sign, t.label, t.value)).collect();
        let part = sum.part.map(|p| format!("{p}：")).unwrap_or_default();
        writeln!(text, "    算：{part}{}｜{}", terms.concat(), sum.outcome).unwrap();
    }
    for (part, told) in c.requirement.parts.iter().zip(&e.parts) {
        for row in &told.rows {
            let fated = words::fate(ctx, part, row, &told.frame, &e.verdict.window);
            writeln!(text, "    行：{} {} {}", name(row.table, row.record), fated.outcome, fated.reason).unwrap();
        }
    }
    let mends = words::needs(ctx, e);
    for mend in &mends.list {
        writeln!(text, "    补：{}｜{}", mend.title, mend.note).unwrap();
    }
    if mends.list.is_empty() {
        writeln!(text, "    补：（{}）", mends.none).unwrap();
    }
    text
}

fn pages(of: impl Fn(&Example) -> bool) -> String {
    let (package, examples, _) = load("directives/2025");
    let mut text = String::new();
    for example in examples.all.iter().filter(|e| of(e)) {
        let (engine, found) = examples::explained(&package, &examples, example);
        let name = |table, id| examples::code(&engine.layout, &examples, example, table, id);
        writeln!(text, "{} {}（{}）", example.req, example.name, example.as_of.chinese()).unwrap();
        for e in &found {
            text += &page(&engine, engine.position(&example.req).unwrap(), e, &name);
        }
    }
    text
}

#[test]
fn all_examples_to_read() {
    std::fs::write("/tmp/pages.txt", pages(|_| true)).unwrap();
}
