//! A test on paper: its forms printed from its page, the same however often.

use std::io::{Cursor, Read as _};

use axum::http::header;
use dongliang::{
    audit,
    auth::Role,
    db::Db,
    db_test,
    exam::{print, printed, roll, test},
    jobs,
};

use crate::{
    audit::against,
    incremental::Office,
    sitting::{paper, published},
    visit::{Browser, Got, account},
};

/// Names and contents of a .zip.
fn unpacked(got: &Got) -> Vec<(String, Vec<u8>)> {
    let mut zip = zip::ZipArchive::new(Cursor::new(got.body.clone())).unwrap();
    (0..zip.len())
        .map(|i| {
            let mut file = zip.by_index(i).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            (file.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

/// The words of a .docx.
fn words(docx: &[u8]) -> String {
    let mut zip = zip::ZipArchive::new(Cursor::new(docx.to_vec())).unwrap();
    let mut xml = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    xml
}

fn print(b: &mut Browser, id: i64, forms: &str) -> Got {
    b.submit(&format!("/tests/{id}"), &format!("/tests/{id}/print"), &[("forms", forms)])
}

db_test!(forms_are_printed_from_the_page_and_stay_as_they_are, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, true);
    let inst = &o.installation;
    let mut b = Browser::of(inst, Role::Office);
    let page = b.get("/tests/1").text();
    assert!(page.contains("打印试卷") && page.contains("2份（A、B卷）") && page.contains("8份"), "{page}");
    for bad in ["", "0", "9", "x", "-1"] {
        let got = print(&mut b, 1, bad);
        assert!(got.status == 422 && got.read().contains("卷数应为1至8"), "{bad}: {}", got.read());
    }
    assert!(db.read(|tx| printed::of_test(tx, 1)).unwrap().is_empty(), "nothing for a refused form");

    let got = print(&mut b, 1, "2");
    assert_eq!((got.status, got.header(header::CONTENT_TYPE)), (200, "application/zip"));
    assert_eq!(got.header(header::CACHE_CONTROL), "no-store");
    assert!(got.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"paper-1.zip\""));
    let files = unpacked(&got);
    let names: Vec<&str> = files.iter().map(|(n, _)| n.as_str()).collect();
    let wanted = ["试卷A.docx", "答题卡A.docx", "答案A.docx", "试卷B.docx", "答题卡B.docx", "答案B.docx"];
    assert_eq!(names, wanted);
    assert!(words(&files[0].1).contains("专题班闭卷测试（A卷）") && words(&files[0].1).contains("时间60分钟"));
    assert!(words(&files[4].1).contains("答题卡（B卷）") && words(&files[4].1).contains("编号＿"));
    // The key says what stands in the order that is kept.
    let forms = db.read(|tx| printed::of_test(tx, 1)).unwrap();
    assert_eq!(printed::letters(&forms), "A、B");
    for (form, key) in forms.iter().zip([&files[2].1, &files[5].1]) {
        for asked in form.asked.iter().filter(|a| a.question < 2) {
            let right = print::answer(&sat.paper[asked.question].question, asked);
            assert!(words(key).contains(&format!(">{right}<")), "{right}");
        }
    }
    assert!(b.get("/tests/1").read().contains("A、B卷"));

    // Once more, and more of them: those that are there do not change.
    assert_eq!(print(&mut b, 1, "2").body, got.body);
    let three = unpacked(&print(&mut b, 1, "3"));
    assert_eq!((three.len(), &three[..6]), (9, &files[..]));
    assert_eq!(unpacked(&print(&mut b, 1, "1")), files[..3]);
    assert_eq!(db.read(|tx| printed::of_test(tx, 1)).unwrap()[..2], forms);

    // It is an act of the office: each is in the log, and the rows are held against it.
    let mut log = Browser::of(inst, Role::AuditAdmin);
    let told = log.get("/audit?kind=export").read();
    assert!(told.contains("试卷“专题班闭卷测试”A、B卷，含答案") && told.contains("A、B、C卷，含答案"), "{told}");
    audit::sequence(db).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);

    // Who has nothing to do with it gets nothing: other units, and those who sit it.
    account(inst, "elsewhere", Role::UnitAdmin, Some(4), None);
    let mut other = Browser::logged_in(inst, account(inst, "elsewhere", Role::UnitAdmin, Some(4), None));
    let token = other.get("/tests").token();
    assert_eq!(other.post("/tests/1/print", &[("form", &token), ("forms", "1")]).status, 404);
    let mut sitter = Browser::logged_in(inst, account(inst, "sitter", Role::Cadre, None, Some(3)));
    let token = sitter.get("/exams").token();
    assert_eq!(sitter.post("/tests/1/print", &[("form", &token), ("forms", "1")]).status, 403);
});

db_test!(a_draft_is_not_printed, |db: &Db| {
    let o = &Office::open(db, "2025-06-26");
    o.found();
    let items = paper(o, false);
    let mut b = Browser::of(&o.installation, Role::Office);
    let list: String = items.iter().map(|i| format!("{}, 20\n", i.number)).collect();
    let fields = [
        ("title", "季度<测试>"),
        ("activity", ""),
        ("opens", "2025-06-27T09:00"),
        ("closes", "2025-06-27T11:00"),
        ("minutes", "60"),
        ("attempts", "1"),
        ("list", &list),
    ];
    assert_eq!(b.submit("/tests/new", "/tests/new", &fields).led(), (303, "/tests/1?done=make"));
    assert!(!b.get("/tests/1").text().contains("/tests/1/print"));
    let got = print(&mut b, 1, "1");
    assert!(got.status == 409 && got.read().contains("发布后才能打印"), "{}", got.read());
    assert_eq!(b.submit("/tests/1", "/tests/1/publish", &[("from", "unit")]).led(), (303, "/tests/1?done=publish"));
    let got = print(&mut b, 1, "1");
    assert_eq!((got.status, unpacked(&got).len()), (200, 3));
    assert!(words(&unpacked(&got)[0].1).contains("季度&lt;测试&gt;"));
    // Who arranges it and is still to sit it himself does not see it: until he is excused, or it is over.
    let inst = &o.installation;
    let listed = db.read(|tx| roll::of_test(tx, 1)).unwrap()[0].person;
    let mut own = Browser::logged_in(inst, account(inst, "organiser", Role::Office, None, Some(listed)));
    for path in ["/tests/1/print", "/tests/1/marking"] {
        let token = own.get("/tests").token();
        let got = own.post(path, &[("form", &token), ("forms", "1"), ("question", "1")]);
        assert!(got.status == 409 && got.read().contains("您在应考名单上"), "{path}: {}", got.read());
    }
    assert_eq!(own.get("/tests/1/marking").status, 409);
});

db_test!(what_is_over_is_printed_as_it_was, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let _ = published(o, false);
    jobs::run_waiting(&o.installation).unwrap();
    let mut b = Browser::of(&o.installation, Role::Office);
    assert_eq!(db.read(|tx| test::get(tx, 1)).unwrap().unwrap().state, test::State::Closed);
    assert!(!b.get("/tests/1").text().contains("/tests/1/print"));
    let got = print(&mut b, 1, "1");
    assert!(got.status == 409 && got.read().contains("考试已结束，只能再次打印原有的0份卷"), "{}", got.read());
});
