//! 我的个人信息: what is told, what is counted, what is handed out, and that it is the reader's own alone.

use std::io::Read as _;

use axum::http::header;
use dongliang::{
    auth::Role,
    day::Day,
    db::Db,
    db_test, directive, facts,
    feedback::HOURLY,
    installation::Installation,
    retention,
    web::{self, Transport},
};

use crate::{
    audit_deeds::deeds,
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
    for told in [
        "个人信息处理告知",
        "云岭市发改委",
        "第十三条",
        "未规定",
        "领导小组、领导小组办公室、",
        "干部（本人）",
        "办公室",
        "139****2716",
    ] {
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
    assert_eq!((sheet("人员"), sheet("任职"), sheet("指导记录"), sheet("廉政谈话")), (1, 1, 2, 0));
    assert!(!text.contains("安四") && !text.contains("Z3"), "nothing of who has nothing to do with it");
    // What is judged of him, and who looked.
    let verdicts = data["与本人有关的判定"].as_array().unwrap();
    assert!(verdicts.iter().any(|v| v["要求"].as_str().unwrap().starts_with("干-21 ")), "{verdicts:?}");
    assert!(
        data["谁看过我的档案"].as_array().unwrap().iter().any(|d| d[1].as_str().unwrap().starts_with("登记“人员”"))
    );
    assert!(data["账号"].as_array().unwrap().iter().any(|p| p[0] == "角色" && p[1].as_str().unwrap().contains("起")));
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

db_test!(a_request_is_answered_in_scope_after_the_record_was_corrected, |db: &Db| {
    let o = &office(db);
    let mut b = sun(o);
    let page = b.get("/ledgers/guidance/Z1").text();
    assert!(page.contains(r#"action="/requests/new""#) && page.contains("哪里有误"), "{page}");
    let long = "长".repeat(501);
    for (wrong, told) in [("", "请填写"), (long.as_str(), "最多500字，现在有501字"), ("a\u{202e}b", "控制字符")]
    {
        let fields = [("ledger", "guidance"), ("record", "1"), ("wrong", wrong), ("proposed", "面谈是现场")];
        let got = b.submit("/me", "/requests/new", &fields);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("提交未成功") && got.text().contains("面谈是现场"), "what was typed stays");
    }
    // Another's record, a ledger that names nobody, none at all.
    for (ledger, record) in [("guidance", "3"), ("guidance", "x"), ("unit", "1"), ("nothing", "1"), ("person", "1")] {
        let fields = [("ledger", ledger), ("record", record), ("wrong", "不对")];
        assert_eq!(b.submit("/me", "/requests/new", &fields).status, 404, "{ledger} {record}");
    }
    let fields = [("ledger", "guidance"), ("record", "1"), ("wrong", "日期<b>有误\r\n应早一天"), ("proposed", "")];
    assert_eq!(b.submit("/me", "/requests/new", &fields).led(), (303, "/me?done=request"));
    let own = b.get("/me").text();
    assert!(own.contains("日期&#60;b&#62;有误") && own.contains("待答复"), "{own}");
    // 15 workdays from Monday, 2025-10-20, by a calendar without marks there.
    assert!(own.contains("2025年11月10日前答复"), "{own}");
    assert_eq!(b.get("/requests/1").status, 403, "a cadre answers nothing");
    let mut far = Browser::logged_in(o, account(o, "far", Role::UnitAdmin, Some(4), None));
    assert_eq!((far.get("/requests/1").status, far.get("/requests").status), (404, 200));
    assert!(far.get("/requests").read().contains("没有更正申请"));
    let form = far.get("/account").token();
    assert_eq!(far.post("/requests/1", &[("form", &form), ("outcome", "refused"), ("words", "不")]).status, 404);
    let mut admin = Browser::of(o, Role::UnitAdmin);
    let list = admin.get("/requests").text();
    assert!(list.contains(r#"href="/requests/1""#) && list.contains("指导记录："), "{list}");
    for (outcome, words, told) in
        [("", "好", "请选择结果"), ("refused", "", "答复：请填写"), ("accepted", "已改", "还没有更正")]
    {
        let got = admin.submit("/requests/1", "/requests/1", &[("outcome", outcome), ("words", words)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    facts::void(o, "周敏", "guidance", (1, 1), "日期有误").unwrap();
    let answer = [("outcome", "accepted"), ("words", "已作废，将重新登记")];
    let form = admin.get("/requests/1").token();
    assert_eq!(admin.submit("/requests/1", "/requests/1", &answer).led(), (303, "/requests?done=answered"));
    let again = [("form", form.as_str()), ("outcome", "refused"), ("words", "不")];
    assert_eq!(admin.post("/requests/1", &again).status, 409, "answered already");
    let own = b.get("/me").text();
    assert!(own.contains("已更正") && own.contains("已作废，将重新登记"), "{own}");
    // Nobody answers himself.
    let mut head = Browser::logged_in(o, account(o, "head", Role::Personnel, None, Some(2)));
    let fields = [("ledger", "person"), ("record", "2"), ("wrong", "学历")];
    assert_eq!(head.submit("/me", "/requests/new", &fields).status, 303);
    assert!(head.get("/requests/2").read().contains("由他人答复"));
    assert_eq!(head.submit("/requests/2", "/requests/2", &[("outcome", "refused"), ("words", "x")]).status, 409);
    // Past its day it is marked.
    o.db.write(|tx| tx.execute("update correction_request set due = '2025-10-17' where row_id = 2", &[])).unwrap();
    assert!(admin.get("/requests").read().contains("已超期"));
    assert_eq!(noted(o, "request"), 3, "two asked, one answered");
});

/// Entries of a kind in the log.
fn noted(o: &Installation, kind: &'static str) -> i64 {
    let sql = "select count(*) from audit_entry where kind = $1";
    o.db.read(|tx| tx.one(sql, &[kind.into()], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(what_is_said_without_a_name_names_nobody, |db: &Db| {
    let o = &office(db);
    let mut b = sun(o);
    assert!(b.get("/ledgers/guidance?page=1").text().contains("/feedback/new?from=%2Fledgers%2Fguidance"));
    let form = b.get("/feedback/new?from=%2Fledgers%2Fguidance").text();
    assert!(form.contains(r#"value="/ledgers/guidance""#), "{form}");
    assert!(b.get("/feedback/new?from=https%3A%2F%2Fevil.test").text().contains(r#"name="page" value="/""#));
    let long = "长".repeat(2001);
    for (page, text, named, told) in [
        ("//evil.test", "好", "yes", "以“/”开头"),
        ("/", "", "yes", "请填写"),
        ("/", long.as_str(), "no", "最多2000字"),
        ("/", "a\u{0}b", "no", "控制字符"),
        ("/", "字小", "maybe", "请选择署名或匿名"),
    ] {
        let got = b.submit("/feedback/new", "/feedback/new", &[("page", page), ("text", text), ("named", named)]);
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
    }
    // Sent twice it is one, and the code is the same.
    let token = b.get("/feedback/new").token();
    let unnamed = [("form", token.as_str()), ("page", "/org"), ("text", "机构图太小"), ("named", "no")];
    let [code, again] = [(); 2].map(|()| {
        let got = b.post("/feedback/new", &unnamed);
        assert_eq!(got.status, 200);
        let text = got.text();
        let from = text.find(r#"<strong class="hash">"#).unwrap() + 21;
        text[from..].split('<').next().unwrap().to_owned()
    });
    assert_eq!(code, again);
    let got = b.submit("/feedback/new", "/feedback/new", &[("page", "/me"), ("text", "加一个按钮"), ("named", "yes")]);
    assert_eq!(got.led(), (303, "/me?done=feedback"));
    let kept = o.db.read(|tx| {
        tx.rows("select account_id, receipt from feedback order by row_id", &[], |r| {
            Ok((r.opt_i64(0)?.is_some(), r.opt_text(1)?.map(str::to_owned)))
        })
    });
    let kept = kept.unwrap();
    assert_eq!(kept.iter().map(|k| k.0).collect::<Vec<_>>(), [false, true]);
    assert!(kept[0].1.as_ref().is_some_and(|hash| *hash != code) && kept[1].1.is_none());
    let actors = o.db.read(|tx| {
        let sql = "select actor from audit_entry where kind = 'feedback' order by row_id";
        tx.rows(sql, &[], |r| Ok(r.text(0)?.to_owned()))
    });
    assert_eq!(actors.unwrap(), ["匿名", "sun"]);
    let mine = b.get("/me").read();
    assert!(mine.contains("加一个按钮") && !mine.contains("机构图太小"), "{mine}");
    assert_eq!(b.get("/feedback").status, 403);
    let mut desk = Browser::of(o, Role::Office);
    let far = desk.get("/feedback?page=9").read();
    assert!(far.contains("没有第9页：共1页") && far.contains("机构图太小"), "the nearest page: {far}");
    let list = desk.get("/feedback").read();
    assert!(list.contains("匿名") && list.contains("机构图太小") && list.contains("加一个按钮"), "{list}");
    assert_eq!(desk.submit("/feedback/1", "/feedback/1", &[("words", "")]).status, 422);
    for id in [1, 2] {
        let path = format!("/feedback/{id}");
        let got = desk.submit(&path, &path, &[("words", "下一版改")]);
        assert_eq!(got.led(), (303, "/feedback?done=answered"));
    }
    assert!(b.get("/me").read().contains("下一版改"));
    let got = b.submit("/feedback/new", "/feedback/answer", &[("code", &code.to_lowercase())]);
    assert!(got.status == 200 && got.read().contains("下一版改") && got.read().contains("机构图太小"));
    assert_eq!(b.submit("/feedback/new", "/feedback/answer", &[("code", "AAAA")]).status, 422);
    assert_eq!(desk.get("/feedback/9").status, 404);
});

db_test!(a_session_says_only_so_much_in_an_hour, |db: &Db| {
    let o = &office(db);
    let pages = web::pages(o.clone(), Transport::Loopback);
    let mut b = Browser { pages: Some(pages.clone()), ..sun(o) };
    let say = |b: &mut Browser, text: &str| {
        b.submit("/feedback/new", "/feedback/new", &[("page", "/"), ("text", text), ("named", "yes")]).status
    };
    assert_eq!([0; HOURLY].map(|_| say(&mut b, "好")), [303; HOURLY]);
    assert_eq!(say(&mut b, "还有"), 429);
    let mut other = Browser { pages: Some(pages), ..Browser::of(o, Role::Office) };
    assert_eq!(say(&mut other, "好"), 303, "others are not held up");
});

db_test!(retention_counts_and_shows_no_content, |db: &Db| {
    let o = &office(db);
    let report = o.db.read(|tx| {
        let current = o.current(tx)?;
        retention::report(tx, &current, Day::parse("2031-01-01").unwrap())
    });
    let report = report.unwrap();
    assert!(report.iter().all(|l| l.keep.is_none() && l.due.is_none()), "nothing was laid down: {report:?}");
    let line = |report: &[retention::Line], title: &str| report.iter().find(|l| l.ledger == title).unwrap().clone();
    assert_eq!(line(&report, "指导记录").rows, 4);
    for role in [Role::System, Role::AuditAdmin, Role::Auditor] {
        let page = Browser::of(o, role).get("/retention");
        assert_eq!(page.status, 200, "{role:?}");
        let text = page.read();
        assert!(text.contains("指导记录未规定") && text.contains("4条") && !text.contains("孙三"), "{text}");
    }
    // With a period: events by their day, items by their end, registers not at all.
    let files = o.db.read(|tx| Ok(o.current(tx)?.engine.package.files.clone())).unwrap();
    let kept = |files: &mut std::collections::BTreeMap<String, String>, ledger: &str| {
        let head = format!("[{ledger}]\n");
        let file = files.values_mut().find(|text| text.contains(&head)).unwrap();
        *file = file.replace(&head, &format!("{head}keep = \"5 years\"\n"));
    };
    let mut changed = files;
    kept(&mut changed, "guidance");
    kept(&mut changed, "mentor_pair");
    let (package, _, _) = directive::load_files(changed).unwrap();
    let guidance = package.ledgers.iter().find(|l| l.name == "guidance").unwrap();
    assert_eq!(guidance.keep, Some(5));
    for (day, due) in [("2030-02-03", 0), ("2030-02-04", 1), ("2030-05-07", 2), ("2030-06-21", 4)] {
        let lines = o.db.read(|tx| retention::of_ledgers(tx, &package.ledgers, Day::parse(day).unwrap())).unwrap();
        assert_eq!(line(&lines, "指导记录").due, Some(due), "{day}");
        assert_eq!(line(&lines, "导师帮带结对").due, Some(0), "pairs that have not ended");
    }
});

db_test!(what_is_sent_twice_at_once_is_kept_once, |db: &Db| {
    let o = &office(db);
    let id = account(o, "sunsan", Role::Cadre, None, Some(3));
    let mut own = Browser::logged_in(o, id);
    let form = own.get("/me").token();
    let at_once = |path: &'static str, fields: &[(&str, &str)]| {
        let statuses: Vec<u16> = std::thread::scope(|s| {
            let (cookies, form) = (&own.cookies, &form);
            let hands: Vec<_> = (0..4)
                .map(|_| {
                    s.spawn(move || {
                        let mut b = Browser::new(o);
                        b.cookies.clone_from(cookies);
                        b.post(path, &[&[("form", form.as_str())][..], fields].concat()).status
                    })
                })
                .collect();
            hands.into_iter().map(|h| h.join().unwrap()).collect()
        });
        assert_eq!(statuses, [303; 4], "{path}");
    };
    let count = |table: &str| {
        let sql = format!("select count(*) from {table}");
        o.db.read(|tx| tx.one(&sql, &[], |r| r.i64(0))).unwrap().unwrap()
    };
    let record = [("ledger", "person"), ("record", "3"), ("wrong", "籍贯有误"), ("proposed", "云岭市")];
    at_once("/requests/new", &record);
    assert_eq!(count("correction_request"), 1);
    at_once("/requests/new", &[&record[..3], &[("proposed", "柳溪县")]].concat());
    assert_eq!(count("correction_request"), 2, "other words are another request");
    at_once("/feedback/new", &[("page", "/me"), ("text", "字太小"), ("named", "yes")]);
    assert_eq!(count("feedback"), 1);
    assert_eq!(deeds(db, &["request", "feedback"]).len(), 3);
});
