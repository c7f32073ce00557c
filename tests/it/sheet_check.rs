//! Row-level checks: what is refused, where it is said to be, and what is passed over.

use dongliang::{
    day::Day,
    directive::model::Ledger,
    org::builtin,
    sheet::{self, Checked, Lookup, RawCell, Resolve, Row, Stored, Table},
};

struct Office {
    own: Option<i64>,
}

impl Resolve for Office {
    fn unit(&self, text: &str, within: Option<i64>) -> Lookup {
        match (text, within) {
            ("云溪区发改委", _) => Lookup::One(10),
            ("综合科", Some(10)) => Lookup::One(11),
            ("综合科", None) => Lookup::Many(vec!["云溪区发改委综合科".into(), "松岭区发改委综合科".into()]),
            _ => Lookup::None,
        }
    }
    fn person(&self, text: &str, unit: Option<i64>) -> Lookup {
        match (text, unit) {
            ("王一", _) => Lookup::One(1),
            ("李同", Some(10 | 11)) => Lookup::One(2),
            ("李同", _) => Lookup::Many(vec!["李同（云溪区）".into(), "李同（松岭区）".into()]),
            _ => Lookup::None,
        }
    }
    fn record(&self, _: &str, _: &str) -> Lookup {
        Lookup::None
    }
    fn default_unit(&self) -> Option<i64> {
        self.own
    }
}

fn ledger(name: &str) -> Ledger {
    builtin::ledgers().into_iter().find(|l| l.name == name).unwrap()
}

fn table(rows: &[&[&str]]) -> Table {
    let cell = |t: &&str| if t.is_empty() { RawCell::Empty } else { RawCell::Text((*t).to_owned()) };
    let rows = rows.iter().enumerate().filter(|(_, r)| r.iter().any(|c| !c.is_empty()));
    let rows = rows.map(|(i, r)| Row { number: i as u32 + 1, cells: r.iter().map(cell).collect() }).collect();
    Table { rows, ..Table::default() }
}

fn checked_for(own: Option<i64>, name: &str, rows: &[&[&str]]) -> Checked {
    sheet::check(&table(rows), &ledger(name), &Office { own }, Day::parse("2025-10-20").unwrap()).unwrap()
}

fn checked(name: &str, rows: &[&[&str]]) -> Checked {
    checked_for(None, name, rows)
}

fn errors(checked: &Checked) -> Vec<String> {
    checked.errors.iter().map(ToString::to_string).collect()
}

const POST: &[&str] = &["单位", "科室", "姓名", "任职类别", "任职日期", "免职日期"];

#[test]
fn right_rows_are_typed_and_odd_rows_are_passed_over() {
    let c = checked(
        "post",
        &[
            &["云溪区发改委任职情况表"],
            POST,
            &["云溪区发改委", "综合科", "王一", "科室负责人", "2024.03", "至今"],
            &[],
            &["小计", "", "1"],
            &["云溪区发改委", "", "李同", "普通干部", "20240105", "2024/12/31"],
            POST,
            &["合  计", "", "2人"],
            &["填表人：王一", "", "审核人：李同"],
        ],
    );
    assert_eq!(errors(&c), [""; 0]);
    let text = |t: &str| Stored::Text(t.into());
    assert_eq!(c.rows.iter().map(|r| (r.number, r.unit)).collect::<Vec<_>>(), [(3, Some(11)), (6, Some(10))]);
    let [person, duty, title, main, from, to] = c.rows[0].values.as_slice() else { panic!() };
    assert_eq!((person, duty, from, to), (&Stored::I64(1), &text("科室负责人"), &text("2024-03-01"), &Stored::Null));
    assert_eq!((title, main), (&Stored::Null, &Stored::Null));
    assert_eq!(c.rows[1].values[5], text("2024-12-31"));
    let skipped: Vec<_> = c.skipped.iter().map(|s| (s.row, s.reason.as_str())).collect();
    assert_eq!(skipped, [(5, "合计行"), (7, "重复的表头"), (8, "合计行"), (9, "表尾说明")]);
    let warnings: Vec<_> = c.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "第 3 行 E 列“任职日期”：“2024.03”只有年月，按当月第一天 2024-03-01 读入。",
            "第 3 行 F 列“免职日期”：“至今”按未填处理。"
        ]
    );
}

#[test]
fn every_error_has_its_place_and_its_remedy() {
    let c = checked(
        "post",
        &[
            POST,
            &["云溪区发改委", "", "王一", "科长", "2024-02-30", ""],
            &["", "", "赵无", "普通干部", "2024-02-01", "2024-01-31"],
            &["松岭区发改委", "", "李同", "普通干部", "", ""],
            &["云溪区发改委", "", "王一", "普通干部", "2024-02-01", "2024-01-31"],
        ],
    );
    assert_eq!(
        errors(&c),
        [
            "第 2 行 D 列“任职类别”：“科长”不在可选项之中。请改为以下之一：主要负责同志、班子成员、科室负责人、普通干部。",
            "第 2 行 E 列“任职日期”：“2024-02-30”没有这一天。请对照原件核对年、月、日。",
            "第 3 行 C 列“姓名”：“赵无”花名册中没有这个人。请核对姓名或人员编号；新进人员请先导入花名册。",
            "第 3 行 A 列“单位”：没有填写单位。请填写单位全称、简称或编号。",
            "第 3 行 F 列“免职日期”：“2024年1月31日”早于“任职日期”2024年2月1日。请核对这两个日期。",
            "第 4 行 A 列“单位”：“松岭区发改委”没有这个单位。请核对名称，写全称、简称或单位编号；新单位请先登记。",
            "第 4 行 C 列“姓名”：“李同”重名：李同（云溪区）；李同（松岭区）。请在“单位”列写明，或改填人员编号。",
            "第 4 行 E 列“任职日期”：必填，但没有填写。请补填。",
            "第 5 行 F 列“免职日期”：“2024年1月31日”早于“任职日期”2024年2月1日。请核对这两个日期。",
        ]
    );
    assert_eq!((c.rows.len(), c.bad_rows, c.error_count), (0, 4, 9));
}

#[test]
fn the_same_row_or_code_twice_is_refused() {
    let c = checked(
        "post",
        &[
            &["编号", "单位", "姓名", "任职类别", "任职日期"],
            &["P1", "云溪区发改委", "王一", "普通干部", "2024-02-01"],
            &["P1", "云溪区发改委", "李同", "普通干部", "2024-02-01"],
            &["", "云溪区发改委", "李同", "普通干部", "2024-02-01"],
            &["", "云溪区发改委", "李同", "普通干部", "2024.2.1"],
        ],
    );
    assert_eq!(
        errors(&c),
        [
            "第 3 行 A 列“编号”：“P1”编号与第 2 行重复。请核对编号，一条记录一个编号。",
            "第 5 行：与第 4 行完全相同。请删去重复的行；如确是两件事，请在备注等列中写明区别。",
        ]
    );
    assert_eq!(c.rows.iter().map(|r| r.number).collect::<Vec<_>>(), [2, 4]);
}

#[test]
fn a_person_is_registered_once() {
    let id = "11010519491231002X";
    let c = checked(
        "person",
        &[&["姓名", "身份证号", "手机号"], &["王一", id, "138"], &["王二", id, "139"], &["王三", "1", ""]],
    );
    assert_eq!(
        errors(&c),
        [
            "第 3 行 B 列“身份证号”：身份证号与第 2 行相同。同一个人只登记一次；如是两个人，请核对证件。",
            "第 4 行 B 列“身份证号”：“*”身份证号应为 18 位。请对照证件核对位数。",
        ]
    );
}

#[test]
fn a_missing_column_stops_all_rows_but_the_other_errors_are_said_too() {
    let c = checked("post", &[&["单位", "姓名", "任职日期"], &["云溪区发改委", "王一", "昨天"]]);
    assert_eq!(
        errors(&c),
        [
            "第 1 行“任职类别”：表头中没有这一必填列。请补上这一列，或把相应的列改成这个名称。",
            "第 2 行 C 列“任职日期”：“昨天”不是日期。请写成 2025-03-01 的样子。",
        ]
    );
    let without_unit: &[&[&str]] = &[&["姓名", "任职类别", "任职日期"], &["王一", "普通干部", "2024-02-01"]];
    assert!(errors(&checked("post", without_unit))[0].contains("“单位”：表头中没有这一必填列"));
    let own = checked_for(Some(10), "post", without_unit);
    assert_eq!((own.rows[0].unit, own.error_count), (Some(10), 0));
}

#[test]
fn what_is_not_read_is_said() {
    let c = checked(
        "post",
        &[
            &["单位", "姓名", "任职类别", "任职日期", "任职日期说明", ""],
            &["云溪区发改委", "王一", "普通干部", "2024-02-01", "文件", "旁注"],
        ],
    );
    let warnings: Vec<_> = c.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["第 1 行 E 列“任职日期说明”：台账中没有这一列，内容未导入。", "第 1 行 F 列：没有表头，内容未导入。"]
    );
    assert_eq!(c.rows.len(), 1);
}

#[test]
fn events_to_come_are_remarked() {
    let c = checked(
        "succession",
        &[&["单位", "承继单位", "方式", "日期"], &["云溪区发改委", "云溪区发改委", "拆分", "2025-12-01"]],
    );
    assert_eq!(
        c.warnings[0].to_string(),
        "第 2 行 D 列“日期”：“2025年12月1日”晚于今天（2025年10月20日），请确认已经发生。"
    );
    assert_eq!(c.rows.len(), 1);
}

#[test]
fn ten_thousand_errors_are_counted_and_a_thousand_kept() {
    let mut rows: Vec<&[&str]> = vec![POST];
    rows.extend(std::iter::repeat_n(["云溪区发改委", "", "王一", "普通干部", "错"].as_slice(), 10_000));
    let c = checked("post", &rows);
    assert_eq!((c.error_count, c.errors.len(), c.bad_rows), (10_000, sheet::report::KEPT, 10_000));
}
