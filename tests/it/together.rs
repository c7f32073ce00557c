//! Several processes on one database: each has a handle of its own, as a server and a command beside it have.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, Ordering},
};

use dongliang::{
    db::Db,
    db_test, facts, installation, jobs, url_test,
    verdict::{rejudge, store},
};

use crate::incremental::Office;

/// Offices on one database, each with a handle of its own.
fn offices(url: &str, day: &str) -> [Office; 2] {
    [(); 2].map(|()| Office::open(&Db::open(url).unwrap(), day))
}

fn judge(office: &Office) {
    rejudge::run(&office.installation, None, &mut |_, _| {}).unwrap();
}

/// Verdicts may be thrown away: the next judgement is from scratch.
fn forget(office: &Office) {
    let forget = |sql: &'static str| office.installation.db.write(move |tx| tx.execute(sql, &[])).unwrap();
    forget("delete from verdict");
    forget("delete from verdict_tally");
}

fn verdicts(office: &Office) -> i64 {
    let n = office.installation.db.read(|tx| tx.one("select count(*) from verdict", &[], |r| r.i64(0)));
    n.unwrap().unwrap()
}

/// Runs both at the same time.
fn at_once(one: impl FnOnce() + Send, other: impl FnOnce() + Send) {
    std::thread::scope(|s| {
        s.spawn(one);
        s.spawn(other);
    });
}

url_test!(two_judge_everything_at_once_and_count_once, |url| {
    let [a, _] = offices(url, "2025-06-15");
    a.found();
    a.agree("founded");
    // Windows have shut since, so both find much to write.
    let [a, b] = offices(url, "2026-01-10");
    at_once(|| judge(&a), || judge(&b));
    a.agree("judged by two");
    forget(&a);
    at_once(|| judge(&a), || judge(&b));
    b.agree("judged from scratch by two");
    forget(&a);
    at_once(|| assert!(jobs::run_waiting(&a.installation).is_ok()), || judge(&b));
    a.agree("judged by a server and a command");
});

url_test!(a_judgement_from_scratch_is_seen_whole_or_not_at_all, |url| {
    let [a, b] = offices(url, "2025-10-20");
    a.found();
    a.agree("founded");
    let whole = verdicts(&a);
    forget(&a);
    let done = AtomicBool::new(false);
    let mut seen = BTreeSet::new();
    std::thread::scope(|s| {
        s.spawn(|| {
            judge(&a);
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            seen.insert(verdicts(&b));
        }
    });
    assert!(seen.iter().all(|n| *n == 0 || *n == whole), "{seen:?} of {whole}");
    a.agree("judged from scratch");
});

url_test!(facts_recorded_during_a_judgement_survive_it, |url| {
    let [a, b] = offices(url, "2025-10-20");
    a.found();
    a.agree("founded");
    for round in 0..3 {
        if round > 0 {
            forget(&a);
        }
        at_once(
            || {
                judge(&a);
                judge(&a);
            },
            || {
                for day in 1..=8 {
                    let day = format!("2025-0{}-1{round}", day);
                    b.add(
                        "guidance",
                        None,
                        &[("pair", 1.into()), ("day", day.as_str().into()), ("confirmed", day.into())],
                    );
                }
            },
        );
        // Verified as it stands, before anything that waits could mend it.
        let found = rejudge::verify(&a.installation, &mut |_, _| {}).unwrap();
        assert!(found.is_empty(), "{round}: {found:#?}");
    }
    a.agree("in the end");
});

url_test!(an_overtaken_judgement_writes_nothing, |url| {
    let [a, _] = offices(url, "2025-06-15");
    a.found();
    a.agree("founded");
    let [a, b] = offices(url, "2026-01-10");
    let before = verdicts(&a);
    let mut overtaken = false;
    let result = rejudge::run(&a.installation, None, &mut |_, _| {
        if !std::mem::replace(&mut overtaken, true) {
            // As another process would, to which the server has given the lock.
            b.installation.db.write(|tx| installation::set_meta(tx, "judging", "another")).unwrap();
        }
    });
    assert!(result.unwrap_err().to_string().contains("接手"));
    assert_eq!(verdicts(&a), before);
    judge(&a);
    a.agree("judged after all");
});

url_test!(facts_from_two_processes_at_once, |url| {
    let [a, b] = offices(url, "2025-10-20");
    a.found();
    a.agree("founded");
    let version = |office: &Office| office.installation.db.read(installation::org_version).unwrap();
    let before = version(&a);
    let record = |office: &Office, day: &str| {
        for n in 1..=6_i64 {
            let day = format!("2025-0{n}-{day}");
            let day = || day.as_str().into();
            office.add("guidance", None, &[("pair", (n % 2 + 1).into()), ("day", day()), ("confirmed", day())]);
            office.add(
                "talk",
                None,
                &[("kind", "例行".into()), ("talker", 2.into()), ("listener", n.into()), ("day", day())],
            );
            let class = [("kind", "专业培训".into()), ("title", "班".into()), ("starts", day()), ("ends", day())];
            office.add("activity", Some(n % 4 + 1), &class);
            office.add("person", None, &[("name", "新人".into())]);
        }
    };
    at_once(|| record(&a, "10"), || record(&b, "20"));
    assert_eq!(version(&a), before + 12, "changes of the organisation");
    a.agree("recorded by two");
});

db_test!(counts_that_were_changed_are_found_and_named, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    office.found();
    office.agree("founded");
    let before = db.read(|tx| store::counts(tx, None, None)).unwrap();
    let row = "select requirement, window_label, organ_id, state, n from verdict_tally where n > 0 and state = 'open' \
               order by requirement, window_label, organ_id";
    let first = db.read(|tx| {
        tx.one(row, &[], |r| {
            Ok((r.text(0)?.to_owned(), r.text(1)?.to_owned(), r.i64(2)?, r.text(3)?.to_owned(), r.i64(4)?))
        })
    });
    let (requirement, window, organ, state, n) = first.unwrap().unwrap();
    let key = (requirement.clone(), window.clone(), organ);
    db.write(move |tx| {
        let sql = "update verdict_tally set n = n + 1 \
                   where requirement = $1 and window_label = $2 and organ_id = $3 and state = 'open'";
        tx.execute(sql, &[key.0.into(), key.1.into(), key.2.into()])?;
        let sql = "insert into verdict_tally (requirement, window_label, organ_id, state, n, num, den, late, behind, red, target) \
                   values ('R-00', '2025', 0, 'fail', 1, 0, 0, 0, 0, 0, '')";
        tx.execute(sql, &[])
    })
    .unwrap();
    let found = rejudge::verify(&office.installation, &mut |_, _| {}).unwrap();
    assert_eq!((found.stored.len(), found.judged.len(), found.miscounts.len()), (0, 0, 2), "{found:#?}");
    let [invented, changed] = found.miscounts.try_into().unwrap();
    assert_eq!((invented.requirement.as_str(), invented.stored[0], invented.counted), ("R-00", 1, [0; 6]));
    assert_eq!(
        (changed.requirement, changed.window, changed.organ, changed.state),
        (requirement, window, organ, state)
    );
    assert_eq!((changed.stored[0], changed.counted[0]), (n + 1, n));
    let counts = || db.read(|tx| store::counts(tx, None, None)).unwrap();
    db.write(|tx| tx.execute("delete from verdict where requirement = 'R-21'", &[])).unwrap();
    rejudge::mend(&office.installation, &mut |_, _| {}).unwrap();
    office.agree("mended");
    assert_eq!(counts(), before);
});

db_test!(joined_units_take_everything_with_them, |db: &Db| {
    let office = Office::open(db, "2025-10-20");
    office.found();
    let text = |t: &'static str| t.into();
    let from = ("from", text("2025-01-01"));
    let double = office.add(
        "unit",
        None,
        &[("name", text("甲一科（重）")), ("level", text("科室")), ("parent", 2.into()), from.clone()],
    );
    let below = office.add(
        "unit",
        None,
        &[("name", text("组")), ("level", text("科室")), ("parent", double.into()), from.clone()],
    );
    let person = office.add("person", Some(double), &[("name", text("新人")), ("born", text("1999-01-01"))]);
    office.add("post", Some(double), &[("person", person.into()), ("duty", text("普通干部")), from]);
    let class = [
        ("kind", text("专业培训")),
        ("title", text("班")),
        ("starts", text("2025-03-01")),
        ("ends", text("2025-03-01")),
    ];
    office.add("activity", Some(double), &class);
    office.agree("recorded twice");
    let join = |kept: i64, gone: i64| facts::join(&office.installation, "试", "unit", (kept, gone), "登记了两次");
    let state = || {
        let count = |sql: &str| db.read(|tx| tx.one(sql, &[], |r| r.i64(0))).unwrap().unwrap();
        (
            count("select count(*) from l_unit"),
            count("select count(*) from l_post"),
            count("select count(*) from l_activity"),
        )
    };
    let before = state();
    for (kept, gone, why) in
        [(99, double, "要保留"), (3, 99, "要并掉"), (3, 3, "同一条"), (below, double, "自己的上级")]
    {
        let refused = join(kept, gone).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(state(), before, "nothing is written by what is refused");
    assert_eq!(join(3, double).unwrap(), 4);
    for ledger in ["unit", "person", "post", "activity"] {
        let sql = format!("select count(*) from l_{ledger} where voided_at is null and unit_id = $1");
        let left = db.read(|tx| tx.one(&sql, &[double.into()], |r| r.i64(0))).unwrap();
        assert_eq!(left, Some(0), "{ledger}");
    }
    let units = |sql: &str| db.read(|tx| tx.rows(sql, &[], |r| r.opt_i64(0))).unwrap();
    assert_eq!(units("select unit_id from l_activity where voided_at is null"), [Some(3)]);
    assert_eq!(units("select unit_id from l_person where voided_at is null and \"name\" = '新人'"), [Some(3)]);
    assert_eq!(units("select \"parent\" from l_unit where voided_at is null and \"name\" = '组'"), [Some(3)]);
    office.agree("joined");
});
