//! 我的个人信息: what is told, what is counted, what is handed out, and that it is the reader's own alone.

use std::io::Read as _;

use axum::http::header;
use dongliang::{auth::Role, db::Db, db_test, installation::Installation};

use crate::{
    visit::{Browser, account},
    web_lists::office,
};

/// A browser of 孙三 (3), a cadre, mentee of one pair with two records of guidance.
fn sun(o: &Installation) -> Browser {
    Browser::logged_in(o, account(o, "sun", Role::Cadre, None, Some(3)))
}

db_test!(the_notice_tells_and_counts_the_own_records_alone, |db: &Db| {
    let o = &office(db);
    let mut b = sun(o);
    let page = b.get("/me").read();
    for told in
        ["个人信息处理告知", "云岭市发改委", "第十三条", "未规定", "领导小组办公室（全市", "办公室", "139****2716"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("13912342716"), "masked on the page");
    let text = b.get("/me").text();
    assert!(text.contains(r#"href="/me/records/guidance">2条"#) && text.contains(r#"/me/records/post">1条"#), "{text}");
    assert!(text.contains(r#"<a href="/requirements/R-21">"#), "{text}");
    let mine = b.get("/me/records/guidance").text();
    assert!(mine.contains("Z1") && mine.contains("Z2") && !mine.contains("Z3"), "{mine}");
    assert!(mine.contains(r#"href="/ledgers/guidance/Z1""#) && !mine.contains("<script>alert"));
    assert_eq!(b.get("/me/records/unit").status, 404, "names nobody");
    assert_eq!(b.get("/me/records/nothing").status, 404);
    assert!(b.get("/me/records/guidance?page=9&size=20").text().contains("Z1"), "the last page there is");
    // Who sees everybody by his role sees here the own alone.
    let mut head = Browser::logged_in(o, account(o, "an", Role::Office, None, Some(4)));
    let text = head.get("/me").text();
    assert!(text.contains(r#"/me/records/talk">1条"#) && !text.contains("/me/records/guidance"), "{text}");
    // An account of no person.
    let mut officer = Browser::of(o, Role::Security);
    let page = officer.get("/me");
    assert!(page.read().contains("没有对应到人员") && page.status == 200);
    assert!(!page.text().contains(r#"href="/requirements"#), "what cannot be opened is no link");
    assert_eq!(officer.get("/me/records/guidance").status, 404);
    assert!(b.get("/account").text().contains(r#"href="/me""#));
});

db_test!(the_own_data_leaves_whole_and_logged, |db: &Db| {
    let o = &office(db);
    let mut b = sun(o);
    let got = b.submit("/me", "/me/export", &[("format", "json")]);
    assert_eq!(got.status, 200, "{}", got.read());
    assert!(
        got.header(header::CONTENT_DISPOSITION).starts_with("attachment; filename=\"personal-data-2025-10-20.json\"")
    );
    let text = got.text();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(data["处理者"], "云岭市发改委");
    assert!(text.contains("13912342716") && !text.contains("139****"), "sensitive fields are whole: {text}");
    let sheet = |title: &str| {
        let sheets = data["台账记录"].as_array().unwrap();
        sheets.iter().find(|s| s["台账"] == title).map_or(0, |s| s["记录"].as_array().unwrap().len())
    };
    assert_eq!((sheet("人员"), sheet("任职"), sheet("指导记录"), sheet("谈话")), (1, 1, 2, 0));
    assert!(!text.contains("安四") && !text.contains("Z3"), "nothing of who has nothing to do with it");
    let got = b.submit("/me", "/me/export", &[("format", "docx")]);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(got.body)).unwrap();
    let mut xml = String::new();
    zip.by_name("word/document.xml").unwrap().read_to_string(&mut xml).unwrap();
    assert!(xml.contains("13912342716") && xml.contains("指导记录（2条）") && !xml.contains("安四"));
    for format in ["", "pdf"] {
        assert_eq!(b.submit("/me", "/me/export", &[("format", format)]).status, 400);
    }
    let entries = o.db.read(|tx| {
        tx.rows("select actor, payload from audit_entry where kind = 'export'", &[], |r| {
            Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned()))
        })
    });
    let entries = entries.unwrap();
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|(who, what)| who == "sun" && what.contains("本人的个人信息")), "{entries:?}");
});
