//! Papers whose questions are named by their numbers: what is typed, what is refused, what comes from the bank's list.

use dongliang::{
    auth::Role,
    db::Db,
    db_test,
    exam::{
        by_hand::{self, Line},
        paper::{MOST, marks},
        test::{self, Item},
    },
    installation::Installation,
    questions::{Answer, Kind, Question, Weight, bank},
    scope::Actor,
};
use proptest::prelude::*;

use crate::{visit::Browser, web_lists::office};

fn told(text: &str) -> Vec<String> {
    by_hand::lines(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn lines_are_read_as_people_type_them() {
    let line = |row, first, last, marks| Line { row, first, last, marks };
    let text = "12, 5\n１３，２．５\n\n30-35,2\n 40 — 42\t1\n50至51、3分\n第60号题: 4分\n70~70 0.1";
    let wanted = [
        line(1, 12, 12, 50),
        line(2, 13, 13, 25),
        line(4, 30, 35, 20),
        line(5, 40, 42, 10),
        line(6, 50, 51, 30),
        line(7, 60, 60, 40),
        line(8, 70, 70, 1),
    ];
    assert_eq!(by_hand::lines(text).unwrap(), wanted);
    let bad =
        told("12\n12, 5, 6\n十二, 5\n12, 五\n12, 0\n12, 100.5\n12, 0.55\n35-30, 2\n1-301, 1\n-5, 1\n9999999999, 1");
    for (i, words) in [
        "第1行：“12”应写成“题号, 分值”",
        "第2行：“12, 5, 6”应写成",
        "第3行：“十二, 5”应写成",
        "第4行：分值“五”应为0.1到100的数，至多一位小数",
        "第5行：分值“0”应为",
        "第6行：分值“100.5”应为",
        "第7行：分值“0.55”应为",
        "第8行：35-30的起止颠倒了，应写成30-35",
        "第9行：1-301有301道题，一份试卷最多300道",
        "第10行：“-5, 1”应写成",
        "第11行：“9999999999, 1”应写成",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(bad[i].starts_with(words), "{words}: {}", bad[i]);
    }
    assert_eq!(bad.len(), 11, "empty lines are none");
    assert_eq!(by_hand::lines(" \n\n").unwrap(), []);
}

proptest! {
    #[test]
    fn what_is_written_is_read(questions in prop::collection::btree_map(1_i64..2_000, 1_u32..1_001, 1..60)) {
        let all: Vec<(i64, u32)> = questions.into_iter().collect();
        let lines = by_hand::lines(&by_hand::written(&all)).unwrap();
        let back: Vec<(i64, u32)> = lines.iter().flat_map(|l| (l.first..=l.last).map(|n| (n, l.marks))).collect();
        prop_assert_eq!(back, all);
    }

    #[test]
    fn no_text_trips_it(text in "[0-9,，、\\-~至第号分. \t\na\u{202e}]{0,80}") {
        if let Ok(lines) = by_hand::lines(&text) {
            prop_assert!(lines.iter().all(|l| l.first <= l.last && l.last - l.first < MOST as i64 && l.marks > 0));
        }
    }
}

/// Ten questions: 1 to 4 单选, 5 to 7 判断, 8 retired, 9 without a clause, 10 for a person to mark.
fn filled(o: &Installation) {
    let actor = || Actor { account: None, name: "周敏".into(), at: 5 };
    let one = |n: usize| {
        let (kind, answers) = match n {
            5..=7 => (Kind::TrueFalse, vec![Answer::new("对", Weight::FULL), Answer::new("错", Weight::NONE)]),
            10 => (Kind::Short, vec![]),
            _ => (Kind::Single, vec![Answer::new("是", Weight::FULL), Answer::new("否", Weight::NONE)]),
        };
        let source = if n == 9 { "" } else { "二（一）二" };
        Question { source: source.into(), topic: "学".into(), ..Question::new(kind, format!("第{n}问"), answers) }
    };
    let all: Vec<Question> = (1..=10).map(one).collect();
    o.db.write(move |tx| {
        bank::add(tx, &actor(), &all, "题.gift")?;
        bank::revise(tx, &actor(), 2, &Question { topic: "干".into(), ..all[1].clone() })?;
        bank::retire(tx, &actor(), 8, "过时")
    })
    .unwrap();
}

/// What the form begins with: as many as the bank has, so that the draft can be made as it stands.
const SUGGESTED: &str = "主题,题型,难度,题数,每题分值\r\n,单选题,,4,3\r\n,判断题,,3,2";

fn send(b: &mut Browser, blueprint: &str, list: &str) -> crate::visit::Got {
    let fields = [
        ("title", "闭卷测试"),
        ("activity", ""),
        ("opens", "2025-10-21T09:00"),
        ("closes", "2025-10-21T11:00"),
        ("minutes", "60"),
        ("attempts", "1"),
        ("review", ""),
        ("blueprint", blueprint),
        ("list", list),
        // What the form began with, as it carries it.
        ("suggested", SUGGESTED),
    ];
    b.submit("/tests/new", "/tests/new", &fields)
}

db_test!(a_paper_is_put_together_by_hand, |db: &Db| {
    let o = &office(db);
    filled(o);
    let mut b = Browser::of(o, Role::Office);
    let suggested = SUGGESTED;
    let page = b.get("/tests/new");
    assert!(page.text().contains(&format!("\n{}</textarea>", suggested.replace('\r', ""))), "{}", page.text());
    assert!(page.text().contains(r#"name="suggested" value="主题,"#), "{}", page.text());
    let told = "题库现在能用的有单选题4道、判断题3道、多选题0道，题数已据此减少";
    assert!(page.read().contains(told), "{}", page.read());
    for (blueprint, list, words) in [
        ("", "", &["双向细目表：请填写，或在“指定题目”里写明题号"][..]),
        ("题型,题数,每题分值\n单选题,1,4", "1, 5", &["两处只能用一处"]),
        ("", "1, 5\n11-12, 2", &["指定题目：第2行：题库里没有第11、12号题"]),
        ("", "8, 5\n9, 5", &["第1行：第8号题已停用", "第2行：第9号题没有出处条款"]),
        ("", "1-3, 5\n2-3, 4", &["第2行：第2、3号题在第1行已经写过"]),
        ("", "一, 5", &["第1行：“一, 5”应写成"]),
        (suggested, "1, 500", &["分值“500”应为0.1到100"]),
    ] {
        let got = send(&mut b, blueprint, list);
        let text = got.read();
        assert!(got.status == 422 && words.iter().all(|w| text.contains(w)), "{words:?}: {text}");
        assert!(got.text().contains(&format!("\n{list}</textarea>")), "what was typed stays: {}", got.text());
    }
    assert!(db.read(|tx| test::get(tx, 1)).unwrap().is_none(), "nothing half made");
    let long = send(&mut b, "", &"1, 5\n".repeat(1_000));
    assert!(long.status == 422 && long.read().contains("最多4000字"));
    // The total is shown where something else is wrong.
    let mut again = b.get("/tests/new").text();
    assert!(!again.contains("现在共") && again.contains("题号, 分值"));
    again = send(&mut b, "题型", "1-4, 5\n5-7, 2.5\n10, 10").text();
    assert!(again.contains("现在共8题，满分37.5分"), "{again}");

    // The suggested blueprint, left as it was, is none. Kinds and marks stand together, as numbered otherwise.
    let got = send(&mut b, suggested, "10, 10\n5-6, 2\n4, 5\n2, 5\n１，3");
    assert_eq!(got.led(), (303, "/tests/1?done=make-list"), "which is said");
    assert!(b.get("/tests/1?done=make-list").read().contains("双向细目表没有改动，没有使用"));
    let made = db.read(|tx| test::get(tx, 1)).unwrap().unwrap();
    let item = |number, version, marks| Item { number, version, marks };
    let wanted = [item(1, 1, 30), item(4, 1, 50), item(2, 2, 50), item(5, 1, 20), item(6, 1, 20), item(10, 1, 100)];
    assert_eq!(made.items, wanted);
    assert_eq!((made.full().as_str(), made.origin.blueprint.as_str()), ("27", ""));
    assert_eq!(marks(made.items.iter().map(|i| i.marks).sum()), "27");
    assert_eq!(b.submit("/tests/1", "/tests/1/publish", &[("from", "unit")]).led(), (303, "/tests/1?done=publish"));
    assert_eq!(send(&mut b, suggested, "").led(), (303, "/tests/2?done=make"), "what the form begins with can be had");
});

db_test!(questions_are_taken_from_the_list_into_a_paper, |db: &Db| {
    let o = &office(db);
    filled(o);
    let mut b = Browser::of(o, Role::Office);
    let text = b.get("/questions").text();
    let boxes = |text: &str| text.matches(r#"type="checkbox" form="take""#).count();
    assert_eq!(boxes(&text), 8, "what may be asked can be taken: {text}");
    assert!(text.contains(r#"formaction="/tests/new""#) && !text.contains("全部不选"));
    // Remembered from one page of the list to the next, by the address alone.
    let text = b.get("/questions?q=&topic=%E5%B9%B2&take=1&take=3-4").text();
    assert!(text.contains(r#"<input type="hidden" name="take" value="1.3-4">"#), "{text}");
    assert!(text.contains(r#"<input type="hidden" name="topic" value="干">"#) && text.contains("已选3题"));
    assert!(text.contains(r#"formaction="/tests/new""#) && boxes(&text) == 1);
    let none = b.get("/questions?q=zzz&take=1.3-4").text();
    assert!(none.contains("没有符合条件的题") && none.contains("已选3题") && none.contains("全部不选"), "{none}");
    let text = b.get("/questions?take=1.3-4&take=5").text();
    assert!(text.contains("已选4题") && text.matches(" checked").count() == 4);
    assert!(text.contains(r#"<input type="hidden" name="take" value="1.3-5">"#), "with other conditions: {text}");
    // Files of the list are the list's, whatever is taken.
    assert!(text.contains("/questions/export?format=gift"), "{text}");
    let page = b.get("/tests/new?q=&topic=%E5%B9%B2&size=100&take=1.3-4&take=6&take=10").text();
    assert!(page.contains("\n1, 3\n3-4, 3\n6, 2\n10, 10</textarea>"), "{page}");
    assert!(page.contains("现在共5题，满分21分") && page.contains("name=\"blueprint\"") && !page.contains("没有采用"));
    let page = b.get("/tests/new?take=1.x&take=77&take=1-999").read();
    assert!(page.contains("选题里有的题号无法识别") && page.contains("77, 2"), "{page}");
    // Who keeps the bank and arranges tests; nobody else sees either.
    assert_eq!(Browser::of(o, Role::Cadre).get("/tests/new?take=1").status, 403);
});
