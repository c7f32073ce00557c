//! 补考 of those near the line: none without the ruling, once with it, and the better of both scores is the class's.

use std::sync::Arc;

use dongliang::{
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Value},
    db_test,
    exam::{
        close,
        line::{self, Settled},
        roll,
        score::written,
        test::{self, MINUTE, Origin, Rules, State},
    },
    jobs,
    questions::bank,
};

use crate::{
    incremental::Office,
    key_corrected::{rate, sat_and_closed},
    sitting::{actor, begin, hand_in, last, nine, right, rules, save, sitter},
    visit::{Browser, account},
};

const DAY: i64 = 24 * 60 * MINUTE;

/// The recorded scores of the class, by person.
fn recorded(db: &Db) -> Vec<(i64, i64)> {
    let sql = "select \"person\", \"score\" from l_attendance where voided_at is null and \"sat\" = '已考' order by \"person\"";
    db.read(|tx| tx.rows(sql, &[], |r| Ok((r.i64(0)?, r.i64(1)? / 10_000)))).unwrap()
}

/// A draft of a second sitting, from three days after the first on.
fn draft(o: &Office, first: &test::Test) -> i64 {
    let (items, activity, of) = (first.items.clone(), first.rules.activity, first.id);
    let (opens, closes) = (nine() + 2 * DAY, nine() + 5 * DAY);
    let rules = Rules { title: "专题班补考".into(), opens, closes, review: closes, ..rules(activity) };
    o.installation
        .db
        .write(move |tx| {
            let id = test::make(tx, &actor(), &rules, &items)?;
            test::set_origin(tx, id, &Origin { first: Some(of), blueprint: String::new() })?;
            Ok(id)
        })
        .unwrap()
}

db_test!(who_is_near_the_line_sits_again_once_the_office_rules_so, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-30");
    o.found();
    let sat = sat_and_closed(o);
    // 40 is within one standard error of 60, as if the test had been a coarse one.
    db.write(|tx| line::keep(tx, 1, &Settled { error: Some(250_000), ..Settled::default() })).unwrap();
    assert_eq!(recorded(db), [(3, 100), (4, 80), (5, 40)]);
    assert_eq!(rate(db), ("open".into(), "1/2".into()));
    let first = db.read(|tx| test::get(tx, 1)).unwrap().unwrap();
    let id = draft(o, &first);
    let (page, publish) = (format!("/tests/{id}"), format!("/tests/{id}/publish"));
    let mut b = Browser::of(&o.installation, Role::Personnel);

    // Off by default: 临界 is for information.
    let text = b.get("/tests/1").read();
    assert!(text.contains("仅供参考") && !text.contains("拟制补考"), "{text}");
    let got = b.submit(&page, &publish, &[("from", "near")]);
    assert!(got.status == 422 && got.read().contains("没有裁定给予补考"), "{}", got.read());

    let value = |t: &str| Value::from(t);
    let mut office = Browser::of(&o.installation, Role::Office);
    assert!(office.get("/settings/value/resits").read().contains("现行取值：0"));
    let two = [("value", "2"), ("from", "2025-06-30"), ("by", "组长"), ("on", "2025-06-30"), ("reason", "会议")];
    let got = office.submit("/settings/value/resits", "/settings/value/resits", &two);
    assert!(got.status == 422 && got.read().contains("“2”不是0或1"), "{}", got.read());
    let row = [("name", value("resits")), ("value", value("1")), ("from", value("2025-06-28"))];
    o.add("setting", None, &[&row[..], &[("basis", value("领导小组办公室"))]].concat());
    jobs::run_waiting(&o.installation).unwrap();
    assert!(office.get("/settings/value/resits").read().contains("现行取值：1"));

    let text = b.get("/tests/1").read();
    assert!(text.contains("按裁定给临界未合格的1人一次补考：拟制补考"), "{text}");
    let class = first.rules.activity.unwrap();
    let form = b.get(&format!("/tests/new?activity={class}")).read();
    assert!(form.contains("专题班补考") || form.contains("第二卷"), "{form}");
    let text = b.get(&page).read();
    assert!(text.contains("第一场临界、未合格的1人"), "{text}");
    let got = b.submit(&page, &publish, &[("from", "class")]);
    assert_eq!(got.led(), (303, format!("{page}?done=publish").as_str()), "{}", got.read());
    let listed: Vec<i64> = db.read(|tx| roll::of_test(tx, id)).unwrap().iter().map(|l| l.person).collect();
    assert_eq!(listed, [5], "whatever the form said");
    assert!(b.get("/tests/1").read().contains("按裁定给予的补考：专题班补考"));
    // Who is to sit it reads so; on the first as long as it is to come, then what came of it.
    let five = account(&o.installation, "five", Role::Cadre, None, Some(5));
    let result = |o: &Office| Browser::logged_in(&o.installation, five).get("/exams/1/result").read();
    let text = result(o);
    assert!(text.contains("按裁定给予一次补考“专题班补考”") && text.contains("开放"), "{text}");
    // Once.
    let other = draft(o, &first);
    let got = b.submit(&format!("/tests/{other}"), &format!("/tests/{other}/publish"), &[("from", "near")]);
    assert!(got.status == 422 && got.read().contains("已有补考“专题班补考”，补考只有一次"), "{}", got.read());

    // The second is sat; until it closes nothing changes.
    let second = Arc::new(db.read(|tx| close::sat(tx, id)).unwrap().unwrap());
    let now = nine() + 3 * DAY;
    begin(o, &second, sitter(5), now).unwrap();
    let attempt = last(o, &second, 5);
    for (i, asked) in attempt.asked.iter().enumerate().filter(|(_, asked)| asked.question < 4) {
        let q = &second.paper[asked.question].question;
        let letters = |texts: Vec<&str>| -> Vec<String> {
            let place = |t: &&str| asked.options.iter().position(|o| q.answers[*o].text == *t);
            let letter =
                |t: &&str| place(t).map_or_else(|| (*t).to_owned(), |p| char::from(b'A' + p as u8).to_string());
            texts.iter().map(letter).collect()
        };
        let said = dongliang::exam::attempt::Said {
            place: i + 1,
            values: letters(right(asked.question)),
            flagged: false,
            sequence: 1,
        };
        save(o, &second, sitter(5), &said, now + 1).unwrap();
    }
    hand_in(o, &second, sitter(5), now + MINUTE).unwrap();
    assert_eq!(recorded(db), [(3, 100), (4, 80), (5, 40)]);
    o.installation.clock = Clock::Standing(Day::parse("2025-07-03").unwrap());
    jobs::run_waiting(&o.installation).unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    assert_eq!(db.read(|tx| test::get(tx, id)).unwrap().unwrap().state, State::Closed);
    assert_eq!(recorded(db), [(3, 100), (4, 80), (5, 80)]);
    assert_eq!(rate(db), ("open".into(), "3/4".into()));
    o.agree("after the second sitting");
    assert!(!b.get(&page).read().contains("各单位合格率"), "the few of a second sitting are no unit's rate");

    let text = result(o);
    assert!(text.contains("已按裁定参加补考“专题班补考”") && !text.contains("给予一次"), "{text}");

    // What is recorded of the first again does not take it back.
    let mut b = Browser::of(&o.installation, Role::Personnel);
    let got = b.submit("/tests/1", "/tests/1/withdraw", &[("place", "4"), ("reason", "两可"), ("sure", "1")]);
    assert_eq!(got.led().0, 303, "{}", got.read());
    assert_eq!(last(o, &sat, 5).score.map(written), Some("60".into()));
    assert_eq!(recorded(db), [(3, 100), (4, 80), (5, 80)]);
    assert!(!db.read(|tx| bank::versions(tx, 1)).unwrap().is_empty());
});
