//! What happens to a test while it is sat: somebody is moved, a question is withdrawn.

use std::sync::Arc;

use dongliang::{
    auth::Role,
    clock::start_of_day,
    day::Day,
    db::{Db, Value},
    db_test,
    exam::{
        attempt::Sat,
        close, roll,
        score::written,
        test::{self, MINUTE, Rules, State},
    },
    jobs,
};

use crate::{
    incremental::Office,
    sitting::{
        actor, answer_all, begin, class, hand_in, last, nine, paper, published, right, rules, said, save, sitter,
    },
    visit::{Browser, account},
};

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A published test of the class that is open from 29 June to 2 July.
pub(crate) fn open_for_days(o: &Office) -> Arc<Sat> {
    let (class, items) = (class(o), paper(o, false));
    let (opens, closes) = (start_of_day(day("2025-06-29")), start_of_day(day("2025-07-03")));
    let rules = Rules { opens, closes, review: closes, ..rules(Some(class)) };
    let inst = o.installation.clone();
    let id = o
        .installation
        .db
        .write(move |tx| {
            let id = test::make(tx, &actor(), &rules, &items)?;
            let current = inst.current_in_write(tx)?;
            let listed = roll::of_class(tx, &current, class, day("2025-06-27"))?;
            test::publish(tx, &actor(), id, &listed, opens - 1)?;
            Ok(id)
        })
        .unwrap();
    Arc::new(o.installation.db.read(|tx| close::sat(tx, id)).unwrap().unwrap())
}

db_test!(who_is_moved_in_the_middle_goes_on_and_counts_for_the_unit_of_the_list, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = published(o, false);
    let now = nine() + MINUTE;
    for person in [3, 4] {
        begin(o, &sat, sitter(person), now).unwrap();
    }
    save(o, &sat, sitter(4), &said(1, &[], 0), now).unwrap();
    // 4 is in another organ from this day on.
    let text = |t: &str| Value::from(t);
    let post = [("person", 4.into()), ("duty", text("普通干部")), ("main", 1.into()), ("from", text("2025-06-27"))];
    o.add("post", Some(1), &post);
    for person in [3, 4] {
        begin(o, &sat, sitter(person), now + MINUTE).unwrap();
    }
    answer_all(o, &sat, sitter(4), &right);
    hand_in(o, &sat, sitter(4), now + 3 * MINUTE).unwrap();
    hand_in(o, &sat, sitter(3), now + 3 * MINUTE).unwrap();
    assert_eq!(last(o, &sat, 4).score.map(written), Some("100".into()));
    jobs::run_waiting(&o.installation).unwrap();
    let test = db.read(|tx| test::get(tx, sat.test.id)).unwrap().unwrap();
    assert_eq!(test.state, State::Closed);
    // On the list, in the rate and in the class he is one of the district's, whose day he still belonged to.
    let outcomes = db.read(|tx| close::outcomes(tx, test.id)).unwrap();
    assert!(outcomes.iter().all(|o| o.listed.organ == Some(2)), "{outcomes:?}");
    let rates = close::rates(&outcomes, 600_000);
    assert_eq!((rates.len(), rates[&Some(2)].listed, rates[&Some(2)].passed), (1, 4, 1));
    let sql =
        "select unit_id, \"day\", \"sat\", \"score\" from l_attendance where voided_at is null and \"person\" = 4";
    let row = db.read(|tx| {
        tx.one(sql, &[], |r| Ok((r.opt_i64(0)?, r.text(1)?.to_owned(), r.text(2)?.to_owned(), r.opt_i64(3)?)))
    });
    assert_eq!(row.unwrap().unwrap(), (Some(3), "2025-06-20".into(), "已考".into(), Some(1_000_000)));
    let sql = "select rest from verdict where requirement = 'R-02' and closed = 0";
    let organs = db.read(|tx| tx.rows(sql, &[], |r| Ok(r.text(0)?.to_owned()))).unwrap();
    assert_eq!(organs, ["2"], "no verdict on the new organ");
    o.agree("somebody was moved");
});

db_test!(a_question_withdrawn_in_the_middle_is_told_and_nothing_is_lost, |db: &Db| {
    let o = &Office::open(db, "2025-06-30");
    o.found();
    let sat = open_for_days(o);
    let inst = &o.installation;
    let exam = format!("/exams/{}", sat.test.id);
    let sits = |person: i64| {
        let id = account(inst, &format!("p{person}"), Role::Cadre, None, Some(person));
        let mut b = Browser::logged_in(inst, id);
        b.pages = Some(dongliang::web::pages(inst.clone(), dongliang::web::Transport::Loopback));
        b
    };
    let (mut three, mut four, mut five) = (sits(3), sits(4), sits(5));
    for b in [&mut three, &mut four] {
        assert_eq!(b.submit(&exam, &format!("{exam}/start"), &[]).status, 303);
    }
    // 3 has all but the first question wrong and hands in; 4 has answered that question wrongly and is under way.
    let place = |person: i64, question: usize| {
        last(o, &sat, person).asked.iter().position(|a| a.question == question).unwrap() + 1
    };
    let letter = |person: i64, option: usize| {
        let asked = last(o, &sat, person).asked.into_iter().find(|a| a.question == 0).unwrap();
        char::from(b'A' + asked.options.iter().position(|p| *p == option).unwrap() as u8).to_string()
    };
    let save = |b: &mut Browser, person: i64, question: usize, answer: &str, n: &str| {
        let (form, q) = (b.get(&format!("{exam}/q/1")).token(), place(person, question).to_string());
        b.post(&format!("{exam}/save"), &[("form", &form), ("q", &q), ("n", n), ("a", answer)])
    };
    let got = save(&mut three, 3, 0, &letter(3, 0), "1");
    assert!(got.status == 200 && !got.text().contains("out"), "{}", got.text());
    save(&mut three, 3, 3, "不对", "1");
    let sheet = three.get(&format!("{exam}/sheet")).token();
    three.post(&format!("{exam}/submit"), &[("form", &sheet), ("sure", "1")]);
    assert_eq!(last(o, &sat, 3).score.map(written), Some("20".into()));
    assert_eq!(save(&mut four, 4, 0, &letter(4, 1), "1").status, 200);
    let before = four.get(&format!("{exam}/q/1"));
    assert!(!before.read().contains("已作废"));

    // The office takes out the fill-in and the choice.
    let mut office = Browser::of(inst, Role::Personnel);
    let tests = format!("/tests/{}", sat.test.id);
    for (place, reason) in [("4", "答案不止一个"), ("1", "题干有歧义<b>")] {
        let fields = [("place", place), ("reason", reason), ("sure", "1")];
        let got = office.submit(&tests, &format!("{tests}/withdraw"), &fields);
        assert_eq!(got.led(), (303, &*format!("{tests}?done=withdraw")), "{}", got.read());
    }
    // Who has handed in is marked again, with the earlier score beside; who answers goes on with what he has.
    let three_now = last(o, &sat, 3);
    assert_eq!((three_now.score.map(written), three_now.earlier.map(written)), (Some("40".into()), Some("20".into())));
    let page = four.get(&format!("{exam}/q/2"));
    let (one, fill) = (place(4, 0), place(4, 3));
    let told = page.read();
    assert!(told.contains(&format!("第{one}题已作废（题干有歧义&#60;b&#62;），按得满分计")), "{told}");
    assert!(told.contains(&format!("第{fill}题已作废（答案不止一个）")) && !page.text().contains("歧义<b>"));
    let got = save(&mut four, 4, 2, &letter_of(o, &sat, 4, 2, 1), "1");
    assert!(got.status == 200 && got.text().contains("已作废") && got.text().contains("saved"), "{}", got.text());
    let again = save(&mut four, 4, 0, &letter(4, 2), "2");
    assert_eq!(again.status, 200, "it may still be answered");
    let sheet = four.get(&format!("{exam}/sheet")).read();
    assert!(sheet.contains("已答1题，未答2题") && sheet.contains("作废2题") && sheet.contains("已作废（"), "{sheet}");
    // Who begins afterwards is told as well.
    five.submit(&exam, &format!("{exam}/start"), &[]);
    assert!(five.get(&format!("{exam}/q/1")).read().contains("已作废（答案不止一个）"));
    let form = five.get(&format!("{exam}/sheet")).token();
    five.post(&format!("{exam}/submit"), &[("form", &form), ("sure", "1")]);
    assert_eq!(last(o, &sat, 5).score.map(written), Some("40".into()), "two of five for everybody");
    let form = four.get(&format!("{exam}/sheet")).token();
    let got = four.post(&format!("{exam}/submit"), &[("form", &form), ("sure", "1")]);
    assert_eq!(got.led(), (303, &*format!("{exam}/result?done=1")));
    assert_eq!(last(o, &sat, 4).score.map(written), Some("40".into()));
    assert!(four.get(&format!("{exam}/result")).read().contains("作废的题"));
    // Nothing that was saved is lost.
    let kept = "select count(*) from attempt_answer b join attempt a on a.row_id = b.attempt_id where a.person_id = $1";
    let kept = |person: i64| db.read(|tx| tx.one(kept, &[person.into()], |r| r.i64(0))).unwrap().unwrap();
    assert_eq!((kept(3), kept(4)), (2, 2));
    o.agree("two questions are out");
});

/// The letter under which an option of a question was shown.
fn letter_of(o: &Office, sat: &Sat, person: i64, question: usize, option: usize) -> String {
    let asked = last(o, sat, person).asked.into_iter().find(|a| a.question == question).unwrap();
    char::from(b'A' + asked.options.iter().position(|p| *p == option).unwrap() as u8).to_string()
}
