//! What a file would do to the verdicts, on the pages of its import: told before anything is written, to who sent it and as
//! far as he sees.

use dongliang::{auth::Role, db::Db, db_test, installation::Installation, jobs};

use crate::{
    visit::{Browser, with_directory},
    web_lists::office,
};

/// Sends a file and gives the address of its batch, once it is checked.
fn checked(o: &Installation, b: &mut Browser, ledger: &str, csv: &str) -> String {
    let page = format!("/imports/new?ledger={ledger}");
    let fields = [("ledger", ledger), ("mode", "update")];
    let got = b.send_files(&page, &page, &fields, &[("file", "表.csv", csv.as_bytes())]);
    assert_eq!(got.status, 303, "{}", got.read());
    jobs::run_waiting(o).unwrap();
    got.led().1.to_owned()
}

fn verdicts(db: &Db) -> Vec<String> {
    let sql = "select requirement || ' ' || subject || ' ' || window_label || ' ' || state || ' ' || value from verdict \
               order by requirement, subject, rest, window_label";
    db.read(|tx| tx.rows(sql, &[], |r| Ok(r.text(0)?.to_owned()))).unwrap()
}

db_test!(what_a_file_would_do_is_told_before_it_is_written, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    jobs::run_waiting(o).unwrap();
    let before = verdicts(db);
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期,指导要点,帮带对象确认\nZ1,J1,2025-02-03,换了要点,2025-02-03\n\
        Z2,J1,2025-05-06,<script>alert('x')</script>,2025-05-06\nZ5,J1,2025-10-01,讲解一,2025-10-01\n\
        Z6,J1,2025-10-08,讲解二,2025-10-08\n";
    let at = checked(o, &mut b, "guidance", csv);
    let page = b.get(&at).read();
    for told in [
        "预计影响1项判定的结论改变",
        "进行中·红灯 → 达标　1项　柳溪县发改局1项",
        "由0次变为2次",
        "第3行：与已登记的相同，共1行",
        "讲解100%达标_的算法换了要点",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert_eq!(verdicts(db), before, "nothing is written");
    assert!(!b.get(&at).text().contains("<script>alert"));
    // Taken in, it says what was told; undone, nothing.
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let page = b.get(&at).read();
    assert!(page.contains("导入完成") && page.contains("确认前测算的影响"), "{page}");
    assert_ne!(verdicts(db), before);
    b.submit(&at, &format!("{at}/undo"), &[("reason", "试传")]);
    jobs::run_waiting(o).unwrap();
    assert!(!b.get(&at).read().contains("测算"));
    assert_eq!(verdicts(db), before);
});

db_test!(a_file_without_consequence_says_so_and_a_changed_reach_hides_what_was_told, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    jobs::run_waiting(o).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let at = checked(o, &mut b, "guidance", "编号,结对,指导日期\nZ1,J1,2025-02-03\n");
    let page = b.get(&at).read();
    assert!(page.contains("没有可写入的行") && !page.contains("判定因此"), "{page}");
    let at = checked(o, &mut b, "guidance", "编号,结对,指导日期,帮带对象确认\nZ9,J1,2025-10-03,2025-10-03\n");
    assert!(b.get(&at).read().contains("项判定"));
    db.write(|tx| tx.execute("update role_grant set unit_id = 2", &[])).unwrap();
    let page = b.get(&at);
    assert!(page.status != 200 || page.read().contains("能查看的范围有变化"), "{}", page.read());
});

db_test!(units_persons_and_posts_are_told_too, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    jobs::run_waiting(o).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let mut named = String::new();
    for (ledger, csv) in [
        (
            "unit",
            "编号,名称,层级,上级单位,设立日期\nU2,新溪县发改局,区县,云岭市发改委,2021-01-01\nU2-1,办公室,科室,新溪县发改局,2021-01-01\n",
        ),
        ("person", "编号,姓名,出生日期\nP9,周九,1999-01-01\n"),
        ("post", "编号,单位,人员,任职类别,任职日期\nA1,办公室,P3,普通干部,2025-07-01\n"),
    ] {
        let at = checked(o, &mut b, ledger, csv);
        let page = b.get(&at).read();
        assert!(page.contains("预计影响") && !page.contains("没有测算"), "{ledger}: {page}");
        assert!(!page.contains("行的新记录"), "{ledger}: {page}");
        named.push_str(&page);
    }
    // What is new is called as it stands in its row.
    assert!(named.contains("新溪县发改局（第2行）"), "{named}");
});
