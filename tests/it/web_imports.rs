//! 批量导入 by the pages: a file goes its way, and each that cannot is told why, with nothing left behind.

use std::{
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use dongliang::{
    auth::Role,
    db::{Db, Value, testing::TempDir},
    db_test,
    installation::Installation,
    intake, jobs,
};

use crate::{
    visit::{BOUNDARY, Browser, Got, multipart, with_directory},
    web_lists::{office, put},
};

const GUIDANCE: &str = "柳溪县发改局指导记录,,,,,\n编号,结对,指导日期,指导方式,指导要点,帮带对象确认\n\
    Z5,J1,2025-07-01,现场,讲解一,\nZ6,J9,2025-07-02,现场,讲解二,\nZ7,J1,2025/2/30,现场,讲解三,\n\
    Z4,J2,2025-06-20,现场,现场看项目，讲解审查意见怎样对应到图纸和概算,2025-06-20\n合计,,,,,\n";

/// Sends a file and gives the address of its batch.
pub(crate) fn send(b: &mut Browser, ledger: &str, mode: &str, content: &[u8]) -> String {
    let fields = [("ledger", ledger), ("mode", mode)];
    let page = format!("/imports/new?ledger={ledger}");
    let got = b.send_files(&page, &page, &fields, &[("file", "表.csv", content)]);
    assert_eq!(got.status, 303, "{}", got.read());
    got.led().1.to_owned()
}

/// The page of a batch once nothing waits any more.
pub(crate) fn settled(o: &Installation, b: &mut Browser, at: &str) -> Got {
    jobs::run_waiting(o).unwrap();
    b.get(at)
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

fn files(dir: &TempDir, of: &str) -> usize {
    std::fs::read_dir(dir.0.join(of)).map_or(0, Iterator::count)
}

db_test!(a_file_is_checked_confirmed_and_undone, |db: &Db| {
    let (o, dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let at = send(&mut b, "guidance", "add", GUIDANCE.as_bytes());
    let page = settled(o, &mut b, &at).read();
    for told in ["尚未写入任何数据", "共4行，可写入1行，2行有误", "第4行", "J9", "第5行", "没有这一天", "合计行"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert_eq!(count(db, "select count(*) from l_guidance"), 4);
    // It is among what waits for who sent it, until when, and for nobody else.
    let todo = b.get("/todo");
    let said = todo.read();
    assert!(
        said.contains("等您确认的导入（1）")
            && said.contains("指导记录：表.csv")
            && said.contains("共3件：等您确认的导入1件"),
        "{said}"
    );
    assert!(said.contains("可写入1条，2行有误") && said.contains("检查结果保留到2025年10月27日"), "{said}");
    assert!(todo.text().contains(&format!("href=\"{at}\"")), "{said}");
    assert!(!Browser::of(o, Role::Personnel).get("/todo").read().contains("等您确认的导入"));
    // Nobody else sees it, and it lies sealed.
    assert_eq!(Browser::of(o, Role::Personnel).get(&at).status, 404);
    let held = std::fs::read_dir(dir.0.join("imports")).unwrap().next().unwrap().unwrap().path();
    assert!(!String::from_utf8_lossy(&std::fs::read(held).unwrap()).contains("Z5,J"));

    let token = b.get(&at).token();
    let confirm = format!("{at}/confirm");
    let fields = [("form", token.as_str()), ("again", "yes")];
    assert_eq!(b.post(&confirm, &fields).status, 303);
    assert!(!b.get("/todo").read().contains("等您确认的导入"));
    let late = b.post(&confirm, &fields);
    assert!(late.status == 409 && late.read().contains("已经确认过"));
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("导入完成") && page.contains("写入1条，跳过1行"), "{page}");
    let sql = "select count(*) from l_guidance where import_id = 1 and record_code = 'Z5' and voided_at is null";
    assert_eq!(count(db, sql), 1);
    assert!(b.get("/imports").read().contains("写入1条，2行有误"));

    // The same file once more brings nothing, and says that it was here.
    let again = send(&mut b, "guidance", "add", GUIDANCE.as_bytes());
    let page = settled(o, &mut b, &again);
    assert!(
        page.read().contains("导入过") && page.read().contains("没有可写入的行") && !page.text().contains("/confirm")
    );

    let refused = b.submit(&at, &format!("{at}/undo"), &[("reason", "")]);
    assert!(refused.status == 422 && refused.read().contains("请填写"));
    assert_eq!(b.submit(&at, &format!("{at}/undo"), &[("reason", "传错了")]).status, 303);
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("导入已撤销"), "{page}");
    assert_eq!(count(db, sql), 0);
    assert_eq!((files(dir, "uploads"), files(dir, "imports")), (0, 2));
});

db_test!(the_same_file_twice_is_one_batch, |db: &Db| {
    let (o, dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期\nZ5,J1,2025-07-01\nZ6,J9,2025-07-02\n".as_bytes();
    let at = send(&mut b, "guidance", "add", csv);
    assert!(settled(o, &mut b, &at).read().contains("可写入1行，1行有误"));
    // What was missing came meanwhile: the same file is checked again, and is still one.
    let filled = [("mentor", 2.into()), ("mentee", 4.into()), ("starts", "2025-01-01".into())];
    put(o, "mentor_pair", "J9", None, &filled);
    let again = send(&mut b, "guidance", "add", csv);
    assert_eq!(again, format!("{at}?same=1"));
    let page = settled(o, &mut b, &again).read();
    assert!(page.contains("是同一个文件，没有另收一份") && page.contains("可写入2行，0行有误"), "{page}");
    assert_eq!((count(db, "select count(*) from import_batch"), files(dir, "imports")), (1, 1));
    // For another way, or by somebody else, it is another batch; and so it is once the first is settled.
    assert!(!send(&mut b, "guidance", "update", csv).contains('?'));
    assert!(!send(&mut Browser::of(o, Role::UnitAdmin), "guidance", "add", csv).contains('?'));
    assert_eq!(b.submit(&at, &format!("{at}/drop"), &[]).status, 303);
    assert!(!send(&mut b, "guidance", "add", csv).contains('?'));
});

db_test!(what_moved_on_since_the_check_is_checked_again, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期,指导要点\nZ5,J1,2025-07-01,讲解一\nZ4,J2,2025-06-20,改过\n";
    let added = send(&mut b, "guidance", "add", csv.as_bytes());
    let page = settled(o, &mut b, &added).read();
    assert!(page.contains("这个编号已在台账中") && page.contains("可写入1行"), "{page}");
    let updated = send(&mut b, "guidance", "update", csv.as_bytes());
    let page = settled(o, &mut b, &updated).read();
    assert!(page.contains("新增1条，更正1条"), "{page}");
    // Two who confirm at once: the second is shown what the first has left.
    for at in [&added, &updated] {
        assert_eq!(b.submit(at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    }
    let page = settled(o, &mut b, &updated).read();
    assert!(page.contains("台账或花名册有了变化") && page.contains("全部为更正"), "{page}");
    assert_eq!(count(db, "select count(*) from l_guidance"), 5);
    // A role that was taken away meanwhile counts no more.
    db.write(|tx| {
        tx.execute("update role_grant set withdrawn_at = 1", &[])?;
        tx.execute("update import_batch set state = 'confirmed' where state = 'checked'", &[])
    })
    .unwrap();
    intake::run_waiting(o).unwrap();
    assert_eq!(count(db, "select count(*) from l_guidance where revision = 2"), 0);
    assert_eq!(count(db, "select count(*) from import_batch where state = 'refused'"), 1);
});

db_test!(a_file_that_cannot_be_read_for_a_while_is_tried_again, |db: &Db| {
    let (o, dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let at = send(&mut b, "guidance", "add", GUIDANCE.as_bytes());
    settled(o, &mut b, &at);
    let held = || std::fs::read_dir(dir.0.join("imports")).unwrap().next().unwrap().unwrap().path();
    let (file, aside) = (held(), dir.0.join("aside"));
    std::fs::rename(&file, &aside).unwrap();
    let wait = || {
        let state = "update import_batch set state = 'waiting', note = '' where row_id = (select max(row_id) from import_batch)";
        db.write(move |tx| tx.execute(state, &[])).unwrap();
    };
    let waits = || count(db, "select count(*) from import_batch where state = 'waiting'");
    wait();
    assert!(intake::run_waiting(o).is_err());
    assert_eq!(waits(), 1, "it is tried again");
    std::fs::rename(&aside, &file).unwrap();
    intake::run_waiting(o).unwrap();
    assert!(b.get(&at).read().contains("可写入1行"));
    // What stays so ends, and does not hold up the others.
    std::fs::remove_file(&file).unwrap();
    wait();
    while intake::run_waiting(o).is_err() {}
    assert!(waits() == 0 && b.get(&at).read().contains("系统出错"), "{}", b.get(&at).read());
});

/// The batch is confirmed and its import has begun, its job in that state, as a process leaves it that is killed then.
fn begun(db: &Db, state: &'static str) {
    db.write(move |tx| {
        let begin = "insert into import (ledger, file_name, sha256, rows, recorded_at, recorded_by) \
                     values ('guidance', '表.csv', 'x', 0, 1, '周敏')";
        tx.execute(begin, &[])?;
        tx.execute("update import_batch set state = 'confirmed', import_id = (select max(row_id) from import)", &[])?;
        let job = "insert into job (kind, state, payload, total, created_at, created_by, updated_at) \
                   select 'import', $1, cast(max(row_id) as text), 0, 1, '导入', 1 from import";
        tx.execute(job, &[state.into()])
    })
    .unwrap();
}

db_test!(a_passing_error_does_not_make_a_failure_of_what_goes_in, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let at = send(&mut b, "guidance", "add", GUIDANCE.as_bytes());
    settled(o, &mut b, &at);
    // Its rows are staged; whoever moves them meets an error that is not theirs.
    begun(db, "waiting");
    let other = "insert into job (kind, state, payload, total, created_at, created_by, updated_at) \
                 values ('import', 'waiting', 'x', 0, 1, '导入', 1)";
    db.write(|tx| tx.execute(other, &[])).unwrap();
    assert!(intake::run_waiting(o).is_err());
    assert_eq!(count(db, "select count(*) from import_batch where state = 'confirmed'"), 1, "it goes on later");
    db.write(|tx| tx.execute("delete from job where payload = 'x'", &[])).unwrap();
    intake::run_waiting(o).unwrap();
    assert_eq!(count(db, "select count(*) from import_batch where state = 'imported'"), 1);
});

db_test!(a_staging_that_was_cut_short_is_done_anew, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let at = send(&mut b, "guidance", "add", GUIDANCE.as_bytes());
    settled(o, &mut b, &at);
    // As a process leaves it that is killed after the first rows of its staging.
    begun(db, "staging");
    let row = "insert into import_row (import_id, n, body) select max(row_id), 0, '{}' from import";
    db.write(|tx| tx.execute(row, &[])).unwrap();
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("导入完成") && page.contains("写入1条"), "{page}");
    assert_eq!(count(db, "select count(*) from l_guidance where record_code = 'Z5' and voided_at is null"), 1);
    let left = "select (select count(*) from import) * 100 + (select count(*) from job) * 10 \
                + (select count(*) from import_row)";
    assert_eq!(count(db, left), 100, "one import, nothing under way");
});

db_test!(rows_of_other_units_are_refused_one_by_one, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    put(o, "person", "P5", None, &[("name", "李五".into()), ("born", "1996-05-05".into())]);
    let mut b = Browser::of(o, Role::UnitAdmin);
    let csv = "编号,单位,人员,任职类别,任职日期\nA1,办公室,P5,普通干部,2025-07-01\nA2,云岭市发改委,P5,普通干部,2025-07-02\n\
        P4-post,办公室,P4,普通干部,2020-01-01\n";
    let at = send(&mut b, "post", "update", csv.as_bytes());
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("可写入1行，2行有误"), "{page}");
    assert!(page.contains("所属的单位不在您的范围内") && page.contains("这个编号不能使用"), "{page}");
    b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]);
    settled(o, &mut b, &at);
    let codes = |code: &'static str| {
        let sql = "select count(*) from l_post where record_code = $1 and revision = 1 and voided_at is null";
        db.read(|tx| tx.one(sql, &[Value::from(code)], |r| r.i64(0))).unwrap().unwrap()
    };
    assert_eq!(["A1", "A2", "P4-post"].map(codes), [1, 0, 1]);
    // What the office sets itself is not for everybody, nor what is no ledger.
    for ledger in ["setting", "low_rank", "nothing"] {
        assert_eq!(b.get(&format!("/imports/new?ledger={ledger}")).status, 404, "{ledger}");
    }
    assert_eq!(Browser::of(o, Role::Office).get("/imports/new?ledger=setting").status, 200);
});

db_test!(what_cannot_be_taken_is_told_and_leaves_nothing, |db: &Db| {
    let (o, dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let page = "/imports/new?ledger=guidance";
    let fields = [("ledger", "guidance"), ("mode", "update")];
    let large = vec![b'a'; (50 << 20) + 1];
    for (files, status, told) in [
        (&[("file", "空.csv", &b""[..])][..], 422, "“空.csv”是空的"),
        (&[], 422, "请选择要上传的文件"),
        (&[("file", "", &b""[..])], 422, "请选择要上传的文件"),
        (&[("file", "大.csv", &large)], 413, "“大.csv”超过上限50MB，没有收下。请按年度或按台账分成几个文件"),
        (&[("file", "一.csv", &b"a"[..]), ("file", "二.csv", &b"a"[..])], 400, "最多上传1个文件"),
    ] {
        let got = b.send_files(page, page, &fields, files);
        assert!(got.status == status && got.read().contains(told), "{told}: {} {}", got.status, got.read());
        // What was chosen is kept.
        assert!(
            got.text().contains(r#"value="update" selected"#) && got.text().contains(r#"value="guidance" selected"#)
        );
        assert_eq!((files_left(dir), count(db, "select count(*) from import_batch")), (0, 0));
    }
    // A body that is cut, no form, a form without token, one whose token comes after the file.
    let token = b.get(page).token();
    let whole = multipart(&[("form", &token), ("ledger", "guidance"), ("mode", "add")], &[("file", "表.csv", b"abc")]);
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let cut = b.post_bytes(page, &kind, whole[..whole.len() - 30].to_vec());
    assert!(cut.status == 400 && cut.read().contains("上传中断"), "{} {}", cut.status, cut.read());
    let late = multipart(&[], &[("file", "表.csv", b"abc"), ("form", "", token.as_bytes())]);
    for (kind, body) in [
        ("multipart/form-data", whole.clone()),
        ("text/plain", whole.clone()),
        (kind.as_str(), late),
        (kind.as_str(), multipart(&[("form", "0")], &[("file", "表.csv", b"abc")])),
    ] {
        assert_eq!(b.post_bytes(page, kind, body).status, 403, "{kind}");
    }
    b.headers = vec![("sec-fetch-site", "cross-site".into())];
    assert_eq!(b.post_bytes(page, &kind, whole.clone()).status, 403);
    assert_eq!(Browser::of(o, Role::Cadre).post_bytes(page, &kind, whole).status, 403);
    assert_eq!((files_left(dir), count(db, "select count(*) from import_batch")), (0, 0));
});

/// A body that comes in pieces; before the last but one of them something happens.
struct Pieces<F>(Vec<Bytes>, Option<F>);

impl<F: FnOnce() + Unpin> futures_core::Stream for Pieces<F> {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0.len() == 2
            && let Some(happens) = self.1.take()
        {
            happens();
        }
        Poll::Ready(self.0.pop().map(Ok))
    }
}

db_test!(who_sends_a_file_is_asked_again_when_all_of_it_has_come, |db: &Db| {
    let (o, dir) = &with_directory(&office(db));
    let page = "/imports/new?ledger=guidance";
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    for (meanwhile, status) in [
        ("update account set name = name", 303),
        ("update role_grant set withdrawn_at = 1", 403),
        ("update session set closed_at = 1", 303),
    ] {
        let mut b = Browser::of(o, Role::Office);
        let token = b.get(page).token();
        let fields = [("form", token.as_str()), ("ledger", "guidance"), ("mode", "add")];
        let body = multipart(&fields, &[("file", "表.csv", GUIDANCE.as_bytes())]);
        // More pieces than are read ahead, the last of them first.
        let pieces = body.chunks(body.len() / 20).rev().map(Bytes::copy_from_slice).collect();
        let own = db.clone();
        // On a thread of its own: who reads the body is no place to wait for the store.
        let happens = move || {
            let done = std::thread::spawn(move || own.write(move |tx| tx.execute(meanwhile, &[]))).join();
            done.unwrap().unwrap();
        };
        let got = b.post_bytes(page, &kind, Body::from_stream(Pieces(pieces, Some(happens))));
        let there = count(db, "select count(*) from import_batch");
        assert_eq!((got.status, there), (status, 1), "{meanwhile}: {}", got.read());
        assert_eq!(files(dir, "uploads"), 0);
        let login = got.led().1.starts_with("/login");
        assert_eq!(login, meanwhile.contains("session"), "{meanwhile}");
        db.write(|tx| tx.execute("update role_grant set withdrawn_at = null", &[])).unwrap();
    }
});

fn files_left(dir: &TempDir) -> usize {
    files(dir, "uploads") + files(dir, "imports")
}

db_test!(messy_and_crafted_files_are_told_apart_by_content, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    for (file, told) in [
        ("bad/bomb.xlsx", "已拒绝读取"),
        ("bad/cut.xlsx", "文件不完整"),
        ("bad/password.xlsx", "打开密码"),
        ("bad/xls_named.xlsx", "旧版 .xls"),
        ("bad/wrong_header.xlsx", "没有找到"),
        ("bad/unique_count.xlsx", "已拒绝读取"),
    ] {
        let at = send(&mut b, "guidance", "add", &std::fs::read(Path::new("tests/data").join(file)).unwrap());
        let page = settled(o, &mut b, &at).read();
        assert!(page.contains("文件不能导入") && page.contains(told), "{file}: {page}");
    }
    let at = send(&mut b, "guidance", "add", b"MZ\x90\0\x03\0\0\0");
    assert!(settled(o, &mut b, &at).read().contains("不是 .xlsx 或 .csv 表格"));
    let at = send(&mut b, "unit", "add", &std::fs::read("tests/data/unit.csv").unwrap());
    let page = settled(o, &mut b, &at).read();
    assert!(page.contains("云溪区发改委") || page.contains("可写入"), "{page}");
});
