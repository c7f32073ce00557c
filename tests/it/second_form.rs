//! The line of a second form that is harder: found through common questions, said, and near where it truly lies.

use std::collections::BTreeSet;

use dongliang::{
    auth::Role,
    db::{Db, Value},
    db_test,
    exam::{
        close, line,
        paper::{Wanted, choose},
        score::written,
        second,
        test::{self, Origin, State},
    },
    jobs,
    questions::bank,
};

use crate::{
    incremental::{Dice, Office},
    retraining::{actor, at, fill, rules, wanted},
    visit::Browser,
};

/// Answers of made-up persons whose abilities are known, to a form whose questions are as hard as `difficulty` says.
fn simulated(db: &Db, test: &test::Test, difficulty: &dyn Fn(i64) -> f64, persons: i64, dice: &mut Dice, from: i64) {
    let mut rows = Vec::new();
    for n in 0..persons {
        let person = from + n;
        let uniform = |dice: &mut Dice| (dice.below(1_000_000) as f64 + 0.5) / 1e6;
        let ability = (0..12).map(|_| uniform(dice)).sum::<f64>() - 6.0;
        let mut right = Vec::new();
        for (place, item) in test.items.iter().enumerate() {
            let p = 1.0 / (1.0 + (difficulty(item.number) - ability).exp());
            right.push((place, uniform(dice) < p));
        }
        rows.push((person, right));
    }
    let test = test.clone();
    db.write(move |tx| {
        for (person, right) in rows {
            let score = right.iter().filter(|r| r.1).count() as i64 * 1_000_000 / right.len() as i64;
            let sql = "insert into attempt (test_id, person_id, number, asked, begun_at, due_at, seat, ended_at, by_clock, \
                       score) values ($1, $2, 1, '', $3, $3, 0, $3, 0, $4) returning row_id";
            let params = [test.id.into(), person.into(), test.rules.opens.into(), score.into()];
            let id = tx.one(sql, &params, |r| r.i64(0))?.unwrap();
            let answer = |(place, right): &(usize, bool)| -> [Value; 7] {
                let chosen = if *right { "0" } else { "1" };
                [id.into(), (*place as i64).into(), 1.into(), chosen.into(), 0.into(), 0.into(), Value::Null]
            };
            let rows: Vec<[Value; 7]> = right.iter().map(answer).collect();
            let columns = ["attempt_id", "question", "sequence", "answer", "flagged", "saved_at", "marks"];
            tx.bulk("attempt_answer", &columns, rows.iter().map(|r| &r[..]))?;
            let sql = "insert into test_roll (test_id, person_id, extra) values ($1, $2, 0)";
            tx.execute(sql, &[test.id.into(), person.into()])?;
        }
        tx.execute("update test set state = 'open' where row_id = $1", &[test.id.into()]).map(|_| ())
    })
    .unwrap();
}

db_test!(the_line_of_a_harder_second_form_is_lower_and_said, |db: &Db| {
    let o = &mut Office::open(db, "2025-06-28");
    o.found();
    fill(o, 60);
    let kept = db.read(|tx| bank::current(tx, None)).unwrap();
    let rows = [Wanted { count: 24, ..wanted()[0].clone() }];
    let first = choose(&rows, &kept, 7).unwrap();
    let asked: BTreeSet<i64> = first.iter().map(|c| c.number).collect();
    let shared = second::shared(&first, &BTreeSet::new(), &kept, second::usual(24), 3);
    let other = dongliang::exam::paper::choose_sharing(&rows, &kept, &shared, 11).unwrap();
    let make = |items: Vec<test::Item>, first: Option<i64>, day: &str| {
        let opens = at(day);
        db.write(move |tx| {
            let id = test::make(tx, &actor(opens), &rules("试", None, opens), &items)?;
            test::set_origin(tx, id, &Origin { first, blueprint: String::new() })?;
            Ok(test::get(tx, id)?.unwrap())
        })
        .unwrap()
    };
    let one = make(test::items(&first), None, "2025-05-27");
    let two = make(test::items(&other), Some(one.id), "2025-06-26");
    // What comes anew is harder by 1 than what was asked first.
    let spread = |number: i64| (number % 7) as f64 * 0.3 - 0.9;
    let difficulty = |number: i64| spread(number) + if asked.contains(&number) { 0.0 } else { 1.0 };
    let mut dice = Dice(99);
    simulated(db, &one, &difficulty, 900, &mut dice, 1_000);
    simulated(db, &two, &difficulty, 900, &mut dice, 5_000);
    // It is told what is done, and the steps of both calibrations.
    let told = std::cell::RefCell::new(Vec::new());
    let inst = &o.installation;
    db.read(|tx| {
        let (current, sat) = (inst.current(tx)?, close::sat(tx, two.id)?.unwrap());
        line::settle(tx, &current, &sat, &|what, step| told.borrow_mut().push((what, step)))
    })
    .unwrap();
    let told = told.into_inner();
    assert_eq!(told[..2], [("正在核对成绩", 0), ("正在标定第一卷", 1)]);
    let own = told.iter().position(|t| *t == ("正在标定本卷", 1)).unwrap();
    assert!(own > 3 && told.len() > own + 2 && told[own - 1].1 > 1, "{told:?}");
    let (page, events) = (format!("/tests/{}", two.id), format!("/tests/{}/events", two.id));
    let mut b = Browser::of(inst, Role::Office);
    let waits = b.get(&page);
    assert!(waits.read().contains("已收卷，即将结算成绩"), "{}", waits.read());
    assert!(waits.text().contains(&format!("data-live=\"{events}\"")));
    jobs::run_waiting(&o.installation).unwrap();
    jobs::run_waiting(&o.installation).unwrap();
    let over = b.get(&events);
    assert!(over.status == 200 && over.text().contains("event: done"), "{}", over.text());
    assert!(!b.get(&page).text().contains("data-live"));
    let two = db.read(|tx| test::get(tx, two.id)).unwrap().unwrap();
    let (own, of) = two.line.unwrap_or_else(|| panic!("{}", two.line_note));
    assert_eq!((two.state, of), (State::Closed, 600_000));
    assert!(two.line_note.contains("共同题8道") && two.line_note.contains(&written(own)), "{}", two.line_note);
    assert!(two.error.is_some_and(|e| (50_000..150_000).contains(&e)), "{:?}", two.error);
    // Where the line lies by the difficulties that are known: the same ability is expected to get 60 of the first.
    let expected = |test: &test::Test, ability: f64| {
        let right = |i: &test::Item| 1.0 / (1.0 + (difficulty(i.number) - ability).exp());
        test.items.iter().map(right).sum::<f64>() / test.items.len() as f64 * 1_000_000.0
    };
    let (mut low, mut high) = (-4.0, 4.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if expected(&one, middle) < 600_000.0 { low = middle } else { high = middle }
    }
    let truth = expected(&two, low);
    assert!(truth < 470_000.0 && (own as f64 - truth).abs() < 40_000.0, "{own} for {truth}");
    assert!(line::carried(own, (own, of)) == of && line::carried(own - 1, (own, of)) < of);
    // Long after, the answers to the first form are deleted by their rule: the line found from them stays.
    let inst = o.installation.clone();
    let after = db.write(move |tx| {
        let of_first = "attempt_id in (select row_id from attempt where test_id = $1)";
        tx.execute(&format!("delete from attempt_answer where {of_first}"), &[one.id.into()])?;
        tx.execute("delete from attempt where test_id = $1", &[one.id.into()])?;
        close::record_again(tx, &inst, two.id, close::REMARKED)?;
        test::get(tx, two.id)
    });
    let after = after.unwrap().unwrap();
    assert_eq!((after.line, after.line_note), (two.line, two.line_note));
});
