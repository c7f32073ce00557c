//! Files as offices keep them, from `tests/data`: a district's units, roster and ledgers are read one after the other,
//! each finding the records of those before; and bad files, each refused in words.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::File,
    io::{Cursor, Write},
    path::PathBuf,
    time::Instant,
};

use dongliang::{
    day::Day,
    directive::{self, model::Ledger},
    org::builtin,
    sheet::{self, Checked, Limits, Lookup, Resolve, SheetError, Stored},
};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn ledger(name: &str) -> Ledger {
    let (package, ..) =
        directive::load(&data("package")).unwrap_or_else(|found| panic!("{}", directive::render(&found)));
    let all = builtin::ledgers().into_iter().chain(package.ledgers);
    all.into_iter().find(|l| l.name == name).unwrap()
}

/// What has been imported so far, by ledger: (id, code, name, unit).
#[derive(Default)]
struct Office {
    units: Vec<(i64, String, String)>,
    persons: Vec<(i64, String, String, Option<i64>)>,
    codes: HashMap<(String, String), i64>,
}

impl Resolve for Office {
    fn unit(&self, text: &str, _: Option<i64>) -> Lookup {
        let found: Vec<_> = self.units.iter().filter(|u| u.1 == text || u.2 == text).collect();
        one(found.iter().map(|u| (u.0, u.2.clone())).collect())
    }
    fn person(&self, text: &str, unit: Option<i64>) -> Lookup {
        let named: Vec<_> = self.persons.iter().filter(|p| p.1 == text || p.2 == text).collect();
        let here: Vec<_> = named.iter().copied().filter(|p| unit.is_some() && p.3 == unit).collect();
        let chosen = if named.len() > 1 && !here.is_empty() { here } else { named };
        one(chosen.iter().map(|p| (p.0, format!("{}（{}）", p.2, p.1))).collect())
    }
    fn record(&self, ledger: &str, text: &str) -> Lookup {
        self.codes.get(&(ledger.to_owned(), text.to_owned())).map_or(Lookup::None, |id| Lookup::One(*id))
    }
}

fn one(found: Vec<(i64, String)>) -> Lookup {
    match found.as_slice() {
        [] => Lookup::None,
        [(id, _)] => Lookup::One(*id),
        several => Lookup::Many(several.iter().map(|f| f.1.clone()).collect()),
    }
}

fn today() -> Day {
    Day::parse("2025-10-20").unwrap()
}

fn checked(file: &str, ledger_name: &str, office: &Office) -> Checked {
    let table = sheet::read_path(&data(file), &Limits::default()).unwrap();
    sheet::check(&table, &ledger(ledger_name), office, today()).unwrap()
}

fn text(value: &Stored) -> String {
    match value {
        Stored::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// The values of one field down the rows.
fn column(checked: &Checked, ledger_name: &str, field: &str) -> Vec<String> {
    let at = ledger(ledger_name).field_index(field).unwrap();
    checked.rows.iter().map(|r| text(&r.values[at])).collect()
}

/// Units and persons of the district, as they stand after the two imports.
fn office() -> Office {
    let mut office = Office::default();
    // 上级单位 is in the same file: it is found once its own row is in.
    for _ in 0..2 {
        let units = checked("unit.csv", "unit", &office);
        let names = column(&units, "unit", "name");
        office.units =
            units.rows.iter().zip(names).map(|(r, n)| (i64::from(r.number), r.code.clone().unwrap(), n)).collect();
    }
    let persons = checked("roster.xlsx", "person", &office);
    let names = column(&persons, "person", "name");
    office.persons = persons
        .rows
        .iter()
        .zip(names)
        .map(|(r, n)| (i64::from(r.number), r.code.clone().unwrap(), n, r.unit))
        .collect();
    office
}

fn lines(found: &[sheet::CellError]) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn the_roster_of_a_district() {
    let office = office();
    assert_eq!(office.units.len(), 5);
    let c = checked("roster.xlsx", "person", &office);
    let lost = "以数字格式保存，Excel 只保留前 15 位，后几位已经丢失。请把该列设为“文本”格式后对照原件重新输入。";
    let errors = lines(&c.errors);
    assert_eq!(errors.len(), 2);
    assert!(
        errors[0].starts_with("第 13 行 H 列“公民身份号码”：“999*************") && errors[0].ends_with(lost),
        "{}",
        errors[0]
    );
    assert!(errors[1].starts_with("第 19 行 H 列"));
    assert_eq!((c.header.row, c.rows.len(), c.bad_rows), (3, 14, 2));
    let skipped: Vec<_> = c.skipped.iter().map(|s| (s.row, s.reason.as_str())).collect();
    assert_eq!(skipped, [(22, "合计行"), (23, "表尾说明")]);
    let ignored: Vec<_> = c.header.unknown().map(|(letters, head)| format!("{letters} {head}")).collect();
    assert_eq!(ignored, ["I 任职类别", "J 职务", "K 任现职务时间", "O 学位"]);
    assert_eq!(c.header.ambiguous.len(), 1);
    assert!(!c.header.ambiguous[0].fatal);
    // 李同 twice, in 投资科 and 价格科; the merged cell of the unit reaches every row.
    let sections: Vec<_> = office.persons.iter().filter(|p| p.2 == "李同").map(|p| p.3).collect();
    assert_eq!(sections, [Some(4), Some(6)]);
    let born = column(&c, "person", "born");
    assert_eq!(born[..6], ["1971-04-01", "1975-09-03", "1977-01-25", "1982-06-08", "1993-10-01", "1999-05-21"]);
    let phones = column(&c, "person", "phone");
    assert_eq!(phones[..2], ["13900000001", "１３９０００００００２"]);
}

#[test]
fn the_posts_from_the_same_roster() {
    let c = checked("roster.xlsx", "post", &office());
    let errors = lines(&c.errors);
    // The two persons whose number was refused are not there yet.
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|e| e.contains("花名册中没有这个编号")), "{errors:?}");
    assert_eq!(c.rows.len(), 14);
    assert_eq!(column(&c, "post", "from")[..4], ["2013-02-02", "2014-03-03", "2015-04-04", "2016-05-05"]);
    assert_eq!(c.rows[7].values[0], Stored::I64(c.rows[7].number.into()), "the right one of two namesakes");
}

#[test]
fn three_ledgers_that_rest_on_the_roster() {
    let mut office = office();
    let pairs = checked("mentor_pair.xlsx", "mentor_pair", &office);
    assert_eq!(lines(&pairs.errors), [""; 0]);
    assert_eq!(
        column(&pairs, "mentor_pair", "starts"),
        ["2025-01-06", "2025-01-06", "2025-03-16", "2025-02-01", "2025-02-17"]
    );
    assert_eq!(column(&pairs, "mentor_pair", "ended")[2..4], ["Null", "2025-05-31"]);
    for row in &pairs.rows {
        office.codes.insert(("mentor_pair".into(), row.code.clone().unwrap()), row.number.into());
    }

    let guidance = checked("guidance_gb18030.csv", "guidance", &office);
    assert_eq!(lines(&guidance.errors), [""; 0]);
    assert_eq!((guidance.header.row, guidance.rows.len(), guidance.skipped.len()), (3, 46, 1));
    assert_eq!(
        column(&guidance, "guidance", "content")[..4],
        ["可研报告\n第二章", "公文格式", "项目评审要点", "立项材料, 逐条过"]
    );
    assert_eq!(column(&guidance, "guidance", "confirmed").iter().filter(|c| *c == "Null").count(), 1);

    let talks = checked("talk.xlsx", "talk", &office);
    assert_eq!(lines(&talks.errors), [""; 0]);
    assert_eq!(talks.rows.len(), 16);
    let skipped: Vec<_> = talks.skipped.iter().map(|s| s.reason.as_str()).collect();
    assert_eq!(skipped, ["重复的表头", "合计行"]);
}

#[test]
fn money_in_ten_thousands_is_exact() {
    let c = checked("budget.xlsx", "budget", &office());
    assert_eq!(
        lines(&c.errors),
        ["第 4 行 D 列“预算（万元）”：“1,2.5”逗号的位置不对。千分位逗号每三位一个，也可以不写。"]
    );
    let amounts: Vec<_> = c.rows.iter().map(|r| r.values[2].clone()).collect();
    assert_eq!(amounts, [Stored::I64(8_350_000), Stored::I64(12_500_000)]);
    assert_eq!(column(&c, "budget", "year"), ["2025", "2025"]);
}

#[test]
fn bad_files_are_refused_in_words() {
    let refused = |name: &str| sheet::read_path(&data("bad").join(name), &Limits::default()).unwrap_err();
    assert!(matches!(refused("xls_named.xlsx"), SheetError::OldXls));
    assert!(matches!(refused("password.xlsx"), SheetError::Password));
    assert!(matches!(refused("cut.xlsx"), SheetError::Cut(_)));
    assert!(matches!(refused("bomb.xlsx"), SheetError::Bomb { .. }));
    assert!(matches!(refused("unique_count.xlsx"), SheetError::Crafted(_)));
    assert!(matches!(refused("far_cell.xlsx"), SheetError::TooManyRows { row: 1_048_576, .. }));
    let wrong = sheet::read_path(&data("bad/wrong_header.xlsx"), &Limits::default()).unwrap();
    let error = sheet::check(&wrong, &ledger("talk"), &Office::default(), today()).unwrap_err();
    assert!(error.to_string().starts_with("没有找到“廉政谈话”的表头行。表头应有这些列：谈话类型、谈话人、谈话对象、谈话日期。工作表“库存”第 1 行是：商品、数量、单价。"));
}

#[test]
fn a_formula_error_names_its_cell() {
    let c = checked("bad/formula_error.xlsx", "talk", &office());
    assert_eq!(
        lines(&c.errors),
        ["第 3 行 D 列“谈话日期”：“#DIV/0!”是公式错误值。请改正公式，或复制后“选择性粘贴为数值”并填入正确内容。"]
    );
    assert_eq!(c.rows.len(), 1);
}

#[test]
fn two_gigabytes_are_refused_by_their_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.xlsx");
    let mut file = File::create(&path).unwrap();
    file.write_all(b"PK\x03\x04").unwrap();
    file.set_len(2 << 30).unwrap();
    let begun = Instant::now();
    assert!(matches!(
        sheet::read_path(&path, &Limits::default()),
        Err(SheetError::TooBig { size_mb: 2048, limit_mb: 50 })
    ));
    assert!(begun.elapsed().as_millis() < 100);
}

/// As many rows as are taken at once, and one more.
#[test]
fn two_hundred_thousand_rows() {
    struct Numbered;
    impl Resolve for Numbered {
        fn unit(&self, _: &str, _: Option<i64>) -> Lookup {
            Lookup::None
        }
        fn person(&self, _: &str, _: Option<i64>) -> Lookup {
            Lookup::None
        }
        fn record(&self, _: &str, text: &str) -> Lookup {
            text.parse().map_or(Lookup::None, Lookup::One)
        }
    }
    let limit = Limits { rows: 200_001, ..Limits::default() };
    let mut text = "结对编号,指导日期,内容类别\n".to_owned();
    for n in 0..200_000 {
        writeln!(text, "{n},2025-03-{:02},政策解读", n % 31 + 1).unwrap();
    }
    let table = sheet::read(Cursor::new(&text), &limit).unwrap();
    let checked = sheet::check(&table, &ledger("guidance"), &Numbered, today()).unwrap();
    assert_eq!((checked.rows.len(), checked.error_count), (200_000, 0));
    text.push_str("0,2025-04-01,\n");
    assert!(matches!(sheet::read(Cursor::new(&text), &limit), Err(SheetError::TooManyRows { row: 200_002, .. })));
}
