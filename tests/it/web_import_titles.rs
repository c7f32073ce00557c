//! Records that others refer to are named in files by the title that pages show, as well as by their number.

use std::io::Cursor;

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test,
    installation::Installation,
    org::builtin,
    sheet::{self, Limits, Table},
};

use crate::{
    visit::{Browser, Got, with_directory},
    web_imports::{send, settled},
    web_lists::{office, put},
    web_records::{NEW, send as post},
};

/// One sheet of a workbook, by its name.
fn named(got: &Got, name: &str) -> Table {
    let table = sheet::read_fitting(Cursor::new(got.body.clone()), &Limits::default(), &|t| t.sheet == name).unwrap();
    assert_eq!(table.sheet, name);
    table
}

/// A pair of another district than the unit's of the small office: `何甲—吴乙`.
fn elsewhere(o: &Installation) {
    let level = builtin::LEVELS[1].into();
    let filled: [(&str, Value); 4] =
        [("name", "青禾县发改局".into()), ("level", level), ("parent", 1.into()), ("from", "2020-01-01".into())];
    let unit = put(o, "unit", "U2", None, &filled);
    let [one, two] = [("P6", "何甲"), ("P7", "吴乙")].map(|(code, name)| {
        let id = put(o, "person", code, None, &[("name", name.into()), ("born", "1990-01-01".into())]);
        let duty = builtin::DUTIES[3].into();
        let post = [("person", id.into()), ("duty", duty), ("title", "科员".into()), ("from", "2020-01-01".into())];
        put(o, "post", &format!("{code}-post"), Some(unit), &post);
        id
    });
    pair(o, "J6", one, two);
}

fn pair(o: &Installation, code: &str, mentor: i64, mentee: i64) {
    let filled = [("mentor", mentor.into()), ("mentee", mentee.into()), ("starts", "2025-01-01".into())];
    put(o, "mentor_pair", code, None, &filled);
}

fn checked(o: &Installation, b: &mut Browser, csv: &str) -> String {
    let at = send(b, "guidance", "add", csv.as_bytes());
    settled(o, b, &at).read()
}

db_test!(a_pair_is_named_by_both_persons, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    // However the dash is written; the other way round it is another pair.
    let csv = "结对,指导日期\n赵一—钱二,2025-07-01\n赵一 －－ 钱二,2025-07-02\n赵一-钱二,2025-07-03\nJ2,2025-07-04\n\
               钱二—赵一,2025-07-05\n赵一,2025-07-06\n";
    let at = send(&mut b, "guidance", "add", csv.as_bytes());
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("共6行，可写入4行，2行有误"), "{page}");
    assert!(page.contains("没有找到所指的记录") && page.contains("编号或页面上显示的名称"), "{page}");
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    settled(o, &mut b, &at);
    let sql =
        "select count(*) from l_guidance where \"pair\" = 2 and \"day\" >= '2025-07-01' and \"day\" <= '2025-07-04'";
    assert_eq!(db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap(), Some(4));
    // Of several the numbers are told.
    pair(o, "J3", 2, 3);
    let page = checked(o, &mut b, "结对,指导日期\n钱二—孙三,2025-08-01\n");
    assert!(page.contains("同名的记录不止一条：编号J1；编号J3") && page.contains("请改填编号"), "{page}");
    // One that is voided is no longer meant.
    dongliang::facts::void(o, "周敏", "mentor_pair", (3, 1), "登记错了").unwrap();
    assert!(checked(o, &mut b, "结对,指导日期\n钱二—孙三,2025-08-02\n").contains("可写入1行，0行有误"));
});

db_test!(titles_outside_the_scope_name_nothing, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    elsewhere(o);
    let csv = "结对,指导日期\n何甲—吴乙,2025-07-01\n";
    assert!(checked(o, &mut Browser::of(o, Role::Office), csv).contains("可写入1行，0行有误"));
    let mut own = Browser::of(o, Role::UnitAdmin);
    let page = checked(o, &mut own, csv);
    assert!(page.contains("没有找到所指的记录") && !page.contains("J6"), "{page}");
    // As it would say of a pair that nobody has.
    let page = checked(o, &mut own, "结对,指导日期\n何甲—孙三,2025-07-01\n钱二—孙三,2025-07-02\n");
    assert!(page.contains("没有找到所指的记录") && page.contains("可写入1行，1行有误"), "{page}");
    // Nor are they listed to be copied.
    let got = own.get("/imports/template?ledger=guidance&filled=1");
    let listed = format!("{:?}", named(&got, "可填的记录"));
    assert!(listed.contains("钱二—孙三") && listed.contains("J1") && !listed.contains("何甲"), "{listed}");
});

db_test!(a_template_says_that_both_are_possible, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    // Of one title the date tells which is which.
    let again = [("mentor", 2.into()), ("mentee", 3.into()), ("starts", "2024-06-01".into())];
    put(o, "mentor_pair", "J3", None, &again);
    let got = b.get("/imports/template?ledger=guidance&filled=1");
    let told = format!("{:?}", named(&got, "填写说明"));
    assert!(
        told.contains("编号，或页面上显示的名称（如“王某某—李某某”）") && told.contains("BH-001，或王某某—李某某"),
        "{told}"
    );
    let listed = named(&got, "可填的记录");
    let texts: Vec<Vec<String>> = listed.rows.iter().map(|r| r.cells.iter().map(|c| c.text()).collect()).collect();
    assert_eq!(texts[0], ["“结对”一列：导师帮带结对，共3条"]);
    assert_eq!(
        texts[1..],
        [
            ["编号", "名称", "结对日期"],
            ["J2", "赵一—钱二", "2025-01-01"],
            ["J3", "钱二—孙三", "2024-06-01"],
            ["J1", "钱二—孙三", "2025-01-01"]
        ]
    );
    // The empty one explains and lists nothing.
    let got = b.get("/imports/template?ledger=guidance");
    assert!(format!("{:?}", named(&got, "填写说明")).contains("（如“王某某—李某某”）"));
    assert!(!sheet::read(Cursor::new(got.body), &Limits::default()).unwrap().others.contains(&"可填的记录".to_owned()));
});

db_test!(a_picker_finds_a_pair_by_both_persons, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    for text in ["钱二—孙三", "钱二－孙三", "钱二 -- 孙三"] {
        let opened = b.get(NEW);
        let got = post(&mut b, &opened, NEW, &[("f.pair", text), ("find", "f.pair")]);
        let said = got.read();
        assert!(said.contains("钱二—孙三") && !said.contains("赵一—钱二"), "{text}: {said}");
    }
});

db_test!(names_written_with_blanks_are_understood_while_they_fit_one, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let level = builtin::LEVELS[1].into();
    let filled: [(&str, Value); 4] =
        [("name", "青禾县发改局".into()), ("level", level), ("parent", 1.into()), ("from", "2020-01-01".into())];
    let district = put(o, "unit", "U2", None, &filled);
    let level = builtin::LEVELS[2].into();
    let filled: [(&str, Value); 4] =
        [("name", "办公室".into()), ("level", level), ("parent", district.into()), ("from", "2020-01-01".into())];
    put(o, "unit", "U2-1", None, &filled);
    let mut b = Browser::of(o, Role::Office);
    let csv = "单位,姓名,任职类别,职务,任职日期\n青禾县发改局　办公室,钱　二,普通干部,科员,2025-03-01\n\
               柳溪县 发改局,赵 一,普通干部,科员,2025-03-01\n柳溪县发改局 办公室,王 五,普通干部,科员,2025-03-01\n\
               办 公 室,孙三,普通干部,科员,2025-03-01\n";
    let at = send(&mut b, "post", "add", csv.as_bytes());
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("共4行，可写入2行，2行有误"), "{said}");
    assert!(said.contains("王 五花名册中没有这个人"), "{said}");
    let both = "同名单位不止一个：柳溪县发改局/办公室（编号 U1-1）；青禾县发改局/办公室（编号 U2-1）";
    assert!(said.contains("办 公 室") && said.contains(both), "{said}");
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    settled(o, &mut b, &at);
    let posts = |person: i64, unit: &str| {
        let sql = "select count(*) from l_post p join l_unit u on u.record_id = p.unit_id and u.record_code = $2 \
                   where p.\"person\" = $1 and p.\"from\" = '2025-03-01'";
        let params = [person.into(), unit.into()];
        db.read(|tx| tx.one(sql, &params, |r| r.i64(0))).unwrap()
    };
    assert_eq!((posts(2, "U2-1"), posts(1, "U1")), (Some(1), Some(1)));
});

db_test!(a_code_is_understood_in_either_width_and_case, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "结对,指导日期\nＪ１,2025-07-01\nj2,2025-07-02\nｊ１,2025-07-03\nj9,2025-07-04\n";
    let said = checked(o, &mut b, csv);
    assert!(said.contains("可写入3行，1行有误") && said.contains("j9没有找到所指的记录"), "{said}");
    // A code as it is written goes before one that differs in case.
    pair(o, "j1", 2, 3);
    let said = checked(o, &mut b, "结对,指导日期\nj1,2025-07-05\nJ1,2025-07-06\n");
    assert!(said.contains("可写入2行，0行有误"), "{said}");
    let said = checked(o, &mut b, "结对,指导日期\nＪ１,2025-07-07\n");
    assert!(said.contains("可写入1行，0行有误"), "the plain form is one of the two: {said}");
    let at = send(&mut b, "talk", "add", "谈话人,谈话对象,谈话日期,谈话类型\np1,Ｐ３,2025-07-01,例行\n".as_bytes());
    let said = settled(o, &mut b, &at).read();
    assert!(said.contains("可写入1行，0行有误"), "{said}");
});

db_test!(a_number_that_fits_two_records_names_none, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    // A pair with the code 4 stands before the fourth record, which has no code.
    pair(o, "4", 2, 3);
    let csv = "导师,帮带对象,结对日期\n赵一,孙三,2025-04-01\n";
    let at = send(&mut b, "mentor_pair", "add", csv.as_bytes());
    settled(o, &mut b, &at);
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    assert!(settled(o, &mut b, &at).read().contains("写入1条"));
    let said = checked(o, &mut b, "结对,指导日期\n4,2025-07-01\n");
    assert!(said.contains("这个数对得上的记录不止一条：编号4的“钱二—孙三”；没有编号、顺序号4的“赵一—孙三”"), "{said}");
    assert!(said.contains("可写入0行，1行有误") || said.contains("1行有误。没有可写入的行"), "{said}");
    // A code is meant before the number of a record that has a code of its own.
    pair(o, "2", 1, 3);
    let said = checked(o, &mut b, "结对,指导日期\n2,2025-07-02\n");
    assert!(said.contains("可写入1行，0行有误"), "{said}");
});
