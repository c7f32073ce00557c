//! From a verdict to where it is mended: forms that open with what the verdict fixes, marks of what the judgement looks
//! at, one record after the other, and the way from a unit's light.

use dongliang::{auth::Role, db::Db, db_test, facts, verdict::rejudge};

use crate::{
    supervise::pressed,
    visit::{Browser, Got, with_directory},
    web_imports,
    web_lists::{office, put},
    web_records::{NEW, record_of, send},
};

/// Addresses on a page that begin so.
fn ways(text: &str, prefix: &str) -> Vec<String> {
    let found = text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.filter(|href| href.starts_with(prefix)).map(|href| href.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

db_test!(a_verdict_leads_to_the_form_that_mends_it, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/verdicts/R-21/J1/2025-10");
    // Whose it is stands there, and leads to its record.
    assert!(page.text().contains("本条对象") && page.text().contains(r#"href="/ledgers/mentor_pair/J1""#));
    let found = ways(&page.text(), NEW);
    let [way] = found.as_slice() else { panic!("{found:?}") };
    let form = b.get(way);
    assert_eq!(form.status, 200);
    let text = form.text();
    assert!(text.contains(r#"name="i.f.pair" value="1" checked"#), "{way}");
    assert!(text.contains(r#"name="f.day" value="2025-10-20""#) && !form.read().contains("没有采用"));
    assert!(form.read().contains("为补齐干-21"), "{}", form.read());
    assert_eq!(ways(&text, "/verdicts/R-21/J1/2025-10").len(), 1);
    // What it is for is not lost when something is wrong, nor from one record to the next.
    let wrong = send(&mut b, &form, way, &[("i.f.pair", "1"), ("f.day", "昨天")]);
    assert!(wrong.status == 422 && wrong.read().contains("为补齐干-21"));
    let fields = [("i.f.pair", "1"), ("f.day", "2025-10-08"), ("f.confirmed", "2025-10-08"), ("again", "1")];
    let next = send(&mut b, &wrong, way, &fields);
    let next = b.get(next.led().1);
    assert!(next.read().contains("为补齐干-21"));
    // Who only reads is led nowhere; nor who may not record for the unit; nor of another day.
    assert!(ways(&Browser::of(o, Role::Auditor).get("/verdicts/R-21/J1/2025-10").text(), NEW).is_empty());
    assert!(ways(&b.get("/verdicts/R-21/J1/2025-10?as_of=2025-10-15").text(), NEW).is_empty());
});

db_test!(what_is_left_open_is_filled_in_the_record_itself, |db: &Db| {
    let o = &office(db);
    put(o, "guidance", "Z9", None, &[("pair", 1.into()), ("day", "2025-10-10".into())]);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/verdicts/R-21/J1/2025-10");
    assert_eq!(ways(&page.text(), "/ledgers/guidance/Z9/correct").len(), 1, "{}", page.read());
    // Of a month that is over nobody knows the day but who was there: it is not made up.
    let way = format!("{NEW}?_requirement=R-21&_subject=J1&_window=2025-09&pair=J1&day=");
    let form = b.get(&way);
    assert!(form.text().contains(r#"name="f.day" value="""#) && form.text().contains(r#"value="1" checked"#));
    // An address that says nonsense fills nothing.
    let odd = b.get(&format!("{NEW}?_requirement=R-99&_subject=x&_window=y&pair=nobody&way=%E9%A3%9E&area=x"));
    assert!(odd.status == 200 && !odd.read().contains("为补齐") && !odd.text().contains("飞"));
});

db_test!(the_next_record_keeps_what_it_belongs_to_and_tells_what_changed, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let mut b = Browser::of(o, Role::Office);
    let opened = b.get(NEW);
    let fields = [
        ("i.f.pair", "2"),
        ("f.day", "2025-10-08"),
        ("f.content", "讲解审查意见"),
        ("f.confirmed", "2025-10-09"),
        ("again", "1"),
    ];
    let saved = send(&mut b, &opened, NEW, &fields);
    let next = b.get(saved.led().1);
    let (text, read) = (next.text(), next.read());
    assert!(text.contains(r#"name="i.f.pair" value="2" checked"#), "the pair stays");
    assert!(
        text.contains(r#"name="f.day" value="2025-10-20""#) && !text.contains("讲解审查意见"),
        "day and content do not"
    );
    assert!(
        read.contains("项判定由此变化") && read.contains("查看刚登记的记录") && read.contains("0次 → 1次"),
        "{read}"
    );
    assert!(text.contains("/verdicts/R-21/J2/2025-10"));
    // Nobody else is told, or finds the pair chosen.
    let saved = next.text().split("saved=").nth(1).unwrap().split(['"', '&']).next().unwrap().to_owned();
    let other = Browser::of(o, Role::Personnel).get(&format!("{NEW}?saved={saved}"));
    assert!(!other.read().contains("查看刚登记") && !other.text().contains(r#"value="2" checked"#));
});

db_test!(a_form_marks_what_the_judgement_looks_at, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let read = b.get(NEW).read();
    assert!(read.contains("帮带对象确认日期（判定要用）") && read.contains("干-21要看此栏，不填不计入。"), "{read}");
    assert!(read.contains("判定要用1项") && !read.contains("指导要点（判定要用）"));
});

db_test!(the_way_to_green_leads_to_where_it_is_gone, |db: &Db| {
    let o = &office(db);
    rejudge::run(o, None, &mut |_, _| {}).unwrap();
    let text = Browser::of(o, Role::Office).get("/units/U1").text();
    // Its one demand behind was to be met in months that are over: what it says of the light promises nothing.
    assert!(
        text.contains("落后的1项期限或期间已过，补齐后仍计落后；按期的从下一期做起") && !text.contains("可转绿灯"),
        "{text}"
    );
    let from = text.find("<ol class=\"rs\">").unwrap_or_else(|| panic!("{text}"));
    let list = &text[from..from + text[from..].find("</ol>").unwrap()];
    assert!(ways(list, "#r-").is_empty(), "{list}");
    for way in ways(list, "/") {
        let path = way.split('#').next().unwrap();
        let page = Browser::of(o, Role::Office).get(path);
        assert_eq!(page.status, 200, "{way}");
        let anchor = way.split('#').nth(1).unwrap();
        assert!(page.text().contains(&format!("id=\"{anchor}\"")), "{way}");
    }
});

/// Whether it is a refusal, and where its first button leads.
fn back(got: &Got) -> (u16, Option<String>) {
    let text = got.text();
    let button = text.split("class=\"btn p\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    (got.status, button.map(str::to_owned))
}

db_test!(what_is_refused_leads_to_where_one_goes_on, |db: &Db| {
    let (o, _dir) = &with_directory(&office(db));
    let mut b = Browser::of(o, Role::Office);
    let to = |path: &str| (409, Some(path.to_owned()));
    // A record that another has voided meanwhile: by its void, by its correction, among several of a list.
    let (at, opened) = ("/ledgers/guidance/1/void", b.get("/ledgers/guidance/1/void"));
    facts::void(o, "周敏", "guidance", (1, 1), "重复").unwrap();
    let fields = [("record", "1:1"), ("reason", "重复登记")];
    assert_eq!(back(&send(&mut b, &opened, at, &fields)), to("/ledgers/guidance/1"));
    assert_eq!(back(&b.get("/ledgers/guidance/1/void")), to("/ledgers/guidance/1"));
    assert_eq!(back(&b.get("/ledgers/guidance/1/correct")), to("/ledgers/guidance/1"));
    assert_eq!(b.get("/ledgers/guidance/1").status, 200);
    let form = opened.token();
    let got = b.post("/ledgers/guidance/void", &[("form", &form), ("record", "1:1"), ("record", "2:1")]);
    assert_eq!(back(&got), to("/ledgers/guidance"));
    // A 督办 that is answered, and an import that is confirmed.
    pressed(o);
    let mut unit = Browser::of(o, Role::UnitAdmin);
    let form = unit.get("/supervise/2").token();
    let got = unit.post("/supervise/2/reply", &[("form", &form), ("text", "再回复一次")]);
    assert_eq!(back(&got), to("/supervise/2"), "{}", got.read());
    assert!(got.read().contains("您填写的：再回复一次"), "what was typed is not lost: {}", got.read());
    // Neither is what is wrong lost where its form is not there any more.
    let got = unit.post("/supervise/2/reply", &[("form", &form), ("text", "")]);
    assert!(back(&got) == to("/supervise/2") && got.read().contains("回复：请填写"), "{}", got.read());
    let at = web_imports::send(&mut b, "guidance", "add", "结对,指导日期\nJ1,2025-07-01\n".as_bytes());
    let form = web_imports::settled(o, &mut b, &at).token();
    let confirm = |b: &mut Browser| b.post(&format!("{at}/confirm"), &[("form", &form), ("again", "yes")]);
    assert_eq!(confirm(&mut b).status, 303);
    assert_eq!(back(&confirm(&mut b)), to(&at));
    // A form of another session leads to the page that it stands on, where who asks may read that.
    let got = b.post("/supervise/2/close", &[("form", "x")]);
    assert_eq!(back(&got), (403, Some("/supervise/2".into())));
    let got = Browser::of(o, Role::Cadre).post("/feedback/new", &[("form", "x")]);
    assert_eq!(back(&got), (403, Some("/me".into())));
});

db_test!(of_several_to_be_voided_the_one_that_moved_on_is_named, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let (all, form) = ("/ledgers/guidance/void", b.get("/ledgers/guidance").token());
    put(o, "guidance", "Z10", None, &[("pair", 1.into()), ("day", "2025-09-02".into())]);
    let z10 = o.db.read(|tx| tx.one("select max(record_id) from l_guidance", &[], |r| r.i64(0))).unwrap().unwrap();
    let mark = format!("{z10}:1");
    let asked = b.post(all, &[("form", &form), ("record", "4:1"), ("record", &mark)]);
    assert!(asked.read().contains("作废2条指导记录"), "{}", asked.read());
    let opened = b.get("/ledgers/guidance/4/correct");
    let changed = [("i.f.pair", "2"), ("f.day", "2025-06-18"), ("record_code", "Z4"), ("reason", "日期有误")];
    assert_eq!(record_of(&send(&mut b, &opened, "/ledgers/guidance/4/correct", &changed)), 4);
    let late = send(&mut b, &asked, all, &[("record", "4:1"), ("record", &mark), ("reason", "都是试录")]);
    let said = late.read();
    assert!(late.status == 409 && said.contains("（编号Z4）已被更正") && said.contains("您填写的：都是试录"), "{said}");
});
