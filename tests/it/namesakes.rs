//! Units and persons of the same name: what is exported of them is found again by the import, and what is not clear is
//! told apart.

use std::{fs, path::Path};

use dongliang::{
    apply,
    clock::Clock,
    day::Day,
    db::Db,
    db_test, directive, export,
    installation::Installation,
    intake,
    ledger::{Keys, query::Query},
    scope::{Actor, Scope},
    sheet::Format,
};

fn office(db: &Db) -> Installation {
    let (package, _, _) = directive::load(Path::new("tests/data/package")).unwrap();
    let actor = Actor { account: None, name: "命令行".into(), at: 1 };
    db.write(move |tx| apply::apply(tx, None, &package, &actor)).unwrap();
    let clock = Clock::Standing(Day::parse("2025-10-20").unwrap());
    Installation::new(db.clone(), Keys::from_bytes([7; 32], [9; 32]), clock).unwrap()
}

const UNITS: &str = "编号,名称,层级,上级单位,设立日期,撤销日期\n\
    U0,云岭市发改委,市,,2020-01-01,\n\
    U1,柳溪县发改局,区县,云岭市发改委,2020-01-01,\n\
    U2,青禾县发改局,区县,云岭市发改委,2020-01-01,\n\
    U0-1,办公室,科室,云岭市发改委,2020-01-01,\n\
    U1-1,办公室,科室,柳溪县发改局,2020-01-01,\n\
    U2-1,办公室,科室,青禾县发改局,2020-01-01,2024-12-31\n\
    U2-2,办公室,科室,U2,2025-01-01,\n";
const PERSONS: &str = "编号,姓名,出生日期\nP1,张三,1990-01-01\nP2,张三,1991-01-01\nP3,李四,1992-01-01\n";
const POSTS: &str = "编号,人员,单位,任职类别,职务名称,起始日期\n\
    Z1,P1,云岭市发改委/办公室,普通干部,科员,2025-01-01\n\
    Z2,P2,柳溪县发改局/办公室,普通干部,科员,2025-01-01\n\
    Z3,P3,办公室（U2-2）,普通干部,科员,2025-01-01\n";

/// Checks a file of a ledger: rows to come in, rows that stand already, errors.
fn check(office: &Installation, ledger: &str, text: &str) -> intake::Prepared {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    fs::write(&path, text).unwrap();
    intake::prepare(office, ledger, &path).unwrap()
}

pub(crate) fn import(office: &Installation, ledger: &str, text: &str) {
    let prepared = check(office, ledger, text);
    assert!(prepared.checked.errors.is_empty(), "{ledger}: {:?}", prepared.checked.errors);
    intake::stage(office, "周敏", ledger, prepared).unwrap();
    intake::resume(office).unwrap();
}

fn exported(office: &Installation, ledger: &str) -> String {
    let out = office
        .db
        .read(|tx| {
            let current = office.current(tx)?;
            let layout = &current.engine.layout;
            let table = layout.index(ledger).unwrap();
            let mut out = Vec::new();
            let (query, day) = (Query::default(), Day::parse("2025-10-20").unwrap());
            let keys = office.keys.as_ref();
            export::ledger(tx, layout, table, &Scope::All, &query, Format::Csv, keys, day, &mut out)?;
            Ok(out)
        })
        .unwrap();
    String::from_utf8(out).unwrap()
}

fn filled(db: &Db) -> Installation {
    let office = office(db);
    for (ledger, text) in [("unit", UNITS), ("person", PERSONS), ("post", POSTS)] {
        import(&office, ledger, text);
    }
    office
}

db_test!(what_is_exported_is_known_to_the_import, |db: &Db| {
    let o = &filled(db);
    for (ledger, rows) in [("unit", 7), ("person", 3), ("post", 3)] {
        let prepared = check(o, ledger, &exported(o, ledger));
        assert!(prepared.checked.errors.is_empty(), "{ledger}: {:?}", prepared.checked.errors);
        assert_eq!((prepared.known.len(), prepared.checked.rows.len()), (rows, 0), "{ledger}");
    }
    let posts = exported(o, "post");
    assert!(posts.contains("柳溪县发改局/办公室") && posts.contains("办公室（U2-2）"), "{posts}");
    assert!(posts.contains("张三（P1）"), "{posts}");
});

/// The same files into an empty office give the same files.
#[test]
fn what_is_exported_builds_the_same_office() {
    let first = filled(&Db::open("sqlite::memory:").unwrap());
    let second = office(&Db::open("sqlite::memory:").unwrap());
    for ledger in ["unit", "person", "post"] {
        import(&second, ledger, &exported(&first, ledger));
    }
    for ledger in ["unit", "person", "post"] {
        let lines = |office| {
            let text = exported(office, ledger);
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&first), lines(&second));
    }
}

db_test!(a_name_of_several_units_is_told_apart, |db: &Db| {
    let o = &filled(db);
    let post = |unit: &str| format!("编号,人员,单位,任职类别,起始日期\nZ9,P3,{unit},普通干部,2025-02-01\n");
    let error = |unit: &str| check(o, "post", &post(unit)).checked.errors.first().map(ToString::to_string);
    let several = error("办公室").unwrap();
    for told in ["云岭市发改委/办公室（编号 U0-1）", "柳溪县发改局/办公室（编号 U1-1）", "上级单位/科室"]
    {
        assert!(several.contains(told), "{several}");
    }
    assert!(error("青禾县发改局/办公室").unwrap().contains("青禾县发改局/办公室（编号 U2-1）"));
    assert!(error("松岭县发改局/办公室").unwrap().contains("没有这个单位"));
    assert!(error("办公室（U9）").unwrap().contains("没有这个单位"));
    for unit in ["柳溪县发改局／办公室", "U1/办公室", "办公室(U1-1)", "云岭市发改委/柳溪县发改局/办公室", "U1-1"]
    {
        assert_eq!(error(unit), None, "{unit}");
    }
});

// A superior that the same file brings twice is not guessed.
db_test!(a_superior_that_a_file_brings_twice_is_asked_for, |db: &Db| {
    let o = &office(db);
    let text = format!("{UNITS}U9,值班室,科室,办公室,2020-01-01,\n");
    let errors = check(o, "unit", &text).checked.errors;
    let told = errors.first().unwrap().to_string();
    assert!(told.contains("本文件第 5 行") && told.contains("本文件第 6 行"), "{told}");
    let by_code = check(o, "unit", &text.replace("科室,办公室", "科室,办公室（U1-1）"));
    assert!(by_code.checked.errors.is_empty(), "{:?}", by_code.checked.errors);
});

db_test!(a_number_beside_a_name_decides_and_must_agree, |db: &Db| {
    let o = &filled(db);
    let check = |number: &str, name: &str| {
        let text = format!("编号,人员编号,姓名,单位,任职类别,起始日期\nZ9,{number},{name},U1,普通干部,2025-02-01\n");
        check(o, "post", &text).checked
    };
    let person = |number: &str, name: &str| {
        let checked = check(number, name);
        assert!(checked.errors.is_empty() && checked.header.ambiguous.is_empty(), "{:?}", checked.errors);
        checked.rows[0].values[0].clone()
    };
    let second = person("P2", "张三");
    assert_ne!(person("P1", "张三"), second);
    assert_eq!(person("P2", ""), second);
    assert_eq!(person("P2", "张三（柳溪县发改局）"), second);
    assert_eq!(person("", "李四"), person("P3", "李四"));
    let told = check("P3", "张三").errors[0].to_string();
    assert!(told.contains("B 列“人员编号”") && told.contains("这个编号的人不叫“张三”"), "{told}");
    assert!(check("P8", "张三").errors[0].to_string().contains("花名册中没有这个编号"));
});
