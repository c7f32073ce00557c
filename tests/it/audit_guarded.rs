//! Rows that are no ledger's and are held against the log: whoever changes one behind the program's back is found, with the
//! row and the entry that stated it last.

use dongliang::{
    audit::{self, Guarded, What},
    auth::{Role, factor, grant, totp},
    clock::Clock,
    daily,
    day::Day,
    db::Db,
    db_test, doubt,
    exam::{
        attempt::{self, Said, Sitter},
        close, printed,
        roll::Listed,
        test::{self, Item, MINUTE, Rules},
    },
    feed, feedback,
    installation::Installation,
    questions::{Answer, Kind, Question, Weight, bank},
    scope::Actor,
};

use crate::{
    audit::{after, against},
    auth_login::{PASSWORD, enter, person, with_factor},
    remedy::{confirm, drafted, say},
    supervise::pressed,
    visit::{Browser, account, now},
};

fn actor(at: i64) -> Actor {
    Actor { name: "周敏".into(), account: None, at }
}

/// A test that one person has sat.
pub(crate) fn sat(o: &Installation) {
    let opens = now() - 60 * MINUTE;
    o.db.write(move |tx| {
        let answers = vec![Answer::new("2次", Weight::FULL), Answer::new("4次", Weight::NONE)];
        let asked = Question {
            source: "二（二）三".into(),
            topic: "学".into(),
            ..Question::new(Kind::Single, "几次？", answers)
        };
        bank::add(tx, &actor(opens), &[asked], "题.gift")?;
        let rules = Rules {
            title: "测试".into(),
            activity: None,
            unit: 1,
            opens,
            closes: opens + 240 * MINUTE,
            minutes: 60,
            attempts: 1,
            review: opens + 240 * MINUTE,
        };
        let id = test::make(tx, &actor(opens), &rules, &[Item { number: 1, version: 1, marks: 100 }])?;
        let one = |person| Listed { person, organ: Some(1), extra: 0, excused: None };
        test::publish(tx, &actor(opens), id, &[one(1), one(2)], opens)?;
        let sat = close::sat(tx, id)?.unwrap();
        printed::take(tx, &actor(opens), (&sat.test, &sat.paper), 1, 3)?;
        let by = Sitter { person: 1, seat: 7 };
        attempt::begin(tx, &sat, by, 1, opens)?;
        attempt::save(tx, &sat, by, &Said { place: 1, values: vec!["A".into()], flagged: false, sequence: 1 }, opens)?;
        attempt::hand_in(tx, &actor(opens + MINUTE), &sat, by, opens + MINUTE)
    })
    .unwrap();
}

/// One of everything.
fn filled(db: &Db) -> Installation {
    let o = drafted(db);
    say(&o, 1, &confirm("2025-10-31")).unwrap();
    pressed(&o);
    sat(&o);
    let zhou = person(&o, "zhoumin", Role::Office);
    account(&o, "liming", Role::Clerk, Some(2), Some(3));
    with_factor(&o, zhou);
    o.db.write(move |tx| {
        let day = |text| Day::parse(text).unwrap();
        grant::name_stand_in(
            tx,
            &actor(9),
            (zhou, "liming"),
            (day("2025-10-20"), day("2025-10-30")),
            "年休假",
            day("2025-10-20"),
        )?;
        feedback::give(tx, &actor(9), zhou, ("/todo", "字太小"), day("2025-10-20"))?;
        feed::make(tx, &actor(9), zhou, None)?;
        factor::lay_down(tx, &actor(9), &[Role::Office], "")?;
        daily::plan::lesson(tx, &actor(9), day("2025-10-20"), day("2025-10-24"), ("谈话怎么记", "三步。", ""))?;
        doubt::mark(tx, &actor(9), ("guidance", 1, 1), Some(2), "日期不对").map(|_| ())
    })
    .unwrap();
    audit::sequence(db).unwrap();
    o
}

db_test!(whatever_is_changed_behind_the_programs_back_is_found_and_named, |db: &Db| {
    filled(db);
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert_eq!(report.unguarded, 0);
    assert!(report.guarded > 12, "{}", report.guarded);
    use What::{Altered, Lost, Unstated};
    let cases = [
        // Somebody with the file gives himself a role, takes another's, makes an account, lets a disabled one in.
        ("update role_grant set role = '安全管理员' where row_id = 2", Guarded::Grant, 2, Altered),
        ("update role_grant set unit_id = null where row_id = 2", Guarded::Grant, 2, Altered),
        (
            "insert into role_grant (row_id, account_id, role, starts, granted_at, granted_by) \
             values (9, 2, '安全管理员', '2025-01-01', 1, '周敏')",
            Guarded::Grant,
            9,
            Unstated,
        ),
        ("delete from role_grant where row_id = 1", Guarded::Grant, 1, Lost),
        ("update account set password = 'argon2id$x' where row_id = 1", Guarded::Account, 1, Altered),
        (
            "update account set must_change = 0, totp = null, totp_confirmed = 0 where row_id = 1",
            Guarded::Account,
            1,
            Altered,
        ),
        ("update account set person_id = 2 where row_id = 2", Guarded::Account, 2, Altered),
        ("insert into recovery_code (account_id, hash) values (1, 'x')", Guarded::Account, 1, Altered),
        ("delete from recovery_code where account_id = 1", Guarded::Account, 1, Altered),
        (
            "insert into account (row_id, login, name, must_change, created_at, created_by) values (9, 'x', 'x', 0, 1, 'x')",
            Guarded::Account,
            9,
            Unstated,
        ),
        ("delete from account where row_id = 2", Guarded::Account, 2, Lost),
        ("update stand_in set ends = '2026-12-31'", Guarded::StandIn, 1, Altered),
        (
            "insert into sso_link (row_id, account_id, issuer, subject, linked_at, linked_by) values (1, 1, 'i', 's', 1, 'x')",
            Guarded::Link,
            1,
            Unstated,
        ),
        ("insert into meta (key, value) values ('sso', '{}')", Guarded::Sso, 0, Unstated),
        // Nobody needs a second factor any more.
        ("delete from meta where key = 'factor_roles'", Guarded::Sso, 1, Lost),
        ("update remedy set due = '2026-10-31' where row_id = 1", Guarded::Remedy, 1, Altered),
        ("update remedy_event set text = '另有安排' where kind = 'confirm'", Guarded::Remedy, 1, Altered),
        ("delete from remedy_event where kind = 'confirm'", Guarded::Remedy, 1, Altered),
        ("update supervision set state = 'closed' where row_id = 1", Guarded::Supervision, 1, Altered),
        ("delete from supervision_event where kind = 'reply'", Guarded::Supervision, 2, Altered),
        ("delete from doubt", Guarded::Doubt, 1, Lost),
        ("update question set content = '{}'", Guarded::Question, 1, Altered),
        ("update test set closes_at = closes_at + 1", Guarded::Test, 1, Altered),
        ("update test set line = 1", Guarded::Test, 1, Altered),
        ("update test_roll set excused = '出差' where person_id = 2", Guarded::Test, 1, Altered),
        ("delete from test_roll where person_id = 2", Guarded::Test, 1, Altered),
        ("update test_form set asked = '0:ba'", Guarded::Test, 1, Altered),
        ("update attempt set score = 10000", Guarded::Attempt, 1, Altered),
        ("update attempt set ended_at = null", Guarded::Attempt, 1, Lost),
        ("update attempt set entered_by = '周敏'", Guarded::Attempt, 1, Altered),
        ("insert into test_sheets_in (test_id, ended_at, ended_by) values (1, 1, 'x')", Guarded::Test, 1, Altered),
        ("update attempt_answer set answer = '1'", Guarded::Attempt, 1, Altered),
        // Another is led to the dates of this one.
        ("update feed set account_id = 2", Guarded::Calendar, 1, Altered),
        ("delete from feed", Guarded::Calendar, 1, Lost),
        ("update release_plan set released_at = 1", Guarded::Release, 1, Altered),
        ("update feedback set text = '很好'", Guarded::Feedback, 1, Altered),
    ];
    for (sql, what, key, found) in cases {
        let report = after(db, &against(), move |tx| tx.ddl(sql));
        let told: Vec<_> = report.findings.iter().map(|f| (f.item, f.what.clone())).collect();
        assert_eq!(told, [(Some((what, key)), found.clone())], "{sql}");
        // The entry that stated it last is named, wherever there is one.
        assert_eq!(report.findings[0].entry.is_some(), found != Unstated, "{sql}");
        let words = report.findings[0].to_string();
        assert!(words.contains(&format!("（{} 第 {key} 行）：", what.name())), "{words}");
    }
});

db_test!(what_changes_without_an_act_is_left_alone, |db: &Db| {
    let o = &filled(db);
    let id = person(o, "zhaolei", Role::Office);
    let (secret, codes) = with_factor(o, id);
    let mut b = Browser::new(o);
    let code = totp::code(&secret, totp::step(now()));
    assert_eq!(enter(&mut b, "zhaolei", PASSWORD, &code).status, 303);
    // A recovery code is good once: that it is gone is an act.
    assert_eq!(enter(&mut Browser::new(o), "zhaolei", PASSWORD, &codes[0]).status, 303);
    audit::sequence(db).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
});

db_test!(rows_older_than_the_guard_are_taken_as_they_are_once, |db: &Db| {
    filled(db);
    // As it was before: the log knows nothing of these tables.
    db.write(|tx| {
        tx.ddl(
            "delete from audit_entry; delete from audit_former; delete from audit_checkpoint; \
             delete from meta where key like 'audit%'",
        )
    })
    .unwrap();
    audit::adopt(db, &actor(1)).unwrap();
    audit::sequence(db).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert!(report.guarded > 12 && report.unguarded == 0);
    // Whoever then changes a row and has the program forget that it guards it gains nothing.
    db.write(|tx| {
        tx.ddl(
            "update role_grant set role = '安全管理员' where row_id = 2; delete from meta where key = 'audit_guarded'",
        )
    })
    .unwrap();
    let entries = report.entries;
    audit::adopt(db, &actor(2)).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert_eq!((report.entries, report.found), (entries, 1), "{:#?}", report.findings);
    assert_eq!(report.findings[0].item, Some((Guarded::Grant, 2)));
});

db_test!(before_they_are_taken_they_are_not_held_against_it, |db: &Db| {
    let o = filled(db);
    assert_eq!(o.clock, Clock::Standing(Day::parse("2025-10-20").unwrap()));
    db.write(|tx| tx.ddl("delete from audit_entry; delete from meta where key like 'audit%'")).unwrap();
    let report = audit::verify(db, &against()).unwrap();
    assert_eq!((report.guarded, report.unguarded), (0, Guarded::ALL.len() as u64));
    assert!(report.findings.iter().all(|f| f.item.is_none()), "{:#?}", report.findings);
});
