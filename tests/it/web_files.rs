//! Files of records: taken by their content, kept once, handed out within the scope alone; what is wrong is told and
//! leaves nothing behind; they go with backups, keys, proofs, deletions and the own data.

use std::{
    fs,
    path::{Path, PathBuf},
};

use axum::http::header;
use dongliang::{
    apply, attach, audit,
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, testing::TempDir},
    db_test, directive,
    installation::Installation,
    ledger::{Cipher, Keys},
    rekey, retention,
    scope::Actor,
};
use serde_json::Value as Json;

use crate::{
    audit::{against, signer},
    retention::order,
    visit::{Browser, Got, account, with_directory},
    web_lists::put,
};

const AT: &str = "/ledgers/mentor_pair/J1";
const PDF: &[u8] = b"%PDF-1.7\n%agreement";

/// A city and a district with a pair each and a talk, under the directive's own package.
pub(crate) fn office(db: &Db) -> (Installation, TempDir) {
    let (package, _, _) = directive::own().unwrap();
    let actor = Actor { account: None, name: "命令行".into(), at: 1 };
    db.seal_entries(Keys::from_bytes([7; 32], [9; 32]).audit_seal());
    db.write(move |tx| apply::apply(tx, None, &package, &actor)).unwrap();
    let clock = Clock::Standing(Day::parse("2025-10-20").unwrap());
    let office = Installation::new(db.clone(), Keys::from_bytes([7; 32], [9; 32]), clock).unwrap();
    let o = &office;
    let unit = |code: &str, name: &str, level: &str, parent: Option<i64>| {
        let filled =
            [("name", name.into()), ("level", level.into()), ("parent", parent.into()), ("from", "2020-01-01".into())];
        put(o, "unit", code, None, &filled)
    };
    let city = unit("U0", "云岭市发改委", "市", None);
    let district = unit("U1", "柳溪县发改局", "区县", Some(city));
    let person = |code: &str, name: &str, unit: i64| {
        let id = put(o, "person", code, None, &[("name", name.into()), ("phone", "13912342716".into())]);
        let filled = [("person", id.into()), ("duty", "普通干部".into()), ("from", "2020-01-01".into())];
        put(o, "post", &format!("{code}-post"), Some(unit), &filled);
        id
    };
    let (one, two, three) =
        (person("P1", "赵一", district), person("P2", "钱二", district), person("P3", "孙三", city));
    for (code, mentor, mentee) in [("J1", one, two), ("J2", one, three)] {
        let filled = [("mentor", mentor.into()), ("mentee", mentee.into()), ("starts", "2025-01-01".into())];
        put(o, "mentor_pair", code, None, &filled);
    }
    let talk =
        [("kind", "提醒".into()), ("talker", one.into()), ("listener", two.into()), ("day", "2025-04-03".into())];
    put(o, "talk", "T1", None, &talk);
    with_directory(&office)
}

/// Sends files to a record, as the form on its page does.
fn send(b: &mut Browser, at: &str, field: &str, files: &[(&str, &[u8])]) -> Got {
    let once = once(&b.get(at).text());
    send_as(b, at, &once, field, files)
}

fn send_as(b: &mut Browser, at: &str, once: &str, field: &str, files: &[(&str, &[u8])]) -> Got {
    let files: Vec<(&str, &str, &[u8])> = files.iter().map(|(name, content)| ("file", *name, *content)).collect();
    b.send_files(at, &format!("{at}/files"), &[("once", once), ("field", field)], &files)
}

/// The key of the first form that has one.
fn once(page: &str) -> String {
    let from = page.find(r#"name="once" value=""#).map_or(0, |at| at + 19);
    page[from..].split('"').next().unwrap().to_owned()
}

/// Addresses of the files on a page.
fn files(page: &str) -> Vec<String> {
    let hrefs = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
    hrefs.filter(|href| href.contains("/files/")).collect()
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|e| e.unwrap().path()).filter(|p| !p.ends_with(".lock"));
    paths.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

fn kept(dir: &TempDir) -> Vec<PathBuf> {
    walk(&dir.0.join("attachments"))
}

/// Payloads of the entries of a kind.
fn told(o: &Installation, kind: &'static str) -> Vec<Json> {
    let sql = "select payload from audit_entry where kind = $1 order by row_id";
    let found = o.db.read(|tx| tx.rows(sql, &[kind.into()], |r| Ok(r.opt_text(0)?.unwrap_or("null").to_owned())));
    found.unwrap().iter().map(|payload| serde_json::from_str(payload).unwrap()).collect()
}

fn remove(b: &mut Browser, at: &str, file: &str, reason: &str) -> Got {
    let page = b.get(at).text();
    let (form, once) = (b.get(at).token(), once(&page));
    let id = file.rsplit('/').next().unwrap();
    b.post(&format!("{at}/files/remove"), &[("form", &form), ("once", &once), ("file", id), ("reason", reason)])
}

db_test!(a_file_is_kept_told_and_handed_out_as_it_was, |db: &Db| {
    let (o, dir) = &office(db);
    let mut b = Browser::of(o, Role::Office);
    assert!(b.get(AT).read().contains("没有附件"));
    let sent = send(&mut b, AT, "agreement", &[("协议（赵一）𠮷.pdf", PDF)]);
    assert!(sent.led().0 == 303 && sent.led().1.starts_with("/ledgers/mentor_pair/1?saved="), "{}", sent.read());
    let page = b.get(AT);
    let text = page.read();
    for word in
        ["协议（赵一）𠮷.pdf", "帮带协议", "1KB", "校验码", "更正，第2版", "原因：上传帮带协议：“协议（赵一）𠮷.pdf”"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    let [file] = &files(&page.text())[..] else { panic!("{}", page.text()) };
    let got = b.get(file);
    assert_eq!((got.status, &got.body[..]), (200, PDF));
    let name = got.header(header::CONTENT_DISPOSITION);
    assert!(name.starts_with("attachment; filename=\"file-1.pdf\"; filename*=UTF-8''%E5%8D%8F"), "{name}");
    assert_eq!(got.header(header::CONTENT_TYPE), "application/pdf");
    assert_eq!(got.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    // Two more that stand in no field; the same bytes lie there once, whichever record has them.
    let more: [(&str, &[u8]); 2] = [("a.png", b"\x89PNG\r\n\x1a\n"), ("说明.txt", "一、二".as_bytes())];
    assert_eq!(send(&mut b, AT, "", &more).status, 303);
    assert_eq!(send(&mut b, "/ledgers/mentor_pair/J2", "", &[("另一份.pdf", PDF)]).status, 303);
    assert_eq!((kept(dir).len(), walk(&dir.0.join("uploads")).len()), (3, 0));
    // A correction of the record leaves its files alone.
    let form = b.get(&format!("{AT}/correct")).text();
    assert!(form.contains("更正"));
    // Out of the field with a reason; the record's history and the other record keep it.
    let out = remove(&mut b, AT, file, "传错了版本");
    assert_eq!(out.status, 303, "{}", out.read());
    let page = b.get(AT);
    assert!(page.read().contains("原因：移除帮带协议：传错了版本") && !page.text().contains(file), "{}", page.read());
    let gone = b.get(file);
    assert!(gone.status != 200 && gone.read().contains("传错了版本"), "{} {}", gone.status, gone.read());
    assert_eq!(kept(dir).len(), 3);
    let [png, ..] = &files(&page.text())[..] else { panic!() };
    assert_eq!(remove(&mut b, AT, png, "与本条无关").status, 303);
    let text = b.get(AT).read();
    assert!(
        text.contains("上传附件“a.png”") && text.contains("移除附件“a.png”") && text.contains("与本条无关"),
        "{text}"
    );
    let entries = told(o, "attach");
    assert_eq!(entries.len(), 5);
    assert_eq!((&entries[0]["title"], &entries[0]["record"]), (&"附上“协议（赵一）𠮷.pdf”".into(), &1.into()));
    assert_eq!(entries[3]["reason"], "传错了版本");
    assert!(Browser::of(o, Role::Auditor).get("/audit").status != 500);
    // The field is free again.
    assert_eq!(send(&mut b, AT, "agreement", &[("新协议.pdf", b"%PDF-2.0 new")]).status, 303);
});

db_test!(what_is_no_paper_is_refused_and_leaves_nothing, |db: &Db| {
    let (o, dir) = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let long = format!("{}.pdf", "名".repeat(2000));
    for (name, content, told) in [
        ("协议.pdf", &b"MZ\x90\x00\x03\x00"[..], "文件“协议.pdf”的内容是可执行程序，没有收下"),
        ("协议.exe", PDF, "与名称的后缀不一致"),
        ("协议.docx", b"PK\x03\x04broken", "已经损坏"),
        ("空.pdf", b"", "是空的"),
        ("../../etc/passwd", PDF, "文件“passwd”"),
        (r"C:\a\b.pdf", b"\x7fELF", "文件“b.pdf”"),
        ("<b>.pdf", b"\x7fELF", "&#60;b&#62;.pdf"),
        ("a\u{202e}fdp.exe", PDF, "文件“afdp.exe”"),
        ("", b"", "请选择要上传的文件"),
    ] {
        let got = send(&mut b, AT, "agreement", &[(name, content)]);
        let said = got.read() + &got.text();
        assert!(got.status == 422 && said.contains(told), "{name}: {} {}", got.status, got.read());
        assert!(got.text().contains(r##"<a href="#fu-file">"##) && got.text().contains("aria-invalid"), "{name}");
    }
    assert!(kept(dir).is_empty() && walk(&dir.0.join("uploads")).is_empty());
    // What was chosen stays.
    let got = send(&mut b, AT, "", &[("大.pdf", &[PDF, &vec![b'x'; 21 << 20]].concat())]);
    assert!(got.status == 413 && got.read().contains("20MB"), "{} {}", got.status, got.read());
    assert!(got.text().contains(r#"<option value="" selected>其他材料"#), "{}", got.text());
    let six: Vec<(&str, &[u8])> = (0..6).map(|_| ("a.pdf", PDF)).collect();
    assert!(send(&mut b, AT, "", &six).read().contains("一次最多上传5个"));
    let two: [(&str, &[u8]); 2] = [("a.pdf", PDF), ("b.pdf", b"%PDF-2")];
    assert!(send(&mut b, AT, "agreement", &two).read().contains("“帮带协议”只放一个文件"));
    assert!(send(&mut b, AT, "nothing", &two[..1]).read().contains("栏目已经不在了"));
    // One wrong file, none is taken.
    let mixed: [(&str, &[u8]); 2] = [("a.pdf", PDF), ("b.pdf", b"MZ")];
    assert_eq!(send(&mut b, AT, "", &mixed).status, 422);
    assert!(told(o, "attach").is_empty());
    // The same content twice, at once or later, under whatever name; the same form twice.
    let twice: [(&str, &[u8]); 2] = [("a.pdf", PDF), ("b.pdf", PDF)];
    let got = send(&mut b, AT, "", &twice);
    assert!(got.status == 422 && got.read().contains("“b.pdf”与一同上传的“a.pdf”内容相同"), "{}", got.read());
    assert!(told(o, "attach").is_empty());
    let key = once(&b.get(AT).text());
    for _ in 0..2 {
        assert_eq!(send_as(&mut b, AT, &key, "agreement", &[("协议.pdf", PDF)]).status, 303);
    }
    assert_eq!(told(o, "attach").len(), 1);
    let other = send_as(&mut b, AT, &key, "", &[("另一份.pdf", b"%PDF-other")]);
    assert!(other.status == 422 && other.read().contains("这张表单已用过"), "{}", other.read());
    let again = send(&mut b, AT, "", &[("同一份.pdf", PDF)]);
    assert!(
        again.status == 422 && again.read().contains("“同一份.pdf”与本条记录已有的附件内容相同（test-office，"),
        "{}",
        again.read()
    );
    assert!(send(&mut b, AT, "agreement", &[("新.pdf", b"%PDF-2")]).read().contains("请先移除它并写明原因"));
    // A long name keeps its ending.
    assert_eq!(send(&mut b, AT, "", &[(&long, b"%PDF-3")]).status, 303);
    assert!(b.get(AT).read().contains("名名名.pdf"));
    // Without a reason nothing is removed, and the choice stays.
    let [first, ..] = &files(&b.get(AT).text())[..] else { panic!() };
    let got = remove(&mut b, AT, first, " ");
    assert!(got.status == 422 && got.text().contains(r##"href="#fr-reason""##), "{} {}", got.status, got.read());
    assert!(remove(&mut b, AT, "999", "没有").read().contains("没有这个附件"));
    for (key, status) in [("", 400), ("x", 400)] {
        assert_eq!(send_as(&mut b, AT, key, "", &[("a.pdf", b"%PDF-9")]).status, status);
    }
    // Of a voided record they stay, and none is added.
    dongliang::facts::void(o, "周敏", "mentor_pair", (1, 2), "登记错了").unwrap();
    let page = b.get("/ledgers/mentor_pair/1");
    assert!(!page.text().contains("type=\"file\"") && b.get(first).status == 200, "{}", page.read());
    let once = "ab".repeat(32);
    let got = b.send_files("/account", "/ledgers/mentor_pair/1/files", &[("once", &once)], &[("file", "x.pdf", PDF)]);
    assert!(got.status != 303 && got.read().contains("已由周敏作废"), "{} {}", got.status, got.read());
});

db_test!(files_are_for_who_may_see_the_record, |db: &Db| {
    let (o, _dir) = &office(db);
    let mut b = Browser::of(o, Role::Office);
    assert_eq!(send(&mut b, AT, "", &[("协议.pdf", PDF)]).status, 303);
    let file = &files(&b.get(AT).text())[0];
    let once = "cd".repeat(32);
    let form = [("once", once.as_str())];
    let mut stranger = Browser::logged_in(o, account(o, "stranger", Role::Cadre, None, Some(3)));
    assert_eq!(stranger.get(file).status, 404);
    let mut elsewhere = Browser::logged_in(o, account(o, "clerk", Role::Clerk, Some(1), None));
    let mut auditor = Browser::of(o, Role::Auditor);
    assert_eq!(auditor.get(file).status, 200);
    assert!(!auditor.get(AT).text().contains("type=\"file\""));
    let address = format!("{AT}/files");
    assert_eq!(auditor.send_files("/account", &address, &form, &[("file", "x.pdf", PDF)]).status, 403);
    assert_eq!(stranger.send_files("/account", &address, &form, &[("file", "x.pdf", PDF)]).status, 404);
    assert!(elsewhere.send_files("/account", &address, &form, &[("file", "x.pdf", PDF)]).status >= 303);
    let mut mentor = Browser::logged_in(o, account(o, "mentor", Role::Cadre, None, Some(1)));
    assert_eq!(mentor.get(file).status, 200, "a part in the pair shows it");
    // Another record's address does not lead to it.
    assert_eq!(b.get(&file.replace("/1/files", "/2/files")).status, 404);
    for bad in ["0", "-1", "x", "999999999999999999999", "1%00", "..%2F1", "%3Cscript%3E"] {
        let at = format!("{AT}/files/{bad}");
        assert!(matches!(b.get(&at).status, 400 | 404), "{bad}");
    }
});

db_test!(files_of_a_sensitive_ledger_are_sealed_and_opened_with_a_reason, |db: &Db| {
    let (o, dir) = &office(db);
    let at = "/ledgers/talk/T1";
    let mut b = Browser::of(o, Role::Party);
    let content = "谈话要点：只说给他听".as_bytes();
    let sent = send(&mut b, at, "sheet", &[("钱二谈话记录.txt", content)]);
    assert_eq!(sent.status, 303, "{}", sent.read());
    let page = b.get(at);
    assert!(page.read().contains("第1号附件（文本）") && files(&page.text()).iter().all(|f| f.ends_with("/open")));
    assert!(!page.read().contains("钱二谈话记录"), "{}", page.read());
    for path in kept(dir) {
        let bytes = fs::read(path).unwrap();
        assert!(!bytes.windows(6).any(|w| content.windows(6).any(|c| c == w)), "no letter lies there in the clear");
    }
    let everything = format!("{:?}{:?}", told(o, "attach"), told(o, "correct"));
    assert!(!everything.contains("钱二"), "{everything}");
    assert!(b.get(&format!("{at}/files/1")).read().contains("写明理由"));
    let open = |b: &mut Browser, reason: &str| {
        let form = b.get("/account").token();
        b.post(&format!("{at}/files/open"), &[("form", &form), ("file", "1"), ("reason", reason)])
    };
    let got = open(&mut b, "");
    assert!(got.status == 422 && got.text().contains(r##"href="#fo-reason""##), "{} {}", got.status, got.read());
    let got = open(&mut b, "核对谈话记录");
    assert_eq!((got.status, &got.body[..]), (200, content));
    assert!(got.header(header::CONTENT_DISPOSITION).contains("%E9%92%B1"), "its own name");
    let entries = told(o, "unmask");
    assert_eq!((entries.len(), &entries[0]["reason"]), (1, &"核对谈话记录".into()));
    // Whoever sees the record and may not open it; whoever was talked with; the log of who has looked.
    let mut office = Browser::of(o, Role::Office);
    assert!(office.get(at).status == 200 && !office.get(at).text().contains("打开附件"));
    assert_eq!(open(&mut office, "想看").status, 403);
    let mut listener = Browser::logged_in(o, account(o, "listener", Role::Cadre, None, Some(2)));
    assert_eq!(open(&mut listener, "本人的谈话").status, 200);
    assert!(listener.get("/account/trace").read().contains("第1号附件"), "{}", listener.get("/account/trace").read());
    // The same content again is known though it lies there otherwise each time.
    assert!(send(&mut b, at, "", &[("又一份.txt", content)]).read().contains("内容相同"));
    // Another key, and without the older one.
    let keys = o.keys.next(Cipher::Sm4, Day::parse("2025-10-20").unwrap()).unwrap();
    let by = Actor { account: None, name: "命令行".into(), at: 2_000_000_000_000_000 };
    let done = rekey::run(&o.db, &keys, &by, &mut |_, _| Ok(())).unwrap();
    rekey::finish(&o.db, &keys, &by, &done).unwrap();
    let uses = o.db.read(|tx| rekey::uses(tx, &keys)).unwrap();
    assert_eq!(uses[&1], 0, "{uses:?}");
    let mut later = o.clone();
    later.keys = keys.without(1).into();
    let file = later.db.read(|tx| attach::of_record(tx, "talk", 1)).unwrap().remove(0);
    let read = attach::read(&dir.0, &later.keys, &file).unwrap();
    assert_eq!(read, ("钱二谈话记录.txt".to_owned(), content.to_vec()));
    audit::checkpoint(&o.db, &signer()).unwrap();
    let report = audit::verify(&o.db, &against()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(attach::prove(&o.db, &dir.0).unwrap().findings, Vec::<String>::new());
});

db_test!(two_at_once_and_what_a_crash_leaves, |db: &Db| {
    let (o, dir) = &office(db);
    let id = account(o, "office", Role::Office, None, None);
    let statuses: Vec<u16> = std::thread::scope(|s| {
        let each = |n: usize| {
            let mut b = Browser::logged_in(o, id);
            let content = [&b"%PDF-"[..], &[b'0' + (n / 2) as u8]].concat();
            send(&mut b, AT, "", &[(&format!("{n}.pdf"), &content)]).status
        };
        let hands: Vec<_> = (0..4).map(|n| s.spawn(move || each(n))).collect();
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|s| **s == 303).count(), 2, "each content once: {statuses:?}");
    assert_eq!(send(&mut Browser::logged_in(o, id), AT, "", &[("more.pdf", b"%PDF-more")]).status, 303);
    assert_eq!(kept(dir).len(), 3);
    // A file without a row goes; one with a row stays, also while somebody counts on it.
    let orphan = dir.0.join("attachments/ab");
    fs::create_dir_all(&orphan).unwrap();
    fs::write(orphan.join("ab".repeat(32)), "x").unwrap();
    fs::write(orphan.join(".half.part"), "x").unwrap();
    let hold = attach::Hold::shared(&dir.0).unwrap();
    assert_eq!(attach::sweep(o).unwrap(), None);
    drop(hold);
    assert_eq!(attach::sweep(o).unwrap(), Some(2));
    assert_eq!(kept(dir).len(), 3);
    assert_eq!(attach::prove(&o.db, &dir.0).unwrap(), attach::Proof { files: 3, findings: vec![] });
    // Changed and taken away behind the program's back: not handed out, and found.
    let mut b = Browser::logged_in(o, id);
    let all = files(&b.get(AT).text());
    fs::write(&kept(dir)[0], "other").unwrap();
    fs::remove_file(&kept(dir)[1]).unwrap();
    let bad: Vec<String> = all.iter().map(|f| b.get(f)).filter(|g| g.status != 200).map(|g| g.read()).collect();
    assert!(bad.len() == 2 && bad.iter().all(|text| text.contains("从备份恢复")), "{bad:?}");
    assert_eq!(attach::prove(&o.db, &dir.0).unwrap().findings.len(), 2);
    o.db.write(|tx| tx.execute("update attachment set removed_at = 1, removed_by = '某人' where row_id = 3", &[]))
        .unwrap();
    o.db.write(|tx| tx.execute("delete from attachment where row_id = 2", &[])).unwrap();
    let found = attach::prove(&o.db, &dir.0).unwrap().findings.join("\n");
    assert!(found.contains("第3号附件是否移除") && found.contains("第2号附件在操作日志里有"), "{found}");
});

db_test!(two_at_once_do_not_bring_more_than_an_account_may, |db: &Db| {
    let (o, _dir) = &office(db);
    let id = account(o, "office", Role::Office, None, None);
    assert_eq!(send(&mut Browser::logged_in(o, id), AT, "", &[("first.pdf", PDF)]).status, 303);
    // All but ten bytes of what an account may bring in a day.
    let size = attach::OF_DAY as i64 - 10;
    o.db.write(move |tx| tx.execute("update attachment set size = $1", &[size.into()])).unwrap();
    let answers: Vec<Got> = std::thread::scope(|s| {
        let each = |n: usize| {
            let content = format!("%PDF-1.{n}").into_bytes();
            send(
                &mut Browser::logged_in(o, id),
                &format!("/ledgers/mentor_pair/J{}", 1 + n),
                "",
                &[("a.pdf", &content)],
            )
        };
        let hands: Vec<_> = (0..2).map(|n| s.spawn(move || each(n))).collect();
        hands.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let (taken, refused): (Vec<&Got>, Vec<&Got>) = answers.iter().partition(|a| a.status == 303);
    assert_eq!((taken.len(), refused.len()), (1, 1));
    assert!(refused[0].read().contains("24小时内上传的附件超过2GB"), "{}", refused[0].read());
});

db_test!(files_go_with_their_record_and_stand_in_the_own_data, |db: &Db| {
    let (o, dir) = &office(db);
    let mut b = Browser::of(o, Role::Office);
    assert_eq!(send(&mut b, AT, "", &[("协议.pdf", PDF)]).status, 303);
    assert_eq!(send(&mut b, "/ledgers/mentor_pair/J2", "", &[("自己的.pdf", b"%PDF-own")]).status, 303);
    let mut sun = Browser::logged_in(o, account(o, "sun", Role::Cadre, None, Some(3)));
    let text = sun.submit("/me", "/me/export", &[("format", "json")]).text();
    assert!(text.contains("自己的.pdf（8字节") && !text.contains("协议.pdf"), "{text}");
    assert_eq!(sun.submit("/me", "/me/export", &[("format", "docx")]).status, 200);
    // J1 ended long ago and is counted nowhere any more, and pairs are kept for five years.
    let end = "update l_mentor_pair set ended = '2019-12-31', starts = '2019-01-01' where record_code = 'J1'";
    o.db.write(move |tx| tx.execute(end, &[])).unwrap();
    dongliang::facts::void(o, "周敏", "mentor_pair", (1, 1), "登记错了").unwrap();
    crate::retention::changed(o, |text| text.replace("[mentor_pair]\n", "[mentor_pair]\nkeep = \"5 years\"\n"));
    let mut later =
        Installation::new(o.db.clone(), (*o.keys).clone(), Clock::Standing(Day::parse("2031-01-01").unwrap())).unwrap();
    later.directory = o.directory.clone();
    dongliang::jobs::run_waiting(&later).unwrap();
    audit::checkpoint(&o.db, &signer()).unwrap();
    let done = retention::delete(&later, &order()).unwrap();
    assert_eq!(done.plan.go.len(), 1, "{:?}", done.plan);
    let left = o.db.read(|tx| attach::of_record(tx, "mentor_pair", 1)).unwrap();
    assert_eq!((left.len(), kept(dir).len()), (0, 1));
    let entries = told(o, "attach");
    assert!(entries.iter().any(Json::is_null), "what the log told of it is erased: {entries:?}");
    assert!(!format!("{entries:?}").contains("协议.pdf"));
    assert_eq!(attach::prove(&o.db, &dir.0).unwrap().findings, Vec::<String>::new());
});
