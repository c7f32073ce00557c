//! Requirements, verdicts and explanations in words.

mod examples;

use std::{fmt::Write as _, path::PathBuf};

use dongliang::{
    directive::{
        self, Loaded,
        example::Example,
        model::{Package, Part, TargetOp, When},
        render,
    },
    ratio::Ratio,
    verdict::{
        compile::Given,
        engine::Engine,
        explain::Explanation,
        judge::{State, TargetNow},
        kind::Kind,
        rollup::{self, Tally},
        words::{self, Context},
        world::Layout,
    },
};
use examples::Store;

fn load(directory: &str) -> Loaded {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(directory);
    directive::load(&path).unwrap_or_else(|found| panic!("{}", render(&found)))
}

/// The package of 2025 with further requirements in place of its own.
fn with(requirements: &str) -> Package {
    let mut files = load("directives/2025").0.files;
    files.retain(|name, _| !name.starts_with("requirements/") && !name.starts_with("examples/R-"));
    files.insert("requirements/rare.toml".into(), requirements.into());
    let head = files.get_mut("directive.toml").unwrap();
    *head = head.replace("[settings]", "[settings]\nhours_more = \"\"\nlow = 2");
    directive::load_files(files).unwrap_or_else(|found| panic!("{}", render(&found))).0
}

/// Every rule of a package, as it is read.
fn rules(package: &Package) -> String {
    let (layout, given) = (Layout::new(package), Given::of(package));
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
    insta::assert_snapshot!(rules(&load("directives/2025").0));
}

#[test]
fn every_key_has_its_words() {
    insta::assert_snapshot!(rules(&with(include_str!("words/rare.toml"))));
}

#[test]
fn a_package_without_titles_is_said_too() {
    insta::assert_snapshot!(rules(&load("tests/conformance").0));
}

/// A verdict as its page says it.
fn page(engine: &Engine, e: &Explanation, name: &dyn Fn(usize, i64) -> String) -> String {
    let (ctx, c) = (Context::of(engine, 0), &engine.compiled[0]);
    let cell = |(n, id): (usize, &i64)| match c.per.get(n).map(|p| &p.kind) {
        Some(Kind::Ref(table)) => name(*table, *id),
        Some(_) => id.to_string(),
        None => name(c.table, *id),
    };
    let subject: Vec<String> = e.verdict.subject.iter().enumerate().map(cell).collect();
    let window = words::window_name(&e.verdict.window.label);
    let mut text = format!("  {} {window}：{}\n", subject.join("|"), words::lead(ctx, e));
    for sum in words::sums(ctx, e) {
        let terms: String = sum.terms.iter().map(|t| format!("{}{}{}", t.sign, t.label, t.value)).collect();
        let part = sum.part.map(|p| format!("{p}：")).unwrap_or_default();
        writeln!(text, "    算：{part}{terms}｜{}", sum.outcome).unwrap();
    }
    for (part, told) in c.requirement.parts.iter().zip(&e.parts) {
        for row in &told.rows {
            let fated = words::fate(ctx, part, row, &told.frame, &e.verdict.window);
            let row = format!("{}{}", engine.layout.ledgers[row.table].title, name(row.table, row.record));
            writeln!(text, "    记录：{row} {} {}", fated.outcome, fated.reason).unwrap();
        }
    }
    let mends = words::needs(ctx, e);
    assert_eq!(mends.list.is_empty(), !mends.none.is_empty(), "{text}");
    mends.list.iter().for_each(|m| writeln!(text, "    补：{}｜{}", m.title, m.note).unwrap());
    if mends.list.is_empty() {
        writeln!(text, "    不补：{}", mends.none).unwrap();
    }
    text
}

/// The pages of all verdicts of these examples.
fn pages(of: impl Fn(&Example) -> bool) -> String {
    let (package, examples, _) = load("directives/2025");
    let store = Store::new(&package, &examples);
    let mut text = String::new();
    for example in examples.all.iter().filter(|e| of(e)) {
        let (engine, found) = store.explained(example);
        let name = |table, id| store.code(example, &engine.layout, table, id);
        writeln!(text, "{} {}（{}）", example.req, example.name, example.as_of.chinese()).unwrap();
        found.iter().for_each(|e| text += &page(&engine, e, &name));
    }
    text
}

/// Requirement and a part of an example's name: one for each measure, state and turn of phrase.
const READ: [(&str, &str); 36] = [
    ("R-01", "两班中一班"),
    ("R-02", "3.1 三人合格、一人不合格"),
    ("R-02", "3.8 是否闭卷未填"),
    ("R-02", "3.9 设定空着"),
    ("R-02", "4.8 重训的班还没出结论"),
    ("R-08", "3人和5人达标"),
    ("R-08", "3.8 是否市级重点未填"),
    ("R-09", "首席服务员离任无交接"),
    ("R-10", "4.9 名单没填满：年内"),
    ("R-11", "两件合计"),
    ("R-11", "3.10 有一件缺基准"),
    ("R-11", "6.3 现值不到"),
    ("R-13", "定了期限：当日"),
    ("R-14", "3.7 花名册空"),
    ("R-15", "3.10 第16人"),
    ("R-15", "3.3 年内12人"),
    ("R-16", "4.7 到2月27日差一天"),
    ("R-16", "未满一年、还没结束"),
    ("R-17", "4.8 报告迟一日"),
    ("R-17", "6.5 两个日期都空"),
    ("R-18", "一名对象两个导师"),
    ("R-21", "没有确认的不算"),
    ("R-21", "6.1 三月17日0次"),
    ("R-22", "12月30日终止的不算"),
    ("R-23", "3.10 每人只取最后一次"),
    ("R-24", "两个点一个没定措施"),
    ("R-25b", "3.9 日数没定"),
    ("R-27", "6.1 七月2日0次"),
    ("R-29", "先决定后开会"),
    ("R-30", "折算"),
    ("R-34", "缺西区"),
    ("R-40", "19%"),
    ("R-45", "5人24000元"),
    ("R-46", "6.3 不算进度"),
    ("R-47", "3.5 说不清与进行中并列"),
    ("R-47", "4.8 事后迟做"),
];

#[test]
fn verdicts_to_read() {
    insta::assert_snapshot!(pages(|e| READ.iter().any(|(req, name)| e.req == *req && e.name.contains(name))));
}

/// What stands outside quotation marks: names of settings are the package's, all else is Chinese.
fn unquoted(text: &str) -> String {
    let mut depth = 0;
    let outside = |c: &char| {
        match c {
            '“' => depth += 1,
            '”' => depth -= 1,
            _ => return depth == 0,
        }
        false
    };
    text.chars().filter(outside).collect()
}

#[test]
fn no_name_of_the_package_leaks() {
    let packages = [load("directives/2025").0, load("tests/conformance").0, with(include_str!("words/rare.toml"))];
    for package in &packages {
        let (layout, given) = (Layout::new(package), Given::of(package));
        for r in &package.requirements {
            let ctx = Context::new(&layout, &given, r);
            let short = words::short_rule(ctx);
            assert!((1..=words::short::MOST).contains(&short.chars().count()), "{short}");
            let rule = words::rule(ctx);
            assert!(rule.iter().all(|s| s.ends_with('。')), "{rule:?}");
            let all = format!("{short}{}{}{}", words::when(ctx), words::subject_kind(ctx), rule.concat());
            assert!(!unquoted(&all).contains(|c: char| c.is_ascii_alphabetic()), "{} {all}", r.id);
        }
    }
}

#[test]
fn every_example_is_said_as_it_was_judged() {
    let (package, examples, _) = load("directives/2025");
    let store = Store::new(&package, &examples);
    for example in &examples.all {
        let (engine, found) = store.explained(example);
        let ctx = Context::of(&engine, 0);
        for e in &found {
            let (state, lead, place) =
                (e.verdict.state, words::lead(ctx, e), format!("{} {}", example.req, example.name));
            let begin = if state == State::Figure { "只列数字" } else { state.chinese() };
            assert!(lead.starts_with(begin) && lead.ends_with('。'), "{place}：{lead}");
            assert!(!e.verdict.late || lead.contains("逾期后已补齐"), "{place}：{lead}");
            assert!(by(ctx) || !lead.contains("已补"), "{place}：{lead}");
            let mends = words::needs(ctx, e);
            let helps = matches!(state, State::Open | State::Fail | State::Unknown);
            assert!(helps || mends.list.is_empty(), "{place}：{mends:?}");
            assert_eq!(mends.list.is_empty(), !mends.none.is_empty(), "{place}");
            let said: Vec<String> = mends.list.iter().flat_map(|m| [&m.title, &m.note]).cloned().collect();
            let sums = words::sums(ctx, e);
            let terms = sums.iter().flat_map(|s| &s.terms).map(|t| format!("{}{}{}", t.sign, t.label, t.value));
            let all = format!("{lead}{}{}{}", said.concat(), mends.none, terms.collect::<String>());
            assert!(!unquoted(&all).contains(|c: char| c.is_ascii_alphabetic() || c == '/'), "{place}：{all}");
        }
    }
}

/// Only a missed deadline can be made good.
fn by(ctx: Context<'_>) -> bool {
    matches!(ctx.requirement.when, When::ByDate(_) | When::ByField { .. })
}

/// The context of a requirement of the package of 2025 with one part.
fn about(id: &str, then: impl FnOnce(Context<'_>, &Part)) {
    let (package, ..) = load("directives/2025");
    let (layout, given) = (Layout::new(&package), Given::of(&package));
    let requirement = package.requirement(id).unwrap();
    then(Context::new(&layout, &given, requirement), &requirement.parts[0]);
}

fn target(op: TargetOp, value: (i64, i64), upper: (i64, i64), whole: Option<i64>) -> TargetNow {
    let of = |(n, d)| Ratio::new(n, d).unwrap();
    TargetNow { op, value: of(value), upper: of(upper), whole: whole.map(Ratio::whole) }
}

#[test]
fn values_have_their_unit_and_never_round_over_the_target() {
    let share = |n| target(TargetOp::AtLeast, (n, 100), (n, 100), None);
    let money = target(TargetOp::AtLeast, (500_000, 1), (500_000, 1), None);
    for (id, value, against, text) in [
        ("R-21", (2, 1), None, "2次"),
        ("R-19", (50, 1), None, "50对"),
        ("R-08", (3, 1), None, "3人"),
        ("R-39a", (45, 1), None, "45项"),
        ("R-48", (100, 1), None, "100名"),
        ("R-26", (1, 1), None, "1次"),
        ("R-24", (1, 1), None, "1份"),
        ("R-16", (364, 1), None, "364天"),
        ("R-29", (1, 1), None, "是"),
        ("R-29", (0, 1), None, "否"),
        ("R-02", (4, 5), Some(share(80)), "80.0%"),
        ("R-02", (1999, 2500), Some(share(80)), "79.96%"),
        ("R-12", (2849, 3000), Some(share(95)), "94.97%"),
        ("R-12", (2850, 3000), Some(share(95)), "95.0%"),
        ("R-40", (1, 5), Some(share(20)), "20.0%"),
        ("R-45", (500_000, 1), Some(money), "5,000元"),
        ("R-45", (1_499_999, 3), Some(money), "4,999.997元"),
        ("R-46", (300_000_000, 1), None, "300万元"),
    ] {
        about(id, |ctx, part| {
            let v = Ratio::new(value.0, value.1).unwrap();
            assert_eq!(words::value(ctx, part, v, against.as_ref()), text, "{id}");
        });
    }
}

#[test]
fn targets_say_their_comparison() {
    use TargetOp::{AtLeast, AtMost, Between, Exactly};
    for (id, now, text) in [
        ("R-21", target(AtLeast, (2, 1), (2, 1), None), "不少于2次"),
        ("R-21", target(AtLeast, (1, 1), (1, 1), Some(2)), "不少于1次（全期2次，按在册日数折算）"),
        ("R-21", target(AtMost, (2, 1), (2, 1), None), "不超过2次"),
        ("R-39a", target(Exactly, (45, 1), (45, 1), None), "恰为45项"),
        ("R-08", target(Between, (3, 1), (5, 1), None), "3至5人"),
        ("R-02", target(AtLeast, (4, 5), (4, 5), None), "不低于80%"),
        ("R-22", target(AtLeast, (1, 1), (1, 1), None), "达到100%"),
        ("R-23", target(Between, (17, 20), (1, 1), None), "85%至100%"),
        ("R-16", target(AtLeast, (366, 1), (366, 1), None), "不少于1年（366天）"),
        ("R-45", target(AtLeast, (500_000, 1), (500_000, 1), None), "不低于5,000元"),
        ("R-46", target(AtLeast, (300_000_000, 1), (300_000_000, 1), None), "不低于300万元"),
        ("R-29", target(AtLeast, (1, 1), (1, 1), None), "须满足"),
    ] {
        about(id, |ctx, part| assert_eq!(words::target(ctx, part, &now), text, "{id}"));
    }
}

#[test]
fn totals_say_what_they_count() {
    let tally = |pass, fail, open, na, unknown| Tally { pass, fail, open, na, unknown, ..Tally::default() };
    let said = |id: &str, tally: Tally| {
        let mut text = String::new();
        about(id, |ctx, part| {
            let own = part.target.as_ref().map(|_| target(TargetOp::AtLeast, (19, 20), (19, 20), None));
            let total = rollup::total(&ctx.requirement.rollup, &tally, own.as_ref()).unwrap();
            text = words::state_sentence(ctx, "东区发改委", "2025-06", &total, &tally);
        });
        text
    };
    for (id, tally, text) in [
        (
            "R-21",
            Tally { late: 0, behind: 1, ..tally(14, 6, 2, 1, 0) },
            "东区发改委2025年6月未达标：22对中14对达标（63.6%），6对未达标，2对进行中（其中1对落后），另有1对不适用。",
        ),
        ("R-21", tally(3, 0, 0, 0, 0), "东区发改委2025年6月达标：3对中3对达标（100.0%）。"),
        ("R-21", tally(0, 0, 0, 2, 0), "东区发改委2025年6月不适用：2对都不适用。"),
        ("R-21", tally(0, 0, 0, 0, 0), "东区发改委2025年6月不适用：没有判定对象。"),
        (
            "R-39b",
            Tally { late: 2, ..tally(1, 2, 0, 0, 0) },
            "东区发改委2025年6月未达标：3项中1项达标（33.3%），2项未达标（其中2项已补）。",
        ),
        ("R-08", tally(14, 0, 0, 0, 0), "东区发改委2025年6月未达标：达标14个，应不少于15个，还差1个。"),
        (
            "R-08",
            Tally { closed_pass: 1, ..tally(14, 1, 0, 0, 0) },
            "东区发改委2025年6月达标：达标15个（其中已终止1个），应不少于15个；1个未达标。",
        ),
        (
            "R-12",
            Tally { num: 38, den: 40, ..tally(1, 1, 0, 0, 0) },
            "东区发改委2025年6月达标：各数相加，38÷40＝95.0%，应不低于95%。",
        ),
        (
            "R-12",
            Tally { num: 96, den: 100, ..tally(2, 0, 0, 0, 1) },
            "东区发改委2025年6月数据不足：各数相加，96÷100＝96.0%，应不低于95%；1个数据不足，不能认定达标。",
        ),
        (
            "R-12",
            Tally { num: 949, den: 1000, ..tally(1, 1, 0, 0, 1) },
            "东区发改委2025年6月未达标：各数相加，949÷1000＝94.9%，应不低于95%；1个数据不足。",
        ),
    ] {
        assert_eq!(said(id, tally), text, "{id}");
    }
}
