//! What is exported is read back as it was, in both kinds of files; the template is understood by the import.

use std::io::Cursor;

use dongliang::{
    day::Day,
    directive::model::{Field, FieldType, Ledger, LedgerKind},
    org::builtin,
    sheet::{self, CheckedRow, Export, Format, Limits, Lookup, Names, OutRow, Resolve, Spec, Stored, Table, export},
};
use proptest::prelude::*;

/// Everybody and everything up to 99 exists, and is called by what the export calls it.
struct World;

impl Names for World {
    fn person(&self, id: i64) -> String {
        format!("王{id}（RY{id:02}）")
    }
    fn unit(&self, id: i64) -> String {
        format!("云溪区第{id}科")
    }
    fn record(&self, ledger: &str, id: i64) -> String {
        format!("{ledger}-{id}")
    }
}

fn number(text: &str, before: &str, after: &str) -> Lookup {
    let id = text.strip_prefix(before).and_then(|t| t.strip_suffix(after)).and_then(|t| t.parse().ok());
    id.map_or(Lookup::None, Lookup::One)
}

impl Resolve for World {
    fn unit(&self, text: &str, _: Option<i64>) -> Lookup {
        number(text, "云溪区第", "科")
    }
    fn person(&self, text: &str, _: Option<i64>) -> Lookup {
        number(text, "RY", "")
    }
    fn record(&self, ledger: &str, text: &str) -> Lookup {
        number(text, &format!("{ledger}-"), "")
    }
}

fn field(name: &str, title: &str, ty: FieldType) -> Field {
    Field { name: name.into(), title: title.into(), ty, ..Field::default() }
}

fn list(of: &[&str]) -> Vec<String> {
    of.iter().map(|c| (*c).to_owned()).collect()
}

/// One field of every type that is stored.
fn every_type() -> Ledger {
    let ty = [
        ("words", "文字", FieldType::Text),
        ("count", "数量", FieldType::Integer),
        ("score", "分数", FieldType::Decimal),
        ("amount", "金额", FieldType::Money),
        ("large", "总投资(万元)", FieldType::Money),
        ("day", "日期", FieldType::Date),
        ("done", "是否完成", FieldType::Flag),
        ("person", "人员", FieldType::Person),
        ("host", "接收单位", FieldType::Unit),
        ("about", "所属时段", FieldType::Period),
        ("paper", "附件", FieldType::File),
        ("kind", "类别", FieldType::Choice(list(&["例行", "任前", "提醒（书面）"]))),
        ("areas", "方面", FieldType::Choices(list(&["政策解读", "项目评审", "公文写作"]))),
        ("lists", "清单", FieldType::Choices(list(&["一、二", "三", "四;五"]))),
        ("project", "项目", FieldType::Ref("project".into())),
        ("level", "层级", FieldType::Derived),
    ];
    Ledger {
        name: "sample".into(),
        title: "样表".into(),
        kind: LedgerKind::Event { day: "day".into() },
        fields: ty.into_iter().map(|(n, t, ty)| field(n, t, ty)).collect(),
        ..Ledger::default()
    }
}

fn value(field: &Field) -> BoxedStrategy<Stored> {
    let text = |s: BoxedStrategy<String>| s.prop_map(Stored::Text).boxed();
    let filled = match &field.ty {
        FieldType::Text => {
            text("[a-z甲乙丙='+@,;\"|“、\n_x0041\\-]{0,12}[a-z甲乙丙'\"0-9]".prop_map(|t| t.trim().to_owned()).boxed())
        }
        FieldType::Integer | FieldType::Decimal | FieldType::Money => {
            prop_oneof![any::<i64>(), -100_000_i64..100_000].prop_map(Stored::I64).boxed()
        }
        FieldType::Date => text((-25_567_i32..47_846).prop_map(|n| Day(n).to_string()).boxed()),
        FieldType::Flag => (0_i64..2).prop_map(Stored::I64).boxed(),
        FieldType::Person | FieldType::Unit | FieldType::Ref(_) => (0_i64..100).prop_map(Stored::I64).boxed(),
        FieldType::Period => text("20[0-9]{2}(H[12]|Q[1-4]|-0[1-9]|)".boxed()),
        FieldType::File => text("[0-9a-f]{64}".boxed()),
        FieldType::Choice(of) => text(prop::sample::select(of.clone()).boxed()),
        FieldType::Choices(of) => {
            text(prop::sample::subsequence(of.clone(), 1..=of.len()).prop_map(|v| v.join("|")).boxed())
        }
        FieldType::Derived => return Just(Stored::Null).boxed(),
    };
    prop_oneof![1 => Just(Stored::Null), 4 => filled].boxed()
}

fn rows() -> impl Strategy<Value = Vec<(i64, Vec<Stored>)>> {
    let values: Vec<_> = every_type().fields.iter().map(value).collect();
    prop::collection::vec((0_i64..100, values), 1..12)
}

fn written(ledger: &Ledger, format: Format, rows: &[OutRow]) -> Vec<u8> {
    let day = Day::parse("2025-10-20").unwrap();
    let spec = Spec { ledger, columns: export::all_columns(ledger), names: &World, day };
    let mut out = Export::new(format, Vec::new(), spec).unwrap();
    for row in rows {
        out.row(row).unwrap();
    }
    out.finish().unwrap()
}

fn read(bytes: &[u8]) -> Table {
    sheet::read(Cursor::new(bytes), &Limits::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_export_is_read_back_as_it_was(rows in rows()) {
        let ledger = every_type();
        let out: Vec<OutRow> = rows
            .iter()
            .enumerate()
            .map(|(i, (unit, values))| OutRow {
                code: Some(format!("BH-{i}")),
                unit: Some(*unit),
                values: values.clone(),
                extra: Vec::new(),
            })
            .collect();
        let wanted: Vec<CheckedRow> = out
            .iter()
            .enumerate()
            .map(|(i, r)| CheckedRow { number: i as u32 + 2, code: r.code.clone(), unit: r.unit, values: r.values.clone() })
            .collect();
        for format in [Format::Xlsx, Format::Csv] {
            let bytes = written(&ledger, format, &out);
            let checked = sheet::check(&read(&bytes), &ledger, &World, Day::parse("2100-12-31").unwrap()).unwrap();
            prop_assert_eq!(&checked.errors, &[], "{:?}", format);
            prop_assert_eq!(&checked.rows, &wanted, "{:?}", format);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever text can be stored, formulas included, in a column that every row has and in one that it may have.
    #[test]
    fn any_text_that_can_be_stored_comes_back(begin in "[-=+@'＝＋－＠,;\"]{0,3}", rest in any::<String>()) {
        let text = format!("{begin}{rest}");
        let Ok(text) = sheet::norm::clean(&text) else { return Ok(()) };
        prop_assume!(!text.is_empty());
        let ledger = every_type();
        let mut values = vec![Stored::Null; ledger.fields.len()];
        values[0] = Stored::Text(text.into_owned());
        let row = OutRow { code: Some("BH-1".into()), unit: Some(3), values, extra: Vec::new() };
        for format in [Format::Xlsx, Format::Csv] {
            let bytes = written(&ledger, format, std::slice::from_ref(&row));
            let checked = sheet::check(&read(&bytes), &ledger, &World, Day::parse("2100-12-31").unwrap()).unwrap();
            prop_assert_eq!(&checked.errors, &[], "{:?}", format);
            prop_assert_eq!(&checked.rows[0].values, &row.values, "{:?}", format);
        }
    }
}

#[test]
fn json_lines_are_exact() {
    let ledger = every_type();
    let mut values = vec![Stored::Null; ledger.fields.len()];
    values[1] = Stored::I64(9_007_199_254_740_993);
    values[2] = Stored::I64(12_500);
    values[3] = Stored::I64(29);
    values[6] = Stored::I64(1);
    values[7] = Stored::I64(7);
    values[12] = Stored::Text("政策解读|公文写作".into());
    let row = OutRow { code: Some("BH-1".into()), unit: Some(3), values, extra: Vec::new() };
    let text = String::from_utf8(written(&ledger, Format::Jsonl, &[row])).unwrap();
    let json: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(json["record_code"], "BH-1");
    assert_eq!(json["count"].as_i64(), Some(9_007_199_254_740_993));
    assert_eq!((json["score"].as_str(), json["amount"].as_str()), (Some("1.25"), Some("0.29")));
    assert_eq!((json["done"].as_bool(), json["person"].as_str()), (Some(true), Some("王7（RY07）")));
    assert_eq!(json["areas"], serde_json::json!(["政策解读", "公文写作"]));
    assert!(json["words"].is_null());
    assert!(text.starts_with("{\"record_code\":\"BH-1\",\"unit\":\"云溪区第3科\",\"words\":null,"));
}

#[test]
fn a_csv_holds_no_formula() {
    let ledger = every_type();
    let mut values = vec![Stored::Null; ledger.fields.len()];
    values[0] = Stored::Text("=HYPERLINK(\"http://x\")".into());
    values[1] = Stored::I64(-5);
    let row = OutRow { code: Some("+1".into()), unit: None, values, extra: Vec::new() };
    let text = String::from_utf8(written(&ledger, Format::Csv, &[row])).unwrap();
    assert!(text.starts_with("\u{feff}编号,单位,文字,"));
    assert_eq!(text.lines().nth(1).unwrap(), "'+1,,\"'=HYPERLINK(\"\"http://x\"\")\",-5,,,,,,,,,,,,,");
}

#[test]
fn the_template_of_every_ledger_is_understood() {
    for ledger in builtin::ledgers().into_iter().chain([every_type()]) {
        let bytes = sheet::template(&ledger, Day::parse("2025-10-20").unwrap()).unwrap();
        let table = read(&bytes);
        assert_eq!(table.others, ["填写说明"]);
        let header = sheet::header::detect(&table, &ledger).unwrap();
        assert_eq!((header.row, header.missing.len(), header.ambiguous.len(), header.unknown().count()), (1, 0, 0, 0));
        let fields = ledger.fields.iter().filter(|f| !matches!(f.ty, FieldType::Derived | FieldType::File)).count();
        let matched = header.columns.iter().filter(|c| matches!(c.target, sheet::header::Target::Field(_))).count();
        assert_eq!(matched, fields, "{}", ledger.title);
        assert!(bytes == sheet::template(&ledger, Day::parse("2025-10-20").unwrap()).unwrap(), "the same at any time");
    }
}
