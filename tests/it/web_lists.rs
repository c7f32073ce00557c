//! Lists, records, exports, persons and the chart as a browser gets them, over a small office on both databases.

use std::path::Path;

use axum::http::header;
use dongliang::{
    apply,
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test, directive, facts,
    installation::Installation,
    ledger::{Keys, NewRow},
    org::builtin,
    scope::Actor,
    verdict::{engine::Question, eval::Fate, explain, store},
};

use crate::visit::{Browser, Got, account};

fn get(office: &Installation, path: &str) -> Got {
    Browser::of(office, Role::Office).get(path)
}

fn list(office: &Installation, path: &str) -> String {
    let got = get(office, path);
    assert_eq!(got.status, 200, "{path}");
    got.text()
}

/// Records one row of a ledger and gives its id.
pub(crate) fn put(office: &Installation, ledger: &str, code: &str, unit: Option<i64>, filled: &[(&str, Value)]) -> i64 {
    let definition = office
        .db
        .read(|tx| {
            let current = office.current(tx)?;
            let layout = &current.engine.layout;
            Ok(layout.ledgers[layout.index(ledger).unwrap()].clone())
        })
        .unwrap();
    let mut values = vec![Value::Null; definition.fields.len()];
    filled.iter().for_each(|(f, v)| values[definition.field_index(f).unwrap()] = v.clone());
    let row = NewRow { code: Some(code.into()), unit, values };
    facts::add(office, "周敏", ledger, vec![row], None).unwrap()[0]
}

/// A city with one district of two 科室 (one closed in May), four persons, two pairs, four records of guidance, one talk.
pub(crate) fn office(db: &Db) -> Installation {
    let (package, _, _) = directive::load(Path::new("tests/data/package")).unwrap();
    let actor = Actor { account: None, name: "命令行".into(), at: 1 };
    db.seal_entries(Keys::from_bytes([7; 32], [9; 32]).audit_seal());
    db.write(move |tx| apply::apply(tx, None, &package, &actor)).unwrap();
    let clock = Clock::Standing(Day::parse("2025-10-20").unwrap());
    let office = Installation::new(db.clone(), Keys::from_bytes([7; 32], [9; 32]), clock).unwrap();
    let o = &office;
    let unit = |code: &str, name: &str, level: usize, parent: Option<i64>, to: Option<&str>| {
        let level = builtin::LEVELS[level];
        let filled: Vec<(&str, Value)> = vec![
            ("name", name.into()),
            ("level", level.into()),
            ("parent", parent.into()),
            ("from", "2020-01-01".into()),
            ("to", to.into()),
        ];
        put(o, "unit", code, None, &filled)
    };
    let city = unit("U0", "云岭市发改委", 0, None, None);
    let district = unit("U1", "柳溪县发改局", 1, Some(city), None);
    let office_room = unit("U1-1", "办公室", 2, Some(district), None);
    let old = unit("U1-2", "旧科", 2, Some(district), Some("2025-05-15"));
    let person = |code: &str, name: &str, unit: i64, duty: usize, title: &str| {
        let born = "1995-01-01".into();
        let id =
            put(o, "person", code, None, &[("name", name.into()), ("born", born), ("phone", "13912342716".into())]);
        let duty = builtin::DUTIES[duty];
        let filled: [(&str, Value); 4] =
            [("person", id.into()), ("duty", duty.into()), ("title", title.into()), ("from", "2020-01-01".into())];
        put(o, "post", &format!("{code}-post"), Some(unit), &filled);
        id
    };
    let chief = person("P1", "赵一", district, 0, "局长");
    let head = person("P2", "钱二", office_room, 2, "主任");
    let staff = person("P3", "孙三", office_room, 3, "科员");
    let deputy = person("P4", "安四", city, 1, "副主任");
    put(o, "charge", "F1", Some(office_room), &[("person", chief.into()), ("from", "2020-01-01".into())]);
    let pair = |code: &str, mentor: i64, mentee: i64| {
        put(
            o,
            "mentor_pair",
            code,
            None,
            &[("mentor", mentor.into()), ("mentee", mentee.into()), ("starts", "2025-01-01".into())],
        )
    };
    let (one, two) = (pair("J1", head, staff), pair("J2", chief, head));
    for (code, pair, day, content) in [
        ("Z1", one, "2025-02-03", "讲解100%达标_的算法"),
        ("Z2", one, "2025-05-06", "<script>alert('x')</script>"),
        ("Z3", two, "2025-05-20", "现场看项目"),
        ("Z4", two, "2025-06-20", "现场看项目，讲解审查意见怎样对应到图纸和概算"),
    ] {
        let filled: [(&str, Value); 5] = [
            ("pair", pair.into()),
            ("day", day.into()),
            ("content", content.into()),
            ("confirmed", day.into()),
            ("way", if code == "Z1" { "面谈" } else { "现场" }.into()),
        ];
        put(o, "guidance", code, None, &filled);
    }
    for (code, listener) in [("T1", head), ("T2", deputy)] {
        let filled: [(&str, Value); 4] = [
            ("kind", "例行".into()),
            ("talker", chief.into()),
            ("listener", listener.into()),
            ("day", "2025-03-03".into()),
        ];
        put(o, "talk", code, None, &filled);
    }
    assert_eq!(old, 4);
    office
}

/// Codes in a .csv that was exported, in its order.
fn codes(csv: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
    let code = reader.headers().unwrap().iter().position(|h| h == "编号").unwrap();
    reader.records().map(|r| r.unwrap()[code].to_owned()).collect()
}

db_test!(a_list_filters_counts_and_escapes, |db: &Db| {
    let o = &office(db);
    let all = list(o, "/ledgers/guidance");
    assert!(all.contains("4条指导记录") && all.contains("按指导日期从近到远排列；未含已作废。"), "{all}");
    assert!(all.contains("&#60;script&#62;") && !all.contains("<script>alert"));
    let facets = get(o, "/ledgers/guidance").read();
    assert!(facets.contains("全部4") && facets.contains("2月1") && facets.contains("5月2") && facets.contains("6月1"));
    // The counts of a facet do without its own condition and respect the others.
    let may = get(o, "/ledgers/guidance?period=2025-05&way=%E7%8E%B0%E5%9C%BA").read();
    assert!(may.contains("2条指导记录") && may.contains("指导方式是现场"), "{may}");
    assert!(may.contains("全部3") && may.contains("5月2") && may.contains("6月1") && !may.contains("2月1"), "{may}");
    for (query, n) in [
        ("q=100%25", 1),
        ("q=%25", 1),
        ("q=%5F", 1),
        ("q=%27", 1),
        ("q=%3Cscript%3E", 1),
        ("q=%25%25", 0),
        ("q=z3", 1),
        ("q=%E5%AD%99%E4%B8%89", 2),
        ("who=%E5%AD%99%E4%B8%89", 2),
        ("who=%E6%9F%B3%E6%BA%AA", 4),
        ("q=ss", 2),
        ("who=SS", 2),
        ("who=lxxfgj", 4),
        ("who=s", 0),
        ("unit=U1", 4),
        ("unit=U0", 0),
        ("unit=nowhere", 0),
        ("pair=J2", 2),
        ("pair=J9", 0),
        ("period=2025Q2", 3),
        ("period=2025-99", 0),
        ("period=2025-02&period=2025-06", 2),
        ("from=2025-05-06&to=2025-05-20", 2),
        ("way=%E6%9C%AA%E5%A1%AB", 0),
        ("q=a%00b", 0),
    ] {
        let page = list(o, &format!("/ledgers/guidance?{query}"));
        assert!(page.contains(&format!("{n}条指导记录")), "{query}: {page}");
    }
    // What the rows show of a unit finds them, also where its superior lies outside: and no other rows.
    let mut clerk = Browser::logged_in(o, account(o, "room", Role::Clerk, Some(3), None));
    let own = clerk.get("/ledgers/guidance").read();
    assert!(own.contains("4条指导记录") && own.contains("柳溪县发改局 办公室"), "{own}");
    for who in ["柳溪", "lxx", "柳溪县发改局 办公室", "柳溪县发改局办公室", "办公室"] {
        let page = clerk.get(&format!("/ledgers/guidance?who={who}").replace(' ', "%20")).read();
        assert!(page.contains("4条指导记录"), "{who}: {page}");
    }
    for who in ["云岭", "旧科", "柳溪县发改局 旧科"] {
        let page = clerk.get(&format!("/ledgers/guidance?who={who}").replace(' ', "%20")).read();
        assert!(page.contains("0条指导记录"), "{who}: {page}");
    }
});

db_test!(an_empty_ledger_says_how_it_is_filled, |db: &Db| {
    let o = &office(db);
    let page = list(o, "/ledgers/budget");
    assert!(page.contains(r#"href="/imports/new?ledger=budget""#) && !page.contains("dongliang import"), "{page}");
    assert!(page.contains(r#"<a href="/ledgers/budget/new">逐条新增</a>"#), "{page}");
    let page = Browser::of(o, Role::Auditor).get("/ledgers/budget").text();
    assert!(page.contains("没有经费预算。") && !page.contains("逐条新增"), "{page}");
});

db_test!(an_export_holds_exactly_what_the_list_shows, |db: &Db| {
    let o = &office(db);
    for (query, expected) in [
        ("", &["Z4", "Z3", "Z2", "Z1"][..]),
        ("period=2025-05", &["Z3", "Z2"]),
        ("sort=day", &["Z1", "Z2", "Z3", "Z4"]),
        ("q=%25%25", &[]),
    ] {
        let got = get(o, &format!("/ledgers/guidance/export?format=csv&{query}"));
        assert_eq!(codes(&got.text()), expected, "{query}");
        let page = list(o, &format!("/ledgers/guidance?{query}"));
        let shown: Vec<&str> =
            expected.iter().copied().filter(|c| page.contains(&format!("/ledgers/guidance/{c}\""))).collect();
        assert_eq!(shown, expected, "{query}");
    }
    let got = get(o, "/ledgers/guidance/export?format=xlsx&columns=shown");
    assert!(got.body.starts_with(b"PK"));
    assert_eq!(got.header(header::CONTENT_LENGTH), got.body.len().to_string());
    let name = got.header(header::CONTENT_DISPOSITION);
    let chinese = "filename*=UTF-8''%E6%8C%87%E5%AF%BC%E8%AE%B0%E5%BD%952025-10-20.xlsx";
    assert!(name.starts_with("attachment") && name.ends_with(chinese), "{name}");
    let persons = get(o, "/people/export?format=csv").text();
    assert!(persons.contains("139****2716") && !persons.contains("13912342716"), "{persons}");
    assert_eq!(codes(&persons), ["P4", "P1", "P2", "P3"]);
    let posts = get(o, "/people/export?format=csv&columns=shown&unit=U1").text();
    assert!(posts.contains("柳溪县发改局 办公室,科员"), "{posts}");
    for (path, status) in [
        ("/ledgers/guidance/export?format=pdf", 400),
        ("/ledgers/guidance/export?format=csv&from=x", 400),
        ("/ledgers/nothing/export?format=csv", 404),
    ] {
        assert_eq!(get(o, path).status, status, "{path}");
    }
});

db_test!(what_cannot_be_read_stays_as_typed_beside_its_error, |db: &Db| {
    let o = &office(db);
    let page = list(o, "/ledgers/guidance?from=2025-02-30&q=%E7%8E%B0%E5%9C%BA");
    assert!(page.contains("“2025-02-30”不是有效日期，请按2025-02-28的样子填写。"), "{page}");
    assert!(page.contains(r#"value="2025-02-30""#) && page.contains(r#"value="现场""#));
    assert!(page.contains("0条指导记录") && page.contains("没有查询"));
    let page = list(o, "/ledgers/guidance?from=2025-06-01&to=2025-05-01");
    assert!(page.contains("止日应不早于起日2025年6月1日。"));
    let long = "%E5%AD%97".repeat(60);
    assert!(list(o, &format!("/ledgers/guidance?q={long}")).contains("最多50个字"));
    assert!(list(o, "/people?day=%E6%98%A8%E5%A4%A9").contains("“昨天”不是有效日期"));
    assert!(list(o, "/org?day=%3Cb%3E").contains("“&#60;b&#62;”不是有效日期"));
    for path in ["/ledgers/nothing", "/ledgers/guidance/nothing", "/ledgers/guidance/9999", "/ledgers/guidance/a%00b"] {
        assert_eq!(get(o, path).status, 404, "{path}");
    }
});

db_test!(pages_end_with_the_last_one, |db: &Db| {
    let o = &office(db);
    let long: Vec<NewRow> = (0..45)
        .map(|i| {
            let mut values = vec![Value::Null; 6];
            (values[0], values[1]) = (1.into(), "2025-07-01".into());
            NewRow { code: Some(format!("L{i}")), unit: None, values }
        })
        .collect();
    facts::add(o, "周敏", "guidance", long, None).unwrap();
    let last = list(o, "/ledgers/guidance?page=3");
    assert!(last.contains("共49条，第41至49条") && last.contains("（第3页，共3页）"), "{last}");
    for (asked, first, says) in [
        ("page=9", "第41至49条", "没有第9页：共3页，现列第3页。"),
        ("page=99999999999999999999", "第41至49条", "没有第99999999999999999999页：共3页"),
        ("page=0", "第1至20条", "没有第0页：共3页，现列第1页。"),
        ("page=abc&q=", "第1至20条", "页码“abc”无法识别，现列第1页。"),
        ("size=50&page=2", "第1至49条", "没有第2页：共1页"),
        ("size=7", "第1至20条", "每页只能列20、50或100条，不能是“7”"),
    ] {
        let page = list(o, &format!("/ledgers/guidance?{asked}"));
        assert!(page.contains(says), "{asked}: {page}");
        assert!(asked.starts_with("size=50") || page.contains(first), "{asked}: {page}");
    }
});

db_test!(what_an_address_asks_for_in_vain_is_said, |db: &Db| {
    let o = &office(db);
    for (path, says) in [
        ("/ledgers/guidance?foo=1&way=%E7%8E%B0%E5%9C%BA", "地址中的“foo”不是这一页的条件"),
        ("/ledgers/guidance?sort=nothing", "可排列的栏目中没有“nothing”这一项"),
        ("/ledgers/guidance?col=nothing", "栏目中没有“nothing”这一项"),
        ("/people?who=x", "地址中的“who”不是这一页的条件"),
        ("/?quarter=2025", "地址中的“quarter”不是这一页的条件"),
        ("/requirements?pillar=%E7%94%B2&state=pass", "类别没有“甲”这一项"),
        ("/requirements/R-21?window=x", "判定期中没有“x”这一项"),
        ("/requirements/R-21?page=x", "页码“x”无法识别"),
        ("/units/U1?state=%E5%A5%BD", "判定没有“好”这一项"),
        ("/ledgers?page=2", "地址中的“page”不是这一页的条件"),
    ] {
        let page = list(o, path);
        assert_eq!(page.matches(r#"class="said""#).count(), 1, "{path}");
        assert!(page.contains(says), "{path}: {page}");
    }
    let long = "x".repeat(300);
    let page = list(o, &format!("/requirements/R-21?window={long}"));
    assert!(page.contains(&format!("“{}……”", "x".repeat(60))), "{page}");
    for path in ["/", "/requirements?state=pass", "/ledgers/guidance?page=1&size=20", "/people?unit=U1", "/org?day="] {
        assert!(!list(o, path).contains(r#"class="said""#), "{path}");
    }
    for (path, leads_to) in [
        ("/requirements/", "/requirements"),
        ("/ledgers/guidance/?page=2", "/ledgers/guidance?page=2"),
        ("//evil.example/", "/evil.example"),
    ] {
        let got = get(o, path);
        assert_eq!((got.status, got.header(header::LOCATION)), (308, leads_to), "{path}");
    }
});

db_test!(voided_rows_are_hidden_until_they_are_asked_for, |db: &Db| {
    let o = &office(db);
    facts::void(o, "周敏", "guidance", (3, 1), "重复登记").unwrap();
    let page = list(o, "/ledgers/guidance");
    assert!(
        page.contains("3条指导记录") && page.contains("显示已作废、更正前的1条") && !page.contains("/guidance/Z3\"")
    );
    let page = list(o, "/ledgers/guidance?voided=1");
    assert!(page.contains("4条指导记录") && page.contains("已作废：重复登记，周敏，"), "{page}");
    let csv = get(o, "/ledgers/guidance/export?format=csv&voided=1").text();
    assert_eq!(codes(&csv).len(), 4);
    assert!(csv.contains("作废") && csv.contains("重复登记，周敏"));
    let record = list(o, "/ledgers/guidance/Z3");
    assert!(record.contains("作废不删除") && record.contains("已作废的记录不计入判定。"), "{record}");
});

db_test!(a_version_that_was_corrected_is_not_called_void, |db: &Db| {
    let o = &office(db);
    let values = vec![1.into(), "2025-02-04".into(), Value::Null, "要点".into(), "2025-02-04".into(), "线上".into()];
    let row = NewRow { code: Some("Z1".into()), unit: None, values };
    facts::correct(o, "吴海燕", "guidance", (1, 1), row, "日期录错").unwrap();
    facts::void(o, "周敏", "guidance", (3, 1), "重复登记").unwrap();
    assert!(list(o, "/ledgers/guidance").contains("显示已作废、更正前的2条"));
    let page = list(o, "/ledgers/guidance?voided=1");
    assert!(page.contains("已更正：日期录错，吴海燕，") && page.contains("已作废：重复登记，周敏，"), "{page}");
    assert!(!page.contains("已作废：日期录错"));
});

db_test!(a_record_tells_its_values_its_history_and_who_counts_it, |db: &Db| {
    let o = &office(db);
    let values = |content: &str| {
        vec![1.into(), "2025-02-04".into(), Value::Null, content.into(), "2025-02-04".into(), "线上".into()]
    };
    let row = NewRow { code: Some("Z1".into()), unit: None, values: values("改过的要点") };
    facts::correct(o, "吴海燕", "guidance", (1, 1), row, "日期录错").unwrap();
    let page = get(o, "/ledgers/guidance/Z1");
    let (html, text) = (page.text(), page.read());
    assert!(html.contains("/ledgers/mentor_pair/J1") && text.contains("2025年2月4日　编号Z1"), "{html}");
    for told in
        ["吴海燕　更正，第2版", "2025年2月3日 → 2025年2月4日", "面谈 → 线上", "原因：日期录错", "周敏　登记，第1版"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(html.contains("/verdicts/R-21/J1/2025-02") && text.contains("计入"), "{html}");
    assert!(get(o, "/ledgers/guidance/1").read().contains("2025年2月4日　编号Z1"), "by its id");
    let person = get(o, "/ledgers/person/P2").read();
    assert!(person.contains("139****2716") && !person.contains("13912342716"));
    assert!(person.contains("柳溪县发改局 办公室") && person.contains("主任"));
    assert!(person.contains("导师帮带结对（导师）1条") && person.contains("廉政谈话（谈话对象）1条"), "{person}");
    assert!(get(o, "/ledgers/talk/T1").read().contains("分管→科室负责人"));
    let other = list(o, "/ledgers/guidance/Z3");
    assert!(other.contains("/ledgers/guidance/Z4") && other.contains("/ledgers/guidance/Z2"));
});

db_test!(every_row_that_a_verdict_counts_names_that_verdict, |db: &Db| {
    let o = &office(db);
    let mut counted = 0;
    let found =
        o.db.read(|tx| {
            let current = o.current(tx)?;
            let engine = &current.engine;
            let q = Question { as_of: Day::parse("2025-10-20").unwrap(), ..Question::default() };
            let mut found = Vec::new();
            for (i, c) in engine.compiled.iter().enumerate() {
                for v in store::of_requirement(tx, &c.requirement.id, None)? {
                    let mut shared = current.organisation.clone();
                    let e = explain::explain(tx, engine, i, &[v.subject], &v.window, &q, &mut shared)?.unwrap();
                    for row in e.parts.iter().flat_map(|p| &p.rows).filter(|r| r.trace.fate == Fate::Counted) {
                        let ledger = engine.layout.ledgers[row.table].name.clone();
                        found.push((ledger, row.record, c.requirement.id.clone(), v.window.clone()));
                    }
                }
            }
            Ok(found)
        })
        .unwrap();
    for (ledger, record, requirement, window) in found {
        let page = list(o, &format!("/ledgers/{ledger}/{record}"));
        let uses = page.lines().filter(|l| l.contains(&format!("/verdicts/{requirement}/")) && l.contains(&window));
        assert!(uses.count() > 0, "{ledger} {record} {requirement} {window}: {page}");
        counted += 1;
    }
    assert_eq!(counted, 5, "four records of guidance and a talk");
});

db_test!(persons_stand_by_unit_and_name_where_they_are_on_the_day, |db: &Db| {
    let o = &office(db);
    let order = |path: &str| {
        let page = list(o, path);
        let mut found: Vec<(usize, &str)> = ["P1", "P2", "P3", "P4"]
            .into_iter()
            .filter_map(|code| Some((page.find(&format!("/ledgers/person/{code}\""))?, code)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, code)| code).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order("/people"), "P4 P1 P2 P3");
    assert_eq!(order("/people?unit=U1"), "P1 P2 P3");
    assert_eq!(order("/people?unit=U1-1"), "P2 P3");
    assert_eq!(order("/people?unit=U1-1&unit=U0"), "P4 P2 P3");
    assert_eq!(order("/people?q=%E5%AD%99"), "P3");
    assert_eq!(order("/people?day=2019-12-31&state=%E5%9C%A8%E5%B2%97"), "");
    assert_eq!(order("/people?state=%E5%9C%A8%E5%B2%97"), "P4 P1 P2 P3");
    assert_eq!(order("/people?sort=-born"), "P4 P3 P2 P1", "an order of the store");
    assert_eq!(order("/people?sort=-name"), "P4 P1 P2 P3", "no order at all");
    let page = get(o, "/people?unit=U1").read();
    assert!(page.contains("3名干部") && page.contains("局长"), "{page}");
    let page = get(o, "/people").read();
    assert!(page.contains("单位全部4柳溪县发改局3云岭市发改委1"), "{page}");
    let moved = get(o, "/ledgers/person?q=%E5%AD%99");
    assert_eq!((moved.status, moved.header(header::LOCATION)), (303, "/people?q=%E5%AD%99"));
});

db_test!(the_chart_is_that_of_the_day, |db: &Db| {
    let o = &office(db);
    let today = get(o, "/org").read();
    assert!(today.contains("1个市级单位，1个区县单位，1个科室；在岗4人。"), "{today}");
    assert!(today.contains("主要负责同志：赵一") && !today.contains("旧科 办公室"));
    assert!(list(o, "/org").contains("/org?open=U1\"") && !today.contains("科室负责人：钱二"));
    let open = list(o, "/org?open=U1&day=2025-05-15");
    assert!(open.contains("科室负责人：钱二") && open.contains(">旧科</a>") && open.contains("至2025年5月15日"));
    assert!(open.contains("/people?day=2025-05-15&#38;unit=U1\"") && open.contains("/org?day=2025-05-15\""), "{open}");
    assert!(get(o, "/org").read().contains("撤销柳溪县发改局 旧科"));
    let before = get(o, "/org?day=2019-01-01").read();
    assert!(before.contains("这一天还没有单位"), "{before}");
});

db_test!(the_index_says_what_is_kept_and_what_for, |db: &Db| {
    let o = &office(db);
    let page = get(o, "/ledgers").read();
    for told in ["指导记录", "4条", "干-21", "系统推出"].into_iter().take(3) {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(page.contains("2025年10月20日"), "{page}");
    assert!(list(o, "/ledgers").contains("href=\"/people\""));
});

db_test!(a_verdict_that_is_not_there_says_why, |db: &Db| {
    let o = &office(db);
    let late = [("mentor", 2.into()), ("mentee", 3.into()), ("starts", "2025-08-01".into())];
    put(o, "mentor_pair", "J3", None, &late);
    let ended =
        [("mentor", 1.into()), ("mentee", 3.into()), ("starts", "2025-01-01".into()), ("ended", "2025-02-10".into())];
    put(o, "mentor_pair", "J4", None, &ended);
    for (path, says) in [
        ("J1/2026-03", "“2026年3月”自2026年3月1日开始，今日（2025年10月20日）还没有到"),
        ("J1/2025-03?as_of=2025-02-01", "所选日期（2025年2月1日）还没有到"),
        ("J1/2025Q1", "这项要求不按“2025年第一季度”判定，它的期间如“2025年1月”"),
        ("J1/2024-12", "文件要求自2025年1月1日起算"),
        ("J1/2025-03?known_at=2025-06-01", "还没有登记"),
        ("J3/2025-03", "自2025年8月1日起才有，到2025年3月31日为止还不在列"),
        ("J4/2025-04", "到2025年2月10日为止，以后不在列"),
    ] {
        let page = get(o, &format!("/verdicts/R-21/{path}"));
        let text = page.read();
        assert_eq!(page.status, 200, "{path}");
        assert!(text.contains(says), "{path}: {text}");
        assert!(
            text.contains("尚无判定") && !page.text().contains("不适用</span>") && !text.contains("还需要什么"),
            "{path}: {text}"
        );
        assert!(text.contains("判定对象"), "{path}: the rule is told: {text}");
    }
    assert_eq!(get(o, "/verdicts/R-21/J1/x").status, 404);
    // Shut and not met: nothing empty is left where something could have been done.
    let shut = list(o, "/verdicts/R-21/J1/2025-03");
    assert!(shut.contains("还需要什么") && !shut.contains(r#"<p class="empty"></p>"#), "{shut}");
});

db_test!(a_unit_leads_to_the_ones_beside_it, |db: &Db| {
    let o = &office(db);
    let district = list(o, "/units/U1");
    assert!(district.contains("上一单位") != district.contains("下一单位"), "{district}");
    assert!(!list(o, "/units/U1-1").contains("一单位："));
});
