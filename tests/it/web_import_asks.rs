//! What an import asks and refuses like a form: dates without a name, columns that fit equally, names of sets; and how it
//! ends where there is nothing to write.

use dongliang::{auth::Role, db::Db, db_test, installation::Installation, jobs};

use crate::{
    visit::{Browser, Got, with_directory},
    web_files, web_lists,
};

/// Sends a file and gives the address of its batch, once it is checked.
fn checked(o: &Installation, b: &mut Browser, ledger: &str, csv: &str) -> (String, Got) {
    let page = format!("/imports/new?ledger={ledger}");
    let fields = [("ledger", ledger), ("mode", "add")];
    let got = b.send_files(&page, &page, &fields, &[("file", "表.csv", csv.as_bytes())]);
    assert_eq!(got.status, 303, "{}", got.read());
    jobs::run_waiting(o).unwrap();
    let at = got.led().1.to_owned();
    let page = b.get(&at);
    (at, page)
}

fn count(db: &Db, sql: &str) -> i64 {
    db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap()
}

db_test!(a_date_without_a_name_is_asked_about_and_remembered, |db: &Db| {
    let (o, _dir) = &web_files::office(db);
    let mut b = Browser::of(o, Role::Office);
    // 日期 is a word of the ledger's for 指导日期, but could be 帮带对象确认日期 as well: nothing is written before it is said.
    let csv = "结对,日期,内容类别\nJ1,2025-07-01,项目评审\n";
    let (at, page) = checked(o, &mut b, "guidance", csv);
    let said = page.read();
    assert!(said.contains("有1列拿不准") && said.contains("“日期”一列（B列）是"), "{said}");
    assert!(said.contains("可写入1行") && !page.text().contains("/confirm\""), "{said}");
    let form = page.token();
    let late = b.post(&format!("{at}/confirm"), &[("form", &form), ("again", "yes")]);
    assert!(late.status == 409 && late.read().contains("拿不准的列没有指明"), "{}", late.read());
    assert_eq!(b.submit(&at, &format!("{at}/columns"), &[("q0", "day")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let page = b.get(&at);
    assert!(!page.read().contains("拿不准") && page.text().contains("/confirm\""), "{}", page.read());
    // The next file is not asked about; 时间, which no word of the ledger's is, is.
    assert!(checked(o, &mut b, "guidance", csv).1.read().contains("按本单位以前的回答"));
    let (_, page) = checked(o, &mut b, "guidance", "结对,时间\nJ1,2025-07-02\n");
    let said = page.read();
    assert!(said.contains("“时间”一列（B列）是") && said.contains("可写入0行"), "{said}");
    // With the other date told it is clear.
    let (_, page) = checked(o, &mut b, "guidance", "结对,日期,帮带对象确认日期\nJ1,2025-07-03,2025-07-03\n");
    assert!(!page.read().contains("拿不准"), "{}", page.read());
});

db_test!(two_equal_columns_are_asked_about, |db: &Db| {
    let (o, _dir) = &with_directory(&web_lists::office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期,指导日期\nZ5,J1,2025-07-01,2025-07-09\n";
    let (at, page) = checked(o, &mut b, "guidance", csv);
    let said = page.read();
    assert!(said.contains("有2列拿不准") && said.contains("（C列）是") && said.contains("（D列）是"), "{said}");
    let action = format!("{at}/columns");
    let got = b.submit(&at, &action, &[("q0", "day"), ("q1", "day")]);
    assert!(got.status == 422 && got.read().contains("已指给另一列"), "{}", got.read());
    assert_eq!(b.submit(&at, &action, &[("q0", "none"), ("q1", "day")]).status, 303);
    jobs::run_waiting(o).unwrap();
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let sql = "select count(*) from l_guidance where record_code = 'Z5' and \"day\" = '2025-07-09'";
    assert_eq!(count(db, sql), 1, "{}", b.get(&at).read());
    // The same two columns are not asked about again, and one of that name is itself.
    let again = "编号,结对,指导日期,指导日期\nZ6,J1,2025-07-01,2025-07-10\n";
    assert!(!checked(o, &mut b, "guidance", again).1.read().contains("拿不准"));
    let (_, page) = checked(o, &mut b, "guidance", "编号,结对,指导日期\nZ7,J1,2025-07-11\n");
    assert!(page.read().contains("可写入1行") && !page.read().contains("拿不准"), "{}", page.read());
});

db_test!(a_name_of_a_set_is_checked_like_in_the_form, |db: &Db| {
    let (o, _dir) = &web_files::office(db);
    let mut b = Browser::of(o, Role::Office);
    let csv = "结对,指导日期,内容类别\nJ1,2025-07-01,项目 评审\nJ1,2025-07-02,项目评申\nJ1,2025-07-03,自编一类\n";
    let (at, page) = checked(o, &mut b, "guidance", csv);
    let said = page.read();
    assert!(said.contains("共3行，可写入1行，2行有误"), "{said}");
    assert!(
        said.contains("没有这个名称")
            && said.contains("是不是“项目评审”？请改为以下之一：政策解读、项目评审、公文写作"),
        "{said}"
    );
    assert!(said.contains("由领导小组办公室在“设置”中定名"), "{said}");
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let sql = "select count(*) from l_guidance where \"area\" = '项目评审'";
    assert_eq!(count(db, sql), 1, "spelled as it stands");
    // The same file again brings nothing, however it is spelled.
    assert!(checked(o, &mut b, "guidance", csv).1.read().contains("1行已在台账中"));
    // A form that was not made by our page is refused with the same words.
    let fields = [("f.pair", "J1"), ("f.day", "2025-07-08"), ("f.area", "自编一类")];
    let page = b.get("/ledgers/guidance/new").text();
    let once = page.split("name=\"once\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut all: Vec<(&str, &str)> = fields.to_vec();
    all.push(("once", &once));
    let got = b.submit("/ledgers/guidance/new", "/ledgers/guidance/new", &all);
    assert!(got.status == 422 && got.read().contains("没有这个名称"), "{} {}", got.status, got.read());
    // What is wrong in one row, or in one form, is told at once.
    let (_, page) = checked(o, &mut b, "guidance", "结对,指导日期,内容类别\nJ1,2025-02-30,天文地理\n");
    let said = page.read();
    assert!(said.contains("没有这一天") && said.contains("没有这个名称") && said.contains("共1行，"), "{said}");
    let wrong = [("f.pair", "J1"), ("f.day", "2025-02-30"), ("f.area", "自编一类"), ("once", once.as_str())];
    let got = b.submit("/ledgers/guidance/new", "/ledgers/guidance/new", &wrong);
    assert!(got.read().contains("没有这一天") && got.read().contains("没有这个名称"), "{}", got.read());
    // The template offers the names.
    let got = b.get("/imports/template?ledger=guidance");
    assert_eq!(got.status, 200);
    let sheet = zipped(&got.body, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("政策解读,项目评审,公文写作"), "{sheet}");
});

fn zipped(bytes: &[u8], name: &str) -> String {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
    text
}

db_test!(a_file_with_nothing_to_write_ends_by_itself, |db: &Db| {
    let (o, dir) = &with_directory(&web_lists::office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "编号,结对,指导日期,帮带对象确认\nZ5,J1,2025/2/30,\nZ6,J9,2025-07-02,\n";
    let (at, page) = checked(o, &mut b, "guidance", csv);
    let said = page.read();
    assert!(said.contains("没有可写入的行") && said.contains("不用确认") && !said.contains("待确认"), "{said}");
    for form in ["/confirm\"", "/drop\""] {
        assert!(!page.text().contains(form), "{form}");
    }
    assert!(said.contains("下载标出错误的文件") && b.get(&format!("{at}/marked")).status == 200, "{said}");
    assert!(b.get("/imports").read().contains("没有可写入的行没有写入，"), "{}", b.get("/imports").read());
    let form = b.get("/account").token();
    for act in ["confirm", "drop"] {
        let got = b.post(&format!("{at}/{act}"), &[("form", &form), ("again", "yes")]);
        assert!(got.status == 409 && got.read().contains("已经结束"), "{act}: {}", got.read());
    }
    // It does not count among those that wait, and only the last few are held.
    for n in 0..25 {
        checked(o, &mut b, "guidance", &format!("编号,结对,指导日期\nZ{n},J9,2025-07-02\n"));
    }
    assert_eq!(std::fs::read_dir(dir.0.join("imports")).unwrap().count(), 5);
    assert_eq!(b.get(&format!("{at}/marked")).status, 404);
    // One number for a batch, on every page of it.
    let csv = "编号,结对,指导日期\nZ5,J1,2025-07-01\n";
    let (at, _) = checked(o, &mut b, "guidance", csv);
    assert_eq!(b.submit(&at, &format!("{at}/confirm"), &[("again", "yes")]).status, 303);
    jobs::run_waiting(o).unwrap();
    let number = format!("第{}号", at.rsplit('/').next().unwrap());
    let page = b.get(&at).read();
    assert!(page.contains(&number) && !page.contains("导入号"), "{page}");
    let page = checked(o, &mut b, "guidance", csv).1.read();
    assert!(page.contains(&format!("与{number}写入的相同")) && page.contains("相同1行"), "{page}");
});

db_test!(a_required_column_that_is_missing_is_named_with_the_row_of_heads, |db: &Db| {
    let (o, _dir) = &with_directory(&web_lists::office(db));
    let mut b = Browser::of(o, Role::Office);
    let csv = "指导情况汇总,,\n编号,结对,指导要点\nZ5,J1,讲解一\nZ6,J1,讲解二\n";
    let said = checked(o, &mut b, "guidance", csv).1.read();
    assert!(
        said.contains("缺必填的列：“指导日期”，一行也不能写入。表头在第2行，各列是：编号、结对、指导要点。"),
        "{said}"
    );
    assert!(said.contains("共2行，缺必填的列。没有可写入的行") && said.contains("再重新上传；"), "{said}");
    assert!(said.contains("表头有误") && !said.contains("文件里没有记录"), "{said}");
    // A column under an unknown head may be the one, which can be said below.
    let said = checked(o, &mut b, "guidance", "编号,结对,哪一天\nZ5,J1,2025-07-01\n").1.read();
    assert!(said.contains("共1行，可写入0行，1行有误") && said.contains("或者在下面指明哪一列是它"), "{said}");
    // Where each row must name its unit, that is a column like any other.
    let said = checked(o, &mut b, "budget", "年度,预算科目,批复日期\n2025,其他,2025-03-01\n").1.read();
    assert!(said.contains("缺必填的列：“预算(元)”“单位”，一行也不能写入"), "{said}");
});
