//! 学习情况: what a person has learned, as he and as others see it.

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test, jobs,
};

use crate::{
    incremental::Office,
    visit::{Browser, account},
};

fn text(t: &str) -> Value {
    Value::from(t)
}

type Fields = Vec<(&'static str, Value)>;

fn class(o: &Office, title: &str, (starts, ends): (&str, &str), more: Fields) -> i64 {
    let mut fields = vec![
        ("kind", text("专业培训")),
        ("title", text(title)),
        ("starts", text(starts)),
        ("ends", text(ends)),
        ("closed_book", 1.into()),
    ];
    fields.extend(more);
    o.add("activity", Some(1), &fields)
}

fn there(o: &Office, class: i64, person: i64, day: &str, more: Fields) {
    let mut fields = vec![("activity", class.into()), ("person", person.into()), ("day", text(day))];
    fields.extend(more);
    o.add("attendance", None, &fields);
}

/// Person 5 was in a class with leave and failed, passed its retraining, and was in a third of which nothing is said; 6 was
/// in the first.
fn learned(o: &Office) {
    let more = || vec![("hours", 210_000.into()), ("category", text("专门业务培训")), ("agent", text("省委党校"))];
    let first = class(o, "项目谋划班<i>", ("2025-06-10", "2025-06-12"), more());
    let sat = |score: i64| vec![("present", text("出席")), ("sat", text("已考")), ("score", (score * 10_000).into())];
    there(o, first, 5, "2025-06-10", [sat(55), vec![("leave_hours", 40_000.into())]].concat());
    there(o, first, 6, "2025-06-10", sat(99));
    let again = class(o, "谋划班（重训）", ("2025-07-15", "2025-07-15"), vec![("makes_up", first.into())]);
    there(o, again, 5, "2025-07-15", sat(80));
    let third = class(o, "公文班", ("2025-08-01", "2025-08-01"), vec![]);
    there(o, third, 5, "2025-08-01", vec![]);
    let before = class(o, "上年的班", ("2024-05-06", "2024-05-06"), vec![("hours", 80_000.into())]);
    there(o, before, 5, "2024-05-06", vec![("present", text("出席")), ("sat", text("无测试"))]);
    let outside = [
        ("person", 5.into()),
        ("authority", text("云岭干部网络学院")),
        ("course", text("宏观经济形势")),
        ("day", text("2025-05-30")),
        ("hours", 100_000.into()),
        ("way", text("网络自学")),
    ];
    o.add("outside_hours", None, &outside);
    jobs::run_waiting(&o.installation).unwrap();
}

db_test!(what_a_person_has_learned_is_read_off_the_ledgers, |db: &Db| {
    let o = &Office::open(db, "2025-09-01");
    o.found();
    learned(o);
    let inst = &o.installation;
    let mut me = Browser::logged_in(inst, account(inst, "me", Role::Cadre, None, Some(5)));
    assert!(me.get("/me").text().contains(r#"href="/me/learning""#));
    let page = me.get("/me/learning");
    assert!(page.status == 200 && !page.text().contains("班<i>"));
    let read = page.read();
    for told in [
        "2025年到场2个班次与活动，共27学时，其中外部机构认定10学时；班次测试2场，合格1场。",
        "另有2个班次的学时没有登记或不能折算",
        "专业培训，专门业务培训",
        "市发改委（省委党校承办）",
        "请假4学时，超过七分之一",
        "未合格，重训后合格，55分",
        "合格，80分",
        "云岭干部网络学院",
        "公文班（2025年8月1日）：到场情况没有登记，学时没有计入",
        "公文班（2025年8月1日）：测试情况没有登记",
        "学-02",
        "判的是每个班次的每个单位",
        "判的是全市",
    ] {
        assert!(read.contains(told), "{told}: {read}");
    }
    assert!(!read.contains("99分") && !read.contains("上年的班") && !read.contains("还没有通过的"), "{read}");
    assert!(!page.text().contains("/verdicts/R-02"), "how the units stand is not his matter");
    let read = me.get("/me/learning?year=2024").read();
    assert!(read.contains("2024年到场1个班次与活动，共8学时。") && !read.contains("重训后合格"), "{read}");
    assert!(read.contains("公文班（2025年8月1日）"), "what is missing is missing in every year");
    assert!(me.get("/me/learning?year=x").read().contains("没有“x”这个年份"));
    // Who sees his records by scope: with the score where tests are arranged, without it else; nobody else at all.
    let at = "/people/5/learning";
    let mut admin = Browser::logged_in(inst, account(inst, "admin", Role::UnitAdmin, Some(2), None));
    assert!(admin.get("/ledgers/person/5").text().contains(&format!("href=\"{at}\"")));
    let page = admin.get(at);
    assert!(page.read().contains("未合格，重训后合格，55分"), "{}", page.read());
    assert!(page.text().contains("/verdicts/R-02/"), "the verdicts on his unit: {}", page.text());
    let auditor = Browser::of(inst, Role::Auditor).get(at).read();
    assert!(auditor.contains("未合格，重训后合格") && !auditor.contains("55分"), "{auditor}");
    assert!(auditor.contains("成绩只有本人和组织考试的人能看到"));
    assert!(me.get(at).read().contains("合格，80分"), "his own");
    let mut other = Browser::logged_in(inst, account(inst, "other", Role::Cadre, None, Some(7)));
    assert_eq!((other.get(at).status, other.get("/people/none/learning").status), (404, 404));
    let mut elsewhere = Browser::logged_in(inst, account(inst, "elsewhere", Role::UnitAdmin, Some(4), None));
    assert_eq!((elsewhere.get(at).status, elsewhere.get("/people/7/learning").status), (404, 200));
    // Nothing yet, said plainly; and an account of nobody.
    let read = other.get("/me/learning").read();
    assert!(read.contains("2025年没有学习记录。") && read.contains("没有待参加的考试"), "{read}");
    assert!(read.contains("没有参加班次与活动的记录") && read.contains("没有外部机构认定的学时"), "{read}");
    let nobody = Browser::of(inst, Role::Office).get("/me/learning");
    assert!(nobody.status == 200 && nobody.read().contains("没有对应到人员"), "{}", nobody.read());
});
