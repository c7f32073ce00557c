//! One test per class of refusal, each with all its findings: place and message.

use std::{collections::BTreeMap, fs};

use dongliang::directive::{self, Diagnostic, Severity};

use super::{changed, conformance, conformance_dir, findings};

fn lines(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|d| format!("{}:{}:{} {}", d.file, d.line, d.column, d.message)).collect()
}

/// `name: file, text => text in its place, all findings;`
macro_rules! refused {
    ($($name:ident: $file:literal, $from:literal => $to:literal, $found:expr;)*) => {$(
        #[test]
        fn $name() {
            let found = findings(changed($file, $from, $to));
            assert_eq!(lines(&found), $found);
            assert!(found.iter().all(|d| d.severity == Severity::Error && !d.hint.is_empty()));
        }
    )*};
}

refused! {
    no_clause: "requirements/R-21.toml", "clause = \"二(二)三\"\n" => "",
        ["requirements/R-21.toml:3:1 要求 R-21 缺少「clause」"];
    empty_clause: "requirements/R-21.toml", "clause = \"二(二)三\"" => "clause = \" \"",
        ["requirements/R-21.toml:5:10 没有写依据条款"];
    no_id: "requirements/R-21.toml", "id = \"R-21\"\n" => "",
        ["requirements/R-21.toml:3:1 要求缺少「id」"];
    no_when: "requirements/R-21.toml", "every = \"month\"\n" => "",
        ["requirements/R-21.toml:3:1 要求 R-21 没有说何时判"];
    two_whens: "requirements/R-21.toml", "every = \"month\"" => "every = \"month\"\nstanding = true",
        ["requirements/R-21.toml:12:1 已经写了「every」，不能再写「standing」"];
    no_measure: "requirements/R-08.toml", "measure = { distinct = \"project_team\", field = \"person\", at = \"end\" }\n" => "",
        ["requirements/R-08.toml:4:1 要求 R-08 缺少「measure」"];
    two_targets: "requirements/R-21.toml", "no_data" => "at_most = 5\nno_data",
        ["requirements/R-21.toml:14:1 已经写了「at_least」，不能再写「at_most」"];
    no_partial_with_every: "requirements/R-21.toml", "partial = \"prorate\"\n" => "",
        ["requirements/R-21.toml:3:1 要求 R-21 没有写 partial：主体只存在一部分期间时怎么算"];
    no_partial_with_by_date: "requirements/R-22.toml", "partial = \"full\"\n" => "",
        ["requirements/R-22.toml:3:1 要求 R-22 没有写 partial：主体只存在一部分期间时怎么算"];
    partial_with_standing: "requirements/R-08.toml", "no_data" => "partial = \"full\"\nno_data",
        ["requirements/R-08.toml:16:1 partial 只与 every 和 by 日期合用"];
    no_no_data: "requirements/R-21.toml", "no_data = \"zero\"\n" => "",
        ["requirements/R-21.toml:3:1 要求 R-21 没有写 no_data：一条记录也没有时怎么算"];
    no_no_data_beside_holds: "requirements/R-17.toml", "no_data = \"zero\"\n" => "",
        ["requirements/R-17.toml:17:1 要求 R-17 没有写 no_data：一条记录也没有时怎么算"];
    item_source_without_day: "requirements/R-08.toml", ", at = \"end\" }" => " }",
        ["requirements/R-08.toml:14:24 「project_team」有起有止，没有说按哪一天算"];
    persons_without_day: "requirements/R-22.toml", "share = \"person\", at = \"end\"" => "share = \"person\"",
        ["requirements/R-22.toml:13:21 「person」有起有止，没有说按哪一天算"];
    threshold_twice_from_one_day: "requirements/R-21.toml", "value = 2 }]" => "value = 2 }, { from = \"2025-01-01\", value = 3 }]",
        ["requirements/R-21.toml:13:49 两段目标都从2025年1月1日起"];
    threshold_backwards: "requirements/R-21.toml", "[{ from = \"2025-01-01\", value = 2 }]" => "[{ from = \"2025-01-01\", value = 2 }, { from = \"2026-01-01\", value = 3 }, { from = \"2025-06-01\", value = 4 }]",
        ["requirements/R-21.toml:13:85 目标没有按日期从先到后排列"];
    threshold_gap_at_the_beginning: "requirements/R-21.toml", "from = \"2025-01-01\"" => "from = \"2025-03-15\"",
        ["requirements/R-21.toml:13:13 目标从2025年3月15日起才有，2025年1月1日到那时没有目标"];
    between_upside_down: "requirements/R-08.toml", "[3, 5]" => "[5, 3]",
        ["requirements/R-08.toml:15:11 between 的下限大于上限"];
    between_of_three: "requirements/R-08.toml", "[3, 5]" => "[3, 4, 5]",
        ["requirements/R-08.toml:15:11 between 要两个数"];
    target_that_is_no_number: "requirements/R-21.toml", "[{ from = \"2025-01-01\", value = 2 }]" => "\"两次\"",
        ["requirements/R-21.toml:13:12 目标要写数"];
    years_against_a_count: "requirements/R-21.toml", "[{ from = \"2025-01-01\", value = 2 }]" => "\"1 year\"",
        ["requirements/R-21.toml:13:12 只有 span 能与年数比"];
    money_against_a_count: "requirements/R-21.toml", "[{ from = \"2025-01-01\", value = 2 }]" => "\"5000元\"",
        ["requirements/R-21.toml:13:12 量的不是钱，不能与钱数比"];
    unknown_key: "requirements/R-21.toml", "rollup =" => "rolup =",
        ["requirements/R-21.toml:16:1 要求 R-21 里有不认识的键「rolup」"];
    unknown_key_in_a_measure: "requirements/R-21.toml", "measure = { count = \"guidance\", where" => "measure = { count = \"guidance\", were",
        ["requirements/R-21.toml:12:33 量度 count 里有不认识的键「were」"];
    unknown_measure: "requirements/R-21.toml", "count = \"guidance\"" => "conut = \"guidance\"",
        ["requirements/R-21.toml:12:11 看不出是哪种量度"];
    two_measures_in_one: "requirements/R-08.toml", "distinct = \"project_team\"" => "count = \"project_team\", distinct = \"project_team\"",
        ["requirements/R-08.toml:14:11 一个量度只能是一种"];
    unknown_ledger: "requirements/R-21.toml", "\"guidance\"" => "\"guidence\"",
        ["requirements/R-21.toml:12:21 没有台账「guidence」"];
    unknown_subject: "requirements/R-21.toml", "each = \"mentor_pair\"" => "each = \"mentor_pairs\"",
        ["requirements/R-21.toml:10:8 不知道「mentor_pairs」是谁：没有这个台账"];
    unknown_field: "requirements/R-21.toml", "confirmed =" => "confirmd =",
        ["requirements/R-21.toml:12:43 台账「guidance」没有字段「confirmd」"];
    unknown_field_at_the_end_of_a_path: "requirements/R-02.toml", "activity.closed_book" => "activity.closed",
        ["requirements/R-02.toml:14:11 台账「activity」没有字段「closed」"];
    path_through_a_text: "requirements/R-02.toml", "\"activity.closed_book\" =" => "\"sat.kind\" =",
        ["requirements/R-02.toml:14:11 「sat」不是引用，后面不能再写「.kind」"];
    unknown_choice: "requirements/R-30.toml", "kind = \"例行\"" => "kind = \"例会\"",
        ["requirements/R-30.toml:13:81 值与字段的类型不合"];
    wrong_type_in_a_condition: "requirements/R-22.toml", "young = true" => "young = \"是\"",
        ["requirements/R-22.toml:13:61 值与字段的类型不合"];
    unknown_operator: "requirements/R-21.toml", "filled = true" => "fille = true",
        ["requirements/R-21.toml:12:57 没有「fille」这种比较"];
    operator_on_a_text: "requirements/R-30.toml", "kind = \"例行\"" => "kind = { above = \"例行\" }",
        ["requirements/R-30.toml:13:91 这个字段不能用「above」比"];
    unknown_setting: "requirements/R-02.toml", "\"pass_mark\"" => "\"pass_marks\"",
        ["requirements/R-02.toml:16:121 没有设定「pass_marks」"];
    setting_of_a_wrong_type: "directive.toml", "pass_mark = 60 " => "pass_mark = \"及格\"",
        ["directive.toml:9:13 设定的值与用它的地方不合"];
    setting_of_days_below_zero: "directive.toml", "test_days = 15" => "test_days = -1",
        ["directive.toml:10:13 设定的值与用它的地方不合"];
    more_than_one_resit: "directive.toml", "pass_mark = 60 " => "resits = 2\npass_mark = 60 ",
        ["directive.toml:9:10 补考次数不能是这个值"];
    unknown_slots: "requirements/R-21.toml", "no_data" => "slots = \"areas\"\nno_data",
        ["requirements/R-21.toml:14:9 要求 R-21 用的名额「areas」不存在"];
    unknown_ruling: "requirements/R-30.toml", "\"Q11\"" => "\"Q12\"",
        ["requirements/R-30.toml:18:10 没有裁定「Q12」"];
    unknown_pillar: "requirements/R-30.toml", "pillar = \"纪\"" => "pillar = \"记\"",
        ["requirements/R-30.toml:7:10 没有支柱「记」"];
    settle_days_with_standing: "requirements/R-08.toml", "no_data" => "settle_days = 3\nno_data",
        ["requirements/R-08.toml:16:1 settle_days 只与 every 合用"];
    grace_days_with_every: "requirements/R-21.toml", "no_data" => "grace_days = 3\nno_data",
        ["requirements/R-21.toml:14:1 grace_days 只与 standing 合用"];
    since_with_every: "requirements/R-21.toml", "no_data" => "since = \"any\"\nno_data",
        ["requirements/R-21.toml:14:1 since 只与 by 字段合用"];
    since_of_another_word: "requirements/R-33.toml", "no_data" => "since = \"all\"\nno_data",
        ["requirements/R-33.toml:12:9 这里不能写「all」"];
    by_field_that_is_no_date: "requirements/R-33.toml", "field = \"takes_post\"" => "field = \"title\"",
        ["requirements/R-33.toml:11:16 截止日的字段不是日期"];
    by_that_is_a_name: "requirements/R-33.toml", "{ field = \"takes_post\" }" => "\"takes_post\"",
        ["requirements/R-33.toml:11:6 「takes_post」不是日期"];
    again_without_such_a_field: "requirements/R-02.toml", "again = \"makes_up\"" => "again = \"makes_ups\"",
        ["requirements/R-02.toml:20:9 台账「attendance」没有字段「makes_ups」"];
    again_that_is_no_reference: "requirements/R-33.toml", "no_data" => "again = \"title\"\nno_data",
        ["requirements/R-33.toml:12:9 again 的字段不是引用"];
    per_without_a_ledger: "requirements/R-30.toml", "every" => "per = \"unit\"\nevery",
        ["requirements/R-30.toml:12:1 per 只与台账合用"];
    measure_beside_parts: "requirements/R-33.toml", "no_data" => "measure = { count = \"talk\" }\nno_data",
        ["requirements/R-33.toml:12:1 有 [[requirement.part]] 时，「measure」要写在各部分里"];
    rows_without_relation: "requirements/R-17.toml", "count = \"rating\", where = { purpose = \"挂职期满\" }" => "count = \"guidance\"",
        ["requirements/R-17.toml:19:21 看不出「guidance」的记录属于哪个主体（posting）"];
    unknown_level_of_a_talk: "requirements/R-30.toml", "talk_due = \"主要→班子\"" => "talk_due = \"主要-班子\"",
        ["requirements/R-30.toml:11:22 值与字段的类型不合"];
    subject_of_another_type: "requirements/R-21.toml", "filled = true" => "not_before = { subject = \"mentor\" }",
        ["requirements/R-21.toml:12:82 两边的类型不同，不能比"];
    young_without_an_age: "directive.toml", "young_age = 35 " => "# ",
        ["requirements/R-22.toml:13:53 用到 young（年轻干部），却没有设定「young_age」"];
    age_that_is_no_number: "directive.toml", "young_age = 35 " => "young_age = 35.5 ",
        ["directive.toml:12:13 设定的值与用它的地方不合"];
    five_places_after_the_point: "directive.toml", "pass_mark = 60 " => "pass_mark = 59.99999 ",
        ["directive.toml:9:13 设定的值与用它的地方不合"];
    relation_of_two_kinds: "requirements/R-33.toml", "via = { listener = \"person\" }" => "via = \"listener\"",
        ["requirements/R-33.toml:15:35 两边对不上：记录一边指向「person」，主体一边是「appointment」"];
    count_met_without_number: "requirements/R-08.toml", "{ how = \"count met\", at_least = 15 }" => "\"count met\"",
        ["requirements/R-08.toml:17:10 count met 没有说至少几个"];
    at_of_another_word: "requirements/R-08.toml", "at = \"end\"" => "at = \"ende\"",
        ["requirements/R-08.toml:14:63 at 不能是「ende」"];
    dated_by_a_text: "requirements/R-36b.toml", "dated = \"about\"" => "dated = \"number\"",
        ["requirements/R-36b.toml:13:41 「number」不是日期，也不是期间"];
    sum_of_a_text: "requirements/R-08.toml", "distinct = \"project_team\", field = \"person\"" => "sum = \"project_team\", field = \"role\"",
        ["requirements/R-08.toml:14:43 这个字段不是数"];
    standing_false: "requirements/R-08.toml", "standing = true" => "standing = false",
        ["requirements/R-08.toml:13:12 这个键只能写 true"];
    wrong_type_of_a_key: "requirements/R-21.toml", "id = \"R-21\"\nclause" => "id = 21\nclause",
        ["requirements/R-21.toml:4:6 这里要文字"];
    field_named_as_a_common_column: "ledgers/all.toml", "content = \"text\"" => "recorded_at = \"text\"",
        ["ledgers/all.toml:146:1 每个台账都自带「recorded_at」，字段不能用这个名称"];
    name_that_is_no_column: "ledgers/all.toml", "content = \"text\"" => "Content = \"text\"",
        ["ledgers/all.toml:146:1 字段名「Content」不能用作数据库的名称"];
    unknown_type: "ledgers/all.toml", "about = \"period\"" => "about = \"perod\"",
        ["ledgers/all.toml:92:9 没有「perod」这种类型", "requirements/R-36b.toml:13:41 「about」不是日期，也不是期间"];
    choices_given_twice: "ledgers/all.toml", "choice[例行|任前|提醒]" => "choice[例行|任前|例行]",
        ["ledgers/all.toml:155:8 可选项有空的或重复的"];
    unknown_referenced_ledger: "ledgers/all.toml", "\"ref:mentor_pair\"" => "\"ref:mentor_pairs\"",
        ["ledgers/all.toml:143:8 字段「pair」引用的台账「mentor_pairs」不存在"];
    day_that_is_no_field: "ledgers/all.toml", "[guidance]\nkind = \"event\"\nday = \"day\"" => "[guidance]\nkind = \"event\"\nday = \"days\"",
        ["ledgers/all.toml:140:7 没有字段「days」"];
    day_that_is_no_date: "ledgers/all.toml", "[guidance]\nkind = \"event\"\nday = \"day\"" => "[guidance]\nkind = \"event\"\nday = \"area\"",
        ["ledgers/all.toml:140:7 字段「area」不是日期"];
    kept_for_no_time: "ledgers/all.toml", "[guidance]\nkind = \"event\"\nday = \"day\"" => "[guidance]\nkind = \"event\"\nday = \"day\"\nkeep = \"forever\"",
        ["ledgers/all.toml:141:8 保存期限「forever」看不懂"];
    item_without_closing: "ledgers/all.toml", "closes = \"cancelled\"\n" => "",
        ["ledgers/all.toml:162:1 台账「appointment」是 item，却没有写「closes」"];
    unit_from_a_text: "ledgers/all.toml", "unit_from = \"pair\"" => "unit_from = \"area\"",
        ["ledgers/all.toml:141:13 从字段「area」得不出单位"];
    unit_in_a_circle: "ledgers/all.toml", "mentee = \"person\"\n" => "mentee = \"ref:guidance\"\n",
        ["ledgers/all.toml:125:2 台账「mentor_pair」的单位绕了一圈又取自它自己", "ledgers/all.toml:138:2 台账「guidance」的单位绕了一圈又取自它自己", "requirements/R-22.toml:13:127 两边对不上：记录一边指向「guidance」，主体一边是「person」"];
    built_in_ledger: "ledgers/all.toml", "[talk]" => "[person]\nkind = \"event\"\nday = \"day\"\nfields = { day = \"date\" }\n[talk]",
        ["ledgers/all.toml:150:2 台账「person」是程序自带的，不能再定义"];
    no_first_day: "directive.toml", "from = \"2025-01-01\" " => "issued_at = \"2025-01-01\"",
        ["directive.toml:1:1 directive.toml 缺少「from」", "directive.toml:6:1 directive.toml 里有不认识的键「issued_at」"];
    more_named_than_slots: "directive.toml", "[settings] " => "[slots]\nareas = { size = 1, named = [\"甲\", \"乙\"] }\n[settings]",
        ["directive.toml:9:9 名额是1个，却列了2个"];
    holiday_and_workday: "calendar/2025.toml", "\"2025-01-26\", " => "\"2025-01-26\", \"2025-01-28\", ",
        ["calendar/2025.toml:10:27 2025-01-28 既列为放假又列为上班"];
    day_that_does_not_exist: "calendar/2025.toml", "\"2025-04-06\"" => "\"2025-04-31\"",
        ["calendar/2025.toml:5:31 「2025-04-31」不是日期"];
    example_of_an_unknown_requirement: "examples/R-21.toml", "req = \"R-21\"\nname = \"2次达标；" => "req = \"R-12\"\nname = \"2次达标；",
        ["examples/R-21.toml:2:7 没有要求「R-12」"];
    example_with_an_unknown_ledger: "examples/base.toml", "charge = [" => "charges = [",
        ["examples/base.toml:24:1 没有台账「charges」"];
    example_with_an_unknown_field: "examples/base.toml", "born=\"1970-01-01\"" => "birth=\"1970-01-01\"",
        ["examples/base.toml:14:99 台账「person」没有字段「birth」"];
    example_with_a_wrong_day: "examples/base.toml", "born=\"1970-01-01\"" => "born=\"1970-1-1\"",
        ["examples/base.toml:14:104 值与字段的类型不合"];
    example_with_an_unknown_choice: "examples/base.toml", "id=\"c_off\", " => "id=\"c_off\", gender=\"未知\", ",
        ["examples/base.toml:12:139 值与字段的类型不合"];
    example_with_an_unknown_state: "examples/R-21.toml", "window = \"2025-01\", state = \"pass\", value = \"2\"" => "window = \"2025-01\", state = \"passed\", value = \"2\"",
        ["examples/R-21.toml:6:48 没有状态「passed」"];
    example_without_day: "examples/R-21.toml", "as_of = \"2025-04-01\"\nexpect = [\n  {subject = \"m1\", window = \"2025-01\", state = \"pass\", value = \"2\"}" => "expect = [\n  {subject = \"m1\", window = \"2025-01\", state = \"pass\", value = \"2\"}",
        ["examples/R-21.toml:1:1 例子缺少「as_of」"];
    text_without_quotes: "requirements/R-21.toml", "\"month\"" => "month",
        ["requirements/R-21.toml:11:9 文字没有加引号"];
    key_twice: "requirements/R-21.toml", "every = \"month\"" => "every = \"month\"\nevery = \"year\"",
        ["requirements/R-21.toml:12:1 这个键写了两次"];
    list_left_open: "requirements/R-08.toml", "[3, 5]" => "[3, 5",
        ["requirements/R-08.toml:15:11 between 要两个数", "requirements/R-08.toml:16:1 列表的两个元素之间缺逗号", "requirements/R-08.toml:17:1 列表的两个元素之间缺逗号"];
}

/// The conformance package with further files.
fn with(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut files = conformance().0.files;
    files.extend(more.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
    files
}

#[test]
fn an_id_used_twice_names_the_first_place() {
    let text = conformance().0.files["requirements/R-21.toml"].clone();
    let found = findings(with(&[("requirements/Z.toml", &text)]));
    assert_eq!(lines(&found), ["requirements/Z.toml:3:1 编号「R-21」用了两次"]);
    assert_eq!(found[0].hint, "另一处在 requirements/R-21.toml 第3行；改其中一个编号");
}

#[test]
fn a_ledger_defined_twice_names_the_first_place() {
    let found = findings(with(&[("ledgers/more.toml", "[talk]\nkind = \"event\"\nfields = { day = \"date\" }\n")]));
    assert_eq!(lines(&found), ["ledgers/more.toml:1:2 台账「talk」定义了两次"]);
    assert_eq!(found[0].hint, "另一处在 ledgers/all.toml 第150行；只留一处");
}

#[test]
fn thirteen_required_fields_need_a_reason() {
    let field = |n: usize| format!("f{n} = {{ type = \"text\", required = true }}\n");
    let fields: String = (1..=12).map(field).collect();
    let head = "kind = \"event\"\nday = \"day\"\n";
    let ledger = |reason: &str| format!("[talk]\n{head}{reason}[talk.fields]\nday = \"date\"\n{fields}");
    let lone = |text: String| {
        let mut files = conformance().0.files;
        files.retain(|name, _| name == "directive.toml");
        files.insert("ledgers/all.toml".into(), text);
        let requirement = "[[requirement]]\nid = \"R-1\"\nclause = \"一\"\neach = \"system\"\nstanding = true\n\
                           measure = { count = \"talk\" }\nno_data = \"zero\"\n";
        files.insert("requirements/a.toml".into(), requirement.into());
        findings(files)
    };
    let refused = lone(ledger(""));
    assert_eq!(lines(&refused), ["ledgers/all.toml:1:1 台账「talk」有13个必填项，超过12个而没有写理由"]);
    assert_eq!(lone(ledger("reason = \"上级要求逐项填报\"\n")), []);
}

#[test]
fn a_ledger_that_nothing_uses_is_a_warning() {
    let more = "[visit]\nkind = \"event\"\nday = \"day\"\nfields = { day = \"date\" }\n";
    let (.., warnings) = directive::load_files(with(&[("ledgers/more.toml", more)])).unwrap();
    assert_eq!(lines(&warnings), ["ledgers/more.toml:1:2 没有一条要求用到台账「visit」"]);
    assert_eq!(warnings[0].severity, Severity::Warning);
}

#[test]
fn faults_in_several_files_are_shown_at_once() {
    let mut files = changed("requirements/R-21.toml", "every = \"month\"", "every = \"monthly\"\ncolour = 3");
    let r08 = files.get_mut("requirements/R-08.toml").unwrap();
    *r08 = r08.replace("standing = true", "standing = tru").replace("at = \"end\"", "at = \"now\"");
    let base = files.get_mut("examples/base.toml").unwrap();
    *base = base.replace("level=\"市\"", "level=\"省\"");
    assert_eq!(
        lines(&findings(files)),
        [
            "examples/base.toml:4:30 值与字段的类型不合",
            "requirements/R-08.toml:13:12 这里不是 true，也不是 false",
            "requirements/R-08.toml:14:63 at 不能是「now」",
            "requirements/R-21.toml:11:9 这里不能写「monthly」",
            "requirements/R-21.toml:12:1 要求 R-21 里有不认识的键「colour」",
        ]
    );
}

#[test]
fn a_directory_that_is_none() {
    let found = directive::load(&conformance_dir().join("nowhere")).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(found[0].message.ends_with("conformance/nowhere：不存在"), "{}", found[0].message);

    let empty = tempfile::tempdir().unwrap();
    let found = directive::load(empty.path()).unwrap_err();
    let wanted = ["directive.toml:1:1 没有 directive.toml，这里不是一个文件包", "directive.toml:1:1 一条要求也没有"];
    assert_eq!(lines(&found), wanted);
}

#[test]
fn a_file_in_another_encoding_is_the_only_finding() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in conformance().0.files {
        let path = dir.path().join(&name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    assert!(directive::load(dir.path()).is_ok());
    fs::write(dir.path().join("ledgers/all.toml"), b"[talk]\nkind = \"\xb1\xb8\"\n").unwrap();
    assert_eq!(lines(&directive::load(dir.path()).unwrap_err()), ["ledgers/all.toml:2:9 文件不是 UTF-8 编码"]);
}

#[test]
fn a_finding_as_shown() {
    let found = findings(changed("requirements/R-21.toml", "rollup =", "rolup ="));
    insta::assert_snapshot!(directive::render(&found), @r#"
    错误：要求 R-21 里有不认识的键「rolup」
       ┌─ requirements/R-21.toml:16:1
       │
    16 │ rolup = "share met"
       │ ^^^^^ 不认识
       └ 办法：是不是想写「rollup」？
    "#);
    let found = findings(changed("requirements/R-30.toml", "kind = \"例行\"", "kind = \"例会\""));
    insta::assert_snapshot!(directive::render(&found), @r#"
    错误：值与字段的类型不合
       ┌─ requirements/R-30.toml:13:81
       │
    13 │ measure = { count = "talk", via = "listener", where = { level = "主要→班子", kind = "例会" } }
       │                                                                                     ^^^^^^
       └ 办法：应为以下之一：例行、任前、提醒
    "#);
}
