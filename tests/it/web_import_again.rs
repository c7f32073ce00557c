//! What comes twice or stands in the wrong place: numbers as codes, undoing after corrections, a list that was exported and
//! comes back, columns under unknown heads, a workbook with a cover.

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test, facts,
    installation::Installation,
    ledger::NewRow,
};

use crate::{
    visit::{Browser, with_directory},
    web_files,
    web_imports::{send, settled},
    web_lists::{office, put},
    web_records::{GOOD, NEW, record_of, rows, send as post},
};

/// Confirms a batch, once it is checked, and takes it in.
fn taken(o: &Installation, b: &mut Browser, at: &str) -> String {
    settled(o, b, at);
    assert_eq!(b.submit(at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    settled(o, b, at).read()
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(the_number_of_a_record_without_a_code_is_no_code_of_another, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let opened = b.get(NEW);
    let own = record_of(&post(&mut b, &opened, NEW, &GOOD));
    let number = own.to_string();
    let before = rows(o, "guidance");
    // By the form, and what was typed is kept.
    let mut fields = vec![("i.f.pair", "1"), ("f.day", "2025-10-07"), ("f.content", "讲解审查意见")];
    fields.push(("record_code", &number));
    let opened = b.get(NEW);
    let got = post(&mut b, &opened, NEW, &fields);
    assert!(got.status == 422 && got.read().contains("顺序号") && got.read().contains("请换一个"), "{}", got.read());
    assert!(got.text().contains("讲解审查意见"), "{}", got.text());
    // By a file; another number is a code like any other.
    let csv = format!("编号,结对,指导日期\n{number},J1,2025-07-01\n20250001,J1,2025-07-02\n");
    let at = send(&mut b, "guidance", "update", csv.as_bytes());
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("可写入1行，1行有误") && page.contains("顺序号"), "{page}");
    assert_eq!(rows(o, "guidance"), before);
    // The record itself may take its number as its code.
    let correct = format!("/ledgers/guidance/{own}/correct");
    let opened = b.get(&correct);
    let mut fields = GOOD.to_vec();
    fields.extend([("record_code", number.as_str()), ("reason", "补编号")]);
    assert_eq!(post(&mut b, &opened, &correct, &fields).status, 303);
});

db_test!(records_of_one_address_hide_nothing, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let opened = b.get(NEW);
    let own = record_of(&post(&mut b, &opened, NEW, &GOOD));
    let pair: Value = 1.into();
    let filled = [("pair", pair), ("day", "2025-09-01".into()), ("content", "另一条的要点".into())];
    let other = put(o, "guidance", &own.to_string(), None, &filled);
    let page = b.get(&format!("/ledgers/guidance/{own}"));
    let said = page.read();
    assert!(said.contains("讲解审查意见") && !said.contains("另一条的要点"), "{said}");
    assert!(page.text().contains(&format!("href=\"/ledgers/guidance/{other}\"")), "the other is named");
    assert!(b.get(&format!("/ledgers/guidance/{other}")).read().contains("另一条的要点"));
    // A correction of the one strikes the one.
    let opened = b.get(&format!("/ledgers/guidance/{own}/correct"));
    assert!(opened.text().contains("讲解审查意见"), "{}", opened.text());
});

db_test!(an_import_is_undone_once_what_was_corrected_is_voided, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期,指导要点\nZ7,J1,2025-07-01,讲解一\nZ8,J1,2025-07-02,讲解二\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    taken(o, &mut b, &at);
    assert!(!b.get(&at).read().contains("要先作废"));
    let record = count(db, "select record_id from l_guidance where record_code = 'Z7'");
    let values = [1.into(), "2025-07-03".into()];
    let current = db.read(|tx| o.current(tx)).unwrap();
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[layout.index("guidance").unwrap()];
    let mut row = NewRow { code: Some("Z7".into()), unit: None, values: vec![Value::Null; ledger.fields.len()] };
    for (field, value) in ["pair", "day"].iter().zip(values) {
        row.values[ledger.field_index(field).unwrap()] = value;
    }
    facts::correct(o, "周敏", "guidance", (record, 1), row, "核对").unwrap();
    let page = b.get(&at);
    assert!(page.read().contains("要先作废的1条") && page.text().contains("/ledgers/guidance/Z7\""), "{}", page.read());
    let undo = format!("{at}/undo");
    let got = b.submit(&at, &undo, &[("reason", "传错")]);
    assert!(got.status == 409 && got.read().contains("先逐条作废"), "{}", got.read());
    facts::void(o, "周敏", "guidance", (record, 2), "传错").unwrap();
    assert_eq!(b.submit(&at, &undo, &[("reason", "传错")]).status, 303);
    let got = b.submit("/imports", &format!("{at}/confirm"), &[("again", "yes")]);
    assert!(got.status == 409 && got.read().contains("写入后已撤销"), "{}", got.read());
    let sql = "select count(*) from l_guidance where record_code in ('Z7', 'Z8') and voided_at is null";
    assert_eq!(count(db, sql), 0);
    let list = b.get("/imports").read();
    assert!(list.contains("已撤销写入的2条已撤销") && !list.contains("已导入"), "{list}");
});

db_test!(a_list_that_comes_back_without_codes_is_told, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "结对,指导日期,指导方式\nJ1,2025-02-03,面谈\nJ2,2025-05-20,现场\nJ2,2025-05-21,现场\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    let page = settled(o, &mut b, &at);
    let said = page.read();
    assert!(said.contains("疑似重复2行（第2至3行）") && said.contains("全部为新增，其中2行疑似重复"), "{said}");
    assert!(page.text().contains("/ledgers/guidance/Z1\"") && page.text().contains("/ledgers/guidance/Z3\""), "{said}");
    // It is a warning: who is sure goes on, and says so.
    assert!(said.contains("一并写入（共3行）") && said.contains("不写入（只写入其余1行）"), "{said}");
    let got = b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]);
    assert!(got.status == 422 && got.read().contains("疑似重复的2行：请选择一并写入，还是不写入"), "{}", got.read());
    assert_eq!(b.submit(&at, &format!("{at}/drop"), &[]).status, 303);
    // What was dropped was not confirmed.
    for (act, told) in [("confirm", "这一批已放弃，没有写入"), ("drop", "这一批已放弃，不用再办")]
    {
        let got = b.submit("/imports", &format!("{at}/{act}"), &[("again", "yes"), ("alike", "write")]);
        assert!(got.status == 409 && got.read().contains(told), "{}", got.read());
    }
    let rows = || count(db, "select count(*) from l_guidance where voided_at is null");
    let standing = rows();
    for (choice, told, n) in [("leave", "写入1条", 1), ("write", "写入3条", 3)] {
        // What was written stands then, so that it is told of the next file as well: undone first.
        let at = send(&mut b, "guidance", "add", csv.as_bytes());
        let checked = settled(o, &mut b, &at).read();
        assert!(checked.contains("预计影响：疑似重复的一并写入") && checked.contains("预计影响：疑似重复的不写入"));
        assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes"), ("alike", choice)]).status, 303);
        let said = settled(o, &mut b, &at).read();
        assert!(said.contains(told) && rows() == standing + n, "{choice}: {said}");
        assert_eq!(said.contains("2行疑似重复，按您的选择没有写入"), choice == "leave", "{said}");
        assert_eq!(said.contains("（其中疑似重复2行，按您的选择一并写入）"), choice == "write", "{said}");
        assert!(b.get("/imports").read().contains(told));
        assert_eq!(b.submit(&at, &format!("{at}/undo"), &[("reason", "试传")]).status, 303);
        assert_eq!(rows(), standing);
    }
    // With one column that differs it is another; with one that only the row, or only the record, has filled it may be the same.
    let csv = "结对,指导日期,指导方式\nJ1,2025-02-03,现场\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    assert!(!settled(o, &mut b, &at).read().contains("疑似重复"));
    let csv = "结对,指导日期,指导方式,内容类别\nJ1,2025-02-03,面谈,项目评审\nJ2,2025-05-20,,\nJ1,2025-02-05,面谈,\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("疑似重复2行（第2至3行）"), "{said}");
    assert!(said.contains("第2行与它相同，只有一方填了：内容类别"), "{said}");
    assert!(said.contains("第3行与它相同，只有一方填了：指导方式"), "{said}");
    // Where all are left out nothing is written, and the batch is over.
    let at = send(&mut b, "guidance", "add", "结对,指导日期\nJ1,2025-02-03\n".as_bytes());
    assert!(settled(o, &mut b, &at).read().contains("不写入（没有别的行，这一批就此结束）"));
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes"), ("alike", "leave")]).status, 303);
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("1行疑似重复，按您的选择没有写入，没有别的行可写入") && rows() == standing, "{said}");
});

db_test!(what_seems_to_stand_since_the_check_is_told_before_it_is_left_out, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "结对,指导日期,指导方式\nJ1,2025-02-03,面谈\nJ1,2025-07-09,面谈\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    assert!(settled(o, &mut b, &at).read().contains("疑似重复1行（第2行）"));
    let filled = [("pair", 1.into()), ("day", "2025-07-09".into()), ("way", "面谈".into())];
    put(o, "guidance", "Z9", None, &filled);
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes"), ("alike", "leave")]).status, 303);
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("已重新检查") && said.contains("疑似重复2行（第2至3行）"), "{said}");
});

db_test!(a_field_of_a_verdict_under_an_unknown_head_is_asked_about, |db: &Db| {
    let (o, _dir) = &web_files::office(db);
    let mut b = Browser::of(o, Role::Office);
    let csv = "结对,指导日期,对方签字那天,哪一种\nJ1,2025-07-01,2025-07-03,项目评审\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    let page = settled(o, &mut b, &at);
    let said = page.read();
    assert!(said.contains("有2列拿不准") && said.contains("“对方签字那天”一列（C列）是"), "{said}");
    for choice in ["value=\"confirmed\"", "value=\"area\"", "value=\"content\"", "value=\"none\""] {
        assert_eq!(page.text().matches(choice).count(), 2, "{choice}");
    }
    assert_eq!(b.submit(&at, &format!("{at}/columns"), &[("q0", "confirmed"), ("q1", "area")]).status, 303);
    let page = settled(o, &mut b, &at).read();
    assert!(!page.contains("拿不准"), "{page}");
    taken(o, &mut b, &at);
    let sql = "select count(*) from l_guidance where \"area\" = '项目评审' and \"confirmed\" = '2025-07-03'";
    assert_eq!(count(db, sql), 1);
    // Where a date is missing that a record must have, every date without a column is offered.
    let at = send(&mut b, "guidance", "add", "结对,哪一天,指导要点\nJ1,2025-07-09,讲解\n".as_bytes());
    let page = settled(o, &mut b, &at).text();
    assert!(page.contains("value=\"day\"") && page.contains("value=\"confirmed\""), "{page}");
});

db_test!(a_cover_is_passed_over, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let mut book = rust_xlsxwriter::Workbook::new();
    let cover = book.add_worksheet().set_name("说明").unwrap();
    for (row, text) in ["2025年度指导记录汇总", "由各科室填报", "单位", "请在第二张表填写"].iter().enumerate()
    {
        cover.write(row as u32, 0, *text).unwrap();
    }
    cover.write(2, 1, "柳溪县发改局").unwrap();
    let data = book.add_worksheet().set_name("数据").unwrap();
    for (row, cells) in
        [["编号", "结对", "指导日期"], ["Z7", "J1", "2025-07-01"], ["Z8", "J9", "2025-07-02"]].iter().enumerate()
    {
        for (column, text) in cells.iter().enumerate() {
            data.write(row as u32, column as u16, *text).unwrap();
        }
    }
    book.add_worksheet().set_name("附注").unwrap().write(0, 0, "完").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let page = "/imports/new?ledger=guidance";
    let fields = [("ledger", "guidance"), ("mode", "add")];
    let got = b.send_files(page, page, &fields, &[("file", "汇总.xlsx", &bytes)]);
    let at = got.led().1.to_owned();
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("工作表“数据”，第1行是表头") && said.contains("可写入1行，1行有误"), "{said}");
    assert!(said.contains("工作表“说明”里没有这一台账的表头") && said.contains("没有读：附注"), "{said}");
    // Its errors are marked in the sheet that was read.
    assert_eq!(b.get(&format!("{at}/marked")).status, 200);
    assert!(taken(o, &mut b, &at).contains("写入1条"));
});
