//! Spellings that the text of the language leaves open: they load, and mean the same.

use std::collections::BTreeMap;

use dongliang::{
    day::Day,
    directive::{
        self,
        model::{
            Cond, Conds, Count, Due, Measure, Operand, Partial, Requirement, Rollup, Target, TargetOp, Test, Value,
            When,
        },
        render,
    },
    ratio::Ratio,
};

const HEAD: &str = "title = \"试\"\nfrom = 2025-01-01\n[settings]\nempty = \"\"\ndays = 15\nmark = \"59.5\"\n\
                    good = [\"满意\", \"基本满意\"]\n[slots]\nareas = { size = 8, named = [\"甲\"] }\n";
const LEDGERS: &str = r#"
[project]
kind = "item"
opens = "listed"
closes = "finished"
fields = { name = "text", district = "unit", listed = "date", finished = "date", planned = "date" }
[budget]
kind = "event"
day = "approved"
fields = { project = "ref:project", approved = "date", amount = "money", year = "period", line = "choice[培训|其他]" }
[vote]
day = "day"
unit_from = "project"
[vote.fields]
project = { type = "ref:project", title = "项目" }
person = "person"
day = "date"
score = "decimal"
rating = "choice[满意|基本满意|不满意]"
"#;

/// One requirement with these lines, loaded.
fn requirement(lines: &str) -> Requirement {
    let text = format!("[[requirement]]\nid = \"R-1\"\nclause = \"一\"\n{lines}\n");
    let files = [("directive.toml", HEAD), ("ledgers/all.toml", LEDGERS), ("requirements/a.toml", &text)];
    let files: BTreeMap<String, String> = files.map(|(n, t)| (n.to_owned(), t.to_owned())).into();
    let (package, ..) = directive::load_files(files).unwrap_or_else(|found| panic!("{}", render(&found)));
    package.requirements[0].clone()
}

fn same(spellings: &[&str]) -> Requirement {
    let mut all: Vec<Requirement> = spellings.iter().map(|s| requirement(s)).collect();
    let shown: Vec<String> = all.iter().map(|r| format!("{r:?}")).collect();
    assert!(shown.windows(2).all(|w| w[0] == w[1]), "{shown:#?}");
    all.swap_remove(0)
}

fn path(of: &str) -> Vec<String> {
    of.split('.').map(str::to_owned).collect()
}

const COUNT: &str = "measure = { count = \"vote\" }\nno_data = \"zero\"\n";
const HOLDS: &str = "measure = { holds = { rating = \"满意\" } }\n";

#[test]
fn ratios() {
    let rest = "each = \"system\"\nstanding = true\nno_data = \"zero\"\n";
    let (top, bottom) = ("{ sum = \"budget\", field = \"amount\" }", "{ count = \"person\", at = \"start\" }");
    let r = same(&[
        &format!("{rest}measure = {{ ratio = {{ top = {top}, bottom = {bottom} }} }}\nat_least = \"5000元\""),
        &format!("{rest}measure = {{ ratio = true, top = {top}, bottom = {bottom} }}\nat_least = \"5000元\""),
        &format!("{rest}measure = {{ top = {top}, bottom = {bottom} }}\nat_least = \"5000元\""),
    ]);
    assert!(matches!(&r.parts[0].measure, Measure::Ratio(top, _) if matches!(**top, Measure::Sum(..))));
}

#[test]
fn spans() {
    let rest = "each = \"project\"\nlife = true\nno_data = \"unknown\"\nat_least = \"1 year\"\n";
    let r = same(&[
        &format!("{rest}measure = {{ span = {{ from = \"listed\", to = \"finished\" }} }}"),
        &format!("{rest}measure = {{ span = true, from = \"listed\", to = \"finished\" }}"),
        &format!("{rest}measure = {{ span = \"project\", from = \"listed\", to = \"finished\" }}"),
    ]);
    assert!(matches!(&r.parts[0].measure, Measure::Span(from, to) if *from == ["listed"] && *to == ["finished"]));
    let target = r.parts[0].target.as_ref().unwrap();
    assert_eq!(target.steps[0].value, Operand::Value(Value::Years(1)));
    assert_eq!(target.steps[0].from, Day::MIN);
}

#[test]
fn conditions_by_dotted_and_by_quoted_keys() {
    let rest = format!("each = \"vote\"\nstanding = true\n{HOLDS}");
    let r = same(&[
        &format!("{rest}where = {{ \"project.district.level\" = \"区县\", score = {{ at_least = 1, below = 2 }} }}"),
        &format!("{rest}where = {{ project.district.level = \"区县\", score = {{ at_least = \"1\", below = 2.0 }} }}"),
        &format!(
            "{rest}where.project.district.level = \"区县\"\nwhere.score.at_least = \"100%\"\nwhere.score.below = 2"
        ),
    ]);
    let Conds { all, has } = &r.filter;
    assert!(has.is_empty());
    assert_eq!(all.iter().map(|c| c.path.join(".")).collect::<Vec<_>>(), ["project.district.level", "score", "score"]);
    assert!(matches!(&all[1].test, Test::AtLeast(Operand::Value(Value::Number(n))) if *n == Ratio::ONE));
    assert!(matches!(&all[2].test, Test::Below(_)));
}

#[test]
fn comparisons_of_days() {
    let rest = format!("each = \"project\"\nstanding = true\n{COUNT}");
    let r = same(&[
        &format!(
            "{rest}where = {{ listed = {{ not_before = \"2025-03-01\", before = {{ subject = \"planned\" }} }} }}"
        ),
        &format!("{rest}where = {{ listed = {{ at_least = 2025-03-01, below = {{ subject = \"planned\" }} }} }}"),
    ]);
    let day = Day::parse("2025-03-01").unwrap();
    assert!(matches!(&r.filter.all[0].test, Test::NotBefore(Operand::Value(Value::Day(d))) if *d == day));
    assert!(matches!(&r.filter.all[1].test, Test::Before(Operand::Subject(p)) if *p == ["planned"]));
}

#[test]
fn other_sides() {
    let r = requirement(&format!(
        "each = \"vote\"\nstanding = true\n{HOLDS}where = {{ rating = {{ setting = \"good\" }}, \
         \"project.name\" = {{ not = [\"甲\", \"乙\"] }}, score = {{ above = {{ setting = \"mark\" }} }}, \
         person = {{ subject = \"person\" }}, day = {{ filled = true }} }}"
    ));
    let test = |n: usize| -> &Test {
        let Cond { test, .. } = &r.filter.all[n];
        test
    };
    assert!(matches!(test(0), Test::AnyOf(of) if *of == [Operand::Setting("good".into())]));
    assert!(matches!(test(1), Test::NoneOf(of) if of.len() == 2));
    assert!(matches!(test(2), Test::Above(Operand::Setting(s)) if s == "mark"));
    assert!(matches!(test(3), Test::AnyOf(of) if *of == [Operand::Subject(path("person"))]));
    assert!(matches!(test(4), Test::Filled(true)));
}

#[test]
fn a_setting_has_the_type_of_its_use() {
    let text = "[[requirement]]\nid = \"R-1\"\nclause = \"一\"\neach = \"vote\"\nstanding = true\n\
                where = { score = { above = { setting = \"mark\" } } }\n";
    let text = format!("{text}{HOLDS}");
    let files = [("directive.toml", HEAD), ("ledgers/all.toml", LEDGERS), ("requirements/a.toml", &text)];
    let (package, ..) = directive::load_files(files.map(|(n, t)| (n.to_owned(), t.to_owned())).into()).unwrap();
    let mark = package.directive.settings["mark"].as_ref().unwrap();
    assert_eq!(mark.values, [Value::Number(Ratio::new(119, 2).unwrap())]);
    assert_eq!(package.directive.settings["empty"], None);
    assert_eq!(package.directive.slots["areas"].size, 8);
}

#[test]
fn relations() {
    let rest = "each = \"unit\"\nstanding = true\nno_data = \"zero\"\n";
    let r = same(&[
        &format!("{rest}measure = {{ count = \"vote\", via = \"project.district\" }}"),
        &format!("{rest}measure = {{ count = \"vote\", via = {{ \"project.district\" = \"id\" }} }}"),
        &format!("{rest}measure = {{ count = \"vote\", via = {{ project.district = \"id\" }} }}"),
    ]);
    assert!(matches!(&r.parts[0].measure, Measure::Count(s) if s.via == [(path("project.district"), None)]));
    let r = requirement(
        "each = \"budget\"\nstanding = true\nno_data = \"zero\"\nmeasure = { count = \"vote\", via = { project = \"project\" } }",
    );
    assert!(matches!(&r.parts[0].measure, Measure::Count(s) if s.via == [(path("project"), Some(path("project")))]));
}

#[test]
fn deadlines() {
    let rest = format!("each = \"project\"\npartial = \"full\"\n{COUNT}");
    let r = same(&[&format!("{rest}by = \"2025-12-31\""), &format!("{rest}by = 2025-12-31")]);
    assert_eq!(r.when, When::ByDate(Day::parse("2025-12-31").unwrap()));
    assert_eq!(r.partial, Partial::Full);
    let rest = format!("each = \"project\"\n{COUNT}");
    let fields = "by = { field = [\"finished\", \"planned\"], plus_days = { setting = \"days\" } }\nsince = \"any\"";
    let r = requirement(&format!("{rest}{fields}"));
    let plus = Some(Count::Setting("days".into()));
    assert_eq!(r.when, When::ByField { fields: vec![path("finished"), path("planned")], plus });
    assert!(r.since_any && r.parts[0].since_any);
    let r = same(&[&format!("{rest}once = true"), &format!("{rest}once = {{ due = \"\" }}")]);
    assert_eq!(r.when, When::Once(None));
    let r = requirement(&format!("{rest}once = {{ due = {{ setting = \"empty\" }} }}"));
    assert_eq!(r.when, When::Once(Some(Due::Setting("empty".into()))));
    let r = requirement(&format!("{rest}once = {{ due = 2025-06-30 }}"));
    assert_eq!(r.when, When::Once(Some(Due::Day(Day::parse("2025-06-30").unwrap()))));
}

#[test]
fn targets() {
    let rest = format!("each = \"project\"\nstanding = true\n{COUNT}");
    let target = |line: &str| -> Target { requirement(&format!("{rest}{line}")).parts[0].target.clone().unwrap() };
    let first = |line: &str| target(line).steps[0].value.clone();
    let whole = |n| Operand::Value(Value::Number(Ratio::whole(n)));
    assert_eq!(first("at_least = 2"), whole(2));
    assert_eq!(first("exactly = \"2\""), whole(2));
    assert_eq!(first("at_most = 0.5"), Operand::Value(Value::Number(Ratio::new(1, 2).unwrap())));
    assert_eq!(first("at_least = \"80%\""), Operand::Value(Value::Number(Ratio::new(4, 5).unwrap())));
    assert_eq!(first("at_least = { setting = \"days\" }"), Operand::Setting("days".into()));
    let between =
        target("between = [{ from = 2025-01-01, value = [3, 5] }, { from = \"2026-01-01\", value = [4, 6] }]");
    assert_eq!(between.op, TargetOp::Between);
    assert_eq!(between.steps[1].from, Day::parse("2026-01-01").unwrap());
    assert_eq!((&between.steps[1].value, &between.steps[1].upper), (&whole(4), &Some(whole(6))));
}

#[test]
fn words_and_lists() {
    let rest = format!("each = \"vote\"\nstanding = true\n{HOLDS}");
    let r = same(&[&format!("{rest}per = \"project\""), &format!("{rest}per = [\"project\"]")]);
    assert_eq!(r.per, [path("project")]);
    let r = same(&[&format!("{rest}rollup = \"none\""), &rest]);
    assert_eq!(r.rollup, Rollup::None);
    let r = same(&[&format!("{rest}rollup = \"share met\""), &format!("{rest}rollup = {{ how = \"share met\" }}")]);
    assert_eq!(r.rollup, Rollup::ShareMet);
    let r = requirement(&format!("{rest}on_fail = [{{ do = \"remind\", due = \"5 workdays\" }}, \"retrain\"]"));
    assert_eq!(r.on_fail.iter().map(|f| f.act.as_str()).collect::<Vec<_>>(), ["remind", "retrain"]);
}

#[test]
fn one_or_several_related_rows() {
    let rest = format!("each = \"project\"\nstanding = true\n{COUNT}");
    let r = requirement(&format!("{rest}where = {{ has = {{ count = \"vote\" }}, name = \"甲\" }}"));
    assert_eq!((r.filter.has.len(), r.filter.all.len()), (1, 1));
    let r = requirement(&format!("{rest}where = {{ has = [{{ count = \"vote\" }}, {{ count = \"budget\" }}] }}"));
    assert_eq!(r.filter.has.len(), 2);
}

#[test]
fn a_heading_is_not_judged_and_needs_no_measure() {
    assert!(!requirement("enabled = false\nnote = \"原文只有标题\"").enabled);
    assert!(!requirement("status = \"heading only\"").enabled);
    let judged = format!("status = \"heading only\"\neach = \"system\"\nstanding = true\n{COUNT}");
    assert!(requirement(&judged).enabled);
}
