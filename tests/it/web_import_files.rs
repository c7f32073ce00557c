//! Files that an import hands out and what it asks: the copy with its errors marked, templates empty and filled, columns
//! that are not clear, and how far it is.

use std::io::Cursor;

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    installation::Installation,
    jobs,
    sheet::{self, Limits, RawCell, Table, template},
};

use crate::{
    visit::{Browser, Got, with_directory},
    web_lists::office,
};

/// Sends a file and gives the address of its batch and its page, once it is checked.
fn checked(o: &Installation, b: &mut Browser, ledger: &str, mode: &str, name: &str, bytes: &[u8]) -> (String, String) {
    let page = format!("/imports/new?ledger={ledger}");
    let got = b.send_files(&page, &page, &[("ledger", ledger), ("mode", mode)], &[("file", name, bytes)]);
    assert_eq!(got.status, 303, "{}", got.read());
    jobs::run_waiting(o).unwrap();
    let at = got.led().1.to_owned();
    let page = b.get(&at).read();
    (at, page)
}

fn table(got: &Got) -> Table {
    assert_eq!(got.status, 200, "{}", got.read());
    sheet::read(Cursor::new(got.body.clone()), &Limits::default()).unwrap()
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(errors_are_marked_in_a_copy_that_can_be_mended_and_sent_again, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "柳溪县发改局指导记录\n编号,结对,指导日期,指导要点\nZ5,J1,2025/2/30,=1+1\nZ6,J9,2025-07-02,\nZ7,J1,2025-07-03,好\n";
    let (at, page) = checked(o, &mut b, "guidance", "add", "指导.csv", csv.as_bytes());
    assert!(page.contains("下载标出错误的文件"), "{page}");
    let got = b.get(&format!("{at}/marked"));
    assert!(got.header("content-disposition".parse().unwrap()).contains("%EF%BC%88%E6%A0%87%E5%87%BA"));
    let copy = table(&got);
    let text = |row: usize, column: usize| copy.rows[row].cells.get(column).map(RawCell::text).unwrap_or_default();
    assert_eq!(text(1, 4), "错误说明");
    assert!(text(2, 4).contains("没有这一天"), "{:?}", copy.rows[2]);
    assert!(text(3, 4).contains("没有找到所指的记录"), "{:?}", copy.rows[3]);
    assert_eq!((text(4, 4).as_str(), text(2, 3).as_str()), ("", "=1+1"), "text stays text");
    let notes = String::from_utf8_lossy(&got.body).contains("xl/comments1.xml");
    assert!(notes, "the reason stands at the cell");
    // The copy is read as the file was: its own column is left out.
    let (_, again) = checked(o, &mut b, "guidance", "add", "改.xlsx", &got.body);
    assert!(again.contains("共3行，可写入1行，2行有误") && again.contains("错误说明不导入"), "{again}");
    // Not for others, and not where nothing is wrong.
    assert_eq!(Browser::of(o, Role::Personnel).get(&format!("{at}/marked")).status, 404);
    let (good, page) =
        checked(o, &mut b, "guidance", "add", "好.csv", "编号,结对,指导日期\nZ8,J1,2025-07-03\n".as_bytes());
    assert!(!page.contains("标出错误") && b.get(&format!("{good}/marked")).status == 404);
});

db_test!(a_filled_template_that_comes_back_unchanged_brings_nothing, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    jobs::run_waiting(o).unwrap();
    let mut b = Browser::of(o, Role::Office);
    assert!(b.get("/imports/new?ledger=guidance").text().contains("filled=1"));
    let logged = "select count(*) from audit_entry where kind = 'export'";
    let before = count(db, logged);
    for ledger in ["guidance", "mentor_pair", "post", "unit", "person"] {
        let got = b.get(&format!("/imports/template?ledger={ledger}&filled=1"));
        let rows = count(db, &format!("select count(*) from l_{ledger} where voided_at is null"));
        assert_eq!(table(&got).rows.len() as i64, rows + 1, "{ledger}");
        let (_, page) = checked(o, &mut b, ledger, "update", "填好.xlsx", &got.body);
        assert!(page.contains(&format!("共{rows}行，{rows}行已在台账中，0行有误。没有可写入的行")), "{ledger}: {page}");
    }
    assert_eq!(count(db, logged) - before, 5);
    // A district's own records, and of persons their numbers masked.
    let mut own = Browser::of(o, Role::UnitAdmin);
    let units = table(&own.get("/imports/template?ledger=unit&filled=1"));
    assert!(units.rows.iter().all(|r| r.cells.iter().all(|c| c.text() != "U0")), "{units:?}");
    let text = format!("{:?}", table(&b.get("/imports/template?ledger=person&filled=1")));
    assert!(text.contains("139****2716") && !text.contains("13912342716"), "{text}");
    assert_eq!(table(&own.get("/imports/template?ledger=guidance")).rows.len(), 1, "the empty one");
});

db_test!(a_template_of_another_package_is_told, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let ours = b.get("/imports/template?ledger=guidance").body;
    let (_, page) = checked(o, &mut b, "guidance", "add", "模板.xlsx", &ours);
    assert!(!page.contains("以前的版本"), "{page}");
    let current = db.read(|tx| o.current(tx)).unwrap();
    let layout = &current.engine.layout;
    let ledger = &layout.ledgers[layout.index("guidance").unwrap()];
    let strange = template::made(ledger, o.clock.now().day, "0123456789ab", &template::Filled::default()).unwrap();
    let (_, page) = checked(o, &mut b, "guidance", "add", "旧.xlsx", &strange);
    assert!(page.contains("不是本系统现行或以前的版本"), "{page}");
});

db_test!(a_column_that_is_not_clear_is_asked_about_once_for_the_unit, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,那一天,别的\nZ5,J1,2025-07-01,讲解\n".as_bytes();
    let (at, page) = checked(o, &mut b, "guidance", "add", "表.csv", csv);
    assert!(
        page.contains("有2列拿不准") && page.contains("“那一天”一列（C列）是") && page.contains("前几个值：2025-07-01"),
        "{page}"
    );
    let action = format!("{at}/columns");
    for (q0, q1, told) in [("", "none", "请选择"), ("nothing", "none", "请选择"), ("day", "day", "已指给另一列")]
    {
        let got = b.submit(&at, &action, &[("q0", q0), ("q1", q1)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    assert_eq!(count(db, "select count(*) from import_answer"), 0);
    assert_eq!(b.submit(&at, &action, &[("q0", "day"), ("q1", "none")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let page = b.get(&at).read();
    assert!(page.contains("共1行，可写入1行") && !page.contains("拿不准"), "{page}");
    // The next file of the unit is not asked about; another unit's is.
    let more = "编号,结对,那一天,别的\nZ6,J1,2025-07-01,讲解\n".as_bytes();
    let (next, page) = checked(o, &mut b, "guidance", "add", "表二.csv", more);
    assert!(page.contains("可写入1行") && page.contains("按本单位以前的回答"), "{page}");
    let mut other = Browser::of(o, Role::UnitAdmin);
    let (_, page) = checked(o, &mut other, "guidance", "add", "表.csv", csv);
    assert!(page.contains("有2列拿不准"), "{page}");
    // What was answered wrongly is asked again.
    assert_eq!(b.submit(&next, &format!("{next}/columns"), &[("forget", "1")]).status, 303);
    jobs::run_waiting(o).unwrap();
    assert!(b.get(&next).read().contains("有2列拿不准"));
    assert_eq!(count(db, "select count(*) from import_answer"), 0);
    // Who has confirmed cannot change what the columns are.
    db.write(|tx| tx.execute("update import_batch set state = 'imported' where row_id = 1", &[])).unwrap();
    let token = b.get(&next).token();
    let late = b.post(&action, &[("form", &token), ("q0", "day"), ("q1", "none")]);
    assert!(late.status == 409 && late.read().contains("没有改动"), "{}", late.read());
});

db_test!(how_far_a_batch_is_is_told_as_it_goes_on, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let (at, _) = checked(o, &mut b, "guidance", "add", "表.csv", "编号,结对,指导日期\nZ5,J1,2025-07-01\n".as_bytes());
    let events = format!("{at}/events");
    let got = b.get(&events);
    assert!(got.status == 200 && got.text().contains("event: done"), "{}", got.text());
    assert!(got.header("content-type".parse().unwrap()).starts_with("text/event-stream"));
    assert_eq!(Browser::of(o, Role::Personnel).get(&events).status, 404);
    // While it waits it says so, and it says when that is over.
    let set = |state: &'static str| {
        db.write(move |tx| tx.execute("update import_batch set state = $1", &[state.into()])).unwrap();
    };
    set("waiting");
    assert!(b.get(&at).text().contains(&format!("data-live=\"{events}\"")));
    let told = std::thread::scope(|s| {
        let asked = s.spawn(|| b.get(&events).text());
        std::thread::sleep(std::time::Duration::from_millis(900));
        set("checked");
        asked.join().unwrap()
    });
    let waits = told.find("data: 排队等候").unwrap_or_else(|| panic!("{told}"));
    assert!(told[waits..].contains("event: done"), "{told}");
});

db_test!(a_file_of_another_ledger_is_said_to_be_one, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,单位,结对,指导日期,指导要点,帮带对象确认\nZ5,办公室,J1,2025-07-01,讲解,2025-07-01\n".as_bytes();
    let (at, page) = checked(o, &mut b, "talk", "add", "指导.csv", csv);
    assert!(page.contains("这份表不像“廉政谈话”，更像“指导记录”"), "{page}");
    assert!(page.contains("改为导入到“指导记录”") && page.contains("确是“廉政谈话”，逐列指明"), "{page}");
    assert!(!page.contains("拿不准"), "columns are not asked about one by one: {page}");
    // Who insists is asked.
    assert!(b.get(&format!("{at}?columns=1")).read().contains("拿不准"));
    // Where it may not go it does not.
    for ledger in ["low_rank", "nothing", ""] {
        assert_eq!(b.submit(&at, &format!("{at}/ledger"), &[("ledger", ledger)]).status, 404, "{ledger}");
    }
    let mut own = Browser::of(o, Role::UnitAdmin);
    let token = own.get("/account").token();
    assert_eq!(own.post(&format!("{at}/ledger"), &[("form", &token), ("ledger", "guidance")]).status, 404);
    assert_eq!(b.submit(&at, &format!("{at}/ledger"), &[("ledger", "guidance")]).led(), (303, at.as_str()));
    jobs::run_waiting(o).unwrap();
    let page = b.get(&at).read();
    assert!(page.contains("导入到：指导记录") && page.contains("可写入1行") && !page.contains("更像"), "{page}");
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let token = b.get("/account").token();
    let late = b.post(&format!("{at}/ledger"), &[("form", &token), ("ledger", "talk")]);
    assert!(late.status == 409 && late.read().contains("没有改动"), "{}", late.read());
    // In a file that has no head of the ledger at all it is said too.
    let (_, page) = checked(o, &mut b, "unit", "add", "指导.csv", csv);
    assert!(page.contains("更像“指导记录”"), "{page}");
    // What looks like nothing is said to be so, and asked about.
    let odd = "编号,甲,乙,丙,丁,结对\nZ6,1,2,3,4,J1\n".as_bytes();
    let (_, page) = checked(o, &mut b, "guidance", "add", "别的.csv", odd);
    assert!(page.contains("这份表不像“指导记录”：6列中有2列对得上，缺必填的指导日期"), "{page}");
    assert!(page.contains("拿不准"), "{page}");
});

db_test!(a_row_of_another_unit_is_shown_as_it_is_written, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::UnitAdmin);
    let csv = "编号,名称,层级,上级单位,设立日期\nU9,新科,科室,云岭市发改委,2025-07-01\n".as_bytes();
    let (_, page) = checked(o, &mut b, "unit", "add", "单位.csv", csv);
    assert!(page.contains("D　上级单位") && page.contains("云岭市发改委所属的单位不在您的范围内"), "{page}");
    assert!(!page.contains("（空）"), "{page}");
});
