//! The question bank on pages: found, made, changed under a new version, retired, taken in from files, handed out.

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    questions::bank::{self, Kept},
};

use crate::{
    visit::{Browser, with_directory},
    web_lists::office,
};

const GIFT: &str = "$CATEGORY: 学/培训\n\n// 出处：二（一）二\n::甲::合格率低于多少要重新组织培训？{=80% ~60% ~90%}\n\n\
坏的题 {=甲 ~乙\n\n没有出处的题{T}\n\n// 出处：二（一）二\n没有括号的一行";

fn current(office: &dongliang::installation::Installation) -> Vec<Kept> {
    office.db.read(|tx| bank::current(tx, None)).unwrap()
}

/// Sends a file, gives where it led and what it said.
fn send(b: &mut Browser, name: &str, bytes: &[u8], encoding: &str) -> (u16, String, String) {
    let fields = [("encoding", encoding), ("source", ""), ("topic", "学")];
    let got = b.send_files("/questions/import", "/questions/import", &fields, &[("file", name, bytes)]);
    (got.status, got.led().1.to_owned(), if got.status == 303 { String::new() } else { got.read() })
}

db_test!(a_file_is_checked_before_anything_of_it_is_taken_in, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Personnel);
    let (status, to, told) = send(&mut b, "题.gift", GIFT.as_bytes(), "");
    assert_eq!(status, 303, "{told}");
    let page = b.get(&to).read();
    for words in
        ["共4题，可导入2题，2题有误", "有误", "缺出处", "单选题", "导入2题", "合格率低于多少要重新组织培训？", "80%"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(current(o).is_empty(), "nothing before it is confirmed");
    // It is its sender's alone.
    assert_eq!(Browser::of(o, Role::Office).get(&to).status, 404);
    let got = b.submit(&to, &to, &[("do", "take")]);
    assert_eq!(got.led(), (303, "/questions?done=import&n=2"));
    assert_eq!(current(o).len(), 2);
    assert_eq!(b.get(&to).status, 404, "settled");
    // Once more: all of it is there.
    let (_, to, _) = send(&mut b, "又.gift", GIFT.as_bytes(), "");
    let page = b.get(&to).read();
    assert!(page.contains("已在题库，是第1号题"), "{page}");
    assert!(!b.get(&to).text().contains("value=\"take\""), "nothing to take");
    assert_eq!(b.submit(&to, &to, &[("do", "drop")]).led(), (303, "/questions?done=dropped"));
    // Encodings: told by the bytes, asked for where they do not suffice, wrong ones refused.
    let (gb, _, _) = encoding_rs::GB18030.encode("// 出处：二\n另一个问题是什么？{=甲 ~乙}");
    assert_eq!(send(&mut b, "gb.txt", &gb, "").0, 303);
    let (status, _, told) = send(&mut b, "gb.txt", &gb, "utf-8");
    assert!(status == 422 && told.contains("不是"), "{told}");
    for (name, bytes, told) in [
        ("空.txt", &b" \n"[..], "没有题目"),
        ("a.xlsx", b"PK\x03\x04rest", "提交未成功"),
        ("a.csv", "甲,乙\n1,2\n".as_bytes(), "没有找到表头"),
    ] {
        let (status, _, said) = send(&mut b, name, bytes, "");
        assert!(status == 422 && said.contains(told), "{name}: {status} {said}");
    }
    let many: String = (0..20_001).map(|i| format!("第{i}问{{T}}\n\n")).collect();
    let (status, _, told) = send(&mut b, "多.gift", many.as_bytes(), "");
    assert!(status == 422 && told.contains("文件里有20001题，一次最多20000题"), "{told}");
    // Ten files wait at most.
    let mut last = 303;
    for _ in 0..12 {
        last = send(&mut b, "题.gift", GIFT.as_bytes(), "").0;
    }
    assert_eq!(last, 409);
});

db_test!(a_script_in_a_question_is_no_script_on_any_page, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Personnel);
    let bad =
        "&lt;script&gt;alert(1)&lt;/script&gt;&lt;p onclick='x()'&gt;哪一项对？&lt;img src=q onerror='alert(2)'&gt;";
    let xml = format!(
        "<quiz><question type=\"multichoice\"><questiontext format=\"html\"><text>{bad}</text></questiontext>\
         <generalfeedback format=\"html\"><text>{bad}</text></generalfeedback><single>true</single>\
         <answer fraction=\"100\"><text>{bad}甲</text></answer><answer fraction=\"0\"><text>乙</text></answer>\
         <tags><tag><text>出处：二（一）二</text></tag></tags></question>\
         <question type=\"essay\"><questiontext format=\"plain_text\"><text>{bad}述</text></questiontext></question></quiz>"
    );
    let (_, to, told) = send(&mut b, "题.xml", xml.as_bytes(), "");
    // A picture from elsewhere is refused with its reason; without it the rest is taken as words.
    assert!(!told.contains("<script") && to.is_empty() || to.starts_with("/questions/import/"), "{told}");
    let clean = xml.replace("&lt;img src=q onerror='alert(2)'&gt;", "");
    let (status, to, told) = send(&mut b, "题.xml", clean.as_bytes(), "");
    assert_eq!(status, 303, "{told}");
    let got = b.submit(&to, &to, &[("do", "take")]);
    assert_eq!(got.led(), (303, "/questions?done=import&n=2"), "{}", got.read());
    for page in ["/questions", "/questions/1", "/questions/2"] {
        let text = b.get(page).text();
        assert!(!text.contains("<script>alert") && !text.contains("onclick='x()'>"), "{page}: {text}");
        assert!(text.contains("哪一项对？"), "{page}");
    }
    // Marked up, the words alone; not marked up, all of it as it was written.
    assert!(!b.get("/questions").read().contains("alert(1)哪一项"));
    assert!(b.get("/questions/2").text().contains("&#60;script&#62;alert(1)&#60;/script&#62;"));
});

db_test!(a_question_is_changed_by_a_new_version_alone, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let fields = |stem: &'static str, answers: &'static str, source: &'static str| {
        [
            ("kind", "单选题"),
            ("stem", stem),
            ("answers", answers),
            ("feedback", "见条款"),
            ("topic", "学/培训"),
            ("difficulty", "易"),
            ("source", source),
        ]
    };
    for (stem, answers, told) in [
        ("", "*甲\n乙", "题干：请填写"),
        ("问", "甲\n乙", "行首加“*”"),
        ("问", "*甲", "2到26个"),
        ("问", "*甲\n*乙", "单选题只能有一个正确选项"),
        ("问", "*甲\n甲", "相同"),
    ] {
        let got = b.submit("/questions/new", "/questions/new", &fields(stem, answers, ""));
        assert!(got.status == 422 && got.read().contains(told), "{told}: {}", got.read());
        assert!(got.text().contains("#qu-") && got.text().contains("见条款"), "what was typed is kept");
    }
    let token = b.get("/questions/new").token();
    let once = [&[("form", token.as_str())], &fields("低于多少？", "*80%\n60%", "")[..]].concat();
    assert_eq!(b.post("/questions/new", &once).led(), (303, "/questions/1?done=new"));
    assert_eq!(b.post("/questions/new", &once).led(), (303, "/questions/1?done=new"), "a double click");
    let used = [&[("form", token.as_str())], &fields("低于多少？", "*80%\n65%", "")[..]].concat();
    let got = b.post("/questions/new", &used);
    assert!(got.status == 422 && got.read().contains("先前已提交过") && got.text().contains("65%"), "{}", got.read());
    assert!(b.get("/questions/1").read().contains("缺出处"));
    let again = b.submit("/questions/new", "/questions/new", &fields("低于多少？", "*80%\n60%", ""));
    assert!(again.status == 422 && again.read().contains("与第1号题相同"));
    // A range is one of numbers, and can be changed as it was typed.
    let gap = |answers: &'static str| {
        let mut all = fields("约多少个百分点？", answers, "二（一）二");
        all[0].1 = "填空题";
        all
    };
    let got = b.submit("/questions/new", "/questions/new", &gap("81至79"));
    assert!(got.status == 422 && got.read().contains("下限大于上限"), "{}", got.read());
    assert_eq!(b.submit("/questions/new", "/questions/new", &gap("79.5至80.5")).led(), (303, "/questions/2?done=new"));
    let page = b.get("/questions/2");
    assert!(page.text().contains("\n79.5至80.5</textarea>") && page.read().contains("按数值"), "{}", page.text());
    let all = [&[("version", "1")], &gap("79.5至80.5\n75至85 （50%）")[..]].concat();
    assert_eq!(b.submit("/questions/2", "/questions/2/revise", &all).led().0, 303);
    let now = o.db.read(|tx| bank::versions(tx, 2)).unwrap().pop().unwrap().question;
    assert!(now.answers.iter().all(|a| a.range.is_some()) && now.answers.len() == 2, "{:?}", now.answers);
    assert_eq!(b.submit("/questions/2", "/questions/2/retire", &[("reason", "试用")]).status, 303);
    // Two have it open: the second is told.
    let page = b.get("/questions/1");
    let revise = |b: &mut Browser, version: &str, answers: &'static str| {
        let form = page.token();
        let mut all = vec![("form", form.as_str()), ("version", version)];
        all.extend(fields("低于多少？", answers, "二（一）二"));
        b.post("/questions/1/revise", &all)
    };
    assert_eq!(revise(&mut b, "1", "*80%\n60%\n90%").led(), (303, "/questions/1?done=revise"));
    assert_eq!(revise(&mut b, "1", "*80%\n60%\n90%").led(), (303, "/questions/1?done=revise"), "a double click");
    let late = revise(&mut b, "1", "*80%\n70%");
    assert!(late.status == 409 && late.read().contains("已由别人改为第2版"), "{}", late.read());
    assert!(late.text().contains("*80%\n70%"), "what was typed is kept");
    let used = revise(&mut b, "2", "*80%\n60%\n90%");
    assert!(used.status == 409 && used.read().contains("先前已提交过"), "{}", used.read());
    let all = [&[("version", "2")], &fields("低于多少？", "*80%\n60%\n90%", "二（一）二")[..]].concat();
    let same = b.submit("/questions/1", "/questions/1/revise", &all);
    assert!(same.status == 422 && same.read().contains("内容相同"), "{}", same.read());
    let versions = o.db.read(|tx| bank::versions(tx, 1)).unwrap();
    assert_eq!((versions.len(), versions[0].question.answers.len(), versions[1].question.answers.len()), (2, 2, 3));
    let page = b.get("/questions/1").read();
    assert!(page.contains("第2版") && page.contains("以前的版本") && page.contains("可用"), "{page}");
    // Found by number, words, topic, state; signs of patterns are no patterns.
    for (query, found) in
        [("q=1", true), ("q=低于", true), ("q=%25", true), ("q=_", false), ("topic=学", true), ("topic=学/培", false)]
    {
        let path = format!(
            "/questions?{}",
            query.replace("低于", &crate::visit::encoded("低于")).replace('学', "%E5%AD%A6").replace("培", "%E5%9F%B9")
        );
        assert_eq!(b.get(&path).text().contains("/questions/1\""), found, "{query}");
    }
    let got = b.submit("/questions/1", "/questions/1/retire", &[("reason", "")]);
    assert!(got.status == 422 && got.read().contains("请填写"));
    assert_eq!(b.submit("/questions/1", "/questions/1/retire", &[("reason", "过时")]).status, 303);
    assert!(b.get("/questions/1").read().contains("已停用") && current(o).is_empty());
    assert_eq!((b.get("/questions/3").status, b.get("/questions/x").status), (404, 404));
    // Handed out with the answers, so it is logged; it comes back the same.
    let file = b.get("/questions/export?format=gift").text();
    assert!(file.contains("低于多少") && file.contains("=80%"), "{file}");
    assert_eq!(b.get("/questions/export?format=doc").status, 400);
    let mut audit = Browser::of(o, Role::AuditAdmin);
    assert!(audit.get("/audit?kind=export").read().contains("题库2题，含答案"));
    // Who sits tests never sees the bank.
    for role in [Role::Cadre, Role::Clerk, Role::UnitAdmin] {
        let mut other = Browser::of(o, role);
        for path in ["/questions", "/questions/1", "/questions/export?format=gift"] {
            assert_eq!(other.get(path).status, 403, "{role:?} {path}");
        }
    }
});
