//! A past quarter: its pages and what they take their figures from.

use dongliang::{
    auth::Role,
    clock::Clock,
    day::Day,
    db::{Db, Tx},
    db_test,
    figures::{self, Overview, Period, Picture, UnitPicture},
    installation::Installation,
    ledger::Keys,
    scope::Scope,
    verdict::{judge::State, rejudge, store::Stored},
};

use crate::{
    visit::Browser,
    web_lists::{office, put},
};

fn period(label: &str) -> Period {
    Period::parse(label).unwrap()
}

/// What stands on the overview, without what is told of days to come.
fn told(tx: &mut Tx<'_>, picture: &Picture, scope: &Scope) -> String {
    let Overview { units, columns, judged, behind, on_plan, light, states, .. } =
        figures::overview(tx, picture, scope).unwrap();
    format!("{units:?} {columns:?} {judged} {behind} {on_plan} {light:?} {states:?}")
}

/// What stands on a unit's page: requirement, state, target, value, why, and the verdicts told of.
type Line = (String, State, String, String, String, Vec<Stored>);

fn lines(unit: &UnitPicture, picture: &Picture) -> Vec<Line> {
    let id = |i: usize| picture.engine().compiled[i].requirement.id.clone();
    let line = |d: &figures::Demand| {
        (id(d.item.i), d.item.state, d.target.clone(), d.value.clone(), d.why.text(), d.told.clone())
    };
    unit.demands.iter().map(line).collect()
}

db_test!(a_past_quarter_is_judged_as_it_was_when_it_had_ended, |db: &Db| {
    let o = &office(db);
    // The same data on the day after the quarter, judged and kept.
    let clock = Clock::Standing(Day::parse("2025-07-01").unwrap());
    let then = Installation::new(db.clone(), Keys::from_bytes([7; 32], [9; 32]), clock).unwrap();
    rejudge::run(&then, None, &mut |_, _| {}).unwrap();
    for scope in [Scope::All, Scope::units([2, 3, 4].into())] {
        db.read(|tx| {
            let back = Picture::of(tx, o, &scope, &period("2025Q2"), None)?;
            assert_eq!((back.day.to_string(), back.until.to_string()), ("2025-07-01".into(), "2025-06-30".into()));
            let current = then.current(tx)?;
            let mut now = Picture::now(tx, &current, &scope, Day::MIN)?;
            assert!(now.past.is_none() && back.past.is_some());
            // A picture of the present tells of today; of the quarter, of its last day.
            now.until = back.until;
            assert!(!back.counts.is_empty());
            assert_eq!(told(tx, &back, &scope), told(tx, &now, &scope));
            for (unit, organ) in [(2, true), (3, false)] {
                let (a, b) = (figures::unit(tx, &back, unit, organ, 6)?, figures::unit(tx, &now, unit, organ, 6)?);
                assert_eq!((a.judged, a.behind, a.light), (b.judged, b.behind, b.light));
                assert_eq!(lines(&a, &back), lines(&b, &now), "{unit}");
                assert!(a.judged > 0);
            }
            Ok(())
        })
        .unwrap();
    }
});

db_test!(what_was_not_recorded_by_an_instant_does_not_count, |db: &Db| {
    let o = &office(db);
    db.read(|tx| {
        let judged = |tx: &mut Tx<'_>, known| {
            let picture = Picture::of(tx, o, &Scope::All, &period("2025Q2"), known).unwrap();
            figures::overview(tx, &picture, &Scope::All).unwrap().judged
        };
        assert!(judged(tx, None) > 0);
        assert_eq!(judged(tx, Some(1)), 0, "nothing was known yet");
        Ok(())
    })
    .unwrap();
});

db_test!(a_past_quarter_is_kept_until_a_fact_or_a_setting_changes_it, |db: &Db| {
    let o = &office(db);
    let seen = |o: &Installation| {
        db.read(|tx| {
            let picture = Picture::of(tx, o, &Scope::All, &period("2025Q2"), None)?;
            let unit = figures::unit(tx, &picture, 2, true, 6)?;
            Ok(format!("{} {:?}", told(tx, &picture, &Scope::All), lines(&unit, &picture)))
        })
        .unwrap()
    };
    // Another process, which has nothing kept.
    let anew = || {
        Installation::new(db.clone(), Keys::from_bytes([7; 32], [9; 32]), Clock::Standing(o.clock.now().day)).unwrap()
    };
    let first = seen(o);
    assert_eq!(seen(o), first);
    let filled = [("pair", 2_i64.into()), ("day", "2025-06-21".into()), ("confirmed", "2025-06-22".into())];
    put(o, "guidance", "Z5", None, &filled);
    let second = seen(o);
    assert_ne!(second, first, "the second guidance of June");
    assert_eq!(second, seen(&anew()));
    // Of another quarter: judged anew or not, it says the same.
    let filled = [("pair", 2_i64.into()), ("day", "2025-08-21".into()), ("confirmed", "2025-08-22".into())];
    put(o, "guidance", "Z6", None, &filled);
    assert_eq!(seen(o), second);
    // What another process records is seen as well.
    for (code, day) in [("Z7", "2025-06-03"), ("Z8", "2025-06-24")] {
        put(&anew(), "guidance", code, None, &[("pair", 1_i64.into()), ("day", day.into()), ("confirmed", day.into())]);
    }
    let third = seen(o);
    assert_eq!(third, seen(&anew()));
    assert_ne!(third, second, "both guidances of June for the other pair");
});

db_test!(the_pages_of_a_past_quarter_say_so_and_lead_to_its_verdicts, |db: &Db| {
    let o = &office(db);
    let mut b = Browser::of(o, Role::Office);
    let page = b.get("/?period=2025Q2");
    let text = page.text();
    assert!(page.read().contains("2025年第二季度，截至6月30日，按截至2025年10月20日"), "{}", page.read());
    assert!(text.contains("/units/U1?period=2025Q2") && !text.contains("/requirements?state="), "{text}");
    assert!(text.contains(r#"<option value="2025Q2" selected>"#));
    let page = b.get("/units/U1?period=2025Q2");
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(text.contains("?as_of=2025-07-01"), "{text}");
    // What is led to is judged at the same moment.
    let href = text.split("href=\"").find_map(|p| p.split('"').next().filter(|h| h.starts_with("/verdicts/"))).unwrap();
    let verdict = b.get(href);
    assert!(verdict.status == 200 && verdict.text().contains("2025-07-01"), "{href}");
    // The present has neither.
    let now = b.get("/").text();
    assert!(!now.contains("period=2025Q2\"") && now.contains("/requirements?state="));
    for (asked, told) in [("2025Q9", "不是期间"), ("2025-04", "不是期间"), ("2031Q1", "2031年第一季度还没有开始")]
    {
        let page = b.get(&format!("/?period={asked}"));
        assert!(page.status == 200 && page.read().contains(told), "{asked}");
        assert!(page.text().contains("/requirements?state="), "{asked} shows the present");
    }
    // Before the directive began nothing is judged; the quarter that runs is the present.
    assert!(b.get("/?period=2024Q4").read().contains("还没有可以判定的数据"));
    assert!(b.get("/?period=2025Q4").text().contains("/requirements?state="));
});
